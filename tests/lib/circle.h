/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* circle.h -- several peers in one group, their control plane carried by hand.
 *
 *     circle_found -> { circle_join, circle_carry, ... }* -> circle_end
 *
 * No connection exists: what one holds is handed to another through the same functions
 * that a link calls, inside transactions.
 */
#ifndef TESTS_LIB_CIRCLE_H
#define TESTS_LIB_CIRCLE_H

#include "crypto/dh.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "node/core/card_int.h"
#include "node/core/control_int.h"
#include "node/core/keys_int.h"
#include "tests/lib/coretest.h"

enum { CIRCLE_MAX = 8 };

struct circle {
    struct tp *tp[CIRCLE_MAX];
    uint32_t number[CIRCLE_MAX]; /* of the group at each peer */
    int count;
};

/* The group at peer `i`. */
static inline struct group *circle_group(const struct circle *c, int i)
{
    struct group *g = peer_group(c->tp[i]->peer, c->number[i]);
    CHECK(g);
    return g;
}

/* Begin a transaction of peer `i`. */
static inline void circle_begin(const struct circle *c, int i)
{
    memlog_begin(c->tp[i]->log);
}

/* End a transaction as a step does: keys are written. */
static inline void circle_commit(const struct circle *c, int i)
{
    CHECK(keys_flush(circle_group(c, i)) == 0);
    memlog_commit(c->tp[i]->log);
}

/* One peer and its group. */
static inline void circle_found(struct circle *c, uint32_t lifetime_hours)
{
    *c = (struct circle){.count = 1};
    c->tp[0] = tp_new(1);
    c->number[0] = tp_found(c->tp[0], "Circle", lifetime_hours);
}

/* Free all peers. */
static inline void circle_end(struct circle *c)
{
    for (int i = 0; i < c->count; i++)
        tp_free(c->tp[i]);
}

struct circle_visit {
    struct group *to;
    int taken;
};

/* A visitor that hands a page on. */
static inline int circle_page(void *ctx, const uint8_t hash[32], struct bytes page)
{
    struct circle_visit *v = ctx;
    (void)hash;
    int err = keys_take_page(v->to, page, 0);
    v->taken += err == 0;
    return err == 1 || err == ERR_NOTFOUND ? 0 : err;
}

/* A visitor that hands a card on. */
static inline int circle_card(void *ctx, const uint8_t id[32], struct bytes card)
{
    struct circle_visit *v = ctx;
    (void)id;
    int err = card_take(v->to, card, 0);
    v->taken += err == 0;
    return err == 1 || err == ERR_NOTFOUND ? 0 : err;
}

/* Hand control entries of peer `from` to peer `to`; how many were new. */
static inline int circle_carry_control(struct circle *c, int from, int to)
{
    struct group *a = circle_group(c, from), *b = circle_group(c, to);
    int taken = 0;
    circle_begin(c, to);
    for (uint32_t i = 0; i < control_count(a); i++) {
        int err = control_take(b, control_at(a, i)->whole, 0);
        CHECK(err == 0 || err == 1);
        taken += err == 0;
    }
    circle_commit(c, to);
    return taken;
}

/* Hand everything but content from one to the other; how much was new. */
static inline int circle_carry(struct circle *c, int from, int to)
{
    struct group *a = circle_group(c, from);
    struct circle_visit v = {circle_group(c, to), 0};
    v.taken = circle_carry_control(c, from, to);
    circle_begin(c, to);
    CHECK(keys_pages(a, circle_page, &v) == 0);
    CHECK(card_all(a, circle_card, &v) == 0);
    circle_commit(c, to);
    return v.taken;
}

/* Hand everything around until nobody learns anything. */
static inline void circle_settle(struct circle *c)
{
    int news = 1;
    while (news > 0) {
        news = 0;
        for (int i = 0; i < c->count; i++)
            for (int j = 0; j < c->count; j++)
                if (i != j)
                    news += circle_carry(c, i, j);
    }
}

/* Let time pass for all of them, in steps, without carrying. */
static inline void circle_pass(struct circle *c, uint64_t ms)
{
    for (int i = 0; i < c->count; i++)
        CHECK(tp_pass(c->tp[i], ms) == 0);
}

/* The newcomer's own word (P4.8). */
static inline void circle_proof(const struct group *g, const uint8_t prekey[32],
                                uint8_t proof[64])
{
    uint8_t message[128];
    memcpy(message, g->id, 32);
    memcpy(message + 32, g->member_pk, 32);
    memcpy(message + 64, g->transport_pk, 32);
    memcpy(message + 96, prekey, 32);
    CHECK(sign_make(proof, "join", BYTES_OF(message), g->secrets->member_sk) == 0);
}

/* A newcomer's empty group at a new peer. */
static inline int circle_arrive(struct circle *c, const struct group *host,
                                uint8_t prekey[32])
{
    int n = c->count++;
    struct group *g = NULL;
    CHECK(n < CIRCLE_MAX);
    c->tp[n] = tp_new((uint8_t)(n + 1));
    c->tp[n]->now_ms = c->tp[0]->now_ms;
    memlog_begin(c->tp[n]->log);
    CHECK(group_new(c->tp[n]->peer, host->id, &g) == 0);
    c->number[n] = g->number;
    memcpy(g->id, host->id, 32);
    g->lifetime_hours = host->lifetime_hours;
    g->joining = true;
    CHECK(keys_make_prekey(g, prekey) == 0);
    CHECK(group_save(g) == 0);
    circle_commit(c, n);
    return n;
}

/* Peer `by` adds a new peer, which takes its welcome; its number in the circle. */
static inline int circle_join(struct circle *c, int by, uint8_t role)
{
    struct group *host = circle_group(c, by);
    uint8_t prekey[32], proof[64];
    struct invite_view invite = {.uses = 9, .end_hour = UINT32_MAX, .role = role};
    struct buf box = {0};
    int n = circle_arrive(c, host, prekey);
    struct group *g = circle_group(c, n);
    invite.v_pk[0] = (uint8_t)n;
    circle_proof(g, prekey, proof);
    circle_begin(c, by);
    CHECK(keys_post_add(
              host,
              &(struct newcomer){g->member_pk, g->transport_pk, prekey, proof, false},
              &invite, &box) == 0);
    circle_commit(c, by);
    (void)circle_carry_control(c, by, n);
    circle_begin(c, n);
    CHECK(keys_open_welcome(g, BUF_BYTES(&box)) == 0);
    g->joining = false;
    CHECK(group_save(g) == 0);
    circle_commit(c, n);
    buf_free(&box);
    return n;
}

/* A group of `count` members for talk of a week, all of whom know the same. */
static inline void circle_of(struct circle *c, int count)
{
    circle_found(c, 168);
    while (c->count < count)
        (void)circle_join(c, 0, ROLE_MEMBER);
    circle_settle(c);
}

/* Peer `i` rekeys. */
static inline void circle_rekey(struct circle *c, int i)
{
    circle_begin(c, i);
    CHECK(keys_post_rekey(circle_group(c, i)) == 0);
    circle_commit(c, i);
}

/* Peer `i` takes what it would seal the next message with; the error of keys_send. */
static inline int circle_send(struct circle *c, int i, struct key_send *out)
{
    circle_begin(c, i);
    int err = keys_send(circle_group(c, i), out);
    circle_commit(c, i);
    return err;
}

/* Peer `i` takes the leaf of a message; the error of keys_take_leaf. */
static inline int circle_take(struct circle *c, int i, const struct key_ref *ref,
                              uint8_t leaf[32])
{
    circle_begin(c, i);
    int err = keys_take_leaf(circle_group(c, i), ref, leaf);
    circle_commit(c, i);
    return err;
}

#endif
