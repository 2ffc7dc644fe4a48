/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* settings.h -- what a person chose for this kring: languages, large letters.
 *
 * They lie inside the store, so nobody reads them before the passphrase is typed.  An
 * option on the command line wins over them for one run.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli/cli.h"

enum { SETTING_VALUE_BYTES = 12 };

/* Of SETTING_TEXTS: no language is said. */
#define SETTING_TEXTS_NONE "none"

enum setting {
    SETTING_LANGUAGE, /* of the screens */
    SETTING_TEXTS,    /* that the person writes in; never chosen: that of the screens */
    SETTING_LARGE,
    SETTINGS_COUNT
};

/* Its name, as typed and for programs; static. */
const char *setting_name(enum setting setting);
/* The setting called `name`, or SETTINGS_COUNT. */
enum setting setting_called(const char *name);
/* True if `value` is one that `setting` can have. */
bool setting_fits(enum setting setting, const char *value);
/* What `setting` is in the open session; "" when it was never chosen.  ERR_NOMEM and
 * what the session says. */
NODISCARD int setting_get(struct cli *c, enum setting setting,
                          char value[static SETTING_VALUE_BYTES]);
/* Keep `value` (setting_fits) for `setting`, and follow it from now on.  Errors of the
 * session. */
NODISCARD int setting_put(struct cli *c, enum setting setting, const char *value);
/* The language that the person writes in, for a text's tag; empty: none is said.  What
 * cannot be read counts as none. */
struct bytes setting_text_language(struct cli *c,
                                   char value[static SETTING_VALUE_BYTES]);
/* Follow what the open session holds, unless an option said something else.  What
 * cannot be read leaves things as they are. */
void settings_follow(struct cli *c);

#endif
