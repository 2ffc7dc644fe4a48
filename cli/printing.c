/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* printing.c -- choosing what fits, and the way to paper. */
#include "cli/printing.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/talk.h"
#include "paper/paper.h"
#include "store/files.h"

enum {
    NEWEST_MAX = 40, /* more lines than a page has */
    FONT_BYTES_MAX = 16 << 20,
    DAYS_MAX = 7, /* that a page may lie around */
    DAY_HOURS = 24,
    GAP_POINTS = 8,
    LABEL_BYTES = VIEW_NAME_BYTES + 2 * VIEW_WORDS_BYTES,
};

/* Where Debian and others keep the letters. */
static const char *const fonts[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
};

/* One text that may go on the page. */
struct printed {
    char label[LABEL_BYTES];
    struct buf text; /* made safe */
    uint64_t ends_hours;
};

/* The newest texts, a ring; and what came of them. */
struct printing {
    struct printed texts[NEWEST_MAX];
    uint64_t seen;  /* texts in the group */
    uint64_t taken; /* of those, on the page: the newest */
    bool cut;       /* the newest alone is longer than the page */
    uint64_t ends_hours;
    char today[VIEW_WORDS_BYTES], destroy[VIEW_WORDS_BYTES];
    struct buf font;
    struct paper *paper;
};

static void printing_free(struct printing *w)
{
    for (size_t i = 0; i < NEWEST_MAX; i++)
        buf_free(&w->texts[i].text);
    paper_free(w->paper);
    buf_free(&w->font);
    wipe(w, sizeof *w);
    free(w);
}

/* ---- what there is ------------------------------------------------------- */

static int take_text(struct printing *w, const struct message_row *m, uint64_t ends)
{
    struct printed *t = &w->texts[w->seen % NEWEST_MAX];
    char who[VIEW_NAME_BYTES], day[VIEW_WORDS_BYTES];
    size_t removed = 0;
    if (m->draft != 0 || m->newer)
        return 0; /* not sent yet; or nothing that can be read here */
    buf_free(&t->text);
    view_name(who, m->author);
    view_day(day, m->about_hour);
    (void)snprintf(t->label, sizeof t->label, _("%s, about %s"), who, day);
    t->ends_hours = ends;
    w->seen++;
    int err = view_language_mark(&t->text, m);
    return err ? err : text_clean(m->text, &t->text, SIZE_MAX, &removed);
}

static int take_all(struct cli *c, const struct group_row *g, struct printing *w)
{
    struct api_args args = {
        .group = g->number, .has_group = true, .limit = TALK_PAGE_ROWS};
    bool more = true;
    int err = 0;
    while (more && !err) {
        struct api_reply reply = {0};
        err = cli_call(c, API_MESSAGES, &args, &reply);
        for (uint32_t i = 0; !err && i < api_rows(&reply); i++) {
            struct bytes row = api_row(&reply, i);
            struct message_row m = view_message(row);
            err = take_text(w, &m, api_uint(row, F_ENDS_IN, UINT64_MAX));
        }
        uint64_t next =
            err ? 0 : api_uint(api_row(&reply, UINT32_MAX), F_AFTER, args.after);
        more = next > args.after;
        args.after = next;
        api_reply_free(&reply);
    }
    return err;
}

/* The i-th newest, from 0. */
static const struct printed *newest(const struct printing *w, uint64_t i)
{
    return &w->texts[(w->seen - 1 - i) % NEWEST_MAX];
}

/* ---- the page ------------------------------------------------------------ */

static int add_line(struct printing *w, const char *text, unsigned points)
{
    return paper_add(w->paper, BYTES(text, strlen(text)), points);
}

/* The head of the page.  The date it says is counted from now. */
static int add_head(struct printing *w, const struct group_row *g)
{
    char line[LABEL_BYTES], name[VIEW_NAME_BYTES];
    view_name(name, BYTES(g->name, strlen(g->name)));
    int err = add_line(w, name, PAPER_TITLE_POINTS);
    (void)snprintf(line, sizeof line, _("Printed: %s"), w->today);
    if (!err)
        err = add_line(w, line, PAPER_TEXT_POINTS);
    (void)snprintf(line, sizeof line, _("Destroy after: %s"), w->destroy);
    if (!err)
        err = add_line(w, line, PAPER_TITLE_POINTS);
    paper_skip(w->paper, GAP_POINTS);
    return err;
}

/* The points that one text takes, with its label and what parts it from the next. */
static int height_of(struct printing *w, const struct printed *t, unsigned *height)
{
    unsigned label = 0, text = 0;
    int err = paper_height(w->paper, BYTES(t->label, strlen(t->label)),
                           PAPER_TEXT_POINTS, &label);
    if (!err)
        err = paper_height(w->paper, BUF_BYTES(&t->text), PAPER_TEXT_POINTS, &text);
    *height = label + text + GAP_POINTS;
    return err;
}

/* How many of the newest fit below the head, which is as high for every date. */
static int choose(struct printing *w, const struct group_row *g, struct bytes font)
{
    uint64_t most = w->seen < NEWEST_MAX ? w->seen : NEWEST_MAX;
    bool room = true;
    view_day(w->today, g->hour);
    view_day(w->destroy, g->hour);
    int err = paper_new(&w->paper, font);
    if (!err)
        err = add_head(w, g);
    unsigned left = err ? 0 : paper_room(w->paper);
    while (!err && room && w->taken < most) {
        unsigned height = 0;
        err = height_of(w, newest(w, w->taken), &height);
        room = height <= left;
        if (!err && room) {
            left -= height;
            w->taken++;
        }
    }
    w->cut = w->taken == 0;
    w->taken += w->cut;
    paper_free(w->paper);
    w->paper = NULL;
    return err;
}

static int add_text(struct printing *w, const struct printed *t)
{
    int err = add_line(w, t->label, PAPER_TEXT_POINTS);
    if (!err)
        err = paper_add(w->paper, BUF_BYTES(&t->text), PAPER_TEXT_POINTS);
    paper_skip(w->paper, GAP_POINTS);
    return err;
}

/* The oldest of them first. */
static int compose(struct printing *w, const struct group_row *g, struct bytes font)
{
    w->ends_hours = DAYS_MAX * DAY_HOURS;
    for (uint64_t i = 0; i < w->taken; i++)
        if (newest(w, i)->ends_hours < w->ends_hours)
            w->ends_hours = newest(w, i)->ends_hours;
    view_day(w->destroy, g->hour + w->ends_hours);
    int err = paper_new(&w->paper, font);
    if (!err)
        err = add_head(w, g);
    if (!err && w->cut)
        err = add_line(w, _("This text is longer than the page."), PAPER_TEXT_POINTS);
    for (uint64_t i = w->taken; i > 0 && !err; i--)
        err = add_text(w, newest(w, i - 1));
    return err == ERR_FULL && w->cut ? 0 : err;
}

/* The letters of the system. */
static int read_font(struct cli *c, struct buf *font)
{
    int err = ERR_NOTFOUND;
    for (size_t i = 0; i < sizeof fonts / sizeof *fonts && err == ERR_NOTFOUND; i++)
        err = prompt_read_file(fonts[i], font, FONT_BYTES_MAX, NULL);
    if (err == ERR_NOTFOUND) {
        char sentence[128];
        (void)snprintf(sentence, sizeof sentence,
                       _("Letters for paper are missing: %s"), "fonts-dejavu-core");
        return cli_error(c, err, sentence);
    }
    return err;
}

static int make_page(struct cli *c, const struct group_row *g, struct printing *w)
{
    int err = take_all(c, g, w);
    if (!err && w->seen == 0)
        return cli_error(c, ERR_EMPTY, _("There is no text to print here."));
    if (!err)
        err = read_font(c, &w->font);
    if (!err)
        err = choose(w, g, BUF_BYTES(&w->font));
    return err ? err : compose(w, g, BUF_BYTES(&w->font));
}

/* ---- what is said -------------------------------------------------------- */

static void say_page(const struct printing *w)
{
    unsigned long older = (unsigned long)(w->seen - w->taken);
    unsigned long missing = (unsigned long)paper_missing(w->paper);
    if (w->cut)
        cli_say(_("The newest text is longer than the page. Its end is cut."));
    if (older > 0)
        cli_sayf(ngettext("%lu older text is not on the page.",
                          "%lu older texts are not on the page.", older),
                 older);
    if (missing > 0)
        cli_sayf(ngettext("%lu letter has no shape. A box stands for it.",
                          "%lu letters have no shape. Boxes stand for them.", missing),
                 missing);
    cli_sayf(_("Destroy it after: %s"), w->destroy);
    cli_say(_("The printer may keep a copy."));
}

static void add_cells(struct screen *s, const struct printing *w)
{
    screen_row(s);
    screen_cell_number(s, "texts", w->taken);
    screen_cell_number(s, "left_out", w->seen - w->taken);
    screen_cell_flag(s, "cut", w->cut);
    screen_cell_number(s, "letters_missing", paper_missing(w->paper));
    screen_cell_text(s, "destroy_after", BYTES(w->destroy, strlen(w->destroy)));
}

/* y or n, and its like in the person's language. */
static int ask_yes(struct cli *c, bool *yes)
{
    struct buf answer = {0};
    char key = 0;
    int err = 0;
    while (!err && !strchr("yYjJnN", key ? key : ' ')) {
        answer.n = 0;
        err = prompt_ask(&c->prompt, _("Print it? y/n:"), &answer);
        key = !err && answer.n == 1 ? (char)answer.p[0] : 0;
        if (!err && (key == 0 || !strchr("yYjJnN", key)))
            cli_say(_("Type y or n."));
    }
    *yes = !err && key != 'n' && key != 'N';
    buf_free(&answer);
    return err;
}

/* ---- to a file, to the printer ------------------------------------------- */

static int write_file(struct cli *c, const char *path, struct bytes pdf)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return cli_error(c, ERR_EXISTS,
                         _("That file is there already. Choose another."));
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return cli_error(c, ERR_NOTFOUND,
                         _("That folder is not there. Check the name."));
    int err = fd < 0 ? files_error() : files_write(fd, pdf);
    if (fd >= 0 && !err && fsync(fd) != 0)
        err = files_error();
    if (fd >= 0 && close(fd) != 0 && !err)
        err = files_error();
    if (fd >= 0 && err)
        (void)unlink(path);
    return err;
}

bool printing_can(void)
{
    const char *path = getenv("PATH");
    char name[PLACE_BYTES_MAX];
    while (path && *path) {
        int n = (int)strcspn(path, ":");
        (void)snprintf(name, sizeof name, "%.*s/lp", n, path);
        if (n > 0 && access(name, X_OK) == 0)
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

/* The printing program, reading from `fd`; its job is called "page". */
static _Noreturn void run_printer(int fd)
{
    char *const argv[] = {"lp", "-s", "-t", "page", NULL};
    (void)signal(SIGPIPE, SIG_DFL);
    if (dup2(fd, STDIN_FILENO) >= 0)
        (void)execvp(argv[0], argv);
    _exit(127);
}

static int send_page(struct cli *c, struct bytes pdf)
{
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ERR_SYSTEM;
    pid_t pid = fork();
    if (pid == 0)
        run_printer(ends[0]);
    (void)close(ends[0]);
    int err = pid < 0 ? ERR_SYSTEM : files_write(ends[1], pdf);
    (void)close(ends[1]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (err || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return cli_error(c, ERR_SYSTEM, _("The printer did not take it. Is it on?"));
    return 0;
}

static int to_printer(struct cli *c, struct bytes pdf)
{
    bool yes = false;
    cli_say(_("This computer may keep one too, for a day or longer."));
    int err = ask_yes(c, &yes);
    if (!err && yes)
        err = send_page(c, pdf);
    if (!err)
        cli_say(yes ? _("It is printed. Take it at once.") : _("Nothing was printed."));
    return err;
}

int printing_run(struct cli *c, const struct group_row *group, const char *to)
{
    struct printing *w = calloc(1, sizeof *w);
    struct buf pdf = {0};
    struct screen s = {0};
    if (!w)
        return ERR_NOMEM;
    int err = make_page(c, group, w);
    if (!err)
        err = paper_write(w->paper, &pdf);
    if (!err)
        say_page(w);
    if (!err)
        err = to ? write_file(c, to, BUF_BYTES(&pdf)) : to_printer(c, BUF_BYTES(&pdf));
    if (!err && to)
        cli_say(_("It is written, and not locked. Whoever has it can read it."));
    if (!err) {
        add_cells(&s, w);
        err = cli_show(c, &s);
    }
    buf_free(&pdf);
    screen_free(&s);
    printing_free(w);
    return err;
}
