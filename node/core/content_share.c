/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_share.c -- how much of one author is held (P8.13).
 *
 * Past the bound those entries stay whose hashes are smallest, as many as fit.  So what
 * stays depends on nothing but what there is, wherever and in whatever order it came;
 * and whoever goes on writing gets ever fewer in, for a new hash must lie below all
 * those that went.  An honest author stops before (content_say), and nobody else's
 * entries are ever touched.
 */
#include "node/core/content_share.h"

#include <stdlib.h>
#include <string.h>

#include "base/sort.h"

enum {
    RANK_ROW = 32, /* after the hash */
    RANK_SIZE = 40,
    RANK_STATE = 44,
    RANK_BYTES = 45,
    ROOM_PART = 8, /* one more eighth is taken before sorting */
};

/* Rows of one author, gathered. */
struct ranking {
    struct buf ranks;
    uint32_t author;
    uint64_t bytes;
};

static int rank_visit(void *ctx, const struct content_row *row)
{
    struct ranking *r = ctx;
    uint8_t rank[RANK_BYTES];
    if (row->author != r->author || row->state == CONTENT_ASIDE)
        return 0;
    memcpy(rank, row->hash, 32);
    put_u64(rank + RANK_ROW, row->row);
    put_u32(rank + RANK_SIZE, (uint32_t)row->envelope.n);
    rank[RANK_STATE] = row->state;
    r->bytes += row->envelope.n;
    return buf_append(&r->ranks, BYTES_OF(rank), SIZE_MAX / 2);
}

static int rank_all(struct group *g, struct ranking *r)
{
    struct log *log = &g->peer->log;
    return log->ops->content_scan(log->ctx, g->number, 0, true, rank_visit, r);
}

/* Sizes are not known after a start until they matter. */
static int share_measure(struct group *g, struct author *a)
{
    struct ranking r = {.author = a->number};
    int err = rank_all(g, &r);
    if (!err) {
        a->held_bytes = r.bytes;
        a->bytes_unknown = false;
    }
    buf_free(&r.ranks);
    return err;
}

static bool past(uint64_t entries, uint64_t bytes, uint32_t part)
{
    return entries > LIMIT_AUTHOR_ENTRIES_MAX + LIMIT_AUTHOR_ENTRIES_MAX / part ||
           bytes > LIMIT_AUTHOR_BYTES_MAX + LIMIT_AUTHOR_BYTES_MAX / part;
}

/* One entry goes. */
static int share_erase(struct group *g, const uint8_t *rank)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    c->entries--;
    c->sealed -= rank[RANK_STATE] == CONTENT_SEALED;
    heads_drop(c, rank);
    return log->ops->content_delete(log->ctx, g->number, get_u64(rank + RANK_ROW));
}

/* Sort by hash and let go what lies past the bound. */
static int share_cut(struct group *g, struct author *a)
{
    struct ranking r = {.author = a->number};
    uint32_t kept = 0;
    uint64_t bytes = 0;
    int err = rank_all(g, &r);
    size_t n = r.ranks.n / RANK_BYTES;
    sort_bytes(r.ranks.p, n, RANK_BYTES);
    for (; kept < n; kept++) {
        const uint8_t *rank = r.ranks.p + kept * (size_t)RANK_BYTES;
        if (past(kept + 1, bytes + get_u32(rank + RANK_SIZE), UINT32_MAX))
            break;
        bytes += get_u32(rank + RANK_SIZE);
        a->share_top = get_u64(rank);
    }
    for (size_t i = kept; !err && i < n; i++)
        err = share_erase(g, r.ranks.p + i * RANK_BYTES);
    a->held_count = kept;
    a->held_bytes = bytes;
    a->bytes_unknown = false;
    a->over_share = kept < n;
    g->content->unread_known = false;
    buf_free(&r.ranks);
    return err;
}

bool share_refuses(const struct author *a, const uint8_t hash[static 32])
{
    return a->over_share && get_u64(hash) > a->share_top;
}

void share_add(struct author *a, size_t bytes)
{
    a->held_count++;
    a->held_bytes += bytes;
    a->share_new = a->dirty = true;
}

void share_load(struct author *a, uint32_t count)
{
    a->held_count = count;
}

void share_drop(struct author *a, size_t bytes)
{
    a->held_count -= a->held_count > 0;
    a->over_share = false; /* there is room again */
    a->held_bytes -= bytes < a->held_bytes ? bytes : a->held_bytes;
    a->dirty = true;
}

/* The most that so many entries can weigh lies far below the bound for most. */
static bool is_small(const struct author *a)
{
    return (uint64_t)a->held_count * LIMIT_ENVELOPE_BYTES_MAX <= LIMIT_AUTHOR_BYTES_MAX;
}

int share_settle(struct group *g, bool exactly)
{
    struct content *c = g->content;
    for (uint32_t i = 0; i < c->authors_count; i++) {
        struct author *a = &c->authors[i];
        bool look = a->share_new || exactly;
        a->share_new = false;
        if (!look || is_small(a))
            continue;
        int err = a->bytes_unknown ? share_measure(g, a) : 0;
        if (!err &&
            past(a->held_count, a->held_bytes, exactly ? UINT32_MAX : ROOM_PART))
            err = share_cut(g, a);
        if (err)
            return err;
    }
    return 0;
}

bool share_is_full(const struct author *a)
{
    return past(a->held_count + 1, a->held_bytes + LIMIT_ENVELOPE_BYTES_MAX,
                UINT32_MAX);
}
