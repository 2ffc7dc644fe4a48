/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* budget.c -- see budget.h. */
#include "node/core/budget.h"

#include <stdlib.h>
#include <string.h>

#include "node/core/content_int.h"
#include "node/core/link_int.h"

enum { HOUR_MS = 3600 * 1000 };

/* What a full bucket holds, and how long an empty one takes to fill. */
static const struct {
    uint64_t most, fill_ms;
    enum limited why;
} rules[BUDGETS] = {
    [BUDGET_BYTES] = {LIMIT_BUDGET_BYTES_MAX, 128 * 1000, LIMITED_BYTES},
    [BUDGET_CHECKS] = {LIMIT_BUDGET_CHECKS_MAX, 64 * 1000, LIMITED_CHECKS},
    [BUDGET_ASKS] = {LIMIT_BUDGET_ASKS_MAX, 64 * 1000, LIMITED_ASKS},
    [BUDGET_SERVED] = {LIMIT_BUDGET_SERVED_MAX, HOUR_MS, LIMITED_ASKS},
    [BUDGET_LINKS] = {LIMIT_BUDGET_LINKS_MAX, 128 * 1000, LIMITED_LINKS},
    [BUDGET_PUSH] = {LIMIT_BUDGET_PUSH_MAX, 128 * 1000, LIMITED_ENTRIES},
    [BUDGET_FORWARDS] = {LIMIT_BUDGET_FORWARDS_MAX,
                         LIMIT_BUDGET_FORWARDS_MAX *(uint64_t)HOUR_MS, LIMITED_ASKS},
    [BUDGET_CLAIMS] = {LIMIT_BUDGET_CLAIMS_MAX, 168ull * HOUR_MS, LIMITED_CLAIMS},
};

static struct budgets *budgets_find(const struct group *g, uint32_t index)
{
    const struct ties *c = ties_find(g->peer, g->number);
    return c && index < c->budgets_count ? &c->budgets[index] : NULL;
}

/* Without memory nobody is limited, and the next allocation that matters says so. */
static struct budgets *budgets_of(struct group *g, uint32_t index)
{
    struct ties *c = NULL;
    if (index >= member_count(g) || ties_of(g->peer, g->number, &c))
        return NULL;
    if (index >= c->budgets_count) {
        uint32_t count = member_count(g) + 8;
        struct budgets *grown = realloc(c->budgets, count * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + c->budgets_count, 0, (count - c->budgets_count) * sizeof *grown);
        c->budgets = grown;
        c->budgets_count = count;
    }
    return &c->budgets[index];
}

/* A member may be given all that is held here twice an hour. */
static uint64_t most_of(const struct group *g, enum budget what)
{
    uint64_t held = g->content ? g->content->entries + control_count(g) : 0;
    return rules[what].most + (what == BUDGET_SERVED ? 2 * held : 0);
}

static struct bucket *refilled(struct group *g, struct budgets *b, enum budget what)
{
    struct bucket *u = &b->buckets[what];
    uint64_t now = g->peer->now_ms, passed = now - u->at_ms, most = most_of(g, what);
    if (u->at_ms > now || passed >= rules[what].fill_ms) {
        *u = (struct bucket){0, now};
        return u;
    }
    uint64_t back = passed * most / rules[what].fill_ms;
    if (back > 0 || u->used == 0) { /* else the time goes on counting */
        u->used -= back < u->used ? back : u->used;
        u->at_ms = now;
    }
    return u;
}

void budget_note(struct group *g, uint32_t index, enum limited why)
{
    struct budgets *b = budgets_of(g, index);
    g->peer->limited++;
    if (!b)
        return;
    b->limited[why]++;
    b->last_ms[why] = g->peer->now_ms;
}

bool budget_take(struct group *g, uint32_t index, enum budget what, uint64_t cost)
{
    struct budgets *b = budgets_of(g, index);
    if (!b)
        return true;
    struct bucket *u = refilled(g, b, what);
    if (u->used + cost > most_of(g, what)) {
        budget_note(g, index, rules[what].why);
        return false;
    }
    u->used += cost;
    return true;
}

void budget_spend(struct group *g, uint32_t index, enum budget what, uint64_t cost)
{
    struct budgets *b = budgets_of(g, index);
    if (!b)
        return;
    struct bucket *u = refilled(g, b, what);
    uint64_t most = most_of(g, what);
    u->used = u->used + cost < most ? u->used + cost : most;
}

bool budget_has(struct group *g, uint32_t index, enum budget what)
{
    struct budgets *b = budgets_of(g, index);
    if (!b || refilled(g, b, what)->used < most_of(g, what))
        return true;
    budget_note(g, index, rules[what].why);
    return false;
}

void budget_forgive(struct group *g, enum budget what)
{
    struct ties *c = ties_find(g->peer, g->number);
    for (uint32_t i = 0; c && i < c->budgets_count; i++)
        c->budgets[i].buckets[what] = (struct bucket){0};
}

uint64_t budget_limited(const struct group *g, uint32_t index, enum limited why,
                        uint64_t *last_ms)
{
    const struct budgets *b = budgets_find(g, index);
    *last_ms = b ? b->last_ms[why] : 0;
    return b ? b->limited[why] : 0;
}
