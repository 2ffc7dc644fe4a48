/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* font.h -- what a page needs of a TrueType font: which letter has which shape, how
 * wide it is, and a smaller font that holds only the shapes used.
 *
 * The file is the system's, yet no byte of it is believed: everything is read within
 * its bounds, and what lies outside reads as zero.
 */
#ifndef PAPER_FONT_H
#define PAPER_FONT_H

#include "base/bytes.h"

enum { FONT_GLYPHS_MAX = 65535 };

struct font {
    struct bytes file, glyf, loca, hmtx, cmap; /* lent from the file */
    unsigned units;                            /* in one em */
    unsigned glyphs, metrics;
    int ascent, descent, box[4]; /* in units */
    bool loca_long;
};

/* Read the tables of `file`, which is lent for as long as the font is used.
 * ERR_MALFORMED: this is no TrueType font, or one without a map of all of Unicode. */
NODISCARD int font_open(struct font *f, struct bytes file);
/* The shape of a code point; 0: there is none. */
uint16_t font_glyph(const struct font *f, uint32_t code);
/* How far a shape moves the pen, in thousandths of an em. */
unsigned font_advance(const struct font *f, uint16_t glyph);
/* A length of the font in thousandths of an em. */
int font_thousandths(const struct font *f, int units);
/* Append a font with the shapes marked in `used` (f->glyphs flags; shapes that those
 * are put together from become marked too).  ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int font_subset(const struct font *f, bool *used, struct buf *out);

#endif
