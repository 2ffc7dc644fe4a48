/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_warnings.c -- warnings of a group: writing them, and what is held of each
 * judged together (P8.20 to P8.27).
 *
 * A warning is known by the entry of its first version: the same bytes name it as name
 * what an answer answers (P8.14).  What is held is read anew for every look; it is
 * little, and there is no state that could differ from it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "node/core/card.h"
#include "node/core/content_own.h"
#include "node/core/peer_int.h"

enum { HOUR_MS = 3600 * 1000, POOL_BYTES_MAX = 16 << 20, FACTS_MAX = 4096 };

/* One entry, with its payload in the pool. */
struct held {
    uint8_t ref[WARNING_REF_BYTES];
    struct warning_fact fact;
    size_t at, bytes; /* in the pool */
    uint64_t row;
    bool unread;
    struct warning warning;
    struct warning_act act;
};

struct shelf {
    struct group *g;
    struct held *held;
    size_t count, cap;
    struct buf pool;
};

static void shelf_free(struct shelf *s)
{
    free(s->held);
    buf_free(&s->pool);
}

/* ---- reading ------------------------------------------------------------------ */

static void ref_make(const struct group *g, const struct content_row *row,
                     uint8_t ref[static WARNING_REF_BYTES])
{
    memcpy(ref, author_at(g->content, row->author)->pk, REPLY_AUTHOR_BYTES);
    put_u32(ref + REPLY_AUTHOR_BYTES, row->seq);
    memcpy(ref + REPLY_AUTHOR_BYTES + 4, row->hash, DEP_BYTES);
}

static int shelf_grow(struct shelf *s)
{
    if (s->count < s->cap)
        return 0;
    size_t cap = s->cap ? s->cap * 2 : 32;
    struct held *grown = realloc(s->held, cap * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    s->held = grown;
    s->cap = cap;
    return 0;
}

static bool is_steward(const struct group *g, uint32_t author)
{
    const struct member *m = member_find(g, author_at(g->content, author)->pk);
    return m && m->role == ROLE_STEWARD;
}

static int keep(struct shelf *s, const struct content_row *row, const struct body *body)
{
    int err = shelf_grow(s);
    if (err)
        return err;
    struct held *h = &s->held[s->count];
    *h = (struct held){.at = s->pool.n,
                       .bytes = body->payload.n,
                       .row = row->row,
                       .unread = row->unread != UNREAD_NOT};
    h->fact = (struct warning_fact){.author = row->author,
                                    .steward = is_steward(s->g, row->author),
                                    .version = body->kind == BODY_WARNING,
                                    .hour = row->end_hour - row->lifetime_hours,
                                    .height = body->height};
    memcpy(h->fact.hash, row->hash, 32);
    err = buf_append(&s->pool, body->payload, POOL_BYTES_MAX);
    if (err)
        return err == ERR_TOOBIG ? 1 : err; /* the oldest that fit are looked at */
    ref_make(s->g, row, h->ref);
    s->count++;
    return s->count == FACTS_MAX;
}

static int shelf_visit(void *ctx, const struct content_row *row)
{
    struct shelf *s = ctx;
    struct body body;
    if (!body_is_warning(row->kind) || content_ended(s->g, row->end_hour) ||
        row->end_hour == END_NEVER)
        return 0;
    if (body_decode(row->body, &body))
        return ERR_DAMAGED;
    return keep(s, row, &body);
}

/* Take the payload apart; false: not in a form that is known here. */
static bool held_read(const struct shelf *s, struct held *h)
{
    struct bytes span = BYTES(s->pool.p + h->at, h->bytes), first;
    int err = h->fact.version ? warning_decode(span, &h->warning)
                              : warning_act_decode(span, &h->act);
    if (err)
        return false;
    h->fact.warning = h->fact.version ? &h->warning : NULL;
    h->fact.act = h->fact.version ? NULL : &h->act;
    first = h->fact.version ? h->warning.first : h->act.first;
    if (first.n == WARNING_REF_BYTES)
        memcpy(h->ref, first.p, WARNING_REF_BYTES);
    return h->fact.version || first.n == WARNING_REF_BYTES;
}

/* By warning, author and hash. */
static int shelf_sort(struct shelf *s)
{
    enum { KEY_BYTES = WARNING_REF_BYTES + 4 + 32 + 4 };
    uint8_t *keys = malloc((s->count + 1) * KEY_BYTES);
    struct held *sorted = calloc(s->count + 1, sizeof *sorted);
    int err = keys && sorted ? 0 : ERR_NOMEM;
    for (size_t i = 0; !err && i < s->count; i++) {
        const struct held *h = &s->held[i];
        uint8_t *key = keys + i * KEY_BYTES;
        memcpy(key, h->ref, WARNING_REF_BYTES);
        put_u32(key + WARNING_REF_BYTES, h->fact.author);
        memcpy(key + WARNING_REF_BYTES + 4, h->fact.hash, 32);
        put_u32(key + KEY_BYTES - 4, (uint32_t)i);
    }
    if (!err)
        sort_bytes(keys, s->count, KEY_BYTES);
    for (size_t i = 0; !err && i < s->count; i++) {
        struct held *h = &sorted[i];
        *h = s->held[get_u32(keys + (i + 1) * KEY_BYTES - 4)];
        h->fact.warning = h->fact.version ? &h->warning : NULL; /* it has moved */
        h->fact.act = h->fact.version ? NULL : &h->act;
    }
    free(keys);
    if (err) {
        free(sorted);
        return err;
    }
    free(s->held);
    s->held = sorted;
    s->cap = s->count + 1;
    return 0;
}

/* Everything held, by warning and author. */
static int shelf_fill(struct group *g, struct shelf *s)
{
    const struct log *log = &g->peer->log;
    size_t kept = 0;
    *s = (struct shelf){.g = g};
    int err = log->ops->content_urgent(log->ctx, g->number, shelf_visit, s);
    if (err < 0)
        return err;
    for (size_t i = 0; i < s->count; i++)
        if (held_read(s, &s->held[i]))
            s->held[kept++] = s->held[i];
    s->count = kept;
    return shelf_sort(s);
}

/* ---- judging ------------------------------------------------------------------ */

/* What is held of one warning. */
struct one {
    struct held *held;
    size_t count;
    struct warning_fact *facts;
    struct warning_verdict verdict;
    uint32_t writer, me; /* authors; 0: not known */
};

static uint32_t number_of(const struct author *a)
{
    return a ? a->number : 0;
}

/* Free one->facts. */
static int judge(const struct shelf *s, size_t from, struct one *one)
{
    size_t end = from;
    while (end < s->count &&
           memcmp(s->held[end].ref, s->held[from].ref, WARNING_REF_BYTES) == 0)
        end++;
    *one = (struct one){.held = s->held + from,
                        .count = end - from,
                        .writer =
                            number_of(author_named(s->g->content, s->held[from].ref)),
                        .me = number_of(author_find(s->g->content, s->g->member_pk))};
    one->facts = calloc(one->count, sizeof *one->facts);
    if (!one->facts)
        return ERR_NOMEM;
    for (size_t i = 0; i < one->count; i++)
        one->facts[i] = one->held[i].fact;
    warning_judge(one->facts, one->count, one->writer, s->g->hour.hour, &one->verdict);
    return 0;
}

static bool confirmed_by(const struct one *one, uint32_t author, bool first_hand)
{
    for (size_t i = 0; i < one->count; i++) {
        const struct warning_fact *f = &one->facts[i];
        if (f->author == author && !f->version && f->act->kind == WARNING_CONFIRM &&
            (!first_hand || f->act->known < KNOWN_TOLD))
            return true;
    }
    return false;
}

/* P8.24 */
static bool may_change(const struct group *g, const struct one *one)
{
    const struct member *me = member_me(g);
    return (me && me->role == ROLE_STEWARD) ||
           (one->me && (one->me == one->writer || confirmed_by(one, one->me, true)));
}

/* Where the warning of this reference begins; s->count: nothing is held of it. */
static size_t find(const struct shelf *s, struct bytes ref)
{
    size_t i = 0;
    while (i < s->count && memcmp(s->held[i].ref, ref.p, WARNING_REF_BYTES) != 0)
        i++;
    return i;
}

/* ---- writing ------------------------------------------------------------------ */

static int seal(struct group *g, const struct saying *saying, uint8_t hash[static 32],
                uint64_t *row)
{
    struct content_row made = {0};
    struct saying what = *saying;
    what.lifetime_hours = WARNING_KEPT_HOURS;
    what.about_hour = (uint32_t)(g->peer->wall_ms / HOUR_MS);
    what.end_hour = g->hour.hour + WARNING_KEPT_HOURS; /* P3.3 */
    int err = content_seal(g, &what, &made);
    if (err)
        return err;
    memcpy(hash, made.hash, 32);
    *row = made.row;
    return 0;
}

/* What is held of a warning about which something is to be said.  ERR_NOTFOUND:
 * nothing; ERR_STATE: it was taken back.  Free with shelf_free and free(one->facts). */
static int look_up(struct group *g, struct bytes ref, struct shelf *s, struct one *one)
{
    *one = (struct one){0};
    int err = shelf_fill(g, s);
    size_t at = err ? 0 : find(s, ref);
    if (!err && at == s->count)
        err = ERR_NOTFOUND;
    if (!err)
        err = judge(s, at, one);
    return !err && one->verdict.state == WARNING_TAKEN_BACK ? ERR_STATE : err;
}

/* An update must be of a warning that we may change. */
static int check_update(struct group *g, struct bytes first)
{
    struct shelf s;
    struct one one;
    int err = look_up(g, first, &s, &one);
    if (!err && !may_change(g, &one))
        err = ERR_DENIED;
    free(one.facts);
    shelf_free(&s);
    return err;
}

int warning_say(struct group *g, struct bytes payload, uint8_t hash[static 32],
                uint64_t *row)
{
    struct warning w;
    int err = warning_decode(payload, &w);
    if (!err && warning_check(&w) != FIELD_NONE)
        err = ERR_USAGE;
    if (!err && w.first.n > 0)
        err = check_update(g, w.first);
    const struct saying what = {
        .kind = BODY_WARNING, .payload = payload, .urgency = URGENCY_ALERT};
    return err ? err : seal(g, &what, hash, row);
}

static int check_act(struct group *g, const struct warning_act *act)
{
    struct shelf s;
    struct one one;
    bool confirms = act->kind == WARNING_CONFIRM;
    int err = look_up(g, act->first, &s, &one);
    if (!err && act->kind == WARNING_END_NOW && one.verdict.state == WARNING_ENDED)
        err = ERR_STATE;
    if (!err && confirms && (one.me == one.writer || confirmed_by(&one, one.me, true)))
        err = ERR_EXISTS;
    if (!err && !confirms && !may_change(g, &one))
        err = ERR_DENIED;
    free(one.facts);
    shelf_free(&s);
    return err;
}

int warning_act_say(struct group *g, struct bytes payload, uint8_t hash[static 32],
                    uint64_t *row)
{
    struct warning_act act;
    struct buf again = {0};
    int err = warning_act_decode(payload, &act);
    if (!err)
        err = warning_act_encode(&act, &again); /* is everything in its list? */
    buf_free(&again);
    if (!err)
        err = check_act(g, &act);
    const struct saying what = {
        .kind = BODY_WARNING_ACT,
        .payload = payload,
        .urgency = act.kind == WARNING_TAKE_BACK ? URGENCY_CONTROL : URGENCY_ALERT};
    return err ? err : seal(g, &what, hash, row);
}

bool warning_is_news(const struct body *body)
{
    struct warning_act act;
    return body->kind == BODY_WARNING || warning_act_decode(body->payload, &act) != 0 ||
           act.kind != WARNING_CONFIRM;
}

int warning_say_again(struct group *g, struct content_row *row, const struct body *body)
{
    struct log *log = &g->peer->log;
    struct content_row made = {0};
    struct warning w = {0};
    struct buf payload = {0};
    uint8_t ref[WARNING_REF_BYTES];
    int err = body->kind == BODY_WARNING ? warning_decode(body->payload, &w) : 0;
    if (!err && body->kind == BODY_WARNING && w.first.n == 0) {
        ref_make(g, row, ref);
        w.first = BYTES_OF(ref);
        err = warning_encode(&w, &payload);
    } else if (!err) {
        err = buf_append(&payload, body->payload, LIMIT_BODY_BYTES_MAX);
    }
    const struct saying what = {.kind = body->kind,
                                .payload = BUF_BYTES(&payload),
                                .urgency = row->urgency,
                                .lifetime_hours = row->lifetime_hours,
                                .end_hour = row->end_hour,
                                .about_hour = row->about_hour};
    if (!err && !content_ended(g, row->end_hour))
        err = content_seal(g, &what, &made);
    buf_free(&payload);
    if (err)
        return err;
    g->content->again_count--;
    peer_mark(g->peer, MARK_SAID_AGAIN);
    row->own = OWN_SAID_AGAIN;
    return log->ops->content_update(log->ctx, g->number, row);
}

/* ---- showing ------------------------------------------------------------------- */

/* The place of a warning on the screen: open ones first, each kind the newest first. */
enum { PLACE_BYTES = 1 + 8 + 4 };

static void place_put(uint8_t out[static PLACE_BYTES], bool open, uint64_t height,
                      size_t at)
{
    out[0] = !open;
    put_u64(out + 1, UINT64_MAX - height);
    put_u32(out + 9, (uint32_t)at);
}

static bool is_open(enum warning_state state)
{
    return state == WARNING_UNCONFIRMED || state == WARNING_CONFIRMED;
}

static int name_of(struct group *g, uint32_t author, struct buf *to, struct bytes *name)
{
    const struct member *m = member_find(g, author_at(g->content, author)->pk);
    to->n = 0;
    int err = m ? buf_append(to, card_member_name(g, m->index), SIZE_MAX / 2) : 0;
    *name = BUF_BYTES(to);
    return err;
}

static int show(struct shelf *s, const struct one *one, peer_visit_warning *visit,
                void *ctx)
{
    struct group *g = s->g;
    const struct warning_verdict *v = &one->verdict;
    struct warning_view view = {.verdict = *v, .hour = g->hour.hour};
    int err = 0;
    memcpy(view.ref, one->held[0].ref, WARNING_REF_BYTES);
    warning_code(view.ref + REPLY_AUTHOR_BYTES + 4, view.code);
    for (size_t i = 0; i < one->count; i++) {
        view.versions += one->facts[i].version;
        view.unread = view.unread || one->held[i].unread;
    }
    view.own = one->me != 0 && one->me == one->writer;
    view.may_change = may_change(g, one);
    view.confirmed = one->me != 0 && confirmed_by(one, one->me, false);
    if (v->shown != WARNING_NO_FACT) {
        view.warning = one->facts[v->shown].warning;
        err = name_of(g, one->facts[v->shown].author, &g->peer->shown_me, &view.by);
    }
    if (!err && v->taken_back != WARNING_NO_FACT) {
        view.back = one->facts[v->taken_back].act;
        err = name_of(g, one->facts[v->taken_back].author, &g->peer->shown_by,
                      &view.back_by);
    }
    return err ? err : visit(ctx, &view);
}

/* What has neither a version nor a withdrawal is not shown: an act whose warning has
 * not come, or an update by somebody who may not. */
static bool is_something(const struct warning_verdict *v)
{
    return v->shown != WARNING_NO_FACT || v->taken_back != WARNING_NO_FACT;
}

static int places_of(const struct shelf *s, uint8_t *places, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < s->count;) {
        struct one one;
        uint64_t height = 0;
        int err = judge(s, i, &one);
        if (err)
            return err;
        for (size_t k = 0; k < one.count; k++)
            if (one.facts[k].height > height)
                height = one.facts[k].height;
        if (is_something(&one.verdict))
            place_put(places + (*count)++ * PLACE_BYTES, is_open(one.verdict.state),
                      height, i);
        i += one.count;
        free(one.facts);
    }
    sort_bytes(places, *count, PLACE_BYTES);
    return 0;
}

int content_warnings(struct group *g, peer_visit_warning *visit, void *ctx)
{
    struct shelf s;
    size_t count = 0;
    int err = card_names_ready(g);
    if (err)
        return err;
    err = shelf_fill(g, &s);
    uint8_t *places = malloc((s.count + 1) * PLACE_BYTES);
    if (!err)
        err = places ? places_of(&s, places, &count) : ERR_NOMEM;
    for (size_t i = 0; i < count && !err; i++) {
        struct one one;
        err = judge(&s, get_u32(places + i * PLACE_BYTES + 9), &one);
        if (!err)
            err = show(&s, &one, visit, ctx);
        free(one.facts);
    }
    free(places);
    shelf_free(&s);
    return err;
}

int warning_mark_read(struct group *g, struct bytes ref)
{
    const struct log *log = &g->peer->log;
    struct shelf s;
    if (ref.n != WARNING_REF_BYTES)
        return ERR_USAGE;
    int err = shelf_fill(g, &s);
    for (size_t i = err ? 0 : find(&s, ref); !err && i < s.count; i++) {
        if (memcmp(s.held[i].ref, ref.p, WARNING_REF_BYTES) != 0)
            break;
        if (s.held[i].unread)
            err = log->ops->content_mark(log->ctx, g->number, s.held[i].row, false);
    }
    shelf_free(&s);
    return err;
}
