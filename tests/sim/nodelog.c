/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* nodelog.c -- what a node of the world keeps. */
#include "tests/sim/nodelog.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "crypto/entropy_os.h"
#include "store/store.h"
#include "tests/disk/disk.h"
#include "tests/disk/replay.h"
#include "tests/sim/memlog.h"

enum { PATH_BYTES = 64, COPY_BYTES = 1 << 16, SETTLE_EACH = 256 };

struct nodelog {
    enum nodelog_kind kind;
    struct memlog *memory;
    struct store *store;
    struct disk *disk;
    struct entropy_stream stream;
    uint8_t key[32];
    char dir[PATH_BYTES];
    uint64_t commits;
};

static const char *const files[] = {"data", "data-wal"};

static bool folder_new(char dir[PATH_BYTES])
{
    static const char *const places[] = {"/dev/shm", "/tmp"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        (void)snprintf(dir, PATH_BYTES, "%s/kring-sim-XXXXXX", places[i]);
        if (mkdtemp(dir))
            return true;
    }
    dir[0] = 0;
    return false;
}

static void folder_remove(const char *dir)
{
    char path[PATH_BYTES + 16];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

/* Open the store, or make it. */
static int store_up(struct nodelog *n)
{
    struct entropy e = entropy_stream(&n->stream);
    if (n->disk) {
        disk_insert(n->disk);
        disk_show(n->disk);
    }
    int err = store_open(&n->store, n->dir, n->key, &e);
    if (err == ERR_NOSTORE)
        err = store_create(&n->store, n->dir, n->key, &e);
    if (n->disk)
        disk_withdraw();
    return err;
}

struct nodelog *nodelog_new(enum nodelog_kind kind, uint64_t seed)
{
    struct nodelog *n = calloc(1, sizeof *n);
    CHECK(n != NULL);
    n->kind = kind;
    put_u64(n->key, seed);
    put_u64(n->stream.key, ~seed);
    if (kind == NODELOG_MEMORY) {
        n->memory = memlog_new();
        CHECK(n->memory != NULL);
        return n;
    }
    bool ok = folder_new(n->dir);
    if (ok && kind == NODELOG_DISK)
        n->disk = disk_new(n->dir, NULL);
    if (!ok || store_up(n) != 0) {
        nodelog_free(n);
        return NULL;
    }
    return n;
}

struct log nodelog_log(struct nodelog *n)
{
    return n->memory ? memlog_log(n->memory) : store_log(n->store);
}

void nodelog_begin(struct nodelog *n)
{
    if (n->memory)
        memlog_begin(n->memory);
    else
        CHECK(store_begin(n->store) == 0);
}

int nodelog_commit(struct nodelog *n)
{
    if (n->store) {
        int err = store_commit(n->store);
        if (!err && ++n->commits % SETTLE_EACH == 0 && store_wants_settle(n->store))
            err = store_settle(n->store);
        return err;
    }
    memlog_commit(n->memory);
    return 0;
}

void nodelog_rollback(struct nodelog *n)
{
    if (n->memory)
        memlog_rollback(n->memory);
    else
        store_rollback(n->store);
}

/* --- the power goes ----------------------------------------------------------------
 */

static void copy_file(const char *from_dir, const char *to_dir, const char *name)
{
    static uint8_t piece[COPY_BYTES];
    char path[PATH_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s/%s", from_dir, name);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return;
    (void)snprintf(path, sizeof path, "%s/%s", to_dir, name);
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(to >= 0);
    for (ssize_t got; (got = read(from, piece, sizeof piece)) > 0;)
        CHECK(write(to, piece, (size_t)got) == got);
    (void)close(from);
    (void)close(to);
}

/* As after kill -9: the files as they are now, in another folder. */
static void cut_files(struct nodelog *n)
{
    char old[PATH_BYTES];
    memcpy(old, n->dir, sizeof old);
    CHECK(folder_new(n->dir));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        copy_file(old, n->dir, files[i]);
    store_close(n->store);
    folder_remove(old);
}

static void cut_disk(struct nodelog *n, uint64_t draw)
{
    struct disk_image image = {0};
    struct replay *r = replay_new(n->disk);
    replay_to(r, n->disk->ops_count);
    replay_cut(r, (enum cut_kind)(draw % CUT_KINDS), draw, &image);
    replay_free(r);
    n->disk->dead = true; /* what closing still does reaches nothing */
    store_close(n->store);
    disk_free(n->disk);
    n->disk = disk_new(n->dir, &image);
    disk_image_free(&image);
}

int nodelog_cut(struct nodelog *n, uint64_t draw)
{
    if (n->memory)
        return 0;
    store_rollback(n->store);
    if (n->disk)
        cut_disk(n, draw);
    else
        cut_files(n);
    n->store = NULL;
    int err = store_up(n);
    return err ? err : store_check(n->store);
}

/* --- in memory only ----------------------------------------------------------------
 */

struct nodelog *nodelog_copy(const struct nodelog *n)
{
    if (!n->memory)
        return NULL;
    struct nodelog *copy = calloc(1, sizeof *copy);
    CHECK(copy != NULL);
    copy->memory = memlog_copy(n->memory);
    CHECK(copy->memory != NULL);
    return copy;
}

bool nodelog_contains(const struct nodelog *n, struct bytes needle)
{
    return n->memory && memlog_contains(n->memory, needle);
}

void nodelog_free(struct nodelog *n)
{
    if (!n)
        return;
    memlog_free(n->memory);
    if (n->disk)
        n->disk->dead = true;
    store_close(n->store);
    disk_free(n->disk);
    if (n->dir[0])
        folder_remove(n->dir);
    free(n);
}
