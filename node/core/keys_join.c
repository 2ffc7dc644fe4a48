/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_join.c -- epochs that let people in: create, add, and the welcome (P5.6, P6.5).
 */
#include <string.h>

#include "base/cursor.h"
#include "crypto/hash.h"
#include "crypto/hpke.h"
#include "node/core/content.h"
#include "node/core/keys_commit.h"

enum { WELCOME_BYTES = 4 * 32 + 4 };

static const char welcome_info[] = "kring1 welcome";

/* Sign the create, whose hash is the group's id, and take it. */
static int take_create(struct group *g, struct bytes body)
{
    struct draft d;
    struct buf whole = {0};
    int err = control_draft(g, &d);
    if (!err)
        err = control_sign(g, &d, CONTROL_CREATE, body, &whole);
    if (!err) {
        hash32(g->id, "control entry", &BUF_BYTES(&whole), 1); /* P4.2 */
        err = control_take(g, BUF_BYTES(&whole), 0);
    }
    buf_free(&whole);
    return err < 0 ? err : 0;
}

int keys_post_create(struct group *g)
{
    struct keys *k = g->keys;
    struct control_body b = {0};
    struct buf bytes = {0};
    struct epoch_commits commits;
    uint8_t prekey[32];
    bool in_arena = false;
    uint8_t *secret = secret_new(k, 32, &in_arena);
    int err = secret ? keys_make_prekey(g, prekey) : ERR_NOMEM;
    if (!err) {
        entropy_fill(&g->peer->entropy, secret, 32);
        commits_make(&commits, secret);
        b.bin[CREATE_SALT] = BYTES(g->salt, 32);
        b.bin[CREATE_TRANSPORT] = BYTES(g->transport_pk, 32);
        b.bin[CREATE_PREKEY] = BYTES_OF(prekey);
        b.bin[CREATE_COMMIT] = BYTES_OF(commits.secret);
        b.bin[CREATE_OWN] = BYTES_OF(commits.own);
        b.bin[CREATE_LANES] = BYTES_OF(commits.lanes);
        b.uint[CREATE_LIFETIME] = g->lifetime_hours;
        k->last_rekey_hour = g->hour.hour;
        k->made = secret;
        err = control_body_encode(CONTROL_CREATE, &b, &bytes);
    }
    if (!err)
        err = take_create(g, BUF_BYTES(&bytes));
    k->made = NULL;
    secret_free(k, secret, 32, in_arena);
    buf_free(&bytes);
    return err;
}

/* --- add ---------------------------------------------------------------------- */

struct adding {
    struct group *g;
    struct draft draft;
    struct control_body body;
    uint8_t parents[LIMIT_EPOCHS_OPEN_MAX * 32], lane[32], nonce[32];
    uint32_t origin; /* entry whose lane, ctl and acc go into the welcome */
    uint8_t *secret;
};

/* Draft an add and derive its secret.  ERR_NOKEY: an add value or lane is missing. */
static int add_prepare(struct adding *a)
{
    struct group *g = a->g;
    struct key_ref ref;
    int err = control_draft(g, &a->draft);
    if (err)
        return err;
    uint32_t lane = state_lane(g->control, a->draft.state);
    if (lane == NOBODY || !root_of_state(g, a->draft.state, &ref))
        return ERR_NOKEY;
    a->origin = held_at(g, lane)->epoch->origin;
    memcpy(a->lane, held_at(g, lane)->e.hash, 32);
    memcpy(a->parents, ref.ids, ref.count * 32U);
    a->body.bin[ADD_PARENTS] = BYTES(a->parents, ref.count * 32U);
    a->body.bin[ADD_LANE] = BYTES_OF(a->lane);
    if (!(epoch_have(g, lane) & EPOCH_HAVE_LANE))
        return ERR_NOKEY;
    return epoch_add_value(g, a->body.bin[ADD_PARENTS], &a->body, a->secret);
}

/* P6.5: s' || lane || ctl || acc || group hour, sealed to the newcomer's prekey. */
static int welcome_seal(const struct adding *a, const uint8_t *add_hash,
                        struct buf *box)
{
    const struct group *g = a->g;
    const struct epoch_key *o = epoch_find(g, held_at(g, a->origin)->e.hash);
    uint8_t plain[WELCOME_BYTES], aad[64], sealed[WELCOME_BYTES + HPKE_OVERHEAD_BYTES];
    if (!o)
        return ERR_NOKEY;
    memcpy(plain, a->secret, 32);
    memcpy(plain + 32, o->s->v.lane, 32);
    memcpy(plain + 64, o->s->v.ctl, 32);
    memcpy(plain + 96, o->s->v.acc, 32);
    put_u32(plain + 128, g->hour.hour);
    memcpy(aad, g->id, 32);
    memcpy(aad + 32, add_hash, 32);
    int err = hpke_seal(sealed, a->body.bin[ADD_PREKEY].p,
                        BYTES(welcome_info, sizeof welcome_info - 1), BYTES_OF(aad),
                        BYTES_OF(plain), &g->peer->entropy);
    wipe(plain, sizeof plain);
    return err ? err : buf_append(box, BYTES_OF(sealed), box->n + sizeof sealed);
}

static int add_post(struct adding *a, struct buf *box)
{
    struct epoch_commits commits;
    uint8_t hash[32];
    struct buf bytes = {0};
    struct keys *k = a->g->keys;
    commits_make(&commits, a->secret);
    a->body.bin[ADD_COMMIT] = BYTES_OF(commits.secret);
    a->body.bin[ADD_OWN] = BYTES_OF(commits.own);
    int err = control_body_encode(CONTROL_ADD, &a->body, &bytes);
    k->made = a->secret;
    if (!err)
        err = control_post_draft(a->g, &a->draft, CONTROL_ADD, BUF_BYTES(&bytes), hash);
    k->made = NULL;
    if (!err)
        err = welcome_seal(a, hash, box);
    buf_free(&bytes);
    return err;
}

/* May we add these keys?  P4.6, P6.4 */
static int add_allowed(const struct group *g, const struct newcomer *who,
                       const struct invite_view *invite)
{
    const struct member *me = member_me(g);
    if (!me || me->role != ROLE_STEWARD)
        return ERR_DENIED;
    if (invite->role == ROLE_STEWARD && g->control->now.stewards != 1)
        return ERR_DENIED; /* one person alone cannot make a third steward */
    if (member_find(g, who->pk) || member_by_transport(g, who->transport_pk))
        return ERR_EXISTS;
    return g->control->now.members < LIMIT_MEMBERS_MAX ? 0 : ERR_FULL;
}

int keys_post_add(struct group *g, const struct newcomer *who,
                  const struct invite_view *invite, struct buf *box)
{
    struct adding a = {.g = g};
    bool in_arena = false;
    int err = add_allowed(g, who, invite);
    if (err)
        return err;
    a.secret = secret_new(g->keys, 32, &in_arena);
    if (!a.secret)
        return ERR_NOMEM;
    entropy_fill(&g->peer->entropy, a.nonce, 32);
    a.body.bin[ADD_MEMBER] = BYTES(who->pk, 32);
    a.body.bin[ADD_TRANSPORT] = BYTES(who->transport_pk, 32);
    a.body.bin[ADD_PREKEY] = BYTES(who->prekey_pk, 32);
    a.body.uint[ADD_ROLE] = invite->role;
    a.body.bin[ADD_NONCE] = BYTES_OF(a.nonce);
    a.body.bin[ADD_INVITE] = BYTES(invite->v_pk, 32);
    a.body.bin[ADD_PROOF] = BYTES(who->proof, 64);
    a.body.uint[ADD_COMPARED] = who->compared;
    err = add_proof_holds(g, &a.body) ? add_prepare(&a) : ERR_FORGED;
    if (err == ERR_NOKEY) { /* P5.6: the add values went, or never came */
        err = keys_post_rekey(g);
        if (!err)
            err = add_prepare(&a);
    }
    if (!err)
        err = add_post(&a, box);
    secret_free(g->keys, a.secret, 32, in_arena);
    return err;
}

/* --- the newcomer's side ------------------------------------------------------ */

/* Hold what the opened box gives, if it is what the log says.  ERR_FORGED.  P6.6 */
static int welcome_take(struct group *g, const struct held *h, const uint8_t *plain)
{
    struct keys *k = g->keys;
    struct epoch_values v = {.have = EPOCH_HAVE_LANE};
    uint32_t hour = get_u32(plain + 128);
    memcpy(v.lane, plain + 32, 32);
    memcpy(v.ctl, plain + 64, 32);
    memcpy(v.acc, plain + 96, 32);
    int err = hour <= HOUR_LAST && epoch_secret_fits(h, plain) &&
                      epoch_values_fit(g, h->e.number, &v)
                  ? 0
                  : ERR_FORGED;
    if (!err) {
        hour_start(g, hour);
        k->last_rekey_hour = hour;
        err = epoch_hold(g, h->e.number, &v, false);
    }
    if (!err)
        err = epoch_learn(g, h->e.number, plain);
    epoch_wipe(&v);
    return err ? err : owed_store(g);
}

int keys_open_welcome(struct group *g, struct bytes box)
{
    uint8_t plain[WELCOME_BYTES] = {0}, aad[64];
    const struct member *me = member_me(g);
    struct control_body b;
    if (!me || box.n != WELCOME_BYTES + HPKE_OVERHEAD_BYTES)
        return ERR_FORGED;
    const struct held *h = held_at(g, me->entry);
    if (h->e.kind != CONTROL_ADD || control_body_decode(h->e.kind, h->e.body, &b))
        return ERR_FORGED;
    struct prekey *p = prekey_find(g, b.bin[ADD_PREKEY].p);
    if (!p)
        return ERR_FORGED;
    memcpy(aad, g->id, 32);
    memcpy(aad + 32, h->e.hash, 32);
    int err = hpke_open(plain, p->sk, BYTES(welcome_info, sizeof welcome_info - 1),
                        BYTES_OF(aad), box);
    if (!err) {
        p->entry = h->e.number;
        err = welcome_take(g, h, plain);
    }
    wipe(plain, sizeof plain);
    return err;
}
