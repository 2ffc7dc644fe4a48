/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* work.c -- turns, wires, and the life of member A. */
#include "tests/disk/work.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "node/core/core.h"
#include "node/core/envelope_int.h"
#include "node/core/keys.h"

enum { TRIES_MAX = 400, ARENA_BYTES = 1 << 20, EPOCH_HOURS = 480000, GROUPS = 3 };

#define HOUR_MS ((uint64_t)3600 * 1000)

static void a_fail(struct work *w);

void work_break(struct work *w, const char *fmt, ...)
{
    va_list args;
    if (w->broken[0])
        return;
    va_start(args, fmt);
    (void)vsnprintf(w->broken, sizeof w->broken, fmt, args);
    va_end(args);
}

/* ---- what the log holds -------------------------------------------------- */

static int hash_value(void *ctx, struct bytes key, struct bytes value)
{
    uint8_t n[8];
    put_u32(n, (uint32_t)key.n);
    put_u32(n + 4, (uint32_t)value.n);
    hasher_update(ctx, BYTES_OF(n));
    hasher_update(ctx, key);
    hasher_update(ctx, value);
    return 0;
}

static int hash_row(void *ctx, const struct content_row *row)
{
    uint8_t n[32];
    put_u64(n, row->row);
    put_u32(n + 8, (uint32_t)row->state << 16 | (uint32_t)row->unread << 8 | row->own);
    put_u32(n + 12, row->author);
    put_u32(n + 16, row->seq);
    put_u32(n + 20, row->erase_hour);
    put_u32(n + 24, (uint32_t)row->envelope.n);
    put_u32(n + 28, (uint32_t)row->body.n);
    hasher_update(ctx, BYTES_OF(n));
    hasher_update(ctx, BYTES_OF(row->id));
    hasher_update(ctx, row->envelope);
    hasher_update(ctx, row->body);
    return 0;
}

void work_hash(struct work *w, uint8_t hash[static 32])
{
    struct log log = store_log(w->side[0].store);
    struct hasher h;
    int err = 0;
    hasher_init(&h, "all of it");
    w->disk->quiet = true;
    for (uint32_t group = 0; group < GROUPS; group++) {
        for (uint8_t table = LOG_PROFILE; table < LOG_TABLES_END && !err; table++) {
            uint8_t mark[5] = {table};
            put_u32(mark + 1, group);
            hasher_update(&h, BYTES_OF(mark));
            err = log.ops->scan(log.ctx, group, table, BYTES(NULL, 0), hash_value, &h);
        }
        if (!err)
            err = log.ops->content_scan(log.ctx, group, 0, true, hash_row, &h);
    }
    w->disk->quiet = false;
    if (err)
        work_break(w, "the log cannot be read: %s", err_name(err));
    hasher_final(&h, hash);
}

/* ---- what was sealed ----------------------------------------------------- */

static void sealed_add(struct work *w, const struct sealed *s)
{
    for (size_t i = 0; i < w->sealed_count; i++)
        if (memcmp(w->sealed[i].place, s->place, 16) == 0 &&
            memcmp(w->sealed[i].envelope, s->envelope, 16) != 0)
            work_break(w, "two envelopes share root, place and position");
    if (w->sealed_count == w->sealed_cap) {
        w->sealed_cap = w->sealed_cap ? 2 * w->sealed_cap : 64;
        w->sealed = realloc(w->sealed, w->sealed_cap * sizeof *w->sealed);
        CHECK(w->sealed != NULL);
    }
    w->sealed[w->sealed_count++] = *s;
}

/* Root, place and position of an own envelope, and its random bytes. */
static int sealed_row(void *ctx, const struct content_row *row)
{
    struct work *w = ctx;
    struct lane_view lane;
    struct header h;
    uint8_t plain[HEADER_BYTES_MAX], use[4] = {0}, nonce[1 + 32 + 24] = {'h'};
    size_t n = 0;
    w->last_row = row->row;
    if (!row->own || row->envelope.n == 0)
        return 0;
    struct group *g = peer_group(w->side[0].peer, w->side[0].group);
    if (!g || !keys_lane_find(g, row->topic, &lane))
        return 0; /* of a lane that went: it was noted when it came */
    if (header_open(row->envelope, &lane, plain, &n) != 0 ||
        header_parse(BYTES(plain, n), &h) != 0) {
        work_break(w, "an own envelope does not open");
        return 1;
    }
    struct sealed s = {.acked_ops = w->disk->ops_count};
    use[0] = h.mix;
    put_u16(use + 1, h.position);
    uint8_t place[2];
    put_u16(place, h.place);
    struct bytes parts[] = {BYTES_OF(use), BYTES_OF(place),
                            BYTES(h.prefixes, EPOCH_PREFIX_BYTES * (size_t)h.count)};
    hash16(s.place, "place", parts, 3);
    hash16(s.envelope, "envelope", &row->envelope, 1);
    sealed_add(w, &s);
    memcpy(nonce + 1, row->topic, 32);
    memcpy(nonce + 33, row->envelope.p + 8, 24);
    if (!once_use(w->once, BYTES_OF(nonce), row->envelope))
        work_break(w, "a nonce of an envelope was used twice");
    return 0;
}

static void sealed_scan(struct work *w)
{
    struct side *a = &w->side[0];
    struct log log = store_log(a->store);
    if (!a->group)
        return;
    w->disk->quiet = true;
    int err =
        log.ops->content_scan(log.ctx, a->group, w->last_row, true, sealed_row, w);
    w->disk->quiet = false;
    if (err < 0)
        work_break(w, "the rows cannot be read: %s", err_name(err));
}

/* ---- wires --------------------------------------------------------------- */

static void act_push(struct work *w, struct work_act a)
{
    if (w->acts_count == w->acts_cap) {
        w->acts_cap = w->acts_cap ? 2 * w->acts_cap : 64;
        w->acts = realloc(w->acts, w->acts_cap * sizeof *w->acts);
        CHECK(w->acts != NULL);
    }
    w->acts[w->acts_count++] = a;
}

static int wire_find(const struct work *w, int member, uint32_t link, int *end)
{
    for (int c = w->wires - 1; c >= 0; c--)
        for (*end = 0; *end < 2; ++*end)
            if (w->wire[c].member[*end] == member && w->wire[c].link[*end] == link)
                return c;
    return -1;
}

/* Addresses are "m0:1" and "m1:1". */
static void dial(struct work *w, int from, const struct effect *fx)
{
    int to = fx->bytes.n == 4 && fx->bytes.p[0] == 'm' ? fx->bytes.p[1] - '0' : -1;
    if (w->alone || to == from || to < 0 || to >= SIDES || !w->side[to].peer ||
        w->wires == WORK_CONNS_MAX) {
        act_push(w, (struct work_act){.member = from,
                                      .wire = -1,
                                      .kind = EV_DIALED,
                                      .link = fx->link,
                                      .err = ERR_NOANSWER});
        return;
    }
    int c = w->wires++;
    w->wire[c] = (struct wire){{from, to}, {fx->link, w->side[to].next_odd}};
    w->side[to].next_odd += 2;
    act_push(w, (struct work_act){.wire = c, .end = 1, .kind = EV_ACCEPTED});
    act_push(w, (struct work_act){.wire = c, .end = 0, .kind = EV_DIALED});
}

static void effect_do(struct work *w, int member, const struct effect *fx)
{
    int end = 0, c = -1;
    if (fx->kind == FX_DIAL)
        dial(w, member, fx);
    else if (fx->kind == FX_TELL && fx->tell == TELL_JOINED)
        w->side[member].joined = true;
    else if (fx->kind == FX_SEND || fx->kind == FX_CLOSE)
        c = wire_find(w, member, fx->link, &end);
    if (c < 0)
        return;
    struct work_act there = {.wire = c, .end = 1 - end, .kind = EV_DATA};
    if (fx->kind == FX_SEND) {
        CHECK(buf_append(&there.bytes, fx->bytes, SIZE_MAX / 2) == 0);
        act_push(w, (struct work_act){
                        .wire = c, .end = end, .kind = EV_SENT, .n = fx->bytes.n});
    } else {
        there.kind = EV_CLOSED;
        w->wire[c].member[end] = -1;
    }
    act_push(w, there);
}

/* All connections are gone; B hears of it. */
static void wires_cut(struct work *w)
{
    while (w->acts_at < w->acts_count)
        buf_free(&w->acts[w->acts_at++].bytes);
    w->acts_at = w->acts_count = 0;
    for (int c = 0; c < w->wires; c++)
        for (int end = 0; end < 2; end++)
            if (w->wire[c].member[end] == 1)
                act_push(w, (struct work_act){.member = 1,
                                              .wire = -1,
                                              .kind = EV_CLOSED,
                                              .link = w->wire[c].link[end]});
    w->wires = 0;
}

/* ---- turns --------------------------------------------------------------- */

static void turn_clear(struct work *w)
{
    for (size_t i = 0; i < w->turn_count; i++)
        buf_free(&w->turn[i].bytes);
    w->turn_count = 0;
}

static void turn_keep(struct work *w, const struct effects *fx)
{
    for (size_t i = 0; i < fx->count; i++) {
        if (w->turn_count == w->turn_cap) {
            w->turn_cap = w->turn_cap ? 2 * w->turn_cap : 64;
            w->turn = realloc(w->turn, w->turn_cap * sizeof *w->turn);
            CHECK(w->turn != NULL);
        }
        struct work_effect *e = &w->turn[w->turn_count++];
        *e = (struct work_effect){.fx = fx->list[i]};
        CHECK(buf_append(&e->bytes, fx->list[i].bytes, SIZE_MAX / 2) == 0);
        e->fx.bytes = BUF_BYTES(&e->bytes);
    }
}

/* A step of A, in the turn that is open. */
static int a_step(struct work *w, struct event *ev)
{
    struct effects fx = {0};
    int err = w->turn_open ? 0 : store_begin(w->side[0].store);
    if (err)
        return err;
    w->turn_open = true;
    ev->now_ms = w->now_ms;
    ev->wall_ms = w->wall_ms;
    err = peer_step(w->side[0].peer, ev, &fx);
    if (!err)
        turn_keep(w, &fx);
    return err;
}

static int a_commit(struct work *w)
{
    CHECK(w->commits_count < WORK_COMMITS_MAX);
    struct commit *c = &w->commits[w->commits_count];
    *c = (struct commit){.begun_ops = w->disk->ops_count, .acked_ops = SIZE_MAX};
    work_hash(w, c->hash);
    c->wall_ms = w->wall_ms;
    c->group = w->side[0].group;
    w->commits_count++;
    int err = store_commit(w->side[0].store);
    w->turn_open = false;
    if (err)
        return err;
    c->acked_ops = w->disk->ops_count;
    w->acked = w->commits_count;
    sealed_scan(w);
    for (size_t i = 0; i < w->turn_count; i++)
        effect_do(w, 0, &w->turn[i].fx);
    turn_clear(w);
    return 0;
}

static int a_start(struct work *w)
{
    static const struct bytes address = {(const uint8_t *)"m0:1", 4};
    struct side *a = &w->side[0];
    struct peer_config config = {store_log(a->store), a->entropy, a->arena};
    struct command c = {.addresses = &address, .addresses_count = 1};
    int err = peer_new(&a->peer, &config);
    if (!err)
        err = a_step(w, &(struct event){.kind = EV_START});
    if (!err)
        err = a_step(w, &(struct event){.kind = EV_ADDRESSES, .command = &c});
    if (!err)
        err = a_commit(w);
    return err;
}

/* Undo the turn and take away the core. */
static void a_drop(struct work *w)
{
    store_rollback(w->side[0].store);
    w->turn_open = false;
    turn_clear(w);
    wires_cut(w);
    peer_free(w->side[0].peer);
    w->side[0].peer = NULL;
}

bool work_allowed(const struct work *w, size_t ops, size_t end, const uint8_t *hash)
{
    size_t line = 0; /* the last that is on the disk for certain */
    for (size_t i = 0; i < end; i++)
        if (w->commits[i].acked_ops <= ops &&
            (line == 0 || w->commits[i].acked_ops > w->commits[i].begun_ops))
            line = i + 1;
    for (size_t i = line > 0 ? line - 1 : 0; i < end; i++)
        if (w->commits[i].begun_ops <= ops && memcmp(w->commits[i].hash, hash, 32) == 0)
            return true;
    return line == 0; /* nothing was shown as saved yet */
}

/* What is left after an error must be what was acknowledged, or, opened anew since, a
 * failed commit that the log then held all the same. */
static void a_check_undone(struct work *w)
{
    uint8_t hash[32];
    if (w->acked == 0)
        return;
    work_hash(w, hash);
    bool opened =
        w->opened_commits > w->acked ||
        w->commits[w->acked - 1].acked_ops == w->commits[w->acked - 1].begun_ops;
    if (opened ? !work_allowed(w, w->disk->ops_count, w->commits_count, hash)
               : memcmp(hash, w->commits[w->acked - 1].hash, 32) != 0)
        work_break(w, "an error left something half done");
}

/* An error of the store: undo, and a new core from what is committed (peer.h 6). */
static void a_fail(struct work *w)
{
    int err = 0;
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        w->failures++;
        a_drop(w);
        a_check_undone(w);
        err = w->broken[0] ? 0 : a_start(w);
        if (!err)
            return;
    }
    a_drop(w);
    work_break(w, "it does not recover though the disk works again: %s", err_name(err));
}

/* ---- both members -------------------------------------------------------- */

static void b_step(struct work *w, struct event *ev)
{
    struct side *b = &w->side[1];
    struct effects fx = {0};
    ev->now_ms = w->now_ms;
    ev->wall_ms = w->wall_ms;
    memlog_begin(b->log);
    CHECK(peer_step(b->peer, ev, &fx) == 0);
    memlog_commit(b->log);
    for (size_t i = 0; i < fx.count; i++)
        effect_do(w, 1, &fx.list[i]);
}

static void step(struct work *w, int member, struct event *ev)
{
    if (member == 1)
        b_step(w, ev);
    else if (!w->broken[0] && a_step(w, ev) != 0)
        a_fail(w);
}

static void act_do(struct work *w, struct work_act *a)
{
    struct wire *c = a->wire >= 0 ? &w->wire[a->wire] : NULL;
    int member = c ? c->member[a->end] : a->member;
    struct event ev = {
        .kind = a->kind, .err = a->err, .link = c ? c->link[a->end] : a->link};
    ev.bytes = a->kind == EV_SENT ? BYTES(NULL, a->n) : BUF_BYTES(&a->bytes);
    if (c && a->kind == EV_CLOSED)
        c->member[a->end] = -1;
    if (member >= 0)
        step(w, member, &ev);
}

/* Until nothing is under way.  What A does meanwhile is committed in turns. */
static void drain(struct work *w)
{
    do {
        while (w->acts_at < w->acts_count && !w->broken[0]) {
            struct work_act a = w->acts[w->acts_at++];
            act_do(w, &a);
            buf_free(&a.bytes);
        }
        w->acts_at = w->acts_count = 0;
        if (w->turn_open && !w->broken[0] && a_commit(w) != 0)
            a_fail(w);
    } while (w->acts_count > 0 && !w->broken[0]);
}

/* Let time pass with every tick that is wanted. */
static void pass(struct work *w, uint64_t ms)
{
    uint64_t until_ms = w->now_ms + ms;
    for (int still = 0; w->now_ms < until_ms && !w->broken[0]; still++) {
        uint64_t due_ms = until_ms;
        int next = -1;
        drain(w);
        for (int i = 0; i < (w->alone ? 1 : 2) && !w->broken[0]; i++)
            if (peer_deadline_ms(w->side[i].peer) < due_ms) {
                due_ms = peer_deadline_ms(w->side[i].peer);
                next = i;
            }
        if (due_ms > w->now_ms) {
            w->wall_ms += due_ms - w->now_ms;
            w->now_ms = due_ms;
            still = 0;
        }
        if (still > 1000)
            work_break(w, "a deadline stands still");
        if (next >= 0)
            step(w, next, &(struct event){.kind = EV_TICK});
    }
    drain(w);
}

/* A command in a turn of its own; its error, or that of the store. */
static int command(struct work *w, int member, struct command *c)
{
    struct event ev = {.kind = EV_COMMAND, .command = c};
    if (w->broken[0])
        return ERR_STATE;
    if (member == 1) {
        b_step(w, &ev);
        drain(w);
        return c->err;
    }
    int err = a_step(w, &ev);
    if (!err)
        err = a_commit(w);
    if (err)
        a_fail(w);
    drain(w);
    return err ? err : c->err;
}

/* ---- opening and closing ------------------------------------------------- */

struct work *work_new(uint64_t seed, struct disk *disk, struct once *once, bool alone)
{
    struct work *w = calloc(1, sizeof *w);
    CHECK(w && crypto_init() == 0);
    w->seed = w->draw = seed;
    w->disk = disk;
    w->folder = disk->folder;
    w->once = once;
    w->alone = alone;
    w->now_ms = 1000;
    w->wall_ms = EPOCH_HOURS * HOUR_MS;
    w->created_ops = SIZE_MAX;
    w->commits = calloc(WORK_COMMITS_MAX, sizeof *w->commits);
    CHECK(w->commits != NULL);
    put_u64(w->data_key, seed);
    disk->watch = once_disk;
    disk->watch_ctx = once;
    for (int i = 0; i < (alone ? 1 : 2); i++) {
        struct side *m = &w->side[i];
        CHECK(arena_new(&m->arena, ARENA_BYTES) == 0);
        put_u64(m->stream.key, seed);
        m->stream.key[8] = (uint8_t)(i + 1);
        m->entropy = entropy_stream(&m->stream);
        m->next_odd = 1;
    }
    return w;
}

static void b_open(struct work *w)
{
    static const struct bytes address = {(const uint8_t *)"m1:1", 4};
    struct side *b = &w->side[1];
    b->log = memlog_new();
    CHECK(b->log != NULL);
    struct peer_config config = {memlog_log(b->log), b->entropy, b->arena};
    struct command c = {.addresses = &address, .addresses_count = 1};
    CHECK(peer_new(&b->peer, &config) == 0);
    b_step(w, &(struct event){.kind = EV_START});
    b_step(w, &(struct event){.kind = EV_ADDRESSES, .command = &c});
}

static int a_open(struct work *w)
{
    struct side *a = &w->side[0];
    disk_show(w->disk);
    int err = store_open(&a->store, w->folder, w->data_key, &a->entropy);
    if (err != ERR_NOSTORE)
        return err;
    if (w->created_ops != SIZE_MAX)
        work_break(w, "the store is gone");
    err = store_create(&a->store, w->folder, w->data_key, &a->entropy);
    if (!err)
        w->created_ops = w->disk->ops_count;
    else
        disk_see(w->disk);
    return err;
}

bool work_open(struct work *w)
{
    int err = ERR_IO;
    disk_insert(w->disk);
    for (int tries = 0; err && tries < TRIES_MAX && !w->broken[0]; tries++) {
        err = a_open(w);
        w->failures += err != 0;
        if (w->disk->hurt == 0 && err)
            break;
    }
    if (err)
        work_break(w, "the store does not open: %s", err_name(err));
    if (w->broken[0])
        return false;
    if (w->created_ops == SIZE_MAX)
        w->created_ops = w->disk->ops_count;
    w->opened_commits = w->commits_count;
    if (w->look)
        work_hash(w, w->found);
    if (a_start(w) != 0)
        a_fail(w);
    if (!w->alone && !w->side[1].peer)
        b_open(w);
    drain(w);
    return !w->broken[0];
}

void work_shut(struct work *w, bool power)
{
    struct side *a = &w->side[0];
    if (a->store) {
        w->disk->dead = power;
        a_drop(w);
        store_close(a->store);
        a->store = NULL;
        w->disk->dead = false;
    }
    w->restarts++;
    if (w->disk->stray)
        work_break(w, "%s", w->disk->stray);
    if (once_broken(w->once))
        work_break(w, "%s", once_broken(w->once));
}

void work_free(struct work *w)
{
    if (!w)
        return;
    wires_cut(w);
    turn_clear(w);
    for (int i = 0; i < SIDES; i++) {
        peer_free(w->side[i].peer);
        arena_destroy(w->side[i].arena);
        memlog_free(w->side[i].log);
    }
    buf_free(&w->text);
    free(w->acts);
    free(w->turn);
    free(w->commits);
    free(w->sealed);
    free(w);
}

/* ---- what people do ------------------------------------------------------ */

static struct bytes text_of(const char *s)
{
    return BYTES(s, strlen(s));
}

static int say(struct work *w, int member, size_t bytes, uint64_t delay_ms)
{
    char head[64];
    w->text.n = 0;
    disk_file_truncate(&w->text, bytes);
    memset(w->text.p, 'a' + (int)(w->texts % 26), bytes);
    int n = snprintf(head, sizeof head, "text %llu of %d, run %u ",
                     (unsigned long long)w->texts, member, w->side[0].stream.key[9]);
    disk_file_write(&w->text, 0, BYTES(head, n));
    struct command c = {.kind = CMD_SAY,
                        .group = w->side[member].group,
                        .text = BUF_BYTES(&w->text),
                        .delay_ms = delay_ms,
                        .lifetime_hours = UINT32_MAX};
    w->texts++;
    int err = command(w, member, &c);
    if (!err && delay_ms && member == 0)
        w->draft = c.draft;
    return err;
}

int work_say(struct work *w, size_t bytes)
{
    return say(w, 0, bytes, 0);
}

static int simple(struct work *w, int member, enum cmd_kind kind)
{
    char name[32];
    (void)snprintf(name, sizeof name, "Wren %llu",
                   (unsigned long long)disk_below(&w->draw, 1000));
    struct command c = {.kind = kind,
                        .group = w->side[member].group,
                        .pseudonym = text_of(name),
                        .row = w->last_row,
                        .draft = w->draft};
    int err = command(w, member, &c);
    buf_free(&c.line);
    return err;
}

/* Tell a command again until the disk let it through. */
static int insist(struct work *w, struct command *c)
{
    int err = ERR_IO;
    for (int tries = 0; tries < TRIES_MAX && err && !w->broken[0]; tries++) {
        buf_free(&c->line);
        err = command(w, 0, c);
    }
    if (err)
        work_break(w, "a command never went through: %s", err_name(err));
    return err;
}

static bool join(struct work *w)
{
    struct command c = {
        .kind = CMD_INVITE, .group = w->side[0].group, .uses = 1, .valid_hours = 24};
    if (insist(w, &c))
        return false;
    struct command j = {
        .kind = CMD_JOIN, .text = BUF_BYTES(&c.line), .pseudonym = text_of("Robin")};
    if (command(w, 1, &j) != 0)
        work_break(w, "B cannot begin to join: %s", err_name(j.err));
    w->side[1].group = j.group;
    buf_free(&j.line);
    buf_free(&c.line);
    for (int i = 0; i < 60 && !w->side[1].joined && !w->broken[0]; i++)
        pass(w, 2000);
    if (!w->side[1].joined)
        work_break(w, "B did not get in");
    return !w->broken[0];
}

bool work_found(struct work *w)
{
    struct command c = {.kind = CMD_GROUP_NEW,
                        .name = text_of("Circle"),
                        .pseudonym = text_of("Wren"),
                        .lifetime_hours = 24};
    if (insist(w, &c))
        return false;
    w->side[0].group = c.group;
    w->commits[w->acked - 1].group = c.group;
    return w->alone || join(w);
}

static void reopen(struct work *w, bool killed)
{
    work_shut(w, killed);
    w->side[0].stream.key[9]++; /* a new process draws anew */
    w->side[0].stream.counter = 0;
    w->now_ms += 1000;
    (void)work_open(w);
}

/* As a device that slept: an hour goes by at once. */
static void sleep_hours(struct work *w, int hours)
{
    for (int i = 0; i < hours && !w->broken[0]; i++) {
        w->now_ms += HOUR_MS;
        w->wall_ms += HOUR_MS;
        for (int m = 0; m < (w->alone ? 1 : 2); m++)
            step(w, m, &(struct event){.kind = EV_TICK});
        drain(w);
    }
}

void work_deed(struct work *w, enum deed deed)
{
    if (w->broken[0])
        return;
    switch (deed) {
    case DEED_SAY: (void)say(w, 0, 20 + disk_below(&w->draw, 300), 0); break;
    case DEED_SAY_LONG: (void)say(w, 0, 3000 + disk_below(&w->draw, 20000), 0); break;
    case DEED_DRAFT: (void)say(w, 0, 40, 5000); break;
    case DEED_TAKE_BACK: (void)simple(w, 0, CMD_TAKE_BACK); break;
    case DEED_RENAME: (void)simple(w, 0, CMD_RENAME); break;
    case DEED_READ: (void)simple(w, 0, CMD_MARK_READ); break;
    case DEED_REKEY: (void)simple(w, 0, CMD_REKEY); break;
    case DEED_HOUR: sleep_hours(w, 1); break;
    case DEED_DAY: sleep_hours(w, 25); break;
    case DEED_SETTLE: (void)!store_settle(w->side[0].store); break;
    case DEED_REOPEN: reopen(w, false); break;
    case DEED_KILL: reopen(w, true); break;
    case DEED_THEY_SAY: (void)say(w, 1, 20 + disk_below(&w->draw, 300), 0); break;
    case DEED_THEY_SAY_MORE:
        for (int i = 0; i < 4; i++)
            (void)say(w, 1, 200 + disk_below(&w->draw, 2000), 0);
        break;
    case DEED_THEY_RENAME: (void)simple(w, 1, CMD_RENAME); break;
    default: (void)simple(w, 1, CMD_REKEY); break;
    }
    if (deed != DEED_REOPEN && deed != DEED_KILL && deed != DEED_SETTLE)
        pass(w, 300 + disk_below(&w->draw, 2000));
}

void work_run(struct work *w, uint32_t deeds)
{
    int kinds = w->alone ? DEEDS_ALONE : DEEDS, order[DEEDS];
    if (!work_open(w) || !work_found(w))
        return;
    for (int i = 0; i < 3; i++)
        work_deed(w, DEED_SAY);
    for (int i = 0; i < kinds; i++) {
        int at = (int)disk_below(&w->draw, (uint64_t)i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    for (uint32_t i = 0; i < deeds && !w->broken[0]; i++) {
        int deed = i < (uint32_t)kinds ? order[i] : -1;
        if (deed < 0) /* a day is long and rare */
            deed = (int)disk_below(&w->draw, (uint64_t)kinds);
        if (deed == DEED_DAY && i >= (uint32_t)kinds)
            deed = DEED_SAY;
        work_deed(w, (enum deed)deed);
    }
    work_deed(w, DEED_SAY);
}

struct shown {
    struct bytes text;
    uint32_t count;
    bool found;
};

static int shown_one(void *ctx, const struct message_view *view)
{
    struct shown *s = ctx;
    s->count += view->draft == 0;
    s->found = s->found || bytes_equal(s->text, view->text);
    return 0;
}

bool work_shows_last(struct work *w, uint32_t *count)
{
    struct shown s = {.text = BUF_BYTES(&w->text)};
    struct side *a = &w->side[0];
    if (a->peer && a->group && peer_messages(a->peer, a->group, shown_one, &s) != 0)
        work_break(w, "the messages cannot be shown");
    *count = s.count;
    return s.found;
}
