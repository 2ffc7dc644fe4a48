/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_store.c -- records of keys in the log, and memory for secrets. */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "crypto/arena.h"
#include "node/core/keys_int.h"

enum {
    KEY_ROOT = 'r',
    KEY_STATE = 's',
    EPOCH_VALUE_BYTES = 1 + 6 * 32 + 5 * 4,
    PREKEY_VALUE_BYTES = 32 + 4 + 1,
    STATE_VALUE_BYTES = 4 + 4 + 1 + 4 + 4 + 1,
    ROOT_VALUE_BYTES_MAX = 2 + 4 + 2 + LIMIT_EPOCHS_OPEN_MAX * 32,
};

void *secret_new(struct keys *k, size_t n, bool *in_arena)
{
    void *p = arena_alloc(k->arena, n);
    *in_arena = p != NULL;
    return p ? p : calloc(1, n);
}

void secret_free(struct keys *k, void *p, size_t n, bool in_arena)
{
    if (!p)
        return;
    if (in_arena) {
        arena_free(k->arena, p);
    } else {
        wipe(p, n);
        free(p);
    }
}

static int put(struct group *g, uint8_t table, struct bytes key, struct bytes value)
{
    const struct log *log = &g->peer->log;
    return log->ops->put(log->ctx, g->number, table, key, value);
}

/* --- writing ------------------------------------------------------------------ */

int epoch_store(struct group *g, const struct epoch_key *e)
{
    uint8_t store[EPOCH_VALUE_BYTES];
    struct room room = ROOM_OF(store);
    struct writer w = writer_to(&room);
    const struct epoch_values *v = &e->s->v;
    const uint8_t *values[] = {v->mix, v->add, v->ctl, v->lane, v->acc, v->anon};
    write_u8(&w, v->have);
    for (int i = 0; i < 6; i++)
        write_bytes(&w, BYTES(values[i], 32));
    write_u32(&w, e->learned_hour);
    write_u32(&w, e->superseded_hour);
    write_u32(&w, e->rekeyed_hour);
    write_u32(&w, e->forwarded_hour);
    write_u32(&w, e->order);
    CHECK(writer_end(&w) == 0);
    int err = put(g, LOG_EPOCH, BYTES(e->id, 32), BYTES_OF(store));
    wipe(store, sizeof store);
    g->keys->wipe_hour = 0; /* looked at again */
    return err;
}

int root_store(struct group *g, const struct root *r)
{
    uint8_t key[33] = {KEY_ROOT}, store[ROOT_VALUE_BYTES_MAX];
    struct room room = ROOM_OF(store);
    struct writer w = writer_to(&room);
    memcpy(key + 1, r->id, 32);
    write_u16(&w, r->position);
    write_u32(&w, r->order);
    write_u8(&w, r->mix);
    write_u8(&w, r->count);
    write_bytes(&w, BYTES(r->ids, (size_t)r->count * 32));
    CHECK(writer_end(&w) == 0);
    return put(g, LOG_EPOCH, BYTES_OF(key), BYTES(store, room.n));
}

int owed_store(struct group *g)
{
    const struct keys *k = g->keys;
    const uint8_t key = KEY_STATE;
    uint8_t store[STATE_VALUE_BYTES];
    put_u32(store, k->last_rekey_hour);
    put_u32(store + 4, k->owed_hour);
    store[8] = k->rekeys_since_prekey;
    put_u32(store + 9, k->next_order);
    put_u32(store + 13, k->gone_below);
    store[17] = k->copy_class;
    return put(g, LOG_EPOCH, BYTES(&key, 1), BYTES_OF(store));
}

int prekey_store(struct group *g, const struct prekey *p)
{
    uint8_t store[PREKEY_VALUE_BYTES];
    memcpy(store, p->sk, 32);
    put_u32(store + 32, p->order);
    store[36] = p->rekeys_after;
    int err = put(g, LOG_PREKEY, BYTES(p->pk, 32), BYTES_OF(store));
    wipe(store, sizeof store);
    return err;
}

int prekey_erase(struct group *g, uint32_t i)
{
    const struct log *log = &g->peer->log;
    struct keys *k = g->keys;
    struct prekey *p = &k->prekeys[i];
    int err = log->ops->del(log->ctx, g->number, LOG_PREKEY, BYTES(p->pk, 32));
    secret_free(k, p->sk, 32, p->in_arena);
    memmove(p, p + 1, (k->prekeys_count - i - 1) * sizeof *p);
    k->prekeys_count--;
    return err;
}

/* --- reading ------------------------------------------------------------------ */

static int load_epoch(struct group *g, struct bytes key, struct bytes value)
{
    struct reader r = reader_of(value);
    const struct control_entry *entry = control_find(g, key.p);
    struct epoch_key *e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->s = secret_new(g->keys, sizeof *e->s, &e->in_arena);
    if (!e->s) {
        free(e);
        return ERR_NOMEM;
    }
    struct epoch_values *v = &e->s->v;
    uint8_t *values[] = {v->mix, v->add, v->ctl, v->lane, v->acc, v->anon};
    memcpy(e->id, key.p, 32);
    v->have = read_u8(&r);
    for (int i = 0; i < 6; i++)
        read_copy(&r, values[i], 32);
    e->learned_hour = read_u32(&r);
    e->superseded_hour = read_u32(&r);
    e->rekeyed_hour = read_u32(&r);
    e->forwarded_hour = read_u32(&r);
    e->order = read_u32(&r);
    int err = reader_end(&r) || !entry ? ERR_DAMAGED : 0;
    if (!err) {
        e->entry = entry->number;
        err = epoch_insert(g, e);
    }
    if (err)
        epoch_free(g->keys, e);
    return err;
}

static int load_root(struct group *g, struct bytes key, struct bytes value)
{
    struct reader r = reader_of(value);
    struct root *root = calloc(1, sizeof *root);
    if (!root)
        return ERR_NOMEM;
    memcpy(root->id, key.p + 1, 32);
    root->position = read_u16(&r);
    root->order = read_u32(&r);
    root->mix = read_u8(&r);
    root->count = read_u8(&r);
    struct bytes ids = read_bytes(&r, (size_t)root->count * 32);
    int err = reader_end(&r) || root->count == 0 ? ERR_DAMAGED : 0;
    if (!err) {
        root->ids = malloc(ids.n);
        err =
            root->ids ? map_put(&g->keys->roots, BYTES(root->id, 32), root) : ERR_NOMEM;
    }
    if (err) {
        free(root->ids);
        free(root);
        return err;
    }
    memcpy(root->ids, ids.p, ids.n);
    return 0;
}

static int load_state(struct group *g, struct bytes value)
{
    struct keys *k = g->keys;
    if (value.n != STATE_VALUE_BYTES)
        return ERR_DAMAGED;
    k->last_rekey_hour = get_u32(value.p);
    k->owed_hour = get_u32(value.p + 4);
    k->rekeys_since_prekey = value.p[8];
    k->next_order = get_u32(value.p + 9);
    k->gone_below = get_u32(value.p + 13);
    k->copy_class = value.p[17];
    return 0;
}

static int load_row(void *ctx, struct bytes key, struct bytes value)
{
    struct group *g = ctx;
    if (key.n == 32)
        return load_epoch(g, key, value);
    if (key.n == 33 && key.p[0] == KEY_ROOT)
        return load_root(g, key, value);
    if (key.n == 1 && key.p[0] == KEY_STATE)
        return load_state(g, value);
    return ERR_DAMAGED;
}

/* The entry that published an own prekey, or NOBODY. */
static uint32_t published_by(const struct group *g, const uint8_t *pk)
{
    for (uint32_t i = control_count(g); i-- > 0;) {
        const struct held *h = held_at(g, i);
        struct control_body b;
        const uint8_t *brought = h->prekey;
        if (h->e.kind == CONTROL_NOKEY &&
            control_body_decode(h->e.kind, h->e.body, &b) == 0)
            brought = b.bin[NOKEY_PREKEY].p;
        if (brought && memcmp(brought, pk, 32) == 0)
            return i;
    }
    return NOBODY;
}

static int load_prekey(void *ctx, struct bytes key, struct bytes value)
{
    struct group *g = ctx;
    struct keys *k = g->keys;
    if (key.n != 32 || value.n != PREKEY_VALUE_BYTES ||
        k->prekeys_count >= LIMIT_PREKEYS_HELD_MAX)
        return ERR_DAMAGED;
    struct prekey p = {.order = get_u32(value.p + 32), .rekeys_after = value.p[36]};
    uint32_t at = k->prekeys_count;
    p.sk = secret_new(k, 32, &p.in_arena);
    if (!p.sk)
        return ERR_NOMEM;
    memcpy(p.pk, key.p, 32);
    memcpy(p.sk, value.p, 32);
    p.entry = published_by(g, p.pk);
    for (; at > 0 && k->prekeys[at - 1].order > p.order; at--)
        k->prekeys[at] = k->prekeys[at - 1];
    k->prekeys[at] = p; /* oldest first */
    k->prekeys_count++;
    return 0;
}

int keys_load_records(struct group *g)
{
    const struct log *log = &g->peer->log;
    int err =
        log->ops->scan(log->ctx, g->number, LOG_EPOCH, BYTES(NULL, 0), load_row, g);
    if (!err)
        err = log->ops->scan(log->ctx, g->number, LOG_PREKEY, BYTES(NULL, 0),
                             load_prekey, g);
    return err;
}
