/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_backup.c -- a profile in one file and back: consistent, for the owner only,
 * never over anything, and not one byte of it may change. */
#include "crypto/slots.h"
#include "store/backup.h"
#include "store/unlock.h"
#include "tests/lib/storetest.h"

enum { VALUES = 60, BACKUP_END_BYTES = 24 + 37 + 16 };

/* A store with a slot file of noise beside it: no passphrase is asked for here. */
static bool shop_fill(struct shop *s)
{
    uint8_t slots[SLOTS_FILE_BYTES], value[900] = {1};
    int err = 0;
    if (!shop_create(s))
        return false;
    entropy_fill(&s->entropy, slots, sizeof slots);
    temp_write(s->dir, "slots", BYTES_OF(slots));
    for (uint32_t i = 0; i < VALUES && !err; i++) {
        value[1] = (uint8_t)i;
        err = shop_put(s, i, BYTES_OF(value));
    }
    T_EQ(err, 0);
    return err == 0;
}

/* A folder for backups, apart from all stores. */
static char outer[TEMP_PATH_BYTES], file[TEMP_PATH_BYTES], back[TEMP_PATH_BYTES];

static void places(void)
{
    temp_make(outer);
    temp_path(file, outer, "copy");
    temp_path(back, outer, "back");
}

static void places_end(void)
{
    temp_remove(back);
    temp_remove(outer);
}

static int backup(struct shop *s, const char *path)
{
    uint64_t bytes = 0;
    int err = backup_write(s->store, path, shop_key, &s->entropy, &bytes);
    if (!err)
        T_EQ(bytes, file_bytes(outer, "copy"));
    return err;
}

static int restore(void)
{
    int err = backup_begin(file, back);
    return err ? err : backup_fill(file, back, shop_key);
}

T_CASE(what_was_saved_comes_back)
{
    struct shop s, r = {0};
    T_NEED(shop_fill(&s));
    places();
    T_EQ(backup(&s, file), 0);
    T_EQ(file_stat(outer, "copy").st_mode & 0777, 0600);
    T_EQ(files_count(outer), 1); /* what was written beside is gone */
    T_EQ((file_bytes(outer, "copy") - SLOTS_FILE_BYTES - BACKUP_END_BYTES) %
             DATA_PAGE_BYTES,
         0);
    T_EQ(shop_put(&s, 0, BYTES("later", 5)), 0); /* the store goes on meanwhile */
    T_EQ(restore(), 0);
    T_NEED(shop_new(&r));
    temp_remove(r.dir);
    memcpy(r.dir, back, sizeof r.dir);
    T_NEED(shop_open(&r) == 0);
    T_EQ(store_check(r.store), 0);
    for (uint32_t i = 0; i < VALUES; i++) {
        struct bytes v = shop_get(&r, i);
        T(v.n == 900 && v.p[1] == i);
    }
    struct buf a = temp_read(s.dir, "slots"), b = temp_read(back, "slots");
    T(bytes_equal(BUF_BYTES(&a), BUF_BYTES(&b)));
    T_EQ(file_stat(back, "data").st_mode & 0777, 0600);
    T_EQ(file_stat(outer, "back").st_mode & 0777, 0700);
    buf_free(&a);
    buf_free(&b);
    shop_end(&r);
    places_end();
    shop_end(&s);
}

T_CASE(the_whole_file_looks_random)
{
    struct shop s;
    T_NEED(shop_fill(&s));
    places();
    T_EQ(backup(&s, file), 0);
    struct buf b = temp_read(outer, "copy");
    double count[256] = {0}, sum = 0, want = (double)b.n / 256;
    for (size_t i = 0; i < b.n; i++)
        count[b.p[i]]++;
    for (int i = 0; i < 256; i++)
        sum += (count[i] - want) * (count[i] - want) / want;
    T_NOTE("(chi-square %f)", sum);
    T(sum < 400);
    T(!bytes_hold(BUF_BYTES(&b), BYTES("kring", 5)));
    buf_free(&b);
    places_end();
    shop_end(&s);
}

T_CASE(nothing_is_ever_written_over)
{
    struct shop s;
    T_NEED(shop_fill(&s));
    places();
    temp_write(outer, "copy", BYTES("mine", 4));
    T_EQ(backup(&s, file), ERR_EXISTS);
    T_EQ(file_bytes(outer, "copy"), 4);
    temp_unlink(outer, "copy");
    T_EQ(backup(&s, file), 0);
    T_EQ(restore(), 0);
    T_EQ(restore(), ERR_EXISTS);
    T_EQ(backup_fill(file, back, shop_key), ERR_EXISTS);
    T_EQ(backup(&s, "/nowhere/at/all"), ERR_NOSTORE);
    T_EQ(store_begin(s.store), 0);
    temp_unlink(outer, "copy");
    T_EQ(backup(&s, file), ERR_STATE); /* not in the middle of a transaction */
    store_rollback(s.store);
    T_EQ(files_count(outer), 1); /* nothing half written stays */
    places_end();
    shop_end(&s);
}

/* Every page, the slots, and the end: one byte of each is changed in turn. */
T_CASE(a_changed_byte_anywhere_is_noticed)
{
    struct shop s;
    T_NEED(shop_fill(&s));
    places();
    T_EQ(backup(&s, file), 0);
    size_t bytes = file_bytes(outer, "copy");
    for (size_t at = 0; at < bytes; at += 1 + shop_draw(&s, 700)) {
        T_NOTE("(byte %zu of %zu)", at, bytes);
        T(file_flip(outer, "copy", at, 1));
        T_EQ(restore(), ERR_DAMAGED);
        T_EQ(file_bytes(back, "data"), 0);
        temp_remove(back);
        T(file_flip(outer, "copy", at, 1));
    }
    T(file_flip(outer, "copy", bytes - 1, 1));
    T_EQ(restore(), ERR_DAMAGED);
    places_end();
    shop_end(&s);
}

T_CASE(a_page_of_another_day_is_noticed)
{
    struct shop s;
    T_NEED(shop_fill(&s));
    places();
    T_EQ(backup(&s, file), 0);
    struct buf old = temp_read(outer, "copy");
    T_EQ(shop_put(&s, 3, BYTES("new", 3)), 0);
    temp_unlink(outer, "copy");
    T_EQ(backup(&s, file), 0);
    struct buf now = temp_read(outer, "copy");
    T_NEED(old.n == now.n);
    size_t differ = 0;
    for (size_t at = SLOTS_FILE_BYTES; at + DATA_PAGE_BYTES < now.n && !differ;
         at += DATA_PAGE_BYTES)
        if (memcmp(old.p + at, now.p + at, DATA_PAGE_BYTES) != 0)
            differ = at;
    T_NEED(differ > 0);
    memcpy(now.p + differ, old.p + differ, DATA_PAGE_BYTES); /* it opens, but is old */
    temp_write(outer, "copy", BUF_BYTES(&now));
    T_EQ(restore(), ERR_DAMAGED);
    buf_free(&old);
    buf_free(&now);
    places_end();
    shop_end(&s);
}

T_CASE(what_is_no_backup_is_refused)
{
    struct shop s;
    T_NEED(shop_fill(&s));
    places();
    T_EQ(restore(), ERR_NOTFOUND);
    temp_write(outer, "copy", BYTES("short", 5));
    T_EQ(restore(), ERR_FOREIGN);
    temp_unlink(outer, "copy");
    T_EQ(backup(&s, file), 0);
    struct buf b = temp_read(outer, "copy");
    temp_write(outer, "copy", BYTES(b.p, b.n - 1));
    T_EQ(restore(), ERR_FOREIGN);
    temp_write(outer, "copy",
               BYTES(b.p, b.n - DATA_PAGE_BYTES)); /* a page is cut off */
    T_EQ(restore(), ERR_DAMAGED);
    T_EQ(backup_begin(outer, back), ERR_FOREIGN); /* a folder */
    buf_free(&b);
    places_end();
    shop_end(&s);
}

T_RUN()
