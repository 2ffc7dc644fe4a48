/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sort.h -- sorting flat items in place, the same on every machine. */
#ifndef BASE_SORT_H
#define BASE_SORT_H

#include "base/bytes.h"

/* Sort `count` items of `item_bytes` bytes each that lie end to end at `items`,
 * rising, as memcmp orders whole items.  Equal items are equal in every byte, so their
 * order cannot be told.  No memory is taken; never more than count * log(count) steps
 * of work, whoever picked the items. */
void sort_bytes(uint8_t *items, size_t count, size_t item_bytes);

#endif
