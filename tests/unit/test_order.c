/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_order.c -- the order of messages, and what is said beside them (P8.1). */
#include <time.h>

#include "node/core/content_int.h"
#include "tests/lib/forge.h"
#include "tests/lib/t.h"

enum { MEMBERS = 3, SHOWN_MAX = 64 };

struct shown {
    char text[SHOWN_MAX][40];
    struct message_view view[SHOWN_MAX];
    int count;
};

static int show(void *ctx, const struct message_view *view)
{
    struct shown *s = ctx;
    if (s->count == SHOWN_MAX)
        return 1;
    size_t n = view->text.n < 39 ? view->text.n : 39;
    if (n > 0)
        memcpy(s->text[s->count], view->text.p, n);
    s->text[s->count][n] = 0;
    struct message_view *kept = &s->view[s->count++];
    *kept = *view;
    kept->text = kept->author_name = BYTES(NULL, 0); /* lent for the visit only */
    return 0;
}

static void look(struct tp *t, struct shown *s)
{
    memset(s, 0, sizeof *s);
    T_EQ(peer_messages(t->peer, 1, show, s), 0);
}

struct scene {
    struct tp *founder, *leaves;
    struct tp_member members[MEMBERS];
    struct key_send keys;
    uint16_t position[MEMBERS];
    struct tp_entry entries[32];
    int count;
    uint64_t height; /* what authors claim; 0: the truth */
    uint64_t heights[32];
};

static void scene_new(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->founder = tp_new(3);
    tp_found(s->founder, "Circle", 168);
    tp_add_members(s->founder, peer_group(s->founder->peer, 1), s->members, MEMBERS);
    s->leaves = tp_copy(s->founder, 4);
    tp_places(peer_group(s->leaves->peer, 1), &s->keys, s->members, MEMBERS);
}

static void scene_free(struct scene *s)
{
    for (int i = 0; i < s->count; i++)
        buf_free(&s->entries[i].envelope);
    tp_free(s->leaves);
    tp_free(s->founder);
}

/* An entry of `author` after entry number `prev` (-1: its first), with one dep. */
static int scene_make(struct scene *s, int author, int prev, int dep, const char *text)
{
    static const uint8_t zeros[32];
    struct buf body = {0};
    struct tp_entry *e = &s->entries[s->count];
    uint64_t least = prev < 0 ? 0 : s->heights[prev];
    if (dep >= 0 && s->heights[dep] > least)
        least = s->heights[dep];
    s->heights[s->count] = s->height ? s->height : least + 1;
    tp_body(&body, text,
            dep < 0 ? BYTES(NULL, 0) : BYTES(s->entries[dep].hash, DEP_BYTES),
            s->heights[s->count]);
    struct tp_making in = {.g = peer_group(s->leaves->peer, 1),
                           .keys = &s->keys,
                           .author = &s->members[author],
                           .position = s->position[author]++,
                           .seq = prev < 0 ? 1 : s->entries[prev].seq + 1,
                           .end_hour = TP_EPOCH_HOURS + 168,
                           .lifetime_hours = 168,
                           .prev = prev < 0 ? zeros : s->entries[prev].hash,
                           .body = BUF_BYTES(&body)};
    tp_make(&in, e);
    buf_free(&body);
    return s->count++;
}

static enum accept_result scene_give(struct scene *s, struct tp *to, int which)
{
    return tp_accept(to, peer_group(to->peer, 1), &s->entries[which]);
}

static int keep_body(void *ctx, const struct content_row *row)
{
    struct tp_entry *e = ctx;
    T_EQ(buf_append(&e->envelope, row->body, LIMIT_ENVELOPE_BYTES_MAX), 0);
    return 1;
}

T_CASE(answers_follow_what_they_answer_whatever_came_first)
{
    struct scene s;
    struct shown seen;
    scene_new(&s);
    int a = scene_make(&s, 0, -1, -1, "a");
    int b = scene_make(&s, 1, -1, a, "b after a");
    int c = scene_make(&s, 2, -1, b, "c after b");
    int d = scene_make(&s, 0, a, c, "d after c");
    int orders[][4] = {{a, b, c, d}, {d, c, b, a}, {c, a, d, b}};
    for (size_t i = 0; i < 3; i++) {
        struct tp *t = tp_copy(s.founder, (uint8_t)(10 + i));
        for (int k = 0; k < 4; k++)
            T_EQ(scene_give(&s, t, orders[i][k]), ACCEPT_NEW);
        look(t, &seen);
        T_EQ(seen.count, 4);
        T_STR(seen.text[0], "a");
        T_STR(seen.text[1], "b after a");
        T_STR(seen.text[2], "c after b");
        T_STR(seen.text[3], "d after c");
        for (int k = 0; k < 4; k++)
            T(!seen.view[k].missing_before && !seen.view[k].forked &&
              seen.view[k].unread);
        tp_free(t);
    }
    scene_free(&s);
}

T_CASE(no_more_than_sixteen_heads_are_named)
{
    struct scene s;
    struct tp_entry kept = {0};
    struct body body;
    scene_new(&s);
    struct group *g = peer_group(s.founder->peer, 1);
    struct log log = memlog_log(s.founder->log);
    for (int i = 0; i < LIMIT_HEADS_MAX + 4; i++) {
        scene_make(&s, i % MEMBERS, -1, -1, "at once");
        T_EQ(scene_give(&s, s.founder, i), ACCEPT_NEW);
    }
    T_EQ(tp_say(s.founder, 1, "names the newest"), 0);
    struct author *me = author_find(g->content, g->member_pk);
    T_NEED(me != NULL);
    T_EQ(log.ops->content_by_seq(log.ctx, 1, me->number, 1, keep_body, &kept), 0);
    T_EQ(body_decode(BUF_BYTES(&kept.envelope), &body), 0);
    T_EQ(body.deps.n, LIMIT_HEADS_MAX * DEP_BYTES);
    T_EQ(tp_say(s.founder, 1, "names the rest"), 0);
    kept.envelope.n = 0;
    T_EQ(log.ops->content_by_seq(log.ctx, 1, me->number, 2, keep_body, &kept), 0);
    T_EQ(body_decode(BUF_BYTES(&kept.envelope), &body), 0);
    T_EQ(body.deps.n, 4 * DEP_BYTES);
    buf_free(&kept.envelope);
    scene_free(&s);
}

/* Somebody who came later holds less, and shows what he holds in the same order. */
T_CASE(who_holds_less_shows_the_same_order)
{
    struct scene s;
    struct shown all, few;
    scene_new(&s);
    int entries[6], prev = -1;
    for (int i = 0; i < 4; i++) { /* a chain, honestly counted */
        s.height = (uint64_t)i + 1;
        prev = entries[i] = scene_make(&s, 0, prev, -1, i == 3 ? "fourth" : "old");
    }
    s.height = 2;
    entries[4] = scene_make(&s, 1, -1, entries[0], "second");
    s.height = 5;
    entries[5] = scene_make(&s, 2, -1, entries[3], "fifth");
    struct tp *newcomer = tp_copy(s.founder, 9);
    for (int i = 0; i < 6; i++) {
        T_EQ(scene_give(&s, s.founder, entries[i]), ACCEPT_NEW);
        if (i >= 3)
            T_EQ(scene_give(&s, newcomer, entries[i]), ACCEPT_NEW);
    }
    look(s.founder, &all);
    look(newcomer, &few);
    T_EQ(all.count, 6);
    T_EQ(few.count, 3);
    T_STR(few.text[0], "second");
    T_STR(few.text[1], "fourth");
    T_STR(few.text[2], "fifth");
    T_STR(all.text[4], "fourth");
    T_STR(all.text[5], "fifth");
    tp_free(newcomer);
    scene_free(&s);
}

/* A false claim puts its own author's text elsewhere, up to its bound, and nothing
 * else: whoever can read it or not shows the others in one order. */
T_CASE(false_heights_do_no_harm)
{
    struct scene s;
    struct shown seen;
    scene_new(&s);
    s.height = UINT64_MAX;
    int a = scene_make(&s, 0, -1, -1, "a, claims the end of the world");
    s.height = 1;
    int b = scene_make(&s, 1, -1, a, "b after a, claims to be first");
    s.height = 7;
    int c = scene_make(&s, 2, -1, b, "c after b, without a");
    T_EQ(scene_give(&s, s.founder, b), ACCEPT_NEW);
    T_EQ(scene_give(&s, s.founder, c), ACCEPT_NEW);
    look(s.founder, &seen);
    T_STR(seen.text[0], "b after a, claims to be first");
    T_STR(seen.text[1], "c after b, without a");
    T_EQ(scene_give(&s, s.founder, a), ACCEPT_NEW);
    T_EQ(tp_say(s.founder, 1, "mine"), 0);
    tp_restart(s.founder);
    T_EQ(tp_say(s.founder, 1, "mine again"), 0);
    look(s.founder, &seen);
    T_EQ(seen.count, 5);
    T_STR(seen.text[2], "c after b, without a"); /* it stays behind b */
    T_STR(seen.text[3], "mine");
    T_STR(seen.text[4], "mine again");
    scene_free(&s);
}

T_CASE(a_baseline_says_where_to_go_on)
{
    struct scene s;
    struct shown seen;
    struct buf baseline = {0};
    scene_new(&s);
    struct tp *newcomer = tp_copy(s.founder, 9);
    for (int i = 0; i < 3; i++)
        T_EQ(tp_say(s.founder, 1, "before"), 0);
    struct group *g = peer_group(s.founder->peer, 1),
                 *n = peer_group(newcomer->peer, 1);
    T_EQ(content_baseline(g, &baseline), 0);
    T_EQ(baseline.n, 8 + 68); /* P6.5: one author */
    memlog_begin(newcomer->log);
    T_EQ(content_set_baseline(n, BYTES(baseline.p, baseline.n - 1)), ERR_MALFORMED);
    T_EQ(content_set_baseline(n, BUF_BYTES(&baseline)), 0);
    memlog_commit(newcomer->log);
    uint32_t seq = 0;
    uint8_t hash[32];
    T(!content_frontier(n, g->member_pk, &seq, hash));
    tp_restart(newcomer);
    n = peer_group(newcomer->peer, 1);
    /* The first text of a newcomer comes after all he was not there for. */
    T_EQ(tp_say(newcomer, 1, "hello"), 0);
    struct tp_entry kept = {0};
    struct body body;
    struct log log = memlog_log(newcomer->log);
    struct author *me = author_find(n->content, n->member_pk);
    T_NEED(me != NULL);
    T_EQ(log.ops->content_by_seq(log.ctx, 1, me->number, 4, keep_body, &kept), 0);
    T_EQ(body_decode(BUF_BYTES(&kept.envelope), &body), 0);
    T_EQ(body.height, 4);
    T_EQ(body.distance, 0);
    look(newcomer, &seen);
    T_EQ(seen.count, 1);
    T(!seen.view[0].missing_before); /* P6.6: before we came is no loss */
    buf_free(&kept.envelope);
    buf_free(&baseline);
    tp_free(newcomer);
    scene_free(&s);
}

T_CASE(ties_go_by_hash)
{
    struct scene s;
    struct shown seen;
    scene_new(&s);
    scene_make(&s, 0, -1, -1, "x");
    scene_make(&s, 1, -1, -1, "y");
    scene_make(&s, 2, -1, -1, "z");
    for (int i = 0; i < 3; i++)
        T_EQ(scene_give(&s, s.founder, i), ACCEPT_NEW);
    look(s.founder, &seen);
    T_EQ(seen.count, 3);
    for (int i = 1; i < seen.count; i++)
        T(memcmp(seen.view[i - 1].id, seen.view[i].id, 32) < 0);
    scene_free(&s);
}

T_CASE(a_gap_shows_and_goes_when_filled)
{
    struct scene s;
    struct shown seen;
    scene_new(&s);
    int a = scene_make(&s, 0, -1, -1, "a");
    int b = scene_make(&s, 0, a, -1, "b");
    int c = scene_make(&s, 0, b, -1, "c");
    T_EQ(scene_give(&s, s.founder, c), ACCEPT_NEW);
    look(s.founder, &seen);
    T_EQ(seen.count, 1);
    /* The body of c says how far back its author's entries go: to itself only. */
    T(!seen.view[0].missing_before);
    T_EQ(scene_give(&s, s.founder, a), ACCEPT_NEW);
    T_EQ(scene_give(&s, s.founder, b), ACCEPT_NEW);
    look(s.founder, &seen);
    T_EQ(seen.count, 3);
    T_STR(seen.text[2], "c");
    scene_free(&s);
}

T_CASE(a_fork_is_shown_with_both_branches)
{
    struct scene s;
    struct shown seen;
    scene_new(&s);
    int a = scene_make(&s, 0, -1, -1, "a");
    int b = scene_make(&s, 0, a, -1, "b");
    int c = scene_make(&s, 0, a, -1, "c");
    T_EQ(scene_give(&s, s.founder, c), ACCEPT_NEW);
    T_EQ(scene_give(&s, s.founder, a), ACCEPT_NEW);
    T_EQ(scene_give(&s, s.founder, b), ACCEPT_NEW);
    look(s.founder, &seen);
    T_EQ(seen.count, 3);
    T_STR(seen.text[0], "a");
    T(!seen.view[0].forked);
    T(seen.view[1].forked && seen.view[2].forked);
    scene_free(&s);
}

T_CASE(who_has_it_follows_from_what_they_wrote)
{
    struct scene s;
    struct shown seen;
    scene_new(&s);
    T_EQ(tp_say(s.founder, 1, "mine"), 0);
    look(s.founder, &seen);
    T_EQ(seen.count, 1);
    T_EQ(seen.view[0].have, 0);
    T(seen.view[0].own && !seen.view[0].unread);
    /* Member 0 writes after it, member 1 after that. */
    memcpy(s.entries[31].hash, seen.view[0].id, 32);
    s.heights[31] = 1;
    int a = scene_make(&s, 0, -1, 31, "after mine");
    int b = scene_make(&s, 1, -1, a, "after that");
    T_EQ(scene_give(&s, s.founder, b), ACCEPT_NEW);
    look(s.founder, &seen);
    T_STR(seen.text[0],
          memcmp(seen.view[0].id, s.entries[b].hash, 32) ? "mine" : "after that");
    T_EQ(scene_give(&s, s.founder, a), ACCEPT_NEW);
    look(s.founder, &seen);
    T_EQ(seen.count, 3);
    T_STR(seen.text[0], "mine");
    T_EQ(seen.view[0].have, 2);
    T_EQ(seen.view[1].have, 2);
    T_EQ(seen.view[2].have, 1);
    memlog_begin(s.founder->log);
    T_EQ(content_has_all(peer_group(s.founder->peer, 1), s.members[2].pk), 0);
    memlog_commit(s.founder->log);
    look(s.founder, &seen);
    T_EQ(seen.view[2].have, 2);
    tp_restart(s.founder);
    look(s.founder, &seen);
    T_EQ(seen.view[0].have, 3);
    scene_free(&s);
}

T_CASE(an_own_text_follows_all_that_is_held)
{
    struct scene s;
    struct shown seen;
    scene_new(&s);
    for (int i = 0; i < 3; i++)
        scene_make(&s, i, -1, -1, "before");
    for (int i = 0; i < 3; i++)
        T_EQ(scene_give(&s, s.founder, i), ACCEPT_NEW);
    T_EQ(tp_say(s.founder, 1, "mine"), 0);
    int again = scene_make(&s, 0, 0, -1, "later, not having seen mine");
    T_EQ(scene_give(&s, s.founder, again), ACCEPT_NEW);
    T_EQ(tp_say(s.founder, 1, "mine again"), 0);
    look(s.founder, &seen);
    T_EQ(seen.count, 6);
    for (int i = 0; i < 3; i++)
        T_STR(seen.text[i], "before");
    T_STR(seen.text[5], "mine again");
    /* Its deps: one head, the own previous entry is not among them (P7.5). */
    struct group *g = peer_group(s.founder->peer, 1);
    struct tp_entry kept = {0};
    struct body body;
    struct log log = memlog_log(s.founder->log);
    struct author *me = author_find(g->content, g->member_pk);
    T_NEED(me != NULL);
    T_EQ(log.ops->content_by_seq(log.ctx, 1, me->number, 2, keep_body, &kept), 0);
    T_EQ(body_decode(BUF_BYTES(&kept.envelope), &body), 0);
    T_EQ(body.deps.n, DEP_BYTES);
    T_MEM(body.deps.p, s.entries[again].hash, DEP_BYTES);
    T_EQ(body.distance, 1);
    T(body.control_deps.n >= DEP_BYTES);
    buf_free(&kept.envelope);
    scene_free(&s);
}

/* --- many rows, straight into the log -------------------------------------------- */

enum { ROWS = 100000 };

struct many {
    uint32_t height_last;
    int count;
    bool rising;
};

static int count_many(void *ctx, const struct message_view *view)
{
    struct many *m = ctx;
    uint32_t seq = get_u32(view->id + 4);
    m->rising = m->rising && (m->count == 0 || seq >= m->height_last);
    m->height_last = seq;
    m->count++;
    return 0;
}

/* A log that scans rows made on the fly: the order is timed, not the log. */
struct fake {
    struct log_ops ops;
    struct log real;
    struct buf body;
};

static void fake_hash(uint8_t out[32], uint32_t i)
{
    memset(out, 0, 32);
    if (i == 0)
        return; /* zeros: nothing before the first */
    put_u32(out, i * 2654435761u);
    put_u32(out + 4, i);
}

static int fake_scan(void *ctx, uint32_t group, uint64_t after, bool with_body,
                     log_visit_row *visit, void *visit_ctx)
{
    struct fake *f = ctx;
    (void)group;
    (void)with_body;
    int stop = 0;
    for (uint32_t i = ROWS; i >= 1 && !stop; i--) { /* newest first */
        tp_body(&f->body, "one of many", BYTES(NULL, 0), i);
        struct content_row row = {.row = ROWS - i + 1,
                                  .author = 1,
                                  .seq = i,
                                  .end_hour = END_NEVER,
                                  .state = CONTENT_OPEN,
                                  .body = BUF_BYTES(&f->body)};
        fake_hash(row.hash, i);
        fake_hash(row.prev, i - 1);
        if (row.row > after)
            stop = visit(visit_ctx, &row);
    }
    return stop < 0 ? stop : 0;
}

T_CASE(a_hundred_thousand_rows_are_ordered_quickly)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 0);
    T_EQ(tp_say(t, 1, "first"), 0);
    struct fake f = {.real = t->peer->log};
    f.ops = *t->peer->log.ops;
    f.ops.content_scan = fake_scan;
    t->peer->log = (struct log){&f.ops, &f};
    struct many m = {.rising = true};
    clock_t began = clock();
    T_EQ(peer_messages(t->peer, 1, count_many, &m), 0);
    double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
    printf("    %d rows ordered in %.3f s\n", m.count, seconds);
    T_EQ(m.count, ROWS);
    T(m.rising);
    T(seconds < 5.0); /* also with every sanitizer; a plain build takes far less */
    t->peer->log = f.real;
    buf_free(&f.body);
    tp_free(t);
}

T_RUN()
