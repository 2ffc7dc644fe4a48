/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* vfs_file.h -- what vfs.c and vfs_wal.c share; nobody else includes it.
 *
 * Plain sizes are what SQLite sees, sealed sizes what the disk holds.
 */
#ifndef STORE_VFS_FILE_H
#define STORE_VFS_FILE_H

#include <sqlite3.h>

#include "crypto/aead.h"
#include "store/vfs.h"

enum {
    SEAL_BYTES = XNONCE_BYTES + AEAD_TAG_BYTES,
    PAGE_BYTES = 4096,
    PAGE_RESERVED_BYTES = SEAL_BYTES, /* SQLite leaves them free in each page */
    PAGE_PLAIN_BYTES = PAGE_BYTES - PAGE_RESERVED_BYTES,
    LOCK_PAGE = 0x40000000 / PAGE_BYTES + 1, /* holds locks, is never written */

    /* The log as SQLite sees it: one header, then frames of head and page. */
    WAL_HEADER_BYTES = 32,
    FRAME_HEAD_BYTES = 24,
    FRAME_BYTES = FRAME_HEAD_BYTES + PAGE_BYTES,
    /* The log as the disk holds it; a head also says how many frames were synced. */
    FRAME_HEAD_PLAIN_BYTES = FRAME_HEAD_BYTES + 4,
    WAL_HEADER_SEALED_BYTES = WAL_HEADER_BYTES + SEAL_BYTES,
    FRAME_HEAD_SEALED_BYTES = FRAME_HEAD_PLAIN_BYTES + SEAL_BYTES,
    FRAME_PAGE_SEALED_BYTES = PAGE_BYTES + SEAL_BYTES,
    FRAME_SEALED_BYTES = FRAME_HEAD_SEALED_BYTES + FRAME_PAGE_SEALED_BYTES,

    CONTEXT_BYTES_MAX = 32,
    NONCE_POOL_BYTES = 64 * XNONCE_BYTES
};

/* In the locked arena. */
struct vfs_keys {
    uint8_t page[32], wal[32], id[16];
};

struct vfs {
    sqlite3_vfs shim;
    sqlite3_vfs *os;       /* the layer below */
    struct memory *memory; /* that layer, if it is memory of ours */
    struct arena *arena;
    struct vfs_keys *keys;
    struct entropy entropy;
    char name[40];
    struct vfs_file *main, *wal; /* open now, or NULL */
    uint32_t damaged_page;
    uint8_t pool[NONCE_POOL_BYTES]; /* nonces drawn ahead; they are no secrets */
    size_t pool_used_bytes;
    uint8_t plain[PAGE_BYTES];
    uint8_t sealed[FRAME_SEALED_BYTES];
};

struct vfs_file {
    sqlite3_file shim;
    struct vfs *vfs;
    sqlite3_file *os; /* behind this struct, in memory that SQLite gave */
    bool is_wal;
    /* Log only. */
    uint8_t salts[8];       /* of the header; name the generation of the log */
    uint32_t frames;        /* end of the log: one past the frame written last */
    uint32_t synced_frames; /* of those, on disk for certain */
    uint32_t found_frames;  /* found at the open, and no sync of ours since */
    uint32_t found_sure;    /* of those, said to be synced by a later one */
    bool cut;               /* shortened, and not synced since */
    bool appended;          /* a frame was written since the open or the header */
    bool head_held;         /* a head waits for its page, to be written as one */
    uint32_t head_frame;
    uint8_t head[FRAME_HEAD_BYTES];
};

/* The next nonce; lent until the next call. */
const uint8_t *vfs_nonce(struct vfs *v);
/* Open the page in v->sealed to `plain` (4096 bytes; the reserved ones become zeros).
 * ERR_FORGED. */
NODISCARD int vfs_page_open(struct vfs *v, uint32_t page, uint8_t *plain);
/* True for a page map, which tells incremental vacuum who points at a page, and looks
 * like nothing else. */
bool vfs_page_is_map(uint32_t page);
/* Remember that `page` did not open (0: unknown). */
void vfs_note_damage(struct vfs *v, uint32_t page);

/* The log's half of the methods of sqlite3_io_methods; results are SQLite's codes. */

/* Open the header of a log in v->sealed to `header`; its salts are those of `f` then.
 * ERR_FORGED. */
NODISCARD int vfs_wal_open_header(struct vfs_file *f,
                                  uint8_t header[static WAL_HEADER_BYTES]);
/* What a frame's bytes gave. */
struct vfs_frame {
    bool head_intact, page_intact;
    uint8_t head[FRAME_HEAD_PLAIN_BYTES]; /* zeros where it did not open */
};
/* Open frame number `frame` in v->sealed; its page goes to v->plain. */
void vfs_wal_open_frame(struct vfs_file *f, uint32_t frame, struct vfs_frame *out);
/* Prepare an opened log: find its generation, look for damage (SQLITE_IOERR_DATA). */
int vfs_wal_open(struct vfs_file *f);
/* Read any span. */
int vfs_wal_read(struct vfs_file *f, uint8_t *out, int n, sqlite3_int64 at);
/* Write a header, a head, a page, or a whole frame. */
int vfs_wal_write(struct vfs_file *f, const uint8_t *p, int n, sqlite3_int64 at);
/* Cut to `size` bytes. */
int vfs_wal_truncate(struct vfs_file *f, sqlite3_int64 size);
/* Put all that was written on the disk. */
int vfs_wal_sync(struct vfs_file *f, int flags);
/* The size SQLite shall see. */
int vfs_wal_size(struct vfs_file *f, sqlite3_int64 *size);
/* Visit the page of every whole frame; an enum err. */
int vfs_wal_walk(struct vfs_file *f, vfs_visit *visit, void *ctx);

#endif
