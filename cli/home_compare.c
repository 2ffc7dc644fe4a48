/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_compare.c -- comparing a sentence with somebody who is in already. */
#include <stdio.h>
#include <string.h>

#include "cli/comparing.h"
#include "cli/door.h"
#include "cli/home.h"

static void show(struct home *h, const struct group_row *g,
                 const struct comparing_row *row)
{
    struct screen s = {0};
    home_gap(h);
    view_head(&s, g);
    comparing_add(&s, row);
    if (row->ready) {
        screen_choice(&s, _("y"), _("It is the same"));
        screen_choice(&s, _("n"), _("It is not the same: stop"));
    } else {
        screen_text(&s, _("When the sentence is there, press Enter."));
    }
    screen_choice(&s, "0", _("Back"));
    home_report(h, cli_show(h->c, &s));
}

/* One answer; false: it is over. */
static bool step(struct home *h, const struct group_row *g)
{
    struct comparing_row row;
    char typed[HOME_ANSWER_BYTES];
    int err = comparing_look(h->c, &row);
    if (err || !row.on) {
        home_report(h, err);
        return false;
    }
    show(h, g, &row);
    if (!home_ask(h, row.ready ? _("Same? y/n") : _("Number:"), typed))
        return !h->closing;
    struct comparing_row now;
    if (!comparing_look(h->c, &now) && !now.on) {
        cli_say(_("It is over. Nothing is remembered."));
        return false;
    }
    int yes = row.ready ? door_yes_or_no(typed) : -1;
    if (yes >= 0) {
        home_report(h, comparing_answer(h->c, &row, yes == 1));
        return false;
    }
    if (strcmp(typed, "0") == 0) {
        home_report(h, comparing_end(h->c, g->number));
        return false;
    }
    if (*typed)
        cli_say(row.ready ? _("Type y, n or one of the numbers.")
                          : _("Type one of the numbers."));
    return true;
}

void home_compare(struct home *h, const struct group_row *g)
{
    const struct home_members how = {_("With whom do you compare?"), "%s",
                                     _("%s (not compared yet)"), F_COMPARED};
    struct home_member who;
    if (!home_ask_member(h, g, &how, &who))
        return;
    int err = comparing_begin(h->c, g->number, who.row);
    home_report(h, err);
    if (err)
        return;
    while (!h->closing && step(h, g))
        ;
}

/* The name of the member in this row; false: not known. */
static bool name_of(struct home *h, uint64_t group, uint64_t row,
                    char name[static VIEW_NAME_BYTES])
{
    struct api_args args = {.group = group, .has_group = true};
    struct api_reply reply = {0};
    bool found = false;
    if (cli_call(h->c, API_MEMBERS, &args, &reply))
        return false;
    for (uint32_t i = 0; i < api_rows(&reply) && !found; i++) {
        struct bytes map = api_row(&reply, i);
        found = api_uint(map, F_ROW, UINT64_MAX) == row;
        if (found)
            view_name(name, api_bytes(map, F_NAME));
    }
    api_reply_free(&reply);
    return found;
}

/* Why it is over. */
static void say_over(int err, const char *name)
{
    if (err == ERR_NOANSWER) {
        cli_sayf(_("%s went back. Start again together."), name);
    } else if (err == ERR_FULL) {
        cli_say(_("Stopped: it began anew too often."));
    } else {
        cli_sayf(_("%s says that it is not the same."), name);
        cli_say(_("Nothing is remembered."));
        comparing_say_advice(name);
    }
}

void home_compare_news(struct home *h, const struct session_event *event)
{
    struct comparing_row row;
    struct group_row g;
    char name[VIEW_NAME_BYTES];
    if (!name_of(h, event->group, event->row, name))
        return;
    if (event->err) {
        say_over(event->err, name);
        return;
    }
    if (comparing_look(h->c, &row) || view_group_number(h->c, event->group, &g))
        return;
    if (row.on && row.ready && !row.same && row.group == event->group &&
        row.row == event->row) {
        cli_say(_("The sentence is ready. Press Enter to see it."));
        return;
    }
    cli_sayf(_("%s wants to compare a sentence with you."), name);
    cli_sayf(_("Open %s, choose: More. Then: Compare a sentence."), g.name);
}
