/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* memory.c -- files as lists of blocks. */
#include "store/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"

enum {
    BLOCK_BYTES = 64 << 10,
    BLOCKS_MAX = LIMIT_MEMORY_BYTES_MAX / BLOCK_BYTES,
};

/* One file: blocks are there from the first to the one that holds its last byte. */
struct memory_file {
    char name[MEMORY_NAME_BYTES_MAX]; /* empty: no such file */
    uint8_t **blocks;                 /* BLOCKS_MAX of them, or NULL */
    size_t count;
    sqlite3_int64 size;
    bool open;
};

struct memory {
    sqlite3_vfs shim;
    sqlite3_vfs *system; /* for its clock */
    struct memory_file files[MEMORY_FILES_MAX];
    size_t blocks; /* of all files */
};

/* What SQLite holds of an open file. */
struct memory_handle {
    sqlite3_file shim;
    struct memory *memory;
    struct memory_file *file;
};

static struct memory_handle *handle_of(sqlite3_file *shim)
{
    return (struct memory_handle *)(void *)shim;
}

/* ---- blocks -------------------------------------------------------------- */

static void blocks_drop(struct memory *m, struct memory_file *f, size_t keep)
{
    while (f->count > keep) {
        f->count--;
        m->blocks--;
        wipe(f->blocks[f->count], BLOCK_BYTES);
        free(f->blocks[f->count]);
    }
}

/* Have blocks, zeroed, for `size` bytes.  The codes of SQLite. */
static int blocks_have(struct memory *m, struct memory_file *f, sqlite3_int64 size)
{
    size_t wanted = ((size_t)size + BLOCK_BYTES - 1) / BLOCK_BYTES;
    if (wanted > f->count && m->blocks + (wanted - f->count) > BLOCKS_MAX)
        return SQLITE_FULL;
    if (!f->blocks)
        f->blocks = calloc(BLOCKS_MAX, sizeof *f->blocks);
    if (!f->blocks)
        return SQLITE_IOERR_NOMEM;
    while (f->count < wanted) {
        uint8_t *block = calloc(1, BLOCK_BYTES);
        if (!block)
            return SQLITE_IOERR_NOMEM;
        f->blocks[f->count++] = block;
        m->blocks++;
    }
    return SQLITE_OK;
}

/* The part of one block from `at`, of at most `n` bytes. */
static uint8_t *part_of(const struct memory_file *f, sqlite3_int64 at, size_t *n)
{
    size_t skip = (size_t)(at % BLOCK_BYTES);
    if (*n > BLOCK_BYTES - skip)
        *n = BLOCK_BYTES - skip;
    return f->blocks[at / BLOCK_BYTES] + skip;
}

static void file_drop(struct memory *m, struct memory_file *f)
{
    blocks_drop(m, f, 0);
    free(f->blocks);
    *f = (struct memory_file){.size = 0};
}

static struct memory_file *file_find(struct memory *m, const char *name)
{
    for (size_t i = 0; i < MEMORY_FILES_MAX; i++)
        if (m->files[i].name[0] != '\0' && strcmp(m->files[i].name, name) == 0)
            return &m->files[i];
    return NULL;
}

static struct memory_file *file_make(struct memory *m, const char *name)
{
    for (size_t i = 0; i < MEMORY_FILES_MAX; i++) {
        struct memory_file *f = &m->files[i];
        if (f->name[0] != '\0' || name[0] == '\0' || strlen(name) >= sizeof f->name)
            continue;
        memcpy(f->name, name, strlen(name) + 1);
        return f;
    }
    return NULL;
}

/* ---- methods of an open file --------------------------------------------- */

static int memory_close(sqlite3_file *shim)
{
    handle_of(shim)->file->open = false;
    return SQLITE_OK;
}

static int memory_read(sqlite3_file *shim, void *out, int n, sqlite3_int64 at)
{
    const struct memory_file *f = handle_of(shim)->file;
    uint8_t *to = out;
    size_t left = (size_t)n;
    while (left > 0 && at < f->size) {
        size_t part = left;
        const uint8_t *from = part_of(f, at, &part);
        if ((sqlite3_int64)part > f->size - at)
            part = (size_t)(f->size - at);
        memcpy(to, from, part);
        to += part;
        at += (sqlite3_int64)part;
        left -= part;
    }
    memset(to, 0, left);
    return left > 0 ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int memory_write(sqlite3_file *shim, const void *in, int n, sqlite3_int64 at)
{
    struct memory_handle *h = handle_of(shim);
    struct memory_file *f = h->file;
    const uint8_t *from = in;
    size_t left = (size_t)n;
    int rc = blocks_have(h->memory, f, at + n > f->size ? at + n : f->size);
    if (rc != SQLITE_OK)
        return rc;
    while (left > 0) {
        size_t part = left;
        uint8_t *to = part_of(f, at, &part);
        memcpy(to, from, part);
        from += part;
        at += (sqlite3_int64)part;
        left -= part;
    }
    if (at > f->size)
        f->size = at;
    return SQLITE_OK;
}

/* What is cut off reads as zeros, should the file grow again. */
static int memory_truncate(sqlite3_file *shim, sqlite3_int64 size)
{
    struct memory_handle *h = handle_of(shim);
    struct memory_file *f = h->file;
    if (size >= f->size)
        return SQLITE_OK;
    blocks_drop(h->memory, f, ((size_t)size + BLOCK_BYTES - 1) / BLOCK_BYTES);
    f->size = size;
    size_t rest = BLOCK_BYTES;
    if (size % BLOCK_BYTES != 0) {
        uint8_t *tail = part_of(f, size, &rest);
        wipe(tail, rest);
    }
    return SQLITE_OK;
}

static int memory_sync(sqlite3_file *shim, int flags)
{
    (void)shim;
    (void)flags;
    return SQLITE_OK;
}

static int memory_size(sqlite3_file *shim, sqlite3_int64 *size)
{
    *size = handle_of(shim)->file->size;
    return SQLITE_OK;
}

static int memory_lock(sqlite3_file *shim, int level)
{
    (void)shim;
    (void)level;
    return SQLITE_OK;
}

static int memory_check_lock(sqlite3_file *shim, int *out)
{
    (void)shim;
    *out = 0;
    return SQLITE_OK;
}

static int memory_control(sqlite3_file *shim, int op, void *arg)
{
    (void)shim;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int memory_sector_size(sqlite3_file *shim)
{
    (void)shim;
    return 4096;
}

static int memory_traits(sqlite3_file *shim)
{
    (void)shim;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods memory_methods = {
    .iVersion = 1,
    .xClose = memory_close,
    .xRead = memory_read,
    .xWrite = memory_write,
    .xTruncate = memory_truncate,
    .xSync = memory_sync,
    .xFileSize = memory_size,
    .xLock = memory_lock,
    .xUnlock = memory_lock,
    .xCheckReservedLock = memory_check_lock,
    .xFileControl = memory_control,
    .xSectorSize = memory_sector_size,
    .xDeviceCharacteristics = memory_traits,
};

/* ---- methods of the layer ------------------------------------------------ */

static int folder_open(sqlite3_vfs *shim, const char *name, sqlite3_file *out,
                       int flags, int *out_flags)
{
    struct memory *m = shim->pAppData;
    struct memory_handle *h = handle_of(out);
    memset(h, 0, sizeof *h);
    struct memory_file *f = name ? file_find(m, name) : NULL;
    if (name && !f && (flags & SQLITE_OPEN_CREATE))
        f = file_make(m, name);
    if (!f || f->open)
        return SQLITE_CANTOPEN;
    f->open = true;
    h->memory = m;
    h->file = f;
    h->shim.pMethods = &memory_methods;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int folder_delete(sqlite3_vfs *shim, const char *name, int sync_dir)
{
    struct memory *m = shim->pAppData;
    struct memory_file *f = file_find(m, name);
    (void)sync_dir;
    if (!f)
        return SQLITE_IOERR_DELETE_NOENT;
    if (f->open)
        return SQLITE_IOERR_DELETE;
    file_drop(m, f);
    return SQLITE_OK;
}

static int folder_access(sqlite3_vfs *shim, const char *name, int flags, int *out)
{
    (void)flags;
    *out = file_find(shim->pAppData, name) != NULL;
    return SQLITE_OK;
}

static int folder_full_path(sqlite3_vfs *shim, const char *name, int n, char *out)
{
    (void)shim;
    size_t bytes = strlen(name) + 1;
    if (bytes > (size_t)n)
        return SQLITE_CANTOPEN;
    memcpy(out, name, bytes);
    return SQLITE_OK;
}

static int folder_sleep(sqlite3_vfs *shim, int us)
{
    struct memory *m = shim->pAppData;
    return m->system->xSleep(m->system, us);
}

static int folder_time(sqlite3_vfs *shim, double *out)
{
    struct memory *m = shim->pAppData;
    return m->system->xCurrentTime(m->system, out);
}

static int folder_last_error(sqlite3_vfs *shim, int n, char *out)
{
    (void)shim;
    (void)n;
    (void)out;
    return 0;
}

int memory_new(struct memory **out)
{
    struct memory *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NOMEM;
    m->system = sqlite3_vfs_find(NULL);
    if (!m->system) {
        free(m);
        return ERR_SYSTEM;
    }
    m->shim = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct memory_handle),
        .mxPathname = MEMORY_NAME_BYTES_MAX,
        .zName = "memory",
        .pAppData = m,
        .xOpen = folder_open,
        .xDelete = folder_delete,
        .xAccess = folder_access,
        .xFullPathname = folder_full_path,
        .xSleep = folder_sleep,
        .xCurrentTime = folder_time,
        .xGetLastError = folder_last_error,
    };
    *out = m;
    return 0;
}

sqlite3_vfs *memory_vfs(struct memory *m)
{
    return &m->shim;
}

uint64_t memory_bytes(const struct memory *m)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < MEMORY_FILES_MAX; i++)
        bytes += (uint64_t)m->files[i].size;
    return bytes;
}

void memory_free(struct memory *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < MEMORY_FILES_MAX; i++) {
        CHECK(!m->files[i].open);
        file_drop(m, &m->files[i]);
    }
    free(m);
}
