/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_frame.c -- what comes off a link: frames, messages, and a member who lies.
 *
 * Input: u8 how, then
 *     how % 3 = 0   bytes off the wire, cut into pieces of 1 + how / 3 bytes:
 *                   no stranger makes a frame that opens
 *     how % 3 = 1   a message stream: what is taken apart must lie inside it
 *     how % 3 = 2   messages of a member, as type u8, length u16 and payload; topic
 *                   0 is told first.  They are said on a live link of a real
 *                   peer, which must go on working.
 */
#include "base/cursor.h"
#include "tests/lib/hand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINK_MS = LIMIT_BUDGET_LINKS_MAX * 60 };

static void must(bool x)
{
    if (!x)
        abort();
}

static void read_wire(struct bytes bytes, size_t piece)
{
    struct noise_cipher recv = {.has_key = true};
    struct frame_reader r = {0};
    struct buf stream = {0};
    int err = 0;
    for (size_t at = 0; at < bytes.n && !err; at += piece) {
        size_t n = bytes.n - at < piece ? bytes.n - at : piece;
        err = frame_feed(&r, &recv, BYTES(bytes.p + at, n), &stream, 1 << 20);
    }
    must(stream.n == 0 && (err == 0 || err == ERR_FORGED));
    must((err == 0) == (bytes.n < FRAME_HEAD_BYTES));
    frame_free(&r);
    buf_free(&stream);
}

static bool inside(struct bytes part, struct bytes whole)
{
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void read_stream(struct bytes stream)
{
    struct wire_message m;
    struct bytes message;
    size_t used = 0;
    while (wire_next(stream, &message, &used) == 1) {
        must(used <= stream.n && inside(message, stream));
        if (wire_decode(message, &m) == 0) {
            must(inside(m.body, message) && inside(m.ids, message));
            must(m.ids.n == (size_t)m.ids_count * WIRE_POSITION_BYTES);
        }
        stream = BYTES(stream.p + used, stream.n - used);
    }
}

/* Two members and a few texts, made once and again when the net is used up. */
static struct net *member_net(void)
{
    static struct net *n;
    if (n && n->conns < NET_CONNS_MAX / 2)
        return n;
    if (n)
        net_free(n);
    n = net_new();
    (void)net_add(n);
    (void)net_add(n);
    must(net_found(n, 0, 168) == 1);
    net_let_in(n, 0, 1);
    for (int i = 0; i < 5; i++)
        must(net_say(n, 0, "a text") == 0);
    net_drain(n);
    return n;
}

static void say_messages(struct bytes bytes)
{
    struct net *n = member_net();
    struct reader r = reader_of(bytes);
    struct lane_view lane;
    struct hand h;
    hand_open(&h, n, 1, 0);
    must(keys_lane_at(net_group(n, 0), 0, &lane));
    must(wire_put_topic(&h.out, 0, lane.topic) == 0);
    while (r.left.n > 0 && !r.err) {
        uint8_t type = read_u8(&r);
        size_t length = read_u16(&r);
        struct bytes payload = read_bytes(&r, length < r.left.n ? length : r.left.n);
        must(wire_put(&h.out, type, payload, BYTES(NULL, 0)) == 0);
    }
    hand_send(&h);
    net_run(n, 1000);
    must(links_count(n->peer[0]->peer, 1) == (hand_closed(&h) ? 0 : 1));
    must(net_entries(n, 0) == 5);
    struct bytes heard = net_heard(n, h.conn);
    must(heard.n < (1 << 20));
    net_cut(n, 0, true);
    hand_close(&h);
    net_run(n, LINK_MS); /* or soon this member had more links than is his due */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    must(crypto_init() == 0);
    if (size == 0)
        return 0;
    struct bytes rest = BYTES(data + 1, size - 1);
    if (data[0] % 3 == 0)
        read_wire(rest, 1u + data[0] / 3);
    else if (data[0] % 3 == 1)
        read_stream(rest);
    else if (rest.n < 65536)
        say_messages(rest);
    return 0;
}
