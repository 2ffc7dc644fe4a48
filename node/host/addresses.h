/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* addresses.h -- addresses as text, and which of ours others may dial.
 *
 * The text is "host:port".  An address of IP version 6 stands in brackets:
 * "[2001:db8::1]:4000".
 */
#ifndef NODE_HOST_ADDRESSES_H
#define NODE_HOST_ADDRESSES_H

#include "base/bytes.h"
#include "base/limits.h"

enum { ADDRESS_HOST_BYTES_MAX = LIMIT_ADDRESS_BYTES_MAX };

/* A text taken apart. */
struct address {
    char host[ADDRESS_HOST_BYTES_MAX + 1]; /* without brackets */
    uint16_t port;
};

/* Own addresses, as they go on cards and invitations. */
struct address_list {
    char text[LIMIT_ADDRESSES_MAX][LIMIT_ADDRESS_BYTES_MAX + 1];
    size_t count;
};

/* Take `text` apart.  Port 0 is allowed here.
 *   ERR_NOHOST  no host, no port, or a letter that belongs in neither
 *   ERR_TOOBIG  longer than LIMIT_ADDRESS_BYTES_MAX */
NODISCARD int address_split(struct bytes text, struct address *out);

/* Append "host:port" to `list` unless it is there.  ERR_FULL, ERR_TOOBIG. */
NODISCARD int address_add(struct address_list *list, const char *host, uint16_t port);

/* Append what others may dial when we listen on all interfaces at `port`: the
 * addresses of the interfaces, version 4 first, then 6 without those that hold on one
 * wire only.  What does not fit is left out.  `v4`, `v6`: which of both. */
void address_add_interfaces(struct address_list *list, uint16_t port, bool v4, bool v6);

/* Append the texts, each with a line break after it, to `out`; ERR_NOMEM. */
NODISCARD int address_list_write(const struct address_list *list, struct buf *out);

/* Take what address_list_write wrote; stops at the first line that is none. */
void address_list_read(struct bytes lines, struct address_list *out);

/* True if both lists hold the same texts in the same order. */
bool address_list_equal(const struct address_list *a, const struct address_list *b);

#endif
