/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* liar_lies.c -- what a liar makes up, with the keys of a real member.
 *
 * Everything is put into the outgoing streams of its core's links inside the step that
 * is about to run, so that it leaves as if the core had said it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/mp.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "node/core/card_int.h"
#include "node/core/envelope_int.h"
#include "tests/sim/liar.h"

enum { ALL = -1, JUNK_BYTES_MAX = 70000, RAW_OPEN_MAX = 24 };

/* One telling. */
struct told {
    struct world *w;
    struct liar *l;
    struct peer *p;
    struct group *g;
};

static uint64_t die(const struct told *t, uint64_t bound)
{
    return entropy_below(&t->l->dice, bound);
}

static void noise_fill(const struct told *t, void *out, size_t n)
{
    entropy_fill(&t->l->dice, out, n);
}

/* The i-th live link of its group, NULL past the end. */
static struct link *link_at(const struct told *t, uint32_t i)
{
    for (uint32_t k = 0; k < t->p->links->count; k++)
        if (link_is_member(t->p->links->list[k], t->g->number) && i-- == 0)
            return t->p->links->list[k];
    return NULL;
}

static struct link *some_link(const struct told *t)
{
    uint32_t n = links_count(t->p, t->g->number);
    return n ? link_at(t, (uint32_t)die(t, n)) : NULL;
}

/* What a full queue or a used up topic does not take is not said. */
static void said(int err)
{
    CHECK(err == 0 || err == ERR_TOOBIG || err == ERR_FULL);
}

/* A message to the links of one kind of number (0 even, 1 odd), or to ALL. */
static void say(const struct told *t, uint8_t type, struct bytes bytes, int half)
{
    struct link *link = NULL;
    for (uint32_t i = 0; (link = link_at(t, i)); i++)
        if (half == ALL || (int)(i % 2) == half)
            said(wire_put(&link->out, type, bytes, BYTES(NULL, 0)));
}

static void say_entry(const struct told *t, const uint8_t *topic, struct bytes envelope,
                      int half)
{
    struct link *link = NULL;
    for (uint32_t i = 0; (link = link_at(t, i)); i++) {
        uint16_t number = 0;
        if (half != ALL && (int)(i % 2) != half)
            continue;
        int err = sync_topic(link, topic, &number);
        said(err ? err : wire_put_entry(&link->out, number, envelope));
    }
}

/* ---- content -------------------------------------------------------------------- */

/* An entry to be made; zeros are the usual. */
struct making {
    struct bytes body;
    bool bad_signature, own_chain, keep_key;
    uint32_t lifetime_hours, ahead_hours;
    uint8_t urgency;
};

static uint32_t lifetime_of(const struct told *t, const struct making *m)
{
    return m->lifetime_hours ? m->lifetime_hours : t->g->lifetime_hours;
}

/* A body as the sentence that it says. */
static void body_of(const struct told *t, struct buf *out, uint32_t kind,
                    uint64_t height, struct bytes deps)
{
    char text[40];
    (void)snprintf(text, sizeof text, "a lie, number %u", (unsigned)die(t, 1 << 30));
    struct mp_writer w = mp_writer_to(out, JUNK_BYTES_MAX);
    mp_array(&w, 7);
    mp_uint(&w, kind);
    mp_uint(&w, die(t, 3) ? t->g->hour.hour : die(t, UINT32_MAX));
    mp_uint(&w, height);
    mp_uint(&w, die(t, 3));
    mp_bin(&w, deps);
    mp_bin(&w, BYTES(NULL, 0));
    mp_str(&w, BYTES(text, strlen(text)));
    CHECK(mp_writer_end(&w) == 0);
}

/* Keys for one entry; false while there are none. */
static bool keys_for(const struct told *t, struct key_send *keys)
{
    return keys_send(t->g, keys) == 0;
}

/* The chain goes on from what its core wrote, unless it has gone its own way. */
static void chain_begin(const struct told *t)
{
    struct liar *l = t->l;
    uint32_t seq = 0;
    uint8_t hash[32] = {0};
    if (l->seq > 0 && die(t, 8) > 0)
        return;
    if (!content_frontier(t->g, t->g->member_pk, &seq, hash))
        memset(hash, 0, sizeof hash);
    l->seq = seq;
    memcpy(l->prev, hash, 32);
}

/* Seal with these keys; the envelope replaces `out`, the entry hash goes to `hash`. */
static bool seal(const struct told *t, const struct key_send *keys,
                 const struct making *m, struct buf *out, uint8_t hash[static 32])
{
    struct liar *l = t->l;
    uint8_t r[24], wrong_pk[32], wrong_sk[64], seed[32];
    uint32_t life = lifetime_of(t, m);
    noise_fill(t, r, sizeof r);
    noise_fill(t, seed, sizeof seed);
    sign_keypair(wrong_pk, wrong_sk, seed);
    struct envelope_parts parts = {
        .keys = keys,
        .group = t->g->id,
        .author_pk = t->g->member_pk,
        .member_sk = m->bad_signature ? wrong_sk : t->g->secrets->member_sk,
        .r = r,
        .urgency = m->urgency,
        .end_hour = life ? t->g->hour.hour + life + m->ahead_hours : END_NEVER,
        .lifetime_hours = (uint16_t)life,
        .seq = l->seq + 1,
        .prev = l->prev,
        .body = m->body};
    out->n = 0;
    return envelope_seal(&parts, out, hash) == 0;
}

static void chain_goes_on(struct liar *l, const uint8_t hash[static 32])
{
    l->seq++;
    memcpy(l->prev, hash, 32);
}

/* One entry of the own chain to all. */
static bool write_one(const struct told *t, const struct making *m)
{
    struct key_send keys;
    struct buf out = {0};
    uint8_t hash[32];
    bool good = keys_for(t, &keys) && seal(t, &keys, m, &out, hash);
    if (good) {
        chain_goes_on(t->l, hash);
        say_entry(t, keys.topic, BUF_BYTES(&out), ALL);
    }
    buf_free(&out);
    return good;
}

static void write_text(const struct told *t, struct making m)
{
    struct buf body = {0};
    body_of(t, &body, BODY_TEXT, 1 + die(t, 50), BYTES(NULL, 0));
    m.body = BUF_BYTES(&body);
    (void)write_one(t, &m);
    buf_free(&body);
}

/* Two entries of one sequence, one to each half; under one key or under two. */
static void two_texts(const struct told *t)
{
    struct key_send keys[2];
    struct buf out[2] = {{0}}, body = {0};
    uint8_t hash[2][32];
    bool one_key = die(t, 2) == 0;
    if (!keys_for(t, &keys[0]) || (!one_key && !keys_for(t, &keys[1])))
        return;
    if (one_key)
        keys[1] = keys[0];
    chain_begin(t);
    for (int i = 0; i < 2; i++) {
        body.n = 0;
        body_of(t, &body, BODY_TEXT, 1 + die(t, 9), BYTES(NULL, 0));
        struct making m = {.body = BUF_BYTES(&body)};
        if (seal(t, &keys[i], &m, &out[i], hash[i]))
            say_entry(t, keys[i].topic, BUF_BYTES(&out[i]), i);
        buf_free(&out[i]);
    }
    chain_goes_on(t->l, hash[die(t, 2)]);
    buf_free(&body);
}

/* A run of entries with bad signatures; a good one at its end vouches, or does not. */
static void forge(const struct told *t)
{
    uint64_t n = 1 + die(t, 6);
    bool vouched = die(t, 2) == 0;
    chain_begin(t);
    for (uint64_t i = 0; i < n; i++)
        write_text(t, (struct making){.bad_signature = true});
    if (vouched)
        write_text(t, (struct making){0});
    else
        t->l->seq = 0; /* the chain ends here */
}

static void junk_entry(const struct told *t)
{
    static const uint32_t lives[] = {24, 168, 720, 1440, 8760};
    struct buf body = {0};
    struct making m = {.urgency = (uint8_t)die(t, 4)};
    chain_begin(t);
    switch (die(t, 5)) {
    case 0: { /* bytes that are no body */
        uint8_t raw[300];
        noise_fill(t, raw, sizeof raw);
        CHECK(buf_append(&body, BYTES(raw, 1 + die(t, sizeof raw)), SIZE_MAX / 2) == 0);
        break;
    }
    case 1: body_of(t, &body, 100 + (uint32_t)die(t, 60000), 1, BYTES(NULL, 0)); break;
    case 2: body_of(t, &body, BODY_TEXT, UINT64_MAX - die(t, 3), BYTES(NULL, 0)); break;
    case 3:
        body_of(t, &body, BODY_TEXT, 1, BYTES(NULL, 0));
        m.lifetime_hours = lives[die(t, 5)];
        break;
    default: /* far ahead */
        body_of(t, &body, BODY_TEXT, 1, BYTES(NULL, 0));
        m.lifetime_hours = 24;
        m.ahead_hours = (uint32_t)die(t, 100000);
        break;
    }
    m.body = BUF_BYTES(&body);
    (void)write_one(t, &m);
    buf_free(&body);
}

/* Messages that are none. */
static void junk_message(const struct told *t)
{
    uint8_t raw[200];
    struct link *link = some_link(t);
    noise_fill(t, raw, sizeof raw);
    if (link)
        said(wire_put(&link->out, (uint8_t)die(t, 20), BYTES(raw, die(t, sizeof raw)),
                      BYTES(NULL, 0)));
}

static void endless_deps(const struct told *t)
{
    uint8_t deps[LIMIT_HEADS_MAX * DEP_BYTES];
    struct buf body = {0};
    for (int i = 0; i < LIMIT_HEADS_MAX; i++) {
        noise_fill(t, deps + i * DEP_BYTES, DEP_BYTES);
        deps[i * DEP_BYTES] = (uint8_t)(i * 16); /* rising */
    }
    chain_begin(t);
    body_of(t, &body, BODY_TEXT, die(t, 1000), BYTES_OF(deps));
    struct making m = {.body = BUF_BYTES(&body)};
    (void)write_one(t, &m);
    buf_free(&body);
}

/* Entries for epochs, or topics, that nobody knows: many bytes of them. */
static void unknown_epochs(const struct told *t)
{
    struct key_send keys;
    struct buf out = {0};
    uint8_t hash[32], *raw = calloc(1, 60000);
    bool topic = die(t, 2) == 0;
    CHECK(raw != NULL);
    if (!keys_for(t, &keys)) {
        free(raw);
        return;
    }
    for (uint64_t n = 1 + die(t, 8); n > 0; n--) {
        noise_fill(t, topic ? keys.topic : keys.ref.ids[0], 32);
        struct making m = {.body = BYTES(raw, 1 + die(t, 60000))};
        if (seal(t, &keys, &m, &out, hash))
            say_entry(t, keys.topic, BUF_BYTES(&out), ALL);
    }
    buf_free(&out);
    free(raw);
}

/* ---- control entries and cards -------------------------------------------------- */

static void body_bin(const struct told *t, uint8_t kind, struct buf *out)
{
    struct control_body b = {0};
    uint8_t raw[64];
    noise_fill(t, raw, sizeof raw);
    out->n = 0;
    if (kind == CONTROL_PREKEY || kind == CONTROL_NOKEY) {
        b.bin[PREKEY_KEY] = BYTES(raw, 32);
        CHECK(control_body_encode(kind, &b, out) == 0);
    } else {
        static const uint8_t empty = 0x80;
        CHECK(buf_append(out, BYTES(&empty, 1), SIZE_MAX / 2) == 0);
    }
}

/* Sign as the core would, but perhaps over another digest. */
static void sign_control(const struct told *t, const struct draft *d, uint8_t kind,
                         struct bytes body, struct buf *out)
{
    out->n = 0;
    CHECK(control_sign(t->g, d, kind, body, out) == 0);
    if (die(t, 4))
        return;
    out->p[CONTROL_FIXED_BYTES + 32u * d->deps_count] ^= 1;
    CHECK(sign_make(out->p + out->n - 64, "control", BYTES(out->p, out->n - 64),
                    t->g->secrets->member_sk) == 0);
}

static void two_branches(const struct told *t, uint64_t branches)
{
    static const uint8_t kinds[] = {CONTROL_PREKEY, CONTROL_PREKEY, CONTROL_NOKEY,
                                    CONTROL_SEEN, 77};
    struct draft d;
    struct buf body = {0}, whole = {0};
    if (control_draft(t->g, &d))
        return;
    for (uint64_t i = 0; i < branches; i++) {
        uint8_t kind = kinds[die(t, sizeof kinds)];
        body_bin(t, kind, &body);
        sign_control(t, &d, kind, BUF_BYTES(&body), &whole);
        say(t, WIRE_CONTROL, BUF_BYTES(&whole), branches == 2 ? (int)i : ALL);
    }
    buf_free(&body);
    buf_free(&whole);
}

/* Epochs whose boxes never come and whose values nobody has. */
static void false_rekeys(const struct told *t)
{
    struct draft d;
    struct buf body = {0}, whole = {0};
    uint8_t raw[5][32], list[16];
    struct control_body b = {0};
    if (control_draft(t->g, &d) || control_list_hash(t->g->control, d.state, list))
        return;
    for (uint64_t n = die(t, 3) ? 1 : 1 + die(t, 12); n > 0; n--) {
        noise_fill(t, raw, sizeof raw);
        b.bin[REKEY_COMMIT] = BYTES(raw[0], 32);
        b.bin[REKEY_LIST] = BYTES(list, 16);
        b.bin[REKEY_PAGES] = BYTES(raw[1], 32);
        b.bin[REKEY_PREKEY] = BYTES(raw[2], 32);
        b.bin[REKEY_OWN] = BYTES(raw[3], 32);
        b.bin[REKEY_LANES] = BYTES(raw[4], 32);
        body.n = 0;
        CHECK(control_body_encode(CONTROL_REKEY, &b, &body) == 0);
        sign_control(t, &d, CONTROL_REKEY, BUF_BYTES(&body), &whole);
        say(t, WIRE_CONTROL, BUF_BYTES(&whole), ALL);
    }
    buf_free(&body);
    buf_free(&whole);
}

/* Somebody asks for a key: an answer that opens to nothing, before others give one. */
static void false_forward(const struct told *t)
{
    struct draft d;
    struct buf body = {0}, whole = {0};
    uint8_t box[FORWARD_BOX_BYTES];
    const struct control *c = t->g->control;
    for (uint32_t i = 0; i < c->epochs_count; i++) {
        const struct held *h = held_at(t->g, c->epochs[i]);
        uint32_t to = bits_next(&h->epoch->nokey, 0);
        if (to == NOBODY || bits_has(&h->epoch->forwarded, to) ||
            control_draft(t->g, &d))
            continue;
        const struct member *m = member_at(t->g, to);
        noise_fill(t, box, sizeof box);
        struct control_body b = {0};
        b.bin[FORWARD_EPOCH] = BYTES(h->e.hash, 32);
        b.bin[FORWARD_MEMBER] = BYTES(m->pk, 32);
        b.bin[FORWARD_PREKEY] = BYTES(m->prekey_pk, 32);
        b.bin[FORWARD_BOX] = BYTES_OF(box);
        body.n = 0;
        CHECK(control_body_encode(CONTROL_FORWARD, &b, &body) == 0);
        sign_control(t, &d, CONTROL_FORWARD, BUF_BYTES(&body), &whole);
        say(t, WIRE_CONTROL, BUF_BYTES(&whole), ALL);
    }
    buf_free(&body);
    buf_free(&whole);
}

/* An entry by nobody, over the heads of the group. */
static void strange_entry(const struct told *t)
{
    struct draft d;
    struct buf body = {0}, whole = {0};
    uint8_t seed[32], pk[32], sk[64];
    if (control_draft(t->g, &d))
        return;
    d.seq = 1;
    memset(d.prev, 0, 32);
    noise_fill(t, seed, sizeof seed);
    sign_keypair(pk, sk, seed);
    body_bin(t, CONTROL_PREKEY, &body);
    CHECK(control_sign(t->g, &d, CONTROL_PREKEY, BUF_BYTES(&body), &whole) == 0);
    memcpy(whole.p + 34, pk, 32);
    CHECK(sign_make(whole.p + whole.n - 64, "control", BYTES(whole.p, whole.n - 64),
                    sk) == 0);
    say(t, WIRE_CONTROL, BUF_BYTES(&whole), ALL);
    buf_free(&body);
    buf_free(&whole);
}

static void one_card(const struct told *t, uint32_t seq, int half)
{
    uint8_t kind = (uint8_t)(1 + die(t, 16)), head[CARD_HEAD_BYTES] = {1, kind},
            signature[64], raw[400] = {0};
    struct buf body = {0}, card = {0};
    struct mp_writer w = mp_writer_to(&body, LIMIT_CARD_BYTES_MAX);
    char name[24];
    (void)snprintf(name, sizeof name, "CANARY%u", (unsigned)die(t, 9));
    if (kind == CARD_ADDRESSES) {
        mp_array(&w, 1);
        mp_str(&w, BYTES("n0.0:1", 6)); /* somebody else's */
    } else if (kind <= CARD_LANGUAGE) {
        mp_str(&w, BYTES(name, strlen(name)));
    } else {
        noise_fill(t, raw, sizeof raw);
        mp_bin(&w, BYTES(raw, die(t, sizeof raw)));
    }
    CHECK(mp_writer_end(&w) == 0);
    memcpy(head + 2, t->g->id, 32);
    memcpy(head + 34, t->g->member_pk, 32);
    put_u32(head + 66, seq);
    put_u16(head + 70, (uint16_t)body.n);
    CHECK(buf_append(&card, BYTES_OF(head), SIZE_MAX / 2) == 0);
    CHECK(buf_append(&card, BUF_BYTES(&body), SIZE_MAX / 2) == 0);
    CHECK(sign_make(signature, "card", BUF_BYTES(&card), t->g->secrets->member_sk) ==
          0);
    CHECK(buf_append(&card, BYTES_OF(signature), SIZE_MAX / 2) == 0);
    say(t, WIRE_CARD, BUF_BYTES(&card), half);
    buf_free(&body);
    buf_free(&card);
}

/* ---- floods --------------------------------------------------------------------- */

/* Positions that stand nowhere. */
static void no_positions(const struct told *t, struct buf *out, uint32_t n)
{
    struct set_bound at = {0};
    uint8_t raw[WIRE_POSITION_BYTES];
    for (uint32_t i = 0; i < n; i++) {
        noise_fill(t, at.id, 32);
        put_u16(at.id, (uint16_t)(i * (65535 / n)));
        at.end_hour = t->g->hour.hour + 100;
        position_put(raw, &at);
        CHECK(buf_append(out, BYTES_OF(raw), SIZE_MAX / 2) == 0);
    }
}

static void flood_asking(const struct told *t)
{
    struct link *link = some_link(t);
    struct lane_view lane;
    struct buf ids = {0};
    if (!link || !keys_lane_at(t->g, 0, &lane))
        return;
    for (uint64_t k = 1 + die(t, 20); k > 0; k--) {
        struct wire_range range = {.set = (uint8_t)die(t, 4),
                                   .hi.end_hour = UINT32_MAX};
        memset(range.hi.id, 0xff, 32);
        if (range.set == SET_CONTENT && sync_topic(link, lane.topic, &range.topic))
            continue;
        ids.n = 0;
        switch (die(t, 3)) {
        case 0:
            no_positions(t, &ids, 64);
            said(wire_put_ids(&link->out, &range, BUF_BYTES(&ids)));
            break;
        case 1:
            no_positions(t, &ids, WIRE_WANT_IDS_MAX);
            said(wire_put_want(&link->out, &range, BUF_BYTES(&ids)));
            break;
        default: /* nothing is here: send all, again and again */
            range.sum.count = die(t, 2) ? 0 : die(t, 1000);
            noise_fill(t, range.sum.fingerprint, 16);
            said(wire_put_range(&link->out, &range));
            break;
        }
    }
    buf_free(&ids);
}

static void flood(const struct told *t)
{
    struct link *link = some_link(t);
    uint8_t topic[32];
    switch (die(t, 6)) {
    case 0:
        chain_begin(t);
        for (uint64_t n = 10 + die(t, 100); n > 0; n--)
            write_text(t, (struct making){0});
        break;
    case 1:
        for (uint32_t i = 1; i <= 20; i++)
            one_card(t, (uint32_t)(t->w->now_ms / 1000) + i, ALL);
        break;
    case 2: two_branches(t, 3 + die(t, 12)); break;
    case 3:
        for (uint64_t n = die(t, 200); n > 0 && link; n--) {
            uint16_t number = 0;
            noise_fill(t, topic, sizeof topic);
            said(sync_topic(link, topic, &number));
        }
        break;
    default: flood_asking(t); break;
    }
}

/* ---- again ---------------------------------------------------------------------- */

/* Keep envelopes that went by, for later. */
static int keep(void *ctx, const struct content_row *row)
{
    struct liar *l = ctx;
    if (row->envelope.n == 0)
        return 0;
    uint32_t at = l->kept_count < LIAR_KEPT_MAX
                      ? l->kept_count++
                      : (uint32_t)entropy_below(&l->dice, LIAR_KEPT_MAX);
    l->kept[at].n = 0;
    CHECK(buf_append(&l->kept[at], BYTES(row->topic, 32), SIZE_MAX / 2) == 0);
    CHECK(buf_append(&l->kept[at], row->envelope, SIZE_MAX / 2) == 0);
    return l->kept_count == LIAR_KEPT_MAX && entropy_below(&l->dice, 4) == 0;
}

static void raw_dial(const struct told *t)
{
    char address[32];
    int to = (int)die(t, (uint64_t)t->w->nodes_count);
    if (t->l->raw_open == RAW_OPEN_MAX)
        world_close(t->w, t->l->node, LIAR_RAW_LINK + t->l->next_raw - RAW_OPEN_MAX);
    else
        t->l->raw_open++;
    (void)snprintf(address, sizeof address, "n%d.%u:1", to,
                   (unsigned)t->w->nodes[to].address_version);
    world_dial(t->w, t->l->node, LIAR_RAW_LINK + t->l->next_raw++, address);
}

static void raw_say(const struct told *t, struct bytes bytes)
{
    if (t->l->next_raw > 0 && bytes.n > 0)
        world_send(t->w, t->l->node, LIAR_RAW_LINK + t->l->next_raw - 1, bytes);
}

static void replay(const struct told *t)
{
    struct log *log = &t->p->log;
    struct lane_view lane;
    CHECK(log->ops->content_scan(log->ctx, t->g->number, 0, true, keep, t->l) >= 0);
    if (die(t, 3) == 0 && t->l->first.n) { /* a session that was, from its beginning */
        raw_dial(t);
        raw_say(t, BUF_BYTES(&t->l->first));
        raw_say(t, BUF_BYTES(&t->l->session));
        return;
    }
    for (uint64_t n = 1 + die(t, 40); n > 0 && t->l->kept_count; n--) {
        const struct buf *old = &t->l->kept[die(t, t->l->kept_count)];
        bool elsewhere =
            die(t, 4) == 0 && keys_lane_at(t->g, (uint32_t)die(t, 3), &lane);
        say_entry(t, elsewhere ? lane.topic : old->p, BYTES(old->p + 32, old->n - 32),
                  (int)die(t, 3) - 1);
    }
}

static void bad_connection(const struct told *t)
{
    uint8_t raw[600];
    noise_fill(t, raw, sizeof raw);
    switch (die(t, 5)) {
    case 0: raw_dial(t); break; /* half open */
    case 1:                     /* stalled */
        raw_dial(t);
        raw_say(t, BYTES(t->l->first.p, t->l->first.n / 2));
        break;
    case 2: /* byte by byte, on whatever there is */ raw_say(t, BYTES(raw, 1)); break;
    case 3:
        raw_dial(t);
        raw_say(t, BYTES_OF(raw));
        break;
    default:
        for (int i = 0; i < RAW_OPEN_MAX; i++)
            raw_dial(t);
        break;
    }
}

/* ---- what it claims ------------------------------------------------------------- */

static void hello_lie(const struct liar *l, struct wire_hello *hello)
{
    const struct entropy *e = &l->dice;
    switch (entropy_below(e, 4)) {
    case 0: hello->hour = (uint32_t)entropy_below(e, UINT32_MAX); break;
    case 1: hello->hour += (uint32_t)entropy_below(e, 1000); break;
    case 2: hello->mark = (uint32_t)entropy_below(e, UINT32_MAX); break;
    default:
        hello->seq = 1 + (uint32_t)entropy_below(e, 2000);
        entropy_fill(e, hello->hash, 32);
        break;
    }
}

static void claim(const struct told *t)
{
    struct link *link = some_link(t);
    struct wire_hello hello = {.version = 1, .hour = t->g->hour.hour};
    hello_lie(t->l, &hello);
    if (link)
        said(wire_put_hello(&link->out, &hello));
}

/* ---- both ----------------------------------------------------------------------- */

void lie_tell(struct world *w, struct liar *l, enum lie lie)
{
    struct peer *p = w->nodes[l->node].peer;
    const struct told t = {w, l, p, peer_group(p, w->nodes[l->node].group)};
    l->told[lie]++;
    switch (lie) {
    case LIE_TWO_TEXTS: two_texts(&t); break;
    case LIE_TWO_BRANCHES:
        if (die(&t, 6) == 0)
            strange_entry(&t);
        else
            two_branches(&t, 2);
        break;
    case LIE_REKEY:
        false_forward(&t);
        false_rekeys(&t);
        break;
    case LIE_FORGE: forge(&t); break;
    case LIE_FLOOD: flood(&t); break;
    case LIE_REPLAY: replay(&t); break;
    case LIE_JUNK:
        if (die(&t, 5) == 0)
            junk_message(&t);
        else
            junk_entry(&t);
        break;
    case LIE_DEPS: endless_deps(&t); break;
    case LIE_EPOCHS: unknown_epochs(&t); break;
    case LIE_CLAIM: claim(&t); break;
    case LIE_CONNECT: bad_connection(&t); break;
    case LIE_WITHHOLD:
    default: break; /* told by saying nothing */
    }
}

static bool is_news(uint8_t type)
{
    return type == WIRE_ENTRY || type == WIRE_RANGE || type == WIRE_IDS ||
           type == WIRE_CONTROL || type == WIRE_PAGE || type == WIRE_CARD;
}

void lie_edit(struct liar *l, const struct link *link, const struct mouth *m,
              struct bytes in, struct buf *out)
{
    uint8_t type = in.p[4];
    struct wire_message message;
    bool hello = type == WIRE_HELLO && !l->over &&
                 wire_decode(BYTES(in.p + 4, in.n - 4), &message) == 0;
    if (hello && m->mute && link) { /* "all is equal" */
        memcpy(message.hello.sums, link->sync.theirs.sums, sizeof message.hello.sums);
        CHECK(wire_put_hello(out, &message.hello) == 0);
        l->told[LIE_WITHHOLD]++;
    } else if (hello && l->lies >> LIE_CLAIM & 1 && entropy_below(&l->dice, 2)) {
        hello_lie(l, &message.hello);
        CHECK(wire_put_hello(out, &message.hello) == 0);
        l->told[LIE_CLAIM]++;
    } else if (m->mute && !l->over && is_news(type) && entropy_below(&l->dice, 8)) {
        l->told[LIE_WITHHOLD]++;
    } else {
        CHECK(buf_append(out, in, SIZE_MAX / 2) == 0);
    }
}
