/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* beacon.c -- see beacon.h. */
#include "node/core/beacon.h"

#include <string.h>

#include "crypto/aead.h"
#include "crypto/hash.h"

enum { AT_PORT = 1, AT_KEY = 3, AT_REST = 35 };

_Static_assert(BEACON_BYTES == 128, "the size that P9.11 gives");
_Static_assert(BEACON_MARKS *BEACON_MARK_BYTES == 32, "marks fill the rest");

static const char context[] = "kring beacon";

void beacon_key(uint8_t key[static 32], const uint8_t secret[static 32])
{
    kdf(key, "beacon", secret, NULL, 0);
}

void beacon_seal(uint8_t out[static BEACON_BYTES], const uint8_t key[static 32],
                 const uint8_t nonce[static BEACON_NONCE_BYTES], const struct beacon *b)
{
    uint8_t plain[BEACON_PLAIN_BYTES] = {0};
    plain[0] = b->kind;
    put_u16(plain + AT_PORT, b->port);
    memcpy(plain + AT_KEY, b->transport_pk, 32);
    memcpy(plain + AT_REST, b->rest, 32);
    memcpy(out, nonce, BEACON_NONCE_BYTES);
    xaead_seal(out + BEACON_NONCE_BYTES, key, nonce, BYTES(context, sizeof context - 1),
               BYTES_OF(plain));
    wipe(plain, sizeof plain);
}

int beacon_open(struct beacon *out, const uint8_t key[static 32], struct bytes packet)
{
    uint8_t plain[BEACON_PLAIN_BYTES];
    if (packet.n != BEACON_BYTES)
        return ERR_FORGED;
    int err =
        xaead_open(plain, key, packet.p, BYTES(context, sizeof context - 1),
                   BYTES(packet.p + BEACON_NONCE_BYTES, packet.n - BEACON_NONCE_BYTES));
    if (err)
        return err;
    struct beacon b = {.kind = plain[0], .port = get_u16(plain + AT_PORT)};
    memcpy(b.transport_pk, plain + AT_KEY, 32);
    memcpy(b.rest, plain + AT_REST, 32);
    wipe(plain, sizeof plain);
    if (b.port == 0 || (b.kind != BEACON_MEMBER && b.kind != BEACON_WORDS))
        return ERR_MALFORMED;
    *out = b;
    return 0;
}
