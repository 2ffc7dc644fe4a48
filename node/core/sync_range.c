/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sync_range.c -- ranges and ids: finding what differs (P10.3, P10.4).
 *
 * Both sides answer alike; only the dialler begins.  What an answer costs is bounded:
 * at most LIMIT_RANGES_OPEN_MAX go out between two `done`, the rest is left for the
 * next round.
 */
#include <string.h>

#include "node/core/link_int.h"

enum { SPLIT = 16 };

/* The topic of a content range, or NULL for the small sets.  ERR_PROTOCOL. */
static int topic_of(const struct link *l, const struct wire_range *range,
                    const uint8_t **topic)
{
    const struct buf *in = &l->sync.topics_in;
    *topic = NULL;
    if (range->set != SET_CONTENT)
        return 0;
    if ((size_t)range->topic >= in->n / 32)
        return ERR_PROTOCOL;
    *topic = in->p + (size_t)range->topic * 32;
    return 0;
}

/* May one more range or ids message go out before the next done? */
static bool may_answer(struct group *g, struct link *l)
{
    if (l->sync.ranges_open < LIMIT_RANGES_OPEN_MAX) {
        l->sync.ranges_open++;
        l->sync.passes = true;
        return true;
    }
    g->peer->limited++;
    sync_again(g->peer, l);
    return false;
}

/* The range as we name it: with our own number of the topic. */
static int ours(struct link *l, const uint8_t *topic, struct wire_range *range)
{
    range->topic = 0;
    return topic ? sync_topic(l, topic, &range->topic) : 0;
}

static int send_range(struct group *g, struct link *l, const struct wire_range *range,
                      const uint8_t *topic)
{
    struct wire_range out = *range;
    int err = set_sum(g, range, topic, &out.sum);
    if (err || !may_answer(g, l))
        return err;
    err = ours(l, topic, &out);
    return sync_sent(g->peer, l, err ? err : wire_put_range(&l->out, &out));
}

static int send_ids(struct group *g, struct link *l, const struct wire_range *range,
                    const uint8_t *topic)
{
    struct wire_range out = *range;
    struct buf ids = {0};
    if (!may_answer(g, l))
        return 0;
    int err = set_positions(g, range, topic, LIMIT_RANGE_IDS_MAX, &ids);
    if (!err) {
        err = ours(l, topic, &out);
        err = sync_sent(g->peer, l,
                        err ? err : wire_put_ids(&l->out, &out, BUF_BYTES(&ids)));
    }
    buf_free(&ids);
    return err;
}

int range_offer(struct group *g, struct link *l, uint8_t set, const uint8_t *topic)
{
    struct wire_range range = {.set = set, .hi.end_hour = UINT32_MAX};
    memset(range.hi.id, 0xff, sizeof range.hi.id);
    if (set == SET_CONTENT)
        range.lo.end_hour = l->sync.lo_hour; /* P3.4 */
    return send_range(g, l, &range, topic);
}

/* ---- splitting -------------------------------------------------------------- */

struct splitting {
    struct set_bound at[SPLIT + 1];
    uint64_t count, seen;
    uint32_t next;
};

static int split_visit(void *ctx, const struct set_bound *at, uint64_t row)
{
    (void)row;
    struct splitting *s = ctx;
    if (s->seen == s->count * s->next / SPLIT && s->next < SPLIT)
        s->at[s->next++] = *at;
    s->seen++;
    return s->next == SPLIT;
}

static int split_points(struct group *g, const struct wire_range *range,
                        const uint8_t *topic, struct splitting *s)
{
    struct log *log = &g->peer->log;
    struct set_range of = {range->lo, range->hi};
    struct set_bound at = {0};
    struct bytes ids;
    int err = 0;
    s->next = 1; /* the first part begins where the range does */
    if (range->set == SET_CONTENT) {
        err = log->ops->range_ids(log->ctx, g->number, topic, &of, split_visit, s);
        return err < 0 ? err : 0;
    }
    err = set_range(g, range, &ids);
    for (size_t i = 0; !err && i < ids.n; i += 32) {
        memcpy(at.id, ids.p + i, 32);
        err = split_visit(s, &at, 0);
    }
    return err < 0 ? err : 0;
}

/* Ranges of equal count, the newest part first. */
static int split(struct group *g, struct link *l, const struct wire_range *range,
                 const uint8_t *topic, uint64_t count)
{
    struct splitting s = {.count = count};
    int err = split_points(g, range, topic, &s);
    s.at[0] = range->lo;
    s.at[s.next] = range->hi;
    for (uint32_t i = s.next; i-- > 0 && !err;) {
        struct wire_range part = *range;
        part.lo = s.at[i];
        part.hi = s.at[i + 1];
        if (position_order(&part.lo, &part.hi) < 0)
            err = send_range(g, l, &part, topic);
    }
    return err;
}

static bool sum_equal(const struct range_sum *a, const struct range_sum *b)
{
    return a->count == b->count &&
           memcmp(a->fingerprint, b->fingerprint, sizeof a->fingerprint) == 0;
}

/* A topic whose lane we do not hold: we could not read what we got.  A want of nothing
 * says so, that nobody counts us among those who have it. */
static int cannot_read(struct group *g, struct link *l, const uint8_t *topic)
{
    struct wire_range out = {.set = SET_CONTENT};
    int err = ours(l, topic, &out);
    return sync_sent(g->peer, l,
                     err ? err : wire_put_want(&l->out, &out, BYTES(NULL, 0)));
}

/* P8.12: whoever asks without end is answered in the next round. */
static bool may_ask(struct group *g, struct link *l)
{
    if (budget_take(g, l->member, BUDGET_ASKS, 1))
        return true;
    sync_again(g->peer, l);
    return false;
}

int range_take(struct group *g, struct link *l, const struct wire_range *range)
{
    const uint8_t *topic = NULL;
    struct lane_view lane;
    struct range_sum mine = {0};
    int err = topic_of(l, range, &topic);
    if (err || !may_ask(g, l))
        return err;
    if (topic && !keys_lane_find(g, topic, &lane))
        return cannot_read(g, l, topic);
    err = set_sum(g, range, topic, &mine);
    if (err || sum_equal(&mine, &range->sum))
        return err;
    if (range->sum.count == 0)
        return bulk_range(g, l, range, topic);
    if (mine.count <= LIMIT_RANGE_IDS_MAX)
        return send_ids(g, l, range, topic);
    if (range->sum.count <= LIMIT_RANGE_IDS_MAX)
        return send_range(g, l, range, topic);
    return split(g, l, range, topic, mine.count);
}

/* ---- ids -------------------------------------------------------------------- */

/* The position right after `at`. */
static void position_after(struct set_bound *at)
{
    for (size_t i = sizeof at->id; i-- > 0;)
        if (++at->id[i] != 0)
            return;
    if (at->end_hour < UINT32_MAX)
        at->end_hour++;
}

/* 1: a position that we lack and can use. */
static int is_wanted(struct group *g, uint8_t set, const uint8_t *topic,
                     const struct set_bound *at)
{
    struct log *log = &g->peer->log;
    struct content_row row;
    struct wire_range one = {.set = set, .lo = *at, .hi = *at};
    struct bytes ids;
    int err = 0;
    if (set != SET_CONTENT) {
        position_after(&one.hi);
        err = set_range(g, &one, &ids);
        return err ? err : ids.n == 0;
    }
    if (at->end_hour < content_mark(g) || content_refuses(g, topic, at->id))
        return 0; /* P3.4, P8.2 */
    err = log->ops->content_by_id(log->ctx, g->number, at->id, &row);
    return err == ERR_NOTFOUND ? 1 : err; /* held aside counts as held */
}

/* Ask for what is there and missing here. */
static int ask(struct group *g, struct link *l, const struct wire_message *m,
               const uint8_t *topic)
{
    uint8_t wanted[LIMIT_RANGE_IDS_MAX * WIRE_POSITION_BYTES];
    struct wire_range out = m->range;
    struct set_bound at;
    size_t n = 0;
    int want = 0;
    for (uint32_t i = 0; i < m->ids_count && want >= 0; i++) {
        const uint8_t *position = m->ids.p + (size_t)i * WIRE_POSITION_BYTES;
        position_get(&at, position);
        want = is_wanted(g, m->range.set, topic, &at);
        if (want != 1)
            continue;
        memcpy(wanted + n, position, WIRE_POSITION_BYTES);
        n += WIRE_POSITION_BYTES;
    }
    if (want < 0 || n == 0)
        return want < 0 ? want : 0;
    l->sync.wanted = true;
    l->sync.passes = true;
    int err = ours(l, topic, &out);
    return sync_sent(g->peer, l,
                     err ? err : wire_put_want(&l->out, &out, BYTES(wanted, n)));
}

/* Send what lies between the ids that are there. */
static int give(struct group *g, struct link *l, const struct wire_message *m,
                const uint8_t *topic)
{
    struct wire_range gap = m->range;
    struct set_bound at;
    int err = 0;
    for (uint32_t i = m->ids_count + 1; i-- > 0 && !err;) { /* newest first */
        gap.hi = m->range.hi;
        gap.lo = m->range.lo;
        if (i < m->ids_count) {
            position_get(&at, m->ids.p + (size_t)i * WIRE_POSITION_BYTES);
            gap.hi = at;
        }
        if (i > 0) {
            position_get(&gap.lo, m->ids.p + (size_t)(i - 1) * WIRE_POSITION_BYTES);
            position_after(&gap.lo);
        }
        if (position_order(&gap.lo, &gap.hi) < 0)
            err = bulk_range(g, l, &gap, topic);
    }
    return err;
}

int range_take_ids(struct group *g, struct link *l, const struct wire_message *m)
{
    const uint8_t *topic = NULL;
    struct lane_view lane;
    int err = topic_of(l, &m->range, &topic);
    if (err || !may_ask(g, l))
        return err;
    if (topic && !keys_lane_find(g, topic, &lane))
        return cannot_read(g, l, topic);
    err = ask(g, l, m, topic);
    return err ? err : give(g, l, m, topic);
}

int range_take_want(struct group *g, struct link *l, const struct wire_message *m)
{
    const uint8_t *topic = NULL;
    int err = topic_of(l, &m->range, &topic);
    if (err)
        return err;
    if (m->ids_count == 0) {
        l->sync.unread = true;
        return 0;
    }
    if (!may_ask(g, l))
        return 0;
    return bulk_ids(g, l, m->range.set, m->ids);
}
