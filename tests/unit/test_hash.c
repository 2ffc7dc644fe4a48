/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_hash.c -- labelled BLAKE2b against values of another implementation (P2.1,
 * P2.2), HKDF against RFC 5869, system and stream randomness. */
#include "tests/lib/t.h"

#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "tests/lib/hex.h"

#define T_HEX(got, n, text)                                                            \
    do {                                                                               \
        uint8_t want_[128];                                                            \
        T_EQ(hex_to(want_, sizeof want_, text), (n));                                  \
        T_MEM((got), want_, (n));                                                      \
    } while (0)

T_CASE(library_starts_and_starts_again)
{
    T_EQ(crypto_init(), 0);
    T_EQ(crypto_init(), 0);
}

T_CASE(hashes_are_the_ones_of_the_protocol)
{
    uint8_t out[32], key[32];
    const struct bytes parts[] = {text_bytes("abc"), {0}};
    count_to(key, 32, 0);
    hash32(out, "test", parts, 2);
    T_HEX(out, 32, "34456c20f6599d266f9417d30890985fd70a537b0d661e01a2ace589be13dcfd");
    hash16(out, "test", parts, 2);
    T_HEX(out, 16, "64a78990b03d550f94fcbfb731bb7932");
    kdf(out, "test", key, parts, 2);
    T_HEX(out, 32, "969908647a73f088c25dc0a1995278eee8420877027350bdacbbad9dc43d5a51");
}

T_CASE(labels_and_splits_of_parts_never_meet)
{
    uint8_t out[6][32];
    const struct bytes ab_c[] = {text_bytes("ab"), text_bytes("c")};
    const struct bytes a_bc[] = {text_bytes("a"), text_bytes("bc")};
    const struct bytes abc[] = {text_bytes("abc"), {0}};
    hash32(out[0], "x", ab_c, 2);
    hash32(out[1], "x", a_bc, 2);
    hash32(out[2], "x", abc, 2);
    hash32(out[3], "x", abc, 1);
    hash32(out[4], "y", ab_c, 2);
    hash32(out[5], "x", NULL, 0);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < i; j++)
            T(!ct_equal(out[i], out[j], 32));
    hash16(out[1], "x", ab_c, 2);
    T(!ct_equal(out[0], out[1], 16)); /* an output length of its own, not a cut */
}

T_CASE(hasher_works_at_every_address)
{
    static uint8_t memory[sizeof(struct hasher) + 64];
    uintptr_t aligned = ((uintptr_t)memory + 63) / 64 * 64;
    for (size_t shift = 0; shift < 64; shift += _Alignof(struct hasher)) {
        size_t at = aligned - (uintptr_t)memory + shift;
        if (at + sizeof(struct hasher) > sizeof memory)
            break;
        struct hasher *h = (struct hasher *)(void *)(memory + at);
        uint8_t out[32];
        hasher_init(h, "test");
        for (int i = 0; i < 1000; i++)
            hasher_update(h, text_bytes("abc"));
        hasher_update(h, BYTES(NULL, 0));
        hasher_final(h, out);
        T_HEX(out, 32,
              "a320bc02995af4192965c1dcdaa31f26c94120500c131ab0c95101a84372ef0e");
    }
}

/* RFC 5869, appendix A: cases 1, 2 and 3. */
T_CASE(hkdf_is_that_of_rfc_5869)
{
    uint8_t prk[32], okm[82], ikm[80], salt[80], info[80];
    memset(ikm, 0x0b, 22);
    count_to(salt, 13, 0);
    count_to(info, 10, 0xf0);
    hkdf_extract(prk, BYTES(salt, 13), BYTES(ikm, 22));
    T_HEX(prk, 32, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    hkdf_expand(okm, 42, prk, BYTES(info, 10));
    T_HEX(okm, 42,
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b8"
          "87185865");
    count_to(ikm, 80, 0x00);
    count_to(salt, 80, 0x60);
    count_to(info, 80, 0xb0);
    hkdf_extract(prk, BYTES_OF(salt), BYTES_OF(ikm));
    T_HEX(prk, 32, "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244");
    hkdf_expand(okm, 82, prk, BYTES_OF(info));
    T_HEX(okm, 82,
          "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7"
          "827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5"
          "c1f3434f1d87");
    memset(ikm, 0x0b, 22);
    hkdf_extract(prk, BYTES(NULL, 0), BYTES(ikm, 22));
    T_HEX(prk, 32, "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04");
    hkdf_expand(okm, 42, prk, BYTES(NULL, 0));
    T_HEX(okm, 42,
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4"
          "b61a96c8");
}

T_CASE(hkdf_in_parts_is_hkdf_of_the_whole)
{
    uint8_t whole[32], parted[32], key[32] = {1}, a[70], b[70];
    const struct bytes parts[] = {text_bytes("one"), {0}, text_bytes("two")};
    struct room room = {b, 0, sizeof b};
    hkdf_extract(whole, text_bytes("salt"), text_bytes("onetwo"));
    hkdf_extract_parts(parted, text_bytes("salt"), parts, 3);
    T_MEM(whole, parted, 32);
    hkdf_expand(a, sizeof a, key, text_bytes("onetwo"));
    hkdf_expand_parts(&room, 70, key, parts, 3);
    T_EQ(room.n, 70);
    T_MEM(a, b, 70);
}

T_CASE(equality_sees_every_bit)
{
    uint8_t a[33], b[33];
    count_to(a, 33, 3);
    memcpy(b, a, 33);
    T(ct_equal(a, b, 33));
    T(ct_equal(a, b, 0));
    T(ct_equal(NULL, NULL, 0));
    for (size_t i = 0; i < 33 * 8; i++) {
        b[i / 8] ^= (uint8_t)(1 << i % 8);
        T(!ct_equal(a, b, 33));
        b[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

T_CASE(system_entropy_differs_from_itself)
{
    struct entropy e = entropy_os();
    uint8_t a[32] = {0}, b[32] = {0};
    entropy_fill(&e, a, 32);
    entropy_fill(&e, b, 32);
    T(!ct_equal(a, b, 32));
    entropy_fill(&e, NULL, 0);
}

T_CASE(stream_entropy_repeats_itself)
{
    struct entropy_stream s1 = {.key = {1}}, s2 = {.key = {1}}, s3 = {.key = {2}};
    struct entropy e1 = entropy_stream(&s1), e2 = entropy_stream(&s2),
                   e3 = entropy_stream(&s3);
    uint8_t a[100], b[100], c[100], again[100];
    entropy_fill(&e1, a, 100);
    entropy_fill(&e2, b, 100);
    entropy_fill(&e3, c, 100);
    T_MEM(a, b, 100);
    T(!ct_equal(a, c, 100));
    entropy_fill(&e1, again, 100);
    T(!ct_equal(a, again, 100));
}

T_RUN()
