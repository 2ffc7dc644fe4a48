/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* aead.c -- ChaCha20-Poly1305 and XChaCha20-Poly1305 with nonces from the caller. */
#include "crypto/aead.h"

#include <sodium.h>

#include "crypto/reveal.h"

_Static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == AEAD_TAG_BYTES &&
                   crypto_aead_chacha20poly1305_ietf_ABYTES == AEAD_TAG_BYTES,
               "one tag length");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == XNONCE_BYTES &&
                   crypto_aead_chacha20poly1305_ietf_NPUBBYTES == NONCE_BYTES,
               "nonce lengths");

void xaead_seal(uint8_t *out, const uint8_t key[static 32],
                const uint8_t nonce[static 24], struct bytes context,
                struct bytes plain)
{
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, plain.p, plain.n, context.p,
                                               context.n, NULL, nonce, key);
}

int xaead_open(uint8_t *out, const uint8_t key[static 32],
               const uint8_t nonce[static 24], struct bytes context,
               struct bytes sealed)
{
    if (sealed.n < AEAD_TAG_BYTES)
        return ERR_FORGED;
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, NULL, NULL, sealed.p, sealed.n, context.p, context.n, nonce, key);
    return reveal(failed) ? ERR_FORGED : 0;
}

void aead_seal(uint8_t *out, const uint8_t key[static 32],
               const uint8_t nonce[static 12], struct bytes context, struct bytes plain)
{
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.p, plain.n, context.p,
                                              context.n, NULL, nonce, key);
}

int aead_open(uint8_t *out, const uint8_t key[static 32],
              const uint8_t nonce[static 12], struct bytes context, struct bytes sealed)
{
    if (sealed.n < AEAD_TAG_BYTES)
        return ERR_FORGED;
    int failed = crypto_aead_chacha20poly1305_ietf_decrypt(
        out, NULL, NULL, sealed.p, sealed.n, context.p, context.n, nonce, key);
    return reveal(failed) ? ERR_FORGED : 0;
}

void xchacha_xor(uint8_t *out, const uint8_t *in, size_t n,
                 const uint8_t key[static 32], const uint8_t nonce[static 24])
{
    if (n > 0)
        crypto_stream_xchacha20_xor(out, in, n, nonce, key);
}
