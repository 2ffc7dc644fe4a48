/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_envelope.c -- sizes, what is bound to what, every bit that is turned over. */
#include <stdlib.h>
#include <string.h>

#include "base/mp.h"
#include "base/check.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "node/core/envelope_int.h"
#include "tests/lib/t.h"

static const uint8_t group_id[32] = {1}, leaf[32] = {2}, zeros[32], r24[24] = {5};
static uint8_t author_pk[32], author_sk[64];

static void keys_of(struct key_send *keys, uint8_t epochs)
{
    uint8_t seed[32] = {3};
    T_EQ(crypto_init(), 0);
    sign_keypair(author_pk, author_sk, seed);
    memset(keys, 0, sizeof *keys);
    keys->ref.count = epochs;
    keys->ref.mix = 1;
    for (uint8_t i = 0; i < epochs; i++)
        keys->ref.ids[i][0] = (uint8_t)(i + 1);
    keys->ref.place = 7;
    keys->ref.position = 9;
    memset(keys->topic, 0x11, 32);
    memset(keys->header_key, 0x22, 32);
    memcpy(keys->leaf, leaf, 32);
}

static void body_of(struct buf *body, size_t text_bytes, size_t deps)
{
    static uint8_t text[LIMIT_BODY_BYTES_MAX + 1];
    uint8_t prefixes[16 * DEP_BYTES] = {0};
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < deps; i++)
        prefixes[i * DEP_BYTES] = (uint8_t)(i + 1);
    struct body in = {.kind = BODY_TEXT,
                      .about_hour = 500000,
                      .distance = 5,
                      .deps = BYTES(prefixes, deps * DEP_BYTES),
                      .control_deps = BYTES(prefixes, DEP_BYTES),
                      .text = BYTES(text, text_bytes)};
    body->n = 0;
    T_EQ(body_encode(&in, body), 0);
}

static void seal_of(const struct key_send *keys, struct bytes body, struct buf *out,
                    uint8_t hash[32])
{
    struct envelope_parts parts = {.keys = keys,
                                   .group = group_id,
                                   .author_pk = author_pk,
                                   .member_sk = author_sk,
                                   .r = r24,
                                   .urgency = URGENCY_TALK,
                                   .end_hour = 500168,
                                   .lifetime_hours = 168,
                                   .seq = 1,
                                   .prev = zeros,
                                   .body = body};
    out->n = 0;
    T_EQ(envelope_seal(&parts, out, hash), 0);
    T_EQ(envelope_check(BUF_BYTES(out)), 0);
}

/* Everything a receiver does, with the signature: 0 if all of it holds. */
static int receive(const struct key_send *keys, struct bytes envelope, uint8_t hash[32],
                   struct buf *scratch, struct bytes *body)
{
    uint8_t plain[HEADER_BYTES_MAX], store[SIGNED_BYTES_MAX];
    struct room message = ROOM_OF(store);
    struct lane_view lane = {0};
    struct header h;
    size_t n = 0;
    memcpy(lane.topic, keys->topic, 32);
    memcpy(lane.header_key, keys->header_key, 32);
    int err = envelope_check(envelope);
    if (!err)
        err = header_open(envelope, &lane, plain, &n);
    if (!err)
        err = header_parse(BYTES(plain, n), &h);
    if (err)
        return err;
    struct signed_context with = {group_id, author_pk, keys->topic,
                                  (const uint8_t(*)[32])keys->ref.ids};
    err = header_signed(envelope, &h, &with, &message);
    if (!err)
        err =
            sign_check(h.signature, "content", BYTES(message.p, message.n), author_pk);
    if (err)
        return err;
    entry_hash(hash, BYTES(message.p, message.n), h.signature);
    return envelope_body_open(envelope, keys->topic, &h, leaf, scratch, body);
}

T_CASE(sealed_and_opened_again)
{
    struct key_send keys;
    struct buf body = {0}, out = {0}, scratch = {0};
    for (uint8_t epochs = 1; epochs <= LIMIT_EPOCHS_OPEN_MAX; epochs += 21) {
        uint8_t hash[32], got[32];
        struct bytes opened = {0};
        struct body read;
        keys_of(&keys, epochs);
        body_of(&body, 64, 1);
        seal_of(&keys, BUF_BYTES(&body), &out, hash);
        T_EQ(receive(&keys, BUF_BYTES(&out), got, &scratch, &opened), 0);
        T_MEM(got, hash, 32);
        T(bytes_equal(opened, BUF_BYTES(&body)));
        T_EQ(body_decode(opened, &read), 0);
        T_EQ(read.text.n, 64);
        T_EQ(read.about_hour, 500000);
        T_EQ(read.distance, 5);
        T_EQ(read.deps.n, DEP_BYTES);
    }
    buf_free(&body);
    buf_free(&out);
    buf_free(&scratch);
}

T_CASE(sizes_are_as_promised)
{
    static const struct {
        size_t text, deps, envelope;
    } want[] = {{1, 1, 256}, {64, 1, 384}, {200, 1, 512}, {256, 1, 512}, {256, 0, 512}};
    struct key_send keys;
    struct buf body = {0}, out = {0};
    uint8_t hash[32];
    keys_of(&keys, 1);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        T_NOTE("%d bytes", (int)want[i].text);
        body_of(&body, want[i].text, want[i].deps);
        seal_of(&keys, BUF_BYTES(&body), &out, hash);
        T_EQ(out.n, want[i].envelope); /* P7.4 */
    }
    keys_of(&keys, LIMIT_EPOCHS_OPEN_MAX);
    body_of(&body, LIMIT_BODY_BYTES_MAX, 16);
    seal_of(&keys, BUF_BYTES(&body), &out, hash);
    T(out.n <= LIMIT_ENVELOPE_BYTES_MAX);
    struct body too_long = {.text = BYTES(body.p, LIMIT_BODY_BYTES_MAX + 1)};
    T_EQ(body_encode(&too_long, &out), ERR_TOOBIG);
    buf_free(&body);
    buf_free(&out);
}

T_CASE(buckets_are_the_smallest_that_fit)
{
    T_EQ(envelope_size_for(1), 256);
    T_EQ(envelope_size_for(256), 256);
    T_EQ(envelope_size_for(257), 384);
    T_EQ(envelope_size_for(4096), 4096);
    T_EQ(envelope_size_for(4097), 4352); /* PADME: steps of a sixteenth at most */
    for (size_t n = 4097; n < LIMIT_ENVELOPE_BYTES_MAX; n += 37) {
        size_t size = envelope_size_for(n);
        T(size >= n && size - n < n / 16 + 1);
        T_EQ(envelope_size_for(size), size);
    }
}

T_CASE(every_bit_that_is_turned_over_is_refused)
{
    struct key_send keys;
    struct buf body = {0}, out = {0}, scratch = {0};
    struct bytes opened;
    uint8_t hash[32], got[32];
    keys_of(&keys, 2);
    body_of(&body, 20, 0);
    seal_of(&keys, BUF_BYTES(&body), &out, hash);
    for (size_t bit = 0; bit < out.n * 8; bit++) {
        out.p[bit / 8] ^= (uint8_t)(1 << (bit % 8));
        if (receive(&keys, BUF_BYTES(&out), got, &scratch, &opened) == 0) {
            T_NOTE("bit %d", (int)bit);
            T(false);
        }
        out.p[bit / 8] ^= (uint8_t)(1 << (bit % 8));
    }
    T_EQ(receive(&keys, BUF_BYTES(&out), got, &scratch, &opened), 0);
    buf_free(&body);
    buf_free(&out);
    buf_free(&scratch);
}

T_CASE(clear_fields_and_topic_are_bound)
{
    struct key_send keys;
    struct buf body = {0}, out = {0}, scratch = {0};
    struct bytes opened;
    uint8_t hash[32], got[32], kept[ENVELOPE_CLEAR_BYTES];
    keys_of(&keys, 1);
    body_of(&body, 20, 0);
    seal_of(&keys, BUF_BYTES(&body), &out, hash);
    memcpy(kept, out.p, sizeof kept);
    out.p[1] = URGENCY_ALERT; /* still in form */
    T_EQ(envelope_check(BUF_BYTES(&out)), 0);
    T_EQ(receive(&keys, BUF_BYTES(&out), got, &scratch, &opened), ERR_FORGED);
    memcpy(out.p, kept, sizeof kept);
    put_u32(out.p + 2, 500169);
    T_EQ(envelope_check(BUF_BYTES(&out)), 0);
    T_EQ(receive(&keys, BUF_BYTES(&out), got, &scratch, &opened), ERR_FORGED);
    memcpy(out.p, kept, sizeof kept);
    put_u16(out.p + 6, 24);
    T_EQ(envelope_check(BUF_BYTES(&out)), 0);
    T_EQ(receive(&keys, BUF_BYTES(&out), got, &scratch, &opened), ERR_FORGED);
    memcpy(out.p, kept, sizeof kept);
    keys.topic[0] ^= 1;
    T_EQ(receive(&keys, BUF_BYTES(&out), got, &scratch, &opened), ERR_FORGED);
    buf_free(&body);
    buf_free(&out);
    buf_free(&scratch);
}

T_CASE(only_listed_forms_pass)
{
    struct key_send keys;
    struct buf body = {0}, out = {0};
    uint8_t hash[32];
    keys_of(&keys, 1);
    body_of(&body, 20, 0);
    seal_of(&keys, BUF_BYTES(&body), &out, hash);
    T_EQ(envelope_check(BYTES(out.p, out.n - 1)), ERR_MALFORMED);
    T_EQ(envelope_check(BYTES(out.p, 0)), ERR_MALFORMED);
    out.p[0] = 2;
    T_EQ(envelope_check(BUF_BYTES(&out)), ERR_VERSION);
    out.p[0] = 1;
    put_u16(out.p + 6, 25); /* P7.3 */
    T_EQ(envelope_check(BUF_BYTES(&out)), ERR_MALFORMED);
    put_u16(out.p + 6, 0); /* a record that ends */
    T_EQ(envelope_check(BUF_BYTES(&out)), ERR_MALFORMED);
    put_u32(out.p + 2, END_NEVER);
    T_EQ(envelope_check(BUF_BYTES(&out)), 0);
    put_u16(out.p + 6, 24); /* talk that never ends */
    T_EQ(envelope_check(BUF_BYTES(&out)), ERR_MALFORMED);
    put_u32(out.p + 2, 23); /* it ended before hour zero began it */
    T_EQ(envelope_check(BUF_BYTES(&out)), ERR_MALFORMED);
    uint8_t *huge = calloc(1, LIMIT_ENVELOPE_BYTES_MAX + 1);
    T_NEED(huge);
    T_EQ(envelope_check(BYTES(huge, LIMIT_ENVELOPE_BYTES_MAX + 1)), ERR_TOOBIG);
    free(huge);
    buf_free(&body);
    buf_free(&out);
}

T_CASE(a_body_has_one_form)
{
    struct buf body = {0};
    struct body read;
    body_of(&body, 3, 2);
    T_EQ(body_decode(BUF_BYTES(&body), &read), 0);
    /* array, kind, hour (5), height, distance, bin header, first dep */
    size_t first_dep = 1 + 1 + 5 + 1 + 1 + 2;
    T_EQ(body.p[first_dep], 1);
    body.p[first_dep] = 2; /* now two deps are equal in their first byte and the rest */
    T_EQ(body_decode(BUF_BYTES(&body), &read), ERR_MALFORMED);
    body.p[first_dep] = 3; /* falling */
    T_EQ(body_decode(BUF_BYTES(&body), &read), ERR_MALFORMED);
    body.p[first_dep] = 1;
    body.p[1] = 77; /* a kind nobody knows yet (P7.7) */
    T_EQ(body_decode(BUF_BYTES(&body), &read), 0);
    T_EQ(read.kind, 77);
    T_EQ(read.text.n, 0);
    T_EQ(body_decode(BYTES(body.p, body.n - 1), &read), ERR_TRUNCATED);
    body.p[0] = 0x96; /* six of seven */
    T(body_decode(BUF_BYTES(&body), &read) != 0);
    buf_free(&body);
}

/* P7.8: one form for each text, so a body has one, too. */
T_CASE(a_body_with_a_strange_language_does_not_decode)
{
    static const struct {
        const char *tag; /* NULL: an array of one */
        int err;
    } cases[] = {{"nl", 0},
                 {"", ERR_MALFORMED},
                 {"NL", ERR_MALFORMED},
                 {"abcdefghi", ERR_MALFORMED},
                 {"n\n", ERR_MALFORMED},
                 {NULL, ERR_MALFORMED}};
    struct buf out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        T_NOTE("case %d", (int)i);
        const char *tag = cases[i].tag;
        struct body read;
        out.n = 0;
        struct mp_writer w = mp_writer_to(&out, 256);
        mp_array(&w, 7);
        for (int k = 0; k < 4; k++)
            mp_uint(&w, 1);
        mp_bin(&w, BYTES(NULL, 0));
        mp_bin(&w, BYTES(NULL, 0));
        mp_array(&w, tag ? 2 : 1);
        mp_str(&w, BYTES("soep", 4));
        if (tag)
            mp_str(&w, BYTES(tag, strlen(tag)));
        T_EQ(mp_writer_end(&w), 0);
        T_EQ(body_decode(BUF_BYTES(&out), &read), cases[i].err);
        if (!cases[i].err)
            T(bytes_equal(read.language, BYTES("nl", 2)));
    }
    buf_free(&out);
}

T_RUN()
