/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* trial.h -- one act of the product, tried with every allocation failing in turn.
 *
 * The driver does the act once to count what it asks for, then once for every
 * allocation with that one failing, and once more with all after it failing too:
 *
 *     before -> act fails -> undo -> act succeeds, digest as ever -> after
 *
 * and counts the product's blocks before and behind.
 */
#ifndef TESTS_OOM_TRIAL_H
#define TESTS_OOM_TRIAL_H

#include "base/bytes.h"

struct trial {
    const char *name;
    int (*act)(void *ctx);         /* watched; 0 when memory suffices */
    void (*before)(void *ctx);     /* make ready; may be NULL, as the others */
    void (*undo)(void *ctx);       /* after a failure: check, and make ready again */
    void (*after)(void *ctx);      /* free what act and before made */
    uint64_t (*digest)(void *ctx); /* what came of it, compared between tries */
    bool loses;   /* a failure may be got over with less coming of it */
    uint32_t few; /* a slow act: about so many of its allocations fail, unless all */
};

/* What the command line wants. */
struct plan {
    bool all;         /* fail every allocation, however many there are */
    const char *only; /* this trial alone, with ... */
    uint64_t nth;     /* ... this allocation alone ... */
    bool rest;        /* ... and all after it */
};

/* Read the plan; before any trial. */
void trial_plan(const struct plan *plan);
/* Begin an area; its name is part of what is printed. */
void trial_area(const char *name);
/* Try it.  Prints a line. */
void trial_run(const struct trial *t, void *ctx);
/* Something that does not hold; `line` is where it was found. */
void trial_fail(const char *file, int line, const char *what);
/* Print the sum; true if nothing failed. */
bool trial_end(void);
/* Mix bytes into a digest. */
void digest_add(uint64_t *digest, struct bytes b);
/* Mix a number into a digest. */
void digest_number(uint64_t *digest, uint64_t n);

/* Must hold, or the trial fails and names its allocation. */
#define EXPECT(cond)                                                                   \
    do {                                                                               \
        if (!(cond))                                                                   \
            trial_fail(__FILE__, __LINE__, #cond);                                     \
    } while (0)

#endif
