/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* lines.h -- a text as numbered lines.
 *
 * Lines are divided by newlines and counted from 1; a text without a byte has none.
 */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "base/bytes.h"

/* How many lines there are. */
size_t lines_count(struct bytes text);
/* Line `n` without its newline, lent from `text`; empty if there is none. */
struct bytes lines_at(struct bytes text, size_t n);
/* Add a line below.  ERR_TOOBIG (`bytes_max` for all of it), ERR_NOMEM; then nothing
 * changed. */
NODISCARD int lines_add(struct buf *text, struct bytes line, size_t bytes_max);
/* Put `line` in the place of line `n`; it may have newlines in it.  ERR_USAGE: there is
 * no such line; ERR_TOOBIG, ERR_NOMEM; then nothing changed. */
NODISCARD int lines_change(struct buf *text, size_t n, struct bytes line,
                           size_t bytes_max);
/* Take line `n` out.  ERR_USAGE, ERR_NOMEM; then nothing changed. */
NODISCARD int lines_take_out(struct buf *text, size_t n);
/* As much of `line` as has place in `room` bytes, ending between two letters. */
struct bytes lines_part(struct bytes line, size_t room);

#endif
