/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* backup.c -- writing a profile to one file, and reading it back. */
#include "store/backup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "store/files.h"
#include "store/store_int.h"
#include "store/unlock.h"
#include "store/vfs_file.h"

enum {
    BACKUP_VERSION = 1,
    END_PLAIN_BYTES = 1 + 4 + 32,
    END_BYTES = XNONCE_BYTES + END_PLAIN_BYTES + AEAD_TAG_BYTES,
    MADE_BYTES = 8, /* of the name written beside */
};

static const char context[] = "kring backup";

static void end_key(uint8_t out[static 32], const uint8_t data_key[static 32])
{
    kdf(out, "backup", data_key, NULL, 0);
}

static struct bytes end_context(void)
{
    return BYTES(context, sizeof context - 1);
}

/* ---- writing ------------------------------------------------------------- */

/* A backup on its way out: what is written is hashed. */
struct writing {
    int fd;
    struct hasher hash;
    uint32_t pages;
    uint64_t bytes;
};

static int put(struct writing *w, struct bytes b)
{
    w->bytes += b.n;
    hasher_update(&w->hash, b);
    return files_write(w->fd, b);
}

static int put_page(void *ctx, uint32_t page, struct bytes sealed)
{
    struct writing *w = ctx;
    w->pages = page;
    return put(w, sealed);
}

static int put_end(struct writing *w, const uint8_t data_key[static 32],
                   const struct entropy *entropy)
{
    uint8_t plain[END_PLAIN_BYTES], key[32], end[END_BYTES];
    plain[0] = BACKUP_VERSION;
    put_u32(plain + 1, w->pages);
    hasher_final(&w->hash, plain + 5);
    end_key(key, data_key);
    entropy_fill(entropy, end, XNONCE_BYTES);
    xaead_seal(end + XNONCE_BYTES, key, end, end_context(), BYTES_OF(plain));
    wipe(key, sizeof key);
    w->bytes += sizeof end;
    return files_write(w->fd, BYTES_OF(end));
}

/* The folder of an open store. */
static int folder_of(const struct store *s, char out[static FILES_PATH_BYTES_MAX])
{
    size_t n = strlen(s->path);
    while (n > 0 && s->path[n - 1] != '/')
        n--;
    if (n == 0 || n > FILES_PATH_BYTES_MAX)
        return ERR_TOOBIG;
    memcpy(out, s->path, n - 1);
    out[n - 1] = '\0';
    return 0;
}

static int write_all(struct store *s, int fd, const uint8_t data_key[static 32],
                     const struct entropy *entropy, uint64_t *bytes)
{
    char dir[FILES_PATH_BYTES_MAX];
    uint8_t slots[SLOTS_FILE_BYTES];
    struct writing w = {.fd = fd};
    int err = folder_of(s, dir);
    if (!err)
        err = unlock_read_slots(dir, slots);
    if (err)
        return err;
    hasher_init(&w.hash, "backup");
    err = put(&w, BYTES_OF(slots));
    if (!err)
        err = vfs_walk_sealed(s->vfs, put_page, &w);
    if (!err)
        err = put_end(&w, data_key, entropy);
    if (!err && fsync(fd) != 0)
        err = files_error();
    *bytes = w.bytes;
    return err;
}

static int pass_over(void *ctx, uint32_t page, struct bytes plain)
{
    (void)ctx;
    (void)page;
    (void)plain;
    return 0;
}

/* A name beside `path` that nobody else has. */
static int name_beside(const char *path, const struct entropy *entropy,
                       char out[static FILES_PATH_BYTES_MAX])
{
    uint8_t raw[MADE_BYTES];
    entropy_fill(entropy, raw, sizeof raw);
    int n = snprintf(out, FILES_PATH_BYTES_MAX, "%s.%016llx", path,
                     (unsigned long long)get_u64(raw));
    return n < 0 || n >= FILES_PATH_BYTES_MAX ? ERR_TOOBIG : 0;
}

int backup_write(struct store *s, const char *path, const uint8_t data_key[static 32],
                 const struct entropy *entropy, uint64_t *bytes)
{
    char fresh[FILES_PATH_BYTES_MAX];
    if (access(path, F_OK) == 0)
        return ERR_EXISTS;
    /* The log is cut off, so that the database alone is all there is.  What is damaged
     * is said now, not on the day it is needed. */
    int err = store_settle(s);
    if (!err)
        err = store_walk(s, pass_over, NULL);
    if (!err)
        err = name_beside(path, entropy, fresh);
    if (err)
        return err;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return files_error();
    err = write_all(s, fd, data_key, entropy, bytes);
    if (close(fd) != 0 && !err)
        err = files_error();
    if (!err)
        err = files_rename_new(fresh, path);
    if (err)
        (void)unlink(fresh);
    return err ? err : files_sync_parent(path);
}

/* ---- reading ------------------------------------------------------------- */

/* Open a backup; how many pages it holds.  ERR_FOREIGN: its size is none of a
 * backup's. */
static int backup_open(const char *path, int *fd, uint32_t *pages)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        int err = files_error();
        return err == ERR_NOSTORE ? ERR_NOTFOUND : err;
    }
    if (fstat(*fd, &st) != 0)
        return ERR_IO;
    uint64_t rest = (uint64_t)st.st_size - SLOTS_FILE_BYTES - END_BYTES;
    if (!S_ISREG(st.st_mode) ||
        st.st_size < SLOTS_FILE_BYTES + END_BYTES + PAGE_BYTES ||
        rest % PAGE_BYTES != 0 || rest / PAGE_BYTES > UINT32_MAX)
        return ERR_FOREIGN;
    *pages = (uint32_t)(rest / PAGE_BYTES);
    return 0;
}

/* A new file `dir`/`name`. */
static int file_new(const char *dir, const char *name, int *fd)
{
    char path[FILES_PATH_BYTES_MAX];
    int err = files_path(path, dir, name);
    if (err)
        return err;
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return *fd < 0 ? files_error() : 0;
}

/* Sync and close. */
static int file_end(int fd, int err)
{
    if (fd < 0)
        return err;
    if (!err && fsync(fd) != 0)
        err = files_error();
    if (close(fd) != 0 && !err)
        err = files_error();
    return err;
}

int backup_begin(const char *path, const char *dir)
{
    uint8_t slots[SLOTS_FILE_BYTES];
    uint32_t pages = 0;
    int from = -1, to = -1;
    int err = backup_open(path, &from, &pages);
    if (!err)
        err = files_read(from, slots, sizeof slots);
    if (!err && mkdir(dir, 0700) != 0) {
        err = files_error();
        err = err == ERR_NOSTORE ? ERR_READONLY : err;
    }
    if (!err)
        err = file_new(dir, "slots", &to);
    if (!err)
        err = files_write(to, BYTES_OF(slots));
    err = file_end(to, err);
    if (from >= 0)
        (void)close(from);
    return err;
}

/* Copy `pages` pages; all that is read is hashed, as the slots before it were. */
static int pages_copy(int from, int to, uint32_t pages, struct hasher *hash)
{
    uint8_t page[PAGE_BYTES], slots[SLOTS_FILE_BYTES];
    int err = files_read(from, slots, sizeof slots);
    if (!err)
        hasher_update(hash, BYTES_OF(slots));
    for (uint32_t i = 0; i < pages && !err; i++) {
        err = files_read(from, page, sizeof page);
        if (err)
            break;
        hasher_update(hash, BYTES_OF(page));
        err = files_write(to, BYTES_OF(page));
    }
    return err;
}

/* Does the end say what was read? */
static int end_check(int from, uint32_t pages, struct hasher *hash,
                     const uint8_t data_key[static 32])
{
    uint8_t end[END_BYTES], plain[END_PLAIN_BYTES], key[32], made[32];
    hasher_final(hash, made);
    int err = files_read(from, end, sizeof end);
    if (err)
        return err;
    end_key(key, data_key);
    if (xaead_open(plain, key, end, end_context(),
                   BYTES(end + XNONCE_BYTES, sizeof end - XNONCE_BYTES)))
        err = ERR_DAMAGED;
    wipe(key, sizeof key);
    if (!err && plain[0] != BACKUP_VERSION)
        err = ERR_VERSION;
    if (!err && (get_u32(plain + 1) != pages || memcmp(plain + 5, made, 32) != 0))
        err = ERR_DAMAGED;
    return err;
}

int backup_fill(const char *path, const char *dir, const uint8_t data_key[static 32])
{
    char data[FILES_PATH_BYTES_MAX];
    struct hasher hash;
    uint32_t pages = 0;
    int from = -1, to = -1;
    int err = backup_open(path, &from, &pages);
    if (!err)
        err = file_new(dir, "data", &to);
    bool made = !err;
    hasher_init(&hash, "backup");
    if (!err)
        err = pages_copy(from, to, pages, &hash);
    if (!err)
        err = end_check(from, pages, &hash, data_key);
    err = file_end(to, err);
    if (from >= 0)
        (void)close(from);
    if (!err)
        err = files_sync_dir(dir);
    if (err && made && files_path(data, dir, "data") == 0)
        (void)unlink(data);
    return err == ERR_TRUNCATED ? ERR_DAMAGED : err;
}
