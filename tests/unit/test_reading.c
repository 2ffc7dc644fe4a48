/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_reading.c -- answers and threads (P8.14), names in texts (P8.15), who is not
 * shown here, what is unread and what ended before it was read.
 */
#include "node/core/content_int.h"
#include "tests/lib/circle.h"
#include "tests/lib/net_group.h"
#include "tests/lib/t.h"

enum { WREN, OTTER, HERON, MINUTE = 60 * 1000, HOUR = 60 * MINUTE, TEXT_MAX = 64 };

/* ---- what is seen ------------------------------------------------------------ */

struct seen {
    const char *text; /* wanted */
    int times;
    uint64_t row, thread;
    enum reply_state reply;
    uint64_t reply_row;
    char name[TEXT_MAX], says[TEXT_MAX]; /* of what it answers */
    bool unread, names_me;
};

static void copy_text(char out[static TEXT_MAX], struct bytes text)
{
    CHECK(text.n < TEXT_MAX);
    memset(out, 0, TEXT_MAX);
    if (text.n > 0)
        memcpy(out, text.p, text.n);
}

static int see(void *ctx, const struct message_view *v)
{
    struct seen *s = ctx;
    if (!bytes_equal(v->text, tp_text(s->text)))
        return 0;
    s->times++;
    s->row = v->row;
    s->thread = v->thread;
    s->reply = v->reply;
    s->reply_row = v->reply_row;
    s->unread = v->unread;
    s->names_me = v->names_me;
    copy_text(s->name, v->reply_name);
    copy_text(s->says, v->reply_text);
    return 0;
}

static struct seen seen_at(struct tp *t, const char *text)
{
    struct seen s = {.text = text};
    T_EQ(peer_messages(t->peer, 1, see, &s), 0);
    return s;
}

static int see_group(void *ctx, const struct group_view *v)
{
    *(struct group_view *)ctx = *v;
    return 1;
}

static struct group_view group_at(struct tp *t)
{
    struct group_view v = {0};
    T_EQ(peer_groups(t->peer, see_group, &v), 1);
    return v;
}

static int count_one(void *ctx, const struct message_view *v)
{
    (void)v;
    ++*(int *)ctx;
    return 0;
}

static int picked(struct tp *t, struct message_pick pick)
{
    int count = 0;
    T_EQ(peer_messages_some(t->peer, 1, &pick, count_one, &count), 0);
    return count;
}

/* ---- what is done ------------------------------------------------------------ */

static struct command saying(const char *text, uint32_t lifetime_hours)
{
    return (struct command){.kind = CMD_SAY,
                            .group = 1,
                            .text = tp_text(text),
                            .lifetime_hours = lifetime_hours};
}

static struct command answering(uint64_t row, const char *text)
{
    struct command c = saying(text, 168);
    c.answers = true;
    c.row = row;
    return c;
}

/* A text of so many hours; the error of the command, here and below. */
static int say(struct net *n, int peer, const char *text, uint32_t lifetime_hours)
{
    struct command c = saying(text, lifetime_hours);
    return net_command(n, peer, &c);
}

/* As say, an answer to what stands in `row`. */
static int answer(struct net *n, int peer, uint64_t row, const char *text)
{
    struct command c = answering(row, text);
    return net_command(n, peer, &c);
}

static int mark_read(struct net *n, int peer, uint64_t row)
{
    struct command c = {.kind = CMD_MARK_READ, .group = 1, .row = row};
    return net_command(n, peer, &c);
}

static int hide(struct net *n, int peer, uint32_t index, bool on)
{
    struct command c = {.kind = CMD_HIDE, .group = 1, .row = index, .on = on};
    return net_command(n, peer, &c);
}

static int quiet(struct net *n, int peer, bool on)
{
    struct command c = {.kind = CMD_QUIET, .group = 1, .on = on};
    return net_command(n, peer, &c);
}

struct carrying {
    struct buf envelopes[64];
    uint8_t topics[64][32];
    uint64_t without; /* this row is left out */
    int count;
};

static int gather(void *ctx, const struct content_row *row)
{
    struct carrying *x = ctx;
    if (row->state == CONTENT_ASIDE || row->row == x->without)
        return 0;
    CHECK(x->count < 64);
    memcpy(x->topics[x->count], row->topic, 32);
    return buf_append(&x->envelopes[x->count++], row->envelope,
                      LIMIT_ENVELOPE_BYTES_MAX);
}

static int answer_by(struct tp *t, uint64_t row, const char *text)
{
    struct command c = answering(row, text);
    return tp_command(t, &c);
}

/* Hand everything over but the text in row `without` of the giver. */
static void carry(struct circle *c, int from, int to, uint64_t without)
{
    struct log log = memlog_log(c->tp[from]->log);
    struct carrying x = {.without = without};
    (void)circle_carry(c, from, to);
    T_EQ(log.ops->content_scan(log.ctx, 1, 0, true, gather, &x), 0);
    circle_begin(c, to);
    for (int i = 0; i < x.count; i++) {
        struct incoming in = {.envelope = BUF_BYTES(&x.envelopes[i])};
        memcpy(in.topic, x.topics[i], 32);
        T_EQ(content_accept(circle_group(c, to), &in, 1, 0), 0);
        buf_free(&x.envelopes[i]);
    }
    circle_commit(c, to);
}

/* ---- answers (P8.14) ---------------------------------------------------------- */

T_CASE(an_answer_shows_what_it_answers)
{
    struct net *n = net_two();
    struct tp *wren = n->peer[WREN], *otter = n->peer[OTTER];
    T_EQ(say(n, WREN, "soup at six", 168), 0);
    T_EQ(say(n, WREN, "something else", 168), 0);
    net_run(n, MINUTE);
    T_EQ(answer(n, OTTER, seen_at(otter, "soup at six").row, "I cook"), 0);
    net_run(n, MINUTE);
    struct seen first = seen_at(wren, "soup at six"), s = seen_at(wren, "I cook");
    T_EQ(s.times, 1);
    T_EQ(s.reply, REPLY_HERE);
    T_EQ(s.reply_row, first.row);
    T_STR(s.name, "Wren");
    T_STR(s.says, "soup at six");
    T_EQ(first.reply, REPLY_NOT);
    T_EQ(seen_at(otter, "I cook").reply, REPLY_HERE);
    net_free(n);
}

T_CASE(a_thread_begins_with_what_answers_nothing)
{
    struct net *n = net_two();
    struct tp *wren = n->peer[WREN], *otter = n->peer[OTTER];
    T_EQ(say(n, WREN, "root", 168), 0);
    T_EQ(say(n, WREN, "aside", 168), 0);
    net_run(n, MINUTE);
    uint64_t root = seen_at(otter, "root").row;
    T_EQ(seen_at(otter, "root").thread, root);
    T_EQ(answer(n, OTTER, root, "first"), 0);
    net_run(n, MINUTE);
    T_EQ(answer(n, WREN, seen_at(wren, "first").row, "second"), 0);
    T_EQ(answer(n, WREN, seen_at(wren, "root").row, "third"), 0);
    net_run(n, MINUTE);
    const char *texts[] = {"first", "second", "third"};
    for (int i = 0; i < 3; i++)
        T_EQ(seen_at(otter, texts[i]).thread, root);
    T_STR(seen_at(otter, "second").says, "first");
    uint64_t aside = seen_at(otter, "aside").row;
    T_EQ(seen_at(otter, "aside").thread, aside);
    T_EQ(picked(otter, (struct message_pick){.thread = root}), 4);
    T_EQ(picked(otter, (struct message_pick){.thread = seen_at(otter, "second").row}),
         4);
    T_EQ(picked(otter, (struct message_pick){.thread = aside}), 1);
    int count = 0;
    const struct message_pick none = {.thread = 999};
    T_EQ(peer_messages_some(otter->peer, 1, &none, count_one, &count), ERR_NOTFOUND);
    net_free(n);
}

T_CASE(an_answer_says_when_the_other_has_ended)
{
    struct net *n = net_two();
    struct tp *wren = n->peer[WREN], *otter = n->peer[OTTER];
    T_EQ(say(n, WREN, "short", 24), 0);
    net_run(n, MINUTE);
    uint64_t row = seen_at(otter, "short").row;
    T_EQ(answer(n, OTTER, row, "answer"), 0);
    T_EQ(answer(n, WREN, seen_at(wren, "short").row, "my own"), 0);
    net_run(n, 25ull * HOUR);
    T_EQ(seen_at(otter, "short").times, 0);
    struct tp *both[] = {wren, otter};
    for (int i = 0; i < 2; i++) {
        struct seen s = seen_at(both[i], "answer");
        T_EQ(s.reply, REPLY_ENDED);
        T_EQ(s.thread, s.row);
        T_STR(s.says, "");
        T_EQ(seen_at(both[i], "my own").reply, REPLY_ENDED);
    }
    T_EQ(answer(n, OTTER, row, "too late"), ERR_NOTFOUND);
    net_run(n, 48ull * HOUR); /* forgotten wholly */
    T_EQ(seen_at(otter, "answer").reply, REPLY_ENDED);
    T_EQ(seen_at(wren, "answer").reply, REPLY_ENDED);
    net_restart(n, OTTER);
    T_EQ(seen_at(otter, "answer").reply, REPLY_ENDED);
    net_free(n);
}

T_CASE(an_answer_says_when_the_other_has_not_come)
{
    struct circle c;
    circle_of(&c, 3);
    T_EQ(tp_say(c.tp[0], 1, "before"), 0);
    T_EQ(tp_say(c.tp[0], 1, "one"), 0);
    uint64_t row = seen_at(c.tp[0], "one").row;
    T_EQ(answer_by(c.tp[0], row, "mine"), 0);
    carry(&c, 0, 1, row);
    struct seen s = seen_at(c.tp[1], "mine");
    T_EQ(s.times, 1);
    T_EQ(s.reply, REPLY_MISSING);
    T_EQ(s.thread, s.row);
    carry(&c, 0, 1, 0);
    s = seen_at(c.tp[1], "mine");
    T_EQ(s.reply, REPLY_HERE);
    T_STR(s.says, "one");
    circle_end(&c);
}

T_CASE(who_came_later_is_told_that_the_other_is_over)
{
    struct net *n = net_two();
    T_EQ(say(n, WREN, "one", 168), 0);
    net_run(n, MINUTE);
    CHECK(net_add(n) == HERON);
    net_let_in(n, WREN, HERON);
    T_EQ(answer(n, OTTER, seen_at(n->peer[OTTER], "one").row, "to one"), 0);
    net_run(n, MINUTE);
    T_EQ(seen_at(n->peer[WREN], "to one").reply, REPLY_HERE);
    T_EQ(seen_at(n->peer[HERON], "one").times, 0);
    T_EQ(seen_at(n->peer[HERON], "to one").times, 1);
    T_EQ(seen_at(n->peer[HERON], "to one").reply, REPLY_ENDED);
    net_free(n);
}

T_CASE(what_cannot_be_answered_is_refused)
{
    struct net *n = net_two();
    struct tp *wren = n->peer[WREN];
    T_EQ(answer(n, WREN, 0, "to nothing"), ERR_NOTFOUND);
    T_EQ(answer(n, WREN, 1, "to nothing"), ERR_NOTFOUND);
    T_EQ(answer(n, WREN, UINT64_MAX, "to nothing"), ERR_NOTFOUND);
    T_EQ(picked(wren, (struct message_pick){0}), 0);
    T_EQ(say(n, WREN, "root", 168), 0);
    T_EQ(answer(n, WREN, seen_at(wren, "root").row, " "), ERR_EMPTY);
    T_EQ(picked(wren, (struct message_pick){0}), 1);
    net_free(n);
}

/* An answer that waits for its delay keeps what it answers, over a restart too. */
T_CASE(an_answer_that_waits_answers_later)
{
    struct net *n = net_two();
    struct tp *wren = n->peer[WREN];
    T_EQ(say(n, WREN, "root", 168), 0);
    struct command c = {.kind = CMD_SAY,
                        .group = 1,
                        .text = TEXT("waits"),
                        .lifetime_hours = 168,
                        .delay_ms = 60000,
                        .answers = true,
                        .row = seen_at(wren, "root").row};
    T_EQ(net_command(n, WREN, &c), 0);
    T(c.draft != 0);
    net_restart(n, WREN);
    net_run(n, 2 * MINUTE);
    struct seen s = seen_at(n->peer[OTTER], "waits");
    T_EQ(s.reply, REPLY_HERE);
    T_STR(s.says, "root");
    net_free(n);
}

/* A copy wrote an answer under keys that were used: it is said again as an answer. */
T_CASE(an_answer_that_is_said_again_is_an_answer)
{
    struct circle c;
    circle_of(&c, 2);
    T_EQ(tp_say(c.tp[0], 1, "one"), 0);
    int old = c.count++;
    c.tp[old] = tp_copy(c.tp[0], 60);
    c.tp[old]->now_ms = c.tp[0]->now_ms;
    c.number[old] = c.number[0];
    T_EQ(tp_say(c.tp[0], 1, "two"), 0);
    carry(&c, 0, 1, 0);
    T_EQ(answer_by(c.tp[old], seen_at(c.tp[old], "one").row, "to one"), 0);
    carry(&c, old, 1, 0);
    T_EQ(seen_at(c.tp[1], "to one").times, 0);
    carry(&c, 1, old, 0);
    T_EQ(circle_group(&c, old)->content->again_count, 1);
    T_EQ(tp_pass(c.tp[old], 61000), 0);
    carry(&c, old, 1, 0);
    for (int i = 1; i <= old; i++) {
        struct seen s = seen_at(c.tp[i], "to one");
        T_EQ(s.times, 1);
        T_EQ(s.reply, REPLY_HERE);
        T_EQ(s.reply_row, seen_at(c.tp[i], "one").row);
        T_EQ(s.thread, s.reply_row);
        T_STR(s.says, "one");
    }
    circle_end(&c);
}

/* ---- names in texts (P8.15) --------------------------------------------------- */

static void let_in_as(struct net *n, int to, const char *name)
{
    struct buf line = net_line(n, WREN, 1, false);
    CHECK(net_join(n, to, &line, name) == 0);
    buf_free(&line);
    net_run(n, MINUTE);
}

/* Two who are called Wren, and one with a letter that has two forms. */
static struct net *net_named(void)
{
    struct net *n = net_new();
    for (int i = 0; i < 4; i++)
        CHECK(net_add(n) == i);
    (void)net_found(n, WREN, 168);
    let_in_as(n, OTTER, "Wren");
    let_in_as(n, HERON, "\xc3\x89lan");
    let_in_as(n, 3, "Robin");
    net_run(n, MINUTE);
    return n;
}

T_CASE(a_name_behind_an_at_names)
{
    static const struct {
        const char *text;
        bool first, second, elan;
    } cases[] = {
        {"@Wren come", true, false, false},
        {"come, @wREN", true, false, false},
        {"(@Wren)", true, false, false},
        {"@Wren\n2", false, true, false}, /* a line that was broken */
        {"@Wren 2 come", false, true, false},
        {"@wren 2", false, true, false},
        {"@Wren 2, @Wren", true, true, false},
        {"@Wren 25", true, false, false}, /* nobody is called so */
        {"@Wrens", false, false, false},
        {"@Wren2", false, false, false},
        {"@Wren\xc3\xa9", false, false, false},
        {"me@Wren", false, false, false},
        {"7@Wren", false, false, false},
        {"Wren", false, false, false},
        {"@ Wren", false, false, false},
        {"@", false, false, false},
        {"@@Wren", true, false, false},
        {"@\xc3\x89lan", false, false, true},
        {"@\xc3\xa9LAN!", false, false, true},
        {"@e\xcc\x81lan", false, false, true}, /* two code points */
        {"@Elan", false, false, false},
    };
    struct net *n = net_named();
    const int count = (int)(sizeof cases / sizeof cases[0]);
    uint32_t named[3] = {0};
    const bool otter_first = bytes_equal(group_at(n->peer[OTTER]).me, TEXT("Wren"));
    for (int i = 0; i < count; i++)
        T_EQ(say(n, 3, cases[i].text, 168), 0);
    net_run(n, 5 * MINUTE);
    for (int i = 0; i < count; i++) {
        const bool want[] = {otter_first ? cases[i].second : cases[i].first,
                             otter_first ? cases[i].first : cases[i].second,
                             cases[i].elan};
        for (int k = WREN; k <= HERON; k++) {
            struct seen s = seen_at(n->peer[k], cases[i].text);
            T_NOTE("%s, reader %d", cases[i].text, k);
            T_EQ(s.times, 1);
            T_EQ(s.names_me, want[k]);
            named[k] += want[k];
        }
        T(!seen_at(n->peer[3], cases[i].text).names_me); /* they wrote it */
    }
    for (int k = WREN; k <= HERON; k++) {
        struct group_view v = group_at(n->peer[k]);
        T_EQ(v.unread, count);
        T_EQ(v.unread_named, named[k]);
        T_EQ(mark_read(n, k, UINT64_MAX), 0);
        T_EQ(group_at(n->peer[k]).unread_named, 0);
    }
    net_free(n);
}

/* ---- hiding, quiet ------------------------------------------------------------ */

T_CASE(who_is_hidden_is_not_shown_until_shown_again)
{
    struct net *n = net_two();
    struct tp *wren = n->peer[WREN];
    T_EQ(say(n, OTTER, "@Wren once", 168), 0);
    T_EQ(say(n, WREN, "mine", 168), 0);
    net_run(n, MINUTE);
    T_EQ(group_at(wren).unread, 1);
    T_EQ(group_at(wren).unread_named, 1);
    T_EQ(hide(n, WREN, 0, true), ERR_USAGE); /* us */
    T_EQ(hide(n, WREN, 2, true), ERR_NOTFOUND);
    T_EQ(hide(n, WREN, 1, true), 0);
    T_EQ(quiet(n, WREN, true), 0);
    T_EQ(say(n, OTTER, "@Wren twice", 168), 0);
    net_run(n, MINUTE);
    for (int round = 0; round < 2; round++) {
        T_EQ(seen_at(wren, "@Wren once").times, 0);
        T_EQ(seen_at(wren, "@Wren twice").times, 0);
        T_EQ(seen_at(wren, "mine").times, 1);
        T_EQ(group_at(wren).unread, 0);
        T_EQ(group_at(wren).unread_named, 0);
        T(group_at(wren).quiet);
        T_EQ(net_entries(n, WREN), 3); /* held and passed on as ever */
        net_restart(n, WREN);
    }
    T_EQ(hide(n, WREN, 1, false), 0);
    T_EQ(quiet(n, WREN, false), 0);
    for (int round = 0; round < 2; round++) {
        T_EQ(seen_at(wren, "@Wren once").times, 1);
        T_EQ(seen_at(wren, "@Wren twice").times, 1);
        T_EQ(group_at(wren).unread, 2);
        T_EQ(group_at(wren).unread_named, 2);
        T(!group_at(wren).quiet);
        net_restart(n, WREN);
    }
    net_free(n);
}

/* Two nets with the same seeds, in one of which Wren hides Otter and wants quiet: what
 * was sent, and what others hold, is the same to the byte. */
T_CASE(nobody_hears_of_hiding)
{
    uint64_t bytes[2], entries[2], control[2];
    for (int k = 0; k < 2; k++) {
        struct net *n = net_two();
        T_EQ(say(n, OTTER, "hello", 168), 0);
        net_run(n, MINUTE);
        uint64_t before = n->bytes;
        if (k == 1) {
            struct command c = {.kind = CMD_HIDE, .group = 1, .row = 1, .on = true};
            T_EQ(net_command(n, WREN, &c), 0);
            T_EQ(n->peer[WREN]->fx.count, 0);
            c.kind = CMD_QUIET;
            T_EQ(net_command(n, WREN, &c), 0);
            T_EQ(n->peer[WREN]->fx.count, 0);
            T_EQ(seen_at(n->peer[WREN], "hello").times, 0);
        }
        net_drain(n);
        T_EQ(n->bytes, before);
        T_EQ(net_say(n, OTTER, "and again"), 0);
        net_run(n, 3ull * HOUR);
        bytes[k] = n->bytes;
        entries[k] = net_entries(n, OTTER) + net_entries(n, WREN);
        control[k] = control_count(net_group(n, OTTER));
        net_free(n);
    }
    T_EQ(bytes[0], bytes[1]);
    T_EQ(entries[0], entries[1]);
    T_EQ(entries[1], 4);
    T_EQ(control[0], control[1]);
}

/* ---- what ended before it was read --------------------------------------------- */

T_CASE(what_ended_unread_is_counted_until_read)
{
    struct net *n = net_new();
    for (int i = 0; i < 3; i++)
        CHECK(net_add(n) == i);
    (void)net_found(n, WREN, 168);
    net_let_in(n, WREN, OTTER);
    net_let_in(n, WREN, HERON);
    struct tp *otter = n->peer[OTTER];
    T_EQ(say(n, WREN, "read", 24), 0);
    net_run(n, MINUTE);
    T_EQ(mark_read(n, OTTER, seen_at(otter, "read").row), 0);
    T_EQ(say(n, OTTER, "own", 24), 0);
    T_EQ(hide(n, OTTER, 2, true), 0);
    T_EQ(say(n, HERON, "hidden", 24), 0);
    T_EQ(say(n, WREN, "came, unread", 24), 0);
    T_EQ(say(n, WREN, "stays", 168), 0);
    net_run(n, MINUTE);
    T_EQ(group_at(otter).ended_unread, 0);
    net_run(n, 25ull * HOUR);
    T_EQ(group_at(otter).ended_unread, 1); /* one alone of them all */
    T_EQ(group_at(otter).unread, 1);       /* what stays */
    net_restart(n, OTTER);
    T_EQ(group_at(otter).ended_unread, 1);
    T_EQ(group_at(n->peer[WREN]).ended_unread, 2); /* Otter's and Heron's */
    T_EQ(mark_read(n, OTTER, UINT64_MAX), 0);
    T_EQ(group_at(otter).ended_unread, 0);
    net_restart(n, OTTER);
    T_EQ(group_at(otter).ended_unread, 0);
    net_free(n);
}

/* Otter was away while they came and went. */
T_CASE(what_ended_while_away_is_counted)
{
    struct net *n = net_two();
    struct tp *otter = n->peer[OTTER];
    T_EQ(say(n, WREN, "before", 24), 0);
    net_run(n, MINUTE);
    T_EQ(mark_read(n, OTTER, UINT64_MAX), 0);
    n->off[OTTER] = true;
    net_cut(n, OTTER, true);
    for (int i = 0; i < 4; i++)
        T_EQ(say(n, WREN, "short", 24), 0);
    net_run(n, 26ull * HOUR);
    T_EQ(net_say(n, WREN, "after"), 0);
    n->off[OTTER] = false;
    net_run(n, 26ull * HOUR);
    T_EQ(seen_at(otter, "after").times, 1);
    T_EQ(seen_at(otter, "short").times, 0);
    T_EQ(group_at(otter).ended_unread, 4);
    T_EQ(mark_read(n, OTTER, UINT64_MAX), 0);
    T_EQ(group_at(otter).ended_unread, 0);
    T_EQ(net_say(n, WREN, "and on"), 0);
    net_run(n, MINUTE);
    T_EQ(group_at(otter).ended_unread, 0); /* nothing is counted twice */
    net_free(n);
}

/* ---- sums ----------------------------------------------------------------------- */

struct walk {
    const struct group *g;
    uint32_t unread, named;
};

static int walk_row(void *ctx, const struct content_row *row)
{
    struct walk *w = ctx;
    if (row->state != CONTENT_OPEN || row->unread == UNREAD_NOT ||
        content_ended(w->g, row->end_hour) ||
        author_at(w->g->content, row->author)->hidden)
        return 0;
    w->unread++;
    w->named += row->unread == UNREAD_NAMED;
    return 0;
}

/* The sums of a group are what a walk over its rows and over its texts says. */
static void check_sums(struct net *n, int peer)
{
    struct tp *t = n->peer[peer];
    struct log log = memlog_log(t->log);
    struct walk w = {.g = net_group(n, peer)};
    T_EQ(log.ops->content_scan(log.ctx, 1, 0, false, walk_row, &w), 0);
    struct group_view v = group_at(t);
    T_EQ(v.unread, w.unread);
    T_EQ(v.unread_named, w.named);
    T_EQ(picked(t, (struct message_pick){.unread = true}), w.unread);
}

static void act(struct net *n, struct entropy *dice)
{
    static const uint32_t lifetimes[] = {0, 24, 24, 168};
    static const char *const texts[] = {"plain", "@Wren", "@Bird 1", "@Bird 2 come"};
    int who = (int)entropy_below(dice, 3);
    switch (entropy_below(dice, 8)) {
    case 0: T_EQ(mark_read(n, who, entropy_below(dice, 40)), 0); break;
    case 1: T_EQ(mark_read(n, who, UINT64_MAX), 0); break;
    case 2: (void)hide(n, who, (uint32_t)entropy_below(dice, 3), true); break;
    case 3: (void)hide(n, who, (uint32_t)entropy_below(dice, 3), false); break;
    case 4: net_run(n, entropy_below(dice, 12) * HOUR); break;
    case 5: net_restart(n, who); break;
    default:
        T_EQ(say(n, who, texts[entropy_below(dice, 4)],
                 lifetimes[entropy_below(dice, 4)]),
             0);
    }
}

T_CASE(sums_of_what_is_unread_are_what_a_walk_says)
{
    struct net *n = net_new();
    struct entropy_stream stream = {.key = {7}};
    struct entropy dice = entropy_stream(&stream);
    for (int i = 0; i < 3; i++)
        CHECK(net_add(n) == i);
    (void)net_found(n, WREN, 168);
    net_let_in(n, WREN, OTTER);
    net_let_in(n, WREN, HERON);
    net_run(n, MINUTE);
    for (int i = 0; i < 400; i++) {
        T_NOTE("act %d", i);
        act(n, &dice);
        net_run(n, 5000);
        for (int k = WREN; k <= HERON; k++)
            check_sums(n, k);
    }
    net_free(n);
}

/* ---- a profile of before -------------------------------------------------------- */

enum { META_OLD_BYTES_LESS = 1 + 4 + 4 + 8 + 8, AUTHOR_OLD_BYTES_LESS = 1 + 8 + 8 };

struct records {
    uint8_t keys[8][40], values[8][1024];
    size_t key_bytes[8], value_bytes[8];
    int count;
};

static int record_keep(void *ctx, struct bytes key, struct bytes value)
{
    struct records *r = ctx;
    CHECK(r->count < 8 && key.n <= 40 && value.n <= 1024);
    memcpy(r->keys[r->count], key.p, key.n);
    memcpy(r->values[r->count], value.p, value.n);
    r->key_bytes[r->count] = key.n;
    r->value_bytes[r->count++] = value.n;
    return 0;
}

/* Records of authors and of the group's content as they were in version 1; how many. */
static int make_old(struct tp *t)
{
    static struct records r;
    struct log log = memlog_log(t->log);
    int changed = 0;
    r.count = 0;
    CHECK(log.ops->scan(log.ctx, 1, LOG_AUTHOR, BYTES(NULL, 0), record_keep, &r) == 0);
    memlog_begin(t->log);
    for (int i = 0; i < r.count; i++) {
        if (r.keys[i][0] != 'm' && r.keys[i][0] != 'a')
            continue;
        size_t less = r.keys[i][0] == 'm' ? META_OLD_BYTES_LESS : AUTHOR_OLD_BYTES_LESS;
        CHECK(r.values[i][0] == 2);
        r.values[i][0] = 1;
        CHECK(log.ops->put(log.ctx, 1, LOG_AUTHOR, BYTES(r.keys[i], r.key_bytes[i]),
                           BYTES(r.values[i], r.value_bytes[i] - less)) == 0);
        changed++;
    }
    memlog_commit(t->log);
    return changed;
}

T_CASE(a_profile_of_before_opens)
{
    struct net *n = net_two();
    struct tp *otter = n->peer[OTTER];
    T_EQ(net_say(n, WREN, "unread"), 0);
    T_EQ(net_say(n, OTTER, "own"), 0);
    net_run(n, MINUTE);
    T_EQ(hide(n, OTTER, 0, true), 0);
    T_EQ(quiet(n, OTTER, true), 0);
    T_EQ(make_old(otter), 3);
    net_restart(n, OTTER);
    struct group_view v = group_at(otter);
    T_EQ(v.unread, 1); /* nothing was hidden in such a one */
    T(!v.quiet);
    T_EQ(v.ended_unread, 0);
    T_EQ(seen_at(otter, "unread").times, 1);
    T_EQ(quiet(n, OTTER, true), 0);
    T_EQ(hide(n, OTTER, 0, true), 0);
    T_EQ(net_say(n, WREN, "goes on"), 0);
    net_run(n, MINUTE);
    T_EQ(net_entries(n, OTTER), 3);
    net_restart(n, OTTER); /* written as they are now */
    T(group_at(otter).quiet);
    T_EQ(seen_at(otter, "goes on").times, 0);
    T_EQ(hide(n, OTTER, 0, false), 0);
    T_EQ(seen_at(otter, "goes on").times, 1);
    net_free(n);
}

/* ---- the language of a text (P7.8) -------------------------------------------- */

struct tagged {
    const char *text;
    char tag[16];
    bool found;
};

static int see_tag(void *ctx, const struct message_view *v)
{
    struct tagged *t = ctx;
    if (!bytes_equal(v->text, tp_text(t->text)))
        return 0;
    CHECK(v->language.n < sizeof t->tag);
    memset(t->tag, 0, sizeof t->tag);
    if (v->language.n > 0)
        memcpy(t->tag, v->language.p, v->language.n);
    t->found = true;
    return 1;
}

static bool is_tagged(struct tp *t, const char *text, const char *tag)
{
    struct tagged seen = {.text = text};
    T(peer_messages(t->peer, 1, see_tag, &seen) >= 0);
    return seen.found && strcmp(seen.tag, tag) == 0;
}

T_CASE(a_text_says_its_language)
{
    struct net *n = net_two();
    struct command c = saying("soep om zes", 168);
    c.text_language = TEXT("nl");
    T_EQ(net_command(n, WREN, &c), 0);
    T_EQ(say(n, WREN, "soup at six", 168), 0);
    net_run(n, MINUTE);
    T(is_tagged(n->peer[OTTER], "soep om zes", "nl"));
    T(is_tagged(n->peer[OTTER], "soup at six", ""));
    struct command a = answering(seen_at(n->peer[OTTER], "soep om zes").row, "vin");
    a.text_language = TEXT("ro");
    a.delay_ms = 30 * 1000; /* it waits, and is kept over a restart */
    T_EQ(net_command(n, OTTER, &a), 0);
    T(is_tagged(n->peer[OTTER], "vin", "ro"));
    net_restart(n, OTTER);
    net_run(n, 10 * MINUTE);
    T(is_tagged(n->peer[WREN], "vin", "ro"));
    T_EQ(seen_at(n->peer[WREN], "vin").reply, REPLY_HERE);
    net_free(n);
}

T_CASE(a_tag_of_another_form_is_refused)
{
    static const struct {
        const char *tag;
        int err;
    } cases[] = {
        {"", 0},           {"en", 0},          {"pt-br", 0},
        {"abcdefgh", 0},   {"a", ERR_USAGE},   {"abcdefghi", ERR_USAGE},
        {"NL", ERR_USAGE}, {"-nl", ERR_USAGE}, {"nl-", ERR_USAGE},
        {"n1", ERR_USAGE}, {"n]", ERR_USAGE},
    };
    struct tp *t = tp_new(1);
    T_EQ(tp_found(t, "Circle", 168), 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        T_NOTE("%s", cases[i].tag);
        struct command c = saying("a text", 168);
        c.text_language = tp_text(cases[i].tag);
        T_EQ(tp_command(t, &c), cases[i].err);
    }
    tp_free(t);
}

T_RUN()
