/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* screen_json.c -- drawing a screen for programs: one object a line. */
#include "cli/screen.h"

#include <string.h>

#include "cli/json.h"

static struct bytes bytes_of(const char *text)
{
    return text ? BYTES(text, strlen(text)) : (struct bytes){0};
}

static void list_cell(struct json *j, const struct screen_cell *cell)
{
    struct bytes left = bytes_of(cell->text);
    json_list(j, cell->name);
    while (left.n > 0) {
        const uint8_t *end = memchr(left.p, '\n', left.n);
        size_t n = end ? (size_t)(end - left.p) : left.n;
        json_text(j, NULL, BYTES(left.p, n));
        n += end != NULL;
        left = BYTES(left.p + n, left.n - n);
    }
    json_list_end(j);
}

static void one_cell(struct json *j, const struct screen_cell *cell)
{
    switch (cell->kind) {
    case CELL_TEXT: json_text(j, cell->name, bytes_of(cell->text)); break;
    case CELL_NUMBER: json_number(j, cell->name, cell->number); break;
    case CELL_FLAG: json_flag(j, cell->name, cell->number != 0); break;
    case CELL_NULL: json_null(j, cell->name); break;
    case CELL_LIST: list_cell(j, cell); break;
    default: break;
    }
}

/* One object for each line with cells; how many there were. */
static int rows_of(const struct screen *s, struct buf *out, size_t *count)
{
    struct json j = json_to(out);
    int err = 0;
    for (size_t i = 0; i < s->lines_count && !err; i++) {
        const struct screen_line *line = &s->lines[i];
        if (line->cells_count == 0)
            continue;
        json_line(&j);
        for (size_t k = 0; k < line->cells_count; k++)
            one_cell(&j, &line->cells[k]);
        json_object_end(&j);
        err = json_line_end(&j);
        (*count)++;
    }
    return err;
}

static void text_or_null(struct json *j, const char *name, const char *text)
{
    if (text)
        json_text(j, name, bytes_of(text));
    else
        json_null(j, name);
}

static int whole_screen(const struct screen *s, struct buf *out)
{
    struct json j = json_to(out);
    json_line(&j);
    text_or_null(&j, "title", s->title);
    text_or_null(&j, "clock", s->clock);
    json_list(&j, "lines");
    for (size_t i = 0; i < s->lines_count; i++) {
        json_object(&j, NULL);
        text_or_null(&j, "label", s->lines[i].label);
        text_or_null(&j, "text", s->lines[i].text);
        json_object_end(&j);
    }
    json_list_end(&j);
    json_list(&j, "choices");
    for (size_t i = 0; i < s->choices_count; i++) {
        json_object(&j, NULL);
        json_text(&j, "key", bytes_of(s->choices[i].key));
        text_or_null(&j, "text", s->choices[i].text);
        json_object_end(&j);
    }
    json_list_end(&j);
    text_or_null(&j, "question", s->question);
    json_object_end(&j);
    return json_line_end(&j);
}

int screen_render_json(const struct screen *s, struct buf *out)
{
    size_t count = 0;
    int err = s->err ? s->err : rows_of(s, out, &count);
    if (!err && count == 0 && (s->lines_count > 0 || s->choices_count > 0))
        err = whole_screen(s, out);
    return err;
}
