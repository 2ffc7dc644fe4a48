/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* noise_hash.h -- the hashes a Noise name can ask for, with HMAC and HKDF as the
 * framework defines them (sections 4.3 and 5.1).  Private to noise*.c. */
#ifndef CRYPTO_NOISE_HASH_H
#define CRYPTO_NOISE_HASH_H

#include "base/bytes.h"

enum noise_hash_id { NOISE_SHA256 = 1, NOISE_SHA512, NOISE_BLAKE2B };

enum { NOISE_HASH_BYTES_MAX = 64, NOISE_BLOCK_BYTES_MAX = 128 };

/* The hash called `name`, or 0. */
uint8_t noise_hash_find(struct bytes name);
/* Length of its output: 32 or 64. */
size_t noise_hash_bytes(uint8_t id);
/* HASH(a || b) to `out` (noise_hash_bytes long; it may be a or b). */
void noise_hash_two(uint8_t id, uint8_t *out, struct bytes a, struct bytes b);
/* HKDF(key, input) with 2 or 3 outputs, each noise_hash_bytes long; out3 is NULL for
 * two.  `key` is noise_hash_bytes long and may be out1. */
void noise_hkdf(uint8_t id, const uint8_t *key, struct bytes input, uint8_t *out1,
                uint8_t *out2, uint8_t *out3);

#endif
