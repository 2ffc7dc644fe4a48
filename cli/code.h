/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* code.h -- an invitation as a code to scan: on the screen, or as a picture.
 *
 *     code_make -> code_render | code_write_png -> code_free
 */
#ifndef CLI_CODE_H
#define CLI_CODE_H

#include <stdio.h>

#include "base/bytes.h"

enum { CODE_EDGE = 2, CODE_PNG_EDGE = 4, CODE_PNG_PIXELS = 8 };

struct code {
    size_t width;   /* modules of one side, without the edge */
    uint8_t *cells; /* owned: width * width, 1 is dark */
};

/* The smallest code that holds `line` (an invitation: small and capital letters mean
 * the same).  ERR_TOOBIG, ERR_NOMEM. */
NODISCARD int code_make(struct code *out, struct bytes line);
/* Columns and rows that it takes on the screen. */
void code_size(const struct code *code, size_t *columns, size_t *rows);
/* Append it as rows of half blocks, two modules a row.  Light modules are drawn, as on
 * a dark screen; `inverted`: dark ones, for a light screen.  ERR_NOMEM. */
NODISCARD int code_render(const struct code *code, bool inverted, struct buf *out);
/* Write it to `file` as a picture.  ERR_IO, ERR_NOMEM. */
NODISCARD int code_write_png(const struct code *code, FILE *file);
/* Wipe and free.  Legal on a zeroed code. */
void code_free(struct code *code);

#endif
