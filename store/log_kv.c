/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* log_kv.c -- small values of the log on the kv table, and the table of operations. */
#include <string.h>

#include "base/check.h"
#include "store/store_int.h"

/* Far above every value the core writes: a bound for what a reading call keeps. */
enum { VALUE_BYTES_MAX = 64 << 20 };

/* The statement with group, table and key bound. */
static sqlite3_stmt *keyed(sqlite3_stmt *st, uint32_t group, uint8_t table,
                           struct bytes key)
{
    if (!st)
        return NULL;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_int64(st, 2, table);
    store_bind(st, 3, key);
    return st;
}

static int kv_run(struct store *s, enum statement which, uint32_t group, uint8_t table,
                  const struct bytes pair[static 2])
{
    int err = 0;
    sqlite3_stmt *st = keyed(store_statement(s, which, &err), group, table, pair[0]);
    if (!st)
        return err;
    store_bind(st, 4, pair[1]);
    return store_run(s, st);
}

/* What is held twice (migration 002): a group cannot go on without it.  Of authors only
 * the first writing is: it tells the number, the rest follows from the rows. */
static bool has_spare(uint8_t table, bool first)
{
    static const uint32_t tables = 1U << LOG_PROFILE | 1U << LOG_GROUP |
                                   1U << LOG_CONTROL | 1U << LOG_CARD |
                                   1U << LOG_EPOCH | 1U << LOG_PREKEY | 1U << LOG_DRAFT;
    return (table < 32 && (tables >> table & 1)) || (table == LOG_AUTHOR && first);
}

static int kv_put(void *ctx, uint32_t group, uint8_t table, struct bytes key,
                  struct bytes value)
{
    struct store *s = ctx;
    struct bytes pair[] = {key, value};
    CHECK(key.n <= LOG_KEY_BYTES_MAX);
    int err = store_writable(s);
    if (!err)
        err = kv_run(s, ST_KV_UPDATE, group, table, pair);
    if (err)
        return err;
    bool first = sqlite3_changes(s->db) == 0;
    if (first)
        err = kv_run(s, ST_KV_INSERT, group, table, pair);
    else
        s->erased = true; /* what stood there before still stands in the log */
    if (!err && has_spare(table, first))
        err = kv_run(s, ST_SPARE_PUT, group, table, pair);
    return err;
}

static int kv_get(void *ctx, uint32_t group, uint8_t table, struct bytes key,
                  struct bytes *value)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = keyed(store_statement(s, ST_GET, &err), group, table, key);
    if (!st)
        return err;
    err = store_one_row(s, st);
    if (!err) {
        s->value.n = 0;
        err = buf_append(&s->value, store_column(st, 0), VALUE_BYTES_MAX);
        *value = BUF_BYTES(&s->value);
    }
    sqlite3_reset(st);
    return err;
}

static int kv_del(void *ctx, uint32_t group, uint8_t table, struct bytes key)
{
    struct store *s = ctx;
    int err = store_writable(s);
    if (err)
        return err;
    sqlite3_stmt *st = keyed(store_statement(s, ST_DEL, &err), group, table, key);
    if (st)
        err = store_run(s, st);
    if (!err && sqlite3_changes(s->db) > 0)
        s->erased = true;
    if (err || !has_spare(table, true))
        return err;
    st = keyed(store_statement(s, ST_SPARE_DEL, &err), group, table, key);
    return st ? store_run(s, st) : err;
}

static bool has_prefix(struct bytes key, struct bytes prefix)
{
    return key.n >= prefix.n &&
           (prefix.n == 0 || memcmp(key.p, prefix.p, prefix.n) == 0);
}

static int kv_scan(void *ctx, uint32_t group, uint8_t table, struct bytes prefix,
                   log_visit_kv *visit, void *visit_ctx)
{
    struct store *s = ctx;
    sqlite3_stmt *own = NULL;
    int err = 0, rc = SQLITE_DONE;
    sqlite3_stmt *st =
        keyed(store_walker(s, ST_SCAN, &own, &err), group, table, prefix);
    if (!st)
        return err;
    while (err == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct bytes key = store_column(st, 0);
        if (!has_prefix(key, prefix))
            break;
        err = visit(visit_ctx, key, store_column(st, 1));
    }
    if (err == 0 && rc != SQLITE_ROW && rc != SQLITE_DONE)
        err = store_last_error(s);
    sqlite3_reset(st);
    sqlite3_finalize(own);
    return err < 0 ? err : 0;
}

static int kv_drop_group(void *ctx, uint32_t group)
{
    static const enum statement drops[] = {ST_DROP_KV, ST_DROP_SPARE, ST_DROP_CONTENT,
                                           ST_DROP_TOPIC};
    struct store *s = ctx;
    int err = store_writable(s);
    if (!err)
        err = store_words_drop(s, group);
    for (size_t i = 0; i < sizeof drops / sizeof drops[0] && !err; i++) {
        sqlite3_stmt *st = store_statement(s, drops[i], &err);
        if (!st)
            break;
        sqlite3_bind_int64(st, 1, group);
        err = store_run(s, st);
    }
    s->erased = true;
    s->topic_no = 0;
    return err;
}

const struct log_ops store_log_ops = {
    .put = kv_put,
    .get = kv_get,
    .del = kv_del,
    .scan = kv_scan,
    .drop_group = kv_drop_group,
    .content_put = store_content_put,
    .content_update = store_content_update,
    .content_mark = store_content_mark,
    .content_delete = store_content_delete,
    .content_by_id = store_content_by_id,
    .content_by_seq = store_content_by_seq,
    .content_scan = store_content_scan,
    .content_due = store_content_due,
    .content_sums = store_content_sums,
    .content_odd = store_content_odd,
    .content_urgent = store_content_urgent,
    .content_unread = store_content_unread,
    .content_forget = store_content_forget,
    .words_ready = store_words_ready,
    .words_note_ready = store_words_note_ready,
    .words_put = store_words_put,
    .words_find = store_words_find,
    .range_sum = store_range_sum,
    .range_ids = store_range_ids,
};
