/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_lock.c -- when kring locks by itself, how, and what becomes of a half text. */
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

/* ---- a text that is half written ------------------------------------------ */

static struct bytes half_name(char out[static KEY_BYTES_MAX], uint64_t group)
{
    int n = snprintf(out, KEY_BYTES_MAX, API_HALF "%" PRIu64, group);
    return BYTES(out, n > 0 ? n : 0);
}

int home_half_put(struct home *h, uint64_t group, struct bytes text)
{
    char name[KEY_BYTES_MAX];
    struct api_args args = {
        .name = half_name(name, group), .text = text, .has_text = true};
    return cli_do(h->c, API_SETTING, &args);
}

int home_half_get(struct home *h, uint64_t group, struct buf *out)
{
    char name[KEY_BYTES_MAX];
    struct api_args args = {.name = half_name(name, group)};
    struct api_reply reply = {0};
    int err = cli_call(h->c, API_SETTING, &args, &reply);
    if (err)
        return err;
    struct bytes text = api_bytes(api_row(&reply, UINT32_MAX), F_TEXT);
    err = text.n > 0 ? buf_append(out, text, LIMIT_BODY_BYTES_MAX) : ERR_NOTFOUND;
    api_reply_free(&reply);
    return err;
}

/* A key may have been half pressed: a letter of several bytes is kept whole or not. */
static struct bytes whole_letters(struct bytes text)
{
    for (int i = 0; i < 4 && text.n > 0 && text_check(text); i++)
        text.n--;
    return text;
}

void home_half_keep(struct home *h)
{
    struct prompt *p = &h->c->prompt;
    if (!h->writing)
        return;
    prompt_take_keys(p);
    struct bytes text = whole_letters(BUF_BYTES(&p->typed));
    if (text.n > 0 && text_check(text) == 0)
        (void)!home_half_put(h, h->group, text); /* there is no time to say more */
    h->writing = false;
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
