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
    [COMMAND_PANIC] = {"panic", "", 0, 0,
                       N_("Erase everything kring holds here, for ever."),
                       "panic --enable"},
    [COMMAND_AROUND] = {"around", "", 0, 0, N_("Look for others on this network."),
                        "around"},
    [COMMAND_BACKUP] = {"backup", "FILE", 1, 1,
                        N_("Copy all of kring to one locked file."),
                        "backup /media/stick/copy"},
    [COMMAND_RESTORE] = {"restore", "FILE", 1, 1,
                         N_("Put a copy back, in an empty folder."),
                         "restore /media/stick/copy"},
    [COMMAND_DOCTOR] = {"doctor", "", 0, 0, N_("Look for damage, and mend it."),
                        "doctor"},
    [COMMAND_SET] = {"set", "[language|texts|large VALUE]", 0, 2,
                     N_("Show or change languages and large letters."),
                     "set language nl"},
    [COMMAND_HELP] = {"help", "[TOPIC]", 0, 2, N_("Explain a command, or a question."),
                      "help safety"},
    [COMMAND_DEMO] = {"demo", "", 0, 0, N_("See three people talk, on this device."),
                      "demo"},
    [COMMAND_DOOR] = {"door", "GROUP", 1, 1, N_("Show who wants to come in."),
                      "door Circle"},
    [COMMAND_DOOR_YES] = {"door yes", "GROUP NAME", 2, 2,
                          N_("The sentence is the same: let this person in."),
                          "door yes Circle Otter"},
    [COMMAND_DOOR_NO] = {"door no", "GROUP NAME", 2, 2,
                         N_("It is not the same: nobody is added."),
                         "door no Circle Otter"},
    [COMMAND_SESSION] = {"session", "", 0, 0,
                         N_("For a shared computer: nothing stays there."), "session"},
    [COMMAND_PRINT] = {"print", "GROUP", 1, 1,
                       N_("Print one page of a group, in large letters."),
                       "print Circle"},
    [COMMAND_SEARCH] = {"search", "", 0, 0,
                        N_("Find texts. The words come on standard input."),
                        "search --group Circle < words"},
    [COMMAND_HIDE] = {"hide", "NAME", 1, 1,
                      N_("Do not show what one person writes, here only."),
                      "hide Otter --group Circle"},
    [COMMAND_QUIET] = {"quiet", "GROUP", 1, 1,
                       N_("No news of a group, on this device only."), "quiet Circle"},
    [COMMAND_COMPARE] = {"compare", "GROUP NAME", 2, 2,
                         N_("Compare a sentence with somebody in a group."),
                         "compare Circle Otter"},
    [COMMAND_COMPARE_YES] = {"compare yes", "GROUP", 1, 1,
                             N_("You both see the same sentence: remember it."),
                             "compare yes Circle"},
    [COMMAND_COMPARE_NO] = {"compare no", "GROUP", 1, 1,
                            N_("It is not the same: stop."), "compare no Circle"},
    [COMMAND_STAY] = {"stay", "GROUP", 1, 1,
                      N_("Change how long new texts of a group stay."),
                      "stay Circle --talk 30"},
};

#define ON(name) (UINT64_C(1) << COMMAND_##name)
#define EVERYWHERE UINT64_MAX

const struct option_spec option_specs[OPTION_COUNT] = {
    [OPTION_HOME] = {"--home", "DIR", EVERYWHERE, N_("The folder kring lives in.")},
    [OPTION_PASSPHRASE_FILE] = {"--passphrase-file", "FILE", EVERYWHERE,
                                N_("Read the passphrase from a file.")},
    [OPTION_LANGUAGE] = {"--language", "en|nl", EVERYWHERE,
                         N_("The language to speak.")},
    [OPTION_LARGE] = {"--large", NULL, EVERYWHERE,
                      N_("Short lines, for large letters.")},
    [OPTION_JSON] = {"--json", NULL, EVERYWHERE, N_("Answer for programs.")},
    [OPTION_HELP] = {"--help", NULL, EVERYWHERE, N_("Explain this command.")},
    [OPTION_VERSION] = {"--version", NULL, EVERYWHERE, N_("Show which kring this is.")},
    [OPTION_LIGHT] = {"--light", NULL, ON(INIT) | ON(PASSPHRASE),
                      N_("For devices with little memory.")},
    [OPTION_AS] = {"--as", "NAME", ON(GROUP_NEW) | ON(JOIN) | ON(RENAME),
                   N_("Your name in this group.")},
    [OPTION_TALK] = {"--talk", "1|7|30", ON(GROUP_NEW) | ON(SAY) | ON(STAY),
                     N_("Texts are gone after these days.")},
    [OPTION_RECORD] = {"--kept", NULL, ON(GROUP_NEW) | ON(SAY) | ON(STAY),
                       N_("Texts are kept.")},
    [OPTION_STEWARD] = {"--keeper", NULL, ON(INVITE),
                        N_("This person may let others in too.")},
    [OPTION_WAIT] = {"--wait", "SECONDS", ON(JOIN) | ON(AROUND) | ON(COMPARE),
                     N_("How long to wait for an answer.")},
    [OPTION_NOW] = {"--now", NULL, ON(SAY), N_("Do not wait 30 seconds.")},
    [OPTION_LONG] = {"--long", NULL, ON(SAY), N_("Write many lines, and change them.")},
    [OPTION_FOLLOW] = {"--follow", NULL, ON(READ), N_("Go on showing what is new.")},
    [OPTION_LISTEN] = {"--listen", "ADDRESS:PORT", ON(NODE) | ON(HOME) | ON(SESSION),
                       N_("Where others can reach this device.")},
    [OPTION_AFTER] = {"--after", "MINUTES", ON(LOCK),
                      N_("Lock after so long without typing: 1 to 60.")},
    [OPTION_ENABLE] = {"--enable", NULL, ON(PANIC),
                       N_("Choose the word that erases everything.")},
    [OPTION_DISABLE] = {"--disable", NULL, ON(PANIC),
                        N_("From now on no word erases everything.")},
    [OPTION_WITH_TALK] = {"--with-talk", NULL, ON(BACKUP),
                          N_("Put talk into the copy too.")},
    [OPTION_NEW_PASSPHRASE_FILE] = {"--new-passphrase-file", "FILE", ON(PASSPHRASE),
                                    N_("Read the new passphrase from a file.")},
    [OPTION_OPEN] = {"--open", NULL, ON(INVITE),
                     N_("Whoever has it comes in, without your yes.")},
    [OPTION_USES] = {"--uses", "NUMBER", ON(INVITE),
                     N_("How many people may come in with it.")},
    [OPTION_TO] = {"--to", "FILE", ON(INVITE) | ON(PRINT),
                   N_("Write it to a new file.")},
    [OPTION_FROM] = {"--from", "FILE", ON(JOIN),
                     N_("Take it from a file, and delete the file.")},
    [OPTION_CODE] = {"--code", NULL, ON(INVITE), N_("Show it as a code to scan.")},
    [OPTION_INVERTED] = {"--inverted", NULL, ON(INVITE),
                         N_("Swap dark and light in the code.")},
    [OPTION_PNG] = {"--png", "FILE", ON(INVITE), N_("Write the code as a picture.")},
    [OPTION_UNSEEN] = {"--unseen", NULL, ON(DOOR_YES),
                       N_("You cannot compare the sentence now.")},
    [OPTION_WORDS] = {"--words", NULL, ON(INVITE),
                      N_("With six words, for one person on this network.")},
    [OPTION_OURS] = {"--ours", "NAME", ON(AROUND),
                     N_("Remember this network as ours.")},
    [OPTION_LIST] = {"--list", NULL, ON(AROUND), N_("List the remembered networks.")},
    [OPTION_FORGET] = {"--forget", "NUMBER", ON(AROUND),
                       N_("Forget a remembered network.")},
    [OPTION_ANSWER] = {"--answer", "NUMBER", ON(SAY),
                       N_("The text with this number is answered.")},
    [OPTION_GROUP] = {"--group", "GROUP", ON(SEARCH) | ON(HIDE),
                      N_("Only in this group.")},
    [OPTION_OFF] = {"--off", NULL, ON(HIDE) | ON(QUIET), N_("Undo it.")},
    [OPTION_THREAD] = {"--thread", "NUMBER", ON(READ),
                       N_("Only the thread of this text.")},
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
    *used = 2; /* "door yes" is a command, and so is "door" */
    args->command = COMMAND_COUNT;
    if (n > 1) {
        (void)snprintf(two, sizeof two, "%s %s", words[0], words[1]);
        args->command = args_command(two);
    }
    if (args->command == COMMAND_COUNT) {
        args->command = args_command(words[0]);
        *used = 1;
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
        return problem(args, _("Choose --talk or %s, not both."), "--kept");
    if (args_has(args, OPTION_ENABLE) && args_has(args, OPTION_DISABLE))
        return problem(args, _("Choose --enable or %s, not both."), "--disable");
    return 0;
}

/* Who asks for JSON gets it for what is wrong before it, too. */
static void look_for_json(struct args *args, const struct rest *rest)
{
    for (int i = rest->at; i < rest->argc && strcmp(rest->argv[i], "--") != 0; i++)
        if (strcmp(rest->argv[i], option_specs[OPTION_JSON].name) == 0)
            args->value[OPTION_JSON] = "";
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
    if (err)
        look_for_json(args, &rest);
    if (!err)
        err = take_words(args, words, words_count);
    if (!err)
        err = check_options(args);
    return err;
}
