/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_more.c -- what is done less often in a group. */
#include "cli/groups.h"
#include "cli/home.h"

#include <stdio.h>

static void change_name(struct home *h, const struct group_row *g)
{
    int err = home_show_head(h, g);
    if (!err)
        err = groups_rename(h->c, g->number);
    home_report(h, err);
    if (!err)
        cli_say(_("You have a new name here."));
}

static const struct act {
    void (*run)(struct home *h, const struct group_row *g);
    const char *text;
} acts[] = {
    {change_name, N_("Change my name here")},
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
    screen_choice(&s, "0", _("Back"));
    if (home_choose(h, &s, ACTS_COUNT, &n))
        acts[n - 1].run(h, g);
}
