/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* once.c -- a table of uses. */
#include "tests/disk/once.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypto/hash.h"

enum {
    NONCE_BYTES = 24,
    TAG_BYTES = 16,
    PAGE_BYTES = 4096,
    LOG_HEADER_BYTES = 32 + NONCE_BYTES + TAG_BYTES,
    HEAD_BYTES = 28 + NONCE_BYTES + TAG_BYTES,
    RECORD_BYTES = PAGE_BYTES + NONCE_BYTES + TAG_BYTES,
    FRAME_BYTES = HEAD_BYTES + RECORD_BYTES
};

struct use {
    uint8_t name[16], content[16];
    bool taken;
};

struct once {
    struct use *uses;
    size_t count, cap; /* cap is a power of two */
    const char *broken;
};

struct once *once_new(void)
{
    struct once *o = calloc(1, sizeof *o);
    CHECK(o != NULL);
    o->cap = 1 << 16;
    o->uses = calloc(o->cap, sizeof *o->uses);
    CHECK(o->uses != NULL);
    return o;
}

static struct use *use_at(const struct once *o, const uint8_t name[static 16])
{
    size_t i = (size_t)get_u64(name) & (o->cap - 1);
    while (o->uses[i].taken && memcmp(o->uses[i].name, name, 16) != 0)
        i = (i + 1) & (o->cap - 1);
    return &o->uses[i];
}

static void grow(struct once *o)
{
    struct once larger = {.cap = 2 * o->cap, .count = o->count};
    larger.uses = calloc(larger.cap, sizeof *larger.uses);
    CHECK(larger.uses != NULL);
    for (size_t i = 0; i < o->cap; i++)
        if (o->uses[i].taken)
            *use_at(&larger, o->uses[i].name) = o->uses[i];
    free(o->uses);
    o->uses = larger.uses;
    o->cap = larger.cap;
}

bool once_use(struct once *o, struct bytes name, struct bytes content)
{
    struct use u = {.taken = true};
    hash16(u.name, "use", &name, 1);
    hash16(u.content, "content", &content, 1);
    struct use *held = use_at(o, u.name);
    if (held->taken)
        return memcmp(held->content, u.content, 16) == 0;
    *held = u;
    if (2 * ++o->count > o->cap)
        grow(o);
    return true;
}

static void nonce_use(struct once *o, char key, const uint8_t *nonce,
                      struct bytes sealed)
{
    uint8_t name[1 + NONCE_BYTES] = {(uint8_t)key};
    memcpy(name + 1, nonce, NONCE_BYTES);
    if (!once_use(o, BYTES_OF(name), sealed))
        o->broken = "a nonce of a page or record was used twice";
}

void once_disk(void *ctx, enum disk_name name, uint64_t at, struct bytes b)
{
    struct once *o = ctx;
    if (name == DISK_DATA) {
        if (b.n != PAGE_BYTES || at % PAGE_BYTES != 0)
            o->broken = "something else than a page was written";
        else
            nonce_use(o, 'p', b.p + PAGE_BYTES - NONCE_BYTES - TAG_BYTES, b);
        return;
    }
    uint64_t skip = at < LOG_HEADER_BYTES ? 0 : (at - LOG_HEADER_BYTES) % FRAME_BYTES;
    if (at == 0 && b.n == LOG_HEADER_BYTES) {
        nonce_use(o, 'l', b.p, b);
    } else if (at >= LOG_HEADER_BYTES && skip == 0 && b.n == FRAME_BYTES) {
        nonce_use(o, 'l', b.p, BYTES(b.p, HEAD_BYTES));
        nonce_use(o, 'l', b.p + HEAD_BYTES, BYTES(b.p + HEAD_BYTES, RECORD_BYTES));
    } else if (at >= LOG_HEADER_BYTES && (skip == 0 || skip == HEAD_BYTES) &&
               b.n == (skip ? RECORD_BYTES : HEAD_BYTES)) {
        nonce_use(o, 'l', b.p, b);
    } else {
        o->broken = "something else than a record was written";
    }
}

const char *once_broken(const struct once *o)
{
    return o->broken;
}

size_t once_count(const struct once *o)
{
    return o->count;
}

void once_free(struct once *o)
{
    if (!o)
        return;
    free(o->uses);
    free(o);
}
