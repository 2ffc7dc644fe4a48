/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_vfs.c -- what lies on the disk: noise, page by page and record by record, and
 * what becomes of it when it is torn, cut, or changed. */
#include "tests/lib/storetest.h"

enum { COMMITS = 12, VALUE_BYTES = 3000 };

static const char canary[] = "canary-zzqxbanana-canary";

/* COMMITS values, each larger than half a page, with the canary at its front and zeros
 * at its end: so some pages of the log are zeros by right. */
static bool fill(struct shop *s, uint32_t from)
{
    static uint8_t value[VALUE_BYTES];
    int err = 0;
    memcpy(value, canary, sizeof canary);
    value[101]++;
    for (uint32_t i = from; i < from + COMMITS && !err; i++) {
        value[100] = (uint8_t)i;
        err = shop_put(s, i, BYTES_OF(value));
    }
    T_EQ(err, 0);
    return err == 0;
}

/* How many of the values from `from` on are there; -1 if one is missing between. */
static int values_held(struct shop *s, uint32_t from)
{
    int held = 0;
    bool missing = false;
    for (uint32_t i = from; i < from + COMMITS; i++) {
        struct bytes v = shop_get(s, i);
        bool there = v.n == VALUE_BYTES && v.p[100] == (uint8_t)i;
        if (there && missing)
            return -1;
        missing = missing || !there;
        held += there;
    }
    return held;
}

/* A store whose database holds the first values and whose log holds the rest. */
static bool two_halves(struct shop *s)
{
    if (!shop_create(s) || !fill(s, 0))
        return false;
    T_EQ(store_settle(s->store), 0);
    return fill(s, 100);
}

/* ---- noise --------------------------------------------------------------- */

/* The chi-square of the byte values, which noise keeps near 255. */
static double chi_square(struct bytes b)
{
    double count[256] = {0}, sum = 0, want = (double)b.n / 256;
    for (size_t i = 0; i < b.n; i++)
        count[b.p[i]]++;
    for (int i = 0; i < 256; i++)
        sum += (count[i] - want) * (count[i] - want) / want;
    return sum;
}

static void check_noise(struct bytes b)
{
    T(b.n > 10000);
    T_NOTE("(chi-square %f)", chi_square(b));
    T(chi_square(b) < 400); /* by chance once in 10^8 */
    T(!bytes_hold(b, BYTES("SQLite", 6)));
    T(!bytes_hold(b, BYTES("CREATE", 6)));
    T(!bytes_hold(b, BYTES(canary, 8)));
    static const uint8_t zeros[8];
    T(!bytes_hold(b, BYTES_OF(zeros)));
}

T_CASE(database_and_log_are_noise)
{
    struct shop s;
    T_NEED(two_halves(&s));
    struct buf data = temp_read(s.dir, "data");
    struct buf wal = temp_read(s.dir, "data-wal");
    check_noise(BUF_BYTES(&data));
    check_noise(BUF_BYTES(&wal));
    T_EQ(data.n % DATA_PAGE_BYTES, 0);
    T_EQ((wal.n - LOG_HEADER_BYTES) % LOG_FRAME_BYTES, 0);
    buf_free(&data);
    buf_free(&wal);
    shop_end(&s);
}

T_CASE(no_other_file_and_for_the_owner_only)
{
    struct shop s;
    T_NEED(two_halves(&s));
    T_EQ(files_count(s.dir), 2);
    T_EQ(file_stat(s.dir, "data").st_mode & 0777, 0600);
    T_EQ(file_stat(s.dir, "data-wal").st_mode & 0777, 0600);
    shop_shut(&s);
    T_EQ(files_count(s.dir), 1);
    T_EQ(file_bytes(s.dir, "data-wal"), 0);
    shop_end(&s);
}

T_CASE(the_same_bytes_are_sealed_anew_each_time)
{
    struct shop s;
    T_NEED(two_halves(&s));
    T_EQ(store_settle(s.store), 0);
    struct buf before = temp_read(s.dir, "data");
    T(fill(&s, 100)); /* the same values but for one byte */
    T_EQ(store_settle(s.store), 0);
    struct buf after = temp_read(s.dir, "data");
    T_EQ(before.n, after.n);
    size_t same_nonce = 0, changed = 0;
    for (size_t at = 0; at + DATA_PAGE_BYTES <= after.n; at += DATA_PAGE_BYTES) {
        bool same = memcmp(before.p + at, after.p + at, DATA_PAGE_BYTES) == 0;
        changed += !same;
        same_nonce +=
            !same && memcmp(before.p + at + 4056, after.p + at + 4056, 24) == 0;
    }
    T(changed > 2);
    T_EQ(same_nonce, 0);
    buf_free(&before);
    buf_free(&after);
    shop_end(&s);
}

/* ---- changed ------------------------------------------------------------- */

T_CASE(a_flipped_byte_in_any_page_is_named)
{
    struct shop s;
    T_NEED(two_halves(&s));
    T_EQ(store_settle(s.store), 0);
    size_t pages = file_bytes(s.dir, "data") / DATA_PAGE_BYTES;
    T(pages > 20);
    for (uint32_t page = 1; page <= pages; page++) {
        size_t at =
            (page - 1) * (size_t)DATA_PAGE_BYTES + shop_draw(&s, DATA_PAGE_BYTES);
        T_NOTE("(page %u, byte %zu)", page, at);
        T(file_flip(s.dir, "data", at, 1));
        T_EQ(store_check(s.store), ERR_DAMAGED);
        T_EQ(store_damaged_page(s.store), page);
        T(file_flip(s.dir, "data", at, 1));
    }
    T_EQ(store_check(s.store), 0);
    shop_end(&s);
}

T_CASE(pages_that_changed_places_do_not_open)
{
    struct shop s;
    T_NEED(two_halves(&s));
    shop_shut(&s);
    struct buf data = temp_read(s.dir, "data");
    uint8_t page[DATA_PAGE_BYTES], *a = data.p + DATA_PAGE_BYTES * 5,
                                   *b = data.p + DATA_PAGE_BYTES * 9;
    T_NEED(data.n > DATA_PAGE_BYTES * 10);
    memcpy(page, a, sizeof page);
    memcpy(a, b, sizeof page);
    memcpy(b, page, sizeof page);
    temp_write(s.dir, "data", BUF_BYTES(&data));
    int err = shop_open(&s);
    T_EQ(err ? err : store_check(s.store), ERR_DAMAGED);
    buf_free(&data);
    shop_end(&s);
}

T_CASE(another_key_opens_nothing)
{
    static const uint8_t other[32] = {1};
    struct shop s;
    T_NEED(two_halves(&s));
    shop_shut(&s);
    T_EQ(store_open(&s.store, s.dir, other, &s.entropy), ERR_DAMAGED);
    T_EQ(shop_open(&s), 0);
    T_EQ(values_held(&s, 100), COMMITS);
    shop_end(&s);
}

/* Every 812th page is a map, which looks like a table's page at times and is none. */
T_CASE(a_store_of_many_pages_stays_whole)
{
    enum { VALUES = 12000, BATCH = 500, MAPS = 2 };
    static uint8_t value[600];
    struct shop s;
    T_NEED(shop_create(&s));
    for (uint32_t i = 0; i < VALUES; i++) {
        uint8_t key[4];
        put_u32(key, i * 2654435761u);
        if (i % BATCH == 0)
            T_EQ(store_begin(s.store), 0);
        T_EQ(s.log.ops->put(s.log.ctx, 2, LOG_TREE, BYTES_OF(key), BYTES_OF(value)), 0);
        if (i % BATCH == BATCH - 1)
            T_EQ(store_commit(s.store), 0);
    }
    T_EQ(store_settle(s.store), 0);
    size_t pages = file_bytes(s.dir, "data") / DATA_PAGE_BYTES;
    T(pages > MAPS * 812);
    shop_shut(&s);
    T_NEED(shop_open(&s) == 0);
    T_EQ(store_check(s.store), 0);
    T_EQ(store_begin(s.store), 0);
    T_EQ(s.log.ops->drop_group(s.log.ctx, 2), 0);
    T_EQ(store_commit(s.store), 0);
    T_EQ(store_settle(s.store), 0);
    T_EQ(store_check(s.store), 0);
    T(file_bytes(s.dir, "data") < 40 * DATA_PAGE_BYTES);
    shop_end(&s);
}

/* ---- torn and damaged logs ----------------------------------------------- */

/* Open a copy whose log was changed by `change`; what became of the second half:
 * the number of values held, or an enum err. */
static int after_change(const struct shop *from,
                        bool (*change)(const char *dir, struct buf *log, size_t at),
                        size_t at)
{
    struct shop s;
    if (!shop_copy(from, &s))
        return ERR_IO;
    struct buf log = temp_read(s.dir, "data-wal");
    int got = change(s.dir, &log, at) ? shop_open(&s) : ERR_IO;
    buf_free(&log);
    if (!got) {
        T_EQ(values_held(&s, 0), COMMITS); /* the first half is never touched */
        got = values_held(&s, 100);
        T_EQ(store_check(s.store), 0);
        T_EQ(shop_put(&s, 300, BYTES("new", 3)), 0);
        shop_shut(&s);
        T_EQ(shop_open(&s), 0);
        T(bytes_equal(shop_get(&s, 300), BYTES("new", 3)));
    }
    shop_end(&s);
    return got;
}

static bool change_cut(const char *dir, struct buf *log, size_t at)
{
    if (at > log->n)
        return false;
    temp_write(dir, "data-wal", BYTES(log->p, at));
    return true;
}

static bool change_flip(const char *dir, struct buf *log, size_t at)
{
    (void)log;
    return file_flip(dir, "data-wal", at, 0x10);
}

/* The end of a file as a power cut leaves it: length there, bytes not. */
static bool change_blank(const char *dir, struct buf *log, size_t at)
{
    if (at > log->n)
        return false;
    memset(log->p + at, 0, log->n - at);
    temp_write(dir, "data-wal", BUF_BYTES(log));
    return true;
}

/* Rubbish behind the end: `count` frames of it. */
static bool change_grow(const char *dir, struct buf *log, size_t count)
{
    uint8_t rubbish[LOG_FRAME_BYTES];
    memset(rubbish, 0x5a, sizeof rubbish);
    for (size_t i = 0; i < count; i++)
        if (buf_append(log, BYTES_OF(rubbish), SIZE_MAX / 2))
            return false;
    temp_write(dir, "data-wal", BUF_BYTES(log));
    return true;
}

T_CASE(a_cut_log_keeps_all_commits_before_the_cut)
{
    struct shop s;
    int last = 0;
    T_NEED(two_halves(&s));
    size_t bytes = file_bytes(s.dir, "data-wal");
    for (size_t at = 0; at < bytes; at += bytes / 17 + shop_draw(&s, 50)) {
        T_NOTE("(cut at %zu of %zu)", at, bytes);
        int held = after_change(&s, change_cut, at);
        T(held >= last);
        last = held;
    }
    T(last >= COMMITS - 2);
    T_EQ(after_change(&s, change_cut, bytes), COMMITS);
    T_EQ(after_change(&s, change_cut, bytes - 1), COMMITS - 1);
    shop_end(&s);
}

T_CASE(rubbish_behind_the_log_costs_nothing)
{
    struct shop s;
    T_NEED(two_halves(&s));
    T_EQ(after_change(&s, change_grow, 1), COMMITS);
    T_EQ(after_change(&s, change_grow, 5), COMMITS);
    shop_end(&s);
}

T_CASE(a_torn_end_costs_only_the_commit_that_was_under_way)
{
    struct shop s;
    T_NEED(two_halves(&s));
    size_t bytes = file_bytes(s.dir, "data-wal");
    T_EQ(after_change(&s, change_blank, bytes - 100), COMMITS - 1);
    T_EQ(after_change(&s, change_blank, bytes - LOG_FRAME_BYTES - 100), COMMITS - 1);
    T_EQ(after_change(&s, change_flip, bytes - 9), COMMITS - 1);
    /* Before the sync the disk may write its frames in any order. */
    T_EQ(after_change(&s, change_flip, bytes - LOG_FRAME_BYTES - 9), COMMITS - 1);
    T_EQ(after_change(&s, change_flip, bytes - 2 * LOG_FRAME_BYTES + 9), COMMITS - 1);
    shop_end(&s);
}

T_CASE(damage_inside_the_log_is_named_and_never_taken_for_its_end)
{
    struct shop s;
    T_NEED(two_halves(&s));
    size_t bytes = file_bytes(s.dir, "data-wal");
    size_t frames = (bytes - LOG_HEADER_BYTES) / LOG_FRAME_BYTES, named = 0;
    T(frames >= 2 * COMMITS);
    T_EQ(after_change(&s, change_flip, 30), ERR_DAMAGED); /* the header */
    for (size_t i = 0; i < frames; i++) {
        size_t at = LOG_HEADER_BYTES + i * LOG_FRAME_BYTES;
        at += i % 3 == 0 ? shop_draw(&s, LOG_HEAD_BYTES)
                         : LOG_HEAD_BYTES + shop_draw(&s, 4000);
        int got = after_change(&s, change_flip, at);
        T_NOTE("(frame %zu of %zu: %d)", i, frames, got);
        /* The last commit may look torn; nothing before it may. */
        T(got == ERR_DAMAGED || (i + 8 > frames && got == COMMITS - 1));
        named += got == ERR_DAMAGED;
    }
    T(named + 8 >= frames);
    shop_end(&s);
}

T_CASE(records_of_an_older_log_do_not_open_in_a_newer_one)
{
    struct shop s, copy;
    T_NEED(two_halves(&s));
    struct buf old = temp_read(s.dir, "data-wal");
    T_EQ(store_settle(s.store), 0);
    T(fill(&s, 200));
    T_NEED(shop_copy(&s, &copy));
    struct buf now = temp_read(copy.dir, "data-wal");
    T_NEED(now.n >= LOG_HEADER_BYTES + 9 * LOG_FRAME_BYTES);
    T_NEED(old.n >= LOG_HEADER_BYTES + 2 * LOG_FRAME_BYTES);
    /* An old frame in place of the second one: it does not count as intact. */
    memcpy(now.p + LOG_HEADER_BYTES + LOG_FRAME_BYTES,
           old.p + LOG_HEADER_BYTES + LOG_FRAME_BYTES, LOG_FRAME_BYTES);
    temp_write(copy.dir, "data-wal", BUF_BYTES(&now));
    T_EQ(shop_open(&copy), ERR_DAMAGED);
    buf_free(&old);
    buf_free(&now);
    shop_end(&copy);
    shop_end(&s);
}

/* A power cut while the log is copied to the database tears pages of the database, the
 * first among them; the log still holds them all. */
T_CASE(pages_torn_in_a_checkpoint_come_back_from_the_log)
{
    struct shop s, copy;
    T_NEED(two_halves(&s));
    T_NEED(shop_copy(&s, &copy));
    T(file_flip(copy.dir, "data", 200, 0xff));
    T_EQ(shop_open(&copy), 0);
    if (copy.store) {
        T_EQ(values_held(&copy, 0), COMMITS);
        T_EQ(values_held(&copy, 100), COMMITS);
        T_EQ(store_check(copy.store), 0);
    }
    shop_end(&copy);
    shop_end(&s);
}

T_RUN()
