/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* storetest.h -- an open store in a folder of its own, and its files as they lie on the
 * disk.
 *
 *     shop_create -> { shop_put, shop_get, shop_shut, shop_open }* -> shop_end
 */
#ifndef TESTS_LIB_STORETEST_H
#define TESTS_LIB_STORETEST_H

#include <fcntl.h>
#include <sys/stat.h>

#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "store/store.h"
#include "tests/lib/t.h"
#include "tests/lib/temp.h"

enum {
    DATA_PAGE_BYTES = 4096, /* of the database file */
    LOG_HEADER_BYTES = 72,  /* sealed; then frames of a head and a page */
    LOG_HEAD_BYTES = 68,
    LOG_FRAME_BYTES = 68 + 4136
};

struct shop {
    char dir[TEMP_PATH_BYTES];
    struct entropy_stream stream;
    struct entropy entropy;
    struct store *store;
    struct log log;
};

static const uint8_t shop_key[32] = {9, 8, 7};

/* Whether `needle` stands in `hay`. */
static inline bool bytes_hold(struct bytes hay, struct bytes needle)
{
    return hay.n >= needle.n && memmem(hay.p, hay.n, needle.p, needle.n) != NULL;
}

/* XOR one byte of a file with `bits`. */
static inline bool file_flip(const char *dir, const char *name, size_t at, uint8_t bits)
{
    char path[TEMP_PATH_BYTES];
    uint8_t byte = 0;
    temp_path(path, dir, name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool ok = fd >= 0 && pread(fd, &byte, 1, (off_t)at) == 1;
    byte ^= bits;
    ok = ok && pwrite(fd, &byte, 1, (off_t)at) == 1;
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* What the system says of a file; zeros if there is none. */
static inline struct stat file_stat(const char *dir, const char *name)
{
    char path[TEMP_PATH_BYTES];
    struct stat st;
    temp_path(path, dir, name);
    if (stat(path, &st) != 0)
        memset(&st, 0, sizeof st);
    return st;
}

/* Size of a file in bytes; 0 if there is none. */
static inline size_t file_bytes(const char *dir, const char *name)
{
    return (size_t)file_stat(dir, name).st_size;
}

/* Number of files in a folder. */
static inline int files_count(const char *dir)
{
    DIR *d = opendir(dir);
    int n = 0;
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        n += e->d_name[0] != '.';
    if (d)
        (void)closedir(d);
    return n;
}

/* A number below `bound`. */
static inline uint32_t shop_draw(struct shop *s, uint32_t bound)
{
    return (uint32_t)entropy_below(&s->entropy, bound);
}

/* Open the folder's store; an enum err. */
static inline int shop_open(struct shop *s)
{
    int err = store_open(&s->store, s->dir, shop_key, &s->entropy);
    if (!err)
        s->log = store_log(s->store);
    return err;
}

/* Close the store, keep the folder. */
static inline void shop_shut(struct shop *s)
{
    store_close(s->store);
    s->store = NULL;
}

/* A folder without a store.  `s` must not be moved afterwards. */
static inline bool shop_new(struct shop *s)
{
    memset(s, 0, sizeof *s);
    s->stream.key[0] = 77;
    s->entropy = entropy_stream(&s->stream);
    temp_make(s->dir);
    return crypto_init() == 0;
}

/* A fresh store. */
static inline bool shop_create(struct shop *s)
{
    if (!shop_new(s))
        return false;
    int err = store_create(&s->store, s->dir, shop_key, &s->entropy);
    T_EQ(err, 0);
    if (!err)
        s->log = store_log(s->store);
    return err == 0;
}

/* Close the store, remove the folder. */
static inline void shop_end(struct shop *s)
{
    shop_shut(s);
    temp_remove(s->dir);
}

/* One value of the profile, in a transaction of its own; an enum err. */
static inline int shop_put(struct shop *s, uint32_t key, struct bytes value)
{
    uint8_t raw[4];
    put_u32(raw, key);
    int err = store_begin(s->store);
    if (!err)
        err = s->log.ops->put(s->log.ctx, 0, LOG_PROFILE, BYTES_OF(raw), value);
    if (!err)
        return store_commit(s->store);
    store_rollback(s->store);
    return err;
}

/* The value of a key; no bytes if there is none. */
static inline struct bytes shop_get(struct shop *s, uint32_t key)
{
    uint8_t raw[4];
    struct bytes value = {0};
    put_u32(raw, key);
    if (s->log.ops->get(s->log.ctx, 0, LOG_PROFILE, BYTES_OF(raw), &value))
        return BYTES(NULL, 0);
    return value;
}

/* Copy database and log of `from`, as they stand now, to a folder of their own. */
static inline bool shop_copy(const struct shop *from, struct shop *to)
{
    bool ok = shop_new(to);
    static const char *const names[] = {"data", "data-wal"};
    for (int i = 0; i < 2; i++) {
        struct buf b = temp_read(from->dir, names[i]);
        if (b.n > 0)
            temp_write(to->dir, names[i], BUF_BYTES(&b));
        buf_free(&b);
    }
    return ok;
}

#endif
