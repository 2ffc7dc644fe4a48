/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* hash.h -- hashing, key derivation, comparing.
 *
 * All hashes are BLAKE2b.  Every use has a label (ASCII, 1 to 32 bytes), fed
 * first as a length byte, "kring1 " and the label, then each part as 4-byte
 * big-endian length and bytes, so that no two uses and no two splits of parts
 * collide (P2.1).
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/bytes.h"

enum { HASH_BYTES = 32, HASH16_BYTES = 16, KEY_BYTES = 32 };

/* Initialise the library once per process.  ERR_SYSTEM: it refused. */
NODISCARD int crypto_init(void);

/* BLAKE2b-256 of label and `n` parts (P2.1). */
void hash32(uint8_t out[static 32], const char *label, const struct bytes *parts,
            size_t n);

/* BLAKE2b-128 of label and `n` parts (its own output length, not a cut). */
void hash16(uint8_t out[static 16], const char *label, const struct bytes *parts,
            size_t n);

/* KDF(label, key, parts): BLAKE2b-256 keyed with `key` over label and parts (P2.2). */
void kdf(uint8_t out[static 32], const char *label, const uint8_t key[static 32],
         const struct bytes *parts, size_t n);

/* An incremental unkeyed BLAKE2b-256 for long input.  It may lie at any address but
 * must not be moved or copied between hasher_init and hasher_final. */
struct hasher {
    uint64_t opaque[64]; /* the library's state, which hash.c aligns inside */
};
/* Begin a hash under `label`. */
void hasher_init(struct hasher *h, const char *label);
/* Add raw bytes (no length is fed: the caller's format must be unambiguous). */
void hasher_update(struct hasher *h, struct bytes part);
/* Finish; `h` is wiped. */
void hasher_final(struct hasher *h, uint8_t out[static 32]);

/* HKDF-SHA256 extract (RFC 5869). */
void hkdf_extract(uint8_t prk[static 32], struct bytes salt, struct bytes ikm);
/* HKDF-SHA256 expand to `n` (at most 255*32) bytes (RFC 5869). */
void hkdf_expand(uint8_t *out, size_t n, const uint8_t prk[static 32],
                 struct bytes info);
/* As hkdf_extract over `n` parts laid end to end (no lengths are fed). */
void hkdf_extract_parts(uint8_t prk[static 32], struct bytes salt,
                        const struct bytes *parts, size_t n);
/* As hkdf_expand, appending to `out` (which must have room for `n` bytes), with
 * info given as parts laid end to end (no lengths are fed). */
void hkdf_expand_parts(struct room *out, size_t n, const uint8_t prk[static 32],
                       const struct bytes *parts, size_t parts_count);

/* Constant-time equality of `n` bytes. */
bool ct_equal(const uint8_t *a, const uint8_t *b, size_t n);

#endif
