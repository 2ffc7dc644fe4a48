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
#include "store/files.h"
#include "store/store_int.h"

enum {
    PAGE_BYTES = 4096,
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
    s->erased = s->erased || free_pages > 0;
    if (vfs_wal_frames(s->vfs) > 0 && checkpoint(s) != 0)
        s->erased = true; /* a full disk: the store works, and settling tries again */
    return 0;
}

/* What ends a transaction is ready before one begins: nothing may be half done only
 * because there is no memory to say so. */
static int ends_prepare(struct store *s)
{
    int err = 0;
    if (store_statement(s, ST_COMMIT, &err))
        (void)store_statement(s, ST_ROLLBACK, &err);
    return err;
}

/* Throw away what a making that was cut short left. */
static int file_empty(struct store *s)
{
    sqlite3_file *f = NULL;
    int rc = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &f);
    if (rc != SQLITE_OK || !f || !f->pMethods)
        return ERR_SYSTEM;
    return store_error(s, f->pMethods->xTruncate(f, 0));
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
    int err = create ? file_empty(s) : 0;
    if (!err)
        err = store_exec(s, pragmas_always);
    if (!err)
        err = log_mode(s);
    if (!err)
        err = store_migrate(s);
    if (!err)
        err = store_words_open(s);
    if (!err)
        err = ends_prepare(s);
    return err ? err : left_over(s);
}

static int store_new(struct store **out, const char *dir, const char *name,
                     const uint8_t *data_key, const struct entropy *entropy)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    int n = snprintf(s->path, sizeof s->path, "%s/%s", dir, name);
    int err = n < 0 || (size_t)n >= sizeof s->path ? ERR_TOOBIG : 0;
    if (!err)
        err = vfs_new(&s->vfs, data_key, entropy);
    if (err)
        store_close(s);
    else
        *out = s;
    return err;
}

/* An empty file is one whose making was cut short: it counts as none.  Nothing is
 * opened here: closing it would drop the locks of another store of this process. */
static int file_look(const struct store *s)
{
    struct stat st;
    if (stat(s->path, &st) != 0)
        return files_error();
    return st.st_size > 0 ? 0 : ERR_NOSTORE;
}

/* Whether a file that is there may be one whose making was cut short: its first page
 * was on its way, its log not begun.  A store in use has more pages, or a log. */
static bool file_unmade(const struct store *s)
{
    char wal[STORE_PATH_BYTES_MAX + 8];
    struct stat st;
    (void)snprintf(wal, sizeof wal, "%s-wal", s->path);
    if (stat(wal, &st) == 0 && st.st_size > 0)
        return false;
    return stat(s->path, &st) == 0 && st.st_size <= PAGE_BYTES;
}

/* An empty file that only its owner may read; SQLite gives the log the same mode. */
static int file_make(const struct store *s, bool *made)
{
    int fd = open(s->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    *made = fd >= 0;
    if (fd >= 0)
        (void)close(fd);
    else if (errno != EEXIST)
        return errno == ENOENT ? ERR_IO : files_error();
    return 0;
}

/* Of a making that failed nothing stays: the next one would find a store there. */
static void file_unmake(const char path[static STORE_PATH_BYTES_MAX])
{
    char wal[STORE_PATH_BYTES_MAX + 8];
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    (void)unlink(wal);
    (void)unlink(path);
}

/* ERR_EXISTS: what is there opens.  0: its making was cut short, it is made anew. */
static int try_unmade(const char *dir, const char *name, const uint8_t *data_key,
                      const struct entropy *entropy)
{
    struct store *other = NULL;
    int err = store_new(&other, dir, name, data_key, entropy);
    if (err)
        return err;
    err = db_open(other, false);
    store_close(other);
    return err == 0 ? ERR_EXISTS : err == ERR_DAMAGED ? 0 : err;
}

static int create_as(struct store **out, const char *dir, const char *name,
                     const uint8_t *data_key, const struct entropy *entropy)
{
    char path[STORE_PATH_BYTES_MAX];
    struct store *s = NULL;
    bool made = false;
    int err = store_new(&s, dir, name, data_key, entropy);
    if (err)
        return err;
    err = file_look(s);
    if (err == 0)
        err = file_unmade(s) ? try_unmade(dir, name, data_key, entropy) : ERR_EXISTS;
    else if (err == ERR_NOSTORE)
        err = file_make(s, &made);
    if (!err)
        err = db_open(s, true);
    if (!err) {
        *out = s;
        return 0;
    }
    memcpy(path, s->path, sizeof path);
    store_close(s);
    if (made && err != ERR_INUSE) /* or somebody else makes one here */
        file_unmake(path);
    return err;
}

int store_create(struct store **out, const char *dir, const uint8_t data_key[static 32],
                 const struct entropy *entropy)
{
    return create_as(out, dir, "data", data_key, entropy);
}

int store_create_in_memory(struct store **out, const uint8_t data_key[static 32],
                           const struct entropy *entropy)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->in_memory = true;
    memcpy(s->path, "data", sizeof "data");
    int err = vfs_new_in_memory(&s->vfs, data_key, entropy);
    if (!err)
        err = db_open(s, true);
    if (err)
        store_close(s);
    else
        *out = s;
    return err;
}

int store_create_beside(struct store **out, const char *dir,
                        const uint8_t data_key[static 32],
                        const struct entropy *entropy)
{
    return create_as(out, dir, "data-making", data_key, entropy);
}

int store_create_copy(struct store **out, const char *dir,
                      const uint8_t data_key[static 32], const struct entropy *entropy)
{
    return create_as(out, dir, "data-copy", data_key, entropy);
}

int store_open(struct store **out, const char *dir, const uint8_t data_key[static 32],
               const struct entropy *entropy)
{
    struct store *s = NULL;
    int err = files_swap_finish(dir);
    if (!err)
        err = store_new(&s, dir, "data", data_key, entropy);
    if (err)
        return err;
    err = file_look(s);
    if (!err && access(s->path, W_OK) != 0)
        err = files_error();
    if (!err)
        err = db_open(s, false);
    if (err == ERR_DAMAGED && file_unmade(s))
        err = ERR_NOSTORE;
    if (err)
        store_close(s);
    else
        *out = s;
    return err;
}

/* ---- transactions -------------------------------------------------------- */

/* Undo what SQLite still holds open.  The errors of a write. */
static int undo(struct store *s)
{
    for (size_t i = 0; i < ST_COUNT; i++)
        sqlite3_reset(s->st[i]);
    return sqlite3_get_autocommit(s->db) ? 0 : store_run(s, s->st[ST_ROLLBACK]);
}

int store_begin(struct store *s)
{
    int err = 0;
    if (s->begun)
        return ERR_STATE;
    err = undo(s);
    if (err)
        return err;
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
    /* A turn that changes nothing lets things out too: not before what it was built on
     * is on the disk. */
    err = vfs_wal_make_sure(s->vfs);
    sqlite3_stmt *st = err ? NULL : store_statement(s, ST_COMMIT, &err);
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
    (void)!undo(s); /* what could not be undone is at the next store_begin */
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
    /* Words that could not be merged keep no other erased bytes in the log. */
    int unmerged = store_words_merge(s),
        err = store_exec(s, "PRAGMA incremental_vacuum");
    if (!err)
        err = checkpoint(s);
    err = err ? err : unmerged;
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

/* What a line of the integrity check means.  A page that could not be fetched, for lack
 * of memory or by the disk's fault, is told with SQLite's code in words. */
static int check_said(const struct store *s, const char *said)
{
    static const char told[] = "error code=";
    if (!said)
        return ERR_NOMEM;
    if (strcmp(said, "ok") == 0)
        return 0;
    const char *code = strstr(said, told);
    int err = code ? store_error(s, (int)strtol(code + sizeof told - 1, NULL, 10)) : 0;
    return err ? err : ERR_DAMAGED;
}

int store_check(struct store *s)
{
    static const char text[] = "PRAGMA integrity_check(1)";
    sqlite3_stmt *st = NULL;
    int err = store_walk(s, walk_nothing, NULL);
    if (err)
        return err;
    err = sqlite3_prepare_v2(s->db, text, -1, &st, NULL) == SQLITE_OK
              ? store_one_row(s, st)
              : store_last_error(s);
    if (!err)
        err = check_said(s, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return err;
}

int store_reindex(struct store *s)
{
    return s->begun ? ERR_STATE : store_exec(s, "REINDEX");
}

uint32_t store_damaged_page(const struct store *s)
{
    return vfs_damaged_page(s->vfs);
}

uint64_t store_disk_bytes(const struct store *s)
{
    char wal[STORE_PATH_BYTES_MAX + 8];
    struct stat st;
    if (s->in_memory)
        return vfs_memory_bytes(s->vfs);
    uint64_t bytes = stat(s->path, &st) == 0 ? (uint64_t)st.st_size : 0;
    (void)snprintf(wal, sizeof wal, "%s-wal", s->path);
    return bytes + (stat(wal, &st) == 0 ? (uint64_t)st.st_size : 0);
}

/* A failure costs nothing that was committed: the next opening goes on. */
static void put_in_order(struct store *s)
{
    if (s->erased)
        (void)!store_settle(s);
    else if (vfs_wal_frames(s->vfs) > 0)
        (void)checkpoint(s);
}

static void close_as(struct store *s, bool orderly)
{
    if (!s)
        return;
    if (s->db) {
        store_rollback(s);
        if (orderly)
            put_in_order(s);
        else /* nor when SQLite closes the log */
            (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
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

void store_close(struct store *s)
{
    close_as(s, true);
}

void store_leave(struct store *s)
{
    close_as(s, false);
}
