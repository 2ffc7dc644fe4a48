/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mend.c -- mending a log: the profile, and each group part by part.
 *
 * Parts are mended in the order in which they are loaded, for each stands on the ones
 * before: control entries, keys, authors and rows, the rest (mend_group.c).
 */
#include "node/core/mend.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "crypto/hash.h"
#include "node/core/content_int.h"
#include "node/core/control_int.h"
#include "node/core/mend_int.h"

enum { PROBE_GROUPS_MAX = 4096, SEED_BYTES = 32 };
#define RING_NEXT UINT32_MAX /* the key of the next slot (link_ring.c) */

/* ---- the profile: seed, list of groups, ring ------------------------------- */

static int profile_get(struct peer *p, const char *key, struct bytes *value)
{
    return p->log.ops->get(p->log.ctx, 0, LOG_PROFILE, BYTES(key, strlen(key)), value);
}

static int profile_put(struct peer *p, const char *key, struct bytes value)
{
    return p->log.ops->put(p->log.ctx, 0, LOG_PROFILE, BYTES(key, strlen(key)), value);
}

static int seed_mend(struct peer *p, struct mend_report *out)
{
    struct bytes value;
    int err = profile_get(p, "seed", &value);
    if (err && err != ERR_NOTFOUND)
        return err;
    if (!err && value.n == SEED_BYTES) {
        memcpy(p->seed, value.p, SEED_BYTES);
        return 0;
    }
    out->seed_lost = true;
    entropy_fill(&p->entropy, p->seed, SEED_BYTES);
    return profile_put(p, "seed", BYTES(p->seed, SEED_BYTES));
}

/* Numbers of groups, as the record of LOG_PROFILE holds them (peer_int.h). */
struct numbers {
    uint32_t next, list[LIMIT_GROUPS_MAX], count;
};

static int numbers_read(struct peer *p, struct numbers *n)
{
    struct bytes value;
    int err = profile_get(p, "groups", &value);
    if (err)
        return err;
    struct reader r = reader_of(value);
    n->next = read_u32(&r);
    while (r.err == 0 && r.left.n > 0 && n->count < LIMIT_GROUPS_MAX)
        n->list[n->count++] = read_u32(&r);
    return reader_end(&r) ? ERR_NOTFOUND : 0;
}

/* Without the list: every number that has a record. */
static int numbers_probe(struct peer *p, struct numbers *n)
{
    struct bytes value;
    *n = (struct numbers){.next = 1};
    for (uint32_t i = 1; i < PROBE_GROUPS_MAX && n->count < LIMIT_GROUPS_MAX; i++) {
        int err = p->log.ops->get(p->log.ctx, i, LOG_GROUP, BYTES("g", 1), &value);
        if (err && err != ERR_NOTFOUND)
            return err;
        if (!err)
            n->list[n->count++] = i;
    }
    if (n->count > 0)
        n->next = n->list[n->count - 1] + 1;
    /* A number that was given must not be given again: rows of it may be left. */
    n->next += LIMIT_GROUPS_MAX;
    return 0;
}

static int numbers_write(struct peer *p, const struct numbers *n)
{
    uint8_t value[4 + 4 * LIMIT_GROUPS_MAX];
    put_u32(value, n->next);
    for (uint32_t i = 0; i < n->count; i++)
        put_u32(value + 4 + (size_t)4 * i, n->list[i]);
    return profile_put(p, "groups", BYTES(value, 4 + (size_t)4 * n->count));
}

struct ring_rows {
    struct buf ids;     /* 16 bytes each, in the order of their slots */
    uint32_t end, next; /* one past the last slot; the slot that is written next */
    bool gap;
};

static int ring_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct ring_rows *r = ctx;
    if (key.n == 4 && value.n == 4 && get_u32(key.p) == RING_NEXT)
        r->next = get_u32(value.p);
    if (key.n != 4 || value.n != 16)
        return 0;
    r->gap = r->gap || get_u32(key.p) != r->end;
    r->end = get_u32(key.p) + 1;
    return buf_append(&r->ids, value, (size_t)16 * LIMIT_REPLAY_RING_MAX);
}

/* Slots fill from 0 on without holes (link_ring.c): what is left closes up. */
static int ring_mend(struct peer *p)
{
    struct ring_rows rows = {0};
    uint8_t key[4], next[4];
    const struct log *log = &p->log;
    int err = log->ops->scan(log->ctx, 0, LOG_RING, BYTES(NULL, 0), ring_visit, &rows);
    uint32_t count = (uint32_t)(rows.ids.n / 16);
    bool full = count == LIMIT_REPLAY_RING_MAX;
    rows.gap = rows.gap || (!full && rows.next != count);
    for (uint32_t i = 0; i < rows.end && !err && rows.gap; i++) {
        put_u32(key, i);
        if (i < count)
            err = log->ops->put(log->ctx, 0, LOG_RING, BYTES_OF(key),
                                BYTES(rows.ids.p + (size_t)16 * i, 16));
        else
            err = log->ops->del(log->ctx, 0, LOG_RING, BYTES_OF(key));
    }
    buf_free(&rows.ids);
    if (err || !rows.gap)
        return err;
    put_u32(key, RING_NEXT);
    put_u32(next, count % LIMIT_REPLAY_RING_MAX);
    return log->ops->put(log->ctx, 0, LOG_RING, BYTES_OF(key), BYTES_OF(next));
}

/* ---- groups -------------------------------------------------------------- */

/* The group's id, as its first control entry that is left says; false if none does. */
static int id_visit(void *ctx, struct bytes key, struct bytes value)
{
    uint8_t *id = ctx;
    struct control_entry e;
    (void)key;
    if (value.n < 1 || control_decode(BYTES(value.p + 1, value.n - 1), &e))
        return 0;
    memcpy(id, e.kind == CONTROL_CREATE ? e.hash : e.whole.p + 2, 32);
    return 1;
}

/* A group without its record cannot be opened: it goes.  Whoever joins it again must
 * not come with the same key, so that is counted (group.c). */
static int group_forget(struct peer *p, uint32_t number)
{
    static const uint8_t zeros[32];
    const struct log *log = &p->log;
    uint8_t id[32] = {0}, key[33] = {'j'}, counter[4];
    struct bytes value;
    uint32_t times = 0;
    int err =
        log->ops->scan(log->ctx, number, LOG_CONTROL, BYTES(NULL, 0), id_visit, id);
    if (!err)
        err = log->ops->drop_group(log->ctx, number);
    if (err || memcmp(id, zeros, 32) == 0)
        return err;
    memcpy(key + 1, id, 32);
    err = log->ops->get(log->ctx, 0, LOG_PROFILE, BYTES_OF(key), &value);
    if (!err && value.n == 4)
        times = get_u32(value.p);
    if (err && err != ERR_NOTFOUND)
        return err;
    put_u32(counter, times + 1);
    return log->ops->put(log->ctx, 0, LOG_PROFILE, BYTES_OF(key), BYTES_OF(counter));
}

/* Mend one group.  1: it is gone. */
static int group_mend(struct peer *p, uint32_t number, struct mend_report *out)
{
    struct group *g = NULL;
    int err = group_read(p, number, &g);
    if (err == ERR_NOTFOUND || err == ERR_DAMAGED) {
        err = group_forget(p, number);
        out->groups_lost++;
        return err ? err : 1;
    }
    if (err)
        return err;
    err = mend_group(g, out);
    p->groups[--p->groups_count] = NULL;
    group_free(g);
    if (err != 1)
        return err;
    err = group_forget(p, number);
    out->groups_lost++;
    return err ? err : 1;
}

static int groups_mend(struct peer *p, struct mend_report *out)
{
    struct numbers n = {0};
    uint32_t kept = 0;
    int err = numbers_read(p, &n);
    if (err == ERR_NOTFOUND)
        err = numbers_probe(p, &n);
    for (uint32_t i = 0; i < n.count && !err; i++) {
        int gone = group_mend(p, n.list[i], out);
        err = gone < 0 ? gone : 0;
        if (gone == 0)
            n.list[kept++] = n.list[i];
    }
    n.count = kept;
    return err ? err : numbers_write(p, &n);
}

/* ---- the three calls ------------------------------------------------------- */

/* A peer that has loaded everything and done nothing. */
static int peer_load(const struct peer_config *config, struct peer **out)
{
    int err = peer_new(out, config);
    if (!err)
        err = peer_start(*out);
    if (err) {
        peer_free(*out);
        *out = NULL;
    }
    return err;
}

static void count_groups(const struct peer *p, struct mend_report *out)
{
    out->groups = p->groups_count;
    for (uint32_t i = 0; i < p->groups_count; i++) {
        const struct group *g = p->groups[i];
        out->groups_mute += !g->joining && !member_me(g);
        out->groups_differ += !g->joining && control_differs(g);
    }
}

int mend_look(const struct peer_config *config, struct mend_report *out)
{
    struct peer *p = NULL;
    *out = (struct mend_report){0};
    int err = peer_load(config, &p);
    if (!err)
        count_groups(p, out);
    peer_free(p);
    return err;
}

int mend_without_talk(const struct peer_config *config, struct mend_report *out)
{
    struct peer *p = NULL;
    *out = (struct mend_report){0};
    int err = peer_load(config, &p);
    for (uint32_t i = 0; !err && i < p->groups_count; i++)
        if (!p->groups[i]->joining)
            err = content_forget_talk(p->groups[i]);
    if (!err)
        count_groups(p, out);
    peer_free(p);
    return err;
}

/* Load what is there now, and have every group go on as a restored copy. */
static int mark_all(const struct peer_config *config, struct mend_report *out)
{
    struct peer *p = NULL;
    int err = peer_load(config, &p);
    for (uint32_t i = 0; !err && i < p->groups_count; i++) {
        struct group *g = p->groups[i];
        if (g->joining)
            continue;
        content_mark_restored(g);
        err = meta_flush(g);
    }
    if (!err)
        count_groups(p, out);
    peer_free(p);
    return err;
}

int mend_mark(const struct peer_config *config, struct mend_report *out)
{
    *out = (struct mend_report){0};
    return mark_all(config, out);
}

int mend_rows(const struct peer_config *config, struct mend_report *out)
{
    struct peer *p = NULL;
    *out = (struct mend_report){0};
    int err = peer_new(&p, config);
    if (err)
        return err;
    err = seed_mend(p, out);
    if (!err)
        err = groups_mend(p, out);
    if (!err)
        err = ring_mend(p);
    peer_free(p);
    if (!err)
        err = mark_all(config, out);
    out->seed_lost = out->seed_lost && out->groups + out->groups_lost > 0;
    return err;
}
