/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_door.c -- screens about coming in: who waits, and waiting oneself. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/door.h"
#include "cli/home.h"

/* ---- a keeper ------------------------------------------------------------ */

/* What stands below a sentence; the last answer of `more` may be NULL. */
static void add_answers(struct screen *s, const char *yes, const char *more)
{
    screen_choice(s, _("y"), yes);
    screen_choice(s, _("n"), _("It is not the same: nobody is added"));
    if (more)
        screen_choice(s, "1", more);
    screen_choice(s, "0", _("Back"));
}

static void answer_one(struct home *h, const struct group_row *g,
                       const struct door_row *row)
{
    struct screen s = {0};
    char typed[HOME_ANSWER_BYTES];
    view_head(&s, g);
    door_add_row(&s, row);
    add_answers(&s, _("It is the same: let in"), _("I cannot see them now: let in"));
    cli_show_talk(&s);
    while (!h->closing) {
        if (!home_ask(h, _("Same? y/n"), typed))
            continue;
        int yes = door_yes_or_no(typed);
        bool unseen = strcmp(typed, "1") == 0;
        if (strcmp(typed, "0") == 0)
            return;
        if (yes < 0 && !unseen) {
            cli_say(_("Type y, n or one of the numbers."));
            continue;
        }
        home_report(h, door_answer_for(h->c, g->number, row,
                                       unseen ? DOOR_UNSEEN
                                       : yes  ? DOOR_SAME
                                              : DOOR_STOP));
        return;
    }
}

void home_door(struct home *h, const struct group_row *g)
{
    struct door_row rows[LIMIT_DOOR_MAX];
    struct screen s = {0};
    size_t count = 0;
    uint64_t n = 1;
    int err = door_look(h->c, g->number, rows, LIMIT_DOOR_MAX, &count);
    home_report(h, err);
    if (err)
        return;
    if (count == 0) {
        cli_say(_("Nobody waits to come in."));
        return;
    }
    for (size_t i = 0; i < count && count > 1; i++) {
        char key[8];
        (void)snprintf(key, sizeof key, "%u", (unsigned)(i + 1) % 100);
        screen_choice(&s, key, rows[i].name);
    }
    if (count > 1 && !home_choose(h, &s, count, &n))
        return;
    answer_one(h, g, &rows[n - 1]);
}

void home_door_news(struct home *h, uint64_t group)
{
    struct door_row rows[LIMIT_DOOR_MAX];
    struct group_row g;
    size_t count = 0;
    if (view_group_number(h->c, group, &g) ||
        door_look(h->c, group, rows, LIMIT_DOOR_MAX, &count))
        return;
    for (size_t i = 0; i < count; i++)
        cli_sayf(_("%s wants to come in."), rows[i].name);
    if (count > 0)
        cli_sayf(_("Open %s and choose: Who wants to come in."), g.name);
}

/* ---- a newcomer ---------------------------------------------------------- */

static void stop_waiting(struct home *h, const struct group_row *g)
{
    struct api_args args = {.group = g->number, .has_group = true};
    int err = cli_do(h->c, API_JOIN_CANCEL, &args);
    home_report(h, err);
    if (!err)
        cli_say(_("You wait no longer."));
}

static void show_waiting(struct home *h, const struct group_row *g)
{
    struct screen s = {0};
    char text[VIEW_NAME_BYTES + VIEW_WORDS_BYTES];
    home_gap(h);
    view_head(&s, g);
    if (g->asked) {
        (void)snprintf(text, sizeof text, _("%s must say yes. You can close kring."),
                       g->host);
        screen_text(&s, text);
        door_add_sentence(&s, g->sentence, g->language);
    } else {
        screen_text(&s, _("You wait to be let in. Their kring must be open."));
    }
    if (g->asked && g->same)
        screen_text(&s, _("You said that it is the same."));
    if (g->asked && !g->same) {
        screen_choice(&s, _("y"), _("It is the same"));
        screen_choice(&s, _("n"), _("It is not the same: stop"));
    }
    screen_choice(&s, "1", _("Stop waiting"));
    screen_choice(&s, "0", _("Back"));
    home_report(h, cli_show(h->c, &s));
}

bool home_waiting(struct home *h, const struct group_row *g)
{
    char answer[HOME_ANSWER_BYTES];
    uint64_t n = 0;
    bool open = g->asked && !g->same;
    show_waiting(h, g);
    if (!home_ask(h, open ? _("Same? y/n") : _("Number:"), answer))
        return !h->closing;
    if (!*answer)
        return true;
    int yes = open ? door_yes_or_no(answer) : -1;
    if (yes >= 0) {
        home_report(
            h, door_answer_for(h->c, g->number, NULL, yes ? DOOR_SAME : DOOR_STOP));
        return yes;
    }
    if (args_number(answer, 1, &n)) {
        cli_say(_("Type one of the numbers."));
        return true;
    }
    if (n == 1)
        stop_waiting(h, g);
    return false;
}
