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
#include "node/core/door.h"

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
    EV_BEACON,    /* a datagram came: bytes; address: the sender's host */
};

enum cmd_kind {
    CMD_GROUP_NEW,   /* name, pseudonym, lifetime_hours -> group */
    CMD_INVITE,      /* group, steward, uses, valid_hours, addresses -> line (buf) */
    CMD_JOIN,        /* line (text), pseudonym, valid -> group (pending); ends with
                        TELL_JOINED/REFUSED.  It replaces a join of this group that
                        waits by another line; by the same one: ERR_EXISTS */
    CMD_JOIN_CANCEL, /* group: give up a join that is under way */
    CMD_SAY,         /* group, text, delay_ms, lifetime_hours (UINT32_MAX: the group's),
                        text_language (may be empty), answers: the text in `row`
                        -> draft or id */
    CMD_TAKE_BACK,   /* group, draft: take a waiting text back -> text in line, row of
                        what it answers (0) */
    CMD_KEEP_UNSENT, /* group, text: what was begun and not sent; empty: forget it;
                        answers: it answers the text in `row` */
    CMD_SEND_UNSENT, /* group, delay_ms (0 counts as 1), lifetime_hours, text_language
                        -> draft */
    CMD_RENAME,      /* group, pseudonym: change own name */
    CMD_RENAME_GROUP, /* group, name: a steward changes the group's name */
    CMD_LIFETIME,     /* group, lifetime_hours: a steward changes how long new texts
                         stay (P4.16) */
    CMD_MARK_READ,    /* group, row: everything up to this row is read, and so is what
                         changed (lifetime_was_hours); on: only that */
    CMD_HIDE,  /* group, row (member index), on: their texts are not shown here */
    CMD_QUIET, /* group, on: no unread mark */
    CMD_REKEY, /* group: rekey now (also used by tests) */
    CMD_DOOR,  /* group, answer; a steward's: id, the member key of who waits.  While
                  the group is being joined: our own word about the sentence */
    CMD_WARN,  /* group, text: a payload of warning_encode -> id, row.  ERR_USAGE: not
              one  that can be sent; ERR_DENIED: an update by who may not (P8.24) */
    CMD_WARN_ACT,  /* group, text: a payload of warning_act_encode -> id, row.
                      ERR_NOTFOUND: no such warning; ERR_DENIED; ERR_EXISTS: said
                      already;  ERR_STATE: it is over */
    CMD_WARN_READ, /* group, text: the reference of a warning that was read */
    CMD_COMPARE,   /* group, row (member index), language, on: compare a sentence with
                       this  member, or no more; see peer_compare, TELL_COMPARE */
    CMD_COMPARED,  /* group, on, text: both see this sentence (SENTENCE_BYTES), or not
                      (P6.16).  ERR_STATE: there is another one, or none */
    CMD_LOOK,      /* delay_ms: look around for so long; 0: stop */
    CMD_OURS,      /* ours: whether the network that we are on is one of ours */
    CMD_INVITE_WORDS, /* group, steward, ask, language, text (32 secret bytes): let
                         somebody in who has the same secret; TELL_WORDS says how it
                         goes */
    CMD_JOIN_WORDS,   /* text (32 secret bytes), pseudonym: TELL_WORDS gives the group
                         once somebody was found */
};

struct command {
    enum cmd_kind kind;
    uint32_t group; /* local number; in or out */
    struct bytes name, pseudonym, text;
    struct bytes text_language;    /* tag of P7.8 */
    const struct bytes *addresses; /* "host:port" texts */
    size_t addresses_count;
    uint32_t lifetime_hours, valid_hours, uses;
    bool steward, ours, answers, on;
    bool ask;         /* INVITE: who comes waits for a yes */
    uint8_t language; /* INVITE: of the sentence (P6.11) */
    enum door_answer answer;
    uint64_t delay_ms, row;
    uint64_t draft;  /* out of SAY with a delay; in of TAKE_BACK */
    uint8_t id[32];  /* out of SAY without delay: the entry hash; in of DOOR */
    struct buf line; /* out, given to the caller (buf_free) */
    int err;         /* out: 0 or why not; then nothing changed */
};

struct event {
    enum ev_kind kind;
    uint64_t now_ms, wall_ms; /* wall_ms since 1970 */
    uint32_t link;
    int err;
    struct bytes bytes, address;
    struct command *command;
};

enum fx_kind {
    FX_DIAL,  /* open a connection to text `bytes` ("host:port") for group; answer
                 EV_DIALED */
    FX_SEND,  /* write bytes to link */
    FX_CLOSE, /* close link after what was sent, or `at_once`; EV_CLOSED may or may not
                 follow */
    FX_TELL,  /* something a person may want to see: tell, group, row, err */
    /* send bytes to the local network, over every interface */
    FX_BEACON,
};

enum tell {
    TELL_ENTRY,    /* a content entry was opened: row */
    TELL_JOINED,   /* our join is done: group */
    TELL_REFUSED,  /* our join was refused or failed: group, err */
    TELL_MEMBER,   /* somebody joined: group, row = member index */
    TELL_RENAMED,  /* a name changed: group */
    TELL_LIFETIME, /* new texts stay for another time from now on: group */
    TELL_SENT,     /* a waiting text was sealed: row, draft */
    TELL_DIGEST,   /* "we do not see the same group": group */
    TELL_FORK,     /* one author's chain forked: group, row = member index */
    TELL_ENDED,    /* texts ended: group, row = how many */
    TELL_NEWER,    /* something needs a newer kring: group */
    TELL_CLOCK,    /* this device's clock looks wrong */
    TELL_COPY,     /* this profile is, or has, another copy of itself: group */
    TELL_DOOR,     /* somebody waits to be let in: group; see peer_door */
    TELL_ASKED,    /* our join waits for a yes: group; see group_view */
    TELL_STOPPED,  /* a newcomer says that the sentences differ: group */
    TELL_COMPARE,  /* group, row = member index: they want to compare, or there is a
                      sentence (peer_compare says which); err: it is over */
    TELL_WARNING,  /* something about a warning came: group, row; see peer_warnings */
    TELL_NEAR,     /* somebody was heard near here: group, row = member index */
    TELL_WORDS,    /* six words: group (0: none yet), row = enum words_told */
};

enum words_told {
    WORDS_FOUND = 1, /* ours were heard: the join of group has begun */
    WORDS_NOBODY,    /* their time is over, nobody came or was found */
    WORDS_GUESSED,   /* somebody tried others too often: they are finished */
    WORDS_CAME,      /* somebody came by them */
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

#include "node/core/peer_look.h"

#endif
