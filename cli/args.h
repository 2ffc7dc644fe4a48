/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* args.h -- the command line: one table of commands, one of options.
 *
 * Options may stand before and after the command's words, as `--name value` or
 * `--name=value`; `--` ends them.  Help, parser and tests read the same tables.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "base/bytes.h"

enum cli_command {
    COMMAND_HOME, /* no word at all */
    COMMAND_INIT,
    COMMAND_ABOUT_ME,
    COMMAND_GROUP_NEW,
    COMMAND_GROUPS,
    COMMAND_INVITE,
    COMMAND_JOIN,
    COMMAND_SAY,
    COMMAND_DRAFTS,
    COMMAND_READ,
    COMMAND_MEMBERS,
    COMMAND_RENAME,
    COMMAND_STATUS,
    COMMAND_NODE,
    COMMAND_PASSPHRASE,
    COMMAND_LOCK,
    COMMAND_PANIC,
    COMMAND_AROUND,
    COMMAND_BACKUP,
    COMMAND_RESTORE,
    COMMAND_DOCTOR,
    COMMAND_SET,
    COMMAND_HELP,
    COMMAND_DEMO,
    COMMAND_DOOR,
    COMMAND_DOOR_YES,
    COMMAND_DOOR_NO,
    COMMAND_SESSION,
    COMMAND_PRINT,
    COMMAND_SEARCH,
    COMMAND_HIDE,
    COMMAND_QUIET,
    COMMAND_STAY,
    COMMAND_COMPARE,
    COMMAND_COMPARE_YES,
    COMMAND_COMPARE_NO,
    COMMAND_COUNT,
};

enum option {
    OPTION_HOME,
    OPTION_PASSPHRASE_FILE,
    OPTION_LANGUAGE,
    OPTION_LARGE,
    OPTION_JSON,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_LIGHT,
    OPTION_AS,
    OPTION_TALK,
    OPTION_RECORD,
    OPTION_STEWARD,
    OPTION_WAIT,
    OPTION_NOW,
    OPTION_LONG,
    OPTION_FOLLOW,
    OPTION_LISTEN,
    OPTION_NEW_PASSPHRASE_FILE,
    OPTION_AFTER,
    OPTION_ENABLE,
    OPTION_DISABLE,
    OPTION_WITH_TALK,
    OPTION_OPEN,
    OPTION_USES,
    OPTION_TO,
    OPTION_FROM,
    OPTION_CODE,
    OPTION_INVERTED,
    OPTION_PNG,
    OPTION_UNSEEN,
    OPTION_WORDS,
    OPTION_OURS,
    OPTION_LIST,
    OPTION_FORGET,
    OPTION_ANSWER,
    OPTION_GROUP,
    OPTION_OFF,
    OPTION_THREAD,
    OPTION_COUNT,
};

struct command_spec {
    const char *name;     /* one or two words */
    const char *operands; /* as help shows them */
    unsigned operands_min, operands_max;
    const char *summary; /* message id */
    const char *example; /* after "kring ", or NULL */
};

struct option_spec {
    const char *name;    /* with its dashes */
    const char *value;   /* what follows, as help shows it; NULL: nothing follows */
    uint64_t commands;   /* bit for each enum cli_command; all ones: everywhere */
    const char *summary; /* message id */
};

extern const struct command_spec command_specs[COMMAND_COUNT];
extern const struct option_spec option_specs[OPTION_COUNT];

enum { ARGS_OPERANDS_MAX = 2, ARGS_LISTEN_MAX = 8, ARGS_PROBLEM_BYTES = 256 };

struct args {
    enum cli_command command;
    const char *value[OPTION_COUNT]; /* lent from argv; "" for a bare option; or NULL */
    const char *listen[ARGS_LISTEN_MAX];
    size_t listen_count;
    const char *operands[ARGS_OPERANDS_MAX];
    size_t operands_count;
    char problem[ARGS_PROBLEM_BYTES]; /* after an error: the sentence to show */
};

/* Read the command line into `args` (strings lent from argv).
 * ERR_USAGE: `problem` says in the person's language what is wrong. */
NODISCARD int args_parse(struct args *args, int argc, char *const *argv);
/* True if the option was given. */
bool args_has(const struct args *args, enum option option);
/* The command called `name` ("group new"), or COMMAND_COUNT. */
enum cli_command args_command(const char *name);
/* Read a whole number of at most `max`.  ERR_USAGE. */
NODISCARD int args_number(const char *text, uint64_t max, uint64_t *out);

#endif
