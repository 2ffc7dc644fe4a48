/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* backup.h -- one file that holds a profile as it is now, sealed.
 *
 *     offset  size  field
 *          0   800  the key-slot file (crypto/slots.h): the words of that day open it
 *        800     n * 4096  pages of the database, sealed as they lie on the disk
 *                nonce 24 || sealed(version 1 || pages u32 || hash 32) 53
 *
 * The end is XChaCha20-Poly1305 under KDF("backup", data key), its context the text
 * "kring backup"; the hash is that of label "backup" over everything before.  So the
 * whole file looks random, and a page that was changed, or is of another day, shows.
 *
 *     backup_write                              with the store open
 *     backup_begin -> backup_fill               into an empty folder
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "store/store.h"

/* Write the open store and the slot file beside it to the new file `path` (0600),
 * written beside, synced, renamed.  Its size goes to `*bytes`.
 *   ERR_EXISTS  there is such a file     ERR_STATE  inside a transaction
 *   ERR_NOSTORE  there is no such folder, or no slot file
 *   ERR_DAMAGED, ERR_DISKFULL, ERR_READONLY, ERR_IO, ERR_NOMEM, ERR_TOOBIG */
NODISCARD int backup_write(struct store *s, const char *path,
                           const uint8_t data_key[static 32],
                           const struct entropy *entropy, uint64_t *bytes);
/* Make the new folder `dir` (0700) and put the slot file of the backup `path` in it, so
 * that a passphrase can open it.
 *   ERR_NOTFOUND  there is no such file     ERR_FOREIGN  its size is none of a backup's
 *   ERR_EXISTS  the folder is there already; ERR_IO and others */
NODISCARD int backup_begin(const char *path, const char *dir);
/* Put the database into it, after every byte of the backup was checked.
 *   ERR_DAMAGED  the backup was changed     ERR_VERSION  made by a newer kring
 *   ERR_EXISTS  a database is there already; ERR_DISKFULL, ERR_IO and others */
NODISCARD int backup_fill(const char *path, const char *dir,
                          const uint8_t data_key[static 32]);

#endif
