/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mp.h -- canonical, bounded MessagePack (the only user of msgpack-c).
 *
 * Writing goes through msgpack-c's packer into a struct buf.  Reading never
 * trusts: mp_check() walks the whole span once (canonical: shortest integer and
 * length forms, no floats, no ext, no nil inside maps as keys, map keys are
 * unsigned integers in strictly rising order, strings are valid UTF-8 without
 * NUL; bounded depth, items and length; nothing after the end); then struct
 * mp_reader pulls values out of the checked span without allocating.
 * (docs/protocol.md P1.1, P1.2)
 */
#ifndef BASE_MP_H
#define BASE_MP_H

#include "base/bytes.h"

enum { MP_DEPTH_MAX = 8 };

/* Check that `span` is exactly one canonical value of at most `items_max`
 * values in all (the value itself, and each item, key and container inside).
 * A claimed count is weighed before what it counts is read.
 *   ERR_TRUNCATED  ends inside a value     ERR_NOTCANON  another form is shorter,
 *   or a forbidden type    ERR_TOOBIG  too deep or too many items
 *   ERR_UTF8  a broken string    ERR_MALFORMED  bytes after the value */
NODISCARD int mp_check(struct bytes span, uint32_t items_max);

enum mp_type {
    MP_END,
    MP_NIL,
    MP_BOOL,
    MP_UINT,
    MP_INT,
    MP_STR,
    MP_BIN,
    MP_ARRAY,
    MP_MAP
};

/* Pull reader with a sticky error; use only on spans that mp_check passed (on
 * others it is still memory safe: it ends with ERR_MALFORMED, and a count it
 * returns is never more than the bytes left). */
struct mp_reader {
    struct bytes left;
    int err;
};

/* A reader over `span` (lent). */
struct mp_reader mp_reader_of(struct bytes span);
/* Type of the next value; MP_END when nothing is left or after an error. */
enum mp_type mp_peek(const struct mp_reader *r);
/* Next value as unsigned, at most `max`; 0 and an error (ERR_MALFORMED) otherwise. */
uint64_t mp_read_uint(struct mp_reader *r, uint64_t max);
/* Next value as signed integer; 0 and an error (ERR_MALFORMED) otherwise. */
int64_t mp_read_int(struct mp_reader *r);
/* Next value as boolean; false after an error. */
bool mp_read_bool(struct mp_reader *r);
/* Next value as byte string, lent; empty after an error. */
struct bytes mp_read_bin(struct mp_reader *r);
/* Copy the next byte string of exactly `n` bytes to `out`; zeros after an error. */
void mp_read_fixed(struct mp_reader *r, uint8_t *out, size_t n);
/* Next value as UTF-8 string, lent; empty after an error. */
struct bytes mp_read_str(struct mp_reader *r);
/* Enter an array; its length, at most `max`. */
uint32_t mp_read_array(struct mp_reader *r, uint32_t max);
/* Enter a map; its number of pairs, at most `max`. */
uint32_t mp_read_map(struct mp_reader *r, uint32_t max);
/* Skip the next value whole, whatever it holds; so a decoder passes over the keys
 * it does not know (P1.3). */
void mp_skip(struct mp_reader *r);
/* The first error; else ERR_MALFORMED if something is left; else 0. */
NODISCARD int mp_reader_end(const struct mp_reader *r);

/* Writer into an owned buf of at most `bytes_max` in all; sticky error, after
 * which the buf ends in a piece of a value and is to be thrown away. */
struct mp_writer {
    struct buf *to; /* lent */
    size_t bytes_max;
    int err;
};

/* A writer that appends to `to`. */
struct mp_writer mp_writer_to(struct buf *to, size_t bytes_max);
/* Append nil. */
void mp_nil(struct mp_writer *w);
/* Append a boolean. */
void mp_bool(struct mp_writer *w, bool v);
/* Append an unsigned integer in its shortest form. */
void mp_uint(struct mp_writer *w, uint64_t v);
/* Append a signed integer in its shortest form. */
void mp_int(struct mp_writer *w, int64_t v);
/* Append a byte string. */
void mp_bin(struct mp_writer *w, struct bytes b);
/* Append a string; ERR_UTF8 when it is not valid UTF-8. */
void mp_str(struct mp_writer *w, struct bytes s);
/* Open an array of `n` values: the next n values written are its items. */
void mp_array(struct mp_writer *w, uint32_t n);
/* Open a map of `n` pairs; keys must be written as rising unsigned integers. */
void mp_map(struct mp_writer *w, uint32_t n);
/* The first error (ERR_TOOBIG, ERR_NOMEM, ERR_UTF8), or 0. */
NODISCARD int mp_writer_end(const struct mp_writer *w);

#endif
