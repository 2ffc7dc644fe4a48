/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* quick.c -- preloaded under a program: its clocks run 120 times as fast, and what it
 * waits for comes as much sooner.  Twenty minutes are ten seconds.
 */
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TIMES = 120, NS_PER_S = 1000000000 };

static long long real_ns(clockid_t id)
{
    struct timespec t = {0};
    (void)syscall(SYS_clock_gettime, id, &t);
    return (long long)t.tv_sec * NS_PER_S + t.tv_nsec;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t id,
                                                         struct timespec *out)
{
    static long long began[16];
    long long now = real_ns(id);
    if (id != CLOCK_REALTIME && id >= 0 && id < 16) {
        if (began[id] == 0)
            began[id] = now;
        now = began[id] + (now - began[id]) * TIMES;
    }
    out->tv_sec = (time_t)(now / NS_PER_S);
    out->tv_nsec = (long)(now % NS_PER_S);
    return 0;
}

static int sooner(int ms)
{
    return ms <= 0 ? ms : ms / TIMES + 1;
}

__attribute__((visibility("default"))) int epoll_pwait(int fd, struct epoll_event *out,
                                                       int max, int ms,
                                                       const sigset_t *set)
{
    return (int)syscall(SYS_epoll_pwait, fd, out, max, sooner(ms), set, 8);
}

__attribute__((visibility("default"))) int epoll_wait(int fd, struct epoll_event *out,
                                                      int max, int ms)
{
    return (int)syscall(SYS_epoll_pwait, fd, out, max, sooner(ms), NULL, 8);
}
