/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* forget.h -- the last act of a kring process: it overwrites all it may write to.
 *
 * Keys, passphrases and texts pass through memory of many owners: libsodium's stack,
 * SQLite's pages, libuv's buffers, stdio, msgpack, catalogues.  No list of places to
 * wipe would be whole for long, so at the end every private writable mapping of the
 * process is overwritten, the stacks of all threads among them.  Where /proc is not
 * mounted the mappings are not known, and only the stack below the caller is.
 *
 *     forget_at_signals -> ... -> forget_and_end
 *
 * A process that is killed by SIGKILL has no last act.
 */
#ifndef STORE_FORGET_H
#define STORE_FORGET_H

/* From now on a signal that would end the process overwrites everything first; the
 * exit code is 128 and the signal's number, as shells say it.  Signals that the caller
 * ignores stay ignored.  May be called again, after somebody else took a signal over:
 * handlers of others are left alone. */
void forget_at_signals(void);
/* What such a signal does first: something a signal handler may do, as setting a
 * terminal back.  NULL: nothing. */
void forget_after(void (*act)(void));
/* The same in a child that was just forked: handlers that it inherited are of no use to
 * it and go. */
void forget_in_child(void);
/* Overwrite everything and end with this exit code.  Nothing is flushed, no exit
 * handler runs; other threads may be caught in the middle of something and get no
 * further.  Under a sanitizer, whose memory is not ours, it only ends. */
_Noreturn void forget_and_end(int code);
/* Overwrite what calls that have returned left below the caller on the stack. */
void forget_stack(void);

#endif
