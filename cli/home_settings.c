/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* home_settings.c -- languages and large letters. */
#include <stdio.h>
#include <string.h>

#include "cli/home.h"
#include "cli/languages.h"
#include "cli/settings.h"

/* By their own names: who cannot read this screen finds theirs. */
static void screens_language(struct home *h)
{
    struct screen s = {0};
    char key[24];
    uint64_t n = 0;
    for (size_t i = 0; i < languages_count; i++) {
        (void)snprintf(key, sizeof key, "%zu", i + 1);
        screen_choice(&s, key, languages[i].name);
    }
    if (home_choose(h, &s, languages_count, &n))
        home_report(h, setting_put(h->c, SETTING_LANGUAGE, languages[n - 1].code));
}

/* Others see it before the texts, where they read another language. */
static void texts_language(struct home *h)
{
    struct screen s = {0};
    char key[24], value[SETTING_VALUE_BYTES];
    const char *code;
    uint64_t n = 0;
    size_t count = 0;
    struct bytes now = setting_text_language(h->c, value);
    const char *name = now.n > 0 ? languages_name(value) : _("not said");
    screen_text(&s, _("In which language do you write?"));
    screen_text(&s, _("Who reads another one sees it before your texts."));
    screen_pair(&s, _("Now"), BYTES(name, strlen(name)));
    while ((code = languages_code(count))) {
        (void)snprintf(key, sizeof key, "%zu", ++count);
        screen_choice(&s, key, languages_name(code));
    }
    (void)snprintf(key, sizeof key, "%zu", count + 1);
    screen_choice(&s, key, _("Another one, or several: do not say it"));
    if (!home_choose(h, &s, count + 1, &n))
        return;
    code = languages_code((size_t)n - 1);
    int err = setting_put(h->c, SETTING_TEXTS, code ? code : SETTING_TEXTS_NONE);
    if (!err)
        cli_sayf(_("From now on you write in: %s"),
                 code ? languages_name(code) : _("not said"));
    home_report(h, err);
}

/* Turn large letters on or off, and keep it so. */
static void large_letters(struct home *h)
{
    home_report(h, setting_put(h->c, SETTING_LARGE, place_is_large() ? "off" : "on"));
}

static const struct act {
    void (*run)(struct home *h);
    const char *text;
} acts[] = {
    {screens_language, N_("Language of the screens")},
    {texts_language, N_("Language of what you write")},
    {large_letters, N_("Large letters, on or off")},
};
enum { ACTS_COUNT = sizeof acts / sizeof *acts };

void home_settings(struct home *h)
{
    struct screen s = {0};
    char key[8];
    uint64_t n = 0;
    for (size_t i = 0; i < ACTS_COUNT; i++) {
        (void)snprintf(key, sizeof key, "%zu", i + 1);
        screen_choice(&s, key, gettext(acts[i].text));
    }
    if (home_choose(h, &s, ACTS_COUNT, &n))
        acts[n - 1].run(h);
}
