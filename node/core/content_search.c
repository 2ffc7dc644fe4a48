/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_search.c -- texts found by words: kept ones by the log's index, talk one by
 * one.  Only what is found is read again to be shown.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "node/core/card.h"
#include "node/core/content_order.h"

enum { KEY_BYTES = 8 + 32, WORDS_BYTES_MAX = 4096 };

/* One that was found: its place in the causal order (P8.1). */
struct hit {
    uint8_t key[KEY_BYTES]; /* height u64 || hash */
    uint64_t row;
    uint32_t author;
    uint8_t again[DEP_BYTES]; /* of BODY_AGAIN: what it says again; else zeros */
};

struct search {
    struct group *g;
    struct buf words, bare;
    struct hit hits[SEARCH_HITS_MAX]; /* the newest, in order */
    uint32_t hits_count;
    uint64_t count;
    bool kept; /* kept texts are among those that are looked at */
};

/* ---- matching ----------------------------------------------------------------- */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

/* Where a word begins: after what is no letter, figure or part of another sign. */
static bool begins_word(struct bytes text, size_t at)
{
    uint8_t before = at > 0 ? text.p[at - 1] : ' ';
    return before < 0x80 &&
           !((before >= 'a' && before <= 'z') || (before >= '0' && before <= '9'));
}

static bool has_word(struct bytes text, struct bytes word)
{
    for (size_t i = 0; i + word.n <= text.n; i++)
        if (memcmp(text.p + i, word.p, word.n) == 0 && begins_word(text, i))
            return true;
    return false;
}

static bool has_all(struct bytes text, struct bytes words)
{
    for (size_t at = 0, end; at < words.n; at = end) {
        while (at < words.n && is_space(words.p[at]))
            at++;
        for (end = at; end < words.n && !is_space(words.p[end]);)
            end++;
        if (end > at && !has_word(text, BYTES(words.p + at, end - at)))
            return false;
    }
    return true;
}

/* ---- finding ------------------------------------------------------------------ */

/* Keep the newest. */
static void keep(struct search *s, const struct hit *h)
{
    uint32_t at = s->hits_count;
    s->count++;
    while (at > 0 && memcmp(s->hits[at - 1].key, h->key, KEY_BYTES) > 0)
        at--;
    if (s->hits_count < SEARCH_HITS_MAX) {
        memmove(&s->hits[at + 1], &s->hits[at],
                (s->hits_count++ - at) * sizeof s->hits[0]);
    } else if (at == 0) {
        return;
    } else {
        memmove(&s->hits[0], &s->hits[1], --at * sizeof s->hits[0]);
    }
    s->hits[at] = *h;
}

/* P8.11: of those that say one text again the first is shown. */
static bool was_said(struct search *s, const struct hit *h)
{
    static const uint8_t none[DEP_BYTES];
    uint32_t i = 0;
    while (i < s->hits_count && (s->hits[i].author != h->author ||
                                 memcmp(s->hits[i].again, h->again, DEP_BYTES) != 0))
        i++;
    if (i == s->hits_count || memcmp(h->again, none, DEP_BYTES) == 0)
        return false;
    if (memcmp(s->hits[i].key, h->key, KEY_BYTES) <= 0)
        return true;
    s->count--; /* this one is the first */
    memmove(&s->hits[i], &s->hits[i + 1], (--s->hits_count - i) * sizeof s->hits[0]);
    return false;
}

struct first {
    const uint8_t *hash;
    bool open;
};

static int first_visit(void *ctx, const struct content_row *row)
{
    struct first *f = ctx;
    f->open = row->state == CONTENT_OPEN && memcmp(row->hash, f->hash, DEP_BYTES) == 0;
    return f->open;
}

/* P8.11: of a text that was said again only one is shown. */
static int is_hidden(struct search *s, const struct content_row *row,
                     const struct body *body, bool *hidden)
{
    const struct log *log = &s->g->peer->log;
    struct first f = {.hash = body->again.p};
    *hidden = author_at(s->g->content, row->author)->hidden;
    if (*hidden || body->kind != BODY_AGAIN)
        return 0;
    int err = log->ops->content_by_seq(log->ctx, s->g->number, row->author,
                                       body->again_seq, first_visit, &f);
    *hidden = f.open;
    return err < 0 ? err : 0;
}

static int look_at(void *ctx, const struct content_row *row)
{
    struct search *s = ctx;
    struct body body;
    struct hit h = {.row = row->row, .author = row->author};
    bool hidden = false;
    if (row->state != CONTENT_OPEN || !body_is_text(row->kind) ||
        content_ended(s->g, row->end_hour) || (row->end_hour == END_NEVER && !s->kept))
        return 0;
    if (body_decode(row->body, &body))
        return ERR_DAMAGED;
    s->bare.n = 0;
    int err = text_bare(body.text, &s->bare, SIZE_MAX / 2);
    if (err || !has_all(BUF_BYTES(&s->bare), BUF_BYTES(&s->words)))
        return err == ERR_NOMEM ? err : 0;
    put_u64(h.key, body.height);
    memcpy(h.key + 8, row->hash, 32);
    if (body.kind == BODY_AGAIN)
        memcpy(h.again, body.again.p, DEP_BYTES);
    err = is_hidden(s, row, &body, &hidden);
    if (!err && !hidden && !was_said(s, &h))
        keep(s, &h);
    return err;
}

/* Look at one row, which a log visits first of those after the one before it. */
struct one {
    log_visit_row *visit;
    void *ctx;
    uint64_t row;
};

static int one_visit(void *ctx, const struct content_row *row)
{
    struct one *o = ctx;
    int err = row->row == o->row ? o->visit(o->ctx, row) : 0;
    return err < 0 ? err : 1;
}

static int with_row(struct group *g, uint64_t row, log_visit_row *visit, void *ctx)
{
    const struct log *log = &g->peer->log;
    struct one o = {visit, ctx, row};
    int err = log->ops->content_scan(log->ctx, g->number, row - 1, true, one_visit, &o);
    return err < 0 ? err : 0;
}

static int number_visit(void *ctx, uint64_t row)
{
    struct search *s = ctx;
    return row == 0 ? 0 : with_row(s->g, row, look_at, s);
}

/* Kept ones by the index, the others by their ends; or all, where no index helps. */
static int find(struct search *s)
{
    struct group *g = s->g;
    const struct log *log = &g->peer->log;
    int err = ERR_USAGE;
    s->kept = true;
    if (log->ops->words_find && !g->content->words_due)
        err = log->ops->words_find(log->ctx, g->number, BUF_BYTES(&s->words),
                                   number_visit, s);
    if (err != ERR_USAGE && err != ERR_DAMAGED) {
        s->kept = false;
        return err ? err
                   : log->ops->content_due(log->ctx, g->number, END_NEVER - 1, look_at,
                                           s);
    }
    s->hits_count = 0; /* what a damaged index gave */
    s->count = 0;
    return log->ops->content_scan(log->ctx, g->number, 0, true, look_at, s);
}

/* ---- showing ------------------------------------------------------------------- */

struct showing {
    struct group *g;
    struct buf text, answered, name;
    struct message_view view;
    uint8_t reply[REPLY_BYTES];
    bool found;
};

static int show_row(void *ctx, const struct content_row *row)
{
    struct showing *w = ctx;
    struct group *g = w->g;
    struct message_view *v = &w->view;
    struct body body;
    const struct author *a = author_at(g->content, row->author);
    const struct member *m = member_find(g, a->pk);
    if (body_decode(row->body, &body))
        return ERR_DAMAGED;
    bool ends = row->end_hour != END_NEVER;
    *v = (struct message_view){
        .row = row->row,
        .author = m ? m->index : UINT32_MAX,
        .kind = BODY_TEXT,
        .about_hour = body.about_hour,
        .ends_in_hours = ends ? row->end_hour - g->hour.hour : UINT32_MAX,
        .lifetime_hours = row->lifetime_hours,
        .unread = row->unread != UNREAD_NOT,
        .own = memcmp(a->pk, g->member_pk, 32) == 0,
        .forked = a->forked,
    };
    memcpy(v->id, row->hash, 32);
    w->text.n = 0;
    int err = buf_append(&w->text, body.text, SIZE_MAX / 2);
    size_t n = w->text.n;
    if (!err)
        err = buf_append(&w->text, body.language, SIZE_MAX / 2);
    if (err)
        return err;
    v->text = BYTES(w->text.p, n);
    v->language = BYTES(w->text.p + n, w->text.n - n);
    w->found = true;
    if (body.reply.n != REPLY_BYTES)
        return 0;
    memcpy(w->reply, body.reply.p, REPLY_BYTES);
    v->reply = REPLY_MISSING;
    return 0;
}

static int show(struct search *s, const struct hit *h, struct showing *w,
                peer_visit_message *visit, void *ctx)
{
    w->found = false;
    int err = with_row(s->g, h->row, show_row, w);
    if (err || !w->found)
        return err;
    if (w->view.author != UINT32_MAX)
        w->view.author_name = card_member_name(s->g, w->view.author);
    if (w->view.reply != REPLY_NOT) {
        err = answered_find(w->g, w->reply, &w->view, &w->answered, &w->name);
        if (!err && w->view.author != UINT32_MAX)
            w->view.author_name = card_member_name(s->g, w->view.author);
    }
    return err ? err : visit(ctx, &w->view);
}

int content_search(struct group *g, struct bytes words, peer_visit_message *visit,
                   void *ctx, uint64_t *count)
{
    struct search *s = calloc(1, sizeof *s);
    struct showing w = {.g = g};
    *count = 0;
    if (!s)
        return ERR_NOMEM;
    s->g = g;
    int err = text_bare(words, &s->words, WORDS_BYTES_MAX);
    bool none = true;
    for (size_t i = 0; i < s->words.n; i++)
        none = none && is_space(s->words.p[i]);
    if (!err && none)
        err = ERR_EMPTY;
    if (!err)
        err = card_names_ready(g);
    if (!err)
        err = find(s);
    for (uint32_t i = 0; i < s->hits_count && !err; i++)
        err = show(s, &s->hits[i], &w, visit, ctx);
    *count = s->count;
    buf_free(&w.text);
    buf_free(&w.answered);
    buf_free(&w.name);
    wipe(s->words.p, s->words.n);
    wipe(s->bare.p, s->bare.n);
    buf_free(&s->words);
    buf_free(&s->bare);
    free(s);
    return err;
}
