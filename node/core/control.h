/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control.h -- the control log of a group: entries, their DAG, and the state they
 * resolve to (P4).
 *
 * Control entries never expire and every member holds all of them.  Each names its
 * author's previous entry and at most 16 heads; membership, roles and epochs are a
 * function of the set of entries alone.
 *
 * Entry, integers big-endian:
 *
 *     offset  size  field
 *          0     1  version 1
 *          1     1  kind
 *          2    32  group id (zeros in create; the group id is the hash of create)
 *         34    32  author's member key
 *         66     4  author's control sequence, from 1
 *         70    32  hash of the author's previous control entry (zeros at 1)
 *        102     1  n deps, 0..16
 *        103  32*n  hashes of the control heads known, rising
 *          +    16  digest of the state resolved over exactly its past (P4.9)
 *          +     4  length of body
 *          +     m  body, canonical msgpack map, keys by kind (docs/protocol.md P4)
 *          +    64  Ed25519 under "control" over everything before
 *
 * The entry's hash is hash32("control entry", whole entry).
 *
 *     control_new | control_load -> { control_take | control_post }* -> control_free
 */
#ifndef NODE_CORE_CONTROL_H
#define NODE_CORE_CONTROL_H

#include "node/core/core.h"

enum control_kind {
    CONTROL_CREATE = 1,
    CONTROL_ADD = 2,
    CONTROL_REMOVE = 3,
    CONTROL_LEAVE = 4,
    CONTROL_PROMOTE = 5,
    CONTROL_DEMOTE = 6,
    CONTROL_PAUSE = 7,
    CONTROL_REKEY = 8,
    CONTROL_FORWARD = 9,
    CONTROL_NOKEY = 10,
    CONTROL_PREKEY = 11,
    CONTROL_RESET = 12,
    CONTROL_HEAL = 13,
    CONTROL_INVITE = 14,
    CONTROL_SECOND = 15,
    CONTROL_SEEN = 16,
    CONTROL_OBJECT = 17,
    CONTROL_DEVICE = 18,
    CONTROL_CARRIER = 19,
    CONTROL_UNPAUSE = 20,
};

enum { CONTROL_FIXED_BYTES = 103, CONTROL_TAIL_BYTES = 16 + 4 + 64 };

enum role { ROLE_MEMBER = 0, ROLE_STEWARD = 1 };

/* One entry, decoded.  Spans point into the stored bytes (kept by struct control). */
struct control_entry {
    uint8_t kind;
    uint8_t hash[32], author[32], prev[32], digest[16];
    uint32_t seq, number; /* number: order of arrival here, from 0 */
    uint8_t deps_count;
    struct bytes deps, body, whole;
    uint8_t *past; /* bit i: entry i is in the past of this one; number bits */
    bool valid;    /* rule 1 (birth): its author had the right in its past */
    bool differs;  /* its digest is not ours */
};

/* A member as the whole held log sees it. */
struct member {
    uint8_t pk[32], transport_pk[32];
    uint8_t prekey_pk[32]; /* newest known */
    uint8_t role;          /* enum role */
    uint32_t index;     /* order of joining in the log held here; never changes here */
    uint32_t entry;     /* number of the create or add that brought them */
    uint32_t let_in_by; /* index of the steward; UINT32_MAX for the founder */
    bool compared;      /* who added them compared the sentence (P6.11) */
};

/* An open invitation as the log knows it. */
struct invite_view {
    uint8_t v_pk[32], psk[32];
    uint32_t uses, used, end_hour;
    uint8_t role, language;
    bool asks; /* who comes waits for a yes (P6.12) */
};

/* Load all entries of a group from the log and resolve. */
NODISCARD int control_load(struct group *g);
/* An empty control log for a new or joining group.  ERR_NOMEM. */
NODISCARD int control_new(struct group *g);
/* Free.  NULL is fine. */
void control_free(struct control *c);

/* Decode without any group: checks form and signature only (fuzzed).
 * `out` points into `whole`.  ERR_MALFORMED, ERR_TRUNCATED, ERR_NOTCANON, ERR_TOOBIG,
 * ERR_VERSION, ERR_FORGED. */
NODISCARD int control_decode(struct bytes whole, struct control_entry *out);

/* Take an entry from anybody.  On success it is stored, resolved, its keys are derived
 * where possible (keys_learn), and links get it (sync_push_control; `from_link` is left
 * out, 0 for none).
 *   1            it is known already (nothing done)
 *   ERR_NOTFOUND a dep or the previous entry is missing: ask for more
 *   ERR_MALFORMED, ERR_FORGED, ERR_NOTCANON, ERR_VERSION, ERR_TOOBIG, ERR_FULL  refused
 *   ERR_FOREIGN  of another group
 *   ERR_DENIED   its author was no member in its past (P4.15)
 *   log errors */
NODISCARD int control_take(struct group *g, struct bytes whole, uint32_t from_link);

/* Sign and take an own entry with `body` (canonical msgpack) over the present heads.
 * `hash` (may be NULL) gets its hash.  For kinds that make an epoch use keys_post_*.
 * Errors as control_take. */
NODISCARD int control_post(struct group *g, uint8_t kind, struct bytes body,
                           uint8_t *hash);

/* Number of entries held, and entry `number` (lent until the group is freed). */
uint32_t control_count(const struct group *g);
/* Entry `number`, lent. */
const struct control_entry *control_at(const struct group *g, uint32_t number);
/* The entry with this hash, or NULL. */
const struct control_entry *control_find(const struct group *g, const uint8_t hash[32]);
/* True if entry `number` is of a member who forks and has written too much to be named:
 * no entry of others will ever come after it (P4.15). */
bool control_is_flood(const struct group *g, uint32_t number);
/* The present heads (of more than 16 the newest), rising, 32 bytes each to `out`;
 * count. */
uint8_t control_heads(const struct group *g, uint8_t out[static 16 * 32]);
/* Digest of the state over everything held (P4.9).  ERR_NOMEM. */
int control_digest(const struct group *g, uint8_t out[static 16]);
/* True once any entry's digest differed from ours. */
bool control_differs(const struct group *g);

/* Members, by index 0..count-1, in order of joining. */
uint32_t member_count(const struct group *g);
/* Member by index, lent. */
const struct member *member_at(const struct group *g, uint32_t index);
/* Member by member key, or NULL. */
const struct member *member_find(const struct group *g, const uint8_t pk[32]);
/* Member by transport key, or NULL. */
const struct member *member_by_transport(const struct group *g, const uint8_t pk[32]);
/* Ourselves, or NULL while joining. */
const struct member *member_me(const struct group *g);
/* True if this member's control entries forked (P4.3). */
bool member_forked(const struct group *g, uint32_t index);
/* The invitation with this key, or ERR_NOTFOUND. */
NODISCARD int control_invite(const struct group *g, const uint8_t v_pk[32],
                             struct invite_view *out);
/* Invitation number i (0..) in order of arrival; ERR_NOTFOUND past the end. */
NODISCARD int control_invite_at(const struct group *g, uint32_t i,
                                struct invite_view *out);
/* Next time control work is due (posting `seen`), UINT64_MAX when none. */
uint64_t control_deadline_ms(const struct group *g);
/* Do due control work: post `seen` for adds by other stewards. */
NODISCARD int control_tick(struct group *g);

#endif
