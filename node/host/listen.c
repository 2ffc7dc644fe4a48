/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* listen.c -- sockets that listen, and who comes in.
 *
 * In this version every group of a profile is reached through the same sockets:
 * docs/decisions/0002-one-port-per-profile.md says what that costs.
 */
#include <stdio.h>
#include <string.h>

#include "node/host/commit.h"
#include "node/host/net.h"
#include "node/host/conn.h"

enum { BACKLOG = 64 };

/* Whoever comes: the core answers only who proves to belong here (P9.5).  With no core
 * at work, or a full table, the connection is taken and dropped: one that stays in the
 * backlog would wake the loop for ever. */
static void listen_came(uv_stream_t *server, int status)
{
    struct listener *on = server->data;
    struct host *h = on->host;
    struct conn *l = NULL;
    struct tcp_io *io = status == 0 ? io_new(h) : NULL;
    if (!io)
        return;
    bool able = !h->closing && h->peer && !h->looking;
    uint32_t number = h->net.last_accepted + 2;
    if (uv_accept(server, (uv_stream_t *)&io->tcp) < 0 || !able ||
        conn_new(h, number, CONN_OPEN, &l) < 0) {
        io_close(io);
        return;
    }
    h->net.last_accepted = number;
    l->io = io;
    io->link = l;
    struct event ev = {.kind = EV_ACCEPTED, .link = number};
    conn_begin(l);
    host_event(h, &ev);
}

/* Bind and listen on `to`; the port that came of it goes to the listener. */
static int listen_on(struct host *h, struct listener *on, const struct sockaddr *to)
{
    struct sockaddr_storage got = {0};
    int size = sizeof got;
    unsigned flags = to->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
    if (uv_tcp_init(&h->loop, &on->tcp) < 0)
        return ERR_NOMEM;
    on->host = h;
    on->tcp.data = on;
    on->open = true;
    on->v6 = to->sa_family == AF_INET6;
    int err = uv_tcp_bind(&on->tcp, to, flags);
    if (err == 0)
        err = uv_listen((uv_stream_t *)&on->tcp, BACKLOG, listen_came);
    if (err == 0)
        err = uv_tcp_getsockname(&on->tcp, (struct sockaddr *)&got, &size);
    if (err < 0)
        return host_error(err);
    on->port = ntohs(on->v6 ? ((struct sockaddr_in6 *)&got)->sin6_port
                            : ((struct sockaddr_in *)&got)->sin_port);
    return 0;
}

/* A new row of the table.  It stays in it also when listening fails: its handle is
 * closed with the others. */
static struct listener *listener_new(struct host *h, const char *name, bool wildcard)
{
    if (h->net.listeners_count == LIMIT_ADDRESSES_MAX)
        return NULL;
    struct listener *on = &h->net.listeners[h->net.listeners_count++];
    *on = (struct listener){.wildcard = wildcard};
    (void)snprintf(on->name, sizeof on->name, "%s", name);
    return on;
}

/* All interfaces: version 4, and version 6 at the same port where there is such. */
static int listen_any(struct host *h, uint16_t port)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct listener *a = listener_new(h, "0.0.0.0", true);
    struct listener *b = listener_new(h, "::", true);
    if (!a || !b || uv_ip4_addr("0.0.0.0", port, &four) < 0)
        return ERR_FULL;
    int err = listen_on(h, a, (struct sockaddr *)&four);
    if (err < 0)
        return err;
    if (uv_ip6_addr("::", a->port, &six) < 0 ||
        listen_on(h, b, (struct sockaddr *)&six) < 0)
        b->port = 0; /* a machine without version 6, or a taken port: 4 will do */
    return 0;
}

/* The first address of a name; looked up while we wait: this happens at the start. */
static int listen_resolve(struct host *h, const struct address *a,
                          struct sockaddr_storage *to)
{
    char port[8];
    uv_getaddrinfo_t req;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    (void)snprintf(port, sizeof port, "%u", (unsigned)a->port);
    if (uv_getaddrinfo(&h->loop, &req, NULL, a->host, port, &hints) < 0 ||
        !req.addrinfo)
        return ERR_NOHOST;
    if (req.addrinfo->ai_addrlen <= sizeof *to)
        memcpy(to, req.addrinfo->ai_addr, req.addrinfo->ai_addrlen);
    uv_freeaddrinfo(req.addrinfo);
    return to->ss_family == AF_INET || to->ss_family == AF_INET6 ? 0 : ERR_NOHOST;
}

int net_listen(struct host *h, struct bytes text)
{
    struct address a;
    struct sockaddr_storage to = {0};
    int err = address_split(text, &a);
    if (err < 0)
        return ERR_NOHOST;
    if (strcmp(a.host, "*") == 0)
        return listen_any(h, a.port);
    err = listen_resolve(h, &a, &to);
    if (err < 0)
        return err;
    bool wildcard = strcmp(a.host, "0.0.0.0") == 0 || strcmp(a.host, "::") == 0;
    struct listener *on = listener_new(h, a.host, wildcard);
    return on ? listen_on(h, on, (struct sockaddr *)&to) : ERR_FULL;
}

void net_addresses(const struct host *h, struct address_list *out)
{
    bool v4 = false, v6 = false;
    uint16_t port4 = 0, port6 = 0;
    *out = (struct address_list){0};
    for (size_t i = 0; i < h->net.listeners_count; i++) {
        const struct listener *on = &h->net.listeners[i];
        if (on->port == 0)
            continue;
        if (!on->wildcard) {
            if (address_add(out, on->name, on->port) < 0)
                return; /* full: as many as a card holds */
        } else if (on->v6) {
            v6 = true;
            port6 = on->port;
        } else {
            v4 = true;
            port4 = on->port;
        }
    }
    if (v4)
        address_add_interfaces(out, port4, true, v6 && port6 == port4);
    if (v6 && (!v4 || port6 != port4))
        address_add_interfaces(out, port6, false, true);
}

void net_close(struct host *h)
{
    net_close_links(h);
    for (size_t i = 0; i < h->net.listeners_count; i++)
        if (h->net.listeners[i].open)
            uv_close((uv_handle_t *)&h->net.listeners[i].tcp, NULL);
    h->net.listeners_count = 0; /* the handles stay in place until the loop is done */
}
