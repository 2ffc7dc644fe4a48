/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control.c -- the control socket. */
#include "node/host/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/host/api_handle.h"
#include "node/host/commit.h"
#include "node/host/socket_path.h"

enum {
    BACKLOG = 16,
    HEAD_BYTES = 4,
    CLIENT_IN_BYTES_MAX = 2 * (HEAD_BYTES + LIMIT_COMMAND_BYTES_MAX),
    CLIENT_OUT_BYTES_MAX = 4 << 20, /* a reply and what is told beside it */
    CLIENT_TELL_BYTES_MAX = 1 << 20,
};

struct client {
    uv_pipe_t pipe;
    struct host *host;
    uint32_t number;
    bool following, busy, ending, gone; /* busy: its reply waits for the commit */
    struct buf in, out;
    size_t queued_bytes;
};

struct client_write {
    uv_write_t req;
    struct client *client;
    struct buf bytes;
};

/* ---- the table ----------------------------------------------------------- */

static void client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;
    buf_free(&c->in);
    buf_free(&c->out);
    free(c);
}

static void client_remove(struct client *c)
{
    struct control_server *s = &c->host->control;
    for (size_t i = 0; i < s->clients_count; i++) {
        if (s->clients[i] != c)
            continue;
        s->clients_count--;
        memmove(&s->clients[i], &s->clients[i + 1],
                (s->clients_count - i) * sizeof s->clients[0]);
        break;
    }
    if (!c->gone)
        uv_close((uv_handle_t *)&c->pipe, client_closed);
    c->gone = true;
}

static struct client *client_find(struct host *h, uint32_t number)
{
    for (size_t i = 0; i < h->control.clients_count; i++)
        if (h->control.clients[i]->number == number)
            return h->control.clients[i];
    return NULL;
}

/* ---- out ----------------------------------------------------------------- */

static int client_put(struct client *c, struct bytes reply)
{
    uint8_t head[HEAD_BYTES];
    if (c->queued_bytes + c->out.n + reply.n > CLIENT_OUT_BYTES_MAX)
        return ERR_FULL;
    put_u32(head, (uint32_t)reply.n);
    int err = buf_append(&c->out, BYTES_OF(head), SIZE_MAX / 2);
    return err < 0 ? err : buf_append(&c->out, reply, SIZE_MAX / 2);
}

static void write_done(uv_write_t *req, int status)
{
    struct client_write *w = req->data;
    struct client *c = w->client;
    c->queued_bytes -= w->bytes.n;
    buf_free(&w->bytes);
    free(w);
    if (c->gone)
        return;
    if (status < 0 || (c->ending && c->queued_bytes == 0))
        client_remove(c);
    else if (c->in.n >= HEAD_BYTES)
        host_wake(c->host);
}

static bool client_write_out(struct client *c)
{
    if (c->out.n == 0)
        return true;
    struct client_write *w = calloc(1, sizeof *w);
    if (!w)
        return false;
    w->req.data = w;
    w->client = c;
    w->bytes = c->out;
    c->out = (struct buf){0};
    uv_buf_t b = {.base = (char *)w->bytes.p, .len = w->bytes.n};
    if (uv_write(&w->req, (uv_stream_t *)&c->pipe, &b, 1, write_done) < 0) {
        buf_free(&w->bytes);
        free(w);
        return false;
    }
    c->queued_bytes += w->bytes.n;
    return true;
}

void control_send(struct host *h, uint32_t client, struct bytes reply)
{
    struct client *c = client_find(h, client);
    if (!c)
        return;
    c->busy = false;
    if (client_put(c, reply) < 0)
        client_remove(c);
    else if (c->in.n >= HEAD_BYTES)
        host_wake(h);
}

void control_tell(struct host *h, const struct effect *tell)
{
    for (size_t i = h->control.clients_count; i-- > 0;) {
        struct client *c = h->control.clients[i];
        struct buf told = {0};
        if (!c->following)
            continue;
        bool slow = c->queued_bytes + c->out.n > CLIENT_TELL_BYTES_MAX;
        if (slow || api_told(tell, &told) < 0 || client_put(c, BUF_BYTES(&told)) < 0)
            client_remove(c); /* it does not read: it may come back and look again */
        buf_free(&told);
    }
}

void control_flush(struct host *h)
{
    for (size_t i = h->control.clients_count; i-- > 0;) {
        struct client *c = h->control.clients[i];
        if (!client_write_out(c) || (c->ending && c->queued_bytes == 0))
            client_remove(c);
    }
}

size_t control_unsent(const struct host *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->control.clients_count; i++)
        n += h->control.clients[i]->queued_bytes + h->control.clients[i]->out.n;
    return n;
}

/* ---- in ------------------------------------------------------------------ */

/* A request of the client, whole, is done and its reply queued behind the commit. */
static int client_request(struct client *c, struct bytes request)
{
    struct host *h = c->host;
    struct buf reply = {0};
    unsigned wants = 0;
    uint32_t number = c->number;
    int err = api_handle(h, request, &reply, &wants);
    c = client_find(h, number); /* the work may have cost it its connection */
    if (err == 0 && c) {
        c->busy = true;
        if (wants & API_WANTS_FOLLOW)
            c->following = true;
        err = host_answer(h, number, BUF_BYTES(&reply));
    }
    h->stop |= (wants & API_WANTS_STOP) != 0;
    h->locking |= (wants & API_WANTS_LOCK) != 0;
    buf_free(&reply);
    return err;
}

/* Do the next request if one is there, and nothing of the client waits before it. */
static void client_run(struct client *c)
{
    struct host *h = c->host;
    struct buf reply = {0};
    uint32_t number = c->number;
    bool slow = c->queued_bytes + c->out.n > CLIENT_TELL_BYTES_MAX;
    if (c->busy || c->ending || slow || c->in.n < HEAD_BYTES)
        return;
    uint32_t n = get_u32(c->in.p);
    if (n > LIMIT_COMMAND_BYTES_MAX) {
        c->ending = true; /* where the next request begins cannot be known */
        if (api_refuse(ERR_TOOBIG, &reply) < 0 || client_put(c, BUF_BYTES(&reply)) < 0)
            client_remove(c);
        buf_free(&reply);
        control_flush(h);
        return;
    }
    if (c->in.n - HEAD_BYTES < n)
        return;
    int err = client_request(c, BYTES(c->in.p + HEAD_BYTES, n));
    c = client_find(h, number);
    if (!c)
        return;
    buf_consume(&c->in, HEAD_BYTES + n);
    if (err < 0)
        client_remove(c);
}

void control_run(struct host *h)
{
    uint32_t numbers[HOST_CLIENTS_MAX];
    size_t count = h->control.clients_count;
    for (size_t i = 0; i < count; i++)
        numbers[i] = h->control.clients[i]->number;
    for (size_t i = 0; i < count; i++) {
        struct client *c = client_find(h, numbers[i]);
        if (c)
            client_run(c);
    }
}

static void read_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    struct client *c = handle->data;
    (void)wanted;
    *buf = uv_buf_init(c->host->net.read, HOST_READ_BYTES);
}

static void read_done(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct client *c = stream->data;
    int err = n > 0 && !c->gone ? buf_append(&c->in, BYTES(buf->base, n),
                                             CLIENT_IN_BYTES_MAX + HOST_READ_BYTES)
                                : 0;
    if (n > 0)
        wipe(buf->base, (size_t)n); /* the room is everybody's, and lives long */
    if (c->gone || n == 0)
        return;
    if (n < 0 || err < 0) {
        client_remove(c); /* gone, or it asks faster than it takes answers */
        return;
    }
    client_run(c);
}

/* ---- coming in ----------------------------------------------------------- */

/* Only the same user may command this node. */
static bool client_is_ours(const struct client *c)
{
    struct ucred who = {0};
    socklen_t size = sizeof who;
    int fd = -1;
    return uv_fileno((const uv_handle_t *)&c->pipe, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
           size == sizeof who && who.uid == geteuid();
}

static void client_came(uv_stream_t *server, int status)
{
    struct host *h = server->data;
    struct client *c = status == 0 ? calloc(1, sizeof *c) : NULL;
    if (!c || uv_pipe_init(&h->loop, &c->pipe, 0) < 0) {
        free(c);
        return;
    }
    c->pipe.data = c;
    c->host = h;
    c->number = ++h->control.last_client;
    bool full = h->closing || h->control.clients_count == HOST_CLIENTS_MAX;
    if (uv_accept(server, (uv_stream_t *)&c->pipe) < 0 || full || !client_is_ours(c)) {
        client_remove(c);
        return;
    }
    h->control.clients[h->control.clients_count++] = c;
    if (uv_read_start((uv_stream_t *)&c->pipe, read_room, read_done) < 0)
        client_remove(c);
}

/* Make the socket by hand: libuv would cut a long path and ask nobody. */
static int control_bind(const char *path, int *out)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof at.sun_path)
        return ERR_TOOBIG;
    memcpy(at.sun_path, path, n + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return ERR_SYSTEM;
    mode_t before = umask(0177); /* 0600 from the first moment */
    int failed = bind(fd, (struct sockaddr *)&at, sizeof at);
    int why = errno;
    (void)umask(before);
    if (failed) {
        (void)close(fd);
        if (why == EPERM || why == EOPNOTSUPP)
            return 0; /* a stick: its file system holds no sockets */
        return why == EROFS || why == EACCES ? ERR_READONLY
               : why == ENOSPC               ? ERR_DISKFULL
                                             : ERR_IO;
    }
    *out = fd;
    return 0;
}

int control_open(struct host *h)
{
    struct control_server *s = &h->control;
    int fd = -1;
    int err = socket_path(h->home, true, s->path, sizeof s->path);
    if (err < 0)
        return err;
    int other = socket_connect(s->path);
    if (other >= 0) {
        (void)close(other);
        return ERR_INUSE;
    }
    (void)unlink(s->path); /* nobody answers there: it was left behind */
    err = control_bind(s->path, &fd);
    if (err < 0 || fd < 0)
        return err;
    if (uv_pipe_init(&h->loop, &s->pipe, 0) < 0) {
        (void)close(fd);
        return ERR_NOMEM;
    }
    s->open = true;
    s->pipe.data = h;
    if (uv_pipe_open(&s->pipe, fd) < 0) {
        (void)close(fd);
        return ERR_SYSTEM;
    }
    return host_error(uv_listen((uv_stream_t *)&s->pipe, BACKLOG, client_came));
}

void control_close(struct host *h)
{
    struct control_server *s = &h->control;
    while (s->clients_count > 0)
        client_remove(s->clients[s->clients_count - 1]);
    if (!s->open)
        return;
    s->open = false;
    (void)unlink(s->path);
    uv_close((uv_handle_t *)&s->pipe, NULL);
}
