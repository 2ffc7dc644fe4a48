/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* core.h -- what the parts of the core share: struct peer and struct group.
 *
 * Private to node/core.  Each part owns the fields named after it and no other
 * part writes them:
 *
 *   control.c state.c   the control log and what it resolves to    g->control
 *   keys.c roots.c ...  epochs, key trees, prekeys                 g->keys
 *   content.c ...       content entries, order, expiry, drafts     g->content
 *   card.c names.c      cards: names and addresses                 g->cards
 *   hour.c              the group hour                             g->hour
 *   link.c sync.c ...   connections, reconciliation, dialling      p->links
 *   join.c              invitations                                g->joins
 *   budget.c            what one member may cost                   in p->links
 *   near.c ...          beacons on the local network               p->near
 *   peer.c              dispatch, effects, groups
 */
#ifndef NODE_CORE_CORE_H
#define NODE_CORE_CORE_H

#include "base/check.h"
#include "base/entropy.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "node/core/marks.h"
#include "node/core/peer.h"

struct control;
struct keys;
struct content;
struct cards;
struct links;
struct joins;
struct nearby;

/* The group hour (hour.c). */
struct hour {
    uint32_t hour;         /* H: never falls */
    uint32_t sure_hour;    /* H without what others made of it against the own clock */
    uint32_t part_ms;      /* milliseconds of the present hour already passed */
    uint64_t last_now_ms;  /* when it was last advanced in this run */
    uint64_t last_wall_ms; /* stored: the own clock then */
    uint64_t leap_ms;      /* when the next leap past the own clock may be; 0: now */
};

/* Secrets of one group, in the arena. */
struct group_secrets {
    uint8_t member_sk[64];
    uint8_t transport_sk[32];
};

/* One group on this device.  Its record in LOG_GROUP, key "g", is drawn in group.c. */
struct group {
    struct peer *peer;
    uint32_t number;
    uint8_t id[32];
    uint8_t salt[32]; /* what the own member key was derived with (P2.6) */
    uint32_t counter;
    uint8_t member_pk[32], transport_pk[32];
    struct group_secrets *secrets;   /* arena */
    uint32_t lifetime_hours;         /* of new texts (P4.16); 0: record */
    uint32_t lifetime_longest_hours; /* that cards told of; 0: none did */
    uint32_t lifetime_shown_hours;   /* what the person was told last; UINT32_MAX */
    bool joining;                    /* the welcome has not come yet: no control log */
    struct control *control;
    struct keys *keys;
    struct content *content;
    struct cards *cards;
    struct joins *joins;
    struct hour hour;
};

struct peer {
    struct log log;
    struct entropy entropy;
    struct arena *arena;
    uint64_t now_ms, wall_ms; /* of the event being handled */
    uint8_t seed_set;
    uint8_t *seed;                          /* profile seed, arena, 32 bytes */
    struct group *groups[LIMIT_GROUPS_MAX]; /* by number; holes are NULL at the end */
    uint32_t groups_count;
    struct links *links;
    struct nearby *near;
    struct comparing *comparing; /* arena */
    struct buf *addresses;       /* own listening addresses, LIMIT_ADDRESSES_MAX */
    uint32_t addresses_count;
    struct effect *fx;
    size_t fx_count, fx_cap;
    struct buf *fx_bytes;        /* bytes of all effects, end to end in their order */
    uint64_t limited;            /* how often a bound refused something */
    uint64_t marks[MARKS_COUNT]; /* how often a rare path was taken */
    bool started;                /* EV_START was handled */
    struct buf shown_group, shown_me, shown_by; /* names lent by peer_view.c */
};

/* Append an effect of this step; `bytes` are copied.  ERR_NOMEM. (peer.c) */
NODISCARD int fx_dial(struct peer *p, uint32_t link, uint32_t group,
                      struct bytes address);
/* Append FX_SEND.  ERR_NOMEM. */
NODISCARD int fx_send(struct peer *p, uint32_t link, struct bytes bytes);
/* Append FX_BEACON.  ERR_NOMEM. */
NODISCARD int fx_beacon(struct peer *p, struct bytes bytes);
/* Append FX_CLOSE.  ERR_NOMEM. */
NODISCARD int fx_close(struct peer *p, uint32_t link);
/* As fx_close, for a link on which nobody has proven anything: nothing that was sent
 * there is waited for. */
NODISCARD int fx_drop(struct peer *p, uint32_t link);
/* Append FX_TELL.  ERR_NOMEM. */
NODISCARD int fx_tell(struct peer *p, enum tell tell, uint32_t group, uint64_t row,
                      int err);
/* As fx_tell with a draft number. ERR_NOMEM. */
NODISCARD int fx_tell_draft(struct peer *p, uint32_t group, uint64_t row,
                            uint64_t draft);

/* The group with this number, or NULL. */
struct group *peer_group(struct peer *p, uint32_t number);

/* Make an empty group in memory with the next number, fresh transport key and member
 * key derived from `salt` (P2.6); parts are initialised empty.  ERR_FULL, ERR_NOMEM,
 * log errors. */
NODISCARD int group_new(struct peer *p, const uint8_t salt[static 32],
                        struct group **out);
/* Read the record of group `number` from the log; its parts are NULL.  ERR_FULL, log
 * errors, ERR_NOMEM. */
NODISCARD int group_read(struct peer *p, uint32_t number, struct group **out);
/* Load group `number` and all its parts from the log. */
NODISCARD int group_load(struct peer *p, uint32_t number, struct group **out);
/* Write the record of LOG_GROUP. Log errors. */
NODISCARD int group_save(struct group *g);
/* Remove the group from this device, log and memory. */
NODISCARD int group_drop(struct group *g);
/* Free memory of a group; wipes secrets.  NULL is fine. */
void group_free(struct group *g);

#endif
