/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* swarm.c -- one seed draws topology, faults and acts; then everything heals and the
 * nodes must converge within three virtual hours.
 */
#include <string.h>

#include "tests/sim/copies.h"
#include "tests/sim/liar.h"

enum { REAL_EACH = 20, REAL_NODES_MAX = 4 };
/* In these seeds the founder now and then changes how long texts stay (P4.16).  None of
 * the kept seeds is one of them. */
enum { STAYS_EACH = 16, STAYS_AT = 8 };
/* In these people warn each other (P8.20); none of them was kept either. */
enum { WARNS_EACH = 16, WARNS_AT = 13 };
enum { HEAL_STEP_MS = 5 * 60 * 1000, HEAL_STEPS_MAX = 36, HOUR_MS = 3600 * 1000 };

static void draw_faults(struct world *w)
{
    struct faults f = {.delay_ms_max = (uint32_t)(1 + world_die(w, 2000))};
    if (world_die(w, 3))
        f.cut = (uint32_t)world_die(w, 60);
    if (world_die(w, 3) == 0)
        f.corrupt = (uint32_t)world_die(w, 30);
    if (world_die(w, 3) == 0)
        f.duplicate = (uint32_t)world_die(w, 30);
    if (world_die(w, 2))
        f.crash = (uint32_t)world_die(w, 30);
    if (world_die(w, 2))
        f.dial_fail = (uint32_t)world_die(w, 500);
    w->faults = f;
}

static int draw_count(struct world *w)
{
    if (world_die(w, 25) == 0)
        return 9 + (int)world_die(w, 22);
    return 3 + (int)world_die(w, 6);
}

static void one_act(struct world *w, int n, int act)
{
    static const uint32_t hours[] = {24, 720, 0, 168};
    char text[40];
    switch (world_die(w, 12)) {
    case 0:
        world_crash(w, n, 1 + world_die(w, 2 * HOUR_MS));
        w->injected[3]++;
        break;
    case 1:
        for (int k = 0; k < w->nodes_count; k++)
            world_side(w, k, (int)world_die(w, 2));
        break;
    case 2:
        for (int k = 0; k < w->nodes_count; k++)
            world_side(w, k, 0);
        break;
    case 3:
        w->nodes[n].skew_ms +=
            (int64_t)world_die(w, 400 * 24) * HOUR_MS * (world_die(w, 2) ? 1 : -1);
        w->injected[5]++;
        break;
    case 4:
        snprintf(text, sizeof text, "CANARY%d", (int)world_die(w, 4));
        (void)world_rename(w, n, text);
        break;
    case 5:
        /* Old copies know old addresses: who all moved would not be found again. */
        if (n != 0 && world_joined(w, n) && !w->copies_on)
            world_move(w, n);
        break;
    default:
        if (w->stays_on && act % 4 == 0)
            (void)world_stay(w, 0, hours[act / 4 % 4]);
        if (w->warns_on && act % 3 == 0 && world_joined(w, n) && w->nodes[n].peer)
            (void)(act % 2 ? world_warn(w, n)
                           : world_warn_act(w, n,
                                            (enum warning_act_kind)(1 + act / 3 % 3)));
        snprintf(text, sizeof text, "%d from %d", act, n);
        (void)world_say(w, n, text);
        break;
    }
}

static void people_act(struct world *w, int count)
{
    int joined = 1, acts = 20 + (int)world_die(w, 40);
    for (int i = 0; i < acts && !w->broken[0]; i++) {
        if (joined < count && (world_die(w, 3) == 0 || acts - i <= count - joined)) {
            char name[24];
            snprintf(name, sizeof name, "CANARY%d", joined % 5);
            if (world_invite(w, 0, joined, name, false) == 0)
                joined++;
        } else if (w->copies_on && world_die(w, 4) == 0) {
            copies_act(w, (int)world_die(w, (uint64_t)count));
        } else {
            one_act(w, (int)world_die(w, (uint64_t)count), i);
        }
        uint64_t pause =
            world_die(w, 4) ? world_die(w, 3000) : world_die(w, HOUR_MS / 4);
        world_run(w, w->now_ms + pause);
    }
}

static void heal_and_converge(struct world *w)
{
    world_heal(w);
    if (!w->liars_last)
        liars_stop(w);
    for (int i = 0; i < HEAL_STEPS_MAX && !w->broken[0]; i++) {
        world_run(w, w->now_ms + HEAL_STEP_MS);
        world_invite_expired(w);
        if (world_converged(w, false))
            return;
    }
    if (!w->broken[0])
        (void)world_converged(w, true);
}

static void tally_add(struct tally *to, const struct world *w)
{
    for (int i = 0; i < 6; i++)
        to->injected[i] += w->injected[i];
    for (int i = 0; i < MARKS_COUNT; i++)
        to->marks[i] += w->tally.marks[i];
    for (int n = 0; n < w->nodes_count; n++)
        to->liars += liar_is(w, n);
    to->real += w->real;
    to->copies += w->tally.copies;
    to->twins += w->tally.twins;
}

int swarm_run(uint64_t seed, bool verbose, uint8_t trace[static 32],
              struct tally *tally)
{
    struct world *w = world_new(seed);
    if (!w)
        return 1;
    if (verbose)
        w->out = stdout;
    int count = draw_count(w);
    w->real = seed % REAL_EACH == 0;
    if (w->real) {
        count = count > REAL_NODES_MAX ? REAL_NODES_MAX : count;
        w->disk_node = (int)world_die(w, (uint64_t)count);
    }
    w->warns_on = seed % WARNS_EACH == WARNS_AT;
    w->stays_on = seed % STAYS_EACH == STAYS_AT;
    for (int n = 0; n < count; n++)
        (void)world_node(w);
    liar_draw(w, count);
    if (!w->real) /* only what is in memory can be copied */
        copies_draw(w);
    if (world_found(w, 0, "CANARY0", world_die(w, 2) ? 720 : 0) != 0)
        world_break(w, "no group");
    draw_faults(w);
    people_act(w, count);
    heal_and_converge(w);
    world_note(w, "%d nodes, %llu events, %d texts", count,
               (unsigned long long)w->events, w->said_count);
    world_finish(w);
    memcpy(trace, w->trace_hash, 32);
    tally_add(tally, w);
    int failed = w->broken[0] != 0;
    if (failed)
        printf("seed %llu: %s\n  repeat it: sim --seed %llu\n",
               (unsigned long long)seed, w->broken, (unsigned long long)seed);
    world_free(w);
    return failed;
}
