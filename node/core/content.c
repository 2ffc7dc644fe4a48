/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content.c -- content of a group: life cycle, counts, frontiers, late opening. */
#include "node/core/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "node/core/content_own.h"
#include "node/core/content_share.h"
#include "node/core/mention.h"

enum {
    META_VERSION_FIRST = 1, /* without what came with 2: quiet, ended unread */
    META_VERSION = 2,
    META_KEY = 'm',
    META_BYTES_MAX = 69 + 40 * HEADS_KEPT_MAX,
    BASELINE_HEIGHT_BYTES = 8,
    BASELINE_BYTES = 32 + 4 + 32,
    AHEAD_BYTES_MAX = 1 << 20,
};

int content_new(struct group *g)
{
    struct content *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    map_init(&c->author_of, LIMIT_AUTHORS_MAX);
    c->named = calloc(NAMED_SLOTS, sizeof *c->named);
    c->items = calloc(ACCEPT_CHUNK, sizeof *c->items);
    c->order = calloc(ACCEPT_CHUNK, 64);
    c->next_draft = 1;
    c->sealed_from = UINT64_MAX;
    if (!c->named || !c->items || !c->order) {
        content_free(c);
        return ERR_NOMEM;
    }
    g->content = c;
    return 0;
}

void content_free(struct content *c)
{
    if (!c)
        return;
    for (uint32_t i = 0; i < c->unknown_count; i++)
        free(c->unknown[i].ids);
    free(c->unknown);
    free(c->ahead);
    free(c->authors);
    map_free(&c->author_of);
    free(c->named);
    free(c->items);
    free(c->order);
    buf_free(&c->pool);
    buf_free(&c->plain);
    buf_free(&c->copy);
    free(c);
}

/* --- the meta record ------------------------------------------------------------- */

static int meta_load(struct group *g)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    uint8_t key = META_KEY;
    struct bytes value;
    int err = log->ops->get(log->ctx, g->number, LOG_AUTHOR, BYTES(&key, 1), &value);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    struct reader r = reader_of(value);
    uint8_t version = read_u8(&r);
    c->read_row = read_u64(&r);
    c->next_draft = read_u64(&r);
    c->stopped = read_u8(&r) != 0;
    c->rekeyed = read_u8(&r) != 0;
    c->copy_hour = read_u32(&r);
    c->height_floor = read_u64(&r);
    c->heads_count = read_u8(&r);
    if (version < META_VERSION_FIRST || version > META_VERSION ||
        c->heads_count > HEADS_KEPT_MAX)
        return ERR_DAMAGED;
    for (uint8_t i = 0; i < c->heads_count; i++) {
        read_copy(&r, c->heads[i].hash, 32);
        c->heads[i].height = read_u64(&r);
    }
    if (version == META_VERSION) {
        c->quiet = read_u8(&r) != 0;
        c->ended_unread = read_u32(&r);
        c->day = read_u32(&r);
        c->day_last = read_u64(&r);
        c->day_before = read_u64(&r);
    }
    return reader_end(&r) ? ERR_DAMAGED : 0;
}

int meta_flush(struct group *g)
{
    struct content *c = g->content;
    if (!c->meta_dirty)
        return 0;
    uint8_t key = META_KEY, value[META_BYTES_MAX];
    struct room room = ROOM_OF(value);
    struct writer w = writer_to(&room);
    write_u8(&w, META_VERSION);
    write_u64(&w, c->read_row);
    write_u64(&w, c->next_draft);
    write_u8(&w, c->stopped && !c->claimed); /* a claim is made again */
    write_u8(&w, c->rekeyed);
    write_u32(&w, c->copy_hour);
    write_u64(&w, c->height_floor);
    write_u8(&w, c->heads_count);
    for (uint8_t i = 0; i < c->heads_count; i++) {
        write_bytes(&w, BYTES_OF(c->heads[i].hash));
        write_u64(&w, c->heads[i].height);
    }
    write_u8(&w, c->quiet);
    write_u32(&w, c->ended_unread);
    write_u32(&w, c->day);
    write_u64(&w, c->day_last);
    write_u64(&w, c->day_before);
    CHECK(writer_end(&w) == 0);
    struct log *log = &g->peer->log;
    int err = log->ops->put(log->ctx, g->number, LOG_AUTHOR, BYTES(&key, 1),
                            BYTES(room.p, room.n));
    c->meta_dirty = err != 0;
    return err;
}

/* --- loading --------------------------------------------------------------------- */

int ahead_note(struct content *c, uint32_t author, uint32_t made_hour)
{
    if (c->ahead_count == c->ahead_cap) {
        uint32_t cap = c->ahead_cap ? c->ahead_cap * 2 : 16;
        if (cap * sizeof *c->ahead > AHEAD_BYTES_MAX * 4u)
            return 0; /* LIMIT_AHEAD_ENTRIES_MAX of every member fit well below this */
        struct ahead *grown = realloc(c->ahead, cap * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        c->ahead = grown;
        c->ahead_cap = cap;
    }
    c->ahead[c->ahead_count++] = (struct ahead){author, made_hour};
    return 0;
}

static void load_aside(struct content *c, const struct content_row *row)
{
    if (c->aside_count == LIMIT_ASIDE_ENTRIES_MAX)
        return;
    struct aside *a = &c->aside[c->aside_count++];
    *a = (struct aside){.row = row->row, .author = row->author, .seq = row->seq};
    memcpy(a->hash, row->hash, 32);
    memcpy(a->id, row->id, 32);
    memcpy(a->topic, row->topic, 32);
}

static void note_odd(struct content *c, const struct content_row *row)
{
    c->again_count += row->own == OWN_AGAIN;
    if (row->state != CONTENT_SEALED)
        return;
    c->sealed++;
    if (row->row < c->sealed_from)
        c->sealed_from = row->row;
}

/* What is held of one author.  Gaps between the first and the last sequence count as
 * held: whoever must know asks the log (spans_maybe). */
static int load_sum(void *ctx, const struct author_sum *sum)
{
    struct content *c = ctx;
    if (sum->author == 0 || sum->author > c->authors_count || sum->count > UINT32_MAX)
        return ERR_DAMAGED;
    struct author *a = author_at(c, sum->author);
    a->held = (struct spans){.count = 1};
    a->held.runs[0].lo = sum->seq_lo;
    a->held.runs[0].hi = sum->seq_hi;
    share_load(a, (uint32_t)sum->count);
    c->entries += sum->count;
    c->last_row = sum->last_row > c->last_row ? sum->last_row : c->last_row;
    return 0;
}

/* A row that is not counted alone. */
static int load_odd(void *ctx, const struct content_row *row)
{
    struct group *g = ctx;
    struct content *c = g->content;
    if (row->author == 0 || row->author > c->authors_count)
        return ERR_DAMAGED;
    if (row->state == CONTENT_ASIDE) {
        load_aside(c, row);
        author_at(c, row->author)->held_count--;
        c->entries--;
        return 0;
    }
    note_odd(c, row);
    uint32_t made = row->end_hour - row->lifetime_hours;
    if (row->lifetime_hours && made > g->hour.hour + AHEAD_HOURS)
        return ahead_note(c, row->author, made);
    return 0;
}

int content_load(struct group *g)
{
    struct log *log = &g->peer->log;
    int err = content_new(g);
    if (!err)
        err = authors_load(g);
    if (!err)
        err = meta_load(g);
    if (!err)
        err = lost_load(g);
    if (!err)
        err = unknown_load(g);
    if (!err)
        err = drafts_load(g);
    if (!err)
        err = log->ops->content_sums(log->ctx, g->number, load_sum, g->content);
    if (!err)
        err = log->ops->content_odd(log->ctx, g->number, load_odd, g);
    return err ? err : words_load(g);
}

int content_unread_mark(struct group *g, const struct body *body, uint8_t *mark)
{
    struct mention m = {0};
    bool named = false;
    *mark = UNREAD_PLAIN;
    if (body_is_warning(body->kind)) {
        *mark = warning_is_news(body) ? UNREAD_WARNING : UNREAD_NOT;
        return 0;
    }
    if (body->text.n == 0 || !memchr(body->text.p, '@', body->text.n))
        return 0;
    int err = mention_begin(&m, g);
    if (!err)
        err = mention_in(&m, body->text, &named);
    mention_end(&m);
    *mark = named ? UNREAD_NAMED : UNREAD_PLAIN;
    return err;
}

/* One more in the counts, so that each new one costs no look at the others. */
static void count_new(struct group *g, const struct content_row *row)
{
    struct content *c = g->content;
    if (!row->unread || row->unread == UNREAD_WARNING || row->state != CONTENT_OPEN ||
        content_ended(g, row->end_hour) || author_at(c, row->author)->hidden)
        return;
    c->unread++;
    c->unread_named += row->unread == UNREAD_NAMED;
}

/* Only what is open becomes a head: of another entry the height is not known here, and
 * an own entry that named it would stand elsewhere in the order of those who know
 * (P8.1). */
static void note_head(struct content *c, const struct content_row *row, bool named,
                      const struct body *body)
{
    if (body->height > heads_height(c) + HEIGHT_STEP_MAX)
        return; /* or soon nothing could come after anything */
    struct head head = {.height = heads_name(c, row->prev, body->deps) + 1};
    memcpy(head.hash, row->hash, 32);
    if (body->height > head.height)
        head.height = body->height;
    heads_add(c, &head, named);
}

int content_note_row(struct group *g, const struct content_row *row, bool named,
                     const struct body *body)
{
    struct content *c = g->content;
    day_settle(g);
    c->entries++;
    c->last_row = row->row > c->last_row ? row->row : c->last_row;
    note_odd(c, row);
    count_new(g, row);
    if (row->state == CONTENT_OPEN)
        note_head(c, row, named, body);
    author_has(author_at(c, row->author), row->seq, row->hash);
    share_add(author_at(c, row->author), row->envelope.n);
    return words_add(g, row, body);
}

/* --- counts and read marks ------------------------------------------------------- */

static int unread_visit(void *ctx, const struct unread_sum *sum)
{
    struct content *c = ctx;
    if (sum->author == 0 || sum->author > c->authors_count)
        return ERR_DAMAGED;
    if (sum->unread == UNREAD_WARNING)
        return 0; /* shown above everything, and counted there */
    if (author_at(c, sum->author)->hidden)
        return 0;
    c->unread += (uint32_t)sum->count;
    c->unread_named += sum->unread == UNREAD_NAMED ? (uint32_t)sum->count : 0;
    return 0;
}

int content_count_unread(const struct group *g)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    if (c->unread_known && c->unread_hour == g->hour.hour)
        return 0;
    c->unread = c->unread_named = 0;
    c->unread_known = false;
    int err =
        log->ops->content_unread(log->ctx, g->number, g->hour.hour, unread_visit, c);
    if (err)
        return err;
    c->unread_known = true;
    c->unread_hour = g->hour.hour;
    return 0;
}

void content_counts(const struct group *g, uint32_t *unread, uint64_t *entries,
                    uint32_t *sealed, uint32_t *aside)
{
    struct content *c = g->content;
    (void)!content_count_unread(g); /* who must not show an old number asked before */
    *unread = c->unread;
    *entries = c->entries;
    *sealed = c->sealed;
    *aside = c->aside_count;
}

struct unread_rows {
    uint64_t rows[COLLECT_MAX], up_to;
    size_t count;
};

static int unread_collect(void *ctx, const struct content_row *row)
{
    struct unread_rows *u = ctx;
    if (row->row > u->up_to)
        return 1;
    if (row->unread && row->unread != UNREAD_WARNING)
        u->rows[u->count++] = row->row;
    return u->count == COLLECT_MAX;
}

int content_mark_read(struct group *g, uint64_t row)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    struct unread_rows u = {.up_to = row < c->last_row ? row : c->last_row};
    uint64_t after = c->read_row;
    do {
        u.count = 0;
        int err = log->ops->content_scan(log->ctx, g->number, after, false,
                                         unread_collect, &u);
        for (size_t i = 0; i < u.count && !err; i++) {
            err = log->ops->content_mark(log->ctx, g->number, u.rows[i], false);
            after = u.rows[i];
        }
        if (err)
            return err;
    } while (u.count == COLLECT_MAX);
    if (u.up_to > c->read_row) {
        c->read_row = u.up_to;
        c->meta_dirty = true;
    }
    c->unread_known = false;
    c->meta_dirty = c->meta_dirty || c->ended_unread > 0;
    c->ended_unread = 0; /* said with what was read */
    return meta_flush(g);
}

/* --- hiding, quiet ---------------------------------------------------------------- */

int content_hide(struct group *g, uint32_t index, bool on)
{
    struct content *c = g->content;
    struct author *a = NULL;
    if (index >= member_count(g))
        return ERR_NOTFOUND;
    if (memcmp(member_at(g, index)->pk, g->member_pk, 32) == 0)
        return ERR_USAGE;
    int err = author_make(c, member_at(g, index)->pk, &a);
    if (err)
        return err;
    a->hidden = on;
    a->dirty = true;
    c->unread_known = false;
    return authors_flush(g);
}

bool content_hidden(const struct group *g, uint32_t index)
{
    const struct author *a = author_find(g->content, member_at(g, index)->pk);
    return a && a->hidden;
}

int content_quiet(struct group *g, bool on)
{
    struct content *c = g->content;
    c->meta_dirty = c->meta_dirty || c->quiet != on;
    c->quiet = on;
    return meta_flush(g);
}

bool content_is_quiet(const struct group *g)
{
    return g->content->quiet;
}

uint32_t content_unread_named(const struct group *g)
{
    return g->content->unread_named;
}

uint32_t content_ended_unread(const struct group *g)
{
    return g->content->ended_unread;
}

void content_note_ended(struct group *g, const struct author *a, uint32_t count)
{
    struct content *c = g->content;
    if (count == 0 || a->hidden)
        return;
    if (count > LIMIT_AUTHOR_ENTRIES_MAX) /* an author says how many: within reason */
        count = LIMIT_AUTHOR_ENTRIES_MAX;
    c->ended_unread += count < UINT32_MAX - c->ended_unread ? count : 0;
    c->meta_dirty = true;
}

/* --- frontiers and baselines ----------------------------------------------------- */

int author_me(struct group *g, struct author **out)
{
    if (!member_me(g))
        return ERR_STATE;
    return author_make(g->content, g->member_pk, out);
}

bool content_frontier(const struct group *g, const uint8_t pk[static 32], uint32_t *seq,
                      uint8_t hash[static 32])
{
    const struct author *a = author_find(g->content, pk);
    if (!a || a->seq == 0)
        return false;
    *seq = a->seq;
    memcpy(hash, a->hash, 32);
    return true;
}

int content_baseline(struct group *g, struct buf *out)
{
    const struct content *c = g->content;
    uint8_t height[BASELINE_HEIGHT_BYTES];
    put_u64(height, heads_height(c)); /* P6.5 */
    int err = buf_append(out, BYTES_OF(height), SIZE_MAX / 2);
    for (uint32_t i = 0; i < c->authors_count && !err; i++) {
        const struct author *a = &c->authors[i];
        bool own = a->seq >= a->base_seq;
        uint32_t seq = own ? a->seq : a->base_seq;
        if (seq == 0)
            continue;
        uint8_t line[BASELINE_BYTES];
        memcpy(line, a->pk, 32);
        put_u32(line + 32, seq);
        memcpy(line + 36, own ? a->hash : a->base_hash, 32);
        err = buf_append(out, BYTES_OF(line), SIZE_MAX / 2);
    }
    return err;
}

/* A larger one would leave an author no numbers to write under. */
enum { BASE_SEQ_MAX = 0x7fffffff };

int content_set_baseline(struct group *g, struct bytes baseline)
{
    struct content *c = g->content;
    if (baseline.n % BASELINE_BYTES != BASELINE_HEIGHT_BYTES ||
        baseline.n / BASELINE_BYTES > LIMIT_AUTHORS_MAX)
        return ERR_MALFORMED;
    struct reader r = reader_of(baseline);
    uint64_t height = read_u64(&r);
    c->height_floor = height < BODY_HEIGHT_MAX ? height : BODY_HEIGHT_MAX;
    c->meta_dirty = true;
    while (r.left.n > 0) {
        uint8_t pk[32];
        struct author *a = NULL;
        read_copy(&r, pk, 32);
        uint32_t seq = read_u32(&r);
        struct bytes hash = read_bytes(&r, 32);
        if (!member_find(g, pk) || seq > BASE_SEQ_MAX) /* of no use */
            continue;
        int err = author_make(c, pk, &a);
        if (err)
            return err;
        a->base_seq = seq; /* P6.6 */
        memcpy(a->base_hash, hash.p, 32);
        a->dirty = true;
    }
    int err = authors_flush(g);
    return err ? err : meta_flush(g);
}

int content_has_all(struct group *g, const uint8_t member_pk[static 32])
{
    struct content *c = g->content;
    struct author *a = NULL;
    if (!member_find(g, member_pk))
        return 0;
    day_settle(g);
    int err = author_make(c, member_pk, &a);
    if (err)
        return err == ERR_FULL ? 0 : err;
    a->dirty = a->dirty || a->has_row != c->last_row;
    a->has_row = c->last_row;
    if (c->stopped)
        c->resume_ms = g->peer->now_ms; /* whoever had our entries gave them */
    err = authors_flush(g);
    return err ? err : meta_flush(g);
}

/* --- work ------------------------------------------------------------------------ */

uint64_t content_deadline_ms(const struct group *g)
{
    const struct content *c = g->content;
    if (c->expired_hour != g->hour.hour || c->words_due)
        return g->peer->now_ms;
    return say_deadline_ms(g);
}

int content_tick(struct group *g)
{
    struct content *c = g->content;
    bool new_hour = c->expired_hour != g->hour.hour;
    int err = expire_tick(g);
    if (!err && new_hour)
        err = content_reopen(g);
    if (!err)
        err = restored_tick(g);
    if (!err)
        err = drafts_tick(g);
    if (!err)
        err = words_tick(g);
    if (!err)
        err = authors_flush(g);
    return err ? err : meta_flush(g);
}

/* --- entries whose keys came later ----------------------------------------------- */

struct rows *rows_new(bool (*wanted)(const struct content_row *row))
{
    struct rows *rows = calloc(1, sizeof *rows);
    if (rows)
        rows->wanted = wanted;
    return rows;
}

static int rows_visit(void *ctx, const struct content_row *row)
{
    struct rows *rows = ctx;
    if (!rows->wanted(row))
        return 0;
    rows->rows[rows->count] = row->row;
    memcpy(rows->ids[rows->count], row->id, 32);
    return ++rows->count == COLLECT_MAX;
}

bool rows_next(struct group *g, struct rows *rows, int *err)
{
    struct log *log = &g->peer->log;
    if (rows->count > 0)
        rows->after = rows->rows[rows->count - 1];
    bool all = rows->begun && rows->count < COLLECT_MAX;
    rows->begun = true;
    rows->count = 0;
    if (!all)
        *err = log->ops->content_scan(log->ctx, g->number, rows->after, false,
                                      rows_visit, rows);
    return *err == 0 && rows->count > 0;
}

static bool is_sealed(const struct content_row *row)
{
    return row->state == CONTENT_SEALED;
}

/* An entry that was sealed is open now, or lost. */
static int reopened(struct group *g, struct content_row *row, const struct body *body)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    int err = 0;
    row->unread = UNREAD_NOT;
    if (row->state == CONTENT_OPEN && !row->own && !content_ended(g, row->end_hour))
        err = content_unread_mark(g, body, &row->unread);
    if (err)
        return err;
    err = log->ops->content_update(log->ctx, g->number, row);
    if (err)
        return err;
    c->sealed--;
    c->unread_known = false;
    if (row->unread && row->row <= c->read_row) {
        c->read_row = row->row - 1; /* so that counting finds it */
        c->meta_dirty = true;
    }
    if (row->state != CONTENT_OPEN)
        return 0;
    /* Who wrote after it may be held already: a head too many is named by the next own
     * entry. */
    note_head(c, row, false, body);
    err = words_add(g, row, body);
    if (err || content_ended(g, row->end_hour))
        return err;
    if (body_is_warning(row->kind))
        return fx_tell(g->peer, TELL_WARNING, g->number, row->row, 0);
    return fx_tell(g->peer, TELL_ENTRY, g->number, row->row, 0);
}

static int reopen_one(struct group *g, const uint8_t id[32], bool *still)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    struct content_row row;
    struct body body;
    struct incoming in = {0};
    int err = log->ops->content_by_id(log->ctx, g->number, id, &row);
    *still = true;
    if (err)
        return err == ERR_NOTFOUND ? ERR_DAMAGED : err;
    c->copy.n = 0;
    if (buf_append(&c->copy, row.envelope, LIMIT_ENVELOPE_BYTES_MAX))
        return ERR_NOMEM;
    row.envelope = in.envelope = BUF_BYTES(&c->copy);
    memcpy(in.topic, row.topic, 32);
    memcpy(in.id, row.id, 32);
    items_reset(c);
    struct item it = {.in = &in};
    int go = item_read(g, &it, true);
    if (go != 1)
        return go;
    err = item_open(g, &it, &row, &body);
    if (!err && it.key_used)
        err = row.own ? restored_clash(g, &it)
                      : author_forked(g, author_at(c, row.author));
    if (err || row.state == CONTENT_SEALED)
        return err;
    *still = false;
    peer_mark(g->peer, MARK_KEY_LATE);
    return reopened(g, &row, &body);
}

static int reopen_all(struct group *g)
{
    struct content *c = g->content;
    struct rows *rows = rows_new(is_sealed);
    uint64_t first = UINT64_MAX;
    int err = 0;
    if (!rows)
        return ERR_NOMEM;
    rows->after = c->sealed_from - 1;
    while (!err && rows_next(g, rows, &err))
        for (size_t i = 0; i < rows->count && !err; i++) {
            bool still = false;
            err = reopen_one(g, rows->ids[i], &still);
            if (still && rows->rows[i] < first)
                first = rows->rows[i];
        }
    if (!err)
        c->sealed_from = first;
    free(rows);
    return err;
}

int content_reopen(struct group *g)
{
    struct content *c = g->content;
    c->control_seen = control_count(g);
    drafts_hurry(g);
    int err = c->sealed > 0 ? reopen_all(g) : 0;
    return err ? err : meta_flush(g);
}
