/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* join_asked.c -- the newcomer's side while somebody must say yes (P6.10, P6.12).
 *
 * LOG_INVITE of the joining group:
 *
 *     "asked" ->  nonce 32 || language u8 || same u8 || name
 *
 * The record is there before our own nonce leaves.  Its nonce is the first that came:
 * who sits in between and knows ours by now may not send another.
 */
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "node/core/link_int.h"

enum { RECORD_BYTES_MAX = 34 + LIMIT_NAME_BYTES_MAX };

static const char asked_key[] = "asked";
#define ASKED_KEY BYTES(asked_key, sizeof asked_key - 1)

static int asked_store(struct group *g)
{
    const struct joins *j = g->joins;
    struct log *log = &g->peer->log;
    uint8_t bytes[RECORD_BYTES_MAX];
    struct room room = ROOM_OF(bytes);
    struct writer w = writer_to(&room);
    write_bytes(&w, BYTES_OF(j->host_nonce));
    write_u8(&w, j->language);
    write_u8(&w, j->same);
    write_bytes(&w, BUF_BYTES(&j->host));
    int err = writer_end(&w);
    return err ? err
               : log->ops->put(log->ctx, g->number, LOG_INVITE, ASKED_KEY,
                               BYTES(room.p, room.n));
}

int join_asked_load(struct group *g)
{
    struct joins *j = g->joins;
    struct log *log = &g->peer->log;
    struct bytes value;
    int err = log->ops->get(log->ctx, g->number, LOG_INVITE, ASKED_KEY, &value);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    struct reader r = reader_of(value);
    read_copy(&r, j->host_nonce, 32);
    j->language = read_u8(&r);
    j->same = read_u8(&r) == 1;
    if (r.err)
        return ERR_DAMAGED;
    j->asked = true;
    j->host.n = 0;
    return buf_append(&j->host, r.left, LIMIT_NAME_BYTES_MAX);
}

int join_asked_drop(struct group *g)
{
    struct log *log = &g->peer->log;
    int err =
        g->joins->asked ? log->ops->del(log->ctx, g->number, LOG_INVITE, ASKED_KEY) : 0;
    g->joins->asked = false;
    wipe(g->joins->nonce, sizeof g->joins->nonce);
    wipe(g->joins->host_nonce, sizeof g->joins->host_nonce);
    return err;
}

/* The first time: what is compared is settled from here on. */
static int asked_begin(struct group *g, const struct wire_asked *asked)
{
    struct joins *j = g->joins;
    if (text_check_name(asked->name))
        return ERR_PROTOCOL;
    j->asked = true;
    memcpy(j->host_nonce, asked->nonce, 32);
    j->language = asked->language;
    j->host.n = 0;
    int err = buf_append(&j->host, asked->name, LIMIT_NAME_BYTES_MAX);
    if (!err)
        err = asked_store(g);
    return err ? err : fx_tell(g->peer, TELL_ASKED, g->number, 0, 0);
}

int join_asked(struct group *g, struct link *l, const struct wire_asked *asked)
{
    struct joins *j = g->joins;
    int err = 0;
    j->tries = 0; /* somebody is there: they are called again soon */
    if (!j->asked)
        err = asked_begin(g, asked);
    else if (memcmp(j->host_nonce, asked->nonce, 32) != 0 ||
             j->language != asked->language)
        return join_give_up(g, ERR_EXPIRED); /* P6.10: ours is known by now */
    return err ? err : wire_put_reveal(&l->out, j->nonce);
}

void join_sentence(const struct group *g, uint8_t out[static SENTENCE_BYTES])
{
    const struct joins *j = g->joins;
    uint8_t psk[32], pk[32], sk[64];
    join_derive(psk, pk, sk, j->line.v);
    struct sentence s = {.group = g->id,
                         .invite_pk = pk,
                         .host_pk = j->line.transport_pk,
                         .member_pk = g->member_pk,
                         .transport_pk = g->transport_pk,
                         .prekey_pk = j->prekey_pk,
                         .name = BUF_BYTES(&j->name),
                         .language = j->language,
                         .nonce = j->nonce,
                         .host_nonce = j->host_nonce};
    sentence_make(out, &s);
    wipe(psk, sizeof psk);
    wipe(sk, sizeof sk);
}

/* The steward hears of it if there is a connection; then the join is gone. */
static int stop(struct group *g)
{
    struct peer *p = g->peer;
    for (uint32_t i = 0; i < p->links->count; i++) {
        struct link *l = p->links->list[i];
        if (l->group != g->number || l->state != LINK_LIVE || l->closing)
            continue;
        int err = wire_put_code(&l->out, WIRE_REFUSED, REFUSED_STOPPED);
        if (err)
            return err;
        link_close(l, true);
        l->group = 0; /* the group goes before the link does */
    }
    return join_cancel(g);
}

int join_answer(struct group *g, enum door_answer answer)
{
    if (!g->joins->asked)
        return ERR_STATE;
    if (answer == DOOR_STOP)
        return stop(g);
    g->joins->same = answer == DOOR_SAME;
    return asked_store(g);
}
