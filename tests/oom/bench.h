/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench.h -- one peer over a memory log, one step of it tried over and over.
 *
 *     bench_open -> { bench_event | bench_command | bench_inner }* -> bench_close
 *
 * A step that fails is rolled back, the peer is thrown away and loaded again from the
 * log (node/core/peer.h, rule 6): nothing is left of it, in the log, in memory or among
 * the keys, and the same step then gives the same log, effects and answer.
 */
#ifndef TESTS_OOM_BENCH_H
#define TESTS_OOM_BENCH_H

#include "tests/lib/coretest.h"
#include "tests/oom/trial.h"

enum { TOPICS_MAX = 16 };

struct bench {
    struct tp *tp;
    struct event event;
    struct command wish, command;   /* as asked; as answered */
    void (*first)(struct bench *b); /* steps before the act, each time; NULL: none */
    uint64_t draft;                 /* set by first: what the command is about */
    uint64_t start_now_ms, start_wall_ms;     /* when the peer was loaded */
    int (*inner)(struct group *g, void *ctx); /* instead of an event: part of a step */
    int (*look)(struct bench *b);             /* instead of a step: nothing changes */
    uint32_t number;                          /* of the group */
    void *ctx;
    uint64_t seen, committed; /* digests: of what a look saw; of the log */
    struct entropy_stream drawn;
    size_t live, arena_bytes;
    bool fresh; /* the step is the very start */
};

/* Take a peer that stands outside any step; its memory is thrown away. */
void bench_open(struct bench *b, struct tp *tp, uint32_t number);
/* Give it back, loaded. */
void bench_close(struct bench *b);
/* Try a step with this event, then let it happen. */
void bench_event(struct bench *b, const char *name, enum ev_kind kind);
/* Try a step with this command, then let it happen; what it answered is in b->command
 * (freed by the next one). */
void bench_command(struct bench *b, const char *name, const struct command *wish);
/* Try a part of a step, then let it happen. */
void bench_inner(struct bench *b, const char *name,
                 int (*inner)(struct group *g, void *ctx), void *ctx);
/* Try looking. */
void bench_look(struct bench *b, const char *name, int (*look)(struct bench *b));
/* One step that must go well, as a part of `first`; ev's times are set. */
void bench_step(struct bench *b, struct event *ev);
/* Digest of everything a log holds. */
uint64_t log_digest(struct log log);

#endif
