/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* vfs.c -- the shim, and the pages of the database file. */
#include "store/vfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/arena.h"
#include "crypto/hash.h"
#include "store/heap.h"
#include "store/memory.h"
#include "store/vfs_file.h"

static struct vfs *vfs_of(sqlite3_vfs *shim)
{
    return shim->pAppData;
}

static struct vfs_file *file_of(sqlite3_file *shim)
{
    return (struct vfs_file *)(void *)shim;
}

const uint8_t *vfs_nonce(struct vfs *v)
{
    if (v->pool_used_bytes == sizeof v->pool) {
        entropy_fill(&v->entropy, v->pool, sizeof v->pool);
        v->pool_used_bytes = 0;
    }
    const uint8_t *nonce = v->pool + v->pool_used_bytes;
    v->pool_used_bytes += XNONCE_BYTES;
    return nonce;
}

void vfs_note_damage(struct vfs *v, uint32_t page)
{
    v->damaged_page = page;
}

/* ---- pages --------------------------------------------------------------- */

/* What a page is bound to: the database, its kind, its number. */
static struct bytes page_context(const struct vfs *v, uint32_t page,
                                 uint8_t out[static CONTEXT_BYTES_MAX])
{
    memcpy(out, v->keys->id, 16);
    memcpy(out + 16, "pg", 2);
    put_u32(out + 18, page);
    return BYTES(out, 22);
}

/* They recur at a fixed distance. */
bool vfs_page_is_map(uint32_t page)
{
    enum { DISTANCE = PAGE_PLAIN_BYTES / 5 + 1 };
    if (page < 2)
        return false;
    uint32_t map = (page - 2) / DISTANCE * DISTANCE + 2;
    return page == (map == LOCK_PAGE ? map + 1 : map);
}

/* SQLite's secure_delete zeroes freed cells, but when it rebuilds a page it leaves
 * moved cells behind between the cell pointers and the cells.  Nothing ever reads that
 * gap, so it is zeroed on the way to the disk: erased has to mean erased. */
static void page_clear_gap(uint8_t *plain, uint32_t page)
{
    size_t at = page == 1 ? 100 : 0;
    uint8_t kind = plain[at];
    bool leaf = kind == 10 || kind == 13, inner = kind == 2 || kind == 5;
    if ((!leaf && !inner) || vfs_page_is_map(page))
        return;
    size_t from = at + (leaf ? 8 : 12) + (size_t)2 * get_u16(plain + at + 3);
    size_t to = get_u16(plain + at + 5);
    if (from < to && to <= PAGE_PLAIN_BYTES)
        memset(plain + from, 0, to - from);
}

/* Seal `plain` to v->sealed: ciphertext 4056, nonce 24, tag 16. */
static void page_seal(struct vfs *v, uint32_t page, const uint8_t *plain)
{
    uint8_t context[CONTEXT_BYTES_MAX], *out = v->sealed;
    const uint8_t *nonce = vfs_nonce(v);
    memcpy(v->plain, plain, PAGE_PLAIN_BYTES);
    page_clear_gap(v->plain, page);
    xaead_seal(out, v->keys->page, nonce, page_context(v, page, context),
               BYTES(v->plain, PAGE_PLAIN_BYTES));
    memmove(out + PAGE_PLAIN_BYTES + XNONCE_BYTES, out + PAGE_PLAIN_BYTES,
            AEAD_TAG_BYTES);
    memcpy(out + PAGE_PLAIN_BYTES, nonce, XNONCE_BYTES);
}

int vfs_page_open(struct vfs *v, uint32_t page, uint8_t *plain)
{
    uint8_t context[CONTEXT_BYTES_MAX], nonce[XNONCE_BYTES], *in = v->sealed;
    memcpy(nonce, in + PAGE_PLAIN_BYTES, sizeof nonce);
    memmove(in + PAGE_PLAIN_BYTES, in + PAGE_PLAIN_BYTES + XNONCE_BYTES,
            AEAD_TAG_BYTES);
    int err = xaead_open(plain, v->keys->page, nonce, page_context(v, page, context),
                         BYTES(in, PAGE_PLAIN_BYTES + AEAD_TAG_BYTES));
    memset(plain + PAGE_PLAIN_BYTES, 0, PAGE_RESERVED_BYTES);
    return err;
}

/* Read page `page` whole to `plain`.  SQLITE_IOERR_SHORT_READ: behind the end;
 * SQLITE_IOERR_DATA: it does not open. */
static int page_read(struct vfs_file *f, uint32_t page, uint8_t *plain)
{
    sqlite3_int64 at = (sqlite3_int64)(page - 1) * PAGE_BYTES, size = 0;
    int rc = f->os->pMethods->xRead(f->os, f->vfs->sealed, PAGE_BYTES, at);
    if (rc == SQLITE_IOERR_SHORT_READ) {
        memset(plain, 0, PAGE_BYTES);
        rc = f->os->pMethods->xFileSize(f->os, &size);
        if (rc != SQLITE_OK)
            return rc;
        return size > at ? SQLITE_IOERR_DATA : SQLITE_IOERR_SHORT_READ;
    }
    if (rc != SQLITE_OK)
        return rc;
    if (page == LOCK_PAGE) {
        memset(plain, 0, PAGE_BYTES);
        return SQLITE_OK;
    }
    return vfs_page_open(f->vfs, page, plain) == 0 ? SQLITE_OK : SQLITE_IOERR_DATA;
}

/* A first page that was being written when the power went does not open, but the log
 * holds it.  SQLite asks the file for its shape before it looks at the log, so it is
 * told the shape that all our databases have. */
static void page_invent_first(uint8_t *plain)
{
    static const uint8_t shape[] = {0x10, 0x00, 2, 2, PAGE_RESERVED_BYTES, 64, 32, 32};
    memset(plain, 0, PAGE_BYTES);
    memcpy(plain, "SQLite format 3", 16);
    memcpy(plain + 16, shape, sizeof shape);
}

static int main_read(struct vfs_file *f, uint8_t *out, int n, sqlite3_int64 at)
{
    struct vfs *v = f->vfs;
    uint32_t page = (uint32_t)(at / PAGE_BYTES + 1);
    int skip = (int)(at % PAGE_BYTES);
    if (n > PAGE_BYTES - skip)
        return SQLITE_IOERR_READ;
    bool whole = n == PAGE_BYTES;
    uint8_t *plain = whole ? out : v->plain;
    int rc = page_read(f, page, plain);
    if (rc == SQLITE_IOERR_DATA && page == 1 && !whole) {
        page_invent_first(plain);
        rc = SQLITE_OK;
    }
    if (rc == SQLITE_IOERR_DATA)
        vfs_note_damage(v, page);
    if (!whole)
        memcpy(out, plain + skip, (size_t)n);
    return rc;
}

static int main_write(struct vfs_file *f, const uint8_t *p, int n, sqlite3_int64 at)
{
    uint32_t page = (uint32_t)(at / PAGE_BYTES + 1);
    if (n != PAGE_BYTES || at % PAGE_BYTES != 0)
        return SQLITE_IOERR_WRITE;
    /* Without the reserved bytes a page would lose its end: never begin with that. */
    if (page == 1 && (p[20] != PAGE_RESERVED_BYTES || get_u16(p + 16) != PAGE_BYTES))
        return SQLITE_IOERR_WRITE;
    page_seal(f->vfs, page, p);
    return f->os->pMethods->xWrite(f->os, f->vfs->sealed, PAGE_BYTES, at);
}

/* ---- methods of an open file --------------------------------------------- */

static int file_close(sqlite3_file *shim)
{
    struct vfs_file *f = file_of(shim);
    struct vfs *v = f->vfs;
    if (v->main == f)
        v->main = NULL;
    if (v->wal == f)
        v->wal = NULL;
    return f->os->pMethods->xClose(f->os);
}

static int file_read(sqlite3_file *shim, void *out, int n, sqlite3_int64 at)
{
    struct vfs_file *f = file_of(shim);
    return f->is_wal ? vfs_wal_read(f, out, n, at) : main_read(f, out, n, at);
}

static int file_write(sqlite3_file *shim, const void *p, int n, sqlite3_int64 at)
{
    struct vfs_file *f = file_of(shim);
    return f->is_wal ? vfs_wal_write(f, p, n, at) : main_write(f, p, n, at);
}

static int file_truncate(sqlite3_file *shim, sqlite3_int64 size)
{
    struct vfs_file *f = file_of(shim);
    return f->is_wal ? vfs_wal_truncate(f, size)
                     : f->os->pMethods->xTruncate(f->os, size);
}

static int file_sync(sqlite3_file *shim, int flags)
{
    struct vfs_file *f = file_of(shim);
    return f->is_wal ? vfs_wal_sync(f, flags) : f->os->pMethods->xSync(f->os, flags);
}

static int file_size(sqlite3_file *shim, sqlite3_int64 *size)
{
    struct vfs_file *f = file_of(shim);
    return f->is_wal ? vfs_wal_size(f, size) : f->os->pMethods->xFileSize(f->os, size);
}

static int file_lock(sqlite3_file *shim, int level)
{
    struct vfs_file *f = file_of(shim);
    return f->os->pMethods->xLock(f->os, level);
}

static int file_unlock(sqlite3_file *shim, int level)
{
    struct vfs_file *f = file_of(shim);
    return f->os->pMethods->xUnlock(f->os, level);
}

static int file_check_lock(sqlite3_file *shim, int *out)
{
    struct vfs_file *f = file_of(shim);
    return f->os->pMethods->xCheckReservedLock(f->os, out);
}

static int file_control(sqlite3_file *shim, int op, void *arg)
{
    struct vfs_file *f = file_of(shim);
    /* Sizes of the log differ below, and mapped memory would be sealed memory. */
    if (f->is_wal || op == SQLITE_FCNTL_MMAP_SIZE)
        return SQLITE_NOTFOUND;
    return f->os->pMethods->xFileControl(f->os, op, arg);
}

static int file_sector_size(sqlite3_file *shim)
{
    struct vfs_file *f = file_of(shim);
    return f->os->pMethods->xSectorSize(f->os);
}

static int file_traits(sqlite3_file *shim)
{
    /* Everything that is promised about parts of a page or about batches of writes is
     * untrue of sealed pages.  What stays: a write harms no byte outside itself. */
    (void)shim;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* Version 1: no shared memory and no mapped pages. */
static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_traits,
};

/* ---- methods of the layer ------------------------------------------------ */

static int shim_open(sqlite3_vfs *shim, const char *name, sqlite3_file *out, int flags,
                     int *out_flags)
{
    struct vfs *v = vfs_of(shim);
    struct vfs_file *f = file_of(out);
    bool is_wal = (flags & SQLITE_OPEN_WAL) != 0;
    memset(f, 0, sizeof *f);
    /* Rollback journals and temporary files would be written in clear. */
    if (!name || (!is_wal && !(flags & SQLITE_OPEN_MAIN_DB)) || (is_wal && v->wal) ||
        (!is_wal && v->main))
        return SQLITE_CANTOPEN;
    f->vfs = v;
    f->is_wal = is_wal;
    f->os = (sqlite3_file *)(void *)(f + 1);
    f->os->pMethods = NULL;
    int rc = v->os->xOpen(v->os, name, f->os, flags, out_flags);
    if (rc == SQLITE_OK && is_wal)
        rc = vfs_wal_open(f);
    if (rc != SQLITE_OK) {
        if (f->os->pMethods)
            f->os->pMethods->xClose(f->os);
        return rc;
    }
    f->shim.pMethods = &file_methods;
    *(is_wal ? &v->wal : &v->main) = f;
    return SQLITE_OK;
}

static int shim_delete(sqlite3_vfs *shim, const char *name, int sync_dir)
{
    struct vfs *v = vfs_of(shim);
    return v->os->xDelete(v->os, name, sync_dir);
}

static int shim_access(sqlite3_vfs *shim, const char *name, int flags, int *out)
{
    struct vfs *v = vfs_of(shim);
    static const char journal[] = "-journal";
    size_t n = strlen(name), tail = sizeof journal - 1;
    /* We never write one; one that lies there is not ours to play back. */
    if (n >= tail && strcmp(name + n - tail, journal) == 0) {
        *out = 0;
        return SQLITE_OK;
    }
    return v->os->xAccess(v->os, name, flags, out);
}

static int shim_full_path(sqlite3_vfs *shim, const char *name, int n, char *out)
{
    struct vfs *v = vfs_of(shim);
    return v->os->xFullPathname(v->os, name, n, out);
}

static int shim_randomness(sqlite3_vfs *shim, int n, char *out)
{
    entropy_fill(&vfs_of(shim)->entropy, out, (size_t)n);
    return n;
}

static int shim_sleep(sqlite3_vfs *shim, int us)
{
    struct vfs *v = vfs_of(shim);
    return v->os->xSleep(v->os, us);
}

static int shim_time(sqlite3_vfs *shim, double *out)
{
    struct vfs *v = vfs_of(shim);
    return v->os->xCurrentTime(v->os, out);
}

static int shim_last_error(sqlite3_vfs *shim, int n, char *out)
{
    struct vfs *v = vfs_of(shim);
    return v->os->xGetLastError(v->os, n, out);
}

/* ---- the life of a layer ------------------------------------------------- */

static void keys_derive(struct vfs_keys *keys, const uint8_t data_key[static 32])
{
    uint8_t id[32];
    kdf(keys->page, "store page", data_key, NULL, 0);
    kdf(keys->wal, "store log", data_key, NULL, 0);
    /* Derived, so that the files need no byte in clear to say whose they are. */
    kdf(id, "store id", data_key, NULL, 0);
    memcpy(keys->id, id, sizeof keys->id);
    wipe(id, sizeof id);
}

static void shim_fill(struct vfs *v)
{
    v->shim = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct vfs_file) + v->os->szOsFile,
        .mxPathname = v->os->mxPathname,
        .zName = v->name,
        .pAppData = v,
        .xOpen = shim_open,
        .xDelete = shim_delete,
        .xAccess = shim_access,
        .xFullPathname = shim_full_path,
        .xRandomness = shim_randomness,
        .xSleep = shim_sleep,
        .xCurrentTime = shim_time,
        .xGetLastError = shim_last_error,
    };
}

/* The layer below: the default one, where tests put theirs, or memory of ours. */
static int choose_os(struct vfs *v, bool in_memory)
{
    heap_use();
    int err = in_memory ? memory_new(&v->memory) : 0;
    if (err)
        return err;
    v->os = in_memory ? memory_vfs(v->memory) : sqlite3_vfs_find(NULL);
    return v->os ? 0 : ERR_SYSTEM;
}

static int make_keys(struct vfs *v, const uint8_t data_key[static 32])
{
    int err = arena_new(&v->arena, sizeof *v->keys);
    if (err)
        return err;
    v->keys = arena_alloc(v->arena, sizeof *v->keys);
    if (!v->keys)
        return ERR_NOMEM;
    keys_derive(v->keys, data_key);
    return 0;
}

static int make(struct vfs **out, const uint8_t data_key[static 32],
                const struct entropy *entropy, bool in_memory)
{
    struct vfs *v = calloc(1, sizeof *v);
    int err = v ? make_keys(v, data_key) : ERR_NOMEM;
    if (err)
        goto out;
    v->entropy = *entropy;
    v->pool_used_bytes = sizeof v->pool;
    err = choose_os(v, in_memory);
    if (err)
        goto out;
    (void)snprintf(v->name, sizeof v->name, "kring-%p", (void *)v);
    shim_fill(v);
    if (sqlite3_vfs_register(&v->shim, 0) != SQLITE_OK)
        err = ERR_NOMEM;
out:
    if (err)
        vfs_free(v);
    else
        *out = v;
    return err;
}

int vfs_new(struct vfs **out, const uint8_t data_key[static 32],
            const struct entropy *entropy)
{
    return make(out, data_key, entropy, false);
}

int vfs_new_in_memory(struct vfs **out, const uint8_t data_key[static 32],
                      const struct entropy *entropy)
{
    return make(out, data_key, entropy, true);
}

uint64_t vfs_memory_bytes(const struct vfs *v)
{
    return v->memory ? memory_bytes(v->memory) : 0;
}

const char *vfs_name(const struct vfs *v)
{
    return v->name;
}

uint32_t vfs_damaged_page(const struct vfs *v)
{
    return v->damaged_page;
}

uint32_t vfs_wal_frames(const struct vfs *v)
{
    return v->wal ? v->wal->frames : 0;
}

int vfs_wal_make_sure(struct vfs *v)
{
    if (!v->wal || v->wal->found_frames == 0)
        return 0;
    int rc = vfs_wal_sync(v->wal, SQLITE_SYNC_NORMAL);
    return rc == SQLITE_OK ? 0 : rc == SQLITE_FULL ? ERR_DISKFULL : ERR_IO;
}

static int main_walk(struct vfs_file *f, vfs_visit *visit, void *ctx)
{
    uint8_t plain[PAGE_BYTES];
    sqlite3_int64 size = 0;
    int err = 0, visited = 0;
    if (f->os->pMethods->xFileSize(f->os, &size) != SQLITE_OK)
        return ERR_IO;
    uint32_t pages = (uint32_t)((size + PAGE_BYTES - 1) / PAGE_BYTES);
    for (uint32_t page = 1; page <= pages && visited == 0; page++) {
        int rc = page_read(f, page, plain);
        if (rc == SQLITE_IOERR_DATA) {
            vfs_note_damage(f->vfs, page);
            err = ERR_DAMAGED;
        } else if (rc != SQLITE_OK) {
            err = ERR_IO;
            break;
        }
        visited = visit(ctx, page, BYTES(plain, rc == SQLITE_OK ? sizeof plain : 0));
    }
    wipe(plain, sizeof plain);
    return visited < 0 ? visited : err;
}

int vfs_walk_sealed(struct vfs *v, vfs_visit *visit, void *ctx)
{
    const sqlite3_io_methods *os = v->main ? v->main->os->pMethods : NULL;
    uint8_t sealed[PAGE_BYTES];
    sqlite3_int64 size = 0;
    int visited = 0;
    if (!os || os->xFileSize(v->main->os, &size) != SQLITE_OK || size % PAGE_BYTES != 0)
        return ERR_IO;
    uint32_t pages = (uint32_t)(size / PAGE_BYTES);
    for (uint32_t page = 1; page <= pages && visited == 0; page++) {
        sqlite3_int64 at = (sqlite3_int64)(page - 1) * PAGE_BYTES;
        if (os->xRead(v->main->os, sealed, PAGE_BYTES, at) != SQLITE_OK)
            return ERR_IO;
        visited = visit(ctx, page, BYTES_OF(sealed));
    }
    return visited < 0 ? visited : 0;
}

int vfs_walk(struct vfs *v, vfs_visit *visit, void *ctx)
{
    int err = v->main ? main_walk(v->main, visit, ctx) : 0;
    if ((err == 0 || err == ERR_DAMAGED) && v->wal) {
        int wal_err = vfs_wal_walk(v->wal, visit, ctx);
        err = wal_err ? wal_err : err;
    }
    return err;
}

void vfs_free(struct vfs *v)
{
    if (!v)
        return;
    CHECK(!v->main && !v->wal);
    if (v->shim.zName)
        sqlite3_vfs_unregister(&v->shim);
    memory_free(v->memory);
    if (v->arena)
        arena_free(v->arena, v->keys);
    arena_destroy(v->arena);
    wipe(v, sizeof *v);
    free(v);
}
