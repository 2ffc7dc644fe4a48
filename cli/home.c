/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home.c -- the first screen of `kring` alone, and what happens while it waits. */
#include "cli/home.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/cmd_init.h"
#include "cli/groups.h"
#include "cli/help.h"
#include "cli/opening.h"
#include "cli/talk.h"
#include "node/core/peer.h"

enum { DAY_HOURS = 24 };

/* ---- what the node tells ------------------------------------------------- */

static void tell_group(struct home *h, uint64_t number, const char *format)
    __attribute__((format(printf, 3, 0)));

/* News go on lines of their own: call this before the first of them is written. */
static void begin_news(struct home *h)
{
    if (!h->news)
        prompt_break_line(&h->c->prompt);
    h->news = true;
}

/* A sentence with the group's name in it. */
static void tell_group(struct home *h, uint64_t number, const char *format)
{
    char sentence[VIEW_NAME_BYTES + VIEW_WORDS_BYTES], name[VIEW_NAME_BYTES];
    struct group_row g;
    if (view_group_number(h->c, number, &g))
        return;
    view_name(name, BYTES(g.name, strlen(g.name)));
    (void)snprintf(sentence, sizeof sentence, format, name);
    begin_news(h);
    cli_say(sentence);
}

/* Say who joined, once there is a name; false: there is none yet. */
static bool say_joined(struct home *h, const struct newcomer *n)
{
    struct api_args args = {.group = n->group, .has_group = true};
    struct api_reply reply = {0};
    bool known = true;
    if (cli_call(h->c, API_MEMBERS, &args, &reply))
        return true;
    for (uint32_t i = 0; i < api_rows(&reply); i++) {
        struct bytes row = api_row(&reply, i);
        char who[VIEW_NAME_BYTES], by[VIEW_NAME_BYTES];
        if (api_uint(row, F_ROW, UINT64_MAX) != n->row || api_uint(row, F_ME, 0))
            continue;
        known = !view_unnamed(api_bytes(row, F_NAME));
        view_name(who, api_bytes(row, F_NAME));
        view_name(by, api_bytes(row, F_LET_IN_BY));
        if (!known)
            continue;
        begin_news(h);
        cli_sayf(_("%s joined. Let in by %s."), who, by);
    }
    api_reply_free(&reply);
    return known;
}

/* Names come a moment after the people. */
static void tell_member(struct home *h, const struct session_event *event)
{
    struct newcomer n = {.group = event->group, .row = event->row};
    if (!say_joined(h, &n) && h->newcomers_count < HOME_NEWCOMERS_MAX)
        h->newcomers[h->newcomers_count++] = n;
}

static void tell_renamed(struct home *h, uint64_t group)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->newcomers_count; i++) {
        struct newcomer n = h->newcomers[i];
        if (n.group != group || !say_joined(h, &n))
            h->newcomers[kept++] = n;
    }
    h->newcomers_count = kept;
}

static void tell_sent(struct home *h, const struct session_event *event)
{
    if (!h->drafted || event->draft != h->draft || event->group != h->draft_group)
        return;
    h->drafted = false;
    begin_news(h);
    cli_say(_("Sent."));
}

static void tell_entry(struct home *h, uint64_t group)
{
    struct group_row g;
    if (view_group_number(h->c, group, &g) || g.unread == 0)
        return;
    begin_news(h);
    if (h->in_group && h->group == group)
        home_report(h, talk_show(h->c, &g, TALK_UNREAD));
    else
        cli_sayf(_("New in %s: %lu"), g.name, (unsigned long)g.unread);
}

static void tell(struct home *h, const struct session_event *event)
{
    switch (event->event) {
    case TELL_ENTRY: tell_entry(h, event->group); break;
    case TELL_SENT: tell_sent(h, event); break;
    case TELL_MEMBER: tell_member(h, event); break;
    case TELL_RENAMED: tell_renamed(h, event->group); break;
    case TELL_JOINED: tell_group(h, event->group, _("You are in: %s")); break;
    case TELL_REFUSED:
        begin_news(h);
        cli_say(_("You were not let in."));
        if (event->err)
            cli_say(gettext(err_text(event->err)));
        break;
    case TELL_DIGEST:
        tell_group(h, event->group, _("We do not all see the same group: %s"));
        break;
    case TELL_NEWER:
        tell_group(h, event->group, _("Something needs a newer kring: %s"));
        break;
    case TELL_CLOCK:
        begin_news(h);
        cli_say(_("The clock looks wrong. Dates may be off."));
        break;
    default: break; /* nothing a person must know at once */
    }
}

/* After news the question stands below them again. */
static void tell_between(struct home *h, const struct session_event *event)
{
    h->news = false;
    tell(h, event);
    if (h->news)
        prompt_show_again(&h->c->prompt);
}

/* Run the node until the person has typed something (prompt.h). */
static int wait_typing(void *ctx)
{
    struct home *h = ctx;
    for (;;) {
        struct session_event event = {0};
        int got = session_wait(h->c->session, h->c->prompt.fd, -1, &event);
        if (got < 0) {
            h->err = got;
            return got;
        }
        if (got & SESSION_EVENT)
            tell_between(h, &event);
        if (got & SESSION_STOP) {
            h->closing = true;
            return ERR_NEEDTERM;
        }
        if (got & SESSION_FD)
            return 0;
    }
}

/* ---- asking -------------------------------------------------------------- */

bool home_ask(struct home *h, const char *question, char out[static HOME_ANSWER_BYTES])
{
    struct buf line = {0};
    int err = prompt_ask(&h->c->prompt, question, &line);
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

void home_report(struct home *h, int err)
{
    if (err == ERR_NEEDTERM && h->c->prompt.ended)
        h->closing = true;
    else if (err && !h->c->told)
        cli_say(gettext(err_text(err)));
    h->c->told = false;
}

void home_take_back(struct home *h)
{
    int err = ERR_NOTFOUND;
    if (h->drafted)
        err = talk_take_back(h->c, h->draft_group, h->draft);
    h->drafted = false;
    if (err == ERR_NOTFOUND)
        cli_say(_("Nothing waits here. What is sent is sent."));
    else
        home_report(h, err);
}

/* ---- acts of the first screen -------------------------------------------- */

/* How long texts last; false: no such choice. */
static bool ask_lifetime(struct home *h, uint64_t *hours)
{
    static const uint64_t days[] = {1, 7, 30, 0};
    char answer[HOME_ANSWER_BYTES];
    struct screen s = {0};
    uint64_t n = 0;
    screen_text(&s, _("How long do texts stay?"));
    screen_choice(&s, "1", _("One day"));
    screen_choice(&s, "2", _("Seven days"));
    screen_choice(&s, "3", _("Thirty days"));
    screen_choice(&s, "4", _("They are kept"));
    cli_show_talk(&s);
    if (!home_ask(h, _("Number:"), answer) || args_number(answer, 4, &n) || n == 0)
        return false;
    *hours = days[n - 1] * DAY_HOURS;
    return true;
}

static void start_group(struct home *h)
{
    char name[HOME_ANSWER_BYTES];
    uint64_t hours = 0, number = 0;
    if (!home_ask(h, _("Name of the group:"), name))
        return;
    int err = view_check_name(h->c, name);
    if (!err && !ask_lifetime(h, &hours))
        return;
    if (!err)
        err = groups_start(h->c, name, hours, &number);
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
    int err = prompt_ask(&h->c->prompt, _("Your invitation:"), &line);
    if (!err)
        err = groups_join(h->c, BUF_BYTES(&line), &number);
    buf_free(&line);
    home_report(h, err);
    if (!err)
        cli_say(_("It goes on by itself. You will see it here."));
}

static void about_me(struct home *h)
{
    struct screen s = {0};
    int err = groups_add_about_me(h->c, &s);
    if (!err)
        err = cli_show(h->c, &s);
    screen_free(&s);
    home_report(h, err);
}

static void safety(struct home *h)
{
    struct screen s = {0};
    help_add_safety(&s);
    home_report(h, cli_show(h->c, &s));
}

static void explain(struct home *h)
{
    struct screen s = {0};
    screen_text(&s, _("Type a number, then press Enter."));
    screen_text(&s, _("A group is a circle of people who talk here."));
    screen_text(&s, _("The line with talk or record says what stays."));
    screen_text(&s, _("0 goes back, and closes kring from here."));
    home_report(h, cli_show(h->c, &s));
}

/* The acts stand below the groups, in this order. */
static const struct act {
    void (*run)(struct home *h);
    const char *text;
} acts[] = {
    {start_group, N_("Start a group")},
    {join_group, N_("Join with an invitation")},
    {about_me, N_("What this device holds about you")},
    {safety, N_("What kring cannot do")},
};
enum { ACTS_COUNT = sizeof acts / sizeof *acts };

/* ---- the first screen ---------------------------------------------------- */

/* The groups in the order shown: those with something new first. */
struct order {
    uint64_t numbers[LIMIT_GROUPS_MAX];
    size_t count;
};

static void add_group_choice(struct screen *s, struct order *order,
                             const struct group_row *g)
{
    char key[8], text[VIEW_NAME_BYTES + VIEW_WORDS_BYTES], name[VIEW_NAME_BYTES];
    if (order->count == LIMIT_GROUPS_MAX)
        return;
    order->numbers[order->count++] = g->number;
    (void)snprintf(key, sizeof key, "%zu", order->count);
    view_name(name, BYTES(g->name, strlen(g->name)));
    if (g->joining)
        (void)snprintf(text, sizeof text, _("%s (waits to be let in)"), name);
    else if (g->unread > 0)
        (void)snprintf(text, sizeof text, _("%s (new: %lu)"), name,
                       (unsigned long)g->unread);
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
            if ((g.unread > 0) == (pass == 0))
                add_group_choice(s, order, &g);
        }
    }
    api_reply_free(&reply);
    return err;
}

/* The screen itself; without a session there are no groups on it. */
static int build_screen(struct cli *c, struct screen *s, struct order *order)
{
    char key[8];
    int err = 0;
    screen_title(s, "kring");
    cli_add_warnings(s);
    if (c->session)
        err = add_groups(c, s, order);
    else
        screen_text(s, gettext(err_text(ERR_NOSTORE)));
    for (size_t i = 0; i < ACTS_COUNT && !err && c->session; i++) {
        (void)snprintf(key, sizeof key, "%zu", order->count + i + 1);
        screen_choice(s, key, gettext(acts[i].text));
    }
    if (c->session) {
        screen_choice(s, "0", _("Close"));
        screen_choice(s, "?", _("Explain"));
    }
    return err;
}

static void choose(struct home *h, const struct order *order, const char *answer)
{
    uint64_t n = 0;
    if (strcmp(answer, "?") == 0) {
        explain(h);
    } else if (strcmp(answer, "u") == 0) {
        home_take_back(h);
    } else if (args_number(answer, order->count + ACTS_COUNT, &n)) {
        cli_say(_("Type one of the numbers."));
    } else if (n == 0 && *answer) {
        h->closing = true;
    } else if (n > 0 && n <= order->count) {
        home_group(h, order->numbers[n - 1]);
    } else if (n > order->count) {
        acts[n - order->count - 1].run(h);
    }
}

static void loop(struct home *h)
{
    while (!h->closing && !h->err) {
        char answer[HOME_ANSWER_BYTES];
        struct screen s = {0};
        struct order order = {.count = 0};
        int err = build_screen(h->c, &s, &order);
        if (!err)
            err = cli_show(h->c, &s);
        screen_free(&s);
        if (err) {
            h->err = err;
            return;
        }
        if (home_ask(h, _("Number:"), answer))
            choose(h, &order, answer);
    }
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

int command_home(struct cli *c)
{
    struct home h = {.c = c};
    int err = 0;
    if (!prompt_can(&c->prompt) || args_has(&c->args, OPTION_JSON))
        return show_once(c);
    if (place_is_set_up(c->home)) {
        opening_warn_swap();
        err = opening_open(c, true);
    } else {
        err = init_profile(c, true);
    }
    if (!err)
        err = cli_do(c, API_FOLLOW, NULL);
    if (err)
        return err;
    c->prompt.wait = wait_typing;
    c->prompt.ctx = &h;
    loop(&h);
    c->prompt.wait = NULL;
    if (!h.err)
        cli_say(_("kring is closed."));
    return h.err;
}
