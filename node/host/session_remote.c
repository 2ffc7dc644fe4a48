/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* session_remote.c -- a session over the control socket of a running node. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "node/host/session_int.h"
#include "node/host/socket_path.h"

enum {
    HEAD_BYTES = 4,
    READ_BYTES = 64 * 1024,
    FRAME_BYTES_MAX = 2 * API_REPLY_BYTES_MAX,
    ANSWER_MS = 120 * 1000, /* a new passphrase takes seconds on a small machine */
    MS_PER_S = 1000,
    NS_PER_MS = 1000000,
};

int session_remote(struct session **out, const char *home)
{
    char path[256];
    int err = socket_path(home, false, path, sizeof path);
    if (err < 0)
        return err;
    int fd = socket_connect(path);
    if (fd == ERR_NOTFOUND) { /* a node that was started without a runtime folder */
        int n = snprintf(path, sizeof path, "%s/control", home);
        fd = n > 0 && (size_t)n < sizeof path ? socket_connect(path) : fd;
    }
    if (fd < 0)
        return fd == ERR_TOOBIG ? ERR_NOTFOUND : fd;
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        (void)close(fd);
        return ERR_NOMEM;
    }
    s->fd = fd;
    *out = s;
    return 0;
}

/* ---- frames -------------------------------------------------------------- */

static int send_all(struct session *s, struct bytes b)
{
    while (b.n > 0) {
        ssize_t n = send(s->fd, b.p, b.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_NOANSWER;
        b = BYTES(b.p + n, b.n - (size_t)n);
    }
    return 0;
}

/* Read what is there; waits for the first byte.  ERR_NOANSWER: the node is gone. */
static int read_some(struct session *s)
{
    int err = buf_reserve(&s->in, READ_BYTES, SIZE_MAX / 2);
    if (err < 0)
        return err;
    ssize_t n = recv(s->fd, s->in.p + s->in.n, READ_BYTES, 0);
    if (n < 0 && errno == EINTR)
        return 0;
    if (n <= 0)
        return ERR_NOANSWER;
    s->in.n += (size_t)n;
    return 0;
}

/* Take the next whole frame off s->in.  1: there is one; 0: not yet. */
static int frame_take(struct session *s, struct api_reply *reply)
{
    if (s->in.n < HEAD_BYTES)
        return 0;
    uint32_t n = get_u32(s->in.p);
    if (n > FRAME_BYTES_MAX)
        return ERR_PROTOCOL;
    if (s->in.n - HEAD_BYTES < n)
        return 0;
    int err = buf_append(&reply->bytes, BYTES(s->in.p + HEAD_BYTES, n), SIZE_MAX / 2);
    if (err < 0)
        return err;
    buf_consume(&s->in, HEAD_BYTES + n);
    err = api_reply_parse(reply);
    return err == 0 ? 1 : err == ERR_NOMEM ? err : ERR_PROTOCOL;
}

/* True if the frame is a telling and no reply; it is kept. */
static bool frame_tells(struct session *s, const struct api_reply *r)
{
    struct bytes m = r->values;
    if (!api_has(m, F_EVENT))
        return false;
    struct session_event event = {
        .event = (uint32_t)api_uint(m, F_EVENT, 0),
        .group = (uint32_t)api_uint(m, F_GROUP, 0),
        .row = api_uint(m, F_ROW, 0),
        .draft = api_uint(m, F_DRAFT, 0),
        .err = -(int)(api_uint(m, F_ERR, 0) & 0xffff),
    };
    session_keep_event(s, &event);
    return true;
}

/* ---- calling ------------------------------------------------------------- */

static uint64_t now_ms(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * MS_PER_S + (uint64_t)t.tv_nsec / NS_PER_MS;
}

/* Wait for bytes of the node until the time `until`. */
static int wait_bytes(struct session *s, uint64_t until)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    uint64_t now = now_ms();
    if (now >= until)
        return ERR_NOANSWER;
    int n = poll(&p, 1, (int)(until - now));
    if (n < 0 && errno != EINTR)
        return ERR_SYSTEM;
    return n > 0 ? read_some(s) : 0;
}

int remote_call(struct session *s, struct bytes request, struct api_reply *reply)
{
    uint8_t head[HEAD_BYTES];
    uint64_t until = now_ms() + ANSWER_MS;
    put_u32(head, (uint32_t)request.n);
    int err = send_all(s, BYTES_OF(head));
    if (err == 0)
        err = send_all(s, request);
    while (err == 0) {
        int got = frame_take(s, reply);
        if (got < 0)
            return got;
        if (got == 0) {
            err = wait_bytes(s, until);
        } else if (frame_tells(s, reply)) {
            api_reply_free(reply);
        } else {
            return 0;
        }
    }
    return err;
}

/* ---- waiting ------------------------------------------------------------- */

static volatile sig_atomic_t signal_seen;

static void signal_came(int number)
{
    signal_seen = number;
}

/* ppoll that SIGINT, SIGTERM and SIGHUP break off; they do nothing else meanwhile. */
static int poll_signals(struct pollfd *p, nfds_t count, int64_t timeout_ms)
{
    struct timespec t = {.tv_sec = (time_t)(timeout_ms / MS_PER_S),
                         .tv_nsec = (long)(timeout_ms % MS_PER_S) * NS_PER_MS};
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    enum { COUNT = sizeof numbers / sizeof *numbers };
    struct sigaction on = {.sa_handler = signal_came}, old[COUNT];
    sigset_t ours, before;
    (void)sigemptyset(&ours);
    for (size_t i = 0; i < COUNT; i++)
        (void)sigaddset(&ours, numbers[i]);
    (void)sigprocmask(SIG_BLOCK, &ours, &before);
    for (size_t i = 0; i < COUNT; i++)
        (void)sigaction(numbers[i], &on, &old[i]);
    signal_seen = 0;
    int n = ppoll(p, count, timeout_ms < 0 ? NULL : &t, &before);
    int why = errno;
    for (size_t i = 0; i < COUNT; i++)
        (void)sigaction(numbers[i], &old[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return n;
}

/* Keep every telling that is whole. */
static int keep_told(struct session *s)
{
    int got;
    do {
        struct api_reply r = {0};
        got = frame_take(s, &r);
        if (got == 1 && !frame_tells(s, &r))
            got = ERR_PROTOCOL; /* a reply to nothing */
        api_reply_free(&r);
    } while (got == 1);
    return got;
}

int remote_wait(struct session *s, int fd, int64_t timeout_ms)
{
    int kept = keep_told(s); /* what came together with the last reply */
    if (kept < 0)
        return kept;
    if (s->events_count > 0)
        timeout_ms = 0;
    uint64_t until = timeout_ms < 0 ? UINT64_MAX : now_ms() + (uint64_t)timeout_ms;
    for (;;) {
        struct pollfd p[2] = {{.fd = s->fd, .events = POLLIN},
                              {.fd = fd, .events = POLLIN}};
        uint64_t now = now_ms();
        int64_t left = timeout_ms < 0 ? -1 : until > now ? (int64_t)(until - now) : 0;
        int n = poll_signals(p, 2, left); /* a negative fd is passed over */
        if (n < 0 && errno == EINTR && signal_seen == 0)
            continue;
        if (n < 0 && signal_seen == SIGHUP)
            return SESSION_STOP | SESSION_AWAY;
        if (n < 0)
            return signal_seen != 0 ? SESSION_STOP : ERR_SYSTEM;
        int err = p[0].revents ? read_some(s) : 0;
        if (err == 0)
            err = keep_told(s);
        int bits = fd >= 0 && p[1].revents ? SESSION_FD : 0;
        if (err < 0)
            return err == ERR_NOANSWER ? bits | SESSION_STOP | SESSION_AWAY : err;
        if (bits || s->events_count > 0 || n == 0)
            return bits;
    }
}

void remote_close(struct session *s)
{
    (void)close(s->fd);
}
