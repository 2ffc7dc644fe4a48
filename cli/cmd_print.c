/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_print.c -- the command `print`. */
#include "cli/opening.h"
#include "cli/printing.h"

int command_print(struct cli *c)
{
    struct group_row g;
    const char *to = c->args.value[OPTION_TO];
    if (!to && !printing_can())
        return cli_error(
            c, ERR_NOTFOUND,
            _("There is no printer here. Type: kring print GROUP --to FILE"));
    if (!to && (!prompt_can(&c->prompt) || args_has(&c->args, OPTION_JSON)))
        return cli_missing(c, "--to");
    int err = opening_open(c, false);
    if (!err)
        err = view_find_group(c, c->args.operands[0], &g);
    return err ? err : printing_run(c, &g, to);
}
