/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* idle.h -- how long nobody has typed, and what follows; no clock of its own. */
#ifndef CLI_IDLE_H
#define CLI_IDLE_H

#include "base/bytes.h"

enum { IDLE_WARN_MS = 60 * 1000, IDLE_SLEEP_MS = 2000 };

struct idle {
    uint64_t typed_ms; /* when something was typed last */
    uint64_t slept_ms; /* how long the computer had slept by then, in all */
    bool warned;       /* since then */
};

/* The clocks: one that goes on while the computer sleeps, and how much of it was
 * sleep. */
struct idle_now {
    uint64_t ms, slept_ms;
};

enum idle_verdict { IDLE_WAIT, IDLE_WARN, IDLE_LOCK };

/* Something was typed. */
void idle_typed(struct idle *i, struct idle_now now);
/* What is due after `minutes` (1 or more) without typing: IDLE_WARN once, IDLE_WARN_MS
 * before or at half of a shorter time; IDLE_LOCK at the end, and at once when the
 * computer has slept since something was typed.  `*left_ms` is the time to the lock. */
enum idle_verdict idle_look(struct idle *i, struct idle_now now, uint64_t minutes,
                            uint64_t *left_ms);

#endif
