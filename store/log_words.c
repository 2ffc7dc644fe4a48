/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* log_words.c -- the index over words of kept texts (FTS5; migration 004).
 *
 * What was deleted from it stays in its tables, cut into pieces by prefixes, until they
 * are merged into one: store_settle does so, in this run or the next.
 */
#include <string.h>

#include "base/text.h"
#include "store/store_int.h"

enum { QUERY_BYTES_MAX = 8192 };

int store_words_ready(void *ctx, uint32_t group)
{
    struct store *s = ctx;
    int err = 0;
    sqlite3_stmt *st = store_statement(s, ST_WORDS_READY, &err);
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, group);
    err = store_one_row(s, st);
    sqlite3_reset(st);
    return err == ERR_NOTFOUND ? 0 : err ? err : 1;
}

/* A writing statement with one number bound, run. */
static int run_with(struct store *s, enum statement which, int64_t number)
{
    int err = store_writable(s);
    sqlite3_stmt *st = err ? NULL : store_statement(s, which, &err);
    if (!st)
        return err;
    if (sqlite3_bind_parameter_count(st) > 0)
        sqlite3_bind_int64(st, 1, number);
    return store_run(s, st);
}

int store_words_note_ready(void *ctx, uint32_t group)
{
    return run_with(ctx, ST_WORDS_NOTE_READY, group);
}

int store_words_put(void *ctx, uint32_t group, uint64_t number, struct bytes text)
{
    struct store *s = ctx;
    int err = store_writable(s);
    sqlite3_stmt *st = err ? NULL : store_statement(s, ST_WORDS_PUT, &err);
    (void)group; /* content.grp says it */
    if (!st)
        return err;
    sqlite3_bind_int64(st, 1, (int64_t)number);
    sqlite3_bind_text(st, 2, (const char *)text.p, (int)text.n, SQLITE_STATIC);
    err = store_run(s, st);
    sqlite3_clear_bindings(st);
    return err;
}

/* Terms of what was deleted are left until the tables are merged, maybe in another run.
 */
static int note_unmerged(struct store *s)
{
    if (sqlite3_changes(s->db) == 0)
        return 0;
    s->unmerged = s->erased = true;
    return run_with(s, ST_WORDS_UNMERGED, 0);
}

int store_words_forget(struct store *s, uint64_t number)
{
    int err = run_with(s, ST_WORDS_DEL, (int64_t)number);
    return err ? err : note_unmerged(s);
}

int store_words_drop(struct store *s, uint32_t group)
{
    int err = run_with(s, ST_WORDS_DROP, group);
    if (!err)
        err = note_unmerged(s);
    return err ? err : run_with(s, ST_WORDS_DROP_READY, group);
}

int store_words_open(struct store *s)
{
    sqlite3_stmt *st = NULL;
    int err = sqlite3_prepare_v2(s->db, "SELECT one FROM words_unmerged", -1, &st,
                                 NULL) == SQLITE_OK
                  ? store_one_row(s, st)
                  : store_last_error(s);
    sqlite3_finalize(st);
    s->unmerged = err == 0;
    s->erased = s->erased || s->unmerged;
    return err == ERR_NOTFOUND ? 0 : err;
}

int store_words_merge(struct store *s)
{
    if (!s->unmerged)
        return 0;
    int err = store_exec(s, "BEGIN IMMEDIATE;"
                            "INSERT INTO words(words) VALUES('optimize');"
                            "DELETE FROM words_unmerged;"
                            "COMMIT");
    if (err)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    else
        s->unmerged = false;
    return err;
}

/* ---- finding ------------------------------------------------------------- */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

/* Each word as a string that a word of the text begins with: "soup"* "si"*. */
static int query_of(struct bytes words, struct buf *out)
{
    int err = 0;
    for (size_t at = 0, end; at < words.n && !err; at = end) {
        while (at < words.n && is_space(words.p[at]))
            at++;
        for (end = at; end < words.n && !is_space(words.p[end]);)
            end++;
        struct bytes word = BYTES(words.p + at, end - at);
        if (word.n == 0)
            break;
        if (!text_has_letter(word) || memchr(word.p, '"', word.n) ||
            memchr(word.p, 0, word.n))
            return ERR_USAGE;
        err = buf_append(out, BYTES("\"", 1), QUERY_BYTES_MAX);
        if (!err)
            err = buf_append(out, word, QUERY_BYTES_MAX);
        if (!err)
            err = buf_append(out, BYTES("\"* ", 3), QUERY_BYTES_MAX);
    }
    return err == ERR_TOOBIG || (!err && out->n == 0) ? ERR_USAGE : err;
}

int store_words_find(void *ctx, uint32_t group, struct bytes words,
                     log_visit_number *visit, void *visit_ctx)
{
    struct store *s = ctx;
    struct buf query = {0};
    sqlite3_stmt *own = NULL;
    int rc = SQLITE_DONE, stop = 0, err = query_of(words, &query);
    sqlite3_stmt *st = err ? NULL : store_walker(s, ST_WORDS_FIND, &own, &err);
    if (st) {
        sqlite3_bind_int64(st, 1, group);
        sqlite3_bind_text(st, 2, (const char *)query.p, (int)query.n, SQLITE_STATIC);
        while (!stop && (rc = sqlite3_step(st)) == SQLITE_ROW)
            stop = visit(visit_ctx, (uint64_t)sqlite3_column_int64(st, 0));
        if (!stop && rc != SQLITE_DONE)
            err = store_last_error(s);
        sqlite3_reset(st);
        sqlite3_clear_bindings(st);
    }
    sqlite3_finalize(own);
    wipe(query.p, query.n);
    buf_free(&query);
    return err ? err : stop < 0 ? stop : 0;
}
