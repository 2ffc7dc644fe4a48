/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sync.c -- rounds of reconciliation over a live link (P10.3, P10.9).
 *
 * The dialler says hello, and when the other has answered it goes through the sets that
 * differ.  `done` after each step comes back when the other side has answered all
 * before it and sent what it owed; with nothing new to answer, the next set begins.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "node/core/compare.h"
#include "node/core/content_int.h"
#include "node/core/lifetime.h"
#include "node/core/link_int.h"

enum {
    HELLO_VERSION = 1,
    ROUND_MS = 10 * 60 * 1000,
    TOUCHED_MS = 20 * 1000,
    AGAIN_MS = 500,
    AGAIN_MS_MAX = 5 * 60 * 1000,
    TRIES_MAX = 12,
    PROBE_MS = 10 * 1000,
};

/* ---- when ------------------------------------------------------------------- */

static uint64_t after_ms(struct peer *p, uint64_t ms)
{
    return p->now_ms + ms + entropy_below(&p->entropy, ms + 1);
}

static void sooner(struct sync *s, uint64_t at_ms)
{
    if (at_ms < s->round_ms)
        s->round_ms = at_ms;
}

static uint64_t again_ms(struct peer *p, const struct sync *s)
{
    uint64_t ms = (uint64_t)AGAIN_MS << s->tries;
    return after_ms(p, ms < AGAIN_MS_MAX ? ms : AGAIN_MS_MAX);
}

static bool in_round(const struct link *l)
{
    return l->dialler && l->sync.phase != PHASE_IDLE;
}

void sync_again(struct peer *p, struct link *l)
{
    struct sync *s = &l->sync;
    if (s->again && s->round_ms != UINT64_MAX)
        return;
    s->again = true;
    if (!in_round(l)) /* else the end of the round sees to it */
        sooner(s, again_ms(p, s));
}

void sync_touch(struct peer *p, struct link *l)
{
    struct sync *s = &l->sync;
    if (s->touched)
        return;
    s->touched = true;
    if (l->dialler && s->phase == PHASE_IDLE)
        sooner(s, after_ms(p, TOUCHED_MS));
}

void sync_soon(struct peer *p, struct link *l)
{
    if (!l->dialler)
        return;
    if (in_round(l))
        l->sync.again = true;
    else
        sooner(&l->sync, after_ms(p, 2 * AGAIN_MS));
}

uint64_t sync_deadline_ms(const struct link *l)
{
    const struct sync *s = &l->sync;
    if (l->closing)
        return UINT64_MAX;
    if (s->probe_ms)
        return s->probe_ms;
    if (!s->greeted)
        return l->live_ms + FIRST_WORD_MS_MAX;
    return in_round(l) ? l->heard_ms + SILENCE_MS_MAX : s->round_ms;
}

/* Nobody spoke when somebody had to. */
static bool silent(const struct peer *p, const struct link *l)
{
    bool waits = l->sync.probe_ms || !l->sync.greeted || in_round(l);
    return waits && sync_deadline_ms(l) <= p->now_ms;
}

/* ---- saying ----------------------------------------------------------------- */

int sync_sent(struct peer *p, struct link *l, int err)
{
    if (err == ERR_TOOBIG) { /* the queue is full */
        p->limited++;
        sync_again(p, l);
        return 0;
    }
    if (err == ERR_FULL) { /* topic numbers are used up: a new link begins anew */
        link_close(l, true);
        return 0;
    }
    return err;
}

int sync_topic(struct link *l, const uint8_t topic[static 32], uint16_t *number)
{
    struct buf *out = &l->sync.topics_out;
    size_t count = out->n / 32;
    for (size_t i = count; i-- > 0;) {
        if (memcmp(out->p + i * 32, topic, 32) == 0) {
            *number = (uint16_t)i;
            return 0;
        }
    }
    if (count == WIRE_TOPICS_MAX)
        return ERR_FULL;
    int err = wire_put_topic(&l->out, (uint16_t)count, topic);
    if (!err)
        err = buf_append(out, BYTES(topic, 32), SIZE_MAX / 2);
    *number = (uint16_t)count;
    return err;
}

static int set_whole_sum(struct group *g, uint8_t set, struct range_sum *sum)
{
    struct wire_range range = {.set = set, .hi.end_hour = UINT32_MAX};
    memset(range.hi.id, 0xff, sizeof range.hi.id);
    return set_sum(g, &range, NULL, sum);
}

int sync_hello(struct group *g, struct link *l)
{
    struct wire_hello hello = {
        .version = HELLO_VERSION, .hour = g->hour.hour, .mark = content_mark(g)};
    const uint8_t *pk = member_at(g, l->member)->pk;
    int err = 0;
    if (!content_frontier(g, pk, &hello.seq, hello.hash)) { /* P8.9 */
        hello.seq = 0;
        memset(hello.hash, 0, sizeof hello.hash);
    }
    for (uint8_t set = 0; set < SETS_SMALL && !err; set++)
        err = set_whole_sum(g, set, &hello.sums[set]);
    return err ? err : sync_sent(g->peer, l, wire_put_hello(&l->out, &hello));
}

static int put_done(struct group *g, struct link *l, uint8_t set)
{
    return sync_sent(g->peer, l, wire_put_code(&l->out, WIRE_DONE, set));
}

/* ---- rounds, the dialler's side --------------------------------------------- */

static void round_reset(struct sync *s)
{
    s->ranges_open = 0;
    s->passes = s->done_got = s->again = s->touched = false;
    s->sent = s->got = s->wanted = s->pushed = s->unread = false;
}

static int round_start(struct group *g, struct link *l)
{
    round_reset(&l->sync);
    l->sync.phase = PHASE_HELLO;
    l->heard_ms = g->peer->now_ms;
    return sync_hello(g, l);
}

static int offer_content(struct group *g, struct link *l)
{
    struct lane_view lane;
    int err = 0;
    for (uint32_t i = 0; !err && keys_lane_at(g, i, &lane); i++) /* newest first */
        err = range_offer(g, l, SET_CONTENT, lane.topic);
    return err;
}

/* Begin the set that comes next: small ones only if the hello told of a difference. */
static int round_next(struct group *g, struct link *l)
{
    struct sync *s = &l->sync;
    for (; s->set < SETS_SMALL; s->set++) {
        const struct range_sum *theirs = &s->theirs.sums[s->set];
        struct range_sum mine;
        int err = set_whole_sum(g, s->set, &mine);
        if (err)
            return err;
        if (mine.count != theirs->count ||
            memcmp(mine.fingerprint, theirs->fingerprint, sizeof mine.fingerprint) != 0)
            break;
    }
    int err =
        s->set < SETS_SMALL ? range_offer(g, l, s->set, NULL) : offer_content(g, l);
    s->passes = s->done_got = false;
    return err ? err : put_done(g, l, s->set);
}

/* Both sides: what the round has shown. */
static int round_judge(struct group *g, struct link *l)
{
    struct sync *s = &l->sync;
    struct peer *p = g->peer;
    bool again = s->again || s->sent || s->wanted || s->got;
    int err = 0;
    if (!s->sent && !s->pushed && !s->unread)
        err = content_has_all(g, member_at(g, l->member)->pk);
    if (!err && !s->sent && !s->pushed && !s->unread)
        err = lifetime_joined(g);
    s->tries = !again || s->got ? 0 : s->tries < TRIES_MAX ? s->tries + 1 : TRIES_MAX;
    s->again = false;
    if (!l->dialler)
        s->round_ms = UINT64_MAX;
    else if (again)
        s->round_ms = again_ms(p, s);
    else
        s->round_ms = after_ms(p, s->touched ? TOUCHED_MS : ROUND_MS);
    return err;
}

static int round_end(struct group *g, struct link *l)
{
    l->sync.phase = PHASE_IDLE;
    int err = put_done(g, l, SET_ROUND);
    return err ? err : round_judge(g, l);
}

/* ---- messages --------------------------------------------------------------- */

/* P8.9: whoever stopped us for nothing is not believed again this week. */
static int claim_heard(struct group *g, struct link *l, const struct wire_hello *hello)
{
    const struct content *c = g->content;
    bool was = c->stopped;
    if (!budget_has(g, l->member, BUDGET_CLAIMS))
        return 0;
    int err = content_own_known(g, hello->seq, hello->hash);
    if (was || !c->stopped)
        return err;
    budget_spend(g, l->member, BUDGET_CLAIMS, 1);
    sync_leave(g, 0); /* a round with whoever else is here tells soon what is so */
    return err;
}

static int on_hello(struct group *g, struct link *l, const struct wire_hello *hello)
{
    struct sync *s = &l->sync;
    uint32_t mark = content_mark(g);
    int err = hour_heard(g, member_at(g, l->member)->pk, hello->hour);
    if (!err && hello->seq > 0)
        err = claim_heard(g, l, hello);
    s->greeted = true;
    s->theirs = *hello;
    s->lo_hour = hello->mark > mark ? hello->mark : mark; /* P3.4 */
    if (err)
        return err;
    if (!l->dialler) { /* a round begins */
        round_reset(s);
        s->round_ms = UINT64_MAX;
        return sync_hello(g, l);
    }
    if (s->phase != PHASE_HELLO)
        return 0;
    s->phase = PHASE_SET;
    s->set = 0;
    return round_next(g, l);
}

static int on_done(struct group *g, struct link *l, uint8_t set)
{
    struct sync *s = &l->sync;
    if (set != SET_ROUND && set > SET_CONTENT)
        return ERR_PROTOCOL;
    s->ranges_open = 0;
    if (!l->dialler) {
        if (set == SET_ROUND)
            return round_judge(g, l);
        s->done_owed |= (uint8_t)(1u << set);
        return 0;
    }
    if (set == SET_ROUND) {
        sync_soon(g->peer, l);
        return 0;
    }
    if (s->phase != PHASE_SET || set != s->set)
        return 0;
    s->done_got = !s->passes;
    if (!s->passes)
        return 0;
    s->passes = false;
    return put_done(g, l, set);
}

static int on_topic(struct link *l, const struct wire_message *m)
{
    struct buf *in = &l->sync.topics_in;
    if (m->topic != in->n / 32 || m->topic >= WIRE_TOPICS_MAX)
        return ERR_PROTOCOL;
    return buf_append(in, BYTES_OF(m->topic_pk), SIZE_MAX / 2);
}

/* What taking a control entry, page or card said, as what it means for the link. */
static int took(struct group *g, struct link *l, int err)
{
    switch (err) {
    case 0:
        l->sync.got = true;
        sync_touch(g->peer, l);
        return 0;
    case 1: return 0;
    case ERR_NOTFOUND: /* something it needs is not here yet */
        budget_spend(g, l->member, BUDGET_CHECKS, 1);
        sync_again(g->peer, l);
        return 0;
    case ERR_VERSION: /* made by a newer kring: that breaks no rule */
    case ERR_FULL: budget_spend(g, l->member, BUDGET_CHECKS, 1); return 0;
    default: return err_is_fatal(err) ? err : ERR_PROTOCOL;
    }
}

int sync_message(struct group *g, struct link *l, const struct wire_message *m)
{
    switch (m->type) {
    case WIRE_HELLO: return on_hello(g, l, &m->hello);
    case WIRE_CONTROL: return took(g, l, control_take(g, m->body, l->id));
    case WIRE_PAGE: return took(g, l, keys_take_page(g, m->body, l->id));
    case WIRE_CARD: {
        int err = took(g, l, card_take(g, m->body, l->id));
        return err ? err : join_home_settle(g);
    }
    case WIRE_RANGE: return range_take(g, l, &m->range);
    case WIRE_IDS: return range_take_ids(g, l, m);
    case WIRE_WANT: return range_take_want(g, l, m);
    case WIRE_TOPIC: return on_topic(l, m);
    case WIRE_DONE: return on_done(g, l, m->code);
    case WIRE_COMPARE: return compare_message(g, l, &m->compare);
    default: return ERR_PROTOCOL; /* joins belong on invitation links */
    }
}

/* ---- pushing ---------------------------------------------------------------- */

/* A link that is too far behind is left out: a round will tell it. */
static bool may_push(struct peer *p, struct link *l)
{
    if (link_queue_bytes(l) <= LIMIT_SEND_QUEUE_BYTES_MAX)
        return true;
    p->limited++;
    sync_again(p, l);
    return false;
}

static int push(struct group *g, uint8_t type, struct bytes bytes, uint32_t from_link)
{
    struct peer *p = g->peer;
    int err = 0;
    for (uint32_t i = 0; i < p->links->count && !err; i++) {
        struct link *l = p->links->list[i];
        if (!link_is_member(l, g->number) || l->id == from_link || !may_push(p, l))
            continue;
        sync_touch(p, l);
        err = sync_sent(p, l, wire_put(&l->out, type, bytes, BYTES(NULL, 0)));
    }
    return err;
}

int sync_push_control(struct group *g, struct bytes whole, uint32_t from_link)
{
    set_changed(g, SET_CONTROL);
    return push(g, WIRE_CONTROL, whole, from_link);
}

int sync_push_page(struct group *g, struct bytes page, uint32_t from_link)
{
    set_changed(g, SET_PAGES);
    return push(g, WIRE_PAGE, page, from_link);
}

int sync_push_card(struct group *g, struct bytes card, uint32_t from_link)
{
    set_changed(g, SET_CARDS);
    return push(g, WIRE_CARD, card, from_link);
}

void sync_leave(struct group *g, uint32_t from_link)
{
    const struct links *links = g->peer->links;
    for (uint32_t i = 0; i < links->count; i++)
        if (link_is_member(links->list[i], g->number) &&
            links->list[i]->id != from_link)
            sync_again(g->peer, links->list[i]);
}

int sync_push_entry(struct group *g, const uint8_t topic[static 32],
                    struct bytes envelope, uint32_t from_link)
{
    struct peer *p = g->peer;
    int err = 0;
    for (uint32_t i = 0; i < p->links->count && !err; i++) {
        struct link *l = p->links->list[i];
        uint16_t number = 0;
        if (!link_is_member(l, g->number) || l->id == from_link)
            continue;
        if (p->links->bulk) { /* P10.6: what came in bulk the others find in a round */
            sync_again(p, l);
            continue;
        }
        if (!may_push(p, l))
            continue;
        l->sync.pushed = true;
        sync_touch(p, l);
        err = sync_topic(l, topic, &number);
        if (!err)
            err = wire_put_entry(&l->out, number, envelope);
        err = sync_sent(p, l, err);
    }
    return err;
}

/* ---- work ------------------------------------------------------------------- */

int sync_begin(struct peer *p, struct link *l)
{
    struct group *g = peer_group(p, l->group);
    l->sync.round_ms = UINT64_MAX;
    return l->dialler ? round_start(g, l) : 0;
}

/* A dialler whose answer is here goes on when its own sending is over. */
static int go_on(struct group *g, struct link *l)
{
    struct sync *s = &l->sync;
    int err = 0;
    while (!err && s->phase == PHASE_SET && s->done_got && bulk_idle(s, s->set)) {
        s->done_got = false;
        if (s->set == SET_CONTENT)
            return round_end(g, l);
        s->set++;
        err = round_next(g, l);
    }
    return err;
}

static int pay_dones(struct group *g, struct link *l)
{
    struct sync *s = &l->sync;
    int err = 0;
    for (uint8_t set = 0; set <= SET_CONTENT && !err; set++) {
        if (!(s->done_owed & 1u << set) || !bulk_idle(s, set))
            continue;
        s->done_owed &= (uint8_t) ~(1u << set);
        err = put_done(g, l, set);
    }
    return err;
}

static int round_due(struct group *g, struct link *l)
{
    struct sync *s = &l->sync;
    s->round_ms = UINT64_MAX;
    if (l->dialler)
        return round_start(g, l);
    s->again = false;
    s->tries += s->tries < TRIES_MAX;
    return put_done(g, l, SET_ROUND);
}

/* P9.9: say what the other side has to answer, and wait for any word of it. */
static int probe(struct group *g, struct link *l)
{
    struct sync *s = &l->sync;
    s->probe = false;
    s->probe_ms = g->peer->now_ms + PROBE_MS;
    return l->dialler ? sync_hello(g, l) : put_done(g, l, SET_ROUND);
}

int sync_pump(struct peer *p, struct link *l)
{
    struct group *g = peer_group(p, l->group);
    struct sync *s = &l->sync;
    if (silent(p, l)) {
        link_close(l, false);
        return 0;
    }
    int err = s->probe ? probe(g, l) : 0;
    if (!err)
        err = bulk_pump(g, l);
    if (!err)
        err = l->dialler ? go_on(g, l) : pay_dones(g, l);
    if (!err && s->greeted && !in_round(l) && s->round_ms <= p->now_ms)
        err = round_due(g, l);
    return err;
}

void sync_free(struct sync *s)
{
    for (size_t i = 0; i < SETS_SMALL; i++)
        buf_free(&s->todo[i]);
    for (uint32_t i = 0; i < s->streams_count; i++)
        buf_free(&s->streams[i].blocks);
    free(s->streams);
    buf_free(&s->todo_content);
    buf_free(&s->topics_in);
    buf_free(&s->topics_out);
    buf_free(&s->later);
}
