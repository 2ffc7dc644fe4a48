/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_share.h -- how much of one author is held (private to the content part,
 * P8.13).
 */
#ifndef NODE_CORE_CONTENT_SHARE_H
#define NODE_CORE_CONTENT_SHARE_H

#include "node/core/content_int.h"

/* True if an entry of this hash does not fit into the author's share (P8.13). */
bool share_refuses(const struct author *a, const uint8_t hash[static 32]);
/* An entry of so many bytes is held now. */
void share_add(struct author *a, size_t bytes);
/* So many are held, found at a start; their size came with the author's record. */
void share_load(struct author *a, uint32_t count);
/* One of so many bytes is held no more. */
void share_drop(struct author *a, size_t bytes);
/* Let go what lies past the bound of anybody; soon after it, or `exactly`.  Log errors.
 */
NODISCARD int share_settle(struct group *g, bool exactly);
/* True if the author may not write more. */
bool share_is_full(const struct author *a);

#endif
