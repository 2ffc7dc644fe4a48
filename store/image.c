/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* image.c -- the newest state of each page, read from raw files. */
#include "store/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/files.h"
#include "store/vfs_file.h"

enum { PATH_BYTES_MAX = 4096, PAGES_MAX = 1 << 26 };

struct image {
    struct vfs *vfs;
    struct vfs_file log; /* only its salts are used */
    int data_fd, log_fd; /* log_fd: -1 when there is none */
    struct image_view view;
    uint32_t *frame_of; /* by page - 1: 0 the database, else the frame + 1 */
    uint32_t frame_of_count;
    uint32_t *pending; /* frames of the commit that is being read */
    uint32_t pending_count, pending_cap;
};

/* ---- reading ------------------------------------------------------------- */

/* Read `n` bytes at `at` to v->sealed; what lies behind the end is zeros. */
static int raw_read(struct image *im, int fd, size_t n, uint64_t at)
{
    uint8_t *out = im->vfs->sealed;
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, out + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    memset(out + done, 0, n - done);
    return 0;
}

static uint64_t frame_at(uint32_t frame)
{
    return WAL_HEADER_SEALED_BYTES + (uint64_t)frame * FRAME_SEALED_BYTES;
}

static int frame_read(struct image *im, uint32_t frame, struct vfs_frame *out)
{
    int err = raw_read(im, im->log_fd, FRAME_SEALED_BYTES, frame_at(frame));
    *out = (struct vfs_frame){0};
    if (!err)
        vfs_wal_open_frame(&im->log, frame, out);
    return err;
}

int image_page(struct image *im, uint32_t page, uint8_t plain[static IMAGE_PAGE_BYTES])
{
    uint32_t from = image_page_age(im, page);
    struct vfs_frame frame;
    int err = 0;
    if (from > 0) {
        err = frame_read(im, from - 1, &frame);
        if (!err && (!frame.page_intact || !frame.head_intact))
            err = ERR_DAMAGED;
        if (!err)
            memcpy(plain, im->vfs->plain, IMAGE_PAGE_BYTES);
        return err;
    }
    err = raw_read(im, im->data_fd, PAGE_BYTES, (uint64_t)(page - 1) * PAGE_BYTES);
    if (err)
        return err;
    if (page == LOCK_PAGE) {
        memset(plain, 0, IMAGE_PAGE_BYTES);
        return 0;
    }
    return vfs_page_open(im->vfs, page, plain) ? ERR_DAMAGED : 0;
}

bool image_page_is_blank(uint32_t page)
{
    return page == LOCK_PAGE || vfs_page_is_map(page);
}

uint32_t image_page_age(const struct image *im, uint32_t page)
{
    return page <= im->frame_of_count ? im->frame_of[page - 1] : 0;
}

struct image_view image_view(const struct image *im)
{
    return im->view;
}

/* ---- the log ------------------------------------------------------------- */

/* SQLite's running sum over what it writes to the log; `big` is how its words are
 * read.  It tells a frame of a commit that was given up from one that counts. */
struct log_sum {
    bool big, known;
    uint32_t a, b;
};

static uint32_t word_at(const uint8_t *p, bool big)
{
    uint32_t v = get_u32(p);
    return big ? v : __builtin_bswap32(v);
}

static void sum_add(struct log_sum *s, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 8 <= n; i += 8) {
        s->a += word_at(p + i, s->big) + s->b;
        s->b += word_at(p + i + 4, s->big) + s->a;
    }
}

/* Does this intact frame follow what came before?  After a damaged one nobody can say:
 * then it is believed. */
static bool sum_follows(struct log_sum *s, const uint8_t *head, const uint8_t *page)
{
    struct log_sum made = *s;
    bool follows = true;
    if (s->known) {
        sum_add(&made, head, 8);
        sum_add(&made, page, PAGE_BYTES);
        follows = made.a == get_u32(head + 16) && made.b == get_u32(head + 20);
    }
    s->known = true;
    s->a = get_u32(head + 16);
    s->b = get_u32(head + 20);
    return follows;
}

/* What the first pass over the log found: how far it had reached the disk for certain,
 * as its own later records say. */
static int synced_frames(struct image *im, uint32_t *synced)
{
    for (uint32_t i = 0; i < im->view.frames; i++) {
        struct vfs_frame f;
        int err = frame_read(im, i, &f);
        if (err)
            return err;
        uint32_t said = get_u32(f.head + FRAME_HEAD_BYTES);
        if (f.head_intact && f.page_intact && said > *synced)
            *synced = said;
    }
    return 0;
}

static int pages_reserve(struct image *im, uint32_t pages)
{
    if (pages <= im->frame_of_count)
        return 0;
    if (pages > PAGES_MAX)
        return ERR_DAMAGED;
    uint32_t *to = realloc(im->frame_of, (size_t)pages * sizeof *to);
    if (!to)
        return ERR_NOMEM;
    memset(to + im->frame_of_count, 0, (pages - im->frame_of_count) * sizeof *to);
    im->frame_of = to;
    im->frame_of_count = pages;
    return 0;
}

static int pending_add(struct image *im, uint32_t frame)
{
    if (im->pending_count == im->pending_cap) {
        uint32_t cap = im->pending_cap ? im->pending_cap * 2 : 64;
        uint32_t *to = realloc(im->pending, cap * sizeof *to);
        if (!to)
            return ERR_NOMEM;
        im->pending = to;
        im->pending_cap = cap;
    }
    im->pending[im->pending_count++] = frame;
    return 0;
}

/* A commit counts: its frames are the newest state of their pages. */
static int commit_apply(struct image *im, uint32_t pages)
{
    for (uint32_t i = 0; i < im->pending_count; i++) {
        struct vfs_frame f;
        int err = frame_read(im, im->pending[i], &f);
        uint32_t page = get_u32(f.head);
        if (!err && page > 0)
            err = pages_reserve(im, page);
        if (err)
            return err;
        if (page > 0)
            im->frame_of[page - 1] = im->pending[i] + 1;
    }
    im->pending_count = 0;
    im->view.pages = pages;
    return 0;
}

/* Take one frame.  1: here the log ends. */
static int frame_take(struct image *im, uint32_t frame, uint32_t synced,
                      struct log_sum *sum)
{
    struct vfs_frame f;
    int err = frame_read(im, frame, &f);
    if (err)
        return err;
    if (!f.head_intact || !f.page_intact) {
        sum->known = false;
        if (frame >= synced)
            return 1; /* torn: the commit it is of was never shown as saved */
        im->view.frames_bad++;
        if (!f.head_intact)
            return 0;
        /* The damage is the page's: an older state of it would be a lie. */
        err = pending_add(im, frame);
        return err || get_u32(f.head + 4) == 0 ? err
                                               : commit_apply(im, get_u32(f.head + 4));
    }
    if (!sum_follows(sum, f.head, im->vfs->plain))
        return 1; /* left from a commit that was given up */
    err = pending_add(im, frame);
    uint32_t pages = get_u32(f.head + 4);
    return err || pages == 0 ? err : commit_apply(im, pages);
}

/* What waits for the end of its commit, when the log ends: if it had reached the disk
 * for certain, that end is damaged, and it counts all the same. */
static int log_end(struct image *im, uint32_t synced)
{
    uint32_t kept = 0, pages = im->view.pages;
    for (uint32_t i = 0; i < im->pending_count; i++) {
        struct vfs_frame f;
        int err = im->pending[i] < synced ? frame_read(im, im->pending[i], &f) : 1;
        if (err < 0)
            return err;
        if (err == 1)
            continue;
        im->pending[kept++] = im->pending[i];
        pages = get_u32(f.head) > pages ? get_u32(f.head) : pages;
    }
    im->pending_count = kept;
    return kept > 0 ? commit_apply(im, pages) : 0;
}

static int log_read(struct image *im)
{
    uint8_t header[WAL_HEADER_BYTES];
    uint32_t synced = 0;
    struct stat st;
    if (fstat(im->log_fd, &st) != 0)
        return ERR_IO;
    if (st.st_size < WAL_HEADER_SEALED_BYTES)
        return 0;
    uint64_t frames =
        ((uint64_t)st.st_size - WAL_HEADER_SEALED_BYTES) / (uint64_t)FRAME_SEALED_BYTES;
    im->view.frames = frames < UINT32_MAX ? (uint32_t)frames : UINT32_MAX - 1;
    int err = raw_read(im, im->log_fd, WAL_HEADER_SEALED_BYTES, 0);
    if (err)
        return err;
    if (vfs_wal_open_header(&im->log, header)) {
        im->view.log_lost = frames > 0; /* else it was being written: torn */
        return 0;
    }
    struct log_sum sum = {.big = (get_u32(header) & 1) != 0,
                          .known = true,
                          .a = get_u32(header + 24),
                          .b = get_u32(header + 28)};
    err = synced_frames(im, &synced);
    for (uint32_t i = 0; i < im->view.frames && !err; i++)
        err = frame_take(im, i, synced, &sum);
    return err < 0 ? err : log_end(im, synced);
}

/* ---- opening ------------------------------------------------------------- */

static int files_open(struct image *im, const char *dir)
{
    char path[PATH_BYTES_MAX];
    struct stat st;
    int err = files_path(path, dir, "data");
    if (err)
        return err;
    im->data_fd = open(path, O_RDWR | O_CLOEXEC);
    if (im->data_fd < 0)
        return files_error();
    err = files_lock(im->data_fd);
    if (!err && fstat(im->data_fd, &st) != 0)
        err = ERR_IO;
    if (err)
        return err;
    uint64_t pages = ((uint64_t)st.st_size + PAGE_BYTES - 1) / PAGE_BYTES;
    if (pages > PAGES_MAX)
        return ERR_TOOBIG;
    im->view.pages = (uint32_t)pages;
    err = files_path(path, dir, "data-wal");
    if (err)
        return err;
    im->log_fd = open(path, O_RDONLY | O_CLOEXEC);
    return im->log_fd < 0 && errno != ENOENT ? files_error() : 0;
}

int image_open(struct image **out, struct vfs *v, const char *dir)
{
    struct image *im = calloc(1, sizeof *im);
    if (!im)
        return ERR_NOMEM;
    im->vfs = v;
    im->log.vfs = v;
    im->data_fd = im->log_fd = -1;
    int err = files_open(im, dir);
    if (!err && im->log_fd >= 0)
        err = log_read(im);
    if (err)
        image_close(im);
    else
        *out = im;
    return err;
}

void image_close(struct image *im)
{
    if (!im)
        return;
    if (im->log_fd >= 0)
        (void)close(im->log_fd);
    if (im->data_fd >= 0)
        (void)close(im->data_fd); /* and the lock goes */
    free(im->frame_of);
    free(im->pending);
    free(im);
}
