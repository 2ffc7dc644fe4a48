/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pages.h -- long texts at a terminal, one page at a time.
 *
 *     pages_begin -> cli_show* -> pages_end
 *
 * Between the two, whatever cli_show prints stops when the terminal is full, until the
 * person presses Enter.  Where standard output or input is no terminal, nothing stops.
 */
#ifndef CLI_PAGES_H
#define CLI_PAGES_H

#include "cli/cli.h"

/* From now on cli_show stops for each page. */
void pages_begin(struct cli *c);
/* No longer; stops once more unless `rows_left` rows fit below what was shown. */
void pages_end(struct cli *c, size_t rows_left);
/* Print whole lines on standard output, page by page.  What the person did not want to
 * see is left out.  ERR_IO. */
NODISCARD int pages_write(struct cli *c, struct bytes lines);

#endif
