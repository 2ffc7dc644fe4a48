/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_order.h -- all messages of a group in their order, for one look (private to
 * node/core).
 *
 *     { order_all -> who_all | who_all_by_day -> { order_at, who_count }* } ->
 *     order_end
 */
#ifndef NODE_CORE_CONTENT_ORDER_H
#define NODE_CORE_CONTENT_ORDER_H

#include "node/core/content_int.h"
#include "node/core/mention.h"

struct entry {
    uint8_t hash[32];
    uint64_t row, height;
    uint64_t have; /* bit n - 1: author n is known to have it */
    uint32_t author, seq, end_hour, lifetime_hours, about_hour, kind;
    uint32_t edges_at, edges_end;
    uint32_t text_bytes;
    size_t text_at; /* in texts: the text, or the 32-byte id if it was left out */
    uint8_t state, urgency;
    uint8_t language[BODY_LANGUAGE_BYTES_MAX], language_bytes;
    uint8_t again[DEP_BYTES]; /* of BODY_AGAIN: what it says again */
    uint32_t reply;           /* one more than the index of what it answers; 0: none */
    uint32_t thread;     /* one more than the index of what its thread begins with */
    uint8_t reply_state; /* enum reply_state */
    uint8_t names;       /* how many entries it names: prev and deps */
    bool unread, own, ended, forked, hidden, prev_held, text_kept, done;
};

/* What is read of an entry and not needed once it is linked. */
struct named {
    uint8_t prev[32];
    uint32_t deps_at;
    uint8_t deps_count;
    uint8_t reply[REPLY_BYTES];
};

/* Zeroed but for the group. */
struct ordering {
    struct group *g;
    struct entry *entries;
    struct named *named;
    uint32_t count, cap;
    struct buf deps, texts, edges; /* edges: uint32_t each, native */
    uint32_t *table;
    uint32_t table_mask;
    uint8_t *sorted;
    uint32_t devices;  /* of members but this one */
    uint64_t counted;  /* bits of those members that are among the first authors */
    uint8_t *has_rows; /* u64 big-endian, rising: of the other authors among them */
    uint32_t has_rows_count;
    struct buf line;                    /* the text lent to the visitor */
    struct buf answered, answered_name; /* and of what it answers */
    struct mention mention;
};

/* --- content_order.c ------------------------------------------------------------- */
/* Read, link and sort all entries.  Log errors, ERR_NOMEM. */
NODISCARD int order_all(struct ordering *o);
/* Number `i` in shown order. */
struct entry *order_at(const struct ordering *o, uint32_t i);
/* Index of what stands at place `i` of the edges. */
uint32_t order_edge(const struct ordering *o, uint32_t i);
/* True if a person sees it at all. */
bool order_shows(const struct ordering *o, const struct entry *e);
/* Free all but `o` itself.  Legal on a zeroed one. */
void order_end(struct ordering *o);

/* --- content_answered.c ---------------------------------------------------------- */
/* Set the reply fields of `view`: what became of what `reply` names; text and name are
 * lent from `text` and `name`, which are replaced.  Log errors, ERR_NOMEM. */
NODISCARD int answered_find(struct group *g, const uint8_t reply[static REPLY_BYTES],
                            struct message_view *view, struct buf *text,
                            struct buf *name);

/* --- content_who.c --------------------------------------------------------------- */
/* Note who is known to have which entry.  ERR_NOMEM. */
NODISCARD int who_all(struct ordering *o);
/* As who_all, as it was when the day of the group hour began (P8.16): only for entries
 * held then, and not for who_count. */
void who_all_by_day(struct ordering *o);
/* Of o->devices, those that are known to have an entry. */
uint32_t who_count(const struct ordering *o, const struct entry *e);

#endif
