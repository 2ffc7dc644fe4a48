/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* opening.c -- passphrase in, session out; every secret wiped on every path. */
#include "cli/opening.h"

#include <stdio.h>

#include "base/limits.h"
#include "cli/words.h"
#include "crypto/slots.h"
#include "store/unlock.h"

enum { TRIES_MAX = 3, LANGUAGE_BYTES_MAX = 8 };

void opening_warn_swap(void)
{
    if (!place_swap_is_open("/proc/swaps", "/sys/class/block"))
        return;
    cli_say(_("Swap on this computer is not encrypted. Words may stay there."));
    cli_say(_("Turn swap off, or ask somebody to encrypt it."));
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

/* One answer at the terminal, made canonical. */
static int ask_passphrase(struct cli *c, struct buf *out)
{
    struct buf typed = {0};
    int err = prompt_ask_secret(&c->prompt, _("Passphrase:"), &typed);
    if (!err)
        err = passphrase_canonical(BUF_BYTES(&typed), words_in_list, out);
    buf_free(&typed);
    return err;
}

/* One try.  What cannot be a passphrase is answered like a wrong one. */
static int try_once(struct cli *c, uint8_t data_key[static 32])
{
    struct buf canonical = {0};
    int err = ask_passphrase(c, &canonical);
    if (err == ERR_EMPTY || err == ERR_UTF8 || err == ERR_TOOBIG)
        err = ERR_PASSPHRASE;
    if (!err)
        err = unlock_open(c->home, BUF_BYTES(&canonical), data_key);
    buf_free(&canonical);
    return err;
}

int opening_unlock(struct cli *c, uint8_t data_key[static 32])
{
    struct buf canonical = {0};
    int err = ERR_PASSPHRASE;
    if (!place_is_set_up(c->home))
        return ERR_NOSTORE;
    if (args_has(&c->args, OPTION_PASSPHRASE_FILE)) {
        err = opening_passphrase_file(c, OPTION_PASSPHRASE_FILE, &canonical);
        if (!err)
            err = unlock_open(c->home, BUF_BYTES(&canonical), data_key);
        buf_free(&canonical);
        return err;
    }
    if (!prompt_can(&c->prompt))
        return cli_missing(c, "--passphrase-file");
    for (int i = 0; i < TRIES_MAX && err == ERR_PASSPHRASE; i++) {
        if (i > 0)
            cli_say(gettext(err_text(ERR_PASSPHRASE)));
        err = try_once(c, data_key);
    }
    return err;
}

/* Speak the language of the profile, unless an option said another one. */
static void use_profile_language(struct cli *c)
{
    struct api_args args = {.name = BYTES("language", 8)};
    struct api_reply reply = {0};
    char code[LANGUAGE_BYTES_MAX];
    if (args_has(&c->args, OPTION_LANGUAGE) || cli_call(c, API_SETTING, &args, &reply))
        return;
    struct bytes text = api_bytes(api_row(&reply, UINT32_MAX), F_TEXT);
    (void)snprintf(code, sizeof code, "%.*s", (int)(text.n < 7 ? text.n : 7),
                   text.n > 0 ? (const char *)text.p : "");
    (void)i18n_choose(code);
    api_reply_free(&reply);
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
        use_profile_language(c);
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

int opening_open(struct cli *c, bool online)
{
    if (!place_is_set_up(c->home))
        return ERR_NOSTORE;
    int err = session_remote(&c->session, c->home);
    if (err == ERR_NOTFOUND || err == ERR_TOOBIG)
        return opening_open_here(c, online);
    if (!err)
        use_profile_language(c);
    return err;
}
