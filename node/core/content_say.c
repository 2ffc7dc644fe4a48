/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_say.c -- own entries, and texts that wait (P5.9). */
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "node/core/content_order.h"
#include "node/core/content_own.h"
#include "node/core/content_share.h"
#include "node/core/peer_int.h"

enum {
    HOUR_MS = 3600 * 1000,
    HURRY_MS = 1000,
    OLDEST_STEPS_MAX = 4096,
    DRAFT_HEAD_BYTES = 4,
    DRAFT_BYTES_MAX = DRAFT_HEAD_BYTES + REPLY_BYTES + 1 + BODY_LANGUAGE_BYTES_MAX +
                      LIMIT_BODY_BYTES_MAX,
};
#define DRAFT_ANSWERS UINT32_C(0x80000000)
#define DRAFT_LANGUAGE UINT32_C(0x40000000)

/* --- checking a text ------------------------------------------------------------- */

static bool only_spaces(struct bytes text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != ' ' && text.p[i] != '\n' && text.p[i] != '\t' &&
            text.p[i] != '\r')
            return false;
    return true;
}

static int text_fits(const struct group *g, const struct new_text *what,
                     uint32_t *lifetime_hours)
{
    struct bytes text = what->text;
    *lifetime_hours = what->lifetime_hours;
    if (*lifetime_hours == UINT32_MAX)
        *lifetime_hours = g->lifetime_hours;
    if (!lifetime_listed(*lifetime_hours) || !body_language_ok(what->language))
        return ERR_USAGE;
    if (only_spaces(text))
        return ERR_EMPTY;
    if (text.n > LIMIT_BODY_BYTES_MAX)
        return ERR_TOOBIG;
    return text_check(text);
}

/* --- answering ------------------------------------------------------------------- */

struct answered {
    const struct group *g;
    uint64_t row;
    uint8_t *out;
    bool found;
};

static int answered_visit(void *ctx, const struct content_row *row)
{
    struct answered *a = ctx;
    a->found = row->row == a->row && row->state == CONTENT_OPEN &&
               body_is_text(row->kind) && !content_ended(a->g, row->end_hour);
    if (!a->found)
        return 1;
    memcpy(a->out, author_at(a->g->content, row->author)->pk, REPLY_AUTHOR_BYTES);
    put_u32(a->out + REPLY_AUTHOR_BYTES, row->seq);
    memcpy(a->out + REPLY_AUTHOR_BYTES + 4, row->hash, DEP_BYTES);
    return 1;
}

int content_reply(struct group *g, uint64_t row, uint8_t out[static REPLY_BYTES])
{
    struct log *log = &g->peer->log;
    struct answered a = {g, row, out, false};
    if (row == 0)
        return ERR_NOTFOUND;
    int err =
        log->ops->content_scan(log->ctx, g->number, row - 1, false, answered_visit, &a);
    return err ? err : a.found ? 0 : ERR_NOTFOUND;
}

/* --- sealing --------------------------------------------------------------------- */

struct unended {
    const struct group *g;
    bool found;
};

static int unended_visit(void *ctx, const struct content_row *row)
{
    struct unended *u = ctx;
    u->found = row->state != CONTENT_ASIDE && !content_ended(u->g, row->end_hour);
    return u->found;
}

/* Move the author's oldest unended sequence up to what is so now, at most to `seq`. */
static int oldest_advance(struct group *g, struct author *a, uint32_t seq)
{
    struct log *log = &g->peer->log;
    if (a->oldest <= a->base_seq)
        a->oldest = a->base_seq + 1;
    for (int steps = 0; a->oldest < seq && steps < OLDEST_STEPS_MAX; steps++) {
        struct unended u = {g, false};
        int err = spans_maybe(&a->held, a->oldest)
                      ? log->ops->content_by_seq(log->ctx, g->number, a->number,
                                                 a->oldest, unended_visit, &u)
                      : 0;
        if (err || u.found)
            return err;
        a->oldest++;
        a->dirty = true;
    }
    return 0;
}

/* Sequence and prev value of the next own entry. */
static uint32_t next_own(const struct author *a, uint8_t prev[static 32])
{
    bool own = a->seq >= a->base_seq;
    memcpy(prev, own ? a->hash : a->base_hash, 32);
    return (own ? a->seq : a->base_seq) + 1;
}

/* Write the body of an own entry to c->plain. */
static int own_body(struct group *g, const struct author *a, uint32_t seq,
                    const struct saying *what)
{
    struct content *c = g->content;
    uint8_t deps[LIMIT_HEADS_MAX * DEP_BYTES],
        control_deps[LIMIT_HEADS_MAX * DEP_BYTES];
    uint8_t heads[LIMIT_HEADS_MAX * 32];
    uint8_t count = control_heads(g, heads); /* rising */
    for (uint8_t i = 0; i < count; i++)
        memcpy(control_deps + i * DEP_BYTES, heads + i * 32, DEP_BYTES);
    size_t deps_bytes = heads_deps(c, a->hash, deps);
    uint64_t height = heads_height(c);
    struct body body = {.kind = what->kind,
                        .about_hour = what->about_hour,
                        .height =
                            height < BODY_HEIGHT_MAX ? height + 1 : height, /* P8.1 */
                        .distance = seq - a->oldest,
                        .deps = BYTES(deps, deps_bytes),
                        .control_deps = BYTES(control_deps, count * (size_t)DEP_BYTES),
                        .text = what->text,
                        .again_seq = what->again_seq,
                        .again = BYTES(what->again, DEP_BYTES),
                        .reply = what->reply,
                        .language = what->language,
                        .payload = what->payload};
    c->plain.n = 0;
    return body_encode(&body, &c->plain);
}

static void own_row(const struct author *a, const struct envelope_parts *parts,
                    const struct saying *what, struct content_row *row)
{
    *row = (struct content_row){.state = CONTENT_OPEN,
                                .own = OWN_WRITTEN,
                                .urgency = parts->urgency,
                                .kind = (uint8_t)what->kind,
                                .author = a->number,
                                .seq = parts->seq,
                                .end_hour = parts->end_hour,
                                .erase_hour = parts->end_hour,
                                .about_hour = what->about_hour,
                                .lifetime_hours = parts->lifetime_hours,
                                .body = parts->body};
    memcpy(row->prev, parts->prev, 32);
    memcpy(row->topic, parts->keys->topic, 32);
}

/* Store what was sealed into c->copy, and pass it on. */
static int own_store(struct group *g, struct author *a, struct content_row *row)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    row->envelope = BUF_BYTES(&c->copy);
    envelope_id(row->id, row->topic, row->envelope);
    int err = log->ops->content_put(log->ctx, g->number, row, &row->row);
    if (err)
        return err;
    a->dirty = true;
    struct body body;
    err = body_decode(row->body, &body);
    CHECK(err == 0);
    err = content_note_row(g, row, false, &body);
    if (!err)
        err = authors_flush(g);
    if (!err)
        err = meta_flush(g);
    return err ? err : sync_push_entry(g, row->topic, row->envelope, 0);
}

static uint8_t urgency_of(const struct saying *what)
{
    if (body_is_warning(what->kind))
        return what->urgency;
    return what->lifetime_hours ? URGENCY_TALK : URGENCY_RECORD;
}

/* Seal a checked text under keys that were taken for it. */
static int own_seal(struct group *g, struct author *a, const struct key_send *keys,
                    const struct saying *what, struct content_row *row)
{
    struct content *c = g->content;
    uint8_t r[XNONCE_BYTES], prev[32];
    entropy_fill(&g->peer->entropy, r, sizeof r);
    uint32_t seq = next_own(a, prev);
    int err = oldest_advance(g, a, seq);
    if (!err)
        err = own_body(g, a, seq, what);
    if (err)
        return err;
    struct envelope_parts parts = {.keys = keys,
                                   .group = g->id,
                                   .author_pk = g->member_pk,
                                   .member_sk = g->secrets->member_sk,
                                   .r = r,
                                   .urgency = urgency_of(what),
                                   .end_hour = what->end_hour,
                                   .lifetime_hours = (uint16_t)what->lifetime_hours,
                                   .seq = seq,
                                   .prev = prev,
                                   .body = BUF_BYTES(&c->plain)};
    own_row(a, &parts, what, row);
    c->copy.n = 0;
    err = envelope_seal(&parts, &c->copy, row->hash);
    return err ? err : own_store(g, a, row);
}

int content_seal(struct group *g, const struct saying *what, struct content_row *row)
{
    struct author *me = NULL;
    struct key_send keys = {0};
    int err = author_me(g, &me);
    if (!err && share_is_full(me)) /* P8.13 */
        err = ERR_FULL;
    if (!err && g->content->stopped) /* P8.9 */
        err = ERR_NOKEY;
    if (!err)
        err = keys_send(g, &keys);
    if (!err)
        err = own_seal(g, me, &keys, what, row);
    wipe(&keys, sizeof keys);
    return err;
}

int content_say(struct group *g, const struct new_text *say, uint8_t hash[static 32],
                uint64_t *row)
{
    struct content_row made = {0};
    uint32_t lifetime_hours;
    int err = text_fits(g, say, &lifetime_hours);
    if (err)
        return err;
    struct saying what = {.kind = say->reply.n > 0 ? BODY_REPLY : BODY_TEXT,
                          .text = say->text,
                          .reply = say->reply,
                          .language = say->language,
                          .lifetime_hours = lifetime_hours,
                          .about_hour = (uint32_t)(g->peer->wall_ms / HOUR_MS),
                          .end_hour = lifetime_hours ? g->hour.hour + lifetime_hours
                                                     : END_NEVER}; /* P3.3 */
    err = content_seal(g, &what, &made);
    if (err)
        return err;
    memcpy(hash, made.hash, 32);
    *row = made.row;
    return 0;
}

/* --- texts that wait ------------------------------------------------------------- */

uint32_t content_drafts(const struct group *g)
{
    return g->content->drafts_count;
}

static int draft_load_one(void *ctx, struct bytes key, struct bytes value)
{
    struct content *c = ctx;
    if (unsent_is_key(key))
        return unsent_load(c, value);
    if (unsent_is_answers_key(key))
        return value.n == REPLY_BYTES ? 0 : ERR_DAMAGED;
    if (key.n != 8 || value.n < DRAFT_HEAD_BYTES || c->drafts_count == LIMIT_DRAFTS_MAX)
        return ERR_DAMAGED;
    /* Due at once: the person is not there any more to take it back. */
    c->drafts[c->drafts_count++] = (struct waiting){.number = get_u64(key.p)};
    return 0;
}

int drafts_load(struct group *g)
{
    struct log *log = &g->peer->log;
    restored_load(g);
    return log->ops->scan(log->ctx, g->number, LOG_DRAFT, BYTES(NULL, 0),
                          draft_load_one, g->content);
}

void drafts_hurry(struct group *g)
{
    struct content *c = g->content;
    uint64_t soon = g->peer->now_ms + HURRY_MS; /* never at once: see keys_send */
    for (uint32_t i = 0; i < c->drafts_count; i++)
        if (c->drafts[i].tried && c->drafts[i].due_ms > soon)
            c->drafts[i].due_ms = soon;
}

bool content_waits(const struct group *g)
{
    const struct content *c = g->content;
    for (uint32_t i = 0; i < c->drafts_count; i++)
        if (c->drafts[i].tried)
            return true;
    return false;
}

int waiting_read(struct bytes value, struct new_text *out)
{
    *out = (struct new_text){0};
    struct reader r = reader_of(value);
    out->lifetime_hours = read_u32(&r);
    if (out->lifetime_hours & DRAFT_ANSWERS)
        out->reply = read_bytes(&r, REPLY_BYTES);
    if (out->lifetime_hours & DRAFT_LANGUAGE)
        out->language = read_bytes(&r, read_u8(&r));
    out->lifetime_hours &= ~(DRAFT_ANSWERS | DRAFT_LANGUAGE);
    out->text = r.left;
    return r.err || !body_language_ok(out->language) ? ERR_DAMAGED : 0;
}

/* As waiting_read reads it. */
static int waiting_write(const struct new_text *what, uint32_t lifetime_hours,
                         struct buf *out)
{
    uint8_t head[DRAFT_HEAD_BYTES], n = (uint8_t)what->language.n;
    put_u32(head, lifetime_hours | (what->reply.n > 0 ? DRAFT_ANSWERS : 0) |
                      (n > 0 ? DRAFT_LANGUAGE : 0));
    int err = buf_append(out, BYTES_OF(head), DRAFT_BYTES_MAX);
    if (!err)
        err = buf_append(out, what->reply, DRAFT_BYTES_MAX);
    if (!err && n > 0)
        err = buf_append(out, BYTES(&n, 1), DRAFT_BYTES_MAX);
    if (!err)
        err = buf_append(out, what->language, DRAFT_BYTES_MAX);
    return err ? err : buf_append(out, what->text, DRAFT_BYTES_MAX);
}

int content_draft(struct group *g, const struct new_text *what, uint64_t delay_ms,
                  uint64_t *draft)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    uint32_t lifetime_hours;
    int err = text_fits(g, what, &lifetime_hours);
    if (!err && c->drafts_count == LIMIT_DRAFTS_MAX)
        err = ERR_FULL;
    if (err)
        return err;
    uint8_t key[8];
    put_u64(key, c->next_draft);
    c->copy.n = 0;
    err = waiting_write(what, lifetime_hours, &c->copy);
    if (!err)
        err = log->ops->put(log->ctx, g->number, LOG_DRAFT, BYTES_OF(key),
                            BUF_BYTES(&c->copy));
    if (err)
        return err;
    *draft = c->next_draft++;
    c->meta_dirty = true;
    uint64_t now = g->peer->now_ms;
    uint64_t due_ms = delay_ms < UINT64_MAX - now ? now + delay_ms : UINT64_MAX;
    c->drafts[c->drafts_count++] = (struct waiting){*draft, due_ms, false};
    return meta_flush(g);
}

static int draft_get(struct group *g, uint64_t number, struct bytes *value)
{
    struct log *log = &g->peer->log;
    uint8_t key[8];
    put_u64(key, number);
    return log->ops->get(log->ctx, g->number, LOG_DRAFT, BYTES_OF(key), value);
}

/* Forget draft number i, in the log and here. */
static int draft_drop(struct group *g, uint32_t i)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    uint8_t key[8];
    put_u64(key, c->drafts[i].number);
    c->drafts_count--;
    memmove(&c->drafts[i], &c->drafts[i + 1],
            (c->drafts_count - i) * sizeof c->drafts[0]);
    return log->ops->del(log->ctx, g->number, LOG_DRAFT, BYTES_OF(key));
}

/* The row of what is answered; 0: it is not here any more. */
static int answered_row(struct group *g, const uint8_t *reply, uint64_t *row)
{
    struct buf text = {0}, name = {0};
    struct message_view view = {0};
    uint8_t copy[REPLY_BYTES]; /* the log's bytes do not outlive the looking */
    memcpy(copy, reply, sizeof copy);
    int err = answered_find(g, copy, &view, &text, &name);
    *row = view.reply == REPLY_HERE ? view.reply_row : 0;
    buf_free(&text);
    buf_free(&name);
    return err;
}

int content_take_back(struct group *g, uint64_t draft, struct buf *text,
                      uint64_t *answers)
{
    struct content *c = g->content;
    for (uint32_t i = 0; i < c->drafts_count; i++) {
        if (c->drafts[i].number != draft)
            continue;
        struct bytes value = {0};
        struct new_text what;
        int err = draft_get(g, draft, &value);
        if (err)
            return err == ERR_NOTFOUND ? ERR_DAMAGED : err;
        err = waiting_read(value, &what);
        if (!err)
            err = buf_append(text, what.text, SIZE_MAX / 2);
        if (!err && what.reply.n > 0)
            err = answered_row(g, what.reply.p, answers);
        return err ? err : draft_drop(g, i);
    }
    return ERR_NOTFOUND;
}

/* Seal draft number i; `*done` unless its keys are missing. */
static int draft_seal(struct group *g, uint32_t i, bool *done)
{
    struct waiting draft = g->content->drafts[i];
    struct bytes value = {0};
    struct buf text = {0}; /* the log's bytes do not outlive what sealing does to it */
    struct new_text what;
    uint8_t hash[32];
    uint64_t row = 0;
    int err = draft_get(g, draft.number, &value);
    if (!err)
        err = buf_append(&text, value, DRAFT_BYTES_MAX);
    if (!err)
        err = waiting_read(BUF_BYTES(&text), &what);
    if (!err)
        err = content_say(g, &what, hash, &row);
    buf_free(&text);
    *done = err == 0;
    if (err)
        return err_is_fatal(err) ? err : 0;
    err = draft_drop(g, i);
    return err ? err : fx_tell_draft(g->peer, g->number, row, draft.number);
}

/* In the order they were written.  One that waits for its key holds back those behind
 * it, or a later text would go first. */
int drafts_tick(struct group *g)
{
    struct content *c = g->content;
    uint64_t now = g->peer->now_ms;
    for (uint32_t i = 0; i < c->drafts_count;) {
        struct waiting *w = &c->drafts[i];
        bool done = false;
        if (w->due_ms > now && w->tried)
            return 0;
        if (w->due_ms > now) {
            i++;
            continue;
        }
        int err = draft_seal(g, i, &done);
        if (err)
            return err;
        if (!done) {
            peer_mark(g->peer, MARK_SEND_WAITS);
            w->tried = true;
            w->due_ms = now + SAY_RETRY_MS;
            return 0;
        }
    }
    return 0;
}

uint64_t say_deadline_ms(const struct group *g)
{
    const struct content *c = g->content;
    uint64_t due_ms = restored_deadline_ms(c);
    for (uint32_t i = 0; i < c->drafts_count; i++) {
        if (c->drafts[i].due_ms < due_ms)
            due_ms = c->drafts[i].due_ms;
        if (c->drafts[i].tried) /* those behind it wait for it */
            break;
    }
    return due_ms;
}
