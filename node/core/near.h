/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* near.h -- finding each other on the local network (P9.12 to P9.15).
 *
 * Members find each other by beacons under the newest access key of their group: for
 * two minutes after somebody asked, and while the host says that the network is ours.
 * One beacon leaves about every second (on networks of ours every twenty seconds,
 * after the first two minutes), in turn for one group after another: how many groups
 * there are, and whether somebody was heard, does not show.
 *
 * A beacon holds a mark of each beacon heard lately.  Who finds an own mark, not older
 * than 45 s, knows that the sender is there now, and calls.  A sender who holds an
 * older access key could not read that answer: such a one is called at once.
 *
 * Six words: the inviter's node sends beacons under a key that follows from them; the
 * newcomer's node hears one and begins an ordinary join.
 */
#ifndef NODE_CORE_NEAR_H
#define NODE_CORE_NEAR_H

#include "node/core/core.h"

/* The part of a peer.  ERR_NOMEM. */
NODISCARD int near_new(struct peer *p);
/* Wipe and free.  NULL is fine. */
void near_free(struct peer *p);

/* Look around for `ms` (at most two minutes; 0: stop).  ERR_STATE: we listen
 * nowhere. */
NODISCARD int near_look(struct peer *p, uint64_t ms);
/* The network that we are on is one of ours, or is not. */
void near_ours(struct peer *p, bool ours);
/* EV_BEACON.  Fatal errors only. */
NODISCARD int near_heard(struct peer *p, const struct event *ev);
/* Send a beacon if it is time; end what is over.  ERR_NOMEM. */
NODISCARD int near_tick(struct peer *p);
/* When that is. */
uint64_t near_deadline_ms(const struct peer *p);

/* Let somebody in by a secret (32 bytes) that follows from six words.
 * ERR_DENIED, ERR_FULL, ERR_STATE (we listen nowhere). */
NODISCARD int near_words_offer(struct group *g, const struct command *c);
/* Look for whoever offers these words.  ERR_FULL. */
NODISCARD int near_words_seek(struct peer *p, const struct command *c);
/* True while newcomers by this invitation, which was made for words, are answered. */
bool near_words_answered(const struct group *g, const uint8_t invite_pk[static 32]);
/* A newcomer has proven that it holds this invitation: no beacon of it leaves any more.
 * ERR_NOMEM. */
NODISCARD int near_words_came(struct group *g, const uint8_t invite_pk[static 32]);
/* A first message that nothing here could have made, or a handshake by an invitation
 * that failed: after the third no words are answered any more.  ERR_NOMEM. */
NODISCARD int near_words_guessed(struct peer *p);
/* Rises with every change in what near_words_answered says. */
uint32_t near_words_version(const struct peer *p);

#endif
