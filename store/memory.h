/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* memory.h -- a file layer for SQLite whose files are memory of this process alone.
 *
 * It stands below the encrypting layer (vfs.c), in the place of the system's: what it
 * holds are sealed pages and records, so that even a swap area gets nothing that can be
 * read without the data key, which is in locked memory.  Nobody else can open it, and
 * it ends with the process, also when that is killed.
 *
 *     memory_new -> open files under memory_vfs, close them -> memory_free
 *
 * Threads: one.  There is one user, so locks are not looked at.
 */
#ifndef STORE_MEMORY_H
#define STORE_MEMORY_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/err.h"

enum { MEMORY_FILES_MAX = 4, MEMORY_NAME_BYTES_MAX = 64 };

struct memory;

/* An empty folder in memory; given to the caller.  ERR_NOMEM, ERR_SYSTEM (SQLite has no
 * layer at all, whose clock is asked). */
NODISCARD int memory_new(struct memory **out);
/* The layer, not registered; lent until memory_free. */
sqlite3_vfs *memory_vfs(struct memory *m);
/* Bytes of all files. */
uint64_t memory_bytes(const struct memory *m);
/* Wipe and free everything.  No file may be open.  NULL is fine. */
void memory_free(struct memory *m);

#endif
