/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* siege_world.h -- one group of four members, as it stands before a hostile session.
 *
 *     siege_world(kind) -> (lent for the life of the process)
 *
 * Member 0 is the core under test, 1 the attacker, 2 and 3 honest.  The world is played
 * once, by real peers from fixed entropy, and written down: the core's log, the keys
 * that the attacker has, and what the honest ones will do next, as items to hand on.
 * It is the same in every process, so that recorded sessions fit.
 */
#ifndef TESTS_FUZZ_SIEGE_WORLD_H
#define TESTS_FUZZ_SIEGE_WORLD_H

#include "node/core/content_int.h"
#include "node/core/wire.h"
#include "tests/fuzz/reseal.h"
#include "tests/sim/memlog.h"

enum {
    WORLD_KINDS = 2, /* 1: the attacker is a steward */
    SIEGE_MEMBERS = 4,
    SIEGE_CORE = 0,
    SIEGE_ATTACKER = 1,
    SIEGE_HONEST = 2, /* whose link brings what the honest ones do */
    SIEGE_ITEMS_MAX = 96,
    SIEGE_TEXTS_MAX = 48,
    SIEGE_LANES_MAX = 8,
    SIEGE_ACCS_MAX = 8,
    SIEGE_REFS = 2, /* what is sealed with now, and what was before a rekey */
    SIEGE_LEAVES = 16,
    SIEGE_LIFETIME_HOURS = 720,
};

/* Something a link hands on. */
struct siege_item {
    uint8_t type; /* WIRE_CONTROL, WIRE_PAGE, WIRE_CARD or WIRE_ENTRY */
    uint8_t topic[32], id[32];
    struct buf bytes;
};

/* What an honest member, or the core itself elsewhere, said. */
struct siege_text {
    char text[32];
    int author, item; /* item -1: the core has it from the start */
};

struct siege_member {
    uint8_t pk[32], sk[64], transport_pk[32], transport_sk[32];
};

struct siege_world {
    struct memlog *core, *honest; /* at the start */
    uint64_t now_ms, wall_ms;
    uint32_t hour;
    uint8_t group[32];
    struct siege_member member[SIEGE_MEMBERS];
    uint8_t acc[SIEGE_ACCS_MAX][32];
    int accs;
    struct lane_view lane[SIEGE_LANES_MAX];
    int lanes;
    struct key_ref ref[SIEGE_REFS];
    uint16_t place[SIEGE_REFS][SIEGE_MEMBERS];
    uint8_t leaf[SIEGE_REFS][SIEGE_MEMBERS][SIEGE_LEAVES][32]; /* by place */
    /* All have the first items_start; then what the honest ones do, then from items_own
     * on what a copy of the core did that it does not know of. */
    struct siege_item item[SIEGE_ITEMS_MAX];
    int items_start, items_own, items;
    struct siege_text text[SIEGE_TEXTS_MAX];
    int texts;
    uint32_t seq, control_seq; /* the attacker's newest */
    uint8_t hash[32], control_hash[32], control_prev[32];
    struct buf line, asking; /* open invitations; who comes by `asking` waits */
};

struct net;
/* Play the world up to its start.  `kind` below WORLD_KINDS; net_free. */
struct net *siege_net(int kind);
/* The world of a kind, made at the first call. */
const struct siege_world *siege_world(int kind);
/* Keys to seal with as the attacker under lane `lane`; lent from `w`. */
struct reseal_keys siege_keys(const struct siege_world *w, int lane);

#endif
