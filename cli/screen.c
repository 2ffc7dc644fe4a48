/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* screen.c -- building a screen, and drawing it as lines. */
#include "cli/screen.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { COPY_BYTES_MAX = 1 << 20, INDENT = 2 };

static void string_free(char *s)
{
    if (s)
        wipe(s, strlen(s));
    free(s);
}

/* A clean copy of `text`, given to the caller; NULL and s->err on failure. */
static char *copy(struct screen *s, struct bytes text)
{
    struct buf clean = {0};
    size_t removed = 0;
    char *out = NULL;
    if (s->err)
        return NULL;
    s->err = text_clean(text, &clean, COPY_BYTES_MAX, &removed);
    if (!s->err && !(out = malloc(clean.n + 1)))
        s->err = ERR_NOMEM;
    if (out) {
        if (clean.n > 0)
            memcpy(out, clean.p, clean.n);
        out[clean.n] = '\0';
    }
    buf_free(&clean);
    return out;
}

static char *copy_str(struct screen *s, const char *text)
{
    return text ? copy(s, BYTES(text, strlen(text))) : NULL;
}

static void replace(struct screen *s, char **place, const char *text)
{
    string_free(*place);
    *place = copy_str(s, text);
}

void screen_title(struct screen *s, const char *text)
{
    replace(s, &s->title, text);
}

void screen_clock(struct screen *s, const char *text)
{
    replace(s, &s->clock, text);
}

void screen_question(struct screen *s, const char *text)
{
    replace(s, &s->question, text);
}

static bool lines_grow(struct screen *s)
{
    size_t cap = s->lines_cap ? s->lines_cap * 2 : 16;
    struct screen_line *lines = NULL;
    if (s->lines_count >= SCREEN_LINES_MAX) {
        s->err = ERR_FULL;
        return false;
    }
    if (s->lines_count < s->lines_cap)
        return true;
    lines = realloc(s->lines, cap * sizeof *lines);
    if (!lines) {
        s->err = ERR_NOMEM;
        return false;
    }
    s->lines = lines;
    s->lines_cap = cap;
    return true;
}

static void add(struct screen *s, enum screen_kind kind, const char *label,
                struct bytes text)
{
    struct screen_line line = {.kind = kind};
    if (s->err || !lines_grow(s))
        return;
    line.label = copy_str(s, label);
    line.text = copy(s, text);
    s->lines[s->lines_count++] = line;
}

void screen_text(struct screen *s, const char *text)
{
    add(s, SCREEN_TEXT, NULL, BYTES(text, strlen(text)));
}

void screen_pair(struct screen *s, const char *label, struct bytes text)
{
    add(s, SCREEN_PAIR, label, text);
}

void screen_said(struct screen *s, const char *label, struct bytes text)
{
    add(s, SCREEN_SAID, label, text);
}

void screen_row(struct screen *s)
{
    add(s, SCREEN_ROW, NULL, (struct bytes){0});
}

static struct screen_cell *cell(struct screen *s, const char *name, enum cell_kind kind)
{
    struct screen_line *line = NULL;
    if (s->err || s->lines_count == 0)
        return NULL;
    line = &s->lines[s->lines_count - 1];
    if (line->cells_count == SCREEN_CELLS_MAX) {
        s->err = ERR_FULL;
        return NULL;
    }
    struct screen_cell *c = &line->cells[line->cells_count++];
    *c = (struct screen_cell){.name = name, .kind = kind};
    return c;
}

void screen_cell_text(struct screen *s, const char *name, struct bytes text)
{
    struct screen_cell *c = cell(s, name, CELL_TEXT);
    if (c)
        c->text = copy(s, text);
}

void screen_cell_number(struct screen *s, const char *name, uint64_t n)
{
    struct screen_cell *c = cell(s, name, CELL_NUMBER);
    if (c)
        c->number = n;
}

void screen_cell_flag(struct screen *s, const char *name, bool on)
{
    struct screen_cell *c = cell(s, name, CELL_FLAG);
    if (c)
        c->number = on;
}

void screen_cell_null(struct screen *s, const char *name)
{
    (void)cell(s, name, CELL_NULL);
}

void screen_cell_list(struct screen *s, const char *name, struct bytes items)
{
    struct screen_cell *c = cell(s, name, CELL_LIST);
    if (c)
        c->text = copy(s, items);
}

void screen_choice(struct screen *s, const char *key, const char *text)
{
    struct screen_choice *choice = NULL;
    if (s->err)
        return;
    if (s->choices_count == SCREEN_CHOICES_MAX) {
        s->err = ERR_FULL;
        return;
    }
    choice = &s->choices[s->choices_count++];
    (void)snprintf(choice->key, sizeof choice->key, "%s", key);
    choice->text = copy_str(s, text);
}

void screen_clear_lines(struct screen *s)
{
    for (size_t i = 0; i < s->lines_count; i++) {
        struct screen_line *line = &s->lines[i];
        string_free(line->label);
        string_free(line->text);
        for (size_t k = 0; k < line->cells_count; k++)
            string_free(line->cells[k].text);
    }
    s->lines_count = 0;
}

void screen_free(struct screen *s)
{
    screen_clear_lines(s);
    free(s->lines);
    string_free(s->title);
    string_free(s->clock);
    string_free(s->question);
    for (size_t i = 0; i < s->choices_count; i++)
        string_free(s->choices[i].text);
    *s = (struct screen){0};
}

/* ---- line mode ----------------------------------------------------------- */

/* Where the pen is.  Writing past `columns` begins a new line. */
struct pen {
    struct buf *out;
    size_t columns, indent, at;
    int err;
};

static void pen_put(struct pen *p, struct bytes text)
{
    if (!p->err)
        p->err = buf_append(p->out, text, SCREEN_RENDER_BYTES_MAX);
}

static void pen_spaces(struct pen *p, size_t n)
{
    for (; n > 0; n--)
        pen_put(p, BYTES(" ", 1));
}

static void pen_newline(struct pen *p)
{
    pen_put(p, BYTES("\n", 1));
    p->at = 0;
}

/* Length of the code point at s.p (clean text, s.n > 0). */
static size_t point_bytes(struct bytes s)
{
    size_t n = 1;
    while (n < s.n && (s.p[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* A word wider than a line is cut between code points; marks stay with their letter. */
static void pen_long_word(struct pen *p, struct bytes word)
{
    while (word.n > 0) {
        size_t n = point_bytes(word);
        size_t width = text_width(BYTES(word.p, n));
        if (p->at + width > p->columns && p->at > p->indent) {
            pen_newline(p);
            pen_spaces(p, p->indent);
            p->at = p->indent;
        }
        pen_put(p, BYTES(word.p, n));
        p->at += width;
        word = BYTES(word.p + n, word.n - n);
    }
}

/* Write `gap` spaces and a word, or the word alone on the next line. */
static void pen_word(struct pen *p, size_t gap, struct bytes word)
{
    size_t width = text_width(word);
    if (p->columns > 0 && p->at > p->indent && p->at + gap + width > p->columns) {
        pen_newline(p);
        gap = 0;
    }
    if (p->at == 0) {
        pen_spaces(p, p->indent);
        p->at = p->indent;
    }
    pen_spaces(p, gap);
    p->at += gap;
    if (p->columns > 0 && p->at + width > p->columns) {
        pen_long_word(p, word);
        return;
    }
    pen_put(p, word);
    p->at += width;
}

static size_t run_of(struct bytes s, bool spaces)
{
    size_t n = 0;
    while (n < s.n && s.p[n] != '\n' && (s.p[n] == ' ') == spaces)
        n++;
    return n;
}

int screen_wrap(struct buf *out, struct bytes text, size_t columns, size_t indent)
{
    struct pen pen = {.out = out, .columns = columns, .indent = indent};
    if (columns > 0 && columns < indent + 4)
        pen.columns = indent + 4; /* so that something always fits */
    while (text.n > 0 && !pen.err) {
        if (text.p[0] == '\n') {
            pen_newline(&pen);
            text = BYTES(text.p + 1, text.n - 1);
            continue;
        }
        size_t gap = run_of(text, true);
        text = BYTES(text.p + gap, text.n - gap);
        size_t n = run_of(text, false);
        if (n > 0)
            pen_word(&pen, gap, BYTES(text.p, n));
        text = BYTES(text.p + n, text.n - n);
    }
    pen_newline(&pen);
    return pen.err;
}

/* Append first || middle || last || newline, wrapped. */
static int wrap_three(struct buf *out, size_t columns, const char *const parts[3])
{
    struct buf line = {0};
    int err = 0;
    for (int i = 0; i < 3 && !err; i++)
        if (parts[i])
            err = buf_append(&line, BYTES(parts[i], strlen(parts[i])),
                             SCREEN_RENDER_BYTES_MAX);
    if (!err)
        err = screen_wrap(out, BUF_BYTES(&line), columns, 0);
    buf_free(&line);
    return err;
}

static int render_line(const struct screen_line *line, size_t columns, struct buf *out)
{
    const char *text = line->text ? line->text : "";
    int err = 0;
    switch (line->kind) {
    case SCREEN_TEXT: return screen_wrap(out, BYTES(text, strlen(text)), columns, 0);
    case SCREEN_PAIR:
        return wrap_three(out, columns,
                          (const char *const[3]){line->label, ": ", text});
    case SCREEN_SAID:
        err = wrap_three(out, columns, (const char *const[3]){line->label, ":", NULL});
        return err ? err : screen_wrap(out, BYTES(text, strlen(text)), columns, INDENT);
    case SCREEN_ROW: return 0;
    default: return 0;
    }
}

static int render_head(const struct screen *s, size_t columns, struct buf *out)
{
    const char *gap = s->title && s->clock ? " " : NULL;
    int err = 0;
    if (!s->title && !s->clock)
        return 0;
    err = wrap_three(out, columns, (const char *const[3]){s->title, gap, s->clock});
    return err;
}

/* Draw it; `gap` stands after each thing. */
static int render(const struct screen *s, size_t columns, struct bytes gap,
                  struct buf *out)
{
    int err = s->err ? s->err : render_head(s, columns, out);
    if (!err && (s->title || s->clock))
        err = buf_append(out, gap, SCREEN_RENDER_BYTES_MAX);
    for (size_t i = 0; i < s->lines_count && !err; i++) {
        err = render_line(&s->lines[i], columns, out);
        if (!err && s->lines[i].kind != SCREEN_ROW)
            err = buf_append(out, gap, SCREEN_RENDER_BYTES_MAX);
    }
    for (size_t i = 0; i < s->choices_count && !err; i++) {
        err = wrap_three(
            out, columns,
            (const char *const[3]){s->choices[i].key, "  ", s->choices[i].text});
        if (!err)
            err = buf_append(out, gap, SCREEN_RENDER_BYTES_MAX);
    }
    if (!err && s->question)
        err = screen_wrap(out, BYTES(s->question, strlen(s->question)), columns, 0);
    return err;
}

int screen_render(const struct screen *s, size_t columns, struct buf *out)
{
    return render(s, columns, (struct bytes){0}, out);
}

int screen_render_large(const struct screen *s, size_t columns, struct buf *out)
{
    return render(s, columns, BYTES("\n", 1), out);
}
