/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cursor.h -- reading and writing fixed layouts without byte arithmetic.
 *
 * Both cursors remember their first error and do nothing after it, so that a
 * decoder reads all its fields and tests once.  Integers are big-endian.
 *
 *     struct reader r = reader_of(span);
 *     v = read_u8(&r); id = read_bytes(&r, 32); ...; err = reader_end(&r);
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/bytes.h"

struct reader {
    struct bytes left; /* what is not read yet */
    int err;           /* first error, or 0 */
};

struct writer {
    struct room *to; /* lent */
    int err;
};

/* A reader over `span` (lent until the reader is done). */
struct reader reader_of(struct bytes span);
/* Next unsigned integer; 0 after an error (ERR_TRUNCATED). */
uint8_t read_u8(struct reader *r);
/* Next unsigned integer; 0 after an error (ERR_TRUNCATED). */
uint16_t read_u16(struct reader *r);
/* Next unsigned integer; 0 after an error (ERR_TRUNCATED). */
uint32_t read_u32(struct reader *r);
/* Next unsigned integer; 0 after an error (ERR_TRUNCATED). */
uint64_t read_u64(struct reader *r);
/* Next `n` bytes, lent from the span; an empty span after an error. */
struct bytes read_bytes(struct reader *r, size_t n);
/* Copy the next `n` bytes to `out`; zeros after an error. */
void read_copy(struct reader *r, uint8_t *out, size_t n);
/* Set `err` unless an error stands already. */
void reader_fail(struct reader *r, int err);
/* The first error; else ERR_MALFORMED if bytes are left; else 0. */
NODISCARD int reader_end(const struct reader *r);

/* A writer that appends to `to` (lent). */
struct writer writer_to(struct room *to);
/* Append an integer; sets ERR_NOSPACE when it does not fit. */
void write_u8(struct writer *w, uint8_t v);
/* Append an integer; sets ERR_NOSPACE when it does not fit. */
void write_u16(struct writer *w, uint16_t v);
/* Append an integer; sets ERR_NOSPACE when it does not fit. */
void write_u32(struct writer *w, uint32_t v);
/* Append an integer; sets ERR_NOSPACE when it does not fit. */
void write_u64(struct writer *w, uint64_t v);
/* Append bytes; sets ERR_NOSPACE when they do not fit. */
void write_bytes(struct writer *w, struct bytes b);
/* Append `n` zero bytes; sets ERR_NOSPACE when they do not fit. */
void write_zeros(struct writer *w, size_t n);
/* The first error, or 0. */
NODISCARD int writer_end(const struct writer *w);

#endif
