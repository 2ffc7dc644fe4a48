/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_code.c -- an invitation as a code: its size, its rows, its picture; that both
 * read back as the invitation is shown by tests/e2e/door.py. */
#include "cli/code.h"

#include "base/err.h"
#include "base/limits.h"
#include "tests/lib/t.h"

static struct bytes line_of(char *text, size_t n)
{
    memset(text, 'k', n);
    memcpy(text, "kring", 5);
    return BYTES(text, n);
}

/* Capital letters and digits: 195 fit in 41 modules, one more takes 45. */
T_CASE(the_smallest_code)
{
    char text[LIMIT_INVITE_LINE_BYTES_MAX + 1];
    struct code c;
    size_t columns, rows;
    T_EQ(code_make(&c, line_of(text, 195)), 0);
    T_EQ(c.width, 41);
    code_size(&c, &columns, &rows);
    T(columns == 45 && rows == 23);
    code_free(&c);
    T_EQ(code_make(&c, line_of(text, 196)), 0);
    T_EQ(c.width, 45);
    code_free(&c);
    code_free(&c);
    T_EQ(code_make(&c, line_of(text, LIMIT_INVITE_LINE_BYTES_MAX)), 0);
    code_free(&c);
    T_EQ(code_make(&c, line_of(text, LIMIT_INVITE_LINE_BYTES_MAX + 1)), ERR_TOOBIG);
    T_EQ(code_make(&c, BYTES("kri\0ng", 6)), ERR_TOOBIG);
}

/* Columns of one row: blocks of three bytes, or spaces. */
static size_t row_columns(const char *row, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0; i < n; i++)
        columns += ((uint8_t)row[i] & 0xc0) != 0x80;
    return columns;
}

T_CASE(rows_of_half_blocks)
{
    char text[200];
    struct code c;
    struct buf plain = {0}, swapped = {0};
    size_t columns, rows, at = 0, count = 0;
    T_EQ(code_make(&c, line_of(text, 178)), 0);
    code_size(&c, &columns, &rows);
    T_EQ(code_render(&c, false, &plain), 0);
    T_EQ(code_render(&c, true, &swapped), 0);
    for (size_t i = 0; i < plain.n; i++) {
        if (plain.p[i] != '\n')
            continue;
        T_EQ(row_columns((const char *)plain.p + at, i - at), columns);
        at = i + 1;
        count++;
    }
    T_EQ(count, rows);
    T_EQ(at, plain.n);
    T_MEM(plain.p, "\xe2\x96\x88", 3); /* the edge is light: drawn on a dark screen */
    T_EQ(swapped.p[0], ' ');
    buf_free(&plain);
    buf_free(&swapped);
    code_free(&c);
}

T_CASE(a_picture)
{
    char text[200];
    struct code c;
    uint8_t head[24];
    FILE *f = tmpfile();
    T_NEED(f != NULL);
    T_EQ(code_make(&c, line_of(text, 178)), 0);
    T_EQ(code_write_png(&c, f), 0);
    rewind(f);
    T_EQ(fread(head, 1, sizeof head, f), sizeof head);
    T_MEM(head, "\x89PNG\r\n\x1a\n", 8);
    size_t side = (c.width + 2 * CODE_PNG_EDGE) * CODE_PNG_PIXELS;
    T_EQ((size_t)head[18] * 256 + head[19], side);
    T_EQ((size_t)head[22] * 256 + head[23], side);
    (void)fclose(f);
    code_free(&c);
}

T_RUN()
