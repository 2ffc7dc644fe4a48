/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* once.h -- what may be used once only: nonces, and places in a key tree.
 *
 *     once_new -> { once_disk, once_use }* -> once_free
 *
 * Every use is kept with a hash of what it was used for.  The same use with the same
 * content is the same bytes written again, and fine.
 */
#ifndef TESTS_DISK_ONCE_H
#define TESTS_DISK_ONCE_H

#include "tests/disk/disk.h"

struct once;

/* Nothing was used yet. */
struct once *once_new(void);
/* Note that `name` (of a use: key and nonce, root and position) was used for `content`;
 * both are lent.  False: it was used for something else before. */
bool once_use(struct once *o, struct bytes name, struct bytes content);
/* A disk_watch: takes sealed pages and records apart and notes their nonces; `ctx` is
 * the struct once. */
void once_disk(void *ctx, enum disk_name name, uint64_t at, struct bytes b);
/* What was used twice, or written in an unknown shape; NULL: nothing. */
const char *once_broken(const struct once *o);
/* Uses noted so far. */
size_t once_count(const struct once *o);
/* Free.  NULL is fine. */
void once_free(struct once *o);

#endif
