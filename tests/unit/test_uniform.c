/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_uniform.c -- first messages look like random bytes (P9.2).
 *
 * 10,000 first messages under one key: for every place the values of the byte by
 * chi-square, for every bit how often it is set, and for every pair of messages that
 * follow each other how many bits they share.  Seeded, so that it never fails by
 * chance; bounds are for p = 1e-9 over all places.
 */
#include "tests/lib/t.h"

#include <stdlib.h>

#include "crypto/dh.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "node/core/link_handshake.h"

enum { ROUNDS = 10000 };

static uint8_t messages[ROUNDS][HANDSHAKE_1_BYTES];

static bool make_messages(void)
{
    static bool made;
    struct entropy_stream stream = {{5}, 0};
    struct entropy entropy = entropy_stream(&stream);
    struct handshake h;
    uint8_t group[32] = {1}, psk0[32] = {2}, s_sk[32] = {3}, r_sk[32] = {4}, r_pk[32];
    struct handshake_config c = {LINK_MEMBER, group, psk0, s_sk, r_pk};
    if (made)
        return true;
    if (crypto_init() != 0)
        return false;
    dh_public(r_pk, r_sk);
    for (int i = 0; i < ROUNDS; i++) {
        if (handshake_first(&h, &c, &entropy, messages[i]) != 0)
            return false;
        handshake_wipe(&h);
    }
    made = true;
    return true;
}

/* Chi-square with 255 degrees of freedom passes 416 with p = 1e-9 (and stays above
 * 140). */
T_CASE(every_byte_is_even)
{
    T_NEED(make_messages());
    double expected = ROUNDS / 256.0, worst = 0, best = 1e9;
    for (size_t place = 0; place < HANDSHAKE_1_BYTES; place++) {
        int seen[256] = {0};
        double chi = 0;
        for (int i = 0; i < ROUNDS; i++)
            seen[messages[i][place]]++;
        for (int v = 0; v < 256; v++)
            chi += (seen[v] - expected) * (seen[v] - expected) / expected;
        worst = chi > worst ? chi : worst;
        best = chi < best ? chi : best;
        T_NOTE("byte %zu: chi-square %.1f", place, chi);
        T(chi < 416 && chi > 140);
    }
    printf("chi-square between %.1f and %.1f\n", best, worst);
}

/* 6.1 standard deviations (50 each) are p = 1e-9. */
T_CASE(every_bit_is_even)
{
    T_NEED(make_messages());
    for (size_t bit = 0; bit < HANDSHAKE_1_BYTES * 8; bit++) {
        int ones = 0;
        for (int i = 0; i < ROUNDS; i++)
            ones += messages[i][bit / 8] >> bit % 8 & 1;
        T_NOTE("bit %zu: %d times set", bit, ones);
        T(abs(ones - ROUNDS / 2) < 306);
    }
}

T_CASE(neighbours_share_nothing)
{
    T_NEED(make_messages());
    for (int i = 0; i + 1 < ROUNDS; i++) {
        int same = 0;
        for (size_t k = 0; k < HANDSHAKE_1_BYTES; k++)
            for (unsigned x = (uint8_t) ~(messages[i][k] ^ messages[i + 1][k]); x;
                 x &= x - 1)
                same++;
        /* 768 expected, deviation 19.6; 7.2 of them for 10,000 pairs */
        T_NOTE("message %d: %d bits as in the next", i, same);
        T(same > 768 - 141 && same < 768 + 141);
    }
}

/* What is behind the mask is not: without it the first byte of a key has a bit that is
 * nearly always 0, so these tests would see it. */
T_CASE(a_bare_key_would_be_seen)
{
    struct entropy_stream stream = {{6}, 0};
    struct entropy entropy = entropy_stream(&stream);
    int ones = 0;
    T_NEED(crypto_init() == 0);
    for (int i = 0; i < 2000; i++) {
        uint8_t sk[32], pk[32];
        entropy_fill(&entropy, sk, sizeof sk);
        dh_public(pk, sk);
        ones += pk[31] >> 7;
    }
    T_EQ(ones, 0);
}

T_RUN()
