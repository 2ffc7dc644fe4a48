/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_sort.c -- sort_bytes against a plain insertion sort. */
#include "base/sort.h"
#include "crypto/entropy_os.h"
#include "tests/lib/t.h"

static void insertion(uint8_t *p, size_t n, size_t item)
{
    uint8_t held[64];
    for (size_t i = 1; i < n; i++) {
        size_t at = i;
        memcpy(held, p + i * item, item);
        for (; at > 0 && memcmp(p + (at - 1) * item, held, item) > 0; at--)
            memmove(p + at * item, p + (at - 1) * item, item);
        memcpy(p + at * item, held, item);
    }
}

T_CASE(sorts_like_a_plain_sort)
{
    struct entropy_stream stream = {.key = {1}};
    struct entropy dice = entropy_stream(&stream);
    for (int run = 0; run < 400; run++) {
        uint8_t a[64 * 40], b[64 * 40];
        size_t item = 1 + entropy_below(&dice, 64), n = entropy_below(&dice, 41);
        entropy_fill(&dice, a, sizeof a);
        for (size_t i = 0; run % 2 && i < sizeof a; i++)
            a[i] &= 1; /* many equal items */
        memcpy(b, a, sizeof a);
        sort_bytes(a, n, item);
        insertion(b, n, item);
        T_MEM(a, b, sizeof a);
    }
}

T_CASE(nothing_and_one_are_sorted)
{
    uint8_t one[4] = {4, 3, 2, 1};
    sort_bytes(NULL, 0, 4);
    sort_bytes(one, 1, 4);
    T_EQ(one[0], 4);
    sort_bytes(one, 4, 1);
    T_EQ(one[0], 1);
}

T_RUN()
