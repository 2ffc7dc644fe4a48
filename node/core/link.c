/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link.c -- the table of connections: events in, frames out, closing. */
#include "node/core/link.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/arena.h"
#include "node/core/link_int.h"
#include "node/core/link_room.h"

enum { WIRE_BYTES_MAX = 2 * WIRE_QUEUE_BYTES_MAX, KEPT_BYTES = 64 * 1024 };

/* ---- the table -------------------------------------------------------------- */

int links_new(struct peer *p)
{
    p->links = calloc(1, sizeof *p->links);
    if (!p->links)
        return ERR_NOMEM;
    p->links->batch = calloc(BATCH_MAX, sizeof *p->links->batch);
    p->links->arena = p->arena;
    p->links->next_even = 2;
    p->links->born = 1; /* 0: none (compare.c) */
    return p->links->batch ? 0 : ERR_NOMEM;
}

int links_load(struct peer *p)
{
    return ring_load(p);
}

/* Keys and handshake go first: a sink and a closed link need none. */
void link_forget_keys(struct links *links, struct link *l)
{
    arena_free(links->arena, l->secrets);
    l->secrets = NULL;
    buf_free(&l->hand);
    frame_free(&l->frames);
}

static void link_free(struct links *links, struct link *l)
{
    link_forget_keys(links, l);
    buf_free(&l->in);
    buf_free(&l->out);
    buf_free(&l->welcome.end);
    buf_free(&l->joined);
    buf_free(&l->baseline);
    sync_free(&l->sync);
    wipe(l, sizeof *l);
    free(l);
}

static void ties_free(struct ties *c)
{
    if (c->candidates)
        wipe(c->candidates, c->candidates_count * sizeof *c->candidates);
    free(c->candidates);
    free(c->budgets);
    free(c->dials);
    for (size_t i = 0; i < SETS_SMALL; i++)
        buf_free(&c->sets[i].ids);
}

void links_free(struct links *l)
{
    if (!l)
        return;
    for (uint32_t i = 0; i < l->count; i++)
        link_free(l, l->list[i]);
    for (uint32_t i = 0; i < l->ties_count; i++)
        ties_free(&l->ties[i]);
    free(l->ties);
    free(l->batch);
    buf_free(&l->wire);
    ring_free(&l->ring);
    free(l);
}

struct link *link_find(const struct peer *p, uint32_t id)
{
    for (uint32_t i = 0; i < p->links->count; i++)
        if (p->links->list[i]->id == id && p->links->list[i]->state != LINK_CLOSED)
            return p->links->list[i];
    return NULL;
}

int link_make(struct peer *p, uint32_t id, bool dialler, struct link **out)
{
    struct links *links = p->links;
    if (links->count == LIMIT_LINKS_MAX) {
        p->limited++;
        return ERR_FULL;
    }
    struct link *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    l->secrets = arena_alloc(p->arena, sizeof *l->secrets);
    if (!l->secrets) { /* no room for keys: as if the table were full */
        free(l);
        p->limited++;
        return ERR_FULL;
    }
    l->id = id;
    l->dialler = dialler;
    l->state = dialler ? LINK_DIALING : LINK_WAIT_1;
    l->member = NO_MEMBER;
    l->born = links->born++;
    l->born_ms = l->heard_ms = p->now_ms;
    links->list[links->count++] = l;
    *out = l;
    return 0;
}

void link_close(struct link *l, bool flush)
{
    if (l->state == LINK_CLOSED)
        return;
    l->closing = true;
    l->state_before = l->state;
    if (!flush || l->state != LINK_LIVE)
        l->state = LINK_CLOSED;
}

uint64_t link_queue_bytes(const struct link *l)
{
    return l->unsent + l->out.n;
}

bool link_has_room(const struct link *l)
{
    return l->state == LINK_LIVE && !l->closing &&
           link_queue_bytes(l) < LIMIT_SEND_QUEUE_BYTES_MAX / 2;
}

bool link_is_member(const struct link *l, uint32_t number)
{
    return l->state == LINK_LIVE && !l->closing && l->kind == LINK_MEMBER &&
           l->group == number;
}

/* ---- records of groups ------------------------------------------------------ */

struct ties *ties_find(const struct peer *p, uint32_t number)
{
    for (uint32_t i = 0; i < p->links->ties_count; i++)
        if (p->links->ties[i].number == number)
            return &p->links->ties[i];
    return NULL;
}

int ties_of(struct peer *p, uint32_t number, struct ties **out)
{
    struct links *l = p->links;
    *out = ties_find(p, number);
    if (*out)
        return 0;
    struct ties *grown = realloc(l->ties, (l->ties_count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    l->ties = grown;
    *out = &l->ties[l->ties_count++];
    memset(*out, 0, sizeof **out);
    (*out)->number = number;
    (*out)->rescan = true;
    return 0;
}

void links_forget(struct peer *p, uint32_t number)
{
    struct links *l = p->links;
    struct ties *c = ties_find(p, number);
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->list[i]->group != number)
            continue;
        link_close(l->list[i], false);
        l->list[i]->group = 0;
    }
    if (!c)
        return;
    size_t at = (size_t)(c - l->ties);
    ties_free(c);
    l->ties_count--;
    memmove(c, c + 1, (l->ties_count - at) * sizeof *c);
}

/* ---- numbers ---------------------------------------------------------------- */

uint32_t links_count(const struct peer *p, uint32_t group)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->links->count; i++)
        n += link_is_member(p->links->list[i], group);
    return n;
}

static bool unproven(const struct link *l)
{
    return l->state == LINK_WAIT_1 || l->state == LINK_WAIT_3 || l->state == LINK_SINK;
}

uint32_t links_handshakes(const struct peer *p)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->links->count; i++)
        n += unproven(p->links->list[i]) || p->links->list[i]->state == LINK_WAIT_2;
    return n;
}

bool links_member_linked(const struct peer *p, uint32_t group, uint32_t index)
{
    for (uint32_t i = 0; i < p->links->count; i++)
        if (link_is_member(p->links->list[i], group) &&
            p->links->list[i]->member == index)
            return true;
    return false;
}

/* ---- coming and going ---------------------------------------------------------- */

/* Whether something that was sent there may matter to the other side. */
static bool deserves_its_end(const struct link *l)
{
    enum link_state was = l->state == LINK_CLOSED ? l->state_before : l->state;
    return was == LINK_LIVE && (l->dialler || l->kind == LINK_MEMBER || l->proven);
}

/* Take a closed link out of the table at once; its order is of no meaning. */
static int link_remove(struct peer *p, uint32_t i)
{
    struct links *links = p->links;
    struct link *l = links->list[i];
    struct group *g = l->group ? peer_group(p, l->group) : NULL;
    int err = 0;
    if (!l->gone)
        err = deserves_its_end(l) ? fx_close(p, l->id) : fx_drop(p, l->id);
    links->count--;
    memmove(&links->list[i], &links->list[i + 1],
            (links->count - i) * sizeof links->list[0]);
    if (g && l->dialler && l->kind == LINK_INVITE)
        join_unlinked(g);
    else if (g && l->member != NO_MEMBER)
        dial_unlinked(g, l);
    link_free(links, l);
    return err;
}

static int evict(struct peer *p, struct link *l)
{
    uint32_t i = 0;
    while (p->links->list[i] != l)
        i++;
    p->limited++;
    link_close(l, false);
    return link_remove(p, i);
}

/* P9.10: strangers never keep us from calling. */
static int make_room(struct peer *p)
{
    uint32_t count = 0;
    struct link *oldest =
        p->links->count == LIMIT_LINKS_MAX ? links_evictable(p->links, &count) : NULL;
    return oldest ? evict(p, oldest) : 0;
}

int link_dial(struct peer *p, struct group *g, struct bytes address, struct link **out)
{
    int err = make_room(p);
    if (!err)
        err = link_make(p, p->links->next_even, true, out);
    if (err)
        return err;
    p->links->next_even += 2;
    (*out)->group = g->number;
    return fx_dial(p, (*out)->id, g->number, address);
}

static int on_accepted(struct peer *p, uint32_t id)
{
    uint32_t count = 0;
    struct link *oldest = links_evictable(p->links, &count), *l = NULL;
    int err = 0;
    if (link_find(p, id))
        return 0;
    if (oldest && (count >= LIMIT_HANDSHAKES_MAX || p->links->count == LIMIT_LINKS_MAX))
        err = evict(p, oldest);
    if (err)
        return err;
    err = link_make(p, id, false, &l);
    return err == ERR_FULL ? fx_drop(p, id) : err;
}

/* ---- events ----------------------------------------------------------------- */

static int on_frames(struct peer *p, struct link *l, struct bytes bytes)
{
    int err = frame_feed(&l->frames, &l->secrets->recv, bytes, &l->in,
                         LIMIT_WIRE_MESSAGE_BYTES_MAX + 8 + 2 * bytes.n +
                             2 * LIMIT_FRAME_BYTES_MAX);
    if (err == ERR_NOMEM)
        return err;
    int told = sync_messages(p, l); /* what came whole before an error still counts */
    if (err && l->state == LINK_LIVE)
        link_close(l, false); /* P10.8 */
    return told;
}

static int on_data(struct peer *p, struct link *l, struct bytes bytes)
{
    int err = 0;
    if (!l->proven) /* P6.8: who is welcomed has nothing more to say */
        l->heard_ms = p->now_ms;
    l->sync.probe_ms = 0;
    while (bytes.n > 0 && !err) {
        size_t used = bytes.n;
        if (l->closing || l->state == LINK_CLOSED)
            return 0;
        if (l->state == LINK_SINK)
            l->sink_left -= bytes.n < l->sink_left ? bytes.n : l->sink_left;
        else if (l->state == LINK_LIVE)
            err = on_frames(p, l, bytes);
        else
            err = link_shake(p, l, bytes, &used);
        bytes = BYTES(bytes.p + used, bytes.n - used);
    }
    return err;
}

static int on_dialed(struct peer *p, struct link *l, int why)
{
    if (l->state != LINK_DIALING)
        return 0;
    if (why) {
        l->gone = true;
        link_close(l, false);
        return 0;
    }
    return link_begin(p, l);
}

int links_event(struct peer *p, const struct event *ev)
{
    struct link *l = link_find(p, ev->link);
    if (ev->kind == EV_ACCEPTED)
        return on_accepted(p, ev->link);
    if (!l)
        return 0; /* closed here while the event was under way */
    switch (ev->kind) {
    case EV_DIALED: return on_dialed(p, l, ev->err);
    case EV_DATA: return on_data(p, l, ev->bytes);
    case EV_SENT:
        l->unsent -= ev->bytes.n < l->unsent ? ev->bytes.n : l->unsent;
        l->heard_ms = p->now_ms; /* it moves */
        break;
    case EV_CLOSED:
        l->gone = true;
        link_close(l, false);
        break;
    default: break;
    }
    return 0;
}

/* ---- the end of a step ------------------------------------------------------ */

int link_send_raw(struct peer *p, struct link *l, struct bytes bytes)
{
    l->unsent += bytes.n;
    return fx_send(p, l->id, bytes);
}

/* All messages of the step leave in as few frames as they fit in. */
static int link_flush(struct peer *p, struct link *l)
{
    struct buf *wire = &p->links->wire;
    if (l->out.n == 0 || l->state != LINK_LIVE)
        return 0;
    wire->n = 0;
    int err = frame_seal(&l->secrets->send, BUF_BYTES(&l->out), wire, WIRE_BYTES_MAX);
    if (err == ERR_STATE) { /* 2^64 frames: never, but then a new link */
        link_close(l, false);
        return 0;
    }
    if (err)
        return err;
    wipe(l->out.p, l->out.n);
    l->out.n = 0;
    if (l->out.cap > KEPT_BYTES)
        buf_free(&l->out);
    err = link_send_raw(p, l, BUF_BYTES(wire));
    if (wire->cap > 2 * LIMIT_SEND_QUEUE_BYTES_MAX)
        buf_free(wire);
    return err;
}

static int flush_all(struct peer *p)
{
    struct links *links = p->links;
    int err = 0;
    for (uint32_t i = 0; i < links->count && !err; i++)
        err = link_flush(p, links->list[i]);
    for (uint32_t i = links->count; i-- > 0 && !err;)
        if (links->list[i]->closing || links->list[i]->state == LINK_CLOSED)
            err = link_remove(p, i);
    return err;
}

/* When an invitation link has had its time (P6.8). */
static uint64_t invitation_deadline_ms(const struct link *l)
{
    uint64_t due_ms = link_queue_bytes(l) ? UINT64_MAX : l->heard_ms + SILENCE_MS_MAX;
    if (link_is_guest(l))
        return l->live_ms + FIRST_WORD_MS_MAX;
    if (l->proven && l->proven_ms + WELCOME_MS_MAX < due_ms)
        due_ms = l->proven_ms + WELCOME_MS_MAX;
    return due_ms;
}

static int link_tick(struct peer *p, struct link *l)
{
    struct group *g = l->group ? peer_group(p, l->group) : NULL;
    bool late = p->now_ms - l->born_ms >= HANDSHAKE_MS_MAX;
    if (l->state == LINK_WAIT_2 && late)
        link_close(l, false);
    else if (l->state == LINK_WAIT_3 && late)
        link_sink(p, l); /* P9.5: it is not told */
    if (!g || l->state != LINK_LIVE || l->closing)
        return 0;
    if (l->kind == LINK_MEMBER)
        return sync_pump(p, l);
    if (invitation_deadline_ms(l) <= p->now_ms) {
        link_close(l, false); /* an invitation that came to nothing */
        return 0;
    }
    return l->welcome.active ? join_pump(g, l) : 0;
}

static int groups_due(struct peer *p)
{
    int err = 0;
    /* A join that ends may take its group out of the list: from the back. */
    for (uint32_t i = p->groups_count; i-- > 0 && !err;) {
        struct group *g = p->groups[i];
        struct ties *c = NULL;
        err = ties_of(p, g->number, &c);
        if (!err && g->joining)
            err = join_tick(g);
        else if (!err)
            err = dial_tick(g);
        if (!err && !g->joining && c->hour_seen != g->hour.hour) {
            c->hour_seen = g->hour.hour;
            err = join_expire(g);
        }
    }
    return err;
}

int links_tick(struct peer *p)
{
    int err = sync_settle(p);
    if (!err)
        err = groups_due(p);
    for (uint32_t i = 0; i < p->links->count && !err; i++)
        err = link_tick(p, p->links->list[i]);
    return err ? err : flush_all(p);
}

static uint64_t link_deadline_ms(const struct link *l)
{
    if (l->state == LINK_WAIT_2 || l->state == LINK_WAIT_3)
        return l->born_ms + HANDSHAKE_MS_MAX;
    if (l->state != LINK_LIVE)
        return UINT64_MAX;
    return l->kind == LINK_MEMBER ? sync_deadline_ms(l) : invitation_deadline_ms(l);
}

uint64_t links_deadline_ms(const struct peer *p)
{
    uint64_t due_ms = UINT64_MAX;
    for (uint32_t i = 0; i < p->links->count; i++) {
        uint64_t at_ms = link_deadline_ms(p->links->list[i]);
        due_ms = at_ms < due_ms ? at_ms : due_ms;
    }
    for (uint32_t i = 0; i < p->groups_count; i++) {
        const struct group *g = p->groups[i];
        uint64_t at_ms = g->joining ? join_deadline_ms(g) : dial_deadline_ms(p, g);
        due_ms = at_ms < due_ms ? at_ms : due_ms;
    }
    return due_ms;
}
