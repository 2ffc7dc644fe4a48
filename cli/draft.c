/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* draft.c -- keeping, reading and sending what was begun. */
#include "cli/draft.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/talk.h"

/* Bytes of the letter that `text` begins with; 0 if it is broken, or a zero byte. */
static size_t letter_of(struct bytes text)
{
    enum { LETTER_BYTES_MAX = 4 };
    for (size_t n = 1; n <= LETTER_BYTES_MAX && n <= text.n; n++)
        if (text_check(BYTES(text.p, n)) == 0)
            return n;
    return 0;
}

int draft_mend(struct bytes text, struct buf *out, size_t bytes_max)
{
    int err = 0;
    while (text.n > 0 && !err) {
        size_t n = letter_of(text);
        if (n > 0)
            err = buf_append(out, BYTES(text.p, n), bytes_max);
        n = n > 0 ? n : 1;
        text = BYTES(text.p + n, text.n - n);
    }
    return err;
}

int draft_replace(struct cli *c, uint64_t group, struct bytes text)
{
    struct api_args args = {
        .group = group, .has_group = true, .text = text, .has_text = true};
    return cli_do(c, API_UNSENT_KEEP, &args);
}

int draft_read(struct cli *c, uint64_t group, struct buf *text)
{
    struct api_args args = {.group = group, .has_group = true};
    struct api_reply reply = {0};
    int err = cli_call(c, API_UNSENT, &args, &reply);
    if (err)
        return err;
    err = buf_append(text, api_bytes(api_row(&reply, UINT32_MAX), F_TEXT),
                     LIMIT_BODY_BYTES_MAX);
    api_reply_free(&reply);
    return err;
}

int draft_keep(struct cli *c, uint64_t group, struct bytes text)
{
    struct buf all = {0};
    if (text.n == 0)
        return 0;
    int err = draft_read(c, group, &all);
    if (err == ERR_NOTFOUND)
        err = 0;
    if (!err && all.n > 0 && all.n < LIMIT_BODY_BYTES_MAX)
        err = buf_append(&all, BYTES("\n", 1), LIMIT_BODY_BYTES_MAX);
    if (!err)
        err = draft_mend(text, &all, LIMIT_BODY_BYTES_MAX);
    if (err == ERR_TOOBIG)
        err = 0; /* as much as a text can hold */
    if (!err)
        err = draft_replace(c, group, BUF_BYTES(&all));
    buf_free(&all);
    return err;
}

int draft_send(struct cli *c, uint64_t group, bool now, uint64_t *draft)
{
    struct api_reply reply = {0};
    struct api_args args = {
        .group = group, .has_group = true, .delay_ms = now ? 0 : TALK_DELAY_MS};
    int err = talk_explain(c, cli_call(c, API_UNSENT_SAY, &args, &reply));
    if (err)
        return err;
    *draft = api_uint(api_row(&reply, UINT32_MAX), F_DRAFT, 0);
    api_reply_free(&reply);
    if (!now)
        cli_say(_("It waits 30 seconds. Type u to take it back."));
    return 0;
}
