/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text.c -- checking, cleaning and comparing text (utf8proc knows the letters).
 *
 * Buffers in between may hold what people said: they are ours and wiped, which
 * is why utf8proc_map() with its own memory is not used.
 */
#include "base/text.h"

#include <utf8proc.h>

#include "base/limits.h"

/* ---- code points ---------------------------------------------------------- */

/* Take the next code point of `s`; its length in bytes, or 0 for a broken byte
 * and for the end. */
static size_t point_take(struct bytes s, int32_t *point)
{
    *point = -1;
    if (s.n == 0)
        return 0;
    /* Four bytes are enough for any code point. */
    utf8proc_ssize_t n = s.n > 4 ? 4 : (utf8proc_ssize_t)s.n;
    utf8proc_ssize_t used = utf8proc_iterate(s.p, n, point);
    return used > 0 ? (size_t)used : 0;
}

static struct bytes bytes_after(struct bytes s, size_t n)
{
    return BYTES(s.p + n, s.n - n);
}

int text_check(struct bytes s)
{
    while (s.n > 0) {
        int32_t point;
        size_t n = point_take(s, &point);
        if (n == 0 || point == 0)
            return ERR_UTF8;
        s = bytes_after(s, n);
    }
    return 0;
}

struct range {
    int32_t first, last;
};

static bool in_ranges(int32_t point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

/* Signs of category Cf that are drawn: Arabic, Syriac and Kaithi marks that
 * enclose the digits after them. */
static const struct range drawn_format[] = {
    {0x0600, 0x0605}, {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},
    {0x08e2, 0x08e2}, {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
};

/* Code points of other categories that draw nothing: joiners, Hangul fillers,
 * Khmer inherent vowels, variation selectors, the empty Braille cell. */
static const struct range undrawn[] = {
    {0x034f, 0x034f}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
    {0x180b, 0x180f}, {0x2800, 0x2800}, {0x3164, 0x3164},
    {0xfe00, 0xfe0f}, {0xffa0, 0xffa0}, {0xe0100, 0xe01ef},
};

/* True if a terminal may show `point` as it is. */
static bool point_is_plain(int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CC: return point == '\n';
    case UTF8PROC_CATEGORY_CF:
        return in_ranges(point, drawn_format,
                         sizeof drawn_format / sizeof *drawn_format);
    case UTF8PROC_CATEGORY_CN: /* unassigned */
    case UTF8PROC_CATEGORY_CS: /* surrogates */
    case UTF8PROC_CATEGORY_CO: /* private use: nobody knows how it looks */
    case UTF8PROC_CATEGORY_ZL: /* a second kind of line break */
    case UTF8PROC_CATEGORY_ZP: return false;
    default: return !in_ranges(point, undrawn, sizeof undrawn / sizeof *undrawn);
    }
}

/* ---- escape sequences ----------------------------------------------------- */

enum { ESC = 0x1b, BEL = 0x07, C1_FIRST = 0x80, C1_LAST = 0x9f };

/* How many bytes of `s` from `at` on lie in first..last. */
static size_t run_of(struct bytes s, size_t at, uint8_t first, uint8_t last)
{
    size_t n = 0;
    while (at + n < s.n && s.p[at + n] >= first && s.p[at + n] <= last)
        n++;
    return n;
}

/* A control string (window titles, clipboard writes) ends with BEL or ST.  One
 * without an end on its line loses only its opening `at` bytes: dropping the
 * rest would let a stranger hide whatever follows. */
static size_t string_length(struct bytes s, size_t at)
{
    for (size_t i = at; i < s.n && s.p[i] != '\n'; i++) {
        if (s.p[i] == BEL)
            return i + 1;
        if (i + 1 < s.n && ((s.p[i] == ESC && s.p[i + 1] == '\\') ||
                            (s.p[i] == 0xc2 && s.p[i + 1] == 0x9c)))
            return i + 2;
    }
    return at;
}

/* The length of the sequence that the introducer `kind` (the byte after ESC)
 * begins, where `at` bytes are read already. */
static size_t sequence_length(struct bytes s, size_t at, int32_t kind)
{
    switch (kind) {
    case '[': /* parameters, intermediates, one final byte */
        at += run_of(s, at, 0x30, 0x3f);
        at += run_of(s, at, 0x20, 0x2f);
        return at < s.n && s.p[at] >= 0x40 && s.p[at] <= 0x7e ? at + 1 : at;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_': return string_length(s, at);
    default: return at;
    }
}

/* The length of the escape sequence at the start of `s`, whose first code point
 * is `point` of `n` bytes; 0 if there is none. */
static size_t escape_length(struct bytes s, int32_t point, size_t n)
{
    if (point >= C1_FIRST && point <= C1_LAST)
        return sequence_length(s, n, point - C1_FIRST + '@');
    if (point != ESC)
        return 0;
    size_t middle = run_of(s, n, 0x20, 0x2f);
    size_t end = n + middle;
    if (end == s.n || s.p[end] < 0x30 || s.p[end] > 0x7e)
        return n;
    return middle == 0 ? sequence_length(s, end + 1, s.p[end]) : end + 1;
}

/* ---- cleaning ------------------------------------------------------------- */

/* How many code points (or broken bytes) the `n` first bytes of `s` are. */
static size_t points_in(struct bytes s, size_t n)
{
    size_t count = 0;
    for (size_t at = 0; at < n; count++) {
        int32_t point;
        size_t used = point_take(BYTES(s.p + at, n - at), &point);
        at += used > 0 ? used : 1;
    }
    return count;
}

/* Append what stays of the front of `s`; the bytes dealt with go to `*used`. */
static int clean_front(struct bytes s, struct buf *out, size_t bytes_max, size_t *used,
                       size_t *removed)
{
    int32_t point;
    size_t n = point_take(s, &point);
    *used = n > 0 ? n : 1;
    if (n > 0 && point == '\t')
        return buf_append(out, BYTES(" ", 1), bytes_max);
    if (n > 0 && point_is_plain(point))
        return buf_append(out, BYTES(s.p, n), bytes_max);
    size_t escape = n > 0 ? escape_length(s, point, n) : 0;
    if (escape > 0)
        *used = escape;
    *removed += points_in(s, *used);
    return 0;
}

/* Take back what was appended to `out` after its first `n` bytes. */
static void buf_cut(struct buf *out, size_t n)
{
    if (out->n > n)
        wipe(out->p + n, out->n - n);
    out->n = n;
}

int text_clean(struct bytes s, struct buf *out, size_t bytes_max, size_t *removed)
{
    size_t before = out->n;
    *removed = 0;
    while (s.n > 0) {
        size_t used;
        int err = clean_front(s, out, bytes_max, &used, removed);
        if (err < 0) {
            buf_cut(out, before);
            return err;
        }
        s = bytes_after(s, used);
    }
    return 0;
}

/* ---- normal forms --------------------------------------------------------- */

static int err_of_utf8proc(utf8proc_ssize_t code)
{
    switch (code) {
    case UTF8PROC_ERROR_NOMEM: return ERR_NOMEM;
    case UTF8PROC_ERROR_OVERFLOW: return ERR_TOOBIG;
    default: return ERR_UTF8;
    }
}

/* Put the normal form of `s` into the empty `form`, bounded only by how much a
 * decomposition can grow. */
static int normalize(struct bytes s, int options, struct buf *form)
{
    int err = text_check(s);
    if (err < 0 || s.n == 0)
        return err;
    utf8proc_option_t how = (utf8proc_option_t)options;
    utf8proc_ssize_t len = (utf8proc_ssize_t)s.n;
    utf8proc_ssize_t points = utf8proc_decompose(s.p, len, NULL, 0, how);
    if (points < 0)
        return err_of_utf8proc(points);
    /* The code points are turned into UTF-8 where they lie; one more for the end. */
    size_t bytes = ((size_t)points + 1) * sizeof(int32_t);
    err = buf_reserve(form, bytes, bytes);
    if (err < 0)
        return err;
    int32_t *wide = (int32_t *)(void *)form->p; /* malloc aligned it */
    points = utf8proc_decompose(s.p, len, wide, points, how);
    if (points >= 0)
        points = utf8proc_reencode(wide, points, how);
    if (points < 0)
        return err_of_utf8proc(points);
    form->n = (size_t)points;
    return 0;
}

int text_nfc(struct bytes s, struct buf *out, size_t bytes_max)
{
    struct buf form = {0};
    int err = normalize(s, UTF8PROC_STABLE | UTF8PROC_COMPOSE, &form);
    if (err == 0)
        err = buf_append(out, BUF_BYTES(&form), bytes_max);
    buf_free(&form);
    return err;
}

static bool point_is_space(int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC: return true;
    default: return false;
    }
}

/* Append `s` with each run of spaces as one, and none at either end. */
static int join_spaces(struct bytes s, struct buf *out, size_t bytes_max)
{
    size_t before = out->n;
    bool gap = false;
    int err = 0;
    while (s.n > 0 && err == 0) {
        int32_t point;
        size_t n = point_take(s, &point);
        if (point_is_space(point)) {
            gap = out->n > before;
        } else {
            if (gap)
                err = buf_append(out, BYTES(" ", 1), bytes_max);
            if (err == 0)
                err = buf_append(out, BYTES(s.p, n), bytes_max);
            gap = false;
        }
        s = bytes_after(s, n);
    }
    if (err < 0)
        buf_cut(out, before);
    return err;
}

static bool is_ascii(struct bytes s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= 0x80)
            return false;
    return true;
}

/* Of ASCII only capitals and spaces change: most texts that are searched need no
 * tables.
 */
static int fold_ascii(struct bytes s, struct buf *out, size_t bytes_max)
{
    enum { DELETE = 0x7f };
    struct buf folded = {0};
    bool gap = false;
    int err = text_check(s);
    if (err == 0)
        err = buf_reserve(&folded, s.n, SIZE_MAX / 2);
    for (size_t i = 0; i < s.n && err == 0; i++) {
        uint8_t c = s.p[i];
        if (c <= ' ' || c == DELETE) {
            gap = folded.n > 0;
            continue;
        }
        if (gap)
            folded.p[folded.n++] = ' ';
        gap = false;
        folded.p[folded.n++] = c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
    }
    if (err == 0)
        err = buf_append(out, BUF_BYTES(&folded), bytes_max);
    buf_free(&folded);
    return err;
}

int text_fold(struct bytes s, struct buf *out, size_t bytes_max)
{
    if (is_ascii(s))
        return fold_ascii(s, out, bytes_max);
    struct buf composed = {0}, folded = {0};
    int how = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_IGNORE;
    /* Folding turns the Greek mark U+0345 into a letter, behind which later marks
     * then stay.  So the marks are put in order first, or two spellings of one
     * name would have two keys. */
    int err = normalize(s, how, &composed);
    if (err == 0)
        err = normalize(BUF_BYTES(&composed), how | UTF8PROC_CASEFOLD, &folded);
    if (err == 0)
        err = join_spaces(BUF_BYTES(&folded), out, bytes_max);
    buf_free(&composed);
    buf_free(&folded);
    return err;
}

int text_bare(struct bytes s, struct buf *out, size_t bytes_max)
{
    if (is_ascii(s))
        return fold_ascii(s, out, bytes_max);
    struct buf folded = {0}, bare = {0};
    int err = text_fold(s, &folded, SIZE_MAX / 2);
    if (err == 0)
        err =
            normalize(BUF_BYTES(&folded),
                      UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK, &bare);
    if (err == 0)
        err = buf_append(out, BUF_BYTES(&bare), bytes_max);
    buf_free(&folded);
    buf_free(&bare);
    return err;
}

bool text_has_letter(struct bytes s)
{
    while (s.n > 0) {
        int32_t point;
        size_t n = point_take(s, &point);
        utf8proc_category_t is = utf8proc_category(point);
        if ((is >= UTF8PROC_CATEGORY_LU && is <= UTF8PROC_CATEGORY_LO) ||
            (is >= UTF8PROC_CATEGORY_ND && is <= UTF8PROC_CATEGORY_NO))
            return true;
        s = bytes_after(s, n);
    }
    return false;
}

struct bytes text_part(struct bytes s, size_t bytes_max)
{
    enum { FOLLOWS = 0x80, FOLLOWS_MASK = 0xc0 };
    if (s.n <= bytes_max)
        return s;
    size_t n = bytes_max;
    while (n > 0 && (s.p[n] & FOLLOWS_MASK) == FOLLOWS)
        n--;
    return BYTES(s.p, n);
}

/* ---- width and names ------------------------------------------------------ */

size_t text_width(struct bytes s)
{
    size_t columns = 0;
    while (s.n > 0) {
        int32_t point;
        size_t n = point_take(s, &point);
        if (n == 0)
            return 0;
        int width = utf8proc_charwidth(point);
        columns += width > 0 ? (size_t)width : 0;
        s = bytes_after(s, n);
    }
    return columns;
}

int text_check_name(struct bytes s)
{
    if (s.n > LIMIT_NAME_BYTES_MAX)
        return ERR_TOOBIG;
    int err = text_check(s);
    if (err < 0)
        return err;
    size_t columns = text_width(s);
    bool seen = false;
    while (s.n > 0) {
        int32_t point;
        size_t n = point_take(s, &point);
        if (point == '\n' || !point_is_plain(point))
            return ERR_MALFORMED;
        seen = seen || (!point_is_space(point) && utf8proc_charwidth(point) > 0);
        s = bytes_after(s, n);
    }
    if (!seen)
        return ERR_EMPTY;
    return columns > TEXT_NAME_COLUMNS_MAX ? ERR_TOOBIG : 0;
}
