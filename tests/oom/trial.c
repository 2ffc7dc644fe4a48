/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* trial.c -- the driver: see trial.h. */
#include "tests/oom/trial.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/oom/hook.h"

enum { ALL_MAX = 1000, EVERY = 500, STEP_AIM = 300, TOLD_MAX = 3 };

static struct {
    struct plan plan;
    const char *area, *name;
    uint64_t nth, asked_all, injected_all;
    bool rest;
    int told, failed_trials, trials, failures;
} state;

void trial_plan(const struct plan *plan)
{
    state.plan = *plan;
}

void trial_area(const char *name)
{
    state.area = name;
}

void digest_add(uint64_t *digest, struct bytes b)
{
    digest_number(digest, b.n);
    for (size_t i = 0; i < b.n; i++)
        *digest = (*digest ^ b.p[i]) * UINT64_C(0x100000001b3);
}

void digest_number(uint64_t *digest, uint64_t n)
{
    for (int i = 0; i < 64; i += 8)
        *digest = (*digest ^ (n >> i & 0xff)) * UINT64_C(0x100000001b3);
}

void trial_fail(const char *file, int line, const char *what)
{
    state.failures++;
    if (state.told++ >= TOLD_MAX)
        return;
    printf("%s:%d: failed: %s\n", file, line, what);
    if (state.name)
        printf("    repeat: oom %s --only '%s' --nth %ju%s\n", state.area, state.name,
               (uintmax_t)state.nth, state.rest ? " --rest" : "");
}

/* ---- one try ------------------------------------------------------------- */

struct outcome {
    int err;
    uint64_t asked, digest;
    bool fired;
};

static int file_lowest(void)
{
    int fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
    if (fd >= 0)
        (void)close(fd);
    return fd;
}

static struct outcome act(const struct trial *t, void *ctx, uint64_t nth)
{
    struct outcome o = {0};
    bool was = hook_watch(true);
    hook_arm(nth, state.rest);
    o.err = t->act(ctx);
    o.asked = hook_disarm();
    o.fired = hook_fired();
    (void)hook_watch(was);
    o.digest = t->digest ? t->digest(ctx) : 0;
    return o;
}

/* With allocation `nth` failing; 0: none.  What a clean try gives is in `clean`. */
static struct outcome try_one(const struct trial *t, void *ctx, uint64_t nth,
                              const struct outcome *clean)
{
    size_t live = hook_live();
    int file = file_lowest();
    state.nth = nth;
    if (t->before)
        t->before(ctx);
    struct outcome o = act(t, ctx, nth);
    if (nth > 0 && o.err == 0) {
        EXPECT(o.fired);
        EXPECT(t->loses || o.digest == clean->digest);
    } else if (nth > 0) {
        EXPECT(o.err == ERR_NOMEM);
        if (t->undo)
            t->undo(ctx);
        struct outcome again = act(t, ctx, 0);
        EXPECT(again.err == 0);
        EXPECT(again.digest == clean->digest);
    }
    if (t->after)
        t->after(ctx);
    EXPECT(hook_live() == live);
    EXPECT(file_lowest() == file);
    return o;
}

/* ---- all tries of a trial ------------------------------------------------ */

/* The allocation to fail after `nth`: each, unless there are very many; then each of
 * the first and after them about as many, evenly drawn with a step that is odd. */
static uint64_t nth_after(const struct trial *t, uint64_t nth, uint64_t total)
{
    if (t->few > 0 && total > t->few && !state.plan.all)
        return nth + total / t->few;
    if (state.plan.all || total <= ALL_MAX || nth < EVERY)
        return nth + 1;
    return nth + ((total - EVERY) / STEP_AIM | 1);
}

static uint64_t try_all(const struct trial *t, void *ctx, const struct outcome *clean)
{
    uint64_t injected = 0;
    for (int rest = 0; rest < 2; rest++) {
        state.rest = rest != 0;
        for (uint64_t n = 1; n <= clean->asked; n = nth_after(t, n, clean->asked)) {
            (void)try_one(t, ctx, n, clean);
            injected++;
        }
    }
    state.rest = false;
    return injected;
}

static uint64_t try_only(const struct trial *t, void *ctx, const struct outcome *clean)
{
    if (strcmp(state.plan.only, t->name) != 0)
        return 0;
    state.rest = state.plan.rest;
    hook_show(true);
    (void)try_one(t, ctx, state.plan.nth, clean);
    hook_show(false);
    state.rest = false;
    return 1;
}

void trial_run(const struct trial *t, void *ctx)
{
    int before = state.failures;
    state.name = t->name;
    state.told = 0;
    struct outcome clean = try_one(t, ctx, 0, NULL);
    EXPECT(clean.err == 0);
    EXPECT(clean.asked > 0); /* or there is nothing to try */
    uint64_t injected =
        state.plan.only ? try_only(t, ctx, &clean) : try_all(t, ctx, &clean);
    bool ok = state.failures == before;
    state.trials++;
    state.failed_trials += !ok;
    state.asked_all += clean.asked;
    state.injected_all += injected;
    if (!state.plan.only || injected > 0)
        printf("%s %s/%-28s %6ju allocations, %6ju failures injected\n",
               ok ? "ok  " : "FAIL", state.area, t->name, (uintmax_t)clean.asked,
               (uintmax_t)injected);
    state.name = NULL;
}

bool trial_end(void)
{
    int stray = state.failed_trials == 0 && state.failures > 0;
    printf("%ju allocations, %ju failures injected\n", (uintmax_t)state.asked_all,
           (uintmax_t)state.injected_all);
    printf("%d passed, %d failed\n", state.trials - state.failed_trials,
           state.failed_trials + stray);
    return state.failures == 0 && state.trials > 0;
}
