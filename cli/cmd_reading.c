/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_reading.c -- the commands `search`, `hide` and `quiet`. */
#include <string.h>

#include "cli/finding.h"
#include "cli/groups.h"
#include "cli/opening.h"
#include "cli/pages.h"

enum { WORDS_BYTES_MAX = 4096 };

/* ---- search --------------------------------------------------------------- */

/* What is looked for is nobody's business: it never stands on the command line. */
static int read_words(struct cli *c, struct buf *words)
{
    return prompt_can(&c->prompt)
               ? prompt_ask(&c->prompt, _("What do you look for?"), words)
               : prompt_read_all(&c->prompt, words, WORDS_BYTES_MAX);
}

int command_search(struct cli *c)
{
    struct screen s = {0};
    struct buf words = {0};
    struct group_row g;
    uint64_t count = 0;
    const char *where = c->args.value[OPTION_GROUP];
    int err = opening_open(c, false);
    if (!err && where)
        err = view_find_group(c, where, &g);
    if (!err)
        err = read_words(c, &words);
    if (!err)
        err = finding_add(c, &s, where ? &g : NULL, BUF_BYTES(&words), &count);
    if (!err && count == 0)
        err = cli_error(c, ERR_NOTFOUND, _("Nothing was found. Try fewer letters."));
    wipe(words.p, words.n);
    buf_free(&words);
    if (err) {
        screen_free(&s);
        return err;
    }
    pages_begin(c);
    err = cli_show(c, &s);
    pages_end(c, 1);
    return err;
}

/* ---- on this device only ---------------------------------------------------- */

static int show_here(struct cli *c, const char *name, bool on)
{
    struct screen s = {0};
    screen_row(&s);
    screen_cell_flag(&s, name, on);
    return cli_show(c, &s);
}

/* The only group there is, if none was named. */
static int hide_where(struct cli *c, struct group_row *g)
{
    struct api_reply reply = {0};
    if (args_has(&c->args, OPTION_GROUP))
        return view_find_group(c, c->args.value[OPTION_GROUP], g);
    int err = cli_call(c, API_GROUPS, NULL, &reply);
    if (!err && api_rows(&reply) != 1)
        err = cli_error(c, ERR_USAGE, _("In which group? Add: --group GROUP"));
    if (!err)
        *g = view_group(api_row(&reply, 0));
    api_reply_free(&reply);
    return err;
}

int command_hide(struct cli *c)
{
    struct group_row g;
    bool on = !args_has(&c->args, OPTION_OFF);
    int err = opening_open(c, false);
    if (!err)
        err = hide_where(c, &g);
    if (!err)
        err = groups_hide(c, &g, c->args.operands[0], on);
    return err ? err : show_here(c, "hidden", on);
}

int command_quiet(struct cli *c)
{
    struct group_row g;
    bool on = !args_has(&c->args, OPTION_OFF);
    int err = opening_open(c, false);
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    if (!err)
        err = groups_quiet(c, &g, on);
    return err ? err : show_here(c, "quiet", on);
}
