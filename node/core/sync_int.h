/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* sync_int.h -- reconciliation over one live link (P10.2 to P10.7, P10.9), inside.
 *
 *   sync.c       rounds, pushes               sync_take.c  messages in, quarantine
 *   sync_range.c ranges and ids               sync_bulk.c  sending what is missing
 *   sync_set.c   the sets, seen alike
 */
#ifndef NODE_CORE_SYNC_INT_H
#define NODE_CORE_SYNC_INT_H

#include "node/core/link.h"
#include "node/core/peer_int.h"
#include "node/core/wire.h"

#define NO_MEMBER UINT32_MAX

struct link;

/* What the dialler is at in a round of reconciliation (P10.3). */
enum sync_phase {
    PHASE_IDLE = 0,
    PHASE_HELLO, /* hello sent, the other's awaited */
    PHASE_SET,   /* in set sync->set */
};

/* "Send all of this range" of a content set, by arrival, newest block first (P10.5). */
struct stream {
    uint8_t topic[32];
    struct set_bound lo, hi;
    struct buf blocks; /* row before each block, u64 each, oldest first */
    uint64_t after; /* the last row sent of the block that is being sent; 0: begin it */
    uint64_t upto;  /* the newest row of that block */
};

/* Reconciliation over one live link. */
struct sync {
    uint8_t phase, set;
    bool passes;   /* dialler: something to be answered went out since the last done */
    bool done_got; /* dialler: the answer is here, own sending is not over */
    uint8_t done_owed; /* responder: bit per set, answered when its sending is over */
    uint32_t ranges_open; /* range and ids messages sent since the last done */
    struct wire_hello theirs;
    uint32_t lo_hour; /* the larger mark of the two (P3.4) */

    struct buf todo[SETS_SMALL]; /* ids to send, sorted if todo_sorted */
    bool todo_sorted[SETS_SMALL];
    struct buf todo_content; /* ids, in order of sending */
    size_t todo_at;          /* bytes of it done */
    struct stream *streams;
    uint32_t streams_count, streams_cap;

    struct buf topics_in, topics_out; /* topic of number i at 32 * i */
    struct buf later; /* quarantine (P10.7): topic 32 || length u32 || envelope */

    uint64_t round_ms; /* dialler: when the next round begins */
    uint32_t tries;    /* rounds in a row that found a difference */
    bool again;        /* something was left out: another round soon */
    bool touched;      /* something was pushed or came since the last round */
    bool greeted;      /* a hello came on this link */
    bool probe;        /* ask for a word, to see whether the link is alive */
    uint64_t probe_ms; /* until when one must have come; 0: none is awaited */
    /* of this round: */
    bool pushed;            /* an entry was pushed beside it */
    bool sent, wanted, got; /* something was missing there, or here, or came */
    bool unread;            /* there is a topic that the other side cannot read */
};

/* --- sync.c ------------------------------------------------------------------ */
/* A member link became live. */
NODISCARD int sync_begin(struct peer *p, struct link *l);
/* Work on a live member link when its time has come or it drained. */
NODISCARD int sync_pump(struct peer *p, struct link *l);
/* When the link next wants a tick. */
uint64_t sync_deadline_ms(const struct link *l);
/* Another round in a second or two, for a reason that is no fault. */
void sync_soon(struct peer *p, struct link *l);
/* Something moved on the link: a round within the minute will tell who has it. */
void sync_touch(struct peer *p, struct link *l);
/* A message on a member link, but for entries.  ERR_PROTOCOL and others that are not
 * fatal: the link is to be closed. */
NODISCARD int sync_message(struct group *g, struct link *l,
                           const struct wire_message *m);
/* Send a hello. */
NODISCARD int sync_hello(struct group *g, struct link *l);
/* Another round soon: the dialler begins it, the responder asks. */
void sync_again(struct peer *p, struct link *l);
/* The number we gave `topic` on this link, told first if new.  ERR_FULL, ERR_NOMEM. */
NODISCARD int sync_topic(struct link *l, const uint8_t topic[static 32],
                         uint16_t *number);
/* Wipe and free. */
void sync_free(struct sync *s);
/* 0, or `err` if it is fatal; a message that the queue did not take is
 * another round. */
NODISCARD int sync_sent(struct peer *p, struct link *l, int err);

/* --- sync_take.c ------------------------------------------------------------- */
/* Handle all whole messages in l->in. */
NODISCARD int sync_messages(struct peer *p, struct link *l);
/* After control entries or pages came: quarantined envelopes are tried again, new
 * topics reconciled. */
NODISCARD int sync_settle(struct peer *p);

/* --- sync_set.c -------------------------------------------------------------- */
typedef int set_visit(void *ctx, const uint8_t id[32], struct bytes bytes);
/* Visit a small set in the order in which it is sent; 1 stops. */
NODISCARD int set_each(struct group *g, uint8_t set, set_visit *visit, void *ctx);
/* Its ids, rising, lent until it changes. */
NODISCARD int set_ids(struct group *g, uint8_t set, struct bytes *ids);
/* Those of them in a range. */
NODISCARD int set_range(struct group *g, const struct wire_range *range,
                        struct bytes *ids);
/* Count and fingerprint of a range of any set (`topic` for content only). */
NODISCARD int set_sum(struct group *g, const struct wire_range *range,
                      const uint8_t *topic, struct range_sum *out);
/* Append the positions of a range (36 bytes each) to `out`; stops above `max`. */
NODISCARD int set_positions(struct group *g, const struct wire_range *range,
                            const uint8_t *topic, uint64_t max, struct buf *out);
/* A small set changed. */
void set_changed(struct group *g, uint8_t set);

/* --- sync_range.c ------------------------------------------------------------ */
/* Offer the whole of a set (of one topic): a range of everything. */
NODISCARD int range_offer(struct group *g, struct link *l, uint8_t set,
                          const uint8_t *topic);
/* Handle a range. */
NODISCARD int range_take(struct group *g, struct link *l,
                         const struct wire_range *range);
/* Handle ids. */
NODISCARD int range_take_ids(struct group *g, struct link *l,
                             const struct wire_message *m);
/* Handle a want. */
NODISCARD int range_take_want(struct group *g, struct link *l,
                              const struct wire_message *m);

/* --- sync_bulk.c ------------------------------------------------------------- */
/* Send all of a range. */
NODISCARD int bulk_range(struct group *g, struct link *l,
                         const struct wire_range *range, const uint8_t *topic);
/* Send these positions (36 bytes each) of a set. */
NODISCARD int bulk_ids(struct group *g, struct link *l, uint8_t set,
                       struct bytes positions);
/* Send while there is room. */
NODISCARD int bulk_pump(struct group *g, struct link *l);
/* True if nothing of the sets up to `set` waits to be sent. */
bool bulk_idle(const struct sync *s, uint8_t set);

#endif
