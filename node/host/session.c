/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* session.c -- what both kinds of session share. */
#include "node/host/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "node/host/session_int.h"
#include "node/host/socket_path.h"
#include "store/forget.h"

bool session_is_remote(const struct session *s)
{
    return s->host == NULL;
}

/* Both kinds take the request as bytes, so that they refuse the same ones. */
int session_call(struct session *s, enum api_verb verb, const struct api_args *args,
                 struct api_reply *reply)
{
    struct buf request = {0};
    *reply = (struct api_reply){0};
    int err = api_encode(verb, args, &request);
    if (err < 0) {
        buf_free(&request);
        reply->err = err;
        return err == ERR_NOMEM ? err : 0;
    }
    if (s->host)
        err = local_call(s, BUF_BYTES(&request), reply);
    else
        err = remote_call(s, BUF_BYTES(&request), reply);
    buf_free(&request); /* wipes: it may hold a passphrase */
    if (err < 0)
        api_reply_free(reply);
    else if (verb == API_FOLLOW && reply->err == 0)
        s->following = true;
    return err;
}

void session_keep_event(struct session *s, const struct session_event *event)
{
    if (s->events_count == SESSION_EVENTS_MAX) {
        s->events_first = (s->events_first + 1) % SESSION_EVENTS_MAX;
        s->events_count--;
    }
    uint32_t at = (s->events_first + s->events_count) % SESSION_EVENTS_MAX;
    s->events[at] = *event;
    s->events_count++;
}

int session_wait(struct session *s, int fd, int64_t timeout_ms,
                 struct session_event *event)
{
    int64_t wait_ms = s->events_count > 0 ? 0 : timeout_ms;
    int bits = s->host ? local_wait(s, fd, wait_ms) : remote_wait(s, fd, wait_ms);
    if (bits < 0 || s->events_count == 0)
        return bits;
    if (event)
        *event = s->events[s->events_first];
    s->events_first = (s->events_first + 1) % SESSION_EVENTS_MAX;
    s->events_count--;
    return bits | SESSION_EVENT;
}

void session_close(struct session *s)
{
    if (!s)
        return;
    if (s->host)
        local_close(s);
    else
        remote_close(s);
    buf_free(&s->in);
    free(s);
}

int session_socket_path(const char *home, char *out, size_t out_bytes)
{
    return socket_path(home, false, out, out_bytes);
}

/* A sanitizer's leak check traces its own process at the end, which needs a process
 * that may be traced. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HARDEN_TRACING 0
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HARDEN_TRACING 0
#endif
#ifndef HARDEN_TRACING
#define HARDEN_TRACING 1
#endif

void session_harden(void)
{
    const struct rlimit none = {0, 0};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)umask(077);
    (void)sigaction(SIGPIPE, &ignore, NULL);
    if (HARDEN_TRACING)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    forget_at_signals();
}

void session_at_signal(void (*act)(void))
{
    forget_after(act);
}

uint64_t session_clock_ms(void)
{
    struct timespec t = {0};
    if (clock_gettime(CLOCK_BOOTTIME, &t) != 0)
        return 0;
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void session_end(int code)
{
    (void)fflush(NULL);
    if (HARDEN_TRACING)
        forget_and_end(code);
    exit(code); /* and let the sanitizer look for leaks */
}
