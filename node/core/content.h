/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content.h -- content entries of a group: sealing, acceptance, order, expiry (P7, P8).
 *
 * Envelope, integers big-endian (all that travels):
 *
 *     offset  size  field
 *          0     1  version 1                                          clear
 *          1     1  urgency 0 talk, 1 record, 2 alert, 3 withdrawal
 *          2     4  end hour (0xffffffff: never)
 *          6     2  lifetime in hours (0: record), from the fixed list (P7.3)
 *          8    24  r, random
 *         32     1  number of epochs XOR first byte of KDF("count", header key, r)
 *         33   137+8n+16  header, XChaCha20-Poly1305 under the header key, nonce r,
 *                   context topic || bytes 0 to 32, these included
 *          +     m  body, XChaCha20-Poly1305 under the message key, nonce zero, context
 *                   topic || bytes 0 to 32 || header plaintext without its signature
 *
 * Header plaintext: flags u8 (bit 7 mix, low bits n) || n * 8 epoch prefixes ||
 *   place u16 || position u16 || seq u32 || prev 32 || B 32 || signature 64.
 * Body plaintext: canonical msgpack array || 0x80 || zeros up to the bucket (P7.4).
 * Entry hash: hash32("entry", signed bytes, signature).
 *
 * Acceptance: an entry is authentic if its own signature verifies, or an authentic
 * entry of the same author names it as prev (P8.3).  Single and bulk acceptance give
 * the same set.
 */
#ifndef NODE_CORE_CONTENT_H
#define NODE_CORE_CONTENT_H

#include "node/core/keys.h"

enum content_kind {
    BODY_TEXT = 1,
    BODY_AGAIN = 2,       /* a text said again by a restored copy (P8.11) */
    BODY_REPLY = 3,       /* a text that answers another (P8.14) */
    BODY_WARNING = 4,     /* a warning, or an update of one (P8.20) */
    BODY_WARNING_ACT = 5, /* a warning is confirmed, ended or taken back (P8.21) */
};
enum urgency {
    URGENCY_TALK = 0,
    URGENCY_RECORD = 1,
    URGENCY_ALERT = 2,
    URGENCY_CONTROL = 3
};
enum {
    ENVELOPE_CLEAR_BYTES = 32,
    DEP_BYTES = 12,
    BODY_LANGUAGE_BYTES_MAX = 8, /* of the tag of a text (P7.8) */
    REPLY_AUTHOR_BYTES = 8,
    /* What a text answers: first bytes of its author's member key || its sequence u32
     * || first DEP_BYTES of its hash (P8.14). */
    REPLY_BYTES = REPLY_AUTHOR_BYTES + 4 + DEP_BYTES,
};
#define END_NEVER UINT32_MAX /* end hour of a record */
/* The last hour there is: the longest lifetime after it still ends before a record. */
#define HOUR_LAST (END_NEVER - 1 - 8760)

/* What came of one envelope. */
enum accept_result {
    ACCEPT_NEW,     /* in the set now */
    ACCEPT_KNOWN,   /* was there */
    ACCEPT_ASIDE,   /* badly signed, held until vouched */
    ACCEPT_REFUSED, /* never of use: remembered as unknown id */
    ACCEPT_LATER,   /* its epoch is not known yet: kept by the caller's link */
};

/* One envelope to accept. */
struct incoming {
    uint8_t topic[32];
    struct bytes envelope;     /* lent */
    enum accept_result result; /* out */
    uint8_t id[32];            /* out: envelope id */
};

/* Load frontiers, heads, drafts from the log. */
NODISCARD int content_load(struct group *g);
/* Empty content for a new group.  ERR_NOMEM. */
NODISCARD int content_new(struct group *g);
/* Free.  NULL is fine. */
void content_free(struct content *c);

/* Accept a batch (one or many give the same set).  New entries are stored, opened where
 * keys allow, told (TELL_ENTRY), and pushed to other links (sync_push_entry with
 * `from_link` left out).  Log errors only. */
NODISCARD int content_accept(struct group *g, struct incoming *list, size_t count,
                             uint32_t from_link);
/* True if a text waits because its key is missing. */
bool content_waits(const struct group *g);
/* True if this member's content entries forked (P8.6). */
bool content_author_forked(const struct group *g, const uint8_t member_pk[static 32]);
/* This profile was put back from a copy, or mended: nothing is sealed until what others
 * hold of ours had time to come, and new locks are made (P8.9).  The next step writes
 * it. */
void content_mark_restored(struct group *g);
/* Make every entry that ends go now, as if its time were over, and every waiting text:
 * for a copy of the profile without talk.  Only the copy's log may be under it.
 * ERR_NOMEM, log errors. */
NODISCARD int content_forget_talk(struct group *g);
/* Try to open entries held SEALED, after keys came; waiting texts are tried too. */
NODISCARD int content_reopen(struct group *g);
/* A text to be written. */
struct new_text {
    struct bytes text;
    uint32_t lifetime_hours; /* UINT32_MAX: the group's */
    struct bytes reply;      /* REPLY_BYTES of content_reply, or empty */
    struct bytes language;   /* its tag (P7.8), or empty: not said */
};
/* What an answer to the text in row number `row` names (P8.14).  ERR_NOTFOUND: there
 * is no such text, or it ended, or it cannot be read here.  Log errors. */
NODISCARD int content_reply(struct group *g, uint64_t row,
                            uint8_t out[static REPLY_BYTES]);
/* Seal and store a text now (CMD_SAY without delay and due drafts).
 * ERR_EMPTY, ERR_UTF8, ERR_TOOBIG, ERR_NOKEY, log errors. */
NODISCARD int content_say(struct group *g, const struct new_text *what,
                          uint8_t hash[static 32], uint64_t *row);
/* Keep a text as a draft that is sealed when `delay_ms` have passed. */
NODISCARD int content_draft(struct group *g, const struct new_text *what,
                            uint64_t delay_ms, uint64_t *draft);
/* Take a waiting text back: it is appended to `text` and erased; `*answers`: the row of
 * what it answers, if that is here.  ERR_NOTFOUND. */
NODISCARD int content_take_back(struct group *g, uint64_t draft, struct buf *text,
                                uint64_t *answers);
/* Keep `text` as the one that was begun in this group and not sent; an empty one erases
 * it.  `reply`: what it answers (content_reply), or empty; where there is such a text
 * already it stays what it is.  ERR_TOOBIG, ERR_UTF8, log errors, ERR_NOMEM. */
NODISCARD int content_keep_unsent(struct group *g, struct bytes text,
                                  struct bytes reply);
/* What that text answers.  ERR_NOTFOUND: nothing, or there is none. */
NODISCARD int content_unsent_answers(struct group *g,
                                     uint8_t reply[static REPLY_BYTES]);
/* Append that text to `text`.  ERR_NOTFOUND: there is none. */
NODISCARD int content_unsent(struct group *g, struct buf *text);
/* Let that text wait as content_draft does, with the lifetime and language of `how`; it
 * is not unsent any more.  ERR_NOTFOUND,
 * errors of content_draft (then it stays). */
NODISCARD int content_send_unsent(struct group *g, const struct new_text *how,
                                  uint64_t delay_ms, uint64_t *draft);
/* Everything up to `row` is read. */
NODISCARD int content_mark_read(struct group *g, uint64_t row);
/* Show a member's texts here no more, nor count them unread; or again.  Nobody else
 * hears of it.  ERR_NOTFOUND, ERR_USAGE (it is us), ERR_FULL, log errors. */
NODISCARD int content_hide(struct group *g, uint32_t index, bool on);
/* True if the texts of member `index` are hidden. */
bool content_hidden(const struct group *g, uint32_t index);
/* No unread mark for this group; or again.  Log errors. */
NODISCARD int content_quiet(struct group *g, bool on);
/* True if the group is quiet. */
bool content_is_quiet(const struct group *g);
/* Unread texts that name us (P8.15), as of the last content_count_unread. */
uint32_t content_unread_named(const struct group *g);
/* Texts that ended before they were read here, since the last content_mark_read. */
uint32_t content_ended_unread(const struct group *g);
/* Visit messages in causal order (see peer_messages_some). */
NODISCARD int content_messages(struct group *g, const struct message_pick *pick,
                               peer_visit_message *visit, void *ctx);
/* Visit texts that have all of `words`, each at the beginning of a word, letters of any
 * case and without marks, in causal order: the newest SEARCH_HITS_MAX; `*count`: how
 * many there are.  Views have no counts of devices and no thread.  ERR_EMPTY: no words,
 * ERR_TOOBIG, ERR_UTF8, log errors, ERR_NOMEM. */
NODISCARD int content_search(struct group *g, struct bytes words,
                             peer_visit_message *visit, void *ctx, uint64_t *count);
/* Visit all warnings of a group: open ones first, each kind the newest first (see
 * peer_warnings). */
NODISCARD int content_warnings(struct group *g, peer_visit_warning *visit, void *ctx);
/* CMD_WARN, CMD_WARN_ACT, CMD_WARN_READ. */
NODISCARD int warning_say(struct group *g, struct bytes payload,
                          uint8_t hash[static 32], uint64_t *row);
/* As above. */
NODISCARD int warning_act_say(struct group *g, struct bytes payload,
                              uint8_t hash[static 32], uint64_t *row);
/* As above; an unknown reference does nothing.  ERR_USAGE: none at all. */
NODISCARD int warning_mark_read(struct group *g, struct bytes ref);
/* Visit who lacked the text in this row (see peer_lacking). */
NODISCARD int content_lacking(struct group *g, uint64_t row, peer_visit_name *visit,
                              void *ctx);
/* Visit only the texts that wait here.  Log errors, ERR_NOMEM. */
NODISCARD int content_waiting(struct group *g, peer_visit_message *visit, void *ctx);
/* Baselines for a newcomer: the largest height, and per author the current sequence and
 * prev value, as the bytes of the welcome (P6.5), appended to `out`. */
NODISCARD int content_baseline(struct group *g, struct buf *out);
/* Take the baselines of a welcome.  ERR_MALFORMED. */
NODISCARD int content_set_baseline(struct group *g, struct bytes baseline);
/* Newest sequence and entry hash of author `pk` known here; false if none. */
bool content_frontier(const struct group *g, const uint8_t pk[static 32], uint32_t *seq,
                      uint8_t hash[static 32]);
/* The other side knows us by (seq, hash): if that is an own entry we lack, we are a
 * restored copy: stop sealing until a rekey of ours is in (P8.9). */
NODISCARD int content_own_known(struct group *g, uint32_t seq,
                                const uint8_t hash[static 32]);
/* The purge mark: ends below it are neither offered nor taken (P3.4). */
uint32_t content_mark(const struct group *g);
/* Members' devices known to have what `pk` wrote or named: note that `member_pk` has
 * everything in the set now (after a finished reconciliation). */
NODISCARD int content_has_all(struct group *g, const uint8_t member_pk[static 32]);
/* Decode an envelope's clear part and check sizes (fuzzed): ERR_MALFORMED, ERR_VERSION,
 * ERR_TOOBIG. */
NODISCARD int envelope_check(struct bytes envelope);
/* True if `id` is remembered as never of use under `topic`: not to be asked for. */
bool content_refuses(const struct group *g, const uint8_t topic[static 32],
                     const uint8_t id[static 32]);
/* Id of an envelope under a topic: hash32("envelope", topic, bytes) (P7.6). */
void envelope_id(uint8_t id[static 32], const uint8_t topic[static 32],
                 struct bytes envelope);
/* Count the unread messages anew if the hour wants it.  Log errors. */
NODISCARD int content_count_unread(const struct group *g);
/* Unread messages, entries held, sealed ones, held aside. */
void content_counts(const struct group *g, uint32_t *unread, uint64_t *entries,
                    uint32_t *sealed, uint32_t *aside);
/* Next time content work is due: drafts, expiry. */
uint64_t content_deadline_ms(const struct group *g);
/* Do due work: seal due drafts, erase what has ended, forget old (end, id). */
NODISCARD int content_tick(struct group *g);

/* --- hour.c ---------------------------------------------------------------------- */
/* Start the hour of a new group from the own clock (hours since 1970). */
void hour_start(struct group *g, uint32_t hour);
/* Advance by the own clock's elapsed time, at most 24 h per start or jump (P3.1). Saves
 * the group record when the hour changes. */
NODISCARD int hour_advance(struct group *g);
/* A member was heard from at hour `hour`: rise to the median of the newest hours of all
 * members heard from, at least three (P3.2). */
NODISCARD int hour_heard(struct group *g, const uint8_t pk[static 32], uint32_t hour);

#endif
