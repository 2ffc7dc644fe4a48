/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* panic.h -- erasing everything, asked for by words. */
#ifndef CLI_PANIC_H
#define CLI_PANIC_H

#include "cli/cli.h"

/* What is typed where a number is asked for, to be asked for the word itself. */
#define PANIC_WORD "panic"

/* Say what it does, ask for the word, and erase the profile: the slots first, then
 * every process that has the key, then the files.  An open session is closed on the
 * way, and only then c->session is NULL afterwards.
 * ERR_NOTFOUND(said): it is off; ERR_PASSPHRASE (said): not the word; ERR_NEEDTERM;
 * errors of the disk and of lock_profile, said. */
NODISCARD int panic_erase(struct cli *c);
/* In the menu: say whether it is on, and turn it on or off.  Errors of the disk,
 * ERR_NEEDTERM. */
NODISCARD int panic_choose(struct cli *c);
/* Add what it cannot do. */
void panic_add_limits(struct screen *s);

#endif
