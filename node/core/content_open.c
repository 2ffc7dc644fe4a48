/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_open.c -- one envelope, from its bytes to an opened body. */
#include <string.h>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/keytree.h"
#include "crypto/sign.h"
#include "node/core/content_own.h"

enum { POOL_BYTES_MAX = ACCEPT_CHUNK * (HEADER_BYTES_MAX + SIGNED_BYTES_MAX) };

void items_reset(struct content *c)
{
    c->pool.n = 0;
}

static int refuse(struct group *g, struct item *it)
{
    it->in->result = ACCEPT_REFUSED;
    g->peer->limited++;
    return 0;
}

/* Never of use under this topic, whoever sends it (P8.2). */
static int refuse_for_good(struct group *g, struct item *it)
{
    int err = unknown_add(g, it->in->topic, it->in->id);
    return err ? err : refuse(g, it);
}

/* Is it here already, refused before, or past the mark?  1: none of these. */
static int item_is_new(struct group *g, struct item *it)
{
    struct log *log = &g->peer->log;
    struct content_row row;
    int err = log->ops->content_by_id(log->ctx, g->number, it->in->id, &row);
    if (err == 0) {
        it->in->result = row.state == CONTENT_ASIDE ? ACCEPT_ASIDE : ACCEPT_KNOWN;
        return 0;
    }
    if (err != ERR_NOTFOUND)
        return err;
    if (content_refuses(g, it->in->topic, it->in->id) || it->end_hour < content_mark(g))
        return refuse(g, it);
    return 1;
}

/* The sender's member key, by place among the recipients.  1: a member; 0: said. */
static int item_author(struct group *g, struct item *it, const struct key_ref *ref,
                       struct author **author)
{
    uint8_t pk[32];
    int err = keys_place_member(g, ref, pk);
    if (err == ERR_NOTFOUND)
        return refuse_for_good(g, it);
    if (err)
        return err;
    if (!member_find(g, pk)) { /* P8.7 */
        it->in->result = ACCEPT_LATER;
        return 0;
    }
    err = author_make(g->content, pk, author);
    if (err == ERR_FULL) {
        g->peer->limited++;
        return refuse(g, it);
    }
    return err ? err : 1;
}

static void ref_of(const struct header *h, struct key_ref *ref)
{
    ref->mix = h->mix;
    ref->count = h->count;
    ref->place = h->place;
    ref->position = h->position;
}

static bool ids_rise(const struct key_ref *ref)
{
    for (uint8_t i = 1; i < ref->count; i++)
        if (memcmp(ref->ids[i - 1], ref->ids[i], 32) >= 0)
            return false;
    return true;
}

/* Is it signed by whoever has its place under these epochs? */
static bool signed_under(struct group *g, const struct item *it, const struct header *h,
                         const struct key_ref *ref)
{
    uint8_t pk[32], store[SIGNED_BYTES_MAX];
    struct room message = ROOM_OF(store);
    const struct signed_context with = {g->id, pk, it->in->topic,
                                        (const uint8_t(*)[32])ref->ids};
    return ids_rise(ref) && keys_place_member(g, ref, pk) == 0 &&
           header_signed(it->in->envelope, h, &with, &message) == 0 &&
           sign_check(h->signature, "content", BYTES(message.p, message.n), pk) == 0;
}

/* Full ids of the epochs that a header names.  1: all known; 0: said.  Where epochs
 * share a prefix the signature tells which are meant; without a good one the first are.
 */
static int item_epochs(struct group *g, struct item *it, const struct header *h,
                       struct key_ref *ref)
{
    uint32_t choice = 0;
    ref_of(h, ref);
    int more = keys_resolve(g, h->prefixes, h->count, choice, ref->ids);
    for (bool several = more == 1; several && !signed_under(g, it, h, ref);) {
        choice = more == 1 ? choice + 1 : 0;
        several = choice > 0;
        more = keys_resolve(g, h->prefixes, h->count, choice, ref->ids);
    }
    if (more < 0) {
        peer_mark(g->peer, MARK_ENTRY_LATER);
        it->in->result = ACCEPT_LATER;
        return 0;
    }
    return ids_rise(ref) ? 1 : refuse_for_good(g, it);
}

static bool header_in_form(const struct header *h)
{
    static const uint8_t zeros[32];
    bool first = memcmp(h->prev, zeros, 32) == 0;
    return h->seq >= 1 && first == (h->seq == 1) && h->position < LIMIT_POSITIONS_MAX;
}

/* Header plaintext and signed bytes go to the pool, so that many items fit. */
static int item_keep(struct group *g, struct item *it, const struct header *h,
                     const struct signed_context *with)
{
    struct content *c = g->content;
    struct room message = {c->pool.p + c->pool.n, 0, SIGNED_BYTES_MAX};
    int err = header_signed(it->in->envelope, h, with, &message);
    if (err)
        return err;
    entry_hash(it->hash, BYTES(message.p, message.n), h->signature);
    it->signed_at = (uint32_t)c->pool.n;
    it->signed_bytes = (uint32_t)message.n;
    c->pool.n += message.n;
    return 0;
}

/* Open the header into the pool.  1: opened and in form; 0: said. */
static int item_header(struct group *g, struct item *it, struct header *h)
{
    struct content *c = g->content;
    struct lane_view lane;
    if (!keys_lane_find(g, it->in->topic, &lane)) {
        it->in->result = ACCEPT_LATER;
        return 0;
    }
    if (buf_reserve(&c->pool, HEADER_BYTES_MAX + SIGNED_BYTES_MAX, POOL_BYTES_MAX))
        return ERR_NOMEM;
    size_t n = 0;
    uint8_t *plain = c->pool.p + c->pool.n;
    int err = header_open(it->in->envelope, &lane, plain, &n);
    wipe(&lane, sizeof lane);
    if (err || header_parse(BYTES(plain, n), h) || !header_in_form(h))
        return refuse_for_good(g, it);
    it->header_at = (uint32_t)c->pool.n;
    it->header_bytes = (uint32_t)n;
    c->pool.n += n;
    return 1;
}

int item_read(struct group *g, struct item *it, bool stored)
{
    struct incoming *in = it->in;
    struct key_ref ref;
    struct header h;
    struct author *author = NULL;
    if (envelope_check(in->envelope)) {
        memset(in->id, 0, sizeof in->id);
        return refuse(g, it);
    }
    struct envelope_clear clear;
    envelope_clear_read(in->envelope, &clear);
    it->urgency = clear.urgency;
    it->end_hour = clear.end_hour;
    it->lifetime_hours = clear.lifetime_hours;
    if (!stored) {
        envelope_id(in->id, in->topic, in->envelope);
        int is_new = item_is_new(g, it);
        if (is_new != 1)
            return is_new;
    }
    int go = item_header(g, it, &h);
    if (go == 1)
        go = item_epochs(g, it, &h, &ref);
    if (go == 1)
        go = item_author(g, it, &ref, &author);
    if (go != 1)
        return go;
    it->author = author->number;
    it->seq = h.seq;
    memcpy(it->prev, h.prev, 32);
    struct signed_context with = {g->id, author->pk, in->topic,
                                  (const uint8_t(*)[32])ref.ids};
    int err = item_keep(g, it, &h, &with);
    return err ? err : 1;
}

static struct header header_of(const struct content *c, const struct item *it)
{
    struct header h;
    CHECK(header_parse(BYTES(c->pool.p + it->header_at, it->header_bytes), &h) == 0);
    return h;
}

/* The ids stand in the signed bytes: no need to resolve them again. */
static void item_ref(const struct content *c, const struct item *it,
                     const struct header *h, struct key_ref *ref)
{
    ref_of(h, ref);
    memcpy(ref->ids, c->pool.p + it->signed_at + 32 + 32 + 4 + 32 + 1,
           32 * (size_t)h->count);
}

bool items_share_key(const struct content *c, const struct item *a,
                     const struct item *b)
{
    struct header x = header_of(c, a), y = header_of(c, b);
    struct key_ref rx, ry;
    item_ref(c, a, &x, &rx);
    item_ref(c, b, &y, &ry);
    return rx.mix == ry.mix && rx.count == ry.count && rx.place == ry.place &&
           rx.position == ry.position &&
           memcmp(rx.ids, ry.ids, (size_t)rx.count * 32) == 0;
}

int item_verify(struct group *g, const struct item *it)
{
    const struct content *c = g->content;
    struct header h = header_of(c, it);
    return sign_check(h.signature, "content",
                      BYTES(c->pool.p + it->signed_at, it->signed_bytes),
                      author_at(c, it->author)->pk);
}

int item_open(struct group *g, struct item *it, struct content_row *row,
              struct body *body)
{
    struct content *c = g->content;
    struct header h = header_of(c, it);
    struct key_ref ref;
    uint8_t leaf[32];
    item_ref(c, it, &h, &ref);
    memset(body, 0, sizeof *body);
    row->body = BYTES(NULL, 0);
    row->state = CONTENT_LOST;               /* P8.8 */
    int err = keys_take_leaf(g, &ref, leaf); /* its header verified (P5.10) */
    if (err == ERR_NOKEY) {
        row->state = CONTENT_SEALED;
        return 0;
    }
    if (err == ERR_DENIED) {
        row->state = CONTENT_BEFORE; /* P6.6 */
        peer_mark(g->peer, MARK_BEFORE_CAME);
        return 0;
    }
    if (err == ERR_USED) {
        /* P8.8: whoever got the two in the other order reads the other one. */
        it->key_used = !content_was_lost(g, it);
        return 0;
    }
    if (err)
        return err;
    struct bytes plain = {0};
    err = envelope_body_open(it->in->envelope, it->in->topic, &h, leaf, &c->plain,
                             &plain);
    wipe(leaf, sizeof leaf);
    if (err == ERR_NOMEM)
        return err;
    if (err || body_decode(plain, body)) {
        memset(body, 0, sizeof *body);
        return 0;
    }
    row->state = CONTENT_OPEN;
    row->kind = (uint8_t)(body->kind > UINT8_MAX ? UINT8_MAX : body->kind);
    row->about_hour = body->about_hour;
    row->body = plain;
    return 0;
}
