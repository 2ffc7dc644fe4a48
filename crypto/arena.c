/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* arena.c -- a first-fit allocator inside one locked region.
 *
 * Blocks lie end to end and each begins with a header:
 *
 *     offset  size  field
 *          0     8  bytes   of the whole block, header included; a multiple of 16
 *          8     8  used    1 or 0
 *         16        the caller's bytes (all zero while the block is free)
 *
 * Keys are few and small, so a walk from the front is quick enough.  Free
 * neighbours become one block when an allocation walks over them.  A child made by
 * fork does not inherit the region: it holds keys that the child has no use for,
 * and touching it there ends the child.
 */
#include "crypto/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

enum { ARENA_PAGE_BYTES = 4096, ARENA_ALIGN = 16 };

struct block {
    uint64_t bytes;
    uint64_t used;
};
_Static_assert(sizeof(struct block) == ARENA_ALIGN, "blocks keep the alignment");

struct arena {
    uint8_t *base;
    size_t bytes, used_bytes;
    bool locked;
};

static struct block *block_at(const struct arena *a, size_t offset)
{
    return (struct block *)(void *)(a->base + offset);
}

int arena_new(struct arena **out, size_t bytes)
{
    *out = NULL;
    if (bytes > SIZE_MAX - ARENA_PAGE_BYTES)
        return ERR_NOMEM;
    struct arena *a = calloc(1, sizeof *a);
    if (!a)
        return ERR_NOMEM;
    if (bytes == 0)
        bytes = 1;
    a->bytes = (bytes + ARENA_PAGE_BYTES - 1) / ARENA_PAGE_BYTES * ARENA_PAGE_BYTES;
    void *p = mmap(NULL, a->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);
    if (p == MAP_FAILED) {
        free(a);
        return ERR_NOMEM;
    }
    a->base = p;
    a->locked = mlock(p, a->bytes) == 0;
    /* Advice that a kernel may refuse: the arena works without it. */
    (void)madvise(p, a->bytes, MADV_DONTDUMP);
    (void)madvise(p, a->bytes, MADV_DONTFORK);
    block_at(a, 0)->bytes = a->bytes;
    *out = a;
    return 0;
}

bool arena_locked(const struct arena *a)
{
    return a->locked;
}

/* Swallow the free blocks that follow the free block at `offset`. */
static void join_free(struct arena *a, size_t offset)
{
    struct block *b = block_at(a, offset);
    while (offset + b->bytes < a->bytes) {
        struct block *next = block_at(a, offset + b->bytes);
        if (next->used)
            break;
        b->bytes += next->bytes;
        *next = (struct block){0}; /* free bytes are zero, headers among them */
    }
}

/* Cut what `need` bytes leave of the free block at `offset` into a block of its own. */
static void split_free(struct arena *a, size_t offset, size_t need)
{
    struct block *b = block_at(a, offset);
    if (b->bytes - need < 2 * sizeof *b)
        return;
    block_at(a, offset + need)->bytes = b->bytes - need;
    b->bytes = need;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n == 0 || n > a->bytes)
        return NULL;
    size_t need =
        sizeof(struct block) + (n + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    for (size_t offset = 0; offset < a->bytes; offset += block_at(a, offset)->bytes) {
        struct block *b = block_at(a, offset);
        if (b->used)
            continue;
        join_free(a, offset);
        if (b->bytes < need)
            continue;
        split_free(a, offset, need);
        b->used = 1;
        a->used_bytes += b->bytes;
        return b + 1;
    }
    return NULL;
}

void arena_free(struct arena *a, void *p)
{
    if (!p)
        return;
    uint8_t *at = (uint8_t *)p - sizeof(struct block);
    CHECK(at >= a->base && at < a->base + a->bytes);
    struct block *b = block_at(a, (size_t)(at - a->base));
    CHECK(b->used == 1); /* freed once */
    wipe(p, b->bytes - sizeof *b);
    b->used = 0;
    a->used_bytes -= b->bytes;
}

size_t arena_used(const struct arena *a)
{
    return a->used_bytes;
}

void arena_destroy(struct arena *a)
{
    if (!a)
        return;
    wipe(a->base, a->bytes);
    if (a->locked)
        (void)munlock(a->base, a->bytes);
    (void)munmap(a->base, a->bytes);
    free(a);
}
