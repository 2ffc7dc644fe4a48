/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link.h -- connections: handshake, frames, messages, reconciliation, dialling (P9,
 * P10).
 *
 * A connection belongs to one group.  link.c runs the masked Noise handshake and the
 * frames; wire.c encodes messages; sync.c reconciles and pushes; dial.c decides whom to
 * call; join.c runs both sides of an invitation.
 */
#ifndef NODE_CORE_LINK_H
#define NODE_CORE_LINK_H

#include "node/core/card.h"
#include "node/core/content.h"

/* --- link.c ---------------------------------------------------------------------- */
/* All connections of a peer.  ERR_NOMEM. */
NODISCARD int links_new(struct peer *p);
/* Load the replay ring. */
NODISCARD int links_load(struct peer *p);
/* Close and wipe all.  NULL is fine. */
void links_free(struct links *l);
/* Handle EV_ACCEPTED, EV_DIALED, EV_DATA, EV_SENT, EV_CLOSED. */
NODISCARD int links_event(struct peer *p, const struct event *ev);
/* Next time a connection wants something; UINT64_MAX when none. */
uint64_t links_deadline_ms(const struct peer *p);
/* Due work: dial members, expire handshakes, go on sending. */
NODISCARD int links_tick(struct peer *p);
/* Live member links of a group, all links, handshakes under way. */
uint32_t links_count(const struct peer *p, uint32_t group);
/* Connections whose handshake is not done. */
uint32_t links_handshakes(const struct peer *p);
/* True if member `index` of the group has a live link. */
bool links_member_linked(const struct peer *p, uint32_t group, uint32_t index);

/* --- sync.c ---------------------------------------------------------------------- */
/* Push to all live links of the group but `from_link` (0: none left out). */
NODISCARD int sync_push_control(struct group *g, struct bytes whole,
                                uint32_t from_link);
/* As above, a box page. */
NODISCARD int sync_push_page(struct group *g, struct bytes page, uint32_t from_link);
/* As above, a card. */
NODISCARD int sync_push_card(struct group *g, struct bytes card, uint32_t from_link);
/* As above, a content envelope of `topic`. */
NODISCARD int sync_push_entry(struct group *g, const uint8_t topic[static 32],
                              struct bytes envelope, uint32_t from_link);
/* Something new is not pushed: the next round on all other links tells it. */
void sync_leave(struct group *g, uint32_t from_link);

/* --- join.c ---------------------------------------------------------------------- */
/* Make an invitation: an invite control entry and its line (P6).  ERR_DENIED,
 * ERR_FULL. */
NODISCARD int join_invite(struct group *g, const struct command *c, struct buf *line);
/* Begin a join from a line: a joining group is made and dialled.
 * ERR_FOREIGN, ERR_TRUNCATED, ERR_MISTYPED, ERR_VERSION, ERR_EXISTS, ERR_FULL. */
NODISCARD int join_begin(struct peer *p, struct bytes line, struct bytes pseudonym,
                         uint32_t *group);
/* Give a join up: the joining group is dropped. */
NODISCARD int join_cancel(struct group *g);
/* Load and free. */
NODISCARD int join_load(struct group *g);
/* Free.  NULL is fine. */
void join_free(struct joins *j);

/* An invitation line, decoded (P6.1). */
struct invite_line {
    uint8_t kind, v[16], group[32], transport_pk[32];
    uint8_t addresses_count;
    struct bytes addresses[LIMIT_ADDRESSES_MAX]; /* point into `store` */
    uint8_t store[LIMIT_INVITE_LINE_BYTES_MAX];
};
/* Encode to one line of text without line break.  ERR_TOOBIG, ERR_NOMEM. */
NODISCARD int invite_encode(const struct invite_line *in, struct buf *line);
/* Decode what a person pasted (fuzzed).  Errors as join_begin. */
NODISCARD int invite_decode(struct bytes text, struct invite_line *out);

#endif
