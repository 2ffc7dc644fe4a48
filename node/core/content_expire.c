/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_expire.c -- the purge mark, hiding, erasing (P3.4 to P3.6). */
#include <stdlib.h>
#include <string.h>

#include "node/core/content_own.h"
#include "node/core/content_share.h"

enum { MARK_HOURS = 24 };

uint32_t content_mark(const struct group *g)
{
    return g->hour.hour > MARK_HOURS ? g->hour.hour - MARK_HOURS : 0; /* P3.4 */
}

bool content_ended(const struct group *g, uint32_t end_hour)
{
    return end_hour != END_NEVER && g->hour.hour >= end_hour; /* P3.5 */
}

/* What is needed of a row after the visit. */
struct due_row {
    uint64_t row;
    uint32_t author, seq, erase_hour, bytes;
    uint8_t state, unread, hash[32];
};

struct due_rows {
    struct due_row rows[COLLECT_MAX];
    size_t count;
};

static int due_collect(void *ctx, const struct content_row *row)
{
    struct due_rows *d = ctx;
    struct due_row *to = &d->rows[d->count++];
    to->row = row->row;
    to->author = row->author;
    to->seq = row->seq;
    to->erase_hour = row->erase_hour;
    to->state = row->state;
    to->unread = row->unread;
    to->bytes = (uint32_t)row->envelope.n;
    memcpy(to->hash, row->hash, 32);
    return d->count == COLLECT_MAX;
}

static void aside_gone(struct content *c, uint64_t row)
{
    for (uint32_t i = 0; i < c->aside_count; i++) {
        if (c->aside[i].row != row)
            continue;
        c->aside_count--;
        memmove(&c->aside[i], &c->aside[i + 1],
                (c->aside_count - i) * sizeof c->aside[0]);
        return;
    }
}

static int erase_row(struct group *g, const struct due_row *d)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    if (d->state == CONTENT_ASIDE) {
        aside_gone(c, d->row);
        return log->ops->content_delete(log->ctx, g->number, d->row);
    }
    struct content_row gone = {
        .row = d->row, .state = CONTENT_GONE, .erase_hour = d->erase_hour};
    int err = log->ops->content_update(log->ctx, g->number, &gone);
    if (err)
        return err;
    c->entries--;
    c->sealed -= d->state == CONTENT_SEALED;
    heads_drop(c, d->hash);
    struct author *a = author_at(c, d->author);
    share_drop(a, d->bytes);
    content_note_ended(g, a, d->unread != UNREAD_NOT && d->state == CONTENT_OPEN);
    if (d->seq > a->ended_seq) {
        a->ended_seq = d->seq;
        a->dirty = true;
    }
    return 0;
}

/* Erase all rows that are due; `*erased` counts those of the set. */
static int erase_due(struct group *g, uint64_t *erased)
{
    struct log *log = &g->peer->log;
    struct due_rows *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    int err = 0;
    do {
        d->count = 0;
        err = log->ops->content_due(log->ctx, g->number, g->hour.hour, due_collect, d);
        for (size_t i = 0; i < d->count && !err; i++) {
            err = erase_row(g, &d->rows[i]);
            *erased += d->rows[i].state != CONTENT_ASIDE;
        }
    } while (!err && d->count == COLLECT_MAX);
    free(d);
    return err;
}

/* Entries that are no longer far ahead need not be counted. */
static void ahead_prune(struct group *g)
{
    struct content *c = g->content;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->ahead_count; i++)
        if (c->ahead[i].made_hour > g->hour.hour + AHEAD_HOURS)
            c->ahead[kept++] = c->ahead[i];
    c->ahead_count = kept;
}

/* --- without waiting for the end -------------------------------------------------- */

static int talk_collect(void *ctx, const struct content_row *row)
{
    bool stays = row->end_hour == END_NEVER || row->urgency >= URGENCY_ALERT;
    return stays ? 0 : due_collect(ctx, row);
}

static int drafts_forget(struct group *g)
{
    struct content *c = g->content;
    int err = 0;
    while (c->drafts_count > 0 && !err) {
        struct buf text = {0};
        uint64_t answers = 0;
        err = content_take_back(g, c->drafts[0].number, &text, &answers);
        buf_free(&text);
    }
    return err;
}

int content_forget_talk(struct group *g)
{
    struct log *log = &g->peer->log;
    struct due_rows *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    int err = drafts_forget(g);
    do {
        d->count = 0;
        if (!err)
            err =
                log->ops->content_scan(log->ctx, g->number, 0, false, talk_collect, d);
        for (size_t i = 0; i < d->count && !err; i++)
            err = erase_row(g, &d->rows[i]);
    } while (!err && d->count == COLLECT_MAX);
    free(d);
    if (!err)
        err = authors_flush(g);
    g->content->meta_dirty = true;
    return err ? err : meta_flush(g);
}

int expire_tick(struct group *g)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    uint64_t erased = 0;
    if (c->expired_hour == g->hour.hour)
        return 0;
    int err = erase_due(g, &erased);
    if (!err)
        err = log->ops->content_forget(log->ctx, g->number, content_mark(g));
    if (!err)
        err = unsent_tick(g);
    if (!err)
        err = share_settle(g, true); /* P8.13 */
    if (err)
        return err;
    ahead_prune(g);
    day_settle(g);
    c->expired_hour = g->hour.hour;
    c->unread_known = false;
    if (erased)
        peer_mark(g->peer, MARK_TEXT_ENDED);
    return erased ? fx_tell(g->peer, TELL_ENDED, g->number, erased, 0) : 0;
}
