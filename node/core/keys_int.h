/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_int.h -- the inside of keys*.c: epochs, roots, trees, prekeys, what is owed.
 *
 * What is stored, integers big-endian; an hour of 0xffffffff means "not yet":
 *
 *   LOG_EPOCH, key: epoch id 32       have u8 || mix 32 || add 32 || ctl 32 ||
 *                                     lane 32 || acc 32 || anon 32 || hours when it
 *                                     was learned, superseded, superseded by a rekey,
 *                                     forwarded, u32 each || order u32
 *   LOG_EPOCH, key: 'r' || root id 32 position u16 || order u32 || mix u8 || n u8 ||
 *                                     n ids
 *   LOG_EPOCH, key: 's'               last rekey hour u32 || owed hour u32 ||
 *                                     rekeys since the own prekey u8 || next order u32
 *                                     || number of entries below which epochs went u32
 *                                     || class of positions taken u8
 *   LOG_TREE, key: root id 32 || place u16   nodes (crypto/keytree.h); place 0xffff is
 *                                     the tree of senders, others hold one's leaves
 *   LOG_PREKEY, key: public key 32    secret key 32 || order u32 || rekeys after it u8
 *
 * An add has the lane, ctl and acc of its lane parent: these three are held once, with
 * the epoch that the lane began with (its origin).
 */
#ifndef NODE_CORE_KEYS_INT_H
#define NODE_CORE_KEYS_INT_H

#include "crypto/epoch.h"
#include "crypto/keytree.h"
#include "node/core/state.h"
#include "node/core/keys.h"

#define HOUR_NONE UINT32_MAX

enum {
    PLACE_SENDERS = 0xffff,
    PLACES_CACHED = 8,
    ASKS_MAX = 256, /* epochs whose no-key waits */
    COPY_CLASSES = 8,
    COPY_NONE = 0xff,
    FORWARDS_MAX = 256, /* forwards that wait */
    DAY_HOURS = 24,
    WEEK_HOURS = 168,
    TREE_HOURS_MORE = 192,        /* P5.15: eight days */
    RECORD_LIFETIME_HOURS = 1440, /* P5.15: for groups whose texts are kept */
    HAVE_ALL_FORWARD = EPOCH_HAVE_MIX | EPOCH_HAVE_ANON,
};

/* The secrets of one epoch held. */
struct epoch_secret {
    struct epoch_values v;  /* solo is never set */
    uint8_t header_key[32]; /* of the lane, if held */
};

/* One epoch of which something is, or was, held. */
struct epoch_key {
    uint8_t id[32];
    uint32_t entry, order;
    struct epoch_secret *s;
    bool in_arena; /* s came from the arena; else from the heap, wiped all the same */
    uint32_t learned_hour, superseded_hour, rekeyed_hour, forwarded_hour;
    uint8_t topic[32]; /* of the lane, if held */
};

/* One key tree's root: never the root itself, which is a tree by now. */
struct root {
    uint8_t id[32], mix, count;
    uint16_t position; /* next own position */
    uint32_t order;
    uint8_t *ids; /* owned: count * 32, rising */
};

/* A tree in memory. */
struct tree_slot {
    struct root *root; /* NULL: free */
    uint16_t place;
    bool dirty;
    uint64_t used;
    struct keytree tree;
};

/* Who has which place under some epochs (P5.16). */
struct places {
    uint8_t count;     /* of ids; 0: free */
    uint8_t *ids;      /* owned */
    uint32_t *members; /* owned: member index by place */
    uint32_t members_count;
    uint64_t used;
};

/* An own prekey. */
struct prekey {
    uint8_t pk[32];
    uint8_t *sk; /* 32 bytes */
    bool in_arena;
    uint32_t order, entry; /* entry that published it, or NOBODY */
    uint8_t rekeys_after;
};

struct owed_forward {
    uint32_t epoch, member; /* entry; member index */
    uint64_t at_ms;
};

struct keys {
    struct arena *arena;      /* lent: the peer's */
    struct map epochs;        /* id -> struct epoch_key */
    struct map roots;         /* id -> struct root */
    struct epoch_key **lanes; /* those with a lane, newest entry first */
    uint32_t lanes_count, lanes_cap;
    uint16_t acc[LIMIT_ACC_KEYS_MAX]; /* lanes whose access keys are tried */
    uint32_t acc_count;
    bool acc_chosen; /* false: lanes changed since */
    struct tree_slot trees[LIMIT_TREES_LOADED_MAX];
    struct places places[PLACES_CACHED];
    uint64_t uses; /* counts uses of trees and places */
    struct prekey prekeys[LIMIT_PREKEYS_HELD_MAX];
    uint32_t prekeys_count;
    uint8_t *made; /* secret of an own epoch while its entry is taken */
    uint32_t next_order, last_rekey_hour, owed_hour;
    uint32_t gone_below; /* epochs of earlier entries may have been erased here */
    uint8_t rekeys_since_prekey;
    uint8_t copy_class; /* P8.11: position mod 8 that is taken; COPY_NONE: all are */
    uint64_t rekey_at_ms, prekey_at_ms, ask_at_ms, try_at_ms; /* 0: not set */
    uint64_t review_at_ms; /* when what may not be asked for yet may be; 0: not set */
    uint64_t answer_at_ms; /* when those who got no answer are looked at again */
    uint32_t tries, try_rekeys; /* contacts, and rekeys, that did not help */
    uint8_t asks[ASKS_MAX][32];
    uint32_t asks_count;
    struct owed_forward forwards[FORWARDS_MAX];
    uint32_t forwards_count;
    bool review;        /* something changed what is owed */
    uint32_t wipe_hour; /* no wiping is due before it */
};

/* --- keys_store.c: records --- */
/* A zeroed block of `n` bytes for a secret: in the arena, or on the heap when full.
 * NULL without memory. */
void *secret_new(struct keys *k, size_t n, bool *in_arena);
/* Wipe and give back.  NULL is fine. */
void secret_free(struct keys *k, void *p, size_t n, bool in_arena);
/* Write the record of an epoch.  Log errors, ERR_NOMEM. */
NODISCARD int epoch_store(struct group *g, const struct epoch_key *e);
/* Write the record of a root.  Log errors. */
NODISCARD int root_store(struct group *g, const struct root *r);
/* Write what is owed.  Log errors. */
NODISCARD int owed_store(struct group *g);
/* Write an own prekey.  Log errors. */
NODISCARD int prekey_store(struct group *g, const struct prekey *p);
/* Wipe an own prekey and its record.  Log errors. */
NODISCARD int prekey_erase(struct group *g, uint32_t i);
/* Read all records.  Log errors, ERR_NOMEM, ERR_DAMAGED. */
NODISCARD int keys_load_records(struct group *g);

/* --- keys_epochs.c: values --- */
/* The epoch held under this id, or NULL. */
struct epoch_key *epoch_find(const struct group *g, const uint8_t id[static 32]);
/* The value bits held of entry's epoch; lane bits are those of its origin. */
uint8_t epoch_have(const struct group *g, uint32_t entry);
/* Add a record read from the log: put into the map and the lanes.  ERR_NOMEM. */
NODISCARD int epoch_insert(struct group *g, struct epoch_key *e);
/* Take the values of `v` that are not held yet for the epoch of `entry`.  Sets times.
 * ERR_NOMEM, log errors. */
NODISCARD int epoch_hold(struct group *g, uint32_t entry, const struct epoch_values *v,
                         bool forwarded);
/* Learn the secret of the epoch of `entry`: derive, hold, make the solo tree; then the
 * adds that follow from it (P5.2, P5.6).  ERR_NOMEM, log errors. */
NODISCARD int epoch_learn(struct group *g, uint32_t entry,
                          const uint8_t secret[static 32]);
/* Derive the adds after `entry` whose parents' add values are all held. */
NODISCARD int epoch_derive_adds(struct group *g, uint32_t entry);
/* Secret of an add by its parents' add values.  ERR_NOKEY: one is missing. */
NODISCARD int epoch_add_value(const struct group *g, const struct bytes ids,
                              const struct control_body *add, uint8_t out[static 32]);
/* Note that `number`, a new epoch, supersedes what is in its past. */
NODISCARD int epoch_supersede(struct group *g, uint32_t number);
/* Erase a record, its values and, if it was superseded, the roots it is part of. */
NODISCARD int epoch_erase(struct group *g, struct epoch_key *e);
/* Free without touching the log. */
void epoch_free(struct keys *k, struct epoch_key *e);

/* --- keys_roots.c: roots and trees --- */
/* Begin a tree of senders under `root_key`; nothing happens if the root exists. */
NODISCARD int root_begin(struct group *g, const struct key_ref *ref,
                         const uint8_t root_key[static 32]);
/* The root of `ref`, or NULL. */
struct root *root_find(const struct group *g, const struct key_ref *ref);
/* The root of `ref`, made from mix values if need be.
 * ERR_NOKEY: a value is missing; then a no-key for it is scheduled.
 * ERR_DENIED: it is from before we came, and is never ours. */
NODISCARD int root_open(struct group *g, const struct key_ref *ref, struct root **out);
/* Erase a root and all its trees.  Log errors. */
NODISCARD int root_erase(struct group *g, struct root *r);
/* Erase the roots that `id` is part of. */
NODISCARD int root_erase_with(struct group *g, const uint8_t id[static 32]);
/* Write changed trees. */
NODISCARD int trees_flush(struct group *g);
/* Wipe all trees in memory. */
void trees_free(struct keys *k);
/* Fill ids, count and mix of `ref` for state `s` (P5.5); false without an epoch. */
bool root_of_state(const struct group *g, const struct state *s, struct key_ref *ref);
/* The same of the newest state, without epochs that nobody's entries can name (P4.15):
 * what is sent under, asked for, and closed by a rekey. */
bool root_named(const struct group *g, struct key_ref *ref);
/* The place of member `index` under ref's epochs; ERR_NOTFOUND, ERR_NOMEM. */
NODISCARD int place_of(struct group *g, const struct key_ref *ref, uint32_t index,
                       uint16_t *place);

/* --- keys_boxes.c --- */
/* Open what a forward to us brings. */
NODISCARD int forward_open(struct group *g, const struct held *h);
/* Post a forward of the epoch of `entry` to member `index`. */
NODISCARD int forward_post(struct group *g, uint32_t entry, uint32_t index);
/* Open our boxes in pages of `h` that are here already: somebody else named them. */
NODISCARD int pages_open(struct group *g, const struct held *h);
/* The own prekey with this public key, or NULL. */
struct prekey *prekey_find(const struct group *g, const uint8_t pk[static 32]);

/* --- keys_lanes.c --- */
/* Which epoch with a lane goes when there is no room for more: the oldest superseded
 * one of who has most of them.  NULL: none may go. */
struct epoch_key *lane_to_erase(const struct group *g);

/* --- keys_schedule.c --- */
/* True if the values of this epoch are due to member `index`: he is a recipient, or it
 * was made when its author did not know yet that he is a member.  What was before he
 * came is not his (P5.13). */
bool epoch_is_due_to(const struct group *g, uint32_t entry, uint32_t index);
/* True if what was held of this epoch went by the schedule or for lack of room. */
bool epoch_was_wiped(const struct group *g, uint32_t entry);
/* Schedule a no-key for an epoch we lack, unless it is too old to matter. */
void ask_schedule(struct group *g, uint32_t entry);
/* Schedule forwards of the epoch of `entry`, if members asked and we can give. */
void forwards_schedule(struct group *g, uint32_t entry);
/* What is owed after restart or change; sets timers. */
NODISCARD int keys_review(struct group *g);

/* --- keys_wipe.c --- */
/* The group's longest talk lifetime in hours (P5.15). */
uint32_t longest_talk_hours(const struct group *g);
/* Wipe what the schedule says (P5.15), and find when it is due again. */
NODISCARD int keys_wipe_due(struct group *g);
/* The group hour at which the next rekey is due; HOUR_NONE when none. */
uint32_t rekey_due_hour(const struct group *g);
/* Make place for one more epoch within LIMIT_EPOCHS_HELD_MAX. ERR_FULL. */
NODISCARD int epochs_make_place(struct group *g);

#endif
