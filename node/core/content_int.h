/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_int.h -- what the files of the content part share (private to them).
 *
 *   content.c         life cycle, meta record, counts, frontiers, baselines, read marks
 *   content_author.c  authors: their records, spans of sequences held
 *   content_heads.c   heads of the content DAG, unverifiable ids
 *   content_accept.c  envelopes of others
 *   content_open.c    one envelope read; bodies opened now or later
 *   content_say.c     own entries, drafts (content_own.h)
 *   content_restored.c  what a restored copy of a profile has to do (content_own.h)
 *   content_lost.c    what damage took comes again
 *   content_order.c   messages in causal order (content_order.h)
 *   content_who.c     who has what (content_order.h)
 *   content_words.c   what is in the index of words
 *   content_search.c  texts found by words
 *   content_warnings.c  warnings: writing, judging, showing
 *   content_expire.c  the mark and the ends
 *   content_share.c   how much of one author is held
 *
 * LOG_AUTHOR holds records of authors (content_author.h), and, integers big-endian:
 *
 *     'm'  ->  version 2 || everything up to this row is read u64 || next draft u64 ||
 *         stopped u8 || rekeyed u8 || hour of the last rekey as a restored copy u32 ||
 *         floor of heights u64 || n u8 ||
 *         n * (hash 32 || height u64) heads, oldest first || quiet u8 || texts that
 *         ended unread u32 || day u32 || last row when it began u64 || last row when
 *         the one before it began u64; version 1 ends at the heads
 *
 *     'l'  ->  group hour u32 up to which texts may have been lost by damage
 *
 * LOG_DRAFT holds
 *
 *     draft number u64   ->  lifetime u32 || text, waiting to be sealed; with the
 *                            highest bit of the lifetime set, REPLY_BYTES of what it
 *                            answers stand before the text; with the next one set, u8
 *                            n and n bytes of its language tag stand right before it
 *     'u'                ->  group hour u32 of the last writing || text not sent yet
 */
#ifndef NODE_CORE_CONTENT_INT_H
#define NODE_CORE_CONTENT_INT_H

#include "node/core/content_author.h"
#include "node/core/envelope_int.h"

enum {
    HEADS_KEPT_MAX = 64,
    NAMED_SLOTS = 4096,
    ACCEPT_CHUNK = 512,
    COLLECT_MAX = 256,        /* rows gathered before they are changed */
    SAY_RETRY_MS = 60 * 1000, /* what could not be sealed is tried again after this */
};

/* P8.1: nobody is believed who claims to come so far after all that he names. */
#define HEIGHT_STEP_MAX ((uint64_t)1 << 40)
/* An honest author may stand many such steps above what he names, never so many. */
#define HEIGHT_ABSURD ((uint64_t)1 << 60)

/* A head of the content DAG. */
struct head {
    uint8_t hash[32];
    uint64_t height;
};

/* An entry held aside (P8.4). */
struct aside {
    uint64_t row;
    uint32_t author, seq;
    uint8_t hash[32], id[32], topic[32];
    bool vouched; /* to be taken into the set at the end of the batch */
};

/* An entry made far ahead of our hour (P3.6). */
struct ahead {
    uint32_t author, made_hour;
};

struct waiting {
    uint64_t number, due_ms;
    bool tried; /* its keys were missing */
};

/* Ids of one topic that are never asked for again. */
struct unknown {
    uint8_t topic[32];
    uint8_t (*ids)[16];
    uint32_t count, cap, next;
};

/* One envelope on its way in. */
struct item {
    struct incoming *in;
    uint32_t author, seq, end_hour, lifetime_hours;
    uint8_t urgency;
    uint32_t header_at, header_bytes, signed_at, signed_bytes; /* in content->pool */
    uint8_t hash[32], prev[32];
    bool authentic, named, done;
    bool key_used; /* set by item_open: its author used one key for two entries */
};

struct content {
    struct author *authors; /* by number - 1 */
    uint32_t authors_count, authors_cap;
    struct map author_of;              /* member key -> number as a pointer */
    struct head heads[HEADS_KEPT_MAX]; /* oldest first */
    uint8_t heads_count;
    uint64_t height_floor;       /* of entries that are gone, or before we came */
    uint8_t (*named)[DEP_BYTES]; /* deps named before they came; direct mapped */
    struct aside aside[LIMIT_ASIDE_ENTRIES_MAX]; /* oldest first */
    uint32_t aside_count;
    struct ahead *ahead;
    uint32_t ahead_count, ahead_cap;
    struct waiting drafts[LIMIT_DRAFTS_MAX];
    uint32_t drafts_count;
    uint64_t next_draft;
    uint32_t unsent_hour; /* of the last writing, with has_unsent */
    struct unknown *unknown;
    uint32_t unknown_count;
    uint64_t read_row, last_row, entries;
    uint32_t sealed;
    uint64_t sealed_from;  /* no row before this one is sealed */
    uint32_t control_seen; /* control entries held when bodies were last tried */
    uint32_t unread, unread_named, unread_hour;
    uint32_t ended_unread; /* texts that ended before anybody read them here */
    uint32_t day;          /* of the group hour, as day_settle saw it last */
    uint64_t day_last;     /* last row when it began */
    uint64_t day_before;   /* last row when the one before it began */
    bool quiet;            /* no unread mark on the first screen */
    bool unread_known, meta_dirty, hour_due, has_unsent;
    bool words_due;        /* kept texts have to be put into the index of words ... */
    uint64_t words_after;  /* ... those after this row */
    uint32_t expired_hour; /* ends were looked after at this hour */
    /* P8.9: sealing rests; no rekey is owed; own entries came in this batch */
    bool stopped, rekeyed, restored;
    bool claimed;       /* stopped only because somebody said so */
    uint32_t lost_hour; /* texts up to it may have been lost by damage; 0: none */
    uint32_t copy_hour; /* of the last rekey as a restored copy */
    uint64_t rest_ms, resume_ms, proven_ms; /* rest_ms: when the rest began */
    uint32_t again_count;                   /* rows that are to be said again (P8.11) */
    /* scratch, kept between calls */
    struct item *items; /* ACCEPT_CHUNK */
    uint8_t *order;     /* sort keys of a chunk */
    struct buf pool, plain, copy;
};

/* --- content_heads.c ------------------------------------------------------------- */
/* An entry of the set with its height: a head unless `named` by one held. */
void heads_add(struct content *c, const struct head *head, bool named);
/* Something held names these entries: one by its hash (prev, may be NULL), others by
 * prefixes.  They are heads no more; the largest height among those that were. */
uint64_t heads_name(struct content *c, const uint8_t *prev, struct bytes deps);
/* An entry is gone. */
void heads_drop(struct content *c, const uint8_t hash[static 32]);
/* The largest height that anything new must come after. */
uint64_t heads_height(const struct content *c);
/* Prefixes of at most sixteen newest heads but `skip`, rising, to `out`; how many
 * bytes. */
size_t heads_deps(const struct content *c, const uint8_t skip[static 32],
                  uint8_t out[static LIMIT_HEADS_MAX * DEP_BYTES]);
/* Read the rings of unverifiable ids. */
NODISCARD int unknown_load(struct group *g);
/* Remember an id as unverifiable under its topic (P8.2). */
NODISCARD int unknown_add(struct group *g, const uint8_t topic[static 32],
                          const uint8_t id[static 32]);

/* --- content.c ------------------------------------------------------------------- */
/* Write the meta record if it changed. */
NODISCARD int meta_flush(struct group *g);
/* A value of LOG_DRAFT, split; spans point into it.  ERR_DAMAGED. */
NODISCARD int waiting_read(struct bytes value, struct new_text *out);
/* Number of waiting texts. */
uint32_t content_drafts(const struct group *g);
/* Own author record.  ERR_STATE while we are no member. */
NODISCARD int author_me(struct group *g, struct author **out);
/* Add the row just written (its number in row->row) to everything kept about rows. */
NODISCARD int content_note_row(struct group *g, const struct content_row *row,
                               bool named, const struct body *body);
/* How an opened text of somebody else is marked unread: plain, or as one that names
 * us (P8.15).  ERR_NOMEM. */
NODISCARD int content_unread_mark(struct group *g, const struct body *body,
                                  uint8_t *mark);
/* Texts of this author ended before they were read here; the caller flushes the meta
 * record. */
void content_note_ended(struct group *g, const struct author *a, uint32_t count);
/* Remember an entry that ends far ahead of our hour.  ERR_NOMEM. */
NODISCARD int ahead_note(struct content *c, uint32_t author, uint32_t made_hour);

/* --- content_open.c -------------------------------------------------------------- */
/* Read an envelope up to the point where its signature or vouching decides.  1: go on
 * with `it`; 0: it->in->result says what came of it.  `stored` says that it lies in
 * the log already.  Log errors. */
NODISCARD int item_read(struct group *g, struct item *it, bool stored);
/* True if two items were sealed under the same leaf of the same root. */
bool items_share_key(const struct content *c, const struct item *a,
                     const struct item *b);
/* 0 if the entry's own signature verifies. */
NODISCARD int item_verify(struct group *g, const struct item *it);
/* Open the body where keys allow: sets state, kind, about hour and body of `row`; the
 * body is lent until the next call.  Log errors. */
NODISCARD int item_open(struct group *g, struct item *it, struct content_row *row,
                        struct body *body);
/* Forget which bodies of the pool are in use: a new chunk begins. */
void items_reset(struct content *c);

/* --- content_expire.c ------------------------------------------------------------ */
/* True if an entry with this end may no longer be shown. */
bool content_ended(const struct group *g, uint32_t end_hour);
/* Erase what has ended, once per hour. */
NODISCARD int expire_tick(struct group *g);

/* --- content_words.c ------------------------------------------------------------- */
/* Does this group still have to be put into the index?  Log errors. */
NODISCARD int words_load(struct group *g);
/* A new group: nothing of it is missing there. */
NODISCARD int words_begin(struct group *g);
/* A text can be read here: if it is kept, put its words into the index. */
NODISCARD int words_add(struct group *g, const struct content_row *row,
                        const struct body *body);
/* Put some more there, until all are. */
NODISCARD int words_tick(struct group *g);

/* --- content_warnings.c ---------------------------------------------------------- */
/* True if a person has to see it: not that somebody confirms. */
bool warning_is_news(const struct body *body);
/* Say again what another copy's key took away: an own version stays the same warning
 * (P8.22).  ERR_NOKEY and so on, as content_seal. */
NODISCARD int warning_say_again(struct group *g, struct content_row *row,
                                const struct body *body);

/* --- content_order.c ------------------------------------------------------------- */
/* What became of what an answer answers, where it is not held (P8.14). */
enum reply_state reply_gone(const struct group *g,
                            const uint8_t reply[static REPLY_BYTES]);

/* --- content_who.c --------------------------------------------------------------- */
/* Before anything is learned in a new day: what is known by now is what is said by name
 * until the day ends (P8.16).  Authors and the meta record are to be flushed. */
void day_settle(struct group *g);

/* --- hour.c ---------------------------------------------------------------------- */
/* Rise to the median of the hours heard if any changed (P3.2). */
NODISCARD int hour_settle(struct group *g);

#endif
