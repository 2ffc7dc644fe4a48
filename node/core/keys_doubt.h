/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_doubt.h -- members whose epochs do not open (private to the keys part,
 * P5.19).
 */
#ifndef NODE_CORE_KEYS_DOUBT_H
#define NODE_CORE_KEYS_DOUBT_H

#include "node/core/keys_int.h"

/* The authors of those of `lacking` that have a box for us gave us none that opens. */
void keys_doubt(struct group *g, const uint32_t *lacking, uint32_t n);
/* True if the author of `h` was doubted within the hour. */
bool keys_doubted(const struct group *g, const struct held *h);
/* True if a text should wait for what is lacking; false if nobody needs to wait for
 * those who made it: a rekey is better (P5.19). */
bool keys_waiting(const struct group *g, const uint32_t *lacking, uint32_t n);

#endif
