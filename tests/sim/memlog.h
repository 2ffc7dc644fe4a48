/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* memlog.h -- the log interface in memory, with transactions and crashes.
 *
 * The naive twin of store/: sorted arrays, no cleverness.  Used by the simulator,
 * by unit tests of the core, and as the model that store/ is compared with.
 *
 *     memlog_new -> { memlog_begin, calls, memlog_commit | memlog_rollback }* ->
 * memlog_free
 */
#ifndef TESTS_SIM_MEMLOG_H
#define TESTS_SIM_MEMLOG_H

#include "base/log.h"

struct memlog;

/* An empty log, or NULL without memory. */
struct memlog *memlog_new(void);
/* The interface; valid until memlog_free. */
struct log memlog_log(struct memlog *m);
/* Begin a transaction; changes can be undone until commit. */
void memlog_begin(struct memlog *m);
/* Keep the changes since memlog_begin. */
void memlog_commit(struct memlog *m);
/* Undo the changes since memlog_begin, as a crash does. */
void memlog_rollback(struct memlog *m);
/* Make the n-th write from now fail with `err` (0 turns it off). */
void memlog_fail(struct memlog *m, uint64_t nth_write, int err);
/* True if `needle` stands anywhere in a key, value, envelope or body held. */
bool memlog_contains(const struct memlog *m, struct bytes needle);
/* A deep copy (a backup), or NULL without memory; not inside a transaction. */
struct memlog *memlog_copy(const struct memlog *m);
/* Free.  NULL is fine. */
void memlog_free(struct memlog *m);

#endif
