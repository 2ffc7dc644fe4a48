/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* locking.h -- when kring locks, and locking at once. */
#ifndef CLI_LOCKING_H
#define CLI_LOCKING_H

#include "cli/cli.h"

enum { LOCKING_MINUTES = 5, LOCKING_MINUTES_MAX = 60 };

/* After how many minutes without typing kring locks: the setting of the open profile,
 * LOCKING_MINUTES where there is none. */
uint64_t locking_minutes(struct cli *c);
/* Read 1 .. LOCKING_MINUTES_MAX.  ERR_USAGE. */
NODISCARD int locking_minutes_of(const char *text, uint64_t *minutes);
/* Set it, and say so.  Errors of the session. */
NODISCARD int locking_set_minutes(struct cli *c, uint64_t minutes);
/* Add what a person must know of when kring locks, and when it does not. */
void locking_add_when(struct cli *c, struct screen *s);
/* Clear the screen, close the session without delay, end every process that has the
 * profile's keys, and say that it is locked.  Errors of lock_profile, said. */
NODISCARD int locking_now(struct cli *c);

#endif
