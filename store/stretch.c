/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* stretch.c -- see stretch.h. */
#include "store/stretch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/files.h"
#include "store/forget.h"

/* What the child sends back. */
struct answer {
    uint8_t done;
    uint8_t bytes[STRETCH_BYTES];
};

/* The child: work, send the answer, and go without a trace: it has a copy of all that
 * its parent holds. */
static _Noreturn void child(int fd, stretch_work *work, const void *input)
{
    static const struct rlimit none;
    struct answer answer = {0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    forget_in_child();
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* so that it has a last act as well */
    answer.done = work(answer.bytes, input) == 0;
    int err = files_write(fd, BYTES((const uint8_t *)&answer, sizeof answer));
    forget_and_end(err ? 1 : 0);
}

int stretch_begin(struct stretch *s, stretch_work *work, const void *input)
{
    int ends[2];
    *s = (struct stretch){-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ERR_SYSTEM;
    s->pid = fork();
    if (s->pid == 0)
        child(ends[1], work, input);
    (void)close(ends[1]);
    if (s->pid < 0) {
        (void)close(ends[0]);
        return ERR_SYSTEM;
    }
    s->fd = ends[0];
    return 0;
}

int stretch_end(struct stretch *s, uint8_t out[static STRETCH_BYTES])
{
    struct answer answer = {0};
    int status = 0;
    if (s->fd < 0)
        return ERR_SYSTEM;
    int err = files_read(s->fd, (uint8_t *)&answer, sizeof answer);
    (void)close(s->fd);
    while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    s->fd = -1;
    if (!err && answer.done == 1)
        memcpy(out, answer.bytes, sizeof answer.bytes);
    else
        err = ERR_NOMEM;
    wipe(&answer, sizeof answer);
    return err;
}
