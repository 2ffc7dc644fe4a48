/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* siege_acts.c -- the steps of a script.
 *
 * Recipes, what is not there reads as zeros:
 *     entry    how u8 || place u8 || position u16 || sequence u8 || u32 || prev u8 ||
 *              lifetime u8 || end i16 || urgency u8 || change u32 || body u8 || rest
 *     control  how u8 || kind u8 || rest
 */
#include <stdio.h>

#include "base/cursor.h"
#include "base/mp.h"
#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/epoch.h"
#include "crypto/sign.h"
#include "node/core/card_int.h"
#include "node/core/control_int.h"
#include "tests/fuzz/siege_play.h"

enum { PASSED_MS_MAX = 6 * 24 * 3600 * 1000 };

static void said(struct siege *s, struct slot *l, bool hold)
{
    if (l->out.n > 0 && (!hold || l->out.n > WIRE_QUEUE_BYTES_MAX / 2))
        slot_flush(s, l);
}

/* ---- bytes and messages -------------------------------------------------- */

static void act_raw(struct siege *s, struct bytes data, bool hold)
{
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    struct reader r = reader_of(data);
    uint8_t type = read_u8(&r);
    if (!l || wire_put(&l->out, type, r.left, BYTES(NULL, 0)))
        return;
    if (type == WIRE_CONTROL)
        s->meddled = true;
    said(s, l, hold);
}

static void act_stream(struct siege *s, struct bytes data, bool hold)
{
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    s->meddled = true;
    if (l && buf_append(&l->out, data, WIRE_QUEUE_BYTES_MAX) == 0)
        said(s, l, hold);
}

static void act_wire(struct siege *s, struct bytes data)
{
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    if (l)
        slot_write(s, l, data);
}

static void act_envelope(struct siege *s, struct bytes data, bool hold)
{
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    struct reader r = reader_of(data);
    uint8_t topic[32];
    read_copy(&r, topic, 32);
    if (l && wire_put_entry(&l->out, slot_topic(l, topic), r.left) == 0)
        said(s, l, hold);
}

static void act_about(struct siege *s, struct bytes data, bool hold)
{
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    struct reader r = reader_of(data);
    uint8_t type = read_u8(&r), topic[32], head[3];
    read_copy(&r, topic, 32);
    if (!l)
        return;
    head[0] = SET_CONTENT;
    put_u16(head + 1, slot_topic(l, topic));
    if (wire_put(&l->out, type, BYTES_OF(head), r.left) == 0)
        said(s, l, hold);
}

/* ---- entries ------------------------------------------------------------- */

/* What an entry's recipe says beside its envelope's fields. */
struct recipe {
    uint8_t how, sequence, prev, body;
    uint32_t number, change;
};

static void entry_body(const struct siege *s, struct reseal *r, uint8_t how,
                       struct bytes rest)
{
    struct reader in = reader_of(rest);
    uint8_t deps[4 * DEP_BYTES];
    struct body body = {.kind = BODY_TEXT, .about_hour = s->w->hour, .height = 9};
    if (how % 4 == 1) {
        size_t n = rest.n < RESEAL_BODY_BYTES_MAX ? rest.n : RESEAL_BODY_BYTES_MAX;
        CHECK(buf_append(&r->body, BYTES(rest.p, n), SIZE_MAX / 2) == 0);
        return;
    }
    if (how % 4 >= 2) {
        body.kind = read_u8(&in) % 4;
        body.about_hour = read_u32(&in);
        body.height = read_u64(&in);
        body.distance = read_u32(&in);
        body.again_seq = read_u32(&in);
        size_t n = read_u8(&in) % 5;
        for (size_t i = 0; i < n; i++)
            memcpy(deps + i * DEP_BYTES, s->w->item[read_u8(&in) % s->w->items].id,
                   DEP_BYTES);
        body.deps = BYTES(deps, n * DEP_BYTES);
        body.again = BYTES(s->hash, DEP_BYTES);
    }
    if (how % 4 == 3)
        body.control_deps = body.deps;
    body.text = in.left;
    reseal_body(r, &body);
}

static void entry_chain(const struct siege *s, struct reseal *r,
                        const struct recipe *in)
{
    static const uint8_t zeros[32];
    const uint8_t *prevs[] = {s->hash, zeros, s->hash_before, s->w->hash,
                              s->w->item[in->number % (uint32_t)s->w->items].id};
    r->seq = in->sequence % 4 == 0   ? s->seq + 1
             : in->sequence % 4 == 1 ? s->seq
             : in->sequence % 4 == 2 ? 1
                                     : in->number;
    memcpy(r->prev, prevs[in->prev % 5], 32);
}

static void entry_fields(const struct siege *s, struct reseal *r, struct reader *in,
                         struct recipe *recipe)
{
    static const uint16_t lives[] = {720, 24, 168, 1440, 8760, 0, 1, 65535};
    recipe->how = read_u8(in);
    int which = recipe->how & 1;
    uint8_t place = read_u8(in);
    r->count = s->w->ref[which].count;
    r->mix = s->w->ref[which].mix;
    memcpy(r->ids, s->w->ref[which].ids, 32 * (size_t)r->count);
    r->place = recipe->how & 2 ? place : s->w->place[which][SIEGE_ATTACKER];
    r->position = read_u16(in);
    recipe->sequence = read_u8(in);
    recipe->number = read_u32(in);
    recipe->prev = read_u8(in);
    uint16_t life = lives[read_u8(in) % 8];
    int32_t shift = (int16_t)read_u16(in);
    r->clear[0] = 1;
    r->clear[1] = read_u8(in) & 3;
    uint32_t end = s->w->hour + (uint32_t)life + (uint32_t)shift;
    put_u32(r->clear + 2, life ? end : END_NEVER);
    put_u16(r->clear + 6, life);
    recipe->change = read_u32(in);
    recipe->body = read_u8(in);
}

static void act_entry(struct siege *s, struct bytes data, bool hold)
{
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    struct reader in = reader_of(data);
    struct recipe recipe = {0};
    struct reseal r = {.count = 0};
    struct buf envelope = {0};
    uint8_t digest[32], hash[32];
    entry_fields(s, &r, &in, &recipe);
    entry_chain(s, &r, &recipe);
    hash32(digest, "random", &data, 1);
    memcpy(r.clear + 8, digest, XNONCE_BYTES);
    entry_body(s, &r, recipe.body, in.left);
    if (recipe.how & 4)
        reseal_change(&r, recipe.change);
    int lane = recipe.how & 8 ? recipe.how >> 5 : 0;
    const struct reseal_keys keys = siege_keys(s->w, lane % s->w->lanes);
    if (l && reseal_write(&r, &keys, &envelope, hash)) {
        CHECK(wire_put_entry(&l->out, slot_topic(l, keys.topic),
                             BUF_BYTES(&envelope)) == 0);
        if (r.seq == s->seq + 1 && !(recipe.how & 16)) {
            s->seq++;
            memcpy(s->hash_before, s->hash, 32);
            memcpy(s->hash, hash, 32);
        }
        said(s, l, hold);
    }
    reseal_free(&r);
    buf_free(&envelope);
}

/* ---- control entries and cards ------------------------------------------- */

/* Sign an entry over the heads the core has; how: 1 bad signature, 2 wrong digest, 4
 * first head only, 8 a fork, 16 the chain does not go on. */
static void put_control(struct siege *s, struct slot *l, uint8_t how, uint8_t kind,
                        struct bytes body)
{
    const struct siege_member *me = &s->w->member[SIEGE_ATTACKER];
    struct group *g = siege_group(s);
    uint8_t heads[LIMIT_HEADS_MAX * 32], digest[16], signature[64], hash[32];
    struct buf entry = {0};
    uint8_t count = control_heads(g, heads);
    count = how & 4 && count > 1 ? 1 : count;
    control_digest(g, digest);
    digest[0] ^= how & 2;
    CHECK(body.n <= LIMIT_CONTROL_BYTES_MAX);
    CHECK(buf_reserve(&entry, CONTROL_FIXED_BYTES + sizeof heads + body.n + 256,
                      SIZE_MAX / 2) == 0);
    struct room room = {entry.p, 0, entry.cap};
    struct writer w = writer_to(&room);
    write_u8(&w, 1);
    write_u8(&w, kind);
    write_bytes(&w, BYTES_OF(s->w->group));
    write_bytes(&w, BYTES_OF(me->pk));
    write_u32(&w, s->control_seq + (how & 8 ? 0 : 1));
    write_bytes(&w, how & 8 ? BYTES_OF(s->control_prev) : BYTES_OF(s->control_hash));
    write_u8(&w, count);
    write_bytes(&w, BYTES(heads, 32 * (size_t)count));
    write_bytes(&w, BYTES_OF(digest));
    write_u32(&w, (uint32_t)body.n);
    write_bytes(&w, body);
    CHECK(writer_end(&w) == 0);
    CHECK(sign_make(signature, "control", BYTES(room.p, room.n), me->sk) == 0);
    signature[0] ^= how & 1;
    CHECK(room_append(&room, BYTES_OF(signature)) == 0);
    struct bytes whole = BYTES(room.p, room.n);
    hash32(hash, "control entry", &whole, 1);
    if (wire_put(&l->out, WIRE_CONTROL, whole, BYTES(NULL, 0)) == 0 && !(how & 25)) {
        s->control_seq++;
        memcpy(s->control_prev, s->control_hash, 32);
        memcpy(s->control_hash, hash, 32);
    }
    s->meddled = true;
    buf_free(&entry);
}

/* A newcomer's keys and his word (P4.8). */
static void fill_newcomer(const struct siege *s, uint8_t who, uint8_t *store,
                          struct control_body *b)
{
    uint8_t seed[32] = {0x61, who}, sk[64], message[128];
    sign_keypair(store, sk, seed);
    seed[2] = 1;
    dh_public(store + 32, seed);
    seed[2] = 2;
    dh_public(store + 64, seed);
    memcpy(message, s->w->group, 32);
    memcpy(message + 32, store, 96);
    CHECK(sign_make(store + 96, "join", BYTES_OF(message), sk) == 0);
    b->bin[ADD_MEMBER] = BYTES(store, 32);
    b->bin[ADD_TRANSPORT] = BYTES(store + 32, 32);
    b->bin[ADD_PREKEY] = BYTES(store + 64, 32);
    b->bin[ADD_PROOF] = BYTES(store + 96, 64);
    b->bin[ADD_PARENTS] = BYTES(s->w->ref[0].ids, 32 * (size_t)s->w->ref[0].count);
    b->bin[ADD_LANE] = BYTES(s->w->lane[0].epoch, 32);
}

/* A body of this kind that decodes: fields of known things, chosen by `data`. */
static void fill_body(const struct siege *s, uint8_t kind, struct bytes data,
                      struct buf *out)
{
    static const uint8_t zeros[208];
    struct reader r = reader_of(data);
    struct control_body b = {0};
    uint8_t store[160];
    for (int i = 0; i < BODY_KEYS_MAX; i++) {
        uint8_t pick = read_u8(&r);
        const uint8_t *from = pick % 3 == 0   ? zeros
                              : pick % 3 == 1 ? s->w->item[pick % s->w->items].id
                                              : s->w->member[pick % SIEGE_MEMBERS].pk;
        b.bin[i] = BYTES(from, 32);
        b.uint[i] = kind == CONTROL_ADD ? pick & 1 : pick;
    }
    if (kind == CONTROL_REKEY)
        b.bin[REKEY_LIST].n = 16;
    if (kind == CONTROL_FORWARD)
        b.bin[FORWARD_BOX] = BYTES_OF(zeros);
    if (kind == CONTROL_ADD)
        fill_newcomer(s, read_u8(&r), store, &b);
    if (kind == CONTROL_INVITE)
        b.uint[INVITE_ROLE] &= 1;
    CHECK(control_body_encode(kind, &b, out) == 0);
}

static void act_control(struct siege *s, struct bytes data, bool hold)
{
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    struct reader r = reader_of(data);
    uint8_t how = read_u8(&r), kind = read_u8(&r) % 24;
    struct buf body = {0};
    if (!l || r.left.n > LIMIT_CONTROL_BYTES_MAX)
        return;
    if (how & 0x20)
        CHECK(buf_append(&body, r.left, SIZE_MAX / 2) == 0);
    else
        fill_body(s, kind, r.left, &body);
    put_control(s, l, how, kind, BUF_BYTES(&body));
    buf_free(&body);
    said(s, l, hold);
}

/* A rekey whose page is any bytes: its hash is the one that the entry names.  how & 32:
 * the page is an item, by number, that another made; how & 64: it is not sent. */
static void act_rekey(struct siege *s, struct bytes data, bool hold)
{
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    struct reader r = reader_of(data);
    uint8_t how = read_u8(&r), secret[32], commit[32], own[32], lanes[32], page[32],
            list[16];
    struct control *c = siege_group(s)->control;
    struct control_body b = {0};
    struct epoch_values values = {0};
    struct buf body = {0};
    if (how & 32) {
        const struct siege_item *it = &s->w->item[read_u8(&r) % s->w->items];
        r.left = BUF_BYTES(&it->bytes);
    }
    if (!l || r.left.n > 60000)
        return;
    hash32(secret, "secret", &data, 1);
    epoch_commit(commit, secret);
    epoch_derive(&values, secret);
    epoch_commit_own(own, &values);
    epoch_commit_lane(lanes, &values);
    hash32(page, "page", &r.left, 1);
    b.bin[REKEY_COMMIT] = BYTES_OF(commit);
    CHECK(control_list_hash(c, &c->now, list) == 0);
    b.bin[REKEY_LIST] = BYTES_OF(list);
    b.bin[REKEY_PAGES] = BYTES_OF(page);
    b.bin[REKEY_OWN] = BYTES_OF(own);
    b.bin[REKEY_LANES] = BYTES_OF(lanes);
    CHECK(control_body_encode(CONTROL_REKEY, &b, &body) == 0);
    put_control(s, l, how, CONTROL_REKEY, BUF_BYTES(&body));
    if (!(how & 64))
        CHECK(wire_put(&l->out, WIRE_PAGE, r.left, BYTES(NULL, 0)) == 0);
    buf_free(&body);
    said(s, l, hold);
}

static void act_card(struct siege *s, struct bytes data, bool hold)
{
    const struct siege_member *me = &s->w->member[SIEGE_ATTACKER];
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    struct reader in = reader_of(data);
    uint8_t store[CARD_HEAD_BYTES + 4096 + 64], signature[64];
    uint8_t how = read_u8(&in), kind = read_u8(&in);
    uint32_t seq = read_u32(&in);
    struct room card = ROOM_OF(store);
    struct writer w = writer_to(&card);
    struct buf text = {0};
    struct mp_writer m = mp_writer_to(&text, 4096);
    struct bytes body = BYTES(in.left.p, in.left.n < 4000 ? in.left.n : 4000);
    mp_str(&m, body);
    if (how & 2 && mp_writer_end(&m) == 0)
        body = BUF_BYTES(&text);
    write_u8(&w, 1);
    write_u8(&w, how & 4 ? kind : kind % 5);
    write_bytes(&w, BYTES_OF(s->w->group));
    write_bytes(&w, BYTES_OF(me->pk));
    write_u32(&w, how & 8 ? seq : seq % 64 + 2);
    write_u16(&w, (uint16_t)body.n);
    write_bytes(&w, body);
    CHECK(writer_end(&w) == 0);
    CHECK(sign_make(signature, "card", BYTES(card.p, card.n), me->sk) == 0);
    signature[0] ^= how & 1;
    CHECK(room_append(&card, BYTES_OF(signature)) == 0);
    if (l && wire_put(&l->out, WIRE_CARD, BYTES(card.p, card.n), BYTES(NULL, 0)) == 0)
        said(s, l, hold);
    buf_free(&text);
}

/* ---- others -------------------------------------------------------------- */

static void act_hand(struct siege *s, struct bytes data, bool hold)
{
    struct slot *l = siege_link(s, SLOT_ATTACKER);
    for (size_t i = 0; l && i < data.n && i < 64; i++)
        slot_item(l, &s->w->item[data.p[i] % s->w->items]);
    if (l)
        said(s, l, hold);
}

static void act_honest(struct siege *s, struct bytes data)
{
    struct reader r = reader_of(data);
    struct slot *l = siege_link(s, SLOT_HONEST);
    int end = s->handed + 1 + read_u8(&r) % 8;
    bool fault = s->fault;
    if (!l)
        return;
    if (s->handed < s->w->items_start)
        end += s->w->items_start - s->handed, s->handed = s->w->items_start;
    for (; s->handed < end && s->handed < s->w->items_own; s->handed++)
        slot_item(l, &s->w->item[s->handed]);
    slot_flush(s, l);
    if (fault && !s->fault) /* it was lost with the link: all of it again */
        s->handed = s->w->items_start;
    siege_look(s);
}

static void act_pass(struct siege *s, struct bytes data)
{
    static const uint32_t units[] = {1, 1000, 60 * 1000, 3600 * 1000};
    struct reader r = reader_of(data);
    uint64_t ms = units[read_u8(&r) % 4];
    ms *= read_u16(&r);
    if (s->passed_ms + ms <= PASSED_MS_MAX)
        siege_pass(s, ms);
}

static void act_clock(struct siege *s, struct bytes data)
{
    struct reader r = reader_of(data);
    int64_t ms = (int64_t)(int32_t)read_u32(&r) * 60000;
    struct event ev = {.kind = EV_TICK};
    if (ms < 0 && s->t->wall_ms < (uint64_t)-ms)
        return;
    s->t->wall_ms += (uint64_t)ms;
    s->passed_ms += 25 * TP_HOUR_MS; /* a jump counts as at most a day (P3.1) */
    siege_event(s, &ev);
}

static void act_person(struct siege *s, struct bytes data)
{
    static const enum cmd_kind kinds[] = {CMD_SAY,       CMD_SAY,         CMD_RENAME,
                                          CMD_REKEY,     CMD_INVITE,      CMD_MARK_READ,
                                          CMD_TAKE_BACK, CMD_RENAME_GROUP};
    struct reader r = reader_of(data);
    uint8_t what = read_u8(&r) % 8;
    char text[32];
    (void)snprintf(text, sizeof text, "mine %u", s->said++);
    struct command c = {.kind = kinds[what],
                        .group = 1,
                        .text = tp_text(text),
                        .name = r.left,
                        .pseudonym = r.left,
                        .lifetime_hours = UINT32_MAX,
                        .uses = 1,
                        .valid_hours = 24,
                        .row = read_u8(&r),
                        .draft = s->drafts[s->said % 8],
                        .delay_ms = what == 1 ? 1 + 1000 * (uint64_t)read_u8(&r) : 0};
    struct event ev = {.kind = EV_COMMAND, .command = &c};
    siege_event(s, &ev);
    if (what == 1)
        s->drafts[s->said % 8] = c.draft;
    buf_free(&c.line);
}

static void act_second(struct siege *s)
{
    slot_close(s, SLOT_OLD);
    s->slot[SLOT_OLD] = s->slot[SLOT_ATTACKER];
    memset(&s->slot[SLOT_ATTACKER], 0, sizeof s->slot[SLOT_ATTACKER]);
    slot_open(s, SLOT_ATTACKER, SIEGE_ATTACKER);
}

static void act_stranger(struct siege *s, struct bytes data)
{
    struct reader r = reader_of(data);
    uint8_t how = read_u8(&r);
    enum siege_slot which = SLOT_STRANGERS + (how & 3);
    struct slot *l = &s->slot[which];
    struct event ev = {.kind = EV_ACCEPTED, .link = s->next_odd};
    if (l->stage != STAGE_NONE && how & 4)
        slot_close(s, which);
    if (l->stage == STAGE_NONE) {
        l->stage = STAGE_STRANGER; /* whatever the core says is not read */
        l->id = s->next_odd;
        s->next_odd += 2;
        siege_event(s, &ev);
    }
    if (l->stage != STAGE_NONE && r.left.n > 0)
        slot_write(s, l, r.left);
}

/* ---- a guest ------------------------------------------------------------- */

static bool guest_call(struct siege *s, const struct invite_line *line,
                       const uint8_t psk[static 32], const uint8_t t_sk[static 32])
{
    struct slot *l = &s->slot[SLOT_GUEST];
    struct entropy entropy = entropy_stream(&s->stream);
    struct handshake_config c = {LINK_INVITE, s->w->group, psk, t_sk,
                                 line->transport_pk};
    struct event ev = {.kind = EV_ACCEPTED, .link = s->next_odd};
    uint8_t first[HANDSHAKE_1_BYTES];
    slot_close(s, SLOT_GUEST);
    l->id = s->next_odd;
    s->next_odd += 2;
    l->stage = STAGE_2;
    l->member = -1;
    CHECK(handshake_first(&l->hs, &c, &entropy, first) == 0);
    siege_event(s, &ev);
    if (l->stage == STAGE_2)
        slot_write(s, l, BYTES_OF(first));
    return l->stage == STAGE_LIVE;
}

/* Bits of the first byte: by the code that asks; the steward answers. */
enum { GUEST_ASKS = 0x80, GUEST_ANSWERED = 0x40 };

static int first_at_door(void *ctx, const struct door_view *v)
{
    memcpy(ctx, v->key, 32);
    return 1;
}

/* The nonce is shown, and perhaps somebody says yes or no. */
static void guest_waits(struct siege *s, uint8_t how, const uint8_t nonce[static 32])
{
    struct slot *l = &s->slot[SLOT_GUEST];
    struct command c = {.kind = CMD_DOOR, .group = 1};
    struct event ev = {.kind = EV_COMMAND, .command = &c};
    if (l->stage == STAGE_LIVE) {
        CHECK(wire_put_reveal(&l->out, nonce) == 0);
        slot_flush(s, l);
    }
    c.answer = (enum door_answer)(how % 4);
    if (how & GUEST_ANSWERED && peer_door(s->t->peer, 1, first_at_door, c.id) == 1)
        siege_event(s, &ev);
}

static void act_guest(struct siege *s, struct bytes data)
{
    struct slot *l = &s->slot[SLOT_GUEST];
    struct reader r = reader_of(data);
    struct invite_line line;
    struct wire_join join = {.name = BYTES("Guest", 5)};
    uint8_t psk[32], v_pk[32], v_sk[64], sk[64], message[160];
    uint8_t seed[32] = {0x62, read_u8(&r)}, t_sk[32] = {0x63, seed[1]};
    bool asks = seed[1] & GUEST_ASKS;
    CHECK(invite_decode(BUF_BYTES(asks ? &s->w->asking : &s->w->line), &line) == 0);
    join_derive(psk, v_pk, v_sk, line.v);
    if (!guest_call(s, &line, psk, t_sk))
        return;
    s->meddled = true;
    sign_keypair(join.member_pk, sk, seed);
    dh_public(join.transport_pk, t_sk);
    memset(join.prekey_pk, 9, 32);
    join_signed(message, s->w->group, &join);
    CHECK(sign_make(join.proof, "join", BYTES(message, 128), sk) == 0);
    struct sentence said = {.group = line.group,
                            .invite_pk = v_pk,
                            .host_pk = line.transport_pk,
                            .member_pk = join.member_pk,
                            .transport_pk = join.transport_pk,
                            .prekey_pk = join.prekey_pk,
                            .name = join.name,
                            .nonce = seed};
    sentence_commit(join.commitment, &said);
    join_vouched(message, l->hs_hash, &join);
    CHECK(sign_make(join.signature, "invite", BYTES_OF(message), v_sk) == 0);
    CHECK(wire_put_join(&l->out, &join) == 0);
    for (size_t i = 0; i + 1 < r.left.n; i += 2) /* at || flip */
        l->out.p[r.left.p[i] % l->out.n] ^= r.left.p[i + 1];
    slot_flush(s, l);
    if (asks)
        guest_waits(s, seed[1], seed);
}

/* ---- all ----------------------------------------------------------------- */

static void act_fault(struct siege *s, struct bytes data)
{
    struct reader r = reader_of(data);
    s->fault = true;
    memlog_fail(s->t->log, 1 + read_u8(&r) % 64, ERR_DISKFULL);
}

/* Steps in which the attacker speaks. */
static bool act_speak(struct siege *s, uint8_t op, struct bytes data)
{
    bool hold = (op & OP_HOLD) != 0;
    switch ((op & 0x7f) % OPS) {
    case OP_RAW: act_raw(s, data, hold); break;
    case OP_STREAM: act_stream(s, data, hold); break;
    case OP_WIRE: act_wire(s, data); break;
    case OP_ENVELOPE: act_envelope(s, data, hold); break;
    case OP_ABOUT: act_about(s, data, hold); break;
    case OP_ENTRY: act_entry(s, data, hold); break;
    case OP_CONTROL: act_control(s, data, hold); break;
    case OP_CARD: act_card(s, data, hold); break;
    case OP_REKEY: act_rekey(s, data, hold); break;
    case OP_HAND: act_hand(s, data, hold); break;
    default: return false;
    }
    return true;
}

void siege_act(struct siege *s, uint8_t op, struct bytes data)
{
    if (act_speak(s, op, data))
        return;
    if (s->slot[SLOT_ATTACKER].stage == STAGE_LIVE) /* what was held goes first */
        said(s, &s->slot[SLOT_ATTACKER], false);
    switch ((op & 0x7f) % OPS) {
    case OP_HONEST: act_honest(s, data); break;
    case OP_PASS: act_pass(s, data); break;
    case OP_CLOCK: act_clock(s, data); break;
    case OP_CLOSE: slot_close(s, SLOT_ATTACKER); break;
    case OP_RESTART: siege_restart(s); break;
    case OP_PERSON: act_person(s, data); break;
    case OP_STALL: s->stall = !s->stall; break;
    case OP_FAULT: act_fault(s, data); break;
    case OP_SECOND: act_second(s); break;
    case OP_STRANGER: act_stranger(s, data); break;
    case OP_GUEST: act_guest(s, data); break;
    default: s->answer = !s->answer; break;
    }
}
