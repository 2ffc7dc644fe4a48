/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* base32.c -- letters for people. */
#include "base/base32.h"

#include <string.h>

static const char letters[33] = "0123456789abcdefghjkmnpqrstvwxyz";

int base32_encode(struct bytes src, struct buf *out, size_t bytes_max)
{
    if (src.n > SIZE_MAX / 8 - 1)
        return ERR_TOOBIG;
    size_t count = (src.n * 8 + 4) / 5;
    int err = buf_reserve(out, count, bytes_max);
    if (err < 0)
        return err;
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < src.n; i++) {
        bits = bits << 8 | src.p[i];
        for (held += 8; held >= 5; held -= 5)
            out->p[out->n++] = (uint8_t)letters[bits >> (held - 5) & 31];
    }
    if (held > 0)
        out->p[out->n++] = (uint8_t)letters[bits << (5 - held) & 31];
    return 0;
}

static bool is_skipped(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-';
}

/* The number of a letter, or -1 (a plain value here, not an error code). */
static int number_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        c = (uint8_t)(c - 'A' + 'a');
    if (c == 'i' || c == 'l')
        c = '1';
    if (c == 'o')
        c = '0';
    const char *at = c == 0 ? NULL : strchr(letters, c);
    return at ? (int)(at - letters) : -1;
}

/* Append the bytes of `text`; `out` may hold some of them after an error. */
static int decode_into(struct bytes text, struct buf *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (is_skipped(text.p[i]))
            continue;
        int number = number_of(text.p[i]);
        if (number < 0)
            return ERR_MALFORMED;
        bits = bits << 5 | (uint32_t)number;
        held += 5;
        if (held >= 8) {
            held -= 8;
            out->p[out->n++] = (uint8_t)(bits >> held);
        }
        bits &= (1U << held) - 1;
    }
    /* Five bits and more left over are a letter too many; others must be zero. */
    return held >= 5 || bits != 0 ? ERR_MALFORMED : 0;
}

int base32_decode(struct bytes text, struct buf *out, size_t bytes_max)
{
    size_t before = out->n, count = 0;
    for (size_t i = 0; i < text.n; i++)
        count += !is_skipped(text.p[i]);
    int err = buf_reserve(out, count / 8 * 5 + count % 8 * 5 / 8, bytes_max);
    if (err < 0)
        return err;
    err = decode_into(text, out);
    if (err < 0) {
        if (out->n > before)
            wipe(out->p + before, out->n - before);
        out->n = before;
    }
    return err;
}
