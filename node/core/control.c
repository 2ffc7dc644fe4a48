/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control.c -- control entries: decode, take, sign, post, load.
 *
 * Taking decides everything first and changes memory and log only when nothing can be
 * refused any more.
 */
#include "node/core/control.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mp.h"
#include "base/sort.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "node/core/join_int.h"
#include "node/core/state.h"
#include "node/core/keys.h"
#include "node/core/link.h"

enum {
    CONTROL_VERSION = 1,
    GROUP_OFFSET = 2,
    BIRTH_COUNTS = 1,
    BIRTH_DIFFERS = 2,
};

static const uint8_t zeros[32];

struct held *held_at(const struct group *g, uint32_t number)
{
    CHECK(number < g->control->count);
    return g->control->entries[number];
}

bool held_after(const struct held *h, uint32_t number)
{
    return number < h->e.number && (h->e.past[number / 8] >> (number % 8) & 1) != 0;
}

/* --- decoding ----------------------------------------------------------------- */

static bool deps_rise(struct bytes deps)
{
    for (size_t i = 32; i < deps.n; i += 32)
        if (memcmp(deps.p + i - 32, deps.p + i, 32) >= 0)
            return false;
    return true;
}

/* P4.1 without the signature. */
static int decode_form(struct bytes whole, struct control_entry *out)
{
    struct reader r = reader_of(whole);
    *out = (struct control_entry){.whole = whole};
    if (whole.n > LIMIT_CONTROL_BYTES_MAX)
        return ERR_TOOBIG;
    uint8_t version = read_u8(&r);
    if (!r.err && version != CONTROL_VERSION)
        return ERR_VERSION;
    out->kind = read_u8(&r);
    (void)read_bytes(&r, 32); /* the group, which the caller compares */
    read_copy(&r, out->author, 32);
    out->seq = read_u32(&r);
    read_copy(&r, out->prev, 32);
    out->deps_count = read_u8(&r);
    if (out->deps_count > LIMIT_HEADS_MAX)
        return ERR_MALFORMED;
    out->deps = read_bytes(&r, (size_t)out->deps_count * 32);
    read_copy(&r, out->digest, 16);
    out->body = read_bytes(&r, read_u32(&r));
    (void)read_bytes(&r, SIGN_BYTES);
    int err = reader_end(&r);
    if (err)
        return err;
    if (out->kind == 0 || out->seq == 0 || !deps_rise(out->deps) ||
        (out->seq == 1) != (memcmp(out->prev, zeros, 32) == 0) ||
        (out->kind == CONTROL_CREATE) != (out->deps_count == 0))
        return ERR_MALFORMED;
    err = mp_check(out->body, LIMIT_MP_ITEMS_MAX);
    if (err)
        return err == ERR_UTF8 ? ERR_NOTCANON : err;
    struct mp_reader body = mp_reader_of(out->body);
    if (mp_peek(&body) != MP_MAP)
        return ERR_MALFORMED;
    hash32(out->hash, "control entry", &whole, 1);
    return 0;
}

static int check_signature(const struct control_entry *e)
{
    size_t signed_bytes = e->whole.n - SIGN_BYTES;
    return sign_check(e->whole.p + signed_bytes, "control",
                      BYTES(e->whole.p, signed_bytes), e->author);
}

int control_decode(struct bytes whole, struct control_entry *out)
{
    int err = decode_form(whole, out);
    return err ? err : check_signature(out);
}

/* --- taking ------------------------------------------------------------------- */

/* P4.2 to P4.4: is it of this group, and is what it names held here? */
static int check_place(const struct group *g, const struct control_entry *e)
{
    const uint8_t *group = e->whole.p + GROUP_OFFSET;
    const struct control *c = g->control;
    if (e->kind == CONTROL_CREATE) {
        struct control_body b;
        if (e->seq != 1 || memcmp(group, zeros, 32) != 0 ||
            control_body_decode(e->kind, e->body, &b))
            return ERR_MALFORMED;
        return memcmp(e->hash, g->id, 32) == 0 ? 0 : ERR_FOREIGN;
    }
    if (memcmp(group, g->id, 32) != 0)
        return ERR_FOREIGN;
    for (size_t i = 0; i < e->deps_count; i++)
        if (!map_get(&c->by_hash, BYTES(e->deps.p + i * 32, 32)))
            return ERR_NOTFOUND;
    if (e->seq == 1)
        return 0;
    const struct held *prev = map_get(&c->by_hash, BYTES(e->prev, 32));
    if (!prev)
        return ERR_NOTFOUND;
    return prev->e.seq == e->seq - 1 && memcmp(prev->e.author, e->author, 32) == 0
               ? 0
               : ERR_MALFORMED;
}

/* A held copy of `e`, with its past, not yet in any table.  ERR_NOMEM. */
static int held_new(const struct control *c, const struct control_entry *e,
                    struct held **out)
{
    struct bits past = {0};
    struct held *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NOMEM;
    h->bytes = malloc(e->whole.n);
    int err = h->bytes ? control_past(c, e, &past) : ERR_NOMEM;
    h->e = *e;
    h->e.number = c->count;
    h->e.past = past.p;
    h->member = NOBODY;
    if (err) {
        held_free(h);
        return err;
    }
    memcpy(h->bytes, e->whole.p, e->whole.n);
    h->e.whole.p = h->bytes;
    h->e.deps.p = h->bytes + CONTROL_FIXED_BYTES;
    h->e.body.p = h->e.deps.p + e->deps.n + 16 + 4; /* after digest and length */
    *out = h;
    return 0;
}

/* P4.15: who was no member in its past does not write here, and one member alone does
 * not fill the log.  Sequence and length decide for everybody alike; how many are held
 * only against somebody who forks. */
static int check_share(const struct control *c, const struct held *h,
                       const struct state *past)
{
    if (h->e.kind == CONTROL_CREATE)
        return 0;
    const struct person *author = map_get(&c->members, BYTES(h->e.author, 32));
    uint8_t rank = author ? state_rank(past, author->m.index) : 0;
    if (rank == 0)
        return ERR_DENIED;
    if (rank > 1)
        return 0;
    if (h->e.whole.n > LIMIT_CONTROL_MEMBER_BYTES_MAX)
        return ERR_TOOBIG;
    return h->e.seq > LIMIT_CONTROL_PER_MEMBER_MAX ||
                   author->entries >= LIMIT_CONTROL_PER_MEMBER_MAX ||
                   c->count >= LIMIT_CONTROL_ENTRIES_MAX - LIMIT_CONTROL_RESERVE_MAX
               ? ERR_FULL
               : 0;
}

/* Whether it counts, and whether its author saw another group than we do. */
static int decide(struct group *g, struct held *h, const struct control_body *body,
                  struct state *past)
{
    struct control *c = g->control;
    uint8_t digest[16];
    int err = state_digest(c, past, digest);
    if (err)
        return err;
    h->e.valid = birth_counts(g, h, body, past);
    h->e.differs = memcmp(digest, h->e.digest, 16) != 0; /* P4.9 */
    if (h->e.valid && body && h->e.kind == CONTROL_REKEY) {
        uint8_t list[16];
        err = control_list_hash(c, past, list);
        h->e.differs = h->e.differs || memcmp(list, body->bin[REKEY_LIST].p, 16) != 0;
    }
    return err;
}

static int store_entry(struct group *g, const struct held *h)
{
    const struct log *log = &g->peer->log;
    struct buf value = {0};
    uint8_t key[4];
    uint8_t birth =
        (uint8_t)((h->e.valid ? BIRTH_COUNTS : 0) | (h->e.differs ? BIRTH_DIFFERS : 0));
    put_u32(key, h->e.number);
    int err = buf_append(&value, BYTES(&birth, 1), 1 + LIMIT_CONTROL_BYTES_MAX);
    if (!err)
        err = buf_append(&value, h->e.whole, 1 + LIMIT_CONTROL_BYTES_MAX);
    if (!err)
        err = log->ops->put(log->ctx, g->number, LOG_CONTROL, BYTES_OF(key),
                            BUF_BYTES(&value));
    buf_free(&value);
    return err;
}

/* Somebody joined; from now on they read. */
static int tell_member(struct group *g, const struct held *h)
{
    int err = join_note_hour(g, g->control->people[h->member]->m.pk);
    return err ? err : fx_tell(g->peer, TELL_MEMBER, g->number, h->member, 0);
}

/* What a person may want to see of entry `h`; `forks` is set if its author wrote two
 * entries of this sequence. */
static int tell_entry(struct group *g, const struct held *h, bool forks)
{
    struct control *c = g->control;
    bool known_kind = h->e.kind <= CONTROL_UNPAUSE;
    struct control_body b;
    int err = 0;
    known_kind =
        known_kind && control_body_decode(h->e.kind, h->e.body, &b) != ERR_NOTFOUND;
    if (h->e.differs && !c->differs)
        err = fx_tell(g->peer, TELL_DIGEST, g->number, 0, 0);
    c->differs = c->differs || h->e.differs;
    struct person *author = map_get(&c->members, BYTES(h->e.author, 32));
    if (!err && forks && author && !author->forked) {
        author->forked = true;
        peer_mark(g->peer, MARK_FORK_CONTROL);
        err = fx_tell(g->peer, TELL_FORK, g->number, author->m.index, 0);
    }
    if (err || g->joining || !h->e.valid)
        return err;
    if (!known_kind)
        return fx_tell(g->peer, TELL_NEWER, g->number, 0, 0);
    if (h->e.kind == CONTROL_ADD && c->people[h->member]->m.entry == h->e.number)
        return tell_member(g, h);
    return 0;
}

static bool is_fork(const struct control *c, const struct control_entry *e)
{
    uint8_t key[36];
    memcpy(key, e->author, 32);
    put_u32(key + 32, e->seq);
    const struct held *first = map_get(&c->by_seq, BYTES_OF(key));
    return first && memcmp(first->e.hash, e->hash, 32) != 0;
}

/* Everything is decided, nothing can be refused: from here on errors end the step. */
static int take_decided(struct group *g, struct held *h,
                        const struct control_body *body, const struct state *past)
{
    bool forks = is_fork(g->control, &h->e);
    int err = store_entry(g, h);
    if (err) {
        held_free(h);
        return err;
    }
    err = control_commit(g, h, body, past);
    if (!err)
        err = tell_entry(g, h, forks);
    if (!err && h->e.kind == CONTROL_ADD)
        seen_schedule(g);
    return err;
}

int control_take(struct group *g, struct bytes whole, uint32_t from_link)
{
    struct control *c = g->control;
    struct control_entry e;
    struct held *h = NULL;
    struct state *past = NULL;
    struct control_body body;
    int err = decode_form(whole, &e);
    if (err)
        return err;
    if (map_get(&c->by_hash, BYTES(e.hash, 32)))
        return 1;
    if (c->count >= LIMIT_CONTROL_ENTRIES_MAX ||
        c->bytes + whole.n > LIMIT_CONTROL_STORE_BYTES_MAX) {
        g->peer->limited++;
        return ERR_FULL;
    }
    err = check_place(g, &e);
    if (!err)
        err = check_signature(&e);
    if (!err)
        err = held_new(c, &e, &h);
    if (err)
        return err;
    const struct bits set = {h->e.past, (h->e.number + 7) / 8};
    const struct control_body *fits =
        control_body_decode(e.kind, h->e.body, &body) ? NULL : &body;
    err = state_at(c, &set, &past);
    if (!err)
        err = check_share(c, h, past);
    g->peer->limited += err == ERR_FULL;
    if (err == ERR_DENIED)
        peer_mark(g->peer, MARK_CONTROL_STRANGER);
    if (!err)
        err = decide(g, h, fits, past);
    if (err) {
        held_free(h);
        return err;
    }
    err = take_decided(g, h, fits, past);
    if (!err)
        err = keys_learn(g, h->e.number);
    return err ? err : sync_push_control(g, h->e.whole, from_link);
}

/* --- posting ------------------------------------------------------------------ */

int control_draft(struct group *g, struct draft *out)
{
    struct control *c = g->control;
    struct control_entry e = {0};
    struct bits past = {0};
    *out = (struct draft){.seq = 1, .state = &c->now};
    out->deps_count = control_heads(g, out->deps);
    if (c->own_last != NOBODY) {
        memcpy(out->prev, c->entries[c->own_last]->e.hash, 32);
        out->seq = c->entries[c->own_last]->e.seq + 1;
    }
    e.deps = BYTES(out->deps, (size_t)out->deps_count * 32);
    e.deps_count = out->deps_count;
    memcpy(e.prev, out->prev, 32);
    int err = control_past(c, &e, &past);
    if (!err)
        err = state_at(c, &past, &out->state);
    bits_free(&past);
    return err;
}

int control_sign(struct group *g, const struct draft *d, uint8_t kind,
                 struct bytes body, struct buf *out)
{
    uint8_t fixed[CONTROL_FIXED_BYTES], digest[16], body_bytes[4], signature[64];
    struct room room = ROOM_OF(fixed);
    struct writer w = writer_to(&room);
    size_t begin = out->n, max = out->n + LIMIT_CONTROL_BYTES_MAX;
    write_u8(&w, CONTROL_VERSION);
    write_u8(&w, kind);
    write_bytes(&w, BYTES(kind == CONTROL_CREATE ? zeros : g->id, 32));
    write_bytes(&w, BYTES(g->member_pk, 32));
    write_u32(&w, d->seq);
    write_bytes(&w, BYTES(d->prev, 32));
    write_u8(&w, d->deps_count);
    CHECK(writer_end(&w) == 0 && room.n == sizeof fixed);
    put_u32(body_bytes, (uint32_t)body.n);
    int err = state_digest(g->control, d->state, digest);
    const struct bytes parts[] = {BYTES_OF(fixed), BYTES(d->deps, d->deps_count * 32U),
                                  BYTES_OF(digest), BYTES_OF(body_bytes), body};
    for (size_t i = 0; !err && i < sizeof parts / sizeof *parts; i++)
        err = buf_append(out, parts[i], max - SIGN_BYTES);
    if (!err)
        err = sign_make(signature, "control", BYTES(out->p + begin, out->n - begin),
                        g->secrets->member_sk);
    return err ? err : buf_append(out, BYTES_OF(signature), max);
}

int control_post_draft(struct group *g, const struct draft *d, uint8_t kind,
                       struct bytes body, uint8_t *hash)
{
    struct buf whole = {0};
    int err = control_sign(g, d, kind, body, &whole);
    if (!err)
        err = control_take(g, BUF_BYTES(&whole), 0);
    if (!err && hash)
        hash32(hash, "control entry", &BUF_BYTES(&whole), 1);
    buf_free(&whole);
    return err;
}

int control_post(struct group *g, uint8_t kind, struct bytes body, uint8_t *hash)
{
    struct draft d;
    int err = control_draft(g, &d);
    return err ? err : control_post_draft(g, &d, kind, body, hash);
}

/* --- life cycle --------------------------------------------------------------- */

int control_new(struct group *g)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    map_init(&c->by_hash, LIMIT_CONTROL_ENTRIES_MAX);
    map_init(&c->by_seq, LIMIT_CONTROL_ENTRIES_MAX);
    map_init(&c->members, LIMIT_CONTROL_ENTRIES_MAX);
    map_init(&c->transports, LIMIT_CONTROL_ENTRIES_MAX);
    c->own_last = NOBODY;
    g->control = c;
    return 0;
}

/* One row of LOG_CONTROL: what was decided at its birth stands. */
static int load_row(void *ctx, struct bytes key, struct bytes value)
{
    struct group *g = ctx;
    struct control *c = g->control;
    struct control_entry e;
    struct control_body body;
    struct held *h = NULL;
    struct state *past = NULL;
    int err = 0;
    if (key.n != 4 || get_u32(key.p) != c->count || value.n < 1 ||
        decode_form(BYTES(value.p + 1, value.n - 1), &e) || check_place(g, &e))
        return ERR_DAMAGED;
    bool forks = is_fork(c, &e);
    err = held_new(c, &e, &h);
    if (err)
        return err;
    h->e.valid = (value.p[0] & BIRTH_COUNTS) != 0;
    h->e.differs = (value.p[0] & BIRTH_DIFFERS) != 0;
    const struct control_body *fits =
        control_body_decode(e.kind, h->e.body, &body) ? NULL : &body;
    if (h->e.valid && e.kind == CONTROL_REKEY) { /* only its recipients need the past */
        const struct bits set = {h->e.past, (h->e.number + 7) / 8};
        err = state_at(c, &set, &past);
    }
    if (err) {
        held_free(h);
        return err;
    }
    c->differs = c->differs || h->e.differs;
    err = control_commit(g, h, fits, past); /* h is gone if there was no memory */
    struct person *author = err ? NULL : map_get(&c->members, BYTES(e.author, 32));
    if (forks && author)
        author->forked = true;
    return err;
}

int control_load(struct group *g)
{
    const struct log *log = &g->peer->log;
    int err = control_new(g);
    if (!err)
        err = log->ops->scan(log->ctx, g->number, LOG_CONTROL, BYTES(NULL, 0), load_row,
                             g);
    if (!err)
        seen_schedule(g);
    return err;
}

void control_free(struct control *c)
{
    if (!c)
        return;
    for (uint32_t i = 0; i < c->count; i++)
        held_free(c->entries[i]);
    for (uint32_t i = 0; i < c->people_count; i++)
        free(c->people[i]);
    for (int i = 0; i < STATES_KEPT; i++)
        state_free(&c->side[i]);
    state_free(&c->now);
    map_free(&c->by_hash);
    map_free(&c->by_seq);
    map_free(&c->members);
    map_free(&c->transports);
    bits_free(&c->seen);
    buf_free(&c->scratch);
    free(c->entries);
    free(c->heads);
    free(c->people);
    free(c->by_key);
    free(c->invites);
    free(c->epochs);
    free(c);
}
