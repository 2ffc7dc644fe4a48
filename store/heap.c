/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* heap.c -- the allocator of SQLite's own, with wiping around it. */
#include "store/heap.h"

#include <sqlite3.h>
#include <string.h>

#include "base/bytes.h"

static sqlite3_mem_methods own; /* as SQLite came with it */

static void heap_free(void *p)
{
    if (!p)
        return;
    wipe(p, (size_t)own.xSize(p));
    own.xFree(p);
}

/* Never in place: what the old block held must not stay in the part cut off. */
static void *heap_grow(void *p, int bytes)
{
    void *fresh = own.xMalloc(bytes);
    size_t held = p ? (size_t)own.xSize(p) : 0, wanted = (size_t)bytes;
    if (!fresh)
        return NULL;
    if (held > 0)
        memcpy(fresh, p, held < wanted ? held : wanted);
    heap_free(p);
    return fresh;
}

void heap_use(void)
{
    if (own.xMalloc || sqlite3_config(SQLITE_CONFIG_GETMALLOC, &own) != SQLITE_OK)
        return;
    sqlite3_mem_methods with = own;
    with.xFree = heap_free;
    with.xRealloc = heap_grow;
    /* Small blocks would go round in an area of their own that nobody wipes. */
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &with) == SQLITE_OK)
        (void)sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
}
