/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* mp.c -- canonical MessagePack.
 *
 * msgpack-c writes: its packer picks the shortest form of every number and
 * length, which is what canonical means here.  It never reads, for its unpacker
 * reserves memory for lengths that a stranger merely claims.  Reading stands on
 * one function, head_take(), that knows every first byte and refuses all longer
 * forms; so the pull reader cannot accept what mp_check() would refuse as a form.
 * (docs/protocol.md P1.1)
 */
#include "base/mp.h"

#include <msgpack/pack.h>
#include <string.h>

#include "base/text.h"

/* ---- heads ---------------------------------------------------------------- */

/* The first byte of a value with the numbers that belong to it. */
struct head {
    enum mp_type type;
    uint64_t v; /* number, boolean, length of a string, count of a container */
    int64_t negative;
};

/* What one first byte from 0xc0 to 0xdf means: `width` big-endian bytes follow,
 * and the number in them must reach `least`, or a shorter form exists. */
struct form {
    enum mp_type type; /* MP_END: a forbidden byte */
    uint8_t width;
    uint64_t least;
};

/* clang-format off */
static const struct form forms[32] = {
    [0x00] = {MP_NIL, 0, 0},
    [0x02] = {MP_BOOL, 0, 0},       [0x03] = {MP_BOOL, 0, 0},
    [0x04] = {MP_BIN, 1, 0},        [0x05] = {MP_BIN, 2, 0x100},
    [0x06] = {MP_BIN, 4, 0x10000},
    [0x0c] = {MP_UINT, 1, 0x80},    [0x0d] = {MP_UINT, 2, 0x100},
    [0x0e] = {MP_UINT, 4, 0x10000}, [0x0f] = {MP_UINT, 8, 0x100000000},
    [0x10] = {MP_INT, 1, 0x20},     [0x11] = {MP_INT, 2, 0x80},
    [0x12] = {MP_INT, 4, 0x8000},   [0x13] = {MP_INT, 8, 0x80000000},
    [0x19] = {MP_STR, 1, 32},       [0x1a] = {MP_STR, 2, 0x100},
    [0x1b] = {MP_STR, 4, 0x10000},
    [0x1c] = {MP_ARRAY, 2, 16},     [0x1d] = {MP_ARRAY, 4, 0x10000},
    [0x1e] = {MP_MAP, 2, 16},       [0x1f] = {MP_MAP, 4, 0x10000},
};
/* clang-format on */

/* The head that lies in one byte; false if `byte` is not such a byte. */
static bool head_short(uint8_t byte, struct head *h)
{
    if (byte < 0x80)
        *h = (struct head){.type = MP_UINT, .v = byte};
    else if (byte < 0x90)
        *h = (struct head){.type = MP_MAP, .v = byte & 0x0fU};
    else if (byte < 0xa0)
        *h = (struct head){.type = MP_ARRAY, .v = byte & 0x0fU};
    else if (byte < 0xc0)
        *h = (struct head){.type = MP_STR, .v = byte & 0x1fU};
    else if (byte >= 0xe0)
        *h = (struct head){.type = MP_INT, .negative = (int64_t)byte - 0x100};
    else
        return false;
    return true;
}

static uint64_t get_wide(const uint8_t *p, size_t width)
{
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++)
        v = v << 8 | p[i];
    return v;
}

/* Turn the `width` bytes of a signed number into h->negative.  Only negative
 * numbers have a signed form, and `least` tells which of them fit a shorter one. */
static int head_negative(struct head *h, const struct form *f)
{
    uint64_t below_zero = ~h->v; /* -1 is 0, -2 is 1, and so on */
    if (f->width < 8)
        below_zero &= (UINT64_C(1) << (8 * f->width)) - 1;
    if (below_zero >> (8 * f->width - 1) != 0 || below_zero < f->least)
        return ERR_NOTCANON;
    h->negative = -(int64_t)below_zero - 1;
    h->v = 0;
    return 0;
}

/* Take the next head from `left`.  ERR_TRUNCATED, ERR_NOTCANON; `left` is then
 * unchanged. */
static int head_take(struct bytes *left, struct head *h)
{
    if (left->n == 0)
        return ERR_TRUNCATED;
    uint8_t first = left->p[0];
    size_t width = 0;
    if (!head_short(first, h)) {
        const struct form *f = &forms[first - 0xc0];
        width = f->width;
        if (f->type == MP_END)
            return ERR_NOTCANON;
        if (left->n - 1 < width)
            return ERR_TRUNCATED;
        *h = (struct head){.type = f->type, .v = get_wide(left->p + 1, width)};
        if (f->type == MP_BOOL)
            h->v = first & 1U;
        else if (f->type != MP_INT && h->v < f->least)
            return ERR_NOTCANON;
        int err = f->type == MP_INT ? head_negative(h, f) : 0;
        if (err < 0)
            return err;
    }
    *left = BYTES(left->p + 1 + width, left->n - 1 - width);
    return 0;
}

/* How many values lie directly inside a value with head `h`. */
static uint64_t head_children(const struct head *h)
{
    return h->type == MP_ARRAY ? h->v : h->type == MP_MAP ? 2 * h->v : 0;
}

/* Take the body of a string or byte string; an empty span for other types. */
static int body_take(struct bytes *left, const struct head *h, struct bytes *body)
{
    *body = BYTES(NULL, 0);
    if (h->type != MP_STR && h->type != MP_BIN)
        return 0;
    if (h->v > left->n)
        return ERR_TRUNCATED;
    size_t n = (size_t)h->v;
    if (n == 0)
        return 0;
    *body = BYTES(left->p, n);
    *left = BYTES(left->p + n, left->n - n);
    return 0;
}

/* ---- checking ------------------------------------------------------------- */

/* One open container: how many values it still waits for, and in a map the
 * last key; a map waits for a key whenever `left` is even. */
struct level {
    uint64_t left;
    bool is_map, has_key;
    uint64_t key;
};

struct walk {
    struct bytes left;
    uint64_t items, items_max;
    struct level levels[MP_DEPTH_MAX];
    size_t depth;
};

/* Account for the next value in the container it lies in; keys must rise. */
static int walk_place(struct walk *w, const struct head *h)
{
    if (w->depth == 0)
        return 0;
    struct level *in = &w->levels[w->depth - 1];
    bool is_key = in->is_map && in->left % 2 == 0;
    in->left--;
    if (!is_key)
        return 0;
    if (h->type != MP_UINT || (in->has_key && h->v <= in->key))
        return ERR_NOTCANON;
    in->has_key = true;
    in->key = h->v;
    return 0;
}

/* Open the container `h`.  Its claimed size is weighed before anything is read.
 * (P1.2) */
static int walk_enter(struct walk *w, const struct head *h)
{
    if (h->type != MP_ARRAY && h->type != MP_MAP)
        return 0;
    uint64_t children = head_children(h);
    if (w->depth == MP_DEPTH_MAX || children > w->items_max - w->items)
        return ERR_TOOBIG;
    w->items += children;
    w->levels[w->depth++] = (struct level){children, h->type == MP_MAP, false, 0};
    return 0;
}

static int walk_value(struct walk *w)
{
    struct head h;
    struct bytes body;
    int err = head_take(&w->left, &h);
    if (err == 0)
        err = walk_place(w, &h);
    if (err == 0)
        err = body_take(&w->left, &h, &body);
    if (err == 0 && h.type == MP_STR)
        err = text_check(body);
    if (err == 0)
        err = walk_enter(w, &h);
    return err;
}

int mp_check(struct bytes span, uint32_t items_max)
{
    if (items_max == 0)
        return ERR_TOOBIG;
    struct walk w = {.left = span, .items = 1, .items_max = items_max};
    do {
        int err = walk_value(&w);
        if (err < 0)
            return err;
        while (w.depth > 0 && w.levels[w.depth - 1].left == 0)
            w.depth--;
    } while (w.depth > 0);
    return w.left.n > 0 ? ERR_MALFORMED : 0;
}

/* ---- reading -------------------------------------------------------------- */

struct mp_reader mp_reader_of(struct bytes span)
{
    return (struct mp_reader){.left = span};
}

enum mp_type mp_peek(const struct mp_reader *r)
{
    struct bytes left = r->left;
    struct head h;
    if (r->err != 0 || head_take(&left, &h) < 0)
        return MP_END;
    return h.type;
}

static void mp_fail(struct mp_reader *r)
{
    if (r->err == 0)
        r->err = ERR_MALFORMED;
}

/* The next head and body, of a type in the set `types` (bits 1 << mp_type). */
static bool mp_take(struct mp_reader *r, unsigned types, struct head *h,
                    struct bytes *body)
{
    struct bytes left = r->left;
    *body = BYTES(NULL, 0);
    if (r->err != 0)
        return false;
    if (head_take(&left, h) < 0 || !(types & 1U << h->type) ||
        body_take(&left, h, body) < 0) {
        mp_fail(r);
        return false;
    }
    r->left = left;
    return true;
}

uint64_t mp_read_uint(struct mp_reader *r, uint64_t max)
{
    struct head h;
    struct bytes none;
    if (!mp_take(r, 1U << MP_UINT, &h, &none))
        return 0;
    if (h.v > max) {
        mp_fail(r);
        return 0;
    }
    return h.v;
}

int64_t mp_read_int(struct mp_reader *r)
{
    struct head h;
    struct bytes none;
    if (!mp_take(r, 1U << MP_UINT | 1U << MP_INT, &h, &none))
        return 0;
    if (h.type == MP_INT)
        return h.negative;
    if (h.v > INT64_MAX) {
        mp_fail(r);
        return 0;
    }
    return (int64_t)h.v;
}

bool mp_read_bool(struct mp_reader *r)
{
    struct head h;
    struct bytes none;
    return mp_take(r, 1U << MP_BOOL, &h, &none) && h.v == 1;
}

struct bytes mp_read_bin(struct mp_reader *r)
{
    struct head h;
    struct bytes body;
    bool ok = mp_take(r, 1U << MP_BIN, &h, &body);
    return ok ? body : BYTES(NULL, 0);
}

struct bytes mp_read_str(struct mp_reader *r)
{
    struct head h;
    struct bytes body;
    bool ok = mp_take(r, 1U << MP_STR, &h, &body);
    return ok ? body : BYTES(NULL, 0);
}

void mp_read_fixed(struct mp_reader *r, uint8_t *out, size_t n)
{
    struct bytes got = mp_read_bin(r);
    if (got.n != n)
        mp_fail(r);
    if (n == 0)
        return;
    if (r->err == 0)
        memcpy(out, got.p, n);
    else
        memset(out, 0, n);
}

/* Enter a container.  Each value inside takes a byte at least, so a count that
 * the span cannot hold is refused here and no loop runs on it. */
static uint32_t mp_enter(struct mp_reader *r, enum mp_type type, uint32_t max)
{
    struct head h;
    struct bytes none;
    if (!mp_take(r, 1U << type, &h, &none))
        return 0;
    if (h.v > max || head_children(&h) > r->left.n) {
        mp_fail(r);
        return 0;
    }
    return (uint32_t)h.v;
}

uint32_t mp_read_array(struct mp_reader *r, uint32_t max)
{
    return mp_enter(r, MP_ARRAY, max);
}

uint32_t mp_read_map(struct mp_reader *r, uint32_t max)
{
    return mp_enter(r, MP_MAP, max);
}

void mp_skip(struct mp_reader *r)
{
    uint64_t pending = 1;
    while (pending > 0) {
        struct head h;
        struct bytes body;
        if (!mp_take(r, ~0U, &h, &body))
            return;
        pending += head_children(&h) - 1;
        if (pending > r->left.n) {
            mp_fail(r);
            return;
        }
    }
}

int mp_reader_end(const struct mp_reader *r)
{
    if (r->err != 0)
        return r->err;
    return r->left.n > 0 ? ERR_MALFORMED : 0;
}

/* ---- writing -------------------------------------------------------------- */

/* msgpack-c calls this for every piece; 0 or -1 is its own convention. */
static int packer_write(void *ctx, const char *p, size_t n)
{
    struct mp_writer *w = (struct mp_writer *)ctx;
    if (w->err == 0)
        w->err = buf_append(w->to, BYTES(p, n), w->bytes_max);
    return w->err == 0 ? 0 : -1;
}

static msgpack_packer packer_of(struct mp_writer *w)
{
    msgpack_packer pk;
    msgpack_packer_init(&pk, w, packer_write);
    return pk;
}

struct mp_writer mp_writer_to(struct buf *to, size_t bytes_max)
{
    return (struct mp_writer){.to = to, .bytes_max = bytes_max};
}

void mp_nil(struct mp_writer *w)
{
    msgpack_packer pk = packer_of(w);
    msgpack_pack_nil(&pk);
}

void mp_bool(struct mp_writer *w, bool v)
{
    msgpack_packer pk = packer_of(w);
    if (v)
        msgpack_pack_true(&pk);
    else
        msgpack_pack_false(&pk);
}

void mp_uint(struct mp_writer *w, uint64_t v)
{
    msgpack_packer pk = packer_of(w);
    msgpack_pack_uint64(&pk, v);
}

void mp_int(struct mp_writer *w, int64_t v)
{
    msgpack_packer pk = packer_of(w);
    msgpack_pack_int64(&pk, v);
}

/* Refuse a body before its head is written: the packer's lengths have 32 bits. */
static bool mp_fits(struct mp_writer *w, struct bytes body)
{
    if (w->err == 0 && (body.n > UINT32_MAX || body.n > w->bytes_max))
        w->err = ERR_TOOBIG;
    return w->err == 0;
}

void mp_bin(struct mp_writer *w, struct bytes b)
{
    msgpack_packer pk = packer_of(w);
    if (mp_fits(w, b) && msgpack_pack_bin(&pk, b.n) == 0)
        msgpack_pack_bin_body(&pk, b.p, b.n);
}

void mp_str(struct mp_writer *w, struct bytes s)
{
    msgpack_packer pk = packer_of(w);
    if (mp_fits(w, s))
        w->err = text_check(s);
    if (w->err == 0 && msgpack_pack_str(&pk, s.n) == 0)
        msgpack_pack_str_body(&pk, s.p, s.n);
}

void mp_array(struct mp_writer *w, uint32_t n)
{
    msgpack_packer pk = packer_of(w);
    msgpack_pack_array(&pk, n);
}

void mp_map(struct mp_writer *w, uint32_t n)
{
    msgpack_packer pk = packer_of(w);
    msgpack_pack_map(&pk, n);
}

int mp_writer_end(const struct mp_writer *w)
{
    return w->err;
}
