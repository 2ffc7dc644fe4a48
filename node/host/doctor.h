/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* doctor.h -- a closed profile looked at as a whole, and mended; a copy put back.
 *
 * No session may be open, and none is opened here.
 *
 *     doctor_run
 *     restore_begin -> restore_finish | restore_forget
 */
#ifndef NODE_HOST_DOCTOR_H
#define NODE_HOST_DOCTOR_H

#include "node/core/mend.h"
#include "store/salvage.h"

enum { RESTORE_PATH_BYTES = 4096 };

struct doctor_report {
    bool healthy;   /* nothing was wrong, nothing was changed */
    bool reindexed; /* indexes did not fit the rows */
    bool rebuilt;   /* the store was made anew from what can be read */
    struct salvage_report store;
    struct mend_report log;
};

/* Look at every page and every value of the profile in `home`, and mend what is wrong.
 * With 0 the store opens afterwards, and `*report` says what was found.
 *   ERR_DAMAGED  it cannot be mended; nothing was changed
 *   ERR_INUSE, ERR_NOSTORE, ERR_VERSION, ERR_READONLY, ERR_DISKFULL, ERR_IO,
 *   ERR_NOMEM, ERR_SYSTEM */
NODISCARD int doctor_run(const char *home, const uint8_t data_key[static 32],
                         struct doctor_report *report);

/* Begin to put the backup `file` back as `home`, which must not exist or be empty: its
 * slot file lies in the folder `making` (given as text) from here on, beside `home`.
 *   ERR_EXISTS  there is something at `home`     ERR_NOTFOUND  there is no `file`
 *   ERR_FOREIGN  it is no backup; ERR_TOOBIG, ERR_READONLY, ERR_DISKFULL, ERR_IO */
NODISCARD int restore_begin(const char *file, const char *home,
                            char making[static RESTORE_PATH_BYTES]);
/* Fill it, check every byte, mark it as a copy, so that nothing is sealed with keys of
 * before, and call it `home`.  On any error `home` is as it was.
 *   ERR_DAMAGED  the backup was changed; ERR_EXISTS, ERR_VERSION and as above */
NODISCARD int restore_finish(const char *file, const char *home, const char *making,
                             const uint8_t data_key[static 32],
                             struct mend_report *report);
/* Remove what was begun. */
void restore_forget(const char *making);

#endif
