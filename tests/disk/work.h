/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* work.h -- a member at work over the real store on a recording disk.
 *
 *     work_new -> work_open -> { work_deed | work_run } -> work_shut -> work_free
 *
 * Member A is a real core over the real store and keeps the host's rules (P12.4): a
 * turn of steps is one transaction, its effects leave after the commit; an error undoes
 * the turn and a new core starts from what is committed.  Member B is a real core over
 * a log in memory, wired to A.
 *
 * For every turn it is kept where in the disk's record its commit began and ended, and
 * a hash of all that the log then held.
 */
#ifndef TESTS_DISK_WORK_H
#define TESTS_DISK_WORK_H

#include "crypto/arena.h"
#include "crypto/entropy_os.h"
#include "node/core/peer.h"
#include "store/store.h"
#include "tests/disk/disk.h"
#include "tests/disk/once.h"
#include "tests/sim/memlog.h"

enum { SIDES = 2, WORK_CONNS_MAX = 1024, WORK_COMMITS_MAX = 4096 };

enum deed {
    DEED_SAY,
    DEED_SAY_LONG,
    DEED_DRAFT,
    DEED_TAKE_BACK,
    DEED_RENAME,
    DEED_READ,
    DEED_REKEY,
    DEED_HOUR,
    DEED_DAY,
    DEED_SETTLE,
    DEED_REOPEN,
    DEED_KILL, /* the process ends without a word; the disk stays as it is */
    DEEDS_ALONE,
    DEED_THEY_SAY = DEEDS_ALONE,
    DEED_THEY_SAY_MORE,
    DEED_THEY_RENAME,
    DEED_THEY_REKEY,
    DEEDS
};

/* A turn's end.  Acknowledged when `acked_ops` is not SIZE_MAX. */
struct commit {
    size_t begun_ops, acked_ops;
    uint8_t hash[32];
    uint64_t wall_ms;
    uint32_t group; /* A's, 0: none yet */
};

/* An own envelope that was acknowledged: its root, place and position. */
struct sealed {
    uint8_t place[16], envelope[16];
    size_t acked_ops;
};

struct side {
    struct store *store; /* A */
    struct memlog *log;  /* B */
    struct peer *peer;
    struct arena *arena;
    struct entropy_stream stream;
    struct entropy entropy;
    uint32_t group, next_odd;
    bool joined;
};

struct wire {
    int member[2]; /* -1: gone */
    uint32_t link[2];
};

struct work_act {
    int member, wire, end, err;
    enum ev_kind kind;
    uint32_t link;
    struct buf bytes;
    size_t n;
};

/* An effect of A's turn, to be let out after the commit. */
struct work_effect {
    struct effect fx;
    struct buf bytes;
};

struct work {
    uint64_t seed, draw;
    const char *folder;
    struct disk *disk;
    struct once *once;
    uint8_t data_key[32];
    bool alone; /* there is no B */
    struct side side[SIDES];
    struct wire wire[WORK_CONNS_MAX];
    int wires;
    struct work_act *acts;
    size_t acts_count, acts_at, acts_cap;
    struct work_effect *turn;
    size_t turn_count, turn_cap;
    bool turn_open;
    uint64_t now_ms, wall_ms, last_row, draft;
    struct commit *commits;
    size_t commits_count, acked; /* acked: number of the last acknowledged, plus 1 */
    size_t opened_commits;       /* how many there were at the last opening */
    size_t created_ops;          /* store_create had returned; SIZE_MAX: not yet */
    struct sealed *sealed;
    size_t sealed_count, sealed_cap;
    bool look;         /* keep a hash of what the next opening found */
    uint8_t found[32]; /* that hash */
    uint64_t failures, texts, restarts;
    struct buf text;  /* said last */
    char broken[300]; /* the first thing that was wrong */
};

/* A member without a store yet, on `disk` (lent), all drawn from `seed`.  `once` is
 * lent. */
struct work *work_new(uint64_t seed, struct disk *disk, struct once *once, bool alone);
/* Open the store, or make it where there is none, and start the core; tries again
 * while the disk fails.  False: w->broken says why. */
bool work_open(struct work *w);
/* Found the group; with B: invite it and let it join. */
bool work_found(struct work *w);
/* Do one thing that people do. */
void work_deed(struct work *w, enum deed deed);
/* A whole drawn working life of at least `deeds` deeds: every kind comes once, the rest
 * is drawn. */
void work_run(struct work *w, uint32_t deeds);
/* Say a text; 0 when it is acknowledged. */
int work_say(struct work *w, size_t bytes);
/* Stop the core and close the store; `power`: the power fails first. */
void work_shut(struct work *w, bool power);
/* Whether the log may hold this after `ops` operations, looking at the first `end`
 * commits: what was acknowledged, or a commit that was under way or failed since.  One
 * that failed may come back until a later one took its place in the log: one that had
 * nothing to write did not. */
bool work_allowed(const struct work *w, size_t ops, size_t end, const uint8_t *hash);
/* A hash of all that A's log holds. */
void work_hash(struct work *w, uint8_t hash[static 32]);
/* Whether A shows the text that was said last, and how many it shows at all. */
bool work_shows_last(struct work *w, uint32_t *count);
/* Note what is wrong; the first counts. */
void work_break(struct work *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Free; the store must be shut.  NULL is fine. */
void work_free(struct work *w);

#endif
