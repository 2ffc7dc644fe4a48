/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_set.c -- the command `set`: what this kring remembers about how you read. */
#include <string.h>

#include "cli/languages.h"
#include "cli/opening.h"
#include "cli/settings.h"

static void add_setting(struct screen *s, enum setting setting, const char *value)
{
    const char *name = setting_name(setting);
    static const char *const labels[SETTINGS_COUNT] = {
        [SETTING_LANGUAGE] = N_("Language"),
        [SETTING_TEXTS] = N_("Language of your texts"),
        [SETTING_LARGE] = N_("Large letters"),
    };
    const char *label = gettext(labels[setting]), *shown = value;
    if (setting == SETTING_LARGE)
        shown = strcmp(value, "on") == 0 ? _("Yes") : _("No");
    else if (strcmp(value, SETTING_TEXTS_NONE) == 0)
        shown = _("not said");
    else if (*value)
        shown = languages_name(value);
    else if (setting == SETTING_TEXTS)
        shown = languages_name(i18n_language());
    screen_pair(s, label, BYTES(shown, strlen(shown)));
    screen_cell_text(s, "setting", BYTES(name, strlen(name)));
    if (*value)
        screen_cell_text(s, "value", BYTES(value, strlen(value)));
    else
        screen_cell_null(s, "value");
}

/* All settings as they are. */
static int show_all(struct cli *c)
{
    struct screen s = {0};
    int err = 0;
    for (int i = 0; i < SETTINGS_COUNT && !err; i++) {
        char value[SETTING_VALUE_BYTES];
        err = setting_get(c, (enum setting)i, value);
        add_setting(&s, (enum setting)i, value);
    }
    if (!err)
        err = cli_show(c, &s);
    screen_free(&s);
    return err;
}

int command_set(struct cli *c)
{
    struct screen s = {0};
    const char *value = c->args.operands_count > 1 ? c->args.operands[1] : "";
    enum setting setting = SETTINGS_COUNT;
    int err = 0;
    if (c->args.operands_count > 0) {
        setting = setting_called(c->args.operands[0]);
        if (setting == SETTINGS_COUNT || !setting_fits(setting, value))
            return cli_error(c, ERR_USAGE,
                             _("Type: kring set language nl, or: kring set large on"));
    }
    err = opening_open(c, false);
    if (err)
        return err;
    if (setting == SETTINGS_COUNT)
        return show_all(c);
    err = setting_put(c, setting, value);
    if (err)
        return err;
    add_setting(&s, setting, value);
    return cli_show(c, &s);
}
