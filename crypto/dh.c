/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* dh.c -- X25519. */
#include "crypto/dh.h"

#include <sodium.h>

#include "base/check.h"
#include "crypto/reveal.h"

void dh_public(uint8_t pk[static 32], const uint8_t sk[static 32])
{
    /* The base point times a clamped number is never zero. */
    CHECK(crypto_scalarmult_curve25519_base(pk, sk) == 0);
}

int dh_agree(uint8_t shared[static 32], const uint8_t sk[static 32],
             const uint8_t pk[static 32])
{
    /* Whether zeros come out hangs on the other's key alone, which is no secret. */
    return reveal(crypto_scalarmult_curve25519(shared, sk, pk)) != 0 ? ERR_FORGED : 0;
}
