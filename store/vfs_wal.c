/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* vfs_wal.c -- the records of the write-ahead log.
 *
 * SQLite sees a header of 32 bytes and frames of 24 + 4096.  On the disk each of these
 * pieces is a record of its own, nonce 24 || ciphertext || tag 16, so that a torn write
 * harms no other piece:
 *
 *     header 72, then per frame: head 68 (24 of SQLite, u32 frames synced), page 4136
 *
 * A record is bound to the database, its kind, its frame, and to the salts of the log's
 * header, which SQLite draws anew for each log: nothing of an older log opens.
 *
 * What does not open and is the last thing written is a torn write: SQLite is shown a
 * frame of zeros, which ends the log.  If a later record says that the bad one had
 * reached the disk before, the log was damaged; opening it as if it ended there would
 * silently lose what was shown as saved, so it is refused.
 */
#include "store/vfs_file.h"

#include <string.h>

enum wal_kind { WAL_HEADER, WAL_HEAD, WAL_PAGE };

static struct bytes wal_context(const struct vfs_file *f, enum wal_kind kind,
                                uint32_t frame, uint8_t out[static CONTEXT_BYTES_MAX])
{
    static const char kinds[][3] = {"wh", "wf", "wp"};
    memcpy(out, f->vfs->keys->id, 16);
    memcpy(out + 16, kinds[kind], 2);
    if (kind == WAL_HEADER) /* it is what brings the salts */
        return BYTES(out, 18);
    put_u32(out + 18, frame);
    memcpy(out + 22, f->salts, sizeof f->salts);
    return BYTES(out, 30);
}

static void record_seal(const struct vfs_file *f, enum wal_kind kind, uint32_t frame,
                        struct bytes plain, uint8_t *out)
{
    uint8_t context[CONTEXT_BYTES_MAX];
    memcpy(out, vfs_nonce(f->vfs), XNONCE_BYTES);
    xaead_seal(out + XNONCE_BYTES, f->vfs->keys->wal, out,
               wal_context(f, kind, frame, context), plain);
}

/* Open a record of `n` plain bytes at `in`. */
static int record_open(const struct vfs_file *f, enum wal_kind kind, uint32_t frame,
                       const uint8_t *in, struct room *out)
{
    uint8_t context[CONTEXT_BYTES_MAX];
    size_t n = out->cap;
    int err =
        xaead_open(out->p, f->vfs->keys->wal, in, wal_context(f, kind, frame, context),
                   BYTES(in + XNONCE_BYTES, n + AEAD_TAG_BYTES));
    if (err)
        memset(out->p, 0, n);
    return err;
}

static sqlite3_int64 frame_at(uint32_t frame)
{
    return WAL_HEADER_SEALED_BYTES + (sqlite3_int64)frame * FRAME_SEALED_BYTES;
}

/* Frames that lie whole in a file of `size` bytes. */
static uint32_t frames_in(sqlite3_int64 size)
{
    if (size < WAL_HEADER_SEALED_BYTES)
        return 0;
    return (uint32_t)((size - WAL_HEADER_SEALED_BYTES) / FRAME_SEALED_BYTES);
}

/* ---- writing ------------------------------------------------------------- */

static int os_write(struct vfs_file *f, int n, sqlite3_int64 at)
{
    return f->os->pMethods->xWrite(f->os, f->vfs->sealed, n, at);
}

static int os_again(struct vfs_file *f, int n, sqlite3_int64 at)
{
    int rc = f->os->pMethods->xRead(f->os, f->vfs->sealed, n, at);
    return rc == SQLITE_OK ? os_write(f, n, at) : rc;
}

/* The end of a log that was found at the open may stand in the system's memory only: a
 * sync that failed in an earlier run gave it up for good, and a further sync does not
 * bring it back.  Before anything is built on it, be it a frame or a page of the
 * database, what no later head says was synced is written once more, byte for byte. */
static int found_rewrite(struct vfs_file *f)
{
    int rc = SQLITE_OK;
    if (f->found_sure == 0 && f->found_frames > 0)
        rc = os_again(f, WAL_HEADER_SEALED_BYTES, 0);
    for (uint32_t i = f->found_sure; i < f->found_frames && rc == SQLITE_OK; i++)
        rc = os_again(f, FRAME_SEALED_BYTES, frame_at(i));
    return rc;
}

static void head_seal(struct vfs_file *f, uint32_t frame, const uint8_t *head)
{
    uint8_t plain[FRAME_HEAD_PLAIN_BYTES];
    memcpy(plain, head, FRAME_HEAD_BYTES);
    put_u32(plain + FRAME_HEAD_BYTES, f->synced_frames);
    record_seal(f, WAL_HEAD, frame, BYTES_OF(plain), f->vfs->sealed);
}

/* Write a head that still waits for its page, alone. */
static int head_flush(struct vfs_file *f)
{
    if (!f->head_held)
        return SQLITE_OK;
    f->head_held = false;
    head_seal(f, f->head_frame, f->head);
    return os_write(f, FRAME_HEAD_SEALED_BYTES, frame_at(f->head_frame));
}

/* Before a new log begins the old one has to be gone from the disk, not only cut off in
 * memory: else a header that is torn, with old frames behind it, looks like damage. */
static int old_log_drop(struct vfs_file *f)
{
    sqlite3_int64 size = 0;
    int rc = f->os->pMethods->xFileSize(f->os, &size);
    if (rc == SQLITE_OK && size > 0) {
        rc = f->os->pMethods->xTruncate(f->os, 0);
        f->cut = true;
    }
    if (rc == SQLITE_OK && f->cut)
        rc = f->os->pMethods->xSync(f->os, SQLITE_SYNC_NORMAL);
    if (rc == SQLITE_OK)
        f->cut = false;
    return rc;
}

static int header_write(struct vfs_file *f, const uint8_t *p)
{
    int rc = old_log_drop(f);
    if (rc != SQLITE_OK)
        return rc;
    memcpy(f->salts, p + 16, sizeof f->salts);
    f->frames = f->synced_frames = f->found_frames = 0;
    f->appended = false;
    record_seal(f, WAL_HEADER, 0, BYTES(p, WAL_HEADER_BYTES), f->vfs->sealed);
    return os_write(f, WAL_HEADER_SEALED_BYTES, 0);
}

/* SQLite writes a head and then its page; the two go to the disk in one write. */
static int head_hold(struct vfs_file *f, uint32_t frame, const uint8_t *p)
{
    f->head_held = true;
    f->head_frame = frame;
    memcpy(f->head, p, FRAME_HEAD_BYTES);
    return SQLITE_OK;
}

/* `frame` is the end of the log now; a failed commit may have written further. */
static void frames_end(struct vfs_file *f, uint32_t frame)
{
    f->frames = frame + 1;
    f->appended = true;
}

static int page_write(struct vfs_file *f, uint32_t frame, const uint8_t *p)
{
    uint8_t *out = f->vfs->sealed;
    struct bytes page = BYTES(p, PAGE_BYTES);
    if (f->head_held && f->head_frame == frame) {
        f->head_held = false;
        head_seal(f, frame, f->head);
        record_seal(f, WAL_PAGE, frame, page, out + FRAME_HEAD_SEALED_BYTES);
        frames_end(f, frame);
        return os_write(f, FRAME_SEALED_BYTES, frame_at(frame));
    }
    int rc = head_flush(f);
    if (rc != SQLITE_OK)
        return rc;
    record_seal(f, WAL_PAGE, frame, page, out);
    frames_end(f, frame);
    return os_write(f, FRAME_PAGE_SEALED_BYTES,
                    frame_at(frame) + FRAME_HEAD_SEALED_BYTES);
}

int vfs_wal_write(struct vfs_file *f, const uint8_t *p, int n, sqlite3_int64 at)
{
    if (at == 0 && n == WAL_HEADER_BYTES) {
        f->head_held = false; /* a new log begins */
        return header_write(f, p);
    }
    if (at < WAL_HEADER_BYTES)
        return SQLITE_IOERR_WRITE;
    uint32_t frame = (uint32_t)((at - WAL_HEADER_BYTES) / FRAME_BYTES);
    int skip = (int)((at - WAL_HEADER_BYTES) % FRAME_BYTES);
    if (skip == FRAME_HEAD_BYTES && n == PAGE_BYTES)
        return page_write(f, frame, p);
    if (skip != 0 || (n != FRAME_HEAD_BYTES && n != FRAME_BYTES))
        return SQLITE_IOERR_WRITE;
    int rc = head_flush(f);
    if (rc == SQLITE_OK)
        rc = head_hold(f, frame, p);
    if (rc == SQLITE_OK && n == FRAME_BYTES)
        rc = page_write(f, frame, p + FRAME_HEAD_BYTES);
    return rc;
}

int vfs_wal_sync(struct vfs_file *f, int flags)
{
    int rc = head_flush(f);
    if (rc == SQLITE_OK)
        rc = found_rewrite(f);
    if (rc == SQLITE_OK)
        rc = f->os->pMethods->xSync(f->os, flags);
    if (rc == SQLITE_OK)
        f->found_frames = 0;
    /* Of a log found at the open only SQLite knows how far it counts: nothing is said
     * about its frames, so that none is missed that was never meant. */
    if (rc == SQLITE_OK && f->appended)
        f->synced_frames = f->frames;
    return rc;
}

int vfs_wal_truncate(struct vfs_file *f, sqlite3_int64 size)
{
    f->head_held = false;
    uint32_t frames = 0;
    if (size > WAL_HEADER_BYTES)
        frames = (uint32_t)((size - WAL_HEADER_BYTES + FRAME_BYTES - 1) / FRAME_BYTES);
    f->frames = f->frames < frames ? f->frames : frames;
    f->synced_frames = f->synced_frames < frames ? f->synced_frames : frames;
    f->found_frames = f->found_frames < frames ? f->found_frames : frames;
    f->cut = true;
    return f->os->pMethods->xTruncate(f->os, size > 0 ? frame_at(frames) : 0);
}

int vfs_wal_size(struct vfs_file *f, sqlite3_int64 *size)
{
    sqlite3_int64 sealed = 0;
    int rc = head_flush(f);
    if (rc == SQLITE_OK)
        rc = f->os->pMethods->xFileSize(f->os, &sealed);
    if (rc != SQLITE_OK)
        return rc;
    *size = 0;
    if (sealed >= WAL_HEADER_SEALED_BYTES)
        *size = WAL_HEADER_BYTES + (sqlite3_int64)frames_in(sealed) * FRAME_BYTES;
    return SQLITE_OK;
}

/* ---- reading ------------------------------------------------------------- */

/* One piece of the log as SQLite sees it, and where its record lies. */
struct piece {
    enum wal_kind kind;
    uint32_t frame;
    int plain_bytes, shown_bytes, skip; /* of the record, to SQLite, up to `at` */
    sqlite3_int64 sealed_at;
};

static struct piece piece_of(sqlite3_int64 at)
{
    struct piece p = {WAL_HEADER, 0, WAL_HEADER_BYTES, WAL_HEADER_BYTES, (int)at, 0};
    if (at < WAL_HEADER_BYTES)
        return p;
    p.frame = (uint32_t)((at - WAL_HEADER_BYTES) / FRAME_BYTES);
    p.skip = (int)((at - WAL_HEADER_BYTES) % FRAME_BYTES);
    p.sealed_at = frame_at(p.frame);
    if (p.skip < FRAME_HEAD_BYTES) {
        p.kind = WAL_HEAD;
        p.plain_bytes = FRAME_HEAD_PLAIN_BYTES;
        p.shown_bytes = FRAME_HEAD_BYTES;
    } else {
        p.kind = WAL_PAGE;
        p.skip -= FRAME_HEAD_BYTES;
        p.plain_bytes = p.shown_bytes = PAGE_BYTES;
        p.sealed_at += FRAME_HEAD_SEALED_BYTES;
    }
    return p;
}

/* Read and open the record of `p` to v->plain (zeros where that fails). */
static int piece_read(struct vfs_file *f, const struct piece *p)
{
    struct vfs *v = f->vfs;
    struct room plain = {v->plain, 0, (size_t)p->plain_bytes};
    int rc = f->os->pMethods->xRead(f->os, v->sealed, p->plain_bytes + SEAL_BYTES,
                                    p->sealed_at);
    if (rc != SQLITE_OK) {
        memset(plain.p, 0, plain.cap);
        return rc;
    }
    if (record_open(f, p->kind, p->frame, v->sealed, &plain))
        return SQLITE_IOERR_DATA;
    if (p->kind == WAL_HEADER)
        memcpy(f->salts, plain.p + 16, sizeof f->salts);
    return SQLITE_OK;
}

int vfs_wal_read(struct vfs_file *f, uint8_t *out, int n, sqlite3_int64 at)
{
    /* Recovery reads the header, then whole frames, and must see where the log ends:
     * all zeros, the head too, for a page may be zeros by right.  A page alone is read
     * because the log is known to hold it: there, zeros would be a lie. */
    bool page_alone = piece_of(at).kind == WAL_PAGE;
    int rc = head_flush(f);
    for (int done = 0; rc == SQLITE_OK && done < n;) {
        struct piece p = piece_of(at + done);
        int take = p.shown_bytes - p.skip;
        take = take < n - done ? take : n - done;
        rc = piece_read(f, &p);
        if (rc == SQLITE_IOERR_DATA && !page_alone) {
            memset(out, 0, (size_t)n);
            return SQLITE_OK;
        }
        if (rc == SQLITE_IOERR_DATA)
            vfs_note_damage(f->vfs, 0);
        memcpy(out + done, f->vfs->plain + p.skip, (size_t)take);
        done += take;
        if (rc == SQLITE_IOERR_SHORT_READ)
            memset(out + done, 0, (size_t)(n - done));
    }
    return rc;
}

int vfs_wal_open_header(struct vfs_file *f, uint8_t header[static WAL_HEADER_BYTES])
{
    struct room room = {header, 0, WAL_HEADER_BYTES};
    int err = record_open(f, WAL_HEADER, 0, f->vfs->sealed, &room);
    if (!err)
        memcpy(f->salts, header + 16, sizeof f->salts);
    return err;
}

void vfs_wal_open_frame(struct vfs_file *f, uint32_t frame, struct vfs_frame *out)
{
    struct room head = ROOM_OF(out->head), page = ROOM_OF(f->vfs->plain);
    const uint8_t *in = f->vfs->sealed;
    out->head_intact = record_open(f, WAL_HEAD, frame, in, &head) == 0;
    out->page_intact =
        record_open(f, WAL_PAGE, frame, in + FRAME_HEAD_SEALED_BYTES, &page) == 0;
}

/* A frame that was read whole. */
struct frame_info {
    bool intact;
    uint32_t page, synced_frames; /* of an intact head */
};

/* Read frame `frame`; its page is in v->plain afterwards.  SQLite's codes. */
static int frame_read(struct vfs_file *f, uint32_t frame, struct frame_info *info)
{
    struct vfs_frame opened = {0};
    int rc = f->os->pMethods->xRead(f->os, f->vfs->sealed, FRAME_SEALED_BYTES,
                                    frame_at(frame));
    *info = (struct frame_info){0};
    if (rc != SQLITE_OK)
        return rc;
    vfs_wal_open_frame(f, frame, &opened);
    if (opened.head_intact) {
        info->page = get_u32(opened.head);
        info->synced_frames = get_u32(opened.head + FRAME_HEAD_BYTES);
        info->intact = opened.page_intact;
    }
    return SQLITE_OK;
}

int vfs_wal_open(struct vfs_file *f)
{
    struct piece header = piece_of(0);
    sqlite3_int64 size = 0;
    uint32_t first_bad = UINT32_MAX;
    int rc = f->os->pMethods->xFileSize(f->os, &size);
    if (rc != SQLITE_OK || size < WAL_HEADER_SEALED_BYTES)
        return rc;
    rc = piece_read(f, &header);
    if (rc == SQLITE_IOERR_DATA && size == WAL_HEADER_SEALED_BYTES)
        return SQLITE_OK; /* torn: no frame was written yet */
    uint32_t frames = frames_in(size);
    for (uint32_t i = 0; rc == SQLITE_OK && i < frames; i++) {
        struct frame_info info;
        rc = frame_read(f, i, &info);
        if (rc == SQLITE_OK && !info.intact && first_bad == UINT32_MAX)
            first_bad = i;
        if (info.intact && info.synced_frames > f->found_sure)
            f->found_sure = info.synced_frames;
        if (f->found_sure > first_bad)
            rc = SQLITE_IOERR_DATA;
    }
    if (rc == SQLITE_IOERR_DATA)
        vfs_note_damage(f->vfs, 0);
    f->frames = frames;
    f->found_frames = frames < first_bad ? frames : first_bad;
    return rc;
}

int vfs_wal_walk(struct vfs_file *f, vfs_visit *visit, void *ctx)
{
    uint8_t plain[PAGE_BYTES];
    sqlite3_int64 size = 0;
    int err = 0, visited = 0, rc = head_flush(f);
    if (rc == SQLITE_OK)
        rc = f->os->pMethods->xFileSize(f->os, &size);
    uint32_t frames = frames_in(size);
    for (uint32_t i = 0; rc == SQLITE_OK && i < frames && visited == 0; i++) {
        struct frame_info info;
        rc = frame_read(f, i, &info);
        if (rc != SQLITE_OK)
            break;
        /* The visitor may come back to the database, which uses v->plain. */
        memcpy(plain, f->vfs->plain, sizeof plain);
        visited = visit(ctx, info.page, BYTES(plain, info.intact ? sizeof plain : 0));
        if (info.intact)
            continue;
        vfs_note_damage(f->vfs, info.page);
        err = ERR_DAMAGED;
    }
    wipe(plain, sizeof plain);
    if (visited < 0)
        return visited;
    return rc == SQLITE_OK ? err : ERR_IO;
}
