/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* finding.c -- see finding.h. */
#include "cli/finding.h"

#include <string.h>

#include "node/core/peer.h"

/* One search. */
struct finding {
    struct cli *c;
    struct screen *s;
    struct bytes words;
    uint64_t found; /* in all groups */
};

/* What one reply holds; true if it left some rows out. */
static bool add_rows(const struct finding *f, const struct group_row *g,
                     const struct api_reply *reply, uint64_t *after)
{
    uint64_t next = api_uint(api_row(reply, UINT32_MAX), F_AFTER, 0);
    for (uint32_t i = 0; i < api_rows(reply); i++) {
        struct message_row m = view_message(api_row(reply, i));
        view_add_message(f->s, &m, g);
    }
    bool more = next > *after;
    *after = next;
    return more;
}

static int find_in(struct finding *f, const struct group_row *g)
{
    struct api_args args = {
        .group = g->number, .has_group = true, .text = f->words, .has_text = true};
    char name[VIEW_NAME_BYTES];
    for (bool more = !g->joining, first = true; more; first = false) {
        struct api_reply reply = {0};
        int err = cli_call(f->c, API_SEARCH, &args, &reply);
        if (err)
            return err;
        uint64_t all = api_uint(api_row(&reply, UINT32_MAX), F_ENTRIES, 0);
        if (first && all > 0) {
            view_name(name, BYTES(g->name, strlen(g->name)));
            screen_pair(f->s, _("Group"), BYTES(name, strlen(name)));
        }
        if (first && all > SEARCH_HITS_MAX)
            screen_text(f->s, _("These are the newest 100. Add a word to see fewer."));
        f->found += api_rows(&reply);
        more = add_rows(f, g, &reply, &args.after);
        api_reply_free(&reply);
    }
    return 0;
}

static int find_everywhere(struct finding *f)
{
    struct api_reply reply = {0};
    int err = cli_call(f->c, API_GROUPS, NULL, &reply);
    for (uint32_t i = 0; !err && i < api_rows(&reply); i++) {
        struct group_row g = view_group(api_row(&reply, i));
        err = find_in(f, &g);
    }
    api_reply_free(&reply);
    return err;
}

int finding_add(struct cli *c, struct screen *s, const struct group_row *group,
                struct bytes words, uint64_t *count)
{
    struct finding f = {.c = c, .s = s, .words = words};
    *count = 0;
    int err = group ? find_in(&f, group) : find_everywhere(&f);
    *count = f.found;
    return err == ERR_EMPTY ? cli_error(c, err, _("Type one word or more.")) : err;
}
