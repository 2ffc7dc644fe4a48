/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_restored.c -- a copy of a profile goes on safely: put back, or beside the first
 * (P8.9, P8.11).
 */
#include "node/core/content_int.h"
#include "tests/lib/circle.h"
#include "tests/lib/forge.h"
#include "tests/lib/t.h"

enum { SHOWN_MAX = 64, TEXT_MAX = 32 };

struct shown {
    int count, drafts;
    char text[SHOWN_MAX][TEXT_MAX];
    bool unread[SHOWN_MAX];
};

static int see(void *ctx, const struct message_view *view)
{
    struct shown *s = ctx;
    CHECK(s->count < SHOWN_MAX && view->text.n < TEXT_MAX);
    s->drafts += view->draft != 0;
    if (view->text.n > 0)
        memcpy(s->text[s->count], view->text.p, view->text.n);
    s->unread[s->count++] = view->unread;
    return 0;
}

static struct shown shown_by(const struct circle *c, int i)
{
    struct shown s = {0};
    T_EQ(peer_messages(c->tp[i]->peer, c->number[i], see, &s), 0);
    return s;
}

/* How often peer `i` shows this text. */
static int times(const struct circle *c, int i, const char *text)
{
    struct shown s = shown_by(c, i);
    int n = 0;
    for (int k = 0; k < s.count; k++)
        n += strcmp(s.text[k], text) == 0;
    return n;
}

struct carrying {
    struct circle *c;
    int to, taken;
    struct buf list[SHOWN_MAX];
    uint8_t topics[SHOWN_MAX][32];
    int count;
};

static int gather(void *ctx, const struct content_row *row)
{
    struct carrying *x = ctx;
    if (row->state == CONTENT_ASIDE)
        return 0;
    CHECK(x->count < SHOWN_MAX);
    memcpy(x->topics[x->count], row->topic, 32);
    return buf_append(&x->list[x->count++], row->envelope, LIMIT_ENVELOPE_BYTES_MAX);
}

/* Hand control plane and content from one to the other; how many entries were new. */
static int carry(struct circle *c, int from, int to)
{
    struct group *a = circle_group(c, from), *b = circle_group(c, to);
    struct log log = memlog_log(c->tp[from]->log);
    struct carrying x = {.c = c, .to = to};
    (void)circle_carry(c, from, to);
    T_EQ(log.ops->content_scan(log.ctx, a->number, 0, true, gather, &x), 0);
    circle_begin(c, to);
    for (int i = 0; i < x.count; i++) {
        struct incoming in = {.envelope = BUF_BYTES(&x.list[i])};
        memcpy(in.topic, x.topics[i], 32);
        T_EQ(content_accept(b, &in, 1, 0), 0);
        x.taken += in.result == ACCEPT_NEW;
        buf_free(&x.list[i]);
    }
    circle_commit(c, to);
    return x.taken;
}

/* A copy of peer `i` joins the circle; its number. */
static int copy_of(struct circle *c, int i)
{
    int n = c->count++;
    CHECK(n < CIRCLE_MAX);
    c->tp[n] = tp_copy(c->tp[i], (uint8_t)(60 + n));
    c->tp[n]->now_ms = c->tp[i]->now_ms;
    c->number[n] = c->number[i];
    return n;
}

static int say(struct circle *c, int i, const char *text)
{
    return tp_say(c->tp[i], c->number[i], text);
}

static void pass(struct circle *c, uint64_t ms)
{
    circle_pass(c, ms);
}

/* Everybody learns everything, rests are over, nothing is owed any more. */
static void settle(struct circle *c)
{
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < c->count; i++)
            for (int j = 0; j < c->count; j++)
                if (i != j)
                    (void)carry(c, i, j);
        pass(c, 61 * 1000);
    }
}

T_CASE(a_copy_that_was_put_back_stops_rekeys_and_goes_on_above)
{
    struct circle c;
    uint32_t seq = 0;
    uint8_t hash[32];
    circle_of(&c, 2);
    T_EQ(say(&c, 0, "one"), 0);
    int old = copy_of(&c, 0);
    T_EQ(say(&c, 0, "two"), 0);
    T(carry(&c, 0, 1) > 0);
    struct group *g = circle_group(&c, 0), *o = circle_group(&c, old);
    T(content_frontier(g, g->member_pk, &seq, hash));
    T_EQ(seq, 2);
    uint32_t before = control_count(o);
    circle_begin(&c, old);
    T_EQ(content_own_known(o, seq, hash), 0);
    circle_commit(&c, old);
    T_EQ(control_count(o), before); /* a claim is no proof */
    /* What is said now waits, and is not lost. */
    T_EQ(say(&c, old, "after"), 0);
    T_EQ(shown_by(&c, old).drafts, 1);
    T_EQ(carry(&c, 1, old), 1);
    T_EQ(control_count(o), before + 1); /* it rekeyed */
    T_EQ(times(&c, old, "two"), 1);
    T_EQ(tp_pass(c.tp[old], 61000), 0);
    T_EQ(shown_by(&c, old).drafts, 0);
    T(content_frontier(o, o->member_pk, &seq, hash));
    T_EQ(seq, 3);
    T(carry(&c, old, 1) > 0);
    T_EQ(times(&c, 1, "after"), 1);
    circle_end(&c);
}

/* The copy wrote before it met anybody, under the keys that the first had used. */
T_CASE(what_a_copy_wrote_too_early_is_said_again)
{
    struct circle c;
    circle_of(&c, 2);
    T_EQ(say(&c, 0, "one"), 0);
    int old = copy_of(&c, 0);
    T_EQ(say(&c, 0, "two"), 0);
    T(carry(&c, 0, 1) > 0);
    T_EQ(say(&c, old, "other two"), 0);
    (void)carry(&c, old, 1);
    T_EQ(times(&c, 1, "other two"), 0); /* its key is used: nobody can read it */
    (void)carry(&c, 1, old);
    T(circle_group(&c, old)->content->stopped);
    T_EQ(circle_group(&c, old)->content->again_count, 1);
    tp_restart(c.tp[old]); /* what is owed is not forgotten */
    T_EQ(circle_group(&c, old)->content->again_count, 1);
    T_EQ(tp_pass(c.tp[old], 61000), 0);
    T_EQ(circle_group(&c, old)->content->again_count, 0);
    T_EQ(times(&c, old, "other two"), 1); /* shown once to who wrote it */
    (void)carry(&c, old, 1);
    T_EQ(times(&c, 1, "two"), 1);
    T_EQ(times(&c, 1, "other two"), 1);
    T_EQ(times(&c, 1, ""), 0); /* and nothing that cannot be read beside it */
    /* Somebody who got the copy's first reads both as well, and nothing twice. */
    int late = circle_join(&c, 0, ROLE_MEMBER);
    (void)late;
    settle(&c);
    for (int i = 0; i < 2; i++) {
        T_EQ(times(&c, i, "two"), 1);
        T_EQ(times(&c, i, "other two"), 1);
    }
    circle_end(&c);
}

/* Both run and write, again and again. */
T_CASE(two_copies_at_once_lose_nothing)
{
    struct circle c;
    char text[TEXT_MAX];
    circle_of(&c, 2);
    int twin = copy_of(&c, 1);
    for (int i = 0; i < 6; i++) {
        snprintf(text, sizeof text, "first %d", i);
        T_EQ(say(&c, 1, text), 0);
        snprintf(text, sizeof text, "twin %d", i);
        T_EQ(say(&c, twin, text), 0);
        snprintf(text, sizeof text, "other %d", i);
        T_EQ(say(&c, 0, text), 0);
        if (i % 2)
            settle(&c);
    }
    settle(&c);
    for (int n = 0; n < c.count; n++)
        for (int i = 0; i < 6; i++) {
            T_NOTE("reader %d, text %d", n, i);
            snprintf(text, sizeof text, "first %d", i);
            T_EQ(times(&c, n, text), 1);
            snprintf(text, sizeof text, "twin %d", i);
            T_EQ(times(&c, n, text), 1);
            snprintf(text, sizeof text, "other %d", i);
            T_EQ(times(&c, n, text), 1);
        }
    /* Once they know, they do not rekey for each other's texts. */
    uint32_t before = control_count(circle_group(&c, 0));
    for (int i = 0; i < 4; i++) {
        T_EQ(say(&c, 1, "a"), 0);
        T_EQ(say(&c, twin, "b"), 0);
        settle(&c);
    }
    T_EQ(control_count(circle_group(&c, 0)), before);
    for (int n = 0; n < c.count; n++) {
        T_EQ(times(&c, n, "a"), 4);
        T_EQ(times(&c, n, "b"), 4);
    }
    /* Somebody else rekeys: neither is locked out. */
    circle_rekey(&c, 0);
    settle(&c);
    T_EQ(say(&c, 0, "new locks"), 0);
    settle(&c);
    T_EQ(times(&c, 1, "new locks"), 1);
    T_EQ(times(&c, twin, "new locks"), 1);
    T_EQ(say(&c, twin, "I read it"), 0);
    settle(&c);
    T_EQ(times(&c, 0, "I read it"), 1);
    circle_end(&c);
}

/* Somebody holds an old copy of the device, and lets it write on and on. */
T_CASE(own_entries_one_by_one_stop_us_for_a_minute_only)
{
    struct circle c;
    int stopped = 0;
    circle_of(&c, 2);
    int old = copy_of(&c, 1);
    T_EQ(say(&c, 1, "mine"), 0);
    for (int i = 0; i < 16; i++) {
        T_EQ(say(&c, old, "not mine"), 0);
        (void)carry(&c, old, 1);
        if (i == 0)
            T_EQ(say(&c, 1, "waits"), 0);
        stopped += circle_group(&c, 1)->content->stopped;
        pass(&c, 9 * 1000);
    }
    T(stopped > 0 && stopped < 9);
    T_EQ(content_drafts(circle_group(&c, 1)), 0);
    circle_end(&c);
}

T_CASE(what_is_marked_as_restored_rests_and_rekeys_first)
{
    struct circle c;
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    uint32_t before = control_count(g);
    circle_begin(&c, 0);
    content_mark_restored(g);
    circle_commit(&c, 0);
    T_EQ(say(&c, 0, "waits"), 0);
    T_EQ(shown_by(&c, 0).drafts, 1);
    T_EQ(tp_pass(c.tp[0], 61000), 0);
    T_EQ(shown_by(&c, 0).drafts, 0);
    T_EQ(control_count(g), before + 1);
    circle_end(&c);
}

/* A text waits for a key, which is there by now; the next one comes after it. */
T_CASE(a_later_text_does_not_overtake_one_that_waits)
{
    struct circle c;
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    circle_begin(&c, 0);
    content_mark_restored(g);
    circle_commit(&c, 0);
    T_EQ(say(&c, 0, "first"), 0);
    T_EQ(tp_pass(c.tp[0], 2), 0);
    g->content->stopped = false;
    T_EQ(say(&c, 0, "second"), 0);
    T_EQ(tp_pass(c.tp[0], 2), 0);
    T_EQ(shown_by(&c, 0).drafts, 2);
    T_EQ(tp_pass(c.tp[0], 61000), 0);
    struct shown s = shown_by(&c, 0);
    T_EQ(s.drafts, 0);
    T_STR(s.text[0], "first");
    T_STR(s.text[1], "second");
    circle_end(&c);
}

T_CASE(a_false_claim_stops_for_a_minute_and_rekeys_once_a_week)
{
    struct circle c;
    uint8_t hash[32] = {1};
    circle_found(&c, 168);
    T_EQ(say(&c, 0, "one"), 0);
    struct group *g = circle_group(&c, 0);
    uint32_t control_before = control_count(g);
    for (int i = 0; i < 5; i++) {
        circle_begin(&c, 0);
        T_EQ(content_own_known(g, UINT32_MAX - 1, hash), 0);
        circle_commit(&c, 0);
        T_EQ(say(&c, 0, "goes on"), 0);
        T_EQ(shown_by(&c, 0).drafts, 1);
        T_EQ(tp_pass(c.tp[0], 61000), 0);
        T_EQ(shown_by(&c, 0).drafts, 0);
        T_EQ(shown_by(&c, 0).count, i + 2);
        T_EQ(tp_pass(c.tp[0], 62 * 60000), 0);
    }
    T_EQ(control_count(g), control_before + 1);
    circle_end(&c);
}

T_RUN()
