/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_init.c -- the command `init`: a language, a passphrase, a profile. */
#include "cli/cmd_init.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/opening.h"
#include "cli/settings.h"
#include "cli/words.h"
#include "crypto/slots.h"
#include "store/making.h"

enum { PASSPHRASE_SHORT_BYTES = 12, KEY_TEXT_BYTES = 24 };

/* ---- language ------------------------------------------------------------ */

/* The first screen of all: what kring is not, in every language. */
static void show_languages(void)
{
    struct screen s = {0};
    screen_title(&s, "kring");
    for (size_t i = 0; i < languages_count; i++)
        cli_add_warnings_in(&s, i);
    for (size_t i = 0; i < languages_count; i++) {
        char key[KEY_TEXT_BYTES];
        (void)snprintf(key, sizeof key, "%zu", i + 1);
        screen_choice(&s, key, languages[i].name);
    }
    cli_show_talk(&s);
}

static int ask_language(struct cli *c)
{
    struct buf answer = {0};
    uint64_t n = 0;
    int err = 0;
    show_languages();
    while (!err && n < 1) {
        answer.n = 0;
        err = prompt_ask(&c->prompt, "1-2:", &answer);
        if (!err)
            err = buf_append(&answer, BYTES("", 1), SIZE_MAX);
        if (!err && args_number((const char *)answer.p, languages_count, &n))
            n = 0;
        for (size_t i = 0; i < languages_count && !err && n < 1; i++)
            cli_say(i18n_translate(i, N_("Type one of the numbers.")));
    }
    buf_free(&answer);
    if (!err)
        (void)i18n_choose(languages[n - 1].code);
    return err;
}

int init_language(struct cli *c)
{
    struct screen s = {0};
    if (!args_has(&c->args, OPTION_LANGUAGE))
        return prompt_can(&c->prompt) ? ask_language(c) : cli_missing(c, "--language");
    cli_add_warnings(&s); /* chosen before anything was said */
    cli_show_talk(&s);
    return 0;
}

/* ---- passphrase ---------------------------------------------------------- */

/* Offer `words`.  The answer, or the words when it is empty, goes to `chosen`. */
static int offer_words(struct cli *c, struct bytes words, struct buf *chosen)
{
    struct screen s = {0};
    screen_text(&s, _("A passphrase opens kring here. These six words are yours:"));
    screen_said(&s, _("Words"), words);
    screen_text(&s, _("Learn them, or keep them on paper in a safe place."));
    screen_text(&s, _("Nobody can reset them. Without them all is lost."));
    screen_text(&s, _("Press Enter to take them. Or type your own words."));
    screen_text(&s, _("You do not see what you type here."));
    cli_show_talk(&s);
    int err = prompt_ask_secret(&c->prompt, _("Your choice:"), chosen);
    if (!err && chosen->n == 0)
        err = buf_append(chosen, words, SIZE_MAX);
    return err;
}

/* Ask for the same passphrase once more; ERR_PASSPHRASE when it is another one. */
static int ask_back(struct cli *c, struct bytes canonical)
{
    struct buf typed = {0}, again = {0};
    place_clear();
    cli_say(_("Now type the words once more. Four letters of each are enough."));
    cli_say(_("You do not see what you type here."));
    int err = prompt_ask_secret(&c->prompt, _("Once more:"), &typed);
    if (!err)
        err = passphrase_canonical(BUF_BYTES(&typed), words_in_list, &again);
    if (!err && !bytes_equal(BUF_BYTES(&again), canonical))
        err = ERR_PASSPHRASE;
    if (err == ERR_EMPTY || err == ERR_UTF8 || err == ERR_TOOBIG)
        err = ERR_PASSPHRASE;
    buf_free(&typed);
    buf_free(&again);
    return err;
}

/* One round of choosing; ERR_PASSPHRASE: said why, ask again. */
static int choose_once(struct cli *c, struct bytes words, struct buf *out)
{
    struct buf chosen = {0};
    size_t start = out->n;
    int err = offer_words(c, words, &chosen);
    if (!err)
        err = passphrase_canonical(BUF_BYTES(&chosen), words_in_list, out);
    if (err == ERR_UTF8 || err == ERR_TOOBIG || err == ERR_EMPTY) {
        cli_say(gettext(err_text(err)));
        err = ERR_PASSPHRASE;
    } else if (!err && out->n - start < PASSPHRASE_SHORT_BYTES) {
        cli_say(_("That is easy to guess. Use five words or more."));
        err = ERR_PASSPHRASE;
    } else if (!err && (err = ask_back(c, BYTES(out->p + start, out->n - start)))) {
        if (err == ERR_PASSPHRASE)
            cli_say(_("Those were other words. We begin again."));
    }
    buf_free(&chosen);
    if (err && out->n > start) {
        wipe(out->p + start, out->n - start);
        out->n = start;
    }
    return err;
}

int init_new_passphrase(struct cli *c, enum option option, struct buf *out)
{
    int err = 0;
    if (args_has(&c->args, option)) {
        err = opening_passphrase_file(c, option, out);
        if (!err && out->n < PASSPHRASE_SHORT_BYTES)
            cli_say(_("That passphrase is easy to guess. Six words are better."));
        return err;
    }
    if (!prompt_can(&c->prompt))
        return cli_missing(c, option_specs[option].name);
    /* Once: who begins to learn words shall not see others a moment later. */
    struct buf words = {0};
    bool hidden = c->prompt.hidden;
    err = words_suggest(&c->entropy, i18n_language(), &words);
    if (!err)
        err = prompt_hide(&c->prompt);
    if (!err)
        err = ERR_PASSPHRASE;
    while (err == ERR_PASSPHRASE)
        err = choose_once(c, BUF_BYTES(&words), out);
    if (!hidden)
        prompt_reveal(&c->prompt);
    buf_free(&words);
    return err;
}

/* ---- making it ----------------------------------------------------------- */

/* How the person reads: what was chosen before there was a place to keep it. */
static int save_settings(struct cli *c)
{
    int err = setting_put(c, SETTING_LANGUAGE, i18n_language());
    if (!err && args_has(&c->args, OPTION_LARGE))
        err = setting_put(c, SETTING_LARGE, "on");
    return err;
}

/* Passphrase, store and session; at a terminal nothing typed is shown meanwhile. */
static int set_up(struct cli *c, bool online)
{
    struct buf canonical = {0};
    uint8_t data_key[32] = {0};
    int err = 0;
    if (prompt_can(&c->prompt) && !args_has(&c->args, OPTION_PASSPHRASE_FILE))
        err = prompt_hide(&c->prompt);
    if (!err)
        err = init_new_passphrase(c, OPTION_PASSPHRASE_FILE, &canonical);
    if (!err && c->prompt.hidden)
        cli_say(_("One moment."));
    if (!err)
        err = making_profile(c->home, BUF_BYTES(&canonical),
                             args_has(&c->args, OPTION_LIGHT), &c->entropy, data_key);
    if (!err)
        err = opening_with_key(c, online, data_key);
    if (!err)
        err = save_settings(c);
    prompt_reveal(&c->prompt);
    wipe(data_key, sizeof data_key);
    buf_free(&canonical);
    return err;
}

int init_profile(struct cli *c, bool online)
{
    if (place_is_set_up(c->home))
        return cli_error(c, ERR_EXISTS, _("kring is set up here already. Type: kring"));
    int err = init_language(c);
    if (err)
        return err;
    opening_warn_swap(c);
    return set_up(c, online);
}

int command_init(struct cli *c)
{
    struct screen s = {0};
    int err = init_profile(c, false);
    if (err)
        return err;
    screen_text(&s, _("kring is ready. Nobody can reset your words."));
    screen_cell_flag(&s, "ready", true);
    screen_cell_text(&s, "language", BYTES(i18n_language(), 2));
    screen_text(&s, _("Start a group. Type: kring group new NAME"));
    screen_text(&s, _("Were you invited? Type: kring join"));
    return cli_show(c, &s);
}
