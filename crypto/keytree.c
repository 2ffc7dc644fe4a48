/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keytree.c -- the covering nodes of what is left, in one sorted array.
 *
 * In the usual order (rising leaves) the node that covers the next leaf is the
 * first one and at most twelve follow it, so a take moves little and derives
 * two nodes on average.
 */
#include "crypto/keytree.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    KEYTREE_CAP_FIRST = 16, /* enough for leaves taken in order */
    KEYTREE_HEAD_BYTES = 2
};

/* P5.4: the label both children are derived under. */
static const uint8_t label[] = "\x0bkring1 tree";
enum { LABEL_BYTES = sizeof label - 1 };
_Static_assert(LABEL_BYTES == 1 + 0x0b, "the length byte of the label is right");

/* The leaves below a node: first and, not included, last. */
static uint32_t first_leaf(const struct keynode *n)
{
    return (uint32_t)n->index << (KEYTREE_DEPTH - n->depth);
}

static uint32_t end_leaf(const struct keynode *n)
{
    return ((uint32_t)n->index + 1) << (KEYTREE_DEPTH - n->depth);
}

/* P5.4: left child, then right child, to `pair`. */
static void children(uint8_t pair[static 64], const uint8_t node[static 32])
{
    crypto_generichash_blake2b(pair, 64, label, LABEL_BYTES, node, 32);
}

/* True if `leaf` lies in the right half below the node at `depth` on its path. */
static bool goes_right(uint16_t leaf, uint8_t depth)
{
    return (leaf >> (KEYTREE_DEPTH - 1 - depth)) & 1;
}

/* Where the node that covers `leaf` is, or count if it was taken. */
static uint32_t find_cover(const struct keytree *t, uint16_t leaf)
{
    uint32_t lo = 0, hi = t->count;
    while (lo < hi) { /* the last node that begins at or before the leaf */
        uint32_t mid = lo + (hi - lo) / 2;
        if (first_leaf(&t->nodes[mid]) <= leaf)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0 || leaf >= end_leaf(&t->nodes[lo - 1]))
        return t->count;
    return lo - 1;
}

/* Grow to hold `count` nodes; what is left behind is wiped, so realloc is not it. */
static int reserve(struct keytree *t, uint32_t count)
{
    uint32_t cap = t->cap ? t->cap : KEYTREE_CAP_FIRST;
    CHECK(count <= KEYTREE_LEAVES);
    while (cap < count)
        cap *= 2;
    if (cap == t->cap)
        return 0;
    struct keynode *nodes = calloc(cap, sizeof *nodes);
    if (!nodes)
        return ERR_NOMEM;
    if (t->count > 0)
        memcpy(nodes, t->nodes, t->count * sizeof *nodes);
    wipe(t->nodes, t->cap * sizeof *nodes);
    free(t->nodes);
    t->nodes = nodes;
    t->cap = cap;
    return 0;
}

int keytree_init(struct keytree *t, const uint8_t root[static 32])
{
    *t = (struct keytree){0};
    int err = reserve(t, 1);
    if (err)
        return err;
    memcpy(t->nodes[0].key, root, 32);
    t->count = 1;
    return 0;
}

/* Walk from `top` down to `leaf`: its key to `out`, and the siblings along the way
 * to `siblings` in order of their leaves (there are depth - top->depth of them). */
static void walk(const struct keynode *top, uint16_t leaf, struct keynode *siblings,
                 uint8_t out[static 32])
{
    uint8_t pair[64];
    uint32_t left = 0, right = (uint32_t)KEYTREE_DEPTH - top->depth;
    memcpy(out, top->key, 32);
    for (uint8_t depth = top->depth; depth < KEYTREE_DEPTH; depth++) {
        bool down_right = goes_right(leaf, depth);
        struct keynode *s = &siblings[down_right ? left++ : --right];
        children(pair, out);
        memcpy(out, pair + (down_right ? 32 : 0), 32);
        memcpy(s->key, pair + (down_right ? 0 : 32), 32);
        s->depth = (uint8_t)(depth + 1);
        s->index = (uint16_t)((leaf >> (KEYTREE_DEPTH - 1 - depth)) ^ 1);
    }
    CHECK(left == right);
    wipe(pair, sizeof pair);
}

int keytree_take(struct keytree *t, uint16_t leaf, uint8_t out[static 32])
{
    struct keynode siblings[KEYTREE_DEPTH];
    CHECK(leaf < KEYTREE_LEAVES);
    uint32_t at = find_cover(t, leaf);
    if (at == t->count)
        return ERR_USED;
    uint32_t more = (uint32_t)KEYTREE_DEPTH - t->nodes[at].depth;
    uint32_t after = t->count - at - 1, count = t->count - 1 + more;
    int err = reserve(t, count);
    if (err)
        return err;
    walk(&t->nodes[at], leaf, siblings, out);
    memmove(&t->nodes[at + more], &t->nodes[at + 1], after * sizeof *t->nodes);
    memcpy(&t->nodes[at], siblings, more * sizeof *t->nodes);
    if (more == 0) /* the array got shorter: its last place holds a copy */
        wipe(&t->nodes[count], sizeof *t->nodes);
    t->count = count;
    wipe(siblings, sizeof siblings);
    return 0;
}

int keytree_peek(const struct keytree *t, uint16_t leaf, uint8_t out[static 32])
{
    uint8_t pair[64];
    CHECK(leaf < KEYTREE_LEAVES);
    uint32_t at = find_cover(t, leaf);
    if (at == t->count)
        return ERR_USED;
    memcpy(out, t->nodes[at].key, 32);
    for (uint8_t depth = t->nodes[at].depth; depth < KEYTREE_DEPTH; depth++) {
        children(pair, out);
        memcpy(out, pair + (goes_right(leaf, depth) ? 32 : 0), 32);
    }
    wipe(pair, sizeof pair);
    return 0;
}

int keytree_save(const struct keytree *t, struct buf *out)
{
    size_t bytes = KEYTREE_HEAD_BYTES + (size_t)t->count * KEYTREE_NODE_BYTES;
    int err = buf_reserve(out, bytes, out->n + bytes);
    if (err)
        return err;
    uint8_t *p = out->p + out->n;
    put_u16(p, (uint16_t)t->count);
    p += KEYTREE_HEAD_BYTES;
    for (uint32_t i = 0; i < t->count; i++, p += KEYTREE_NODE_BYTES) {
        p[0] = t->nodes[i].depth;
        put_u16(p + 1, t->nodes[i].index);
        memcpy(p + 3, t->nodes[i].key, 32);
    }
    out->n += bytes;
    return 0;
}

/* Read node `i` from `p`; it must begin where no node before it reaches. */
static int load_node(struct keytree *t, uint32_t i,
                     const uint8_t p[static KEYTREE_NODE_BYTES])
{
    struct keynode *n = &t->nodes[i];
    n->depth = p[0];
    n->index = get_u16(p + 1);
    memcpy(n->key, p + 3, 32);
    if (n->depth > KEYTREE_DEPTH || n->index >> n->depth != 0)
        return ERR_MALFORMED;
    if (i > 0 && first_leaf(n) < end_leaf(n - 1))
        return ERR_MALFORMED;
    return 0;
}

int keytree_load(struct keytree *t, struct bytes saved)
{
    struct keytree made = {0};
    *t = (struct keytree){0};
    if (saved.n < KEYTREE_HEAD_BYTES)
        return ERR_MALFORMED;
    uint32_t count = get_u16(saved.p);
    if (count > KEYTREE_LEAVES ||
        saved.n != KEYTREE_HEAD_BYTES + (size_t)count * KEYTREE_NODE_BYTES)
        return ERR_MALFORMED;
    int err = reserve(&made, count);
    for (uint32_t i = 0; !err && i < count; i++) {
        err = load_node(&made, i,
                        saved.p + KEYTREE_HEAD_BYTES + (size_t)i * KEYTREE_NODE_BYTES);
        made.count = i + 1;
    }
    if (err) {
        keytree_wipe(&made);
        return err;
    }
    *t = made;
    return 0;
}

void keytree_wipe(struct keytree *t)
{
    if (!t)
        return;
    if (t->nodes)
        wipe(t->nodes, t->cap * sizeof *t->nodes);
    free(t->nodes);
    *t = (struct keytree){0};
}
