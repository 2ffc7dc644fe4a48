/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* liar.h -- members that lie inside the simulated world (P8).
 *
 * A liar is a node with a real peer, so that it has real keys.  Beside what its core
 * says it puts messages of its own on its links, and it may leave out or change what
 * its core says.  What it does is drawn from the seed by dice of its own, so that a
 * run without liars is the same run as ever.
 *
 *     liar_draw | liar_make -> { world_run } -> liars_free
 *
 *     liar.c       drawing, the hooks of the world, editing what the core says
 *     liar_lies.c  what is made up: entries, control entries, cards, sessions
 *
 * Honest nodes must keep every invariant, and must agree after healing on everything
 * that honest members said.
 */
#ifndef TESTS_SIM_LIAR_H
#define TESTS_SIM_LIAR_H

#include "node/core/link_int.h"
#include "tests/sim/world.h"

enum lie {
    LIE_TWO_TEXTS,    /* two entries of one sequence, two texts under one key */
    LIE_TWO_BRANCHES, /* control entries of one sequence, wrong digests */
    LIE_REKEY,        /* epochs whose boxes never come */
    LIE_FORGE,        /* bad signatures in a chain, vouched or not */
    LIE_WITHHOLD,     /* says nothing of what it has, or that all is equal */
    LIE_FLOOD,        /* very many small entries, cards, ids, wants */
    LIE_REPLAY,       /* old envelopes, first messages, whole sessions */
    LIE_JUNK,         /* well signed nonsense: bodies, kinds, heights, hours */
    LIE_DEPS,         /* deps that do not exist */
    LIE_EPOCHS,       /* entries for epochs that nobody knows */
    LIE_CLAIM,        /* own entries of others, absurd hours and marks in hello */
    LIE_CONNECT,      /* half open, stalled, trickling, garbage after a handshake */
    LIES
};

enum { LIAR_MOUTHS_MAX = 64, LIAR_KEPT_MAX = 64, LIAR_RAW_LINK = 0x40000000 };

/* What the liar knows of one link of its core: copies of both ciphers. */
struct mouth {
    uint32_t link;
    struct noise_cipher opens; /* what the core said */
    struct noise_cipher seals; /* what goes out in its place */
    struct frame_reader frames;
    struct buf stream; /* messages of the core, not whole yet */
    bool mute, garbage;
};

struct liar {
    struct entropy_stream stream;
    struct entropy dice;
    int node;
    uint32_t lies; /* bit per enum lie */
    uint64_t due_ms, step_ms;
    bool over;          /* it stopped lying */
    uint32_t acts_left; /* UINT32_MAX: no end */
    struct mouth mouths[LIAR_MOUTHS_MAX];
    uint32_t mouths_count, mouths_epoch;
    uint8_t member_pk[32];
    bool known;
    /* its own chain of entries, apart from that of its core */
    uint32_t seq;
    uint8_t prev[32];
    struct buf kept[LIAR_KEPT_MAX]; /* envelopes, for replaying: topic || bytes */
    uint32_t kept_count;
    struct buf first, session; /* of a connection of its own */
    uint32_t next_raw, raw_open;
    uint64_t told[LIES]; /* how often each lie was told */
};

/* Draw whether this run of `count` nodes has liars, who, and what they do. */
void liar_draw(struct world *w, int count);
/* Make node `n` a liar of `lies` (bits) that acts every `step_ms` on average. */
void liar_make(struct world *w, int n, uint32_t lies, uint64_t step_ms);
/* Every liar stops lying; its core goes on. */
void liars_stop(struct world *w);
/* True if node `n` is a liar. */
bool liar_is(const struct world *w, int n);
/* True if this member key is a liar's. */
bool liar_owns(const struct world *w, const uint8_t pk[static 32]);
/* True if somebody may have signed a wrong digest. */
bool liars_differ(const struct world *w);
/* How many lies of every kind were told in this run, added to `told`. */
void liars_count(const struct world *w, uint64_t told[static LIES]);
/* The name of a lie. */
const char *lie_name(enum lie lie);
/* Free. */
void liars_free(struct world *w);

/* --- hooks of world.c ------------------------------------------------------------- */
/* Node `n` is about to take `ev`, inside its transaction: a liar may say more. */
void liar_before(struct world *w, int n, const struct event *ev);
/* What goes out on `link` of node `n` in place of `bytes`.  Lent until the next
 * call. */
struct bytes liar_says(struct world *w, int n, uint32_t link, struct bytes bytes);

/* --- liar_lies.c ------------------------------------------------------------------ */
/* Tell one lie of kind `lie` on the links of the liar's core. */
void lie_tell(struct world *w, struct liar *l, enum lie lie);
/* Change the messages `in` of the liar's core, appended to `out`. */
void lie_edit(struct liar *l, const struct link *link, const struct mouth *m,
              struct bytes in, struct buf *out);

#endif
