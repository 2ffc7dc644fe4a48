/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* entropy.h -- randomness as an argument.
 *
 * Nothing in base, crypto or core draws random bytes except through a struct
 * entropy that its caller handed in.  crypto/entropy_os.c binds it to the
 * system; the simulator binds it to a seed.
 */
#ifndef BASE_ENTROPY_H
#define BASE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

struct entropy {
    void (*fill)(void *ctx, uint8_t *out, size_t n); /* never fails */
    void *ctx;
};

/* Fill `n` bytes at `out` from `e`. */
static inline void entropy_fill(const struct entropy *e, void *out, size_t n)
{
    e->fill(e->ctx, (uint8_t *)out, n);
}

/* A number in 0..bound-1 (bound >= 1) without bias.  Ends the process if `e`
 * gives 256 unusable draws in a row: that is no randomness. */
uint64_t entropy_below(const struct entropy *e, uint64_t bound);

#endif
