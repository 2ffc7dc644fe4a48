/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_envelope.c -- any bytes as an envelope, as a header's plaintext, and as a body.
 *
 * The first byte says which.  What passes is read to its end; a body that decodes as a
 * text encodes again to the same bytes (but for a height beyond the bound); a header
 * is rebuilt from its fields.
 */
#include <string.h>

#include "base/check.h"
#include "node/core/envelope_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* P8.1: a height beyond 2^62 is read as 2^62.  It is as long as the largest one, so all
 * bytes but its eight are the same. */
static void height_was_cut(struct bytes span, struct bytes again)
{
    size_t first = 0, last = span.n;
    CHECK(span.n == again.n);
    while (first < span.n && span.p[first] == again.p[first])
        first++;
    while (last > first && span.p[last - 1] == again.p[last - 1])
        last--;
    CHECK(last - first <= 8);
}

static void as_body(struct bytes span)
{
    struct body body;
    struct buf again = {0};
    if (body_decode(span, &body) != 0 || body.kind != BODY_TEXT)
        return;
    CHECK(body_encode(&body, &again) == 0);
    if (body.height == BODY_HEIGHT_MAX)
        height_was_cut(span, BUF_BYTES(&again));
    else
        CHECK(bytes_equal(span, BUF_BYTES(&again)));
    buf_free(&again);
}

static void as_header(struct bytes span)
{
    struct header h;
    uint8_t again[HEADER_FIXED_BYTES + 127 * EPOCH_PREFIX_BYTES];
    if (header_parse(span, &h) != 0)
        return;
    size_t prefixes = (size_t)h.count * EPOCH_PREFIX_BYTES, n = 1 + prefixes + 8;
    CHECK(span.n == HEADER_FIXED_BYTES + prefixes);
    again[0] = (uint8_t)((h.mix ? 0x80 : 0) | h.count);
    memcpy(again + 1, h.prefixes, prefixes);
    put_u16(again + 1 + prefixes, h.place);
    put_u16(again + 3 + prefixes, h.position);
    put_u32(again + 5 + prefixes, h.seq);
    memcpy(again + n, h.prev, 32);
    memcpy(again + n + 32, h.body_hash, 32);
    memcpy(again + n + 64, h.signature, 64);
    CHECK(memcmp(again, span.p, span.n) == 0);
}

static void as_envelope(struct bytes span)
{
    struct lane_view lane = {.topic = {1}, .header_key = {2}};
    struct envelope_clear clear;
    uint8_t plain[HEADER_BYTES_MAX], id[32];
    size_t n = 0;
    if (envelope_check(span) != 0)
        return;
    envelope_clear_read(span, &clear);
    CHECK(lifetime_listed(clear.lifetime_hours));
    envelope_id(id, lane.topic, span);
    if (header_open(span, &lane, plain, &n) != 0)
        return;
    struct header h;
    struct buf scratch = {0};
    struct bytes body;
    uint8_t leaf[32] = {3};
    if (header_parse(BYTES(plain, n), &h) == 0 &&
        envelope_body_open(span, lane.topic, &h, leaf, &scratch, &body) == 0)
        as_body(body);
    buf_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes rest = BYTES(data + 1, size - 1);
    if (data[0] % 3 == 0)
        as_envelope(rest);
    else if (data[0] % 3 == 1)
        as_header(rest);
    else
        as_body(rest);
    return 0;
}
