/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* api.c -- requests and replies as bytes; see api.h for the form. */
#include "node/host/api.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/text.h"

enum {
    REQUEST_ITEMS_MAX = 128,
    REQUEST_PAIRS_MAX = 32,
    REPLY_ITEMS_MAX = 1 << 20,
    REPLY_ERR_MAX = 1000,
    ANSWER_HEAD_BYTES_MAX = 64, /* array, error, and the heads of map and rows */
};

/* ---- requests ------------------------------------------------------------ */

static void put_some(struct api_map *m, enum api_field f, uint64_t v)
{
    if (v > 0)
        api_put_uint(m, f, v);
}

/* A text of a request; unlike one of a reply it must be valid. */
static void put_checked(struct api_map *m, enum api_field f, struct bytes text)
{
    if (m->err == 0)
        m->err = text_check(text);
    api_put_text(m, f, text);
}

int api_encode(enum api_verb verb, const struct api_args *args, struct buf *out)
{
    struct api_map m = {0};
    api_put_uint(&m, F_VERB, (uint64_t)verb);
    if (args->has_group || args->group > 0)
        api_put_uint(&m, F_GROUP, args->group);
    if (args->name.n > 0)
        put_checked(&m, F_NAME, args->name);
    if (args->pseudonym.n > 0)
        put_checked(&m, F_PSEUDONYM, args->pseudonym);
    if (args->has_text || args->text.n > 0)
        put_checked(&m, F_TEXT, args->text);
    if (args->has_lifetime || args->lifetime > 0)
        api_put_uint(&m, F_LIFETIME, args->lifetime);
    api_put_flag(&m, F_STEWARD, args->steward);
    put_some(&m, F_USES, args->uses);
    put_some(&m, F_VALID_HOURS, args->valid_hours);
    put_some(&m, F_DELAY_MS, args->delay_ms);
    put_some(&m, F_DRAFT, args->draft);
    if (args->id.n > 0)
        api_put_bin(&m, F_ID, args->id);
    if (args->has_row || args->row > 0)
        api_put_uint(&m, F_ROW, args->row);
    api_put_flag(&m, F_UNREAD, args->unread_only);
    put_some(&m, F_AFTER, args->after);
    put_some(&m, F_LIMIT, args->limit);
    api_put_flag(&m, F_SMALL, args->small);
    api_put_flag(&m, F_WITH_TALK, args->with_talk);
    put_some(&m, F_SENTENCE_LANGUAGE, args->language);
    put_some(&m, F_ANSWER, args->answer);
    api_put_flag(&m, F_OPEN, args->open);
    if (args->secret.n > 0)
        api_put_bin(&m, F_SECRET, args->secret);
    put_some(&m, F_THREAD, args->thread);
    put_some(&m, F_LAST, args->last);
    api_put_flag(&m, F_ON, args->on);
    if (args->text_language.n > 0)
        put_checked(&m, F_TEXT_LANGUAGE, args->text_language);
    return api_map_end(&m, out, LIMIT_COMMAND_BYTES_MAX);
}

/* Numbers that the core holds in 32 bits must fit them. */
static void decode_field(struct mp_reader *r, uint64_t field, struct api_args *a)
{
    switch (field) {
    case F_GROUP:
        a->has_group = true;
        a->group = mp_read_uint(r, UINT32_MAX);
        break;
    case F_NAME: a->name = mp_read_str(r); break;
    case F_PSEUDONYM: a->pseudonym = mp_read_str(r); break;
    case F_TEXT:
        a->has_text = true;
        a->text = mp_read_str(r);
        break;
    case F_LIFETIME:
        a->has_lifetime = true;
        a->lifetime = mp_read_uint(r, UINT32_MAX);
        break;
    case F_STEWARD: a->steward = mp_read_uint(r, 1) == 1; break;
    case F_USES: a->uses = mp_read_uint(r, UINT32_MAX); break;
    case F_VALID_HOURS: a->valid_hours = mp_read_uint(r, UINT32_MAX); break;
    case F_DELAY_MS: a->delay_ms = mp_read_uint(r, UINT32_MAX); break;
    case F_DRAFT: a->draft = mp_read_uint(r, UINT64_MAX); break;
    case F_ID: a->id = mp_read_bin(r); break;
    case F_ROW:
        a->has_row = true;
        a->row = mp_read_uint(r, UINT64_MAX);
        break;
    case F_UNREAD: a->unread_only = mp_read_uint(r, 1) == 1; break;
    case F_AFTER: a->after = mp_read_uint(r, UINT64_MAX); break;
    case F_LIMIT: a->limit = mp_read_uint(r, UINT64_MAX); break;
    case F_SECRET: a->secret = mp_read_bin(r); break;
    case F_SMALL: a->small = mp_read_uint(r, 1) == 1; break;
    case F_WITH_TALK: a->with_talk = mp_read_uint(r, 1) == 1; break;
    case F_SENTENCE_LANGUAGE: a->language = mp_read_uint(r, UINT8_MAX); break;
    case F_ANSWER: a->answer = mp_read_uint(r, UINT8_MAX); break;
    case F_OPEN: a->open = mp_read_uint(r, 1) == 1; break;
    case F_THREAD: a->thread = mp_read_uint(r, UINT64_MAX); break;
    case F_LAST: a->last = mp_read_uint(r, UINT64_MAX); break;
    case F_TEXT_LANGUAGE: a->text_language = mp_read_str(r); break;
    case F_ON: a->on = mp_read_uint(r, 1) == 1; break;
    default: mp_skip(r);
    }
}

int api_decode(struct bytes request, enum api_verb *verb, struct api_args *args)
{
    struct api_args a = {0};
    if (request.n > LIMIT_COMMAND_BYTES_MAX)
        return ERR_TOOBIG;
    int err = mp_check(request, REQUEST_ITEMS_MAX);
    if (err < 0)
        return err;
    struct mp_reader r = mp_reader_of(request);
    uint32_t pairs = mp_read_map(&r, REQUEST_PAIRS_MAX);
    if (pairs == 0 || mp_read_uint(&r, UINT32_MAX) != F_VERB)
        return ERR_MALFORMED;
    uint64_t v = mp_read_uint(&r, UINT16_MAX);
    for (uint32_t i = 1; i < pairs; i++) {
        uint64_t field = mp_read_uint(&r, UINT64_MAX);
        decode_field(&r, field, &a);
    }
    err = mp_reader_end(&r);
    if (err < 0)
        return err;
    *verb = (enum api_verb)v;
    *args = a;
    return 0;
}

/* ---- reading replies ----------------------------------------------------- */

/* The span of the next value, which is skipped. */
static struct bytes reply_take(struct mp_reader *r)
{
    struct bytes before = r->left;
    mp_skip(r);
    return r->err == 0 ? BYTES(before.p, before.n - r->left.n) : BYTES(NULL, 0);
}

/* Find where each row lies; every row is a map. */
static int reply_index(struct api_reply *r)
{
    struct mp_reader rows = mp_reader_of(r->rows);
    uint32_t n = mp_read_array(&rows, REPLY_ITEMS_MAX);
    if (n == 0)
        return mp_reader_end(&rows);
    r->row = calloc(n, sizeof *r->row);
    if (!r->row)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < n; i++) {
        if (mp_peek(&rows) != MP_MAP)
            return ERR_MALFORMED;
        r->row[i] = reply_take(&rows);
    }
    r->rows_count = n;
    return mp_reader_end(&rows);
}

int api_reply_parse(struct api_reply *r)
{
    struct bytes whole = BUF_BYTES(&r->bytes);
    int err = mp_check(whole, REPLY_ITEMS_MAX);
    if (err < 0)
        return err;
    struct mp_reader in = mp_reader_of(whole);
    if (mp_read_array(&in, 3) != 3)
        return ERR_MALFORMED;
    r->err = -(int)mp_read_uint(&in, REPLY_ERR_MAX);
    if (mp_peek(&in) != MP_MAP)
        return ERR_MALFORMED;
    r->values = reply_take(&in);
    r->rows = reply_take(&in);
    err = mp_reader_end(&in);
    return err < 0 ? err : reply_index(r);
}

uint32_t api_rows(const struct api_reply *r)
{
    return r->rows_count;
}

struct bytes api_row(const struct api_reply *r, uint32_t i)
{
    if (i == UINT32_MAX)
        return r->values;
    return i < r->rows_count ? r->row[i] : BYTES(NULL, 0);
}

/* A reader that stands at the value of field `f`; false if the map lacks it. */
static bool map_find(struct bytes map, enum api_field f, struct mp_reader *r)
{
    *r = mp_reader_of(map);
    uint32_t pairs = mp_read_map(r, REPLY_ITEMS_MAX);
    for (uint32_t i = 0; i < pairs; i++) {
        uint64_t field = mp_read_uint(r, UINT64_MAX);
        if (r->err != 0 || field > (uint64_t)f)
            return false;
        if (field == (uint64_t)f)
            return true;
        mp_skip(r);
    }
    return false;
}

uint64_t api_uint(struct bytes map, enum api_field f, uint64_t otherwise)
{
    struct mp_reader r;
    if (!map_find(map, f, &r))
        return otherwise;
    uint64_t v = mp_read_uint(&r, UINT64_MAX);
    return r.err == 0 ? v : otherwise;
}

struct bytes api_bytes(struct bytes map, enum api_field f)
{
    struct mp_reader r;
    if (!map_find(map, f, &r))
        return BYTES(NULL, 0);
    return mp_peek(&r) == MP_BIN ? mp_read_bin(&r) : mp_read_str(&r);
}

bool api_has(struct bytes map, enum api_field f)
{
    struct mp_reader r;
    return map_find(map, f, &r);
}

void api_reply_free(struct api_reply *r)
{
    if (!r)
        return;
    buf_free(&r->bytes);
    free(r->row);
    *r = (struct api_reply){0};
}

/* ---- writing replies ----------------------------------------------------- */

/* Write a key; the value follows through the writer that comes back. */
static struct mp_writer map_key(struct api_map *m, enum api_field f)
{
    struct mp_writer w = mp_writer_to(&m->pairs, API_REPLY_BYTES_MAX);
    w.err = m->err;
    mp_uint(&w, (uint64_t)f);
    m->count++;
    return w;
}

void api_put_uint(struct api_map *m, enum api_field f, uint64_t v)
{
    struct mp_writer w = map_key(m, f);
    mp_uint(&w, v);
    m->err = w.err;
}

void api_put_flag(struct api_map *m, enum api_field f, bool v)
{
    if (v)
        api_put_uint(m, f, 1);
}

void api_put_text(struct api_map *m, enum api_field f, struct bytes text)
{
    struct mp_writer w = map_key(m, f);
    if (text_check(text) == 0)
        mp_str(&w, text);
    else
        mp_bin(&w, text);
    m->err = w.err;
}

void api_put_bin(struct api_map *m, enum api_field f, struct bytes b)
{
    struct mp_writer w = map_key(m, f);
    mp_bin(&w, b);
    m->err = w.err;
}

int api_map_end(struct api_map *m, struct buf *out, size_t bytes_max)
{
    size_t before = out->n;
    struct mp_writer w = mp_writer_to(out, bytes_max);
    w.err = m->err;
    mp_map(&w, m->count);
    if (w.err == 0)
        w.err = buf_append(out, BUF_BYTES(&m->pairs), bytes_max);
    if (w.err < 0)
        out->n = before;
    buf_free(&m->pairs);
    *m = (struct api_map){0};
    return w.err;
}

int api_answer_row(struct api_answer *a, struct api_map *row)
{
    size_t room = API_REPLY_BYTES_MAX - ANSWER_HEAD_BYTES_MAX - a->values.pairs.n;
    int err = api_map_end(row, &a->rows, room);
    if (err == 0)
        a->rows_count++;
    return err == ERR_TOOBIG ? ERR_FULL : err;
}

int api_answer_end(struct api_answer *a, struct buf *out)
{
    struct mp_writer w = mp_writer_to(out, out->n + API_REPLY_BYTES_MAX);
    if (a->err < 0) {
        buf_free(&a->rows);
        buf_free(&a->values.pairs);
        a->values = (struct api_map){0};
        a->rows_count = 0;
    }
    mp_array(&w, 3);
    mp_uint(&w, (uint64_t)-a->err);
    if (w.err == 0)
        w.err = api_map_end(&a->values, out, w.bytes_max);
    mp_array(&w, a->rows_count);
    if (w.err == 0)
        w.err = buf_append(out, BUF_BYTES(&a->rows), w.bytes_max);
    buf_free(&a->rows);
    buf_free(&a->values.pairs);
    *a = (struct api_answer){0};
    return w.err;
}
