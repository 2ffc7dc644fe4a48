/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* socket_path.c -- finding the control socket. */
#include "node/host/socket_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/hash.h"

enum { NAME_BYTES = 8 };

/* A folder that is ours, that no one else may enter, and that is no link. */
static bool folder_is_private(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & 077) == 0;
}

/* "<runtime>/kring" if that may be used; false otherwise. */
static bool runtime_folder(bool make, char *out, size_t out_bytes)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (!runtime || runtime[0] != '/' || !folder_is_private(runtime))
        return false;
    int n = snprintf(out, out_bytes, "%s/kring", runtime);
    if (n < 0 || (size_t)n >= out_bytes)
        return false;
    if (folder_is_private(out))
        return true;
    return make && mkdir(out, 0700) == 0 && folder_is_private(out);
}

int socket_path(const char *home, bool make, char *out, size_t out_bytes)
{
    struct sockaddr_un at;
    uint8_t hash[HASH_BYTES];
    char folder[sizeof at.sun_path], name[2 * NAME_BYTES + 1];
    char *absolute = realpath(home, NULL);
    int n;
    if (!absolute)
        return ERR_NOTFOUND;
    if (runtime_folder(make, folder, sizeof folder)) {
        struct bytes part = BYTES(absolute, strlen(absolute));
        hash32(hash, "home", &part, 1);
        for (size_t i = 0; i < NAME_BYTES; i++)
            (void)snprintf(name + 2 * i, 3, "%02x", hash[i]);
        n = snprintf(out, out_bytes, "%s/%s.sock", folder, name);
    } else {
        n = snprintf(out, out_bytes, "%s/control", absolute);
    }
    free(absolute);
    if (n < 0 || (size_t)n >= out_bytes || (size_t)n >= sizeof at.sun_path)
        return ERR_TOOBIG;
    return 0;
}

/* The other end must be the same user, or our requests would go to a stranger. */
static bool socket_is_ours(int fd)
{
    struct ucred who = {0};
    socklen_t size = sizeof who;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
           size == sizeof who && who.uid == geteuid();
}

int socket_connect(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof at.sun_path)
        return ERR_TOOBIG;
    memcpy(at.sun_path, path, n + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_SYSTEM;
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0 || !socket_is_ours(fd)) {
        (void)close(fd);
        return ERR_NOTFOUND;
    }
    return fd;
}
