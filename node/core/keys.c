/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys.c -- keys of a group: life cycle, learning from the log, sending, lanes. */
#include "node/core/keys.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "node/core/keys_doubt.h"
#include "node/core/keys_commit.h"

enum {
    PREKEY_GOES_AFTER = 2, /* P5.12: two epochs later */
    PREKEY_GOES_SURELY = 8,
    SEND_REKEYS_MAX = 5,
    SEND_REKEY_FIRST = 1,
};

int keys_new(struct group *g)
{
    struct keys *k = calloc(1, sizeof *k);
    if (!k)
        return ERR_NOMEM;
    k->arena = g->peer->arena;
    k->owed_hour = HOUR_NONE;
    k->copy_class = COPY_NONE;
    k->last_rekey_hour = g->hour.hour;
    map_init(&k->epochs, LIMIT_EPOCHS_HELD_MAX);
    map_init(&k->roots, LIMIT_ROOTS_HELD_MAX);
    g->keys = k;
    return 0;
}

int keys_load(struct group *g)
{
    int err = keys_new(g);
    if (!err)
        err = keys_load_records(g);
    if (err)
        return err;
    g->keys->review = true;
    for (uint32_t i = 0; i < g->control->epochs_count; i++)
        forwards_schedule(g, g->control->epochs[i]);
    return 0;
}

void keys_free(struct keys *k)
{
    struct epoch_key *e;
    struct root *r;
    uint32_t at = 0;
    if (!k)
        return;
    trees_free(k);
    while ((e = map_next(&k->epochs, &at, NULL)))
        epoch_free(k, e);
    at = 0;
    while ((r = map_next(&k->roots, &at, NULL))) {
        free(r->ids);
        free(r);
    }
    for (uint32_t i = 0; i < k->prekeys_count; i++)
        secret_free(k, k->prekeys[i].sk, 32, k->prekeys[i].in_arena);
    for (int i = 0; i < PLACES_CACHED; i++) {
        free(k->places[i].ids);
        free(k->places[i].members);
    }
    map_free(&k->epochs);
    map_free(&k->roots);
    free(k->lanes);
    free(k);
}

/* --- learning ----------------------------------------------------------------- */

static int learn_epoch(struct group *g, const struct held *h)
{
    struct keys *k = g->keys;
    int err = epoch_supersede(g, h->e.number);
    if (err)
        return err;
    k->review = true;
    if (epoch_is_made_here(g, h))
        return epoch_learn(g, h->e.number, k->made);
    return h->e.kind == CONTROL_ADD ? epoch_derive_adds(g, h->e.number) : 0;
}

/* Is a page of boxes still on its way here?  Ours may be in it.  Log errors. */
static int page_is_missing(const struct group *g, const struct held *h, bool *missing)
{
    const struct log *log = &g->peer->log;
    struct bytes held;
    for (size_t i = 0; i < h->epoch->pages.n; i += 32) {
        int err = log->ops->get(log->ctx, g->number, LOG_PAGE,
                                BYTES(h->epoch->pages.p + i, 32), &held);
        *missing = *missing || err == ERR_NOTFOUND;
        if (err && err != ERR_NOTFOUND)
            return err;
    }
    return 0;
}

static int pages_are_missing(const struct group *g, bool *missing)
{
    const struct control *c = g->control;
    int err = 0;
    for (uint32_t i = 0; !err && !*missing && i < c->epochs_count; i++) {
        const struct held *h = held_at(g, c->epochs[i]);
        if (h->epoch->boxed)
            err = page_is_missing(g, h, missing);
    }
    return err;
}

/* How many rekeys came whose authors knew of a newer one. */
static int age_prekeys(struct group *g, const struct held *rekey)
{
    struct keys *k = g->keys;
    int err = 0;
    for (uint32_t i = 0; !err && i < k->prekeys_count; i++) {
        struct prekey *p = &k->prekeys[i];
        bool replaced = false;
        /* One that a no-key brought is for forwards: boxes go to the one before it. */
        for (uint32_t j = i + 1; j < k->prekeys_count; j++)
            replaced = replaced || (k->prekeys[j].entry != NOBODY &&
                                    held_at(g, k->prekeys[j].entry)->prekey &&
                                    held_after(rekey, k->prekeys[j].entry));
        if (!replaced || p->entry == NOBODY || p->rekeys_after == UINT8_MAX)
            continue;
        p->rekeys_after++;
        err = prekey_store(g, p);
    }
    return err;
}

/* An own no-key brought it, and nobody has answered that. */
static bool is_awaited(const struct group *g, const struct prekey *p)
{
    struct control_body b;
    const struct held *h = p->entry == NOBODY ? NULL : held_at(g, p->entry);
    if (!h || h->e.kind != CONTROL_NOKEY ||
        control_body_decode(h->e.kind, h->e.body, &b))
        return false;
    for (size_t i = 0; i < b.bin[NOKEY_EPOCHS].n; i += 32) {
        const struct control_entry *e = control_find(g, b.bin[NOKEY_EPOCHS].p + i);
        if (e && !(epoch_have(g, e->number) & EPOCH_HAVE_MIX) &&
            !epoch_was_wiped(g, e->number))
            return true;
    }
    return false;
}

/* P5.12: an old prekey goes after two such rekeys; while a page of boxes, or an answer
 * to it, is missing, not before the eighth. */
static int drop_prekeys(struct group *g)
{
    struct keys *k = g->keys;
    bool missing = false;
    int err = 0;
    for (uint32_t i = 0; !err && i < k->prekeys_count;) {
        uint8_t after = k->prekeys[i].rekeys_after;
        if (after >= PREKEY_GOES_AFTER && after < PREKEY_GOES_SURELY && !missing)
            err = pages_are_missing(g, &missing);
        if (missing && after == PREKEY_GOES_AFTER)
            peer_mark(g->peer, MARK_PREKEY_KEPT);
        bool kept = missing || is_awaited(g, &k->prekeys[i]);
        if (err || after < (kept ? PREKEY_GOES_SURELY : PREKEY_GOES_AFTER))
            i++;
        else
            err = prekey_erase(g, i);
    }
    return err;
}

/* P5.14: the weekly timer begins again with any rekey. */
static int learn_rekey(struct group *g, const struct held *h)
{
    struct keys *k = g->keys;
    k->review = true;
    k->last_rekey_hour = g->hour.hour;
    k->rekey_at_ms = 0;
    if (k->rekeys_since_prekey < UINT8_MAX)
        k->rekeys_since_prekey++;
    int err = pages_open(g, h);
    if (!err)
        err = keys_doubted(g, h) ? 0 : age_prekeys(g, h);
    return err ? err : owed_store(g);
}

/* An own entry that published a prekey. */
static int learn_published(struct group *g, const struct held *h)
{
    struct prekey *p = h->prekey ? prekey_find(g, h->prekey) : NULL;
    if (!p)
        return 0;
    p->entry = h->e.number;
    g->keys->rekeys_since_prekey = 0;
    return owed_store(g);
}

static int learn_nokey(struct group *g, const struct held *h)
{
    struct control_body b;
    g->keys->review = true;
    if (control_body_decode(h->e.kind, h->e.body, &b))
        return 0;
    struct prekey *p =
        b.bin[NOKEY_PREKEY].p ? prekey_find(g, b.bin[NOKEY_PREKEY].p) : NULL;
    if (p)
        p->entry = h->e.number; /* ages as those that rekeys bring */
    for (size_t i = 0; i < b.bin[NOKEY_EPOCHS].n; i += 32) {
        const struct control_entry *e = control_find(g, b.bin[NOKEY_EPOCHS].p + i);
        if (e)
            forwards_schedule(g, e->number);
    }
    return 0;
}

int keys_learn(struct group *g, uint32_t number)
{
    const struct held *h = held_at(g, number);
    int err = 0;
    if (!h->e.valid)
        return 0;
    if (h->epoch)
        err = learn_epoch(g, h);
    if (!err && h->e.kind == CONTROL_REKEY)
        err = learn_rekey(g, h);
    if (!err && h->prekey)
        err = learn_published(g, h);
    if (!err && h->e.kind == CONTROL_FORWARD)
        err = forward_open(g, h);
    if (!err && h->e.kind == CONTROL_NOKEY)
        err = learn_nokey(g, h);
    return err;
}

int keys_flush(struct group *g)
{
    struct keys *k = g->keys;
    int err = 0;
    if (!k)
        return 0;
    if (k->review)
        err = drop_prekeys(g);
    if (!err && k->review)
        err = keys_review(g);
    if (!err && k->wipe_hour <= g->hour.hour)
        err = keys_wipe_due(g);
    return err ? err : trees_flush(g);
}

/* --- sending ------------------------------------------------------------------ */

/* The next position of `r` that is ours to take. */
static uint32_t position_next(const struct keys *k, const struct root *r)
{
    if (k->copy_class == COPY_NONE)
        return r->position;
    uint32_t position = r->position;
    while (position % COPY_CLASSES != k->copy_class)
        position++;
    return position;
}

/* What of `ref` and `lane` is not held: it is asked for; how many. */
static uint32_t send_lacks(struct group *g, const struct key_ref *ref, uint32_t lane)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ref->count && !root_find(g, ref); i++) {
        const struct control_entry *e = control_find(g, ref->ids[i]);
        if (ref->mix && (epoch_have(g, e->number) & EPOCH_HAVE_MIX))
            continue;
        ask_schedule(g, e->number);
        n++;
    }
    if (!(epoch_have(g, lane) & EPOCH_HAVE_LANE)) {
        ask_schedule(g, lane);
        n++;
    }
    g->keys->review = g->keys->review || n > 0;
    return n;
}

/* Under what the next message goes: root, place, lane.
 * SEND_REKEY_FIRST, ERR_NOKEY, log errors. */
static int send_prepare(struct group *g, struct key_ref *ref, uint32_t *lane,
                        struct root **root)
{
    const struct member *me = member_me(g);
    if (!me || g->joining)
        return ERR_NOKEY;
    enum sending how = keys_sending(g, ref, lane);
    if (how != SENDING_CAN)
        return how == SENDING_WAITS ? ERR_NOKEY : SEND_REKEY_FIRST;
    int err = place_of(g, ref, me->index, &ref->place);
    if (err)
        return err == ERR_NOTFOUND ? SEND_REKEY_FIRST : err;
    if (send_lacks(g, ref, *lane) > 0)
        return ERR_NOKEY;
    err = root_open(g, ref, root);
    return err || position_next(g->keys, *root) < LIMIT_POSITIONS_MAX
               ? err
               : SEND_REKEY_FIRST;
}

int keys_note_copy(struct group *g, bool clash)
{
    struct keys *k = g->keys;
    bool first = k->copy_class == COPY_NONE;
    if (!first && !clash)
        return 0;
    uint8_t was = k->copy_class;
    while (k->copy_class == was)
        k->copy_class = (uint8_t)entropy_below(&g->peer->entropy, COPY_CLASSES);
    int err = owed_store(g);
    return err ? err : first;
}

/* P5.9: the position is stored as used before the leaf is taken. */
static int send_take(struct group *g, struct root *r, struct key_send *out)
{
    int err = ERR_USED;
    while (err == ERR_USED && position_next(g->keys, r) < LIMIT_POSITIONS_MAX) {
        out->ref.position = (uint16_t)position_next(g->keys, r);
        r->position = out->ref.position + 1;
        err = root_store(g, r);
        if (!err)
            err = keys_take_leaf(g, &out->ref, out->leaf);
    }
    return err == ERR_USED ? SEND_REKEY_FIRST : err;
}

int keys_send(struct group *g, struct key_send *out)
{
    int err = SEND_REKEY_FIRST;
    uint32_t from = NOBODY;
    for (int rekeys = 0; err == SEND_REKEY_FIRST; rekeys++) {
        struct root *r = NULL;
        *out = (struct key_send){0};
        err = send_prepare(g, &out->ref, &from, &r);
        if (!err)
            err = send_take(g, r, out);
        if (err != SEND_REKEY_FIRST)
            break;
        if (rekeys == SEND_REKEYS_MAX)
            return ERR_NOKEY;
        err = keys_post_rekey(g);
        if (err)
            return err_is_fatal(err) ? err : ERR_NOKEY;
        err = SEND_REKEY_FIRST;
    }
    if (err)
        return err;
    const struct held *lane = held_at(g, from);
    const struct epoch_key *o = epoch_find(g, held_at(g, lane->epoch->origin)->e.hash);
    CHECK(o && (o->s->v.have & EPOCH_HAVE_LANE)); /* it was not lacking */
    if (out->ref.count > 1)
        peer_mark(g->peer, MARK_EPOCHS_MIXED);
    memcpy(out->topic, o->topic, 32);
    memcpy(out->header_key, o->s->header_key, 32);
    return 0;
}
