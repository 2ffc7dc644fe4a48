/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_mp.c -- canonical MessagePack, against msgpack-c's own unpacker.
 *
 * Random values are written by the writer, must pass mp_check, and are read back
 * beside what msgpack-c unpacked from the same bytes.  Then every single byte is
 * changed in every way that matters: what is still accepted must be the canonical
 * form of what it says.
 */
#include "tests/lib/t.h"

#include <msgpack/unpack.h>

#include "base/mp.h"

enum { ITEMS_MAX = 4096, VALUE_BYTES_MAX = 1 << 20 };

static uint64_t random_state;

static uint64_t random_u64(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    uint64_t high = random_state >> 32;
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return high << 32 | random_state >> 32;
}

static uint32_t random_below(uint32_t bound)
{
    return (uint32_t)(random_u64() % bound);
}

/* Numbers of every width, and often right beside a border between two forms. */
static uint64_t random_number(void)
{
    uint64_t v = UINT64_C(1) << random_below(64);
    switch (random_below(3)) {
    case 0: return v - 1;
    case 1: return v;
    default: return random_u64() >> random_below(64);
    }
}

/* ---- writing random values ------------------------------------------------ */

static void write_random(struct mp_writer *w, int depth);

static void write_random_text(struct mp_writer *w)
{
    static const char *const pieces[] = {"a", "\xc3\xa9", "\xe2\x82\xac",
                                         "\xf0\x9f\x92\x8a"};
    char text[400];
    size_t n = 0, count = random_below(random_below(8) == 0 ? 90 : 9);
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[random_below(4)];
        memcpy(text + n, piece, strlen(piece));
        n += strlen(piece);
    }
    mp_str(w, BYTES(text, n));
}

static void write_random_bytes(struct mp_writer *w)
{
    static uint8_t raw[70000];
    uint32_t borders[] = {0, 1, 31, 32, 255, 256, 300, 65535, 65536};
    size_t n = borders[random_below(random_below(20) == 0 ? 9 : 4)];
    for (size_t i = 0; i < n; i++)
        raw[i] = (uint8_t)random_u64();
    mp_bin(w, BYTES(raw, n));
}

static void write_random_map(struct mp_writer *w, int depth)
{
    uint32_t n = random_below(random_below(4) == 0 ? 18 : 4);
    uint64_t key = random_below(3);
    mp_map(w, n);
    for (uint32_t i = 0; i < n; i++) {
        mp_uint(w, key);
        key += 1 + (random_number() >> 8);
        write_random(w, depth + 1);
    }
}

static void write_random(struct mp_writer *w, int depth)
{
    uint32_t n = random_below(random_below(4) == 0 ? 18 : 4);
    switch (random_below(depth < 4 ? 8 : 6)) {
    case 0: mp_nil(w); break;
    case 1: mp_bool(w, random_below(2)); break;
    case 2: mp_uint(w, random_number()); break;
    case 3:
        mp_int(w, (int64_t)(random_below(2) ? random_number() : ~random_number()));
        break;
    case 4: write_random_text(w); break;
    case 5: write_random_bytes(w); break;
    case 6:
        mp_array(w, n);
        for (uint32_t i = 0; i < n; i++)
            write_random(w, depth + 1);
        break;
    default: write_random_map(w, depth); break;
    }
}

/* ---- reading beside msgpack-c --------------------------------------------- */

/* True if the next value of `r`, no container, is the value `o`. */
static bool same_leaf(struct mp_reader *r, const msgpack_object *o)
{
    struct bytes got;
    switch (mp_peek(r)) {
    case MP_NIL: mp_skip(r); return o->type == MSGPACK_OBJECT_NIL;
    case MP_BOOL:
        return o->type == MSGPACK_OBJECT_BOOLEAN && mp_read_bool(r) == o->via.boolean;
    case MP_UINT:
        return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
               mp_read_uint(r, UINT64_MAX) == o->via.u64;
    case MP_INT:
        return o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER &&
               mp_read_int(r) == o->via.i64;
    case MP_STR:
        got = mp_read_str(r);
        return o->type == MSGPACK_OBJECT_STR &&
               bytes_equal(got, BYTES(o->via.str.ptr, o->via.str.size));
    case MP_BIN:
        got = mp_read_bin(r);
        return o->type == MSGPACK_OBJECT_BIN &&
               bytes_equal(got, BYTES(o->via.bin.ptr, o->via.bin.size));
    default: return false;
    }
}

/* True if the next value of `r` is the value `o`. */
static bool same_value(struct mp_reader *r, const msgpack_object *o)
{
    if (mp_peek(r) == MP_ARRAY) {
        uint32_t n = mp_read_array(r, UINT32_MAX);
        bool same = o->type == MSGPACK_OBJECT_ARRAY && o->via.array.size == n;
        for (uint32_t i = 0; same && i < n; i++)
            same = same_value(r, &o->via.array.ptr[i]);
        return same;
    }
    if (mp_peek(r) == MP_MAP) {
        uint32_t n = mp_read_map(r, UINT32_MAX);
        bool same = o->type == MSGPACK_OBJECT_MAP && o->via.map.size == n;
        for (uint32_t i = 0; same && i < n; i++)
            same = same_value(r, &o->via.map.ptr[i].key) &&
                   same_value(r, &o->via.map.ptr[i].val);
        return same;
    }
    return same_leaf(r, o);
}

/* True if our reader and msgpack-c's unpacker read the same from `span`. */
static bool reads_alike(struct bytes span)
{
    msgpack_unpacked theirs;
    size_t used = 0;
    msgpack_unpacked_init(&theirs);
    int got = msgpack_unpack_next(&theirs, (const char *)span.p, span.n, &used);
    struct mp_reader r = mp_reader_of(span);
    bool alike = got == MSGPACK_UNPACK_SUCCESS && used == span.n &&
                 same_value(&r, &theirs.data) && mp_reader_end(&r) == 0;
    msgpack_unpacked_destroy(&theirs);
    return alike;
}

/* ---- writing again what was read ------------------------------------------ */

static void copy_value(struct mp_reader *r, struct mp_writer *w)
{
    uint32_t n;
    switch (mp_peek(r)) {
    case MP_END: r->err = ERR_MALFORMED; break;
    case MP_NIL:
        mp_skip(r);
        mp_nil(w);
        break;
    case MP_BOOL: mp_bool(w, mp_read_bool(r)); break;
    case MP_UINT: mp_uint(w, mp_read_uint(r, UINT64_MAX)); break;
    case MP_INT: mp_int(w, mp_read_int(r)); break;
    case MP_STR: mp_str(w, mp_read_str(r)); break;
    case MP_BIN: mp_bin(w, mp_read_bin(r)); break;
    case MP_ARRAY:
        n = mp_read_array(r, UINT32_MAX);
        mp_array(w, n);
        for (uint32_t i = 0; i < n; i++)
            copy_value(r, w);
        break;
    case MP_MAP:
        n = mp_read_map(r, UINT32_MAX);
        mp_map(w, n);
        for (uint32_t i = 0; i < 2 * n; i++)
            copy_value(r, w);
        break;
    }
}

/* True if writing what `span` says gives `span` again. */
static bool is_canonical(struct bytes span)
{
    struct buf again = {0};
    struct mp_reader r = mp_reader_of(span);
    struct mp_writer w = mp_writer_to(&again, VALUE_BYTES_MAX);
    copy_value(&r, &w);
    bool same = mp_reader_end(&r) == 0 && mp_writer_end(&w) == 0 &&
                bytes_equal(BUF_BYTES(&again), span);
    buf_free(&again);
    return same;
}

T_CASE(mp_random_values_come_back)
{
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct buf b = {0};
        struct mp_writer w = mp_writer_to(&b, VALUE_BYTES_MAX);
        random_state = seed;
        T_NOTE("(seed %d)", (int)seed);
        write_random(&w, 0);
        T_NEED(mp_writer_end(&w) == 0);
        int err = mp_check(BUF_BYTES(&b), ITEMS_MAX);
        T(err == 0 || err == ERR_TOOBIG); /* some have more items */
        T(reads_alike(BUF_BYTES(&b)));
        T(is_canonical(BUF_BYTES(&b)));
        buf_free(&b);
    }
}

/* Change byte `at` to `value`: refused, or still the only form of what it says. */
static bool mutation_is_safe(struct buf *b, size_t at, uint8_t value)
{
    uint8_t was = b->p[at];
    b->p[at] = value;
    bool accepted = mp_check(BUF_BYTES(b), ITEMS_MAX) == 0;
    bool safe = !accepted || (is_canonical(BUF_BYTES(b)) && reads_alike(BUF_BYTES(b)));
    b->p[at] = was;
    return safe;
}

T_CASE(mp_every_changed_byte_is_refused_or_canonical)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct buf b = {0};
        struct mp_writer w = mp_writer_to(&b, VALUE_BYTES_MAX);
        random_state = seed;
        write_random_map(&w, 2);
        T_NEED(mp_writer_end(&w) == 0);
        size_t end = b.n < 200 ? b.n : 200;
        for (size_t at = 0; at < end && b.n < 2000; at++) {
            for (int value = 0; value < 256; value++) {
                T_NOTE("(seed %d, byte %zu is %02x)", (int)seed, at, value);
                T_NEED(mutation_is_safe(&b, at, (uint8_t)value));
            }
        }
        buf_free(&b);
    }
}

T_CASE(mp_every_cut_is_refused)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct buf b = {0};
        struct mp_writer w = mp_writer_to(&b, VALUE_BYTES_MAX);
        random_state = seed;
        write_random_map(&w, 2);
        T_NEED(mp_writer_end(&w) == 0 && mp_check(BUF_BYTES(&b), ITEMS_MAX) == 0);
        for (size_t n = 0; n < b.n && n < 300; n++) {
            T_NOTE("(seed %d, %zu bytes)", (int)seed, n);
            T_EQ(mp_check(BYTES(b.p, n), ITEMS_MAX), ERR_TRUNCATED);
        }
        T_NEED(buf_append(&b, BYTES("\xc0", 1), VALUE_BYTES_MAX) == 0);
        T_EQ(mp_check(BUF_BYTES(&b), ITEMS_MAX), ERR_MALFORMED);
        buf_free(&b);
    }
}

/* ---- the table of forms --------------------------------------------------- */

struct form_row {
    const char *bytes;
    size_t n;
    int err;
};

#define ROW(text, err)                                                                 \
    {                                                                                  \
        text, sizeof(text) - 1, err                                                    \
    }

static const struct form_row rows[] = {
    ROW("", ERR_TRUNCATED),
    ROW("\xc0", 0),
    ROW("\xc1", ERR_NOTCANON), /* no type at all */
    ROW("\xc2", 0),
    ROW("\xc3", 0),
    ROW("\x7f", 0),
    ROW("\xe0", 0),
    ROW("\xff", 0),
    /* unsigned integers */
    ROW("\xcc\x7f", ERR_NOTCANON),
    ROW("\xcc\x80", 0),
    ROW("\xcd\x00\x01", ERR_NOTCANON),
    ROW("\xcd\x00\xff", ERR_NOTCANON),
    ROW("\xcd\x01\x00", 0),
    ROW("\xce\x00\x00\xff\xff", ERR_NOTCANON),
    ROW("\xce\x00\x01\x00\x00", 0),
    ROW("\xcf\x00\x00\x00\x00\xff\xff\xff\xff", ERR_NOTCANON),
    ROW("\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 0),
    ROW("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 0),
    /* signed integers: never for what is not negative */
    ROW("\xd0\x05", ERR_NOTCANON),
    ROW("\xd0\x7f", ERR_NOTCANON),
    ROW("\xd0\xff", ERR_NOTCANON),
    ROW("\xd0\xe0", ERR_NOTCANON),
    ROW("\xd0\xdf", 0),
    ROW("\xd0\x80", 0),
    ROW("\xd1\x01\x00", ERR_NOTCANON),
    ROW("\xd1\xff\x80", ERR_NOTCANON),
    ROW("\xd1\xff\x7f", 0),
    ROW("\xd1\x80\x00", 0),
    ROW("\xd2\x7f\xff\xff\xff", ERR_NOTCANON),
    ROW("\xd2\xff\xff\x80\x00", ERR_NOTCANON),
    ROW("\xd2\xff\xff\x7f\xff", 0),
    ROW("\xd3\x00\x00\x00\x01\x00\x00\x00\x00", ERR_NOTCANON),
    ROW("\xd3\xff\xff\xff\xff\x80\x00\x00\x00", ERR_NOTCANON),
    ROW("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff", 0),
    ROW("\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 0),
    /* floats and extensions */
    ROW("\xca\x00\x00\x00\x00", ERR_NOTCANON),
    ROW("\xcb\x00\x00\x00\x00\x00\x00\x00\x00", ERR_NOTCANON),
    ROW("\xc7\x01\x01\x00", ERR_NOTCANON),
    ROW("\xc8\x00\x01\x01\x00", ERR_NOTCANON),
    ROW("\xc9\x00\x00\x00\x01\x01\x00", ERR_NOTCANON),
    ROW("\xd4\x01\x00", ERR_NOTCANON),
    ROW("\xd5\x01\x00\x00", ERR_NOTCANON),
    ROW("\xd6\xff\x00\x00\x00\x00", ERR_NOTCANON),
    ROW("\xd7\x01\x00\x00\x00\x00\x00\x00\x00\x00", ERR_NOTCANON),
    ROW("\xd8\x01", ERR_NOTCANON),
    /* strings */
    ROW("\xa0", 0),
    ROW("\xa1z", 0),
    ROW("\xa2z", ERR_TRUNCATED),
    ROW("\xd9\x01z", ERR_NOTCANON),
    ROW("\xda\x00\x01z", ERR_NOTCANON),
    ROW("\xdb\x00\x00\x00\x01z", ERR_NOTCANON),
    ROW("\xd9\x20", ERR_TRUNCATED),
    ROW("\xd9", ERR_TRUNCATED),
    ROW("\xa1\x80", ERR_UTF8),
    ROW("\xa1\x00", ERR_UTF8), /* NUL */
    ROW("\xa2\xc0\x80", ERR_UTF8),
    ROW("\xa3\xed\xa0\x80", ERR_UTF8),
    ROW("\xa4\xf4\x90\x80\x80", ERR_UTF8),
    ROW("\x92\xa1\xc3\xa1\xa9", ERR_UTF8), /* a letter over two strings */
    /* byte strings */
    ROW("\xc4\x00", 0),
    ROW("\xc4\x01\xff", 0),
    ROW("\xc4\x02\xff", ERR_TRUNCATED),
    ROW("\xc5\x00\x01\xff", ERR_NOTCANON),
    ROW("\xc6\x00\x00\x00\x01\xff", ERR_NOTCANON),
    ROW("\xc6\xff\xff\xff\xff", ERR_TRUNCATED),
    /* arrays */
    ROW("\x90", 0),
    ROW("\x91", ERR_TRUNCATED),
    ROW("\x92\x01\x02", 0),
    ROW("\xdc\x00\x01\x01", ERR_NOTCANON),
    ROW("\xdd\x00\x00\x00\x01\x01", ERR_NOTCANON),
    ROW("\xdc\x00\x10", ERR_TRUNCATED),
    ROW("\xdd\x10\x00\x00\x00\x01", ERR_TOOBIG), /* 268 million in six bytes */
    ROW("\xdf\x10\x00\x00\x00\x01", ERR_TOOBIG),
    ROW("\xdf\xff\xff\xff\xff", ERR_TOOBIG),
    ROW("\x91\xdd\xff\xff\xff\xff", ERR_TOOBIG),
    /* maps */
    ROW("\x80", 0),
    ROW("\x81\x01\xc0", 0),
    ROW("\x82\x01\xc0\x02\xc0", 0),
    ROW("\x82\x01\xc0\x01\xc0", ERR_NOTCANON), /* a key twice */
    ROW("\x82\x02\xc0\x01\xc0", ERR_NOTCANON), /* keys that fall */
    ROW("\x82\x7f\xc0\xcc\x80\xc0", 0),
    ROW("\x81\xa1z\xc0", ERR_NOTCANON),
    ROW("\x81\xc0\xc0", ERR_NOTCANON),
    ROW("\x81\xff\xc0", ERR_NOTCANON),
    ROW("\x81\x90\xc0", ERR_NOTCANON),
    ROW("\x81\x00\x81\x00\xc0", 0), /* each map has keys of its own */
    ROW("\x82\x05\x81\x09\xc0\x06\xc0", 0),
    ROW("\x82\x05\x81\x09\xc0\x05\xc0", ERR_NOTCANON),
    ROW("\x81\x00\xa0\xa0", ERR_MALFORMED),
    ROW("\xde\x00\x01\x01\xc0", ERR_NOTCANON),
    ROW("\xdf\x00\x00\x00\x01\x01\xc0", ERR_NOTCANON),
    /* depth: eight is allowed, nine is not */
    ROW("\x91\x91\x91\x91\x91\x91\x91\x90", 0),
    ROW("\x91\x91\x91\x91\x91\x91\x91\x91\x01", 0),
    ROW("\x91\x91\x91\x91\x91\x91\x91\x91\x90", ERR_TOOBIG),
    ROW("\x81\x01\x81\x01\x91\x91\x91\x91\x91\x91\x80", ERR_TOOBIG),
};

T_CASE(mp_check_knows_every_form)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes span = BYTES(rows[i].bytes, rows[i].n);
        T_NOTE("(row %zu, first byte %02x)", i, rows[i].n ? span.p[0] : 0);
        T_EQ(mp_check(span, ITEMS_MAX), rows[i].err);
        if (rows[i].err == 0)
            T(is_canonical(span));
    }
}

/* Whatever the bytes are, the reader ends and never promises more than is there. */
T_CASE(mp_reader_is_safe_on_unchecked_bytes)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes span = BYTES(rows[i].bytes, rows[i].n);
        struct mp_reader r = mp_reader_of(span);
        T_NOTE("(row %zu)", i);
        mp_skip(&r);
        int err = mp_reader_end(&r);
        T(err == 0 || err == ERR_MALFORMED);
        if (rows[i].err == 0)
            T_EQ(err, 0);
        r = mp_reader_of(span);
        T(mp_read_array(&r, UINT32_MAX) <= rows[i].n);
        r = mp_reader_of(span);
        T(mp_read_map(&r, UINT32_MAX) <= rows[i].n);
    }
}

T_CASE(mp_items_are_counted_all)
{
    struct bytes span = BYTES("\x92\x01\x81\x02\x91\xc0", 6); /* 1+2+2+1 */
    T_EQ(mp_check(span, 6), 0);
    T_EQ(mp_check(span, 5), ERR_TOOBIG);
    T_EQ(mp_check(BYTES("\x01", 1), 1), 0);
    T_EQ(mp_check(BYTES("\x01", 1), 0), ERR_TOOBIG);
    T_EQ(mp_check(BYTES("\xdf\xff\xff\xff\xff\x01", 6), UINT32_MAX), ERR_TOOBIG);
    T_EQ(mp_check(BYTES(NULL, 0), 1), ERR_TRUNCATED);
}

/* ---- the reader ----------------------------------------------------------- */

T_CASE(mp_reader_pulls_a_record)
{
    struct buf b = {0};
    struct mp_writer w = mp_writer_to(&b, 256);
    mp_map(&w, 5);
    mp_uint(&w, 0);
    mp_int(&w, INT64_MIN);
    mp_uint(&w, 1);
    mp_bin(&w, BYTES("\x01\x02\x03\x04", 4));
    mp_uint(&w, 2);
    mp_str(&w, BYTES("caf\xc3\xa9", 5));
    mp_uint(&w, 3);
    mp_array(&w, 2);
    mp_bool(&w, true);
    mp_nil(&w);
    mp_uint(&w, 4);
    mp_int(&w, 300);
    T_EQ(mp_writer_end(&w), 0);
    T_EQ(mp_check(BUF_BYTES(&b), 20), 0);

    struct mp_reader r = mp_reader_of(BUF_BYTES(&b));
    uint8_t fixed[4];
    T_EQ(mp_read_map(&r, 5), 5);
    T_EQ(mp_read_uint(&r, 0), 0);
    T(mp_read_int(&r) == INT64_MIN);
    T_EQ(mp_read_uint(&r, 1), 1);
    mp_read_fixed(&r, fixed, 4);
    T_MEM(fixed, "\x01\x02\x03\x04", 4);
    T_EQ(mp_read_uint(&r, 2), 2);
    T(bytes_equal(mp_read_str(&r), BYTES("caf\xc3\xa9", 5)));
    T_EQ(mp_read_uint(&r, 3), 3);
    T_EQ(mp_read_array(&r, 2), 2);
    T(mp_read_bool(&r));
    T_EQ(mp_peek(&r), MP_NIL);
    mp_skip(&r);
    T_EQ(mp_read_uint(&r, 4), 4);
    T_EQ(mp_read_int(&r), 300);
    T_EQ(mp_peek(&r), MP_END);
    T_EQ(mp_reader_end(&r), 0);
    buf_free(&b);
}

/* The error of reading one value of `span` with each function that reads. */
static int error_of(int which, struct bytes span)
{
    struct mp_reader r = mp_reader_of(span);
    uint8_t two[2] = {7, 7};
    switch (which) {
    case 0: T_EQ(mp_read_uint(&r, 99), 0); break;
    case 1: T_EQ(mp_read_int(&r), 0); break;
    case 2: T(!mp_read_bool(&r)); break;
    case 3: T_EQ(mp_read_bin(&r).n, 0); break;
    case 4: T_EQ(mp_read_str(&r).n, 0); break;
    case 5: T_EQ(mp_read_array(&r, 2), 0); break;
    case 6: T_EQ(mp_read_map(&r, 2), 0); break;
    default:
        mp_read_fixed(&r, two, 2);
        T_MEM(two, "\0\0", 2);
        break;
    }
    T_EQ(mp_peek(&r), MP_END);
    return mp_reader_end(&r);
}

T_CASE(mp_reader_refuses_other_types_and_too_much)
{
    static const struct {
        int which;
        const char *bytes;
        size_t n;
    } bad[] = {
        {0, "\x64", 1},
        {0, "\xff", 1},
        {0, "\xc0", 1},
        {0, "", 0},
        {0, "\xcd\x00\x01", 3},
        {1, "\xcf\x80\0\0\0\0\0\0\0", 9},
        {1, "\xa1z", 2},
        {2, "\x01", 1},
        {2, "\xc0", 1},
        {3, "\xa1z", 2},
        {3, "\xc4\x05z", 3},
        {4, "\xc4\x01z", 3},
        {4, "\xa5z", 2},
        {5, "\x93\1\2\3", 4},
        {5, "\x82\1\2\3\4", 5},
        {5, "\x92\x01", 2},
        {6, "\x83\1\1\2\2\3\3", 7},
        {6, "\x92\1\2", 3},
        {6, "\x81\x01", 2},
        {7, "\xc4\x01z", 3},
        {7, "\xc4\x03zzz", 5},
        {7, "\xa2zz", 3},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        T_NOTE("(row %zu)", i);
        T_EQ(error_of(bad[i].which, BYTES(bad[i].bytes, bad[i].n)), ERR_MALFORMED);
    }
}

T_CASE(mp_reader_says_what_is_left)
{
    struct mp_reader r = mp_reader_of(BYTES("\x01\x02", 2));
    T_EQ(mp_read_uint(&r, 9), 1);
    T_EQ(mp_reader_end(&r), ERR_MALFORMED);
    T_EQ(mp_read_uint(&r, 9), 2);
    T_EQ(mp_reader_end(&r), 0);
    T_EQ(mp_read_uint(&r, 9), 0);
    T_EQ(mp_reader_end(&r), ERR_MALFORMED);
}

/* ---- the writer ----------------------------------------------------------- */

T_CASE(mp_writer_stops_at_its_bound)
{
    struct buf b = {0};
    struct mp_writer w = mp_writer_to(&b, 4);
    mp_array(&w, 2);
    mp_bin(&w, BYTES("zz", 2)); /* four bytes, one too many */
    mp_uint(&w, 1);
    T_EQ(mp_writer_end(&w), ERR_TOOBIG);
    T(b.n <= 4);
    buf_free(&b);
    w = mp_writer_to(&b, 16);
    mp_str(&w, BYTES("\xc3", 1));
    mp_uint(&w, 1);
    T_EQ(mp_writer_end(&w), ERR_UTF8);
    T_EQ(b.n, 0);
    w = mp_writer_to(&b, SIZE_MAX);
    mp_bin(&w, BYTES("z", (size_t)UINT32_MAX + 1)); /* refused before it is read */
    T_EQ(mp_writer_end(&w), ERR_TOOBIG);
    buf_free(&b);
}

T_RUN()
