/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* talkless.c -- rows into a copy, talk gone in the copy, the copy into a file. */
#include "node/host/talkless.h"

#include <unistd.h>

#include "node/host/api.h"
#include "node/host/doctor_int.h"
#include "store/backup.h"
#include "store/copy.h"
#include "store/store.h"

int talkless_backup(const char *home, struct store *s, const char *path,
                    const uint8_t data_key[static 32], uint64_t *bytes)
{
    struct care c = {0};
    struct mend_report report;
    struct store *copy = NULL;
    if (access(path, F_OK) == 0) /* before the work is done in vain */
        return ERR_EXISTS;
    int err = care_begin(&c);
    if (!err)
        err = copy_make(s, data_key, &c.entropy, &copy);
    if (!err)
        err = care_step(&c, copy, mend_without_talk, &report);
    if (!err)
        err = backup_write(copy, path, data_key, &c.entropy, bytes);
    if (copy)
        copy_end(copy, home, &c.entropy);
    care_end(&c);
    return err;
}
