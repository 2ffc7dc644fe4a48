/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* hook.c -- allocation taken over by the linker's --wrap; see hook.h. */
#include "tests/oom/hook.h"

#include <errno.h>
#include <execinfo.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "node/core/peer.h"
#include "tests/sim/memlog.h"

enum { LIVE_SLOTS = 1 << 18, HEAD_BYTES = 16, FRAMES_MAX = 24 };

static struct {
    bool watching, armed, held, rest, fired, show;
    uint64_t nth, asked;
    size_t live;
    void *slots[LIVE_SLOTS]; /* addresses of watched blocks, probed linearly */
} hook;

/* ---- the blocks that live ------------------------------------------------ */

static size_t slot_home(const void *p)
{
    return (size_t)(((uintptr_t)p >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40) &
           (LIVE_SLOTS - 1);
}

static size_t slot_of(const void *p)
{
    size_t at = slot_home(p);
    while (hook.slots[at] && hook.slots[at] != p)
        at = (at + 1) & (LIVE_SLOTS - 1);
    return at;
}

static void *live_add(void *p)
{
    if (!p)
        return NULL;
    CHECK(hook.live < LIVE_SLOTS / 2);
    hook.slots[slot_of(p)] = p;
    hook.live++;
    return p;
}

/* Take an address out; the gap is closed with what would not be found behind it. */
static bool live_del(const void *p)
{
    size_t gap = slot_of(p);
    if (!p || !hook.slots[gap])
        return false;
    hook.live--;
    hook.slots[gap] = NULL;
    for (size_t at = (gap + 1) & (LIVE_SLOTS - 1); hook.slots[at];
         at = (at + 1) & (LIVE_SLOTS - 1)) {
        size_t home = slot_home(hook.slots[at]);
        if (((at - home) & (LIVE_SLOTS - 1)) < ((at - gap) & (LIVE_SLOTS - 1)))
            continue;
        hook.slots[gap] = hook.slots[at];
        hook.slots[at] = NULL;
        gap = at;
    }
    return true;
}

/* ---- counting and failing ------------------------------------------------ */

bool hook_watch(bool on)
{
    bool was = hook.watching;
    hook.watching = on;
    return was;
}

void hook_arm(uint64_t nth, bool rest)
{
    hook.armed = true;
    hook.fired = false;
    hook.rest = rest;
    hook.nth = nth;
    hook.asked = 0;
}

uint64_t hook_disarm(void)
{
    hook.armed = false;
    return hook.asked;
}

void hook_hold(bool on)
{
    hook.held = on;
}

bool hook_fired(void)
{
    return hook.fired;
}

size_t hook_live(void)
{
    return hook.live;
}

void hook_show(bool on)
{
    hook.show = on;
}

static void show_place(void)
{
    void *frames[FRAMES_MAX];
    hook.watching = false;
    int n = backtrace(frames, FRAMES_MAX);
    backtrace_symbols_fd(frames, n, STDERR_FILENO);
    hook.watching = true;
}

bool hook_hit(void)
{
    if (!hook.watching || !hook.armed || hook.held)
        return false;
    hook.asked++;
    if (hook.nth == 0 || hook.asked < hook.nth || (hook.asked > hook.nth && !hook.rest))
        return false;
    if (hook.show && !hook.fired)
        show_place();
    hook.fired = true;
    errno = ENOMEM;
    return true;
}

/* ---- what the linker sends here ------------------------------------------ */

/* The names are the linker's: --wrap=NAME makes NAME __wrap_NAME and keeps the real
 * one as __real_NAME. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t from);
int __real_munmap(void *p, size_t n);
int __real_mlock(const void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);
void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t from);
int __wrap_munmap(void *p, size_t n);
int __wrap_mlock(const void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    if (hook_hit())
        return NULL;
    void *p = __real_malloc(n);
    return hook.watching ? live_add(p) : p;
}

void *__wrap_calloc(size_t n, size_t each)
{
    if (hook_hit())
        return NULL;
    void *p = __real_calloc(n, each);
    return hook.watching ? live_add(p) : p;
}

void *__wrap_realloc(void *p, size_t n)
{
    if (hook_hit())
        return NULL;
    bool ours = live_del(p) || hook.watching;
    void *moved = __real_realloc(p, n);
    CHECK(moved || n == 0);
    return ours ? live_add(moved) : moved;
}

void __wrap_free(void *p)
{
    (void)live_del(p);
    __real_free(p);
}

void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t from)
{
    if (hook_hit())
        return MAP_FAILED;
    void *p = __real_mmap(at, n, prot, flags, fd, from);
    return hook.watching && p != MAP_FAILED ? live_add(p) : p;
}

int __wrap_munmap(void *p, size_t n)
{
    (void)live_del(p);
    return __real_munmap(p, n);
}

int __wrap_mlock(const void *p, size_t n)
{
    return hook_hit() ? -1 : __real_mlock(p, n);
}

/* ---- SQLite -------------------------------------------------------------- */

static int lite_size(void *p)
{
    int n = 0;
    if (p)
        memcpy(&n, (uint8_t *)p - HEAD_BYTES, sizeof n);
    return n;
}

static void *lite_keep(uint8_t *p, int n)
{
    if (!p)
        return NULL;
    memcpy(p, &n, sizeof n);
    return p + HEAD_BYTES;
}

static void *lite_malloc(int n)
{
    return lite_keep(__wrap_malloc((size_t)n + HEAD_BYTES), n);
}

static void lite_free(void *p)
{
    if (p)
        __wrap_free((uint8_t *)p - HEAD_BYTES);
}

static void *lite_realloc(void *p, int n)
{
    return lite_keep(__wrap_realloc((uint8_t *)p - HEAD_BYTES, (size_t)n + HEAD_BYTES),
                     n);
}

static int lite_round(int n)
{
    return (n + 7) & ~7;
}

static int lite_init(void *ctx)
{
    (void)ctx;
    return SQLITE_OK;
}

static void lite_end(void *ctx)
{
    (void)ctx;
}

void hook_install(void)
{
    sqlite3_mem_methods methods = {.xMalloc = lite_malloc,
                                   .xFree = lite_free,
                                   .xRealloc = lite_realloc,
                                   .xSize = lite_size,
                                   .xRoundup = lite_round,
                                   .xInit = lite_init,
                                   .xShutdown = lite_end};
    CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
    /* No reserve: each of SQLite's small allocations is one that can fail. */
    CHECK(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK);
    CHECK(sqlite3_initialize() == SQLITE_OK);
}
