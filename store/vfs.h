/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* vfs.h -- the encrypting file layer under SQLite.
 *
 * A struct vfs is registered with SQLite under a name of its own and seals what one
 * database writes: pages of the database file (vfs.c) and records of the write-ahead
 * log (vfs_wal.c).  It refuses to open any other kind of file, so that nothing can
 * reach the disk in clear.  The formats stand in docs/storage.md.
 *
 *     vfs_new -> open one database under vfs_name -> close it -> vfs_free
 *
 * Several may live side by side, each with keys of its own.  Threads: one each.
 */
#ifndef STORE_VFS_H
#define STORE_VFS_H

#include "base/bytes.h"
#include "base/entropy.h"

struct vfs;

/* Visit one decrypted page: its number and 4096 bytes, or no bytes where it did not
 * open (number 0: a log record whose page is unknown).  Return 0 to go on, 1 to stop,
 * a negative error to fail. */
typedef int vfs_visit(void *ctx, uint32_t page, struct bytes plain);

/* Make and register a layer that seals under keys derived from `data_key`; `entropy` is
 * copied and used for nonces.  Given to the caller.
 * ERR_NOMEM, ERR_SYSTEM: there is no file layer below. */
NODISCARD int vfs_new(struct vfs **out, const uint8_t data_key[static 32],
                      const struct entropy *entropy);
/* As vfs_new, above files that are memory of this process alone (store/memory.h): the
 * database and its log end with the layer. */
NODISCARD int vfs_new_in_memory(struct vfs **out, const uint8_t data_key[static 32],
                                const struct entropy *entropy);
/* Bytes that a layer in memory holds; 0 for one on the disk. */
uint64_t vfs_memory_bytes(const struct vfs *v);
/* The name to open a database with; lent until vfs_free. */
const char *vfs_name(const struct vfs *v);
/* Walk all pages of the open database, then all records of its log. ERR_DAMAGED: some
 * did not open (each was visited); ERR_IO; or what `visit` returned below zero. */
NODISCARD int vfs_walk(struct vfs *v, vfs_visit *visit, void *ctx);
/* Visit all pages of the open database file as they lie on the disk, 4096 sealed bytes
 * each; what stands in the log alone is not seen.  ERR_IO, or what `visit` returned
 * below zero. */
NODISCARD int vfs_walk_sealed(struct vfs *v, vfs_visit *visit, void *ctx);
/* The last page that failed to open; 0: none, or a log record of unknown page. */
uint32_t vfs_damaged_page(const struct vfs *v);
/* Frames in the log as written or found in this run; 0 after it was cut off. */
uint32_t vfs_wal_frames(const struct vfs *v);
/* Put on the disk for certain what was found in the log at the open; at once done if no
 * log was found, or a sync went well since.  ERR_DISKFULL, ERR_IO. */
NODISCARD int vfs_wal_make_sure(struct vfs *v);
/* Unregister, wipe, free.  The database must be closed.  NULL is fine. */
void vfs_free(struct vfs *v);

#endif
