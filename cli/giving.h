/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* giving.h -- ways to give an invitation: a line, a code, a file, a picture. */
#ifndef CLI_GIVING_H
#define CLI_GIVING_H

#include "cli/groups.h"

/* Make an invitation and print it as one line. */
NODISCARD int giving_line(struct cli *c, const struct group_row *g,
                          const struct inviting *how);
/* Make an invitation into the new file `path` (0600): its line, or a picture of its
 * code.  Nothing is made if the file cannot be; ERR_EXISTS is said. */
NODISCARD int giving_file(struct cli *c, const struct group_row *g,
                          const struct inviting *how, const char *path, bool picture);
/* Make an invitation and show its code on the screen.  Before anything is made:
 * ERR_USAGE (said) where the window cannot show one. */
NODISCARD int giving_code(struct cli *c, const struct group_row *g,
                          const struct inviting *how, struct buf *line);
/* Show the code of `line`.  ERR_USAGE (said): the window is too small. */
NODISCARD int giving_show(struct cli *c, struct bytes line, bool inverted);
/* Append the invitation in the file `path` to `line`.  ERR_NOTFOUND, ERR_FOREIGN,
 * ERR_IO, ERR_NOMEM. */
NODISCARD int giving_read(const char *path, struct buf *line);
/* The invitation in this file is used: delete it, or say that it cannot be. */
void giving_delete(const char *path);

#endif
