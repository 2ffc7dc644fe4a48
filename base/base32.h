/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base32.h -- bytes as letters a person can copy: digits and small letters
 * without i, l, o, u; 5 bits a letter, the last letter padded with zero bits.
 * Reading takes capitals, reads i and l as 1 and o as 0, and skips spaces, tabs,
 * line breaks and hyphens; u is nobody's letter.  On error `out` is unchanged.
 */
#ifndef BASE_BASE32_H
#define BASE_BASE32_H

#include "base/bytes.h"

/* Append the letters of `src` to `out`.  ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int base32_encode(struct bytes src, struct buf *out, size_t bytes_max);

/* Append the bytes of `text` to `out`.
 *   ERR_MALFORMED  a character that is no letter of ours, padding bits set,
 *   or a letter too many
 *   ERR_NOMEM, ERR_TOOBIG */
NODISCARD int base32_decode(struct bytes text, struct buf *out, size_t bytes_max);

#endif
