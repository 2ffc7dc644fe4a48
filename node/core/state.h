/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* state.h -- what a set of control entries resolves to (private to the control and keys
 * parts, P4.5 to P4.9, P5.1, P5.5, P5.17).
 */
#ifndef NODE_CORE_STATE_H
#define NODE_CORE_STATE_H

#include "node/core/control_int.h"

/* Bring `s` up by entry `h`, whose past is in `s`.  ERR_NOMEM. */
NODISCARD int state_apply(struct control *c, struct state *s, const struct held *h);
/* The state of exactly `past`; lent until the next call.  ERR_NOMEM. */
NODISCARD int state_at(struct control *c, const struct bits *past, struct state **out);
/* The digest of `s` (P4.9).  ERR_NOMEM. */
NODISCARD int state_digest(struct control *c, struct state *s, uint8_t out[static 16]);
/* U in `s`: entries in rising order of their hashes, of too many the smallest (P5.1);
 * how many. */
uint32_t state_epochs(const struct control *c, const struct state *s,
                      uint32_t out[static LIMIT_EPOCHS_OPEN_MAX]);
/* The same, of those that fit. */
uint32_t state_epochs_that(const struct control *c, const struct state *s,
                           bool (*fits)(void *ctx, uint32_t entry), void *ctx,
                           uint32_t out[static LIMIT_EPOCHS_OPEN_MAX]);
/* The epoch whose lane is used in `s`: the smallest clean of U, or NOBODY (P5.7). */
uint32_t state_lane(const struct control *c, const struct state *s);
/* True if an epoch is clean in `s`.  As long as nobody can be removed every one is. */
bool epoch_is_clean(const struct control *c, const struct state *s, uint32_t entry);
/* True if the root in `s` is solo of the only epoch (P5.5). */
bool state_is_solo(const struct control *c, const struct state *s);
/* Rank of a member: 0 none, 1 member, 2 steward. */
uint8_t state_rank(const struct state *s, uint32_t index);
/* Free. */
void state_free(struct state *s);

#endif
