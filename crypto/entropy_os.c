/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* entropy_os.c -- the system's randomness, and a repeatable one for tests. */
#include "crypto/entropy_os.h"

#include <sodium.h>

#include "base/bytes.h"
#include "base/check.h"

static void fill_from_system(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    if (n > 0)
        randombytes_buf(out, n);
}

struct entropy entropy_os(void)
{
    return (struct entropy){fill_from_system, NULL};
}

/* Each fill is a ChaCha20 stream of its own, whose nonce is the fill's number. */
static void fill_from_stream(void *ctx, uint8_t *out, size_t n)
{
    struct entropy_stream *state = ctx;
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    CHECK(state->counter < UINT64_MAX);
    put_u64(nonce, state->counter++);
    if (n > 0)
        crypto_stream_chacha20(out, n, nonce, state->key);
}

struct entropy entropy_stream(struct entropy_stream *state)
{
    return (struct entropy){fill_from_stream, state};
}
