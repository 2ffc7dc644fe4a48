/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* panic.h -- destroying a profile: nothing that is left opens any more.
 *
 *     panic_enable                                    once, while kring is open
 *     panic_check -> panic_destroy -> (end who has it open) -> panic_clear
 *
 * Off until enabled.  That it is enabled, and a little about the word that asks for it,
 * lies outside of the store, in the file `mark`, so that it works while kring is locked
 * (docs/decisions/0010-a-word-that-erases.md).  Its 32 bytes look random:
 *
 *     salt 28 || (random 4 bits, check 12 bits) u16 || random 2
 *
 * where check is the end of KDF("panic", hash32("panic salt", salt), word).  Twelve
 * bits keep a slip of the finger out, and tell next to nothing to who guesses words.
 */
#ifndef NODE_HOST_PANIC_H
#define NODE_HOST_PANIC_H

#include "base/bytes.h"
#include "base/entropy.h"

enum { PANIC_MARK_BYTES = 32 };

/* True if it is enabled in the profile folder `home`. */
bool panic_is_enabled(const char *home);
/* Enable it with this word (canonical), or change the word.
 * ERR_READONLY, ERR_DISKFULL, ERR_IO, ERR_NOSTORE, ERR_TOOBIG. */
NODISCARD int panic_enable(const char *home, struct bytes word,
                           const struct entropy *entropy);
/* Disable it; legal when it is not enabled.  Errors as panic_enable. */
NODISCARD int panic_disable(const char *home, const struct entropy *entropy);
/* 0: this is the word.  ERR_PASSPHRASE: it is not; ERR_NOTFOUND: not enabled;
 * ERR_DAMAGED: the mark has another size, ERR_IO. */
NODISCARD int panic_check(const char *home, struct bytes word);
/* Overwrite every key-slot file of the profile, also such as a power cut or a restoring
 * left, in place, with noise, and have the disk take it.  From here on no passphrase
 * opens anything; a process that has it open still has the key.
 * ERR_NOSTORE: there is none; ERR_READONLY, ERR_IO. */
NODISCARD int panic_destroy(const char *home, const struct entropy *entropy);
/* Remove all that kring made in `home`, beside it and in the runtime folder, and the
 * folder itself if nothing of anybody else's is in it.  True if it is gone. */
bool panic_clear(const char *home);

#endif
