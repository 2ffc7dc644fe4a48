/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* slots.h -- the key-slot file: a passphrase opens the data key (P11).
 *
 * The file is 8 slots behind a salt and looks random to everybody:
 *
 *     offset  size  field
 *          0    32  salt
 *         32   8*96 slots: nonce 24, sealed(data key 32 || zeros 24) 72
 *        800         end
 *
 * A slot is XChaCha20-Poly1305 under the key-encryption key; its context is the ten
 * bytes "kring slot", the salt and the slot's number (u8).  An unused slot is 96 bytes
 * of the XChaCha20 stream (nonce of zeros) of KDF("slot filler", data key, salt,
 * number): random to everybody, but who has the data key can tell that it was changed.
 * The key-encryption key is Argon2id (version 1.3, one lane, 3 passes) over the
 * canonical passphrase with the salt hash16("slot salt", salt), at one rung of a
 * fixed ladder: 64 MiB, then 256 MiB.  Opening tries the rungs in turn and of each
 * every slot; a wrong passphrase has paid for all, so that it learns nothing (P11.1).
 *
 * Pure but for memory: the caller reads and writes the file and runs
 * slots_stretch in a child process (store/unlock.h).
 */
#ifndef CRYPTO_SLOTS_H
#define CRYPTO_SLOTS_H

#include "base/bytes.h"
#include "base/entropy.h"

enum { SLOTS_FILE_BYTES = 800, SLOTS_COUNT = 8, SLOTS_RUNGS = 2 };

/* Append to `out` the canonical form of a passphrase: NFC, white space runs
 * to one space, trimmed.  If every word is of a list, lower case and only the
 * first four letters of each word count.  `in_list` is asked about the first four
 * letters in lower case (a shorter word whole) of words of plain letters a to z; it
 * may be NULL: there is no list.  On failure `out` is unchanged.
 *   ERR_UTF8, ERR_EMPTY, ERR_NOMEM
 *   ERR_TOOBIG  typed or canonical over PASSPHRASE_BYTES_MAX */
NODISCARD int passphrase_canonical(struct bytes typed,
                                   bool (*in_list)(struct bytes four), struct buf *out);

/* Stretch a canonical passphrase at `rung` (0: 64 MiB, 1: 256 MiB) to a
 * key-encryption key.  ERR_NOMEM: that memory is not to be had. */
NODISCARD int slots_stretch(uint8_t kek[static 32], struct bytes canonical,
                            const uint8_t file[static SLOTS_FILE_BYTES], unsigned rung);

/* Make a new file that opens `data_key` under `kek` in a random slot.  The salt at
 * file[0..31] must be filled already (the kek depends on it). */
void slots_create(uint8_t file[static SLOTS_FILE_BYTES], const uint8_t kek[static 32],
                  const uint8_t data_key[static 32], const struct entropy *entropy);

/* Which slots but `slot`, the one that opened, are not as slots_create left them: a bit
 * for each.  Damage to `slot` or to the salt shows as a passphrase that does not
 * work. */
unsigned slots_damaged(const uint8_t file[static SLOTS_FILE_BYTES],
                       const uint8_t data_key[static 32], unsigned slot);
/* Make all slots but `slot` as slots_create left them. */
void slots_mend(uint8_t file[static SLOTS_FILE_BYTES],
                const uint8_t data_key[static 32], unsigned slot);

/* Try all slots with `kek`; on success the data key and the slot's number.
 * ERR_PASSPHRASE: none opened.  Takes the same time either way. */
NODISCARD int slots_open(const uint8_t file[static SLOTS_FILE_BYTES],
                         const uint8_t kek[static 32], uint8_t data_key[static 32],
                         unsigned *slot);

#endif
