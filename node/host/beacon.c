/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* beacon.c -- see beacon.h. */
#include "node/host/beacon.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/core/beacon.h"
#include "node/host/commit.h"

enum {
    PORT = 47114,
    HOPS = 1,
    INTERFACES_MAX = 16,
    JOIN_MS = 10 * 1000,
    SECOND_MS = 1000,
    HOST_BYTES = 80, /* an address with the name of its interface */
};

static const char group_4[] = "239.255.107.114", group_6[] = "ff12::6b72:696e:67";

/* One socket; it lives until the loop has called it closed. */
struct beacon_io {
    uv_udp_t udp;
    struct host *host; /* NULL: given up */
    bool v6;
    char read[2 * BEACON_BYTES];
};

/* ---- where -------------------------------------------------------------------- */

/* Addresses of interfaces, one each, as text. */
struct interfaces {
    char text[INTERFACES_MAX][HOST_BYTES];
    size_t count;
};

/* Our first address: beacons name its port. */
static struct address own_address(const struct host *h)
{
    struct address a = {.port = 0};
    const char *text = h->addresses.text[0];
    if (h->addresses.count == 0 || address_split(BYTES(text, strlen(text)), &a) < 0)
        a.port = 0;
    return a;
}

/* True if who hears us over this interface reaches us at that port.  The inside of this
 * computer is one when there is no other. */
static bool listens_there(const struct host *h, const char *host, bool v6,
                          bool internal)
{
    struct address own = own_address(h);
    bool fits = !internal || strcmp(own.host, host) == 0;
    for (size_t i = 0; i < h->net.listeners_count; i++) {
        const struct listener *on = &h->net.listeners[i];
        if (on->port != own.port || own.port == 0 || on->v6 != v6)
            continue;
        if (on->wildcard ? fits : strcmp(on->name, host) == 0)
            return true;
    }
    return false;
}

/* "192.0.2.1", or "fe80::1%name" of version 6 that holds on one wire. */
static bool interface_text(const uv_interface_address_t *a, bool v6,
                           char out[static HOST_BYTES])
{
    char host[64] = "";
    const struct sockaddr_in6 *six = &a->address.address6;
    if (a->address.address4.sin_family != (v6 ? AF_INET6 : AF_INET))
        return false;
    if (!v6)
        return uv_ip4_name(&a->address.address4, out, HOST_BYTES) == 0;
    if (six->sin6_addr.s6_addr[0] != 0xfe || (six->sin6_addr.s6_addr[1] & 0xc0) != 0x80)
        return false;
    return uv_ip6_name(six, host, sizeof host) == 0 &&
           snprintf(out, HOST_BYTES, "%s%%%s", host, a->name) < HOST_BYTES;
}

static void interfaces_find(const struct host *h, bool v6, struct interfaces *out)
{
    uv_interface_address_t *all = NULL;
    int count = 0;
    const char *names[INTERFACES_MAX];
    out->count = 0;
    if (uv_interface_addresses(&all, &count) < 0)
        return;
    for (int i = 0; i < count && out->count < INTERFACES_MAX; i++) {
        char *text = out->text[out->count];
        bool again = false;
        if (!interface_text(&all[i], v6, text) ||
            !listens_there(h, text, v6, all[i].is_internal))
            continue;
        for (size_t k = 0; k < out->count; k++)
            again |= strcmp(names[k], all[i].name) == 0;
        if (!again)
            names[out->count++] = all[i].name;
    }
    uv_free_interface_addresses(all, count);
}

/* ---- hearing ------------------------------------------------------------------ */

static void read_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct beacon_io *io = handle->data;
    (void)wanted;
    *buf = uv_buf_init(io->read, sizeof io->read);
}

/* P9.14: a flood costs no steps. */
static bool may_hear(struct host *h)
{
    uint64_t now = host_now_ms(h);
    if (now - h->beacons.second_ms >= SECOND_MS) {
        h->beacons.second_ms = now;
        h->beacons.heard = 0;
    }
    return h->beacons.heard++ < LIMIT_BEACONS_HEARD_MAX;
}

/* The sender's host as text; false: none that we could dial. */
static bool sender_text(const struct sockaddr *from, char out[static HOST_BYTES])
{
    char host[64] = "", name[IF_NAMESIZE] = "";
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)from;
    if (from->sa_family == AF_INET)
        return uv_ip4_name((const struct sockaddr_in *)(const void *)from, out,
                           HOST_BYTES) == 0;
    if (from->sa_family != AF_INET6 || uv_ip6_name(six, host, sizeof host) < 0)
        return false;
    if (six->sin6_scope_id != 0 && !if_indextoname(six->sin6_scope_id, name))
        return false;
    return snprintf(out, HOST_BYTES, "%s%s%s", host, name[0] ? "%" : "", name) <
           HOST_BYTES;
}

static void heard(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
                  const struct sockaddr *from, unsigned flags)
{
    struct beacon_io *io = udp->data;
    struct host *h = io->host;
    char text[HOST_BYTES] = "";
    (void)flags;
    if (!h || h->closing || !h->peer || h->looking || n != BEACON_BYTES || !from ||
        !may_hear(h) || !sender_text(from, text))
        return;
    struct event ev = {.kind = EV_BEACON,
                       .bytes = BYTES(buf->base, n),
                       .address = BYTES(text, strlen(text))};
    host_event(h, &ev);
}

/* ---- sockets ------------------------------------------------------------------ */

static void io_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void io_end(struct beacon_io *io)
{
    if (!io)
        return;
    io->host = NULL;
    uv_close((uv_handle_t *)&io->udp, io_closed);
}

static int io_bind(struct beacon_io *io)
{
    struct sockaddr_storage at = {0};
    unsigned flags = UV_UDP_REUSEADDR | (io->v6 ? UV_UDP_IPV6ONLY : 0U);
    /* Version 4: only what goes to the group comes in. */
    int err = io->v6 ? uv_ip6_addr("::", PORT, (struct sockaddr_in6 *)&at)
                     : uv_ip4_addr(group_4, PORT, (struct sockaddr_in *)&at);
    if (err == 0)
        err = uv_udp_bind(&io->udp, (struct sockaddr *)&at, flags);
    if (err == 0)
        err = uv_udp_set_multicast_ttl(&io->udp, HOPS);
    if (err == 0)
        err = uv_udp_set_multicast_loop(&io->udp, 1);
    return err < 0 ? err : uv_udp_recv_start(&io->udp, read_room, heard);
}

/* A socket, or NULL: a machine may have one version only. */
static struct beacon_io *io_open(struct host *h, bool v6)
{
    struct beacon_io *io = calloc(1, sizeof *io);
    if (!io)
        return NULL;
    if (uv_udp_init_ex(&h->loop, &io->udp, v6 ? AF_INET6 : AF_INET) < 0) {
        free(io);
        return NULL;
    }
    io->udp.data = io;
    io->host = h;
    io->v6 = v6;
    if (io_bind(io) == 0)
        return io;
    io_end(io);
    return NULL;
}

/* Joining twice is refused by the system, and does no harm. */
static void io_join(struct host *h, struct beacon_io *io)
{
    struct interfaces at;
    if (!io)
        return;
    interfaces_find(h, io->v6, &at);
    for (size_t i = 0; i < at.count; i++)
        (void)uv_udp_set_membership(&io->udp, io->v6 ? group_6 : group_4, at.text[i],
                                    UV_JOIN_GROUP);
}

void beacon_close(struct host *h)
{
    io_end(h->beacons.four);
    io_end(h->beacons.six);
    h->beacons = (struct beacons){0};
}

void beacon_settle(struct host *h)
{
    struct beacons *b = &h->beacons;
    uint64_t now = host_now_ms(h);
    bool want =
        h->online && !h->closing && h->peer && !h->looking && peer_beacons(h->peer);
    if (!want) {
        if (b->open)
            beacon_close(h);
        return;
    }
    if (b->open && now - b->joined_ms < JOIN_MS)
        return;
    if (!b->open) {
        b->four = io_open(h, false);
        b->six = io_open(h, true);
        b->open = true;
    }
    b->joined_ms = now;
    io_join(h, b->four);
    io_join(h, b->six);
}

/* ---- sending ------------------------------------------------------------------ */

static void io_send(struct host *h, struct beacon_io *io, struct bytes packet)
{
    struct interfaces at;
    struct sockaddr_storage to = {0};
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)packet.p, (unsigned)packet.n);
    if (!io)
        return;
    int err = io->v6 ? uv_ip6_addr(group_6, PORT, (struct sockaddr_in6 *)&to)
                     : uv_ip4_addr(group_4, PORT, (struct sockaddr_in *)&to);
    interfaces_find(h, io->v6, &at);
    for (size_t i = 0; i < at.count && err == 0; i++)
        if (uv_udp_set_multicast_interface(&io->udp, at.text[i]) == 0)
            (void)uv_udp_try_send(&io->udp, &b, 1, (struct sockaddr *)&to);
}

void beacon_send(struct host *h, struct bytes packet)
{
    beacon_settle(h); /* it may be the first */
    io_send(h, h->beacons.four, packet);
    io_send(h, h->beacons.six, packet);
}
