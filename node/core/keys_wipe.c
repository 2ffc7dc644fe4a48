/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_wipe.c -- what goes when (P5.15), by the group hour. */
#include <string.h>

#include "node/core/keys_int.h"

uint32_t longest_talk_hours(const struct group *g)
{
    struct control_body b;
    uint32_t told = g->lifetime_longest_hours, first = RECORD_LIFETIME_HOURS;
    const struct control_entry *create = control_count(g) ? control_at(g, 0) : NULL;
    if (create && control_body_decode(create->kind, create->body, &b) == 0 &&
        b.uint[CREATE_LIFETIME] > 0)
        first = (uint32_t)b.uint[CREATE_LIFETIME];
    return told > first ? told : first; /* P4.16 */
}

struct wiping {
    struct group *g;
    uint64_t hour, next; /* now, and when the next is due */
    uint32_t longest;
};

/* True if `due` has come; else it is remembered for the next time. */
static bool is_due(struct wiping *w, uint64_t due)
{
    if (due <= w->hour)
        return true;
    if (due < w->next)
        w->next = due;
    return false;
}

static bool in_a_root(const struct group *g, const uint8_t *id)
{
    const struct root *r;
    uint32_t at = 0;
    while ((r = map_next(&g->keys->roots, &at, NULL)))
        for (uint32_t i = 0; i < r->count; i++)
            if (memcmp(r->ids + i * 32, id, 32) == 0)
                return true;
    return false;
}

/* The values of one epoch. */
static int wipe_values(struct wiping *w, struct epoch_key *e)
{
    struct epoch_values *v = &e->s->v;
    uint8_t before = v->have;
    if ((v->have & EPOCH_HAVE_ADD) && e->rekeyed_hour != HOUR_NONE &&
        is_due(w, (uint64_t)e->rekeyed_hour + DAY_HOURS)) {
        wipe(v->add, 32);
        v->have &= (uint8_t)~EPOCH_HAVE_ADD;
    }
    if ((v->have & HAVE_ALL_FORWARD) && e->superseded_hour != HOUR_NONE) {
        uint64_t due = (uint64_t)e->superseded_hour + w->longest;
        uint64_t kept = (uint64_t)e->forwarded_hour + DAY_HOURS;
        if (e->forwarded_hour != HOUR_NONE && kept > due)
            due = kept;
        if (is_due(w, due)) {
            wipe(v->mix, 32);
            wipe(v->anon, 32);
            v->have &= (uint8_t)~HAVE_ALL_FORWARD;
        }
    }
    return v->have == before ? 0 : epoch_store(w->g, e);
}

/* The trees of one epoch, and its record if nothing is left to remember. */
static int wipe_trees(struct wiping *w, struct epoch_key *e)
{
    bool lane = (e->s->v.have & EPOCH_HAVE_LANE) != 0;
    if (e->superseded_hour == HOUR_NONE || (lane && !in_a_root(w->g, e->id)))
        return 0;
    if (!is_due(w, (uint64_t)e->superseded_hour + w->longest + TREE_HOURS_MORE))
        return 0;
    if (lane || e->s->v.have) /* a forwarded mix may stay a little longer */
        return root_erase_with(w->g, e->id);
    return epoch_erase(w->g, e);
}

int keys_wipe_due(struct group *g)
{
    struct keys *k = g->keys;
    struct wiping w = {g, g->hour.hour, HOUR_NONE, longest_talk_hours(g)};
    struct epoch_key *e;
    uint32_t at = 0;
    int err = 0;
    while (!err && (e = map_next(&k->epochs, &at, NULL))) {
        err = wipe_values(&w, e);
        if (!err)
            err = wipe_trees(&w, e); /* may erase e: deleting is allowed here */
    }
    k->wipe_hour = (uint32_t)w.next;
    return err;
}

int epochs_make_place(struct group *g)
{
    struct keys *k = g->keys;
    struct epoch_key *e, *oldest = NULL;
    uint32_t at = 0;
    if (map_count(&k->epochs) < LIMIT_EPOCHS_HELD_MAX)
        return 0;
    while ((e = map_next(&k->epochs, &at, NULL))) {
        if (e->superseded_hour == HOUR_NONE || e->s->v.have & EPOCH_HAVE_LANE)
            continue;
        if (!oldest || e->order < oldest->order)
            oldest = e;
    }
    g->peer->limited++;
    if (!oldest)
        oldest = lane_to_erase(g);
    return oldest ? epoch_erase(g, oldest) : ERR_FULL;
}
