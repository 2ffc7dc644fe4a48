/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* profile.h -- what the host itself keeps in LOG_PROFILE, and the own addresses.
 *
 *     set/NAME         a setting of the face: text
 *     host/port        the port of the last run, u16
 *     host/addresses   the own addresses of the last run, a line each
 *     host/networks    see networks.h
 *
 * All groups of a profile listen on the same port in this version, which links them for
 * who knows both addresses: docs/decisions/0002-one-port-per-profile.md.
 */
#ifndef NODE_HOST_PROFILE_H
#define NODE_HOST_PROFILE_H

#include "node/host/loop.h"

/* A setting may hold a text that is half written. */
enum { SETTING_NAME_BYTES_MAX = 32, SETTING_BYTES_MAX = LIMIT_BODY_BYTES_MAX };

/* Read a setting: small letters, digits and hyphens.  The value is lent until the next
 * call on the store.  ERR_NOTFOUND, ERR_USAGE (no such name can be). */
NODISCARD int profile_setting(struct host *h, struct bytes name, struct bytes *value);
/* Write a setting in the present turn; an empty value removes it.
 * ERR_USAGE, ERR_TOOBIG, ERR_UTF8, errors of the store (then the turn was undone). */
NODISCARD int profile_set(struct host *h, struct bytes name, struct bytes value);
/* Read what the host keeps under `key`; lent as above.  ERR_NOTFOUND, errors of the
 * store. */
NODISCARD int profile_host_get(struct host *h, struct bytes key, struct bytes *value);
/* Write it in the present turn; an empty value removes it.  Errors of the store (then
 * the turn was undone). */
NODISCARD int profile_host_put(struct host *h, struct bytes key, struct bytes value);
/* The port to listen on when none is given: that of the last run, or 0. */
uint16_t profile_port(struct host *h);
/* Look where we can be reached; tell the core and keep it if that changed. */
void profile_check_addresses(struct host *h);
/* Keep h->addresses for the next run.  Errors as profile_set. */
NODISCARD int profile_save_addresses(struct host *h);
/* Addresses for an invitation: the present ones; with nothing listening those of the
 * last run; else those that the next run will have, whose port is chosen now.
 * Errors of the store. */
NODISCARD int profile_addresses(struct host *h, struct address_list *out);

#endif
