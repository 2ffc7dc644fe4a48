/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* beacon.h -- one beacon as bytes, pure (P9.11).
 *
 * A beacon is one datagram on the local network.  It has one size, and without the key
 * it is 128 random bytes:
 *
 *     offset  size  field
 *          0    24  nonce, drawn for each beacon
 *         24   104  XChaCha20-Poly1305 of:
 *                     kind 1 || port 2 || transport key 32 || rest 32 || zeros 21
 *
 * The zeros are room for later versions and are not looked at.
 */
#ifndef NODE_CORE_BEACON_H
#define NODE_CORE_BEACON_H

#include "base/bytes.h"

enum {
    BEACON_NONCE_BYTES = 24,
    BEACON_PLAIN_BYTES = 88,
    BEACON_BYTES = BEACON_NONCE_BYTES + BEACON_PLAIN_BYTES + 16,
    BEACON_MARK_BYTES = 8, /* of the nonce, by which a beacon is answered */
    BEACON_MARKS = 4,      /* that one beacon answers */
};

enum beacon_kind {
    BEACON_MEMBER = 1, /* rest: four marks of beacons heard, or zeros */
    BEACON_WORDS = 2,  /* rest: group id */
};

struct beacon {
    uint8_t kind;
    uint16_t port; /* where the sender listens by TCP */
    uint8_t transport_pk[32];
    uint8_t rest[32];
};

/* The key of beacons under an access key, or under the secret of six words. */
void beacon_key(uint8_t key[static 32], const uint8_t secret[static 32]);
/* Write `b` under `key` with a fresh `nonce`. */
void beacon_seal(uint8_t out[static BEACON_BYTES], const uint8_t key[static 32],
                 const uint8_t nonce[static BEACON_NONCE_BYTES],
                 const struct beacon *b);
/* Read what came under `key`.
 *   ERR_FORGED     another size, another key, or changed
 *   ERR_MALFORMED  a kind that is not known, or no port */
NODISCARD int beacon_open(struct beacon *out, const uint8_t key[static 32],
                          struct bytes packet);

#endif
