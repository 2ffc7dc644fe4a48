/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* hook.h -- memory that runs out when a test says so.
 *
 *     hook_install -> { hook_watch, hook_arm, code under test, hook_disarm }* -> end
 *
 * The linker sends malloc, calloc, realloc, free, mmap, munmap and mlock of this
 * program here, SQLite's memory comes here by its own methods, and each call of the
 * memory log counts as one allocation, since the real store may lack memory in any of
 * them.  Only what is watched counts, is failed, and is looked for when leaks are
 * counted: the product's own code is, what a test keeps for itself is not.
 */
#ifndef TESTS_OOM_HOOK_H
#define TESTS_OOM_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The address sanitizer lives in address space: there no limit of it can be set. */
#if defined(__SANITIZE_ADDRESS__)
#define SHADOWED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHADOWED 1
#endif
#endif

/* Once, before SQLite is used. */
void hook_install(void);
/* Say where each failing allocation was asked for, on stderr. */
void hook_show(bool on);
/* Watch from now on, or not; what was before. */
bool hook_watch(bool on);
/* Fail the `nth` allocation watched from now on (from 1; 0: none), and if `rest` all
 * after it. */
void hook_arm(uint64_t nth, bool rest);
/* Fail no more; how many were asked for since hook_arm. */
uint64_t hook_disarm(void);
/* Neither count nor fail for now, though armed: what the test needs to go well. */
void hook_hold(bool on);
/* True if something failed since hook_arm. */
bool hook_fired(void);
/* Count one allocation; true if it fails. */
bool hook_hit(void);
/* Watched blocks that are not freed. */
size_t hook_live(void);

#endif
