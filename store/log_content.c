/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* log_content.c -- content rows of the log: topics, and what writes rows. */
#include <string.h>

#include "store/store_int.h"

/* ---- topics -------------------------------------------------------------- */

static void topic_keep(struct store *s, uint32_t group, const uint8_t topic[static 32],
                       int64_t no)
{
    memcpy(s->topic, topic, 32);
    s->topic_group = group;
    s->topic_no = no;
}

int store_topic_find(struct store *s, uint32_t group, const uint8_t topic[32],
                     int64_t *no)
{
    int err = 0;
    if (s->topic_no != 0 && s->topic_group == group &&
        memcmp(s->topic, topic, 32) == 0) {
        *no = s->topic_no;
        return 0;
    }
    sqlite3_stmt *st = store_statement(s, ST_TOPIC_GET, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    store_bind(st, 2, BYTES(topic, 32));
    err = store_one_row(s, st);
    if (!err) {
        *no = sqlite3_column_int64(st, 0);
        topic_keep(s, group, topic, *no);
    }
    sqlite3_reset(st);
    return err;
}

/* The number of a topic, a new one if need be. */
static int topic_number(struct store *s, uint32_t group, const uint8_t topic[32],
                        int64_t *no)
{
    int err = store_topic_find(s, group, topic, no);
    if (err != ERR_NOTFOUND)
        return err;
    sqlite3_stmt *st = store_statement(s, ST_TOPIC_PUT, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    store_bind(st, 2, BYTES(topic, 32));
    err = store_run(s, st);
    if (!err) {
        *no = sqlite3_last_insert_rowid(s->db);
        topic_keep(s, group, topic, *no);
    }
    return err;
}

/* ---- writing rows -------------------------------------------------------- */

/* Number and state of an id held; ERR_NOTFOUND. */
static int state_of(struct store *s, uint32_t group, const uint8_t id[static 32],
                    uint64_t *number, uint8_t *state)
{
    int err = 0;
    sqlite3_stmt *st = store_statement(s, ST_STATE_BY_ID, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_int64(st, 2, store_id8(id));
    store_bind(st, 3, BYTES(id, 32));
    err = store_one_row(s, st);
    if (!err) {
        *number = (uint64_t)sqlite3_column_int64(st, 0);
        *state = (uint8_t)sqlite3_column_int(st, 1);
    }
    sqlite3_reset(st);
    return err;
}

static void bind_row(sqlite3_stmt *st, uint32_t group, const struct content_row *r,
                     int64_t topic)
{
    const int64_t numbers[] = {
        group,         r->state,          r->unread, r->own,          r->urgency,
        r->kind,       r->author,         r->seq,    r->end_hour,     r->erase_hour,
        r->about_hour, r->lifetime_hours, topic,     store_id8(r->id)};
    const struct bytes blobs[] = {BYTES_OF(r->id), BYTES_OF(r->hash), BYTES_OF(r->prev),
                                  r->body, r->envelope};
    int at = 1;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sqlite3_bind_int64(st, at++, numbers[i]);
    for (size_t i = 0; i < sizeof blobs / sizeof blobs[0]; i++)
        store_bind(st, at++, blobs[i]);
}

int store_content_put(void *ctx, uint32_t group, const struct content_row *row,
                      uint64_t *number)
{
    struct store *s = ctx;
    int64_t topic = 0;
    uint64_t old = 0;
    uint8_t state = 0;
    int err = store_writable(s);
    if (err)
        return err;
    err = state_of(s, group, row->id, &old, &state);
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

/* A writing statement on one row, with group and number bound. */
static sqlite3_stmt *on_row(struct store *s, enum statement which, uint32_t group,
                            uint64_t number, int *err)
{
    *err = store_writable(s);
    sqlite3_stmt *st = *err ? NULL : store_statement(s, which, err);
    if (!st)
        return NULL;
    sqlite3_bind_int64(st, 1, group);
    sqlite3_bind_int64(st, 2, (int64_t)number);
    return st;
}

/* Run it; ERR_NOTFOUND: there is no such row. */
static int run_on_row(struct store *s, sqlite3_stmt *st)
{
    int err = store_run(s, st);
    return err ? err : sqlite3_changes(s->db) > 0 ? 0 : ERR_NOTFOUND;
}

int store_content_update(void *ctx, uint32_t group, const struct content_row *row)
{
    struct store *s = ctx;
    bool gone = row->state == CONTENT_GONE;
    int err = 0;
    sqlite3_stmt *st =
        on_row(s, gone ? ST_CONTENT_GONE : ST_CONTENT_UPDATE, group, row->row, &err);
    if (!st)
        return err;
    if (!gone) {
        sqlite3_bind_int64(st, 3, row->state);
        sqlite3_bind_int64(st, 4, row->unread);
        sqlite3_bind_int64(st, 5, row->erase_hour);
        sqlite3_bind_int64(st, 6, row->kind);
        sqlite3_bind_int64(st, 7, row->about_hour);
        store_bind(st, 8, row->body);
        sqlite3_bind_int64(st, 9, row->own);
    }
    s->erased = true;
    err = run_on_row(s, st);
    return err || !gone ? err : store_words_forget(s, row->row);
}

int store_content_mark(void *ctx, uint32_t group, uint64_t number, bool unread)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = on_row(s, ST_CONTENT_MARK, group, number, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 3, unread);
    return run_on_row(s, st);
}

int store_content_delete(void *ctx, uint32_t group, uint64_t number)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = on_row(s, ST_CONTENT_DELETE, group, number, &err);
    if (!st)
        return err;
    s->erased = true;
    err = run_on_row(s, st);
    return err ? err : store_words_forget(s, number);
}

int store_content_forget(void *ctx, uint32_t group, uint32_t hour)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = on_row(s, ST_CONTENT_FORGET, group, hour, &err);
    if (!st)
        return err;
    err = run_on_row(s, st);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    s->erased = true;
    /* A topic without rows says that there was an epoch: it goes too. */
    st = store_statement(s, ST_TOPIC_FORGET, &err);
    if (!st)
        return err;
    s->topic_no = 0;
    sqlite3_bind_int64(st, 1, group);
    return store_run(s, st);
}
