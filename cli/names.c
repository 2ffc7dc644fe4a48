/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* names.c -- three names to choose from, or one of one's own. */
#include "cli/names.h"

#include <stdio.h>
#include <string.h>

#include "cli/view.h"
#include "cli/words.h"

static int checked(struct cli *c, const char *name, struct buf *out)
{
    int err = view_check_name(c, name);
    return err ? err : buf_append(out, BYTES(name, strlen(name)), SIZE_MAX);
}

/* A number takes an offered name; anything else is the name. */
static int from_answer(struct cli *c, const char *const offered[NAMES_SUGGESTED],
                       const char *answer, struct buf *out)
{
    uint64_t n = 0;
    if (args_number(answer, NAMES_SUGGESTED, &n) == 0 && n > 0)
        return buf_append(out, BYTES(offered[n - 1], strlen(offered[n - 1])), SIZE_MAX);
    return checked(c, answer, out);
}

static int offer(struct cli *c, struct buf *out)
{
    const char *offered[NAMES_SUGGESTED];
    struct screen s = {0};
    struct buf answer = {0};
    names_suggest(&c->entropy, i18n_language(), offered);
    screen_text(&s, _("Who are you in this group?"));
    screen_text(&s, _("Not a name people know you by."));
    for (int i = 0; i < NAMES_SUGGESTED; i++) {
        char key[2] = {(char)('1' + i), '\0'};
        screen_choice(&s, key, offered[i]);
    }
    cli_show_talk(&s);
    int err = prompt_ask(&c->prompt, _("A number, or a name:"), &answer);
    if (!err)
        err = buf_append(&answer, BYTES("", 1), SIZE_MAX);
    if (!err)
        err = from_answer(c, offered, (const char *)answer.p, out);
    buf_free(&answer);
    return err;
}

int names_choose(struct cli *c, struct buf *out)
{
    if (args_has(&c->args, OPTION_AS))
        return checked(c, c->args.value[OPTION_AS], out);
    if (!prompt_can(&c->prompt))
        return cli_missing(c, "--as");
    return offer(c, out);
}
