/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* session_int.h -- a session inside, as session.c and its two kinds share it. */
#ifndef NODE_HOST_SESSION_INT_H
#define NODE_HOST_SESSION_INT_H

#include "node/host/session.h"

struct host;
struct local_watch;

struct session {
    struct host *host;         /* local; NULL for a remote one */
    struct local_watch *watch; /* local: what session_wait waits for */
    int fd;                    /* remote; -1 otherwise */
    struct buf in;             /* remote: what came and is not a whole frame yet */
    struct session_event events[SESSION_EVENTS_MAX]; /* a ring */
    uint32_t events_first, events_count;
    bool following;
};

/* Keep a telling; when the ring is full the oldest goes. */
void session_keep_event(struct session *s, const struct session_event *event);

/* The three calls of a remote session; contracts as in session.h. (session_remote.c) */
NODISCARD int remote_call(struct session *s, struct bytes request,
                          struct api_reply *reply);
/* As session_wait, for what is not kept yet. */
NODISCARD int remote_wait(struct session *s, int fd, int64_t timeout_ms);
/* Close the connection. */
void remote_close(struct session *s);

/* The three calls of a local session; contracts as in session.h. (session_local.c) */
NODISCARD int local_call(struct session *s, struct bytes request,
                         struct api_reply *reply);
/* As session_wait, for what is not kept yet. */
NODISCARD int local_wait(struct session *s, int fd, int64_t timeout_ms);
/* Close the profile. */
void local_close(struct session *s);

#endif
