/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* join_door.c -- who waits for a steward's yes (P6.9 to P6.13).
 *
 * LOG_INVITE of the group, integers big-endian:
 *
 *     'd' || member key 32  ->  kept until u32 || state u8 || language u8 ||
 *                               invitation key 32 || transport key 32 || prekey 32 ||
 *                               proof 64 || commitment 32 || own nonce 32 ||
 *                               newcomer's nonce 32 || name
 *     'f' || invitation key 32  ->  kept until u32       somebody said no to it
 *
 * A record is made when a proven join comes, and holds our nonce: one for each
 * commitment, never another, so that nobody can ask until a sentence fits.  A wrong
 * nonce leaves the record where it is: its place is spent.
 */
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "node/core/link_int.h"
#include "node/core/near.h"

enum {
    KEPT_HOURS = 8 * 24,
    DOOR_KEY_BYTES = 33,
    HEAD_BYTES = 6 + 3 * 32 + 64 + 3 * 32
};

enum door_state { DOOR_CAME = 0, DOOR_SHOWN = 1, DOOR_REFUSED = 2 };

/* One record, in memory. */
struct waiter {
    uint32_t until_hour;
    uint8_t state, language;
    uint8_t invite_pk[32], commitment[32], own_nonce[32], nonce[32];
    struct wire_join join; /* keys, proof, and the name, which points into `store` */
    uint8_t store[LIMIT_NAME_BYTES_MAX];
};

static struct bytes record_key(uint8_t out[static DOOR_KEY_BYTES], char kind,
                               const uint8_t *pk)
{
    out[0] = (uint8_t)kind;
    memcpy(out + 1, pk, 32);
    return BYTES(out, DOOR_KEY_BYTES);
}

/* ---- records ---------------------------------------------------------------- */

static int waiter_read(struct bytes key, struct bytes value, struct waiter *w)
{
    struct reader r = reader_of(value);
    *w = (struct waiter){0};
    if (key.n != DOOR_KEY_BYTES)
        return ERR_DAMAGED;
    memcpy(w->join.member_pk, key.p + 1, 32);
    w->until_hour = read_u32(&r);
    w->state = read_u8(&r);
    w->language = read_u8(&r);
    read_copy(&r, w->invite_pk, 32);
    read_copy(&r, w->join.transport_pk, 32);
    read_copy(&r, w->join.prekey_pk, 32);
    read_copy(&r, w->join.proof, 64);
    read_copy(&r, w->commitment, 32);
    read_copy(&r, w->own_nonce, 32);
    read_copy(&r, w->nonce, 32);
    if (r.err || r.left.n > sizeof w->store)
        return ERR_DAMAGED;
    memcpy(w->store, r.left.p, r.left.n);
    w->join.name = BYTES(w->store, r.left.n);
    return 0;
}

static int waiter_store(struct group *g, const struct waiter *w)
{
    struct log *log = &g->peer->log;
    uint8_t bytes[HEAD_BYTES + LIMIT_NAME_BYTES_MAX], key[DOOR_KEY_BYTES];
    struct room room = ROOM_OF(bytes);
    struct writer to = writer_to(&room);
    write_u32(&to, w->until_hour);
    write_u8(&to, w->state);
    write_u8(&to, w->language);
    write_bytes(&to, BYTES_OF(w->invite_pk));
    write_bytes(&to, BYTES_OF(w->join.transport_pk));
    write_bytes(&to, BYTES_OF(w->join.prekey_pk));
    write_bytes(&to, BYTES_OF(w->join.proof));
    write_bytes(&to, BYTES_OF(w->commitment));
    write_bytes(&to, BYTES_OF(w->own_nonce));
    write_bytes(&to, BYTES_OF(w->nonce));
    write_bytes(&to, w->join.name);
    int err = writer_end(&to);
    if (!err)
        err = log->ops->put(log->ctx, g->number, LOG_INVITE,
                            record_key(key, 'd', w->join.member_pk),
                            BYTES(room.p, room.n));
    wipe(bytes, sizeof bytes);
    return err;
}

static int waiter_find(struct group *g, const uint8_t *member_pk, struct waiter *w)
{
    struct log *log = &g->peer->log;
    uint8_t bytes[DOOR_KEY_BYTES];
    struct bytes value, key = record_key(bytes, 'd', member_pk);
    int err = log->ops->get(log->ctx, g->number, LOG_INVITE, key, &value);
    return err ? err : waiter_read(key, value, w);
}

/* All who wait at one group's door, or with one invitation. */
struct doorway {
    const uint8_t *invite_pk; /* NULL: all */
    uint32_t count, shown;
    uint8_t keys[LIMIT_DOOR_MAX][32];
};

static int doorway_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct doorway *d = ctx;
    struct waiter w;
    if (waiter_read(key, value, &w) || w.state == DOOR_REFUSED ||
        (d->invite_pk && memcmp(w.invite_pk, d->invite_pk, 32) != 0))
        return 0;
    d->shown += w.state == DOOR_SHOWN;
    if (d->count < LIMIT_DOOR_MAX)
        memcpy(d->keys[d->count++], w.join.member_pk, 32);
    wipe(&w, sizeof w);
    return 0;
}

static int doorway_look(struct group *g, const uint8_t *invite_pk, struct doorway *d)
{
    struct log *log = &g->peer->log;
    *d = (struct doorway){.invite_pk = invite_pk};
    int err = log->ops->scan(log->ctx, g->number, LOG_INVITE, BYTES("d", 1),
                             doorway_visit, d);
    return err < 0 ? err : 0;
}

int door_count(struct group *g, uint32_t *count)
{
    struct doorway d;
    int err = doorway_look(g, NULL, &d);
    *count = d.shown;
    return err;
}

int door_is_closed(struct group *g, const uint8_t invite_pk[static 32])
{
    struct log *log = &g->peer->log;
    uint8_t key[DOOR_KEY_BYTES];
    struct bytes value;
    int err = log->ops->get(log->ctx, g->number, LOG_INVITE,
                            record_key(key, 'f', invite_pk), &value);
    return err == ERR_NOTFOUND ? 0 : err ? err : 1;
}

/* ---- coming ----------------------------------------------------------------- */

static int ask(struct group *g, struct link *l, const struct waiter *w)
{
    struct wire_asked asked = {.language = w->language};
    memcpy(asked.nonce, w->own_nonce, 32);
    int err = card_names_ready(g);
    if (err)
        return err;
    asked.name = card_member_name(g, member_me(g)->index);
    if (asked.name.n > LIMIT_NAME_BYTES_MAX)
        asked.name.n = LIMIT_NAME_BYTES_MAX;
    l->asked = true;
    memcpy(l->joiner_pk, w->join.member_pk, 32);
    return wire_put_asked(&l->out, &asked);
}

/* The same newcomer again: the same nonce. */
static int ask_again(struct group *g, struct link *l, const struct wire_join *join,
                     const struct waiter *w)
{
    bool same = memcmp(w->invite_pk, l->invite_pk, 32) == 0 &&
                memcmp(w->join.transport_pk, join->transport_pk, 32) == 0 &&
                memcmp(w->join.prekey_pk, join->prekey_pk, 32) == 0 &&
                memcmp(w->commitment, join->commitment, 32) == 0;
    if (w->state == DOOR_REFUSED)
        return join_refuse(l, REFUSED_STOPPED);
    return same ? ask(g, l, w) : join_refuse(l, REFUSED_USED);
}

static int ask_first(struct group *g, struct link *l, const struct wire_join *join,
                     const struct invite_view *v)
{
    struct waiter w = {.language = v->language, .join = *join};
    w.until_hour = g->hour.hour + KEPT_HOURS;
    memcpy(w.invite_pk, v->v_pk, 32);
    memcpy(w.commitment, join->commitment, 32);
    entropy_fill(&g->peer->entropy, w.own_nonce, sizeof w.own_nonce);
    int err = waiter_store(g, &w);
    if (!err)
        err = ask(g, l, &w);
    wipe(&w, sizeof w);
    return err;
}

/* P6.13: is there room at the door? */
static int door_has_room(struct group *g, const uint8_t *invite_pk)
{
    struct doorway all, same;
    int err = doorway_look(g, NULL, &all);
    if (!err)
        err = doorway_look(g, invite_pk, &same);
    if (err)
        return err;
    return all.count < LIMIT_DOOR_MAX && same.count < LIMIT_DOOR_PER_INVITE_MAX;
}

int door_knock(struct group *g, struct link *l, const struct wire_join *join,
               const struct invite_view *v)
{
    struct waiter w;
    int err = waiter_find(g, join->member_pk, &w);
    if (!err) {
        err = ask_again(g, l, join, &w);
        wipe(&w, sizeof w);
        return err;
    }
    if (err != ERR_NOTFOUND)
        return err;
    err = door_is_closed(g, v->v_pk);
    if (err)
        return err < 0 ? err : join_refuse(l, REFUSED_FINISHED);
    if (g->hour.hour > v->end_hour && !near_words_answered(g, v->v_pk))
        return join_refuse(l, REFUSED_FINISHED);
    if (text_check_name(join->name))
        return ERR_PROTOCOL;
    int room = door_has_room(g, v->v_pk);
    if (room < 0)
        return room;
    if (room)
        return ask_first(g, l, join, v);
    g->peer->limited++;
    return join_refuse(l, REFUSED_LATER);
}

/* What the sentence of a record is made of. */
static struct sentence sentence_of(const struct group *g, const struct waiter *w)
{
    return (struct sentence){.group = g->id,
                             .invite_pk = w->invite_pk,
                             .host_pk = g->transport_pk,
                             .member_pk = w->join.member_pk,
                             .transport_pk = w->join.transport_pk,
                             .prekey_pk = w->join.prekey_pk,
                             .name = w->join.name,
                             .language = w->language,
                             .nonce = w->nonce,
                             .host_nonce = w->own_nonce};
}

int door_reveal(struct group *g, struct link *l, const uint8_t nonce[static 32])
{
    struct waiter w;
    uint8_t commitment[32];
    if (!l->asked || l->revealed)
        return ERR_PROTOCOL;
    l->revealed = true;
    int err = waiter_find(g, l->joiner_pk, &w);
    if (err)
        return err == ERR_NOTFOUND ? ERR_PROTOCOL : err;
    bool first = w.state == DOOR_CAME;
    memcpy(w.nonce, nonce, 32);
    struct sentence s = sentence_of(g, &w);
    sentence_commit(commitment, &s);
    if (!ct_equal(commitment, w.commitment, 32)) /* P6.10 */
        err = ERR_PROTOCOL;
    if (!err && first) {
        w.state = DOOR_SHOWN;
        err = waiter_store(g, &w);
        if (!err)
            err = fx_tell(g->peer, TELL_DOOR, g->number, 0, 0);
    }
    wipe(&w, sizeof w);
    return err;
}

/* ---- answering -------------------------------------------------------------- */

/* The live link on which this newcomer waits, or NULL. */
static struct link *link_of(const struct group *g, const uint8_t *member_pk)
{
    const struct links *links = g->peer->links;
    for (uint32_t i = 0; i < links->count; i++) {
        struct link *l = links->list[i];
        if (l->group == g->number && l->asked && l->state == LINK_LIVE && !l->closing &&
            memcmp(l->joiner_pk, member_pk, 32) == 0)
            return l;
    }
    return NULL;
}

static int turn_away(struct group *g, const uint8_t *member_pk, uint8_t code)
{
    struct link *l = link_of(g, member_pk);
    return l ? join_refuse(l, code) : 0;
}

/* Nobody else comes in by this invitation, and nobody has: P6.12. */
static int close_invite(struct group *g, const uint8_t *invite_pk)
{
    struct log *log = &g->peer->log;
    struct doorway d;
    uint8_t key[DOOR_KEY_BYTES], until[4];
    put_u32(until, g->hour.hour + 2 * KEPT_HOURS);
    int err = doorway_look(g, invite_pk, &d);
    if (!err)
        err = log->ops->put(log->ctx, g->number, LOG_INVITE,
                            record_key(key, 'f', invite_pk), BYTES_OF(until));
    for (uint32_t i = 0; i < d.count && !err; i++) {
        struct waiter w;
        err = waiter_find(g, d.keys[i], &w);
        w.state = DOOR_REFUSED;
        wipe(w.nonce, sizeof w.nonce);
        wipe(w.own_nonce, sizeof w.own_nonce);
        if (!err)
            err = waiter_store(g, &w);
        if (!err)
            err = turn_away(g, d.keys[i], REFUSED_STOPPED);
    }
    return err;
}

int door_stopped(struct group *g, struct link *l)
{
    struct waiter w;
    if (!l->revealed)
        return ERR_PROTOCOL;
    int err = waiter_find(g, l->joiner_pk, &w);
    if (err)
        return err == ERR_NOTFOUND ? ERR_PROTOCOL : err;
    bool shown = w.state == DOOR_SHOWN;
    link_close(l, false);
    if (shown)
        err = close_invite(g, w.invite_pk);
    wipe(&w, sizeof w);
    return err || !shown ? err : fx_tell(g->peer, TELL_STOPPED, g->number, 0, 0);
}

static int forget(struct group *g, const uint8_t *member_pk)
{
    struct log *log = &g->peer->log;
    uint8_t key[DOOR_KEY_BYTES];
    return log->ops->del(log->ctx, g->number, LOG_INVITE,
                         record_key(key, 'd', member_pk));
}

/* The last use is gone: whoever else waits with it hears so. */
static int settle_others(struct group *g, const uint8_t *invite_pk)
{
    struct invite_view v;
    struct doorway d = {0};
    int err = control_invite(g, invite_pk, &v);
    if (!err && v.used >= v.uses)
        err = doorway_look(g, invite_pk, &d);
    wipe(&v, sizeof v);
    for (uint32_t i = 0; i < d.count && !err; i++) {
        err = turn_away(g, d.keys[i], REFUSED_USED);
        if (!err)
            err = forget(g, d.keys[i]);
    }
    return err;
}

static int let_in(struct group *g, const struct waiter *w, bool compared)
{
    struct link *l = link_of(g, w->join.member_pk);
    int err = join_add(g, &w->join, w->invite_pk, compared);
    if (!err)
        err = forget(g, w->join.member_pk);
    if (!err && l) {
        err = join_welcome(g, l, &w->join);
        err = err > 0 ? 0 : err;
    }
    return err ? err : settle_others(g, w->invite_pk);
}

int door_answer(struct group *g, const uint8_t member_pk[static 32],
                enum door_answer answer)
{
    struct waiter w;
    const struct member *me = member_me(g);
    if (!me || me->role != ROLE_STEWARD)
        return ERR_DENIED;
    int err = waiter_find(g, member_pk, &w);
    if (!err && w.state != DOOR_SHOWN)
        err = ERR_NOTFOUND;
    if (err)
        return err;
    if (answer == DOOR_STOP)
        err = close_invite(g, w.invite_pk);
    else if (answer == DOOR_SAME || answer == DOOR_UNSEEN)
        err = let_in(g, &w, answer == DOOR_SAME);
    else
        err = ERR_USAGE;
    wipe(&w, sizeof w);
    return err;
}

/* ---- looking ---------------------------------------------------------------- */

struct looking {
    struct group *g;
    peer_visit_door *visit;
    void *ctx;
};

static int view_one(struct looking *to, const uint8_t *member_pk)
{
    struct waiter w;
    struct doorway same;
    int err = waiter_find(to->g, member_pk, &w);
    if (err || w.state != DOOR_SHOWN)
        return err;
    err = doorway_look(to->g, w.invite_pk, &same);
    if (!err) {
        struct sentence s = sentence_of(to->g, &w);
        struct door_view v = {.name = w.join.name, .language = w.language};
        memcpy(v.key, member_pk, 32);
        v.others = same.shown - 1;
        sentence_make(v.sentence, &s);
        err = to->visit(to->ctx, &v);
    }
    wipe(&w, sizeof w);
    return err;
}

int peer_door(struct peer *p, uint32_t group, peer_visit_door *visit, void *ctx)
{
    struct looking to = {peer_group(p, group), visit, ctx};
    struct doorway d;
    if (!to.g)
        return ERR_NOTFOUND;
    int err = to.g->joining ? 0 : doorway_look(to.g, NULL, &d);
    for (uint32_t i = 0; !to.g->joining && i < d.count && !err; i++)
        err = view_one(&to, d.keys[i]);
    return err;
}
