/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sort.c -- heap sort: in place, and no order of the input makes it slow. */
#include "base/sort.h"

#include <string.h>

struct heap {
    uint8_t *items;
    size_t bytes;
};

static bool less(const struct heap *h, size_t a, size_t b)
{
    return memcmp(h->items + a * h->bytes, h->items + b * h->bytes, h->bytes) < 0;
}

static void swap(const struct heap *h, size_t a, size_t b)
{
    uint8_t *p = h->items + a * h->bytes, *q = h->items + b * h->bytes;
    for (size_t i = 0; i < h->bytes; i++) {
        uint8_t kept = p[i];
        p[i] = q[i];
        q[i] = kept;
    }
}

/* Let item `at` sink until both items below it are no larger. */
static void sink(const struct heap *h, size_t at, size_t count)
{
    for (;;) {
        size_t most = at, left = 2 * at + 1;
        for (size_t child = left; child < left + 2 && child < count; child++)
            if (less(h, most, child))
                most = child;
        if (most == at)
            return;
        swap(h, at, most);
        at = most;
    }
}

void sort_bytes(uint8_t *items, size_t count, size_t item_bytes)
{
    struct heap h = {items, item_bytes};
    if (count < 2 || item_bytes == 0)
        return;
    for (size_t i = count / 2; i-- > 0;)
        sink(&h, i, count);
    for (size_t end = count - 1; end > 0; end--) {
        swap(&h, 0, end);
        sink(&h, 0, end);
    }
}
