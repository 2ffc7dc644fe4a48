/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_doubt.c -- members whose epochs do not open (P5.19).
 *
 * Whoever rekeys and gives nobody a box that opens must not keep others from writing.
 * The first time a text waits until a no-key is posted, since a page may be on its way;
 * from then on it goes under the other open epochs, and where there is none its author
 * rekeys without waiting for that member.
 */
#include "node/core/keys_doubt.h"

#include <string.h>

#include "node/core/budget.h"

enum {
    DOUBT_MS = 3600 * 1000,
    ASK_SOON_MS =
        120 * 1000, /* after the first no-key; after others as long as DOUBT */
};

static struct person *author_of(const struct group *g, uint32_t entry)
{
    return map_get(&g->control->members, BYTES(held_at(g, entry)->e.author, 32));
}

/* Values of an add are derived, not boxed: who lacks those was kept from others. */
static bool is_boxed(const struct group *g, uint32_t entry)
{
    const struct epoch *e = held_at(g, entry)->epoch;
    return e && e->boxed;
}

static bool is_boxed_for_me(const struct group *g, uint32_t entry)
{
    return is_boxed(g, entry) && member_me(g) &&
           bits_has(&held_at(g, entry)->epoch->recipients, member_me(g)->index);
}

void keys_doubt(struct group *g, uint32_t entry)
{
    struct person *p = author_of(g, entry);
    if (!p || !is_boxed_for_me(g, entry))
        return;
    uint64_t now = g->peer->now_ms;
    p->ask_ms = now + (p->asked ? DOUBT_MS : ASK_SOON_MS);
    p->asked = true;
    p->doubted_ms = now + DOUBT_MS;
    budget_note(g, p->m.index, LIMITED_KEYS);
}

bool keys_doubted(const struct group *g, const struct held *h)
{
    const struct person *p = author_of(g, h->e.number);
    return p && p->doubted_ms > g->peer->now_ms;
}

uint64_t keys_ask_ms(const struct group *g, const struct held *h)
{
    const struct person *p = author_of(g, h->e.number);
    return p ? p->ask_ms : 0;
}

/* Asked for and not come, or of somebody whose epochs do not open: also one that was
 * made before its author knew of us, and that nobody else may be able to give.  And one
 * that nobody's entry comes after: who lacks it could not even ask for it. */
static bool is_done_without(const struct group *g, uint32_t entry)
{
    const struct held *h = held_at(g, entry);
    if (control_is_flood(g, entry))
        return true;
    return !(epoch_have(g, entry) & EPOCH_HAVE_MIX) && is_boxed(g, entry) &&
           (h->epoch->asked > 0 || keys_doubted(g, h));
}

enum sending keys_sending(const struct group *g, struct key_ref *ref, uint32_t *lane)
{
    const struct state *now = &g->control->now;
    uint32_t u[LIMIT_EPOCHS_OPEN_MAX];
    uint32_t n = state_epochs(g->control, now, u);
    bool wait = false;
    *lane = NOBODY;
    if (!root_of_state(g, now, ref))
        return SENDING_REKEY;
    ref->count = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (is_done_without(g, u[i])) {
            wait = wait ||
                   !(control_is_flood(g, u[i]) || keys_doubted(g, held_at(g, u[i])));
            continue;
        }
        memcpy(ref->ids[ref->count++], held_at(g, u[i])->e.hash, 32);
        if (*lane == NOBODY && epoch_is_clean(g->control, now, u[i]))
            *lane = u[i];
    }
    ref->mix = ref->mix || ref->count < n;
    if (ref->count == 0)
        return wait ? SENDING_WAITS : SENDING_REKEY;
    return *lane == NOBODY ? SENDING_REKEY : SENDING_CAN;
}
