/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* files.h -- whole files of a profile: paths, locks, copies, and one put in the place
 * of another so that a power cut leaves the old or the new.
 *
 * A database that takes the place of another is made as `data-making`, and when it is
 * whole and on the disk called `data-new`.  From then on it counts: whoever opens the
 * store finishes the exchange (files_swap_finish), as often as that is cut short.
 */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include <stddef.h>

#include "base/bytes.h"

enum { FILES_PATH_BYTES_MAX = 4096 };

/* The enum err for the present errno; never 0. */
int files_error(void);
/* "dir/name".  ERR_TOOBIG. */
NODISCARD int files_path(char out[static FILES_PATH_BYTES_MAX], const char *dir,
                         const char *name);
/* Take the lock that an open store holds, until `fd` is closed.  ERR_INUSE, ERR_IO. */
NODISCARD int files_lock(int fd);
/* Write all of `b`.  ERR_DISKFULL, ERR_READONLY, ERR_IO. */
NODISCARD int files_write(int fd, struct bytes b);
/* Read exactly `n` bytes.  ERR_IO, ERR_TRUNCATED. */
NODISCARD int files_read(int fd, uint8_t *out, size_t n);
/* Make the names in a folder last.  ERR_IO and others. */
NODISCARD int files_sync_dir(const char *dir);
/* Make the folders that `path` lies in, 0700.  Errors as files_write, ERR_TOOBIG. */
NODISCARD int files_make_parents(const char *path);
/* Make the names in the folder that holds `path` last. */
NODISCARD int files_sync_parent(const char *path);
/* True if the folder holds a file of this name. */
bool files_exist(const char *dir, const char *name);
/* Rename from_dir/from to to_dir/to, over what stands there, so that it lasts.  Errors
 * as files_write, ERR_TOOBIG. */
NODISCARD int files_move(const char *from_dir, const char *from, const char *to_dir,
                         const char *to);
/* Rename `from` to `to` unless that exists.  ERR_EXISTS, errors as files_write. */
NODISCARD int files_rename_new(const char *from, const char *to);
/* Keep a second name, or where that cannot be a copy, of dir/name as dir/copy.  A file
 * that does not exist is fine.  ERR_EXISTS, errors as files_write. */
NODISCARD int files_keep(const char *dir, const char *name, const char *copy);
/* Sync `data-making` and call it `data-new`: from here on it counts.  Errors as
 * files_write. */
NODISCARD int files_swap_commit(const char *dir);
/* Finish an exchange that was committed; nothing to do is fine.  ERR_INUSE and
 * others. */
NODISCARD int files_swap_finish(const char *dir);
/* Remove what a making that was cut short left. */
void files_swap_forget(const char *dir);

#endif
