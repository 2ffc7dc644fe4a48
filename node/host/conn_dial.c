/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* conn_dial.c -- opening connections: numbers are dialled at once, names looked up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "node/host/commit.h"
#include "node/host/conn.h"

void conn_dial_fail(struct conn *l, int err)
{
    struct host *h = l->host;
    uint32_t number = l->number;
    conn_remove(l);
    host_later(h, EV_DIALED, number, err);
}

static void dial_next(struct conn *l);

static void dial_done(uv_connect_t *req, int status)
{
    struct tcp_io *io = req->data;
    struct conn *l = io->link;
    if (!l)
        return;
    if (status < 0) {
        conn_drop_io(l);
        dial_next(l);
        return;
    }
    struct host *h = l->host;
    struct event ev = {.kind = EV_DIALED, .link = l->number};
    conn_begin(l);
    host_event(h, &ev);
}

static int dial_address(struct conn *l, const struct sockaddr *to)
{
    int err = conn_open_io(l);
    if (err < 0)
        return err;
    l->io->connect.data = l->io;
    err = uv_tcp_connect(&l->io->connect, &l->io->tcp, to, dial_done);
    if (err < 0) {
        conn_drop_io(l);
        return host_error(err);
    }
    return 0;
}

/* Try what the lookup found, one address after another, within the time of one dial. */
static void dial_next(struct conn *l)
{
    while (l->next) {
        const struct sockaddr *to = l->next->ai_addr;
        l->next = l->next->ai_next;
        if (dial_address(l, to) == 0)
            return;
    }
    conn_dial_fail(l, ERR_NOANSWER);
}

static void lookup_done(uv_getaddrinfo_t *req, int status, struct addrinfo *found)
{
    struct lookup *k = req->data;
    struct conn *l = k->link;
    free(k);
    if (!l) {
        uv_freeaddrinfo(found);
        return;
    }
    l->lookup = NULL;
    l->found = found;
    l->next = found;
    if (status < 0)
        conn_dial_fail(l, ERR_NOHOST);
    else
        dial_next(l);
}

/* True for names that only Tor knows: asking anybody else would tell on us. */
static bool name_is_onion(const char *host)
{
    size_t n = strlen(host);
    return n >= 6 && strcasecmp(host + n - 6, ".onion") == 0;
}

static int lookup_begin(struct conn *l, const struct address *a)
{
    char port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    if (name_is_onion(a->host))
        return ERR_NOHOST;
    struct lookup *k = calloc(1, sizeof *k);
    if (!k)
        return ERR_NOMEM;
    (void)snprintf(port, sizeof port, "%u", (unsigned)a->port);
    k->req.data = k;
    k->link = l;
    int err =
        uv_getaddrinfo(&l->host->loop, &k->req, lookup_done, a->host, port, &hints);
    if (err < 0) {
        free(k);
        return ERR_NOHOST;
    }
    l->lookup = k;
    return 0;
}

/* An address of numbers needs no lookup. */
static bool address_numeric(const struct address *a, struct sockaddr_storage *to)
{
    return uv_ip4_addr(a->host, a->port, (struct sockaddr_in *)to) == 0 ||
           uv_ip6_addr(a->host, a->port, (struct sockaddr_in6 *)to) == 0;
}

void conn_dial_begin(struct host *h, uint32_t number, struct bytes address)
{
    struct conn *l = NULL;
    struct address a;
    struct sockaddr_storage to = {0};
    int err = address_split(address, &a);
    if (err < 0 || a.port == 0)
        err = ERR_NOHOST;
    else
        err = conn_new(h, number, CONN_DIALING, &l);
    if (err < 0) {
        host_later(h, EV_DIALED, number, err);
        return;
    }
    if (!address_numeric(&a, &to))
        err = lookup_begin(l, &a);
    else if (dial_address(l, (struct sockaddr *)&to) < 0)
        err = ERR_NOANSWER;
    if (err < 0)
        conn_dial_fail(l, err);
}
