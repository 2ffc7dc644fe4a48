/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* state.c -- what a set of control entries resolves to: standing, U, knowers, digest.
 *
 * A state is brought up entry by entry, in any order that has causes first, and the
 * result is a function of the set alone.  The state of everything held serves almost
 * every entry; for the others, states of a few other pasts are kept, so that a branch
 * costs little per entry too.
 */
#include "node/core/state.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

enum {
    DIGEST_BYTES_MAX = 64 << 20, /* far above what the limits allow */
    QUORUM_MIN = 3,
};

uint8_t state_rank(const struct state *s, uint32_t index)
{
    return index < s->standing_cap ? s->standing[index].rank : 0;
}

static int standing_resize(struct state *s, uint32_t cap)
{
    if (cap <= s->standing_cap)
        return 0;
    struct standing *to = realloc(s->standing, cap * sizeof *to);
    if (!to)
        return ERR_NOMEM;
    memset(to + s->standing_cap, 0, (cap - s->standing_cap) * sizeof *to);
    s->standing = to;
    s->standing_cap = cap;
    return 0;
}

static int standing_reserve(struct state *s, uint32_t count)
{
    return count <= s->standing_cap ? 0 : standing_resize(s, count + count / 4 + 8);
}

/* How a prekey's entry ranks among those of one member: his own entries above the add
 * that brought him, then by sequence, then by hash; between adds the smaller hash. */
static bool prekey_is_newer(const struct held *a, const struct held *b, uint32_t member)
{
    bool a_own = a->e.kind != CONTROL_ADD, b_own = b->e.kind != CONTROL_ADD;
    CHECK(a->member == member && b->member == member);
    if (a_own != b_own)
        return a_own;
    int by_hash = memcmp(a->e.hash, b->e.hash, 32);
    if (!a_own)
        return by_hash < 0;
    return a->e.seq != b->e.seq ? a->e.seq > b->e.seq : by_hash > 0;
}

static void apply_prekey(const struct control *c, struct state *s, const struct held *h,
                         bool first)
{
    struct standing *at = &s->standing[h->member];
    if (first || prekey_is_newer(h, c->entries[at->prekey], h->member))
        at->prekey = h->e.number;
}

/* P4.6: somebody is a member, or a steward, from here on. */
static int apply_member(const struct control *c, struct state *s, const struct held *h)
{
    struct control_body b;
    int err = standing_reserve(s, h->member + 1);
    if (!err)
        err = control_body_decode(h->e.kind, h->e.body, &b);
    if (err)
        return err;
    uint8_t rank =
        h->e.kind == CONTROL_CREATE || b.uint[ADD_ROLE] == ROLE_STEWARD ? 2 : 1;
    struct standing *at = &s->standing[h->member];
    apply_prekey(c, s, h, at->rank == 0);
    s->members += at->rank == 0;
    s->stewards += rank == 2 && at->rank < 2;
    if (rank > at->rank)
        at->rank = rank;
    return 0;
}

static void open_free(struct open_epoch *o)
{
    bits_free(&o->nokey);
    bits_free(&o->forwarded);
}

/* P5.1: the epochs in the past of `h` are superseded, and its own is open. */
static int apply_epoch(const struct control *c, struct state *s, const struct held *h)
{
    uint32_t kept = 0, at = 0;
    if (s->open_count == s->open_cap) {
        uint32_t cap = s->open_cap * 2 + 4;
        struct open_epoch *to = realloc(s->open, cap * sizeof *to);
        if (!to)
            return ERR_NOMEM;
        s->open = to;
        s->open_cap = cap;
    }
    for (uint32_t i = 0; i < s->open_count; i++) {
        if (held_after(h, s->open[i].entry))
            open_free(&s->open[i]);
        else
            s->open[kept++] = s->open[i];
    }
    while (at < kept &&
           memcmp(c->entries[s->open[at].entry]->e.hash, h->e.hash, 32) < 0)
        at++;
    memmove(&s->open[at + 1], &s->open[at], (kept - at) * sizeof *s->open);
    s->open[at] = (struct open_epoch){.entry = h->e.number};
    s->open_count = kept + 1;
    return 0;
}

static struct open_epoch *find_open(const struct control *c, struct state *s,
                                    const uint8_t *id)
{
    for (uint32_t i = 0; i < s->open_count; i++)
        if (memcmp(c->entries[s->open[i].entry]->e.hash, id, 32) == 0)
            return &s->open[i];
    return NULL;
}

static int apply_forward(struct control *c, struct state *s, const struct held *h)
{
    struct control_body b;
    int err = control_body_decode(h->e.kind, h->e.body, &b);
    if (err)
        return err;
    struct open_epoch *o = find_open(c, s, b.bin[FORWARD_EPOCH].p);
    const struct person *to = map_get(&c->members, b.bin[FORWARD_MEMBER]);
    /* A superseded epoch is in no digest: who knows it does not matter there. */
    return o && to ? bits_put(&o->forwarded, to->m.index) : 0;
}

static int apply_nokey(struct control *c, struct state *s, const struct held *h)
{
    struct control_body b;
    int err = control_body_decode(h->e.kind, h->e.body, &b);
    if (err)
        return err;
    struct bytes ids = b.bin[NOKEY_EPOCHS];
    for (size_t i = 0; !err && i + 32 <= ids.n; i += 32) {
        struct open_epoch *o = find_open(c, s, ids.p + i);
        if (o && held_after(h, o->entry))
            err = bits_put(&o->nokey, h->member);
    }
    return err;
}

int state_apply(struct control *c, struct state *s, const struct held *h)
{
    int err = bits_put(&s->set, h->e.number);
    s->entries++;
    if (err || !h->e.valid)
        return err;
    bool known = s->digest_known;
    s->digest_known = false;
    switch (h->e.kind) {
    case CONTROL_CREATE:
    case CONTROL_ADD:
        err = apply_member(c, s, h);
        return err ? err : apply_epoch(c, s, h);
    case CONTROL_REKEY:
        if (h->prekey)
            apply_prekey(c, s, h, false);
        return apply_epoch(c, s, h);
    case CONTROL_FORWARD: return apply_forward(c, s, h);
    case CONTROL_NOKEY: return apply_nokey(c, s, h);
    case CONTROL_PREKEY: apply_prekey(c, s, h, false); break;
    default: break;
    }
    s->digest_known = known; /* nothing that the digest covers has changed */
    return 0;
}

/* --- states of other pasts ---------------------------------------------------- */

void state_free(struct state *s)
{
    for (uint32_t i = 0; i < s->open_count; i++)
        open_free(&s->open[i]);
    bits_free(&s->set);
    free(s->standing);
    free(s->open);
    *s = (struct state){0};
}

static int state_copy(struct state *to, const struct state *from)
{
    state_free(to);
    int err = bits_copy(&to->set, &from->set);
    if (!err) /* no more than it has: copies are copied again and again */
        err = standing_resize(to, from->standing_cap);
    if (err)
        return err;
    if (from->standing_cap > 0)
        memcpy(to->standing, from->standing, from->standing_cap * sizeof *to->standing);
    to->open = calloc(from->open_count + 1, sizeof *to->open);
    if (!to->open)
        return ERR_NOMEM;
    to->open_cap = from->open_count + 1;
    for (uint32_t i = 0; !err && i < from->open_count; i++) {
        to->open[i].entry = from->open[i].entry;
        to->open_count = i + 1;
        err = bits_copy(&to->open[i].nokey, &from->open[i].nokey);
        if (!err)
            err = bits_copy(&to->open[i].forwarded, &from->open[i].forwarded);
    }
    to->entries = from->entries;
    to->members = from->members;
    to->stewards = from->stewards;
    to->digest_known = from->digest_known;
    memcpy(to->digest, from->digest, sizeof to->digest);
    return err;
}

/* Bring `s`, a part of `past`, up to all of it; entries stand in causal order. */
static int state_advance(struct control *c, struct state *s, const struct bits *past)
{
    int err = 0;
    for (uint32_t i = bits_next(past, 0); !err && i != NOBODY;
         i = bits_next(past, i + 1))
        if (!bits_has(&s->set, i))
            err = state_apply(c, s, c->entries[i]);
    return err;
}

int state_at(struct control *c, const struct bits *past, struct state **out)
{
    struct state *best = NULL, *oldest = &c->side[0];
    uint32_t want = bits_count(past);
    *out = &c->now;
    if (want == c->now.entries)
        return 0;
    for (int i = 0; i < STATES_KEPT; i++) {
        struct state *s = &c->side[i];
        if (s->used < oldest->used)
            oldest = s;
        if ((!best || s->entries > best->entries) && s->entries <= want &&
            bits_within(&s->set, past))
            best = s;
    }
    int err = 0;
    if (!best)
        state_free(oldest);
    else if (best->entries == want)
        oldest = best;
    else if (best != oldest)
        err = state_copy(oldest, best);
    if (!err)
        err = state_advance(c, oldest, past);
    oldest->used = ++c->asked;
    if (err)
        state_free(oldest);
    *out = oldest;
    return err;
}

/* --- what follows from a state ------------------------------------------------ */

/* True if so many members who were recipients lack it that it leaves U (P5.17). */
static bool is_given_up(const struct control *c, const struct state *s,
                        const struct open_epoch *o)
{
    const struct epoch *e = c->entries[o->entry]->epoch;
    uint32_t lost = 0, quorum = (s->members + 3) / 4;
    if (!e->boxed || o->nokey.bytes == 0)
        return false;
    for (uint32_t i = bits_next(&o->nokey, 0); i != NOBODY;
         i = bits_next(&o->nokey, i + 1))
        lost += bits_has(&e->recipients, i) && state_rank(s, i) > 0;
    return lost >= (quorum < QUORUM_MIN ? QUORUM_MIN : quorum);
}

uint32_t state_epochs_that(const struct control *c, const struct state *s,
                           bool (*fits)(void *ctx, uint32_t entry), void *ctx,
                           uint32_t out[static LIMIT_EPOCHS_OPEN_MAX])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->open_count && n < LIMIT_EPOCHS_OPEN_MAX; i++)
        if (!is_given_up(c, s, &s->open[i]) && (!fits || fits(ctx, s->open[i].entry)))
            out[n++] = s->open[i].entry;
    return n;
}

uint32_t state_epochs(const struct control *c, const struct state *s,
                      uint32_t out[static LIMIT_EPOCHS_OPEN_MAX])
{
    return state_epochs_that(c, s, NULL, NULL, out);
}

bool epoch_is_clean(const struct control *c, const struct state *s, uint32_t entry)
{
    (void)c;
    (void)s;
    return entry != NOBODY;
}

uint32_t state_lane(const struct control *c, const struct state *s)
{
    uint32_t u[LIMIT_EPOCHS_OPEN_MAX];
    uint32_t n = state_epochs(c, s, u);
    for (uint32_t i = 0; i < n; i++)
        if (epoch_is_clean(c, s, u[i]))
            return u[i];
    return NOBODY;
}

bool state_is_solo(const struct control *c, const struct state *s)
{
    uint32_t u[LIMIT_EPOCHS_OPEN_MAX];
    if (state_epochs(c, s, u) != 1 || !c->entries[u[0]]->epoch->boxed)
        return false;
    const struct epoch *e = c->entries[u[0]]->epoch;
    const struct open_epoch *o = NULL;
    if (e->mixed)
        return false;
    for (uint32_t i = 0; i < s->open_count; i++)
        if (s->open[i].entry == u[0])
            o = &s->open[i];
    CHECK(o);
    for (uint32_t i = 0; i < s->standing_cap; i++)
        if (s->standing[i].rank > 0 &&
            (!bits_has(&e->recipients, i) || bits_has(&o->nokey, i)))
            return false;
    return true; /* the author of a rekey or create is among its recipients */
}

/* --- digest ------------------------------------------------------------------- */

static int digest_add(struct control *c, const void *p, size_t n)
{
    return buf_append(&c->scratch, BYTES(p, n), DIGEST_BYTES_MAX);
}

static int digest_add_count(struct control *c, uint32_t count)
{
    uint8_t be[4];
    put_u32(be, count);
    return digest_add(c, be, sizeof be);
}

static int digest_members(struct control *c, const struct state *s)
{
    int err = digest_add_count(c, s->members);
    for (uint32_t i = 0; !err && i < c->people_count; i++) {
        const struct member *m = &c->people[c->by_key[i]]->m;
        uint8_t rank = state_rank(s, m->index);
        const uint8_t tail[2] = {rank == 2 ? ROLE_STEWARD : ROLE_MEMBER, 0};
        if (rank == 0)
            continue;
        err = digest_add(c, m->pk, 32);
        if (!err)
            err = digest_add(c, tail, sizeof tail);
    }
    return err;
}

/* The knowers of an epoch: author, recipients, and to whom it was forwarded. */
static int digest_knowers(struct control *c, const struct open_epoch *o)
{
    const struct held *h = c->entries[o->entry];
    const struct person *author = map_get(&c->members, BYTES(h->e.author, 32));
    struct bits who = {0};
    int err = bits_copy(&who, &h->epoch->recipients);
    if (!err)
        err = bits_join(&who, &o->forwarded);
    if (!err && author)
        err = bits_put(&who, author->m.index);
    if (!err)
        err = digest_add(c, h->e.hash, 32);
    if (!err)
        err = digest_add_count(c, bits_count(&who));
    for (uint32_t i = 0; !err && i < c->people_count; i++)
        if (bits_has(&who, c->by_key[i]))
            err = digest_add(c, c->people[c->by_key[i]]->m.pk, 32);
    bits_free(&who);
    return err;
}

int state_digest(struct control *c, struct state *s, uint8_t out[static 16])
{
    uint32_t u[LIMIT_EPOCHS_OPEN_MAX];
    uint32_t n = state_epochs(c, s, u);
    if (!s->digest_known) {
        c->scratch.n = 0;
        int err = digest_members(c, s);
        if (!err)
            err = digest_add_count(c, n);
        for (uint32_t i = 0, at = 0; !err && i < n; i++) {
            while (s->open[at].entry != u[i])
                at++;
            err = digest_knowers(c, &s->open[at]);
        }
        if (err)
            return err;
        hash16(s->digest, "state", &BUF_BYTES(&c->scratch), 1); /* P4.9 */
        s->digest_known = true;
    }
    memcpy(out, s->digest, 16);
    return 0;
}
