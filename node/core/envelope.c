/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* envelope.c -- sealing and opening of envelopes (P7). */
#include <string.h>

#include "base/cursor.h"
#include "crypto/aead.h"
#include "crypto/epoch.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "node/core/envelope_int.h"

enum {
    ENVELOPE_VERSION = 1,
    MIX_BIT = 0x80,
    COUNT_MASK = 0x7f,
    PAD_MARK = 0x80,
    /* An envelope whose body is empty, under one epoch. */
    LEAST_BYTES = HEAD_BYTES + HEADER_FIXED_BYTES + EPOCH_PREFIX_BYTES +
                  AEAD_TAG_BYTES + 1 + AEAD_TAG_BYTES,
};

static const uint16_t buckets[] = {256, 384, 512, 768, 1024, 2048, 4096}; /* P7.4 */
static const uint16_t lifetimes[] = {0, 24, 168, 720, 1440, 8760};        /* P7.3 */
enum { BUCKETS = sizeof buckets / sizeof buckets[0] };

bool lifetime_listed(uint32_t lifetime_hours)
{
    for (size_t i = 0; i < sizeof lifetimes / sizeof lifetimes[0]; i++)
        if (lifetimes[i] == lifetime_hours)
            return true;
    return false;
}

static unsigned log2_floor(size_t v)
{
    unsigned e = 0;
    while (v >>= 1)
        e++;
    return e;
}

size_t envelope_size_for(size_t least)
{
    for (size_t i = 0; i < BUCKETS; i++)
        if (least <= buckets[i])
            return buckets[i];
    /* PADME: the more bytes, the fewer of the low bits may differ from zero. */
    unsigned exponent = log2_floor(least), kept = log2_floor(exponent) + 1;
    size_t mask = ((size_t)1 << (exponent - kept)) - 1;
    return (least + mask) & ~mask;
}

int envelope_check(struct bytes envelope)
{
    if (envelope.n > LIMIT_ENVELOPE_BYTES_MAX)
        return ERR_TOOBIG;
    if (envelope.n < LEAST_BYTES || envelope_size_for(envelope.n) != envelope.n)
        return ERR_MALFORMED;
    if (envelope.p[0] != ENVELOPE_VERSION)
        return ERR_VERSION;
    struct envelope_clear clear;
    envelope_clear_read(envelope, &clear);
    if (clear.urgency > URGENCY_CONTROL || !lifetime_listed(clear.lifetime_hours))
        return ERR_MALFORMED;
    bool record = clear.lifetime_hours == 0;
    if (record != (clear.end_hour == END_NEVER)) /* P3.3 */
        return ERR_MALFORMED;
    return !record && clear.end_hour < clear.lifetime_hours ? ERR_MALFORMED : 0;
}

void envelope_id(uint8_t id[static 32], const uint8_t topic[static 32],
                 struct bytes envelope)
{
    struct bytes parts[] = {BYTES(topic, 32), envelope};
    hash32(id, "envelope", parts, 2); /* P7.6 */
}

void envelope_clear_read(struct bytes envelope, struct envelope_clear *out)
{
    struct reader r = reader_of(BYTES(envelope.p, ENVELOPE_CLEAR_BYTES));
    (void)read_u8(&r);
    out->urgency = read_u8(&r);
    out->end_hour = read_u32(&r);
    out->lifetime_hours = read_u16(&r);
    out->r = read_bytes(&r, XNONCE_BYTES).p;
}

/* What hides the number of epochs of an envelope with these random bytes. */
static uint8_t count_mask(const uint8_t header_key[static 32], const uint8_t *r)
{
    uint8_t out[32];
    struct bytes part = BYTES(r, XNONCE_BYTES);
    kdf(out, "count", header_key, &part, 1);
    return out[0];
}

/* Bytes the header is bound to: topic, clear part, masked count. */
static void head_context(uint8_t out[static 32 + HEAD_BYTES], const uint8_t *topic,
                         const uint8_t *head)
{
    memcpy(out, topic, 32);
    memcpy(out + 32, head, HEAD_BYTES);
}

int header_open(struct bytes envelope, const struct lane_view *lane, uint8_t *plain,
                size_t *plain_bytes)
{
    const uint8_t *r = envelope.p + 8;
    uint8_t count = envelope.p[ENVELOPE_CLEAR_BYTES] ^ count_mask(lane->header_key, r);
    if (count == 0 || count > LIMIT_EPOCHS_OPEN_MAX)
        return ERR_FORGED;
    size_t n = HEADER_FIXED_BYTES + EPOCH_PREFIX_BYTES * (size_t)count;
    if (envelope.n < HEAD_BYTES + n + 2 * AEAD_TAG_BYTES + 1)
        return ERR_FORGED;
    uint8_t context[32 + HEAD_BYTES];
    head_context(context, lane->topic, envelope.p);
    int err = xaead_open(plain, lane->header_key, r, BYTES_OF(context),
                         BYTES(envelope.p + HEAD_BYTES, n + AEAD_TAG_BYTES));
    if (err)
        return err;
    *plain_bytes = n;
    return (plain[0] & COUNT_MASK) == count ? 0 : ERR_FORGED;
}

int header_parse(struct bytes plain, struct header *out)
{
    struct reader r = reader_of(plain);
    uint8_t flags = read_u8(&r);
    out->mix = (flags & MIX_BIT) != 0;
    out->count = flags & COUNT_MASK;
    out->prefixes = read_bytes(&r, EPOCH_PREFIX_BYTES * (size_t)out->count).p;
    out->place = read_u16(&r);
    out->position = read_u16(&r);
    out->seq = read_u32(&r);
    out->prev = read_bytes(&r, 32).p;
    out->body_hash = read_bytes(&r, 32).p;
    out->signature = read_bytes(&r, SIGN_BYTES).p;
    if (reader_end(&r) != 0 || out->count == 0 || out->count > LIMIT_EPOCHS_OPEN_MAX)
        return ERR_MALFORMED;
    out->unsigned_part = BYTES(plain.p, plain.n - SIGN_BYTES);
    return 0;
}

/* C of P7.1.  The topic is in it: the same entry under another lane is another entry,
 * so nobody can spend its key by showing it under a wrong one. */
static void cipher_hash(uint8_t out[static 32], const uint8_t *topic,
                        const uint8_t *clear, struct bytes body_sealed)
{
    struct bytes parts[] = {BYTES(topic, 32), BYTES(clear, ENVELOPE_CLEAR_BYTES),
                            body_sealed};
    hash32(out, "cipher", parts, 3);
}

static struct bytes sealed_body_of(struct bytes envelope, const struct header *h)
{
    size_t at = HEAD_BYTES + h->unsigned_part.n + SIGN_BYTES + AEAD_TAG_BYTES;
    return BYTES(envelope.p + at, envelope.n - at);
}

int header_signed(struct bytes envelope, const struct header *h,
                  const struct signed_context *with, struct room *out)
{
    uint8_t c[32];
    cipher_hash(c, with->topic, envelope.p, sealed_body_of(envelope, h));
    struct writer w = writer_to(out);
    write_bytes(&w, BYTES(with->group, 32)); /* P7.1 */
    write_bytes(&w, BYTES(with->author_pk, 32));
    write_u32(&w, h->seq);
    write_bytes(&w, BYTES(h->prev, 32));
    write_u8(&w, (uint8_t)((h->mix ? MIX_BIT : 0) | h->count));
    write_bytes(&w, BYTES(with->ids, 32 * (size_t)h->count));
    write_u16(&w, h->position);
    write_bytes(&w, BYTES(h->body_hash, 32));
    write_bytes(&w, BYTES_OF(c));
    return writer_end(&w);
}

void entry_hash(uint8_t hash[static 32], struct bytes signed_bytes,
                const uint8_t signature[static 64])
{
    struct bytes parts[] = {signed_bytes, BYTES(signature, SIGN_BYTES)};
    hash32(hash, "entry", parts, 2); /* P7.2 */
}

static void body_hash(uint8_t out[static 32], const uint8_t *leaf, const uint8_t *r,
                      struct bytes body)
{
    uint8_t blind[16];
    epoch_message_blind(blind, leaf, r);
    struct bytes parts[] = {BYTES_OF(blind), body};
    hash32(out, "body", parts, 2);
    wipe(blind, sizeof blind);
}

/* Context of the body: topic, head, header without its signature. */
static struct bytes body_context(uint8_t *out, const uint8_t *topic,
                                 const uint8_t *head, struct bytes unsigned_part)
{
    head_context(out, topic, head);
    memcpy(out + 32 + HEAD_BYTES, unsigned_part.p, unsigned_part.n);
    return BYTES(out, 32 + HEAD_BYTES + unsigned_part.n);
}

static const uint8_t zero_nonce[NONCE_BYTES]; /* a message key is used once (P5.8) */

int envelope_body_open(struct bytes envelope, const uint8_t topic[static 32],
                       const struct header *h, const uint8_t leaf[static 32],
                       struct buf *scratch, struct bytes *body)
{
    struct bytes sealed = sealed_body_of(envelope, h);
    scratch->n = 0;
    int err = buf_reserve(scratch, sealed.n, LIMIT_ENVELOPE_BYTES_MAX);
    if (err)
        return ERR_NOMEM;
    uint8_t key[32], context[32 + HEAD_BYTES + HEADER_BYTES_MAX], b[32];
    struct bytes bound = body_context(context, topic, envelope.p, h->unsigned_part);
    epoch_message_key(key, leaf, envelope.p + 8);
    err = aead_open(scratch->p, key, zero_nonce, bound, sealed);
    wipe(key, sizeof key);
    if (err)
        return err;
    size_t n = sealed.n - AEAD_TAG_BYTES;
    scratch->n = n;
    while (n > 0 && scratch->p[n - 1] == 0)
        n--;
    if (n == 0 || scratch->p[n - 1] != PAD_MARK)
        return ERR_FORGED;
    *body = BYTES(scratch->p, n - 1);
    /* One form only: the smallest size that fits (P7.4). */
    if (envelope_size_for(envelope.n - (scratch->n - n)) != envelope.n)
        return ERR_FORGED;
    body_hash(b, leaf, envelope.p + 8, *body);
    return memcmp(b, h->body_hash, 32) == 0 ? 0 : ERR_FORGED;
}

/* Write clear part and masked count of a new envelope. */
static void head_write(const struct envelope_parts *in, uint8_t *head)
{
    struct room room = {head, 0, HEAD_BYTES};
    struct writer w = writer_to(&room);
    write_u8(&w, ENVELOPE_VERSION);
    write_u8(&w, in->urgency);
    write_u32(&w, in->end_hour);
    write_u16(&w, in->lifetime_hours);
    write_bytes(&w, BYTES(in->r, XNONCE_BYTES));
    write_u8(&w, in->keys->ref.count ^ count_mask(in->keys->header_key, in->r));
    CHECK(writer_end(&w) == 0);
}

/* Write a header's plaintext up to the signature. */
static void header_write(const struct envelope_parts *in, struct room *plain)
{
    const struct key_ref *ref = &in->keys->ref;
    uint8_t b[32];
    body_hash(b, in->keys->leaf, in->r, in->body);
    struct writer w = writer_to(plain);
    write_u8(&w, (uint8_t)((ref->mix ? MIX_BIT : 0) | ref->count));
    for (size_t i = 0; i < ref->count; i++)
        write_bytes(&w, BYTES(ref->ids[i], EPOCH_PREFIX_BYTES));
    write_u16(&w, ref->place);
    write_u16(&w, ref->position);
    write_u32(&w, in->seq);
    write_bytes(&w, BYTES(in->prev, 32));
    write_bytes(&w, BYTES_OF(b));
    CHECK(writer_end(&w) == 0);
}

/* Seal the padded body in place at the end of the envelope. */
static void body_seal(const struct envelope_parts *in, uint8_t *envelope,
                      size_t envelope_bytes, struct bytes unsigned_part)
{
    uint8_t key[32], context[32 + HEAD_BYTES + HEADER_BYTES_MAX];
    size_t at = HEAD_BYTES + unsigned_part.n + SIGN_BYTES + AEAD_TAG_BYTES;
    size_t padded = envelope_bytes - at - AEAD_TAG_BYTES;
    memcpy(envelope + at, in->body.p, in->body.n);
    envelope[at + in->body.n] = PAD_MARK;
    memset(envelope + at + in->body.n + 1, 0, padded - in->body.n - 1);
    struct bytes bound =
        body_context(context, in->keys->topic, envelope, unsigned_part);
    epoch_message_key(key, in->keys->leaf, in->r);
    aead_seal(envelope + at, key, zero_nonce, bound, BYTES(envelope + at, padded));
    wipe(key, sizeof key);
}

int envelope_seal(const struct envelope_parts *in, struct buf *out,
                  uint8_t hash[static 32])
{
    const struct key_ref *ref = &in->keys->ref;
    CHECK(ref->count >= 1 && ref->count <= LIMIT_EPOCHS_OPEN_MAX);
    size_t header_bytes = HEADER_FIXED_BYTES + EPOCH_PREFIX_BYTES * (size_t)ref->count;
    size_t size = envelope_size_for(HEAD_BYTES + header_bytes + in->body.n + 1 +
                                    2 * AEAD_TAG_BYTES);
    if (in->body.n > LIMIT_ENVELOPE_BYTES_MAX || size > LIMIT_ENVELOPE_BYTES_MAX)
        return ERR_TOOBIG;
    int err = buf_reserve(out, size, out->n + LIMIT_ENVELOPE_BYTES_MAX);
    if (err)
        return ERR_NOMEM;
    uint8_t *envelope = out->p + out->n;
    uint8_t plain_store[HEADER_BYTES_MAX], signed_store[SIGNED_BYTES_MAX];
    struct room plain = ROOM_OF(plain_store), message = ROOM_OF(signed_store);
    head_write(in, envelope);
    header_write(in, &plain);
    body_seal(in, envelope, size, BYTES(plain.p, plain.n));
    /* The signature is over the ciphertext, and the header holds the signature. */
    struct header h;
    plain.n = header_bytes;
    CHECK(header_parse(BYTES(plain.p, plain.n), &h) == 0);
    struct signed_context with = {in->group, in->author_pk, in->keys->topic,
                                  (const uint8_t(*)[32])ref->ids};
    CHECK(header_signed(BYTES(envelope, size), &h, &with, &message) == 0);
    uint8_t *signature = plain_store + header_bytes - SIGN_BYTES;
    err = sign_make(signature, "content", BYTES(message.p, message.n), in->member_sk);
    if (err)
        return err;
    entry_hash(hash, BYTES(message.p, message.n), signature);
    uint8_t context[32 + HEAD_BYTES];
    head_context(context, in->keys->topic, envelope);
    xaead_seal(envelope + HEAD_BYTES, in->keys->header_key, in->r, BYTES_OF(context),
               BYTES(plain.p, plain.n));
    out->n += size;
    return 0;
}
