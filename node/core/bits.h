/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bits.h -- sets of small numbers (entries, members) as bits that grow.
 *
 * Private to node/core.  A zeroed struct bits is the empty set; what lies past its end
 * is not in it.  The caller bounds the numbers: they are never a stranger's.
 */
#ifndef NODE_CORE_BITS_H
#define NODE_CORE_BITS_H

#include "base/bytes.h"

struct bits {
    uint8_t *p; /* owned; bit i is p[i / 8] >> (i % 8) & 1 */
    uint32_t bytes;
};

/* True if `i` is in the set. */
static inline bool bits_has(const struct bits *b, uint32_t i)
{
    return i / 8 < b->bytes && (b->p[i / 8] >> (i % 8) & 1) != 0;
}

/* Take `i` out of the set. */
static inline void bits_drop(struct bits *b, uint32_t i)
{
    if (bits_has(b, i))
        b->p[i / 8] &= (uint8_t) ~(1U << i % 8);
}

/* Make place for the numbers below `count`.  ERR_NOMEM. */
NODISCARD int bits_reserve(struct bits *b, uint32_t count);
/* Put `i` into the set.  ERR_NOMEM. */
NODISCARD int bits_put(struct bits *b, uint32_t i);
/* Put all of `more` into `b`.  ERR_NOMEM. */
NODISCARD int bits_join(struct bits *b, const struct bits *more);
/* Make `b` equal to `from`.  ERR_NOMEM. */
NODISCARD int bits_copy(struct bits *b, const struct bits *from);
/* True if everything in `a` is in `b`. */
bool bits_within(const struct bits *a, const struct bits *b);
/* How many numbers are in the set. */
uint32_t bits_count(const struct bits *b);
/* The smallest number in the set that is at least `from`; UINT32_MAX if none. */
uint32_t bits_next(const struct bits *b, uint32_t from);
/* Free; `b` is empty again.  Legal on NULL and twice. */
void bits_free(struct bits *b);

#endif
