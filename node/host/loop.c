/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* loop.c -- opening and closing a profile, and what one turn of the loop does.
 *
 * The order within a turn: timers, what waits from the turn before, requests; commit;
 * sleep; what came in from sockets; commit.
 */
#include "node/host/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "crypto/arena.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "node/host/beacon.h"
#include "node/host/commit.h"
#include "node/host/control.h"
#include "node/host/net.h"
#include "node/host/networks.h"
#include "node/host/profile.h"
#include "node/host/socket_path.h"
#include "store/copy.h"
#include "store/forget.h"
#include "store/making.h"
#include "store/store.h"

enum {
    ARENA_BYTES = 4 << 20, /* below what systems let a person lock */
    OPEN_TRIES = 60,
    OPEN_WAIT_MS = 50,
    SETTLE_MS = 60 * 1000,
    ADDRESSES_MS = 60 * 1000,
    NETWORKS_MS = 10 * 1000,
    DRAIN_MS = 500,
    DRAIN_LOCKING_MS = 50,
    TICK_MS_MAX = 3600 * 1000,
};

/* ---- time ---------------------------------------------------------------- */

static uint64_t clock_ms(clockid_t id)
{
    struct timespec t = {0};
    if (clock_gettime(id, &t) != 0 || t.tv_sec < 0)
        return 0;
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The clock that goes on while a computer sleeps: texts end then too. */
uint64_t host_now_ms(const struct host *h)
{
    (void)h;
    return clock_ms(CLOCK_BOOTTIME);
}

uint64_t host_wall_ms(const struct host *h)
{
    (void)h;
    return clock_ms(CLOCK_REALTIME);
}

int host_error(int uv_err)
{
    switch (uv_err) {
    case 0: return 0;
    case UV_EADDRINUSE: return ERR_ADDRINUSE;
    case UV_EADDRNOTAVAIL:
    case UV_EINVAL:
    case UV_EAFNOSUPPORT: return ERR_NOHOST;
    case UV_ENOMEM: return ERR_NOMEM;
    case UV_EROFS: return ERR_READONLY;
    case UV_ENOSPC: return ERR_DISKFULL;
    default: return ERR_SYSTEM;
    }
}

/* ---- one turn ------------------------------------------------------------ */

static void idle_turn(uv_idle_t *idle)
{
    (void)idle; /* that it runs is what keeps the loop awake */
}

void host_wake(struct host *h)
{
    if (h->loop_open && !h->closing)
        (void)uv_idle_start(&h->idle, idle_turn); /* cannot fail with a callback */
}

static void tick_due(uv_timer_t *timer)
{
    struct host *h = timer->data;
    struct event ev = {.kind = EV_TICK};
    if (h->peer && !h->looking && peer_deadline_ms(h->peer) <= host_now_ms(h))
        host_event(h, &ev);
}

/* Sleep no longer than the core's deadline. */
static void tick_arm(struct host *h)
{
    uint64_t now = host_now_ms(h);
    uint64_t due = h->peer && !h->looking ? peer_deadline_ms(h->peer) : UINT64_MAX;
    uint64_t wait_ms = due <= now ? 0 : due - now;
    if (due == UINT64_MAX || wait_ms > TICK_MS_MAX)
        wait_ms = TICK_MS_MAX;
    uv_update_time(&h->loop);
    (void)uv_timer_start(&h->tick, tick_due, wait_ms, 0);
}

/* A turn that was undone has told whom it concerned; the next makes the core anew. */
static void turn_end(struct host *h)
{
    if (host_commit(h) < 0)
        host_wake(h);
    beacon_settle(h);
}

static void turn_prepare(uv_prepare_t *prepare)
{
    struct host *h = prepare->data;
    (void)uv_idle_stop(&h->idle);
    if (host_ready(h, false) < 0)
        h->later_count = 0; /* the links they are of are closed */
    host_run_later(h);
    control_run(h);
    turn_end(h);
    tick_arm(h);
}

static void turn_check(uv_check_t *check)
{
    turn_end(check->data);
}

/* Erased bytes leave the files now; this takes a while, so not too often. */
static void settle(struct host *h)
{
    int err = store_settle(h->store);
    h->settled_ms = host_now_ms(h);
    if (err < 0)
        h->trouble = err; /* shown by status; it is tried again in a minute */
    if (err < 0)
        h->failed_ms = h->settled_ms;
}

static void upkeep_due(uv_timer_t *timer)
{
    struct host *h = timer->data;
    uint64_t now = host_now_ms(h);
    net_upkeep(h);
    if (h->online && now - h->addresses_ms >= ADDRESSES_MS) {
        h->addresses_ms = now;
        profile_check_addresses(h);
    }
    if (h->online && now - h->networks_ms >= NETWORKS_MS) {
        h->networks_ms = now;
        networks_check(h, false);
    }
    if (h->turn.open || h->turn.count > 0)
        return; /* not in the middle of a transaction: the next time will do */
    if (now - h->settled_ms >= SETTLE_MS && store_wants_settle(h->store))
        settle(h);
}

static void signal_came(uv_signal_t *handle, int number)
{
    struct host *h = handle->data;
    h->stop = true;
    h->locking |= number == SIGHUP; /* who sees the terminal now is not known */
}

void host_watch_signals(struct host *h, bool on)
{
    if (on) {
        (void)uv_signal_start(&h->sigint, signal_came, SIGINT);
        (void)uv_signal_start(&h->sigterm, signal_came, SIGTERM);
        (void)uv_signal_start(&h->sighup, signal_came, SIGHUP);
    } else {
        (void)uv_signal_stop(&h->sigint);
        (void)uv_signal_stop(&h->sigterm);
        (void)uv_signal_stop(&h->sighup);
        forget_at_signals(); /* the loop has put back what the system does */
    }
}

void host_turn(struct host *h, bool block)
{
    (void)uv_run(&h->loop, block ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

/* ---- opening ------------------------------------------------------------- */

static int open_loop(struct host *h)
{
    if (uv_loop_init(&h->loop) < 0)
        return ERR_SYSTEM;
    h->loop_open = true;
    h->net.last_accepted = UINT32_MAX; /* the first that comes is 1 */
    int err =
        uv_timer_init(&h->loop, &h->tick) | uv_timer_init(&h->loop, &h->upkeep) |
        uv_prepare_init(&h->loop, &h->prepare) | uv_check_init(&h->loop, &h->check) |
        uv_idle_init(&h->loop, &h->idle) | uv_signal_init(&h->loop, &h->sigint) |
        uv_signal_init(&h->loop, &h->sighup) | uv_signal_init(&h->loop, &h->sigterm);
    if (err < 0)
        return ERR_SYSTEM;
    h->tick.data = h->upkeep.data = h->prepare.data = h->check.data = h;
    h->sigint.data = h->sigterm.data = h->sighup.data = h;
    err = uv_prepare_start(&h->prepare, turn_prepare) |
          uv_check_start(&h->check, turn_check) |
          uv_timer_start(&h->upkeep, upkeep_due, HOST_UPKEEP_MS, HOST_UPKEEP_MS);
    return err < 0 ? ERR_SYSTEM : 0;
}

/* True if the process that has the store can be asked instead. */
static bool other_answers(const struct host *h)
{
    char path[sizeof h->control.path];
    int fd = socket_path(h->home, false, path, sizeof path);
    if (fd == 0)
        fd = socket_connect(path);
    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}

/* Two commands that come at once take turns: the first is done in a moment. */
static int open_store(struct host *h)
{
    int err = 0;
    if (!h->home)
        return store_create_in_memory(&h->store, h->data_key, &h->entropy);
    for (int i = 0; i < OPEN_TRIES; i++) {
        err = store_open(&h->store, h->home, h->data_key, &h->entropy);
        if (err == ERR_NOSTORE && making_done(h->home))
            return ERR_DAMAGED; /* it was there, and is lost */
        if (err == ERR_NOSTORE)
            err = store_create(&h->store, h->home, h->data_key, &h->entropy);
        if (err != ERR_INUSE && err != ERR_EXISTS)
            return err;
        if (other_answers(h))
            break;
        uv_sleep(OPEN_WAIT_MS);
    }
    return err == ERR_EXISTS ? ERR_INUSE : err;
}

static int open_keys(struct host *h, const uint8_t data_key[static KEY_BYTES])
{
    int err = crypto_init();
    if (err == 0)
        err = arena_new(&h->arena, ARENA_BYTES);
    if (err < 0)
        return err;
    h->entropy = entropy_os();
    h->data_key = arena_alloc(h->arena, KEY_BYTES);
    if (!h->data_key)
        return ERR_NOMEM;
    memcpy(h->data_key, data_key, KEY_BYTES);
    return 0;
}

/* Listen where the texts say; with none, on all interfaces at the port of last time. */
static int open_listen(struct host *h, const struct session_config *config)
{
    char any[16];
    int err = 0;
    for (size_t i = 0; i < config->listen_count && err == 0; i++)
        err = net_listen(h, BYTES(config->listen[i], strlen(config->listen[i])));
    if (config->listen_count == 0) {
        (void)snprintf(any, sizeof any, "*:%u", (unsigned)profile_port(h));
        err = net_listen(h, BYTES(any, strlen(any)));
        if (err == ERR_ADDRINUSE)
            err = net_listen(h, BYTES("*:0", 3));
    }
    net_addresses(h, &h->addresses);
    h->addresses_ms = host_now_ms(h);
    for (size_t i = 0; i < h->addresses.count && err == 0 && h->announce; i++)
        (void)fprintf(stderr, "listening on %s\n", h->addresses.text[i]);
    return err;
}

/* The core, once everything around it stands. */
static int open_peer(struct host *h)
{
    int err = host_ready(h, true);
    if (err < 0 && h->looking)
        return 0; /* nothing can be stored, but all can be read; status says so */
    if (err == 0 && h->online)
        err = profile_save_addresses(h);
    return err < 0 ? err : host_commit(h);
}

int host_new(struct host **out, const struct session_config *config,
             const uint8_t data_key[static KEY_BYTES])
{
    struct host *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NOMEM;
    h->online = config->online;
    h->announce = config->announce;
    int err = open_keys(h, data_key);
    h->home = config->home ? realpath(config->home, NULL) : NULL;
    if (err == 0 && config->home && !h->home)
        err = ERR_NOSTORE;
    h->net.read = malloc(HOST_READ_BYTES);
    if (err == 0 && !h->net.read)
        err = ERR_NOMEM;
    if (err == 0)
        err = open_store(h);
    if (err == 0 && h->home) /* the store is ours alone: no backup is under way */
        copy_forget(h->home, &h->entropy);
    if (err == 0)
        err = open_loop(h);
    if (err == 0 && h->online && h->home)
        err = control_open(h);
    if (err == 0 && h->online)
        err = open_listen(h, config);
    if (err == 0)
        err = open_peer(h);
    if (err < 0) {
        host_free(h);
        return err;
    }
    h->settled_ms = host_now_ms(h);
    *out = h;
    return 0;
}

/* ---- closing ------------------------------------------------------------- */

/* Let what was committed leave: a text that was just said, the reply to a stop. */
static void close_drain(struct host *h)
{
    uint64_t until = host_now_ms(h) + (h->locking ? DRAIN_LOCKING_MS : DRAIN_MS);
    turn_end(h);
    while (control_unsent(h) + (h->locking ? 0 : net_unsent(h)) > 0 &&
           host_now_ms(h) < until) {
        host_wake(h); /* do not sleep past the end */
        host_turn(h, false);
        uv_sleep(1);
    }
}

static void close_handle(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_loop(struct host *h)
{
    if (!h->loop_open)
        return;
    h->closing = true;
    control_close(h);
    beacon_close(h);
    net_close(h);
    uv_walk(&h->loop, close_handle, NULL);
    forget_at_signals(); /* the loop has put back what the system does */
    while (uv_run(&h->loop, UV_RUN_DEFAULT) != 0)
        ; /* lookups that cannot be broken off end first */
    CHECK(uv_loop_close(&h->loop) == 0);
    h->loop_open = false;
}

void host_free(struct host *h)
{
    if (!h)
        return;
    if (h->loop_open && h->store && h->peer)
        close_drain(h);
    close_loop(h);
    peer_free(h->peer);
    if (h->store) {
        store_rollback(h->store);
        if (!h->locking && store_wants_settle(h->store))
            settle(h);
        if (h->locking)
            store_leave(h->store);
        else
            store_close(h->store);
    }
    free(h->turn.list);
    buf_free(&h->turn.tape);
    if (h->arena)
        arena_free(h->arena, h->data_key);
    arena_destroy(h->arena);
    free(h->net.read);
    free(h->home);
    free(h);
}
