/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control_seen.c -- a steward's node says that it saw each add it did not make (P4.10).
 *
 * Adds before the own one are seen by having joined after them.  What is owed follows
 * from the log, so a restart forgets nothing.
 */
#include "base/mp.h"
#include "node/core/state.h"

#include <string.h>

enum { SEEN_WITHIN_MS = 3600 * 1000 };

/* Does the own node owe a `seen` for entry `h`? */
static bool is_owed(const struct group *g, const struct member *me,
                    const struct held *h)
{
    return h->e.kind == CONTROL_ADD && h->e.valid && h->member != me->index &&
           memcmp(h->e.author, me->pk, 32) != 0 &&
           !held_after(held_at(g, me->entry), h->e.number) &&
           !bits_has(&g->control->seen, h->e.number);
}

/* Collect up to SEEN_ENTRIES_MAX hashes that are owed; true if there are more. */
static bool collect(const struct group *g, const struct member *me, struct room *out)
{
    const struct control *c = g->control;
    for (uint32_t i = me->entry; i < c->count; i++)
        if (is_owed(g, me, c->entries[i]) &&
            room_append(out, BYTES(c->entries[i]->e.hash, 32)))
            return true;
    return false;
}

static bool owes_any(const struct group *g, const struct member *me)
{
    const struct control *c = g->control;
    for (uint32_t i = me->entry; i < c->count; i++)
        if (is_owed(g, me, c->entries[i]))
            return true;
    return false;
}

void seen_schedule(struct group *g)
{
    struct control *c = g->control;
    const struct member *me = member_me(g);
    if (c->seen_at_ms || !me || me->role != ROLE_STEWARD || !owes_any(g, me))
        return;
    c->seen_at_ms =
        g->peer->now_ms + 1 + entropy_below(&g->peer->entropy, SEEN_WITHIN_MS);
}

uint64_t control_deadline_ms(const struct group *g)
{
    if (!g->control || g->control->seen_at_ms == 0)
        return UINT64_MAX;
    return g->control->seen_at_ms;
}

int control_tick(struct group *g)
{
    struct control *c = g->control;
    uint8_t hashes[SEEN_ENTRIES_MAX * 32];
    struct room list = ROOM_OF(hashes);
    struct buf bytes = {0};
    struct control_body body = {0};
    if (!c || c->seen_at_ms == 0 || c->seen_at_ms > g->peer->now_ms)
        return 0;
    c->seen_at_ms = 0;
    const struct member *me = member_me(g);
    if (!me || me->role != ROLE_STEWARD)
        return 0;
    bool more = collect(g, me, &list);
    if (list.n == 0)
        return 0;
    body.bin[SEEN_ENTRIES] = BYTES(list.p, list.n);
    int err = control_body_encode(CONTROL_SEEN, &body, &bytes);
    if (!err)
        err = control_post(g, CONTROL_SEEN, BUF_BYTES(&bytes), NULL);
    buf_free(&bytes);
    if (err)
        return err_is_fatal(err) ? err : 0;
    if (more)
        seen_schedule(g);
    return 0;
}
