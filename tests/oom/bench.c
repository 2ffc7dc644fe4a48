/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench.c -- see bench.h. */
#include "tests/oom/bench.h"

#include "node/core/keys.h"
#include "tests/oom/hook.h"

enum { GROUPS_SEEN = 4 };

/* ---- what a log holds ---------------------------------------------------- */

static int add_kv(void *ctx, struct bytes key, struct bytes value)
{
    digest_add(ctx, key);
    digest_add(ctx, value);
    return 0;
}

static int add_row(void *ctx, const struct content_row *r)
{
    const uint64_t numbers[] = {r->row,        r->state,      r->unread,
                                r->own,        r->urgency,    r->kind,
                                r->author,     r->seq,        r->end_hour,
                                r->erase_hour, r->about_hour, r->lifetime_hours};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        digest_number(ctx, numbers[i]);
    digest_add(ctx, BYTES_OF(r->id));
    digest_add(ctx, BYTES_OF(r->hash));
    digest_add(ctx, BYTES_OF(r->prev));
    digest_add(ctx, BYTES_OF(r->topic));
    digest_add(ctx, r->envelope);
    digest_add(ctx, r->body);
    return 0;
}

uint64_t log_digest(struct log log)
{
    uint64_t d = 2;
    bool was = hook_watch(false);
    for (uint32_t group = 0; group < GROUPS_SEEN; group++) {
        for (uint8_t table = 1; table < LOG_TABLES_END; table++) {
            digest_number(&d, (uint64_t)group << 8 | table);
            CHECK(log.ops->scan(log.ctx, group, table, BYTES(NULL, 0), add_kv, &d) ==
                  0);
        }
        CHECK(log.ops->content_scan(log.ctx, group, 0, true, add_row, &d) == 0);
    }
    (void)hook_watch(was);
    return d;
}

/* ---- loading and throwing away ------------------------------------------- */

void bench_step(struct bench *b, struct event *ev)
{
    ev->now_ms = b->start_now_ms;
    ev->wall_ms = b->start_wall_ms;
    CHECK(peer_step(b->tp->peer, ev, &b->tp->fx) == 0);
}

/* A new peer in an open transaction, drawing what the last one drew. */
static void bench_load(void *ctx)
{
    struct bench *b = ctx;
    struct tp *t = b->tp;
    struct peer_config config = {memlog_log(t->log), entropy_stream(&t->stream),
                                 t->arena};
    b->live = hook_live();
    b->arena_bytes = arena_used(t->arena);
    t->stream = b->drawn;
    memlog_begin(t->log);
    CHECK(peer_new(&t->peer, &config) == 0);
    struct event start = {.kind = EV_START};
    if (!b->fresh)
        bench_step(b, &start);
    b->draft = 0;
    if (b->first)
        b->first(b);
    t->fx = (struct effects){0};
    b->command = b->wish;
    b->seen = 0;
}

static void bench_drop(struct bench *b, bool keep)
{
    if (keep)
        memlog_commit(b->tp->log);
    else
        memlog_rollback(b->tp->log);
    buf_free(&b->command.line);
    peer_free(b->tp->peer);
    b->tp->peer = NULL;
    EXPECT(hook_live() == b->live);
    EXPECT(arena_used(b->tp->arena) == b->arena_bytes);
}

static void bench_undo(void *ctx)
{
    struct bench *b = ctx;
    if (b->look) { /* the peer stays, and can be looked at again */
        b->seen = 0;
        return;
    }
    bench_drop(b, false);
    EXPECT(log_digest(memlog_log(b->tp->log)) == b->committed);
    bench_load(b);
}

static void bench_after(void *ctx)
{
    bench_drop(ctx, false);
}

/* ---- the act and what came of it ----------------------------------------- */

static int bench_act(void *ctx)
{
    struct bench *b = ctx;
    struct tp *t = b->tp;
    if (b->look)
        return b->look(b);
    if (b->inner) {
        struct group *g = peer_group(t->peer, b->number);
        CHECK(g != NULL);
        int err = b->inner(g, b->ctx);
        return err < 0 ? err : keys_flush(g);
    }
    struct event ev = b->event;
    ev.now_ms = t->now_ms;
    ev.wall_ms = t->wall_ms;
    if (b->draft)
        b->command.draft = b->draft;
    if (ev.kind == EV_COMMAND || ev.kind == EV_ADDRESSES)
        ev.command = &b->command;
    int err = peer_step(t->peer, &ev, &t->fx);
    EXPECT(err != 0 || b->command.err == 0);
    return err;
}

static uint64_t bench_digest(void *ctx)
{
    struct bench *b = ctx;
    const struct command *c = &b->command;
    uint64_t d = log_digest(memlog_log(b->tp->log));
    for (size_t i = 0; i < b->tp->fx.count; i++) {
        const struct effect *e = &b->tp->fx.list[i];
        digest_number(&d, (uint64_t)e->kind << 32 | e->link);
        digest_number(&d, (uint64_t)e->tell << 32 | e->group);
        digest_number(&d, e->row);
        digest_number(&d, e->draft);
        digest_add(&d, e->bytes);
    }
    digest_number(&d, c->group);
    digest_number(&d, c->draft);
    digest_add(&d, BYTES_OF(c->id));
    digest_add(&d, BUF_BYTES(&c->line));
    digest_number(&d, b->seen);
    return d;
}

static void bench_try(struct bench *b, const char *name)
{
    const struct trial t = {.name = name,
                            .act = bench_act,
                            .before = bench_load,
                            .undo = bench_undo,
                            .after = bench_after,
                            .digest = bench_digest};
    buf_free(&b->command.line);
    b->committed = log_digest(memlog_log(b->tp->log));
    trial_run(&t, b);
    EXPECT(log_digest(memlog_log(b->tp->log)) == b->committed);
}

/* Let it happen: what follows builds on it. */
static void bench_keep(struct bench *b)
{
    bench_load(b);
    CHECK(bench_act(b) == 0);
    struct buf line = b->command.line;
    b->command.line = (struct buf){0};
    bool was = hook_watch(false);
    b->drawn = b->tp->stream;
    (void)hook_watch(was);
    memlog_commit(b->tp->log);
    peer_free(b->tp->peer);
    b->tp->peer = NULL;
    b->command.line = line;
    b->fresh = false;
    b->first = NULL;
    b->start_now_ms = b->tp->now_ms;
    b->start_wall_ms = b->tp->wall_ms;
}

void bench_open(struct bench *b, struct tp *tp, uint32_t number)
{
    *b = (struct bench){.tp = tp,
                        .number = number,
                        .drawn = tp->stream,
                        .start_now_ms = tp->now_ms,
                        .start_wall_ms = tp->wall_ms};
    peer_free(tp->peer);
    tp->peer = NULL;
}

void bench_close(struct bench *b)
{
    buf_free(&b->command.line);
    b->tp->stream = b->drawn;
    tp_restart(b->tp);
}

void bench_event(struct bench *b, const char *name, enum ev_kind kind)
{
    b->inner = NULL;
    b->look = NULL;
    b->event = (struct event){.kind = kind};
    bench_try(b, name);
    bench_keep(b);
}

void bench_command(struct bench *b, const char *name, const struct command *wish)
{
    buf_free(&b->command.line);
    b->inner = NULL;
    b->look = NULL;
    b->event = (struct event){.kind = EV_COMMAND};
    b->wish = *wish;
    bench_try(b, name);
    bench_keep(b);
    b->wish = (struct command){0};
}

void bench_inner(struct bench *b, const char *name,
                 int (*inner)(struct group *g, void *ctx), void *ctx)
{
    b->inner = inner;
    b->look = NULL;
    b->ctx = ctx;
    bench_try(b, name);
    bench_keep(b);
}

void bench_look(struct bench *b, const char *name, int (*look)(struct bench *b))
{
    b->inner = NULL;
    b->look = look;
    bench_try(b, name);
    b->first = NULL;
}
