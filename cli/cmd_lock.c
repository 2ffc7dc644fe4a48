/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_lock.c -- the command `lock`: it asks no passphrase and opens nothing, except to
 * change when kring locks by itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/locking.h"
#include "cli/opening.h"
#include "node/host/lock.h"

enum { MINUTES_BYTES = 24 };

static const char setting[] = "lock-minutes";

/* ---- when ---------------------------------------------------------------- */

int locking_minutes_of(const char *text, uint64_t *minutes)
{
    int err = args_number(text, LOCKING_MINUTES_MAX, minutes);
    return !err && *minutes == 0 ? ERR_USAGE : err;
}

uint64_t locking_minutes(struct cli *c)
{
    struct api_args args = {.name = BYTES(setting, sizeof setting - 1)};
    struct api_reply reply = {0};
    char text[MINUTES_BYTES];
    uint64_t minutes = LOCKING_MINUTES;
    if (cli_call(c, API_SETTING, &args, &reply))
        return minutes;
    struct bytes value = api_bytes(api_row(&reply, UINT32_MAX), F_TEXT);
    (void)snprintf(text, sizeof text, "%.*s",
                   (int)(value.n < sizeof text ? value.n : sizeof text - 1),
                   value.n > 0 ? (const char *)value.p : "");
    if (locking_minutes_of(text, &minutes))
        minutes = LOCKING_MINUTES;
    api_reply_free(&reply);
    return minutes;
}

static void say_when(struct screen *s, uint64_t minutes)
{
    char line[128];
    (void)snprintf(line, sizeof line,
                   ngettext("kring locks after %lu minute without typing.",
                            "kring locks after %lu minutes without typing.",
                            (unsigned long)minutes),
                   (unsigned long)minutes);
    screen_text(s, line);
}

void locking_add_when(struct cli *c, struct screen *s)
{
    say_when(s, locking_minutes(c));
    screen_text(s, _("l locks at once, at every question for a number."));
    screen_text(s, _("Closing the lid does not lock. Type l before."));
}

int locking_set_minutes(struct cli *c, uint64_t minutes)
{
    struct screen s = {0};
    char text[MINUTES_BYTES];
    int n = snprintf(text, sizeof text, "%" PRIu64, minutes);
    struct api_args args = {.name = BYTES(setting, sizeof setting - 1),
                            .text = BYTES(text, n),
                            .has_text = true};
    int err = cli_do(c, API_SETTING, &args);
    if (err)
        return err;
    say_when(&s, minutes);
    screen_row(&s);
    screen_cell_number(&s, "lock_minutes", minutes);
    return cli_show(c, &s);
}

static int set_after(struct cli *c)
{
    uint64_t minutes = 0;
    if (locking_minutes_of(c->args.value[OPTION_AFTER], &minutes))
        return cli_error(c, ERR_USAGE, _("Type a number from 1 to 60."));
    int err = opening_open(c, false);
    return err ? err : locking_set_minutes(c, minutes);
}

/* ---- now ----------------------------------------------------------------- */

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

static int lock_failed(struct cli *c, int err)
{
    if (err == ERR_NOANSWER)
        return cli_error(c, err, _("kring is still open. Turn this computer off."));
    if (err == ERR_DENIED)
        return cli_error(c, err, _("Somebody else has kring open here. Ask them."));
    return err;
}

int locking_now(struct cli *c)
{
    unsigned ended = 0;
    (void)fflush(stdout); /* or it would follow what is cleared now */
    place_clear();
    if (!session_is_remote(c->session))
        (void)!cli_do(c, API_LOCK, NULL);
    session_close(c->session);
    c->session = NULL;
    int err = lock_failed(c, lock_profile(c->home, &ended));
    place_clear(); /* what was told in between */
    if (!err)
        cli_say(_("Locked. Nothing arrives until you open it."));
    return err;
}

int command_lock(struct cli *c)
{
    unsigned ended = 0;
    if (!place_is_set_up(c->home))
        return ERR_NOSTORE;
    if (args_has(&c->args, OPTION_AFTER))
        return set_after(c);
    int err = lock_profile(c->home, &ended);
    if (!args_has(&c->args, OPTION_JSON))
        place_clear();
    err = lock_failed(c, err);
    return err ? err : show_locked(c, ended);
}
