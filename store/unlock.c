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
#include <unistd.h>

#include "base/limits.h"
#include "store/files.h"
#include "store/forget.h"
#include "store/stretch.h"

/* Make `dir` and its parents, 0700. */
static int folder_make(const char *dir)
{
    int err = dir[0] ? files_make_parents(dir) : ERR_TOOBIG;
    if (!err && mkdir(dir, 0700) != 0 && errno != EEXIST)
        err = files_error();
    return err;
}

int unlock_read_slots(const char *dir, uint8_t file[static SLOTS_FILE_BYTES])
{
    char path[FILES_PATH_BYTES_MAX];
    struct stat st;
    int err = files_path(path, dir, "slots");
    if (err)
        return err;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return files_error();
    if (fstat(fd, &st) != 0 || st.st_size != SLOTS_FILE_BYTES)
        err = ERR_DAMAGED;
    else if (files_read(fd, file, SLOTS_FILE_BYTES))
        err = ERR_IO;
    (void)close(fd);
    return err;
}

/* Make `fresh` with its bytes on the disk for certain. */
static int file_write(const char *fresh, const uint8_t file[static SLOTS_FILE_BYTES])
{
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return files_error();
    int err = files_write(fd, BYTES(file, SLOTS_FILE_BYTES));
    if (!err && fsync(fd) != 0)
        err = files_error();
    if (close(fd) != 0 && !err)
        err = files_error();
    return err;
}

/* Overwrite what an old passphrase opens; the file has no name any more.  Flash and
 * copying file systems may keep the old blocks all the same (docs/storage.md). */
static void file_shred(int fd, const struct entropy *entropy)
{
    uint8_t noise[SLOTS_FILE_BYTES];
    entropy_fill(entropy, noise, sizeof noise);
    if (files_write(fd, BYTES_OF(noise)) == 0)
        (void)fsync(fd);
}

/* Write beside, sync, rename over, shred the old one. */
static int slots_write(const char *dir, const uint8_t file[static SLOTS_FILE_BYTES],
                       const struct entropy *entropy)
{
    char path[FILES_PATH_BYTES_MAX], fresh[FILES_PATH_BYTES_MAX];
    int err = files_path(path, dir, "slots");
    if (!err)
        err = files_path(fresh, dir, "slots-new");
    if (err)
        return err;
    int old = open(path, O_WRONLY | O_CLOEXEC);
    err = file_write(fresh, file);
    if (!err && rename(fresh, path) != 0)
        err = files_error();
    if (err)
        (void)unlink(fresh);
    else
        err = files_sync_dir(dir);
    if (old >= 0 && !err)
        file_shred(old, entropy);
    if (old >= 0)
        (void)close(old);
    return err;
}

/* ---- stretching in a child ----------------------------------------------- */

/* A passphrase in memory of our own: what the caller holds may lie in a region that a
 * child does not inherit (crypto/arena.h). */
struct phrase {
    uint8_t bytes[LIMIT_PASSPHRASE_BYTES_MAX];
    size_t n;
};

/* What the child works on. */
struct work {
    const struct phrase *phrase;
    const uint8_t *file;
    unsigned rung;
};

static int work_do(uint8_t out[static STRETCH_BYTES], const void *input)
{
    const struct work *w = input;
    return slots_stretch(out, BYTES(w->phrase->bytes, w->phrase->n), w->file, w->rung);
}

/* Stretch in a child process.  Errors of stretch_begin and stretch_end. */
static int stretch(uint8_t kek[static 32], const struct phrase *phrase,
                   const uint8_t *file, unsigned rung)
{
    struct work work = {phrase, file, rung};
    struct stretch child;
    int err = stretch_begin(&child, work_do, &work);
    return err ? err : stretch_end(&child, kek);
}

static int phrase_of(struct phrase *p, struct bytes canonical)
{
    if (canonical.n > sizeof p->bytes)
        return ERR_TOOBIG;
    p->n = canonical.n;
    if (canonical.n > 0)
        memcpy(p->bytes, canonical.p, canonical.n);
    return 0;
}

/* ---- the slot file ------------------------------------------------------- */

static int slots_make(const char *dir, const uint8_t data_key[static 32],
                      struct bytes canonical, bool small, const struct entropy *entropy)
{
    uint8_t file[SLOTS_FILE_BYTES], kek[32] = {0};
    struct phrase phrase = {0};
    int err = phrase_of(&phrase, canonical);
    if (err)
        return err;
    entropy_fill(entropy, file, 32); /* the salt */
    err = stretch(kek, &phrase, file, small ? 0 : 1);
    if (err == ERR_NOMEM && !small)
        err = stretch(kek, &phrase, file, 0);
    if (!err) {
        slots_create(file, kek, data_key, entropy);
        err = slots_write(dir, file, entropy);
    }
    wipe(kek, sizeof kek);
    wipe(&phrase, sizeof phrase);
    forget_stack();
    return err;
}

int unlock_create(const char *dir, struct bytes canonical, bool small,
                  const struct entropy *entropy, uint8_t data_key[static 32])
{
    char path[FILES_PATH_BYTES_MAX];
    int err = files_path(path, dir, "slots");
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

int unlock_open(const char *dir, struct bytes canonical, uint8_t data_key[static 32],
                unsigned *slot)
{
    uint8_t file[SLOTS_FILE_BYTES], kek[32] = {0};
    struct phrase phrase = {0};
    unsigned opened = 0;
    bool short_of_memory = false;
    int err = unlock_read_slots(dir, file);
    if (!err)
        err = phrase_of(&phrase, canonical);
    if (err)
        return err;
    err = ERR_PASSPHRASE;
    /* P11.1: a wrong passphrase pays for every rung, whatever the file holds. */
    for (unsigned rung = 0; rung < SLOTS_RUNGS && err == ERR_PASSPHRASE; rung++) {
        int got = stretch(kek, &phrase, file, rung);
        if (got == ERR_NOMEM)
            short_of_memory = true;
        else
            err = got ? got : slots_open(file, kek, data_key, &opened);
    }
    if (!err && slot)
        *slot = opened;
    wipe(kek, sizeof kek);
    wipe(&phrase, sizeof phrase);
    forget_stack();
    return err == ERR_PASSPHRASE && short_of_memory ? ERR_NOMEM : err;
}

int unlock_mend(const char *dir, const uint8_t data_key[static 32], unsigned slot,
                const struct entropy *entropy, unsigned *damaged)
{
    uint8_t file[SLOTS_FILE_BYTES];
    int err = unlock_read_slots(dir, file);
    *damaged = 0;
    if (err)
        return err;
    unsigned bits = slots_damaged(file, data_key, slot);
    *damaged = (unsigned)__builtin_popcount(bits);
    if (bits == 0)
        return 0;
    slots_mend(file, data_key, slot);
    return slots_write(dir, file, entropy);
}

int unlock_change(const char *dir, const uint8_t data_key[static 32],
                  struct bytes canonical, bool small, const struct entropy *entropy)
{
    char path[FILES_PATH_BYTES_MAX];
    int err = files_path(path, dir, "slots");
    if (err)
        return err;
    if (access(path, F_OK) != 0)
        return files_error();
    return slots_make(dir, data_key, canonical, small, entropy);
}
