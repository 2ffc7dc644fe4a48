/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* invite.c -- the invitation line (P6.1).
 *
 *     "kring" || base32 of:
 *     version 1 || kind 1 || length u16 of all || v 16 || group 32 ||
 *     transport key 32 || n u8 || n * (length u8 || address) ||
 *     first 4 bytes of hash32("line", all before)
 *
 * Where a line breaks or was cut, people's hands and mail programs decide: spaces, line
 * breaks and hyphens are skipped, and what is wrong is said as precisely as it can be
 * known.
 */
#include <string.h>

#include "base/base32.h"
#include "base/cursor.h"
#include "crypto/hash.h"
#include "node/core/link.h"

enum {
    VERSION = 1,
    KIND_LINE = 1,
    PREFIX_BYTES = 5,
    SUM_BYTES = 4,
    HEAD_LETTERS = 8, /* five bytes: version, kind, length and one more */
    HEAD_BYTES = 5,
    LETTERS_MAX = LIMIT_INVITE_LINE_BYTES_MAX,
};

static const char prefix[] = "kring";

/* ---- writing ---------------------------------------------------------------- */

static void line_sum(uint8_t sum[static SUM_BYTES], struct bytes before)
{
    uint8_t full[32];
    hash32(full, "line", &before, 1);
    memcpy(sum, full, SUM_BYTES);
}

static int write_line(const struct invite_line *in, struct room *room)
{
    struct writer w = writer_to(room);
    uint8_t sum[SUM_BYTES];
    write_u8(&w, VERSION);
    write_u8(&w, in->kind);
    write_u16(&w, 0); /* set below */
    write_bytes(&w, BYTES_OF(in->v));
    write_bytes(&w, BYTES_OF(in->group));
    write_bytes(&w, BYTES_OF(in->transport_pk));
    write_u8(&w, in->addresses_count);
    for (size_t i = 0; i < in->addresses_count; i++) {
        if (in->addresses[i].n == 0 || in->addresses[i].n > LIMIT_ADDRESS_BYTES_MAX)
            return ERR_TOOBIG;
        write_u8(&w, (uint8_t)in->addresses[i].n);
        write_bytes(&w, in->addresses[i]);
    }
    if (w.err)
        return ERR_TOOBIG;
    put_u16(room->p + 2, (uint16_t)(room->n + SUM_BYTES));
    line_sum(sum, BYTES(room->p, room->n));
    write_bytes(&w, BYTES_OF(sum));
    return writer_end(&w) ? ERR_TOOBIG : 0;
}

int invite_encode(const struct invite_line *in, struct buf *line)
{
    uint8_t bytes[LIMIT_INVITE_LINE_BYTES_MAX];
    struct room room = ROOM_OF(bytes);
    struct buf out = {0};
    int err = in->addresses_count > LIMIT_ADDRESSES_MAX ? ERR_TOOBIG : 0;
    if (!err)
        err = write_line(in, &room);
    if (!err)
        err = buf_append(&out, BYTES(prefix, PREFIX_BYTES), LETTERS_MAX);
    if (!err)
        err = base32_encode(BYTES(room.p, room.n), &out, LETTERS_MAX);
    if (!err)
        err = buf_append(line, BUF_BYTES(&out), line->n + LETTERS_MAX);
    buf_free(&out);
    wipe(bytes, sizeof bytes);
    return err;
}

/* ---- reading ---------------------------------------------------------------- */

static bool is_gap(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '-';
}

static bool is_letter(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z' && c != 'u');
}

/* Small letters without gaps.  ERR_MISTYPED: longer than any line. */
static int squeeze(struct bytes text, struct room *out)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (is_gap(c))
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c - 'A' + 'a');
        if (room_append(out, BYTES(&c, 1)))
            return ERR_MISTYPED;
    }
    return 0;
}

static int read_addresses(struct reader *r, struct invite_line *out)
{
    size_t at = 0;
    out->addresses_count = read_u8(r);
    if (out->addresses_count > LIMIT_ADDRESSES_MAX)
        return ERR_MISTYPED;
    for (size_t i = 0; i < out->addresses_count; i++) {
        struct bytes a = read_bytes(r, read_u8(r));
        if (r->err || a.n == 0 || a.n > LIMIT_ADDRESS_BYTES_MAX ||
            a.n > sizeof out->store - at)
            return ERR_MISTYPED;
        memcpy(out->store + at, a.p, a.n);
        out->addresses[i] = BYTES(out->store + at, a.n);
        at += a.n;
    }
    return reader_end(r) ? ERR_MISTYPED : 0;
}

/* All bytes are here. */
static int read_line(struct bytes all, struct invite_line *out)
{
    uint8_t sum[SUM_BYTES];
    if (all.n < HEAD_BYTES + SUM_BYTES)
        return ERR_MISTYPED;
    struct bytes before = BYTES(all.p, all.n - SUM_BYTES);
    line_sum(sum, before);
    if (memcmp(sum, all.p + before.n, SUM_BYTES) != 0)
        return ERR_MISTYPED;
    /* Nobody mistyped: whatever is strange now was meant so. */
    struct reader r = reader_of(before);
    if (read_u8(&r) != VERSION)
        return ERR_VERSION;
    out->kind = read_u8(&r);
    if (out->kind != KIND_LINE)
        return ERR_FOREIGN;
    (void)read_u16(&r);
    read_copy(&r, out->v, sizeof out->v);
    read_copy(&r, out->group, sizeof out->group);
    read_copy(&r, out->transport_pk, sizeof out->transport_pk);
    return read_addresses(&r, out);
}

/* Letters without the prefix: is all of it here?  ERR_TRUNCATED, ERR_MISTYPED. */
static int check_length(struct bytes letters)
{
    struct buf head = {0};
    for (size_t i = 0; i < letters.n; i++)
        if (!is_letter(letters.p[i]))
            return ERR_MISTYPED;
    if (letters.n < HEAD_LETTERS)
        return ERR_TRUNCATED;
    int err = base32_decode(BYTES(letters.p, HEAD_LETTERS), &head, HEAD_BYTES);
    size_t need = err ? 0 : ((size_t)get_u16(head.p + 2) * 8 + 4) / 5;
    buf_free(&head);
    if (err)
        return err == ERR_NOMEM ? err : ERR_MISTYPED;
    if (need > LETTERS_MAX - PREFIX_BYTES)
        return ERR_MISTYPED; /* no line is that long */
    if (letters.n == need)
        return 0;
    return letters.n < need ? ERR_TRUNCATED : ERR_MISTYPED;
}

int invite_decode(struct bytes text, struct invite_line *out)
{
    uint8_t squeezed[LETTERS_MAX];
    struct room room = ROOM_OF(squeezed);
    struct buf all = {0};
    memset(out, 0, sizeof *out);
    int err = squeeze(text, &room);
    if (room.n < PREFIX_BYTES || memcmp(squeezed, prefix, PREFIX_BYTES) != 0) {
        wipe(squeezed, sizeof squeezed);
        return ERR_FOREIGN;
    }
    struct bytes letters = BYTES(squeezed + PREFIX_BYTES, room.n - PREFIX_BYTES);
    if (!err)
        err = check_length(letters);
    if (!err) {
        err = base32_decode(letters, &all, LIMIT_INVITE_LINE_BYTES_MAX);
        err = err && err != ERR_NOMEM ? ERR_MISTYPED : err;
    }
    if (!err)
        err = read_line(BUF_BYTES(&all), out);
    buf_free(&all);
    wipe(squeezed, sizeof squeezed);
    if (err)
        wipe(out, sizeof *out);
    return err;
}
