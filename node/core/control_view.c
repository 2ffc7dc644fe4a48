/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control_view.c -- looking at the control log: entries, heads, members, invites. */
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "crypto/hash.h"
#include "node/core/state.h"

enum { MEMBER_LIST_BYTES_MAX = LIMIT_CONTROL_ENTRIES_MAX * 32 };

uint32_t control_count(const struct group *g)
{
    return g->control ? g->control->count : 0;
}

const struct control_entry *control_at(const struct group *g, uint32_t number)
{
    return &held_at(g, number)->e;
}

const struct control_entry *control_find(const struct group *g, const uint8_t hash[32])
{
    const struct held *h = map_get(&g->control->by_hash, BYTES(hash, 32));
    return h ? &h->e : NULL;
}

/* What a member who forks writes near his share may be refused elsewhere: whoever named
 * it would be refused with it.  P4.15 */
bool control_is_flood(const struct group *g, uint32_t number)
{
    const struct control *c = g->control;
    const struct person *p =
        map_get(&c->members, BYTES(held_at(g, number)->e.author, 32));
    if (memcmp(held_at(g, number)->e.author, g->member_pk, 32) == 0)
        return false; /* our own come after one another */
    return p && p->forked && p->m.role != ROLE_STEWARD &&
           p->entries > LIMIT_CONTROL_PER_MEMBER_MAX / 2;
}

static bool is_forked(const struct control *c, const struct held *h)
{
    const struct person *p = map_get(&c->members, BYTES(h->e.author, 32));
    return p && p->forked;
}

/* Heads stand in order of arrival: of too many, the newest are named. */
static uint32_t name_heads(const struct group *g, bool forked, uint8_t *out, uint32_t n)
{
    const struct control *c = g->control;
    for (uint32_t i = c->heads_count; i-- > 0 && n < LIMIT_HEADS_MAX;) {
        const struct held *h = c->entries[c->heads[i]];
        if (is_forked(c, h) == forked && !control_is_flood(g, h->e.number))
            memcpy(out + n++ * 32, h->e.hash, 32);
    }
    return n;
}

uint8_t control_heads(const struct group *g, uint8_t out[static 16 * 32])
{
    const struct control *c = g->control;
    /* P4.14: who forks does not push out what others wrote. */
    uint32_t n = name_heads(g, false, out, 0);
    n = name_heads(g, true, out, n);
    const struct member *me = member_me(g);
    if (n == 0 && me) { /* what let us in is always there to be named */
        memcpy(out, c->entries[me->entry]->e.hash, 32);
        n = 1;
    }
    sort_bytes(out, n, 32);
    return (uint8_t)n;
}

int control_digest(const struct group *g, uint8_t out[static 16])
{
    return state_digest(g->control, &g->control->now, out);
}

bool control_differs(const struct group *g)
{
    return g->control->differs;
}

uint32_t member_count(const struct group *g)
{
    return g->control ? g->control->people_count : 0;
}

const struct member *member_at(const struct group *g, uint32_t index)
{
    CHECK(index < g->control->people_count);
    return &g->control->people[index]->m;
}

const struct member *member_find(const struct group *g, const uint8_t pk[32])
{
    const struct person *p = map_get(&g->control->members, BYTES(pk, 32));
    return p ? &p->m : NULL;
}

const struct member *member_by_transport(const struct group *g, const uint8_t pk[32])
{
    const struct person *p = map_get(&g->control->transports, BYTES(pk, 32));
    return p ? &p->m : NULL;
}

const struct member *member_me(const struct group *g)
{
    return g->control ? member_find(g, g->member_pk) : NULL;
}

bool member_forked(const struct group *g, uint32_t index)
{
    CHECK(index < g->control->people_count);
    return g->control->people[index]->forked;
}

/* The keys of the members in `s`, rising, appended to `out`. */
static int list_members(const struct control *c, const struct state *s, struct buf *out)
{
    int err = 0;
    for (uint32_t i = 0; !err && i < c->people_count; i++)
        if (state_rank(s, c->by_key[i]) > 0)
            err = buf_append(out, BYTES(c->people[c->by_key[i]]->m.pk, 32),
                             MEMBER_LIST_BYTES_MAX);
    return err;
}

int control_list_hash(const struct control *c, const struct state *s,
                      uint8_t out[static 16])
{
    struct buf list = {0};
    int err = list_members(c, s, &list);
    if (!err)
        hash16(out, "recipients", &BUF_BYTES(&list), 1); /* P5.11 */
    buf_free(&list);
    return err;
}

int control_invite(const struct group *g, const uint8_t v_pk[32],
                   struct invite_view *out)
{
    const struct control *c = g->control;
    for (uint32_t i = 0; i < c->invites_count; i++)
        if (memcmp(c->invites[i].view.v_pk, v_pk, 32) == 0) {
            *out = c->invites[i].view;
            return 0;
        }
    return ERR_NOTFOUND;
}

int control_invite_at(const struct group *g, uint32_t i, struct invite_view *out)
{
    if (i >= g->control->invites_count)
        return ERR_NOTFOUND;
    *out = g->control->invites[i].view;
    return 0;
}
