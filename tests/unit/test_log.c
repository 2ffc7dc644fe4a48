/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_log.c -- the store's log against the log in memory: the same random operations
 * on both give the same answers, in transactions that are kept or undone, and over
 * closing and opening again.
 */
#include <string.h>

#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "store/store.h"
#include "tests/lib/t.h"
#include "tests/lib/temp.h"
#include "tests/sim/memlog.h"

enum {
    GROUPS = 3, /* from 1; 0 is the profile, which has no content */
    KEYS = 24,
    IDS = 48,
    TOPICS = 3,
    HOURS = 12,
    AUTHORS = 4,
    SEQS = 5,
    VALUE_BYTES_MAX = 9000, /* more than two pages */
    ANSWER_BYTES_MAX = 8 << 20
};

struct pair {
    char dir[TEMP_PATH_BYTES];
    struct entropy_stream stream;
    struct entropy dice;
    struct store *store;
    struct memlog *model;
    struct log log[2]; /* the store's, the model's */
    uint8_t noise[VALUE_BYTES_MAX];
    uint64_t rows_end; /* one past the highest number given */
};

/* What a call answered, as bytes; compared as a whole. */
struct answer {
    struct buf bytes;
    int left;        /* visits until the visitor stops */
    struct log look; /* a visitor reads through it */
    uint32_t group;
    uint8_t table;
};

static const uint8_t data_key[32] = {7, 1, 2};

static uint32_t die(struct pair *p, uint32_t bound)
{
    return (uint32_t)entropy_below(&p->dice, bound);
}

static void pair_open(struct pair *p, bool fresh)
{
    if (fresh)
        CHECK(store_create(&p->store, p->dir, data_key, &p->dice) == 0);
    else
        CHECK(store_open(&p->store, p->dir, data_key, &p->dice) == 0);
    p->log[0] = store_log(p->store);
}

static struct pair *pair_new(uint8_t seed)
{
    struct pair *p = calloc(1, sizeof *p);
    CHECK(p && crypto_init() == 0);
    p->stream.key[0] = seed;
    p->dice = entropy_stream(&p->stream);
    entropy_fill(&p->dice, p->noise, sizeof p->noise);
    temp_make(p->dir);
    p->model = memlog_new();
    CHECK(p->model != NULL);
    p->log[1] = memlog_log(p->model);
    p->rows_end = 1;
    pair_open(p, true);
    return p;
}

static void pair_free(struct pair *p)
{
    store_close(p->store);
    memlog_free(p->model);
    temp_remove(p->dir);
    free(p);
}

/* ---- answers ------------------------------------------------------------------------
 */

static void say_bytes(struct answer *a, struct bytes b)
{
    uint8_t n[4];
    put_u32(n, (uint32_t)b.n);
    CHECK(buf_append(&a->bytes, BYTES_OF(n), ANSWER_BYTES_MAX) == 0);
    CHECK(buf_append(&a->bytes, b, ANSWER_BYTES_MAX) == 0);
}

static void say_number(struct answer *a, uint64_t v)
{
    uint8_t n[8];
    put_u64(n, v);
    say_bytes(a, BYTES_OF(n));
}

static int see_kv(void *ctx, struct bytes key, struct bytes value)
{
    struct answer *a = ctx;
    struct bytes again = {0};
    say_bytes(a, key);
    say_bytes(a, value);
    /* A visitor may read meanwhile; what it was lent stays. */
    CHECK(a->look.ops->get(a->look.ctx, a->group, a->table, key, &again) == 0);
    say_number(a, bytes_equal(again, value));
    return --a->left <= 0;
}

static int see_row(void *ctx, const struct content_row *r)
{
    struct answer *a = ctx;
    const uint64_t numbers[] = {r->row, r->state, r->end_hour};
    const uint64_t more[] = {r->unread,     r->own,        r->urgency,
                             r->kind,       r->author,     r->seq,
                             r->erase_hour, r->about_hour, r->lifetime_hours};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        say_number(a, numbers[i]);
    say_bytes(a, BYTES(r->id, 32));
    say_bytes(a, BYTES(r->topic, 32));
    say_bytes(a, r->envelope);
    say_bytes(a, r->body);
    if (r->state != CONTENT_GONE) { /* of the gone only end and id stay */
        for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
            say_number(a, more[i]);
        say_bytes(a, BYTES(r->hash, 32));
        say_bytes(a, BYTES(r->prev, 32));
    }
    return --a->left <= 0;
}

static int see_sum(void *ctx, const struct author_sum *sum)
{
    struct answer *a = ctx;
    const uint64_t numbers[] = {sum->author, sum->seq_lo, sum->seq_hi, sum->count,
                                sum->last_row};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        say_number(a, numbers[i]);
    return --a->left <= 0;
}

static int see_unread(void *ctx, const struct unread_sum *sum)
{
    struct answer *a = ctx;
    say_number(a, sum->author);
    say_number(a, sum->unread);
    say_number(a, sum->count);
    return --a->left <= 0;
}

static int see_id(void *ctx, const struct set_bound *at, uint64_t row)
{
    (void)row;
    struct answer *a = ctx;
    say_number(a, at->end_hour);
    say_bytes(a, BYTES(at->id, 32));
    return --a->left <= 0;
}

/* ---- one operation, drawn once, done on both
 * ------------------------------------------ */

struct op {
    uint32_t what, group, hour, author, seq;
    uint8_t table, topic[32], id[32];
    struct bytes key, value;
    uint8_t key_room[LOG_KEY_BYTES_MAX];
    struct content_row row;
    uint64_t number;
    bool flag;
    int left;
    struct set_range range;
};

enum {
    OP_PUT,
    OP_GET,
    OP_DEL,
    OP_SCAN,
    OP_CONTENT_PUT,
    OP_UPDATE,
    OP_MARK,
    OP_DELETE,
    OP_BY_ID,
    OP_BY_SEQ,
    OP_CONTENT_SCAN,
    OP_DUE,
    OP_SUMS,
    OP_ODD,
    OP_UNREAD,
    OP_FORGET,
    OP_SUM,
    OP_IDS,
    OP_DROP
};

/* Often asked for: what changes rows. */
static const uint8_t weights[] = {
    OP_PUT,         OP_PUT,          OP_PUT,         OP_PUT,         OP_GET,
    OP_GET,         OP_DEL,          OP_SCAN,        OP_CONTENT_PUT, OP_CONTENT_PUT,
    OP_CONTENT_PUT, OP_CONTENT_PUT,  OP_CONTENT_PUT, OP_UPDATE,      OP_UPDATE,
    OP_UPDATE,      OP_MARK,         OP_DELETE,      OP_BY_ID,       OP_BY_ID,
    OP_BY_SEQ,      OP_CONTENT_SCAN, OP_DUE,         OP_FORGET,      OP_SUM,
    OP_SUM,         OP_IDS,          OP_SUMS,        OP_ODD,         OP_UNREAD,
    OP_UNREAD};

/* Keys that are prefixes of one another, with the lowest and the highest bytes. */
static void draw_key(struct pair *p, struct op *o)
{
    uint32_t k = die(p, KEYS);
    size_t n = k == 0 ? 0 : k == 1 ? LOG_KEY_BYTES_MAX : 1 + k % 4;
    for (size_t i = 0; i < n; i++)
        o->key_room[i] = (k >> (i % 5)) & 1 ? 0xff : i % 2 ? 'a' : 0;
    o->key = BYTES(o->key_room, n);
}

/* Half of the ids share their first eight bytes with another. */
static void draw_id(struct pair *p, uint8_t id[32])
{
    uint32_t k = die(p, IDS);
    memset(id, (int)(k / 2 * 5), 32);
    id[31] = (uint8_t)k;
    id[0] = k % 8 < 2 ? 0xff : id[0];
}

static uint32_t draw_hour(struct pair *p)
{
    return die(p, 8) == 0 ? UINT32_MAX : die(p, HOURS);
}

static struct bytes draw_value(struct pair *p)
{
    uint32_t n = die(p, 12) == 0 ? die(p, VALUE_BYTES_MAX) : die(p, 200);
    return BYTES(p->noise + die(p, VALUE_BYTES_MAX - n), n);
}

static void draw_row(struct pair *p, struct op *o)
{
    struct content_row *r = &o->row;
    r->state = (uint8_t)die(p, CONTENT_LOST + 1);
    r->unread = (uint8_t)die(p, 3);
    r->own = (uint8_t)die(p, 4);
    r->urgency = (uint8_t)die(p, 3);
    r->kind = (uint8_t)die(p, 256);
    r->author = 1 + die(p, AUTHORS);
    r->seq = 1 + die(p, SEQS);
    r->end_hour = draw_hour(p);
    r->erase_hour = draw_hour(p);
    r->about_hour = draw_hour(p);
    r->lifetime_hours = die(p, 100);
    memcpy(r->id, o->id, 32);
    memcpy(r->topic, o->topic, 32);
    memcpy(r->hash, p->noise + die(p, 4000), 32);
    memcpy(r->prev, p->noise + die(p, 4000), 32);
    r->envelope = draw_value(p);
    r->body = draw_value(p);
}

/* Number and state for an update: any row that is not gone, or one that is not there.
 */
static bool draw_target(struct pair *p, struct op *o)
{
    struct content_row r = {0};
    struct log *model = &p->log[1];
    o->row.row = o->number;
    if (die(p, 3) == 0)
        o->row.state = CONTENT_GONE;
    if (die(p, 20) == 0) { /* by number alone it might be one that is gone */
        o->row.row = o->number = p->rows_end + 1 + die(p, 50);
        return true;
    }
    if (model->ops->content_by_id(model->ctx, o->group, o->id, &r))
        return false;
    o->row.row = o->number = r.row;
    return r.state != CONTENT_GONE;
}

static bool draw(struct pair *p, struct op *o)
{
    *o = (struct op){.what = weights[die(p, sizeof weights)]};
    if (die(p, 40) == 0)
        o->what = OP_DROP;
    o->group = o->what <= OP_SCAN ? die(p, GROUPS + 1) : 1 + die(p, GROUPS);
    o->table = (uint8_t)(1 + die(p, 3));
    o->hour = die(p, HOURS + 1); /* "never" is no hour to ask for */
    o->author = 1 + die(p, AUTHORS);
    o->seq = 1 + die(p, SEQS);
    memset(o->topic, 1 + (int)die(p, TOPICS), 32);
    draw_id(p, o->id);
    draw_key(p, o);
    o->value = draw_value(p);
    draw_row(p, o);
    o->number = die(p, (uint32_t)p->rows_end + 1);
    o->flag = die(p, 2) == 0;
    o->left = die(p, 4) ? INT32_MAX : 1 + (int)die(p, 3);
    o->range.lo.end_hour = die(p, 3) ? draw_hour(p) : 0;
    o->range.hi.end_hour = die(p, 3) ? draw_hour(p) : UINT32_MAX;
    draw_id(p, o->range.lo.id);
    draw_id(p, o->range.hi.id);
    return o->what == OP_UPDATE || o->what == OP_MARK ? draw_target(p, o) : true;
}

static int do_kv(const struct op *o, struct log l, struct answer *a)
{
    struct bytes value = {0};
    int err = 0;
    switch (o->what) {
    case OP_PUT: return l.ops->put(l.ctx, o->group, o->table, o->key, o->value);
    case OP_DEL: return l.ops->del(l.ctx, o->group, o->table, o->key);
    case OP_DROP: return l.ops->drop_group(l.ctx, o->group);
    case OP_SCAN:
        return l.ops->scan(l.ctx, o->group, o->table,
                           BYTES(o->key_room, o->key.n < 2 ? o->key.n : 2), see_kv, a);
    default:
        err = l.ops->get(l.ctx, o->group, o->table, o->key, &value);
        if (!err)
            say_bytes(a, value);
        return err;
    }
}

static int do_read(const struct op *o, struct log l, struct answer *a)
{
    struct content_row row = {0};
    struct range_sum sum = {0};
    int err = 0;
    switch (o->what) {
    case OP_BY_SEQ:
        return l.ops->content_by_seq(l.ctx, o->group, o->author, o->seq, see_row, a);
    case OP_CONTENT_SCAN:
        return l.ops->content_scan(l.ctx, o->group, o->number, o->flag, see_row, a);
    case OP_SUMS: return l.ops->content_sums(l.ctx, o->group, see_sum, a);
    case OP_ODD: return l.ops->content_odd(l.ctx, o->group, see_row, a);
    case OP_UNREAD:
        return l.ops->content_unread(l.ctx, o->group, o->hour, see_unread, a);
    case OP_DUE: return l.ops->content_due(l.ctx, o->group, o->hour, see_row, a);
    case OP_IDS:
        return l.ops->range_ids(l.ctx, o->group, o->topic, &o->range, see_id, a);
    case OP_SUM:
        err = l.ops->range_sum(l.ctx, o->group, o->topic, &o->range.lo, &o->range.hi,
                               &sum);
        say_number(a, sum.count);
        say_bytes(a, BYTES_OF(sum.fingerprint));
        return err;
    default:
        err = l.ops->content_by_id(l.ctx, o->group, o->id, &row);
        if (!err)
            (void)see_row(a, &row);
        return err;
    }
}

static int do_op(const struct op *o, struct log l, struct answer *a)
{
    uint64_t number = 0;
    int err = 0;
    switch (o->what) {
    case OP_PUT:
    case OP_GET:
    case OP_DEL:
    case OP_SCAN:
    case OP_DROP: return do_kv(o, l, a);
    case OP_CONTENT_PUT:
        err = l.ops->content_put(l.ctx, o->group, &o->row, &number);
        if (!err)
            say_number(a, number);
        return err;
    case OP_UPDATE: return l.ops->content_update(l.ctx, o->group, &o->row);
    case OP_MARK: return l.ops->content_mark(l.ctx, o->group, o->number, o->flag);
    case OP_DELETE: return l.ops->content_delete(l.ctx, o->group, o->number);
    case OP_FORGET: return l.ops->content_forget(l.ctx, o->group, o->hour);
    default: return do_read(o, l, a);
    }
}

/* Do it on both and compare error and answer. */
static void both(struct pair *p, const struct op *o)
{
    struct answer a[2] = {{.left = o->left}, {.left = o->left}};
    int err[2];
    for (int i = 0; i < 2; i++) {
        a[i].look = p->log[i];
        a[i].group = o->group;
        a[i].table = o->table;
        err[i] = do_op(o, p->log[i], &a[i]);
    }
    T_EQ(err[0], err[1]);
    T_EQ(a[0].bytes.n, a[1].bytes.n);
    T(bytes_equal(BUF_BYTES(&a[0].bytes), BUF_BYTES(&a[1].bytes)));
    if (o->what == OP_CONTENT_PUT && !err[1])
        p->rows_end = get_u64(a[1].bytes.p + 4) + 1;
    for (int i = 0; i < 2; i++)
        buf_free(&a[i].bytes);
}

/* Everything that can be asked for. */
static void compare_all(struct pair *p)
{
    struct op o = {.left = INT32_MAX, .flag = true};
    o.range.hi.end_hour = UINT32_MAX;
    memset(o.range.hi.id, 0xff, 32);
    for (o.group = 1; o.group <= GROUPS; o.group++) {
        static const uint32_t whole[] = {OP_CONTENT_SCAN, OP_DUE};
        o.hour = HOURS;
        for (size_t i = 0; i < 2; i++) {
            o.what = whole[i];
            both(p, &o);
        }
        o.what = OP_SCAN;
        for (o.table = 1; o.table <= 3; o.table++)
            both(p, &o);
        for (int topic = 1; topic <= TOPICS; topic++) {
            memset(o.topic, topic, 32);
            o.what = OP_SUM;
            both(p, &o);
            o.what = OP_IDS;
            both(p, &o);
        }
    }
}

static void transaction(struct pair *p)
{
    struct op o;
    uint64_t rows_end = p->rows_end;
    T_EQ(store_begin(p->store), 0);
    memlog_begin(p->model);
    for (uint32_t n = 1 + die(p, 12); n > 0; n--) {
        if (!draw(p, &o))
            continue;
        T_NOTE("(op %u)", o.what);
        both(p, &o);
    }
    T_NOTE("%s", "(transaction)");
    if (die(p, 3) == 0) {
        store_rollback(p->store);
        memlog_rollback(p->model);
        p->rows_end = rows_end;
    } else {
        T_EQ(store_commit(p->store), 0);
        memlog_commit(p->model);
    }
}

T_CASE(store_and_model_agree)
{
    for (uint8_t seed = 1; seed <= 5; seed++) {
        struct pair *p = pair_new(seed);
        for (int i = 0; i < 150; i++) {
            transaction(p);
            if (i % 50 == 20)
                T_EQ(store_settle(p->store), 0);
            if (i % 40 == 30) {
                store_close(p->store);
                pair_open(p, false);
                compare_all(p);
            }
        }
        compare_all(p);
        T_EQ(store_check(p->store), 0);
        pair_free(p);
    }
}

/* Visitors that look at the same table again while they are walking it. */
struct nested {
    struct log log;
    int seen, inner;
};

static int see_inner(void *ctx, const struct content_row *row)
{
    (void)row;
    ++*(int *)ctx;
    return 0;
}

static int see_outer(void *ctx, const struct content_row *row)
{
    struct nested *n = ctx;
    uint8_t before = row->body.p[0];
    n->seen++;
    CHECK(n->log.ops->content_scan(n->log.ctx, 1, 0, true, see_inner, &n->inner) == 0);
    return row->body.p[0] == before ? 0 : ERR_DAMAGED;
}

T_CASE(walks_may_nest)
{
    struct pair *p = pair_new(9);
    for (int k = 0; k < 2; k++) {
        struct nested n = {.log = p->log[k]};
        CHECK(store_begin(p->store) == 0);
        for (uint8_t i = 0; i < 5; i++) {
            struct content_row r = {.id = {i},
                                    .topic = {1},
                                    .author = 1,
                                    .seq = i,
                                    .body = BYTES(p->noise + i, 3)};
            uint64_t number = 0;
            T_EQ(n.log.ops->content_put(n.log.ctx, 1, &r, &number), 0);
            T_EQ(number, i + 1);
        }
        T_EQ(n.log.ops->content_scan(n.log.ctx, 1, 0, true, see_outer, &n), 0);
        T_EQ(n.seen, 5);
        T_EQ(n.inner, 25);
        CHECK(store_commit(p->store) == 0);
    }
    pair_free(p);
}

/* What the store remembers of a group's topics goes with the group. */
T_CASE(a_dropped_group_begins_anew)
{
    static const uint8_t topics[] = {1, 1, 0, 1, 2, 1}; /* 0: drop the group */
    struct pair *p = pair_new(10);
    CHECK(store_begin(p->store) == 0);
    for (size_t i = 0; i < sizeof topics; i++) {
        struct op o = {.what = topics[i] ? OP_CONTENT_PUT : OP_DROP, .group = 1};
        memset(o.topic, topics[i], 32);
        memset(o.id, (int)i, 32);
        draw_row(p, &o);
        both(p, &o);
    }
    CHECK(store_commit(p->store) == 0);
    store_close(p->store);
    pair_open(p, false);
    compare_all(p);
    pair_free(p);
}

T_RUN()
