/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* editor.h -- writing a long text, line by line.
 *
 * It goes on with what is kept unsent for the group (draft.h), and keeps it there after
 * every line, or every few when lines are pasted, and at every question.  Nothing is
 * ever written to a file, and no other program sees it.  Lines scroll by and are never
 * drawn again, so that a screen reader can follow.
 */
#ifndef CLI_EDITOR_H
#define CLI_EDITOR_H

#include "cli/cli.h"

/* Write, read and change the text; `menu`: begin with what can be done, not with
 * typing.  1: it shall be sent, and is kept as draft_send wants it.  0: it is kept for
 * later, which was said, or there is none.  With an error (ERR_NEEDTERM: the person
 * ended it, errors of the session) what was typed is kept as far as that goes. */
NODISCARD int editor_write(struct cli *c, uint64_t group, bool menu);

#endif
