/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* log_content.c -- content rows of the log on the content table. */
#include <string.h>

#include "crypto/hash.h"
#include "store/store_int.h"

enum { BLOB_BYTES_MAX = 1 << 20, GROUP_NEVER = 0 };

static int64_t id8_of(const uint8_t id[32])
{
    return (int64_t)get_u64(id);
}

/* ---- topics -------------------------------------------------------------------------
 */

static int topic_find(struct store *s, uint32_t group, const uint8_t topic[32],
                      int64_t *no)
{
    int err = 0;
    if (s->topic_group == group && memcmp(s->topic, topic, 32) == 0) {
        *no = s->topic_no;
        return 0;
    }
    sqlite3_stmt *st = store_statement(s, ST_TOPIC_GET, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_blob(st, 2, topic, 32, SQLITE_STATIC);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *no = sqlite3_column_int64(st, 0);
    else
        err = rc == SQLITE_DONE ? ERR_NOTFOUND
                                : store_error(s, sqlite3_extended_errcode(s->db));
    sqlite3_reset(st);
    if (!err) {
        memcpy(s->topic, topic, 32);
        s->topic_group = group;
        s->topic_no = *no;
    }
    return err;
}

static int topic_number(struct store *s, uint32_t group, const uint8_t topic[32],
                        int64_t *no)
{
    int err = topic_find(s, group, topic, no);
    if (err != ERR_NOTFOUND)
        return err;
    sqlite3_stmt *st = store_statement(s, ST_TOPIC_PUT, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_blob(st, 2, topic, 32, SQLITE_STATIC);
    err = store_run(s, st);
    *no = sqlite3_last_insert_rowid(s->db);
    return err;
}

static int topic_name(struct store *s, int64_t no, uint8_t out[32])
{
    int err = 0;
    if (s->topic_group != GROUP_NEVER && s->topic_no == no) {
        memcpy(out, s->topic, 32);
        return 0;
    }
    sqlite3_stmt *st = store_statement(s, ST_TOPIC_NAME, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, no);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW && sqlite3_column_bytes(st, 0) == 32)
        memcpy(out, sqlite3_column_blob(st, 0), 32);
    else
        err = rc == SQLITE_ROW || rc == SQLITE_DONE
                  ? ERR_DAMAGED
                  : store_error(s, sqlite3_extended_errcode(s->db));
    sqlite3_reset(st);
    return err;
}

/* ---- rows ---------------------------------------------------------------------------
 */

static void bind_blob(sqlite3_stmt *st, int i, struct bytes b)
{
    sqlite3_bind_blob(st, i, b.n ? (const void *)b.p : "", (int)b.n, SQLITE_STATIC);
}

static void copy32(uint8_t out[32], sqlite3_stmt *st, int i)
{
    if (sqlite3_column_bytes(st, i) == 32)
        memcpy(out, sqlite3_column_blob(st, i), 32);
    else
        memset(out, 0, 32);
}

/* The columns of SMALL, then body and envelope, lent by the statement. */
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
    r->body = BYTES(sqlite3_column_blob(st, 16), sqlite3_column_bytes(st, 16));
    r->envelope = BYTES(sqlite3_column_blob(st, 17), sqlite3_column_bytes(st, 17));
    return topic_name(s, sqlite3_column_int64(st, 12), r->topic);
}

/* A statement to walk with; `own` is set, and to be finalized, when the kept one is
 * walking already: a visitor may look again. */
static sqlite3_stmt *walker(struct store *s, enum statement which, sqlite3_stmt **own,
                            int *err)
{
    *own = NULL;
    if (!s->st[which] || !sqlite3_stmt_busy(s->st[which]))
        return store_statement(s, which, err);
    int rc = sqlite3_prepare_v2(s->db, sqlite3_sql(s->st[which]), -1, own, NULL);
    *err = rc == SQLITE_OK ? 0 : store_error(s, sqlite3_extended_errcode(s->db));
    return *own;
}

/* Visit all rows of a bound statement. */
static int rows_visit(struct store *s, sqlite3_stmt *st, log_visit_row *visit,
                      void *visit_ctx)
{
    struct content_row row;
    int rc = SQLITE_DONE, err = 0;
    while (err == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        err = row_read(s, st, &row);
        if (!err)
            err = visit(visit_ctx, &row);
    }
    if (err == 0 && rc != SQLITE_DONE)
        err = store_error(s, sqlite3_extended_errcode(s->db));
    sqlite3_reset(st);
    return err < 0 ? err : 0;
}

/* The state of an id held; ERR_NOTFOUND. */
static int state_of(struct store *s, uint32_t group, const uint8_t id[32],
                    uint64_t *number, uint8_t *state)
{
    int err = 0;
    sqlite3_stmt *st = store_statement(s, ST_STATE_BY_ID, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_int64(st, 2, id8_of(id));
    sqlite3_bind_blob(st, 3, id, 32, SQLITE_STATIC);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        *number = (uint64_t)sqlite3_column_int64(st, 0);
        *state = (uint8_t)sqlite3_column_int(st, 1);
    } else {
        err = rc == SQLITE_DONE ? ERR_NOTFOUND
                                : store_error(s, sqlite3_extended_errcode(s->db));
    }
    sqlite3_reset(st);
    return err;
}

static void bind_row(sqlite3_stmt *st, uint32_t group, const struct content_row *r,
                     int64_t topic)
{
    const int64_t numbers[] = {
        group,         r->state,          r->unread, r->own,       r->urgency,
        r->kind,       r->author,         r->seq,    r->end_hour,  r->erase_hour,
        r->about_hour, r->lifetime_hours, topic,     id8_of(r->id)};
    for (int i = 0; i < 14; i++)
        sqlite3_bind_int64(st, i + 1, numbers[i]);
    sqlite3_bind_blob(st, 15, r->id, 32, SQLITE_STATIC);
    sqlite3_bind_blob(st, 16, r->hash, 32, SQLITE_STATIC);
    sqlite3_bind_blob(st, 17, r->prev, 32, SQLITE_STATIC);
    bind_blob(st, 18, r->body);
    bind_blob(st, 19, r->envelope);
}

int store_content_put(void *ctx, uint32_t group, const struct content_row *row,
                      uint64_t *number)
{
    struct store *s = ctx;
    int64_t topic = 0;
    uint64_t old = 0;
    uint8_t state = 0;
    int err = state_of(s, group, row->id, &old, &state);
    if (!err && state != CONTENT_ASIDE)
        return ERR_EXISTS;
    if (!err)
        err = store_content_delete(s, group, old);
    else if (err == ERR_NOTFOUND)
        err = 0;
    if (!err)
        err = topic_number(s, group, row->topic, &topic);
    if (err)
        return err;
    sqlite3_stmt *st = store_statement(s, ST_CONTENT_PUT, &err);
    if (!st)
        return err;
    bind_row(st, group, row, topic);
    err = store_run(s, st);
    *number = (uint64_t)sqlite3_last_insert_rowid(s->db);
    return err;
}

static int changed(struct store *s, int err)
{
    s->erased = true;
    return err ? err : sqlite3_changes(s->db) > 0 ? 0 : ERR_NOTFOUND;
}

static sqlite3_stmt *bound(struct store *s, enum statement which, uint32_t group,
                           uint64_t number, int *err)
{
    sqlite3_stmt *st = store_statement(s, which, err);
    if (!st)
        return NULL;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_int64(st, 2, (int64_t)number);
    return st;
}

int store_content_update(void *ctx, uint32_t group, const struct content_row *row)
{
    struct store *s = ctx;
    bool gone = row->state == CONTENT_GONE;
    int err = 0;
    sqlite3_stmt *st =
        bound(s, gone ? ST_CONTENT_GONE : ST_CONTENT_UPDATE, group, row->row, &err);
    if (!st)
        return err;
    if (!gone) {
        sqlite3_bind_int(st, 3, row->state);
        sqlite3_bind_int(st, 4, row->unread);
        sqlite3_bind_int64(st, 5, row->erase_hour);
        sqlite3_bind_int(st, 6, row->kind);
        sqlite3_bind_int64(st, 7, row->about_hour);
        bind_blob(st, 8, row->body);
    }
    return changed(s, store_run(s, st));
}

int store_content_mark(void *ctx, uint32_t group, uint64_t number, bool unread)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = bound(s, ST_CONTENT_MARK, group, number, &err);
    if (!st)
        return err;
    sqlite3_bind_int(st, 3, unread);
    err = store_run(s, st);
    return err ? err : sqlite3_changes(s->db) > 0 ? 0 : ERR_NOTFOUND;
}

int store_content_delete(void *ctx, uint32_t group, uint64_t number)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = bound(s, ST_CONTENT_DELETE, group, number, &err);
    return st ? changed(s, store_run(s, st)) : err;
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
    sqlite3_bind_int64(st, 2, id8_of(id));
    sqlite3_bind_blob(st, 3, id, 32, SQLITE_STATIC);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        err = row_read(s, st, out);
    else
        err = rc == SQLITE_DONE ? ERR_NOTFOUND
                                : store_error(s, sqlite3_extended_errcode(s->db));
    /* What is lent must outlive the statement's row. */
    s->body.n = s->envelope.n = 0;
    if (!err)
        err = buf_append(&s->body, out->body, BLOB_BYTES_MAX);
    if (!err)
        err = buf_append(&s->envelope, out->envelope, BLOB_BYTES_MAX);
    if (!err) {
        out->body = BUF_BYTES(&s->body);
        out->envelope = BUF_BYTES(&s->envelope);
    }
    sqlite3_reset(st);
    return err;
}

int store_content_by_seq(void *ctx, uint32_t group, uint32_t author, uint32_t seq,
                         log_visit_row *visit, void *visit_ctx)
{
    struct store *s = ctx;
    sqlite3_stmt *own = NULL;
    int err = 0;
    sqlite3_stmt *st = walker(s, ST_CONTENT_BY_SEQ, &own, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_int64(st, 2, author);
    sqlite3_bind_int64(st, 3, seq);
    err = rows_visit(s, st, visit, visit_ctx);
    sqlite3_finalize(own);
    return err;
}

/* Walk with one number beside the group. */
static int walk(struct store *s, enum statement which, const int64_t numbers[2],
                log_visit_row *visit, void *visit_ctx)
{
    sqlite3_stmt *own = NULL;
    int err = 0;
    sqlite3_stmt *st = walker(s, which, &own, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, numbers[0]);
    sqlite3_bind_int64(st, 2, numbers[1]);
    err = rows_visit(s, st, visit, visit_ctx);
    sqlite3_finalize(own);
    return err;
}

int store_content_scan(void *ctx, uint32_t group, uint64_t after, bool with_body,
                       log_visit_row *visit, void *visit_ctx)
{
    const int64_t numbers[] = {group, after > INT64_MAX ? INT64_MAX : (int64_t)after};
    return walk(ctx, with_body ? ST_CONTENT_SCAN_FULL : ST_CONTENT_SCAN, numbers, visit,
                visit_ctx);
}

int store_content_due(void *ctx, uint32_t group, uint32_t hour, log_visit_row *visit,
                      void *visit_ctx)
{
    const int64_t numbers[] = {group, hour};
    return walk(ctx, ST_CONTENT_DUE, numbers, visit, visit_ctx);
}

int store_content_forget(void *ctx, uint32_t group, uint32_t hour)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = bound(s, ST_CONTENT_FORGET, group, hour, &err);
    return st ? store_run(s, st) : err;
}

/* ---- ranges -------------------------------------------------------------------------
 */

int store_range_ids(void *ctx, uint32_t group, const uint8_t topic[32],
                    const struct set_range *range, log_visit_id *visit, void *visit_ctx)
{
    struct store *s = ctx;
    struct set_bound at;
    int64_t no = 0;
    int rc = SQLITE_DONE, err = topic_find(s, group, topic, &no);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    sqlite3_stmt *own = NULL, *st = walker(s, ST_RANGE, &own, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, no);
    sqlite3_bind_int64(st, 2, range->lo.end_hour);
    sqlite3_bind_blob(st, 3, range->lo.id, 32, SQLITE_STATIC);
    sqlite3_bind_int64(st, 4, range->hi.end_hour);
    sqlite3_bind_blob(st, 5, range->hi.id, 32, SQLITE_STATIC);
    while (err == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        at.end_hour = (uint32_t)sqlite3_column_int64(st, 0);
        copy32(at.id, st, 1);
        err = visit(visit_ctx, &at);
    }
    if (err == 0 && rc != SQLITE_DONE)
        err = store_error(s, sqlite3_extended_errcode(s->db));
    sqlite3_reset(st);
    sqlite3_finalize(own);
    return err < 0 ? err : 0;
}

struct summing {
    struct hasher h;
    uint64_t count;
};

static int sum_add(void *ctx, const struct set_bound *at)
{
    struct summing *s = ctx;
    uint8_t raw[36];
    put_u32(raw, at->end_hour);
    memcpy(raw + 4, at->id, 32);
    hasher_update(&s->h, BYTES_OF(raw)); /* P10.2 */
    s->count++;
    return 0;
}

int store_range_sum(void *ctx, uint32_t group, const uint8_t topic[32],
                    const struct set_bound *lo, const struct set_bound *hi,
                    struct range_sum *out)
{
    struct summing sum = {.count = 0};
    uint8_t full[32];
    hasher_init(&sum.h, "range");
    const struct set_range range = {*lo, *hi};
    int err = store_range_ids(ctx, group, topic, &range, sum_add, &sum);
    hasher_final(&sum.h, full);
    memcpy(out->fingerprint, full, 16);
    out->count = sum.count;
    return err;
}
