/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* peer_view.c -- looking: nothing here changes what is kept. */
#include <string.h>

#include "base/text.h"
#include "crypto/arena.h"
#include "node/core/content_int.h"
#include "node/core/peer_int.h"

enum { FOLDED_BYTES_MAX = 4096, SHOWN_BYTES_MAX = 1024 };

/* Replace what `to` lends by `name`; on lack of memory it lends nothing. */
static struct bytes lend(struct buf *to, struct bytes name)
{
    to->n = 0;
    if (buf_append(to, name, SHOWN_BYTES_MAX) != 0)
        return BYTES(NULL, 0);
    return BUF_BYTES(to);
}

/* How many groups with a smaller number are called the same. */
static uint32_t same_before(struct peer *p, uint32_t index)
{
    struct buf mine = {0}, other = {0};
    uint32_t same = 0;
    int err = text_fold(group_base_name(p->groups[index]), &mine, FOLDED_BYTES_MAX);
    for (uint32_t i = 0; i < index && !err; i++) {
        other.n = 0;
        err = text_fold(group_base_name(p->groups[i]), &other, FOLDED_BYTES_MAX);
        same += !err && bytes_equal(BUF_BYTES(&mine), BUF_BYTES(&other));
    }
    buf_free(&mine);
    buf_free(&other);
    return same;
}

/* " 2" and so on, appended in decimal. */
static struct bytes lend_number(struct buf *to, uint32_t number)
{
    char digits[12];
    size_t at = sizeof digits;
    for (; number > 0; number /= 10)
        digits[--at] = (char)('0' + number % 10);
    digits[--at] = ' ';
    if (buf_append(to, BYTES(digits + at, sizeof digits - at), SHOWN_BYTES_MAX) != 0)
        return BYTES(NULL, 0);
    return BUF_BYTES(to);
}

static struct bytes group_shown_name(struct peer *p, uint32_t index)
{
    uint32_t before = same_before(p, index);
    struct bytes name = lend(&p->shown_group, group_base_name(p->groups[index]));
    return before ? lend_number(&p->shown_group, before + 1) : name;
}

static uint32_t stewards_count(const struct group *g)
{
    uint32_t stewards = 0;
    for (uint32_t i = 0; i < member_count(g); i++)
        stewards += member_at(g, i)->role == ROLE_STEWARD;
    return stewards;
}

int peer_groups(struct peer *p, peer_visit_group *visit, void *ctx)
{
    int stop = 0;
    for (uint32_t i = 0; i < p->groups_count && !stop; i++) {
        struct group *g = p->groups[i];
        uint64_t entries = 0;
        uint32_t sealed = 0, aside = 0;
        const struct member *me = member_me(g);
        struct group_view view = {.number = g->number, .joining = g->joining};
        memcpy(view.id, g->id, 32);
        view.name = group_shown_name(p, i);
        view.me =
            lend(&p->shown_me, me ? card_member_name(g, me->index) : BYTES(NULL, 0));
        view.lifetime_hours = g->lifetime_hours;
        view.members = member_count(g);
        view.stewards = stewards_count(g);
        view.links = links_count(p, g->number);
        view.hour = g->hour.hour;
        view.steward = me && me->role == ROLE_STEWARD;
        view.differs = control_differs(g);
        if (!g->joining)
            control_digest(g, view.digest);
        content_counts(g, &view.unread, &entries, &sealed, &aside);
        stop = visit(ctx, &view);
    }
    return stop;
}

int peer_members(struct peer *p, uint32_t group, peer_visit_member *visit, void *ctx)
{
    struct group *g = peer_group(p, group);
    if (!g)
        return ERR_NOTFOUND;
    const struct member *me = member_me(g);
    int stop = 0;
    for (uint32_t i = 0; i < member_count(g) && !stop; i++) {
        const struct member *m = member_at(g, i);
        const struct author *a = author_find(g->content, m->pk);
        struct member_view view = {.index = m->index};
        memcpy(view.key, m->pk, 32);
        view.let_in_by = lend(&p->shown_by, m->let_in_by == UINT32_MAX
                                                ? BYTES(NULL, 0)
                                                : card_member_name(g, m->let_in_by));
        view.name = lend(&p->shown_me, card_member_name(g, m->index));
        view.steward = m->role == ROLE_STEWARD;
        view.me = me && me->index == m->index;
        view.linked = links_member_linked(p, group, m->index);
        view.forked = (a && a->forked) || member_forked(g, m->index); /* P4.3, P8.6 */
        stop = visit(ctx, &view);
    }
    return stop;
}

int peer_messages(struct peer *p, uint32_t group, peer_visit_message *visit, void *ctx)
{
    struct group *g = peer_group(p, group);
    return g ? content_messages(g, visit, ctx) : ERR_NOTFOUND;
}

void peer_status(const struct peer *p, struct peer_status *out)
{
    memset(out, 0, sizeof *out);
    out->groups = p->groups_count;
    out->handshakes = links_handshakes(p);
    out->keys_locked = arena_locked(p->arena);
    out->limited = p->limited > UINT32_MAX ? UINT32_MAX : (uint32_t)p->limited;
    for (uint32_t i = 0; i < p->groups_count; i++) {
        const struct group *g = p->groups[i];
        uint32_t unread = 0, sealed = 0, aside = 0;
        uint64_t entries = 0;
        content_counts(g, &unread, &entries, &sealed, &aside);
        out->links += links_count(p, g->number);
        out->unopened += sealed;
        out->aside += aside;
        out->entries += entries;
        out->drafts += content_drafts(g);
    }
}
