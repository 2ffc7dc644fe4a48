/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_who.c -- who has which entry, as far as it is known here (P8.16).
 *
 * Whoever wrote an entry had all that it follows; and with whom a reconciliation was
 * finished, has all that was held then.
 */
#include <stdlib.h>

#include "base/sort.h"
#include "node/core/card.h"
#include "node/core/content_order.h"
#include "node/core/join_int.h"

enum {
    BITS = 64, /* authors whose knowledge is followed through edges */
    DAY_HOURS = 24,
    NAME_BYTES_MAX = 1024,
};

static uint64_t author_bit(uint32_t number)
{
    return number <= BITS ? (uint64_t)1 << (number - 1) : 0;
}

/* From the highest entry down: who has an entry has what it follows.  Rows after
 * `last` tell nothing. */
static void have_follow(struct ordering *o, bool by_day, uint64_t last)
{
    const struct content *c = o->g->content;
    for (uint32_t i = o->count; i-- > 0;) {
        struct entry *e = order_at(o, i);
        if (e->row > last)
            continue;
        e->have |= author_bit(e->author);
        for (uint32_t n = 1; n <= c->authors_count && n <= BITS; n++) {
            const struct author *a = author_at(c, n);
            if ((by_day ? a->day_row : a->has_row) >= e->row)
                e->have |= author_bit(n);
        }
        for (uint32_t k = e->edges_at; k < e->edges_end; k++)
            o->entries[order_edge(o, k)].have |= e->have;
    }
}

/* Members but us: how many there are, and of those that wrote or were met, how their
 * knowledge is looked up.  Authors above BITS are known by whole reconciliations
 * only. */
static int counted_build(struct ordering *o)
{
    struct group *g = o->g;
    const struct member *me = member_me(g);
    o->has_rows = malloc(((size_t)member_count(g) + 1) * 8);
    if (!o->has_rows)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < member_count(g); i++) {
        const struct author *a = author_find(g->content, member_at(g, i)->pk);
        if (me && me->index == i)
            continue;
        o->devices++;
        o->counted |= a ? author_bit(a->number) : 0;
        if (a && a->number > BITS)
            put_u64(o->has_rows + (size_t)o->has_rows_count++ * 8, a->has_row);
    }
    sort_bytes(o->has_rows, o->has_rows_count, 8);
    return 0;
}

int who_all(struct ordering *o)
{
    have_follow(o, false, UINT64_MAX);
    return counted_build(o);
}

void who_all_by_day(struct ordering *o)
{
    have_follow(o, true, o->g->content->day_last);
}

uint32_t who_count(const struct ordering *o, const struct entry *e)
{
    uint32_t count = 0;
    for (uint64_t bits = e->have & o->counted; bits; bits &= bits - 1)
        count++;
    uint32_t lo = 0, hi = o->has_rows_count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (get_u64(o->has_rows + (size_t)mid * 8) >= e->row)
            hi = mid;
        else
            lo = mid + 1;
    }
    count += o->has_rows_count - lo;
    const struct author *by = author_at(o->g->content, e->author);
    return count + (e->author > BITS && !e->own && by->has_row < e->row &&
                    member_find(o->g, by->pk));
}

/* --- by name ---------------------------------------------------------------------- */

void day_settle(struct group *g)
{
    struct content *c = g->content;
    uint32_t day = g->hour.hour / DAY_HOURS;
    if (c->day == day)
        return;
    for (uint32_t i = 0; i < c->authors_count; i++) {
        struct author *a = &c->authors[i];
        a->dirty = a->dirty || a->day_row != a->has_row;
        a->day_row = a->has_row;
    }
    c->day_before = c->day_last;
    c->day_last = c->last_row;
    c->day = day;
    c->meta_dirty = true;
}

/* The text in this row, if people see it. */
static const struct entry *text_in(const struct ordering *o, uint64_t row)
{
    for (uint32_t i = 0; i < o->count; i++) {
        const struct entry *e = &o->entries[i];
        if (e->row == row)
            return e->state == CONTENT_OPEN && order_shows(o, e) ? e : NULL;
    }
    return NULL;
}

/* True if it was not known, when the day began, that this member has it. */
static bool lacked(const struct ordering *o, const struct entry *e,
                   const struct member *m)
{
    const struct author *a = author_find(o->g->content, m->pk);
    return !a || !((e->have & author_bit(a->number)) || a->day_row >= e->row ||
                   e->author == a->number);
}

/* Visit the names of those who were members through the whole day before this one and
 * lacked it at its end. */
static int lacking_visit(const struct ordering *o, const struct entry *e,
                         peer_visit_name *visit, void *ctx)
{
    struct group *g = o->g;
    const struct content *c = g->content;
    const struct member *me = member_me(g);
    struct buf name = {0};
    int stop = 0;
    for (uint32_t i = 0; e->row <= c->day_before && i < member_count(g) && !stop; i++) {
        const struct member *m = member_at(g, i);
        uint32_t came = UINT32_MAX; /* before we did */
        stop = join_hour(g, m->pk, &came);
        bool new = came != UINT32_MAX &&came / DAY_HOURS + 1 >= c->day;
        if (stop || new || (me && me->index == i) || !lacked(o, e, m))
            continue;
        name.n = 0;
        stop = buf_append(&name, card_member_name(g, i), NAME_BYTES_MAX);
        if (!stop)
            stop = visit(ctx, BUF_BYTES(&name));
    }
    buf_free(&name);
    return stop;
}

int content_lacking(struct group *g, uint64_t row, peer_visit_name *visit, void *ctx)
{
    struct ordering o = {.g = g};
    int err = card_names_ready(g);
    if (!err)
        err = order_all(&o);
    const struct entry *e = err ? NULL : text_in(&o, row);
    if (!err && !e)
        err = ERR_NOTFOUND;
    if (!err && e->urgency != URGENCY_RECORD && e->urgency != URGENCY_ALERT)
        err = ERR_USAGE;
    if (!err) {
        who_all_by_day(&o);
        err = lacking_visit(&o, e, visit, ctx);
    }
    order_end(&o);
    return err;
}
