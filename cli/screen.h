/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* screen.h -- a screen is data; faces draw it.
 *
 *     screen_title, screen_text .. -> screen_render | screen_render_json -> screen_free
 *
 * A screen has a title, a clock line, lines, choices and one question.  A line carries
 * what a person reads and, beside it, named cells for programs.  Line mode shows plain
 * lines: no colour, no boxes, nothing by place alone.  JSON is one object for each line
 * that has cells, or one object for the whole screen when no line has any.
 *
 * Every text given is copied and made safe for a terminal.  The first error is kept in
 * `err` and returned when the screen is drawn, so that building needs no checks.
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdio.h>

#include "base/bytes.h"

enum { SCREEN_LINES_MAX = 8192, SCREEN_CELLS_MAX = 16, SCREEN_CHOICES_MAX = 96 };
enum { SCREEN_RENDER_BYTES_MAX = 64 << 20 };

enum screen_kind {
    SCREEN_TEXT, /* a sentence */
    SCREEN_PAIR, /* label: text */
    SCREEN_SAID, /* label on a line of its own, the text indented below */
    SCREEN_ROW,  /* cells only: line mode shows nothing */
};

enum cell_kind { CELL_TEXT, CELL_NUMBER, CELL_FLAG, CELL_NULL, CELL_LIST };

struct screen_cell {
    const char *name; /* static */
    enum cell_kind kind;
    uint64_t number;
    char *text; /* owned; of a list: its items, one a line */
};

struct screen_line {
    enum screen_kind kind;
    char *label, *text; /* owned, may be NULL */
    struct screen_cell cells[SCREEN_CELLS_MAX];
    size_t cells_count;
};

struct screen_choice {
    char key[8];
    char *text; /* owned */
};

struct screen {
    char *title, *clock, *question; /* owned, may be NULL */
    struct screen_line *lines;      /* owned */
    size_t lines_count, lines_cap;
    struct screen_choice choices[SCREEN_CHOICES_MAX];
    size_t choices_count;
    int err; /* ERR_NOMEM, ERR_FULL, ERR_TOOBIG */
};

/* Set the title; NULL takes it away. */
void screen_title(struct screen *s, const char *text);
/* Set the clock line, which says how long texts are kept here. */
void screen_clock(struct screen *s, const char *text);
/* Add a sentence. */
void screen_text(struct screen *s, const char *text);
/* Add "label: text". */
void screen_pair(struct screen *s, const char *label, struct bytes text);
/* Add what somebody said, under `label`. */
void screen_said(struct screen *s, const char *label, struct bytes text);
/* Add a line that only programs see. */
void screen_row(struct screen *s);
/* Give the newest line a cell with a text. */
void screen_cell_text(struct screen *s, const char *name, struct bytes text);
/* Give the newest line a cell with a number. */
void screen_cell_number(struct screen *s, const char *name, uint64_t n);
/* Give the newest line a cell that is true or false. */
void screen_cell_flag(struct screen *s, const char *name, bool on);
/* Give the newest line an empty cell. */
void screen_cell_null(struct screen *s, const char *name);
/* Give the newest line a list of texts, one a line in `items`. */
void screen_cell_list(struct screen *s, const char *name, struct bytes items);
/* Add a choice: what to type, and what it does. */
void screen_choice(struct screen *s, const char *key, const char *text);
/* Set the question that stands last. */
void screen_question(struct screen *s, const char *text);
/* Take all lines away; the rest stays. */
void screen_clear_lines(struct screen *s);

/* Append `text` to `out`, wrapped at `columns` (0: never), each line after `indent`
 * spaces, a newline at the end.  `text` must be clean.  ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int screen_wrap(struct buf *out, struct bytes text, size_t columns,
                          size_t indent);
/* Append the screen in line mode.  The screen's error, ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int screen_render(const struct screen *s, size_t columns, struct buf *out);
/* The same with an empty line between any two things, for large letters. */
NODISCARD int screen_render_large(const struct screen *s, size_t columns,
                                  struct buf *out);
/* Append the screen as JSON, one object a line.  Errors as screen_render. */
NODISCARD int screen_render_json(const struct screen *s, struct buf *out);
/* Wipe and free.  Legal on a zeroed screen, and twice. */
void screen_free(struct screen *s);

#endif
