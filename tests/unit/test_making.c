/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_making.c -- a new profile is there whole or not at all. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/arena.h"
#include "crypto/slots.h"
#include "store/making.h"
#include "store/store.h"
#include "store/unlock.h"
#include "tests/lib/storetest.h"

static struct entropy_stream stream = {.key = {9}};

static int make(const char *home, uint8_t key[static 32])
{
    struct entropy e = entropy_stream(&stream);
    return making_profile(home, BYTES("river", 5), true, &e, key);
}

static void move(const char *home, const char *from, const char *to)
{
    char a[TEMP_PATH_BYTES], b[TEMP_PATH_BYTES];
    temp_path(a, home, from);
    temp_path(b, home, to);
    T_EQ(rename(a, b), 0);
}

T_CASE(it_is_made_once_and_opens)
{
    char outer[TEMP_PATH_BYTES], home[TEMP_PATH_BYTES];
    uint8_t key[32], other[32], opened[32];
    struct entropy e = entropy_stream(&stream);
    struct store *s = NULL;
    T_NEED(crypto_init() == 0);
    temp_make(outer);
    temp_path(home, outer, "a/b");
    T(!making_done(home));
    T_EQ(make(home, key), 0);
    T(making_done(home));
    T_EQ(files_count(home), 2); /* no folder of the making is left */
    T_EQ(make(home, other), ERR_EXISTS);
    T_EQ(unlock_open(home, BYTES("river", 5), opened, NULL), 0);
    T_MEM(opened, key, 32);
    T_EQ(store_open(&s, home, key, &e), 0);
    store_close(s);
    temp_remove(outer);
}

/* The power went after the database was moved out, before the slots were. */
T_CASE(a_making_that_was_cut_short_is_made_anew)
{
    char home[TEMP_PATH_BYTES], making[TEMP_PATH_BYTES];
    uint8_t key[32];
    struct entropy e = entropy_stream(&stream);
    struct store *s = NULL;
    temp_make(home);
    T_EQ(make(home, key), 0);
    temp_path(making, home, "making");
    T_EQ(mkdir(making, 0700), 0);
    move(home, "slots", "making/slots");
    T(!making_done(home));
    T_EQ(make(home, key), 0);
    T_EQ(store_open(&s, home, key, &e), 0);
    store_close(s);
    T_EQ(files_count(home), 2);
    temp_remove(home);
}

/* A database whose slots were lost is nobody's to write over. */
T_CASE(a_database_without_slots_is_left_alone)
{
    char home[TEMP_PATH_BYTES], slots[TEMP_PATH_BYTES];
    uint8_t key[32], other[32];
    struct entropy e = entropy_stream(&stream);
    struct store *s = NULL;
    temp_make(home);
    T_EQ(make(home, key), 0);
    temp_path(slots, home, "slots");
    T_EQ(unlink(slots), 0);
    T_EQ(make(home, other), ERR_EXISTS);
    T_EQ(store_open(&s, home, key, &e), 0);
    store_close(s);
    temp_remove(home);
}

T_RUN()
