/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* replay.c -- from a record of operations to the disks it may leave behind. */
#include "tests/disk/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct replay {
    const struct disk *disk;
    size_t at;                           /* operations done */
    struct buf disk_of[DISK_INODES_MAX]; /* of each inode, what is there for certain */
    int names[DISK_NAMES];               /* inode by name on the disk; -1: none */
    size_t *pending;                     /* operations on their way, in order */
    size_t pending_count, pending_cap;
};

/* What arrives of a change. */
struct luck {
    uint64_t draw;
    size_t piece_bytes; /* unit that arrives or not; 0: the whole change */
    uint32_t kept;      /* of 8 pieces */
    bool rubbish;       /* a piece that did not arrive may have been harmed */
};

static bool is_name(const struct disk_op *op)
{
    return op->kind == DISK_CREATE || op->kind == DISK_DELETE;
}

static bool arrives(struct luck *l)
{
    return disk_below(&l->draw, 8) < l->kept;
}

static void piece_spoil(struct luck *l, struct buf *file, uint64_t at, size_t n)
{
    uint8_t junk[4096];
    for (size_t i = 0; i < n; i++)
        junk[i] = (uint8_t)disk_draw(&l->draw);
    disk_file_write(file, at, BYTES(junk, n));
}

/* Writing the same bytes again harms nothing. */
static bool changes(const struct buf *file, uint64_t at, struct bytes piece)
{
    return at + piece.n > file->n || memcmp(file->p + at, piece.p, piece.n) != 0;
}

/* Write `op` to `file`, sector by sector. */
static void op_write(const struct disk_op *op, struct luck *l, struct buf *file)
{
    uint64_t at = op->at, end = at + op->bytes.n;
    while (at < end) {
        uint64_t next =
            l->piece_bytes ? (at / l->piece_bytes + 1) * l->piece_bytes : end;
        next = next < end ? next : end;
        size_t n = (size_t)(next - at);
        struct bytes piece = BYTES(op->bytes.p + (at - op->at), n);
        if (arrives(l))
            disk_file_write(file, at, piece);
        else if (l->rubbish && disk_below(&l->draw, 3) == 0 && changes(file, at, piece))
            piece_spoil(l, file, at, n);
        at = next;
    }
    /* The length may have arrived where the bytes have not. */
    if (end > file->n && disk_below(&l->draw, 4) == 0 && l->kept > 0)
        disk_file_truncate(file, end);
}

static void op_apply(const struct disk_op *op, struct luck *l, struct buf *file)
{
    if (op->kind == DISK_WRITE)
        op_write(op, l, file);
    else if (op->kind == DISK_TRUNCATE && arrives(l))
        disk_file_truncate(file, op->at);
}

static void name_apply(const struct disk_op *op, int names[static DISK_NAMES])
{
    names[op->name] = op->kind == DISK_CREATE ? (int)op->inode : -1;
}

static struct luck luck_sure(void)
{
    return (struct luck){.kept = 8};
}

/* A failed sync: some pieces arrived, the others never will. */
static struct luck luck_failed(const struct disk_op *sync)
{
    struct luck l = {.draw = sync->fate * 77, .piece_bytes = 4096};
    l.kept = (uint32_t)disk_below(&l.draw, 8);
    return l;
}

/* Everything on its way to this inode is decided by `l`, and to names if `names`. */
static void settle(struct replay *r, const struct disk_op *by, struct luck l)
{
    size_t left = 0;
    for (size_t i = 0; i < r->pending_count; i++) {
        const struct disk_op *op = &r->disk->ops[r->pending[i]];
        if (is_name(op) && by->names)
            name_apply(op, r->names);
        else if (!is_name(op) && op->inode == by->inode && by->kind == DISK_SYNC)
            op_apply(op, &l, &r->disk_of[op->inode]);
        else
            r->pending[left++] = r->pending[i];
    }
    r->pending_count = left;
}

static void pending_add(struct replay *r, size_t op)
{
    if (r->pending_count == r->pending_cap) {
        r->pending_cap = r->pending_cap ? 2 * r->pending_cap : 64;
        r->pending = realloc(r->pending, r->pending_cap * sizeof *r->pending);
        CHECK(r->pending != NULL);
    }
    r->pending[r->pending_count++] = op;
}

struct replay *replay_new(const struct disk *d)
{
    struct replay *r = calloc(1, sizeof *r);
    uint32_t inode = 0;
    CHECK(r != NULL);
    r->disk = d;
    for (int i = 0; i < DISK_NAMES; i++) {
        r->names[i] = -1;
        if (!d->base.there[i])
            continue;
        disk_file_write(&r->disk_of[inode], 0, BUF_BYTES(&d->base.bytes[i]));
        r->names[i] = (int)inode++;
    }
    return r;
}

void replay_to(struct replay *r, size_t ops)
{
    CHECK(ops >= r->at && ops <= r->disk->ops_count);
    for (; r->at < ops; r->at++) {
        const struct disk_op *op = &r->disk->ops[r->at];
        if (op->kind != DISK_SYNC)
            pending_add(r, r->at);
        if (op->kind == DISK_SYNC || (op->kind == DISK_DELETE && op->names))
            settle(r, op, op->failed ? luck_failed(op) : luck_sure());
    }
}

size_t replay_pending(const struct replay *r)
{
    return r->pending_count;
}

/* Which operations a cut counts at all: names in order up to a point. */
static size_t names_kept(const struct replay *r, enum cut_kind kind, uint64_t *draw)
{
    size_t names = 0;
    for (size_t i = 0; i < r->pending_count; i++)
        names += is_name(&r->disk->ops[r->pending[i]]);
    return kind == CUT_KEPT   ? names
           : kind == CUT_LOST ? 0
                              : disk_below(draw, names + 1);
}

static struct luck luck_of(enum cut_kind kind, uint64_t *draw)
{
    struct luck l = {.draw = disk_draw(draw), .kept = 8};
    if (kind == CUT_LOST)
        l.kept = 0;
    if (kind >= CUT_SECTORS)
        l.kept = 1 + (uint32_t)disk_below(draw, 7);
    l.piece_bytes = kind == CUT_BLOCKS ? 4096 : kind >= CUT_SECTORS ? 512 : 0;
    l.rubbish = kind == CUT_GARBAGE;
    return l;
}

/* The last change that counts, cut somewhere: at a sector, or anywhere. */
static void op_tear(const struct disk_op *op, uint64_t *draw, struct buf *file)
{
    if (op->kind != DISK_WRITE)
        return;
    uint64_t n = disk_below(draw, op->bytes.n + 1);
    if (disk_below(draw, 3) == 0 && n > op->at % 512)
        n -= (op->at + n) % 512;
    disk_file_write(file, op->at, BYTES(op->bytes.p, n <= op->bytes.n ? n : 0));
}

void replay_cut(const struct replay *r, enum cut_kind kind, uint64_t seed,
                struct disk_image *image)
{
    uint64_t draw = seed;
    size_t names = names_kept(r, kind, &draw);
    struct luck l = luck_of(kind, &draw);
    size_t upto = kind == CUT_TORN ? disk_below(&draw, r->pending_count + 1) : SIZE_MAX;
    int found[DISK_NAMES];
    memcpy(found, r->names, sizeof found);
    for (size_t i = 0; i < r->pending_count && names > 0; i++)
        if (is_name(&r->disk->ops[r->pending[i]])) {
            name_apply(&r->disk->ops[r->pending[i]], found);
            names--;
        }
    for (int name = 0; name < DISK_NAMES; name++) {
        struct buf *file = &image->bytes[name];
        file->n = 0;
        image->there[name] = found[name] >= 0;
        if (found[name] < 0)
            continue;
        uint32_t inode = (uint32_t)found[name];
        disk_file_write(file, 0, BUF_BYTES(&r->disk_of[inode]));
        for (size_t i = 0; i < r->pending_count && i <= upto; i++) {
            const struct disk_op *op = &r->disk->ops[r->pending[i]];
            if (is_name(op) || op->inode != inode)
                continue;
            if (i == upto)
                op_tear(op, &draw, file);
            else
                op_apply(op, &l, file);
        }
    }
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    for (uint32_t i = 0; i < DISK_INODES_MAX; i++)
        buf_free(&r->disk_of[i]);
    free(r->pending);
    free(r);
}

void replay_forget(struct disk *d, uint32_t inode)
{
    struct replay *r = replay_new(d);
    replay_to(r, d->ops_count);
    size_t bytes = d->live[inode].n;
    d->live[inode].n = 0;
    disk_file_write(&d->live[inode], 0, BUF_BYTES(&r->disk_of[inode]));
    disk_file_truncate(&d->live[inode], bytes); /* the length is not forgotten */
    replay_free(r);
}
