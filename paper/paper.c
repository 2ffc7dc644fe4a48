/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* paper.c -- paragraphs to lines, lines to shapes. */
#include "paper/paper.h"

#include <fribidi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paper/paper_int.h"

enum { LINE_NUM = 13, LINE_DEN = 10, SPACE = ' ', DRAW_BYTES = 64 };

/* A paragraph at work: arrays of `n`, one entry a letter, in the order of reading. */
struct paragraph {
    FriBidiStrIndex n;
    FriBidiChar *letters, *shaped;
    FriBidiCharType *types;
    FriBidiBracketType *brackets;
    FriBidiLevel *levels;
    FriBidiArabicProp *joins;
    FriBidiStrIndex *map;
    FriBidiParType direction;
};

static unsigned line_height(unsigned points)
{
    return points * LINE_NUM / LINE_DEN;
}

static void drop(void *p, size_t bytes)
{
    if (p)
        wipe(p, bytes);
    free(p);
}

static void paragraph_free(struct paragraph *g)
{
    size_t n = (size_t)g->n + 1;
    drop(g->letters, n * sizeof *g->letters);
    drop(g->shaped, n * sizeof *g->shaped);
    drop(g->types, n * sizeof *g->types);
    drop(g->brackets, n * sizeof *g->brackets);
    drop(g->levels, n * sizeof *g->levels);
    drop(g->joins, n * sizeof *g->joins);
    drop(g->map, n * sizeof *g->map);
}

/* Join the letters and find which way each of them runs. */
static int paragraph_shape(struct paragraph *g)
{
    g->direction = FRIBIDI_PAR_ON;
    fribidi_get_bidi_types(g->letters, g->n, g->types);
    fribidi_get_bracket_types(g->letters, g->n, g->types, g->brackets);
    if (g->n > 0 && fribidi_get_par_embedding_levels_ex(g->types, g->brackets, g->n,
                                                        &g->direction, g->levels) == 0)
        return ERR_NOMEM;
    fribidi_get_joining_types(g->letters, g->n, g->joins);
    fribidi_join_arabic(g->types, g->n, g->levels, g->joins);
    memcpy(g->shaped, g->letters, (size_t)g->n * sizeof *g->shaped);
    fribidi_shape(FRIBIDI_FLAGS_DEFAULT | FRIBIDI_FLAGS_ARABIC, g->levels, g->n,
                  g->joins, g->shaped);
    for (FriBidiStrIndex i = 0; i < g->n; i++)
        g->map[i] = i;
    return 0;
}

static int paragraph_make(struct paragraph *g, struct bytes text)
{
    size_t n = text.n + 1; /* no text has more letters than bytes */
    *g = (struct paragraph){.n = (FriBidiStrIndex)text.n};
    g->letters = calloc(n, sizeof *g->letters);
    g->shaped = calloc(n, sizeof *g->shaped);
    g->types = calloc(n, sizeof *g->types);
    g->brackets = calloc(n, sizeof *g->brackets);
    g->levels = calloc(n, sizeof *g->levels);
    g->joins = calloc(n, sizeof *g->joins);
    g->map = calloc(n, sizeof *g->map);
    if (!g->letters || !g->shaped || !g->types || !g->brackets || !g->levels ||
        !g->joins || !g->map)
        return ERR_NOMEM;
    if (text.n > 0)
        g->n = fribidi_charset_to_unicode(FRIBIDI_CHAR_SET_UTF8, (const char *)text.p,
                                          g->n, g->letters);
    return paragraph_shape(g);
}

/* ---- lines --------------------------------------------------------------- */

/* In thousandths of the type's size. */
static unsigned width_of(const struct paper *p, FriBidiChar letter)
{
    if (letter == FRIBIDI_CHAR_FILL)
        return 0;
    return font_advance(&p->font, font_glyph(&p->font, letter));
}

/* How many letters from `from` make a line; spaces at its end may pass the edge. */
static FriBidiStrIndex line_take(const struct paper *p, const struct paragraph *g,
                                 FriBidiStrIndex from, unsigned points)
{
    unsigned most = (A4_WIDTH - 2 * MARGIN) * 1000 / points, width = 0;
    FriBidiStrIndex space = 0;
    for (FriBidiStrIndex i = from; i < g->n; i++) {
        width += width_of(p, g->shaped[i]);
        if (g->shaped[i] == SPACE)
            space = i + 1 - from;
        else if (width > most)
            return space > 0 ? space : i > from ? i - from : 1;
    }
    return g->n - from;
}

__attribute__((format(printf, 2, 3))) static int draw(struct paper *p,
                                                      const char *format, ...)
{
    char text[DRAW_BYTES];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return n < 0 || n >= DRAW_BYTES
               ? ERR_NOSPACE
               : buf_append(&p->contents, BYTES(text, n), PAPER_PDF_BYTES_MAX);
}

/* A shape, and which letter a reader of the page's text gets for it: the one that was
 * written, unless two were joined into one. */
static int draw_letter(struct paper *p, FriBidiChar shaped, FriBidiChar written)
{
    bool two = shaped >= 0xfef5 && shaped <= 0xfefc;
    if (shaped == FRIBIDI_CHAR_FILL)
        return 0;
    uint16_t glyph = font_glyph(&p->font, shaped);
    p->missing += glyph == 0;
    p->used[glyph] = true;
    if (p->letters[glyph] == 0)
        p->letters[glyph] = two ? shaped : written;
    return draw(p, "%04X", glyph);
}

/* One line as it stands from left to right. */
static int draw_line(struct paper *p, struct paragraph *g, FriBidiStrIndex from,
                     FriBidiStrIndex n, unsigned points)
{
    unsigned width = 0, x = MARGIN;
    while (n > 0 && g->shaped[from + n - 1] == SPACE)
        n--;
    for (FriBidiStrIndex i = 0; i < n; i++)
        width += width_of(p, g->shaped[from + i]);
    if (FRIBIDI_IS_RTL(g->direction))
        x = A4_WIDTH - MARGIN - width * points / 1000;
    if (n > 0 && fribidi_reorder_line(FRIBIDI_FLAGS_DEFAULT, g->types, n, from,
                                      g->direction, g->levels, g->shaped, g->map) == 0)
        return ERR_NOMEM;
    int err = draw(p, "BT /F %u Tf %u %u Td <", points, x, A4_HEIGHT - p->y - points);
    for (FriBidiStrIndex i = from; i < from + n && !err; i++)
        err = draw_letter(p, g->shaped[i], g->letters[g->map[i]]);
    if (!err)
        err = draw(p, "> Tj ET\n");
    p->y += line_height(points);
    return err;
}

/* Lines of one paragraph: drawn, or only counted. */
static int paragraph_lines(struct paper *p, struct bytes text, unsigned points,
                           unsigned *lines)
{
    struct paragraph g;
    FriBidiStrIndex at = 0;
    int err = paragraph_make(&g, text);
    while (!err && (at < g.n || (at == 0 && g.n == 0))) {
        FriBidiStrIndex n = line_take(p, &g, at, points);
        if (lines)
            (*lines)++;
        else if (paper_room(p) < line_height(points))
            err = ERR_FULL;
        else
            err = draw_line(p, &g, at, n, points);
        at += n;
        if (g.n == 0)
            break;
    }
    paragraph_free(&g);
    return err;
}

static int text_lines(struct paper *p, struct bytes text, unsigned points,
                      unsigned *lines)
{
    int err = 0;
    bool more = true;
    while (more && !err) {
        const uint8_t *end = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
        size_t n = end ? (size_t)(end - text.p) : text.n;
        err = paragraph_lines(p, BYTES(text.p, n), points, lines);
        more = end != NULL;
        if (more)
            text = BYTES(text.p + n + 1, text.n - n - 1);
    }
    return err;
}

/* ---- the page ------------------------------------------------------------ */

int paper_new(struct paper **out, struct bytes font_file)
{
    struct paper *p = calloc(1, sizeof *p);
    int err = p ? font_open(&p->font, font_file) : ERR_NOMEM;
    if (!err) {
        p->used = calloc(p->font.glyphs, sizeof *p->used);
        p->letters = calloc(p->font.glyphs, sizeof *p->letters);
        p->y = MARGIN;
        err = p->used && p->letters ? 0 : ERR_NOMEM;
    }
    if (err)
        paper_free(p);
    else
        *out = p;
    return err;
}

unsigned paper_room(const struct paper *p)
{
    return p->y < A4_HEIGHT - MARGIN ? A4_HEIGHT - MARGIN - p->y : 0;
}

int paper_height(struct paper *p, struct bytes text, unsigned points, unsigned *height)
{
    unsigned lines = 0;
    int err = text_lines(p, text, points, &lines);
    *height = lines * line_height(points);
    return err;
}

void paper_skip(struct paper *p, unsigned points)
{
    p->y += points < paper_room(p) ? points : paper_room(p);
}

int paper_add(struct paper *p, struct bytes text, unsigned points)
{
    return text_lines(p, text, points, NULL);
}

size_t paper_missing(const struct paper *p)
{
    return p->missing;
}

void paper_free(struct paper *p)
{
    if (!p)
        return;
    buf_free(&p->contents);
    drop(p->used, p->font.glyphs * sizeof *p->used);
    drop(p->letters, p->font.glyphs * sizeof *p->letters);
    free(p);
}
