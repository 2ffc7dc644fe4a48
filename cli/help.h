/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* help.h -- explanations as screens. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

/* Add what kring cannot do: the honest limits. */
void help_add_safety(struct screen *s);

#endif
