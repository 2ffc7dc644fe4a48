/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_author.c -- who wrote: frontiers, baselines, sequences held. */
#include "node/core/content_author.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "node/core/content_int.h"

enum {
    AUTHOR_VERSION_FIRST = 1, /* ends at forked */
    AUTHOR_VERSION = 2,
    AUTHOR_KEY = 'a',
    AUTHOR_BYTES_MAX = 176,
};
#define BYTES_UNKNOWN UINT64_MAX

struct author *author_at(const struct content *c, uint32_t number)
{
    CHECK(number >= 1 && number <= c->authors_count);
    return &c->authors[number - 1];
}

struct author *author_find(const struct content *c, const uint8_t pk[static 32])
{
    uintptr_t number = (uintptr_t)map_get(&c->author_of, BYTES(pk, 32));
    return number ? author_at(c, (uint32_t)number) : NULL;
}

struct author *author_named(const struct content *c, const uint8_t *ref)
{
    for (uint32_t n = 1; n <= c->authors_count; n++)
        if (memcmp(author_at(c, n)->pk, ref, REPLY_AUTHOR_BYTES) == 0)
            return author_at(c, n);
    return NULL;
}

static int authors_reserve(struct content *c, uint32_t count)
{
    if (count <= c->authors_cap)
        return 0;
    uint32_t cap = c->authors_cap ? c->authors_cap * 2 : 16;
    while (cap < count)
        cap *= 2;
    struct author *grown = realloc(c->authors, cap * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    memset(grown + c->authors_cap, 0, (cap - c->authors_cap) * sizeof *grown);
    c->authors = grown;
    c->authors_cap = cap;
    return 0;
}

int author_make(struct content *c, const uint8_t pk[static 32], struct author **out)
{
    *out = author_find(c, pk);
    if (*out)
        return 0;
    if (c->authors_count == LIMIT_AUTHORS_MAX)
        return ERR_FULL;
    int err = authors_reserve(c, c->authors_count + 1);
    if (err)
        return err;
    uint32_t number = c->authors_count + 1;
    err = map_put(&c->author_of, BYTES(pk, 32), (void *)(uintptr_t)number);
    if (err)
        return err;
    struct author *a = &c->authors[number - 1];
    memset(a, 0, sizeof *a);
    memcpy(a->pk, pk, 32);
    a->number = number;
    a->oldest = 1;
    a->dirty = true;
    c->authors_count = number;
    *out = a;
    return 0;
}

/* Records are visited in the order of keys, not of numbers. */
static int author_load_one(void *ctx, struct bytes key, struct bytes value)
{
    struct content *c = ctx;
    struct author a = {0};
    struct reader r = reader_of(value);
    if (key.n != 33)
        return ERR_DAMAGED;
    memcpy(a.pk, key.p + 1, 32);
    uint8_t version = read_u8(&r);
    a.number = read_u32(&r);
    a.seq = read_u32(&r);
    read_copy(&r, a.hash, 32);
    a.base_seq = read_u32(&r);
    read_copy(&r, a.base_hash, 32);
    a.heard_hour = read_u32(&r);
    a.oldest = read_u32(&r);
    a.ended_seq = read_u32(&r);
    a.has_row = read_u64(&r);
    a.forked = read_u8(&r) != 0;
    a.day_row = a.has_row;
    a.held_bytes = BYTES_UNKNOWN;
    if (version == AUTHOR_VERSION) {
        a.hidden = read_u8(&r) != 0;
        a.day_row = read_u64(&r);
        a.held_bytes = read_u64(&r);
    }
    a.bytes_unknown = a.held_bytes == BYTES_UNKNOWN;
    a.held_bytes = a.bytes_unknown ? 0 : a.held_bytes;
    if (reader_end(&r) != 0 || version < AUTHOR_VERSION_FIRST ||
        version > AUTHOR_VERSION || a.number == 0 || a.number > LIMIT_AUTHORS_MAX)
        return ERR_DAMAGED;
    int err = authors_reserve(c, a.number);
    if (!err)
        err = map_put(&c->author_of, BYTES(a.pk, 32), (void *)(uintptr_t)a.number);
    if (err)
        return err;
    c->authors[a.number - 1] = a;
    if (a.number > c->authors_count)
        c->authors_count = a.number;
    return 0;
}

int authors_load(struct group *g)
{
    struct content *c = g->content;
    uint8_t prefix = AUTHOR_KEY;
    struct log *log = &g->peer->log;
    int err = log->ops->scan(log->ctx, g->number, LOG_AUTHOR, BYTES(&prefix, 1),
                             author_load_one, c);
    if (err)
        return err;
    return map_count(&c->author_of) == c->authors_count ? 0 : ERR_DAMAGED;
}

/* Nobody's: no member has this key, and nothing is ever found under it. */
static int author_fill(struct content *c, const struct entropy *e, uint32_t number)
{
    struct author *a = &c->authors[number - 1];
    *a = (struct author){.number = number, .oldest = 1, .dirty = true};
    entropy_fill(e, a->pk, sizeof a->pk);
    return map_put(&c->author_of, BYTES(a->pk, 32), (void *)(uintptr_t)number);
}

int authors_mend(struct group *g)
{
    struct content *c = g->content;
    uint8_t prefix = AUTHOR_KEY;
    struct log *log = &g->peer->log;
    int err = log->ops->scan(log->ctx, g->number, LOG_AUTHOR, BYTES(&prefix, 1),
                             author_load_one, c);
    for (uint32_t i = 1; i <= c->authors_count && !err; i++) {
        if (c->authors[i - 1].number != 0)
            continue;
        err = author_fill(c, &g->peer->entropy, i);
    }
    return err;
}

static int author_save(struct group *g, const struct author *a)
{
    uint8_t key[33], value[AUTHOR_BYTES_MAX];
    key[0] = AUTHOR_KEY;
    memcpy(key + 1, a->pk, 32);
    struct room room = ROOM_OF(value);
    struct writer w = writer_to(&room);
    write_u8(&w, AUTHOR_VERSION);
    write_u32(&w, a->number);
    write_u32(&w, a->seq);
    write_bytes(&w, BYTES_OF(a->hash));
    write_u32(&w, a->base_seq);
    write_bytes(&w, BYTES_OF(a->base_hash));
    write_u32(&w, a->heard_hour);
    write_u32(&w, a->oldest);
    write_u32(&w, a->ended_seq);
    write_u64(&w, a->has_row);
    write_u8(&w, a->forked);
    write_u8(&w, a->hidden);
    write_u64(&w, a->day_row);
    write_u64(&w, a->bytes_unknown ? BYTES_UNKNOWN : a->held_bytes);
    CHECK(writer_end(&w) == 0);
    struct log *log = &g->peer->log;
    return log->ops->put(log->ctx, g->number, LOG_AUTHOR, BYTES_OF(key),
                         BYTES(room.p, room.n));
}

int authors_flush(struct group *g)
{
    struct content *c = g->content;
    for (uint32_t i = 0; i < c->authors_count; i++) {
        struct author *a = &c->authors[i];
        if (!a->dirty)
            continue;
        int err = author_save(g, a);
        if (err)
            return err;
        a->dirty = false;
    }
    return 0;
}

void author_has(struct author *a, uint32_t seq, const uint8_t hash[static 32])
{
    spans_add(&a->held, seq);
    /* Of a fork the smallest hash is the frontier, whatever came first (P8.5). */
    bool newer = seq > a->seq || (seq == a->seq && memcmp(hash, a->hash, 32) < 0);
    if (!newer)
        return;
    a->seq = seq;
    memcpy(a->hash, hash, 32);
    a->dirty = true;
}

bool content_author_forked(const struct group *g, const uint8_t member_pk[static 32])
{
    const struct author *a = g->content ? author_find(g->content, member_pk) : NULL;
    return a && a->forked;
}

int author_forked(struct group *g, struct author *a)
{
    const struct member *m = member_find(g, a->pk);
    if (a->forked)
        return 0;
    a->forked = a->dirty = true;
    peer_mark(g->peer, MARK_FORK_CONTENT);
    return fx_tell(g->peer, TELL_FORK, g->number, m ? m->index : 0, 0);
}

void author_heard(struct content *c, struct author *a, uint32_t hour)
{
    if (hour <= a->heard_hour || hour > HOUR_LAST)
        return;
    a->heard_hour = hour;
    a->dirty = true;
    c->hour_due = true;
}

bool spans_maybe(const struct spans *s, uint32_t seq)
{
    if (s->full)
        return true;
    for (uint8_t i = 0; i < s->count; i++)
        if (seq >= s->runs[i].lo && seq <= s->runs[i].hi)
            return true;
    return false;
}

void spans_add(struct spans *s, uint32_t seq)
{
    if (s->full)
        return;
    uint8_t i = 0;
    /* The first run that ends at the sequence before this one, or later. */
    while (i < s->count && s->runs[i].hi < UINT32_MAX && s->runs[i].hi + 1 < seq)
        i++;
    if (i < s->count && seq >= s->runs[i].lo && seq <= s->runs[i].hi)
        return;
    if (i < s->count && seq == s->runs[i].hi + 1) {
        s->runs[i].hi = seq;
        if (i + 1 < s->count && s->runs[i + 1].lo == seq + 1) {
            s->runs[i].hi = s->runs[i + 1].hi;
            s->count--;
            memmove(&s->runs[i + 1], &s->runs[i + 2],
                    (size_t)(s->count - i - 1) * sizeof s->runs[0]);
        }
        return;
    }
    if (i < s->count && s->runs[i].lo - 1 == seq) {
        s->runs[i].lo = seq;
        return;
    }
    if (s->count == SPANS_MAX) {
        s->full = true;
        return;
    }
    memmove(&s->runs[i + 1], &s->runs[i], (size_t)(s->count - i) * sizeof s->runs[0]);
    s->runs[i].lo = s->runs[i].hi = seq;
    s->count++;
}
