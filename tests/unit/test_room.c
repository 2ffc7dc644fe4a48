/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_room.c -- who gets a place and who gives it up: strangers in numbers, people
 * with somebody's invitation line, members who only begin (P6.8, P9.5, P9.10).
 */
#include "tests/lib/t.h"

#include "tests/lib/guest.h"

static bool closed(const struct net *n, int conn)
{
    return n->conn[conn].closed;
}

static uint32_t links(const struct net *n, int peer)
{
    return n->peer[peer]->peer->links->count;
}

static void guests_end(struct guest *x, int count)
{
    for (int i = 0; i < count; i++)
        hand_close(&x[i].hand);
}

/* ---- invitations ----------------------------------------------------------------- */

/* LIMIT_GUESTS_MAX: those who only shake hands push out one another. */
T_CASE(guests_without_a_join_are_few)
{
    enum { CAME = 70 };
    static struct guest x[CAME];
    struct net *n = net_two();
    struct buf line = net_line(n, 0, 3, false);
    uint64_t limited = net_limited(n, 0);
    for (int i = 0; i < CAME; i++) {
        guest_call(&x[i], n, &line, 1);
        T_NEED(guest_enter(&x[i]));
    }
    for (int i = 0; i < CAME; i++) {
        T_NOTE("guest %d", i);
        T_EQ(closed(n, x[i].hand.conn), i < CAME - LIMIT_GUESTS_MAX);
        T_EQ(net_heard(n, x[i].hand.conn).n, HANDSHAKE_2_BYTES);
    }
    T_EQ(net_limited(n, 0) - limited, CAME - LIMIT_GUESTS_MAX);
    T_EQ(links(n, 0), 1 + LIMIT_GUESTS_MAX);
    T_EQ(links_count(n->peer[0]->peer, 1), 1);
    guest_join(&x[CAME - 1]); /* and who does join is let in */
    T_EQ(member_count(net_group(n, 0)), 3);
    guests_end(x, CAME);
    buf_free(&line);
    net_free(n);
}

/* The bound holds from message 2 on: message 3 may never come. */
T_CASE(guests_who_stop_half_way_count_too)
{
    enum { CAME = 20 };
    static struct guest x[CAME];
    struct net *n = net_two();
    struct buf line = net_line(n, 0, 1, false);
    for (int i = 0; i < CAME; i++)
        guest_call(&x[i], n, &line, 1);
    for (int i = 0; i < CAME; i++)
        T_EQ(closed(n, x[i].hand.conn), i < CAME - LIMIT_GUESTS_MAX);
    guests_end(x, CAME);
    buf_free(&line);
    net_free(n);
}

/* Who holds one line shows out none who came by another. */
T_CASE(one_invitation_does_not_crowd_out_another)
{
    enum { CAME = 30 };
    static struct guest x[CAME];
    struct net *n = net_two();
    struct buf line = net_line(n, 0, 1, false), other = net_line(n, 0, 1, false);
    struct guest honest;
    guest_call(&honest, n, &other, 2);
    T_NEED(guest_enter(&honest));
    for (int i = 0; i < CAME; i++) {
        guest_call(&x[i], n, &line, 1);
        T_NEED(guest_enter(&x[i]));
    }
    T(!closed(n, honest.hand.conn));
    guest_join(&honest);
    T_EQ(member_count(net_group(n, 0)), 3);
    guests_end(x, CAME);
    hand_close(&honest.hand);
    buf_free(&line);
    buf_free(&other);
    net_free(n);
}

/* Thirty seconds, whatever bytes come. */
T_CASE(a_guest_must_join_soon)
{
    struct net *n = net_two();
    struct buf line = net_line(n, 0, 1, false);
    struct guest quiet, busy;
    guest_call(&quiet, n, &line, 1);
    guest_call(&busy, n, &line, 2);
    T_NEED(guest_enter(&quiet) && guest_enter(&busy));
    for (int s = 0; s < 29; s++) {
        net_say_raw(n, busy.hand.conn,
                    BYTES("x", s < 17)); /* less than a frame's head */
        net_run(n, 1000);
    }
    T(!closed(n, quiet.hand.conn));
    T(!closed(n, busy.hand.conn));
    net_run(n, 1001);
    T(closed(n, quiet.hand.conn));
    T(closed(n, busy.hand.conn));
    hand_close(&quiet.hand);
    hand_close(&busy.hand);
    buf_free(&line);
    net_free(n);
}

/* A stranger goes before a guest; a guest counts among those who proved nothing. */
T_CASE(guests_are_counted_and_go_after_strangers)
{
    static struct guest x[LIMIT_GUESTS_MAX];
    int c[LIMIT_LINKS_MAX];
    struct net *n = net_two();
    struct buf line = net_line(n, 0, 1, false);
    for (int i = 0; i < LIMIT_GUESTS_MAX; i++) {
        guest_call(&x[i], n, &line, 1);
        T_NEED(guest_enter(&x[i]));
    }
    for (int i = 0; i < LIMIT_LINKS_MAX; i++)
        c[i] = net_stranger(n, 0);
    T_EQ(links(n, 0), 1 + LIMIT_HANDSHAKES_MAX);
    for (int i = 0; i < LIMIT_GUESTS_MAX; i++)
        T(!closed(n, x[i].hand.conn));
    T(closed(n, c[0]));
    T(!closed(n, c[LIMIT_LINKS_MAX - 1]));
    T_EQ(links_count(n->peer[0]->peer, 1), 1);
    guests_end(x, LIMIT_GUESTS_MAX);
    buf_free(&line);
    net_free(n);
}

/* ---- newcomers ------------------------------------------------------------------- */

enum { PARTY = LIMIT_WELCOMES_MAX };

/* So many come and stay, each welcomed. */
static void party(struct guest *x, struct net *n, const struct buf *line)
{
    for (int i = 0; i < PARTY; i++) {
        guest_call(&x[i], n, line, (uint8_t)(i + 1));
        T_NEED(guest_enter(&x[i]));
        guest_join(&x[i]);
        T(hand_count(&x[i].hand, WIRE_WELCOME) > 0);
    }
}

/* LIMIT_WELCOMES_MAX: one more is told to try later, and nothing is written for it. */
T_CASE(newcomers_are_welcomed_so_many_at_once)
{
    static struct guest x[PARTY];
    struct net *n = net_two();
    struct buf line = net_line(n, 0, PARTY + 2, false);
    struct guest last;
    struct wire_message m;
    party(x, n, &line);
    T_EQ(member_count(net_group(n, 0)), 2 + PARTY);
    uint32_t entries = control_count(net_group(n, 0));
    uint64_t limited = net_limited(n, 0);
    guest_call(&last, n, &line, PARTY + 1);
    T_NEED(guest_enter(&last));
    guest_join(&last);
    T_NEED(hand_next(&last.hand, &m));
    T(m.type == WIRE_REFUSED && m.code == REFUSED_LATER);
    T(closed(n, last.hand.conn));
    T_EQ(control_count(net_group(n, 0)), entries);
    T_EQ(net_limited(n, 0) - limited, 1);
    hand_close(&last.hand);
    net_run(n, 1000);
    T(!closed(n, x[0].hand.conn));
    net_cut(n, NET_STRANGER, true); /* they have what they came for */
    guest_call(&last, n, &line, PARTY + 1);
    T_NEED(guest_enter(&last));
    guest_join(&last);
    T_EQ(member_count(net_group(n, 0)), 3 + PARTY);
    hand_close(&last.hand);
    guests_end(x, PARTY);
    buf_free(&line);
    net_free(n);
}

/* The same person on a new link: the old one goes, and it is no further newcomer. */
T_CASE(a_newcomer_who_comes_again_has_one_link)
{
    static struct guest x[PARTY];
    struct net *n = net_two();
    struct buf line = net_line(n, 0, PARTY, false);
    struct guest again;
    party(x, n, &line);
    uint32_t entries = control_count(net_group(n, 0)), before = links(n, 0);
    guest_call(&again, n, &line, 4);
    T_NEED(guest_enter(&again));
    guest_join(&again);
    T(closed(n, x[3].hand.conn));
    T(!closed(n, x[2].hand.conn));
    T_EQ(hand_count(&again.hand, WIRE_WELCOME), (int)entries + 1);
    T_EQ(control_count(net_group(n, 0)), entries);
    T_EQ(links(n, 0), before);
    guest_join(&again); /* a link carries one join */
    T(closed(n, again.hand.conn));
    hand_close(&again.hand);
    guests_end(x, PARTY);
    buf_free(&line);
    net_free(n);
}

/* A welcome that was sent is not looked after for ever, whatever bytes come. */
T_CASE(a_newcomer_who_stays_is_shown_out)
{
    struct net *n = net_two();
    struct buf line = net_line(n, 0, 2, false);
    struct guest busy, slow;
    guest_call(&busy, n, &line, 1);
    T_NEED(guest_enter(&busy));
    guest_join(&busy);
    n->slow[0] = true; /* what is sent from here on never arrives */
    guest_call(&slow, n, &line, 2);
    T_NEED(guest_enter(&slow));
    guest_join(&slow);
    for (int s = 0; s < 17; s++) {
        net_run(n, 7000);
        net_say_raw(n, busy.hand.conn, BYTES("x", 1));
    }
    T(!closed(n, busy.hand.conn));
    net_run(n, 2000);
    T(closed(n, busy.hand.conn));
    net_run(n, 57 * 60000);
    T(!closed(n, slow.hand.conn));
    net_run(n, 60000);
    T(closed(n, slow.hand.conn));
    hand_close(&busy.hand);
    hand_close(&slow.hand);
    buf_free(&line);
    net_free(n);
}

/* ---- members --------------------------------------------------------------------- */

struct caller {
    int conn;
    struct handshake hs;
};

/* Message 1 to peer 0, rightly made with the keys of peer 1. */
static void caller_call(struct caller *x, struct net *n)
{
    struct group *g = net_group(n, 1);
    struct entropy_stream stream = {{99}, n->bytes};
    struct entropy entropy = entropy_stream(&stream);
    uint8_t psk0[32], first[HANDSHAKE_1_BYTES];
    CHECK(keys_acc_at(g, 0, psk0));
    struct handshake_config c = {LINK_MEMBER, g->id, psk0, g->secrets->transport_sk,
                                 net_group(n, 0)->transport_pk};
    CHECK(handshake_first(&x->hs, &c, &entropy, first) == 0);
    x->conn = net_stranger(n, 0);
    net_say_raw(n, x->conn, BYTES_OF(first));
}

/* Message 3, and whether a link came of it: somebody is greeted. */
static bool caller_enter(struct caller *x, struct net *n)
{
    uint8_t third[HANDSHAKE_3_BYTES];
    struct links *l = n->peer[0]->peer->links;
    if (net_heard(n, x->conn).n != HANDSHAKE_2_BYTES)
        return false;
    CHECK(handshake_third(&x->hs, net_heard(n, x->conn).p, third) == 0);
    net_say_raw(n, x->conn, BYTES_OF(third));
    return l->count > 0 && links_member_linked(n->peer[0]->peer, 1, 1);
}

/* Otter is gone; the test has the keys. */
static struct net *one_gone(void)
{
    struct net *n = net_two();
    net_cut(n, 1, true);
    n->off[1] = true;
    return n;
}

/* Twenty seconds after message 2 whoever did not go on is a stranger, not told so. */
T_CASE(message_3_must_come_in_time)
{
    struct net *n = one_gone();
    struct caller late, soon;
    caller_call(&late, n);
    net_run(n, 10000);
    caller_call(&soon, n);
    net_run(n, 11000);
    T(!caller_enter(&late, n));
    T(!closed(n, late.conn));
    T_EQ(net_heard(n, late.conn).n, HANDSHAKE_2_BYTES);
    T(caller_enter(&soon, n));
    net_free(n);
}

/* LIMIT_SHAKEN_MAX: who knows a key and goes no further leaves room for others. */
T_CASE(those_who_only_begin_leave_room)
{
    enum { CAME = LIMIT_HANDSHAKES_MAX + 8 };
    static struct caller x[CAME];
    struct net *n = one_gone();
    for (int i = 0; i < CAME; i++)
        caller_call(&x[i], n);
    int member = net_stranger(n, 0);
    for (int i = 0; i < LIMIT_HANDSHAKES_MAX - LIMIT_SHAKEN_MAX - 1; i++)
        (void)net_stranger(n, 0);
    T(!closed(n, member)); /* there is time for its message 1 */
    for (int i = 0; i < CAME - LIMIT_SHAKEN_MAX; i++) {
        T_NOTE("caller %d", i);
        T(!caller_enter(&x[i], n));
    }
    T(caller_enter(&x[CAME - LIMIT_SHAKEN_MAX], n));
    net_free(n);
}

/* ---- strangers in numbers ------------------------------------------------------ */

static uint8_t noise[70000];

/* So many strangers come; each sends a byte, or some random bytes. */
static void crowd(struct net *n, int *c, int count)
{
    struct entropy e = n->peer[0]->peer->entropy;
    entropy_fill(&e, noise, sizeof noise);
    for (int i = 0; i < count; i++) {
        size_t bytes = i % 2 ? 1 : (size_t)entropy_below(&e, sizeof noise);
        c[i] = net_stranger(n, 0);
        net_say_raw(n, c[i], BYTES(noise, bytes));
    }
}

/* Who is half way in is not pushed out by any number of strangers. */
T_CASE(a_member_gets_in_between_strangers)
{
    int c[2 * LIMIT_LINKS_MAX];
    struct net *n = one_gone();
    struct caller otter;
    crowd(n, c, LIMIT_LINKS_MAX);
    caller_call(&otter, n);
    crowd(n, c, 2 * LIMIT_LINKS_MAX);
    T(caller_enter(&otter, n));
    for (int i = 0; i < 2 * LIMIT_LINKS_MAX; i++)
        T_EQ(net_heard(n, c[i]).n, 0);
    net_free(n);
}

/* The same with time: half-open connections that send byte by byte, never enough or far
 * too much, and others in place of those that go. */
T_CASE(a_member_gets_in_past_half_open_connections)
{
    int c[LIMIT_LINKS_MAX];
    struct net *n = net_two();
    for (int round = 0; round < 4; round++) {
        T_NOTE("round %d", round);
        net_cut(n, 1, true);
        crowd(n, c, LIMIT_LINKS_MAX);
        for (int s = 0; s < 60; s++) {
            net_say_raw(n, c[s], BYTES(noise, (size_t)(s % 3 ? 1 : s * 1000)));
            if (closed(n, c[s]))
                c[s] = net_stranger(n, 0);
            net_run(n, 500);
        }
        T_EQ(links_count(n->peer[0]->peer, 1), 1);
        T_EQ(links_count(n->peer[1]->peer, 1), 1);
        T(links(n, 0) <= 1 + LIMIT_HANDSHAKES_MAX);
    }
    T_EQ(net_say(n, 1, "here I am"), 0);
    net_run(n, 1000);
    T_EQ(net_entries(n, 0), 1);
    net_free(n);
}

T_RUN()
