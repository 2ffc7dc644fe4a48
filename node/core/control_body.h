/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control_body.h -- the bodies of control entries: their keys, read and written (P4.8).
 */
#ifndef NODE_CORE_CONTROL_BODY_H
#define NODE_CORE_CONTROL_BODY_H

#include "base/bytes.h"

enum { BODY_KEYS_MAX = 13 };

/* Keys of the bodies (P4.8). */
enum {
    CREATE_SALT = 1,
    CREATE_TRANSPORT = 2,
    CREATE_PREKEY = 3,
    CREATE_COMMIT = 4,
    CREATE_LIFETIME = 5,
    CREATE_OWN = 6,
    CREATE_LANES = 7,
    ADD_MEMBER = 1,
    ADD_TRANSPORT = 2,
    ADD_PREKEY = 3,
    ADD_ROLE = 4,
    ADD_NONCE = 5,
    ADD_PARENTS = 6,
    ADD_LANE = 7,
    ADD_COMMIT = 8,
    ADD_INVITE = 9,
    ADD_PROOF = 10,
    ADD_OWN = 11,
    ADD_COMPARED = 12,
    REKEY_COMMIT = 1,
    REKEY_LIST = 2,
    REKEY_PAGES = 3,
    REKEY_PREKEY = 4,
    REKEY_OWN = 5,
    REKEY_LANES = 6,
    REKEY_MIXED = 7,
    FORWARD_EPOCH = 1,
    FORWARD_MEMBER = 2,
    FORWARD_PREKEY = 3,
    FORWARD_BOX = 4,
    NOKEY_EPOCHS = 1,
    NOKEY_PREKEY = 2,
    PREKEY_KEY = 1,
    INVITE_KEY = 1,
    INVITE_PSK = 2,
    INVITE_USES = 3,
    INVITE_END = 4,
    INVITE_ROLE = 5,
    INVITE_ASKS = 6,
    INVITE_LANGUAGE = 7,
    SEEN_ENTRIES = 1,
};

/* A decoded body: field k is bin[k] (lent, from the body) or uint[k]. */
struct control_body {
    struct bytes bin[BODY_KEYS_MAX]; /* p is NULL when the field is not there */
    uint64_t uint[BODY_KEYS_MAX];
};

/* Decode a body of this kind (already checked to be a canonical map).
 * ERR_NOTFOUND: the kind has no body here.  ERR_MALFORMED: a field is wrong. */
NODISCARD int control_body_decode(uint8_t kind, struct bytes body,
                                  struct control_body *out);
/* Append the canonical form of `in` to `out`.  ERR_TOOBIG, ERR_NOMEM. */
NODISCARD int control_body_encode(uint8_t kind, const struct control_body *in,
                                  struct buf *out);

#endif
