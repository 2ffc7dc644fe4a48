/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* join_sentence.c -- what both sides of an invitation sign, commit to and compare. */
#include <string.h>

#include "base/cursor.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "node/core/join_int.h"

void join_derive(uint8_t psk[static 32], uint8_t pk[static 32], uint8_t sk[static 64],
                 const uint8_t v[static 16])
{
    uint8_t key[32] = {0}, seed[32];
    memcpy(key, v, 16); /* P6.2 */
    kdf(psk, "invite psk", key, NULL, 0);
    kdf(seed, "invite sign", key, NULL, 0);
    sign_keypair(pk, sk, seed);
    wipe(key, sizeof key);
    wipe(seed, sizeof seed);
}

void join_signed(uint8_t out[static 128], const uint8_t *first,
                 const struct wire_join *join)
{
    memcpy(out, first, 32);
    memcpy(out + 32, join->member_pk, 32);
    memcpy(out + 64, join->transport_pk, 32);
    memcpy(out + 96, join->prekey_pk, 32);
}

void join_vouched(uint8_t out[static 160], const uint8_t hs_hash[static 32],
                  const struct wire_join *join)
{
    join_signed(out, hs_hash, join);
    memcpy(out + 128, join->commitment, 32);
}

/* P6.9: who wants to be somebody else's sentence has to choose all of this before the
 * steward's nonce is known. */
void sentence_commit(uint8_t out[static 32], const struct sentence *s)
{
    const struct bytes parts[] = {
        BYTES(s->nonce, 32),     BYTES(s->group, 32),
        BYTES(s->invite_pk, 32), BYTES(s->host_pk, 32),
        BYTES(s->member_pk, 32), BYTES(s->transport_pk, 32),
        BYTES(s->prekey_pk, 32), s->name,
    };
    hash32(out, "sentence commit", parts, sizeof parts / sizeof *parts);
}

/* P6.11 */
void sentence_make(uint8_t out[static SENTENCE_BYTES], const struct sentence *s)
{
    uint8_t commit[32], full[32];
    sentence_commit(commit, s);
    const struct bytes parts[] = {BYTES_OF(commit), BYTES(s->host_nonce, 32),
                                  BYTES(&s->language, 1)};
    kdf(full, "sentence", s->nonce, parts, sizeof parts / sizeof *parts);
    memcpy(out, full, SENTENCE_BYTES);
    wipe(full, sizeof full);
}
