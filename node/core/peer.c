/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* peer.c -- life cycle of a peer, and when it next wants to run. */
#include "node/core/peer.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/arena.h"
#include "node/core/compare.h"
#include "node/core/near.h"
#include "node/core/peer_int.h"

enum { HOUR_MS = 3600 * 1000, SEED_BYTES = 32 };
static const char seed_key[] = "seed";

bool err_is_fatal(int err)
{
    return err == ERR_NOMEM || err == ERR_IO || err == ERR_DISKFULL ||
           err == ERR_READONLY || err == ERR_DAMAGED;
}

int peer_new(struct peer **out, const struct peer_config *config)
{
    struct peer *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->log = config->log;
    p->entropy = config->entropy;
    p->arena = config->arena;
    p->addresses = calloc(LIMIT_ADDRESSES_MAX, sizeof *p->addresses);
    p->seed = arena_alloc(p->arena, SEED_BYTES);
    int err = p->addresses && p->seed ? links_new(p) : ERR_NOMEM;
    if (!err)
        err = near_new(p);
    if (!err)
        err = compare_new(p);
    if (err) {
        peer_free(p);
        return err;
    }
    *out = p;
    return 0;
}

void peer_free(struct peer *p)
{
    if (!p)
        return;
    links_free(p->links);
    near_free(p);
    compare_free(p);
    for (uint32_t i = 0; i < p->groups_count; i++)
        group_free(p->groups[i]);
    for (size_t i = 0; p->addresses && i < LIMIT_ADDRESSES_MAX; i++)
        buf_free(&p->addresses[i]);
    free(p->addresses);
    arena_free(p->arena, p->seed);
    buf_free(&p->shown_group);
    buf_free(&p->shown_me);
    buf_free(&p->shown_by);
    fx_free(p);
    free(p);
}

/* The profile's seed: read, or made at the very first start. */
static int seed_load(struct peer *p)
{
    struct bytes key = BYTES(seed_key, sizeof seed_key - 1), value;
    int err = p->log.ops->get(p->log.ctx, 0, LOG_PROFILE, key, &value);
    if (err == 0 && value.n != SEED_BYTES)
        return ERR_DAMAGED;
    if (err == 0) {
        memcpy(p->seed, value.p, SEED_BYTES);
    } else if (err == ERR_NOTFOUND) {
        entropy_fill(&p->entropy, p->seed, SEED_BYTES);
        err = p->log.ops->put(p->log.ctx, 0, LOG_PROFILE, key,
                              BYTES(p->seed, SEED_BYTES));
    }
    p->seed_set = err == 0;
    return err;
}

int peer_start(struct peer *p)
{
    int err = seed_load(p);
    if (!err)
        err = groups_load(p);
    if (!err)
        err = links_load(p);
    p->started = err == 0;
    return err;
}

static void sooner(uint64_t *due_ms, uint64_t other_ms)
{
    if (other_ms < *due_ms)
        *due_ms = other_ms;
}

static uint64_t group_deadline_ms(const struct group *g)
{
    uint64_t due_ms =
        g->hour.last_now_ms + HOUR_MS - g->hour.part_ms; /* the next hour */
    sooner(&due_ms, control_deadline_ms(g));
    sooner(&due_ms, keys_deadline_ms(g));
    sooner(&due_ms, content_deadline_ms(g));
    return due_ms;
}

uint64_t peer_deadline_ms(const struct peer *p)
{
    if (!p->started)
        return UINT64_MAX;
    uint64_t due_ms = links_deadline_ms(p);
    sooner(&due_ms, near_deadline_ms(p));
    sooner(&due_ms, compare_deadline_ms(p));
    for (uint32_t i = 0; i < p->groups_count; i++)
        if (!p->groups[i]->joining)
            sooner(&due_ms, group_deadline_ms(p->groups[i]));
    return due_ms;
}
