/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_panic.c -- the mark of a word that erases, and what erasing leaves: every file
 * of keys is overwritten in place, everything of kring goes, nothing of others does. */
#include "node/host/panic.h"

#include "crypto/slots.h"
#include "store/unlock.h"
#include "tests/lib/storetest.h"

static struct bytes word_of(const char *text)
{
    return BYTES(text, strlen(text));
}

/* A folder with a mark for "sluice gate". */
static bool place_make(struct shop *s)
{
    if (!shop_new(s))
        return false;
    T_EQ(panic_enable(s->dir, word_of("sluice gate"), &s->entropy), 0);
    return true;
}

T_CASE(it_is_off_until_it_is_enabled)
{
    struct shop s;
    T_NEED(shop_new(&s));
    T(!panic_is_enabled(s.dir));
    T_EQ(panic_check(s.dir, word_of("sluice gate")), ERR_NOTFOUND);
    T_EQ(panic_enable(s.dir, word_of("sluice gate"), &s.entropy), 0);
    T(panic_is_enabled(s.dir));
    T_EQ(panic_check(s.dir, word_of("sluice gate")), 0);
    T_EQ(panic_check(s.dir, word_of("sluice gat")), ERR_PASSPHRASE);
    T_EQ(panic_check(s.dir, word_of("")), ERR_PASSPHRASE);
    T_EQ(panic_enable(s.dir, word_of("heron"), &s.entropy), 0); /* another word */
    T_EQ(panic_check(s.dir, word_of("sluice gate")), ERR_PASSPHRASE);
    T_EQ(panic_check(s.dir, word_of("heron")), 0);
    T_EQ(files_count(s.dir), 1);
    T_EQ(panic_disable(s.dir, &s.entropy), 0);
    T(!panic_is_enabled(s.dir));
    T_EQ(panic_disable(s.dir, &s.entropy), 0);
    shop_end(&s);
}

T_CASE(the_mark_says_twelve_bits_and_no_more)
{
    enum { WORDS = 40000 };
    struct shop s;
    char word[32];
    unsigned passed = 0, ones[PANIC_MARK_BYTES * 8] = {0};
    T_NEED(place_make(&s));
    T_EQ(file_stat(s.dir, "mark").st_mode & 0777, 0600);
    for (int i = 0; i < WORDS; i++) {
        (void)snprintf(word, sizeof word, "guess %d", i);
        passed += panic_check(s.dir, word_of(word)) == 0;
    }
    T_NOTE("(%u of %d other words pass)", passed, WORDS);
    T(passed > 0 && passed < 40); /* 9.8 are expected */
    enum { MARKS = 400 };
    for (int i = 0; i < MARKS; i++) {
        T_EQ(panic_enable(s.dir, word_of("sluice gate"), &s.entropy), 0);
        struct buf mark = temp_read(s.dir, "mark");
        T_EQ(mark.n, PANIC_MARK_BYTES);
        for (size_t bit = 0; bit < mark.n * 8; bit++)
            ones[bit] += mark.p[bit / 8] >> bit % 8 & 1;
        buf_free(&mark);
    }
    for (size_t bit = 0; bit < sizeof ones / sizeof *ones; bit++)
        T(ones[bit] > MARKS / 2 - 50 && ones[bit] < MARKS / 2 + 50); /* five sigma */
    temp_write(s.dir, "mark", BYTES("short", 5));
    T_EQ(panic_check(s.dir, word_of("sluice gate")), ERR_DAMAGED);
    shop_end(&s);
}

/* In place: a second name of the same file sees the noise. */
T_CASE(slots_are_overwritten_where_they_lie)
{
    static const char *const names[] = {"slots", "slots-new"};
    uint8_t old[SLOTS_FILE_BYTES], data_key[32];
    char from[TEMP_PATH_BYTES], to[TEMP_PATH_BYTES], home[TEMP_PATH_BYTES];
    struct shop s;
    T_NEED(shop_new(&s));
    temp_path(home, s.dir, "home");
    T_EQ(unlock_create(home, word_of("able acorn"), true, &s.entropy, data_key), 0);
    T_EQ(unlock_read_slots(home, old), 0);
    temp_write(home, "slots-new", BYTES_OF(old));
    for (int i = 0; i < 2; i++) {
        temp_path(from, home, names[i]);
        temp_path(to, s.dir, names[i]);
        T(link(from, to) == 0);
    }
    T_EQ(panic_destroy(home, &s.entropy), 0);
    for (int i = 0; i < 2; i++) {
        struct buf now = temp_read(s.dir, names[i]);
        size_t same = 0;
        T_EQ(now.n, SLOTS_FILE_BYTES);
        for (size_t at = 0; at < now.n; at++)
            same += now.p[at] == old[at];
        T_NOTE("(%zu bytes are the same)", same);
        T(same < 20);
        buf_free(&now);
    }
    T_EQ(unlock_open(home, word_of("able acorn"), data_key, NULL), ERR_PASSPHRASE);
    T(panic_clear(home));
    T(access(home, F_OK) != 0);
    T_EQ(panic_destroy(home, &s.entropy), ERR_NOSTORE);
    shop_end(&s);
}

T_CASE(all_of_kring_goes_and_nothing_of_others)
{
    static const char *const ours[] = {
        "slots",          "slots-new", "mark",        "mark-new",
        "data",           "data-wal",  "data-copy",   "data-copy-wal",
        "data-damaged-1", "data-new",  "data-making", "data-damaged-1-wal",
        "control"};
    char making[TEMP_PATH_BYTES], restoring[TEMP_PATH_BYTES + 16];
    struct shop s;
    T_NEED(shop_new(&s));
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        temp_write(s.dir, ours[i], BYTES("x", 1));
    temp_path(making, s.dir, "making");
    T_EQ(mkdir(making, 0700), 0);
    temp_write(making, "slots", BYTES("x", 1));
    (void)snprintf(restoring, sizeof restoring, "%s.restoring", s.dir);
    T_EQ(mkdir(restoring, 0700), 0);
    temp_write(restoring, "slots", BYTES("x", 1));
    temp_write(s.dir, "letter.txt", BYTES("mine", 4));
    T_EQ(panic_destroy(s.dir, &s.entropy), 0);
    T_EQ(file_bytes(restoring, "slots"), SLOTS_FILE_BYTES);
    T_EQ(file_bytes(making, "slots"), SLOTS_FILE_BYTES);
    T(!panic_clear(s.dir)); /* the letter is not ours */
    T_EQ(files_count(s.dir), 1);
    T_EQ(file_bytes(s.dir, "letter.txt"), 4);
    T(access(restoring, F_OK) != 0);
    temp_unlink(s.dir, "letter.txt");
    T(panic_clear(s.dir));
    shop_end(&s);
}

T_RUN()
