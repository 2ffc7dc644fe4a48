/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* invitation.c -- rows to one line, and whether that is all of it. */
#include "cli/invitation.h"

#include <string.h>

#include "base/limits.h"
#include "cli/nearby.h"
#include "cli/words.h"
#include "node/core/link.h"

enum { LINE_BYTES_MAX = LIMIT_INVITE_LINE_BYTES_MAX * 4, PREFIX_BYTES = 5 };

/* What stands between letters and means nothing: spaces that do not break, have no
 * width or say how bytes are ordered, and hyphens that are not shown. */
static const char *const gaps[] = {" ",
                                   "\t",
                                   "\r",
                                   "\n",
                                   ">",
                                   "|",
                                   "\xc2\xa0",
                                   "\xc2\xad",
                                   "\xe2\x80\x8b",
                                   "\xe2\x80\xaf",
                                   "\xe2\x81\xa0",
                                   "\xef\xbb\xbf"};

/* Bytes of the gap that `text` begins with, or 0. */
static size_t gap_of(struct bytes text)
{
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        size_t n = strlen(gaps[i]);
        if (text.n >= n && memcmp(text.p, gaps[i], n) == 0)
            return n;
    }
    return 0;
}

int invitation_squeeze(struct bytes text, struct buf *line, size_t bytes_max)
{
    int err = 0;
    while (text.n > 0 && !err) {
        size_t n = gap_of(text);
        if (n == 0)
            err = buf_append(line, BYTES(text.p, n = 1), bytes_max);
        text = BYTES(text.p + n, text.n - n);
    }
    return err;
}

/* The first letters of "kring", as people type them. */
static bool is_start(struct bytes line)
{
    static const char prefix[PREFIX_BYTES] = "kring";
    for (size_t i = 0; i < line.n; i++)
        if (i >= PREFIX_BYTES || (line.p[i] | 0x20) != prefix[i])
            return false;
    return true;
}

int invitation_check(struct bytes line)
{
    struct invite_line decoded;
    if (line.n == 0)
        return ERR_EMPTY;
    if (line.n < PREFIX_BYTES && is_start(line))
        return ERR_TRUNCATED;
    int err = invite_decode(line, &decoded);
    wipe(&decoded, sizeof decoded);
    return err;
}

bool invitation_is_words(struct bytes line)
{
    return line.n > 0 && memchr(line.p, ' ', line.n);
}

int invitation_explain(struct cli *c, int err)
{
    switch (err) {
    case ERR_EMPTY:
        return cli_error(c, err, _("There is no invitation here. Copy it again."));
    case ERR_TRUNCATED:
        return cli_error(c, err, _("This code was cut off. Copy all of it."));
    case ERR_UTF8:
    case ERR_TOOBIG: return cli_error(c, err, gettext(err_text(ERR_FOREIGN)));
    default: return err;
    }
}

/* Rows until the line is whole, wrong, or an empty row ends it.  How it stands is the
 * result of invitation_check; ERR_NEEDTERM and the like when asking fails. */
static int ask_rows(struct cli *c, struct buf *line)
{
    const char *question = _("Your invitation:");
    bool pasted = false;
    int state = ERR_TRUNCATED;
    while (state == ERR_TRUNCATED) {
        struct buf row = {0};
        size_t before = line->n;
        int err = prompt_ask(&c->prompt, pasted ? NULL : question, &row);
        if (!err && before == 0 && words_look(BUF_BYTES(&row))) {
            err = nearby_read_words(c, BUF_BYTES(&row), line);
            buf_free(&row);
            return err;
        }
        if (!err)
            err = invitation_squeeze(BUF_BYTES(&row), line, LINE_BYTES_MAX);
        buf_free(&row);
        if (err)
            return err == ERR_TOOBIG ? ERR_FOREIGN : err;
        state = invitation_check(BUF_BYTES(line));
        pasted = prompt_has_more(&c->prompt);
        if (line->n == before && !pasted)
            break;
        question = _("The rest, or only Enter:");
    }
    return state;
}

int invitation_ask(struct cli *c, struct buf *line)
{
    for (;;) {
        int err = ask_rows(c, line);
        bool again = err == ERR_TRUNCATED || err == ERR_FOREIGN || err == ERR_MISTYPED;
        /* What was pasted below it answers no question. */
        int ended = again || err == 0 ? prompt_drop(&c->prompt) : 0;
        if (ended || !again)
            return ended ? ended : err;
        (void)invitation_explain(c, err);
        if (!c->told)
            cli_say(gettext(err_text(err)));
        c->told = false;
        cli_say(_("Paste it again. To go back, press only Enter."));
        buf_free(line);
    }
}
