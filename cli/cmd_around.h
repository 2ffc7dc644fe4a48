/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_around.h -- six words, as the commands `invite` and `join` use them. */
#ifndef CLI_CMD_AROUND_H
#define CLI_CMD_AROUND_H

#include "cli/view.h"

/* Show six words for `group` and wait until somebody came by them, or they are over.
 * ERR_NOANSWER  nobody came      ERR_EXPIRED  guessed at too often
 * errors as nearby_offer */
NODISCARD int around_invite(struct cli *c, const struct group_row *g);
/* Look for who gave `words` for so many seconds; the group that is being joined then
 * goes to `*number`.  ERR_NOANSWER (said), errors as nearby_seek and of a join. */
NODISCARD int around_join(struct cli *c, struct bytes words, uint64_t seconds,
                          uint64_t *number);

#endif
