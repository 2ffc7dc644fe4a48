/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_order.c -- messages in causal order (P8.1).
 *
 * All rows are read once into flat arrays, sorted by (height, hash) and visited.  Prev
 * and deps become edges by one hash table over entry hashes.  Entries that have ended
 * count as not held.
 */
#include "node/core/content_order.h"

#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "node/core/card.h"

enum {
    TEXT_POOL_BYTES_MAX =
        16 << 20,    /* texts kept while sorting; others are read again */
    SORT_BYTES = 44, /* height u64 || hash 32 || index u32 */
    HOUR_MS = 3600 * 1000,
};

/* --- reading --------------------------------------------------------------------- */

static int ordering_reserve(struct ordering *o)
{
    if (o->count < o->cap)
        return 0;
    uint32_t cap = o->cap ? o->cap * 2 : 256;
    struct entry *entries = realloc(o->entries, cap * sizeof *entries);
    if (!entries)
        return ERR_NOMEM;
    o->entries = entries;
    struct named *named = realloc(o->named, cap * sizeof *named);
    if (!named)
        return ERR_NOMEM;
    o->named = named;
    o->cap = cap;
    return 0;
}

static int keep_body(struct ordering *o, struct entry *e, struct named *n,
                     const struct content_row *row)
{
    struct body body = {0};
    if (row->state == CONTENT_OPEN && body_decode(row->body, &body) != 0)
        return ERR_DAMAGED;
    e->kind = body.kind;
    e->about_hour = body.about_hour;
    e->height = body.height;
    if (body.kind == BODY_AGAIN)
        memcpy(e->again, body.again.p, DEP_BYTES);
    if (body.reply.n == REPLY_BYTES) {
        memcpy(n->reply, body.reply.p, REPLY_BYTES);
        e->reply_state = REPLY_MISSING;
    }
    e->language_bytes = (uint8_t)body.language.n;
    if (body.language.n > 0)
        memcpy(e->language, body.language.p, body.language.n);
    n->deps_at = (uint32_t)o->deps.n;
    n->deps_count = (uint8_t)(body.deps.n / DEP_BYTES);
    int err = buf_append(&o->deps, body.deps, UINT32_MAX);
    if (err)
        return err;
    e->text_at = o->texts.n;
    e->text_bytes = (uint32_t)body.text.n;
    e->text_kept = o->texts.n + body.text.n <= TEXT_POOL_BYTES_MAX;
    struct bytes keep = e->text_kept ? body.text : BYTES(row->id, 32);
    return e->ended ? 0 : buf_append(&o->texts, keep, SIZE_MAX / 2);
}

static int read_row(void *ctx, const struct content_row *row)
{
    struct ordering *o = ctx;
    if (row->state == CONTENT_ASIDE)
        return 0;
    int err = ordering_reserve(o);
    if (err)
        return err;
    struct entry *e = &o->entries[o->count];
    struct named *n = &o->named[o->count++];
    memset(e, 0, sizeof *e);
    memcpy(e->hash, row->hash, 32);
    memcpy(n->prev, row->prev, 32);
    e->row = row->row;
    e->author = row->author;
    e->seq = row->seq;
    e->end_hour = row->end_hour;
    e->lifetime_hours = row->lifetime_hours;
    e->state = row->state;
    e->urgency = row->urgency;
    e->unread = row->unread;
    e->own = row->own;
    e->ended = content_ended(o->g, row->end_hour);
    return keep_body(o, e, n, row);
}

/* --- linking --------------------------------------------------------------------- */

static int table_build(struct ordering *o)
{
    uint32_t cap = 16;
    while (cap < o->count * 2)
        cap *= 2;
    o->table = calloc(cap, sizeof *o->table);
    if (!o->table)
        return ERR_NOMEM;
    o->table_mask = cap - 1;
    for (uint32_t i = 0; i < o->count; i++) {
        uint32_t at = get_u32(o->entries[i].hash) & o->table_mask;
        while (o->table[at])
            at = (at + 1) & o->table_mask;
        o->table[at] = i + 1;
    }
    return 0;
}

/* The entry whose hash begins with `prefix`; of several the smallest hash, so that the
 * order of arrival decides nothing. */
static struct entry *table_find(const struct ordering *o, const uint8_t *prefix,
                                size_t n)
{
    struct entry *best = NULL;
    for (uint32_t at = get_u32(prefix) & o->table_mask; o->table[at];
         at = (at + 1) & o->table_mask) {
        struct entry *e = &o->entries[o->table[at] - 1];
        if (memcmp(e->hash, prefix, n) == 0 &&
            (!best || memcmp(e->hash, best->hash, 32) < 0))
            best = e;
    }
    return best;
}

static int edge_add(struct ordering *o, const struct entry *parent)
{
    uint32_t index = (uint32_t)(parent - o->entries);
    return buf_append(&o->edges, BYTES(&index, sizeof index), UINT32_MAX);
}

static int link_one(struct ordering *o, uint32_t i)
{
    struct entry *e = &o->entries[i];
    const struct named *n = &o->named[i];
    int err = 0;
    e->edges_at = (uint32_t)(o->edges.n / sizeof(uint32_t));
    e->names = (uint8_t)(n->deps_count + (e->seq > 1));
    const struct entry *prev = table_find(o, n->prev, 32);
    e->prev_held = prev != NULL;
    if (prev && !prev->ended)
        err = edge_add(o, prev);
    for (uint8_t k = 0; k < n->deps_count && !err; k++) {
        const struct entry *dep =
            table_find(o, o->deps.p + n->deps_at + (size_t)k * DEP_BYTES, DEP_BYTES);
        if (dep && !dep->ended)
            err = edge_add(o, dep);
    }
    e->edges_end = (uint32_t)(o->edges.n / sizeof(uint32_t));
    return err;
}

uint32_t order_edge(const struct ordering *o, uint32_t i)
{
    uint32_t index;
    memcpy(&index, o->edges.p + (size_t)i * sizeof index, sizeof index);
    return index;
}

/* --- answers --------------------------------------------------------------------- */

static bool is_shown(const struct ordering *o, const struct entry *e)
{
    return !e->ended && e->state == CONTENT_OPEN && body_is_text(e->kind) &&
           !author_at(o->g->content, e->author)->hidden;
}

/* What is known of an entry that is not held: as its author's member key begins and its
 * sequence says. */
enum reply_state reply_gone(const struct group *g,
                            const uint8_t reply[static REPLY_BYTES])
{
    const struct author *a = author_named(g->content, reply);
    uint32_t seq = get_u32(reply + REPLY_AUTHOR_BYTES);
    return a && (seq <= a->base_seq || seq < a->oldest || seq <= a->ended_seq)
               ? REPLY_ENDED
               : REPLY_MISSING;
}

/* P8.14: in shown order, so that what is answered has its thread already. */
static void reply_link(struct ordering *o, struct entry *e)
{
    uint32_t index = (uint32_t)(e - o->entries);
    const uint8_t *reply = o->named[index].reply;
    e->thread = index + 1;
    if (e->reply_state == REPLY_NOT)
        return;
    const struct entry *to = table_find(o, reply + REPLY_AUTHOR_BYTES + 4, DEP_BYTES);
    if (!to)
        e->reply_state = (uint8_t)reply_gone(o->g, reply);
    else if (to->ended || to->state == CONTENT_BEFORE)
        e->reply_state = REPLY_ENDED;
    else if (is_shown(o, to) && to != e)
        e->reply_state = REPLY_HERE;
    if (e->reply_state != REPLY_HERE)
        return;
    e->reply = (uint32_t)(to - o->entries) + 1;
    e->thread = to->thread ? to->thread : e->reply;
}

/* --- heights --------------------------------------------------------------------- */

/* The height is what the author wrote (P8.1): a reader who corrected it by what he
 * holds would stand alone with it where another cannot read all of the same.  What
 * cannot be read comes right after what its author wrote before it. */
static int heights_lost(struct ordering *o)
{
    enum { KEY_BYTES = 12 }; /* author u32 || sequence u32 || index u32 */
    uint8_t *keys = malloc(((size_t)o->count + 1) * KEY_BYTES);
    if (!keys)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < o->count; i++) {
        put_u32(keys + (size_t)i * KEY_BYTES, o->entries[i].author);
        put_u32(keys + (size_t)i * KEY_BYTES + 4, o->entries[i].seq);
        put_u32(keys + (size_t)i * KEY_BYTES + 8, i);
    }
    sort_bytes(keys, o->count, KEY_BYTES);
    uint64_t height = 0;
    for (uint32_t i = 0; i < o->count; i++) {
        const uint8_t *key = keys + (size_t)i * KEY_BYTES;
        struct entry *e = &o->entries[get_u32(key + 8)];
        if (i > 0 && memcmp(key, key - KEY_BYTES, 4) != 0)
            height = 0;
        if (e->state != CONTENT_OPEN)
            e->height = height;
        height = e->height;
    }
    free(keys);
    return 0;
}

static int sort_all(struct ordering *o)
{
    if (!o->sorted)
        o->sorted = malloc(((size_t)o->count + 1) * SORT_BYTES);
    if (!o->sorted)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < o->count; i++) {
        uint8_t *key = o->sorted + (size_t)i * SORT_BYTES;
        put_u64(key, o->entries[i].height); /* P8.1 */
        memcpy(key + 8, o->entries[i].hash, 32);
        put_u32(key + 40, i);
    }
    sort_bytes(o->sorted, o->count, SORT_BYTES);
    return 0;
}

struct entry *order_at(const struct ordering *o, uint32_t i)
{
    return &o->entries[get_u32(o->sorted + (size_t)i * SORT_BYTES + 40)];
}

/* A claim to come after everything there will ever be is not believed of whom all that
 * he names is held: his text comes right after that. */
static int heights_bound(struct ordering *o)
{
    bool changed = false;
    for (uint32_t i = 0; i < o->count; i++) {
        struct entry *e = order_at(o, i);
        uint64_t most = 0;
        for (uint32_t k = e->edges_at; k < e->edges_end; k++) {
            const struct entry *p = &o->entries[order_edge(o, k)];
            most = p->done && p->height > most ? p->height : most;
        }
        e->done = true;
        if (e->edges_end - e->edges_at < e->names || e->height <= most + HEIGHT_ABSURD)
            continue;
        e->height = most + 1;
        changed = true;
    }
    return changed ? sort_all(o) : 0;
}

/* --- who forked, what is said again ---------------------------------------------- */

/* Mark entries that share author and sequence, of authors whose fork was seen. */
static int mark_forks(struct ordering *o)
{
    const struct content *c = o->g->content;
    uint32_t n = 0;
    uint8_t *keys = malloc(((size_t)o->count + 1) * 12);
    if (!keys)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < o->count; i++) {
        if (!author_at(c, o->entries[i].author)->forked)
            continue;
        put_u32(keys + (size_t)n * 12, o->entries[i].author);
        put_u32(keys + (size_t)n * 12 + 4, o->entries[i].seq);
        put_u32(keys + (size_t)n++ * 12 + 8, i);
    }
    sort_bytes(keys, n, 12);
    for (uint32_t i = 1; i < n; i++) {
        const uint8_t *a = keys + (size_t)(i - 1) * 12, *b = keys + (size_t)i * 12;
        if (memcmp(a, b, 8) == 0)
            o->entries[get_u32(a + 8)].forked = o->entries[get_u32(b + 8)].forked =
                true;
    }
    free(keys);
    return 0;
}

/* Of a text that was said again one is shown: the first time, unless only a later one
 * can be read; of those the first (P8.11). */
static int mark_again(struct ordering *o)
{
    enum { KEY_BYTES = 4 + DEP_BYTES + 4 }; /* author || what is said again || place */
    uint32_t n = 0;
    uint8_t *keys = malloc(((size_t)o->count + 1) * KEY_BYTES);
    if (!keys)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < o->count; i++) {
        struct entry *e = order_at(o, i);
        struct entry *first =
            e->kind == BODY_AGAIN ? table_find(o, e->again, DEP_BYTES) : NULL;
        if (e->kind != BODY_AGAIN)
            continue;
        uint8_t *key = keys + (size_t)n++ * KEY_BYTES;
        put_u32(key, e->author);
        memcpy(key + 4, e->again, DEP_BYTES);
        put_u32(key + 4 + DEP_BYTES, i);
        if (!first || first->author != e->author)
            continue;
        e->hidden = first->state == CONTENT_OPEN;
        first->hidden = first->hidden || !e->hidden;
    }
    sort_bytes(keys, n, KEY_BYTES);
    for (uint32_t i = 1; i < n; i++) {
        const uint8_t *key = keys + (size_t)i * KEY_BYTES;
        if (memcmp(key, key - KEY_BYTES, 4 + DEP_BYTES) == 0)
            order_at(o, get_u32(key + 4 + DEP_BYTES))->hidden = true;
    }
    free(keys);
    return 0;
}

/* --- showing --------------------------------------------------------------------- */

/* The text of an entry; one that is read again goes to `line`. */
static int text_of(struct ordering *o, const struct entry *e, struct buf *line,
                   struct bytes *text)
{
    struct log *log = &o->g->peer->log;
    struct content_row row;
    struct body body;
    *text = BYTES(NULL, 0);
    if (e->text_bytes == 0) /* it cannot be read here, and perhaps nothing can */
        return 0;
    if (e->text_kept) {
        *text = BYTES(o->texts.p + e->text_at, e->text_bytes);
        return 0;
    }
    int err =
        log->ops->content_by_id(log->ctx, o->g->number, o->texts.p + e->text_at, &row);
    if (err)
        return err;
    line->n = 0;
    if (body_decode(row.body, &body) != 0)
        return ERR_DAMAGED;
    err = buf_append(line, body.text, LIMIT_BODY_BYTES_MAX);
    *text = BUF_BYTES(line);
    return err;
}

/* What `e` answers: whose text, and what it says. */
static int show_answered(struct ordering *o, const struct entry *e,
                         struct message_view *view)
{
    struct group *g = o->g;
    view->reply = (enum reply_state)e->reply_state;
    if (e->reply == 0)
        return 0;
    const struct entry *to = &o->entries[e->reply - 1];
    const struct member *m = member_find(g, author_at(g->content, to->author)->pk);
    view->reply_row = to->row;
    o->answered_name.n = 0;
    int err = m ? buf_append(&o->answered_name, card_member_name(g, m->index),
                             LIMIT_BODY_BYTES_MAX)
                : 0;
    view->reply_name = BUF_BYTES(&o->answered_name);
    return err ? err : text_of(o, to, &o->answered, &view->reply_text);
}

static bool missing_before(const struct ordering *o, const struct entry *e)
{
    const struct author *a = author_at(o->g->content, e->author);
    uint32_t before = e->seq - 1;
    return !e->prev_held && before > a->base_seq && before >= a->oldest &&
           before > a->ended_seq;
}

bool order_shows(const struct ordering *o, const struct entry *e)
{
    bool closed = e->state == CONTENT_SEALED || e->state == CONTENT_BEFORE;
    return !e->ended && !closed && !e->hidden && !body_is_warning(e->kind) && /* P3.5 */
           !author_at(o->g->content, e->author)->hidden;
}

static int show_one(struct ordering *o, const struct entry *e,
                    peer_visit_message *visit, void *ctx)
{
    struct group *g = o->g;
    struct message_view view = {.row = e->row};
    int err = text_of(o, e, &o->line, &view.text);
    if (err)
        return err;
    const struct member *m = member_find(g, author_at(g->content, e->author)->pk);
    memcpy(view.id, e->hash, 32);
    view.author = m ? m->index : UINT32_MAX;
    view.author_name = m ? card_member_name(g, m->index) : BYTES(NULL, 0);
    view.kind = body_is_text(e->kind) ? BODY_TEXT : e->kind; /* 0: unreadable (P8.8) */
    view.about_hour = e->about_hour;
    view.ends_in_hours =
        e->end_hour == END_NEVER ? UINT32_MAX : e->end_hour - g->hour.hour;
    view.lifetime_hours = e->lifetime_hours;
    view.language = BYTES(e->language, e->language_bytes);
    view.unread = e->unread;
    view.own = e->own;
    view.forked = e->forked;                                         /* P8.6 */
    view.newer = e->state == CONTENT_OPEN && view.kind != BODY_TEXT; /* P7.7 */
    view.missing_before = missing_before(o, e);
    view.have = who_count(o, e);
    view.devices = o->devices;
    view.thread = o->entries[e->thread - 1].row;
    err = e->own ? 0 : mention_in(&o->mention, view.text, &view.names_me);
    if (!err)
        err = show_answered(o, e, &view);
    return err ? err : visit(ctx, &view);
}

static int show_draft(struct group *g, const struct waiting *d, struct buf *line,
                      peer_visit_message *visit, void *ctx)
{
    struct log *log = &g->peer->log;
    struct new_text what;
    uint8_t key[8];
    struct bytes value = {0};
    put_u64(key, d->number);
    int err = log->ops->get(log->ctx, g->number, LOG_DRAFT, BYTES_OF(key), &value);
    if (!err)
        err = waiting_read(value, &what);
    if (err)
        return err;
    line->n = 0;
    err = buf_append(line, what.text, LIMIT_BODY_BYTES_MAX);
    if (err)
        return err;
    const struct member *me = member_me(g);
    struct message_view view = {.kind = BODY_TEXT, .own = true, .draft = d->number};
    view.author = me ? me->index : UINT32_MAX;
    view.author_name = me ? card_member_name(g, me->index) : BYTES(NULL, 0);
    view.text = BUF_BYTES(line);
    view.about_hour = (uint32_t)(g->peer->wall_ms / HOUR_MS);
    view.ends_in_hours = what.lifetime_hours ? what.lifetime_hours : UINT32_MAX;
    view.lifetime_hours = what.lifetime_hours;
    view.language = what.language;
    return visit(ctx, &view);
}

int content_waiting(struct group *g, peer_visit_message *visit, void *ctx)
{
    const struct content *c = g->content;
    struct buf line = {0};
    int err = card_names_ready(g);
    for (uint32_t i = 0; i < c->drafts_count && !err; i++)
        err = show_draft(g, &c->drafts[i], &line, visit, ctx);
    buf_free(&line);
    return err;
}

int order_all(struct ordering *o)
{
    struct log *log = &o->g->peer->log;
    int err = log->ops->content_scan(log->ctx, o->g->number, 0, true, read_row, o);
    if (!err)
        err = table_build(o);
    for (uint32_t i = 0; i < o->count && !err; i++)
        err = link_one(o, i);
    if (!err)
        err = heights_lost(o);
    if (!err)
        err = sort_all(o);
    if (!err)
        err = heights_bound(o);
    if (!err)
        err = mark_forks(o);
    if (!err)
        err = mark_again(o);
    for (uint32_t i = 0; i < o->count && !err; i++)
        reply_link(o, order_at(o, i));
    return err;
}

void order_end(struct ordering *o)
{
    mention_end(&o->mention);
    buf_free(&o->answered);
    buf_free(&o->answered_name);
    free(o->entries);
    free(o->named);
    free(o->table);
    free(o->sorted);
    free(o->has_rows);
    buf_free(&o->deps);
    buf_free(&o->texts);
    buf_free(&o->edges);
    buf_free(&o->line);
}

/* Where the newest `last` of those that are visible begin. */
static uint32_t first_of(const struct ordering *o, uint64_t last)
{
    uint32_t i = o->count;
    while (last > 0 && i > 0)
        last -= order_shows(o, order_at(o, --i));
    return i;
}

/* The thread that the text in this row belongs to; 0: there is no such text. */
static uint32_t thread_of(const struct ordering *o, uint64_t row)
{
    for (uint32_t i = 0; i < o->count; i++)
        if (o->entries[i].row == row)
            return o->entries[i].thread;
    return 0;
}

/* Visit those that are picked. */
static int show_picked(struct ordering *o, const struct message_pick *pick,
                       peer_visit_message *visit, void *ctx)
{
    uint32_t from = pick->last ? first_of(o, pick->last) : 0;
    uint32_t thread = pick->thread ? thread_of(o, pick->thread) : 0;
    int err = pick->thread && !thread ? ERR_NOTFOUND : 0;
    for (uint32_t i = 0; i < o->count && !err; i++) {
        const struct entry *e = order_at(o, i);
        bool wanted = order_shows(o, e) && (i >= from || e->unread) &&
                      (!thread || e->thread == thread) && (!pick->unread || e->unread);
        err = wanted ? show_one(o, e, visit, ctx) : 0;
    }
    if (!err && !thread && !pick->unread)
        err = content_waiting(o->g, visit, ctx);
    return err;
}

int content_messages(struct group *g, const struct message_pick *pick,
                     peer_visit_message *visit, void *ctx)
{
    struct ordering o = {.g = g};
    int err = card_names_ready(g);
    if (!err)
        err = mention_begin(&o.mention, g);
    if (!err)
        err = order_all(&o);
    if (!err)
        err = who_all(&o);
    if (!err)
        err = show_picked(&o, pick, visit, ctx);
    order_end(&o);
    return err;
}
