/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* main.c -- the program sim: the deterministic world.
 *
 *     sim --seed N            one run, with its transcript and trace hash
 *     sim --seeds N [--from M]  N runs; prints what failed and how to repeat it
 *     sim --stories [--record] [--only NAME]   named stories against their transcripts
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

static int run_seeds(uint64_t from, uint64_t count)
{
    uint64_t injected[6] = {0};
    int failed = 0;
    for (uint64_t seed = from; seed < from + count; seed++) {
        uint8_t trace[32];
        failed += swarm_run(seed, false, trace, injected);
        fflush(stdout);
    }
    printf("injected: %llu cuts, %llu corruptions, %llu duplicates, %llu crashes, "
           "%llu failed dials, %llu clock jumps\n",
           (unsigned long long)injected[0], (unsigned long long)injected[1],
           (unsigned long long)injected[2], (unsigned long long)injected[3],
           (unsigned long long)injected[4], (unsigned long long)injected[5]);
    printf("%llu passed, %d failed\n", (unsigned long long)(count - (uint64_t)failed),
           failed);
    return failed ? 1 : 0;
}

static int run_one(uint64_t seed)
{
    uint64_t injected[6] = {0};
    uint8_t trace[32];
    int failed = swarm_run(seed, true, trace, injected);
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
    uint64_t seeds = 0, from = 1;
    bool one = false, stories = false, record = false;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--seed") == 0)
            one = true, from = strtoull(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--seeds") == 0)
            seeds = strtoull(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--from") == 0)
            from = strtoull(value, NULL, 10), i++;
        else if (strcmp(argv[i], "--only") == 0)
            only = value, i++;
        else if (strcmp(argv[i], "--stories") == 0)
            stories = true;
        else if (strcmp(argv[i], "--record") == 0)
            record = true;
    }
    if (crypto_init() != 0)
        return 71;
    if (one)
        return run_one(from);
    if (stories)
        return run_stories(only, record);
    if (seeds)
        return run_seeds(from, seeds);
    fprintf(
        stderr,
        "sim --seed N | --seeds N [--from M] | --stories [--record] [--only NAME]\n");
    return 64;
}
