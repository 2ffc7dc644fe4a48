/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* loop.h -- one profile that runs: store, core, sockets and timers on one loop.
 *
 *     host_new -> { host_turn | host_step, host_commit }* -> host_free
 *
 * One turn of the loop is one transaction.  The first step of a turn opens it; what the
 * steps want done is kept in order; the turn ends with the commit, and only then does
 * anything leave (commit.h).  Private to node/host.
 */
#ifndef NODE_HOST_LOOP_H
#define NODE_HOST_LOOP_H

#include <uv.h>

#include "base/entropy.h"
#include "base/limits.h"
#include "node/core/peer.h"
#include "node/host/addresses.h"
#include "node/host/session.h"

struct arena;
struct store;
struct conn;
struct client;

enum {
    HOST_READ_BYTES = 512 * 1024,         /* one buffer for every read */
    HOST_LINKS_MAX = 3 * LIMIT_LINKS_MAX, /* with those that are being closed */
    HOST_CAME_MAX = 2 * LIMIT_LINKS_MAX,  /* that came in: the rest is for dials */
    HOST_CLIENTS_MAX = 16,
    HOST_LATER_MAX = 256,
    HOST_UPKEEP_MS = 1000,
    HOST_FAILURES_MAX = 3, /* in a row, then we only look for a while */
    HOST_FAILURES_FORGET_MS = 60 * 1000,
    TURN_STEPS_MAX = 64, /* a longer turn is committed in the middle */
    TURN_BYTES_MAX = 4 << 20,
};

/* Something to do after the commit: an effect of the core, or a reply to a client. */
struct pending {
    struct effect fx; /* bytes: see at, n */
    uint32_t client;  /* not 0: a reply to this client */
    size_t at, n;     /* where its bytes lie on the tape */
};

/* The turn under way. */
struct turn {
    bool open; /* a transaction is */
    uint32_t steps;
    size_t taken_bytes;   /* that came in on links */
    struct pending *list; /* in the order given */
    size_t count, cap;
    struct buf tape; /* their bytes, end to end */
};

/* An event that arose while effects were being done: it waits for the next turn. */
struct later {
    enum ev_kind kind;
    uint32_t link;
    int err;
};

/* A socket that listens. */
struct listener {
    uv_tcp_t tcp;
    struct host *host;
    char name[ADDRESS_HOST_BYTES_MAX + 1]; /* as given */
    uint16_t port;
    bool wildcard, v6, open;
};

/* Connections (net.c). */
struct net {
    struct listener listeners[LIMIT_ADDRESSES_MAX];
    size_t listeners_count;
    struct conn *links[HOST_LINKS_MAX];
    size_t links_count;
    uint32_t last_accepted; /* odd numbers are ours to give */
    char *read;             /* HOST_READ_BYTES */
    uint64_t bytes_in, bytes_out;
};

/* Beacons (beacon.c), and whether we are on a network of ours (networks.c). */
struct beacon_io;
struct beacons {
    struct beacon_io *four, *six; /* NULL: no such socket */
    bool open, ours;
    uint64_t joined_ms, second_ms;
    uint32_t heard; /* in this second */
};

/* The control socket (control.c). */
struct control_server {
    uv_pipe_t pipe;
    bool open;
    char path[128];
    struct client *clients[HOST_CLIENTS_MAX];
    size_t clients_count;
    uint32_t last_client;
};

struct host {
    uv_loop_t loop;
    uv_timer_t tick, upkeep; /* the core's deadline; once a second */
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle; /* runs while something waits, so that the loop does not sleep */
    uv_signal_t sigint, sigterm, sighup;
    bool loop_open, closing;

    char *home; /* absolute; NULL: the profile is in memory only */
    bool online, announce, stop;
    bool locking; /* stop at once: nobody waits for what is slow */
    struct entropy entropy;
    struct arena *arena;
    uint8_t *data_key; /* arena, 32 bytes */
    struct store *store;
    struct peer *peer; /* NULL after a failure, until it is made anew */
    bool looking;      /* the peer may only be looked at: nothing can be stored */
    int trouble;       /* of the last failure */
    uint32_t failures;
    uint64_t failed_ms, retry_ms, settled_ms;

    struct turn turn;
    struct later later[HOST_LATER_MAX];
    size_t later_count;
    struct net net;
    struct beacons beacons;
    uint64_t networks_ms; /* when it was last looked at where we are */
    struct control_server control;
    struct address_list addresses; /* as the core knows them */
    uint64_t addresses_ms;         /* when they were last looked at */

    uint64_t ended; /* texts that ended in this run */
    bool clock_wrong;
    uint32_t refused_group; /* the last join that failed */
    int refused_err;
    void (*told)(void *ctx, const struct effect *tell); /* may be NULL */
    void *told_ctx;
};

/* Open the profile and start its core; with config->online listen, dial, and serve the
 * control socket.  Errors as session_local. */
NODISCARD int host_new(struct host **out, const struct session_config *config,
                       const uint8_t data_key[static 32]);
/* Commit, give what is queued a moment, close everything, wipe.  NULL is fine. */
void host_free(struct host *h);
/* Run the loop once; `block`: until something happened. */
void host_turn(struct host *h, bool block);
/* Let SIGINT, SIGTERM and SIGHUP set h->stop from now on, or leave them alone again. */
void host_watch_signals(struct host *h, bool on);
/* Make the loop turn once more without sleeping. */
void host_wake(struct host *h);
/* Monotonic milliseconds. */
uint64_t host_now_ms(const struct host *h);
/* Milliseconds since 1970. */
uint64_t host_wall_ms(const struct host *h);
/* The error of ours that fits one of libuv. */
int host_error(int uv_err);

#endif
