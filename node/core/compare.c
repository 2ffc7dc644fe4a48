/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* compare.c -- see compare.h. */
#include "node/core/compare.h"

#include <string.h>

#include "crypto/arena.h"
#include "crypto/hash.h"
#include "node/core/peer_int.h"

enum { COMPARE_MS_MAX = 10 * 60 * 1000, DRAWS_MAX = 4, RECENT_MAX = 8 };

/* Something about a member that is remembered for ten minutes; the oldest is forgotten.
 */
struct recent {
    uint32_t group, index;
    uint64_t until_ms; /* 0: none */
};

/* With whom we compare, and how far it is. */
struct comparing {
    bool on;
    bool first;  /* ours is the smaller key: we commit */
    bool heard;  /* first: their nonce is known; second: their commitment is */
    bool ready;  /* both nonces are known */
    bool marked; /* our person said that it is the same */
    uint8_t draws;
    uint8_t language, other_language;
    uint32_t group, index;
    uint64_t until_ms;
    uint64_t born; /* of the link that was told; 0: none */
    uint8_t nonce[32], other_nonce[32], commitment[32];
    bool stopping; /* our person said no, and the other side was not told yet */
    struct recent wished[RECENT_MAX];    /* who wants to compare: our person knows */
    struct recent marked_by[RECENT_MAX]; /* marks that a no of theirs takes away */
};

int compare_new(struct peer *p)
{
    p->comparing = arena_alloc(p->arena, sizeof *p->comparing);
    return p->comparing ? 0 : ERR_NOMEM;
}

void compare_free(struct peer *p)
{
    arena_free(p->arena, p->comparing);
    p->comparing = NULL;
}

/* All but what is remembered of others. */
static void end(struct comparing *c)
{
    struct recent wished[RECENT_MAX], marked_by[RECENT_MAX];
    memcpy(wished, c->wished, sizeof wished);
    memcpy(marked_by, c->marked_by, sizeof marked_by);
    wipe(c, sizeof *c);
    memcpy(c->wished, wished, sizeof wished);
    memcpy(c->marked_by, marked_by, sizeof marked_by);
}

static struct recent *recent_find(const struct peer *p, struct recent *list,
                                  uint32_t group, uint32_t index)
{
    for (int i = 0; i < RECENT_MAX; i++)
        if (list[i].group == group && list[i].index == index &&
            list[i].until_ms > p->now_ms)
            return &list[i];
    return NULL;
}

static void recent_note(const struct peer *p, struct recent *list, uint32_t group,
                        uint32_t index)
{
    struct recent *to = recent_find(p, list, group, index);
    for (int i = 0; i < RECENT_MAX && !to; i++)
        if (list[i].until_ms <= p->now_ms)
            to = &list[i];
    if (!to) { /* the oldest */
        to = &list[0];
        for (int i = 1; i < RECENT_MAX; i++)
            to = list[i].until_ms < to->until_ms ? &list[i] : to;
    }
    *to = (struct recent){group, index, p->now_ms + COMPARE_MS_MAX};
}

static bool is_with(const struct comparing *c, const struct group *g, uint32_t index)
{
    return c->on && c->group == g->number && c->index == index;
}

/* ---- the sentence ------------------------------------------------------------ */

/* P6.15: who wants to be somebody else's sentence has to choose all of this before the
 * second's nonce is known. */
static void commit(const struct group *g, const struct comparing *c,
                   const uint8_t nonce[static 32], uint8_t out[static 32])
{
    const struct member *other = member_at(g, c->index);
    const uint8_t *pk[2] = {g->member_pk, other->pk};
    const uint8_t *transport[2] = {g->transport_pk, other->transport_pk};
    const int a = c->first ? 0 : 1, b = 1 - a;
    const struct bytes parts[] = {
        BYTES(nonce, 32),        BYTES(g->id, 32), BYTES(pk[a], 32),
        BYTES(transport[a], 32), BYTES(pk[b], 32), BYTES(transport[b], 32),
    };
    hash32(out, "compare commit", parts, sizeof parts / sizeof *parts);
}

/* The language of both, or English where they differ. */
static uint8_t common_language(const struct comparing *c)
{
    return c->language == c->other_language ? c->language : 0;
}

static void sentence(const struct comparing *c, uint8_t out[static SENTENCE_BYTES])
{
    const uint8_t *first = c->first ? c->nonce : c->other_nonce;
    const uint8_t *second = c->first ? c->other_nonce : c->nonce;
    uint8_t full[32], language = common_language(c);
    const struct bytes parts[] = {BYTES_OF(c->commitment), BYTES(second, 32),
                                  BYTES(&language, 1)};
    kdf(full, "compare", first, parts, sizeof parts / sizeof *parts);
    memcpy(out, full, SENTENCE_BYTES);
    wipe(full, sizeof full);
}

/* ---- drawing ------------------------------------------------------------------- */

/* A fresh nonce; whatever was heard belonged to the old one. */
static void draw(struct group *g)
{
    struct comparing *c = g->peer->comparing;
    entropy_fill(&g->peer->entropy, c->nonce, sizeof c->nonce);
    c->heard = c->ready = false;
    c->draws++;
    if (c->first)
        commit(g, c, c->nonce, c->commitment);
}

static int say(const struct comparing *c, struct link *l, enum compare_step step)
{
    struct wire_compare m = {.step = (uint8_t)step, .language = c->language};
    memcpy(m.commitment, c->commitment, 32);
    if (step == COMPARE_ANSWER || step == COMPARE_REVEAL)
        memcpy(m.nonce, c->nonce, 32);
    if (step == COMPARE_WISH || step >= COMPARE_STOP)
        memset(m.commitment, 0, 32);
    return wire_put_compare(&l->out, &m);
}

static int tell(struct group *g, uint32_t index, int err)
{
    return fx_tell(g->peer, TELL_COMPARE, g->number, index, err);
}

/* The other side began anew too often: somebody may be trying sentences. */
static int give_up(struct group *g)
{
    struct comparing *c = g->peer->comparing;
    uint32_t index = c->index;
    end(c);
    return tell(g, index, ERR_FULL);
}

/* Somebody would like to, and we did not choose them, or have answered: our person is
 * told, once in ten minutes of each member. */
static int on_wish(struct group *g, const struct link *l)
{
    struct comparing *c = g->peer->comparing;
    if (recent_find(g->peer, c->wished, g->number, l->member))
        return 0;
    recent_note(g->peer, c->wished, g->number, l->member);
    return tell(g, l->member, 0);
}

static int on_commit(struct group *g, struct link *l, const struct wire_compare *m)
{
    struct comparing *c = g->peer->comparing;
    if (c->first)
        return 0;
    if (c->heard && (memcmp(c->commitment, m->commitment, 32) != 0 ||
                     c->other_language != m->language)) {
        if (c->marked) /* that was another time */
            return on_wish(g, l);
        if (c->draws == DRAWS_MAX)
            return give_up(g);
        draw(g);
    }
    memcpy(c->commitment, m->commitment, 32);
    c->other_language = m->language;
    c->heard = true;
    return say(c, l, COMPARE_ANSWER);
}

static int on_answer(struct group *g, struct link *l, const struct wire_compare *m)
{
    struct comparing *c = g->peer->comparing;
    if (!c->first || memcmp(c->commitment, m->commitment, 32) != 0)
        return 0;
    if (c->heard && (memcmp(c->other_nonce, m->nonce, 32) != 0 ||
                     c->other_language != m->language)) {
        if (c->marked)
            return on_wish(g, l);
        if (c->draws == DRAWS_MAX) /* ours may be known: it is of no more use */
            return give_up(g);
        draw(g);
        return say(c, l, COMPARE_COMMIT);
    }
    bool news = !c->ready;
    memcpy(c->other_nonce, m->nonce, 32);
    c->other_language = m->language;
    c->heard = c->ready = true;
    int err = say(c, l, COMPARE_REVEAL);
    return err || !news ? err : tell(g, c->index, 0);
}

static int on_reveal(struct group *g, const struct wire_compare *m)
{
    struct comparing *c = g->peer->comparing;
    uint8_t want[32];
    if (c->first || !c->heard || c->ready ||
        memcmp(c->commitment, m->commitment, 32) != 0)
        return 0;
    commit(g, c, m->nonce, want);
    if (memcmp(want, c->commitment, 32) != 0)
        return ERR_PROTOCOL;
    memcpy(c->other_nonce, m->nonce, 32);
    c->ready = true;
    return tell(g, c->index, 0);
}

/* ---- what stays ------------------------------------------------------------------ */

static struct bytes mark_key(uint8_t out[static 33], const uint8_t *member_pk)
{
    out[0] = 'c';
    memcpy(out + 1, member_pk, 32);
    return BYTES(out, 33);
}

static int mark(struct group *g, uint32_t index, bool same)
{
    struct log *log = &g->peer->log;
    const uint8_t one = 1;
    uint8_t key[33];
    struct bytes k = mark_key(key, member_at(g, index)->pk);
    return same ? log->ops->put(log->ctx, g->number, LOG_INVITE, k, BYTES(&one, 1))
                : log->ops->del(log->ctx, g->number, LOG_INVITE, k);
}

int compare_marked(struct group *g, const uint8_t member_pk[static 32], bool *marked)
{
    struct log *log = &g->peer->log;
    struct bytes value;
    uint8_t key[33];
    int err = log->ops->get(log->ctx, g->number, LOG_INVITE, mark_key(key, member_pk),
                            &value);
    *marked = err == 0;
    return err == ERR_NOTFOUND ? 0 : err;
}

/* Their person says that the sentences differ: ours may have said the other thing, and
 * may compare with somebody else by now. */
static int on_stop(struct group *g, uint32_t index)
{
    struct comparing *c = g->peer->comparing;
    struct recent *was = recent_find(g->peer, c->marked_by, g->number, index);
    bool ours = is_with(c, g, index);
    int err = was ? mark(g, index, false) : 0;
    if (was)
        was->until_ms = 0;
    if (ours)
        end(c);
    return err || (!was && !ours) ? err : tell(g, index, ERR_STOPPED);
}

/* Their person went back: a sentence that nobody is there to compare is none. */
static int on_gone(struct group *g, uint32_t index)
{
    struct comparing *c = g->peer->comparing;
    if (!c->ready || c->marked)
        return 0; /* ours waits on, or has said its word */
    end(c);
    return tell(g, index, ERR_NOANSWER);
}

/* ---- in and out --------------------------------------------------------------------
 */

int compare_message(struct group *g, struct link *l, const struct wire_compare *m)
{
    struct comparing *c = g->peer->comparing;
    bool ours = is_with(c, g, l->member) && !c->stopping;
    if (m->step == COMPARE_STOP)
        return on_stop(g, l->member);
    if (!ours)
        return m->step <= COMPARE_COMMIT ? on_wish(g, l) : 0;
    switch (m->step) {
    case COMPARE_WISH: return c->first ? say(c, l, COMPARE_COMMIT) : 0;
    case COMPARE_COMMIT: return on_commit(g, l, m);
    case COMPARE_ANSWER: return on_answer(g, l, m);
    case COMPARE_REVEAL: return on_reveal(g, m);
    case COMPARE_GONE: return on_gone(g, l->member);
    default: return 0; /* of a later kring */
    }
}

static struct link *link_with(const struct peer *p, const struct comparing *c)
{
    struct link *newest = NULL;
    for (uint32_t i = 0; i < p->links->count; i++) {
        struct link *l = p->links->list[i];
        if (link_is_member(l, c->group) && l->member == c->index &&
            (!newest || l->born > newest->born))
            newest = l;
    }
    return newest;
}

/* Our person wants no more; whoever sees a sentence hears of it, if there is a link. */
static int go_back(struct peer *p)
{
    struct comparing *c = p->comparing;
    struct link *l =
        c->on && c->ready && !c->marked && !c->stopping ? link_with(p, c) : NULL;
    int err = l ? say(c, l, COMPARE_GONE) : 0;
    if (!c->stopping)
        end(c);
    return err;
}

int compare_choose(struct group *g, uint32_t index, uint8_t language, bool on)
{
    struct peer *p = g->peer;
    struct comparing *c = p->comparing;
    if (!on)
        return go_back(p);
    const struct member *me = member_me(g);
    if (index >= member_count(g))
        return ERR_NOTFOUND;
    if (me && me->index == index)
        return ERR_USAGE;
    if (is_with(c, g, index) && p->now_ms < c->until_ms && c->language == language &&
        !c->marked && !c->stopping)
        return 0; /* it goes on */
    end(c);
    struct recent *wish = recent_find(p, c->wished, g->number, index);
    if (wish)
        wish->until_ms = 0; /* our person has answered it */
    c->on = true;
    c->first = memcmp(g->member_pk, member_at(g, index)->pk, 32) < 0;
    c->language = language;
    c->group = g->number;
    c->index = index;
    c->until_ms = p->now_ms + COMPARE_MS_MAX;
    draw(g);
    return 0; /* compare_tick says it */
}

int compare_tick(struct peer *p)
{
    struct comparing *c = p->comparing;
    struct group *g = c->on ? peer_group(p, c->group) : NULL;
    if (!c->on)
        return 0;
    if (!g || p->now_ms >= c->until_ms) {
        end(c);
        return 0;
    }
    struct link *l = link_with(p, c);
    if (!l || l->born == c->born)
        return 0;
    c->born = l->born;
    if (!c->stopping)
        return say(c, l, c->first ? COMPARE_COMMIT : COMPARE_WISH);
    int err = say(c, l, COMPARE_STOP);
    end(c);
    return err;
}

uint64_t compare_deadline_ms(const struct peer *p)
{
    return p->comparing->on ? p->comparing->until_ms : UINT64_MAX;
}

int compare_answer(struct group *g, bool same, struct bytes seen)
{
    struct peer *p = g->peer;
    struct comparing *c = p->comparing;
    uint8_t now[SENTENCE_BYTES];
    if (!c->on || c->stopping || c->group != g->number || !c->ready)
        return ERR_STATE;
    sentence(c, now);
    if (!bytes_equal(seen, BYTES_OF(now))) /* another one is there since */
        return ERR_STATE;
    int err = mark(g, c->index, same);
    c->marked = same;
    if (!err && same)
        recent_note(p, c->marked_by, g->number, c->index);
    if (err || same)
        return err;
    struct recent *was = recent_find(p, c->marked_by, g->number, c->index);
    if (was)
        was->until_ms = 0;
    c->stopping = true; /* said at the end of this step, or on the next connection */
    c->born = 0;
    return 0;
}

int peer_compare(struct peer *p, struct compare_view *out)
{
    const struct comparing *c = p->comparing;
    struct group *g = c->on && !c->stopping ? peer_group(p, c->group) : NULL;
    *out = (struct compare_view){0};
    if (!g)
        return 0;
    int err = card_names_ready(g);
    if (err)
        return err;
    out->on = true;
    out->group = c->group;
    out->index = c->index;
    out->linked = links_member_linked(p, c->group, c->index);
    out->ready = c->ready;
    out->same = c->marked;
    out->language = common_language(c);
    if (c->ready)
        sentence(c, out->sentence);
    p->shown_me.n = 0;
    err = buf_append(&p->shown_me, card_member_name(g, c->index), SIZE_MAX / 2);
    out->name = BUF_BYTES(&p->shown_me);
    return err;
}
