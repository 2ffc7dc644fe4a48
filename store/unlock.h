/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* unlock.h -- the profile folder and its key-slot file on disk.
 *
 * Argon2id runs in a child process (so that its memory goes back to the system);
 * the passphrase reaches it by fork, the result comes back by a pipe.
 */
#ifndef STORE_UNLOCK_H
#define STORE_UNLOCK_H

#include "base/entropy.h"
#include "crypto/slots.h"

/* Make folder `dir` (0700, parents as needed) and its key-slot file for a fresh random
 * data key, which goes to `data_key`.  `canonical` is from passphrase_canonical.
 * `small`: use the 64 MiB rung (devices with little memory); else 256 MiB when it is to
 * be had.  ERR_EXISTS, ERR_READONLY, ERR_DISKFULL, ERR_IO, ERR_NOMEM, ERR_SYSTEM,
 * ERR_TOOBIG (path or passphrase). */
NODISCARD int unlock_create(const char *dir, struct bytes canonical, bool small,
                            const struct entropy *entropy, uint8_t data_key[static 32]);
/* Read the slot file of `dir` whole.  Errors as unlock_open, which are of the file. */
NODISCARD int unlock_read_slots(const char *dir, uint8_t file[static SLOTS_FILE_BYTES]);
/* Open the slot file: the rungs in turn until one opens, of each all slots; a wrong
 * passphrase has paid for all (P11.1).  Which slot opened goes to `*slot`; NULL is
 * fine. ERR_PASSPHRASE  wrong      ERR_NOSTORE  there is no slot file ERR_DAMAGED the
 * file has another size than a slot file ERR_NOMEM       nothing opened, and a rung
 * could not be tried ERR_IO, ERR_READONLY (it may not be read), ERR_SYSTEM (no process
 * to be had) */
NODISCARD int unlock_open(const char *dir, struct bytes canonical,
                          uint8_t data_key[static 32], unsigned *slot);
/* Look whether the other slots are as they were made, and make them so again; how many
 * were not goes to `*damaged`.  Errors as unlock_change. */
NODISCARD int unlock_mend(const char *dir, const uint8_t data_key[static 32],
                          unsigned slot, const struct entropy *entropy,
                          unsigned *damaged);
/* Replace the passphrase: a new slot file (same data key) is written beside the old
 * one, synced, and renamed over it; the old one is overwritten.  ERR_NOSTORE: there is
 * none; other errors as for unlock_create. */
NODISCARD int unlock_change(const char *dir, const uint8_t data_key[static 32],
                            struct bytes canonical, bool small,
                            const struct entropy *entropy);

#endif
