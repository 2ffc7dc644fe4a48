/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* words_secret.h -- six words to a secret that both sides come to (P9.15).
 *
 * Argon2id (version 1.3, one lane, 3 passes, 64 MiB) over the words in small letters
 * with one space between.  Two who have not met share no salt, so it is a constant:
 * hash16("words salt").  Sixty random bits and ten minutes are what the words rest on.
 */
#ifndef CRYPTO_WORDS_SECRET_H
#define CRYPTO_WORDS_SECRET_H

#include "base/bytes.h"

enum { WORDS_SECRET_BYTES = 32 };

/* Stretch `words`.  ERR_NOMEM: the memory is not to be had. */
NODISCARD int words_secret(uint8_t out[static WORDS_SECRET_BYTES], struct bytes words);

#endif
