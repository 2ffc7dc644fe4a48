/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* conn.h -- one connection as net.c, conn_dial.c and listen.c share it.
 *
 * The TCP handle lives on its own, until the loop has called it closed; so a link can
 * be freed at any time, and what the loop still calls finds `link` NULL.
 */
#ifndef NODE_HOST_CONN_H
#define NODE_HOST_CONN_H

#include "node/host/loop.h"

enum conn_state {
    CONN_DIALING, /* the core waits for EV_DIALED */
    CONN_OPEN,
    CONN_CLOSING, /* the core has let it go: what is queued leaves, then it ends */
};

struct tcp_io {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    struct conn *link; /* NULL: given up */
};

/* A name being looked up. */
struct lookup {
    uv_getaddrinfo_t req;
    struct conn *link; /* NULL: given up */
};

struct conn {
    struct host *host;
    uint32_t number;
    enum conn_state state;
    struct tcp_io *io;
    struct lookup *lookup;
    struct addrinfo *found;      /* of the lookup; freed with the link */
    const struct addrinfo *next; /* to be tried */
    uint64_t since_ms;           /* when the state began */
    bool reading, ending;
    struct buf out;      /* of this turn */
    size_t queued_bytes; /* handed to the loop and not written */
    size_t last_bytes;   /* of them, when they last moved */
    uint64_t moved_ms;
};

/* A new link in the table.  ERR_FULL, ERR_NOMEM. */
NODISCARD int conn_new(struct host *h, uint32_t number, enum conn_state state,
                       struct conn **out);
/* The link with this number, or NULL. */
struct conn *conn_find(const struct host *h, uint32_t number);
/* Take it out of the table, close and free it.  The core is not told. */
void conn_remove(struct conn *l);
/* A fresh TCP handle of no link; NULL without memory. */
struct tcp_io *io_new(struct host *h);
/* Close it; it is freed when the loop has done so.  NULL is fine. */
void io_close(struct tcp_io *io);
/* Give the link a fresh TCP handle.  ERR_NOMEM. */
NODISCARD int conn_open_io(struct conn *l);
/* Let go of its TCP handle. */
void conn_drop_io(struct conn *l);
/* It is connected through l->io: set the socket's options and read. */
void conn_begin(struct conn *l);

/* Dial `address` for the link `number`; EV_DIALED follows.  (conn_dial.c) */
void conn_dial_begin(struct host *h, uint32_t number, struct bytes address);
/* This dial came to nothing: tell the core and remove the link.  (conn_dial.c) */
void conn_dial_fail(struct conn *l, int err);

#endif
