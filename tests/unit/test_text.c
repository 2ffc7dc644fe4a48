/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_text.c -- what strangers may put on a screen, and that ordinary writing in
 * many languages passes untouched. */
#include "tests/lib/t.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/limits.h"
#include "base/text.h"

enum { BYTES_MAX = 4096, POINTS_END = 0x110000 };

static struct bytes of(const char *text)
{
    return BYTES(text, strlen(text));
}

/* A span with its length, for texts that hold NUL. */
#define SPAN(text) BYTES(text, sizeof(text) - 1)

static void expect(const struct buf *got, const char *want)
{
    T_EQ(got->n, strlen(want));
    if (got->n == strlen(want))
        T_MEM(got->p, want, got->n);
}

/* ---- ordinary text -------------------------------------------------------- */

static const char *const ordinary[] = {
    "Tomorrow at 8, bring clean works & naloxone (2x)! <3", "two\nlines",
    "Co\xc3\xb6peratie, re\xc3\xbcnie, \xc3\xa9\xc3\xa9n, na\xc3\xaf"
    "ef: niet \xe2\x80\x98zomaar\xe2\x80\x99",
    "Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 g\xc4\x99\xc5\x9bl\xc4\x85 ja\xc5\xba\xc5\x84",
    /* Turkish: dotted and dotless i, capital and small */
    "\xc4\xb0stanbul, \xc4\xb1\xc5\x9f\xc4\xb1k, \xc4\x9f\xc3\xbc\xc3\xa7l\xc3\xbc, "
    "\xc5\x9e",
    /* Arabic: "peace be upon you" with vowel signs, and Arabic digits */
    "\xd8\xa7\xd9\x84\xd8\xb3\xd9\x91\xd9\x8e\xd9\x84\xd8\xa7\xd9\x85\xd9\x8f "
    "\xd8\xb9\xd9\x84\xd9\x8a\xd9\x83\xd9\x85 \xd9\xa1\xd9\xa2\xd9\xa3\xd8\x9f",
    "\xdb\x9d\xd9\xa1", /* a sign of category Cf that is drawn around digits */
    "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",             /* Russian */
    "\xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8\xe0\xa5\x8d\xe0\xa4\xa4", /* Hindi */
    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",                         /* Japanese */
    "\xed\x95\x9c\xea\xb5\xad",                                     /* Korean */
    "\xf0\x9f\x92\x8a\xf0\x9f\x92\x89\xe2\x9d\xa4", /* pill, needle, heart */
    "e\xcc\x81",                                    /* e and acute */
    "\xef\xbf\xbd", /* the replacement character is a character */
};

T_CASE(text_ordinary_writing_survives)
{
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++) {
        struct buf out = {0};
        size_t removed = 99;
        T_NOTE("(%s)", ordinary[i]);
        T_EQ(text_check(of(ordinary[i])), 0);
        T_EQ(text_clean(of(ordinary[i]), &out, BYTES_MAX, &removed), 0);
        T_EQ(removed, 0);
        expect(&out, ordinary[i]);
        T_EQ(text_check_name(of("\xc4\xb0pek \xc5\x81\xc3\xb3"
                                "d\xc5\xba")),
             0);
        buf_free(&out);
    }
}

/* ---- broken UTF-8 --------------------------------------------------------- */

T_CASE(text_check_refuses_broken_utf8)
{
    static const struct bytes broken[] = {
        {(const uint8_t *)"\0", 1},                       /* NUL */
        {(const uint8_t *)"a\0b", 3},                     /* NUL inside */
        {(const uint8_t *)"\x80", 1},                     /* a tail without a head */
        {(const uint8_t *)"\xbf", 1},                     /* the last tail */
        {(const uint8_t *)"\xc3", 1},                     /* cut after one of two */
        {(const uint8_t *)"\xe2\x82", 2},                 /* cut after two of three */
        {(const uint8_t *)"\xf0\x9f\x92", 3},             /* cut after three of four */
        {(const uint8_t *)"\xc3(", 2},                    /* no tail after the head */
        {(const uint8_t *)"\xe2\x82(", 3},                /* the same, later */
        {(const uint8_t *)"\xc0\x80", 2},                 /* overlong NUL */
        {(const uint8_t *)"\xc0\xaf", 2},                 /* overlong slash */
        {(const uint8_t *)"\xc1\xbf", 2},                 /* overlong DEL */
        {(const uint8_t *)"\xe0\x80\xaf", 3},             /* overlong slash in three */
        {(const uint8_t *)"\xe0\x9f\xbf", 3},             /* overlong U+07FF */
        {(const uint8_t *)"\xf0\x80\x80\xaf", 4},         /* overlong slash in four */
        {(const uint8_t *)"\xf0\x8f\xbf\xbf", 4},         /* overlong U+FFFF */
        {(const uint8_t *)"\xed\xa0\x80", 3},             /* first surrogate */
        {(const uint8_t *)"\xed\xbf\xbf", 3},             /* last surrogate */
        {(const uint8_t *)"\xed\xa0\xbd\xed\xb2\x8a", 6}, /* a pair of them */
        {(const uint8_t *)"\xf4\x90\x80\x80", 4},         /* U+110000 */
        {(const uint8_t *)"\xf5\x80\x80\x80", 4},
        {(const uint8_t *)"\xf8\x88\x80\x80\x80", 5}, /* five bytes */
        {(const uint8_t *)"\xfe", 1},
        {(const uint8_t *)"\xff", 1},
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct buf out = {0};
        T_NOTE("(row %zu)", i);
        T_EQ(text_check(broken[i]), ERR_UTF8);
        T_EQ(text_check_name(broken[i]), ERR_UTF8);
        T_EQ(text_nfc(broken[i], &out, BYTES_MAX), ERR_UTF8);
        T_EQ(text_fold(broken[i], &out, BYTES_MAX), ERR_UTF8);
        T_EQ(out.n, 0);
        buf_free(&out);
    }
    T_EQ(text_check(BYTES(NULL, 0)), 0);
    T_EQ(text_check(of("\xf4\x8f\xbf\xbf")), 0);         /* U+10FFFF is the last */
    T_EQ(text_check(of("\xed\x9f\xbf\xee\x80\x80")), 0); /* beside the surrogates */
}

/* Every code point against a plain reading of the definition of UTF-8. */
T_CASE(text_check_takes_every_code_point_but_surrogates)
{
    for (int32_t p = 1; p < POINTS_END; p++) {
        uint8_t raw[4];
        size_t n = 0;
        if (p < 0x80) {
            raw[n++] = (uint8_t)p;
        } else {
            int tails = p < 0x800 ? 1 : p < 0x10000 ? 2 : 3;
            int heads[] = {0, 0xc0, 0xe0, 0xf0};
            raw[n++] = (uint8_t)(heads[tails] | p >> (6 * tails));
            while (tails-- > 0)
                raw[n++] = (uint8_t)(0x80 | (p >> (6 * tails) & 0x3f));
        }
        int want = p >= 0xd800 && p <= 0xdfff ? ERR_UTF8 : 0;
        if (text_check(BYTES(raw, n)) != want) {
            T_NOTE("(U+%04X)", (unsigned)p);
            T(false);
        }
    }
    T(true);
}

/* ---- cleaning ------------------------------------------------------------- */

struct clean_row {
    struct bytes in;
    const char *out;
    size_t removed;
};

#define ROW(in, out, removed)                                                          \
    {                                                                                  \
        {(const uint8_t *)(in), sizeof(in) - 1}, out, removed                          \
    }

static const struct clean_row clean_rows[] = {
    ROW("", "", 0),
    ROW("a\tb", "a b", 0),
    ROW("a\r\nb", "a\nb", 1),
    ROW("a\0b\x07\x08\x7f", "ab", 4),
    /* escape sequences go whole */
    ROW("\x1b[31mred\x1b[0m", "red", 9),
    ROW("\x1b[2J\x1b[1;1Hgone", "gone", 10),
    ROW("\x1b[?25l\x1b[38;2;1;2;3mx", "x", 19),
    ROW("\x1b]0;title\x07x", "x", 10),
    ROW("\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "link", 22),
    ROW("\x1b]52;c;YQ==\x07x", "x", 12),
    ROW("\x1bP1$r0m\x1b\\x", "x", 9),
    ROW("\x1b_app\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\x", "x", 20),
    ROW("\x1b"
        "c\x1b(B\x1b#8x",
        "x", 8),
    ROW("\x1b"
        "7\x1bMx",
        "x", 4),
    /* sequences without an end lose their opening, not what follows */
    ROW("\x1b", "", 1),
    ROW("\x1b[", "", 2),
    ROW("\x1b[31", "", 4),
    ROW("\x1b]0;secret", "0;secret", 2),
    ROW("\x1b]0;one\ntwo\x07", "0;one\ntwo", 3),
    ROW("\x1bPq\nhere", "q\nhere", 2),
    ROW("\x1b\nx", "\nx", 1),
    ROW("\x1b\x1b[1mx", "x", 5),
    ROW("\x1b[\x1b[1mx", "x", 6),
    ROW("\x1b[3\xc3\xa9", "\xc3\xa9", 3),
    ROW("\x1b\xc3\xa9", "\xc3\xa9", 1),
    /* the same with C1 controls, which are two bytes in UTF-8 */
    ROW("\xc2\x9b"
        "31mred",
        "red", 4),
    ROW("\xc2\x9d"
        "0;t\xc2\x9cx",
        "x", 5),
    ROW("\xc2\x9d"
        "0;t\x07x",
        "x", 5),
    ROW("\xc2\x90q\x1b\\x", "x", 4),
    ROW("\xc2\x85x\xc2\x80", "x", 2),
    ROW("\x9b"
        "31mx",
        "31mx", 1), /* a raw byte is no control in UTF-8 */
    /* direction */
    ROW("\xe2\x80\xaegnp.exe", "gnp.exe", 1),                         /* U+202E */
    ROW("\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad", "", 4),   /* U+202A..D */
    ROW("\xe2\x81\xa6x\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", "x", 4), /* U+2066..9 */
    ROW("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "", 3), /* U+200E, U+200F, U+061C */
    /* what is not seen */
    ROW("a\xe2\x80\x8b"
        "b\xe2\x80\x8c"
        "c\xe2\x80\x8d"
        "d",
        "abcd", 3),                                               /* ZWSP, ZWNJ, ZWJ */
    ROW("\xef\xbb\xbfx", "x", 1),                                 /* byte order mark */
    ROW("\xe2\x81\xa0\xe2\x81\xa1\xc2\xad\xe1\xa0\x8ex", "x", 4), /* WJ, fn, SHY, MVS */
    ROW("\xe2\x80\xa8\xe2\x80\xa9x", "x", 2),                     /* line, paragraph */
    ROW("\xef\xb8\x8f\xf3\xa0\x84\x80x", "x", 2),                 /* selectors */
    ROW("\xf3\xa0\x81\xa1x", "x", 1),                             /* a tag letter */
    ROW("\xcd\x8f\xe1\x85\x9f\xe3\x85\xa4\xef\xbe\xa0x", "x", 4), /* joiner, fillers */
    ROW("\xe2\xa0\x80\xe1\x9e\xb4x", "x", 2),         /* empty Braille cell */
    ROW("\xee\x80\x80\xf4\x8f\xbf\xbdx", "x", 2),     /* private use */
    ROW("\xef\xbf\xbe\xef\xbf\xbf\xcd\xb8x", "x", 3), /* unassigned */
    ROW("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac",
        "\xf0\x9f\x91\xa9\xf0\x9f\x94\xac", 1), /* a joined picture falls in two */
    /* broken bytes go one by one, good ones beside them stay */
    ROW("a\xc3(b\xff\xed\xa0\x80", "a(b", 5),
    ROW("\xc0\xaf\xe2\x82", "", 4),
    ROW("\xf0\x9f\x92\xf0\x9f\x92\x8a", "\xf0\x9f\x92\x8a", 3),
};

T_CASE(text_clean_leaves_nothing_that_moves_or_hides)
{
    for (size_t i = 0; i < sizeof clean_rows / sizeof *clean_rows; i++) {
        struct buf out = {0}, again = {0};
        size_t removed = 99;
        T_NOTE("(row %zu)", i);
        T_EQ(text_clean(clean_rows[i].in, &out, BYTES_MAX, &removed), 0);
        expect(&out, clean_rows[i].out);
        T_EQ(removed, clean_rows[i].removed);
        T_EQ(text_clean(BUF_BYTES(&out), &again, BYTES_MAX, &removed), 0);
        T_EQ(removed, 0); /* clean text is clean */
        T(bytes_equal(BUF_BYTES(&again), BUF_BYTES(&out)));
        buf_free(&out);
        buf_free(&again);
    }
}

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (uint32_t)(random_state >> 33) % bound;
}

/* Soups of the dangerous pieces never leave a control, and cleaning is final. */
T_CASE(text_clean_of_any_soup_is_clean)
{
    static const char *const pieces[] = {
        "\x1b",     "[",        "]",        "P",    "\x07", "\x1b\\",
        "\xc2\x9b", "\xc2\x9c", "\xc2\x9d", "m",    "3",    ";",
        " ",        "\n",       "\xc3\xa9", "\xc2", "\x9b", "\xe2\x80\xae",
        "\xff",
    };
    enum { PIECES = sizeof pieces / sizeof *pieces };
    for (int i = 0; i < 20000; i++) {
        uint8_t memory[64];
        struct room text = ROOM_OF(memory);
        size_t removed = 0;
        struct buf out = {0}, again = {0};
        random_state = (uint64_t)i;
        for (uint32_t n = random_below(14); n > 0; n--)
            T_NEED(room_append(&text, of(pieces[random_below(PIECES)])) == 0);
        T_NOTE("(soup %d)", i);
        T_NEED(text_clean(BUF_BYTES(&text), &out, BYTES_MAX, &removed) == 0);
        T((removed == 0) == (out.n == text.n));
        T_NEED(text_check(BUF_BYTES(&out)) == 0);
        for (size_t k = 0; k < out.n; k++)
            T(out.p[k] == '\n' || (out.p[k] >= 0x20 && out.p[k] != 0x7f));
        T_NEED(text_clean(BUF_BYTES(&out), &again, BYTES_MAX, &removed) == 0);
        T(removed == 0 && bytes_equal(BUF_BYTES(&out), BUF_BYTES(&again)));
        buf_free(&out);
        buf_free(&again);
    }
}

T_CASE(text_functions_append_and_keep_what_was_there)
{
    struct buf out = {0};
    size_t removed;
    T_NEED(buf_append(&out, of("say: "), 10) == 0);
    T_EQ(text_clean(of("hi\x1b[m"), &out, 10, &removed), 0);
    expect(&out, "say: hi");
    T_EQ(text_clean(of("there"), &out, 10, &removed), ERR_TOOBIG);
    T_EQ(text_nfc(of("there"), &out, 10), ERR_TOOBIG);
    T_EQ(text_fold(of("there"), &out, 10), ERR_TOOBIG);
    T_EQ(text_fold(of("a  bcd"), &out, 10), ERR_TOOBIG);
    expect(&out, "say: hi");
    T_EQ(text_nfc(of("!"), &out, 10), 0);
    T_EQ(text_fold(of(" A "), &out, 10), 0);
    T_EQ(text_nfc(BYTES(NULL, 0), &out, 10), 0);
    T_EQ(text_fold(of("   "), &out, 10), 0);
    expect(&out, "say: hi!a");
    buf_free(&out);
}

/* ---- normal forms --------------------------------------------------------- */

T_CASE(text_nfc_composes)
{
    static const char *const pairs[][2] = {
        {"e\xcc\x81", "\xc3\xa9"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"plain", "plain"},
        {"\xc5\xbc\xe2\x84\xab", "\xc5\xbc\xc3\x85"}, /* Angstrom sign */
        {"a\xcc\xa8\xcc\x81", "\xc4\x85\xcc\x81"},    /* Polish a, then acute */
        {"a\xcc\x81\xcc\xa8", "\xc4\x85\xcc\x81"},    /* marks in the other order */
        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"}, /* Hangul */
        {"\xef\xac\x81", "\xef\xac\x81"}, /* a ligature stays: no K in NFC */
        {"I\xcc\x87", "\xc4\xb0"},        /* Turkish capital */
        {"\xd8\xa7\xd9\x93", "\xd8\xa2"}, /* alef and madda */
        {"a\nb", "a\nb"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf out = {0};
        T_NOTE("(row %zu)", i);
        T_EQ(text_nfc(of(pairs[i][0]), &out, BYTES_MAX), 0);
        expect(&out, pairs[i][1]);
        buf_free(&out);
    }
}

T_CASE(text_nfc_agrees_with_utf8proc)
{
    for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++) {
        struct buf out = {0};
        const utf8proc_uint8_t *text = (const utf8proc_uint8_t *)ordinary[i];
        utf8proc_uint8_t *theirs = utf8proc_NFC(text);
        T_NOTE("(%s)", ordinary[i]);
        T_EQ(text_nfc(of(ordinary[i]), &out, BYTES_MAX), 0);
        T_NEED(theirs != NULL);
        expect(&out, (const char *)theirs);
        free(theirs);
        buf_free(&out);
    }
}

T_CASE(text_fold_makes_careless_names_equal)
{
    static const char *const pairs[][2] = {
        {"Wren", "wren"},
        {"  Two \t words\n", "two words"},
        {"\xc2\xa0"
         "A\xe2\x80\x83"
         "B",
         "a b"}, /* NBSP, em space */
        {"STRA\xc3\x9f"
         "E",
         "strasse"},
        {"\xef\xbc\xb7\xef\xbd\x92"
         "en",
         "wren"},                 /* wide letters */
        {"\xef\xac\x81x", "fix"}, /* ligature */
        {"E\xcc\x81ric", "\xc3\xa9ric"},
        {"w\xe2\x80\x8bren", "wren"}, /* ZWSP */
        {"w\xef\xb8\x8fren", "wren"}, /* a selector */
        {"\xc5\x81\xc3\x93"
         "D\xc5\xb9",
         "\xc5\x82\xc3\xb3"
         "d\xc5\xba"},
        {"\xc4\xb0pek", "i\xcc\x87pek"},          /* dotted capital */
        {"\xc4\xb1", "\xc4\xb1"},                 /* dotless stays dotless */
        {"\xce\xa3\xcf\x82", "\xcf\x83\xcf\x83"}, /* sigmas */
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf out = {0};
        T_NOTE("(row %zu)", i);
        T_EQ(text_fold(of(pairs[i][0]), &out, BYTES_MAX), 0);
        expect(&out, pairs[i][1]);
        buf_free(&out);
    }
}

/* The key of a key is the key, for every single code point before a letter. */
T_CASE(text_fold_is_final)
{
    for (int32_t p = 1; p < POINTS_END; p++) {
        uint8_t raw[8] = {'Q'};
        if (p >= 0xd800 && p <= 0xdfff)
            continue;
        size_t n = 1 + (size_t)utf8proc_encode_char(p, raw + 1);
        raw[n++] = 'a';
        struct buf once = {0}, twice = {0};
        int err = text_fold(BYTES(raw, n), &once, BYTES_MAX);
        if (err == 0)
            err = text_fold(BUF_BYTES(&once), &twice, BYTES_MAX);
        if (err != 0 || !bytes_equal(BUF_BYTES(&once), BUF_BYTES(&twice))) {
            T_NOTE("(U+%04X)", (unsigned)p);
            T(false);
        }
        buf_free(&once);
        buf_free(&twice);
    }
    T(true);
}

/* Spellings that Unicode calls equal have one key, and it is final, whatever marks
 * stand in whatever order. */
T_CASE(text_fold_does_not_see_spelling)
{
    static const char *const pieces[] = {
        "A",
        "\xce\xb1",
        "\xce\x91",
        "\xcd\x85",
        "\xcc\x81",
        "\xcc\x87",
        "I",
        "\xc4\xb0",
        "\xe1\xbe\xb4",
        "\xe1\xba\x9e",
        "\xcd\x8f",
        "\xcc\xa8",
        "\xcd\x84",
        "\xe1\x84\x92",
        "\xe1\x85\xa1",
        "\xef\xac\x81",
        " ",
    };
    enum { PIECES = sizeof pieces / sizeof *pieces };
    for (int i = 0; i < 20000; i++) {
        struct buf text = {0}, key = {0}, again = {0}, other = {0};
        random_state = (uint64_t)i;
        for (uint32_t n = random_below(6); n > 0; n--)
            T_NEED(buf_append(&text, of(pieces[random_below(PIECES)]), BYTES_MAX) == 0);
        T_NEED(buf_append(&text, BYTES("", 1), BYTES_MAX) == 0); /* ends it for NFD */
        utf8proc_uint8_t *nfd = utf8proc_NFD(text.p);
        T_NEED(nfd != NULL);
        T_NOTE("(%s)", (const char *)text.p);
        T_EQ(text_fold(BYTES(text.p, text.n - 1), &key, BYTES_MAX), 0);
        T_EQ(text_fold(of((const char *)nfd), &other, BYTES_MAX), 0);
        T_EQ(text_fold(BUF_BYTES(&key), &again, BYTES_MAX), 0);
        T(bytes_equal(BUF_BYTES(&key), BUF_BYTES(&other)));
        T(bytes_equal(BUF_BYTES(&key), BUF_BYTES(&again)));
        free(nfd);
        buf_free(&text);
        buf_free(&key);
        buf_free(&again);
        buf_free(&other);
    }
}

/* ---- width and names ------------------------------------------------------ */

T_CASE(text_width_counts_columns)
{
    T_EQ(text_width(of("")), 0);
    T_EQ(text_width(of("Wren")), 4);
    T_EQ(text_width(of("e\xcc\x81")), 1);
    T_EQ(text_width(of("\xe6\x97\xa5\xe6\x9c\xac")), 4);
    T_EQ(text_width(of("\xf0\x9f\x92\x8a")), 2);
    T_EQ(text_width(of("\xd8\xb3\xd9\x91\xd9\x8e")), 1);
    T_EQ(text_width(of("ab\xff")), 0);
}

static int name_of(const char *piece, int times)
{
    uint8_t memory[512];
    struct room name = ROOM_OF(memory);
    for (int i = 0; i < times; i++)
        if (room_append(&name, of(piece)) < 0)
            return ERR_NOSPACE;
    return text_check_name(BUF_BYTES(&name));
}

T_CASE(text_check_name_has_bounds)
{
    T_EQ(name_of("a", 1), 0);
    T_EQ(name_of("a", 40), 0);
    T_EQ(name_of("a", 41), ERR_TOOBIG);
    T_EQ(name_of("\xe6\x97\xa5", 20), 0);
    T_EQ(name_of("\xe6\x97\xa5", 21), ERR_TOOBIG);
    T_EQ(name_of("\xd8\xb3", 40), 0);
    T_EQ(name_of("e\xcc\x81", 40), 0);
    T_EQ(name_of("e\xcc\x81\xcc\x81\xcc\x81", 22), 0); /* 154 bytes */
    T_EQ(name_of("e\xcc\x81\xcc\x81\xcc\x81", 23), ERR_TOOBIG);
    T_EQ(name_of("\xf0\x90\x8c\xb0", LIMIT_NAME_BYTES_MAX / 4), 0); /* Gothic */
    T_EQ(name_of("", 0), ERR_EMPTY);
    T_EQ(text_check_name(BYTES(NULL, 0)), ERR_EMPTY);
    T_EQ(name_of(" ", 3), ERR_EMPTY);
    T_EQ(name_of("\xc2\xa0\xe2\x80\x83", 2), ERR_EMPTY); /* wide spaces */
    T_EQ(name_of(" \xcc\x81", 1), ERR_EMPTY);            /* a mark on nothing */
}

T_CASE(text_check_name_refuses_what_cleaning_changes)
{
    static const char *const bad[] = {
        "a\nb",
        "a\tb",
        "a\x1b[31m",
        "\xe2\x80\xae"
        "a",
        "a\xe2\x80\x8b",
        "\xef\xbb\xbf"
        "a",
        "a\x7f",
        "a\xc2\x9b",
        "\xe2\xa0\x80",
        "a\xe2\x80\xa8",
        "a\xee\x80\x80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        T_NOTE("(row %zu)", i);
        T_EQ(text_check_name(of(bad[i])), ERR_MALFORMED);
    }
    T_EQ(text_check_name(SPAN("a\0")), ERR_UTF8);
}

/* Plain ASCII has a shorter way, which must come to the same: one letter of another
 * kind behind it takes the longer one. */
T_CASE(ascii_is_folded_as_everything_is)
{
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 3000; round++) {
        struct buf plain = {0}, other = {0}, ascii = {0}, longer = {0};
        uint8_t text[64];
        size_t n = 0;
        for (; n < (size_t)(round % 60); n++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            text[n] = (uint8_t)(seed % 4 == 0 ? ' ' : 1 + seed % 127);
        }
        T_EQ(buf_append(&plain, BYTES(text, n), 128), 0);
        T_EQ(buf_append(&other, BYTES(text, n), 128), 0);
        T_EQ(buf_append(&plain, BYTES("x", 1), 128), 0);
        T_EQ(buf_append(&other, BYTES("x\xc3\xa9", 3), 128), 0);
        T_EQ(round % 2 ? text_fold(BUF_BYTES(&plain), &ascii, 128)
                       : text_bare(BUF_BYTES(&plain), &ascii, 128),
             0);
        T_EQ(round % 2 ? text_fold(BUF_BYTES(&other), &longer, 128)
                       : text_bare(BUF_BYTES(&other), &longer, 128),
             0);
        longer.n -= round % 2 ? 2 : 1; /* the last letter */
        T(bytes_equal(BUF_BYTES(&ascii), BUF_BYTES(&longer)));
        buf_free(&plain);
        buf_free(&other);
        buf_free(&ascii);
        buf_free(&longer);
    }
    struct buf out = {0};
    T_EQ(text_fold(SPAN("a\0"), &out, 10), ERR_UTF8);
    T_EQ(text_fold(of("abcdef"), &out, 5), ERR_TOOBIG);
    T_EQ(out.n, 0);
    buf_free(&out);
}

T_RUN()
