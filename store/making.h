/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* making.h -- a new profile: key slots and an empty database, both or neither.
 *
 * They are made in the folder `making` inside the profile's and then moved out, the
 * database first.  So where a slot file stands a database stood too: one that is not
 * there any more was lost, and is never made anew as if nothing had been.
 */
#ifndef STORE_MAKING_H
#define STORE_MAKING_H

#include "base/bytes.h"
#include "base/entropy.h"

/* Make the profile in `dir` (made 0700, with parents); arguments and errors as
 * unlock_create and store_create.  On failure neither file is left.  What an earlier
 * making left that was cut short is removed first. */
NODISCARD int making_profile(const char *dir, struct bytes canonical, bool small,
                             const struct entropy *entropy,
                             uint8_t data_key[static 32]);
/* True if the profile in `dir` was made: its slot file is there. */
bool making_done(const char *dir);

#endif
