/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* prompt.c -- reading lines by hand, so that nothing lingers in stdio's memory. */
#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { CHUNK_BYTES = 4096, CONTROL_C = 3, CONTROL_D = 4 };

bool prompt_can(const struct prompt *p)
{
    return isatty(p->fd) == 1;
}

/* One read of at most a chunk, appended to `out`; its size in `*got`, 0 at the end. */
static int read_some(int fd, struct buf *out, size_t bytes_max, size_t *got)
{
    size_t want = bytes_max - out->n < CHUNK_BYTES ? bytes_max - out->n : CHUNK_BYTES;
    ssize_t n = 0;
    *got = 0;
    if (want == 0)
        return ERR_TOOBIG;
    int err = buf_reserve(out, want, bytes_max);
    if (err)
        return err;
    do {
        n = read(fd, out->p + out->n, want);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? 0 : ERR_IO;
    out->n += (size_t)n;
    *got = (size_t)n;
    return 0;
}

int prompt_fill(struct prompt *p)
{
    size_t got = 0;
    int err = read_some(p->fd, &p->held, PROMPT_LINE_BYTES_MAX * 2, &got);
    if (!err && got == 0)
        p->ended = true;
    return err;
}

bool prompt_take(struct prompt *p, struct buf *out)
{
    const uint8_t *end = p->held.n > 0 ? memchr(p->held.p, '\n', p->held.n) : NULL;
    size_t n = end ? (size_t)(end - p->held.p) : p->held.n;
    if (!end && !(p->ended && n > 0))
        return false;
    size_t line = n;
    if (line > 0 && p->held.p[line - 1] == '\r')
        line--;
    if (buf_append(out, BYTES(p->held.p, line), SIZE_MAX))
        return false;
    buf_consume(&p->held, end ? n + 1 : n);
    return true;
}

/* Wait, read, until a line is there. */
static int take_line(struct prompt *p, struct buf *out)
{
    int err = 0;
    while (!prompt_take(p, out)) {
        if (p->ended)
            return ERR_NEEDTERM;
        if (p->wait && (err = p->wait(p->ctx)))
            return err;
        if ((err = prompt_fill(p)))
            return err;
    }
    return 0;
}

void prompt_break_line(const struct prompt *p)
{
    if (p->question)
        (void)fputc('\n', stderr);
}

void prompt_show_again(const struct prompt *p)
{
    if (!p->question)
        return;
    (void)fprintf(stderr, "%s ", p->question); /* in one write */
    (void)fflush(stderr);
}

int prompt_ask(struct prompt *p, const char *question, struct buf *out)
{
    if (!prompt_can(p))
        return ERR_NEEDTERM;
    p->question = question;
    prompt_show_again(p);
    int err = take_line(p, out);
    p->question = NULL;
    return err;
}

int prompt_ask_secret(struct prompt *p, const char *question, struct buf *out)
{
    struct termios before, quiet;
    if (!prompt_can(p) || tcgetattr(p->fd, &before))
        return ERR_NEEDTERM;
    /* No echo, and no signals from the keyboard: control-C comes as a byte, so that
     * the terminal is always set back. */
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    quiet.c_lflag |= ECHONL;
    quiet.c_cc[VEOL] = CONTROL_C;
    if (tcsetattr(p->fd, TCSADRAIN, &quiet))
        return ERR_IO;
    p->question = question;
    prompt_show_again(p);
    int err = 0;
    size_t start = out->n;
    while (!prompt_take(p, out) && !err) {
        if (p->ended || (p->held.n > 0 && memchr(p->held.p, CONTROL_C, p->held.n)))
            err = ERR_NEEDTERM;
        else if (p->wait)
            err = p->wait(p->ctx);
        if (!err)
            err = prompt_fill(p);
    }
    (void)tcsetattr(p->fd, TCSADRAIN, &before);
    p->question = NULL;
    if (!err && out->n > start && memchr(out->p + start, CONTROL_C, out->n - start))
        err = ERR_NEEDTERM;
    if (err == ERR_NEEDTERM)
        buf_free(&p->held);
    return err;
}

int prompt_read_all(struct prompt *p, struct buf *out, size_t bytes_max)
{
    size_t got = 1;
    int err = buf_append(out, BUF_BYTES(&p->held), bytes_max);
    buf_free(&p->held);
    while (!err && got > 0 && !p->ended)
        err = out->n == bytes_max ? ERR_TOOBIG : read_some(p->fd, out, bytes_max, &got);
    p->ended = true;
    return err;
}

void prompt_free(struct prompt *p)
{
    buf_free(&p->held);
}

int prompt_read_file(const char *path, struct buf *out, size_t bytes_max,
                     bool *others_can_read)
{
    struct stat st;
    size_t got = 1;
    int err = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? ERR_NOTFOUND : ERR_IO;
    if (fstat(fd, &st))
        err = ERR_IO;
    else if (others_can_read)
        *others_can_read = S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO));
    while (!err && got > 0)
        err = read_some(fd, out, bytes_max, &got);
    (void)close(fd);
    return err;
}
