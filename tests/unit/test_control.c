/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_control.c -- the control log (P4): form, rights, digest, forks, bounds. */
#include "tests/lib/circle.h"
#include "tests/lib/t.h"

enum { HOUR = 3600 * 1000 };

/* An entry signed by anybody, as `d` and `kind` say, with a digest that is wrong. */
static void forge(const struct group *g, const struct draft *d, uint8_t kind,
                  struct bytes body, const uint8_t sk[64], struct buf *out)
{
    uint8_t pk_seed[CONTROL_FIXED_BYTES], digest[16] = {7}, n[4], signature[64];
    const size_t max = LIMIT_CONTROL_BYTES_MAX;
    out->n = 0;
    pk_seed[0] = 1;
    pk_seed[1] = kind;
    memcpy(pk_seed + 2, g->id, 32);
    memcpy(pk_seed + 34, sk + 32, 32); /* the public key is the second half */
    put_u32(pk_seed + 66, d->seq);
    memcpy(pk_seed + 70, d->prev, 32);
    pk_seed[102] = d->deps_count;
    put_u32(n, (uint32_t)body.n);
    CHECK(buf_append(out, BYTES_OF(pk_seed), max) == 0);
    CHECK(buf_append(out, BYTES(d->deps, d->deps_count * 32U), max) == 0);
    CHECK(buf_append(out, BYTES_OF(digest), max) == 0);
    CHECK(buf_append(out, BYTES_OF(n), max) == 0);
    CHECK(buf_append(out, body, max) == 0);
    CHECK(sign_make(signature, "control", BUF_BYTES(out), sk) == 0);
    CHECK(buf_append(out, BYTES_OF(signature), max) == 0);
}

static const uint8_t empty_map[] = {0x80};

static int take(struct circle *c, int i, struct bytes whole)
{
    circle_begin(c, i);
    int err = control_take(circle_group(c, i), whole, 0);
    circle_commit(c, i);
    return err;
}

static void same_state(const struct circle *c)
{
    uint8_t a[16], b[16];
    T_EQ(control_digest(circle_group(c, 0), a), 0);
    for (int i = 1; i < c->count; i++) {
        T_EQ(control_digest(circle_group(c, i), b), 0);
        T_MEM(a, b, 16);
        T(!control_differs(circle_group(c, i)));
        T_EQ(control_count(circle_group(c, 0)), control_count(circle_group(c, i)));
    }
}

T_CASE(a_group_begins_with_its_create)
{
    struct circle c;
    circle_found(&c, 168);
    const struct group *g = circle_group(&c, 0);
    const struct control_entry *e = control_at(g, 0);
    T_EQ(control_count(g), 1);
    T_EQ(e->kind, CONTROL_CREATE);
    T_MEM(e->hash, g->id, 32); /* P4.2 */
    T_EQ(e->deps_count, 0);
    T(e->valid && !e->differs);
    T_EQ(member_count(g), 1);
    T_EQ(member_me(g)->role, ROLE_STEWARD);
    T_EQ(member_me(g)->let_in_by, UINT32_MAX);
    T(member_by_transport(g, g->transport_pk) == member_me(g));
    uint8_t nothing[8] = {0}, digest[16];
    hash16(digest, "state", &BYTES_OF(nothing), 1); /* P4.9: two empty lists */
    T_MEM(e->digest, digest, 16);
    circle_end(&c);
}

/* P4.9 once more, from what the header says, for one founder. */
T_CASE(the_digest_is_what_the_protocol_says)
{
    struct circle c;
    uint8_t want[16], got[16];
    uint8_t text[4 + 34 + 4 + 32 + 4 + 32] = {0};
    circle_found(&c, 168);
    const struct group *g = circle_group(&c, 0);
    put_u32(text, 1);
    memcpy(text + 4, g->member_pk, 32);
    text[36] = ROLE_STEWARD;
    put_u32(text + 38, 1);
    memcpy(text + 42, g->id, 32);
    put_u32(text + 74, 1);
    memcpy(text + 78, g->member_pk, 32);
    hash16(want, "state", &BYTES(text, 110), 1);
    T_EQ(control_digest(g, got), 0);
    T_MEM(got, want, 16);
    circle_end(&c);
}

/* P4.1: no byte of an entry can be changed, none cut off or added. */
T_CASE(a_changed_entry_is_refused)
{
    struct circle c;
    struct control_entry e;
    uint8_t copy[1024];
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_MEMBER);
    const struct bytes whole = control_at(circle_group(&c, 0), 1)->whole;
    T_NEED(whole.n < sizeof copy - 1);
    T_EQ(control_decode(whole, &e), 0);
    memcpy(copy, whole.p, whole.n);
    for (size_t i = 0; i < whole.n; i++) {
        T_NOTE("byte %zu", i);
        copy[i] ^= (uint8_t)(1U << (i % 8));
        T(control_decode(BYTES(copy, whole.n), &e) < 0);
        T(take(&c, 1, BYTES(copy, whole.n)) < 0);
        copy[i] ^= (uint8_t)(1U << (i % 8));
        T(control_decode(BYTES(copy, i), &e) < 0);
    }
    T(control_decode(BYTES(copy, whole.n + 1), &e) < 0);
    T_EQ(take(&c, 1, BYTES(copy, whole.n)), 1);
    T_EQ(control_count(circle_group(&c, 1)), 2);
    copy[0] = 9;
    T_EQ(control_decode(BYTES(copy, whole.n), &e), ERR_VERSION);
    T_NOTE("%s", "");
    circle_end(&c);
}

T_CASE(place_and_form_are_checked)
{
    struct circle c;
    struct draft d;
    struct buf whole = {0};
    static uint8_t big[LIMIT_CONTROL_BYTES_MAX + 1];
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    const uint8_t *sk = g->secrets->member_sk;
    T_EQ(take(&c, 0, BYTES_OF(big)), ERR_TOOBIG);
    T_EQ(control_draft(g, &d), 0);
    struct draft bad = d;
    bad.deps[0] ^= 1;
    forge(g, &bad, CONTROL_SEEN, BYTES_OF(empty_map), sk, &whole);
    T_EQ(take(&c, 0, BUF_BYTES(&whole)), ERR_NOTFOUND); /* P4.4 */
    bad = d;
    bad.prev[0] ^= 1;
    forge(g, &bad, CONTROL_SEEN, BYTES_OF(empty_map), sk, &whole);
    T_EQ(take(&c, 0, BUF_BYTES(&whole)), ERR_NOTFOUND);
    bad = d;
    bad.seq = 3;
    forge(g, &bad, CONTROL_SEEN, BYTES_OF(empty_map), sk, &whole);
    T_EQ(take(&c, 0, BUF_BYTES(&whole)), ERR_MALFORMED); /* P4.3 */
    bad = d;
    bad.deps_count = 0;
    forge(g, &bad, CONTROL_SEEN, BYTES_OF(empty_map), sk, &whole);
    T_EQ(take(&c, 0, BUF_BYTES(&whole)), ERR_MALFORMED); /* P4.2 */
    bad = d;
    memcpy(bad.deps + 32, bad.deps, 32);
    bad.deps_count = 2;
    forge(g, &bad, CONTROL_SEEN, BYTES_OF(empty_map), sk, &whole);
    T_EQ(take(&c, 0, BUF_BYTES(&whole)), ERR_MALFORMED);
    forge(g, &d, CONTROL_SEEN, BYTES((const uint8_t *)"\xc0", 1), sk, &whole);
    T(take(&c, 0, BUF_BYTES(&whole)) < 0); /* the body is no map */
    const uint8_t long_form[] = {0x81, 0xcc, 0x01, 0x00};
    forge(g, &d, CONTROL_SEEN, BYTES_OF(long_form), sk, &whole);
    T_EQ(take(&c, 0, BUF_BYTES(&whole)), ERR_NOTCANON); /* P1.1 */
    T_EQ(control_count(g), 1);
    bad = d;
    bad.deps_count = LIMIT_HEADS_MAX + 1;
    forge(g, &bad, CONTROL_SEEN, BYTES_OF(empty_map), sk, &whole);
    T_EQ(take(&c, 0, BUF_BYTES(&whole)), ERR_MALFORMED);
    struct circle other;
    circle_found(&other, 24);
    circle_rekey(&other, 0);
    T_EQ(take(&c, 0, control_at(circle_group(&other, 0), 0)->whole), ERR_FOREIGN);
    T_EQ(take(&c, 0, control_at(circle_group(&other, 0), 1)->whole), ERR_FOREIGN);
    T_EQ(control_count(g), 1);
    circle_end(&other);
    buf_free(&whole);
    circle_end(&c);
}

T_CASE(strangers_are_refused_and_without_right_there_is_no_effect)
{
    struct circle c;
    struct draft d, m;
    struct buf whole = {0}, body = {0};
    uint8_t pk[32], sk[64], seed[32] = {3};
    circle_of(&c, 2);
    struct group *g = circle_group(&c, 0), *g1 = circle_group(&c, 1);
    sign_keypair(pk, sk, seed);
    T_EQ(control_draft(g, &d), 0);
    struct draft stranger = d;
    stranger.seq = 1;
    memset(stranger.prev, 0, 32);
    forge(g, &stranger, CONTROL_PREKEY, BYTES_OF(empty_map), sk, &whole);
    T_EQ(take(&c, 0, BUF_BYTES(&whole)), ERR_DENIED); /* P4.15 */
    T_EQ(control_count(g), 2);
    /* P4.6: a plain member's invitation counts for nothing */
    struct control_body b = {0};
    b.bin[INVITE_KEY] = b.bin[INVITE_PSK] = BYTES_OF(pk);
    b.uint[INVITE_USES] = 1;
    T_EQ(control_body_encode(CONTROL_INVITE, &b, &body), 0);
    circle_begin(&c, 1);
    T_EQ(control_post(g1, CONTROL_INVITE, BUF_BYTES(&body), NULL), 0);
    circle_commit(&c, 1);
    struct invite_view view;
    T_EQ(control_invite(g1, pk, &view), ERR_NOTFOUND);
    circle_begin(&c, 0);
    T_EQ(control_post(g, CONTROL_INVITE, BUF_BYTES(&body), NULL), 0);
    circle_commit(&c, 0);
    T_EQ(control_invite(g, pk, &view), 0);
    T_EQ(view.uses, 1);
    T_EQ(control_invite_at(g, 0, &view), 0);
    T_EQ(control_invite_at(g, 1, &view), ERR_NOTFOUND);
    /* and so does a body that lacks its fields; an unknown kind is kept */
    T_EQ(control_draft(g1, &m), 0);
    forge(g1, &m, CONTROL_PREKEY, BYTES_OF(empty_map), g1->secrets->member_sk, &whole);
    T_EQ(take(&c, 1, BUF_BYTES(&whole)), 0);
    T(!control_at(g1, control_count(g1) - 1)->valid);
    T_EQ(control_draft(g1, &m), 0);
    forge(g1, &m, 99, BYTES_OF(empty_map), g1->secrets->member_sk, &whole);
    T_EQ(take(&c, 1, BUF_BYTES(&whole)), 0);
    circle_settle(&c);
    uint8_t a16[16], b16[16];
    T_EQ(control_digest(g, a16), 0);
    T_EQ(control_digest(g1, b16), 0);
    T_MEM(a16, b16, 16);
    buf_free(&whole);
    buf_free(&body);
    circle_end(&c);
}

T_CASE(one_person_alone_makes_one_more_steward)
{
    struct circle c;
    struct invite_view invite = {.uses = 1, .role = ROLE_STEWARD};
    uint8_t key[32] = {1}, proof[64] = {0};
    struct buf box = {0};
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_STEWARD);
    circle_settle(&c);
    T_EQ(member_me(circle_group(&c, 1))->role, ROLE_STEWARD);
    circle_begin(&c, 1);
    T_EQ(keys_post_add(circle_group(&c, 1),
                       &(struct newcomer){key, key, key, proof, false}, &invite, &box),
         ERR_DENIED);
    circle_commit(&c, 1);
    circle_join(&c, 1, ROLE_MEMBER);
    circle_settle(&c);
    circle_begin(&c, 2);
    T_EQ(keys_post_add(circle_group(&c, 2),
                       &(struct newcomer){key, key, key, proof, false}, &invite, &box),
         ERR_DENIED);
    circle_commit(&c, 2);
    T_EQ(member_at(circle_group(&c, 0), 2)->let_in_by, 1);
    same_state(&c);
    circle_end(&c);
}

T_CASE(stewards_say_what_they_saw)
{
    struct circle c;
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_STEWARD);
    circle_settle(&c);
    T_EQ(control_deadline_ms(circle_group(&c, 1)), UINT64_MAX);
    circle_join(&c, 0, ROLE_MEMBER);
    circle_settle(&c);
    struct group *g = circle_group(&c, 1);
    T(control_deadline_ms(g) <= c.tp[1]->now_ms + HOUR);
    T_EQ(control_deadline_ms(circle_group(&c, 0)), UINT64_MAX);
    T_EQ(control_deadline_ms(circle_group(&c, 2)), UINT64_MAX);
    tp_restart(c.tp[1]);
    g = circle_group(&c, 1);
    T(control_deadline_ms(g) <= c.tp[1]->now_ms + HOUR);
    uint32_t before = control_count(g);
    T_EQ(tp_pass(c.tp[1], HOUR + 1), 0);
    T_EQ(control_count(g), before + 1);
    T_EQ(control_at(g, before)->kind, CONTROL_SEEN); /* P4.10 */
    T_EQ(control_deadline_ms(g), UINT64_MAX);
    tp_restart(c.tp[1]);
    T_EQ(control_deadline_ms(circle_group(&c, 1)), UINT64_MAX);
    circle_settle(&c);
    same_state(&c);
    circle_end(&c);
}

/* The order in which entries come decides nothing, as long as causes come first. */
T_CASE(any_causal_order_gives_the_same_state)
{
    struct circle c;
    uint8_t want[16], got[16];
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_STEWARD);
    circle_join(&c, 0, ROLE_MEMBER);
    circle_settle(&c);
    for (int round = 0; round < 3; round++) { /* branches */
        circle_rekey(&c, 0);
        circle_join(&c, 1, ROLE_MEMBER);
        circle_rekey(&c, 2);
        if (round % 2)
            (void)circle_carry(&c, 2, 1);
    }
    circle_settle(&c);
    same_state(&c);
    struct group *g = circle_group(&c, 0);
    uint32_t n = control_count(g);
    T_EQ(control_digest(g, want), 0);
    struct entropy_stream stream = {.key = {9}};
    struct entropy dice = entropy_stream(&stream);
    for (int run = 0; run < 20; run++) {
        uint8_t prekey[32];
        struct circle one = {0};
        one.tp[0] = c.tp[0];
        int at = circle_arrive(&one, g, prekey);
        T_NEED(at == 0 || at == 1);
        /* circle_arrive counts from zero: the newcomer stands in place 0 */
        struct group *to = peer_group(one.tp[at]->peer, one.number[at]);
        uint32_t taken = 0;
        memlog_begin(one.tp[at]->log);
        for (int tries = 0; taken < n && tries < 100000; tries++) {
            uint32_t i = (uint32_t)entropy_below(&dice, n);
            int err = control_take(to, control_at(g, i)->whole, 0);
            T_NEED(err == 0 || err == 1 || err == ERR_NOTFOUND);
            taken += err == 0;
        }
        to->joining = false; /* no join is under way that a restart could go on with */
        T_EQ(group_save(to), 0);
        memlog_commit(one.tp[at]->log);
        T_EQ(control_digest(to, got), 0);
        T_MEM(got, want, 16);
        T(!control_differs(to));
        T_EQ(member_count(to), member_count(g));
        tp_restart(one.tp[at]);
        to = peer_group(one.tp[at]->peer, one.number[at]);
        T_EQ(control_digest(to, got), 0);
        T_MEM(got, want, 16);
        T_EQ(control_count(to), n);
        tp_free(one.tp[at]);
    }
    circle_end(&c);
}

static int see_fork(void *ctx, const struct member_view *view)
{
    *(uint32_t *)ctx |= (uint32_t)view->forked << view->index;
    return 0;
}

/* The members that a face shows as forked, a bit for each. */
static uint32_t shown_forks(struct circle *c, int i)
{
    uint32_t forks = 0;
    T_EQ(peer_members(c->tp[i]->peer, c->number[i], see_fork, &forks), 0);
    return forks;
}

T_CASE(a_fork_is_kept_and_shown)
{
    struct circle c;
    circle_of(&c, 2);
    struct tp *copy = tp_copy(c.tp[0], 77);
    struct group *other = peer_group(copy->peer, c.number[0]);
    memlog_begin(copy->log);
    T_EQ(keys_post_rekey(other), 0);
    memlog_commit(copy->log);
    circle_rekey(&c, 0);
    circle_settle(&c);
    T(!member_forked(circle_group(&c, 1), 0));
    T_EQ(shown_forks(&c, 1), 0);
    T_EQ(take(&c, 1, control_at(other, 2)->whole), 0);
    T(member_forked(circle_group(&c, 1), 0)); /* P4.3 */
    T_EQ(shown_forks(&c, 1), 1);
    circle_settle(&c);
    same_state(&c);
    /* the author himself goes on, above both */
    circle_rekey(&c, 0);
    circle_settle(&c);
    same_state(&c);
    tp_restart(c.tp[1]);
    T(member_forked(circle_group(&c, 1), 0));
    T_EQ(shown_forks(&c, 1), 1);
    tp_free(copy);
    circle_end(&c);
}

/* Whoever an add brings did not write it. */
T_CASE(an_add_that_forks_is_not_the_newcomers_fault)
{
    struct circle c;
    circle_of(&c, 2);
    struct tp *copy = tp_copy(c.tp[0], 78);
    struct group *other = peer_group(copy->peer, c.number[0]);
    memlog_begin(copy->log);
    T_EQ(keys_post_rekey(other), 0);
    memlog_commit(copy->log);
    T_EQ(take(&c, 1, control_at(other, 2)->whole), 0);
    int n = circle_join(&c, 0, ROLE_MEMBER);
    circle_settle(&c);
    for (int restarts = 0; restarts < 2; restarts++) {
        const uint8_t *pk = circle_group(&c, n)->member_pk;
        T(member_forked(circle_group(&c, 1), 0));
        T(!member_forked(circle_group(&c, 1),
                         member_find(circle_group(&c, 1), pk)->index));
        T_EQ(shown_forks(&c, 1), 1);
        tp_restart(c.tp[1]);
    }
    tp_free(copy);
    circle_end(&c);
}

T_CASE(of_many_heads_sixteen_are_named)
{
    struct circle c;
    uint8_t heads[16 * 32];
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    struct buf entries[LIMIT_HEADS_MAX + 4] = {{0}};
    for (int i = 0; i < LIMIT_HEADS_MAX + 4; i++) {
        struct tp *copy = tp_copy(c.tp[0], (uint8_t)(100 + i));
        struct group *other = peer_group(copy->peer, c.number[0]);
        memlog_begin(copy->log);
        T_EQ(keys_post_rekey(other), 0);
        memlog_commit(copy->log);
        const struct bytes whole = control_at(other, 1)->whole;
        T_EQ(buf_append(&entries[i], whole, LIMIT_CONTROL_BYTES_MAX), 0);
        tp_free(copy);
    }
    T_EQ(control_heads(g, heads), 1);
    for (int i = 0; i < LIMIT_HEADS_MAX + 4; i++) {
        T_EQ(take(&c, 0, BUF_BYTES(&entries[i])), 0);
        buf_free(&entries[i]);
    }
    T_EQ(g->control->heads_count, LIMIT_HEADS_MAX + 4);
    T_EQ(control_heads(g, heads), LIMIT_HEADS_MAX);
    for (int i = 1; i < LIMIT_HEADS_MAX; i++)
        T(memcmp(heads + (i - 1) * 32, heads + i * 32, 32) < 0);
    circle_rekey(&c, 0);
    T(!control_differs(g));
    T(control_heads(g, heads) <= 6);
    circle_rekey(&c, 0);
    T_EQ(control_heads(g, heads), 1);
    T(!control_differs(g));
    circle_end(&c);
}

T_CASE(large_entries_fill_the_store_sooner)
{
    struct circle c;
    enum { PADDING = 90000 };
    struct buf body = {0};
    int err = 0;
    circle_found(&c, 168);
    const uint8_t head[] = {
        0x81, 0x01, 0xc6, 0, PADDING >> 16, (PADDING >> 8) & 255, PADDING & 255};
    static const uint8_t padding[PADDING];
    T_EQ(buf_append(&body, BYTES_OF(head), LIMIT_CONTROL_BYTES_MAX), 0);
    T_EQ(buf_append(&body, BYTES_OF(padding), LIMIT_CONTROL_BYTES_MAX), 0);
    circle_begin(&c, 0);
    while (!err)
        err = control_post(circle_group(&c, 0), 99, BUF_BYTES(&body), NULL);
    circle_commit(&c, 0);
    T_EQ(err, ERR_FULL);
    T(control_count(circle_group(&c, 0)) > LIMIT_CONTROL_STORE_BYTES_MAX / 91000);
    T(circle_group(&c, 0)->control->bytes <= LIMIT_CONTROL_STORE_BYTES_MAX);
    buf_free(&body);
    circle_end(&c);
}

/* Entries of one member over one head: as many forks as they like, but not all of the
 * log, and nobody names what may be refused elsewhere. */
T_CASE(one_member_does_not_fill_the_log)
{
    struct circle c;
    struct draft d;
    struct buf whole = {0};
    uint8_t body[] = {0x81, 0x01, 0xc4, 0x02, 0, 0}, heads[16 * 32];
    circle_of(&c, 2);
    struct group *g = circle_group(&c, 0), *g1 = circle_group(&c, 1);
    T_EQ(control_draft(g1, &d), 0);
    for (uint32_t i = 0; i < LIMIT_CONTROL_PER_MEMBER_MAX; i++) {
        put_u16(body + 4, (uint16_t)i);
        forge(g1, &d, 99, BYTES_OF(body), g1->secrets->member_sk, &whole);
        T_NEED(take(&c, 0, BUF_BYTES(&whole)) == 0);
        if (i == LIMIT_CONTROL_PER_MEMBER_MAX / 2)
            T_EQ(control_heads(g, heads), 1);
    }
    put_u16(body + 4, UINT16_MAX);
    forge(g1, &d, 99, BYTES_OF(body), g1->secrets->member_sk, &whole);
    T_EQ(take(&c, 0, BUF_BYTES(&whole)), ERR_FULL);
    d.seq = LIMIT_CONTROL_PER_MEMBER_MAX + 1;
    T_EQ(control_heads(g, heads), 1);
    T_MEM(heads, control_at(g, member_me(g)->entry)->hash, 32);
    circle_rekey(&c, 0); /* whoever is no flooder goes on, and others can follow */
    T_EQ(take(&c, 1, control_at(g, control_count(g) - 1)->whole), 0);
    buf_free(&whole);
    circle_end(&c);
}

T_CASE(long_entries_are_for_stewards)
{
    struct circle c;
    struct buf body = {0};
    static const uint8_t padding[LIMIT_CONTROL_MEMBER_BYTES_MAX];
    const uint8_t head[] = {0x81, 0x01, 0xc5, sizeof padding >> 8, 0};
    T_EQ(buf_append(&body, BYTES_OF(head), LIMIT_CONTROL_BYTES_MAX), 0);
    T_EQ(buf_append(&body, BYTES_OF(padding), LIMIT_CONTROL_BYTES_MAX), 0);
    circle_of(&c, 2);
    circle_begin(&c, 1);
    T_EQ(control_post(circle_group(&c, 1), 99, BUF_BYTES(&body), NULL), ERR_TOOBIG);
    circle_commit(&c, 1);
    circle_begin(&c, 0);
    T_EQ(control_post(circle_group(&c, 0), 99, BUF_BYTES(&body), NULL), 0);
    circle_commit(&c, 0);
    buf_free(&body);
    circle_end(&c);
}

/* A prekey entry by whoever was added first; what control_take says. */
static int take_by_first_member(struct group *g, struct bytes body)
{
    struct group as_member = *g;
    struct draft d;
    struct buf whole = {0};
    uint8_t seed[32] = {0x33}, sk[64];
    T_EQ(control_draft(g, &d), 0);
    d.seq = 1;
    memset(d.prev, 0, 32);
    sign_keypair(as_member.member_pk, sk, seed);
    T(member_find(g, as_member.member_pk) != NULL);
    forge(&as_member, &d, CONTROL_PREKEY, body, sk, &whole);
    int err = control_take(g, BUF_BYTES(&whole), 0);
    buf_free(&whole);
    return err;
}

T_CASE(a_full_log_refuses_and_a_full_group_too)
{
    struct circle c;
    uint8_t key[32], proof[64], message[128], seed[32] = {0x33};
    struct invite_view invite = {.uses = UINT32_MAX, .end_hour = UINT32_MAX};
    struct buf body = {0}, box = {0};
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    circle_begin(&c, 0);
    int err = 0;
    for (uint32_t i = 0; !err; i++) {
        uint8_t pk[32], sk[64];
        put_u32(seed + 4, i);
        sign_keypair(pk, sk, seed);
        memcpy(message, g->id, 32);
        memcpy(message + 32, pk, 32);
        dh_public(message + 64, seed);
        memcpy(message + 96, message + 64, 32);
        T_NEED(sign_make(proof, "join", BYTES_OF(message), sk) == 0);
        err = keys_post_add(
            g, &(struct newcomer){pk, message + 64, message + 96, proof, false},
            &invite, &box);
        box.n = 0;
    }
    T_EQ(err, ERR_FULL);
    T_EQ(member_count(g), LIMIT_MEMBERS_MAX);
    struct control_body b = {0};
    memset(key, 5, sizeof key);
    b.bin[PREKEY_KEY] = BYTES_OF(key);
    T_EQ(control_body_encode(CONTROL_PREKEY, &b, &body), 0);
    while (control_count(g) < LIMIT_CONTROL_ENTRIES_MAX - LIMIT_CONTROL_RESERVE_MAX)
        T_NEED(control_post(g, CONTROL_PREKEY, BUF_BYTES(&body), NULL) == 0);
    /* What is left is for stewards: he can still let in and rekey, others wait. */
    T_EQ(take_by_first_member(g, BUF_BYTES(&body)), ERR_FULL);
    do
        err = control_post(g, CONTROL_PREKEY, BUF_BYTES(&body), NULL);
    while (!err);
    circle_commit(&c, 0);
    T_EQ(err, ERR_FULL);
    T_EQ(control_count(g), LIMIT_CONTROL_ENTRIES_MAX);
    uint8_t want[16], got[16];
    T_EQ(control_digest(g, want), 0);
    tp_restart(c.tp[0]);
    g = circle_group(&c, 0);
    T_EQ(control_digest(g, got), 0);
    T_MEM(got, want, 16);
    T_EQ(control_count(g), LIMIT_CONTROL_ENTRIES_MAX);
    /* key work that is due cannot be posted: the peer goes on */
    T_EQ(tp_pass(c.tp[0], 24 * (uint64_t)HOUR), 0);
    T_EQ(tp_pass(c.tp[0], 60 * 1000), 0);
    T(keys_deadline_ms(g) > c.tp[0]->now_ms);
    T_EQ(g->keys->prekeys_count, 1);
    buf_free(&body);
    buf_free(&box);
    circle_end(&c);
}

T_RUN()
