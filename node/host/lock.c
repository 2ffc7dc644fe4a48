/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* lock.c -- ask, then insist, then make sure. */
#include "node/host/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "node/host/api.h"
#include "node/host/socket_path.h"

enum {
    ASK_MS = 150,   /* for the node to end by itself */
    TERM_MS = 100,  /* for its last act after SIGTERM */
    KILL_MS = 1000, /* for the system to take it away */
    HOLDERS_MAX = 8,
    HEAD_BYTES = 4,
    PATH_BYTES_MAX = 4096,
};

/* Where SQLite places its locks in a database file, on every system. */
enum { LOCK_AT = 0x40000000, LOCK_BYTES = 512 };

/* A process that will not be mistaken for a later one with the same number. */
struct holder {
    pid_t pid;
    int fd; /* pidfd, or -1: this kernel has none */
};

static void holder_open(struct holder *h, pid_t pid)
{
    h->pid = pid;
    h->fd = (int)syscall(SYS_pidfd_open, pid, 0);
}

/* True if it has ended within `wait_ms`. */
static bool holder_ended(const struct holder *h, int wait_ms)
{
    enum { STEP_MS = 5 };
    struct pollfd p = {.fd = h->fd, .events = POLLIN};
    if (h->fd >= 0)
        return poll(&p, 1, wait_ms) > 0;
    for (int waited = 0; kill(h->pid, 0) == 0 && waited < wait_ms; waited += STEP_MS)
        (void)poll(NULL, 0, STEP_MS);
    return kill(h->pid, 0) != 0 && errno == ESRCH;
}

static int holder_end(const struct holder *h)
{
    static const struct {
        int number, wait_ms;
    } steps[] = {{SIGTERM, TERM_MS}, {SIGKILL, KILL_MS}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (kill(h->pid, steps[i].number) != 0 && errno != ESRCH)
            return ERR_DENIED;
        if (holder_ended(h, steps[i].wait_ms))
            return 0;
    }
    return ERR_NOANSWER;
}

/* ---- the node ------------------------------------------------------------ */

static int node_connect(const char *home)
{
    char path[256];
    int err = socket_path(home, false, path, sizeof path);
    int fd = err < 0 ? err : socket_connect(path);
    int n = snprintf(path, sizeof path, "%s/control", home);
    if (fd < 0 && n > 0 && (size_t)n < sizeof path)
        fd = socket_connect(path);
    return fd;
}

/* Send the request; whether it arrives shows in what happens. */
static void node_ask(int fd)
{
    static const struct api_args none;
    struct buf request = {0};
    uint8_t head[HEAD_BYTES];
    if (api_encode(API_LOCK, &none, &request) == 0) {
        put_u32(head, (uint32_t)request.n);
        struct iovec parts[] = {{head, sizeof head}, {request.p, request.n}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        (void)sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    buf_free(&request);
}

/* 1: there was a node and it has ended; 0: there was none. */
static int node_lock(const char *home)
{
    struct ucred who = {0};
    socklen_t size = sizeof who;
    struct holder h;
    int fd = node_connect(home);
    if (fd < 0)
        return 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || who.pid <= 0) {
        (void)close(fd);
        return ERR_DENIED;
    }
    holder_open(&h, who.pid);
    node_ask(fd);
    int err = holder_ended(&h, ASK_MS) ? 0 : holder_end(&h);
    if (h.fd >= 0)
        (void)close(h.fd);
    (void)close(fd);
    return err < 0 ? err : 1;
}

/* ---- whoever has the store ----------------------------------------------- */

/* 1: `*pid` has it; 0: nobody has. */
static int store_holder(const char *home, pid_t *pid)
{
    char path[PATH_BYTES_MAX];
    struct flock lock = {.l_type = F_WRLCK, .l_start = LOCK_AT, .l_len = LOCK_BYTES};
    int n = snprintf(path, sizeof path, "%s/data", home);
    if (n < 0 || (size_t)n >= sizeof path)
        return ERR_NOSTORE;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return 0; /* never opened yet, or not ours to open */
    int failed = fcntl(fd, F_GETLK, &lock);
    (void)close(fd);
    if (failed)
        return ERR_SYSTEM;
    *pid = lock.l_pid;
    return lock.l_type == F_UNLCK ? 0 : 1;
}

int lock_profile(const char *home, unsigned *ended)
{
    pid_t pid = 0;
    *ended = 0;
    if (access(home, F_OK) != 0)
        return ERR_NOSTORE;
    int got = node_lock(home);
    if (got < 0)
        return got;
    *ended = (unsigned)got;
    for (int i = 0; i < HOLDERS_MAX; i++) { /* one may have waited for another */
        struct holder h;
        got = store_holder(home, &pid);
        if (got <= 0)
            return got;
        if (pid <= 0)
            return ERR_DENIED;
        holder_open(&h, pid);
        got = holder_end(&h);
        if (h.fd >= 0)
            (void)close(h.fd);
        if (got < 0)
            return got;
        *ended += 1;
    }
    return ERR_NOANSWER;
}
