/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* hpke.c -- HPKE base mode with one suite (RFC 9180; numbers of its sections). */
#include "crypto/hpke.h"

#include <string.h>

#include "base/check.h"
#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/hash.h"

#define TEXT(s) BYTES((s), sizeof(s) - 1)

enum { EXPORT_BYTES_MAX = 255 * HASH_BYTES, EXPAND_BYTES_MAX = EXPORT_BYTES_MAX };

/* Suite ids: of the key encapsulation alone (4.1), and of the whole (5.1). */
static const uint8_t suite_kem[] = {'K', 'E', 'M', 0x00, 0x20};
static const uint8_t suite_hpke[] = {'H',  'P',  'K',  'E',  0x00,
                                     0x20, 0x00, 0x01, 0x00, 0x03};

/* LabeledExtract (4). */
static void labeled_extract(uint8_t out[static 32], struct bytes suite,
                            struct bytes salt, struct bytes label, struct bytes ikm)
{
    const struct bytes parts[] = {TEXT("HPKE-v1"), suite, label, ikm};
    hkdf_extract_parts(out, salt, parts, 4);
}

/* LabeledExpand (4): fills the free part of `out`. */
static void labeled_expand(struct room out, const uint8_t prk[static 32],
                           struct bytes suite, struct bytes label, struct bytes info)
{
    uint8_t length[2];
    size_t n = out.cap - out.n;
    CHECK(n <= EXPAND_BYTES_MAX);
    put_u16(length, (uint16_t)n);
    const struct bytes parts[] = {BYTES_OF(length), TEXT("HPKE-v1"), suite, label,
                                  info};
    hkdf_expand_parts(&out, n, prk, parts, 5);
}

/* ExtractAndExpand (4.1) with kem_context = enc || public key of the receiver. */
static void kem_secret(uint8_t shared[static 32], const uint8_t dh[static 32],
                       const uint8_t enc[static 32], const uint8_t pk[static 32])
{
    uint8_t prk[32], context[64];
    memcpy(context, enc, 32);
    memcpy(context + 32, pk, 32);
    labeled_extract(prk, BYTES_OF(suite_kem), BYTES(NULL, 0), TEXT("eae_prk"),
                    BYTES(dh, 32));
    labeled_expand((struct room){shared, 0, 32}, prk, BYTES_OF(suite_kem),
                   TEXT("shared_secret"), BYTES_OF(context));
    wipe(prk, sizeof prk);
}

/* KeySchedule of base mode (5.1): no pre-shared key, an empty id for it. */
static void key_schedule(struct hpke_ctx *c, const uint8_t shared[static 32],
                         struct bytes info)
{
    const struct bytes suite = BYTES_OF(suite_hpke), none = {0};
    uint8_t secret[32], context[1 + 32 + 32] = {0}; /* mode_base is 0 */
    labeled_extract(context + 1, suite, none, TEXT("psk_id_hash"), none);
    labeled_extract(context + 33, suite, none, TEXT("info_hash"), info);
    labeled_extract(secret, suite, BYTES(shared, 32), TEXT("secret"), none);
    labeled_expand(ROOM_OF(c->key), secret, suite, TEXT("key"), BYTES_OF(context));
    labeled_expand(ROOM_OF(c->base_nonce), secret, suite, TEXT("base_nonce"),
                   BYTES_OF(context));
    labeled_expand(ROOM_OF(c->exporter), secret, suite, TEXT("exp"), BYTES_OF(context));
    c->seq = 0;
    wipe(secret, sizeof secret);
}

void hpke_derive_keypair(uint8_t pk[static 32], uint8_t sk[static 32], struct bytes ikm)
{
    uint8_t prk[32];
    labeled_extract(prk, BYTES_OF(suite_kem), BYTES(NULL, 0), TEXT("dkp_prk"), ikm);
    labeled_expand((struct room){sk, 0, 32}, prk, BYTES_OF(suite_kem), TEXT("sk"),
                   BYTES(NULL, 0));
    dh_public(pk, sk);
    wipe(prk, sizeof prk);
}

int hpke_setup_send(struct hpke_ctx *c, uint8_t enc[static 32],
                    const uint8_t pk[static 32], struct bytes info, struct bytes ikm_e)
{
    uint8_t e_sk[32], dh[32] = {0}, shared[32] = {0};
    hpke_derive_keypair(enc, e_sk, ikm_e);
    int err = dh_agree(dh, e_sk, pk);
    if (!err) {
        kem_secret(shared, dh, enc, pk);
        key_schedule(c, shared, info);
    }
    wipe(e_sk, sizeof e_sk);
    wipe(dh, sizeof dh);
    wipe(shared, sizeof shared);
    return err;
}

int hpke_setup_recv(struct hpke_ctx *c, const uint8_t enc[static 32],
                    const uint8_t sk[static 32], struct bytes info)
{
    uint8_t pk[32], dh[32] = {0}, shared[32] = {0};
    int err = dh_agree(dh, sk, enc);
    if (!err) {
        dh_public(pk, sk);
        kem_secret(shared, dh, enc, pk);
        key_schedule(c, shared, info);
    }
    wipe(dh, sizeof dh);
    wipe(shared, sizeof shared);
    return err;
}

/* ComputeNonce (5.2): the sequence number in the last bytes of the base nonce. */
static void nonce_of(const struct hpke_ctx *c, uint8_t nonce[static NONCE_BYTES])
{
    uint8_t number[8];
    CHECK(c->seq < UINT64_MAX);
    put_u64(number, c->seq);
    memcpy(nonce, c->base_nonce, NONCE_BYTES);
    for (size_t i = 0; i < sizeof number; i++)
        nonce[NONCE_BYTES - sizeof number + i] ^= number[i];
}

void hpke_ctx_seal(struct hpke_ctx *c, uint8_t *out, struct bytes aad,
                   struct bytes plain)
{
    uint8_t nonce[NONCE_BYTES];
    nonce_of(c, nonce);
    aead_seal(out, c->key, nonce, aad, plain);
    c->seq++;
}

int hpke_ctx_open(struct hpke_ctx *c, uint8_t *out, struct bytes aad,
                  struct bytes sealed)
{
    uint8_t nonce[NONCE_BYTES];
    nonce_of(c, nonce);
    int err = aead_open(out, c->key, nonce, aad, sealed);
    if (!err)
        c->seq++;
    return err;
}

void hpke_ctx_export(const struct hpke_ctx *c, uint8_t *out, size_t n,
                     struct bytes context)
{
    CHECK(n <= EXPORT_BYTES_MAX);
    labeled_expand((struct room){out, 0, n}, c->exporter, BYTES_OF(suite_hpke),
                   TEXT("sec"), context);
}

int hpke_seal(uint8_t *out, const uint8_t pk[static 32], struct bytes info,
              struct bytes aad, struct bytes plain, const struct entropy *entropy)
{
    uint8_t ikm[32];
    struct hpke_ctx c = {0};
    entropy_fill(entropy, ikm, sizeof ikm);
    int err = hpke_setup_send(&c, out, pk, info, BYTES_OF(ikm));
    if (!err)
        hpke_ctx_seal(&c, out + HPKE_ENC_BYTES, aad, plain);
    wipe(ikm, sizeof ikm);
    wipe(&c, sizeof c);
    return err;
}

int hpke_open(uint8_t *out, const uint8_t sk[static 32], struct bytes info,
              struct bytes aad, struct bytes sealed)
{
    struct hpke_ctx c = {0};
    if (sealed.n < HPKE_OVERHEAD_BYTES)
        return ERR_FORGED;
    int err = hpke_setup_recv(&c, sealed.p, sk, info);
    if (!err)
        err = hpke_ctx_open(
            &c, out, aad, BYTES(sealed.p + HPKE_ENC_BYTES, sealed.n - HPKE_ENC_BYTES));
    wipe(&c, sizeof c);
    return err;
}
