/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_words_index.c -- the index over words of kept texts: what it finds, and that
 * what was taken out is in no page and no record any more. */
#include "tests/lib/storetest.h"

enum { ROWS = 300, FOUND_MAX = 512 };

/* Terms stand in the index without what they share with their neighbour: of this one
 * "banana" is left when "zzqxapple" stands before it, so that is looked for. */
static const char left[] = "banana";

static int put_row(struct shop *s, uint32_t group, uint32_t i, const char *text,
                   uint64_t *number)
{
    struct content_row r = {
        .author = 1, .seq = i, .end_hour = UINT32_MAX, .erase_hour = UINT32_MAX};
    uint32_t id[2] = {group, i};
    hash32(r.id, "test row", &BYTES_OF(id), 1);
    r.envelope = BYTES("envelope", 8);
    r.body = BYTES("body", 4);
    int err = s->log.ops->content_put(s->log.ctx, group, &r, number);
    return err ? err
               : s->log.ops->words_put(s->log.ctx, group, *number,
                                       BYTES(text, strlen(text)));
}

/* Texts like "soup at six 17 zzqxapple17 zzqxbanana17"; numbers from *first on. */
static void fill(struct shop *s, uint32_t group, uint64_t *first)
{
    T_EQ(store_begin(s->store), 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        char text[96];
        uint64_t number = 0;
        snprintf(text, sizeof text, "soup at %s %u zzqxapple%u zzqxbanana%u x-ray",
                 i % 3 ? "six" : "noon", i, i, i);
        T_EQ(put_row(s, group, i + 1, text, &number), 0);
        if (i == 0)
            *first = number;
    }
    T_EQ(store_commit(s->store), 0);
}

struct found {
    uint64_t rows[FOUND_MAX];
    int count;
};

static int see(void *ctx, uint64_t row)
{
    struct found *f = ctx;
    if (f->count < FOUND_MAX)
        f->rows[f->count++] = row;
    return f->count == FOUND_MAX;
}

/* How many rows; below 0: the error. */
static int find(struct shop *s, uint32_t group, const char *words, struct found *f)
{
    f->count = 0;
    int err =
        s->log.ops->words_find(s->log.ctx, group, BYTES(words, strlen(words)), see, f);
    return err ? err : f->count;
}

static int look(void *ctx, uint32_t page, struct bytes plain)
{
    (void)page;
    *(int *)ctx += bytes_hold(plain, BYTES(left, sizeof left - 1));
    return 0;
}

/* Pages and records with a piece of what was taken out. */
static int pages_with(struct shop *s)
{
    int pages = 0;
    T_EQ(store_walk(s->store, look, &pages), 0);
    return pages;
}

T_CASE(words_are_found_at_their_beginnings)
{
    struct shop s;
    struct found f;
    uint64_t first = 0, other = 0;
    T_NEED(shop_create(&s));
    fill(&s, 1, &first);
    fill(&s, 2, &other);
    T_EQ(find(&s, 1, "soup", &f), ROWS);
    T(f.rows[0] == first && f.rows[1] > f.rows[0]); /* rising, of this group */
    T_EQ(find(&s, 1, "sou noo", &f), ROWS / 3);
    T_EQ(find(&s, 1, "zzqxbanana17", &f), 11); /* and 170 to 179 */
    T_EQ(f.rows[0], first + 17);
    T_EQ(find(&s, 2, "  zzqxbanana17\n", &f), 11);
    T_EQ(f.rows[0], other + 17);
    T_EQ(find(&s, 1, "oup", &f), 0);
    T_EQ(find(&s, 1, "ray", &f), ROWS);
    T_EQ(find(&s, 1, "x-ra", &f), ROWS);
    T_EQ(find(&s, 3, "soup", &f), 0);
    shop_end(&s);
}

/* Words of a person are no language of a database. */
T_CASE(what_an_index_cannot_find_is_said)
{
    static const char *const none[] = {
        "", "  ", "!!!", "soup \"", "soup ?", "\xf0\x9f\x8e\x89", "soup \xe2\x82\xac"};
    static const char *const plain[] = {"soup* or", "near(soup", "text:soup", "-soup^",
                                        "soup)",    "{soup}",    "'soup'"};
    struct shop s;
    struct found f;
    uint64_t first = 0;
    char long_one[9000];
    T_NEED(shop_create(&s));
    fill(&s, 1, &first);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        T_NOTE("%s", none[i]);
        T_EQ(find(&s, 1, none[i], &f), ERR_USAGE);
    }
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        T_NOTE("%s", plain[i]);
        T(find(&s, 1, plain[i], &f) >= 0);
    }
    memset(long_one, 'a', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    T_EQ(find(&s, 1, long_one, &f), ERR_USAGE);
    shop_end(&s);
}

T_CASE(what_goes_leaves_no_word_behind)
{
    struct shop s;
    struct found f;
    uint64_t first = 0, second = 0;
    T_NEED(shop_create(&s));
    const struct log_ops *ops = s.log.ops;
    fill(&s, 1, &first);
    fill(&s, 2, &second);
    T(pages_with(&s) > 5); /* the search finds what is there */
    T_EQ(store_begin(s.store), 0);
    for (uint32_t i = 0; i < ROWS; i++) { /* one by one, in both ways */
        struct content_row r = {.row = first + i, .state = CONTENT_GONE};
        T_EQ(i % 2 ? ops->content_update(s.log.ctx, 1, &r)
                   : ops->content_delete(s.log.ctx, 1, r.row),
             0);
    }
    T_EQ(ops->drop_group(s.log.ctx, 2), 0); /* and a whole group */
    T_EQ(store_commit(s.store), 0);
    T_EQ(find(&s, 1, "soup", &f), 0);
    T_EQ(find(&s, 2, "soup", &f), 0);
    T(store_wants_settle(s.store));
    T_EQ(store_settle(s.store), 0);
    T_EQ(pages_with(&s), 0);
    T(!store_wants_settle(s.store));
    T_EQ(store_check(s.store), 0);
    shop_end(&s);
}

T_CASE(what_an_earlier_run_took_out_is_merged_away)
{
    struct shop s;
    uint64_t first = 0;
    T_NEED(shop_create(&s));
    fill(&s, 1, &first);
    T_EQ(store_settle(s.store), 0);
    T_EQ(store_begin(s.store), 0);
    T_EQ(s.log.ops->drop_group(s.log.ctx, 1), 0);
    T_EQ(store_commit(s.store), 0);
    struct shop killed; /* as a power cut leaves it */
    T_NEED(shop_copy(&s, &killed));
    T_EQ(shop_open(&killed), 0);
    T(store_wants_settle(killed.store));

    T_EQ(store_settle(killed.store), 0);
    T_EQ(pages_with(&killed), 0);
    shop_end(&killed);
    shop_end(&s);
}

T_CASE(a_group_says_whether_all_of_it_is_in)
{
    struct shop s;
    T_NEED(shop_create(&s));
    const struct log_ops *ops = s.log.ops;
    T_EQ(ops->words_ready(s.log.ctx, 1), 0);
    T_EQ(ops->words_note_ready(s.log.ctx, 1), ERR_STATE); /* no transaction */
    T_EQ(store_begin(s.store), 0);
    T_EQ(ops->words_note_ready(s.log.ctx, 1), 0);
    T_EQ(ops->words_note_ready(s.log.ctx, 1), 0);
    T_EQ(store_commit(s.store), 0);
    shop_shut(&s);
    T_EQ(shop_open(&s), 0);
    T_EQ(ops->words_ready(s.log.ctx, 1), 1);
    T_EQ(ops->words_ready(s.log.ctx, 2), 0);
    T_EQ(store_begin(s.store), 0);
    T_EQ(ops->drop_group(s.log.ctx, 1), 0);
    T_EQ(store_commit(s.store), 0);
    T_EQ(ops->words_ready(s.log.ctx, 1), 0);
    shop_end(&s);
}

T_RUN()
