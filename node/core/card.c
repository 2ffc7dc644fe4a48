/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* card.c -- cards: taking, posting, keeping only the newest (P4.12). */
#include "node/core/card.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mp.h"
#include "base/sort.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "node/core/card_int.h"
#include "node/core/lifetime.h"
#include "node/core/link_int.h"

enum {
    CARD_VERSION = 1,
    GROUP_OFFSET = 2,
    CARD_ITEMS_MAX = 64,
    LANGUAGE_BYTES_MAX = 35,
    CARD_KEY_BYTES = 33,
    CARDS_MAX = LIMIT_CONTROL_ENTRIES_MAX * CARD_KINDS_MAX,
};

/* --- form --------------------------------------------------------------------- */

static int check_text(struct bytes body, size_t bytes_max)
{
    struct mp_reader r = mp_reader_of(body);
    struct bytes text = mp_read_str(&r);
    return mp_reader_end(&r) || text.n == 0 || text.n > bytes_max ? ERR_MALFORMED : 0;
}

static int check_addresses(struct bytes body)
{
    struct mp_reader r = mp_reader_of(body);
    uint32_t n = mp_read_array(&r, LIMIT_ADDRESSES_MAX);
    for (uint32_t i = 0; i < n && !r.err; i++) {
        struct bytes text = mp_read_str(&r);
        if (text.n == 0 || text.n > LIMIT_ADDRESS_BYTES_MAX)
            return ERR_MALFORMED;
    }
    return mp_reader_end(&r) ? ERR_MALFORMED : 0;
}

static int check_body(uint8_t kind, struct bytes body)
{
    int err = mp_check(body, CARD_ITEMS_MAX);
    if (err)
        return ERR_MALFORMED;
    switch (kind) {
    case CARD_NAME:
    case CARD_GROUP_NAME: return check_text(body, LIMIT_NAME_BYTES_MAX);
    case CARD_ADDRESSES: return check_addresses(body);
    case CARD_LANGUAGE: return check_text(body, LANGUAGE_BYTES_MAX);
    /* Who passes it on may be too old to know better: that breaks no rule. */
    case CARD_LIFETIME: return lifetime_check(body) ? ERR_VERSION : 0;
    default: return 0; /* of a later kring: kept and passed on */
    }
}

/* Everything but the signature. */
static int decode_form(struct bytes card, struct card *out)
{
    struct reader r = reader_of(card);
    if (card.n > LIMIT_CARD_BYTES_MAX)
        return ERR_MALFORMED;
    uint8_t version = read_u8(&r);
    out->kind = read_u8(&r);
    (void)read_bytes(&r, 32); /* the group, which the caller compares */
    read_copy(&r, out->author, 32);
    out->seq = read_u32(&r);
    out->body = read_bytes(&r, read_u16(&r));
    (void)read_bytes(&r, SIGN_BYTES);
    if (!r.err && (version != CARD_VERSION || out->kind > CARD_KINDS_MAX))
        return ERR_VERSION;
    if (reader_end(&r) || out->kind == 0 || out->seq == 0)
        return ERR_MALFORMED;
    return check_body(out->kind, out->body);
}

static int check_signature(struct bytes card, const struct card *c)
{
    size_t n = card.n - SIGN_BYTES;
    return sign_check(card.p + n, "card", BYTES(card.p, n), c->author);
}

int card_decode(struct bytes card, uint8_t *kind, uint8_t author[static 32],
                uint32_t *seq, struct bytes *body)
{
    struct card c = {0};
    int err = decode_form(card, &c);
    if (!err)
        err = check_signature(card, &c);
    if (err)
        return err;
    *kind = c.kind;
    memcpy(author, c.author, 32);
    *seq = c.seq;
    *body = c.body;
    return 0;
}

/* --- holding ------------------------------------------------------------------ */

static struct bytes card_key(uint8_t out[static CARD_KEY_BYTES], const uint8_t *author,
                             uint8_t kind)
{
    memcpy(out, author, 32);
    out[32] = kind;
    return BYTES(out, CARD_KEY_BYTES);
}

struct card *card_find(const struct group *g, const uint8_t author[static 32],
                       uint8_t kind)
{
    uint8_t key[CARD_KEY_BYTES];
    return map_get(&g->cards->held, card_key(key, author, kind));
}

struct bytes card_text(const struct card *c)
{
    if (!c)
        return BYTES(NULL, 0);
    struct mp_reader r = mp_reader_of(c->body);
    return mp_read_str(&r);
}

static void card_drop(struct card *c)
{
    if (!c)
        return;
    wipe(c->bytes, c->bytes_count); /* a replaced name or address stays nowhere */
    free(c->bytes);
    free(c);
}

static int card_copy(struct bytes bytes, const struct card *from, struct card **out)
{
    struct card *c = malloc(sizeof *c);
    uint8_t *copy = malloc(bytes.n);
    if (!c || !copy) {
        free(c);
        free(copy);
        return ERR_NOMEM;
    }
    memcpy(copy, bytes.p, bytes.n);
    *c = *from;
    c->bytes = copy;
    c->bytes_count = bytes.n;
    c->body.p = copy + (from->body.p - bytes.p);
    hash32(c->id, "card", &bytes, 1);
    *out = c;
    return 0;
}

/* P4.12: by sequence, then hash. */
static bool is_newer(const struct card *a, const struct card *b)
{
    if (a->seq != b->seq)
        return a->seq > b->seq;
    return memcmp(a->id, b->id, 32) > 0;
}

/* Put `c` (given) in place of what was held of its author and kind. */
static int card_put(struct group *g, struct card *c)
{
    struct card *old = card_find(g, c->author, c->kind);
    uint8_t key[CARD_KEY_BYTES];
    int err = map_put(&g->cards->held, card_key(key, c->author, c->kind), c);
    if (err) {
        card_drop(c);
        return err;
    }
    card_drop(old);
    names_reset(g->cards);
    return 0;
}

int card_new(struct group *g)
{
    g->cards = calloc(1, sizeof *g->cards);
    if (!g->cards)
        return ERR_NOMEM;
    map_init(&g->cards->held, CARDS_MAX);
    return 0;
}

static int load_row(void *ctx, struct bytes key, struct bytes value)
{
    struct card form = {0}, *c = NULL;
    (void)key;
    /* One that was kept for a later kring, which is this one, and is not in its form:
     * nobody needs it.  The next of its kind takes its place. */
    if (decode_form(value, &form))
        return 0;
    int err = card_copy(value, &form, &c);
    return err ? err : card_put(ctx, c);
}

int card_load(struct group *g)
{
    const struct log *log = &g->peer->log;
    int err = card_new(g);
    return err ? err
               : log->ops->scan(log->ctx, g->number, LOG_CARD, BYTES(NULL, 0), load_row,
                                g);
}

void card_free(struct cards *c)
{
    struct card *card;
    uint32_t at = 0;
    if (!c)
        return;
    while ((card = map_next(&c->held, &at, NULL)))
        card_drop(card);
    map_free(&c->held);
    names_reset(c);
    free(c->shown);
    buf_free(&c->group_name);
    free(c);
}

/* --- taking ------------------------------------------------------------------- */

static int store_card(struct group *g, const struct card *c)
{
    const struct log *log = &g->peer->log;
    uint8_t key[CARD_KEY_BYTES];
    return log->ops->put(log->ctx, g->number, LOG_CARD,
                         card_key(key, c->author, c->kind),
                         BYTES(c->bytes, c->bytes_count));
}

int card_take(struct group *g, struct bytes card, uint32_t from_link)
{
    struct card form = {0}, *c = NULL;
    int err = decode_form(card, &form);
    if (err)
        return err;
    if (memcmp(card.p + GROUP_OFFSET, g->id, 32) != 0)
        return ERR_MALFORMED;
    const struct card *old = card_find(g, form.author, form.kind);
    hash32(form.id, "card", &card, 1);
    if (old && !is_newer(&form, old))
        return 1;
    if (!member_find(g, form.author))
        return ERR_NOTFOUND;
    err = check_signature(card, &form);
    if (!err)
        err = card_copy(card, &form, &c);
    if (err)
        return err;
    err = store_card(g, c);
    if (err) {
        card_drop(c);
        return err;
    }
    err = card_put(g, c);
    if (!err && !g->joining && (c->kind == CARD_NAME || c->kind == CARD_GROUP_NAME))
        err = fx_tell(g->peer, TELL_RENAMED, g->number, 0, 0);
    if (!err && c->kind == CARD_LIFETIME)
        err = lifetime_settle(g);
    if (err)
        return err;
    const struct member *m = member_find(g, c->author);
    if (from_link == 0 || !m ||
        budget_take(g, m->index, BUDGET_PUSH, 1 + c->bytes_count / 1024))
        return sync_push_card(g, BYTES(c->bytes, c->bytes_count), from_link);
    set_changed(g, SET_CARDS); /* P8.12 */
    sync_leave(g, from_link);
    return 0;
}

/* --- posting ------------------------------------------------------------------ */

/* Sign and take an own card; nothing is done if the newest says the same. */
int card_post(struct group *g, uint8_t kind, struct bytes body, uint32_t seq)
{
    const struct card *old = card_find(g, g->member_pk, kind);
    uint8_t head[CARD_HEAD_BYTES], signature[SIGN_BYTES];
    struct room room = ROOM_OF(head);
    struct writer w = writer_to(&room);
    struct buf whole = {0};
    if (!member_me(g))
        return ERR_NOTFOUND;
    if (old && bytes_equal(old->body, body) && old->seq >= seq)
        return 0;
    if (old && old->seq >= seq)
        seq = old->seq + 1;
    write_u8(&w, CARD_VERSION);
    write_u8(&w, kind);
    write_bytes(&w, BYTES(g->id, 32));
    write_bytes(&w, BYTES(g->member_pk, 32));
    write_u32(&w, seq);
    write_u16(&w, (uint16_t)body.n);
    CHECK(writer_end(&w) == 0);
    int err = buf_append(&whole, BYTES_OF(head), LIMIT_CARD_BYTES_MAX);
    if (!err)
        err = buf_append(&whole, body, LIMIT_CARD_BYTES_MAX);
    if (!err)
        err = sign_make(signature, "card", BUF_BYTES(&whole), g->secrets->member_sk);
    if (!err)
        err = buf_append(&whole, BYTES_OF(signature), LIMIT_CARD_BYTES_MAX);
    if (!err)
        err = card_take(g, BUF_BYTES(&whole), 0);
    buf_free(&whole);
    return err < 0 ? err : 0;
}

/* Post a name, in one form of its letters. */
static int post_text(struct group *g, uint8_t kind, struct bytes text, uint32_t seq)
{
    struct buf nfc = {0}, body = {0};
    int err = text_check_name(text);
    if (!err)
        err = text_nfc(text, &nfc, LIMIT_NAME_BYTES_MAX);
    if (!err) {
        struct mp_writer w = mp_writer_to(&body, LIMIT_CARD_BYTES_MAX);
        mp_str(&w, BUF_BYTES(&nfc));
        err = mp_writer_end(&w);
    }
    if (!err)
        err = card_post(g, kind, BUF_BYTES(&body), seq);
    buf_free(&nfc);
    buf_free(&body);
    return err;
}

int card_post_name(struct group *g, struct bytes name)
{
    return post_text(g, CARD_NAME, name, 1);
}

int card_post_group_name(struct group *g, struct bytes name)
{
    const struct member *me = member_me(g);
    const struct card *newest = card_of_stewards(g, CARD_GROUP_NAME);
    if (newest && newest->seq == UINT32_MAX)
        return ERR_FULL;
    if (!me || me->role != ROLE_STEWARD)
        return ERR_DENIED;
    if (newest && bytes_equal(card_text(newest), name))
        return 0;
    return post_text(g, CARD_GROUP_NAME, name, newest ? newest->seq + 1 : 1);
}

int card_post_addresses(struct group *g, const struct bytes *list, size_t count)
{
    struct buf body = {0};
    struct mp_writer w = mp_writer_to(&body, LIMIT_CARD_BYTES_MAX);
    if (count > LIMIT_ADDRESSES_MAX)
        return ERR_TOOBIG;
    mp_array(&w, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        if (list[i].n == 0 || list[i].n > LIMIT_ADDRESS_BYTES_MAX) {
            buf_free(&body);
            return ERR_TOOBIG;
        }
        mp_str(&w, list[i]);
    }
    int err = mp_writer_end(&w);
    if (!err)
        err = card_post(g, CARD_ADDRESSES, BUF_BYTES(&body), 1);
    buf_free(&body);
    return err;
}

/* --- looking ------------------------------------------------------------------ */

int card_all(struct group *g,
             int (*visit)(void *ctx, const uint8_t id[32], struct bytes card),
             void *ctx)
{
    const struct map *held = &g->cards->held;
    uint32_t at = 0, n = 0, count = map_count(held);
    struct bytes key;
    int err = 0;
    uint8_t *keys = malloc((count + 1U) * (size_t)CARD_KEY_BYTES);
    if (!keys)
        return ERR_NOMEM;
    while (map_next(held, &at, &key))
        memcpy(keys + CARD_KEY_BYTES * n++, key.p, CARD_KEY_BYTES);
    sort_bytes(keys, n, CARD_KEY_BYTES);
    for (uint32_t i = 0; !err && i < n; i++) {
        const struct card *c =
            map_get(held, BYTES(keys + i * CARD_KEY_BYTES, CARD_KEY_BYTES));
        err = visit(ctx, c->id, BYTES(c->bytes, c->bytes_count));
    }
    free(keys);
    return err;
}

struct bytes card_address(struct group *g, uint32_t index, uint32_t i)
{
    const struct card *c = card_find(g, member_at(g, index)->pk, CARD_ADDRESSES);
    if (!c)
        return BYTES(NULL, 0);
    struct mp_reader r = mp_reader_of(c->body);
    uint32_t n = mp_read_array(&r, LIMIT_ADDRESSES_MAX);
    for (uint32_t k = 0; k < n; k++) {
        struct bytes text = mp_read_str(&r);
        if (k == i)
            return text;
    }
    return BYTES(NULL, 0);
}
