/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* noise.h -- the Noise protocol framework, revision 34, as token tables.
 *
 * A handshake is a name and a table of tokens; every pattern and every modifier
 * (psk0 to psk3, fallback, joined by +) runs through the same code.  Who writes
 * first is the initiator, in fallback forms too.  DH is X25519, the cipher is
 * ChaCha20-Poly1305; the hash is SHA256 (product), SHA512 or BLAKE2b (vectors).
 *
 *     noise_init -> { noise_write | noise_read }* -> noise_split -> noise_wipe
 *
 * Pure: ephemeral keys come from the caller.  Bytes are lent for the call.
 * A call that fails leaves the handshake dead: only noise_wipe is legal then.
 */
#ifndef CRYPTO_NOISE_H
#define CRYPTO_NOISE_H

#include "base/bytes.h"

enum { NOISE_MESSAGE_BYTES_MAX = 65535, NOISE_PSKS_MAX = 4, NOISE_MESSAGES_MAX = 8 };

/* One direction after the split. */
struct noise_cipher {
    uint8_t key[32];
    uint64_t n; /* next nonce; 2^64-1 is never used */
    bool has_key;
};

struct noise {
    /* fields are private to noise.c */
    struct noise_cipher cipher;
    uint8_t ck[64], h[64];
    uint8_t s_sk[32], s_pk[32], e_sk[32], e_pk[32], rs[32], re[32];
    uint8_t psks[NOISE_PSKS_MAX][32];
    uint8_t tokens[NOISE_MESSAGES_MAX][8];
    uint8_t hash, hash_bytes, messages, at, psks_count, psks_used;
    bool initiator, have_s, have_e, have_rs, have_re, psk_mode, dead;
};

struct noise_config {
    const char *name; /* e.g. "Noise_XKpsk0+psk3_25519_ChaChaPoly_SHA256" */
    bool initiator;
    struct bytes prologue;
    const uint8_t *s_sk;  /* own static, 32 bytes, or NULL */
    const uint8_t *e_sk;  /* own ephemeral, 32 bytes, or NULL when not needed */
    const uint8_t *rs_pk; /* remote static known before; ignored if it is not */
    const uint8_t *re_pk; /* remote ephemeral known before (fallback forms); as rs_pk */
    const uint8_t (*psks)[32]; /* in order of their modifiers */
    size_t psks_count;
};

/* Prepare a handshake; all keys are copied.
 *   ERR_NOTFOUND   the name is not known (pattern, cipher, hash or modifier)
 *   ERR_STATE      a key the pattern needs is missing, or the psk count is wrong */
NODISCARD int noise_init(struct noise *n, const struct noise_config *config);
/* True if it is our turn to write. */
bool noise_writes_next(const struct noise *n);
/* True when all messages are done. */
bool noise_done(const struct noise *n);
/* Append the next message with `payload` to `out`, which is unchanged on failure.
 *   ERR_STATE    not our turn, done, or dead
 *   ERR_TOOBIG   the message would pass NOISE_MESSAGE_BYTES_MAX
 *   ERR_NOSPACE  out has too little room
 *   ERR_FORGED   an agreement gave zeros: the other's key is no good */
NODISCARD int noise_write(struct noise *n, struct bytes payload, struct room *out);
/* Read the next message; append its payload to `payload` (which may not overlap the
 * message, and is unchanged on failure).
 *   ERR_STATE      not the other's turn, done, or dead
 *   ERR_TOOBIG     longer than NOISE_MESSAGE_BYTES_MAX
 *   ERR_TRUNCATED  too short for its keys and tags
 *   ERR_NOSPACE    payload has too little room
 *   ERR_FORGED     a tag is wrong, or an agreement gave zeros */
NODISCARD int noise_read(struct noise *n, struct bytes message, struct room *payload);
/* The remote static key, once known; NULL before. */
const uint8_t *noise_remote_static(const struct noise *n);
/* Handshake hash (noise->hash_bytes long; 32 for SHA256). */
struct bytes noise_hash(const struct noise *n);
/* After the last message: `send` and `recv` of our side (of a one-way pattern only
 * the initiator's send and the responder's recv may be used).
 *   ERR_STATE  not done, or dead */
NODISCARD int noise_split(struct noise *n, struct noise_cipher *send,
                          struct noise_cipher *recv);
/* Seal with the next nonce: plain.n + 16 bytes to `out` (out == plain.p is allowed).
 *   ERR_STATE  nonces used up, or no key */
NODISCARD int noise_seal(struct noise_cipher *c, uint8_t *out, struct bytes context,
                         struct bytes plain);
/* Open with the next nonce: sealed.n - 16 bytes (out == sealed.p is allowed).
 *   ERR_FORGED  the nonce is not advanced     ERR_STATE  nonces used up, or no key */
NODISCARD int noise_open(struct noise_cipher *c, uint8_t *out, struct bytes context,
                         struct bytes sealed);
/* Rekey as in section 4.2 of the framework. */
void noise_rekey(struct noise_cipher *c);
/* Erase every secret.  Legal on a zeroed struct, and twice. */
void noise_wipe(struct noise *n);

#endif
