/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link_frame.h -- frames of equal-looking sizes over a byte stream, pure (P9.7).
 *
 *     seal(u16 size of body), 18 bytes || seal(body), size + 16 bytes
 *     body: used u16 || used bytes of the message stream || zeros
 *
 * Sizes are 256, 512, ... 16,384; both seals count one Noise nonce.
 */
#ifndef NODE_CORE_LINK_FRAME_H
#define NODE_CORE_LINK_FRAME_H

#include "base/limits.h"
#include "crypto/noise.h"

enum { FRAME_HEAD_BYTES = 18, FRAME_SIZE_MIN = 256, FRAME_USED_BYTES = 2 };

/* Append to `wire` the frames that carry all of `stream`, in as few as it takes.
 * ERR_NOMEM, ERR_TOOBIG (bytes_max), ERR_STATE (nonces used up). */
NODISCARD int frame_seal(struct noise_cipher *send, struct bytes stream,
                         struct buf *wire, size_t bytes_max);

/* The receiving side: bytes not yet used, and the size announced for the next body. */
struct frame_reader {
    struct buf in;
    uint16_t size; /* 0: a head comes next */
};

/* Take `bytes` off the wire in whatever pieces; append what whole frames carried to
 * `stream`.  ERR_FORGED: a seal does not open; ERR_MALFORMED: a size or length that no
 * frame has; ERR_TOOBIG: stream would pass bytes_max; ERR_NOMEM.  After any error the
 * stream is dead. */
NODISCARD int frame_feed(struct frame_reader *r, struct noise_cipher *recv,
                         struct bytes bytes, struct buf *stream, size_t bytes_max);
/* Wipe and free. */
void frame_free(struct frame_reader *r);

#endif
