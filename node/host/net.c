/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net.c -- links: the table, reading, writing, closing. */
#include "node/host/net.h"

#include <stdlib.h>
#include <string.h>

#include "node/host/commit.h"
#include "node/host/conn.h"

enum {
    KEEPALIVE_S = 60,
    DIAL_MS = 10 * 1000,
    CLOSING_MS = 5 * 1000, /* for the other side to close too */
    STALL_MS = 60 * 1000,
    OUT_BYTES_MAX = 64 << 20, /* of one link in one turn; the core's bounds are lower */
};

/* Bytes on their way out. */
struct conn_write {
    uv_write_t req;
    struct tcp_io *io;
    struct buf bytes;
};

/* ---- the table ----------------------------------------------------------- */

static bool conn_came(const struct conn *l)
{
    return l->number % 2 == 1;
}

/* A row for one that came in, or for a dial (P9.10): of those that are being closed the
 * one that waits longest gives its row up.  False: there is none. */
static bool conn_room(struct host *h, bool came)
{
    const struct net *n = &h->net;
    struct conn *oldest = NULL;
    size_t came_count = 0;
    for (size_t i = 0; i < n->links_count; i++)
        came_count += conn_came(n->links[i]);
    bool crowded = came && came_count >= HOST_CAME_MAX;
    if (!crowded && n->links_count < HOST_LINKS_MAX)
        return true;
    for (size_t i = 0; i < n->links_count; i++) {
        struct conn *l = n->links[i];
        if (l->state == CONN_CLOSING && (conn_came(l) || !crowded) &&
            (!oldest || l->since_ms < oldest->since_ms))
            oldest = l;
    }
    if (oldest)
        conn_remove(oldest);
    return oldest != NULL;
}

int conn_new(struct host *h, uint32_t number, enum conn_state state, struct conn **out)
{
    if (!conn_room(h, number % 2 == 1))
        return ERR_FULL;
    struct conn *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    l->host = h;
    l->number = number;
    l->state = state;
    l->since_ms = l->moved_ms = host_now_ms(h);
    h->net.links[h->net.links_count++] = l;
    *out = l;
    return 0;
}

struct conn *conn_find(const struct host *h, uint32_t number)
{
    for (size_t i = 0; i < h->net.links_count; i++)
        if (h->net.links[i]->number == number && h->net.links[i]->state != CONN_CLOSING)
            return h->net.links[i];
    return NULL;
}

void conn_remove(struct conn *l)
{
    struct net *n = &l->host->net;
    size_t i = 0;
    while (i < n->links_count && n->links[i] != l)
        i++;
    if (i < n->links_count) {
        n->links_count--;
        memmove(&n->links[i], &n->links[i + 1],
                (n->links_count - i) * sizeof n->links[0]);
    }
    conn_drop_io(l);
    if (l->lookup) {
        l->lookup->link = NULL;
        (void)uv_cancel((uv_req_t *)&l->lookup->req);
    }
    uv_freeaddrinfo(l->found);
    buf_free(&l->out);
    free(l);
}

static void io_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct tcp_io *io_new(struct host *h)
{
    struct tcp_io *io = calloc(1, sizeof *io);
    if (io && uv_tcp_init(&h->loop, &io->tcp) < 0) {
        free(io);
        return NULL;
    }
    if (io)
        io->tcp.data = io;
    return io;
}

void io_close(struct tcp_io *io)
{
    if (!io)
        return;
    io->link = NULL;
    uv_close((uv_handle_t *)&io->tcp, io_closed);
}

int conn_open_io(struct conn *l)
{
    l->io = io_new(l->host);
    if (!l->io)
        return ERR_NOMEM;
    l->io->link = l;
    return 0;
}

void conn_drop_io(struct conn *l)
{
    io_close(l->io);
    l->io = NULL;
    l->reading = false;
}

/* The connection is gone.  `now`: we stand in a callback of the loop and may step. */
static void conn_lost(struct conn *l, bool now)
{
    struct host *h = l->host;
    struct event ev = {.kind = EV_CLOSED, .link = l->number};
    bool known = l->state == CONN_OPEN;
    conn_remove(l);
    if (known && now)
        host_event(h, &ev);
    else if (known)
        host_later(h, EV_CLOSED, ev.link, 0);
}

/* ---- reading ------------------------------------------------------------- */

static void read_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct tcp_io *io = handle->data;
    (void)wanted;
    *buf = uv_buf_init(io->link ? io->link->host->net.read : NULL,
                       io->link ? HOST_READ_BYTES : 0);
}

static void read_done(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct tcp_io *io = stream->data;
    struct conn *l = io->link;
    if (!l || n == 0)
        return;
    if (n < 0) {
        conn_lost(l, true);
        return;
    }
    l->host->net.bytes_in += (uint64_t)n;
    if (l->state != CONN_OPEN)
        return; /* the core has let it go: read and discard */
    struct event ev = {
        .kind = EV_DATA, .link = l->number, .bytes = BYTES(buf->base, n)};
    host_event(l->host, &ev); /* `l` may be gone now */
}

static void conn_read(struct conn *l, bool on)
{
    if (l->reading == on || !l->io)
        return;
    if (on && uv_read_start((uv_stream_t *)&l->io->tcp, read_room, read_done) < 0)
        return; /* not connected any more: a write or the upkeep finds out */
    if (!on)
        (void)uv_read_stop((uv_stream_t *)&l->io->tcp);
    l->reading = on;
}

void conn_begin(struct conn *l)
{
    (void)uv_tcp_nodelay(&l->io->tcp, 1);
    (void)uv_tcp_keepalive(&l->io->tcp, 1, KEEPALIVE_S);
    l->state = CONN_OPEN;
    l->since_ms = l->moved_ms = host_now_ms(l->host);
    conn_read(l, true);
}

/* ---- writing ------------------------------------------------------------- */

static void conn_shut(uv_shutdown_t *req, int status)
{
    (void)req;
    (void)status; /* the other side's end of stream or the upkeep does the rest */
}

/* All is out that the core sent before it let go: say so, and wait for their end. */
static void conn_end(struct conn *l)
{
    if (l->ending || l->queued_bytes > 0)
        return;
    l->ending = true;
    l->since_ms = host_now_ms(l->host);
    if (uv_shutdown(&l->io->shutdown, (uv_stream_t *)&l->io->tcp, conn_shut) < 0)
        conn_remove(l);
    else
        conn_read(l, true);
}

static void write_done(uv_write_t *req, int status)
{
    struct conn_write *w = req->data;
    struct conn *l = w->io->link;
    size_t n = w->bytes.n;
    buf_free(&w->bytes);
    free(w);
    if (!l)
        return;
    if (status < 0) {
        conn_lost(l, true);
        return;
    }
    l->queued_bytes -= n;
    l->moved_ms = host_now_ms(l->host);
    l->host->net.bytes_out += n;
    if (l->state == CONN_CLOSING) {
        conn_end(l);
        return;
    }
    if (l->queued_bytes <= LIMIT_SEND_QUEUE_BYTES_MAX / 2)
        conn_read(l, true);
    struct event ev = {.kind = EV_SENT, .link = l->number, .bytes = BYTES(NULL, n)};
    host_event(l->host, &ev); /* `l` may be gone now */
}

/* Hand the bytes of the turn to the loop in one write.  False: the link is lost. */
static bool conn_write(struct conn *l)
{
    if (l->out.n == 0)
        return true;
    struct conn_write *w = calloc(1, sizeof *w);
    if (!w)
        return false;
    w->req.data = w;
    w->io = l->io;
    w->bytes = l->out;
    l->out = (struct buf){0};
    uv_buf_t b = {.base = (char *)w->bytes.p, .len = w->bytes.n};
    if (uv_write(&w->req, (uv_stream_t *)&l->io->tcp, &b, 1, write_done) < 0) {
        buf_free(&w->bytes);
        free(w);
        return false;
    }
    if (l->queued_bytes == 0) /* a quiet link begins to wait only now */
        l->moved_ms = host_now_ms(l->host);
    l->queued_bytes += w->bytes.n;
    if (l->queued_bytes > LIMIT_SEND_QUEUE_BYTES_MAX && l->state == CONN_OPEN)
        conn_read(l, false);
    return true;
}

void net_flush(struct host *h)
{
    for (size_t i = h->net.links_count; i-- > 0;) {
        struct conn *l = h->net.links[i];
        if (l->state == CONN_DIALING)
            continue;
        if (!conn_write(l))
            conn_lost(l, false);
        else if (l->state == CONN_CLOSING)
            conn_end(l);
    }
}

void net_do(struct host *h, const struct effect *fx)
{
    if (fx->kind == FX_DIAL) {
        if (h->online)
            conn_dial_begin(h, fx->link, fx->bytes);
        return; /* a profile that only looks calls nobody */
    }
    struct conn *l = conn_find(h, fx->link);
    if (!l)
        return; /* it was lost in the meantime: EV_CLOSED is on its way */
    if (fx->kind == FX_CLOSE && (fx->at_once || l->state == CONN_DIALING)) {
        conn_remove(l);
    } else if (fx->kind == FX_CLOSE) {
        l->state = CONN_CLOSING;
        l->since_ms = host_now_ms(h);
    } else if (l->state != CONN_OPEN ||
               buf_append(&l->out, fx->bytes, OUT_BYTES_MAX) < 0) {
        conn_lost(l, false);
    }
}

/* ---- upkeep -------------------------------------------------------------- */

/* True if the link's queue has not moved for too long. */
static bool conn_stalls(struct conn *l, uint64_t now)
{
    size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&l->io->tcp);
    if (l->queued_bytes == 0 || left != l->last_bytes) {
        l->last_bytes = left;
        l->moved_ms = now;
        return false;
    }
    return now - l->moved_ms > STALL_MS;
}

void net_upkeep(struct host *h)
{
    uint64_t now = host_now_ms(h);
    for (size_t i = h->net.links_count; i-- > 0;) {
        struct conn *l = h->net.links[i];
        if (l->state == CONN_DIALING) {
            if (now - l->since_ms >= DIAL_MS)
                conn_dial_fail(l, ERR_NOANSWER);
        } else if (l->state == CONN_CLOSING && l->ending) {
            if (now - l->since_ms >= CLOSING_MS)
                conn_remove(l);
        } else if (conn_stalls(l, now)) {
            conn_lost(l, false);
        }
    }
}

size_t net_unsent(const struct host *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->net.links_count; i++)
        n += h->net.links[i]->queued_bytes + h->net.links[i]->out.n;
    return n;
}

void net_close_links(struct host *h)
{
    while (h->net.links_count > 0)
        conn_remove(h->net.links[h->net.links_count - 1]);
}
