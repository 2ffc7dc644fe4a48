/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_author.h -- authors of a group's content (private to node/core).
 *
 *     authors_load -> { author_make, author_has, author_heard, authors_flush }*
 *
 * Members and those who were.  A record in LOG_AUTHOR, integers big-endian:
 *
 *     'a' || member key 32  ->  version 2 || number u32 || seq u32 || hash 32 ||
 *         baseline seq u32 || baseline value 32 || newest hour u32 || oldest unended
 *         sequence u32 || highest ended sequence u32 || has-all row u64 || forked u8 ||
 *         hidden u8 || has-all row when the day began u64 || bytes held u64 (all ones:
 *         not known); version 1 ends at forked
 */
#ifndef NODE_CORE_CONTENT_AUTHOR_H
#define NODE_CORE_CONTENT_AUTHOR_H

#include "base/bytes.h"

struct content;
struct group;

enum { SPANS_MAX = 16 };

/* Which sequences of an author are held: sorted runs; `full` once there were too many
 * to tell, from when on the log is asked. */
struct spans {
    struct {
        uint32_t lo, hi;
    } runs[SPANS_MAX];
    uint8_t count;
    bool full;
};

struct author {
    uint8_t pk[32];
    uint32_t number; /* local, from 1 */
    uint32_t seq;    /* newest in the set; smallest hash of a fork */
    uint8_t hash[32];
    uint32_t base_seq; /* below: before we came */
    uint8_t base_hash[32];
    uint32_t heard_hour; /* newest group hour heard from this member */
    uint32_t oldest;     /* their oldest unended sequence, as far as told */
    uint32_t ended_seq;  /* highest sequence that ended here */
    uint64_t has_row;    /* has all rows up to this one */
    uint64_t day_row;    /* has_row when the day began (P8.16) */
    bool forked, dirty;
    bool hidden; /* this person is not shown on this device */
    bool over_share, share_new, bytes_unknown; /* content_share.c */
    uint32_t held_count;
    uint64_t held_bytes, share_top; /* of entries that went: no hash above it enters */
    struct spans held;
};

/* The author with this local number. */
struct author *author_at(const struct content *c, uint32_t number);
/* The author with this member key, or NULL. */
struct author *author_find(const struct content *c, const uint8_t pk[static 32]);
/* The author whose member key begins with the REPLY_AUTHOR_BYTES of `ref` (P8.14), or
 * NULL. */
struct author *author_named(const struct content *c, const uint8_t *ref);
/* As above; made (not yet written) if new.  Lent until the next author is made.
 * ERR_NOMEM, ERR_FULL. */
NODISCARD int author_make(struct content *c, const uint8_t pk[static 32],
                          struct author **out);
/* Read all author records. */
NODISCARD int authors_load(struct group *g);
/* Read them where some were lost: each number that is missing gets a record of
 * nobody's, so that the others keep theirs; it is not written yet.  Log errors,
 * ERR_NOMEM. */
NODISCARD int authors_mend(struct group *g);
/* Write the changed ones. */
NODISCARD int authors_flush(struct group *g);
/* Note that an entry (seq, hash) is in the set now. */
void author_has(struct author *a, uint32_t seq, const uint8_t hash[static 32]);
/* A member's newest hour; the group hour is looked at by hour_settle. */
void author_heard(struct content *c, struct author *a, uint32_t hour);
/* Note a sequence as held. */
void spans_add(struct spans *s, uint32_t seq);
/* False only if surely no entry of this sequence is held. */
bool spans_maybe(const struct spans *s, uint32_t seq);

/* An author wrote two entries where one may be: kept, shown with the member, and told
 * once (P8.6). */
NODISCARD int author_forked(struct group *g, struct author *a);
#endif
