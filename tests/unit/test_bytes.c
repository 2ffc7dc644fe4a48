/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_bytes.c -- spans, rooms, buffers, big-endian numbers. */
#include "tests/lib/t.h"

#include "base/bytes.h"

static struct bytes of(const char *text)
{
    return BYTES(text, strlen(text));
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

T_CASE(wipe_clears_exactly_its_bytes)
{
    uint8_t a[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const uint8_t want[8] = {1, 2, 0, 0, 0, 0, 7, 8};
    wipe(a + 2, 4);
    T_MEM(a, want, 8);
    wipe(NULL, 0);
}

T_CASE(bytes_are_compared_bytewise)
{
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        {"", "", 0},    {"", "a", -1},     {"a", "", 1},        {"a", "b", -1},
        {"b", "a", 1},  {"a", "aa", -1},   {"ab", "aa", 1},     {"aa", "ab", -1},
        {"b", "ab", 1}, {"abc", "abc", 0}, {"\x80", "\x7f", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        T_NOTE("(row %zu)", i);
        T_EQ(sign(bytes_compare(of(rows[i].a), of(rows[i].b))), rows[i].order);
        T_EQ(bytes_equal(of(rows[i].a), of(rows[i].b)), rows[i].order == 0);
    }
    T(bytes_equal(BYTES(NULL, 0), of("")));
    T_EQ(bytes_compare(BYTES(NULL, 0), BYTES(NULL, 0)), 0);
    T(bytes_compare(BYTES(NULL, 0), of("a")) < 0);
}

T_CASE(room_fills_to_the_brim_and_no_further)
{
    uint8_t memory[4] = {0};
    struct room r = ROOM_OF(memory);
    T_EQ(room_append(&r, of("abc")), 0);
    T_EQ(room_append(&r, of("de")), ERR_NOSPACE);
    T_EQ(r.n, 3);
    T_EQ(memory[3], 0);
    T_EQ(room_append(&r, of("d")), 0);
    T_EQ(room_append(&r, BYTES(NULL, 0)), 0);
    T_MEM(memory, "abcd", 4);
    T_EQ(room_append(&r, BYTES(memory, SIZE_MAX)), ERR_NOSPACE);
}

T_CASE(buf_grows_to_its_bound)
{
    struct buf b = {0};
    for (int i = 0; i < 1000; i++) {
        uint8_t byte = (uint8_t)i;
        T_NEED(buf_append(&b, BYTES(&byte, 1), 1000) == 0);
    }
    T_EQ(b.n, 1000);
    T(b.cap <= 1000);
    T_EQ(buf_append(&b, of("x"), 1000), ERR_TOOBIG);
    T_EQ(b.n, 1000);
    for (int i = 0; i < 1000; i++)
        T(b.p[i] == (uint8_t)i);
    T_EQ(buf_append(&b, BYTES(NULL, 0), 1000), 0);
    T_EQ(buf_append(&b, of(""), 999), ERR_TOOBIG); /* it is past that bound already */
    buf_free(&b);
    T(b.p == NULL && b.n == 0 && b.cap == 0);
    buf_free(&b);
    buf_free(NULL);
}

T_CASE(buf_reserve_keeps_the_length)
{
    struct buf b = {0};
    T_EQ(buf_reserve(&b, 0, 0), 0);
    T_EQ(buf_append(&b, of("hello"), 100), 0);
    T_EQ(buf_reserve(&b, 95, 100), 0);
    T_EQ(b.n, 5);
    T(b.cap >= 100);
    T_MEM(b.p, "hello", 5);
    T_EQ(buf_reserve(&b, 96, 100), ERR_TOOBIG);
    T_EQ(buf_reserve(&b, SIZE_MAX, SIZE_MAX), ERR_TOOBIG);
    buf_free(&b);
}

T_CASE(buf_consume_moves_down_and_wipes)
{
    struct buf b = {0};
    T_NEED(buf_append(&b, of("abcdef"), 64) == 0);
    buf_consume(&b, 0);
    T_EQ(b.n, 6);
    buf_consume(&b, 4);
    T_EQ(b.n, 2);
    T_MEM(b.p, "ef\0\0\0\0", 6);
    buf_consume(&b, 2);
    T_EQ(b.n, 0);
    T_MEM(b.p, "\0\0", 2);
    buf_free(&b);
}

T_CASE(numbers_are_big_endian)
{
    uint8_t p[8];
    put_u16(p, 0x0102);
    T_MEM(p, "\x01\x02", 2);
    put_u32(p, 0x01020304);
    T_MEM(p, "\x01\x02\x03\x04", 4);
    put_u64(p, UINT64_C(0x0102030405060708));
    T_MEM(p, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    for (int bit = 0; bit < 64; bit++) {
        uint64_t v = UINT64_C(1) << bit;
        put_u64(p, v);
        T(get_u64(p) == v);
        put_u32(p, (uint32_t)v);
        T(get_u32(p) == (uint32_t)v);
        put_u16(p, (uint16_t)v);
        T(get_u16(p) == (uint16_t)v);
    }
    memset(p, 0xff, 8);
    T(get_u16(p) == UINT16_MAX && get_u32(p) == UINT32_MAX && get_u64(p) == UINT64_MAX);
}

T_RUN()
