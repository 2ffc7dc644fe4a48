/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* check_trap.c -- a broken invariant under the fuzzer is a crash.
 *
 * The product leaves by _Exit(), which the fuzzer takes for an end it need not explain:
 * the input that did it would be lost.  This definition stands before the library's in
 * fuzz targets only, so that the input is kept.
 */
#include "base/check.h"

#include <stdio.h>

_Noreturn void check_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "kring: broken invariant at %s:%d: %s\n", file, line, what);
    __builtin_trap();
}
