/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* arena.h -- one page-locked region for keys.
 *
 * One region is mapped, locked into memory and kept out of core dumps; small
 * blocks come from it and are wiped when they go back.  If locking fails the
 * arena works all the same and says so (arena_locked), so that the face can
 * warn.  This file asks the system for memory only: it is the one place in
 * crypto/ beside entropy_os.c that does.
 */
#ifndef CRYPTO_ARENA_H
#define CRYPTO_ARENA_H

#include "base/bytes.h"

struct arena;

/* A new arena of `bytes` (rounded up to pages).  ERR_NOMEM. */
NODISCARD int arena_new(struct arena **out, size_t bytes);
/* True if the region is locked into memory. */
bool arena_locked(const struct arena *a);
/* A zeroed block of `n` bytes, aligned to 16, or NULL when the arena is full or
 * `n` is 0. */
void *arena_alloc(struct arena *a, size_t n);
/* Wipe and return a block.  NULL is fine. */
void arena_free(struct arena *a, void *p);
/* Bytes now in use, headers included, for status and tests. */
size_t arena_used(const struct arena *a);
/* Wipe and unmap everything.  NULL is fine. */
void arena_destroy(struct arena *a);

#endif
