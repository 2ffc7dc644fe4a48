/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_around.c -- looking around, networks of ours and six words, from the screens. */
#include <stdio.h>
#include <string.h>

#include "cli/home.h"
#include "cli/nearby.h"

enum { STEP_MS = 500 };

static void told(void *ctx, const struct session_event *event)
{
    home_tell(ctx, event);
}

/* ---- looking around ------------------------------------------------------------- */

/* False: the person pressed Enter, or it ends. */
static bool wait_step(struct home *h)
{
    struct session_event event = {0};
    int got = session_wait(h->c->session, h->c->prompt.fd, STEP_MS, &event);
    if (got < 0)
        h->err = got;
    if (got > 0 && got & SESSION_EVENT)
        home_tell(h, &event);
    if (got > 0 && got & SESSION_STOP) {
        h->closing = true;
        h->away = (got & SESSION_AWAY) != 0;
    }
    if (got > 0 && got & SESSION_FD && prompt_drop(&h->c->prompt))
        h->closing = true;
    return got >= 0 && !(got & (SESSION_FD | SESSION_STOP));
}

static void look(struct home *h)
{
    struct nearby_look found = {.named_count = 0};
    uint64_t left_ms = 1;
    int err = nearby_begin(h->c);
    if (!err)
        cli_say(_("Press Enter to stop looking."));
    while (!err && left_ms > 0 && wait_step(h))
        err = nearby_step(h->c, &found, &left_ms);
    if (!err && !h->closing && !h->err)
        err = nearby_end(h->c, &found);
    home_report(h, err);
}

static void mark(struct home *h)
{
    struct buf name = {0};
    int err =
        prompt_ask(&h->c->prompt, _("A name for this network, only for you:"), &name);
    if (!err && name.n > 0)
        err = buf_append(&name, BYTES("", 1), PROMPT_LINE_BYTES_MAX + 1);
    if (!err && name.n > 0)
        err = nearby_mark(h->c, (const char *)name.p);
    buf_free(&name);
    home_report(h, err);
}

static void forget(struct home *h)
{
    struct screen s = {0};
    uint64_t count = 0, n = 0;
    int err = nearby_add_networks(h->c, &s, &count);
    if (err || count == 0) {
        if (!err)
            home_show(h, &s);
        screen_free(&s);
        home_report(h, err);
        return;
    }
    screen_text(&s, _("Which one do you want to forget?"));
    if (home_choose(h, &s, count, &n))
        home_report(h, nearby_forget(h->c, n));
}

void home_around(struct home *h)
{
    struct screen s = {0};
    uint64_t n = 0;
    screen_text(&s, _("Others on this network, with kring open, can be found."));
    screen_choice(&s, "1", _("Look for two minutes"));
    screen_choice(&s, "2", _("This network is ours: remember it"));
    screen_choice(&s, "3", _("Forget a network"));
    if (!home_choose(h, &s, 3, &n))
        return;
    if (n == 1)
        look(h);
    else if (n == 2)
        mark(h);
    else
        forget(h);
}

/* ---- six words ------------------------------------------------------------------ */

void home_offer_words(struct home *h, const struct group_row *g, bool steward)
{
    struct nearby_ear ear = {told, h};
    struct buf words = {0};
    int err = nearby_offer(h->c, g, steward, &ear, &words);
    if (!err) {
        struct screen s = {0};
        err = buf_append(&words, BYTES("", 1), PROMPT_LINE_BYTES_MAX);
        cli_say(_("Say these six words to one person:"));
        screen_text(&s, err ? "" : (const char *)words.p);
        home_report(h, cli_show(h->c, &s));
        cli_say(_("They work once, for ten minutes, on this network."));
        cli_say(_("Keep kring open, so that this person can come in."));
    }
    buf_free(&words);
    home_report(h, err);
}

void home_seek_words(struct home *h, struct bytes words)
{
    struct nearby_ear ear = {told, h};
    home_report(h, nearby_seek(h->c, words, &ear));
}
