/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* words.h -- the word lists and what is drawn from them.
 *
 * cli/words/X.txt becomes words_X at build time (cli/words/embed.cmake).  The lists of
 * words are sorted and told apart by their first four letters; each word is ten bits.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "base/bytes.h"
#include "base/entropy.h"

extern const char *const words_en[];
extern const char *const words_nl[];
extern const char *const words_names_en[];
extern const char *const words_names_nl[];
extern const size_t words_en_count;
extern const size_t words_nl_count;
extern const size_t words_names_en_count;
extern const size_t words_names_nl_count;

enum { WORDS_SUGGESTED = 6, NAMES_SUGGESTED = 3 };

/* Append WORDS_SUGGESTED words of the language to `out`, spaces between: a passphrase
 * of sixty bits.  An unknown language gets English.  ERR_NOMEM. */
NODISCARD int words_suggest(const struct entropy *entropy, const char *language,
                            struct buf *out);
/* Append the four words of a sentence of five bytes (P6.11), spaces between; `language`
 * as there.  ERR_NOMEM. */
NODISCARD int words_sentence(const uint8_t bits[static 5], uint64_t language,
                             struct buf *out);
/* The four numbers of a sentence, from 0 to 1023. */
void words_numbers(const uint8_t bits[static 5], uint32_t out[static 4]);
/* NAMES_SUGGESTED different names for somebody new (static strings). */
void names_suggest(const struct entropy *entropy, const char *language,
                   const char *out[static NAMES_SUGGESTED]);
/* Is this meant as words and no invitation line?  True if it has two words or more, of
 * plain letters, and half of them are in a list. */
bool words_look(struct bytes typed);
/* Append to `out` the WORDS_SUGGESTED words that somebody typed, as both sides write
 * them: as in the list, one space between.  Case, marks on letters and more spaces do
 * not matter; the list is the one that has most of them.
 *   ERR_MISTYPED   word `*wrong`, from 1, is not in the list
 *   ERR_TRUNCATED  too few      ERR_TOOBIG  too many      ERR_UTF8, ERR_NOMEM */
NODISCARD int words_typed(struct bytes typed, struct buf *out, unsigned *wrong);
/* True if `four` is a whole word of three letters, or the first four letters of a word,
 * of any list: the question of passphrase_canonical. */
bool words_in_list(struct bytes four);

#endif
