/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* compare.h -- two members compare a short sentence later, face to face (P6.14 to
 * P6.16; private to node/core).
 *
 *     compare_new -> { compare_choose -> { compare_message | compare_tick }* ->
 *     compare_answer }* -> compare_free
 *
 * Each of the two chooses the other; then their nodes draw the sentence over a link of
 * theirs.  The one with the smaller member key is the first: it commits to its nonce
 * before it knows the second's.  All of it is in memory, for ten minutes; what stays is
 * that this member was compared here:
 *
 *     LOG_INVITE, 'c' || member key 32  ->  1 u8
 */
#ifndef NODE_CORE_COMPARE_H
#define NODE_CORE_COMPARE_H

#include "node/core/link_int.h"

/* Nothing is compared yet.  ERR_NOMEM. */
NODISCARD int compare_new(struct peer *p);
/* Wipe it.  Legal without compare_new. */
void compare_free(struct peer *p);
/* Compare with member `index` from now on, in place of anybody else; or `on` false:
 * with nobody.  `language` of this side, as P6.11 counts them.  ERR_NOTFOUND, ERR_USAGE
 * (it is us), ERR_NOMEM. */
NODISCARD int compare_choose(struct group *g, uint32_t index, uint8_t language,
                             bool on);
/* What the other side of a member's link says.  ERR_PROTOCOL: it revealed another nonce
 * than it committed to. */
NODISCARD int compare_message(struct group *g, struct link *l,
                              const struct wire_compare *m);
/* Tell a new link, and end when the time is over. */
NODISCARD int compare_tick(struct peer *p);
/* When that is; UINT64_MAX. */
uint64_t compare_deadline_ms(const struct peer *p);
/* The person says whether both see the same: then the member is marked as compared
 * here; or not: then both sides stop, and no mark stays.  `seen`: the sentence that the
 * person saw.  ERR_STATE: there is none, or another one by now. */
NODISCARD int compare_answer(struct group *g, bool same, struct bytes seen);
/* Was this member compared here?  Log errors. */
NODISCARD int compare_marked(struct group *g, const uint8_t member_pk[static 32],
                             bool *marked);

#endif
