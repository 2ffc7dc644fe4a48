/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* nodelog.h -- what a node of the world keeps: in memory, in the real store, or in the
 * real store on a disk that records (tests/disk/disk.h).
 *
 *     nodelog_new -> { nodelog_begin, calls, nodelog_commit | nodelog_rollback,
 *                      nodelog_cut }* -> nodelog_free
 *
 * The real store lies in a folder of its own under /dev/shm or /tmp, which goes with
 * it.
 */
#ifndef TESTS_SIM_NODELOG_H
#define TESTS_SIM_NODELOG_H

#include "base/log.h"

struct nodelog;

enum nodelog_kind {
    NODELOG_MEMORY,
    NODELOG_STORE,
    NODELOG_DISK, /* one at a time in a process */
};

/* An empty log; `seed` makes its key and nonces.  NULL: it cannot be made. */
struct nodelog *nodelog_new(enum nodelog_kind kind, uint64_t seed);
/* The interface; valid until the next nodelog_cut or nodelog_free. */
struct log nodelog_log(struct nodelog *n);
/* Begin a transaction. */
void nodelog_begin(struct nodelog *n);
/* Keep the changes.  0 or the error of the store. */
int nodelog_commit(struct nodelog *n);
/* Undo them. */
void nodelog_rollback(struct nodelog *n);
/* The power goes; `draw` says what arrived of what was on its way.  What was committed
 * must be there.  0 or why the store does not open again. */
int nodelog_cut(struct nodelog *n, uint64_t draw);
/* A deep copy of one in memory.  NULL: it is none, or no memory. */
struct nodelog *nodelog_copy(const struct nodelog *n);
/* True if `needle` stands in one in memory. */
bool nodelog_contains(const struct nodelog *n, struct bytes needle);
/* Free, with its folder.  NULL is fine. */
void nodelog_free(struct nodelog *n);

#endif
