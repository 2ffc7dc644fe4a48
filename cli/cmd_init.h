/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_init.h -- asking what a new profile needs, and for a new passphrase. */
#ifndef CLI_CMD_INIT_H
#define CLI_CMD_INIT_H

#include "cli/cli.h"

/* Ask language and passphrase (or take them from options), make the profile, open it
 * as c->session.  ERR_EXISTS (said), ERR_NEEDTERM, errors of store and session; then
 * nothing is left behind. */
NODISCARD int init_profile(struct cli *c, bool online);
/* Say what kring is not, ask which language to speak (or take it from the option).
 * ERR_NEEDTERM, ERR_NOMEM, ERR_IO. */
NODISCARD int init_language(struct cli *c);
/* A new passphrase, canonical, appended to `out`: from the file of `option`, or by
 * offering words at the terminal and asking them once back. */
NODISCARD int init_new_passphrase(struct cli *c, enum option option, struct buf *out);

#endif
