/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* reveal.h -- where something that a secret decided becomes known.
 *
 * Nothing before such a place may branch on a secret or index by one.  The verdict of a
 * comparison is acted upon by whoever asked for it, so from there on it is no secret;
 * tests/ct replaces this function by one that tells valgrind so, and complains of every
 * branch that comes before.
 */
#ifndef CRYPTO_REVEAL_H
#define CRYPTO_REVEAL_H

/* `verdict` as it is: the caller says by this that it may be known. */
int reveal(int verdict);

#endif
