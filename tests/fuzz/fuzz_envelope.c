/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_envelope.c -- any bytes as an envelope, as a header's plaintext, and as a body.
 *
 * The first byte says which.  What passes is read to its end; a body that decodes as a
 * text encodes again to the same bytes (but for a height beyond the bound); a header
 * is rebuilt from its fields; an envelope whose signature holds and whose body opens is
 * sealed again from what it says, to the same bytes.
 *
 * The keys are known here, so the mutator opens an envelope, changes one field, and
 * seals and signs it again.
 */
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "tests/fuzz/reseal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static const uint8_t group[32] = {4}, leaf[32] = {3}, author_seed[32] = {5};
static const struct lane_view lane = {.topic = {1}, .header_key = {2}};
static uint8_t author_pk[32], author_sk[64];

static void known_leaf(void *ctx, const struct key_ref *ref, uint8_t out[32])
{
    (void)ctx;
    (void)ref;
    memcpy(out, leaf, 32);
}

/* Ids are their prefixes and zeros. */
static void known_ids(void *ctx, struct key_ref *ref)
{
    (void)ctx;
    (void)ref;
}

static struct reseal_keys known_keys(void)
{
    if (author_pk[0] == 0)
        sign_keypair(author_pk, author_sk, author_seed);
    return (struct reseal_keys){lane.topic, lane.header_key, group,     author_pk,
                                author_sk,  known_leaf,      known_ids, NULL};
}

/* P8.1: a height beyond 2^62 is read as 2^62.  It is as long as the largest one, so all
 * bytes but its eight are the same. */
static void height_was_cut(struct bytes span, struct bytes again)
{
    size_t first = 0, last = span.n;
    CHECK(span.n == again.n);
    while (first < span.n && span.p[first] == again.p[first])
        first++;
    while (last > first && span.p[last - 1] == again.p[last - 1])
        last--;
    CHECK(last - first <= 8);
}

static void as_body(struct bytes span)
{
    struct body body;
    struct buf again = {0};
    if (body_decode(span, &body) != 0 || body.kind != BODY_TEXT)
        return;
    CHECK(body_encode(&body, &again) == 0);
    if (body.height == BODY_HEIGHT_MAX)
        height_was_cut(span, BUF_BYTES(&again));
    else
        CHECK(bytes_equal(span, BUF_BYTES(&again)));
    buf_free(&again);
}

static void as_header(struct bytes span)
{
    struct header h;
    uint8_t again[HEADER_FIXED_BYTES + 127 * EPOCH_PREFIX_BYTES];
    if (header_parse(span, &h) != 0)
        return;
    size_t prefixes = (size_t)h.count * EPOCH_PREFIX_BYTES, n = 1 + prefixes + 8;
    CHECK(span.n == HEADER_FIXED_BYTES + prefixes);
    again[0] = (uint8_t)((h.mix ? 0x80 : 0) | h.count);
    memcpy(again + 1, h.prefixes, prefixes);
    put_u16(again + 1 + prefixes, h.place);
    put_u16(again + 3 + prefixes, h.position);
    put_u32(again + 5 + prefixes, h.seq);
    memcpy(again + n, h.prev, 32);
    memcpy(again + n + 32, h.body_hash, 32);
    memcpy(again + n + 64, h.signature, 64);
    CHECK(memcmp(again, span.p, span.n) == 0);
}

static bool is_signed(struct bytes span, const struct header *h,
                      const uint8_t (*ids)[32], uint8_t hash[static 32])
{
    uint8_t store[SIGNED_BYTES_MAX];
    struct room message = ROOM_OF(store);
    const struct signed_context with = {group, author_pk, lane.topic, ids};
    CHECK(header_signed(span, h, &with, &message) == 0);
    entry_hash(hash, BYTES(message.p, message.n), h->signature);
    return sign_check(h->signature, "content", BYTES(message.p, message.n),
                      author_pk) == 0;
}

/* What is authentic and opens has one form: from its parts the same bytes come. */
static void seal_again(struct bytes span, const struct header *h,
                       const struct envelope_clear *clear, struct bytes body)
{
    struct key_send keys = {.ref = {.mix = h->mix,
                                    .count = h->count,
                                    .place = h->place,
                                    .position = h->position}};
    uint8_t hash[32], again_hash[32];
    struct buf again = {0};
    for (uint8_t i = 0; i < h->count; i++)
        memcpy(keys.ref.ids[i], h->prefixes + (size_t)i * EPOCH_PREFIX_BYTES,
               EPOCH_PREFIX_BYTES);
    memcpy(keys.topic, lane.topic, 32);
    memcpy(keys.header_key, lane.header_key, 32);
    memcpy(keys.leaf, leaf, 32);
    if (!is_signed(span, h, (const uint8_t(*)[32])keys.ref.ids, hash))
        return;
    struct envelope_parts parts = {&keys,
                                   group,
                                   author_pk,
                                   author_sk,
                                   clear->r,
                                   clear->urgency,
                                   clear->end_hour,
                                   clear->lifetime_hours,
                                   h->seq,
                                   h->prev,
                                   body};
    CHECK(envelope_seal(&parts, &again, again_hash) == 0);
    CHECK(bytes_equal(span, BUF_BYTES(&again)) && memcmp(hash, again_hash, 32) == 0);
    buf_free(&again);
}

static void as_envelope(struct bytes span)
{
    struct envelope_clear clear;
    uint8_t plain[HEADER_BYTES_MAX], id[32];
    size_t n = 0;
    if (envelope_check(span) != 0)
        return;
    envelope_clear_read(span, &clear);
    CHECK(lifetime_listed(clear.lifetime_hours));
    envelope_id(id, lane.topic, span);
    if (header_open(span, &lane, plain, &n) != 0)
        return;
    struct header h;
    struct buf scratch = {0};
    struct bytes body;
    if (header_parse(BYTES(plain, n), &h) == 0 &&
        envelope_body_open(span, lane.topic, &h, leaf, &scratch, &body) == 0) {
        as_body(body);
        seal_again(span, &h, &clear, body);
    }
    buf_free(&scratch);
}

/* ---- changes that keep the seals whole ----------------------------------- */

/* An envelope to begin with. */
static void fresh(struct reseal *r, unsigned seed)
{
    static const struct body body = {
        .kind = BODY_TEXT, .height = 1, .text = {(const uint8_t *)"text", 4}};
    memset(r, 0, sizeof *r);
    r->clear[0] = 1;
    put_u32(r->clear + 2, 480024);
    put_u16(r->clear + 6, 24);
    put_u32(r->clear + 8, seed);
    r->count = (uint8_t)(1 + seed % 3);
    for (uint8_t i = 0; i < r->count; i++)
        r->ids[i][0] = (uint8_t)(i + 1);
    r->seq = 1;
    reseal_body(r, &body);
}

static size_t change_sealed(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    const struct reseal_keys keys = known_keys();
    struct buf out = {0};
    struct reseal r;
    uint8_t hash[32];
    size_t n = 0;
    if (!reseal_open(&r, &keys, BYTES(data + 1, size - 1)))
        fresh(&r, seed);
    reseal_change(&r, seed >> 3);
    if (reseal_write(&r, &keys, &out, hash) && out.n < max) {
        data[0] = 0;
        memcpy(data + 1, out.p, out.n);
        n = 1 + out.n;
    }
    reseal_free(&r);
    buf_free(&out);
    return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    size_t n = 0;
    CHECK(crypto_init() == 0);
    if (size > 0 && (data[0] % 3 == 0 ? seed % 8 != 0 : seed % 8 == 1))
        n = change_sealed(data, size, max, seed >> 3);
    return n ? n : LLVMFuzzerMutate(data, size, max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHECK(crypto_init() == 0);
    if (size == 0)
        return 0;
    (void)known_keys();
    struct bytes rest = BYTES(data + 1, size - 1);
    if (data[0] % 3 == 0)
        as_envelope(rest);
    else if (data[0] % 3 == 1)
        as_header(rest);
    else
        as_body(rest);
    return 0;
}
