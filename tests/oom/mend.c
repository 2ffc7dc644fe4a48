/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mend.c -- the rows of a damaged log made to agree again, with memory running out. */
#include "node/core/mend.h"

#include "tests/lib/net_group.h"
#include "tests/oom/areas.h"
#include "tests/oom/bench.h"
#include "tests/oom/hook.h"

enum { MS = 20 * 1000, ROWS_MAX = 256 };

struct mending {
    struct tp *tp;
    struct mend_report report;
    int (*mend)(const struct peer_config *config, struct mend_report *out);
    uint64_t committed;
};

static void mend_before(void *ctx)
{
    struct mending *m = ctx;
    m->tp->stream = (struct entropy_stream){{77}, 0};
    m->report = (struct mend_report){0};
    memlog_begin(m->tp->log);
}

static int mend_act(void *ctx)
{
    struct mending *m = ctx;
    const struct peer_config config = {memlog_log(m->tp->log),
                                       entropy_stream(&m->tp->stream), m->tp->arena};
    return m->mend(&config, &m->report);
}

static void mend_after(void *ctx)
{
    struct mending *m = ctx;
    memlog_rollback(m->tp->log);
    EXPECT(arena_used(m->tp->arena) == 0);
}

static void mend_undo(void *ctx)
{
    struct mending *m = ctx;
    mend_after(m);
    EXPECT(log_digest(memlog_log(m->tp->log)) == m->committed);
    mend_before(m);
}

static uint64_t mend_digest(void *ctx)
{
    struct mending *m = ctx;
    uint64_t d = log_digest(memlog_log(m->tp->log));
    digest_number(&d, m->report.texts_lost);
    return d;
}

struct rows {
    struct buf keys[ROWS_MAX];
    int count;
};

static int row_seen(void *ctx, struct bytes key, struct bytes value)
{
    struct rows *r = ctx;
    (void)value;
    CHECK(r->count < ROWS_MAX);
    return buf_append(&r->keys[r->count++], key, LOG_KEY_BYTES_MAX);
}

/* Every third row of a table is gone. */
static void lose(struct log log, uint8_t table)
{
    static struct rows r;
    CHECK(log.ops->scan(log.ctx, 1, table, BYTES(NULL, 0), row_seen, &r) == 0);
    for (int i = 0; i < r.count; i++) {
        if (i % 3 == 1)
            CHECK(log.ops->del(log.ctx, 1, table, BUF_BYTES(&r.keys[i])) == 0);
        buf_free(&r.keys[i]);
    }
    r.count = 0;
}

static void try_mend(struct mending *m, const char *name,
                     int (*mend)(const struct peer_config *config,
                                 struct mend_report *out))
{
    const struct trial t = {.name = name,
                            .act = mend_act,
                            .before = mend_before,
                            .undo = mend_undo,
                            .after = mend_after,
                            .digest = mend_digest};
    m->mend = mend;
    m->committed = log_digest(memlog_log(m->tp->log));
    trial_run(&t, m);
}

void area_mend(void)
{
    struct mending m = {0};
    struct net *n = net_new();
    struct command rekey = {.kind = CMD_REKEY, .group = 1};
    (void)net_add(n);
    (void)net_found(n, 0, 168);
    for (int i = 1; i < 3; i++) {
        (void)net_add(n);
        net_let_in(n, 0, i);
        CHECK(net_say(n, i, "a text") == 0);
        CHECK(net_command(n, i, &rekey) == 0);
        CHECK(net_say(n, i, "another text") == 0);
        net_run(n, MS);
    }
    m.tp = n->peer[1];
    peer_free(m.tp->peer);
    m.tp->peer = NULL;
    try_mend(&m, "look whether all is well", mend_look);
    try_mend(&m, "mark as restored", mend_mark);
    lose(memlog_log(m.tp->log), LOG_EPOCH);
    lose(memlog_log(m.tp->log), LOG_TREE);
    lose(memlog_log(m.tp->log), LOG_AUTHOR);
    lose(memlog_log(m.tp->log), LOG_CARD);
    lose(memlog_log(m.tp->log), LOG_CONTROL);
    try_mend(&m, "mend what agrees no more", mend_rows);
    net_free(n);
}
