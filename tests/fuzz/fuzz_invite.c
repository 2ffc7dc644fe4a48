/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_invite.c -- what a person may paste as an invitation line.
 *
 * Input: the text.  A text that is taken must come out of the encoder as a line that
 * means the same; what is refused leaves nothing behind.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "node/core/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool x)
{
    if (!x)
        abort();
}

static void must_be_empty(const struct invite_line *line)
{
    static const struct invite_line nothing;
    must(memcmp(line->v, nothing.v, sizeof line->v) == 0);
    must(line->addresses_count == 0 && line->kind == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct invite_line line, again;
    struct buf text = {0};
    must(crypto_init() == 0);
    int err = invite_decode(BYTES(data, size), &line);
    if (err) {
        must(err == ERR_FOREIGN || err == ERR_TRUNCATED || err == ERR_MISTYPED ||
             err == ERR_VERSION);
        must_be_empty(&line);
        return 0;
    }
    must(invite_encode(&line, &text) == 0);
    must(invite_decode(BUF_BYTES(&text), &again) == 0);
    must(memcmp(line.v, again.v, sizeof line.v) == 0);
    must(memcmp(line.group, again.group, 32) == 0);
    must(memcmp(line.transport_pk, again.transport_pk, 32) == 0);
    must(line.addresses_count == again.addresses_count);
    for (size_t i = 0; i < line.addresses_count; i++)
        must(bytes_equal(line.addresses[i], again.addresses[i]));
    buf_free(&text);
    return 0;
}
