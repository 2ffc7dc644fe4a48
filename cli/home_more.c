/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_more.c -- what is done less often in a group. */
#include "cli/groups.h"
#include "cli/home.h"

#include <stdio.h>

enum { DAY_HOURS = 24 };

bool home_ask_stay(struct home *h, const struct group_row *g, const char *question,
                   uint64_t *hours)
{
    static const uint64_t days[] = {1, 7, 30, 0};
    struct screen s = {0};
    uint64_t n = 0;
    view_head(&s, g);
    screen_text(&s, question);
    screen_choice(&s, "1", _("One day"));
    screen_choice(&s, "2", _("7 days"));
    screen_choice(&s, "3", _("30 days"));
    screen_choice(&s, "4", _("Always: it is kept"));
    if (!home_choose(h, &s, sizeof days / sizeof *days, &n))
        return false;
    *hours = days[n - 1] * DAY_HOURS;
    return true;
}

static void change_name(struct home *h, const struct group_row *g)
{
    int err = home_show_head(h, g);
    if (!err)
        err = groups_rename(h->c, g->number);
    home_report(h, err);
    if (!err)
        cli_say(_("You have a new name here."));
}

static void be_quiet(struct home *h, const struct group_row *g)
{
    home_report(h, groups_quiet(h->c, g, !g->quiet));
}

/* A row of API_MEMBERS as a choice with this number. */
__attribute__((format(printf, 3, 0))) static void add_member(struct screen *s,
                                                             uint64_t number,
                                                             const char *format,
                                                             struct bytes map)
{
    char key[24], name[VIEW_NAME_BYTES], text[VIEW_NAME_BYTES + VIEW_WORDS_BYTES];
    view_name(name, api_bytes(map, F_NAME));
    (void)snprintf(key, sizeof key, "%lu", (unsigned long)number);
    (void)snprintf(text, sizeof text, format, name);
    screen_choice(s, key, text);
}

bool home_ask_member(struct home *h, const struct group_row *g,
                     const struct home_members *how, struct home_member *out)
{
    struct api_args args = {.group = g->number, .has_group = true};
    struct api_reply reply = {0};
    struct screen s = {0};
    uint32_t others[LIMIT_MEMBERS_MAX];
    uint64_t count = 0, n = 0;
    int err = cli_call(h->c, API_MEMBERS, &args, &reply);
    view_head(&s, g);
    screen_text(&s, how->question);
    for (uint32_t i = 0; !err && i < api_rows(&reply); i++) {
        struct bytes map = api_row(&reply, i);
        if (api_uint(map, F_ME, 0) || count == LIMIT_MEMBERS_MAX)
            continue;
        others[count++] = i;
        add_member(&s, count, api_uint(map, how->field, 0) ? how->marked : how->plain,
                   map);
    }
    bool chosen = !err && count > 0 && home_choose(h, &s, count, &n);
    if (err || count == 0)
        screen_free(&s);
    if (!err && count == 0)
        cli_say(_("Nobody else is here."));
    if (chosen) {
        struct bytes map = api_row(&reply, others[n - 1]);
        out->row = api_uint(map, F_ROW, 0);
        out->marked = api_uint(map, how->field, 0) != 0;
        view_name(out->name, api_bytes(map, F_NAME));
    }
    api_reply_free(&reply);
    home_report(h, err);
    return chosen;
}

/* Chosen again, they are shown again. */
static void hide_somebody(struct home *h, const struct group_row *g)
{
    const struct home_members how = {_("Whose texts do you not want to see here?"),
                                     _("%s (hidden: show again)"), "%s", F_HIDDEN};
    struct home_member who;
    if (home_ask_member(h, g, &how, &who))
        home_report(h, groups_hide(h->c, g, who.name, !who.marked));
}

/* The row says what is in force, so it need not be among the choices. */
static void change_stay(struct home *h, const struct group_row *g)
{
    uint64_t hours = 0;
    if (!g->steward) {
        home_report(h, home_show_head(h, g));
        cli_say(_("Only a keeper can do that. Ask a keeper."));
        return;
    }
    if (home_ask_stay(h, g, _("How long do new texts stay here?"), &hours))
        home_report(h, groups_change_stay(h->c, g, hours));
}

/* One text that stays for another time than the others. */
static void write_other(struct home *h, const struct group_row *g)
{
    struct group_row other = *g;
    if (home_ask_stay(h, g, _("How long does this text stay?"), &other.lifetime_hours))
        home_write(h, g, &other);
}

static const struct act {
    void (*run)(struct home *h, const struct group_row *g);
    const char *text;
} acts[] = {
    {change_name, N_("Change my name here")},
    {be_quiet, N_("Quiet here, on or off")},
    {hide_somebody, N_("Hide what somebody writes")},
    {write_other, N_("Write, and choose how long it stays")},
    {home_compare, N_("Compare a sentence with somebody")},
    {change_stay, N_("How long new texts stay")},
};
enum { ACTS_COUNT = sizeof acts / sizeof *acts };

void home_more(struct home *h, const struct group_row *g)
{
    struct screen s = {0};
    char key[8];
    uint64_t n = 0;
    view_head(&s, g);
    for (size_t i = 0; i < ACTS_COUNT; i++) {
        (void)snprintf(key, sizeof key, "%zu", i + 1);
        screen_choice(&s, key, gettext(acts[i].text));
    }
    if (home_choose(h, &s, ACTS_COUNT, &n))
        acts[n - 1].run(h, g);
}
