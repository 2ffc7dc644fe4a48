/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* doctor_int.h -- what doctor.c and restore.c share. */
#ifndef NODE_HOST_DOCTOR_INT_H
#define NODE_HOST_DOCTOR_INT_H

#include "node/core/mend.h"

struct arena;
struct store;

/* What the core needs to look at a store: care_begin -> ... -> care_end. */
struct care {
    struct arena *arena;
    struct entropy entropy;
};

typedef int care_call(const struct peer_config *config, struct mend_report *report);

/* Make the arena.  ERR_NOMEM, ERR_SYSTEM. */
NODISCARD int care_begin(struct care *c);
/* Wipe and free.  Legal on a zeroed one. */
void care_end(struct care *c);
/* One call of mend.h on an open store, in a transaction of its own. */
NODISCARD int care_step(struct care *c, struct store *s, care_call *call,
                        struct mend_report *report);

#endif
