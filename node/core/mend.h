/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mend.h -- a log that lost rows becomes one that a peer can open.
 *
 * What a lost row means stands in docs/storage.md.  In short: what others hold comes
 * again from them; what only we held is gone; and no key or position that may have been
 * used is used again: every group goes on as a restored copy does (P8.9).
 *
 * All calls run on a log whose transaction the caller has open, without a peer.
 */
#ifndef NODE_CORE_MEND_H
#define NODE_CORE_MEND_H

#include "node/core/peer.h"

struct mend_report {
    uint32_t groups;        /* that can be opened now */
    uint32_t groups_lost;   /* whose own record is gone: dropped */
    uint32_t groups_mute;   /* that can be read only: who we are there is not known */
    uint32_t groups_differ; /* whose members do not all see the same group */
    uint32_t control_lost;  /* control entries that have to come again */
    uint64_t texts_lost;    /* content rows dropped: nobody knows any more whose */
    bool seed_lost;         /* the keys of all own names are gone */
};

/* Look only: load everything as a peer does at its start, and count.
 * ERR_DAMAGED: it cannot be loaded; ERR_NOMEM, log errors. */
NODISCARD int mend_look(const struct peer_config *config, struct mend_report *out);
/* Make the rows agree with one another again, and mark every group as restored.
 * ERR_DAMAGED: it cannot be mended; ERR_NOMEM, log errors. */
NODISCARD int mend_rows(const struct peer_config *config, struct mend_report *out);
/* Make all talk go, as if its time were over (P3.5): for a copy without talk.  Of each
 * entry its end and id stay, so that nobody sends what its keys opened already.  Errors
 * as mend_look. */
NODISCARD int mend_without_talk(const struct peer_config *config,
                                struct mend_report *out);
/* Mark every group as restored; nothing else.  Errors as mend_look. */
NODISCARD int mend_mark(const struct peer_config *config, struct mend_report *out);

#endif
