/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_search.c -- finding texts by words. */
#include "cli/finding.h"
#include "cli/home.h"

void home_search_group(struct home *h, const struct group_row *g)
{
    struct screen s = {0};
    struct buf words = {0};
    uint64_t count = 0;
    int err = home_show_head(h, g);
    if (!err) {
        cli_say(_("To go back, press only Enter."));
        err = prompt_ask(&h->c->prompt, _("What do you look for?"), &words);
    }
    if (!err && words.n > 0)
        err = finding_add(h->c, &s, g, BUF_BYTES(&words), &count);
    if (!err && words.n > 0 && count == 0)
        cli_say(_("Nothing was found. Try fewer letters."));
    if (!err && count > 0)
        home_show(h, &s);
    screen_free(&s);
    wipe(words.p, words.n);
    buf_free(&words);
    home_report(h, err);
}
