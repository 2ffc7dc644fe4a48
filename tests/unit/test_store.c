/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_store.c -- one profile's database on the disk: one process at a time, nothing
 * in clear, no damage unseen, nothing reported and lost.
 *
 * Children are real processes that end without a word, as in a power cut of theirs.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "store/store.h"
#include "tests/lib/t.h"
#include "tests/lib/temp.h"

enum {
    TABLE = LOG_PROFILE,
    PAGE_BYTES = 4096, /* as on the disk */
    WAL_HEADER_BYTES = 32 + 40,
    WAL_FRAME_BYTES = 28 + 40 + 4096 + 40,
    ROW_BYTES = 600
};

static const uint8_t data_key[32] = {3, 1, 4};
static struct entropy_stream stream;
static struct entropy dice;

static void start(char dir[static TEMP_PATH_BYTES])
{
    CHECK(crypto_init() == 0);
    dice = entropy_stream(&stream);
    temp_make(dir);
}

static struct store *create(const char *dir)
{
    struct store *s = NULL;
    CHECK(store_create(&s, dir, data_key, &dice) == 0);
    return s;
}

/* What row `i` holds: readable, and long enough for some rows to spill over. */
static struct bytes row_text(uint32_t i, char out[static ROW_BYTES])
{
    memset(out, 'a' + (int)(i % 26), ROW_BYTES);
    int n = snprintf(out, ROW_BYTES, "plain readable row %u", i);
    out[n] = ' ';
    return BYTES(out, ROW_BYTES);
}

static int row_put(struct store *s, uint32_t i)
{
    char text[ROW_BYTES];
    uint8_t key[4];
    struct log l = store_log(s);
    put_u32(key, i);
    int err = store_begin(s);
    if (!err)
        err = l.ops->put(l.ctx, 1, TABLE, BYTES_OF(key), row_text(i, text));
    return err ? err : store_commit(s);
}

static bool row_there(struct store *s, uint32_t i)
{
    char text[ROW_BYTES];
    uint8_t key[4];
    struct bytes value = {0};
    struct log l = store_log(s);
    put_u32(key, i);
    return l.ops->get(l.ctx, 1, TABLE, BYTES_OF(key), &value) == 0 &&
           bytes_equal(value, row_text(i, text));
}

/* ---- one at a time
 * -------------------------------------------------------------------- */

T_CASE(a_second_process_is_turned_away)
{
    char dir[TEMP_PATH_BYTES];
    int to[2], from[2], status = 0;
    char word = 0;
    start(dir);
    store_close(create(dir));
    CHECK(pipe(to) == 0 && pipe(from) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct store *theirs = NULL;
        word = store_open(&theirs, dir, data_key, &dice) == 0;
        (void)!write(from[1], &word, 1);
        (void)!read(to[0], &word, 1);
        store_close(theirs);
        (void)!write(from[1], &word, 1);
        _exit(0);
    }
    struct store *s = NULL;
    T_EQ(read(from[0], &word, 1), 1);
    T_EQ(word, 1);
    T_EQ(store_open(&s, dir, data_key, &dice), ERR_INUSE);
    T(s == NULL);
    T_EQ(write(to[1], &word, 1), 1);
    T_EQ(read(from[0], &word, 1), 1);
    T_EQ(store_open(&s, dir, data_key, &dice), 0);
    store_close(s);
    CHECK(waitpid(child, &status, 0) == child);
    T_EQ(status, 0);
    for (int i = 0; i < 2; i++)
        (void)(close(to[i]) + close(from[i]));
    temp_remove(dir);
}

T_CASE(opening_says_what_is_there)
{
    char dir[TEMP_PATH_BYTES];
    struct store *s = NULL;
    const uint8_t other_key[32] = {9};
    start(dir);
    T_EQ(store_open(&s, dir, data_key, &dice), ERR_NOSTORE);
    s = create(dir);
    T_EQ(store_begin(s), 0);
    T_EQ(store_begin(s), ERR_STATE);
    store_rollback(s);
    store_rollback(s);
    store_close(s);
    s = NULL;
    T_EQ(store_create(&s, dir, data_key, &dice), ERR_EXISTS);
    T_EQ(store_open(&s, dir, other_key, &dice), ERR_DAMAGED);
    T(s == NULL);
    struct buf wal = temp_read(dir, "data-wal");
    T_EQ(wal.n, 0);
    buf_free(&wal);
    temp_remove(dir);
}

/* ---- damage in the database
 * ------------------------------------------------------------ */

/* A closed database of some tens of pages, all kinds of them, free ones among them. */
static struct buf database(const char *dir)
{
    struct store *s = create(dir);
    struct log l = store_log(s);
    static uint8_t large[20000];
    for (uint32_t i = 0; i < 60; i++)
        CHECK(row_put(s, i) == 0);
    CHECK(store_begin(s) == 0);
    for (uint8_t i = 0; i < 8; i++) {
        struct content_row r = {.id = {i},
                                .topic = {1},
                                .author = 1,
                                .seq = i,
                                .envelope = BYTES(large, sizeof large / (i + 1U))};
        uint64_t number = 0;
        CHECK(l.ops->content_put(l.ctx, 1, &r, &number) == 0);
        if (i % 3 == 2)
            CHECK(l.ops->content_delete(l.ctx, 1, number - 1) == 0);
    }
    CHECK(store_commit(s) == 0);
    store_close(s);
    return temp_read(dir, "data");
}

/* Whether the file in the folder is found to be damaged, at the open or the check. */
static int damage_of(const char *dir)
{
    struct store *s = NULL;
    int err = store_open(&s, dir, data_key, &dice);
    if (!err)
        err = store_check(s);
    store_close(s);
    return err;
}

T_CASE(one_wrong_byte_in_any_page_is_noticed)
{
    char dir[TEMP_PATH_BYTES];
    start(dir);
    struct buf whole = database(dir);
    T_EQ(damage_of(dir), 0);
    T(whole.n / PAGE_BYTES > 20);
    for (size_t page = 0; page < whole.n / PAGE_BYTES; page++) {
        size_t at = page * PAGE_BYTES + entropy_below(&dice, PAGE_BYTES);
        uint8_t was = whole.p[at];
        T_NOTE("(page %zu, byte %zu)", page + 1, at % PAGE_BYTES);
        whole.p[at] ^= (uint8_t)(1 + entropy_below(&dice, 255));
        temp_write(dir, "data", BUF_BYTES(&whole));
        T_EQ(damage_of(dir), ERR_DAMAGED);
        whole.p[at] = was;
        temp_unlink(dir, "data-wal");
    }
    T_NOTE("%s", "(whole again)");
    temp_write(dir, "data", BUF_BYTES(&whole));
    T_EQ(damage_of(dir), 0);
    buf_free(&whole);
    temp_remove(dir);
}

T_CASE(a_cut_database_is_noticed)
{
    char dir[TEMP_PATH_BYTES];
    start(dir);
    struct buf whole = database(dir);
    temp_write(dir, "data", BYTES(whole.p, whole.n - PAGE_BYTES));
    T_EQ(damage_of(dir), ERR_DAMAGED);
    temp_unlink(dir, "data-wal");
    temp_write(dir, "data", BYTES(whole.p, whole.n - 100));
    T_EQ(damage_of(dir), ERR_DAMAGED);
    buf_free(&whole);
    temp_remove(dir);
}

/* Pages that a walk found shut. */
struct shut {
    uint32_t count, last;
};

static int see_shut(void *ctx, uint32_t page, struct bytes plain)
{
    struct shut *shut = ctx;
    if (plain.n == 0) {
        shut->count++;
        shut->last = page;
    }
    return 0;
}

/* Each page is bound to its place: not even SQLite gets to see what is elsewhere. */
T_CASE(pages_in_each_others_place_do_not_open)
{
    char dir[TEMP_PATH_BYTES];
    uint8_t page[PAGE_BYTES];
    struct store *s = NULL;
    struct shut shut = {0, 0};
    start(dir);
    struct buf whole = database(dir);
    uint8_t *last = whole.p + whole.n - PAGE_BYTES, *other = last - PAGE_BYTES;
    memcpy(page, last, PAGE_BYTES);
    memcpy(last, other, PAGE_BYTES);
    memcpy(other, page, PAGE_BYTES);
    temp_write(dir, "data", BUF_BYTES(&whole));
    T_NEED(store_open(&s, dir, data_key, &dice) == 0);
    T_EQ(store_walk(s, see_shut, &shut), ERR_DAMAGED);
    T_EQ(shut.count, 2);
    T_EQ(shut.last, whole.n / PAGE_BYTES);
    T_EQ(store_check(s), ERR_DAMAGED);
    store_close(s);
    buf_free(&whole);
    temp_remove(dir);
}

/* ---- looks like noise
 * ------------------------------------------------------------------- */

/* Pearson's sum over byte values; 255 expected for noise, spread about 23. */
static double chi_square(struct bytes b)
{
    size_t counts[256] = {0};
    double expected = (double)b.n / 256, sum = 0;
    for (size_t i = 0; i < b.n; i++)
        counts[b.p[i]]++;
    for (int i = 0; i < 256; i++) {
        double d = (double)counts[i] - expected;
        sum += d * d / expected;
    }
    return sum;
}

/* Zeros or a pattern at one place of every page would hide in the sum over all. */
static void expect_noise(struct bytes b, size_t period)
{
    static const char *const clear[] = {"SQLite", "CREATE", "readable", "aaaaaaaa",
                                        "content_set"};
    T(b.n > (size_t)20 * PAGE_BYTES);
    T(chi_square(b) < 255 + 6 * 23);
    for (size_t i = 0; i < sizeof clear / sizeof clear[0]; i++)
        T(memmem(b.p, b.n, clear[i], strlen(clear[i])) == NULL);
    for (size_t at = 0; at < period; at++) {
        size_t same = 0, all = 0;
        for (size_t i = at + period; i < b.n; i += period, all++)
            same += b.p[i] == b.p[at];
        if (same * 3 > all + 9)
            T_EQ(at, SIZE_MAX);
    }
}

T_CASE(the_files_look_like_noise)
{
    char dir[TEMP_PATH_BYTES];
    start(dir);
    struct buf whole = database(dir);
    expect_noise(BUF_BYTES(&whole), PAGE_BYTES);
    struct store *s = NULL;
    T_NEED(store_open(&s, dir, data_key, &dice) == 0);
    for (uint32_t i = 60; i < 120; i++)
        T_EQ(row_put(s, i), 0);
    struct buf wal = temp_read(dir, "data-wal");
    T(wal.n > WAL_HEADER_BYTES);
    if (wal.n > WAL_HEADER_BYTES)
        expect_noise(BYTES(wal.p + WAL_HEADER_BYTES, wal.n - WAL_HEADER_BYTES),
                     WAL_FRAME_BYTES);
    T_EQ(store_disk_bytes(s), whole.n + wal.n);
    store_close(s);
    buf_free(&wal);
    buf_free(&whole);
    temp_remove(dir);
}

/* ---- killed
 * ------------------------------------------------------------------------------ */

/* A child that commits rows from `first` on and reports each one; it never ends by
 * itself unless `count` is reached. */
static pid_t child_start(const char *dir, uint32_t first, uint32_t count, int *reports)
{
    int to[2];
    CHECK(pipe(to) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child != 0) {
        CHECK(close(to[1]) == 0);
        *reports = to[0];
        return child;
    }
    struct store *s = NULL;
    (void)close(to[0]);
    if (store_open(&s, dir, data_key, &dice))
        _exit(1);
    for (uint32_t i = first; i < first + count; i++)
        if (row_put(s, i) || write(to[1], &i, sizeof i) != sizeof i)
            _exit(2);
    (void)raise(SIGKILL);
    _exit(3);
}

/* The last row it reported, after it was killed behind at least `least` of them. */
static uint32_t child_kill(pid_t child, int reports, uint32_t least)
{
    uint32_t last = UINT32_MAX, i = 0;
    int status = 0;
    for (uint32_t n = 0; n < least && read(reports, &i, sizeof i) == sizeof i; n++)
        last = i;
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    T(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    while (read(reports, &i, sizeof i) == sizeof i)
        last = i;
    (void)close(reports);
    return last;
}

T_CASE(what_a_killed_process_reported_is_there)
{
    char dir[TEMP_PATH_BYTES];
    uint32_t next = 0;
    start(dir);
    store_close(create(dir));
    for (int round = 0; round < 5; round++) {
        struct store *s = NULL;
        int reports = -1;
        stream.key[1]++; /* parent and child shall not draw the same nonces */
        pid_t child = child_start(dir, next, 100000, &reports);
        stream.key[1]++;
        uint32_t last =
            child_kill(child, reports, 5 + (uint32_t)entropy_below(&dice, 40));
        T_NEED(last != UINT32_MAX && last >= next);
        T_NEED(store_open(&s, dir, data_key, &dice) == 0);
        for (uint32_t i = 0; i <= last; i++)
            T(row_there(s, i));
        T_EQ(store_check(s), 0);
        next = last + 1;
        store_close(s);
    }
    temp_remove(dir);
}

/* A folder as a process killed after 30 rows left it. */
static uint32_t killed(const char *dir, struct buf *data, struct buf *wal)
{
    int reports = -1;
    store_close(create(dir));
    pid_t child = child_start(dir, 0, 30, &reports);
    uint32_t last = child_kill(child, reports, 30);
    *data = temp_read(dir, "data");
    *wal = temp_read(dir, "data-wal");
    return last;
}

/* Open with this log; the error.  *rows: how many rows from the first on are there. */
static int open_with(const char *dir, struct bytes data, struct bytes wal,
                     uint32_t *rows)
{
    struct store *s = NULL;
    temp_write(dir, "data", data);
    temp_write(dir, "data-wal", wal);
    int err = store_open(&s, dir, data_key, &dice);
    *rows = 0;
    while (!err && row_there(s, *rows))
        ++*rows;
    if (!err)
        err = store_check(s);
    store_close(s);
    return err;
}

T_CASE(a_wrong_bit_inside_the_log_is_damage)
{
    char dir[TEMP_PATH_BYTES];
    struct buf data = {0}, wal = {0};
    uint32_t rows = 0;
    start(dir);
    T_EQ(killed(dir, &data, &wal), 29);
    size_t frames = (wal.n - WAL_HEADER_BYTES) / WAL_FRAME_BYTES;
    T_NEED(frames >= 30);
    for (size_t k = 0; k < frames / 2; k += 3) {
        size_t at = WAL_HEADER_BYTES + k * WAL_FRAME_BYTES +
                    entropy_below(&dice, WAL_FRAME_BYTES);
        T_NOTE("(frame %zu of %zu, byte %zu)", k, frames, at);
        wal.p[at] ^= 0x10;
        T_EQ(open_with(dir, BUF_BYTES(&data), BUF_BYTES(&wal), &rows), ERR_DAMAGED);
        wal.p[at] ^= 0x10;
    }
    T_NOTE("%s", "(header)");
    wal.p[9] ^= 1;
    T_EQ(open_with(dir, BUF_BYTES(&data), BUF_BYTES(&wal), &rows), ERR_DAMAGED);
    wal.p[9] ^= 1;
    T_EQ(open_with(dir, BUF_BYTES(&data), BUF_BYTES(&wal), &rows), 0);
    T_EQ(rows, 30);
    buf_free(&data);
    buf_free(&wal);
    temp_remove(dir);
}

/* A tail that never reached the disk costs what was in it and nothing before. */
T_CASE(a_cut_log_opens_with_what_is_before_the_cut)
{
    char dir[TEMP_PATH_BYTES];
    struct buf data = {0}, wal = {0};
    uint32_t rows = 0, before = 30;
    start(dir);
    T_EQ(killed(dir, &data, &wal), 29);
    for (size_t cut = 0; cut < wal.n; cut += 1 + (size_t)entropy_below(&dice, 12000)) {
        T_NOTE("(%zu of %zu bytes)", cut, wal.n);
        T_EQ(open_with(dir, BUF_BYTES(&data), BYTES(wal.p, wal.n - cut), &rows), 0);
        T(rows <= before);
        T(cut > 0 || rows == 30);
        T(cut > WAL_FRAME_BYTES || rows >= 27);
        before = rows;
    }
    T(before < 5);
    /* A last frame of which only a part was written, and noise behind the end. */
    wal.p[wal.n - 100] ^= 1;
    T_EQ(open_with(dir, BUF_BYTES(&data), BUF_BYTES(&wal), &rows), 0);
    T_EQ(rows, 29);
    wal.p[wal.n - 100] ^= 1;
    uint8_t noise[2 * WAL_FRAME_BYTES + 50];
    entropy_fill(&dice, noise, sizeof noise);
    CHECK(buf_append(&wal, BYTES_OF(noise), SIZE_MAX / 2) == 0);
    T_EQ(open_with(dir, BUF_BYTES(&data), BUF_BYTES(&wal), &rows), 0);
    T_EQ(rows, 30);
    buf_free(&data);
    buf_free(&wal);
    temp_remove(dir);
}

T_RUN()
