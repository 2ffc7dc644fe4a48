/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* entropy.c -- unbiased numbers out of random bytes. */
#include "base/entropy.h"

#include "base/bytes.h"
#include "base/check.h"

/* One draw is thrown away with a chance below one half, so a source that needs
 * this many is no source of randomness, and going on would be worse than ending. */
enum { ENTROPY_DRAWS_MAX = 256 };

uint64_t entropy_below(const struct entropy *e, uint64_t bound)
{
    CHECK(bound >= 1);
    /* 2^64 mod bound: draws below it would make small results likelier. */
    uint64_t unfair = (UINT64_MAX - bound + 1) % bound;
    for (int i = 0; i < ENTROPY_DRAWS_MAX; i++) {
        uint8_t raw[8];
        entropy_fill(e, raw, sizeof raw);
        uint64_t draw = get_u64(raw);
        wipe(raw, sizeof raw);
        if (draw >= unfair)
            return draw % bound;
    }
    check_failed(__FILE__, __LINE__, "the entropy source repeats itself");
}
