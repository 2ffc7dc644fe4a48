/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* entropy_os.h -- the system's randomness: the only file that draws it. */
#ifndef CRYPTO_ENTROPY_OS_H
#define CRYPTO_ENTROPY_OS_H

#include "base/entropy.h"

/* The system's generator through libsodium.  crypto_init must have run. */
struct entropy entropy_os(void);

/* A repeatable stream for simulations and tests: fills from a 32-byte key and a
 * counter in `state`; never used by the product. */
struct entropy_stream {
    uint8_t key[32];
    uint64_t counter;
};
/* An entropy that reads from `state` (kept until the caller is done with it). */
struct entropy entropy_stream(struct entropy_stream *state);

#endif
