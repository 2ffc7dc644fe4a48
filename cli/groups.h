/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* groups.h -- what commands and the home screen both do with groups and people. */
#ifndef CLI_GROUPS_H
#define CLI_GROUPS_H

#include "cli/view.h"

/* Start a group `name` with texts that last `lifetime_hours`; asks the own name.
 * Says who can let people in.  The group comes back in `*number`. */
NODISCARD int groups_start(struct cli *c, const char *name, uint64_t lifetime_hours,
                           uint64_t *number);
/* How long texts stay, in hours, where --talk or --kept says so; else `*hours` stays as
 * it is.  ERR_USAGE (said). */
NODISCARD int groups_stay(struct cli *c, uint64_t *hours);
/* Change how long new texts of a group stay, and say what that means.  ERR_DENIED
 * (said): no keeper. */
NODISCARD int groups_change_stay(struct cli *c, const struct group_row *group,
                                 uint64_t hours);
/* How an invitation is to be. */
struct inviting {
    bool steward;  /* who comes may let others in */
    bool open;     /* who comes waits for nobody's yes */
    uint64_t uses; /* how many may come; 0: one */
};
/* The language of a sentence to compare: the person's own, as SENTENCE_LANGUAGE. */
uint64_t groups_language(void);
/* Make an invitation line for `group`, appended to `line`, and say how to give it. */
NODISCARD int groups_invite(struct cli *c, const struct group_row *group,
                            const struct inviting *how, struct buf *line);
/* Begin to join with the invitation `line`; asks the own name.  ERR_MISTYPED,
 * ERR_TRUNCATED, ERR_FOREIGN, ERR_VERSION, ERR_EXISTS ... */
NODISCARD int groups_join(struct cli *c, struct bytes line, uint64_t *number);
/* Add everybody in a group to a screen. */
NODISCARD int groups_add_members(struct cli *c, uint64_t number, struct screen *s);
/* The row of the member called `name`, for API_COMPARE and the like.  ERR_NOTFOUND
 * (said). */
NODISCARD int groups_find_member(struct cli *c, uint64_t group, const char *name,
                                 uint64_t *row);
/* Show no more what the member called `name` writes, on this device only; or `on`
 * false: again.  What it means was said.  ERR_NOTFOUND, ERR_USAGE (it is you): said;
 * errors of the session. */
NODISCARD int groups_hide(struct cli *c, const struct group_row *group,
                          const char *name, bool on);
/* No unread mark and no news of a group, on this device only; or again.  What it means
 * was said.  Errors of the session. */
NODISCARD int groups_quiet(struct cli *c, const struct group_row *group, bool on);
/* Add "1 name (Wren), 1 group, 0 real names" to a screen. */
NODISCARD int groups_add_about_me(struct cli *c, struct screen *s);
/* Change the own name in a group. */
NODISCARD int groups_rename(struct cli *c, uint64_t number);

#endif
