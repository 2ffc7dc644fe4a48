/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store.c -- opening, transactions, settling and closing one profile's database.
 *
 * What each pragma is for stands in docs/storage.md.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "store/store_int.h"

enum {
    RESERVED_BYTES = 40,   /* of each page, for nonce and tag */
    WAL_FRAMES_MAX = 3000, /* a commit that passes this empties the log */
};

/* Exclusive stands first: it has to hold before the log is touched, or SQLite would
 * want a file of shared memory. */
static const char pragmas_always[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                     "PRAGMA temp_store = MEMORY;"
                                     "PRAGMA cache_spill = OFF;"
                                     "PRAGMA mmap_size = 0;"
                                     "PRAGMA cache_size = -4096;"
                                     "PRAGMA secure_delete = ON;"
                                     "PRAGMA synchronous = FULL;"
                                     "PRAGMA wal_autocheckpoint = 0;"
                                     "PRAGMA trusted_schema = OFF;";

/* Only for a database that has no log yet: there, the last two write the first page,
 * and would open a rollback journal for it. */
static const char pragmas_new[] = "PRAGMA page_size = 4096;"
                                  "PRAGMA journal_mode = MEMORY;"
                                  "PRAGMA auto_vacuum = INCREMENTAL;"
                                  "PRAGMA journal_mode = WAL;";

/* ---- opening ------------------------------------------------------------- */

/* Run a pragma; its one number to *number, or its one word compared with `word`. */
static int pragma_ask(struct store *s, const char *text, int64_t *number,
                      const char *word, bool *same)
{
    sqlite3_stmt *st = NULL;
    int err = sqlite3_prepare_v2(s->db, text, -1, &st, NULL) == SQLITE_OK
                  ? store_one_row(s, st)
                  : store_last_error(s);
    if (!err && number)
        *number = sqlite3_column_int64(st, 0);
    if (!err && word) {
        const char *said = (const char *)sqlite3_column_text(st, 0);
        *same = said && strcmp(said, word) == 0;
    }
    sqlite3_finalize(st);
    return err;
}

static int checkpoint(struct store *s)
{
    int rc = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                       NULL);
    return rc == SQLITE_OK ? 0 : store_last_error(s);
}

/* Take the lock, switch to the log if it is not in use yet, and be sure of it. */
static int log_mode(struct store *s)
{
    bool wal = false;
    int err = pragma_ask(s, "PRAGMA journal_mode", NULL, "wal", &wal);
    if (err || wal)
        return err;
    err = store_exec(s, pragmas_new);
    if (!err)
        err = pragma_ask(s, "PRAGMA journal_mode", NULL, "wal", &wal);
    return err ? err : wal ? 0 : ERR_SYSTEM;
}

/* What an earlier process left: frames of the log go to the database and free pages
 * are told, so that nothing erased lives on because it was killed. */
static int left_over(struct store *s)
{
    int64_t free_pages = 0;
    int err = pragma_ask(s, "PRAGMA freelist_count", &free_pages, NULL, NULL);
    if (err)
        return err;
    s->erased = free_pages > 0;
    if (vfs_wal_frames(s->vfs) > 0 && checkpoint(s) != 0)
        s->erased = true; /* a full disk: the store works, and settling tries again */
    return 0;
}

static int db_open(struct store *s, bool create)
{
    int reserve = RESERVED_BYTES;
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(s->path, &s->db, flags, vfs_name(s->vfs));
    if (!s->db)
        return ERR_NOMEM;
    sqlite3_extended_result_codes(s->db, 1);
    if (rc != SQLITE_OK)
        return store_last_error(s);
    if (sqlite3_db_readonly(s->db, "main") == 1)
        return ERR_READONLY;
    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
    int err = store_exec(s, pragmas_always);
    if (!err)
        err = log_mode(s);
    if (!err)
        err = store_migrate(s);
    return err ? err : left_over(s);
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
    if (err)
        store_close(s);
    else
        *out = s;
    return err;
}

static int errno_error(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR: return ERR_NOSTORE;
    case EROFS:
    case EACCES:
    case EPERM: return ERR_READONLY;
    case ENOSPC:
    case EDQUOT: return ERR_DISKFULL;
    case ENOMEM: return ERR_NOMEM;
    default: return ERR_IO;
    }
}

/* An empty file is one whose making was cut short: it counts as none.  Nothing is
 * opened here: closing it would drop the locks of another store of this process. */
static int file_look(const struct store *s)
{
    struct stat st;
    if (stat(s->path, &st) != 0)
        return errno_error();
    return st.st_size > 0 ? 0 : ERR_NOSTORE;
}

/* An empty file that only its owner may read; SQLite gives the log the same mode. */
static int file_make(const struct store *s)
{
    int fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
    else if (errno != EEXIST)
        return errno == ENOENT ? ERR_IO : errno_error();
    return 0;
}

int store_create(struct store **out, const char *dir, const uint8_t data_key[static 32],
                 const struct entropy *entropy)
{
    struct store *s = NULL;
    int err = store_new(&s, dir, data_key, entropy);
    if (err)
        return err;
    err = file_look(s);
    err = err == 0 ? ERR_EXISTS : err == ERR_NOSTORE ? file_make(s) : err;
    if (!err)
        err = db_open(s, true);
    if (err)
        store_close(s);
    else
        *out = s;
    return err;
}

int store_open(struct store **out, const char *dir, const uint8_t data_key[static 32],
               const struct entropy *entropy)
{
    struct store *s = NULL;
    int err = store_new(&s, dir, data_key, entropy);
    if (err)
        return err;
    err = file_look(s);
    if (!err && access(s->path, W_OK) != 0)
        err = errno_error();
    if (!err)
        err = db_open(s, false);
    if (err)
        store_close(s);
    else
        *out = s;
    return err;
}

/* ---- transactions -------------------------------------------------------- */

int store_begin(struct store *s)
{
    int err = 0;
    if (s->begun)
        return ERR_STATE;
    sqlite3_stmt *st = store_statement(s, ST_BEGIN, &err);
    if (st)
        err = store_run(s, st);
    s->begun = !err;
    return err;
}

int store_commit(struct store *s)
{
    int err = 0;
    if (!s->begun)
        return ERR_STATE;
    /* An error before may have ended the transaction already. */
    if (sqlite3_get_autocommit(s->db)) {
        store_rollback(s);
        return ERR_STATE;
    }
    sqlite3_stmt *st = store_statement(s, ST_COMMIT, &err);
    if (st)
        err = store_run(s, st);
    if (err) {
        store_rollback(s);
        return err;
    }
    s->begun = false;
    /* Cut off rather than begun anew in place: a header torn in that moment would
     * look like damage.  What was committed is safe even if this fails. */
    if (vfs_wal_frames(s->vfs) >= WAL_FRAMES_MAX)
        (void)checkpoint(s);
    return 0;
}

void store_rollback(struct store *s)
{
    if (!s->begun)
        return;
    for (size_t i = 0; i < ST_COUNT; i++)
        sqlite3_reset(s->st[i]);
    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->begun = false;
    s->topic_no = 0;
}

struct log store_log(struct store *s)
{
    return (struct log){&store_log_ops, s};
}

/* ---- settling and checking ----------------------------------------------- */

int store_settle(struct store *s)
{
    if (s->begun)
        return ERR_STATE;
    int err = store_exec(s, "PRAGMA incremental_vacuum");
    if (!err)
        err = checkpoint(s);
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
    bool ok = false;
    int err = store_walk(s, walk_nothing, NULL);
    if (!err)
        err = pragma_ask(s, "PRAGMA integrity_check(1)", NULL, "ok", &ok);
    return err ? err : ok ? 0 : ERR_DAMAGED;
}

uint32_t store_damaged_page(const struct store *s)
{
    return vfs_damaged_page(s->vfs);
}

uint64_t store_disk_bytes(const struct store *s)
{
    char wal[STORE_PATH_BYTES_MAX + 8];
    struct stat st;
    uint64_t bytes = stat(s->path, &st) == 0 ? (uint64_t)st.st_size : 0;
    (void)snprintf(wal, sizeof wal, "%s-wal", s->path);
    return bytes + (stat(wal, &st) == 0 ? (uint64_t)st.st_size : 0);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    if (s->db) {
        store_rollback(s);
        /* A failure costs nothing that was committed: the next opening goes on. */
        if (s->erased)
            (void)!store_settle(s);
        else if (vfs_wal_frames(s->vfs) > 0)
            (void)checkpoint(s);
        for (size_t i = 0; i < ST_COUNT; i++)
            sqlite3_finalize(s->st[i]);
        CHECK(sqlite3_close(s->db) == SQLITE_OK);
    }
    vfs_free(s->vfs);
    buf_free(&s->value);
    buf_free(&s->envelope);
    buf_free(&s->body);
    wipe(s, sizeof *s);
    free(s);
}
