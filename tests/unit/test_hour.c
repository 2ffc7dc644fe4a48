/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_hour.c -- what moves the group hour, and what does not (P3.1, P3.2). */
#include "tests/lib/forge.h"
#include "tests/lib/t.h"

enum { MEMBERS = 5 };

static uint32_t hour_of(struct tp *t)
{
    return peer_group(t->peer, 1)->hour.hour;
}

static bool told(const struct tp *t, enum tell tell)
{
    for (size_t i = 0; i < t->fx.count; i++)
        if (t->fx.list[i].kind == FX_TELL && t->fx.list[i].tell == tell)
            return true;
    return false;
}

T_CASE(it_runs_with_the_clock)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 168);
    T_EQ(hour_of(t), TP_EPOCH_HOURS);
    T_EQ(tp_pass(t, TP_HOUR_MS - 1), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS);
    T_EQ(tp_pass(t, 1), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 1);
    for (int i = 0; i < 48; i++)
        T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 49);
    T(!told(t, TELL_CLOCK));
    tp_restart(t);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 49);
    tp_free(t);
}

T_CASE(a_year_ahead_is_a_day)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 168);
    t->wall_ms += 365 * 24 * TP_HOUR_MS;
    T_EQ(tp_pass(t, 1), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + LIMIT_CLOCK_STEP_HOURS_MAX);
    T(told(t, TELL_CLOCK));
    T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 25);
    T(!told(t, TELL_CLOCK));
    /* Set right again: it does not fall, and goes on. */
    t->wall_ms -= 365 * 24 * TP_HOUR_MS;
    T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 26);
    tp_free(t);
}

T_CASE(nineteen_seventy_stops_nothing)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 168);
    t->wall_ms = 0;
    T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 1); /* the run's own clock counts */
    T(told(t, TELL_CLOCK));
    t->wall_ms = 0;
    tp_restart(t);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 1);
    T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 2);
    tp_free(t);
}

T_CASE(a_group_may_begin_in_nineteen_seventy)
{
    struct tp *t = tp_over(memlog_new(), 1, 0);
    tp_found(t, "Circle", 168);
    T_EQ(hour_of(t), 0);
    T_EQ(content_mark(peer_group(t->peer, 1)), 0);
    T_EQ(tp_say(t, 1, "hello"), 0);
    T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T_EQ(hour_of(t), 1);
    tp_free(t);
}

T_CASE(a_long_time_off_is_a_day)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 168);
    t->wall_ms += 10 * TP_HOUR_MS;
    tp_restart(t);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 10);
    t->wall_ms += 21 * 24 * TP_HOUR_MS;
    tp_restart(t);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 34);
    T_EQ(tp_pass(t, 1), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 34);
    tp_free(t);
}

static void hear(struct tp *t, const uint8_t pk[32], uint32_t hour)
{
    memlog_begin(t->log);
    T_EQ(hour_heard(peer_group(t->peer, 1), pk, hour), 0);
    memlog_commit(t->log);
}

T_CASE(it_rises_to_the_median_of_three_or_more)
{
    struct tp *t = tp_new(1);
    struct tp_member m[MEMBERS];
    uint8_t nobody[32] = {1};
    tp_found(t, "Circle", 168);
    t->wall_ms += 460 * TP_HOUR_MS; /* the own clock agrees with what follows */
    T_EQ(tp_pass(t, 0), 0);
    tp_add_members(t, peer_group(t->peer, 1), m, MEMBERS);
    hear(t, m[0].pk, TP_EPOCH_HOURS + 500);
    hear(t, m[1].pk, TP_EPOCH_HOURS + 400);
    hear(t, nobody, TP_EPOCH_HOURS + 300);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 24); /* two do not decide, nor a stranger */
    hear(t, m[2].pk, TP_EPOCH_HOURS + 3);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 400);
    hear(t, m[3].pk, UINT32_MAX);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 400); /* the lower one of two */
    hear(t, m[0].pk, TP_EPOCH_HOURS + 1);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 400); /* never falls */
    tp_restart(t);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 400);
    hear(t, m[2].pk, TP_EPOCH_HOURS + 450);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 450); /* what was heard before was kept */
    tp_free(t);
}

T_CASE(liars_take_it_a_day_a_day_from_a_sane_clock)
{
    struct tp *t = tp_new(1);
    struct tp_member m[MEMBERS];
    tp_found(t, "Circle", 720);
    tp_add_members(t, peer_group(t->peer, 1), m, MEMBERS);
    for (int i = 0; i < MEMBERS; i++)
        hear(t, m[i].pk, TP_EPOCH_HOURS + 800);
    /* One step by what the clock may be off, one by what is believed without it. */
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 48);
    for (uint32_t i = 0; i < 20; i++)
        hear(t, m[i % MEMBERS].pk, TP_EPOCH_HOURS + 900 + i);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 48);
    for (int i = 0; i < 24; i++)
        T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    hear(t, m[0].pk, TP_EPOCH_HOURS + 950);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 96);
    /* No end ever becomes that of records, however far the others are. */
    t->wall_ms = (uint64_t)UINT32_MAX * TP_HOUR_MS;
    T_EQ(tp_pass(t, 0), 0);
    for (int i = 0; i < MEMBERS; i++)
        hear(t, m[i].pk, UINT32_MAX - 100); /* there is no such hour */
    T(hour_of(t) < TP_EPOCH_HOURS + 1000);
    for (int i = 0; i < MEMBERS; i++)
        hear(t, m[i].pk, HOUR_LAST);
    T_EQ(hour_of(t), HOUR_LAST);
    T_EQ(tp_say(t, 1, "still ends"), 0);
    tp_free(t);
}

T_CASE(a_clock_that_is_surely_behind_follows_the_others)
{
    struct tp *t = tp_new(1);
    struct tp_member m[MEMBERS];
    tp_found(t, "Circle", 168);
    tp_add_members(t, peer_group(t->peer, 1), m, MEMBERS);
    t->wall_ms = 0; /* 1970, and a month off */
    T_EQ(tp_pass(t, 0), 0);
    for (int i = 0; i < MEMBERS; i++)
        hear(t, m[i].pk, TP_EPOCH_HOURS + 720);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 720);
    tp_free(t);
}

/* Two of three lie, and the own clock is wrong too: texts are not worth less for that.
 */
T_CASE(a_clock_that_is_behind_is_no_door_for_liars)
{
    struct tp *t = tp_new(1);
    struct tp_member m[MEMBERS];
    tp_found(t, "Circle", 168);
    tp_add_members(t, peer_group(t->peer, 1), m, MEMBERS);
    t->wall_ms = 0;
    T_EQ(tp_pass(t, 0), 0);
    hear(t, m[0].pk, TP_EPOCH_HOURS + 1);
    hear(t, m[1].pk, 1712656715);
    hear(t, m[2].pk, 1712656715);
    T(hour_of(t) <= TP_EPOCH_HOURS + 1);
    T_EQ(tp_pass(t, 6 * TP_HOUR_MS), 0);
    hear(t, m[1].pk, 1712656716);
    T(hour_of(t) <= TP_EPOCH_HOURS + 7 + 24); /* as from a sane clock */
    T_EQ(tp_pass(t, 24 * TP_HOUR_MS), 0);
    for (int i = 0; i < MEMBERS; i++) /* all of them: a year */
        hear(t, m[i].pk, 1712656717);
    T(hour_of(t) > TP_EPOCH_HOURS + 8760);
    T(hour_of(t) <= TP_EPOCH_HOURS + 7 + 3 * 24 + 8760);
    tp_free(t);
}

T_CASE(slow_members_do_not_hold_it_back)
{
    struct tp *t = tp_new(1);
    struct tp_member m[MEMBERS];
    tp_found(t, "Circle", 168);
    tp_add_members(t, peer_group(t->peer, 1), m, MEMBERS);
    for (int i = 0; i < MEMBERS; i++)
        hear(t, m[i].pk, 10);
    T_EQ(hour_of(t), TP_EPOCH_HOURS);
    T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T_EQ(hour_of(t), TP_EPOCH_HOURS + 1);
    tp_free(t);
}

T_RUN()
