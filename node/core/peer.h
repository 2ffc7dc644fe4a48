/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* peer.h -- the core as one function: an event goes in, ordered effects come out.
 *
 *     peer_new -> peer_step(EV_START) -> { peer_step }* -> peer_free
 *
 * Rules (docs/architecture.md):
 * 1. A step runs to completion: no blocking, no callback into the host, no recursion.
 * 2. Every step belongs to the log transaction the host has open.  Effects leave only
 *    after the commit that holds their step, in the order given.
 * 3. Bytes in an event are lent for the call.  Bytes in an effect belong to the peer
 *    and live until the next peer_step: the host copies them.
 * 4. Time is what the event says.  now_ms is monotonic and drives every timer; wall_ms
 *    may jump, is shown and feeds the group hour by bounded steps.
 * 5. Randomness comes from the struct entropy given to peer_new, and from nowhere else.
 * 6. If a step returns an error, or a commit fails, the host rolls back, frees the
 * peer, and makes a new one from the log.
 */
#ifndef NODE_CORE_PEER_H
#define NODE_CORE_PEER_H

#include "base/entropy.h"
#include "base/log.h"

struct arena;
struct peer;

enum ev_kind {
    EV_START,     /* load everything from the log */
    EV_ACCEPTED,  /* a connection came in: link is the host's odd number */
    EV_DIALED,    /* a dial of ours ended: link as in FX_DIAL; err 0 or why not */
    EV_DATA,      /* bytes came in on link */
    EV_SENT,      /* the host wrote `bytes.n` bytes of this link (bytes.p is NULL) */
    EV_CLOSED,    /* link is gone */
    EV_ADDRESSES, /* our present listening addresses changed: command.addresses */
    EV_COMMAND,   /* a person wants something: *command, answered in place */
    EV_TICK,      /* peer_deadline_ms was reached, or just look */
};

enum cmd_kind {
    CMD_GROUP_NEW,   /* name, pseudonym, lifetime_hours -> group */
    CMD_INVITE,      /* group, steward, uses, valid_hours, addresses -> line (buf) */
    CMD_JOIN,        /* line (text), pseudonym, valid -> group (pending); ends with
                        TELL_JOINED/REFUSED.  It replaces a join of this group that
                        waits by another line; by the same one: ERR_EXISTS */
    CMD_JOIN_CANCEL, /* group: give up a join that is under way */
    CMD_SAY, /* group, text, delay_ms, lifetime_hours (UINT32_MAX: the group's), answers:
                the text in `row` -> draft or id */
    CMD_TAKE_BACK,    /* group, draft: take a waiting text back -> text in line */
    CMD_RENAME,       /* group, pseudonym: change own name */
    CMD_RENAME_GROUP, /* group, name: a steward changes the group's name */
    CMD_MARK_READ,    /* group, row: everything up to this row is read */
    CMD_HIDE,         /* group, row (member index), on: their texts are not shown here */
    CMD_QUIET,        /* group, on: no unread mark */
    CMD_REKEY,        /* group: rekey now (also used by tests) */
};

struct command {
    enum cmd_kind kind;
    uint32_t group; /* local number; in or out */
    struct bytes name, pseudonym, text;
    const struct bytes *addresses; /* "host:port" texts */
    size_t addresses_count;
    uint32_t lifetime_hours, valid_hours, uses;
    bool steward, answers, on;
    uint64_t delay_ms, row;
    uint64_t draft;  /* out of SAY with a delay; in of TAKE_BACK */
    uint8_t id[32];  /* out of SAY without delay: the entry hash */
    struct buf line; /* out, given to the caller (buf_free) */
    int err;         /* out: 0 or why not; then nothing changed */
};

struct event {
    enum ev_kind kind;
    uint64_t now_ms, wall_ms; /* wall_ms since 1970 */
    uint32_t link;
    int err;
    struct bytes bytes;
    struct command *command;
};

enum fx_kind {
    FX_DIAL,  /* open a connection to text `bytes` ("host:port") for group; answer
                 EV_DIALED */
    FX_SEND,  /* write bytes to link */
    FX_CLOSE, /* close link after what was sent, or `at_once`; EV_CLOSED may or may not
                 follow */
    FX_TELL,  /* something a person may want to see: tell, group, row, err */
};

enum tell {
    TELL_ENTRY,   /* a content entry was opened: row */
    TELL_JOINED,  /* our join is done: group */
    TELL_REFUSED, /* our join was refused or failed: group, err */
    TELL_MEMBER,  /* somebody joined: group, row = member index */
    TELL_RENAMED, /* a name changed: group */
    TELL_SENT,    /* a waiting text was sealed: row, draft */
    TELL_DIGEST,  /* "we do not see the same group": group */
    TELL_FORK,    /* one author's chain forked: group, row = member index */
    TELL_ENDED,   /* texts ended: group, row = how many */
    TELL_NEWER,   /* something needs a newer kring: group */
    TELL_CLOCK,   /* this device's clock looks wrong */
    TELL_COPY,    /* this profile is, or has, another copy of itself: group */
};

struct effect {
    enum fx_kind kind;
    enum tell tell;
    uint32_t link, group;
    uint64_t row, draft;
    int err;
    bool at_once; /* FX_CLOSE: of a stranger, for whom nothing is waited */
    struct bytes bytes;
};

struct effects {
    struct effect *list; /* owned by the peer */
    size_t count;
};

struct peer_config {
    struct log log;         /* kept */
    struct entropy entropy; /* kept */
    struct arena *arena;    /* kept; keys live there */
};

/* A peer over what the log holds.  ERR_NOMEM. */
NODISCARD int peer_new(struct peer **out, const struct peer_config *config);
/* Do one step.  0, or an error of the log or of memory (see rule 6).  What a peer on
 * the network does wrong, or a command that cannot be done, is never an error here. */
NODISCARD int peer_step(struct peer *p, const struct event *ev, struct effects *out);
/* When the peer next wants EV_TICK (now_ms scale); UINT64_MAX when idle. */
uint64_t peer_deadline_ms(const struct peer *p);
/* Wipe and free.  NULL is fine. */
void peer_free(struct peer *p);

/* --- looking: no step, no effect, nothing changes ------------------------------- */

struct group_view {
    uint32_t number;
    uint8_t id[32];
    struct bytes name; /* as shown: "Circle", "Circle 2"; lent until the next call */
    struct bytes me;   /* own name as shown */
    uint32_t lifetime_hours; /* 0: record */
    uint32_t members, stewards, unread, links;
    uint32_t unread_named; /* of the unread, those that name us */
    uint32_t ended_unread; /* ended before they were read here, since CMD_MARK_READ */
    bool quiet;            /* no unread mark is wanted (CMD_QUIET) */
    uint32_t hour;      /* group hour */
    bool joining;       /* a join is under way */
    bool steward;       /* we are one */
    bool differs;       /* a digest differed: "we do not see the same group" */
    uint8_t digest[16]; /* of the state we see */
};
typedef int peer_visit_group(void *ctx, const struct group_view *view);
/* Visit all groups in order of their numbers; a non-zero return stops and is returned.
 * ERR_NOMEM and log errors, here and below: look again later. */
int peer_groups(struct peer *p, peer_visit_group *visit, void *ctx);

struct member_view {
    uint32_t index;
    uint8_t key[32];
    struct bytes name;      /* as shown, with a number where two took one name */
    struct bytes let_in_by; /* name of who let this person in; empty for the founder */
    bool steward, me, linked, forked;
    bool hidden; /* not shown on this device (CMD_HIDE) */
};
typedef int peer_visit_member(void *ctx, const struct member_view *view);
/* Visit the members of a group in order of joining.  ERR_NOTFOUND. */
int peer_members(struct peer *p, uint32_t group, peer_visit_member *visit, void *ctx);

/* What is known of the text that another answers (P8.14). */
enum reply_state {
    REPLY_NOT = 0,     /* it answers nothing */
    REPLY_HERE = 1,    /* it is shown here: reply_row, reply_name, reply_text */
    REPLY_ENDED = 2,   /* its lifetime ended, or it was written before we came */
    REPLY_MISSING = 3, /* it has not come, or cannot be read here */
};

struct message_view {
    uint64_t row;
    uint8_t id[32];  /* entry hash */
    uint32_t author; /* member index */
    struct bytes author_name, text;
    uint32_t kind, about_hour, ends_in_hours; /* UINT32_MAX: kept */
    bool unread, own, forked, newer;          /* newer: needs a newer kring */
    bool missing_before; /* something the author wrote before this is missing here */
    uint32_t have;       /* devices of members known to have it */
    uint64_t draft;      /* not 0: still waiting on this device */
    enum reply_state reply;
    uint64_t reply_row;              /* of REPLY_HERE */
    struct bytes reply_name, reply_text;
    uint64_t thread; /* row of the text that the thread begins with */
    bool names_me;   /* it has an @ before our name (P8.15) */
};
typedef int peer_visit_message(void *ctx, const struct message_view *view);
/* Visit the shown messages of a group in causal order, ties by hash (P8.1), waiting
 * texts last.  ERR_NOTFOUND. */
int peer_messages(struct peer *p, uint32_t group, peer_visit_message *visit, void *ctx);
/* Which messages to visit; all zeros: all. */
struct message_pick {
    uint64_t last;   /* the newest so many, and all unread ones */
    uint64_t thread; /* only the thread of the text in this row */
    bool unread;     /* only unread ones */
};
/* As peer_messages, only those that `pick` names; what waits here comes without a
 * thread only.  ERR_NOTFOUND. */
int peer_messages_some(struct peer *p, uint32_t group, const struct message_pick *pick,
                       peer_visit_message *visit, void *ctx);
/* As peer_messages, only the texts that wait on this device. */
int peer_waiting(struct peer *p, uint32_t group, peer_visit_message *visit, void *ctx);

/* Why something of a member was left out (P8.12). */
enum limited {
    LIMITED_BYTES,      /* sent too much that was known or of no use */
    LIMITED_CHECKS,     /* sent too much that was refused */
    LIMITED_ASKS,       /* asked for too much */
    LIMITED_LINKS,      /* connected too often */
    LIMITED_ENTRIES,    /* wrote too fast: passed on later */
    LIMITED_CLAIMS,     /* said things about our own texts that were not so */
    LIMITED_QUARANTINE, /* sent too much that cannot be read yet */
    LIMITED_SHARE,      /* wrote more than is kept of one member */
    LIMITED_KEYS,       /* changed keys and gave us none */
    LIMITED_END
};

struct limited_view {
    uint32_t group, index; /* of the member */
    struct bytes name;     /* as shown; lent until the next call */
    enum limited why;      /* the latest */
    uint64_t times;        /* all together, in this run */
    uint64_t last_ms;      /* now_ms scale */
};
typedef int peer_visit_limited(void *ctx, const struct limited_view *view);
/* Visit the members that were limited in this run, and why. */
int peer_limited(struct peer *p, peer_visit_limited *visit, void *ctx);

struct peer_status {
    uint32_t groups, links, handshakes, unopened, aside, drafts, limited;
    uint64_t entries; /* content entries held */
    bool keys_locked; /* the arena is locked into memory */
};
/* Numbers about this peer. */
void peer_status(const struct peer *p, struct peer_status *out);

#endif
