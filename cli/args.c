/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* args.c -- the tables of commands and options, and the parser over them. */
#include "cli/args.h"

#include <stdio.h>
#include <string.h>

#include "cli/i18n.h"

const struct command_spec command_specs[COMMAND_COUNT] = {
    [COMMAND_HOME] = {"", "", 0, 0, N_("Open kring and see what there is to do."), ""},
    [COMMAND_INIT] = {"init", "", 0, 0, N_("Set kring up in an empty folder."),
                      "init --language en"},
    [COMMAND_ABOUT_ME] = {"about-me", "", 0, 0,
                          N_("Show what this device holds about you."), "about-me"},
    [COMMAND_GROUP_NEW] = {"group new", "NAME", 1, 1, N_("Start a group."),
                           "group new Circle --as Wren --talk 7"},
    [COMMAND_GROUPS] = {"groups", "", 0, 0, N_("List your groups."), "groups"},
    [COMMAND_INVITE] = {"invite", "GROUP", 1, 1,
                        N_("Make an invitation for one person."), "invite Circle"},
    [COMMAND_JOIN] = {"join", "", 0, 0,
                      N_("Join a group. The invitation comes on standard input."),
                      "join --as Otter < invitation"},
    [COMMAND_SAY] = {"say", "GROUP", 1, 1,
                     N_("Write to a group. The text comes on standard input."),
                     "say Circle < text"},
    [COMMAND_DRAFTS] = {"drafts", "", 0, 0,
                        N_("List texts that you began and did not send."), "drafts"},
    [COMMAND_READ] = {"read", "GROUP", 1, 1, N_("Read a group."), "read Circle"},
    [COMMAND_MEMBERS] = {"members", "GROUP", 1, 1, N_("Show who is in a group."),
                         "members Circle"},
    [COMMAND_RENAME] = {"rename", "GROUP", 1, 1, N_("Change your name in a group."),
                        "rename Circle --as Heron"},
    [COMMAND_STATUS] = {"status", "", 0, 0, N_("Show how kring is doing."), "status"},
    [COMMAND_NODE] = {"node", "", 0, 0, N_("Stay connected until you stop it."),
                      "node --listen 0.0.0.0:4417"},
    [COMMAND_PASSPHRASE] = {"passphrase", "", 0, 0, N_("Change your passphrase."),
                            "passphrase"},
    [COMMAND_LOCK] = {"lock", "", 0, 0, N_("Close kring at once, wherever it is open."),
                      "lock"},
    [COMMAND_BACKUP] = {"backup", "FILE", 1, 1,
                        N_("Copy all of kring to one locked file."),
                        "backup /media/stick/copy"},
    [COMMAND_RESTORE] = {"restore", "FILE", 1, 1,
                         N_("Put a copy back, in an empty folder."),
                         "restore /media/stick/copy"},
    [COMMAND_DOCTOR] = {"doctor", "", 0, 0, N_("Look for damage, and mend it."),
                        "doctor"},
    [COMMAND_HELP] = {"help", "[TOPIC]", 0, 2, N_("Explain a command, or: safety."),
                      "help safety"},
    [COMMAND_DEMO] = {"demo", "", 0, 0, N_("See three people talk, on this device."),
                      "demo"},
};

#define ON(name) (UINT32_C(1) << COMMAND_##name)
#define EVERYWHERE UINT32_MAX

const struct option_spec option_specs[OPTION_COUNT] = {
    [OPTION_HOME] = {"--home", "DIR", EVERYWHERE, N_("The folder kring lives in.")},
    [OPTION_PASSPHRASE_FILE] = {"--passphrase-file", "FILE", EVERYWHERE,
                                N_("Read the passphrase from a file.")},
    [OPTION_LANGUAGE] = {"--language", "en|nl", EVERYWHERE,
                         N_("The language to speak.")},
    [OPTION_JSON] = {"--json", NULL, EVERYWHERE, N_("Answer for programs.")},
    [OPTION_HELP] = {"--help", NULL, EVERYWHERE, N_("Explain this command.")},
    [OPTION_VERSION] = {"--version", NULL, EVERYWHERE, N_("Show which kring this is.")},
    [OPTION_LIGHT] = {"--light", NULL, ON(INIT) | ON(PASSPHRASE),
                      N_("For devices with little memory.")},
    [OPTION_AS] = {"--as", "NAME", ON(GROUP_NEW) | ON(JOIN) | ON(RENAME),
                   N_("Your name in this group.")},
    [OPTION_TALK] = {"--talk", "1|7|30", ON(GROUP_NEW),
                     N_("Texts are gone after these days.")},
    [OPTION_RECORD] = {"--record", NULL, ON(GROUP_NEW), N_("Texts are kept.")},
    [OPTION_STEWARD] = {"--steward", NULL, ON(INVITE),
                        N_("This person may let others in too.")},
    [OPTION_WAIT] = {"--wait", "SECONDS", ON(JOIN),
                     N_("How long to wait for an answer.")},
    [OPTION_NOW] = {"--now", NULL, ON(SAY), N_("Do not wait 30 seconds.")},
    [OPTION_LONG] = {"--long", NULL, ON(SAY), N_("Write many lines, and change them.")},
    [OPTION_FOLLOW] = {"--follow", NULL, ON(READ), N_("Go on showing what is new.")},
    [OPTION_LISTEN] = {"--listen", "HOST:PORT", ON(NODE) | ON(HOME),
                       N_("Where others can reach this device.")},
    [OPTION_NEW_PASSPHRASE_FILE] = {"--new-passphrase-file", "FILE", ON(PASSPHRASE),
                                    N_("Read the new passphrase from a file.")},
};

/* `format` is a translated sentence with one %s for what the person typed. */
__attribute__((format(printf, 2, 0))) static int problem(struct args *args,
                                                         const char *format,
                                                         const char *typed)
{
    (void)snprintf(args->problem, sizeof args->problem, format, typed);
    return ERR_USAGE;
}

bool args_has(const struct args *args, enum option option)
{
    return args->value[option] != NULL;
}

enum cli_command args_command(const char *name)
{
    for (int i = COMMAND_HOME + 1; i < COMMAND_COUNT; i++)
        if (strcmp(command_specs[i].name, name) == 0)
            return (enum cli_command)i;
    return COMMAND_COUNT;
}

int args_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;
    if (*text == '\0')
        return ERR_USAGE;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return ERR_USAGE;
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > max || n > (max - digit) / 10)
            return ERR_USAGE;
        n = n * 10 + digit;
    }
    *out = n;
    return 0;
}

/* What is left of the command line. */
struct rest {
    int argc, at;
    char *const *argv;
};

/* Which option `word` names, up to its end or its `=`; `*value` is what follows `=`. */
static enum option option_of(const char *word, const char **value)
{
    const char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    *value = equals ? equals + 1 : NULL;
    if (strcmp(word, "-h") == 0)
        return OPTION_HELP;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(option_specs[i].name) == n &&
            memcmp(option_specs[i].name, word, n) == 0)
            return (enum option)i;
    return OPTION_COUNT;
}

static int take_option(struct args *args, struct rest *rest)
{
    const char *word = rest->argv[rest->at++], *value = NULL;
    enum option option = option_of(word, &value);
    if (option == OPTION_COUNT)
        return problem(args, _("This option is not known: %s"), word);
    const struct option_spec *spec = &option_specs[option];
    if (!spec->value && value)
        return problem(args, _("This option takes no answer: %s"), spec->name);
    if (spec->value && !value && rest->at < rest->argc)
        value = rest->argv[rest->at++];
    if (spec->value && (!value || !*value))
        return problem(args, _("This option needs an answer: %s"), spec->name);
    if (option == OPTION_LISTEN) {
        if (args->listen_count == ARGS_LISTEN_MAX)
            return problem(args, _("This option was given too often: %s"), spec->name);
        args->listen[args->listen_count++] = value;
    } else if (args->value[option] && spec->value) {
        return problem(args, _("Give this option once: %s"), spec->name);
    }
    args->value[option] = spec->value ? value : "";
    return 0;
}

/* The command's one or two words at the front of `words`; how many they were. */
static int find_command(struct args *args, const char *const *words, size_t n,
                        size_t *used)
{
    char two[64];
    *used = 0;
    args->command = COMMAND_HOME;
    if (n == 0)
        return 0;
    *used = 1;
    args->command = args_command(words[0]);
    if (args->command == COMMAND_COUNT && n > 1) {
        (void)snprintf(two, sizeof two, "%s %s", words[0], words[1]);
        args->command = args_command(two);
        *used = 2;
    }
    if (args->command == COMMAND_COUNT)
        return problem(args, _("This command is not known: %s"), words[0]);
    return 0;
}

/* Sort the words into command and operands. */
static int take_words(struct args *args, const char *const *words, size_t n)
{
    size_t used = 0;
    int err = find_command(args, words, n, &used);
    if (err)
        return err;
    const struct command_spec *spec = &command_specs[args->command];
    for (size_t i = used; i < n; i++) {
        if (args->operands_count == spec->operands_max)
            return problem(args, _("There is a word too many: %s"), words[i]);
        args->operands[args->operands_count++] = words[i];
    }
    if (args->operands_count < spec->operands_min && !args_has(args, OPTION_HELP))
        return problem(args, _("Something is missing: %s"), spec->operands);
    return 0;
}

static int check_options(struct args *args)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (args->value[i] && !(option_specs[i].commands >> args->command & 1))
            return problem(args, _("This option does not belong here: %s"),
                           option_specs[i].name);
    if (args_has(args, OPTION_TALK) && args_has(args, OPTION_RECORD))
        return problem(args, _("Choose --talk or %s, not both."), "--record");
    return 0;
}

int args_parse(struct args *args, int argc, char *const *argv)
{
    const char *words[ARGS_OPERANDS_MAX + 3];
    struct rest rest = {.argc = argc, .at = 1, .argv = argv};
    size_t words_count = 0;
    bool only_words = false;
    int err = 0;
    *args = (struct args){0};
    while (rest.at < argc && !err) {
        const char *word = argv[rest.at];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
            rest.at++;
        } else if (!only_words && word[0] == '-' && word[1] != '\0') {
            err = take_option(args, &rest);
        } else if (words_count < sizeof words / sizeof *words) {
            words[words_count++] = word;
            rest.at++;
        } else {
            err = problem(args, _("There is a word too many: %s"), word);
        }
    }
    if (!err)
        err = take_words(args, words, words_count);
    if (!err)
        err = check_options(args);
    return err;
}
