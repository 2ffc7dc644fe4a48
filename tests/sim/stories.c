/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* stories.c -- named scenarios with golden transcripts (tests/sim/stories/NAME.trace).
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "tests/sim/copies.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };
static const uint64_t HOUR = 60ull * MINUTE, DAY = 24 * 60ull * MINUTE;

static void pass(struct world *w, uint64_t ms)
{
    world_run(w, w->now_ms + ms);
}

/* Three members, all linked: n0 Wren founds, n1 Otter and n2 Heron join. */
static void three(struct world *w, uint32_t lifetime_hours)
{
    for (int i = 0; i < 3; i++)
        (void)world_node(w);
    (void)world_found(w, 0, "Wren", lifetime_hours);
    (void)world_invite(w, 0, 1, "Otter", false);
    pass(w, 30 * SECOND);
    (void)world_invite(w, 0, 2, "Heron", false);
    pass(w, 2 * MINUTE);
}

static void show_all(struct world *w)
{
    for (int n = 0; n < w->nodes_count; n++)
        world_show(w, n);
}

static void converge(struct world *w)
{
    if (!world_converged(w, false))
        (void)world_converged(w, true);
}

static void first_contact(struct world *w)
{
    (void)world_node(w);
    (void)world_node(w);
    (void)world_found(w, 0, "Wren", 168);
    world_show_members(w, 0);
    (void)world_invite(w, 0, 1, "Otter", false);
    pass(w, 30 * SECOND);
    world_show_members(w, 0);
    world_show_members(w, 1);
    (void)world_say(w, 0, "hello");
    (void)world_say(w, 1, "hello back");
    pass(w, 30 * SECOND);
    show_all(w);
    converge(w);
}

static void through_a_third(struct world *w)
{
    three(w, 168);
    world_crash(w, 2, 0);
    world_note(w, "n2 is off");
    (void)world_say(w, 0, "one");
    (void)world_say(w, 0, "two");
    pass(w, MINUTE);
    world_crash(w, 0, 0);
    world_note(w, "n0 is off, n2 comes back");
    world_start(w, 2);
    pass(w, 10 * MINUTE);
    world_show(w, 2);
    world_start(w, 0);
    pass(w, 10 * MINUTE);
    converge(w);
}

static void newest_first(struct world *w)
{
    three(w, 720);
    world_crash(w, 2, 0);
    world_note(w, "n2 is off for a week");
    for (int day = 0; day < 7; day++) {
        char text[32];
        snprintf(text, sizeof text, "day %d", day + 1);
        (void)world_say(w, day % 2, text);
        pass(w, DAY);
    }
    world_start(w, 2);
    pass(w, 10 * MINUTE);
    world_show(w, 2);
    converge(w);
}

static void both_at_once(struct world *w)
{
    three(w, 168);
    (void)world_say(w, 0, "at once A");
    (void)world_say(w, 1, "at once B");
    (void)world_say(w, 2, "at once C");
    pass(w, MINUTE);
    show_all(w);
    converge(w);
}

static void partition_and_heal(struct world *w)
{
    three(w, 168);
    world_side(w, 2, 1);
    world_note(w, "n2 is cut off");
    (void)world_say(w, 0, "this side");
    (void)world_say(w, 2, "that side");
    (void)world_say(w, 1, "this side too");
    pass(w, HOUR);
    show_all(w);
    world_side(w, 2, 0);
    world_note(w, "n2 is back");
    pass(w, 15 * MINUTE);
    show_all(w);
    converge(w);
}

static int take_tells(struct world *w, int n)
{
    return world_joined(w, n) ? 1 : 0;
}

static void invited_twice(struct world *w)
{
    for (int i = 0; i < 3; i++)
        (void)world_node(w);
    (void)world_found(w, 0, "Wren", 168);
    struct command c = {
        .kind = CMD_INVITE, .group = w->nodes[0].group, .uses = 1, .valid_hours = 24};
    CHECK(world_command(w, 0, &c) == 0);
    for (int n = 1; n <= 2; n++) {
        struct command j = {.kind = CMD_JOIN,
                            .text = BUF_BYTES(&c.line),
                            .pseudonym = BYTES(n == 1 ? "Otter" : "Heron", 5)};
        int err = world_command(w, n, &j);
        w->nodes[n].group = j.group;
        world_note(w, "n%d uses the code: %s", n, err ? err_name(err) : "begun");
        pass(w, MINUTE);
        world_note(w, "n%d joined: %d", n, take_tells(w, n));
    }
    buf_free(&c.line);
    world_show_members(w, 0);
}

struct at_door {
    struct world *w;
    uint8_t key[32];
};

static int note_waiting(void *ctx, const struct door_view *v)
{
    struct at_door *d = ctx;
    world_note(d->w, "%.*s wants to come in, %u more with this code", (int)v->name.n,
               (const char *)v->name.p, v->others);
    if (v->name.n == 5 && memcmp(v->name.p, "Otter", 5) == 0)
        memcpy(d->key, v->key, 32);
    return 0;
}

/* Two come with one code and wait; both sides lose power; one is let in. */
static void somebody_waits(struct world *w)
{
    struct at_door d = {.w = w};
    for (int i = 0; i < 3; i++)
        (void)world_node(w);
    (void)world_found(w, 0, "Wren", 168);
    struct command c = {
        .kind = CMD_INVITE, .group = w->nodes[0].group, .uses = 1, .ask = true};
    CHECK(world_command(w, 0, &c) == 0);
    for (int n = 1; n <= 2; n++) {
        struct command j = {.kind = CMD_JOIN,
                            .text = BUF_BYTES(&c.line),
                            .pseudonym = BYTES(n == 1 ? "Otter" : "Heron", 5)};
        CHECK(world_command(w, n, &j) == 0);
        w->nodes[n].group = j.group;
        pass(w, MINUTE);
    }
    buf_free(&c.line);
    for (int n = 0; n < 2; n++) {
        world_crash(w, n, 0);
        world_note(w, "n%d loses power", n);
        pass(w, MINUTE);
        world_start(w, n);
    }
    pass(w, 3 * MINUTE);
    CHECK(peer_door(w->nodes[0].peer, w->nodes[0].group, note_waiting, &d) == 0);
    world_show_members(w, 0);
    struct command yes = {
        .kind = CMD_DOOR, .group = w->nodes[0].group, .answer = DOOR_SAME};
    memcpy(yes.id, d.key, 32);
    CHECK(world_command(w, 0, &yes) == 0);
    world_note(w, "yes to Otter");
    pass(w, 3 * MINUTE);
    for (int n = 1; n <= 2; n++)
        world_note(w, "n%d joined: %d", n, take_tells(w, n));
    world_show_members(w, 0);
}

static void doubled_and_reordered(struct world *w)
{
    three(w, 168);
    w->faults = (struct faults){.duplicate = 300, .delay_ms_max = 3000, .cut = 100};
    for (int i = 0; i < 12; i++) {
        char text[32];
        snprintf(text, sizeof text, "t%d", i);
        (void)world_say(w, i % 3, text);
        pass(w, 10 * SECOND);
    }
    world_heal(w);
    pass(w, 20 * MINUTE);
    show_all(w);
    converge(w);
}

static void crash_between(struct world *w)
{
    three(w, 168);
    (void)world_say(w, 0, "kept though the power went");
    world_crash(w, 0, 0);
    world_note(w, "n0 loses power after saving, before sending");
    pass(w, MINUTE);
    world_show(w, 1);
    world_start(w, 0);
    pass(w, 10 * MINUTE);
    show_all(w);
    converge(w);
}

static void clock_ahead(struct world *w)
{
    three(w, 168);
    (void)world_say(w, 0, "before the jump");
    pass(w, MINUTE);
    world_note(w, "the clock of n1 jumps a year ahead");
    w->nodes[1].skew_ms = (int64_t)(365 * DAY);
    pass(w, MINUTE);
    (void)world_say(w, 1, "from next year");
    pass(w, 15 * MINUTE);
    show_all(w);
    world_crash(w, 1, 1);
    pass(w, 15 * MINUTE);
    world_note(w, "n1 starts again");
    show_all(w);
    converge(w);
}

static void talk_expires(struct world *w)
{
    three(w, 168);
    (void)world_say(w, 0, "gone in a week");
    pass(w, 6 * DAY);
    (void)world_say(w, 1, "younger");
    pass(w, HOUR);
    show_all(w);
    pass(w, DAY + 2 * HOUR);
    world_note(w, "a week has passed");
    show_all(w);
    static const char old[] = "CANARY gone in a week";
    for (int n = 0; n < 3; n++)
        world_note(w, "n%d still holds the old text: %d", n,
                   nodelog_contains(w->nodes[n].log, BYTES(old, sizeof old - 1)));
}

/* What is written keeps its end; who was away goes by what was in force there. */
static void stays_longer(struct world *w)
{
    three(w, 168);
    (void)world_say(w, 0, "for a week");
    (void)world_stay(w, 1, 24);
    (void)world_stay(w, 0, 24);
    pass(w, MINUTE);
    (void)world_say(w, 1, "for a day");
    world_side(w, 2, 1);
    world_note(w, "n2 is cut off");
    (void)world_stay(w, 0, 720);
    pass(w, MINUTE);
    (void)world_say(w, 0, "for a month");
    (void)world_say(w, 2, "for a day, too");
    world_side(w, 2, 0);
    pass(w, HOUR);
    show_all(w);
    pass(w, 2 * DAY);
    world_note(w, "two days have passed");
    show_all(w);
    pass(w, 6 * DAY);
    world_note(w, "more than a week has passed");
    show_all(w);
    converge(w);
}

static void show_all_warnings(struct world *w)
{
    for (int n = 0; n < w->nodes_count; n++)
        world_show_warnings(w, n);
}

/* Confirmed on one side, taken back on the other: it is open nowhere after that. */
static void warned_and_taken_back(struct world *w)
{
    three(w, 168);
    (void)world_warn(w, 1);
    pass(w, MINUTE);
    show_all_warnings(w);
    world_side(w, 2, 1);
    world_note(w, "n2 is cut off");
    (void)world_warn_act(w, 0, WARNING_TAKE_BACK);
    (void)world_warn_act(w, 2, WARNING_CONFIRM);
    pass(w, MINUTE);
    show_all_warnings(w);
    world_side(w, 2, 0);
    pass(w, 15 * MINUTE);
    world_note(w, "one side again");
    show_all_warnings(w);
    pass(w, 30 * DAY);
    show_all_warnings(w);
}

/* Whoever comes after the warning sees only that it was taken back. */
static void taken_back_before_somebody_came(struct world *w)
{
    three(w, 168);
    (void)world_node(w);
    (void)world_warn(w, 1);
    pass(w, MINUTE);
    (void)world_invite(w, 0, 3, "Robin", false);
    pass(w, MINUTE);
    world_show_warnings(w, 3);
    (void)world_warn_act(w, 1, WARNING_TAKE_BACK);
    pass(w, MINUTE);
    show_all_warnings(w);
}

/* Nobody confirms it for two days. */
static void warning_not_confirmed(struct world *w)
{
    three(w, 168);
    (void)world_warn(w, 1);
    pass(w, 47 * HOUR);
    world_show_warnings(w, 2);
    pass(w, 2 * HOUR);
    show_all_warnings(w);
    (void)world_warn_act(w, 2, WARNING_CONFIRM);
    pass(w, MINUTE);
    show_all_warnings(w);
}

static void renamed_and_moved(struct world *w)
{
    three(w, 168);
    (void)world_rename(w, 1, "Kingfisher");
    pass(w, 2 * MINUTE);
    (void)world_rename(w, 1, "Robin");
    pass(w, 2 * MINUTE);
    world_move(w, 1);
    world_note(w, "n1 has moved");
    pass(w, 20 * MINUTE);
    world_show_members(w, 0);
    world_show_members(w, 2);
    static const char *const old[] = {"Otter", "Kingfisher", "n1.0:1"};
    for (int n = 0; n < 3; n++)
        for (int i = 0; i < 3; i++)
            world_note(
                w, "n%d still holds %s: %d", n, old[i],
                nodelog_contains(w->nodes[n].log, BYTES(old[i], strlen(old[i]))));
    converge(w);
}

static void two_stewards_add(struct world *w)
{
    for (int i = 0; i < 4; i++)
        (void)world_node(w);
    (void)world_found(w, 0, "Wren", 168);
    (void)world_invite(w, 0, 1, "Otter", true);
    pass(w, 2 * MINUTE);
    world_side(w, 1, 1);
    world_side(w, 3, 1);
    world_note(w, "two sides: n0 n2, n1 n3");
    (void)world_invite(w, 0, 2, "Heron", false);
    (void)world_invite(w, 1, 3, "Heron", false);
    pass(w, 5 * MINUTE);
    (void)world_say(w, 2, "from one side");
    (void)world_say(w, 3, "from the other");
    world_side(w, 1, 0);
    world_side(w, 3, 0);
    world_note(w, "one side again");
    pass(w, 30 * MINUTE);
    (void)world_say(w, 3, "after it healed");
    pass(w, 30 * MINUTE);
    for (int n = 0; n < 4; n++)
        world_show_members(w, n);
    show_all(w);
    converge(w);
}

/* An old copy of Otter comes back after Otter wrote more; before it met anybody, its
 * person wrote on it. */
static void put_back(struct world *w)
{
    three(w, 168);
    (void)world_say(w, 1, "one");
    pass(w, MINUTE);
    copy_take(w, 1);
    (void)world_say(w, 1, "two");
    pass(w, MINUTE);
    world_side(w, 1, 1);
    copy_put_back(w, 1, SECOND);
    pass(w, MINUTE);
    (void)world_say(w, 1, "three, on the old copy");
    pass(w, MINUTE);
    world_side(w, 1, 0);
    world_note(w, "n1 meets the others");
    pass(w, 10 * MINUTE);
    (void)world_say(w, 1, "four");
    (void)world_say(w, 0, "five");
    pass(w, 10 * MINUTE);
    for (int n = 0; n < 3; n++)
        world_show(w, n);
}

/* Otter runs twice, and both write. */
static void twice_at_once(struct world *w)
{
    three(w, 168);
    copy_take(w, 1);
    int twin = copy_begin_twin(w, 1);
    pass(w, MINUTE);
    for (int i = 0; i < 3; i++) {
        char text[40];
        snprintf(text, sizeof text, "first %d", i);
        (void)world_say(w, 1, text);
        snprintf(text, sizeof text, "twin %d", i);
        (void)world_say(w, twin, text);
        pass(w, i == 0 ? 30 * MINUTE : MINUTE);
    }
    (void)world_say(w, 2, "I read both");
    pass(w, 60 * MINUTE);
    show_all(w);
}

static const struct {
    const char *name;
    void (*run)(struct world *w);
} stories[] = {
    {"first-contact", first_contact},
    {"catch-up-through-a-third", through_a_third},
    {"newest-first-after-a-week", newest_first},
    {"both-write-at-once", both_at_once},
    {"partition-and-heal", partition_and_heal},
    {"invitation-used-twice", invited_twice},
    {"somebody-waits-for-a-yes", somebody_waits},
    {"duplicate-and-reordered", doubled_and_reordered},
    {"crash-between-commit-and-send", crash_between},
    {"clock-a-year-ahead", clock_ahead},
    {"talk-expires-everywhere", talk_expires},
    {"a-keeper-lets-texts-stay-longer", stays_longer},
    {"a-warning-taken-back-across-a-split", warned_and_taken_back},
    {"a-warning-taken-back-before-somebody-came", taken_back_before_somebody_came},
    {"a-warning-that-nobody-confirms", warning_not_confirmed},
    {"two-renames-and-a-move", renamed_and_moved},
    {"two-stewards-add-at-once", two_stewards_add},
    {"an-old-copy-is-put-back", put_back},
    {"two-copies-at-once", twice_at_once},
};

static char *slurp(FILE *f, size_t *n)
{
    char *text = NULL;
    *n = 0;
    size_t cap = 0, got = 0;
    do {
        if (*n + 4096 > cap) {
            cap = cap * 2 + 8192;
            text = realloc(text, cap);
            CHECK(text != NULL);
        }
        got = fread(text + *n, 1, 4096, f);
        *n += got;
    } while (got > 0);
    return text;
}

static int one_story(size_t i, const char *dir, bool record)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.trace", dir, stories[i].name);
    FILE *out = record ? fopen(path, "w+") : tmpfile();
    if (!out) {
        printf("story %s: %s cannot be written\n", stories[i].name, path);
        return 1;
    }
    struct world *w = world_new(7);
    CHECK(w != NULL);
    w->out = out;
    stories[i].run(w);
    int failed = w->broken[0] != 0;
    if (failed)
        printf("story %s: %s\n", stories[i].name, w->broken);
    world_free(w);
    rewind(out);
    size_t got_n = 0, want_n = 0;
    char *got = slurp(out, &got_n), *want = NULL;
    fclose(out);
    FILE *golden = fopen(path, "r");
    if (golden) {
        want = slurp(golden, &want_n);
        fclose(golden);
    }
    if (!want || want_n != got_n || memcmp(want, got, got_n) != 0) {
        printf("story %s: the transcript differs from %s:\n%.*s", stories[i].name, path,
               (int)got_n, got);
        failed = 1;
    }
    free(got);
    free(want);
    return failed;
}

int stories_run(const char *dir, const char *only, bool record, int *ran)
{
    int failed = 0;
    if (!dir)
        dir = KRING_TESTS_DIR "/sim/stories";
    *ran = 0;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        if (only && strcmp(only, stories[i].name) != 0)
            continue;
        (*ran)++;
        failed += one_story(i, dir, record);
    }
    return failed;
}
