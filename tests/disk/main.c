/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* main.c -- the program disk: power cuts and bad disks under the real store.
 *
 *     disk --power [--long]     cuts at every sync of drawn working lives, and others
 *     disk --faults [--long]    every call of the disk fails once, in turn
 *     disk --seed N --point OPS:CUT:SEED                    one cut again
 *     disk --seed N --fault KIND:CALL:FIRST:COUNT:FORGET    one fault again
 *
 * The last line is `N passed, N failed`; a part is a working life with its cuts, or a
 * run with a fault and the cuts after it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tests/disk/point.h"
#include "tests/lib/temp.h"

enum {
    DEEDS_POWER = 28,
    DEEDS_FAULTS = 14,
    SEEDS_POWER = 6,
    SEEDS_FAULTS = 1,
    SEEDS_SYNCS = 3,
    SEEDS_LONG = 2000,
    FAULT_SEEDS_LONG = 8
};

static const char *const cut_names[CUT_KINDS] = {"kept",    "lost",   "torn",
                                                 "sectors", "blocks", "garbage"};
static const char *const fault_names[FAULT_KINDS] = {"none", "io", "short", "full",
                                                     "readonly"};
static const char *const call_names[CALLS] = {"open", "read", "write",  "truncate",
                                              "sync", "size", "delete", "access"};

static struct {
    char folder[TEMP_PATH_BYTES];
    const char *program;
    bool is_long;
    uint64_t cuts[CUT_KINDS], faults[FAULT_KINDS][CALLS], forgotten, hurt;
    uint64_t commits, acked, sealed, uses, syncs;
    int passed, failed;
} run;

/* ---- power cuts ---------------------------------------------------------- */

static bool cut(const struct work *w, const struct replay *r, const struct point *p,
                const char *with)
{
    char why[300];
    run.cuts[p->kind]++;
    if (point_check(w, r, p, why))
        return true;
    printf("failed: %s\n    repeat: %s --seed %llu%s%s --point %zu:%d:%llu\n", why,
           run.program, (unsigned long long)w->seed, *with ? " --fault " : "", with,
           p->ops, (int)p->kind, (unsigned long long)p->seed);
    return false;
}

/* The record just before a point, for who repeats a failure. */
static void show_record(const struct disk *d, size_t ops)
{
    static const char *const kinds[] = {"create", "delete", "write", "truncate",
                                        "sync"};
    for (size_t i = ops > 60 ? ops - 60 : 0; i < ops && i < d->ops_count; i++) {
        const struct disk_op *op = &d->ops[i];
        printf("    %5zu %-8s %s %u at %llu, %zu bytes%s\n", i, kinds[op->kind],
               op->name == DISK_DATA ? "data" : "log ", op->inode,
               (unsigned long long)op->at, op->bytes.n, op->failed ? ", failed" : "");
    }
}

/* Before a sync all kinds of cut; elsewhere one, at times. */
static bool cuts_at(const struct work *w, const struct replay *r, size_t ops,
                    uint64_t *draw)
{
    const struct disk *d = w->disk;
    bool sync_next = ops < d->ops_count && d->ops[ops].kind == DISK_SYNC;
    bool sync_done = ops > 0 && d->ops[ops - 1].kind == DISK_SYNC;
    bool ok = true;
    run.syncs += sync_next;
    for (int kind = 0; kind < CUT_KINDS && ok; kind++) {
        struct point p = {ops, (enum cut_kind)kind, disk_draw(draw)};
        bool wanted =
            sync_next || disk_below(draw, 24) == 0 || (sync_done && kind == CUT_LOST);
        if (wanted)
            ok = cut(w, r, &p, "");
    }
    return ok;
}

static struct work *life(uint64_t seed, struct once *once, bool alone,
                         const struct disk_fault *fault)
{
    struct disk *d = disk_new(run.folder, NULL);
    struct work *w = work_new(seed, d, once, alone);
    if (fault)
        disk_fail(d, fault);
    work_run(w, alone ? DEEDS_FAULTS : DEEDS_POWER);
    return w;
}

static void life_end(struct work *w)
{
    struct disk *d = w->disk;
    run.commits += w->commits_count;
    run.sealed += w->sealed_count;
    work_free(w);
    disk_free(d);
}

static bool life_broken(const struct work *w, const char *with)
{
    if (w->broken[0])
        printf("failed: %s\n    repeat: %s --seed %llu%s%s\n", w->broken, run.program,
               (unsigned long long)w->seed, *with ? " --fault " : " --power", with);
    return w->broken[0] != '\0';
}

static void power_seed(uint64_t seed)
{
    uint64_t draw = seed * 31 + 7;
    struct once *once = once_new();
    struct work *w = life(seed, once, false, NULL);
    work_shut(w, false);
    bool ok = !life_broken(w, "");
    struct replay *r = replay_new(w->disk);
    for (size_t ops = 0; ops <= w->disk->ops_count && ok; ops++) {
        replay_to(r, ops);
        ok = cuts_at(w, r, ops, &draw);
    }
    replay_free(r);
    life_end(w);
    run.uses += once_count(once);
    once_free(once);
    run.passed += ok;
    run.failed += !ok;
}

/* ---- faults -------------------------------------------------------------- */

static void fault_text(char out[static 64], const struct disk_fault *f)
{
    (void)snprintf(out, 64, "%d:%d:%llu:%llu:%d", (int)f->kind, (int)f->call,
                   (unsigned long long)f->first, (unsigned long long)f->count,
                   (int)f->forget);
}

/* The disk works again: everything goes on. */
static void after_fault(struct work *w)
{
    static const struct disk_fault none;
    disk_fail(w->disk, &none);
    if (w->broken[0])
        return;
    if (work_say(w, 50) != 0)
        work_break(w, "no text can be said after the fault");
    int err = store_settle(w->side[0].store);
    if (!err)
        err = store_check(w->side[0].store);
    if (err)
        work_break(w, "after the fault the store says %s, page %u", err_name(err),
                   store_damaged_page(w->side[0].store));
}

/* Where the call failed, and some cuts behind it. */
static bool cuts_after(struct work *w, uint64_t *draw, const char *with,
                       const struct point *only)
{
    struct replay *r = replay_new(w->disk);
    size_t step = w->disk->ops_count / 3 + 1;
    bool ok = true;
    for (size_t at = disk_below(draw, step); ok && !only;
         at += 1 + disk_below(draw, step)) {
        size_t ops = at < w->disk->ops_count ? at : w->disk->ops_count;
        struct point p = {ops, (enum cut_kind)disk_below(draw, CUT_KINDS),
                          disk_draw(draw)};
        replay_to(r, ops);
        ok = cut(w, r, &p, with);
        if (at >= w->disk->ops_count)
            break;
    }
    if (only) {
        replay_to(r, only->ops);
        show_record(w->disk, only->ops);
        ok = cut(w, r, only, with);
    }
    replay_free(r);
    return ok;
}

static void fault_run(uint64_t seed, const struct disk_fault *f, uint64_t calls[CALLS],
                      const struct point *only)
{
    char with[64];
    uint64_t draw = seed * 977 + f->first;
    struct once *once = once_new();
    struct work *w = life(seed, once, seed % 2 == 1, f);
    fault_text(with, f);
    if (calls)
        memcpy(calls, w->disk->calls, CALLS * sizeof *calls);
    run.hurt += w->disk->hurt;
    run.forgotten += f->forget;
    run.faults[f->kind][f->call]++;
    after_fault(w);
    work_shut(w, disk_below(&draw, 2) == 0);
    bool ok = !life_broken(w, with) && cuts_after(w, &draw, with, only);
    life_end(w);
    run.uses += once_count(once);
    once_free(once);
    run.passed += ok;
    run.failed += !ok;
}

/* Every call of a kind in turn, or every `stride`th. */
static void fault_every(uint64_t seed, struct disk_fault f, uint64_t calls,
                        uint64_t stride)
{
    for (uint64_t i = seed % stride; i < calls; i += stride) {
        f.first = i;
        fault_run(seed, &f, NULL, NULL);
    }
}

/* Syncs that fail several times in a row: a kill and new starts fall between. */
static void syncs_seed(uint64_t seed)
{
    static const struct disk_fault none;
    struct disk_fault syncs = {FAULT_IO, CALL_SYNC, 0, 7, false};
    uint64_t calls[CALLS];
    fault_run(seed, &none, calls, NULL);
    fault_every(seed, syncs, calls[CALL_SYNC], 1);
}

static void faults_seed(uint64_t seed)
{
    static const struct disk_fault none;
    uint64_t calls[CALLS];
    uint64_t some = run.is_long ? 1 : 12, few = run.is_long ? 2 : 24;
    fault_run(seed, &none, calls, NULL);
    for (int call = 0; call < CALLS; call++) {
        struct disk_fault f = {FAULT_IO, (enum disk_call)call, 0, 1, false};
        bool many = call == CALL_WRITE || call == CALL_READ || call == CALL_SIZE;
        fault_every(seed, f, calls[call], many ? some : 1);
    }
    struct disk_fault forget = {FAULT_IO, CALL_SYNC, 0, 1, true};
    fault_every(seed, forget, calls[CALL_SYNC], 1);
    struct disk_fault syncs = {FAULT_IO, CALL_SYNC, 0, 7, false};
    fault_every(seed, syncs, calls[CALL_SYNC], 1);
    struct disk_fault brief = {FAULT_SHORT, CALL_READ, 0, 1, false};
    fault_every(seed, brief, calls[CALL_READ], some);
    struct disk_fault full = {FAULT_FULL, CALL_WRITE, 0, 9, false};
    fault_every(seed, full, calls[CALL_WRITE], some);
    struct disk_fault full_once = {FAULT_FULL, CALL_WRITE, 0, 1, false};
    fault_every(seed, full_once, calls[CALL_WRITE], few);
    struct disk_fault readonly = {FAULT_READONLY, CALL_WRITE, 0, 12, false};
    fault_every(seed, readonly, calls[CALL_WRITE], few);
}

/* ---- the program --------------------------------------------------------- */

static void report(void)
{
    uint64_t points = 0;
    for (int i = 0; i < CUT_KINDS; i++)
        points += run.cuts[i];
    printf("power cuts: %llu points, %llu syncs cut in every way;",
           (unsigned long long)points, (unsigned long long)run.syncs);
    for (int i = 0; i < CUT_KINDS; i++)
        printf(" %s %llu", cut_names[i], (unsigned long long)run.cuts[i]);
    printf("\nfaults:");
    for (int kind = FAULT_IO; kind < FAULT_KINDS; kind++)
        for (int call = 0; call < CALLS; call++)
            if (run.faults[kind][call] > 0)
                printf(" %s/%s %llu", fault_names[kind], call_names[call],
                       (unsigned long long)run.faults[kind][call]);
    printf(" (%llu with the pages of the failed sync forgotten); %llu calls failed\n",
           (unsigned long long)run.forgotten, (unsigned long long)run.hurt);
    printf("%llu commits, %llu envelopes, %llu nonces and places used once each\n",
           (unsigned long long)run.commits, (unsigned long long)run.sealed,
           (unsigned long long)run.uses);
    printf("%d passed, %d failed\n", run.passed, run.failed);
}

/* Numbers with colons between; how many were read. */
static int numbers(const char *text, uint64_t *out, int max)
{
    int n = 0;
    while (n < max && *text) {
        char *end = NULL;
        out[n++] = strtoull(text, &end, 10);
        text = *end == ':' ? end + 1 : end;
        if (end == text && *end)
            break;
    }
    return n;
}

static int again(uint64_t seed, const char *fault, const char *point)
{
    uint64_t n[5] = {0};
    struct point p = {0};
    if (point && numbers(point, n, 3) == 3)
        p = (struct point){(size_t)n[0], (enum cut_kind)n[1], n[2]};
    if (fault && numbers(fault, n, 5) == 5) {
        struct disk_fault f = {(enum disk_fault_kind)n[0], (enum disk_call)n[1], n[2],
                               n[3], n[4] != 0};
        fault_run(seed, &f, NULL, point ? &p : NULL);
    } else if (point) {
        struct once *once = once_new();
        struct work *w = life(seed, once, false, NULL);
        work_shut(w, false);
        bool ok = !life_broken(w, "");
        struct replay *r = replay_new(w->disk);
        CHECK(p.ops <= w->disk->ops_count && p.kind < CUT_KINDS);
        replay_to(r, p.ops);
        show_record(w->disk, p.ops);
        ok = ok && cut(w, r, &p, "");
        replay_free(r);
        life_end(w);
        once_free(once);
        run.passed += ok;
        run.failed += !ok;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *fault = NULL, *point = NULL;
    uint64_t seed = 0;
    bool power = false, faults = false;
    const char *is_long = getenv("KRING_LONG");
    run.is_long = is_long && strcmp(is_long, "1") == 0;
    run.program = argv[0];
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--power") == 0)
            power = true;
        else if (strcmp(argv[i], "--faults") == 0)
            faults = true;
        else if (strcmp(argv[i], "--long") == 0)
            run.is_long = true;
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--fault") == 0)
            fault = value, i++;
        else if (strcmp(argv[i], "--point") == 0)
            point = value, i++;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    temp_make(run.folder);
    if (fault || point)
        (void)again(seed, fault, point);
    uint64_t seeds = seed ? 1 : run.is_long ? SEEDS_LONG : SEEDS_POWER;
    for (uint64_t i = 0; power && i < seeds; i++)
        power_seed(seed ? seed : i + 1);
    seeds = seed ? 1 : run.is_long ? FAULT_SEEDS_LONG : SEEDS_FAULTS;
    for (uint64_t i = 0; faults && i < seeds; i++)
        faults_seed(seed ? seed : i + 1);
    for (uint64_t i = 0; faults && !seed && i < SEEDS_SYNCS; i++)
        syncs_seed(3 + 2 * i);
    temp_remove(run.folder);
    report();
    return run.failed > 0 || run.passed == 0;
}
