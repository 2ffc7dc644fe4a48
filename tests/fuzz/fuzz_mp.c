/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_mp.c -- any bytes into mp_check and the reader.
 *
 * What mp_check accepts, the reader reads to its end, and writing it again gives
 * the same bytes.  What it refuses, the reader survives.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/mp.h"

enum { ITEMS_MAX = 1000, VALUE_BYTES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copy one value from `r` to `w`; returns how many values lie directly in it. */
static uint32_t copy_one(struct mp_reader *r, struct mp_writer *w)
{
    uint32_t n = 0;
    switch (mp_peek(r)) {
    case MP_NIL:
        mp_skip(r);
        mp_nil(w);
        break;
    case MP_BOOL: mp_bool(w, mp_read_bool(r)); break;
    case MP_UINT: mp_uint(w, mp_read_uint(r, UINT64_MAX)); break;
    case MP_INT: mp_int(w, mp_read_int(r)); break;
    case MP_STR: mp_str(w, mp_read_str(r)); break;
    case MP_BIN: mp_bin(w, mp_read_bin(r)); break;
    case MP_ARRAY:
        n = mp_read_array(r, UINT32_MAX);
        mp_array(w, n);
        break;
    case MP_MAP:
        n = mp_read_map(r, UINT32_MAX);
        mp_map(w, n);
        n *= 2; /* the reader bounds it by the bytes left */
        break;
    default: mp_skip(r); break; /* nothing readable: sets the error */
    }
    return n;
}

static void copy_all(struct mp_reader *r, struct mp_writer *w)
{
    uint64_t pending = 1;
    while (pending > 0 && r->err == 0) {
        uint32_t inside = copy_one(r, w);
        pending = pending - 1 + inside;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes span = BYTES(data, size);
    bool accepted = mp_check(span, ITEMS_MAX) == 0;
    struct buf again = {0};
    struct mp_reader r = mp_reader_of(span);
    struct mp_writer w = mp_writer_to(&again, VALUE_BYTES_MAX);
    copy_all(&r, &w);
    if (accepted && size <= VALUE_BYTES_MAX) {
        CHECK(mp_reader_end(&r) == 0 && mp_writer_end(&w) == 0);
        CHECK(bytes_equal(span, BUF_BYTES(&again)));
    }
    r = mp_reader_of(span);
    mp_skip(&r);
    CHECK(!accepted || mp_reader_end(&r) == 0);
    r = mp_reader_of(span);
    uint8_t fixed[32];
    mp_read_fixed(&r, fixed, sizeof fixed);
    buf_free(&again);
    return 0;
}
