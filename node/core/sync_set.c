/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sync_set.c -- the sets that are reconciled, seen alike (P10.2).
 *
 * Control entries, pages and cards are few: their ids are sorted into memory when a sum
 * is asked for and kept until the set changes.  Content is summed by the log.
 */
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "crypto/hash.h"
#include "node/core/link_int.h"

enum { SMALL_IDS_MAX = 1 << 20 };

int set_each(struct group *g, uint8_t set, set_visit *visit, void *ctx)
{
    int err = 0;
    if (set == SET_PAGES)
        return keys_pages(g, visit, ctx);
    if (set == SET_CARDS)
        return card_all(g, visit, ctx);
    for (uint32_t i = 0; i < control_count(g) && !err; i++) /* P10.5: as they came */
        err = visit(ctx, control_at(g, i)->hash, control_at(g, i)->whole);
    return err;
}

void set_changed(struct group *g, uint8_t set)
{
    struct ties *c = ties_find(g->peer, g->number);
    if (!c)
        return; /* nothing was summed yet */
    c->sets[set].version++;
    c->control_new = c->control_new || set != SET_CARDS;
    c->rescan = c->rescan || set != SET_PAGES;
}

static int collect_id(void *ctx, const uint8_t id[32], struct bytes bytes)
{
    (void)bytes;
    return buf_append(ctx, BYTES(id, 32), (size_t)SMALL_IDS_MAX * 32);
}

/* Entries may name one page twice: it is one member of the set, or ids of it would not
 * rise, and whoever got them would close the link (P10.1). */
static void drop_equal(struct buf *sorted)
{
    size_t kept = 0;
    for (size_t i = 0; i < sorted->n; i += 32)
        if (kept == 0 || memcmp(sorted->p + kept - 32, sorted->p + i, 32) != 0) {
            memmove(sorted->p + kept, sorted->p + i, 32);
            kept += 32;
        }
    sorted->n = kept;
}

int set_ids(struct group *g, uint8_t set, struct bytes *ids)
{
    struct ties *c = NULL;
    struct buf made = {0};
    int err = ties_of(g->peer, g->number, &c);
    if (err)
        return err;
    if (!c->sets[set].made || c->sets[set].built != c->sets[set].version) {
        err = set_each(g, set, collect_id, &made);
        if (err) {
            buf_free(&made);
            return err;
        }
        sort_bytes(made.p, made.n / 32, 32);
        drop_equal(&made);
        buf_free(&c->sets[set].ids);
        c->sets[set].ids = made;
        c->sets[set].built = c->sets[set].version;
        c->sets[set].made = true;
    }
    *ids = BUF_BYTES(&c->sets[set].ids);
    return 0;
}

/* The first id of a sorted list that does not lie before `at`. */
static size_t first_from(struct bytes ids, const struct set_bound *at)
{
    size_t lo = 0, hi = ids.n / 32;
    if (at->end_hour > 0)
        return hi; /* all have end 0 */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (memcmp(ids.p + mid * 32, at->id, 32) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

int set_range(struct group *g, const struct wire_range *range, struct bytes *ids)
{
    struct bytes all;
    int err = set_ids(g, range->set, &all);
    if (err)
        return err;
    size_t from = first_from(all, &range->lo), to = first_from(all, &range->hi);
    *ids =
        BYTES(to > from ? all.p + from * 32 : NULL, to > from ? (to - from) * 32 : 0);
    return 0;
}

int set_sum(struct group *g, const struct wire_range *range, const uint8_t *topic,
            struct range_sum *out)
{
    static const uint8_t end[4];
    struct log *log = &g->peer->log;
    struct bytes ids;
    struct hasher h;
    uint8_t full[32];
    if (range->set == SET_CONTENT)
        return log->ops->range_sum(log->ctx, g->number, topic, &range->lo, &range->hi,
                                   out);
    int err = set_range(g, range, &ids);
    if (err)
        return err;
    hasher_init(&h, "range");
    for (size_t i = 0; i < ids.n; i += 32) {
        hasher_update(&h, BYTES_OF(end));
        hasher_update(&h, BYTES(ids.p + i, 32));
    }
    hasher_final(&h, full);
    memcpy(out->fingerprint, full, sizeof out->fingerprint);
    out->count = ids.n / 32;
    return 0;
}

struct collecting {
    struct buf *out;
    uint64_t left;
};

static int collect_position(void *ctx, const struct set_bound *at, uint64_t row)
{
    (void)row;
    struct collecting *c = ctx;
    uint8_t bytes[WIRE_POSITION_BYTES];
    if (c->left-- == 0)
        return 1;
    position_put(bytes, at);
    return buf_append(c->out, BYTES_OF(bytes), SIZE_MAX / 2);
}

int set_positions(struct group *g, const struct wire_range *range, const uint8_t *topic,
                  uint64_t max, struct buf *out)
{
    struct log *log = &g->peer->log;
    struct collecting c = {out, max};
    struct set_range of = {range->lo, range->hi};
    struct set_bound at = {0};
    struct bytes ids;
    int err = 0;
    if (range->set == SET_CONTENT)
        err =
            log->ops->range_ids(log->ctx, g->number, topic, &of, collect_position, &c);
    else
        err = set_range(g, range, &ids);
    if (err || range->set == SET_CONTENT)
        return err < 0 ? err : 0;
    for (size_t i = 0; i < ids.n && err == 0; i += 32) {
        memcpy(at.id, ids.p + i, 32);
        err = collect_position(&c, &at, 0);
    }
    return err < 0 ? err : 0;
}
