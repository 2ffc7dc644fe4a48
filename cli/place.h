/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* place.h -- where kring lives, and what on this computer deserves a warning. */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include "base/bytes.h"

enum { PLACE_BYTES_MAX = 1024 };

/* The profile folder, as text: `given`, else KRING_HOME, else kring in XDG_DATA_HOME,
 * else ~/.local/share/kring.  ERR_TOOBIG; ERR_USAGE: there is no home at all. */
NODISCARD int place_home(const char *given, char out[static PLACE_BYTES_MAX]);
/* True if something is set up in `home` (its key-slot file is there). */
bool place_is_set_up(const char *home);
/* True if memory may be written to a swap area that is not encrypted.  The paths are
 * "/proc/swaps" and "/sys/class/block", or a test's own. */
bool place_swap_is_open(const char *swaps, const char *blocks);
/* From now on everything is written for large letters, or no longer. */
void place_set_large(bool large);
/* True if it is. */
bool place_is_large(void);
/* Columns of the terminal at `fd`, between 20 and 80; 0 if it is none.  For large
 * letters never more than 28, also where there is no terminal. */
size_t place_columns(int fd);
/* Rows of the terminal `fd`; 0: no terminal, or it does not say. */
size_t place_rows(int fd);
/* What stands on the terminal could be read later: take it away, and what was scrolled
 * off with it, where standard error is a terminal that can do that. */
void place_clear(void);
/* The same as something a signal handler may do. */
void place_clear_at_signal(void);

/* A descriptor that is readable after so many seconds, for the caller to close; -1 when
 * there is none to be had. */
int place_timer(uint64_t seconds);
/* True if its time is up; what was left to read may have been read. */
bool place_timer_ended(int timer);

#endif
