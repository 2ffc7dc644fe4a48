/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* panic.c -- the mark, the slots, the files. */
#include "node/host/panic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "crypto/slots.h"
#include "node/host/socket_path.h"
#include "store/files.h"

enum {
    SALT_BYTES = 28,
    CHECK_MASK = 0xfff,
    PATH_BYTES = 256, /* of a socket */
};

/* ---- the mark ------------------------------------------------------------ */

static uint16_t check_of(const uint8_t *salt, struct bytes word)
{
    struct bytes part = BYTES(salt, SALT_BYTES);
    uint8_t key[32], out[32];
    hash32(key, "panic salt", &part, 1);
    kdf(out, "panic", key, &word, 1);
    uint16_t check = get_u16(out + 30) & CHECK_MASK;
    wipe(out, sizeof out);
    return check;
}

bool panic_is_enabled(const char *home)
{
    return files_exist(home, "mark");
}

static int mark_write(const char *path, const uint8_t mark[static PANIC_MARK_BYTES])
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return files_error();
    int err = files_write(fd, BYTES(mark, PANIC_MARK_BYTES));
    if (!err && fsync(fd) != 0)
        err = files_error();
    if (close(fd) != 0 && !err)
        err = files_error();
    return err;
}

int panic_enable(const char *home, struct bytes word, const struct entropy *entropy)
{
    char fresh[FILES_PATH_BYTES_MAX];
    uint8_t mark[PANIC_MARK_BYTES];
    int err = files_path(fresh, home, "mark-new");
    if (err)
        return err;
    entropy_fill(entropy, mark, sizeof mark);
    uint16_t noise = get_u16(mark + SALT_BYTES) & (uint16_t)~CHECK_MASK;
    put_u16(mark + SALT_BYTES, (uint16_t)(noise | check_of(mark, word)));
    err = mark_write(fresh, mark);
    if (!err)
        err = files_move(home, "mark-new", home, "mark");
    if (err)
        (void)unlink(fresh);
    return err;
}

int panic_check(const char *home, struct bytes word)
{
    char path[FILES_PATH_BYTES_MAX];
    uint8_t mark[PANIC_MARK_BYTES];
    int err = files_path(path, home, "mark");
    if (err)
        return err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
    err = files_read(fd, mark, sizeof mark);
    (void)close(fd);
    if (err)
        return err == ERR_TRUNCATED ? ERR_DAMAGED : err;
    uint16_t want = get_u16(mark + SALT_BYTES) & CHECK_MASK;
    return check_of(mark, word) == want ? 0 : ERR_PASSPHRASE;
}

/* ---- destroying ---------------------------------------------------------- */

/* Noise over a file that is there, in place, on the disk for certain. */
static int file_destroy(const char *path, const struct entropy *entropy)
{
    uint8_t noise[SLOTS_FILE_BYTES];
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : files_error();
    entropy_fill(entropy, noise, sizeof noise);
    int err = files_write(fd, BYTES_OF(noise));
    if (!err && fsync(fd) != 0)
        err = files_error();
    if (close(fd) != 0 && !err)
        err = files_error();
    return err;
}

int panic_disable(const char *home, const struct entropy *entropy)
{
    char path[FILES_PATH_BYTES_MAX];
    int err = files_path(path, home, "mark");
    if (err || !panic_is_enabled(home))
        return err;
    err = file_destroy(path, entropy);
    if (!err && unlink(path) != 0)
        err = files_error();
    return err ? err : files_sync_dir(home);
}

static bool begins_with(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

/* Do `act` to every entry of a folder that kring made; the first error is returned, and
 * none stops it. */
static int each_file(const char *dir, int (*act)(void *ctx, const char *path),
                     void *ctx, bool slots_only)
{
    static const char *const ours[] = {"slots", "data", "mark", "control"};
    char path[FILES_PATH_BYTES_MAX];
    int err = 0;
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT || errno == ENOTDIR ? 0 : files_error();
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        size_t i = 0, count = slots_only ? 1 : sizeof ours / sizeof *ours;
        while (i < count && !begins_with(e->d_name, ours[i]))
            i++;
        if (i == count)
            continue;
        int got = files_path(path, dir, e->d_name);
        if (!got)
            got = act(ctx, path);
        err = err ? err : got;
    }
    (void)closedir(d);
    return err;
}

/* The folder of a restoring that was cut short, beside; that of a making, inside. */
static int folders_of(const char *home, char restoring[static FILES_PATH_BYTES_MAX],
                      char making[static FILES_PATH_BYTES_MAX])
{
    size_t n = strlen(home);
    while (n > 1 && home[n - 1] == '/')
        n--;
    int got = snprintf(restoring, FILES_PATH_BYTES_MAX, "%.*s.restoring", (int)n, home);
    if (got < 0 || got >= FILES_PATH_BYTES_MAX)
        return ERR_TOOBIG;
    return files_path(making, home, "making");
}

static int destroy_one(void *ctx, const char *path)
{
    return file_destroy(path, ctx);
}

int panic_destroy(const char *home, const struct entropy *entropy)
{
    char restoring[FILES_PATH_BYTES_MAX], making[FILES_PATH_BYTES_MAX];
    struct entropy e = *entropy;
    int err = folders_of(home, restoring, making);
    if (err)
        return err;
    if (!files_exist(home, "slots"))
        return ERR_NOSTORE;
    const char *const dirs[] = {home, making, restoring};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        int got = each_file(dirs[i], destroy_one, &e, true);
        err = err ? err : got;
    }
    return err;
}

static int remove_one(void *ctx, const char *path)
{
    (void)ctx;
    return unlink(path) == 0 ? 0 : files_error();
}

bool panic_clear(const char *home)
{
    char restoring[FILES_PATH_BYTES_MAX], making[FILES_PATH_BYTES_MAX];
    char socket[PATH_BYTES];
    if (folders_of(home, restoring, making))
        return false;
    if (socket_path(home, false, socket, sizeof socket) == 0)
        (void)unlink(socket);
    const char *const dirs[] = {making, restoring, home};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
        (void)!each_file(dirs[i], remove_one, NULL, false);
        (void)rmdir(dirs[i]);
    }
    (void)!files_sync_parent(home);
    return access(home, F_OK) != 0;
}
