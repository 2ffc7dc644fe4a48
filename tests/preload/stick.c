/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* stick.c -- preloaded under a program: what the file system of a stick refuses.  No
 * second names, no links, no modes, no sockets, no rename that spares what is there.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

static int refuse(int why)
{
    errno = why;
    return -1;
}

SHOWN int link(const char *from, const char *to)
{
    (void)from;
    (void)to;
    return refuse(EPERM);
}

SHOWN int linkat(int at, const char *from, int to_at, const char *to, int flags)
{
    (void)at;
    (void)from;
    (void)to_at;
    (void)to;
    (void)flags;
    return refuse(EPERM);
}

SHOWN int symlink(const char *to, const char *name)
{
    (void)to;
    (void)name;
    return refuse(EPERM);
}

SHOWN int chmod(const char *path, mode_t mode)
{
    (void)path;
    (void)mode;
    return refuse(EPERM);
}

SHOWN int fchmod(int fd, mode_t mode)
{
    (void)fd;
    (void)mode;
    return refuse(EPERM);
}

SHOWN int renameat2(int at, const char *from, int to_at, const char *to, unsigned flags)
{
    if (flags != 0)
        return refuse(EINVAL);
    return (int)syscall(SYS_renameat2, at, from, to_at, to, 0);
}

SHOWN int bind(int fd, __CONST_SOCKADDR_ARG at, socklen_t n)
{
    const struct sockaddr *address = at.__sockaddr__;
    if (address->sa_family == AF_UNIX)
        return refuse(EPERM);
    return (int)syscall(SYS_bind, fd, address, n);
}
