/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* peer_step.c -- one step: hours, event, due work, links, keys written, effects. */
#include <string.h>

#include "node/core/compare.h"
#include "node/core/content_int.h"
#include "node/core/near.h"
#include "node/core/peer_int.h"

static int hours_advance(struct peer *p)
{
    int err = 0;
    for (uint32_t i = 0; i < p->groups_count && !err; i++)
        if (!p->groups[i]->joining)
            err = hour_advance(p->groups[i]);
    return err;
}

/* A card that cannot be posted now (a right, a bound) is no reason to fall. */
static int addresses_post(struct group *g)
{
    struct peer *p = g->peer;
    struct bytes list[LIMIT_ADDRESSES_MAX];
    if (g->joining || !member_me(g))
        return 0;
    for (uint32_t i = 0; i < p->addresses_count; i++)
        list[i] = BUF_BYTES(&p->addresses[i]);
    int err = card_post_addresses(g, list, p->addresses_count);
    return err_is_fatal(err) ? err : 0;
}

static int addresses_take(struct peer *p, const struct command *c)
{
    int err = 0;
    p->addresses_count = 0;
    for (size_t i = 0; c && i < c->addresses_count && !err; i++) {
        if (p->addresses_count == LIMIT_ADDRESSES_MAX ||
            c->addresses[i].n > LIMIT_ADDRESS_BYTES_MAX || c->addresses[i].n == 0) {
            p->limited++;
            continue;
        }
        struct buf *to = &p->addresses[p->addresses_count++];
        to->n = 0;
        err = buf_append(to, c->addresses[i], LIMIT_ADDRESS_BYTES_MAX);
    }
    for (uint32_t i = 0; i < p->groups_count && !err; i++)
        err = addresses_post(p->groups[i]);
    return err;
}

static int group_tick(struct group *g)
{
    if (g->joining)
        return 0;
    int err = control_tick(g);
    if (!err)
        err = keys_tick(g);
    return err ? err : content_tick(g);
}

/* Work that cannot be done now in one group (a bound, a key) keeps no other one from
 * its own: it is tried at the next tick. */
static int groups_tick(struct peer *p)
{
    for (uint32_t i = 0; i < p->groups_count; i++) {
        int err = group_tick(p->groups[i]);
        if (err_is_fatal(err))
            return err;
    }
    return 0;
}

/* Control entries came: keys may have, so sealed entries are tried; and a group that we
 * are new in learns where we are. */
static int groups_settle(struct peer *p)
{
    int err = 0;
    for (uint32_t i = 0; i < p->groups_count && !err; i++) {
        struct group *g = p->groups[i];
        if (g->joining || g->content->control_seen == control_count(g))
            continue;
        err = p->addresses_count ? addresses_post(g) : 0;
        if (!err)
            err = content_reopen(g);
    }
    return err;
}

static int event_handle(struct peer *p, const struct event *ev)
{
    switch (ev->kind) {
    case EV_START: return 0;
    case EV_ACCEPTED:
    case EV_DIALED:
    case EV_DATA:
    case EV_SENT:
    case EV_CLOSED: return links_event(p, ev);
    case EV_ADDRESSES: return addresses_take(p, ev->command);
    case EV_COMMAND: return peer_command(p, ev->command);
    case EV_TICK: return 0;
    case EV_BEACON: return near_heard(p, ev);
    }
    return 0;
}

static int keys_written(struct peer *p)
{
    int err = 0;
    for (uint32_t i = 0; i < p->groups_count && !err; i++)
        err = keys_flush(p->groups[i]);
    return err;
}

static int step_body(struct peer *p, const struct event *ev)
{
    int err = 0;
    if (ev->kind == EV_START && !p->started)
        err = peer_start(p);
    if (!err && !p->started)
        err = ERR_STATE;
    if (!err)
        err = hours_advance(p);
    if (!err)
        err = event_handle(p, ev);
    if (!err && (ev->kind == EV_TICK || ev->kind == EV_START))
        err = groups_tick(p);
    if (!err)
        err = groups_settle(p);
    if (!err)
        err = compare_tick(p);
    if (!err)
        err = links_tick(p);
    if (!err)
        err = near_tick(p);
    return err ? err : keys_written(p);
}

int peer_step(struct peer *p, const struct event *ev, struct effects *out)
{
    fx_reset(p);
    out->list = NULL;
    out->count = 0;
    if (ev->now_ms > p->now_ms)
        p->now_ms = ev->now_ms;
    p->wall_ms = ev->wall_ms;
    int err = step_body(p, ev);
    if (!err)
        fx_finish(p, out);
    return err;
}
