/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control_commit.c -- an entry that was decided takes its place in memory: maps, heads,
 * members, invitations, epochs, and the newest state.
 *
 * Loading and taking meet here.  Nothing is refused any more; the only error is
 * ERR_NOMEM, after which the whole peer is thrown away.
 */
#include <stdlib.h>
#include <string.h>

#include "node/core/state.h"

void held_free(struct held *h)
{
    if (!h)
        return;
    if (h->epoch) {
        bits_free(&h->epoch->recipients);
        bits_free(&h->epoch->nokey);
        for (int i = 0; i < ASKS_PER_EPOCH_MAX - 1; i++)
            bits_free(&h->epoch->again[i]);
        bits_free(&h->epoch->forwarded);
        free(h->epoch->parents);
        free(h->epoch);
    }
    free(h->e.past);
    free(h->bytes);
    free(h);
}

/* Grow the array that the pointer at `slot` holds, so that one more of `item_bytes`
 * fits.  ERR_NOMEM. */
static int grow(void *slot, uint32_t count, uint32_t *cap, size_t item_bytes)
{
    void *items = NULL;
    if (count < *cap)
        return 0;
    uint32_t more = *cap * 2 + 8;
    memcpy(&items, slot, sizeof items); /* whatever kind of pointer it is */
    items = realloc(items, more * item_bytes);
    if (!items)
        return ERR_NOMEM;
    memcpy(slot, &items, sizeof items);
    *cap = more;
    return 0;
}

#define GROW(items, count, cap) grow(&(items), (count), &(cap), sizeof *(items))

int control_past(const struct control *c, const struct control_entry *e,
                 struct bits *out)
{
    int err = bits_reserve(out, c->count + 1);
    for (uint32_t i = 0; !err && i <= e->deps_count; i++) {
        const uint8_t *hash = i < e->deps_count ? e->deps.p + i * 32 : e->prev;
        const struct held *h = map_get(&c->by_hash, BYTES(hash, 32));
        if (!h) {
            CHECK(i == e->deps_count); /* the author's first entry has no prev */
            break;
        }
        const struct bits past = {h->e.past, (h->e.number + 7) / 8};
        err = bits_join(out, &past);
        if (!err)
            err = bits_put(out, h->e.number);
    }
    return err;
}

/* The new entry is a head; what it names is none any more. */
static int commit_heads(struct control *c, const struct held *h)
{
    uint32_t kept = 0;
    int err = GROW(c->heads, c->heads_count, c->heads_cap);
    if (err)
        return err;
    for (uint32_t i = 0; i < c->heads_count; i++)
        if (!held_after(h, c->heads[i]))
            c->heads[kept++] = c->heads[i];
    c->heads[kept++] = h->e.number;
    c->heads_count = kept;
    return 0;
}

static int commit_maps(struct group *g, struct held *h)
{
    struct control *c = g->control;
    uint8_t key[36];
    memcpy(key, h->e.author, 32);
    put_u32(key + 32, h->e.seq);
    int err = GROW(c->entries, c->count, c->cap);
    if (err) {
        held_free(h);
        return err;
    }
    c->entries[c->count++] = h; /* and is freed with the others from here on */
    c->bytes += h->e.whole.n;
    err = map_put(&c->by_hash, BYTES(h->e.hash, 32), h);
    if (!err && !map_get(&c->by_seq, BYTES_OF(key)))
        err = map_put(&c->by_seq, BYTES_OF(key), h);
    if (err)
        return err;
    if (memcmp(h->e.author, g->member_pk, 32) == 0) {
        const struct held *last =
            c->own_last == NOBODY ? NULL : c->entries[c->own_last];
        if (!last || h->e.seq > last->e.seq ||
            (h->e.seq == last->e.seq && memcmp(h->e.hash, last->e.hash, 32) < 0))
            c->own_last = h->e.number;
    }
    return 0;
}

/* --- members ------------------------------------------------------------------ */

static int person_new(struct control *c, const uint8_t *pk, struct person **out)
{
    uint32_t at = 0, index = c->people_count, cap = c->people_cap;
    int err = GROW(c->people, index, c->people_cap);
    if (err)
        return err;
    if (c->people_cap != cap) { /* both arrays have one size */
        uint32_t *to = realloc(c->by_key, c->people_cap * sizeof *to);
        if (!to)
            return ERR_NOMEM;
        c->by_key = to;
    }
    struct person *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    c->people[c->people_count++] = p;
    memcpy(p->m.pk, pk, 32);
    p->m.index = index;
    p->m.let_in_by = NOBODY;
    for (uint32_t hi = index; at < hi;) {
        uint32_t mid = at + (hi - at) / 2;
        if (memcmp(c->people[c->by_key[mid]]->m.pk, pk, 32) < 0)
            at = mid + 1;
        else
            hi = mid;
    }
    memmove(&c->by_key[at + 1], &c->by_key[at], (index - at) * sizeof *c->by_key);
    c->by_key[at] = index;
    *out = p;
    return map_put(&c->members, BYTES(pk, 32), p);
}

/* The transport key of `p` is the one of entry `h` from here on. */
static int person_let_in(struct control *c, struct person *p, const struct held *h,
                         const uint8_t *transport)
{
    const struct person *by = map_get(&c->members, BYTES(h->e.author, 32));
    if (map_get(&c->transports, BYTES(p->m.transport_pk, 32)) == p)
        (void)map_del(&c->transports, BYTES(p->m.transport_pk, 32));
    memcpy(p->m.transport_pk, transport, 32);
    p->m.entry = h->e.number;
    p->m.let_in_by = by && by != p ? by->m.index : NOBODY;
    /* Whoever had a key first keeps it: a steward cannot give somebody else's away. */
    if (map_get(&c->transports, BYTES(transport, 32)))
        return 0;
    return map_put(&c->transports, BYTES(transport, 32), p);
}

/* A create or add that counts brings a member.  Of two adds of one person that did not
 * know of each other the one with the smaller hash says what they were added with, so
 * that order of arrival decides nothing. */
static int commit_member(struct control *c, struct held *h,
                         const struct control_body *b)
{
    bool create = h->e.kind == CONTROL_CREATE;
    const uint8_t *pk = create ? h->e.author : b->bin[ADD_MEMBER].p;
    struct person *p = map_get(&c->members, BYTES(pk, 32));
    bool first = p == NULL;
    int err = first ? person_new(c, pk, &p) : 0;
    if (err)
        return err;
    h->member = p->m.index;
    h->prekey = b->bin[create ? CREATE_PREKEY : ADD_PREKEY].p;
    if (first || memcmp(h->e.hash, c->entries[p->m.entry]->e.hash, 32) < 0) {
        p->m.compared = create || b->uint[ADD_COMPARED] != 0;
        err =
            person_let_in(c, p, h, b->bin[create ? CREATE_TRANSPORT : ADD_TRANSPORT].p);
    }
    return err;
}

static int commit_invite(struct control *c, const struct held *h,
                         const struct control_body *b)
{
    int err = GROW(c->invites, c->invites_count, c->invites_cap);
    if (err)
        return err;
    struct invitation *i = &c->invites[c->invites_count++];
    *i = (struct invitation){.entry = h->e.number};
    memcpy(i->view.v_pk, b->bin[INVITE_KEY].p, 32);
    memcpy(i->view.psk, b->bin[INVITE_PSK].p, 32);
    i->view.uses = (uint32_t)b->uint[INVITE_USES];
    i->view.end_hour = (uint32_t)b->uint[INVITE_END];
    i->view.role = (uint8_t)b->uint[INVITE_ROLE];
    i->view.asks = b->uint[INVITE_ASKS] != 0;
    i->view.language = (uint8_t)b->uint[INVITE_LANGUAGE];
    return 0;
}

static void commit_use(struct control *c, const struct control_body *b)
{
    /* Two stewards may add one person under one invitation: that is one use. */
    for (uint32_t i = 0; i < c->invites_count; i++)
        if (!map_get(&c->members, b->bin[ADD_MEMBER]) &&
            memcmp(c->invites[i].view.v_pk, b->bin[ADD_INVITE].p, 32) == 0)
            c->invites[i].view.used++;
}

/* --- epochs ------------------------------------------------------------------- */

static int epoch_of_add(struct control *c, const struct held *h,
                        const struct control_body *b, struct epoch *e)
{
    struct bytes ids = b->bin[ADD_PARENTS];
    uint32_t n = (uint32_t)(ids.n / 32);
    e->parents = calloc(n, sizeof *e->parents);
    if (!e->parents)
        return ERR_NOMEM;
    int err = bits_put(&e->recipients, h->member);
    for (uint32_t i = 0; !err && i < n; i++) {
        const struct held *p = map_get(&c->by_hash, BYTES(ids.p + i * 32, 32));
        CHECK(p && p->epoch); /* birth: they are U of the past */
        e->parents[e->parents_count++] = p->e.number;
        err = bits_join(&e->recipients, &p->epoch->recipients);
        if (memcmp(p->e.hash, b->bin[ADD_LANE].p, 32) == 0)
            e->origin = p->epoch->origin;
    }
    return err;
}

static int epoch_of_rekey(const struct state *past, const struct control_body *b,
                          struct epoch *e)
{
    int err = 0;
    e->boxed = true;
    e->mixed = b->uint[REKEY_MIXED] != 0;
    e->pages = b->bin[REKEY_PAGES];
    for (uint32_t i = 0; !err && i < past->standing_cap; i++)
        if (state_rank(past, i) > 0)
            err = bits_put(&e->recipients, i);
    return err;
}

/* Put the epoch of `h` where its id belongs in the order of ids. */
static int epoch_index(struct control *c, const struct held *h)
{
    uint32_t lo = 0, hi = c->epochs_count;
    int err = GROW(c->epochs, c->epochs_count, c->epochs_cap);
    if (err)
        return err;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (memcmp(c->entries[c->epochs[mid]]->e.hash, h->e.hash, 32) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    memmove(&c->epochs[lo + 1], &c->epochs[lo],
            (c->epochs_count - lo) * sizeof *c->epochs);
    c->epochs[lo] = h->e.number;
    c->epochs_count++;
    return 0;
}

static int commit_epoch(struct control *c, struct held *h, const struct control_body *b,
                        const struct state *past)
{
    struct epoch *e = calloc(1, sizeof *e);
    int err = 0;
    if (!e)
        return ERR_NOMEM;
    h->epoch = e;
    e->entry = e->origin = h->e.number;
    if (h->e.kind == CONTROL_ADD) {
        err = epoch_of_add(c, h, b, e);
    } else if (h->e.kind == CONTROL_REKEY) {
        h->prekey = b->bin[REKEY_PREKEY].p;
        err = epoch_of_rekey(past, b, e);
    } else {
        e->boxed = true;
        err = bits_put(&e->recipients, h->member);
    }
    return err ? err : epoch_index(c, h);
}

/* A member lacks it.  What came before did not help then; but who asks for ever is not
 * answered for ever (P5.13). */
static int epoch_lacked(struct epoch *e, uint32_t member)
{
    if (!bits_has(&e->nokey, member))
        return bits_put(&e->nokey, member);
    for (int i = 0; i < ASKS_PER_EPOCH_MAX - 1; i++) {
        if (bits_has(&e->again[i], member))
            continue;
        bits_drop(&e->forwarded, member);
        return bits_put(&e->again[i], member);
    }
    return 0;
}

/* No-keys and forwards over everything held, for those who have to answer them. */
static int commit_asking(struct group *g, const struct held *h,
                         const struct control_body *b)
{
    struct control *c = g->control;
    int err = 0;
    if (h->e.kind == CONTROL_FORWARD) {
        struct held *e = map_get(&c->by_hash, b->bin[FORWARD_EPOCH]);
        const struct person *to = map_get(&c->members, b->bin[FORWARD_MEMBER]);
        return e && e->epoch && to ? bits_put(&e->epoch->forwarded, to->m.index) : 0;
    }
    for (size_t i = 0; !err && i < b->bin[NOKEY_EPOCHS].n; i += 32) {
        struct held *e = map_get(&c->by_hash, BYTES(b->bin[NOKEY_EPOCHS].p + i, 32));
        if (!e || !e->epoch || !held_after(h, e->e.number))
            continue;
        err = epoch_lacked(e->epoch, h->member);
        e->epoch->asked += memcmp(h->e.author, g->member_pk, 32) == 0;
    }
    return err;
}

static int commit_seen(struct group *g, const struct held *h,
                       const struct control_body *b)
{
    int err = 0;
    if (memcmp(h->e.author, g->member_pk, 32) != 0)
        return 0;
    for (size_t i = 0; !err && i < b->bin[SEEN_ENTRIES].n; i += 32) {
        const struct control_entry *e = control_find(g, b->bin[SEEN_ENTRIES].p + i);
        if (e)
            err = bits_put(&g->control->seen, e->number);
    }
    return err;
}

static int commit_effect(struct group *g, struct held *h, const struct control_body *b,
                         const struct state *past)
{
    struct control *c = g->control;
    int err = 0;
    switch (h->e.kind) {
    case CONTROL_ADD: commit_use(c, b); /* fall through */
    case CONTROL_CREATE:
        err = commit_member(c, h, b);
        return err ? err : commit_epoch(c, h, b, past);
    case CONTROL_REKEY: return commit_epoch(c, h, b, past);
    case CONTROL_INVITE: return commit_invite(c, h, b);
    case CONTROL_FORWARD:
    case CONTROL_NOKEY: return commit_asking(g, h, b);
    case CONTROL_PREKEY: h->prekey = b->bin[PREKEY_KEY].p; return 0;
    case CONTROL_SEEN: return commit_seen(g, h, b);
    default: return 0;
    }
}

/* What a member's view says follows the newest state. */
static void commit_views(struct control *c, const struct held *h)
{
    if (h->member == NOBODY || !h->e.valid)
        return;
    struct member *m = &c->people[h->member]->m;
    const struct standing *s = &c->now.standing[h->member];
    m->role = s->rank == 2 ? ROLE_STEWARD : ROLE_MEMBER;
    memcpy(m->prekey_pk, c->entries[s->prekey]->prekey, 32);
}

int control_commit(struct group *g, struct held *h, const struct control_body *body,
                   const struct state *past)
{
    struct control *c = g->control;
    const struct person *author = map_get(&c->members, BYTES(h->e.author, 32));
    h->member = author ? author->m.index : NOBODY;
    if (author)
        c->people[h->member]->entries++;
    int err = commit_maps(g, h);
    if (!err)
        err = commit_heads(c, h);
    if (!err && h->e.valid && body)
        err = commit_effect(g, h, body, past);
    if (!err)
        err = state_apply(c, &c->now, h);
    if (!err)
        commit_views(c, h);
    return err;
}
