/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_hpke.c -- sealing to a public key. The bytes are checked by tests/vectors. */
#include "tests/lib/t.h"

#include "crypto/entropy_os.h"
#include "crypto/hpke.h"
#include "tests/lib/hex.h"

static struct entropy_stream stream = {.key = {5}};

static void pair_of(uint8_t first, uint8_t pk[static 32], uint8_t sk[static 32])
{
    uint8_t ikm[32];
    count_to(ikm, 32, first);
    hpke_derive_keypair(pk, sk, BYTES_OF(ikm));
}

T_CASE(a_box_opens_for_its_key_info_and_context)
{
    struct entropy e = entropy_stream(&stream);
    uint8_t pk[32], sk[32], pk2[32], sk2[32], box[4 + HPKE_OVERHEAD_BYTES], got[4];
    struct bytes info = text_bytes("kring1 box"), aad = text_bytes("context");
    pair_of(1, pk, sk);
    pair_of(2, pk2, sk2);
    T_EQ(hpke_seal(box, pk, info, aad, text_bytes("text"), &e), 0);
    T_EQ(hpke_open(got, sk, info, aad, BYTES_OF(box)), 0);
    T_MEM(got, "text", 4);
    T_EQ(hpke_open(got, sk2, info, aad, BYTES_OF(box)), ERR_FORGED);
    T_EQ(hpke_open(got, sk, text_bytes("kring1 boy"), aad, BYTES_OF(box)), ERR_FORGED);
    T_EQ(hpke_open(got, sk, info, text_bytes("contexT"), BYTES_OF(box)), ERR_FORGED);
    T_EQ(hpke_open(got, sk, BYTES(NULL, 0), aad, BYTES_OF(box)), ERR_FORGED);
    for (size_t i = 0; i < sizeof box; i++) {
        box[i] ^= 0x80; /* of the point too: enc is part of the key's context */
        T_EQ(hpke_open(got, sk, info, aad, BYTES_OF(box)), ERR_FORGED);
        box[i] ^= 0x80;
    }
    for (size_t n = 0; n < sizeof box; n++)
        T_EQ(hpke_open(got, sk, info, aad, BYTES(box, n)), ERR_FORGED);
}

T_CASE(two_boxes_of_one_text_have_nothing_in_common)
{
    struct entropy e = entropy_stream(&stream);
    uint8_t pk[32], sk[32], a[HPKE_OVERHEAD_BYTES], b[HPKE_OVERHEAD_BYTES], nothing[1];
    const struct bytes none = {0};
    pair_of(1, pk, sk);
    T_EQ(hpke_seal(a, pk, none, none, none, &e), 0);
    T_EQ(hpke_seal(b, pk, none, none, none, &e), 0);
    T(memcmp(a, b, 32) != 0 && memcmp(a + 32, b + 32, 16) != 0);
    T_EQ(hpke_open(nothing, sk, none, none, BYTES_OF(a)), 0);
    T_EQ(hpke_open(nothing, sk, none, none, BYTES_OF(b)), 0);
}

T_CASE(points_of_small_order_are_refused)
{
    struct entropy e = entropy_stream(&stream);
    uint8_t pk[32] = {0}, sk[32] = {1}, box[HPKE_OVERHEAD_BYTES] = {0}, nothing[1];
    const struct bytes none = {0};
    T_EQ(hpke_seal(box, pk, none, none, none, &e), ERR_FORGED);
    memset(box, 0, sizeof box);
    T_EQ(hpke_open(nothing, sk, none, none, BYTES_OF(box)), ERR_FORGED);
}

T_CASE(a_forged_message_leaves_the_context_as_it_was)
{
    struct hpke_ctx send, recv;
    uint8_t pk[32], sk[32], enc[32], ikm[32] = {9}, sealed[20], got[4], a[40], b[40];
    struct bytes info = text_bytes("info"), none = {0};
    pair_of(3, pk, sk);
    T_EQ(hpke_setup_send(&send, enc, pk, info, BYTES_OF(ikm)), 0);
    T_EQ(hpke_setup_recv(&recv, enc, sk, info), 0);
    for (int i = 0; i < 3; i++) {
        hpke_ctx_seal(&send, sealed, none, text_bytes("text"));
        sealed[0] ^= 1;
        T_EQ(hpke_ctx_open(&recv, got, none, BYTES_OF(sealed)), ERR_FORGED);
        sealed[0] ^= 1;
        T_EQ(hpke_ctx_open(&recv, got, none, BYTES_OF(sealed)), 0);
        T_EQ(hpke_ctx_open(&recv, got, none, BYTES_OF(sealed)), ERR_FORGED);
    }
    hpke_ctx_export(&send, a, 40, text_bytes("one"));
    hpke_ctx_export(&recv, b, 40, text_bytes("one"));
    T_MEM(a, b, 40);
    hpke_ctx_export(&recv, b, 40, text_bytes("two"));
    T(memcmp(a, b, 40) != 0);
}

T_RUN()
