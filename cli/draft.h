/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* draft.h -- texts that were begun and not sent: one a group, in the store only.
 *
 *     draft_keep | draft_replace -> draft_read -> draft_send
 */
#ifndef CLI_DRAFT_H
#define CLI_DRAFT_H

#include "cli/view.h"

/* Add `text` to what is kept unsent for this group, on a line of its own, so that
 * nothing typed is lost; `answers`: the row of the text that it answers, 0: none; what
 * is kept already stays what it is.   Broken letters are left out (draft_mend), and so
 * is what no text can hold any more.  Nothing is said; an empty text does nothing.
 * Works as long as the session is open, also while kring is being closed or locked.
 * Errors of the session. */
NODISCARD int draft_keep(struct cli *c, uint64_t group, struct bytes text,
                         uint64_t answers);
/* Let `text` be what is kept unsent; an empty one erases it.  ERR_TOOBIG, ERR_UTF8,
 * ERR_STATE (not let in yet), errors of the session. */
NODISCARD int draft_replace(struct cli *c, uint64_t group, struct bytes text);
/* Append what is kept unsent to `text`.  ERR_NOTFOUND: nothing. */
NODISCARD int draft_read(struct cli *c, uint64_t group, struct buf *text);
/* Add what that text answers to a screen, if it answers anything; `*row`: that text, if
 * it is here, else 0.  Errors of the session. */
NODISCARD int draft_add_answered(struct cli *c, uint64_t group, struct screen *s,
                                 uint64_t *row);
/* Let what is kept unsent in `g` wait TALK_DELAY_MS like any text, or `now` not at all,
 * and say so; its number goes to `*draft`.  It stays for as long as `g` says.  An error
 * was said. */
NODISCARD int draft_send(struct cli *c, const struct group_row *g, bool now,
                         uint64_t *draft);
/* Ask at the terminal for a text of one row, which may answer another (draft_keep).  0:
 * it is in `text`, which may be empty. 1: what was typed is kept unsent and it was said
 * why: rows were pasted, the terminal cut it off, or it has signs that no text has.
 * With an error what was typed is kept too: ERR_NEEDTERM, errors of the session. */
NODISCARD int draft_ask(struct cli *c, uint64_t group, uint64_t answers,
                        struct buf *text);
/* Append `text` to `out` without broken letters, control characters (newline and tab
 * stay) and what arrow keys send.
 * ERR_NOMEM, ERR_TOOBIG (`bytes_max`). */
NODISCARD int draft_mend(struct bytes text, struct buf *out, size_t bytes_max);

#endif
