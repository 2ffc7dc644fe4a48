/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* image.h -- a database and its log as they lie on the disk, page by page, without
 * SQLite: for a store that is damaged.
 *
 * Each page is shown as the log has it, else as the database has it.  A commit of the
 * log counts if its end is there and none of its records is torn; a damaged record
 * inside the log costs its own page, no other.  While an image is open the store cannot
 * be opened by anybody else.
 *
 *     image_open -> { image_page }* -> image_close
 */
#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

#include "base/bytes.h"
#include "store/vfs.h"

enum { IMAGE_PAGE_BYTES = 4096 };

struct image;

/* What was found at the opening. */
struct image_view {
    uint32_t pages;      /* of the database, by the newest commit */
    uint32_t frames;     /* whole frames in the log */
    uint32_t frames_bad; /* of those, damaged ones; torn ones do not count */
    bool log_lost;       /* its header is damaged: nothing of it can be read */
};

/* Open `dir`/data and its log under the keys of `v` (kept), and lock them.
 * ERR_NOSTORE, ERR_INUSE, ERR_READONLY, ERR_IO, ERR_NOMEM, ERR_TOOBIG. */
NODISCARD int image_open(struct image **out, struct vfs *v, const char *dir);
/* What was found. */
struct image_view image_view(const struct image *im);
/* Read page `page` (from 1 on) to `plain`.  ERR_DAMAGED: it does not open. ERR_IO. */
NODISCARD int image_page(struct image *im, uint32_t page,
                         uint8_t plain[static IMAGE_PAGE_BYTES]);
/* True if the page holds no rows by its place: a page map, or the page of locks. */
bool image_page_is_blank(uint32_t page);
/* Where the newest state of `page` comes from: 0 the database, else the frame + 1. */
uint32_t image_page_age(const struct image *im, uint32_t page);
/* Close and unlock.  NULL is fine. */
void image_close(struct image *im);

#endif
