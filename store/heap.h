/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* heap.h -- SQLite's memory, overwritten when it goes back.
 *
 * SQLite keeps decrypted pages and the texts of rows in memory of its own.  A text that
 * has ended, or was taken back, would stay there for as long as nothing else needs the
 * place.
 */
#ifndef STORE_HEAP_H
#define STORE_HEAP_H

/* Have SQLite overwrite what it frees, from now on and in the whole process.  It works
 * only before SQLite is used for the first time, and does nothing later. */
void heap_use(void);

#endif
