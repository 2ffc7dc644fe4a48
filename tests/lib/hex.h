/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* hex.h -- expected bytes as text, and plain patterns of bytes. */
#ifndef TESTS_LIB_HEX_H
#define TESTS_LIB_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

/* Read `text` (hex, small letters) to `out`; the number of bytes written, at most
 * `cap`. */
static inline size_t hex_to(uint8_t *out, size_t cap, const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (; text[0] && text[1] && n < cap; text += 2) {
        const char *hi = strchr(digits, text[0]), *lo = strchr(digits, text[1]);
        out[n++] = hi && lo ? (uint8_t)((hi - digits) * 16 + (lo - digits)) : 0;
    }
    return n;
}

/* Fill `n` bytes with from, from + 1, and so on. */
static inline void count_to(uint8_t *out, size_t n, uint8_t from)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(from + i);
}

/* The bytes of `text` without its NUL. */
static inline struct bytes text_bytes(const char *text)
{
    return BYTES(text, strlen(text));
}

#endif
