/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* epoch.c -- the key schedule of an epoch (P5). */
#include "crypto/epoch.h"

#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "crypto/sign.h"

void epoch_derive(struct epoch_values *v, const uint8_t secret[static 32])
{
    /* P5.2 */
    kdf(v->solo, "solo", secret, NULL, 0);
    kdf(v->mix, "mix", secret, NULL, 0);
    kdf(v->add, "add", secret, NULL, 0);
    kdf(v->ctl, "ctl", secret, NULL, 0);
    kdf(v->lane, "lane", secret, NULL, 0);
    kdf(v->acc, "acc", secret, NULL, 0);
    kdf(v->anon, "anon", secret, NULL, 0);
    v->have = EPOCH_HAVE_SOLO | EPOCH_HAVE_MIX | EPOCH_HAVE_ADD | EPOCH_HAVE_LANE |
              EPOCH_HAVE_ANON;
}

void epoch_commit(uint8_t out[static 32], const uint8_t secret[static 32])
{
    hash32(out, "commit", &BYTES(secret, 32), 1); /* P5.3 */
}

void epoch_commit_own(uint8_t out[static 32], const struct epoch_values *v)
{
    const struct bytes parts[] = {BYTES(v->mix, 32), BYTES(v->anon, 32)};
    hash32(out, "own values", parts, 2); /* P5.3 */
}

void epoch_commit_lane(uint8_t out[static 32], const struct epoch_values *v)
{
    const struct bytes parts[] = {BYTES(v->lane, 32), BYTES(v->ctl, 32),
                                  BYTES(v->acc, 32)};
    hash32(out, "lane values", parts, 3); /* P5.3 */
}

void epoch_add_secret(uint8_t out[static 32], const uint8_t *adds, size_t n,
                      const uint8_t nonce[static 32], struct bytes newcomer_keys)
{
    uint8_t key[32];
    const struct bytes parts[] = {BYTES(nonce, 32), newcomer_keys};
    CHECK(n >= 1 && n <= LIMIT_EPOCHS_OPEN_MAX);
    hash32(key, "adds", &BYTES(adds, 32 * n), 1);
    kdf(out, "addsecret", key, parts, 2); /* P5.6 */
    wipe(key, sizeof key);
}

void epoch_mix_root(uint8_t out[static 32], const uint8_t *mixes, const uint8_t *ids,
                    size_t n, const uint8_t group[static 32])
{
    struct bytes parts[2 * LIMIT_EPOCHS_OPEN_MAX];
    CHECK(n >= 1 && n <= LIMIT_EPOCHS_OPEN_MAX);
    for (size_t i = 0; i < n; i++) {
        parts[i] = BYTES(mixes + 32 * i, 32);
        parts[n + i] = BYTES(ids + 32 * i, 32);
    }
    kdf(out, "root", group, parts, 2 * n); /* P5.5 */
}

void epoch_topic(uint8_t topic_pk[static 32], uint8_t topic_sk[static 64],
                 const uint8_t lane[static 32])
{
    uint8_t seed[32];
    kdf(seed, "topic", lane, NULL, 0); /* P5.7 */
    sign_keypair(topic_pk, topic_sk, seed);
    wipe(seed, sizeof seed);
}

void epoch_header_key(uint8_t out[static 32], const uint8_t lane[static 32])
{
    kdf(out, "header", lane, NULL, 0); /* P5.7 */
}

void epoch_message_key(uint8_t out[static 32], const uint8_t leaf[static 32],
                       const uint8_t r[static 24])
{
    kdf(out, "msg", leaf, &BYTES(r, 24), 1); /* P5.8 */
}

void epoch_message_blind(uint8_t out[static 16], const uint8_t leaf[static 32],
                         const uint8_t r[static 24])
{
    uint8_t whole[32];
    kdf(whole, "blind", leaf, &BYTES(r, 24), 1); /* P5.8 */
    memcpy(out, whole, 16);
    wipe(whole, sizeof whole);
}

void epoch_wipe(struct epoch_values *v)
{
    wipe(v, sizeof *v);
}
