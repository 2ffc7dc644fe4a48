/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* talk.h -- writing and showing texts, for commands and the home screen. */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include "cli/view.h"

enum { TALK_DELAY_MS = 30000, TALK_PAGE_ROWS = 2000 };

/* Which messages to show. */
enum talk_which {
    TALK_ALL,
    TALK_UNREAD,
    TALK_LAST, /* the newest ten, and whatever is unread */
};

/* Texts that wait on this device. */
struct talk_waiting {
    uint64_t count;
    uint64_t newest; /* draft number; 0: none waits */
};

/* Give errors about a text words of their own; returns `err`. */
int talk_explain(struct cli *c, int err);
/* Check a text before it is sent: 0, or an error that was said. */
NODISCARD int talk_check(struct cli *c, struct bytes text);
/* Say a text in `g` now, or after `delay_ms` from which `*reply` has its number.  It
 * stays for as long as `g` says, which is what the person saw.  `answers`: row of the
 * text that it answers; 0: none.  ERR_NOTFOUND: that one is gone, which was said. */
NODISCARD int talk_say(struct cli *c, const struct group_row *g, struct bytes text,
                       uint64_t answers, uint64_t delay_ms, struct api_reply *reply);
/* As talk_say: let it wait TALK_DELAY_MS on this device, and say so. */
NODISCARD int talk_draft(struct cli *c, const struct group_row *g, struct bytes text,
                         uint64_t answers, uint64_t *draft);
/* How many texts of a group wait, and which is the newest, whoever wrote them in which
 * run.  Errors of the session. */
NODISCARD int talk_find_waiting(struct cli *c, uint64_t group,
                                struct talk_waiting *out);
/* Take a waiting text back, and say so; one of several lines is kept unsent (draft.h).
 * ERR_NOTFOUND: it is sent already. */
NODISCARD int talk_take_back(struct cli *c, uint64_t group, uint64_t draft);
/* Show the thread of the text in row `row`; nothing becomes read.  ERR_NOTFOUND: it is
 * gone. */
NODISCARD int talk_show_thread(struct cli *c, const struct group_row *g, uint64_t row);
/* Show messages on standard output, in order; what was shown becomes read. */
NODISCARD int talk_show(struct cli *c, const struct group_row *g,
                        enum talk_which which);

#endif
