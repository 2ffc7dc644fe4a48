/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* liar.c -- who lies, when, and how it gets onto the wire. */
#include "tests/sim/liar.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static const char *const names[LIES] = {
    "two texts", "two branches", "rekeys", "forged", "withheld", "floods",
    "replayed",  "junk",         "deps",   "epochs", "claims",   "connections"};

const char *lie_name(enum lie lie)
{
    return names[lie];
}

/* ---- who ------------------------------------------------------------------------ */

void liar_make(struct world *w, int n, uint32_t lies, uint64_t step_ms)
{
    struct liar *l = calloc(1, sizeof *l);
    CHECK(l != NULL && w->liars[n] == NULL);
    put_u64(l->stream.key, w->seed);
    put_u64(l->stream.key + 8, (uint64_t)n);
    memcpy(l->stream.key + 16, "liar", 4);
    l->dice = entropy_stream(&l->stream);
    l->node = n;
    l->lies = lies;
    l->step_ms = step_ms;
    l->acts_left = UINT32_MAX;
    l->due_ms = w->now_ms + step_ms;
    w->liars[n] = l;
    world_poke(w, n, l->due_ms);
}

static void note_liar(struct world *w, const struct liar *l)
{
    char list[200] = "";
    for (int i = 0; i < LIES; i++)
        if (l->lies >> i & 1)
            (void)snprintf(list + strlen(list), sizeof list - strlen(list), " %s,",
                           names[i]);
    world_note(w, "n%d lies:%s every %llu ms", l->node, list,
               (unsigned long long)l->step_ms);
}

void liar_draw(struct world *w, int count)
{
    struct entropy_stream stream = {{0}, 0};
    put_u64(stream.key, w->seed);
    memcpy(stream.key + 16, "liars", 5);
    struct entropy dice = entropy_stream(&stream);
    if (entropy_below(&dice, 3) != 0)
        return;
    /* Honest members are the larger part: hours go by the median. */
    uint64_t liars = count >= 6 ? 1 + entropy_below(&dice, 2) : 1;
    for (uint64_t i = 0; i < liars; i++) {
        int n = 1 + (int)entropy_below(&dice, (uint64_t)count - 1);
        uint32_t lies = 0;
        for (uint64_t k = 1 + entropy_below(&dice, 4); k > 0; k--)
            lies |= 1u << entropy_below(&dice, LIES);
        if (w->liars[n])
            continue;
        liar_make(w, n, lies, 200 + entropy_below(&dice, 60000));
        w->liars[n]->acts_left = 10 + (uint32_t)entropy_below(&dice, 60);
        note_liar(w, w->liars[n]);
    }
    w->liars_last = entropy_below(&dice, 2) == 0;
}

void liars_stop(struct world *w)
{
    for (int n = 0; n < w->nodes_count; n++)
        if (w->liars[n])
            w->liars[n]->over = true;
}

bool liar_is(const struct world *w, int n)
{
    return w->liars[n] != NULL;
}

bool liar_owns(const struct world *w, const uint8_t pk[static 32])
{
    for (int n = 0; n < w->nodes_count; n++)
        if (w->liars[n] && w->liars[n]->known &&
            memcmp(w->liars[n]->member_pk, pk, 32) == 0)
            return true;
    return false;
}

bool liars_differ(const struct world *w)
{
    for (int n = 0; n < w->nodes_count; n++)
        if (w->liars[n] && w->liars[n]->lies & (1u << LIE_TWO_BRANCHES |
                                                1u << LIE_REKEY | 1u << LIE_FLOOD))
            return true;
    return false;
}

void liars_count(const struct world *w, uint64_t told[static LIES])
{
    for (int n = 0; n < w->nodes_count; n++)
        for (int i = 0; w->liars[n] && i < LIES; i++)
            told[i] += w->liars[n]->told[i];
}

static void mouths_free(struct liar *l)
{
    for (uint32_t i = 0; i < l->mouths_count; i++) {
        frame_free(&l->mouths[i].frames);
        buf_free(&l->mouths[i].stream);
    }
    l->mouths_count = 0;
}

void liars_free(struct world *w)
{
    for (int n = 0; n < w->nodes_count; n++) {
        struct liar *l = w->liars[n];
        if (!l)
            continue;
        mouths_free(l);
        for (uint32_t i = 0; i < l->kept_count; i++)
            buf_free(&l->kept[i]);
        buf_free(&l->first);
        buf_free(&l->session);
        free(l);
    }
    buf_free(&w->lied);
}

/* ---- before a step -------------------------------------------------------------- */

static struct group *liar_group(struct world *w, const struct liar *l)
{
    const struct node *node = &w->nodes[l->node];
    struct group *g =
        node->peer && node->group ? peer_group(node->peer, node->group) : NULL;
    return g && !g->joining && member_me(g) ? g : NULL;
}

void liar_before(struct world *w, int n, const struct event *ev)
{
    struct liar *l = w->liars[n];
    if (!l)
        return;
    struct group *g = liar_group(w, l);
    if (g && !l->known) {
        memcpy(l->member_pk, g->member_pk, 32);
        l->known = true;
    }
    if (ev->kind == EV_START) /* the pokes of the last run are gone */
        world_poke(w, n, w->now_ms < l->due_ms ? l->due_ms : w->now_ms + 1);
    if (l->over || ev->kind != EV_TICK || w->now_ms < l->due_ms)
        return;
    l->due_ms = w->now_ms + 1 + entropy_below(&l->dice, 2 * l->step_ms);
    world_poke(w, n, l->due_ms);
    if (!g || !l->lies || l->acts_left == 0)
        return;
    l->acts_left -= l->acts_left != UINT32_MAX;
    enum lie lie = LIES;
    while (lie == LIES || !(l->lies >> lie & 1))
        lie = (enum lie)entropy_below(&l->dice, LIES);
    lie_tell(w, l, lie);
}

/* ---- in place of what the core says --------------------------------------------- */

static struct mouth *mouth_find(struct liar *l, uint32_t link)
{
    for (uint32_t i = 0; i < l->mouths_count; i++)
        if (l->mouths[i].link == link)
            return &l->mouths[i];
    return NULL;
}

/* The first frames of a link: both ciphers began at nonce 0. */
static struct mouth *mouth_make(struct liar *l, const struct link *link)
{
    if (l->mouths_count == LIAR_MOUTHS_MAX)
        mouths_free(l); /* those links fall silent: that is a lie too */
    struct mouth *m = &l->mouths[l->mouths_count++];
    *m = (struct mouth){.link = link->id};
    m->opens = link->secrets->send;
    m->opens.n = 0;
    m->seals = m->opens;
    m->mute = l->lies >> LIE_WITHHOLD & 1 && entropy_below(&l->dice, 2) == 0;
    m->garbage = l->lies >> LIE_CONNECT & 1 && entropy_below(&l->dice, 4) == 0;
    return m;
}

static bool is_handshake(struct bytes b)
{
    return b.n == HANDSHAKE_1_BYTES || b.n == HANDSHAKE_2_BYTES ||
           b.n == HANDSHAKE_3_BYTES;
}

/* What was said on a connection that it made, for saying it again. */
static void remember(struct liar *l, struct bytes bytes)
{
    enum { SESSION_BYTES_MAX = 16384 };
    if (bytes.n == HANDSHAKE_1_BYTES) {
        l->first.n = l->session.n = 0;
        CHECK(buf_append(&l->first, bytes, SIZE_MAX / 2) == 0);
    } else if (l->session.n < SESSION_BYTES_MAX) {
        CHECK(buf_append(&l->session, bytes, SIZE_MAX / 2) == 0);
    }
}

/* Random bytes, as many as would have gone out, or fewer. */
static struct bytes garbage(struct world *w, struct liar *l, size_t n)
{
    uint8_t piece[64];
    w->lied.n = 0;
    for (size_t at = 0; at < n && at < 4096; at += sizeof piece) {
        entropy_fill(&l->dice, piece, sizeof piece);
        CHECK(buf_append(&w->lied, BYTES_OF(piece), SIZE_MAX / 2) == 0);
    }
    l->told[LIE_CONNECT]++;
    return BUF_BYTES(&w->lied);
}

static struct bytes edited(struct world *w, struct liar *l, const struct link *link,
                           struct mouth *m)
{
    struct buf out = {0};
    size_t at = 0, used = 0;
    struct bytes message;
    while (wire_next(BYTES(m->stream.p + at, m->stream.n - at), &message, &used) == 1) {
        lie_edit(l, link, m, BYTES(m->stream.p + at, used), &out);
        at += used;
    }
    buf_consume(&m->stream, at);
    w->lied.n = 0;
    CHECK(frame_seal(&m->seals, BUF_BYTES(&out), &w->lied, SIZE_MAX / 2) == 0);
    buf_free(&out);
    return BUF_BYTES(&w->lied);
}

struct bytes liar_says(struct world *w, int n, uint32_t id, struct bytes bytes)
{
    struct liar *l = w->liars[n];
    if (!l || id >= LIAR_RAW_LINK)
        return bytes;
    if (l->mouths_epoch != w->nodes[n].crashes) {
        mouths_free(l);
        l->mouths_epoch = w->nodes[n].crashes;
    }
    remember(l, bytes);
    if (is_handshake(bytes))
        return bytes;
    const struct link *link = w->nodes[n].peer ? link_find(w->nodes[n].peer, id) : NULL;
    struct mouth *m = mouth_find(l, id);
    if (!m && link && link->state == LINK_LIVE && link->kind == LINK_MEMBER &&
        link->secrets)
        m = mouth_make(l, link);
    if (!m)
        return bytes;
    if (m->garbage && entropy_below(&l->dice, 8) == 0 && !l->over)
        return garbage(w, l, bytes.n);
    if (frame_feed(&m->frames, &m->opens, bytes, &m->stream, SIZE_MAX / 2))
        return bytes; /* a link that began before this liar did */
    return edited(w, l, link, m);
}
