/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_sign.c -- signatures under domains (P2.3), member keys (P2.6). */
#include "tests/lib/t.h"

#include "crypto/sign.h"
#include "tests/lib/hex.h"

struct pair {
    uint8_t pk[32], sk[64];
};

static struct pair pair_of(uint8_t first)
{
    struct pair p;
    uint8_t seed[32];
    count_to(seed, 32, first);
    sign_keypair(p.pk, p.sk, seed);
    return p;
}

/* Expected values are those of another Ed25519 over the bytes that P2.3 says. */
T_CASE(signatures_are_the_ones_of_the_protocol)
{
    struct pair p = pair_of(0);
    uint8_t sig[64], want[64], big[5000];
    hex_to(want, 32,
           "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
    T_MEM(p.pk, want, 32);
    T_EQ(sign_make(sig, "content", text_bytes("hello"), p.sk), 0);
    hex_to(want, 64,
           "1c05938908fff913423b444a13de9d663e14e8fc64632f251eeb6ca04476e188"
           "d887edce4ebd518cd103d2e080e7e95dff8f8e04a17524e5c872aa8ffc37b30d");
    T_MEM(sig, want, 64);
    memset(big, 'x', sizeof big); /* longer than the buffer on the stack */
    T_EQ(sign_make(sig, "content", BYTES_OF(big), p.sk), 0);
    hex_to(want, 64,
           "b1e4d1521a77054c7ba0198df31b8d2a04e0c37389484c89b1ef6425a4e3ef86"
           "59574bccd68c117b088f3e8130ab09823ffadb60f4c7af054f45746e8fe5ba0c");
    T_MEM(sig, want, 64);
    T_EQ(sign_check(sig, "content", BYTES_OF(big), p.pk), 0);
    big[4999] ^= 1;
    T_EQ(sign_check(sig, "content", BYTES_OF(big), p.pk), ERR_FORGED);
}

T_CASE(a_signature_is_good_for_one_domain_message_and_key)
{
    struct pair p = pair_of(1), q = pair_of(2);
    uint8_t sig[64];
    T_EQ(sign_make(sig, "join", text_bytes("text"), p.sk), 0);
    T_EQ(sign_check(sig, "join", text_bytes("text"), p.pk), 0);
    T_EQ(sign_check(sig, "joi", text_bytes("ntext"), p.pk), ERR_FORGED);
    T_EQ(sign_check(sig, "joint", text_bytes("ext"), p.pk), ERR_FORGED);
    T_EQ(sign_check(sig, "join", text_bytes("texts"), p.pk), ERR_FORGED);
    T_EQ(sign_check(sig, "join", BYTES(NULL, 0), p.pk), ERR_FORGED);
    T_EQ(sign_check(sig, "join", text_bytes("text"), q.pk), ERR_FORGED);
    for (size_t i = 0; i < 64 * 8; i += 5) {
        sig[i / 8] ^= (uint8_t)(1 << i % 8);
        T_EQ(sign_check(sig, "join", text_bytes("text"), p.pk), ERR_FORGED);
        sig[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

T_CASE(an_empty_message_and_the_longest_domain)
{
    struct pair p = pair_of(3);
    uint8_t sig[64];
    const char *domain = "12345678901234567890123456789012";
    T_EQ(sign_make(sig, domain, BYTES(NULL, 0), p.sk), 0);
    T_EQ(sign_check(sig, domain, BYTES(NULL, 0), p.pk), 0);
    T_EQ(sign_check(sig, domain, text_bytes("x"), p.pk), ERR_FORGED);
}

/* The stack buffer ends at 2,048 bytes with its head in it. */
T_CASE(every_length_around_the_inner_buffer)
{
    static uint8_t message[2100];
    struct pair p = pair_of(4);
    uint8_t sig[64];
    for (size_t n = 2020; n <= 2060; n += 4) {
        T_EQ(sign_make(sig, "content", BYTES(message, n), p.sk), 0);
        T_EQ(sign_check(sig, "content", BYTES(message, n), p.pk), 0);
        T_EQ(sign_check(sig, "content", BYTES(message, n + 1), p.pk), ERR_FORGED);
    }
}

/* The neutral point signs anything for a verifier that is not strict. */
T_CASE(keys_of_small_order_are_refused)
{
    uint8_t pk[32] = {1}, sig[64] = {1};
    T_EQ(sign_check(sig, "content", text_bytes("anything"), pk), ERR_FORGED);
}

T_CASE(member_keys_differ_by_group_and_count)
{
    uint8_t seed[32], salt[32], want[32];
    struct pair p, q;
    count_to(seed, 32, 0);
    count_to(salt, 32, 100);
    sign_derive_member(p.pk, p.sk, seed, salt, 3); /* P2.6 */
    hex_to(want, 32,
           "e16697fa4a7581f3cb7236e9ca3bd516fb14c47f0ec9a30aff9813112dbec385");
    T_MEM(p.pk, want, 32);
    sign_derive_member(q.pk, q.sk, seed, salt, 4);
    T(!bytes_equal(BYTES_OF(p.pk), BYTES_OF(q.pk)));
    salt[0] ^= 1;
    sign_derive_member(q.pk, q.sk, seed, salt, 3);
    T(!bytes_equal(BYTES_OF(p.pk), BYTES_OF(q.pk)));
}

T_RUN()
