/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_help.c -- the commands `help`, `help COMMAND`, `help TOPIC`. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/opening.h"
#include "cli/pages.h"
#include "cli/topics.h"
#include "cli/panic.h"

enum { LINE_BYTES = 256 };

static void add_lines(struct screen *s, const struct topic *topic)
{
    for (size_t i = 0; topic->lines[i]; i++)
        screen_text(s, gettext(topic->lines[i]));
}

void help_add_safety(struct screen *s)
{
    cli_add_warnings(s);
    add_lines(s, topic_called("safety"));
}

/* What to type: `example` stands behind "kring". */
static void add_example(struct screen *s, const char *example)
{
    char line[LINE_BYTES];
    (void)snprintf(line, sizeof line, "kring%s%s", *example ? " " : "", example);
    screen_pair(s, _("Example"), BYTES(line, strlen(line)));
}

static void add_option(struct screen *s, const struct option_spec *option)
{
    char label[LINE_BYTES];
    const char *summary = gettext(option->summary);
    (void)snprintf(label, sizeof label, "%s%s%s", option->name,
                   option->value ? " " : "", option->value ? option->value : "");
    screen_pair(s, label, BYTES(summary, strlen(summary)));
}

static void add_command(struct screen *s, enum cli_command command)
{
    const struct command_spec *spec = &command_specs[command];
    char label[LINE_BYTES];
    const char *summary = gettext(spec->summary);
    (void)snprintf(label, sizeof label, "kring%s%s%s%s", spec->name[0] ? " " : "",
                   spec->name, spec->operands[0] ? " " : "", spec->operands);
    screen_pair(s, label, BYTES(summary, strlen(summary)));
}

static void help_overview(struct screen *s)
{
    screen_title(s, "kring");
    cli_add_warnings(s);
    for (size_t i = 0; i < topics_count; i++) {
        char label[LINE_BYTES];
        const char *question = gettext(topics[i].question);
        (void)snprintf(label, sizeof label, "kring help %s", topics[i].name);
        screen_pair(s, label, BYTES(question, strlen(question)));
    }
    screen_text(s, _("These are the commands:"));
    for (int i = 0; i < COMMAND_COUNT; i++)
        add_command(s, (enum cli_command)i);
    screen_text(s, _("These options go with every command:"));
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_specs[i].commands == UINT64_MAX)
            add_option(s, &option_specs[i]);
    screen_text(s, _("More about one of them: kring help COMMAND"));
}

/* What a person must know beside what the tables say. */
static const struct note {
    enum cli_command command;
    const char *text;
} notes[] = {
    {COMMAND_PANIC, N_("It is off until you choose a word for it.")},
    {COMMAND_PANIC, N_("Then that word erases everything here, also when locked.")},
    {COMMAND_BACKUP, N_("Talk is left out, unless you ask for it.")},
    {COMMAND_BACKUP, N_("Erasing here does not erase the copy.")},
    {COMMAND_PASSPHRASE, N_("Copies made before still open with the old one.")},
};

static void add_notes(struct screen *s, enum cli_command command)
{
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (notes[i].command == command)
            screen_text(s, gettext(notes[i].text));
    if (command == COMMAND_PANIC)
        panic_add_limits(s);
}

/* Examples, what the command does, its options; then the topic of that name. */
static void help_command(struct screen *s, enum cli_command command,
                         const struct topic *topic)
{
    const struct command_spec *spec = &command_specs[command];
    add_example(s, spec->example);
    for (size_t i = 0; topic && topic->examples[i]; i++)
        if (strcmp(topic->examples[i], spec->example) != 0)
            add_example(s, topic->examples[i]);
    add_command(s, command);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_specs[i].commands != UINT64_MAX &&
            option_specs[i].commands >> command & 1)
            add_option(s, &option_specs[i]);
    add_notes(s, command);
    if (topic)
        add_lines(s, topic);
}

/* Examples, then the sentences. */
static void help_topic(struct screen *s, const struct topic *topic)
{
    screen_title(s, gettext(topic->question));
    for (size_t i = 0; topic->examples[i]; i++)
        add_example(s, topic->examples[i]);
    if (strcmp(topic->name, "safety") == 0)
        cli_add_warnings(s);
    add_lines(s, topic);
}

/* The topic as one text: "group new" comes as two words. */
static void topic_of(const struct args *args, char out[static LINE_BYTES])
{
    (void)snprintf(out, LINE_BYTES, "%s%s%s",
                   args->operands_count > 0 ? args->operands[0] : "",
                   args->operands_count > 1 ? " " : "",
                   args->operands_count > 1 ? args->operands[1] : "");
}

/* The language of a running kring is that of the person; else each other language is
 * named first. */
static void find_language(struct cli *c, struct screen *s, const char *topic)
{
    if (!cli_language_is_open(c) || opening_remote(c) == 0 ||
        args_has(&c->args, OPTION_JSON))
        return;
    for (size_t i = 1; i < languages_count; i++) {
        char command[LINE_BYTES + 64];
        (void)snprintf(command, sizeof command, "kring help%s%s --language %s",
                       topic[0] ? " " : "", topic, languages[i].code);
        screen_pair(s, languages[i].name, BYTES(command, strlen(command)));
    }
}

int command_help(struct cli *c)
{
    struct screen s = {0}, other = {0};
    char topic[LINE_BYTES] = "";
    const struct topic *about = NULL;
    enum cli_command command = c->args.command;
    int err = 0;
    if (command == COMMAND_HELP) {
        topic_of(&c->args, topic);
        command = args_command(topic);
    }
    find_language(c, &other,
                  command < COMMAND_COUNT ? command_specs[command].name : topic);
    about = topic_called(command < COMMAND_COUNT ? command_specs[command].name : topic);
    if (topic[0] == '\0' && (command == COMMAND_HOME || command == COMMAND_COUNT))
        help_overview(&s);
    else if (command < COMMAND_COUNT)
        help_command(&s, command, about);
    else if (about)
        help_topic(&s, about);
    else
        err = cli_error(c, ERR_USAGE, _("There is no help on that. Type: kring help"));
    pages_begin(c);
    if (!err && other.lines_count > 0)
        err = cli_show(c, &other);
    if (!err)
        err = cli_show(c, &s);
    pages_end(c, 0);
    screen_free(&other);
    screen_free(&s);
    return err;
}
