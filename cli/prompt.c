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
enum { KEY_END = 4, KEY_LINE = 21, KEY_WORD = 23, KEY_DELETE = 127 };
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

/* ---- a line edited here ---------------------------------------------------- */

/* The terminal whose mode is not its own, for a signal that ends us meanwhile. */
static struct {
    struct termios before;
    int fd;
    volatile bool changed;
} other_mode;

void prompt_set_back(void)
{
    if (other_mode.changed)
        (void)tcsetattr(other_mode.fd, TCSAFLUSH, &other_mode.before);
}

static void echo(struct bytes b)
{
    (void)fwrite(b.p, 1, b.n, stderr);
}

/* Take the last character of the line away, all its bytes. */
static void drop_last(struct buf *line)
{
    while (line->n > 0 && (line->p[line->n - 1] & 0xc0) == 0x80)
        line->n--;
    if (line->n > 0)
        line->n--;
}

/* Keys that change the line; false: the key is none of them. */
static bool edit_key(struct prompt *p, uint8_t key)
{
    struct buf *line = &p->typed;
    size_t had = line->n;
    switch (key) {
    case '\b':
    case KEY_DELETE:
        drop_last(line);
        if (line->n < had)
            echo(BYTES("\b \b", 3));
        return true;
    case KEY_WORD:
        while (line->n > 0 && line->p[line->n - 1] == ' ')
            line->n--;
        while (line->n > 0 && line->p[line->n - 1] != ' ')
            drop_last(line);
        break;
    case KEY_LINE: line->n = 0; break;
    default: return false;
    }
    prompt_break_line(p);
    prompt_show_again(p);
    return true;
}

/* The terminal edits lines again. */
static void keys_end(struct prompt *p)
{
    if (p->keys)
        (void)tcsetattr(other_mode.fd, TCSANOW, &other_mode.before);
    if (p->keys)
        other_mode.changed = false;
    p->keys = false;
    buf_free(&p->typed);
}

/* The line is whole: it goes where lines are taken from. */
static int line_done(struct prompt *p)
{
    int err = buf_append(&p->held, BUF_BYTES(&p->typed), SIZE_MAX / 2);
    if (!err)
        err = buf_append(&p->held, BYTES("\n", 1), SIZE_MAX / 2);
    echo(BYTES("\n", 1));
    keys_end(p);
    return err;
}

/* One key. */
static int take_key(struct prompt *p, uint8_t key, bool shown)
{
    if (key == '\n' || key == '\r')
        return line_done(p);
    if (key == KEY_END && p->typed.n == 0)
        p->ended = true;
    if (edit_key(p, key) || (key < ' ' && key != '\t'))
        return 0;
    if (!shown)
        echo(BYTES(&key, 1));
    return buf_append(&p->typed, BYTES(&key, 1), PROMPT_LINE_BYTES_MAX);
}

/* Read what is there; behind the end of the line it is held as it came. */
static int read_keys(struct prompt *p, bool shown, size_t *got)
{
    struct buf came = {0};
    int err = read_some(p->fd, &came, PROMPT_LINE_BYTES_MAX, got);
    size_t at = 0;
    while (at < came.n && p->keys && !err)
        err = take_key(p, came.p[at++], shown);
    if (!err && at < came.n)
        err = buf_append(&p->held, BYTES(came.p + at, came.n - at), SIZE_MAX / 2);
    (void)fflush(stderr);
    buf_free(&came);
    return err;
}

/* Every key from now on. */
static bool keys_begin(struct prompt *p)
{
    struct termios mode;
    if (p->keys || p->hidden || !prompt_can(p) || tcgetattr(p->fd, &mode))
        return false;
    other_mode.before = mode;
    other_mode.fd = p->fd;
    other_mode.changed = true;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    p->keys = tcsetattr(p->fd, TCSANOW, &mode) == 0;
    other_mode.changed = p->keys;
    return p->keys;
}

void prompt_take_keys(struct prompt *p)
{
    struct pollfd ready = {.fd = p->fd, .events = POLLIN};
    size_t got = 1;
    if (!keys_begin(p))
        return;
    while (p->keys && got > 0 && poll(&ready, 1, 0) > 0)
        if (read_keys(p, true, &got))
            break;
}

/* ---- lines ----------------------------------------------------------------- */

int prompt_fill(struct prompt *p)
{
    size_t got = 0;
    if (p->keys) {
        int err_keys = read_keys(p, false, &got);
        if (!err_keys && got == 0)
            p->ended = true;
        return err_keys;
    }
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
    (void)fprintf(stderr, "%s %.*s", p->question, (int)p->typed.n,
                  p->typed.n > 0 ? (const char *)p->typed.p : ""); /* in one write */
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
    int err = buf_append(out, BUF_BYTES(&p->typed), SIZE_MAX / 2);
    if (!err)
        err = buf_append(out, BUF_BYTES(&p->held), SIZE_MAX / 2);
    if (!err)
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
    keys_end(p);
    p->question = NULL;
    return err;
}

/* The one letter that is no number and is an answer everywhere. */
static bool is_lock(const struct prompt *p, struct bytes answer)
{
    return p->wait && answer.n == 1 && (answer.p[0] == 'l' || answer.p[0] == 'L');
}

int prompt_ask_number(struct prompt *p, const char *question, struct buf *out)
{
    size_t start = out->n;
    int err = prompt_ask(p, question, out);
    if (err || !is_lock(p, BYTES(out->p + start, out->n - start)))
        return err;
    p->locked = p->ended = true;
    return ERR_NEEDTERM;
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

/* Whoever runs a node meanwhile has its own last act, with ours in it. */
static void at_signal(const struct prompt *p, void (*act)(void))
{
    if (!p->wait)
        session_at_signal(act);
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
    other_mode.before = p->before;
    other_mode.fd = p->fd;
    other_mode.changed = true;
    at_signal(p, prompt_set_back);
    if (tcsetattr(p->fd, TCSAFLUSH, &mode)) {
        at_signal(p, NULL);
        other_mode.changed = false;
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

void prompt_take_half(struct prompt *p, struct buf *out)
{
    size_t start = out->n;
    if (p->ended || p->hidden || p->keys || !prompt_can(p))
        return;
    take_half(p, out);
    cut_off(out, start);
    if (out->n > start)
        (void)fputc('\n', stderr);
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
    at_signal(p, NULL);
    other_mode.changed = false;
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
    keys_end(p);
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
