/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* near_int.h -- what near.c and near_words.c share. */
#ifndef NODE_CORE_NEAR_INT_H
#define NODE_CORE_NEAR_INT_H

#include "node/core/beacon.h"
#include "node/core/link_int.h"
#include "node/core/near.h"

enum {
    NEAR_LOOK_MS_MAX = 2 * 60 * 1000,
    NEAR_WORDS_MS = 10 * 60 * 1000,
    NEAR_CAME_MS = 24 * 60 * 60 * 1000, /* who came may still be told to wait */
    NEAR_RING_MAX = LIMIT_BEACON_RING_MAX,
};

/* A beacon sent or heard, by its mark. */
struct near_mark {
    uint8_t mark[BEACON_MARK_BYTES];
    uint32_t group, member; /* member: of one that was heard */
    uint64_t at_ms;         /* 0: nothing */
};

/* A member heard near here. */
struct near_member {
    uint32_t group, member;
    uint64_t heard_ms, called_ms; /* 0: never called */
};

/* Six words in use; in the arena. */
struct near_words {
    bool used, seeking, came; /* seeking: as the newcomer */
    uint32_t group;           /* offered: of it; seeking: that is being joined, or 0 */
    uint32_t tries;
    uint64_t until_ms;
    uint8_t key[32], v[16], invite_pk[32];
    uint8_t name[LIMIT_NAME_BYTES_MAX]; /* of the newcomer */
    size_t name_bytes;
};

struct nearby {
    uint64_t look_until_ms, quick_until_ms, next_ms;
    bool ours;
    uint32_t turn, words_version;
    uint64_t second_ms, minute_ms; /* when the two budgets began */
    uint32_t heard, calls;
    uint8_t seen[NEAR_RING_MAX][BEACON_NONCE_BYTES];
    uint32_t seen_count, seen_next;
    struct near_mark sent[NEAR_RING_MAX / 4], owed[NEAR_RING_MAX / 4];
    uint32_t sent_next;
    struct near_member list[LIMIT_NEAR_MAX];
    uint32_t list_count;
    struct near_words *words; /* arena, LIMIT_WORDS_OPEN_MAX */
};

/* The port that others may call us at, or 0: of our first address. */
uint16_t near_port(const struct peer *p);
/* Begin sending soon. */
void near_wake(struct peer *p);
/* True if words are offered here for which beacons leave. */
bool near_words_calling(const struct peer *p);
/* Write the beacon of the `i`th of them; false if there is no such. */
bool near_words_beacon(struct peer *p, uint32_t i, uint8_t out[static BEACON_BYTES]);
/* Did somebody whose words we look for send this?  `address` is theirs, without
 * a port. Fatal errors. */
NODISCARD int near_words_heard(struct peer *p, struct bytes packet,
                               struct bytes address);
/* End words that are over.  ERR_NOMEM. */
NODISCARD int near_words_tick(struct peer *p);
/* When the first of them is over. */
uint64_t near_words_deadline_ms(const struct peer *p);
/* Append "host:port".  ERR_NOSPACE. */
NODISCARD int near_address(struct room *out, struct bytes host, uint16_t port);

/* --- dial.c, join.c ----------------------------------------------------------- */
/* Call a member at an address that was heard near here, with the access key that they
 * know, unless there is a link.  ERR_NOMEM. */
NODISCARD int dial_near(struct group *g, const struct member *m, struct bytes address,
                        uint32_t acc);
/* An invitation with this v by six words: it says that it has ended.  Errors as
 * join_invite. */
NODISCARD int join_invite_words(struct group *g, const struct command *c,
                                const uint8_t v[static 16]);
/* Whom a joining group looks for may be here too; what does not fit is left out. */
void join_address(struct group *g, struct bytes address);

#endif
