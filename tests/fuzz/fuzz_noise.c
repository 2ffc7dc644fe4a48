/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_noise.c -- a stranger's bytes against a responder of kring's handshake.
 *
 * Input: u8 how, then
 *     how even   messages as u16 length and bytes, read one after the other
 *     how odd    two masks of u16 offset, u8 length and bytes, laid over the honest
 *                initiator's messages 1 and 3
 * What the honest side did not make must not be taken, and a failure must end it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "crypto/dh.h"
#include "crypto/hash.h"
#include "crypto/noise.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct noise initiator_new, responder_new; /* copied for each run */

static void must(bool x)
{
    if (!x)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static uint8_t sk[4][32], pk[4][32], psks[2][32];
    (void)argc;
    (void)argv;
    must(crypto_init() == 0);
    for (size_t i = 0; i < 4; i++) {
        memset(sk[i], (int)(i + 1), 32);
        dh_public(pk[i], sk[i]);
    }
    memset(psks[0], 9, 32);
    struct noise_config c = {.name = "Noise_XKpsk0+psk3_25519_ChaChaPoly_SHA256",
                             .initiator = true,
                             .prologue = BYTES("kring1 ", 7),
                             .s_sk = sk[0],
                             .e_sk = sk[1],
                             .rs_pk = pk[2],
                             .psks = (const uint8_t(*)[32])psks,
                             .psks_count = 2};
    must(noise_init(&initiator_new, &c) == 0);
    c.initiator = false;
    c.s_sk = sk[2];
    c.e_sk = sk[3];
    must(noise_init(&responder_new, &c) == 0);
    return 0;
}

/* The responder reads what the input says; the keys are no secret to a fuzzer, but it
 * will not guess a tag. */
static void read_raw(struct reader *r)
{
    static uint8_t plain[65536];
    struct noise n = responder_new;
    while (r->left.n > 0 && !r->err) {
        size_t want = read_u16(r);
        struct bytes message = read_bytes(r, want < r->left.n ? want : r->left.n);
        struct room payload = ROOM_OF(plain), out = ROOM_OF(plain);
        int err = noise_read(&n, message, &payload);
        must(err <= 0 && (err == 0 || payload.n == 0));
        if (!err)
            err = noise_write(&n, BYTES("answer", 6), &out);
        if (err) {
            must(noise_read(&n, message, &payload) == ERR_STATE);
            must(!noise_done(&n) && !noise_writes_next(&n));
        }
    }
}

/* Lay a mask over the message; false if that changed nothing. */
static bool lay_mask(struct reader *r, struct room *message)
{
    uint8_t before[512];
    size_t at = read_u16(r), n = read_u8(r);
    struct bytes mask = read_bytes(r, n < r->left.n ? n : r->left.n);
    memcpy(before, message->p, message->n);
    for (size_t i = 0; i < mask.n; i++)
        message->p[(at + i) % message->n] ^= mask.p[i];
    return memcmp(before, message->p, message->n) != 0;
}

static void read_masked(struct reader *r)
{
    struct noise a = initiator_new, b = responder_new;
    for (int message = 1; message <= 3; message++) {
        uint8_t wire[512], plain[512];
        struct room out = ROOM_OF(wire), in = ROOM_OF(plain);
        struct noise *from = message == 2 ? &b : &a, *to = message == 2 ? &a : &b;
        must(noise_write(from, BYTES("some payload", 12), &out) == 0);
        bool changed = message != 2 && lay_mask(r, &out);
        int err = noise_read(to, BYTES(out.p, out.n), &in);
        must(err == (changed ? ERR_FORGED : 0));
        if (err)
            return;
        must(in.n == 12 && memcmp(plain, "some payload", 12) == 0);
    }
    must(noise_done(&a) && noise_done(&b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(BYTES(data, size));
    uint8_t how = read_u8(&r);
    if (how % 2 == 0)
        read_raw(&r);
    else
        read_masked(&r);
    return 0;
}
