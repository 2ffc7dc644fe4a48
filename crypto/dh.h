/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* dh.h -- X25519 key pairs and agreement. */
#ifndef CRYPTO_DH_H
#define CRYPTO_DH_H

#include "base/bytes.h"

/* The public key of `sk`. */
void dh_public(uint8_t pk[static 32], const uint8_t sk[static 32]);
/* Shared secret of `sk` and `pk`.  ERR_FORGED: the result is all zeros. */
NODISCARD int dh_agree(uint8_t shared[static 32], const uint8_t sk[static 32],
                       const uint8_t pk[static 32]);

#endif
