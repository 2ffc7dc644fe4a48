/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_wire.c -- messages there and back, and what is refused (P9.8, P10.1). */
#include "tests/lib/t.h"

#include "node/core/wire.h"

/* Decode the only message of `out`; its error. */
static int read_one(const struct buf *out, struct wire_message *m)
{
    struct bytes message;
    size_t used = 0;
    if (wire_next(BUF_BYTES(out), &message, &used) != 1 || used != out->n)
        return ERR_STATE;
    return wire_decode(message, m);
}

static struct set_bound bound(uint32_t end, uint8_t fill)
{
    struct set_bound b = {.end_hour = end};
    memset(b.id, fill, sizeof b.id);
    return b;
}

static struct wire_range range_sample(void)
{
    struct wire_range r = {.set = SET_CONTENT,
                           .topic = 513,
                           .lo = bound(7, 1),
                           .hi = bound(UINT32_MAX, 0xff),
                           .sum = {.count = 99}};
    memset(r.sum.fingerprint, 0x5a, 16);
    return r;
}

T_CASE(hello_and_join_come_back)
{
    struct buf out = {0};
    struct wire_message m;
    struct wire_hello h = {.version = 1, .hour = 2, .mark = 3, .seq = 4};
    memset(h.hash, 9, 32);
    h.sums[2].count = 17;
    T_NEED(wire_put_hello(&out, &h) == 0 && read_one(&out, &m) == 0);
    T(m.type == WIRE_HELLO && m.hello.hour == 2 && m.hello.mark == 3 &&
      m.hello.seq == 4);
    T(m.hello.sums[2].count == 17);
    T_MEM(m.hello.hash, h.hash, 32);
    out.n = 0;
    struct wire_join j;
    memset(&j, 0x21, sizeof j);
    j.signature[63] = 1;
    j.name = BYTES("Otter", 5);
    T_NEED(wire_put_join(&out, &j) == 0 && read_one(&out, &m) == 0);
    T(bytes_equal(m.join.name, j.name));
    m.join.name = j.name;
    T_MEM(&m.join, &j, sizeof j);
    buf_free(&out);
}

/* P6.9, P6.10 */
T_CASE(asked_and_reveal_come_back)
{
    struct buf out = {0};
    struct wire_message m;
    struct wire_asked a = {.language = 1, .name = BYTES("Wren", 4)};
    uint8_t nonce[32] = {4, 5, 6};
    memset(a.nonce, 0x33, 32);
    T_NEED(wire_put_asked(&out, &a) == 0 && read_one(&out, &m) == 0);
    T(m.type == WIRE_ASKED && m.asked.language == 1);
    T_MEM(m.asked.nonce, a.nonce, 32);
    T(bytes_equal(m.asked.name, a.name));
    out.p[5] = 2; /* a later form with more at its end */
    T_EQ(buf_append(&out, BYTES("more", 4), SIZE_MAX / 2), 0);
    put_u32(out.p, (uint32_t)out.n - 4);
    T_EQ(read_one(&out, &m), 0);
    T(bytes_equal(m.asked.name, a.name));
    out.p[5] = 0;
    T_EQ(read_one(&out, &m), ERR_MALFORMED);
    out.p[5] = 1; /* this form ends where it ends */
    T(read_one(&out, &m) < 0);
    out.n -= 4;
    put_u32(out.p, (uint32_t)out.n - 4);
    out.p[5 + 34] = LIMIT_NAME_BYTES_MAX + 1;
    T_EQ(read_one(&out, &m), ERR_MALFORMED);
    out.n = 0;
    struct wire_compare compare = {.step = COMPARE_ANSWER, .language = 1};
    memset(compare.commitment, 5, sizeof compare.commitment);
    memset(compare.nonce, 6, sizeof compare.nonce);
    T_NEED(wire_put_compare(&out, &compare) == 0 && read_one(&out, &m) == 0);
    T_EQ(m.type, WIRE_COMPARE);
    T_MEM(&m.compare, &compare, sizeof compare);
    out.n = 0;
    T_NEED(wire_put_reveal(&out, nonce) == 0 && read_one(&out, &m) == 0);
    T_EQ(m.type, WIRE_REVEAL);
    T_MEM(m.nonce, nonce, 32);
    buf_free(&out);
}

T_CASE(ranges_and_ids_come_back)
{
    struct buf out = {0};
    struct wire_message m;
    struct wire_range r = range_sample();
    uint8_t ids[2 * WIRE_POSITION_BYTES];
    struct set_bound a = bound(7, 2), b = bound(9, 0);
    T_NEED(wire_put_range(&out, &r) == 0 && read_one(&out, &m) == 0);
    T(m.range.topic == 513 && m.range.set == SET_CONTENT && m.range.sum.count == 99);
    T_EQ(position_order(&m.range.lo, &r.lo), 0);
    T_EQ(position_order(&m.range.hi, &r.hi), 0);
    position_put(ids, &a);
    position_put(ids + WIRE_POSITION_BYTES, &b);
    out.n = 0;
    T_NEED(wire_put_ids(&out, &r, BYTES_OF(ids)) == 0 && read_one(&out, &m) == 0);
    T_EQ(m.ids_count, 2);
    T_MEM(m.ids.p, ids, sizeof ids);
    out.n = 0;
    T_NEED(wire_put_want(&out, &r, BYTES_OF(ids)) == 0 && read_one(&out, &m) == 0);
    T(m.type == WIRE_WANT && m.ids_count == 2 && m.range.topic == 513);
    buf_free(&out);
}

T_CASE(the_rest_comes_back)
{
    struct buf out = {0};
    struct wire_message m;
    uint8_t topic[32] = {7};
    T_NEED(wire_put_topic(&out, 3, topic) == 0 && read_one(&out, &m) == 0);
    T(m.topic == 3 && memcmp(m.topic_pk, topic, 32) == 0);
    out.n = 0;
    T_NEED(wire_put_entry(&out, 8, BYTES("envelope", 8)) == 0 &&
           read_one(&out, &m) == 0);
    T(m.topic == 8 && bytes_equal(m.body, BYTES("envelope", 8)));
    out.n = 0;
    T_NEED(wire_put_code(&out, WIRE_REFUSED, 4) == 0 && read_one(&out, &m) == 0);
    T(m.type == WIRE_REFUSED && m.code == 4);
    out.n = 0;
    T_NEED(wire_put_welcome(&out, WELCOME_END, BYTES("box", 3)) == 0);
    T_NEED(read_one(&out, &m) == 0);
    T(m.code == WELCOME_END && bytes_equal(m.body, BYTES("box", 3)));
    buf_free(&out);
}

T_CASE(ids_must_rise_and_lie_in_the_range)
{
    struct buf out = {0};
    struct wire_message m;
    struct wire_range r = range_sample();
    uint8_t ids[2 * WIRE_POSITION_BYTES];
    struct set_bound low = bound(6, 0), in = bound(7, 2), more = bound(8, 2);
    const struct set_bound *bad[][2] = {
        {&in, &in}, {&more, &in}, {&low, &in}, {&in, &r.hi}};
    for (size_t i = 0; i < 4; i++) {
        position_put(ids, bad[i][0]);
        position_put(ids + WIRE_POSITION_BYTES, bad[i][1]);
        out.n = 0;
        T_NEED(wire_put_ids(&out, &r, BYTES_OF(ids)) == 0);
        T_NOTE("case %zu", i);
        T_EQ(read_one(&out, &m), ERR_MALFORMED);
    }
    r.lo = r.hi;
    out.n = 0;
    T_NEED(wire_put_range(&out, &r) == 0);
    T_EQ(read_one(&out, &m), ERR_MALFORMED); /* empty */
    r = range_sample();
    r.set = 4;
    out.n = 0;
    T_NEED(wire_put_range(&out, &r) == 0);
    T_EQ(read_one(&out, &m), ERR_MALFORMED);
    buf_free(&out);
}

/* LIMIT_RANGE_IDS_MAX */
T_CASE(too_many_ids_are_refused)
{
    struct buf out = {0};
    struct wire_message m;
    struct wire_range r = range_sample();
    uint8_t ids[(LIMIT_RANGE_IDS_MAX + 1) * WIRE_POSITION_BYTES];
    for (uint32_t i = 0; i <= LIMIT_RANGE_IDS_MAX; i++) {
        struct set_bound at = bound(10 + i, 3);
        position_put(ids + i * WIRE_POSITION_BYTES, &at);
    }
    T_NEED(wire_put_ids(&out, &r, BYTES(ids, sizeof ids - WIRE_POSITION_BYTES)) == 0);
    T_EQ(read_one(&out, &m), 0);
    out.n = 0;
    T_NEED(wire_put_ids(&out, &r, BYTES_OF(ids)) == 0);
    T_EQ(read_one(&out, &m), ERR_MALFORMED);
    buf_free(&out);
}

/* LIMIT_WIRE_MESSAGE_BYTES_MAX */
T_CASE(lengths_are_bounded)
{
    struct bytes message;
    size_t used = 0;
    uint8_t head[5] = {0};
    T_EQ(wire_next(BYTES_OF(head), &message, &used), ERR_MALFORMED);
    put_u32(head, LIMIT_WIRE_MESSAGE_BYTES_MAX + 1);
    T_EQ(wire_next(BYTES_OF(head), &message, &used), ERR_TOOBIG);
    put_u32(head, LIMIT_WIRE_MESSAGE_BYTES_MAX);
    T_EQ(wire_next(BYTES_OF(head), &message, &used), 0);
    T_EQ(wire_next(BYTES(head, 3), &message, &used), 0);
    static uint8_t big[LIMIT_WIRE_MESSAGE_BYTES_MAX];
    struct buf out = {0};
    T_EQ(wire_put(&out, WIRE_CONTROL, BYTES_OF(big), BYTES(NULL, 0)), ERR_TOOBIG);
    T_EQ(out.n, 0);
    T_EQ(wire_put(&out, WIRE_CONTROL, BYTES(big, sizeof big - 1), BYTES(NULL, 0)), 0);
    buf_free(&out);
}

T_CASE(a_full_queue_takes_no_piece_of_a_message)
{
    static uint8_t big[100000];
    struct buf out = {0};
    int err = 0;
    while (err == 0)
        err = wire_put(&out, WIRE_CONTROL, BYTES_OF(big), BYTES(NULL, 0));
    T_EQ(err, ERR_TOOBIG);
    T_EQ(out.n % (sizeof big + 5), 0);
    T(out.n <= WIRE_QUEUE_BYTES_MAX);
    buf_free(&out);
}

T_CASE(cut_and_unknown_messages)
{
    struct buf out = {0};
    struct wire_message m;
    struct wire_hello h = {.version = 1};
    T_NEED(wire_put_hello(&out, &h) == 0);
    for (size_t n = 1; n + 4 < out.n; n++)
        T(wire_decode(BYTES(out.p + 4, n), &m) < 0);
    T_EQ(wire_decode(BYTES("\x63whatever", 9), &m), 1);
    T(wire_decode(BYTES(NULL, 0), &m) < 0);
    out.p[5] = 2; /* a later hello may be longer, ours may not */
    T_NEED(buf_append(&out, BYTES("more", 4), 4096) == 0);
    T_EQ(wire_decode(BYTES(out.p + 4, out.n - 4), &m), 0);
    out.p[5] = 1;
    T_EQ(wire_decode(BYTES(out.p + 4, out.n - 4), &m), ERR_MALFORMED);
    buf_free(&out);
}

T_RUN()
