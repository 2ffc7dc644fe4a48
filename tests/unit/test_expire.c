/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_expire.c -- hidden at the end, then erased, then forgotten (P3.4, P3.5). */
#include "tests/lib/forge.h"
#include "tests/lib/t.h"

static int count_message(void *ctx, const struct message_view *view)
{
    (void)view;
    ++*(int *)ctx;
    return 0;
}

static int shown(struct tp *t)
{
    int count = 0;
    T_EQ(peer_messages(t->peer, 1, count_message, &count), 0);
    return count;
}

static void pass_hours(struct tp *t, int hours, uint64_t *ended)
{
    for (int i = 0; i < hours; i++) {
        T_EQ(tp_pass(t, TP_HOUR_MS), 0);
        for (size_t k = 0; k < t->fx.count; k++)
            if (t->fx.list[k].kind == FX_TELL && t->fx.list[k].tell == TELL_ENDED)
                *ended += t->fx.list[k].row;
    }
}

static uint64_t entries_of(struct tp *t)
{
    struct peer_status status;
    peer_status(t->peer, &status);
    return status.entries;
}

T_CASE(own_talk_ends_and_leaves_nothing)
{
    struct tp *t = tp_new(1);
    uint64_t ended = 0;
    tp_found(t, "Circle", 24);
    T_EQ(tp_say(t, 1, "CANARY soon gone"), 0);
    T_EQ(shown(t), 1);
    T(memlog_contains(t->log, TEXT("CANARY soon gone")));
    pass_hours(t, 23, &ended);
    T_EQ(shown(t), 1);
    T_EQ(ended, 0);
    pass_hours(t, 1, &ended);
    T_EQ(shown(t), 0);
    T_EQ(ended, 1);
    T(!memlog_contains(t->log, TEXT("CANARY soon gone")));
    T_EQ(entries_of(t), 0);
    /* (end, id) stays until the mark has passed it. */
    struct lane_view lane;
    T(keys_lane_at(peer_group(t->peer, 1), 0, &lane));
    struct set_bound lo = {0}, hi = {.end_hour = UINT32_MAX};
    struct range_sum sum;
    struct log log = memlog_log(t->log);
    T_EQ(log.ops->range_sum(log.ctx, 1, lane.topic, &lo, &hi, &sum), 0);
    T_EQ(sum.count, 1);
    pass_hours(t, 25, &ended);
    T_EQ(log.ops->range_sum(log.ctx, 1, lane.topic, &lo, &hi, &sum), 0);
    T_EQ(sum.count, 0);
    T_EQ(ended, 1);
    tp_restart(t);
    T_EQ(shown(t), 0);
    T_EQ(tp_say(t, 1, "next"), 0);
    T_EQ(shown(t), 1);
    tp_free(t);
}

T_CASE(a_record_stays)
{
    struct tp *t = tp_new(1);
    uint64_t ended = 0;
    tp_found(t, "Circle", 24);
    struct command c = {.kind = CMD_SAY,
                        .group = 1,
                        .text = TEXT("kept for good"),
                        .lifetime_hours = 0};
    T_EQ(tp_command(t, &c), 0);
    T_EQ(tp_say(t, 1, "talk"), 0);
    pass_hours(t, 60, &ended);
    T_EQ(ended, 1);
    T_EQ(shown(t), 1);
    T(memlog_contains(t->log, TEXT("kept for good")));
    tp_free(t);
}

struct other {
    struct tp *t, *leaves;
    struct tp_member m[1];
    struct key_send keys;
    uint16_t position;
};

static void other_new(struct other *o)
{
    memset(o, 0, sizeof *o);
    o->t = tp_new(1);
    tp_found(o->t, "Circle", 168);
    tp_add_members(o->t, peer_group(o->t->peer, 1), o->m, 1);
    o->leaves = tp_copy(o->t, 2);
    tp_places(peer_group(o->leaves->peer, 1), &o->keys, o->m, 1);
}

static enum accept_result other_says(struct other *o, uint32_t seq, const uint8_t *prev,
                                     uint32_t made_hour, uint8_t hash[32])
{
    struct tp_entry e;
    struct buf body = {0};
    tp_body(&body, "CANARY from another", BYTES(NULL, 0), 0);
    struct tp_making in = {.g = peer_group(o->leaves->peer, 1),
                           .keys = &o->keys,
                           .author = &o->m[0],
                           .position = o->position++,
                           .seq = seq,
                           .end_hour = made_hour + 24,
                           .lifetime_hours = 24,
                           .prev = prev,
                           .body = BUF_BYTES(&body)};
    tp_make(&in, &e);
    enum accept_result result = tp_accept(o->t, peer_group(o->t->peer, 1), &e);
    memcpy(hash, e.hash, 32);
    buf_free(&body);
    buf_free(&e.envelope);
    return result;
}

T_CASE(late_talk_is_hidden_at_its_end_and_erased_after_its_lifetime_here)
{
    struct other o;
    uint64_t ended = 0;
    uint8_t zeros[32] = {0}, hash[32];
    other_new(&o);
    /* It came half a day late: its end is twelve hours away. */
    T_EQ(other_says(&o, 1, zeros, TP_EPOCH_HOURS - 12, hash), ACCEPT_NEW);
    T_EQ(shown(o.t), 1);
    pass_hours(o.t, 12, &ended);
    T_EQ(shown(o.t), 0); /* P3.5 */
    T_EQ(ended, 0);
    pass_hours(o.t, 12, &ended);
    T_EQ(ended, 1);
    T(!memlog_contains(o.t->log, TEXT("CANARY from another")));
    /* What comes next is not called incomplete: what is missing has ended here. */
    T_EQ(other_says(&o, 2, hash, TP_EPOCH_HOURS + 24, hash), ACCEPT_NEW);
    T_EQ(shown(o.t), 1);
    tp_free(o.leaves);
    tp_free(o.t);
}

T_CASE(unread_counts_only_what_can_be_read)
{
    struct other o;
    uint64_t ended = 0, entries;
    uint8_t zeros[32] = {0}, hash[32];
    uint32_t unread, sealed, aside;
    other_new(&o);
    struct group *g = peer_group(o.t->peer, 1);
    T_EQ(other_says(&o, 1, zeros, TP_EPOCH_HOURS - 12, hash), ACCEPT_NEW);
    T_EQ(other_says(&o, 2, hash, TP_EPOCH_HOURS, hash), ACCEPT_NEW);
    content_counts(g, &unread, &entries, &sealed, &aside);
    T_EQ(unread, 2);
    pass_hours(o.t, 12, &ended);
    content_counts(g, &unread, &entries, &sealed, &aside);
    T_EQ(unread, 1);
    T_EQ(entries, 2);
    struct command c = {.kind = CMD_MARK_READ, .group = 1, .row = UINT64_MAX};
    T_EQ(tp_command(o.t, &c), 0);
    content_counts(g, &unread, &entries, &sealed, &aside);
    T_EQ(unread, 0);
    tp_restart(o.t);
    content_counts(peer_group(o.t->peer, 1), &unread, &entries, &sealed, &aside);
    T_EQ(unread, 0);
    tp_free(o.leaves);
    tp_free(o.t);
}

T_CASE(a_wild_clock_erases_nothing)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 168);
    T_EQ(tp_say(t, 1, "still here"), 0);
    t->wall_ms += 365 * 24 * TP_HOUR_MS;
    T_EQ(tp_pass(t, 1), 0);
    T_EQ(shown(t), 1);
    tp_free(t);
}

T_RUN()
