/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* talkless.h -- a backup that holds no talk (store/copy.h, node/core/mend.h). */
#ifndef NODE_HOST_TALKLESS_H
#define NODE_HOST_TALKLESS_H

#include "base/bytes.h"

struct store;

/* Write the open store of `home` to the new file `path` as backup_write does, without
 * any text that ends, that waits, or that is half written.  The store itself stays as
 * it is; outside of transactions only.  Errors as backup_write, ERR_SYSTEM. */
NODISCARD int talkless_backup(const char *home, struct store *s, const char *path,
                              const uint8_t data_key[static 32], uint64_t *bytes);

#endif
