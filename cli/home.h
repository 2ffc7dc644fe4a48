/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home.h -- kring as a person finds it: screens with numbers to choose.
 *
 * The node runs while questions wait for their answers; what it tells meanwhile is
 * shown at once.  An act that fails says so and leaves the person where they were.
 */
#ifndef CLI_HOME_H
#define CLI_HOME_H

#include "cli/view.h"

enum { HOME_ANSWER_BYTES = 256, HOME_NEWCOMERS_MAX = 16 };

/* Somebody who joined and whose name has not come yet. */
struct newcomer {
    uint64_t group, row;
};

struct home {
    struct cli *c;
    bool in_group;  /* the group screen is shown */
    uint64_t group; /* which */
    bool drafted;   /* a text waits that `u` takes back */
    uint64_t draft, draft_group;
    struct newcomer newcomers[HOME_NEWCOMERS_MAX];
    size_t newcomers_count;
    bool news;    /* something was written below the open question */
    bool closing; /* the person or the system ends it */
    int err;      /* why it cannot go on, or 0 */
};

/* Ask for one line, trimmed, a zero byte at its end.  False: it ends (closing is set),
 * or the line is longer than an answer. */
bool home_ask(struct home *h, const char *question, char out[static HOME_ANSWER_BYTES]);
/* Say why an act failed; 0 says nothing. */
void home_report(struct home *h, int err);
/* Take back the text that waits, if one does. */
void home_take_back(struct home *h);
/* The screens of one group, until the person goes back. */
void home_group(struct home *h, uint64_t number);

#endif
