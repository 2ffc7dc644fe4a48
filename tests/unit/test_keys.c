/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_keys.c -- epochs, roots, trees, prekeys (P5): peers without a network. */
#include "tests/lib/circle.h"
#include "tests/lib/t.h"

enum { HOUR = 3600 * 1000 };

/* Everybody but the sender takes the sender's leaf of one message and gets the same. */
static void all_read(struct circle *c, int sender)
{
    struct key_send sent;
    uint8_t leaf[32], pk[32];
    T_EQ(circle_send(c, sender, &sent), 0);
    for (int i = 0; i < c->count; i++) {
        T_NOTE("reader %d of sender %d", i, sender);
        if (i == sender)
            continue;
        T_EQ(keys_place_member(circle_group(c, i), &sent.ref, pk), 0);
        T_MEM(pk, circle_group(c, sender)->member_pk, 32);
        T_EQ(circle_take(c, i, &sent.ref, leaf), 0);
        T_MEM(leaf, sent.leaf, 32);
        T_EQ(circle_take(c, i, &sent.ref, leaf), ERR_USED);
    }
    T_NOTE("%s", "");
}

static uint32_t open_epochs(const struct group *g)
{
    uint32_t u[LIMIT_EPOCHS_OPEN_MAX];
    return state_epochs(g->control, &g->control->now, u);
}

T_CASE(a_founder_sends_under_solo)
{
    struct circle c;
    struct key_send a, b;
    circle_found(&c, 168);
    T_EQ(circle_send(&c, 0, &a), 0);
    T_EQ(a.ref.mix, 0);
    T_EQ(a.ref.count, 1);
    T_EQ(a.ref.position, 0); /* P5.9 */
    T_MEM(a.ref.ids[0], circle_group(&c, 0)->id, 32);
    T_EQ(circle_send(&c, 0, &b), 0);
    T_EQ(b.ref.position, 1);
    T(memcmp(a.leaf, b.leaf, 32) != 0);
    uint8_t leaf[32];
    T_EQ(circle_take(&c, 0, &a.ref, leaf), ERR_USED);
    circle_end(&c);
}

T_CASE(a_newcomer_and_the_founder_share_a_mix_root)
{
    struct circle c;
    struct key_send sent;
    struct lane_view a, b;
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_MEMBER);
    all_read(&c, 0);
    all_read(&c, 1);
    T_EQ(circle_send(&c, 1, &sent), 0);
    T_EQ(sent.ref.mix, 1); /* P5.5: an add is never a solo root */
    /* P5.7: the add kept the lane */
    T(keys_lane_at(circle_group(&c, 0), 0, &a) &&
      keys_lane_at(circle_group(&c, 1), 0, &b));
    T_MEM(&a, &b, sizeof a);
    T_MEM(a.topic, sent.topic, 32);
    T_MEM(a.epoch, circle_group(&c, 0)->id, 32);
    T(keys_lane_find(circle_group(&c, 1), a.topic, &b));
    T(!keys_lane_at(circle_group(&c, 0), 1, &a));
    circle_end(&c);
}

T_CASE(a_newcomer_cannot_read_what_was_before)
{
    struct circle c;
    struct key_send before;
    uint8_t leaf[32];
    circle_found(&c, 168);
    T_EQ(circle_send(&c, 0, &before), 0);
    circle_join(&c, 0, ROLE_MEMBER);
    T_EQ(circle_take(&c, 1, &before.ref, leaf), ERR_DENIED);
    /* nor by asking for what was before (P5.13) */
    uint32_t count = control_count(circle_group(&c, 1));
    T_EQ(tp_pass(c.tp[1], 60 * 1000), 0);
    T_EQ(control_count(circle_group(&c, 1)), count);
    struct control_body b = {.bin[NOKEY_EPOCHS] = BYTES(circle_group(&c, 0)->id, 32)};
    struct buf body = {0};
    T_EQ(control_body_encode(CONTROL_NOKEY, &b, &body), 0);
    circle_begin(&c, 1);
    T_EQ(control_post(circle_group(&c, 1), CONTROL_NOKEY, BUF_BYTES(&body), NULL), 0);
    circle_commit(&c, 1);
    circle_settle(&c);
    count = control_count(circle_group(&c, 0));
    T_EQ(tp_pass(c.tp[0], 60 * 1000), 0);
    T_EQ(control_count(circle_group(&c, 0)), count);
    buf_free(&body);
    circle_end(&c);
}

T_CASE(adds_chain_and_everybody_derives)
{
    struct circle c;
    circle_found(&c, 168);
    for (int i = 1; i < 6; i++) {
        circle_join(&c, 0, ROLE_MEMBER);
        circle_settle(&c);
    }
    for (int i = 0; i < c.count; i++)
        all_read(&c, i);
    T_EQ(open_epochs(circle_group(&c, 3)), 1);
    circle_end(&c);
}

T_CASE(a_rekey_brings_a_new_lane_to_all)
{
    struct circle c;
    struct lane_view lane;
    uint8_t a[32], b[32];
    circle_of(&c, 3);
    circle_rekey(&c, 2);
    circle_settle(&c);
    struct key_send sent;
    T_EQ(circle_send(&c, 1, &sent), 0);
    T_EQ(sent.ref.mix, 0);
    for (int i = 0; i < 3; i++) {
        all_read(&c, i);
        T(keys_lane_at(circle_group(&c, i), 1, &lane)); /* the old one stays */
    }
    T(keys_acc_at(circle_group(&c, 0), 0, a) && keys_acc_at(circle_group(&c, 1), 0, b));
    T_MEM(a, b, 32);
    T(keys_acc_at(circle_group(&c, 0), 1, b) && memcmp(a, b, 32) != 0);
    circle_end(&c);
}

T_CASE(two_rekeys_at_once_are_mixed)
{
    struct circle c;
    struct key_send sent;
    circle_of(&c, 2);
    circle_rekey(&c, 0);
    circle_rekey(&c, 1);
    circle_settle(&c);
    T_EQ(open_epochs(circle_group(&c, 0)), 2);
    T_EQ(circle_send(&c, 0, &sent), 0);
    T_EQ(sent.ref.mix, 1);
    T_EQ(sent.ref.count, 2);
    T(memcmp(sent.ref.ids[0], sent.ref.ids[1], 32) < 0);
    all_read(&c, 0);
    all_read(&c, 1);
    /* P5.14: a day later one of them closes it */
    circle_pass(&c, 25 * HOUR);
    circle_pass(&c, 60 * 1000);
    circle_settle(&c);
    circle_pass(&c, 60 * 1000);
    T(control_count(circle_group(&c, 0)) >= 5);
    all_read(&c, 1);
    circle_end(&c);
}

T_CASE(an_open_add_is_closed_after_a_day)
{
    struct circle c;
    struct key_send sent;
    circle_of(&c, 2);
    uint32_t before = control_count(circle_group(&c, 0));
    T(tp_pass(c.tp[0], 23 * (uint64_t)HOUR) == 0);
    T_EQ(control_count(circle_group(&c, 0)), before);
    T(keys_deadline_ms(circle_group(&c, 0)) <= c.tp[0]->now_ms + 2 * HOUR);
    tp_restart(c.tp[0]); /* what is owed is not forgotten */
    T(tp_pass(c.tp[0], HOUR + 1000) == 0);
    T(tp_pass(c.tp[0], 60 * 1000) == 0);
    T_EQ(control_count(circle_group(&c, 0)), before + 1);
    circle_settle(&c);
    T_EQ(circle_send(&c, 1, &sent), 0);
    T_EQ(sent.ref.mix, 0);
    all_read(&c, 1);
    circle_end(&c);
}

T_CASE(every_group_rekeys_weekly)
{
    struct circle c;
    circle_found(&c, 168);
    for (int day = 0; day < 7; day++)
        T_EQ(tp_pass(c.tp[0], 23 * (uint64_t)HOUR), 0);
    T_EQ(control_count(circle_group(&c, 0)), 1);
    T_EQ(tp_pass(c.tp[0], 8 * (uint64_t)HOUR), 0);
    T_EQ(tp_pass(c.tp[0], 60 * 1000), 0);
    T_EQ(control_count(circle_group(&c, 0)), 2);
    T_EQ(control_at(circle_group(&c, 0), 1)->kind, CONTROL_REKEY);
    circle_end(&c);
}

T_CASE(who_lacks_a_box_asks_and_is_answered)
{
    struct circle c;
    struct key_send sent;
    uint8_t leaf[32];
    circle_of(&c, 3);
    circle_rekey(&c, 0);
    circle_carry_control(&c, 0, 1); /* the page got lost on its way to 1 */
    (void)circle_carry(&c, 0, 2);
    T_EQ(circle_send(&c, 1, &sent), ERR_NOKEY);
    uint32_t before = control_count(circle_group(&c, 1));
    T_EQ(tp_pass(c.tp[1], 41 * 1000), 0);
    struct group *g = circle_group(&c, 1);
    T_EQ(control_count(g), before + 1);
    T_EQ(control_at(g, before)->kind, CONTROL_NOKEY);
    circle_carry_control(&c, 1, 0);
    T_EQ(tp_pass(c.tp[0], 40 * 1000), 0);
    g = circle_group(&c, 0);
    T_EQ(control_at(g, control_count(g) - 1)->kind, CONTROL_FORWARD);
    circle_carry_control(&c, 0, 1);
    circle_carry_control(&c, 0, 2);
    T_EQ(circle_send(&c, 1, &sent), 0);
    T_EQ(sent.ref.mix, 1); /* P5.5: a no-key in the past, so not solo */
    T_EQ(circle_take(&c, 2, &sent.ref, leaf), 0);
    T_MEM(leaf, sent.leaf, 32);
    all_read(&c, 0);
    /* the forward is given once */
    before = control_count(circle_group(&c, 2));
    T_EQ(tp_pass(c.tp[2], 60 * 1000), 0);
    T_EQ(control_count(circle_group(&c, 2)), before);
    circle_end(&c);
}

/* A forward with other values than the author of the epoch made is worth nothing, and
 * does not keep anybody from giving the right ones. */
T_CASE(a_false_forward_does_not_poison)
{
    struct circle c;
    struct key_send sent;
    uint8_t good[32];
    circle_of(&c, 3);
    circle_rekey(&c, 0);
    circle_carry_control(&c, 0, 1); /* the page got lost on its way to 1 */
    (void)circle_carry(&c, 0, 2);
    T_EQ(tp_pass(c.tp[1], 41 * 1000), 0);
    circle_carry_control(&c, 1, 2);
    struct group *liar = circle_group(&c, 2), *g = circle_group(&c, 1);
    uint32_t entry = liar->control->epochs_count ? control_count(liar) - 2 : 0;
    T_NEED(control_at(liar, entry)->kind == CONTROL_REKEY);
    struct epoch_key *e = epoch_find(liar, control_at(liar, entry)->hash);
    uint8_t *const values[] = {e->s->v.mix, e->s->v.lane, e->s->v.acc, e->s->v.anon,
                               e->s->v.ctl};
    for (size_t i = 0; i < 3; i++) { /* which of them is false does not matter */
        memcpy(good, values[i], 32);
        values[i][0] ^= 1;
        circle_begin(&c, 2);
        T_EQ(forward_post(liar, entry, member_me(g)->index), 0);
        circle_commit(&c, 2);
        memcpy(values[i], good, 32);
        circle_carry_control(&c, 2, 1);
        T_EQ(epoch_have(g, control_find(g, e->id)->number), 0);
        ask_schedule(g, control_find(g, e->id)->number);
        T_EQ(tp_pass(c.tp[1], 41 * 1000), 0); /* asks again */
        T_EQ(control_at(g, control_count(g) - 1)->kind, CONTROL_NOKEY);
        circle_carry_control(&c, 1, 2);
    }
    circle_carry_control(&c, 1, 0);
    T_EQ(tp_pass(c.tp[0], 40 * 1000), 0);
    circle_settle(&c);
    T_EQ(circle_send(&c, 1, &sent), 0);
    all_read(&c, 0);
    circle_end(&c);
}

/* What nobody asked for is not taken: what went on schedule does not come back. */
T_CASE(a_forward_nobody_asked_for_is_not_taken)
{
    struct circle c;
    circle_of(&c, 2);
    circle_rekey(&c, 0);
    circle_carry_control(&c, 0, 1);
    struct group *g = circle_group(&c, 0), *g1 = circle_group(&c, 1);
    uint32_t entry = control_count(g) - 1;
    circle_begin(&c, 0);
    T_EQ(forward_post(g, entry, member_me(g1)->index), 0);
    circle_commit(&c, 0);
    circle_carry_control(&c, 0, 1);
    T_EQ(epoch_have(g1, control_find(g1, control_at(g, entry)->hash)->number), 0);
    circle_end(&c);
}

/* The entry is here, its page is not, and others go on: the prekey that the box is for
 * waits for it. */
T_CASE(a_page_that_comes_late_still_opens)
{
    struct circle c;
    struct key_send sent;
    uint8_t leaf[32];
    circle_of(&c, 2);
    circle_rekey(&c, 0);
    T_EQ(circle_send(&c, 0, &sent), 0);
    T_EQ(sent.ref.mix, 0);
    circle_carry_control(&c, 0, 1);
    for (int i = 0; i < 4; i++)
        circle_rekey(&c, 1);
    T_EQ(circle_take(&c, 1, &sent.ref, leaf), ERR_NOKEY);
    circle_settle(&c);
    T_EQ(circle_take(&c, 1, &sent.ref, leaf), 0);
    T_MEM(leaf, sent.leaf, 32);
    T(circle_group(&c, 1)->keys->prekeys_count <= 3); /* now they went */
    circle_end(&c);
}

/* Somebody rekeys who does not know of the newcomer, and others go on before he can
 * ask: what was written under it is his all the same. */
T_CASE(a_newcomer_asks_for_what_was_made_beside_him)
{
    struct circle c;
    circle_of(&c, 2);
    circle_rekey(&c, 1);
    circle_join(&c, 0, ROLE_MEMBER);
    struct group *g1 = circle_group(&c, 1), *g2 = circle_group(&c, 2);
    uint8_t id[32];
    memcpy(id, control_at(g1, control_count(g1) - 1)->hash, 32);
    (void)circle_carry(&c, 1, 0);
    circle_rekey(&c, 0); /* supersedes it */
    circle_settle(&c);
    uint32_t entry = control_find(g2, id)->number;
    T_EQ(epoch_have(g2, entry), 0);
    tp_restart(c.tp[2]); /* what is owed follows from the log */
    g2 = circle_group(&c, 2);
    T_EQ(tp_pass(c.tp[2], 1), 0);
    T_EQ(tp_pass(c.tp[2], 41 * 1000), 0);
    circle_settle(&c);
    circle_pass(&c, 40 * 1000);
    circle_settle(&c);
    T(epoch_have(g2, entry) & EPOCH_HAVE_LANE);
    T(epoch_have(g2, entry) & EPOCH_HAVE_MIX);
    circle_end(&c);
}

T_CASE(an_epoch_that_too_many_lack_is_given_up)
{
    struct circle c;
    struct key_send sent;
    circle_found(&c, 168);
    for (int i = 1; i < 5; i++)
        circle_join(&c, 0, ROLE_MEMBER);
    circle_settle(&c);
    circle_rekey(&c, 0);
    for (int i = 1; i < 5; i++) /* the page reaches nobody */
        (void)circle_carry_control(&c, 0, i);
    for (int i = 1; i < 4; i++) {
        T_EQ(circle_send(&c, i, &sent), ERR_NOKEY);
        T_EQ(tp_pass(c.tp[i], 41 * 1000), 0);
        (void)circle_carry_control(&c, i, 0);
        T_EQ(open_epochs(circle_group(&c, 0)), i < 3); /* P5.17 */
    }
    (void)circle_carry_control(&c, 0, 4);
    uint32_t before = control_count(circle_group(&c, 4));
    T_EQ(circle_send(&c, 4, &sent), 0);
    T_EQ(control_at(circle_group(&c, 4), before)->kind, CONTROL_REKEY);
    circle_settle(&c);
    for (int i = 0; i < 5; i++)
        all_read(&c, i);
    circle_end(&c);
}

T_CASE(a_page_with_a_broken_box_counts_as_missing)
{
    struct circle c;
    struct circle_visit v;
    struct bytes page;
    struct key_send sent;
    circle_of(&c, 2);
    circle_rekey(&c, 0);
    circle_carry_control(&c, 0, 1);
    struct group *a = circle_group(&c, 0);
    struct held *h = held_at(a, control_count(a) - 1);
    const struct log log = memlog_log(c.tp[0]->log);
    T_NEED(log.ops->get(log.ctx, a->number, LOG_PAGE, h->epoch->pages, &page) == 0);
    uint8_t bad[512];
    T_NEED(page.n <= sizeof bad);
    memcpy(bad, page.p, page.n);
    bad[page.n - 1] ^= 1;
    v.to = circle_group(&c, 1);
    circle_begin(&c, 1);
    T_EQ(keys_take_page(v.to, BYTES(bad, page.n), 0),
         ERR_NOTFOUND); /* nobody names it */
    T_EQ(keys_take_page(v.to, BYTES(bad, page.n - 1), 0), ERR_MALFORMED);
    T_EQ(keys_take_page(v.to, BYTES(bad, 0), 0), ERR_MALFORMED);
    bad[0] = 2;
    T_EQ(keys_take_page(v.to, BYTES(bad, page.n), 0), ERR_MALFORMED);
    circle_commit(&c, 1);
    T_EQ(circle_send(&c, 1, &sent), ERR_NOKEY);
    circle_begin(&c, 1);
    T_EQ(keys_take_page(v.to, page, 0), 0);
    T_EQ(keys_take_page(v.to, page, 0), 1);
    circle_commit(&c, 1);
    T_EQ(circle_send(&c, 1, &sent), 0);
    circle_end(&c);
}

T_CASE(positions_survive_a_restart)
{
    struct circle c;
    struct key_send a, b;
    circle_of(&c, 2);
    for (int i = 0; i < 5; i++)
        T_EQ(circle_send(&c, 0, &a), 0);
    tp_restart(c.tp[0]);
    tp_restart(c.tp[1]);
    T_EQ(circle_send(&c, 0, &b), 0);
    T_EQ(b.ref.position, a.ref.position + 1);
    all_read(&c, 0);
    all_read(&c, 1);
    circle_end(&c);
}

T_CASE(a_sender_rekeys_before_positions_run_out)
{
    struct circle c;
    struct key_send a;
    circle_found(&c, 168);
    T_EQ(circle_send(&c, 0, &a), 0);
    struct group *g = circle_group(&c, 0);
    root_find(g, &a.ref)->position = LIMIT_POSITIONS_MAX - 1;
    T_EQ(circle_send(&c, 0, &a), 0);
    T_EQ(a.ref.position, LIMIT_POSITIONS_MAX - 1);
    T_EQ(control_count(g), 1);
    T_EQ(circle_send(&c, 0, &a), 0);
    T_EQ(a.ref.position, 0);
    T_EQ(control_count(g), 2);
    circle_end(&c);
}

/* Leaves taken in any order are those of the tree, and each only once; there are more
 * senders than trees in memory. */
T_CASE(leaves_in_any_order_with_many_senders)
{
    struct circle c;
    struct key_send sent;
    enum { SENDERS = LIMIT_TREES_LOADED_MAX + 40 };
    uint8_t forward[SENDERS][3][32], leaf[32];
    circle_of(&c, 2);
    T_EQ(circle_send(&c, 0, &sent), 0);
    struct key_ref ref = sent.ref;
    for (int i = 0; i < 3 * SENDERS; i++) {
        ref.place = (uint16_t)(5 + i % SENDERS);
        ref.position = (uint16_t)(i / SENDERS);
        T_EQ(circle_take(&c, 0, &ref, forward[i % SENDERS][i / SENDERS]), 0);
    }
    for (int i = 3 * SENDERS; i-- > 0;) {
        ref.place = (uint16_t)(5 + i % SENDERS);
        ref.position = (uint16_t)(i / SENDERS);
        T_EQ(circle_take(&c, 1, &ref, leaf), 0);
        T_MEM(leaf, forward[i % SENDERS][i / SENDERS], 32);
    }
    ref.place = 5;
    ref.position = 0;
    T_EQ(circle_take(&c, 1, &ref, leaf), ERR_USED);
    tp_restart(c.tp[1]);
    T_EQ(circle_take(&c, 1, &ref, leaf), ERR_USED);
    ref.position = KEYTREE_LEAVES;
    T_EQ(circle_take(&c, 1, &ref, leaf), ERR_USED);
    circle_end(&c);
}

T_CASE(prefixes_resolve_to_ids)
{
    struct circle c;
    struct key_send sent;
    uint8_t prefixes[16], ids[2][32];
    circle_of(&c, 2);
    circle_rekey(&c, 0);
    circle_rekey(&c, 1);
    circle_settle(&c);
    T_EQ(circle_send(&c, 0, &sent), 0);
    T_NEED(sent.ref.count == 2);
    memcpy(prefixes, sent.ref.ids[0], 8);
    memcpy(prefixes + 8, sent.ref.ids[1], 8);
    T_EQ(keys_resolve(circle_group(&c, 1), prefixes, 2, 0, ids), 0);
    T_MEM(ids, sent.ref.ids, 64);
    prefixes[7] ^= 1;
    T_EQ(keys_resolve(circle_group(&c, 1), prefixes, 2, 0, ids), ERR_NOTFOUND);
    circle_end(&c);
}

static struct bytes mix_of(const struct group *g, const uint8_t *id, uint8_t out[32])
{
    const struct epoch_key *e = epoch_find(g, id);
    CHECK(e && (e->s->v.have & EPOCH_HAVE_MIX));
    memcpy(out, e->s->v.mix, 32);
    return BYTES(out, 32);
}

T_CASE(values_and_trees_go_on_schedule)
{
    struct circle c;
    struct key_send sent;
    uint8_t mix[32], add[32], leaf[32];
    circle_found(&c, 24);
    struct group *g = circle_group(&c, 0);
    struct memlog *log = c.tp[0]->log;
    T_EQ(circle_send(&c, 0, &sent), 0);
    const struct bytes old = mix_of(g, g->id, mix);
    memcpy(add, epoch_find(g, g->id)->s->v.add, 32);
    circle_rekey(&c, 0);
    T(memlog_contains(log, old) && memlog_contains(log, BYTES_OF(add)));
    T_EQ(tp_pass(c.tp[0], 20 * (uint64_t)HOUR), 0);
    T(memlog_contains(log, old) && memlog_contains(log, BYTES_OF(add)));
    T_EQ(tp_pass(c.tp[0], 5 * (uint64_t)HOUR), 0);
    T(!memlog_contains(log, old)); /* P5.15: lifetime of 24 h */
    T(!memlog_contains(log, BYTES_OF(add)));
    struct key_ref ref = sent.ref;
    ref.position = 9;
    T_EQ(circle_take(&c, 0, &ref, leaf), 0); /* its tree is there */
    for (int day = 0; day < 9; day++)
        T_EQ(tp_pass(c.tp[0], 23 * (uint64_t)HOUR), 0);
    ref.position = 10;
    T_EQ(circle_take(&c, 0, &ref, leaf), ERR_NOKEY);
    T_EQ(g->keys->asks_count, 0); /* gone by the schedule is not missing */
    circle_end(&c);
}

T_CASE(old_prekeys_go)
{
    struct circle c;
    circle_of(&c, 2);
    struct group *g = circle_group(&c, 1);
    uint8_t first[32];
    memcpy(first, g->keys->prekeys[0].pk, 32);
    for (int i = 0; i < 4; i++) {
        T_EQ(g->keys->prekeys_count, 1);
        circle_rekey(&c, 0);
        circle_settle(&c);
    }
    /* P5.12: after four rekeys of others a fresh one is published */
    T_EQ(tp_pass(c.tp[1], 7 * (uint64_t)HOUR), 0);
    T_EQ(g->keys->prekeys_count, 2);
    T_EQ(control_at(g, control_count(g) - 1)->kind, CONTROL_PREKEY);
    circle_settle(&c);
    circle_rekey(&c, 0);
    circle_settle(&c);
    T(prekey_find(g, first) != NULL);
    circle_rekey(&c, 0);
    circle_settle(&c);
    T(prekey_find(g, first) == NULL);
    all_read(&c, 0);
    all_read(&c, 1);
    for (int i = 0; i < 10; i++) {
        circle_rekey(&c, 1);
        T(g->keys->prekeys_count <= LIMIT_PREKEYS_HELD_MAX);
    }
    tp_restart(c.tp[1]);
    circle_settle(&c);
    all_read(&c, 0);
    circle_end(&c);
}

/* Copies of one device rekey at once: many epochs are open. */
T_CASE(no_more_epochs_are_mixed_than_the_limit)
{
    struct circle c;
    struct key_send sent;
    circle_found(&c, 168);
    enum { COPIES = LIMIT_EPOCHS_OPEN_MAX + 3 };
    struct tp *copies[COPIES];
    for (int i = 0; i < COPIES; i++)
        copies[i] = tp_copy(c.tp[0], (uint8_t)(50 + i));
    for (int i = 0; i < COPIES; i++) {
        struct group *from = peer_group(copies[i]->peer, c.number[0]);
        struct circle_visit v = {circle_group(&c, 0), 0};
        memlog_begin(copies[i]->log);
        T_EQ(keys_post_rekey(from), 0);
        T_EQ(keys_flush(from), 0);
        memlog_commit(copies[i]->log);
        circle_begin(&c, 0);
        T_EQ(control_take(v.to, control_at(from, 1)->whole, 0), 0);
        T_EQ(keys_pages(from, circle_page, &v), 0);
        circle_commit(&c, 0);
    }
    T_EQ(open_epochs(circle_group(&c, 0)), LIMIT_EPOCHS_OPEN_MAX);
    T_EQ(circle_group(&c, 0)->control->now.open_count, COPIES);
    T_EQ(circle_send(&c, 0, &sent), ERR_NOKEY); /* the boxes were never for itself */
    T_EQ(tp_pass(c.tp[0], 24 * (uint64_t)HOUR), 0);
    T_EQ(tp_pass(c.tp[0], 60 * 1000), 0);
    /* P5.14: after a day it rekeys, which closes what the sixteen newest heads know */
    uint32_t open_count = circle_group(&c, 0)->control->now.open_count;
    T(open_count < COPIES && open_count > 1);
    /* What is still open waits a day: a liar makes more heads than a rekey names. */
    uint32_t before = control_count(circle_group(&c, 0));
    for (int i = 0; i < 60; i++)
        T_EQ(tp_pass(c.tp[0], 60 * 1000), 0);
    T_EQ(control_count(circle_group(&c, 0)), before);
    for (int i = 0; i < COPIES; i++)
        tp_free(copies[i]);
    circle_end(&c);
}

/* Members nobody runs, added by the founder. */
static void crowd(struct circle *c, int count)
{
    struct group *g = circle_group(c, 0);
    struct invite_view invite = {.uses = UINT32_MAX, .end_hour = UINT32_MAX};
    circle_begin(c, 0);
    for (int i = 0; i < count; i++) {
        uint8_t seed[32] = {0x70, (uint8_t)i, (uint8_t)(i >> 8)}, pk[32], sk[64];
        uint8_t message[128], proof[64];
        struct buf box = {0};
        sign_keypair(pk, sk, seed);
        memcpy(message, g->id, 32);
        memcpy(message + 32, pk, 32);
        dh_public(message + 64, seed);
        seed[3] = 1;
        dh_public(message + 96, seed);
        CHECK(sign_make(proof, "join", BYTES_OF(message), sk) == 0);
        T_EQ(keys_post_add(
                 g, &(struct newcomer){pk, message + 64, message + 96, proof, false},
                 &invite, &box),
             0);
        buf_free(&box);
    }
    circle_commit(c, 0);
}

T_CASE(boxes_fill_pages)
{
    struct circle c;
    circle_of(&c, 2);
    crowd(&c, LIMIT_BOXES_PER_PAGE_MAX);
    circle_rekey(&c, 0);
    struct group *g = circle_group(&c, 0);
    struct held *h = held_at(g, control_count(g) - 1);
    T_EQ(h->epoch->pages.n, 64);
    T_EQ(bits_count(&h->epoch->recipients), LIMIT_BOXES_PER_PAGE_MAX + 2);
    (void)circle_carry(&c, 0, 1);
    all_read(&c, 0);
    all_read(&c, 1);
    circle_end(&c);
}

T_CASE(epochs_and_roots_held_are_bounded)
{
    struct circle c;
    struct key_send sent;
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    circle_begin(&c, 0);
    for (int i = 0; i < LIMIT_EPOCHS_HELD_MAX + 5; i++)
        T_EQ(keys_post_rekey(g), 0);
    circle_commit(&c, 0);
    T_EQ(map_count(&g->keys->epochs), LIMIT_EPOCHS_HELD_MAX);
    T(map_count(&g->keys->roots) <= LIMIT_ROOTS_HELD_MAX);
    T(g->peer->limited > 0);
    uint8_t acc[32];
    T(keys_acc_at(g, LIMIT_ACC_KEYS_MAX - 1, acc));
    T(!keys_acc_at(g, LIMIT_ACC_KEYS_MAX, acc));
    T_EQ(circle_send(&c, 0, &sent), 0);
    tp_restart(c.tp[0]);
    T_EQ(circle_send(&c, 0, &sent), 0);
    T_EQ(sent.ref.position, 1);
    circle_end(&c);
}

T_CASE(a_welcome_that_was_changed_is_refused)
{
    struct circle c;
    uint8_t prekey[32], proof[64];
    struct invite_view invite = {.uses = 1, .end_hour = UINT32_MAX};
    struct buf box = {0};
    circle_found(&c, 168);
    struct group *host = circle_group(&c, 0);
    int n = circle_arrive(&c, host, prekey);
    struct group *g = circle_group(&c, n);
    circle_proof(g, prekey, proof);
    circle_begin(&c, 0);
    proof[0] ^= 1; /* without the newcomer's own word the add would count for nothing */
    T_EQ(keys_post_add(
             host,
             &(struct newcomer){g->member_pk, g->transport_pk, prekey, proof, false},
             &invite, &box),
         ERR_FORGED);
    T_EQ(control_count(host), 1);
    proof[0] ^= 1;
    T_EQ(keys_post_add(
             host,
             &(struct newcomer){g->member_pk, g->transport_pk, prekey, proof, false},
             &invite, &box),
         0);
    T_EQ(keys_post_add(
             host,
             &(struct newcomer){g->member_pk, g->transport_pk, prekey, proof, false},
             &invite, &box),
         ERR_EXISTS);
    circle_commit(&c, 0);
    circle_carry_control(&c, 0, n);
    circle_begin(&c, n);
    for (size_t i = 0; i < box.n; i += 7) {
        box.p[i] ^= 0x10;
        T_EQ(keys_open_welcome(g, BUF_BYTES(&box)), ERR_FORGED);
        box.p[i] ^= 0x10;
    }
    T_EQ(keys_open_welcome(g, BYTES(box.p, box.n - 1)), ERR_FORGED);
    T_EQ(keys_open_welcome(g, BUF_BYTES(&box)), 0);
    T_EQ(g->hour.hour, host->hour.hour);
    circle_commit(&c, n);
    buf_free(&box);
    circle_end(&c);
}

static bool is_tried(const struct group *g, const uint8_t want[static 32])
{
    uint8_t acc[32];
    for (uint32_t i = 0; keys_acc_at(g, i, acc); i++)
        if (memcmp(acc, want, 32) == 0)
            return true;
    return false;
}

/* Somebody who was away knows only an old access key; one member's many rekeys must not
 * shut the door on him. */
T_CASE(many_rekeys_of_one_push_out_nobodys_access)
{
    struct circle c;
    uint8_t before[32], newest[32], first[32];
    circle_of(&c, 2);
    circle_rekey(&c, 0);
    circle_settle(&c);
    T(keys_acc_at(circle_group(&c, 0), 0, before));
    for (int i = 0; i < LIMIT_ACC_KEYS_MAX + 20; i++) {
        circle_rekey(&c, 1);
        circle_settle(&c);
        if (i == 0)
            T(keys_acc_at(circle_group(&c, 0), 0, first));
    }
    for (int i = 0; i < 2; i++) {
        const struct group *g = circle_group(&c, i);
        T(is_tried(g, before));
        T(!is_tried(g, first));
        T(keys_acc_at(g, LIMIT_ACC_KEYS_MAX - 1, newest));
        T(keys_acc_at(g, 0, newest) && memcmp(newest, before, 32) != 0);
    }
    circle_end(&c);
}

T_RUN()
