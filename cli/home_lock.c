/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_lock.c -- when kring locks by itself, and how. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/home.h"
#include "cli/locking.h"
#include "cli/panic.h"

enum {
    MS_PER_S = 1000,
    LOOK_MS = 1000, /* a sleep of the computer is noticed that soon after it */
    KEY_BYTES_MAX = 32,
};

/* ---- idle ---------------------------------------------------------------- */

static struct idle_now now_of(void)
{
    uint64_t slept_ms = 0, ms = session_now_ms(&slept_ms);
    return (struct idle_now){ms, slept_ms};
}

void home_typed(struct home *h)
{
    idle_typed(&h->idle, now_of());
}

/* Below the warning the open question stands again, with what was typed so far; from
 * here on every key counts, not only whole lines. */
static void warn(struct home *h, uint64_t left_ms)
{
    unsigned long seconds = (unsigned long)((left_ms + MS_PER_S - 1) / MS_PER_S);
    prompt_take_keys(&h->c->prompt);
    prompt_break_line(&h->c->prompt);
    cli_sayf(_("kring locks in %lu seconds. Press the space bar to stay."), seconds);
    prompt_show_again(&h->c->prompt);
}

int64_t home_idle_ms(struct home *h)
{
    uint64_t left_ms = 0;
    switch (idle_look(&h->idle, now_of(), locking_minutes(h->c), &left_ms)) {
    case IDLE_LOCK: return 0;
    case IDLE_WARN: warn(h, left_ms); break;
    case IDLE_WAIT: break;
    }
    return left_ms < LOOK_MS ? (int64_t)left_ms : LOOK_MS;
}

/* ---- locking ------------------------------------------------------------- */

void home_lock(struct home *h)
{
    h->err = locking_now(h->c);
}

void home_when_locks(struct home *h)
{
    struct screen s = {0};
    uint64_t n = 0;
    locking_add_when(h->c, &s);
    screen_choice(&s, "1", _("Change the minutes"));
    screen_choice(&s, "2", _("Erase everything, in need"));
    if (!home_choose(h, &s, 2, &n))
        return;
    if (n == 2) {
        home_report(h, panic_choose(h->c));
        return;
    }
    cli_say(_("After how many minutes without typing? 1 to 60."));
    while (!h->closing) {
        char answer[HOME_ANSWER_BYTES];
        bool asked = home_ask_number(h, answer);
        if (asked && (!*answer || strcmp(answer, "0") == 0))
            return;
        if (asked && locking_minutes_of(answer, &n) == 0) {
            home_report(h, locking_set_minutes(h->c, n));
            return;
        }
        if (asked)
            cli_say(_("Type a number from 1 to 60."));
    }
}
