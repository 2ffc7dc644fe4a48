/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_unsent.c -- a text that was begun and not sent, on the screens of its group. */
#include <string.h>

#include "cli/draft.h"
#include "cli/editor.h"
#include "cli/home.h"
#include "cli/lines.h"

enum { SHOWN_BYTES_MAX = 400 };

static void send_it(struct home *h, const struct group_row *g)
{
    uint64_t draft = 0;
    int err = draft_send(h->c, g, false, &draft);
    if (!err) {
        h->draft_group = g->number;
        buf_free(&h->thrown);
    }
    home_report(h, err);
}

void home_write_long(struct home *h, const struct group_row *g, bool menu)
{
    struct screen head = {0};
    view_head(&head, g);
    int err = cli_show(h->c, &head);
    if (!err)
        err = editor_write(h->c, g->number, menu);
    if (err == 1)
        send_it(h, g);
    else
        home_report(h, err);
}

static void throw_away(struct home *h, const struct group_row *g)
{
    struct screen none = {0};
    buf_free(&h->thrown);
    int err = draft_read(h->c, g->number, &h->thrown);
    if (!err)
        err = draft_add_answered(h->c, g->number, &none, &h->thrown_answers);
    screen_free(&none);
    if (!err)
        err = draft_replace(h->c, g->number, BYTES(NULL, 0));
    if (err)
        buf_free(&h->thrown);
    else
        cli_say(_("Thrown away. Type u to have it back."));
    home_report(h, err);
}

bool home_undo_throw(struct home *h)
{
    if (!h->in_group || h->thrown.n == 0)
        return false;
    int err = draft_keep(h->c, h->group, BUF_BYTES(&h->thrown), h->thrown_answers);
    if (!err) {
        buf_free(&h->thrown);
        cli_say(_("You have your text back."));
        h->unsent_shown = false;
    }
    home_report(h, err);
    return true;
}

void home_unsent(struct home *h, const struct group_row *g)
{
    struct screen s = {0};
    struct buf text = {0};
    uint64_t n = 0, answers = 0;
    int err = draft_read(h->c, g->number, &text);
    h->unsent_shown = true;
    if (err) {
        home_report(h, err == ERR_NOTFOUND ? 0 : err);
        return;
    }
    home_gap(h);
    view_head(&s, g);
    screen_text(&s, _("You have a text you did not send."));
    err = draft_add_answered(h->c, g->number, &s, &answers);
    if (err)
        s.err = err;
    screen_said(&s, _("It begins"), lines_part(BUF_BYTES(&text), SHOWN_BYTES_MAX));
    buf_free(&text);
    screen_choice(&s, "1", _("Go on with it"));
    screen_choice(&s, "2", _("Send it"));
    screen_choice(&s, "3", _("Throw it away"));
    if (!home_choose(h, &s, 3, &n))
        return;
    if (n == 1)
        home_write_long(h, g, true);
    else if (n == 2)
        send_it(h, g);
    else
        throw_away(h, g);
}
