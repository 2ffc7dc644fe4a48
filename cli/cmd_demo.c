/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_demo.c -- the command `demo`: three people, real processes, loopback.
 *
 * Every act is a command of this same program, run as a person would run it, on three
 * profiles in a folder of its own that goes at the end.  Passphrases are in files 0600.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/words.h"

enum {
    PEOPLE = 3,
    ARGS_MAX = 16,
    OUT_BYTES_MAX = 1 << 16,
    STEP_MS = 20000, /* no command of the demo takes longer */
    LOOK_MS = 150,
    LOOKS_MAX = 100,
    PATH_BYTES = 256,
    LINE_BYTES = 512,
};

static const char *const people[PEOPLE] = {"Otter", "Wren", "Heron"};

struct demo {
    struct cli *c;
    char dir[PATH_BYTES];
    char self[PLACE_BYTES_MAX]; /* this program */
    pid_t nodes[PEOPLE];        /* 0: not running */
};

static volatile sig_atomic_t stopped; /* control-C: end, but tidy up first */

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* ---- running kring ------------------------------------------------------- */

/* A child and the way to and from it. */
struct child {
    pid_t pid;
    int in, out; /* to its standard input, from its standard output; -1: closed */
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void path_of(const struct demo *d, int who, const char *ending,
                    char out[static PATH_BYTES])
{
    (void)snprintf(out, PATH_BYTES, "%.200s/%s%s", d->dir, people[who], ending);
}

/* In the child: become `kring` for this person. */
_Noreturn static void become(const struct demo *d, int who, const char *const *words)
{
    char home[PATH_BYTES], file[PATH_BYTES];
    const char *argv[ARGS_MAX + 6] = {"kring", "--home", home, "--passphrase-file",
                                      file};
    size_t n = 5;
    path_of(d, who, "", home);
    path_of(d, who, ".words", file);
    for (size_t i = 0; words[i] && i < ARGS_MAX; i++)
        argv[n++] = words[i];
    (void)execv(d->self, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static int start(struct demo *d, int who, const char *const *words, struct child *child)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    *child = (struct child){.in = -1, .out = -1};
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        goto fail;
    child->pid = fork();
    if (child->pid < 0)
        goto fail;
    if (child->pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (dup2(in[0], STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0 ||
            dup2(nowhere, STDERR_FILENO) < 0)
            _exit(127);
        become(d, who, words);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    child->in = in[1];
    child->out = out[0];
    return 0;
fail:
    for (int i = 0; i < 2; i++) {
        close_fd(&in[i]);
        close_fd(&out[i]);
    }
    return ERR_SYSTEM;
}

/* Read what the child writes, until it ends or (with `one_line`) a line is whole. */
static int collect(struct child *child, struct buf *out, bool one_line)
{
    int waited_ms = 0;
    while (!(one_line && out->n > 0 && out->p[out->n - 1] == '\n')) {
        struct pollfd ready = {.fd = child->out, .events = POLLIN};
        uint8_t some[4096];
        int got = poll(&ready, 1, LOOK_MS);
        if ((got < 0 && errno != EINTR) || stopped)
            return ERR_SYSTEM;
        if (got <= 0 && (waited_ms += LOOK_MS) > STEP_MS)
            return ERR_NOANSWER;
        if (got <= 0)
            continue;
        ssize_t n = read(child->out, some, sizeof some);
        if (n <= 0)
            return 0;
        int err = buf_append(out, BYTES(some, n), OUT_BYTES_MAX);
        if (err)
            return err;
    }
    return 0;
}

/* Run one command with `input` to its end; its output is appended to `out`. */
static int run_quietly(struct demo *d, int who, const char *const *words,
                       struct bytes input, struct buf *out)
{
    struct child child;
    int status = 0;
    int err = start(d, who, words, &child);
    if (err)
        return err;
    if (input.n > 0 && write(child.in, input.p, input.n) != (ssize_t)input.n)
        err = ERR_IO;
    close_fd(&child.in);
    if (!err)
        err = collect(&child, out, false);
    close_fd(&child.out);
    if (err)
        (void)kill(child.pid, SIGTERM);
    if (waitpid(child.pid, &status, 0) < 0 || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0)
        err = err ? err : ERR_SYSTEM;
    return err;
}

/* What is shown: a sentence of the play, a command as typed, a line it printed. */
enum shown { SHOWN_STEP, SHOWN_COMMAND, SHOWN_OUTPUT };

static bool for_programs; /* --json */

/* Show one line: for a person, or as an object of its own. */
static void show(enum shown what, const char *who, struct bytes text)
{
    static const char *const before[] = {"\n# ", "", "    "};
    static const char *const name[] = {"step", "command", "output"};
    struct buf line = {0};
    struct json j = json_to(&line);
    if (!for_programs) {
        (void)printf("%s%s%s%.*s\n", before[what], who, *who ? "$ " : "", (int)text.n,
                     (const char *)text.p);
    } else {
        json_line(&j);
        if (*who)
            json_text(&j, "who", BYTES(who, strlen(who)));
        json_text(&j, name[what], text);
        json_object_end(&j);
        if (json_line_end(&j) == 0)
            (void)fwrite(line.p, 1, line.n, stdout);
    }
    buf_free(&line);
    (void)fflush(stdout);
}

static void show_command(int who, const char *const *words, struct bytes input)
{
    char line[LINE_BYTES] = "kring";
    size_t n = strlen(line);
    for (size_t i = 0; words[i] && n < sizeof line; i++)
        n += (size_t)snprintf(line + n, sizeof line - n, " %s", words[i]);
    if (input.n > 0 && input.n < 100 && n < sizeof line)
        (void)snprintf(line + n, sizeof line - n, "   < \"%.*s\"", (int)input.n,
                       (const char *)input.p);
    else if (input.n > 0 && n < sizeof line)
        (void)snprintf(line + n, sizeof line - n, "   < %s", _("the invitation"));
    show(SHOWN_COMMAND, people[who], BYTES(line, strlen(line)));
}

static void show_output(struct bytes out)
{
    char line[LINE_BYTES];
    while (out.n > 0) {
        const uint8_t *end = memchr(out.p, '\n', out.n);
        size_t n = end ? (size_t)(end - out.p) : out.n;
        size_t shown = n > 70 ? 60 : n; /* an invitation is long */
        (void)snprintf(line, sizeof line, "%.*s%s", (int)shown, (const char *)out.p,
                       shown < n ? " ..." : "");
        show(SHOWN_OUTPUT, "", BYTES(line, strlen(line)));
        n += end != NULL;
        out = BYTES(out.p + n, out.n - n);
    }
}

/* Run a command, showing it and what it prints. */
static int run_shown(struct demo *d, int who, const char *const *words,
                     struct bytes input, struct buf *out)
{
    size_t start_n = out->n;
    show_command(who, words, input);
    int err = run_quietly(d, who, words, input, out);
    if (out->n > start_n)
        show_output(BYTES(out->p + start_n, out->n - start_n));
    return err;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define TEXT(s) BYTES(s, strlen(s))
static const struct bytes no_input;

/* ---- people -------------------------------------------------------------- */

static int write_words(struct demo *d, int who)
{
    char path[PATH_BYTES];
    struct buf words = {0};
    path_of(d, who, ".words", path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int err = fd < 0 ? ERR_IO : words_suggest(&d->c->entropy, "en", &words);
    if (!err && write(fd, words.p, words.n) != (ssize_t)words.n)
        err = ERR_IO;
    if (fd >= 0)
        (void)close(fd);
    buf_free(&words);
    return err;
}

static int set_up(struct demo *d, int who)
{
    struct buf out = {0};
    int err = write_words(d, who);
    if (!err)
        err = run_shown(d, who, WORDS("init", "--language", i18n_language(), "--light"),
                        no_input, &out);
    buf_free(&out);
    return err;
}

static int node_start(struct demo *d, int who)
{
    static const char *const words[] = {"node", "--listen", "127.0.0.1:0", NULL};
    struct child child;
    struct buf out = {0};
    show_command(who, words, no_input);
    int err = start(d, who, words, &child);
    if (err)
        return err;
    d->nodes[who] = child.pid;
    err = collect(&child, &out, true);
    if (!err && out.n == 0)
        err = ERR_SYSTEM; /* it ended before it listened */
    show_output(BUF_BYTES(&out));
    close_fd(&child.in);
    close_fd(&child.out);
    buf_free(&out);
    return err;
}

static void node_stop(struct demo *d, int who)
{
    if (d->nodes[who] <= 0)
        return;
    (void)kill(d->nodes[who], SIGTERM);
    (void)waitpid(d->nodes[who], NULL, 0);
    d->nodes[who] = 0;
}

static bool contains(struct bytes haystack, const char *needle)
{
    return haystack.n > 0 && memmem(haystack.p, haystack.n, needle, strlen(needle));
}

/* Look again and again until this person's device has the text, then show it. */
static int wait_for(struct demo *d, int who, const char *text)
{
    static const char *const words[] = {"read", "Circle", NULL};
    struct buf out = {0};
    int err = ERR_NOANSWER;
    for (int i = 0; i < LOOKS_MAX && err && !stopped; i++) {
        buf_free(&out);
        err = run_quietly(d, who, words, no_input, &out);
        if (!err && !contains(BUF_BYTES(&out), text))
            err = ERR_NOANSWER;
        if (err)
            (void)poll(NULL, 0, LOOK_MS);
    }
    show_command(who, words, no_input);
    show_output(BUF_BYTES(&out));
    buf_free(&out);
    return err;
}

/* Otter lets `who` in. */
static int let_in(struct demo *d, int who)
{
    struct buf line = {0}, out = {0};
    int err = run_shown(d, 0, WORDS("invite", "Circle", "--open"), no_input, &line);
    if (!err)
        err = run_shown(d, who, WORDS("join", "--as", people[who]), BUF_BYTES(&line),
                        &out);
    buf_free(&line);
    buf_free(&out);
    return err;
}

static int say(struct demo *d, int who, const char *text)
{
    struct buf out = {0};
    int err = run_shown(d, who, WORDS("say", "Circle"), TEXT(text), &out);
    buf_free(&out);
    return err;
}

/* ---- the play ------------------------------------------------------------ */

static void narrate(const char *sentence)
{
    show(SHOWN_STEP, "", BYTES(sentence, strlen(sentence)));
}

static int play_beginning(struct demo *d)
{
    struct buf out = {0};
    int err = 0;
    narrate(_("Three people, three devices. No names, no numbers."));
    for (int i = 0; i < PEOPLE && !err; i++)
        err = set_up(d, i);
    narrate(_("Otter starts a group. Texts are gone after seven days."));
    if (!err)
        err = run_shown(
            d, 0, WORDS("group", "new", "Circle", "--as", people[0], "--talk", "7"),
            no_input, &out);
    buf_free(&out);
    narrate(_("All three connect."));
    for (int i = 0; i < PEOPLE && !err; i++)
        err = node_start(d, i);
    narrate(_("Otter lets the others in, one by one."));
    for (int i = 1; i < PEOPLE && !err; i++)
        err = let_in(d, i);
    return err;
}

static int play_talk(struct demo *d)
{
    struct buf out = {0};
    int err = run_shown(d, 2, WORDS("members", "Circle"), no_input, &out);
    buf_free(&out);
    narrate(_("They talk."));
    if (!err)
        err = say(d, 0, _("Hello. Shall we meet on Thursday?"));
    if (!err)
        err = wait_for(d, 1, _("Hello. Shall we meet on Thursday?"));
    if (!err)
        err = say(d, 1, _("Yes. I bring soup."));
    if (!err)
        err = wait_for(d, 2, _("Yes. I bring soup."));
    return err;
}

static int play_catch_up(struct demo *d)
{
    int err = 0;
    narrate(_("Heron's device goes off. Otter writes meanwhile."));
    node_stop(d, 2);
    err = say(d, 0, _("The room changed. It is upstairs now."));
    if (!err)
        err = say(d, 0, _("Bring a cup."));
    if (!err)
        err = wait_for(d, 1, _("Bring a cup."));
    narrate(_("Otter goes off too. Heron comes back, and asks Wren."));
    node_stop(d, 0);
    if (!err)
        err = node_start(d, 2);
    if (!err)
        err = wait_for(d, 2, _("Bring a cup."));
    if (!err)
        narrate(_("Heron has everything, though Otter is off."));
    return err;
}

/* ---- folder -------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int make_folder(struct demo *d)
{
    const char *base = getenv("TMPDIR");
    ssize_t n = readlink("/proc/self/exe", d->self, sizeof d->self - 1);
    if (n <= 0)
        return ERR_SYSTEM;
    d->self[n] = '\0';
    /* Sockets have short names: a deep folder would not do. */
    if (!base || !*base || strlen(base) > 40)
        base = "/tmp";
    (void)snprintf(d->dir, sizeof d->dir, "%s/kring-demo-XXXXXX", base);
    return mkdtemp(d->dir) ? 0 : ERR_READONLY;
}

int command_demo(struct cli *c)
{
    struct demo d = {.c = c};
    for_programs = args_has(&c->args, OPTION_JSON);
    int err = make_folder(&d);
    if (err)
        return err;
    struct sigaction action = {.sa_handler = stop};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    /* Options of the environment are for people, not for the three of the demo. */
    (void)unsetenv("KRING_HOME");
    err = play_beginning(&d);
    if (!err)
        err = play_talk(&d);
    if (!err)
        err = play_catch_up(&d);
    for (int i = 0; i < PEOPLE; i++)
        node_stop(&d, i);
    (void)nftw(d.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    if (err)
        return cli_error(c, err, _("The demo stopped early. Its folder is removed."));
    narrate(_("That was kring. The three devices are gone again."));
    return 0;
}
