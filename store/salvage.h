/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* salvage.h -- what can be read of a damaged store becomes a fresh one beside it.
 *
 *     salvage_make -> { log calls on the fresh store } -> store_close -> salvage_swap
 *
 * Every row that stands on an intact page is taken; indexes are built anew from rows.
 * The damaged files stay beside, under the name that salvage_swap gives.
 */
#ifndef STORE_SALVAGE_H
#define STORE_SALVAGE_H

#include "store/store.h"

enum { SALVAGE_NAME_BYTES = 32 };

struct salvage_report {
    uint32_t pages, pages_bad;   /* of the database */
    uint32_t frames, frames_bad; /* of the log */
    bool log_lost;               /* nothing of the log could be read */
    uint64_t texts;              /* content rows taken, without those that are gone */
    uint64_t texts_lost;         /* rows that an index still names */
    uint64_t values;             /* small values taken */
    char kept_as[SALVAGE_NAME_BYTES]; /* name of the damaged files (salvage_swap) */
};

/* Read the damaged store in `dir` page by page into a fresh one, which is open
 * afterwards.  Nobody else may have the damaged one open; `entropy` as in store_open.
 *   ERR_DAMAGED  no page opens: nothing can be mended    ERR_VERSION  a newer kring's
 *   ERR_INUSE, ERR_NOSTORE, ERR_READONLY, ERR_DISKFULL, ERR_IO, ERR_NOMEM */
NODISCARD int salvage_make(struct store **fresh, const char *dir,
                           const uint8_t data_key[static 32],
                           const struct entropy *entropy,
                           struct salvage_report *report);
/* Put the fresh store, closed by now, in the place of the damaged one, whose files keep
 * a name of their own (report->kept_as).  A power cut leaves one of the two. */
NODISCARD int salvage_swap(const char *dir, struct salvage_report *report);
/* Give up: remove the fresh store. */
void salvage_forget(const char *dir);
/* True if some part of the store was found damaged. */
bool salvage_is_damaged(const struct salvage_report *report);

#endif
