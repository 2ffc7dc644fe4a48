/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* salvage.c -- rows out of single pages, into a fresh store.
 *
 * A page alone does not say of which table it is; its rows do.  The shapes below are
 * those of store/migrations; a migration that changes a table changes its shape here.
 */
#include "store/salvage.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/files.h"
#include "store/image.h"
#include "store/record.h"
#include "store/store_int.h"

enum {
    BATCH_ROWS = 4096, /* a commit */
    BATCH_BYTES = 4 << 20,
    VERSION_AT = 60, /* of page 1: PRAGMA user_version */
    COPIES_MAX = 1000,
};

/* Which table a row is of, by its shape: one letter a column. */
enum shape {
    SHAPE_KV,
    SHAPE_SPARE,
    SHAPE_CONTENT,
    SHAPE_TOPIC,
    SHAPE_TOPIC_INDEX, /* holds all of a topic, too */
    SHAPE_ROW_INDEX,   /* content_row and content_aside: which rows there were */
    SHAPE_SEQUENCE,    /* the last row number given */
    SHAPE_COUNT
};

static const struct {
    bool is_table;
    const char *columns; /* n null, i number, b blob, t text */
    const char *sql;     /* NULL: looked at below */
} shapes[SHAPE_COUNT] = {
    [SHAPE_KV] = {false, "iibb",
                  "INSERT OR REPLACE INTO kv(grp,tbl,key,value) VALUES(?1,?2,?3,?4)"},
    [SHAPE_SPARE] = {false, "ibib",
                     "INSERT OR REPLACE INTO spare(tbl,key,grp,value) "
                     "VALUES(?1,?2,?3,?4)"},
    [SHAPE_CONTENT] = {true, "niiiiiiiiiiiiiibbbbb",
                       "INSERT OR REPLACE INTO content VALUES(?1,?2,?3,?4,?5,?6,?7,?8,"
                       "?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20)"},
    [SHAPE_TOPIC] = {true, "nib", "INSERT OR REPLACE INTO topic VALUES(?1,?2,?3)"},
    [SHAPE_TOPIC_INDEX] =
        {false, "ibi", "INSERT OR IGNORE INTO topic(grp,topic,no) VALUES(?1,?2,?3)"},
    [SHAPE_ROW_INDEX] = {false, "ii",
                         "INSERT OR IGNORE INTO temp.named(row) VALUES(?2)"},
    [SHAPE_SEQUENCE] = {true, "ti", NULL},
};

struct salvage {
    struct image *image;
    struct store *to;
    struct record_walk walk;
    sqlite3_stmt *st[SHAPE_COUNT];
    struct salvage_report *report;
    int64_t last_row;
    uint32_t version;
    uint32_t rows; /* in the open transaction */
    size_t bytes;
};

/* ---- rows ---------------------------------------------------------------- */

static bool column_fits(const struct column *c, char want)
{
    switch (want) {
    case 'n': return c->kind == COLUMN_NULL;
    case 'i': return c->kind == COLUMN_INT;
    case 't': return c->kind == COLUMN_TEXT;
    default: return c->kind == COLUMN_BLOB;
    }
}

/* Which column of this shape is a topic; -1: none. */
static int want_topic(int shape)
{
    return shape == SHAPE_TOPIC ? 2 : shape == SHAPE_TOPIC_INDEX ? 1 : -1;
}

/* The index of words has rows that look like topics, but for their size. */
static bool is_topic(const struct record *r, int column)
{
    enum { TOPIC_BYTES = 32 };
    return r->columns[column].bytes.n == TOPIC_BYTES;
}

static enum shape shape_of(const struct record *r)
{
    for (int i = 0; i < SHAPE_COUNT; i++) {
        const char *want = shapes[i].columns;
        if (shapes[i].is_table != r->is_table || strlen(want) != r->columns_count)
            continue;
        uint32_t same = 0;
        while (same < r->columns_count && column_fits(&r->columns[same], want[same]))
            same++;
        if (same == r->columns_count &&
            (want_topic(i) < 0 || is_topic(r, want_topic(i))))
            return (enum shape)i;
    }
    return SHAPE_COUNT;
}

static void bind_column(sqlite3_stmt *st, int i, const struct column *c, int64_t row)
{
    if (c->kind == COLUMN_BLOB)
        store_bind(st, i, c->bytes);
    else
        sqlite3_bind_int64(st, i, c->kind == COLUMN_NULL ? row : c->number);
}

static int row_put(struct salvage *s, enum shape shape, const struct record *r)
{
    sqlite3_stmt *st = s->st[shape];
    for (uint32_t i = 0; i < r->columns_count; i++) {
        bind_column(st, (int)i + 1, &r->columns[i], r->row);
        s->bytes += r->columns[i].bytes.n;
    }
    int rc = sqlite3_step(st);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    s->rows++;
    /* A row that breaks a rule of its table is left out. */
    return rc == SQLITE_DONE || (rc & 0xff) == SQLITE_CONSTRAINT
               ? 0
               : store_last_error(s->to);
}

static int row_visit(void *ctx, const struct record *r)
{
    struct salvage *s = ctx;
    enum shape shape = shape_of(r);
    if (shape == SHAPE_COUNT)
        return 0;
    if (shape == SHAPE_SEQUENCE) { /* of content: no other table has one */
        if (r->columns[1].number > s->last_row)
            s->last_row = r->columns[1].number;
        return 0;
    }
    return row_put(s, shape, r);
}

static int page_fetch(void *ctx, uint32_t page, uint8_t *plain)
{
    struct salvage *s = ctx;
    if (page > s->report->pages)
        return ERR_DAMAGED;
    return image_page(s->image, page, plain);
}

/* Commit now and then, so that neither memory nor log grow with the store. */
static int batch_turn(struct salvage *s)
{
    if (s->rows < BATCH_ROWS && s->bytes < BATCH_BYTES)
        return 0;
    s->rows = 0;
    s->bytes = 0;
    int err = store_commit(s->to);
    return err ? err : store_begin(s->to);
}

static int page_take(struct salvage *s, uint32_t page, bool count)
{
    uint8_t plain[IMAGE_PAGE_BYTES];
    int err = image_page(s->image, page, plain);
    if (err == ERR_DAMAGED) {
        s->report->pages_bad += count;
        return 0;
    }
    if (!err && page == 1)
        s->version = get_u32(plain + VERSION_AT);
    if (!err && !image_page_is_blank(page))
        err = record_walk_page(&s->walk, page, plain);
    wipe(plain, sizeof plain);
    return err ? err : batch_turn(s);
}

/* Older states first: where two pages tell of one row, the newer one is right. */
static int pages_take(struct salvage *s)
{
    int err = 0;
    for (uint32_t page = 1; page <= s->report->pages && !err; page++)
        if (image_page_age(s->image, page) == 0)
            err = page_take(s, page, true);
    for (uint32_t page = 1; page <= s->report->pages && !err; page++)
        if (image_page_age(s->image, page) > 0)
            err = page_take(s, page, true);
    return err;
}

/* ---- what the rows do not say alone -------------------------------------- */

/* The second copies fill what the first lack; then they are made anew. */
static const char fill_sql[] =
    "INSERT OR IGNORE INTO kv SELECT grp,tbl,key,value FROM spare;"
    "DELETE FROM spare;"
    "INSERT INTO spare SELECT tbl,key,grp,value FROM kv "
    "WHERE tbl IN (1,2,3,5,6,8,9,13);"
    /* Without its topic an entry is in no set; it comes again from others. */
    "DELETE FROM content WHERE topic NOT IN (SELECT no FROM topic);";

static int count_of(struct store *s, const char *sql, uint64_t *out)
{
    sqlite3_stmt *st = NULL;
    int err = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK
                  ? store_one_row(s, st)
                  : store_last_error(s);
    if (!err)
        *out = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return err;
}

/* Numbers of rows are never given twice: marks of what was read hold them. */
static int sequence_raise(struct salvage *s)
{
    char sql[160];
    uint64_t named = 0, held = 0;
    int err = count_of(s->to, "SELECT coalesce(max(row),0) FROM temp.named", &named);
    if (!err)
        err = count_of(s->to, "SELECT coalesce(max(row),0) FROM content", &held);
    if (err)
        return err;
    uint64_t last = (uint64_t)s->last_row;
    last = named > last ? named : last;
    last = held > last ? held : last;
    (void)snprintf(sql, sizeof sql,
                   "DELETE FROM sqlite_sequence WHERE name='content';"
                   "INSERT INTO sqlite_sequence(name,seq) VALUES('content',%lld);",
                   (long long)last);
    return store_exec(s->to, sql);
}

static int finish(struct salvage *s)
{
    int err = store_exec(s->to, fill_sql);
    if (!err)
        err = sequence_raise(s);
    if (!err)
        err = count_of(s->to, "SELECT count(*) FROM content WHERE state<>4",
                       &s->report->texts);
    if (!err)
        err = count_of(s->to,
                       "SELECT count(*) FROM temp.named WHERE row NOT IN "
                       "(SELECT row FROM content)",
                       &s->report->texts_lost);
    if (!err)
        err = count_of(s->to, "SELECT count(*) FROM kv", &s->report->values);
    return err ? err : store_exec(s->to, "DELETE FROM temp.named");
}

/* ---- making -------------------------------------------------------------- */

static int statements_make(struct salvage *s)
{
    /* Until it is whole nobody reads it: one sync at the end does (salvage_swap). */
    int err = store_exec(s->to, "PRAGMA synchronous = OFF;"
                                "CREATE TEMP TABLE named(row INTEGER PRIMARY KEY)");
    for (int i = 0; i < SHAPE_COUNT && !err; i++)
        if (shapes[i].sql && sqlite3_prepare_v2(s->to->db, shapes[i].sql, -1, &s->st[i],
                                                NULL) != SQLITE_OK)
            err = store_last_error(s->to);
    return err;
}

static int take_all(struct salvage *s)
{
    int err = statements_make(s);
    if (!err)
        err = store_begin(s->to);
    if (!err)
        err = pages_take(s);
    if (!err && s->report->pages_bad == s->report->pages)
        err = ERR_DAMAGED; /* noise, or another's */
    if (!err && s->version > store_version_newest())
        err = ERR_VERSION;
    if (!err)
        err = finish(s);
    if (!err)
        err = store_commit(s->to);
    if (!err)
        err = store_exec(s->to, "PRAGMA synchronous = FULL");
    for (int i = 0; i < SHAPE_COUNT; i++)
        sqlite3_finalize(s->st[i]);
    buf_free(&s->walk.payload);
    return err;
}

static int image_under(struct salvage *s, struct vfs *v, const char *dir)
{
    int err = image_open(&s->image, v, dir);
    if (err)
        return err;
    struct image_view view = image_view(s->image);
    s->report->pages = view.pages;
    s->report->frames = view.frames;
    s->report->frames_bad = view.frames_bad;
    s->report->log_lost = view.log_lost;
    return 0;
}

int salvage_make(struct store **fresh, const char *dir,
                 const uint8_t data_key[static 32], const struct entropy *entropy,
                 struct salvage_report *report)
{
    struct salvage s = {.report = report, .walk = {page_fetch, row_visit, &s, {0}, 0}};
    struct vfs *v = NULL;
    *report = (struct salvage_report){0};
    int err = files_swap_finish(dir);
    if (!err)
        err = vfs_new(&v, data_key, entropy);
    if (!err)
        err = image_under(&s, v, dir);
    if (!err) {
        files_swap_forget(dir);
        err = store_create_beside(&s.to, dir, data_key, entropy);
    }
    if (!err)
        err = take_all(&s);
    image_close(s.image);
    vfs_free(v);
    if (err) {
        store_close(s.to);
        files_swap_forget(dir);
    } else {
        *fresh = s.to;
    }
    return err;
}

/* ---- in the place of the old one ------------------------------------------ */

/* A name that is free: data-damaged-1, -2 and so on. */
static int keep_damaged(const char *dir, char name[static SALVAGE_NAME_BYTES])
{
    char log_name[SALVAGE_NAME_BYTES + 8];
    int err = ERR_EXISTS;
    for (int i = 1; i < COPIES_MAX && err == ERR_EXISTS; i++) {
        (void)snprintf(name, SALVAGE_NAME_BYTES, "data-damaged-%d", i);
        (void)snprintf(log_name, sizeof log_name, "%s-wal", name);
        err = files_keep(dir, "data", name);
        if (!err)
            err = files_keep(dir, "data-wal", log_name);
    }
    return err ? err : files_sync_dir(dir);
}

int salvage_swap(const char *dir, struct salvage_report *report)
{
    int err = keep_damaged(dir, report->kept_as);
    if (!err)
        err = files_swap_commit(dir);
    return err ? err : files_swap_finish(dir);
}

void salvage_forget(const char *dir)
{
    files_swap_forget(dir);
}

bool salvage_is_damaged(const struct salvage_report *report)
{
    return report->pages_bad > 0 || report->frames_bad > 0 || report->log_lost;
}
