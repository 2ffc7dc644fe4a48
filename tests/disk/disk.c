/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* disk.c -- the file layer in memory that records and fails. */
#include "tests/disk/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "tests/disk/replay.h"

/* An open file. */
struct disk_file {
    sqlite3_file base;
    struct disk *disk;
    enum disk_name name;
    uint32_t inode;
    bool names_due; /* its first sync puts the names on the disk too */
    bool readonly;
};

static struct disk *inserted;

static struct disk_file *file_of(sqlite3_file *f)
{
    return (struct disk_file *)(void *)f;
}

/* ---- bytes --------------------------------------------------------------- */

void disk_file_truncate(struct buf *file, uint64_t size)
{
    CHECK(size <= DISK_FILE_BYTES_MAX);
    if (size > file->n) {
        CHECK(buf_reserve(file, size - file->n, DISK_FILE_BYTES_MAX) == 0);
        memset(file->p + file->n, 0, size - file->n);
    }
    file->n = size;
}

void disk_file_write(struct buf *file, uint64_t at, struct bytes b)
{
    if (b.n == 0)
        return;
    if (at + b.n > file->n)
        disk_file_truncate(file, at + b.n);
    memcpy(file->p + at, b.p, b.n);
}

void disk_image_copy(struct disk_image *to, const struct disk_image *from)
{
    for (int i = 0; i < DISK_NAMES; i++) {
        to->there[i] = from->there[i];
        to->bytes[i].n = 0;
        disk_file_write(&to->bytes[i], 0, BUF_BYTES(&from->bytes[i]));
    }
}

void disk_image_free(struct disk_image *image)
{
    for (int i = 0; i < DISK_NAMES; i++) {
        buf_free(&image->bytes[i]);
        image->there[i] = false;
    }
}

/* ---- recording ----------------------------------------------------------- */

static struct disk_op *record(struct disk *d, enum disk_op_kind kind,
                              enum disk_name name, uint32_t inode)
{
    if (d->ops_count == d->ops_cap) {
        d->ops_cap = d->ops_cap ? 2 * d->ops_cap : 256;
        d->ops = realloc(d->ops, d->ops_cap * sizeof *d->ops);
        CHECK(d->ops != NULL);
    }
    struct disk_op *op = &d->ops[d->ops_count++];
    *op = (struct disk_op){.kind = kind, .name = name, .inode = inode};
    return op;
}

static void record_write(struct disk *d, const struct disk_file *f, uint64_t at,
                         struct bytes b)
{
    if (b.n == 0)
        return;
    struct disk_op *op = record(d, DISK_WRITE, f->name, f->inode);
    op->at = at;
    CHECK(buf_append(&op->bytes, b, DISK_FILE_BYTES_MAX) == 0);
    disk_file_write(&d->live[f->inode], at, b);
}

/* ---- failing ------------------------------------------------------------- */

static bool fault_meets(enum disk_fault_kind kind, enum disk_call due,
                        enum disk_call call)
{
    bool changes = call == CALL_WRITE || call == CALL_TRUNCATE || call == CALL_DELETE;
    switch (kind) {
    case FAULT_IO: return call == due;
    case FAULT_SHORT: return call == CALL_READ;
    case FAULT_FULL: return call == CALL_WRITE;
    case FAULT_READONLY: return changes || call == CALL_OPEN;
    default: return false;
    }
}

/* Count a call; what goes wrong with it. */
static enum disk_fault_kind fault_now(struct disk *d, enum disk_call call)
{
    if (d->dead) {
        d->last_errno = EIO;
        return FAULT_IO;
    }
    if (d->quiet)
        return FAULT_NONE;
    uint64_t number = d->calls[call]++;
    if (d->fault.kind != FAULT_NONE && call == d->fault.call &&
        number == d->fault.first) {
        d->active = true;
        d->left = d->fault.count;
    }
    if (!d->active || !fault_meets(d->fault.kind, d->fault.call, call))
        return FAULT_NONE;
    if (d->left-- == 1)
        d->active = false;
    d->hurt++;
    d->last_errno = d->fault.kind == FAULT_FULL       ? ENOSPC
                    : d->fault.kind == FAULT_READONLY ? EROFS
                                                      : EIO;
    return d->fault.kind;
}

/* ---- files --------------------------------------------------------------- */

static int file_close(sqlite3_file *shim)
{
    (void)shim;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *shim, void *out, int n, sqlite3_int64 at)
{
    struct disk_file *f = file_of(shim);
    const struct buf *b = &f->disk->live[f->inode];
    enum disk_fault_kind fault = fault_now(f->disk, CALL_READ);
    if (fault == FAULT_IO)
        return n % 2 ? SQLITE_IOERR_CORRUPTFS : SQLITE_IOERR_READ;
    size_t have = (size_t)at < b->n ? b->n - (size_t)at : 0;
    size_t take = have < (size_t)n ? have : (size_t)n;
    if (fault == FAULT_SHORT)
        take /= 2;
    memset(out, 0, (size_t)n);
    if (take > 0)
        memcpy(out, b->p + at, take);
    return take == (size_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *shim, const void *p, int n, sqlite3_int64 at)
{
    struct disk_file *f = file_of(shim);
    struct disk *d = f->disk;
    struct bytes b = BYTES(p, n);
    enum disk_fault_kind fault = fault_now(d, CALL_WRITE);
    if (d->dead)
        return SQLITE_IOERR_WRITE;
    if (d->watch)
        d->watch(d->watch_ctx, f->name, (uint64_t)at, b);
    if (fault == FAULT_READONLY || f->readonly) {
        d->last_errno = EROFS;
        return SQLITE_IOERR_WRITE;
    }
    if (fault != FAULT_NONE) { /* a part of it may be there */
        uint64_t draw = d->fault.first ^ (uint64_t)at;
        record_write(d, f, (uint64_t)at, BYTES(b.p, disk_below(&draw, b.n)));
        return fault == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    record_write(d, f, (uint64_t)at, b);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *shim, sqlite3_int64 size)
{
    struct disk_file *f = file_of(shim);
    struct disk *d = f->disk;
    if (fault_now(d, CALL_TRUNCATE) != FAULT_NONE || f->readonly)
        return SQLITE_IOERR_TRUNCATE;
    record(d, DISK_TRUNCATE, f->name, f->inode)->at = (uint64_t)size;
    disk_file_truncate(&d->live[f->inode], (uint64_t)size);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *shim, int flags)
{
    struct disk_file *f = file_of(shim);
    struct disk *d = f->disk;
    bool failed = fault_now(d, CALL_SYNC) != FAULT_NONE;
    (void)flags;
    if (d->dead)
        return SQLITE_IOERR_FSYNC;
    struct disk_op *op = record(d, DISK_SYNC, f->name, f->inode);
    op->failed = failed;
    op->names = !failed && f->names_due;
    if (!failed) {
        f->names_due = false;
        return SQLITE_OK;
    }
    op->fate = ++d->fates + (d->fault.first << 8);
    if (d->fault.forget)
        replay_forget(d, f->inode);
    return SQLITE_IOERR_FSYNC;
}

static int file_size(sqlite3_file *shim, sqlite3_int64 *size)
{
    struct disk_file *f = file_of(shim);
    if (fault_now(f->disk, CALL_SIZE) != FAULT_NONE)
        return SQLITE_IOERR_FSTAT;
    *size = (sqlite3_int64)f->disk->live[f->inode].n;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *shim, int level)
{
    (void)shim;
    (void)level;
    return SQLITE_OK;
}

static int file_check_lock(sqlite3_file *shim, int *out)
{
    (void)shim;
    *out = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *shim, int op, void *arg)
{
    (void)shim;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *shim)
{
    (void)shim;
    return 4096;
}

static int file_traits(sqlite3_file *shim)
{
    (void)shim;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_traits,
};

/* ---- the layer ----------------------------------------------------------- */

/* Which file a path means; DISK_NAMES: none of ours. */
static enum disk_name name_of(const char *path)
{
    const char *last = path ? strrchr(path, '/') : NULL;
    if (last && strcmp(last, "/data") == 0)
        return DISK_DATA;
    return last && strcmp(last, "/data-wal") == 0 ? DISK_LOG : DISK_NAMES;
}

static int layer_open(sqlite3_vfs *layer, const char *path, sqlite3_file *out,
                      int flags, int *out_flags)
{
    struct disk *d = inserted;
    struct disk_file *f = file_of(out);
    enum disk_name name = name_of(path);
    (void)layer;
    memset(f, 0, sizeof *f);
    if (name == DISK_NAMES) {
        d->stray = "a file of another name was opened";
        return SQLITE_CANTOPEN;
    }
    enum disk_fault_kind fault = fault_now(d, CALL_OPEN);
    if (fault != FAULT_NONE && fault != FAULT_READONLY)
        return SQLITE_CANTOPEN;
    bool create = (flags & SQLITE_OPEN_CREATE) != 0;
    if (d->inode_of[name] < 0) {
        if (!create || fault == FAULT_READONLY) {
            d->last_errno = fault == FAULT_READONLY ? EROFS : ENOENT;
            return SQLITE_CANTOPEN;
        }
        CHECK(d->inodes_count < DISK_INODES_MAX);
        d->inode_of[name] = (int)d->inodes_count++;
        record(d, DISK_CREATE, name, (uint32_t)d->inode_of[name]);
    }
    f->disk = d;
    f->name = name;
    f->inode = (uint32_t)d->inode_of[name];
    f->names_due = create && name == DISK_LOG; /* as SQLite's own layer does */
    f->readonly = fault == FAULT_READONLY;
    f->base.pMethods = &file_methods;
    if (out_flags)
        *out_flags = f->readonly
                         ? (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) |
                               SQLITE_OPEN_READONLY
                         : flags;
    return SQLITE_OK;
}

static int layer_delete(sqlite3_vfs *layer, const char *path, int sync_names)
{
    struct disk *d = inserted;
    enum disk_name name = name_of(path);
    (void)layer;
    if (name != DISK_LOG) {
        d->stray = "something else than the log was deleted";
        return SQLITE_IOERR_DELETE;
    }
    if (fault_now(d, CALL_DELETE) != FAULT_NONE)
        return SQLITE_IOERR_DELETE;
    if (d->inode_of[name] < 0)
        return SQLITE_IOERR_DELETE_NOENT;
    record(d, DISK_DELETE, name, (uint32_t)d->inode_of[name])->names = sync_names != 0;
    d->inode_of[name] = -1;
    return SQLITE_OK;
}

static int layer_access(sqlite3_vfs *layer, const char *path, int flags, int *out)
{
    struct disk *d = inserted;
    enum disk_name name = name_of(path);
    (void)layer;
    (void)flags;
    if (fault_now(d, CALL_ACCESS) != FAULT_NONE)
        return SQLITE_IOERR_ACCESS;
    /* SQLite's own layer counts an empty file as none. */
    *out = name != DISK_NAMES && d->inode_of[name] >= 0 &&
           (flags != SQLITE_ACCESS_EXISTS || d->live[d->inode_of[name]].n > 0);
    return SQLITE_OK;
}

static int layer_full_path(sqlite3_vfs *layer, const char *path, int n, char *out)
{
    (void)layer;
    int wrote = snprintf(out, (size_t)n, "%s", path);
    return wrote >= 0 && wrote < n ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int layer_randomness(sqlite3_vfs *layer, int n, char *out)
{
    (void)layer;
    memset(out, 0, (size_t)n); /* kring's layer draws its own */
    return n;
}

static int layer_sleep(sqlite3_vfs *layer, int us)
{
    (void)layer;
    return us;
}

static int layer_time(sqlite3_vfs *layer, double *out)
{
    (void)layer;
    *out = 2461000.5;
    return SQLITE_OK;
}

static int layer_last_error(sqlite3_vfs *layer, int n, char *out)
{
    (void)layer;
    (void)n;
    (void)out;
    return inserted->last_errno;
}

static sqlite3_vfs layer = {
    .iVersion = 1,
    .szOsFile = (int)sizeof(struct disk_file),
    .mxPathname = 512,
    .zName = "recording disk",
    .xOpen = layer_open,
    .xDelete = layer_delete,
    .xAccess = layer_access,
    .xFullPathname = layer_full_path,
    .xRandomness = layer_randomness,
    .xSleep = layer_sleep,
    .xCurrentTime = layer_time,
    .xGetLastError = layer_last_error,
};

/* ---- the life of a disk -------------------------------------------------- */

struct disk *disk_new(const char *folder, const struct disk_image *image)
{
    struct disk *d = calloc(1, sizeof *d);
    CHECK(d != NULL);
    (void)snprintf(d->folder, sizeof d->folder, "%s", folder);
    for (int i = 0; i < DISK_NAMES; i++) {
        d->inode_of[i] = -1;
        if (!image || !image->there[i])
            continue;
        uint32_t inode = d->inodes_count++;
        d->inode_of[i] = (int)inode;
        disk_file_write(&d->live[inode], 0, BUF_BYTES(&image->bytes[i]));
    }
    if (image)
        disk_image_copy(&d->base, image);
    return d;
}

void disk_insert(struct disk *d)
{
    inserted = d;
    CHECK(sqlite3_vfs_register(&layer, 1) == SQLITE_OK);
}

void disk_withdraw(void)
{
    CHECK(sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1) == SQLITE_OK);
}

static const char *const names[DISK_NAMES] = {"data", "data-wal"};

void disk_see(struct disk *d)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s", d->folder, names[DISK_DATA]);
    for (int i = 0; i < DISK_NAMES && access(path, F_OK) != 0; i++) {
        if (d->inode_of[i] >= 0)
            record(d, DISK_DELETE, (enum disk_name)i, (uint32_t)d->inode_of[i]);
        d->inode_of[i] = -1;
    }
}

void disk_show(const struct disk *d)
{
    char path[600];
    for (int i = 0; i < DISK_NAMES; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", d->folder, names[i]);
        (void)unlink(path);
        if (d->inode_of[i] < 0)
            continue;
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        CHECK(fd >= 0);
        CHECK(ftruncate(fd, (off_t)d->live[d->inode_of[i]].n) == 0);
        (void)close(fd);
    }
}

void disk_fail(struct disk *d, const struct disk_fault *fault)
{
    memset(d->calls, 0, sizeof d->calls);
    d->fault = *fault;
    d->active = false;
}

void disk_free(struct disk *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->ops_count; i++)
        buf_free(&d->ops[i].bytes);
    for (uint32_t i = 0; i < d->inodes_count; i++)
        buf_free(&d->live[i]);
    free(d->ops);
    disk_image_free(&d->base);
    if (inserted == d)
        inserted = NULL;
    free(d);
}
