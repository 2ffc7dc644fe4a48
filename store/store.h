/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store.h -- one profile's encrypted database (the only user of SQLite).
 *
 * A profile folder (0700) holds two files: `slots`, the key-slot file, and `data`,
 * one SQLite database whose every page and WAL record is sealed (store/vfs.h).
 * While it is open a WAL file `data-wal` exists.  No other file is ever written.
 *
 *     store_create | store_open
 *       -> { store_begin, log calls, store_commit | store_rollback, store_settle }*
 *       -> store_close
 *
 * Threads: one.  Errors: negative enum err, mapped from SQLite's codes:
 * ERR_DISKFULL, ERR_READONLY, ERR_IO, ERR_DAMAGED, ERR_INUSE, ERR_NOMEM.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/entropy.h"
#include "base/log.h"

struct store;

/* Make a new database in the existing folder `dir` under `data_key`, run the
 * migrations, leave it open.  ERR_EXISTS: there is one; an empty file, whose making
 * was cut short, does not count.  `entropy` is copied; its context is kept. */
NODISCARD int store_create(struct store **out, const char *dir,
                           const uint8_t data_key[static 32],
                           const struct entropy *entropy);
/* Make a new database in memory of this process alone, leave it open: nothing reaches a
 * disk, and store_close ends it.  It has no folder, so that no copy of it can be made
 * (store/backup.h).  ERR_NOMEM, ERR_SYSTEM.  `entropy` is copied; its context is kept.
 */
NODISCARD int store_create_in_memory(struct store **out,
                                     const uint8_t data_key[static 32],
                                     const struct entropy *entropy);
/* Open the database in `dir`, run missing migrations.
 * ERR_NOSTORE, ERR_INUSE (another process has it), ERR_DAMAGED, ERR_VERSION
 * (made by a newer kring), ERR_READONLY. `entropy` is kept. */
NODISCARD int store_open(struct store **out, const char *dir,
                         const uint8_t data_key[static 32],
                         const struct entropy *entropy);
/* Begin a write transaction.  ERR_STATE: one is open. */
NODISCARD int store_begin(struct store *s);
/* Commit durably (synchronous FULL).  On any error the transaction is rolled back. */
NODISCARD int store_commit(struct store *s);
/* Undo the open transaction; none open is fine. */
void store_rollback(struct store *s);
/* The log interface of this store; valid until store_close. */
struct log store_log(struct store *s);
/* After erasures: incremental vacuum of free pages and a truncating checkpoint, so that
 * erased bytes leave database and WAL.  ERR_STATE: inside a transaction. */
NODISCARD int store_settle(struct store *s);
/* True if something was erased since the last store_settle. */
bool store_wants_settle(const struct store *s);
/* Walk every page of database and WAL, decrypt it and call `visit` (tests, doctor).
 * ERR_DAMAGED names itself by the callback with n == 0. */
NODISCARD int store_walk(struct store *s,
                         int (*visit)(void *ctx, uint32_t page, struct bytes plain),
                         void *ctx);
/* The walk and PRAGMA integrity_check.  ERR_DAMAGED: store_damaged_page says where. */
NODISCARD int store_check(struct store *s);
/* Build all indexes anew from the rows.  ERR_STATE (inside a transaction),
 * ERR_DAMAGED. */
NODISCARD int store_reindex(struct store *s);
/* The page that failed to open last, in a check or in use; 0: none, or it stands in a
 * log record that does not tell its page. */
uint32_t store_damaged_page(const struct store *s);
/* Bytes of database and WAL on disk, or in memory. */
uint64_t store_disk_bytes(const struct store *s);
/* Truncating checkpoint, close, wipe.  NULL is fine. */
void store_close(struct store *s);
/* Close and wipe at once, for locking: the log stays as it is, sealed, and the next
 * opening puts it in order.  NULL is fine. */
void store_leave(struct store *s);

#endif
