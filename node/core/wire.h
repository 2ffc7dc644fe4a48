/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* wire.h -- the messages of a link as bytes (P9.8, P10.1).
 *
 *     u32 length of what follows || type u8 || payload
 *
 * Payloads, integers big-endian; a position is end hour u32 || id 32:
 *
 *     hello    version u8 || hour u32 || mark u32 || seq u32 || hash 32 ||
 *              3 * (count u32 || fingerprint 16), of the sets 0, 1, 2
 *     control, page, card    the bytes themselves
 *     entry    topic number u16 || envelope
 *     range    set u8 || topic number u16 || lo 36 || hi 36 || count u32 ||
 *              fingerprint 16
 *     ids      set u8 || topic number u16 || lo 36 || hi 36 || n u16 || n * 36
 *     want     set u8 || topic number u16 || n u16 || n * 36
 *     topic    number u16 || topic 32
 *     done     set u8
 *     join     version u8 || member key 32 || transport key 32 || prekey 32 ||
 *              proof 64 || signature 64 || commitment 32 || n u8 || name
 *     welcome  part u8: 1 entry; 2 box 180 || baseline; 3 more baseline, before 2
 *     refused  code u8
 *     asked    version u8 || nonce 32 || language u8 || n u8 || name
 *     reveal   nonce 32
 *     compare  step u8 || language u8 || commitment 32 || nonce 32 (P6.15)
 */
#ifndef NODE_CORE_WIRE_H
#define NODE_CORE_WIRE_H

#include "base/limits.h"
#include "base/log.h"

enum wire_type {
    WIRE_HELLO = 1,
    WIRE_CONTROL = 2,
    WIRE_PAGE = 3,
    WIRE_CARD = 4,
    WIRE_ENTRY = 5,
    WIRE_RANGE = 6,
    WIRE_IDS = 7,
    WIRE_WANT = 8,
    WIRE_TOPIC = 9,
    WIRE_DONE = 10,
    WIRE_JOIN = 11,
    WIRE_WELCOME = 12,
    WIRE_REFUSED = 13,
    WIRE_ASKED = 14,
    WIRE_REVEAL = 15,
    WIRE_COMPARE = 16,
};

enum {
    SET_CONTROL = 0,
    SET_PAGES = 1,
    SET_CARDS = 2,
    SET_CONTENT = 3,
    SETS_SMALL = 3,
    SET_ROUND = 255, /* done: from the dialler "this round is over", else "begin one" */
};

enum {
    WIRE_HEAD_BYTES = 5,
    WIRE_POSITION_BYTES = 36,
    WIRE_WANT_IDS_MAX = 1024,
    WIRE_TOPICS_MAX = 4096, /* numbers a side may give out on a link */
    WIRE_BOX_BYTES = 180,
    WIRE_JOIN_VERSION = 1,
    WIRE_BASELINE_PIECE = 65536,
};

enum welcome_part { WELCOME_ENTRY = 1, WELCOME_END = 2, WELCOME_BASELINE = 3 };

/* Codes of P6.7. */
enum refusal {
    REFUSED_USED = 1,
    REFUSED_FINISHED = 2,
    REFUSED_UNKNOWN = 3,
    REFUSED_FULL = 4,
    REFUSED_LATER = 5,
    REFUSED_STOPPED = 6, /* somebody said that the sentences differ (P6.12) */
};

struct wire_hello {
    uint8_t version;
    uint32_t hour, mark, seq;
    uint8_t hash[32];
    struct range_sum sums[SETS_SMALL];
};

/* A range of a set, and what one side has of it. */
struct wire_range {
    uint8_t set;
    uint16_t topic;
    struct set_bound lo, hi;
    struct range_sum sum; /* of a range only */
};

struct wire_join {
    uint8_t member_pk[32], transport_pk[32], prekey_pk[32];
    uint8_t proof[64], signature[64], commitment[32];
    struct bytes name; /* lent; what the newcomer wants to be called */
};

/* A steward's node: somebody must say yes first (P6.10). */
struct wire_asked {
    uint8_t nonce[32], language;
    struct bytes name; /* lent; of the steward */
};

enum compare_step {
    COMPARE_WISH = 0,   /* I chose you; commitment and nonce are zeros */
    COMPARE_COMMIT = 1, /* of the first; the nonce is zeros */
    COMPARE_ANSWER = 2, /* the second's nonce for this commitment */
    COMPARE_REVEAL = 3, /* the first's nonce */
    COMPARE_STOP = 4,   /* my person says that the sentences differ; zeros */
    COMPARE_GONE = 5,   /* my person went back without a word; zeros */
};

struct wire_compare {
    uint8_t step, language, commitment[32], nonce[32];
};

/* A message taken apart; spans point into what was read. */
struct wire_message {
    uint8_t type;
    struct wire_hello hello;
    struct wire_range range; /* of range, ids and want (set and topic only) */
    uint32_t ids_count;
    struct bytes ids; /* of ids and want: positions */
    uint16_t topic;   /* of entry and topic */
    uint8_t topic_pk[32];
    uint8_t code; /* of done (set), welcome (part), refused */
    struct wire_join join;
    struct wire_asked asked;
    uint8_t nonce[32]; /* of reveal */
    struct wire_compare compare;
    struct bytes body; /* of control, page, card, entry (envelope), welcome */
};

/* Find the first whole message of `stream`: 1 and *used (its bytes, head included) and
 * *message (type and payload); 0: not whole yet.  ERR_MALFORMED, ERR_TOOBIG. */
NODISCARD int wire_next(struct bytes stream, struct bytes *message, size_t *used);
/* Take `message` (type and payload) apart.  1: a type unknown here, to be passed over.
 * ERR_MALFORMED, ERR_TRUNCATED. */
NODISCARD int wire_decode(struct bytes message, struct wire_message *out);

/* Append a message of `type` with payload `a` || `b`.  ERR_TOOBIG: the message, or
 * `out` would pass WIRE_QUEUE_BYTES_MAX; ERR_NOMEM.  So all below. */
NODISCARD int wire_put(struct buf *out, uint8_t type, struct bytes a, struct bytes b);
/* Append a hello. */
NODISCARD int wire_put_hello(struct buf *out, const struct wire_hello *hello);
/* Append a range. */
NODISCARD int wire_put_range(struct buf *out, const struct wire_range *range);
/* Append ids: the positions of `range` that are held, end to end in `ids`. */
NODISCARD int wire_put_ids(struct buf *out, const struct wire_range *range,
                           struct bytes ids);
/* Append a want of `ids` in the set and topic of `range`. */
NODISCARD int wire_put_want(struct buf *out, const struct wire_range *range,
                            struct bytes ids);
/* Append a topic number. */
NODISCARD int wire_put_topic(struct buf *out, uint16_t number,
                             const uint8_t topic[static 32]);
/* Append an entry. */
NODISCARD int wire_put_entry(struct buf *out, uint16_t topic, struct bytes envelope);
/* Append a message that is one byte: done, refused. */
NODISCARD int wire_put_code(struct buf *out, uint8_t type, uint8_t code);
/* Append a join. */
NODISCARD int wire_put_join(struct buf *out, const struct wire_join *join);
/* Append an asked. */
NODISCARD int wire_put_asked(struct buf *out, const struct wire_asked *asked);
/* Append a reveal. */
NODISCARD int wire_put_reveal(struct buf *out, const uint8_t nonce[static 32]);
/* Append a compare. */
NODISCARD int wire_put_compare(struct buf *out, const struct wire_compare *m);
/* Append a part of a welcome. */
NODISCARD int wire_put_welcome(struct buf *out, uint8_t part, struct bytes body);

/* Write a position (36 bytes). */
void position_put(uint8_t out[static WIRE_POSITION_BYTES], const struct set_bound *at);
/* Read a position. */
void position_get(struct set_bound *at, const uint8_t in[static WIRE_POSITION_BYTES]);
/* Order of positions: <0, 0, >0. */
int position_order(const struct set_bound *a, const struct set_bound *b);

/* More than this never waits in the outgoing stream of one link. */
enum { WIRE_QUEUE_BYTES_MAX = 8 * LIMIT_SEND_QUEUE_BYTES_MAX };

#endif
