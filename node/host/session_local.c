/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* session_local.c -- a session that runs the profile in this process. */
#include <fcntl.h>
#include <stdlib.h>

#include "node/host/api_handle.h"
#include "node/host/commit.h"
#include "node/host/loop.h"
#include "node/host/session_int.h"

/* What session_wait waits for, beside the loop's own work. */
struct local_watch {
    uv_timer_t timer;
    uv_poll_t *poll; /* while waiting; freed by the loop */
    bool fd_ready, timed_out;
};

static void local_told(void *ctx, const struct effect *tell)
{
    struct session *s = ctx;
    struct session_event event = {.event = (uint32_t)tell->tell,
                                  .group = tell->group,
                                  .row = tell->row,
                                  .draft = tell->draft,
                                  .err = tell->err};
    if (s->following)
        session_keep_event(s, &event);
}

int session_local(struct session **out, const struct session_config *config,
                  const uint8_t data_key[static 32])
{
    struct session *s = calloc(1, sizeof *s);
    struct local_watch *w = calloc(1, sizeof *w);
    int err = s && w ? host_new(&s->host, config, data_key) : ERR_NOMEM;
    if (err == 0 && uv_timer_init(&s->host->loop, &w->timer) < 0)
        err = ERR_SYSTEM;
    if (err < 0) {
        if (s)
            host_free(s->host);
        free(w);
        free(s);
        return err;
    }
    w->timer.data = w;
    s->watch = w;
    s->fd = -1;
    s->host->told = local_told;
    s->host->told_ctx = s;
    if (config->online)
        host_watch_signals(s->host, true);
    *out = s;
    return 0;
}

int local_call(struct session *s, struct bytes request, struct api_reply *reply)
{
    unsigned wants = 0;
    int err = api_handle(s->host, request, &reply->bytes, &wants);
    if (err < 0)
        return err;
    /* The answer counts only once what it tells of is durable. */
    int committed = host_commit(s->host);
    if (committed < 0) {
        reply->bytes.n = 0;
        err = api_refuse(committed, &reply->bytes);
    }
    s->host->stop |= (wants & API_WANTS_STOP) != 0;
    s->host->locking |= (wants & API_WANTS_LOCK) != 0;
    return err < 0 ? err : api_reply_parse(reply);
}

static void poll_closed(uv_handle_t *handle)
{
    free(handle);
}

static void poll_ready(uv_poll_t *poll, int status, int events)
{
    struct local_watch *w = poll->data;
    (void)status; /* broken or ended: reading will tell */
    (void)events;
    w->fd_ready = true;
    (void)uv_poll_stop(poll);
}

static void timer_due(uv_timer_t *timer)
{
    struct local_watch *w = timer->data;
    w->timed_out = true;
}

/* A handle for `fd`.  libuv makes a descriptor non-blocking, which would hold for
 * everybody who shares it, as a shell does its terminal: so that is undone. */
static int poll_new(struct session *s, int fd)
{
    struct local_watch *w = s->watch;
    int flags = fcntl(fd, F_GETFL);
    uv_poll_t *poll = calloc(1, sizeof *poll);
    if (!poll)
        return ERR_NOMEM;
    int err = uv_poll_init(&s->host->loop, poll, fd);
    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags);
    if (err < 0) {
        free(poll);
        w->fd_ready = true; /* a plain file: always readable */
        return 0;
    }
    poll->data = w;
    w->poll = poll;
    return 0;
}

static void poll_drop(struct local_watch *w)
{
    if (w->poll)
        uv_close((uv_handle_t *)w->poll, poll_closed);
    w->poll = NULL;
}

static int watch_begin(struct session *s, int fd, int64_t timeout_ms)
{
    struct local_watch *w = s->watch;
    int err = 0;
    w->fd_ready = w->timed_out = false;
    uv_update_time(&s->host->loop);
    if (timeout_ms >= 0)
        (void)uv_timer_start(&w->timer, timer_due, (uint64_t)timeout_ms, 0);
    if (fd < 0)
        return 0;
    err = poll_new(s, fd);
    if (err == 0 && w->poll && uv_poll_start(w->poll, UV_READABLE, poll_ready) < 0)
        w->fd_ready = true;
    return err;
}

/* The descriptor may be closed before the next wait, and its number be that of one of
 * the loop's own then: nothing is kept of it. */
static void watch_end(struct local_watch *w)
{
    (void)uv_timer_stop(&w->timer);
    poll_drop(w);
}

int local_wait(struct session *s, int fd, int64_t timeout_ms)
{
    struct host *h = s->host;
    struct local_watch *w = s->watch;
    if (!h->online)
        host_watch_signals(h, true);
    int err = watch_begin(s, fd, timeout_ms);
    if (err == 0)
        host_turn(h, false); /* at least once, also when there is something already */
    while (err == 0 && !w->fd_ready && !w->timed_out && !h->stop &&
           s->events_count == 0)
        host_turn(h, true);
    watch_end(w);
    if (!h->online)
        host_watch_signals(h, false);
    if (err < 0)
        return err;
    return (w->fd_ready ? SESSION_FD : 0) | (h->stop ? SESSION_STOP : 0) |
           (h->locking ? SESSION_AWAY : 0);
}

void local_close(struct session *s)
{
    s->following = false;
    poll_drop(s->watch);
    host_free(s->host);
    free(s->watch);
}
