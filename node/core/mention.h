/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mention.h -- does a text name somebody? (P8.15)
 *
 *     mention_begin -> { mention_in }* -> mention_end
 */
#ifndef NODE_CORE_MENTION_H
#define NODE_CORE_MENTION_H

#include "node/core/core.h"

/* Whom to look for. */
struct mention {
    struct buf mine;   /* "@" and the own name, folded; empty: no name yet */
    struct buf longer; /* names of others that begin with it: length u16, name */
    struct buf text;   /* scratch */
};

/* Look for the own name in the group.  ERR_NOMEM. */
NODISCARD int mention_begin(struct mention *m, struct group *g);
/* Set `*named` if `text` names us.  ERR_NOMEM. */
NODISCARD int mention_in(struct mention *m, struct bytes text, bool *named);
/* Free.  Legal on a zeroed one, and twice. */
void mention_end(struct mention *m);

#endif
