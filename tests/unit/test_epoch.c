/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_epoch.c -- the key schedule (P5) against values of another BLAKE2b. */
#include "tests/lib/t.h"

#include "crypto/epoch.h"
#include "crypto/sign.h"
#include "tests/lib/hex.h"

static void is_hex(const uint8_t *got, size_t n, const char *text)
{
    uint8_t want[64];
    T_EQ(hex_to(want, sizeof want, text), n);
    T_MEM(got, want, n);
}

T_CASE(values_are_the_ones_of_the_protocol)
{
    struct epoch_values v = {0};
    uint8_t secret[32], out[32];
    count_to(secret, 32, 0);
    epoch_derive(&v, secret); /* P5.2 */
    T_EQ(v.have, 31);
    is_hex(v.solo, 32,
           "0c9a8c02b831625ab62a08a45fc75ae9a60eb07daf63699d0853e7c0622f3213");
    is_hex(v.mix, 32,
           "a5018b49d016af50fc0f9171de5957e5f633e164505aaf741ddf0e2161080a19");
    is_hex(v.add, 32,
           "329b9918f9f579f8c02405bbd9e650a79a753bf3b7af90bf6b2604db61e22530");
    is_hex(v.ctl, 32,
           "8d88a2dd20eb45884aeb9e3ed46e5041d07a09917329bada56192186c93b48f8");
    is_hex(v.lane, 32,
           "f07c255b6952ac6c286a769a974f4f271806477db44957b70febce67d49ebfd7");
    is_hex(v.acc, 32,
           "f2eaf23f0d354e688b0be52a537568c891b71b2677652b078456769b419e148f");
    is_hex(v.anon, 32,
           "27004e82c79be481a8e4f7eb6cdc6141b58246fc1556cbe2e59037edc2a97377");
    epoch_commit(out, secret); /* P5.3 */
    is_hex(out, 32, "79196ab5cb8a027b230cf83a3a92cc838821e613c15732f16d343d03bb8abf59");
    epoch_wipe(&v);
    struct epoch_values zero = {0};
    T_MEM(&v, &zero, sizeof v);
}

T_CASE(add_secret_takes_all_that_it_stands_on)
{
    uint8_t adds[64], nonce[32], keys[96], out[32], other[32];
    count_to(adds, 32, 0);
    count_to(adds + 32, 32, 100);
    memset(nonce, 7, 32);
    for (size_t i = 0; i < 96; i++)
        keys[i] = (uint8_t) "keys"[i % 4];
    epoch_add_secret(out, adds, 2, nonce, BYTES_OF(keys)); /* P5.6 */
    is_hex(out, 32, "6f73ddd7359d646405d2dc41d61a94d95b39813527873abd451502d21be3f6fa");
    epoch_add_secret(other, adds, 1, nonce, BYTES_OF(keys));
    T(memcmp(out, other, 32) != 0);
    nonce[31] ^= 1;
    epoch_add_secret(other, adds, 2, nonce, BYTES_OF(keys));
    T(memcmp(out, other, 32) != 0);
    nonce[31] ^= 1;
    keys[95] ^= 1;
    epoch_add_secret(other, adds, 2, nonce, BYTES_OF(keys));
    T(memcmp(out, other, 32) != 0);
}

T_CASE(mixed_roots_take_every_epoch_up_to_the_bound)
{
    static uint8_t mixes[64 * 32], ids[64 * 32]; /* EPOCHS_OPEN_MAX */
    uint8_t group[32], out[32], other[32];
    count_to(mixes, 32, 0);
    count_to(mixes + 32, 32, 100);
    memset(ids, 1, 32);
    memset(ids + 32, 2, 32);
    memset(group, 9, 32);
    epoch_mix_root(out, mixes, ids, 1, group); /* P5.5 */
    is_hex(out, 32, "7f7d41f1d8e04d57fdb2cd9204e19a3841f19b7e26359bf7944bcdbee973feb9");
    epoch_mix_root(out, mixes, ids, 2, group);
    is_hex(out, 32, "d4ee3b16a1c3c044b4b223e7660db339664143657348ff350238565c2b0d9bfc");
    epoch_mix_root(out, mixes, ids, 64, group);
    mixes[64 * 32 - 1] ^= 1;
    epoch_mix_root(other, mixes, ids, 64, group);
    T(memcmp(out, other, 32) != 0);
}

T_CASE(lane_and_leaf_give_what_envelopes_need)
{
    uint8_t lane[32], pk[32], sk[64], out[32], r[24], sig[64];
    count_to(lane, 32, 0);
    count_to(r, 24, 50);
    epoch_topic(pk, sk, lane); /* P5.7 */
    is_hex(pk, 32, "f4066c055f48a91a2df56ee96a7439ffc350e91e64375f26f3c7b3b9f7106a81");
    T_EQ(sign_make(sig, "x", text_bytes("y"), sk), 0);
    T_EQ(sign_check(sig, "x", text_bytes("y"), pk), 0);
    epoch_header_key(out, lane);
    is_hex(out, 32, "9bf38cf6e39aca9cd25eca6631e06644bdca7c95d2092cc84d961186797155e3");
    epoch_message_key(out, lane, r); /* P5.8 */
    is_hex(out, 32, "4797724e036e023f049cd17a2013ab70ce6fb62fc1f8804394e1ab59324cc23a");
    epoch_message_blind(out, lane, r);
    is_hex(out, 16, "f786dbae9bc0241676aec377d290e93d");
}

T_RUN()
