/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* copies.h -- profiles that are put back from an older copy, and ones that run twice
 * (P8.9, P8.11).
 *
 * A copy is taken of a node's log between two steps.  Putting back is a power cut, then
 * the old log; a twin is a further node over a copy of the log, with the same keys.
 */
#ifndef TESTS_SIM_COPIES_H
#define TESTS_SIM_COPIES_H

#include "tests/sim/world.h"

/* Draw whether copies are made in this run. */
void copies_draw(struct world *w);
/* Maybe take a copy, put one back or begin a twin of node `n`, which has joined. */
void copies_act(struct world *w, int n);
/* Keep a copy of node `n` as it is now. */
void copy_take(struct world *w, int n);
/* Cut the power of node `n`; it starts again from its copy after `after_ms`.  What only
 * it had is lost with it. */
void copy_put_back(struct world *w, int n, uint64_t after_ms);
/* A further node that runs the copy of node `n`; its number. */
int copy_begin_twin(struct world *w, int n);
/* True if this member has, or had, a copy. */
bool copy_of(struct world *w, const uint8_t pk[static 32]);
/* True if node `n` is, or has, a copy. */
bool copy_is(const struct world *w, int n);
/* Free what is kept. */
void copies_free(struct world *w);

#endif
