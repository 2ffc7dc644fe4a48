/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* hpke.h -- HPKE base mode, single shot (RFC 9180): DHKEM(X25519, HKDF-SHA256)
 * 0x0020, HKDF-SHA256 0x0001, ChaCha20-Poly1305 0x0003.  Sealed form:
 * enc (32) || ciphertext (plain.n + 16).
 */
#ifndef CRYPTO_HPKE_H
#define CRYPTO_HPKE_H

#include "base/bytes.h"
#include "base/entropy.h"

enum { HPKE_ENC_BYTES = 32, HPKE_OVERHEAD_BYTES = 48 };

/* Seal `plain` to `pk`; `out` has plain.n + 48 bytes.  The ephemeral key comes from
 * `entropy` through DeriveKeyPair (RFC 9180 7.1.3) of 32 random bytes.
 * ERR_FORGED: pk is not a usable point. */
NODISCARD int hpke_seal(uint8_t *out, const uint8_t pk[static 32], struct bytes info,
                        struct bytes aad, struct bytes plain,
                        const struct entropy *entropy);
/* Open `sealed` with `sk`; `out` has sealed.n - 48 bytes.  ERR_FORGED. */
NODISCARD int hpke_open(uint8_t *out, const uint8_t sk[static 32], struct bytes info,
                        struct bytes aad, struct bytes sealed);
/* DeriveKeyPair of `ikm` (RFC 9180 7.1.3), for vectors and seal. */
void hpke_derive_keypair(uint8_t pk[static 32], uint8_t sk[static 32],
                         struct bytes ikm);

/* A context for more than one message, used by the vectors (RFC 9180 5.2). */
struct hpke_ctx {
    uint8_t key[32], base_nonce[12], exporter[32];
    uint64_t seq;
};
/* Sender set-up with the ephemeral pair of `ikm_e`; writes enc. ERR_FORGED. */
NODISCARD int hpke_setup_send(struct hpke_ctx *c, uint8_t enc[static 32],
                              const uint8_t pk[static 32], struct bytes info,
                              struct bytes ikm_e);
/* Receiver set-up. ERR_FORGED. */
NODISCARD int hpke_setup_recv(struct hpke_ctx *c, const uint8_t enc[static 32],
                              const uint8_t sk[static 32], struct bytes info);
/* Seal the next message (plain.n + 16 bytes). */
void hpke_ctx_seal(struct hpke_ctx *c, uint8_t *out, struct bytes aad,
                   struct bytes plain);
/* Open the next message (sealed.n - 16 bytes).
 *   ERR_FORGED  the context is as it was */
NODISCARD int hpke_ctx_open(struct hpke_ctx *c, uint8_t *out, struct bytes aad,
                            struct bytes sealed);
/* Export `n` bytes (RFC 9180 5.3). */
void hpke_ctx_export(const struct hpke_ctx *c, uint8_t *out, size_t n,
                     struct bytes context);

#endif
