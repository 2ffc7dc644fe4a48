/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_map.c -- the map against a model too simple to be wrong: a list. */
#include "tests/lib/t.h"

#include "base/map.h"

enum { MODEL_MAX = 300, KEYS = 400 };

struct pair {
    uint32_t key;
    void *value;
};

struct model {
    struct pair pairs[MODEL_MAX];
    size_t n;
};

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % bound;
}

/* Values are addresses inside this array, so that none is NULL. */
static char marks[1000];

enum { KEY_BYTES = 16 };

/* Keys of several lengths, some the beginnings of others. */
static struct bytes key_of(uint32_t number, uint8_t out[KEY_BYTES])
{
    memset(out, 0, KEY_BYTES);
    put_u64(out, (uint64_t)(number / 9) * 0x10001);
    return BYTES(out, 8 + number % 9);
}

static size_t model_find(const struct model *m, uint32_t key)
{
    size_t i = 0;
    while (i < m->n && m->pairs[i].key != key)
        i++;
    return i;
}

static int model_put(struct model *m, uint32_t key, void *value)
{
    size_t at = model_find(m, key);
    if (at == MODEL_MAX)
        return ERR_FULL;
    m->pairs[at] = (struct pair){key, value};
    m->n += at == m->n;
    return 0;
}

static void *model_del(struct model *m, uint32_t key)
{
    size_t at = model_find(m, key);
    if (at == m->n)
        return NULL;
    void *value = m->pairs[at].value;
    m->n--;
    memmove(&m->pairs[at], &m->pairs[at + 1], (m->n - at) * sizeof *m->pairs);
    return value;
}

/* The map holds what the model holds, in the same order. */
static void compare(const struct map *map, const struct model *model)
{
    uint32_t at = 0;
    struct bytes key;
    uint8_t raw[KEY_BYTES];
    for (size_t i = 0; i < model->n; i++) {
        void *value = map_next(map, &at, &key);
        T_NEED(value == model->pairs[i].value);
        T_NEED(bytes_equal(key, key_of(model->pairs[i].key, raw)));
        T_NEED(map_get(map, key) == value);
    }
    T(map_next(map, &at, &key) == NULL);
    T_EQ(map_count(map), model->n);
}

static void random_step(struct map *map, struct model *model, uint32_t del_of_ten)
{
    uint8_t raw[KEY_BYTES];
    uint32_t number = random_below(KEYS);
    struct bytes key = key_of(number, raw);
    if (random_below(10) < del_of_ten) {
        T(map_del(map, key) == model_del(model, number));
        return;
    }
    void *value = &marks[random_below(sizeof marks)];
    T_EQ(map_put(map, key, value), model_put(model, number, value));
}

T_CASE(map_agrees_with_a_list)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct map map;
        struct model model = {.n = 0};
        random_state = seed;
        map_init(&map, MODEL_MAX);
        for (int i = 0; i < 3000; i++) {
            T_NOTE("(seed %d, step %d)", (int)seed, i);
            /* Times of growth and times of shrinking, so that both ends are met. */
            random_step(&map, &model, i / 500 % 2 == 0 ? 2 : 7);
            if (i % 16 == 0)
                compare(&map, &model);
        }
        compare(&map, &model);
        T(map.slots_cap <= 4 * MODEL_MAX);
        map_free(&map);
    }
}

T_CASE(map_is_empty_at_first_and_after_free)
{
    struct map map = {0};
    uint32_t at = 0;
    T(map_get(&map, BYTES("a", 1)) == NULL);
    T(map_del(&map, BYTES("a", 1)) == NULL);
    T(map_next(&map, &at, NULL) == NULL);
    map_free(&map);
    map_init(&map, 3);
    T_EQ(map_put(&map, BYTES("a", 1), marks), 0);
    map_free(&map);
    map_free(&map);
    map_free(NULL);
    T_EQ(map_count(&map), 0);
    T(map_get(&map, BYTES("a", 1)) == NULL);
    T_EQ(map_put(&map, BYTES("b", 1), marks), 0); /* usable again */
    map_free(&map);
}

T_CASE(map_refuses_one_too_many)
{
    struct map map;
    map_init(&map, 2);
    T_EQ(map_put(&map, BYTES("a", 1), marks), 0);
    T_EQ(map_put(&map, BYTES("b", 1), marks + 1), 0);
    T_EQ(map_put(&map, BYTES("c", 1), marks + 2), ERR_FULL);
    T_EQ(map_put(&map, BYTES("a", 1), marks + 3), 0); /* not a new key */
    T(map_get(&map, BYTES("a", 1)) == marks + 3);
    T(map_del(&map, BYTES("b", 1)) == marks + 1);
    T_EQ(map_put(&map, BYTES("c", 1), marks + 2), 0);
    T_EQ(map_count(&map), 2);
    map_free(&map);
    map_init(&map, 0);
    T_EQ(map_put(&map, BYTES("a", 1), marks), ERR_FULL);
    map_free(&map);
}

T_CASE(map_keys_have_a_longest)
{
    struct map map;
    uint8_t key[MAP_KEY_BYTES_MAX + 1] = {9};
    map_init(&map, 8);
    T_EQ(map_put(&map, BYTES_OF(key), marks), ERR_TOOBIG);
    T(map_get(&map, BYTES_OF(key)) == NULL);
    T(map_del(&map, BYTES_OF(key)) == NULL);
    T_EQ(map_put(&map, BYTES(key, MAP_KEY_BYTES_MAX), marks + 1), 0);
    T_EQ(map_put(&map, BYTES(NULL, 0), marks + 2), 0); /* the empty key is a key */
    T(map_get(&map, BYTES(key, MAP_KEY_BYTES_MAX)) == marks + 1);
    T(map_get(&map, BYTES(key, MAP_KEY_BYTES_MAX - 1)) == NULL);
    T(map_get(&map, BYTES(NULL, 0)) == marks + 2);
    memset(key, 0, sizeof key); /* the map has its own copy */
    T(map_get(&map, BYTES(key, MAP_KEY_BYTES_MAX)) == NULL);
    map_free(&map);
}

/* Keys that come and go leave no growth behind. */
T_CASE(map_stays_small_when_few_keys_live)
{
    struct map map;
    uint8_t raw[KEY_BYTES];
    map_init(&map, MODEL_MAX);
    for (uint32_t i = 0; i < 10000; i++) {
        T_NEED(map_put(&map, key_of(i, raw), &marks[i % sizeof marks]) == 0);
        if (i >= 3)
            T_NEED(map_del(&map, key_of(i - 3, raw)) == &marks[(i - 3) % sizeof marks]);
    }
    T_EQ(map_count(&map), 3);
    T(map.slots_cap <= 16);
    map_free(&map);
}

T_CASE(map_allows_deleting_while_iterating)
{
    struct map map;
    uint8_t raw[KEY_BYTES];
    map_init(&map, 100);
    for (uint32_t i = 0; i < 100; i++)
        T_NEED(map_put(&map, key_of(i, raw), &marks[i]) == 0);
    uint32_t at = 0, seen = 0;
    struct bytes key;
    for (void *v; (v = map_next(&map, &at, &key)) != NULL; seen++) {
        T(v == &marks[seen]);
        if (seen % 3 != 0)
            T(map_del(&map, key) == v); /* with the lent key itself */
    }
    T_EQ(seen, 100);
    T_EQ(map_count(&map), 34);
    map_free(&map);
}

T_RUN()
