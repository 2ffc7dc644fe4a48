/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sync_bulk.c -- sending what the other side lacks, no faster than the link drains.
 *
 * Order (P10.5): control entries in causal order, pages, cards, single envelopes with
 * the latest end first, then whole ranges by arrival in blocks from the newest to the
 * oldest, each block in order of arrival so that its signatures are cheap to check.
 */
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "node/core/link_int.h"

enum {
    STREAM_MIN = 512, /* a larger range is sent by arrival */
    BLOCK_ROWS = 512,
    TODO_IDS_MAX = 1 << 16,
    STREAMS_MAX = 1024,
};

/* ---- noting ----------------------------------------------------------------- */

/* Too much waits already: the rest is found again in the next round. */
static int leave_out(struct group *g, struct link *l)
{
    g->peer->limited++;
    sync_again(g->peer, l);
    return 0;
}

static int todo_small(struct group *g, struct link *l, uint8_t set, const uint8_t *id)
{
    struct buf *todo = &l->sync.todo[set];
    if (todo->n >= (size_t)TODO_IDS_MAX * 32)
        return leave_out(g, l);
    l->sync.todo_sorted[set] = false;
    return buf_append(todo, BYTES(id, 32), SIZE_MAX / 2);
}

static int todo_content(struct group *g, struct link *l, const uint8_t *id)
{
    struct sync *s = &l->sync;
    if (s->todo_content.n - s->todo_at >= (size_t)TODO_IDS_MAX * 32)
        return leave_out(g, l);
    if (s->todo_at > s->todo_content.n / 2) {
        buf_consume(&s->todo_content, s->todo_at);
        s->todo_at = 0;
    }
    return buf_append(&s->todo_content, BYTES(id, 32), SIZE_MAX / 2);
}

/* Note positions; of content the last first, for it ends latest. */
int bulk_ids(struct group *g, struct link *l, uint8_t set, struct bytes positions)
{
    size_t n = positions.n / WIRE_POSITION_BYTES;
    int err = 0;
    if (!budget_take(g, l->member, BUDGET_SERVED, n)) {
        sync_again(g->peer, l); /* P8.12 */
        return 0;
    }
    for (size_t i = n; i-- > 0 && !err;) {
        const uint8_t *id = positions.p + i * WIRE_POSITION_BYTES + 4;
        err = set == SET_CONTENT ? todo_content(g, l, id) : todo_small(g, l, set, id);
    }
    return err;
}

/* ---- whole ranges by arrival ------------------------------------------------ */

static bool row_fits(const struct stream *s, const struct content_row *row)
{
    struct set_bound at = {.end_hour = row->end_hour};
    memcpy(at.id, row->id, 32);
    return row->state != CONTENT_ASIDE && row->state != CONTENT_GONE &&
           memcmp(row->topic, s->topic, 32) == 0 && position_order(&at, &s->lo) >= 0 &&
           position_order(&at, &s->hi) < 0;
}

/* Gather the row numbers of a range. */
static int plan_visit(void *ctx, const struct set_bound *at, uint64_t row)
{
    uint8_t raw[8];
    (void)at;
    put_u64(raw, row);
    return buf_append(ctx, BYTES_OF(raw), SIZE_MAX / 2);
}

/* Every BLOCK_ROWS rows of the range begin a block.  The set's index names the rows, so
 * that no other row is read. */
static int plan_blocks(struct group *g, struct link *l, struct stream *stream)
{
    struct log *log = &g->peer->log;
    const struct set_range range = {stream->lo, stream->hi};
    struct buf rows = {0};
    uint8_t before[8];
    int err = log->ops->range_ids(log->ctx, g->number, stream->topic, &range,
                                  plan_visit, &rows);
    if (!err && !budget_take(g, l->member, BUDGET_SERVED, rows.n / 8)) {
        rows.n = 0; /* P8.12 */
        sync_again(g->peer, l);
    }
    sort_bytes(rows.p, rows.n / 8, 8);
    for (size_t i = 0; i < rows.n && !err; i += 8 * BLOCK_ROWS) {
        put_u64(before, get_u64(rows.p + i) - 1);
        err = buf_append(&stream->blocks, BYTES_OF(before), SIZE_MAX / 2);
    }
    stream->upto = rows.n ? get_u64(rows.p + rows.n - 8) : 0;
    buf_free(&rows);
    return err;
}

static int stream_add(struct group *g, struct link *l, const struct wire_range *range,
                      const uint8_t *topic)
{
    struct sync *s = &l->sync;
    if (s->streams_count == STREAMS_MAX)
        return leave_out(g, l);
    if (s->streams_count == s->streams_cap) {
        uint32_t cap = s->streams_cap ? 2 * s->streams_cap : 4;
        struct stream *grown = realloc(s->streams, cap * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        s->streams = grown;
        s->streams_cap = cap;
    }
    struct stream *stream = &s->streams[s->streams_count++];
    memset(stream, 0, sizeof *stream);
    memcpy(stream->topic, topic, 32);
    stream->lo = range->lo;
    stream->hi = range->hi;
    return plan_blocks(g, l, stream);
}

int bulk_range(struct group *g, struct link *l, const struct wire_range *range,
               const uint8_t *topic)
{
    struct buf positions = {0};
    uint64_t max = range->set == SET_CONTENT ? STREAM_MIN + 1 : TODO_IDS_MAX;
    int err = set_positions(g, range, topic, max, &positions);
    if (!err && positions.n / WIRE_POSITION_BYTES > STREAM_MIN &&
        range->set == SET_CONTENT)
        err = stream_add(g, l, range, topic);
    else if (!err)
        err = bulk_ids(g, l, range->set, BUF_BYTES(&positions));
    buf_free(&positions);
    return err;
}

/* ---- sending the small sets ------------------------------------------------- */

struct giving {
    struct group *g;
    struct link *l;
    struct buf *todo;
    uint8_t set;
    uint8_t *sent; /* one byte per id of todo */
};

/* Where `id` stands among sorted ids; SIZE_MAX if it does not. */
static size_t find_id(const struct buf *ids, const uint8_t *id)
{
    size_t lo = 0, hi = ids->n / 32;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int order = memcmp(ids->p + mid * 32, id, 32);
        if (order == 0)
            return mid;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return SIZE_MAX;
}

static int give_visit(void *ctx, const uint8_t id[32], struct bytes bytes)
{
    static const uint8_t types[SETS_SMALL] = {WIRE_CONTROL, WIRE_PAGE, WIRE_CARD};
    struct giving *v = ctx;
    size_t at = find_id(v->todo, id);
    if (at == SIZE_MAX)
        return 0;
    if (!link_has_room(v->l))
        return 1;
    v->sent[at] = 1;
    v->l->sync.sent = true;
    int err = wire_put(&v->l->out, types[v->set], bytes, BYTES(NULL, 0));
    return sync_sent(v->g->peer, v->l, err);
}

static void forget_sent(struct giving *v)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->todo->n / 32; i++)
        if (!v->sent[i])
            memmove(v->todo->p + 32 * kept++, v->todo->p + 32 * i, 32);
    v->todo->n = 32 * kept;
}

static int pump_small(struct group *g, struct link *l, uint8_t set)
{
    struct giving v = {g, l, &l->sync.todo[set], set, NULL};
    if (v.todo->n == 0)
        return 0;
    if (!l->sync.todo_sorted[set])
        sort_bytes(v.todo->p, v.todo->n / 32, 32);
    l->sync.todo_sorted[set] = true;
    v.sent = calloc(v.todo->n / 32, 1);
    if (!v.sent)
        return ERR_NOMEM;
    int err = set_each(g, set, give_visit, &v);
    if (err == 0)
        buf_free(v.todo); /* what was not met is held no more */
    else
        forget_sent(&v);
    free(v.sent);
    return err < 0 ? err : 0;
}

/* ---- sending content -------------------------------------------------------- */

static int give_row(struct group *g, struct link *l, const struct content_row *row)
{
    uint16_t number = 0;
    if (row->state == CONTENT_ASIDE || row->state == CONTENT_GONE ||
        row->envelope.n == 0 || row->end_hour < content_mark(g)) /* P3.4 */
        return 0;
    int err = sync_topic(l, row->topic, &number);
    if (!err)
        err = wire_put_entry(&l->out, number, row->envelope);
    l->sync.sent = true;
    return sync_sent(g->peer, l, err);
}

static int pump_content(struct group *g, struct link *l)
{
    struct sync *s = &l->sync;
    struct log *log = &g->peer->log;
    struct content_row row;
    int err = 0;
    while (s->todo_at < s->todo_content.n && link_has_room(l) && !err) {
        const uint8_t *id = s->todo_content.p + s->todo_at;
        s->todo_at += 32;
        err = log->ops->content_by_id(log->ctx, g->number, id, &row);
        err = err == ERR_NOTFOUND ? 0 : err ? err : give_row(g, l, &row);
    }
    if (s->todo_at == s->todo_content.n && s->todo_at > 0) {
        buf_free(&s->todo_content);
        s->todo_at = 0;
    }
    return err;
}

struct flowing {
    struct group *g;
    struct link *l;
    struct stream *stream;
    bool full; /* no room on the link: the block goes on later */
};

static int flow_visit(void *ctx, const struct content_row *row)
{
    struct flowing *f = ctx;
    if (row->row > f->stream->upto)
        return 1;
    f->full = !link_has_room(f->l);
    if (f->full)
        return 1;
    f->stream->after = row->row;
    return row_fits(f->stream, row) ? give_row(f->g, f->l, row) : 0;
}

static void stream_end(struct sync *s)
{
    buf_free(&s->streams[0].blocks);
    s->streams_count--;
    memmove(&s->streams[0], &s->streams[1], s->streams_count * sizeof s->streams[0]);
}

/* Go on with the last block. */
static int pump_block(struct group *g, struct link *l, struct stream *stream)
{
    struct log *log = &g->peer->log;
    struct flowing f = {g, l, stream, false};
    size_t last = stream->blocks.n - 8;
    uint64_t begin = get_u64(stream->blocks.p + last);
    uint64_t after = stream->after > begin ? stream->after : begin;
    int err = log->ops->content_scan(log->ctx, g->number, after, true, flow_visit, &f);
    if (err < 0)
        return err;
    if (!f.full) { /* all of it is sent */
        stream->blocks.n = last;
        stream->after = 0;
        stream->upto = begin;
    }
    return 0;
}

static int pump_streams(struct group *g, struct link *l)
{
    struct sync *s = &l->sync;
    int err = 0;
    while (s->streams_count > 0 && link_has_room(l) && !err) {
        if (s->streams[0].blocks.n == 0)
            stream_end(s);
        else
            err = pump_block(g, l, &s->streams[0]);
    }
    return err;
}

int bulk_pump(struct group *g, struct link *l)
{
    int err = 0;
    for (uint8_t set = 0; set < SETS_SMALL && !err && link_has_room(l); set++)
        err = pump_small(g, l, set);
    if (!err && link_has_room(l))
        err = pump_content(g, l);
    return err ? err : pump_streams(g, l);
}

bool bulk_idle(const struct sync *s, uint8_t set)
{
    for (uint8_t i = 0; i < SETS_SMALL && i <= set; i++)
        if (s->todo[i].n > 0)
            return false;
    return set < SET_CONTENT || (s->todo_content.n == 0 && s->streams_count == 0);
}
