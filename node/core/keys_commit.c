/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_commit.c -- what entries say of the values of their epochs, so that nobody can
 * hand on others (P5.3).
 *
 * Whoever opens a box checks the secret; whoever gets values from somebody else, in a
 * forward or a welcome, checks the values.  Both find the same, since the commitments
 * stand in the log.
 */
#include "node/core/keys_commit.h"

#include <string.h>

#include "crypto/hash.h"

void commits_make(struct epoch_commits *out, const uint8_t secret[static 32])
{
    struct epoch_values v = {0};
    epoch_derive(&v, secret);
    epoch_commit(out->secret, secret);
    epoch_commit_own(out->own, &v);
    epoch_commit_lane(out->lanes, &v);
    epoch_wipe(&v);
}

/* The fields of an entry that makes an epoch; p is NULL where there is none. */
struct said {
    struct bytes secret, own, lanes;
};

static struct said commits_said(const struct held *h)
{
    struct control_body b;
    if (control_body_decode(h->e.kind, h->e.body, &b))
        return (struct said){0};
    switch (h->e.kind) {
    case CONTROL_CREATE:
        return (struct said){b.bin[CREATE_COMMIT], b.bin[CREATE_OWN],
                             b.bin[CREATE_LANES]};
    case CONTROL_ADD:
        return (struct said){.secret = b.bin[ADD_COMMIT], .own = b.bin[ADD_OWN]};
    case CONTROL_REKEY:
        return (struct said){b.bin[REKEY_COMMIT], b.bin[REKEY_OWN], b.bin[REKEY_LANES]};
    default: return (struct said){0};
    }
}

static bool is_said(struct bytes said, const uint8_t made[static 32])
{
    return said.p != NULL && ct_equal(said.p, made, 32);
}

bool epoch_secret_fits(const struct held *h, const uint8_t secret[static 32])
{
    struct epoch_commits made;
    struct said said = commits_said(h);
    commits_make(&made, secret);
    return is_said(said.secret, made.secret) && is_said(said.own, made.own) &&
           (h->e.kind == CONTROL_ADD || is_said(said.lanes, made.lanes));
}

bool epoch_values_fit(const struct group *g, uint32_t entry,
                      const struct epoch_values *v)
{
    const struct held *h = held_at(g, entry);
    uint8_t made[32];
    bool fit = h->epoch != NULL;
    if (fit && (v->have & HAVE_ALL_FORWARD)) {
        epoch_commit_own(made, v);
        fit = is_said(commits_said(h).own, made);
    }
    if (fit && (v->have & EPOCH_HAVE_LANE)) {
        epoch_commit_lane(made, v);
        fit = is_said(commits_said(held_at(g, h->epoch->origin)).lanes, made);
    }
    return fit;
}

bool epoch_is_made_here(const struct group *g, const struct held *h)
{
    const struct keys *k = g->keys;
    return k->made && memcmp(h->e.author, g->member_pk, 32) == 0 &&
           epoch_secret_fits(h, k->made);
}
