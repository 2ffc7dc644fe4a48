/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_beacon.c -- beacons as bytes: they open under their key, and under no other look
 * like random bytes (P9.11). */
#include "node/core/beacon.h"

#include <stdlib.h>

#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "tests/lib/t.h"

enum { ROUNDS = 10000 };

static uint8_t packets[ROUNDS][BEACON_BYTES];
static uint8_t key[32];

static const struct beacon sample = {
    .kind = BEACON_MEMBER, .port = 4417, .transport_pk = {1, 2, 3}, .rest = {4, 5, 6}};

static bool make_packets(void)
{
    static bool made;
    struct entropy_stream stream = {{7}, 0};
    struct entropy entropy = entropy_stream(&stream);
    static const uint8_t acc[32] = {9};
    if (made)
        return true;
    if (crypto_init() != 0)
        return false;
    beacon_key(key, acc);
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t nonce[BEACON_NONCE_BYTES];
        entropy_fill(&entropy, nonce, sizeof nonce);
        beacon_seal(packets[i], key, nonce, &sample);
    }
    made = true;
    return true;
}

T_CASE(what_was_sealed_opens)
{
    struct beacon b = {0};
    T_NEED(make_packets());
    T_EQ(beacon_open(&b, key, BYTES_OF(packets[0])), 0);
    T_EQ(b.kind, BEACON_MEMBER);
    T_EQ(b.port, 4417);
    T(memcmp(b.transport_pk, sample.transport_pk, 32) == 0);
    T(memcmp(b.rest, sample.rest, 32) == 0);
}

T_CASE(another_group_cannot_open_it)
{
    struct beacon b;
    uint8_t other[32];
    T_NEED(make_packets());
    memcpy(other, key, sizeof other);
    for (int bit = 0; bit < 256; bit++) {
        other[bit / 8] ^= (uint8_t)(1 << bit % 8);
        T_EQ(beacon_open(&b, other, BYTES_OF(packets[0])), ERR_FORGED);
        other[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

T_CASE(every_changed_bit_is_seen)
{
    struct beacon b;
    uint8_t packet[BEACON_BYTES];
    T_NEED(make_packets());
    for (size_t bit = 0; bit < sizeof packet * 8; bit++) {
        memcpy(packet, packets[1], sizeof packet);
        packet[bit / 8] ^= (uint8_t)(1 << bit % 8);
        T_EQ(beacon_open(&b, key, BYTES_OF(packet)), ERR_FORGED);
    }
}

T_CASE(every_other_length_is_refused)
{
    struct beacon b;
    uint8_t longer[BEACON_BYTES + 1] = {0};
    T_NEED(make_packets());
    memcpy(longer, packets[2], BEACON_BYTES);
    for (size_t n = 0; n <= sizeof longer; n++)
        T_EQ(beacon_open(&b, key, BYTES(longer, n)),
             n == BEACON_BYTES ? 0 : ERR_FORGED);
}

T_CASE(what_is_not_known_is_refused)
{
    static const struct beacon bad[] = {{.kind = 0, .port = 1},
                                        {.kind = 3, .port = 1},
                                        {.kind = BEACON_WORDS, .port = 0}};
    static const uint8_t nonce[BEACON_NONCE_BYTES] = {1};
    struct beacon b;
    T_NEED(make_packets());
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t packet[BEACON_BYTES];
        beacon_seal(packet, key, nonce, &bad[i]);
        T_EQ(beacon_open(&b, key, BYTES_OF(packet)), ERR_MALFORMED);
    }
}

/* As test_uniform for first messages: bounds are for p = 1e-9 over all places. */
T_CASE(every_byte_is_even)
{
    T_NEED(make_packets());
    double expected = ROUNDS / 256.0;
    for (size_t place = 0; place < BEACON_BYTES; place++) {
        int seen[256] = {0};
        double chi = 0;
        for (int i = 0; i < ROUNDS; i++)
            seen[packets[i][place]]++;
        for (int v = 0; v < 256; v++)
            chi += (seen[v] - expected) * (seen[v] - expected) / expected;
        T_NOTE("byte %zu: chi-square %.1f", place, chi);
        T(chi < 416 && chi > 140);
    }
}

T_CASE(every_bit_is_even)
{
    T_NEED(make_packets());
    for (size_t bit = 0; bit < BEACON_BYTES * 8; bit++) {
        int ones = 0;
        for (int i = 0; i < ROUNDS; i++)
            ones += packets[i][bit / 8] >> bit % 8 & 1;
        T_NOTE("bit %zu: %d times set", bit, ones);
        T(abs(ones - ROUNDS / 2) < 306);
    }
}

T_RUN()
