/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* api.h -- what a face may ask of a node, as bytes (P12).
 *
 * One request gives one reply.  The same handler answers over the control socket of
 * a running node and inside one process, so that every command works both ways.
 *
 *     request: canonical msgpack map { field number: value }, field 1 is the verb
 *     reply:   canonical msgpack array [ err, map, [ map, map, ... ] ]: the error
 *              (0 or -enum err), single values, and rows
 *
 * On the control socket each is preceded by its u32 length (at most
 * LIMIT_COMMAND_BYTES_MAX for requests).  Rows that would take a reply past 1 MiB are
 * left out: then the single value F_AFTER says how many rows to skip next time.
 *
 * What replies hold; flags are 1 or absent, so read them with api_uint(.., 0):
 *
 *     STATUS    GROUP how many, DRAFT waiting texts, ERR the store's last trouble,
 *               LINKS HANDSHAKES UNOPENED ASIDE ENTRIES LOCKED_KEYS DISK_BYTES,
 *               HOUR the own clock, RUNNING (listens and dials), ENDED texts gone in
 *               this run, LIMITED, CLOCK_WRONG, BYTES_IN BYTES_OUT;
 *               rows: ADDRESS; then, of members that were limited in this run: GROUP
 *               NAME LIMITED (how often) KIND (enum limited, the latest)
 *     GROUPS    GROUP and ERR of the last join that failed in this run; rows: GROUP
 *               NAME LIFETIME STEWARD ID UNREAD MEMBERS STEWARDS LINKS ME (text)
 *               JOINING DIFFERS HOUR DIGEST UNREAD_NAMED ENDED_UNREAD QUIET WAITING;
 *               LIFETIME_WAS LIFETIME_BY if it changed since the last MARK_READ;
 *               SENTENCE SENTENCE_LANGUAGE ANSWER (1: we said "the same") ASKED (who
 *               must say yes) while that is waited for
 *     MEMBERS   rows: NAME STEWARD ID (member key) ROW (index) ME (flag) FORKED
 *               LET_IN_BY (absent: the founder) LINKED HIDDEN COMPARED (2: by us)
 *               READS_FROM (hour)
 *     DOOR      rows: NAME ID (for DOOR_ANSWER) SENTENCE SENTENCE_LANGUAGE WAITING (how
 *               many more wait with the same invitation)
 *     MESSAGES  rows: TEXT DRAFT (waiting here) ID ROW UNREAD AUTHOR (name) ABOUT_HOUR
 *               ENDS_IN (absent: kept) LIFETIME OWN FORKED NEWER MISSING KIND
 *               TEXT_LANGUAGE (tag; absent: not said)
 *               HAVE DEVICES (so many of so many, this device in neither)
 *               REPLY (enum reply_state; absent: it answers nothing) REPLY_ROW
 *               REPLY_NAME REPLY_TEXT THREAD NAMES_ME
 *     LACKING   rows: NAME, of members who lacked it through the last whole day (P8.16)
 *     NEAR      rows: GROUP NAME LINKED
 *     COMPARE_LOOK   nothing, or GROUP ROW NAME LINKED ANSWER (1: we said "the same");
 *               SENTENCE SENTENCE_LANGUAGE once there is one
 *     UNSENT    TEXT (NOTFOUND: there is none), REPLY and so on as in MESSAGES; rows:
 * GROUP TEXT (the first words) UNSENT_BYTES follow    GROUP DRAFT ROW EVENT (enum tell)
 * ERR as single values, again and again
 */
#ifndef NODE_HOST_API_H
#define NODE_HOST_API_H

#include "base/bytes.h"
#include "base/mp.h"
#include "node/host/api_fields.h"

enum { API_REPLY_BYTES_MAX = 1 << 20 };

enum api_verb {
    API_STATUS = 1,      /* -> numbers; rows of listening addresses */
    API_GROUPS = 2,      /* -> rows of groups */
    API_GROUP_NEW = 3,   /* NAME PSEUDONYM [LIFETIME: 7 days] -> GROUP */
    API_MEMBERS = 4,     /* GROUP -> rows */
    API_INVITE = 5,      /* GROUP [STEWARD USES: 1 VALID_HOURS: a day OPEN
                          SENTENCE_LANGUAGE] -> TEXT (line) */
    API_JOIN = 6,        /* TEXT (line) PSEUDONYM -> GROUP; see JOINING in API_GROUPS */
    API_JOIN_CANCEL = 7, /* GROUP */
    API_SAY = 8,         /* GROUP TEXT [DELAY_MS LIFETIME TEXT_LANGUAGE] [ROW: the text
                            it answers]
                            -> DRAFT or ID */
    API_TAKE_BACK = 9,   /* GROUP DRAFT -> TEXT; REPLY_ROW: what it answers, if here */
    API_MESSAGES = 10,   /* GROUP [UNREAD] [DRAFT 1: only those that wait here]
                            [THREAD ROW: only that thread] [LAST n: the newest n and
                            all unread] [AFTER n LIMIT n] -> rows in shown order */
    API_MARK_READ = 11,  /* GROUP ROW; or ON: only that LIFETIME changed */
    API_RENAME = 12,  /* GROUP PSEUDONYM; or NAME alone: the group's name (stewards) */
    API_SETTING = 13, /* NAME [TEXT]: read or write a profile setting -> TEXT */
    API_PASSPHRASE = 14,   /* TEXT (canonical new one) SMALL: change it */
    API_FOLLOW = 15,       /* from now on this connection gets what the peer tells */
    API_STOP = 16,         /* stop the node cleanly */
    API_SUGGEST = 17,      /* -> TEXT: 64 random bytes for names and words */
    API_BACKUP = 20,       /* TEXT (absolute path of a new file) [WITH_TALK]
                              -> DISK_BYTES */
    API_LOCK = 18,         /* stop the node at once, and forget all it holds */
    API_DOOR = 26,         /* GROUP -> rows of those who wait to be let in */
    API_DOOR_ANSWER = 27,  /* GROUP ANSWER (enum door_answer) [ID: who; of our own join
                              nothing] */
    API_COMPARE = 28,      /* GROUP ROW (of API_MEMBERS) [SENTENCE_LANGUAGE] ON: compare
                              with this member; without ON: with nobody */
    API_COMPARE_LOOK = 29, /* -> what is compared, see above */
    API_COMPARE_ANSWER = 30, /* GROUP ID (the sentence that was seen) [ON]: both see the
                                same, or not.  STATE: another one is there by now */
    API_AROUND = 31,         /* [DELAY_MS: two minutes at most; 0: stop] look around */
    API_NEAR = 32,           /* -> LEFT_MS NETWORK; rows of members heard near here */
    API_NETWORKS = 33,       /* [NAME: mark the one we are on] [ROW: forget it, from 1]
                                -> NETWORK; rows NAME HERE */
    API_WORDS = 34,          /* SECRET (32 bytes of six words) GROUP [STEWARD OPEN
                                SENTENCE_LANGUAGE]: let somebody in; SECRET PSEUDONYM:
                                join.  A telling says how it goes */
    API_UNSENT_KEEP = 43, /* GROUP TEXT (empty: forget it): begun and not sent; ROW: it
                          answers this one */
    API_UNSENT = 44,      /* GROUP -> TEXT; without GROUP: [AFTER n LIMIT n] -> rows */
    API_UNSENT_SAY = 45,  /* GROUP [DELAY_MS LIFETIME TEXT_LANGUAGE] -> DRAFT; it is
                             unsent no more */
    API_HIDE = 35,    /* GROUP ROW (of API_MEMBERS) [ON]: their texts, on this device */
    API_LACKING = 39, /* GROUP ROW: a kept text -> rows; USAGE: it is talk */
    API_SEARCH = 37,  /* GROUP TEXT (words) -> ENTRIES (how many there are); rows as
                         MESSAGES, of the newest 100 */
    API_LIFETIME = 38, /* GROUP LIFETIME: of new texts (stewards) */
    API_QUIET = 36,    /* GROUP [ON]: no unread mark, on this device */
};

/* The network that we are on. */
enum network_here {
    NETWORK_UNKNOWN = 0, /* nothing that it could be known by */
    NETWORK_OTHER = 1,
    NETWORK_OURS = 2,
};

/* Values of a request.  Zero is absent, save where a has_ flag says otherwise. */
struct api_args {
    uint64_t group, lifetime, uses, valid_hours, delay_ms, draft, row, after, limit;
    uint64_t language, answer, thread, last;
    bool has_group, has_lifetime, has_text, has_row;
    bool steward, unread_only, small, with_talk, open, on;
    struct bytes name, pseudonym, text, id, secret, text_language;
};

/* Append a request to `out`.  ERR_TOOBIG (LIMIT_COMMAND_BYTES_MAX),
 * ERR_NOMEM, ERR_UTF8. */
NODISCARD int api_encode(enum api_verb verb, const struct api_args *args,
                         struct buf *out);
/* Decode a request (fuzzed); unknown fields are skipped, an unknown verb is given as it
 * is.  Spans point into `request`.
 *   ERR_MALFORMED, ERR_TRUNCATED, ERR_NOTCANON, ERR_TOOBIG, ERR_UTF8 */
NODISCARD int api_decode(struct bytes request, enum api_verb *verb,
                         struct api_args *args);

/* A reply being read.  Spans point into the reply's bytes. */
struct api_reply {
    struct buf bytes; /* owned; api_reply_free */
    int err;
    struct bytes values; /* one map */
    struct bytes rows;   /* array of maps */
    struct bytes *row;   /* owned: where each row lies */
    uint32_t rows_count;
};

/* Check and split a reply whose bytes are in r->bytes.  ERR_MALFORMED, ERR_TRUNCATED,
 * ERR_NOTCANON, ERR_TOOBIG, ERR_UTF8, ERR_NOMEM. */
NODISCARD int api_reply_parse(struct api_reply *r);
/* Number of rows. */
uint32_t api_rows(const struct api_reply *r);
/* The map of row `i`, or the single values with i == UINT32_MAX; empty if absent. */
struct bytes api_row(const struct api_reply *r, uint32_t i);
/* A number, flag (0/1) of a map; `otherwise` when absent. */
uint64_t api_uint(struct bytes map, enum api_field f, uint64_t otherwise);
/* A text or byte string of a map; empty when absent. */
struct bytes api_bytes(struct bytes map, enum api_field f);
/* True if the map has the field. */
bool api_has(struct bytes map, enum api_field f);
/* Free what a reply owns. Legal on NULL, on a zeroed one, and twice. */
void api_reply_free(struct api_reply *r);

/* One map being written: fields in rising order.  Sticky error. */
struct api_map {
    struct buf pairs; /* owned until api_map_end */
    uint32_t count;
    int err;
};
/* Add a number. */
void api_put_uint(struct api_map *m, enum api_field f, uint64_t v);
/* Add a flag: nothing at all when false. */
void api_put_flag(struct api_map *m, enum api_field f, bool v);
/* Add a text; one that is no valid UTF-8 goes as a byte string. */
void api_put_text(struct api_map *m, enum api_field f, struct bytes text);
/* Add a byte string. */
void api_put_bin(struct api_map *m, enum api_field f, struct bytes b);
/* Append the map to `out` (at most `bytes_max` in all) and free it.  The sticky error,
 * ERR_TOOBIG (out is unchanged), ERR_NOMEM. */
NODISCARD int api_map_end(struct api_map *m, struct buf *out, size_t bytes_max);

/* A reply being written: values, and rows that are ended into `rows`. */
struct api_answer {
    int err;
    struct api_map values;
    struct buf rows;
    uint32_t rows_count;
};
/* End `row` into the answer.  ERR_FULL: past API_REPLY_BYTES_MAX, the row is left out;
 * ERR_NOMEM. */
NODISCARD int api_answer_row(struct api_answer *a, struct api_map *row);
/* Append the whole reply to `out` and free the answer; with a->err set, values and rows
 * are left out.  ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int api_answer_end(struct api_answer *a, struct buf *out);

#endif
