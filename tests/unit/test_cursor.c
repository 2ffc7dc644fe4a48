/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_cursor.c -- fixed layouts: every cut is noticed, the first error stays. */
#include "tests/lib/t.h"

#include "base/cursor.h"

static const uint8_t layout[] = {
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
    0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 'a',  'b',  'c',  0x00, 0x00,
};

struct fields {
    uint8_t a;
    uint16_t b;
    uint32_t c;
    uint64_t d;
    struct bytes e;
    uint8_t zeros[2];
};

static int read_fields(struct bytes span, struct fields *f)
{
    struct reader r = reader_of(span);
    f->a = read_u8(&r);
    f->b = read_u16(&r);
    f->c = read_u32(&r);
    f->d = read_u64(&r);
    f->e = read_bytes(&r, 3);
    read_copy(&r, f->zeros, 2);
    return reader_end(&r);
}

static int write_fields(struct room *room)
{
    struct writer w = writer_to(room);
    write_u8(&w, 0x01);
    write_u16(&w, 0x0203);
    write_u32(&w, 0x04050607);
    write_u64(&w, UINT64_C(0x08090a0b0c0d0e0f));
    write_bytes(&w, BYTES("abc", 3));
    write_zeros(&w, 2);
    return writer_end(&w);
}

T_CASE(cursor_reads_a_layout)
{
    struct fields f;
    T_EQ(read_fields(BYTES_OF(layout), &f), 0);
    T_EQ(f.a, 0x01);
    T_EQ(f.b, 0x0203);
    T_EQ(f.c, 0x04050607);
    T_EQ(f.d, INT64_C(0x08090a0b0c0d0e0f));
    T_EQ(f.e.n, 3);
    T_MEM(f.e.p, "abc", 3);
    T_MEM(f.zeros, "\0\0", 2);
}

T_CASE(cursor_notices_every_cut_and_every_rest)
{
    struct fields f;
    uint8_t longer[sizeof layout + 1] = {0};
    memcpy(longer, layout, sizeof layout);
    T_EQ(read_fields(BYTES_OF(longer), &f), ERR_MALFORMED);
    for (size_t n = 0; n < sizeof layout; n++) {
        T_NOTE("(%zu bytes)", n);
        T_EQ(read_fields(BYTES(layout, n), &f), ERR_TRUNCATED);
    }
}

T_CASE(cursor_gives_zeros_after_an_error)
{
    struct reader r = reader_of(BYTES("\xff\xff\xff", 3));
    T_EQ(read_u32(&r), 0);
    uint8_t copy[2] = {7, 7};
    read_copy(&r, copy, sizeof copy);
    T_MEM(copy, "\0\0", 2);
    T_EQ(read_u8(&r), 0); /* one byte would be there, but the error stands */
    T_EQ(read_u16(&r), 0);
    T_EQ(read_u64(&r), 0);
    T_EQ(read_bytes(&r, 1).n, 0);
    T_EQ(r.left.n, 3);
    T_EQ(reader_end(&r), ERR_TRUNCATED);
}

T_CASE(cursor_keeps_its_first_error)
{
    struct reader r = reader_of(BYTES("a", 1));
    reader_fail(&r, ERR_VERSION);
    reader_fail(&r, ERR_FORGED);
    (void)read_u64(&r);
    T_EQ(reader_end(&r), ERR_VERSION);
}

T_CASE(cursor_reads_nothing_from_nothing)
{
    struct reader r = reader_of(BYTES(NULL, 0));
    T_EQ(read_bytes(&r, 0).n, 0);
    read_copy(&r, NULL, 0);
    T_EQ(reader_end(&r), 0);
    T_EQ(read_bytes(&r, SIZE_MAX).n, 0);
    T_EQ(reader_end(&r), ERR_TRUNCATED);
}

T_CASE(cursor_writes_a_layout)
{
    uint8_t memory[sizeof layout + 3];
    memset(memory, 0xee, sizeof memory);
    struct room room = ROOM_OF(memory);
    T_EQ(write_fields(&room), 0);
    T_EQ(room.n, sizeof layout);
    T_MEM(memory, layout, sizeof layout);
    T_EQ(memory[sizeof layout], 0xee);
}

T_CASE(cursor_stops_writing_at_the_first_misfit)
{
    for (size_t cap = 0; cap < sizeof layout; cap++) {
        uint8_t memory[sizeof layout];
        memset(memory, 0xee, sizeof memory);
        struct room room = {memory, 0, cap};
        T_NOTE("(room for %zu)", cap);
        T_EQ(write_fields(&room), ERR_NOSPACE);
        T(room.n <= cap);
        T_MEM(memory, layout, room.n); /* a prefix, not a later field that fitted */
        for (size_t i = room.n; i < sizeof memory; i++)
            T_EQ(memory[i], 0xee);
    }
}

T_RUN()
