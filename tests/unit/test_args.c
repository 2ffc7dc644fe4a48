/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_args.c -- the command line, good and bad. */
#include "cli/args.h"

#include "tests/lib/t.h"

enum { WORDS_MAX = 16 };

/* Parse a line of words that are parted by single spaces. */
static int parse(struct args *args, const char *line)
{
    static char copy[512];
    char *argv[WORDS_MAX] = {(char *)(uintptr_t) "kring"};
    int argc = 1;
    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *at = copy; *at && argc < WORDS_MAX;) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    return args_parse(args, argc, argv);
}

T_CASE(no_word_is_home)
{
    struct args a;
    T_EQ(parse(&a, ""), 0);
    T_EQ(a.command, COMMAND_HOME);
    T_EQ(parse(&a, "--json"), 0);
    T_EQ(a.command, COMMAND_HOME);
    T(args_has(&a, OPTION_JSON));
}

T_CASE(every_command_is_found)
{
    for (int i = COMMAND_HOME + 1; i < COMMAND_COUNT; i++) {
        struct args a;
        char line[128];
        unsigned operands = command_specs[i].operands_min;
        (void)snprintf(line, sizeof line, "%s%s%s", command_specs[i].name,
                       operands > 0 ? " Circle" : "", operands > 1 ? " Otter" : "");
        T_NOTE("%s", line);
        T_EQ(parse(&a, line), 0);
        T_EQ(a.command, i);
        T_EQ(a.operands_count, operands);
    }
}

T_CASE(json_counts_behind_a_slip_too)
{
    struct args a;
    T_EQ(parse(&a, "status --colour --json"), ERR_USAGE);
    T(args_has(&a, OPTION_JSON));
    T_EQ(parse(&a, "status --colour -- --json"), ERR_USAGE);
    T(!args_has(&a, OPTION_JSON));
}

T_CASE(options_stand_anywhere)
{
    struct args a;
    T_EQ(parse(&a, "--home /x group --as Wren new --talk=7 Circle"), 0);
    T_EQ(a.command, COMMAND_GROUP_NEW);
    T_STR(a.value[OPTION_HOME], "/x");
    T_STR(a.value[OPTION_AS], "Wren");
    T_STR(a.value[OPTION_TALK], "7");
    T_STR(a.operands[0], "Circle");
}

T_CASE(two_dashes_end_the_options)
{
    struct args a;
    T_EQ(parse(&a, "read -- --json"), 0);
    T_STR(a.operands[0], "--json");
    T(!args_has(&a, OPTION_JSON));
}

T_CASE(listen_is_repeatable_up_to_a_bound)
{
    struct args a;
    T_EQ(parse(&a, "node --listen a:1 --listen b:2"), 0);
    T_EQ(a.listen_count, 2);
    T_STR(a.listen[1], "b:2");
    struct args full = {.listen_count = 0};
    char line[512] = "node";
    for (int i = 0; i <= ARGS_LISTEN_MAX; i++) {
        size_t n = strlen(line);
        (void)snprintf(line + n, sizeof line - n, " --listen=h:%d", i);
    }
    T_EQ(parse(&full, line), ERR_USAGE);
}

T_CASE(what_is_wrong_is_refused_with_a_sentence)
{
    static const char *const bad[] = {
        "nonsense",
        "--nonsense",
        "read",
        "read A B",
        "say Circle --follow",
        "group",
        "group old X",
        "group new",
        "read --as",
        "--home",
        "--home=",
        "--json=yes",
        "status --kept",
        "--home a --home b",
        "group new X --talk 7 --kept",
        "a b c d e f g h",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct args a;
        T_NOTE("%s", bad[i]);
        T_EQ(parse(&a, bad[i]), ERR_USAGE);
        T(a.problem[0] != '\0');
    }
}

T_CASE(help_needs_no_operand)
{
    struct args a;
    T_EQ(parse(&a, "read --help"), 0);
    T(args_has(&a, OPTION_HELP));
    T_EQ(parse(&a, "-h"), 0);
    T(args_has(&a, OPTION_HELP));
}

T_CASE(numbers)
{
    uint64_t n = 7;
    T_EQ(args_number("0", 10, &n), 0);
    T_EQ(n, 0);
    T_EQ(args_number("10", 10, &n), 0);
    T_EQ(n, 10);
    T_EQ(args_number("11", 10, &n), ERR_USAGE);
    T_EQ(args_number("9", 4, &n), ERR_USAGE);
    T_EQ(args_number("99", 4, &n), ERR_USAGE);
    T_EQ(args_number("18446744073709551615", UINT64_MAX, &n), 0);
    T(n == UINT64_MAX);
    T_EQ(args_number("18446744073709551616", UINT64_MAX, &n), ERR_USAGE);
    T_EQ(args_number("", 10, &n), ERR_USAGE);
    T_EQ(args_number("-1", 10, &n), ERR_USAGE);
    T_EQ(args_number("1x", 10, &n), ERR_USAGE);
}

T_RUN()
