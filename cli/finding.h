/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* finding.h -- texts found by words, for a command and for the home screen. */
#ifndef CLI_FINDING_H
#define CLI_FINDING_H

#include "cli/view.h"

/* Add the texts that have all of `words`, each at the beginning of a word, to `s`: the
 * oldest first, at most the newest hundred of a group, which is said.  Letters count as
 * the same in any case and without their marks.  `group`: only there; NULL: everywhere.
 * What was hidden, has ended or still waits is not found; nothing becomes read.
 * `*count`: how many.  ERR_EMPTY: no words (said); errors of the session. */
NODISCARD int finding_add(struct cli *c, struct screen *s,
                          const struct group_row *group, struct bytes words,
                          uint64_t *count);

#endif
