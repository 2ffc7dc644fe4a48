/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* card_int.h -- what card.c and names.c share. */
#ifndef NODE_CORE_CARD_INT_H
#define NODE_CORE_CARD_INT_H

#include "node/core/card.h"
#include "node/core/control_int.h"

enum {
    CARD_KINDS_MAX = 16, /* a card of a higher kind is refused: ERR_VERSION */
    CARD_HEAD_BYTES = 1 + 1 + 32 + 32 + 4 + 2,
};

/* The newest card of one author and kind. */
struct card {
    uint8_t id[32], author[32], kind;
    uint32_t seq;
    uint8_t *bytes; /* owned */
    size_t bytes_count;
    struct bytes body; /* in bytes */
};

/* The name of one member as shown. */
struct shown_name {
    struct buf text;
};

struct cards {
    struct map held;          /* author || kind -> struct card */
    struct shown_name *shown; /* by member index */
    uint32_t shown_count;
    bool shown_valid; /* names.c works them out anew otherwise */
    struct buf group_name;
};

/* The card of (author, kind), or NULL. */
struct card *card_find(const struct group *g, const uint8_t author[static 32],
                       uint8_t kind);
/* The text of a card whose body is one; empty for NULL. */
struct bytes card_text(const struct card *c);
/* Forget the names worked out. */
void names_reset(struct cards *c);
/* The card of this kind that counts for the group: the newest of any steward, or NULL.
 */
const struct card *card_of_stewards(const struct group *g, uint8_t kind);

#endif
