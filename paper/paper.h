/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* paper.h -- one A4 page of text in large type, as a PDF that says nothing else.
 *
 *     paper_new -> { paper_height, paper_add }* -> paper_write -> paper_free
 *
 * Texts are UTF-8, already made safe (text_clean).  Lines are broken at spaces; Arabic
 * letters are joined, and what runs from right to left does so (the only user of
 * fribidi).  A letter that the font lacks is drawn as an empty box and counted.  The
 * PDF holds the font's shapes used, and no author, title, program or time.
 * No clock, no file: the font comes as bytes.
 */
#ifndef PAPER_PAPER_H
#define PAPER_PAPER_H

#include "base/bytes.h"

enum { PAPER_TEXT_POINTS = 16, PAPER_TITLE_POINTS = 24 };
enum { PAPER_PDF_BYTES_MAX = 8 << 20 };

struct paper;

/* An empty page.  `font_file`: a TrueType font, lent until paper_free.
 * ERR_MALFORMED: it cannot be used.  ERR_NOMEM. */
NODISCARD int paper_new(struct paper **out, struct bytes font_file);
/* How many points `text` would take; in `*height`.  ERR_NOMEM. */
NODISCARD int paper_height(struct paper *p, struct bytes text, unsigned points,
                           unsigned *height);
/* Points that are left below what is there. */
unsigned paper_room(const struct paper *p);
/* Leave `points` empty; past the end of the page nothing happens. */
void paper_skip(struct paper *p, unsigned points);
/* Write `text` below what is there.  ERR_FULL: the page is full, the rest of the text
 * is not on it.  ERR_NOMEM. */
NODISCARD int paper_add(struct paper *p, struct bytes text, unsigned points);
/* How many letters on the page have no shape in the font. */
size_t paper_missing(const struct paper *p);
/* Append the page as PDF to `out`.  ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int paper_write(struct paper *p, struct buf *out);
/* Wipe and free.  NULL is fine. */
void paper_free(struct paper *p);

#endif
