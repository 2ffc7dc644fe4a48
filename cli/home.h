/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home.h -- kring as a person finds it: screens with numbers to choose.
 *
 * The node runs while questions wait for their answers.  What it tells meanwhile is
 * shown at once while a number is asked for; while somebody writes it is kept, so that
 * no half-typed text is torn, and shown when the text is done.  An act that fails says
 * so and leaves the person where they were; a slip at a question is asked again.
 */
#ifndef CLI_HOME_H
#define CLI_HOME_H

#include "cli/idle.h"
#include "cli/view.h"

enum { HOME_ANSWER_BYTES = 256, HOME_NEWCOMERS_MAX = 16, HOME_NEWS_MAX = 64 };
/* What a screen with choices takes at least, below something to read. */
enum { HOME_MENU_ROWS = 15 };

/* Somebody who joined and whose name has not come yet. */
struct newcomer {
    uint64_t group, row;
};

struct home {
    struct cli *c;
    bool in_group;        /* the group screen is shown */
    uint64_t group;       /* which */
    uint64_t draft_group; /* the group last written to in this run */
    struct buf thrown;    /* a text that was thrown away in the group that is shown */
    uint64_t thrown_answers; /* the row of what it answers; 0 */
    bool unsent_shown;       /* the screen about the text that was not sent */
    struct newcomer newcomers[HOME_NEWCOMERS_MAX];
    size_t newcomers_count;
    uint64_t nameless[LIMIT_GROUPS_MAX]; /* groups of ours whose name has not come */
    size_t nameless_count;
    struct session_event kept[HOME_NEWS_MAX]; /* while somebody writes */
    size_t kept_count;
    bool choosing;     /* the open question asks for a number */
    bool news;         /* something was written below the open question */
    bool closing;      /* the person or the system ends it */
    bool away;         /* kring was closed from elsewhere: by lock, or where it ran */
    bool locked;       /* nobody typed for too long */
    bool erased;       /* everything was erased (panic.h) */
    uint64_t typed_ms; /* of a guest: when a line was typed last */
    bool warned;       /* since then: it ends soon (guest.h) */
    struct idle idle;  /* since something was typed last */
    int err;           /* why it cannot go on, or 0 */
};

/* ---- home.c: all of it --------------------------------------------------- */

/* The first screen and all behind it, on the open session, until the person or the
 * system ends it; what closing means is said, but for a guest.  Errors of the session.
 */
NODISCARD int home_run(struct cli *c);
/* How many texts wait on this device. */
uint64_t home_count_waiting(struct cli *c);

/* ---- home.c: asking ------------------------------------------------------ */

/* Ask for a number, trimmed, a zero byte at its end; news are shown above the question
 * as they come.  False: it ends (closing is set), or the line is longer than an answer.
 */
bool home_ask_number(struct home *h, char out[static HOME_ANSWER_BYTES]);
/* As home_ask_number, with a question of one's own. */
bool home_ask(struct home *h, const char *question, char out[static HOME_ANSWER_BYTES]);
/* Show `s` (freed) and ask until one of 1 .. `max` is chosen.  False: back, or it
 * ends. */
bool home_choose(struct home *h, struct screen *s, uint64_t max, uint64_t *n);
/* Say why an act failed; 0 says nothing. */
void home_report(struct home *h, int err);
/* Take back the newest text that waits: in the group that is shown, else anywhere. */
void home_take_back(struct home *h);
/* An empty row, so that a new screen stands apart from what was said before. */
void home_gap(const struct home *h);
/* Show a screen page by page; the next screen leaves it readable. */
void home_show(struct home *h, struct screen *s);
/* The screens about others on this network. (home_around.c) */
void home_around(struct home *h);
/* Show six words by which one person can come in. (home_around.c) */
void home_offer_words(struct home *h, const struct group_row *g, bool steward);
/* Look for who gave us these words. (home_around.c) */
void home_seek_words(struct home *h, struct bytes words);
/* The screens of one group, until the person goes back. */
void home_group(struct home *h, uint64_t number);
/* Name and clock of the group, above whatever is done in it.  Errors of cli_show. */
NODISCARD int home_show_head(struct home *h, const struct group_row *g);
/* Ask for a text of one row and let it wait, below the head of the group; it stays for
 * as long as `g` says.
 * (home_group.c) */
void home_write(struct home *h, const struct group_row *head,
                const struct group_row *g);
/* Ask how long texts stay.  False: back. (home_more.c) */
bool home_ask_stay(struct home *h, const struct group_row *g, const char *question,
                   uint64_t *hours);
/* Somebody to choose from a list of all but this person. */
struct home_member {
    uint64_t row; /* of API_MEMBERS */
    bool marked;  /* the field that was asked about is set */
    char name[VIEW_NAME_BYTES];
};
/* How the list looks: `marked` and `plain` have one %s for the name. */
struct home_members {
    const char *question, *marked, *plain;
    enum api_field field;
};
/* Ask for one of them.  False: back, nobody is there, or an error (said).
 * (home_more.c) */
bool home_ask_member(struct home *h, const struct group_row *g,
                     const struct home_members *how, struct home_member *out);
/* Languages and large letters. (home_settings.c) */
void home_settings(struct home *h);
/* What is done less often in a group. (home_more.c) */
void home_more(struct home *h, const struct group_row *g);
/* Choose one of the texts that are here, and answer it. (home_answer.c) */
void home_answer(struct home *h, const struct group_row *g);
/* Find texts of this group by words. (home_search.c) */
void home_search_group(struct home *h, const struct group_row *g);

/* ---- home_lock.c: locking -------------------------------------------------- */

/* Something was typed. */
void home_typed(struct home *h);
/* How long to wait before this is asked again, in ms; 0: lock.  Warns when it is near.
 */
int64_t home_idle_ms(struct home *h);
/* Lock now (locking.h); an error goes to h->err. */
void home_lock(struct home *h);
/* The screen about when kring locks. */
void home_when_locks(struct home *h);

/* ---- home_door.c: coming in ----------------------------------------------- */

/* Who wants to come in: one after the other. */
void home_door(struct home *h, const struct group_row *g);
/* Somebody came to the door: say so. */
void home_door_news(struct home *h, uint64_t group);
/* While a join is under way there is little to do.  False: the person goes back, or has
 * given up; true: look again, for it may be done by now. */
bool home_waiting(struct home *h, const struct group_row *g);

/* ---- home_compare.c: comparing later ---------------------------------------- */

/* Compare a sentence with somebody who is in already. */
void home_compare(struct home *h, const struct group_row *g);
/* Somebody wants that, or the sentence is there, or it was stopped: say so. */
void home_compare_news(struct home *h, const struct session_event *event);

/* ---- home_invite.c -------------------------------------------------------- */

/* Let somebody in: how the invitation is given, and giving it. */
void home_let_in(struct home *h, const struct group_row *g);

/* ---- home_unsent.c: texts that were begun and not sent -------------------- */

/* What was begun in this group, if anything: go on, send or throw it away. */
void home_unsent(struct home *h, const struct group_row *g);
/* Write a long text, beginning with the choices below it if `menu`. */
void home_write_long(struct home *h, const struct group_row *g, bool menu);
/* Give back what was thrown away last.  False: nothing was. */
bool home_undo_throw(struct home *h);

/* ---- home_news.c: what the node tells ------------------------------------ */

/* Something was told: show it, or keep it while somebody writes. */
void home_tell(struct home *h, const struct session_event *event);
/* Show what was kept. */
void home_tell_kept(struct home *h);
/* Remember a group of ours whose name has not come yet. */
void home_await_name(struct home *h, uint64_t group);

#endif
