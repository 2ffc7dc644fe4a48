/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* effects.c -- the effects of one step.
 *
 * All bytes lie end to end in one buffer, in the order of the effects that have some;
 * spans are set when the step ends, since the buffer moves while it grows.  What is
 * sent on a link right after something sent on it joins that effect.
 */
#include <stdlib.h>
#include <string.h>

#include "node/core/peer_int.h"

enum {
    POOL_KEPT_BYTES = 1 << 20, /* a larger pool goes back between steps */
    POOL_BYTES_MAX = LIMIT_LINKS_MAX * (LIMIT_SEND_QUEUE_BYTES_MAX + (1 << 18)),
    TELLS_MAX = LIMIT_EFFECTS_MAX / 4 * 3, /* the rest is for what must not be lost */
};

void fx_reset(struct peer *p)
{
    p->fx_count = 0;
    if (!p->fx_bytes)
        return;
    p->fx_bytes->n = 0;
    if (p->fx_bytes->cap > POOL_KEPT_BYTES)
        buf_free(p->fx_bytes);
}

static int fx_add(struct peer *p, const struct effect *made)
{
    if (p->fx_count == LIMIT_EFFECTS_MAX) {
        p->limited++;
        return ERR_FULL;
    }
    if (p->fx_count == p->fx_cap) {
        size_t cap = p->fx_cap ? p->fx_cap * 2 : 32;
        struct effect *grown = realloc(p->fx, cap * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        p->fx = grown;
        p->fx_cap = cap;
    }
    p->fx[p->fx_count++] = *made;
    return 0;
}

static int pool_append(struct peer *p, struct bytes bytes)
{
    if (!p->fx_bytes)
        p->fx_bytes = calloc(1, sizeof *p->fx_bytes);
    if (!p->fx_bytes)
        return ERR_NOMEM;
    int err = buf_append(p->fx_bytes, bytes, POOL_BYTES_MAX);
    return err == ERR_TOOBIG ? ERR_FULL : err;
}

static int fx_add_bytes(struct peer *p, struct effect *made, struct bytes bytes)
{
    int err = pool_append(p, bytes);
    if (err)
        return err;
    made->bytes = BYTES(NULL, bytes.n); /* where, is known when the step ends */
    err = fx_add(p, made);
    if (err)
        p->fx_bytes->n -= bytes.n;
    return err;
}

int fx_dial(struct peer *p, uint32_t link, uint32_t group, struct bytes address)
{
    struct effect made = {.kind = FX_DIAL, .link = link, .group = group};
    return fx_add_bytes(p, &made, address);
}

int fx_send(struct peer *p, uint32_t link, struct bytes bytes)
{
    struct effect *last = p->fx_count ? &p->fx[p->fx_count - 1] : NULL;
    if (last && last->kind == FX_SEND && last->link == link) {
        int err = pool_append(p, bytes);
        if (!err)
            last->bytes.n += bytes.n;
        return err;
    }
    struct effect made = {.kind = FX_SEND, .link = link};
    return fx_add_bytes(p, &made, bytes);
}

int fx_beacon(struct peer *p, struct bytes bytes)
{
    struct effect made = {.kind = FX_BEACON};
    return fx_add_bytes(p, &made, bytes);
}

int fx_close(struct peer *p, uint32_t link)
{
    struct effect made = {.kind = FX_CLOSE, .link = link};
    return fx_add(p, &made);
}

int fx_drop(struct peer *p, uint32_t link)
{
    struct effect made = {.kind = FX_CLOSE, .link = link, .at_once = true};
    return fx_add(p, &made);
}

/* A tell that does not fit is left out: what it tells of can be looked at anyway. */
static int fx_add_tell(struct peer *p, const struct effect *made)
{
    if (p->fx_count >= TELLS_MAX) {
        p->limited++;
        return 0;
    }
    return fx_add(p, made);
}

int fx_tell(struct peer *p, enum tell tell, uint32_t group, uint64_t row, int err)
{
    struct effect made = {
        .kind = FX_TELL, .tell = tell, .group = group, .row = row, .err = err};
    return fx_add_tell(p, &made);
}

int fx_tell_draft(struct peer *p, uint32_t group, uint64_t row, uint64_t draft)
{
    struct effect made = {
        .kind = FX_TELL, .tell = TELL_SENT, .group = group, .row = row, .draft = draft};
    return fx_add_tell(p, &made);
}

void fx_finish(struct peer *p, struct effects *out)
{
    size_t at = 0;
    for (size_t i = 0; i < p->fx_count; i++) {
        struct effect *e = &p->fx[i];
        if (e->bytes.n == 0)
            continue;
        e->bytes.p = p->fx_bytes->p + at;
        at += e->bytes.n;
    }
    out->list = p->fx;
    out->count = p->fx_count;
}

void fx_free(struct peer *p)
{
    if (p->fx_bytes)
        buf_free(p->fx_bytes);
    free(p->fx_bytes);
    free(p->fx);
    p->fx_bytes = NULL;
    p->fx = NULL;
    p->fx_count = p->fx_cap = 0;
}
