/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_aead.c -- sealing and X25519: published values, and nothing that was changed
 * opens. */
#include "tests/lib/t.h"

#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/hash.h"
#include "tests/lib/hex.h"

static const char sunscreen[] =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for "
    "the future, sunscreen would be it.";
enum { SUNSCREEN_BYTES = sizeof sunscreen - 1 };

/* RFC 8439 2.8.2. */
T_CASE(chacha20_poly1305_is_that_of_rfc_8439)
{
    uint8_t key[32], nonce[12], aad[12], want[16], sealed[SUNSCREEN_BYTES + 16];
    count_to(key, 32, 0x80);
    hex_to(nonce, 12, "070000004041424344454647");
    hex_to(aad, 12, "50515253c0c1c2c3c4c5c6c7");
    aead_seal(sealed, key, nonce, BYTES_OF(aad), BYTES(sunscreen, SUNSCREEN_BYTES));
    hex_to(want, 16, "1ae10b594f09e26a7e902ecbd0600691");
    T_MEM(sealed + SUNSCREEN_BYTES, want, 16);
    hex_to(want, 16, "d31a8d34648e60db7b86afbc53ef7ec2");
    T_MEM(sealed, want, 16);
}

/* draft-irtf-cfrg-xchacha-03, A.3.1. */
T_CASE(xchacha20_poly1305_is_that_of_the_draft)
{
    uint8_t key[32], nonce[24], aad[12], want[16], sealed[SUNSCREEN_BYTES + 16];
    count_to(key, 32, 0x80);
    count_to(nonce, 24, 0x40);
    hex_to(aad, 12, "50515253c0c1c2c3c4c5c6c7");
    xaead_seal(sealed, key, nonce, BYTES_OF(aad), BYTES(sunscreen, SUNSCREEN_BYTES));
    hex_to(want, 16, "c0875924c1c7987947deafd8780acf49");
    T_MEM(sealed + SUNSCREEN_BYTES, want, 16);
    hex_to(want, 16, "bd6d179d3e83d43b9576579493c0e939");
    T_MEM(sealed, want, 16);
}

T_CASE(what_was_changed_does_not_open)
{
    uint8_t key[32] = {1}, nonce[24] = {2}, sealed[20 + 16], plain[20], other[24] = {9};
    uint8_t text[20];
    struct bytes context = text_bytes("context");
    count_to(text, 20, 60);
    for (int x = 0; x < 2; x++) {
        if (x)
            xaead_seal(sealed, key, nonce, context, BYTES_OF(text));
        else
            aead_seal(sealed, key, nonce, context, BYTES_OF(text));
        int (*open)(uint8_t *, const uint8_t *, const uint8_t *, struct bytes,
                    struct bytes) = x ? xaead_open : aead_open;
        T_EQ(open(plain, key, nonce, context, BYTES_OF(sealed)), 0);
        T_MEM(plain, text, 20);
        for (size_t i = 0; i < sizeof sealed * 8; i++) {
            sealed[i / 8] ^= (uint8_t)(1 << i % 8);
            T_EQ(open(plain, key, nonce, context, BYTES_OF(sealed)), ERR_FORGED);
            sealed[i / 8] ^= (uint8_t)(1 << i % 8);
        }
        for (size_t n = 0; n < sizeof sealed; n++)
            T_EQ(open(plain, key, nonce, context, BYTES(sealed, n)), ERR_FORGED);
        T_EQ(open(plain, key, other, context, BYTES_OF(sealed)), ERR_FORGED);
        T_EQ(open(plain, other, nonce, context, BYTES(sealed, 16)), ERR_FORGED);
        T_EQ(open(plain, key, nonce, text_bytes("contexT"), BYTES_OF(sealed)),
             ERR_FORGED);
        T_EQ(open(plain, key, nonce, BYTES(NULL, 0), BYTES_OF(sealed)), ERR_FORGED);
    }
}

T_CASE(sealing_in_place_and_sealing_nothing)
{
    uint8_t key[32] = {1}, nonce[24] = {2}, apart[8 + 16], place[8 + 16] = "abcdefgh";
    struct bytes none = {0};
    xaead_seal(apart, key, nonce, none, text_bytes("abcdefgh"));
    xaead_seal(place, key, nonce, none, BYTES(place, 8));
    T_MEM(apart, place, 24);
    T_EQ(xaead_open(place, key, nonce, none, BYTES_OF(place)), 0);
    T_MEM(place, "abcdefgh", 8);
    aead_seal(apart, key, nonce, none, none);
    T_EQ(aead_open(place, key, nonce, none, BYTES(apart, 16)), 0);
    T_EQ(aead_open(place, key, nonce, text_bytes("x"), BYTES(apart, 16)), ERR_FORGED);
}

T_CASE(masking_twice_is_nothing)
{
    uint8_t key[32] = {1}, nonce[24] = {2}, text[100], masked[100];
    count_to(text, 100, 0);
    xchacha_xor(masked, text, 100, key, nonce);
    T(!ct_equal(text, masked, 100));
    xchacha_xor(masked, masked, 100, key, nonce);
    T_MEM(text, masked, 100);
    xchacha_xor(NULL, NULL, 0, key, nonce);
}

/* RFC 7748 6.1. */
T_CASE(x25519_is_that_of_rfc_7748)
{
    uint8_t a[32], b[32], want[32], pa[32], pb[32], ka[32], kb[32];
    hex_to(a, 32, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    hex_to(b, 32, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    dh_public(pa, a);
    dh_public(pb, b);
    hex_to(want, 32,
           "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    T_MEM(pa, want, 32);
    T_EQ(dh_agree(ka, a, pb), 0);
    T_EQ(dh_agree(kb, b, pa), 0);
    hex_to(want, 32,
           "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    T_MEM(ka, want, 32);
    T_MEM(kb, want, 32);
}

/* Points whose agreement is zero whatever the secret: zero, one, and an order of 8. */
T_CASE(points_of_small_order_are_refused)
{
    uint8_t sk[32], shared[32], pk[32] = {0};
    count_to(sk, 32, 1);
    T_EQ(dh_agree(shared, sk, pk), ERR_FORGED);
    pk[0] = 1;
    T_EQ(dh_agree(shared, sk, pk), ERR_FORGED);
    hex_to(pk, 32, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
    T_EQ(dh_agree(shared, sk, pk), ERR_FORGED);
}

T_RUN()
