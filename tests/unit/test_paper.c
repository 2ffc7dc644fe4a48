/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_paper.c -- the page: what fits, what is missing, what it must not say; and fonts
 * that are broken everywhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "paper/font.h"
#include "paper/paper.h"
#include "tests/lib/t.h"

#define FONT "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

static struct buf font;

static bool font_read(void)
{
    uint8_t part[65536];
    FILE *f = font.n == 0 ? fopen(FONT, "rb") : NULL;
    size_t n = 0;
    while (f && (n = fread(part, 1, sizeof part, f)) > 0)
        CHECK(buf_append(&font, BYTES(part, n), SIZE_MAX) == 0);
    if (f)
        (void)fclose(f);
    return font.n > 0;
}

static struct bytes text_of(const char *s)
{
    return BYTES(s, strlen(s));
}

static bool holds(const struct buf *b, const char *what)
{
    return memmem(b->p, b->n, what, strlen(what)) != NULL;
}

T_CASE(letters_of_the_people_who_use_it_have_shapes)
{
    struct font f;
    static const uint32_t letters[] = {0x41,  0x105, 0x119,  0x142,  0x17c,
                                       0x103, 0x219, 0x21b,  0x11f,  0x131,
                                       0x130, 0x15f, 0xfe8d, 0xfedf, 0x416};
    T_NEED(font_read() && font_open(&f, BUF_BYTES(&font)) == 0);
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        T(font_glyph(&f, letters[i]) != 0);
    T_EQ(font_glyph(&f, 0x1f984), 0);
    T_EQ(font_glyph(&f, UINT32_MAX), 0);
    T(font_advance(&f, font_glyph(&f, 'W')) > font_advance(&f, font_glyph(&f, 'i')));
}

T_CASE(a_part_of_a_font_is_a_font_with_the_same_shapes)
{
    struct font f, g;
    struct buf out = {0};
    T_NEED(font_read() && font_open(&f, BUF_BYTES(&font)) == 0);
    bool *used = calloc(f.glyphs, sizeof *used);
    T_NEED(used != NULL);
    uint16_t plain = font_glyph(&f, 'o'), both = font_glyph(&f, 0xf6); /* o and dots */
    used[both] = true;
    T_EQ(font_subset(&f, used, &out), 0);
    T(used[0]);
    T(used[plain] || out.n > 1000); /* put together, or drawn as one */
    T(out.n < font.n / 4);
    /* A map of letters is not in it: only the page knows which shape is which. */
    T_EQ(font_open(&g, BUF_BYTES(&out)), ERR_MALFORMED);
    T(!holds(&out, "DejaVu") && holds(&out, "glyf") && holds(&out, "loca"));
    buf_free(&out);
    free(used);
}

T_CASE(a_full_page_says_so_and_what_is_measured_is_what_is_taken)
{
    struct paper *p = NULL;
    unsigned height = 0, lines = 0;
    T_NEED(font_read() && paper_new(&p, BUF_BYTES(&font)) == 0);
    T_EQ(paper_height(p, text_of("one\ntwo"), PAPER_TEXT_POINTS, &height), 0);
    unsigned before = paper_room(p);
    T_EQ(paper_add(p, text_of("one\ntwo"), PAPER_TEXT_POINTS), 0);
    T_EQ(before - paper_room(p), height);
    while (paper_add(p, text_of("a line"), PAPER_TEXT_POINTS) == 0)
        lines++;
    T(lines > 25 && lines < 40);
    T(paper_room(p) < height);
    T_EQ(paper_add(p, text_of("x"), PAPER_TEXT_POINTS), ERR_FULL);
    paper_skip(p, 100000);
    T_EQ(paper_room(p), 0);
    paper_free(p);
}

T_CASE(long_lines_are_broken_and_words_without_an_end_too)
{
    struct paper *p = NULL;
    unsigned one = 0, spaced = 0, solid = 0;
    char words[2001], word[2001];
    for (size_t i = 0; i < 2000; i++)
        words[i] = i % 8 == 7 ? ' ' : 'n', word[i] = 'n';
    words[2000] = word[2000] = '\0';
    T_NEED(font_read() && paper_new(&p, BUF_BYTES(&font)) == 0);
    T_EQ(paper_height(p, text_of(""), PAPER_TEXT_POINTS, &one), 0);
    T_EQ(paper_height(p, text_of(words), PAPER_TEXT_POINTS, &spaced), 0);
    T_EQ(paper_height(p, text_of(word), PAPER_TEXT_POINTS, &solid), 0);
    T(one > 0 && spaced > 30 * one && solid > 30 * one);
    paper_free(p);
}

T_CASE(letters_without_a_shape_are_counted)
{
    struct paper *p = NULL;
    T_NEED(font_read() && paper_new(&p, BUF_BYTES(&font)) == 0);
    T_EQ(paper_add(p, text_of("Za\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87 plain"), 16), 0);
    T_EQ(paper_missing(p), 0);
    T_EQ(paper_add(p, text_of("a \xf0\x9f\xa6\x84 b \xe6\xbc\xa2"), 16), 0);
    T_EQ(paper_missing(p), 2);
    paper_free(p);
}

T_CASE(the_pdf_says_nothing_of_who_when_and_with_what)
{
    static const char *const never[] = {
        "/Info",   "/Producer", "/Creator", "/CreationDate", "/ModDate", "/Title",
        "/Author", "/Metadata", "/ID",      "kring",         "DejaVu",   "xmp"};
    struct paper *p = NULL;
    struct buf out = {0};
    T_NEED(font_read() && paper_new(&p, BUF_BYTES(&font)) == 0);
    T_EQ(paper_add(p, text_of("a text \xd8\xb3\xd9\x84\xd8\xa7\xd9\x85"), 16), 0);
    T_EQ(paper_write(p, &out), 0);
    T(holds(&out, "%PDF-1.4") && holds(&out, "%%EOF") && holds(&out, "[0 0 595 842]"));
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        T(!holds(&out, never[i]));
    buf_free(&out);
    paper_free(p);
}

T_CASE(the_same_page_gives_the_same_bytes)
{
    struct buf out[2] = {{0}};
    T_NEED(font_read());
    for (int i = 0; i < 2; i++) {
        struct paper *p = NULL;
        T_NEED(paper_new(&p, BUF_BYTES(&font)) == 0);
        T_EQ(paper_add(p, text_of("again"), 16), 0);
        T_EQ(paper_write(p, &out[i]), 0);
        paper_free(p);
    }
    T(bytes_equal(BUF_BYTES(&out[0]), BUF_BYTES(&out[1])));
    buf_free(&out[0]);
    buf_free(&out[1]);
}

/* A page with some font: it works or is refused, and never reads outside. */
static void try_font(struct bytes file)
{
    struct paper *p = NULL;
    struct buf out = {0};
    int err = paper_new(&p, file);
    if (!err)
        err = paper_add(p, text_of("T\xc3\xb6st \xd8\xb3\xd9\x84 fi"), 16);
    if (!err)
        err = paper_write(p, &out);
    T(err == 0 || err == ERR_MALFORMED || err == ERR_TOOBIG || err == ERR_FULL);
    buf_free(&out);
    paper_free(p);
}

T_CASE(a_broken_font_breaks_nothing)
{
    uint64_t dice = 88172645463325252U;
    T_NEED(font_read());
    for (size_t n = 0; n < font.n; n += font.n / 97 + 1) {
        uint8_t *cut = malloc(n + 1); /* so that a reading past the end is seen */
        T_NEED(cut != NULL);
        memcpy(cut, font.p, n);
        try_font(BYTES(cut, n));
        free(cut);
    }
    uint8_t *copy = malloc(font.n);
    T_NEED(copy != NULL);
    for (int i = 0; i < 300; i++) {
        memcpy(copy, font.p, font.n);
        for (int k = 0; k < 40; k++) {
            dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
            size_t most = k < 30 ? 700 : font.n; /* the directory above all */
            copy[dice % most] = (uint8_t)(dice >> 40);
        }
        put_u32(copy, 0x00010000);
        try_font(BYTES(copy, font.n));
    }
    free(copy);
}

T_CASE(a_text_as_long_as_may_be_is_measured_in_time)
{
    struct paper *p = NULL;
    unsigned height = 0;
    char *text = malloc(65537);
    T_NEED(text && font_read() && paper_new(&p, BUF_BYTES(&font)) == 0);
    for (size_t i = 0; i < 65536; i++)
        text[i] = "(["[i % 2];
    text[65536] = '\0';
    T_EQ(paper_height(p, text_of(text), PAPER_TEXT_POINTS, &height), 0);
    T(height > 10000);
    free(text);
    paper_free(p);
    buf_free(&font);
}

T_RUN()
