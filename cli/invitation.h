/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* invitation.h -- an invitation as people paste it: in rows, with gaps and marks. */
#ifndef CLI_INVITATION_H
#define CLI_INVITATION_H

#include "cli/cli.h"

/* Append `text` to `line` without what mail programs and people put between its
 * letters: white space also of the wide and the invisible kind, and marks of a reply.
 * ERR_NOMEM, ERR_TOOBIG (more than `bytes_max` in `line`). */
NODISCARD int invitation_squeeze(struct bytes text, struct buf *line, size_t bytes_max);
/* Is it all here?  0: a whole invitation without a mistake.  ERR_EMPTY,
 * ERR_TRUNCATED (more rows may come), ERR_FOREIGN, ERR_MISTYPED, ERR_VERSION,
 * ERR_NOMEM. */
NODISCARD int invitation_check(struct bytes line);
/* True if `line` is six words, as nearby_read_words gives them, and no line. */
bool invitation_is_words(struct bytes line);
/* Ask for an invitation at the terminal until it is whole and right, however many rows
 * it comes in, or for six words; what is wrong is said and asked again.  An empty row
 * stops: ERR_EMPTY.  ERR_NEEDTERM, ERR_NOMEM, ERR_IO. */
NODISCARD int invitation_ask(struct cli *c, struct buf *line);
/* Give errors about an invitation words of their own; returns `err`. */
int invitation_explain(struct cli *c, int err);

#endif
