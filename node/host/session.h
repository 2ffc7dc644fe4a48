/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* session.h -- a face's way to a profile: a running node, or one in this process.
 *
 *     session_remote | session_local
 *         -> { session_call, session_wait }* -> session_close
 *
 * session_local opens the store, runs the core, listens and dials while session_wait
 * runs; online it also serves the control socket, so that other commands reach it.
 * Waiting texts are sealed, and all else happens, only while session_wait runs.
 */
#ifndef NODE_HOST_SESSION_H
#define NODE_HOST_SESSION_H

#include "node/host/api.h"

struct session;

struct session_config {
    const char *home; /* profile folder; NULL: in memory only, and no control socket */
    const char *const *listen; /* "host:port" texts; port 0 picks one */
    size_t listen_count;
    bool online;   /* listen and dial; false: a command that only looks or writes */
    bool announce; /* log one line per listening address to stderr */
};

/* Connect to the node that runs for `home`.
 *   ERR_NOTFOUND  none runs        ERR_TOOBIG  the path of its socket cannot be used
 *   ERR_NOMEM, ERR_SYSTEM */
NODISCARD int session_remote(struct session **out, const char *home);
/* Open the profile in this process with its data key (copied; the caller wipes its
 * own); a profile without a database gets one.  With online and no listen texts it
 * listens on all addresses, at the port of last time if that is free.  A full disk is
 * no error here: what is stored can be read, and API_STATUS says so.  Without a home
 * the profile is new, nothing reaches a disk, and it ends with the session: there
 * API_BACKUP and API_PASSPHRASE answer ERR_STATE.
 *   ERR_INUSE     another process has it: session_remote may reach that one by now
 *   ERR_ADDRINUSE, ERR_NOHOST  what to listen on       ERR_TOOBIG  the socket's path
 *   ERR_DAMAGED, ERR_VERSION, ERR_READONLY, ERR_NOSTORE, ERR_IO, ERR_NOMEM,
 *   ERR_SYSTEM */
NODISCARD int session_local(struct session **out, const struct session_config *config,
                            const uint8_t data_key[static 32]);
/* True if the other end is a node in another process. */
bool session_is_remote(const struct session *s);
/* One request, one reply (given: api_reply_free), after what it did is durable.
 * Errors of the way itself only (ERR_NOANSWER: the node is gone, ERR_PROTOCOL,
 * ERR_NOMEM); what the node answered, or what is wrong with `args`, is reply->err. */
NODISCARD int session_call(struct session *s, enum api_verb verb,
                           const struct api_args *args, struct api_reply *reply);

/* Something that was told (after API_FOLLOW). */
struct session_event {
    uint32_t event; /* enum tell of node/core/peer.h */
    uint32_t group;
    uint64_t row, draft;
    int err;
};
enum { SESSION_FD = 1, SESSION_EVENT = 2, SESSION_STOP = 4, SESSION_AWAY = 8 };
enum { SESSION_EVENTS_MAX = 1024 };
/* Run until `fd` is readable or ended (-1: none), something was told, a stop was asked
 * (SIGTERM, SIGINT, API_STOP, or the node at the other end went away), or `timeout_ms`
 * passed (-1: never).  With SESSION_EVENT `*event` (may be NULL) holds the oldest
 * telling; the newest SESSION_EVENTS_MAX are kept.  SESSION_AWAY comes with a stop that
 * somebody else asked for: `kring lock`, or the node at the other end went away; what
 * was shown should leave the screen then.
 * Returns bits SESSION_FD, SESSION_EVENT, SESSION_STOP, SESSION_AWAY, or 0 on time-out;
 * ERR_PROTOCOL, ERR_NOMEM, ERR_SYSTEM. */
NODISCARD int session_wait(struct session *s, int fd, int64_t timeout_ms,
                           struct session_event *event);
/* Commit, close links, close the store, wipe.  NULL is fine. */
void session_close(struct session *s);

/* Path of the control socket for `home` (runtime folder or the profile; P12.1).
 * ERR_TOOBIG: longer than a socket's may be; ERR_NOTFOUND: no such folder. */
NODISCARD int session_socket_path(const char *home, char *out, size_t out_bytes);
/* Turn off core dumps and tracing, ignore SIGPIPE, and let signals that end the process
 * overwrite its memory first (store/forget.h); call first in main. */
void session_harden(void);
/* What a signal that ends the process does before all else: something a signal handler
 * may do.  NULL: nothing. */
void session_at_signal(void (*act)(void));
/* Milliseconds on a clock that never goes back, and goes on while the computer sleeps.
 */
uint64_t session_clock_ms(void);
/* End the process with this exit code, after all that it holds was overwritten;
 * standard streams are flushed. */
_Noreturn void session_end(int code);

#endif
