/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* forget.c -- overwriting a whole process from within.
 *
 * The list of mappings is read and kept in one frame before the first byte is touched.
 * From then on nothing may be called and no variable outside of that frame may be used:
 * the heap, the tables of the linker and libc's own data are zeros.  What the last step
 * needs, the address of _exit, lies in the frame too.
 */
#include "store/forget.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/bytes.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FORGET_ALL 0
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define FORGET_ALL 0
#endif
#ifndef FORGET_ALL
#define FORGET_ALL 1
#endif

enum {
    SPANS_MAX = 512,
    MAPS_BYTES = 256 * 1024,
    STACK_BYTES = 64 * 1024, /* deeper than anything that kring or libsodium calls */
    FRAME_BYTES = 512,       /* room for what the compiler keeps beside the list */
    ALTERNATE_BYTES = 256 * 1024,
    END_S = 2, /* then the process is ended by the system, done or not */
    SIGNAL_EXIT = 128,
};

struct span {
    uintptr_t from, to;
};

static char maps[MAPS_BYTES + 1];
static _Alignas(64) uint8_t alternate[ALTERNATE_BYTES];

__attribute__((noinline)) void forget_stack(void)
{
    uint8_t below[STACK_BYTES];
    wipe(below, sizeof below);
}

/* ---- what is mapped ------------------------------------------------------ */

static void maps_read(void)
{
    size_t n = 0;
    ssize_t got = 1;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && n < MAPS_BYTES && (got = read(fd, maps + n, MAPS_BYTES - n)) > 0)
        n += (size_t)got;
    maps[n] = '\0';
    if (fd >= 0)
        (void)close(fd);
}

static const char *hex_take(const char *p, uintptr_t *out)
{
    *out = 0;
    for (;; p++) {
        if (*p >= '0' && *p <= '9')
            *out = *out << 4 | (uintptr_t)(*p - '0');
        else if (*p >= 'a' && *p <= 'f')
            *out = *out << 4 | (uintptr_t)(*p - 'a' + 10);
        else
            return p;
    }
}

/* Fill `spans` with what may be written and is shared with nobody; how many. */
static size_t maps_parse(struct span spans[static SPANS_MAX])
{
    size_t count = 0;
    for (const char *p = maps; *p && count < SPANS_MAX; p++) {
        struct span s;
        p = hex_take(p, &s.from);
        if (*p == '-')
            p = hex_take(p + 1, &s.to);
        if (*p == ' ' && p[1] == 'r' && p[2] == 'w' && p[4] == 'p')
            spans[count++] = s;
        while (*p && *p != '\n')
            p++;
        if (!*p)
            break;
    }
    return count;
}

/* ---- the last act -------------------------------------------------------- */

/* For a thread that falls over what is gone: it does nothing any more, until the
 * process ends.  It may use no memory. */
static void stand_still(int number)
{
    (void)number;
    for (;;)
        __asm__ __volatile__("");
}

/* The wide registers, through which texts and keys are copied.  Nobody may name them
 * all by heart, so the x86 gets its own instruction for putting every one of them into
 * the state after power-on: it reads that from an area that says "nothing is saved". */
static void registers_forget(void)
{
#if defined(__x86_64__)
    static const _Alignas(64) uint8_t nothing_saved[576 + 64];
    enum { LEAF = 1, OSXSAVE = 1 << 27 };
    unsigned a = LEAF, b = 0, c = 0, d = 0;
    __asm__ __volatile__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (c & OSXSAVE)
        __asm__ __volatile__("xrstor64 (%0)"
                             :
                             : "r"(nothing_saved), "a"(0xffffffffU), "d"(0xffffffffU)
                             : "memory");
#elif defined(__aarch64__)
    __asm__ __volatile__(
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,"
        "26,27,28,29,30,31\n movi v\\n\\().2d, #0\n .endr");
#endif
}

/* Nobody else may run from here on; and should something be wrong with the list, the
 * alarm ends the process. */
static void others_stop(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    struct sigaction still = {.sa_handler = stand_still}, end = {.sa_handler = SIG_DFL};
    sigset_t all, due;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        (void)sigaction(faults[i], &still, NULL);
    (void)sigaction(SIGALRM, &end, NULL);
    (void)sigemptyset(&due);
    (void)sigaddset(&due, SIGALRM);
    (void)alarm(END_S);
    (void)sigprocmask(SIG_UNBLOCK, &due, NULL);
}

static __attribute__((noinline)) _Noreturn void overwrite(int code)
{
    struct span spans[SPANS_MAX];
    void (*volatile end)(int) = _exit;
    size_t count = maps_parse(spans);
    /* This frame: from below the list to the return address, which is never used. */
    uintptr_t low = (uintptr_t)spans - FRAME_BYTES;
    uintptr_t high = (uintptr_t)__builtin_frame_address(0) + 2 * sizeof(void *);
    for (size_t i = 0; i < count; i++) {
        for (uintptr_t at = spans[i].from; at < spans[i].to; at += sizeof(uint64_t)) {
            if (at >= low && at < high)
                at = high;
            if (at < spans[i].to)
                *(volatile uint64_t *)at = 0;
        }
    }
    for (;;)
        end(code);
}

_Noreturn void forget_and_end(int code)
{
    if (!FORGET_ALL)
        _exit(code);
    others_stop();
    maps_read();
    forget_stack();
    registers_forget();
    overwrite(code);
}

/* ---- signals ------------------------------------------------------------- */

static void (*volatile first_act)(void);

static void end_by_signal(int number)
{
    void (*act)(void) = first_act;
    first_act = NULL; /* should it be what failed */
    if (act)
        act();
    forget_and_end(SIGNAL_EXIT + number);
}

static const int ends[] = {
    SIGHUP,  SIGINT,  SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,  SIGFPE, SIGUSR1,
    SIGSEGV, SIGUSR2, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGPROF, SIGSYS,
};
enum { ENDS_COUNT = sizeof ends / sizeof *ends };

void forget_at_signals(void)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction on = {.sa_handler = end_by_signal, .sa_flags = SA_ONSTACK}, now;
    if (!FORGET_ALL)
        return;
    (void)sigaltstack(&stack, NULL);
    (void)sigfillset(&on.sa_mask);
    for (size_t i = 0; i < ENDS_COUNT; i++)
        if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            (void)sigaction(ends[i], &on, NULL);
}

void forget_after(void (*act)(void))
{
    first_act = act;
}

void forget_in_child(void)
{
    first_act = NULL; /* that is the parent's to do */
    struct sigaction none = {.sa_handler = SIG_DFL};
    for (size_t i = 0; i < ENDS_COUNT; i++)
        (void)sigaction(ends[i], &none, NULL);
    forget_at_signals();
}
