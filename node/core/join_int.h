/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* join_int.h -- the inside of invitations (P6), shared by their files:
 *
 *   join.c           the newcomer's side, and making an invitation
 *   join_asked.c     the newcomer's side while somebody must say yes
 *   join_host.c      the steward's side: checking, adding, the welcome
 *   join_door.c      the steward's side: who waits for a yes
 *   join_sentence.c  what both sign, commit to and compare; pure
 */
#ifndef NODE_CORE_JOIN_INT_H
#define NODE_CORE_JOIN_INT_H

#include "node/core/control.h"
#include "node/core/link.h"
#include "node/core/wire.h"

struct link;

/* What a group keeps of the invitation it came by. */
struct joins {
    bool joining;
    uint8_t prekey_pk[32], nonce[32]; /* nonce: ours, for the sentence (P6.9) */
    struct invite_line line;
    struct buf name;
    uint8_t home_pk[32];
    struct buf home; /* n * (length u8 || address) */
    uint64_t next_ms;
    uint32_t tries, address;
    bool linked;
    bool asked, same;       /* somebody must say yes; we said "the same" */
    uint8_t host_nonce[32]; /* the first that came: no other is ever taken */
    uint8_t language;       /* of the sentence */
    struct buf host;        /* name of who must say yes */
};

/* --- join.c ------------------------------------------------------------------ */
/* Dial for a joining group when it is time. */
NODISCARD int join_tick(struct group *g);
/* When that is. */
uint64_t join_deadline_ms(const struct group *g);
/* A joining link changed: it failed, or ended. */
void join_unlinked(struct group *g);
/* The psk of the invitation that a joining group dials with; false if it has none. */
bool join_psk(const struct group *g, uint8_t psk[static 32]);
/* The invitation link is live (joiner): the join goes out. */
NODISCARD int join_send(struct group *g, struct link *l);
/* The join is over without success: nothing of it stays. */
NODISCARD int join_give_up(struct group *g, int why);
/* This member's add came here at the present group hour. */
NODISCARD int join_note_hour(struct group *g, const uint8_t member_pk[static 32]);
/* When that was; UINT32_MAX: before we were here.  Log errors. */
NODISCARD int join_hour(struct group *g, const uint8_t member_pk[static 32],
                        uint32_t *hour);
/* A message on an invitation link, either side. */
NODISCARD int join_message(struct peer *p, struct link *l,
                           const struct wire_message *m);
/* A card came: the addresses of the invitation go once a card tells them (P4.12).
 * Log errors. */
NODISCARD int join_home_settle(struct group *g);
/* Addresses of the member who let us in, until their card is here: address `i` of the
 * member with this transport key.  Lent; empty past the end. */
struct bytes join_home(const struct group *g, const uint8_t transport_pk[static 32],
                       uint32_t i);

/* --- join_host.c --------------------------------------------------------------- */
/* A join came in. */
NODISCARD int join_take(struct group *g, struct link *l, const struct wire_join *join);
/* Send a welcome on while there is room. */
NODISCARD int join_pump(struct group *g, struct link *l);
/* A newcomer was seen as a member: the kept welcome goes. */
NODISCARD int join_arrived(struct group *g, const uint8_t member_pk[static 32]);
/* Erase welcomes nobody came for. */
NODISCARD int join_expire(struct group *g);
/* Let a newcomer in whose join is proven: post the add, keep the welcome.
 * ERR_NOTFOUND (no such invitation), ERR_USED, ERR_FULL, ERR_DENIED, ERR_NOKEY. */
NODISCARD int join_add(struct group *g, const struct wire_join *join,
                       const uint8_t invite_pk[static 32], bool compared);
/* Why these keys cannot come in by this invitation, enum refusal; 0 if they can.  The
 * end hour is not looked at.  `*v` is the invitation; wipe it. */
uint8_t join_refusal(const struct group *g, const struct wire_join *join,
                     const uint8_t invite_pk[static 32], struct invite_view *v);
/* Begin to send the kept welcome of these keys: 1; 0 if there is none.  Log errors. */
NODISCARD int join_welcome(struct group *g, struct link *l,
                           const struct wire_join *join);
/* Say no and close. */
NODISCARD int join_refuse(struct link *l, uint8_t code);

/* --- join_door.c ------------------------------------------------------------- */
/* A proven join came by an invitation that asks: it waits from now on, or is told why
 * not. */
NODISCARD int door_knock(struct group *g, struct link *l, const struct wire_join *join,
                         const struct invite_view *v);
/* The newcomer shows the nonce that was committed to.  ERR_PROTOCOL: another one. */
NODISCARD int door_reveal(struct group *g, struct link *l,
                          const uint8_t nonce[static 32]);
/* The newcomer says that the sentences differ. */
NODISCARD int door_stopped(struct group *g, struct link *l);
/* A steward answers for whoever has this member key.  ERR_NOTFOUND: nobody waits with
 * it; errors of join_add. */
NODISCARD int door_answer(struct group *g, const uint8_t member_pk[static 32],
                          enum door_answer answer);
/* How many wait whose sentence is known.  Log errors. */
NODISCARD int door_count(struct group *g, uint32_t *count);
/* 1 if somebody said no to this invitation; 0.  Log errors. */
NODISCARD int door_is_closed(struct group *g, const uint8_t invite_pk[static 32]);

/* --- join_asked.c -------------------------------------------------------------- */
/* Somebody must say yes: note it, show our nonce. */
NODISCARD int join_asked(struct group *g, struct link *l,
                         const struct wire_asked *asked);
/* What the person says about the sentence.  ERR_STATE: there is none yet. */
NODISCARD int join_answer(struct group *g, enum door_answer answer);
/* The record of LOG_INVITE, read and written. */
NODISCARD int join_asked_load(struct group *g);
/* Take it away: the join is done. */
NODISCARD int join_asked_drop(struct group *g);
/* The sentence of a join that waits for a yes. */
void join_sentence(const struct group *g, uint8_t out[static SENTENCE_BYTES]);

/* --- join_sentence.c ----------------------------------------------------------- */
/* What goes into a sentence (P6.11).  All lent. */
struct sentence {
    const uint8_t *group, *invite_pk, *host_pk; /* host_pk: the steward's transport */
    const uint8_t *member_pk, *transport_pk, *prekey_pk;
    struct bytes name;
    uint8_t language;
    const uint8_t *nonce, *host_nonce;
};
/* What the newcomer commits to before it knows the steward's nonce (P6.9); language
 * and host_nonce are not looked at. */
void sentence_commit(uint8_t out[static 32], const struct sentence *s);
/* The sentence: four words of ten bits. */
void sentence_make(uint8_t out[static SENTENCE_BYTES], const struct sentence *s);
/* What the invitation key signs: `hs_hash` || member key || transport key || prekey ||
 * commitment (P6.3). */
void join_vouched(uint8_t out[static 160], const uint8_t hs_hash[static 32],
                  const struct wire_join *join);
/* psk and key pair of an invitation secret (P6.2). */
void join_derive(uint8_t psk[static 32], uint8_t pk[static 32], uint8_t sk[static 64],
                 const uint8_t v[static 16]);
/* What is signed for a join: `first` 32 bytes || member key || transport key ||
 * prekey. */
void join_signed(uint8_t out[static 128], const uint8_t *first,
                 const struct wire_join *join);

#endif
