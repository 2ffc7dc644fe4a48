/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* beacon.h -- beacons on the local network: UDP sockets, multicast (P9.11, P9.12).
 *
 * There is a socket only while the core wants one.  Beacons leave by the interfaces
 * that we listen on, one datagram each, and go no further than the next router.
 */
#ifndef NODE_HOST_BEACON_H
#define NODE_HOST_BEACON_H

#include "node/host/loop.h"

/* Open or close the sockets as the core wants it now, and join the groups on interfaces
 * that came since. */
void beacon_settle(struct host *h);
/* Do FX_BEACON; what cannot be sent is lost, as a datagram may be. */
void beacon_send(struct host *h, struct bytes packet);
/* Close the sockets. */
void beacon_close(struct host *h);

#endif
