/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_invite.c -- letting somebody in: how it is given, one screen. */
#include <stdio.h>
#include <string.h>

#include "cli/giving.h"
#include "cli/home.h"

/* One invitation under way. */
struct giving {
    struct home *h;
    const struct group_row *g;
    struct inviting how;
};

/* A window that is too small can be made wider: the code is made once. */
static void by_code(struct giving *x)
{
    struct home *h = x->h;
    struct buf line = {0};
    bool inverted = false;
    int err = giving_code(h->c, x->g, &x->how, &line);
    while (line.n > 0 && !h->closing) {
        struct screen s = {0};
        uint64_t n = 0;
        home_report(h, err);
        screen_choice(&s, "1", _("Show it again"));
        screen_choice(&s, "2", _("Swap dark and light"));
        screen_choice(&s, "3", _("Give it as a line"));
        if (!home_choose(h, &s, 3, &n))
            break;
        inverted ^= n == 2;
        if (n == 3)
            (void)printf("%.*s\n", (int)line.n, (const char *)line.p);
        err = n == 3 ? 0 : giving_show(h->c, BUF_BYTES(&line), inverted);
    }
    if (line.n == 0)
        home_report(h, err);
    buf_free(&line);
}

static void by_line(struct giving *x)
{
    home_report(x->h, giving_line(x->h->c, x->g, &x->how));
}

/* A file under a name of the person's, or one that says nothing. */
static void by_file_named(struct giving *x, const char *name, bool picture)
{
    char path[HOME_ANSWER_BYTES];
    struct home *h = x->h;
    cli_sayf(_("Where to? Only Enter means: %s"), name);
    while (!h->closing) {
        if (!home_ask(h, _("File (0 goes back):"), path))
            continue;
        if (strcmp(path, "0") == 0)
            return;
        int err = giving_file(h->c, x->g, &x->how, *path ? path : name, picture);
        home_report(h, err);
        if (err != ERR_EXISTS && err != ERR_READONLY)
            return;
    }
}

static void by_file(struct giving *x)
{
    by_file_named(x, "notes.txt", false);
}

static void by_picture(struct giving *x)
{
    by_file_named(x, "picture.png", true);
}

/* For two who are on one network. */
static void by_words(struct giving *x)
{
    home_offer_words(x->h, x->g, x->how.steward);
}

static const struct way {
    void (*run)(struct giving *x);
    const char *text;
} ways[] = {
    {by_code, N_("Show a code here")},
    {by_line, N_("As a line to copy")},
    {by_file, N_("As a file, on a stick")},
    {by_picture, N_("As a picture file of the code")},
    {by_words, N_("With six words, on this network")},
};
enum { WAYS_COUNT = sizeof ways / sizeof *ways };

void home_let_in(struct home *h, const struct group_row *g)
{
    struct giving x = {.h = h, .g = g};
    struct screen s = {0};
    uint64_t n = 0;
    view_head(&s, g);
    screen_text(&s, _("May this person let others in too?"));
    screen_choice(&s, "1", _("No"));
    screen_choice(&s, "2", _("Yes, as a keeper"));
    if (!home_choose(h, &s, 2, &n))
        return;
    x.how.steward = n == 2;
    screen_text(&s, _("How do you give the invitation?"));
    for (size_t i = 0; i < WAYS_COUNT; i++) {
        char key[] = {(char)('1' + (int)i), '\0'};
        screen_choice(&s, key, gettext(ways[i].text));
    }
    if (home_choose(h, &s, WAYS_COUNT, &n))
        ways[n - 1].run(&x);
}
