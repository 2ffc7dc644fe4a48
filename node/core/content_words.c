/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_words.c -- kept texts go into the log's index of words, if it has one.
 *
 * New ones go there as they are read.  A log that has the index for the first time, or
 * lost it to damage, gets the older ones at the next start: at once, or of very many
 * some at each tick.
 */
#include "base/text.h"
#include "node/core/content_int.h"

enum { ROWS_A_TICK = 20000 }; /* half a second */

static bool has_index(const struct group *g)
{
    return g->peer->log.ops->words_put != NULL;
}

int words_load(struct group *g)
{
    const struct log *log = &g->peer->log;
    int ready = has_index(g) ? log->ops->words_ready(log->ctx, g->number) : 1;
    g->content->words_due = ready == 0;
    return ready < 0 ? ready : 0;
}

int words_begin(struct group *g)
{
    const struct log *log = &g->peer->log;
    return has_index(g) ? log->ops->words_note_ready(log->ctx, g->number) : 0;
}

int words_add(struct group *g, const struct content_row *row, const struct body *body)
{
    const struct log *log = &g->peer->log;
    struct buf bare = {0};
    if (!has_index(g) || row->state != CONTENT_OPEN || row->end_hour != END_NEVER ||
        !body_is_text(row->kind))
        return 0;
    int err = text_bare(body->text, &bare, SIZE_MAX / 2);
    if (err && err != ERR_NOMEM)
        err = 0; /* nobody can look for it either */
    else if (!err)
        err = log->ops->words_put(log->ctx, g->number, row->row, BUF_BYTES(&bare));
    wipe(bare.p, bare.n);
    buf_free(&bare);
    return err;
}

struct adding {
    struct group *g;
    uint64_t last;
    int left;
};

static int add_visit(void *ctx, const struct content_row *row)
{
    struct adding *a = ctx;
    struct body body;
    a->last = row->row;
    int err = 0;
    if (row->state == CONTENT_OPEN && row->end_hour == END_NEVER)
        err = body_decode(row->body, &body) ? ERR_DAMAGED : words_add(a->g, row, &body);
    return err ? err : --a->left == 0;
}

int words_tick(struct group *g)
{
    struct content *c = g->content;
    const struct log *log = &g->peer->log;
    struct adding a = {.g = g, .left = ROWS_A_TICK};
    if (!c->words_due)
        return 0;
    int err = log->ops->content_scan(log->ctx, g->number, c->words_after, true,
                                     add_visit, &a);
    if (err)
        return err;
    c->words_after = a.last > c->words_after ? a.last : c->words_after;
    if (a.left == 0)
        return 0;
    c->words_due = false;
    return log->ops->words_note_ready(log->ctx, g->number);
}
