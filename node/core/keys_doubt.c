/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_doubt.c -- members whose epochs do not open (P5.19).
 *
 * Whoever rekeys and gives nobody a box that opens keeps everybody from writing until
 * somebody else rekeys.  The first time a text waits until a no-key is posted, since a
 * page may be on its way; from then on nobody waits for that member.
 */
#include "node/core/keys_doubt.h"

#include "node/core/budget.h"

enum { DOUBT_MS = 3600 * 1000 };

static struct person *author_of(const struct group *g, uint32_t entry)
{
    return map_get(&g->control->members, BYTES(held_at(g, entry)->e.author, 32));
}

/* Values of an add are derived, not boxed: who lacks those was kept from others. */
static bool is_boxed(const struct group *g, uint32_t entry)
{
    const struct epoch *e = held_at(g, entry)->epoch;
    return e && e->boxed && member_me(g) &&
           bits_has(&e->recipients, member_me(g)->index);
}

void keys_doubt(struct group *g, const uint32_t *lacking, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct person *p = author_of(g, lacking[i]);
        if (!p || !is_boxed(g, lacking[i]))
            continue;
        p->doubted_ms = g->peer->now_ms + DOUBT_MS;
        budget_note(g, p->m.index, LIMITED_KEYS);
    }
}

bool keys_doubted(const struct group *g, const struct held *h)
{
    const struct person *p = author_of(g, h->e.number);
    return p && p->doubted_ms > g->peer->now_ms;
}

bool keys_waiting(const struct group *g, const uint32_t *lacking, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!is_boxed(g, lacking[i]) || !keys_doubted(g, held_at(g, lacking[i])))
            return true;
    return false;
}
