/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bits.c -- sets of small numbers as bits that grow. */
#include "node/core/bits.h"

#include <stdlib.h>
#include <string.h>

int bits_reserve(struct bits *b, uint32_t count)
{
    uint32_t bytes = (count + 7) / 8;
    if (bytes <= b->bytes)
        return 0;
    uint8_t *p = realloc(b->p, bytes);
    if (!p)
        return ERR_NOMEM;
    memset(p + b->bytes, 0, bytes - b->bytes);
    b->p = p;
    b->bytes = bytes;
    return 0;
}

int bits_put(struct bits *b, uint32_t i)
{
    /* A little more than asked for, so that a set filled in order seldom grows. */
    if (i / 8 >= b->bytes) {
        int err = bits_reserve(b, i + 1 + i / 4);
        if (err)
            return err;
    }
    b->p[i / 8] |= (uint8_t)(1U << (i % 8));
    return 0;
}

int bits_join(struct bits *b, const struct bits *more)
{
    int err = bits_reserve(b, more->bytes * 8);
    for (uint32_t i = 0; !err && i < more->bytes; i++)
        b->p[i] |= more->p[i];
    return err;
}

int bits_copy(struct bits *b, const struct bits *from)
{
    int err = bits_reserve(b, from->bytes * 8);
    if (err)
        return err;
    if (b->bytes > 0)
        memset(b->p, 0, b->bytes);
    return bits_join(b, from);
}

bool bits_within(const struct bits *a, const struct bits *b)
{
    for (uint32_t i = 0; i < a->bytes; i++) {
        uint8_t other = i < b->bytes ? b->p[i] : 0;
        if (a->p[i] & ~other)
            return false;
    }
    return true;
}

uint32_t bits_count(const struct bits *b)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->bytes; i++)
        for (uint8_t left = b->p[i]; left; left &= (uint8_t)(left - 1))
            n++;
    return n;
}

uint32_t bits_next(const struct bits *b, uint32_t from)
{
    for (uint32_t i = from; i / 8 < b->bytes;) {
        if (i % 8 == 0 && b->p[i / 8] == 0)
            i += 8;
        else if (bits_has(b, i))
            return i;
        else
            i++;
    }
    return UINT32_MAX;
}

void bits_free(struct bits *b)
{
    if (!b)
        return;
    free(b->p);
    *b = (struct bits){0};
}
