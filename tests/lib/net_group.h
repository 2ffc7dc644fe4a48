/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net_group.h -- time on a net, its peers, and what people do in its one group. */
#ifndef TESTS_LIB_NET_GROUP_H
#define TESTS_LIB_NET_GROUP_H

#include "tests/lib/net.h"

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

/* Tell peer `i` where it listens. */
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

/* A person at `peer` wants something; the command's err. */
static inline int net_command(struct net *n, int peer, struct command *c)
{
    struct event ev = {.kind = EV_COMMAND, .command = c};
    net_step(n, peer, &ev);
    return c->err;
}

/* Peer `peer` founds the group; its number there. */
static inline uint32_t net_found(struct net *n, int peer, uint32_t lifetime_hours)
{
    struct command c = {.kind = CMD_GROUP_NEW,
                        .name = TEXT("Circle"),
                        .pseudonym = TEXT("Wren"),
                        .lifetime_hours = lifetime_hours};
    CHECK(net_command(n, peer, &c) == 0);
    return c.group;
}

/* An invitation line of `peer` (given, buf_free). */
static inline struct buf net_line(struct net *n, int peer, uint32_t uses, bool steward)
{
    struct command c = {.kind = CMD_INVITE,
                        .group = 1,
                        .uses = uses,
                        .valid_hours = 48,
                        .steward = steward};
    CHECK(net_command(n, peer, &c) == 0);
    return c.line;
}

/* As net_line, but who comes with it waits for a yes. */
static inline struct buf net_asking(struct net *n, int peer, uint32_t uses)
{
    struct command c = {.kind = CMD_INVITE, .group = 1, .uses = uses, .ask = true};
    c.language = 1;
    CHECK(net_command(n, peer, &c) == 0);
    return c.line;
}

/* Begin to join by `line`; the command's err. */
static inline int net_join(struct net *n, int peer, const struct buf *line,
                           const char *name)
{
    struct command c = {
        .kind = CMD_JOIN, .text = BUF_BYTES(line), .pseudonym = tp_text(name)};
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

/* The group at a peer. */
static inline struct group *net_group(const struct net *n, int peer)
{
    return peer_group(n->peer[peer]->peer, 1);
}

/* Wren (0) and Otter (1) in one group, linked. */
static inline struct net *net_two(void)
{
    struct net *n = net_new();
    (void)net_add(n);
    (void)net_add(n);
    CHECK(net_found(n, 0, 168) == 1);
    net_let_in(n, 0, 1);
    return n;
}

/* Content entries that a peer holds. */
static inline uint64_t net_entries(const struct net *n, int peer)
{
    struct peer_status s;
    peer_status(n->peer[peer]->peer, &s);
    return s.entries;
}

/* How often a bound refused something at a peer. */
static inline uint64_t net_limited(const struct net *n, int peer)
{
    return n->peer[peer]->peer->limited;
}

/* A person at `peer` says `text`; the command's err. */
static inline int net_say(struct net *n, int peer, const char *text)
{
    struct command c = {.kind = CMD_SAY,
                        .group = 1,
                        .text = tp_text(text),
                        .lifetime_hours = UINT32_MAX};
    return net_command(n, peer, &c);
}

#endif
