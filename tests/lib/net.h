/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net.h -- a few peers wired to one another in memory, without delay, for unit tests;
 * and strangers: connections whose far end is the test itself.
 *
 *     net_new -> { net_add, net_run, net_stranger, ... }* -> net_free
 *
 * Peer i listens at "p<i>:1", the test at "t:1".  Every step is one transaction.
 */
#ifndef TESTS_LIB_NET_H
#define TESTS_LIB_NET_H

#include <stdio.h>

#include "node/core/link_int.h"
#include "tests/lib/coretest.h"

enum { NET_PEERS_MAX = 24, NET_CONNS_MAX = 4096, NET_STRANGER = -1, NET_GONE = -2 };

struct net_conn {
    int end[2]; /* peers; NET_STRANGER, NET_GONE */
    uint32_t link[2];
    struct buf sent[2]; /* what each end sent, all of it, if the net records */
    struct buf held; /* EV_SENT not given yet, as u32 each; of end 0 */
    bool closed;
};

enum net_what { NET_DATA, NET_ACCEPT, NET_DIALED, NET_SENT, NET_CLOSE };

struct net_act {
    enum net_what what;
    int conn, end, err; /* end: who hears of it */
    uint32_t link;
    int peer;
    struct buf bytes;
    size_t n;
};

struct net {
    struct tp *peer[NET_PEERS_MAX];
    bool off[NET_PEERS_MAX]; /* nobody answers there */
    bool slow[NET_PEERS_MAX]; /* what it sends is not reported as sent */
    bool mute[NET_PEERS_MAX]; /* what it sends is lost */
    uint32_t next_odd[NET_PEERS_MAX];
    int count;
    struct net_conn *conn;
    int conns;
    struct net_act *acts;
    size_t acts_count, acts_at, acts_cap;
    int told[32]; /* how often each tell came, all peers */
    int told_err; /* of the last TELL_REFUSED */
    bool record;
    uint64_t bytes; /* sent in all */
};

static inline struct net *net_new(void)
{
    struct net *n = calloc(1, sizeof *n);
    CHECK(n != NULL);
    n->conn = calloc(NET_CONNS_MAX, sizeof *n->conn);
    CHECK(n->conn != NULL);
    return n;
}

static inline void net_push(struct net *n, struct net_act a)
{
    if (n->acts_count == n->acts_cap) {
        n->acts_cap = n->acts_cap ? 2 * n->acts_cap : 64;
        n->acts = realloc(n->acts, n->acts_cap * sizeof *n->acts);
        CHECK(n->acts != NULL);
    }
    n->acts[n->acts_count++] = a;
}

static inline int net_find(const struct net *n, int peer, uint32_t link, int *end)
{
    for (int c = n->conns - 1; c >= 0; c--)
        for (int e = 0; e < 2; e++)
            if (n->conn[c].end[e] == peer && n->conn[c].link[e] == link) {
                *end = e;
                return c;
            }
    return -1;
}

/* A connection from `from` (NET_STRANGER: the test) to peer `to`; its number. */
static inline int net_connect(struct net *n, int from, uint32_t link, int to)
{
    CHECK(n->conns < NET_CONNS_MAX);
    int c = n->conns++;
    n->conn[c] = (struct net_conn){.end = {from, to}, .link = {link, 0}};
    if (to >= 0) {
        n->conn[c].link[1] = n->next_odd[to];
        n->next_odd[to] += 2;
        net_push(n, (struct net_act){.what = NET_ACCEPT, .conn = c, .end = 1});
    }
    if (from >= 0)
        net_push(n, (struct net_act){.what = NET_DIALED, .conn = c, .end = 0});
    return c;
}

static inline void net_send(struct net *n, int c, int end, struct bytes b)
{
    struct net_act a = {.what = NET_DATA, .conn = c, .end = 1 - end};
    CHECK(buf_append(&a.bytes, b, SIZE_MAX / 2) == 0);
    if (n->record || n->conn[c].end[1 - end] == NET_STRANGER)
        CHECK(buf_append(&n->conn[c].sent[end], b, SIZE_MAX / 2) == 0);
    n->bytes += b.n;
    net_push(n, a);
}

static inline void net_effect(struct net *n, int peer, const struct effect *e)
{
    int end = 0, c = e->kind == FX_SEND || e->kind == FX_CLOSE
                         ? net_find(n, peer, e->link, &end)
                         : -1;
    if (e->kind == FX_TELL) {
        n->told[e->tell]++;
        n->told_err = e->tell == TELL_REFUSED ? e->err : n->told_err;
    } else if (e->kind == FX_DIAL) {
        int to = e->bytes.n > 1 ? atoi((const char *)e->bytes.p + 1) : -1;
        if (e->bytes.n > 0 && e->bytes.p[0] == 't') /* the test answers there */
            (void)net_connect(n, peer, e->link, NET_STRANGER);
        else if (to >= 0 && to < n->count && !n->off[to])
            (void)net_connect(n, peer, e->link, to);
        else
            net_push(n, (struct net_act){.what = NET_DIALED, .conn = -1, .peer = peer,
                                         .link = e->link, .err = ERR_NOANSWER});
    } else if (e->kind == FX_SEND && c >= 0) {
        if (!n->mute[peer])
            net_send(n, c, end, e->bytes);
        if (!n->slow[peer])
            net_push(n, (struct net_act){.what = NET_SENT, .conn = c, .end = end,
                                         .n = e->bytes.n});
    } else if (e->kind == FX_CLOSE && c >= 0) {
        n->conn[c].closed = true;
        n->conn[c].end[end] = NET_GONE;
        net_push(n, (struct net_act){.what = NET_CLOSE, .conn = c, .end = 1 - end});
    }
}

/* One step of a peer. */
static inline void net_step(struct net *n, int peer, struct event *ev)
{
    struct tp *t = n->peer[peer];
    CHECK(tp_event(t, ev) == 0);
    for (size_t i = 0; i < t->fx.count; i++)
        net_effect(n, peer, &t->fx.list[i]);
}

static inline void net_act(struct net *n, struct net_act *a)
{
    struct net_conn *c = a->conn >= 0 ? &n->conn[a->conn] : NULL;
    int peer = c ? c->end[a->end] : a->peer;
    struct event ev = {.link = c ? c->link[a->end] : a->link, .err = a->err};
    static const enum ev_kind kinds[] = {EV_DATA, EV_ACCEPTED, EV_DIALED, EV_SENT,
                                         EV_CLOSED};
    ev.kind = kinds[a->what];
    ev.bytes = a->what == NET_SENT ? BYTES(NULL, a->n) : BUF_BYTES(&a->bytes);
    if (peer >= 0)
        net_step(n, peer, &ev);
    if (a->what == NET_CLOSE && c)
        c->end[a->end] = NET_GONE;
    buf_free(&a->bytes);
}

/* Let everything arrive. */
static inline void net_drain(struct net *n)
{
    while (n->acts_at < n->acts_count) {
        struct net_act a = n->acts[n->acts_at++];
        net_act(n, &a);
    }
    n->acts_at = n->acts_count = 0;
}

/* Let `ms` pass; every peer gets its ticks. */
static inline void net_run(struct net *n, uint64_t ms)
{
    uint64_t now = n->peer[0]->now_ms, end = now + ms;
    for (int guard = 0;; guard++) {
        net_drain(n);
        int next = 0;
        uint64_t due = UINT64_MAX;
        for (int i = 0; i < n->count; i++) {
            uint64_t at = peer_deadline_ms(n->peer[i]->peer);
            if (!n->off[i] && at < due) {
                due = at;
                next = i;
            }
        }
        uint64_t to = due < end ? (due > now ? due : now) : end;
        for (int i = 0; i < n->count; i++) {
            n->peer[i]->now_ms += to - now;
            n->peer[i]->wall_ms += to - now;
        }
        guard = to > now ? 0 : guard;
        CHECK(guard < 1000); /* a deadline that never moves */
        now = to;
        if (due >= end)
            return;
        struct event ev = {.kind = EV_TICK};
        net_step(n, next, &ev);
    }
}

static inline void net_address(struct net *n, int i)
{
    char text[16];
    snprintf(text, sizeof text, "p%d:1", i);
    struct bytes address = BYTES(text, strlen(text));
    struct command c = {.addresses = &address, .addresses_count = 1};
    struct event ev = {.kind = EV_ADDRESSES, .command = &c};
    net_step(n, i, &ev);
}

/* Another peer; its number. */
static inline int net_add(struct net *n)
{
    CHECK(n->count < NET_PEERS_MAX);
    int i = n->count++;
    n->peer[i] = tp_new((uint8_t)(i + 1));
    n->peer[i]->now_ms = n->peer[0]->now_ms;
    n->peer[i]->wall_ms = n->peer[0]->wall_ms;
    n->next_odd[i] = 1;
    net_address(n, i);
    return i;
}

/* All connections of a peer break; both ends hear of it, or only the others. */
static inline void net_cut(struct net *n, int peer, bool both)
{
    net_drain(n);
    for (int c = 0; c < n->conns; c++) {
        struct net_conn *k = &n->conn[c];
        if (k->end[0] != peer && k->end[1] != peer)
            continue;
        for (int e = 0; e < 2; e++)
            if (k->end[e] >= 0 && (both || k->end[e] != peer))
                net_push(n, (struct net_act){.what = NET_CLOSE, .conn = c, .end = e});
            else if (k->end[e] == peer)
                k->end[e] = NET_GONE;
    }
    net_drain(n);
}

/* Power cut and start. */
static inline void net_restart(struct net *n, int peer)
{
    while (n->acts_at < n->acts_count) /* what was under way is lost */
        buf_free(&n->acts[n->acts_at++].bytes);
    net_cut(n, peer, false);
    tp_restart(n->peer[peer]);
    for (size_t i = 0; i < n->peer[peer]->fx.count; i++)
        net_effect(n, peer, &n->peer[peer]->fx.list[i]);
    net_address(n, peer);
}

static inline int net_command(struct net *n, int peer, struct command *c)
{
    struct event ev = {.kind = EV_COMMAND, .command = c};
    net_step(n, peer, &ev);
    return c->err;
}

static inline uint32_t net_found(struct net *n, int peer, uint32_t lifetime_hours)
{
    struct command c = {.kind = CMD_GROUP_NEW, .name = TEXT("Circle"),
                        .pseudonym = TEXT("Wren"), .lifetime_hours = lifetime_hours};
    CHECK(net_command(n, peer, &c) == 0);
    return c.group;
}

/* An invitation line of `peer` (given, buf_free). */
static inline struct buf net_line(struct net *n, int peer, uint32_t uses, bool steward)
{
    struct command c = {.kind = CMD_INVITE, .group = 1, .uses = uses, .valid_hours = 48,
                        .steward = steward};
    CHECK(net_command(n, peer, &c) == 0);
    return c.line;
}

/* Begin to join by `line`; the command's err. */
static inline int net_join(struct net *n, int peer, const struct buf *line,
                           const char *name)
{
    struct command c = {.kind = CMD_JOIN, .text = BUF_BYTES(line),
                        .pseudonym = tp_text(name)};
    return net_command(n, peer, &c);
}

/* Peer `to` joins the group of peer `from`, whole. */
static inline void net_let_in(struct net *n, int from, int to)
{
    char name[16];
    snprintf(name, sizeof name, "Bird %d", to);
    struct buf line = net_line(n, from, 1, false);
    CHECK(net_join(n, to, &line, name) == 0);
    buf_free(&line);
    net_run(n, 5000);
}

static inline struct group *net_group(const struct net *n, int peer)
{
    return peer_group(n->peer[peer]->peer, 1);
}

static inline uint64_t net_entries(const struct net *n, int peer)
{
    struct peer_status s;
    peer_status(n->peer[peer]->peer, &s);
    return s.entries;
}

static inline uint64_t net_limited(const struct net *n, int peer)
{
    return n->peer[peer]->peer->limited;
}

static inline int net_say(struct net *n, int peer, const char *text)
{
    struct command c = {.kind = CMD_SAY, .group = 1, .text = tp_text(text),
                        .lifetime_hours = UINT32_MAX};
    return net_command(n, peer, &c);
}

/* A connection of the test to peer `to`. */
static inline int net_stranger(struct net *n, int to)
{
    int c = net_connect(n, NET_STRANGER, 0, to);
    net_drain(n);
    return c;
}

/* The test says something on its connection. */
static inline void net_say_raw(struct net *n, int c, struct bytes b)
{
    net_send(n, c, 0, b);
    net_drain(n);
}

/* What came back to the test on its connection. */
static inline struct bytes net_heard(const struct net *n, int c)
{
    return BUF_BYTES(&n->conn[c].sent[1]);
}

static inline void net_free(struct net *n)
{
    while (n->acts_at < n->acts_count)
        buf_free(&n->acts[n->acts_at++].bytes);
    for (int i = 0; i < n->count; i++)
        tp_free(n->peer[i]);
    for (int c = 0; c < n->conns; c++) {
        buf_free(&n->conn[c].sent[0]);
        buf_free(&n->conn[c].sent[1]);
    }
    free(n->acts);
    free(n->conn);
    free(n);
}

#endif
