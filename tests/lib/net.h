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
    struct buf held;    /* EV_SENT not given yet, as u32 each; of end 0 */
    bool closed;
};

enum net_what { NET_DATA, NET_ACCEPT, NET_DIALED, NET_SENT, NET_CLOSE, NET_BEACON };

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
    bool off[NET_PEERS_MAX];  /* nobody answers there */
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
    bool air; /* beacons are heard by all others, as from "p<i>" */
    uint64_t beacons[NET_PEERS_MAX];
    struct buf beacon; /* the newest, for the test to keep */
    uint64_t bytes;    /* sent in all */
    /* What is done about a peer whose step failed; NULL: the test ends. */
    void (*fell)(struct net *n, int peer, int err);
};

/* An empty net. */
static inline struct net *net_new(void)
{
    struct net *n = calloc(1, sizeof *n);
    CHECK(n != NULL);
    n->conn = calloc(NET_CONNS_MAX, sizeof *n->conn);
    CHECK(n->conn != NULL);
    return n;
}

/* Let something happen after all that is under way; a.bytes are given. */
static inline void net_push(struct net *n, struct net_act a)
{
    if (n->acts_count == n->acts_cap) {
        n->acts_cap = n->acts_cap ? 2 * n->acts_cap : 64;
        n->acts = realloc(n->acts, n->acts_cap * sizeof *n->acts);
        CHECK(n->acts != NULL);
    }
    n->acts[n->acts_count++] = a;
}

/* The newest connection with this end, and which end it is; -1 if there is none. */
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

/* End `end` of a connection sends `b`. */
static inline void net_send(struct net *n, int c, int end, struct bytes b)
{
    struct net_act a = {.what = NET_DATA, .conn = c, .end = 1 - end};
    CHECK(buf_append(&a.bytes, b, SIZE_MAX / 2) == 0);
    if (n->record || n->conn[c].end[1 - end] == NET_STRANGER)
        CHECK(buf_append(&n->conn[c].sent[end], b, SIZE_MAX / 2) == 0);
    n->bytes += b.n;
    net_push(n, a);
}

/* The peer that listens at `address`, or -1. */
static inline int net_peer_at(struct bytes address)
{
    int to = 0;
    size_t i = 1;
    for (; i < address.n && address.p[i] != ':'; i++) {
        if (address.p[i] < '0' || address.p[i] > '9' || to > NET_PEERS_MAX)
            return -1;
        to = to * 10 + (address.p[i] - '0');
    }
    return address.n > 0 && address.p[0] == 'p' && i > 1 ? to : -1;
}

/* A beacon from `peer`. */
static inline void net_beacon(struct net *n, int peer, struct bytes b)
{
    n->beacons[peer]++;
    n->beacon.n = 0;
    CHECK(buf_append(&n->beacon, b, SIZE_MAX / 2) == 0);
    for (int i = 0; n->air && i < n->count; i++) {
        struct net_act a = {.what = NET_BEACON, .conn = -1, .peer = i, .err = peer};
        if (i == peer || n->off[i])
            continue;
        CHECK(buf_append(&a.bytes, b, SIZE_MAX / 2) == 0);
        net_push(n, a);
    }
}

/* Do what a step wanted. */
static inline void net_effect(struct net *n, int peer, const struct effect *e)
{
    int end = 0, c = e->kind == FX_SEND || e->kind == FX_CLOSE
                         ? net_find(n, peer, e->link, &end)
                         : -1;
    if (e->kind == FX_BEACON) {
        net_beacon(n, peer, e->bytes);
    } else if (e->kind == FX_TELL) {
        n->told[e->tell]++;
        n->told_err = e->tell == TELL_REFUSED ? e->err : n->told_err;
    } else if (e->kind == FX_DIAL) {
        int to = net_peer_at(e->bytes);
        if (e->bytes.n > 0 && e->bytes.p[0] == 't') /* the test answers there */
            (void)net_connect(n, peer, e->link, NET_STRANGER);
        else if (to >= 0 && to < n->count && !n->off[to])
            (void)net_connect(n, peer, e->link, to);
        else
            net_push(n, (struct net_act){.what = NET_DIALED,
                                         .conn = -1,
                                         .peer = peer,
                                         .link = e->link,
                                         .err = ERR_NOANSWER});
    } else if (e->kind == FX_SEND && c >= 0) {
        if (!n->mute[peer])
            net_send(n, c, end, e->bytes);
        if (!n->slow[peer])
            net_push(n, (struct net_act){
                            .what = NET_SENT, .conn = c, .end = end, .n = e->bytes.n});
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
    int err = tp_event(t, ev);
    if (err && n->fell) {
        n->fell(n, peer, err);
        return;
    }
    CHECK(err == 0);
    for (size_t i = 0; i < t->fx.count; i++)
        net_effect(n, peer, &t->fx.list[i]);
}

/* Let one thing happen; a->bytes are freed. */
static inline void net_act(struct net *n, struct net_act *a)
{
    struct net_conn *c = a->conn >= 0 ? &n->conn[a->conn] : NULL;
    int peer = c ? c->end[a->end] : a->peer;
    struct event ev = {.link = c ? c->link[a->end] : a->link, .err = a->err};
    static const enum ev_kind kinds[] = {EV_DATA, EV_ACCEPTED, EV_DIALED,
                                         EV_SENT, EV_CLOSED,   EV_BEACON};
    char host[16];
    ev.kind = kinds[a->what];
    ev.bytes = a->what == NET_SENT ? BYTES(NULL, a->n) : BUF_BYTES(&a->bytes);
    (void)snprintf(host, sizeof host, "p%d", a->err);
    if (a->what == NET_BEACON)
        ev.address = BYTES(host, strlen(host));
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

/* Free the net and its peers. */
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
    buf_free(&n->beacon);
    free(n->acts);
    free(n->conn);
    free(n);
}

#endif
