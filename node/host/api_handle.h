/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* api_handle.h -- what a request does: verbs to commands of the core, views to rows.
 *
 * Nothing is cleaned here: texts go out as the core holds them, and the face makes them
 * safe for its own screen.
 */
#ifndef NODE_HOST_API_HANDLE_H
#define NODE_HOST_API_HANDLE_H

#include "node/host/loop.h"

/* What a request asks of its connection. */
enum { API_WANTS_FOLLOW = 1, API_WANTS_STOP = 2, API_WANTS_LOCK = 4 };

/* Do `request` and append its reply to `reply`, which may be shown only after
 * host_commit.  `wants` gets bits of the above.  What is wrong with the request is in
 * the reply.  ERR_NOMEM, ERR_TOOBIG: there is no reply. */
NODISCARD int api_handle(struct host *h, struct bytes request, struct buf *reply,
                         unsigned *wants);
/* Append a reply that is only an error.  ERR_NOMEM. */
NODISCARD int api_refuse(int err, struct buf *reply);
/* Append what is told, as a follower gets it.  ERR_NOMEM. */
NODISCARD int api_told(const struct effect *tell, struct buf *reply);

#endif
