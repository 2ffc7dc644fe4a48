/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bytes.h -- spans of bytes, growable buffers, wiping.
 *
 * struct bytes  lent memory to read; never owned.
 * struct room   lent memory of fixed size to append to (p, n used, cap).
 * struct buf    owned memory that grows to a stated bound; freed with buf_free.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bytes {
    const uint8_t *p;
    size_t n;
};

struct room {
    uint8_t *p;
    size_t n;
    size_t cap;
};

struct buf {
    uint8_t *p;
    size_t n;
    size_t cap;
};

#define BYTES(ptr, len) ((struct bytes){(const uint8_t *)(ptr), (size_t)(len)})
#define BYTES_OF(array) BYTES((array), sizeof(array))
#define ROOM_OF(array) ((struct room){(array), 0, sizeof(array)})
#define BUF_BYTES(b) ((struct bytes){(b)->p, (b)->n})

/* Overwrite `n` bytes at `p` in a way no compiler removes.  NULL with n 0 is fine. */
void wipe(void *p, size_t n);

/* True if both spans have the same bytes.  Not constant time: use ct_equal
 * (crypto/hash.h) where a secret decides. */
bool bytes_equal(struct bytes a, struct bytes b);

/* Order two spans bytewise, shorter first on a common prefix: <0, 0, >0. */
int bytes_compare(struct bytes a, struct bytes b);

/* Append `src` to `r`; they may overlap.  ERR_NOSPACE: does not fit; r is unchanged. */
NODISCARD int room_append(struct room *r, struct bytes src);

/* Append `src` (which may not lie in b) to `b`, growing it to at most `bytes_max`
 * in all.  What b leaves behind when it grows is wiped.
 *   ERR_TOOBIG  would pass bytes_max      ERR_NOMEM  no memory
 * On error b is unchanged. */
NODISCARD int buf_append(struct buf *b, struct bytes src, size_t bytes_max);

/* Make place for `n` more bytes after b->n without changing b->n; errors as
 * buf_append. */
NODISCARD int buf_reserve(struct buf *b, size_t n, size_t bytes_max);

/* Drop the first `n` bytes (n <= b->n) of `b`, moving the rest down. */
void buf_consume(struct buf *b, size_t n);

/* Wipe and free what `b` owns; b is empty again.  Legal on NULL, on a zeroed buf,
 * and twice. */
void buf_free(struct buf *b);

/* Write `v` big-endian at `p`. */
void put_u16(uint8_t p[static 2], uint16_t v);
/* Write `v` big-endian at `p`. */
void put_u32(uint8_t p[static 4], uint32_t v);
/* Write `v` big-endian at `p`. */
void put_u64(uint8_t p[static 8], uint64_t v);
/* Read a big-endian number at `p`. */
uint16_t get_u16(const uint8_t p[static 2]);
/* Read a big-endian number at `p`. */
uint32_t get_u32(const uint8_t p[static 4]);
/* Read a big-endian number at `p`. */
uint64_t get_u64(const uint8_t p[static 8]);

#endif
