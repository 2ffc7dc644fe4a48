/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pdf.c -- a page as PDF: nine objects, and where each begins. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "paper/paper_int.h"

enum {
    CATALOG = 1,
    PAGES,
    PAGE,
    CONTENTS,
    FONT,
    SHAPES,
    BOUNDS,
    FILE_OF_FONT,
    LETTERS
};
enum { OBJECTS = LETTERS, WORDS_BYTES = 320, LETTERS_A_BLOCK = 100 };

struct pdf {
    struct buf *out;
    size_t start, at[OBJECTS + 1];
    int err;
};

static void put(struct pdf *d, struct bytes b)
{
    if (!d->err)
        d->err = buf_append(d->out, b, PAPER_PDF_BYTES_MAX);
}

__attribute__((format(printf, 2, 3))) static void say(struct pdf *d, const char *format,
                                                      ...)
{
    char text[WORDS_BYTES];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (n < 0 || n >= WORDS_BYTES)
        d->err = d->err ? d->err : ERR_NOSPACE;
    else
        put(d, BYTES(text, n));
}

static void begin(struct pdf *d, int object)
{
    d->at[object] = d->out->n - d->start;
    say(d, "%d 0 obj\n", object);
}

static void put_stream(struct pdf *d, int object, struct bytes b)
{
    begin(d, object);
    say(d, "<< /Length %zu ", b.n);
    if (object == FILE_OF_FONT)
        say(d, "/Length1 %zu ", b.n);
    say(d, ">>\nstream\n");
    put(d, b);
    say(d, "\nendstream\nendobj\n");
}

static void put_tree(struct pdf *d)
{
    begin(d, CATALOG);
    say(d, "<< /Type /Catalog /Pages %d 0 R >>\nendobj\n", PAGES);
    begin(d, PAGES);
    say(d, "<< /Type /Pages /Kids [%d 0 R] /Count 1 >>\nendobj\n", PAGE);
    begin(d, PAGE);
    say(d,
        "<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R "
        "/Resources << /Font << /F %d 0 R >> >> >>\nendobj\n",
        PAGES, A4_WIDTH, A4_HEIGHT, CONTENTS, FONT);
}

static void put_font(struct pdf *d, const struct paper *p)
{
    const struct font *f = &p->font;
    begin(d, FONT);
    say(d,
        "<< /Type /Font /Subtype /Type0 /BaseFont /PAGEAA+Page /Encoding /Identity-H "
        "/DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>\nendobj\n",
        SHAPES, LETTERS);
    begin(d, SHAPES);
    say(d,
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /PAGEAA+Page /CIDSystemInfo "
        "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        "/CIDToGIDMap /Identity /FontDescriptor %d 0 R /W [\n",
        BOUNDS);
    for (unsigned i = 0; i < f->glyphs; i++)
        if (p->used[i])
            say(d, "%u [%u]\n", i, font_advance(f, (uint16_t)i));
    say(d, "] >>\nendobj\n");
    begin(d, BOUNDS);
    say(d,
        "<< /Type /FontDescriptor /FontName /PAGEAA+Page /Flags 4 /FontBBox "
        "[%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d "
        "/StemV 80 /FontFile2 %d 0 R >>\nendobj\n",
        font_thousandths(f, f->box[0]), font_thousandths(f, f->box[1]),
        font_thousandths(f, f->box[2]), font_thousandths(f, f->box[3]),
        font_thousandths(f, f->ascent), font_thousandths(f, f->descent),
        font_thousandths(f, f->ascent), FILE_OF_FONT);
}

/* One letter as UTF-16 in hexadecimal digits. */
static void say_letter(struct pdf *d, unsigned glyph, uint32_t letter)
{
    if (letter < 0x10000)
        say(d, "<%04X> <%04" PRIX32 ">\n", glyph, letter);
    else
        say(d, "<%04X> <%04" PRIX32 "%04" PRIX32 ">\n", glyph,
            0xd800 + ((letter - 0x10000) >> 10), 0xdc00 + (letter & 0x3ff));
}

/* Which letter each shape is, so that a page on a screen can be read aloud. */
static void put_letters(struct pdf *d, const struct paper *p)
{
    struct buf map = {0};
    struct pdf inner = {.out = &map};
    unsigned left = 0, block = 0;
    for (unsigned i = 1; i < p->font.glyphs; i++)
        left += p->used[i] && p->letters[i] != 0;
    say(&inner, "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
                "/CMapName /Page def /CMapType 2 def\n"
                "1 begincodespacerange <0000> <FFFF> endcodespacerange\n");
    for (unsigned i = 1; i < p->font.glyphs; i++) {
        if (!p->used[i] || p->letters[i] == 0)
            continue;
        if (block == 0) {
            block = left < LETTERS_A_BLOCK ? left : LETTERS_A_BLOCK;
            left -= block;
            say(&inner, "%u beginbfchar\n", block);
        }
        say_letter(&inner, i, p->letters[i]);
        if (--block == 0)
            say(&inner, "endbfchar\n");
    }
    say(&inner, "endcmap CMapName currentdict /CMap defineresource pop end end\n");
    if (!d->err)
        d->err = inner.err;
    put_stream(d, LETTERS, BUF_BYTES(&map));
    buf_free(&map);
}

static void put_end(struct pdf *d)
{
    size_t at = d->out->n - d->start;
    say(d, "xref\n0 %d\n0000000000 65535 f \n", OBJECTS + 1);
    for (int i = 1; i <= OBJECTS; i++)
        say(d, "%010zu 00000 n \n", d->at[i]);
    say(d, "trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
        OBJECTS + 1, CATALOG, at);
}

int paper_write(struct paper *p, struct buf *out)
{
    struct pdf d = {.out = out, .start = out->n};
    struct buf shapes = {0};
    d.err = font_subset(&p->font, p->used, &shapes);
    say(&d, "%%PDF-1.4\n%%\xe2\xe3\xcf\xd3\n");
    put_tree(&d);
    put_stream(&d, CONTENTS, BUF_BYTES(&p->contents));
    put_font(&d, p);
    put_stream(&d, FILE_OF_FONT, BUF_BYTES(&shapes));
    put_letters(&d, p);
    put_end(&d);
    buf_free(&shapes);
    return d.err;
}
