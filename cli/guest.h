/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* guest.h -- kring for a while on a computer that many use: the profile is memory of
 * this process, and ends with it.
 */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include "cli/home.h"

enum {
    GUEST_IDLE_MINUTES = 20, /* without a typed line */
    GUEST_WARN_MINUTES = 5,  /* before that */
};

/* Somebody typed: the 20 minutes begin anew. */
void guest_typed(struct home *h);
/* Milliseconds to wait until something has to be said or done; warns when it is time.
 * 0: nobody typed for so long that it ends.  -1: forever, this is no guest. */
int64_t guest_idle_ms(struct home *h);
/* The person wants to end it: asks once more if a text waits here that nobody would
 * get.  False: they stay. */
bool guest_may_end(struct home *h);

#endif
