/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* memlog.c -- the log in memory, with transactions that can be undone. */
#include "tests/sim/memlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"

/* One small value.  Sorted by (group, table, key). */
struct kv {
    uint32_t group;
    uint8_t table;
    struct buf key, value;
};

struct row {
    uint32_t group;
    struct content_row r; /* spans point into the two bufs */
    struct buf envelope, body;
};

/* One undo record: what stood there before a write. */
struct undo {
    bool is_row, existed;
    struct kv kv;
    struct row row;
};

struct memlog {
    struct kv *kvs;
    size_t kvs_count, kvs_cap;
    struct row *rows; /* in order of arrival number */
    size_t rows_count, rows_cap;
    struct undo *undos;
    size_t undos_count, undos_cap;
    uint64_t next_row, saved_next_row, fail_at;
    int fail_err;
    bool open;
};

static void *grow(void *p, size_t *cap, size_t need, size_t item)
{
    if (need <= *cap)
        return p;
    size_t n = *cap ? *cap * 2 : 16;
    while (n < need)
        n *= 2;
    void *q = realloc(p, n * item);
    CHECK(q != NULL);
    *cap = n;
    return q;
}

static struct buf buf_of(struct bytes b)
{
    struct buf out = {0};
    CHECK(buf_append(&out, b, SIZE_MAX / 2) == 0);
    return out;
}

static int kv_order(const struct kv *a, uint32_t group, uint8_t table, struct bytes key)
{
    if (a->group != group)
        return a->group < group ? -1 : 1;
    if (a->table != table)
        return a->table < table ? -1 : 1;
    return bytes_compare(BUF_BYTES(&a->key), key);
}

/* Index of the first kv that is not below (group, table, key). */
static size_t kv_lower(const struct memlog *m, uint32_t group, uint8_t table,
                       struct bytes key)
{
    size_t lo = 0, hi = m->kvs_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (kv_order(&m->kvs[mid], group, table, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool kv_at(const struct memlog *m, size_t i, uint32_t group, uint8_t table,
                  struct bytes key)
{
    return i < m->kvs_count && kv_order(&m->kvs[i], group, table, key) == 0;
}

static struct undo *undo_push(struct memlog *m)
{
    if (!m->open)
        return NULL;
    m->undos = grow(m->undos, &m->undos_cap, m->undos_count + 1, sizeof *m->undos);
    struct undo *u = &m->undos[m->undos_count++];
    memset(u, 0, sizeof *u);
    return u;
}

static void undo_kv(struct memlog *m, uint32_t group, uint8_t table, struct bytes key)
{
    struct undo *u = undo_push(m);
    if (!u)
        return;
    size_t i = kv_lower(m, group, table, key);
    u->kv.group = group;
    u->kv.table = table;
    u->kv.key = buf_of(key);
    u->existed = kv_at(m, i, group, table, key);
    if (u->existed)
        u->kv.value = buf_of(BUF_BYTES(&m->kvs[i].value));
}

static struct row row_copy(const struct row *from)
{
    struct row to = *from;
    to.envelope = buf_of(BUF_BYTES(&from->envelope));
    to.body = buf_of(BUF_BYTES(&from->body));
    to.r.envelope = BUF_BYTES(&to.envelope);
    to.r.body = BUF_BYTES(&to.body);
    return to;
}

/* Index of the row with number >= `number`. */
static size_t row_lower(const struct memlog *m, uint64_t number)
{
    size_t lo = 0, hi = m->rows_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->rows[mid].r.row < number)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void undo_row(struct memlog *m, uint64_t number)
{
    struct undo *u = undo_push(m);
    if (!u)
        return;
    u->is_row = true;
    size_t i = row_lower(m, number);
    u->existed = i < m->rows_count && m->rows[i].r.row == number;
    if (u->existed)
        u->row = row_copy(&m->rows[i]);
    u->row.r.row = number;
}

static int write_allowed(struct memlog *m)
{
    if (m->fail_at && --m->fail_at == 0)
        return m->fail_err;
    return 0;
}

static void kv_set(struct memlog *m, uint32_t group, uint8_t table, struct bytes key,
                   struct bytes value)
{
    struct buf copy =
        buf_of(value); /* before anything moves: value may be lent by us */
    size_t i = kv_lower(m, group, table, key);
    if (kv_at(m, i, group, table, key)) {
        buf_free(&m->kvs[i].value);
        m->kvs[i].value = copy;
        return;
    }
    struct kv fresh = {
        .group = group, .table = table, .key = buf_of(key), .value = copy};
    m->kvs = grow(m->kvs, &m->kvs_cap, m->kvs_count + 1, sizeof *m->kvs);
    memmove(m->kvs + i + 1, m->kvs + i, (m->kvs_count - i) * sizeof *m->kvs);
    m->kvs[i] = fresh;
    m->kvs_count++;
}

static void kv_unset(struct memlog *m, uint32_t group, uint8_t table, struct bytes key)
{
    size_t i = kv_lower(m, group, table, key);
    if (!kv_at(m, i, group, table, key))
        return;
    buf_free(&m->kvs[i].key);
    buf_free(&m->kvs[i].value);
    memmove(m->kvs + i, m->kvs + i + 1, (m->kvs_count - i - 1) * sizeof *m->kvs);
    m->kvs_count--;
}

static void row_remove(struct memlog *m, size_t i)
{
    buf_free(&m->rows[i].envelope);
    buf_free(&m->rows[i].body);
    memmove(m->rows + i, m->rows + i + 1, (m->rows_count - i - 1) * sizeof *m->rows);
    m->rows_count--;
}

static void row_insert(struct memlog *m, struct row fresh)
{
    size_t i = row_lower(m, fresh.r.row);
    m->rows = grow(m->rows, &m->rows_cap, m->rows_count + 1, sizeof *m->rows);
    memmove(m->rows + i + 1, m->rows + i, (m->rows_count - i) * sizeof *m->rows);
    m->rows[i] = fresh;
    m->rows_count++;
}

static int mem_put(void *ctx, uint32_t group, uint8_t table, struct bytes key,
                   struct bytes value)
{
    struct memlog *m = ctx;
    int err = write_allowed(m);
    if (err)
        return err;
    CHECK(key.n <= LOG_KEY_BYTES_MAX);
    struct buf k = buf_of(key);
    undo_kv(m, group, table, BUF_BYTES(&k));
    kv_set(m, group, table, BUF_BYTES(&k), value);
    buf_free(&k);
    return 0;
}

static int mem_get(void *ctx, uint32_t group, uint8_t table, struct bytes key,
                   struct bytes *value)
{
    struct memlog *m = ctx;
    size_t i = kv_lower(m, group, table, key);
    if (!kv_at(m, i, group, table, key))
        return ERR_NOTFOUND;
    *value = BUF_BYTES(&m->kvs[i].value);
    return 0;
}

static int mem_del(void *ctx, uint32_t group, uint8_t table, struct bytes key)
{
    struct memlog *m = ctx;
    int err = write_allowed(m);
    if (err)
        return err;
    struct buf k = buf_of(key);
    undo_kv(m, group, table, BUF_BYTES(&k));
    kv_unset(m, group, table, BUF_BYTES(&k));
    buf_free(&k);
    return 0;
}

static int mem_scan(void *ctx, uint32_t group, uint8_t table, struct bytes prefix,
                    log_visit_kv *visit, void *visit_ctx)
{
    struct memlog *m = ctx;
    for (size_t i = kv_lower(m, group, table, prefix); i < m->kvs_count; i++) {
        const struct kv *kv = &m->kvs[i];
        if (kv->group != group || kv->table != table || kv->key.n < prefix.n ||
            (prefix.n && memcmp(kv->key.p, prefix.p, prefix.n) != 0))
            break;
        int stop = visit(visit_ctx, BUF_BYTES(&kv->key), BUF_BYTES(&kv->value));
        if (stop)
            return stop < 0 ? stop : 0;
    }
    return 0;
}

static int mem_drop_group(void *ctx, uint32_t group)
{
    struct memlog *m = ctx;
    for (size_t i = m->kvs_count; i-- > 0;) {
        if (m->kvs[i].group != group)
            continue;
        struct kv *kv = &m->kvs[i];
        int err = mem_del(m, group, kv->table, BUF_BYTES(&kv->key));
        if (err)
            return err;
    }
    for (size_t i = m->rows_count; i-- > 0;) {
        if (m->rows[i].group != group)
            continue;
        undo_row(m, m->rows[i].r.row);
        row_remove(m, i);
    }
    return 0;
}

static struct row *row_by_id(const struct memlog *m, uint32_t group,
                             const uint8_t id[32])
{
    for (size_t i = m->rows_count; i-- > 0;)
        if (m->rows[i].group == group && memcmp(m->rows[i].r.id, id, 32) == 0)
            return &m->rows[i];
    return NULL;
}

static int mem_content_put(void *ctx, uint32_t group, const struct content_row *row,
                           uint64_t *number)
{
    struct memlog *m = ctx;
    int err = write_allowed(m);
    if (err)
        return err;
    struct row *same = row_by_id(m, group, row->id);
    if (same && same->r.state != CONTENT_ASIDE)
        return ERR_EXISTS;
    struct row fresh = {.group = group, .r = *row};
    fresh.envelope = buf_of(row->envelope);
    fresh.body = buf_of(row->body);
    fresh.r.envelope = BUF_BYTES(&fresh.envelope);
    fresh.r.body = BUF_BYTES(&fresh.body);
    if (same) {
        undo_row(m, same->r.row);
        row_remove(m, (size_t)(same - m->rows));
    }
    fresh.r.row = ++m->next_row;
    undo_row(m, fresh.r.row);
    row_insert(m, fresh);
    *number = fresh.r.row;
    return 0;
}

static struct row *row_at(struct memlog *m, uint32_t group, uint64_t number)
{
    size_t i = row_lower(m, number);
    if (i >= m->rows_count || m->rows[i].r.row != number || m->rows[i].group != group)
        return NULL;
    return &m->rows[i];
}

static int mem_content_update(void *ctx, uint32_t group, const struct content_row *row)
{
    struct memlog *m = ctx;
    int err = write_allowed(m);
    if (err)
        return err;
    if (!row_at(m, group, row->row))
        return ERR_NOTFOUND;
    undo_row(m, row->row);
    struct row *r = row_at(m, group, row->row);
    struct buf body = buf_of(row->state == CONTENT_GONE ? BYTES(NULL, 0) : row->body);
    buf_free(&r->body);
    r->body = body;
    r->r.body = BUF_BYTES(&r->body);
    r->r.state = row->state;
    r->r.unread = row->unread;
    r->r.own = row->state == CONTENT_GONE ? OWN_NOT : row->own;
    r->r.erase_hour = row->erase_hour;
    r->r.kind = row->kind;
    r->r.about_hour = row->about_hour;
    if (row->state == CONTENT_GONE) {
        buf_free(&r->envelope);
        r->r.envelope = BYTES(NULL, 0);
    }
    return 0;
}

static int mem_content_mark(void *ctx, uint32_t group, uint64_t number, bool unread)
{
    struct memlog *m = ctx;
    int err = write_allowed(m);
    if (err)
        return err;
    if (!row_at(m, group, number))
        return ERR_NOTFOUND;
    undo_row(m, number);
    row_at(m, group, number)->r.unread = unread;
    return 0;
}

static int mem_content_delete(void *ctx, uint32_t group, uint64_t number)
{
    struct memlog *m = ctx;
    int err = write_allowed(m);
    if (err)
        return err;
    if (!row_at(m, group, number))
        return ERR_NOTFOUND;
    undo_row(m, number);
    row_remove(m, (size_t)(row_at(m, group, number) - m->rows));
    return 0;
}

static int mem_content_by_id(void *ctx, uint32_t group, const uint8_t id[32],
                             struct content_row *out)
{
    const struct row *r = row_by_id(ctx, group, id);
    if (!r)
        return ERR_NOTFOUND;
    *out = r->r;
    return 0;
}

static int mem_content_by_seq(void *ctx, uint32_t group, uint32_t author, uint32_t seq,
                              log_visit_row *visit, void *visit_ctx)
{
    struct memlog *m = ctx;
    for (size_t i = 0; i < m->rows_count; i++) {
        const struct row *r = &m->rows[i];
        if (r->group != group || r->r.author != author || r->r.seq != seq ||
            r->r.state == CONTENT_GONE)
            continue;
        int stop = visit(visit_ctx, &r->r);
        if (stop)
            return stop < 0 ? stop : 0;
    }
    return 0;
}

static int mem_content_scan(void *ctx, uint32_t group, uint64_t after, bool with_body,
                            log_visit_row *visit, void *visit_ctx)
{
    struct memlog *m = ctx;
    for (size_t i = row_lower(m, after + 1); i < m->rows_count; i++) {
        const struct row *r = &m->rows[i];
        if (r->group != group || r->r.state == CONTENT_GONE)
            continue;
        struct content_row view = r->r;
        if (!with_body)
            view.envelope = view.body = BYTES(NULL, 0);
        int stop = visit(visit_ctx, &view);
        if (stop)
            return stop < 0 ? stop : 0;
    }
    return 0;
}

static int mem_content_due(void *ctx, uint32_t group, uint32_t hour,
                           log_visit_row *visit, void *visit_ctx)
{
    struct memlog *m = ctx;
    uint32_t from = 0;
    /* One pass per distinct erase hour keeps the promised order. */
    for (;;) {
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < m->rows_count; i++) {
            const struct row *r = &m->rows[i];
            if (r->group == group && r->r.state != CONTENT_GONE &&
                r->r.erase_hour >= from && r->r.erase_hour < next)
                next = r->r.erase_hour;
        }
        if (next == UINT32_MAX || next > hour)
            return 0;
        for (size_t i = 0; i < m->rows_count; i++) {
            const struct row *r = &m->rows[i];
            if (r->group != group || r->r.state == CONTENT_GONE ||
                r->r.erase_hour != next)
                continue;
            int stop = visit(visit_ctx, &r->r);
            if (stop)
                return stop < 0 ? stop : 0;
        }
        from = next + 1;
    }
}

static int mem_content_odd(void *ctx, uint32_t group, log_visit_row *visit,
                           void *visit_ctx)
{
    struct memlog *m = ctx;
    for (size_t i = 0; i < m->rows_count; i++) {
        struct content_row view = m->rows[i].r;
        bool odd = view.state == CONTENT_SEALED || view.state == CONTENT_ASIDE ||
                   view.own == OWN_AGAIN || view.erase_hour < view.end_hour;
        if (m->rows[i].group != group || view.state == CONTENT_GONE || !odd)
            continue;
        view.envelope = view.body = BYTES(NULL, 0);
        int stop = visit(visit_ctx, &view);
        if (stop)
            return stop < 0 ? stop : 0;
    }
    return 0;
}

static int mem_content_urgent(void *ctx, uint32_t group, log_visit_row *visit,
                              void *visit_ctx)
{
    struct memlog *m = ctx;
    for (size_t i = 0; i < m->rows_count; i++) {
        const struct content_row *r = &m->rows[i].r;
        if (m->rows[i].group != group || r->state != CONTENT_OPEN || r->urgency < 2)
            continue;
        int stop = visit(visit_ctx, r);
        if (stop)
            return stop < 0 ? stop : 0;
    }
    return 0;
}

/* The lowest author number above `after` that a row which is not gone has. */
static bool next_author(const struct memlog *m, uint32_t group, uint32_t *after)
{
    uint32_t next = UINT32_MAX;
    for (size_t i = 0; i < m->rows_count; i++) {
        const struct row *r = &m->rows[i];
        if (r->group == group && r->r.state != CONTENT_GONE && r->r.author > *after &&
            r->r.author < next)
            next = r->r.author;
    }
    *after = next;
    return next != UINT32_MAX;
}

static int mem_content_sums(void *ctx, uint32_t group, log_visit_sum *visit,
                            void *visit_ctx)
{
    struct memlog *m = ctx;
    for (uint32_t author = 0; next_author(m, group, &author);) {
        struct author_sum sum = {.author = author, .seq_lo = UINT32_MAX};
        for (size_t i = 0; i < m->rows_count; i++) {
            const struct content_row *r = &m->rows[i].r;
            if (m->rows[i].group != group || r->state == CONTENT_GONE ||
                r->author != author)
                continue;
            sum.seq_lo = r->seq < sum.seq_lo ? r->seq : sum.seq_lo;
            sum.seq_hi = r->seq > sum.seq_hi ? r->seq : sum.seq_hi;
            sum.last_row = r->row;
            sum.count++;
        }
        int stop = visit(visit_ctx, &sum);
        if (stop)
            return stop < 0 ? stop : 0;
    }
    return 0;
}

static int mem_content_unread(void *ctx, uint32_t group, uint32_t hour,
                              log_visit_unread *visit, void *visit_ctx)
{
    struct memlog *m = ctx;
    for (uint32_t author = 0; next_author(m, group, &author);)
        for (uint8_t mark = UNREAD_PLAIN; mark <= UNREAD_NAMED; mark++) {
            struct unread_sum sum = {.author = author, .unread = mark};
            for (size_t i = 0; i < m->rows_count; i++) {
                const struct content_row *r = &m->rows[i].r;
                sum.count += m->rows[i].group == group && r->state == CONTENT_OPEN &&
                             r->author == author && r->unread == mark &&
                             r->end_hour > hour;
            }
            int stop = sum.count ? visit(visit_ctx, &sum) : 0;
            if (stop)
                return stop < 0 ? stop : 0;
        }
    return 0;
}

static int mem_content_forget(void *ctx, uint32_t group, uint32_t hour)
{
    struct memlog *m = ctx;
    int err = write_allowed(m);
    if (err)
        return err;
    for (size_t i = m->rows_count; i-- > 0;) {
        const struct row *r = &m->rows[i];
        if (r->group != group || r->r.state != CONTENT_GONE || r->r.end_hour >= hour)
            continue;
        undo_row(m, r->r.row);
        row_remove(m, i);
    }
    return 0;
}

static int bound_order(const struct set_bound *a, const struct set_bound *b)
{
    if (a->end_hour != b->end_hour)
        return a->end_hour < b->end_hour ? -1 : 1;
    return memcmp(a->id, b->id, 32);
}

/* Collect the positions of a range, sorted; given to the caller (free). */
static struct set_bound *range_collect(const struct memlog *m, uint32_t group,
                                       const uint8_t topic[32],
                                       const struct set_bound *lo,
                                       const struct set_bound *hi, size_t *count)
{
    struct set_bound *list = calloc(m->rows_count + 1, sizeof *list);
    CHECK(list != NULL);
    size_t n = 0;
    for (size_t i = 0; i < m->rows_count; i++) {
        const struct row *r = &m->rows[i];
        if (r->group != group || r->r.state == CONTENT_ASIDE ||
            memcmp(r->r.topic, topic, 32) != 0)
            continue;
        struct set_bound at = {.end_hour = r->r.end_hour};
        memcpy(at.id, r->r.id, 32);
        if (bound_order(&at, lo) < 0 || bound_order(&at, hi) >= 0)
            continue;
        size_t j = n++;
        while (j > 0 && bound_order(&list[j - 1], &at) > 0) {
            list[j] = list[j - 1];
            j--;
        }
        list[j] = at;
    }
    *count = n;
    return list;
}

static int mem_range_sum(void *ctx, uint32_t group, const uint8_t topic[32],
                         const struct set_bound *lo, const struct set_bound *hi,
                         struct range_sum *out)
{
    size_t n = 0;
    struct set_bound *list = range_collect(ctx, group, topic, lo, hi, &n);
    struct hasher h;
    hasher_init(&h, "range");
    for (size_t i = 0; i < n; i++) {
        uint8_t end[4];
        put_u32(end, list[i].end_hour);
        hasher_update(&h, BYTES_OF(end));
        hasher_update(&h, BYTES_OF(list[i].id));
    }
    uint8_t full[32];
    hasher_final(&h, full);
    memcpy(out->fingerprint, full, 16);
    out->count = n;
    free(list);
    return 0;
}

static int mem_range_ids(void *ctx, uint32_t group, const uint8_t topic[32],
                         const struct set_range *range, log_visit_id *visit,
                         void *visit_ctx)
{
    size_t n = 0;
    int err = 0;
    struct set_bound *list =
        range_collect(ctx, group, topic, &range->lo, &range->hi, &n);
    for (size_t i = 0; i < n && !err; i++)
        err = visit(visit_ctx, &list[i], row_by_id(ctx, group, list[i].id)->r.row);
    free(list);
    return err < 0 ? err : 0;
}

static const struct log_ops memlog_ops = {
    .put = mem_put,
    .get = mem_get,
    .del = mem_del,
    .scan = mem_scan,
    .drop_group = mem_drop_group,
    .content_put = mem_content_put,
    .content_update = mem_content_update,
    .content_mark = mem_content_mark,
    .content_delete = mem_content_delete,
    .content_by_id = mem_content_by_id,
    .content_by_seq = mem_content_by_seq,
    .content_scan = mem_content_scan,
    .content_due = mem_content_due,
    .content_sums = mem_content_sums,
    .content_odd = mem_content_odd,
    .content_urgent = mem_content_urgent,
    .content_unread = mem_content_unread,
    .content_forget = mem_content_forget,
    .range_sum = mem_range_sum,
    .range_ids = mem_range_ids,
};

struct memlog *memlog_new(void)
{
    return calloc(1, sizeof(struct memlog));
}

struct log memlog_log(struct memlog *m)
{
    return (struct log){&memlog_ops, m};
}

void memlog_begin(struct memlog *m)
{
    CHECK(!m->open);
    m->open = true;
    m->saved_next_row = m->next_row;
}

static void undo_drop(struct undo *u)
{
    buf_free(&u->kv.key);
    buf_free(&u->kv.value);
    buf_free(&u->row.envelope);
    buf_free(&u->row.body);
}

void memlog_commit(struct memlog *m)
{
    CHECK(m->open);
    for (size_t i = 0; i < m->undos_count; i++)
        undo_drop(&m->undos[i]);
    m->undos_count = 0;
    m->open = false;
}

static void undo_apply(struct memlog *m, struct undo *u)
{
    if (!u->is_row) {
        if (u->existed)
            kv_set(m, u->kv.group, u->kv.table, BUF_BYTES(&u->kv.key),
                   BUF_BYTES(&u->kv.value));
        else
            kv_unset(m, u->kv.group, u->kv.table, BUF_BYTES(&u->kv.key));
        return;
    }
    size_t i = row_lower(m, u->row.r.row);
    if (i < m->rows_count && m->rows[i].r.row == u->row.r.row)
        row_remove(m, i);
    if (u->existed)
        row_insert(m, row_copy(&u->row));
}

void memlog_rollback(struct memlog *m)
{
    CHECK(m->open);
    while (m->undos_count > 0) {
        struct undo *u = &m->undos[--m->undos_count];
        undo_apply(m, u);
        undo_drop(u);
    }
    m->next_row = m->saved_next_row;
    m->open = false;
}

void memlog_fail(struct memlog *m, uint64_t nth_write, int err)
{
    m->fail_at = nth_write;
    m->fail_err = err;
}

static bool holds(struct bytes hay, struct bytes needle)
{
    for (size_t i = 0; i + needle.n <= hay.n; i++)
        if (memcmp(hay.p + i, needle.p, needle.n) == 0)
            return true;
    return false;
}

bool memlog_contains(const struct memlog *m, struct bytes needle)
{
    for (size_t i = 0; i < m->kvs_count; i++)
        if (holds(BUF_BYTES(&m->kvs[i].key), needle) ||
            holds(BUF_BYTES(&m->kvs[i].value), needle))
            return true;
    for (size_t i = 0; i < m->rows_count; i++)
        if (holds(BUF_BYTES(&m->rows[i].envelope), needle) ||
            holds(BUF_BYTES(&m->rows[i].body), needle))
            return true;
    return false;
}

struct memlog *memlog_copy(const struct memlog *m)
{
    CHECK(!m->open);
    struct memlog *to = memlog_new();
    if (!to)
        return NULL;
    to->next_row = m->next_row;
    for (size_t i = 0; i < m->kvs_count; i++)
        kv_set(to, m->kvs[i].group, m->kvs[i].table, BUF_BYTES(&m->kvs[i].key),
               BUF_BYTES(&m->kvs[i].value));
    for (size_t i = 0; i < m->rows_count; i++)
        row_insert(to, row_copy(&m->rows[i]));
    return to;
}

void memlog_free(struct memlog *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->kvs_count; i++) {
        buf_free(&m->kvs[i].key);
        buf_free(&m->kvs[i].value);
    }
    for (size_t i = 0; i < m->rows_count; i++) {
        buf_free(&m->rows[i].envelope);
        buf_free(&m->rows[i].body);
    }
    for (size_t i = 0; i < m->undos_count; i++)
        undo_drop(&m->undos[i]);
    free(m->kvs);
    free(m->rows);
    free(m->undos);
    free(m);
}
