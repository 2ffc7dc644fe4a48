/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_invite.c -- the invitation line and what people do to it (P6.1). */
#include "tests/lib/t.h"

#include "base/base32.h"
#include "base/check.h"
#include "crypto/hash.h"
#include "node/core/link.h"

static struct invite_line sample(void)
{
    struct invite_line in = {.kind = 1, .addresses_count = 2};
    CHECK(crypto_init() == 0);
    memset(in.v, 0x11, sizeof in.v);
    memset(in.group, 0x22, sizeof in.group);
    memset(in.transport_pk, 0x33, sizeof in.transport_pk);
    in.addresses[0] = BYTES("192.0.2.7:4711", 14);
    in.addresses[1] = BYTES("[2001:db8::7]:4711", 18);
    return in;
}

static int encode(struct buf *line)
{
    struct invite_line in = sample();
    return invite_encode(&in, line);
}

static int decode(const struct buf *line)
{
    struct invite_line out;
    return invite_decode(BUF_BYTES(line), &out);
}

T_CASE(a_line_comes_back)
{
    struct invite_line in = sample(), out;
    struct buf line = {0};
    T_NEED(invite_encode(&in, &line) == 0);
    T_MEM(line.p, "kring", 5);
    T(line.n <= LIMIT_INVITE_LINE_BYTES_MAX);
    T_NEED(invite_decode(BUF_BYTES(&line), &out) == 0);
    T_EQ(out.kind, 1);
    T_MEM(out.v, in.v, 16);
    T_MEM(out.group, in.group, 32);
    T_MEM(out.transport_pk, in.transport_pk, 32);
    T_NEED(out.addresses_count == 2);
    for (int i = 0; i < 2; i++)
        T(bytes_equal(out.addresses[i], in.addresses[i]));
    buf_free(&line);
}

T_CASE(gaps_and_capitals_do_not_matter)
{
    struct buf line = {0}, odd = {0};
    T_NEED(encode(&line) == 0);
    static const char *gaps[] = {" ", "\n", "\r\n", "-", "\t", "  \n "};
    T_NEED(buf_append(&odd, BYTES("\n  ", 3), 4096) == 0);
    for (size_t i = 0; i < line.n; i++) {
        uint8_t c = line.p[i];
        if (i % 3 == 0 && c >= 'a' && c <= 'z')
            c = (uint8_t)(c - 'a' + 'A');
        T_NEED(buf_append(&odd, BYTES(&c, 1), 4096) == 0);
        if (i % 7 == 2) {
            const char *gap = gaps[i % 6];
            T_NEED(buf_append(&odd, BYTES(gap, strlen(gap)), 4096) == 0);
        }
    }
    T_EQ(decode(&odd), 0);
    buf_free(&line);
    buf_free(&odd);
}

T_CASE(a_line_cut_anywhere_says_so)
{
    struct buf line = {0};
    struct invite_line out;
    T_NEED(encode(&line) == 0);
    for (size_t n = 0; n < line.n; n++) {
        T_NOTE("%zu letters", n);
        T_EQ(invite_decode(BYTES(line.p, n), &out),
             n < 5 ? ERR_FOREIGN : ERR_TRUNCATED);
    }
    buf_free(&line);
}

/* The length stands in letters 3 to 7 behind the prefix: a mistake there may look like
 * a cut, anywhere else it is called what it is. */
T_CASE(one_wrong_letter_is_a_typing_mistake)
{
    static const char letters[] = "0123456789abcdefghjkmnpqrstvwxyz";
    struct buf line = {0};
    T_NEED(encode(&line) == 0);
    for (size_t i = 5; i < line.n; i++) {
        uint8_t was = line.p[i];
        for (size_t k = 0; k < 32; k += 5) {
            line.p[i] = (uint8_t)letters[k];
            int err = decode(&line);
            T_NOTE("letter %zu", i);
            if (line.p[i] == was)
                T_EQ(err, 0);
            else
                T(err == ERR_MISTYPED || (i < 12 && err == ERR_TRUNCATED));
        }
        line.p[i] = was;
    }
    line.p[40] = 'u'; /* nobody's letter */
    T_EQ(decode(&line), ERR_MISTYPED);
    line.p[40] = 0xc3;
    T_EQ(decode(&line), ERR_MISTYPED);
    buf_free(&line);
}

T_CASE(foreign_and_too_long_texts)
{
    static const char *foreign[] = {
        "", "k", "hello", "https://example.org/", "signal-group", "krung0123"};
    struct buf line = {0};
    struct invite_line out;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        T_EQ(invite_decode(BYTES(foreign[i], strlen(foreign[i])), &out), ERR_FOREIGN);
    T_NEED(encode(&line) == 0);
    T_NEED(buf_append(&line, BYTES("00", 2), 4096) == 0);
    T_EQ(decode(&line), ERR_MISTYPED);
    for (int i = 0; i < LIMIT_INVITE_LINE_BYTES_MAX; i++)
        T_NEED(buf_append(&line, BYTES("0", 1), 4096) == 0);
    T_EQ(decode(&line), ERR_MISTYPED);
    buf_free(&line);
}

/* The letters of `bytes` with a right sum behind them. */
static int made(struct bytes bytes)
{
    uint8_t sum[32];
    struct buf all = {0}, line = {0};
    hash32(sum, "line", &bytes, 1);
    int err = buf_append(&all, bytes, 4096);
    if (!err)
        err = buf_append(&all, BYTES(sum, 4), 4096);
    if (!err)
        err = buf_append(&line, BYTES("kring", 5), 4096);
    if (!err)
        err = base32_encode(BUF_BYTES(&all), &line, 4096);
    if (!err)
        err = decode(&line);
    buf_free(&all);
    buf_free(&line);
    return err;
}

T_CASE(what_was_meant_so_is_named)
{
    uint8_t bytes[85] = {1, 1, 0, 89};
    T_EQ(made(BYTES_OF(bytes)), 0); /* no address: odd, but whole */
    bytes[0] = 2;
    T_EQ(made(BYTES_OF(bytes)), ERR_VERSION);
    bytes[0] = 1;
    bytes[1] = 7;
    T_EQ(made(BYTES_OF(bytes)), ERR_FOREIGN);
    bytes[1] = 1;
    bytes[84] = 1; /* an address that is not there */
    T_EQ(made(BYTES_OF(bytes)), ERR_MISTYPED);
    bytes[84] = LIMIT_ADDRESSES_MAX + 1;
    T_EQ(made(BYTES_OF(bytes)), ERR_MISTYPED);
}

T_CASE(too_many_or_too_long_addresses)
{
    char address[LIMIT_ADDRESS_BYTES_MAX + 1];
    struct invite_line in = sample();
    struct buf line = {0};
    memset(address, 'a', sizeof address);
    in.addresses[1] = BYTES_OF(address);
    T_EQ(invite_encode(&in, &line), ERR_TOOBIG);
    in.addresses_count = LIMIT_ADDRESSES_MAX;
    for (size_t i = 0; i < LIMIT_ADDRESSES_MAX; i++)
        in.addresses[i] = BYTES(address, LIMIT_ADDRESS_BYTES_MAX);
    T_EQ(invite_encode(&in, &line), ERR_TOOBIG); /* LIMIT_INVITE_LINE_BYTES_MAX */
    in.addresses_count = LIMIT_ADDRESSES_MAX + 1;
    T_EQ(invite_encode(&in, &line), ERR_TOOBIG);
    T_EQ(line.n, 0);
    buf_free(&line);
}

T_RUN()
