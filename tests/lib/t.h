/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* t.h -- the test harness: one header, no library, one process per test file.
 *
 *     #include "tests/lib/t.h"
 *
 *     T_CASE(cursor_stops_at_the_end)
 *     {
 *         T(1 + 1 == 2);             a condition
 *         T_EQ(parse("7"), 7);       two integers; both are printed on failure
 *         T_MEM(got, want, 32);      n bytes; printed as hex on failure
 *         T_STR(name, "Wren");       two strings; either may be NULL
 *         T_NEED(p != NULL);         as T, but leaves the case when it fails
 *     }
 *     T_RUN()
 *
 * T_CASE registers itself; cases run in file order. T_RUN() defines main; its
 * argument runs only the cases whose name contains it. A case passes when it made
 * a check and all of them held. T_NOTE(fmt, ...) says where a loop stands and is
 * printed with a failure. Each case gets a line, so a crash is in the case after
 * the last one named. The last line is `N passed, N failed`; exit status 1
 * says that something failed or that nothing ran.
 */
#ifndef TESTS_LIB_T_H
#define TESTS_LIB_T_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { T_CASES_MAX = 256, T_SHOWN_BYTES_MAX = 64 };

static struct {
    struct {
        const char *name;
        void (*fn)(void);
    } cases[T_CASES_MAX];
    int cases_count, checks, failed;
    char note[160];
} t_state;

static inline void t_add(const char *name, void (*fn)(void))
{
    if (t_state.cases_count < T_CASES_MAX) {
        t_state.cases[t_state.cases_count].name = name;
        t_state.cases[t_state.cases_count].fn = fn;
    }
    t_state.cases_count++; /* one too many is reported by t_main */
}

static inline bool t_check(bool ok, const char *file, int line, const char *what)
{
    t_state.checks++;
    if (!ok) {
        t_state.failed++;
        printf("%s:%d: failed: %s %s\n", file, line, what, t_state.note);
    }
    return ok;
}

static inline void t_hex(const char *label, const unsigned char *b, size_t n)
{
    printf("    %s ", label);
    for (size_t i = 0; b && i < n && i < T_SHOWN_BYTES_MAX; i++)
        printf("%02x", b[i]);
    printf("%s\n", !b ? "(NULL)" : n > T_SHOWN_BYTES_MAX ? "..." : "");
}

static inline void t_eq(intmax_t a, intmax_t b, const char *f, int l, const char *w)
{
    if (!t_check(a == b, f, l, w))
        printf("    %jd (0x%jx) is not %jd (0x%jx)\n", a, (uintmax_t)a, b,
               (uintmax_t)b);
}

static inline void t_mem(const void *a, const void *b, size_t n, const char *f, int l,
                         const char *w)
{
    if (t_check(n == 0 || (a && b && memcmp(a, b, n) == 0), f, l, w))
        return;
    t_hex("got ", a, n);
    t_hex("want", b, n);
}

static inline void t_str(const char *a, const char *b, const char *f, int l,
                         const char *w)
{
    if (!t_check(a == b || (a && b && strcmp(a, b) == 0), f, l, w))
        printf("    got  %s\n    want %s\n", a ? a : "(NULL)", b ? b : "(NULL)");
}

static inline int t_main(const char *only)
{
    int passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0); /* so that a crash keeps what was said */
    if (!t_check(t_state.cases_count <= T_CASES_MAX, "t.h", 0, "too many cases"))
        return 1;
    for (int i = 0; i < t_state.cases_count; i++) {
        if (only && !strstr(t_state.cases[i].name, only))
            continue;
        t_state.checks = t_state.failed = 0;
        t_state.note[0] = '\0';
        t_state.cases[i].fn();
        bool ok = t_state.failed == 0 && t_state.checks > 0;
        printf("%s %s (%d of %d checks)\n", ok ? "ok  " : "FAIL", t_state.cases[i].name,
               t_state.checks - t_state.failed, t_state.checks);
        passed += ok;
        failed += !ok;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0 || passed == 0;
}

#define T(cond) ((void)t_check(!!(cond), __FILE__, __LINE__, #cond))
#define T_NEED(cond)                                                                   \
    do {                                                                               \
        if (!t_check(!!(cond), __FILE__, __LINE__, #cond))                             \
            return;                                                                    \
    } while (0)
#define T_EQ(a, b) t_eq((intmax_t)(a), (intmax_t)(b), __FILE__, __LINE__, #a " == " #b)
#define T_MEM(a, b, n) t_mem((a), (b), (n), __FILE__, __LINE__, #a " == " #b)
#define T_STR(a, b) t_str((a), (b), __FILE__, __LINE__, #a " == " #b)
#define T_NOTE(...) ((void)snprintf(t_state.note, sizeof t_state.note, __VA_ARGS__))
#define T_CASE(name)                                                                   \
    static void name(void);                                                            \
    __attribute__((constructor)) static void t_add_##name(void)                        \
    {                                                                                  \
        t_add(#name, name);                                                            \
    }                                                                                  \
    static void name(void)
#define T_RUN()                                                                        \
    int main(int c, char **v)                                                          \
    {                                                                                  \
        return t_main(c > 1 ? v[1] : NULL);                                            \
    }

#endif
