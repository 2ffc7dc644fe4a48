/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* peer_int.h -- what the files of peer.c share (private to them and to content).
 *
 *   peer.c          life cycle, loading, deadlines
 *   peer_step.c     one step: events, due work, keys written at its end
 *   peer_command.c  what a person asks for
 *   peer_view.c     looking
 *   effects.c       the effects of a step
 *   group.c         groups on this device
 *
 * LOG_PROFILE holds the profile's "seed" (32 bytes) and "groups": next number u32 ||
 * numbers u32, rising.
 */
#ifndef NODE_CORE_PEER_INT_H
#define NODE_CORE_PEER_INT_H

#include "node/core/link.h"

/* True for errors after which a step cannot stand: of the log, and no memory. */
bool err_is_fatal(int err);
/* Begin a step: the effects of the last one are gone. */
void fx_reset(struct peer *p);
/* End a step: the effects with their bytes, lent to the host. */
void fx_finish(struct peer *p, struct effects *out);
/* Wipe and free all effects. */
void fx_free(struct peer *p);
/* Handle EV_START: seed, groups, links. */
NODISCARD int peer_start(struct peer *p);
/* Answer a command in place.  Only fatal errors are returned. */
NODISCARD int peer_command(struct peer *p, struct command *c);
/* Load all groups of the profile. */
NODISCARD int groups_load(struct peer *p);
/* The shown name of a group without a number behind it.  Lent until cards change. */
struct bytes group_base_name(struct group *g);
/* True if another group is called so (folded).  ERR_NOMEM as a negative number, else
 * 0 or 1. */
NODISCARD int group_name_taken(struct peer *p, struct bytes name,
                               const struct group *but);

#endif
