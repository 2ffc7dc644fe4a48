/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* opening.c -- passphrase in, session out; every secret wiped on every path. */
#include "cli/opening.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/settings.h"
#include "cli/words.h"
#include "crypto/slots.h"
#include "store/unlock.h"

enum { TRIES_MAX = 3, LANGUAGE_BYTES_MAX = 8 };

void opening_warn_swap(const struct cli *c)
{
    if (!place_swap_is_open("/proc/swaps", "/sys/class/block"))
        return;
    cli_say_either(c,
                   N_("Swap on this computer is not encrypted. Words may stay there."));
    cli_say_either(c, N_("Turn swap off, or ask somebody to encrypt it."));
}

static void strip_line_end(struct buf *b)
{
    if (b->n > 0 && b->p[b->n - 1] == '\n')
        b->n--;
    if (b->n > 0 && b->p[b->n - 1] == '\r')
        b->n--;
}

int opening_passphrase_file(struct cli *c, enum option option, struct buf *out)
{
    const char *path = c->args.value[option];
    struct buf typed = {0};
    bool others = false;
    int err = prompt_read_file(path, &typed, LIMIT_PASSPHRASE_BYTES_MAX + 3, &others);
    if (err == ERR_NOTFOUND || err == ERR_IO) {
        err =
            cli_error(c, err, _("The passphrase file cannot be read. Check its name."));
        goto out;
    }
    if (others) {
        cli_say(_("Others can read your passphrase file."));
        cli_sayf(_("Type: chmod 600 %s"), path);
    }
    strip_line_end(&typed);
    if (!err)
        err = passphrase_canonical(BUF_BYTES(&typed), words_in_list, out);
out:
    buf_free(&typed);
    return err;
}

void opening_question(const struct cli *c, const char *text,
                      char out[static OPENING_QUESTION_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; i < languages_count && c->either; i++) {
        const char *word = i18n_translate(i, text);
        int word_bytes = (int)strcspn(word, ":");
        int got = snprintf(out + n, OPENING_QUESTION_BYTES - n, "%s%.*s",
                           i > 0 ? " / " : "", word_bytes, word);
        n += got > 0 && (size_t)got < OPENING_QUESTION_BYTES - n ? (size_t)got : 0;
    }
    (void)snprintf(out + n, OPENING_QUESTION_BYTES - n, "%s",
                   n > 0 ? ":" : gettext(text));
}

/* One answer at the terminal, made canonical. */
static int ask_passphrase(struct cli *c, struct buf *out)
{
    char question[OPENING_QUESTION_BYTES];
    struct buf typed = {0};
    opening_question(c, N_("Passphrase:"), question);
    int err = prompt_ask_secret(&c->prompt, question, &typed);
    if (!err)
        err = passphrase_canonical(BUF_BYTES(&typed), words_in_list, out);
    buf_free(&typed);
    return err;
}

/* One try.  What cannot be a passphrase is answered like a wrong one.  What is typed
 * while the check goes on is nobody's answer. */
static int try_once(struct cli *c, uint8_t data_key[static 32])
{
    struct buf canonical = {0};
    int err = ask_passphrase(c, &canonical);
    if (!err || err == ERR_EMPTY || err == ERR_UTF8 || err == ERR_TOOBIG)
        cli_say_either(c, N_("One moment."));
    if (err == ERR_EMPTY || err == ERR_UTF8 || err == ERR_TOOBIG)
        err = ERR_PASSPHRASE;
    if (!err)
        err = unlock_open(c->home, BUF_BYTES(&canonical), data_key, &c->slot);
    buf_free(&canonical);
    int ended = err == 0 || err == ERR_PASSPHRASE ? prompt_drop(&c->prompt) : 0;
    return ended ? ended : err;
}

/* What was not right, and what to do now. */
static void say_refused(struct cli *c, bool last)
{
    const char *again = N_("That did not work. Try again.");
    const char *closed = N_("That did not work. kring stays closed. Start it again.");
    cli_say_either(c, last ? closed : again);
    cli_say_either(c, N_("Is caps lock on? Nobody can reset the words."));
    c->told = last;
}

/* Three tries; nothing is shown of what is typed, from the first to the last. */
static int unlock_at_terminal(struct cli *c, uint8_t data_key[static 32])
{
    int err = prompt_hide(&c->prompt);
    if (err)
        return err;
    err = ERR_PASSPHRASE;
    for (int i = 1; i <= TRIES_MAX && err == ERR_PASSPHRASE; i++) {
        err = try_once(c, data_key);
        if (err == ERR_PASSPHRASE && !args_has(&c->args, OPTION_JSON))
            say_refused(c, i == TRIES_MAX);
    }
    prompt_reveal(&c->prompt);
    return err;
}

int opening_unlock(struct cli *c, uint8_t data_key[static 32])
{
    struct buf canonical = {0};
    if (!place_is_set_up(c->home))
        return ERR_NOSTORE;
    if (!args_has(&c->args, OPTION_PASSPHRASE_FILE))
        return prompt_can(&c->prompt) ? unlock_at_terminal(c, data_key)
                                      : cli_missing(c, "--passphrase-file");
    int err = opening_passphrase_file(c, OPTION_PASSPHRASE_FILE, &canonical);
    if (!err)
        err = unlock_open(c->home, BUF_BYTES(&canonical), data_key, &c->slot);
    buf_free(&canonical);
    return err;
}

/* The language of the profile and its letters, unless an option said others. */
static void follow_profile(struct cli *c)
{
    c->either = false;
    settings_follow(c);
}

int opening_with_key(struct cli *c, bool online, const uint8_t data_key[static 32])
{
    struct session_config config = {
        .home = c->home,
        .listen = c->args.listen,
        .listen_count = c->args.listen_count,
        .online = online,
    };
    int err = session_local(&c->session, &config, data_key);
    if (err == ERR_TOOBIG)
        return cli_error(c, err, _("This folder's name is too long. Choose another."));
    if (!err)
        follow_profile(c);
    return err;
}

int opening_open_here(struct cli *c, bool online)
{
    uint8_t data_key[32] = {0};
    int err = opening_unlock(c, data_key);
    if (!err)
        err = opening_with_key(c, online, data_key);
    wipe(data_key, sizeof data_key);
    return err;
}

int opening_remote(struct cli *c)
{
    int err = session_remote(&c->session, c->home);
    if (!err)
        follow_profile(c);
    return err;
}

int opening_open(struct cli *c, bool online)
{
    if (!place_is_set_up(c->home))
        return ERR_NOSTORE;
    int err = opening_remote(c);
    return err == ERR_NOTFOUND || err == ERR_TOOBIG ? opening_open_here(c, online)
                                                    : err;
}
