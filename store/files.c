/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* files.c -- whole files of a profile. */
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where an open store locks its file (PENDING_BYTE of SQLite, and what follows). */
enum { LOCK_AT = 0x40000000, LOCK_BYTES = 512, COPY_BYTES = 65536 };

int files_error(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR: return ERR_NOSTORE;
    case EEXIST:
    case ENOTEMPTY: return ERR_EXISTS;
    case EROFS:
    case EACCES:
    case EPERM: return ERR_READONLY;
    case ENOSPC:
    case EDQUOT: return ERR_DISKFULL;
    case ENOMEM: return ERR_NOMEM;
    case ENAMETOOLONG: return ERR_TOOBIG;
    default: return ERR_IO;
    }
}

int files_path(char out[static FILES_PATH_BYTES_MAX], const char *dir, const char *name)
{
    int n = snprintf(out, FILES_PATH_BYTES_MAX, "%s/%s", dir, name);
    return n < 0 || n >= FILES_PATH_BYTES_MAX ? ERR_TOOBIG : 0;
}

/* A lock of the open file, not of the process: it meets those of SQLite, and closing
 * another descriptor of the same file does not drop it. */
int files_lock(int fd)
{
    struct flock lock = {.l_type = F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = LOCK_AT,
                         .l_len = LOCK_BYTES};
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES ? ERR_INUSE : ERR_IO;
}

int files_write(int fd, struct bytes b)
{
    while (b.n > 0) {
        ssize_t got = write(fd, b.p, b.n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? ERR_IO : files_error();
        b.p += got;
        b.n -= (size_t)got;
    }
    return 0;
}

int files_read(int fd, uint8_t *out, size_t n)
{
    while (n > 0) {
        ssize_t got = read(fd, out, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? ERR_TRUNCATED : ERR_IO;
        out += got;
        n -= (size_t)got;
    }
    return 0;
}

int files_sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return files_error();
    int err = fsync(fd) == 0 ? 0 : files_error();
    (void)close(fd);
    return err;
}

int files_sync_parent(const char *path)
{
    char dir[FILES_PATH_BYTES_MAX];
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') /* "home/" is called home */
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n >= sizeof dir)
        return ERR_TOOBIG;
    memcpy(dir, n > 0 ? path : ".", n > 0 ? n : 1);
    dir[n > 0 ? n : 1] = '\0';
    return files_sync_dir(dir);
}

int files_make_parents(const char *path)
{
    char dir[FILES_PATH_BYTES_MAX];
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    if (n >= sizeof dir)
        return ERR_TOOBIG;
    memcpy(dir, path, n);
    dir[n] = '\0';
    for (size_t i = 1; i < n; i++) {
        if (dir[i] != '/')
            continue;
        dir[i] = '\0';
        if (mkdir(dir, 0700) != 0 && errno != EEXIST)
            return files_error();
        dir[i] = '/';
    }
    return 0;
}

bool files_exist(const char *dir, const char *name)
{
    char path[FILES_PATH_BYTES_MAX];
    return files_path(path, dir, name) == 0 && access(path, F_OK) == 0;
}

int files_move(const char *from_dir, const char *from, const char *to_dir,
               const char *to)
{
    char a[FILES_PATH_BYTES_MAX], b[FILES_PATH_BYTES_MAX];
    int err = files_path(a, from_dir, from);
    if (!err)
        err = files_path(b, to_dir, to);
    if (!err && rename(a, b) != 0)
        err = files_error();
    return err ? err : files_sync_dir(to_dir);
}

/* Some file systems cannot rename without replacing: there the name is looked at. */
int files_rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return files_error();
    if (access(to, F_OK) == 0)
        return ERR_EXISTS;
    return rename(from, to) == 0 ? 0 : files_error();
}

static int copy_bytes(int from, int to)
{
    static uint8_t part[COPY_BYTES];
    for (;;) {
        ssize_t got = read(from, part, sizeof part);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? 0 : ERR_IO;
        int err = files_write(to, BYTES(part, (size_t)got));
        if (err)
            return err;
    }
}

static int copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return files_error();
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int err = out < 0 ? files_error() : copy_bytes(in, out);
    if (!err && fsync(out) != 0)
        err = files_error();
    (void)close(in);
    if (out >= 0 && close(out) != 0 && !err)
        err = files_error();
    if (err && err != ERR_EXISTS)
        (void)unlink(to);
    return err;
}

int files_keep(const char *dir, const char *name, const char *copy)
{
    char from[FILES_PATH_BYTES_MAX], to[FILES_PATH_BYTES_MAX];
    int err = files_path(from, dir, name);
    if (!err)
        err = files_path(to, dir, copy);
    if (err)
        return err;
    if (link(from, to) == 0 || errno == ENOENT)
        return 0;
    if (errno == EEXIST)
        return ERR_EXISTS;
    err = copy_file(from, to);
    return err == ERR_NOSTORE ? 0 : err; /* some refuse before they look */
}

/* ---- the exchange -------------------------------------------------------- */

static int unlink_in(const char *dir, const char *name)
{
    char path[FILES_PATH_BYTES_MAX];
    int err = files_path(path, dir, name);
    if (!err && unlink(path) != 0 && errno != ENOENT)
        err = files_error();
    return err;
}

int files_swap_commit(const char *dir)
{
    char path[FILES_PATH_BYTES_MAX];
    int err = files_path(path, dir, "data-making");
    if (err)
        return err;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return files_error();
    if (fsync(fd) != 0)
        err = files_error();
    (void)close(fd);
    return err ? err : files_move(dir, "data-making", dir, "data-new");
}

/* The old log goes first: what follows must never be read beside the new database. */
static int swap_do(const char *dir)
{
    int err = unlink_in(dir, "data-wal");
    if (!err)
        err = files_sync_dir(dir);
    return err ? err : files_move(dir, "data-new", dir, "data");
}

int files_swap_finish(const char *dir)
{
    char path[FILES_PATH_BYTES_MAX];
    int err = files_path(path, dir, "data");
    if (err || !files_exist(dir, "data-new"))
        return err;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        return files_error();
    if (fd >= 0)
        err = files_lock(fd);
    if (!err &&
        files_exist(dir, "data-new")) /* another process may have been quicker */
        err = swap_do(dir);
    if (fd >= 0)
        (void)close(fd);
    return err;
}

void files_swap_forget(const char *dir)
{
    (void)!unlink_in(dir, "data-making");
    (void)!unlink_in(dir, "data-making-wal");
}
