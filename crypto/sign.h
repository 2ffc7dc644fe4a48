/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sign.h -- Ed25519 under domain strings.
 *
 * What is signed is one length byte, "kring1 " and the domain, then the message
 * whole, never a hash of it (P2.3).  Signing is deterministic.  Verification is
 * strict (libsodium's: small-order and non-canonical keys are refused).
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/bytes.h"

enum { SIGN_PK_BYTES = 32, SIGN_SK_BYTES = 64, SIGN_BYTES = 64 };

/* The key pair of a 32-byte seed. */
void sign_keypair(uint8_t pk[static 32], uint8_t sk[static 64],
                  const uint8_t seed[static 32]);

/* Sign `message` under `domain` (ASCII, at most 32 bytes).
 * ERR_NOMEM for messages too long for the inner buffer and no memory left. */
NODISCARD int sign_make(uint8_t sig[static 64], const char *domain,
                        struct bytes message, const uint8_t sk[static 64]);

/* 0 if `sig` is by `pk` over `message` under `domain`; else ERR_FORGED, or ERR_NOMEM
 * as above. */
NODISCARD int sign_check(const uint8_t sig[static 64], const char *domain,
                         struct bytes message, const uint8_t pk[static 32]);

/* The pseudonym of one group: seed of Ed25519 = KDF("member", profile seed, salt,
 * counter) where `salt` is the group's and `counter` counts joins (P2.6). */
void sign_derive_member(uint8_t pk[static 32], uint8_t sk[static 64],
                        const uint8_t profile_seed[static 32],
                        const uint8_t salt[static 32], uint32_t counter);

#endif
