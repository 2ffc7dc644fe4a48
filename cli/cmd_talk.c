/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_talk.c -- the commands `say`, `drafts` and `read`. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/draft.h"
#include "cli/editor.h"
#include "cli/groups.h"
#include "cli/opening.h"
#include "cli/talk.h"
#include "node/core/peer.h"

enum { SENT_WAIT_MS = 1500 };

/* ---- say ----------------------------------------------------------------- */

/* The text of a program: all of standard input. */
static int read_text(struct cli *c, struct buf *text)
{
    int err = prompt_read_all(&c->prompt, text, LIMIT_BODY_BYTES_MAX + 2);
    if (!err && text->n > 0 && text->p[text->n - 1] == '\n')
        text->n--;
    return err;
}

/* "Sent" is true only where something carries it on: a node that runs. */
static void say_kept(const struct cli *c)
{
    if (session_is_remote(c->session))
        cli_say(_("Sent."));
    else
        cli_say(_("Kept here. It goes out when kring is open."));
}

static int show_sent(struct cli *c, struct bytes id)
{
    struct screen s = {0};
    char hex[65] = "";
    for (size_t i = 0; i < id.n && i < 32; i++)
        (void)snprintf(hex + i * 2, 3, "%02x", id.p[i]);
    say_kept(c);
    screen_row(&s);
    screen_cell_text(&s, "id", BYTES(hex, strlen(hex)));
    return cli_show(c, &s);
}

/* The number after --answer; 0: none was given.  ERR_USAGE (said). */
static int answered(struct cli *c, uint64_t *row)
{
    const char *typed = c->args.value[OPTION_ANSWER];
    *row = 0;
    if (typed && (args_number(typed, UINT32_MAX, row) || *row == 0))
        return cli_error(c, ERR_USAGE, _("--answer needs the number of a text."));
    return 0;
}

static int say_now(struct cli *c, const struct group_row *g, struct bytes text,
                   uint64_t answers)
{
    struct api_reply reply = {0};
    int err = talk_say(c, g, text, answers, 0, &reply);
    if (err)
        return err;
    err = show_sent(c, api_bytes(api_row(&reply, UINT32_MAX), F_ID));
    api_reply_free(&reply);
    return err;
}

/* A line that was typed meanwhile: true if it takes the text back. */
static bool wants_back(struct cli *c)
{
    struct buf line = {0};
    bool back = false;
    if (prompt_fill(&c->prompt))
        c->prompt.ended = true;
    while (prompt_take(&c->prompt, &line)) {
        back |= line.n == 1 && (line.p[0] == 'u' || line.p[0] == 'U');
        buf_free(&line);
    }
    return back;
}

/* The text waits on this device; `u` takes it back until it is sent. */
static int wait_sent(struct cli *c, uint64_t group, uint64_t draft)
{
    for (;;) {
        struct session_event event = {0};
        int fd = c->prompt.ended ? -1 : c->prompt.fd;
        int got = session_wait(c->session, fd, -1, &event);
        if (got < 0)
            return got;
        if (got & SESSION_STOP || (got & SESSION_FD && wants_back(c))) {
            int err = talk_take_back(c, group, draft);
            if (err != ERR_NOTFOUND)
                return err;
        }
        if (got & SESSION_EVENT && event.event == TELL_SENT && event.group == group &&
            event.draft == draft) {
            cli_say(_("Sent."));
            /* A moment for it to leave, when the node runs only here. */
            if (!session_is_remote(c->session))
                got = session_wait(c->session, -1, SENT_WAIT_MS, &event);
            return got < 0 ? got : 0;
        }
    }
}

static int say_later(struct cli *c, const struct group_row *g, struct bytes text,
                     uint64_t answers)
{
    uint64_t draft = 0;
    int err = cli_do(c, API_FOLLOW, NULL);
    if (!err)
        err = talk_draft(c, g, text, answers, &draft);
    return err ? err : wait_sent(c, g->number, draft);
}

/* What happens while the person writes (prompt.h). */
static int wait_typing(void *ctx)
{
    struct cli *c = ctx;
    for (;;) {
        struct session_event event = {0};
        int got = session_wait(c->session, c->prompt.fd, -1, &event);
        if (got < 0)
            return got;
        if (got & SESSION_STOP) {
            if (got & SESSION_AWAY)
                place_clear();
            c->told = true;
            return ERR_NEEDTERM;
        }
        if (got & SESSION_FD)
            return 0;
    }
}

/* What was kept unsent goes out, and is waited for. */
static int say_unsent(struct cli *c, const struct group_row *g)
{
    uint64_t draft = 0;
    bool now = args_has(&c->args, OPTION_NOW);
    int err = cli_do(c, API_FOLLOW, NULL);
    if (!err)
        err = draft_send(c, g, now, &draft);
    return err ? err : wait_sent(c, g->number, draft);
}

/* In the editor; 0 also when the text is kept for later. */
static int say_long(struct cli *c, const struct group_row *g, bool menu)
{
    int err = editor_write(c, g->number, menu);
    return err == 1 ? say_unsent(c, g) : err;
}

/* One row at the terminal, until it is one that can be sent. */
static int say_row(struct cli *c, const struct group_row *g)
{
    struct buf text = {0};
    uint64_t answers = 0;
    int err = answered(c, &answers);
    if (err)
        return err;
    do {
        buf_free(&text);
        c->told = false;
        err = draft_ask(c, g->number, answers, &text);
        if (!err)
            err = talk_check(c, BUF_BYTES(&text));
    } while (err == ERR_EMPTY);
    if (err == 1)
        err = say_long(c, g, true);
    else if (!err)
        err = args_has(&c->args, OPTION_NOW)
                  ? say_now(c, g, BUF_BYTES(&text), answers)
                  : say_later(c, g, BUF_BYTES(&text), answers);
    buf_free(&text);
    return err;
}

/* A person writes. */
static int say_at_terminal(struct cli *c, const struct group_row *g)
{
    struct screen head = {0};
    struct buf unsent = {0};
    bool longer = args_has(&c->args, OPTION_LONG);
    view_head(&head, g);
    cli_show_talk(&head);
    int err = draft_read(c, g->number, &unsent);
    bool begun = err == 0;
    buf_free(&unsent);
    if (err && err != ERR_NOTFOUND)
        return talk_explain(c, err);
    if (begun)
        cli_say(_("You have a text you did not send."));
    if (begun && !longer)
        cli_say(_("To go on with it, add: --long"));
    c->prompt.wait = wait_typing;
    c->prompt.ctx = c;
    err = longer ? say_long(c, g, begun) : say_row(c, g);
    c->prompt.wait = NULL;
    return err;
}

int command_say(struct cli *c)
{
    struct group_row g;
    struct buf text = {0};
    uint64_t answers = 0;
    /* A program gets the number of its text, so its text does not wait. */
    bool person = prompt_can(&c->prompt) && !args_has(&c->args, OPTION_JSON);
    if (args_has(&c->args, OPTION_LONG) && !person)
        return cli_error(c, ERR_NEEDTERM, _("--long needs a terminal."));
    int err = opening_open(c, person && !args_has(&c->args, OPTION_NOW));
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (!err)
        err = groups_stay(c, &g.lifetime_hours);
    if (!err && person)
        return say_at_terminal(c, &g);
    if (!err)
        err = talk_explain(c, read_text(c, &text));
    if (!err)
        err = talk_check(c, BUF_BYTES(&text));
    if (!err)
        err = answered(c, &answers);
    if (!err)
        err = say_now(c, &g, BUF_BYTES(&text), answers);
    buf_free(&text);
    return err;
}

/* ---- drafts --------------------------------------------------------------- */

static void add_draft(struct screen *s, struct bytes row, const struct group_row *g)
{
    struct bytes text = api_bytes(row, F_TEXT);
    screen_said(s, g->name, text);
    screen_cell_text(s, "group", BYTES(g->name, strlen(g->name)));
    screen_cell_number(s, "number", g->number);
    screen_cell_text(s, "begins", text);
    screen_cell_number(s, "bytes", api_uint(row, F_UNSENT_BYTES, 0));
}

int command_drafts(struct cli *c)
{
    struct screen s = {0};
    struct api_reply reply = {0};
    int err = opening_open(c, false);
    if (!err)
        err = cli_call(c, API_UNSENT, NULL, &reply);
    if (err)
        return err;
    for (uint32_t i = 0; i < api_rows(&reply) && !err; i++) {
        struct group_row g;
        err = view_group_number(c, api_uint(api_row(&reply, i), F_GROUP, 0), &g);
        if (!err)
            add_draft(&s, api_row(&reply, i), &g);
    }
    if (!err && !args_has(&c->args, OPTION_JSON))
        screen_text(&s, api_rows(&reply) > 0
                            ? _("To go on with one, type: kring say GROUP --long")
                            : _("There is no text that you did not send."));
    api_reply_free(&reply);
    if (!err)
        return cli_show(c, &s);
    screen_free(&s);
    return err;
}

/* ---- read ---------------------------------------------------------------- */

/* New texts as they come, until the person or the system ends it. */
static int follow(struct cli *c, const struct group_row *g)
{
    for (;;) {
        struct session_event event = {0};
        int err = talk_show(c, g, TALK_UNREAD);
        if (err)
            return err;
        int got = session_wait(c->session, -1, -1, &event);
        if (got & SESSION_AWAY && got > 0)
            place_clear();
        if (got < 0 || got & SESSION_STOP)
            return got < 0 ? got : 0;
    }
}

static int read_thread(struct cli *c, const struct group_row *g)
{
    uint64_t row = 0;
    if (args_number(c->args.value[OPTION_THREAD], UINT32_MAX, &row) || row == 0)
        return cli_error(c, ERR_USAGE, _("--thread needs the number of a text."));
    int err = talk_show_thread(c, g, row);
    return err == ERR_NOTFOUND ? cli_error(c, err, _("That text is gone.")) : err;
}

int command_read(struct cli *c)
{
    struct screen head = {0};
    struct group_row g;
    bool on = args_has(&c->args, OPTION_FOLLOW);
    int err = opening_open(c, on);
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (!err && on)
        err = cli_do(c, API_FOLLOW, NULL);
    if (err)
        return err;
    if (!args_has(&c->args, OPTION_JSON)) {
        view_head(&head, &g);
        err = cli_show(c, &head);
    }
    if (!err && args_has(&c->args, OPTION_THREAD))
        return read_thread(c, &g);
    if (!err)
        err = talk_show(c, &g, TALK_ALL);
    g.ended_unread = 0; /* said */
    g.changed = false;
    if (!err && on)
        err = follow(c, &g);
    return err;
}
