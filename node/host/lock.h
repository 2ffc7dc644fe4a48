/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* lock.h -- ending every process that holds the keys of a profile.
 *
 * The node that serves the control socket is asked to (API_LOCK).  One that does not
 * answer, and a command that has the store open without serving the socket, is found by
 * the lock that it holds and ended by signals: first one that lets it overwrite its
 * memory (store/forget.h), then one that cannot be refused.
 */
#ifndef NODE_HOST_LOCK_H
#define NODE_HOST_LOCK_H

#include "base/bytes.h"

/* End them; how many there were goes to `ended`.  Takes less than 0.3 s for each.
 *   ERR_NOSTORE   there is no such folder
 *   ERR_DENIED    one belongs to somebody else, or cannot be seen from here
 *   ERR_NOANSWER  one is still there
 *   ERR_SYSTEM */
NODISCARD int lock_profile(const char *home, unsigned *ended);

#endif
