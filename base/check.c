/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* check.c -- the last words of a kring that found itself wrong.
 *
 * It prints source text only: a file, a line and the condition as written, never
 * a value.  It leaves by _Exit() and not abort(): no signal, so no core file with
 * keys in it; no exit handlers, so nothing more is written by a broken program.
 */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHECK_EXIT = 70 }; /* sysexits: internal software error */

/* printf would do, but a broken process should run as little code as it can. */
static void put_line_number(int line)
{
    char digits[12] = {0};
    unsigned rest = line > 0 ? (unsigned)line : 0;
    size_t at = sizeof digits - 1;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    fputs(digits + at, stderr);
}

_Noreturn void check_failed(const char *file, int line, const char *what)
{
    fputs("kring: broken invariant at ", stderr);
    fputs(file, stderr);
    fputs(":", stderr);
    put_line_number(line);
    fputs(": ", stderr);
    fputs(what, stderr);
    fputs("\n", stderr);
    _Exit(CHECK_EXIT);
}
