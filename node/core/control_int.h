/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control_int.h -- the inside of the control plane: what control*.c, state.c, birth.c
 * and keys*.c share.  Nobody else includes it.
 *
 * An entry's value in LOG_CONTROL (key: arrival number u32) is one byte of what was
 * decided at its birth, then the entry:
 *
 *     bit 0  it counts (P4.5)      bit 1  its digest was not ours (P4.9)
 *
 * so that loading decides nothing again and costs the same for every entry.
 */
#ifndef NODE_CORE_CONTROL_INT_H
#define NODE_CORE_CONTROL_INT_H

#include "node/core/bits.h"
#include "node/core/control.h"
#include "node/core/control_body.h"
#include "node/core/peer_int.h"

#define NOBODY UINT32_MAX /* no member, no entry */

enum {
    STATES_KEPT = 4, /* states of pasts that are kept beside the newest */
    BOX_BYTES = 91,  /* one box of a page (P5.11) */
    PAGE_HEAD_BYTES = 5,
    FORWARD_BOX_BYTES = 208,
    SEEN_ENTRIES_MAX = 256, /* entries named by one `seen` */
};

enum { ASKS_PER_EPOCH_MAX = 4 }; /* P5.13: of one member */

/* What an epoch is, as far as the log says (P5.1); never a secret. */
struct epoch {
    uint32_t entry;  /* the entry that makes it */
    uint32_t origin; /* whose lane it has: itself, or where its parents lead */
    bool boxed;      /* made by create or rekey: solo may be used */
    bool mixed;      /* but is not: somebody runs two copies, and only one gets a box */
    struct bits recipients; /* member indexes, fixed at birth */
    uint32_t *parents;      /* entries, in rising order of their hashes; adds only */
    uint32_t parents_count;
    struct bytes pages;           /* hashes of its box pages */
    struct bits nokey, forwarded; /* who lacks it; to whom forwarded since */
    struct bits again[ASKS_PER_EPOCH_MAX - 1]; /* who asked once more, and so on */
    uint32_t asked;                            /* how many own no-keys name it */
};

/* One entry held. */
struct held {
    struct control_entry e; /* first: a held is found by its entry */
    uint8_t *bytes;         /* owned: the entry whole */
    struct epoch *epoch;    /* owned; NULL unless it counts and makes an epoch */
    const uint8_t *prekey;  /* the prekey it brings for `member`, or NULL */
    uint32_t member; /* index of whom it brings (create, add), else of its author */
};

/* A member and what only this device keeps of them. */
struct person {
    struct member m;             /* first */
    bool forked, asked;          /* asked: for values of theirs, since the start */
    uint32_t entries;            /* of theirs that are held */
    uint64_t doubted_ms, ask_ms; /* P5.19: not waited for, not asked for until then */
};

/* An invitation in the log. */
struct invitation {
    uint32_t entry;
    struct invite_view view;
};

/* A member's standing in one state. */
struct standing {
    uint8_t rank;    /* 0 no member, 1 member, 2 steward */
    uint32_t prekey; /* the entry that brings the newest prekey */
};

/* An un-superseded epoch in one state. */
struct open_epoch {
    uint32_t entry;
    struct bits nokey, forwarded;
};

/* What a set of entries, closed under "is in the past of", resolves to. */
struct state {
    struct bits set;           /* entries resolved */
    uint32_t entries;          /* how many */
    struct standing *standing; /* by member index */
    uint32_t standing_cap, members, stewards;
    struct open_epoch *open; /* in rising order of the epochs' hashes */
    uint32_t open_count, open_cap;
    bool digest_known;
    uint8_t digest[16];
    uint64_t used; /* when it was last asked for, to choose which goes */
};

struct control {
    struct held **entries;
    uint32_t count, cap;
    struct map by_hash; /* entry hash -> struct held */
    struct map by_seq;  /* author || sequence u32 -> struct held, the first that came */
    uint32_t *heads;    /* entries that no other names */
    uint32_t heads_count, heads_cap;
    struct person **people; /* by index */
    uint32_t people_count, people_cap;
    uint32_t *by_key;               /* indexes in rising order of member keys */
    struct map members, transports; /* key -> struct person */
    struct invitation *invites;
    uint32_t invites_count, invites_cap;
    uint32_t *epochs; /* entries that make an epoch, in rising order of their hashes */
    uint32_t epochs_count, epochs_cap;
    struct state now; /* of everything held */
    struct state side[STATES_KEPT];
    uint64_t bytes;      /* of all entries held */
    uint64_t asked;      /* counts the uses of states */
    struct buf scratch;  /* what a digest is computed over */
    uint32_t own_last;   /* own entry with the highest sequence, or NOBODY */
    struct bits seen;    /* entries that own `seen` entries name */
    uint64_t seen_at_ms; /* when `seen` is posted; 0: nothing to post */
    bool differs;
};

/* An own entry before it is signed: the heads it names and the state it is made in. */
struct draft {
    uint8_t deps[LIMIT_HEADS_MAX * 32];
    uint8_t deps_count, prev[32];
    uint32_t seq;
    struct state *state; /* lent until the next state_at */
};


/* --- birth.c --- */
/* True if `h` counts in `past`, the state of its past (P4.5, P4.6).  `body` is its
 * decoded body, NULL if that did not decode. */
bool birth_counts(const struct group *g, const struct held *h,
                  const struct control_body *body, const struct state *past);

/* True if the newcomer signed what he is added with (P4.8). */
bool add_proof_holds(const struct group *g, const struct control_body *add);

/* --- control.c --- */
/* The heads, previous entry and state that an own entry made now has.  ERR_NOMEM. */
NODISCARD int control_draft(struct group *g, struct draft *out);
/* Append an own entry, signed, to `out`.  ERR_TOOBIG, ERR_NOMEM. */
NODISCARD int control_sign(struct group *g, const struct draft *d, uint8_t kind,
                           struct bytes body, struct buf *out);
/* Sign and take an own entry made from `d`; errors as control_take. */
NODISCARD int control_post_draft(struct group *g, const struct draft *d, uint8_t kind,
                                 struct bytes body, uint8_t *hash);
/* Entry `number`. */
struct held *held_at(const struct group *g, uint32_t number);
/* True if entry `number` is in the past of `h`. */
bool held_after(const struct held *h, uint32_t number);

/* --- control_commit.c --- */
/* Put `h` (given, also on failure) into the log in memory, bring the newest state up.
 * `past` is the state of its past, needed only for a rekey.  ERR_NOMEM. */
NODISCARD int control_commit(struct group *g, struct held *h,
                             const struct control_body *body, const struct state *past);
/* Compute what is in the past of an entry with these deps and prev.  ERR_NOMEM. */
NODISCARD int control_past(const struct control *c, const struct control_entry *e,
                           struct bits *out);
/* Free an entry that was not committed.  NULL is fine. */
void held_free(struct held *h);

/* --- control_view.c --- */
/* hash16("recipients") of the members in `s` (P5.11).  ERR_NOMEM. */
NODISCARD int control_list_hash(const struct control *c, const struct state *s,
                                uint8_t out[static 16]);

/* --- control_seen.c --- */
/* Set the time of the next own `seen` if one is owed and none is set (P4.10). */
void seen_schedule(struct group *g);

#endif
