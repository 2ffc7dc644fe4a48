/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* view.c -- rows to structs, hours to words. */
#include "cli/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/languages.h"
#include "node/core/peer.h"

enum { DAY_HOURS = 24, RECENT_DAYS = 14, ID_BYTES = 32 };

static void copy_name(char out[static VIEW_NAME_BYTES], struct bytes name)
{
    size_t n = name.n < VIEW_NAME_BYTES - 1 ? name.n : VIEW_NAME_BYTES - 1;
    if (n > 0)
        memcpy(out, name.p, n);
    out[n] = '\0';
}

/* What the core says where a name has not come yet, a number may follow. */
static const char *const unnamed[] = {"New person", "New group"};
/* What a person is told instead. */
static const char *const shown[] = {N_("New person"), N_("Waiting for the name")};

/* Which of them `name` is; -1: it is a name. */
static int unnamed_of(struct bytes name)
{
    for (int i = 0; i < 2; i++) {
        size_t n = strlen(unnamed[i]);
        if (name.n >= n && memcmp(name.p, unnamed[i], n) == 0 &&
            (name.n == n || name.p[n] == ' '))
            return i;
    }
    return -1;
}

bool view_unnamed(struct bytes name)
{
    return unnamed_of(name) >= 0;
}

void view_name(char out[static VIEW_NAME_BYTES], struct bytes name)
{
    int i = unnamed_of(name);
    if (i < 0) {
        copy_name(out, name);
        return;
    }
    size_t n = strlen(unnamed[i]);
    (void)snprintf(out, VIEW_NAME_BYTES, "%s%.*s", gettext(shown[i]), (int)(name.n - n),
                   (const char *)name.p + n);
}

struct group_row view_group(struct bytes map)
{
    struct group_row g = {
        .number = api_uint(map, F_GROUP, 0),
        .lifetime_hours = api_uint(map, F_LIFETIME, 0),
        .members = api_uint(map, F_MEMBERS, 0),
        .stewards = api_uint(map, F_STEWARDS, 0),
        .unread = api_uint(map, F_UNREAD, 0),
        .links = api_uint(map, F_LINKS, 0),
        .hour = api_uint(map, F_HOUR, 0),
        .joining = api_uint(map, F_JOINING, 0) != 0,
        .steward = api_uint(map, F_STEWARD, 0) != 0,
        .differs = api_uint(map, F_DIFFERS, 0) != 0,
        .quiet = api_uint(map, F_QUIET, 0) != 0,
        .unread_named = api_uint(map, F_UNREAD_NAMED, 0),
    };
    g.changed = api_has(map, F_LIFETIME_WAS);
    g.lifetime_was_hours = api_uint(map, F_LIFETIME_WAS, 0);
    copy_name(g.lifetime_by, api_bytes(map, F_LIFETIME_BY));
    copy_name(g.name, api_bytes(map, F_NAME));
    copy_name(g.me, api_bytes(map, F_ME));
    struct bytes sentence = api_bytes(map, F_SENTENCE);
    g.ended_unread = api_uint(map, F_ENDED_UNREAD, 0);
    g.waiting = api_uint(map, F_WAITING, 0);
    g.asked = sentence.n == sizeof g.sentence;
    if (g.asked)
        memcpy(g.sentence, sentence.p, sizeof g.sentence);
    g.same = api_uint(map, F_ANSWER, 0) != 0;
    g.language = api_uint(map, F_SENTENCE_LANGUAGE, 0);
    copy_name(g.host, api_bytes(map, F_ASKED));
    return g;
}

struct message_row view_message(struct bytes map)
{
    return (struct message_row){
        .id = api_bytes(map, F_ID),
        .author = api_bytes(map, F_AUTHOR),
        .text = api_bytes(map, F_TEXT),
        .language = api_bytes(map, F_TEXT_LANGUAGE),
        .lifetime_hours = api_uint(map, F_LIFETIME, 0),
        .ends_hours = api_uint(map, F_ENDS_IN, UINT64_MAX),
        .row = api_uint(map, F_ROW, 0),
        .draft = api_uint(map, F_DRAFT, 0),
        .about_hour = api_uint(map, F_ABOUT_HOUR, 0),
        .have = api_uint(map, F_HAVE, 0),
        .devices = api_uint(map, F_DEVICES, 0),
        .unread = api_uint(map, F_UNREAD, 0) != 0,
        .own = api_uint(map, F_OWN, 0) != 0,
        .forked = api_uint(map, F_FORKED, 0) != 0,
        .newer = api_uint(map, F_NEWER, 0) != 0,
        .missing_before = api_uint(map, F_MISSING, 0) != 0,
        .names_me = api_uint(map, F_NAMES_ME, 0) != 0,
        .thread = api_uint(map, F_THREAD, 0),
        .reply = api_uint(map, F_REPLY, REPLY_NOT),
        .reply_row = api_uint(map, F_REPLY_ROW, 0),
        .reply_name = api_bytes(map, F_REPLY_NAME),
        .reply_text = api_bytes(map, F_REPLY_TEXT),
    };
}

/* ---- finding a group ----------------------------------------------------- */

bool view_same_name(struct bytes a, struct bytes b)
{
    struct buf fold_a = {0}, fold_b = {0};
    bool same = text_fold(a, &fold_a, VIEW_NAME_BYTES * 4) == 0 &&
                text_fold(b, &fold_b, VIEW_NAME_BYTES * 4) == 0 &&
                bytes_equal(BUF_BYTES(&fold_a), BUF_BYTES(&fold_b));
    buf_free(&fold_a);
    buf_free(&fold_b);
    return same;
}

/* A name counts before a number, so that a group may be called "2". */
static int pick_group(const struct api_reply *reply, const char *wanted,
                      struct group_row *out)
{
    struct bytes name = BYTES(wanted, strlen(wanted));
    uint64_t number = 0;
    for (uint32_t i = 0; i < api_rows(reply); i++) {
        *out = view_group(api_row(reply, i));
        if (view_same_name(BYTES(out->name, strlen(out->name)), name))
            return 0;
    }
    if (args_number(wanted, UINT32_MAX, &number))
        return ERR_NOTFOUND;
    for (uint32_t i = 0; i < api_rows(reply); i++) {
        *out = view_group(api_row(reply, i));
        if (out->number == number)
            return 0;
    }
    return ERR_NOTFOUND;
}

int view_find_group(struct cli *c, const char *wanted, struct group_row *out)
{
    struct api_reply reply = {0};
    int err = cli_call(c, API_GROUPS, NULL, &reply);
    if (err)
        return err;
    err = pick_group(&reply, wanted, out);
    api_reply_free(&reply);
    if (err)
        return cli_error(c, err, _("There is no such group here. Type: kring groups"));
    return 0;
}

int view_group_number(struct cli *c, uint64_t number, struct group_row *out)
{
    struct api_reply reply = {0};
    int err = cli_call(c, API_GROUPS, NULL, &reply);
    if (err)
        return err;
    err = ERR_NOTFOUND;
    for (uint32_t i = 0; i < api_rows(&reply) && err; i++) {
        *out = view_group(api_row(&reply, i));
        if (out->number == number)
            err = 0;
    }
    api_reply_free(&reply);
    return err;
}

/* ---- words for hours ----------------------------------------------------- */

void view_clock(char out[static VIEW_WORDS_BYTES], uint64_t lifetime_hours)
{
    unsigned long days = (unsigned long)(lifetime_hours / DAY_HOURS);
    if (lifetime_hours == 0)
        (void)snprintf(out, VIEW_WORDS_BYTES, "%s", _("[kept]"));
    else
        (void)snprintf(
            out, VIEW_WORDS_BYTES,
            ngettext("[talk, gone in %lu day]", "[talk, gone in %lu days]", days),
            days);
}

void view_add_ended(struct screen *s, const struct group_row *group)
{
    char words[VIEW_WORDS_BYTES];
    unsigned long n = (unsigned long)group->ended_unread;
    if (n == 0)
        return;
    (void)snprintf(words, sizeof words,
                   ngettext("%lu message ended while you were away.",
                            "%lu messages ended while you were away.", n),
                   n);
    screen_text(s, words);
}

void view_add_changed(struct screen *s, const struct group_row *group)
{
    char words[VIEW_NAME_BYTES + VIEW_WORDS_BYTES], clock[VIEW_WORDS_BYTES];
    char who[VIEW_NAME_BYTES];
    if (!group->changed)
        return;
    if (group->lifetime_by[0]) {
        view_name(who, BYTES(group->lifetime_by, strlen(group->lifetime_by)));
        (void)snprintf(words, sizeof words, _("%s changed how long new texts stay."),
                       who);
        screen_text(s, words);
    } else {
        screen_text(s, _("A keeper changed how long new texts stay."));
    }
    view_clock(clock, group->lifetime_was_hours);
    screen_pair(s, _("Before"), BYTES(clock, strlen(clock)));
    view_clock(clock, group->lifetime_hours);
    screen_pair(s, _("From now on"), BYTES(clock, strlen(clock)));
    screen_text(s, _("Older texts go when they were to go."));
}

void view_head(struct screen *s, const struct group_row *group)
{
    char clock[VIEW_WORDS_BYTES], name[VIEW_NAME_BYTES];
    if (group->joining)
        (void)snprintf(clock, sizeof clock, "%s", _("[talk or kept: not known yet]"));
    else
        view_clock(clock, group->lifetime_hours);
    view_name(name, BYTES(group->name, strlen(group->name)));
    screen_title(s, name);
    screen_clock(s, clock);
}

/* The day of an hour, as figures that every language reads alike. */
static void day_of(char out[static VIEW_WORDS_BYTES], uint64_t hour, const char *format)
{
    time_t seconds = (time_t)(hour > UINT32_MAX ? UINT32_MAX : hour) * 3600;
    struct tm tm = {0};
    out[0] = '\0';
    if (gmtime_r(&seconds, &tm))
        (void)strftime(out, VIEW_WORDS_BYTES, format, &tm);
}

void view_hour(char out[static VIEW_WORDS_BYTES], uint64_t hour)
{
    day_of(out, hour, "%Y-%m-%dT%H:00Z");
}

void view_day(char out[static VIEW_WORDS_BYTES], uint64_t hour)
{
    day_of(out, hour, "%Y-%m-%d");
}

void view_ago(char out[static VIEW_WORDS_BYTES], uint64_t hour, uint64_t now_hour)
{
    char day[VIEW_WORDS_BYTES];
    uint64_t hours = now_hour > hour ? now_hour - hour : 0;
    unsigned long days = (unsigned long)(hours / DAY_HOURS);
    if (hours == 0) {
        (void)snprintf(out, VIEW_WORDS_BYTES, "%s", _("about now"));
    } else if (hours < DAY_HOURS) {
        (void)snprintf(
            out, VIEW_WORDS_BYTES,
            ngettext("about %lu hour ago", "about %lu hours ago", (unsigned long)hours),
            (unsigned long)hours);
    } else if (days <= RECENT_DAYS) {
        (void)snprintf(out, VIEW_WORDS_BYTES,
                       ngettext("about %lu day ago", "about %lu days ago", days), days);
    } else {
        day_of(day, hour, "%Y-%m-%d");
        (void)snprintf(out, VIEW_WORDS_BYTES, _("about %.10s"), day);
    }
}

/* ---- messages ------------------------------------------------------------ */

static void add_cells(struct screen *s, const struct message_row *m)
{
    char hex[ID_BYTES * 2 + 1] = "", hour[VIEW_WORDS_BYTES];
    for (size_t i = 0; i < m->id.n && i < ID_BYTES; i++)
        (void)snprintf(hex + i * 2, 3, "%02x", m->id.p[i]);
    view_hour(hour, m->about_hour);
    if (m->draft == 0)
        screen_cell_text(s, "id", BYTES(hex, strlen(hex)));
    else
        screen_cell_null(s, "id");
    screen_cell_text(s, "author", m->author);
    screen_cell_text(s, "text", m->text);
    screen_cell_text(s, "about_time", BYTES(hour, strlen(hour)));
    screen_cell_flag(s, "unread", m->unread);
    screen_cell_flag(s, "own", m->own);
    screen_cell_flag(s, "waiting", m->draft != 0);
    screen_cell_flag(s, "missing_before", m->missing_before);
    screen_cell_flag(s, "newer", m->newer);
    screen_cell_number(s, "number", m->row);
    if (m->reply != REPLY_NOT)
        screen_cell_number(s, "answers", m->reply_row);
    else
        screen_cell_null(s, "answers");
    screen_cell_flag(s, "names_you", m->names_me);
    if (m->language.n > 0)
        screen_cell_text(s, "language", m->language);
    else
        screen_cell_null(s, "language");
    if (m->lifetime_hours > 0)
        screen_cell_number(s, "days", m->lifetime_hours / DAY_HOURS);
    else
        screen_cell_null(s, "days");
}

/* "Answers Wren: Shall we meet on" above a text that answers another. */
void view_add_answered(struct screen *s, const struct message_row *m)
{
    enum { FIRST_BYTES = 48 };
    char who[VIEW_NAME_BYTES], label[VIEW_NAME_BYTES + VIEW_WORDS_BYTES];
    if (m->reply == REPLY_ENDED)
        screen_text(s, _("The next one answers a text that is gone."));
    else if (m->reply == REPLY_MISSING)
        screen_text(s, _("The next one answers a text you do not see."));
    if (m->reply != REPLY_HERE)
        return;
    view_name(who, m->reply_name);
    (void)snprintf(label, sizeof label, _("The next one answers %s"), who);
    struct bytes first = m->reply_text;
    const uint8_t *end = first.n ? memchr(first.p, '\n', first.n) : NULL;
    if (end)
        first.n = (size_t)(end - first.p);
    screen_said(s, label, text_part(first, FIRST_BYTES));
}

/* By number only, and of what we wrote: who watches a screen learns of nobody. */
static void add_have(struct screen *s, const struct message_row *m)
{
    char words[VIEW_WORDS_BYTES];
    if (!m->own || m->draft || m->devices == 0)
        return;
    (void)snprintf(words, sizeof words, _("%lu of %lu devices have it."),
                   (unsigned long)m->have + 1, (unsigned long)m->devices + 1);
    screen_text(s, words);
}

/* "Wren, about 3 hours ago (new)". */
static int label_of(struct buf *out, const struct message_row *m, uint64_t now_hour)
{
    char ago[VIEW_WORDS_BYTES], who[VIEW_NAME_BYTES];
    view_ago(ago, m->about_hour, now_hour);
    view_name(who, m->author);
    const char *when = m->draft ? _("waits on this device") : ago;
    const char *mark = !m->unread    ? ""
                       : m->names_me ? _(" (new, names you)")
                                     : _(" (new)");
    int err = buf_append(out, BYTES(who, strlen(who)), SIZE_MAX);
    if (!err)
        err = buf_append(out, BYTES(", ", 2), SIZE_MAX);
    if (!err)
        err = buf_append(out, BYTES(when, strlen(when)), SIZE_MAX);
    if (!err)
        err = buf_append(out, BYTES(mark, strlen(mark)), SIZE_MAX);
    return err ? err : buf_append(out, BYTES("", 1), SIZE_MAX);
}

/* Where it stays for another time than new texts of the group do. */
static void add_stay(struct screen *s, const struct message_row *m,
                     const struct group_row *group)
{
    char words[VIEW_WORDS_BYTES];
    unsigned long days = (unsigned long)((m->ends_hours + DAY_HOURS - 1) / DAY_HOURS);
    if (m->lifetime_hours == group->lifetime_hours)
        return;
    if (m->lifetime_hours == 0) {
        screen_text(s, _("This text is kept."));
        return;
    }
    if (m->ends_hours == UINT64_MAX)
        return;
    (void)snprintf(words, sizeof words,
                   ngettext("This text is gone in %lu day.",
                            "This text is gone in %lu days.", days),
                   days);
    screen_text(s, words);
}

int view_language_mark(struct buf *out, const struct message_row *m)
{
    char tag[LANGUAGE_CODE_BYTES];
    if (m->language.n == 0 || m->language.n >= sizeof tag)
        return 0;
    memcpy(tag, m->language.p, m->language.n);
    tag[m->language.n] = '\0';
    const char *name = languages_name(tag);
    if (strcmp(tag, i18n_language()) == 0)
        return 0;
    int err = buf_append(out, BYTES("[", 1), SIZE_MAX);
    if (!err)
        err = buf_append(out, BYTES(name, strlen(name)), SIZE_MAX);
    return err ? err : buf_append(out, BYTES("] ", 2), SIZE_MAX);
}

void view_add_message(struct screen *s, const struct message_row *m,
                      const struct group_row *group)
{
    struct buf label = {0}, clean = {0}, marked = {0};
    size_t removed = 0;
    const char *newer = _("This needs a newer kring. Get the new one first.");
    struct bytes text = m->newer ? BYTES(newer, strlen(newer)) : m->text;
    if (m->missing_before)
        screen_text(s, _("Something written before this has not come yet."));
    view_add_answered(s, m);
    if (label_of(&label, m, group->hour) == 0 && view_language_mark(&marked, m) == 0 &&
        buf_append(&marked, text, SIZE_MAX) == 0)
        screen_said(s, (const char *)label.p, BUF_BYTES(&marked));
    else
        s->err = ERR_NOMEM;
    add_cells(s, m);
    if (text_clean(m->text, &clean, SIZE_MAX, &removed) == 0 && removed > 0)
        screen_text(s, _("Hidden signs in this text were taken out."));
    add_stay(s, m, group);
    add_have(s, m);
    buf_free(&marked);
    buf_free(&label);
    buf_free(&clean);
}

int view_check_name(struct cli *c, const char *name)
{
    switch (text_check_name(BYTES(name, strlen(name)))) {
    case 0: return 0;
    case ERR_EMPTY:
        return cli_error(c, ERR_EMPTY, _("A name needs at least one letter."));
    case ERR_TOOBIG:
        return cli_error(c, ERR_TOOBIG,
                         _("This name is too long. 40 letters is the most."));
    case ERR_UTF8:
        return cli_error(c, ERR_UTF8,
                         _("This name has broken letters. Type it again."));
    default:
        return cli_error(c, ERR_MALFORMED,
                         _("This name has signs that cannot be in a name."));
    }
}

/* Who was limited, and why: for programs and for people. */
static const struct {
    const char *name, *sentence;
} reasons[] = {
    [LIMITED_BYTES] = {"bytes", N_("%s sent too much. Some of it was left out.")},
    [LIMITED_CHECKS] = {"checks", N_("%s sent what is not valid. It was left out.")},
    [LIMITED_ASKS] = {"asks", N_("%s asked for too much. Some of it comes later.")},
    [LIMITED_LINKS] = {"links", N_("%s connected too often. Not all was answered.")},
    [LIMITED_ENTRIES] = {"entries", N_("%s wrote very fast. Some of it comes later.")},
    [LIMITED_CLAIMS] = {"claims", N_("%s said what is not true about your texts.")},
    [LIMITED_QUARANTINE] = {"quarantine",
                            N_("%s sent what nobody can read. It was left out.")},
    [LIMITED_SHARE] = {"share", N_("%s wrote more than fits. Some was left out.")},
    [LIMITED_KEYS] = {"keys", N_("%s made new locks and gave you no way in.")},
};
_Static_assert(sizeof reasons / sizeof *reasons == LIMITED_END, "each has its words");

void view_add_limited(struct screen *s, struct bytes row)
{
    char who[VIEW_NAME_BYTES], sentence[VIEW_NAME_BYTES + 200];
    uint64_t why = api_uint(row, F_KIND, LIMITED_END);
    if (!api_has(row, F_LIMITED) || why >= LIMITED_END)
        return;
    view_name(who, api_bytes(row, F_NAME));
    (void)snprintf(sentence, sizeof sentence, gettext(reasons[why].sentence), who);
    screen_text(s, sentence);
    screen_row(s);
    screen_cell_text(s, "limited_member", api_bytes(row, F_NAME));
    screen_cell_text(s, "limited_why",
                     BYTES(reasons[why].name, strlen(reasons[why].name)));
    screen_cell_number(s, "limited_times", api_uint(row, F_LIMITED, 0));
}
