/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_roots.c -- roots and their trees: whose leaf is it, and is it still there?
 *
 * Under a root stands one tree of senders; taking a sender's leaf there makes that
 * sender's tree of positions.  Both kinds are rows of LOG_TREE and share one cache: a
 * message costs two hashes while its tree is in memory.  Changed trees are written when
 * they leave memory and at the end of each step.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "crypto/hash.h"
#include "node/core/keys_int.h"

enum { TREE_KEY_BYTES = 34, ERASE_AT_ONCE = 256 };

static void tree_key(uint8_t out[static TREE_KEY_BYTES], const struct root *r,
                     uint16_t place)
{
    memcpy(out, r->id, 32);
    put_u16(out + 32, place);
}

static void root_id(uint8_t out[static 32], const struct key_ref *ref)
{
    if (ref->mix)
        hash32(out, "root id", &BYTES(ref->ids, ref->count * 32U), 1);
    else
        memcpy(out, ref->ids[0], 32);
}

/* --- trees in memory ---------------------------------------------------------- */

static int slot_write(struct group *g, struct tree_slot *t)
{
    const struct log *log = &g->peer->log;
    struct buf saved = {0};
    uint8_t key[TREE_KEY_BYTES];
    if (!t->dirty)
        return 0;
    tree_key(key, t->root, t->place);
    int err = keytree_save(&t->tree, &saved);
    if (!err)
        err = log->ops->put(log->ctx, g->number, LOG_TREE, BYTES_OF(key),
                            BUF_BYTES(&saved));
    if (!err)
        t->dirty = false;
    buf_free(&saved);
    return err;
}

static void slot_free(struct tree_slot *t)
{
    keytree_wipe(&t->tree);
    *t = (struct tree_slot){0};
}

/* An empty slot for a tree of `r`; the one used longest ago makes way.  Log errors. */
static int slot_take(struct group *g, struct root *r, uint16_t place,
                     struct tree_slot **out)
{
    struct keys *k = g->keys;
    struct tree_slot *t = &k->trees[0];
    for (int i = 1; i < LIMIT_TREES_LOADED_MAX && t->root; i++)
        if (!k->trees[i].root || k->trees[i].used < t->used)
            t = &k->trees[i];
    int err = t->root ? slot_write(g, t) : 0;
    if (err)
        return err;
    slot_free(t);
    t->root = r;
    t->place = place;
    t->used = ++k->uses;
    *out = t;
    return 0;
}

/* The tree of `place` under `r`, from memory or log.  ERR_NOTFOUND. */
static int tree_open(struct group *g, struct root *r, uint16_t place,
                     struct tree_slot **out)
{
    const struct log *log = &g->peer->log;
    struct keys *k = g->keys;
    struct bytes saved;
    struct keytree tree = {0};
    uint8_t key[TREE_KEY_BYTES];
    for (int i = 0; i < LIMIT_TREES_LOADED_MAX; i++)
        if (k->trees[i].place == place && k->trees[i].root == r) {
            k->trees[i].used = ++k->uses;
            *out = &k->trees[i];
            return 0;
        }
    tree_key(key, r, place);
    int err = log->ops->get(log->ctx, g->number, LOG_TREE, BYTES_OF(key), &saved);
    if (!err)
        err = keytree_load(&tree, saved) == ERR_NOMEM ? ERR_NOMEM : 0;
    if (!err)
        err = slot_take(g, r, place, out);
    if (!err)
        (*out)->tree = tree;
    else
        keytree_wipe(&tree);
    return err;
}

/* The tree of positions of `place`: as it is, or begun by taking the place's leaf.
 * ERR_USED: it was begun before and is gone.  ERR_NOKEY: no tree of senders. */
static int chain_open(struct group *g, struct root *r, uint16_t place,
                      struct tree_slot **out)
{
    struct tree_slot *senders = NULL;
    uint8_t leaf[32] = {0};
    int err = tree_open(g, r, place, out);
    if (err != ERR_NOTFOUND)
        return err;
    err = tree_open(g, r, PLACE_SENDERS, &senders);
    if (err)
        return err == ERR_NOTFOUND ? ERR_NOKEY : err;
    err = keytree_take(&senders->tree, place, leaf);
    if (!err) {
        senders->dirty = true;
        err = slot_take(g, r, place, out);
    }
    if (!err) {
        (*out)->dirty = true;
        err = keytree_init(&(*out)->tree, leaf);
    }
    wipe(leaf, sizeof leaf);
    return err;
}

int trees_flush(struct group *g)
{
    int err = 0;
    for (int i = 0; !err && i < LIMIT_TREES_LOADED_MAX; i++)
        if (g->keys->trees[i].root)
            err = slot_write(g, &g->keys->trees[i]);
    return err;
}

void trees_free(struct keys *k)
{
    for (int i = 0; i < LIMIT_TREES_LOADED_MAX; i++)
        slot_free(&k->trees[i]);
}

/* --- roots -------------------------------------------------------------------- */

struct root *root_find(const struct group *g, const struct key_ref *ref)
{
    uint8_t id[32];
    root_id(id, ref);
    struct root *r = map_get(&g->keys->roots, BYTES_OF(id));
    return r && r->mix == ref->mix ? r : NULL;
}

/* Did a rekey or add supersede an epoch of this root? */
static bool root_is_past(const struct group *g, const struct root *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const struct epoch_key *e = epoch_find(g, r->ids + i * 32);
        if (!e || e->superseded_hour != HOUR_NONE)
            return true;
    }
    return false;
}

/* Within LIMIT_ROOTS_HELD_MAX: the oldest goes, those of past epochs first.  One that
 * was sent under and is still of use never goes: its positions must not begin again.
 * P5.18 */
static int roots_make_place(struct group *g)
{
    struct keys *k = g->keys;
    struct root *r, *past = NULL, *unsent = NULL;
    uint32_t at = 0;
    if (map_count(&k->roots) < LIMIT_ROOTS_HELD_MAX)
        return 0;
    while ((r = map_next(&k->roots, &at, NULL))) {
        if (root_is_past(g, r) && (!past || r->order < past->order))
            past = r;
        if (r->position == 0 && (!unsent || r->order < unsent->order))
            unsent = r;
    }
    g->peer->limited++;
    if (!past && !unsent)
        return ERR_FULL;
    return root_erase(g, past ? past : unsent);
}

static int root_new(struct group *g, const struct key_ref *ref, struct root **out)
{
    struct keys *k = g->keys;
    int err = roots_make_place(g);
    if (err)
        return err == ERR_FULL ? ERR_NOKEY : err;
    struct root *r = calloc(1, sizeof *r);
    uint8_t *ids = malloc(ref->count * 32U);
    err = r && ids ? 0 : ERR_NOMEM;
    if (!err) {
        root_id(r->id, ref);
        r->mix = ref->mix;
        r->count = ref->count;
        r->order = k->next_order++;
        r->ids = ids;
        memcpy(ids, ref->ids, ref->count * 32U);
        err = map_put(&k->roots, BYTES(r->id, 32), r);
    }
    if (err) {
        free(ids);
        free(r);
        return err;
    }
    *out = r;
    err = root_store(g, r);
    return err ? err : owed_store(g); /* next_order */
}

int root_begin(struct group *g, const struct key_ref *ref,
               const uint8_t root_key[static 32])
{
    struct root *r = NULL;
    struct tree_slot *t = NULL;
    if (root_find(g, ref))
        return 0;
    int err = root_new(g, ref, &r);
    if (!err)
        err = slot_take(g, r, PLACE_SENDERS, &t);
    if (!err) {
        t->dirty = true;
        err = keytree_init(&t->tree, root_key);
    }
    return err;
}

/* Solo roots are never handed on, mix values only to those they are due to (P5.13). */
static bool key_is_due(const struct group *g, uint32_t entry, bool mix, uint32_t index)
{
    const struct epoch *e = held_at(g, entry)->epoch;
    return mix ? epoch_is_due_to(g, entry, index)
               : e && bits_has(&e->recipients, index);
}

int root_open(struct group *g, const struct key_ref *ref, struct root **out)
{
    uint8_t mixes[LIMIT_EPOCHS_OPEN_MAX * 32], key[32] = {0};
    const struct member *me = member_me(g);
    bool missing = false;
    int err = 0;
    *out = root_find(g, ref);
    if (*out)
        return 0;
    for (uint32_t i = 0; i < ref->count; i++) {
        const struct epoch_key *e = epoch_find(g, ref->ids[i]);
        const struct control_entry *entry = control_find(g, ref->ids[i]);
        if (ref->mix && e && (e->s->v.have & EPOCH_HAVE_MIX)) {
            memcpy(mixes + i * 32, e->s->v.mix, 32);
            continue;
        }
        missing = true;
        if (!entry)
            continue;
        if (me && !key_is_due(g, entry->number, ref->mix, me->index))
            err = ERR_DENIED;
        ask_schedule(g, entry->number);
    }
    if (err) {
        *out = NULL;
    } else if (missing) {
        err = ERR_NOKEY;
    } else {
        epoch_mix_root(key, mixes, ref->ids[0], ref->count, g->id); /* P5.5 */
        err = root_begin(g, ref, key);
        *out = root_find(g, ref);
    }
    wipe(mixes, sizeof mixes);
    wipe(key, sizeof key);
    return err;
}

struct places_of_root {
    uint32_t count;
    uint16_t places[ERASE_AT_ONCE];
};

static int collect_place(void *ctx, struct bytes key, struct bytes value)
{
    struct places_of_root *p = ctx;
    (void)value;
    if (key.n == TREE_KEY_BYTES)
        p->places[p->count++] = get_u16(key.p + 32);
    return p->count == ERASE_AT_ONCE;
}

static int erase_rows(struct group *g, const struct root *r)
{
    const struct log *log = &g->peer->log;
    struct places_of_root p;
    uint8_t key[TREE_KEY_BYTES];
    int err = 0;
    do {
        p.count = 0;
        err = log->ops->scan(log->ctx, g->number, LOG_TREE, BYTES(r->id, 32),
                             collect_place, &p);
        for (uint32_t i = 0; !err && i < p.count; i++) {
            tree_key(key, r, p.places[i]);
            err = log->ops->del(log->ctx, g->number, LOG_TREE, BYTES_OF(key));
        }
    } while (!err && p.count > 0);
    return err;
}

int root_erase(struct group *g, struct root *r)
{
    const struct log *log = &g->peer->log;
    struct keys *k = g->keys;
    uint8_t key[33] = {'r'};
    memcpy(key + 1, r->id, 32);
    for (int i = 0; i < LIMIT_TREES_LOADED_MAX; i++)
        if (k->trees[i].root == r)
            slot_free(&k->trees[i]);
    int err = erase_rows(g, r);
    if (!err)
        err = log->ops->del(log->ctx, g->number, LOG_EPOCH, BYTES_OF(key));
    (void)map_del(&k->roots, BYTES(r->id, 32));
    free(r->ids);
    free(r);
    return err;
}

int root_erase_with(struct group *g, const uint8_t id[static 32])
{
    struct root *r;
    uint32_t at = 0;
    int err = 0;
    while (!err && (r = map_next(&g->keys->roots, &at, NULL)))
        for (uint32_t i = 0; i < r->count; i++)
            if (memcmp(r->ids + i * 32, id, 32) == 0) {
                err = root_erase(g, r); /* deleting while iterating is allowed */
                break;
            }
    return err;
}

/* --- which root, which place -------------------------------------------------- */

bool root_of_state(const struct group *g, const struct state *s, struct key_ref *ref)
{
    uint32_t u[LIMIT_EPOCHS_OPEN_MAX];
    uint32_t n = state_epochs(g->control, s, u);
    *ref = (struct key_ref){.mix = !state_is_solo(g->control, s), .count = (uint8_t)n};
    for (uint32_t i = 0; i < n; i++)
        memcpy(ref->ids[i], held_at(g, u[i])->e.hash, 32);
    return n > 0;
}

static bool is_named(void *ctx, uint32_t entry)
{
    const struct group *const *g = ctx;
    return !control_is_flood(*g, entry);
}

bool root_named(const struct group *g, struct key_ref *ref)
{
    const struct state *now = &g->control->now;
    uint32_t u[LIMIT_EPOCHS_OPEN_MAX];
    uint32_t n = state_epochs_that(g->control, now, is_named, &g, u);
    *ref =
        (struct key_ref){.mix = !state_is_solo(g->control, now), .count = (uint8_t)n};
    for (uint32_t i = 0; i < n; i++)
        memcpy(ref->ids[i], held_at(g, u[i])->e.hash, 32);
    return n > 0;
}

static void places_free(struct places *p)
{
    free(p->ids);
    free(p->members);
    *p = (struct places){0};
}

/* P5.16: the sorted union of the recipients. */
static int places_fill(const struct group *g, const struct key_ref *ref,
                       struct places *p)
{
    const struct control *c = g->control;
    struct bits who = {0};
    int err = 0;
    p->ids = malloc(ref->count * 32U);
    p->members = malloc((c->people_count + 1U) * sizeof *p->members);
    if (!p->ids || !p->members)
        err = ERR_NOMEM;
    for (uint32_t i = 0; !err && i < ref->count; i++) {
        const struct held *h = map_get(&c->by_hash, BYTES(ref->ids[i], 32));
        err = h && h->epoch ? bits_join(&who, &h->epoch->recipients) : ERR_NOTFOUND;
    }
    for (uint32_t i = 0; !err && i < c->people_count; i++)
        if (bits_has(&who, c->by_key[i]))
            p->members[p->members_count++] = c->by_key[i];
    bits_free(&who);
    if (err) {
        places_free(p);
        return err;
    }
    p->count = ref->count;
    memcpy(p->ids, ref->ids, ref->count * 32U);
    return 0;
}

static int places_get(const struct group *g, const struct key_ref *ref,
                      const struct places **out)
{
    struct keys *k = g->keys;
    struct places *oldest = &k->places[0];
    if (ref->count == 0 || ref->count > LIMIT_EPOCHS_OPEN_MAX)
        return ERR_NOTFOUND;
    for (int i = 0; i < PLACES_CACHED; i++) {
        struct places *p = &k->places[i];
        if (p->count == ref->count && memcmp(p->ids, ref->ids, ref->count * 32U) == 0) {
            p->used = ++k->uses;
            *out = p;
            return 0;
        }
        if (p->used < oldest->used)
            oldest = p;
    }
    places_free(oldest);
    oldest->used = ++k->uses;
    *out = oldest;
    return places_fill(g, ref, oldest);
}

int place_of(struct group *g, const struct key_ref *ref, uint32_t index,
             uint16_t *place)
{
    const struct places *p = NULL;
    int err = places_get(g, ref, &p);
    if (err)
        return err;
    for (uint32_t i = 0; i < p->members_count && i < KEYTREE_LEAVES; i++)
        if (p->members[i] == index) {
            *place = (uint16_t)i;
            return 0;
        }
    return ERR_NOTFOUND;
}

int keys_place_member(struct group *g, const struct key_ref *ref, uint8_t pk[static 32])
{
    const struct places *p = NULL;
    int err = places_get(g, ref, &p);
    if (err)
        return err;
    if (ref->place >= p->members_count || ref->place >= KEYTREE_LEAVES)
        return ERR_NOTFOUND;
    memcpy(pk, g->control->people[p->members[ref->place]]->m.pk, 32);
    return 0;
}

/* Epochs whose ids begin with `prefix`: where they stand among all, and how many. */
static uint32_t prefixed(const struct control *c, const uint8_t *prefix, uint32_t *at)
{
    uint32_t lo = 0, hi = c->epochs_count, n = 0;
    while (lo < hi) { /* the first epoch that is not below the prefix */
        uint32_t mid = lo + (hi - lo) / 2;
        const uint8_t *id = c->entries[c->epochs[mid]]->e.hash;
        if (memcmp(id, prefix, EPOCH_PREFIX_BYTES) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *at = lo;
    while (lo + n < c->epochs_count && memcmp(c->entries[c->epochs[lo + n]]->e.hash,
                                              prefix, EPOCH_PREFIX_BYTES) == 0)
        n++;
    return n;
}

int keys_resolve(const struct group *g, const uint8_t *prefixes, uint8_t count,
                 uint32_t choice, uint8_t ids[][32])
{
    const struct control *c = g->control;
    uint64_t choices = 1;
    for (uint8_t i = 0; i < count; i++) {
        uint32_t at = 0;
        uint32_t n = prefixed(c, prefixes + i * EPOCH_PREFIX_BYTES, &at);
        if (n == 0)
            return ERR_NOTFOUND;
        at += (uint32_t)(choice / choices % n);
        memcpy(ids[i], c->entries[c->epochs[at]]->e.hash, 32);
        if (choices < KEY_CHOICES_MAX)
            choices *= n;
    }
    if (choices > KEY_CHOICES_MAX)
        choices = KEY_CHOICES_MAX;
    return choice + 1 < choices;
}

/* --- leaves ------------------------------------------------------------------- */

int keys_take_leaf(struct group *g, const struct key_ref *ref, uint8_t leaf[static 32])
{
    struct root *r = NULL;
    struct tree_slot *t = NULL;
    if (ref->place >= KEYTREE_LEAVES || ref->position >= KEYTREE_LEAVES ||
        ref->count == 0 || ref->count > LIMIT_EPOCHS_OPEN_MAX ||
        (!ref->mix && ref->count != 1))
        return ERR_USED; /* there is no such leaf, and never will be */
    int err = root_open(g, ref, &r);
    if (!err)
        err = chain_open(g, r, ref->place, &t);
    if (!err)
        err = keytree_take(&t->tree, ref->position, leaf);
    if (!err)
        t->dirty = true;
    return err;
}
