/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* words_secret.c -- see words_secret.h. */
#include "crypto/words_secret.h"

#include <sodium.h>

#include "crypto/hash.h"

enum { PASSES = 3, MEMORY_BYTES = 64 << 20 };

_Static_assert(crypto_pwhash_argon2id_SALTBYTES == HASH16_BYTES,
               "the salt fits Argon2id");

int words_secret(uint8_t out[static WORDS_SECRET_BYTES], struct bytes words)
{
    uint8_t salt[HASH16_BYTES];
    hash16(salt, "words salt", NULL, 0);
    int failed = crypto_pwhash_argon2id(out, WORDS_SECRET_BYTES, (const char *)words.p,
                                        words.n, salt, PASSES, MEMORY_BYTES,
                                        crypto_pwhash_argon2id_ALG_ARGON2ID13);
    return failed ? ERR_NOMEM : 0;
}
