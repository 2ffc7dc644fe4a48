/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_unlock.c -- the profile folder and its slot file on the disk.  Stretching is
 * costly, so one folder serves several cases, in order. */
#include "base/limits.h"
#include "crypto/arena.h"
#include "crypto/slots.h"
#include "store/unlock.h"
#include "tests/lib/storetest.h"

static struct entropy_stream stream = {.key = {5}};
static char outer[TEMP_PATH_BYTES], home[TEMP_PATH_BYTES];
static uint8_t key[32];

static struct bytes words(const char *text)
{
    return BYTES(text, strlen(text));
}

T_CASE(a_profile_is_made_once)
{
    struct entropy e = entropy_stream(&stream);
    uint8_t other[32];
    static const uint8_t zeros[32];
    T_NEED(crypto_init() == 0);
    temp_make(outer);
    temp_path(home, outer, "a/b");
    T_EQ(unlock_open(home, words("river"), key, NULL), ERR_NOSTORE);
    T_EQ(unlock_change(home, key, words("river"), true, &e), ERR_NOSTORE);
    T_EQ(unlock_create(home, words("river"), true, &e, key), 0);
    T(memcmp(key, zeros, 32) != 0);
    T_EQ(unlock_create(home, words("river"), true, &e, other), ERR_EXISTS);
    T_EQ(file_stat(outer, "a/b").st_mode & 0777, 0700);
    T_EQ(file_stat(home, "slots").st_mode & 0777, 0600);
    T_EQ(file_bytes(home, "slots"), SLOTS_FILE_BYTES);
    T_EQ(files_count(home), 1);
}

T_CASE(the_right_words_open_it_also_from_a_locked_region)
{
    struct arena *a = NULL;
    uint8_t got[32] = {0};
    T_NEED(arena_new(&a, 100) == 0);
    uint8_t *phrase = arena_alloc(a, 5);
    T_NEED(phrase != NULL);
    memcpy(phrase, "river", 5); /* a child does not inherit this memory */
    T_EQ(unlock_open(home, BYTES(phrase, 5), got, NULL), 0);
    T_MEM(got, key, 32);
    arena_destroy(a);
}

T_CASE(a_damaged_slot_is_named_and_mended)
{
    struct entropy e = entropy_stream(&stream);
    uint8_t got[32] = {0};
    unsigned slot = 9, damaged = 9;
    struct buf whole = temp_read(home, "slots");
    T_EQ(unlock_open(home, words("river"), got, &slot), 0);
    T(slot < SLOTS_COUNT);
    T_EQ(unlock_mend(home, got, slot, &e, &damaged), 0);
    T_EQ(damaged, 0);
    unsigned other = (slot + 3) % SLOTS_COUNT;
    T(file_flip(home, "slots", 32 + 96 * (size_t)other + 50, 1));
    T(file_flip(home, "slots", 32 + 96 * (size_t)((slot + 5) % SLOTS_COUNT), 1));
    T_EQ(unlock_open(home, words("river"), got, NULL), 0); /* it opens all the same */
    T_EQ(unlock_mend(home, got, slot, &e, &damaged), 0);
    T_EQ(damaged, 2);
    struct buf now = temp_read(home, "slots");
    T(bytes_equal(BUF_BYTES(&now), BUF_BYTES(&whole)));
    T_EQ(files_count(home), 1);
    buf_free(&whole);
    buf_free(&now);
}

T_CASE(wrong_words_do_not)
{
    uint8_t got[32] = {0};
    static const uint8_t zeros[32];
    static const char endless[LIMIT_PASSPHRASE_BYTES_MAX + 1];
    T_EQ(unlock_open(home, words("rivers"), got, NULL), ERR_PASSPHRASE);
    T_MEM(got, zeros, 32);
    T_EQ(unlock_open(home, BYTES(endless, sizeof endless), got, NULL), ERR_TOOBIG);
}

T_CASE(new_words_replace_the_old_ones)
{
    struct entropy e = entropy_stream(&stream);
    uint8_t got[32] = {0};
    struct buf before = temp_read(home, "slots");
    char path[TEMP_PATH_BYTES];
    temp_path(path, home, "slots");
    int old = open(path, O_RDONLY | O_CLOEXEC);
    T_EQ(unlock_change(home, key, words("meadow"), true, &e), 0);
    T_EQ(unlock_open(home, words("meadow"), got, NULL), 0);
    T_MEM(got, key, 32);
    T_EQ(unlock_open(home, words("river"), got, NULL), ERR_PASSPHRASE);
    T_EQ(files_count(home), 1);
    /* What the old words opened was overwritten, not only left behind. */
    uint8_t left[SLOTS_FILE_BYTES];
    T_EQ(before.n, sizeof left);
    T_EQ(pread(old, left, sizeof left, 0), sizeof left);
    size_t same = 0;
    for (size_t i = 0; i < sizeof left && i < before.n; i++)
        same += left[i] == before.p[i];
    T(same < 40);
    (void)close(old);
    buf_free(&before);
}

T_CASE(a_slot_file_of_another_size_is_damaged)
{
    uint8_t got[32];
    struct buf b = temp_read(home, "slots");
    T_EQ(b.n, SLOTS_FILE_BYTES);
    temp_write(home, "slots", BYTES(b.p, 799));
    T_EQ(unlock_open(home, words("meadow"), got, NULL), ERR_DAMAGED);
    temp_write(home, "slots", BYTES(NULL, 0));
    T_EQ(unlock_open(home, words("meadow"), got, NULL), ERR_DAMAGED);
    T_EQ(buf_append(&b, BYTES("x", 1), 1000), 0);
    temp_write(home, "slots", BUF_BYTES(&b));
    T_EQ(unlock_open(home, words("meadow"), got, NULL), ERR_DAMAGED);
    buf_free(&b);
    char middle[TEMP_PATH_BYTES];
    temp_path(middle, outer, "a");
    temp_remove(home);
    temp_remove(middle);
    temp_remove(outer);
    T_EQ(access(outer, F_OK), -1);
}

T_RUN()
