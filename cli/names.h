/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* names.h -- choosing a name for oneself in a group. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include "cli/cli.h"

/* The name of --as; else three are offered at the terminal, and one may be typed; an
 * answer that is no name is asked again.  Appended to `out` without a zero byte.
 * ERR_NEEDTERM (said, if the person went back), or an error that was said. */
NODISCARD int names_choose(struct cli *c, struct buf *out);
/* True if names_choose asks a person. */
bool names_can_ask(const struct cli *c);

#endif
