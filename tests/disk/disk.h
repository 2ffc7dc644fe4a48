/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* disk.h -- a disk in memory under the real store: it records what is done to it and
 * fails when it is told to.
 *
 *     disk_new -> disk_insert -> { the store runs } -> disk_free
 *
 * While a disk is inserted it is SQLite's default file layer, so that a store opened
 * then writes to it.  It knows two files, the database and its log.  Every change and
 * every sync is kept in order (disk->ops); tests/disk/replay.h makes of them the disks
 * that may be found after a power cut.
 *
 * Model: what a sync that succeeded covers is on the disk.  A sync that fails has put
 * some pieces on the disk and lost the others for good: no later sync brings them back,
 * though the running process may read them on (Linux).  Names of files are on the disk
 * after the first sync of a log that was opened, or a deletion that asks for it.
 */
#ifndef TESTS_DISK_DISK_H
#define TESTS_DISK_DISK_H

#include "base/bytes.h"
#include "base/entropy.h"

enum disk_name { DISK_DATA, DISK_LOG, DISK_NAMES };

enum disk_op_kind { DISK_CREATE, DISK_DELETE, DISK_WRITE, DISK_TRUNCATE, DISK_SYNC };

/* One change.  Of a file that was deleted and made again each is an inode of its own.
 */
struct disk_op {
    enum disk_op_kind kind;
    enum disk_name name;
    uint32_t inode;
    bool failed;   /* DISK_SYNC */
    bool names;    /* DISK_SYNC, DISK_DELETE: the names are on the disk too */
    uint64_t at;   /* DISK_WRITE; DISK_TRUNCATE: the new size */
    uint64_t fate; /* DISK_SYNC that failed: draws what was lost */
    struct buf bytes;
};

enum disk_call {
    CALL_OPEN,
    CALL_READ,
    CALL_WRITE,
    CALL_TRUNCATE,
    CALL_SYNC,
    CALL_SIZE,
    CALL_DELETE,
    CALL_ACCESS,
    CALLS
};

enum disk_fault_kind {
    FAULT_NONE,
    FAULT_IO,       /* the call fails, half done */
    FAULT_SHORT,    /* a read brings less than there is */
    FAULT_FULL,     /* no room for what is written */
    FAULT_READONLY, /* nothing may be changed */
    FAULT_KINDS
};

/* From the `first` call of kind `call` on (counted from 0), `count` calls fail. */
struct disk_fault {
    enum disk_fault_kind kind;
    enum disk_call call;
    uint64_t first, count;
    bool forget; /* after a failed sync the process reads what is on the disk */
};

/* Both files as they lie on a disk. */
struct disk_image {
    bool there[DISK_NAMES];
    struct buf bytes[DISK_NAMES];
};

enum { DISK_INODES_MAX = 256, DISK_FILE_BYTES_MAX = 64 << 20 };

/* Sees every sealed write that was asked for. */
typedef void disk_watch(void *ctx, enum disk_name name, uint64_t at, struct bytes b);

struct disk {
    char folder[512]; /* where the store looks for its files by name */
    struct disk_image base;
    struct disk_op *ops;
    size_t ops_count, ops_cap;
    struct buf live[DISK_INODES_MAX]; /* what the process reads */
    uint32_t inodes_count;
    int inode_of[DISK_NAMES]; /* -1: no such file */
    uint64_t calls[CALLS];
    struct disk_fault fault;
    bool active;    /* calls are failing now */
    uint64_t left;  /* this many more */
    uint64_t hurt;  /* how many failed */
    bool quiet;     /* calls are neither counted nor failed: the test itself looks */
    bool dead;      /* the power is gone: every call fails, nothing is recorded */
    uint64_t fates; /* counts failed syncs, for their fates */
    int last_errno;
    const char *stray; /* a file was opened that nobody may open, or a write cut it */
    disk_watch *watch;
    void *watch_ctx;
};

/* A disk that holds `image` (copied; NULL: nothing).  `folder` is an existing folder
 * that holds only what store/ looks for by name.  Given to the caller. */
struct disk *disk_new(const char *folder, const struct disk_image *image);
/* Make it the one that SQLite finds; the one before must not be open any more. */
void disk_insert(struct disk *d);
/* Give SQLite the system's files back, for what opens from now on; what is open stays
 * on its disk. */
void disk_withdraw(void);
/* Make the folder tell of the same files as the disk; call it before a store opens. */
void disk_show(const struct disk *d);
/* If the store removed its files from the folder, they are gone from the disk too. */
void disk_see(struct disk *d);
/* From now on let these calls fail; counting begins anew. */
void disk_fail(struct disk *d, const struct disk_fault *fault);
/* Free.  NULL is fine. */
void disk_free(struct disk *d);

/* Copy `from` over `to`, whose bytes are reused. */
void disk_image_copy(struct disk_image *to, const struct disk_image *from);
/* Free the bytes; the image is empty again. */
void disk_image_free(struct disk_image *image);
/* Write `b` at `at` into `file`, which grows with zeros. */
void disk_file_write(struct buf *file, uint64_t at, struct bytes b);
/* Cut or grow `file` to `size` bytes. */
void disk_file_truncate(struct buf *file, uint64_t size);

/* A small generator for choices: the next number of `*state`. */
static inline uint64_t disk_draw(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number below `bound`. */
static inline uint64_t disk_below(uint64_t *state, uint64_t bound)
{
    return disk_draw(state) % bound;
}

#endif
