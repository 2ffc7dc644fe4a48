/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_panic.c -- the command `panic`: it works while kring is locked, with no network.
 *
 * Few words, in both languages while the person's is not known; the word is shown as
 * it is typed. */
#include <stdio.h>
#include <string.h>

#include "cli/locking.h"
#include "cli/opening.h"
#include "cli/panic.h"
#include "cli/words.h"
#include "crypto/slots.h"
#include "node/host/lock.h"
#include "node/host/panic.h"

enum { TRIES_MAX = 3, WORD_BYTES_MIN = 3, WORD_LINE_BYTES_MAX = 1024 };

static const char *const limits[] = {
    N_("It cannot erase what others hold: their devices, their photographs."),
    N_("It cannot erase copies of kring that you made."),
    N_("It cannot erase what somebody copied from this device before."),
    N_("Memory cards and disks keep old pieces for a while."),
    N_("A device that was taken away cannot be erased from afar."),
    N_("It tells nobody. Others still wait for you."),
    N_("The folder shows that this was prepared, not the word."),
    N_("Erasing can be against the law. Ask a lawyer before."),
};

void panic_add_limits(struct screen *s)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        screen_text(s, gettext(limits[i]));
}

/* ---- words --------------------------------------------------------------- */

/* Ask for a word, made canonical. */
static int ask_word(struct cli *c, const char *question, struct buf *out)
{
    struct buf typed = {0};
    int err = prompt_can(&c->prompt)
                  ? prompt_ask(&c->prompt, question, &typed)
                  : prompt_read_all(&c->prompt, &typed, WORD_LINE_BYTES_MAX);
    if (!err)
        err = passphrase_canonical(BUF_BYTES(&typed), words_in_list, out);
    buf_free(&typed);
    return err;
}

/* ---- turning it on ------------------------------------------------------- */

static int turned_on(struct cli *c)
{
    struct screen s = {0};
    screen_text(&s, _("It is on. Your word erases everything here."));
    screen_text(&s, _("To use it, type: kring panic"));
    screen_text(&s, _("In kring, type panic where a number is asked for."));
    panic_add_limits(&s);
    screen_row(&s);
    screen_cell_flag(&s, "enabled", true);
    return cli_show(c, &s);
}

static int word_refused(struct cli *c, int err)
{
    if (err == ERR_EMPTY)
        return cli_error(c, err, _("Nothing was changed."));
    return err;
}

/* Twice the same word, so that it is one that can be typed again. */
static int turn_on(struct cli *c)
{
    struct buf word = {0}, again = {0};
    if (!prompt_can(&c->prompt))
        return cli_error(c, ERR_NEEDTERM, _("Type this yourself, at a terminal."));
    cli_say(_("Choose a word that erases everything here."));
    cli_say(_("Not your passphrase. Three letters or more."));
    cli_say(_("To go back, press only Enter."));
    int err = word_refused(c, ask_word(c, _("Your word:"), &word));
    if (!err && word.n < WORD_BYTES_MIN)
        err = cli_error(c, ERR_USAGE, _("That is too short. Nothing was changed."));
    if (!err)
        err = word_refused(c, ask_word(c, _("The same word again:"), &again));
    if (!err && !bytes_equal(BUF_BYTES(&word), BUF_BYTES(&again)))
        err = cli_error(c, ERR_USAGE, _("They differ. Nothing was changed."));
    if (!err)
        err = panic_enable(c->home, BUF_BYTES(&word), &c->entropy);
    buf_free(&word);
    buf_free(&again);
    return err ? err : turned_on(c);
}

static int turn_off(struct cli *c)
{
    struct screen s = {0};
    int err = panic_disable(c->home, &c->entropy);
    if (err)
        return err;
    screen_text(&s, _("It is off. No word erases anything."));
    screen_row(&s);
    screen_cell_flag(&s, "enabled", false);
    return cli_show(c, &s);
}

int panic_choose(struct cli *c)
{
    struct screen s = {0};
    struct buf answer = {0};
    bool on = panic_is_enabled(c->home);
    screen_text(&s, on ? _("A word of yours erases everything here.")
                       : _("No word erases anything. You can choose one."));
    screen_choice(&s, "1", on ? _("Change the word") : _("Choose a word"));
    if (on)
        screen_choice(&s, "2", _("Turn it off"));
    screen_choice(&s, "0", _("Back"));
    cli_show_talk(&s);
    int err = prompt_ask_number(&c->prompt, _("Number:"), &answer);
    char key = !err && answer.n == 1 ? (char)answer.p[0] : '0';
    buf_free(&answer);
    if (err)
        return err;
    if (key == '1')
        return turn_on(c);
    return on && key == '2' ? turn_off(c) : 0;
}

/* ---- using it ------------------------------------------------------------ */

/* Ask until it is the word; each slip is said. */
static int ask_until_right(struct cli *c)
{
    int tries = prompt_can(&c->prompt) ? TRIES_MAX : 1;
    int err = ERR_PASSPHRASE;
    for (int i = 0; i < tries && err == ERR_PASSPHRASE; i++) {
        struct buf word = {0};
        char question[OPENING_QUESTION_BYTES];
        opening_question(c, N_("Your word:"), question);
        err = ask_word(c, question, &word);
        if (!err)
            err = panic_check(c->home, BUF_BYTES(&word));
        else if (err == ERR_EMPTY || err == ERR_UTF8 || err == ERR_TOOBIG)
            err = ERR_PASSPHRASE;
        buf_free(&word);
        if (err == ERR_PASSPHRASE && !args_has(&c->args, OPTION_JSON))
            cli_say_either(c, N_("That is not the word. Nothing was erased."));
    }
    if (err == ERR_PASSPHRASE && !args_has(&c->args, OPTION_JSON))
        c->told = true;
    return err;
}

/* Whoever has the profile open holds the key in memory: they end, this process's own
 * session too. */
static int end_all(struct cli *c)
{
    unsigned ended = 0;
    if (c->session && !session_is_remote(c->session))
        (void)!cli_do(c, API_LOCK, NULL);
    session_close(c->session);
    c->session = NULL;
    return lock_profile(c->home, &ended);
}

static int erase_failed(struct cli *c, int err)
{
    switch (err) {
    case ERR_READONLY:
        return cli_error(c, err, _("This disk takes no changes. Nothing was erased."));
    case ERR_NOANSWER:
    case ERR_DENIED:
        return cli_error(c, err, _("kring is still open. Turn this computer off."));
    default: return err;
    }
}

static int show_erased(struct cli *c, bool gone)
{
    struct screen s = {0};
    if (!args_has(&c->args, OPTION_JSON)) {
        cli_say_either(c, N_("Destroyed. What is left is noise."));
        /* then there is something of somebody else's, or a disk that failed */
        if (!gone)
            cli_say_either(c,
                           N_("Some files could not be removed. They open nothing."));
    }
    screen_row(&s);
    screen_cell_flag(&s, "destroyed", true);
    screen_cell_flag(&s, "removed", gone);
    return cli_show(c, &s);
}

int panic_erase(struct cli *c)
{
    bool json = args_has(&c->args, OPTION_JSON);
    if (!panic_is_enabled(c->home)) {
        if (json)
            return cli_error(c, ERR_NOTFOUND, _("This is off. Nothing was erased."));
        cli_say_either(c, N_("This is off. Nothing was erased."));
        cli_say_either(c, N_("To turn it on, type: kring panic --enable"));
        c->told = true;
        return ERR_NOTFOUND;
    }
    if (!json)
        cli_say_either(c, N_("This erases everything here."));
    int err = ask_until_right(c);
    if (err)
        return err;
    (void)fflush(stdout);
    err = panic_destroy(c->home, &c->entropy);
    if (err)
        return erase_failed(c, err);
    err = end_all(c);
    /* A passphrase may have been changed in that moment. */
    (void)!panic_destroy(c->home, &c->entropy);
    bool gone = panic_clear(c->home);
    if (!json)
        place_clear();
    return err ? erase_failed(c, err) : show_erased(c, gone);
}

int command_panic(struct cli *c)
{
    if (!place_is_set_up(c->home))
        return ERR_NOSTORE;
    if (!args_has(&c->args, OPTION_ENABLE) && !args_has(&c->args, OPTION_DISABLE))
        return panic_erase(c);
    int err = opening_open(c, false);
    if (err)
        return err;
    return args_has(&c->args, OPTION_ENABLE) ? turn_on(c) : turn_off(c);
}
