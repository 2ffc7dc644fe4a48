/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* hand.h -- a member's link driven by hand: the test speaks with that member's keys and
 * may say what no honest peer would.
 *
 *     hand_open -> { wire_put_* into hand->out, hand_send, hand_next }* -> hand_close
 */
#ifndef TESTS_LIB_HAND_H
#define TESTS_LIB_HAND_H

#include "tests/lib/net_group.h"

struct hand {
    struct net *net;
    int conn;
    struct noise_cipher send, recv;
    struct frame_reader frames;
    struct buf out, in; /* message streams */
    size_t heard, at;   /* bytes of the connection read, bytes of `in` read */
};

/* Send what stands in h->out. */
static inline void hand_send(struct hand *h)
{
    struct buf wire = {0};
    CHECK(frame_seal(&h->send, BUF_BYTES(&h->out), &wire, SIZE_MAX / 2) == 0);
    h->out.n = 0;
    net_say_raw(h->net, h->conn, BUF_BYTES(&wire));
    buf_free(&wire);
}

/* True if the other side has closed the link. */
static inline bool hand_closed(const struct hand *h)
{
    return h->net->conn[h->conn].closed;
}

/* The next message that came, false if there is none. Lent until the next call. */
static inline bool hand_next(struct hand *h, struct wire_message *m)
{
    struct bytes all = net_heard(h->net, h->conn), message;
    size_t used = 0;
    buf_consume(&h->in, h->at);
    h->at = 0;
    CHECK(frame_feed(&h->frames, &h->recv, BYTES(all.p + h->heard, all.n - h->heard),
                     &h->in, SIZE_MAX / 2) == 0);
    h->heard = all.n;
    if (wire_next(BUF_BYTES(&h->in), &message, &used) != 1)
        return false;
    h->at = used;
    CHECK(wire_decode(message, m) == 0);
    return true;
}

/* How many messages of `type` came; all that came are read. */
static inline int hand_count(struct hand *h, uint8_t type)
{
    struct wire_message m;
    int count = 0;
    while (hand_next(h, &m))
        count += m.type == type;
    return count;
}

/* A live link to peer `to` with the keys of peer `as`, who is off from now on. */
static inline void hand_open(struct hand *h, struct net *n, int as, int to)
{
    struct handshake hs;
    struct group *g = net_group(n, as);
    struct entropy_stream stream = {{88}, n->bytes};
    struct entropy entropy = entropy_stream(&stream);
    uint8_t psk0[32], first[HANDSHAKE_1_BYTES], third[HANDSHAKE_3_BYTES], hash[32];
    CHECK(keys_acc_at(g, 0, psk0));
    struct handshake_config c = {LINK_MEMBER, g->id, psk0, g->secrets->transport_sk,
                                 net_group(n, to)->transport_pk};
    net_cut(n, as, true);
    n->off[as] = true;
    *h = (struct hand){.net = n, .conn = net_stranger(n, to)};
    CHECK(handshake_first(&hs, &c, &entropy, first) == 0);
    net_say_raw(n, h->conn, BYTES_OF(first));
    CHECK(net_heard(n, h->conn).n == HANDSHAKE_2_BYTES);
    CHECK(handshake_third(&hs, net_heard(n, h->conn).p, third) == 0);
    h->heard = HANDSHAKE_2_BYTES;
    CHECK(handshake_split(&hs, &h->send, &h->recv, hash) == 0);
    net_say_raw(n, h->conn, BYTES_OF(third));
    struct wire_hello hello = {.version = 1, .hour = g->hour.hour};
    CHECK(wire_put_hello(&h->out, &hello) == 0);
    hand_send(h);
}

/* Free. */
static inline void hand_close(struct hand *h)
{
    frame_free(&h->frames);
    buf_free(&h->out);
    buf_free(&h->in);
}

#endif
