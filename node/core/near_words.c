/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* near_words.c -- six words, offered and looked for (P9.15).
 *
 * What the words became (32 bytes) gives the invitation's v, so its psk and its key
 * pair (P6.2), and the key of its beacons.  All of it lies in memory only.  The
 * invitation in the log says that it has ended: no other node answers it, and this one
 * does no more after a restart.
 */
#include <string.h>

#include "crypto/hash.h"
#include "node/core/near_int.h"

enum { SECRET_BYTES = 32 };

static struct near_words *words_free(struct peer *p)
{
    for (uint32_t i = 0; i < LIMIT_WORDS_OPEN_MAX; i++)
        if (!p->near->words[i].used)
            return &p->near->words[i];
    p->limited++;
    return NULL;
}

static void words_derive(struct near_words *w, const uint8_t *secret)
{
    uint8_t v[32], psk[32], sk[64], seed[32];
    kdf(v, "words v", secret, NULL, 0);
    memcpy(w->v, v, sizeof w->v);
    kdf(seed, "words beacon", secret, NULL, 0);
    beacon_key(w->key, seed);
    join_derive(psk, w->invite_pk, sk, w->v);
    wipe(v, sizeof v);
    wipe(psk, sizeof psk);
    wipe(sk, sizeof sk);
    wipe(seed, sizeof seed);
}

static void words_end(struct peer *p, struct near_words *w)
{
    wipe(w, sizeof *w);
    p->near->words_version++;
}

static int words_tell(struct peer *p, uint32_t group, enum words_told what)
{
    return fx_tell(p, TELL_WORDS, group, what, 0);
}

uint32_t near_words_version(const struct peer *p)
{
    return p->near->words_version;
}

/* ---- offered ------------------------------------------------------------------ */

static bool offered(const struct near_words *w)
{
    return w->used && !w->seeking;
}

int near_words_offer(struct group *g, const struct command *c)
{
    struct peer *p = g->peer;
    const struct member *me = member_me(g);
    struct near_words *w = words_free(p);
    struct invite_view view = {0};
    if (!me || me->role != ROLE_STEWARD)
        return ERR_DENIED;
    if (near_port(p) == 0)
        return ERR_STATE;
    if (c->text.n != SECRET_BYTES)
        return ERR_USAGE;
    if (!w)
        return ERR_FULL;
    words_derive(w, c->text.p);
    int err = control_invite(g, w->invite_pk, &view) == 0 ? ERR_EXISTS : 0;
    wipe(&view, sizeof view);
    if (!err)
        err = join_invite_words(g, c, w->v);
    if (err) {
        wipe(w, sizeof *w);
        return err;
    }
    w->used = true;
    w->group = g->number;
    w->until_ms = p->now_ms + NEAR_WORDS_MS;
    p->near->words_version++;
    near_wake(p);
    return 0;
}

static struct near_words *offer_of(const struct group *g, const uint8_t *invite_pk)
{
    struct nearby *n = g->peer->near;
    for (uint32_t i = 0; i < LIMIT_WORDS_OPEN_MAX; i++)
        if (offered(&n->words[i]) && n->words[i].group == g->number &&
            ct_equal(n->words[i].invite_pk, invite_pk, 32))
            return &n->words[i];
    return NULL;
}

bool near_words_answered(const struct group *g, const uint8_t invite_pk[static 32])
{
    return offer_of(g, invite_pk) != NULL;
}

int near_words_came(struct group *g, const uint8_t invite_pk[static 32])
{
    struct near_words *w = offer_of(g, invite_pk);
    if (!w || w->came)
        return 0;
    w->came = true;
    w->until_ms = g->peer->now_ms + NEAR_CAME_MS;
    return words_tell(g->peer, g->number, WORDS_CAME);
}

int near_words_guessed(struct peer *p)
{
    int err = 0;
    for (uint32_t i = 0; i < LIMIT_WORDS_OPEN_MAX && !err; i++) {
        struct near_words *w = &p->near->words[i];
        if (!offered(w) || w->came || ++w->tries < LIMIT_WORDS_TRIES_MAX)
            continue;
        err = words_tell(p, w->group, WORDS_GUESSED);
        words_end(p, w);
    }
    return err;
}

static bool beacon_leaves(const struct near_words *w)
{
    return offered(w) && !w->came;
}

bool near_words_calling(const struct peer *p)
{
    for (uint32_t i = 0; i < LIMIT_WORDS_OPEN_MAX; i++)
        if (beacon_leaves(&p->near->words[i]))
            return true;
    return false;
}

bool near_words_beacon(struct peer *p, uint32_t i, uint8_t out[static BEACON_BYTES])
{
    for (uint32_t k = 0; k < LIMIT_WORDS_OPEN_MAX; k++) {
        const struct near_words *w = &p->near->words[(i + k) % LIMIT_WORDS_OPEN_MAX];
        const struct group *g = beacon_leaves(w) ? peer_group(p, w->group) : NULL;
        struct beacon b = {.kind = BEACON_WORDS, .port = near_port(p)};
        uint8_t nonce[BEACON_NONCE_BYTES];
        if (!g || b.port == 0)
            continue;
        memcpy(b.transport_pk, g->transport_pk, 32);
        memcpy(b.rest, g->id, 32);
        entropy_fill(&p->entropy, nonce, sizeof nonce);
        beacon_seal(out, w->key, nonce, &b);
        return true;
    }
    return false;
}

/* ---- looked for ----------------------------------------------------------------- */

int near_words_seek(struct peer *p, const struct command *c)
{
    struct near_words *w = NULL;
    if (c->text.n != SECRET_BYTES || c->pseudonym.n > sizeof w->name)
        return ERR_USAGE;
    for (uint32_t i = 0; i < LIMIT_WORDS_OPEN_MAX; i++)
        if (p->near->words[i].used && p->near->words[i].seeking)
            w = &p->near->words[i]; /* whoever types again has mistyped before */
    if (!w)
        w = words_free(p);
    if (!w)
        return ERR_FULL;
    wipe(w, sizeof *w);
    words_derive(w, c->text.p);
    w->used = w->seeking = true;
    w->until_ms = p->now_ms + NEAR_WORDS_MS;
    w->name_bytes = c->pseudonym.n;
    memcpy(w->name, c->pseudonym.p, c->pseudonym.n);
    return 0;
}

/* Begin the ordinary join: the line that the words stand for. */
static int seek_join(struct peer *p, struct near_words *w, const struct beacon *b,
                     struct bytes address)
{
    struct invite_line in = {.kind = 1, .addresses_count = 1};
    struct buf line = {0};
    memcpy(in.v, w->v, sizeof in.v);
    memcpy(in.group, b->rest, 32);
    memcpy(in.transport_pk, b->transport_pk, 32);
    in.addresses[0] = address;
    int err = invite_encode(&in, &line);
    if (!err)
        err = join_begin(p, BUF_BYTES(&line), BYTES(w->name, w->name_bytes), &w->group);
    buf_free(&line);
    wipe(&in, sizeof in);
    if (err_is_fatal(err))
        return err;
    int told = err ? fx_tell(p, TELL_REFUSED, 0, 0, err)
                   : words_tell(p, w->group, WORDS_FOUND);
    if (err)
        words_end(p, w);
    return told;
}

int near_words_heard(struct peer *p, struct bytes packet, struct bytes host)
{
    for (uint32_t i = 0; i < LIMIT_WORDS_OPEN_MAX; i++) {
        struct near_words *w = &p->near->words[i];
        struct beacon b;
        uint8_t text[LIMIT_ADDRESS_BYTES_MAX];
        struct room address = ROOM_OF(text);
        if (!w->used || !w->seeking || beacon_open(&b, w->key, packet) ||
            b.kind != BEACON_WORDS || near_address(&address, host, b.port))
            continue;
        if (w->group == 0)
            return seek_join(p, w, &b, BYTES(address.p, address.n));
        struct group *g = peer_group(p, w->group);
        if (g && g->joining) /* an old beacon from elsewhere is no hindrance */
            join_address(g, BYTES(address.p, address.n));
        return 0;
    }
    return 0;
}

/* ---- over ------------------------------------------------------------------------ */

static bool is_over(struct peer *p, const struct near_words *w)
{
    const struct group *g = w->group ? peer_group(p, w->group) : NULL;
    if (p->now_ms >= w->until_ms || (w->group && !g))
        return true;
    return w->seeking && g && !g->joining;
}

int near_words_tick(struct peer *p)
{
    int err = 0;
    for (uint32_t i = 0; i < LIMIT_WORDS_OPEN_MAX && !err; i++) {
        struct near_words *w = &p->near->words[i];
        if (!w->used || !is_over(p, w))
            continue;
        if (w->seeking ? w->group == 0 : !w->came)
            err = words_tell(p, w->group, WORDS_NOBODY);
        words_end(p, w);
    }
    return err;
}

uint64_t near_words_deadline_ms(const struct peer *p)
{
    uint64_t due_ms = UINT64_MAX;
    for (uint32_t i = 0; i < LIMIT_WORDS_OPEN_MAX; i++)
        if (p->near->words[i].used && p->near->words[i].until_ms < due_ms)
            due_ms = p->near->words[i].until_ms;
    return due_ms;
}
