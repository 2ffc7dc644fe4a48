/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_init.c -- the command `init`: a language, a passphrase, a profile. */
#include "cli/cmd_init.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/opening.h"
#include "cli/words.h"
#include "crypto/slots.h"
#include "store/store.h"
#include "store/unlock.h"

enum { PASSPHRASE_SHORT_BYTES = 12, KEY_TEXT_BYTES = 24 };

/* ---- language ------------------------------------------------------------ */

static int ask_language(struct cli *c)
{
    struct screen s = {0};
    struct buf answer = {0};
    uint64_t n = 0;
    int err = 0;
    for (size_t i = 0; i < languages_count; i++) {
        char key[KEY_TEXT_BYTES];
        (void)snprintf(key, sizeof key, "%zu", i + 1);
        screen_choice(&s, key, languages[i].name);
    }
    cli_show_talk(&s);
    while (!err && (n < 1 || n > languages_count)) {
        answer.n = 0;
        err = prompt_ask(&c->prompt, "1-2:", &answer);
        if (!err)
            err = buf_append(&answer, BYTES("", 1), SIZE_MAX);
        if (!err && args_number((const char *)answer.p, languages_count, &n))
            n = 0;
    }
    buf_free(&answer);
    if (!err)
        (void)i18n_choose(languages[n - 1].code);
    return err;
}

static int choose_language(struct cli *c)
{
    if (args_has(&c->args, OPTION_LANGUAGE))
        return 0; /* chosen before anything was said */
    if (!prompt_can(&c->prompt))
        return cli_missing(c, "--language");
    return ask_language(c);
}

/* ---- passphrase ---------------------------------------------------------- */

/* What stands on the screen could be read later: take it away where that works. */
static void clear_terminal(void)
{
    const char *term = getenv("TERM");
    if (isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0)
        (void)fputs("\033[H\033[2J\033[3J", stderr);
}

/* Offer words; the answer, or the words when the answer is empty, goes to `chosen`. */
static int offer_words(struct cli *c, struct buf *chosen)
{
    struct screen s = {0};
    struct buf words = {0};
    int err = words_suggest(&c->entropy, i18n_language(), &words);
    if (err)
        goto out;
    screen_text(&s, _("A passphrase opens kring here. These six words are yours:"));
    screen_said(&s, _("Words"), BUF_BYTES(&words));
    screen_text(&s, _("Learn them, or keep them on paper in a safe place."));
    screen_text(&s, _("Nobody can reset them. Without them all is lost."));
    screen_text(&s, _("Press Enter to take them. Or type your own words."));
    cli_show_talk(&s);
    err = prompt_ask_secret(&c->prompt, _("Your choice:"), chosen);
    if (!err && chosen->n == 0)
        err = buf_append(chosen, BUF_BYTES(&words), SIZE_MAX);
out:
    buf_free(&words);
    return err;
}

/* Ask for the same passphrase once more; ERR_PASSPHRASE when it is another one. */
static int ask_back(struct cli *c, struct bytes canonical)
{
    struct buf typed = {0}, again = {0};
    clear_terminal();
    cli_say(_("Now type the words once more. Four letters of each are enough."));
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
static int choose_once(struct cli *c, struct buf *out)
{
    struct buf chosen = {0};
    size_t start = out->n;
    int err = offer_words(c, &chosen);
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
    int err = ERR_PASSPHRASE;
    if (args_has(&c->args, option)) {
        err = opening_passphrase_file(c, option, out);
        if (!err && out->n < PASSPHRASE_SHORT_BYTES)
            cli_say(_("That passphrase is easy to guess. Six words are better."));
        return err;
    }
    if (!prompt_can(&c->prompt))
        return cli_missing(c, option_specs[option].name);
    while (err == ERR_PASSPHRASE)
        err = choose_once(c, out);
    return err;
}

/* ---- making it ----------------------------------------------------------- */

/* Slot file and empty database; on failure neither is left. */
static int make_store(struct cli *c, struct bytes canonical,
                      uint8_t data_key[static 32])
{
    struct store *store = NULL;
    char path[PLACE_BYTES_MAX + 16];
    int err = unlock_create(c->home, canonical, args_has(&c->args, OPTION_LIGHT),
                            &c->entropy, data_key);
    if (err)
        return err;
    err = store_create(&store, c->home, data_key, &c->entropy);
    store_close(store);
    static const char *const files[] = {"data-wal", "data", "slots"};
    for (size_t i = 0; err && i < sizeof files / sizeof *files; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", c->home, files[i]);
        (void)unlink(path);
    }
    return err;
}

static int save_language(struct cli *c)
{
    const char *code = i18n_language();
    struct api_args args = {
        .name = BYTES("language", 8),
        .text = BYTES(code, strlen(code)),
        .has_text = true,
    };
    return cli_do(c, API_SETTING, &args);
}

int init_profile(struct cli *c, bool online)
{
    struct screen s = {0};
    struct buf canonical = {0};
    uint8_t data_key[32] = {0};
    int err = 0;
    if (place_is_set_up(c->home))
        return cli_error(c, ERR_EXISTS, _("kring is set up here already. Type: kring"));
    if ((err = choose_language(c)))
        return err;
    cli_add_warnings(&s);
    cli_show_talk(&s);
    opening_warn_swap();
    err = init_new_passphrase(c, OPTION_PASSPHRASE_FILE, &canonical);
    if (!err)
        err = make_store(c, BUF_BYTES(&canonical), data_key);
    if (!err)
        err = opening_with_key(c, online, data_key);
    if (!err)
        err = save_language(c);
    wipe(data_key, sizeof data_key);
    buf_free(&canonical);
    return err;
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
