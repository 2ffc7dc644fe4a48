/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_door.c -- who comes waits for a yes, and both compare a sentence (P6.9 to
 * P6.13). */
#include "tests/lib/t.h"

#include "base/err.h"
#include "tests/lib/guest.h"

enum { HOUR = 3600 * 1000 };

/* Wren (0) in her group, and `others` more who are not in it yet. */
static struct net *wren_and(int others)
{
    struct net *n = net_new();
    for (int i = 0; i <= others; i++)
        (void)net_add(n);
    CHECK(net_found(n, 0, 168) == 1);
    return n;
}

struct seen {
    struct door_view v[LIMIT_DOOR_MAX];
    char name[LIMIT_DOOR_MAX][LIMIT_NAME_BYTES_MAX + 1];
    int count;
};

static int see(void *ctx, const struct door_view *v)
{
    struct seen *s = ctx;
    CHECK(s->count < LIMIT_DOOR_MAX);
    memcpy(s->name[s->count], v->name.p, v->name.n);
    s->v[s->count++] = *v;
    return 0;
}

/* Who waits at Wren's. */
static struct seen door(const struct net *n)
{
    struct seen s = {.count = 0};
    CHECK(peer_door(n->peer[0]->peer, 1, see, &s) == 0);
    return s;
}

struct own {
    struct group_view v;
    char host[LIMIT_NAME_BYTES_MAX + 1];
    int groups;
};

static int look(void *ctx, const struct group_view *v)
{
    struct own *o = ctx;
    o->v = *v;
    o->groups++;
    if (v->host.n > 0)
        memcpy(o->host, v->host.p, v->host.n);
    return 0;
}

/* The one group of a peer. */
static struct own own(const struct net *n, int peer)
{
    struct own o = {.groups = 0};
    CHECK(peer_groups(n->peer[peer]->peer, look, &o) == 0);
    return o;
}

static int answer(struct net *n, const struct door_view *v, enum door_answer a)
{
    struct command c = {.kind = CMD_DOOR, .group = 1, .answer = a};
    memcpy(c.id, v->key, 32);
    return net_command(n, 0, &c);
}

/* What the newcomer says. */
static int own_answer(struct net *n, int peer, enum door_answer a)
{
    struct command c = {.kind = CMD_DOOR, .group = 1, .answer = a};
    return net_command(n, peer, &c);
}

static bool joined(const struct net *n, int peer)
{
    struct own o = own(n, peer);
    return o.groups == 1 && !o.v.joining;
}

static struct door_view come(struct net *n, int peer, const struct buf *line,
                             const char *name)
{
    CHECK(net_join(n, peer, line, name) == 0);
    net_run(n, 2000);
    struct seen s = door(n);
    for (int i = 0; i < s.count; i++)
        if (strcmp(s.name[i], name) == 0)
            return s.v[i];
    CHECK(false);
    return s.v[0];
}

T_CASE(both_see_one_sentence_and_a_yes_lets_in)
{
    struct net *n = wren_and(1);
    struct buf line = net_asking(n, 0, 1);
    struct door_view v = come(n, 1, &line, "Otter");
    struct own o = own(n, 1);
    T_EQ(n->told[TELL_DOOR], 1);
    T_EQ(n->told[TELL_ASKED], 1);
    T_EQ(own(n, 0).v.waiting, 1);
    T(o.v.joining && o.v.asked && !o.v.same);
    T_STR(o.host, "Wren");
    T_MEM(o.v.sentence, v.sentence, SENTENCE_BYTES);
    T(o.v.language == 1 && v.language == 1);
    T_EQ(v.others, 0);
    T_EQ(own_answer(n, 1, DOOR_SAME), 0);
    T(own(n, 1).v.same);
    T_EQ(member_count(net_group(n, 0)), 1);
    T_EQ(answer(n, &v, DOOR_SAME), 0);
    net_run(n, 2000);
    T(joined(n, 1));
    T_EQ(own(n, 0).v.waiting, 0);
    T_EQ(answer(n, &v, DOOR_SAME), ERR_NOTFOUND);
    for (int i = 0; i < 2; i++) {
        T_EQ(member_count(net_group(n, i)), 2);
        T(member_at(net_group(n, i), 1)->compared);
    }
    uint32_t hour = 0;
    T_EQ(join_hour(net_group(n, 0), net_group(n, 1)->member_pk, &hour), 0);
    T_EQ(hour, net_group(n, 0)->hour.hour);
    T_EQ(join_hour(net_group(n, 1), net_group(n, 0)->member_pk, &hour), 0);
    T_EQ(hour, UINT32_MAX);
    buf_free(&line);
    net_free(n);
}

T_CASE(no_adds_nobody_and_finishes_the_code)
{
    struct net *n = wren_and(2);
    struct buf line = net_asking(n, 0, 1);
    struct door_view v = come(n, 1, &line, "Otter");
    T_EQ(answer(n, &v, DOOR_STOP), 0);
    net_run(n, 1000);
    T_EQ(n->told[TELL_REFUSED], 1);
    T_STR(err_text(n->told_err), "Stopped. Nobody was added.");
    T_EQ(own(n, 1).groups, 0);
    T_EQ(own(n, 0).v.waiting, 0);
    T_EQ(net_join(n, 2, &line, "Heron"), 0);
    net_run(n, 1000);
    T_STR(err_text(n->told_err), "This code is finished. Ask for a new one.");
    T_EQ(own(n, 2).groups, 0);
    T_EQ(member_count(net_group(n, 0)), 1);
    buf_free(&line);
    net_free(n);
}

/* Who was not there when the answer came hears it later. */
T_CASE(a_no_is_heard_later)
{
    struct net *n = wren_and(1);
    struct buf line = net_asking(n, 0, 1);
    struct door_view v = come(n, 1, &line, "Otter");
    n->off[1] = true;
    net_cut(n, 1, true);
    T_EQ(answer(n, &v, DOOR_STOP), 0);
    net_run(n, 10000);
    n->off[1] = false;
    net_run(n, 3 * 60000);
    T_STR(err_text(n->told_err), "Stopped. Nobody was added.");
    T_EQ(own(n, 1).groups, 0);
    buf_free(&line);
    net_free(n);
}

T_CASE(the_newcomer_says_no)
{
    struct net *n = wren_and(1);
    struct buf line = net_asking(n, 0, 1);
    struct door_view v = come(n, 1, &line, "Otter");
    T_EQ(own_answer(n, 1, DOOR_STOP), 0);
    net_run(n, 1000);
    T_EQ(own(n, 1).groups, 0);
    T_EQ(n->told[TELL_STOPPED], 1);
    T_EQ(own(n, 0).v.waiting, 0);
    T_EQ(answer(n, &v, DOOR_SAME), ERR_NOTFOUND);
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    net_run(n, 1000);
    T_EQ(n->told_err, ERR_EXPIRED);
    T_EQ(member_count(net_group(n, 0)), 1);
    buf_free(&line);
    net_free(n);
}

T_CASE(who_cannot_be_seen_now_is_shown_so)
{
    struct net *n = wren_and(1);
    struct buf line = net_asking(n, 0, 1);
    struct door_view v = come(n, 1, &line, "Otter");
    T_EQ(answer(n, &v, DOOR_UNSEEN), 0);
    net_run(n, 2000);
    T(joined(n, 1));
    T(!member_at(net_group(n, 0), 1)->compared);
    T(member_at(net_group(n, 0), 0)->compared); /* the founder */
    buf_free(&line);
    net_free(n);
}

/* Everything lies in the log: either side may be away, and is started anew. */
T_CASE(waiting_goes_on_after_restarts)
{
    struct net *n = wren_and(1);
    struct buf line = net_asking(n, 0, 1);
    struct door_view v = come(n, 1, &line, "Otter");
    net_restart(n, 1);
    T(own(n, 1).v.asked);
    T_MEM(own(n, 1).v.sentence, v.sentence, SENTENCE_BYTES);
    T_STR(own(n, 1).host, "Wren");
    net_restart(n, 0);
    T_EQ(door(n).count, 1);
    T_MEM(door(n).v[0].sentence, v.sentence, SENTENCE_BYTES);
    net_run(n, 3 * 60000);
    T_EQ(n->told[TELL_DOOR], 1); /* it is the same one */
    T_EQ(own_answer(n, 1, DOOR_SAME), 0);
    n->off[1] = true; /* "You can close kring." */
    net_cut(n, 1, true);
    T_EQ(answer(n, &v, DOOR_SAME), 0);
    net_run(n, 30ull * HOUR); /* and longer than the code lasts */
    T(!joined(n, 1));
    n->off[1] = false;
    n->peer[1]->now_ms = n->peer[0]->now_ms;
    net_run(n, 3 * 60000);
    T(joined(n, 1));
    buf_free(&line);
    net_free(n);
}

/* Who came within the day waits, also when the day is over. */
T_CASE(the_day_ends_while_somebody_waits)
{
    struct net *n = wren_and(2);
    struct buf line = net_asking(n, 0, 1);
    struct door_view v = come(n, 1, &line, "Otter");
    net_run(n, 26ull * HOUR);
    T_EQ(net_join(n, 2, &line, "Heron"), 0);
    net_run(n, 2000);
    T_EQ(n->told_err, ERR_EXPIRED);
    T_EQ(own(n, 2).groups, 0);
    T_EQ(answer(n, &v, DOOR_SAME), 0);
    net_run(n, 3 * 60000);
    T(joined(n, 1));
    buf_free(&line);
    net_free(n);
}

/* One of them found or copied the code: both wait, and one gets in. */
T_CASE(two_at_once_with_one_code)
{
    struct net *n = wren_and(2);
    struct buf line = net_asking(n, 0, 1);
    (void)come(n, 2, &line, "Heron");
    struct door_view v = come(n, 1, &line, "Otter");
    T_EQ(own(n, 0).v.waiting, 2);
    T_EQ(v.others, 1);
    T(memcmp(own(n, 1).v.sentence, own(n, 2).v.sentence, SENTENCE_BYTES) != 0);
    T_EQ(answer(n, &v, DOOR_SAME), 0);
    net_run(n, 2000);
    T(joined(n, 1));
    T_EQ(own(n, 2).groups, 0);
    T_STR(err_text(n->told_err), "This code is finished. Ask for a new one.");
    T_EQ(own(n, 0).v.waiting, 0);
    buf_free(&line);
    net_free(n);
}

T_CASE(two_with_two_codes)
{
    struct net *n = wren_and(2);
    struct buf a = net_asking(n, 0, 1), b = net_asking(n, 0, 1);
    struct door_view otter = come(n, 1, &a, "Otter"), heron = come(n, 2, &b, "Heron");
    T_EQ(heron.others, 0);
    T_EQ(answer(n, &heron, DOOR_SAME), 0);
    net_run(n, 2000);
    T(joined(n, 2) && !joined(n, 1));
    T_EQ(answer(n, &otter, DOOR_STOP), 0);
    net_run(n, 2000);
    T_EQ(own(n, 1).groups, 0);
    T_EQ(member_count(net_group(n, 0)), 2);
    buf_free(&a);
    buf_free(&b);
    net_free(n);
}

T_CASE(after_eight_days_nobody_waits)
{
    struct net *n = wren_and(1);
    struct buf line = net_asking(n, 0, 1);
    (void)come(n, 1, &line, "Otter");
    n->off[1] = true;
    net_cut(n, 1, true);
    net_run(n, 7ull * 24 * HOUR);
    T_EQ(door(n).count, 1);
    net_run(n, 26ull * HOUR);
    T_EQ(door(n).count, 0);
    buf_free(&line);
    net_free(n);
}

T_CASE(only_a_steward_answers)
{
    struct net *n = wren_and(1);
    net_let_in(n, 0, 1);
    struct door_view nobody = {.others = 0};
    T_EQ(own_answer(n, 1, DOOR_SAME), ERR_DENIED);
    T_EQ(answer(n, &nobody, DOOR_SAME), ERR_NOTFOUND);
    T_EQ(peer_door(n->peer[0]->peer, 7, see, NULL), ERR_NOTFOUND);
    net_free(n);
}

/* ---- cheating ---------------------------------------------------------------- */

/* A guest with a code; the join is not sent yet. */
static struct net *guest_at(struct guest *x, uint8_t seed, struct buf *line)
{
    struct net *n = wren_and(0);
    *line = net_asking(n, 0, 1);
    guest_call(x, n, line, seed);
    CHECK(guest_enter(x));
    return n;
}

/* Again with the same keys and code, on a new connection. */
static void again(struct guest *x, const struct buf *line)
{
    struct net *n = x->hand.net;
    uint8_t seed = x->seed;
    hand_close(&x->hand);
    guest_call(x, n, line, seed);
    CHECK(guest_enter(x));
}

/* The nonce of the asked that came; false: none did. */
static bool asked(struct guest *x, uint8_t nonce[static 32])
{
    struct wire_message m;
    bool came = false;
    while (hand_next(&x->hand, &m))
        if (m.type == WIRE_ASKED) {
            memcpy(nonce, m.asked.nonce, 32);
            came = true;
        }
    return came;
}

static void reveal(struct guest *x, const uint8_t nonce[static 32])
{
    CHECK(wire_put_reveal(&x->hand.out, nonce) == 0);
    hand_send(&x->hand);
}

/* P6.10: the nonce has to be the one that was committed to; a wrong one is never shown,
 * and asking anew gives no second try with these keys. */
T_CASE(a_newcomer_cannot_change_the_nonce)
{
    struct guest x;
    struct buf line;
    struct net *n = guest_at(&x, 1, &line);
    uint8_t nonce[32], second[32], wrong[32] = {1};
    guest_join(&x);
    T_NEED(asked(&x, nonce));
    reveal(&x, wrong);
    T(hand_closed(&x.hand));
    T_EQ(door(n).count, 0);
    again(&x, &line);
    x.nonce[5] ^= 1; /* another commitment of the same keys */
    struct sentence s = guest_sentence(&x);
    sentence_commit(x.join.commitment, &s);
    uint8_t seed[32] = {8, x.seed}, pk[32], sk[64];
    sign_keypair(pk, sk, seed);
    guest_sign(&x, sk);
    guest_join(&x);
    T(!asked(&x, second));
    T(hand_closed(&x.hand));
    again(&x, &line); /* the first commitment: the same answer as before */
    guest_join(&x);
    T_NEED(asked(&x, second));
    T_MEM(nonce, second, 32);
    reveal(&x, x.nonce);
    T(!hand_closed(&x.hand));
    T_EQ(door(n).count, 1);
    reveal(&x, x.nonce); /* said once on a link */
    T(hand_closed(&x.hand));
    hand_close(&x.hand);
    buf_free(&line);
    net_free(n);
}

/* The signature of the code covers the commitment, the commitment all keys. */
T_CASE(a_newcomer_cannot_change_keys_or_name)
{
    for (int how = 0; how < 3; how++) {
        struct guest x;
        struct buf line;
        struct net *n = guest_at(&x, 1, &line);
        uint8_t nonce[32];
        T_NOTE("way %d", how);
        if (how == 0)
            x.join.commitment[3] ^= 1;
        if (how == 1)
            x.join.prekey_pk[3] ^= 1;
        if (how == 2)
            x.join.name = BYTES("Somebody else", 13);
        guest_join(&x);
        T_EQ(asked(&x, nonce), how == 2);
        if (how == 2)
            reveal(&x, x.nonce);
        T(hand_closed(&x.hand));
        T_EQ(door(n).count, 0);
        hand_close(&x.hand);
        buf_free(&line);
        net_free(n);
    }
}

/* Who has the code draws a few sentences, not as many as it takes (P6.13). */
T_CASE(nobody_asks_until_a_sentence_fits)
{
    struct net *n = wren_and(0);
    struct buf line = net_asking(n, 0, 1);
    uint8_t nonces[LIMIT_DOOR_PER_INVITE_MAX][32], nonce[32];
    uint64_t limited = net_limited(n, 0);
    for (uint8_t i = 0; i < LIMIT_DOOR_PER_INVITE_MAX + 3; i++) {
        struct guest x;
        guest_call(&x, n, &line, (uint8_t)(i + 1));
        T_NEED(guest_enter(&x));
        guest_join(&x);
        bool came = asked(&x, nonce);
        T_EQ(came, i < LIMIT_DOOR_PER_INVITE_MAX);
        if (came)
            memcpy(nonces[i], nonce, 32);
        hand_close(&x.hand);
    }
    for (int i = 1; i < LIMIT_DOOR_PER_INVITE_MAX; i++)
        T(memcmp(nonces[0], nonces[i], 32) != 0);
    T_EQ(net_limited(n, 0) - limited, 3);
    T_EQ(door(n).count, 0); /* none of them has shown its nonce */
    buf_free(&line);
    net_free(n);
}

/* A group's door holds sixteen. */
T_CASE(the_door_is_full)
{
    struct net *n = wren_and(0);
    struct buf line = {0};
    uint8_t nonce[32];
    for (uint8_t i = 0; i <= LIMIT_DOOR_MAX; i++) {
        struct guest x;
        if (i % LIMIT_DOOR_PER_INVITE_MAX == 0) {
            buf_free(&line);
            line = net_asking(n, 0, 1);
        }
        guest_call(&x, n, &line, (uint8_t)(i + 1));
        T_NEED(guest_enter(&x));
        guest_join(&x);
        T_EQ(asked(&x, nonce), i < LIMIT_DOOR_MAX);
        if (i < LIMIT_DOOR_MAX)
            reveal(&x, x.nonce);
        net_push(n, (struct net_act){.what = NET_CLOSE, .conn = x.hand.conn, .end = 1});
        net_drain(n);
        hand_close(&x.hand);
    }
    T_EQ(door(n).count, LIMIT_DOOR_MAX);
    buf_free(&line);
    net_free(n);
}

/* Nothing else may be said before the join, and no stop before the nonce. */
T_CASE(words_out_of_turn)
{
    for (int how = 0; how < 4; how++) {
        struct guest x;
        struct buf line;
        struct net *n = guest_at(&x, 1, &line);
        uint8_t nonce[32];
        T_NOTE("way %d", how);
        if (how == 0) {
            reveal(&x, x.nonce);
        } else {
            guest_join(&x);
            T_NEED(asked(&x, nonce));
            if (how == 1)
                CHECK(wire_put_code(&x.hand.out, WIRE_REFUSED, REFUSED_STOPPED) == 0);
            else if (how == 2)
                CHECK(wire_put_code(&x.hand.out, WIRE_REFUSED, REFUSED_USED) == 0);
            else
                CHECK(wire_put_join(&x.hand.out, &x.join) == 0);
            hand_send(&x.hand);
        }
        T(hand_closed(&x.hand));
        T_EQ(n->told[TELL_STOPPED], 0);
        hand_close(&x.hand);
        buf_free(&line);
        net_free(n);
    }
}

/* Every part of a sentence is in it: each changed alone gives another one, and another
 * commitment where the newcomer has to choose first. */
T_CASE(every_part_counts)
{
    uint8_t part[9][32], commit[32], first[32], words[SENTENCE_BYTES],
        other[SENTENCE_BYTES];
    for (int i = 0; i < 9; i++)
        memset(part[i], i + 1, 32);
    struct sentence s = {.group = part[0],
                         .invite_pk = part[1],
                         .host_pk = part[2],
                         .member_pk = part[3],
                         .transport_pk = part[4],
                         .prekey_pk = part[5],
                         .nonce = part[6],
                         .host_nonce = part[7],
                         .name = BYTES(part[8], 5)};
    sentence_commit(first, &s);
    sentence_make(words, &s);
    for (int i = 0; i < 9; i++) {
        part[i][0] ^= 1;
        T_NOTE("part %d", i);
        sentence_commit(commit, &s);
        sentence_make(other, &s);
        T(memcmp(words, other, sizeof words) != 0);
        T_EQ(memcmp(first, commit, 32) != 0, i != 7);
        part[i][0] ^= 1;
    }
    s.language = 1;
    sentence_make(other, &s);
    T(memcmp(words, other, sizeof words) != 0);
    s.language = 0;
    sentence_make(other, &s);
    T_MEM(words, other, sizeof words);
}

/* The steward's side cheats: the join (1) has dialled the test. */
static void host_meet(struct hand *h, struct net *n, const struct invite_line *line)
{
    struct handshake hs;
    struct entropy_stream stream = {{55}, n->bytes};
    struct entropy entropy = entropy_stream(&stream);
    const uint8_t *remote = NULL;
    uint8_t psk[32], pk[32], sk[64], second[HANDSHAKE_2_BYTES], hash[32];
    int c = n->conns - 1;
    join_derive(psk, pk, sk, line->v);
    struct handshake_config config = {LINK_INVITE, line->group, psk,
                                      net_group(n, 0)->secrets->transport_sk, NULL};
    *h = (struct hand){.net = n, .conn = c};
    CHECK(n->conn[c].sent[0].n == HANDSHAKE_1_BYTES);
    CHECK(handshake_accept(&hs, &config, &entropy, n->conn[c].sent[0].p) == 0);
    CHECK(handshake_second(&hs, second) == 0);
    net_send(n, c, 1, BYTES_OF(second));
    net_drain(n);
    CHECK(handshake_finish(&hs, n->conn[c].sent[0].p + HANDSHAKE_1_BYTES, &remote) ==
          0);
    CHECK(handshake_split(&hs, &h->send, &h->recv, hash) == 0);
    h->heard = HANDSHAKE_1_BYTES + HANDSHAKE_3_BYTES;
}

/* The next message of the joiner. */
static bool host_hears(struct hand *h, struct wire_message *m)
{
    struct bytes all = BUF_BYTES(&h->net->conn[h->conn].sent[0]), message;
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

static void host_asks(struct hand *h, uint8_t fill, struct bytes name)
{
    struct net *n = h->net;
    struct buf wire = {0};
    struct wire_asked a = {.name = name};
    memset(a.nonce, fill, 32);
    CHECK(wire_put_asked(&h->out, &a) == 0);
    CHECK(frame_seal(&h->send, BUF_BYTES(&h->out), &wire, SIZE_MAX / 2) == 0);
    h->out.n = 0;
    net_send(n, h->conn, 1, BUF_BYTES(&wire));
    net_drain(n);
    buf_free(&wire);
}

/* P6.10: once it has shown its nonce, a newcomer takes no other nonce of the steward:
 * who sits in between could look for one that fits. */
T_CASE(a_steward_cannot_change_the_nonce)
{
    struct net *n = wren_and(1);
    struct buf line = net_asking(n, 0, 1);
    struct invite_line in;
    struct wire_message m;
    struct hand h;
    CHECK(invite_decode(BUF_BYTES(&line), &in) == 0);
    in.addresses[0] = BYTES("t:1", 3);
    in.addresses_count = 1;
    line.n = 0;
    CHECK(invite_encode(&in, &line) == 0);
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    net_run(n, 1);
    host_meet(&h, n, &in);
    T_NEED(host_hears(&h, &m) && m.type == WIRE_JOIN);
    T(bytes_equal(m.join.name, BYTES("Otter", 5)));
    uint8_t commitment[32];
    memcpy(commitment, m.join.commitment, 32);
    T(!host_hears(&h, &m)); /* nothing is shown before the steward has chosen */
    host_asks(&h, 7, BYTES("Wren", 4));
    T_NEED(host_hears(&h, &m) && m.type == WIRE_REVEAL);
    struct own before = own(n, 1);
    T(before.v.asked);
    net_push(n, (struct net_act){.what = NET_CLOSE, .conn = h.conn, .end = 0});
    hand_close(&h);
    net_restart(n, 1);
    net_run(n, 3000);
    host_meet(&h, n, &in);
    T_NEED(host_hears(&h, &m) && m.type == WIRE_JOIN);
    T_MEM(m.join.commitment, commitment, 32);
    host_asks(&h, 7, BYTES("Wren", 4)); /* the same is fine */
    T_NEED(host_hears(&h, &m) && m.type == WIRE_REVEAL);
    T_MEM(own(n, 1).v.sentence, before.v.sentence, SENTENCE_BYTES);
    host_asks(&h, 8, BYTES("Wren", 4));
    T_EQ(n->told[TELL_REFUSED], 1);
    T_EQ(n->told_err, ERR_EXPIRED);
    T_EQ(own(n, 1).groups, 0);
    hand_close(&h);
    buf_free(&line);
    net_free(n);
}

/* A name that no person could have is not shown. */
T_CASE(a_stewards_name_is_looked_at)
{
    struct net *n = wren_and(1);
    struct buf line = net_asking(n, 0, 1);
    struct invite_line in;
    struct wire_message m;
    struct hand h;
    CHECK(invite_decode(BUF_BYTES(&line), &in) == 0);
    in.addresses[0] = BYTES("t:1", 3);
    in.addresses_count = 1;
    line.n = 0;
    CHECK(invite_encode(&in, &line) == 0);
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    net_run(n, 1);
    host_meet(&h, n, &in);
    T_NEED(host_hears(&h, &m));
    host_asks(&h, 7, BYTES("Wr\x1b[2Jen", 8));
    T(!host_hears(&h, &m));
    T(!own(n, 1).v.asked);
    hand_close(&h);
    buf_free(&line);
    net_free(n);
}

T_RUN()
