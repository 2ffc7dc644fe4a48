/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* copies.c -- profiles put back from an older copy, and ones that run twice. */
#include "tests/sim/copies.h"

#include <string.h>

#include "base/check.h"
#include "node/core/content_int.h"
#include "node/core/control_int.h"
#include "tests/sim/liar.h"

enum { MINUTE_MS = 60 * 1000, TWINS_MAX = 1 };

void copies_draw(struct world *w)
{
    w->copies_on = world_die(w, 6) == 0;
}

bool copy_is(const struct world *w, int n)
{
    return w->nodes[n].copied;
}

bool copy_of(struct world *w, const uint8_t pk[static 32])
{
    if (w->twins > 0) /* both let the same people in, who then wrote to both */
        return true;
    for (int n = 0; n < w->nodes_count; n++) {
        struct node *node = &w->nodes[n];
        const struct group *g =
            node->peer && node->group ? peer_group(node->peer, node->group) : NULL;
        if (node->copied && memcmp(node->member_pk, pk, 32) == 0)
            return true;
        if (node->copied && g && memcmp(g->member_pk, pk, 32) == 0)
            return true;
    }
    return false;
}

void copy_take(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    const struct group *g =
        node->peer && node->group ? peer_group(node->peer, node->group) : NULL;
    if (!g || g->joining)
        return;
    nodelog_free(node->saved);
    node->saved = nodelog_copy(node->log);
    CHECK(node->saved != NULL);
    node->saved_ms = w->now_ms;
    node->saved_members = g->control->people_count;
    node->saved_drafts = content_drafts(g);
    memcpy(node->member_pk, g->member_pk, 32);
    world_note(w, "n%d is copied", n);
}

/* What waited when the copy was made is sent by whoever has it (docs/status.md). */
static void drafts_are_twice(struct world *w, int n)
{
    uint32_t left = w->nodes[n].saved_drafts;
    for (int i = w->said_count; left > 0 && i-- > 0;) {
        struct said *s = &w->said[i];
        if (s->node != n || s->at_ms > w->nodes[n].saved_ms)
            continue;
        s->may_be_twice = true;
        left--;
    }
}

void copy_put_back(struct world *w, int n, uint64_t after_ms)
{
    struct node *node = &w->nodes[n];
    world_crash(w, n, after_ms);
    nodelog_free(node->log);
    drafts_are_twice(w, n);
    node->log = node->saved;
    node->saved = NULL;
    node->copied = true;
    for (int i = 0; i < w->said_count; i++)
        if (w->said[i].node == n && w->said[i].at_ms >= node->saved_ms)
            w->said[i].may_be_lost = true;
    w->tally.copies++;
    world_note(w, "n%d is put back", n);
}

int copy_begin_twin(struct world *w, int n)
{
    struct nodelog *log = w->nodes[n].saved;
    drafts_are_twice(w, n);
    w->nodes[n].saved = NULL;
    int m = world_node(w);
    world_crash(w, m, 0);
    struct node *first = &w->nodes[n], *twin = &w->nodes[m];
    nodelog_free(twin->log);
    twin->log = log;
    twin->group = first->group;
    twin->joined = true;
    twin->skew_ms = first->skew_ms;
    memcpy(twin->member_pk, first->member_pk, 32);
    first->copied = twin->copied = true;
    first->twin = twin->twin = true;
    w->tally.twins++;
    w->twins++;
    world_note(w, "n%d runs twice, as n%d", n, m);
    world_start(w, m);
    return m;
}

/* Who came after a copy was made is a stranger to it: they may only meet by somebody
 * whom both know, and there may be none (docs/status.md). */
static bool knows_all(struct world *w, const struct node *node)
{
    uint32_t most = 0;
    for (int n = 0; n < w->nodes_count; n++) {
        struct group *g = w->nodes[n].peer && w->nodes[n].group
                              ? peer_group(w->nodes[n].peer, w->nodes[n].group)
                              : NULL;
        most = g && g->control->people_count > most ? g->control->people_count : most;
    }
    return node->saved && node->saved_members == most;
}

void copies_act(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    if (!world_joined(w, n) || liar_is(w, n))
        return;
    if (!knows_all(w, node)) {
        copy_take(w, n);
    } else if (world_die(w, 3)) {
        copy_put_back(w, n, 1 + world_die(w, 20 * MINUTE_MS));
    } else if (w->twins < TWINS_MAX && w->nodes_count < WORLD_NODES_MAX) {
        int twin = copy_begin_twin(w, n);
        (void)world_say(w, n, "CANARY one copy"); /* before they know of each other */
        (void)world_say(w, twin, "CANARY the other copy");
    }
}

void copies_free(struct world *w)
{
    for (int n = 0; n < w->nodes_count; n++)
        nodelog_free(w->nodes[n].saved);
}
