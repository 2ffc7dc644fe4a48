/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sign.c -- Ed25519 under domains.
 *
 * Ed25519 reads its message twice, so domain and message must lie end to end:
 * short ones in a buffer on the stack, long ones in memory of their own.
 */
#include "crypto/sign.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"

#define DOMAIN_PREFIX "kring1 "

enum {
    DOMAIN_CHARS_MAX = 32,
    DOMAIN_PREFIX_CHARS = sizeof DOMAIN_PREFIX - 1,
    SIGN_STACK_BYTES = 2048
};

/* What is signed, laid end to end. */
struct framed {
    uint8_t stack[SIGN_STACK_BYTES];
    uint8_t *p; /* stack, or memory of its own */
    size_t n;
};

/* P2.3: u8 length of the domain, the domain with its prefix, the message whole. */
static int frame_make(struct framed *f, const char *domain, struct bytes message)
{
    size_t d = strlen(domain);
    CHECK(d > 0 && d <= DOMAIN_CHARS_MAX);
    size_t head = 1 + DOMAIN_PREFIX_CHARS + d;
    if (message.n > SIZE_MAX - head)
        return ERR_NOMEM;
    f->n = head + message.n;
    f->p = f->n <= sizeof f->stack ? f->stack : malloc(f->n);
    if (!f->p)
        return ERR_NOMEM;
    f->p[0] = (uint8_t)(DOMAIN_PREFIX_CHARS + d);
    memcpy(f->p + 1, DOMAIN_PREFIX, DOMAIN_PREFIX_CHARS);
    memcpy(f->p + 1 + DOMAIN_PREFIX_CHARS, domain, d);
    if (message.n > 0)
        memcpy(f->p + head, message.p, message.n);
    return 0;
}

static void frame_free(struct framed *f)
{
    if (!f->p)
        return;
    wipe(f->p, f->n);
    if (f->p != f->stack)
        free(f->p);
    f->p = NULL;
}

void sign_keypair(uint8_t pk[static 32], uint8_t sk[static 64],
                  const uint8_t seed[static 32])
{
    crypto_sign_seed_keypair(pk, sk, seed);
}

int sign_make(uint8_t sig[static 64], const char *domain, struct bytes message,
              const uint8_t sk[static 64])
{
    struct framed f;
    int err = frame_make(&f, domain, message);
    if (err)
        return err;
    crypto_sign_detached(sig, NULL, f.p, f.n, sk);
    frame_free(&f);
    return 0;
}

int sign_check(const uint8_t sig[static 64], const char *domain, struct bytes message,
               const uint8_t pk[static 32])
{
    struct framed f;
    int err = frame_make(&f, domain, message);
    if (err)
        return err;
    if (crypto_sign_verify_detached(sig, f.p, f.n, pk) != 0)
        err = ERR_FORGED;
    frame_free(&f);
    return err;
}

void sign_derive_member(uint8_t pk[static 32], uint8_t sk[static 64],
                        const uint8_t profile_seed[static 32],
                        const uint8_t salt[static 32], uint32_t counter)
{
    uint8_t seed[32], number[4];
    put_u32(number, counter);
    const struct bytes parts[] = {BYTES(salt, 32), BYTES_OF(number)};
    kdf(seed, "member", profile_seed, parts, 2); /* P2.6 */
    sign_keypair(pk, sk, seed);
    wipe(seed, sizeof seed);
}
