/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* comparing.h -- comparing a sentence with somebody who is in a group already.
 *
 *     comparing_begin -> { comparing_look }* -> comparing_answer | comparing_end
 *
 * Both must choose each other while both are connected; it waits for ten minutes.
 */
#ifndef CLI_COMPARING_H
#define CLI_COMPARING_H

#include "cli/view.h"
#include "node/core/door.h"

struct comparing_row {
    bool on, linked;
    bool ready, same; /* there is a sentence; this person said that it is the same */
    uint64_t group, row, language;
    uint8_t sentence[SENTENCE_BYTES];
    char name[VIEW_NAME_BYTES];
};

/* Compare with the member in row `row` of a group.  ERR_NOTFOUND, ERR_USAGE (it is
 * you): said; errors of the session. */
NODISCARD int comparing_begin(struct cli *c, uint64_t group, uint64_t row);
/* What is compared now.  Errors of the session. */
NODISCARD int comparing_look(struct cli *c, struct comparing_row *out);
/* Add what the other one has to do, or the sentence once there is one. */
void comparing_add(struct screen *s, const struct comparing_row *row);
/* Say whether the sentence of `seen`, which the person saw, is the same on the other
 * side, and what follows from that.  ERR_STATE (said): there is none, or another one by
 * now. */
NODISCARD int comparing_answer(struct cli *c, const struct comparing_row *seen,
                               bool same);
/* Say what to do after a sentence that was not the same. */
void comparing_say_advice(const char *name);
/* Compare no more. */
NODISCARD int comparing_end(struct cli *c, uint64_t group);

#endif
