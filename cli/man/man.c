/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* man.c -- writes the man page kring(1) while kring is built.
 *
 *     kring_man LANGUAGE > kring.1
 *
 * Commands, options, questions and exit codes come from the tables that the program
 * itself reads, so the page says what the program does.  It is made of man(7) macros.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/args.h"
#include "cli/cli.h"
#include "cli/i18n.h"
#include "cli/topics.h"

#define PAGE_DATE "2026-11-25" /* of the words around the tables */

enum { LINE_BYTES = 512 };

/* Text for roff: nothing in it is a macro, an escape or a hyphen. */
static void text(const char *s)
{
    if (*s == '.' || *s == '\'')
        (void)fputs("\\&", stdout);
    for (; *s; s++) {
        if (*s == '\\')
            (void)fputs("\\e", stdout);
        else if (*s == '-')
            (void)fputs("\\-", stdout);
        else
            (void)putchar(*s);
    }
}

static void line(const char *s)
{
    text(s);
    (void)putchar('\n');
}

static void section(const char *name)
{
    (void)printf(".SH %s\n", name);
}

/* A tagged paragraph: `tag` in bold, the sentence below. */
static void tagged(const char *tag, const char *sentence)
{
    (void)fputs(".TP\n\\fB", stdout);
    text(tag);
    (void)fputs("\\fR\n", stdout);
    line(sentence);
}

static void example(const char *words)
{
    text(_("Example"));
    (void)fputs(": \\fBkring", stdout);
    (void)fputs(*words ? " " : "", stdout);
    text(words);
    (void)fputs("\\fR\n", stdout);
}

static void option(const struct option_spec *spec)
{
    char tag[LINE_BYTES];
    (void)snprintf(tag, sizeof tag, "%s%s%s", spec->name, spec->value ? " " : "",
                   spec->value ? spec->value : "");
    tagged(tag, gettext(spec->summary));
}

static void command(enum cli_command number)
{
    const struct command_spec *spec = &command_specs[number];
    char tag[LINE_BYTES];
    (void)snprintf(tag, sizeof tag, "kring%s%s%s%s", *spec->name ? " " : "", spec->name,
                   *spec->operands ? " " : "", spec->operands);
    tagged(tag, gettext(spec->summary));
    if (*spec->example) {
        (void)fputs(".br\n", stdout);
        example(spec->example);
    }
    bool any = false;
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (option_specs[i].commands == UINT64_MAX ||
            !(option_specs[i].commands >> number & 1))
            continue;
        (void)fputs(any ? "" : ".RS\n", stdout);
        option(&option_specs[i]);
        any = true;
    }
    (void)fputs(any ? ".RE\n" : "", stdout);
}

static void topic(const struct topic *t)
{
    (void)fputs(".SS ", stdout);
    line(gettext(t->question));
    for (size_t i = 0; t->examples[i]; i++) {
        (void)fputs(i > 0 ? ".br\n" : "", stdout);
        example(t->examples[i]);
    }
    for (size_t i = 0; t->lines[i]; i++) {
        (void)fputs(i == 0 ? ".PP\n" : ".br\n", stdout);
        line(gettext(t->lines[i]));
    }
}

/* Each exit code, and what may be said when it comes. */
static void exit_codes(void)
{
    static const int errors[] = {
#define X(name, code, sentence) name,
        ERR_TABLE(X)
#undef X
    };
    tagged("0", _("It went well."));
    for (int code = 64; code < 79; code++) {
        bool any = false;
        char tag[8];
        (void)snprintf(tag, sizeof tag, "%d", code);
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
            if (err_exit(errors[i]) != code)
                continue;
            if (any)
                line(gettext(err_text(errors[i])));
            else
                tagged(tag, gettext(err_text(errors[i])));
            any = true;
        }
    }
    tagged("130", _("You ended a question with Ctrl and C."));
}

int main(int argc, char **argv)
{
    i18n_start();
    if (argc != 2 || !i18n_choose(argv[1])) {
        (void)fputs("usage: kring_man LANGUAGE\n", stderr);
        return 64;
    }
    (void)printf(".\\\" Made from the tables of kring; see cli/man/man.c.\n"
                 ".TH KRING 1 " PAGE_DATE " \"kring " KRING_VERSION "\" \"\"\n");
    section(_("NAME"));
    (void)fputs("kring \\- ", stdout);
    line(_("talk in a circle of people, without a server"));
    section(_("SYNOPSIS"));
    (void)printf(".B kring\n[\\fI%s\\fR] [\\fI%s\\fR ...]\n", _("COMMAND"),
                 _("OPTION"));
    section(_("DESCRIPTION"));
    struct screen s = {0};
    cli_add_warnings(&s);
    for (size_t i = 0; i < s.lines_count; i++) {
        (void)fputs(i > 0 ? ".br\n" : "", stdout);
        line(s.lines[i].text);
    }
    screen_free(&s);
    section(_("COMMANDS"));
    for (int i = 0; i < COMMAND_COUNT; i++)
        command((enum cli_command)i);
    section(_("OPTIONS"));
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_specs[i].commands == UINT64_MAX)
            option(&option_specs[i]);
    section(_("QUESTIONS"));
    for (size_t i = 0; i < topics_count; i++)
        topic(&topics[i]);
    section(_("EXIT STATUS"));
    exit_codes();
    section(_("ENVIRONMENT"));
    tagged("KRING_HOME", _("The folder kring lives in."));
    tagged("LANGUAGE, LC_ALL, LC_MESSAGES, LANG",
           _("The language, until kring is open and has its own."));
    section(_("FILES"));
    tagged("~/.local/share/kring", _("The folder kring lives in."));
    return fflush(stdout) ? 74 : 0;
}
