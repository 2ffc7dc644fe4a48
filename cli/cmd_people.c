/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_people.c -- the commands `invite`, `join`, `members`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/cmd_around.h"
#include "cli/door.h"
#include "cli/giving.h"
#include "cli/groups.h"
#include "cli/invitation.h"
#include "cli/nearby.h"
#include "cli/opening.h"
#include "cli/words.h"
#include "node/core/peer.h"

enum { USES_MAX = 1000 };
enum { WAIT_SECONDS = 60, WAIT_SECONDS_MAX = 86400, LOOK_MS = 1000 };
enum { TIME_IS_UP = 3 };
enum { NAME_LOOKS_MAX = 25, NAME_LOOK_MS = 200, LEAVE_MS = 500 };

static int uses_of(struct cli *c, uint64_t *uses)
{
    const char *text = c->args.value[OPTION_USES];
    if (!text || (args_number(text, USES_MAX, uses) == 0 && *uses > 0))
        return 0;
    return cli_error(c, ERR_USAGE, _("After --uses comes a number."));
}

static int give(struct cli *c, const struct group_row *g, const struct inviting *how)
{
    const char *to = c->args.value[OPTION_TO], *png = c->args.value[OPTION_PNG];
    struct buf line = {0};
    if (to || png)
        return giving_file(c, g, how, to ? to : png, !to);
    if (!args_has(&c->args, OPTION_CODE))
        return giving_line(c, g, how);
    int err = giving_code(c, g, how, &line);
    if (err == ERR_USAGE && line.n > 0) { /* made already: it is not lost */
        (void)printf("%.*s\n", (int)line.n, (const char *)line.p);
        err = fflush(stdout) ? ERR_IO : 0;
    }
    buf_free(&line);
    return err;
}

int command_invite(struct cli *c)
{
    struct screen head = {0};
    struct group_row g;
    struct inviting how = {.steward = args_has(&c->args, OPTION_STEWARD),
                           .open = args_has(&c->args, OPTION_OPEN)};
    bool words = args_has(&c->args, OPTION_WORDS);
    int err = uses_of(c, &how.uses);
    if (!err)
        err = opening_open(c, words);
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (err)
        return err;
    view_head(&head, &g);
    cli_show_talk(&head);
    return words ? around_invite(c, &g) : give(c, &g, &how);
}

int command_members(struct cli *c)
{
    struct screen s = {0};
    struct group_row g;
    int err = opening_open(c, false);
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (err)
        return err;
    view_head(&s, &g);
    err = groups_add_members(c, g.number, &s);
    if (err) {
        screen_free(&s);
        return err;
    }
    return cli_show(c, &s);
}

/* ---- join ---------------------------------------------------------------- */

/* The invitation: asked at a terminal, else all of standard input. */
static int read_line(struct cli *c, struct buf *line)
{
    int err = 0;
    if (args_has(&c->args, OPTION_FROM))
        return giving_read(c->args.value[OPTION_FROM], line);
    if (prompt_can(&c->prompt))
        return invitation_ask(c, line);
    err = prompt_read_all(&c->prompt, line, LIMIT_INVITE_LINE_BYTES_MAX * 4);
    if (!err && words_look(BUF_BYTES(line))) {
        struct buf words = {0};
        err = nearby_read_words(c, BUF_BYTES(line), &words);
        buf_free(line);
        *line = words;
        return err;
    }
    if (err == ERR_TOOBIG)
        return cli_error(c, ERR_FOREIGN, gettext(err_text(ERR_FOREIGN)));
    return err;
}

/* How a join stands: 0 joined, 1 not yet, or why not. */
static int look(struct cli *c, uint64_t number)
{
    struct group_row g;
    struct api_reply reply = {0};
    int err = view_group_number(c, number, &g);
    if (err == 0)
        return g.joining ? 1 : 0;
    if (err != ERR_NOTFOUND || (err = cli_call(c, API_GROUPS, NULL, &reply)))
        return err;
    struct bytes values = api_row(&reply, UINT32_MAX);
    err = ERR_NOANSWER;
    if (api_uint(values, F_GROUP, UINT64_MAX) == number)
        err = -(int)api_uint(values, F_ERR, 0);
    api_reply_free(&reply);
    return err ? err : ERR_NOANSWER;
}

/* A join that is waited for. */
struct joining {
    struct cli *c;
    uint64_t number;
    int timer;
    bool said;      /* the sentence was shown */
    bool answering; /* "Same? y/n" is open */
    int state;      /* of look, once it is over */
};

/* Somebody must say yes: say who, and what is compared. */
static int say_asked(struct joining *j)
{
    struct screen s = {0};
    struct group_row g;
    int err = view_group_number(j->c, j->number, &g);
    if (err || !g.asked)
        return err;
    j->said = true;
    j->answering =
        !g.same && prompt_can(&j->c->prompt) && !args_has(&j->c->args, OPTION_JSON);
    if (args_has(&j->c->args, OPTION_JSON)) {
        screen_row(&s);
        screen_cell_text(&s, "must_say_yes", BYTES(g.host, strlen(g.host)));
        door_add_cells(&s, g.sentence, g.language);
        return cli_show(j->c, &s);
    }
    cli_sayf(_("%s must say yes. You can close kring."), g.host);
    door_add_sentence(&s, g.sentence, g.language);
    cli_show_talk(&s);
    return 0;
}

/* One look and one wait.  0 joined, 1 go on, 2 something was typed, or why not. */
static int wait_step(struct joining *j)
{
    struct session_event event = {0};
    int state = look(j->c, j->number);
    if (state != 1)
        return state;
    if (!j->said && (state = say_asked(j)) != 0)
        return state == ERR_NOTFOUND ? 1 : state;
    int got = session_wait(j->c->session, j->answering ? j->c->prompt.fd : j->timer,
                           LOOK_MS, &event);
    if (got < 0)
        return got;
    if (got & SESSION_EVENT && event.group == j->number && event.event == TELL_REFUSED)
        return event.err ? event.err : ERR_NOANSWER;
    if (got & SESSION_FD && j->answering)
        return 2;
    return got & (SESSION_FD | SESSION_STOP) ? TIME_IS_UP : 1;
}

/* While the question is open: until something is typed, or the join is over. */
static int wait_typing(void *ctx)
{
    struct joining *j = ctx;
    for (;;) {
        j->state = wait_step(j);
        if (j->state == 2)
            return 0;
        if (j->state != 1 || place_timer_ended(j->timer))
            return ERR_NEEDTERM;
    }
}

/* Ask until it is answered; what ends it meanwhile is the result. */
static int ask_same(struct joining *j)
{
    struct prompt *p = &j->c->prompt;
    int yes = -1, err = 0;
    p->wait = wait_typing;
    p->ctx = j;
    while (yes < 0 && !err) {
        struct buf typed = {0};
        char text[2] = {0};
        err = prompt_ask(p, _("Same? y/n"), &typed);
        if (!err && typed.n == 1)
            text[0] = (char)typed.p[0];
        yes = err ? -1 : door_yes_or_no(text);
        buf_free(&typed);
    }
    p->wait = NULL;
    j->answering = false;
    if (err)
        return p->ended || j->state == 2 ? 1 : j->state;
    err = door_answer_for(j->c, j->number, NULL, yes ? DOOR_SAME : DOOR_STOP);
    if (!yes && !err)
        return cli_error(j->c, ERR_STOPPED, _("Stopped. Nobody was added."));
    return err ? err : 1;
}

/* Until joined, refused, or the timer ends.  1: not yet. */
static int wait_joined(struct joining *j)
{
    for (;;) {
        int state = j->answering ? ask_same(j) : wait_step(j);
        if (state == TIME_IS_UP || (state == 1 && place_timer_ended(j->timer)))
            return look(j->c, j->number);
        if (state != 1)
            return state;
    }
}

/* Just after the welcome a group has no name yet: names come with the first meeting as
 * a member.  Wait for that a moment, so that one's own name arrives there too. */
static int settle(struct cli *c, uint64_t number)
{
    struct session_event event = {0};
    struct group_row g;
    for (int i = 0; i < NAME_LOOKS_MAX; i++) {
        int err = view_group_number(c, number, &g);
        if (err)
            return err;
        if (!view_unnamed(BYTES(g.name, strlen(g.name))))
            break;
        int got = session_wait(c->session, -1, NAME_LOOK_MS, &event);
        if (got < 0 || got & SESSION_STOP)
            return got < 0 ? got : 0;
    }
    int got = session_is_remote(c->session)
                  ? 0
                  : session_wait(c->session, -1, LEAVE_MS, &event);
    return got < 0 ? got : 0;
}

static int show_joined(struct cli *c, uint64_t number)
{
    struct screen s = {0};
    struct group_row g;
    char words[VIEW_NAME_BYTES + 64];
    int err = view_group_number(c, number, &g);
    if (err)
        return err;
    view_head(&s, &g);
    (void)snprintf(words, sizeof words, _("You are in. Here you are: %s"), g.me);
    screen_text(&s, words);
    screen_cell_text(&s, "group", BYTES(g.name, strlen(g.name)));
    screen_cell_number(&s, "number", g.number);
    screen_cell_text(&s, "name", BYTES(g.me, strlen(g.me)));
    screen_cell_flag(&s, "joined", true);
    screen_text(&s, _("You see texts from now on, not older ones."));
    return cli_show(c, &s);
}

static int finish_join(struct cli *c, uint64_t number, uint64_t seconds)
{
    int timer = place_timer(seconds);
    if (timer < 0)
        return ERR_SYSTEM;
    struct joining j = {.c = c, .number = number, .timer = timer};
    int err = wait_joined(&j);
    (void)close(timer);
    if (err == 0)
        err = settle(c, number);
    if (err == 0)
        return show_joined(c, number);
    if (err == 1 && j.said) {
        err = cli_error(c, ERR_NOANSWER, _("Nobody said yes yet. You still wait."));
        if (!args_has(&c->args, OPTION_JSON))
            cli_say(_("It goes on while kring is open here. Type: kring"));
    } else if (err == 1) {
        err = cli_error(c, ERR_NOANSWER,
                        _("Nobody let you in yet. Their kring must be open."));
        if (!args_has(&c->args, OPTION_JSON))
            cli_say(_("It goes on while kring is open here. Type: kring"));
    }
    return err;
}

int command_join(struct cli *c)
{
    const char *wait = c->args.value[OPTION_WAIT];
    uint64_t seconds = WAIT_SECONDS, number = 0;
    struct buf line = {0};
    int err = 0;
    if (wait && args_number(wait, WAIT_SECONDS_MAX, &seconds))
        return cli_error(c, ERR_USAGE, _("After --wait comes a number of seconds."));
    if (!args_has(&c->args, OPTION_AS) && !prompt_can(&c->prompt))
        return cli_missing(c, "--as");
    err = opening_open(c, true);
    if (!err)
        err = invitation_explain(c, read_line(c, &line));
    if (!err)
        err = cli_do(c, API_FOLLOW, NULL);
    if (!err && invitation_is_words(BUF_BYTES(&line)))
        err = around_join(c, BUF_BYTES(&line), seconds, &number);
    else if (!err)
        err = groups_join(c, BUF_BYTES(&line), &number);
    if (!err && args_has(&c->args, OPTION_FROM))
        giving_delete(c->args.value[OPTION_FROM]);
    if (!err)
        err = finish_join(c, number, seconds);
    buf_free(&line);
    return err;
}
