/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* hash.c -- BLAKE2b under labels, HKDF-SHA256, constant-time equality.
 *
 * What is hashed is always the same shape (P2.1):
 *
 *     u8 length of the label, the label with "kring1 " before it, then the parts
 *
 * The prefix is put in by label_write() and nowhere else.
 */
#include "crypto/hash.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "crypto/reveal.h"

#define LABEL_PREFIX "kring1 "

enum {
    LABEL_CHARS_MAX = 32,
    LABEL_PREFIX_CHARS = sizeof LABEL_PREFIX - 1,
    LABEL_BYTES_MAX = 1 + LABEL_PREFIX_CHARS + LABEL_CHARS_MAX,
    HASHER_ALIGN = 64 /* what libsodium wants for its state */
};

_Static_assert(sizeof(crypto_generichash_state) + HASHER_ALIGN <= sizeof(struct hasher),
               "a hasher holds an aligned state wherever it lies");
_Static_assert(crypto_auth_hmacsha256_BYTES == HASH_BYTES, "HKDF gives hashes");

int crypto_init(void)
{
    return sodium_init() < 0 ? ERR_SYSTEM : 0;
}

/* P2.1: length byte and prefixed label to `out`; the number of bytes. */
static size_t label_write(uint8_t out[static LABEL_BYTES_MAX], const char *label)
{
    size_t n = strlen(label);
    CHECK(n > 0 && n <= LABEL_CHARS_MAX);
    out[0] = (uint8_t)(LABEL_PREFIX_CHARS + n);
    memcpy(out + 1, LABEL_PREFIX, LABEL_PREFIX_CHARS);
    memcpy(out + 1 + LABEL_PREFIX_CHARS, label, n);
    return 1 + LABEL_PREFIX_CHARS + n;
}

static void state_begin(crypto_generichash_state *s, const uint8_t *key,
                        size_t out_bytes, const char *label)
{
    uint8_t head[LABEL_BYTES_MAX];
    size_t n = label_write(head, label);
    crypto_generichash_init(s, key, key ? KEY_BYTES : 0, out_bytes);
    crypto_generichash_update(s, head, n);
}

/* The one way in which label and parts become a hash (P2.1, P2.2). */
static void hash_parts(struct room out, const char *label, const uint8_t *key,
                       const struct bytes *parts, size_t n)
{
    crypto_generichash_state s;
    state_begin(&s, key, out.cap, label);
    for (size_t i = 0; i < n; i++) {
        uint8_t length[4];
        CHECK(parts[i].n <= UINT32_MAX);
        put_u32(length, (uint32_t)parts[i].n);
        crypto_generichash_update(&s, length, sizeof length);
        crypto_generichash_update(&s, parts[i].p, parts[i].n);
    }
    crypto_generichash_final(&s, out.p, out.cap);
    wipe(&s, sizeof s);
}

void hash32(uint8_t out[static 32], const char *label, const struct bytes *parts,
            size_t n)
{
    hash_parts((struct room){out, 0, HASH_BYTES}, label, NULL, parts, n);
}

void hash16(uint8_t out[static 16], const char *label, const struct bytes *parts,
            size_t n)
{
    hash_parts((struct room){out, 0, HASH16_BYTES}, label, NULL, parts, n);
}

void kdf(uint8_t out[static 32], const char *label, const uint8_t key[static 32],
         const struct bytes *parts, size_t n)
{
    hash_parts((struct room){out, 0, HASH_BYTES}, label, key, parts, n);
}

/* The aligned place inside a hasher; the same one as long as it is not moved. */
static crypto_generichash_state *hasher_state(struct hasher *h)
{
    uintptr_t at = (uintptr_t)h->opaque;
    uintptr_t skip = (HASHER_ALIGN - at % HASHER_ALIGN) % HASHER_ALIGN;
    return (crypto_generichash_state *)(void *)((uint8_t *)h->opaque + skip);
}

void hasher_init(struct hasher *h, const char *label)
{
    state_begin(hasher_state(h), NULL, HASH_BYTES, label);
}

void hasher_update(struct hasher *h, struct bytes part)
{
    crypto_generichash_update(hasher_state(h), part.p, part.n);
}

void hasher_final(struct hasher *h, uint8_t out[static 32])
{
    crypto_generichash_final(hasher_state(h), out, HASH_BYTES);
    wipe(h, sizeof *h);
}

void hkdf_extract_parts(uint8_t prk[static 32], struct bytes salt,
                        const struct bytes *parts, size_t n)
{
    crypto_auth_hmacsha256_state s;
    /* An empty salt may have no address; the library wants one all the same. */
    crypto_auth_hmacsha256_init(&s, salt.n > 0 ? salt.p : prk, salt.n);
    for (size_t i = 0; i < n; i++)
        crypto_auth_hmacsha256_update(&s, parts[i].p, parts[i].n);
    crypto_auth_hmacsha256_final(&s, prk);
    wipe(&s, sizeof s);
}

void hkdf_expand_parts(struct room *out, size_t n, const uint8_t prk[static 32],
                       const struct bytes *parts, size_t parts_count)
{
    uint8_t block[HASH_BYTES] = {0};
    CHECK(n <= 255 * HASH_BYTES && n <= out->cap - out->n);
    for (uint8_t i = 1; n > 0; i++) {
        crypto_auth_hmacsha256_state s;
        crypto_auth_hmacsha256_init(&s, prk, HASH_BYTES);
        if (i > 1)
            crypto_auth_hmacsha256_update(&s, block, sizeof block);
        for (size_t j = 0; j < parts_count; j++)
            crypto_auth_hmacsha256_update(&s, parts[j].p, parts[j].n);
        crypto_auth_hmacsha256_update(&s, &i, 1);
        crypto_auth_hmacsha256_final(&s, block);
        wipe(&s, sizeof s);
        size_t take = n < sizeof block ? n : sizeof block;
        memcpy(out->p + out->n, block, take);
        out->n += take;
        n -= take;
    }
    wipe(block, sizeof block);
}

void hkdf_extract(uint8_t prk[static 32], struct bytes salt, struct bytes ikm)
{
    hkdf_extract_parts(prk, salt, &ikm, 1);
}

void hkdf_expand(uint8_t *out, size_t n, const uint8_t prk[static 32],
                 struct bytes info)
{
    struct room room = {out, 0, n};
    hkdf_expand_parts(&room, n, prk, &info, 1);
}

bool ct_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
    return n == 0 || reveal(sodium_memcmp(a, b, n)) == 0;
}
