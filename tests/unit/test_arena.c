/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_arena.c -- blocks do not overlap, come zeroed, and go back whole. */
#include "tests/lib/t.h"

#include <sys/wait.h>
#include <unistd.h>

#include "crypto/arena.h"
#include "crypto/entropy_os.h"

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

T_CASE(blocks_are_zeroed_aligned_and_wiped)
{
    struct arena *a = NULL;
    T_NEED(arena_new(&a, 4096) == 0);
    for (size_t n = 1; n < 100; n++) {
        uint8_t *p = arena_alloc(a, n);
        T_NEED(p != NULL);
        T_EQ((uintptr_t)p % 16, 0);
        T(is_zero(p, n));
        memset(p, 0xff, n);
        arena_free(a, p);
        T(is_zero(p, n)); /* still mapped: what was there is gone */
    }
    T_EQ(arena_used(a), 0);
    arena_free(a, NULL);
    arena_destroy(a);
    arena_destroy(NULL);
}

T_CASE(a_full_arena_says_so_and_recovers)
{
    struct arena *a = NULL;
    void *blocks[200] = {0};
    size_t n = 0;
    T_NEED(arena_new(&a, 4000) == 0); /* becomes a page */
    T(arena_alloc(a, 4097) == NULL);
    T(arena_alloc(a, 0) == NULL);
    T(arena_alloc(a, SIZE_MAX) == NULL);
    while (n < 200 && (blocks[n] = arena_alloc(a, 32)) != NULL)
        n++;
    T_EQ(n, 4096 / 48);
    T(arena_used(a) <= 4096);
    T(arena_alloc(a, 64) == NULL);
    for (size_t i = 0; i < n; i += 2) /* holes of one block each */
        arena_free(a, blocks[i]);
    T(arena_alloc(a, 100) == NULL);
    for (size_t i = 1; i < n; i += 2)
        arena_free(a, blocks[i]);
    T_EQ(arena_used(a), 0);
    uint8_t *whole = arena_alloc(a, 4096 - 16); /* neighbours joined again */
    T_NEED(whole != NULL);
    T(is_zero(whole, 4096 - 16));
    arena_free(a, whole);
    arena_destroy(a);
}

/* Against a list of what is held: every block keeps its own mark. */
T_CASE(random_use_keeps_blocks_apart)
{
    struct entropy_stream stream = {.key = {8}};
    struct entropy e = entropy_stream(&stream);
    struct {
        uint8_t *p;
        size_t n;
        uint8_t mark;
    } held[40] = {0};
    struct arena *a = NULL;
    T_NEED(arena_new(&a, 8192) == 0);
    for (int round = 0; round < 3000; round++) {
        size_t i = (size_t)entropy_below(&e, 40);
        if (held[i].p) {
            bool whole = true;
            for (size_t j = 0; j < held[i].n; j++)
                whole = whole && held[i].p[j] == held[i].mark;
            if (!whole)
                T(whole);
            arena_free(a, held[i].p);
            held[i].p = NULL;
            continue;
        }
        held[i].n = 1 + (size_t)entropy_below(&e, 300);
        held[i].mark = (uint8_t)(1 + round % 255);
        held[i].p = arena_alloc(a, held[i].n);
        if (held[i].p && !is_zero(held[i].p, held[i].n))
            T(false);
        if (held[i].p)
            memset(held[i].p, held[i].mark, held[i].n);
    }
    for (size_t i = 0; i < 40; i++)
        arena_free(a, held[i].p);
    T_EQ(arena_used(a), 0);
    arena_destroy(a);
}

T_CASE(too_much_is_refused)
{
    struct arena *a = NULL;
    T_EQ(arena_new(&a, SIZE_MAX), ERR_NOMEM);
    T(a == NULL);
    T_EQ(arena_new(&a, SIZE_MAX / 2), ERR_NOMEM);
    T_EQ(arena_new(&a, 0), 0);
    T(arena_alloc(a, 16) != NULL);
    (void)arena_locked(a); /* either answer is right: it hangs on the system */
    arena_destroy(a);
}

/* A child made by fork must not hold the keys: reading them there ends it. */
T_CASE(a_forked_child_does_not_inherit)
{
    struct arena *a = NULL;
    T_NEED(arena_new(&a, 4096) == 0);
    uint8_t *p = arena_alloc(a, 32);
    T_NEED(p != NULL);
    p[0] = 7;
    /* write() from a missing page fails with an error and needs no signal. */
    int ends[2] = {-1, -1}, status = 0;
    T_NEED(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(write(ends[1], p, 32) < 0 ? 0 : 1);
    T_NEED(child > 0 && waitpid(child, &status, 0) == child);
    T(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    T_EQ(write(ends[1], p, 32), 32); /* in the parent it is there */
    (void)close(ends[0]);
    (void)close(ends[1]);
    arena_destroy(a);
}

T_RUN()
