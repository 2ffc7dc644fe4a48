/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_lock.c -- the command `lock`: it asks no passphrase and opens nothing. */
#include "cli/cli.h"
#include "node/host/lock.h"

/* The words of the person's language if that is known from outside of the profile; the
 * node, which knows it better, is not asked: it may not answer. */
static int show_locked(struct cli *c, unsigned ended)
{
    struct screen s = {0};
    if (!args_has(&c->args, OPTION_JSON)) {
        if (ended == 0)
            cli_say_either(c, N_("kring was not open here."));
        cli_say_either(c, N_("Locked. Nothing arrives until you open it."));
    }
    screen_row(&s);
    screen_cell_flag(&s, "locked", true);
    screen_cell_number(&s, "ended", ended);
    return cli_show(c, &s);
}

int command_lock(struct cli *c)
{
    unsigned ended = 0;
    if (!place_is_set_up(c->home))
        return ERR_NOSTORE;
    int err = lock_profile(c->home, &ended);
    if (!args_has(&c->args, OPTION_JSON))
        place_clear();
    if (err == ERR_NOANSWER)
        return cli_error(c, err, _("kring is still open. Turn this computer off."));
    if (err == ERR_DENIED)
        return cli_error(c, err, _("Somebody else has kring open here. Ask them."));
    return err ? err : show_locked(c, ended);
}
