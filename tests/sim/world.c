/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* world.c -- the heap of events, nodes, connections, faults. */
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tests/sim/copies.h"
#include "tests/sim/liar.h"

/* The world begins on a Monday in 2026; only differences matter. */
#define WORLD_EPOCH_MS 1780000000000ull

/* A node's monotonic clock begins here at every start. */
#define NODE_START_MS 1000ull

enum { SPINS_MAX = 2000, NODE_ARENA_BYTES = 1 << 20 };

static bool before(const struct act *a, const struct act *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void heap_push(struct world *w, struct act a)
{
    if (w->heap_count == w->heap_cap) {
        w->heap_cap = w->heap_cap ? w->heap_cap * 2 : 64;
        w->heap = realloc(w->heap, w->heap_cap * sizeof *w->heap);
        CHECK(w->heap != NULL);
    }
    a.order = w->order++;
    size_t i = w->heap_count++;
    while (i > 0 && before(&a, &w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = a;
}

static struct act heap_pop(struct world *w)
{
    struct act top = w->heap[0], last = w->heap[--w->heap_count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= w->heap_count)
            break;
        if (child + 1 < w->heap_count && before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!before(&w->heap[child], &last))
            break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = last;
    return top;
}

uint64_t world_die(struct world *w, uint64_t bound)
{
    return entropy_below(&w->dice, bound);
}

static bool chance(struct world *w, uint32_t per_mille)
{
    return per_mille > 0 && world_die(w, 1000) < per_mille;
}

void world_break(struct world *w, const char *fmt, ...)
{
    if (w->broken[0])
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(w->broken, sizeof w->broken, fmt, args);
    va_end(args);
}

void world_note(struct world *w, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    hasher_update(&w->trace, BYTES(line, strlen(line)));
    if (w->out)
        fprintf(w->out, "%9.3f %s\n", (double)w->now_ms / 1000.0, line);
}

struct world *world_new(uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->said = calloc(WORLD_SAID_MAX, sizeof *w->said);
    CHECK(w->said != NULL);
    w->seed = seed;
    w->watch_wire = true;
    w->faults.delay_ms_max = 50;
    put_u64(w->stream.key, seed);
    w->dice = entropy_stream(&w->stream);
    hasher_init(&w->trace, "trace");
    return w;
}

static void node_up(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    struct peer_config config = {.log = nodelog_log(node->log),
                                 .entropy = entropy_stream(&node->stream),
                                 .arena = node->arena};
    if (peer_new(&node->peer, &config) != 0) {
        world_break(w, "node %d: no peer", n);
        return;
    }
    node->started_ms = w->now_ms;
    node->tick_ms = UINT64_MAX;
    struct event ev = {.kind = EV_START};
    world_step(w, n, &ev);
    if (!node->peer)
        return;
    char text[32];
    snprintf(text, sizeof text, "n%d.%u:1", n, (unsigned)node->address_version);
    struct bytes address = BYTES(text, strlen(text));
    struct command c = {.addresses = &address, .addresses_count = 1};
    struct event here = {.kind = EV_ADDRESSES, .command = &c};
    world_step(w, n, &here);
}

int world_node(struct world *w)
{
    CHECK(w->nodes_count < WORLD_NODES_MAX);
    int n = w->nodes_count++;
    struct node *node = &w->nodes[n];
    node->exists = true;
    node->next_odd = 1;
    node->log = nodelog_new(!w->real            ? NODELOG_MEMORY
                            : n == w->disk_node ? NODELOG_DISK
                                                : NODELOG_STORE,
                            w->seed * WORLD_NODES_MAX + (uint64_t)n);
    CHECK(node->log != NULL && arena_new(&node->arena, NODE_ARENA_BYTES) == 0);
    put_u64(node->stream.key, w->seed);
    put_u64(node->stream.key + 8, (uint64_t)n + 1);
    node_up(w, n);
    return n;
}

static void conn_drop(struct world *w, int c, int because_of)
{
    struct conn *conn = &w->conns[c];
    if (!conn->open)
        return;
    conn->open = false;
    for (int end = 0; end < 2; end++) {
        int n = conn->node[end];
        if (n < 0 || n == because_of) /* it closed its end before */
            continue;
        heap_push(w, (struct act){.at_ms = w->now_ms + 1 + world_die(w, 50),
                                  .kind = ACT_CLOSED,
                                  .node = n,
                                  .conn = c,
                                  .link = conn->link[end],
                                  .epoch = w->nodes[n].crashes});
    }
}

/* Its peer goes; which rare paths it took is kept. */
static void node_down(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    for (int i = 0; node->peer && !liar_is(w, n) && i < MARKS_COUNT; i++)
        w->tally.marks[i] += node->peer->marks[i];
    peer_free(node->peer);
    node->peer = NULL;
}

void world_crash(struct world *w, int n, uint64_t after_ms)
{
    struct node *node = &w->nodes[n];
    if (!node->peer)
        return;
    node_down(w, n);
    node->crashes++;
    int cut = w->real ? nodelog_cut(node->log, world_die(w, UINT32_MAX)) : 0;
    if (cut)
        world_break(w, "node %d: the store after a power cut: %s", n, err_name(cut));
    for (int c = w->conns_first; c < w->conns_count; c++)
        if (w->conns[c].open && (w->conns[c].node[0] == n || w->conns[c].node[1] == n))
            conn_drop(w, c, n);
    if (after_ms)
        heap_push(w, (struct act){.at_ms = w->now_ms + after_ms,
                                  .kind = ACT_RESTART,
                                  .node = n,
                                  .epoch = node->crashes});
}

void world_start(struct world *w, int n)
{
    if (!w->nodes[n].peer)
        node_up(w, n);
}

void world_move(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    node->address_version++;
    world_crash(w, n, 0);
    node_up(w, n);
}

void world_side(struct world *w, int n, int side)
{
    w->nodes[n].side = side;
    for (int c = w->conns_first; c < w->conns_count; c++) {
        struct conn *conn = &w->conns[c];
        if (!conn->open || conn->node[0] < 0 || conn->node[1] < 0)
            continue; /* one end is closed: the other will see it */
        if (w->nodes[conn->node[0]].side != w->nodes[conn->node[1]].side)
            conn_drop(w, c, -1);
    }
}

static int conn_find(struct world *w, int n, uint32_t link, int *end)
{
    for (int c = w->conns_count - 1; c >= w->conns_first; c--)
        for (int e = 0; e < 2; e++)
            if (w->conns[c].open && w->conns[c].node[e] == n &&
                w->conns[c].link[e] == link) {
                *end = e;
                return c;
            }
    return -1;
}

static int conn_new(struct world *w)
{
    while (w->conns_first < w->conns_count && !w->conns[w->conns_first].open)
        w->conns_first++;
    if (w->conns_count == w->conns_cap) {
        w->conns_cap = w->conns_cap ? w->conns_cap * 2 : 256;
        w->conns = realloc(w->conns, (size_t)w->conns_cap * sizeof *w->conns);
        CHECK(w->conns != NULL);
    }
    return w->conns_count++;
}

/* Dial: the address names a node and how often it has moved. */
static void do_dial(struct world *w, int n, const struct effect *fx)
{
    char text[64] = {0};
    memcpy(text, fx->bytes.p, fx->bytes.n < 63 ? fx->bytes.n : 63);
    int to = -1;
    unsigned version = 0;
    bool ok = sscanf(text, "n%d.%u:1", &to, &version) == 2 && to >= 0 &&
              to < w->nodes_count && w->nodes[to].peer &&
              w->nodes[to].address_version == version &&
              w->nodes[to].side == w->nodes[n].side;
    if (ok && chance(w, w->faults.dial_fail)) {
        w->injected[4]++;
        ok = false;
    }
    uint64_t at = w->now_ms + 1 + world_die(w, w->faults.delay_ms_max + 1);
    if (!ok) {
        heap_push(w, (struct act){.at_ms = at,
                                  .kind = ACT_DIALED,
                                  .node = n,
                                  .link = fx->link,
                                  .err = ERR_NOANSWER,
                                  .conn = -1,
                                  .epoch = w->nodes[n].crashes});
        return;
    }
    int c = conn_new(w);
    struct node *other = &w->nodes[to];
    w->conns[c] = (struct conn){
        .open = true, .node = {n, to}, .link = {fx->link, other->next_odd}};
    other->next_odd += 2;
    heap_push(w, (struct act){.at_ms = at,
                              .kind = ACT_ACCEPT,
                              .node = to,
                              .conn = c,
                              .link = w->conns[c].link[1],
                              .epoch = other->crashes});
    heap_push(w, (struct act){.at_ms = at,
                              .kind = ACT_DIALED,
                              .node = n,
                              .conn = c,
                              .link = fx->link,
                              .epoch = w->nodes[n].crashes});
    w->conns[c].busy_until[0] = w->conns[c].busy_until[1] = at;
}

static void watch_wire(struct world *w, struct bytes b)
{
    static const char canary[] = "CANARY";
    for (size_t i = 0; w->watch_wire && i + 6 <= b.n; i++)
        if (memcmp(b.p + i, canary, 6) == 0)
            world_break(w, "a canary text stands on the wire");
}

static void send_piece(struct world *w, int c, int end, struct bytes piece, int damage)
{
    struct conn *conn = &w->conns[c];
    if (conn->node[1 - end] < 0)
        return; /* nobody is there to read it */
    struct act a = {.kind = ACT_DELIVER,
                    .node = conn->node[1 - end],
                    .conn = c,
                    .end = 1 - end,
                    .link = conn->link[1 - end],
                    .epoch = w->nodes[conn->node[1 - end]].crashes};
    uint64_t at = w->now_ms + 1 + world_die(w, w->faults.delay_ms_max + 1);
    if (at < conn->busy_until[end])
        at = conn->busy_until[end];
    if (w->faults.bytes_per_ms)
        at += piece.n / w->faults.bytes_per_ms;
    conn->busy_until[end] = at;
    a.at_ms = at;
    CHECK(buf_append(&a.bytes, piece, SIZE_MAX / 2) == 0);
    if (damage && piece.n)
        a.bytes.p[world_die(w, piece.n)] ^= 0x10;
    heap_push(w, a);
}

static void do_send(struct world *w, int n, const struct effect *fx)
{
    int end = 0, c = conn_find(w, n, fx->link, &end);
    watch_wire(w, fx->bytes);
    if (c < 0)
        return;
    if (chance(w, w->faults.cut)) {
        w->injected[0]++;
        conn_drop(w, c, -1);
        return;
    }
    struct bytes left = liar_says(w, n, fx->link, fx->bytes);
    while (left.n > 0) {
        size_t take = world_die(w, 4) == 0 ? 1 + world_die(w, left.n) : left.n;
        bool damage = chance(w, w->faults.corrupt),
             twice = chance(w, w->faults.duplicate);
        w->injected[1] += damage;
        w->injected[2] += twice;
        send_piece(w, c, end, BYTES(left.p, take), damage);
        if (twice)
            send_piece(w, c, end, BYTES(left.p, take), 0);
        left = BYTES(left.p + take, left.n - take);
    }
    heap_push(w, (struct act){.at_ms = w->conns[c].busy_until[end],
                              .kind = ACT_SENT,
                              .node = n,
                              .conn = c,
                              .link = fx->link,
                              .err = (int)fx->bytes.n,
                              .epoch = w->nodes[n].crashes});
}

static void do_close(struct world *w, int n, const struct effect *fx)
{
    int end = 0, c = conn_find(w, n, fx->link, &end);
    if (c < 0)
        return;
    /* What was sent before still arrives: the end is seen after it. */
    struct conn *conn = &w->conns[c];
    int other = conn->node[1 - end];
    if (other < 0) {
        conn->open = false;
        return;
    }
    uint64_t at = conn->busy_until[end] > w->now_ms ? conn->busy_until[end] : w->now_ms;
    heap_push(w, (struct act){.at_ms = at + 1,
                              .kind = ACT_CLOSED,
                              .node = other,
                              .conn = c,
                              .link = conn->link[1 - end],
                              .epoch = w->nodes[other].crashes});
    conn->node[end] = -1;
}

static void do_effects(struct world *w, int n, const struct effects *fx, size_t upto)
{
    for (size_t i = 0; i < upto; i++) {
        const struct effect *e = &fx->list[i];
        if (e->kind == FX_DIAL)
            do_dial(w, n, e);
        else if (e->kind == FX_SEND)
            do_send(w, n, e);
        else if (e->kind == FX_CLOSE)
            do_close(w, n, e);
    }
}

static void trace_step(struct world *w, int n, const struct event *ev,
                       const struct effects *fx)
{
    uint8_t line[32] = {0};
    put_u64(line, w->now_ms);
    put_u32(line + 8, (uint32_t)n);
    put_u32(line + 12, (uint32_t)ev->kind);
    put_u32(line + 16, ev->link);
    put_u32(line + 20, (uint32_t)fx->count);
    hasher_update(&w->trace, BYTES_OF(line));
    for (size_t i = 0; i < fx->count; i++) {
        uint8_t tag[16];
        put_u32(tag, (uint32_t)fx->list[i].kind);
        put_u32(tag + 4, fx->list[i].link);
        put_u64(tag + 8, fx->list[i].row);
        hasher_update(&w->trace, BYTES_OF(tag));
        hasher_update(&w->trace, fx->list[i].bytes);
    }
}

static void plan_tick(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    uint64_t due = peer_deadline_ms(node->peer);
    if (due != UINT64_MAX) /* from the node's own monotonic time to the world's */
        due = due + node->started_ms > NODE_START_MS
                  ? due + node->started_ms - NODE_START_MS
                  : 0;
    if (due == UINT64_MAX || (node->tick_ms <= due && node->tick_ms > w->now_ms))
        return;
    if (due <= w->now_ms) {
        due = w->now_ms;
        if (++node->spins > SPINS_MAX) {
            world_break(w, "node %d: its deadline stands still", n);
            return;
        }
    } else {
        node->spins = 0;
    }
    node->tick_ms = due;
    heap_push(w,
              (struct act){
                  .at_ms = due, .kind = ACT_TICK, .node = n, .epoch = node->crashes});
}

void world_step(struct world *w, int n, struct event *ev)
{
    struct node *node = &w->nodes[n];
    if (!node->peer || w->broken[0])
        return;
    ev->now_ms = w->now_ms - node->started_ms + NODE_START_MS;
    ev->wall_ms = (uint64_t)((int64_t)(WORLD_EPOCH_MS + w->now_ms) + node->skew_ms);
    struct effects fx = {0};
    nodelog_begin(node->log);
    liar_before(w, n, ev);
    int err = peer_step(node->peer, ev, &fx);
    w->events++;
    if (err && liar_is(w, n)) { /* it may have lied to itself */
        nodelog_rollback(node->log);
        world_crash(w, n, 1 + world_die(w, 60000));
        return;
    }
    if (err)
        world_break(w, "node %d: step %d gave %s", n, (int)ev->kind, err_name(err));
    bool may_crash = ev->kind != EV_COMMAND && ev->kind != EV_START &&
                     ev->kind != EV_ADDRESSES && chance(w, w->faults.crash);
    if (may_crash && world_die(w, 2) == 0) {
        w->injected[3]++;
        nodelog_rollback(node->log);
        world_crash(w, n, 1 + world_die(w, 60000));
        return;
    }
    if (nodelog_commit(node->log) != 0)
        world_break(w, "node %d: what was done is not saved", n);
    trace_step(w, n, ev, &fx);
    world_check_step(w, n, &fx);
    for (size_t i = 0; w->on_effect && i < fx.count; i++)
        w->on_effect(w, n, &fx.list[i]);
    if (may_crash) {
        w->injected[3]++;
        do_effects(w, n, &fx, world_die(w, fx.count + 1));
        world_crash(w, n, 1 + world_die(w, 60000));
        return;
    }
    do_effects(w, n, &fx, fx.count);
    plan_tick(w, n);
}

static void act_step(struct world *w, const struct act *a)
{
    struct event ev = {.link = a->link, .err = a->err};
    switch (a->kind) {
    case ACT_DELIVER:
        ev.kind = EV_DATA;
        ev.bytes = BUF_BYTES(&a->bytes);
        break;
    case ACT_ACCEPT: ev.kind = EV_ACCEPTED; break;
    case ACT_DIALED: ev.kind = EV_DIALED; break;
    case ACT_CLOSED: ev.kind = EV_CLOSED; break;
    case ACT_SENT:
        ev.kind = EV_SENT;
        ev.bytes = BYTES(NULL, (size_t)a->err);
        ev.err = 0;
        break;
    default:
        ev.kind = EV_TICK;
        w->nodes[a->node].tick_ms = UINT64_MAX;
        break;
    }
    world_step(w, a->node, &ev);
}

static bool act_is_stale(const struct world *w, const struct act *a)
{
    if (a->node < 0 || a->epoch != w->nodes[a->node].crashes)
        return true;
    bool needs_conn = a->kind == ACT_DELIVER || a->kind == ACT_SENT;
    return needs_conn &&
           (!w->conns[a->conn].open || w->conns[a->conn].node[a->end] < 0);
}

void world_run(struct world *w, uint64_t until_ms)
{
    while (w->heap_count > 0 && w->heap[0].at_ms <= until_ms && !w->broken[0]) {
        struct act a = heap_pop(w);
        if (a.at_ms > w->now_ms)
            w->now_ms = a.at_ms;
        if (a.kind == ACT_RESTART) {
            if (a.epoch == w->nodes[a.node].crashes)
                world_start(w, a.node);
        } else if (!act_is_stale(w, &a)) {
            if (a.kind == ACT_CLOSED)
                w->conns[a.conn].open = false;
            if (w->nodes[a.node].peer)
                act_step(w, &a);
        }
        buf_free(&a.bytes);
    }
    if (w->now_ms < until_ms)
        w->now_ms = until_ms;
}

int world_command(struct world *w, int n, struct command *c)
{
    if (!w->nodes[n].peer)
        return ERR_STATE;
    struct event ev = {.kind = EV_COMMAND, .command = c};
    world_step(w, n, &ev);
    return c->err;
}

void world_heal(struct world *w)
{
    w->faults = (struct faults){.delay_ms_max = 20};
    for (int n = 0; n < w->nodes_count; n++)
        world_side(w, n, 0);
    for (int n = 0; n < w->nodes_count; n++)
        world_start(w, n);
}

void world_poke(struct world *w, int n, uint64_t at_ms)
{
    heap_push(w, (struct act){.at_ms = at_ms,
                              .kind = ACT_TICK,
                              .node = n,
                              .epoch = w->nodes[n].crashes});
}

void world_dial(struct world *w, int n, uint32_t link, const char *address)
{
    struct effect fx = {.link = link, .bytes = BYTES(address, strlen(address))};
    do_dial(w, n, &fx);
}

void world_send(struct world *w, int n, uint32_t link, struct bytes bytes)
{
    struct effect fx = {.link = link, .bytes = bytes};
    do_send(w, n, &fx);
}

void world_close(struct world *w, int n, uint32_t link)
{
    struct effect fx = {.link = link};
    do_close(w, n, &fx);
}

void world_finish(struct world *w)
{
    for (int n = 0; n < w->nodes_count; n++)
        node_down(w, n);
    hasher_final(&w->trace, w->trace_hash);
}

void world_free(struct world *w)
{
    if (!w)
        return;
    liars_free(w);
    copies_free(w);
    for (int n = 0; n < w->nodes_count; n++) {
        peer_free(w->nodes[n].peer);
        nodelog_free(w->nodes[n].log);
        arena_destroy(w->nodes[n].arena);
    }
    for (size_t i = 0; i < w->heap_count; i++)
        buf_free(&w->heap[i].bytes);
    free(w->heap);
    free(w->conns);
    free(w->said);
    free(w);
}
