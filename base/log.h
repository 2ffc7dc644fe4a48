/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* log.h -- the seam between the core and what keeps its state.
 *
 * The core reads and writes everything that outlives a restart through a struct
 * log.  store/ implements it on the encrypted database, the simulator in memory.
 * All calls are synchronous and belong to the transaction the host has open; the
 * host commits before any effect of the same steps leaves.  A read sees the
 * writes before it.  After any error but ERR_NOTFOUND the host rolls back and
 * rebuilds the core from what was committed.
 *
 * Two shapes of data:
 *
 * 1. Small state: (group, table, key) -> value.  `group` is the local number of a
 *    group (1..), 0 for the profile.  Keys are at most 80 bytes; scanned in
 *    bytewise order.  Which table holds what: docs/storage.md and enum log_table.
 *
 * 2. Content entries: rows in order of arrival with indexes.  Sets for
 *    reconciliation are ordered by (end hour, id).
 *
 * Memory: spans in arguments are lent for the call.  Spans that a call returns
 * are lent until the next call on the same log (scan: until the callback returns,
 * which must not write).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/bytes.h"

enum { LOG_KEY_BYTES_MAX = 80 };

/* Tables of small state.  Keys and values are drawn in docs/storage.md. */
enum log_table {
    LOG_PROFILE = 1, /* profile: settings, seed */
    LOG_GROUP = 2,   /* one record per group: own keys, hour, counters */
    LOG_CONTROL = 3, /* control entries: arrival number u32 -> bytes */
    LOG_PAGE = 4,    /* box pages: hash -> bytes */
    LOG_CARD = 5,    /* cards: author 32 || kind u8 -> bytes */
    LOG_EPOCH = 6,   /* epoch values held: id -> values and times */
    LOG_TREE =
        7, /* key trees: root id 32 || place u16 (0xffff: the sender tree) -> nodes */
    LOG_PREKEY = 8,   /* own prekeys: public key -> secret and time */
    LOG_AUTHOR = 9,   /* per author: frontier, baseline */
    LOG_INVITE = 10,  /* own invitations, welcomes kept, joins under way */
    LOG_RING = 11,    /* replay ring of first messages: slot u32 -> 16 bytes */
    LOG_UNKNOWN = 12, /* unverifiable ids: topic 32 || slot u16 -> id 16 */
    LOG_DRAFT = 13,   /* texts waiting before they are sealed */
    LOG_PEER = 14,    /* per member: last success, back-off */
    LOG_TABLES_END
};

/* State of a content row. */
enum content_state {
    CONTENT_OPEN = 0,   /* authentic, body opened and stored */
    CONTENT_SEALED = 1, /* authentic, body not opened yet (key missing) */
    CONTENT_ASIDE = 2,  /* badly signed, held aside until vouched; outside the set */
    CONTENT_LOST = 3,   /* authentic, its key was used already; cannot be opened */
    CONTENT_BEFORE = 5, /* authentic, written before we came: its key is never ours */
    CONTENT_GONE = 4,   /* ended: only (end, id) is left until the mark passes */
};

/* Whose a row is.  Two copies of one profile may have used one key (P8.11). */
enum content_own {
    OWN_NOT = 0,
    OWN_WRITTEN = 1,
    OWN_AGAIN = 2, /* to be said again under a key of its own */
    OWN_SAID_AGAIN = 3,
};

/* Shown to the person yet? */
enum content_unread {
    UNREAD_NOT = 0,
    UNREAD_PLAIN = 1,
    UNREAD_NAMED = 2,   /* and it names the person (P8.15) */
    UNREAD_WARNING = 3, /* of a warning: read when that is */
};

/* One content entry as a row.  Spans are lent as said above. */
struct content_row {
    uint64_t row;   /* arrival number, given by the log; rising */
    uint8_t state;  /* enum content_state */
    uint8_t unread; /* enum content_unread */
    uint8_t own;    /* enum content_own */
    uint8_t urgency, kind;
    uint32_t author;     /* local number of the author (LOG_AUTHOR), rising from 1 */
    uint32_t seq;        /* author's sequence */
    uint32_t end_hour;   /* 0xffffffff: record, never ends */
    uint32_t erase_hour; /* group hour at which it goes; 0xffffffff never */
    uint32_t about_hour; /* the author's clock in whole hours */
    uint32_t lifetime_hours; /* 0: record */
    uint8_t id[32];          /* envelope id */
    uint8_t hash[32];        /* entry hash: what prev and deps name */
    uint8_t prev[32];
    uint8_t topic[32];
    struct bytes envelope; /* all that travels; empty when gone */
    struct bytes body;     /* opened body (canonical msgpack); empty otherwise */
};

/* A position in a set: everything from (end, id) on.  The lowest is all zeros. */
struct set_bound {
    uint32_t end_hour;
    uint8_t id[32];
};

/* Everything from lo (included) to hi (excluded). */
struct set_range {
    struct set_bound lo, hi;
};

struct range_sum {
    uint64_t count;
    uint8_t fingerprint[16];
};

/* What is held of one author: rows that are not GONE, aside ones too. */
struct author_sum {
    uint32_t author, seq_lo, seq_hi;
    uint64_t count, last_row;
};

/* How much of one author is unread in one way. */
struct unread_sum {
    uint32_t author;
    uint8_t unread;
    uint64_t count;
};

/* Visit one value.  Return 0 to go on, 1 to stop, a negative error to fail. */
typedef int log_visit_kv(void *ctx, struct bytes key, struct bytes value);
typedef int log_visit_row(void *ctx, const struct content_row *row);
/* `row`: the number of the row that stands at this position. */
typedef int log_visit_id(void *ctx, const struct set_bound *at, uint64_t row);

typedef int log_visit_number(void *ctx, uint64_t row);
typedef int log_visit_sum(void *ctx, const struct author_sum *sum);
typedef int log_visit_unread(void *ctx, const struct unread_sum *sum);

struct log_ops {
    /* Set (group, table, key).  ERR_NOMEM, ERR_IO, ERR_DISKFULL, ERR_READONLY. */
    int (*put)(void *ctx, uint32_t group, uint8_t table, struct bytes key,
               struct bytes value);
    /* Read it.  ERR_NOTFOUND. */
    int (*get)(void *ctx, uint32_t group, uint8_t table, struct bytes key,
               struct bytes *value);
    /* Remove it; 0 also when it was not there. */
    int (*del)(void *ctx, uint32_t group, uint8_t table, struct bytes key);
    /* Visit all keys that begin with `prefix` (empty: all), in bytewise order. */
    int (*scan)(void *ctx, uint32_t group, uint8_t table, struct bytes prefix,
                log_visit_kv *visit, void *visit_ctx);
    /* Remove every value and content row of a group. */
    int (*drop_group)(void *ctx, uint32_t group);

    /* Append a content row (row->row is ignored); its number to *number.
     * ERR_EXISTS: the id is there already in any state but ASIDE. */
    int (*content_put)(void *ctx, uint32_t group, const struct content_row *row,
                       uint64_t *number);
    /* Change state, unread, own, erase_hour and body of row number row->row; with state
     * CONTENT_GONE envelope and body are erased and only end and id stay. */
    int (*content_update)(void *ctx, uint32_t group, const struct content_row *row);
    /* Set only the unread mark of a row. */
    int (*content_mark)(void *ctx, uint32_t group, uint64_t number, bool unread);
    /* Remove a row whole. */
    int (*content_delete)(void *ctx, uint32_t group, uint64_t number);
    /* Find by envelope id (any state).  ERR_NOTFOUND. */
    int (*content_by_id)(void *ctx, uint32_t group, const uint8_t id[32],
                         struct content_row *out);
    /* Visit the rows of (author, seq), in order of arrival; GONE rows are not visited.
     */
    int (*content_by_seq)(void *ctx, uint32_t group, uint32_t author, uint32_t seq,
                          log_visit_row *visit, void *visit_ctx);
    /* Visit rows with number > `after` in order of arrival; `with_body` false leaves
     * envelope and body empty (faster); GONE rows are not visited. */
    int (*content_scan)(void *ctx, uint32_t group, uint64_t after, bool with_body,
                        log_visit_row *visit, void *visit_ctx);
    /* Visit rows with erase_hour <= `hour` (state not GONE), in order of erase hour. */
    int (*content_due)(void *ctx, uint32_t group, uint32_t hour, log_visit_row *visit,
                       void *visit_ctx);
    /* Visit what is held of each author, in order of their numbers.  Faster than a walk
     * over rows. */
    int (*content_sums)(void *ctx, uint32_t group, log_visit_sum *visit,
                        void *visit_ctx);
    /* Visit, in order of arrival and without envelope and body, the rows that a start
     * has to look at: SEALED, ASIDE, OWN_AGAIN, and those that go before their end
     * hour; GONE rows are not visited. */
    int (*content_odd)(void *ctx, uint32_t group, log_visit_row *visit,
                       void *visit_ctx);
    /* Visit how many OPEN rows with end_hour > `hour` are unread, by author and then by
     * the kind of mark. */
    int (*content_unread)(void *ctx, uint32_t group, uint32_t hour,
                          log_visit_unread *visit, void *visit_ctx);
    /* Visit, in order of arrival and with all there is of them, the OPEN rows whose
     * urgency is 2 or more. */
    int (*content_urgent)(void *ctx, uint32_t group, log_visit_row *visit,
                          void *visit_ctx);
    /* Delete GONE rows with end_hour < `hour`. */
    int (*content_forget)(void *ctx, uint32_t group, uint32_t hour);

    /* An index over the words of texts; a log may lack it: then all four are NULL, and
     * texts are looked at one by one.  What is in it goes with its row and its group.
     *
     * 1: every text of the group that belongs there is in it; 0: not yet. */
    int (*words_ready)(void *ctx, uint32_t group);
    /* From now on words_ready says 1. */
    int (*words_note_ready)(void *ctx, uint32_t group);
    /* Put the words of row `number` there, in place of any: `text` as text_bare gives
     * it. */
    int (*words_put)(void *ctx, uint32_t group, uint64_t number, struct bytes text);
    /* Visit, rising, the rows that may have all of `words` (bare, spaces between) at
     * the beginning of words of theirs; some may not.  ERR_USAGE: not to be found by an
     * index, so look at all. */
    int (*words_find)(void *ctx, uint32_t group, struct bytes words,
                      log_visit_number *visit, void *visit_ctx);

    /* Count and fingerprint of the set of `topic` from `lo` (included) to `hi`
     * (excluded), over rows OPEN, SEALED, LOST and GONE.  The fingerprint is
     * BLAKE2b-128 over the concatenation of (end u32be, id) in order (P9.4). */
    int (*range_sum)(void *ctx, uint32_t group, const uint8_t topic[32],
                     const struct set_bound *lo, const struct set_bound *hi,
                     struct range_sum *out);
    /* Visit positions of that range in order. */
    int (*range_ids)(void *ctx, uint32_t group, const uint8_t topic[32],
                     const struct set_range *range, log_visit_id *visit,
                     void *visit_ctx);
};

/* A log: operations and their context (lent by the host, kept by the core). */
struct log {
    const struct log_ops *ops;
    void *ctx;
};

#endif
