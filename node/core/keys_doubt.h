/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_doubt.h -- members whose epochs do not open (private to the keys part,
 * P5.19).
 */
#ifndef NODE_CORE_KEYS_DOUBT_H
#define NODE_CORE_KEYS_DOUBT_H

#include "node/core/keys_int.h"

/* The epoch of `entry` is asked for: if it has a box for us its author gave none that
 * opens. */
void keys_doubt(struct group *g, uint32_t entry);
/* True if the author of `h` was doubted within the hour. */
bool keys_doubted(const struct group *g, const struct held *h);
/* From when a first no-key for `h` may be posted: a liar's epochs must not eat up our
 * share of the log (P4.15), and an honest one's must not stay closed to a copy that was
 * put back and has lost its prekeys. */
uint64_t keys_ask_ms(const struct group *g, const struct held *h);

enum sending {
    SENDING_CAN,
    SENDING_WAITS, /* for what was asked for: nothing else is open */
    SENDING_REKEY, /* nobody needs to be waited for */
};
/* Under which open epochs a text goes, and with whose lane: those that others made and
 * that do not come are done without (P5.19). */
enum sending keys_sending(struct group *g, struct key_ref *ref, uint32_t *lane);

#endif
