/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_idle.c -- when kring warns and locks, minute by minute, and after a sleep. */
#include "cli/idle.h"

#include "tests/lib/t.h"

enum { MINUTE_MS = 60 * 1000, START_MS = 5000000 };

/* Step by seconds; when the warning and the lock come, in seconds after typing. */
static void run(uint64_t minutes, uint64_t *warned_s, uint64_t *locked_s)
{
    struct idle i;
    struct idle_now now = {START_MS, 777};
    uint64_t left_ms = 0;
    idle_typed(&i, now);
    *warned_s = *locked_s = 0;
    for (uint64_t s = 0; s < 4000 && *locked_s == 0; s++) {
        now.ms = START_MS + s * 1000;
        enum idle_verdict v = idle_look(&i, now, minutes, &left_ms);
        T_EQ(left_ms, v == IDLE_LOCK ? 0 : minutes * MINUTE_MS - s * 1000);
        if (v == IDLE_WARN) {
            T_EQ(*warned_s, 0); /* once */
            *warned_s = s;
        }
        if (v == IDLE_LOCK)
            *locked_s = s;
    }
}

T_CASE(it_warns_once_and_locks_in_time)
{
    for (uint64_t minutes = 1; minutes <= 60; minutes++) {
        uint64_t warned_s, locked_s;
        run(minutes, &warned_s, &locked_s);
        T_EQ(locked_s, minutes * 60);
        T_EQ(warned_s, minutes == 1 ? 30 : minutes * 60 - 60);
    }
}

T_CASE(typing_begins_anew)
{
    struct idle i;
    struct idle_now now = {START_MS, 0};
    uint64_t left_ms = 0;
    idle_typed(&i, now);
    now.ms += 5 * MINUTE_MS - 10;
    T_EQ(idle_look(&i, now, 5, &left_ms), IDLE_WARN);
    T_EQ(left_ms, 10);
    idle_typed(&i, now);
    now.ms += 11;
    T_EQ(idle_look(&i, now, 5, &left_ms), IDLE_WAIT);
    now.ms += 4 * MINUTE_MS;
    T_EQ(idle_look(&i, now, 5, &left_ms), IDLE_WARN); /* again */
    T_EQ(idle_look(&i, now, 5, &left_ms), IDLE_WAIT);
    T_EQ(idle_look(&i, now, 4, &left_ms), IDLE_LOCK); /* the minutes were changed */
    now.ms = 0; /* a clock that stands still is no reason to lock */
    T_EQ(idle_look(&i, now, 5, &left_ms), IDLE_WAIT);
}

T_CASE(a_sleep_locks_at_once)
{
    struct idle i;
    struct idle_now now = {START_MS, 9000};
    uint64_t left_ms = 0;
    idle_typed(&i, now);
    now.ms += 3000;
    now.slept_ms += IDLE_SLEEP_MS - 1;
    T_EQ(idle_look(&i, now, 60, &left_ms), IDLE_WAIT);
    now.slept_ms++;
    T_EQ(idle_look(&i, now, 60, &left_ms), IDLE_LOCK);
    idle_typed(&i, now); /* older sleep counts no more */
    T_EQ(idle_look(&i, now, 60, &left_ms), IDLE_WAIT);
}

T_RUN()
