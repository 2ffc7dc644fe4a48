/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* stretch.h -- slow and large work on a secret, in a child process.
 *
 *     stretch_begin -> (fd is readable) -> stretch_end
 *
 * The child's memory goes back to the system when it ends, and whoever has a loop to
 * run waits for the pipe meanwhile.
 */
#ifndef STORE_STRETCH_H
#define STORE_STRETCH_H

#include <sys/types.h>

#include "base/bytes.h"

enum { STRETCH_BYTES = 32 };

struct stretch {
    pid_t pid;
    int fd; /* readable when the work is done; -1: none is under way */
};

/* What the child does: `out` from `input`, 0 or an error. */
typedef int stretch_work(uint8_t out[static STRETCH_BYTES], const void *input);

/* Begin.  The child has a copy of all of this process's memory, `input` among it, but
 * for what lies in an arena, and leaves nothing of it.  ERR_SYSTEM. */
NODISCARD int stretch_begin(struct stretch *s, stretch_work *work, const void *input);
/* Wait for the end and take the result.  ERR_SYSTEM: nothing was begun.  ERR_NOMEM: the
 * memory was not to be had, also when the system ended the child for it. */
NODISCARD int stretch_end(struct stretch *s, uint8_t out[static STRETCH_BYTES]);

#endif
