/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home.c -- the first screen of `kring` alone, and what happens while it waits. */
#include "cli/home.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/cmd_init.h"
#include "cli/groups.h"
#include "cli/guest.h"
#include "cli/help.h"
#include "cli/invitation.h"
#include "cli/opening.h"
#include "cli/pages.h"
#include "cli/settings.h"
#include "cli/panic.h"
#include "cli/talk.h"
#include "node/core/peer.h"

enum { DAY_HOURS = 24 };

/* The screens end: by the person, the system, or because nobody typed. */
static int end_waiting(struct home *h, bool away)
{
    h->closing = true;
    h->away = away;
    return ERR_NEEDTERM;
}

/* Run the node until the person has typed something (prompt.h). */
static int wait_typing(void *ctx)
{
    struct home *h = ctx;
    for (;;) {
        struct session_event event = {0};
        int64_t idle_ms = h->c->guest ? guest_idle_ms(h) : home_idle_ms(h);
        h->locked = idle_ms == 0 && !h->c->guest;
        if (idle_ms == 0)
            return end_waiting(h, false);
        int got = session_wait(h->c->session, h->c->prompt.fd, idle_ms, &event);
        if (got < 0) {
            h->err = got;
            return got;
        }
        if (got & SESSION_EVENT)
            home_tell(h, &event);
        if (got & SESSION_STOP)
            return end_waiting(h, (got & SESSION_AWAY) != 0);
        if (got & SESSION_FD) {
            home_typed(h);
            guest_typed(h);
            return 0;
        }
    }
}

/* ---- asking -------------------------------------------------------------- */

/* Ask for one line, as home_ask_number asks for a number. */
static bool ask_line(struct home *h, const char *question,
                     char out[static HOME_ANSWER_BYTES])
{
    struct buf line = {0};
    int err = h->choosing ? prompt_ask_number(&h->c->prompt, question, &line)
                          : prompt_ask(&h->c->prompt, question, &line);
    size_t from = 0, n = line.n;
    if (err)
        h->closing = true;
    while (from < n && line.p[from] == ' ')
        from++;
    while (n > from && line.p[n - 1] == ' ')
        n--;
    n -= from;
    bool fits =
        !err && n < HOME_ANSWER_BYTES && !(n > 0 && memchr(line.p + from, 0, n));
    if (fits && n > 0)
        memcpy(out, line.p + from, n);
    out[fits ? n : 0] = '\0';
    buf_free(&line);
    if (!err && !fits)
        cli_say(gettext(err_text(ERR_TOOBIG)));
    return fits;
}

bool home_ask(struct home *h, const char *question, char out[static HOME_ANSWER_BYTES])
{
    home_tell_kept(h);
    h->choosing = true;
    bool asked = ask_line(h, question, out);
    h->choosing = false;
    if (!asked || strcmp(out, PANIC_WORD) != 0)
        return asked;
    home_report(h, panic_erase(h->c));
    h->erased = h->c->session == NULL;
    h->closing = h->closing || h->erased;
    return false;
}

bool home_ask_number(struct home *h, char out[static HOME_ANSWER_BYTES])
{
    return home_ask(h, _("Number:"), out);
}

bool home_choose(struct home *h, struct screen *s, uint64_t max, uint64_t *n)
{
    screen_choice(s, "0", _("Back"));
    cli_show_talk(s);
    while (!h->closing) {
        char answer[HOME_ANSWER_BYTES];
        bool asked = home_ask_number(h, answer);
        if (asked && args_number(answer, max, n) == 0)
            return *n > 0;
        if (asked)
            cli_say(_("Type one of the numbers."));
    }
    return false;
}

void home_report(struct home *h, int err)
{
    if (err == ERR_NEEDTERM && h->c->prompt.ended)
        h->closing = true;
    else if (err && !h->c->told && !h->closing)
        cli_say(gettext(err_text(err)));
    h->c->told = false;
}

void home_gap(const struct home *h)
{
    (void)fflush(stderr);
    if (!args_has(&h->c->args, OPTION_JSON))
        (void)fputc('\n', stdout);
}

void home_show(struct home *h, struct screen *s)
{
    pages_begin(h->c);
    home_report(h, cli_show(h->c, s));
    pages_end(h->c, HOME_MENU_ROWS);
}

/* The group whose text was written last: that of this run before any other. */
static int find_waiting(struct home *h, uint64_t *group, struct talk_waiting *w)
{
    struct api_reply reply = {0};
    if (h->in_group) {
        *group = h->group;
        return talk_find_waiting(h->c, *group, w);
    }
    *w = (struct talk_waiting){0};
    int err = cli_call(h->c, API_GROUPS, NULL, &reply);
    for (uint32_t i = 0; !err && i < api_rows(&reply); i++) {
        uint64_t number = api_uint(api_row(&reply, i), F_GROUP, 0);
        struct talk_waiting found;
        if (w->count > 0 && number != h->draft_group)
            continue;
        err = talk_find_waiting(h->c, number, &found);
        if (err || found.count == 0)
            continue;
        *group = number;
        *w = found;
    }
    api_reply_free(&reply);
    return err;
}

void home_take_back(struct home *h)
{
    struct talk_waiting w = {0};
    uint64_t group = 0;
    int err = find_waiting(h, &group, &w);
    if (!err)
        err = w.count > 0 ? talk_take_back(h->c, group, w.newest) : ERR_NOTFOUND;
    if (err == ERR_NOTFOUND)
        cli_say(_("Nothing waits here. What is sent is sent."));
    else
        home_report(h, err);
    if (err)
        return;
    h->unsent_shown = false; /* a long one is unsent now */
    if (!h->in_group) {
        struct group_row g;
        if (view_group_number(h->c, group, &g) == 0)
            cli_sayf(_("It was for: %s"), g.name);
    }
    if (find_waiting(h, &group, &w) == 0 && w.count > 0)
        cli_sayf(ngettext("%lu older text waits. Type u to take it back.",
                          "%lu older texts wait. Type u to take one back.",
                          (unsigned long)w.count),
                 (unsigned long)w.count);
}

/* ---- acts of the first screen -------------------------------------------- */

/* How long texts last, by how often people come by: who comes less often would miss
 * texts that end soon.  False: the person went back. */
static bool ask_lifetime(struct home *h, uint64_t *hours)
{
    static const uint64_t days[] = {7, 7, 30, 0};
    struct screen s = {0};
    uint64_t n = 0;
    screen_text(&s, _("A text goes from every device. Somebody may have copied it."));
    screen_text(&s, _("How often do people come by?"));
    screen_choice(&s, "1", _("Every day: texts go after 7 days"));
    screen_choice(&s, "2", _("Every week: texts go after 7 days"));
    screen_choice(&s, "3", _("Less often: texts go after 30 days"));
    screen_choice(&s, "4", _("Keep everything: texts do not go"));
    if (!home_choose(h, &s, 4, &n))
        return false;
    *hours = days[n - 1] * DAY_HOURS;
    return true;
}

/* A name for a group; false: the person went back. */
static bool ask_group_name(struct home *h, char name[static HOME_ANSWER_BYTES])
{
    cli_say(_("To go back, press only Enter."));
    while (!h->closing) {
        if (!ask_line(h, _("Name of the group:"), name))
            continue;
        if (!*name)
            return false;
        int err = view_check_name(h->c, name);
        if (!err)
            return true;
        home_report(h, err);
    }
    return false;
}

static void start_group(struct home *h)
{
    char name[HOME_ANSWER_BYTES];
    uint64_t hours = 0, number = 0;
    if (!ask_group_name(h, name) || !ask_lifetime(h, &hours))
        return;
    int err = groups_start(h->c, name, hours, &number);
    home_report(h, err);
    if (err)
        return;
    cli_say(_("Only you can let people in, until there is a second keeper."));
    home_group(h, number);
}

static void join_group(struct home *h)
{
    struct buf line = {0};
    uint64_t number = 0;
    cli_say(_("Paste the whole line. To go back, press only Enter."));
    cli_say(_("Or type the six words that somebody said to you."));
    int err = invitation_ask(h->c, &line);
    bool back = err == ERR_EMPTY;
    if (!err && invitation_is_words(BUF_BYTES(&line))) {
        home_seek_words(h, BUF_BYTES(&line));
        buf_free(&line);
        return;
    }
    if (!err)
        err = groups_join(h->c, BUF_BYTES(&line), &number);
    buf_free(&line);
    if (!back)
        home_report(h, err);
    if (!err)
        cli_say(_("It goes on by itself. You will see it here."));
}

static void about_me(struct home *h)
{
    struct screen s = {0};
    int err = groups_add_about_me(h->c, &s);
    if (!err)
        home_show(h, &s);
    screen_free(&s);
    home_report(h, err);
}

static void safety(struct home *h)
{
    struct screen s = {0};
    help_add_safety(&s);
    home_show(h, &s);
}

static void explain(struct home *h)
{
    struct screen s = {0};
    screen_text(&s, _("Type a number, then press Enter."));
    screen_text(&s, _("A group is a circle of people who talk here."));
    screen_text(&s, _("What stands in brackets says what stays."));
    screen_text(&s, _("0 goes back, and closes kring from here."));
    screen_text(&s, _("l locks at once, at every question for a number."));
    home_show(h, &s);
}

/* The acts stand below the groups, in this order. */
static const struct act {
    void (*run)(struct home *h);
    const char *text;
} acts[] = {
    {start_group, N_("Start a group")},
    {join_group, N_("Join with an invitation")},
    {home_around, N_("Look around for others")},
    {about_me, N_("What this device holds about you")},
    {safety, N_("What kring cannot do")},
    {home_settings, N_("Language and large letters")},
    {home_when_locks, N_("When kring locks")},
};
enum { ACTS_COUNT = sizeof acts / sizeof *acts };

/* A guest starts no group: it would lose who can let people in.  Nor is there anything
 * to lock: it ends. */
static const struct act *acts_of(const struct cli *c, size_t *count)
{
    *count = c->guest ? ACTS_COUNT - 2 : ACTS_COUNT;
    return c->guest ? acts + 1 : acts;
}

/* ---- the first screen ---------------------------------------------------- */

/* The groups in the order shown: those with something new first. */
struct order {
    uint64_t numbers[LIMIT_GROUPS_MAX];
    bool nameless[LIMIT_GROUPS_MAX];
    size_t count;
};

static void add_group_choice(struct screen *s, struct order *order,
                             const struct group_row *g)
{
    char key[8], text[VIEW_NAME_BYTES + VIEW_WORDS_BYTES], name[VIEW_NAME_BYTES];
    if (order->count == LIMIT_GROUPS_MAX)
        return;
    order->nameless[order->count] = view_unnamed(BYTES(g->name, strlen(g->name)));
    order->numbers[order->count++] = g->number;
    (void)snprintf(key, sizeof key, "%zu", order->count);
    view_name(name, BYTES(g->name, strlen(g->name)));
    if (g->joining)
        (void)snprintf(text, sizeof text, "%s", _("Waiting to be let in"));
    else if (g->quiet)
        (void)snprintf(text, sizeof text, _("%s (quiet)"), name);
    else if (g->unread_named > 0)
        (void)snprintf(text, sizeof text, _("%s (new: %lu, names you: %lu)"), name,
                       (unsigned long)g->unread, (unsigned long)g->unread_named);
    else if (g->unread > 0)
        (void)snprintf(text, sizeof text, _("%s (new: %lu)"), name,
                       (unsigned long)g->unread);
    else if (g->ended_unread > 0)
        (void)snprintf(text, sizeof text, _("%s (ended: %lu)"), name,
                       (unsigned long)g->ended_unread);
    else
        (void)snprintf(text, sizeof text, "%s", name);
    screen_choice(s, key, text);
}

static int add_groups(struct cli *c, struct screen *s, struct order *order)
{
    struct api_reply reply = {0};
    int err = cli_call(c, API_GROUPS, NULL, &reply);
    for (int pass = 0; pass < 2 && !err; pass++) {
        for (uint32_t i = 0; i < api_rows(&reply); i++) {
            struct group_row g = view_group(api_row(&reply, i));
            if ((g.unread > 0 && !g.quiet) == (pass == 0))
                add_group_choice(s, order, &g);
        }
    }
    api_reply_free(&reply);
    return err;
}

uint64_t home_count_waiting(struct cli *c)
{
    struct api_reply reply = {0};
    if (cli_call(c, API_STATUS, NULL, &reply))
        return 0;
    uint64_t count = api_uint(api_row(&reply, UINT32_MAX), F_DRAFT, 0);
    api_reply_free(&reply);
    return count;
}

/* The screen itself; without a session there are no groups on it. */
static int build_screen(struct cli *c, struct screen *s, struct order *order)
{
    char key[8];
    int err = 0;
    size_t acts_count = 0;
    const struct act *act = acts_of(c, &acts_count);
    screen_title(s, "kring");
    cli_add_warnings(s);
    if (c->session)
        err = add_groups(c, s, order);
    else
        screen_text(s, gettext(err_text(ERR_NOSTORE)));
    for (size_t i = 0; i < acts_count && !err && c->session; i++) {
        (void)snprintf(key, sizeof key, "%zu", order->count + i + 1);
        screen_choice(s, key, gettext(act[i].text));
    }
    if (c->session) {
        if (home_count_waiting(c) > 0)
            screen_choice(s, "u", _("Take my text back"));
        screen_choice(s, "0", c->guest ? _("End") : _("Close"));
        if (!c->guest)
            screen_choice(s, "l", _("Lock"));
        screen_choice(s, "?", _("Explain"));
    }
    return err;
}

static void choose(struct home *h, const struct order *order, const char *answer)
{
    uint64_t n = 0;
    size_t acts_count = 0;
    const struct act *act = acts_of(h->c, &acts_count);
    if (strcmp(answer, "?") == 0) {
        explain(h);
    } else if (strcmp(answer, "u") == 0 || strcmp(answer, "U") == 0) {
        home_take_back(h);
    } else if (*answer && args_number(answer, order->count + acts_count, &n)) {
        cli_say(_("Type one of the numbers."));
    } else if (n == 0 && *answer) {
        h->closing = !h->c->guest || guest_may_end(h) || h->closing;
    } else if (n > 0 && n <= order->count) {
        home_group(h, order->numbers[n - 1]);
    } else if (n > order->count) {
        act[n - order->count - 1].run(h);
    }
}

static void loop(struct home *h)
{
    while (!h->closing && !h->err) {
        char answer[HOME_ANSWER_BYTES];
        struct screen s = {0};
        struct order order = {.count = 0};
        home_tell_kept(h);
        home_gap(h);
        int err = build_screen(h->c, &s, &order);
        for (size_t i = 0; i < order.count; i++)
            if (order.nameless[i])
                home_await_name(h, order.numbers[i]);
        if (!err)
            err = cli_show(h->c, &s);
        screen_free(&s);
        if (err) {
            h->err = err;
            return;
        }
        if (home_ask_number(h, answer))
            choose(h, &order, answer);
    }
}

/* What a person who closes kring has to know. */
static void say_closed(struct cli *c)
{
    unsigned long waiting = (unsigned long)home_count_waiting(c);
    bool remote = session_is_remote(c->session);
    if (waiting > 0 && remote)
        cli_sayf(ngettext("%lu text waits. kring sends it soon.",
                          "%lu texts wait. kring sends them soon.", waiting),
                 waiting);
    else if (waiting > 0)
        cli_sayf(ngettext("%lu text waits. It goes when kring is open again.",
                          "%lu texts wait. They go when kring is open again.", waiting),
                 waiting);
    if (waiting > 0 && !remote)
        cli_say(_("Then nobody can take it back."));
    cli_say(remote ? _("Closed here. Another kring on this device stays open.")
                   : _("kring is closed."));
}

/* Without a person at a terminal the first screen is shown once. */
static int show_once(struct cli *c)
{
    struct screen s = {0};
    struct order order = {.count = 0};
    int err = place_is_set_up(c->home) ? opening_open(c, false) : 0;
    if (!err)
        err = build_screen(c, &s, &order);
    if (!err)
        err = cli_show(c, &s);
    screen_free(&s);
    return err;
}

/* A signal that ends everything meanwhile. */
static void at_signal(void)
{
    prompt_set_back();
    place_clear_at_signal();
}

/* How it ended, in the order of what matters most. */
static void say_end(struct home *h)
{
    struct cli *c = h->c;
    if (h->erased)
        return;     /* that was said */
    if (c->guest) { /* what it means is said by who began it */
        place_clear();
        return;
    }
    if (h->locked || c->prompt.locked) {
        home_lock(h);
    } else if (h->away) {
        place_clear();
        cli_say(_("kring is closed."));
    } else if (!h->err) {
        say_closed(c);
    }
}

int home_run(struct cli *c)
{
    struct home h = {.c = c};
    int err = cli_do(c, API_FOLLOW, NULL);
    if (err)
        return err;
    c->prompt.wait = wait_typing;
    c->prompt.ctx = &h;
    session_at_signal(at_signal);
    home_typed(&h);
    guest_typed(&h);
    loop(&h);
    c->prompt.wait = NULL;
    say_end(&h);
    session_at_signal(NULL);
    return h.err;
}

int command_home(struct cli *c)
{
    int err = 0;
    if (!prompt_can(&c->prompt) || args_has(&c->args, OPTION_JSON))
        return show_once(c);
    if (place_is_set_up(c->home)) {
        opening_warn_swap(c);
        err = opening_open(c, true);
    } else {
        err = init_profile(c, true);
    }
    return err ? err : home_run(c);
}
