/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys.h -- epochs, roots, key trees and prekeys of a group (P5).
 *
 * An epoch is made by create, add, rekey (remove and heal later); its id is the hash of
 * that control entry.  The un-superseded epochs U are a function of the control log.
 * Values are held in LOG_EPOCH, trees in LOG_TREE, own prekeys in LOG_PREKEY, and in
 * the arena while in use.
 *
 *     keys_new | keys_load -> { ... }* -> keys_free
 */
#ifndef NODE_CORE_KEYS_H
#define NODE_CORE_KEYS_H

#include "node/core/control.h"

enum { EPOCH_PREFIX_BYTES = 8, KEY_CHOICES_MAX = 64 };

/* Which epochs and which root a message is sealed under. */
struct key_ref {
    uint8_t mix;   /* 1: root is the mix of the epochs; 0: solo of one epoch */
    uint8_t count; /* 1..LIMIT_EPOCHS_OPEN_MAX */
    uint8_t ids[LIMIT_EPOCHS_OPEN_MAX][32]; /* rising */
    uint16_t place;    /* sender's place in the sorted union of recipients */
    uint16_t position; /* 0..4095 */
};

/* What a sender needs for one message. */
struct key_send {
    struct key_ref ref;
    uint8_t topic[32], header_key[32];
    uint8_t leaf[32]; /* taken: used once, then wiped by the caller */
};

/* A lane we can read headers of. */
struct lane_view {
    uint8_t epoch[32]; /* origin epoch of the lane */
    uint8_t topic[32], header_key[32];
};

/* Load values, trees' index and prekeys. */
NODISCARD int keys_load(struct group *g);
/* Empty keys for a new group.  ERR_NOMEM. */
NODISCARD int keys_new(struct group *g);
/* Wipe and free.  NULL is fine. */
void keys_free(struct keys *k);

/* Called by control_take after entry `number` is resolved: derive what it gives us
 * (add by parents' add values, box by prekey once its page is here), note supersession,
 * forwards to us, no-keys of others (answered by a forward, jittered). */
NODISCARD int keys_learn(struct group *g, uint32_t number);

/* Post the create entry of a new group (control is empty): fills g->id; the salt is
 * g->salt, keys are the group's own and a fresh prekey. */
NODISCARD int keys_post_create(struct group *g);
/* Whom an add brings: keys of 32 bytes, the proof of 64 (P4.8).  All lent. */
struct newcomer {
    const uint8_t *pk, *transport_pk, *prekey_pk, *proof;
    bool compared; /* the sentence was compared (P6.11) */
};

/* Post an add of these keys under this invitation; out: the sealed welcome box for the
 * newcomer (P6.5) appended to `box`.  If no epoch is usable it rekeys first.
 * ERR_EXISTS (a member already), ERR_DENIED (we are no steward, or may not add one
 * alone), ERR_FORGED (the proof), ERR_FULL, ERR_NOKEY. */
NODISCARD int keys_post_add(struct group *g, const struct newcomer *who,
                            const struct invite_view *invite, struct buf *box);
/* Post a rekey: fresh secret, pages of boxes, all heads as deps. */
NODISCARD int keys_post_rekey(struct group *g);
/* Open the welcome box of our own add entry (already in the control log) with the
 * prekey made for the join, and hold its values and the group hour.  ERR_FORGED. */
NODISCARD int keys_open_welcome(struct group *g, struct bytes box);
/* Make a fresh own prekey, kept in LOG_PREKEY. */
NODISCARD int keys_make_prekey(struct group *g, uint8_t pk[static 32]);

/* A box page by its hash32("page", bytes): stored if an entry names it, opened if ours.
 * 1 known, ERR_NOTFOUND no entry names it, ERR_MALFORMED. */
NODISCARD int keys_take_page(struct group *g, struct bytes page, uint32_t from_link);
/* Visit all pages held whose entries are held, in order of their entries. */
NODISCARD int keys_pages(struct group *g,
                         int (*visit)(void *ctx, const uint8_t hash[32],
                                      struct bytes page),
                         void *ctx);

/* What to seal the next message under; takes the leaf and stores the position, so that
 * no position is ever used twice (P5.9).  Rekeys first where the rules say so.
 *   ERR_NOKEY  a value is missing: a no-key was posted, try again later */
NODISCARD int keys_send(struct group *g, struct key_send *out);
/* Another copy of this profile writes too, or did: from now on only each eighth
 * position is taken, which one is drawn once; with `clash`, when the other took the
 * same one, it is drawn again.  1: the first time; 0; log errors.  P8.11 */
NODISCARD int keys_note_copy(struct group *g, bool clash);
/* Resolve 8-byte prefixes of epoch ids to full ids.  Somebody with much time can make
 * epochs that share a prefix: `choice` counts through what may be meant, from 0, at
 * most KEY_CHOICES_MAX of them. 1  there is a further choice       0  this is the last
 *   ERR_NOTFOUND  an epoch is not known yet */
NODISCARD int keys_resolve(const struct group *g, const uint8_t *prefixes,
                           uint8_t count, uint32_t choice, uint8_t ids[][32]);
/* The member key at `place` of the sorted union of recipients of ids.  ERR_NOTFOUND. */
NODISCARD int keys_place_member(struct group *g, const struct key_ref *ref,
                                uint8_t pk[static 32]);
/* Take the leaf of a received message; only after its header verified (P5.10).
 *   ERR_NOKEY  values missing (a no-key is scheduled)
 *   ERR_DENIED it was sealed before we came: its key is never ours (P5.13)
 *   ERR_USED   taken before, or there is no such leaf: it can never be opened */
NODISCARD int keys_take_leaf(struct group *g, const struct key_ref *ref,
                             uint8_t leaf[static 32]);
/* Write changed trees to the log.  Called once at the end of each step. */
NODISCARD int keys_flush(struct group *g);

/* Lanes held, newest first: lane i; false past the end. */
bool keys_lane_at(const struct group *g, uint32_t i, struct lane_view *out);
/* The lane of this topic; false if not held. */
bool keys_lane_find(const struct group *g, const uint8_t topic[static 32],
                    struct lane_view *out);
/* Access key i, newest first (at most LIMIT_ACC_KEYS_MAX); false past the end. The
 * dialler begins with the one of the newest lane epoch, i = 0 (P9.3). */
bool keys_acc_at(const struct group *g, uint32_t i, uint8_t acc[static 32]);
/* Next time key work is due; UINT64_MAX when none. */
uint64_t keys_deadline_ms(const struct group *g);
/* Do due work: rekeys owed, wiping on schedule, prekey renewal, forwards, no-keys. */
NODISCARD int keys_tick(struct group *g);

#endif
