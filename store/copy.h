/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* copy.h -- a second store beside the open one that holds no text of talk.
 *
 *     copy_make -> (the core makes rows of talk gone) -> backup_write -> copy_end
 *
 * It is the database `data-copy`, sealed under the same data key.  Body and envelope of
 * talk, waiting texts and half-written ones are never written to it.
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/store.h"

/* Copy all rows of `s`, but of content that ends only what says which it was, no
 * LOG_DRAFT.  Open afterwards; one that was cut short before is replaced.
 *   ERR_STATE  inside a transaction     ERR_DAMAGED  some part of `s` is damaged
 *   ERR_DISKFULL, ERR_READONLY, ERR_IO, ERR_NOMEM, ERR_TOOBIG */
NODISCARD int copy_make(struct store *s, const uint8_t data_key[static 32],
                        const struct entropy *entropy, struct store **out);
/* Close it (NULL is fine), overwrite its file with noise, remove it. */
void copy_end(struct store *copy, const char *dir, const struct entropy *entropy);
/* Remove what one that was cut short left in `dir`, as copy_end does. */
void copy_forget(const char *dir, const struct entropy *entropy);

#endif
