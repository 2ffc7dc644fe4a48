/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* noise_pattern.h -- Noise protocol names as token tables (sections 7 to 10 of the
 * framework).  Private to noise*.c. */
#ifndef CRYPTO_NOISE_PATTERN_H
#define CRYPTO_NOISE_PATTERN_H

#include "base/bytes.h"

enum {
    PATTERN_MESSAGES_MAX = 8,
    PATTERN_TOKENS_MAX = 8, /* with the end mark */
    PATTERN_PRE_MAX = 3     /* with the end mark */
};

enum noise_token {
    TOKEN_END = 0,
    TOKEN_E,
    TOKEN_S,
    TOKEN_EE,
    TOKEN_ES,
    TOKEN_SE,
    TOKEN_SS,
    TOKEN_PSK
};

/* A pattern with its modifiers applied.  The initiator writes messages 0, 2, ...;
 * the first letter of a DH token is the initiator's key, the second the
 * responder's.  Every list ends with TOKEN_END. */
struct noise_pattern {
    uint8_t pre_initiator[PATTERN_PRE_MAX], pre_responder[PATTERN_PRE_MAX];
    uint8_t tokens[PATTERN_MESSAGES_MAX][PATTERN_TOKENS_MAX];
    uint8_t messages, psks;
};

/* Read the pattern part of a name ("XKpsk0+psk3") to `p`.
 *   ERR_NOTFOUND  unknown, or its modifiers do not fit it */
NODISCARD int noise_pattern_parse(struct noise_pattern *p, struct bytes text);

#endif
