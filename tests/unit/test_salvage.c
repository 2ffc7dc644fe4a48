/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_salvage.c -- a store with any one page damaged, and a log with any one record
 * damaged: what stands elsewhere is all there again, and what was held twice too. */
#include "store/salvage.h"
#include "tests/lib/storetest.h"

enum {
    GROUPS = 2,
    VALUES = 24, /* of each table and group */
    TEXTS = 40,
    FACTS_MAX = 4096,
};

/* ---- a store with something of everything --------------------------------- */

static const uint8_t tables[] = {LOG_PROFILE, LOG_GROUP, LOG_CONTROL,
                                 LOG_CARD,    LOG_EPOCH, LOG_TREE,
                                 LOG_AUTHOR,  LOG_DRAFT, LOG_PEER};
/* Held twice (migration 002). */
static bool held_twice(uint8_t table)
{
    return table != LOG_PEER && table != LOG_TREE;
}

static int put_values(struct shop *s)
{
    static uint8_t value[9000];
    int err = 0;
    for (uint32_t g = 0; g < GROUPS; g++)
        for (size_t t = 0; t < sizeof tables; t++)
            for (uint32_t i = 0; i < VALUES && !err; i++) {
                uint8_t key[4];
                size_t n = i == 7 ? sizeof value : i == 8 ? 0 : 60 + i;
                put_u32(key, i);
                memset(value, (int)(g * 100 + t * 10 + i), sizeof value);
                err = s->log.ops->put(s->log.ctx, g, tables[t], BYTES_OF(key),
                                      BYTES(value, n));
            }
    return err;
}

static void text_make(struct content_row *row, uint32_t g, uint32_t i, uint8_t *bytes,
                      size_t n)
{
    memset(bytes, (int)i, n);
    *row = (struct content_row){.state = i % 7 == 6 ? CONTENT_ASIDE : CONTENT_OPEN,
                                .author = 1 + i % 3,
                                .seq = i,
                                .end_hour = 1000 + i,
                                .erase_hour = 1000 + i,
                                .envelope = BYTES(bytes, n),
                                .body = BYTES(bytes, n / 2)};
    memset(row->id, (int)(i + 1), 32);
    memset(row->hash, (int)(i + 2), 32);
    memset(row->topic, (int)(10 * g + i / 20), 32);
    row->id[31] = (uint8_t)g;
}

/* The index of words has rows of many shapes, none of which is anything else's; each
 * transaction makes a part of its own.  It is not copied. */
static int put_words(struct shop *s, uint32_t g, const struct content_row *row,
                     uint32_t i)
{
    char text[64];
    snprintf(text, sizeof text, "soup%u at %u zzqx%u", i, g, i * 7919);
    int err = s->log.ops->words_put(s->log.ctx, g, row->row, BYTES(text, strlen(text)));
    if (!err && i % 16 == 0)
        err = store_commit(s->store);
    return err || i % 16 != 0 ? err : store_begin(s->store);
}

static int put_texts(struct shop *s)
{
    static uint8_t bytes[20000];
    int err = 0;
    for (uint32_t g = 0; g < GROUPS; g++)
        for (uint32_t i = 0; i < TEXTS && !err; i++) {
            struct content_row row;
            text_make(&row, g, i, bytes, i % 20 == 3 ? sizeof bytes : 400);
            err = s->log.ops->content_put(s->log.ctx, g, &row, &row.row);
            if (!err && row.state == CONTENT_OPEN)
                err = put_words(s, g, &row, i);
            if (!err && i % 9 == 4) { /* what is gone keeps its place in the set */
                row.state = CONTENT_GONE;
                err = s->log.ops->content_update(s->log.ctx, g, &row);
            }
        }
    return err;
}

static bool shop_fill(struct shop *s)
{
    if (!shop_create(s))
        return false;
    int err = store_begin(s->store);
    if (!err)
        err = put_values(s);
    if (!err)
        err = put_texts(s);
    if (!err)
        err = store_commit(s->store);
    T_EQ(err, 0);
    return err == 0;
}

/* ---- facts: what a store says --------------------------------------------- */

struct facts {
    uint8_t hash[FACTS_MAX][16];
    bool twice[FACTS_MAX];
    int count, texts;
    uint32_t group;
    uint8_t table;
};

static void fact_add(struct facts *f, bool twice, const struct bytes *parts, size_t n)
{
    if (f->count == FACTS_MAX)
        return;
    hash16(f->hash[f->count], "fact", parts, n);
    f->twice[f->count++] = twice;
}

static int see_value(void *ctx, struct bytes key, struct bytes value)
{
    struct facts *f = ctx;
    uint8_t place[5];
    put_u32(place, f->group);
    place[4] = f->table;
    const struct bytes parts[] = {BYTES_OF(place), key, value};
    fact_add(f, held_twice(f->table), parts, 3);
    return 0;
}

static int see_text(void *ctx, const struct content_row *row)
{
    struct facts *f = ctx;
    uint8_t number[8];
    put_u64(number, row->row);
    const struct bytes parts[] = {BYTES_OF(number),    BYTES_OF(row->id),
                                  BYTES_OF(row->hash), BYTES_OF(row->topic),
                                  row->envelope,       row->body};
    fact_add(f, false, parts, 6);
    f->texts++;
    return 0;
}

static int facts_take(struct shop *s, struct facts *f)
{
    int err = 0;
    memset(f, 0, sizeof *f);
    for (uint32_t g = 0; g < GROUPS && !err; g++) {
        f->group = g;
        for (size_t t = 0; t < sizeof tables && !err; t++) {
            f->table = tables[t];
            err = s->log.ops->scan(s->log.ctx, g, tables[t], BYTES(NULL, 0), see_value,
                                   f);
        }
        if (!err)
            err = s->log.ops->content_scan(s->log.ctx, g, 0, true, see_text, f);
    }
    return err;
}

static bool facts_hold(const struct facts *f, const uint8_t hash[16])
{
    for (int i = 0; i < f->count; i++)
        if (memcmp(f->hash[i], hash, 16) == 0)
            return true;
    return false;
}

/* Facts of `was` that `is` lacks; `*wrong`: new facts, and lost ones held twice. */
static int facts_lost(const struct facts *was, const struct facts *is, int *wrong)
{
    int lost = 0;
    *wrong = 0;
    for (int i = 0; i < was->count; i++) {
        bool there = facts_hold(is, was->hash[i]);
        lost += !there;
        *wrong += !there && was->twice[i];
    }
    for (int i = 0; i < is->count; i++)
        *wrong += !facts_hold(was, is->hash[i]);
    return lost;
}

static struct facts before, after;

/* Salvage and exchange; the store is open afterwards. */
static int mend(struct shop *s, struct salvage_report *report)
{
    struct store *fresh = NULL;
    int err = salvage_make(&fresh, s->dir, shop_key, &s->entropy, report);
    if (err)
        return err;
    T_EQ(store_check(fresh), 0);
    store_close(fresh);
    err = salvage_swap(s->dir, report);
    return err ? err : shop_open(s);
}

struct search {
    struct bytes needle;
    int found;
};

static int search_page(void *ctx, uint32_t page, struct bytes plain)
{
    struct search *x = ctx;
    (void)page;
    x->found += bytes_hold(plain, x->needle);
    return 0;
}

/* What is held twice must go twice. */
T_CASE(what_is_erased_is_in_no_copy)
{
    static const uint8_t secret[40] = "zzqx-a-key-that-is-to-go-zzqx-zzqx-zzqx";
    struct shop s;
    struct search x = {BYTES_OF(secret), 0};
    T_NEED(shop_fill(&s));
    T_EQ(store_begin(s.store), 0);
    for (uint8_t t = LOG_PROFILE; t < LOG_TABLES_END; t++)
        T_EQ(s.log.ops->put(s.log.ctx, 1, t, BYTES("key", 3), BYTES_OF(secret)), 0);
    T_EQ(store_commit(s.store), 0);
    T_EQ(store_settle(s.store), 0);
    T_EQ(store_walk(s.store, search_page, &x), 0);
    T(x.found >= 4); /* in both trees */
    T_EQ(store_begin(s.store), 0);
    for (uint8_t t = LOG_PROFILE; t < LOG_TABLES_END; t++) {
        if (t % 2) /* written over, or removed */
            T_EQ(s.log.ops->put(s.log.ctx, 1, t, BYTES("key", 3), BYTES("x", 1)), 0);
        T_EQ(s.log.ops->del(s.log.ctx, 1, t, BYTES("key", 3)), 0);
    }
    T_EQ(store_commit(s.store), 0);
    T_EQ(store_settle(s.store), 0);
    x.found = 0;
    T_EQ(store_walk(s.store, search_page, &x), 0);
    T_EQ(x.found, 0);
    shop_end(&s);
}

/* ---- pages --------------------------------------------------------------- */

T_CASE(a_healthy_store_loses_nothing)
{
    struct shop s;
    struct salvage_report report;
    int wrong = 0;
    T_NEED(shop_fill(&s));
    T_EQ(facts_take(&s, &before), 0);
    T(before.count > 400 && before.count < FACTS_MAX);
    shop_shut(&s);
    T_NEED(mend(&s, &report) == 0);
    T(!salvage_is_damaged(&report));
    T_EQ(facts_take(&s, &after), 0);
    T_EQ(facts_lost(&before, &after, &wrong), 0);
    T_EQ(wrong, 0);
    T_EQ(report.texts, before.texts);
    T_EQ(report.texts_lost, 0);
    T_EQ(report.pages_bad, 0);
    shop_end(&s);
}

/* The heart of it: whichever page is damaged, root, inner, leaf or overflow, every row
 * of every other page is there, and no small value that a group needs is lost. */
T_CASE(every_page_damaged_in_turn)
{
    struct shop s;
    int most = 0, total = 0, reported = 0;
    T_NEED(shop_fill(&s));
    T_EQ(facts_take(&s, &before), 0);
    shop_shut(&s);
    size_t pages = file_bytes(s.dir, "data") / DATA_PAGE_BYTES;
    T(pages > 60);
    for (uint32_t page = 1; page <= pages; page++) {
        struct shop copy;
        struct salvage_report report;
        int wrong = 0;
        T_NOTE("(page %u of %zu)", page, pages);
        T_NEED(shop_copy(&s, &copy));
        T(file_flip(
            copy.dir, "data",
            (page - 1) * (size_t)DATA_PAGE_BYTES + shop_draw(&s, DATA_PAGE_BYTES), 1));
        struct buf damaged = temp_read(copy.dir, "data");
        T_NEED(mend(&copy, &report) == 0);
        T_EQ(report.pages_bad, 1);
        T_EQ(store_check(copy.store), 0);
        T_EQ(facts_take(&copy, &after), 0);
        int lost = facts_lost(&before, &after, &wrong);
        T_EQ(wrong, 0);
        T_EQ(report.texts_lost, before.texts - after.texts);
        most = lost > most ? lost : most;
        total += lost;
        reported += report.texts_lost > 0;
        struct buf kept = temp_read(copy.dir, report.kept_as);
        T(bytes_equal(BUF_BYTES(&kept), BUF_BYTES(&damaged)));
        T_EQ(shop_put(&copy, 9999, BYTES("new", 3)), 0);
        buf_free(&kept);
        buf_free(&damaged);
        shop_end(&copy);
    }
    printf("    %zu pages: %d rows lost in all, %d at most for one\n", pages, total,
           most);
    T(most <= 60);
    T(reported > 0);
    shop_end(&s);
}

T_CASE(many_pages_damaged_at_once)
{
    struct shop s;
    T_NEED(shop_fill(&s));
    T_EQ(facts_take(&s, &before), 0);
    shop_shut(&s);
    size_t pages = file_bytes(s.dir, "data") / DATA_PAGE_BYTES;
    for (int round = 0; round < 20; round++) {
        struct shop copy;
        struct salvage_report report;
        int wrong = 0;
        T_NOTE("(round %d)", round);
        T_NEED(shop_copy(&s, &copy));
        for (size_t page = 0; page < pages; page++)
            if (shop_draw(&s, 3) == 0)
                T(file_flip(copy.dir, "data", page * DATA_PAGE_BYTES + 9, 4));
        T_NEED(mend(&copy, &report) == 0);
        T_EQ(store_check(copy.store), 0);
        T_EQ(facts_take(&copy, &after), 0);
        T(facts_lost(&before, &after, &wrong) > 0);
        T(after.count > before.count / 5);
        shop_end(&copy);
    }
    shop_end(&s);
}

T_CASE(noise_cannot_be_mended)
{
    struct shop s;
    struct salvage_report report;
    T_NEED(shop_fill(&s));
    shop_shut(&s);
    struct buf data = temp_read(s.dir, "data");
    entropy_fill(&s.entropy, data.p, data.n);
    temp_write(s.dir, "data", BUF_BYTES(&data));
    T_EQ(mend(&s, &report), ERR_DAMAGED);
    T_EQ(report.pages_bad, report.pages);
    T_EQ(files_count(s.dir), 1); /* nothing half made stays */
    buf_free(&data);
    shop_end(&s);
}

T_CASE(a_store_in_use_is_left_alone)
{
    struct shop s;
    struct salvage_report report;
    struct store *fresh = NULL;
    T_NEED(shop_fill(&s));
    T_EQ(salvage_make(&fresh, s.dir, shop_key, &s.entropy, &report), ERR_INUSE);
    T_EQ(store_check(s.store), 0);
    shop_end(&s);
}

/* ---- the exchange cut short ------------------------------------------------ */

static bool exists(const char *dir, const char *name)
{
    char path[TEMP_PATH_BYTES];
    temp_path(path, dir, name);
    return access(path, F_OK) == 0;
}

T_CASE(an_exchange_that_was_cut_short_is_finished)
{
    struct shop s;
    struct salvage_report report;
    struct store *fresh = NULL;
    char from[TEMP_PATH_BYTES], to[TEMP_PATH_BYTES];
    T_NEED(shop_fill(&s));
    shop_shut(&s);
    T_EQ(salvage_make(&fresh, s.dir, shop_key, &s.entropy, &report), 0);
    store_close(fresh);
    /* Before it counts: the old one is opened, and what was made is forgotten later. */
    T_EQ(shop_open(&s), 0);
    T_EQ(shop_put(&s, 1, BYTES("old", 3)), 0);
    shop_shut(&s);
    /* After: a log of the old one must not be read beside the new one. */
    temp_path(from, s.dir, "data-making");
    temp_path(to, s.dir, "data-new");
    T_EQ(rename(from, to), 0);
    temp_write(s.dir, "data-wal", BYTES("an old log", 10));
    T_EQ(shop_open(&s), 0);
    T(!exists(s.dir, "data-new"));
    T(!bytes_equal(shop_get(&s, 1), BYTES("old", 3)));
    T_EQ(store_check(s.store), 0);
    shop_end(&s);
}

/* ---- logs ---------------------------------------------------------------- */

/* A store whose rows stand half in the database, half in the log; the store stays open
 * so that the log stays. */
static bool shop_half(struct shop *s)
{
    if (!shop_create(s))
        return false;
    int err = store_begin(s->store);
    if (!err)
        err = put_values(s);
    if (!err)
        err = store_commit(s->store);
    if (!err)
        err = store_settle(s->store);
    for (uint32_t i = 0; i < 8 && !err; i++)
        err = shop_put(s, 500 + i, BYTES("in the log", 10));
    if (!err)
        err = store_begin(s->store);
    if (!err)
        err = put_texts(s);
    if (!err)
        err = store_commit(s->store);
    if (!err)
        err = shop_put(s, 600, BYTES("last but one", 12));
    if (!err)
        err = shop_put(s, 601, BYTES("last", 4));
    T_EQ(err, 0);
    return err == 0;
}

T_CASE(an_intact_log_is_read_whole)
{
    struct shop s, copy;
    struct salvage_report report;
    int wrong = 0;
    T_NEED(shop_half(&s));
    T_EQ(facts_take(&s, &before), 0);
    T_NEED(shop_copy(&s, &copy));
    T_NEED(mend(&copy, &report) == 0);
    T(report.frames > 15);
    T_EQ(report.frames_bad, 0);
    T_EQ(facts_take(&copy, &after), 0);
    T_EQ(facts_lost(&before, &after, &wrong), 0);
    T_EQ(wrong, 0);
    T_EQ(shop_put(&copy, 700, BYTES("new", 3)), 0);
    shop_end(&copy);
    shop_end(&s);
}

/* Every record of the log, head and page in turn: the store names it or shows a torn
 * end, and salvage brings everything but what stood on that page. */
T_CASE(every_record_of_a_log_damaged_in_turn)
{
    struct shop s;
    T_NEED(shop_half(&s));
    T_EQ(facts_take(&s, &before), 0);
    size_t bytes = file_bytes(s.dir, "data-wal");
    size_t frames = (bytes - LOG_HEADER_BYTES) / LOG_FRAME_BYTES, torn = 0;
    for (size_t i = 0; i < 2 * frames; i++) {
        struct shop copy;
        struct salvage_report report;
        int wrong = 0;
        size_t at = LOG_HEADER_BYTES + i / 2 * LOG_FRAME_BYTES;
        at += i % 2 ? LOG_HEAD_BYTES + shop_draw(&s, 4136)
                    : shop_draw(&s, LOG_HEAD_BYTES);
        T_NOTE("(byte %zu of frame %zu of %zu)", at, i / 2, frames);
        T_NEED(shop_copy(&s, &copy));
        T(file_flip(copy.dir, "data-wal", at, 0x20));
        T_NEED(mend(&copy, &report) == 0);
        T_EQ(store_check(copy.store), 0);
        T_EQ(facts_take(&copy, &after), 0);
        int lost = facts_lost(&before, &after, &wrong);
        if (report.frames_bad == 0) { /* of the last commit: taken for torn */
            torn++;
            T(i / 2 + 6 > frames);
            T_EQ(lost, 1);
        } else {
            T_EQ(report.frames_bad, 1);
            T(lost <= 60);
            T(bytes_equal(shop_get(&copy, 601), BYTES("last", 4)) || lost > 0);
        }
        shop_end(&copy);
    }
    T(torn < 14);
    shop_end(&s);
}

T_CASE(without_its_header_the_log_is_lost_and_said_to_be)
{
    struct shop s, copy;
    struct salvage_report report;
    T_NEED(shop_half(&s));
    T_NEED(shop_copy(&s, &copy));
    T(file_flip(copy.dir, "data-wal", 50, 1));
    T_EQ(shop_open(&copy), ERR_DAMAGED);
    T_NEED(mend(&copy, &report) == 0);
    T(report.log_lost);
    T_EQ(store_check(copy.store), 0);
    shop_end(&copy);
    shop_end(&s);
}

T_RUN()
