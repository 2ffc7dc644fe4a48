/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* envelope_int.h -- sealing and opening of single envelopes (private to node/core).
 *
 * The layout is drawn in content.h.  Nothing here knows of a group's state: keys, ids
 * and names come in, bytes go out.
 *
 *     envelope_seal                                                  to write one
 *     envelope_check -> envelope_clear_read -> header_open -> header_signed
 *                    -> (signature or vouching) -> envelope_body_open    to read one
 */
#ifndef NODE_CORE_ENVELOPE_INT_H
#define NODE_CORE_ENVELOPE_INT_H

#include "node/core/content.h"

enum {
    HEAD_BYTES = ENVELOPE_CLEAR_BYTES + 1, /* clear part and the masked count */
    HEADER_FIXED_BYTES = 137, /* plaintext without prefixes, with the signature */
    HEADER_BYTES_MAX = HEADER_FIXED_BYTES + EPOCH_PREFIX_BYTES * LIMIT_EPOCHS_OPEN_MAX,
    SIGNED_BYTES_MAX = 32 + 32 + 4 + 32 + 1 + 32 * LIMIT_EPOCHS_OPEN_MAX + 2 + 32 + 32,
    AHEAD_HOURS = 48, /* P3.6 */
};

/* The clear part. */
struct envelope_clear {
    uint8_t urgency;
    uint32_t end_hour;
    uint16_t lifetime_hours;
    const uint8_t *r; /* 24 bytes, into the envelope */
};

/* A header's plaintext, parsed; spans point into it. */
struct header {
    struct bytes unsigned_part; /* all but the signature */
    uint8_t mix, count;
    const uint8_t *prefixes;
    uint16_t place, position;
    uint32_t seq;
    const uint8_t *prev, *body_hash, *signature;
};

/* What one envelope is made of. */
struct envelope_parts {
    const struct key_send *keys;
    const uint8_t *group, *author_pk, *member_sk;
    const uint8_t *r; /* 24 random bytes */
    uint8_t urgency;
    uint32_t end_hour;
    uint16_t lifetime_hours;
    uint32_t seq;
    const uint8_t *prev;
    struct bytes body; /* canonical, not padded */
};

/* True for the lifetimes of the fixed list (P7.3). */
bool lifetime_listed(uint32_t lifetime_hours);
/* The smallest allowed size of an envelope of at least `least` bytes (P7.4). */
size_t envelope_size_for(size_t least);
/* Seal: the envelope is appended to `out`, the entry hash goes to `hash`.
 * ERR_TOOBIG (body or envelope), ERR_NOMEM. */
NODISCARD int envelope_seal(const struct envelope_parts *in, struct buf *out,
                            uint8_t hash[static 32]);
/* Read the clear part of an envelope that envelope_check passed. */
void envelope_clear_read(struct bytes envelope, struct envelope_clear *out);
/* Open the header into `plain` (HEADER_BYTES_MAX bytes); its length to `*plain_bytes`.
 * ERR_FORGED: not under this lane, or no header at all. */
NODISCARD int header_open(struct bytes envelope, const struct lane_view *lane,
                          uint8_t *plain, size_t *plain_bytes);
/* Parse a header's plaintext.  ERR_MALFORMED. */
NODISCARD int header_parse(struct bytes plain, struct header *out);

/* What the signed bytes need beside the header. */
struct signed_context {
    const uint8_t *group, *author_pk, *topic;
    const uint8_t (*ids)[32]; /* full epoch ids, as many as the header counts */
};
/* Append the signed bytes (P7.1) to `out`.  ERR_NOSPACE. */
NODISCARD int header_signed(struct bytes envelope, const struct header *h,
                            const struct signed_context *with, struct room *out);
/* The entry hash of signed bytes and their signature (P7.2). */
void entry_hash(uint8_t hash[static 32], struct bytes signed_bytes,
                const uint8_t signature[static 64]);
/* Open the body with its leaf into `scratch` (replaced); `*body` points into it,
 * without padding.  ERR_FORGED: it does not open, is not what the header's B says, or
 * is not padded to the smallest size.  ERR_NOMEM. */
NODISCARD int envelope_body_open(struct bytes envelope, const uint8_t topic[static 32],
                                 const struct header *h, const uint8_t leaf[static 32],
                                 struct buf *scratch, struct bytes *body);

/* --- body.c ---------------------------------------------------------------------- */

#define BODY_HEIGHT_MAX ((uint64_t)1 << 62)

/* A body, decoded (P7.5); spans point into the encoded bytes. */
struct body {
    uint32_t kind, about_hour;
    uint64_t height;   /* as the author wrote it, at most BODY_HEIGHT_MAX (P8.1) */
    uint32_t distance; /* to the author's oldest own sequence that has not ended */
    struct bytes deps, control_deps; /* n * DEP_BYTES, rising */
    struct bytes text;               /* payload of kinds 1, 2 and 3 */
    uint32_t again_seq; /* of kind 2: the own entry that it says again, its sequence */
    struct bytes again; /* and the first DEP_BYTES of its hash */
    struct bytes reply; /* REPLY_BYTES of what it answers, of kinds 3 and 2; or empty */
    struct bytes language; /* tag of the text (P7.8), or empty */
    struct bytes payload;  /* of kinds 4 and 5: canonical msgpack (warning.h) */
};

/* True if `tag` is empty or one that a text may carry (P7.8). */
bool body_language_ok(struct bytes tag);
/* True for the kinds that a person reads as a text. */
bool body_is_text(uint32_t kind);
/* True for the kinds of which warnings are made. */
bool body_is_warning(uint32_t kind);
/* Append the canonical form of `in` (kinds 1 to 5; its language fits) to `out`.
 * ERR_TOOBIG, ERR_UTF8, ERR_NOMEM. */
NODISCARD int body_encode(const struct body *in, struct buf *out);
/* Decode; unknown kinds keep `text` empty.  ERR_MALFORMED, ERR_NOTCANON, ERR_TOOBIG,
 * ERR_TRUNCATED, ERR_UTF8. */
NODISCARD int body_decode(struct bytes span, struct body *out);

#endif
