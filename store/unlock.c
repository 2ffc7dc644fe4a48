/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* unlock.c -- the profile folder and its key-slot file.
 *
 * The slot file `slots` has 800 random-looking bytes.  It is written whole, synced, and
 * renamed into place, so that a power cut leaves the old one or the new one.
 */
#include "store/unlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/slots.h"

enum { PATH_BYTES_MAX = 4096 };

static int errno_err(int fallback)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT: return ERR_DISKFULL;
    case EROFS:
    case EACCES:
    case EPERM: return ERR_READONLY;
    case ENOENT:
    case ENOTDIR: return ERR_NOSTORE;
    case ENOMEM: return ERR_NOMEM;
    case ENAMETOOLONG: return ERR_TOOBIG;
    default: return fallback;
    }
}

static int path_of(char out[static PATH_BYTES_MAX], const char *dir, const char *name)
{
    int n = snprintf(out, PATH_BYTES_MAX, "%s/%s", dir, name);
    return n < 0 || n >= PATH_BYTES_MAX ? ERR_TOOBIG : 0;
}

/* Make `dir` and its parents, 0700. */
static int folder_make(const char *dir)
{
    char path[PATH_BYTES_MAX];
    size_t n = strlen(dir);
    if (n == 0 || n >= sizeof path)
        return ERR_TOOBIG;
    memcpy(path, dir, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        char kept = path[i];
        path[i] = 0;
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return errno_err(ERR_IO);
        path[i] = kept;
    }
    return 0;
}

static int folder_sync(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno_err(ERR_IO);
    int err = fsync(fd) == 0 ? 0 : errno_err(ERR_IO);
    close(fd);
    return err;
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t got = write(fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return errno_err(ERR_IO);
        p += got;
        n -= (size_t)got;
    }
    return 0;
}

static int read_all(int fd, uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t got = read(fd, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return ERR_IO;
        p += got;
        n -= (size_t)got;
    }
    return 0;
}

static int slots_read(const char *dir, uint8_t file[static SLOTS_FILE_BYTES])
{
    char path[PATH_BYTES_MAX];
    struct stat st;
    int err = path_of(path, dir, "slots");
    if (err)
        return err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno_err(ERR_IO);
    if (fstat(fd, &st) != 0 || st.st_size != SLOTS_FILE_BYTES)
        err = ERR_DAMAGED;
    else
        err = read_all(fd, file, SLOTS_FILE_BYTES);
    close(fd);
    return err;
}

/* Write beside, sync, rename over. */
static int slots_write(const char *dir, const uint8_t file[static SLOTS_FILE_BYTES])
{
    char path[PATH_BYTES_MAX], fresh[PATH_BYTES_MAX];
    int err = path_of(path, dir, "slots");
    if (!err)
        err = path_of(fresh, dir, "slots-new");
    if (err)
        return err;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno_err(ERR_IO);
    err = write_all(fd, file, SLOTS_FILE_BYTES);
    if (!err && fsync(fd) != 0)
        err = errno_err(ERR_IO);
    if (close(fd) != 0 && !err)
        err = errno_err(ERR_IO);
    if (!err && rename(fresh, path) != 0)
        err = errno_err(ERR_IO);
    if (err)
        (void)unlink(fresh);
    return err ? err : folder_sync(dir);
}

/* The child: stretch, write an answer byte and the key, and go without a trace. */
static _Noreturn void child(int fd, struct bytes canonical, const uint8_t *file,
                            unsigned rung)
{
    uint8_t answer[33] = {0};
    answer[0] = slots_stretch(answer + 1, canonical, file, rung) == 0;
    int err = write_all(fd, answer, sizeof answer);
    wipe(answer, sizeof answer);
    _exit(err ? 1 : 0);
}

/* Stretch in a child process.  ERR_NOMEM: the memory is not to be had. */
static int stretch(uint8_t kek[static 32], struct bytes canonical, const uint8_t *file,
                   unsigned rung)
{
    int ends[2], status = 0;
    uint8_t answer[33] = {0};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno_err(ERR_SYSTEM);
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return errno_err(ERR_SYSTEM);
    }
    if (pid == 0)
        child(ends[1], canonical, file, rung);
    close(ends[1]);
    int err = read_all(ends[0], answer, sizeof answer);
    close(ends[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (err || answer[0] != 1)
        err = ERR_NOMEM; /* killed for its memory, or refused it */
    else
        memcpy(kek, answer + 1, 32);
    wipe(answer, sizeof answer);
    return err;
}

static int slots_make(const char *dir, const uint8_t data_key[static 32],
                      struct bytes canonical, bool small, const struct entropy *entropy)
{
    uint8_t file[SLOTS_FILE_BYTES], kek[32];
    entropy_fill(entropy, file, 32);
    int err = stretch(kek, canonical, file, small ? 0 : 1);
    if (err == ERR_NOMEM && !small)
        err = stretch(kek, canonical, file, 0);
    if (!err) {
        slots_create(file, kek, data_key, entropy);
        err = slots_write(dir, file);
    }
    wipe(kek, sizeof kek);
    return err;
}

int unlock_create(const char *dir, struct bytes canonical, bool small,
                  const struct entropy *entropy, uint8_t data_key[static 32])
{
    char path[PATH_BYTES_MAX];
    int err = path_of(path, dir, "slots");
    if (!err)
        err = folder_make(dir);
    if (!err && access(path, F_OK) == 0)
        err = ERR_EXISTS;
    if (err)
        return err == ERR_NOSTORE ? ERR_READONLY : err;
    entropy_fill(entropy, data_key, 32);
    err = slots_make(dir, data_key, canonical, small, entropy);
    if (err)
        wipe(data_key, 32);
    return err;
}

int unlock_open(const char *dir, struct bytes canonical, uint8_t data_key[static 32])
{
    uint8_t file[SLOTS_FILE_BYTES], kek[32];
    unsigned slot = 0;
    bool short_of_memory = false;
    int err = slots_read(dir, file);
    if (err)
        return err;
    err = ERR_PASSPHRASE;
    /* P11.1: every rung is tried until one opens; a wrong passphrase pays for all. */
    for (unsigned rung = 0; rung < SLOTS_RUNGS && err == ERR_PASSPHRASE; rung++) {
        int got = stretch(kek, canonical, file, rung);
        if (got == ERR_NOMEM) {
            short_of_memory = true;
            continue;
        }
        err = got ? got : slots_open(file, kek, data_key, &slot);
    }
    wipe(kek, sizeof kek);
    return err == ERR_PASSPHRASE && short_of_memory ? ERR_NOMEM : err;
}

int unlock_change(const char *dir, const uint8_t data_key[static 32],
                  struct bytes canonical, bool small, const struct entropy *entropy)
{
    return slots_make(dir, data_key, canonical, small, entropy);
}
