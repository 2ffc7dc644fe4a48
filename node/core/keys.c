/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys.c -- keys of a group: life cycle, learning from the log, sending, lanes. */
#include "node/core/keys.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "node/core/keys_int.h"

enum {
    PREKEY_GOES_AFTER = 2, /* P5.12: two epochs later */
    SEND_REKEYS_MAX = 2,
    SEND_REKEY_FIRST = 1,
};

int keys_new(struct group *g)
{
    struct keys *k = calloc(1, sizeof *k);
    if (!k)
        return ERR_NOMEM;
    k->arena = g->peer->arena;
    k->owed_hour = HOUR_NONE;
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

int keys_flush(struct group *g)
{
    struct keys *k = g->keys;
    int err = 0;
    if (!k)
        return 0;
    if (k->review)
        err = keys_review(g);
    if (!err && k->wipe_hour <= g->hour.hour)
        err = keys_wipe_due(g);
    return err ? err : trees_flush(g);
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

/* P5.12: an old prekey goes when two rekeys came whose authors knew of a newer one. */
static int age_prekeys(struct group *g, const struct held *rekey)
{
    struct keys *k = g->keys;
    int err = 0;
    for (uint32_t i = 0; !err && i < k->prekeys_count;) {
        struct prekey *p = &k->prekeys[i];
        bool replaced = false;
        for (uint32_t j = i + 1; j < k->prekeys_count; j++)
            replaced = replaced || (k->prekeys[j].entry != NOBODY &&
                                    held_after(rekey, k->prekeys[j].entry));
        if (!replaced || p->entry == NOBODY) {
            i++;
        } else if (++p->rekeys_after >= PREKEY_GOES_AFTER) {
            err = prekey_erase(g, i);
        } else {
            err = prekey_store(g, p);
            i++;
        }
    }
    return err;
}

/* P5.14: the weekly timer begins again with any rekey. */
static int learn_rekey(struct group *g, const struct held *h)
{
    struct keys *k = g->keys;
    k->last_rekey_hour = g->hour.hour;
    k->rekey_at_ms = 0;
    if (k->rekeys_since_prekey < UINT8_MAX)
        k->rekeys_since_prekey++;
    int err = age_prekeys(g, h);
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

/* --- sending ------------------------------------------------------------------ */

/* Under what the next message goes: root, place, lane.
 * SEND_REKEY_FIRST, ERR_NOKEY, log errors. */
static int send_prepare(struct group *g, struct key_ref *ref, struct root **root)
{
    const struct state *now = &g->control->now;
    const struct member *me = member_me(g);
    uint32_t lacking[LIMIT_EPOCHS_OPEN_MAX + 1];
    if (!me || g->joining)
        return ERR_NOKEY;
    if (state_lane(g->control, now) == NOBODY || !root_of_state(g, now, ref))
        return SEND_REKEY_FIRST;
    int err = place_of(g, ref, me->index, &ref->place);
    if (err)
        return err == ERR_NOTFOUND ? SEND_REKEY_FIRST : err;
    uint32_t n = keys_lacking(g, now, lacking);
    for (uint32_t i = 0; i < n; i++)
        ask_schedule(g, lacking[i]);
    g->keys->review = g->keys->review || n > 0;
    if (n > 0)
        return ERR_NOKEY;
    err = root_open(g, ref, root);
    return err || (*root)->position < LIMIT_POSITIONS_MAX ? err : SEND_REKEY_FIRST;
}

/* P5.9: the position is stored as used before the leaf is taken. */
static int send_take(struct group *g, struct root *r, struct key_send *out)
{
    int err = ERR_USED;
    while (err == ERR_USED && r->position < LIMIT_POSITIONS_MAX) {
        out->ref.position = r->position++;
        err = root_store(g, r);
        if (!err)
            err = keys_take_leaf(g, &out->ref, out->leaf);
    }
    return err == ERR_USED ? SEND_REKEY_FIRST : err;
}

int keys_send(struct group *g, struct key_send *out)
{
    int err = SEND_REKEY_FIRST;
    for (int rekeys = 0; err == SEND_REKEY_FIRST; rekeys++) {
        struct root *r = NULL;
        *out = (struct key_send){0};
        err = send_prepare(g, &out->ref, &r);
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
    const struct held *lane = held_at(g, state_lane(g->control, &g->control->now));
    const struct epoch_key *o = epoch_find(g, held_at(g, lane->epoch->origin)->e.hash);
    CHECK(o && (o->s->v.have & EPOCH_HAVE_LANE)); /* it was not lacking */
    memcpy(out->topic, o->topic, 32);
    memcpy(out->header_key, o->s->header_key, 32);
    return 0;
}

/* --- lanes and access keys ---------------------------------------------------- */

static void lane_fill(const struct epoch_key *e, struct lane_view *out)
{
    memcpy(out->epoch, e->id, 32);
    memcpy(out->topic, e->topic, 32);
    memcpy(out->header_key, e->s->header_key, 32);
}

bool keys_lane_at(const struct group *g, uint32_t i, struct lane_view *out)
{
    if (!g->keys || i >= g->keys->lanes_count)
        return false;
    lane_fill(g->keys->lanes[i], out);
    return true;
}

bool keys_lane_find(const struct group *g, const uint8_t topic[static 32],
                    struct lane_view *out)
{
    const struct keys *k = g->keys;
    for (uint32_t i = 0; k && i < k->lanes_count; i++)
        if (memcmp(k->lanes[i]->topic, topic, 32) == 0) {
            lane_fill(k->lanes[i], out);
            return true;
        }
    return false;
}

bool keys_acc_at(const struct group *g, uint32_t i, uint8_t acc[static 32])
{
    if (!g->keys || i >= g->keys->lanes_count || i >= LIMIT_ACC_KEYS_MAX)
        return false;
    memcpy(acc, g->keys->lanes[i]->s->v.acc, 32);
    return true;
}
