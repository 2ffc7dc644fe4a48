/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_accept.c -- one by one or many at once, in any order: the same set (P8.5). */
#include "node/core/content_int.h"
#include "node/core/keys_int.h"
#include "tests/lib/forge.h"
#include "tests/lib/t.h"

enum { AUTHORS = 3, ENTRIES_MAX = 64, WORLDS = 12, ORDERS = 6 };

struct chains {
    struct tp_member members[AUTHORS];
    struct tp_entry entries[ENTRIES_MAX];
    bool authentic[ENTRIES_MAX];
    int count;
    uint16_t position[AUTHORS];
};

static uint64_t dice_state;

static uint32_t die(uint32_t bound)
{
    dice_state = dice_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice_state >> 33) % bound;
}

static void make_entry(struct chains *c, struct group *g, const struct key_send *keys,
                       int author, const struct tp_entry *prev)
{
    static const uint8_t zeros[32];
    struct buf body = {0};
    char text[32];
    snprintf(text, sizeof text, "entry %d", c->count);
    tp_body(&body, text, BYTES(NULL, 0), 0);
    bool record = die(4) == 0;
    struct tp_making in = {.g = g,
                           .keys = keys,
                           .author = &c->members[author],
                           .position = c->position[author]++,
                           .seq = prev ? prev->seq + 1 : 1,
                           .end_hour = record ? END_NEVER : TP_EPOCH_HOURS + 168,
                           .lifetime_hours = record ? 0 : 168,
                           .prev = prev ? prev->hash : zeros,
                           .body = BUF_BYTES(&body),
                           .bad_signature = die(4) == 0};
    struct tp_entry *e = &c->entries[c->count++];
    tp_make(&in, e);
    e->author = author;
    buf_free(&body);
}

/* Chains that fork now and then; one entry in four is badly signed, also several in a
 * row and at the ends. */
static void make_chains(struct chains *c, struct group *g, const struct key_send *keys)
{
    int count = 24 + (int)die(ENTRIES_MAX - 24);
    while (c->count < count) {
        int author = (int)die(AUTHORS), of_author[ENTRIES_MAX], n = 0;
        for (int i = 0; i < c->count; i++)
            if (c->entries[i].author == author)
                of_author[n++] = i;
        int prev = n == 0        ? -1
                   : die(6) == 0 ? of_author[die((uint32_t)n)]
                                 : of_author[n - 1];
        make_entry(c, g, keys, author, prev < 0 ? NULL : &c->entries[prev]);
    }
}

/* P8.3 read word for word, over the entries that are given out. */
static void expect(struct chains *c, const bool *given)
{
    for (int i = 0; i < c->count; i++)
        c->authentic[i] = given[i] && c->entries[i].good_signature;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < c->count; i++)
            for (int k = 0; k < c->count; k++)
                if (c->authentic[k] && given[i] && !c->authentic[i] &&
                    c->entries[k].author == c->entries[i].author &&
                    c->entries[k].seq == c->entries[i].seq + 1 &&
                    memcmp(c->entries[k].prev, c->entries[i].hash, 32) == 0)
                    c->authentic[i] = changed = true;
    }
}

struct found {
    const struct chains *c;
    bool in_set[ENTRIES_MAX];
    int others, not_open;
};

static int find_row(void *ctx, const struct content_row *row)
{
    struct found *f = ctx;
    if (row->state == CONTENT_ASIDE)
        return 0;
    f->not_open += row->state != CONTENT_OPEN;
    for (int i = 0; i < f->c->count; i++)
        if (memcmp(f->c->entries[i].hash, row->hash, 32) == 0) {
            f->in_set[i] = true;
            return 0;
        }
    f->others++;
    return 0;
}

static void check_set(struct tp *t, const struct chains *c)
{
    struct found f = {.c = c};
    struct log log = memlog_log(t->log);
    T_EQ(log.ops->content_scan(log.ctx, 1, 0, false, find_row, &f), 0);
    T_EQ(f.others, 0);
    T_EQ(f.not_open, 0);
    for (int i = 0; i < c->count; i++)
        T_EQ(f.in_set[i], c->authentic[i]);
}

/* Give what is to be given in a random order and batches of at most `batch_max`. */
static void deliver(struct tp *t, const struct chains *c, const bool *given,
                    uint32_t batch_max)
{
    int order[2 * ENTRIES_MAX], n = 0;
    struct group *g = peer_group(t->peer, 1);
    for (int i = 0; i < c->count; i++)
        for (uint32_t twice = given[i] ? 1 + (die(5) == 0) : 0; twice > 0; twice--)
            order[n++] = i;
    for (int i = n - 1; i > 0; i--) {
        int k = (int)die((uint32_t)i + 1), swap = order[i];
        order[i] = order[k];
        order[k] = swap;
    }
    for (int at = 0; at < n;) {
        struct incoming batch[2 * ENTRIES_MAX] = {0};
        int size = 1 + (int)die(batch_max);
        if (size > n - at)
            size = n - at;
        for (int i = 0; i < size; i++) {
            batch[i].envelope = BUF_BYTES(&c->entries[order[at + i]].envelope);
            memcpy(batch[i].topic, c->entries[order[at + i]].topic, 32);
        }
        memlog_begin(t->log);
        T_EQ(content_accept(g, batch, (size_t)size, 0), 0);
        T_EQ(keys_flush(g), 0);
        memlog_commit(t->log);
        at += size;
        if (die(8) == 0) { /* what is kept in memory is rebuilt from the log */
            tp_restart(t);
            g = peer_group(t->peer, 1);
        }
    }
}

static void one_world(uint64_t seed)
{
    struct chains *c = calloc(1, sizeof *c);
    struct tp *founder = tp_new(7);
    struct key_send keys;
    bool given[ENTRIES_MAX];
    dice_state = seed;
    tp_found(founder, "Circle", 168);
    tp_add_members(founder, peer_group(founder->peer, 1), c->members, AUTHORS);
    struct tp *leaves = tp_copy(founder, 8);
    struct group *g = peer_group(leaves->peer, 1);
    tp_places(g, &keys, c->members, AUTHORS);
    make_chains(c, g, &keys);
    for (int i = 0; i < c->count; i++)
        given[i] = die(10) != 0; /* gaps */
    expect(c, given);
    for (int run = 0; run < ORDERS; run++) {
        T_NOTE("seed %d run %d", (int)seed, run);
        struct tp *t = tp_copy(founder, (uint8_t)(20 + run));
        deliver(t, c, given, run == 0 ? 1 : run == 1 ? 2 * ENTRIES_MAX : 1 + die(12));
        check_set(t, c);
        uint32_t unread, sealed, aside, out = 0, in = 0;
        uint64_t entries;
        content_counts(peer_group(t->peer, 1), &unread, &entries, &sealed, &aside);
        for (int i = 0; i < c->count; i++) {
            in += c->authentic[i];
            out += given[i] && !c->authentic[i];
        }
        T_EQ(entries, in);
        T_EQ(unread, in);
        T_EQ(sealed, 0);
        T_EQ(aside, out);
        tp_free(t);
    }
    for (int i = 0; i < c->count; i++)
        buf_free(&c->entries[i].envelope);
    tp_free(leaves);
    tp_free(founder);
    free(c);
}

T_CASE(any_order_and_batch_gives_the_same_set)
{
    for (uint64_t seed = 1; seed <= WORLDS; seed++)
        one_world(seed);
}

/* --- bounds and refusals --------------------------------------------------------- */

struct small {
    struct tp *founder, *leaves;
    struct group *g, *maker;
    struct tp_member members[2];
    struct key_send keys;
    uint16_t position;
};

static void small_new(struct small *s)
{
    memset(s, 0, sizeof *s);
    s->founder = tp_new(3);
    tp_found(s->founder, "Circle", 168);
    s->g = peer_group(s->founder->peer, 1);
    tp_add_members(s->founder, s->g, s->members, 2);
    s->leaves = tp_copy(s->founder, 4);
    s->maker = peer_group(s->leaves->peer, 1);
    tp_places(s->maker, &s->keys, s->members, 2);
}

static void small_free(struct small *s)
{
    tp_free(s->leaves);
    tp_free(s->founder);
}

static const uint8_t zeros[32];

/* The first entry of member 0, with a body that says `text`, at a position of its own.
 */
static struct tp_making small_making(struct small *s, struct buf *body,
                                     const char *text)
{
    tp_body(body, text, BYTES(NULL, 0), 0);
    return (struct tp_making){.g = s->maker,
                              .keys = &s->keys,
                              .author = &s->members[0],
                              .position = s->position++,
                              .seq = 1,
                              .end_hour = TP_EPOCH_HOURS + 168,
                              .lifetime_hours = 168,
                              .prev = zeros,
                              .body = BUF_BYTES(body)};
}

static void small_make(struct small *s, struct tp_entry *e, uint32_t seq,
                       const uint8_t *prev, bool bad)
{
    struct buf body = {0};
    struct tp_making in = small_making(s, &body, "hello");
    in.seq = seq;
    in.prev = prev;
    in.bad_signature = bad;
    tp_make(&in, e);
    buf_free(&body);
}

T_CASE(a_forgery_waits_aside_until_named)
{
    struct small s;
    struct tp_entry first, forged, child;
    small_new(&s);
    small_make(&s, &first, 1, zeros, false);
    small_make(&s, &forged, 2, first.hash, true);
    small_make(&s, &child, 3, forged.hash, false);
    T_EQ(tp_accept(s.founder, s.g, &forged), ACCEPT_ASIDE);
    T_EQ(tp_accept(s.founder, s.g, &forged), ACCEPT_ASIDE);
    T_EQ(tp_accept(s.founder, s.g, &first), ACCEPT_NEW);
    uint32_t unread, sealed, aside;
    uint64_t entries;
    content_counts(s.g, &unread, &entries, &sealed, &aside);
    T_EQ(entries, 1);
    T_EQ(aside, 1);
    T_EQ(tp_accept(s.founder, s.g, &child), ACCEPT_NEW);
    content_counts(s.g, &unread, &entries, &sealed, &aside);
    T_EQ(entries, 3);
    T_EQ(aside, 0);
    T_EQ(tp_accept(s.founder, s.g, &forged), ACCEPT_KNOWN);
    buf_free(&first.envelope);
    buf_free(&forged.envelope);
    buf_free(&child.envelope);
    small_free(&s);
}

T_CASE(aside_holds_no_more_than_its_bound)
{
    struct small s;
    struct tp_entry e;
    uint32_t unread, sealed, aside;
    uint64_t entries;
    small_new(&s);
    for (uint32_t i = 0; i < LIMIT_ASIDE_ENTRIES_MAX + 3; i++) {
        uint8_t prev[32] = {1, (uint8_t)i, (uint8_t)(i >> 8)};
        small_make(&s, &e, 2 + i, prev, true);
        T_EQ(tp_accept(s.founder, s.g, &e), ACCEPT_ASIDE);
        buf_free(&e.envelope);
    }
    content_counts(s.g, &unread, &entries, &sealed, &aside);
    T_EQ(aside, LIMIT_ASIDE_ENTRIES_MAX);
    T_EQ(entries, 0);
    small_free(&s);
}

T_CASE(far_ahead_entries_are_bounded)
{
    struct small s;
    struct tp_entry e;
    uint8_t prev[32] = {0};
    small_new(&s);
    struct buf body = {0};
    tp_body(&body, "from next month", BYTES(NULL, 0), 0);
    for (uint32_t i = 0; i <= LIMIT_AHEAD_ENTRIES_MAX; i++) {
        struct tp_making in = {.g = s.maker,
                               .keys = &s.keys,
                               .author = &s.members[1],
                               .position = (uint16_t)i,
                               .seq = i + 1,
                               .end_hour = TP_EPOCH_HOURS + 49 + 168,
                               .lifetime_hours = 168,
                               .prev = prev,
                               .body = BUF_BYTES(&body)};
        tp_make(&in, &e);
        T_EQ(tp_accept(s.founder, s.g, &e),
             i < LIMIT_AHEAD_ENTRIES_MAX ? ACCEPT_NEW : ACCEPT_REFUSED); /* P3.6 */
        memcpy(prev, e.hash, 32);
        buf_free(&e.envelope);
    }
    buf_free(&body);
    small_free(&s);
}

T_CASE(what_does_not_open_is_remembered_up_to_the_bound)
{
    struct small s;
    struct tp_entry e;
    small_new(&s);
    small_make(&s, &e, 1, zeros, false);
    uint8_t first_id[32], id[32];
    for (uint32_t i = 0; i <= LIMIT_UNKNOWN_IDS_MAX; i++) {
        put_u32(e.envelope.p + 100, i);
        T_NEED(tp_accept(s.founder, s.g, &e) == ACCEPT_REFUSED);
        envelope_id(id, e.topic, BUF_BYTES(&e.envelope));
        if (i == 0)
            memcpy(first_id, id, 32);
        T_NEED(content_refuses(s.g, e.topic, id)); /* P8.2 */
    }
    T(!content_refuses(s.g, e.topic, first_id)); /* the oldest is forgotten */
    buf_free(&e.envelope);
    small_free(&s);
}

T_CASE(what_ended_before_the_mark_is_not_taken)
{
    struct small s;
    struct tp_entry e;
    small_new(&s);
    small_make(&s, &e, 1, zeros, false);
    s.g->hour.hour = TP_EPOCH_HOURS + 168 + 25; /* P3.4: its end is below H - 24 */
    T_EQ(tp_accept(s.founder, s.g, &e), ACCEPT_REFUSED);
    s.g->hour.hour--;
    T_EQ(tp_accept(s.founder, s.g, &e), ACCEPT_NEW);
    uint32_t unread, sealed, aside;
    uint64_t entries;
    content_counts(s.g, &unread, &entries, &sealed, &aside);
    T_EQ(entries, 1);
    T_EQ(unread, 0); /* it is hidden already */
    buf_free(&e.envelope);
    small_free(&s);
}

T_CASE(a_foreign_topic_or_epoch_waits)
{
    struct small s;
    struct tp_entry e;
    small_new(&s);
    small_make(&s, &e, 1, zeros, false);
    e.topic[0] ^= 1;
    T_EQ(tp_accept(s.founder, s.g, &e), ACCEPT_LATER);
    e.topic[0] ^= 1;
    T_EQ(tp_accept(s.founder, s.g, &e), ACCEPT_NEW);
    buf_free(&e.envelope);
    small_free(&s);
}

/* Nobody but the author can spend an entry's key: the same header under the same keys
 * but with another signature, prev or body is aside and takes no leaf. */
T_CASE(a_forgery_does_not_burn_the_key)
{
    struct small s;
    struct tp_entry good, bad;
    struct buf body = {0};
    small_new(&s);
    struct tp_making in = small_making(&s, &body, "hello");
    struct tp *second = tp_copy(s.founder, 6);
    tp_make(&in, &good);
    in.g = peer_group(second->peer, 1);
    in.bad_signature = true;
    tp_make(&in, &bad);
    T_EQ(tp_accept(s.founder, s.g, &bad), ACCEPT_ASIDE);
    T_EQ(tp_accept(s.founder, s.g, &good), ACCEPT_NEW);
    struct content_row row;
    struct log log = memlog_log(s.founder->log);
    T_EQ(log.ops->content_by_id(log.ctx, 1, good.id, &row), 0);
    T_EQ(row.state, CONTENT_OPEN);
    buf_free(&body);
    buf_free(&good.envelope);
    buf_free(&bad.envelope);
    tp_free(second);
    small_free(&s);
}

T_CASE(a_fork_is_kept_and_told_once)
{
    struct small s;
    struct tp_entry a, b, c;
    small_new(&s);
    small_make(&s, &a, 1, zeros, false);
    small_make(&s, &b, 1, zeros, false);
    small_make(&s, &c, 1, zeros, false);
    T_EQ(tp_accept(s.founder, s.g, &a), ACCEPT_NEW);
    T_EQ(tp_accept(s.founder, s.g, &b), ACCEPT_NEW); /* P8.6 */
    T_EQ(tp_accept(s.founder, s.g, &c), ACCEPT_NEW);
    uint32_t seq = 0;
    uint8_t hash[32];
    T(content_frontier(s.g, s.members[0].pk, &seq, hash));
    T_EQ(seq, 1);
    const uint8_t *least = memcmp(a.hash, b.hash, 32) < 0 ? a.hash : b.hash;
    least = memcmp(least, c.hash, 32) < 0 ? least : c.hash;
    T_MEM(hash, least, 32);
    buf_free(&a.envelope);
    buf_free(&b.envelope);
    buf_free(&c.envelope);
    small_free(&s);
}

/* The author shows one text to some and another to others: whoever gets the second
 * finds its key used (P8.8). */
T_CASE(two_texts_under_one_key_are_shown_as_a_fork)
{
    struct small s;
    struct tp_entry first, second;
    struct buf body = {0};
    small_new(&s);
    struct tp_making in = small_making(&s, &body, "safe");
    struct tp *copy = tp_copy(s.founder, 6);
    tp_make(&in, &first);
    tp_body(&body, "not safe", BYTES(NULL, 0), 0);
    in.g = peer_group(copy->peer, 1);
    in.seq = 2;
    in.prev = first.hash;
    in.body = BUF_BYTES(&body);
    tp_make(&in, &second);
    T_EQ(tp_accept(s.founder, s.g, &first), ACCEPT_NEW);
    T(!author_find(s.g->content, s.members[0].pk)->forked);
    T_EQ(tp_accept(s.founder, s.g, &second), ACCEPT_NEW);
    T(author_find(s.g->content, s.members[0].pk)->forked);
    buf_free(&body);
    buf_free(&first.envelope);
    buf_free(&second.envelope);
    tp_free(copy);
    small_free(&s);
}

static int count_unread_text(void *ctx, const struct message_view *view)
{
    int *n = ctx;
    *n += view->text.n == 0 && view->kind == 0;
    return 0;
}

T_CASE(a_text_that_cannot_be_read_is_shown_though_it_stands_alone)
{
    struct small s;
    struct tp_entry e;
    struct buf body = {0};
    uint8_t leaf[32];
    int shown = 0;
    small_new(&s);
    struct tp_making in = small_making(&s, &body, "lost");
    tp_make(&in, &e);
    struct key_ref ref = s.keys.ref;
    ref.place = s.members[0].place;
    ref.position = in.position;
    memlog_begin(s.founder->log);
    T_EQ(keys_take_leaf(s.g, &ref, leaf), 0);
    T_EQ(keys_flush(s.g), 0);
    memlog_commit(s.founder->log);
    T_EQ(tp_accept(s.founder, s.g, &e), ACCEPT_NEW);
    T_EQ(peer_messages(s.founder->peer, 1, count_unread_text, &shown), 0);
    T_EQ(shown, 1);
    buf_free(&body);
    buf_free(&e.envelope);
    small_free(&s);
}

T_CASE(epochs_that_share_a_prefix_are_told_apart_by_the_signature)
{
    struct small s;
    struct tp_entry e, bad;
    small_new(&s);
    small_make(&s, &e, 1, zeros, false);
    small_make(&s, &bad, 2, e.hash, true);
    struct control *c = s.g->control;
    struct held *old = held_at(s.g, 0);
    uint8_t hash[32];
    memcpy(hash, old->e.hash, 32);
    memset(old->e.hash, 0, 32);
    memcpy(old->e.hash, s.keys.ref.ids[0], EPOCH_PREFIX_BYTES);
    for (uint32_t i = 0; i < c->epochs_count; i++)
        for (uint32_t j = i; j > 0; j--) {
            uint32_t *a = &c->epochs[j - 1], *b = &c->epochs[j], swap = *a;
            if (memcmp(c->entries[*a]->e.hash, c->entries[*b]->e.hash, 32) > 0)
                *a = *b, *b = swap;
        }
    uint8_t ids[1][32];
    T_EQ(keys_resolve(s.g, s.keys.ref.ids[0], 1, 0, ids), 1);
    T_MEM(ids[0], old->e.hash, 32);
    T_EQ(keys_resolve(s.g, s.keys.ref.ids[0], 1, 1, ids), 0);
    T_MEM(ids[0], s.keys.ref.ids[0], 32);
    T_EQ(tp_accept(s.founder, s.g, &e), ACCEPT_NEW);
    T_EQ(tp_accept(s.founder, s.g, &bad), ACCEPT_REFUSED);
    memcpy(old->e.hash, hash, 32);
    buf_free(&e.envelope);
    buf_free(&bad.envelope);
    small_free(&s);
}

T_CASE(entries_of_more_authors_than_there_may_be_are_refused)
{
    struct small s;
    struct tp_entry e;
    struct author *a = NULL;
    small_new(&s);
    small_make(&s, &e, 1, zeros, false);
    for (uint32_t i = s.g->content->authors_count; i < LIMIT_AUTHORS_MAX; i++) {
        uint8_t pk[32] = {0};
        put_u32(pk, i);
        T_NEED(author_make(s.g->content, pk, &a) == 0);
    }
    T_EQ(tp_accept(s.founder, s.g, &e), ACCEPT_REFUSED); /* and nothing ends */
    memlog_begin(s.founder->log);
    T_EQ(content_has_all(s.g, s.members[0].pk), 0);
    T_EQ(hour_heard(s.g, s.members[0].pk, TP_EPOCH_HOURS), 0);
    memlog_commit(s.founder->log);
    buf_free(&e.envelope);
    small_free(&s);
}

/* --- keys that come later --------------------------------------------------------- */

/* Take the mix values of all epochs away, or give them back. */
static void mix_values(struct group *g, bool held)
{
    struct epoch_key *e;
    for (uint32_t at = 0; (e = map_next(&g->keys->epochs, &at, NULL)) != NULL;)
        if (e->s)
            e->s->v.have = (uint8_t)(held ? e->s->v.have | EPOCH_HAVE_MIX
                                          : e->s->v.have & ~(unsigned)EPOCH_HAVE_MIX);
}

T_CASE(without_its_key_an_entry_waits_sealed)
{
    struct small s;
    struct tp_entry a, b;
    uint32_t unread, sealed, aside;
    uint64_t entries;
    small_new(&s);
    small_make(&s, &a, 1, zeros, false);
    small_make(&s, &b, 2, a.hash, true);
    mix_values(s.g, false);
    T_EQ(tp_accept(s.founder, s.g, &a), ACCEPT_NEW);
    content_counts(s.g, &unread, &entries, &sealed, &aside);
    T_EQ(sealed, 1);
    T_EQ(unread, 0);
    T_EQ(tp_accept(s.founder, s.g, &a), ACCEPT_KNOWN);
    T_EQ(tp_accept(s.founder, s.g, &b), ACCEPT_ASIDE);
    memlog_begin(s.founder->log);
    T_EQ(content_reopen(s.g), 0);
    content_counts(s.g, &unread, &entries, &sealed, &aside);
    T_EQ(sealed, 1);
    T_EQ(content_mark_read(s.g, UINT64_MAX), 0);
    mix_values(s.g, true);
    T_EQ(content_reopen(s.g), 0);
    T_EQ(keys_flush(s.g), 0);
    memlog_commit(s.founder->log);
    content_counts(s.g, &unread, &entries, &sealed, &aside);
    T_EQ(sealed, 0);
    T_EQ(unread, 1); /* also though everything before it was read */
    T_EQ(entries, 1);
    tp_restart(s.founder);
    content_counts(peer_group(s.founder->peer, 1), &unread, &entries, &sealed, &aside);
    T_EQ(sealed, 0);
    T_EQ(unread, 1);
    T_EQ(aside, 1);
    buf_free(&a.envelope);
    buf_free(&b.envelope);
    small_free(&s);
}

/* --- sequences held --------------------------------------------------------------- */

T_CASE(spans_know_what_is_held)
{
    for (uint32_t seed = 1; seed <= 200; seed++) {
        struct spans spans = {0};
        bool held[64] = {0};
        dice_state = seed;
        for (int i = 0; i < 50; i++) {
            uint32_t seq = 1 + die(62);
            spans_add(&spans, seq);
            held[seq] = true;
            for (uint32_t k = 1; k < 63; k++) {
                bool maybe = spans_maybe(&spans, k);
                T_NEED(maybe == held[k] || (maybe && spans.full));
            }
            for (int k = 1; k < spans.count && !spans.full; k++)
                T_NEED(spans.runs[k].lo > spans.runs[k - 1].hi + 1);
        }
    }
    struct spans ends = {0};
    spans_add(&ends, UINT32_MAX);
    spans_add(&ends, UINT32_MAX - 1);
    spans_add(&ends, 1);
    T_EQ(ends.count, 2);
    T(spans_maybe(&ends, UINT32_MAX) && !spans_maybe(&ends, 2));
}

T_RUN()
