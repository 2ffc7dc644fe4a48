/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control.h -- the control socket: other commands of the same person (P12).
 *
 * A unix socket of mode 0600; who connects must be the same user.  Each client has one
 * request at work at a time and gets one reply to each; a client that asked to follow
 * gets what is told in between, and is cut off when it does not read.
 */
#ifndef NODE_HOST_CONTROL_H
#define NODE_HOST_CONTROL_H

#include "node/host/loop.h"

/* Serve at the path of h->home; a stale socket is replaced.  Where the file system
 * holds no sockets, as on most sticks, nothing is served and that is no error.
 * ERR_INUSE (another process serves there), ERR_TOOBIG (path), ERR_READONLY, ERR_IO. */
NODISCARD int control_open(struct host *h);
/* Send a reply or a telling to a client; nothing if it is gone. */
void control_send(struct host *h, uint32_t client, struct bytes reply);
/* Tell the clients that follow. */
void control_tell(struct host *h, const struct effect *tell);
/* Hand what was sent to the loop, and go on with requests that wait. */
void control_flush(struct host *h);
/* Handle waiting requests, one for each client. */
void control_run(struct host *h);
/* Bytes not yet taken by clients. */
size_t control_unsent(const struct host *h);
/* Close clients and socket, and remove the socket file. */
void control_close(struct host *h);

#endif
