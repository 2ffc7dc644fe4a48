/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* guest.h -- an invitation link driven by hand, by somebody who has the line.
 *
 *     guest_call -> guest_enter -> { wire_put_* into hand.out, hand_send }* ->
 *     hand_close(&guest->hand)
 */
#ifndef TESTS_LIB_GUEST_H
#define TESTS_LIB_GUEST_H

#include "crypto/dh.h"
#include "crypto/sign.h"
#include "tests/lib/hand.h"

struct guest {
    struct hand hand;
    struct handshake hs;
    struct invite_line line;
    uint8_t psk[32], v_pk[32], v_sk[64], hash[32], t_sk[32];
    uint8_t nonce[32]; /* for the sentence */
    uint8_t seed;      /* whose keys these are */
    struct wire_join join;
};

/* Connect to peer 0 by `line` and send message 1, with the keys of person `seed`. */
static inline void guest_call(struct guest *x, struct net *n, const struct buf *line,
                              uint8_t seed)
{
    struct entropy_stream stream = {{66}, n->bytes};
    struct entropy entropy = entropy_stream(&stream);
    uint8_t first[HANDSHAKE_1_BYTES];
    memset(x, 0, sizeof *x);
    CHECK(invite_decode(BUF_BYTES(line), &x->line) == 0);
    join_derive(x->psk, x->v_pk, x->v_sk, x->line.v);
    memset(x->t_sk, 3, sizeof x->t_sk);
    x->t_sk[1] = x->seed = seed;
    struct handshake_config c = {LINK_INVITE, x->line.group, x->psk, x->t_sk,
                                 x->line.transport_pk};
    x->hand = (struct hand){.net = n, .conn = net_stranger(n, 0)};
    CHECK(handshake_first(&x->hs, &c, &entropy, first) == 0);
    net_say_raw(n, x->hand.conn, BYTES_OF(first));
}

/* What the guest's sentence is made of, as far as it is known. */
static inline struct sentence guest_sentence(const struct guest *x)
{
    return (struct sentence){.group = x->line.group,
                             .invite_pk = x->v_pk,
                             .host_pk = x->line.transport_pk,
                             .member_pk = x->join.member_pk,
                             .transport_pk = x->join.transport_pk,
                             .prekey_pk = x->join.prekey_pk,
                             .name = x->join.name,
                             .nonce = x->nonce};
}

/* Sign the join as it stands now. */
static inline void guest_sign(struct guest *x, const uint8_t member_sk[static 64])
{
    uint8_t message[160];
    join_signed(message, x->line.group, &x->join);
    CHECK(sign_make(x->join.proof, "join", BYTES(message, 128), member_sk) == 0);
    join_vouched(message, x->hash, &x->join);
    CHECK(sign_make(x->join.signature, "invite", BYTES_OF(message), x->v_sk) == 0);
}

/* Message 2 came: send message 3 and make the join ready.  False: no answer came. */
static inline bool guest_enter(struct guest *x)
{
    struct hand *h = &x->hand;
    uint8_t third[HANDSHAKE_3_BYTES], seed[32] = {8, x->seed}, sk[64];
    if (net_heard(h->net, h->conn).n != HANDSHAKE_2_BYTES)
        return false;
    CHECK(handshake_third(&x->hs, net_heard(h->net, h->conn).p, third) == 0);
    h->heard = HANDSHAKE_2_BYTES;
    CHECK(handshake_split(&x->hs, &h->send, &h->recv, x->hash) == 0);
    net_say_raw(h->net, h->conn, BYTES_OF(third));
    sign_keypair(x->join.member_pk, sk, seed);
    dh_public(x->join.transport_pk, x->t_sk);
    memset(x->join.prekey_pk, 9, 32);
    memset(x->nonce, 7, sizeof x->nonce);
    x->nonce[0] = x->seed;
    x->join.name = BYTES("Guest", 5);
    struct sentence s = guest_sentence(x);
    sentence_commit(x->join.commitment, &s);
    guest_sign(x, sk);
    return true;
}

/* Send the join. */
static inline void guest_join(struct guest *x)
{
    CHECK(wire_put_join(&x->hand.out, &x->join) == 0);
    hand_send(&x->hand);
}

#endif
