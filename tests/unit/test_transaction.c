/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_transaction.c -- opening and being in use; what the seam promises about
 * transactions, lent bytes, visitors and numbers (base/log.h). */
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

/* ---- opening ------------------------------------------------------------- */

T_CASE(a_store_is_made_once_and_opened_again)
{
    struct shop s;
    struct store *second = NULL;
    T_NEED(shop_create(&s));
    T_EQ(shop_put(&s, 1, BYTES("one", 3)), 0);
    T_EQ(store_create(&second, s.dir, shop_key, &s.entropy), ERR_EXISTS);
    shop_shut(&s);
    T_EQ(store_create(&second, s.dir, shop_key, &s.entropy), ERR_EXISTS);
    T_EQ(shop_open(&s), 0);
    T(bytes_equal(shop_get(&s, 1), BYTES("one", 3)));
    T_EQ(store_check(s.store), 0);
    T(store_disk_bytes(s.store) >= 10 * DATA_PAGE_BYTES);
    shop_end(&s);
}

T_CASE(where_there_is_no_store_that_is_said)
{
    struct shop s;
    T_NEED(shop_new(&s));
    T_EQ(shop_open(&s), ERR_NOSTORE);
    /* A making that was cut short leaves an empty file: it can be made again. */
    temp_write(s.dir, "data", BYTES(NULL, 0));
    T_EQ(shop_open(&s), ERR_NOSTORE);
    T_EQ(store_create(&s.store, s.dir, shop_key, &s.entropy), 0);
    shop_shut(&s);
    T_EQ(shop_open(&s), 0);
    shop_end(&s);
    T_EQ(store_open(&s.store, s.dir, shop_key, &s.entropy), ERR_NOSTORE);
    T_EQ(store_create(&s.store, s.dir, shop_key, &s.entropy), ERR_IO);
    store_close(NULL);
}

T_CASE(rubbish_is_no_store)
{
    struct shop s;
    uint8_t rubbish[3 * DATA_PAGE_BYTES];
    T_NEED(shop_new(&s));
    entropy_fill(&s.entropy, rubbish, sizeof rubbish);
    temp_write(s.dir, "data", BYTES_OF(rubbish));
    T_EQ(shop_open(&s), ERR_DAMAGED);
    /* A log says that there was more. */
    temp_write(s.dir, "data", BYTES(rubbish, 1000));
    temp_write(s.dir, "data-wal", BYTES_OF(rubbish));
    T_EQ(shop_open(&s), ERR_DAMAGED);
    T_EQ(store_create(&s.store, s.dir, shop_key, &s.entropy), ERR_EXISTS);
    shop_end(&s);
}

/* The first page was on its way when the power went: a part of it is there. */
T_CASE(a_making_that_tore_its_first_page_begins_anew)
{
    static const size_t sizes[] = {2, 1000, DATA_PAGE_BYTES};
    uint8_t rubbish[DATA_PAGE_BYTES];
    for (size_t i = 0; i < 3; i++) {
        struct shop s;
        T_NEED(shop_new(&s));
        entropy_fill(&s.entropy, rubbish, sizeof rubbish);
        temp_write(s.dir, "data", BYTES(rubbish, sizes[i]));
        T_EQ(shop_open(&s), ERR_NOSTORE);
        T_NEED(store_create(&s.store, s.dir, shop_key, &s.entropy) == 0);
        shop_shut(&s);
        T_NEED(shop_open(&s) == 0);
        T_EQ(store_check(s.store), 0);
        shop_end(&s);
    }
}

static int open_in_use(struct shop *s)
{
    struct store *second = NULL;
    return store_open(&second, s->dir, shop_key, &s->entropy) == ERR_INUSE ? 0 : 1;
}

T_CASE(a_second_opening_is_refused_at_once)
{
    struct shop s;
    struct store *second = NULL;
    T_NEED(shop_create(&s));
    T_EQ(store_open(&second, s.dir, shop_key, &s.entropy), ERR_INUSE);
    T_EQ(in_child(open_in_use, &s), 0); /* just made, nothing read yet */
    T_EQ(shop_put(&s, 1, BYTES("one", 3)), 0);
    shop_shut(&s);
    T_EQ(shop_open(&s), 0);
    T_EQ(in_child(open_in_use, &s), 0);
    T_EQ(store_begin(s.store), 0);
    T_EQ(in_child(open_in_use, &s), 0);
    store_rollback(s.store);
    T_EQ(store_settle(s.store), 0);
    T_EQ(in_child(open_in_use, &s), 0);
    shop_end(&s);
}

T_CASE(several_stores_live_side_by_side)
{
    static const char letters[] = "abc";
    struct shop s[3];
    for (int i = 0; i < 3; i++) {
        T_NEED(shop_create(&s[i]));
        T_EQ(shop_put(&s[i], 1, BYTES(&letters[i], 1)), 0);
    }
    for (int i = 0; i < 3; i++)
        T(bytes_equal(shop_get(&s[i], 1), BYTES(&letters[i], 1)));
    for (int i = 0; i < 3; i++)
        shop_end(&s[i]);
}

T_CASE(what_was_undone_is_not_there)
{
    struct shop s;
    T_NEED(shop_create(&s));
    T_EQ(store_begin(s.store), 0);
    T_EQ(s.log.ops->put(s.log.ctx, 0, LOG_PROFILE, BYTES("\0\0\0\1", 4), BYTES("x", 1)),
         0);
    T_EQ(shop_get(&s, 1).n, 1);
    store_rollback(s.store);
    store_rollback(s.store); /* none open is fine */
    T_EQ(shop_get(&s, 1).n, 0);
    T_EQ(store_begin(s.store), 0);
    T_EQ(s.log.ops->put(s.log.ctx, 0, LOG_PROFILE, BYTES("\0\0\0\1", 4), BYTES("x", 1)),
         0);
    shop_shut(&s); /* closing does not keep it either */
    T_EQ(shop_open(&s), 0);
    T_EQ(shop_get(&s, 1).n, 0);
    shop_end(&s);
}

/* ---- what the seam promises about spans, visitors and transactions ---- */

static void id_of(uint8_t id[static 32], uint32_t i)
{
    memset(id, (int)i, 32);
}

static struct content_row row_of(uint32_t i)
{
    struct content_row r = {.author = 1, .seq = i, .end_hour = i, .erase_hour = i};
    id_of(r.id, i);
    r.envelope = BYTES("an envelope", 11);
    r.body = BYTES("body", 4);
    return r;
}

T_CASE(what_was_read_can_be_written)
{
    struct shop o;
    struct bytes value = {0};
    struct content_row held;
    uint64_t number = 0;
    T_NEED(shop_create(&o));
    struct content_row r = row_of(7);
    T_EQ(store_begin(o.store), 0);
    T_EQ(o.log.ops->put(o.log.ctx, 1, LOG_CARD, BYTES("k", 1), BYTES("value", 5)), 0);
    T_EQ(o.log.ops->get(o.log.ctx, 1, LOG_CARD, BYTES("k", 1), &value), 0);
    T_EQ(o.log.ops->put(o.log.ctx, 2, LOG_CARD, value, value), 0);
    T_EQ(o.log.ops->get(o.log.ctx, 2, LOG_CARD, BYTES("value", 5), &value), 0);
    T(bytes_equal(value, BYTES("value", 5)));
    T_EQ(o.log.ops->content_put(o.log.ctx, 1, &r, &number), 0);
    T_EQ(o.log.ops->content_by_id(o.log.ctx, 1, r.id, &held), 0);
    T_EQ(o.log.ops->content_put(o.log.ctx, 2, &held, &number), 0);
    T_EQ(o.log.ops->content_by_id(o.log.ctx, 2, r.id, &held), 0);
    T(bytes_equal(held.envelope, r.envelope));
    T(bytes_equal(held.body, r.body));
    T_EQ(store_commit(o.store), 0);
    shop_end(&o);
}

static int count_rows(void *ctx, const struct content_row *r)
{
    (void)r;
    ++*(int *)ctx;
    return 0;
}

/* Look at everything from inside a visit. */
static int look_again(void *ctx, const struct content_row *r)
{
    struct shop *o = ctx;
    struct content_row same;
    int count = 0;
    T_EQ(o->log.ops->content_by_id(o->log.ctx, 1, r->id, &same), 0);
    T_EQ(same.row, r->row);
    T_EQ(o->log.ops->content_scan(o->log.ctx, 1, 0, true, count_rows, &count), 0);
    T_EQ(count, 5);
    return r->seq == 3; /* stop here */
}

T_CASE(visitors_may_look_and_stop)
{
    struct shop o;
    uint64_t number = 0;
    int count = 0;
    T_NEED(shop_create(&o));
    T_EQ(store_begin(o.store), 0);
    for (uint32_t i = 0; i < 5; i++) {
        struct content_row r = row_of(i);
        T_EQ(o.log.ops->content_put(o.log.ctx, 1, &r, &number), 0);
    }
    T_EQ(o.log.ops->content_scan(o.log.ctx, 1, 0, true, look_again, &o), 0);
    T_EQ(o.log.ops->content_scan(o.log.ctx, 1, 3, false, count_rows, &count), 0);
    T_EQ(count, 2);
    T_EQ(store_commit(o.store), 0);
    shop_end(&o);
}

T_CASE(writes_belong_to_a_transaction)
{
    struct shop o;
    uint64_t number = 0;
    T_NEED(shop_create(&o));
    struct content_row r = row_of(1);
    T_EQ(o.log.ops->put(o.log.ctx, 0, LOG_PROFILE, BYTES("k", 1), BYTES("v", 1)),
         ERR_STATE);
    T_EQ(o.log.ops->del(o.log.ctx, 0, LOG_PROFILE, BYTES("k", 1)), ERR_STATE);
    T_EQ(o.log.ops->content_put(o.log.ctx, 1, &r, &number), ERR_STATE);
    T_EQ(o.log.ops->content_delete(o.log.ctx, 1, 1), ERR_STATE);
    T_EQ(o.log.ops->drop_group(o.log.ctx, 1), ERR_STATE);
    T_EQ(store_begin(o.store), 0);
    T_EQ(store_begin(o.store), ERR_STATE);
    T_EQ(store_settle(o.store), ERR_STATE);
    store_rollback(o.store);
    T_EQ(store_commit(o.store), ERR_STATE);
    shop_end(&o);
}

T_CASE(arrival_numbers_are_never_given_twice)
{
    struct shop o;
    uint64_t first = 0, second = 0;
    T_NEED(shop_create(&o));
    struct content_row r = row_of(1);
    T_EQ(store_begin(o.store), 0);
    T_EQ(o.log.ops->content_put(o.log.ctx, 1, &r, &first), 0);
    T_EQ(o.log.ops->content_delete(o.log.ctx, 1, first), 0);
    T_EQ(store_commit(o.store), 0);
    shop_shut(&o);
    T_NEED(shop_open(&o) == 0);
    T_EQ(store_begin(o.store), 0);
    T_EQ(o.log.ops->content_put(o.log.ctx, 1, &r, &second), 0);
    T(second > first);
    T_EQ(store_commit(o.store), 0);
    shop_end(&o);
}

T_RUN()
