/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link_room.h -- who gives their place to another when the table of connections is full
 * (P6.8, P9.5, P9.10).
 *
 * Those who have proven nothing share LIMIT_HANDSHAKES_MAX places.  A stranger goes
 * before a guest, a guest before somebody who knows an access key; nobody who has
 * proven to be a member or a newcomer goes for another's sake.
 */
#ifndef NODE_CORE_LINK_ROOM_H
#define NODE_CORE_LINK_ROOM_H

#include <stdbool.h>
#include <stdint.h>

struct link;
struct links;
struct peer;

/* True for an accepted invitation link, from message 2 on, without a proven join. */
bool link_is_guest(const struct link *l);
/* True for an accepted invitation link with a proven join. */
bool link_is_newcomer(const struct link *l);
/* A first message was answered: keep those who wait for message 3 within bounds. */
void links_bound_shaken(struct peer *p, uint8_t kind);
/* Whose place the next one takes, NULL for nobody's; *count links have proven
 * nothing. */
struct link *links_evictable(const struct links *links, uint32_t *count);
/* True if a dial finds room, perhaps in a stranger's place (P9.10). */
bool links_can_dial(const struct peer *p);

#endif
