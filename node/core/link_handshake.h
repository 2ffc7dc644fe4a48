/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link_handshake.h -- the masked Noise handshake: three messages of fixed length,
 * pure (P9.1, P9.2).
 *
 *     initiator  handshake_first -> [192] ... [96] -> handshake_third -> [112] ->
 *                handshake_split
 *     responder  [192] -> handshake_accept -> handshake_second -> [96] ->
 *                [112] -> handshake_finish -> handshake_split
 *
 * Message 1:  nonce 24 || tag 16 || 152 masked; message 2: 96 masked; message 3: 112.
 * A call that fails leaves the handshake dead: only handshake_wipe is legal then.
 */
#ifndef NODE_CORE_LINK_HANDSHAKE_H
#define NODE_CORE_LINK_HANDSHAKE_H

#include "base/entropy.h"
#include "crypto/noise.h"

enum {
    HANDSHAKE_NONCE_BYTES = 24,
    HANDSHAKE_TAG_BYTES = 16,
    HANDSHAKE_1_BYTES = 192,
    HANDSHAKE_2_BYTES = 96,
    HANDSHAKE_3_BYTES = 112,
};

enum link_kind { LINK_MEMBER = 1, LINK_INVITE = 2, LINK_CARRIER = 3 };

/* What both sides must agree on, and the own key. */
struct handshake_config {
    uint8_t kind;         /* enum link_kind */
    const uint8_t *group; /* 32 */
    const uint8_t *psk0;  /* 32 */
    const uint8_t *s_sk;  /* own transport secret, 32 */
    const uint8_t *rs_pk; /* the responder's transport key; initiator only */
};

struct handshake {
    struct noise noise;
    uint8_t nonce[HANDSHAKE_NONCE_BYTES];
    uint8_t psk0[32];
};

/* The key that `psk0` makes first messages recognisable with. */
void handshake_tag_key(uint8_t key[static 32], const uint8_t psk0[static 32]);
/* The tag of `nonce` under such a key. */
void handshake_tag(uint8_t tag[static HANDSHAKE_TAG_BYTES],
                   const uint8_t key[static 32],
                   const uint8_t nonce[static HANDSHAKE_NONCE_BYTES]);

/* Initiator: begin, write message 1.  ERR_FORGED: the responder's key is no good. */
NODISCARD int handshake_first(struct handshake *h, const struct handshake_config *c,
                              const struct entropy *entropy,
                              uint8_t out[static HANDSHAKE_1_BYTES]);
/* Responder: begin, read message 1 (whose tag was matched to psk0).  ERR_FORGED. */
NODISCARD int handshake_accept(struct handshake *h, const struct handshake_config *c,
                               const struct entropy *entropy,
                               const uint8_t in[static HANDSHAKE_1_BYTES]);
/* Responder: write message 2.  ERR_FORGED. */
NODISCARD int handshake_second(struct handshake *h,
                               uint8_t out[static HANDSHAKE_2_BYTES]);
/* Initiator: read message 2, write message 3.  ERR_FORGED. */
NODISCARD int handshake_third(struct handshake *h,
                              const uint8_t in[static HANDSHAKE_2_BYTES],
                              uint8_t out[static HANDSHAKE_3_BYTES]);
/* Responder: read message 3; *remote is the initiator's key, lent until the wipe.
 * ERR_FORGED. */
NODISCARD int handshake_finish(struct handshake *h,
                               const uint8_t in[static HANDSHAKE_3_BYTES],
                               const uint8_t **remote);
/* After message 3: both ciphers and the handshake hash (32 bytes). ERR_STATE. */
NODISCARD int handshake_split(struct handshake *h, struct noise_cipher *send,
                              struct noise_cipher *recv, uint8_t hash[static 32]);
/* Erase every secret.  Legal on a zeroed struct. */
void handshake_wipe(struct handshake *h);

#endif
