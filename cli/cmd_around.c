/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_around.c -- the command `around`, and six words as commands offer and type them.
 */
#include "cli/cmd_around.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/door.h"
#include "cli/nearby.h"
#include "cli/opening.h"
#include "node/core/peer.h"

enum {
    STEP_MS = 500,
    DOOR_LOOKS_MAX = 120, /* each lasts STEP_MS or less */
    WORDS_SECONDS = 11 * 60,
    LINGER_SECONDS = 5,
    NAME_BYTES = 256,
};

/* ---- around -------------------------------------------------------------------- */

static int show_networks(struct cli *c)
{
    struct screen s = {0};
    uint64_t count = 0;
    int err = nearby_add_networks(c, &s, &count);
    if (!err)
        return cli_show(c, &s);
    screen_free(&s);
    return err;
}

static int forget(struct cli *c)
{
    uint64_t n = 0;
    if (args_number(c->args.value[OPTION_FORGET], LIMIT_NETWORKS_MAX, &n))
        return cli_error(c, ERR_USAGE, _("After --forget comes a number of --list."));
    return nearby_forget(c, n);
}

/* At a terminal: is this one of the networks where kring looks by itself? */
static int ask_ours(struct cli *c)
{
    struct buf answer = {0}, name = {0};
    if (!prompt_can(&c->prompt) || args_has(&c->args, OPTION_JSON) ||
        nearby_network(c) != NETWORK_OTHER)
        return 0;
    int err = prompt_ask(&c->prompt, _("This network is ours: remember? y/n"), &answer);
    bool yes = !err && answer.n == 1 && (answer.p[0] | 0x20) == *_("y");
    if (yes)
        err =
            prompt_ask(&c->prompt, _("A name for this network, only for you:"), &name);
    if (yes && !err)
        err = buf_append(&name, BYTES("", 1), NAME_BYTES);
    if (yes && !err && name.n > 1)
        err = nearby_mark(c, (const char *)name.p);
    buf_free(&answer);
    buf_free(&name);
    return err == ERR_NEEDTERM ? 0 : err;
}

/* Until the time is over, or whoever asked wants no more. */
static int look(struct cli *c, uint64_t seconds)
{
    struct nearby_look found = {.named_count = 0};
    uint64_t left_ms = 1;
    int got = 0, err = nearby_begin(c), timer = err ? -1 : place_timer(seconds);
    while (!err && left_ms > 0 && !(got & (SESSION_FD | SESSION_STOP))) {
        struct session_event event = {0};
        got = session_wait(c->session, timer, STEP_MS, &event);
        err = got < 0 ? got : nearby_step(c, &found, &left_ms);
    }
    if (timer >= 0)
        (void)close(timer);
    return err ? err : nearby_end(c, &found);
}

int command_around(struct cli *c)
{
    const char *wait = c->args.value[OPTION_WAIT];
    uint64_t seconds = NEARBY_LOOK_SECONDS;
    if (wait && args_number(wait, NEARBY_LOOK_SECONDS, &seconds))
        return cli_error(c, ERR_USAGE, _("After --wait comes a number of seconds."));
    bool only = args_has(&c->args, OPTION_LIST) || args_has(&c->args, OPTION_FORGET) ||
                args_has(&c->args, OPTION_OURS);
    int err = opening_open(c, !only);
    if (err)
        return err;
    if (args_has(&c->args, OPTION_LIST))
        return show_networks(c);
    if (args_has(&c->args, OPTION_FORGET))
        return forget(c);
    if (args_has(&c->args, OPTION_OURS))
        return nearby_mark(c, c->args.value[OPTION_OURS]);
    err = look(c, seconds);
    return err ? err : ask_ours(c);
}

/* ---- six words ------------------------------------------------------------------ */

static int show_words(struct cli *c, struct bytes words)
{
    struct screen s = {0};
    if (!args_has(&c->args, OPTION_JSON))
        cli_say(_("Say these six words to one person:"));
    char text[NAME_BYTES];
    (void)snprintf(text, sizeof text, "%.*s", (int)words.n, (const char *)words.p);
    screen_text(&s, text);
    screen_cell_text(&s, "words", words);
    int err = cli_show(c, &s);
    wipe(text, sizeof text);
    if (!err && !args_has(&c->args, OPTION_JSON))
        cli_say(_("They work once, for ten minutes, on this network."));
    return err;
}

/* The next telling about six words.  ERR_NOANSWER: the time is over, or it was stopped;
 * errors of the session. */
static int wait_words(struct cli *c, uint64_t seconds, struct session_event *event)
{
    int timer = place_timer(seconds), got = 0;
    int err = timer < 0 ? ERR_SYSTEM : ERR_STATE;
    while (err == ERR_STATE && !(got & (SESSION_FD | SESSION_STOP))) {
        got = session_wait(c->session, timer, -1, event);
        if (got < 0)
            err = got;
        else if (got & SESSION_EVENT &&
                 (event->event == TELL_WORDS ||
                  (event->event == TELL_REFUSED && event->group == 0)))
            err = 0;
    }
    if (timer >= 0)
        (void)close(timer);
    return err == ERR_STATE ? ERR_NOANSWER : err;
}

/* Who came is let in, and gets a moment to arrive. */
static int linger(struct cli *c)
{
    int timer = place_timer(LINGER_SECONDS), got = 0;
    while (got >= 0 && !(got & (SESSION_FD | SESSION_STOP))) {
        struct session_event event = {0};
        got = session_wait(c->session, timer, -1, &event);
    }
    if (timer >= 0)
        (void)close(timer);
    return got < 0 ? got : 0;
}

/* ---- who came must get a yes ------------------------------------------------------
 */

/* Until something is typed; what is told meanwhile is not shown. */
static int wait_typing(void *ctx)
{
    struct cli *c = ctx;
    int got = 0;
    while (got >= 0 && !(got & (SESSION_FD | SESSION_STOP))) {
        struct session_event event = {0};
        got = session_wait(c->session, c->prompt.fd, -1, &event);
    }
    return got < 0 ? got : got & SESSION_STOP ? ERR_NEEDTERM : 0;
}

/* y or n about the sentence. */
static int ask_same(struct cli *c, bool *same)
{
    int yes = -1, err = 0;
    c->prompt.wait = wait_typing;
    c->prompt.ctx = c;
    while (yes < 0 && !err) {
        struct buf typed = {0};
        char text[2] = {0};
        err = prompt_ask(&c->prompt, _("Same? y/n"), &typed);
        if (!err && typed.n == 1)
            text[0] = (char)typed.p[0];
        yes = err ? -1 : door_yes_or_no(text);
        if (!err && yes < 0)
            cli_say(_("Type y or n."));
        buf_free(&typed);
    }
    c->prompt.wait = NULL;
    *same = yes == 1;
    return err;
}

/* Who came shows what was committed to a moment later.  ERR_NOANSWER: went away. */
static int wait_at_door(struct cli *c, uint64_t group, struct door_row *row)
{
    size_t count = 0;
    for (int i = 0; i < DOOR_LOOKS_MAX; i++) {
        struct session_event event = {0};
        int err = door_look(c, group, row, 1, &count);
        if (err || count > 0)
            return err;
        int got = session_wait(c->session, -1, STEP_MS, &event);
        if (got < 0 || got & SESSION_STOP)
            return got < 0 ? got : ERR_NOANSWER;
    }
    return ERR_NOANSWER;
}

static int answer_door(struct cli *c, const struct group_row *g)
{
    struct screen s = {0};
    struct door_row row;
    bool same = false;
    int err = wait_at_door(c, g->number, &row);
    if (err)
        return err;
    screen_row(&s);
    door_add_row(&s, &row);
    err = cli_show(c, &s);
    if (err || args_has(&c->args, OPTION_JSON) || !prompt_can(&c->prompt))
        return err;
    err = ask_same(c, &same);
    return err ? err
               : door_answer_for(c, g->number, &row, same ? DOOR_SAME : DOOR_STOP);
}

int around_invite(struct cli *c, const struct group_row *g)
{
    struct buf words = {0};
    struct session_event event = {0};
    int err = cli_do(c, API_FOLLOW, NULL);
    if (!err)
        err = nearby_offer(c, g, args_has(&c->args, OPTION_STEWARD), NULL, &words);
    if (!err)
        err = show_words(c, BUF_BYTES(&words));
    buf_free(&words);
    if (!err)
        err = wait_words(c, WORDS_SECONDS, &event);
    if (err)
        return err;
    bool came = event.row == WORDS_CAME;
    if (!args_has(&c->args, OPTION_JSON))
        nearby_say_words(&event);
    c->told = !came;
    if (!came)
        return event.row == WORDS_GUESSED ? ERR_EXPIRED : ERR_NOANSWER;
    err = answer_door(c, g);
    return err || session_is_remote(c->session) ? err : linger(c);
}

int around_join(struct cli *c, struct bytes words, uint64_t seconds, uint64_t *number)
{
    struct session_event event = {0};
    int err = nearby_seek(c, words, NULL);
    if (!err)
        err = wait_words(c, seconds, &event);
    if (!err && event.event == TELL_REFUSED)
        return event.err;
    if (!err && event.row != WORDS_FOUND)
        err = ERR_NOANSWER;
    if (err == ERR_NOANSWER)
        return cli_error(c, err, _("Nobody with these words was found. Compare them."));
    *number = event.group;
    return err;
}
