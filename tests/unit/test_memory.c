/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_memory.c -- a database in memory: it keeps, seals, gives back and ends. */
#include <sqlite3.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "store/memory.h"
#include "store/store.h"
#include "tests/lib/t.h"
#include "tests/lib/temp.h"

enum { TABLE = LOG_PROFILE, ROWS = 400, ROW_BYTES = 900 };

static const uint8_t data_key[32] = {2, 7, 1};
static struct entropy_stream stream;
static struct entropy dice;

static void start(void)
{
    CHECK(crypto_init() == 0);
    dice = entropy_stream(&stream);
}

static struct bytes row_text(uint32_t i, char out[static ROW_BYTES])
{
    memset(out, 'a' + (int)(i % 26), ROW_BYTES);
    int n = snprintf(out, ROW_BYTES, "readable row %u", i);
    out[n] = ' ';
    return BYTES(out, ROW_BYTES);
}

static int rows_put(struct store *s, uint32_t from, uint32_t to)
{
    char text[ROW_BYTES];
    uint8_t key[4];
    struct log l = store_log(s);
    int err = store_begin(s);
    for (uint32_t i = from; i < to && !err; i++) {
        put_u32(key, i);
        err = l.ops->put(l.ctx, 1, TABLE, BYTES_OF(key), row_text(i, text));
    }
    return err ? err : store_commit(s);
}

static bool row_there(struct store *s, uint32_t i)
{
    char text[ROW_BYTES];
    uint8_t key[4];
    struct bytes value = {0};
    struct log l = store_log(s);
    put_u32(key, i);
    return l.ops->get(l.ctx, 1, TABLE, BYTES_OF(key), &value) == 0 &&
           bytes_equal(value, row_text(i, text));
}

T_CASE(it_keeps_what_is_committed_and_undoes_the_rest)
{
    struct store *s = NULL;
    start();
    T_NEED(store_create_in_memory(&s, data_key, &dice) == 0);
    T(rows_put(s, 0, ROWS) == 0);
    T(store_begin(s) == 0);
    struct log l = store_log(s);
    T(l.ops->put(l.ctx, 1, TABLE, BYTES("gone", 4), BYTES("x", 1)) == 0);
    store_rollback(s);
    struct bytes value;
    T(l.ops->get(l.ctx, 1, TABLE, BYTES("gone", 4), &value) == ERR_NOTFOUND);
    for (uint32_t i = 0; i < ROWS; i++)
        T(row_there(s, i));
    T(store_check(s) == 0);
    store_close(s);
}

T_CASE(erased_rows_give_their_memory_back)
{
    struct store *s = NULL;
    uint8_t key[4];
    start();
    T_NEED(store_create_in_memory(&s, data_key, &dice) == 0);
    uint64_t empty = store_disk_bytes(s);
    T(rows_put(s, 0, ROWS) == 0);
    uint64_t full = store_disk_bytes(s);
    T(full > empty + (uint64_t)ROWS * ROW_BYTES);
    struct log l = store_log(s);
    T(store_begin(s) == 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        put_u32(key, i);
        T(l.ops->del(l.ctx, 1, TABLE, BYTES_OF(key)) == 0);
    }
    T(store_commit(s) == 0);
    T(store_settle(s) == 0);
    T(store_disk_bytes(s) < full - (uint64_t)ROWS * ROW_BYTES / 2);
    T(store_check(s) == 0);
    store_close(s);
}

T_CASE(two_of_them_know_nothing_of_each_other)
{
    struct store *a = NULL, *b = NULL;
    start();
    T_NEED(store_create_in_memory(&a, data_key, &dice) == 0);
    T_NEED(store_create_in_memory(&b, data_key, &dice) == 0);
    T(rows_put(a, 0, 1) == 0);
    T(row_there(a, 0) && !row_there(b, 0));
    store_close(a);
    T(rows_put(b, 1, 2) == 0 && row_there(b, 1));
    store_close(b);
}

/* ---- the layer itself ---------------------------------------------------- */

static sqlite3_file *file_open(struct memory *m, const char *name, void *room)
{
    sqlite3_vfs *v = memory_vfs(m);
    sqlite3_file *f = room;
    int flags = SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB;
    return v->xOpen(v, name, f, flags, NULL) == SQLITE_OK ? f : NULL;
}

T_CASE(a_file_grows_shrinks_and_reads_zeros_where_nothing_was_written)
{
    struct memory *m = NULL;
    uint64_t room[16];
    uint8_t in[5000], out[5000], none[5000] = {0};
    sqlite3_int64 size = 0;
    T_NEED(memory_new(&m) == 0);
    sqlite3_file *f = file_open(m, "data", room);
    T_NEED(f != NULL && sizeof room >= (size_t)memory_vfs(m)->szOsFile);
    memset(in, 7, sizeof in);
    /* Across the border of two blocks, behind a gap. */
    T(f->pMethods->xWrite(f, in, sizeof in, 65536 * 2 - 100) == SQLITE_OK);
    T(f->pMethods->xFileSize(f, &size) == SQLITE_OK);
    T(size == 65536 * 2 - 100 + 5000 && memory_bytes(m) == (uint64_t)size);
    T(f->pMethods->xRead(f, out, sizeof out, 65536 * 2 - 100) == SQLITE_OK);
    T(memcmp(in, out, sizeof in) == 0);
    T(f->pMethods->xRead(f, out, sizeof out, 0) == SQLITE_OK);
    T(memcmp(none, out, sizeof out) == 0);
    T(f->pMethods->xRead(f, out, 200, size - 100) == SQLITE_IOERR_SHORT_READ);
    T(out[99] == 7 && out[100] == 0);
    /* What was cut off does not come back. */
    T(f->pMethods->xTruncate(f, 65536 * 2 - 50) == SQLITE_OK);
    T(f->pMethods->xWrite(f, in, 1, 65536 * 2 + 4000) == SQLITE_OK);
    T(f->pMethods->xRead(f, out, 100, 65536 * 2 - 100) == SQLITE_OK);
    T(out[49] == 7 && out[50] == 0 && out[99] == 0);
    T(f->pMethods->xClose(f) == SQLITE_OK);
    memory_free(m);
}

T_CASE(the_bound_is_a_full_disk)
{
    struct memory *m = NULL;
    uint64_t room[16];
    T_NEED(memory_new(&m) == 0);
    sqlite3_file *f = file_open(m, "data", room);
    T_NEED(f != NULL);
    T(f->pMethods->xWrite(f, "x", 1, LIMIT_MEMORY_BYTES_MAX) == SQLITE_FULL);
    T(memory_bytes(m) == 0);
    T(f->pMethods->xWrite(f, "x", 1, 0) == SQLITE_OK);
    T(f->pMethods->xClose(f) == SQLITE_OK);
    memory_free(m);
}

T_CASE(names_are_found_made_and_deleted)
{
    struct memory *m = NULL;
    uint64_t room[16], other[16];
    int there = 1;
    T_NEED(memory_new(&m) == 0);
    sqlite3_vfs *v = memory_vfs(m);
    sqlite3_file *f = (sqlite3_file *)(void *)other;
    T(v->xOpen(v, "data", f, SQLITE_OPEN_READWRITE, NULL) == SQLITE_CANTOPEN);
    T(v->xAccess(v, "data", 0, &there) == SQLITE_OK && there == 0);
    f = file_open(m, "data", room);
    T(f != NULL && file_open(m, "data", other) == NULL);
    T(v->xAccess(v, "data", 0, &there) == SQLITE_OK && there == 1);
    T(v->xDelete(v, "data", 0) == SQLITE_IOERR_DELETE);
    T(f->pMethods->xClose(f) == SQLITE_OK);
    T(v->xDelete(v, "data", 0) == SQLITE_OK);
    T(v->xDelete(v, "data", 0) == SQLITE_IOERR_DELETE_NOENT);
    memory_free(m);
}

T_RUN()
