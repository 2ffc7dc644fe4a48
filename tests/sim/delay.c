/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* delay.c -- how long texts take between honest members, with and without a liar among
 * them (P8).
 *
 * One group of seven on slow lines.  The same texts are said by the same people at the
 * same times, once with the seventh honest and once for every kind of lie.  What counts
 * is the time from saying a text to showing it, for every honest pair.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tests/sim/liar.h"

enum {
    HONEST = 6,
    LIAR = 6,
    TEXTS = 16,
    NEVER_MS = 3 * 60 * 1000, /* counted for a text that did not come */
    LIE_MS = 1500,
    WARM_MS = 90 * 1000,     /* what the first lies cost once is over then */
    LINE_BYTES_PER_MS = 125, /* a megabit a second each way of every connection */
    FACTOR_MAX = 2,
};

struct delays {
    uint32_t *ms;
    size_t count, cap;
};

struct watch {
    struct delays *into;
    bool seen[TEXTS][HONEST];
    int said_first; /* number of the first text in world->said */
};

static void delays_add(struct delays *d, uint64_t ms)
{
    if (d->count == d->cap) {
        d->cap = d->cap ? 2 * d->cap : 1024;
        d->ms = realloc(d->ms, d->cap * sizeof *d->ms);
        CHECK(d->ms != NULL);
    }
    d->ms[d->count++] = (uint32_t)(ms < NEVER_MS ? ms : NEVER_MS);
}

struct finding {
    struct world *w;
    uint64_t row;
    int found; /* in world->said */
};

static bool holds(struct bytes all, struct bytes part)
{
    for (size_t i = 0; i + part.n <= all.n; i++)
        if (memcmp(all.p + i, part.p, part.n) == 0)
            return true;
    return false;
}

static int find_text(void *ctx, const struct content_row *row)
{
    struct finding *f = ctx;
    for (int i = 0; i < f->w->said_count && row->row == f->row; i++)
        if (holds(row->body, BYTES(f->w->said[i].text, strlen(f->w->said[i].text))))
            f->found = i;
    return 1;
}

/* A node told its person of an entry. */
static void watch_told(struct world *w, int n, const struct effect *e)
{
    struct watch *watch = w->watch;
    struct finding f = {w, e->row, -1};
    if (n >= HONEST || e->kind != FX_TELL || e->tell != TELL_ENTRY)
        return;
    struct log log = nodelog_log(w->nodes[n].log);
    CHECK(log.ops->content_scan(log.ctx, e->group, e->row - 1, true, find_text, &f) >=
          0);
    int text = f.found - watch->said_first;
    if (f.found < 0 || text < 0 || text >= TEXTS || watch->seen[text][n])
        return;
    watch->seen[text][n] = true;
    delays_add(watch->into, w->now_ms - w->said[f.found].at_ms);
}

static void gather_people(struct world *w)
{
    char name[24];
    w->faults = (struct faults){.delay_ms_max = 100, .bytes_per_ms = LINE_BYTES_PER_MS};
    for (int n = 0; n <= LIAR; n++)
        (void)world_node(w);
    CHECK(world_found(w, 0, "CANARY0", 720) == 0);
    for (int n = 1; n <= LIAR; n++) {
        (void)snprintf(name, sizeof name, "CANARY%d", n);
        CHECK(world_invite(w, 0, n, name, false) == 0);
        world_run(w, w->now_ms + 20000);
    }
    world_run(w, w->now_ms + 5 * 60 * 1000);
}

static void talk(struct world *w)
{
    char text[40];
    for (int i = 0; i < TEXTS && !w->broken[0]; i++) {
        int by = (int)world_die(w, HONEST);
        (void)snprintf(text, sizeof text, "text %d.", i);
        (void)world_say_later(w, by, text);
        world_run(w, w->now_ms + 2000 + world_die(w, 8000));
    }
    world_run(w, w->now_ms + NEVER_MS);
}

/* One run; false if something broke.  `lie` LIES: nobody lies. */
static bool delay_one(uint64_t seed, enum lie lie, struct delays *into)
{
    struct world *w = world_new(seed);
    struct watch watch = {.into = into};
    CHECK(w != NULL);
    gather_people(w);
    if (lie != LIES)
        liar_make(w, LIAR, 1u << lie, LIE_MS);
    world_run(w, w->now_ms + WARM_MS);
    watch.said_first = w->said_count;
    w->watch = &watch;
    w->on_effect = watch_told;
    talk(w);
    for (int i = watch.said_first; i < w->said_count; i++)
        for (int n = 0; n < HONEST; n++)
            if (n != w->said[i].node && !watch.seen[i - watch.said_first][n])
                delays_add(into, NEVER_MS);
    if (w->broken[0])
        printf("delays, seed %llu, %s: %s\n", (unsigned long long)seed,
               lie == LIES ? "no lies" : lie_name(lie), w->broken);
    bool good = !w->broken[0];
    world_free(w);
    return good;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static uint32_t at_percent(const struct delays *d, size_t percent)
{
    return d->count ? d->ms[(d->count - 1) * percent / 100] : 0;
}

/* Print one line; true if neither figure is more than FACTOR_MAX times the usual. */
static bool report(const char *what, struct delays *d, const struct delays *usual)
{
    if (d->count) /* nothing came at all: qsort has no use for it */
        qsort(d->ms, d->count, sizeof *d->ms, by_size);
    uint32_t median = at_percent(usual, 50), late = at_percent(usual, 95);
    bool good = d == usual || (at_percent(d, 50) <= FACTOR_MAX * median &&
                               at_percent(d, 95) <= FACTOR_MAX * late);
    if (d == usual)
        printf("%-14s median %6u ms   95 of 100 within %6u ms   (%zu)\n", what,
               at_percent(d, 50), at_percent(d, 95), d->count);
    else
        printf("%-14s median %6u ms   95 of 100 within %6u ms   %.2f %.2f%s\n", what,
               at_percent(d, 50), at_percent(d, 95), at_percent(d, 50) / (double)median,
               at_percent(d, 95) / (double)late, good ? "" : "  TOO LATE");
    return good;
}

int delays_run(uint64_t seeds, int only)
{
    struct delays usual = {0};
    int failed = 0, passed = 0;
    for (uint64_t s = 1; s <= seeds; s++)
        failed += !delay_one(s, LIES, &usual);
    (void)report("no lies", &usual, &usual);
    for (int lie = 0; lie < LIES; lie++) {
        struct delays d = {0};
        int broken = 0;
        if (only >= 0 && lie != only)
            continue;
        for (uint64_t s = 1; s <= seeds; s++)
            broken += !delay_one(s, (enum lie)lie, &d);
        bool good = report(lie_name((enum lie)lie), &d, &usual) && broken == 0;
        passed += good;
        failed += !good;
        fflush(stdout);
        free(d.ms);
    }
    free(usual.ms);
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
