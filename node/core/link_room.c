/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link_room.c -- see link_room.h. */
#include "node/core/link_room.h"

#include <string.h>

#include "node/core/link_int.h"

/* True for invitation links that came in, from message 2 on. */
static bool invited(const struct link *l)
{
    return !l->dialler && l->kind == LINK_INVITE && !l->closing &&
           (l->state == LINK_WAIT_3 || l->state == LINK_LIVE);
}

bool link_is_guest(const struct link *l)
{
    return invited(l) && !l->proven;
}

bool link_is_newcomer(const struct link *l)
{
    return invited(l) && l->proven;
}

/* P9.5, P9.10: how soon a link gives its place to another; 0: never. */
static int weight(const struct link *l)
{
    enum { NEVER, KNOWS_A_KEY, GUEST, STRANGER, FULL_SINK };
    if (link_is_guest(l))
        return GUEST;
    switch (l->state) {
    case LINK_SINK: return l->sink_left == 0 ? FULL_SINK : STRANGER;
    case LINK_WAIT_1: return STRANGER;
    case LINK_WAIT_3: return KNOWS_A_KEY;
    default: return NEVER;
    }
}

struct link *links_evictable(const struct links *links, uint32_t *count)
{
    struct link *best = NULL;
    *count = 0;
    for (uint32_t i = 0; i < links->count; i++) {
        struct link *l = links->list[i];
        int w = weight(l), best_w = best ? weight(best) : 0;
        *count += w > 0;
        if (w > best_w || (w > 0 && w == best_w && l->born < best->born))
            best = l;
    }
    return best;
}

bool links_can_dial(const struct peer *p)
{
    uint32_t count = 0;
    return p->links->count < LIMIT_LINKS_MAX || links_evictable(p->links, &count);
}

/* ---- bounds -------------------------------------------------------------------- */

static uint32_t guests_of(const struct links *links, const uint8_t *invite_pk)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < links->count; i++)
        n += link_is_guest(links->list[i]) &&
             memcmp(links->list[i]->invite_pk, invite_pk, 32) == 0;
    return n;
}

/* P6.8: the oldest guest of the invitation that has most of them, so that who holds one
 * line shows out none who came by another. */
static void bound_guests(struct peer *p)
{
    struct link *best = NULL;
    uint32_t count = 0, best_of = 0;
    for (uint32_t i = 0; i < p->links->count; i++) {
        struct link *l = p->links->list[i];
        if (!link_is_guest(l))
            continue;
        uint32_t of = guests_of(p->links, l->invite_pk);
        count++;
        if (!best || of > best_of || (of == best_of && l->born_ms < best->born_ms)) {
            best = l;
            best_of = of;
        }
    }
    if (count <= LIMIT_GUESTS_MAX)
        return;
    p->limited++;
    link_close(best, false);
}

/* P9.10: the oldest becomes a sink; so there is always room for who comes next. */
static void bound_members(struct peer *p)
{
    struct link *oldest = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->links->count; i++) {
        struct link *l = p->links->list[i];
        if (l->state != LINK_WAIT_3 || l->kind != LINK_MEMBER)
            continue;
        count++;
        if (!oldest || l->born_ms < oldest->born_ms)
            oldest = l;
    }
    if (count > LIMIT_SHAKEN_MAX)
        link_sink(p, oldest);
}

void links_bound_shaken(struct peer *p, uint8_t kind)
{
    if (kind == LINK_INVITE)
        bound_guests(p);
    else
        bound_members(p);
}
