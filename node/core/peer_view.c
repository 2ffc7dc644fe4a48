/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* peer_view.c -- looking: nothing here changes what is kept. */
#include <string.h>

#include "base/text.h"
#include "crypto/arena.h"
#include "node/core/budget.h"
#include "node/core/compare.h"
#include "node/core/content_order.h"
#include "node/core/join_int.h"
#include "node/core/lifetime.h"
#include "node/core/peer_int.h"

enum { FOLDED_BYTES_MAX = 4096, SHOWN_BYTES_MAX = 1024 };

/* Replace what `to` lends by `name`. */
static int lend(struct buf *to, struct bytes name, struct bytes *lent)
{
    to->n = 0;
    int err = buf_append(to, name, SHOWN_BYTES_MAX);
    *lent = BUF_BYTES(to);
    return err;
}

/* How many groups with a smaller number are called the same. */
static int same_before(struct peer *p, uint32_t index, uint32_t *same)
{
    struct buf mine = {0}, other = {0};
    *same = 0;
    int err = text_fold(group_base_name(p->groups[index]), &mine, FOLDED_BYTES_MAX);
    for (uint32_t i = 0; i < index && !err; i++) {
        other.n = 0;
        err = text_fold(group_base_name(p->groups[i]), &other, FOLDED_BYTES_MAX);
        *same += !err && bytes_equal(BUF_BYTES(&mine), BUF_BYTES(&other));
    }
    buf_free(&mine);
    buf_free(&other);
    return err;
}

/* " 2" and so on, appended in decimal. */
static int lend_number(struct buf *to, uint32_t number, struct bytes *lent)
{
    char digits[12];
    size_t at = sizeof digits;
    for (; number > 0; number /= 10)
        digits[--at] = (char)('0' + number % 10);
    digits[--at] = ' ';
    int err = buf_append(to, BYTES(digits + at, sizeof digits - at), SHOWN_BYTES_MAX);
    *lent = BUF_BYTES(to);
    return err;
}

static int group_shown_name(struct peer *p, uint32_t index, struct bytes *name)
{
    uint32_t before = 0;
    int err = 0;
    for (uint32_t i = 0; i <= index && !err; i++)
        err = card_names_ready(p->groups[i]);
    if (!err)
        err = same_before(p, index, &before);
    if (!err)
        err = lend(&p->shown_group, group_base_name(p->groups[index]), name);
    return err || !before ? err : lend_number(&p->shown_group, before + 1, name);
}

static uint32_t stewards_count(const struct group *g)
{
    uint32_t stewards = 0;
    for (uint32_t i = 0; i < member_count(g); i++)
        stewards += member_at(g, i)->role == ROLE_STEWARD;
    return stewards;
}

/* Our own join waits for a yes. */
static void asked_look(const struct group *g, struct group_view *view)
{
    view->asked = true;
    view->same = g->joins->same;
    view->language = g->joins->language;
    view->host = BUF_BYTES(&g->joins->host);
    join_sentence(g, view->sentence);
}

/* What changed of how long new texts stay, since the person looked. */
static int lifetime_look(struct group *g, struct group_view *view)
{
    uint32_t shown = g->lifetime_shown_hours, by = lifetime_author(g);
    if (shown == LIFETIME_UNSHOWN || shown == g->lifetime_hours)
        return 0;
    view->lifetime_was_hours = shown;
    return lend(&g->peer->shown_by,
                by == UINT32_MAX ? BYTES(NULL, 0) : card_member_name(g, by),
                &view->lifetime_by);
}

/* Group `index` as it is shown. */
static int group_look(struct peer *p, uint32_t index, struct group_view *view)
{
    struct group *g = p->groups[index];
    uint64_t entries = 0;
    uint32_t sealed = 0, aside = 0;
    const struct member *me = member_me(g);
    *view = (struct group_view){.number = g->number, .joining = g->joining};
    memcpy(view->id, g->id, 32);
    view->lifetime_hours = g->lifetime_hours;
    view->lifetime_was_hours = UINT32_MAX;
    view->members = member_count(g);
    view->stewards = stewards_count(g);
    view->links = links_count(p, g->number);
    view->hour = g->hour.hour;
    view->steward = me && me->role == ROLE_STEWARD;
    view->differs = control_differs(g);
    int err = group_shown_name(p, index, &view->name);
    if (!err)
        err = lend(&p->shown_me, me ? card_member_name(g, me->index) : BYTES(NULL, 0),
                   &view->me);
    if (!err)
        err = lifetime_look(g, view);
    if (!err && !g->joining)
        err = control_digest(g, view->digest);
    if (!err)
        err = content_count_unread(g);
    if (!err)
        err = g->joining ? 0 : door_count(g, &view->waiting);
    if (g->joining && g->joins->asked)
        asked_look(g, view);
    content_counts(g, &view->unread, &entries, &sealed, &aside);
    view->unread_named = content_unread_named(g);
    view->ended_unread = content_ended_unread(g);
    view->quiet = content_is_quiet(g);
    return err;
}

int peer_groups(struct peer *p, peer_visit_group *visit, void *ctx)
{
    int stop = 0;
    for (uint32_t i = 0; i < p->groups_count && !stop; i++) {
        struct group_view view;
        stop = group_look(p, i, &view);
        if (!stop)
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
    int stop = card_names_ready(g);
    for (uint32_t i = 0; i < member_count(g) && !stop; i++) {
        const struct member *m = member_at(g, i);
        const struct author *a = author_find(g->content, m->pk);
        struct member_view view = {.index = m->index};
        memcpy(view.key, m->pk, 32);
        stop = lend(&p->shown_by,
                    m->let_in_by == UINT32_MAX ? BYTES(NULL, 0)
                                               : card_member_name(g, m->let_in_by),
                    &view.let_in_by);
        if (!stop)
            stop = lend(&p->shown_me, card_member_name(g, m->index), &view.name);
        if (!stop)
            stop = join_hour(g, m->pk, &view.reads_from_hour);
        if (!stop)
            stop = compare_marked(g, m->pk, &view.compared_here);
        view.compared = m->compared || view.compared_here;
        view.steward = m->role == ROLE_STEWARD;
        view.me = me && me->index == m->index;
        view.hidden = a && a->hidden;
        view.linked = links_member_linked(p, group, m->index);
        view.forked = (a && a->forked) || member_forked(g, m->index); /* P4.3, P8.6 */
        if (!stop)
            stop = visit(ctx, &view);
    }
    return stop;
}

int peer_messages(struct peer *p, uint32_t group, peer_visit_message *visit, void *ctx)
{
    const struct message_pick all = {0};
    return peer_messages_some(p, group, &all, visit, ctx);
}

int peer_messages_some(struct peer *p, uint32_t group, const struct message_pick *pick,
                       peer_visit_message *visit, void *ctx)
{
    struct group *g = peer_group(p, group);
    return g ? content_messages(g, pick, visit, ctx) : ERR_NOTFOUND;
}

int peer_warnings(struct peer *p, uint32_t group, peer_visit_warning *visit, void *ctx)
{
    struct group *g = peer_group(p, group);
    return g ? content_warnings(g, visit, ctx) : ERR_NOTFOUND;
}

int peer_search(struct peer *p, uint32_t group, struct bytes words,
                peer_visit_message *visit, void *ctx, uint64_t *count)
{
    struct group *g = peer_group(p, group);
    *count = 0;
    return g ? content_search(g, words, visit, ctx, count) : ERR_NOTFOUND;
}

int peer_waiting(struct peer *p, uint32_t group, peer_visit_message *visit, void *ctx)
{
    struct group *g = peer_group(p, group);
    return g ? content_waiting(g, visit, ctx) : ERR_NOTFOUND;
}

int peer_lacking(struct peer *p, uint32_t group, uint64_t row, peer_visit_name *visit,
                 void *ctx)
{
    struct group *g = peer_group(p, group);
    return g ? content_lacking(g, row, visit, ctx) : ERR_NOTFOUND;
}

int peer_unsent(struct peer *p, uint32_t group, struct buf *text)
{
    struct group *g = peer_group(p, group);
    return g ? content_unsent(g, text) : ERR_NOTFOUND;
}

int peer_unsent_answers(struct peer *p, uint32_t group, struct message_view *view)
{
    struct group *g = peer_group(p, group);
    uint8_t reply[REPLY_BYTES];
    *view = (struct message_view){.reply = REPLY_NOT};
    int err = g ? card_names_ready(g) : ERR_NOTFOUND;
    if (err)
        return err;
    err = content_unsent_answers(g, reply);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    return answered_find(g, reply, view, &p->shown_by, &p->shown_me);
}

/* The latest reason a member was limited for; false if never. */
static bool limited_view(const struct group *g, uint32_t index, struct limited_view *v)
{
    *v = (struct limited_view){.group = g->number, .index = index};
    for (int why = 0; why < LIMITED_END; why++) {
        uint64_t last_ms = 0,
                 times = budget_limited(g, index, (enum limited)why, &last_ms);
        if (times > 0 && last_ms >= v->last_ms) {
            v->why = (enum limited)why;
            v->last_ms = last_ms;
        }
        v->times += times;
    }
    return v->times > 0;
}

int peer_limited(struct peer *p, peer_visit_limited *visit, void *ctx)
{
    int stop = 0;
    for (uint32_t i = 0; i < p->groups_count && !stop; i++) {
        struct group *g = p->groups[i];
        for (uint32_t k = 0; k < member_count(g) && !stop; k++) {
            struct limited_view v;
            if (!limited_view(g, k, &v))
                continue;
            stop = lend(&p->shown_me, card_member_name(g, k), &v.name);
            if (!stop)
                stop = visit(ctx, &v);
        }
    }
    return stop;
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
