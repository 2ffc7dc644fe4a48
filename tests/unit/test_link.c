/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_link.c -- connections: strangers get no byte, members get their link (P9). */
#include "tests/lib/t.h"

#include "crypto/dh.h"
#include "tests/lib/net_group.h"

static struct handshake_config member_config(const struct net *n, int from, int to,
                                             uint8_t psk0[static 32])
{
    struct group *g = net_group(n, from);
    CHECK(keys_acc_at(g, 0, psk0));
    return (struct handshake_config){LINK_MEMBER, g->id, psk0, g->secrets->transport_sk,
                                     net_group(n, to)->transport_pk};
}

/* Send a first message made from `c`; the connection. */
static int send_first(struct net *n, const struct handshake_config *c, int to,
                      struct handshake *h)
{
    struct entropy_stream stream = {{77}, n->bytes};
    struct entropy entropy = entropy_stream(&stream);
    uint8_t first[HANDSHAKE_1_BYTES];
    CHECK(handshake_first(h, c, &entropy, first) == 0);
    int conn = net_stranger(n, to);
    net_say_raw(n, conn, BYTES_OF(first));
    return conn;
}

T_CASE(join_say_and_answer)
{
    struct net *n = net_two();
    T_EQ(n->told[TELL_JOINED], 1);
    T_EQ(links_count(n->peer[0]->peer, 1), 1);
    T(links_member_linked(n->peer[0]->peer, 1, 1));
    T(!links_member_linked(n->peer[0]->peer, 1, 0));
    T_EQ(net_say(n, 0, "hello"), 0);
    net_drain(n); /* no time passes: it was pushed */
    T_EQ(net_entries(n, 1), 1);
    T_EQ(net_say(n, 1, "hello back"), 0);
    net_drain(n);
    T_EQ(net_entries(n, 0), 2);
    net_free(n);
}

/* A text of 256 bytes in all leaves in one frame of 512. */
T_CASE(one_text_is_one_frame)
{
    struct net *n = net_two();
    net_run(n, 60000);
    uint64_t before = n->bytes;
    T_EQ(net_say(n, 0, "short"), 0);
    net_drain(n);
    T(n->bytes - before <= 512 + 34);
    net_free(n);
}

T_CASE(noise_and_wrong_keys_get_no_byte)
{
    struct net *n = net_two();
    struct handshake h;
    uint8_t psk0[32], junk[4096], other[32] = {9};
    struct entropy e = n->peer[0]->peer->entropy;
    entropy_fill(&e, junk, sizeof junk);
    int c = net_stranger(n, 0);
    net_say_raw(n, c, BYTES_OF(junk));
    T_EQ(net_heard(n, c).n, 0);
    T(!n->conn[c].closed); /* never close first */

    struct handshake_config config = member_config(n, 1, 0, psk0);
    config.psk0 = other; /* wrong key */
    c = send_first(n, &config, 0, &h);
    T_EQ(net_heard(n, c).n, 0);
    config.psk0 = psk0;
    config.group = other; /* another prologue */
    c = send_first(n, &config, 0, &h);
    T_EQ(net_heard(n, c).n, 0);
    config = member_config(n, 1, 0, psk0);
    config.kind = LINK_CARRIER;
    c = send_first(n, &config, 0, &h);
    T_EQ(net_heard(n, c).n, 0);
    config = member_config(n, 1, 0, psk0);
    dh_public(other, junk);
    config.rs_pk = other; /* another responder */
    c = send_first(n, &config, 0, &h);
    T_EQ(net_heard(n, c).n, 0);
    T(!n->conn[c].closed);
    config = member_config(n, 1, 0, psk0);
    c = send_first(n, &config, 0, &h); /* and rightly made it is answered */
    T_EQ(net_heard(n, c).n, HANDSHAKE_2_BYTES);
    net_free(n);
}

/* P9.6: who knows the access key and is no member hears one answer and nothing more. */
T_CASE(a_non_member_gets_no_link)
{
    struct net *n = net_two();
    struct handshake h;
    uint8_t psk0[32], sk[32] = {5}, third[HANDSHAKE_3_BYTES];
    struct handshake_config config = member_config(n, 1, 0, psk0);
    config.s_sk = sk;
    int c = send_first(n, &config, 0, &h);
    T_NEED(net_heard(n, c).n == HANDSHAKE_2_BYTES);
    T_NEED(handshake_third(&h, net_heard(n, c).p, third) == 0);
    net_say_raw(n, c, BYTES_OF(third));
    net_say_raw(n, c, BYTES_OF(third));
    net_run(n, 60000);
    T_EQ(net_heard(n, c).n, HANDSHAKE_2_BYTES);
    T(!n->conn[c].closed);
    T_EQ(links_count(n->peer[0]->peer, 1), 1);
    net_free(n);
}

T_CASE(ourselves_are_no_partner)
{
    struct net *n = net_two();
    struct handshake h;
    uint8_t psk0[32], third[HANDSHAKE_3_BYTES];
    struct handshake_config config = member_config(n, 0, 0, psk0);
    int c = send_first(n, &config, 0, &h);
    T_NEED(net_heard(n, c).n == HANDSHAKE_2_BYTES);
    T_NEED(handshake_third(&h, net_heard(n, c).p, third) == 0);
    net_say_raw(n, c, BYTES_OF(third));
    T_EQ(net_heard(n, c).n, HANDSHAKE_2_BYTES);
    net_free(n);
}

/* P9.4, also after a restart, with the recorded bytes of a real connection. */
T_CASE(a_replayed_first_message_gets_no_answer)
{
    struct net *n = net_two();
    uint8_t first[HANDSHAKE_1_BYTES];
    n->record = true;
    net_restart(n, 1);
    net_restart(n, 0);
    net_run(n, 20000);
    int real = -1;
    for (int c = 0; c < n->conns; c++)
        if (n->conn[c].sent[0].n > HANDSHAKE_1_BYTES && n->conn[c].sent[1].n > 0)
            real = c;
    T_NEED(real >= 0);
    int to = n->conn[real].end[1];
    T_NEED(to >= 0);
    memcpy(first, n->conn[real].sent[0].p, sizeof first);
    int c = net_stranger(n, to);
    net_say_raw(n, c, BYTES_OF(first));
    T_EQ(net_heard(n, c).n, 0);
    net_restart(n, to);
    c = net_stranger(n, to);
    net_say_raw(n, c, BYTES_OF(first));
    T_EQ(net_heard(n, c).n, 0);
    T(!n->conn[c].closed);
    net_free(n);
}

/* LIMIT_REPLAY_RING_MAX: the oldest is forgotten, all others are known. */
T_CASE(the_ring_forgets_the_oldest)
{
    struct net *n = net_two();
    struct peer *p = n->peer[0]->peer;
    uint8_t id[40] = {0};
    uint32_t known = p->links->ring.count;
    memlog_begin(n->peer[0]->log);
    for (uint32_t i = known; i < LIMIT_REPLAY_RING_MAX; i++) {
        put_u32(id, i + 1);
        T_NEED(ring_note(p, id) == 0);
    }
    put_u32(id, known + 1);
    T_EQ(ring_note(p, id), 1); /* still there */
    for (uint32_t i = 0; i <= known;
         i++) { /* overwrites what was before, and the first */
        put_u32(id, LIMIT_REPLAY_RING_MAX + 1 + i);
        T_EQ(ring_note(p, id), 0);
    }
    put_u32(id, known + 2);
    T_EQ(ring_note(p, id), 1);
    put_u32(id, known + 1);
    T_EQ(ring_note(p, id), 0); /* was forgotten */
    T_EQ(p->links->ring.count, LIMIT_REPLAY_RING_MAX);
    memlog_commit(n->peer[0]->log);
    net_free(n);
}

/* LIMIT_HANDSHAKES_MAX: the oldest unproven connection is closed, no other. */
T_CASE(a_full_handshake_table_closes_the_oldest)
{
    struct net *n = net_two();
    int c[LIMIT_HANDSHAKES_MAX + 8];
    uint64_t limited = net_limited(n, 0);
    for (int i = 0; i < LIMIT_HANDSHAKES_MAX + 8; i++) {
        c[i] = net_stranger(n, 0);
        net_say_raw(n, c[i], BYTES("some bytes", 10));
    }
    T_EQ(links_handshakes(n->peer[0]->peer), LIMIT_HANDSHAKES_MAX);
    for (int i = 0; i < LIMIT_HANDSHAKES_MAX + 8; i++) {
        T_NOTE("connection %d", i);
        T_EQ(n->conn[c[i]].closed, i < 8);
        T_EQ(net_heard(n, c[i]).n, 0);
    }
    T_EQ(net_limited(n, 0) - limited, 8);
    T_EQ(links_count(n->peer[0]->peer, 1), 1); /* the member's link stands */
    net_free(n);
}

/* A sink that has swallowed its share goes before an older one that has not. */
T_CASE(a_full_sink_goes_first)
{
    static uint8_t junk[256 * 1024 + 192];
    struct net *n = net_two();
    int c[LIMIT_HANDSHAKES_MAX];
    for (int i = 0; i < LIMIT_HANDSHAKES_MAX; i++)
        c[i] = net_stranger(n, 0);
    net_say_raw(n, c[20], BYTES_OF(junk));
    T(!n->conn[c[20]].closed);
    (void)net_stranger(n, 0);
    T(n->conn[c[20]].closed);
    T(!n->conn[c[0]].closed);
    net_free(n);
}

/* P9.9: both call at once; one link is left, and both know the same one. */
T_CASE(two_links_become_one)
{
    struct net *n = net_two();
    for (int i = 0; i < 6; i++) {
        net_cut(n, i % 2, true);
        for (int k = 0; k < 2; k++) { /* both are due at the same time */
            struct ties *t = ties_find(n->peer[k]->peer, 1);
            t->dials[1 - k].next_ms = n->peer[k]->now_ms;
        }
        net_run(n, 5000);
        T_EQ(links_count(n->peer[0]->peer, 1), 1);
        T_EQ(links_count(n->peer[1]->peer, 1), 1);
        int open = 0;
        for (int c = 0; c < n->conns; c++)
            open += n->conn[c].end[0] >= 0 && n->conn[c].end[1] >= 0;
        T_EQ(open, 1);
    }
    net_free(n);
}

/* Power fails on one side and nobody tells the other: the new link replaces the old. */
T_CASE(a_dead_link_does_not_keep_a_member_out)
{
    for (int who = 0; who < 2; who++) {
        struct net *n = net_two();
        for (int c = 0; c < n->conns; c++)
            for (int e = 0; e < 2; e++)
                if (n->conn[c].end[e] == who)
                    n->conn[c].end[e] = NET_GONE;
        tp_restart(n->peer[who]);
        net_address(n, who);
        net_run(n, 5 * 60000);
        T_EQ(net_say(n, who, "back again"), 0);
        net_run(n, 60000);
        T_EQ(net_entries(n, 1 - who), 1);
        net_free(n);
    }
}

/* The other side is behind and cannot call us: an older access key finds it (P9.3). */
T_CASE(who_lacks_the_newest_epoch_is_still_reached)
{
    struct net *n = net_two();
    net_cut(n, 1, true);
    n->off[0] = true;
    net_run(n, 1000);
    struct command c = {.kind = CMD_REKEY, .group = 1};
    n->off[0] = false;
    n->off[1] = true;
    T_EQ(net_command(n, 0, &c), 0);
    n->off[1] = false;
    for (uint32_t i = 0; i < 2; i++) /* peer 1 never calls */
        ties_find(n->peer[1]->peer, 1)->dials[i].next_ms = UINT64_MAX;
    net_run(n, 3 * 60000);
    T_EQ(links_count(n->peer[0]->peer, 1), 1);
    T_EQ(control_count(net_group(n, 0)), control_count(net_group(n, 1)));
    net_free(n);
}

/* LIMIT_LINKS_PER_GROUP_MAX, LIMIT_LINKS_MAX */
T_CASE(nobody_dials_more_members_than_it_may)
{
    enum { PEOPLE = 20 };
    struct net *n = net_new();
    (void)net_add(n);
    CHECK(net_found(n, 0, 168) == 1);
    for (int i = 1; i < PEOPLE; i++) {
        (void)net_add(n);
        struct buf line = net_line(n, 0, 1, false);
        CHECK(net_join(n, i, &line, "Somebody") == 0);
        buf_free(&line);
        net_run(n, 1500);
    }
    net_run(n, 2 * 60000);
    for (int i = 0; i < PEOPLE; i++) {
        struct links *l = n->peer[i]->peer->links;
        uint32_t dialled = 0;
        for (uint32_t k = 0; k < l->count; k++)
            dialled += l->list[k]->dialler;
        T_NOTE("peer %d", i);
        T(dialled <= LIMIT_LINKS_PER_GROUP_MAX);
        T(l->count <= LIMIT_LINKS_MAX);
        T(links_count(n->peer[i]->peer, 1) >= LIMIT_LINKS_PER_GROUP_MAX);
    }
    T_EQ(net_say(n, 7, "to all"), 0);
    net_drain(n);
    for (int i = 0; i < PEOPLE; i++)
        T_EQ(net_entries(n, i), 1);
    net_free(n);
}

T_RUN()
