/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* names.c -- names as shown: the same everywhere, no two alike (P4.13).
 *
 * Members whose names fold to one key are numbered in rising order of member keys: the
 * first is "Wren", the next "Wren 2".  A number that somebody took as a part of a name
 * ("Wren 2" on a card) is passed over, so that a number is nobody else's name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "node/core/card_int.h"

enum { FOLDED_BYTES_MAX = 1024, SHOWN_BYTES_MAX = 512, NUMBER_BYTES_MAX = 11 };

static const char nobody_yet[] = "New person";

void names_reset(struct cards *c)
{
    for (uint32_t i = 0; i < c->shown_count; i++)
        buf_free(&c->shown[i].text);
    c->shown_count = 0;
    c->shown_valid = false;
}

/* One folded name in use. */
struct folded {
    uint32_t given; /* the highest number given so far; 1: the name without a number */
};

struct naming {
    struct group *g;
    struct map taken;   /* hash of a folded name -> struct folded */
    struct folded *all; /* one for each member, used or not */
};

/* A map key for a folded name: itself, cut where maps end.  Two long names that begin
 * alike share numbers, which only makes them differ more. */
static struct bytes folded_key(const struct buf *folded)
{
    return BYTES(folded->p,
                 folded->n < MAP_KEY_BYTES_MAX ? folded->n : MAP_KEY_BYTES_MAX);
}

/* The name on a member's card, clean enough to show; empty without one. */
static int plain_name(const struct group *g, uint32_t index, struct buf *out)
{
    struct bytes text = card_text(card_find(g, member_at(g, index)->pk, CARD_NAME));
    size_t removed = 0;
    out->n = 0;
    int err = text_clean(text, out, SHOWN_BYTES_MAX, &removed);
    if (!err && text_check_name(BUF_BYTES(out)))
        out->n = 0; /* nothing of it can be a name */
    return err == ERR_TOOBIG ? 0 : err;
}

static int note_taken(struct naming *n, uint32_t rank, struct buf *name,
                      struct buf *fold)
{
    uint32_t index = n->g->control->by_key[rank];
    int err = plain_name(n->g, index, name);
    fold->n = 0;
    if (!err && name->n > 0)
        err = text_fold(BUF_BYTES(name), fold, FOLDED_BYTES_MAX);
    if (err || fold->n == 0)
        return err == ERR_NOMEM ? err : 0;
    if (map_get(&n->taken, folded_key(fold)))
        return 0;
    return map_put(&n->taken, folded_key(fold), &n->all[rank]);
}

/* Append " 2" to `name`. */
static int append_number(struct buf *name, uint32_t number)
{
    uint8_t digits[NUMBER_BYTES_MAX];
    size_t at = sizeof digits;
    for (; number > 0; number /= 10)
        digits[--at] = (uint8_t)('0' + number % 10);
    digits[--at] = ' ';
    return buf_append(name, BYTES(digits + at, sizeof digits - at),
                      name->n + NUMBER_BYTES_MAX);
}

/* The next number under `head` that is no part of somebody's name. */
static int next_name(struct naming *n, struct folded *head, struct buf *name,
                     struct buf *fold)
{
    size_t plain = name->n;
    int err = 0;
    do {
        name->n = plain;
        fold->n = 0;
        err = append_number(name, ++head->given);
        if (!err)
            err = text_fold(BUF_BYTES(name), fold, FOLDED_BYTES_MAX);
    } while (!err && map_get(&n->taken, folded_key(fold)));
    return err;
}

static int show_one(struct naming *n, uint32_t rank, struct buf *name, struct buf *fold)
{
    struct cards *c = n->g->cards;
    uint32_t index = n->g->control->by_key[rank];
    int err = plain_name(n->g, index, name);
    fold->n = 0;
    if (!err && name->n > 0)
        err = text_fold(BUF_BYTES(name), fold, FOLDED_BYTES_MAX);
    if (err == ERR_NOMEM)
        return err; /* or somebody with a name would be shown without one */
    struct folded *head = fold->n ? map_get(&n->taken, folded_key(fold)) : NULL;
    if (err || !head) {
        name->n = 0;
        err =
            buf_append(name, BYTES(nobody_yet, sizeof nobody_yet - 1), SHOWN_BYTES_MAX);
    } else if (head->given == 0) {
        head->given = 1;
    } else {
        err = next_name(n, head, name, fold);
    }
    return err ? err
               : buf_append(&c->shown[index].text, BUF_BYTES(name),
                            SHOWN_BYTES_MAX + NUMBER_BYTES_MAX);
}

static int names_fill(struct group *g)
{
    struct cards *c = g->cards;
    struct buf name = {0}, fold = {0};
    uint32_t count = member_count(g);
    struct naming n = {.g = g};
    names_reset(c);
    map_init(&n.taken, count + 1);
    struct shown_name *shown = realloc(c->shown, (count + 1U) * sizeof *shown);
    n.all = calloc(count + 1U, sizeof *n.all);
    int err = shown && n.all ? 0 : ERR_NOMEM;
    if (shown) {
        c->shown = shown;
        memset(shown, 0, (count + 1U) * sizeof *shown);
        c->shown_count = count;
    }
    for (uint32_t i = 0; !err && i < count; i++)
        err = note_taken(&n, i, &name, &fold);
    for (uint32_t i = 0; !err && i < count; i++)
        err = show_one(&n, i, &name, &fold);
    c->shown_valid = err == 0;
    map_free(&n.taken);
    free(n.all);
    buf_free(&name);
    buf_free(&fold);
    return err;
}

int card_names_ready(struct group *g)
{
    struct cards *c = g->cards;
    c->group_name.n = 0;
    int err = buf_reserve(&c->group_name, SHOWN_BYTES_MAX, SHOWN_BYTES_MAX);
    if (err || (c->shown_valid && c->shown_count == member_count(g)))
        return err;
    return names_fill(g);
}

struct bytes card_member_name(struct group *g, uint32_t index)
{
    struct cards *c = g->cards;
    if (c->shown_count != member_count(g))
        c->shown_valid = false;
    if ((!c->shown_valid && names_fill(g)) || index >= c->shown_count)
        return BYTES(nobody_yet, sizeof nobody_yet - 1);
    return BUF_BYTES(&c->shown[index].text);
}

const struct card *card_of_stewards(const struct group *g, uint8_t kind)
{
    const struct card *best = NULL;
    for (uint32_t i = 0; i < member_count(g); i++) {
        const struct member *m = member_at(g, i);
        if (m->role != ROLE_STEWARD)
            continue;
        const struct card *c = card_find(g, m->pk, kind);
        if (c && (!best || c->seq > best->seq ||
                  (c->seq == best->seq && memcmp(c->id, best->id, 32) > 0)))
            best = c;
    }
    return best;
}

struct bytes card_group_name(struct group *g)
{
    struct cards *c = g->cards;
    size_t removed = 0;
    const struct card *newest = card_of_stewards(g, CARD_GROUP_NAME);
    c->group_name.n = 0;
    if (!newest ||
        text_clean(card_text(newest), &c->group_name, SHOWN_BYTES_MAX, &removed))
        return BYTES(NULL, 0);
    return BUF_BYTES(&c->group_name);
}
