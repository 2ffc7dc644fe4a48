/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* languages.h -- languages that people write in, by their own names.
 *
 * A text may say its language (docs/protocol.md P7.8), so that a reader with another
 * one sees "[Polski]" before it.  These are offered; a tag of another one is shown as
 * it is.
 */
#ifndef CLI_LANGUAGES_H
#define CLI_LANGUAGES_H

#include <stddef.h>

enum { LANGUAGE_CODE_BYTES = 9 };

/* Number `i` of those that are offered: its code, or NULL past the last; static. */
const char *languages_code(size_t i);
/* The own name of the language with this code, or the code; lent or static. */
const char *languages_name(const char *code);

#endif
