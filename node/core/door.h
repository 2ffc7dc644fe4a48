/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* door.h -- letting people in: what a person sees of it, and says (P6.9 to P6.13).
 *
 * Who comes with an invitation that asks waits at the door until a steward says yes.
 * Both see one sentence: if it is not the same, somebody sits in between.
 */
#ifndef NODE_CORE_DOOR_H
#define NODE_CORE_DOOR_H

#include "base/bytes.h"

struct peer;

enum { SENTENCE_BYTES = 5 }; /* four words of ten bits (P6.11) */

/* What a person says about a sentence (P6.12). */
enum door_answer {
    DOOR_SAME = 1,   /* it is the same on both sides */
    DOOR_UNSEEN = 2, /* "I cannot see them now": let in, not compared */
    DOOR_STOP = 3,   /* it is not the same: nobody is added */
};

/* Somebody who waits to be let in. */
struct door_view {
    uint8_t key[32];   /* member key: id of CMD_DOOR */
    struct bytes name; /* as given; lent for the visit */
    uint8_t sentence[SENTENCE_BYTES], language;
    uint32_t others; /* how many more wait with the same invitation */
};
typedef int peer_visit_door(void *ctx, const struct door_view *view);
/* Visit who waits to be let in, in order of member keys.  ERR_NOTFOUND, log errors. */
int peer_door(struct peer *p, uint32_t group, peer_visit_door *visit, void *ctx);

#endif
