/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_commit.h -- what entries say of the values of their epochs, so that nobody can
 * hand on others (P5.3; private to node/core).
 */
#ifndef NODE_CORE_KEYS_COMMIT_H
#define NODE_CORE_KEYS_COMMIT_H

#include "node/core/keys_int.h"

/* The commitments to a secret and to the values it gives (P5.3). */
struct epoch_commits {
    uint8_t secret[32], own[32], lanes[32]; /* lanes: not in an add, which keeps them */
};
/* Make them. */
void commits_make(struct epoch_commits *out, const uint8_t secret[static 32]);
/* True if `secret` gives what the entry `h`, which makes an epoch, says of it. */
bool epoch_secret_fits(const struct held *h, const uint8_t secret[static 32]);
/* True if the values held in `v` are those of the epoch of `entry`: mix and anon by its
 * own entry, lane, ctl and acc by that of its origin. */
bool epoch_values_fit(const struct group *g, uint32_t entry,
                      const struct epoch_values *v);
/* True if `h` is the own entry whose secret was just made. */
bool epoch_is_made_here(const struct group *g, const struct held *h);

#endif
