/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* prompt.c -- reading lines by hand, so that nothing lingers in stdio's memory. */
#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/host/session.h"

enum { CHUNK_BYTES = 4096, CONTROL_C = 3 };
enum { PASTE_MS = 50 }; /* a terminal gives what is pasted faster than that */

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
    if (!end)
        return false; /* half a row is no answer, also at the end */
    size_t n = (size_t)(end - p->held.p), line = n;
    if (line > 0 && p->held.p[line - 1] == '\r')
        line--;
    if (buf_append(out, BYTES(p->held.p, line), SIZE_MAX))
        return false;
    buf_consume(&p->held, n + 1);
    return true;
}

/* Control-C among what was read: nothing more is asked. */
static bool is_interrupted(struct prompt *p, struct bytes text)
{
    if (text.n == 0 || !memchr(text.p, CONTROL_C, text.n))
        return false;
    p->interrupted = p->ended = true;
    return true;
}

/* Wait, read, until a line is there. */
static int take_line(struct prompt *p, struct buf *out)
{
    size_t start = out->n;
    int err = 0;
    while (!prompt_take(p, out)) {
        if (p->ended)
            return ERR_NEEDTERM;
        if (p->wait && (err = p->wait(p->ctx)))
            return err;
        if ((err = prompt_fill(p)))
            return err;
        if (is_interrupted(p, BUF_BYTES(&p->held)))
            return ERR_NEEDTERM;
    }
    if (out->n == start)
        return 0; /* an empty answer; there may be no memory at all */
    return is_interrupted(p, BYTES(out->p + start, out->n - start)) ? ERR_NEEDTERM : 0;
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

/* What comes behind control-C was not meant. */
static void cut_off(struct buf *text, size_t start)
{
    for (size_t i = start; i < text->n; i++) {
        if (text->p[i] != CONTROL_C)
            continue;
        wipe(text->p + i, text->n - i);
        text->n = i;
    }
}

/* What the terminal holds of a row that is not ended, appended to `out`. */
static void take_half(const struct prompt *p, struct buf *out)
{
    struct termios mode, open;
    size_t got = 1;
    if (tcgetattr(p->fd, &mode))
        return;
    open = mode;
    open.c_lflag &= ~(tcflag_t)ICANON;
    open.c_cc[VMIN] = 0;
    open.c_cc[VTIME] = 0;
    if (tcsetattr(p->fd, TCSANOW, &open))
        return;
    while (got > 0)
        if (read_some(p->fd, out, PROMPT_LINE_BYTES_MAX * 2, &got))
            break;
    (void)tcsetattr(p->fd, TCSANOW, &mode);
}

/* After an error: what was typed since `start`, to `out`. */
static void rescue(struct prompt *p, struct buf *out, size_t start)
{
    if (buf_append(out, BUF_BYTES(&p->held), SIZE_MAX / 2) == 0)
        take_half(p, out);
    cut_off(out, start);
}

static int ask(struct prompt *p, const char *question, struct buf *out)
{
    size_t start = out->n;
    p->question = question;
    prompt_show_again(p);
    int err = take_line(p, out);
    if (err)
        prompt_break_line(p);
    if (err && p->keeps)
        rescue(p, out, start);
    if (err == ERR_NEEDTERM)
        buf_free(&p->held);
    p->question = NULL;
    return err;
}

/* The terminal with control-C as a byte that ends a line, and with or without echo. */
static struct termios mode_of(const struct termios *before, bool echo)
{
    struct termios mode = *before;
    mode.c_lflag &= ~(tcflag_t)ISIG;
    mode.c_cc[VEOL] = CONTROL_C;
    if (!echo) {
        mode.c_lflag &= ~(tcflag_t)ECHO;
        mode.c_lflag |= ECHONL;
    }
    return mode;
}

/* Ask with control-C as a byte. */
static int ask_in_mode(struct prompt *p, const char *question, struct buf *out)
{
    struct termios before, mode;
    if (tcgetattr(p->fd, &before))
        return ERR_NEEDTERM;
    mode = mode_of(&before, true);
    if (tcsetattr(p->fd, TCSADRAIN, &mode))
        return ERR_IO;
    int err = ask(p, question, out);
    (void)tcsetattr(p->fd, TCSADRAIN, &before);
    return err;
}

int prompt_ask(struct prompt *p, const char *question, struct buf *out)
{
    if (!prompt_can(p))
        return ERR_NEEDTERM;
    return p->hidden || p->wait ? ask(p, question, out) : ask_in_mode(p, question, out);
}

int prompt_ask_text(struct prompt *p, const char *question, struct buf *out)
{
    if (!prompt_can(p))
        return ERR_NEEDTERM;
    p->keeps = true;
    int err = ask_in_mode(p, question, out);
    p->keeps = false;
    return err;
}

int prompt_ask_secret(struct prompt *p, const char *question, struct buf *out)
{
    bool hidden = p->hidden;
    int err = prompt_hide(p);
    if (!err)
        err = ask(p, question, out);
    if (!hidden)
        prompt_reveal(p);
    return err;
}

/* The terminal whose echo is off, for a signal that ends us meanwhile. */
static struct {
    struct termios before;
    int fd;
} hidden_terminal;

static void show_again(void)
{
    (void)tcsetattr(hidden_terminal.fd, TCSAFLUSH, &hidden_terminal.before);
}

int prompt_hide(struct prompt *p)
{
    struct termios mode;
    if (p->hidden)
        return 0;
    if (!prompt_can(p) || tcgetattr(p->fd, &p->before))
        return ERR_NEEDTERM;
    mode = mode_of(&p->before, false);
    buf_free(&p->held);
    hidden_terminal.before = p->before;
    hidden_terminal.fd = p->fd;
    session_at_signal(show_again);
    if (tcsetattr(p->fd, TCSAFLUSH, &mode)) {
        session_at_signal(NULL);
        return ERR_IO;
    }
    p->hidden = true;
    return 0;
}

bool prompt_has_more(const struct prompt *p)
{
    struct pollfd ready = {.fd = p->fd, .events = POLLIN};
    return !p->ended && (p->held.n > 0 || poll(&ready, 1, PASTE_MS) > 0);
}

int prompt_drop(struct prompt *p)
{
    bool more = prompt_can(p) && !p->ended;
    int err = 0;
    buf_free(&p->held);
    /* Whole lines are read, for control-C may be among them. */
    while (more && !err && prompt_has_more(p)) {
        err = prompt_fill(p);
        more = !is_interrupted(p, BUF_BYTES(&p->held)) && !p->ended;
        buf_free(&p->held);
    }
    if (prompt_can(p))
        (void)tcflush(p->fd, TCIFLUSH);
    return p->ended ? ERR_NEEDTERM : err;
}

void prompt_reveal(struct prompt *p)
{
    if (!p->hidden)
        return;
    buf_free(&p->held);
    (void)tcsetattr(p->fd, TCSAFLUSH, &p->before);
    session_at_signal(NULL);
    p->hidden = false;
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
    prompt_reveal(p);
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
