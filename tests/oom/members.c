/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* members.c -- what members give to and take from one another, without links: adding,
 * the welcome, rekeys with pages, no-keys and forwards, cards, texts in any order.
 */
#include "tests/oom/areas.h"
#include "tests/oom/bench.h"
#include "tests/oom/hook.h"

#include "node/core/content_int.h"
#include "tests/lib/circle.h"
#include "tests/lib/forge.h"

enum { PARCEL_MAX = 64, AUTHORS = 4 };

/* ---- things on their way ------------------------------------------------- */

/* Copies of what one peer holds. */
struct parcel {
    struct buf items[PARCEL_MAX];
    uint8_t topics[PARCEL_MAX][32];
    int count;
};

static void parcel_add(struct parcel *p, struct bytes b)
{
    CHECK(p->count < PARCEL_MAX);
    CHECK(buf_append(&p->items[p->count++], b, SIZE_MAX / 2) == 0);
}

static void parcel_end(struct parcel *p)
{
    for (int i = 0; i < p->count; i++)
        buf_free(&p->items[i]);
    p->count = 0;
}

static void parcel_control(struct parcel *p, const struct circle *c, int from)
{
    const struct group *g = circle_group(c, from);
    parcel_end(p);
    for (uint32_t i = 0; i < control_count(g); i++)
        parcel_add(p, control_at(g, i)->whole);
}

static int parcel_visit(void *ctx, const uint8_t id[32], struct bytes b)
{
    (void)id;
    parcel_add(ctx, b);
    return 0;
}

static void parcel_pages(struct parcel *p, const struct circle *c, int from)
{
    parcel_end(p);
    CHECK(keys_pages(circle_group(c, from), parcel_visit, p) == 0);
}

static void parcel_cards(struct parcel *p, const struct circle *c, int from)
{
    parcel_end(p);
    CHECK(card_all(circle_group(c, from), parcel_visit, p) == 0);
}

static int parcel_row(void *ctx, const struct content_row *row)
{
    struct parcel *p = ctx;
    memcpy(p->topics[p->count], row->topic, 32);
    parcel_add(p, row->envelope);
    return 0;
}

static void parcel_texts(struct parcel *p, const struct circle *c, int from)
{
    struct log log = memlog_log(c->tp[from]->log);
    parcel_end(p);
    CHECK(log.ops->content_scan(log.ctx, c->number[from], 0, true, parcel_row, p) == 0);
}

/* ---- taking, as parts of a step ------------------------------------------ */

static int take_control(struct group *g, void *ctx)
{
    const struct parcel *p = ctx;
    int err = 0;
    for (int i = 0; i < p->count && err >= 0; i++)
        err = control_take(g, BUF_BYTES(&p->items[i]), 0);
    return err;
}

static int take_pages(struct group *g, void *ctx)
{
    const struct parcel *p = ctx;
    int err = 0;
    for (int i = 0; i < p->count && err >= 0; i++)
        err = keys_take_page(g, BUF_BYTES(&p->items[i]), 0);
    return err;
}

static int take_cards(struct group *g, void *ctx)
{
    const struct parcel *p = ctx;
    int err = 0;
    for (int i = 0; i < p->count && err >= 0; i++)
        err = card_take(g, BUF_BYTES(&p->items[i]), 0);
    return err;
}

/* The last one first, and one of them twice. */
static int take_texts(struct group *g, void *ctx)
{
    const struct parcel *p = ctx;
    struct incoming list[PARCEL_MAX + 1];
    memset(list, 0, sizeof list);
    for (int i = 0; i <= p->count; i++) {
        int from = i < p->count ? p->count - 1 - i : 0;
        list[i].envelope = BUF_BYTES(&p->items[from]);
        memcpy(list[i].topic, p->topics[from], 32);
    }
    return content_accept(g, list, (size_t)p->count + 1, 0);
}

static int take_forward(struct group *g, void *ctx)
{
    int err = take_control(g, ctx);
    return err < 0 ? err : content_reopen(g);
}

static int take_late_page(struct group *g, void *ctx)
{
    int err = take_pages(g, ctx);
    return err < 0 ? err : content_reopen(g);
}

/* ---- a newcomer ---------------------------------------------------------- */

struct adding {
    struct newcomer who;
    struct invite_view invite;
    uint8_t pk[32], transport_pk[32], prekey[32], proof[64];
    struct buf box;
};

static int add(struct group *g, void *ctx)
{
    struct adding *a = ctx;
    struct buf box = {0};
    int err = keys_post_add(g, &a->who, &a->invite, &box);
    bool was = hook_watch(false);
    a->box.n = 0;
    if (!err)
        CHECK(buf_append(&a->box, BUF_BYTES(&box), SIZE_MAX / 2) == 0);
    (void)hook_watch(was);
    buf_free(&box);
    return err;
}

static int open_welcome(struct group *g, void *ctx)
{
    const struct adding *a = ctx;
    int err = keys_open_welcome(g, BUF_BYTES(&a->box));
    return err ? err : group_save(g);
}

/* Both sides of an add. */
static void try_adding(struct circle *c, struct parcel *p)
{
    struct bench b;
    struct adding a = {.invite = {.uses = 9, .end_hour = UINT32_MAX, .v_pk = {1}}};
    int n = circle_arrive(c, circle_group(c, 0), a.prekey);
    const struct group *g = circle_group(c, n);
    memcpy(a.pk, g->member_pk, 32);
    memcpy(a.transport_pk, g->transport_pk, 32);
    circle_proof(g, a.prekey, a.proof);
    a.who = (struct newcomer){a.pk, a.transport_pk, a.prekey, a.proof, false};
    bench_open(&b, c->tp[0], c->number[0]);
    bench_inner(&b, "add a member", add, &a);
    bench_close(&b);
    parcel_control(p, c, 0);
    circle_begin(c, n); /* no invitation is under way here, as a join would have it */
    circle_group(c, n)->joining = false;
    CHECK(group_save(circle_group(c, n)) == 0);
    circle_commit(c, n);
    bench_open(&b, c->tp[n], c->number[n]);
    bench_inner(&b, "take a group's log", take_control, p);
    bench_inner(&b, "open the welcome", open_welcome, &a);
    bench_close(&b);
    buf_free(&a.box);
}

/* ---- keys ---------------------------------------------------------------- */

static int post_rekey(struct group *g, void *ctx)
{
    (void)ctx;
    return keys_post_rekey(g);
}

/* Something is missing that the log names: it is asked for after a while. */
static void tick_before(struct bench *b)
{
    struct event ev = {.kind = EV_TICK};
    bench_step(b, &ev);
}

struct forwarding {
    uint32_t entry, member;
};

static int post_forward(struct group *g, void *ctx)
{
    const struct forwarding *f = ctx;
    return forward_post(g, f->entry, f->member);
}

static void bench_tick(struct bench *b, const char *name, uint64_t ms)
{
    b->tp->now_ms += ms;
    b->tp->wall_ms += ms;
    bench_event(b, name, EV_TICK);
}

/* Member 1 rekeys; 2 takes it whole, 3 without its page, says so and is answered. */
static void try_rekey(struct circle *c, struct parcel *p)
{
    struct bench b;
    struct forwarding f = {0};
    bench_open(&b, c->tp[1], c->number[1]);
    bench_inner(&b, "rekey for all", post_rekey, NULL);
    bench_close(&b);
    f.entry = control_count(circle_group(c, 1)) - 1;
    parcel_control(p, c, 1);
    bench_open(&b, c->tp[2], c->number[2]);
    bench_inner(&b, "take a rekey", take_control, p);
    bench_close(&b);
    bench_open(&b, c->tp[3], c->number[3]);
    bench_inner(&b, "take a rekey without its page", take_control, p);
    bench_close(&b);
    parcel_pages(p, c, 1);
    bench_open(&b, c->tp[2], c->number[2]);
    bench_inner(&b, "take pages", take_pages, p);
    bench_close(&b);
    (void)circle_carry(c, 1, 0);
    CHECK(tp_say(c->tp[1], c->number[1], "sealed for now") == 0);
    CHECK(tp_say(c->tp[1], c->number[1], "and this") == 0);
    parcel_texts(p, c, 1);
    bench_open(&b, c->tp[3], c->number[3]);
    bench_inner(&b, "accept what no lane is known of", take_texts, p);
    b.first = tick_before;
    bench_tick(&b, "ask for a key", 41 * 1000);
    bench_close(&b);
    CHECK(control_at(circle_group(c, 3), control_count(circle_group(c, 3)) - 1)->kind ==
          CONTROL_NOKEY);
    const uint8_t *asks = circle_group(c, 3)->member_pk;
    f.member = member_find(circle_group(c, 1), asks)->index;
    parcel_control(p, c, 3);
    bench_open(&b, c->tp[1], c->number[1]);
    bench_inner(&b, "take a no-key", take_control, p);
    bench_inner(&b, "forward", post_forward, &f);
    bench_close(&b);
    parcel_control(p, c, 1);
    bench_open(&b, c->tp[3], c->number[3]);
    bench_inner(&b, "take a forward and open", take_forward, p);
    bench_close(&b);
}

/* Texts mixed from two rekeys, of which member 3 holds the one whose lane is used:
 * their headers open, their bodies wait for the other's page. */
static void try_sealed(struct circle *c, struct parcel *p)
{
    struct bench b;
    struct key_send sent;
    struct lane_view lane;
    struct buf late = {0};
    uint32_t unread, sealed, aside;
    uint64_t entries;
    circle_rekey(c, 1);
    circle_rekey(c, 2);
    for (int i = 0; i < 2; i++) {
        (void)circle_carry(c, 1, 0);
        (void)circle_carry(c, 2, 0);
    }
    CHECK(circle_send(c, 0, &sent) == 0 && sent.ref.mix == 1);
    CHECK(keys_lane_find(circle_group(c, 0), sent.topic, &lane));
    CHECK(tp_say(c->tp[0], c->number[0], "under two rekeys") == 0);
    circle_carry_control(c, 0, 3);
    const struct group *g = circle_group(c, 0);
    uint32_t newest = control_count(g) - 1;
    while (control_at(g, newest)->kind != CONTROL_REKEY)
        newest--;
    parcel_pages(p, c, 0);
    if (memcmp(control_at(g, newest)->hash, lane.epoch, 32) != 0) {
        struct buf last = p->items[p->count - 1]; /* pages come in order of entries */
        p->items[p->count - 1] = p->items[p->count - 2];
        p->items[p->count - 2] = last;
    }
    late = p->items[p->count - 2];
    p->items[p->count - 2] = p->items[p->count - 1];
    p->items[--p->count] = (struct buf){0};
    bench_open(&b, c->tp[3], c->number[3]);
    bench_inner(&b, "take one page of two", take_pages, p);
    parcel_texts(p, c, 0);
    bench_inner(&b, "accept what stays sealed", take_texts, p);
    bench_close(&b);
    content_counts(circle_group(c, 3), &unread, &entries, &sealed, &aside);
    CHECK(sealed > 0);
    parcel_end(p);
    parcel_add(p, BUF_BYTES(&late));
    buf_free(&late);
    bench_open(&b, c->tp[3], c->number[3]);
    bench_inner(&b, "take the other and open", take_late_page, p);
    bench_close(&b);
    content_counts(circle_group(c, 3), &unread, &entries, &sealed, &aside);
    CHECK(sealed == 0);
}

/* ---- cards and texts ----------------------------------------------------- */

static int post_name(struct group *g, void *ctx)
{
    return card_post_name(g, tp_text(ctx));
}

static void try_cards(struct circle *c, struct parcel *p)
{
    struct bench b;
    bench_open(&b, c->tp[1], c->number[1]);
    bench_inner(&b, "post a name", post_name, "Wren");
    bench_close(&b);
    (void)circle_carry(c, 1, 0);
    parcel_cards(p, c, 0);
    bench_open(&b, c->tp[2], c->number[2]);
    bench_inner(&b, "take cards", take_cards, p);
    bench_close(&b);
}

static int see_text(void *ctx, const struct message_view *m)
{
    struct bench *b = ctx;
    digest_add(&b->seen, m->text);
    digest_add(&b->seen, m->author_name);
    digest_number(&b->seen, (uint64_t)m->have << 8 | (uint64_t)m->forked << 1 |
                                (uint64_t)m->missing_before);
    return 0;
}

static int look(struct bench *b)
{
    return peer_messages(b->tp->peer, b->number, see_text, b);
}

static void try_texts(struct circle *c, struct parcel *p)
{
    struct bench b;
    for (int i = 0; i < 4; i++) {
        CHECK(tp_say(c->tp[1], c->number[1], "one of several texts") == 0);
        CHECK(tp_say(c->tp[2], c->number[2], "one of the other's texts") == 0);
    }
    parcel_texts(p, c, 1);
    bench_open(&b, c->tp[0], c->number[0]);
    bench_inner(&b, "accept a batch, last first", take_texts, p);
    bench_close(&b);
    parcel_texts(p, c, 2);
    bench_open(&b, c->tp[0], c->number[0]);
    bench_inner(&b, "accept another's batch", take_texts, p);
    bench_look(&b, "look at all texts in order", look);
    bench_close(&b);
}

/* A week goes by for the one who holds most: what is due is done in one tick. */
static void try_week(struct circle *c)
{
    struct bench b;
    bench_open(&b, c->tp[0], c->number[0]);
    bench_tick(&b, "a day: erase, forget", 25 * TP_HOUR_MS);
    for (int day = 0; day < 8; day++) {
        c->tp[0]->now_ms += 24 * TP_HOUR_MS;
        c->tp[0]->wall_ms += 24 * TP_HOUR_MS;
    }
    bench_event(&b, "eight days: rekey, wipe", EV_TICK);
    bench_close(&b);
}

/* ---- what a liar may send ------------------------------------------------ */

/* Two that nobody can read, and one that was made far ahead of our hour. */
static void try_odd(struct bench *b, struct parcel *p, struct tp_making *in)
{
    struct tp_entry e;
    in->position = 9;
    tp_make(in, &e);
    parcel_end(p);
    for (uint8_t i = 0; i < 2; i++) {
        memcpy(p->topics[p->count], e.topic, 32);
        parcel_add(p, BUF_BYTES(&e.envelope));
        p->items[i].p[100] ^= (uint8_t)(i + 1);
    }
    buf_free(&e.envelope);
    bench_inner(b, "accept what nobody can read", take_texts, p);
    in->position = 10;
    in->end_hour = TP_EPOCH_HOURS + 49 + 168;
    tp_make(in, &e);
    parcel_end(p);
    memcpy(p->topics[p->count], e.topic, 32);
    parcel_add(p, BUF_BYTES(&e.envelope));
    buf_free(&e.envelope);
    bench_inner(b, "accept what is far ahead", take_texts, p);
}

/* Badly signed, vouched for later, forked, by many authors. */
static void try_forged(struct parcel *p)
{
    static const uint8_t zeros[32];
    struct tp_member members[AUTHORS];
    struct tp_entry e[AUTHORS * 3];
    struct key_send keys;
    struct buf body = {0};
    struct bench b;
    int n = 0;
    struct tp *t = tp_new(7);
    uint32_t number = tp_found(t, "Circle", 168);
    tp_add_members(t, peer_group(t->peer, number), members, AUTHORS);
    struct tp *leaves = tp_copy(t, 8);
    struct group *g = peer_group(leaves->peer, number);
    tp_places(g, &keys, members, AUTHORS);
    tp_body(&body, "what a liar says", BYTES(NULL, 0), 0);
    for (int a = 0; a < AUTHORS; a++)
        for (int k = 0; k < 3; k++, n++) { /* badly signed; two that fork after it */
            const struct tp_making in = {.g = g,
                                         .keys = &keys,
                                         .author = &members[a],
                                         .position = (uint16_t)k,
                                         .seq = k == 0 ? 1 : 2,
                                         .end_hour = TP_EPOCH_HOURS + 168,
                                         .lifetime_hours = 168,
                                         .prev = k == 0 ? zeros : e[n - k].hash,
                                         .body = BUF_BYTES(&body),
                                         .bad_signature = k == 0};
            tp_make(&in, &e[n]);
        }
    bench_open(&b, t, number);
    for (int part = 0; part < 2; part++) {
        parcel_end(p);
        for (int i = 0; i < n; i++)
            if ((i % 3 == 0) == (part == 0)) {
                memcpy(p->topics[p->count], e[i].topic, 32);
                parcel_add(p, BUF_BYTES(&e[i].envelope));
            }
        bench_inner(&b, part == 0 ? "accept what is badly signed" : "and who vouches",
                    take_texts, p);
    }
    bench_look(&b, "look at forks", look);
    struct tp_making odd = {.g = g,
                            .keys = &keys,
                            .author = &members[0],
                            .seq = 3,
                            .end_hour = TP_EPOCH_HOURS + 168,
                            .lifetime_hours = 168,
                            .prev = e[1].hash,
                            .body = BUF_BYTES(&body)};
    try_odd(&b, p, &odd);
    bench_close(&b);
    for (int i = 0; i < n; i++)
        buf_free(&e[i].envelope);
    buf_free(&body);
    tp_free(leaves);
    tp_free(t);
}

void area_members(void)
{
    static struct parcel p;
    struct circle c;
    circle_found(&c, 168);
    try_adding(&c, &p);
    (void)circle_join(&c, 0, ROLE_STEWARD);
    (void)circle_join(&c, 0, ROLE_MEMBER);
    circle_settle(&c);
    try_rekey(&c, &p);
    circle_settle(&c);
    try_sealed(&c, &p);
    circle_settle(&c);
    try_cards(&c, &p);
    circle_settle(&c);
    try_texts(&c, &p);
    try_week(&c);
    parcel_end(&p);
    circle_end(&c);
    try_forged(&p);
    parcel_end(&p);
}
