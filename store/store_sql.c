/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store_sql.c -- all SQL that the log uses, prepared once, and what its errors mean. */
#include <errno.h>
#include <string.h>

#include "store/store_int.h"

/* The small columns of a row, in the order that row_read (log_content.c) knows. */
#define SMALL                                                                          \
    "row,state,unread,own,urgency,kind,author,seq,end_hour,erase_hour,about_hour,"     \
    "lifetime,topic,id,hash,prev"
#define ROWS "SELECT " SMALL ",body,envelope FROM content "

static const char *const sql[ST_COUNT] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_ROLLBACK] = "ROLLBACK",
    [ST_KV_UPDATE] = "UPDATE kv SET value=?4 WHERE grp=?1 AND tbl=?2 AND key=?3",
    [ST_KV_INSERT] = "INSERT INTO kv(grp,tbl,key,value) VALUES(?1,?2,?3,?4)",
    [ST_GET] = "SELECT value FROM kv WHERE grp=?1 AND tbl=?2 AND key=?3",
    [ST_DEL] = "DELETE FROM kv WHERE grp=?1 AND tbl=?2 AND key=?3",
    [ST_SPARE_PUT] = "INSERT INTO spare(tbl,key,grp,value) VALUES(?2,?3,?1,?4) "
                     "ON CONFLICT(tbl,key,grp) DO UPDATE SET value=excluded.value",
    [ST_SPARE_DEL] = "DELETE FROM spare WHERE grp=?1 AND tbl=?2 AND key=?3",
    [ST_SCAN] = "SELECT key,value FROM kv WHERE grp=?1 AND tbl=?2 AND key>=?3 "
                "ORDER BY key",
    [ST_DROP_KV] = "DELETE FROM kv WHERE grp=?1",
    [ST_DROP_SPARE] = "DELETE FROM spare WHERE grp=?1",
    [ST_DROP_CONTENT] = "DELETE FROM content WHERE grp=?1",
    [ST_DROP_TOPIC] = "DELETE FROM topic WHERE grp=?1",
    [ST_TOPIC_GET] = "SELECT no FROM topic WHERE grp=?1 AND topic=?2",
    [ST_TOPIC_PUT] = "INSERT INTO topic(grp,topic) VALUES(?1,?2)",
    [ST_TOPIC_NAME] = "SELECT topic FROM topic WHERE no=?1",
    [ST_TOPIC_FORGET] =
        "DELETE FROM topic WHERE grp=?1 AND NOT EXISTS (SELECT 1 FROM content "
        "INDEXED BY content_set WHERE content.topic=no AND state<>2) AND NOT EXISTS "
        "(SELECT 1 FROM content INDEXED BY content_aside WHERE content.topic=no "
        "AND state=2)",
    [ST_CONTENT_PUT] =
        "INSERT INTO content(grp,state,unread,own,urgency,kind,author,seq,end_hour,"
        "erase_hour,about_hour,lifetime,topic,id8,id,hash,prev,body,envelope) "
        "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19)",
    [ST_CONTENT_UPDATE] = "UPDATE content SET state=?3,unread=?4,erase_hour=?5,kind=?6,"
                          "about_hour=?7,body=?8,own=?9 WHERE row=?2 AND grp=?1",
    [ST_CONTENT_GONE] =
        "UPDATE content SET state=4,unread=0,own=0,urgency=0,kind=0,author=0,seq=0,"
        "erase_hour=4294967295,about_hour=0,lifetime=0,hash=x'',prev=x'',body=x'',"
        "envelope=x'' WHERE row=?2 AND grp=?1",
    [ST_CONTENT_MARK] = "UPDATE content SET unread=?3 WHERE row=?2 AND grp=?1",
    [ST_CONTENT_DELETE] = "DELETE FROM content WHERE row=?2 AND grp=?1",
    [ST_CONTENT_BY_ID] = ROWS "WHERE grp=?1 AND id8=?2 AND id=?3",
    [ST_STATE_BY_ID] =
        "SELECT row,state FROM content WHERE grp=?1 AND id8=?2 AND id=?3",
    [ST_CONTENT_BY_SEQ] = ROWS "INDEXED BY content_seq WHERE grp=?1 AND author=?2 "
                               "AND seq=?3 AND state<>4 ORDER BY row",
    [ST_CONTENT_SCAN] = "SELECT " SMALL ",x'',x'' FROM content INDEXED BY content_row "
                        "WHERE grp=?1 AND row>?2 AND state<>4 ORDER BY row",
    [ST_CONTENT_SCAN_FULL] = ROWS "INDEXED BY content_row "
                                  "WHERE grp=?1 AND row>?2 AND state<>4 ORDER BY row",
    [ST_CONTENT_DUE] = ROWS "INDEXED BY content_due WHERE grp=?1 AND erase_hour<=?2 "
                            "AND erase_hour<4294967295 AND state<>4 "
                            "ORDER BY erase_hour,row",
    [ST_CONTENT_SUMS] =
        "SELECT author,min(seq),max(seq),count(*),max(row) FROM content "
        "INDEXED BY content_seq WHERE grp=?1 AND state<>4 GROUP BY author",
    [ST_CONTENT_ODD] = "SELECT " SMALL ",x'',x'' FROM content INDEXED BY content_odd "
                       "WHERE grp=?1 AND (state IN (1,2) OR own=2 OR "
                       "erase_hour<end_hour) AND state<>4 ORDER BY row",
    [ST_CONTENT_URGENT] = ROWS "INDEXED BY content_urgent WHERE grp=?1 AND urgency>=2 "
                               "AND state=0 ORDER BY row",
    [ST_CONTENT_UNREAD] =
        "SELECT author,unread,count(*) FROM content INDEXED BY content_unread "
        "WHERE grp=?1 AND unread>0 AND state=0 AND end_hour>?2 GROUP BY author,unread",
    [ST_CONTENT_FORGET] =
        "DELETE FROM content WHERE grp=?1 AND end_hour<?2 AND state=4",
    [ST_RANGE] = "SELECT end_hour,id,row FROM content INDEXED BY content_set "
                 "WHERE topic=?1 AND (end_hour,id)>=(?2,?3) AND (end_hour,id)<(?4,?5) "
                 "AND state<>2 ORDER BY end_hour,id",
    [ST_WORDS_READY] = "SELECT 1 FROM words_ready WHERE grp=?1",
    [ST_WORDS_NOTE_READY] = "INSERT OR IGNORE INTO words_ready(grp) VALUES(?1)",
    [ST_WORDS_PUT] = "INSERT OR REPLACE INTO words(rowid,text) VALUES(?1,?2)",
    [ST_WORDS_DEL] = "DELETE FROM words WHERE rowid=?1",
    [ST_WORDS_DROP] =
        "DELETE FROM words WHERE rowid IN (SELECT row FROM content WHERE grp=?1)",
    [ST_WORDS_DROP_READY] = "DELETE FROM words_ready WHERE grp=?1",
    [ST_WORDS_UNMERGED] = "INSERT OR IGNORE INTO words_unmerged(one) VALUES(1)",
    [ST_WORDS_FIND] = "SELECT words.rowid FROM words CROSS JOIN content "
                      "WHERE words MATCH ?2 AND content.row=words.rowid "
                      "AND content.grp=?1 ORDER BY words.rowid",
};

/* What the system said; a full disk may show only when written blocks are synced. */
static int errno_error(const struct store *s)
{
    int number = s->db ? sqlite3_system_errno(s->db) : 0;
    if (number == ENOSPC || number == EDQUOT)
        return ERR_DISKFULL;
    return number == EROFS || number == EACCES || number == EPERM ? ERR_READONLY
                                                                  : ERR_IO;
}

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
    case SQLITE_CANTOPEN:
        return rc == SQLITE_CANTOPEN_NOTEMPDIR ? ERR_SYSTEM : errno_error(s);
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_NOMEM)
            return ERR_NOMEM;
        return rc == SQLITE_IOERR_DATA ? ERR_DAMAGED : errno_error(s);
    default: return ERR_IO;
    }
}

int store_last_error(const struct store *s)
{
    int err = store_error(s, sqlite3_extended_errcode(s->db));
    return err ? err : ERR_IO;
}

int store_exec(struct store *s, const char *text)
{
    int rc = sqlite3_exec(s->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : store_last_error(s);
}

sqlite3_stmt *store_statement(struct store *s, enum statement which, int *err)
{
    *err = 0;
    if (!s->st[which]) {
        int rc = sqlite3_prepare_v3(s->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &s->st[which], NULL);
        if (rc != SQLITE_OK) {
            *err = store_last_error(s);
            return NULL;
        }
    }
    sqlite3_reset(s->st[which]);
    return s->st[which];
}

sqlite3_stmt *store_walker(struct store *s, enum statement which, sqlite3_stmt **own,
                           int *err)
{
    *own = NULL;
    if (!s->st[which] || !sqlite3_stmt_busy(s->st[which]))
        return store_statement(s, which, err);
    int rc = sqlite3_prepare_v2(s->db, sql[which], -1, own, NULL);
    *err = rc == SQLITE_OK ? 0 : store_last_error(s);
    return *own;
}

int store_run(struct store *s, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st), err = 0;
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        err = store_last_error(s);
    sqlite3_reset(st);
    return err;
}

int store_one_row(struct store *s, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return 0;
    return rc == SQLITE_DONE ? ERR_NOTFOUND : store_last_error(s);
}

void store_bind(sqlite3_stmt *st, int i, struct bytes b)
{
    sqlite3_bind_blob64(st, i, b.n > 0 ? (const void *)b.p : "", b.n, SQLITE_STATIC);
}

struct bytes store_column(sqlite3_stmt *st, int i)
{
    const void *p = sqlite3_column_blob(st, i);
    return BYTES(p, sqlite3_column_bytes(st, i));
}

int store_writable(const struct store *s)
{
    return sqlite3_get_autocommit(s->db) ? ERR_STATE : 0;
}
