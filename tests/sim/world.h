/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* world.h -- a deterministic world of nodes, connections, clocks and faults.
 *
 * One seed draws everything.  Events stand in one heap, ordered by (time, sequence), so
 * that nothing depends on addresses.  Nodes are real peers over memory or the
 * real store; bytes between
 * them are the real bytes.  Every step runs inside a log transaction; a crash may fall
 * before the commit, or after it between any two effects.
 *
 *     world_new -> { world_* acts, world_run }* -> world_heal -> world_check ->
 * world_free
 *
 * Invariants after every event: what was told was said by somebody and not told twice,
 * no canary on the wire, bounds hold, a deadline does not stand still, digests agree.
 * The first broken one is written to world->broken and ends the run.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdio.h>

#include "crypto/arena.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "node/core/marks.h"
#include "node/core/peer.h"
#include "tests/sim/nodelog.h"

enum { WORLD_NODES_MAX = 32, WORLD_SAID_MAX = 4096 };

/* How bad the world is; rates are per mille. */
struct faults {
    uint32_t cut, corrupt, duplicate, crash, dial_fail;
    uint32_t delay_ms_max;
    uint32_t bytes_per_ms; /* each way of a connection; 0: no bound */
};

struct liar;

struct node {
    struct nodelog *log;
    struct peer *peer; /* NULL while down */
    struct arena *arena;
    struct entropy_stream stream;
    bool exists;
    int side;        /* partition */
    int64_t skew_ms; /* own wall clock against the world's */
    uint32_t next_odd, address_version;
    uint32_t group; /* its number of the one group of the world; 0: none */
    uint64_t started_ms, tick_ms; /* tick_ms: deadline that stands in the heap */
    uint32_t spins;               /* ticks at one instant */
    uint32_t crashes;
    bool joined;
    bool expired; /* its invitation had ended when it came: it must be asked again */
    uint32_t invited_hour; /* of the group, when it was invited last */
    struct nodelog *saved; /* a copy of its log, see copies.h */
    uint64_t saved_ms;
    uint32_t saved_members, saved_drafts;
    bool copied, twin;
    uint8_t member_pk[32];
};

struct conn {
    bool open;
    int node[2]; /* 0: dialler, 1: accepter */
    uint32_t link[2];
    uint64_t busy_until[2]; /* keeps each direction in order */
};

struct said {
    char text[64];
    int node;
    uint8_t id[32];       /* entry hash */
    uint8_t envelope[32]; /* its id, once it was sealed */
    uint64_t draft;       /* while it waits for that */
    uint64_t at_ms;
    uint32_t end_hour; /* by the author's group hour; UINT32_MAX: kept */
    uint32_t
        members_then[WORLD_NODES_MAX / 32 + 1]; /* who was a member at the author's */
    bool may_be_lost;  /* its author was put back to before it */
    bool may_be_twice; /* it waited when its author was copied: both copies send it */
};

enum act_kind {
    ACT_DELIVER,
    ACT_ACCEPT,
    ACT_DIALED,
    ACT_CLOSED,
    ACT_TICK,
    ACT_RESTART,
    ACT_SENT
};

struct act {
    uint64_t at_ms, order;
    enum act_kind kind;
    int node, conn, end, err;
    uint32_t link;
    uint32_t epoch; /* node's crash count when it was made: stale ones are dropped */
    struct buf bytes;
};

/* What was injected and reached, over many runs. */
struct tally {
    uint64_t injected[6]; /* see struct world */
    uint64_t copies, twins, liars, real;
    uint64_t marks[MARKS_COUNT];
};

struct world {
    uint64_t seed, now_ms, order, events;
    struct entropy_stream stream;
    struct entropy dice;
    struct faults faults;
    struct node nodes[WORLD_NODES_MAX];
    int nodes_count;
    struct conn *conns; /* all there ever were; those before conns_first are over */
    int conns_count, conns_cap, conns_first;
    struct act *heap;
    size_t heap_count, heap_cap;
    struct said *said;
    int said_count;
    struct hasher trace;
    uint8_t trace_hash[32];
    char broken[400];
    FILE *out; /* transcript, or NULL */
    uint64_t
        injected[6]; /* cuts, corruptions, duplicates, crashes, failed dials, jumps */
    struct tally tally;
    bool watch_wire, copies_on;
    bool warns_on; /* warnings are written, confirmed and taken back */
    bool stays_on; /* how long texts stay is changed now and then */
    bool real;     /* nodes keep what they have in the real store ... */
    int disk_node; /* ... and this one on a disk that loses what was not synced */
    int twins;
    struct liar *liars[WORLD_NODES_MAX]; /* see liar.h */
    bool liars_last;                     /* they go on lying after healing */
    struct buf lied;
    void (*on_effect)(struct world *w, int n, const struct effect *e); /* or NULL */
    void *watch;                                                       /* its own */
};

/* A world of one seed.  NULL without memory. */
struct world *world_new(uint64_t seed);
/* Free everything. NULL is fine. */
void world_free(struct world *w);
/* A die: 0..bound-1. */
uint64_t world_die(struct world *w, uint64_t bound);
/* Add a node that is up; its number. */
int world_node(struct world *w);
/* One step of node `n` with an event whose times are filled in here; may crash it. */
void world_step(struct world *w, int n, struct event *ev);
/* A command to node `n`; returns its err.  `c` keeps its outputs. */
int world_command(struct world *w, int n, struct command *c);
/* Run until `until_ms`, or until something broke. */
void world_run(struct world *w, uint64_t until_ms);
/* Stop a node now (power cut) and start it again after `after_ms` (0: stays down). */
void world_crash(struct world *w, int n, uint64_t after_ms);
/* Start a stopped node. */
void world_start(struct world *w, int n);
/* Give a node another address (it moved). */
void world_move(struct world *w, int n);
/* Put node `n` on `side`; connections across sides are cut. */
void world_side(struct world *w, int n, int side);
/* No faults, one side, everybody up. */
void world_heal(struct world *w);
/* Record that an invariant broke (only the first counts). */
void world_break(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* One line of the transcript (also part of the trace hash). */
void world_note(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A tick for node `n` at `at_ms`, beside those its peer asks for. */
void world_poke(struct world *w, int n, uint64_t at_ms);
/* Node `n` dials `address` as its `link`, which its peer knows nothing of. */
void world_dial(struct world *w, int n, uint32_t link, const char *address);
/* Node `n` sends bytes on any of its links. */
void world_send(struct world *w, int n, uint32_t link, struct bytes bytes);
/* Node `n` closes any of its links. */
void world_close(struct world *w, int n, uint32_t link);
/* Finish the trace hash. */
void world_finish(struct world *w);

/* --- acts of people (acts.c) ------------------------------------------------------ */
/* Node `n` founds the group as `name`.  0 or an error. */
int world_found(struct world *w, int n, const char *name, uint32_t lifetime_hours);
/* Node `from` invites, node `to` begins to join as `name`. */
int world_invite(struct world *w, int from, int to, const char *name, bool steward);
/* Invite again whose invitation ended before they came: clocks that jump make the group
 * hour run a day ahead, and an honest steward then refuses (P6.4). */
void world_invite_expired(struct world *w);
/* The group hour of node `n` by its own view; 0 while it is down or no member. */
uint32_t world_hour(struct world *w, int n);
/* Node `n` says a text with a canary in it. */
int world_say(struct world *w, int n, const char *text);
/* As above, as a text that waits a moment first and then until it can be sealed. */
int world_say_later(struct world *w, int n, const char *text);
/* Node `n` changes how long new texts stay (P4.16).  0 or an error. */
int world_stay(struct world *w, int n, uint32_t lifetime_hours);
/* Node `n` warns; confirms, ends or takes back the warning it sees first.  0 or an
 * error. */
int world_warn(struct world *w, int n);
/* As above. */
int world_warn_act(struct world *w, int n, enum warning_act_kind kind);
/* Transcript line with the warnings that node `n` sees. */
void world_show_warnings(struct world *w, int n);
/* A waiting text of node `n` was sealed, into this row. */
void world_sent(struct world *w, int n, uint64_t draft, uint64_t row);
/* Node `n` takes another name. */
int world_rename(struct world *w, int n, const char *name);
/* True if node `n` is a member by its own view. */
bool world_joined(struct world *w, int n);
/* Print what node `n` shows ("n1 reads: a | b"). */
void world_show(struct world *w, int n);
/* Print who is in the group as node `n` shows it. */
void world_show_members(struct world *w, int n);

/* --- checks (checks.c) ------------------------------------------------------------ */
/* After every step of node `n`: tells and bounds. */
void world_check_step(struct world *w, int n, const struct effects *fx);
/* True if all members see the same members, names, digest, and every message that was
 * said while they were members and has not ended by anybody's group hour, in one order.
 * With `why` the difference is noted as broken. */
bool world_converged(struct world *w, bool why);

/* --- runs ------------------------------------------------------------------------- */
/* One swarm run; 0 or 1 (broken: printed with the command that repeats it). */
int swarm_run(uint64_t seed, bool verbose, uint8_t trace[static 32],
              struct tally *tally);
/* Delays between honest members with and without a liar, over `seeds` seeds each; of
 * one kind of lie if `only` is none below zero.  0, or 1: too late, or broken. */
int delays_run(uint64_t seeds, int only);
/* All stories against their golden transcripts in `dir` (NULL: the source's); `record`
 * writes them. Returns the number that failed; `*ran` counts them. */
int stories_run(const char *dir, const char *only, bool record, int *ran);

#endif
