/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_base32.c -- letters for people: known pairs, forgiving reading, refusals. */
#include "tests/lib/t.h"

#include "base/base32.h"

static struct bytes of(const char *text)
{
    return BYTES(text, strlen(text));
}

static const struct {
    const char *bytes;
    size_t n;
    const char *letters;
} pairs[] = {
    {"", 0, ""},
    {"\x00", 1, "00"},
    {"\xff", 1, "zw"},
    {"\x00\x00", 2, "0000"},
    {"f", 1, "cr"},
    {"fo", 2, "csqg"},
    {"foo", 3, "csqpy"},
    {"foob", 4, "csqpyrg"},
    {"fooba", 5, "csqpyrk1"},
    {"foobar", 6, "csqpyrk1e8"},
    {"\xff\xff\xff\xff\xff", 5, "zzzzzzzz"},
    {"\x08\x64\x29\x8e\x84", 5, "11j2k3m4"},
};

T_CASE(base32_known_pairs)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf text = {0}, back = {0};
        T_NOTE("(%s)", pairs[i].letters);
        T_EQ(base32_encode(BYTES(pairs[i].bytes, pairs[i].n), &text, 64), 0);
        T_EQ(text.n, strlen(pairs[i].letters));
        T_MEM(text.p, pairs[i].letters, text.n);
        T_EQ(base32_decode(of(pairs[i].letters), &back, 64), 0);
        T_EQ(back.n, pairs[i].n);
        T_MEM(back.p, pairs[i].bytes, back.n);
        buf_free(&text);
        buf_free(&back);
    }
}

T_CASE(base32_every_length_comes_back)
{
    uint8_t raw[80];
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (uint8_t)(i * 151 + 43);
    for (size_t n = 0; n <= sizeof raw; n++) {
        struct buf text = {0}, back = {0};
        T_NOTE("(%zu bytes)", n);
        T_NEED(base32_encode(BYTES(raw, n), &text, 1000) == 0);
        for (size_t i = 0; i < text.n; i++)
            T(memchr("ilou", text.p[i], 4) == NULL);
        T_NEED(base32_decode(BUF_BYTES(&text), &back, n) == 0);
        T_EQ(back.n, n);
        T_MEM(back.p, raw, n);
        buf_free(&text);
        buf_free(&back);
    }
}

T_CASE(base32_reads_what_people_type)
{
    static const char *const typed[] = {
        "CSQPYRK1E8", "csqp yrk1-e8",     " csqpyrkie8\r\n",
        "csqpyrkLe8", "CsQp\nYrK1\tE8--",
    };
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        struct buf back = {0};
        T_NOTE("(%s)", typed[i]);
        T_EQ(base32_decode(of(typed[i]), &back, 6), 0);
        T_EQ(back.n, 6);
        T_MEM(back.p, "foobar", 6);
        buf_free(&back);
    }
    struct buf zero = {0};
    T_EQ(base32_decode(of("oO"), &zero, 1), 0);
    T_MEM(zero.p, "\0", 1);
    buf_free(&zero);
}

T_CASE(base32_refuses_and_leaves_the_buffer)
{
    static const struct {
        const char *text;
        int err;
    } rows[] = {
        {"csqu", ERR_MALFORMED},
        {"cs,q", ERR_MALFORMED},
        {"cr=", ERR_MALFORMED},
        {"0", ERR_MALFORMED},
        {"csq", ERR_MALFORMED},
        {"csqpyr", ERR_MALFORMED},
        {"zz", ERR_MALFORMED},
        {"cs", ERR_MALFORMED},
        {"csqpyrk1e9", ERR_MALFORMED},
        {"caf\xc3\xa9", ERR_MALFORMED},
        {"csqpyrk1csqpyrk1csqpyrk1", ERR_TOOBIG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf back = {0};
        T_NOTE("(%s)", rows[i].text);
        T_NEED(buf_append(&back, of("kept"), 12) == 0);
        T_EQ(base32_decode(of(rows[i].text), &back, 12), rows[i].err);
        T_EQ(back.n, 4);
        T_MEM(back.p, "kept", 4);
        buf_free(&back);
    }
    struct buf none = {0};
    T_EQ(base32_decode(BYTES("0\0", 2), &none, 9), ERR_MALFORMED);
    T_EQ(base32_encode(of("foobar"), &none, 9), ERR_TOOBIG);
    T_EQ(none.n, 0);
    buf_free(&none);
}

/* Two texts of plain letters never give the same bytes. */
T_CASE(base32_two_letters_have_one_reading)
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
    int accepted = 0;
    for (int a = 0; a < 32; a++) {
        for (int b = 0; b < 32; b++) {
            char text[2] = {letters[a], letters[b]};
            struct buf back = {0}, again = {0};
            if (base32_decode(BYTES_OF(text), &back, 8) == 0) {
                accepted++;
                T_NEED(base32_encode(BUF_BYTES(&back), &again, 8) == 0);
                T_MEM(again.p, text, 2);
            }
            buf_free(&back);
            buf_free(&again);
        }
    }
    T_EQ(accepted, 256);
}

T_RUN()
