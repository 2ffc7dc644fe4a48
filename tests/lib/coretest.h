/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* coretest.h -- one peer over a memory log, driven by hand, for unit tests of the core.
 *
 *     tp_new -> { tp_command, tp_pass, tp_copy, ... }* -> tp_free
 */
#ifndef TESTS_LIB_CORETEST_H
#define TESTS_LIB_CORETEST_H

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/arena.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "node/core/core.h"
#include "tests/sim/memlog.h"

enum { TP_EPOCH_HOURS = 480000 }; /* the hour it is when a test begins */
#define TP_HOUR_MS ((uint64_t)3600 * 1000)
#ifndef TP_ARENA_BYTES /* a test that makes thousands of peers says less */
#define TP_ARENA_BYTES (4 << 20)
#endif

struct tp {
    struct memlog *log;
    struct arena *arena;
    struct entropy_stream stream;
    struct peer *peer;
    struct effects fx; /* of the last step */
    uint64_t now_ms, wall_ms;
};

/* One step inside a transaction; its error. */
static inline int tp_event(struct tp *t, struct event *ev)
{
    ev->now_ms = t->now_ms;
    ev->wall_ms = t->wall_ms;
    memlog_begin(t->log);
    int err = peer_step(t->peer, ev, &t->fx);
    if (err)
        memlog_rollback(t->log);
    else
        memlog_commit(t->log);
    return err;
}

/* A peer over `log` (kept), started. */
static inline struct tp *tp_over(struct memlog *log, uint8_t seed, uint64_t wall_ms)
{
    struct tp *t = calloc(1, sizeof *t);
    CHECK(t && log && crypto_init() == 0);
    t->log = log;
    t->stream.key[0] = seed;
    t->now_ms = 1000;
    t->wall_ms = wall_ms;
    CHECK(arena_new(&t->arena, TP_ARENA_BYTES) == 0);
    struct peer_config config = {memlog_log(log), entropy_stream(&t->stream), t->arena};
    CHECK(peer_new(&t->peer, &config) == 0);
    struct event ev = {.kind = EV_START};
    CHECK(tp_event(t, &ev) == 0);
    return t;
}

/* An empty peer, started. */
static inline struct tp *tp_new(uint8_t seed)
{
    return tp_over(memlog_new(), seed, TP_EPOCH_HOURS * TP_HOUR_MS);
}

/* Another peer over a copy of everything `t` keeps. */
static inline struct tp *tp_copy(const struct tp *t, uint8_t seed)
{
    return tp_over(memlog_copy(t->log), seed, t->wall_ms);
}

/* Free the peer with all it keeps. */
static inline void tp_free(struct tp *t)
{
    peer_free(t->peer);
    arena_destroy(t->arena);
    memlog_free(t->log);
    free(t);
}

/* Stop and start over what was committed. */
static inline void tp_restart(struct tp *t)
{
    peer_free(t->peer);
    struct peer_config config = {memlog_log(t->log), entropy_stream(&t->stream),
                                 t->arena};
    CHECK(peer_new(&t->peer, &config) == 0);
    struct event ev = {.kind = EV_START};
    CHECK(tp_event(t, &ev) == 0);
}

/* Let both clocks run on and tick once. */
static inline int tp_pass(struct tp *t, uint64_t ms)
{
    struct event ev = {.kind = EV_TICK};
    t->now_ms += ms;
    t->wall_ms += ms;
    return tp_event(t, &ev);
}

/* One command in a step of its own; its err. */
static inline int tp_command(struct tp *t, struct command *c)
{
    struct event ev = {.kind = EV_COMMAND, .command = c};
    CHECK(tp_event(t, &ev) == 0);
    return c->err;
}

#define TEXT(s) BYTES((s), sizeof(s) - 1)

/* The bytes of a C string, lent. */
static inline struct bytes tp_text(const char *s)
{
    return BYTES(s, strlen(s));
}

/* A group founded by `t`; its number. */
static inline uint32_t tp_found(struct tp *t, const char *name, uint32_t lifetime_hours)
{
    struct command c = {.kind = CMD_GROUP_NEW,
                        .name = tp_text(name),
                        .pseudonym = tp_text("Wren"),
                        .lifetime_hours = lifetime_hours};
    CHECK(tp_command(t, &c) == 0);
    return c.group;
}

/* Say a text at once with the group's lifetime; an error of the command. */
static inline int tp_say(struct tp *t, uint32_t group, const char *text)
{
    struct command c = {.kind = CMD_SAY,
                        .group = group,
                        .text = tp_text(text),
                        .lifetime_hours = UINT32_MAX};
    return tp_command(t, &c);
}

#endif
