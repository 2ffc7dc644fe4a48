/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* people.c -- what one person does on one device: found, invite, say, wait, rename,
 * rekey, look, and what ends.
 */
#include "tests/oom/areas.h"
#include "tests/oom/bench.h"
#include "tests/oom/hook.h"

/* ---- looking ------------------------------------------------------------- */

static int see_message(void *ctx, const struct message_view *m)
{
    struct bench *b = ctx;
    digest_add(&b->seen, m->text);
    digest_add(&b->seen, m->author_name);
    digest_number(&b->seen, m->row);
    return 0;
}

static int look_messages(struct bench *b)
{
    return peer_messages(b->tp->peer, b->number, see_message, b);
}

static int see_member(void *ctx, const struct member_view *m)
{
    struct bench *b = ctx;
    digest_add(&b->seen, m->name);
    digest_add(&b->seen, m->let_in_by);
    digest_add(&b->seen, BYTES_OF(m->key));
    return 0;
}

static int look_members(struct bench *b)
{
    return peer_members(b->tp->peer, b->number, see_member, b);
}

static int see_group(void *ctx, const struct group_view *g)
{
    struct bench *b = ctx;
    digest_add(&b->seen, g->name);
    digest_add(&b->seen, g->me);
    digest_number(&b->seen, g->unread);
    return 0;
}

static int look_groups(struct bench *b)
{
    return peer_groups(b->tp->peer, see_group, b);
}

/* ---- doing --------------------------------------------------------------- */

static void try_start(struct bench *b)
{
    struct bytes address = TEXT("192.0.2.1:4000");
    b->fresh = true;
    bench_event(b, "first start", EV_START);
    b->wish = (struct command){.addresses = &address, .addresses_count = 1};
    bench_event(b, "addresses", EV_ADDRESSES);
    b->wish = (struct command){0};
}

/* Addresses become cards of the groups that are there. */
static void try_addresses(struct bench *b)
{
    struct bytes list[] = {TEXT("192.0.2.1:4000"), TEXT("192.0.2.2:4000")};
    b->wish = (struct command){.addresses = list, .addresses_count = 2};
    bench_event(b, "addresses of two groups", EV_ADDRESSES);
    b->wish = (struct command){0};
}

static void try_found(struct bench *b)
{
    struct command found = {.kind = CMD_GROUP_NEW,
                            .name = TEXT("Circle"),
                            .pseudonym = TEXT("Wren"),
                            .lifetime_hours = 24};
    struct bytes address = TEXT("192.0.2.1:4000");
    struct command invite = {.kind = CMD_INVITE,
                             .group = 1,
                             .uses = 3,
                             .valid_hours = 48,
                             .addresses = &address,
                             .addresses_count = 1};
    bench_command(b, "found a group", &found);
    b->number = b->command.group;
    bench_command(b, "invite", &invite);
    found.name = TEXT("Other");
    bench_command(b, "found another", &found);
    b->number = 1;
    struct command rename = {
        .kind = CMD_RENAME, .group = 1, .pseudonym = TEXT("Robin")};
    bench_command(b, "change the own name", &rename);
    struct command rename_group = {
        .kind = CMD_RENAME_GROUP, .group = 1, .name = TEXT("Ring")};
    bench_command(b, "change the group's name", &rename_group);
}

/* A text that waits for five seconds. */
static void say_later(struct bench *b)
{
    struct command say = {.kind = CMD_SAY,
                          .group = 1,
                          .text = TEXT("a text that waits"),
                          .lifetime_hours = 24,
                          .delay_ms = 5000};
    struct event ev = {.kind = EV_COMMAND, .command = &say};
    bench_step(b, &ev);
    CHECK(say.err == 0);
    b->draft = say.draft;
}

/* A text that was begun and not sent. */
static void keep_unsent(struct bench *b)
{
    struct command keep = {
        .kind = CMD_KEEP_UNSENT, .group = 1, .text = TEXT("half a text")};
    struct event ev = {.kind = EV_COMMAND, .command = &keep};
    bench_step(b, &ev);
    CHECK(keep.err == 0);
}

static void try_texts(struct bench *b)
{
    struct command say = {.kind = CMD_SAY,
                          .group = 1,
                          .text = TEXT("the first text of them all"),
                          .lifetime_hours = UINT32_MAX};
    bench_command(b, "say", &say);
    bench_command(b, "say again", &say);
    say.delay_ms = 5000;
    b->first = say_later;
    struct command back = {.kind = CMD_TAKE_BACK, .group = 1};
    bench_command(b, "take back", &back);
    bench_command(b, "say later", &say);
    bench_look(b, "look at messages", look_messages);
    b->first = say_later;
    bench_look(b, "look at a waiting text", look_messages);
    bench_look(b, "look at members", look_members);
    bench_look(b, "look at groups", look_groups);
    struct command keep = {
        .kind = CMD_KEEP_UNSENT, .group = 1, .text = TEXT("half a text")};
    bench_command(b, "keep what is not sent", &keep);
    b->first = keep_unsent;
    struct command send = {.kind = CMD_SEND_UNSENT,
                           .group = 1,
                           .lifetime_hours = UINT32_MAX,
                           .delay_ms = 5000};
    bench_command(b, "send it", &send);
    struct command read = {.kind = CMD_MARK_READ, .group = 1, .row = 2};
    bench_command(b, "mark as read", &read);
    struct command rekey = {.kind = CMD_REKEY, .group = 1};
    bench_command(b, "rekey", &rekey);
    say.delay_ms = 0;
    bench_command(b, "say under new keys", &say);
}

/* The clocks run on and the peer ticks once. */
static void try_time(struct bench *b, const char *name, uint64_t ms)
{
    b->tp->now_ms += ms;
    b->tp->wall_ms += ms;
    bench_event(b, name, EV_TICK);
}

/* Loading everything from the log is a step like any other. */
static void try_load(struct bench *b)
{
    b->fresh = true;
    bench_event(b, "start over a full log", EV_START);
    b->tp->wall_ms += 30 * TP_HOUR_MS;
    b->tp->now_ms += 30 * TP_HOUR_MS;
    b->fresh = true;
    bench_event(b, "start after a day: what ends", EV_START);
}

void area_people(void)
{
    struct bench b;
    struct tp *t = tp_over(memlog_new(), 7, TP_EPOCH_HOURS * TP_HOUR_MS);
    memlog_free(t->log); /* the first start is to be tried over an empty log */
    t->log = memlog_new();
    bench_open(&b, t, 1);
    try_start(&b);
    try_found(&b);
    try_addresses(&b);
    try_texts(&b);
    b.first = say_later;
    try_time(&b, "a waiting text is sealed", 6000);
    try_load(&b);
    try_time(&b, "three days: erasing, renewing", 72 * TP_HOUR_MS);
    try_time(&b, "three weeks: forgetting", 21 * 24 * TP_HOUR_MS);
    bench_close(&b);
    tp_free(t);
}
