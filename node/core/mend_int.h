/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mend_int.h -- what mend.c and mend_group.c share. */
#ifndef NODE_CORE_MEND_INT_H
#define NODE_CORE_MEND_INT_H

#include "node/core/core.h"
#include "node/core/mend.h"

/* Mend all rows of a group whose record was read (group_read); its parts are loaded on
 * the way.  1: it cannot be kept; ERR_DAMAGED, ERR_NOMEM, log errors. */
NODISCARD int mend_group(struct group *g, struct mend_report *out);

#endif
