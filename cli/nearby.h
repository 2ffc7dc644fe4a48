/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* nearby.h -- others on the same network, and six words: what commands and the home
 * screen share. */
#ifndef CLI_NEARBY_H
#define CLI_NEARBY_H

#include "cli/view.h"

enum { NEARBY_LOOK_SECONDS = 120 };

/* Where tellings go that come while something slow runs; NULL: nowhere. */
struct nearby_ear {
    void (*told)(void *ctx, const struct session_event *event);
    void *ctx;
};

/* Who was named already in this look. */
struct nearby_look {
    char named[LIMIT_NEAR_MAX][VIEW_NAME_BYTES];
    size_t named_count;
};

/* Begin to look around, and say so.  Errors of the session. */
NODISCARD int nearby_begin(struct cli *c);
/* Name who is connected by now and was not named.  `*left_ms`: how long looking still
 * lasts.  Errors of the session, ERR_IO. */
NODISCARD int nearby_step(struct cli *c, struct nearby_look *look, uint64_t *left_ms);
/* Stop looking; say who is near without being connected, or that nobody was found, or
 * with --json all of it.  Errors as nearby_step. */
NODISCARD int nearby_end(struct cli *c, struct nearby_look *look);

/* enum network_here of the network that we are on. */
uint64_t nearby_network(struct cli *c);
/* Remember the network as `name`, and say so.  ERR_NOTFOUND (said), ERR_FULL, errors of
 * names. */
NODISCARD int nearby_mark(struct cli *c, const char *name);
/* Forget network `n`, from 1, and say so.  ERR_NOTFOUND. */
NODISCARD int nearby_forget(struct cli *c, uint64_t n);
/* Add the remembered networks to a screen; how many go to `*count`. */
NODISCARD int nearby_add_networks(struct cli *c, struct screen *s, uint64_t *count);

/* Six words that somebody typed, as both sides write them, appended to `out`; what is
 * wrong is said.  ERR_MISTYPED, ERR_NOMEM. */
NODISCARD int nearby_read_words(struct cli *c, struct bytes typed, struct buf *out);
/* Draw six words, have the node answer them, and append them to `words`.
 * ERR_DENIED (said), ERR_FULL (said), ERR_NOMEM, errors of the session. */
NODISCARD int nearby_offer(struct cli *c, const struct group_row *g, bool steward,
                           const struct nearby_ear *ear, struct buf *words);
/* Have the node look for who gave these words; asks the own name.  Errors as
 * nearby_offer. */
NODISCARD int nearby_seek(struct cli *c, struct bytes words,
                          const struct nearby_ear *ear);
/* Say what was told about six words (TELL_WORDS). */
void nearby_say_words(const struct session_event *event);

#endif
