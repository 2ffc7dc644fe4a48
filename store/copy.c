/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* copy.c -- rows of one store into another, without what must not be there. */
#include "store/copy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/files.h"
#include "store/store_int.h"

enum {
    BATCH_ROWS = 4096, /* a commit */
    NOISE_BYTES = 65536,
};

static const char name[] = "data-copy";

/* What is read, and where it goes.  Talk is what ends, but for warnings; a row that is
 * gone has no text.
 */
static const struct {
    const char *from, *to;
} tables[] = {
    {"SELECT grp,tbl,key,value FROM kv WHERE tbl<>13",
     "INSERT INTO kv(grp,tbl,key,value) VALUES(?1,?2,?3,?4)"},
    {"SELECT tbl,key,grp,value FROM spare WHERE tbl<>13",
     "INSERT INTO spare(tbl,key,grp,value) VALUES(?1,?2,?3,?4)"},
    {"SELECT no,grp,topic FROM topic",
     "INSERT INTO topic(no,grp,topic) VALUES(?1,?2,?3)"},
    {"SELECT row,grp,state,unread,own,urgency,kind,author,seq,end_hour,erase_hour,"
     "about_hour,lifetime,topic,id8,id,hash,prev,"
     "CASE WHEN end_hour=4294967295 OR urgency>=2 THEN body ELSE x'' END,"
     "CASE WHEN end_hour=4294967295 OR urgency>=2 THEN envelope ELSE x'' END "
     "FROM content",
     "INSERT INTO content VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,"
     "?16,?17,?18,?19,?20)"},
    /* Numbers of rows are never given twice. */
    {"SELECT seq FROM sqlite_sequence WHERE name='content'",
     "UPDATE sqlite_sequence SET seq=?1 WHERE name='content'"},
};

/* A table on its way. */
struct moving {
    struct store *from, *to;
    sqlite3_stmt *get, *put;
    uint32_t rows; /* in the open transaction */
};

static int row_move(struct moving *m)
{
    int columns = sqlite3_column_count(m->get);
    for (int i = 0; i < columns; i++)
        if (sqlite3_bind_value(m->put, i + 1, sqlite3_column_value(m->get, i)))
            return store_last_error(m->to);
    int err = store_run(m->to, m->put);
    sqlite3_clear_bindings(m->put);
    if (err || ++m->rows < BATCH_ROWS)
        return err;
    m->rows = 0;
    err = store_commit(m->to);
    return err ? err : store_begin(m->to);
}

static int table_move(struct moving *m, size_t i)
{
    int rc = SQLITE_ROW, err = 0;
    if (sqlite3_prepare_v2(m->from->db, tables[i].from, -1, &m->get, NULL) != SQLITE_OK)
        err = store_last_error(m->from);
    else if (sqlite3_prepare_v2(m->to->db, tables[i].to, -1, &m->put, NULL) !=
             SQLITE_OK)
        err = store_last_error(m->to);
    while (!err && (rc = sqlite3_step(m->get)) == SQLITE_ROW)
        err = row_move(m);
    if (!err && rc != SQLITE_DONE)
        err = store_last_error(m->from);
    sqlite3_finalize(m->get);
    sqlite3_finalize(m->put);
    m->get = m->put = NULL;
    return err;
}

static int tables_move(struct moving *m)
{
    int err = store_begin(m->to);
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !err; i++)
        err = table_move(m, i);
    return err ? err : store_commit(m->to);
}

/* The folder of an open store. */
static int folder_of(const struct store *s, char out[static FILES_PATH_BYTES_MAX])
{
    const char *slash = strrchr(s->path, '/');
    size_t n = slash ? (size_t)(slash - s->path) : 0;
    if (n == 0 || n >= FILES_PATH_BYTES_MAX)
        return ERR_TOOBIG;
    memcpy(out, s->path, n);
    out[n] = '\0';
    return 0;
}

int copy_make(struct store *s, const uint8_t data_key[static 32],
              const struct entropy *entropy, struct store **out)
{
    char dir[FILES_PATH_BYTES_MAX];
    struct moving m = {.from = s};
    if (s->begun)
        return ERR_STATE;
    int err = folder_of(s, dir);
    if (err)
        return err;
    copy_forget(dir, entropy);
    err = store_create_copy(&m.to, dir, data_key, entropy);
    if (!err)
        err = tables_move(&m);
    if (err)
        copy_end(m.to, dir, entropy);
    else
        *out = m.to;
    return err;
}

/* Noise over all of a file that is there: blocks that were used stay on the disk when
 * it is removed, and the data key lives on. */
static void file_drown(const char *dir, const char *which,
                       const struct entropy *entropy)
{
    char path[FILES_PATH_BYTES_MAX];
    uint8_t noise[NOISE_BYTES];
    struct stat st;
    if (files_path(path, dir, which))
        return;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    entropy_fill(entropy, noise, sizeof noise);
    off_t left = fstat(fd, &st) == 0 ? st.st_size : 0;
    for (int err = 0; left > 0 && !err; left -= NOISE_BYTES)
        err = files_write(
            fd, BYTES(noise, left < NOISE_BYTES ? (size_t)left : NOISE_BYTES));
    (void)fsync(fd);
    (void)close(fd);
    (void)unlink(path);
}

void copy_forget(const char *dir, const struct entropy *entropy)
{
    file_drown(dir, name, entropy);
    file_drown(dir, "data-copy-wal", entropy);
}

void copy_end(struct store *copy, const char *dir, const struct entropy *entropy)
{
    store_close(copy);
    copy_forget(dir, entropy);
}
