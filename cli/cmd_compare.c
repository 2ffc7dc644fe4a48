/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_compare.c -- the commands `compare`, `compare yes`, `compare no`. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/comparing.h"
#include "cli/door.h"
#include "cli/groups.h"
#include "cli/opening.h"

enum { WAIT_SECONDS = 60, WAIT_SECONDS_MAX = 600, STEP_MS = 500 };

/* Until there is a sentence.  ERR_NOANSWER: the time is over. */
static int wait_ready(struct cli *c, uint64_t seconds, struct comparing_row *row)
{
    int got = 0, timer = place_timer(seconds);
    int err = timer < 0 ? ERR_SYSTEM : comparing_look(c, row);
    while (!err && row->on && !row->ready && !(got & (SESSION_FD | SESSION_STOP))) {
        struct session_event event = {0};
        got = session_wait(c->session, timer, STEP_MS, &event);
        err = got < 0 ? got : comparing_look(c, row);
    }
    if (timer >= 0)
        (void)close(timer);
    return err || row->ready ? err : ERR_NOANSWER;
}

static int show(struct cli *c, const struct group_row *g,
                const struct comparing_row *row)
{
    struct screen s = {0};
    view_head(&s, g);
    comparing_add(&s, row);
    screen_cell_text(&s, "name", BYTES(row->name, strlen(row->name)));
    door_add_cells(&s, row->sentence, row->language);
    return cli_show(c, &s);
}

/* At a terminal: the answer.  ERR_NEEDTERM: it ends without one. */
static int ask_same(struct cli *c, const struct comparing_row *row)
{
    for (;;) {
        struct buf typed = {0};
        int err = prompt_ask(&c->prompt, _("Same? y/n"), &typed);
        char text[2] = {typed.n == 1 ? (char)typed.p[0] : '\0', '\0'};
        buf_free(&typed);
        if (err)
            return err;
        int yes = door_yes_or_no(text);
        if (yes >= 0)
            return comparing_answer(c, row, yes == 1);
        cli_say(_("Type y or n."));
    }
}

/* The sentence, and what is answered to it. */
static int compare(struct cli *c, const struct group_row *g, uint64_t seconds)
{
    struct comparing_row row;
    bool person = prompt_can(&c->prompt) && !args_has(&c->args, OPTION_JSON);
    int err = comparing_look(c, &row);
    if (!err && person && !row.ready) {
        struct screen s = {0};
        comparing_add(&s, &row);
        err = cli_show(c, &s);
    }
    if (!err)
        err = wait_ready(c, seconds, &row);
    if (err == ERR_NOANSWER) {
        int ended = comparing_end(c, g->number);
        return ended ? ended
                     : cli_error(c, err, _("They did not choose you. Try it again."));
    }
    if (!err)
        err = show(c, g, &row);
    if (err || !person)
        return err;
    err = ask_same(c, &row);
    if (err == ERR_NEEDTERM && comparing_end(c, g->number) == 0)
        cli_say(_("Nothing was remembered."));
    return err;
}

int command_compare(struct cli *c)
{
    struct group_row g;
    const char *wait = c->args.value[OPTION_WAIT];
    uint64_t seconds = WAIT_SECONDS, row = 0;
    if (wait && (args_number(wait, WAIT_SECONDS_MAX, &seconds) || seconds == 0))
        return cli_error(c, ERR_USAGE, _("After --wait comes a number of seconds."));
    int err = opening_open(c, true);
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (!err)
        err = groups_find_member(c, g.number, c->args.operands[1], &row);
    if (!err)
        err = comparing_begin(c, g.number, row);
    return err ? err : compare(c, &g, seconds);
}

static int answer(struct cli *c, bool same)
{
    struct comparing_row row;
    struct group_row g;
    int err = opening_open(c, false);
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (!err)
        err = comparing_look(c, &row);
    if (!err && row.group != g.number)
        row.ready = false;
    return err ? err : comparing_answer(c, &row, same);
}

int command_compare_yes(struct cli *c)
{
    return answer(c, true);
}

int command_compare_no(struct cli *c)
{
    return answer(c, false);
}
