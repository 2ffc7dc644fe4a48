/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* reseal.c -- an envelope apart and together again. */
#include "tests/fuzz/reseal.h"

#include <string.h>

#include "base/cursor.h"
#include "base/mp.h"
#include "crypto/aead.h"
#include "crypto/epoch.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

enum {
    FIXED_BYTES = HEAD_BYTES + HEADER_FIXED_BYTES + 2 * AEAD_TAG_BYTES,
    HEADER_MAX = HEADER_FIXED_BYTES + EPOCH_PREFIX_BYTES * RESEAL_EPOCHS_MAX,
    SIGNED_MAX = 235 + 32 * RESEAL_EPOCHS_MAX,
};

static const uint8_t zero_nonce[NONCE_BYTES];

static void ref_of(const struct reseal *r, struct key_ref *ref)
{
    *ref = (struct key_ref){
        .mix = r->mix,
        .count = r->count > LIMIT_EPOCHS_OPEN_MAX ? LIMIT_EPOCHS_OPEN_MAX : r->count,
        .place = r->place,
        .position = r->position};
    memcpy(ref->ids, r->ids, 32 * (size_t)ref->count);
}

static void leaf_of(const struct reseal *r, const struct reseal_keys *keys,
                    uint8_t leaf[static 32])
{
    struct key_ref ref;
    ref_of(r, &ref);
    keys->leaf(keys->ctx, &ref, leaf);
}

/* ---- apart --------------------------------------------------------------- */

bool reseal_open(struct reseal *r, const struct reseal_keys *keys,
                 struct bytes envelope)
{
    struct lane_view lane = {{0}, {0}, {0}};
    struct buf scratch = {0};
    struct bytes body;
    struct header h;
    uint8_t plain[HEADER_BYTES_MAX], leaf[32];
    size_t n = 0;
    memset(r, 0, sizeof *r);
    memcpy(lane.topic, keys->topic, 32);
    memcpy(lane.header_key, keys->header_key, 32);
    if (envelope_check(envelope) || header_open(envelope, &lane, plain, &n) ||
        header_parse(BYTES(plain, n), &h))
        return false;
    memcpy(r->clear, envelope.p, sizeof r->clear);
    r->count = h.count;
    r->mix = h.mix;
    r->place = h.place;
    r->position = h.position;
    r->seq = h.seq;
    memcpy(r->prev, h.prev, 32);
    struct key_ref ref = {.count = h.count};
    for (uint8_t i = 0; i < h.count; i++)
        memcpy(ref.ids[i], h.prefixes + (size_t)i * EPOCH_PREFIX_BYTES,
               EPOCH_PREFIX_BYTES);
    keys->resolve(keys->ctx, &ref);
    memcpy(r->ids, ref.ids, 32 * (size_t)h.count);
    leaf_of(r, keys, leaf);
    if (envelope_body_open(envelope, keys->topic, &h, leaf, &scratch, &body) == 0)
        CHECK(buf_append(&r->body, body, SIZE_MAX / 2) == 0);
    buf_free(&scratch);
    return true;
}

void reseal_free(struct reseal *r)
{
    buf_free(&r->body);
}

/* ---- together ------------------------------------------------------------ */

static size_t padded_size(const struct reseal *r, size_t least)
{
    size_t size = envelope_size_for(least);
    return r->padding == PAD_LARGER ? envelope_size_for(size + 1) : size;
}

static void write_head(const struct reseal *r, const struct reseal_keys *keys,
                       uint8_t *out)
{
    uint8_t mask[32];
    struct bytes nonce = BYTES(r->clear + 8, XNONCE_BYTES);
    kdf(mask, "count", keys->header_key, &nonce, 1);
    memcpy(out, r->clear, ENVELOPE_CLEAR_BYTES);
    out[ENVELOPE_CLEAR_BYTES] = r->count ^ mask[0] ^ r->count_flip;
}

/* The header's plaintext up to its signature. */
static void write_header(const struct reseal *r, const uint8_t leaf[static 32],
                         struct room *plain)
{
    uint8_t blind[16], b[32];
    epoch_message_blind(blind, leaf, r->clear + 8);
    struct bytes parts[] = {BYTES_OF(blind), BUF_BYTES(&r->body)};
    hash32(b, "body", parts, 2);
    b[0] ^= r->hash_flip;
    struct writer w = writer_to(plain);
    write_u8(&w, (uint8_t)((r->mix ? 0x80 : 0) | (r->count & 0x7f)));
    for (uint8_t i = 0; i < r->count; i++)
        write_bytes(&w, BYTES(r->ids[i], EPOCH_PREFIX_BYTES));
    write_u16(&w, r->place);
    write_u16(&w, r->position);
    write_u32(&w, r->seq);
    write_bytes(&w, BYTES_OF(r->prev));
    write_bytes(&w, BYTES_OF(b));
    CHECK(writer_end(&w) == 0);
}

static void seal_body(const struct reseal *r, const struct reseal_keys *keys,
                      const uint8_t leaf[static 32], struct bytes unsigned_part,
                      struct bytes envelope)
{
    uint8_t key[32], context[32 + HEAD_BYTES + HEADER_MAX];
    size_t at = HEAD_BYTES + unsigned_part.n + SIGN_BYTES + AEAD_TAG_BYTES;
    size_t n = envelope.n - at - AEAD_TAG_BYTES;
    uint8_t *p = (uint8_t *)(uintptr_t)envelope.p + at;
    memset(p, r->padding == PAD_JUNK ? 0x55 : 0, n);
    if (r->body.n > 0)
        memcpy(p, r->body.p, r->body.n);
    if (r->padding != PAD_UNMARKED)
        p[r->body.n] = 0x80;
    memcpy(context, keys->topic, 32);
    memcpy(context + 32, envelope.p, HEAD_BYTES);
    memcpy(context + 32 + HEAD_BYTES, unsigned_part.p, unsigned_part.n);
    epoch_message_key(key, leaf, r->clear + 8);
    aead_seal(p, key, zero_nonce, BYTES(context, 32 + HEAD_BYTES + unsigned_part.n),
              BYTES(p, n));
    p[0] ^= r->cipher_flip;
}

/* Sign what the envelope says so far (P7.1), over any number of ids. */
static void sign_it(const struct reseal *r, const struct reseal_keys *keys,
                    struct bytes envelope, struct room *plain, uint8_t hash[static 32])
{
    uint8_t store[SIGNED_MAX], c[32], signature[SIGN_BYTES];
    size_t at = HEAD_BYTES + plain->n + SIGN_BYTES + AEAD_TAG_BYTES;
    struct bytes parts[] = {BYTES(keys->topic, 32), BYTES_OF(r->clear),
                            BYTES(envelope.p + at, envelope.n - at)};
    hash32(c, "cipher", parts, 3);
    struct room message = ROOM_OF(store);
    struct writer w = writer_to(&message);
    write_bytes(&w, BYTES(keys->group, 32));
    write_bytes(&w, BYTES(keys->author_pk, 32));
    write_u32(&w, r->seq);
    write_bytes(&w, BYTES_OF(r->prev));
    write_u8(&w, plain->p[0]);
    write_bytes(&w, BYTES(r->ids, 32 * (size_t)r->count));
    write_u16(&w, r->position);
    write_bytes(&w, BYTES(plain->p + plain->n - 32, 32)); /* B stands last */
    write_bytes(&w, BYTES_OF(c));
    CHECK(writer_end(&w) == 0);
    CHECK(sign_make(signature, "content", BYTES(message.p, message.n),
                    keys->member_sk) == 0);
    signature[0] ^= r->sign_flip;
    entry_hash(hash, BYTES(message.p, message.n), signature);
    CHECK(room_append(plain, BYTES_OF(signature)) == 0);
}

bool reseal_write(const struct reseal *r, const struct reseal_keys *keys,
                  struct buf *out, uint8_t hash[static 32])
{
    size_t prefixes = EPOCH_PREFIX_BYTES * (size_t)r->count;
    size_t size = padded_size(r, FIXED_BYTES + prefixes + r->body.n + 1);
    uint8_t store[HEADER_MAX], context[32 + HEAD_BYTES], leaf[32];
    if (r->body.n > RESEAL_BODY_BYTES_MAX || size > LIMIT_ENVELOPE_BYTES_MAX)
        return false;
    CHECK(r->count <= RESEAL_EPOCHS_MAX);
    CHECK(buf_reserve(out, size, SIZE_MAX / 2) == 0);
    uint8_t *p = out->p + out->n;
    struct room plain = ROOM_OF(store);
    leaf_of(r, keys, leaf);
    write_head(r, keys, p);
    write_header(r, leaf, &plain);
    seal_body(r, keys, leaf, BYTES(plain.p, plain.n), BYTES(p, size));
    sign_it(r, keys, BYTES(p, size), &plain, hash);
    memcpy(context, keys->topic, 32);
    memcpy(context + 32, p, HEAD_BYTES);
    xaead_seal(p + HEAD_BYTES, keys->header_key, r->clear + 8, BYTES_OF(context),
               BYTES(plain.p, plain.n));
    p[HEAD_BYTES] ^= r->header_flip;
    out->n += size;
    return true;
}

/* ---- bodies -------------------------------------------------------------- */

void reseal_body(struct reseal *r, const struct body *body)
{
    r->body.n = 0;
    struct mp_writer w = mp_writer_to(&r->body, RESEAL_BODY_BYTES_MAX);
    mp_array(&w, 7);
    mp_uint(&w, body->kind);
    mp_uint(&w, body->about_hour);
    mp_uint(&w, body->height);
    mp_uint(&w, body->distance);
    mp_bin(&w, body->deps);
    mp_bin(&w, body->control_deps);
    if (body->kind == BODY_AGAIN) {
        mp_array(&w, 3);
        mp_uint(&w, body->again_seq);
        mp_bin(&w, body->again);
    }
    mp_str(&w, body->text);
    if (mp_writer_end(&w) == 0)
        return;
    r->body.n = 0; /* no text: any bytes will do */
    size_t n = body->text.n < 256 ? body->text.n : 256;
    CHECK(buf_append(&r->body, BYTES(body->text.p, n), SIZE_MAX / 2) == 0);
}

/* ---- changes ------------------------------------------------------------- */

/* A number near another one, or at an edge. */
static uint32_t near(uint32_t value, uint32_t dice)
{
    switch (dice % 6) {
    case 0: return value + 1;
    case 1: return value - 1;
    case 2: return 0;
    case 3: return UINT32_MAX;
    case 4: return value ^ (1u << (dice >> 8) % 32);
    default: return dice >> 3;
    }
}

static void change_field(struct reseal *r, uint32_t dice)
{
    static const uint16_t lives[] = {0, 24, 168, 720, 1440, 8760, 1, 65535};
    struct body body;
    bool whole = body_decode(BUF_BYTES(&r->body), &body) == 0;
    struct buf old = r->body; /* the spans of `body` lie in it */
    r->body = (struct buf){0};
    switch (dice % 7) {
    case 0: body.kind = near(body.kind, dice >> 4) & 0xffff; break;
    case 1: body.about_hour = near(body.about_hour, dice >> 4); break;
    case 2:
        body.height = (uint64_t)near((uint32_t)body.height, dice >> 4)
                      << (dice >> 8) % 33;
        break;
    case 3: body.distance = near(body.distance, dice >> 4); break;
    case 4: body.deps.n = body.deps.n / 2 / DEP_BYTES * DEP_BYTES; break;
    case 5: body.control_deps = body.deps; break;
    default: body.text = BYTES(old.p, old.n % 64); break;
    }
    if (whole) {
        reseal_body(r, &body);
        buf_free(&old);
        return;
    }
    r->body = old;
    put_u16(r->clear + 6, lives[dice % 8]);
}

static void change_bytes(struct reseal *r)
{
    size_t max = r->body.n + 64;
    CHECK(buf_reserve(&r->body, max - r->body.n, SIZE_MAX / 2) == 0);
    r->body.n = LLVMFuzzerMutate(r->body.p, r->body.n, max);
}

static void change_epochs(struct reseal *r, uint32_t dice)
{
    uint8_t at = r->count ? (uint8_t)((dice >> 4) % r->count) : 0;
    if (dice % 3 == 0 && r->count < RESEAL_EPOCHS_MAX) {
        memmove(r->ids[at + 1], r->ids[at], 32 * (size_t)(r->count - at));
        r->ids[at + dice / 3 % 2][dice >> 8 & 31] ^= (uint8_t)(dice >> 16);
        r->count++;
    } else if (dice % 3 == 1 && r->count > 1) {
        memmove(r->ids[at], r->ids[at + 1], 32 * (size_t)(r->count - at - 1));
        r->count--;
    } else {
        r->ids[at][dice >> 8 & 31] ^= (uint8_t)(dice >> 16);
    }
}

/* Lifetime and end hour go together, or the form is refused at once (P3.3). */
static void change_end(struct reseal *r, uint32_t dice)
{
    static const uint16_t lives[] = {0, 24, 168, 720, 1440, 8760};
    uint16_t old = get_u16(r->clear + 6), life = lives[dice % 6];
    uint32_t end = get_u32(r->clear + 2);
    end = old == 0 || dice >> 28 == 0 ? near(end, dice >> 8) : end - old + life;
    put_u16(r->clear + 6, life);
    put_u32(r->clear + 2, life ? end : END_NEVER);
}

void reseal_change(struct reseal *r, uint32_t seed)
{
    uint32_t dice = seed * 2654435761u ^ seed >> 7;
    uint8_t flip = (uint8_t)(1u << (dice >> 9) % 8);
    switch (seed % 17) {
    case 0: r->clear[1] = (uint8_t)(dice >> 8 & 7); break;
    case 1: change_end(r, dice); break;
    case 2: put_u32(r->clear + 2, near(get_u32(r->clear + 2), dice)); break;
    case 3: r->clear[8 + dice % 24] ^= flip; break;
    case 4: r->count_flip = flip; break;
    case 5: r->mix ^= 1; break;
    case 6: change_epochs(r, dice); break;
    case 7: r->place = (uint16_t)near(r->place, dice); break;
    case 8: r->position = (uint16_t)near(r->position, dice); break;
    case 9: r->seq = near(r->seq, dice); break;
    case 10: r->prev[dice % 32] ^= flip; break;
    case 11: r->hash_flip = flip; break;
    case 12: r->sign_flip = flip; break;
    case 13: r->padding = (uint8_t)(dice % PAD_FORMS); break;
    case 14: change_bytes(r); break;
    case 15: *(dice % 2 ? &r->cipher_flip : &r->header_flip) = flip; break;
    default: change_field(r, dice); break;
    }
}
