/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_slots.c -- the key-slot file (P11) and what counts as the same passphrase. */
#include "tests/lib/t.h"

#include "crypto/entropy_os.h"
#include "crypto/slots.h"
#include "tests/lib/hex.h"

static struct entropy_stream stream = {.key = {6}};

static bool in_list(struct bytes four)
{
    static const char *const list[] = {"aban", "zoo", "wren", "rive"};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (bytes_equal(four, text_bytes(list[i])))
            return true;
    return false;
}

T_CASE(passphrases_that_look_alike_are_the_same)
{
    static const struct {
        const char *typed, *plain, *listed; /* without and with a word list */
    } rows[] = {
        {"abandon zoo", "abandon zoo", "aban zoo"},
        {"  Abandon\t ZOO \n", "Abandon ZOO", "aban zoo"},
        {"abandoned zoo", "abandoned zoo", "aban zoo"},
        {"abandon zoom", "abandon zoom", "abandon zoom"}, /* zoom is not of the list */
        {"Abandon the zoo", "Abandon the zoo", "Abandon the zoo"},
        {"abandon zoo!", "abandon zoo!", "abandon zoo!"},
        {"aban", "aban", "aban"},
        {"zo", "zo", "zo"},
        {"a", "a", "a"},
        {"caf\xc3\xa9 zoo", "caf\xc3\xa9 zoo", "caf\xc3\xa9 zoo"},
        {"cafe\xcc\x81\xc2\xa0\xe3\x80\x80zoo", "caf\xc3\xa9 zoo", "caf\xc3\xa9 zoo"},
        {"\xe2\x80\x83wren\xe2\x80\xa8river\xc2\x85", "wren river", "wren rive"},
        {"wren\xe2\x80\x8briver", "wren\xe2\x80\x8briver", "wren\xe2\x80\x8briver"},
    };
    struct buf out = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        T_NOTE("(row %zu)", i);
        for (int list = 0; list < 2; list++) {
            const char *want = list ? rows[i].listed : rows[i].plain;
            out.n = 0;
            T_EQ(passphrase_canonical(text_bytes(rows[i].typed), list ? in_list : NULL,
                                      &out),
                 0);
            T(bytes_equal(BUF_BYTES(&out), text_bytes(want)));
        }
    }
    buf_free(&out);
}

T_CASE(passphrases_that_are_none_are_refused)
{
    static char big[1025]; /* PASSPHRASE_BYTES_MAX and one */
    struct buf out = {0};
    T_EQ(passphrase_canonical(text_bytes(""), in_list, &out), ERR_EMPTY);
    T_EQ(passphrase_canonical(text_bytes(" \t\xc2\xa0 "), in_list, &out), ERR_EMPTY);
    T_EQ(passphrase_canonical(text_bytes("a\xff"), in_list, &out), ERR_UTF8);
    T_EQ(passphrase_canonical(BYTES("a\0b", 3), in_list, &out), ERR_UTF8);
    memset(big, 'a', sizeof big);
    T_EQ(passphrase_canonical(BYTES(big, 1025), NULL, &out), ERR_TOOBIG);
    T_EQ(out.n, 0);
    T_EQ(passphrase_canonical(BYTES(big, 1024), NULL, &out), 0);
    T_EQ(passphrase_canonical(text_bytes("more"), NULL, &out), 0);
    T_EQ(out.n, 1028); /* appended */
    buf_free(&out);
}

/* 64 MiB and 3 passes once, against OpenSSL's Argon2id. */
T_CASE(stretching_is_argon2id)
{
    uint8_t file[SLOTS_FILE_BYTES] = {0}, kek[32], want[32];
    count_to(file, 32, 0);
    T_NEED(slots_stretch(kek, text_bytes("correct horse"), file, 0) == 0);
    hex_to(want, 32,
           "ac988281de213c41f51c1de83024e78a4a62a9c179272cb069cf3cc7d746f510");
    T_MEM(kek, want, 32);
}

struct made {
    uint8_t file[SLOTS_FILE_BYTES], kek[32], data_key[32];
    unsigned slot;
};

/* A file with a random salt and the data key in a slot that slots_open names. */
static struct made make(void)
{
    struct made m = {0};
    struct entropy e = entropy_stream(&stream);
    uint8_t got[32];
    entropy_fill(&e, m.file, 32);
    entropy_fill(&e, m.kek, 32);
    entropy_fill(&e, m.data_key, 32);
    slots_create(m.file, m.kek, m.data_key, &e);
    T_EQ(slots_open(m.file, m.kek, got, &m.slot), 0);
    T_MEM(got, m.data_key, 32);
    return m;
}

T_CASE(the_right_key_opens_and_no_other)
{
    struct made m = make();
    uint8_t got[32] = {0}, zero[32] = {0};
    unsigned slot = 99;
    for (size_t i = 0; i < 32 * 8; i++) {
        m.kek[i / 8] ^= (uint8_t)(1 << i % 8);
        T_EQ(slots_open(m.file, m.kek, got, &slot), ERR_PASSPHRASE);
        m.kek[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    T_MEM(got, zero, 32);
    T_EQ(slot, 99);
    T_EQ(slots_open(m.file, m.kek, got, &slot), 0);
}

/* A byte of the salt or of the slot in use breaks it; one of another slot does not. */
T_CASE(the_file_is_bound_to_salt_slot_and_place)
{
    struct made m = make(), other;
    uint8_t got[32];
    unsigned slot = 0;
    for (size_t i = 0; i < SLOTS_FILE_BYTES; i++) {
        bool ours = i < 32 || (i - 32) / 96 == m.slot;
        m.file[i] ^= 1;
        if (slots_open(m.file, m.kek, got, &slot) != (ours ? ERR_PASSPHRASE : 0)) {
            T_NOTE("(byte %zu)", i);
            T(false);
        }
        m.file[i] ^= 1;
    }
    other = m;
    unsigned next = (m.slot + 1) % SLOTS_COUNT;
    memcpy(other.file + 32 + 96 * next, m.file + 32 + 96 * m.slot, 96);
    memset(other.file + 32 + 96 * m.slot, 0, 96);
    T_EQ(slots_open(other.file, m.kek, got, &slot), ERR_PASSPHRASE); /* moved */
}

/* Damage to a slot that is not in use is named, and undone to the byte. */
T_CASE(every_byte_of_the_other_slots_is_watched)
{
    struct made m = make();
    uint8_t whole[SLOTS_FILE_BYTES], other_key[32] = {7};
    memcpy(whole, m.file, sizeof whole);
    T_EQ(slots_damaged(m.file, m.data_key, m.slot), 0);
    T_EQ(slots_damaged(m.file, other_key, m.slot), 0xffU & ~(1U << m.slot));
    for (size_t i = 32; i < SLOTS_FILE_BYTES; i++) {
        unsigned slot = (unsigned)(i - 32) / 96;
        m.file[i] ^= 0x10;
        T_NOTE("(byte %zu)", i);
        T_EQ(slots_damaged(m.file, m.data_key, m.slot),
             slot == m.slot ? 0 : 1U << slot);
        if (slot == m.slot) /* shows as a passphrase that does not work */
            m.file[i] ^= 0x10;
        slots_mend(m.file, m.data_key, m.slot);
        T_MEM(m.file, whole, sizeof whole);
    }
}

T_CASE(any_slot_may_be_the_one_and_all_look_random)
{
    bool used[SLOTS_COUNT] = {0};
    size_t bits = 0, count = 60;
    for (size_t i = 0; i < count; i++) {
        struct made m = make();
        T_NEED(m.slot < SLOTS_COUNT);
        used[m.slot] = true;
        for (size_t j = 0; j < SLOTS_FILE_BYTES * 8; j++)
            bits += m.file[j / 8] >> j % 8 & 1;
    }
    for (size_t i = 0; i < SLOTS_COUNT; i++)
        T(used[i]);
    size_t half = count * SLOTS_FILE_BYTES * 4;
    T(bits > half - half / 50 && bits < half + half / 50);
}

T_RUN()
