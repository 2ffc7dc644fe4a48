/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_group.c -- the commands `group new`, `groups`, `rename`, `about-me`. */
#include <stdio.h>
#include <string.h>

#include "cli/groups.h"
#include "cli/opening.h"

enum { DAY_HOURS = 24, TALK_HOURS = 7 * DAY_HOURS };

static void add_group_cells(struct screen *s, const struct group_row *g)
{
    bool talk = g->lifetime_hours > 0;
    screen_cell_text(s, "group", BYTES(g->name, strlen(g->name)));
    screen_cell_number(s, "number", g->number);
    screen_cell_text(s, "name", BYTES(g->me, strlen(g->me)));
    screen_cell_text(s, "clock", talk ? BYTES("talk", 4) : BYTES("kept", 4));
    if (talk)
        screen_cell_number(s, "days", g->lifetime_hours / DAY_HOURS);
    else
        screen_cell_null(s, "days");
    screen_cell_text(s, "role", g->steward ? BYTES("keeper", 6) : BYTES("member", 6));
    screen_cell_number(s, "members", g->members);
    screen_cell_number(s, "keepers", g->stewards);
    screen_cell_number(s, "unread", g->unread);
    screen_cell_number(s, "ended", g->ended_unread);
    screen_cell_flag(s, "joining", g->joining);
    screen_cell_flag(s, "differs", g->differs);
}

/* The screen after something was done to a group. */
static int show_group(struct cli *c, uint64_t number, const char *sentence)
{
    struct screen s = {0};
    struct group_row g;
    char me[VIEW_NAME_BYTES + 64];
    int err = view_group_number(c, number, &g);
    if (err)
        return err;
    view_head(&s, &g);
    (void)snprintf(me, sizeof me, _("In this group you are: %s"), g.me);
    screen_text(&s, me);
    add_group_cells(&s, &g);
    if (sentence)
        screen_text(&s, sentence);
    return cli_show(c, &s);
}

int command_group_new(struct cli *c)
{
    uint64_t hours = TALK_HOURS, number = 0;
    int err = groups_stay(c, &hours);
    if (!err)
        err = view_check_name(c, c->args.operands[0]);
    if (!err)
        err = opening_open(c, false);
    if (!err)
        err = groups_start(c, c->args.operands[0], hours, &number);
    if (err)
        return err;
    return show_group(c, number,
                      _("Only you can let people in, until there is a second keeper."));
}

int command_stay(struct cli *c)
{
    uint64_t hours = 0;
    struct group_row g;
    bool chosen = args_has(&c->args, OPTION_TALK) || args_has(&c->args, OPTION_RECORD);
    int err = chosen ? opening_open(c, false)
                     : cli_error(c, ERR_USAGE, _("How long? Add --talk 7, or --kept."));
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (!err)
        err = groups_stay(c, &hours);
    if (!err)
        err = groups_change_stay(c, &g, hours);
    return err ? err : show_group(c, g.number, NULL);
}

static void add_group(struct screen *s, const struct group_row *g)
{
    char words[VIEW_NAME_BYTES * 2], clock[VIEW_WORDS_BYTES], name[VIEW_NAME_BYTES];
    view_name(name, BYTES(g->name, strlen(g->name)));
    view_clock(clock, g->lifetime_hours);
    if (g->joining)
        (void)snprintf(words, sizeof words, "%s", _("waits to be let in"));
    else
        (void)snprintf(words, sizeof words, _("%s, you are %s, people: %lu, new: %lu"),
                       clock, g->me, (unsigned long)g->members,
                       (unsigned long)g->unread);
    screen_pair(s, name, BYTES(words, strlen(words)));
    add_group_cells(s, g);
    if (g->differs)
        screen_text(s, _("We do not all see the same group. Ask a keeper."));
}

int command_groups(struct cli *c)
{
    struct screen s = {0};
    struct api_reply reply = {0};
    int err = opening_open(c, false);
    if (!err)
        err = cli_call(c, API_GROUPS, NULL, &reply);
    if (err)
        return err;
    for (uint32_t i = 0; i < api_rows(&reply); i++) {
        struct group_row g = view_group(api_row(&reply, i));
        add_group(&s, &g);
    }
    if (api_rows(&reply) == 0 && !args_has(&c->args, OPTION_JSON))
        screen_text(&s, _("You have no groups yet."));
    api_reply_free(&reply);
    return cli_show(c, &s);
}

int command_rename(struct cli *c)
{
    struct group_row g;
    int err = opening_open(c, false);
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (!err)
        err = groups_rename(c, g.number);
    return err ? err : show_group(c, g.number, NULL);
}

int command_about_me(struct cli *c)
{
    struct screen s = {0};
    int err = opening_open(c, false);
    if (!err)
        err = groups_add_about_me(c, &s);
    if (err) {
        screen_free(&s);
        return err;
    }
    return cli_show(c, &s);
}
