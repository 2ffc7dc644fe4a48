/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* map.c -- slots in insertion order, and a table of slot numbers to find them.
 *
 * The table is probed linearly and is never more than half full.  Deleting leaves
 * a hole (value NULL) among the slots and closes the gap in the table at once, so
 * that no tombstones pile up.  Holes go when the slots would have to grow.
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { MAP_SLOTS_MIN = 8, MAP_LIVE_MAX = 1 << 26 };

struct map_slot {
    void *value; /* NULL: a hole */
    uint8_t key_bytes;
    uint8_t key[MAP_KEY_BYTES_MAX];
};

/* FNV-1a with its high bits mixed in, for the table uses the low ones. */
static uint32_t hash_of(struct bytes key)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ key.p[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(h ^ h >> 32);
}

static struct bytes slot_key(const struct map_slot *slot)
{
    return BYTES(slot->key, slot->key_bytes);
}

void map_init(struct map *m, uint32_t live_max)
{
    CHECK(live_max <= MAP_LIVE_MAX);
    *m = (struct map){.live_max = live_max};
}

/* Where in the table `key` is, or the free place where it would go.  The table
 * exists and has free places. */
static uint32_t place_of(const struct map *m, struct bytes key)
{
    uint32_t mask = m->table_cap - 1;
    uint32_t at = hash_of(key) & mask;
    while (m->table[at] != 0 &&
           !bytes_equal(slot_key(&m->slots[m->table[at] - 1]), key))
        at = (at + 1) & mask;
    return at;
}

/* Move the live slots of `m` to the front of `to` and number them in `table`.
 * `to` may be m->slots itself. */
static void map_settle(struct map *m, struct map_slot *to, uint32_t slots_cap,
                       uint32_t *table)
{
    struct map_slot *from = m->slots;
    uint32_t used = m->slots_used;
    *m = (struct map){to, table, 0, slots_cap, slots_cap * 2, m->live, m->live_max};
    for (uint32_t i = 0; i < used; i++) {
        if (!from[i].value)
            continue;
        if (&to[m->slots_used] != &from[i])
            to[m->slots_used] = from[i];
        table[place_of(m, slot_key(&to[m->slots_used]))] = m->slots_used + 1;
        m->slots_used++;
    }
}

/* Make place for one more slot: drop the holes if they are half, else double. */
static int map_make_place(struct map *m)
{
    if (m->slots_used < m->slots_cap)
        return 0;
    if (m->slots_cap > 0 && m->live <= m->slots_cap / 2) {
        memset(m->table, 0, m->table_cap * sizeof *m->table);
        map_settle(m, m->slots, m->slots_cap, m->table);
        return 0;
    }
    uint32_t slots_cap = m->slots_cap == 0 ? MAP_SLOTS_MIN : m->slots_cap * 2;
    struct map_slot *slots = calloc(slots_cap, sizeof *slots);
    uint32_t *table = calloc((size_t)slots_cap * 2, sizeof *table);
    if (!slots || !table) {
        free(slots);
        free(table);
        return ERR_NOMEM;
    }
    struct map old = *m;
    map_settle(m, slots, slots_cap, table);
    map_free(&old);
    return 0;
}

int map_put(struct map *m, struct bytes key, void *value)
{
    CHECK(value);
    if (key.n > MAP_KEY_BYTES_MAX)
        return ERR_TOOBIG;
    if (m->table_cap > 0) {
        uint32_t number = m->table[place_of(m, key)];
        if (number > 0) {
            m->slots[number - 1].value = value;
            return 0;
        }
    }
    if (m->live >= m->live_max)
        return ERR_FULL;
    int err = map_make_place(m);
    if (err < 0)
        return err;
    struct map_slot *slot = &m->slots[m->slots_used];
    *slot = (struct map_slot){.value = value, .key_bytes = (uint8_t)key.n};
    if (key.n > 0)
        memcpy(slot->key, key.p, key.n);
    m->table[place_of(m, key)] = ++m->slots_used;
    m->live++;
    return 0;
}

void *map_get(const struct map *m, struct bytes key)
{
    if (m->table_cap == 0 || key.n > MAP_KEY_BYTES_MAX)
        return NULL;
    uint32_t number = m->table[place_of(m, key)];
    return number > 0 ? m->slots[number - 1].value : NULL;
}

/* Free table place `gap`, moving up every later entry of the run that could no
 * longer be found behind a free place. */
static void table_close(struct map *m, uint32_t gap)
{
    uint32_t mask = m->table_cap - 1;
    m->table[gap] = 0;
    for (uint32_t at = (gap + 1) & mask; m->table[at] != 0; at = (at + 1) & mask) {
        uint32_t home = hash_of(slot_key(&m->slots[m->table[at] - 1])) & mask;
        if (((at - home) & mask) < ((at - gap) & mask))
            continue; /* it begins after the gap */
        m->table[gap] = m->table[at];
        m->table[at] = 0;
        gap = at;
    }
}

void *map_del(struct map *m, struct bytes key)
{
    if (m->table_cap == 0 || key.n > MAP_KEY_BYTES_MAX)
        return NULL;
    uint32_t at = place_of(m, key);
    if (m->table[at] == 0)
        return NULL;
    struct map_slot *slot = &m->slots[m->table[at] - 1];
    void *value = slot->value;
    /* `key` may be the slot's own key, lent by map_next: it goes last. */
    table_close(m, at);
    wipe(slot, sizeof *slot);
    m->live--;
    return value;
}

void *map_next(const struct map *m, uint32_t *at, struct bytes *key)
{
    while (*at < m->slots_used) {
        const struct map_slot *slot = &m->slots[(*at)++];
        if (!slot->value)
            continue;
        if (key)
            *key = slot_key(slot);
        return slot->value;
    }
    return NULL;
}

uint32_t map_count(const struct map *m)
{
    return m->live;
}

void map_free(struct map *m)
{
    if (!m)
        return;
    if (m->slots)
        wipe(m->slots, m->slots_cap * sizeof *m->slots);
    free(m->slots);
    free(m->table);
    map_init(m, m->live_max);
}
