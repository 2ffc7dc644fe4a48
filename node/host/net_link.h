/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net_link.h -- one connection as net.c, dial.c and listen.c share it.
 *
 * The TCP handle lives on its own, until the loop has called it closed; so a link can
 * be freed at any time, and what the loop still calls finds `link` NULL.
 */
#ifndef NODE_HOST_NET_LINK_H
#define NODE_HOST_NET_LINK_H

#include "node/host/loop.h"

enum link_state {
    LINK_DIALING, /* the core waits for EV_DIALED */
    LINK_OPEN,
    LINK_CLOSING, /* the core has let it go: what is queued leaves, then it ends */
};

struct tcp_io {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    struct host_link *link; /* NULL: given up */
};

/* A name being looked up. */
struct lookup {
    uv_getaddrinfo_t req;
    struct host_link *link; /* NULL: given up */
};

struct host_link {
    struct host *host;
    uint32_t number;
    enum link_state state;
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
NODISCARD int link_new(struct host *h, uint32_t number, enum link_state state,
                       struct host_link **out);
/* The link with this number, or NULL. */
struct host_link *link_find(const struct host *h, uint32_t number);
/* Take it out of the table, close and free it.  The core is not told. */
void link_remove(struct host_link *l);
/* A fresh TCP handle of no link; NULL without memory. */
struct tcp_io *io_new(struct host *h);
/* Close it; it is freed when the loop has done so.  NULL is fine. */
void io_close(struct tcp_io *io);
/* Give the link a fresh TCP handle.  ERR_NOMEM. */
NODISCARD int link_open_io(struct host_link *l);
/* Let go of its TCP handle. */
void link_drop_io(struct host_link *l);
/* It is connected through l->io: set the socket's options and read. */
void link_begin(struct host_link *l);

/* Dial `address` for the link `number`; EV_DIALED follows.  (dial.c) */
void dial_begin(struct host *h, uint32_t number, struct bytes address);
/* This dial came to nothing: tell the core and remove the link.  (dial.c) */
void dial_fail(struct host_link *l, int err);

#endif
