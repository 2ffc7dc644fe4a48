/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_control.c -- any bytes as a control entry, as each kind of body, and as a card.
 *
 * What a decoder accepts lies inside the input; a body that decodes, written again and
 * read again, says the same.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/mp.h"
#include "crypto/hash.h"
#include "node/core/card.h"
#include "node/core/control_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct bytes whole, struct bytes part)
{
    CHECK(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void body_again(uint8_t kind, struct bytes span)
{
    struct control_body a, b;
    struct buf bytes = {0};
    if (mp_check(span, LIMIT_MP_ITEMS_MAX) || control_body_decode(kind, span, &a))
        return;
    CHECK(control_body_encode(kind, &a, &bytes) == 0);
    CHECK(mp_check(BUF_BYTES(&bytes), LIMIT_MP_ITEMS_MAX) == 0);
    CHECK(control_body_decode(kind, BUF_BYTES(&bytes), &b) == 0);
    for (int i = 0; i < BODY_KEYS_MAX; i++) {
        inside(span, a.bin[i]);
        CHECK(bytes_equal(a.bin[i], b.bin[i]) && a.uint[i] == b.uint[i]);
    }
    buf_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes span = BYTES(data, size), body = {0};
    struct control_entry e;
    uint8_t kind = 0, author[32];
    uint32_t seq = 0;
    CHECK(crypto_init() == 0);
    if (control_decode(span, &e) == 0) {
        inside(span, e.deps);
        inside(span, e.body);
        CHECK(e.deps_count <= LIMIT_HEADS_MAX && e.deps.n == e.deps_count * 32U);
    }
    if (card_decode(span, &kind, author, &seq, &body) == 0)
        inside(span, body);
    for (uint8_t k = 0; k <= CONTROL_UNPAUSE + 1; k++)
        body_again(k, span);
    return 0;
}
