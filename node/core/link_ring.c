/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link_ring.c -- the first messages seen before (P9.4).
 *
 * LOG_RING of group 0: slot u32 -> hash16("ring", nonce || tag); slot 0xffffffff -> the
 * slot that is written next, u32.  In memory a table with open addressing finds them.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "node/core/link_int.h"

enum { SLOT_NEXT = -1, CAP_MIN = 64 };

static uint32_t home_of(const struct ring *r, const uint8_t id[static 16])
{
    return get_u32(id) & (r->table_cap - 1);
}

/* The place of `id` in the table, or of the hole where it would stand. */
static uint32_t place_of(const struct ring *r, const uint8_t id[static 16])
{
    uint32_t at = home_of(r, id);
    while (r->table[at] && memcmp(r->slots[r->table[at] - 1], id, 16) != 0)
        at = (at + 1) & (r->table_cap - 1);
    return at;
}

/* Take the oldest out; what stands behind it moves up, so that no search breaks off. */
static void table_remove(struct ring *r, uint32_t hole)
{
    uint32_t mask = r->table_cap - 1;
    r->table[hole] = 0;
    for (uint32_t at = (hole + 1) & mask; r->table[at]; at = (at + 1) & mask) {
        uint32_t home = home_of(r, r->slots[r->table[at] - 1]);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        r->table[hole] = r->table[at];
        r->table[at] = 0;
        hole = at;
    }
}

/* Room for one more, up to the bound. */
static int ring_grow(struct ring *r)
{
    if (r->count < r->cap || r->cap == LIMIT_REPLAY_RING_MAX)
        return 0;
    uint32_t cap = r->cap ? r->cap * 4 : CAP_MIN;
    if (cap > LIMIT_REPLAY_RING_MAX)
        cap = LIMIT_REPLAY_RING_MAX;
    void *slots = realloc(r->slots, (size_t)cap * 16);
    if (!slots)
        return ERR_NOMEM;
    r->slots = slots;
    uint32_t *table = calloc((size_t)cap * 2, sizeof *table);
    if (!table)
        return ERR_NOMEM;
    free(r->table);
    r->table = table;
    r->cap = cap;
    r->table_cap = cap * 2;
    for (uint32_t i = 0; i < r->count; i++)
        r->table[place_of(r, r->slots[i])] = i + 1;
    return 0;
}

/* Put `id` into `slot`; slots fill from 0 on, then the oldest is written over. */
static int ring_put(struct ring *r, uint32_t slot, const uint8_t id[static 16])
{
    int err = ring_grow(r);
    if (err)
        return err;
    if (slot > r->count || slot >= LIMIT_REPLAY_RING_MAX)
        return ERR_DAMAGED;
    if (slot < r->count)
        table_remove(r, place_of(r, r->slots[slot]));
    else
        r->count++;
    memcpy(r->slots[slot], id, 16);
    r->table[place_of(r, id)] = slot + 1;
    return 0;
}

static int load_slot(void *ctx, struct bytes key, struct bytes value)
{
    struct ring *r = ctx;
    if (key.n != 4)
        return ERR_DAMAGED;
    if (get_u32(key.p) == (uint32_t)SLOT_NEXT) {
        r->next = value.n == 4 ? get_u32(value.p) : LIMIT_REPLAY_RING_MAX;
        return r->next < LIMIT_REPLAY_RING_MAX ? 0 : ERR_DAMAGED;
    }
    return value.n == 16 ? ring_put(r, get_u32(key.p), value.p) : ERR_DAMAGED;
}

int ring_load(struct peer *p)
{
    return p->log.ops->scan(p->log.ctx, 0, LOG_RING, BYTES(NULL, 0), load_slot,
                            &p->links->ring);
}

static int ring_store(struct peer *p, uint32_t slot, struct bytes value)
{
    uint8_t key[4];
    put_u32(key, slot);
    return p->log.ops->put(p->log.ctx, 0, LOG_RING, BYTES_OF(key), value);
}

int ring_note(struct peer *p, const uint8_t nonce_tag[static 40])
{
    struct ring *r = &p->links->ring;
    uint8_t id[16], next[4];
    hash16(id, "ring", &BYTES(nonce_tag, 40), 1);
    if (r->table_cap && r->table[place_of(r, id)])
        return 1;
    uint32_t slot = r->next;
    int err = ring_put(r, slot, id);
    if (err)
        return err;
    r->next = (slot + 1) % LIMIT_REPLAY_RING_MAX;
    put_u32(next, r->next);
    err = ring_store(p, slot, BYTES_OF(id));
    return err ? err : ring_store(p, (uint32_t)SLOT_NEXT, BYTES_OF(next));
}

void ring_free(struct ring *r)
{
    free(r->slots);
    free(r->table);
    *r = (struct ring){0};
}
