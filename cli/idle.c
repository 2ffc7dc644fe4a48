/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* idle.c -- counting. */
#include "cli/idle.h"

enum { MS_PER_MINUTE = 60 * 1000 };

void idle_typed(struct idle *i, struct idle_now now)
{
    *i = (struct idle){.typed_ms = now.ms, .slept_ms = now.slept_ms};
}

enum idle_verdict idle_look(struct idle *i, struct idle_now now, uint64_t minutes,
                            uint64_t *left_ms)
{
    uint64_t limit_ms = minutes * MS_PER_MINUTE;
    uint64_t warn_ms = limit_ms / 2 < IDLE_WARN_MS ? limit_ms / 2 : IDLE_WARN_MS;
    uint64_t idle_ms = now.ms > i->typed_ms ? now.ms - i->typed_ms : 0;
    *left_ms = limit_ms > idle_ms ? limit_ms - idle_ms : 0;
    if (*left_ms == 0 || now.slept_ms >= i->slept_ms + IDLE_SLEEP_MS)
        return IDLE_LOCK;
    if (i->warned || *left_ms > warn_ms)
        return IDLE_WAIT;
    i->warned = true;
    return IDLE_WARN;
}
