/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* check.h -- CHECK(x): an invariant of our own.  A failing CHECK means kring is
 * wrong; it ends the process without a core file.  Data from a peer, a disk or a
 * person never reaches a CHECK that it can make false.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

/* End the process after a broken invariant at `file`:`line`.  Never returns. */
_Noreturn void check_failed(const char *file, int line, const char *what);

#define CHECK(x)                                                                       \
    do {                                                                               \
        if (!(x))                                                                      \
            check_failed(__FILE__, __LINE__, #x);                                      \
    } while (0)

#endif
