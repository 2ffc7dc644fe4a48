/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* control_body.c -- the bodies of control entries, from one table (P4.8).
 *
 * A body is a canonical map.  Fields above those listed are skipped, so that a later
 * kring may say more (P1.3).
 */
#include "node/core/control_body.h"

#include "base/mp.h"
#include "node/core/control_int.h"

enum field_type { FIELD_FIXED, FIELD_LIST, FIELD_UINT };

struct field {
    uint8_t kind, key, type;
    bool optional;
    uint32_t bytes; /* of a fixed field, or of one item of a list */
    uint32_t max;   /* most items of a list, or the largest integer */
};

static const struct field fields[] = {
    {CONTROL_CREATE, CREATE_SALT, FIELD_FIXED, false, 32, 0},
    {CONTROL_CREATE, CREATE_TRANSPORT, FIELD_FIXED, false, 32, 0},
    {CONTROL_CREATE, CREATE_PREKEY, FIELD_FIXED, false, 32, 0},
    {CONTROL_CREATE, CREATE_COMMIT, FIELD_FIXED, false, 32, 0},
    {CONTROL_CREATE, CREATE_LIFETIME, FIELD_UINT, false, 0, 8760},
    {CONTROL_CREATE, CREATE_OWN, FIELD_FIXED, false, 32, 0},
    {CONTROL_CREATE, CREATE_LANES, FIELD_FIXED, false, 32, 0},
    {CONTROL_ADD, ADD_MEMBER, FIELD_FIXED, false, 32, 0},
    {CONTROL_ADD, ADD_TRANSPORT, FIELD_FIXED, false, 32, 0},
    {CONTROL_ADD, ADD_PREKEY, FIELD_FIXED, false, 32, 0},
    {CONTROL_ADD, ADD_ROLE, FIELD_UINT, false, 0, ROLE_STEWARD},
    {CONTROL_ADD, ADD_NONCE, FIELD_FIXED, false, 32, 0},
    {CONTROL_ADD, ADD_PARENTS, FIELD_LIST, false, 32, LIMIT_EPOCHS_OPEN_MAX},
    {CONTROL_ADD, ADD_LANE, FIELD_FIXED, false, 32, 0},
    {CONTROL_ADD, ADD_COMMIT, FIELD_FIXED, false, 32, 0},
    {CONTROL_ADD, ADD_INVITE, FIELD_FIXED, false, 32, 0},
    {CONTROL_ADD, ADD_PROOF, FIELD_FIXED, false, 64, 0},
    {CONTROL_ADD, ADD_OWN, FIELD_FIXED, false, 32, 0},
    {CONTROL_ADD, ADD_COMPARED, FIELD_UINT, true, 0, 1},
    {CONTROL_REKEY, REKEY_COMMIT, FIELD_FIXED, false, 32, 0},
    {CONTROL_REKEY, REKEY_LIST, FIELD_FIXED, false, 16, 0},
    {CONTROL_REKEY, REKEY_PAGES, FIELD_LIST, false, 32, 64},
    {CONTROL_REKEY, REKEY_PREKEY, FIELD_FIXED, true, 32, 0},
    {CONTROL_REKEY, REKEY_OWN, FIELD_FIXED, false, 32, 0},
    {CONTROL_REKEY, REKEY_LANES, FIELD_FIXED, false, 32, 0},
    {CONTROL_REKEY, REKEY_MIXED, FIELD_UINT, true, 0, 1},
    {CONTROL_FORWARD, FORWARD_EPOCH, FIELD_FIXED, false, 32, 0},
    {CONTROL_FORWARD, FORWARD_MEMBER, FIELD_FIXED, false, 32, 0},
    {CONTROL_FORWARD, FORWARD_PREKEY, FIELD_FIXED, false, 32, 0},
    {CONTROL_FORWARD, FORWARD_BOX, FIELD_FIXED, false, FORWARD_BOX_BYTES, 0},
    {CONTROL_NOKEY, NOKEY_EPOCHS, FIELD_LIST, false, 32, LIMIT_EPOCHS_OPEN_MAX},
    {CONTROL_NOKEY, NOKEY_PREKEY, FIELD_FIXED, true, 32, 0},
    {CONTROL_PREKEY, PREKEY_KEY, FIELD_FIXED, false, 32, 0},
    {CONTROL_INVITE, INVITE_KEY, FIELD_FIXED, false, 32, 0},
    {CONTROL_INVITE, INVITE_PSK, FIELD_FIXED, false, 32, 0},
    {CONTROL_INVITE, INVITE_USES, FIELD_UINT, false, 0, UINT32_MAX},
    {CONTROL_INVITE, INVITE_END, FIELD_UINT, false, 0, UINT32_MAX},
    {CONTROL_INVITE, INVITE_ROLE, FIELD_UINT, false, 0, ROLE_STEWARD},
    {CONTROL_INVITE, INVITE_ASKS, FIELD_UINT, true, 0, 1},
    {CONTROL_INVITE, INVITE_LANGUAGE, FIELD_UINT, true, 0, UINT8_MAX},
    {CONTROL_SEEN, SEEN_ENTRIES, FIELD_LIST, false, 32, SEEN_ENTRIES_MAX},
};
enum { FIELDS_COUNT = sizeof fields / sizeof *fields };

static const struct field *find_field(uint8_t kind, uint64_t key)
{
    for (size_t i = 0; i < FIELDS_COUNT; i++)
        if (fields[i].kind == kind && fields[i].key == key)
            return &fields[i];
    return NULL;
}

static void read_field(struct mp_reader *r, const struct field *f,
                       struct control_body *out)
{
    if (f->type == FIELD_UINT) {
        out->uint[f->key] = mp_read_uint(r, f->max);
        return;
    }
    struct bytes b = mp_read_bin(r);
    bool fits = f->type == FIELD_FIXED
                    ? b.n == f->bytes
                    : b.n % f->bytes == 0 && b.n / f->bytes <= f->max;
    if (!fits && !r->err)
        r->err = ERR_MALFORMED;
    out->bin[f->key] = b;
}

int control_body_decode(uint8_t kind, struct bytes body, struct control_body *out)
{
    uint32_t want = 0, got = 0; /* bit k: field k */
    *out = (struct control_body){0};
    for (size_t i = 0; i < FIELDS_COUNT; i++)
        if (fields[i].kind == kind && !fields[i].optional)
            want |= 1U << fields[i].key;
    if (want == 0)
        return ERR_NOTFOUND;
    struct mp_reader r = mp_reader_of(body);
    uint32_t pairs = mp_read_map(&r, LIMIT_MP_ITEMS_MAX);
    for (uint32_t i = 0; i < pairs && !r.err; i++) {
        const struct field *f = find_field(kind, mp_read_uint(&r, UINT64_MAX));
        if (f) {
            read_field(&r, f, out);
            got |= 1U << f->key;
        } else {
            mp_skip(&r); /* P1.3 */
        }
    }
    if (mp_reader_end(&r) || (got & want) != want)
        return ERR_MALFORMED;
    return 0;
}

/* A list may be there and empty: only an optional field is left out. */
static bool is_written(const struct field *f, const struct control_body *in)
{
    if (!f->optional)
        return true;
    return f->type == FIELD_UINT ? in->uint[f->key] != 0 : in->bin[f->key].p != NULL;
}

int control_body_encode(uint8_t kind, const struct control_body *in, struct buf *out)
{
    struct mp_writer w = mp_writer_to(out, out->n + LIMIT_CONTROL_BYTES_MAX);
    uint32_t pairs = 0;
    for (size_t i = 0; i < FIELDS_COUNT; i++)
        pairs += fields[i].kind == kind && is_written(&fields[i], in);
    mp_map(&w, pairs);
    for (size_t i = 0; i < FIELDS_COUNT; i++) {
        const struct field *f = &fields[i];
        if (f->kind != kind)
            continue;
        if (!is_written(f, in))
            continue;
        mp_uint(&w, f->key);
        if (f->type == FIELD_UINT)
            mp_uint(&w, in->uint[f->key]);
        else
            mp_bin(&w, in->bin[f->key]);
    }
    return mp_writer_end(&w);
}
