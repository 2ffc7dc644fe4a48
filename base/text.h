/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text.h -- text from people and from strangers (the only user of utf8proc).
 *
 * All spans are lent for the call.  A call that fails leaves `out` as it was.
 * What is assigned, wide or a pair of small and capital is what the Unicode
 * tables of the installed utf8proc say.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

enum { TEXT_NAME_COLUMNS_MAX = 40 };

/* 0 if `s` is valid UTF-8 without NUL; ERR_UTF8 otherwise. */
NODISCARD int text_check(struct bytes s);

/* Append to `out` the text `s` made safe for a terminal: control characters
 * (C0 except newline, C1, DEL), escape sequences, bidirectional controls and
 * isolates, zero-width and other invisible characters (joiners, variation
 * selectors, fillers), private and unassigned code points, line and paragraph
 * separators and broken UTF-8 are left out; newline stays, tab becomes one space.
 * A control string that never ends loses its opening only: nothing after it hides.
 * `*removed` counts the code points and broken bytes left out.  The form is not
 * normalized.  ERR_NOMEM, ERR_TOOBIG (bytes_max). */
NODISCARD int text_clean(struct bytes s, struct buf *out, size_t bytes_max,
                         size_t *removed);

/* Append the NFC form of `s` to `out`.  ERR_UTF8, ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int text_nfc(struct bytes s, struct buf *out, size_t bytes_max);

/* Append the name key of `s`: NFKC, case folded, spaces joined and trimmed, so
 * that names which look alike to a careless eye compare equal; the key of a key is
 * itself.  Look-alikes of another script stay different.  Errors as text_nfc. */
NODISCARD int text_fold(struct bytes s, struct buf *out, size_t bytes_max);

/* As text_fold, and without the marks on letters: "E\xcc\x81\xc3\xa9n" gives "een". */
NODISCARD int text_bare(struct bytes s, struct buf *out, size_t bytes_max);

/* True if there is a letter or a figure of any script in `s`. */
bool text_has_letter(struct bytes s);

/* The first at most `bytes_max` bytes of `s`, cut before a code point. */
struct bytes text_part(struct bytes s, size_t bytes_max);

/* Number of terminal columns `s` takes (0 for broken text). */
size_t text_width(struct bytes s);

/* Check a name for a person or group: 1..TEXT_NAME_COLUMNS_MAX columns, at most
 * LIMIT_NAME_BYTES_MAX bytes, valid, nothing that text_clean would remove or
 * change, no newline.
 *   ERR_EMPTY  nothing, only spaces, or only marks that need a letter below them
 *   ERR_TOOBIG, ERR_UTF8, ERR_MALFORMED (something that may not be in a name) */
NODISCARD int text_check_name(struct bytes s);

#endif
