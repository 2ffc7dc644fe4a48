/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_lacking.c -- who has a text, by number and by name, and that nobody sees at what
 * hour somebody was there (P8.16).
 */
#include "node/core/content_int.h"
#include "tests/lib/net_group.h"
#include "tests/lib/t.h"

enum { WREN, OTTER, HERON, MINUTE = 60 * 1000, HOUR = 60 * MINUTE, NAMES_MAX = 64 };

/* Hours since the test began, at the first peer. */
static uint64_t hour_now(const struct net *n)
{
    return (n->peer[WREN]->wall_ms - TP_EPOCH_HOURS * TP_HOUR_MS) / TP_HOUR_MS;
}

/* Let it become that hour of that day, both from 0. */
static void run_to(struct net *n, uint64_t day, uint64_t hour)
{
    uint64_t to = (TP_EPOCH_HOURS + day * 24 + hour) * TP_HOUR_MS;
    CHECK(to >= n->peer[WREN]->wall_ms);
    net_run(n, to - n->peer[WREN]->wall_ms);
}

static void leave(struct net *n, int peer)
{
    n->off[peer] = true;
    net_cut(n, peer, true);
    net_drain(n);
}

/* There for half an hour. */
static void come_by(struct net *n, int peer)
{
    n->off[peer] = false;
    struct event ev = {.kind = EV_TICK};
    net_step(n, peer, &ev);
    net_run(n, 30 * MINUTE);
    leave(n, peer);
}

static void say(struct net *n, int peer, const char *text, uint32_t lifetime_hours)
{
    struct command c = {.kind = CMD_SAY,
                        .group = 1,
                        .text = tp_text(text),
                        .lifetime_hours = lifetime_hours};
    CHECK(net_command(n, peer, &c) == 0);
}

/* ---- what is seen ------------------------------------------------------------ */

struct seen {
    const char *text; /* whose row and counts are wanted */
    uint64_t row;
    uint32_t have, devices;
};

static int see(void *ctx, const struct message_view *v)
{
    struct seen *s = ctx;
    if (!bytes_equal(v->text, tp_text(s->text)))
        return 0;
    s->row = v->row;
    s->have = v->have;
    s->devices = v->devices;
    return 1;
}

static struct seen text_at(struct net *n, int peer, const char *text)
{
    struct seen s = {.text = text};
    T_EQ(peer_messages(n->peer[peer]->peer, 1, see, &s), 1);
    return s;
}

static int name_add(void *ctx, struct bytes name)
{
    char *names = ctx;
    size_t at = strlen(names);
    CHECK(at + name.n + 2 < NAMES_MAX);
    memcpy(names + at, name.p, name.n);
    memcpy(names + at + name.n, ";", 2);
    return 0;
}

/* Names of who lacks the text, each with a ";" behind it. */
static const char *lacking(struct net *n, int peer, const char *text)
{
    static char names[NAMES_MAX];
    names[0] = '\0';
    T_EQ(peer_lacking(n->peer[peer]->peer, 1, text_at(n, peer, text).row, name_add,
                      names),
         0);
    return names;
}

/* Three in one group; Otter went in the first hour. */
static struct net *net_three(void)
{
    struct net *n = net_new();
    for (int i = 0; i < 3; i++)
        CHECK(net_add(n) == i);
    (void)net_found(n, WREN, 168);
    net_let_in(n, WREN, OTTER);
    net_let_in(n, WREN, HERON);
    net_run(n, 10 * MINUTE);
    leave(n, OTTER);
    return n;
}

/* ---- the tests ---------------------------------------------------------------- */

T_CASE(a_number_of_devices_out_of_those_there_are)
{
    struct net *n = net_three();
    say(n, WREN, "talk", 168);
    struct seen s = text_at(n, WREN, "talk");
    T_EQ(s.devices, 2);
    T_EQ(s.have, 0);
    net_run(n, 20 * MINUTE);
    say(n, HERON, "after it", 168);
    net_run(n, MINUTE);
    T_EQ(text_at(n, WREN, "talk").have, 1);
    T_EQ(text_at(n, HERON, "talk").have, 1); /* Wren's */
    T_EQ(text_at(n, WREN, "after it").have, 1);
    come_by(n, OTTER);
    s = text_at(n, WREN, "talk");
    T_EQ(s.devices, 2);
    T_EQ(s.have, 2);
    net_free(n);
}

T_CASE(by_name_after_a_whole_day_only)
{
    struct net *n = net_three();
    run_to(n, 0, 2);
    say(n, WREN, "kept", 0);
    run_to(n, 0, 23);
    T_STR(lacking(n, WREN, "kept"), "");
    run_to(n, 1, 23); /* it was not there when this day began */
    T_STR(lacking(n, WREN, "kept"), "");
    run_to(n, 2, 1);
    T_STR(lacking(n, WREN, "kept"), "Bird 1;"); /* Heron has it */
    T_EQ(text_at(n, WREN, "kept").have, 1);
    net_restart(n, WREN);
    T_STR(lacking(n, WREN, "kept"), "Bird 1;");
    come_by(n, OTTER);
    T_EQ(text_at(n, WREN, "kept").have, 2);
    T_STR(lacking(n, WREN, "kept"), "Bird 1;"); /* until the day is over */
    net_restart(n, WREN);
    run_to(n, 2, 23);
    T_STR(lacking(n, WREN, "kept"), "Bird 1;");
    run_to(n, 3, 1);
    T_STR(lacking(n, WREN, "kept"), "");
    net_free(n);
}

T_CASE(nobody_is_named_for_talk)
{
    struct net *n = net_three();
    char names[NAMES_MAX] = "";
    struct peer *p = n->peer[WREN]->peer;
    say(n, WREN, "talk", 168);
    run_to(n, 3, 1);
    T_EQ(peer_lacking(p, 1, text_at(n, WREN, "talk").row, name_add, names), ERR_USAGE);
    T_EQ(peer_lacking(p, 1, 77, name_add, names), ERR_NOTFOUND);
    T_EQ(peer_lacking(p, 1, 0, name_add, names), ERR_NOTFOUND);
    T_EQ(peer_lacking(p, 2, 1, name_add, names), ERR_NOTFOUND);
    T_STR(names, "");
    net_free(n);
}

T_CASE(who_came_yesterday_is_not_named_today)
{
    struct net *n = net_three();
    say(n, WREN, "kept", 0);
    run_to(n, 1, 5);
    CHECK(net_add(n) == 3);
    net_let_in(n, WREN, 3);
    leave(n, 3);
    struct group *g = net_group(n, WREN);
    struct author *a = NULL;
    T_EQ(author_make(g->content, member_at(g, 3)->pk, &a), 0);
    a->has_row = a->day_row = 0; /* as if nothing had come over yet */
    run_to(n, 2, 1);
    T_STR(lacking(n, WREN, "kept"), "Bird 1;");
    run_to(n, 3, 1);
    T_STR(lacking(n, WREN, "kept"), "Bird 1;Bird 3;");
    net_free(n);
}

/* ---- at what hour somebody was there ------------------------------------------- */

static void put(struct buf *to, const void *p, size_t n)
{
    CHECK(buf_append(to, BYTES(p, n), SIZE_MAX / 2) == 0);
}

static void put_span(struct buf *to, struct bytes b)
{
    put(to, &b.n, sizeof b.n);
    if (b.n > 0)
        put(to, b.p, b.n);
}

static int put_message(void *ctx, const struct message_view *v)
{
    struct message_view flat = *v; /* fields and the bytes between them */
    struct buf *to = ctx;
    put_span(to, v->text);
    put_span(to, v->author_name);
    put_span(to, v->reply_name);
    put_span(to, v->reply_text);
    flat.text = flat.author_name = flat.reply_name = flat.reply_text = BYTES(NULL, 0);
    const uint64_t numbers[] = {flat.row,       flat.author,
                                flat.kind,      flat.about_hour,
                                flat.unread,    flat.own,
                                flat.forked,    flat.ends_in_hours,
                                flat.newer,     flat.missing_before,
                                flat.have,      flat.devices,
                                flat.draft,     flat.reply,
                                flat.reply_row, flat.thread,
                                flat.names_me};
    put(to, numbers, sizeof numbers);
    put(to, flat.id, sizeof flat.id);
    return 0;
}

static int put_member(void *ctx, const struct member_view *v)
{
    struct buf *to = ctx;
    const uint64_t numbers[] = {v->index,  v->steward,  v->me,     v->linked,
                                v->forked, v->compared, v->hidden, v->reads_from_hour};
    put(to, v->key, sizeof v->key);
    put_span(to, v->name);
    put_span(to, v->let_in_by);
    put(to, numbers, sizeof numbers);
    return 0;
}

static int put_name(void *ctx, struct bytes name)
{
    put_span(ctx, name);
    return 0;
}

/* Everything that Wren and Heron see of the texts and of one another. */
static void put_views(struct net *n, struct buf *to)
{
    for (int i = WREN; i <= HERON; i += HERON - WREN) {
        struct peer *p = n->peer[i]->peer;
        T_EQ(peer_messages(p, 1, put_message, to), 0);
        T_EQ(peer_members(p, 1, put_member, to), 0);
        T_EQ(peer_lacking(p, 1, text_at(n, i, "kept").row, put_name, to), 0);
    }
}

/* What is seen in the evening of the third day, and after midnight, when Otter was
 * there for half an hour at `hour`. */
static void views_of(uint64_t hour, struct buf *evening, struct buf *night)
{
    struct net *n = net_three();
    run_to(n, 0, 2);
    T_EQ(tp_say(n->peer[OTTER], 1, "said alone"), 0); /* nobody hears it yet */
    say(n, WREN, "kept", 0);
    say(n, HERON, "talk", 168);
    run_to(n, 2, hour);
    T_STR(lacking(n, WREN, "kept"), "Bird 1;");
    come_by(n, OTTER);
    T_EQ(text_at(n, WREN, "said alone").have, 2); /* they met */
    run_to(n, 2, 22);
    put_views(n, evening);
    run_to(n, 3, 1);
    T_EQ(hour_now(n), 73);
    put_views(n, night);
    T_STR(lacking(n, WREN, "kept"), "");
    net_free(n);
}

T_CASE(a_contact_at_three_looks_like_one_at_fifteen)
{
    struct buf evening[2] = {{0}}, night[2] = {{0}};
    views_of(3, &evening[0], &night[0]);
    views_of(15, &evening[1], &night[1]);
    T(evening[0].n > 400 && night[0].n > 400);
    T(bytes_equal(BUF_BYTES(&evening[0]), BUF_BYTES(&evening[1])));
    T(bytes_equal(BUF_BYTES(&night[0]), BUF_BYTES(&night[1])));
    T(!bytes_equal(BUF_BYTES(&evening[0]), BUF_BYTES(&night[0]))); /* days are seen */
    for (int i = 0; i < 2; i++) {
        buf_free(&evening[i]);
        buf_free(&night[i]);
    }
}

T_RUN()
