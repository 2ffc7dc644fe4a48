/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* settings.c -- reading, keeping and following what a person chose. */
#include "cli/settings.h"

#include <stdio.h>
#include <string.h>

#include "cli/languages.h"

static const struct {
    const char *name;
    enum option option; /* what says it for one run; OPTION_COUNT: nothing does */
} settings[SETTINGS_COUNT] = {
    [SETTING_LANGUAGE] = {"language", OPTION_LANGUAGE},
    [SETTING_TEXTS] = {"texts", OPTION_COUNT},
    [SETTING_LARGE] = {"large", OPTION_LARGE},
};

const char *setting_name(enum setting setting)
{
    return settings[setting].name;
}

enum setting setting_called(const char *name)
{
    int i = 0;
    while (i < SETTINGS_COUNT && strcmp(settings[i].name, name) != 0)
        i++;
    return (enum setting)i;
}

static bool is_written(const char *code)
{
    const char *known;
    for (size_t i = 0; (known = languages_code(i)); i++)
        if (strcmp(known, code) == 0)
            return true;
    return false;
}

bool setting_fits(enum setting setting, const char *value)
{
    if (setting == SETTING_LARGE)
        return strcmp(value, "on") == 0 || strcmp(value, "off") == 0;
    if (setting == SETTING_TEXTS)
        return strcmp(value, SETTING_TEXTS_NONE) == 0 || is_written(value);
    for (size_t i = 0; i < languages_count; i++)
        if (strcmp(languages[i].code, value) == 0)
            return true;
    return false;
}

static void follow(enum setting setting, const char *value)
{
    if (setting == SETTING_LARGE)
        place_set_large(strcmp(value, "on") == 0);
    else if (setting == SETTING_LANGUAGE)
        (void)i18n_choose(value);
}

int setting_get(struct cli *c, enum setting setting,
                char value[static SETTING_VALUE_BYTES])
{
    const char *name = setting_name(setting);
    struct api_args args = {.name = BYTES(name, strlen(name))};
    struct api_reply reply = {0};
    value[0] = '\0';
    int err = cli_call(c, API_SETTING, &args, &reply);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    struct bytes text = api_bytes(api_row(&reply, UINT32_MAX), F_TEXT);
    if (text.n > 0 && text.n < SETTING_VALUE_BYTES)
        (void)snprintf(value, SETTING_VALUE_BYTES, "%.*s", (int)text.n,
                       (const char *)text.p);
    api_reply_free(&reply);
    return 0;
}

int setting_put(struct cli *c, enum setting setting, const char *value)
{
    const char *name = setting_name(setting);
    struct api_args args = {
        .name = BYTES(name, strlen(name)),
        .text = BYTES(value, strlen(value)),
        .has_text = true,
    };
    int err = cli_do(c, API_SETTING, &args);
    if (!err)
        follow(setting, value);
    return err;
}

struct bytes setting_text_language(struct cli *c,
                                   char value[static SETTING_VALUE_BYTES])
{
    if (setting_get(c, SETTING_TEXTS, value) || strcmp(value, SETTING_TEXTS_NONE) == 0)
        return BYTES(NULL, 0);
    if (!*value)
        (void)snprintf(value, SETTING_VALUE_BYTES, "%s", i18n_language());
    return BYTES(value, strlen(value));
}

void settings_follow(struct cli *c)
{
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        char value[SETTING_VALUE_BYTES];
        if (settings[i].option != OPTION_COUNT &&
            args_has(&c->args, settings[i].option))
            continue;
        if (setting_get(c, (enum setting)i, value) == 0 && *value)
            follow((enum setting)i, value);
    }
}
