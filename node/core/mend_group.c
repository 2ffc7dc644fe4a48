/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mend_group.c -- the rows of one group. */
#include <stdlib.h>
#include <string.h>

#include "node/core/content_own.h"
#include "node/core/keys_int.h"
#include "node/core/mend_int.h"

enum {
    ENTRY_BYTES_MAX = 1 + LIMIT_CONTROL_BYTES_MAX,
    TREE_KEY_BYTES = 34,
    PREKEY_WANTED = 4, /* rekeys after which a fresh prekey is due (P5.12) */
};

/* ---- control entries ------------------------------------------------------ */

/* Rows of LOG_CONTROL: values end to end, and where each begins. */
struct entries {
    struct buf bytes;
    size_t *at;
    uint32_t count, cap, end; /* end: one past the largest number */
};

static int entry_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct entries *e = ctx;
    if (key.n != 4 || e->count == LIMIT_CONTROL_ENTRIES_MAX)
        return ERR_DAMAGED;
    if (e->count + 1 >= e->cap) {
        uint32_t cap = e->cap ? e->cap * 2 : 64;
        size_t *to = realloc(e->at, cap * sizeof *to);
        if (!to)
            return ERR_NOMEM;
        e->at = to;
        e->cap = cap;
    }
    e->at[e->count++] = e->bytes.n;
    e->end = get_u32(key.p) + 1;
    int err = buf_append(&e->bytes, value, SIZE_MAX / 2);
    e->at[e->count] = e->bytes.n;
    return err;
}

/* Is everything in the past of this entry held?  P4.4 */
static bool entry_stands(const struct group *g, const struct map *held,
                         const struct control_entry *e)
{
    if (e->kind == CONTROL_CREATE)
        return memcmp(e->hash, g->id, 32) == 0;
    for (size_t i = 0; i < e->deps_count; i++)
        if (!map_get(held, BYTES(e->deps.p + i * 32, 32)))
            return false;
    return e->seq == 1 || map_get(held, BYTES(e->prev, 32));
}

/* Write the entries that stand, numbered without gaps, in their old order: causes still
 * come first, and what was decided at their birth is of their past alone. */
static int entries_write(struct group *g, const struct entries *e, uint32_t *kept)
{
    const struct log *log = &g->peer->log;
    struct map held;
    uint8_t key[4];
    int err = 0;
    map_init(&held, LIMIT_CONTROL_ENTRIES_MAX);
    for (uint32_t i = 0; i < e->count && !err; i++) {
        struct bytes value = BYTES(e->bytes.p + e->at[i], e->at[i + 1] - e->at[i]);
        struct control_entry entry;
        if (value.n < 1 || control_decode(BYTES(value.p + 1, value.n - 1), &entry) ||
            !entry_stands(g, &held, &entry))
            continue;
        err = map_put(&held, BYTES(entry.hash, 32), g);
        put_u32(key, (*kept)++);
        if (!err)
            err = log->ops->put(log->ctx, g->number, LOG_CONTROL, BYTES_OF(key), value);
    }
    for (uint32_t i = *kept; i < e->end && !err; i++) {
        put_u32(key, i);
        err = log->ops->del(log->ctx, g->number, LOG_CONTROL, BYTES_OF(key));
    }
    map_free(&held);
    return err;
}

static int control_mend(struct group *g, struct mend_report *out)
{
    const struct log *log = &g->peer->log;
    struct entries e = {0};
    uint32_t kept = 0;
    int err = log->ops->scan(log->ctx, g->number, LOG_CONTROL, BYTES(NULL, 0),
                             entry_visit, &e);
    if (!err)
        err = entries_write(g, &e, &kept);
    out->control_lost += e.end - kept;
    buf_free(&e.bytes);
    free(e.at);
    return err ? err : control_load(g);
}

/* ---- keys ---------------------------------------------------------------- */

/* Keys of rows that are to go; gathered in pieces, for a visitor must not write. */
struct doomed {
    struct group *g;
    uint8_t keys[COLLECT_MAX][LOG_KEY_BYTES_MAX];
    size_t bytes[COLLECT_MAX];
    uint32_t count;
};

static int doom(struct doomed *d, struct bytes key)
{
    memcpy(d->keys[d->count], key.p, key.n);
    d->bytes[d->count++] = key.n;
    return d->count == COLLECT_MAX;
}

/* Values of an epoch whose entry is gone: they come again by a forward (P5.13). */
static int epoch_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct doomed *d = ctx;
    (void)value;
    return key.n == 32 && !control_find(d->g, key.p) ? doom(d, key) : 0;
}

/* Trees of a root whose record is gone would outlive every schedule. */
static int tree_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct doomed *d = ctx;
    (void)value;
    bool held = key.n == TREE_KEY_BYTES &&
                map_get(&d->g->keys->roots, BYTES(key.p, 32)) != NULL;
    return held ? 0 : doom(d, key);
}

static int doomed_erase(struct group *g, uint8_t table, log_visit_kv *visit)
{
    const struct log *log = &g->peer->log;
    struct doomed *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    d->g = g;
    int err = 0;
    do {
        d->count = 0;
        err = log->ops->scan(log->ctx, g->number, table, BYTES(NULL, 0), visit, d);
        for (uint32_t i = 0; i < d->count && !err; i++)
            err = log->ops->del(log->ctx, g->number, table,
                                BYTES(d->keys[i], d->bytes[i]));
    } while (!err && d->count == COLLECT_MAX);
    free(d);
    return err;
}

/* A root without its tree of senders opens nothing more: an empty tree says so, where
 * none would say that a key is still to come. */
static int senders_mend(struct group *g)
{
    static const uint8_t empty[2];
    const struct log *log = &g->peer->log;
    struct bytes value;
    struct root *r;
    uint32_t at = 0;
    int err = 0;
    while (!err && (r = map_next(&g->keys->roots, &at, NULL))) {
        uint8_t key[TREE_KEY_BYTES];
        memcpy(key, r->id, 32);
        put_u16(key + 32, PLACE_SENDERS);
        err = log->ops->get(log->ctx, g->number, LOG_TREE, BYTES_OF(key), &value);
        if (err == ERR_NOTFOUND)
            err = log->ops->put(log->ctx, g->number, LOG_TREE, BYTES_OF(key),
                                BYTES_OF(empty));
    }
    return err;
}

/* Orders say what goes first when room is needed: each is given once. */
static uint32_t order_after(const struct keys *k)
{
    uint32_t next = k->next_order, at = 0;
    const struct epoch_key *e;
    const struct root *r;
    while ((e = map_next(&k->epochs, &at, NULL)))
        next = e->order >= next ? e->order + 1 : next;
    at = 0;
    while ((r = map_next(&k->roots, &at, NULL)))
        next = r->order >= next ? r->order + 1 : next;
    for (uint32_t i = 0; i < k->prekeys_count; i++)
        next = k->prekeys[i].order >= next ? k->prekeys[i].order + 1 : next;
    return next;
}

static int keys_mend(struct group *g)
{
    int err = doomed_erase(g, LOG_EPOCH, epoch_visit);
    if (!err)
        err = keys_load(g);
    if (!err)
        err = doomed_erase(g, LOG_TREE, tree_visit);
    if (!err)
        err = senders_mend(g);
    if (err)
        return err;
    struct keys *k = g->keys;
    k->next_order = order_after(k);
    if (k->prekeys_count == 0) /* nobody can box anything for us: say a new one soon */
        k->rekeys_since_prekey = PREKEY_WANTED;
    return g->joining ? 0 : owed_store(g);
}

/* ---- authors and content rows --------------------------------------------- */

struct orphans {
    const struct content *c;
    uint64_t rows[COLLECT_MAX];
    uint32_t count;
};

/* An author whose record was just filled is not written yet. */
static bool is_nobody(const struct content *c, uint32_t number)
{
    return number == 0 || number > c->authors_count || author_at(c, number)->dirty;
}

static int orphan_visit(void *ctx, const struct content_row *row)
{
    struct orphans *o = ctx;
    if (is_nobody(o->c, row->author))
        o->rows[o->count++] = row->row;
    return o->count == COLLECT_MAX;
}

/* Rows of authors nobody knows any more go: they come again, and are taken anew. */
static int orphans_drop(struct group *g, struct mend_report *out)
{
    const struct log *log = &g->peer->log;
    struct orphans *o = calloc(1, sizeof *o);
    if (!o)
        return ERR_NOMEM;
    o->c = g->content;
    int err = 0;
    do {
        o->count = 0;
        err = log->ops->content_scan(log->ctx, g->number, 0, false, orphan_visit, o);
        for (uint32_t i = 0; i < o->count && !err; i++)
            err = log->ops->content_delete(log->ctx, g->number, o->rows[i]);
        out->texts_lost += o->count;
    } while (!err && o->count == COLLECT_MAX);
    free(o);
    return err;
}

/* Records that are missing are filled first, so that all other numbers stay true. */
static int authors_fill(struct group *g, struct mend_report *out)
{
    int err = content_new(g);
    if (!err)
        err = authors_mend(g);
    if (!err)
        err = orphans_drop(g, out);
    if (!err)
        err = authors_flush(g);
    content_free(g->content);
    g->content = NULL;
    return err;
}

/* What records of authors and the meta record say follows the rows again. */
static int follow_visit(void *ctx, const struct content_row *row)
{
    struct content *c = ctx;
    struct body body;
    if (row->state == CONTENT_ASIDE)
        return 0;
    struct author *a = author_at(c, row->author);
    author_has(a, row->seq, row->hash);
    a->dirty = true;
    if (row->body.n > 0 && body_decode(row->body, &body) == 0 &&
        body.height > c->height_floor && body.height <= BODY_HEIGHT_MAX)
        c->height_floor = body.height;
    return 0;
}

/* A mark above every row would hide what comes next. */
static void marks_clamp(struct content *c)
{
    c->read_row = c->read_row > c->last_row ? c->last_row : c->read_row;
    c->day_last = c->day_last > c->last_row ? c->last_row : c->day_last;
    c->day_before = c->day_before > c->day_last ? c->day_last : c->day_before;
    for (uint32_t i = 0; i < c->authors_count; i++) {
        struct author *a = &c->authors[i];
        a->dirty = a->bytes_unknown = true; /* rows may be lost */
        a->has_row = a->has_row > c->last_row ? c->last_row : a->has_row;
        a->day_row = a->day_row > a->has_row ? a->has_row : a->day_row;
    }
    for (uint32_t i = 0; i < c->drafts_count; i++)
        if (c->drafts[i].number >= c->next_draft)
            c->next_draft = c->drafts[i].number + 1;
    c->meta_dirty = true;
}

static int content_mend(struct group *g, struct mend_report *out)
{
    const struct log *log = &g->peer->log;
    int err = authors_fill(g, out);
    if (!err)
        err = content_load(g);
    if (!err)
        err = log->ops->content_scan(log->ctx, g->number, 0, true, follow_visit,
                                     g->content);
    if (err)
        return err;
    marks_clamp(g->content);
    err = content_note_lost(g);
    if (!err)
        err = authors_flush(g);
    return err ? err : meta_flush(g);
}

/* ---- together ------------------------------------------------------------ */

int mend_group(struct group *g, struct mend_report *out)
{
    const struct log *log = &g->peer->log;
    struct bytes value;
    if (g->joining) { /* without the invitation the join cannot go on */
        int err =
            log->ops->get(log->ctx, g->number, LOG_INVITE, BYTES("join", 4), &value);
        if (err)
            return err == ERR_NOTFOUND ? 1 : err;
    }
    int err = control_mend(g, out);
    if (!err)
        err = keys_mend(g);
    return err ? err : content_mend(g, out);
}
