/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* keys_lanes.c -- lanes and access keys: under which topics we read, and by which keys
 * others may come in (P9.3).
 *
 * Somebody who was away for long comes in by an old access key.  A member who makes one
 * rekey after another must not push that out of what is tried, nor out of what is held:
 * both are fair by author.
 */
#include <string.h>

#include "node/core/keys_int.h"

/* Of one author's epochs the newest are tried before anybody's older ones. */
enum { ACC_PER_AUTHOR_MAX = LIMIT_ACC_KEYS_MAX / 8 };

static bool same_author(const struct group *g, const struct epoch_key *a,
                        const struct epoch_key *b)
{
    return memcmp(held_at(g, a->entry)->e.author, held_at(g, b->entry)->e.author, 32) ==
           0;
}

static void lane_fill(const struct epoch_key *e, struct lane_view *out)
{
    memcpy(out->epoch, e->id, 32);
    memcpy(out->topic, e->topic, 32);
    memcpy(out->header_key, e->s->header_key, 32);
}

bool keys_lane_at(const struct group *g, uint32_t i, struct lane_view *out)
{
    if (!g->keys || i >= g->keys->lanes_count)
        return false;
    lane_fill(g->keys->lanes[i], out);
    return true;
}

bool keys_lane_find(const struct group *g, const uint8_t topic[static 32],
                    struct lane_view *out)
{
    const struct keys *k = g->keys;
    for (uint32_t i = 0; k && i < k->lanes_count; i++)
        if (memcmp(k->lanes[i]->topic, topic, 32) == 0) {
            lane_fill(k->lanes[i], out);
            return true;
        }
    return false;
}

/* Take lane `i` unless there is no room, or its author has enough for now. */
static bool acc_take(const struct group *g, uint32_t i, uint32_t per_author_max)
{
    struct keys *k = g->keys;
    uint32_t same = 0;
    for (uint32_t n = 0; n < k->acc_count; n++)
        same += same_author(g, k->lanes[k->acc[n]], k->lanes[i]);
    if (k->acc_count == LIMIT_ACC_KEYS_MAX || same >= per_author_max)
        return false;
    k->acc[k->acc_count++] = (uint16_t)i;
    return true;
}

static void acc_choose(const struct group *g)
{
    struct keys *k = g->keys;
    uint8_t taken[LIMIT_EPOCHS_HELD_MAX] = {0};
    k->acc_count = 0;
    for (uint32_t i = 0; i < k->lanes_count; i++)
        taken[i] = acc_take(g, i, ACC_PER_AUTHOR_MAX);
    for (uint32_t i = 0; i < k->lanes_count; i++)
        taken[i] = taken[i] || acc_take(g, i, UINT32_MAX);
    k->acc_count = 0; /* once more in order, the newest first */
    for (uint32_t i = 0; i < k->lanes_count; i++)
        if (taken[i])
            k->acc[k->acc_count++] = (uint16_t)i;
    k->acc_chosen = true;
}

bool keys_acc_at(const struct group *g, uint32_t i, uint8_t acc[static 32])
{
    struct keys *k = g->keys;
    if (!k)
        return false;
    if (!k->acc_chosen)
        acc_choose(g);
    if (i >= k->acc_count)
        return false;
    memcpy(acc, k->lanes[k->acc[i]]->s->v.acc, 32);
    return true;
}

struct epoch_key *lane_to_erase(const struct group *g)
{
    const struct keys *k = g->keys;
    uint32_t most = 0;
    struct epoch_key *found = NULL;
    for (uint32_t i = 1; i < k->lanes_count; i++) { /* the newest stays */
        uint32_t same = 0;
        if (k->lanes[i]->superseded_hour == HOUR_NONE)
            continue;
        for (uint32_t n = 0; n < k->lanes_count; n++)
            same += same_author(g, k->lanes[i], k->lanes[n]);
        if (same >= most) { /* the last one of that author is his oldest */
            most = same;
            found = k->lanes[i];
        }
    }
    return found;
}
