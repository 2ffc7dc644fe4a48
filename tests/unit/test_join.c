/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_join.c -- invitations from both sides, with everything that goes wrong (P6). */
#include "tests/lib/t.h"

#include "base/err.h"
#include "base/mp.h"
#include "tests/lib/guest.h"

/* Wren (0) in her group, and Otter (1) who is not in it yet. */
static struct net *one_and_one(void)
{
    struct net *n = net_new();
    (void)net_add(n);
    (void)net_add(n);
    CHECK(net_found(n, 0, 168) == 1);
    return n;
}

static uint32_t groups(const struct net *n, int peer)
{
    return n->peer[peer]->peer->groups_count;
}

static bool joined(const struct net *n, int peer)
{
    return groups(n, peer) == 1 && !n->peer[peer]->peer->groups[0]->joining;
}

static int count_visit(void *ctx, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    ++*(int *)ctx;
    return 0;
}

/* Welcomes that Wren keeps. */
static int kept(const struct net *n)
{
    int count = 0;
    struct log log = memlog_log(n->peer[0]->log);
    CHECK(log.ops->scan(log.ctx, 1, LOG_INVITE, BYTES("w", 1), count_visit, &count) ==
          0);
    return count;
}

T_CASE(a_newcomer_is_a_member_with_name_and_address)
{
    struct net *n = one_and_one();
    struct buf line = net_line(n, 0, 1, false);
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    T(n->peer[1]->peer->groups[0]->joining);
    net_run(n, 3000);
    T_NEED(joined(n, 1));
    T_EQ(n->told[TELL_JOINED], 1);
    struct group *g = net_group(n, 0);
    T_EQ(member_count(g), 2);
    T(bytes_equal(card_member_name(g, 1), BYTES("Otter", 5)));
    T(bytes_equal(card_address(g, 1, 0), BYTES("p1:1", 4)));
    T_EQ(member_at(g, 1)->role, ROLE_MEMBER);
    T_EQ(net_group(n, 1)->lifetime_hours, 168);
    T_EQ(net_group(n, 1)->hour.hour, g->hour.hour);
    T_EQ(kept(n), 0); /* seen as a member: the welcome is gone */
    struct invite_view v;
    T_EQ(control_invite_at(g, 0, &v), 0);
    T_EQ(v.used, 1);
    buf_free(&line);
    net_free(n);
}

T_CASE(a_steward_is_invited_as_one)
{
    struct net *n = one_and_one();
    struct buf line = net_line(n, 0, 1, true);
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    net_run(n, 3000);
    T_NEED(joined(n, 1));
    T_EQ(member_at(net_group(n, 0), 1)->role, ROLE_STEWARD);
    buf_free(&line);
    net_free(n);
}

/* The add is saved, its welcome never leaves; whoever asks again gets the same. */
T_CASE(power_fails_between_add_and_welcome)
{
    struct net *n = one_and_one();
    struct buf line = net_line(n, 0, 1, false);
    n->record = true;
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    while (member_count(net_group(n, 0)) == 1) { /* up to the step that adds */
        T_NEED(n->acts_at < n->acts_count || n->conns == 0);
        if (n->acts_at == n->acts_count)
            net_run(n, 1);
        struct net_act a = n->acts[n->acts_at++];
        net_act(n, &a);
    }
    T_EQ(kept(n), 1);
    net_restart(n, 0);
    T_EQ(kept(n), 1);
    T(!joined(n, 1));
    net_run(n, 30000);
    T(joined(n, 1));
    T_EQ(member_count(net_group(n, 0)), 2);
    T_EQ(kept(n), 0);
    buf_free(&line);
    net_free(n);
}

T_CASE(a_join_goes_on_after_a_restart)
{
    struct net *n = one_and_one();
    struct buf line = net_line(n, 0, 1, false);
    n->off[0] = true;
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    net_run(n, 5000);
    net_restart(n, 1);
    T_EQ(groups(n, 1), 1);
    T(n->peer[1]->peer->groups[0]->joining);
    n->off[0] = false;
    n->peer[0]->now_ms = n->peer[1]->now_ms;
    n->peer[0]->wall_ms = n->peer[1]->wall_ms;
    net_run(n, 3 * 60000);
    T(joined(n, 1));
    T(bytes_equal(card_member_name(net_group(n, 0), 1), BYTES("Otter", 5)));
    buf_free(&line);
    net_free(n);
}

/* Straight after joining, before any card came, Otter knows where to find Wren. */
T_CASE(a_newcomer_finds_back_without_cards)
{
    struct net *n = one_and_one();
    struct buf line = net_line(n, 0, 1, false);
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    for (int i = 0; i < 2000 && !joined(n, 1); i++) {
        if (n->acts_at == n->acts_count)
            net_run(n, 1);
        else {
            struct net_act a = n->acts[n->acts_at++];
            net_act(n, &a);
        }
    }
    T_NEED(joined(n, 1));
    net_restart(n, 1);
    T_EQ(card_address(net_group(n, 1), 0, 0).n, 0);
    net_run(n, 20000);
    T_EQ(links_count(n->peer[1]->peer, 1), 1);
    buf_free(&line);
    net_free(n);
}

/* ---- refused ---------------------------------------------------------------- */

T_CASE(used_finished_and_known)
{
    struct net *n = one_and_one();
    (void)net_add(n);
    struct buf line = net_line(n, 0, 1, false), late = net_line(n, 0, 1, false);
    T_EQ(net_join(n, 0, &line, "Wren"), ERR_EXISTS); /* one's own group */
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    T_EQ(net_join(n, 1, &line, "Otter"), ERR_EXISTS);
    net_run(n, 5000);
    T_EQ(net_join(n, 1, &line, "Otter"), ERR_EXISTS);
    T_EQ(net_join(n, 2, &line, "Heron"), 0);
    net_run(n, 5000);
    T_EQ(n->told[TELL_REFUSED], 1);
    T_EQ(n->told_err, ERR_EXPIRED);
    T_EQ(groups(n, 2), 0); /* nothing of it stays */
    net_run(n, 50ull * 3600 * 1000);
    T_EQ(net_join(n, 2, &late, "Heron"), 0);
    net_run(n, 5000);
    T_EQ(n->told[TELL_REFUSED], 2);
    T_EQ(n->told_err, ERR_EXPIRED);
    T_EQ(groups(n, 2), 0);
    T_EQ(member_count(net_group(n, 0)), 2);
    buf_free(&line);
    buf_free(&late);
    net_free(n);
}

/* Nobody may be left to answer the first one: the newest counts. */
T_CASE(another_invitation_replaces_the_one_that_waits)
{
    struct net *n = one_and_one();
    (void)net_add(n);
    struct buf line = net_line(n, 0, 1, false), other = net_line(n, 0, 1, false);
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    T_EQ(net_join(n, 1, &other, "Otter"), 0);
    T_EQ(groups(n, 1), 1);
    net_run(n, 5000);
    T_EQ(net_join(n, 1, &line, "Otter"), ERR_EXISTS); /* he is in */
    T_EQ(net_join(n, 2, &line, "Heron"), 0);          /* and did not use it */
    net_run(n, 5000);
    T_EQ(n->told[TELL_REFUSED], 0);
    T_EQ(member_count(net_group(n, 0)), 3);
    buf_free(&line);
    buf_free(&other);
    net_free(n);
}

T_CASE(several_uses)
{
    struct net *n = one_and_one();
    struct buf line = net_line(n, 0, 2, false);
    for (int i = 1; i <= 3; i++) {
        if (i > 1)
            (void)net_add(n);
        T_EQ(net_join(n, i, &line, "Somebody"), 0);
    }
    net_run(n, 10000);
    T_EQ(member_count(net_group(n, 0)), 3);
    T_EQ(n->told[TELL_REFUSED], 1);
    T_EQ(n->told_err, ERR_EXPIRED);
    buf_free(&line);
    net_free(n);
}

/* A guessed secret is never answered; the join is tried until it is given up. */
T_CASE(a_guessed_invitation_gets_no_answer)
{
    struct net *n = one_and_one();
    struct buf line = net_line(n, 0, 1, false);
    struct invite_line in;
    T_NEED(invite_decode(BUF_BYTES(&line), &in) == 0);
    in.v[0] ^= 1;
    line.n = 0;
    T_NEED(invite_encode(&in, &line) == 0);
    n->record = true;
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    net_run(n, 2 * 60000);
    T(n->conns > 2);
    for (int c = 0; c < n->conns; c++)
        T_EQ(n->conn[c].sent[1].n, 0);
    T_EQ(groups(n, 1), 1);
    struct command c = {.kind = CMD_JOIN_CANCEL, .group = 1};
    T_EQ(net_command(n, 1, &c), 0);
    T_EQ(groups(n, 1), 0);
    net_run(n, 60000);
    T_EQ(links_handshakes(n->peer[1]->peer), 0);
    buf_free(&line);
    net_free(n);
}

T_CASE(who_may_invite)
{
    struct net *n = one_and_one();
    net_let_in(n, 0, 1);
    struct command c = {.kind = CMD_INVITE, .group = 1, .uses = 1, .valid_hours = 24};
    T_EQ(net_command(n, 1, &c), ERR_DENIED);
    T_EQ(c.line.n, 0);
    uint64_t limited = net_limited(n, 0);
    int made = 0;
    for (int i = 0; i <= LIMIT_INVITES_OPEN_MAX && c.err != ERR_FULL; i++) {
        c = (struct command){
            .kind = CMD_INVITE, .group = 1, .uses = 1, .valid_hours = 24};
        made += net_command(n, 0, &c) == 0;
        buf_free(&c.line);
    }
    T_EQ(c.err, ERR_FULL); /* the one that was used is open no more */
    T_EQ(made, LIMIT_INVITES_OPEN_MAX);
    T_EQ(net_limited(n, 0) - limited, 1);
    net_free(n);
}

/* ---- an invitation link can do nothing else (P6.3, P6.4) ---------------------- */

static void guest_open(struct guest *x, struct net *n)
{
    struct buf line = net_line(n, 0, 1, false);
    guest_call(x, n, &line, 1);
    CHECK(guest_enter(x));
    buf_free(&line);
}

enum wrong {
    RIGHT,
    WRONG_PROOF,
    WRONG_SIGNATURE,
    OTHER_TRANSPORT,
    OTHER_MEMBER,
    A_HELLO,
    A_CONTROL,
    A_DONE,
    WRONG_END
};

static void guest_say(struct guest *x, enum wrong how)
{
    struct buf *out = &x->hand.out;
    struct wire_hello hello = {.version = 1};
    if (how == WRONG_PROOF)
        x->join.proof[5] ^= 1;
    if (how == WRONG_SIGNATURE)
        x->join.signature[5] ^= 1;
    if (how == OTHER_TRANSPORT)
        x->join.transport_pk[5] ^= 1;
    if (how == OTHER_MEMBER)
        x->join.member_pk[5] ^= 1;
    if (how == A_HELLO)
        CHECK(wire_put_hello(out, &hello) == 0);
    else if (how == A_CONTROL)
        CHECK(wire_put(out, WIRE_CONTROL, BYTES("entry", 5), BYTES(NULL, 0)) == 0);
    else if (how == A_DONE)
        CHECK(wire_put_code(out, WIRE_DONE, SET_CONTENT) == 0);
    else
        CHECK(wire_put_join(out, &x->join) == 0);
    hand_send(&x->hand);
}

T_CASE(a_guest_who_does_anything_else_is_shown_out)
{
    for (int how = RIGHT; how < WRONG_END; how++) {
        struct net *n = one_and_one();
        struct guest x;
        T_NOTE("way %d", how);
        guest_open(&x, n);
        T(!hand_closed(&x.hand));
        uint32_t before = control_count(net_group(n, 0));
        guest_say(&x, (enum wrong)how);
        T_EQ(hand_closed(&x.hand), how != RIGHT);
        T_EQ(control_count(net_group(n, 0)) - before, how == RIGHT ? 1 : 0);
        T_EQ(hand_count(&x.hand, WIRE_WELCOME), how == RIGHT ? (int)before + 2 : 0);
        T_EQ(links_count(n->peer[0]->peer, 1), 0); /* never a member's link */
        hand_close(&x.hand);
        net_free(n);
    }
}

/* The same keys again get the same welcome, other keys of the same person none; after
 * eight days it is gone. */
T_CASE(the_same_welcome_again)
{
    struct net *n = one_and_one();
    struct guest x;
    guest_open(&x, n);
    guest_say(&x, RIGHT);
    T(!hand_closed(&x.hand));
    T_EQ(kept(n), 1);
    uint32_t entries = control_count(net_group(n, 0));
    T_EQ(hand_count(&x.hand, WIRE_WELCOME), (int)entries + 1);
    x.join.prekey_pk[0] ^= 1;
    guest_say(&x, RIGHT);
    T(hand_closed(&x.hand)); /* the signature is over the prekey */
    hand_close(&x.hand);
    net_run(n, 7ull * 24 * 3600 * 1000);
    T_EQ(kept(n), 1);
    net_run(n, 26ull * 3600 * 1000);
    T_EQ(kept(n), 0);
    net_free(n);
}

/* ---- a steward who lies (P6.6) ------------------------------------------------- */

enum lie {
    TRUTH,
    NO_ENTRIES,
    OTHER_GROUP,
    NOT_ADDED,
    BROKEN_BOX,
    BROKEN_ENTRY,
    SHORT_END,
    BROKEN_BASELINE,
    LIE_END
};

/* The joiner (1) has dialled "t:1": be Wren. */
static void host_open(struct hand *h, struct net *n, const struct invite_line *line)
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
    CHECK(n->conn[c].sent[0].n > HANDSHAKE_1_BYTES + HANDSHAKE_3_BYTES);
    CHECK(handshake_finish(&hs, n->conn[c].sent[0].p + HANDSHAKE_1_BYTES, &remote) ==
          0);
    CHECK(handshake_split(&hs, &h->send, &h->recv, hash) == 0);
}

/* The join that came: Wren's node adds them and makes the welcome's end. */
static void host_add(struct hand *h, struct buf *end)
{
    struct net *n = h->net;
    struct group *g = net_group(n, 0);
    struct bytes all = BUF_BYTES(&n->conn[h->conn].sent[0]), message;
    size_t used = 0, from = HANDSHAKE_1_BYTES + HANDSHAKE_3_BYTES;
    struct wire_message m;
    struct invite_view v;
    CHECK(frame_feed(&h->frames, &h->recv, BYTES(all.p + from, all.n - from), &h->in,
                     SIZE_MAX / 2) == 0);
    CHECK(wire_next(BUF_BYTES(&h->in), &message, &used) == 1);
    CHECK(wire_decode(message, &m) == 0 && m.type == WIRE_JOIN);
    CHECK(control_invite_at(g, 0, &v) == 0);
    struct newcomer who = {m.join.member_pk, m.join.transport_pk, m.join.prekey_pk,
                           m.join.proof, false};
    memlog_begin(n->peer[0]->log);
    CHECK(keys_post_add(g, &who, &v, end) == 0);
    CHECK(content_baseline(g, end) == 0);
    memlog_commit(n->peer[0]->log);
}

static void host_say(struct hand *h, struct buf *end, enum lie lie)
{
    struct net *n = h->net;
    struct group *g = net_group(n, lie == OTHER_GROUP ? 2 : 0);
    struct buf wire = {0};
    uint32_t count = control_count(g);
    for (uint32_t i = 0; lie != NO_ENTRIES && i < count - (lie == NOT_ADDED); i++)
        CHECK(wire_put_welcome(&h->out, WELCOME_ENTRY, control_at(g, i)->whole) == 0);
    if (lie == BROKEN_ENTRY)
        CHECK(wire_put_welcome(&h->out, WELCOME_ENTRY, BYTES("\1entry", 6)) == 0);
    if (lie == BROKEN_BOX)
        end->p[40] ^= 1;
    if (lie == SHORT_END)
        end->n = 100;
    if (lie == BROKEN_BASELINE)
        CHECK(buf_append(end, BYTES("x", 1), SIZE_MAX / 2) == 0);
    CHECK(wire_put_welcome(&h->out, WELCOME_END, BUF_BYTES(end)) == 0);
    CHECK(frame_seal(&h->send, BUF_BYTES(&h->out), &wire, SIZE_MAX / 2) == 0);
    net_send(n, h->conn, 1, BUF_BYTES(&wire));
    net_drain(n);
    buf_free(&wire);
}

/* A joiner (1) who has dialled the test, which plays Wren. */
static struct net *dialled_us(struct hand *h)
{
    struct net *n = one_and_one();
    struct buf line = net_line(n, 0, 1, false);
    struct invite_line in;
    CHECK(invite_decode(BUF_BYTES(&line), &in) == 0);
    in.addresses[0] = BYTES("t:1", 3);
    in.addresses_count = 1;
    line.n = 0;
    CHECK(invite_encode(&in, &line) == 0);
    CHECK(net_join(n, 1, &line, "Otter") == 0);
    net_run(n, 1);
    host_open(h, n, &in);
    buf_free(&line);
    return n;
}

/* P6.7: what the newcomer hears for each code, and whether the join goes on. */
T_CASE(every_refusal_has_its_sentence)
{
    static const struct {
        uint8_t code;
        bool over;
        const char *sentence;
    } all[] = {
        {REFUSED_USED, true, "This code is finished. Ask for a new one."},
        {REFUSED_FINISHED, true, "This code is finished. Ask for a new one."},
        {REFUSED_UNKNOWN, true, "This code is finished. Ask for a new one."},
        {REFUSED_FULL, true, "A list is full. Try again later."},
        {REFUSED_LATER, false, "Nobody answered. It will be tried again."},
        {REFUSED_STOPPED, true, "Stopped. Nobody was added."},
        {REFUSED_STOPPED + 1, false, "Nobody answered. It will be tried again."},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct hand h;
        struct net *n = dialled_us(&h);
        struct buf wire = {0};
        int calls = n->conns;
        T_NOTE("code %d", all[i].code);
        CHECK(wire_put_code(&h.out, WIRE_REFUSED, all[i].code) == 0);
        CHECK(frame_seal(&h.send, BUF_BYTES(&h.out), &wire, SIZE_MAX / 2) == 0);
        net_send(n, h.conn, 1, BUF_BYTES(&wire));
        net_drain(n);
        buf_free(&wire);
        T_EQ(n->told[TELL_REFUSED], 1);
        T_STR(err_text(n->told_err), all[i].sentence);
        T_EQ(groups(n, 1), all[i].over ? 0 : 1);
        T(hand_closed(&h));
        net_run(n, 5000);
        T_EQ(n->conns > calls, !all[i].over); /* it calls again, or never */
        hand_close(&h);
        net_free(n);
    }
}

static int nothing_left(void *ctx, struct bytes key, struct bytes value)
{
    (void)key;
    (void)value;
    ++*(int *)ctx;
    return 0;
}

T_CASE(a_welcome_that_is_not_right_leaves_nothing)
{
    for (int lie = TRUTH; lie < LIE_END; lie++) {
        struct net *n = one_and_one();
        struct buf line = net_line(n, 0, 1, false), end = {0};
        struct invite_line in;
        struct hand h;
        (void)net_add(n);
        CHECK(net_found(n, 2, 24) == 1); /* another group */
        T_NEED(invite_decode(BUF_BYTES(&line), &in) == 0);
        in.addresses[0] = BYTES("t:1", 3);
        in.addresses_count = 1;
        line.n = 0;
        T_NEED(invite_encode(&in, &line) == 0);
        T_EQ(net_join(n, 1, &line, "Otter"), 0);
        net_run(n, 1);
        host_open(&h, n, &in);
        host_add(&h, &end);
        host_say(&h, &end, (enum lie)lie);
        T_NOTE("lie %d", lie);
        T_EQ(joined(n, 1), lie == TRUTH);
        T_EQ(n->told[TELL_REFUSED], lie == TRUTH ? 0 : 1);
        T_EQ(n->told[TELL_JOINED], lie == TRUTH ? 1 : 0);
        if (lie != TRUTH) {
            struct log log = memlog_log(n->peer[1]->log);
            int left = 0;
            T(n->told_err == ERR_FORGED || n->told_err == ERR_PROTOCOL);
            T_EQ(groups(n, 1), 0);
            for (uint8_t table = LOG_GROUP; table < LOG_TABLES_END; table++)
                T_EQ(log.ops->scan(log.ctx, 1, table, BYTES(NULL, 0), nothing_left,
                                   &left),
                     0);
            T_EQ(left, 0);
        }
        hand_close(&h);
        buf_free(&line);
        buf_free(&end);
        net_free(n);
    }
}

/* A long log does not fit into the queue at once: it goes on as it drains. */
T_CASE(a_long_welcome_comes_whole)
{
    struct net *n = one_and_one();
    struct buf body = {0};
    static uint8_t big[50000];
    struct mp_writer w = mp_writer_to(&body, 2 * sizeof big);
    mp_map(&w, 1);
    mp_uint(&w, 1);
    mp_bin(&w, BYTES_OF(big));
    memlog_begin(n->peer[0]->log);
    for (int i = 0; i < 30; i++) /* of a kind that nobody knows yet */
        T_NEED(control_post(net_group(n, 0), 200, BUF_BYTES(&body), NULL) == 0);
    memlog_commit(n->peer[0]->log);
    buf_free(&body);
    struct buf line = net_line(n, 0, 1, false);
    n->slow[0] = true;
    uint64_t before = n->bytes;
    T_EQ(net_join(n, 1, &line, "Otter"), 0);
    net_run(n, 3000);
    T(n->bytes - before > LIMIT_SEND_QUEUE_BYTES_MAX / 3);
    T(n->bytes - before < LIMIT_SEND_QUEUE_BYTES_MAX * 2 / 3);
    T(!joined(n, 1));
    n->slow[0] = false;
    for (int k = 0; k < n->conns; k++)
        if (n->conn[k].end[1] == 0)
            net_push(n, (struct net_act){
                            .what = NET_SENT, .conn = k, .end = 1, .n = SIZE_MAX});
    net_run(n, 3000);
    T(joined(n, 1));
    T_EQ(control_count(net_group(n, 1)), control_count(net_group(n, 0)));
    buf_free(&line);
    net_free(n);
}

T_RUN()
