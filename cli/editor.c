/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* editor.c -- typing lines, and the choices below them. */
#include "cli/editor.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/draft.h"
#include "cli/lines.h"
#include "cli/pages.h"

enum { QUESTION_BYTES = 64, NUMBER_BYTES = 24, CHOICES_ROWS = 12 };
enum { PASTED_LINES_MAX = 64 /* before they are kept */, SCREEN_LINES = 1000 };

/* How much room is left, in words: about 2,000 bytes are a page. */
static const struct {
    size_t bytes;
    const char *text;
} left[] = {
    {4096, N_("About two pages are left.")},
    {2048, N_("About one page is left.")},
    {400, N_("A few lines are left.")},
};
enum { LEFT_COUNT = sizeof left / sizeof *left };

struct editor {
    struct cli *c;
    uint64_t group;
    struct buf text, before; /* owned; as it was before the last change */
    bool can_undo;
    bool pasted;      /* rows came in where a number was asked for */
    bool troubled;    /* it could not be kept, and that was said */
    size_t blank;     /* empty lines typed last, not in the text yet */
    size_t left_said; /* how many rows of `left` were said */
    unsigned unkept;  /* lines since it was kept */
};

/* ---- keeping --------------------------------------------------------------- */

/* An error of the way itself ends the writing; a disk that is full does not. */
static int keep(struct editor *e)
{
    int err = draft_replace(e->c, e->group, BUF_BYTES(&e->text));
    e->unkept = 0;
    if (err && !e->troubled) {
        cli_say(gettext(err_text(err)));
        cli_say(_("Your text is not kept now. It is still here."));
    }
    e->troubled = err != 0;
    return err == ERR_NOANSWER || err == ERR_PROTOCOL ? err : 0;
}

/* The row that was half typed when it ended. */
static void keep_half(struct editor *e, struct bytes half)
{
    int err = e->unkept > 0 ? keep(e) : 0;
    if (!err)
        err = draft_keep(e->c, e->group, half, 0);
    e->troubled = e->troubled || err;
}

static int remember(struct editor *e)
{
    buf_free(&e->before);
    e->can_undo = buf_append(&e->before, BUF_BYTES(&e->text), SIZE_MAX) == 0;
    return e->can_undo ? 0 : ERR_NOMEM;
}

static void undo(struct editor *e)
{
    struct buf now = e->text;
    if (!e->can_undo) {
        cli_say(_("There is nothing to undo."));
        return;
    }
    e->text = e->before;
    e->before = now; /* u again goes back again */
    cli_say(_("Undone."));
}

/* ---- asking ---------------------------------------------------------------- */

/* One row as it was typed, made good; what is wrong with it is said.  With an error the
 * half row is kept already. */
static int ask_row(struct editor *e, const char *question, struct buf *row)
{
    struct buf typed = {0};
    int err = prompt_ask_text(&e->c->prompt, question, &typed);
    if (err) {
        keep_half(e, BUF_BYTES(&typed));
        buf_free(&typed);
        return err;
    }
    err = draft_mend(BUF_BYTES(&typed), row, SIZE_MAX / 2);
    if (!err && typed.n >= PROMPT_ROW_BYTES_MAX)
        cli_say(_("This row was too long. Its end is missing."));
    else if (!err && row->n < typed.n)
        cli_say(_("Some signs cannot be read. They were left out."));
    buf_free(&typed);
    return err;
}

/* As an answer: spaces around it are taken away. */
static int ask_answer(struct editor *e, const char *question, struct buf *row,
                      char out[static NUMBER_BYTES])
{
    int err = prompt_ask(&e->c->prompt, question, row);
    size_t from = 0, end = row->n;
    while (from < end && row->p[from] == ' ')
        from++;
    while (end > from && row->p[end - 1] == ' ')
        end--;
    size_t n = end - from;
    bool fits = !err && n > 0 && n < NUMBER_BYTES && !memchr(row->p + from, 0, n);
    if (fits)
        memcpy(out, row->p + from, n);
    out[fits ? n : 0] = '\0';
    if (!fits && n > 0)
        (void)snprintf(out, NUMBER_BYTES, "-"); /* no number */
    return err;
}

/* ---- typing ---------------------------------------------------------------- */

static size_t room(const struct editor *e)
{
    return LIMIT_BODY_BYTES_MAX - e->text.n;
}

/* Say how much is left, once for each of its steps. */
static void say_left(struct editor *e)
{
    size_t step = 0;
    while (step < LEFT_COUNT && room(e) < left[step].bytes)
        step++;
    if (step > e->left_said)
        cli_say(gettext(left[step - 1].text));
    e->left_said = step;
}

/* Empty lines that were not the end, then this one. */
static int add_row(struct editor *e, struct bytes row)
{
    int err = 0;
    for (; e->blank > 0 && !err; e->blank--)
        err = lines_add(&e->text, BYTES(NULL, 0), LIMIT_BODY_BYTES_MAX);
    if (!err)
        err = lines_add(&e->text, row, LIMIT_BODY_BYTES_MAX);
    e->unkept++;
    return err;
}

/* What came when there is no place for it any more. */
static int say_full(struct editor *e, struct bytes row)
{
    unsigned long lost = 0;
    int err = room(e) > 1 ? lines_add(&e->text, lines_part(row, room(e) - 1),
                                      LIMIT_BODY_BYTES_MAX)
                          : 0;
    e->blank = 0;
    cli_say(_("The text is full. Not all of this line fits."));
    while (!err && prompt_has_more(&e->c->prompt)) {
        struct buf more = {0};
        err = prompt_ask(&e->c->prompt, NULL, &more);
        buf_free(&more);
        lost++;
    }
    if (lost > 0)
        cli_sayf(ngettext("%lu line did not fit.", "%lu lines did not fit.", lost),
                 lost);
    return err;
}

/* One row; `*pasted`: more of them came at once.  1: it was the end. */
static int type_row(struct editor *e, bool *pasted)
{
    char question[QUESTION_BYTES];
    struct buf row = {0};
    (void)snprintf(question, sizeof question, _("Line %lu:"),
                   (unsigned long)(lines_count(BUF_BYTES(&e->text)) + e->blank + 1));
    int err = ask_row(e, *pasted ? NULL : question, &row);
    *pasted = !err && prompt_has_more(&e->c->prompt);
    bool dot = row.n == 1 && row.p[0] == '.';
    bool end = !err && !*pasted && (dot || (row.n == 0 && e->blank > 0));
    if (!err && !end && row.n == 0)
        e->blank++;
    else if (!err && !end)
        err = add_row(e, BUF_BYTES(&row));
    if (err == ERR_TOOBIG) {
        err = say_full(e, BUF_BYTES(&row));
        end = true;
    }
    buf_free(&row);
    return err ? err : end;
}

/* Lines until the person ends them. */
static int type_rows(struct editor *e)
{
    bool pasted = e->pasted;
    int err = remember(e);
    if (!pasted) {
        cli_say(_("Type your text. Press Enter after each line."));
        cli_say(_("Two empty lines end it. So does a single dot."));
    }
    e->pasted = false;
    e->left_said = 0;
    e->blank = 0;
    while (!err) {
        say_left(e);
        err = type_row(e, &pasted);
        if (err < 0)
            break;
        if (err || !pasted || e->unkept >= PASTED_LINES_MAX) {
            int kept = keep(e);
            err = kept ? kept : err;
        }
    }
    e->blank = 0;
    return err < 0 ? err : 0;
}

/* ---- choices --------------------------------------------------------------- */

/* Numbered lines, page by page. */
static int read_it(struct editor *e)
{
    struct bytes all = BUF_BYTES(&e->text);
    size_t count = lines_count(all), start = 0, n = 1;
    int err = 0;
    pages_begin(e->c);
    while (n <= count && !err) {
        struct screen s = {0};
        for (size_t i = 0; i < SCREEN_LINES && n <= count; i++, n++) {
            char number[NUMBER_BYTES];
            struct bytes line = lines_at(BYTES(all.p + start, all.n - start), 1);
            start += line.n + 1;
            (void)snprintf(number, sizeof number, "%zu", n);
            if (line.n == 0)
                line = BYTES(_("(empty)"), strlen(_("(empty)")));
            screen_pair(&s, number, line);
            start = start < all.n ? start : all.n;
        }
        err = cli_show(e->c, &s);
    }
    pages_end(e->c, CHOICES_ROWS);
    return err;
}

/* Which line; 0: none.  Asks until it is one. */
static int ask_line(struct editor *e, size_t *line)
{
    size_t count = lines_count(BUF_BYTES(&e->text));
    uint64_t n = 0;
    *line = 0;
    if (count == 0) {
        cli_say(_("There is no text yet."));
        return 0;
    }
    if (count == 1) {
        *line = 1;
        return 0;
    }
    for (;;) {
        char answer[NUMBER_BYTES];
        struct buf row = {0};
        int err = ask_answer(e, _("Number of the line, 0 goes back:"), &row, answer);
        buf_free(&row);
        if (err)
            return err;
        if (args_number(answer, count, &n) == 0) {
            *line = (size_t)n;
            return 0;
        }
        cli_sayf(_("Type a number from 1 to %lu."), (unsigned long)count);
    }
}

static void show_line(const char *label, struct bytes line)
{
    struct screen s = {0};
    screen_said(&s, label, line);
    cli_show_talk(&s);
}

static int change_line(struct editor *e)
{
    size_t n = 0;
    int err = ask_line(e, &n);
    if (err || n == 0)
        return err;
    show_line(_("It is now"), lines_at(BUF_BYTES(&e->text), n));
    cli_say(_("Type the line anew. To leave it, press only Enter."));
    for (bool again = true; again && !err;) {
        struct buf row = {0};
        again = false;
        err = ask_row(e, _("New line:"), &row);
        if (!err && row.n == 0)
            cli_say(_("Nothing was changed."));
        else if (!err && !(err = remember(e)))
            err = lines_change(&e->text, n, BUF_BYTES(&row), LIMIT_BODY_BYTES_MAX);
        if (err == ERR_TOOBIG) {
            cli_say(_("This line does not fit. Make it shorter."));
            again = true;
            err = 0;
        }
        buf_free(&row);
    }
    return err;
}

static int take_line_out(struct editor *e)
{
    size_t n = 0;
    int err = ask_line(e, &n);
    if (err || n == 0)
        return err;
    show_line(_("Taken out"), lines_at(BUF_BYTES(&e->text), n));
    err = remember(e);
    if (!err)
        err = lines_take_out(&e->text, n);
    if (!err)
        cli_say(_("Type u to undo."));
    return err;
}

static void explain(void)
{
    cli_say(_("Nobody gets this text before you send it."));
    cli_say(_("It is kept here, locked like all of kring."));
    cli_say(_("You can leave now and go on another day."));
}

static void show_choices(const struct editor *e)
{
    struct screen s = {0};
    char title[QUESTION_BYTES];
    unsigned long count = (unsigned long)lines_count(BUF_BYTES(&e->text));
    (void)snprintf(title, sizeof title,
                   ngettext("Your text: %lu line", "Your text: %lu lines", count),
                   count);
    screen_text(&s, title);
    screen_choice(&s, "1", _("Send"));
    screen_choice(&s, "2", _("Read it"));
    screen_choice(&s, "3", _("Go on writing"));
    screen_choice(&s, "4", _("Change a line"));
    screen_choice(&s, "5", _("Take a line out"));
    screen_choice(&s, "6", _("Keep it for later"));
    if (e->can_undo)
        screen_choice(&s, "u", _("Undo"));
    screen_choice(&s, "0", _("Back"));
    screen_choice(&s, "?", _("Explain"));
    cli_show_talk(&s);
}

enum act {
    ACT_BACK,
    ACT_SEND,
    ACT_READ,
    ACT_TYPE,
    ACT_CHANGE,
    ACT_TAKE_OUT,
    ACT_KEEP,
    ACT_UNDO,
    ACT_EXPLAIN,
    ACT_NONE
};

static enum act act_of(const char *answer)
{
    uint64_t n = 0;
    if (args_number(answer, ACT_KEEP, &n) == 0)
        return (enum act)n;
    if (strcmp(answer, "u") == 0 || strcmp(answer, "U") == 0)
        return ACT_UNDO;
    return strcmp(answer, "?") == 0 ? ACT_EXPLAIN : ACT_NONE;
}

/* One answer below the text.  Rows that were pasted here are no answers. */
static int ask_act(struct editor *e, enum act *act)
{
    char answer[NUMBER_BYTES];
    struct buf row = {0}, mended = {0};
    int err = ask_answer(e, _("Number:"), &row, answer);
    *act = ACT_NONE;
    if (!err && prompt_has_more(&e->c->prompt)) {
        cli_say(_("Rows came in. They go into your text."));
        err = draft_mend(BUF_BYTES(&row), &mended, SIZE_MAX / 2);
        if (!err)
            err = add_row(e, BUF_BYTES(&mended));
        err = err == ERR_TOOBIG ? say_full(e, BUF_BYTES(&mended)) : err;
        e->pasted = true;
        *act = ACT_TYPE;
    } else if (!err) {
        *act = act_of(answer);
    }
    buf_free(&row);
    buf_free(&mended);
    return err;
}

static int say_wrong(void)
{
    cli_say(_("Type one of the numbers."));
    return 0;
}

static int run(struct editor *e, enum act act)
{
    switch (act) {
    case ACT_READ: return read_it(e);
    case ACT_TYPE: return type_rows(e);
    case ACT_CHANGE: return change_line(e);
    case ACT_TAKE_OUT: return take_line_out(e);
    case ACT_UNDO: undo(e); return 0;
    case ACT_EXPLAIN: explain(); return 0;
    default: return say_wrong();
    }
}

/* The choices, until the text is sent or left.  1: send. */
static int choose(struct editor *e)
{
    for (;;) {
        enum act act = ACT_NONE;
        int err = keep(e);
        if (err)
            return err;
        show_choices(e);
        err = ask_act(e, &act);
        if (err)
            return err;
        bool sends = act == ACT_SEND && !e->troubled;
        if (sends && e->text.n > 0)
            return 1;
        if (act == ACT_BACK || act == ACT_KEEP)
            return 0;
        if (act == ACT_SEND)
            cli_say(sends ? _("There is no text yet.")
                          : _("It cannot go out now. Try again soon."));
        else if ((err = run(e, act)))
            return err;
    }
}

int editor_write(struct cli *c, uint64_t group, bool menu)
{
    struct editor e = {.c = c, .group = group};
    int err = draft_read(c, group, &e.text);
    if (err == ERR_NOTFOUND)
        err = 0;
    if (!err && !menu)
        err = type_rows(&e);
    if (!err)
        err = choose(&e);
    if (err <= 0 && e.text.n > 0 && (err == 0 || c->prompt.ended))
        cli_say(e.troubled ? _("Your text could not be kept.")
                           : _("Your text is kept here. Nobody got it."));
    buf_free(&e.text);
    buf_free(&e.before);
    return err;
}
