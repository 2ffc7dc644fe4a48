/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_peer.c -- what a person asks for, what is refused, what outlives a restart. */
#include "base/text.h"
#include "node/core/card.h"
#include "node/core/content_int.h"
#include "node/core/peer_int.h"
#include "tests/lib/forge.h"
#include "tests/lib/t.h"

struct groups {
    struct group_view view[8];
    char name[8][64], me[8][64];
    int count;
};

static void keep(char to[64], struct bytes b)
{
    size_t n = b.n < 63 ? b.n : 63;
    if (n > 0)
        memcpy(to, b.p, n);
    to[n] = 0;
}

static int see_group(void *ctx, const struct group_view *view)
{
    struct groups *g = ctx;
    if (g->count == 8)
        return 1;
    keep(g->name[g->count], view->name);
    keep(g->me[g->count], view->me);
    g->view[g->count++] = *view;
    return 0;
}

static void look(struct tp *t, struct groups *g)
{
    memset(g, 0, sizeof *g);
    T_EQ(peer_groups(t->peer, see_group, g), 0);
}

static int new_group(struct tp *t, struct bytes name, struct bytes as,
                     uint32_t lifetime_hours)
{
    struct command c = {.kind = CMD_GROUP_NEW,
                        .name = name,
                        .pseudonym = as,
                        .lifetime_hours = lifetime_hours};
    return tp_command(t, &c);
}

static int say(struct tp *t, uint32_t group, struct bytes text, uint32_t lifetime_hours)
{
    struct command c = {.kind = CMD_SAY,
                        .group = group,
                        .text = text,
                        .lifetime_hours = lifetime_hours};
    return tp_command(t, &c);
}

T_CASE(a_new_group_is_as_asked)
{
    struct tp *t = tp_new(1);
    struct groups seen;
    look(t, &seen);
    T_EQ(seen.count, 0);
    T_EQ(new_group(t, TEXT("Circle"), TEXT("Wren"), 720), 0);
    look(t, &seen);
    T_EQ(seen.count, 1);
    T_STR(seen.name[0], "Circle");
    T_STR(seen.me[0], "Wren");
    T_EQ(seen.view[0].lifetime_hours, 720);
    T_EQ(seen.view[0].members, 1);
    T_EQ(seen.view[0].stewards, 1);
    T(seen.view[0].steward && !seen.view[0].joining && !seen.view[0].differs);
    T_EQ(seen.view[0].hour, TP_EPOCH_HOURS);
    struct groups again;
    tp_restart(t);
    look(t, &again);
    T_EQ(again.count, 1);
    T_STR(again.name[0], "Circle");
    T_MEM(again.view[0].id, seen.view[0].id, 32);
    T_MEM(again.view[0].digest, seen.view[0].digest, 16);
    tp_free(t);
}

T_CASE(new_groups_with_bad_input)
{
    struct tp *t = tp_new(1);
    struct groups seen;
    char long_name[LIMIT_NAME_BYTES_MAX + 1];
    memset(long_name, 'x', sizeof long_name);
    T_EQ(new_group(t, TEXT(""), TEXT("Wren"), 168), ERR_EMPTY);
    T_EQ(new_group(t, TEXT("Circle"), TEXT("  "), 168), ERR_EMPTY);
    T_EQ(new_group(t, TEXT("Cir\xff"), TEXT("Wren"), 168), ERR_UTF8);
    T_EQ(new_group(t, BYTES(long_name, sizeof long_name), TEXT("Wren"), 168),
         ERR_TOOBIG);
    T_EQ(new_group(t, TEXT("Circle"), TEXT("Wr\nen"), 168), ERR_MALFORMED);
    T_EQ(new_group(t, TEXT("Circle"), TEXT("Wren"), 100), ERR_USAGE);
    T_EQ(new_group(t, TEXT("Circle"), TEXT("Wren"), UINT32_MAX), ERR_USAGE);
    look(t, &seen);
    T_EQ(seen.count, 0);
    T_EQ(new_group(t, TEXT("Circle"), TEXT("Wren"), 168), 0);
    T_EQ(new_group(t, TEXT("circle"), TEXT("Wren"), 168), ERR_NAMETAKEN);
    T_EQ(new_group(t, TEXT(" CIRCLE"), TEXT("Wren"), 168), ERR_NAMETAKEN);
    look(t, &seen);
    T_EQ(seen.count, 1);
    tp_free(t);
}

/* Four bytes a letter: within the columns, beyond the bytes of a card's name. */
T_CASE(a_name_of_too_many_bytes)
{
    struct tp *t = tp_new(1);
    uint8_t name[LIMIT_NAME_BYTES_MAX + 4];
    for (size_t i = 0; i < sizeof name; i += 4)
        memcpy(name + i, "\xf0\x90\x90\x80", 4); /* a narrow letter of four bytes */
    T_EQ(new_group(t, BYTES_OF(name), TEXT("Wren"), 168), ERR_TOOBIG);
    tp_free(t);
}

T_CASE(groups_are_bounded)
{
    struct tp *t = tp_new(1);
    for (uint32_t i = 0; i < LIMIT_GROUPS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "G%d", (int)i);
        T_NEED(new_group(t, tp_text(name), TEXT("Wren"), 168) == 0);
    }
    T_EQ(new_group(t, TEXT("One more"), TEXT("Wren"), 168), ERR_FULL);
    struct peer_status status;
    peer_status(t->peer, &status);
    T_EQ(status.groups, LIMIT_GROUPS_MAX);
    T_EQ(status.limited, 1);
    tp_restart(t);
    peer_status(t->peer, &status);
    T_EQ(status.groups, LIMIT_GROUPS_MAX);
    tp_free(t);
}

T_CASE(texts_with_bad_input)
{
    struct tp *t = tp_new(1);
    static uint8_t big[LIMIT_BODY_BYTES_MAX + 1];
    memset(big, 'a', sizeof big);
    tp_found(t, "Circle", 168);
    T_EQ(say(t, 2, TEXT("hello"), UINT32_MAX), ERR_NOTFOUND);
    T_EQ(say(t, 1, TEXT(""), UINT32_MAX), ERR_EMPTY);
    T_EQ(say(t, 1, TEXT(" \n\t"), UINT32_MAX), ERR_EMPTY);
    T_EQ(say(t, 1, TEXT("\xc3("), UINT32_MAX), ERR_UTF8);
    T_EQ(say(t, 1, BYTES_OF(big), UINT32_MAX), ERR_TOOBIG);
    T_EQ(say(t, 1, TEXT("hello"), 25), ERR_USAGE);
    T_EQ(say(t, 1, BYTES(big, LIMIT_BODY_BYTES_MAX), UINT32_MAX), 0);
    T_EQ(say(t, 1, TEXT("hello"), 0), 0);
    struct peer_status status;
    peer_status(t->peer, &status);
    T_EQ(status.entries, 2);
    tp_free(t);
}

struct messages {
    int count, drafts;
    char last[64];
    uint64_t draft;
    uint8_t id[32];
};

static int see_message(void *ctx, const struct message_view *view)
{
    struct messages *m = ctx;
    m->count++;
    m->drafts += view->draft != 0;
    m->draft = view->draft;
    keep(m->last, view->text);
    memcpy(m->id, view->id, 32);
    return 0;
}

static struct messages messages_of(struct tp *t)
{
    struct messages m = {0};
    T_EQ(peer_messages(t->peer, 1, see_message, &m), 0);
    return m;
}

T_CASE(own_texts_stand_in_order_and_outlive_a_restart)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 168);
    struct command c = {
        .kind = CMD_SAY, .group = 1, .text = TEXT("one"), .lifetime_hours = UINT32_MAX};
    T_EQ(tp_command(t, &c), 0);
    T_EQ(c.draft, 0);
    struct messages m = messages_of(t);
    T_MEM(m.id, c.id, 32);
    for (int i = 0; i < 20; i++) {
        char text[16];
        snprintf(text, sizeof text, "text %d", i);
        T_EQ(tp_say(t, 1, text), 0);
        if (i % 7 == 3)
            tp_restart(t);
        m = messages_of(t);
        T_EQ(m.count, i + 2);
        T_STR(m.last, text);
    }
    T_EQ(peer_messages(t->peer, 9, see_message, &m), ERR_NOTFOUND);
    tp_free(t);
}

static int delayed(struct tp *t, const char *text, uint64_t *draft)
{
    struct command c = {.kind = CMD_SAY,
                        .group = 1,
                        .text = tp_text(text),
                        .delay_ms = 30000,
                        .lifetime_hours = UINT32_MAX};
    int err = tp_command(t, &c);
    *draft = c.draft;
    return err;
}

T_CASE(a_text_waits_and_can_be_taken_back)
{
    struct tp *t = tp_new(1);
    uint64_t first = 0, second = 0;
    tp_found(t, "Circle", 168);
    T_EQ(delayed(t, "CANARY regretted", &first), 0);
    T_EQ(delayed(t, "meant", &second), 0);
    T(first != 0 && second != 0 && first != second);
    struct messages m = messages_of(t);
    T_EQ(m.count, 2);
    T_EQ(m.drafts, 2);
    struct command c = {.kind = CMD_TAKE_BACK, .group = 1, .draft = first};
    T_EQ(tp_command(t, &c), 0);
    T(bytes_equal(BUF_BYTES(&c.line), TEXT("CANARY regretted")));
    buf_free(&c.line);
    T_EQ(tp_command(t, &c), ERR_NOTFOUND);
    T(!memlog_contains(t->log, TEXT("CANARY regretted")));
    T(peer_deadline_ms(t->peer) <= t->now_ms + 30000);
    T_EQ(tp_pass(t, 29999), 0);
    T_EQ(messages_of(t).drafts, 1);
    T_EQ(tp_pass(t, 1), 0);
    bool told = false;
    for (size_t i = 0; i < t->fx.count; i++)
        told =
            told || (t->fx.list[i].kind == FX_TELL && t->fx.list[i].tell == TELL_SENT &&
                     t->fx.list[i].draft == second && t->fx.list[i].row != 0);
    T(told);
    m = messages_of(t);
    T_EQ(m.count, 1);
    T_EQ(m.drafts, 0);
    T_STR(m.last, "meant");
    c.draft = second;
    T_EQ(tp_command(t, &c), ERR_NOTFOUND);
    tp_free(t);
}

T_CASE(a_waiting_text_is_sent_at_the_next_start)
{
    struct tp *t = tp_new(1);
    uint64_t draft = 0, other = 0;
    tp_found(t, "Circle", 168);
    T_EQ(delayed(t, "not lost", &draft), 0);
    tp_restart(t);
    struct messages m = messages_of(t);
    T_EQ(m.count, 1);
    T_EQ(m.drafts, 0);
    T_STR(m.last, "not lost");
    T_EQ(delayed(t, "another", &other), 0);
    T(other > draft);
    tp_free(t);
}

T_CASE(waiting_texts_are_bounded)
{
    struct tp *t = tp_new(1);
    uint64_t draft = 0;
    tp_found(t, "Circle", 168);
    for (int i = 0; i < LIMIT_DRAFTS_MAX; i++)
        T_NEED(delayed(t, "waits", &draft) == 0);
    T_EQ(delayed(t, "one more", &draft), ERR_FULL);
    struct peer_status status;
    peer_status(t->peer, &status);
    T_EQ(status.drafts, LIMIT_DRAFTS_MAX);
    T_EQ(tp_pass(t, 30000), 0);
    peer_status(t->peer, &status);
    T_EQ(status.drafts, 0);
    T_EQ(status.entries, LIMIT_DRAFTS_MAX);
    tp_free(t);
}

T_CASE(commands_on_no_group)
{
    struct tp *t = tp_new(1);
    static const enum cmd_kind kinds[] = {
        CMD_INVITE,       CMD_JOIN_CANCEL, CMD_SAY,   CMD_TAKE_BACK,   CMD_RENAME,
        CMD_RENAME_GROUP, CMD_MARK_READ,   CMD_REKEY, CMD_KEEP_UNSENT, CMD_SEND_UNSENT};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct command c = {.kind = kinds[i],
                            .group = 5,
                            .text = TEXT("x"),
                            .name = TEXT("x"),
                            .pseudonym = TEXT("x")};
        T_EQ(tp_command(t, &c), ERR_NOTFOUND);
    }
    struct command cancel = {.kind = CMD_JOIN_CANCEL,
                             .group = tp_found(t, "Circle", 0)};
    T_EQ(tp_command(t, &cancel), ERR_STATE); /* nothing is being joined */
    struct command join = {
        .kind = CMD_JOIN, .text = TEXT("hello"), .pseudonym = TEXT("")};
    T_EQ(tp_command(t, &join), ERR_EMPTY);
    join.pseudonym = TEXT("Otter");
    T_EQ(tp_command(t, &join), ERR_FOREIGN);
    tp_free(t);
}

T_CASE(names_change)
{
    struct tp *t = tp_new(1);
    struct groups seen;
    tp_found(t, "Circle", 168);
    tp_found(t, "Square", 168);
    struct command c = {.kind = CMD_RENAME, .group = 1, .pseudonym = TEXT("Robin")};
    T_EQ(tp_command(t, &c), 0);
    c.pseudonym = TEXT("");
    T_EQ(tp_command(t, &c), ERR_EMPTY);
    c = (struct command){.kind = CMD_RENAME_GROUP, .group = 1, .name = TEXT("square")};
    T_EQ(tp_command(t, &c), ERR_NAMETAKEN);
    c.name = TEXT("CIRCLE"); /* its own name in other letters */
    T_EQ(tp_command(t, &c), 0);
    look(t, &seen);
    T_EQ(seen.count, 2);
    T_STR(seen.name[0], "CIRCLE");
    T_STR(seen.me[0], "Robin");
    T_STR(seen.me[1], "Wren");
    tp_free(t);
}

T_CASE(two_groups_of_one_name_are_told_apart)
{
    struct tp *t = tp_new(1);
    struct groups seen;
    tp_found(t, "Circle", 168);
    tp_found(t, "Square", 168);
    tp_found(t, "Line", 168);
    /* As when stewards elsewhere chose the names: nobody asked this device. */
    memlog_begin(t->log);
    T_EQ(card_post_group_name(peer_group(t->peer, 2), TEXT("circle")), 0);
    T_EQ(card_post_group_name(peer_group(t->peer, 3), TEXT("Circle")), 0);
    memlog_commit(t->log);
    look(t, &seen);
    T_EQ(seen.count, 3);
    T_STR(seen.name[0], "Circle");
    T_STR(seen.name[1], "circle 2");
    T_STR(seen.name[2], "Circle 3");
    tp_free(t);
}

T_CASE(pseudonyms_of_two_groups_have_nothing_in_common)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 168);
    tp_found(t, "Square", 168);
    struct group *a = peer_group(t->peer, 1), *b = peer_group(t->peer, 2);
    T(memcmp(a->member_pk, b->member_pk, 32) != 0);
    T(memcmp(a->transport_pk, b->transport_pk, 32) != 0);
    uint8_t pk[32];
    memcpy(pk, b->member_pk, 32);
    tp_restart(t);
    T_MEM(peer_group(t->peer, 2)->member_pk, pk, 32);
    tp_free(t);
}

T_CASE(a_failing_log_ends_the_step_and_loses_nothing)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 168);
    T_EQ(tp_say(t, 1, "before"), 0);
    for (uint64_t nth = 1; nth < 40; nth++) {
        struct command c = {.kind = CMD_SAY,
                            .group = 1,
                            .text = TEXT("during"),
                            .lifetime_hours = UINT32_MAX};
        struct event ev = {.kind = EV_COMMAND, .command = &c};
        memlog_fail(t->log, nth, ERR_DISKFULL);
        int err = tp_event(t, &ev);
        memlog_fail(t->log, 0, 0);
        if (err == 0) {
            T(nth > 2); /* some of its writes were tried */
            break;
        }
        T_EQ(err, ERR_DISKFULL);
        tp_restart(t);
        T_STR(messages_of(t).last, "before");
        T_EQ(messages_of(t).count, 1);
    }
    T_STR(messages_of(t).last, "during");
    tp_free(t);
}

T_CASE(a_dropped_group_is_gone_and_another_key_comes_next)
{
    struct tp *t = tp_new(1);
    struct groups seen;
    uint8_t salt[32] = {9}, pk[32];
    struct group *g = NULL;
    memlog_begin(t->log);
    T_EQ(group_new(t->peer, salt, &g), 0);
    memcpy(pk, g->member_pk, 32);
    T_EQ(group_drop(g), 0);
    T_EQ(group_new(t->peer, salt, &g), 0);
    T(memcmp(pk, g->member_pk, 32) != 0);
    T_EQ(g->number, 2);
    g->joining = true;
    T_EQ(group_save(g), 0);
    memlog_commit(t->log);
    look(t, &seen);
    T_EQ(seen.count, 1);
    T_STR(seen.name[0], "New group");
    T(seen.view[0].joining);
    T_EQ(tp_say(t, 2, "too early"), ERR_STATE);
    tp_free(t);
}

T_CASE(deadlines_do_not_stand_still)
{
    struct tp *t = tp_new(1);
    uint64_t draft;
    T_EQ(peer_deadline_ms(t->peer), UINT64_MAX);
    tp_found(t, "Circle", 24);
    T_EQ(delayed(t, "waits", &draft), 0);
    int ticks = 0;
    uint64_t until = t->now_ms + 60 * TP_HOUR_MS;
    while (t->now_ms < until && ticks < 2000) {
        uint64_t due = peer_deadline_ms(t->peer);
        T_EQ(tp_pass(t, due > t->now_ms ? due - t->now_ms : 0), 0);
        ticks++;
    }
    T(t->now_ms >= until);
    T(ticks < 400);
    tp_free(t);
}

/* --- effects --------------------------------------------------------------------- */

T_CASE(effects_keep_their_order_and_bytes_and_are_bounded)
{
    struct tp *t = tp_new(1);
    struct peer *p = t->peer;
    struct effects fx;
    fx_reset(p);
    T_EQ(fx_send(p, 1, TEXT("ab")), 0);
    T_EQ(fx_send(p, 1, TEXT("cd")), 0); /* joins the one before */
    T_EQ(fx_send(p, 3, TEXT("x")), 0);
    T_EQ(fx_tell(p, TELL_ENTRY, 1, 7, 0), 0);
    T_EQ(fx_send(p, 1, TEXT("ef")), 0);
    T_EQ(fx_dial(p, 2, 1, TEXT("host:1")), 0);
    T_EQ(fx_close(p, 1), 0);
    fx_finish(p, &fx);
    T_EQ(fx.count, 6);
    T(bytes_equal(fx.list[0].bytes, TEXT("abcd")));
    T(bytes_equal(fx.list[1].bytes, TEXT("x")));
    T(bytes_equal(fx.list[3].bytes, TEXT("ef")));
    T(bytes_equal(fx.list[4].bytes, TEXT("host:1")));
    T_EQ(fx.list[5].kind, FX_CLOSE);
    fx_reset(p);
    for (uint64_t i = 0; i < 2 * LIMIT_EFFECTS_MAX; i++)
        T_NEED(fx_tell(p, TELL_ENTRY, 1, i, 0) == 0);
    int err = 0;
    for (uint32_t i = 0; i < LIMIT_EFFECTS_MAX && !err; i++)
        err = fx_close(p, i);
    T_EQ(err, ERR_FULL);
    fx_finish(p, &fx);
    T_EQ(fx.count, LIMIT_EFFECTS_MAX);
    fx_reset(p);
    tp_free(t);
}

T_RUN()
