/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* record.c -- cells and records of one page. */
#include "store/record.h"

#include <string.h>

enum {
    PAGE_BYTES = 4096,
    USABLE_BYTES = 4096 - 40,
    FILE_HEADER_BYTES = 100, /* on page 1 */
    OVERFLOW_BYTES = USABLE_BYTES - 4,
    KIND_INDEX_INNER = 2,
    KIND_INDEX_LEAF = 10,
    KIND_TABLE_LEAF = 13, /* the inner pages of a table hold no rows */
};

/* A cell: what of its record lies on the page, and where the rest is. */
struct cell {
    int64_t row;
    struct bytes local;
    uint64_t payload_bytes;
    uint32_t overflow; /* first page of the rest; 0: none */
};

/* A variable-length number; the bytes it took, 0 if it does not end in time. */
static size_t varint(struct bytes b, uint64_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < b.n && i < 9; i++) {
        if (i == 8) {
            *out = v << 8 | b.p[i];
            return 9;
        }
        v = v << 7 | (b.p[i] & 0x7f);
        if (b.p[i] < 0x80) {
            *out = v;
            return i + 1;
        }
    }
    return 0;
}

static bool take_varint(struct bytes *b, uint64_t *out)
{
    size_t n = varint(*b, out);
    b->p += n;
    b->n -= n;
    return n > 0;
}

/* How much of a payload of `n` bytes lies on the page itself. */
static size_t local_bytes(uint64_t n, bool is_table)
{
    const uint64_t most =
        is_table ? USABLE_BYTES - 35 : (USABLE_BYTES - 12) * 64 / 255 - 23;
    const uint64_t least = (USABLE_BYTES - 12) * 32 / 255 - 23;
    if (n <= most)
        return (size_t)n;
    uint64_t local = least + (n - least) % OVERFLOW_BYTES;
    return (size_t)(local <= most ? local : least);
}

static bool cell_read(const uint8_t *plain, size_t at, uint8_t kind, struct cell *c)
{
    bool is_table = kind == KIND_TABLE_LEAF;
    uint64_t row = 0;
    at += kind == KIND_INDEX_INNER ? 4 : 0; /* the child below it */
    if (at >= USABLE_BYTES)
        return false;
    struct bytes left = BYTES(plain + at, USABLE_BYTES - at);
    *c = (struct cell){0};
    if (!take_varint(&left, &c->payload_bytes) ||
        (is_table && !take_varint(&left, &row)))
        return false;
    size_t local = local_bytes(c->payload_bytes, is_table);
    bool spills = local < c->payload_bytes;
    if (c->payload_bytes > RECORD_BYTES_MAX || left.n < local + (spills ? 4 : 0))
        return false;
    c->row = (int64_t)row;
    c->local = BYTES(left.p, local);
    c->overflow = spills ? get_u32(left.p + local) : 0;
    return true;
}

/* The whole payload to w->payload.  ERR_DAMAGED: a page of it does not open. */
static int payload_read(struct record_walk *w, const struct cell *c)
{
    uint8_t plain[PAGE_BYTES];
    uint32_t next = c->overflow;
    w->payload.n = 0;
    int err = buf_append(&w->payload, c->local, RECORD_BYTES_MAX);
    while (!err && w->payload.n < c->payload_bytes) {
        uint64_t left = c->payload_bytes - w->payload.n;
        err = next == 0 ? ERR_DAMAGED : w->fetch(w->ctx, next, plain);
        if (err)
            break;
        size_t n = left < OVERFLOW_BYTES ? (size_t)left : OVERFLOW_BYTES;
        err = buf_append(&w->payload, BYTES(plain + 4, n), RECORD_BYTES_MAX);
        next = get_u32(plain);
    }
    wipe(plain, sizeof plain);
    return err;
}

/* A big-endian number with a sign, of `n` bytes. */
static int64_t signed_at(const uint8_t *p, size_t n)
{
    uint64_t v = n > 0 && p[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return (int64_t)v;
}

/* Bytes of a value of this type. */
static uint64_t type_bytes(uint64_t type)
{
    static const uint8_t fixed[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < sizeof fixed ? fixed[type] : (type - 12) / 2;
}

static struct column column_of(uint64_t type, struct bytes value)
{
    struct column c = {.kind = COLUMN_OTHER, .bytes = value};
    if (type == 0) {
        c.kind = COLUMN_NULL;
    } else if (type <= 6 || type == 8 || type == 9) {
        c.kind = COLUMN_INT;
        c.number = type >= 8 ? (int64_t)type - 8 : signed_at(value.p, value.n);
    } else if (type >= 12) {
        c.kind = type % 2 ? COLUMN_TEXT : COLUMN_BLOB;
    }
    return c;
}

static bool record_parse(struct bytes payload, struct record *r)
{
    uint64_t head_bytes = 0, type = 0;
    struct bytes head = payload;
    r->columns_count = 0;
    if (!take_varint(&head, &head_bytes) || head_bytes > payload.n ||
        head_bytes < payload.n - head.n)
        return false;
    head.n -= payload.n - (size_t)head_bytes;
    struct bytes values = BYTES(payload.p + head_bytes, payload.n - (size_t)head_bytes);
    while (head.n > 0) {
        if (r->columns_count == RECORD_COLUMNS_MAX || !take_varint(&head, &type) ||
            type_bytes(type) > values.n)
            return false;
        struct bytes value = BYTES(values.p, type_bytes(type));
        r->columns[r->columns_count++] = column_of(type, value);
        values.p += value.n;
        values.n -= value.n;
    }
    return true;
}

static int cell_visit(struct record_walk *w, const struct cell *c, bool is_table)
{
    struct record r = {.is_table = is_table, .row = c->row};
    int err = payload_read(w, c);
    if (err == ERR_DAMAGED || err == ERR_TOOBIG) {
        w->cut++;
        return 0;
    }
    if (!err && record_parse(BUF_BYTES(&w->payload), &r))
        err = w->visit(w->ctx, &r);
    return err;
}

int record_walk_page(struct record_walk *w, uint32_t page, const uint8_t *plain)
{
    size_t head = page == 1 ? FILE_HEADER_BYTES : 0;
    uint8_t kind = plain[head];
    if (kind != KIND_INDEX_INNER && kind != KIND_INDEX_LEAF && kind != KIND_TABLE_LEAF)
        return 0;
    size_t pointers = head + (kind == KIND_INDEX_INNER ? 12 : 8);
    size_t count = get_u16(plain + head + 3);
    int err = 0;
    for (size_t i = 0; i < count && !err; i++) {
        struct cell c;
        if (pointers + 2 * i + 2 > USABLE_BYTES)
            break;
        size_t at = get_u16(plain + pointers + 2 * i);
        if (at < pointers + 2 * count)
            continue;
        if (cell_read(plain, at, kind, &c))
            err = cell_visit(w, &c, kind == KIND_TABLE_LEAF);
    }
    return err;
}
