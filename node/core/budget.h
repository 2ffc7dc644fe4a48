/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* budget.h -- what one member may cost (P8.12).
 *
 * Buckets over the time of events, one set for each member of a group, in memory only.
 * What is useful and new costs nothing, so that a catch-up of any size is never slowed;
 * work for nothing, asking, connecting and live pushing do.  What is over budget is
 * left out for now and found again in a later round.
 *
 *     budget_take | budget_spend, budget_has -> budgets_visit (status) -> budgets_free
 */
#ifndef NODE_CORE_BUDGET_H
#define NODE_CORE_BUDGET_H

#include "node/core/core.h"

enum budget {
    BUDGET_BYTES,  /* bytes received that brought nothing new */
    BUDGET_CHECKS, /* things looked into that were refused, or held aside */
    BUDGET_ASKS,   /* ranges, ids, wants */
    BUDGET_SERVED, /* ids sent in answer; its bound follows what is held */
    BUDGET_LINKS,  /* connections accepted */
    BUDGET_PUSH,   /* of an author: entries and cards passed on at once, in KiB begun */
    BUDGET_FORWARDS, /* epochs given to this member because he asked (P5.13) */
    BUDGET_CLAIMS,   /* claims about own entries that stopped us */
    BUDGETS
};

struct bucket {
    uint64_t used, at_ms;
};

/* One member's. */
struct budgets {
    struct bucket buckets[BUDGETS];
    uint64_t limited[LIMITED_END]; /* how often, by why */
    uint64_t last_ms[LIMITED_END];
};

/* True, and `cost` is spent, if member `index` has that much left; else it is noted. */
bool budget_take(struct group *g, uint32_t index, enum budget what, uint64_t cost);
/* Spend what has been used already. */
void budget_spend(struct group *g, uint32_t index, enum budget what, uint64_t cost);
/* True while anything is left; else it is noted. */
bool budget_has(struct group *g, uint32_t index, enum budget what);
/* All members have all of it again. */
void budget_forgive(struct group *g, enum budget what);
/* Member `index` was limited, for the status. */
void budget_note(struct group *g, uint32_t index, enum limited why);
/* How often and when (now_ms scale) member `index` was limited for `why`. */
uint64_t budget_limited(const struct group *g, uint32_t index, enum limited why,
                        uint64_t *last_ms);

#endif
