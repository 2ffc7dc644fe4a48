/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* checks.c -- invariants after every step, and convergence. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "tests/sim/copies.h"
#include "tests/sim/liar.h"

enum { MEMBER_BYTES = 32 + 96, WARNINGS_MAX = 64 };

/* What one node shows, gathered for comparing. */
struct shown {
    int texts[WORLD_SAID_MAX]; /* index into world->said, in shown order */
    int count;
    char members[WORLD_NODES_MAX][MEMBER_BYTES]; /* key, name, right */
    int members_count;
    bool liar[WORLD_NODES_MAX], copied[WORLD_NODES_MAX]; /* by member index */
    uint8_t keys[WORLD_NODES_MAX][32];
    uint8_t digest[16];
    bool differs;
    uint32_t lifetime_hours;
    struct {
        uint8_t ref[WARNING_REF_BYTES];
        bool back;
    } warnings[WARNINGS_MAX];
    int warnings_count;
    struct world *w;
    int node;
};

static int find_said(const struct world *w, struct bytes text)
{
    for (int i = 0; i < w->said_count; i++)
        if (strlen(w->said[i].text) == text.n &&
            memcmp(w->said[i].text, text.p, text.n) == 0)
            return i;
    return -1;
}

/* A text of an honest member was said by that member. */
static void check_author(struct shown *s, uint32_t author, int which)
{
    const struct node *by = &s->w->nodes[s->w->said[which].node];
    struct group *g = by->peer && by->group ? peer_group(by->peer, by->group) : NULL;
    if (g && author < WORLD_NODES_MAX && memcmp(g->member_pk, s->keys[author], 32) != 0)
        world_break(s->w, "node %d shows a text under another's name", s->node);
}

static int gather_message(void *ctx, const struct message_view *view)
{
    struct shown *s = ctx;
    if (view->draft || (view->author < WORLD_NODES_MAX && s->liar[view->author]))
        return 0;
    if (view->kind == 0 && view->author < WORLD_NODES_MAX && s->copied[view->author])
        return 0; /* two copies used one key: it is said again (P8.11) */
    if (view->ends_in_hours == 0)
        world_break(s->w, "node %d shows a text that has ended", s->node);
    int which = find_said(s->w, view->text);
    if (which < 0) {
        world_break(s->w, "node %d shows a text that nobody said", s->node);
        return 1;
    }
    check_author(s, view->author, which);
    for (int i = 0; i < s->count; i++)
        if (s->texts[i] == which && s->w->said[which].may_be_twice)
            return 0;
        else if (s->texts[i] == which)
            world_break(s->w, "node %d shows a text twice", s->node);
    for (int i = 0; i < s->count; i++)
        if (s->w->said[s->texts[i]].node == s->w->said[which].node &&
            s->texts[i] > which && !copy_is(s->w, s->w->said[which].node))
            world_break(s->w, "node %d shows texts of node %d out of order", s->node,
                        s->w->said[which].node);
    if (s->count < WORLD_SAID_MAX)
        s->texts[s->count++] = which;
    return 0;
}

static int gather_member(void *ctx, const struct member_view *view)
{
    struct shown *s = ctx;
    if (s->members_count == WORLD_NODES_MAX || view->name.n > 90)
        return 1;
    if (view->index < WORLD_NODES_MAX) {
        s->liar[view->index] = liar_owns(s->w, view->key);
        s->copied[view->index] = copy_of(s->w, view->key);
        memcpy(s->keys[view->index], view->key, 32);
    }
    char *m = s->members[s->members_count++];
    memcpy(m, view->key, 32);
    memcpy(m + 32, view->name.p, view->name.n);
    m[MEMBER_BYTES - 1] = view->steward ? '*' : '.';
    return 0;
}

/* Members are shown in the order in which they came in here; as a set they must agree.
 */
static void sort_members(struct shown *s)
{
    for (int i = 1; i < s->members_count; i++)
        for (int j = i;
             j > 0 && memcmp(s->members[j - 1], s->members[j], MEMBER_BYTES) > 0; j--) {
            char swap[MEMBER_BYTES];
            memcpy(swap, s->members[j], MEMBER_BYTES);
            memcpy(s->members[j], s->members[j - 1], MEMBER_BYTES);
            memcpy(s->members[j - 1], swap, MEMBER_BYTES);
        }
}

static int gather_group(void *ctx, const struct group_view *view)
{
    struct shown *s = ctx;
    if (view->number == s->w->nodes[s->node].group) {
        memcpy(s->digest, view->digest, 16);
        s->differs = view->differs;
        s->lifetime_hours = view->lifetime_hours;
    }
    return 0;
}

static int gather_warning(void *ctx, const struct warning_view *view)
{
    struct shown *s = ctx;
    if (s->warnings_count == WARNINGS_MAX)
        return 1;
    memcpy(s->warnings[s->warnings_count].ref, view->ref, WARNING_REF_BYTES);
    s->warnings[s->warnings_count++].back = view->verdict.state == WARNING_TAKEN_BACK;
    return 0;
}

static struct shown *gather(struct world *w, int n)
{
    struct shown *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->w = w;
    s->node = n;
    struct node *node = &w->nodes[n];
    (void)peer_groups(node->peer, gather_group, s);
    (void)peer_members(node->peer, node->group, gather_member, s);
    (void)peer_messages(node->peer, node->group, gather_message, s);
    int warned = peer_warnings(node->peer, node->group, gather_warning, s);
    CHECK(warned >= 0 || warned == ERR_NOTFOUND); /* not let in: no such group */
    sort_members(s);
    return s;
}

/* Only a liar, or somebody who was copied, may be said to have written two versions. */
static bool fork_is_right(struct world *w, int n, const struct effect *e)
{
    const struct group *g = peer_group(w->nodes[n].peer, e->group);
    return g && (liar_owns(w, member_at(g, (uint32_t)e->row)->pk) ||
                 copy_of(w, member_at(g, (uint32_t)e->row)->pk));
}

/* Two links of one member are there only if he runs two copies (P9.9). */
static void check_links(struct world *w, int n)
{
    const struct links *links = w->nodes[n].peer->links;
    for (uint32_t i = 0; links && i < links->count; i++) {
        const struct link *a = links->list[i];
        uint32_t same = 0;
        for (uint32_t k = 0; k < links->count; k++)
            same += link_is_member(links->list[k], a->group) &&
                    link_is_member(a, a->group) && links->list[k]->member == a->member;
        if (same > LIMIT_LINKS_PER_MEMBER_MAX)
            world_break(w, "node %d has %u links of one member", n, same);
    }
}

void world_check_step(struct world *w, int n, const struct effects *fx)
{
    struct node *node = &w->nodes[n];
    if (liar_is(w, n)) /* what a liar sees is its own affair */
        return;
    if (fx->count > LIMIT_EFFECTS_MAX)
        world_break(w, "node %d: %zu effects in a step", n, fx->count);
    for (size_t i = 0; i < fx->count; i++) {
        const struct effect *e = &fx->list[i];
        if (e->kind == FX_TELL && e->tell == TELL_DIGEST && !liars_differ(w))
            world_break(w, "node %d does not see the same group", n);
        if (e->kind == FX_TELL && e->tell == TELL_FORK && !fork_is_right(w, n, e))
            world_break(w, "node %d sees a fork by member %u", n, (unsigned)e->row);
        if (e->kind == FX_TELL && e->tell == TELL_COPY && !copy_is(w, n))
            world_break(w, "node %d sees a copy of itself", n);
        if (e->kind == FX_TELL && e->tell == TELL_SENT)
            world_sent(w, n, e->draft, e->row);
        if (e->kind == FX_TELL && e->tell == TELL_REFUSED && e->err == ERR_EXPIRED)
            node->expired = true;
        if (e->kind == FX_TELL && e->tell == TELL_REFUSED)
            world_note(w, "n%d is refused: %s", n, err_name(e->err));
    }
    struct peer_status status;
    peer_status(node->peer, &status);
    if (status.links > LIMIT_LINKS_MAX || status.handshakes > LIMIT_HANDSHAKES_MAX ||
        status.aside > LIMIT_ASIDE_ENTRIES_MAX * (status.groups + 1))
        world_break(w, "node %d passed a bound", n);
    check_links(w, n);
    /* Looking at everything after every event would cost the square: one in 32. */
    if (node->group && w->events % 32 == 0)
        free(gather(w, n));
}

/* Whoever was a member then must have it, unless it has ended: by the clock of one of
 * the nodes is enough, as nobody takes or passes on what ended elsewhere (P3.4). */
static bool must_have(const struct world *w, int which, int n, uint32_t newest_hour)
{
    const struct said *s = &w->said[which];
    return !liar_is(w, s->node) && !s->may_be_lost && s->end_hour > newest_hour &&
           s->members_then[n / 32] >> (n % 32) & 1;
}

/* It was here and has gone: whose hour lay behind when it came, and leapt, counts its
 * lifetime from then (P3.5). */
static bool has_gone(struct world *w, int n, const struct said *s)
{
    static const uint8_t none[32];
    struct log log = nodelog_log(w->nodes[n].log);
    struct content_row row;
    return memcmp(s->envelope, none, 32) != 0 &&
           log.ops->content_by_id(log.ctx, w->nodes[n].group, s->envelope, &row) == 0 &&
           row.state == CONTENT_GONE;
}

static bool has_liar(struct world *w)
{
    bool any = false;
    for (int n = 0; n < w->nodes_count; n++)
        any = any || liar_is(w, n);
    return any;
}

/* Texts shown that have " from ", as most do; and those that a search for it finds. */
struct searching {
    uint64_t shown, found;
};

static bool says_from(struct bytes text)
{
    return text.n > 6 && memmem(text.p, text.n, " from ", 6) != NULL;
}

static int count_shown(void *ctx, const struct message_view *view)
{
    struct searching *s = ctx;
    s->shown += view->draft == 0 && says_from(view->text);
    return 0;
}

static int count_found(void *ctx, const struct message_view *view)
{
    struct searching *s = ctx;
    s->found += says_from(view->text) && view->ends_in_hours > 0;
    return 0;
}

/* What is found is what is shown, by the index or without one. */
static void check_search(struct world *w, int n)
{
    const struct node *node = &w->nodes[n];
    struct searching s = {0};
    uint64_t all = 0;
    CHECK(peer_messages(node->peer, node->group, count_shown, &s) >= 0);
    CHECK(peer_search(node->peer, node->group, BYTES("FR\xc3\xb6m", 5), count_found, &s,
                      &all) == 0);
    uint64_t most = s.shown < SEARCH_HITS_MAX ? s.shown : SEARCH_HITS_MAX;
    if (all != s.shown || s.found != most)
        world_break(w, "node %d shows %u texts and finds %u, %u", n, (unsigned)s.shown,
                    (unsigned)all, (unsigned)s.found);
}

/* How many texts node n may lack, and says so (status): a copy what was sealed
 * meanwhile, and with a liar what was sealed under a box he made to an old prekey. */
static uint32_t seen_missing(struct world *w, int n)
{
    struct peer_status status;
    if (!copy_is(w, n) && !has_liar(w))
        return 0;
    peer_status(w->nodes[n].peer, &status);
    return status.unopened;
}

/* Of two copies that used one key each holds the other's text unread until it is said
 * again (docs/status.md). */
static bool is_other_copy(const struct world *w, int a, int b)
{
    return w->nodes[a].twin && w->nodes[b].twin && a != b;
}

/* One of two copies may know nobody, and be known to nobody: cards name one address. */
static bool has_no_path(struct world *w, int n)
{
    struct peer_status status;
    if (!w->nodes[n].twin)
        return false;
    peer_status(w->nodes[n].peer, &status);
    return status.links == 0;
}

static uint32_t newest_hour(struct world *w)
{
    uint32_t newest = 0;
    for (int n = 0; n < w->nodes_count; n++) {
        uint32_t hour = liar_is(w, n) ? 0 : world_hour(w, n);
        newest = hour > newest ? hour : newest;
    }
    return newest;
}

static bool complain(struct world *w, bool why, const char *what, int a, int b)
{
    if (why)
        world_break(w, "not converged: %s (nodes %d and %d)", what, a, b);
    return false;
}

/* What was taken back at one is open at no other that has it (P8.27); who came later
 * has less. */
static bool same_warnings(const struct shown *ref, const struct shown *s)
{
    for (int i = 0; i < ref->warnings_count; i++)
        for (int k = 0; k < s->warnings_count; k++)
            if (memcmp(ref->warnings[i].ref, s->warnings[k].ref, WARNING_REF_BYTES) ==
                    0 &&
                ref->warnings[i].back != s->warnings[k].back)
                return false;
    return true;
}

/* Node n against the reference: everything it must have, and in the same order. */
static bool same_as(struct world *w, const struct shown *ref, const struct shown *s,
                    bool why)
{
    int n = s->node;
    if (ref->members_count != s->members_count ||
        memcmp(ref->members, s->members, sizeof s->members) != 0)
        return complain(w, why, "members or names differ", ref->node, n);
    if (memcmp(ref->digest, s->digest, 16) != 0 || (s->differs && !liars_differ(w)))
        return complain(w, why, "digests differ", ref->node, n);
    if (!same_warnings(ref, s))
        return complain(w, why, "a warning is taken back at one only", ref->node, n);
    if (ref->lifetime_hours != s->lifetime_hours)
        return complain(w, why, "how long texts stay differs", ref->node, n);
    uint32_t hour = newest_hour(w), missing = 0;
    for (int i = 0; i < w->said_count; i++) {
        bool has = false;
        for (int k = 0; k < s->count && !has; k++)
            has = s->texts[k] == i;
        if (!has && must_have(w, i, n, hour) && !has_no_path(w, w->said[i].node) &&
            !has_gone(w, n, &w->said[i]) && !is_other_copy(w, w->said[i].node, n) &&
            ++missing > seen_missing(w, n))
            return complain(w, why, w->said[i].text, w->said[i].node, n);
    }
    int at = -1;
    for (int k = 0; k < s->count; k++) {
        int where = -1;
        for (int i = 0; i < ref->count && where < 0; i++)
            if (ref->texts[i] == s->texts[k])
                where = i;
        const struct said *said = &w->said[s->texts[k]];
        if (where < 0 && (said->end_hour <= hour || has_gone(w, ref->node, said)))
            continue; /* it has ended at the reference already */
        if (copy_is(w, w->said[s->texts[k]].node) ||
            (where < 0 && seen_missing(w, ref->node) > 0))
            continue; /* said again elsewhere (P8.11), or not readable there */
        if (where <= at)
            return complain(w, why, "the order differs", ref->node, n);
        at = where;
    }
    return true;
}

/* Whoever let him in was put back to before it, and told nobody: he is asked again. */
static bool was_forgotten(struct world *w, const struct shown *ref, int n)
{
    const struct group *g = peer_group(w->nodes[n].peer, w->nodes[n].group);
    if (!w->tally.copies || !g)
        return false;
    for (int i = 0; i < ref->members_count; i++)
        if (memcmp(ref->members[i], g->member_pk, 32) == 0)
            return false;
    return true;
}

bool world_converged(struct world *w, bool why)
{
    struct shown *ref = gather(w, 0);
    bool same = true;
    for (int n = 0; n < w->nodes_count && same; n++) {
        if (!w->nodes[n].group || liar_is(w, n) || has_no_path(w, n) ||
            was_forgotten(w, ref, n))
            continue;
        if (!world_joined(w, n)) {
            same = complain(w, why, "somebody has not joined", 0, n);
            continue;
        }
        struct shown *s = gather(w, n);
        if (!has_liar(w))
            check_search(w, n);
        same = same_as(w, ref, s, why);
        free(s);
    }
    free(ref);
    return same;
}
