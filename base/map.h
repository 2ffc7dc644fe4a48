/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* map.h -- a bounded map from byte keys to pointers that repeats: iteration is
 * in insertion order, never in address order, so that one seed gives one run.
 *
 *     map_init -> { map_put | map_get | map_del }* -> map_free
 *
 * Keys (at most 64 bytes) are copied; values are the caller's.  Deleting keeps
 * the order of the others, and is allowed while iterating; putting is not.  The
 * hash has no secret (a map draws no randomness): a peer who picks keys can make
 * finding them slow, never slower than live_max comparisons, so keep that small.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/bytes.h"

enum { MAP_KEY_BYTES_MAX = 64 };

struct map {
    struct map_slot *slots; /* in insertion order, holes after deletion */
    uint32_t *table;        /* open addressing: slot number + 1 */
    uint32_t slots_used, slots_cap, table_cap, live, live_max;
};

/* An empty map that refuses more than `live_max` (at most 2^26) keys. */
void map_init(struct map *m, uint32_t live_max);
/* Set `key` to `value` (not NULL); a key that is there keeps its place in the
 * order.  ERR_FULL, ERR_NOMEM, ERR_TOOBIG (key): the map is unchanged. */
NODISCARD int map_put(struct map *m, struct bytes key, void *value);
/* The value of `key`, or NULL. */
void *map_get(const struct map *m, struct bytes key);
/* Remove `key`; its value, or NULL if it was not there. */
void *map_del(struct map *m, struct bytes key);
/* Iterate: start with *at = 0; returns the next value in insertion order and
 * its key (lent until the map changes; `key` may be NULL), or NULL at the end. */
void *map_next(const struct map *m, uint32_t *at, struct bytes *key);
/* Number of keys. */
uint32_t map_count(const struct map *m);
/* Free the map's own memory, not the values; it is empty again, with the same
 * bound.  Legal on NULL, on a zeroed map, and twice. */
void map_free(struct map *m);

#endif
