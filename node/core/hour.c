/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* hour.c -- the group hour: runs by the own clock, follows the median, never falls. */
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "node/core/content_int.h"

enum { HOUR_MS = 3600 * 1000, HEARD_MIN = 3, BEHIND_HOURS_MAX = 8760 };
static const uint64_t step_ms_max = (uint64_t)LIMIT_CLOCK_STEP_HOURS_MAX * HOUR_MS;

void hour_start(struct group *g, uint32_t hour)
{
    g->hour.hour = g->hour.sure_hour = hour;
    g->hour.part_ms = 0;
    g->hour.last_now_ms = g->peer->now_ms;
    g->hour.last_wall_ms = g->peer->wall_ms;
    g->hour.leap_ms = 0;
}

/* What passed by the own clocks.  The wall clock counts the time that this device slept
 * or was off, but may be set to anything: it is believed for a day at most (P3.1). */
static uint64_t elapsed_ms(const struct group *g)
{
    const struct hour *h = &g->hour;
    uint64_t wall_ms = g->peer->wall_ms, now_ms = g->peer->now_ms;
    uint64_t by_wall = wall_ms > h->last_wall_ms ? wall_ms - h->last_wall_ms : 0;
    uint64_t by_run = h->last_now_ms != UINT64_MAX && now_ms > h->last_now_ms
                          ? now_ms - h->last_now_ms
                          : 0;
    if (by_wall > step_ms_max)
        by_wall = step_ms_max;
    return by_wall > by_run ? by_wall : by_run;
}

/* In a run both clocks pass together; a day of difference is no ageing crystal. */
static bool clock_jumped(const struct group *g)
{
    const struct hour *h = &g->hour;
    if (h->last_now_ms == UINT64_MAX)
        return g->peer->wall_ms + step_ms_max < h->last_wall_ms;
    uint64_t by_run = g->peer->now_ms - h->last_now_ms;
    return g->peer->wall_ms > h->last_wall_ms + by_run + step_ms_max ||
           g->peer->wall_ms + step_ms_max < h->last_wall_ms;
}

int hour_advance(struct group *g)
{
    struct hour *h = &g->hour;
    struct peer *p = g->peer;
    bool jumped = clock_jumped(g);
    uint64_t part_ms = h->part_ms + elapsed_ms(g);
    uint64_t hours = part_ms / HOUR_MS;
    h->last_now_ms = p->now_ms;
    h->last_wall_ms = p->wall_ms;
    h->part_ms = (uint32_t)(part_ms % HOUR_MS);
    if (hours > 0) {
        uint32_t left = HOUR_LAST - h->hour; /* no end is ever that of records */
        uint32_t passed = hours < left ? (uint32_t)hours : left;
        h->hour += passed;
        h->sure_hour += passed;
        int err = group_save(g);
        if (err)
            return err;
    }
    return jumped ? fx_tell(p, TELL_CLOCK, g->number, 0, 0) : 0;
}

/* Newest hours of the members heard from, big-endian, rising; their number. */
static uint32_t heard_hours(const struct group *g, uint8_t *out)
{
    const struct content *c = g->content;
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->authors_count; i++) {
        const struct author *a = &c->authors[i];
        if (a->heard_hour == 0 || memcmp(a->pk, g->member_pk, 32) == 0 ||
            !member_find(g, a->pk))
            continue;
        put_u32(out + (size_t)n++ * 4, a->heard_hour);
    }
    sort_bytes(out, n, 4);
    return n;
}

/* What the others say: the middle one, and what two thirds of them do not fall short
 * of, whatever the rest may claim. */
struct heard {
    uint32_t median, low;
};

/* How far the others may take the hour at once (P3.2): as far as the own clock agrees.
 * If it surely knows no better, because it lies behind an hour that was true already,
 * as far as two thirds of the others say, a year at most.  Anything more costs texts
 * that were promised to stay, if the others lie: then a day per start and per day, as
 * the own clock would be believed (P3.1). */
static uint32_t believed(struct group *g, struct heard said, bool *leapt)
{
    struct hour *h = &g->hour;
    const uint64_t step = LIMIT_CLOCK_STEP_HOURS_MAX, now_ms = g->peer->now_ms;
    uint64_t most = g->peer->wall_ms / HOUR_MS + step, leap = h->hour + step;
    uint32_t median = said.median;
    *leapt = false;
    if (median <= most) {
        h->sure_hour = median;
        return median;
    }
    if (most < h->sure_hour && said.low > h->hour && now_ms >= h->leap_ms) {
        uint64_t last = (uint64_t)h->hour + BEHIND_HOURS_MAX;
        h->leap_ms = now_ms + step_ms_max;
        h->sure_hour = said.low < last ? said.low : (uint32_t)last;
        return h->sure_hour;
    }
    if (leap > most && now_ms >= h->leap_ms) {
        *leapt = true;
        h->leap_ms = now_ms + step_ms_max;
        most = leap;
    }
    return median < most ? median : (uint32_t)most;
}

int hour_settle(struct group *g)
{
    struct content *c = g->content;
    if (!c->hour_due || c->authors_count == 0)
        return 0;
    uint8_t *hours = malloc((size_t)c->authors_count * 4);
    if (!hours)
        return ERR_NOMEM;
    uint32_t n = heard_hours(g, hours);
    /* The lower one of two: wild clocks do not outvote as many good ones. */
    struct heard said = {0, 0};
    if (n >= HEARD_MIN) {
        said.median = get_u32(hours + (size_t)((n - 1) / 2) * 4);
        said.low = get_u32(hours + (size_t)((n - 1) / 3) * 4);
    }
    free(hours);
    c->hour_due = false;
    if (said.median > HOUR_LAST)
        return 0;
    bool leapt = false;
    uint32_t hour = said.median > g->hour.hour ? believed(g, said, &leapt) : 0;
    if (hour <= g->hour.hour) /* P3.2 */
        return 0;
    peer_mark(g->peer, leapt ? MARK_HOUR_LEAP : MARK_HOUR_MEDIAN);
    g->hour.hour = hour;
    g->hour.part_ms = 0;
    int err = group_save(g);
    return err || !leapt ? err : fx_tell(g->peer, TELL_CLOCK, g->number, 0, 0);
}

int hour_heard(struct group *g, const uint8_t pk[static 32], uint32_t hour)
{
    struct author *a = NULL;
    if (!member_find(g, pk))
        return 0;
    int err = author_make(g->content, pk, &a);
    if (err)
        return err == ERR_FULL ? 0 : err;
    author_heard(g->content, a, hour);
    err = authors_flush(g);
    return err ? err : hour_settle(g);
}
