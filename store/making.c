/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* making.c -- a new profile: key slots and an empty database, both or neither. */
#include "store/making.h"

#include <unistd.h>

#include "store/files.h"
#include "store/store.h"
#include "store/unlock.h"

static const char *const made[] = {"data-wal", "data", "slots"};

bool making_done(const char *dir)
{
    return files_exist(dir, "slots");
}

/* Remove what stands in the folder of a making, and the folder. */
static void forget(const char *making)
{
    char path[FILES_PATH_BYTES_MAX];
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (files_path(path, making, made[i]) == 0)
            (void)unlink(path);
    (void)rmdir(making);
}

int making_profile(const char *dir, struct bytes canonical, bool small,
                   const struct entropy *entropy, uint8_t data_key[static 32])
{
    char making[FILES_PATH_BYTES_MAX], data[FILES_PATH_BYTES_MAX];
    struct store *store = NULL;
    int err = files_path(making, dir, "making");
    if (!err)
        err = files_path(data, dir, "data");
    /* Slots that were not moved out prove that the database beside them is empty. */
    bool cut_short = !err && files_exist(making, "slots");
    if (!err && (making_done(dir) || (files_exist(dir, "data") && !cut_short)))
        err = ERR_EXISTS;
    if (err)
        return err;
    if (cut_short)
        (void)unlink(data);
    forget(making);
    err = unlock_create(making, canonical, small, entropy, data_key);
    if (!err)
        err = store_create(&store, making, data_key, entropy);
    store_close(store);
    if (!err)
        err = files_move(making, "data", dir, "data");
    if (!err)
        err = files_move(making, "slots", dir, "slots");
    if (err && files_exist(making, "slots"))
        (void)unlink(data);
    forget(making);
    return err;
}
