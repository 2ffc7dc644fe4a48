/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* peer_look.h -- looking at a peer: no step, no effect, nothing changes.  Part of
 * peer.h, which includes it.
 *
 * A view is lent to a visitor until it returns.  A visitor that returns something else
 * than 0 stops the visit, and that is returned.
 */
#ifndef NODE_CORE_PEER_LOOK_H
#define NODE_CORE_PEER_LOOK_H

#include "base/bytes.h"
#include "node/core/warning.h"

struct peer;

struct group_view {
    uint32_t number;
    uint8_t id[32];
    struct bytes name; /* as shown: "Circle", "Circle 2"; lent until the next call */
    struct bytes me;   /* own name as shown */
    uint32_t lifetime_hours; /* of new texts; 0: record */
    /* What it was when the person looked last (CMD_MARK_READ), and who changed it;
     * UINT32_MAX: it did not change. */
    uint32_t lifetime_was_hours;
    struct bytes lifetime_by; /* lent until the next call */
    uint32_t members, stewards, unread, links;
    uint32_t unread_named; /* of the unread, those that name us */
    uint32_t ended_unread; /* ended before they were read here, since CMD_MARK_READ */
    bool quiet;            /* no unread mark is wanted (CMD_QUIET) */
    uint32_t hour;         /* group hour */
    bool joining;          /* a join is under way */
    bool steward;          /* we are one */
    bool differs;          /* a digest differed: "we do not see the same group" */
    uint8_t digest[16];    /* of the state we see */
    uint32_t waiting;      /* who must be let in; see peer_door */
    /* While joining, once somebody must say yes: */
    bool asked, same; /* same: we said that the sentence is the same */
    uint8_t sentence[SENTENCE_BYTES], language;
    struct bytes host; /* name of who must say yes; lent until the next call */
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
    bool compared; /* the founder, let in with a compared sentence, or compared here */
    bool compared_here;
    uint32_t reads_from_hour; /* UINT32_MAX: since before we were here */
    bool hidden;              /* not shown on this device (CMD_HIDE) */
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
    uint32_t lifetime_hours;                  /* as its author chose; 0: kept */
    struct bytes language;                    /* tag of the text (P7.8), or empty */
    bool unread, own, forked, newer;          /* newer: needs a newer kring */
    bool missing_before; /* something the author wrote before this is missing here */
    uint32_t have;       /* devices of members, but this one, known to have it */
    uint32_t devices;    /* of members, but this one: so many could have it */
    uint64_t draft;      /* not 0: still waiting on this device */
    enum reply_state reply;
    uint64_t reply_row; /* of REPLY_HERE */
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
struct warning_view {
    uint8_t ref[WARNING_REF_BYTES]; /* of its first version */
    char code[WARNING_CODE_BYTES];
    struct warning_verdict verdict;
    const struct warning *warning;  /* the version that counts; NULL: none is held */
    const struct warning_act *back; /* why it was taken back, or NULL */
    struct bytes by, back_by;       /* who wrote that version; who took it back */
    uint32_t versions;              /* that count, or could */
    bool unread;                    /* something of it is news here */
    bool own;                       /* the first version is ours */
    bool may_change;                /* we may update, end or take it back (P8.24) */
    bool confirmed;                 /* we confirmed it */
    uint32_t hour;                  /* the group hour it was judged at */
};
typedef int peer_visit_warning(void *ctx, const struct warning_view *view);
/* Visit the warnings of a group: open ones first, each kind the newest first.
 * ERR_NOTFOUND. */
int peer_warnings(struct peer *p, uint32_t group, peer_visit_warning *visit, void *ctx);
enum { SEARCH_HITS_MAX = 100 };
/* Visit the newest SEARCH_HITS_MAX texts that have all of `words`, in order; `*count`:
 * how many there are (content_search).  ERR_NOTFOUND, ERR_EMPTY, ERR_TOOBIG, ERR_UTF8.
 */
int peer_search(struct peer *p, uint32_t group, struct bytes words,
                peer_visit_message *visit, void *ctx, uint64_t *count);
/* As peer_messages, only the texts that wait on this device. */
int peer_waiting(struct peer *p, uint32_t group, peer_visit_message *visit, void *ctx);

typedef int peer_visit_name(void *ctx, struct bytes name);
/* Visit the names of members who are not known to have a kept text, or a warning, that
 * was held here through the whole last day of the group hour (P8.16): as it was known
 * when the present day began, so that no answer depends on the hour of a contact.
 * ERR_NOTFOUND: no such text is shown; ERR_USAGE: it is talk; log errors, ERR_NOMEM. */
int peer_lacking(struct peer *p, uint32_t group, uint64_t row, peer_visit_name *visit,
                 void *ctx);

/* Append to `text` what was begun in a group and not sent.
 * ERR_NOTFOUND: nothing, or no such group. */
NODISCARD int peer_unsent(struct peer *p, uint32_t group, struct buf *text);
/* Set the reply fields of `view` to what that text answers: REPLY_NOT if nothing.  Lent
 * until the next call.  ERR_NOTFOUND: no such group, ERR_NOMEM, log errors. */
NODISCARD int peer_unsent_answers(struct peer *p, uint32_t group,
                                  struct message_view *view);

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

/* A comparison that is under way (CMD_COMPARE). */
struct compare_view {
    bool on;                  /* false: there is none */
    bool linked, ready, same; /* ready: there is a sentence; same: our person said so */
    uint32_t group, index;    /* with which member */
    struct bytes name;        /* lent until the next call */
    uint8_t sentence[SENTENCE_BYTES], language;
};
/* Look at it.  ERR_NOMEM. */
int peer_compare(struct peer *p, struct compare_view *out);

struct near_view {
    uint32_t group, index; /* of the member */
    struct bytes name;     /* as shown; lent until the next call */
    bool linked;
};
typedef int peer_visit_near(void *ctx, const struct near_view *view);
/* Visit the members that were heard near here since looking began. */
int peer_near(struct peer *p, peer_visit_near *visit, void *ctx);
/* Milliseconds that looking around still lasts; 0: nobody looks. */
uint64_t peer_look_ms(const struct peer *p);
/* True while beacons are sent or listened for: without it the host has no socket. */
bool peer_beacons(const struct peer *p);

struct peer_status {
    uint32_t groups, links, handshakes, unopened, aside, drafts, limited;
    uint64_t entries; /* content entries held */
    bool keys_locked; /* the arena is locked into memory */
};
/* Numbers about this peer. */
void peer_status(const struct peer *p, struct peer_status *out);

#endif
