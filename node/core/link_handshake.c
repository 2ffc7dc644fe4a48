/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link_handshake.c -- see link_handshake.h. */
#include "node/core/link_handshake.h"

#include <string.h>

#include "base/check.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

enum {
    VERSION = 1,
    PAYLOAD_1_BYTES = 104,
    PAYLOAD_2_BYTES = 48,
    PAYLOAD_3_BYTES = 48,
    NOISE_1_BYTES = HANDSHAKE_1_BYTES - HANDSHAKE_NONCE_BYTES - HANDSHAKE_TAG_BYTES,
};

static const char noise_name[] = "Noise_XKpsk0+psk3_25519_ChaChaPoly_SHA256";
static const uint8_t zeros[PAYLOAD_1_BYTES];

void handshake_tag_key(uint8_t key[static 32], const uint8_t psk0[static 32])
{
    kdf(key, "tag", psk0, NULL, 0);
}

void handshake_tag(uint8_t tag[static HANDSHAKE_TAG_BYTES],
                   const uint8_t key[static 32],
                   const uint8_t nonce[static HANDSHAKE_NONCE_BYTES])
{
    struct bytes parts[2] = {BYTES(key, 32), BYTES(nonce, HANDSHAKE_NONCE_BYTES)};
    hash16(tag, "tag", parts, 2);
}

/* XOR with the stream of KDF(label, psk0) and the nonce of message 1 (P9.2). */
static void mask(const struct handshake *h, const char *label, uint8_t *out,
                 const uint8_t *in, size_t n)
{
    uint8_t key[32];
    kdf(key, label, h->psk0, NULL, 0);
    xchacha_xor(out, in, n, key, h->nonce);
    wipe(key, sizeof key);
}

static int begin(struct handshake *h, const struct handshake_config *c,
                 const struct entropy *entropy, bool initiator)
{
    uint8_t prologue[7 + 2 + HASH16_BYTES], e_sk[32], psks[2][32] = {{0}};
    struct bytes group = BYTES(c->group, 32);
    memcpy(prologue, "kring1 ", 7); /* P9.1 */
    prologue[7] = c->kind;
    prologue[8] = VERSION;
    hash16(prologue + 9, "group tag", &group, 1);
    memset(h, 0, sizeof *h);
    memcpy(h->psk0, c->psk0, 32);
    memcpy(psks[0], c->psk0, 32);
    entropy_fill(entropy, e_sk, sizeof e_sk);
    struct noise_config config = {.name = noise_name,
                                  .initiator = initiator,
                                  .prologue = BYTES_OF(prologue),
                                  .s_sk = c->s_sk,
                                  .e_sk = e_sk,
                                  .rs_pk = initiator ? c->rs_pk : NULL,
                                  .psks = (const uint8_t(*)[32])psks,
                                  .psks_count = 2};
    int err = noise_init(&h->noise, &config);
    wipe(e_sk, sizeof e_sk);
    wipe(psks, sizeof psks);
    return err;
}

/* Write the next Noise message with `payload` zero bytes: exactly `n` bytes. */
static int write_message(struct handshake *h, size_t payload, uint8_t *out, size_t n)
{
    struct room room = {out, 0, n};
    int err = noise_write(&h->noise, BYTES(zeros, payload), &room);
    CHECK(err || room.n == n);
    return err;
}

static int read_message(struct handshake *h, const uint8_t *in, size_t n)
{
    uint8_t payload[PAYLOAD_1_BYTES];
    struct room room = ROOM_OF(payload);
    return noise_read(&h->noise, BYTES(in, n), &room);
}

int handshake_first(struct handshake *h, const struct handshake_config *c,
                    const struct entropy *entropy,
                    uint8_t out[static HANDSHAKE_1_BYTES])
{
    uint8_t key[32], *masked = out + HANDSHAKE_NONCE_BYTES + HANDSHAKE_TAG_BYTES;
    int err = begin(h, c, entropy, true);
    if (err)
        return err;
    entropy_fill(entropy, h->nonce, sizeof h->nonce);
    memcpy(out, h->nonce, sizeof h->nonce);
    handshake_tag_key(key, h->psk0);
    handshake_tag(out + HANDSHAKE_NONCE_BYTES, key, h->nonce);
    wipe(key, sizeof key);
    err = write_message(h, PAYLOAD_1_BYTES, masked, NOISE_1_BYTES);
    if (!err)
        mask(h, "mask1", masked, masked, NOISE_1_BYTES);
    return err;
}

int handshake_accept(struct handshake *h, const struct handshake_config *c,
                     const struct entropy *entropy,
                     const uint8_t in[static HANDSHAKE_1_BYTES])
{
    uint8_t plain[NOISE_1_BYTES];
    int err = begin(h, c, entropy, false);
    if (err)
        return err;
    memcpy(h->nonce, in, sizeof h->nonce);
    mask(h, "mask1", plain, in + HANDSHAKE_NONCE_BYTES + HANDSHAKE_TAG_BYTES,
         NOISE_1_BYTES);
    err = read_message(h, plain, sizeof plain);
    wipe(plain, sizeof plain);
    return err;
}

int handshake_second(struct handshake *h, uint8_t out[static HANDSHAKE_2_BYTES])
{
    int err = write_message(h, PAYLOAD_2_BYTES, out, HANDSHAKE_2_BYTES);
    if (!err)
        mask(h, "mask2", out, out, HANDSHAKE_2_BYTES);
    return err;
}

int handshake_third(struct handshake *h, const uint8_t in[static HANDSHAKE_2_BYTES],
                    uint8_t out[static HANDSHAKE_3_BYTES])
{
    uint8_t plain[HANDSHAKE_2_BYTES];
    mask(h, "mask2", plain, in, sizeof plain);
    int err = read_message(h, plain, sizeof plain);
    wipe(plain, sizeof plain);
    return err ? err : write_message(h, PAYLOAD_3_BYTES, out, HANDSHAKE_3_BYTES);
}

int handshake_finish(struct handshake *h, const uint8_t in[static HANDSHAKE_3_BYTES],
                     const uint8_t **remote)
{
    int err = read_message(h, in, HANDSHAKE_3_BYTES);
    if (!err)
        *remote = noise_remote_static(&h->noise);
    return err;
}

int handshake_split(struct handshake *h, struct noise_cipher *send,
                    struct noise_cipher *recv, uint8_t hash[static 32])
{
    int err = noise_split(&h->noise, send, recv);
    if (!err)
        memcpy(hash, noise_hash(&h->noise).p, 32);
    return err;
}

void handshake_wipe(struct handshake *h)
{
    if (h)
        wipe(h, sizeof *h);
}
