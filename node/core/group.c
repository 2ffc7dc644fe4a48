/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* group.c -- the groups on this device.
 *
 * Record in LOG_GROUP, key "g", integers big-endian:
 *
 *     version || id 32 || salt 32 || counter u32 || transport secret 32 ||
 *     lifetime hours u32 || joining u8 || hour u32 || part of the hour u32 ms ||
 *     own clock then u64 ms || hour that the own clock vouches for u32 ||
 *     longest lifetime that cards told of u32 || lifetime that the person was told u32;
 *     version 2, version 1 ends before the last two
 *
 * The member key follows from the profile seed, salt and counter (P2.6).  LOG_PROFILE
 * keeps under 'j' || salt how often a group was joined and left, so that the next join
 * gets another key.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "crypto/arena.h"
#include "crypto/dh.h"
#include "crypto/sign.h"
#include "node/core/content_int.h"
#include "node/core/lifetime.h"
#include "node/core/peer_int.h"

enum {
    GROUP_VERSION_FIRST = 1,
    GROUP_VERSION = 2,
    GROUP_BYTES_MAX = 160,
    LIST_BYTES_MAX = 4 + 4 * LIMIT_GROUPS_MAX,
    FOLDED_BYTES_MAX = 4096,
};
static const char group_key[] = "g", list_key[] = "groups";

/* --- the list of groups ---------------------------------------------------------- */

struct group_list {
    uint32_t next, numbers[LIMIT_GROUPS_MAX], count;
};

static int list_load(struct peer *p, struct group_list *list)
{
    struct bytes value;
    *list = (struct group_list){.next = 1};
    int err = p->log.ops->get(p->log.ctx, 0, LOG_PROFILE,
                              BYTES(list_key, sizeof list_key - 1), &value);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    struct reader r = reader_of(value);
    list->next = read_u32(&r);
    while (r.err == 0 && r.left.n > 0 && list->count < LIMIT_GROUPS_MAX)
        list->numbers[list->count++] = read_u32(&r);
    return reader_end(&r) ? ERR_DAMAGED : 0;
}

static int list_save(struct peer *p, const struct group_list *list)
{
    uint8_t value[LIST_BYTES_MAX];
    struct room room = ROOM_OF(value);
    struct writer w = writer_to(&room);
    write_u32(&w, list->next);
    for (uint32_t i = 0; i < list->count; i++)
        write_u32(&w, list->numbers[i]);
    CHECK(writer_end(&w) == 0);
    return p->log.ops->put(p->log.ctx, 0, LOG_PROFILE,
                           BYTES(list_key, sizeof list_key - 1), BYTES(room.p, room.n));
}

int groups_load(struct peer *p)
{
    struct group_list list;
    int err = list_load(p, &list);
    for (uint32_t i = 0; i < list.count && !err; i++) {
        struct group *g = NULL;
        err = group_load(p, list.numbers[i], &g);
        if (err == ERR_NOTFOUND)
            err = ERR_DAMAGED;
    }
    return err;
}

struct group *peer_group(struct peer *p, uint32_t number)
{
    for (uint32_t i = 0; i < p->groups_count; i++)
        if (p->groups[i]->number == number)
            return p->groups[i];
    return NULL;
}

/* --- one group ------------------------------------------------------------------- */

static int group_alloc(struct peer *p, struct group **out)
{
    struct group *g = calloc(1, sizeof *g);
    if (!g)
        return ERR_NOMEM;
    g->peer = p;
    g->secrets = arena_alloc(p->arena, sizeof *g->secrets);
    if (!g->secrets) {
        free(g);
        return ERR_NOMEM;
    }
    g->hour.last_now_ms = UINT64_MAX; /* not advanced in this run yet */
    g->hour.last_wall_ms = p->wall_ms;
    *out = g;
    return 0;
}

static void group_derive(struct group *g)
{
    sign_derive_member(g->member_pk, g->secrets->member_sk, g->peer->seed, g->salt,
                       g->counter);
    dh_public(g->transport_pk, g->secrets->transport_sk);
}

static struct bytes counter_key(uint8_t out[static 33], const uint8_t *salt)
{
    out[0] = 'j';
    memcpy(out + 1, salt, 32);
    return BYTES(out, 33);
}

/* How often a group of this salt was here before. */
static int counter_load(struct group *g)
{
    struct log *log = &g->peer->log;
    uint8_t key[33];
    struct bytes value;
    int err =
        log->ops->get(log->ctx, 0, LOG_PROFILE, counter_key(key, g->salt), &value);
    if (err == ERR_NOTFOUND)
        return 0;
    if (!err && value.n != 4)
        return ERR_DAMAGED;
    if (!err)
        g->counter = get_u32(value.p);
    return err;
}

static int parts_new(struct group *g)
{
    int err = control_new(g);
    if (!err)
        err = keys_new(g);
    if (!err)
        err = content_new(g);
    if (!err)
        err = words_begin(g);
    if (!err)
        err = card_new(g);
    return err ? err : join_load(g);
}

static int parts_load(struct group *g)
{
    int err = control_load(g);
    if (!err)
        err = keys_load(g);
    if (!err)
        err = content_load(g);
    if (!err)
        err = card_load(g);
    if (!err && !g->joining)
        err = lifetime_load(g);
    return err ? err : join_load(g);
}

int group_new(struct peer *p, const uint8_t salt[static 32], struct group **out)
{
    struct group_list list;
    struct group *g = NULL;
    if (p->groups_count == LIMIT_GROUPS_MAX) {
        p->limited++;
        return ERR_FULL;
    }
    int err = list_load(p, &list);
    if (!err)
        err = group_alloc(p, &g);
    if (err)
        return err;
    g->number = list.next++;
    list.numbers[list.count++] = g->number;
    memcpy(g->salt, salt, 32);
    entropy_fill(&p->entropy, g->secrets->transport_sk,
                 sizeof g->secrets->transport_sk);
    err = counter_load(g);
    if (!err) {
        group_derive(g);
        p->groups[p->groups_count++] = g;
        err = parts_new(g);
    }
    if (!err)
        err = list_save(p, &list);
    if (!err)
        err = group_save(g);
    if (err) {
        if (p->groups_count > 0 && p->groups[p->groups_count - 1] == g)
            p->groups[--p->groups_count] = NULL;
        group_free(g);
        return err;
    }
    *out = g;
    return 0;
}

static int record_read(struct group *g, struct bytes value)
{
    struct reader r = reader_of(value);
    uint8_t version = read_u8(&r);
    read_copy(&r, g->id, 32);
    read_copy(&r, g->salt, 32);
    g->counter = read_u32(&r);
    read_copy(&r, g->secrets->transport_sk, 32);
    g->lifetime_hours = read_u32(&r);
    g->joining = read_u8(&r) != 0;
    g->hour.hour = read_u32(&r);
    g->hour.part_ms = read_u32(&r);
    g->hour.last_wall_ms = read_u64(&r);
    g->hour.sure_hour = read_u32(&r);
    g->lifetime_shown_hours = g->lifetime_hours;
    if (version != GROUP_VERSION_FIRST) {
        g->lifetime_longest_hours = read_u32(&r);
        g->lifetime_shown_hours = read_u32(&r);
    }
    return reader_end(&r) || version < GROUP_VERSION_FIRST || version > GROUP_VERSION
               ? ERR_DAMAGED
               : 0;
}

int group_read(struct peer *p, uint32_t number, struct group **out)
{
    struct bytes value;
    struct group *g = NULL;
    if (p->groups_count == LIMIT_GROUPS_MAX)
        return ERR_FULL;
    int err = group_alloc(p, &g);
    if (err)
        return err;
    g->number = number;
    err = p->log.ops->get(p->log.ctx, number, LOG_GROUP,
                          BYTES(group_key, sizeof group_key - 1), &value);
    if (!err)
        err = record_read(g, value);
    if (err) {
        group_free(g);
        return err;
    }
    group_derive(g);
    p->groups[p->groups_count++] = g;
    *out = g;
    return 0;
}

int group_load(struct peer *p, uint32_t number, struct group **out)
{
    struct group *g = NULL;
    int err = group_read(p, number, &g);
    if (err)
        return err;
    err = parts_load(g);
    if (err) {
        p->groups[--p->groups_count] = NULL;
        group_free(g);
        return err;
    }
    *out = g;
    return 0;
}

int group_save(struct group *g)
{
    uint8_t value[GROUP_BYTES_MAX];
    struct room room = ROOM_OF(value);
    struct writer w = writer_to(&room);
    write_u8(&w, GROUP_VERSION);
    write_bytes(&w, BYTES_OF(g->id));
    write_bytes(&w, BYTES_OF(g->salt));
    write_u32(&w, g->counter);
    write_bytes(&w, BYTES_OF(g->secrets->transport_sk));
    write_u32(&w, g->lifetime_hours);
    write_u8(&w, g->joining);
    write_u32(&w, g->hour.hour);
    write_u32(&w, g->hour.part_ms);
    write_u64(&w, g->hour.last_wall_ms);
    write_u32(&w, g->hour.sure_hour);
    write_u32(&w, g->lifetime_longest_hours);
    write_u32(&w, g->lifetime_shown_hours);
    int err = writer_end(&w);
    CHECK(err == 0);
    struct log *log = &g->peer->log;
    err = log->ops->put(log->ctx, g->number, LOG_GROUP,
                        BYTES(group_key, sizeof group_key - 1), BYTES(room.p, room.n));
    wipe(value, sizeof value);
    return err;
}

/* Take a group out of the list in the log. */
static int list_remove(struct peer *p, uint32_t number)
{
    struct group_list list;
    int err = list_load(p, &list);
    if (err)
        return err;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list.count; i++)
        if (list.numbers[i] != number)
            list.numbers[kept++] = list.numbers[i];
    list.count = kept;
    return list_save(p, &list);
}

int group_drop(struct group *g)
{
    struct peer *p = g->peer;
    uint8_t key[33], counter[4];
    put_u32(counter, g->counter + 1);
    int err = p->log.ops->drop_group(p->log.ctx, g->number);
    if (!err)
        err = p->log.ops->put(p->log.ctx, 0, LOG_PROFILE, counter_key(key, g->salt),
                              BYTES_OF(counter));
    if (!err)
        err = list_remove(p, g->number);
    if (err)
        return err;
    for (uint32_t i = 0; i < p->groups_count; i++) {
        if (p->groups[i] != g)
            continue;
        p->groups_count--;
        memmove(&p->groups[i], &p->groups[i + 1],
                (p->groups_count - i) * sizeof p->groups[0]);
        p->groups[p->groups_count] = NULL;
        break;
    }
    group_free(g);
    return 0;
}

void group_free(struct group *g)
{
    if (!g)
        return;
    join_free(g->joins);
    card_free(g->cards);
    content_free(g->content);
    keys_free(g->keys);
    control_free(g->control);
    arena_free(g->peer->arena, g->secrets);
    free(g);
}

/* --- names of groups ------------------------------------------------------------- */

struct bytes group_base_name(struct group *g)
{
    static const char unnamed[] = "New group";
    struct bytes name = g->joining ? BYTES(NULL, 0) : card_group_name(g);
    return name.n ? name : BYTES(unnamed, sizeof unnamed - 1);
}

int group_name_taken(struct peer *p, struct bytes name, const struct group *but)
{
    struct buf want = {0}, other = {0};
    int err = text_fold(name, &want, FOLDED_BYTES_MAX), taken = 0;
    for (uint32_t i = 0; i < p->groups_count && !err && !taken; i++) {
        if (p->groups[i] == but)
            continue;
        other.n = 0;
        err = card_names_ready(p->groups[i]);
        if (!err)
            err = text_fold(group_base_name(p->groups[i]), &other, FOLDED_BYTES_MAX);
        taken = !err && bytes_equal(BUF_BYTES(&want), BUF_BYTES(&other));
    }
    buf_free(&want);
    buf_free(&other);
    return err ? err : taken;
}
