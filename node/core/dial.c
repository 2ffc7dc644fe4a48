/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* dial.c -- whom to call, and when.
 *
 * Every member with a known address and without a link is called, each with a delay of
 * its own that doubles from a second to five minutes, until the group has
 * LIMIT_LINKS_PER_GROUP_MAX links.  Where to begin in the list is drawn, so that large
 * groups mix.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "node/core/link_int.h"
#include "node/core/link_room.h"
#include "node/core/near_int.h"

enum {
    DELAY_MS_MIN = 1000,
    DELAY_MS_MAX = 5 * 60 * 1000,
    DOUBLINGS_MAX = 9,
    FIRST_MS = 200,
    YIELD_MS = 1000,       /* who should not begin waits this much longer */
    STEADY_MS = 60 * 1000, /* a link that lived so long was a good one */
};

/* ---- when ------------------------------------------------------------------- */

static uint64_t around(struct peer *p, uint64_t ms)
{
    return p->now_ms + ms / 2 + entropy_below(&p->entropy, ms + 1);
}

static uint64_t delay_ms(const struct dial *d)
{
    uint64_t ms = (uint64_t)DELAY_MS_MIN
                  << (d->tries < DOUBLINGS_MAX ? d->tries : DOUBLINGS_MAX);
    return ms < DELAY_MS_MAX ? ms : DELAY_MS_MAX;
}

/* P9.9 keeps the link that the smaller key began: the larger one gives it a moment. */
static uint64_t first_ms(struct group *g, const struct member *m)
{
    bool ours = memcmp(g->transport_pk, m->transport_pk, 32) < 0;
    return around(g->peer, FIRST_MS) + (ours ? 0 : YIELD_MS);
}

/* ---- addresses -------------------------------------------------------------- */

/* Address `i` of a member: of the card, or of the invitation until there is a card. */
static struct bytes address_of(struct group *g, const struct member *m, uint32_t i)
{
    if (card_address(g, m->index, 0).n > 0)
        return card_address(g, m->index, i);
    return join_home(g, m->transport_pk, i);
}

/* A short sum over the addresses; 0: none. */
static uint32_t addresses_sum(struct group *g, const struct member *m)
{
    uint8_t sum[32];
    struct hasher h;
    uint32_t i = 0;
    hasher_init(&h, "addresses");
    for (; i < LIMIT_ADDRESSES_MAX; i++) {
        struct bytes a = address_of(g, m, i);
        uint8_t length = (uint8_t)a.n;
        if (a.n == 0)
            break;
        hasher_update(&h, BYTES(&length, 1));
        hasher_update(&h, a);
    }
    hasher_final(&h, sum);
    return i ? get_u32(sum) | 1 : 0;
}

/* Members or cards changed: who can be called now, and who moved? */
static int rescan(struct group *g, struct ties *c)
{
    uint32_t count = member_count(g);
    const struct member *me = member_me(g);
    if (count > c->dials_count) {
        struct dial *grown = realloc(c->dials, count * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        memset(grown + c->dials_count, 0, (count - c->dials_count) * sizeof *grown);
        c->dials = grown;
        c->dials_count = count;
    }
    c->rescan = false;
    for (uint32_t i = 0; i < count; i++) {
        const struct member *m = member_at(g, i);
        struct dial *d = &c->dials[i];
        uint32_t sum = m == me ? 0 : addresses_sum(g, m);
        if (sum == d->addresses_sum && (sum || d->next_ms))
            continue;
        d->addresses_sum = sum;
        d->tries = d->address = 0;
        d->next_ms = sum ? first_ms(g, m) : UINT64_MAX;
    }
    return 0;
}

/* ---- links ------------------------------------------------------------------ */

static int dial_of(struct group *g, uint32_t member, struct dial **out)
{
    struct ties *c = NULL;
    int err = ties_of(g->peer, g->number, &c);
    if (!err && member >= c->dials_count)
        err = rescan(g, c);
    if (!err)
        *out = &c->dials[member];
    return err;
}

int dial_linked(struct group *g, uint32_t member)
{
    struct dial *d = NULL;
    int err = dial_of(g, member, &d);
    if (!err)
        d->linked = true;
    return err;
}

static bool linked_otherwise(const struct peer *p, const struct link *gone)
{
    for (uint32_t i = 0; i < p->links->count; i++) {
        const struct link *l = p->links->list[i];
        if (l != gone && l->state != LINK_CLOSED && l->group == gone->group &&
            l->member == gone->member)
            return true;
    }
    return false;
}

void dial_unlinked(struct group *g, const struct link *l)
{
    struct peer *p = g->peer;
    struct ties *c = ties_find(p, g->number);
    if (!c || l->member >= c->dials_count)
        return;
    struct dial *d = &c->dials[l->member];
    d->linked = linked_otherwise(p, l);
    if (d->linked || d->next_ms == UINT64_MAX)
        return;
    if (l->live_ms == 0) {
        /* Connected, but no answer: perhaps they do not know our newest key yet. */
        d->unanswered += l->dialler && l->state_before == LINK_WAIT_2;
        return; /* when to try again was set when it was dialled */
    }
    d->unanswered = 0;
    if (p->now_ms - l->live_ms >= STEADY_MS)
        d->tries = 0;
    d->next_ms = around(p, delay_ms(d));
    if (memcmp(g->transport_pk, l->transport_pk, 32) > 0)
        d->next_ms += YIELD_MS;
    d->tries++;
}

static uint32_t group_links(const struct peer *p, uint32_t number)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->links->count; i++)
        n += p->links->list[i]->group == number &&
             p->links->list[i]->state != LINK_CLOSED &&
             p->links->list[i]->kind == LINK_MEMBER;
    return n;
}

/* ---- dialling --------------------------------------------------------------- */

/* P9.3: the newest access key; every second time that nobody answered an older one. */
static uint32_t acc_for(struct group *g, const struct dial *d)
{
    uint8_t acc[32];
    uint32_t count = 0, want = (d->unanswered + 1) / 2;
    if (d->unanswered % 2 == 0)
        return 0;
    while (count <= want && keys_acc_at(g, count, acc))
        count++;
    wipe(acc, sizeof acc);
    return count ? (want < count ? want : want % count) : 0;
}

static int dial_member(struct group *g, struct dial *d, const struct member *m)
{
    struct peer *p = g->peer;
    struct link *l = NULL;
    struct bytes address = address_of(g, m, d->address);
    if (address.n == 0) {
        d->address = 0;
        address = address_of(g, m, 0);
    }
    d->next_ms = around(p, delay_ms(d));
    if (address_of(g, m, d->address + 1).n == 0)
        d->tries++; /* all of them were tried */
    address = address_of(g, m, d->address);
    d->address++;
    if (address.n == 0 || !links_can_dial(p))
        return 0;
    int err = link_dial(p, g, address, &l);
    if (err)
        return err == ERR_FULL ? 0 : err;
    l->kind = LINK_MEMBER;
    l->member = m->index;
    l->acc = acc_for(g, d);
    memcpy(l->transport_pk, m->transport_pk, 32);
    d->linked = true;
    return 0;
}

/* True if a call because of a beacon is of no use: there is a link, or another such
 * call is under way.  A call to an address of the card is no reason to wait: who has
 * moved does not answer there, and that takes up to 20 s to show. */
static bool reached_nearby(const struct peer *p, const struct group *g, uint32_t member)
{
    for (uint32_t i = 0; i < p->links->count; i++) {
        const struct link *l = p->links->list[i];
        if (l->state != LINK_CLOSED && l->group == g->number && l->member == member &&
            (l->nearby || !l->dialler || l->state == LINK_LIVE))
            return true;
    }
    return false;
}

int dial_near(struct group *g, const struct member *m, struct bytes address,
              uint32_t acc)
{
    struct peer *p = g->peer;
    struct dial *d = NULL;
    struct link *l = NULL;
    int err = dial_of(g, m->index, &d);
    if (err || reached_nearby(p, g, m->index) || !links_can_dial(p) ||
        group_links(p, g->number) >= LIMIT_LINKS_PER_GROUP_MAX)
        return err;
    err = link_dial(p, g, address, &l);
    if (err)
        return err == ERR_FULL ? 0 : err;
    l->kind = LINK_MEMBER;
    l->member = m->index;
    l->acc = acc;
    l->nearby = true;
    memcpy(l->transport_pk, m->transport_pk, 32);
    d->linked = true;
    return 0;
}

int dial_tick(struct group *g)
{
    struct peer *p = g->peer;
    struct ties *c = NULL;
    int err = ties_of(p, g->number, &c);
    if (!err && (c->rescan || c->dials_count < member_count(g)))
        err = rescan(g, c);
    if (err || dial_deadline_ms(p, g) > p->now_ms)
        return err;
    uint32_t count = c->dials_count;
    uint32_t begin = (uint32_t)entropy_below(&p->entropy, count);
    uint32_t links = group_links(p, g->number);
    for (uint32_t n = 0; n < count && !err; n++) {
        uint32_t i = (begin + n) % count;
        struct dial *d = &c->dials[i];
        if (d->linked || d->next_ms > p->now_ms)
            continue;
        if (links++ >= LIMIT_LINKS_PER_GROUP_MAX)
            break;
        err = dial_member(g, d, member_at(g, i));
    }
    return err;
}

uint64_t dial_deadline_ms(const struct peer *p, const struct group *g)
{
    const struct ties *c = ties_find(p, g->number);
    uint64_t due_ms = UINT64_MAX;
    if (!c || c->rescan)
        return p->now_ms; /* looked at in the next tick */
    if (group_links(p, g->number) >= LIMIT_LINKS_PER_GROUP_MAX)
        return UINT64_MAX;
    for (uint32_t i = 0; i < c->dials_count; i++)
        if (!c->dials[i].linked && c->dials[i].next_ms < due_ms)
            due_ms = c->dials[i].next_ms;
    return due_ms;
}
