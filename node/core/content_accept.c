/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_accept.c -- many envelopes at once, or one: the same set (P8.3 to P8.5).
 *
 * A chunk is read, sorted by author and falling sequence, and judged from the newest
 * entry of each author downwards: whoever is named by an authentic entry of the next
 * sequence needs no signature check.  Then all are stored in the order they came, and
 * entries held aside that are vouched for by now follow.
 */
#include <string.h>

#include "base/sort.h"
#include "node/core/content_own.h"
#include "node/core/content_share.h"
#include "node/core/link_int.h"

enum {
    KEY_AUTHOR = 0,
    KEY_SEQ = 4, /* inverted: newest first */
    KEY_HASH = 8,
    KEY_INDEX = 40,
    KEY_BYTES = 44,
};
_Static_assert(KEY_BYTES *ACCEPT_CHUNK < 65536, "the sort keys of a chunk stay small");

/* --- judging --------------------------------------------------------------------- */

struct child_of {
    const uint8_t *hash;
    bool found;
};

static int child_visit(void *ctx, const struct content_row *row)
{
    struct child_of *want = ctx;
    want->found = row->state != CONTENT_ASIDE && memcmp(row->prev, want->hash, 32) == 0;
    return want->found;
}

/* Does a stored entry of the set, next in the author's sequence, name this one? */
static int child_stored(struct group *g, const struct item *it, bool *found)
{
    struct log *log = &g->peer->log;
    *found = false;
    if (it->seq == UINT32_MAX ||
        !spans_maybe(&author_at(g->content, it->author)->held, it->seq + 1))
        return 0;
    struct child_of want = {it->hash, false};
    int err = log->ops->content_by_seq(log->ctx, g->number, it->author, it->seq + 1,
                                       child_visit, &want);
    *found = want.found;
    return err;
}

static struct item *item_at(const struct content *c, size_t sorted)
{
    return &c->items[get_u32(c->order + sorted * KEY_BYTES + KEY_INDEX)];
}

/* Does an authentic item of this chunk name the one at `sorted`?  Those of the next
 * sequence stand right before its own sequence. */
static bool child_in_chunk(const struct content *c, size_t sorted)
{
    const struct item *it = item_at(c, sorted);
    for (size_t i = sorted; i-- > 0;) {
        const struct item *other = item_at(c, i);
        if (other->author != it->author || other->seq > it->seq + 1)
            return false;
        if (other->seq == it->seq + 1 && other->authentic &&
            memcmp(other->prev, it->hash, 32) == 0)
            return true;
    }
    return false;
}

static int judge(struct group *g, size_t sorted)
{
    struct content *c = g->content;
    struct item *it = item_at(c, sorted);
    if (sorted > 0 && memcmp(c->order + (sorted - 1) * KEY_BYTES,
                             c->order + sorted * KEY_BYTES, KEY_INDEX) == 0) {
        it->done = true; /* the same entry twice in one batch */
        it->in->result = ACCEPT_KNOWN;
        return 0;
    }
    it->named = it->seq != UINT32_MAX && child_in_chunk(c, sorted);
    if (!it->named) {
        int err = child_stored(g, it, &it->named);
        if (err)
            return err;
    }
    int bad = it->named ? 0 : item_verify(g, it); /* P8.3 */
    it->authentic = bad == 0;
    return bad == ERR_NOMEM ? bad : 0;
}

static int judge_all(struct group *g, size_t count)
{
    struct content *c = g->content;
    for (size_t i = 0; i < count; i++) {
        uint8_t *key = c->order + i * KEY_BYTES;
        put_u32(key + KEY_AUTHOR, c->items[i].author);
        put_u32(key + KEY_SEQ, ~c->items[i].seq);
        memcpy(key + KEY_HASH, c->items[i].hash, 32);
        put_u32(key + KEY_INDEX, (uint32_t)i);
    }
    int err = 0;
    sort_bytes(c->order, count, KEY_BYTES);
    for (size_t i = 0; i < count && !err; i++)
        err = judge(g, i);
    return err;
}

/* --- storing --------------------------------------------------------------------- */

static void row_of(struct group *g, const struct item *it, struct content_row *row)
{
    memset(row, 0, sizeof *row);
    row->urgency = it->urgency;
    row->author = it->author;
    row->seq = it->seq;
    row->end_hour = it->end_hour;
    row->lifetime_hours = it->lifetime_hours;
    row->erase_hour =
        it->lifetime_hours ? g->hour.hour + it->lifetime_hours : END_NEVER; /* P3.5 */
    memcpy(row->id, it->in->id, 32);
    memcpy(row->hash, it->hash, 32);
    memcpy(row->prev, it->prev, 32);
    memcpy(row->topic, it->in->topic, 32);
    row->envelope = it->in->envelope;
}

static void aside_forget(struct content *c, uint32_t i)
{
    c->aside_count--;
    memmove(&c->aside[i], &c->aside[i + 1], (c->aside_count - i) * sizeof c->aside[0]);
}

static int store_aside(struct group *g, const struct item *it)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    struct content_row row;
    int err = 0;
    if (c->aside_count == LIMIT_ASIDE_ENTRIES_MAX) { /* P8.4: the oldest goes */
        err = log->ops->content_delete(log->ctx, g->number, c->aside[0].row);
        if (err)
            return err;
        aside_forget(c, 0);
        g->peer->limited++;
    }
    row_of(g, it, &row);
    row.state = CONTENT_ASIDE;
    err = log->ops->content_put(log->ctx, g->number, &row, &row.row);
    if (err)
        return err;
    it->in->result = ACCEPT_ASIDE;
    peer_mark(g->peer, MARK_ASIDE_HELD);
    struct aside *a = &c->aside[c->aside_count++];
    *a = (struct aside){.row = row.row, .author = it->author, .seq = it->seq};
    memcpy(a->hash, it->hash, 32);
    memcpy(a->id, it->in->id, 32);
    memcpy(a->topic, it->in->topic, 32);
    return 0;
}

/* P3.6: how many entries far ahead are held by this author already? */
static bool too_many_ahead(struct group *g, const struct item *it)
{
    const struct content *c = g->content;
    uint32_t held = 0;
    if (it->lifetime_hours == 0 ||
        it->end_hour - it->lifetime_hours <= g->hour.hour + AHEAD_HOURS)
        return false;
    for (uint32_t i = 0; i < c->ahead_count; i++)
        held += c->ahead[i].author == it->author &&
                c->ahead[i].made_hour > g->hour.hour + AHEAD_HOURS;
    return held >= LIMIT_AHEAD_ENTRIES_MAX;
}

static int same_seq_visit(void *ctx, const struct content_row *row)
{
    struct child_of *other = ctx;
    other->found =
        row->state != CONTENT_ASIDE && memcmp(row->hash, other->hash, 32) != 0;
    return other->found;
}

/* A second entry of one sequence is a fork: kept, and said once (P8.6). */
static int note_fork(struct group *g, const struct item *it)
{
    struct author *a = author_at(g->content, it->author);
    struct log *log = &g->peer->log;
    if (a->forked || !spans_maybe(&a->held, it->seq))
        return 0;
    struct child_of other = {it->hash, false};
    int err = log->ops->content_by_seq(log->ctx, g->number, it->author, it->seq,
                                       same_seq_visit, &other);
    return err || !other.found ? err : author_forked(g, a);
}

/* Entries held aside that this one names belong to the set now. */
static void vouch_aside(struct content *c, const struct item *it)
{
    for (uint32_t i = 0; i < c->aside_count; i++) {
        struct aside *a = &c->aside[i];
        if (a->author == it->author && a->seq + 1 == it->seq &&
            memcmp(a->hash, it->prev, 32) == 0)
            a->vouched = true;
    }
}

static int tell_entry(struct group *g, const struct content_row *row)
{
    if (row->state != CONTENT_OPEN || content_ended(g, row->end_hour))
        return 0;
    if (body_is_warning(row->kind))
        return fx_tell(g->peer, TELL_WARNING, g->number, row->row, 0);
    int err = body_is_text(row->kind)
                  ? 0
                  : fx_tell(g->peer, TELL_NEWER, g->number, row->row, 0);
    return err ? err : fx_tell(g->peer, TELL_ENTRY, g->number, row->row, 0);
}

static int said_visit(void *ctx, const struct content_row *row)
{
    struct child_of *first = ctx;
    first->found =
        row->state == CONTENT_OPEN && memcmp(row->hash, first->hash, DEP_BYTES) == 0;
    return first->found;
}

/* P8.11: is this said again, and was it read the first time? */
static int said_twice(struct group *g, const struct content_row *row,
                      const struct body *body, bool *twice)
{
    struct log *log = &g->peer->log;
    struct child_of first = {body->again.p, false};
    if (row->state != CONTENT_OPEN || body->kind != BODY_AGAIN)
        return 0;
    int err = log->ops->content_by_seq(log->ctx, g->number, row->author,
                                       body->again_seq, said_visit, &first);
    *twice = first.found;
    return err;
}

/* P8.12: what one author sends too fast is left to the next round. */
static int pass_on(struct group *g, const struct item *it, uint32_t from_link)
{
    uint64_t cost = 1 + it->in->envelope.n / 1024;
    const struct member *m =
        g->peer->links->bulk ? NULL /* it is not pushed anyway (P10.6) */
                             : member_find(g, author_at(g->content, it->author)->pk);
    if (!m || budget_take(g, m->index, BUDGET_PUSH, cost))
        return sync_push_entry(g, it->in->topic, it->in->envelope, from_link);
    sync_leave(g, from_link);
    return 0;
}

static int store_authentic(struct group *g, struct item *it, uint32_t from_link)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    struct content_row row;
    struct body body;
    bool twice = false;
    row_of(g, it, &row);
    int err = note_fork(g, it);
    if (!err)
        err = item_open(g, it, &row, &body);
    const struct author *a = author_at(c, it->author);
    bool own = memcmp(a->pk, g->member_pk, 32) == 0;
    if (!err && it->key_used)
        err = own ? restored_clash(g, it) : author_forked(g, author_at(c, it->author));
    if (!err)
        err = said_twice(g, &row, &body, &twice);
    if (err)
        return err;
    row.own = own ? OWN_WRITTEN : OWN_NOT;
    if (row.state == CONTENT_OPEN && !own && !twice && !content_ended(g, row.end_hour))
        err = content_unread_mark(g, &body, &row.unread);
    if (err)
        return err;
    err = log->ops->content_put(log->ctx, g->number, &row, &row.row);
    if (err)
        return err;
    it->in->result = ACCEPT_NEW;
    c->restored = c->restored || row.own; /* P8.9: we wrote it and do not hold it */
    uint32_t before = a->seq > a->base_seq ? a->seq : a->base_seq;
    vouch_aside(c, it);
    err = content_note_row(g, &row, it->named, &body);
    if (!err && row.state == CONTENT_OPEN) {
        struct author *told = author_at(c, it->author);
        uint32_t oldest = it->seq > body.distance ? it->seq - body.distance : 1;
        before = told->oldest > before + 1 ? told->oldest - 1 : before;
        if (!own && oldest > before + 1) /* they ended before they could come */
            content_note_ended(g, told, oldest - 1 - before);
        told->dirty = told->dirty || oldest > told->oldest;
        told->oldest = oldest > told->oldest ? oldest : told->oldest;
    }
    if (!err && !twice)
        err = tell_entry(g, &row);
    if (!err)
        err = pass_on(g, it, from_link);
    return err;
}

static int store_item(struct group *g, struct item *it, uint32_t from_link)
{
    struct content *c = g->content;
    if (it->done)
        return 0;
    if (too_many_ahead(g, it)) {
        it->in->result = ACCEPT_REFUSED;
        g->peer->limited++;
        return 0;
    }
    if (!it->authentic)
        return store_aside(g, it);
    if (it->lifetime_hours) {
        uint32_t made = it->end_hour - it->lifetime_hours;
        author_heard(c, author_at(c, it->author), made);
        int err =
            made > g->hour.hour + AHEAD_HOURS ? ahead_note(c, it->author, made) : 0;
        if (err)
            return err;
    }
    return store_authentic(g, it, from_link);
}

/* Take one vouched entry from aside into the set. */
static int release_one(struct group *g, uint32_t i, uint32_t from_link)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    struct content_row row;
    struct aside a = c->aside[i];
    struct incoming in = {0};
    int err = log->ops->content_by_id(log->ctx, g->number, a.id, &row);
    if (err)
        return err == ERR_NOTFOUND ? ERR_DAMAGED : err;
    c->copy.n = 0;
    if (buf_append(&c->copy, row.envelope, LIMIT_ENVELOPE_BYTES_MAX))
        return ERR_NOMEM;
    memcpy(in.topic, a.topic, 32);
    memcpy(in.id, a.id, 32);
    in.envelope = BUF_BYTES(&c->copy);
    /* It gets a new row: what is told of it comes after what was read before. */
    err = log->ops->content_delete(log->ctx, g->number, a.row);
    if (err)
        return err;
    aside_forget(c, i);
    items_reset(c);
    struct item it = {.in = &in, .authentic = true, .named = true};
    int go = item_read(g, &it, true);
    peer_mark(g->peer, MARK_ASIDE_VOUCHED);
    return go == 1 ? store_item(g, &it, from_link) : go;
}

/* What is released may vouch for more. */
static int release_vouched(struct group *g, uint32_t from_link)
{
    struct content *c = g->content;
    uint32_t i = 0;
    while (i < c->aside_count) {
        if (!c->aside[i].vouched) {
            i++;
            continue;
        }
        int err = release_one(g, i, from_link);
        if (err)
            return err;
        i = 0;
    }
    return 0;
}

/* P8.13: told by its hash, before its signature costs anything. */
static bool fits_share(struct group *g, struct item *it)
{
    const struct author *a = author_at(g->content, it->author);
    if (!share_refuses(a, it->hash))
        return true;
    const struct member *m = member_find(g, a->pk);
    it->in->result = ACCEPT_REFUSED;
    if (m)
        budget_note(g, m->index, LIMITED_SHARE);
    return false;
}

static int accept_chunk(struct group *g, struct incoming *list, size_t count,
                        uint32_t from_link)
{
    struct content *c = g->content;
    size_t n = 0;
    int err = 0;
    items_reset(c);
    for (size_t i = 0; i < count; i++) {
        c->items[n] = (struct item){.in = &list[i]};
        int go = item_read(g, &c->items[n], false);
        if (go < 0)
            return go;
        n += go == 1 && fits_share(g, &c->items[n]);
    }
    err = judge_all(g, n);
    for (size_t i = 0; i < n && !err; i++)
        err = store_item(g, &c->items[i], from_link);
    return err ? err : release_vouched(g, from_link);
}

int content_accept(struct group *g, struct incoming *list, size_t count,
                   uint32_t from_link)
{
    struct content *c = g->content;
    int err = 0;
    for (size_t at = 0; at < count && !err; at += ACCEPT_CHUNK) {
        size_t n = count - at < ACCEPT_CHUNK ? count - at : ACCEPT_CHUNK;
        err = accept_chunk(g, list + at, n, from_link);
    }
    if (!err)
        err = share_settle(g, false);
    if (c->restored) /* whoever claimed it was right */
        budget_forgive(g, BUDGET_CLAIMS);
    if (!err && c->restored)
        err = content_restored(g);
    if (!err)
        err = authors_flush(g);
    if (!err)
        err = meta_flush(g);
    return err ? err : hour_settle(g);
}
