/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pages.c -- counting rows, and waiting when the terminal is full. */
#include "cli/pages.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void pages_begin(struct cli *c)
{
    bool person = prompt_can(&c->prompt) && isatty(STDERR_FILENO) == 1 &&
                  !args_has(&c->args, OPTION_JSON);
    size_t rows = person ? place_rows(STDOUT_FILENO) : 0;
    c->pages = (struct pages){.rows = rows > 1 ? rows - 1 : 0}; /* one to ask in */
}

/* Wait for Enter.  What the person wants no more, or cannot say, is left out. */
static void stop(struct cli *c)
{
    struct buf answer = {0};
    (void)fflush(stdout);
    int err = prompt_ask_number(&c->prompt, _("Enter goes on. 0 stops."), &answer);
    c->pages.left_out = err || (answer.n > 0 && answer.p[0] == '0');
    c->pages.used = 0;
    buf_free(&answer);
}

void pages_end(struct cli *c, size_t rows_left)
{
    if (c->pages.rows > 0 && !c->pages.left_out &&
        c->pages.used + rows_left > c->pages.rows)
        stop(c);
    c->pages = (struct pages){0};
}

int pages_write(struct cli *c, struct bytes lines)
{
    while (lines.n > 0 && !c->pages.left_out) {
        const uint8_t *end = memchr(lines.p, '\n', lines.n);
        size_t n = end ? (size_t)(end - lines.p) + 1 : lines.n;
        if (c->pages.used >= c->pages.rows)
            stop(c);
        if (c->pages.left_out)
            break;
        if (fwrite(lines.p, 1, n, stdout) != n)
            return ERR_IO;
        c->pages.used++;
        lines = BYTES(lines.p + n, lines.n - n);
    }
    return 0;
}
