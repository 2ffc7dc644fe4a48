/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_budget.c -- what one member may cost, and how much of one author is held (P8.12,
 * P8.13, P5.19).
 */
#include "tests/lib/t.h"

#include "node/core/budget.h"
#include "node/core/content_int.h"
#include "node/core/content_share.h"
#include "tests/lib/forge.h"
#include "tests/lib/hand.h"

/* Two members, linked. */
static struct net *pair(void)
{
    struct net *n = net_new();
    (void)net_add(n);
    (void)net_add(n);
    (void)net_found(n, 0, 168);
    net_let_in(n, 0, 1);
    net_run(n, 60000);
    return n;
}

/* ---- buckets -------------------------------------------------------------------- */

static const struct {
    enum budget what;
    enum limited why;
    uint64_t most, fill_ms;
} buckets[] = {
    {BUDGET_BYTES, LIMITED_BYTES, LIMIT_BUDGET_BYTES_MAX, 128000},
    {BUDGET_CHECKS, LIMITED_CHECKS, LIMIT_BUDGET_CHECKS_MAX, 64000},
    {BUDGET_ASKS, LIMITED_ASKS, LIMIT_BUDGET_ASKS_MAX, 64000},
    {BUDGET_LINKS, LIMITED_LINKS, LIMIT_BUDGET_LINKS_MAX, 128000},
    {BUDGET_PUSH, LIMITED_ENTRIES, LIMIT_BUDGET_PUSH_MAX, 128000},
    {BUDGET_CLAIMS, LIMITED_CLAIMS, LIMIT_BUDGET_CLAIMS_MAX, 168 * 3600000},
};

/* Every row: full, one more, half a fill later, another member. */
T_CASE(a_bucket_holds_what_it_says_and_fills_again)
{
    struct tp *t = tp_new(1);
    struct tp_member m[1];
    struct group *g = peer_group(t->peer, tp_found(t, "Circle", 168));
    tp_add_members(t, g, m, 1);
    for (size_t i = 0; i < sizeof buckets / sizeof *buckets; i++) {
        uint64_t last_ms = 0, most = buckets[i].most;
        enum budget what = buckets[i].what;
        T_NOTE("bucket %d", (int)what);
        T(budget_take(g, 1, what, most));
        T_EQ(budget_limited(g, 1, buckets[i].why, &last_ms), 0);
        T(!budget_take(g, 1, what, 1));
        T(!budget_has(g, 1, what));
        T_EQ(budget_limited(g, 1, buckets[i].why, &last_ms), 2);
        T_EQ(last_ms, t->peer->now_ms);
        T(budget_take(g, 0, what, most)); /* others pay for nothing */
        t->peer->now_ms += buckets[i].fill_ms / 2;
        T_EQ(budget_take(g, 1, what, most / 2), true);
        T(!budget_take(g, 1, what, most / 2 + 1));
        t->peer->now_ms += buckets[i].fill_ms;
        T(budget_take(g, 1, what, most));
        T(!budget_has(g, 1, what));
        budget_forgive(g, what);
        T(budget_take(g, 1, what, most));
    }
    tp_free(t);
}

/* LIMIT_BUDGET_SERVED_MAX: twice all that is held, beside. */
T_CASE(all_that_is_held_is_given_twice_an_hour)
{
    struct tp *t = tp_new(1);
    struct group *g = peer_group(t->peer, tp_found(t, "Circle", 168));
    uint64_t held = g->content->entries + control_count(g);
    T(budget_take(g, 0, BUDGET_SERVED, LIMIT_BUDGET_SERVED_MAX + 2 * held));
    T(!budget_take(g, 0, BUDGET_SERVED, 1));
    g->content->entries += 1000;
    T(budget_take(g, 0, BUDGET_SERVED, 2000));
    T(!budget_take(g, 0, BUDGET_SERVED, 1));
    g->content->entries -= 1000;
    tp_free(t);
}

/* ---- on a link ------------------------------------------------------------------- */

struct counted {
    uint32_t times;
    enum limited why;
};

static int count_limited(void *ctx, const struct limited_view *view)
{
    struct counted *c = ctx;
    c->times += (uint32_t)view->times;
    c->why = view->why;
    return 0;
}

static struct counted limited_at(struct net *n, int peer)
{
    struct counted c = {0};
    T_EQ(peer_limited(n->peer[peer]->peer, count_limited, &c), 0);
    return c;
}

/* Wants without end are answered no more; the link stays, and the status says who. */
T_CASE(asking_without_end_is_left_out)
{
    struct net *n = pair();
    struct hand h;
    struct wire_range range = {.set = SET_CONTROL};
    uint8_t nothing[WIRE_POSITION_BYTES] = {0};
    T_EQ(limited_at(n, 0).times, 0);
    hand_open(&h, n, 1, 0);
    for (int i = 0; i < LIMIT_BUDGET_ASKS_MAX + 10; i++) {
        CHECK(wire_put_want(&h.out, &range, BYTES_OF(nothing)) == 0);
        if (i % 512 == 0)
            hand_send(&h);
    }
    hand_send(&h);
    T(!hand_closed(&h));
    T(limited_at(n, 0).times > 0);
    T_EQ(limited_at(n, 0).why, LIMITED_ASKS);
    hand_close(&h);
    net_free(n);
}

/* P8.9: a claim that nothing came of stops nobody again. */
T_CASE(a_false_claim_is_heard_once)
{
    struct net *n = pair();
    struct hand h;
    struct group *g = net_group(n, 0);
    struct wire_hello hello = {.version = 1, .hour = g->hour.hour, .seq = 900};
    hand_open(&h, n, 1, 0);
    for (int i = 0; i < 2; i++) {
        hello.seq++;
        CHECK(wire_put_hello(&h.out, &hello) == 0);
        hand_send(&h);
        T_EQ(g->content->stopped, i == 0);
        for (int m = 0; m < 2 * 3600; m += 60) { /* the link may fall silent */
            n->peer[0]->now_ms += 60000;
            n->peer[0]->wall_ms += 60000;
            struct event ev = {.kind = EV_TICK};
            net_step(n, 0, &ev);
        }
        T(!g->content->stopped);
        hand_close(&h);
        if (i == 0)
            hand_open(&h, n, 1, 0);
    }
    T_EQ(limited_at(n, 0).why, LIMITED_CLAIMS);
    net_free(n);
}

/* LIMIT_QUARANTINE_ALL_BYTES_MAX: of one more byte nothing is kept. */
T_CASE(all_quarantines_together_are_bounded)
{
    struct net *n = pair();
    struct hand h;
    uint8_t envelope[256] = {1, 0, 0xff, 0xff, 0xff, 0xff}, topic[32] = {7};
    hand_open(&h, n, 1, 0);
    struct links *links = n->peer[0]->peer->links;
    struct sync *s = &links->list[0]->sync;
    CHECK(wire_put_topic(&h.out, 0, topic) == 0);
    CHECK(wire_put_entry(&h.out, 0, BYTES_OF(envelope)) == 0);
    hand_send(&h);
    T_EQ(s->later.n, 256 + 68);
    struct link other = {.state = LINK_SINK,
                         .sync.later.n = LIMIT_QUARANTINE_ALL_BYTES_MAX - 600};
    links->list[links->count++] = &other;
    envelope[8] = 1;
    CHECK(wire_put_entry(&h.out, 0, BYTES_OF(envelope)) == 0);
    hand_send(&h);
    T_EQ(s->later.n, 256 + 68);
    T_EQ(limited_at(n, 0).why, LIMITED_QUARANTINE);
    links->count--;
    hand_close(&h);
    net_free(n);
}

/* ---- an author's share ----------------------------------------------------------- */

enum { ROW_BYTES = 65536, ROWS_FIT = LIMIT_AUTHOR_BYTES_MAX / ROW_BYTES };

static void put_row(struct tp *t, struct group *g, struct author *a, uint32_t i,
                    const uint8_t *envelope)
{
    struct log log = memlog_log(t->log);
    struct content_row row = {.state = CONTENT_LOST,
                              .author = a->number,
                              .seq = i + 1,
                              .end_hour = END_NEVER,
                              .erase_hour = END_NEVER,
                              .envelope = BYTES(envelope, ROW_BYTES)};
    put_u32(row.id, i);
    put_u32(row.hash, i * 2654435761u); /* all over the place */
    CHECK(log.ops->content_put(log.ctx, g->number, &row, &row.row) == 0);
    share_add(a, ROW_BYTES);
    g->content->entries++;
}

static int largest_hash(void *ctx, const struct content_row *row)
{
    uint32_t *most = ctx;
    *most = get_u32(row->hash) > *most ? get_u32(row->hash) : *most;
    return 0;
}

/* LIMIT_AUTHOR_BYTES_MAX: the smallest hashes stay, whatever the order of arrival. */
T_CASE(the_smallest_hashes_of_an_author_stay)
{
    enum { MORE = 300 };
    uint32_t most[2] = {0, 0};
    uint8_t *envelope = calloc(1, ROW_BYTES);
    CHECK(envelope != NULL);
    for (int way = 0; way < 2; way++) {
        struct tp *t = tp_new(1);
        struct tp_member m[1];
        struct author *a = NULL;
        struct group *g = peer_group(t->peer, tp_found(t, "Circle", 168));
        tp_add_members(t, g, m, 1);
        memlog_begin(t->log);
        T_NEED(author_make(g->content, m[0].pk, &a) == 0);
        for (uint32_t i = 0; i < ROWS_FIT + MORE; i++) {
            put_row(t, g, a, way ? ROWS_FIT + MORE - 1 - i : i, envelope);
            T_NEED(share_settle(g, false) == 0);
        }
        T_NEED(share_settle(g, true) == 0);
        memlog_commit(t->log);
        struct log log = memlog_log(t->log);
        T_EQ(a->held_count, ROWS_FIT);
        T_EQ(g->content->entries, ROWS_FIT);
        T_NEED(log.ops->content_scan(log.ctx, g->number, 0, false, largest_hash,
                                     &most[way]) == 0);
        uint8_t hash[32] = {0};
        put_u32(hash, most[way] + 1);
        T(share_refuses(a, hash));
        put_u32(hash, most[way] - 1);
        T(!share_refuses(a, hash));
        share_drop(a, ROW_BYTES); /* one has ended: there is room */
        put_u32(hash, most[way] + 1);
        T(!share_refuses(a, hash));
        tp_free(t);
    }
    T_EQ(most[0], most[1]);
    free(envelope);
}

/* LIMIT_AUTHOR_ENTRIES_MAX: an honest author stops before. */
T_CASE(whoever_wrote_that_much_writes_no_more)
{
    struct tp *t = tp_new(1);
    struct author *me = NULL;
    struct group *g = peer_group(t->peer, tp_found(t, "Circle", 168));
    T_NEED(author_me(g, &me) == 0);
    me->held_count = LIMIT_AUTHOR_ENTRIES_MAX - 1;
    T_EQ(tp_say(t, g->number, "the last"), 0);
    T_EQ(tp_say(t, g->number, "one more"), ERR_FULL);
    tp_free(t);
}

T_RUN()
