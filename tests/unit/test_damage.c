/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_damage.c -- a changed byte in every region of every page and of every record is
 * noticed and named; only the last commit of a log may be taken for torn. */
#include "tests/lib/storetest.h"

enum { COMMITS = 8, VALUE_BYTES = 3000, NONCE_BYTES = 24 };

static bool fill(struct shop *s, uint32_t from)
{
    static uint8_t value[VALUE_BYTES] = {1};
    int err = 0;
    for (uint32_t i = from; i < from + COMMITS && !err; i++) {
        value[100] = (uint8_t)i;
        err = shop_put(s, i, BYTES_OF(value));
    }
    T_EQ(err, 0);
    return err == 0;
}

static int held(struct shop *s, uint32_t from)
{
    int n = 0;
    for (uint32_t i = from; i < from + COMMITS; i++)
        n += shop_get(s, i).n == VALUE_BYTES;
    return n;
}

/* First, middle and last byte of each region of a page: ciphertext, nonce, tag. */
static const size_t page_bytes[] = {0,    1,    2000, 4055, /* ciphertext */
                                    4056, 4068, 4079,       /* nonce */
                                    4080, 4088, 4095};      /* tag */

T_CASE(every_region_of_every_page_is_named)
{
    struct shop s;
    T_NEED(shop_create(&s) && fill(&s, 0));
    T_EQ(store_settle(s.store), 0);
    size_t pages = file_bytes(s.dir, "data") / DATA_PAGE_BYTES;
    T(pages >= COMMITS);
    for (uint32_t page = 1; page <= pages; page++)
        for (size_t i = 0; i < sizeof page_bytes / sizeof *page_bytes; i++) {
            size_t at = (page - 1) * (size_t)DATA_PAGE_BYTES + page_bytes[i];
            T_NOTE("(page %u, byte %zu)", page, page_bytes[i]);
            T(file_flip(s.dir, "data", at, 0x80));
            T_EQ(store_check(s.store), ERR_DAMAGED);
            T_EQ(store_damaged_page(s.store), page);
            T(file_flip(s.dir, "data", at, 0x80));
        }
    T_EQ(store_check(s.store), 0);
    shop_end(&s);
}

/* A closed store, opened with the damage there: it is noticed at the latest by a check,
 * and no value is ever wrong. */
T_CASE(every_page_is_noticed_by_who_opens)
{
    struct shop s;
    T_NEED(shop_create(&s) && fill(&s, 0));
    shop_shut(&s);
    size_t pages = file_bytes(s.dir, "data") / DATA_PAGE_BYTES;
    for (size_t page = 0; page < pages; page++) {
        struct shop copy;
        T_NOTE("(page %zu)", page + 1);
        T_NEED(shop_copy(&s, &copy));
        T(file_flip(copy.dir, "data", page * DATA_PAGE_BYTES + 99, 1));
        int err = shop_open(&copy);
        T(err == 0 || err == ERR_DAMAGED);
        if (!err)
            T_EQ(store_check(copy.store), ERR_DAMAGED);
        shop_end(&copy);
    }
    shop_end(&s);
}

/* Regions of a record of `n` plain bytes that begins at `at`: nonce, ciphertext,
 * tag. */
static size_t region(size_t at, size_t n, int which)
{
    switch (which) {
    case 0: return at + 11;
    case 1: return at + NONCE_BYTES + n / 2;
    default: return at + NONCE_BYTES + n + 7;
    }
}

/* What becomes of a copy with one byte of its log changed: how many values it holds,
 * or the error. */
static int opened_with(const struct shop *from, size_t at)
{
    struct shop copy;
    if (!shop_copy(from, &copy) || !file_flip(copy.dir, "data-wal", at, 4))
        return ERR_IO;
    int got = shop_open(&copy);
    if (!got) {
        T_EQ(store_check(copy.store), 0);
        got = held(&copy, 100);
        T_EQ(held(&copy, 0), COMMITS);
    }
    shop_end(&copy);
    return got;
}

T_CASE(every_region_of_every_record_of_a_log)
{
    struct shop s;
    size_t named = 0, torn = 0, last_torn = SIZE_MAX;
    T_NEED(shop_create(&s) && fill(&s, 0));
    T_EQ(store_settle(s.store), 0);
    size_t before = file_bytes(s.dir, "data-wal");
    T_EQ(before, 0);
    T_NEED(fill(&s, 100));
    size_t bytes = file_bytes(s.dir, "data-wal");
    size_t frames = (bytes - LOG_HEADER_BYTES) / LOG_FRAME_BYTES;
    for (int which = 0; which < 3; which++) {
        T_EQ(opened_with(&s, region(0, 32, which)), ERR_DAMAGED);
        for (size_t i = 0; i < frames; i++) {
            size_t head = LOG_HEADER_BYTES + i * LOG_FRAME_BYTES;
            int got[] = {opened_with(&s, region(head, 28, which)),
                         opened_with(&s, region(head + LOG_HEAD_BYTES, 4096, which))};
            T_NOTE("(frame %zu of %zu: %d %d)", i, frames, got[0], got[1]);
            T_EQ(got[0], got[1]); /* head and page are of one commit */
            T(got[0] == ERR_DAMAGED || got[0] == COMMITS - 1);
            named += got[0] == ERR_DAMAGED;
            torn += got[0] != ERR_DAMAGED;
            if (got[0] != ERR_DAMAGED && last_torn == SIZE_MAX)
                last_torn = i;
        }
    }
    /* What looks torn is one run at the end: the frames of the last commit. */
    T_EQ(torn, 3 * (frames - last_torn));
    T(frames - last_torn <= 8);
    T_EQ(named, 3 * last_torn);
    printf("    %zu frames, %zu of the last commit\n", frames, frames - last_torn);
    shop_end(&s);
}

T_RUN()
