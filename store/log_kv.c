/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* log_kv.c -- small values of the log on the kv table. */
#include <string.h>

#include "store/store_int.h"

enum { VALUE_BYTES_MAX = 64 << 20 };

static void bind_key(sqlite3_stmt *st, uint32_t group, uint8_t table, struct bytes key)
{
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_int(st, 2, table);
    sqlite3_bind_blob(st, 3, key.n ? (const void *)key.p : "", (int)key.n,
                      SQLITE_STATIC);
}

static int kv_put(void *ctx, uint32_t group, uint8_t table, struct bytes key,
                  struct bytes value)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = store_statement(s, ST_PUT, &err);
    if (!st)
        return err;
    bind_key(st, group, table, key);
    sqlite3_bind_blob(st, 4, value.n ? (const void *)value.p : "", (int)value.n,
                      SQLITE_STATIC);
    s->erased = true; /* what stood there before must leave the log and free pages */
    return store_run(s, st);
}

static struct bytes column(sqlite3_stmt *st, int i)
{
    const void *p = sqlite3_column_blob(st, i);
    return BYTES(p, sqlite3_column_bytes(st, i));
}

static int kv_get(void *ctx, uint32_t group, uint8_t table, struct bytes key,
                  struct bytes *value)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = store_statement(s, ST_GET, &err);
    if (!st)
        return err;
    bind_key(st, group, table, key);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW) {
        s->value.n = 0;
        err = buf_append(&s->value, column(st, 0), VALUE_BYTES_MAX);
        *value = BUF_BYTES(&s->value);
    } else {
        err = rc == SQLITE_DONE ? ERR_NOTFOUND
                                : store_error(s, sqlite3_extended_errcode(s->db));
    }
    sqlite3_reset(st);
    return err;
}

static int kv_del(void *ctx, uint32_t group, uint8_t table, struct bytes key)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = store_statement(s, ST_DEL, &err);
    if (!st)
        return err;
    bind_key(st, group, table, key);
    s->erased = true;
    return store_run(s, st);
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
    sqlite3_stmt *st = NULL;
    /* Its own statement, so that a visitor may scan another table meanwhile. */
    int rc = sqlite3_prepare_v2(s->db,
                                "SELECT key,value FROM kv WHERE grp=?1 AND tbl=?2 AND "
                                "key>=?3 ORDER BY key",
                                -1, &st, NULL);
    int err = 0;
    if (rc != SQLITE_OK)
        return store_error(s, sqlite3_extended_errcode(s->db));
    bind_key(st, group, table, prefix);
    while (err == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct bytes key = column(st, 0);
        if (!has_prefix(key, prefix))
            break;
        err = visit(visit_ctx, key, column(st, 1));
    }
    if (err == 0 && rc != SQLITE_ROW && rc != SQLITE_DONE)
        err = store_error(s, sqlite3_extended_errcode(s->db));
    sqlite3_finalize(st);
    return err < 0 ? err : 0;
}

static int kv_drop_group(void *ctx, uint32_t group)
{
    static const enum statement drops[] = {ST_DROP_KV, ST_DROP_CONTENT, ST_DROP_TOPIC};
    struct store *s = ctx;
    int err = 0;
    for (size_t i = 0; i < 3 && !err; i++) {
        sqlite3_stmt *st = store_statement(s, drops[i], &err);
        if (!st)
            return err;
        sqlite3_bind_int64(st, 1, group);
        err = store_run(s, st);
    }
    s->erased = true;
    s->topic_group = 0;
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
    .content_forget = store_content_forget,
    .range_sum = store_range_sum,
    .range_ids = store_range_ids,
};
