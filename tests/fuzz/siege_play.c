/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* siege_play.c -- the far ends of the links, and the checks. */
#include "tests/fuzz/siege_play.h"

#include <stdio.h>

enum {
    ARENA_BYTES = 4 << 20,
    VIEW_MESSAGES_MAX = 1024,
    STEP_BYTES_MAX = 64 << 20,
    SETTLE_MAX = 10000,
    TICKS_MAX = 48,
    SPINS_MAX = 200,
    REKEYS_MANY = 3,
};

struct group *siege_group(const struct siege *s)
{
    struct group *g = peer_group(s->t->peer, 1);
    CHECK(g);
    return g;
}

/* ---- looking ------------------------------------------------------------- */

struct seen {
    uint8_t id[32];
    int author; /* SIEGE_..., or -1 */
    uint32_t kind;
    char text[40];
    bool honest;
};

struct view {
    const struct siege *s;
    uint8_t members[32], digest[16]; /* members, and invitations */
    bool differs;
    uint64_t entries;
    uint32_t control, hour;
    int count;
    struct seen seen[VIEW_MESSAGES_MAX];
    uint8_t member_keys[64][32];
    int member_count;
    struct hasher hash;
};

static int view_member(void *ctx, const struct member_view *m)
{
    struct view *v = ctx;
    uint8_t flags[2] = {m->steward, m->forked};
    hasher_update(&v->hash, BYTES(m->key, 32));
    hasher_update(&v->hash, m->name);
    hasher_update(&v->hash, BYTES_OF(flags));
    if (v->member_count < 64)
        memcpy(v->member_keys[v->member_count++], m->key, 32);
    return 0;
}

static void view_invites(struct view *v, const struct group *g)
{
    struct invite_view invite = {.uses = 0};
    for (uint32_t i = 0; control_invite_at(g, i, &invite) == 0; i++) {
        uint8_t numbers[12];
        put_u32(numbers, invite.uses);
        put_u32(numbers + 4, invite.used);
        put_u32(numbers + 8, invite.end_hour);
        hasher_update(&v->hash, BYTES_OF(invite.v_pk));
        hasher_update(&v->hash, BYTES_OF(numbers));
    }
}

static int known_member(const struct siege *s, const uint8_t *key)
{
    for (int i = 0; i < SIEGE_MEMBERS; i++)
        if (memcmp(s->w->member[i].pk, key, 32) == 0)
            return i;
    return -1;
}

static int view_message(void *ctx, const struct message_view *m)
{
    struct view *v = ctx;
    if (m->draft || v->count == VIEW_MESSAGES_MAX)
        return 0;
    struct seen *seen = &v->seen[v->count++];
    memcpy(seen->id, m->id, 32);
    seen->author = m->author < (uint32_t)v->member_count
                       ? known_member(v->s, v->member_keys[m->author])
                       : -1;
    seen->kind = m->kind;
    size_t n = m->text.n < sizeof seen->text ? m->text.n : sizeof seen->text;
    memset(seen->text, 0, sizeof seen->text);
    if (n > 0)
        memcpy(seen->text, m->text.p, n);
    return 0;
}

static int view_group(void *ctx, const struct group_view *g)
{
    struct view *v = ctx;
    memcpy(v->digest, g->digest, 16);
    v->differs = g->differs;
    return 0;
}

/* What a person would see.  One static place per `which`: they are large. */
static struct view *view(struct siege *s, int which)
{
    static struct view views[2];
    struct view *v = &views[which];
    struct peer_status status;
    v->s = s;
    v->count = v->member_count = 0;
    hasher_init(&v->hash, "members");
    CHECK(peer_groups(s->t->peer, view_group, v) == 0);
    CHECK(peer_members(s->t->peer, 1, view_member, v) == 0);
    CHECK(peer_messages(s->t->peer, 1, view_message, v) == 0);
    view_invites(v, siege_group(s));
    hasher_final(&v->hash, v->members);
    peer_status(s->t->peer, &status);
    v->entries = status.entries;
    v->control = control_count(siege_group(s));
    v->hour = siege_group(s)->hour.hour;
    return v;
}

static const struct siege_text *text_of(const struct siege *s, const struct seen *m)
{
    for (int i = 0; i < s->w->texts; i++)
        if (s->w->text[i].author == m->author &&
            strncmp(s->w->text[i].text, m->text, sizeof m->text) == 0)
            return &s->w->text[i];
    return NULL;
}

static void check_authors(const struct siege *s, const struct view *v)
{
    for (int i = 0; i < v->count; i++) {
        const struct seen *m = &v->seen[i];
        if (m->author < 0 || m->author == SIEGE_ATTACKER)
            continue;
        /* Two copies of the core may have used one key: 0 is unreadable (P8.8). */
        bool known =
            text_of(s, m) || (m->author == SIEGE_CORE &&
                              (m->kind == 0 || strncmp(m->text, "mine", 4) == 0));
        if (!known)
            fprintf(stderr, "member %d never said kind %u '%.40s'\n", m->author,
                    m->kind, m->text);
        CHECK(known);
    }
}

/* Rekeys that the honest ones did not know of when they made theirs.  After a few of
 * them the prekey that their boxes are for is gone (P5.12). */
static int rekeys_beside(const struct siege *s)
{
    struct group *g = siege_group(s);
    int count = 0;
    for (uint32_t i = 0; i < control_count(g); i++) {
        const struct control_entry *e = control_at(g, i);
        bool known = false;
        for (int k = 0; k < s->w->items_own && !known; k++)
            known = s->w->item[k].type == WIRE_CONTROL &&
                    memcmp(s->w->item[k].id, e->hash, 32) == 0;
        count += !known && e->kind == CONTROL_REKEY;
    }
    return count;
}

/* Whatever honest members said and brought is there, once; or its key is asked for. */
static void check_texts(const struct siege *s, const struct view *v)
{
    bool sure = rekeys_beside(s) < REKEYS_MANY;
    for (int i = 0; i < s->w->texts; i++) {
        const struct siege_text *t = &s->w->text[i];
        int times = 0;
        for (int k = 0; k < v->count; k++)
            times += text_of(s, &v->seen[k]) == t;
        CHECK(times <= 1 || t->author == SIEGE_CORE);
        bool ended = siege_group(s)->hour.hour + 1 >= s->w->hour + SIEGE_LIFETIME_HOURS;
        CHECK(times > 0 || t->item >= s->handed || ended || !sure);
    }
}

void siege_look(struct siege *s)
{
    struct view *v = view(s, 0);
    check_authors(s, v);
    check_texts(s, v);
    CHECK(!v->differs || s->meddled);
    /* One liar moves no median; who lets in whom he likes may. */
    uint64_t hours = s->passed_ms / TP_HOUR_MS;
    CHECK(s->meddled || siege_group(s)->hour.hour <= s->w->hour + hours + 25);
}

/* ---- the core ------------------------------------------------------------ */

static void check_bounds(const struct siege *s)
{
    struct peer_status status;
    peer_status(s->t->peer, &status);
    CHECK(status.links <= LIMIT_LINKS_MAX);
    CHECK(status.handshakes <= LIMIT_HANDSHAKES_MAX);
    CHECK(status.aside <= LIMIT_ASIDE_ENTRIES_MAX);
    CHECK(status.groups == 1);
}

static void check_tell(const struct siege *s, const struct effect *e)
{
    struct group *g = siege_group(s);
    CHECK(e->tell != TELL_DIGEST || s->meddled);
    if (e->tell != TELL_FORK)
        return;
    CHECK(e->row < member_count(g));
    int who = known_member(s, member_at(g, (uint32_t)e->row)->pk);
    CHECK(who != SIEGE_HONEST && who != SIEGE_HONEST + 1);
}

static struct slot *slot_of(struct siege *s, uint32_t id)
{
    for (int i = 0; i < SLOTS; i++)
        if (s->slot[i].stage != STAGE_NONE && s->slot[i].id == id)
            return &s->slot[i];
    return NULL;
}

static void slot_free(struct slot *l)
{
    handshake_wipe(&l->hs);
    frame_free(&l->frames);
    buf_free(&l->raw);
    buf_free(&l->in);
    buf_free(&l->out);
    memset(l, 0, sizeof *l);
}

static void take_dial(struct siege *s, const struct effect *e)
{
    CHECK(s->dials_count < 64);
    s->dials[s->dials_count] = e->link;
    s->dial_to_attacker[s->dials_count++] =
        e->bytes.n == 4 && memcmp(e->bytes.p, "p1:1", 4) == 0;
}

static void take_effects(struct siege *s)
{
    size_t bytes = 0;
    CHECK(s->t->fx.count <= LIMIT_EFFECTS_MAX);
    for (size_t i = 0; i < s->t->fx.count; i++) {
        const struct effect *e = &s->t->fx.list[i];
        struct slot *l = slot_of(s, e->link);
        if (e->kind == FX_DIAL)
            take_dial(s, e);
        if (e->kind == FX_TELL)
            check_tell(s, e);
        if (e->kind == FX_SEND) {
            bytes += e->bytes.n;
            CHECK(l != NULL);
            l->pending += e->bytes.n;
            CHECK(l->pending <= STEP_BYTES_MAX);
            CHECK(buf_append(&l->raw, e->bytes, SIZE_MAX / 2) == 0);
        }
        if (e->kind == FX_CLOSE && l) {
            CHECK(l != &s->slot[SLOT_HONEST]); /* nobody drives a friend away */
            slot_free(l);
        }
    }
    CHECK(bytes <= STEP_BYTES_MAX);
}

static void forget_links(struct siege *s)
{
    for (int i = 0; i < SLOTS; i++)
        slot_free(&s->slot[i]);
    s->dials_count = 0;
}

/* After a restart nothing is gone; new may be what the core says itself. */
static void compare(const struct view *a, const struct view *b)
{
    int at = 0;
    CHECK(memcmp(a->members, b->members, 32) == 0);
    CHECK(b->control >= a->control && a->differs == b->differs);
    CHECK(b->control > a->control || memcmp(a->digest, b->digest, 16) == 0);
    if (b->hour != a->hour) /* the clock had jumped: texts may have ended */
        return;
    CHECK(b->entries >= a->entries);
    for (int i = 0; i < a->count; i++) {
        while (at < b->count && memcmp(a->seen[i].id, b->seen[at].id, 32) != 0)
            at++;
        CHECK(at < b->count && memcmp(&a->seen[i], &b->seen[at], sizeof *a->seen) == 0);
    }
}

static void start_again(struct siege *s, const struct view *before)
{
    memlog_fail(s->t->log, 0, 0);
    s->fault = false;
    forget_links(s);
    tp_restart(s->t);
    compare(before, view(s, 1));
    take_effects(s);
}

static void step(struct siege *s, struct event *ev)
{
    const struct view *before = s->fault ? view(s, 0) : NULL;
    int err = tp_event(s->t, ev);
    CHECK(err == 0 || s->fault);
    if (err)
        start_again(s, before);
    else
        take_effects(s);
    check_bounds(s);
}

void siege_restart(struct siege *s)
{
    start_again(s, view(s, 0));
}

/* ---- far ends ------------------------------------------------------------ */

static void data_event(struct siege *s, uint32_t id, struct bytes bytes)
{
    struct event ev = {.kind = EV_DATA, .link = id, .bytes = bytes};
    step(s, &ev);
}

void slot_write(struct siege *s, struct slot *l, struct bytes bytes)
{
    struct event ev = {.kind = EV_DATA, .link = l->id, .bytes = bytes};
    siege_event(s, &ev);
}

static void seal_out(struct siege *s, struct slot *l)
{
    struct buf wire = {0};
    CHECK(frame_seal(&l->send, BUF_BYTES(&l->out), &wire, SIZE_MAX / 2) == 0);
    l->out.n = 0;
    if (wire.n > 0)
        data_event(s, l->id, BUF_BYTES(&wire));
    buf_free(&wire);
}

void slot_flush(struct siege *s, struct slot *l)
{
    struct event ev = {.kind = EV_TICK};
    seal_out(s, l);
    siege_event(s, &ev);
}

/* The link is live: the first word. */
static void greet(struct siege *s, struct slot *l)
{
    struct wire_hello hello = {.version = 1, .hour = siege_group(s)->hour.hour};
    l->stage = STAGE_LIVE;
    if (l->member < 0)
        return;
    hello.mark = content_mark(siege_group(s));
    CHECK(wire_put_hello(&l->out, &hello) == 0);
    for (int i = 0; i < s->w->lanes; i++)
        (void)slot_topic(l, s->w->lane[i].topic);
}

static void on_second(struct siege *s, struct slot *l)
{
    uint8_t third[HANDSHAKE_3_BYTES];
    CHECK(handshake_third(&l->hs, l->raw.p, third) == 0);
    CHECK(handshake_split(&l->hs, &l->send, &l->recv, l->hs_hash) == 0);
    buf_consume(&l->raw, HANDSHAKE_2_BYTES);
    greet(s, l);
    uint32_t id = l->id;
    data_event(s, id, BYTES_OF(third));
    if (slot_of(s, id) == l)
        seal_out(s, l);
}

/* The core calls: its first message is one of an access key we know, or a newer one. */
static void on_first(struct siege *s, struct slot *l)
{
    const struct siege_member *me = &s->w->member[SIEGE_ATTACKER];
    struct entropy entropy = entropy_stream(&s->stream);
    uint8_t key[32], tag[HANDSHAKE_TAG_BYTES], second[HANDSHAKE_2_BYTES];
    l->stage = STAGE_DEAF;
    for (int i = 0; i < s->w->accs && l->stage == STAGE_DEAF; i++) {
        struct handshake_config c = {LINK_MEMBER, s->w->group, s->w->acc[i],
                                     me->transport_sk, NULL};
        handshake_tag_key(key, s->w->acc[i]);
        handshake_tag(tag, key, l->raw.p);
        if (memcmp(tag, l->raw.p + HANDSHAKE_NONCE_BYTES, sizeof tag) != 0)
            continue;
        CHECK(handshake_accept(&l->hs, &c, &entropy, l->raw.p) == 0);
        CHECK(handshake_second(&l->hs, second) == 0);
        l->stage = STAGE_3;
    }
    buf_consume(&l->raw, HANDSHAKE_1_BYTES);
    if (l->stage == STAGE_3)
        data_event(s, l->id, BYTES_OF(second));
}

static void on_third(struct siege *s, struct slot *l)
{
    const uint8_t *remote = NULL;
    CHECK(handshake_finish(&l->hs, l->raw.p, &remote) == 0);
    CHECK(memcmp(remote, s->w->member[SIEGE_CORE].transport_pk, 32) == 0);
    CHECK(handshake_split(&l->hs, &l->send, &l->recv, l->hs_hash) == 0);
    buf_consume(&l->raw, HANDSHAKE_3_BYTES);
    greet(s, l);
    seal_out(s, l);
}

/* Whatever the core says is whole, and well formed. */
static void on_frames(struct slot *l)
{
    struct wire_message m;
    struct bytes message, stream;
    size_t used = 0;
    CHECK(frame_feed(&l->frames, &l->recv, BUF_BYTES(&l->raw), &l->in, SIZE_MAX / 2) ==
          0);
    l->raw.n = 0;
    stream = BUF_BYTES(&l->in);
    int got = wire_next(stream, &message, &used);
    for (; got == 1; got = wire_next(stream, &message, &used)) {
        CHECK(wire_decode(message, &m) == 0);
        stream = BYTES(stream.p + used, stream.n - used);
    }
    CHECK(got == 0);
    buf_consume(&l->in, l->in.n - stream.n);
}

static bool slot_read(struct siege *s, struct slot *l)
{
    size_t had = l->raw.n;
    if (had == 0)
        return false;
    if (l->stage == STAGE_2 && had >= HANDSHAKE_2_BYTES)
        on_second(s, l);
    else if (l->stage == STAGE_1 && had >= HANDSHAKE_1_BYTES)
        on_first(s, l);
    else if (l->stage == STAGE_3 && had >= HANDSHAKE_3_BYTES)
        on_third(s, l);
    else if (l->stage == STAGE_LIVE)
        on_frames(l);
    else
        return false;
    return true;
}

static void answer_dial(struct siege *s)
{
    bool takes = s->dial_to_attacker[--s->dials_count] && s->answer;
    struct event ev = {.kind = EV_DIALED, .link = s->dials[s->dials_count]};
    if (takes && s->slot[SLOT_ATTACKER].stage != STAGE_NONE)
        slot_close(s, SLOT_ATTACKER);
    if (takes) {
        s->slot[SLOT_ATTACKER].stage = STAGE_1;
        s->slot[SLOT_ATTACKER].id = ev.link;
        s->slot[SLOT_ATTACKER].member = SIEGE_ATTACKER;
    }
    ev.err = takes ? 0 : ERR_NOANSWER;
    step(s, &ev);
}

static bool settle_slot(struct siege *s, int i)
{
    struct slot *l = &s->slot[i];
    bool slow = s->stall && (i == SLOT_ATTACKER || i == SLOT_OLD);
    bool moved = l->stage != STAGE_NONE && slot_read(s, l);
    if (l->stage == STAGE_NONE || l->pending == 0 || slow)
        return moved;
    struct event ev = {.kind = EV_SENT, .link = l->id, .bytes = {NULL, l->pending}};
    l->pending = 0;
    step(s, &ev);
    return true;
}

void siege_event(struct siege *s, struct event *ev)
{
    bool moved = true;
    step(s, ev);
    for (int guard = 0; moved; guard++) {
        CHECK(guard < SETTLE_MAX);
        moved = s->dials_count > 0;
        if (moved)
            answer_dial(s);
        for (int i = 0; i < SLOTS; i++)
            moved = settle_slot(s, i) || moved;
    }
}

void slot_open(struct siege *s, enum siege_slot which, int member)
{
    struct slot *l = &s->slot[which];
    struct entropy entropy = entropy_stream(&s->stream);
    const struct siege_member *me = &s->w->member[member];
    struct handshake_config c = {LINK_MEMBER, s->w->group, s->w->acc[0],
                                 me->transport_sk,
                                 s->w->member[SIEGE_CORE].transport_pk};
    struct event ev = {.kind = EV_ACCEPTED, .link = s->next_odd};
    uint8_t first[HANDSHAKE_1_BYTES];
    slot_free(l);
    l->id = s->next_odd;
    s->next_odd += 2;
    l->stage = STAGE_2;
    l->member = member;
    CHECK(handshake_first(&l->hs, &c, &entropy, first) == 0);
    step(s, &ev);
    if (l->stage == STAGE_2)
        slot_write(s, l, BYTES_OF(first));
}

void slot_close(struct siege *s, enum siege_slot which)
{
    struct event ev = {.kind = EV_CLOSED, .link = s->slot[which].id};
    if (s->slot[which].stage == STAGE_NONE)
        return;
    slot_free(&s->slot[which]);
    step(s, &ev);
}

struct slot *siege_link(struct siege *s, enum siege_slot which)
{
    struct slot *l = &s->slot[which];
    if (l->stage != STAGE_LIVE)
        slot_close(s, which);
    if (l->stage == STAGE_NONE)
        slot_open(s, which, which == SLOT_HONEST ? SIEGE_HONEST : SIEGE_ATTACKER);
    return l->stage == STAGE_LIVE ? l : NULL;
}

uint16_t slot_topic(struct slot *l, const uint8_t topic[static 32])
{
    for (int i = 0; i < l->topics_count; i++)
        if (memcmp(l->topics[i], topic, 32) == 0)
            return (uint16_t)i;
    if (l->topics_count == 64)
        return 63;
    memcpy(l->topics[l->topics_count], topic, 32);
    CHECK(wire_put_topic(&l->out, (uint16_t)l->topics_count, topic) == 0);
    return (uint16_t)l->topics_count++;
}

void slot_item(struct slot *l, const struct siege_item *it)
{
    if (it->type == WIRE_ENTRY)
        CHECK(wire_put_entry(&l->out, slot_topic(l, it->topic),
                             BUF_BYTES(&it->bytes)) == 0);
    else
        CHECK(wire_put(&l->out, it->type, BUF_BYTES(&it->bytes), BYTES(NULL, 0)) == 0);
}

/* ---- a run --------------------------------------------------------------- */

void siege_pass(struct siege *s, uint64_t ms)
{
    struct tp *t = s->t;
    uint64_t end = t->now_ms + ms;
    struct event ev = {.kind = EV_TICK};
    int spins = 0;
    for (int i = 0; i < TICKS_MAX && peer_deadline_ms(t->peer) < end; i++) {
        uint64_t due = peer_deadline_ms(t->peer);
        uint64_t by = due > t->now_ms ? due - t->now_ms : 0;
        spins = by > 0 ? 0 : spins + 1;
        CHECK(spins < SPINS_MAX);
        t->now_ms += by;
        t->wall_ms += by;
        siege_event(s, &ev);
    }
    t->wall_ms += end - t->now_ms;
    t->now_ms = end;
    s->passed_ms += ms;
    siege_event(s, &ev);
}

/* One arena for all runs: mapping and locking one is slow.  Whoever is done gave back
 * every key. */
static struct arena *arena_kept(int which)
{
    static struct arena *kept[2];
    if (!kept[which])
        CHECK(arena_new(&kept[which], ARENA_BYTES) == 0);
    CHECK(arena_used(kept[which]) == 0);
    return kept[which];
}

static struct tp *core_of(const struct siege_world *w, const struct memlog *log,
                          int which)
{
    struct tp *t = calloc(1, sizeof *t);
    CHECK(t != NULL);
    *t = (struct tp){.log = memlog_copy(log),
                     .arena = arena_kept(which),
                     .stream = {{0x54, (uint8_t)which}, 0},
                     .now_ms = w->now_ms,
                     .wall_ms = w->wall_ms};
    tp_restart(t);
    return t;
}

static void core_free(struct tp *t)
{
    peer_free(t->peer);
    memlog_free(t->log);
    free(t);
}

void siege_begin(struct siege *s, const struct siege_world *w)
{
    memset(s, 0, sizeof *s);
    s->w = w;
    s->stream.key[0] = 0x53;
    s->next_odd = 1;
    s->seq = w->seq;
    s->control_seq = w->control_seq;
    memcpy(s->hash, w->hash, 32);
    memcpy(s->control_hash, w->control_hash, 32);
    memcpy(s->control_prev, w->control_prev, 32);
    s->t = core_of(w, w->core, 0);
    take_effects(s);
}

/* Another member who takes the same control entries sees the same group. */
static void check_digest(struct siege *s)
{
    struct group *g = siege_group(s);
    uint8_t here[16], there[16];
    if (!s->meddled)
        return;
    struct tp *t = core_of(s->w, s->w->honest, 1);
    struct group *h = peer_group(t->peer, 1);
    memlog_begin(t->log);
    for (uint32_t i = 0; i < control_count(g); i++) {
        int err = control_take(h, control_at(g, i)->whole, 0);
        CHECK(err == 0 || err == 1);
    }
    CHECK(keys_flush(h) == 0);
    memlog_commit(t->log);
    control_digest(g, here);
    control_digest(h, there);
    CHECK(memcmp(here, there, 16) == 0);
    core_free(t);
}

void siege_end(struct siege *s)
{
    memlog_fail(s->t->log, 0, 0);
    s->fault = s->stall = false;
    siege_look(s);
    check_digest(s);
    siege_restart(s);
    siege_look(s);
    forget_links(s);
    core_free(s->t);
}
