/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_limits.c -- rows of base/limits.h that no test of one module reaches: each case
 * fills something to its bound, takes one more, and looks at what the table promises.
 */
#include "tests/lib/t.h"

#include "base/mp.h"
#include "tests/lib/circle.h"
#include "tests/lib/forge.h"
#include "tests/lib/hand.h"

/* ---- values ------------------------------------------------------------------ */

/* A body of a kind from later whose content is an array of `n` nothings. */
static int body_of_items(uint32_t n)
{
    struct buf bytes = {0};
    struct body body;
    struct mp_writer w = mp_writer_to(&bytes, LIMIT_ENVELOPE_BYTES_MAX);
    mp_array(&w, 7);
    mp_uint(&w, 99);
    for (int i = 0; i < 3; i++)
        mp_uint(&w, 1);
    for (int i = 0; i < 2; i++)
        mp_bin(&w, BYTES(NULL, 0));
    mp_array(&w, n);
    for (uint32_t i = 0; i < n; i++)
        mp_nil(&w);
    CHECK(mp_writer_end(&w) == 0);
    int err = body_decode(BUF_BYTES(&bytes), &body);
    buf_free(&bytes);
    return err;
}

/* LIMIT_MP_ITEMS_MAX; the body itself, its six fields and the array count too. */
T_CASE(a_value_of_too_many_items)
{
    T_EQ(body_of_items(LIMIT_MP_ITEMS_MAX - 8), 0);
    T_EQ(body_of_items(LIMIT_MP_ITEMS_MAX - 7), ERR_TOOBIG);
}

/* ---- cards -------------------------------------------------------------------- */

/* A card of `who` of any kind, rightly signed (P4.12). */
static void make_card(const struct group *g, const struct tp_member *who, uint8_t kind,
                      struct bytes body, struct buf *out)
{
    uint8_t head[CARD_HEAD_BYTES] = {1, kind}, signature[64];
    memcpy(head + 2, g->id, 32);
    memcpy(head + 34, who->pk, 32);
    put_u32(head + 66, 1);
    put_u16(head + 70, (uint16_t)body.n);
    out->n = 0;
    CHECK(buf_append(out, BYTES_OF(head), SIZE_MAX / 2) == 0);
    CHECK(buf_append(out, body, SIZE_MAX / 2) == 0);
    CHECK(sign_make(signature, "card", BUF_BYTES(out), who->sk) == 0);
    CHECK(buf_append(out, BYTES_OF(signature), SIZE_MAX / 2) == 0);
}

/* A card of a kind from later, `size` bytes long in all; the error of card_take. */
static int take_card_of(struct tp *t, struct group *g, const struct tp_member *who,
                        uint8_t kind, size_t size)
{
    uint8_t text[2 * LIMIT_CARD_BYTES_MAX] = {0};
    struct buf body = {0}, card = {0};
    struct mp_writer w = mp_writer_to(&body, sizeof text);
    mp_bin(&w, BYTES(text, size - CARD_HEAD_BYTES - 64 - 3)); /* 3: type and length */
    CHECK(mp_writer_end(&w) == 0);
    make_card(g, who, kind, BUF_BYTES(&body), &card);
    CHECK(card.n == size);
    memlog_begin(t->log);
    int err = card_take(g, BUF_BYTES(&card), 0);
    memlog_commit(t->log);
    buf_free(&body);
    buf_free(&card);
    return err;
}

/* LIMIT_CARD_BYTES_MAX */
T_CASE(a_card_of_too_many_bytes)
{
    struct tp *t = tp_new(1);
    struct tp_member m[1];
    struct group *g = peer_group(t->peer, tp_found(t, "Circle", 168));
    tp_add_members(t, g, m, 1);
    T_EQ(take_card_of(t, g, m, 9, LIMIT_CARD_BYTES_MAX + 1), ERR_MALFORMED);
    T(card_find(g, m[0].pk, 9) == NULL);
    T_EQ(take_card_of(t, g, m, 9, LIMIT_CARD_BYTES_MAX), 0);
    T(card_find(g, m[0].pk, 9) != NULL);
    tp_free(t);
}

/* ---- keys ---------------------------------------------------------------------- */

/* LIMIT_PREKEYS_HELD_MAX: the oldest goes, from memory and from the log. */
T_CASE(the_oldest_prekey_is_erased)
{
    enum { MADE = LIMIT_PREKEYS_HELD_MAX + 2 };
    struct tp *t = tp_new(1);
    struct group *g = peer_group(t->peer, tp_found(t, "Circle", 168));
    uint8_t pk[MADE][32], sk[MADE][32];
    memlog_begin(t->log);
    while (g->keys->prekeys_count > 0)
        CHECK(prekey_erase(g, 0) == 0);
    for (int i = 0; i < MADE; i++) {
        T_NEED(keys_make_prekey(g, pk[i]) == 0);
        memcpy(sk[i], prekey_find(g, pk[i])->sk, 32);
        T_EQ(g->keys->prekeys_count,
             i < LIMIT_PREKEYS_HELD_MAX ? (uint32_t)i + 1 : LIMIT_PREKEYS_HELD_MAX);
    }
    memlog_commit(t->log);
    for (int i = 0; i < MADE; i++) {
        T_NOTE("prekey %d", i);
        T_EQ(prekey_find(g, pk[i]) != NULL, i >= MADE - LIMIT_PREKEYS_HELD_MAX);
        T_EQ(memlog_contains(t->log, BYTES(sk[i], 32)),
             i >= MADE - LIMIT_PREKEYS_HELD_MAX);
    }
    tp_free(t);
}

/* LIMIT_ROOTS_HELD_MAX: one message under each of many epochs. */
T_CASE(the_oldest_trees_are_erased)
{
    enum { EPOCHS = LIMIT_ROOTS_HELD_MAX + 3 };
    struct circle c;
    static struct key_ref ref[EPOCHS];
    struct key_send sent;
    uint8_t leaf[32];
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    circle_begin(&c, 0);
    for (int i = 0; i < EPOCHS; i++) {
        T_NEED(keys_send(g, &sent) == 0);
        ref[i] = sent.ref;
        if (i + 1 < EPOCHS)
            T_NEED(keys_post_rekey(g) == 0);
    }
    circle_commit(&c, 0);
    T_EQ(map_count(&g->keys->roots), LIMIT_ROOTS_HELD_MAX);
    for (int i = 0; i < 6; i++) {
        T_NOTE("epoch %d", i);
        T_EQ(root_find(g, &ref[i]) != NULL, i >= EPOCHS - LIMIT_ROOTS_HELD_MAX);
    }
    ref[0].position = ref[EPOCHS - 1].position = 1;
    T_EQ(circle_take(&c, 0, &ref[0], leaf), ERR_NOKEY);
    T_EQ(circle_take(&c, 0, &ref[EPOCHS - 1], leaf), 0);
    circle_end(&c);
}

/* LIMIT_EPOCHS_OPEN_MAX: copies of one device rekey at once; which are mixed is a
 * matter of the ids alone. */
T_CASE(the_smallest_open_epochs_are_mixed)
{
    enum { COPIES = LIMIT_EPOCHS_OPEN_MAX + 6 };
    struct circle c;
    struct tp *copies[COPIES];
    uint32_t used[LIMIT_EPOCHS_OPEN_MAX];
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    for (int i = 0; i < COPIES; i++)
        copies[i] = tp_copy(c.tp[0], (uint8_t)(50 + i));
    for (int i = 0; i < COPIES; i++) {
        struct group *from = peer_group(copies[i]->peer, c.number[0]);
        memlog_begin(copies[i]->log);
        T_EQ(keys_post_rekey(from), 0);
        memlog_commit(copies[i]->log);
        circle_begin(&c, 0);
        T_EQ(control_take(g, control_at(from, 1)->whole, 0), 0);
        circle_commit(&c, 0);
        tp_free(copies[i]);
    }
    uint32_t n = state_epochs(g->control, &g->control->now, used), below = 0;
    T_EQ(n, LIMIT_EPOCHS_OPEN_MAX);
    const uint8_t *last = control_at(g, used[n - 1])->hash;
    for (uint32_t i = 1; i <= COPIES; i++)
        below += memcmp(control_at(g, i)->hash, last, 32) < 0;
    T_EQ(below, LIMIT_EPOCHS_OPEN_MAX - 1);
    circle_end(&c);
}

/* ---- links ---------------------------------------------------------------------- */

enum { CROWD = LIMIT_LINKS_PER_GROUP_MAX + 8 };

/* A group whose members, whom nobody runs, all say where they can be called. */
static struct group *crowd(struct tp *t, const char *name)
{
    struct tp_member m[CROWD];
    struct buf body = {0}, card = {0};
    struct group *g = peer_group(t->peer, tp_found(t, name, 168));
    struct mp_writer w = mp_writer_to(&body, LIMIT_CARD_BYTES_MAX);
    mp_array(&w, 1);
    mp_str(&w, TEXT("t:1"));
    CHECK(mp_writer_end(&w) == 0);
    tp_add_members(t, g, m, CROWD);
    memlog_begin(t->log);
    for (int i = 0; i < CROWD; i++) {
        make_card(g, &m[i], CARD_ADDRESSES, BUF_BYTES(&body), &card);
        CHECK(card_take(g, BUF_BYTES(&card), 0) == 0);
    }
    memlog_commit(t->log);
    buf_free(&body);
    buf_free(&card);
    return g;
}

/* The effects of one kind in the last step; *link is that of the last one. */
static uint32_t count_effects(const struct tp *t, enum fx_kind kind, uint32_t *link)
{
    uint32_t n = 0;
    for (size_t i = 0; i < t->fx.count; i++)
        if (t->fx.list[i].kind == kind) {
            *link = t->fx.list[i].link;
            n++;
        }
    return n;
}

/* How many dials go out while `ms` pass in steps of half a second. */
static uint32_t dials_within(struct tp *t, uint64_t ms, uint32_t *link)
{
    uint32_t n = 0;
    for (uint64_t at = 0; at < ms; at += 500) {
        CHECK(tp_pass(t, 500) == 0);
        n += count_effects(t, FX_DIAL, link);
    }
    return n;
}

/* LIMIT_LINKS_PER_GROUP_MAX, LIMIT_LINKS_MAX: nobody answers, so that all links are on
 * their way until one of them fails. */
T_CASE(no_more_links_than_a_group_and_a_peer_may_have)
{
    struct tp *t = tp_new(1);
    uint32_t link = 0;
    (void)crowd(t, "G0");
    T_EQ(dials_within(t, 5000, &link), LIMIT_LINKS_PER_GROUP_MAX);
    T_EQ(t->peer->links->count, LIMIT_LINKS_PER_GROUP_MAX);
    struct event failed = {.kind = EV_DIALED, .link = link, .err = ERR_NOANSWER};
    T_EQ(tp_event(t, &failed), 0);
    T_EQ(count_effects(t, FX_DIAL, &link) + dials_within(t, 2000, &link), 1);
    for (int i = 1; i < LIMIT_LINKS_MAX / LIMIT_LINKS_PER_GROUP_MAX; i++)
        (void)crowd(t, i == 1 ? "G1" : i == 2 ? "G2" : "G3");
    (void)dials_within(t, 5000, &link);
    T_EQ(t->peer->links->count, LIMIT_LINKS_MAX);
    (void)crowd(t, "One more");
    T_EQ(dials_within(t, 2000, &link), 0);
    uint64_t limited = t->peer->limited;
    struct event accepted = {.kind = EV_ACCEPTED, .link = 1};
    T_EQ(tp_event(t, &accepted), 0);
    T_EQ(count_effects(t, FX_CLOSE, &link), 1);
    T_EQ(link, 1);
    T_EQ(t->peer->links->count, LIMIT_LINKS_MAX);
    T_EQ(t->peer->limited, limited + 1);
    tp_free(t);
}

/* P9.10: strangers fill what is left of the table; a call of ours takes their place. */
T_CASE(a_call_takes_the_place_of_a_stranger)
{
    enum { OURS = LIMIT_LINKS_MAX - LIMIT_HANDSHAKES_MAX };
    struct tp *t = tp_new(1);
    uint32_t link = 0, came = 0, dialled = 0;
    for (int i = 0; i < OURS / LIMIT_LINKS_PER_GROUP_MAX; i++)
        (void)crowd(t, i == 0 ? "G0" : "G1");
    T_EQ(dials_within(t, 5000, &link), OURS);
    for (uint32_t i = 0; i < LIMIT_HANDSHAKES_MAX; i++) {
        struct event came_in = {.kind = EV_ACCEPTED, .link = 2 * i + 1};
        T_EQ(tp_event(t, &came_in), 0);
    }
    T_EQ(t->peer->links->count, LIMIT_LINKS_MAX);
    struct event accepted = {.kind = EV_ACCEPTED, .link = 999};
    T_EQ(tp_event(t, &accepted), 0); /* the oldest goes, and is not waited for */
    T(t->fx.count == 1 && t->fx.list[0].kind == FX_CLOSE && t->fx.list[0].link == 1 &&
      t->fx.list[0].at_once);
    (void)crowd(t, "One more");
    T_EQ(dials_within(t, 5000, &link), LIMIT_LINKS_PER_GROUP_MAX);
    for (uint32_t i = 0; i < t->peer->links->count; i++) {
        came += !t->peer->links->list[i]->dialler;
        dialled += t->peer->links->list[i]->dialler;
    }
    T_EQ(dialled, OURS + LIMIT_LINKS_PER_GROUP_MAX);
    T_EQ(came, LIMIT_HANDSHAKES_MAX - LIMIT_LINKS_PER_GROUP_MAX);
    tp_free(t);
}

/* ---- ranges --------------------------------------------------------------------- */

/* LIMIT_RANGE_IDS_MAX: so many ids are sent at once, more are split into ranges. */
T_CASE(a_range_too_large_for_one_message_is_split)
{
    struct net *n = net_new();
    struct hand h;
    struct wire_message m;
    struct command rekey = {.kind = CMD_REKEY, .group = 1};
    struct wire_range r = {.set = SET_CONTROL, .hi.end_hour = UINT32_MAX};
    memset(r.hi.id, 0xff, sizeof r.hi.id);
    r.sum.count = 1000;
    (void)net_add(n);
    (void)net_add(n);
    T_NEED(net_found(n, 0, 168) == 1);
    net_let_in(n, 0, 1);
    while (control_count(net_group(n, 0)) < LIMIT_RANGE_IDS_MAX)
        T_NEED(net_command(n, 0, &rekey) == 0);
    net_drain(n);
    T_EQ(control_count(net_group(n, 0)), LIMIT_RANGE_IDS_MAX);
    hand_open(&h, n, 1, 0);
    (void)hand_count(&h, WIRE_HELLO);
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t ids = 0, ranges = 0, in_ranges = 0;
        CHECK(wire_put_range(&h.out, &r) == 0);
        hand_send(&h);
        while (hand_next(&h, &m)) {
            ids += m.type == WIRE_IDS ? m.ids.n / WIRE_POSITION_BYTES : 0;
            ranges += m.type == WIRE_RANGE;
            in_ranges += m.type == WIRE_RANGE ? m.range.sum.count : 0;
        }
        T_NOTE("round %u", i);
        T_EQ(ids, i == 0 ? LIMIT_RANGE_IDS_MAX : 0);
        T(i == 0 ? ranges == 0 : ranges > 1);
        T_EQ(in_ranges, i == 0 ? 0 : LIMIT_RANGE_IDS_MAX + 1);
        T_NEED(net_command(n, 0, &rekey) == 0);
        net_drain(n);
        (void)hand_count(&h, WIRE_HELLO);
    }
    hand_close(&h);
    net_free(n);
}

T_RUN()
