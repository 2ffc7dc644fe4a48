/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* restore.c -- a backup becomes a profile: made beside, then renamed as a whole. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/host/doctor.h"
#include "node/host/doctor_int.h"
#include "store/backup.h"
#include "store/files.h"
#include "store/store.h"

/* 0 if there is nothing at `home` or an empty folder. */
static int home_is_free(const char *home)
{
    DIR *d = opendir(home);
    if (!d)
        return errno == ENOENT ? 0 : errno == ENOTDIR ? ERR_EXISTS : files_error();
    int err = 0;
    for (struct dirent *e = readdir(d); e && !err; e = readdir(d))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            err = ERR_EXISTS;
    (void)closedir(d);
    return err;
}

void restore_forget(const char *making)
{
    static const char *const names[] = {"slots", "data", "data-wal"};
    char path[FILES_PATH_BYTES_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (files_path(path, making, names[i]) == 0)
            (void)unlink(path);
    (void)rmdir(making); /* only when nothing else is in it */
}

int restore_begin(const char *file, const char *home,
                  char making[static RESTORE_PATH_BYTES])
{
    size_t n = strlen(home);
    while (n > 1 && home[n - 1] == '/')
        n--;
    int got = snprintf(making, RESTORE_PATH_BYTES, "%.*s.restoring", (int)n, home);
    if (n == 0 || got < 0 || got >= RESTORE_PATH_BYTES)
        return ERR_TOOBIG;
    int err = home_is_free(home);
    if (!err)
        err = files_make_parents(home);
    if (err)
        return err;
    restore_forget(making); /* of a time before that was cut short */
    err = backup_begin(file, making);
    if (err && err != ERR_EXISTS)
        restore_forget(making);
    return err;
}

/* Nothing counts before every page opened, the rows fit, and the core loads. */
static int prove(const char *making, const uint8_t *data_key,
                 struct mend_report *report)
{
    struct care c = {0};
    struct store *s = NULL;
    int err = care_begin(&c);
    if (!err)
        err = store_open(&s, making, data_key, &c.entropy);
    if (!err)
        err = store_check(s);
    if (!err)
        err = care_step(&c, s, mend_mark, report);
    if (!err)
        err = store_settle(s); /* the log is cut off: the database is all there is */
    store_close(s);
    care_end(&c);
    return err;
}

int restore_finish(const char *file, const char *home, const char *making,
                   const uint8_t data_key[static 32], struct mend_report *report)
{
    *report = (struct mend_report){0};
    int err = backup_fill(file, making, data_key);
    if (!err)
        err = prove(making, data_key, report);
    if (!err)
        err = files_sync_dir(making);
    if (!err && rename(making, home) != 0)
        err = files_error();
    if (!err)
        return files_sync_parent(home);
    restore_forget(making);
    return err;
}
