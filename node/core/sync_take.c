/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sync_take.c -- messages off a link, envelopes in batches, the quarantine (P10.7). */
#include <string.h>

#include "base/cursor.h"
#include "crypto/hash.h"
#include "node/core/link_int.h"

enum { LATER_HEAD_BYTES = 32 + 32 + 4 };

/* ---- the quarantine --------------------------------------------------------- */

/* Envelope ids, topic, length and bytes end to end; the next of them off `r`. */
static bool later_next(struct reader *r, struct incoming *in)
{
    read_copy(r, in->id, 32);
    read_copy(r, in->topic, 32);
    in->envelope = read_bytes(r, read_u32(r));
    return r->err == 0;
}

static bool later_has(const struct sync *s, const uint8_t id[static 32])
{
    struct reader r = reader_of(BUF_BYTES(&s->later));
    struct incoming in = {0};
    while (later_next(&r, &in))
        if (memcmp(in.id, id, 32) == 0)
            return true;
    return false;
}

/* Bytes in the quarantines of all links. */
static size_t later_bytes(const struct peer *p)
{
    size_t n = 0;
    for (uint32_t i = 0; i < p->links->count; i++)
        n += p->links->list[i]->sync.later.n;
    return n;
}

static int later_keep(struct group *g, struct link *l, const struct incoming *in)
{
    struct sync *s = &l->sync;
    uint8_t length[4];
    size_t more = LATER_HEAD_BYTES + in->envelope.n;
    if (later_has(s, in->id))
        return 0;
    if (s->later.n + more > LIMIT_QUARANTINE_BYTES_MAX ||
        later_bytes(g->peer) + more > LIMIT_QUARANTINE_ALL_BYTES_MAX) {
        budget_note(g, l->member, LIMITED_QUARANTINE);
        sync_again(g->peer, l);
        return 0;
    }
    put_u32(length, (uint32_t)in->envelope.n);
    int err = buf_append(&s->later, BYTES_OF(in->id), LIMIT_QUARANTINE_BYTES_MAX);
    if (!err)
        err = buf_append(&s->later, BYTES_OF(in->topic), LIMIT_QUARANTINE_BYTES_MAX);
    if (!err)
        err = buf_append(&s->later, BYTES_OF(length), LIMIT_QUARANTINE_BYTES_MAX);
    return err ? err : buf_append(&s->later, in->envelope, LIMIT_QUARANTINE_BYTES_MAX);
}

/* ---- batches ---------------------------------------------------------------- */

static int batch_accept(struct group *g, struct link *l)
{
    struct links *links = g->peer->links;
    uint32_t count = links->batch_count;
    links->batch_count = 0;
    if (count == 0)
        return 0;
    links->bulk = count > BULK_MIN;
    int err = content_accept(g, links->batch, count, l->id);
    links->bulk = false;
    for (uint32_t i = 0; i < count && !err; i++) {
        const struct incoming *in = &links->batch[i];
        if (in->result == ACCEPT_LATER)
            err = later_keep(g, l, in);
        if (in->result == ACCEPT_NEW) {
            l->sync.got = true;
            sync_touch(g->peer, l);
        } else {
            bool looked = in->result == ACCEPT_REFUSED || in->result == ACCEPT_ASIDE;
            budget_spend(g, l->member, BUDGET_BYTES, in->envelope.n);
            budget_spend(g, l->member, BUDGET_CHECKS, looked);
        }
    }
    return err;
}

/* Spans of the batch point into l->in, which stands still until it is accepted. */
static int batch_add(struct group *g, struct link *l, const struct wire_message *m)
{
    struct links *links = g->peer->links;
    const struct buf *topics = &l->sync.topics_in;
    if ((size_t)m->topic >= topics->n / 32)
        return ERR_PROTOCOL;
    bool begins = links->batch_count == 0; /* one look a batch is enough */
    if (begins && (!budget_has(g, l->member, BUDGET_CHECKS) ||
                   !budget_has(g, l->member, BUDGET_BYTES))) {
        sync_again(g->peer, l); /* P8.12 */
        return 0;
    }
    struct incoming *in = &links->batch[links->batch_count++];
    memset(in, 0, sizeof *in);
    memcpy(in->topic, topics->p + (size_t)m->topic * 32, 32);
    in->envelope = m->body;
    return links->batch_count == BATCH_MAX ? batch_accept(g, l) : 0;
}

static int later_retry(struct group *g, struct link *l)
{
    struct buf old = l->sync.later;
    struct links *links = g->peer->links;
    struct reader r = reader_of(BUF_BYTES(&old));
    struct incoming in = {0};
    int err = 0;
    l->sync.later = (struct buf){0};
    while (!err && later_next(&r, &in)) {
        links->batch[links->batch_count++] = in;
        if (links->batch_count == BATCH_MAX)
            err = batch_accept(g, l);
    }
    if (!err)
        err = batch_accept(g, l);
    links->batch_count = 0;
    buf_free(&old);
    return err;
}

/* ---- after control entries -------------------------------------------------- */

static void lanes_sum(const struct group *g, uint8_t sum[static 32])
{
    struct hasher h;
    struct lane_view lane;
    hasher_init(&h, "lanes");
    for (uint32_t i = 0; keys_lane_at(g, i, &lane); i++)
        hasher_update(&h, BYTES_OF(lane.topic));
    hasher_final(&h, sum);
}

static int settle(struct group *g, struct ties *c)
{
    struct peer *p = g->peer;
    uint8_t sum[32];
    int err = 0;
    lanes_sum(g, sum);
    bool lanes = memcmp(sum, c->lanes_sum, 32) != 0;
    memcpy(c->lanes_sum, sum, 32);
    for (uint32_t i = 0; i < p->links->count && !err; i++) {
        struct link *l = p->links->list[i];
        if (!link_is_member(l, g->number))
            continue;
        if (l->sync.later.n > 0)
            err = later_retry(g, l);
        if (lanes) /* new topics to reconcile */
            sync_soon(p, l);
    }
    return err;
}

int sync_settle(struct peer *p)
{
    int err = 0;
    for (uint32_t i = 0; i < p->groups_count && !err; i++) {
        struct ties *c = ties_find(p, p->groups[i]->number);
        if (!c || !c->control_new || p->groups[i]->joining)
            continue;
        c->control_new = false;
        err = settle(p->groups[i], c);
    }
    return err;
}

/* ---- messages --------------------------------------------------------------- */

static int dispatch(struct peer *p, struct link *l, struct bytes message)
{
    struct wire_message m;
    struct group *g = peer_group(p, l->group);
    int err = wire_decode(message, &m);
    if (err == 1) /* P10.1: a later kring says more */
        return 0;
    if (err || !g)
        return err ? err : ERR_PROTOCOL;
    if (l->kind == LINK_INVITE)
        return join_message(p, l, &m);
    if (m.type == WIRE_ENTRY)
        return batch_add(g, l, &m);
    if (m.type != WIRE_TOPIC)
        err = batch_accept(g, l);
    return err ? err : sync_message(g, l, &m);
}

int sync_messages(struct peer *p, struct link *l)
{
    size_t at = 0;
    int err = 0;
    while (!err && at < l->in.n && l->state == LINK_LIVE && !l->closing) {
        struct bytes message;
        size_t used = 0;
        int got = wire_next(BYTES(l->in.p + at, l->in.n - at), &message, &used);
        if (got == 0)
            break;
        err = got < 0 ? got : dispatch(p, l, message);
        at += used;
    }
    struct group *g = peer_group(p, l->group);
    int last =
        g && l->kind == LINK_MEMBER && !err_is_fatal(err) ? batch_accept(g, l) : 0;
    p->links->batch_count = 0;
    buf_consume(&l->in, at);
    if (last || err_is_fatal(err))
        return last ? last : err;
    if (err)
        link_close(l, false); /* P10.8 */
    return 0;
}
