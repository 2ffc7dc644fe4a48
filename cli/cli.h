/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cli.h -- one run of the program: what was asked, where, by what way.
 *
 * Data goes to standard output, talk to standard error.  A command returns 0 or a
 * negative enum err; the exit code is err_exit of that.  A command that has said in its
 * own words what went wrong returns through cli_error, and nothing more is said.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/entropy.h"
#include "cli/args.h"
#include "cli/i18n.h"
#include "cli/place.h"
#include "cli/prompt.h"
#include "cli/screen.h"
#include "node/host/session.h"

/* Where a page at the terminal stands (pages.h). */
struct pages {
    size_t rows, used; /* rows 0: nothing stops */
    bool left_out;     /* the person wants to see no more of it */
};

struct cli {
    struct args args;
    char home[PLACE_BYTES_MAX];
    struct entropy entropy;
    struct prompt prompt;    /* standard input */
    struct session *session; /* NULL until opened */
    bool told;               /* the person knows already what went wrong */
    bool guest;              /* `session`: the profile is in memory only */
    bool either;             /* which language the person reads is not known yet */
    unsigned slot;           /* of the key file: the one that opened */
    struct pages pages;
};

/* Run the program.  Returns the exit code. */
int cli_run(int argc, char **argv);

/* Say a sentence to the person (standard error), wrapped, made safe. */
void cli_say(const char *sentence);
/* As cli_say, printf-like; the format is translated. */
__attribute__((format(printf, 1, 2))) void cli_sayf(const char *format, ...);
/* Say a sentence (a message id) in the person's language; while that is not known, in
 * every language. */
void cli_say_either(const struct cli *c, const char *text);
/* Say why it does not go on, in words of the command's own; returns `err`. */
int cli_error(struct cli *c, int err, const char *sentence);
/* An answer is missing and nobody can be asked: name the option.
 * Returns ERR_NEEDTERM. */
int cli_missing(struct cli *c, const char *option);
/* The two sentences that stand on the first screen and in `help safety`. */
void cli_add_warnings(struct screen *s);
/* The same in languages[language]. */
void cli_add_warnings_in(struct screen *s, size_t language);
/* True if neither option nor environment says which language to speak. */
bool cli_language_is_open(const struct cli *c);
/* Print a screen on standard output, as lines or as JSON, and free it.
 * The screen's error; ERR_IO: standard output takes nothing more. */
NODISCARD int cli_show(struct cli *c, struct screen *s);
/* Print a screen to the person (standard error) as lines, and free it. */
void cli_show_talk(struct screen *s);
/* One request over the open session; the reply's own error counts too.  On error the
 * reply is free already, otherwise it is given: api_reply_free. */
NODISCARD int cli_call(struct cli *c, enum api_verb verb, const struct api_args *args,
                       struct api_reply *reply);
/* As cli_call for a request whose reply holds nothing of interest. */
NODISCARD int cli_do(struct cli *c, enum api_verb verb, const struct api_args *args);

/* ---- commands; each returns 0 or a negative error ------------------------ */

/* `kring init`: a new profile.  ERR_EXISTS and what store and prompts say. */
int command_init(struct cli *c);
/* `kring about-me`. */
int command_about_me(struct cli *c);
/* `kring group new`. */
int command_group_new(struct cli *c);
/* `kring groups`. */
int command_groups(struct cli *c);
/* `kring rename`. */
int command_rename(struct cli *c);
/* `kring invite`. */
int command_invite(struct cli *c);
/* `kring join`. */
int command_join(struct cli *c);
/* `kring members`. */
int command_members(struct cli *c);
/* `kring door`: who wants to come in. */
int command_door(struct cli *c);
/* `kring door yes`. */
int command_door_yes(struct cli *c);
/* `kring door no`. */
int command_door_no(struct cli *c);
/* `kring say`. */
int command_say(struct cli *c);
/* `kring drafts`. */
int command_drafts(struct cli *c);
/* `kring read`. */
int command_read(struct cli *c);
/* `kring status`. */
int command_status(struct cli *c);
/* `kring node`. */
int command_node(struct cli *c);
/* `kring passphrase`. */
int command_passphrase(struct cli *c);
/* `kring lock`. */
int command_lock(struct cli *c);
/* `kring panic`. */
int command_panic(struct cli *c);
/* `kring around`. */
int command_around(struct cli *c);
/* `kring doctor`. */
int command_doctor(struct cli *c);
/* `kring backup`. */
int command_backup(struct cli *c);
/* `kring restore`. */
int command_restore(struct cli *c);
/* `kring set`: language and large letters. */
int command_set(struct cli *c);
/* `kring help`, and every command with --help. */
int command_help(struct cli *c);
/* `kring demo`. */
int command_demo(struct cli *c);
/* `kring print`. */
int command_print(struct cli *c);
/* `kring session`. */
int command_session(struct cli *c);
/* `kring search`. */
int command_search(struct cli *c);
/* `kring hide`. */
int command_hide(struct cli *c);
/* `kring quiet`. */
int command_quiet(struct cli *c);
/* `kring stay`. */
int command_stay(struct cli *c);
/* `kring compare`. */
int command_compare(struct cli *c);
/* `kring compare yes`. */
int command_compare_yes(struct cli *c);
/* `kring compare no`. */
int command_compare_no(struct cli *c);
/* `kring` alone. */
int command_home(struct cli *c);

#endif
