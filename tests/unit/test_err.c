/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_err.c -- the error table keeps the promises that err.h makes of it, and a
 * failing CHECK ends the process the way check.h says. */
#include "tests/lib/t.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/entropy.h"
#include "base/err.h"

struct row {
    int err, code;
    const char *name, *text;
};

static const struct row rows[] = {
#define X(name, code, text) {name, code, #name, text},
    ERR_TABLE(X)
#undef X
};
enum { ROWS = sizeof rows / sizeof *rows };

static int words_in(const char *text)
{
    int words = 0;
    for (const char *p = text; *p; p++)
        words += *p != ' ' && (p == text || p[-1] == ' ');
    return words;
}

T_CASE(err_faces_agree_with_the_table)
{
    for (int i = 0; i < ROWS; i++) {
        T_NOTE("(%s)", rows[i].name);
        T(rows[i].err < -1 && rows[i].err > ERR__FIRST && rows[i].err < ERR__END);
        T_STR(err_text(rows[i].err), rows[i].text);
        T_STR(err_name(rows[i].err), rows[i].name);
        T_EQ(err_exit(rows[i].err), rows[i].code);
    }
}

T_CASE(err_sentences_are_short_and_whole)
{
    for (int i = 0; i < ROWS; i++) {
        const char *text = rows[i].text;
        T_NOTE("(%s)", text);
        T(words_in(text) <= 12);
        T(text[strlen(text) - 1] == '.' || strstr(text, "Type: kring "));
        for (const char *p = text; *p; p++)
            T(*p >= ' ' && *p <= '~' && *p != '%');
    }
}

T_CASE(err_sentences_and_codes_are_sane)
{
    for (int i = 0; i < ROWS; i++) {
        T_NOTE("(%s)", rows[i].name);
        T(rows[i].code >= 64 && rows[i].code <= 78);
        for (int j = 0; j < i; j++)
            T(strcmp(rows[i].text, rows[j].text) != 0);
    }
}

T_CASE(err_unknown_numbers_have_faces_too)
{
    static const int strange[] = {1, -1, ERR__FIRST, ERR__END, 1 << 30, -(1 << 30)};
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        T_NEED(err_text(strange[i]) != NULL);
        T(strlen(err_text(strange[i])) > 0);
        T_STR(err_name(strange[i]), "ERR_UNKNOWN");
        T_EQ(err_exit(strange[i]), 70);
    }
    T_STR(err_text(0), "Done.");
    T_STR(err_name(0), "ERR_OK");
    T_EQ(err_exit(0), 0);
}

/* Run `fn` in a child; its wait status, and what it said on stderr in `said`. */
static int status_of(void (*fn)(void), char *said, size_t cap)
{
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    (void)close(ends[1]);
    size_t n = 0;
    ssize_t got;
    while (n + 1 < cap && (got = read(ends[0], said + n, cap - 1 - n)) > 0)
        n += (size_t)got;
    said[n] = '\0';
    (void)close(ends[0]);
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

enum { BROKEN_LINE = __LINE__ + 4 };
static void break_an_invariant(void)
{
    const char *secret = "hunter2";
    CHECK(secret[0] == 'x');
}

static void fill_with_zeros(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 0, n);
}

static void draw_from_nothing(void)
{
    struct entropy e = {fill_with_zeros, NULL};
    (void)entropy_below(&e, 7);
}

T_CASE(check_ends_the_process_without_a_signal)
{
    char said[512], line[16];
    int status = status_of(break_an_invariant, said, sizeof said);
    T(WIFEXITED(status) && WEXITSTATUS(status) == 70);
    T(strstr(said, "test_err.c:") && strstr(said, "secret[0] == 'x'"));
    T(!strstr(said, "hunter2"));
    (void)snprintf(line, sizeof line, ":%d: ", BROKEN_LINE);
    T(strstr(said, line));
}

T_CASE(entropy_that_repeats_ends_the_process)
{
    char said[512];
    int status = status_of(draw_from_nothing, said, sizeof said);
    T(WIFEXITED(status) && WEXITSTATUS(status) == 70);
}

static void fill_by_counting(void *ctx, uint8_t *out, size_t n)
{
    uint64_t *state = (uint64_t *)ctx;
    for (size_t i = 0; i < n; i++) {
        *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407U;
        out[i] = (uint8_t)(*state >> 56);
    }
}

T_CASE(entropy_below_covers_its_range_evenly)
{
    uint64_t state = 1;
    struct entropy e = {fill_by_counting, &state};
    int seen[6] = {0};
    for (int i = 0; i < 6000; i++) {
        uint64_t got = entropy_below(&e, 6);
        T_NEED(got < 6);
        seen[got]++;
    }
    for (int i = 0; i < 6; i++)
        T(seen[i] > 850 && seen[i] < 1150);
    T_EQ(entropy_below(&e, 1), 0);
    for (int i = 0; i < 100; i++)
        T(entropy_below(&e, UINT64_C(3) << 62) < UINT64_C(3) << 62);
}

/* Draws that would make small numbers likelier are thrown away: 2^64 mod 6 = 4,
 * so 0..3 are drawn again and 4 is the first that counts. */
static void fill_rising(void *ctx, uint8_t *out, size_t n)
{
    uint64_t *state = (uint64_t *)ctx;
    memset(out, 0, n);
    out[n - 1] = (uint8_t)(*state)++;
}

T_CASE(entropy_below_throws_unfair_draws_away)
{
    uint64_t state = 0;
    struct entropy e = {fill_rising, &state};
    T_EQ(entropy_below(&e, 6), 4);
    T_EQ(state, 5);
}

T_RUN()
