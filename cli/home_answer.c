/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_answer.c -- answering one text. */
#include <stdio.h>
#include <string.h>

#include "cli/draft.h"
#include "cli/home.h"
#include "cli/talk.h"

enum { SHOWN_MAX = 9, FIRST_BYTES = 60 };

/* "Wren: Shall we meet on Thursday?", as a choice. */
static void add_choice(struct screen *s, size_t number, const struct message_row *m)
{
    char key[8], who[VIEW_NAME_BYTES], text[VIEW_NAME_BYTES + FIRST_BYTES + 4];
    struct bytes first = m->text;
    const uint8_t *end = first.n ? memchr(first.p, '\n', first.n) : NULL;
    if (end)
        first.n = (size_t)(end - first.p);
    first = text_part(first, FIRST_BYTES);
    view_name(who, m->author);
    (void)snprintf(key, sizeof key, "%zu", number);
    (void)snprintf(text, sizeof text, "%s: %.*s", who, (int)first.n,
                   (const char *)first.p);
    screen_choice(s, key, text);
}

/* Which of the newest texts; 0: none, or back. */
static int ask_which(struct home *h, const struct group_row *g, uint64_t *row)
{
    struct api_args args = {.group = g->number, .has_group = true, .last = SHOWN_MAX};
    struct api_reply reply = {0};
    struct screen s = {0};
    uint64_t rows[SHOWN_MAX], count = 0, n = 0;
    int err = cli_call(h->c, API_MESSAGES, &args, &reply);
    *row = 0;
    view_head(&s, g);
    screen_text(&s, _("Which text do you answer?"));
    uint32_t all = err ? 0 : api_rows(&reply);
    for (uint32_t i = 0; i < all; i++) {
        struct message_row m = view_message(api_row(&reply, i));
        bool fits = all - i <= SHOWN_MAX; /* of many unread ones the newest */
        if (fits && m.draft == 0 && !m.newer && m.text.n > 0) {
            rows[count++] = m.row;
            add_choice(&s, (size_t)count, &m);
        }
    }
    api_reply_free(&reply);
    if (err || count == 0) {
        screen_free(&s);
        if (!err)
            cli_say(_("There is no text to answer."));
        return err;
    }
    if (home_choose(h, &s, count, &n))
        *row = rows[n - 1];
    return 0;
}

void home_answer(struct home *h, const struct group_row *g)
{
    struct buf text = {0};
    uint64_t row = 0, draft = 0;
    int err = ask_which(h, g, &row);
    if (err || row == 0) {
        home_report(h, err);
        return;
    }
    err = home_show_head(h, g);
    if (!err)
        err = talk_show_thread(h->c, g, row);
    if (!err)
        err = draft_ask(h->c, g->number, row, &text);
    if (!err && text.n > 0) {
        err = talk_draft(h->c, g, BUF_BYTES(&text), row, &draft);
        if (!err)
            h->draft_group = g->number;
    } else if (!err) {
        cli_say(_("Nothing was written."));
    }
    buf_free(&text);
    h->unsent_shown = h->unsent_shown && err != 1;
    home_report(h, err == 1 ? 0 : err);
}
