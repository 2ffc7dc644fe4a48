/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* vfs_wal.c -- the write-ahead log, sealed record by record.
 *
 * On disk:
 *
 *     offset  size  record
 *          0    72  header: nonce 24, sealed 32 + tag 16
 *         72  4204  per frame: head (nonce 24, sealed 24 + synced frames u32, tag 16)
 *                   and page (nonce 24, sealed 4096, tag 16)
 *
 * Each record is bound to the database, its kind and its frame.  A head waits until its
 * page comes, so that a frame is one write.  A record that does not open reads as
 * zeros, which SQLite takes for the end of the log; vfs_wal_open says beforehand
 * whether that end is a torn tail or damage: a frame is damaged if a later intact head
 * of the same generation says that it had been synced.
 */
#include <string.h>

#include "store/vfs_file.h"

static struct bytes record_context(const struct vfs *v, char kind, uint32_t frame,
                                   uint8_t out[static CONTEXT_BYTES_MAX])
{
    memcpy(out, v->keys->id, 16);
    memcpy(out + 16, "wl", 2);
    out[18] = (uint8_t)kind;
    put_u32(out + 19, frame);
    return BYTES(out, 23);
}

/* nonce || sealed to `out`, plain.n + SEAL_BYTES bytes. */
static void record_seal(struct vfs *v, uint8_t *out, char kind, uint32_t frame,
                        struct bytes plain)
{
    uint8_t context[CONTEXT_BYTES_MAX];
    memcpy(out, vfs_nonce(v), XNONCE_BYTES);
    xaead_seal(out + XNONCE_BYTES, v->keys->wal, out,
               record_context(v, kind, frame, context), plain);
}

static int record_open(struct vfs *v, uint8_t *plain, char kind, uint32_t frame,
                       struct bytes sealed)
{
    uint8_t context[CONTEXT_BYTES_MAX];
    return xaead_open(plain, v->keys->wal, sealed.p,
                      record_context(v, kind, frame, context),
                      BYTES(sealed.p + XNONCE_BYTES, sealed.n - XNONCE_BYTES));
}

static sqlite3_int64 frame_at(uint32_t frame)
{
    return WAL_HEADER_SEALED_BYTES + (sqlite3_int64)frame * FRAME_SEALED_BYTES;
}

static int disk_read(struct vfs_file *f, uint8_t *out, int n, sqlite3_int64 at)
{
    return f->os->pMethods->xRead(f->os, out, n, at);
}

static int disk_write(struct vfs_file *f, const uint8_t *p, int n, sqlite3_int64 at)
{
    return f->os->pMethods->xWrite(f->os, p, n, at);
}

/* Where a record of a kind stands, and how long it is in clear. */
struct record {
    char kind; /* 'h' header, 'f' head of a frame, 'p' its page */
    uint32_t frame;
};

static int record_bytes(struct record r)
{
    return r.kind == 'h'   ? (int)WAL_HEADER_BYTES
           : r.kind == 'f' ? (int)FRAME_HEAD_PLAIN_BYTES
                           : (int)PAGE_BYTES;
}

static sqlite3_int64 record_at(struct record r)
{
    if (r.kind == 'h')
        return 0;
    return frame_at(r.frame) + (r.kind == 'p' ? (int)FRAME_HEAD_SEALED_BYTES : 0);
}

/* Read and open one record; a record that does not open, or is not there, is zeros and
 * *intact false.  Only an error of the disk is an error. */
static int record_read(struct vfs_file *f, uint8_t *plain, struct record r,
                       bool *intact)
{
    uint8_t *sealed = f->vfs->sealed;
    int n = record_bytes(r);
    int rc = disk_read(f, sealed, n + SEAL_BYTES, record_at(r));
    *intact = rc == SQLITE_OK && record_open(f->vfs, plain, r.kind, r.frame,
                                             BYTES(sealed, n + SEAL_BYTES)) == 0;
    if (!*intact)
        memset(plain, 0, (size_t)n);
    return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc;
}

static int record_write(struct vfs_file *f, struct record r, const uint8_t *plain)
{
    uint8_t *sealed = f->vfs->sealed;
    int n = record_bytes(r);
    record_seal(f->vfs, sealed, r.kind, r.frame, BYTES(plain, n));
    return disk_write(f, sealed, n + SEAL_BYTES, record_at(r));
}

/* ---- opening ------------------------------------------------------------------------
 */

static uint32_t frames_on_disk(struct vfs_file *f, int *rc)
{
    sqlite3_int64 size = 0;
    *rc = f->os->pMethods->xFileSize(f->os, &size);
    if (*rc != SQLITE_OK || size <= WAL_HEADER_SEALED_BYTES)
        return 0;
    return (uint32_t)((size - WAL_HEADER_SEALED_BYTES) / FRAME_SEALED_BYTES);
}

/* What the walk over the frames found. */
struct found {
    uint32_t first_bad, bad_page, synced, end;
    bool bad;
};

/* One frame: is it of this generation, and intact? */
static int frame_look(struct vfs_file *f, uint32_t frame, struct found *s, bool *stale)
{
    uint8_t head[FRAME_HEAD_PLAIN_BYTES], page[PAGE_BYTES];
    bool head_ok = false, page_ok = false;
    int rc = record_read(f, head, (struct record){'f', frame}, &head_ok);
    if (rc == SQLITE_OK)
        rc = record_read(f, page, (struct record){'p', frame}, &page_ok);
    wipe(page, sizeof page);
    if (rc != SQLITE_OK)
        return rc;
    *stale = head_ok && memcmp(head + 8, f->salts, 8) != 0;
    if (*stale)
        return SQLITE_OK;
    if (head_ok) {
        uint32_t synced = get_u32(head + FRAME_HEAD_BYTES);
        s->synced = synced > s->synced ? synced : s->synced;
        s->end = frame + 1;
    }
    if ((!head_ok || !page_ok) && !s->bad) {
        s->bad = true;
        s->first_bad = frame;
        s->bad_page = head_ok ? get_u32(head) : 0;
    }
    return SQLITE_OK;
}

int vfs_wal_open(struct vfs_file *f)
{
    uint8_t header[WAL_HEADER_BYTES];
    struct found s = {0};
    bool intact = false, stale = false;
    int rc = SQLITE_OK;
    uint32_t frames = frames_on_disk(f, &rc);
    if (rc == SQLITE_OK)
        rc = record_read(f, header, (struct record){.kind = 'h'}, &intact);
    if (rc != SQLITE_OK)
        return rc;
    if (!intact) {
        /* A header is written and synced before any frame: without it there is none. */
        if (frames == 0)
            return SQLITE_OK;
        vfs_note_damage(f->vfs, 0);
        return SQLITE_IOERR_DATA;
    }
    memcpy(f->salts, header + 16, 8);
    for (uint32_t i = 0; i < frames && rc == SQLITE_OK && !stale; i++)
        rc = frame_look(f, i, &s, &stale);
    if (rc == SQLITE_OK && s.bad && s.first_bad < s.synced) {
        vfs_note_damage(f->vfs, s.bad_page);
        return SQLITE_IOERR_DATA;
    }
    f->frames = s.bad ? s.first_bad : s.end;
    f->synced_frames = f->frames;
    return rc;
}

/* ---- reading ------------------------------------------------------------------------
 */

/* A head whose page has not come yet goes out alone. */
static int head_flush(struct vfs_file *f)
{
    uint8_t head[FRAME_HEAD_PLAIN_BYTES];
    if (!f->head_held)
        return SQLITE_OK;
    memcpy(head, f->head, FRAME_HEAD_BYTES);
    put_u32(head + FRAME_HEAD_BYTES, f->synced_frames);
    f->head_held = false;
    return record_write(f, (struct record){'f', f->head_frame}, head);
}

static int frame_read(struct vfs_file *f, uint8_t *out, uint32_t frame, bool head,
                      bool page)
{
    uint8_t plain[FRAME_HEAD_PLAIN_BYTES];
    bool intact = false;
    int rc = SQLITE_OK;
    if (head) {
        rc = record_read(f, plain, (struct record){'f', frame}, &intact);
        memcpy(out, plain, FRAME_HEAD_BYTES);
        out += FRAME_HEAD_BYTES;
    }
    if (rc == SQLITE_OK && page) {
        rc = record_read(f, out, (struct record){'p', frame}, &intact);
        /* Inside what was intact at the open this is damage, not the end. */
        if (rc == SQLITE_OK && !intact && frame < f->frames) {
            vfs_note_damage(f->vfs, 0);
            rc = SQLITE_IOERR_DATA;
        }
    }
    return rc;
}

int vfs_wal_read(struct vfs_file *f, uint8_t *out, int n, sqlite3_int64 at)
{
    int rc = head_flush(f);
    bool intact = false;
    if (rc != SQLITE_OK)
        return rc;
    if (at == 0 && n == WAL_HEADER_BYTES)
        return record_read(f, out, (struct record){.kind = 'h'}, &intact);
    if (at < WAL_HEADER_BYTES)
        return SQLITE_IOERR_READ;
    uint32_t frame = (uint32_t)((at - WAL_HEADER_BYTES) / FRAME_BYTES);
    int off = (int)((at - WAL_HEADER_BYTES) % FRAME_BYTES);
    if (off == 0 && n == FRAME_HEAD_BYTES)
        return frame_read(f, out, frame, true, false);
    if (off == 0 && n == FRAME_BYTES)
        return frame_read(f, out, frame, true, true);
    if (off == FRAME_HEAD_BYTES && n == PAGE_BYTES)
        return frame_read(f, out, frame, false, true);
    return SQLITE_IOERR_READ;
}

/* ---- writing ------------------------------------------------------------------------
 */

static int header_write(struct vfs_file *f, const uint8_t *p)
{
    memcpy(f->salts, p + 16, 8);
    f->frames = f->synced_frames = 0;
    f->head_held = false;
    return record_write(f, (struct record){.kind = 'h'}, p);
}

static int head_write(struct vfs_file *f, const uint8_t *p, uint32_t frame)
{
    int rc = head_flush(f);
    memcpy(f->head, p, FRAME_HEAD_BYTES);
    f->head_frame = frame;
    f->head_held = true;
    return rc;
}

/* The page; with its head, when that waits, as one write. */
static int page_write(struct vfs_file *f, const uint8_t *p, uint32_t frame)
{
    uint8_t head[FRAME_HEAD_PLAIN_BYTES], *sealed = f->vfs->sealed;
    if (!f->head_held || f->head_frame != frame) {
        int rc = head_flush(f);
        return rc != SQLITE_OK ? rc : record_write(f, (struct record){'p', frame}, p);
    }
    memcpy(head, f->head, FRAME_HEAD_BYTES);
    put_u32(head + FRAME_HEAD_BYTES, f->synced_frames);
    record_seal(f->vfs, sealed, 'f', frame, BYTES_OF(head));
    record_seal(f->vfs, sealed + FRAME_HEAD_SEALED_BYTES, 'p', frame,
                BYTES(p, PAGE_BYTES));
    f->head_held = false;
    int rc = disk_write(f, sealed, FRAME_SEALED_BYTES, frame_at(frame));
    if (rc == SQLITE_OK && frame >= f->frames)
        f->frames = frame + 1;
    return rc;
}

int vfs_wal_write(struct vfs_file *f, const uint8_t *p, int n, sqlite3_int64 at)
{
    if (at == 0 && n == WAL_HEADER_BYTES)
        return header_write(f, p);
    if (at < WAL_HEADER_BYTES)
        return SQLITE_IOERR_WRITE;
    uint32_t frame = (uint32_t)((at - WAL_HEADER_BYTES) / FRAME_BYTES);
    int off = (int)((at - WAL_HEADER_BYTES) % FRAME_BYTES), rc = SQLITE_OK;
    if (off == 0 && (n == FRAME_HEAD_BYTES || n == FRAME_BYTES)) {
        rc = head_write(f, p, frame);
        if (rc == SQLITE_OK && n == FRAME_BYTES)
            rc = page_write(f, p + FRAME_HEAD_BYTES, frame);
        return rc;
    }
    if (off == FRAME_HEAD_BYTES && n == PAGE_BYTES)
        return page_write(f, p, frame);
    return SQLITE_IOERR_WRITE;
}

int vfs_wal_truncate(struct vfs_file *f, sqlite3_int64 size)
{
    sqlite3_int64 disk = 0;
    f->head_held = false;
    if (size > 0) {
        uint32_t frames = size < WAL_HEADER_BYTES
                              ? 0
                              : (uint32_t)((size - WAL_HEADER_BYTES) / FRAME_BYTES);
        f->frames = f->frames < frames ? f->frames : frames;
        disk = frame_at(frames);
    } else {
        f->frames = 0;
    }
    f->synced_frames = f->synced_frames < f->frames ? f->synced_frames : f->frames;
    return f->os->pMethods->xTruncate(f->os, disk);
}

int vfs_wal_sync(struct vfs_file *f, int flags)
{
    int rc = head_flush(f);
    if (rc == SQLITE_OK)
        rc = f->os->pMethods->xSync(f->os, flags);
    if (rc == SQLITE_OK)
        f->synced_frames = f->frames;
    return rc;
}

int vfs_wal_size(struct vfs_file *f, sqlite3_int64 *size)
{
    int rc = SQLITE_OK;
    sqlite3_int64 disk = 0;
    uint32_t frames = frames_on_disk(f, &rc);
    if (rc == SQLITE_OK)
        rc = f->os->pMethods->xFileSize(f->os, &disk);
    *size = disk < WAL_HEADER_SEALED_BYTES
                ? 0
                : WAL_HEADER_BYTES + (sqlite3_int64)frames * FRAME_BYTES;
    return rc;
}

int vfs_wal_walk(struct vfs_file *f, vfs_visit *visit, void *ctx)
{
    uint8_t head[FRAME_HEAD_PLAIN_BYTES], page[PAGE_BYTES];
    int rc = head_flush(f), err = 0, visited = 0;
    uint32_t frames = frames_on_disk(f, &rc);
    for (uint32_t i = 0; i < frames && visited == 0 && rc == SQLITE_OK; i++) {
        bool head_ok = false, page_ok = false;
        rc = record_read(f, head, (struct record){'f', i}, &head_ok);
        if (rc == SQLITE_OK)
            rc = record_read(f, page, (struct record){'p', i}, &page_ok);
        if (rc == SQLITE_OK && (!head_ok || !page_ok) && i < f->frames) {
            vfs_note_damage(f->vfs, head_ok ? get_u32(head) : 0);
            err = ERR_DAMAGED;
        }
        if (rc == SQLITE_OK)
            visited = visit(ctx, head_ok ? get_u32(head) : 0,
                            BYTES(page, page_ok ? sizeof page : 0));
    }
    wipe(page, sizeof page);
    if (rc != SQLITE_OK)
        return ERR_IO;
    return visited < 0 ? visited : err;
}
