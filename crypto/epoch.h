/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* epoch.h -- the key schedule of an epoch (P5).
 *
 * From an epoch secret s all values come at once by label; s is then wiped.
 * An add keeps lane, ctl and acc of its lane parent.
 */
#ifndef CRYPTO_EPOCH_H
#define CRYPTO_EPOCH_H

#include "base/bytes.h"

/* The values of one epoch; `have` says which are held (bit EPOCH_HAVE_x). */
struct epoch_values {
    uint8_t have;
    uint8_t solo[32], mix[32], add[32], ctl[32], lane[32], acc[32], anon[32];
};

enum {
    EPOCH_HAVE_SOLO = 1,
    EPOCH_HAVE_MIX = 2,
    EPOCH_HAVE_ADD = 4,
    EPOCH_HAVE_LANE = 8, /* lane, ctl and acc travel together */
    EPOCH_HAVE_ANON = 16,
    EPOCH_VALUES_BYTES = 1 + 7 * 32
};

/* Derive all values of `secret` (P5.2).  The caller wipes the secret. */
void epoch_derive(struct epoch_values *v, const uint8_t secret[static 32]);
/* Commitment to a secret: BLAKE2b-256 under "commit" (P5.3). */
void epoch_commit(uint8_t out[static 32], const uint8_t secret[static 32]);
/* What a log entry says of the values that its secret gives, so that a value handed on
 * later can be checked (P5.3): BLAKE2b-256 under "own values" over mix and anon, which
 * every epoch has of its own ... */
void epoch_commit_own(uint8_t out[static 32], const struct epoch_values *v);
/* ... and under "lane values" over lane, ctl and acc, which travel together. */
void epoch_commit_lane(uint8_t out[static 32], const struct epoch_values *v);
/* Secret of an add: KDF("addsecret") over the add values, nonce and keys (P5.6).
 * `adds` holds `n` add values of 32 bytes each in rising order of the parents' ids;
 * `n` is 1 to EPOCHS_OPEN_MAX, here and below. */
void epoch_add_secret(uint8_t out[static 32], const uint8_t *adds, size_t n,
                      const uint8_t nonce[static 32], struct bytes newcomer_keys);
/* Root of the key tree under several epochs: KDF("root", group, mixes, ids), where
 * `mixes` and `ids` hold `n` values of 32 bytes each in rising order of the ids
 * (P5.5). */
void epoch_mix_root(uint8_t out[static 32], const uint8_t *mixes, const uint8_t *ids,
                    size_t n, const uint8_t group[static 32]);
/* Topic key pair (Ed25519) and header key of a lane value (P5.7). */
void epoch_topic(uint8_t topic_pk[static 32], uint8_t topic_sk[static 64],
                 const uint8_t lane[static 32]);
/* Header key of a lane value (P5.7). */
void epoch_header_key(uint8_t out[static 32], const uint8_t lane[static 32]);
/* Body key of one envelope: KDF("msg", leaf, r) (P5.8). */
void epoch_message_key(uint8_t out[static 32], const uint8_t leaf[static 32],
                       const uint8_t r[static 24]);
/* Blind of one envelope: first 16 bytes of KDF("blind", leaf, r) (P5.8). */
void epoch_message_blind(uint8_t out[static 16], const uint8_t leaf[static 32],
                         const uint8_t r[static 24]);
/* Erase all values. */
void epoch_wipe(struct epoch_values *v);

#endif
