/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_keytree.c -- the puncturable tree against a model that keeps the root, walks to
 * each leaf anew, and remembers in a plain list which leaves were taken. */
#include "tests/lib/t.h"

#include "crypto/entropy_os.h"
#include "crypto/keytree.h"
#include "tests/lib/hex.h"

static uint8_t model_leaf[KEYTREE_LEAVES][32];
static bool model_taken[KEYTREE_LEAVES];

static void root_of(uint8_t root[static 32])
{
    count_to(root, 32, 0);
}

static void model_init(void)
{
    struct keytree whole;
    uint8_t root[32];
    root_of(root);
    T_NEED(keytree_init(&whole, root) == 0);
    for (uint16_t i = 0; i < KEYTREE_LEAVES; i++) {
        model_taken[i] = false;
        if (keytree_peek(&whole, i, model_leaf[i]) != 0)
            T(false);
    }
    keytree_wipe(&whole);
}

/* The nodes cover every leaf that is left once, and no leaf that was taken: so no
 * taken leaf can be derived from what is held. */
static bool covers_what_is_left(const struct keytree *t)
{
    static uint8_t seen[KEYTREE_LEAVES];
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < t->count; i++) {
        unsigned span = KEYTREE_LEAVES >> t->nodes[i].depth;
        unsigned first = t->nodes[i].index * span;
        for (unsigned j = first; j < first + span; j++)
            seen[j]++;
    }
    for (size_t i = 0; i < KEYTREE_LEAVES; i++)
        if (seen[i] != (model_taken[i] ? 0 : 1))
            return false;
    return true;
}

static bool sorted(const struct keytree *t)
{
    for (uint32_t i = 1; i < t->count; i++) {
        const struct keynode *a = &t->nodes[i - 1], *b = &t->nodes[i];
        if ((a->index + 1U) << (KEYTREE_DEPTH - a->depth) >
            (unsigned)b->index << (KEYTREE_DEPTH - b->depth))
            return false;
    }
    return true;
}

static bool unused_places_are_zero(const struct keytree *t)
{
    static const struct keynode zero;
    for (uint32_t i = t->count; i < t->cap; i++)
        if (memcmp(t->nodes[i].key, zero.key, 32) != 0)
            return false;
    return true;
}

static void take_as_model(struct keytree *t, uint16_t leaf)
{
    uint8_t peeked[32] = {0}, got[32] = {0};
    bool taken = model_taken[leaf];
    bool ok = keytree_peek(t, leaf, peeked) == (taken ? ERR_USED : 0) &&
              keytree_take(t, leaf, got) == (taken ? ERR_USED : 0);
    if (!taken)
        ok = ok && memcmp(got, model_leaf[leaf], 32) == 0 &&
             memcmp(peeked, got, 32) == 0;
    if (!ok) {
        T_NOTE("(leaf %u)", leaf);
        T(ok);
    }
    model_taken[leaf] = true;
}

static void shuffle(uint16_t *order, size_t n, const struct entropy *e)
{
    for (size_t i = 0; i < n; i++)
        order[i] = (uint16_t)i;
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)entropy_below(e, i);
        uint16_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}

/* Values of another BLAKE2b (P5.4). */
T_CASE(leaves_are_the_ones_of_the_protocol)
{
    static const struct {
        uint16_t leaf;
        const char *key;
    } rows[] = {
        {0, "1359677364ef5e002438b3f4636f372f334db74efd49aa5fd3d891db9a11bac1"},
        {1, "33ce3123cc0d9a31827cb10a64089beb855dc23895ecf44b86f36584b2449e79"},
        {2730, "988e8604cdf4b3374ce349c923f9ae6741f453dbf975e20ddd2df6ee56d45244"},
        {4095, "7f1de8cde935b0d7109e9c4eb9347d1e14b8d6a504ff9ec9c1e50a87e4c8131e"},
    };
    struct keytree t;
    uint8_t root[32], got[32], want[32];
    root_of(root);
    T_NEED(keytree_init(&t, root) == 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        T_EQ(keytree_take(&t, rows[i].leaf, got), 0);
        hex_to(want, 32, rows[i].key);
        T_MEM(got, want, 32);
    }
    keytree_wipe(&t);
}

T_CASE(in_order_it_stays_small_and_ends_empty)
{
    struct keytree t;
    uint8_t root[32];
    uint32_t most = 0;
    model_init();
    root_of(root);
    T_NEED(keytree_init(&t, root) == 0);
    for (uint16_t i = 0; i < KEYTREE_LEAVES; i++) {
        take_as_model(&t, i);
        most = t.count > most ? t.count : most;
        if (i % 512 == 0)
            T(covers_what_is_left(&t) && unused_places_are_zero(&t));
    }
    T_EQ(most, KEYTREE_DEPTH);
    T_EQ(t.count, 0);
    T(unused_places_are_zero(&t));
    take_as_model(&t, 77);
    keytree_wipe(&t);
}

T_CASE(in_any_order_each_leaf_comes_once)
{
    static uint16_t order[KEYTREE_LEAVES];
    struct entropy_stream stream = {.key = {42}};
    struct entropy e = entropy_stream(&stream);
    struct keytree t;
    uint8_t root[32];
    model_init();
    root_of(root);
    shuffle(order, KEYTREE_LEAVES, &e);
    T_NEED(keytree_init(&t, root) == 0);
    for (size_t i = 0; i < KEYTREE_LEAVES; i++) {
        take_as_model(&t, order[i]);
        if (i % 3 == 0)
            take_as_model(&t, order[entropy_below(&e, i + 1)]); /* a second time */
        if (i % 256 == 0)
            T(covers_what_is_left(&t) && sorted(&t) && unused_places_are_zero(&t));
    }
    T_EQ(t.count, 0);
    keytree_wipe(&t);
}

/* Every other leaf: the most nodes there can be. */
T_CASE(the_worst_order_is_bounded)
{
    struct keytree t;
    uint8_t root[32];
    model_init();
    root_of(root);
    T_NEED(keytree_init(&t, root) == 0);
    for (uint16_t i = 0; i < KEYTREE_LEAVES; i += 2)
        take_as_model(&t, i);
    T_EQ(t.count, KEYTREE_LEAVES / 2);
    T(covers_what_is_left(&t) && sorted(&t));
    keytree_wipe(&t);
}

T_CASE(saved_and_loaded_it_is_the_same)
{
    static uint16_t order[KEYTREE_LEAVES];
    struct entropy_stream stream = {.key = {43}};
    struct entropy e = entropy_stream(&stream);
    struct keytree t, back;
    struct buf saved = {0}, again = {0};
    uint8_t root[32];
    model_init();
    root_of(root);
    shuffle(order, KEYTREE_LEAVES, &e);
    T_NEED(keytree_init(&t, root) == 0);
    for (size_t i = 0; i < KEYTREE_LEAVES; i++) {
        take_as_model(&t, order[i]);
        if (i != 0 && i % 600 != 0 && i != KEYTREE_LEAVES - 1)
            continue;
        saved.n = again.n = 0;
        T_EQ(keytree_save(&t, &saved), 0);
        T_EQ(saved.n, 2 + t.count * KEYTREE_NODE_BYTES);
        T_NEED(keytree_load(&back, BUF_BYTES(&saved)) == 0);
        T_EQ(keytree_save(&back, &again), 0);
        T(bytes_equal(BUF_BYTES(&saved), BUF_BYTES(&again)));
        keytree_wipe(&t);
        t = back; /* go on with the loaded one */
    }
    T_EQ(t.count, 0);
    keytree_wipe(&t);
    buf_free(&saved);
    buf_free(&again);
}

static void node_write(uint8_t *p, uint8_t depth, uint16_t index)
{
    p[0] = depth;
    put_u16(p + 1, index);
    memset(p + 3, 0xaa, 32);
}

T_CASE(broken_forms_are_refused)
{
    static const struct {
        uint8_t depth[2];
        uint16_t index[2];
        int err;
    } rows[] = {
        {{1, 1}, {0, 1}, 0},
        {{12, 12}, {0, 4095}, 0},
        {{12, 1}, {2047, 1}, 0},
        {{1, 1}, {1, 0}, ERR_MALFORMED},     /* disorder */
        {{1, 1}, {0, 0}, ERR_MALFORMED},     /* twice */
        {{0, 12}, {0, 7}, ERR_MALFORMED},    /* one below the other */
        {{12, 1}, {2048, 1}, ERR_MALFORMED}, /* the first leaf of the other */
        {{1, 13}, {0, 4096}, ERR_MALFORMED}, /* too deep */
        {{1, 255}, {0, 0}, ERR_MALFORMED},
        {{1, 1}, {0, 2}, ERR_MALFORMED}, /* out of range */
        {{0, 12}, {1, 4095}, ERR_MALFORMED},
        {{11, 12}, {0, 4096}, ERR_MALFORMED},
    };
    uint8_t form[2 + 2 * KEYTREE_NODE_BYTES + 1] = {0, 2};
    struct keytree t;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        T_NOTE("(row %zu)", i);
        node_write(form + 2, rows[i].depth[0], rows[i].index[0]);
        node_write(form + 2 + KEYTREE_NODE_BYTES, rows[i].depth[1], rows[i].index[1]);
        T_EQ(keytree_load(&t, BYTES(form, sizeof form - 1)), rows[i].err);
        keytree_wipe(&t);
    }
    T_NOTE("%s", "");
    node_write(form + 2, 1, 0);
    node_write(form + 2 + KEYTREE_NODE_BYTES, 1, 1);
    for (size_t n = 0; n <= sizeof form; n++) {
        T_EQ(keytree_load(&t, BYTES(form, n)),
             n == sizeof form - 1 ? 0 : ERR_MALFORMED);
        keytree_wipe(&t);
    }
    put_u16(form, 1);
    node_write(form + 2, 13, 0);
    T_EQ(keytree_load(&t, BYTES(form, 2 + KEYTREE_NODE_BYTES)), ERR_MALFORMED);
    node_write(form + 2, 12, 0);
    T_EQ(keytree_load(&t, BYTES(form, 2 + KEYTREE_NODE_BYTES)), 0);
    keytree_wipe(&t);
    put_u16(form, 4097);
    T_EQ(keytree_load(&t, BYTES_OF(form)), ERR_MALFORMED);
    put_u16(form, 0);
    T_EQ(keytree_load(&t, BYTES(form, 2)), 0);
    T_EQ(keytree_take(&t, 0, form), ERR_USED);
    keytree_wipe(&t);
    keytree_wipe(&t);
}

T_RUN()
