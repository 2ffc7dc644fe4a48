/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store.c -- the real store, SQLite's memory with it: making, opening, transactions,
 * settling, checking; a core over it; and unlocking.
 *
 * Every try begins with a copy of the files as they were.
 */
#include <string.h>
#include <sys/resource.h>

#include "crypto/arena.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "node/core/peer.h"
#include "store/store.h"
#include "store/unlock.h"
#include "tests/lib/temp.h"
#include "tests/oom/areas.h"
#include "tests/oom/bench.h"
#include "tests/oom/hook.h"
#include "tests/oom/trial.h"

enum { FILES = 2, WALL_HOURS = 480000, ENVELOPE_BYTES = 9000 };

static const char *const names[FILES] = {"data", "data-wal"};
static const uint8_t data_key[32] = {9, 8, 7};

struct shelf {
    char dir[TEMP_PATH_BYTES];
    struct buf kept[FILES]; /* the files as they were */
    struct entropy_stream stream;
    struct entropy entropy;
    struct store *store;
    struct log log;
    uint64_t before; /* digest of the log */
    uint64_t seen;
    /* a core over it */
    struct arena *arena;
    struct peer *peer;
    struct effects fx;
    struct command wish, command;
    enum ev_kind kind;
    uint64_t now_ms;
    uint8_t key[32];
};

/* ---- files --------------------------------------------------------------- */

static void shelf_fill(struct shelf *s)
{
    for (int i = 0; i < FILES; i++)
        if (s->kept[i].n > 0)
            temp_write(s->dir, names[i], BUF_BYTES(&s->kept[i]));
        else
            temp_unlink(s->dir, names[i]);
}

/* Keep the files as they are now, as if the power went: the log is not taken in. */
static void shelf_keep(struct shelf *s)
{
    for (int i = 0; i < FILES; i++) {
        buf_free(&s->kept[i]);
        s->kept[i] = temp_read(s->dir, names[i]);
    }
}

static int shelf_open(struct shelf *s)
{
    bool was = hook_watch(true);
    int err = store_open(&s->store, s->dir, data_key, &s->entropy);
    (void)hook_watch(was);
    if (!err)
        s->log = store_log(s->store);
    return err;
}

static void shelf_close(struct shelf *s)
{
    bool was = hook_watch(true);
    store_close(s->store);
    s->store = NULL;
    (void)hook_watch(was);
}

/* The store open over fresh copies. */
static void shelf_before(void *ctx)
{
    struct shelf *s = ctx;
    shelf_fill(s);
    s->stream = (struct entropy_stream){{5}, 0};
    CHECK(shelf_open(s) == 0);
    s->before = log_digest(s->log);
    s->seen = 0;
}

static void shelf_after(void *ctx)
{
    shelf_close(ctx);
}

static uint64_t shelf_digest(void *ctx)
{
    struct shelf *s = ctx;
    uint64_t d = s->seen;
    if (s->store)
        digest_number(&d, log_digest(s->log));
    return d;
}

/* What failed is rolled back, and nothing is left of it. */
static void shelf_undo(void *ctx)
{
    struct shelf *s = ctx;
    bool was = hook_watch(true);
    store_rollback(s->store);
    (void)hook_watch(was);
    s->seen = 0;
    EXPECT(log_digest(s->log) == s->before);
}

static void try_open_store(struct shelf *s, const char *name, int (*act)(void *ctx))
{
    const struct trial t = {.name = name,
                            .act = act,
                            .before = shelf_before,
                            .undo = shelf_undo,
                            .after = shelf_after,
                            .digest = shelf_digest};
    trial_run(&t, s);
}

/* ---- making and opening -------------------------------------------------- */

static void make_before(void *ctx)
{
    struct shelf *s = ctx;
    for (int i = 0; i < FILES; i++)
        temp_unlink(s->dir, names[i]);
    s->stream = (struct entropy_stream){{6}, 0};
}

static int act_make(void *ctx)
{
    struct shelf *s = ctx;
    int err = store_create(&s->store, s->dir, data_key, &s->entropy);
    if (!err)
        s->log = store_log(s->store);
    return err;
}

static void open_before(void *ctx)
{
    struct shelf *s = ctx;
    shelf_fill(s);
    s->stream = (struct entropy_stream){{7}, 0};
}

static int act_open(void *ctx)
{
    struct shelf *s = ctx;
    int err = store_open(&s->store, s->dir, data_key, &s->entropy);
    if (!err)
        s->log = store_log(s->store);
    return err;
}

static void closed_undo(void *ctx)
{
    struct shelf *s = ctx;
    EXPECT(s->store == NULL);
}

static void try_make(struct shelf *s)
{
    struct trial t = {.name = "make a store",
                      .act = act_make,
                      .before = make_before,
                      .undo = closed_undo,
                      .after = shelf_after,
                      .digest = shelf_digest};
    trial_run(&t, s);
    make_before(s);
    CHECK(act_make(s) == 0);
    shelf_keep(s);
    shelf_close(s);
    t.name = "open a store";
    t.act = act_open;
    t.before = open_before;
    trial_run(&t, s);
}

/* ---- transactions -------------------------------------------------------- */

static struct content_row row_of(uint8_t n, const uint8_t *bytes)
{
    struct content_row r = {.author = 1,
                            .seq = n,
                            .unread = 1,
                            .end_hour = 1000U + n,
                            .erase_hour = 1000U + n,
                            .lifetime_hours = 24,
                            .envelope = BYTES(bytes, ENVELOPE_BYTES),
                            .body = BYTES(bytes, 40)};
    memset(r.id, n, 32);
    memset(r.hash, n + 1, 32);
    memset(r.topic, n & 1 ? 7 : 8, 32);
    return r;
}

/* Small values and rows of every kind. */
static int write_all_kinds(struct shelf *s)
{
    static const uint8_t bytes[ENVELOPE_BYTES] = {1, 2, 3};
    const struct log_ops *ops = s->log.ops;
    uint64_t number = 0;
    int err = 0;
    for (uint8_t i = 0; i < 3 && !err; i++)
        err = ops->put(s->log.ctx, 1, LOG_PAGE, BYTES(&i, 1), BYTES_OF(bytes));
    if (!err)
        err = ops->put(s->log.ctx, 1, LOG_PAGE, BYTES(bytes, 1), BYTES(bytes, 9));
    if (!err)
        err = ops->del(s->log.ctx, 1, LOG_PAGE, BYTES(bytes + 1, 1));
    for (uint8_t i = 1; i < 6 && !err; i++) {
        const struct content_row r = row_of(i, bytes);
        err = ops->content_put(s->log.ctx, 1, &r, &number);
    }
    struct content_row r = row_of(2, bytes);
    r.row = number;
    r.state = CONTENT_GONE;
    if (!err)
        err = ops->content_mark(s->log.ctx, 1, number - 1, false);
    if (!err)
        err = ops->content_update(s->log.ctx, 1, &r);
    if (!err)
        err = ops->content_delete(s->log.ctx, 1, number - 2);
    return err;
}

static int act_write(void *ctx)
{
    struct shelf *s = ctx;
    int err = store_begin(s->store);
    if (!err)
        err = write_all_kinds(s);
    return err ? err : store_commit(s->store);
}

static int see_kv(void *ctx, struct bytes key, struct bytes value)
{
    struct shelf *s = ctx;
    digest_add(&s->seen, key);
    digest_add(&s->seen, value);
    return 0;
}

static int see_row(void *ctx, const struct content_row *row)
{
    struct shelf *s = ctx;
    digest_number(&s->seen, row->row);
    digest_add(&s->seen, row->body);
    return 0;
}

static int see_id(void *ctx, const struct set_bound *at, uint64_t row)
{
    struct shelf *s = ctx;
    digest_add(&s->seen, BYTES_OF(at->id));
    digest_number(&s->seen, row);
    return 0;
}

/* Every way of reading. */
static int act_read(void *ctx)
{
    struct shelf *s = ctx;
    const struct log_ops *ops = s->log.ops;
    const struct set_range all = {{0, {0}}, {UINT32_MAX, {0xff}}};
    struct content_row row;
    struct range_sum sum = {0};
    struct bytes value = {0};
    uint8_t id[32], topic[32];
    memset(id, 1, sizeof id);
    memset(topic, 7, sizeof topic);
    int err = ops->get(s->log.ctx, 1, LOG_PAGE, BYTES(id + 31, 0), &value);
    err = err == ERR_NOTFOUND ? 0 : err;
    if (!err)
        err = ops->scan(s->log.ctx, 1, LOG_PAGE, BYTES(NULL, 0), see_kv, s);
    if (!err)
        err = ops->content_by_id(s->log.ctx, 1, id, &row);
    if (!err)
        err = ops->content_by_seq(s->log.ctx, 1, 1, 1, see_row, s);
    if (!err)
        err = ops->content_scan(s->log.ctx, 1, 0, false, see_row, s);
    if (!err)
        err = ops->content_due(s->log.ctx, 1, 1002, see_row, s);
    if (!err)
        err = ops->range_sum(s->log.ctx, 1, topic, &all.lo, &all.hi, &sum);
    if (!err)
        err = ops->range_ids(s->log.ctx, 1, topic, &all, see_id, s);
    digest_number(&s->seen, sum.count);
    return err;
}

static int act_forget(void *ctx)
{
    struct shelf *s = ctx;
    const struct log_ops *ops = s->log.ops;
    int err = store_begin(s->store);
    if (!err)
        err = ops->content_forget(s->log.ctx, 1, 2000);
    if (!err)
        err = ops->drop_group(s->log.ctx, 1);
    return err ? err : store_commit(s->store);
}

static int act_settle(void *ctx)
{
    struct shelf *s = ctx;
    return store_settle(s->store);
}

static int act_check(void *ctx)
{
    struct shelf *s = ctx;
    return store_check(s->store);
}

/* Let it happen, and keep the files. */
static void shelf_do(struct shelf *s, int (*act)(void *ctx))
{
    shelf_before(s);
    CHECK(act(s) == 0);
    shelf_keep(s);
    shelf_close(s);
}

static void try_transactions(struct shelf *s)
{
    try_open_store(s, "write and commit", act_write);
    shelf_do(s, act_write);
    try_open_store(s, "read", act_read);
    try_open_store(s, "check", act_check);
    try_open_store(s, "forget, drop a group", act_forget);
    shelf_do(s, act_forget);
    try_open_store(s, "settle", act_settle);
    struct trial t = {.name = "open after a power cut",
                      .act = act_open,
                      .before = open_before,
                      .undo = closed_undo,
                      .after = shelf_after,
                      .digest = shelf_digest};
    trial_run(&t, s);
}

/* ---- a core over it ------------------------------------------------------ */

static void core_load(struct shelf *s)
{
    struct peer_config config = {s->log, s->entropy, s->arena};
    struct event start = {
        .kind = EV_START, .now_ms = 1000, .wall_ms = WALL_HOURS * UINT64_C(3600000)};
    bool was = hook_watch(true);
    s->stream = (struct entropy_stream){{8}, 100000};
    CHECK(store_begin(s->store) == 0);
    CHECK(peer_new(&s->peer, &config) == 0);
    CHECK(peer_step(s->peer, &start, &s->fx) == 0);
    (void)hook_watch(was);
    s->command = s->wish;
}

static void core_before(void *ctx)
{
    shelf_before(ctx);
    core_load(ctx);
}

static void core_drop(struct shelf *s)
{
    buf_free(&s->command.line);
    peer_free(s->peer);
    s->peer = NULL;
    EXPECT(arena_used(s->arena) == 0);
}

static void core_undo(void *ctx)
{
    struct shelf *s = ctx;
    core_drop(s);
    shelf_undo(s);
    core_load(s);
}

static void core_after(void *ctx)
{
    core_drop(ctx);
    shelf_close(ctx);
}

/* One step and its commit, as the host does them. */
static int act_core(void *ctx)
{
    struct shelf *s = ctx;
    struct event ev = {.kind = s->kind,
                       .now_ms = s->now_ms,
                       .wall_ms = s->now_ms + WALL_HOURS * UINT64_C(3600000),
                       .command = &s->command};
    int err = peer_step(s->peer, &ev, &s->fx);
    EXPECT(err || s->command.err == 0);
    return err ? err : store_commit(s->store);
}

static void try_core(struct shelf *s, const char *name, enum ev_kind kind,
                     const struct command *wish)
{
    const struct trial t = {.name = name,
                            .act = act_core,
                            .before = core_before,
                            .undo = core_undo,
                            .after = core_after,
                            .digest = shelf_digest};
    s->kind = kind;
    s->wish = *wish;
    trial_run(&t, s);
    core_before(s);
    CHECK(act_core(s) == 0);
    shelf_keep(s);
    core_after(s);
}

static void try_cores(struct shelf *s)
{
    const struct command found = {.kind = CMD_GROUP_NEW,
                                  .name = TEXT("Circle"),
                                  .pseudonym = TEXT("Wren"),
                                  .lifetime_hours = 24};
    const struct command say = {.kind = CMD_SAY,
                                .group = 1,
                                .text = TEXT("a text"),
                                .lifetime_hours = UINT32_MAX};
    const struct command none = {0};
    CHECK(arena_new(&s->arena, 1 << 16) == 0);
    s->now_ms = 2000;
    try_core(s, "core: found", EV_COMMAND, &found);
    try_core(s, "core: say", EV_COMMAND, &say);
    s->now_ms += 30 * UINT64_C(3600000);
    try_core(s, "core: what ends", EV_TICK, &none);
    arena_destroy(s->arena);
}

/* ---- unlocking ----------------------------------------------------------- */

#ifndef SHADOWED
/* The child that stretches a passphrase is refused its memory by the system. */
static int with_memory(struct shelf *s, int (*act)(struct shelf *s))
{
    struct rlimit old, tight;
    CHECK(getrlimit(RLIMIT_AS, &old) == 0);
    tight = old;
    tight.rlim_cur = 48 << 20;
    if (hook_hit())
        CHECK(setrlimit(RLIMIT_AS, &tight) == 0);
    int err = act(s);
    CHECK(setrlimit(RLIMIT_AS, &old) == 0);
    return err;
}

static int make_slots(struct shelf *s)
{
    return unlock_create(s->dir, TEXT("wren river stone"), true, &s->entropy, s->key);
}

static int open_slots(struct shelf *s)
{
    return unlock_open(s->dir, TEXT("wren river stone"), s->key, NULL);
}

static int change_slots(struct shelf *s)
{
    return unlock_change(s->dir, s->key, TEXT("wren river stone"), true, &s->entropy);
}

static int act_slots(void *ctx)
{
    return with_memory(ctx, make_slots);
}

static int act_unlock(void *ctx)
{
    return with_memory(ctx, open_slots);
}

static int act_change(void *ctx)
{
    return with_memory(ctx, change_slots);
}

static void no_slots(void *ctx)
{
    struct shelf *s = ctx;
    temp_unlink(s->dir, "slots");
    memset(s->key, 0, sizeof s->key);
    s->stream = (struct entropy_stream){{9}, 0};
}

static void no_key(void *ctx)
{
    struct shelf *s = ctx;
    memset(s->key, 0, sizeof s->key);
    s->stream = (struct entropy_stream){{9}, 500};
}

static void slots_undo(void *ctx)
{
    struct shelf *s = ctx;
    static const uint8_t zeros[32];
    struct buf file = temp_read(s->dir, "slots-new");
    EXPECT(memcmp(s->key, zeros, 32) == 0);
    EXPECT(file.n == 0); /* nothing half written */
    buf_free(&file);
    s->stream = (struct entropy_stream){{9}, 0};
}

static void change_undo(void *ctx)
{
    struct shelf *s = ctx;
    s->stream = (struct entropy_stream){{9}, 500};
}

static uint64_t slots_digest(void *ctx)
{
    struct shelf *s = ctx;
    struct buf file = temp_read(s->dir, "slots");
    uint64_t d = 5;
    digest_add(&d, BYTES_OF(s->key));
    digest_add(&d, BUF_BYTES(&file));
    buf_free(&file);
    return d;
}

static void try_unlock(struct shelf *s)
{
    struct trial t = {.name = "make the slots",
                      .act = act_slots,
                      .before = no_slots,
                      .undo = slots_undo,
                      .digest = slots_digest};
    trial_run(&t, s);
    t.name = "unlock";
    t.act = act_unlock;
    t.before = no_key;
    trial_run(&t, s);
    t.name = "change the passphrase";
    t.act = act_change;
    t.before = NULL;
    t.undo = change_undo;
    t.digest = NULL;
    trial_run(&t, s);
}
#else
/* The sanitizer lives in address space that the limit would forbid. */
static void try_unlock(struct shelf *s)
{
    (void)s;
}
#endif

void area_store(void)
{
    static struct shelf s;
    temp_make(s.dir);
    s.entropy = entropy_stream(&s.stream);
    try_make(&s);
    try_transactions(&s);
    try_cores(&s);
    try_unlock(&s);
    for (int i = 0; i < FILES; i++)
        buf_free(&s.kept[i]);
    temp_remove(s.dir);
}
