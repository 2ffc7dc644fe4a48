/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* main.c -- every path that takes memory, with each allocation failing in turn.
 *
 *     oom [--long] [AREA...]
 *     oom AREA --only TRIAL --nth N [--rest]     one failure again, with its place
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "tests/oom/areas.h"
#include "tests/oom/hook.h"
#include "tests/oom/trial.h"

static const struct {
    const char *name;
    void (*run)(void);
} areas[] = {{"pure", area_pure},   {"people", area_people}, {"members", area_members},
             {"links", area_links}, {"mend", area_mend},     {"store", area_store}};

enum { AREAS = sizeof areas / sizeof *areas };

static bool area_wanted(const char *name, int count, char **words)
{
    bool some = false;
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], name) == 0)
            return true;
        for (int k = 0; k < AREAS; k++)
            some = some || strcmp(words[i], areas[k].name) == 0;
    }
    return !some;
}

int main(int count, char **words)
{
    const char *env = getenv("KRING_LONG");
    struct plan plan = {.all = env && strcmp(env, "1") == 0};
    for (int i = 1; i < count; i++) {
        plan.all = plan.all || strcmp(words[i], "--long") == 0;
        plan.rest = plan.rest || strcmp(words[i], "--rest") == 0;
        if (strcmp(words[i], "--only") == 0 && i + 1 < count)
            plan.only = words[i + 1];
        if (strcmp(words[i], "--nth") == 0 && i + 1 < count)
            plan.nth = strtoull(words[i + 1], NULL, 10);
    }
    setvbuf(stdout, NULL, _IOLBF, 0); /* so that a crash keeps what was said */
    hook_install();
    CHECK(crypto_init() == 0);
    trial_plan(&plan);
    for (int k = 0; k < AREAS; k++)
        if (area_wanted(areas[k].name, count, words)) {
            trial_area(areas[k].name);
            areas[k].run();
        }
    return trial_end() ? 0 : 1;
}
