/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* siege_play.h -- one run: a core, the far ends of its links, and what must hold.
 *
 *     siege_begin -> { siege_act | the calls below }* -> siege_end
 *
 * A script is u8 head (bit 0: kind of world, bit 1: the core's calls are answered),
 * then steps: op u8 (bit 7: hold what it says back, for one frame with the next) ||
 * length u16 || data.  What each op reads stands in siege_acts.c.
 *
 * After every step: no error but one that was asked for, bounds, whole messages only;
 * at times and at the end: nothing in an honest name that he did not say, nothing lost
 * that he did, and after a restart the same.
 */
#ifndef TESTS_FUZZ_SIEGE_PLAY_H
#define TESTS_FUZZ_SIEGE_PLAY_H

#include "node/core/link_int.h"
#include "tests/fuzz/siege_world.h"
#include "tests/lib/coretest.h"

enum siege_op {
    OP_RAW,      /* a message of the attacker: type u8 || payload */
    OP_STREAM,   /* bytes in a frame that need be no message */
    OP_WIRE,     /* bytes that are no frame */
    OP_ENVELOPE, /* topic 32 || envelope */
    OP_ABOUT,    /* type u8 || topic 32 || payload less its topic number */
    OP_ENTRY,    /* an entry sealed and signed from a recipe */
    OP_CONTROL,  /* a control entry signed from a recipe */
    OP_CARD,     /* how u8 || kind u8 || seq u32 || body */
    OP_REKEY,    /* a rekey: how u8 || page */
    OP_HAND,     /* items of the world, by number u8, from the attacker */
    OP_HONEST,   /* the next items, as many as u8 says, from an honest member */
    OP_PASS,     /* time passes: unit u8, how many u16 */
    OP_CLOCK,    /* the wall clock jumps: minutes i32 */
    OP_CLOSE,    /* the attacker's connection breaks */
    OP_RESTART,
    OP_PERSON, /* somebody at the core wants something: what u8 || text */
    OP_STALL,  /* the attacker stops reading, or goes on */
    OP_FAULT,  /* a write fails: which u8 */
    OP_SECOND, /* the attacker connects again beside the old link */
    OP_STRANGER,
    OP_GUEST, /* a join by the open invitation: who u8 || changes */
    OP_ANSWER,
    OPS,
    OP_HOLD = 0x80,
};

enum siege_slot {
    SLOT_ATTACKER,
    SLOT_OLD,
    SLOT_HONEST,
    SLOT_GUEST,
    SLOT_STRANGERS,
    SLOTS = SLOT_STRANGERS + 4,
};

enum slot_stage {
    STAGE_NONE,
    STAGE_2,
    STAGE_1,
    STAGE_3,
    STAGE_LIVE,
    STAGE_DEAF,
    STAGE_STRANGER
};

/* The far end of one connection. */
struct slot {
    uint32_t id;
    enum slot_stage stage; /* which handshake message is awaited */
    int member;            /* whose keys; -1: a guest's */
    struct handshake hs;
    struct noise_cipher send, recv;
    uint8_t hs_hash[32];
    struct frame_reader frames;
    struct buf raw, in, out;
    uint8_t topics[64][32];
    int topics_count;
    uint64_t pending; /* bytes the core has not heard of as sent */
};

struct siege {
    const struct siege_world *w;
    struct tp *t;
    struct entropy_stream stream;
    struct slot slot[SLOTS];
    uint32_t next_odd, dials[64];
    bool dial_to_attacker[64];
    int dials_count;
    bool answer, stall, fault;
    bool meddled; /* there are control entries that no honest one made */
    int handed;   /* items brought by the honest link */
    uint64_t passed_ms;
    uint32_t said, seq, control_seq;
    uint8_t hash[32], hash_before[32], control_hash[32], control_prev[32];
    uint64_t drafts[8];
};

/* A core as the world left it. */
void siege_begin(struct siege *s, const struct siege_world *w);
/* Last checks, and everything is freed. */
void siege_end(struct siege *s);
/* One step of the script. */
void siege_act(struct siege *s, uint8_t op, struct bytes data);
/* One event, its effects, and what follows from them. */
void siege_event(struct siege *s, struct event *ev);
/* Let time pass, with the ticks the core asks for. */
void siege_pass(struct siege *s, uint64_t ms);
/* Stop and start over the log; nothing may be lost. */
void siege_restart(struct siege *s);
/* Everything that can be seen must be in order. */
void siege_look(struct siege *s);
/* The live link of a slot, made if there is none; NULL if the core does not want it. */
struct slot *siege_link(struct siege *s, enum siege_slot which);
/* A fresh connection in this slot, with the keys of `member`. */
void slot_open(struct siege *s, enum siege_slot which, int member);
/* It breaks. */
void slot_close(struct siege *s, enum siege_slot which);
/* Bytes on the wire. */
void slot_write(struct siege *s, struct slot *l, struct bytes bytes);
/* What stands in l->out, in frames. */
void slot_flush(struct siege *s, struct slot *l);
/* The number of a topic on this link, told if it is new. */
uint16_t slot_topic(struct slot *l, const uint8_t topic[static 32]);
/* An item of the world into l->out. */
void slot_item(struct slot *l, const struct siege_item *it);
/* The core's group. */
struct group *siege_group(const struct siege *s);

#endif
