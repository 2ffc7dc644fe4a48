/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* link_int.h -- the inside of the link part, shared by its files:
 *
 *   link.c            the table of connections: events, ticks, closing
 *   link_room.c       who gives their place to another (P9.10)
 *   link_accept.c     from first bytes to a live link (P9.3 to P9.9)
 *   link_handshake.c  the three messages, pure      link_frame.c  frames, pure
 *   link_ring.c       first messages seen before (P9.4)
 *   wire.c            messages as bytes
 *   sync*.c           reconciliation, see sync_int.h
 *   dial.c            whom to call, and when
 *   join*.c           both sides of an invitation, see join_int.h
 *   invite.c          the line
 *
 * A link lives from EV_ACCEPTED or FX_DIAL to the end of the step in which it was
 * closed:
 *
 *     dialled   DIALING -> WAIT_2 -> LIVE
 *     accepted  WAIT_1 -> WAIT_3 -> LIVE, from everywhere to SINK
 *
 * A guest is an accepted invitation link from message 2 on, until its join is proven.
 */
#ifndef NODE_CORE_LINK_INT_H
#define NODE_CORE_LINK_INT_H

#include "node/core/budget.h"
#include "node/core/join_int.h"
#include "node/core/link.h"
#include "node/core/link_frame.h"
#include "node/core/link_handshake.h"
#include "node/core/peer_int.h"
#include "node/core/sync_int.h"

enum link_state {
    LINK_DIALING,
    LINK_WAIT_1,
    LINK_WAIT_2,
    LINK_WAIT_3,
    LINK_LIVE,
    LINK_SINK,
    LINK_CLOSED, /* goes at the end of the step */
};

/* What a joiner and a steward's node keep on an invitation link. */
struct welcome_job {
    bool active;
    uint32_t next;  /* number of the next control entry */
    struct buf end; /* box || baseline */
    size_t at;      /* bytes of the baseline sent as pieces */
};

struct link_secrets {
    struct handshake hs;
    struct noise_cipher send, recv;
};

struct link {
    uint32_t id, group;                  /* group 0: not known yet */
    enum link_state state, state_before; /* before: what it was when it was closed */
    bool dialler;
    bool nearby;              /* dialled because of a beacon */
    bool closing;             /* close once what is queued has gone out */
    bool gone;                /* the host has closed it */
    bool proven;              /* accepted invitation links: a proven join came */
    bool asked, revealed;     /* accepted ones: it waits for a yes; its nonce came */
    uint8_t kind;             /* enum link_kind */
    uint8_t turned_away;      /* newer links of this member that went because of it */
    uint32_t member;          /* index, or NO_MEMBER */
    uint32_t acc;             /* dialled members: which access key was used */
    uint8_t transport_pk[32]; /* of the other side, once known */
    uint8_t invite_pk[32];    /* accepted invitation links */
    uint8_t joiner_pk[32];    /* accepted ones that wait: the member key */
    uint8_t hs_hash[32];
    uint64_t born;                       /* order of making */
    uint64_t born_ms, live_ms, heard_ms; /* live_ms 0: never */
    uint64_t proven_ms;                  /* when `proven` became true */
    uint64_t sink_left; /* bytes until this connection is the first to be closed */
    struct link_secrets *secrets; /* arena; NULL in a sink */
    struct buf hand;              /* handshake bytes collected */
    struct frame_reader frames;
    struct buf in;   /* message stream received */
    struct buf out;  /* message stream to be framed at the end of the step */
    uint64_t unsent; /* bytes of FX_SEND less those of EV_SENT */
    struct sync sync;
    struct welcome_job welcome;
    struct buf joined;   /* joiner: entries of the welcome, u32 length || entry */
    struct buf baseline; /* joiner: pieces of the baseline */
};

/* When to dial one member. */
struct dial {
    uint64_t next_ms; /* UINT64_MAX: no address known, or ourselves */
    uint32_t tries, unanswered, address;
    uint32_t addresses_sum; /* tells that the card changed */
    bool linked;            /* a link exists or is being made */
};

/* One recognisable first message: an access key or an invitation. */
struct candidate {
    uint8_t tag_key[32], invite_pk[32];
    uint32_t index; /* of the access key, or of the invitation */
    uint8_t kind;
};

/* What the link part keeps of one group. */
struct ties {
    uint32_t number;
    struct dial *dials; /* by member index */
    uint32_t dials_count;
    bool rescan;        /* members or addresses changed */
    uint32_t hour_seen; /* welcomes were looked after at this hour */
    bool control_new;   /* control entries or pages came since the links were settled */
    uint8_t lanes_sum[32];   /* the topics held then */
    struct budgets *budgets; /* by member index (budget.c) */
    uint32_t budgets_count;
    struct candidate *candidates;
    uint32_t candidates_count;
    uint8_t candidates_sum[32]; /* what they were made of */
    struct {
        uint32_t version, built; /* version rises with every change */
        bool made;
        struct buf ids; /* 32 bytes each, rising */
    } sets[SETS_SMALL];
};

struct ring {
    uint8_t (*slots)[16];
    uint32_t *table; /* open addressing: slot + 1 */
    uint32_t count, cap, table_cap, next;
};

struct links {
    struct link *list[LIMIT_LINKS_MAX];
    uint32_t count;
    uint32_t next_even;
    uint64_t born;
    struct ties *ties; /* by number, rising */
    uint32_t ties_count;
    struct ring ring;
    struct arena *arena;
    struct buf wire;        /* frames of one link on their way to its effect */
    struct incoming *batch; /* LIMIT_BATCH */
    uint32_t batch_count;
    bool bulk; /* the batch being accepted is an answer to reconciliation */
};

enum {
    BATCH_MAX = 1024, /* envelopes accepted in one call */
    BULK_MIN = 16,    /* a batch above this is no live talk */
    HANDSHAKE_MS_MAX = 20 * 1000,
    SILENCE_MS_MAX = 120 * 1000,
    FIRST_WORD_MS_MAX = 30 * 1000,
    WELCOME_MS_MAX = 60 * 60 * 1000,
};

/* --- link.c ---------------------------------------------------------------------- */
/* Wipe keys and handshake. */
void link_forget_keys(struct links *links, struct link *l);
/* Send handshake bytes or frames. */
NODISCARD int link_send_raw(struct peer *p, struct link *l, struct bytes bytes);
/* The link with this number, or NULL.  Closed ones are not found. */
struct link *link_find(const struct peer *p, uint32_t id);
/* Close at the end of the step, after what is queued if `flush`. */
void link_close(struct link *l, bool flush);
/* A new link in the table.  ERR_FULL, ERR_NOMEM. */
NODISCARD int link_make(struct peer *p, uint32_t id, bool dialler, struct link **out);
/* Bytes on their way out: framed and not reported sent, and not framed yet. */
uint64_t link_queue_bytes(const struct link *l);
/* True while bulk may be added: below half of LIMIT_SEND_QUEUE_BYTES_MAX. */
bool link_has_room(const struct link *l);
/* True for a live link of members of group `number`. */
bool link_is_member(const struct link *l, uint32_t number);
/* The record of a group, made if new.  ERR_NOMEM. */
NODISCARD int ties_of(struct peer *p, uint32_t number, struct ties **out);
/* The record of a group, or NULL. */
struct ties *ties_find(const struct peer *p, uint32_t number);
/* Close all links of a group that is going, and forget its record. */
void links_forget(struct peer *p, uint32_t number);
/* Dial `address` for a group, in a stranger's place if need be.  ERR_FULL,
 * ERR_NOMEM. */
NODISCARD int link_dial(struct peer *p, struct group *g, struct bytes address,
                        struct link **out);

/* --- link_accept.c ----------------------------------------------------------- */
/* A dial of ours is connected: message 1 goes out. */
NODISCARD int link_begin(struct peer *p, struct link *l);
/* Take handshake bytes; *used of them belonged to it.  Never an error for what the
 * other side did: the link is a sink then. */
NODISCARD int link_shake(struct peer *p, struct link *l, struct bytes bytes,
                         size_t *used);
/* From here on discard everything (P9.5). */
void link_sink(struct peer *p, struct link *l);

/* --- link_ring.c ------------------------------------------------------------- */
/* Read the ring from the log. */
NODISCARD int ring_load(struct peer *p);
/* 1 if (nonce, tag) of a first message was seen; else it is noted, 0.  Log errors. */
NODISCARD int ring_note(struct peer *p, const uint8_t nonce_tag[static 40]);
/* Free. */
void ring_free(struct ring *r);

/* --- dial.c ------------------------------------------------------------------ */
/* Dial whoever is due in one group; a joining group is left to join_tick. */
NODISCARD int dial_tick(struct group *g);
/* When somebody is due. */
uint64_t dial_deadline_ms(const struct peer *p, const struct group *g);
/* A link to a member exists from now on. */
NODISCARD int dial_linked(struct group *g, uint32_t member);
/* It is gone. */
void dial_unlinked(struct group *g, const struct link *l);

#endif
