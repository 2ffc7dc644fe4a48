/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* font.c -- reading a TrueType font within its bounds, and writing a part of it. */
#include "paper/font.h"

#include <string.h>

enum {
    TABLE_RECORD_BYTES = 16,
    TABLES_AT = 12,
    FONT_BYTES_MAX = 16 << 20,
    SUBSET_BYTES_MAX = 4 << 20,
    DEPTH_MAX = 8, /* of shapes put together from others */
    GROUPS_AT = 16,
    GROUP_BYTES = 12,
};

/* ---- reading ------------------------------------------------------------- */

static uint32_t u16_at(struct bytes b, size_t at)
{
    return at <= b.n && b.n - at >= 2 ? get_u16(b.p + at) : 0;
}

static uint32_t u32_at(struct bytes b, size_t at)
{
    return at <= b.n && b.n - at >= 4 ? get_u32(b.p + at) : 0;
}

static int s16_at(struct bytes b, size_t at)
{
    return (int16_t)u16_at(b, at);
}

static struct bytes part(struct bytes b, size_t at, size_t n)
{
    if (at > b.n || n > b.n - at)
        return BYTES(NULL, 0);
    return BYTES(b.p + at, n);
}

static struct bytes table_of(struct bytes file, const char *tag)
{
    uint32_t count = u16_at(file, 4);
    for (uint32_t i = 0; i < count; i++) {
        size_t at = TABLES_AT + (size_t)i * TABLE_RECORD_BYTES;
        if (bytes_equal(part(file, at, 4), BYTES(tag, 4)))
            return part(file, u32_at(file, at + 8), u32_at(file, at + 12));
    }
    return BYTES(NULL, 0);
}

/* The map of all of Unicode (format 12). */
static struct bytes map_of(struct bytes cmap)
{
    uint32_t count = u16_at(cmap, 2);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = u32_at(cmap, 4 + (size_t)i * 8 + 4);
        if (u16_at(cmap, at) == 12)
            return part(cmap, at, u32_at(cmap, (size_t)at + 4));
    }
    return BYTES(NULL, 0);
}

int font_open(struct font *f, struct bytes file)
{
    struct bytes head = table_of(file, "head"), hhea = table_of(file, "hhea");
    *f = (struct font){.file = file};
    if (file.n > FONT_BYTES_MAX || u32_at(file, 0) != 0x00010000)
        return ERR_MALFORMED;
    f->glyf = table_of(file, "glyf");
    f->loca = table_of(file, "loca");
    f->hmtx = table_of(file, "hmtx");
    f->cmap = map_of(table_of(file, "cmap"));
    f->glyphs = u16_at(table_of(file, "maxp"), 4);
    f->units = u16_at(head, 18);
    f->loca_long = u16_at(head, 50) == 1;
    f->metrics = u16_at(hhea, 34);
    f->ascent = s16_at(hhea, 4);
    f->descent = s16_at(hhea, 6);
    for (size_t i = 0; i < 4; i++)
        f->box[i] = s16_at(head, 36 + 2 * i);
    bool whole = f->glyf.n > 0 && f->loca.n > 0 && f->hmtx.n > 0 && f->cmap.n > 0;
    return whole && f->glyphs > 0 && f->units > 0 && f->metrics > 0 ? 0 : ERR_MALFORMED;
}

uint16_t font_glyph(const struct font *f, uint32_t code)
{
    uint32_t count = u32_at(f->cmap, 12), low = 0;
    if (count > f->cmap.n / GROUP_BYTES)
        return 0;
    while (low < count) {
        uint32_t i = low + (count - low) / 2;
        size_t at = GROUPS_AT + (size_t)i * GROUP_BYTES;
        uint32_t first = u32_at(f->cmap, at), last = u32_at(f->cmap, at + 4);
        if (code > last) {
            low = i + 1;
        } else if (code < first) {
            count = i;
        } else {
            uint64_t glyph = (uint64_t)u32_at(f->cmap, at + 8) + (code - first);
            return glyph < f->glyphs ? (uint16_t)glyph : 0;
        }
    }
    return 0;
}

int font_thousandths(const struct font *f, int units)
{
    return units * 1000 / (int)f->units;
}

unsigned font_advance(const struct font *f, uint16_t glyph)
{
    unsigned i = glyph < f->metrics ? glyph : f->metrics - 1;
    return u16_at(f->hmtx, (size_t)i * 4) * 1000 / f->units;
}

static size_t offset_of(const struct font *f, unsigned glyph)
{
    return f->loca_long ? u32_at(f->loca, (size_t)glyph * 4)
                        : (size_t)u16_at(f->loca, (size_t)glyph * 2) * 2;
}

static struct bytes shape_of(const struct font *f, unsigned glyph)
{
    size_t from = offset_of(f, glyph), to = offset_of(f, glyph + 1);
    return to > from ? part(f->glyf, from, to - from) : BYTES(NULL, 0);
}

/* ---- a part of it -------------------------------------------------------- */

/* Mark what a shape is put together from. */
static void mark_parts(const struct font *f, unsigned glyph, bool *used, int depth)
{
    enum { WORDS = 1, SCALE = 8, MORE = 0x20, SCALE_XY = 0x40, MATRIX = 0x80 };
    struct bytes shape = shape_of(f, glyph);
    uint32_t flags = MORE;
    size_t at = 10;
    if (s16_at(shape, 0) >= 0 || depth == DEPTH_MAX)
        return;
    while (flags & MORE && at + 4 <= shape.n) {
        flags = u16_at(shape, at);
        uint32_t other = u16_at(shape, at + 2);
        at += flags & WORDS ? 8 : 6;
        at += flags & SCALE ? 2U : flags & SCALE_XY ? 4U : flags & MATRIX ? 8U : 0U;
        if (other >= f->glyphs)
            continue;
        used[other] = true;
        mark_parts(f, other, used, depth + 1);
    }
}

static int put(struct buf *out, const void *p, size_t n)
{
    return buf_append(out, BYTES(p, n), SUBSET_BYTES_MAX);
}

static int put32(struct buf *out, uint32_t v)
{
    uint8_t b[4];
    put_u32(b, v);
    return put(out, b, sizeof b);
}

static int pad(struct buf *out)
{
    static const uint8_t none[4];
    return put(out, none, ((size_t)4 - out->n % 4) % 4);
}

/* The shapes used, and where each begins; the others are empty. */
static int put_shapes(const struct font *f, const bool *used, struct buf *glyf,
                      struct buf *loca)
{
    int err = put32(loca, 0);
    for (unsigned i = 0; i < f->glyphs && !err; i++) {
        struct bytes shape = used[i] ? shape_of(f, i) : BYTES(NULL, 0);
        err = put(glyf, shape.p, shape.n);
        if (!err)
            err = pad(glyf);
        if (!err)
            err = put32(loca, (uint32_t)glyf->n);
    }
    return err;
}

/* As head, but it says that places are written in four bytes. */
static int put_head(const struct font *f, struct buf *out)
{
    struct bytes head = table_of(f->file, "head");
    int err = put(out, head.p, head.n);
    if (!err && out->n >= 52)
        put_u16(out->p + 50, 1);
    return err;
}

static uint32_t sum_of(struct bytes b)
{
    uint32_t sum = 0;
    for (size_t at = 0; at < b.n; at += 4) {
        uint8_t word[4] = {0};
        memcpy(word, b.p + at, b.n - at < 4 ? b.n - at : 4);
        sum += get_u32(word);
    }
    return sum;
}

enum { PARTS = 9 };

/* The directory, then the tables, in the order of their names. */
static int put_font(const struct bytes parts[static PARTS], struct buf *out)
{
    static const char *const tags[PARTS] = {"cvt ", "fpgm", "glyf", "head", "hhea",
                                            "hmtx", "loca", "maxp", "prep"};
    size_t at = TABLES_AT + PARTS * (size_t)TABLE_RECORD_BYTES;
    /* How many, and for a search by halves: 16 times 8, the power of it, the rest. */
    int err = put32(out, 0x00010000);
    if (!err)
        err = put32(out, (uint32_t)PARTS << 16 | 128);
    if (!err)
        err = put32(out, (uint32_t)3 << 16 | (PARTS - 8) * 16);
    for (size_t i = 0; i < PARTS && !err; i++) {
        err = put(out, tags[i], 4);
        if (!err)
            err = put32(out, sum_of(parts[i]));
        if (!err)
            err = put32(out, (uint32_t)at);
        if (!err)
            err = put32(out, (uint32_t)parts[i].n);
        at += (parts[i].n + 3) / 4 * 4;
    }
    for (size_t i = 0; i < PARTS && !err; i++) {
        err = put(out, parts[i].p, parts[i].n);
        if (!err)
            err = pad(out);
    }
    return err;
}

int font_subset(const struct font *f, bool *used, struct buf *out)
{
    struct buf glyf = {0}, loca = {0}, head = {0};
    used[0] = true; /* what stands for a letter without a shape */
    for (unsigned i = 0; i < f->glyphs; i++)
        if (used[i])
            mark_parts(f, i, used, 0);
    int err = put_shapes(f, used, &glyf, &loca);
    if (!err)
        err = put_head(f, &head);
    struct bytes parts[PARTS] = {
        table_of(f->file, "cvt "), table_of(f->file, "fpgm"), BUF_BYTES(&glyf),
        BUF_BYTES(&head),          table_of(f->file, "hhea"), f->hmtx,
        BUF_BYTES(&loca),          table_of(f->file, "maxp"), table_of(f->file, "prep"),
    };
    if (!err)
        err = put_font(parts, out);
    buf_free(&glyf);
    buf_free(&loca);
    buf_free(&head);
    return err;
}
