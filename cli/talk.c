/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* talk.c -- texts in and out of a group. */
#include "cli/talk.h"

#include <string.h>

#include "base/limits.h"
#include "cli/draft.h"
#include "cli/settings.h"

enum { LAST_ROWS = 10, NAMED_ROWS = 5 };

int talk_explain(struct cli *c, int err)
{
    switch (err) {
    case ERR_TOOBIG:
        return cli_error(c, err, _("This text is over 64 KiB. Make it shorter."));
    case ERR_UTF8:
        return cli_error(c, err, _("This text has broken letters. Save it as UTF-8."));
    case ERR_STATE:
        return cli_error(c, err, _("You are not in this group yet. Try again later."));
    default: return err;
    }
}

int talk_check(struct cli *c, struct bytes text)
{
    if (text.n == 0)
        return cli_error(c, ERR_EMPTY, gettext(err_text(ERR_EMPTY)));
    if (text.n > LIMIT_BODY_BYTES_MAX)
        return talk_explain(c, ERR_TOOBIG);
    return talk_explain(c, text_check(text));
}

int talk_say(struct cli *c, const struct group_row *g, struct bytes text,
             uint64_t answers, uint64_t delay_ms, struct api_reply *reply)
{
    char language[SETTING_VALUE_BYTES];
    struct api_args args = {
        .group = g->number,
        .has_group = true,
        .text = text,
        .has_text = true,
        .lifetime = g->lifetime_hours,
        .has_lifetime = true,
        .text_language = setting_text_language(c, language),
        .delay_ms = delay_ms,
        .row = answers,
    };
    int err = talk_explain(c, cli_call(c, API_SAY, &args, reply));
    if (err == ERR_NOTFOUND && answers > 0)
        return cli_error(c, err, _("That text is gone. Nothing was sent."));
    return err;
}

int talk_draft(struct cli *c, const struct group_row *g, struct bytes text,
               uint64_t answers, uint64_t *draft)
{
    struct api_reply reply = {0};
    int err = talk_say(c, g, text, answers, TALK_DELAY_MS, &reply);
    if (err)
        return err;
    *draft = api_uint(api_row(&reply, UINT32_MAX), F_DRAFT, 0);
    api_reply_free(&reply);
    cli_say(_("It waits 30 seconds. Type u to take it back."));
    return 0;
}

int talk_take_back(struct cli *c, uint64_t group, uint64_t draft)
{
    struct api_args args = {.group = group, .has_group = true, .draft = draft};
    struct api_reply reply = {0};
    int err = cli_call(c, API_TAKE_BACK, &args, &reply);
    if (err)
        return err;
    cli_say(_("Taken back. Nobody got it."));
    struct bytes text = api_bytes(api_row(&reply, UINT32_MAX), F_TEXT);
    /* A long text took work: it can be sent another time. */
    if (text.n > 0 && memchr(text.p, '\n', text.n)) {
        err = draft_keep(c, group, text,
                         api_uint(api_row(&reply, UINT32_MAX), F_REPLY_ROW, 0));
        if (!err)
            cli_say(_("It is a text you did not send now."));
    }
    api_reply_free(&reply);
    return err;
}

/* ---- showing ------------------------------------------------------------- */

/* Where a reading stands. */
struct reading {
    const struct group_row *group;
    enum talk_which which;
    uint64_t after;  /* rows seen */
    uint64_t newest; /* row number to mark as read up to */
    uint64_t thread; /* row of any text of the only thread to show; 0: all */
    uint64_t rows;   /* shown so far */
    bool any_unread, more, ended_shown;
};

/* Step `after` over the rows of a reply; true if it left some out. */
static bool next_page(const struct api_reply *reply, uint64_t *after)
{
    uint64_t next = api_uint(api_row(reply, UINT32_MAX), F_AFTER, 0);
    bool more = next > *after;
    *after = more ? next : *after + api_rows(reply);
    return more;
}

/* "Otter, Heron": who lacked a kept text of ours through a whole day (P8.16).  Of the
 * last few of a page only: each look orders all texts. */
static int add_lacking(struct cli *c, struct screen *s, const struct group_row *g,
                       const struct message_row *m)
{
    struct api_args args = {.group = g->number, .has_group = true, .row = m->row};
    struct api_reply reply = {0};
    struct buf names = {0};
    if (!m->own || m->draft || m->lifetime_hours > 0 || m->have >= m->devices ||
        args_has(&c->args, OPTION_JSON))
        return 0;
    args.has_row = true;
    int err = cli_call(c, API_LACKING, &args, &reply);
    if (err)
        return err == ERR_NOTFOUND || err == ERR_USAGE ? 0 : err;
    for (uint32_t i = 0; !err && i < api_rows(&reply); i++) {
        char name[VIEW_NAME_BYTES];
        view_name(name, api_bytes(api_row(&reply, i), F_NAME));
        err = i > 0 ? buf_append(&names, BYTES(", ", 2), SIZE_MAX / 2) : 0;
        if (!err)
            err = buf_append(&names, BYTES(name, strlen(name)), SIZE_MAX / 2);
    }
    if (!err && names.n > 0)
        screen_pair(s, _("Lacks it, since a day or more"), BUF_BYTES(&names));
    buf_free(&names);
    api_reply_free(&reply);
    return err;
}

static int show_page(struct cli *c, struct reading *r)
{
    struct screen s = {0};
    struct api_reply reply = {0};
    struct api_args args = {
        .group = r->group->number,
        .has_group = true,
        .unread_only = r->which == TALK_UNREAD,
        .last = r->which == TALK_LAST ? LAST_ROWS : 0,
        .thread = r->thread,
        .after = r->after,
        .limit = TALK_PAGE_ROWS,
    };
    int err = cli_call(c, API_MESSAGES, &args, &reply);
    if (err)
        return err;
    uint32_t rows = api_rows(&reply);
    if (!r->ended_shown)
        view_add_ended(&s, r->group);
    if (!r->ended_shown)
        view_add_changed(&s, r->group);
    r->ended_shown = true;
    for (uint32_t i = 0; i < rows && !err; i++) {
        struct message_row m = view_message(api_row(&reply, i));
        view_add_message(&s, &m, r->group);
        if (i + NAMED_ROWS >= rows)
            err = add_lacking(c, &s, r->group, &m);
        r->any_unread |= m.unread;
        if (m.draft == 0 && m.row > r->newest)
            r->newest = m.row;
    }
    r->rows += rows;
    r->more = next_page(&reply, &r->after);
    api_reply_free(&reply);
    if (!err)
        return cli_show(c, &s);
    screen_free(&s);
    return err;
}

int talk_find_waiting(struct cli *c, uint64_t group, struct talk_waiting *out)
{
    struct api_args args = {.group = group, .has_group = true, .draft = 1};
    bool more = true;
    *out = (struct talk_waiting){0};
    while (more) {
        struct api_reply reply = {0};
        int err = cli_call(c, API_MESSAGES, &args, &reply);
        if (err)
            return err;
        for (uint32_t i = 0; i < api_rows(&reply); i++) {
            uint64_t draft = api_uint(api_row(&reply, i), F_DRAFT, 0);
            out->count += draft > 0;
            out->newest = draft > out->newest ? draft : out->newest;
        }
        more = next_page(&reply, &args.after);
        api_reply_free(&reply);
    }
    return 0;
}

int talk_show_thread(struct cli *c, const struct group_row *g, uint64_t row)
{
    struct reading r = {.group = g, .thread = row, .more = true, .ended_shown = true};
    int err = 0;
    while (!err && r.more)
        err = show_page(c, &r);
    return err;
}

int talk_show(struct cli *c, const struct group_row *g, enum talk_which which)
{
    struct reading r = {.group = g, .which = which, .more = true};
    int err = 0;
    while (!err && r.more)
        err = show_page(c, &r);
    if (!err && which == TALK_ALL && r.rows == 0 && !args_has(&c->args, OPTION_JSON))
        cli_say(_("Nothing is written here yet."));
    if (err || (!r.any_unread && g->ended_unread == 0 && !g->changed))
        return err;
    /* Only after standard output has taken it. */
    struct api_args args = {.group = g->number, .has_group = true, .row = r.newest};
    return cli_do(c, API_MARK_READ, &args);
}
