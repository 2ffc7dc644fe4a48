/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* join_host.c -- the steward's side of an invitation (P6.4, P6.5).
 *
 * LOG_INVITE of the group keeps each welcome until the newcomer was seen as a member,
 * at most eight days, so that whoever lost the connection gets the same one again:
 *
 *     'w' || member key 32  ->  kept until u32 || invitation key 32 || transport key
 *                               32 || prekey 32 || box 180 || baseline
 */
#include <string.h>

#include "base/cursor.h"
#include "crypto/sign.h"
#include "node/core/link_int.h"
#include "node/core/link_room.h"
#include "node/core/near.h"

enum {
    KEPT_HOURS = 8 * 24,
    HEAD_BYTES = 4 + 3 * 32,
    KEY_BYTES = 33,
    RECORD_BYTES_MAX = 1 << 20,
    EXPIRED_MAX = 64, /* erased in one go; the rest an hour later */
};

static struct bytes welcome_key(uint8_t out[static KEY_BYTES], const uint8_t *member_pk)
{
    out[0] = 'w';
    memcpy(out + 1, member_pk, 32);
    return BYTES(out, KEY_BYTES);
}

int join_arrived(struct group *g, const uint8_t member_pk[static 32])
{
    uint8_t key[KEY_BYTES];
    struct log *log = &g->peer->log;
    return log->ops->del(log->ctx, g->number, LOG_INVITE, welcome_key(key, member_pk));
}

struct expiring {
    uint32_t hour, count;
    uint8_t keys[EXPIRED_MAX][KEY_BYTES];
};

static int expire_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct expiring *x = ctx;
    bool over = value.n < HEAD_BYTES || get_u32(value.p) < x->hour;
    if (over && key.n == KEY_BYTES)
        memcpy(x->keys[x->count++], key.p, KEY_BYTES);
    return x->count == EXPIRED_MAX;
}

/* Welcomes, those who wait, and invitations that were closed. */
int join_expire(struct group *g)
{
    static const char kinds[] = {'w', 'd', 'f'};
    struct log *log = &g->peer->log;
    int err = 0;
    for (size_t k = 0; k < sizeof kinds && err >= 0; k++) {
        struct expiring x = {.hour = g->hour.hour};
        err = log->ops->scan(log->ctx, g->number, LOG_INVITE, BYTES(&kinds[k], 1),
                             expire_visit, &x);
        for (uint32_t i = 0; i < x.count && err >= 0; i++)
            err = log->ops->del(log->ctx, g->number, LOG_INVITE, BYTES_OF(x.keys[i]));
    }
    return err < 0 ? err : 0;
}

/* ---- checking --------------------------------------------------------------- */

/* P4.8, P6.3: the newcomer holds the member key and the invitation. */
static bool join_proven(const struct group *g, const struct link *l,
                        const struct wire_join *join)
{
    uint8_t message[160];
    if (memcmp(join->transport_pk, l->transport_pk, 32) != 0)
        return false;
    join_signed(message, g->id, join);
    if (sign_check(join->proof, "join", BYTES(message, 128), join->member_pk))
        return false;
    join_vouched(message, l->hs_hash, join);
    return sign_check(join->signature, "invite", BYTES_OF(message), l->invite_pk) == 0;
}

/* The welcome of these keys under this invitation, if it was made before: 1, begun. */
int join_welcome(struct group *g, struct link *l, const struct wire_join *join)
{
    uint8_t key[KEY_BYTES], head[3 * 32];
    struct log *log = &g->peer->log;
    struct bytes value;
    int err = log->ops->get(log->ctx, g->number, LOG_INVITE,
                            welcome_key(key, join->member_pk), &value);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    memcpy(head, l->invite_pk, 32);
    memcpy(head + 32, join->transport_pk, 32);
    memcpy(head + 64, join->prekey_pk, 32);
    if (value.n < HEAD_BYTES + WIRE_BOX_BYTES || memcmp(value.p + 4, head, 96) != 0)
        return 0;
    l->welcome.end.n = 0;
    l->welcome.active = true;
    err = buf_append(&l->welcome.end, BYTES(value.p + HEAD_BYTES, value.n - HEAD_BYTES),
                     RECORD_BYTES_MAX);
    return err ? err : 1;
}

static int welcome_store(struct group *g, const uint8_t *invite_pk,
                         const struct wire_join *join, struct buf *box)
{
    uint8_t key[KEY_BYTES], head[HEAD_BYTES];
    struct log *log = &g->peer->log;
    struct buf value = {0};
    put_u32(head, g->hour.hour + KEPT_HOURS);
    memcpy(head + 4, invite_pk, 32);
    memcpy(head + 36, join->transport_pk, 32);
    memcpy(head + 68, join->prekey_pk, 32);
    CHECK(box->n == WIRE_BOX_BYTES);
    int err = buf_append(&value, BYTES_OF(head), RECORD_BYTES_MAX);
    if (!err)
        err = buf_append(&value, BUF_BYTES(box), RECORD_BYTES_MAX);
    if (!err)
        err = content_baseline(g, &value);
    if (!err)
        err = log->ops->put(log->ctx, g->number, LOG_INVITE,
                            welcome_key(key, join->member_pk), BUF_BYTES(&value));
    buf_free(&value);
    return err;
}

/* ---- answering -------------------------------------------------------------- */

int join_refuse(struct link *l, uint8_t code)
{
    int err = wire_put_code(&l->out, WIRE_REFUSED, code);
    link_close(l, true);
    return err;
}

/* P6.7 */
uint8_t join_refusal(const struct group *g, const struct wire_join *join,
                     const uint8_t invite_pk[static 32], struct invite_view *v)
{
    if (control_invite(g, invite_pk, v))
        return REFUSED_UNKNOWN;
    if (member_find(g, join->member_pk) || member_by_transport(g, join->transport_pk) ||
        v->used >= v->uses)
        return REFUSED_USED;
    return member_count(g) >= LIMIT_MEMBERS_MAX ? REFUSED_FULL : 0;
}

static uint8_t refusal_for(int err)
{
    switch (err) {
    case ERR_EXISTS: return REFUSED_USED;
    case ERR_FULL: return REFUSED_FULL;
    case ERR_DENIED:
    case ERR_FORGED: return REFUSED_UNKNOWN;
    default: return REFUSED_LATER;
    }
}

static int error_of(uint8_t code)
{
    static const int err[] = {0, ERR_USED, ERR_EXPIRED, ERR_NOTFOUND, ERR_FULL};
    return code <= REFUSED_FULL ? err[code] : ERR_NOANSWER;
}

int join_add(struct group *g, const struct wire_join *join,
             const uint8_t invite_pk[static 32], bool compared)
{
    struct invite_view v = {0};
    struct buf box = {0};
    int err = error_of(join_refusal(g, join, invite_pk, &v));
    struct newcomer who = {join->member_pk, join->transport_pk, join->prekey_pk,
                           join->proof, compared};
    if (!err)
        err = keys_post_add(g, &who, &v, &box);
    wipe(&v, sizeof v);
    if (!err)
        err = welcome_store(g, invite_pk, join, &box);
    buf_free(&box);
    return err;
}

/* Nobody has to say yes: the newcomer is added at once (P6.4). */
static int add(struct group *g, struct link *l, const struct wire_join *join)
{
    int err = join_add(g, join, l->invite_pk, false);
    if (err)
        return err_is_fatal(err) ? err : join_refuse(l, refusal_for(err));
    err = join_welcome(g, l, join);
    return err > 0 ? 0 : err;
}

static int come_in(struct group *g, struct link *l, const struct wire_join *join)
{
    struct invite_view v = {0};
    uint8_t code = join_refusal(g, join, l->invite_pk, &v);
    int err = 0;
    if (!code && !v.asks && g->hour.hour > v.end_hour &&
        !near_words_answered(g, l->invite_pk))
        code = REFUSED_FINISHED;
    if (code)
        err = join_refuse(l, code);
    else
        err = v.asks ? door_knock(g, l, join, &v) : add(g, l, join);
    wipe(&v, sizeof v);
    return err;
}

/* P6.8: the same newcomer on an older link has given that up.  True if there is room
 * for this one. */
static bool newcomer_fits(struct peer *p, struct link *l)
{
    uint32_t others = 0;
    for (uint32_t i = 0; i < p->links->count; i++) {
        struct link *other = p->links->list[i];
        if (other == l || !link_is_newcomer(other))
            continue;
        if (other->group == l->group &&
            memcmp(other->transport_pk, l->transport_pk, 32) == 0)
            link_close(other, false);
        else
            others++;
    }
    return others < LIMIT_WELCOMES_MAX;
}

int join_take(struct group *g, struct link *l, const struct wire_join *join)
{
    struct peer *p = g->peer;
    if (l->proven || !join_proven(g, l, join))
        return ERR_PROTOCOL;
    l->proven = true;
    l->proven_ms = p->now_ms;
    if (!newcomer_fits(p, l)) {
        p->limited++;
        return join_refuse(l, REFUSED_LATER);
    }
    int err = near_words_came(g, l->invite_pk);
    if (!err)
        err = join_welcome(g, l, join);
    if (err == 0)
        err = come_in(g, l, join);
    return err < 0 ? err : 0;
}

/* All control entries, then the rest (P6.5). */
int join_pump(struct group *g, struct link *l)
{
    struct welcome_job *w = &l->welcome;
    const struct buf *end = &w->end;
    int err = 0;
    while (!err && w->next < control_count(g) && link_has_room(l))
        err = wire_put_welcome(&l->out, WELCOME_ENTRY, control_at(g, w->next++)->whole);
    if (err || w->next < control_count(g) || !link_has_room(l))
        return err;
    struct bytes baseline = BYTES(end->p + WIRE_BOX_BYTES, end->n - WIRE_BOX_BYTES);
    while (!err && baseline.n - w->at > WIRE_BASELINE_PIECE) {
        err = wire_put_welcome(&l->out, WELCOME_BASELINE,
                               BYTES(baseline.p + w->at, WIRE_BASELINE_PIECE));
        w->at += WIRE_BASELINE_PIECE;
    }
    struct buf last = {0};
    if (!err)
        err = buf_append(&last, BYTES(end->p, WIRE_BOX_BYTES), RECORD_BYTES_MAX);
    if (!err)
        err = buf_append(&last, BYTES(baseline.p + w->at, baseline.n - w->at),
                         RECORD_BYTES_MAX);
    if (!err)
        err = wire_put_welcome(&l->out, WELCOME_END, BUF_BYTES(&last));
    buf_free(&last);
    w->active = false; /* whoever has it closes the link */
    return err;
}
