/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_sync.c -- reconciliation, pushing, back-pressure, and peers that break the rules
 * (P10). */
#include "tests/lib/t.h"

#include "tests/lib/hand.h"

static void apart(struct net *n, int peer)
{
    n->off[peer] = true;
    net_cut(n, peer, true);
    net_drain(n);
}

static void together(struct net *n, int peer)
{
    n->peer[peer]->now_ms = n->peer[0]->now_ms;
    n->peer[peer]->wall_ms = n->peer[0]->wall_ms;
    n->off[peer] = false;
    net_restart(n, peer);
}

static void say_many(struct net *n, int peer, int count)
{
    char text[32];
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%d says %d", peer, i);
        CHECK(net_say(n, peer, text) == 0);
    }
}

/* ---- catching up ------------------------------------------------------------ */

struct seen {
    uint32_t first, count;
    bool block_falls; /* a sequence below the one before, inside the first block */
    uint32_t before;
};

static int see_row(void *ctx, const struct content_row *row)
{
    struct seen *s = ctx;
    if (s->count == 0)
        s->first = row->seq;
    else if (s->count < 200 && row->seq < s->before)
        s->block_falls = true;
    s->before = row->seq;
    s->count++;
    return 0;
}

/* P10.5: newest block first, each block in order. */
T_CASE(much_comes_by_arrival_newest_block_first)
{
    enum { COUNT = 1800 };
    struct net *n = net_two();
    struct seen seen = {0};
    apart(n, 1);
    say_many(n, 0, COUNT);
    together(n, 1);
    net_run(n, 10000);
    T_EQ(net_entries(n, 1), COUNT);
    struct log log = memlog_log(n->peer[1]->log);
    T_EQ(log.ops->content_scan(log.ctx, 1, 0, false, see_row, &seen), 0);
    T_EQ(seen.count, COUNT);
    T(seen.first > COUNT - 512 && seen.first < COUNT - 200);
    T(!seen.block_falls);
    net_free(n);
}

/* More differ on both sides than ids fit into a message: ranges are split. */
T_CASE(both_sides_have_much)
{
    struct net *n = net_two();
    say_many(n, 0, 300);
    net_drain(n);
    apart(n, 1);
    say_many(n, 0, 250);
    say_many(n, 1, 250);
    together(n, 1);
    net_run(n, 20000);
    T_EQ(net_entries(n, 0), 800);
    T_EQ(net_entries(n, 1), 800);
    net_run(n, 60000); /* and then there is silence */
    uint64_t before = n->bytes;
    net_run(n, 5 * 60000);
    T_EQ(n->bytes - before, 0);
    net_free(n);
}

T_CASE(little_of_much_costs_little)
{
    struct net *n = net_two();
    say_many(n, 0, 1500);
    net_run(n, 2 * 60000);
    T_EQ(net_entries(n, 1), 1500);
    apart(n, 1);
    say_many(n, 0, 3);
    uint64_t before = n->bytes;
    together(n, 1);
    net_run(n, 10000);
    T_EQ(net_entries(n, 1), 1503);
    T(n->bytes - before < 40000);
    net_free(n);
}

T_CASE(nothing_new_is_a_few_frames)
{
    struct net *n = net_two();
    say_many(n, 0, 200);
    net_run(n, 2 * 60000);
    apart(n, 1);
    uint64_t before = n->bytes;
    together(n, 1);
    net_run(n, 10000);
    T(n->bytes - before < 4000);
    net_free(n);
}

/* Everybody knows who has it: by the end of the round after. */
static int see_have(void *ctx, const struct message_view *view)
{
    *(uint32_t *)ctx = view->have;
    return 0;
}

T_CASE(it_is_known_who_has_it)
{
    struct net *n = net_two();
    uint32_t have = 0;
    CHECK(net_say(n, 0, "who has this?") == 0);
    net_run(n, 2 * 60000);
    T_EQ(peer_messages(n->peer[0]->peer, 1, see_have, &have), 0);
    T(have >= 1);
    uint32_t with_one = have;
    apart(n, 1);
    CHECK(net_say(n, 0, "and this?") == 0);
    net_run(n, 2 * 60000);
    T_EQ(peer_messages(n->peer[0]->peer, 1, see_have, &have), 0);
    T(have < with_one);
    net_free(n);
}

/* In bulk nothing is passed on at once; the third has it all soon nevertheless. */
T_CASE(bulk_reaches_a_third)
{
    struct net *n = net_two();
    (void)net_add(n);
    net_let_in(n, 0, 2);
    net_run(n, 60000);
    apart(n, 0);
    say_many(n, 0, 300);
    n->off[2] = true; /* 0 and 2 never meet */
    ties_find(n->peer[2]->peer, 1)->dials[0].next_ms = UINT64_MAX;
    together(n, 0);
    struct ties *t = ties_find(n->peer[0]->peer, 1);
    net_run(n, 0);
    t->dials[2].next_ms = UINT64_MAX;
    net_run(n, 5000);
    n->off[2] = false;
    n->peer[2]->now_ms = n->peer[0]->now_ms;
    n->peer[2]->wall_ms = n->peer[0]->wall_ms;
    net_run(n, 60000);
    T_EQ(net_entries(n, 1), 300);
    T_EQ(net_entries(n, 2), 300);
    net_free(n);
}

/* ---- back-pressure ---------------------------------------------------------- */

/* LIMIT_SEND_QUEUE_BYTES_MAX: what does not drain is not filled, and
 * nothing is lost. */
T_CASE(a_slow_link_is_not_flooded)
{
    static char text[8001];
    struct net *n = net_two();
    memset(text, 'x', sizeof text - 1);
    n->slow[0] = n->slow[1] = true;
    uint64_t limited = net_limited(n, 0), before = n->bytes;
    for (int i = 0; i < 300; i++)
        CHECK(net_say(n, 0, text) == 0);
    T(n->bytes - before < LIMIT_SEND_QUEUE_BYTES_MAX + 3 * sizeof text);
    T(net_limited(n, 0) > limited);
    net_run(n, 60000);
    T(n->bytes - before < LIMIT_SEND_QUEUE_BYTES_MAX + 20 * sizeof text);
    T(net_entries(n, 1) < 200);
    n->slow[0] = n->slow[1] = false;
    for (int c = 0; c < n->conns; c++)
        for (int e = 0; e < 2; e++)
            if (n->conn[c].end[e] >= 0)
                net_push(n, (struct net_act){
                                .what = NET_SENT, .conn = c, .end = e, .n = SIZE_MAX});
    net_run(n, 2 * 60000);
    T_EQ(net_entries(n, 1), 300);
    net_free(n);
}

/* Bulk stops at half, so that talk still passes. */
T_CASE(bulk_leaves_room_for_talk)
{
    static char text[8001];
    struct net *n = net_two();
    memset(text, 'x', sizeof text - 1);
    apart(n, 1);
    for (int i = 0; i < 300; i++)
        CHECK(net_say(n, 0, text) == 0);
    n->slow[0] = true;
    uint64_t before = n->bytes;
    together(n, 1);
    net_run(n, 5000);
    T(n->bytes - before > LIMIT_SEND_QUEUE_BYTES_MAX / 3);
    T(n->bytes - before < LIMIT_SEND_QUEUE_BYTES_MAX * 3 / 4);
    uint64_t held = net_entries(n, 1);
    CHECK(net_say(n, 0, "now") == 0);
    net_drain(n);
    T_EQ(net_entries(n, 1), held + 1);
    net_free(n);
}

/* ---- who breaks the rules --------------------------------------------------- */

static struct wire_range whole(uint8_t set)
{
    struct wire_range r = {.set = set, .hi.end_hour = UINT32_MAX};
    memset(r.hi.id, 0xff, sizeof r.hi.id);
    return r;
}

/* Say `out` on a fresh link; true if it was closed for it. */
static bool closes(void (*fill)(struct buf *out))
{
    struct net *n = net_two();
    struct hand h;
    hand_open(&h, n, 1, 0);
    bool before = hand_closed(&h);
    fill(&h.out);
    hand_send(&h);
    bool after = hand_closed(&h);
    hand_close(&h);
    net_free(n);
    return !before && after;
}

static void nothing_wrong(struct buf *out)
{
    CHECK(wire_put_code(out, WIRE_DONE, SET_CONTROL) == 0);
    CHECK(wire_put(out, 99, BYTES("later", 5), BYTES(NULL, 0)) == 0); /* passed over */
}

static void cut_message(struct buf *out)
{
    CHECK(wire_put(out, WIRE_HELLO, BYTES("x", 1), BYTES(NULL, 0)) == 0);
}

static void too_long(struct buf *out)
{
    uint8_t head[4];
    put_u32(head, LIMIT_WIRE_MESSAGE_BYTES_MAX + 1);
    CHECK(buf_append(out, BYTES_OF(head), 64) == 0);
}

static void unknown_topic(struct buf *out)
{
    CHECK(wire_put_entry(out, 0, BYTES("envelope", 8)) == 0);
}

static void range_of_unknown_topic(struct buf *out)
{
    struct wire_range r = whole(SET_CONTENT);
    CHECK(wire_put_range(out, &r) == 0);
}

static void skipped_topic(struct buf *out)
{
    uint8_t topic[32] = {1};
    CHECK(wire_put_topic(out, 1, topic) == 0);
}

static void a_join(struct buf *out)
{
    struct wire_join j;
    memset(&j, 0, sizeof j);
    CHECK(wire_put_join(out, &j) == 0);
}

static void a_welcome(struct buf *out)
{
    CHECK(wire_put_welcome(out, WELCOME_END, BYTES("box", 3)) == 0);
}

static void broken_control(struct buf *out)
{
    CHECK(wire_put(out, WIRE_CONTROL, BYTES("\1broken", 7), BYTES(NULL, 0)) == 0);
}

static void broken_page(struct buf *out)
{
    CHECK(wire_put(out, WIRE_PAGE, BYTES("broken", 6), BYTES(NULL, 0)) == 0);
}

static void broken_card(struct buf *out)
{
    CHECK(wire_put(out, WIRE_CARD, BYTES("broken", 6), BYTES(NULL, 0)) == 0);
}

T_CASE(a_broken_rule_closes_the_link)
{
    static void (*const bad[])(struct buf *) = {
        cut_message,   too_long,   unknown_topic, range_of_unknown_topic,
        skipped_topic, a_join,     a_welcome,     broken_control,
        broken_page,   broken_card};
    T(!closes(nothing_wrong));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        T_NOTE("rule %zu", i);
        T(closes(bad[i]));
    }
}

/* LIMIT_RANGES_OPEN_MAX: questions without end get so many answers and no more. */
T_CASE(ranges_are_answered_up_to_a_bound)
{
    struct net *n = net_two();
    struct hand h;
    struct wire_range r = whole(SET_CONTROL);
    r.sum.count = 1;
    hand_open(&h, n, 1, 0);
    T(hand_count(&h, WIRE_HELLO) == 1);
    for (int i = 0; i < 1500; i++)
        CHECK(wire_put_range(&h.out, &r) == 0);
    uint64_t limited = net_limited(n, 0);
    hand_send(&h);
    T_EQ(hand_count(&h, WIRE_IDS), LIMIT_RANGES_OPEN_MAX);
    T_EQ(net_limited(n, 0) - limited, 1500 - LIMIT_RANGES_OPEN_MAX);
    CHECK(wire_put_code(&h.out, WIRE_DONE, SET_CONTROL) == 0);
    CHECK(wire_put_range(&h.out, &r) == 0);
    hand_send(&h);
    T_EQ(hand_count(&h, WIRE_IDS), 1); /* after done there is room again */
    T(!hand_closed(&h));
    hand_close(&h);
    net_free(n);
}

/* A wish for everything again and again is served no faster than it drains. */
T_CASE(wants_are_bounded)
{
    struct net *n = net_two();
    struct hand h;
    static uint8_t ids[WIRE_WANT_IDS_MAX * WIRE_POSITION_BYTES];
    struct wire_range r = whole(SET_CONTENT);
    uint8_t topic[32] = {0};
    hand_open(&h, n, 1, 0);
    CHECK(wire_put_topic(&h.out, 0, topic) == 0);
    n->slow[0] = true;
    for (int i = 0; i < 80; i++)
        CHECK(wire_put_want(&h.out, &r, BYTES_OF(ids)) == 0);
    hand_send(&h); /* of nothing that is held: forgotten at once */
    T(!hand_closed(&h));
    const struct link *l = n->peer[0]->peer->links->list[0];
    T(l->sync.todo_content.n - l->sync.todo_at <= 65536 * 32);
    hand_close(&h);
    net_free(n);
}

/* ---- the quarantine --------------------------------------------------------- */

struct taking {
    struct hand *h;
    uint8_t topic[32];
    int count;
};

static int take_row(void *ctx, const struct content_row *row)
{
    struct taking *t = ctx;
    if (row->envelope.n == 0)
        return 0;
    if (t->count++ == 0) {
        memcpy(t->topic, row->topic, 32);
        CHECK(wire_put_topic(&t->h->out, 0, row->topic) == 0);
    }
    CHECK(wire_put_entry(&t->h->out, 0, row->envelope) == 0);
    return 0;
}

static int take_page(void *ctx, const uint8_t hash[32], struct bytes page)
{
    struct taking *t = ctx;
    (void)hash;
    return wire_put(&t->h->out, WIRE_PAGE, page, BYTES(NULL, 0));
}

/* Otter rekeys and says `count` texts where nobody hears; then they are told to Wren
 * before the rekey is. */
static void quarantine(int count, size_t text_bytes, uint64_t *limited)
{
    static char text[8001];
    struct net *n = net_two();
    struct hand h;
    net_run(n, 60000);
    struct tp *otter = tp_copy(n->peer[1], 9);
    otter->now_ms = n->peer[1]->now_ms;
    otter->wall_ms = n->peer[1]->wall_ms;
    struct command c = {.kind = CMD_REKEY, .group = 1};
    T_NEED(tp_command(otter, &c) == 0);
    memset(text, 'x', sizeof text);
    text[text_bytes] = '\0';
    for (int i = 0; i < count; i++)
        T_NEED(tp_say(otter, 1, text) == 0);
    struct group *theirs = peer_group(otter->peer, 1);
    uint32_t known = control_count(net_group(n, 0));
    hand_open(&h, n, 1, 0);
    struct taking take = {.h = &h};
    struct log log = memlog_log(otter->log);
    T_NEED(log.ops->content_scan(log.ctx, 1, 0, true, take_row, &take) == 0);
    T_EQ(take.count, count);
    *limited = net_limited(n, 0);
    hand_send(&h);
    *limited = net_limited(n, 0) - *limited;
    T_EQ(net_entries(n, 0), 0);
    const struct sync *s = &n->peer[0]->peer->links->list[0]->sync;
    T(s->later.n > 0 && s->later.n <= LIMIT_QUARANTINE_BYTES_MAX);
    for (uint32_t i = known; i < control_count(theirs); i++)
        CHECK(wire_put(&h.out, WIRE_CONTROL, control_at(theirs, i)->whole,
                       BYTES(NULL, 0)) == 0);
    T_NEED(keys_pages(theirs, take_page, &take) == 0);
    hand_send(&h);
    T(!hand_closed(&h));
    T_EQ(s->later.n, 0);
    T_EQ(net_entries(n, 0), (uint64_t)count - *limited);
    hand_close(&h);
    tp_free(otter);
    net_free(n);
}

/* P10.7 */
T_CASE(entries_of_unknown_epochs_wait)
{
    uint64_t limited = 0;
    quarantine(5, 20, &limited);
    T_EQ(limited, 0);
}

/* LIMIT_QUARANTINE_BYTES_MAX */
T_CASE(the_quarantine_is_bounded)
{
    uint64_t limited = 0;
    quarantine(150, 8000, &limited);
    T(limited > 10 && limited < 60);
}

T_RUN()
