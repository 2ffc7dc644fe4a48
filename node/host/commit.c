/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* commit.c -- group commit: many steps, one transaction, then what they wanted. */
#include "node/host/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "node/host/api_handle.h"
#include "node/host/beacon.h"
#include "node/host/control.h"
#include "node/host/net.h"
#include "node/host/networks.h"
#include "store/store.h"

enum { PENDING_MAX = 1 << 20, RETRY_MS = 1000, RETRY_MS_MAX = 60 * 1000 };

/* ---- the turn ------------------------------------------------------------ */

static int turn_add(struct host *h, const struct pending *p, struct bytes bytes)
{
    struct turn *t = &h->turn;
    if (t->count == t->cap) {
        size_t cap = t->cap > 0 ? 2 * t->cap : 64;
        struct pending *list = cap <= PENDING_MAX ? calloc(cap, sizeof *list) : NULL;
        if (!list)
            return ERR_NOMEM;
        if (t->count > 0)
            memcpy(list, t->list, t->count * sizeof *list);
        free(t->list);
        t->list = list;
        t->cap = cap;
    }
    size_t at = t->tape.n;
    int err = buf_append(&t->tape, bytes, SIZE_MAX / 2);
    if (err < 0)
        return err;
    t->list[t->count] = *p;
    t->list[t->count].at = at;
    t->list[t->count].n = bytes.n;
    t->count++;
    return 0;
}

/* Copy the effects of a step: they live until the next one only. */
static int turn_keep(struct host *h, const struct effects *fx)
{
    int err = 0;
    for (size_t i = 0; i < fx->count && err == 0; i++) {
        struct pending p = {.fx = fx->list[i]};
        p.fx.bytes = BYTES(NULL, 0);
        err = turn_add(h, &p, fx->list[i].bytes);
    }
    return err;
}

static struct bytes turn_bytes(const struct turn *t, const struct pending *p)
{
    return BYTES(p->n > 0 ? t->tape.p + p->at : NULL, p->n);
}

static void turn_clear(struct turn *t)
{
    t->count = 0;
    t->steps = 0;
    t->taken_bytes = 0;
    if (t->tape.cap > 2 * (size_t)TURN_BYTES_MAX)
        buf_free(&t->tape); /* one large turn must not hold its memory for ever */
    if (t->tape.n > 0)
        wipe(t->tape.p, t->tape.n); /* texts, among others */
    t->tape.n = 0;
}

/* Something for a person: count what status shows, and pass it on. */
static void turn_tell(struct host *h, const struct effect *fx)
{
    if (fx->tell == TELL_ENDED)
        h->ended += fx->row;
    if (fx->tell == TELL_CLOCK)
        h->clock_wrong = true;
    if (fx->tell == TELL_REFUSED) {
        h->refused_group = fx->group;
        h->refused_err = fx->err;
    }
    if (h->told)
        h->told(h->told_ctx, fx);
    control_tell(h, fx);
}

/* The turn is durable (P12.4): let out what it wanted, in order. */
static void turn_do(struct host *h)
{
    struct turn *t = &h->turn;
    for (size_t i = 0; i < t->count; i++) {
        struct pending *p = &t->list[i];
        p->fx.bytes = turn_bytes(t, p);
        if (p->client != 0)
            control_send(h, p->client, p->fx.bytes);
        else if (p->fx.kind == FX_TELL)
            turn_tell(h, &p->fx);
        else if (p->fx.kind == FX_BEACON)
            beacon_send(h, p->fx.bytes);
        else
            net_do(h, &p->fx);
    }
    turn_clear(t);
    net_flush(h);
    control_flush(h);
}

/* Nothing of the turn happened.  Who waits for a reply hears why. */
static void turn_drop(struct host *h, int err)
{
    struct turn *t = &h->turn;
    struct buf reply = {0};
    store_rollback(h->store);
    t->open = false;
    bool have = err < 0 && api_refuse(err, &reply) == 0;
    for (size_t i = 0; i < t->count && have; i++)
        if (t->list[i].client != 0)
            control_send(h, t->list[i].client, BUF_BYTES(&reply));
    buf_free(&reply);
    turn_clear(t);
    control_flush(h);
}

int host_begin(struct host *h)
{
    if (h->turn.open)
        return 0;
    int err = store_begin(h->store);
    h->turn.open = err == 0;
    return err;
}

static int turn_step(struct host *h, struct event *ev)
{
    struct effects fx = {0};
    int err = host_begin(h);
    if (err < 0)
        return err;
    ev->now_ms = host_now_ms(h);
    ev->wall_ms = host_wall_ms(h);
    err = peer_step(h->peer, ev, &fx);
    if (err == 0)
        err = turn_keep(h, &fx);
    h->turn.steps++;
    h->turn.taken_bytes += ev->kind == EV_DATA ? ev->bytes.n : 0;
    return err;
}

static int turn_commit(struct host *h)
{
    if (h->turn.open) {
        int err = store_commit(h->store);
        h->turn.open = false;
        if (err < 0)
            return err;
    }
    if (h->turn.count > 0)
        turn_do(h);
    else
        turn_clear(&h->turn);
    return 0;
}

int host_commit(struct host *h)
{
    int err = turn_commit(h);
    if (err < 0)
        host_fail(h, err);
    return err;
}

/* A turn that grew past its bounds is committed in the middle. */
static int turn_bound(struct host *h)
{
    const struct turn *t = &h->turn;
    if (t->steps < TURN_STEPS_MAX && t->tape.n + t->taken_bytes < TURN_BYTES_MAX)
        return 0;
    return host_commit(h);
}

int host_step(struct host *h, struct event *ev)
{
    if (!h->peer || h->looking)
        return h->trouble < 0 ? h->trouble : ERR_STATE;
    int err = turn_step(h, ev);
    if (err < 0) {
        host_fail(h, err);
        return err;
    }
    return turn_bound(h);
}

void host_event(struct host *h, struct event *ev)
{
    /* A failure has closed the link that this event is of: nobody is left to tell. */
    int err = host_step(h, ev);
    if (err < 0)
        host_wake(h);
}

int host_answer(struct host *h, uint32_t client, struct bytes reply)
{
    struct pending p = {.client = client};
    int err = turn_add(h, &p, reply);
    if (err == 0 && turn_bound(h) < 0)
        host_wake(h); /* the client was told by host_fail */
    return err;
}

void host_later(struct host *h, enum ev_kind kind, uint32_t link, int err)
{
    /* Full only when the core dials or loses hundreds of links in one turn, which
     * LIMIT_LINKS_MAX forbids. */
    CHECK(h->later_count < HOST_LATER_MAX);
    h->later[h->later_count++] = (struct later){kind, link, err};
    host_wake(h);
}

void host_run_later(struct host *h)
{
    struct later todo[HOST_LATER_MAX];
    size_t count = h->later_count;
    memcpy(todo, h->later, count * sizeof todo[0]);
    h->later_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct event ev = {
            .kind = todo[i].kind, .link = todo[i].link, .err = todo[i].err};
        host_event(h, &ev);
    }
}

/* ---- failing and starting anew ------------------------------------------- */

/* Note a failure and when to try again. */
static void failure_note(struct host *h, int err)
{
    uint64_t now = host_now_ms(h);
    if (h->failures > 0 && now - h->failed_ms > HOST_FAILURES_FORGET_MS)
        h->failures = 0;
    h->failures++;
    h->trouble = err;
    h->failed_ms = now;
    uint64_t wait_ms = 0;
    if (h->failures > 1) {
        uint32_t doublings = h->failures < 8 ? h->failures - 2 : 6;
        wait_ms = (uint64_t)RETRY_MS << doublings;
    }
    h->retry_ms = now + (wait_ms < RETRY_MS_MAX ? wait_ms : RETRY_MS_MAX);
}

void host_fail(struct host *h, int err)
{
    turn_drop(h, err);
    net_close_links(h);
    h->later_count = 0; /* events of links that are gone */
    peer_free(h->peer);
    h->peer = NULL;
    h->looking = false;
    failure_note(h, err);
    host_wake(h);
}

/* Tell the core where we listen. */
static int step_addresses(struct host *h)
{
    struct bytes list[LIMIT_ADDRESSES_MAX];
    for (size_t i = 0; i < h->addresses.count; i++)
        list[i] = BYTES(h->addresses.text[i], strlen(h->addresses.text[i]));
    struct command c = {.addresses = list, .addresses_count = h->addresses.count};
    struct event ev = {.kind = EV_ADDRESSES, .command = &c};
    int err = turn_step(h, &ev);
    buf_free(&c.line);
    return err;
}

/* Tell the core whether this network is one of ours. */
static int step_ours(struct host *h)
{
    struct bytes name;
    struct command c = {.kind = CMD_OURS};
    struct event ev = {.kind = EV_COMMAND, .command = &c};
    c.ours = h->beacons.ours = networks_here(h, &name) == NETWORK_OURS;
    return turn_step(h, &ev);
}

/* Make a core from what is committed.  `keep`: its first steps are committed and it
 * goes to work; else they are undone and it serves for looking only. */
static int start_peer(struct host *h, bool keep)
{
    struct peer_config config = {store_log(h->store), h->entropy, h->arena};
    struct event start = {.kind = EV_START};
    int err = peer_new(&h->peer, &config);
    if (err == 0)
        err = turn_step(h, &start);
    if (err == 0 && keep && h->online)
        err = step_addresses(h);
    if (err == 0 && keep && h->online)
        err = step_ours(h);
    if (err == 0 && keep)
        err = turn_commit(h);
    if (err < 0 || !keep)
        turn_drop(h, 0);
    if (err < 0) {
        peer_free(h->peer);
        h->peer = NULL;
    }
    return err;
}

int host_ready(struct host *h, bool now)
{
    if (h->peer && !h->looking)
        return 0;
    if (h->trouble < 0 && !now && host_now_ms(h) < h->retry_ms)
        return h->trouble;
    int before = turn_commit(h); /* replies of a core that was only looked at */
    if (before < 0)
        turn_drop(h, before);
    peer_free(h->peer);
    h->peer = NULL;
    h->looking = false;
    int err = start_peer(h, true);
    if (err == 0)
        return 0;
    net_close_links(h);
    failure_note(h, err);
    h->looking = start_peer(h, false) == 0;
    return err;
}

void host_announce_addresses(struct host *h)
{
    if (!h->peer || h->looking)
        return; /* the next core is told at its start */
    int err = step_addresses(h);
    if (err < 0)
        host_fail(h, err);
}

int host_ready_look(struct host *h)
{
    return h->peer || host_ready(h, true) == 0 || h->looking ? 0 : h->trouble;
}
