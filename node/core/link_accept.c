/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link_accept.c -- from connected bytes to a live link (P9.2 to P9.6, P9.9).
 *
 * A stranger's first message is compared with what every access key and invitation held
 * here would have made: one hash each.  Whatever fails leads to the sink.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "node/core/link_int.h"
#include "node/core/link_room.h"
#include "node/core/near.h"

enum {
    SINK_BYTES_MIN = 16 * 1024,
    SINK_BYTES_MAX = 256 * 1024,
    TURNED_AWAY_MAX = 2,
};

void link_sink(struct peer *p, struct link *l)
{
    l->state = LINK_SINK;
    l->sink_left = SINK_BYTES_MIN +
                   entropy_below(&p->entropy, SINK_BYTES_MAX - SINK_BYTES_MIN + 1);
    link_forget_keys(p->links, l);
    buf_free(&l->in);
}

/* ---- candidates ------------------------------------------------------------- */

enum { KEPT_HOURS = 8 * 24 };

/* An invitation is answered until nobody can need its answer any more: used ones too,
 * for the same newcomer may come again and others hear why not (P6.4, P6.7). */
static bool invite_answered(const struct group *g, const struct invite_view *v)
{
    return (uint64_t)v->end_hour + KEPT_HOURS >= g->hour.hour ||
           near_words_answered(g, v->v_pk); /* P9.15 */
}

/* What the candidates are made of; so they are made anew only when that changed. */
static void candidates_sum(const struct group *g, uint8_t sum[static 32])
{
    struct hasher h;
    uint8_t acc[32], numbers[12];
    put_u32(numbers, control_count(g));
    put_u32(numbers + 4, g->hour.hour);
    put_u32(numbers + 8, near_words_version(g->peer));
    hasher_init(&h, "candidates");
    hasher_update(&h, BYTES_OF(numbers));
    for (uint32_t i = 0; keys_acc_at(g, i, acc); i++)
        hasher_update(&h, BYTES_OF(acc));
    hasher_final(&h, sum);
    wipe(acc, sizeof acc);
}

static void candidates_add(struct ties *c, uint8_t kind, uint32_t index,
                           const uint8_t psk0[static 32])
{
    struct candidate *to = &c->candidates[c->candidates_count++];
    memset(to, 0, sizeof *to);
    to->kind = kind;
    to->index = index;
    handshake_tag_key(to->tag_key, psk0);
}

/* The newest invitations that are answered. */
static void candidates_add_invites(const struct group *g, struct ties *c)
{
    const struct member *me = member_me(g);
    struct invite_view v = {0};
    uint32_t count = 0, added = 0;
    if (!me || me->role != ROLE_STEWARD)
        return;
    while (control_invite_at(g, count, &v) == 0)
        count++;
    while (count-- > 0 && added < LIMIT_INVITES_OPEN_MAX) {
        if (control_invite_at(g, count, &v) || !invite_answered(g, &v))
            continue;
        candidates_add(c, LINK_INVITE, count, v.psk);
        memcpy(c->candidates[c->candidates_count - 1].invite_pk, v.v_pk, 32);
        added++;
    }
    wipe(&v, sizeof v);
}

static int candidates_refresh(struct group *g, struct ties *c)
{
    uint8_t sum[32], acc[32];
    candidates_sum(g, sum);
    if (c->candidates && memcmp(sum, c->candidates_sum, 32) == 0)
        return 0;
    enum { MAX = LIMIT_ACC_KEYS_MAX + LIMIT_INVITES_OPEN_MAX };
    if (!c->candidates)
        c->candidates = calloc(MAX, sizeof *c->candidates);
    if (!c->candidates)
        return ERR_NOMEM;
    c->candidates_count = 0;
    for (uint32_t i = 0; i < LIMIT_ACC_KEYS_MAX && keys_acc_at(g, i, acc); i++)
        candidates_add(c, LINK_MEMBER, i, acc);
    candidates_add_invites(g, c);
    memcpy(c->candidates_sum, sum, 32);
    wipe(acc, sizeof acc);
    return 0;
}

/* Whose first message is it?  *found is NULL for nobody's. */
static int candidates_match(struct group *g, const uint8_t *message,
                            const struct candidate **found)
{
    struct ties *c = NULL;
    uint8_t tag[HANDSHAKE_TAG_BYTES];
    int err = ties_of(g->peer, g->number, &c);
    if (!err)
        err = candidates_refresh(g, c);
    *found = NULL;
    for (uint32_t i = 0; !err && i < c->candidates_count && !*found; i++) {
        handshake_tag(tag, c->candidates[i].tag_key, message);
        if (ct_equal(tag, message + HANDSHAKE_NONCE_BYTES, sizeof tag))
            *found = &c->candidates[i];
    }
    return err;
}

/* ---- message 1 and 2 -------------------------------------------------------- */

static bool candidate_psk(const struct group *g, const struct candidate *c,
                          uint8_t psk0[static 32])
{
    struct invite_view v;
    if (c->kind == LINK_MEMBER)
        return keys_acc_at(g, c->index, psk0);
    bool have = control_invite(g, c->invite_pk, &v) == 0;
    if (have)
        memcpy(psk0, v.psk, 32);
    wipe(&v, sizeof v);
    return have;
}

/* The tag is known: read it as Noise, refuse what was seen before, answer. */
static int answer_first(struct peer *p, struct link *l, struct group *g,
                        const struct candidate *c)
{
    uint8_t psk0[32], second[HANDSHAKE_2_BYTES];
    struct handshake_config config = {c->kind, g->id, psk0, g->secrets->transport_sk,
                                      NULL};
    struct handshake *hs = &l->secrets->hs;
    bool good = candidate_psk(g, c, psk0) &&
                handshake_accept(hs, &config, &p->entropy, l->hand.p) == 0;
    wipe(psk0, sizeof psk0);
    int seen = good ? ring_note(p, l->hand.p) : 1; /* P9.4 */
    if (seen < 0)
        return seen;
    if (seen || handshake_second(hs, second)) {
        link_sink(p, l);
        return c->kind == LINK_INVITE ? near_words_guessed(p) : 0;
    }
    l->group = g->number;
    l->kind = c->kind;
    memcpy(l->invite_pk, c->invite_pk, 32);
    l->state = LINK_WAIT_3;
    l->born_ms = p->now_ms;
    links_bound_shaken(p, l->kind);
    return link_send_raw(p, l, BYTES_OF(second));
}

static int take_first(struct peer *p, struct link *l)
{
    for (uint32_t i = 0; i < p->groups_count; i++) {
        struct group *g = p->groups[i];
        const struct candidate *c = NULL;
        int err = g->joining ? 0 : candidates_match(g, l->hand.p, &c);
        if (err)
            return err;
        if (c)
            return answer_first(p, l, g, c);
    }
    link_sink(p, l);
    return near_words_guessed(p);
}

/* ---- live ------------------------------------------------------------------- */

/* P9.9: true if the new link `l` stays; the others go then. */
static bool duplicates_settle(struct peer *p, struct group *g, struct link *l)
{
    bool we_begin = memcmp(g->transport_pk, l->transport_pk, 32) < 0;
    uint32_t others = 0;
    for (uint32_t i = 0; i < p->links->count; i++) {
        struct link *other = p->links->list[i];
        if (other == l || !link_is_member(other, l->group) ||
            other->member != l->member)
            continue;
        if (other->dialler != l->dialler && l->dialler != we_begin) {
            /* Perhaps the old one is dead and nobody has noticed yet: a word on it
             * will show.  Who comes again all the same while it lives is another copy
             * of that member's profile. */
            other->sync.probe = true;
            if (other->turned_away < TURNED_AWAY_MAX) {
                other->turned_away++;
                return false;
            }
            others++;
            continue;
        }
        peer_mark(p, MARK_LINK_REPLACED);
        link_close(other, false);
    }
    return others < LIMIT_LINKS_PER_MEMBER_MAX;
}

static int live_member(struct peer *p, struct link *l, struct group *g)
{
    const struct member *m = member_at(g, l->member);
    if (!duplicates_settle(p, g, l)) {
        link_close(l, false);
        return 0;
    }
    int err = dial_linked(g, l->member);
    if (!err)
        err = join_arrived(g, m->pk);
    return err ? err : sync_begin(p, l);
}

static int link_live(struct peer *p, struct link *l)
{
    struct link_secrets *s = l->secrets;
    struct group *g = peer_group(p, l->group);
    int err = handshake_split(&s->hs, &s->send, &s->recv, l->hs_hash);
    handshake_wipe(&s->hs);
    buf_free(&l->hand);
    if (err || !g) {
        link_close(l, false);
        return 0;
    }
    l->state = LINK_LIVE;
    l->heard_ms = p->now_ms;
    l->live_ms = p->now_ms ? p->now_ms : 1; /* 0 means never */
    if (l->kind == LINK_MEMBER)
        return live_member(p, l, g);
    return l->dialler ? join_send(g, l) : 0;
}

static int take_third(struct peer *p, struct link *l)
{
    const uint8_t *remote = NULL;
    struct group *g = peer_group(p, l->group);
    int err = g ? handshake_finish(&l->secrets->hs, l->hand.p, &remote) : ERR_STATE;
    if (!err)
        memcpy(l->transport_pk, remote, 32);
    if (!err && l->kind == LINK_MEMBER) { /* P9.6 */
        const struct member *m = member_by_transport(g, remote);
        if (m && memcmp(m->pk, g->member_pk, 32) != 0 &&
            budget_take(g, m->index, BUDGET_LINKS, 1)) /* P8.12 */
            l->member = m->index;
        else
            err = ERR_DENIED;
    }
    if (!err)
        return link_live(p, l);
    link_sink(p, l);
    return l->kind == LINK_INVITE ? near_words_guessed(p) : 0;
}

/* ---- our own dials ---------------------------------------------------------- */

/* The access key that this dial is made with (P9.3). */
static bool dial_config(struct link *l, struct group *g, struct handshake_config *c,
                        uint8_t psk0[static 32])
{
    c->kind = l->kind;
    c->group = g->id;
    c->s_sk = g->secrets->transport_sk;
    c->rs_pk = l->transport_pk;
    c->psk0 = psk0;
    if (l->kind == LINK_INVITE)
        return join_psk(g, psk0);
    return keys_acc_at(g, l->acc, psk0) || keys_acc_at(g, 0, psk0);
}

int link_begin(struct peer *p, struct link *l)
{
    uint8_t psk0[32] = {0}, first[HANDSHAKE_1_BYTES];
    struct handshake_config config;
    struct group *g = peer_group(p, l->group);
    bool good = g && dial_config(l, g, &config, psk0) &&
                handshake_first(&l->secrets->hs, &config, &p->entropy, first) == 0;
    wipe(psk0, sizeof psk0);
    if (!good) {
        link_close(l, false);
        return 0;
    }
    l->state = LINK_WAIT_2;
    l->born_ms = l->heard_ms = p->now_ms;
    return link_send_raw(p, l, BYTES_OF(first));
}

static int take_second(struct peer *p, struct link *l)
{
    uint8_t third[HANDSHAKE_3_BYTES];
    if (handshake_third(&l->secrets->hs, l->hand.p, third)) {
        link_close(l, false); /* not whom we called */
        return 0;
    }
    int err = link_send_raw(p, l, BYTES_OF(third));
    return err ? err : link_live(p, l);
}

/* ---- bytes ------------------------------------------------------------------ */

static size_t wanted(const struct link *l)
{
    switch (l->state) {
    case LINK_WAIT_1: return HANDSHAKE_1_BYTES;
    case LINK_WAIT_2: return HANDSHAKE_2_BYTES;
    case LINK_WAIT_3: return HANDSHAKE_3_BYTES;
    default: return 0;
    }
}

int link_shake(struct peer *p, struct link *l, struct bytes bytes, size_t *used)
{
    size_t want = wanted(l);
    if (want == 0) { /* bytes before we are connected: nothing we could read */
        link_close(l, false);
        return 0;
    }
    *used = want - l->hand.n < bytes.n ? want - l->hand.n : bytes.n;
    int err = buf_append(&l->hand, BYTES(bytes.p, *used), HANDSHAKE_1_BYTES);
    if (err || l->hand.n < want)
        return err;
    if (l->state == LINK_WAIT_1)
        err = take_first(p, l);
    else
        err = l->state == LINK_WAIT_2 ? take_second(p, l) : take_third(p, l);
    l->hand.n = 0;
    return err;
}
