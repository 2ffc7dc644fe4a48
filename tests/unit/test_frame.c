/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_frame.c -- frames over a byte stream that is cut anywhere (P9.7). */
#include "tests/lib/t.h"

#include "base/check.h"
#include "crypto/hash.h"
#include "node/core/link_frame.h"

enum { BYTES_MAX = 1 << 20 };

static struct noise_cipher cipher(void)
{
    struct noise_cipher c = {.has_key = true};
    CHECK(crypto_init() == 0);
    memset(c.key, 0x42, sizeof c.key);
    return c;
}

static void fill(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(i * 7 + i / 251);
}

T_CASE(sizes_are_buckets)
{
    static const size_t used[] = {1, 254, 255, 510, 511, 8190, 16382, 16383, 40000};
    static const size_t body[] = {
        256, 256, 512, 512, 1024, 8192, 16384, 16384 + 34 + 256, 16384 * 2 + 68 + 8192};
    static uint8_t stream[40000];
    struct buf wire = {0};
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        struct noise_cipher c = cipher();
        wire.n = 0;
        T_NOTE("%zu bytes", used[i]);
        T_EQ(frame_seal(&c, BYTES(stream, used[i]), &wire, BYTES_MAX), 0);
        T_EQ(wire.n, body[i] + 34);
    }
    buf_free(&wire);
}

T_CASE(any_cut_gives_the_same_stream)
{
    static uint8_t sent[60000];
    static const size_t pieces[] = {1, 2, 17, 18, 19, 300, 16384, 70000};
    struct buf wire = {0}, got = {0};
    fill(sent, sizeof sent);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct noise_cipher send = cipher(), recv = cipher();
        struct frame_reader r = {0};
        wire.n = got.n = 0;
        T_NOTE("pieces of %zu", pieces[i]);
        T_NEED(frame_seal(&send, BYTES(sent, 100), &wire, BYTES_MAX) == 0);
        T_NEED(frame_seal(&send, BYTES(sent + 100, sizeof sent - 100), &wire,
                          BYTES_MAX) == 0);
        for (size_t at = 0; at < wire.n; at += pieces[i]) {
            size_t n = wire.n - at < pieces[i] ? wire.n - at : pieces[i];
            T_NEED(frame_feed(&r, &recv, BYTES(wire.p + at, n), &got, BYTES_MAX) == 0);
        }
        T_EQ(got.n, sizeof sent);
        T_MEM(got.p, sent, sizeof sent);
        T_EQ(r.in.n, 0);
        frame_free(&r);
    }
    buf_free(&wire);
    buf_free(&got);
}

T_CASE(one_wrong_bit_ends_it)
{
    struct buf wire = {0}, got = {0};
    struct noise_cipher send = cipher();
    T_NEED(frame_seal(&send, BYTES("hello", 5), &wire, BYTES_MAX) == 0);
    for (size_t bit = 0; bit < wire.n * 8; bit += 3) {
        struct noise_cipher recv = cipher();
        struct frame_reader r = {0};
        wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        T_NOTE("bit %zu", bit);
        T_EQ(frame_feed(&r, &recv, BUF_BYTES(&wire), &got, BYTES_MAX), ERR_FORGED);
        T_EQ(got.n, 0);
        wire.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        frame_free(&r);
    }
    buf_free(&wire);
    buf_free(&got);
}

T_CASE(a_frame_twice_or_out_of_order_ends_it)
{
    struct buf wire = {0}, got = {0};
    struct noise_cipher send = cipher(), recv = cipher();
    struct frame_reader r = {0};
    T_NEED(frame_seal(&send, BYTES("one", 3), &wire, BYTES_MAX) == 0);
    T_EQ(frame_feed(&r, &recv, BUF_BYTES(&wire), &got, BYTES_MAX), 0);
    T_EQ(frame_feed(&r, &recv, BUF_BYTES(&wire), &got, BYTES_MAX), ERR_FORGED);
    T_EQ(got.n, 3);
    frame_free(&r);
    buf_free(&wire);
    buf_free(&got);
}

/* A head and a body of our making under the right key. */
static int feed_made(uint16_t size, uint16_t used)
{
    static uint8_t body[65536];
    uint8_t head[2];
    struct noise_cipher send = cipher(), recv = cipher();
    struct frame_reader r = {0};
    struct buf wire = {0}, got = {0};
    memset(body, 0, sizeof body);
    put_u16(head, size);
    put_u16(body, used);
    int err = buf_reserve(&wire, 18 + size + 16u, BYTES_MAX);
    if (!err)
        err = noise_seal(&send, wire.p, BYTES(NULL, 0), BYTES_OF(head));
    if (!err)
        err = noise_seal(&send, wire.p + 18, BYTES(NULL, 0), BYTES(body, size));
    wire.n = 18 + size + 16u;
    if (!err)
        err = frame_feed(&r, &recv, BUF_BYTES(&wire), &got, BYTES_MAX);
    frame_free(&r);
    buf_free(&wire);
    buf_free(&got);
    return err;
}

/* LIMIT_FRAME_BYTES_MAX */
T_CASE(sizes_and_lengths_no_frame_has)
{
    T_EQ(feed_made(256, 0), 0);
    T_EQ(feed_made(256, 254), 0);
    T_EQ(feed_made(256, 255), ERR_MALFORMED);
    T_EQ(feed_made(LIMIT_FRAME_BYTES_MAX, LIMIT_FRAME_BYTES_MAX - 2), 0);
    static const uint16_t bad[] = {0, 1, 128, 255, 257, 384, 16385, 32768, 65535};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        T_NOTE("size %u", bad[i]);
        T_EQ(feed_made(bad[i], 0), ERR_MALFORMED);
    }
}

T_CASE(the_bound_of_the_stream_holds)
{
    static uint8_t sent[5000];
    struct buf wire = {0}, got = {0};
    struct noise_cipher send = cipher(), recv = cipher();
    struct frame_reader r = {0};
    T_EQ(frame_seal(&send, BYTES_OF(sent), &wire, 100), ERR_TOOBIG);
    T_NEED(frame_seal(&send, BYTES_OF(sent), &wire, BYTES_MAX) == 0);
    T_EQ(frame_feed(&r, &recv, BUF_BYTES(&wire), &got, 4999), ERR_TOOBIG);
    frame_free(&r);
    buf_free(&wire);
    buf_free(&got);
}

T_RUN()
