/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* replay.h -- the disks that may be found after a power cut.
 *
 *     replay_new -> { replay_to, replay_cut }* -> replay_free
 *
 * A replay walks along the record of a disk and knows, at each operation, what is on
 * the disk for certain and which changes are still on their way.  A cut decides which
 * of those arrived.
 */
#ifndef TESTS_DISK_REPLAY_H
#define TESTS_DISK_REPLAY_H

#include "tests/disk/disk.h"

/* How a power cut treats what was on its way. */
enum cut_kind {
    CUT_KEPT,    /* all of it arrived, as after kill -9 */
    CUT_LOST,    /* none of it */
    CUT_TORN,    /* in order up to a point, there in the middle of a record */
    CUT_SECTORS, /* any sectors of 512 bytes of any changes, in any order */
    CUT_BLOCKS,  /* the same with 4,096 bytes */
    CUT_GARBAGE, /* as CUT_SECTORS, and some sectors hold rubbish */
    CUT_KINDS
};

struct replay;

/* A replay of this disk's record, which may grow meanwhile (lent). */
struct replay *replay_new(const struct disk *d);
/* Go on to where `ops` operations were done (never back). */
void replay_to(struct replay *r, size_t ops);
/* Changes on their way now, and how many of them are pieces of files. */
size_t replay_pending(const struct replay *r);
/* Fill `image` with a disk after a cut of this kind; `seed` draws what arrived. */
void replay_cut(const struct replay *r, enum cut_kind kind, uint64_t seed,
                struct disk_image *image);
/* Free.  NULL is fine. */
void replay_free(struct replay *r);

/* After a failed sync of `inode`: the running process too reads what is on the disk, as
 * when the system dropped its clean pages. */
void replay_forget(struct disk *d, uint32_t inode);

#endif
