/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bytes.c -- spans, buffers, wiping.  A buffer may hold secrets, so it never
 * grows with realloc(): the old memory is wiped before it goes back. */
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { BUF_BYTES_MIN = 64 };

void wipe(void *p, size_t n)
{
    if (n == 0)
        return;
    memset(p, 0, n);
    /* The compiler must believe that somebody reads *p after this. */
    __asm__ __volatile__("" : : "r"(p) : "memory");
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.n < b.n ? a.n : b.n;
    int order = common == 0 ? 0 : memcmp(a.p, b.p, common);
    if (order != 0)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

int room_append(struct room *r, struct bytes src)
{
    CHECK(r->n <= r->cap);
    if (src.n > r->cap - r->n)
        return ERR_NOSPACE;
    if (src.n > 0) {
        memmove(r->p + r->n, src.p, src.n); /* in-place callers overlap */
        r->n += src.n;
    }
    return 0;
}

/* The size to grow to: at least `need`, doubled for speed, never above the bound. */
static size_t buf_grown(size_t cap, size_t need, size_t bytes_max)
{
    size_t grown = cap < BUF_BYTES_MIN ? BUF_BYTES_MIN : cap;
    if (grown < need)
        grown = grown > bytes_max / 2 ? bytes_max : grown * 2;
    if (grown > bytes_max)
        grown = bytes_max;
    return grown < need ? need : grown;
}

int buf_reserve(struct buf *b, size_t n, size_t bytes_max)
{
    CHECK(b->n <= b->cap);
    if (b->n > bytes_max || n > bytes_max - b->n)
        return ERR_TOOBIG;
    if (n <= b->cap - b->n)
        return 0;
    size_t cap = buf_grown(b->cap, b->n + n, bytes_max);
    uint8_t *p = malloc(cap);
    if (!p)
        return ERR_NOMEM;
    if (b->n > 0)
        memcpy(p, b->p, b->n);
    if (b->p)
        wipe(b->p, b->cap);
    free(b->p);
    b->p = p;
    b->cap = cap;
    return 0;
}

int buf_append(struct buf *b, struct bytes src, size_t bytes_max)
{
    int err = buf_reserve(b, src.n, bytes_max);
    if (err < 0)
        return err;
    if (src.n > 0) {
        memcpy(b->p + b->n, src.p, src.n);
        b->n += src.n;
    }
    return 0;
}

void buf_consume(struct buf *b, size_t n)
{
    CHECK(n <= b->n);
    if (n == 0)
        return;
    b->n -= n;
    memmove(b->p, b->p + n, b->n);
    wipe(b->p + b->n, n); /* what moved down must not stay above as well */
}

void buf_free(struct buf *b)
{
    if (!b)
        return;
    if (b->p)
        wipe(b->p, b->cap);
    free(b->p);
    *b = (struct buf){0};
}

void put_u16(uint8_t p[static 2], uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

void put_u32(uint8_t p[static 4], uint32_t v)
{
    put_u16(p, (uint16_t)(v >> 16));
    put_u16(p + 2, (uint16_t)v);
}

void put_u64(uint8_t p[static 8], uint64_t v)
{
    put_u32(p, (uint32_t)(v >> 32));
    put_u32(p + 4, (uint32_t)v);
}

uint16_t get_u16(const uint8_t p[static 2])
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t get_u32(const uint8_t p[static 4])
{
    return (uint32_t)get_u16(p) << 16 | get_u16(p + 2);
}

uint64_t get_u64(const uint8_t p[static 8])
{
    return (uint64_t)get_u32(p) << 32 | get_u32(p + 4);
}
