/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* languages.c -- see languages.h. */
#include "cli/languages.h"

#include <string.h>

static const struct {
    const char *code, *name;
} written[] = {
    {"en", "English"},   {"nl", "Nederlands"}, {"pl", "Polski"},   {"ro", "Română"},
    {"bg", "Български"}, {"hu", "Magyar"},     {"de", "Deutsch"},  {"fr", "Français"},
    {"es", "Español"},   {"pt", "Português"},  {"it", "Italiano"}, {"tr", "Türkçe"},
    {"ru", "Русский"},   {"uk", "Українська"}, {"ar", "العربية"},
};

const char *languages_code(size_t i)
{
    return i < sizeof written / sizeof *written ? written[i].code : NULL;
}

const char *languages_name(const char *code)
{
    for (size_t i = 0; i < sizeof written / sizeof *written; i++)
        if (strcmp(written[i].code, code) == 0)
            return written[i].name;
    return code;
}
