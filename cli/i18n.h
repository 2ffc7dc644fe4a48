/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* i18n.h -- the language a person reads (gettext; the only user of it).
 *
 * English is in the code; other languages are cli/po/XX.po. A fresh system has no
 * locale of the person's language, so kring runs in C.UTF-8 when it must and chooses
 * the language through LANGUAGE, which works there.
 */
#ifndef CLI_I18N_H
#define CLI_I18N_H

#include <libintl.h>
#include <stdbool.h>
#include <stddef.h>

#define _(text) gettext(text)
#define N_(text) text

/* A language kring speaks. */
struct language {
    const char *code; /* as in --language and the profile setting */
    const char *name; /* by its own name */
};
extern const struct language languages[];
extern const size_t languages_count;

/* Set the locale and the language that the environment asks for.  Call once, first. */
void i18n_start(void);
/* Speak `code` from now on.  False, and nothing changes, if kring does not know it. */
bool i18n_choose(const char *code);
/* True if the environment says that the terminal reads UTF-8. */
bool i18n_terminal_is_utf8(void);
/* Code of the language spoken now; static, never NULL. */
const char *i18n_language(void);
/* True if the environment names a language that kring speaks. */
bool i18n_is_asked(void);
/* `text` in languages[i], whatever is spoken now; static, never NULL. */
const char *i18n_translate(size_t i, const char *text);

#endif
