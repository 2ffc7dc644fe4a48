/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_restored.c -- a copy of the profile goes on safely (P8.9, P8.11).
 *
 * A profile that was put back from an older copy, or runs twice, does not know what was
 * written with its name elsewhere.  It learns of it from what others say they have, or
 * from the entries themselves.  Then it rests for a moment, so that all of them come;
 * makes new locks, so that no key of before is used; and from then on takes only each
 * eighth position, so that two copies that run at once seldom meet.  Where they met,
 * others can read only one of the two texts: ours is said again.
 */
#include <stdlib.h>
#include <string.h>

#include "node/core/content_own.h"
#include "node/core/peer_int.h"

enum {
    HOUR_MS = 3600 * 1000,
    PROVEN_WAIT_MS = 10 * 1000,  /* own entries are coming in: more may follow */
    CLAIMED_WAIT_MS = 60 * 1000, /* somebody says there are some */
    REKEY_AGAIN_HOURS = 168,
};

/* A rekey of ours makes every later position one that no other copy has used. */
static int restored_rekey(struct group *g)
{
    struct content *c = g->content;
    if (c->rekeyed)
        return 0;
    int err = keys_post_rekey(g);
    if (err)
        return err_is_fatal(err) ? err : 0;
    c->rekeyed = c->meta_dirty = true;
    c->copy_hour = g->hour.hour;
    return 0;
}

/* Nobody keeps us from writing by giving us one own entry after another: a rest ends a
 * minute after it began. */
static void restored_rest(struct group *g, uint64_t ms)
{
    struct content *c = g->content;
    uint64_t now = g->peer->now_ms;
    if (!c->stopped)
        c->rest_ms = now;
    uint64_t until = now + ms, last = c->rest_ms + CLAIMED_WAIT_MS;
    c->stopped = c->meta_dirty = true;
    if (until > last)
        until = last;
    if (until > c->resume_ms)
        c->resume_ms = until;
}

static bool rekey_is_due(const struct group *g)
{
    return g->hour.hour >= (uint64_t)g->content->copy_hour + REKEY_AGAIN_HOURS;
}

void restored_load(struct group *g)
{
    struct content *c = g->content;
    if (!c->stopped)
        return;
    c->rest_ms = g->peer->now_ms;
    c->resume_ms = c->rest_ms + CLAIMED_WAIT_MS;
}

void content_mark_restored(struct group *g)
{
    struct content *c = g->content;
    c->rekeyed = c->claimed = false;
    restored_rest(g, CLAIMED_WAIT_MS);
}

/* An own entry came that was not written here: that is proof.  Two copies that run at
 * once see it all the time; they neither rest nor rekey each time. */
int content_restored(struct group *g)
{
    struct content *c = g->content;
    uint64_t now = g->peer->now_ms;
    c->restored = false;
    int first = keys_note_copy(g, false);
    if (first < 0)
        return first;
    peer_mark(g->peer, MARK_COPY_SEEN);
    bool due = first == 1 || rekey_is_due(g);
    if (due)
        c->rekeyed = false;
    else if (!c->stopped)
        c->rekeyed = true;
    if (due || c->stopped || now >= c->proven_ms + HOUR_MS)
        restored_rest(g, PROVEN_WAIT_MS);
    c->claimed = false;
    c->proven_ms = now;
    int err = first == 1 ? fx_tell(g->peer, TELL_COPY, g->number, 0, 0) : 0;
    return err || !c->stopped ? err : restored_rekey(g);
}

/* --- claims ---------------------------------------------------------------------- */

struct own_known {
    const uint8_t *hash;
    bool any, same;
};

static int own_known_visit(void *ctx, const struct content_row *row)
{
    struct own_known *k = ctx;
    k->any = true;
    k->same = k->same || memcmp(row->hash, k->hash, 32) == 0;
    return k->same;
}

int content_own_known(struct group *g, uint32_t seq, const uint8_t hash[static 32])
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    struct author *me = NULL;
    struct own_known known = {hash, false, false};
    if (seq == 0 || author_me(g, &me) != 0)
        return 0;
    int err = log->ops->content_by_seq(log->ctx, g->number, me->number, seq,
                                       own_known_visit, &known);
    bool newest = me->seq == seq && memcmp(me->hash, hash, 32) == 0;
    bool base = me->base_seq >= seq;
    /* Without rows of an older sequence nothing can be said: it may have ended here. */
    bool lacking = !known.same && !newest && !base && (known.any || seq > me->seq);
    if (err || !lacking)
        return err;
    /* A claim is no proof: it stops us until the entries came, for a minute at most,
     * and not again within the hour.  The entries may have ended everywhere, so that
     * nothing can prove it: then one rekey a week makes our next positions fresh. */
    uint64_t now = g->peer->now_ms;
    if (c->stopped || (c->resume_ms != 0 && now < c->resume_ms + HOUR_MS))
        return 0;
    peer_mark(g->peer, MARK_CLAIM_HEARD);
    c->rekeyed = !rekey_is_due(g);
    c->claimed = true;
    restored_rest(g, CLAIMED_WAIT_MS);
    return meta_flush(g);
}

/* --- one key used twice ---------------------------------------------------------- */

static bool is_written(const struct content_row *row)
{
    return row->own == OWN_WRITTEN && row->state == CONTENT_OPEN;
}

static bool is_owed_again(const struct content_row *row)
{
    return row->own == OWN_AGAIN && row->state == CONTENT_OPEN;
}

/* Does row `id` share the key of `other`?  Then it is owed again. */
static int own_owes(struct group *g, const uint8_t id[32], const struct item *other,
                    bool *found)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    struct content_row row;
    struct buf envelope = {0}, body = {0}; /* the log's do not outlive reading */
    size_t pool_bytes = c->pool.n;
    int go = log->ops->content_by_id(log->ctx, g->number, id, &row);
    if (!go)
        go = buf_append(&envelope, row.envelope, LIMIT_ENVELOPE_BYTES_MAX);
    if (!go)
        go = buf_append(&body, row.body, LIMIT_ENVELOPE_BYTES_MAX);
    struct incoming in = {.envelope = BUF_BYTES(&envelope)};
    struct item it = {.in = &in};
    if (!go) {
        memcpy(in.topic, row.topic, 32);
        memcpy(in.id, id, 32);
        go = item_read(g, &it, true);
    }
    *found = go == 1 && items_share_key(c, &it, other);
    c->pool.n = pool_bytes;
    if (*found) {
        row.own = OWN_AGAIN;
        row.body = BUF_BYTES(&body);
        c->again_count++;
        go = log->ops->content_update(log->ctx, g->number, &row);
    }
    buf_free(&envelope);
    buf_free(&body);
    return go < 0 ? go : 0;
}

int restored_clash(struct group *g, const struct item *it)
{
    struct rows *rows = rows_new(is_written);
    bool found = false;
    int err = rows ? keys_note_copy(g, true) : ERR_NOMEM;
    peer_mark(g->peer, MARK_KEY_CLASH);
    if (err > 0)
        err = 0;
    while (!err && !found && rows_next(g, rows, &err))
        for (size_t i = 0; i < rows->count && !err && !found; i++)
            err = own_owes(g, rows->ids[i], it, &found);
    free(rows);
    return err;
}

/* Say the text of a row again, as long as its first time would have stayed. */
static int own_say_again(struct group *g, struct content_row *row)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    struct content_row made = {0};
    struct body body;
    int err = body_decode(row->body, &body) ? ERR_DAMAGED : 0;
    if (!err && body_is_warning(body.kind))
        return warning_say_again(g, row, &body);
    bool names = !err && body.kind == BODY_AGAIN; /* the first of all is named */
    struct saying what = {.kind = BODY_AGAIN,
                          .text = body.text,
                          .again_seq = names ? body.again_seq : row->seq,
                          .lifetime_hours = row->lifetime_hours,
                          .end_hour = row->end_hour,
                          .about_hour = row->about_hour,
                          .reply = body.reply,
                          .language = body.language};
    memcpy(what.again, names ? body.again.p : row->hash, DEP_BYTES);
    if (!err && !content_ended(g, row->end_hour))
        err = content_seal(g, &what, &made);
    if (err)
        return err;
    c->again_count--;
    peer_mark(g->peer, MARK_SAID_AGAIN);
    row->own = OWN_SAID_AGAIN;
    return log->ops->content_update(log->ctx, g->number, row);
}

static int own_say_again_by(struct group *g, const uint8_t id[32])
{
    struct log *log = &g->peer->log;
    struct content_row row;
    struct buf body = {0}; /* the log's does not outlive what sealing does to it */
    int err = log->ops->content_by_id(log->ctx, g->number, id, &row);
    if (!err)
        err = buf_append(&body, row.body, LIMIT_ENVELOPE_BYTES_MAX);
    row.body = BUF_BYTES(&body);
    if (!err)
        err = own_say_again(g, &row);
    buf_free(&body);
    return err;
}

/* What is owed, as far as keys are there. */
static int say_all_again(struct group *g)
{
    struct content *c = g->content;
    struct rows *rows = rows_new(is_owed_again);
    int err = 0;
    if (!rows)
        return ERR_NOMEM;
    if (!rows_next(g, rows, &err) && !err)
        c->again_count = 0; /* they ended meanwhile */
    for (size_t i = 0; i < rows->count && !err; i++)
        err = own_say_again_by(g, rows->ids[i]);
    free(rows);
    if (err_is_fatal(err))
        return err;
    c->resume_ms = g->peer->now_ms + (err ? SAY_RETRY_MS : 0);
    return 0;
}

/* --- going on -------------------------------------------------------------------- */

int restored_tick(struct group *g)
{
    struct content *c = g->content;
    if (g->peer->now_ms < restored_deadline_ms(c))
        return 0;
    if (c->stopped) {
        int err = restored_rekey(g);
        if (err)
            return err;
        if (!c->rekeyed && !c->claimed) { /* a full log: what is proven must wait */
            c->resume_ms = g->peer->now_ms + SAY_RETRY_MS;
            return 0;
        }
        c->stopped = c->claimed = false;
        c->meta_dirty = true;
        drafts_hurry(g);
    }
    return c->again_count > 0 ? say_all_again(g) : 0;
}

uint64_t restored_deadline_ms(const struct content *c)
{
    return c->stopped || c->again_count > 0 ? c->resume_ms : UINT64_MAX;
}
