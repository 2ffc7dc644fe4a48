/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* opening.h -- a way to a profile: the node that runs, or the passphrase. */
#ifndef CLI_OPENING_H
#define CLI_OPENING_H

#include "cli/cli.h"

enum { OPENING_QUESTION_BYTES = 128 };

/* Open c->session.  Is a node running for this home, it is asked; else the passphrase
 * (file or prompt) opens the store in this process, and with `online` the node runs
 * here.  Sets the person's language.
 * ERR_NOSTORE, ERR_PASSPHRASE, ERR_NEEDTERM, ERR_INUSE, what session_local says. */
NODISCARD int opening_open(struct cli *c, bool online);
/* As opening_open, but only in this process.  ERR_INUSE: a node runs already. */
NODISCARD int opening_open_here(struct cli *c, bool online);
/* Open c->session with a data key that is known already. */
NODISCARD int opening_with_key(struct cli *c, bool online,
                               const uint8_t data_key[static 32]);
/* Ask for the passphrase, show nothing, and open the slot file.
 * Three tries at a terminal.  ERR_PASSPHRASE, ERR_NOSTORE, ERR_NEEDTERM. */
NODISCARD int opening_unlock(struct cli *c, uint8_t data_key[static 32]);
/* Append the canonical passphrase in the file of `option` to `out`; warns when others
 * can read the file.  ERR_NOTFOUND (said), ERR_EMPTY, ERR_TOOBIG, ERR_UTF8. */
NODISCARD int opening_passphrase_file(struct cli *c, enum option option,
                                      struct buf *out);
/* Connect to the node that runs for this home, if one does, and speak the language of
 * its profile.  Errors as session_remote. */
NODISCARD int opening_remote(struct cli *c);
/* A question that ends in a colon (a message id) in the person's language; while that
 * is not known, in every language: "Passphrase / Wachtzin:". */
void opening_question(const struct cli *c, const char *text,
                      char out[static OPENING_QUESTION_BYTES]);
/* Warn if memory can reach an unencrypted swap area. */
void opening_warn_swap(const struct cli *c);

#endif
