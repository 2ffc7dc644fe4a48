/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* paper_int.h -- a page inside, as paper.c and pdf.c share it. */
#ifndef PAPER_PAPER_INT_H
#define PAPER_PAPER_INT_H

#include "paper/font.h"
#include "paper/paper.h"

enum {
    A4_WIDTH = 595, /* points */
    A4_HEIGHT = 842,
    MARGIN = 48,
};

struct paper {
    struct font font;
    bool *used;          /* owned: which shapes are on the page */
    uint32_t *letters;   /* owned: for each shape the code point it stands for */
    struct buf contents; /* the drawing, as PDF says it */
    unsigned y;          /* where the next line's top is, from the top of the sheet */
    size_t missing;
};

#endif
