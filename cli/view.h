/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* view.h -- what a node tells, in the shapes and words that screens need. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "base/limits.h"
#include "base/text.h"
#include "cli/cli.h"

enum { VIEW_NAME_BYTES = LIMIT_NAME_BYTES_MAX + 96, VIEW_WORDS_BYTES = 128 };

/* One group of the profile. */
struct group_row {
    uint64_t number;
    char name[VIEW_NAME_BYTES], me[VIEW_NAME_BYTES]; /* as shown */
    uint64_t lifetime_hours;                         /* of new texts; 0: kept */
    bool changed; /* that is so since the person looked last */
    uint64_t lifetime_was_hours;
    char lifetime_by[VIEW_NAME_BYTES]; /* who changed it; empty: not known */
    uint64_t members, stewards, unread, links, hour;
    bool joining, steward, differs;
    bool quiet;            /* no unread mark and no news are wanted */
    uint64_t unread_named; /* of the unread, those that name us */
    uint64_t waiting;      /* who must be let in */
    uint64_t ended_unread; /* texts that ended before they were read here */
    /* While joining, once somebody must say yes: */
    bool asked, same;
    uint8_t sentence[5];
    uint64_t language;
    char host[VIEW_NAME_BYTES]; /* who must say yes */
};

/* One message; spans are lent from the reply. */
struct message_row {
    struct bytes id, author, text;
    struct bytes language; /* tag of the text; empty: not said */
    uint64_t row, draft, about_hour, thread;
    uint64_t lifetime_hours, ends_hours; /* 0: kept; from now, UINT64_MAX: never */
    uint64_t have, devices;              /* without this one: that have it, and all */
    bool unread, own, forked, newer, missing_before, names_me;
    uint64_t reply, reply_row; /* enum reply_state */
    struct bytes reply_name, reply_text;
};

/* Read one row of API_GROUPS. */
struct group_row view_group(struct bytes map);
/* Read one row of API_MESSAGES. */
struct message_row view_message(struct bytes map);
/* True if two names are the same: letters compare folded. */
bool view_same_name(struct bytes a, struct bytes b);
/* The group called `wanted` (names compare folded), or with that number.
 * ERR_NOTFOUND (said), errors of the session. */
NODISCARD int view_find_group(struct cli *c, const char *wanted, struct group_row *out);
/* The group with that number.  ERR_NOTFOUND, errors of the session. */
NODISCARD int view_group_number(struct cli *c, uint64_t number, struct group_row *out);
/* Which clock runs: "[talk, gone in 7 days]" or "[kept]". */
void view_clock(char out[static VIEW_WORDS_BYTES], uint64_t lifetime_hours);
/* Add "12 messages ended while you were away."; nothing where none did. */
void view_add_ended(struct screen *s, const struct group_row *group);
/* Add who changed how long new texts stay, and to what; nothing where nobody did. */
void view_add_changed(struct screen *s, const struct group_row *group);
/* Title and clock line of a group. */
void view_head(struct screen *s, const struct group_row *group);
/* How long ago, in words: "about 3 hours ago". */
void view_ago(char out[static VIEW_WORDS_BYTES], uint64_t hour, uint64_t now_hour);
/* A name for the screen: who has none yet is called so in the person's language. */
void view_name(char out[static VIEW_NAME_BYTES], struct bytes name);
/* True if that is what the core calls a person or group whose name has not come yet. */
bool view_unnamed(struct bytes name);
/* The day of an hour: 2026-11-24. */
void view_day(char out[static VIEW_WORDS_BYTES], uint64_t hour);
/* The hour as programs read it: 2026-11-24T21:00Z. */
void view_hour(char out[static VIEW_WORDS_BYTES], uint64_t hour);
/* Add what the next text answers, with its first words; nothing where it answers none.
 */
void view_add_answered(struct screen *s, const struct message_row *m);
/* Append "[Nederlands] " to `out` if the text is in another language than the screen.
 * ERR_NOMEM. */
NODISCARD int view_language_mark(struct buf *out, const struct message_row *m);
/* Add a message of a group to a screen, with the cells of `read --json`. */
void view_add_message(struct screen *s, const struct message_row *m,
                      const struct group_row *group);
/* Add what a row of API_STATUS says of a member who was limited, for people and with
 * the cells of `status --json`; other rows are passed over. */
void view_add_limited(struct screen *s, struct bytes row);
/* Check a name for a person or group before it is sent: 0, or an error, said. */
NODISCARD int view_check_name(struct cli *c, const char *name);

#endif
