/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_heads.c -- heads of the content DAG, and ids that are of no use. */
#include <stdlib.h>
#include <string.h>

#include "node/core/content_int.h"

enum { UNKNOWN_KEY_BYTES = 34 };

/* --- heads ----------------------------------------------------------------------- */

static uint8_t *named_slot(const struct content *c, const uint8_t *prefix)
{
    return c->named[get_u16(prefix) % NAMED_SLOTS];
}

/* Take head i out of the list. */
static void head_remove(struct content *c, uint8_t i)
{
    c->heads_count--;
    memmove(&c->heads[i], &c->heads[i + 1],
            (size_t)(c->heads_count - i) * sizeof c->heads[0]);
    c->meta_dirty = true;
}

/* Remove the head whose hash begins with `prefix`; false if there is none. */
static bool head_name(struct content *c, struct bytes prefix, uint64_t *height)
{
    for (uint8_t i = c->heads_count; i-- > 0;) {
        if (memcmp(c->heads[i].hash, prefix.p, prefix.n) != 0)
            continue;
        if (c->heads[i].height > *height)
            *height = c->heads[i].height;
        head_remove(c, i);
        return true;
    }
    return false;
}

uint64_t heads_name(struct content *c, const uint8_t *prev, struct bytes deps)
{
    uint64_t height = 0;
    if (prev)
        (void)head_name(c, BYTES(prev, 32), &height);
    for (size_t at = 0; at + DEP_BYTES <= deps.n; at += DEP_BYTES) {
        const uint8_t *prefix = deps.p + at;
        /* Named before it came, or no head any more: a slot that is written over only
         * leaves a head too many, which the next own entry names. */
        if (!head_name(c, BYTES(prefix, DEP_BYTES), &height))
            memcpy(named_slot(c, prefix), prefix, DEP_BYTES);
    }
    return height;
}

void heads_drop(struct content *c, const uint8_t hash[static 32])
{
    uint64_t height = 0;
    if (head_name(c, BYTES(hash, 32), &height) && height > c->height_floor)
        c->height_floor = height;
}

uint64_t heads_height(const struct content *c)
{
    uint64_t height = c->height_floor;
    for (uint8_t i = 0; i < c->heads_count; i++)
        if (c->heads[i].height > height)
            height = c->heads[i].height;
    return height;
}

void heads_add(struct content *c, const struct head *head, bool named)
{
    if (named || memcmp(named_slot(c, head->hash), head->hash, DEP_BYTES) == 0) {
        /* Whoever names it may have claimed less: what we write comes after both. */
        if (head->height > c->height_floor) {
            c->height_floor = head->height;
            c->meta_dirty = true;
        }
        return;
    }
    if (c->heads_count == HEADS_KEPT_MAX) { /* what comes next comes after it too */
        if (c->heads[0].height > c->height_floor)
            c->height_floor = c->heads[0].height;
        head_remove(c, 0);
    }
    c->heads[c->heads_count++] = *head;
    c->meta_dirty = true;
}

size_t heads_deps(const struct content *c, const uint8_t skip[static 32],
                  uint8_t out[static LIMIT_HEADS_MAX * DEP_BYTES])
{
    size_t n = 0;
    for (uint8_t i = c->heads_count; i-- > 0 && n < LIMIT_HEADS_MAX;) {
        const uint8_t *head = c->heads[i].hash;
        if (memcmp(head, skip, 32) ==
            0) /* the own previous entry stands in prev (P7.5) */
            continue;
        size_t at = 0;
        while (at < n && memcmp(out + at * DEP_BYTES, head, DEP_BYTES) < 0)
            at++;
        if (at < n && memcmp(out + at * DEP_BYTES, head, DEP_BYTES) == 0)
            continue;
        memmove(out + (at + 1) * DEP_BYTES, out + at * DEP_BYTES, (n - at) * DEP_BYTES);
        memcpy(out + at * DEP_BYTES, head, DEP_BYTES);
        n++;
    }
    return n * DEP_BYTES;
}

/* --- unverifiable ids (P8.2) ----------------------------------------------------- */

static struct unknown *unknown_of(const struct content *c, const uint8_t *topic)
{
    for (uint32_t i = 0; i < c->unknown_count; i++)
        if (memcmp(c->unknown[i].topic, topic, 32) == 0)
            return &c->unknown[i];
    return NULL;
}

bool content_refuses(const struct group *g, const uint8_t topic[static 32],
                     const uint8_t id[static 32])
{
    const struct unknown *u = unknown_of(g->content, topic);
    for (uint32_t i = 0; u && i < u->count; i++)
        if (memcmp(u->ids[i], id, 16) == 0)
            return true;
    return false;
}

static int unknown_make(struct content *c, const uint8_t *topic, struct unknown **out)
{
    *out = unknown_of(c, topic);
    if (*out)
        return 0;
    struct unknown *grown = realloc(c->unknown, (c->unknown_count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    c->unknown = grown;
    *out = &grown[c->unknown_count++];
    memset(*out, 0, sizeof **out);
    memcpy((*out)->topic, topic, 32);
    return 0;
}

/* Put an id into the next slot of a topic's ring; the slot to `*slot`. */
static int unknown_put(struct unknown *u, const uint8_t *id, uint16_t *slot)
{
    if (u->count == u->cap && u->cap < LIMIT_UNKNOWN_IDS_MAX) {
        uint32_t cap = u->cap ? u->cap * 2 : 16;
        uint8_t(*grown)[16] = realloc(u->ids, cap * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        u->ids = grown;
        u->cap = cap;
    }
    if (u->count < LIMIT_UNKNOWN_IDS_MAX)
        u->next = u->count++;
    else
        u->next = (u->next + 1) % LIMIT_UNKNOWN_IDS_MAX;
    memcpy(u->ids[u->next], id, 16);
    *slot = (uint16_t)u->next;
    return 0;
}

int unknown_add(struct group *g, const uint8_t topic[static 32],
                const uint8_t id[static 32])
{
    struct unknown *u = NULL;
    uint16_t slot = 0;
    int err = unknown_make(g->content, topic, &u);
    if (!err)
        err = unknown_put(u, id, &slot);
    if (err)
        return err;
    uint8_t key[UNKNOWN_KEY_BYTES];
    memcpy(key, topic, 32);
    put_u16(key + 32, slot);
    struct log *log = &g->peer->log;
    return log->ops->put(log->ctx, g->number, LOG_UNKNOWN, BYTES_OF(key),
                         BYTES(id, 16));
}

static int unknown_load_one(void *ctx, struct bytes key, struct bytes value)
{
    struct unknown *u = NULL;
    uint16_t slot = 0;
    if (key.n != UNKNOWN_KEY_BYTES || value.n != 16)
        return ERR_DAMAGED;
    int err = unknown_make(ctx, key.p, &u);
    return err ? err : unknown_put(u, value.p, &slot);
}

int unknown_load(struct group *g)
{
    struct log *log = &g->peer->log;
    return log->ops->scan(log->ctx, g->number, LOG_UNKNOWN, BYTES(NULL, 0),
                          unknown_load_one, g->content);
}
