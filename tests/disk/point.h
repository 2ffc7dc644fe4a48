/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* point.h -- what must hold after a power cut at any point of a record. */
#ifndef TESTS_DISK_POINT_H
#define TESTS_DISK_POINT_H

#include "tests/disk/replay.h"
#include "tests/disk/work.h"

/* One cut: after how many operations, how, and the seed of what arrived. */
struct point {
    size_t ops;
    enum cut_kind kind;
    uint64_t seed;
};

/* Cut the power of `w` (shut) there; `r` stands at that point.  The store must open,
 * hold exactly what the last acknowledged commit left or one begun after it, pass its
 * own check, and carry a core that says the next text; what that one acknowledges must
 * survive another power cut.  Nothing may be used twice.  False: `why` says what. */
bool point_check(const struct work *w, const struct replay *r, const struct point *p,
                 char why[static 300]);

#endif
