/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* forge.h -- envelopes as any member of a group would make them, for unit tests.
 *
 *     tp_add_members -> tp_copy -> tp_places -> { tp_make -> tp_accept }*
 *
 * Whoever holds an epoch can take the leaf of every place, so a copy of the founder
 * stands in for all members, whose signing keys the test holds.
 */
#ifndef TESTS_LIB_FORGE_H
#define TESTS_LIB_FORGE_H

#include "crypto/dh.h"
#include "crypto/sign.h"
#include "node/core/envelope_int.h"
#include "tests/lib/coretest.h"

struct tp_member {
    uint8_t pk[32], sk[64];
    uint16_t place;
};

/* Add `count` members to group `g` of `t`, inside the step of nobody. */
static inline void tp_add_members(struct tp *t, struct group *g, struct tp_member *m,
                                  int count)
{
    memlog_begin(t->log);
    for (int i = 0; i < count; i++) {
        uint8_t seed[32] = {0x40, (uint8_t)i}, transport_pk[32], prekey_pk[32],
                proof[64];
        uint8_t v_pk[32] = {9, (uint8_t)i}, message[128];
        struct invite_view invite = {.uses = 1, .end_hour = END_NEVER};
        struct buf box = {0};
        memcpy(invite.v_pk, v_pk, 32);
        sign_keypair(m[i].pk, m[i].sk, seed);
        seed[2] = 1;
        dh_public(transport_pk, seed);
        seed[2] = 2;
        dh_public(prekey_pk, seed);
        memcpy(message, g->id, 32);
        memcpy(message + 32, m[i].pk, 32);
        memcpy(message + 64, transport_pk, 32);
        memcpy(message + 96, prekey_pk, 32);
        CHECK(sign_make(proof, "join", BYTES_OF(message), m[i].sk) == 0);
        const struct newcomer who = {m[i].pk, transport_pk, prekey_pk, proof, false};
        int err = keys_post_add(g, &who, &invite, &box);
        CHECK(err == 0);
        buf_free(&box);
    }
    CHECK(keys_flush(g) == 0);
    memlog_commit(t->log);
}

/* Keys as the founder would send with now, and everybody's place under them. */
static inline void tp_places(struct group *g, struct key_send *keys,
                             struct tp_member *m, int count)
{
    CHECK(keys_send(g, keys) == 0);
    struct key_ref ref = keys->ref;
    for (ref.place = 0; ref.place <= count; ref.place++) {
        uint8_t pk[32];
        CHECK(keys_place_member(g, &ref, pk) == 0);
        for (int i = 0; i < count; i++)
            if (memcmp(pk, m[i].pk, 32) == 0)
                m[i].place = ref.place;
    }
}

/* What an entry made by the test is. */
struct tp_entry {
    struct buf envelope;
    uint8_t topic[32], hash[32], prev[32], id[32];
    uint32_t seq;
    int author;
    bool good_signature;
};

struct tp_making {
    struct group *g; /* of the copy that takes leaves */
    const struct key_send *keys;
    const struct tp_member *author;
    uint16_t position;
    uint32_t seq, end_hour;
    uint16_t lifetime_hours;
    const uint8_t *prev;
    struct bytes body;
    bool bad_signature;
};

/* Make an envelope by a member. */
static inline void tp_make(const struct tp_making *in, struct tp_entry *out)
{
    static uint32_t counter;
    struct key_send keys = *in->keys;
    uint8_t r[24] = {0}, wrong_pk[32], wrong_sk[64], wrong_seed[32] = {0xee};
    put_u32(r, ++counter);
    sign_keypair(wrong_pk, wrong_sk, wrong_seed);
    keys.ref.place = in->author->place;
    keys.ref.position = in->position;
    CHECK(keys_take_leaf(in->g, &keys.ref, keys.leaf) == 0);
    struct envelope_parts parts = {.keys = &keys,
                                   .group = in->g->id,
                                   .author_pk = in->author->pk,
                                   .member_sk =
                                       in->bad_signature ? wrong_sk : in->author->sk,
                                   .r = r,
                                   .end_hour = in->end_hour,
                                   .lifetime_hours = in->lifetime_hours,
                                   .seq = in->seq,
                                   .prev = in->prev,
                                   .body = in->body};
    memset(out, 0, sizeof *out);
    CHECK(envelope_seal(&parts, &out->envelope, out->hash) == 0);
    memcpy(out->topic, keys.topic, 32);
    memcpy(out->prev, in->prev, 32);
    envelope_id(out->id, out->topic, BUF_BYTES(&out->envelope));
    out->seq = in->seq;
    out->good_signature = !in->bad_signature;
}

/* A log_visit_row that keeps the first row it meets, as something to hand on. */
static inline int tp_keep_entry(void *ctx, const struct content_row *row)
{
    struct tp_entry *e = ctx;
    CHECK(buf_append(&e->envelope, row->envelope, LIMIT_ENVELOPE_BYTES_MAX) == 0);
    memcpy(e->topic, row->topic, 32);
    memcpy(e->hash, row->hash, 32);
    return 1;
}

/* A body that says `text`, with a height as its author claims it. */
static inline void tp_body(struct buf *out, const char *text, struct bytes deps,
                           uint64_t height)
{
    struct body body = {.kind = BODY_TEXT,
                        .about_hour = TP_EPOCH_HOURS,
                        .height = height,
                        .text = tp_text(text),
                        .deps = deps};
    out->n = 0;
    CHECK(body_encode(&body, out) == 0);
}

/* Hand one envelope to a peer's group inside a transaction. */
static inline enum accept_result tp_accept(struct tp *t, struct group *g,
                                           const struct tp_entry *e)
{
    struct incoming in = {.envelope = BUF_BYTES(&e->envelope)};
    memcpy(in.topic, e->topic, 32);
    memlog_begin(t->log);
    CHECK(content_accept(g, &in, 1, 0) == 0);
    CHECK(keys_flush(g) == 0); /* as every step ends */
    memlog_commit(t->log);
    return in.result;
}

#endif
