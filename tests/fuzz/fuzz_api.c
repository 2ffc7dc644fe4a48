/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_api.c -- the control socket's bytes: the first one chooses request or reply. */
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "node/host/addresses.h"
#include "node/host/api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A request that was taken says the same when it is written and read again. */
static void try_request(struct bytes in)
{
    struct api_args a, b;
    enum api_verb verb, again;
    struct buf out = {0};
    if (api_decode(in, &verb, &a) < 0)
        return;
    CHECK(api_encode(verb, &a, &out) == 0);
    CHECK(api_decode(BUF_BYTES(&out), &again, &b) == 0 && again == verb);
    CHECK(a.group == b.group && a.row == b.row && a.limit == b.limit);
    CHECK(bytes_equal(a.text, b.text) && bytes_equal(a.name, b.name));
    buf_free(&out);
}

/* Every value of a reply that was taken lies inside it. */
static void try_reply(struct bytes in)
{
    struct api_reply r = {0};
    if (buf_append(&r.bytes, in, in.n) == 0 && api_reply_parse(&r) == 0) {
        for (uint32_t i = 0; i < api_rows(&r); i++) {
            struct bytes t = api_bytes(api_row(&r, i), F_TEXT);
            CHECK(t.n == 0 || (t.p >= r.bytes.p && t.p + t.n <= r.bytes.p + r.bytes.n));
            (void)api_uint(api_row(&r, i), F_ROW, 0);
        }
        (void)api_uint(api_row(&r, UINT32_MAX), F_AFTER, 0);
    }
    api_reply_free(&r);
}

static void try_addresses(struct bytes in)
{
    struct address_list list, again;
    struct buf lines = {0};
    address_list_read(in, &list);
    CHECK(list.count <= LIMIT_ADDRESSES_MAX);
    if (address_list_write(&list, &lines) == 0) {
        address_list_read(BUF_BYTES(&lines), &again);
        CHECK(address_list_equal(&list, &again));
    }
    buf_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes in = BYTES(data + 1, size - 1);
    if (data[0] % 3 == 0)
        try_request(in);
    else if (data[0] % 3 == 1)
        try_reply(in);
    else
        try_addresses(in);
    return 0;
}
