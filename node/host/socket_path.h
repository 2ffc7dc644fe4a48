/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* socket_path.h -- where the control socket of a profile lies (P12.1).
 *
 *     $XDG_RUNTIME_DIR/kring/<16 hex of hash32("home", absolute path)>.sock
 *     HOME/control      when there is no such folder that is ours alone
 */
#ifndef NODE_HOST_SOCKET_PATH_H
#define NODE_HOST_SOCKET_PATH_H

#include "base/bytes.h"

/* The path for the profile folder `home`, with its zero byte, to `out`; `make`: make
 * the folder it lies in, if that is ours to make.
 *   ERR_NOTFOUND  no such home      ERR_TOOBIG  a socket cannot have so long a path */
NODISCARD int socket_path(const char *home, bool make, char *out, size_t out_bytes);

/* Connect to a control socket of the same user: a blocking descriptor (given), or
 * ERR_NOTFOUND: nobody of ours answers there; ERR_TOOBIG; ERR_SYSTEM. */
NODISCARD int socket_connect(const char *path);

#endif
