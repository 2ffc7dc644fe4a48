/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* lifetime.h -- how long the new texts of a group stay (P4.16).
 *
 * It is said when the group is made, and a steward may say another by a card with the
 * body
 *
 *     array [hours, longest hours]: hours one of 0 (kept), 24, 168, 720; longest: the
 *     longest that was ever in force, 24 to 1,440, 1,440 for a time of kept texts
 *
 * The newest of any steward counts.  It is for texts written from then on: what is
 * written keeps its end.  How long keys stay goes by the longest (P5.15).
 */
#ifndef NODE_CORE_LIFETIME_H
#define NODE_CORE_LIFETIME_H

#include "node/core/core.h"

/* lifetime_shown_hours of a group just joined: what a card says is no news until all
 * that somebody has was taken. */
#define LIFETIME_UNSHOWN UINT32_MAX

/* Check the body of such a card.  ERR_MALFORMED. */
NODISCARD int lifetime_check(struct bytes body);
/* After the cards were read: one may be held that an older kring did not know.
 * ERR_NOMEM, log errors. */
NODISCARD int lifetime_load(struct group *g);
/* A card of that kind is new: find what is in force, save and tell it.  To be called
 * for a change of roles, too.  ERR_NOMEM, log errors. */
NODISCARD int lifetime_settle(struct group *g);
/* Post one of our own.  ERR_USAGE: no time that a group may choose; ERR_DENIED: we are
 * no steward.  Nothing is done if it is in force already. */
NODISCARD int lifetime_post(struct group *g, uint32_t hours);
/* A reconciliation ended: what is in force now is what a newcomer found.  Log errors.
 */
NODISCARD int lifetime_joined(struct group *g);
/* The person has seen what is in force.  Log errors. */
NODISCARD int lifetime_mark_read(struct group *g);
/* Index of the member whose card is in force; UINT32_MAX: none but the first one is. */
uint32_t lifetime_author(const struct group *g);

#endif
