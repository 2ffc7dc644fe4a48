/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_epochs.c -- the values of epochs: learning, holding, deriving adds. */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "node/core/keys_commit.h"

struct epoch_key *epoch_find(const struct group *g, const uint8_t id[static 32])
{
    return map_get(&g->keys->epochs, BYTES(id, 32));
}

uint8_t epoch_have(const struct group *g, uint32_t entry)
{
    const struct held *h = held_at(g, entry);
    const struct epoch_key *e = epoch_find(g, h->e.hash);
    uint8_t have = e ? e->s->v.have & (uint8_t)~EPOCH_HAVE_LANE : 0;
    const struct epoch_key *o =
        h->epoch ? epoch_find(g, held_at(g, h->epoch->origin)->e.hash) : NULL;
    return (uint8_t)(have | (o ? o->s->v.have & EPOCH_HAVE_LANE : 0));
}

void epoch_free(struct keys *k, struct epoch_key *e)
{
    if (!e)
        return;
    secret_free(k, e->s, sizeof *e->s, e->in_arena);
    free(e);
}

/* Compute topic and header key, and put `e` among the lanes, newest first. */
static int lane_insert(struct group *g, struct epoch_key *e)
{
    struct keys *k = g->keys;
    uint8_t topic_sk[64];
    uint32_t at = 0;
    if (k->lanes_count == k->lanes_cap) {
        uint32_t cap = k->lanes_cap * 2 + 8;
        struct epoch_key **to = realloc(k->lanes, cap * sizeof *to);
        if (!to)
            return ERR_NOMEM;
        k->lanes = to;
        k->lanes_cap = cap;
    }
    epoch_topic(e->topic, topic_sk, e->s->v.lane);
    wipe(topic_sk, sizeof topic_sk);
    epoch_header_key(e->s->header_key, e->s->v.lane);
    while (at < k->lanes_count && k->lanes[at]->entry > e->entry)
        at++;
    memmove(&k->lanes[at + 1], &k->lanes[at], (k->lanes_count - at) * sizeof *k->lanes);
    k->lanes[at] = e;
    k->lanes_count++;
    k->acc_chosen = false;
    return 0;
}

static void lane_remove(struct keys *k, const struct epoch_key *e)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < k->lanes_count; i++)
        if (k->lanes[i] != e)
            k->lanes[kept++] = k->lanes[i];
    k->lanes_count = kept;
    k->acc_chosen = false;
}

int epoch_insert(struct group *g, struct epoch_key *e)
{
    int err = map_put(&g->keys->epochs, BYTES(e->id, 32), e);
    if (!err && (e->s->v.have & EPOCH_HAVE_LANE)) {
        err = lane_insert(g, e);
        if (err)
            (void)map_del(&g->keys->epochs, BYTES(e->id, 32));
    }
    return err;
}

/* Is the epoch of `entry` superseded by what is held, and by a rekey? */
static void superseded_by_log(const struct group *g, struct epoch_key *e)
{
    const struct control *c = g->control;
    for (uint32_t i = e->entry + 1; i < c->count; i++) {
        const struct held *h = c->entries[i];
        if (!h->epoch || !held_after(h, e->entry))
            continue;
        e->superseded_hour = g->hour.hour; /* when it was learned here */
        if (h->epoch->boxed) {
            e->rekeyed_hour = g->hour.hour;
            return;
        }
    }
}

/* A record for the epoch of `entry` without values yet.  ERR_FULL, ERR_NOMEM. */
static int epoch_begin(struct group *g, uint32_t entry, struct epoch_key **out)
{
    struct keys *k = g->keys;
    int err = epochs_make_place(g);
    if (err)
        return err;
    struct epoch_key *e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->s = secret_new(k, sizeof *e->s, &e->in_arena);
    if (!e->s) {
        free(e);
        return ERR_NOMEM;
    }
    memcpy(e->id, held_at(g, entry)->e.hash, 32);
    e->entry = entry;
    e->order = k->next_order++;
    e->learned_hour = g->hour.hour;
    e->superseded_hour = e->rekeyed_hour = e->forwarded_hour = HOUR_NONE;
    superseded_by_log(g, e);
    err = map_put(&k->epochs, BYTES(e->id, 32), e);
    if (err) {
        epoch_free(k, e);
        return err;
    }
    *out = e;
    return owed_store(g); /* next_order */
}

/* Copy the values of `v` that `want` names and `e` lacks. */
static int take_values(struct group *g, struct epoch_key *e,
                       const struct epoch_values *v, uint8_t want)
{
    struct epoch_values *to = &e->s->v;
    uint8_t fresh = v->have & want & (uint8_t)~to->have;
    if (fresh == 0)
        return 0;
    if (fresh & EPOCH_HAVE_MIX)
        memcpy(to->mix, v->mix, 32);
    if (fresh & EPOCH_HAVE_ADD)
        memcpy(to->add, v->add, 32);
    if (fresh & EPOCH_HAVE_ANON)
        memcpy(to->anon, v->anon, 32);
    if (fresh & EPOCH_HAVE_LANE) {
        memcpy(to->lane, v->lane, 32);
        memcpy(to->ctl, v->ctl, 32);
        memcpy(to->acc, v->acc, 32);
    }
    to->have |= fresh;
    if (fresh & EPOCH_HAVE_LANE) {
        int err = lane_insert(g, e);
        if (err)
            return err;
    }
    return epoch_store(g, e);
}

static int hold_part(struct group *g, uint32_t entry, const struct epoch_values *v,
                     uint8_t want, bool forwarded)
{
    struct epoch_key *e = epoch_find(g, held_at(g, entry)->e.hash);
    int err = 0;
    if ((v->have & want) == 0)
        return 0;
    if (!e)
        err = epoch_begin(g, entry, &e);
    if (err || (v->have & want & ~e->s->v.have) == 0)
        return err;
    if (forwarded && e->forwarded_hour == HOUR_NONE)
        e->forwarded_hour = g->hour.hour;
    return take_values(g, e, v, want);
}

int epoch_hold(struct group *g, uint32_t entry, const struct epoch_values *v,
               bool forwarded)
{
    const uint8_t own = EPOCH_HAVE_MIX | EPOCH_HAVE_ADD | EPOCH_HAVE_ANON;
    const struct epoch *epoch = held_at(g, entry)->epoch;
    CHECK(epoch);
    g->keys->review = true;
    int err = hold_part(g, entry, v, own, forwarded);
    if (!err)
        err = hold_part(g, epoch->origin, v, EPOCH_HAVE_LANE, false);
    if (err == ERR_FULL) { /* nothing older can go: this one is not held */
        g->peer->limited++;
        err = 0;
    }
    if (!err)
        forwards_schedule(g, entry);
    return err;
}

int epoch_learn(struct group *g, uint32_t entry, const uint8_t secret[static 32])
{
    const struct held *h = held_at(g, entry);
    struct epoch_values v = {0};
    struct key_ref ref = {.count = 1};
    int err = 0;
    epoch_derive(&v, secret);
    memcpy(ref.ids[0], h->e.hash, 32);
    if (h->epoch->boxed)
        err = root_begin(g, &ref, v.solo); /* P5.2; no add is ever a solo root (P5.5) */
    else
        v.have &= (uint8_t)~EPOCH_HAVE_LANE; /* it has its lane parent's */
    if (!err)
        err = epoch_hold(g, entry, &v, false);
    epoch_wipe(&v);
    return err ? err : epoch_derive_adds(g, entry);
}

int epoch_add_value(const struct group *g, const struct bytes ids,
                    const struct control_body *add, uint8_t out[static 32])
{
    uint8_t adds[LIMIT_EPOCHS_OPEN_MAX * 32], keys[96];
    size_t n = ids.n / 32;
    int err = n == 0 || n > LIMIT_EPOCHS_OPEN_MAX ? ERR_NOKEY : 0;
    for (size_t i = 0; !err && i < n; i++) {
        const struct epoch_key *e = epoch_find(g, ids.p + i * 32);
        if (e && (e->s->v.have & EPOCH_HAVE_ADD))
            memcpy(adds + i * 32, e->s->v.add, 32);
        else
            err = ERR_NOKEY;
    }
    memcpy(keys, add->bin[ADD_MEMBER].p, 32);
    memcpy(keys + 32, add->bin[ADD_TRANSPORT].p, 32);
    memcpy(keys + 64, add->bin[ADD_PREKEY].p, 32);
    if (!err) /* P5.6 */
        epoch_add_secret(out, adds, n, add->bin[ADD_NONCE].p, BYTES_OF(keys));
    wipe(adds, sizeof adds);
    return err;
}

/* Derive one add if its parents allow. */
static int derive_add(struct group *g, const struct held *h)
{
    uint8_t secret[32];
    struct control_body b;
    if (epoch_find(g, h->e.hash))
        return 0; /* had already: what was wiped does not come back */
    if (control_body_decode(h->e.kind, h->e.body, &b))
        return 0;
    int err = epoch_add_value(g, b.bin[ADD_PARENTS], &b, secret);
    if (err)
        return err == ERR_NOKEY ? 0 : err;
    if (epoch_secret_fits(h, secret)) { /* P5.3: else it is missing */
        struct epoch_values v = {0};
        epoch_derive(&v, secret);
        v.have &= (uint8_t)~EPOCH_HAVE_LANE;
        err = epoch_hold(g, h->e.number, &v, false);
        epoch_wipe(&v);
    }
    wipe(secret, sizeof secret);
    return err;
}

int epoch_derive_adds(struct group *g, uint32_t entry)
{
    int err = 0;
    /* In order of arrival: what one gives, a later one may need. */
    for (uint32_t i = entry; !err && i < control_count(g); i++) {
        const struct held *h = held_at(g, i);
        if (h->epoch && h->e.kind == CONTROL_ADD)
            err = derive_add(g, h);
    }
    return err;
}

int epoch_supersede(struct group *g, uint32_t number)
{
    const struct held *h = held_at(g, number);
    struct epoch_key *e;
    uint32_t at = 0;
    int err = 0;
    while (!err && (e = map_next(&g->keys->epochs, &at, NULL))) {
        if (!held_after(h, e->entry))
            continue;
        bool first = e->superseded_hour == HOUR_NONE;
        bool rekeyed = h->epoch->boxed && e->rekeyed_hour == HOUR_NONE;
        if (first)
            e->superseded_hour = g->hour.hour;
        if (rekeyed)
            e->rekeyed_hour = g->hour.hour;
        if (first || rekeyed)
            err = epoch_store(g, e);
    }
    return err;
}

int epoch_erase(struct group *g, struct epoch_key *e)
{
    const struct log *log = &g->peer->log;
    struct keys *k = g->keys;
    int err = e->superseded_hour == HOUR_NONE ? 0 : root_erase_with(g, e->id);
    if (!err)
        err = log->ops->del(log->ctx, g->number, LOG_EPOCH, BYTES(e->id, 32));
    if (!err && e->entry >= k->gone_below) { /* it is not missing, it is gone */
        k->gone_below = e->entry + 1;
        err = owed_store(g);
    }
    lane_remove(k, e);
    (void)map_del(&k->epochs, BYTES(e->id, 32));
    epoch_free(k, e);
    return err;
}
