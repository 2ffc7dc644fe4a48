/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* draft.c -- keeping, reading and sending what was begun. */
#include "cli/draft.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/settings.h"
#include "cli/talk.h"
#include "node/core/peer.h"

enum { ESCAPE = 0x1b, DELETE = 0x7f, LETTER_BYTES_MAX = 4 };

/* Bytes of the letter that `text` begins with; 0 if it is broken, or a zero byte. */
static size_t letter_of(struct bytes text)
{
    for (size_t n = 1; n <= LETTER_BYTES_MAX && n <= text.n; n++)
        if (text_check(BYTES(text.p, n)) == 0)
            return n;
    return 0;
}

/* Bytes of what an arrow or another key sends, which begins with an escape. */
static size_t key_of(struct bytes text)
{
    size_t n = 2;
    if (text.n < 2 || (text.p[1] != '[' && text.p[1] != 'O'))
        return 1;
    while (n < text.n && text.p[n] >= ' ' && text.p[n] < '@')
        n++;
    return n < text.n && text.p[n] >= '@' && text.p[n] < DELETE ? n + 1 : n;
}

/* True for what stands in no text: control characters of one or two bytes. */
static bool is_control(struct bytes letter)
{
    uint8_t c = letter.p[0];
    if (letter.n == 2)
        return c == 0xc2 && letter.p[1] < 0xa0;
    return letter.n == 1 && (c < ' ' || c == DELETE) && c != '\n' && c != '\t';
}

int draft_mend(struct bytes text, struct buf *out, size_t bytes_max)
{
    int err = 0;
    while (text.n > 0 && !err) {
        size_t n = letter_of(text);
        bool good = n > 0 && !is_control(BYTES(text.p, n));
        if (good)
            err = buf_append(out, BYTES(text.p, n), bytes_max);
        else
            n = text.p[0] == ESCAPE ? key_of(text) : n > 0 ? n : 1;
        text = BYTES(text.p + n, text.n - n);
    }
    return err;
}

static int replace(struct cli *c, uint64_t group, struct bytes text, uint64_t answers)
{
    struct api_args args = {.group = group,
                            .has_group = true,
                            .text = text,
                            .has_text = true,
                            .row = answers};
    return cli_do(c, API_UNSENT_KEEP, &args);
}

int draft_replace(struct cli *c, uint64_t group, struct bytes text)
{
    return replace(c, group, text, 0);
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

int draft_add_answered(struct cli *c, uint64_t group, struct screen *s, uint64_t *row)
{
    struct api_args args = {.group = group, .has_group = true};
    struct api_reply reply = {0};
    int err = cli_call(c, API_UNSENT, &args, &reply);
    if (err)
        return err;
    struct message_row m = view_message(api_row(&reply, UINT32_MAX));
    *row = m.reply == REPLY_HERE ? m.reply_row : 0;
    view_add_answered(s, &m);
    api_reply_free(&reply);
    return 0;
}

int draft_keep(struct cli *c, uint64_t group, struct bytes text, uint64_t answers)
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
        err = replace(c, group, BUF_BYTES(&all), answers);
    buf_free(&all);
    return err;
}

/* The last row of something pasted has no Enter behind it: were it left, it would be
 * the next answer, whatever it says. */
static int take_rest(struct cli *c, struct buf *text)
{
    struct buf rest = {0};
    prompt_take_half(&c->prompt, &rest);
    int err = rest.n > 0 ? buf_append(text, BYTES("\n", 1), SIZE_MAX / 2) : 0;
    if (!err)
        err = buf_append(text, BUF_BYTES(&rest), SIZE_MAX / 2);
    buf_free(&rest);
    return err;
}

/* Rows that were pasted below the first one, as long as one text can hold them. */
static int take_rows(struct cli *c, struct buf *text, bool *cut)
{
    int err = 0;
    while (!err && prompt_has_more(&c->prompt)) {
        struct buf row = {0};
        err = prompt_ask_text(&c->prompt, NULL, &row);
        *cut = *cut || row.n >= PROMPT_ROW_BYTES_MAX;
        if (text->n <= LIMIT_BODY_BYTES_MAX) {
            int added = buf_append(text, BYTES("\n", 1), SIZE_MAX / 2);
            if (!added)
                added = buf_append(text, BUF_BYTES(&row), SIZE_MAX / 2);
            err = err ? err : added;
        }
        buf_free(&row);
    }
    return err ? err : take_rest(c, text);
}

/* Why a text of these bytes is kept and not sent; NULL: it is as it should be. */
static const char *trouble_of(struct bytes text, bool cut)
{
    struct buf mended = {0};
    int err = draft_mend(text, &mended, LIMIT_BODY_BYTES_MAX);
    bool whole = mended.n == text.n;
    buf_free(&mended);
    if (cut)
        return _("This row was too long. Its end is missing.");
    if (err)
        return _("This text is too long. Not all of it fits.");
    if (!whole)
        return _("Some signs cannot be read. They were left out.");
    return text.n > 0 && memchr(text.p, '\n', text.n)
               ? _("That was more than one line.")
               : NULL;
}

int draft_ask(struct cli *c, uint64_t group, uint64_t answers, struct buf *text)
{
    int err = prompt_ask_text(&c->prompt, _("Your text:"), text);
    bool cut = text->n >= PROMPT_ROW_BYTES_MAX;
    if (!err)
        err = take_rows(c, text, &cut);
    const char *why = err ? NULL : trouble_of(BUF_BYTES(text), cut);
    if (!err && !why)
        return 0;
    int kept = draft_keep(c, group, BUF_BYTES(text), answers);
    if (why)
        cli_say(why);
    if (!kept && text->n > 0 && (why || c->prompt.ended))
        cli_say(_("Your text is kept here. Nobody got it."));
    buf_free(text);
    return kept ? kept : err ? err : 1;
}

int draft_send(struct cli *c, const struct group_row *g, bool now, uint64_t *draft)
{
    char language[SETTING_VALUE_BYTES];
    struct api_reply reply = {0};
    struct api_args args = {
        .group = g->number,
        .has_group = true,
        .lifetime = g->lifetime_hours,
        .has_lifetime = true,
        .text_language = setting_text_language(c, language),
        .delay_ms = now ? 0 : TALK_DELAY_MS,
    };
    int err = talk_explain(c, cli_call(c, API_UNSENT_SAY, &args, &reply));
    if (err)
        return err;
    *draft = api_uint(api_row(&reply, UINT32_MAX), F_DRAFT, 0);
    api_reply_free(&reply);
    if (!now)
        cli_say(_("It waits 30 seconds. Type u to take it back."));
    return 0;
}
