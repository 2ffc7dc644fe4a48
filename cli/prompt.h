/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* prompt.h -- asking a person at a terminal, and reading standard input.
 *
 * Questions go to standard error, answers come from standard input; nothing is ever
 * asked when that is no terminal.  What was read lies in one buffer that is wiped.
 * A face that has a node to run meanwhile gives `wait`; without it control-C comes as
 * a byte, so that the terminal is always set back.
 *
 *     prompt_hide -> { prompt_ask | slow work -> prompt_drop }* -> prompt_reveal
 *
 * is how a passphrase is asked for: in between nothing that is typed is ever shown, not
 * even what is typed while nobody asks.
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <termios.h>

#include "base/bytes.h"

struct prompt {
    int fd;                /* standard input */
    bool ended;            /* nothing more will come */
    bool interrupted;      /* by control-C */
    bool keeps;            /* asks for a text: what is half typed at the end is kept */
    bool hidden;           /* between prompt_hide and prompt_reveal */
    struct termios before; /* the terminal as it was, while hidden */
    const char *question;  /* shown last; lent until it is answered */
    struct buf held;       /* read, not yet taken; owned */
    bool locked;           /* `l` was typed where a number is asked for */
    bool keys;             /* every key comes at once; the line is kept in `typed` */
    struct buf typed;      /* with keys: the open line so far; owned */
    int (*wait)(
        void *ctx); /* until fd is readable: 0, or an error to stop; may be NULL */
    void *ctx;
};

enum { PROMPT_LINE_BYTES_MAX = 64 << 10 };
/* A row at a terminal that is as long as this has lost its end: the system takes 4,096
 * bytes and forgets the rest. */
enum { PROMPT_ROW_BYTES_MAX = 4094 };

/* True if there is a person to ask. */
bool prompt_can(const struct prompt *p);
/* Show `question` (NULL: nothing) and append the answer, one line without its end, to
 * `out`.  ERR_NEEDTERM: no terminal, or the person ended it; the pen is on a new line
 * then.  ERR_TOOBIG, ERR_NOMEM, ERR_IO. */
NODISCARD int prompt_ask(struct prompt *p, const char *question, struct buf *out);
/* As prompt_ask, at a question that is answered by a number.  Where `wait` is given,
 * the answer `l` ends everything as control-C does, and sets `locked`. */
NODISCARD int prompt_ask_number(struct prompt *p, const char *question,
                                struct buf *out);
/* Take the line that is half typed out of the terminal's hands, into `typed`; until it
 * is whole every key comes at once, and the line is edited here.  Legal twice.  Nothing
 * happens where there is no terminal. */
void prompt_take_keys(struct prompt *p);
/* Something a signal handler may do: set the terminal back as it was. */
void prompt_set_back(void);
/* As prompt_ask, for a text that shall not be lost: with an error `out` holds all that
 * was typed, as far as the terminal gives it.  Control-C comes as a byte here even
 * where a node runs. */
NODISCARD int prompt_ask_text(struct prompt *p, const char *question, struct buf *out);
/* As prompt_ask, without showing what is typed. */
NODISCARD int prompt_ask_secret(struct prompt *p, const char *question,
                                struct buf *out);
/* Show nothing of what is typed from now on, and forget what was typed already.
 * Legal twice.  ERR_NEEDTERM: no terminal.  ERR_IO. */
NODISCARD int prompt_hide(struct prompt *p);
/* True if more was typed or pasted already, or comes within a moment. */
bool prompt_has_more(const struct prompt *p);
/* Append what stands on the terminal without its Enter, after a row that came whole:
 * the end of something pasted, for a person does not type so fast.  What is written
 * next begins on a row of its own. */
void prompt_take_half(struct prompt *p, struct buf *out);
/* Forget what was typed since the last answer.  ERR_NEEDTERM: the person ended it
 * meanwhile. */
NODISCARD int prompt_drop(struct prompt *p);
/* Set the terminal back; what was typed meanwhile is forgotten.  Legal twice. */
void prompt_reveal(struct prompt *p);
/* Leave the line of the open question, before something else is written. */
void prompt_break_line(const struct prompt *p);
/* Show the open question again, after something else was written. */
void prompt_show_again(const struct prompt *p);
/* Read once what is there.  ERR_NOMEM, ERR_TOOBIG (a line too long), ERR_IO. */
NODISCARD int prompt_fill(struct prompt *p);
/* Move a whole line that was read to `out`; false if there is none (yet). */
bool prompt_take(struct prompt *p, struct buf *out);
/* Append all of standard input to `out`, at most `bytes_max`.
 * ERR_TOOBIG, ERR_NOMEM, ERR_IO. */
NODISCARD int prompt_read_all(struct prompt *p, struct buf *out, size_t bytes_max);
/* Wipe what is held.  Legal twice. */
void prompt_free(struct prompt *p);

/* Append a whole small file to `out`, at most `bytes_max`.
 * ERR_NOTFOUND, ERR_TOOBIG, ERR_NOMEM, ERR_IO.  `*others_can_read` may be NULL. */
NODISCARD int prompt_read_file(const char *path, struct buf *out, size_t bytes_max,
                               bool *others_can_read);

#endif
