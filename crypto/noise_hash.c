/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* noise_hash.c -- three hashes behind one face; HMAC and HKDF over any of them.
 *
 * HMAC is built here from the bare hashes, since Noise wants the same construction
 * over BLAKE2b, where libsodium offers only the keyed hash.
 */
#include "crypto/noise_hash.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"

struct hash_state {
    uint8_t id;
    union {
        crypto_hash_sha256_state sha256;
        crypto_hash_sha512_state sha512;
        crypto_generichash_blake2b_state blake2b;
    } u;
};

static const struct {
    const char *name;
    uint8_t id;
    uint8_t hash_bytes, block_bytes;
} hashes[] = {
    {"SHA256", NOISE_SHA256, 32, 64},
    {"SHA512", NOISE_SHA512, 64, 128},
    {"BLAKE2b", NOISE_BLAKE2B, 64, 128},
};

uint8_t noise_hash_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        if (bytes_equal(name, BYTES(hashes[i].name, strlen(hashes[i].name))))
            return hashes[i].id;
    return 0;
}

size_t noise_hash_bytes(uint8_t id)
{
    CHECK(id >= NOISE_SHA256 && id <= NOISE_BLAKE2B);
    return hashes[id - NOISE_SHA256].hash_bytes;
}

static size_t block_bytes(uint8_t id)
{
    return hashes[id - NOISE_SHA256].block_bytes;
}

static void state_init(struct hash_state *s, uint8_t id)
{
    s->id = id;
    if (id == NOISE_SHA256)
        crypto_hash_sha256_init(&s->u.sha256);
    else if (id == NOISE_SHA512)
        crypto_hash_sha512_init(&s->u.sha512);
    else
        crypto_generichash_blake2b_init(&s->u.blake2b, NULL, 0, NOISE_HASH_BYTES_MAX);
}

static void state_update(struct hash_state *s, struct bytes b)
{
    if (s->id == NOISE_SHA256)
        crypto_hash_sha256_update(&s->u.sha256, b.p, b.n);
    else if (s->id == NOISE_SHA512)
        crypto_hash_sha512_update(&s->u.sha512, b.p, b.n);
    else
        crypto_generichash_blake2b_update(&s->u.blake2b, b.p, b.n);
}

static void state_final(struct hash_state *s, uint8_t *out)
{
    if (s->id == NOISE_SHA256)
        crypto_hash_sha256_final(&s->u.sha256, out);
    else if (s->id == NOISE_SHA512)
        crypto_hash_sha512_final(&s->u.sha512, out);
    else
        crypto_generichash_blake2b_final(&s->u.blake2b, out, NOISE_HASH_BYTES_MAX);
    wipe(s, sizeof *s);
}

void noise_hash_two(uint8_t id, uint8_t *out, struct bytes a, struct bytes b)
{
    struct hash_state s;
    state_init(&s, id);
    state_update(&s, a);
    state_update(&s, b);
    state_final(&s, out);
}

/* HMAC-HASH(key, a || b); keys here are never longer than a block. */
static void hmac(uint8_t id, uint8_t *out, const uint8_t *key, struct bytes a,
                 struct bytes b)
{
    uint8_t pad[NOISE_BLOCK_BYTES_MAX] = {0}, inner[NOISE_HASH_BYTES_MAX];
    size_t block = block_bytes(id), n = noise_hash_bytes(id);
    struct hash_state s;
    memcpy(pad, key, n);
    for (size_t i = 0; i < block; i++)
        pad[i] ^= 0x36;
    state_init(&s, id);
    state_update(&s, BYTES(pad, block));
    state_update(&s, a);
    state_update(&s, b);
    state_final(&s, inner);
    for (size_t i = 0; i < block; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    noise_hash_two(id, out, BYTES(pad, block), BYTES(inner, n));
    wipe(pad, sizeof pad);
    wipe(inner, sizeof inner);
}

void noise_hkdf(uint8_t id, const uint8_t *key, struct bytes input, uint8_t *out1,
                uint8_t *out2, uint8_t *out3)
{
    uint8_t temp[NOISE_HASH_BYTES_MAX], number = 1;
    size_t n = noise_hash_bytes(id);
    hmac(id, temp, key, input, BYTES(NULL, 0));
    hmac(id, out1, temp, BYTES(&number, 1), BYTES(NULL, 0));
    number = 2;
    hmac(id, out2, temp, BYTES(out1, n), BYTES(&number, 1));
    number = 3;
    if (out3)
        hmac(id, out3, temp, BYTES(out2, n), BYTES(&number, 1));
    wipe(temp, sizeof temp);
}
