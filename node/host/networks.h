/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* networks.h -- networks that a person marked as ours.
 *
 * A network is known by the hardware address and the address of its router, as the
 * system has them (/proc/net/route, /proc/net/arp); one without a router on version 4
 * cannot be marked.  LOG_PROFILE keeps, under "host/networks",
 *
 *     salt 32 || n * (hash16("network", salt, hardware 6, address 4) || length u8 ||
 *     name)
 *
 * so that nobody who has the profile learns from it where its owner has been, but by
 * trying routers.
 */
#ifndef NODE_HOST_NETWORKS_H
#define NODE_HOST_NETWORKS_H

#include "node/host/loop.h"

typedef int networks_visit(void *ctx, struct bytes name, bool here);

/* The name is lent until the next call on the store; empty unless it is ours. */
enum network_here networks_here(struct host *h, struct bytes *name);
/* Visit the marked networks in order; a non-zero return stops and is returned. */
int networks_each(struct host *h, networks_visit *visit, void *ctx);
/* Mark the present network as ours, or give it another name.
 *   ERR_NOTFOUND  it cannot be known again       ERR_FULL  LIMIT_NETWORKS_MAX
 *   errors of text_check_name, of the store */
NODISCARD int networks_mark(struct host *h, struct bytes name);
/* Forget network `n` of networks_each, from 0.  ERR_NOTFOUND, errors of the store. */
NODISCARD int networks_forget(struct host *h, uint64_t n);
/* Look where we are, and tell the core if that changed.  `anew`: tell it anyway. */
void networks_check(struct host *h, bool anew);

#endif
