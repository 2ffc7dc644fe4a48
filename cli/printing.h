/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* printing.h -- one page of paper from what is open here in one group. */
#ifndef CLI_PRINTING_H
#define CLI_PRINTING_H

#include "cli/view.h"

/* True if this computer has a program that prints. */
bool printing_can(void);
/* Make the page of `group` from the newest texts that fit.  With `to` it is written to
 * that new file as PDF, 0600; without, the person is asked and it goes to the printer
 * through a pipe, never through a file.  What is on the page, and what is not, is said.
 *   ERR_EMPTY  no text is there (said)       ERR_NOTFOUND  no letters, or no printer
 *   ERR_EXISTS (said), ERR_READONLY, ERR_DISKFULL, ERR_IO, ERR_NEEDTERM, ERR_NOMEM,
 *   ERR_SYSTEM (said: the printer refused), errors of the session */
NODISCARD int printing_run(struct cli *c, const struct group_row *group,
                           const char *to);

#endif
