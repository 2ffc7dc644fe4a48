/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* near.c -- beacons of members: when they leave, and what follows from one. */
#include "node/core/near.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/arena.h"
#include "node/core/near_int.h"

enum {
    QUICK_MS = 1000, /* between two beacons, on the average */
    SLOW_MS = 20 * 1000,
    MARK_MS_MAX = 45 * 1000, /* an older mark proves nothing */
    CALL_AGAIN_MS = 30 * 1000,
    SECOND_MS = 1000,
    MINUTE_MS = 60 * 1000,
};

int near_new(struct peer *p)
{
    p->near = calloc(1, sizeof *p->near);
    if (!p->near)
        return ERR_NOMEM;
    p->near->words =
        arena_alloc(p->arena, LIMIT_WORDS_OPEN_MAX * sizeof *p->near->words);
    return p->near->words ? 0 : ERR_NOMEM;
}

void near_free(struct peer *p)
{
    if (!p->near)
        return;
    arena_free(p->arena, p->near->words);
    wipe(p->near, sizeof *p->near);
    free(p->near);
    p->near = NULL;
}

/* ---- whether and when ------------------------------------------------------- */

static bool looking(const struct peer *p)
{
    return p->near->ours || p->now_ms < p->near->look_until_ms;
}

static bool calling(const struct peer *p)
{
    return looking(p) || near_words_calling(p);
}

bool peer_beacons(const struct peer *p)
{
    bool seeks = false;
    for (uint32_t i = 0; i < LIMIT_WORDS_OPEN_MAX; i++)
        seeks |= p->near->words[i].used && p->near->words[i].seeking;
    return p->started && (calling(p) || seeks);
}

uint64_t peer_look_ms(const struct peer *p)
{
    uint64_t until = p->near->look_until_ms;
    return until > p->now_ms ? until - p->now_ms : 0;
}

uint16_t near_port(const struct peer *p)
{
    uint32_t port = 0, digit = 1;
    if (p->addresses_count == 0)
        return 0;
    const struct buf *a = &p->addresses[0];
    for (size_t i = a->n; i-- > 0 && a->p[i] >= '0' && a->p[i] <= '9'; digit *= 10) {
        if (digit > 10000)
            return 0;
        port += (uint32_t)(a->p[i] - '0') * digit;
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

void near_wake(struct peer *p)
{
    uint64_t soon = p->now_ms + entropy_below(&p->entropy, QUICK_MS / 2);
    if (!calling(p) || p->near->next_ms <= p->now_ms || p->near->next_ms > soon)
        p->near->next_ms = soon;
}

int near_look(struct peer *p, uint64_t ms)
{
    if (ms > 0 && near_port(p) == 0)
        return ERR_STATE;
    ms = ms < NEAR_LOOK_MS_MAX ? ms : NEAR_LOOK_MS_MAX; /* P9.12 */
    p->near->look_until_ms = ms ? p->now_ms + ms : 0;
    p->near->list_count = 0;
    near_wake(p);
    return 0;
}

void near_ours(struct peer *p, bool ours)
{
    if (ours && !p->near->ours)
        p->near->quick_until_ms = p->now_ms + NEAR_LOOK_MS_MAX;
    p->near->ours = ours;
    near_wake(p);
}

/* ---- sending ---------------------------------------------------------------- */

static uint64_t gap_ms(struct peer *p)
{
    const struct nearby *n = p->near;
    bool quick = p->now_ms < n->look_until_ms || p->now_ms < n->quick_until_ms ||
                 near_words_calling(p);
    uint64_t ms = quick ? QUICK_MS : SLOW_MS;
    return ms * 3 / 4 + entropy_below(&p->entropy, ms / 2 + 1);
}

static bool has_beacon(const struct group *g)
{
    uint8_t acc[32];
    bool has = !g->joining && member_me(g) && keys_acc_at(g, 0, acc);
    wipe(acc, sizeof acc);
    return has;
}

/* The marks that this group's next beacon answers; they are owed no more. */
static void marks_take(struct peer *p, uint32_t group, uint8_t rest[static 32])
{
    struct nearby *n = p->near;
    uint32_t count = 0;
    for (uint32_t i = 0; i < NEAR_RING_MAX / 4 && count < BEACON_MARKS; i++) {
        struct near_mark *m = &n->owed[i];
        if (m->at_ms == 0 || m->group != group)
            continue;
        if (p->now_ms - m->at_ms < MARK_MS_MAX)
            memcpy(rest + BEACON_MARK_BYTES * count++, m->mark, BEACON_MARK_BYTES);
        m->at_ms = 0;
    }
}

static void member_beacon(struct group *g, uint8_t out[static BEACON_BYTES])
{
    struct peer *p = g->peer;
    struct nearby *n = p->near;
    struct beacon b = {.kind = BEACON_MEMBER, .port = near_port(p)};
    uint8_t acc[32], key[32], nonce[BEACON_NONCE_BYTES];
    struct near_mark *sent = &n->sent[n->sent_next++ % (NEAR_RING_MAX / 4)];
    memcpy(b.transport_pk, g->transport_pk, 32);
    marks_take(p, g->number, b.rest);
    entropy_fill(&p->entropy, nonce, sizeof nonce);
    *sent = (struct near_mark){.group = g->number, .at_ms = p->now_ms};
    memcpy(sent->mark, nonce, BEACON_MARK_BYTES);
    CHECK(keys_acc_at(g, 0, acc)); /* has_beacon */
    beacon_key(key, acc);
    beacon_seal(out, key, nonce, &b);
    wipe(acc, sizeof acc);
    wipe(key, sizeof key);
}

/* The group whose turn it is: of every two beacons one is for somebody who waits for an
 * answer, if anybody does. */
static struct group *turn_of(struct peer *p, uint32_t turn)
{
    struct group *first = NULL;
    for (uint32_t i = 0; i < p->groups_count; i++) {
        struct group *g = p->groups[(turn / 2 + i) % p->groups_count];
        if (!has_beacon(g))
            continue;
        if (!first)
            first = g;
        for (uint32_t k = 0; turn % 2 && k < NEAR_RING_MAX / 4; k++)
            if (p->near->owed[k].at_ms && p->near->owed[k].group == g->number)
                return g;
    }
    return first;
}

/* Write the beacon that is due now; false: there is nothing to say. */
static bool next_beacon(struct peer *p, uint8_t out[static BEACON_BYTES])
{
    struct nearby *n = p->near;
    uint32_t turn = n->turn++;
    struct group *g = looking(p) && near_port(p) ? turn_of(p, turn) : NULL;
    if (near_words_calling(p) && (!g || turn % 2 == 0))
        return near_words_beacon(p, turn / 2, out);
    if (g)
        member_beacon(g, out);
    return g != NULL;
}

int near_tick(struct peer *p)
{
    struct nearby *n = p->near;
    uint8_t packet[BEACON_BYTES];
    int err = near_words_tick(p);
    if (err || !calling(p) || n->next_ms > p->now_ms)
        return err;
    n->next_ms = p->now_ms + gap_ms(p);
    return next_beacon(p, packet) ? fx_beacon(p, BYTES_OF(packet)) : 0;
}

uint64_t near_deadline_ms(const struct peer *p)
{
    uint64_t due_ms = near_words_deadline_ms(p);
    if (calling(p) && p->near->next_ms < due_ms)
        due_ms = p->near->next_ms;
    return due_ms;
}

/* ---- hearing ---------------------------------------------------------------- */

/* P9.14: so much is looked at in a second. */
static bool may_hear(struct peer *p)
{
    struct nearby *n = p->near;
    if (n->second_ms == 0 || p->now_ms - n->second_ms >= SECOND_MS) {
        n->second_ms = p->now_ms;
        n->heard = 0;
    }
    if (n->heard++ < LIMIT_BEACONS_HEARD_MAX)
        return true;
    p->limited++;
    return false;
}

static bool may_call(struct peer *p)
{
    struct nearby *n = p->near;
    if (n->minute_ms == 0 || p->now_ms - n->minute_ms >= MINUTE_MS) {
        n->minute_ms = p->now_ms;
        n->calls = 0;
    }
    if (n->calls++ < LIMIT_BEACON_CALLS_MAX)
        return true;
    p->limited++;
    return false;
}

/* True if this one was heard before; else it is noted.  Only what opened comes here, so
 * that noise pushes nothing out. */
static bool seen_before(struct nearby *n, const uint8_t *nonce)
{
    for (uint32_t i = 0; i < n->seen_count; i++)
        if (memcmp(n->seen[i], nonce, BEACON_NONCE_BYTES) == 0)
            return true;
    memcpy(n->seen[n->seen_next], nonce, BEACON_NONCE_BYTES);
    n->seen_next = (n->seen_next + 1) % NEAR_RING_MAX;
    n->seen_count += n->seen_count < NEAR_RING_MAX;
    return false;
}

/* P9.13: true if one of the marks is of a beacon that we sent just now for it. */
static bool marks_prove(const struct peer *p, uint32_t group, const uint8_t *rest)
{
    const struct nearby *n = p->near;
    for (uint32_t i = 0; i < NEAR_RING_MAX / 4; i++) {
        const struct near_mark *m = &n->sent[i];
        bool fresh =
            m->at_ms && m->group == group && p->now_ms - m->at_ms < MARK_MS_MAX;
        for (uint32_t k = 0; fresh && k < BEACON_MARKS; k++)
            if (memcmp(rest + k * BEACON_MARK_BYTES, m->mark, BEACON_MARK_BYTES) == 0)
                return true;
    }
    return false;
}

/* The next beacon of this group answers it; of one member the newest. */
static void mark_owe(struct peer *p, const struct group *g, const struct member *m,
                     const uint8_t *nonce)
{
    struct nearby *n = p->near;
    struct near_mark *to = &n->owed[0];
    for (uint32_t i = 0; i < NEAR_RING_MAX / 4; i++) {
        struct near_mark *at = &n->owed[i];
        if (at->at_ms && at->group == g->number && at->member == m->index) {
            to = at;
            break;
        }
        if (at->at_ms < to->at_ms)
            to = at;
    }
    *to = (struct near_mark){
        .group = g->number, .member = m->index, .at_ms = p->now_ms ? p->now_ms : 1};
    memcpy(to->mark, nonce, BEACON_MARK_BYTES);
}

static int list_note(struct group *g, const struct member *m, struct near_member **out)
{
    struct nearby *n = g->peer->near;
    struct near_member *to = &n->list[0];
    for (uint32_t i = 0; i < n->list_count; i++) {
        struct near_member *at = &n->list[i];
        if (at->group == g->number && at->member == m->index) {
            at->heard_ms = g->peer->now_ms;
            *out = at;
            return 0;
        }
        if (at->heard_ms < to->heard_ms)
            to = at;
    }
    if (n->list_count < LIMIT_NEAR_MAX)
        to = &n->list[n->list_count++];
    *to = (struct near_member){g->number, m->index, g->peer->now_ms, 0};
    *out = to;
    return fx_tell(g->peer, TELL_NEAR, g->number, m->index, 0);
}

int near_address(struct room *out, struct bytes host, uint16_t port)
{
    char digits[5];
    size_t at = sizeof digits;
    bool six = host.n > 0 && memchr(host.p, ':', host.n);
    for (uint16_t left = port; at > 0 && (left || at == sizeof digits); left /= 10)
        digits[--at] = (char)('0' + left % 10);
    int err = six ? room_append(out, BYTES("[", 1)) : 0;
    if (!err)
        err = room_append(out, host);
    if (!err)
        err = six ? room_append(out, BYTES("]:", 2)) : room_append(out, BYTES(":", 1));
    return err ? err : room_append(out, BYTES(digits + at, sizeof digits - at));
}

/* A member's beacon, under the access key `acc`. */
static int member_heard(struct group *g, const struct event *ev, const struct beacon *b,
                        uint32_t acc)
{
    struct peer *p = g->peer;
    struct near_member *near = NULL;
    uint8_t text[LIMIT_ADDRESS_BYTES_MAX];
    struct room address = ROOM_OF(text);
    const struct member *m = member_by_transport(g, b->transport_pk);
    if (!m || m == member_me(g) || b->kind != BEACON_MEMBER ||
        seen_before(p->near, ev->bytes.p))
        return 0;
    int err = list_note(g, m, &near);
    if (err)
        return err;
    if (acc == 0)
        mark_owe(p, g, m, ev->bytes.p);
    if (acc == 0 && !marks_prove(p, g->number, b->rest))
        return 0; /* perhaps an old one, from elsewhere: answered, not called */
    if (near->called_ms && p->now_ms - near->called_ms < CALL_AGAIN_MS)
        return 0;
    if (near_address(&address, ev->address, b->port) || !may_call(p))
        return 0;
    near->called_ms = p->now_ms ? p->now_ms : 1;
    return dial_near(g, m, BYTES(address.p, address.n), acc);
}

static int group_heard(struct group *g, const struct event *ev, bool *ours)
{
    struct beacon b;
    uint8_t acc[32], key[32];
    int err = 0;
    for (uint32_t i = 0; i < LIMIT_BEACON_KEYS_MAX && !*ours && !err; i++) {
        if (!keys_acc_at(g, i, acc))
            break;
        beacon_key(key, acc);
        *ours = beacon_open(&b, key, ev->bytes) == 0;
        if (*ours)
            err = member_heard(g, ev, &b, i);
    }
    wipe(acc, sizeof acc);
    wipe(key, sizeof key);
    return err;
}

int near_heard(struct peer *p, const struct event *ev)
{
    bool ours = false;
    int err = 0;
    if (ev->bytes.n != BEACON_BYTES || !peer_beacons(p) || !may_hear(p))
        return 0;
    for (uint32_t i = 0; looking(p) && i < p->groups_count && !err && !ours; i++)
        if (has_beacon(p->groups[i]))
            err = group_heard(p->groups[i], ev, &ours);
    if (!err && !ours)
        err = near_words_heard(p, ev->bytes, ev->address);
    return err;
}

/* ---- looking ------------------------------------------------------------------ */

int peer_near(struct peer *p, peer_visit_near *visit, void *ctx)
{
    for (uint32_t i = 0; i < p->near->list_count; i++) {
        const struct near_member *at = &p->near->list[i];
        struct group *g = peer_group(p, at->group);
        if (!g || g->joining)
            continue;
        int err = card_names_ready(g);
        struct near_view view = {.group = at->group, .index = at->member};
        if (err)
            return err;
        view.name = card_member_name(g, at->member);
        view.linked = links_member_linked(p, at->group, at->member);
        err = visit(ctx, &view);
        if (err)
            return err;
    }
    return 0;
}
