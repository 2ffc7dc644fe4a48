/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* lifetime.c -- how long the new texts of a group stay (P4.16). */
#include "node/core/lifetime.h"

#include <string.h>

#include "base/mp.h"
#include "node/core/card_int.h"
#include "node/core/keys_int.h"
#include "node/core/peer_int.h"

enum { CARD_BODY_ITEMS = 2, CARD_BODY_BYTES_MAX = 16 };

struct lifetimes {
    uint32_t hours, longest_hours;
};

/* What a group may choose: of the list of P7.3 those that a person can plan with. */
static bool can_choose(uint32_t hours)
{
    return hours == 0 || hours == DAY_HOURS || hours == 7 * DAY_HOURS ||
           hours == 30 * DAY_HOURS;
}

/* How long keys stay for texts of this lifetime (P5.15). */
static uint32_t talk_hours(uint32_t hours)
{
    return hours == 0 ? RECORD_LIFETIME_HOURS : hours;
}

static int body_read(struct bytes body, struct lifetimes *out)
{
    struct mp_reader r = mp_reader_of(body);
    bool fits = mp_read_array(&r, CARD_BODY_ITEMS) == CARD_BODY_ITEMS;
    out->hours = (uint32_t)mp_read_uint(&r, UINT32_MAX);
    out->longest_hours = (uint32_t)mp_read_uint(&r, UINT32_MAX);
    if (mp_reader_end(&r) || !fits || !can_choose(out->hours))
        return ERR_MALFORMED;
    return out->longest_hours < talk_hours(out->hours) ||
                   out->longest_hours > RECORD_LIFETIME_HOURS
               ? ERR_MALFORMED
               : 0;
}

int lifetime_check(struct bytes body)
{
    struct lifetimes read;
    return body_read(body, &read);
}

/* The longest that any card of a steward tells of, and what was known before. */
static uint32_t longest_told(const struct group *g)
{
    uint32_t longest = longest_talk_hours(g); /* with the first one */
    for (uint32_t i = 0; i < member_count(g); i++) {
        const struct member *m = member_at(g, i);
        const struct card *c =
            m->role == ROLE_STEWARD ? card_find(g, m->pk, CARD_LIFETIME) : NULL;
        struct lifetimes told;
        if (c && body_read(c->body, &told) == 0 && told.longest_hours > longest)
            longest = told.longest_hours;
    }
    return longest;
}

/* Find what is in force and save it; `*changed` unless it is as it was. */
static int settle(struct group *g, bool *changed)
{
    const struct card *newest = card_of_stewards(g, CARD_LIFETIME);
    struct lifetimes now;
    *changed = false;
    if (!newest || body_read(newest->body, &now))
        return 0;
    uint32_t longest = longest_told(g), shown = g->lifetime_shown_hours;
    if (memcmp(newest->author, g->member_pk, 32) == 0)
        shown = now.hours;
    *changed = now.hours != g->lifetime_hours;
    if (!*changed && longest == g->lifetime_longest_hours &&
        shown == g->lifetime_shown_hours)
        return 0;
    g->lifetime_hours = now.hours;
    g->lifetime_longest_hours = longest;
    g->lifetime_shown_hours = shown;
    return group_save(g);
}

int lifetime_load(struct group *g)
{
    bool changed = false;
    return settle(g, &changed); /* what is new is told when the group is looked at */
}

int lifetime_settle(struct group *g)
{
    bool changed = false;
    int err = settle(g, &changed);
    if (err || !changed || g->lifetime_shown_hours == g->lifetime_hours ||
        g->lifetime_shown_hours == LIFETIME_UNSHOWN)
        return err;
    return fx_tell(g->peer, TELL_LIFETIME, g->number, 0, 0);
}

int lifetime_post(struct group *g, uint32_t hours)
{
    const struct member *me = member_me(g);
    const struct card *newest = card_of_stewards(g, CARD_LIFETIME);
    uint32_t longest = longest_talk_hours(g);
    struct buf body = {0};
    if (!can_choose(hours))
        return ERR_USAGE;
    if (!me || me->role != ROLE_STEWARD)
        return ERR_DENIED;
    if (hours == g->lifetime_hours)
        return 0;
    if (newest && newest->seq == UINT32_MAX)
        return ERR_FULL;
    if (talk_hours(hours) > longest)
        longest = talk_hours(hours);
    struct mp_writer w = mp_writer_to(&body, CARD_BODY_BYTES_MAX);
    mp_array(&w, CARD_BODY_ITEMS);
    mp_uint(&w, hours);
    mp_uint(&w, longest);
    int err = mp_writer_end(&w);
    if (!err)
        err =
            card_post(g, CARD_LIFETIME, BUF_BYTES(&body), newest ? newest->seq + 1 : 1);
    buf_free(&body);
    return err;
}

int lifetime_joined(struct group *g)
{
    return g->lifetime_shown_hours == LIFETIME_UNSHOWN ? lifetime_mark_read(g) : 0;
}

int lifetime_mark_read(struct group *g)
{
    if (g->lifetime_shown_hours == g->lifetime_hours)
        return 0;
    g->lifetime_shown_hours = g->lifetime_hours;
    return group_save(g);
}

uint32_t lifetime_author(const struct group *g)
{
    const struct card *newest = card_of_stewards(g, CARD_LIFETIME);
    const struct member *m = newest ? member_find(g, newest->author) : NULL;
    return m ? m->index : UINT32_MAX;
}
