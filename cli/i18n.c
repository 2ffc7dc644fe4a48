/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* i18n.c -- locale, catalogue, language. */
#include "cli/i18n.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct language languages[] = {
    {"en", "English"},
    {"nl", "Nederlands"},
};
const size_t languages_count = sizeof languages / sizeof *languages;

static size_t chosen; /* index into languages */
static bool asked;    /* by the environment */

/* The catalogues beside a program in its build folder, else the installed ones. */
static void bind_catalogues(void)
{
    const char *dir = KRING_LOCALE_DIR;
    if (access(KRING_BUILD_LOCALE_DIR, R_OK) == 0)
        dir = KRING_BUILD_LOCALE_DIR;
    (void)bindtextdomain("kring", dir);
    (void)bind_textdomain_codeset("kring", "UTF-8");
    (void)textdomain("kring"); /* also makes gettext forget what it looked up before */
}

/* True if `wish` ("nl", "nl_BE.UTF-8", "nl:en") begins with the code. */
static bool is_wish_for(const char *wish, const char *code)
{
    size_t n = strlen(code);
    return strncmp(wish, code, n) == 0 && strchr(":_.@", wish[n]) != NULL;
}

/* The environment names a language in several places; the first that says something
 * counts, in the order gettext has. */
static const char *environment_language(void)
{
    static const char *const places[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *wish = getenv(places[i]);
        if (!wish || !*wish)
            continue;
        for (size_t k = 0; k < languages_count; k++)
            if (is_wish_for(wish, languages[k].code))
                return languages[k].code;
        return NULL;
    }
    return NULL;
}

static bool terminal_utf8; /* before we chose for ourselves */

bool i18n_terminal_is_utf8(void)
{
    return terminal_utf8;
}

void i18n_start(void)
{
    const char *wish = environment_language();
    bool utf8 = setlocale(LC_ALL, "") && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    terminal_utf8 = utf8;
    /* In the C locale gettext translates nothing, in C.UTF-8 it does. */
    if (!utf8 || strcmp(setlocale(LC_MESSAGES, NULL), "C") == 0 ||
        strcmp(setlocale(LC_MESSAGES, NULL), "POSIX") == 0)
        (void)setlocale(LC_ALL, "C.UTF-8");
    asked = wish != NULL;
    (void)i18n_choose(wish ? wish : "en");
}

bool i18n_choose(const char *code)
{
    for (size_t i = 0; i < languages_count; i++) {
        if (strcmp(languages[i].code, code) != 0)
            continue;
        chosen = i;
        (void)setenv("LANGUAGE", code, 1);
        bind_catalogues();
        return true;
    }
    return false;
}

const char *i18n_language(void)
{
    return languages[chosen].code;
}

bool i18n_is_asked(void)
{
    return asked;
}

const char *i18n_translate(size_t i, const char *text)
{
    size_t before = chosen;
    (void)i18n_choose(languages[i].code);
    const char *said = gettext(text); /* a catalogue stays once it is loaded */
    (void)i18n_choose(languages[before].code);
    return said;
}
