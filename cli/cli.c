/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cli.c -- start, hand over to the command, end. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/json.h"
#include "cli/pages.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"

enum { SENTENCE_BYTES_MAX = 4096, EXIT_INTERRUPTED = 130 /* as shells say it */ };

void cli_say(const char *sentence)
{
    struct buf clean = {0}, lines = {0};
    size_t removed = 0;
    if (text_clean(BYTES(sentence, strlen(sentence)), &clean, SENTENCE_BYTES_MAX,
                   &removed) == 0 &&
        screen_wrap(&lines, BUF_BYTES(&clean), place_columns(STDERR_FILENO), 0) == 0 &&
        (!place_is_large() || buf_append(&lines, BYTES("\n", 1), SIZE_MAX) == 0))
        (void)fwrite(lines.p, 1, lines.n, stderr);
    (void)fflush(stderr);
    buf_free(&clean);
    buf_free(&lines);
}

void cli_sayf(const char *format, ...)
{
    char sentence[SENTENCE_BYTES_MAX];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(sentence, sizeof sentence, format, list);
    va_end(list);
    cli_say(sentence);
    wipe(sentence, sizeof sentence);
}

void cli_say_either(const struct cli *c, const char *text)
{
    for (size_t i = 0; i < languages_count && c->either; i++)
        cli_say(i18n_translate(i, text));
    if (!c->either)
        cli_say(gettext(text));
}

/* For programs an error is an object of its own on standard error. */
static void say_error(const struct cli *c, int err, const char *sentence)
{
    struct buf line = {0};
    struct json j = json_to(&line);
    if (!args_has(&c->args, OPTION_JSON)) {
        cli_say(sentence);
        return;
    }
    json_line(&j);
    json_text(&j, "error", BYTES(err_name(err), strlen(err_name(err))));
    json_number(&j, "exit", (uint64_t)err_exit(err));
    json_text(&j, "text", BYTES(sentence, strlen(sentence)));
    json_object_end(&j);
    if (json_line_end(&j) == 0)
        (void)fwrite(line.p, 1, line.n, stderr);
    buf_free(&line);
}

int cli_error(struct cli *c, int err, const char *sentence)
{
    if (!c->told)
        say_error(c, err, sentence);
    c->told = true;
    return err;
}

int cli_missing(struct cli *c, const char *option)
{
    char sentence[128];
    (void)snprintf(sentence, sizeof sentence,
                   _("An answer is missing. Give it with %s."), option);
    return cli_error(c, ERR_NEEDTERM, sentence);
}

static const char *const warnings[] = {
    N_("Not for emergencies. Messages can take days. Call 112 first."),
    N_("Trial version. Nobody can be removed yet. Use no real names."),
};
enum { WARNINGS_COUNT = sizeof warnings / sizeof *warnings };

void cli_add_warnings(struct screen *s)
{
    for (size_t i = 0; i < WARNINGS_COUNT; i++)
        screen_text(s, gettext(warnings[i]));
}

void cli_add_warnings_in(struct screen *s, size_t language)
{
    for (size_t i = 0; i < WARNINGS_COUNT; i++)
        screen_text(s, i18n_translate(language, warnings[i]));
}

/* As lines, for the terminal or file `fd`. */
static int draw(const struct screen *s, int fd, struct buf *out)
{
    size_t columns = place_columns(fd);
    return place_is_large() ? screen_render_large(s, columns, out)
                            : screen_render(s, columns, out);
}

int cli_show(struct cli *c, struct screen *s)
{
    struct buf out = {0};
    /* Large letters fill a terminal soon. */
    bool page = place_is_large() && c->pages.rows == 0;
    int err = args_has(&c->args, OPTION_JSON) ? screen_render_json(s, &out)
                                              : draw(s, STDOUT_FILENO, &out);
    if (page)
        pages_begin(c);
    if (!err && c->pages.rows > 0)
        err = pages_write(c, BUF_BYTES(&out));
    else if (!err && out.n > 0 && fwrite(out.p, 1, out.n, stdout) != out.n)
        err = ERR_IO;
    if (page)
        pages_end(c, 0);
    if (fflush(stdout) && !err)
        err = ERR_IO;
    buf_free(&out);
    screen_free(s);
    return err;
}

void cli_show_talk(struct screen *s)
{
    struct buf out = {0};
    if (draw(s, STDERR_FILENO, &out) == 0)
        (void)fwrite(out.p, 1, out.n, stderr);
    (void)fflush(stderr);
    buf_free(&out);
    screen_free(s);
}

int cli_call(struct cli *c, enum api_verb verb, const struct api_args *args,
             struct api_reply *reply)
{
    static const struct api_args none;
    *reply = (struct api_reply){0};
    int err = session_call(c->session, verb, args ? args : &none, reply);
    if (!err)
        err = reply->err;
    if (err)
        api_reply_free(reply);
    return err;
}

int cli_do(struct cli *c, enum api_verb verb, const struct api_args *args)
{
    struct api_reply reply = {0};
    int err = cli_call(c, verb, args, &reply);
    api_reply_free(&reply);
    return err;
}

/* ---- running ------------------------------------------------------------- */

static int (*const runs[COMMAND_COUNT])(struct cli *) = {
    [COMMAND_HOME] = command_home,
    [COMMAND_INIT] = command_init,
    [COMMAND_ABOUT_ME] = command_about_me,
    [COMMAND_GROUP_NEW] = command_group_new,
    [COMMAND_GROUPS] = command_groups,
    [COMMAND_INVITE] = command_invite,
    [COMMAND_JOIN] = command_join,
    [COMMAND_SAY] = command_say,
    [COMMAND_READ] = command_read,
    [COMMAND_MEMBERS] = command_members,
    [COMMAND_DOOR] = command_door,
    [COMMAND_DOOR_YES] = command_door_yes,
    [COMMAND_DOOR_NO] = command_door_no,

    [COMMAND_RENAME] = command_rename,
    [COMMAND_STATUS] = command_status,
    [COMMAND_NODE] = command_node,
    [COMMAND_PASSPHRASE] = command_passphrase,
    [COMMAND_DOCTOR] = command_doctor,
    [COMMAND_BACKUP] = command_backup,
    [COMMAND_RESTORE] = command_restore,
    [COMMAND_LOCK] = command_lock,
    [COMMAND_SET] = command_set,
    [COMMAND_HELP] = command_help,
    [COMMAND_PANIC] = command_panic,
    [COMMAND_DEMO] = command_demo,
    [COMMAND_SESSION] = command_session,
    [COMMAND_PRINT] = command_print,
    [COMMAND_AROUND] = command_around,
    [COMMAND_DRAFTS] = command_drafts,
    [COMMAND_SEARCH] = command_search,
    [COMMAND_HIDE] = command_hide,
    [COMMAND_QUIET] = command_quiet,
    [COMMAND_STAY] = command_stay,
    [COMMAND_COMPARE] = command_compare,
    [COMMAND_COMPARE_YES] = command_compare_yes,
    [COMMAND_COMPARE_NO] = command_compare_no,
};

static int show_version(struct cli *c)
{
    struct screen s = {0};
    screen_text(&s, "kring " KRING_VERSION);
    screen_cell_text(&s, "version", BYTES(KRING_VERSION, sizeof KRING_VERSION - 1));
    return cli_show(c, &s);
}

bool cli_language_is_open(const struct cli *c)
{
    return !args_has(&c->args, OPTION_LANGUAGE) && !i18n_is_asked();
}

/* What was typed, or why it cannot be. */
static int prepare(struct cli *c, int argc, char **argv)
{
    int err = args_parse(&c->args, argc, argv);
    const char *language = c->args.value[OPTION_LANGUAGE];
    if (err) {
        (void)cli_error(c, err, c->args.problem);
        if (!args_has(&c->args, OPTION_JSON))
            cli_say(_("Type: kring help"));
        return err;
    }
    if (language && !i18n_choose(language))
        return cli_error(c, ERR_USAGE, _("Choose a language: en or nl."));
    place_set_large(args_has(&c->args, OPTION_LARGE));
    if (c->args.command == COMMAND_SESSION)
        return 0; /* it has no folder */
    err = place_home(c->args.value[OPTION_HOME], c->home);
    if (err == ERR_USAGE)
        return cli_missing(c, "--home");
    /* The language of a profile lies inside it. */
    c->either = !err && cli_language_is_open(c) && place_is_set_up(c->home) &&
                prompt_can(&c->prompt) && !args_has(&c->args, OPTION_JSON);
    return err;
}

static int run(struct cli *c, int argc, char **argv)
{
    int err = prepare(c, argc, argv);
    if (err)
        return err;
    if (args_has(&c->args, OPTION_VERSION))
        return show_version(c);
    if (args_has(&c->args, OPTION_HELP))
        return command_help(c);
    return runs[c->args.command](c);
}

/* What is still to be said before the program ends with `err`. */
static void say_end(struct cli *c, int err)
{
    bool json = args_has(&c->args, OPTION_JSON);
    if (!json && !c->told && err == ERR_NEEDTERM && c->prompt.ended)
        cli_say_either(c, c->session && session_is_remote(c->session)
                              ? N_("Nothing was changed.")
                              : N_("kring is closed."));
    else if (!json && !c->told && c->either)
        cli_say_either(c, err_text(err));
    else
        (void)cli_error(c, err, gettext(err_text(err)));
}

int cli_run(int argc, char **argv)
{
    struct cli c = {.prompt.fd = STDIN_FILENO};
    session_harden();
    i18n_start();
    int err = crypto_init();
    c.entropy = entropy_os();
    if (!err)
        err = run(&c, argc, argv);
    if (err)
        say_end(&c, err);
    session_close(c.session);
    prompt_free(&c.prompt);
    return err == ERR_NEEDTERM && c.prompt.interrupted ? EXIT_INTERRUPTED
                                                       : err_exit(err);
}
