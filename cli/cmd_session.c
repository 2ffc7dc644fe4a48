/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_session.c -- the command `session`: nothing of it stays on this computer. */
#include <stdio.h>
#include <string.h>

#include "cli/cmd_init.h"
#include "cli/guest.h"
#include "cli/opening.h"
#include "crypto/hash.h"

enum { MINUTE_MS = 60 * 1000 };

/* ---- while it runs ------------------------------------------------------- */

void guest_typed(struct home *h)
{
    h->typed_ms = session_clock_ms();
    h->warned = false;
}

static void warn(struct home *h)
{
    h->warned = true;
    prompt_break_line(&h->c->prompt);
    cli_sayf(ngettext("Session ends in %lu minute. Press Enter to stay.",
                      "Session ends in %lu minutes. Press Enter to stay.",
                      (unsigned long)GUEST_WARN_MINUTES),
             (unsigned long)GUEST_WARN_MINUTES);
    prompt_show_again(&h->c->prompt);
}

int64_t guest_idle_ms(struct home *h)
{
    const uint64_t end_ms = (uint64_t)GUEST_IDLE_MINUTES * MINUTE_MS;
    const uint64_t warn_ms = end_ms - (uint64_t)GUEST_WARN_MINUTES * MINUTE_MS;
    uint64_t idle_ms = session_clock_ms() - h->typed_ms;
    if (!h->c->guest)
        return -1;
    if (idle_ms >= end_ms)
        return 0;
    if (idle_ms >= warn_ms && !h->warned)
        warn(h);
    return (int64_t)((h->warned ? end_ms : warn_ms) - idle_ms);
}

bool guest_may_end(struct home *h)
{
    struct screen s = {0};
    uint64_t n = 0;
    unsigned long waiting = (unsigned long)home_count_waiting(h->c);
    char lost[VIEW_WORDS_BYTES];
    if (waiting == 0)
        return true;
    (void)snprintf(lost, sizeof lost,
                   ngettext("%lu text waits. It is lost if you end now.",
                            "%lu texts wait. They are lost if you end now.", waiting),
                   waiting);
    screen_text(&s, lost);
    screen_choice(&s, "1", _("End now"));
    return home_choose(h, &s, 1, &n);
}

/* ---- beginning and end --------------------------------------------------- */

static void say_before(struct cli *c)
{
    struct screen s = {0};
    screen_text(&s, _("Nothing is written on this computer."));
    screen_text(&s, _("When it ends all is gone here: names, groups, texts."));
    screen_text(&s, _("Nobody can bring it back. You need a new invitation then."));
    screen_text(&s, _("Who runs this computer may see what you type."));
    screen_text(&s, _("0 ends it. So do 20 minutes without you."));
    cli_show_talk(&s);
    opening_warn_swap(c);
}

/* A fresh data key, which is never stored. */
static int open_in_memory(struct cli *c)
{
    uint8_t data_key[32];
    struct session_config config = {
        .listen = c->args.listen,
        .listen_count = c->args.listen_count,
        .online = true,
    };
    entropy_fill(&c->entropy, data_key, sizeof data_key);
    int err = session_local(&c->session, &config, data_key);
    wipe(data_key, sizeof data_key);
    return err;
}

/* What the person reads last is true by then. */
static void end(struct cli *c)
{
    session_close(c->session);
    c->session = NULL;
    place_clear();
    cli_say(_("Close this window too. It may keep what it showed."));
    cli_say(_("Ended. Nothing stays here."));
}

int command_session(struct cli *c)
{
    if (args_has(&c->args, OPTION_HOME) || args_has(&c->args, OPTION_PASSPHRASE_FILE))
        return cli_error(
            c, ERR_USAGE,
            _("A session has no folder. For a stick: kring --home FOLDER"));
    if (!prompt_can(&c->prompt) || args_has(&c->args, OPTION_JSON))
        return cli_error(c, ERR_NEEDTERM, _("A session needs a person at a terminal."));
    c->guest = true;
    int err = init_language(c);
    if (err)
        return err;
    say_before(c);
    err = open_in_memory(c);
    if (!err)
        err = home_run(c);
    end(c);
    return err;
}
