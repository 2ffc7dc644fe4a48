/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_unsent.c -- the text of a group that somebody began and did not send.
 *
 * It is nobody's but this device's: it is never sealed until it is sent.  It ends like
 * what is said in its group, counted from the last writing.
 */
#include <string.h>

#include "base/text.h"
#include "node/core/content_own.h"

enum {
    UNSENT_HEAD_BYTES = 4,
    UNSENT_BYTES_MAX = UNSENT_HEAD_BYTES + LIMIT_BODY_BYTES_MAX
};

static const uint8_t key_unsent[1] = {'u'}, key_answers[1] = {'v'};

bool unsent_is_key(struct bytes key)
{
    return bytes_equal(key, BYTES_OF(key_unsent));
}

bool unsent_is_answers_key(struct bytes key)
{
    return bytes_equal(key, BYTES_OF(key_answers));
}

int unsent_load(struct content *c, struct bytes value)
{
    if (value.n <= UNSENT_HEAD_BYTES || value.n > UNSENT_BYTES_MAX)
        return ERR_DAMAGED;
    c->has_unsent = true;
    c->unsent_hour = get_u32(value.p);
    return 0;
}

static int unsent_drop(struct group *g)
{
    struct log *log = &g->peer->log;
    if (!g->content->has_unsent)
        return 0;
    g->content->has_unsent = false;
    int err = log->ops->del(log->ctx, g->number, LOG_DRAFT, BYTES_OF(key_unsent));
    return err ? err
               : log->ops->del(log->ctx, g->number, LOG_DRAFT, BYTES_OF(key_answers));
}

int content_unsent_answers(struct group *g, uint8_t reply[static REPLY_BYTES])
{
    struct log *log = &g->peer->log;
    struct bytes value = {0};
    int err = g->content->has_unsent ? log->ops->get(log->ctx, g->number, LOG_DRAFT,
                                                     BYTES_OF(key_answers), &value)
                                     : ERR_NOTFOUND;
    if (err)
        return err;
    if (value.n != REPLY_BYTES)
        return ERR_DAMAGED;
    memcpy(reply, value.p, REPLY_BYTES);
    return 0;
}

/* What was begun before as no answer, or as one to another text, does not become one.
 */
static int keep_answers(struct group *g, struct bytes reply)
{
    struct log *log = &g->peer->log;
    return reply.n == 0 || g->content->has_unsent
               ? 0
               : log->ops->put(log->ctx, g->number, LOG_DRAFT, BYTES_OF(key_answers),
                               reply);
}

int content_keep_unsent(struct group *g, struct bytes text, struct bytes reply)
{
    struct content *c = g->content;
    struct log *log = &g->peer->log;
    uint8_t head[UNSENT_HEAD_BYTES];
    if (text.n > LIMIT_BODY_BYTES_MAX)
        return ERR_TOOBIG;
    int err = text_check(text);
    if (err || text.n == 0)
        return err ? err : unsent_drop(g);
    put_u32(head, g->hour.hour);
    err = keep_answers(g, reply);
    c->copy.n = 0;
    if (!err)
        err = buf_append(&c->copy, BYTES_OF(head), UNSENT_BYTES_MAX);
    if (!err)
        err = buf_append(&c->copy, text, UNSENT_BYTES_MAX);
    if (!err)
        err = log->ops->put(log->ctx, g->number, LOG_DRAFT, BYTES_OF(key_unsent),
                            BUF_BYTES(&c->copy));
    if (!err) {
        c->has_unsent = true;
        c->unsent_hour = g->hour.hour;
    }
    wipe(c->copy.p, c->copy.n);
    c->copy.n = 0;
    return err;
}

int content_unsent(struct group *g, struct buf *text)
{
    struct log *log = &g->peer->log;
    struct bytes value = {0};
    if (!g->content->has_unsent)
        return ERR_NOTFOUND;
    int err =
        log->ops->get(log->ctx, g->number, LOG_DRAFT, BYTES_OF(key_unsent), &value);
    if (err || value.n <= UNSENT_HEAD_BYTES)
        return err && err != ERR_NOTFOUND ? err : ERR_DAMAGED;
    return buf_append(text,
                      BYTES(value.p + UNSENT_HEAD_BYTES, value.n - UNSENT_HEAD_BYTES),
                      LIMIT_BODY_BYTES_MAX);
}

int content_send_unsent(struct group *g, const struct new_text *how, uint64_t delay_ms,
                        uint64_t *draft)
{
    struct buf text = {0}; /* the log's bytes do not outlive the writing */
    uint8_t reply[REPLY_BYTES];
    int err = content_unsent(g, &text);
    int answers = err ? ERR_NOTFOUND : content_unsent_answers(g, reply);
    if (!err && answers != ERR_NOTFOUND)
        err = answers;
    if (!err) {
        const struct new_text what = {.reply = BYTES(reply, answers ? 0 : REPLY_BYTES),
                                      .text = BUF_BYTES(&text),
                                      .lifetime_hours = how->lifetime_hours,
                                      .language = how->language};
        err = content_draft(g, &what, delay_ms, draft);
    }
    buf_free(&text);
    return err ? err : unsent_drop(g);
}

int unsent_tick(struct group *g)
{
    const struct content *c = g->content;
    bool ends = g->lifetime_hours > 0;
    /* A change is for what is written from then on (P4.16). */
    uint32_t stays = g->lifetime_longest_hours > g->lifetime_hours
                         ? g->lifetime_longest_hours
                         : g->lifetime_hours;
    return ends && c->has_unsent && g->hour.hour >= (uint64_t)c->unsent_hour + stays
               ? unsent_drop(g)
               : 0;
}
