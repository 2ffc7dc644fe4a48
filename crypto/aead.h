/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* aead.h -- authenticated encryption with explicit nonces and bound context.
 *
 * `context` is the associated data.  Sealed text is as long as the plain text
 * plus AEAD_TAG_BYTES.  In place is allowed (out == in).  Opening returns 0 or
 * ERR_FORGED, never why, and writes nothing useful on failure.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/bytes.h"

enum { AEAD_TAG_BYTES = 16, XNONCE_BYTES = 24, NONCE_BYTES = 12 };

/* XChaCha20-Poly1305-IETF: seal `plain` to `out` (plain.n + 16 bytes). */
void xaead_seal(uint8_t *out, const uint8_t key[static 32],
                const uint8_t nonce[static 24], struct bytes context,
                struct bytes plain);
/* Open `sealed` (at least 16 bytes, else ERR_FORGED) to `out` (sealed.n - 16 bytes). */
NODISCARD int xaead_open(uint8_t *out, const uint8_t key[static 32],
                         const uint8_t nonce[static 24], struct bytes context,
                         struct bytes sealed);
/* ChaCha20-Poly1305-IETF with a 12-byte nonce; otherwise as xaead_seal. */
void aead_seal(uint8_t *out, const uint8_t key[static 32],
               const uint8_t nonce[static 12], struct bytes context,
               struct bytes plain);
/* As xaead_open with ChaCha20-Poly1305-IETF. */
NODISCARD int aead_open(uint8_t *out, const uint8_t key[static 32],
                        const uint8_t nonce[static 12], struct bytes context,
                        struct bytes sealed);
/* XOR `n` bytes of `in` with the XChaCha20 stream (masking only, no authenticity). */
void xchacha_xor(uint8_t *out, const uint8_t *in, size_t n,
                 const uint8_t key[static 32], const uint8_t nonce[static 24]);

#endif
