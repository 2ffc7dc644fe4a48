/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link_frame.c -- see link_frame.h. */
#include "node/core/link_frame.h"

#include <string.h>

#include "crypto/aead.h"

enum { BODY_SEALED_MAX = LIMIT_FRAME_BYTES_MAX + AEAD_TAG_BYTES };

/* The smallest size whose body holds `used` bytes (P9.7). */
static size_t size_for(size_t used)
{
    size_t size = FRAME_SIZE_MIN;
    while (size < LIMIT_FRAME_BYTES_MAX && size - FRAME_USED_BYTES < used)
        size *= 2;
    return size;
}

static bool size_listed(size_t size)
{
    return size >= FRAME_SIZE_MIN && size <= LIMIT_FRAME_BYTES_MAX &&
           (size & (size - 1)) == 0;
}

static int seal_one(struct noise_cipher *send, struct bytes piece, struct buf *wire,
                    size_t bytes_max)
{
    uint8_t head[FRAME_USED_BYTES];
    size_t size = size_for(piece.n), whole = FRAME_HEAD_BYTES + size + AEAD_TAG_BYTES;
    int err = buf_reserve(wire, whole, bytes_max);
    if (err)
        return err;
    uint8_t *at = wire->p + wire->n, *body = at + FRAME_HEAD_BYTES;
    put_u16(head, (uint16_t)size);
    put_u16(body, (uint16_t)piece.n);
    memcpy(body + FRAME_USED_BYTES, piece.p, piece.n);
    memset(body + FRAME_USED_BYTES + piece.n, 0, size - FRAME_USED_BYTES - piece.n);
    err = noise_seal(send, at, BYTES(NULL, 0), BYTES_OF(head));
    if (!err)
        err = noise_seal(send, body, BYTES(NULL, 0), BYTES(body, size));
    if (err)
        wipe(at, whole);
    else
        wire->n += whole;
    return err;
}

int frame_seal(struct noise_cipher *send, struct bytes stream, struct buf *wire,
               size_t bytes_max)
{
    int err = 0;
    while (stream.n > 0 && !err) {
        size_t piece = LIMIT_FRAME_BYTES_MAX - FRAME_USED_BYTES;
        if (piece > stream.n)
            piece = stream.n;
        err = seal_one(send, BYTES(stream.p, piece), wire, bytes_max);
        stream = BYTES(stream.p + piece, stream.n - piece);
    }
    return err;
}

static int open_head(struct frame_reader *r, struct noise_cipher *recv,
                     const uint8_t *at)
{
    uint8_t head[FRAME_USED_BYTES];
    int err = noise_open(recv, head, BYTES(NULL, 0), BYTES(at, FRAME_HEAD_BYTES));
    if (err)
        return err;
    if (!size_listed(get_u16(head)))
        return ERR_MALFORMED;
    r->size = get_u16(head);
    return 0;
}

static int open_body(struct frame_reader *r, struct noise_cipher *recv, uint8_t *at,
                     struct buf *stream, size_t bytes_max)
{
    size_t size = r->size;
    int err = noise_open(recv, at, BYTES(NULL, 0), BYTES(at, size + AEAD_TAG_BYTES));
    if (err)
        return err;
    size_t used = get_u16(at);
    r->size = 0;
    if (used > size - FRAME_USED_BYTES)
        return ERR_MALFORMED;
    err = buf_append(stream, BYTES(at + FRAME_USED_BYTES, used), bytes_max);
    wipe(at, size);
    return err;
}

/* Bytes of the piece that comes next. */
static size_t next_bytes(const struct frame_reader *r)
{
    return r->size ? (size_t)r->size + AEAD_TAG_BYTES : (size_t)FRAME_HEAD_BYTES;
}

int frame_feed(struct frame_reader *r, struct noise_cipher *recv, struct bytes bytes,
               struct buf *stream, size_t bytes_max)
{
    size_t at = 0;
    int err = buf_append(&r->in, bytes, BODY_SEALED_MAX + bytes.n);
    while (!err && r->in.n - at >= next_bytes(r)) {
        size_t n = next_bytes(r);
        err = r->size ? open_body(r, recv, r->in.p + at, stream, bytes_max)
                      : open_head(r, recv, r->in.p + at);
        at += n;
    }
    if (!err)
        buf_consume(&r->in, at);
    return err;
}

void frame_free(struct frame_reader *r)
{
    buf_free(&r->in);
    r->size = 0;
}
