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

/* A number takes an offered name; anything else is the name.  What is only figures
 * would be taken for a slip of the finger: it is refused, and said. */
static int from_answer(struct cli *c, const char *const offered[NAMES_SUGGESTED],
                       const char *answer, struct buf *out)
{
    uint64_t n = 0;
    if (*answer == '\0' || strspn(answer, "0123456789") < strlen(answer))
        return checked(c, answer, out);
    if (args_number(answer, NAMES_SUGGESTED, &n))
        return cli_error(c, ERR_MALFORMED, _("Type one of the numbers, or a name."));
    if (n == 0)
        return cli_error(c, ERR_NEEDTERM, _("Nothing was changed."));
    return buf_append(out, BYTES(offered[n - 1], strlen(offered[n - 1])), SIZE_MAX);
}

/* One answer, spaces around it taken away. */
static int ask_once(struct cli *c, const char *const offered[NAMES_SUGGESTED],
                    struct buf *out)
{
    struct buf answer = {0};
    int err = prompt_ask_number(&c->prompt, _("A number, or a name:"), &answer);
    while (answer.n > 0 && answer.p[answer.n - 1] == ' ')
        answer.n--;
    if (!err)
        err = buf_append(&answer, BYTES("", 1), SIZE_MAX);
    if (!err) {
        const char *name = (const char *)answer.p;
        err = from_answer(c, offered, name + strspn(name, " "), out);
    }
    buf_free(&answer);
    return err;
}

static int offer(struct cli *c, struct buf *out)
{
    const char *offered[NAMES_SUGGESTED];
    struct screen s = {0};
    names_suggest(&c->entropy, i18n_language(), offered);
    screen_text(&s, _("Who are you in this group?"));
    screen_text(&s, _("Not a name people know you by."));
    for (int i = 0; i < NAMES_SUGGESTED; i++) {
        char key[2] = {(char)('1' + i), '\0'};
        screen_choice(&s, key, offered[i]);
    }
    screen_choice(&s, "0", _("Back"));
    cli_show_talk(&s);
    int err = ask_once(c, offered, out);
    while (err && err != ERR_NEEDTERM && c->told) {
        c->told = false; /* now a better answer counts */
        err = ask_once(c, offered, out);
    }
    return err;
}

bool names_can_ask(const struct cli *c)
{
    return !args_has(&c->args, OPTION_AS) && prompt_can(&c->prompt);
}

int names_choose(struct cli *c, struct buf *out)
{
    if (args_has(&c->args, OPTION_AS))
        return checked(c, c->args.value[OPTION_AS], out);
    return names_can_ask(c) ? offer(c, out) : cli_missing(c, "--as");
}
