/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* net.h -- TCP: listening, dialling, reading, writing (P9).
 *
 * Links are known to the core by number: odd ones came in, even ones the core chose for
 * a dial.  Bytes of a turn are handed to the loop in one write per link; EV_SENT
 * follows when the system has them.  A link whose queue is longer than
 * LIMIT_SEND_QUEUE_BYTES_MAX is not read until half of it is gone; one whose queue does
 * not move for a minute is closed, for two sides may wait for each other.
 *
 * What the core lets go is ended and waited for five seconds, so that what was sent
 * arrives; a stranger's connection is not (P9.10).  A row that waits like this goes
 * when another needs it, and rows past HOST_CAME_MAX are for our own dials.
 */
#ifndef NODE_HOST_NET_H
#define NODE_HOST_NET_H

#include "node/host/loop.h"

/* Listen on "host:port" ("*" for all interfaces, port 0 for any).
 * ERR_NOHOST, ERR_ADDRINUSE, ERR_FULL, ERR_SYSTEM, ERR_NOMEM. */
NODISCARD int net_listen(struct host *h, struct bytes text);
/* Do FX_DIAL, FX_SEND or FX_CLOSE; fx->bytes are lent. */
void net_do(struct host *h, const struct effect *fx);
/* Hand what net_do collected to the loop. */
void net_flush(struct host *h);
/* Own addresses at present. */
void net_addresses(const struct host *h, struct address_list *out);
/* Give up dials that take too long, links that do not move, closings that hang. */
void net_upkeep(struct host *h);
/* Bytes handed to the loop and not yet to the system. */
size_t net_unsent(const struct host *h);
/* Close every link without a word to the core. */
void net_close_links(struct host *h);
/* Close listeners as well. */
void net_close(struct host *h);

#endif
