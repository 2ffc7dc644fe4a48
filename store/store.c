/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store.c -- opening, transactions, settling and closing one profile's database. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_int.h"

/* Order matters: exclusive before WAL (no shared-memory file), memory before whatever
 * writes a new file (it would open a rollback journal, which is refused), auto_vacuum
 * before the first table. */
static const char *const pragmas[] = {
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = MEMORY",
    "PRAGMA page_size = 4096",
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_spill = OFF",
    "PRAGMA mmap_size = 0",
    "PRAGMA cache_size = -8192",
    "PRAGMA secure_delete = ON",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA trusted_schema = OFF",
};

static const char *const sql[ST_COUNT] = {
    [ST_PUT] = "INSERT INTO kv(grp,tbl,key,value) VALUES(?1,?2,?3,?4) "
               "ON CONFLICT DO UPDATE SET value=excluded.value",
    [ST_GET] = "SELECT value FROM kv WHERE grp=?1 AND tbl=?2 AND key=?3",
    [ST_DEL] = "DELETE FROM kv WHERE grp=?1 AND tbl=?2 AND key=?3",
    [ST_SCAN] = "SELECT key,value FROM kv WHERE grp=?1 AND tbl=?2 AND key>=?3 "
                "ORDER BY key",
    [ST_DROP_KV] = "DELETE FROM kv WHERE grp=?1",
    [ST_DROP_CONTENT] = "DELETE FROM content WHERE grp=?1",
    [ST_DROP_TOPIC] = "DELETE FROM topic WHERE grp=?1",
    [ST_TOPIC_GET] = "SELECT no FROM topic WHERE grp=?1 AND topic=?2",
    [ST_TOPIC_PUT] = "INSERT INTO topic(grp,topic) VALUES(?1,?2)",
    [ST_TOPIC_NAME] = "SELECT topic FROM topic WHERE no=?1",
    [ST_CONTENT_PUT] =
        "INSERT INTO content(grp,state,unread,own,urgency,kind,author,seq,end_hour,"
        "erase_hour,about_hour,lifetime,topic,id8,id,hash,prev,body,envelope) "
        "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)",
    [ST_CONTENT_UPDATE] = "UPDATE content SET state=?3,unread=?4,erase_hour=?5,kind=?6,"
                          "about_hour=?7,body=?8 WHERE row=?2 AND grp=?1",
    [ST_CONTENT_GONE] =
        "UPDATE content SET state=4,unread=0,erase_hour=4294967295,kind=0,about_hour=0,"
        "author=0,seq=0,hash=x'',prev=x'',body=x'',envelope=x'' "
        "WHERE row=?2 AND grp=?1",
    [ST_CONTENT_MARK] = "UPDATE content SET unread=?3 WHERE row=?2 AND grp=?1",
    [ST_CONTENT_DELETE] = "DELETE FROM content WHERE row=?2 AND grp=?1",
#define SMALL                                                                          \
    "row,state,unread,own,urgency,kind,author,seq,end_hour,erase_hour,about_hour,"     \
    "lifetime,topic,id,hash,prev"
    [ST_CONTENT_BY_ID] = "SELECT " SMALL ",body,envelope FROM content "
                         "WHERE grp=?1 AND id8=?2 AND id=?3",
    [ST_STATE_BY_ID] =
        "SELECT row,state FROM content WHERE grp=?1 AND id8=?2 AND id=?3",
    [ST_CONTENT_BY_SEQ] =
        "SELECT " SMALL ",body,envelope FROM content "
        "WHERE grp=?1 AND author=?2 AND seq=?3 AND state<>4 ORDER BY row",
    [ST_CONTENT_SCAN] = "SELECT " SMALL ",x'',x'' FROM content NOT INDEXED "
                        "WHERE row>?2 AND grp=?1 AND state<>4 ORDER BY row",
    [ST_CONTENT_SCAN_FULL] = "SELECT " SMALL ",body,envelope FROM content NOT INDEXED "
                             "WHERE row>?2 AND grp=?1 AND state<>4 ORDER BY row",
    [ST_CONTENT_DUE] = "SELECT " SMALL ",body,envelope FROM content "
                       "WHERE grp=?1 AND erase_hour<=?2 AND state<>4 "
                       "ORDER BY erase_hour,row",
    [ST_CONTENT_FORGET] =
        "DELETE FROM content WHERE grp=?1 AND end_hour<?2 AND state=4",
    [ST_RANGE] = "SELECT end_hour,id FROM content INDEXED BY content_set "
                 "WHERE topic=?1 AND (end_hour,id)>=(?2,?3) AND (end_hour,id)<(?4,?5) "
                 "AND state<>2 ORDER BY end_hour,id",
};

int store_error(const struct store *s, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return 0;
    case SQLITE_NOMEM: return ERR_NOMEM;
    case SQLITE_FULL: return ERR_DISKFULL;
    case SQLITE_READONLY: return ERR_READONLY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERR_INUSE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ERR_DAMAGED;
    case SQLITE_TOOBIG: return ERR_TOOBIG;
    case SQLITE_CANTOPEN: return ERR_IO;
    case SQLITE_IOERR:
        return rc == SQLITE_IOERR_NOMEM ? ERR_NOMEM
               : rc == SQLITE_IOERR_DATA || (s && s->vfs && vfs_damaged(s->vfs))
                   ? ERR_DAMAGED
                   : ERR_IO;
    default: return ERR_IO;
    }
}

int store_exec(struct store *s, const char *text)
{
    int rc = sqlite3_exec(s->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : store_error(s, sqlite3_extended_errcode(s->db));
}

sqlite3_stmt *store_statement(struct store *s, enum statement which, int *err)
{
    *err = 0;
    if (!s->st[which]) {
        int rc = sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &s->st[which], NULL);
        if (rc != SQLITE_OK) {
            *err = store_error(s, sqlite3_extended_errcode(s->db));
            return NULL;
        }
    }
    sqlite3_reset(s->st[which]);
    return s->st[which];
}

int store_run(struct store *s, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st), err = 0;
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        err = store_error(s, sqlite3_extended_errcode(s->db));
    sqlite3_reset(st);
    return err;
}

static int db_open(struct store *s, bool create)
{
    int reserve = 40;
    int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(s->path, &s->db, flags, vfs_name(s->vfs));
    if (rc != SQLITE_OK)
        return s->db ? store_error(s, sqlite3_extended_errcode(s->db)) : ERR_NOMEM;
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, 0);
    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
    int err = 0;
    for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0] && !err; i++)
        err = store_exec(s, pragmas[i]);
    /* The lock is taken now, so that a second process learns of it at once. */
    if (!err)
        err = store_exec(s, "BEGIN IMMEDIATE; COMMIT");
    return err ? err : store_migrate(s);
}

static int store_new(struct store **out, const char *dir, const uint8_t *data_key,
                     const struct entropy *entropy)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    int n = snprintf(s->path, sizeof s->path, "%s/data", dir);
    int err = n < 0 || (size_t)n >= sizeof s->path ? ERR_TOOBIG : 0;
    if (!err)
        err = vfs_new(&s->vfs, data_key, entropy);
    if (err) {
        store_close(s);
        return err;
    }
    *out = s;
    return 0;
}

static int store_begin_life(struct store **out, const char *dir,
                            const uint8_t *data_key, const struct entropy *entropy,
                            bool create)
{
    struct store *s = NULL;
    int err = store_new(&s, dir, data_key, entropy);
    if (err)
        return err;
    bool there = access(s->path, F_OK) == 0;
    if (create && there)
        err = ERR_EXISTS;
    else if (!create && !there)
        err = ERR_NOSTORE;
    else if (!create && access(s->path, W_OK) != 0)
        err = ERR_READONLY;
    else
        err = db_open(s, create);
    if (err) {
        store_close(s);
        return err;
    }
    *out = s;
    return 0;
}

int store_create(struct store **out, const char *dir, const uint8_t data_key[static 32],
                 const struct entropy *entropy)
{
    return store_begin_life(out, dir, data_key, entropy, true);
}

int store_open(struct store **out, const char *dir, const uint8_t data_key[static 32],
               const struct entropy *entropy)
{
    return store_begin_life(out, dir, data_key, entropy, false);
}

int store_begin(struct store *s)
{
    if (s->begun)
        return ERR_STATE;
    int err = store_exec(s, "BEGIN IMMEDIATE");
    s->begun = !err;
    return err;
}

int store_commit(struct store *s)
{
    if (!s->begun)
        return ERR_STATE;
    int err = store_exec(s, "COMMIT");
    if (err)
        store_rollback(s);
    s->begun = false;
    return err;
}

void store_rollback(struct store *s)
{
    if (!s->begun)
        return;
    for (size_t i = 0; i < ST_COUNT; i++)
        if (s->st[i])
            sqlite3_reset(s->st[i]);
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->begun = false;
    s->topic_group = 0;
}

struct log store_log(struct store *s)
{
    return (struct log){&store_log_ops, s};
}

int store_settle(struct store *s)
{
    if (s->begun)
        return ERR_STATE;
    int err = store_exec(s, "PRAGMA incremental_vacuum");
    if (!err)
        err = store_exec(s, "PRAGMA wal_checkpoint(TRUNCATE)");
    if (!err)
        s->erased = false;
    return err;
}

bool store_wants_settle(const struct store *s)
{
    return s->erased;
}

int store_walk(struct store *s,
               int (*visit)(void *ctx, uint32_t page, struct bytes plain), void *ctx)
{
    return vfs_walk(s->vfs, visit, ctx);
}

static int walk_nothing(void *ctx, uint32_t page, struct bytes plain)
{
    (void)ctx;
    (void)page;
    (void)plain;
    return 0;
}

int store_check(struct store *s)
{
    sqlite3_stmt *st = NULL;
    int err = store_walk(s, walk_nothing, NULL);
    if (err)
        return err;
    int rc = sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &st, NULL);
    if (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(st, 0);
        err = said && strcmp(said, "ok") == 0 ? 0 : ERR_DAMAGED;
    } else {
        err = store_error(s, sqlite3_extended_errcode(s->db));
        err = err ? err : ERR_DAMAGED;
    }
    sqlite3_finalize(st);
    return err;
}

uint64_t store_disk_bytes(const struct store *s)
{
    char wal[sizeof s->path + 8];
    struct stat st;
    uint64_t bytes = stat(s->path, &st) == 0 ? (uint64_t)st.st_size : 0;
    snprintf(wal, sizeof wal, "%s-wal", s->path);
    return bytes + (stat(wal, &st) == 0 ? (uint64_t)st.st_size : 0);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->db) {
        store_rollback(s);
        if (s->erased && store_settle(s) != 0)
            s->erased = false; /* the next opening will settle it */
        for (size_t i = 0; i < ST_COUNT; i++)
            sqlite3_finalize(s->st[i]);
        sqlite3_close(s->db);
    }
    vfs_free(s->vfs);
    buf_free(&s->value);
    buf_free(&s->envelope);
    buf_free(&s->body);
    wipe(s, sizeof *s);
    free(s);
}
