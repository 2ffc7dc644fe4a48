/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* birth.c -- does an entry count?  Decided once, in the state of its past (P4.5).
 *
 * An entry that does not count is kept and passed on like any other: everybody has the
 * same past and finds the same.
 */
#include <string.h>

#include "crypto/sign.h"
#include "node/core/state.h"

struct birth {
    const struct group *g;
    struct control *c;
    const struct held *h;
    const struct control_body *body;
    const struct state *past;
};

static const struct person *person_in(const struct birth *b, struct bytes pk)
{
    const struct person *p = map_get(&b->c->members, pk);
    return p && state_rank(b->past, p->m.index) > 0 ? p : NULL;
}

/* The epoch with this id if it is in the entry's past and counts, or NULL. */
static const struct epoch *epoch_in(const struct birth *b, const uint8_t *id)
{
    const struct held *e = map_get(&b->c->by_hash, BYTES(id, 32));
    return e && held_after(b->h, e->e.number) ? e->epoch : NULL;
}

/* P5.6, P5.7: the parents are U of the past, the lane parent is one of them. */
static bool parents_fit(const struct birth *b)
{
    uint32_t u[LIMIT_EPOCHS_OPEN_MAX];
    uint32_t n = state_epochs(b->c, b->past, u);
    struct bytes ids = b->body->bin[ADD_PARENTS];
    bool lane = false;
    if (n == 0 || ids.n != n * 32)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *id = held_at(b->g, u[i])->e.hash;
        if (memcmp(ids.p + i * 32, id, 32) != 0)
            return false;
        lane = lane || memcmp(b->body->bin[ADD_LANE].p, id, 32) == 0;
    }
    return lane;
}

bool add_proof_holds(const struct group *g, const struct control_body *add)
{
    uint8_t store[4 * 32];
    struct room message = ROOM_OF(store);
    const struct bytes parts[] = {BYTES(g->id, 32), add->bin[ADD_MEMBER],
                                  add->bin[ADD_TRANSPORT], add->bin[ADD_PREKEY]};
    for (int i = 0; i < 4; i++)
        if (room_append(&message, parts[i]))
            return false;
    return sign_check(add->bin[ADD_PROOF].p, "join", BYTES_OF(store),
                      add->bin[ADD_MEMBER].p) == 0;
}

/* P4.6 */
static bool add_counts(const struct birth *b)
{
    return !person_in(b, b->body->bin[ADD_MEMBER]) &&
           b->past->members < LIMIT_MEMBERS_MAX &&
           (b->body->uint[ADD_ROLE] != ROLE_STEWARD || b->past->stewards == 1) &&
           parents_fit(b) && add_proof_holds(b->g, b->body);
}

/* P5.11: no more pages than the recipients can fill. */
static bool rekey_counts(const struct birth *b)
{
    size_t pages = b->body->bin[REKEY_PAGES].n / 32;
    size_t most =
        (b->past->members + LIMIT_BOXES_PER_PAGE_MAX - 1) / LIMIT_BOXES_PER_PAGE_MAX;
    return pages <= most;
}

bool birth_counts(const struct group *g, const struct held *h,
                  const struct control_body *body, const struct state *past)
{
    const struct birth b = {g, g->control, h, body, past};
    if (h->e.kind == CONTROL_CREATE)
        return true;
    const struct person *author = person_in(&b, BYTES(h->e.author, 32));
    if (!author)
        return false;
    bool steward = state_rank(past, author->m.index) == 2;
    switch (h->e.kind) {
    case CONTROL_ADD: return body && steward && add_counts(&b);
    case CONTROL_INVITE: return body && steward;
    case CONTROL_REKEY: return body && rekey_counts(&b);
    case CONTROL_FORWARD:
        return body && person_in(&b, body->bin[FORWARD_MEMBER]) &&
               epoch_in(&b, body->bin[FORWARD_EPOCH].p);
    case CONTROL_NOKEY:
    case CONTROL_PREKEY:
    case CONTROL_SEEN: return body != NULL;
    default: return true; /* P4.7: no effect that this kring knows */
    }
}
