/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* body.c -- the inside of a content entry, in its one canonical form (P7.5). */
#include <string.h>

#include "base/mp.h"
#include "node/core/envelope_int.h"

enum {
    BODY_ITEMS = 7,
    AGAIN_ITEMS = 3, /* one more if what is said again answers something */
    REPLY_ITEMS = 2,
    TEXT_ITEMS = 2, /* of a text whose language is said */
    BODY_OVERHEAD_BYTES = 512,
    KIND_MAX = 65535,
    LANGUAGE_BYTES_MIN = 2,
};

/* A run of dep prefixes: whole, at most sixteen, strictly rising. */
static bool deps_are_canonical(struct bytes deps)
{
    if (deps.n % DEP_BYTES != 0 || deps.n / DEP_BYTES > LIMIT_HEADS_MAX)
        return false;
    for (size_t i = DEP_BYTES; i < deps.n; i += DEP_BYTES)
        if (memcmp(deps.p + i - DEP_BYTES, deps.p + i, DEP_BYTES) >= 0)
            return false;
    return true;
}

bool body_language_ok(struct bytes tag)
{
    if (tag.n == 0)
        return true;
    if (tag.n < LANGUAGE_BYTES_MIN || tag.n > BODY_LANGUAGE_BYTES_MAX)
        return false;
    for (size_t i = 0; i < tag.n; i++)
        if ((tag.p[i] < 'a' || tag.p[i] > 'z') && tag.p[i] != '-')
            return false;
    return tag.p[0] != '-' && tag.p[tag.n - 1] != '-';
}

/* P7.8 */
static void write_text(struct mp_writer *w, const struct body *in)
{
    if (in->language.n > 0)
        mp_array(w, TEXT_ITEMS);
    mp_str(w, in->text);
    if (in->language.n > 0)
        mp_str(w, in->language);
}

static void read_text(struct mp_reader *r, struct body *out)
{
    bool says = mp_peek(r) == MP_ARRAY;
    if (says && mp_read_array(r, TEXT_ITEMS) != TEXT_ITEMS && !r->err)
        r->err = ERR_MALFORMED;
    out->text = mp_read_str(r);
    if (says)
        out->language = mp_read_str(r);
    if (!r->err && (!body_language_ok(out->language) || (says && !out->language.n)))
        r->err = ERR_MALFORMED;
}

/* The payload is canonical msgpack already. */
static int with_payload(const struct mp_writer *w, struct bytes payload,
                        struct buf *out)
{
    int err = mp_writer_end(w);
    return err ? err : buf_append(out, payload, out->n + LIMIT_BODY_BYTES_MAX);
}

int body_encode(const struct body *in, struct buf *out)
{
    if (in->text.n > LIMIT_BODY_BYTES_MAX)
        return ERR_TOOBIG;
    CHECK(deps_are_canonical(in->deps) && deps_are_canonical(in->control_deps));
    CHECK(body_language_ok(in->language));
    CHECK(in->reply.n == REPLY_BYTES || (in->reply.n == 0 && in->kind != BODY_REPLY));
    struct mp_writer w =
        mp_writer_to(out, out->n + LIMIT_BODY_BYTES_MAX + BODY_OVERHEAD_BYTES);
    mp_array(&w, BODY_ITEMS); /* P7.5 */
    mp_uint(&w, in->kind);
    mp_uint(&w, in->about_hour);
    mp_uint(&w, in->height);
    mp_uint(&w, in->distance);
    mp_bin(&w, in->deps);
    mp_bin(&w, in->control_deps);
    if (body_is_warning(in->kind))
        return with_payload(&w, in->payload, out);
    if (in->kind == BODY_AGAIN) { /* P8.11 */
        mp_array(&w, AGAIN_ITEMS + (in->reply.n > 0));
        mp_uint(&w, in->again_seq);
        mp_bin(&w, in->again);
    } else if (in->kind == BODY_REPLY) { /* P8.14 */
        mp_array(&w, REPLY_ITEMS);
    }
    if (in->reply.n > 0)
        mp_bin(&w, in->reply);
    write_text(&w, in);
    return mp_writer_end(&w);
}

static void read_again(struct mp_reader *r, struct body *out)
{
    uint32_t items = mp_read_array(r, AGAIN_ITEMS + 1);
    bool answers = items == AGAIN_ITEMS + 1;
    out->again_seq = (uint32_t)mp_read_uint(r, UINT32_MAX);
    out->again = mp_read_bin(r);
    if (answers)
        out->reply = mp_read_bin(r);
    read_text(r, out);
    if (r->err)
        return;
    if (items < AGAIN_ITEMS || out->again.n != DEP_BYTES ||
        out->reply.n != (answers ? REPLY_BYTES : 0))
        r->err = ERR_MALFORMED;
}

static void read_reply(struct mp_reader *r, struct body *out)
{
    uint32_t items = mp_read_array(r, REPLY_ITEMS);
    out->reply = mp_read_bin(r);
    read_text(r, out);
    if (!r->err && (items != REPLY_ITEMS || out->reply.n != REPLY_BYTES))
        r->err = ERR_MALFORMED;
}

bool body_is_text(uint32_t kind)
{
    return kind == BODY_TEXT || kind == BODY_AGAIN || kind == BODY_REPLY;
}

bool body_is_warning(uint32_t kind)
{
    return kind == BODY_WARNING || kind == BODY_WARNING_ACT;
}

/* What a later kring may read is kept as it is (P7.7). */
static void read_payload(struct mp_reader *r, struct body *out)
{
    const uint8_t *from = r->left.p;
    mp_skip(r);
    if (!r->err)
        out->payload = BYTES(from, (size_t)(r->left.p - from));
}

int body_decode(struct bytes span, struct body *out)
{
    memset(out, 0, sizeof *out);
    int err = mp_check(span, LIMIT_MP_ITEMS_MAX); /* P1.2 */
    if (err)
        return err;
    struct mp_reader r = mp_reader_of(span);
    if (mp_read_array(&r, BODY_ITEMS) != BODY_ITEMS)
        return ERR_MALFORMED;
    out->kind = (uint32_t)mp_read_uint(&r, KIND_MAX);
    out->about_hour = (uint32_t)mp_read_uint(&r, UINT32_MAX);
    out->height = mp_read_uint(&r, UINT64_MAX);
    if (out->height > BODY_HEIGHT_MAX)
        out->height = BODY_HEIGHT_MAX; /* P8.1 */
    out->distance = (uint32_t)mp_read_uint(&r, UINT32_MAX);
    out->deps = mp_read_bin(&r);
    out->control_deps = mp_read_bin(&r);
    if (out->kind == BODY_TEXT)
        read_text(&r, out);
    else if (out->kind == BODY_AGAIN)
        read_again(&r, out);
    else if (out->kind == BODY_REPLY)
        read_reply(&r, out);
    else if (body_is_warning(out->kind))
        read_payload(&r, out);
    else
        mp_skip(&r); /* P7.7 */
    err = mp_reader_end(&r);
    if (err)
        return err;
    if (!deps_are_canonical(out->deps) || !deps_are_canonical(out->control_deps))
        return ERR_MALFORMED;
    return out->text.n > LIMIT_BODY_BYTES_MAX ? ERR_TOOBIG : 0;
}
