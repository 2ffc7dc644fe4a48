/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* temp.h -- a private folder for a test that writes files, and whole files as bytes.
 *
 *     temp_make -> { temp_path, temp_read, temp_write }* -> temp_remove
 */
#ifndef TESTS_LIB_TEMP_H
#define TESTS_LIB_TEMP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/check.h"

enum { TEMP_PATH_BYTES = 512, TEMP_FILE_BYTES_MAX = 64 << 20 };

/* A new folder only we may enter; in memory where there is such a place, since no test
 * here is about a disk that loses power, and hundreds of syncs are slow. */
static inline void temp_make(char dir[static TEMP_PATH_BYTES])
{
    const char *base = getenv("TMPDIR");
    if (!base)
        base = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
    int n = snprintf(dir, TEMP_PATH_BYTES, "%s/kring-test-XXXXXX", base);
    CHECK(n > 0 && n < TEMP_PATH_BYTES - 64 && mkdtemp(dir) != NULL);
}

/* The path of `name` in `dir`. */
static inline void temp_path(char out[static TEMP_PATH_BYTES], const char *dir,
                             const char *name)
{
    int n = snprintf(out, TEMP_PATH_BYTES, "%s/%s", dir, name);
    CHECK(n > 0 && n < TEMP_PATH_BYTES);
}

/* All of a file, given to the caller; empty when there is none. */
static inline struct buf temp_read(const char *dir, const char *name)
{
    char path[TEMP_PATH_BYTES];
    uint8_t part[8192];
    struct buf out = {0};
    temp_path(path, dir, name);
    FILE *f = fopen(path, "rb");
    for (size_t n = 1; f && n > 0;) {
        n = fread(part, 1, sizeof part, f);
        CHECK(buf_append(&out, BYTES(part, n), TEMP_FILE_BYTES_MAX) == 0);
    }
    if (f)
        (void)fclose(f);
    return out;
}

/* Make or replace a file. */
static inline void temp_write(const char *dir, const char *name, struct bytes b)
{
    char path[TEMP_PATH_BYTES];
    temp_path(path, dir, name);
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(b.p, 1, b.n, f) == b.n);
    CHECK(fclose(f) == 0);
}

/* Remove one file; it need not be there. */
static inline void temp_unlink(const char *dir, const char *name)
{
    char path[TEMP_PATH_BYTES];
    temp_path(path, dir, name);
    (void)unlink(path);
}

/* Remove the folder with the files in it. */
static inline void temp_remove(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        if (e->d_name[0] != '.')
            temp_unlink(dir, e->d_name);
    if (d)
        (void)closedir(d);
    (void)rmdir(dir);
}

#endif
