/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* card.h -- cards: what must not last (P4.12).
 *
 * Per author and kind only the newest card (by its own sequence) is kept and passed on;
 * the older one is erased when replaced.  Form, integers big-endian:
 *
 *     version 1 || kind u8 || group 32 || author 32 || seq u32 || length u16 || body
 *     (canonical msgpack) || Ed25519 under "card" over everything before, 64
 *
 * Between members cards travel signed inside the link; on carriers sealed under ctl.
 */
#ifndef NODE_CORE_CARD_H
#define NODE_CORE_CARD_H

#include "node/core/control.h"

enum card_kind {
    CARD_NAME = 1,      /* body: text, the member's name */
    CARD_ADDRESSES = 2, /* body: array of texts "host:port" */
    CARD_GROUP_NAME =
        3, /* body: text; counts only from a steward; newest by (seq, hash) */
    CARD_LANGUAGE = 4, /* body: text, a language tag */
    CARD_LIFETIME = 5, /* body: array [hours, longest hours]; lifetime.h (P4.16) */
};

/* Load; empty; free (NULL is fine). */
NODISCARD int card_load(struct group *g);
/* Empty cards for a new group.  ERR_NOMEM. */
NODISCARD int card_new(struct group *g);
/* Free.  NULL is fine. */
void card_free(struct cards *c);
/* Decode and check form and signature (fuzzed).  ERR_MALFORMED, ERR_FORGED,
 * ERR_VERSION. */
NODISCARD int card_decode(struct bytes card, uint8_t *kind, uint8_t author[static 32],
                          uint32_t *seq, struct bytes *body);
/* Take a card from anybody.  1: known or older than ours (nothing done).
 * ERR_NOTFOUND: its author is no member here (yet).  Pushed to other links when new. */
NODISCARD int card_take(struct group *g, struct bytes card, uint32_t from_link);
/* Post own cards; nothing is done when the newest says the same. */
NODISCARD int card_post_name(struct group *g, struct bytes name);
/* Post the own addresses. */
NODISCARD int card_post_addresses(struct group *g, const struct bytes *list,
                                  size_t count);
/* Post the group's name (stewards).  ERR_DENIED. */
NODISCARD int card_post_group_name(struct group *g, struct bytes name);
/* Post an own card with a body that card_decode takes.  ERR_NOTFOUND: we are no member.
 */
NODISCARD int card_post(struct group *g, uint8_t kind, struct bytes body, uint32_t seq);
/* Visit all cards held, ordered by (author, kind): its id is hash32("card", bytes). */
NODISCARD int card_all(struct group *g,
                       int (*visit)(void *ctx, const uint8_t id[32], struct bytes card),
                       void *ctx);
/* Find the names below, so that none of them is wrong for lack of memory until a card
 * or a member comes.  ERR_NOMEM. */
NODISCARD int card_names_ready(struct group *g);
/* The name of member `index` as shown: "Wren", "Wren 2" where two took one name apart
 * (numbered by member key order, the same everywhere), "New person" without a card.
 * Lent until the next call. */
struct bytes card_member_name(struct group *g, uint32_t index);
/* Name of the group as its stewards wrote it; empty when none.  Lent. */
struct bytes card_group_name(struct group *g);
/* Address `i` of member `index`; empty past the end.  Lent. */
struct bytes card_address(struct group *g, uint32_t index, uint32_t i);

#endif
