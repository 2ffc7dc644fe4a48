/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_near.c -- finding each other by beacons, and joining by six words (P9.12 to
 * P9.15), over a net whose peers hear each other's beacons. */
#include "node/core/near.h"

#include "node/core/near_int.h"
#include "tests/lib/net_group.h"
#include "tests/lib/t.h"

enum { MINUTE_MS = 60 * 1000 };

static const uint8_t secret[32] = "what six words became, stretched";

/* ---- shared ------------------------------------------------------------------ */

static struct tp *at(struct net *n, int i)
{
    return n->peer[i];
}

static int look(struct net *n, int i, uint64_t ms)
{
    struct command c = {.kind = CMD_LOOK, .delay_ms = ms};
    return net_command(n, i, &c);
}

static void ours(struct net *n, int i, bool yes)
{
    struct command c = {.kind = CMD_OURS, .ours = yes};
    (void)net_command(n, i, &c);
}

static bool linked(struct net *n)
{
    return links_count(at(n, 0)->peer, 1) > 0;
}

/* All that the others know of a peer is an address where it is not any more. */
static void move_to(struct net *n, int i, struct bytes gone)
{
    struct command c = {.addresses = &gone, .addresses_count = 1};
    struct event ev = {.kind = EV_ADDRESSES, .command = &c};
    net_step(n, i, &ev);
    net_run(n, 2000);
}

/* Nobody is there. */
static void move(struct net *n, int i)
{
    move_to(n, i, TEXT("gone:1"));
}

/* Two members who have moved, and are alone. */
static struct net *two_moved(void)
{
    struct net *n = net_two();
    move(n, 0);
    move(n, 1);
    net_cut(n, 0, true);
    n->air = true;
    return n;
}

static void hear(struct net *n, int i, struct bytes packet, const char *host)
{
    struct event ev = {
        .kind = EV_BEACON, .bytes = packet, .address = BYTES(host, strlen(host))};
    net_step(n, i, &ev);
    net_drain(n);
}

static int count_near(void *ctx, const struct near_view *view)
{
    int *counts = ctx;
    counts[0]++;
    counts[1] += view->linked;
    return 0;
}

/* ---- members ------------------------------------------------------------------ */

T_CASE(two_that_moved_find_each_other)
{
    struct net *n = two_moved();
    int counts[2] = {0};
    net_run(n, 5 * MINUTE_MS);
    T(!linked(n));
    T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
    T_EQ(look(n, 1, 2 * MINUTE_MS), 0);
    net_run(n, 10 * 1000);
    T(linked(n));
    T_EQ(peer_near(at(n, 0)->peer, count_near, counts), 0);
    T_EQ(counts[0], 1);
    T_EQ(counts[1], 1);
    T_EQ(n->told[TELL_NEAR], 2);
    T_EQ(net_say(n, 0, "here again"), 0);
    net_run(n, 2000);
    T_EQ(net_entries(n, 1), 1);
    net_free(n);
}

/* A call to where somebody was yesterday hangs there for 20 s, and another follows. */
T_CASE(old_addresses_that_are_silent_delay_nothing)
{
    struct net *n = net_two();
    move_to(n, 0, TEXT("test:1"));
    move_to(n, 1, TEXT("test:1"));
    net_cut(n, 0, true);
    n->air = true;
    net_run(n, 10 * 1000);
    T_EQ(links_handshakes(at(n, 0)->peer), 1);
    T_EQ(links_handshakes(at(n, 1)->peer), 1);
    T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
    T_EQ(look(n, 1, 2 * MINUTE_MS), 0);
    net_run(n, 6 * 1000);
    T(linked(n));
    net_free(n);
}

T_CASE(nothing_leaves_unasked_and_two_minutes_are_two_minutes)
{
    struct net *n = two_moved();
    net_run(n, 20 * MINUTE_MS);
    T_EQ(n->beacons[0] + n->beacons[1], 0);
    T(!peer_beacons(at(n, 0)->peer));
    T_EQ(look(n, 0, 60 * MINUTE_MS), 0); /* no longer than two minutes */
    T(peer_beacons(at(n, 0)->peer));
    net_run(n, 20 * MINUTE_MS);
    T(n->beacons[0] > 100 && n->beacons[0] < 140);
    T_EQ(n->beacons[1], 0); /* who did not ask answers nobody */
    T(!peer_beacons(at(n, 0)->peer));
    T(!linked(n));
    uint64_t before = n->beacons[0];
    T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
    net_run(n, 5 * 1000);
    T_EQ(look(n, 0, 0), 0);
    net_run(n, 5 * MINUTE_MS);
    T(n->beacons[0] > before && n->beacons[0] < before + 8);
    net_free(n);
}

T_CASE(a_network_of_ours_needs_no_asking)
{
    struct net *n = two_moved();
    ours(n, 0, true);
    net_run(n, 30 * MINUTE_MS); /* the first has been here for a while */
    uint64_t quick = n->beacons[0];
    T(quick > 150 && quick < 260); /* two quick minutes, then one in 20 s */
    ours(n, 1, true);
    net_run(n, 30 * 1000);
    T(linked(n));
    ours(n, 0, false);
    ours(n, 1, false);
    uint64_t before = n->beacons[0] + n->beacons[1];
    net_run(n, 10 * MINUTE_MS);
    T_EQ(n->beacons[0] + n->beacons[1], before);
    net_free(n);
}

/* How many groups somebody is in does not show by the number of beacons. */
T_CASE(more_groups_are_no_more_beacons)
{
    struct net *n = two_moved();
    for (int i = 0; i < 3; i++) {
        char name[] = "Circle A";
        name[7] = (char)('B' + i);
        struct command c = {.kind = CMD_GROUP_NEW,
                            .name = tp_text(name),
                            .pseudonym = TEXT("Wren"),
                            .lifetime_hours = 168};
        T_EQ(net_command(n, 0, &c), 0);
    }
    T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
    T_EQ(look(n, 1, 2 * MINUTE_MS), 0);
    net_run(n, 3 * MINUTE_MS);
    T(n->beacons[0] > 100 && n->beacons[0] < 140);
    T(n->beacons[1] > 100 && n->beacons[1] < 140);
    T(linked(n));
    net_free(n);
}

T_CASE(strangers_read_and_answer_nothing)
{
    struct net *n = two_moved();
    int counts[2] = {0}, third = net_add(n);
    struct command c = {.kind = CMD_GROUP_NEW,
                        .name = TEXT("Others"),
                        .pseudonym = TEXT("Otter"),
                        .lifetime_hours = 168};
    T_EQ(net_command(n, third, &c), 0);
    T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
    T_EQ(look(n, third, 2 * MINUTE_MS), 0);
    int conns = n->conns;
    net_run(n, 3 * MINUTE_MS);
    T(n->beacons[third] > 100);
    T_EQ(peer_near(at(n, third)->peer, count_near, counts), 0);
    T_EQ(peer_near(at(n, 0)->peer, count_near, counts), 0);
    T_EQ(counts[0], 0);
    T_EQ(n->conns, conns);
    T(!linked(n));
    net_free(n);
}

/* An old beacon, sent again from elsewhere, makes nobody call. */
T_CASE(a_replayed_beacon_is_no_proof)
{
    struct net *n = two_moved();
    uint8_t old[BEACON_BYTES];
    T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
    T_EQ(look(n, 1, 2 * MINUTE_MS), 0);
    net_run(n, 20 * 1000);
    T(linked(n));
    T_NEED(n->beacon.n == BEACON_BYTES);
    memcpy(old, n->beacon.p, sizeof old); /* it answers a mark, as all do by now */
    T_EQ(look(n, 0, 0), 0);
    T_EQ(look(n, 1, 0), 0);
    net_cut(n, 0, true);
    net_run(n, 10 * MINUTE_MS);
    n->air = false;
    int conns = n->conns;
    for (int i = 0; i < 2; i++) {
        T_EQ(look(n, i, MINUTE_MS), 0);
        for (int k = 0; k < 3; k++)
            hear(n, i, BYTES_OF(old), "p1");
    }
    net_run(n, MINUTE_MS);
    T_EQ(n->conns, conns);
    T(!linked(n));
    net_free(n);
}

T_CASE(broken_beacons_do_nothing)
{
    struct net *n = two_moved();
    uint8_t noise[BEACON_BYTES * 2];
    struct entropy_stream stream = {{3}, 0};
    struct entropy entropy = entropy_stream(&stream);
    T_EQ(look(n, 0, MINUTE_MS), 0);
    T_EQ(look(n, 1, MINUTE_MS), 0);
    net_run(n, 1200);
    T_NEED(n->beacon.n == BEACON_BYTES);
    int conns = n->conns;
    for (size_t i = 0; i <= sizeof noise; i += 8) {
        entropy_fill(&entropy, noise, sizeof noise);
        hear(n, 0, BYTES(noise, i), "p1");
    }
    for (size_t i = 0; i < BEACON_BYTES; i++)
        hear(n, 0, BYTES(n->beacon.p, i), "p1");
    T_EQ(n->conns, conns);
    net_free(n);
}

/* The one was away when keys were changed, and could not read an answer. */
T_CASE(an_older_key_is_found_too)
{
    for (int rekeys = 1; rekeys <= LIMIT_BEACON_KEYS_MAX; rekeys++) {
        struct net *n = two_moved();
        for (int i = 0; i < rekeys; i++) {
            struct command c = {.kind = CMD_REKEY, .group = 1};
            T_EQ(net_command(n, 0, &c), 0);
        }
        T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
        T_EQ(look(n, 1, 2 * MINUTE_MS), 0);
        net_run(n, 10 * 1000);
        T_NOTE("%d rekeys", rekeys);
        T_EQ(linked(n), rekeys < LIMIT_BEACON_KEYS_MAX);
        net_free(n);
    }
}

/* ---- bounds --------------------------------------------------------------------- */

T_CASE(so_many_are_looked_at_in_a_second)
{
    struct net *n = two_moved();
    uint8_t noise[BEACON_BYTES] = {0};
    T_EQ(look(n, 0, MINUTE_MS), 0);
    uint64_t before = net_limited(n, 0);
    for (int i = 0; i < LIMIT_BEACONS_HEARD_MAX; i++)
        hear(n, 0, BYTES_OF(noise), "p1");
    T_EQ(net_limited(n, 0), before);
    hear(n, 0, BYTES_OF(noise), "p1");
    T_EQ(net_limited(n, 0), before + 1);
    net_free(n);
}

/* A beacon of member 1 under an older key: such a one is called at once. */
static void hear_older(struct net *n, uint32_t round, const char *host)
{
    uint8_t acc[32], key[32], nonce[BEACON_NONCE_BYTES] = {0}, packet[BEACON_BYTES];
    struct beacon b = {.kind = BEACON_MEMBER, .port = 1};
    CHECK(keys_acc_at(net_group(n, 0), 1, acc));
    beacon_key(key, acc);
    put_u32(nonce, round + 1);
    memcpy(b.transport_pk, net_group(n, 1)->transport_pk, 32);
    beacon_seal(packet, key, nonce, &b);
    hear(n, 0, BYTES_OF(packet), host);
}

T_CASE(so_many_are_called_in_a_minute)
{
    struct net *n = two_moved();
    struct command c = {.kind = CMD_REKEY, .group = 1};
    T_EQ(net_command(n, 0, &c), 0);
    n->air = false;
    T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
    struct nearby *near = at(n, 0)->peer->near;
    for (uint32_t i = 0; i < LIMIT_BEACON_CALLS_MAX + 4; i++) {
        near->list_count = 0; /* as if each were another one */
        hear_older(n, i, "nowhere");
        T_EQ(near->calls, i + 1);
    }
    T_EQ(near->calls, LIMIT_BEACON_CALLS_MAX + 4);
    T(net_limited(n, 0) >= 4);
    net_run(n, MINUTE_MS + 1000);
    near->list_count = 0;
    hear_older(n, 1000, "p1");
    net_run(n, 1000);
    T(linked(n));
    net_free(n);
}

T_CASE(one_member_is_called_once_in_half_a_minute)
{
    struct net *n = two_moved();
    struct command c = {.kind = CMD_REKEY, .group = 1};
    T_EQ(net_command(n, 0, &c), 0);
    n->air = false;
    T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
    for (uint32_t i = 0; i < 10; i++)
        hear_older(n, i, "nowhere");
    T_EQ(at(n, 0)->peer->near->calls, 1);
    net_free(n);
}

T_CASE(rings_and_lists_stay_in_their_bounds)
{
    struct net *n = two_moved();
    struct nearby *near = at(n, 0)->peer->near;
    struct command c = {.kind = CMD_REKEY, .group = 1};
    T_EQ(net_command(n, 0, &c), 0);
    n->air = false;
    T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
    for (uint32_t i = 0; i < LIMIT_BEACON_RING_MAX + 40; i++) {
        if (i % 32 == 0) {
            near->second_ms = 0;
            T_EQ(look(n, 0, 2 * MINUTE_MS), 0);
        }
        hear_older(n, i, "nowhere");
        T_EQ(near->seen_count,
             i < LIMIT_BEACON_RING_MAX ? i + 1 : LIMIT_BEACON_RING_MAX);
        T(near->list_count <= LIMIT_NEAR_MAX);
    }
    near->list_count = LIMIT_NEAR_MAX;
    for (uint32_t i = 0; i < LIMIT_NEAR_MAX; i++)
        near->list[i] = (struct near_member){.group = 9, .member = i, .heard_ms = i};
    near->second_ms = 0;
    hear_older(n, 5000, "nowhere");
    T_EQ(near->list_count, LIMIT_NEAR_MAX);
    T_EQ(near->list[0].group, 1); /* in the place of the one heard longest ago */
    net_free(n);
}

T_CASE(without_a_port_nobody_looks)
{
    struct tp *t = tp_new(5);
    struct command c = {.kind = CMD_LOOK, .delay_ms = 1000};
    struct event ev = {.kind = EV_COMMAND, .command = &c};
    T_EQ(tp_event(t, &ev), 0);
    T_EQ(c.err, ERR_STATE);
    tp_free(t);
}

T_CASE(addresses_are_written_for_both_families)
{
    static const struct {
        const char *host, *text;
        uint16_t port;
    } cases[] = {{"192.168.1.5", "192.168.1.5:4417", 4417},
                 {"fe80::1%eth0", "[fe80::1%eth0]:9", 9},
                 {"10.0.0.1", "10.0.0.1:65535", 65535}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t text[64], small[8];
        struct room room = ROOM_OF(text), tight = ROOM_OF(small);
        struct bytes host = tp_text(cases[i].host);
        T_EQ(near_address(&room, host, cases[i].port), 0);
        T_NOTE("%s", cases[i].text);
        T(bytes_equal(BYTES(room.p, room.n), tp_text(cases[i].text)));
        T_EQ(near_address(&tight, host, cases[i].port), ERR_NOSPACE);
    }
}

/* ---- words ----------------------------------------------------------------------- */

static int offer(struct net *n, int i, const uint8_t *words)
{
    struct command c = {.kind = CMD_INVITE_WORDS, .group = 1, .text = BYTES(words, 32)};
    return net_command(n, i, &c);
}

static int seek(struct net *n, int i, const uint8_t *words)
{
    struct command c = {
        .kind = CMD_JOIN_WORDS, .text = BYTES(words, 32), .pseudonym = TEXT("Heron")};
    return net_command(n, i, &c);
}

/* One keeper, and one who is nobody's yet. */
static struct net *keeper_and_newcomer(void)
{
    struct net *n = net_new();
    (void)net_add(n);
    (void)net_add(n);
    CHECK(net_found(n, 0, 168) == 1);
    n->air = true;
    return n;
}

static bool joined(struct net *n, int i)
{
    struct group *g = peer_group(at(n, i)->peer, 1);
    return g && !g->joining;
}

T_CASE(six_words_bring_one_in)
{
    struct net *n = keeper_and_newcomer();
    T_EQ(offer(n, 0, secret), 0);
    T_EQ(seek(n, 1, secret), 0);
    net_run(n, 10 * 1000);
    T(joined(n, 1));
    T_EQ(n->told[TELL_WORDS], 2); /* found; came */
    T_EQ(n->beacons[1], 0);       /* who looks says nothing */
    T(linked(n));
    uint64_t before = n->beacons[0];
    net_run(n, 20 * MINUTE_MS);
    T_EQ(n->beacons[0], before); /* once */
    net_free(n);
}

T_CASE(one_use_only)
{
    struct net *n = keeper_and_newcomer();
    (void)net_add(n);
    T_EQ(offer(n, 0, secret), 0);
    T_EQ(seek(n, 1, secret), 0);
    T_EQ(seek(n, 2, secret), 0);
    net_run(n, MINUTE_MS);
    T(joined(n, 1) != joined(n, 2));
    T_EQ(offer(n, 0, secret), ERR_EXISTS); /* the same words again */
    net_free(n);
}

T_CASE(other_words_find_nobody)
{
    struct net *n = keeper_and_newcomer();
    uint8_t other[32];
    memcpy(other, secret, 32);
    other[31] ^= 1;
    int conns = n->conns;
    T_EQ(offer(n, 0, secret), 0);
    T_EQ(seek(n, 1, other), 0);
    net_run(n, 9 * MINUTE_MS);
    T_EQ(n->conns, conns); /* nobody was called */
    T_EQ(n->told[TELL_WORDS], 0);
    T_EQ(seek(n, 1, secret), 0); /* typed anew */
    net_run(n, 10 * 1000);
    T(joined(n, 1));
    net_free(n);
}

T_CASE(after_ten_minutes_they_are_over)
{
    struct net *n = keeper_and_newcomer();
    T_EQ(offer(n, 0, secret), 0);
    net_run(n, 10 * MINUTE_MS + 1000);
    T_EQ(n->told[TELL_WORDS], 1);
    T(!peer_beacons(at(n, 0)->peer));
    uint64_t before = n->beacons[0];
    T(before > 500 && before < 700);
    T_EQ(seek(n, 1, secret), 0);
    net_run(n, 11 * MINUTE_MS);
    T_EQ(n->beacons[0], before);
    T_EQ(n->told[TELL_WORDS], 2);
    T(!joined(n, 1));
    net_free(n);
}

static void guess(struct net *n)
{
    uint8_t first[HANDSHAKE_1_BYTES];
    struct entropy_stream stream = {{9}, (uint64_t)n->conns};
    struct entropy entropy = entropy_stream(&stream);
    entropy_fill(&entropy, first, sizeof first);
    net_say_raw(n, net_stranger(n, 0), BYTES_OF(first));
}

T_CASE(three_wrong_guesses_finish_the_words)
{
    struct net *n = keeper_and_newcomer();
    T_EQ(offer(n, 0, secret), 0);
    net_run(n, 1000);
    for (int i = 1; i < LIMIT_WORDS_TRIES_MAX; i++) {
        guess(n);
        T_EQ(n->told[TELL_WORDS], 0);
    }
    guess(n);
    T_EQ(n->told[TELL_WORDS], 1);
    T(!peer_beacons(at(n, 0)->peer));
    T_EQ(seek(n, 1, secret), 0);
    net_run(n, MINUTE_MS);
    T(!joined(n, 1));
    net_free(n);
}

/* The invitation that stands in the log opens nothing: not after a restart, and not
 * once the words are finished. */
T_CASE(only_the_node_that_knows_the_words_answers)
{
    struct net *n = keeper_and_newcomer();
    uint8_t packet[BEACON_BYTES];
    T_EQ(offer(n, 0, secret), 0);
    net_run(n, 3000);
    T_NEED(n->beacon.n == BEACON_BYTES);
    memcpy(packet, n->beacon.p, sizeof packet);
    net_restart(n, 0);
    T_EQ(seek(n, 1, secret), 0);
    hear(n, 1, BYTES_OF(packet), "p0");
    net_run(n, MINUTE_MS);
    T(peer_group(at(n, 1)->peer, 1) && !joined(n, 1));
    net_free(n);
}

/* Somebody sends the keeper's beacon again from elsewhere, before it comes itself. */
T_CASE(a_wrong_address_is_no_hindrance)
{
    struct net *n = keeper_and_newcomer();
    n->air = false;
    T_EQ(offer(n, 0, secret), 0);
    T_EQ(seek(n, 1, secret), 0);
    net_run(n, 3000);
    T_NEED(n->beacon.n == BEACON_BYTES);
    hear(n, 1, BUF_BYTES(&n->beacon), "nowhere");
    net_run(n, 3000);
    T(!joined(n, 1));
    n->air = true;
    net_run(n, 20 * 1000);
    T(joined(n, 1));
    net_free(n);
}

T_CASE(so_many_words_at_once)
{
    struct net *n = keeper_and_newcomer();
    uint8_t words[32] = {0};
    for (uint8_t i = 0; i < LIMIT_WORDS_OPEN_MAX; i++) {
        words[0] = i;
        T_EQ(offer(n, 0, words), 0);
    }
    words[0] = 99;
    T_EQ(offer(n, 0, words), ERR_FULL);
    struct command c = {.kind = CMD_INVITE_WORDS, .group = 1, .text = TEXT("short")};
    T_EQ(net_command(n, 0, &c), ERR_USAGE);
    net_run(n, 11 * MINUTE_MS);
    T_EQ(offer(n, 0, words), 0);
    net_free(n);
}

T_CASE(only_a_keeper_offers_words)
{
    struct net *n = net_two();
    T_EQ(offer(n, 1, secret), ERR_DENIED);
    net_free(n);
}

T_RUN()
