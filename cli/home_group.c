/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_group.c -- the screens of one group. */
#include <stdio.h>
#include <string.h>

#include "cli/draft.h"
#include "cli/groups.h"
#include "cli/home.h"
#include "cli/pages.h"
#include "cli/printing.h"
#include "cli/talk.h"

/* ---- acts ---------------------------------------------------------------- */

int home_show_head(struct home *h, const struct group_row *g)
{
    struct screen head = {0};
    view_head(&head, g);
    return cli_show(h->c, &head);
}

static void write_text(struct home *h, const struct group_row *g)
{
    home_write(h, g, g);
}

void home_write(struct home *h, const struct group_row *head, const struct group_row *g)
{
    struct buf text = {0};
    struct talk_waiting w = {0};
    uint64_t draft = 0;
    char clock[VIEW_WORDS_BYTES];
    int err = home_show_head(h, head);
    if (!err && g->lifetime_hours != head->lifetime_hours) {
        view_clock(clock, g->lifetime_hours);
        cli_sayf(_("This text only: %s"), clock);
    }
    if (!err)
        err = draft_ask(h->c, g->number, 0, &text);
    bool u = !err && text.n == 1 && (text.p[0] == 'u' || text.p[0] == 'U');
    if (u)
        err = talk_find_waiting(h->c, g->number, &w);
    if (!err && w.count > 0) {
        home_take_back(h); /* a habit, not a text */
    } else if (!err && text.n > 0) {
        err = talk_draft(h->c, g, BUF_BYTES(&text), 0, &draft);
        if (!err)
            h->draft_group = g->number;
        if (!err)
            buf_free(&h->thrown);
    } else if (!err) {
        cli_say(_("Nothing was written."));
    }
    buf_free(&text);
    h->unsent_shown = h->unsent_shown && err != 1;
    home_report(h, err == 1 ? 0 : err);
}

/* With one that was begun already there is a choice first. */
static void write_long(struct home *h, const struct group_row *g)
{
    struct buf text = {0};
    int err = draft_read(h->c, g->number, &text);
    buf_free(&text);
    if (err == ERR_NOTFOUND)
        home_write_long(h, g, false);
    else
        home_unsent(h, g);
}

static void read_all(struct home *h, const struct group_row *g)
{
    pages_begin(h->c);
    int err = home_show_head(h, g);
    if (!err)
        err = talk_show(h->c, g, TALK_ALL);
    pages_end(h->c, HOME_MENU_ROWS);
    home_report(h, err);
}

static void who_is_here(struct home *h, const struct group_row *g)
{
    struct screen s = {0};
    view_head(&s, g);
    int err = groups_add_members(h->c, g->number, &s);
    if (!err)
        home_show(h, &s);
    screen_free(&s);
    home_report(h, err);
}

/* On paper; or, where no printer is, a file for somebody who has one. */
static void print_this(struct home *h, const struct group_row *g)
{
    struct buf name = {0};
    bool printer = printing_can();
    int err = home_show_head(h, g);
    if (!err && !printer) {
        cli_say(_("There is no printer here. A file can go to one."));
        cli_say(_("To go back, press only Enter."));
        err = prompt_ask(&h->c->prompt, _("Name of the new file:"), &name);
        if (!err && name.n > 0)
            err = buf_append(&name, BYTES("", 1), PLACE_BYTES_MAX);
    }
    if (!err && (printer || name.n > 0))
        err = printing_run(h->c, g, printer ? NULL : (const char *)name.p);
    buf_free(&name);
    home_report(h, err);
}

static void explain(struct home *h, const struct group_row *g)
{
    struct screen s = {0};
    view_head(&s, g);
    screen_text(&s, _("Everybody in this group reads what you write here."));
    screen_text(&s, _("A text waits 30 seconds. Type u to take it back."));
    if (g->lifetime_hours > 0)
        screen_text(&s,
                    _("A text goes from every device. Somebody may have copied it."));
    screen_text(&s, _("A keeper can let people in."));
    screen_text(&s, _("Type a number, then press Enter. 0 goes back."));
    home_show(h, &s);
}

static const struct act {
    void (*run)(struct home *h, const struct group_row *g);
    const char *text;
} acts[] = {
    {write_text, N_("Write")},
    {read_all, N_("Read everything")},
    {home_let_in, N_("Let somebody in")},
    {who_is_here, N_("Who is here")},
    {home_answer, N_("Answer a text")},
    {home_search_group, N_("Search here")},
    {write_long, N_("Write a long text")},
    {print_this, N_("Print this")},
    {home_more, N_("More")},
};
enum { ACTS_COUNT = sizeof acts / sizeof *acts };

/* ---- the screen ---------------------------------------------------------- */

static int show_choices(struct home *h, const struct group_row *g)
{
    struct screen s = {0};
    struct talk_waiting w = {0};
    char key[8];
    int err = talk_find_waiting(h->c, g->number, &w);
    if (err)
        return err;
    if (g->differs)
        screen_text(&s, _("We do not all see the same group. Ask a keeper."));
    for (size_t i = 0; i < ACTS_COUNT; i++) {
        (void)snprintf(key, sizeof key, "%zu", i + 1);
        screen_choice(&s, key, gettext(acts[i].text));
    }
    if (g->waiting > 0) {
        char text[VIEW_WORDS_BYTES];
        (void)snprintf(key, sizeof key, "%d", ACTS_COUNT + 1);
        (void)snprintf(text, sizeof text, _("Who wants to come in (%lu)"),
                       (unsigned long)g->waiting);
        screen_choice(&s, key, text);
    }
    if (h->thrown.n > 0)
        screen_choice(&s, "u", _("Have my text back"));
    else if (w.count > 0)
        screen_choice(&s, "u", _("Take my text back"));
    screen_choice(&s, "0", _("Back"));
    screen_choice(&s, "l", _("Lock"));
    screen_choice(&s, "?", _("Explain"));
    return cli_show(h->c, &s);
}

/* One answer on the group screen; false: back. */
static bool choose(struct home *h, const struct group_row *g)
{
    char answer[HOME_ANSWER_BYTES];
    uint64_t n = 0;
    if (!home_ask_number(h, answer))
        return !h->closing;
    if (strcmp(answer, "?") == 0) {
        explain(h, g);
    } else if (strcmp(answer, "u") == 0 || strcmp(answer, "U") == 0) {
        if (!home_undo_throw(h))
            home_take_back(h);
    } else if (*answer && args_number(answer, ACTS_COUNT + (g->waiting > 0), &n)) {
        cli_say(_("Type one of the numbers."));
    } else if (*answer && n == 0) {
        return false;
    } else if (n > ACTS_COUNT) {
        home_door(h, g);
    } else if (*answer) {
        struct group_row now = *g; /* it may have changed while we waited */
        home_report(h, view_group_number(h->c, g->number, &now));
        acts[n - 1].run(h, &now);
    }
    return true;
}

/* The head, texts (at first the newest, later what is new), the choices. */
static int show_group(struct home *h, const struct group_row *g, enum talk_which which)
{
    home_gap(h);
    struct api_args seen = {.group = g->number, .has_group = true, .on = true};
    int err = home_show_head(h, g);
    if (!err)
        err = talk_show(h->c, g, which);
    if (!err && which == TALK_LAST) /* the head was seen: another one would be news */
        home_report(h, cli_do(h->c, API_MARK_READ, &seen));
    return err ? err : show_choices(h, g);
}

void home_group(struct home *h, uint64_t number)
{
    struct group_row g;
    enum talk_which which = TALK_LAST;
    bool stay = true;
    h->in_group = true;
    h->group = number;
    h->unsent_shown = false;
    while (stay && !h->closing && !h->err) {
        home_tell_kept(h);
        int err = view_group_number(h->c, number, &g);
        if (err == ERR_NOTFOUND)
            break; /* not let in, and that was said */
        if (!err && g.joining) {
            stay = home_waiting(h, &g);
            continue;
        }
        if (!err && !h->unsent_shown) {
            home_unsent(h, &g);
            continue;
        }
        if (!err)
            err = show_group(h, &g, which);
        g.ended_unread = 0; /* said */
        g.changed = false;
        which = TALK_UNREAD;
        if (err) {
            home_report(h, err);
            break;
        }
        stay = choose(h, &g);
    }
    buf_free(&h->thrown);
    h->in_group = false;
}
