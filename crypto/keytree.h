/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keytree.h -- a binary key tree that forgets (GGM), 12 levels, 4,096 leaves.
 *
 * left || right = BLAKE2b-512 keyed with the node, over the label "tree" (P5.4).
 * Taking a leaf punctures it: the path to it is erased, the siblings along the
 * path stay.  A tree holds the covering nodes of what is left, sorted by the
 * first leaf they cover.  Sealed form (for the encrypted store only):
 *
 *     count u16, then per node: depth u8, index u16, key 32   (35 bytes each)
 *
 *     keytree_init | keytree_load -> { keytree_take }* -> keytree_wipe
 *
 * The same structure serves twice: 4,096 senders under an epoch's root, and
 * 4,096 positions under one sender's leaf.
 */
#ifndef CRYPTO_KEYTREE_H
#define CRYPTO_KEYTREE_H

#include "base/bytes.h"

enum { KEYTREE_DEPTH = 12, KEYTREE_LEAVES = 4096, KEYTREE_NODE_BYTES = 35 };

struct keynode {
    uint8_t depth;  /* 0 is the root */
    uint16_t index; /* 0 .. 2^depth - 1 */
    uint8_t key[32];
};

struct keytree {
    struct keynode *nodes; /* owned; sorted by first leaf */
    uint32_t count, cap;
};

/* A whole tree under `root`.  ERR_NOMEM. */
NODISCARD int keytree_init(struct keytree *t, const uint8_t root[static 32]);
/* Take leaf `leaf` (0..4095): its key to `out`, and puncture.
 *   ERR_USED  it was taken before    ERR_NOMEM  (the tree is unchanged) */
NODISCARD int keytree_take(struct keytree *t, uint16_t leaf, uint8_t out[static 32]);
/* Compute leaf `leaf` without puncturing (to try a header before trust).
 *   ERR_USED  it was taken before */
NODISCARD int keytree_peek(const struct keytree *t, uint16_t leaf,
                           uint8_t out[static 32]);
/* Append the sealed form to `out`.  ERR_NOMEM. */
NODISCARD int keytree_save(const struct keytree *t, struct buf *out);
/* Read the sealed form.  ERR_MALFORMED (overlap, disorder, out of range), ERR_NOMEM. */
NODISCARD int keytree_load(struct keytree *t, struct bytes saved);
/* Erase every key and free.  Legal on a zeroed tree, and twice. */
void keytree_wipe(struct keytree *t);

#endif
