/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cursor.c -- fixed layouts; both cursors stop at their first error. */
#include "base/cursor.h"

#include <string.h>

struct reader reader_of(struct bytes span)
{
    return (struct reader){.left = span};
}

void reader_fail(struct reader *r, int err)
{
    if (r->err == 0)
        r->err = err;
}

struct bytes read_bytes(struct reader *r, size_t n)
{
    if (r->err == 0 && n > r->left.n)
        r->err = ERR_TRUNCATED;
    if (r->err != 0 || n == 0)
        return BYTES(NULL, 0);
    struct bytes got = BYTES(r->left.p, n);
    r->left = BYTES(r->left.p + n, r->left.n - n);
    return got;
}

void read_copy(struct reader *r, uint8_t *out, size_t n)
{
    if (n == 0)
        return;
    struct bytes got = read_bytes(r, n);
    if (got.n == n)
        memcpy(out, got.p, n);
    else
        memset(out, 0, n);
}

uint8_t read_u8(struct reader *r)
{
    uint8_t raw[1];
    read_copy(r, raw, sizeof raw);
    return raw[0];
}

uint16_t read_u16(struct reader *r)
{
    uint8_t raw[2];
    read_copy(r, raw, sizeof raw);
    return get_u16(raw);
}

uint32_t read_u32(struct reader *r)
{
    uint8_t raw[4];
    read_copy(r, raw, sizeof raw);
    return get_u32(raw);
}

uint64_t read_u64(struct reader *r)
{
    uint8_t raw[8];
    read_copy(r, raw, sizeof raw);
    return get_u64(raw);
}

int reader_end(const struct reader *r)
{
    if (r->err != 0)
        return r->err;
    return r->left.n > 0 ? ERR_MALFORMED : 0;
}

struct writer writer_to(struct room *to)
{
    return (struct writer){.to = to};
}

void write_bytes(struct writer *w, struct bytes b)
{
    if (w->err == 0)
        w->err = room_append(w->to, b);
}

void write_u8(struct writer *w, uint8_t v)
{
    write_bytes(w, BYTES(&v, 1));
}

void write_u16(struct writer *w, uint16_t v)
{
    uint8_t raw[2];
    put_u16(raw, v);
    write_bytes(w, BYTES_OF(raw));
}

void write_u32(struct writer *w, uint32_t v)
{
    uint8_t raw[4];
    put_u32(raw, v);
    write_bytes(w, BYTES_OF(raw));
}

void write_u64(struct writer *w, uint64_t v)
{
    uint8_t raw[8];
    put_u64(raw, v);
    write_bytes(w, BYTES_OF(raw));
}

void write_zeros(struct writer *w, size_t n)
{
    if (w->err != 0 || n == 0)
        return;
    if (n > w->to->cap - w->to->n) {
        w->err = ERR_NOSPACE;
        return;
    }
    memset(w->to->p + w->to->n, 0, n);
    w->to->n += n;
}

int writer_end(const struct writer *w)
{
    return w->err;
}
