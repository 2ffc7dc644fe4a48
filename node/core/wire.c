/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* wire.c -- see wire.h. */
#include "node/core/wire.h"

#include <string.h>

#include "base/cursor.h"

/* ---- positions -------------------------------------------------------------- */

void position_put(uint8_t out[static WIRE_POSITION_BYTES], const struct set_bound *at)
{
    put_u32(out, at->end_hour);
    memcpy(out + 4, at->id, 32);
}

void position_get(struct set_bound *at, const uint8_t in[static WIRE_POSITION_BYTES])
{
    at->end_hour = get_u32(in);
    memcpy(at->id, in + 4, 32);
}

int position_order(const struct set_bound *a, const struct set_bound *b)
{
    if (a->end_hour != b->end_hour)
        return a->end_hour < b->end_hour ? -1 : 1;
    return memcmp(a->id, b->id, 32);
}

static void write_position(struct writer *w, const struct set_bound *at)
{
    uint8_t bytes[WIRE_POSITION_BYTES];
    position_put(bytes, at);
    write_bytes(w, BYTES_OF(bytes));
}

static void read_position(struct reader *r, struct set_bound *at)
{
    uint8_t bytes[WIRE_POSITION_BYTES];
    read_copy(r, bytes, sizeof bytes);
    position_get(at, bytes);
}

/* ---- reading ---------------------------------------------------------------- */

int wire_next(struct bytes stream, struct bytes *message, size_t *used)
{
    if (stream.n < 4)
        return 0;
    size_t length = get_u32(stream.p);
    if (length == 0)
        return ERR_MALFORMED;
    if (length > LIMIT_WIRE_MESSAGE_BYTES_MAX) /* P9.8 */
        return ERR_TOOBIG;
    if (stream.n - 4 < length)
        return 0;
    *message = BYTES(stream.p + 4, length);
    *used = 4 + length;
    return 1;
}

static void read_sum(struct reader *r, struct range_sum *sum)
{
    sum->count = read_u32(r);
    read_copy(r, sum->fingerprint, sizeof sum->fingerprint);
}

static void read_hello(struct reader *r, struct wire_hello *h)
{
    h->version = read_u8(r);
    h->hour = read_u32(r);
    h->mark = read_u32(r);
    h->seq = read_u32(r);
    read_copy(r, h->hash, 32);
    for (size_t i = 0; i < SETS_SMALL; i++)
        read_sum(r, &h->sums[i]);
    if (!r->err && h->version == 0)
        reader_fail(r, ERR_MALFORMED);
    if (h->version > 1) /* a later form may say more */
        (void)read_bytes(r, r->left.n);
}

static void read_set(struct reader *r, struct wire_range *range)
{
    range->set = read_u8(r);
    range->topic = read_u16(r);
    if (!r->err && range->set > SET_CONTENT)
        reader_fail(r, ERR_MALFORMED);
}

static void read_bounds(struct reader *r, struct wire_range *range)
{
    read_set(r, range);
    read_position(r, &range->lo);
    read_position(r, &range->hi);
    if (!r->err && position_order(&range->lo, &range->hi) >= 0)
        reader_fail(r, ERR_MALFORMED);
}

/* Positions; of ids they must rise and lie in the range. */
static void read_ids(struct reader *r, struct wire_message *m, uint32_t count_max)
{
    m->ids_count = read_u16(r);
    if (!r->err && m->ids_count > count_max)
        reader_fail(r, ERR_MALFORMED);
    m->ids = read_bytes(r, (size_t)m->ids_count * WIRE_POSITION_BYTES);
    if (r->err)
        m->ids_count = 0;
}

static bool ids_rise(const struct wire_message *m)
{
    struct set_bound before = m->range.lo, at;
    for (uint32_t i = 0; i < m->ids_count; i++) {
        position_get(&at, m->ids.p + (size_t)i * WIRE_POSITION_BYTES);
        int order = position_order(&before, &at);
        if (order > 0 || (i > 0 && order == 0) ||
            position_order(&at, &m->range.hi) >= 0)
            return false;
        before = at;
    }
    return true;
}

/* A form has a version: a later one may say more at its end. */
static uint8_t read_version(struct reader *r)
{
    uint8_t version = read_u8(r);
    if (version == 0 && !r->err)
        reader_fail(r, ERR_MALFORMED);
    return version;
}

static void read_rest(struct reader *r, uint8_t version)
{
    if (version > WIRE_JOIN_VERSION)
        (void)read_bytes(r, r->left.n);
}

static struct bytes read_name(struct reader *r)
{
    uint8_t n = read_u8(r);
    if (n > LIMIT_NAME_BYTES_MAX)
        reader_fail(r, ERR_MALFORMED);
    return read_bytes(r, n);
}

static void read_join(struct reader *r, struct wire_join *j)
{
    uint8_t version = read_version(r);
    read_copy(r, j->member_pk, 32);
    read_copy(r, j->transport_pk, 32);
    read_copy(r, j->prekey_pk, 32);
    read_copy(r, j->proof, 64);
    read_copy(r, j->signature, 64);
    read_copy(r, j->commitment, 32);
    j->name = read_name(r);
    read_rest(r, version);
}

static void read_asked(struct reader *r, struct wire_asked *a)
{
    uint8_t version = read_version(r);
    read_copy(r, a->nonce, 32);
    a->language = read_u8(r);
    a->name = read_name(r);
    read_rest(r, version);
}

static void read_body(struct reader *r, struct wire_message *m)
{
    m->body = read_bytes(r, r->left.n);
    if (m->body.n == 0)
        reader_fail(r, ERR_MALFORMED);
}

static void read_compare(struct reader *r, struct wire_compare *m)
{
    m->step = read_u8(r);
    m->language = read_u8(r);
    read_copy(r, m->commitment, sizeof m->commitment);
    read_copy(r, m->nonce, sizeof m->nonce);
}

static void read_sets(struct reader *r, struct wire_message *m)
{
    switch (m->type) {
    case WIRE_RANGE:
        read_bounds(r, &m->range);
        read_sum(r, &m->range.sum);
        break;
    case WIRE_IDS:
        read_bounds(r, &m->range);
        read_ids(r, m, LIMIT_RANGE_IDS_MAX);
        if (!r->err && !ids_rise(m))
            reader_fail(r, ERR_MALFORMED);
        break;
    default:
        read_set(r, &m->range);
        read_ids(r, m, WIRE_WANT_IDS_MAX);
        break;
    }
}

int wire_decode(struct bytes message, struct wire_message *out)
{
    struct reader r = reader_of(message);
    memset(out, 0, sizeof *out);
    out->type = read_u8(&r);
    switch (out->type) {
    case WIRE_HELLO: read_hello(&r, &out->hello); break;
    case WIRE_CONTROL:
    case WIRE_PAGE:
    case WIRE_CARD: read_body(&r, out); break;
    case WIRE_ENTRY:
        out->topic = read_u16(&r);
        read_body(&r, out);
        break;
    case WIRE_RANGE:
    case WIRE_IDS:
    case WIRE_WANT: read_sets(&r, out); break;
    case WIRE_TOPIC:
        out->topic = read_u16(&r);
        read_copy(&r, out->topic_pk, 32);
        break;
    case WIRE_DONE:
    case WIRE_REFUSED: out->code = read_u8(&r); break;
    case WIRE_JOIN: read_join(&r, &out->join); break;
    case WIRE_ASKED: read_asked(&r, &out->asked); break;
    case WIRE_REVEAL: read_copy(&r, out->nonce, 32); break;
    case WIRE_COMPARE: read_compare(&r, &out->compare); break;
    case WIRE_WELCOME:
        out->code = read_u8(&r);
        out->body = read_bytes(&r, r.left.n);
        break;
    default: return r.err ? r.err : 1;
    }
    return reader_end(&r);
}

/* ---- writing ---------------------------------------------------------------- */

int wire_put(struct buf *out, uint8_t type, struct bytes a, struct bytes b)
{
    uint8_t head[WIRE_HEAD_BYTES];
    size_t length = 1 + a.n + b.n;
    if (length > LIMIT_WIRE_MESSAGE_BYTES_MAX)
        return ERR_TOOBIG;
    put_u32(head, (uint32_t)length);
    head[4] = type;
    /* Reserved whole, so that no piece of a message ever stands in the stream. */
    int err = buf_reserve(out, 4 + length, WIRE_QUEUE_BYTES_MAX);
    if (!err)
        err = buf_append(out, BYTES_OF(head), WIRE_QUEUE_BYTES_MAX);
    if (!err)
        err = buf_append(out, a, WIRE_QUEUE_BYTES_MAX);
    return err ? err : buf_append(out, b, WIRE_QUEUE_BYTES_MAX);
}

static int put_written(struct buf *out, uint8_t type, const struct writer *w,
                       struct bytes rest)
{
    int err = writer_end(w);
    return err ? err : wire_put(out, type, BYTES(w->to->p, w->to->n), rest);
}

static void write_sum(struct writer *w, const struct range_sum *sum)
{
    write_u32(w, sum->count > UINT32_MAX ? UINT32_MAX : (uint32_t)sum->count);
    write_bytes(w, BYTES_OF(sum->fingerprint));
}

int wire_put_hello(struct buf *out, const struct wire_hello *hello)
{
    uint8_t bytes[128];
    struct room room = ROOM_OF(bytes);
    struct writer w = writer_to(&room);
    write_u8(&w, hello->version);
    write_u32(&w, hello->hour);
    write_u32(&w, hello->mark);
    write_u32(&w, hello->seq);
    write_bytes(&w, BYTES_OF(hello->hash));
    for (size_t i = 0; i < SETS_SMALL; i++)
        write_sum(&w, &hello->sums[i]);
    return put_written(out, WIRE_HELLO, &w, BYTES(NULL, 0));
}

static void write_bounds(struct writer *w, const struct wire_range *range)
{
    write_u8(w, range->set);
    write_u16(w, range->topic);
    write_position(w, &range->lo);
    write_position(w, &range->hi);
}

int wire_put_range(struct buf *out, const struct wire_range *range)
{
    uint8_t bytes[128];
    struct room room = ROOM_OF(bytes);
    struct writer w = writer_to(&room);
    write_bounds(&w, range);
    write_sum(&w, &range->sum);
    return put_written(out, WIRE_RANGE, &w, BYTES(NULL, 0));
}

int wire_put_ids(struct buf *out, const struct wire_range *range, struct bytes ids)
{
    uint8_t bytes[128];
    struct room room = ROOM_OF(bytes);
    struct writer w = writer_to(&room);
    write_bounds(&w, range);
    write_u16(&w, (uint16_t)(ids.n / WIRE_POSITION_BYTES));
    return put_written(out, WIRE_IDS, &w, ids);
}

int wire_put_want(struct buf *out, const struct wire_range *range, struct bytes ids)
{
    uint8_t bytes[8];
    struct room room = ROOM_OF(bytes);
    struct writer w = writer_to(&room);
    write_u8(&w, range->set);
    write_u16(&w, range->topic);
    write_u16(&w, (uint16_t)(ids.n / WIRE_POSITION_BYTES));
    return put_written(out, WIRE_WANT, &w, ids);
}

int wire_put_topic(struct buf *out, uint16_t number, const uint8_t topic[static 32])
{
    uint8_t bytes[2];
    put_u16(bytes, number);
    return wire_put(out, WIRE_TOPIC, BYTES_OF(bytes), BYTES(topic, 32));
}

int wire_put_entry(struct buf *out, uint16_t topic, struct bytes envelope)
{
    uint8_t bytes[2];
    put_u16(bytes, topic);
    return wire_put(out, WIRE_ENTRY, BYTES_OF(bytes), envelope);
}

int wire_put_code(struct buf *out, uint8_t type, uint8_t code)
{
    return wire_put(out, type, BYTES(&code, 1), BYTES(NULL, 0));
}

int wire_put_join(struct buf *out, const struct wire_join *join)
{
    uint8_t bytes[320];
    struct room room = ROOM_OF(bytes);
    struct writer w = writer_to(&room);
    write_u8(&w, WIRE_JOIN_VERSION);
    write_bytes(&w, BYTES_OF(join->member_pk));
    write_bytes(&w, BYTES_OF(join->transport_pk));
    write_bytes(&w, BYTES_OF(join->prekey_pk));
    write_bytes(&w, BYTES_OF(join->proof));
    write_bytes(&w, BYTES_OF(join->signature));
    write_bytes(&w, BYTES_OF(join->commitment));
    write_u8(&w, (uint8_t)join->name.n);
    return put_written(out, WIRE_JOIN, &w, join->name);
}

int wire_put_asked(struct buf *out, const struct wire_asked *asked)
{
    uint8_t bytes[64];
    struct room room = ROOM_OF(bytes);
    struct writer w = writer_to(&room);
    write_u8(&w, WIRE_JOIN_VERSION);
    write_bytes(&w, BYTES_OF(asked->nonce));
    write_u8(&w, asked->language);
    write_u8(&w, (uint8_t)asked->name.n);
    return put_written(out, WIRE_ASKED, &w, asked->name);
}

int wire_put_reveal(struct buf *out, const uint8_t nonce[static 32])
{
    return wire_put(out, WIRE_REVEAL, BYTES(nonce, 32), BYTES(NULL, 0));
}

int wire_put_compare(struct buf *out, const struct wire_compare *m)
{
    uint8_t bytes[2 + 32 + 32];
    struct room room = ROOM_OF(bytes);
    struct writer w = writer_to(&room);
    write_u8(&w, m->step);
    write_u8(&w, m->language);
    write_bytes(&w, BYTES_OF(m->commitment));
    write_bytes(&w, BYTES_OF(m->nonce));
    return put_written(out, WIRE_COMPARE, &w, BYTES(NULL, 0));
}

int wire_put_welcome(struct buf *out, uint8_t part, struct bytes body)
{
    return wire_put(out, WIRE_WELCOME, BYTES(&part, 1), body);
}
