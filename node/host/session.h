/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* session.h -- a face's way to a profile: a running node, or one inside this process.
 *
 *     session_remote | session_local -> { session_call, session_wait }* -> session_close
 *
 * session_local opens the store, runs the core, listens and dials while session_wait
 * runs; it also serves the control socket, so that other commands reach it.
 */
#ifndef NODE_HOST_SESSION_H
#define NODE_HOST_SESSION_H

#include "node/host/api.h"

struct session;

struct session_config {
    const char *home; /* profile folder */
    const char *const *listen; /* "host:port" texts; port 0 picks one */
    size_t listen_count;
    bool online; /* listen and dial; false: a command that only looks or writes */
    bool announce; /* log one line per listening address to stderr */
};

/* Connect to the node that runs for `home`.  ERR_NOTFOUND: none runs. */
NODISCARD int session_remote(struct session **out, const char *home);
/* Open the profile in this process with its data key (copied; the caller wipes its own).
 * With online and no listen texts it listens on a random port on all addresses.
 * ERR_INUSE, ERR_DAMAGED, ERR_ADDRINUSE, ERR_NOHOST, ERR_IO, ERR_NOMEM, ERR_READONLY. */
NODISCARD int session_local(struct session **out, const struct session_config *config,
                            const uint8_t data_key[static 32]);
/* True if the other end is a node in another process. */
bool session_is_remote(const struct session *s);
/* One request, one reply (given: api_reply_free).  Errors of the way itself only
 * (ERR_IO, ERR_PROTOCOL, ERR_NOMEM); what the node answered is reply->err. */
NODISCARD int session_call(struct session *s, enum api_verb verb, const struct api_args *args,
                           struct api_reply *reply);

/* Something that was told (after API_FOLLOW). */
struct session_event {
    uint32_t event; /* enum tell of node/core/peer.h */
    uint32_t group;
    uint64_t row, draft;
    int err;
};
/* Run until `fd` is readable (-1: none), something was told, a stop was asked (SIGTERM,
 * SIGINT, API_STOP), or `timeout_ms` passed (-1: never).
 * Returns bits SESSION_FD, SESSION_EVENT, SESSION_STOP, or 0 on time-out; negative errors. */
enum { SESSION_FD = 1, SESSION_EVENT = 2, SESSION_STOP = 4 };
NODISCARD int session_wait(struct session *s, int fd, int64_t timeout_ms,
                           struct session_event *event);
/* Commit, close links, close the store, wipe.  NULL is fine. */
void session_close(struct session *s);

/* Path of the control socket for `home` (runtime folder or the profile; P12.1). ERR_TOOBIG. */
NODISCARD int session_socket_path(const char *home, char *out, size_t out_bytes);
/* Turn off core dumps and tracing, ignore SIGPIPE; call first in main. */
void session_harden(void);

#endif
