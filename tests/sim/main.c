/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* main.c -- the program sim: the deterministic world.
 *
 *     sim --seed N            one run, with its transcript and trace hash
 *     sim --seeds N [--from M] [--demand]  N runs; prints what failed and how to repeat
 *                             it; with --demand every rare path must have been taken
 *     sim --kept              the seeds that failed once (tests/sim/kept)
 *     sim --delays N [--lie K]  how late texts are under attack, over N seeds
 *     sim --stories [--record] [--only NAME]   named stories against their transcripts
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

static const char *const mark_names[] = {
#define X(name, what) #name,
    MARKS_TABLE(X)
#undef X
};

static unsigned long long ull(uint64_t n)
{
    return n;
}

/* Print what was injected and reached; how many rare paths were not. */
static int tally_print(const struct tally *t)
{
    int missed = 0;
    printf(
        "injected: %llu cuts, %llu corruptions, %llu duplicates, %llu crashes, "
        "%llu failed dials, %llu clock jumps,\n"
        "          %llu liars, %llu put back from a copy, %llu twins, "
        "%llu runs over the real store\n",
        ull(t->injected[0]), ull(t->injected[1]), ull(t->injected[2]),
        ull(t->injected[3]), ull(t->injected[4]), ull(t->injected[5]), ull(t->liars),
        ull(t->copies), ull(t->twins), ull(t->real));
    printf("reached:");
    for (int i = 0; i < MARKS_COUNT; i++)
        if (t->marks[i])
            printf(" %s %llu", mark_names[i], ull(t->marks[i]));
    printf("\nnever reached:");
    for (int i = 0; i < MARKS_COUNT; i++)
        if (!t->marks[i])
            missed += printf(" %s", mark_names[i]) > 0;
    printf("%s\n", missed ? "" : " none");
    return missed;
}

static int run_seeds(uint64_t from, uint64_t count, bool demand)
{
    struct tally tally = {0};
    int failed = 0;
    for (uint64_t seed = from; seed < from + count; seed++) {
        uint8_t trace[32];
        failed += swarm_run(seed, false, trace, &tally);
        fflush(stdout);
    }
    int missed = tally_print(&tally);
    printf("%llu passed, %d failed\n", ull(count - (uint64_t)failed), failed);
    return failed || (demand && missed) ? 1 : 0;
}

/* Seeds that failed once, a number a line. */
static int run_kept(void)
{
    struct tally tally = {0};
    char line[200];
    int failed = 0, ran = 0;
    FILE *f = fopen(KRING_TESTS_DIR "/sim/kept", "r");
    while (f && fgets(line, sizeof line, f)) {
        uint8_t trace[32];
        uint64_t seed = strtoull(line, NULL, 10);
        if (seed == 0)
            continue;
        failed += swarm_run(seed, false, trace, &tally);
        ran++;
    }
    if (f)
        (void)fclose(f);
    printf("%d passed, %d failed\n", ran - failed, failed);
    return failed || ran == 0;
}

static int run_one(uint64_t seed)
{
    struct tally tally = {0};
    uint8_t trace[32];
    int failed = swarm_run(seed, true, trace, &tally);
    (void)tally_print(&tally);
    printf("trace ");
    for (int i = 0; i < 32; i++)
        printf("%02x", trace[i]);
    printf("\n");
    return failed;
}

static int run_stories(const char *only, bool record)
{
    int ran = 0, failed = stories_run(NULL, only, record, &ran);
    printf("%d passed, %d failed\n", ran - failed, failed);
    return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    uint64_t seeds = 0, from = 1, delays = 0;
    int lie = -1;
    bool one = false, stories = false, record = false, demand = false, kept = false;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--seed") == 0)
            one = true, from = strtoull(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--seeds") == 0)
            seeds = strtoull(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--from") == 0)
            from = strtoull(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--delays") == 0)
            delays = strtoull(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--lie") == 0)
            lie = (int)strtol(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--only") == 0)
            only = value, i++;
        else if (strcmp(argv[i], "--demand") == 0)
            demand = true;
        else if (strcmp(argv[i], "--kept") == 0)
            kept = true;
        else if (strcmp(argv[i], "--stories") == 0)
            stories = true;
        else if (strcmp(argv[i], "--record") == 0)
            record = true;
    }
    if (crypto_init() != 0)
        return 71;
    if (delays)
        return delays_run(delays, lie);
    if (one)
        return run_one(from);
    if (kept)
        return run_kept();
    if (stories)
        return run_stories(only, record);
    if (seeds)
        return run_seeds(from, seeds, demand);
    fprintf(stderr, "sim --seed N | --seeds N [--from M] [--demand] | --kept |\n"
                    "    --delays N [--lie K] | --stories [--record] [--only NAME]\n");
    return 64;
}
