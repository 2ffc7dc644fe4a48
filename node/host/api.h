/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* api.h -- what a face may ask of a node, as bytes.
 *
 * One request gives one reply.  The same handler answers over the control socket of
 * a running node and inside one process, so that every command works both ways.
 *
 *     request: canonical msgpack map { field number: value }, field 1 is the verb
 *     reply:   canonical msgpack array [ err, map, [ map, map, ... ] ]: the error
 *              (0 or -enum err), single values, and rows
 *
 * On the control socket each is preceded by its u32 length (at most
 * LIMIT_COMMAND_BYTES_MAX for requests; replies are cut into further replies by
 * `after` when they would pass 1 MiB).
 */
#ifndef NODE_HOST_API_H
#define NODE_HOST_API_H

#include "base/bytes.h"
#include "base/mp.h"

enum api_verb {
    API_STATUS = 1, /* -> numbers; F_ADDRESSES rows: listening addresses */
    API_GROUPS = 2, /* -> rows of groups */
    API_GROUP_NEW = 3, /* NAME PSEUDONYM LIFETIME -> GROUP */
    API_MEMBERS = 4, /* GROUP -> rows */
    API_INVITE = 5, /* GROUP [STEWARD USES VALID_HOURS] -> TEXT (the line) */
    API_JOIN = 6, /* TEXT (line) PSEUDONYM -> GROUP; ends when API_GROUPS shows it joined */
    API_JOIN_CANCEL = 7, /* GROUP */
    API_SAY = 8, /* GROUP TEXT [DELAY_MS LIFETIME] -> DRAFT or ID */
    API_TAKE_BACK = 9, /* GROUP DRAFT -> TEXT */
    API_MESSAGES = 10, /* GROUP [UNREAD_ONLY] [AFTER n LIMIT n] -> rows in shown order */
    API_MARK_READ = 11, /* GROUP ROW */
    API_RENAME = 12, /* GROUP PSEUDONYM */
    API_SETTING = 13, /* NAME [TEXT]: read or write a profile setting (language ...) -> TEXT */
    API_PASSPHRASE = 14, /* TEXT (canonical new one) SMALL: change it */
    API_FOLLOW = 15, /* from now on this connection gets a short reply with EVENT, GROUP,
                        ROW, ERR whenever the peer tells something */
    API_STOP = 16, /* stop the node cleanly */
    API_SUGGEST = 17, /* nothing secret: random numbers for names and words -> TEXT bytes */
};

/* Fields of requests, replies and rows.  Numbers are stable. */
enum api_field {
    F_VERB = 1, F_GROUP = 2, F_NAME = 3, F_PSEUDONYM = 4, F_TEXT = 5, F_LIFETIME = 6,
    F_STEWARD = 7, F_USES = 8, F_VALID_HOURS = 9, F_DELAY_MS = 10, F_DRAFT = 11,
    F_ID = 12, F_ROW = 13, F_UNREAD = 14, F_AFTER = 15, F_LIMIT = 16, F_SMALL = 17,
    F_EVENT = 18, F_ERR = 19, F_MEMBERS = 20, F_STEWARDS = 21, F_LINKS = 22, F_ME = 23,
    F_JOINING = 24, F_DIFFERS = 25, F_AUTHOR = 26, F_ABOUT_HOUR = 27, F_ENDS_IN = 28,
    F_OWN = 29, F_FORKED = 30, F_NEWER = 31, F_MISSING = 32, F_HAVE = 33, F_LET_IN_BY = 34,
    F_LINKED = 35, F_HANDSHAKES = 36, F_UNOPENED = 37, F_ASIDE = 38, F_ENTRIES = 39,
    F_LOCKED_KEYS = 40, F_DISK_BYTES = 41, F_ADDRESS = 42, F_HOUR = 43, F_DIGEST = 44,
    F_RUNNING = 45, F_ENDED = 46, F_LIMITED = 47, F_CLOCK_WRONG = 48, F_KIND = 49,
};

/* A request being built. */
struct api_request {
    struct buf bytes; /* given; api_request_free */
};

/* Values to set on a request; call in rising order of fields. */
struct api_args {
    uint64_t group, lifetime, uses, valid_hours, delay_ms, draft, row, after, limit;
    bool has_group, has_lifetime, steward, unread_only, small, has_text;
    struct bytes name, pseudonym, text;
};

/* Encode a request.  ERR_TOOBIG, ERR_NOMEM, ERR_UTF8. */
NODISCARD int api_encode(enum api_verb verb, const struct api_args *args, struct buf *out);
/* Decode a request (fuzzed).  ERR_MALFORMED, ERR_NOTCANON, ERR_TOOBIG. Spans point into it. */
NODISCARD int api_decode(struct bytes request, enum api_verb *verb, struct api_args *args);

/* A reply being read.  Spans point into the reply's bytes. */
struct api_reply {
    struct buf bytes; /* owned; api_reply_free */
    int err;
    struct bytes values; /* one map */
    struct bytes rows; /* array of maps */
};

/* Check and split a reply whose bytes are in r->bytes.  ERR_MALFORMED. */
NODISCARD int api_reply_parse(struct api_reply *r);
/* Number of rows. */
uint32_t api_rows(const struct api_reply *r);
/* The map of row `i`, or the single values with i == UINT32_MAX; empty if absent. */
struct bytes api_row(const struct api_reply *r, uint32_t i);
/* A number, flag (0/1) of a map; `otherwise` when absent. */
uint64_t api_uint(struct bytes map, enum api_field f, uint64_t otherwise);
/* A text or byte string of a map; empty when absent. */
struct bytes api_bytes(struct bytes map, enum api_field f);
/* Free what a reply owns. Legal on a zeroed one, and twice. */
void api_reply_free(struct api_reply *r);

#endif
