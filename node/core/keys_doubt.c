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
    uint64_t now = g->peer->now_ms;
    if (!p || !is_boxed(g, entry))
        return;
    p->ask_ms = now + (p->asked ? DOUBT_MS : ASK_SOON_MS);
    p->asked = true;
    if (!is_boxed_for_me(g, entry))
        return; /* who did not know of us is not to blame */
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

struct choosing {
    struct group *g;
    bool wait; /* for one that its author had no box of ours for */
};

static bool is_sent_under(void *ctx, uint32_t entry)
{
    struct choosing *ch = ctx;
    if (!is_done_without(ch->g, entry))
        return true;
    ch->wait =
        ch->wait || !(control_is_flood(ch->g, entry) || is_boxed_for_me(ch->g, entry) ||
                      keys_doubted(ch->g, held_at(ch->g, entry)));
    return false;
}

enum sending keys_sending(struct group *g, struct key_ref *ref, uint32_t *lane)
{
    const struct state *now = &g->control->now;
    struct choosing ch = {g, false};
    uint32_t u[LIMIT_EPOCHS_OPEN_MAX];
    uint32_t n = state_epochs_that(g->control, now, is_sent_under, &ch, u);
    *lane = NOBODY;
    /* Others see what we leave out: what is mixed there is not solo here. */
    bool mix = !state_is_solo(g->control, now);
    *ref = (struct key_ref){.mix = mix, .count = (uint8_t)n};
    for (uint32_t i = 0; i < n; i++) {
        memcpy(ref->ids[i], held_at(g, u[i])->e.hash, 32);
        if (*lane == NOBODY && epoch_is_clean(g->control, now, u[i]))
            *lane = u[i];
    }
    if (n == 0)
        return ch.wait ? SENDING_WAITS : SENDING_REKEY;
    return *lane == NOBODY ? SENDING_REKEY : SENDING_CAN;
}
