/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* log_rows.c -- content rows of the log: what reads rows and sets. */
#include <string.h>

#include "crypto/hash.h"
#include "store/store_int.h"

/* Above LIMIT_ENVELOPE_BYTES_MAX and LIMIT_BODY_BYTES_MAX. */
enum { BLOB_BYTES_MAX = 1 << 20 };

static int topic_name(struct store *s, int64_t no, uint8_t out[static 32])
{
    int err = 0;
    if (s->topic_no == no) {
        memcpy(out, s->topic, 32);
        return 0;
    }
    sqlite3_stmt *st = store_statement(s, ST_TOPIC_NAME, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, no);
    err = store_one_row(s, st);
    if (!err && sqlite3_column_bytes(st, 0) == 32)
        memcpy(out, sqlite3_column_blob(st, 0), 32);
    else if (!err || err == ERR_NOTFOUND)
        err = ERR_DAMAGED;
    sqlite3_reset(st);
    return err;
}

/* Zeros where nothing stands: a row that is gone has no hashes. */
static void copy32(uint8_t out[static 32], sqlite3_stmt *st, int i)
{
    struct bytes b = store_column(st, i);
    if (b.n == 32)
        memcpy(out, b.p, 32);
    else
        memset(out, 0, 32);
}

/* The columns of SMALL (store_sql.c), then body and envelope, lent by the statement. */
static int row_read(struct store *s, sqlite3_stmt *st, struct content_row *r)
{
    memset(r, 0, sizeof *r);
    r->row = (uint64_t)sqlite3_column_int64(st, 0);
    r->state = (uint8_t)sqlite3_column_int(st, 1);
    r->unread = (uint8_t)sqlite3_column_int(st, 2);
    r->own = (uint8_t)sqlite3_column_int(st, 3);
    r->urgency = (uint8_t)sqlite3_column_int(st, 4);
    r->kind = (uint8_t)sqlite3_column_int(st, 5);
    r->author = (uint32_t)sqlite3_column_int64(st, 6);
    r->seq = (uint32_t)sqlite3_column_int64(st, 7);
    r->end_hour = (uint32_t)sqlite3_column_int64(st, 8);
    r->erase_hour = (uint32_t)sqlite3_column_int64(st, 9);
    r->about_hour = (uint32_t)sqlite3_column_int64(st, 10);
    r->lifetime_hours = (uint32_t)sqlite3_column_int64(st, 11);
    copy32(r->id, st, 13);
    copy32(r->hash, st, 14);
    copy32(r->prev, st, 15);
    r->body = store_column(st, 16);
    r->envelope = store_column(st, 17);
    return topic_name(s, sqlite3_column_int64(st, 12), r->topic);
}

/* Have *lent outlive the statement in `keep`. */
static int keep_bytes(struct buf *keep, struct bytes *lent)
{
    keep->n = 0;
    int err = buf_append(keep, *lent, BLOB_BYTES_MAX);
    *lent = BUF_BYTES(keep);
    return err;
}

int store_content_by_id(void *ctx, uint32_t group, const uint8_t id[32],
                        struct content_row *out)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = store_statement(s, ST_CONTENT_BY_ID, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_int64(st, 2, store_id8(id));
    store_bind(st, 3, BYTES(id, 32));
    err = store_one_row(s, st);
    if (!err)
        err = row_read(s, st, out);
    if (!err)
        err = keep_bytes(&s->body, &out->body);
    if (!err)
        err = keep_bytes(&s->envelope, &out->envelope);
    sqlite3_reset(st);
    return err;
}

/* A walk over rows: which, what is bound, whom to tell. */
struct rows {
    enum statement which;
    int64_t numbers[3];
    int numbers_count;
    log_visit_row *visit;
    void *visit_ctx;
};

static int rows_visit(struct store *s, const struct rows *w)
{
    struct content_row row;
    sqlite3_stmt *own = NULL;
    int rc = SQLITE_DONE, err = 0;
    sqlite3_stmt *st = store_walker(s, w->which, &own, &err);
    if (!st)
        return err;
    for (int i = 0; i < w->numbers_count; i++)
        sqlite3_bind_int64(st, i + 1, w->numbers[i]);
    while (err == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        err = row_read(s, st, &row);
        if (!err)
            err = w->visit(w->visit_ctx, &row);
    }
    if (err == 0 && rc != SQLITE_DONE)
        err = store_last_error(s);
    sqlite3_reset(st);
    sqlite3_finalize(own);
    return err < 0 ? err : 0;
}

int store_content_by_seq(void *ctx, uint32_t group, uint32_t author, uint32_t seq,
                         log_visit_row *visit, void *visit_ctx)
{
    struct rows w = {ST_CONTENT_BY_SEQ, {group, author, seq}, 3, visit, visit_ctx};
    return rows_visit(ctx, &w);
}

int store_content_scan(void *ctx, uint32_t group, uint64_t after, bool with_body,
                       log_visit_row *visit, void *visit_ctx)
{
    int64_t from = after > INT64_MAX ? INT64_MAX : (int64_t)after;
    struct rows w = {with_body ? ST_CONTENT_SCAN_FULL : ST_CONTENT_SCAN,
                     {group, from},
                     2,
                     visit,
                     visit_ctx};
    return rows_visit(ctx, &w);
}

int store_content_due(void *ctx, uint32_t group, uint32_t hour, log_visit_row *visit,
                      void *visit_ctx)
{
    struct rows w = {ST_CONTENT_DUE, {group, hour}, 2, visit, visit_ctx};
    return rows_visit(ctx, &w);
}

int store_content_odd(void *ctx, uint32_t group, log_visit_row *visit, void *visit_ctx)
{
    struct rows w = {ST_CONTENT_ODD, {group}, 1, visit, visit_ctx};
    return rows_visit(ctx, &w);
}

int store_content_urgent(void *ctx, uint32_t group, log_visit_row *visit,
                         void *visit_ctx)
{
    struct rows w = {ST_CONTENT_URGENT, {group}, 1, visit, visit_ctx};
    return rows_visit(ctx, &w);
}

/* ---- sums ---------------------------------------------------------------- */

int store_content_sums(void *ctx, uint32_t group, log_visit_sum *visit, void *visit_ctx)
{
    struct store *s = ctx;
    sqlite3_stmt *own = NULL;
    int rc = SQLITE_DONE, err = 0;
    sqlite3_stmt *st = store_walker(s, ST_CONTENT_SUMS, &own, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    while (err == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct author_sum sum = {
            .author = (uint32_t)sqlite3_column_int64(st, 0),
            .seq_lo = (uint32_t)sqlite3_column_int64(st, 1),
            .seq_hi = (uint32_t)sqlite3_column_int64(st, 2),
            .count = (uint64_t)sqlite3_column_int64(st, 3),
            .last_row = (uint64_t)sqlite3_column_int64(st, 4),
        };
        err = visit(visit_ctx, &sum);
    }
    if (err == 0 && rc != SQLITE_DONE)
        err = store_last_error(s);
    sqlite3_reset(st);
    sqlite3_finalize(own);
    return err < 0 ? err : 0;
}

int store_content_unread(void *ctx, uint32_t group, uint32_t hour,
                         log_visit_unread *visit, void *visit_ctx)
{
    struct store *s = ctx;
    sqlite3_stmt *own = NULL;
    int rc = SQLITE_DONE, err = 0;
    sqlite3_stmt *st = store_walker(s, ST_CONTENT_UNREAD, &own, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_int64(st, 2, hour);
    while (err == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct unread_sum sum = {
            .author = (uint32_t)sqlite3_column_int64(st, 0),
            .unread = (uint8_t)sqlite3_column_int(st, 1),
            .count = (uint64_t)sqlite3_column_int64(st, 2),
        };
        err = visit(visit_ctx, &sum);
    }
    if (err == 0 && rc != SQLITE_DONE)
        err = store_last_error(s);
    sqlite3_reset(st);
    sqlite3_finalize(own);
    return err < 0 ? err : 0;
}

/* ---- sets ---------------------------------------------------------------- */

static void bind_bound(sqlite3_stmt *st, int i, const struct set_bound *b)
{
    sqlite3_bind_int64(st, i, b->end_hour);
    store_bind(st, i + 1, BYTES_OF(b->id));
}

int store_range_ids(void *ctx, uint32_t group, const uint8_t topic[32],
                    const struct set_range *range, log_visit_id *visit, void *visit_ctx)
{
    struct store *s = ctx;
    struct set_bound at;
    sqlite3_stmt *own = NULL;
    int64_t no = 0;
    int rc = SQLITE_DONE, err = store_topic_find(s, group, topic, &no);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    sqlite3_stmt *st = store_walker(s, ST_RANGE, &own, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, no);
    bind_bound(st, 2, &range->lo);
    bind_bound(st, 4, &range->hi);
    while (err == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        at.end_hour = (uint32_t)sqlite3_column_int64(st, 0);
        copy32(at.id, st, 1);
        err = visit(visit_ctx, &at, (uint64_t)sqlite3_column_int64(st, 2));
    }
    if (err == 0 && rc != SQLITE_DONE)
        err = store_last_error(s);
    sqlite3_reset(st);
    sqlite3_finalize(own);
    return err < 0 ? err : 0;
}

struct summing {
    struct hasher h;
    uint64_t count;
};

static int sum_add(void *ctx, const struct set_bound *at, uint64_t row)
{
    (void)row;
    struct summing *sum = ctx;
    uint8_t raw[4 + 32];
    put_u32(raw, at->end_hour);
    memcpy(raw + 4, at->id, 32);
    hasher_update(&sum->h, BYTES_OF(raw)); /* P10.2 */
    sum->count++;
    return 0;
}

int store_range_sum(void *ctx, uint32_t group, const uint8_t topic[32],
                    const struct set_bound *lo, const struct set_bound *hi,
                    struct range_sum *out)
{
    struct summing sum = {.count = 0};
    const struct set_range range = {*lo, *hi};
    uint8_t full[32];
    hasher_init(&sum.h, "range");
    int err = store_range_ids(ctx, group, topic, &range, sum_add, &sum);
    hasher_final(&sum.h, full);
    memcpy(out->fingerprint, full, sizeof out->fingerprint);
    out->count = sum.count;
    return err;
}
