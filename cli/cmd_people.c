/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_people.c -- the commands `invite`, `join`, `members`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/groups.h"
#include "cli/invitation.h"
#include "cli/opening.h"
#include "node/core/peer.h"

enum { WAIT_SECONDS = 60, WAIT_SECONDS_MAX = 86400, LOOK_MS = 1000 };
enum { NAME_LOOKS_MAX = 25, NAME_LOOK_MS = 200, LEAVE_MS = 500 };

int command_invite(struct cli *c)
{
    struct screen head = {0}, s = {0};
    struct group_row g;
    struct buf line = {0};
    int err = opening_open(c, false);
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (err)
        return err;
    view_head(&head, &g);
    cli_show_talk(&head);
    struct inviting how = {args_has(&c->args, OPTION_STEWARD),
                           args_has(&c->args, OPTION_OPEN)};
    err = groups_invite(c, &g, &how, &line);
    if (!err && args_has(&c->args, OPTION_JSON)) {
        screen_row(&s);
        screen_cell_text(&s, "invitation", BUF_BYTES(&line));
        err = cli_show(c, &s);
    } else if (!err) {
        /* As it is: a line that is copied must not be wrapped. */
        (void)printf("%.*s\n", (int)line.n, (const char *)line.p);
        err = fflush(stdout) ? ERR_IO : 0;
    }
    buf_free(&line);
    return err;
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
    if (prompt_can(&c->prompt))
        return invitation_ask(c, line);
    err = prompt_read_all(&c->prompt, line, LIMIT_INVITE_LINE_BYTES_MAX * 4);
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

/* Until joined, refused, or the timer ends.  1: not yet. */
static int wait_joined(struct cli *c, uint64_t number, int timer)
{
    for (;;) {
        struct session_event event = {0};
        int state = look(c, number);
        if (state != 1)
            return state;
        int got = session_wait(c->session, timer, LOOK_MS, &event);
        if (got < 0)
            return got;
        if (got & SESSION_EVENT && event.group == number && event.event == TELL_REFUSED)
            return event.err ? event.err : ERR_NOANSWER;
        if (got & (SESSION_FD | SESSION_STOP))
            return look(c, number);
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

static int timer_of(uint64_t seconds)
{
    struct itimerspec spec = {.it_value.tv_sec = (time_t)seconds};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (seconds == 0)
        spec.it_value.tv_nsec = 1; /* zero would never end */
    if (fd >= 0 && timerfd_settime(fd, 0, &spec, NULL)) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
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
    int timer = timer_of(seconds);
    if (timer < 0)
        return ERR_SYSTEM;
    int err = wait_joined(c, number, timer);
    (void)close(timer);
    if (err == 0)
        err = settle(c, number);
    if (err == 0)
        return show_joined(c, number);
    if (err == 1) {
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
    if (!err)
        err = groups_join(c, BUF_BYTES(&line), &number);
    if (!err)
        err = finish_join(c, number, seconds);
    buf_free(&line);
    return err;
}
