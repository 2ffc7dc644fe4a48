/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* door.h -- who wants to come in, and the sentence that both sides compare. */
#ifndef CLI_DOOR_H
#define CLI_DOOR_H

#include "cli/view.h"
#include "node/core/door.h"

/* Somebody who waits. */
struct door_row {
    char name[VIEW_NAME_BYTES];
    uint8_t id[32], sentence[SENTENCE_BYTES];
    uint64_t language, others; /* others: wait with the same invitation */
};

/* Who waits in a group: at most `max` to `rows`; `*count` of them.  Errors of the
 * session. */
NODISCARD int door_look(struct cli *c, uint64_t group, struct door_row *rows,
                        size_t max, size_t *count);
/* Add the words of a sentence and its numbers. */
void door_add_sentence(struct screen *s, const uint8_t bits[static SENTENCE_BYTES],
                       uint64_t language);
/* Only the words and the numbers. */
void door_add_words(struct screen *s, const uint8_t bits[static SENTENCE_BYTES],
                    uint64_t language);
/* Give the newest line the same as cells. */
void door_add_cells(struct screen *s, const uint8_t bits[static SENTENCE_BYTES],
                    uint64_t language);
/* Add "Otter wants to come in." and what goes with it. */
void door_add_row(struct screen *s, const struct door_row *row);
/* Answer for `row`, or for the own join (NULL), and say what happened. */
NODISCARD int door_answer_for(struct cli *c, uint64_t group, const struct door_row *row,
                              enum door_answer answer);
/* What was typed at "Same? y/n": 1 yes, 0 no, -1 neither. */
int door_yes_or_no(const char *typed);

#endif
