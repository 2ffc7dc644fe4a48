/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_news.c -- what the node tells, in words, now or when the person has written. */
#include <stdio.h>
#include <string.h>

#include "cli/home.h"
#include "cli/nearby.h"
#include "cli/talk.h"
#include "node/core/peer.h"

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
        cli_say(_("Reads from today."));
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

/* A keeper changed how long new texts stay. */
static void tell_lifetime(struct home *h, uint64_t group)
{
    struct api_args args = {.group = group, .has_group = true, .on = true};
    struct group_row g;
    struct screen s = {0};
    if (view_group_number(h->c, group, &g) || !g.changed)
        return;
    begin_news(h);
    if (!h->in_group || h->group != group)
        screen_pair(&s, _("Group"), BYTES(g.name, strlen(g.name)));
    view_add_changed(&s, &g);
    if (cli_show(h->c, &s) == 0) /* seen; nothing else becomes read */
        home_report(h, cli_do(h->c, API_MARK_READ, &args));
}

static void tell_sent(struct home *h, uint64_t group)
{
    if (!h->in_group || h->group != group) {
        tell_group(h, group, _("Sent in %s."));
        return;
    }
    begin_news(h);
    cli_say(_("Sent."));
}

/* Somebody must say yes to us. */
static void tell_asked(struct home *h, uint64_t group)
{
    struct group_row g;
    if (view_group_number(h->c, group, &g) || !g.asked)
        return;
    begin_news(h);
    cli_sayf(_("%s must say yes. You can close kring."), g.host);
    cli_say(_("Choose: Waiting to be let in. There you compare."));
}

/* Its name comes a moment after we are in. */
static void tell_joined(struct home *h, uint64_t group)
{
    struct group_row g;
    if (view_group_number(h->c, group, &g))
        return;
    if (!view_unnamed(BYTES(g.name, strlen(g.name)))) {
        tell_group(h, group, _("You are in: %s"));
        return;
    }
    home_await_name(h, group);
    begin_news(h);
    cli_say(_("You are in. The name of the group comes soon."));
}

/* The name of a group that had none. */
static void tell_group_name(struct home *h, uint64_t group)
{
    struct group_row g;
    for (size_t i = 0; i < h->nameless_count; i++) {
        if (h->nameless[i] != group || view_group_number(h->c, group, &g) ||
            g.joining || view_unnamed(BYTES(g.name, strlen(g.name))))
            continue;
        h->nameless[i] = h->nameless[--h->nameless_count];
        tell_group(h, group, _("This group is called: %s"));
        return;
    }
}

void home_await_name(struct home *h, uint64_t group)
{
    for (size_t i = 0; i < h->nameless_count; i++)
        if (h->nameless[i] == group)
            return;
    if (h->nameless_count < LIMIT_GROUPS_MAX)
        h->nameless[h->nameless_count++] = group;
}

static void tell_entry(struct home *h, uint64_t group)
{
    struct group_row g;
    if (view_group_number(h->c, group, &g) || g.unread == 0)
        return;
    if (g.quiet && !(h->in_group && h->group == group))
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
    case TELL_SENT: tell_sent(h, event->group); break;
    case TELL_LIFETIME: tell_lifetime(h, event->group); break;
    case TELL_MEMBER: tell_member(h, event); break;
    case TELL_RENAMED:
        tell_group_name(h, event->group);
        tell_renamed(h, event->group);
        break;
    case TELL_JOINED: tell_joined(h, event->group); break;
    case TELL_DOOR:
        begin_news(h);
        home_door_news(h, event->group);
        break;
    case TELL_ASKED: tell_asked(h, event->group); break;
    case TELL_COMPARE:
        begin_news(h);
        home_compare_news(h, event);
        break;
    case TELL_STOPPED:
        begin_news(h);
        cli_say(_("They say that the sentence is not the same."));
        cli_say(gettext(err_text(ERR_STOPPED)));
        break;
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
    case TELL_FORK:
        tell_group(h, event->group,
                   _("Somebody's kring went back to an older copy: %s"));
        break;
    case TELL_COPY:
        tell_group(h, event->group, _("This kring was put back, or runs twice: %s"));
        cli_say(_("It goes on safely. Your texts stay."));
        break;
    case TELL_WORDS:
        begin_news(h);
        nearby_say_words(event);
        break;
    case TELL_CLOCK:
        begin_news(h);
        cli_say(_("The clock looks wrong. Dates may be off."));
        break;
    default: break; /* nothing a person must know at once */
    }
}

/* ---- now or later -------------------------------------------------------- */

/* True if two tellings say the same to a person. */
static bool is_same(const struct session_event *a, const struct session_event *b)
{
    bool texts = a->event == TELL_ENTRY; /* all that is unread is shown at once */
    return a->event == b->event && a->group == b->group &&
           (texts || (a->row == b->row && a->draft == b->draft && a->err == b->err));
}

/* Too many are no harm: what is unread stays so until it is read in its group. */
static void keep(struct home *h, const struct session_event *event)
{
    for (size_t i = 0; i < h->kept_count; i++)
        if (is_same(&h->kept[i], event))
            return;
    if (h->kept_count < HOME_NEWS_MAX)
        h->kept[h->kept_count++] = *event;
}

/* How much a telling has to say. */
static uint64_t weight(struct home *h, const struct session_event *event)
{
    struct group_row g;
    switch (event->event) {
    case TELL_ENTRY:
        return view_group_number(h->c, event->group, &g) || g.quiet ? 0 : g.unread;
    case TELL_SENT:
    case TELL_LIFETIME:
    case TELL_MEMBER:
    case TELL_DOOR:
    case TELL_ASKED:
    case TELL_COMPARE:
    case TELL_STOPPED:
    case TELL_JOINED:
    case TELL_REFUSED:
    case TELL_DIGEST:
    case TELL_NEWER:
    case TELL_FORK:
    case TELL_COPY:
    case TELL_WORDS:
    case TELL_CLOCK: return 1;
    default: return 0;
    }
}

void home_tell_kept(struct home *h)
{
    struct session_event kept[HOME_NEWS_MAX];
    size_t count = h->kept_count;
    uint64_t news = 0;
    if (count == 0)
        return;
    memcpy(kept, h->kept, count * sizeof *kept);
    h->kept_count = 0;
    for (size_t i = 0; i < count; i++)
        news += weight(h, &kept[i]);
    if (news > 0)
        cli_sayf(_("News while you typed: %lu"), (unsigned long)news);
    for (size_t i = 0; i < count; i++)
        tell(h, &kept[i]);
}

void home_tell(struct home *h, const struct session_event *event)
{
    if (!h->choosing) {
        keep(h, event);
        return;
    }
    /* After news the question stands below them again. */
    h->news = false;
    tell(h, event);
    if (h->news)
        prompt_show_again(&h->c->prompt);
}
