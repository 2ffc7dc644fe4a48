/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* lines.c -- finding and changing the lines of a text. */
#include "cli/lines.h"

size_t lines_count(struct bytes text)
{
    size_t count = text.n > 0;
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == '\n';
    return count;
}

/* Where line `n` begins and ends; false: there is no such line. */
static bool find(struct bytes text, size_t n, size_t *start, size_t *end)
{
    if (n == 0 || text.n == 0)
        return false;
    *start = 0;
    for (*end = 0; *end < text.n; (*end)++) {
        if (text.p[*end] != '\n')
            continue;
        if (n-- == 1)
            return true;
        *start = *end + 1;
    }
    return n == 1;
}

struct bytes lines_at(struct bytes text, size_t n)
{
    size_t start = 0, end = 0;
    return find(text, n, &start, &end) ? BYTES(text.p + start, end - start)
                                       : BYTES(NULL, 0);
}

int lines_add(struct buf *text, struct bytes line, size_t bytes_max)
{
    size_t before = text->n;
    int err = before > 0 ? buf_append(text, BYTES("\n", 1), bytes_max) : 0;
    if (!err)
        err = buf_append(text, line, bytes_max);
    if (err)
        text->n = before;
    return err;
}

/* Put `line` where the bytes from `start` to `end` are. */
static int put(struct buf *text, size_t start, size_t end, struct bytes line,
               size_t bytes_max)
{
    struct buf made = {0};
    int err = buf_append(&made, BYTES(text->p, start), bytes_max);
    if (!err)
        err = buf_append(&made, line, bytes_max);
    if (!err)
        err = buf_append(&made, BYTES(text->p + end, text->n - end), bytes_max);
    if (err) {
        buf_free(&made);
        return err;
    }
    buf_free(text);
    *text = made;
    return 0;
}

int lines_change(struct buf *text, size_t n, struct bytes line, size_t bytes_max)
{
    size_t start = 0, end = 0;
    return find(BUF_BYTES(text), n, &start, &end)
               ? put(text, start, end, line, bytes_max)
               : ERR_USAGE;
}

int lines_take_out(struct buf *text, size_t n)
{
    size_t start = 0, end = 0;
    if (!find(BUF_BYTES(text), n, &start, &end))
        return ERR_USAGE;
    if (end < text->n)
        end++; /* with its newline, or that before it when it is the last */
    else if (start > 0)
        start--;
    return put(text, start, end, BYTES(NULL, 0), SIZE_MAX / 2);
}

struct bytes lines_part(struct bytes line, size_t room)
{
    size_t n = line.n < room ? line.n : room;
    while (n > 0 && n < line.n && (line.p[n] & 0xc0) == 0x80)
        n--;
    return BYTES(line.p, n);
}
