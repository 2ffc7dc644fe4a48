/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_settle.c -- what is erased is nowhere any more; what was committed is there,
 * also after a kill and on a full disk. */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "tests/lib/storetest.h"

/* Run `what` in a child; its exit code, or -1. */
static int in_child(int (*what)(struct shop *s), struct shop *s)
{
    int status = 0;
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(what(s));
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

/* ---- erasing ------------------------------------------------------------- */

enum { ROWS = 400, MARK_BYTES = 8 };

/* The bytes that must vanish: one mark stands in all of them, and any eight bytes of it
 * give it away, should a part be left. */
static const char mark[] = "zzqxbanana-split";

struct search {
    uint32_t pages, found, found_on;
};

static int search_page(void *ctx, uint32_t page, struct bytes plain)
{
    struct search *x = ctx;
    x->pages++;
    for (size_t i = 0; i + MARK_BYTES < sizeof mark; i++)
        if (bytes_hold(plain, BYTES(mark + i, MARK_BYTES))) {
            x->found++;
            x->found_on = page;
            break;
        }
    return 0;
}

/* Pages and records that hold a part of the mark. */
static uint32_t marked_pages(struct shop *s)
{
    struct search x = {0};
    T_EQ(store_walk(s->store, search_page, &x), 0);
    T(x.pages > 5);
    return x.found;
}

/* `n` bytes, full of marks or of something else. */
static struct bytes filled(struct shop *s, uint8_t *to, size_t n, bool marked)
{
    entropy_fill(&s->entropy, to, n);
    for (size_t at = 0; marked && at + sizeof mark <= n; at += 20)
        memcpy(to + at, mark, sizeof mark);
    return BYTES(to, n);
}

/* Small values under random keys, so that pages split and merge in all ways. */
static int kv_step(struct shop *s, uint32_t i, bool marked)
{
    uint8_t key[6], value[1500];
    put_u16(key, (uint16_t)(i * 40503u));
    put_u32(key + 2, i);
    size_t n = shop_draw(s, 12) == 0 ? 1500 : 30 + shop_draw(s, 400);
    return s->log.ops->put(s->log.ctx, 1, LOG_TREE, BYTES_OF(key),
                           filled(s, value, n, marked));
}

static int kv_end(struct shop *s, uint32_t i)
{
    uint8_t key[6];
    put_u16(key, (uint16_t)(i * 40503u));
    put_u32(key + 2, i);
    if (i % 2 == 0)
        return s->log.ops->del(s->log.ctx, 1, LOG_TREE, BYTES_OF(key));
    return kv_step(s, i, false);
}

static void row_id(uint8_t id[static 32], uint32_t i)
{
    hash32(id, "test row", &BYTES(&i, sizeof i), 1);
}

static int row_step(struct shop *s, uint32_t i, bool marked)
{
    static uint8_t envelope[9000], body[5000];
    struct content_row r = {.author = 1 + i % 3, .seq = i, .end_hour = i % 40};
    uint64_t number = 0;
    row_id(r.id, i);
    memcpy(r.topic, r.id, 1);
    r.erase_hour = r.end_hour;
    if (marked) /* the hashes have to go too */
        memcpy(r.hash, mark, sizeof mark);
    bool large = shop_draw(s, 10) == 0;
    r.envelope =
        filled(s, envelope, large ? sizeof envelope : 200 + shop_draw(s, 500), marked);
    r.body = filled(s, body, large ? sizeof body : shop_draw(s, 300), marked);
    return s->log.ops->content_put(s->log.ctx, 1, &r, &number);
}

static int row_end(struct shop *s, uint32_t i)
{
    struct content_row r;
    uint8_t id[32];
    row_id(id, i);
    int err = s->log.ops->content_by_id(s->log.ctx, 1, id, &r);
    if (err)
        return err;
    if (i % 2 == 0)
        return s->log.ops->content_delete(s->log.ctx, 1, r.row);
    r.state = CONTENT_GONE;
    return s->log.ops->content_update(s->log.ctx, 1, &r);
}

/* All rows of `marked`, each seventh or the others, through `step`. */
static void for_rows(struct shop *s, int (*step)(struct shop *, uint32_t, bool))
{
    for (uint32_t i = 0; i < ROWS;) {
        T_EQ(store_begin(s->store), 0);
        for (uint32_t stop = i + 1 + shop_draw(s, 30); i < stop && i < ROWS; i++)
            T_EQ(step(s, i, i % 7 != 0), 0);
        T_EQ(store_commit(s->store), 0);
    }
}

static int end_marked_kv(struct shop *s, uint32_t i, bool marked)
{
    return marked ? kv_end(s, i) : 0;
}

static int end_marked_row(struct shop *s, uint32_t i, bool marked)
{
    return marked ? row_end(s, i) : 0;
}

T_CASE(what_is_erased_is_in_no_page_and_no_record)
{
    struct shop s;
    T_NEED(shop_create(&s));
    for (int round = 0; round < 4; round++) {
        T_NOTE("(round %d)", round);
        for_rows(&s, kv_step);
        for_rows(&s, row_step);
        T(marked_pages(&s) > ROWS / 10); /* the search finds what is there */
        if (round % 2)
            T_EQ(store_settle(s.store), 0);
        for_rows(&s, end_marked_kv);
        for_rows(&s, end_marked_row);
        T(marked_pages(&s) > 0); /* the log still has it */
        T(store_wants_settle(s.store));
        T_EQ(store_settle(s.store), 0);
        T(!store_wants_settle(s.store));
        T_EQ(marked_pages(&s), 0);
        T_EQ(store_check(s.store), 0);
        /* The rows that are gone are forgotten, the others dropped, for the next. */
        T_EQ(store_begin(s.store), 0);
        T_EQ(s.log.ops->content_forget(s.log.ctx, 1, 1000), 0);
        T_EQ(s.log.ops->drop_group(s.log.ctx, 1), 0);
        T_EQ(store_commit(s.store), 0);
    }
    T_EQ(store_settle(s.store), 0);
    T(store_disk_bytes(s.store) < 60 * DATA_PAGE_BYTES); /* it shrank */
    shop_end(&s);
}

T_CASE(nothing_wants_settling_where_nothing_was_erased)
{
    struct shop s;
    T_NEED(shop_create(&s));
    T(!store_wants_settle(s.store));
    T_EQ(shop_put(&s, 1, BYTES("one", 3)), 0);
    T(!store_wants_settle(s.store));
    T_EQ(shop_put(&s, 1, BYTES("two", 3)), 0); /* "one" is erased */
    T(store_wants_settle(s.store));
    shop_end(&s);
}

static int die_after_erasing(struct shop *s)
{
    if (shop_open(s))
        return 1;
    for_rows(s, end_marked_kv);
    (void)raise(SIGKILL);
    return 1;
}

T_CASE(what_a_killed_process_erased_is_gone_when_the_store_is_settled)
{
    struct shop s;
    T_NEED(shop_create(&s));
    for_rows(&s, kv_step);
    shop_shut(&s);
    T_EQ(in_child(die_after_erasing, &s), -1);
    T(file_bytes(s.dir, "data-wal") > 0);
    T_NEED(shop_open(&s) == 0);
    T_EQ(marked_pages(&s), 0); /* the log was emptied at the open */
    T(store_wants_settle(s.store));
    T_EQ(store_settle(s.store), 0);
    shop_end(&s);
}

/* ---- killed -------------------------------------------------------------- */

enum { KILL_ROUNDS = 5 };

/* Commit numbered values and report each after its commit, until killed. */
static _Noreturn void write_until_killed(struct shop *s, int to, uint32_t from)
{
    uint8_t value[700];
    if (shop_open(s))
        _exit(1);
    for (uint32_t i = from;; i++) {
        entropy_fill(&s->entropy, value, sizeof value);
        put_u32(value, i);
        if (shop_put(s, i, BYTES_OF(value)) || write(to, &i, sizeof i) != sizeof i)
            _exit(1);
    }
}

/* Let a child write and kill it; the number after the last one it reported. */
static uint32_t kill_round(struct shop *s, uint32_t from)
{
    int ends[2];
    uint32_t last = from, i = 0, wanted = 1 + shop_draw(s, 150);
    if (pipe(ends) != 0)
        return from;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        write_until_killed(s, ends[1], from);
    }
    (void)close(ends[1]);
    for (uint32_t seen = 0; pid > 0 && read(ends[0], &i, sizeof i) == sizeof i;
         seen++) {
        last = i + 1;
        if (seen == wanted) {
            (void)usleep(shop_draw(s, 3000));
            (void)kill(pid, SIGKILL); /* what it reported since is read too */
        }
    }
    (void)close(ends[0]);
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
    return last;
}

T_CASE(nothing_reported_is_lost_when_the_process_is_killed)
{
    struct shop s;
    uint32_t next = 0;
    T_NEED(shop_create(&s));
    for (int round = 0; round < KILL_ROUNDS; round++) {
        shop_shut(&s);
        uint32_t last = kill_round(&s, next);
        T(last > next);
        T_NEED(shop_open(&s) == 0);
        for (uint32_t i = 0; i < last; i++) {
            struct bytes v = shop_get(&s, i);
            T_NOTE("(round %d, value %u of %u)", round, i, last);
            T(v.n == 700 && get_u32(v.p) == i);
        }
        T_EQ(store_check(s.store), 0);
        /* One more may have been committed and not reported. */
        next = shop_get(&s, last).n > 0 ? last + 1 : last;
    }
    shop_end(&s);
}

/* ---- full and read-only disks -------------------------------------------- */

enum { FULL_OK = 0, FULL_SKIP = 77 };

/* Every value that was committed, checked after a full disk. */
static bool all_there(struct shop *s, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (shop_get(s, i).n != 4000)
            return false;
    return true;
}

static int on_full_disk(struct shop *s)
{
    static uint8_t value[4000];
    uint32_t count = 0;
    int err = 0;
    if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("none", s->dir, "tmpfs", 0, "size=1m"))
        return FULL_SKIP;
    if (store_create(&s->store, s->dir, shop_key, &s->entropy))
        return 1;
    s->log = store_log(s->store);
    while (count < 1000 && (err = shop_put(s, count, BYTES_OF(value))) == 0)
        count++;
    if (err != ERR_DISKFULL || count < 20)
        return 2;
    if (shop_put(s, 5000, BYTES_OF(value)) != ERR_DISKFULL || !all_there(s, count))
        return 3;
    /* It goes on as it is, and it opens again. */
    shop_shut(s);
    if (shop_open(s) || !all_there(s, count) || store_check(s->store))
        return 4;
    shop_shut(s);
    if (mount(NULL, s->dir, NULL, MS_REMOUNT, "size=4m"))
        return 5;
    if (shop_open(s) || shop_put(s, 5000, BYTES_OF(value)) || !all_there(s, count))
        return 6;
    shop_shut(s);
    if (mount(NULL, s->dir, NULL, MS_REMOUNT | MS_RDONLY, NULL))
        return 7;
    if (shop_open(s) != ERR_READONLY)
        return 8;
    temp_unlink(s->dir, "data");
    return FULL_OK;
}

T_CASE(a_full_disk_and_a_read_only_one_are_said_and_cost_nothing)
{
    struct shop s;
    T_NEED(shop_new(&s));
    int code = in_child(on_full_disk, &s);
    if (code == FULL_SKIP)
        printf("skipped: a small disk needs a mount, which is not allowed here\n");
    T(code == FULL_OK || code == FULL_SKIP);
    T_NOTE("(code %d)", code);
    T(code == FULL_OK || code == FULL_SKIP);
    shop_end(&s);
}

T_RUN()
