/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_session.c -- a hostile member's whole session with a real core.
 *
 * Input: a script (siege_play.h).  The mutator works on its steps: it changes one,
 * doubles, drops or adds some, also of scripts it saw before; of an envelope, a control
 * entry or a card it changes one field and seals and signs it again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "crypto/sign.h"
#include "tests/fuzz/siege_play.h"

enum { STEPS_MAX = 96, STEP_HEAD = 3, SCRIPT_BYTES_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

/* Steps of a script; data and head lie end to end in `all`. */
struct steps {
    struct bytes all[STEPS_MAX];
    int count;
};

static void steps_read(struct steps *s, struct bytes script)
{
    struct reader r = reader_of(script);
    s->count = 0;
    while (r.left.n > 0 && s->count < STEPS_MAX) {
        const uint8_t *at = r.left.p;
        (void)read_u8(&r);
        size_t n = read_u16(&r);
        if (r.err)
            return;
        n = n < r.left.n ? n : r.left.n;
        (void)read_bytes(&r, n);
        s->all[s->count++] = BYTES(at, STEP_HEAD + n);
    }
}

/* With KRING_VERBOSE set a run says what it does: an input is hard to read. */
static void say_step(const struct siege *s, struct bytes step)
{
    static const char *const names[OPS] = {
        "raw",   "stream", "wire",   "envelope", "about", "entry", "control", "card",
        "rekey", "hand",   "honest", "pass",     "clock", "close", "restart", "person",
        "stall", "fault",  "second", "stranger", "guest", "answer"};
    static int wanted = -1;
    if (wanted < 0)
        wanted = getenv("KRING_VERBOSE") != NULL;
    if (!wanted)
        return;
    fprintf(stderr, "%s%s", names[(step.p[0] & 0x7f) % OPS],
            step.p[0] & OP_HOLD ? "+" : "");
    for (size_t i = STEP_HEAD; i < step.n && i < STEP_HEAD + 24; i++)
        fprintf(stderr, " %02x", step.p[i]);
    struct peer_status status;
    peer_status(s->t->peer, &status);
    fprintf(stderr, "  (links %u, control %u, entries %llu, hour %u)\n", status.links,
            control_count(siege_group(s)), (unsigned long long)status.entries,
            siege_group(s)->hour.hour);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct steps steps;
    struct siege s;
    if (size == 0 || size > SCRIPT_BYTES_MAX)
        return 0;
    steps_read(&steps, BYTES(data + 1, size - 1));
    siege_begin(&s, siege_world(data[0] & 1));
    s.answer = (data[0] & 2) != 0;
    for (int i = 0; i < steps.count; i++) {
        const struct bytes step = steps.all[i];
        say_step(&s, step);
        siege_act(&s, step.p[0], BYTES(step.p + STEP_HEAD, step.n - STEP_HEAD));
    }
    siege_end(&s);
    return 0;
}

/* ---- mutation ------------------------------------------------------------ */

struct out {
    uint8_t *p;
    size_t n, max;
};

static void put_step(struct out *o, struct bytes step)
{
    if (o->n + step.n > o->max || step.n < STEP_HEAD || step.n - STEP_HEAD > UINT16_MAX)
        return;
    memcpy(o->p + o->n, step.p, step.n);
    put_u16(o->p + o->n + 1, (uint16_t)(step.n - STEP_HEAD));
    o->n += step.n;
}

/* One field of an envelope, sealed and signed again. */
static bool change_envelope(struct buf *step, int kind, uint32_t dice)
{
    const struct siege_world *w = siege_world(kind);
    const size_t head = STEP_HEAD + 32;
    struct buf out = {0};
    struct reseal r;
    uint8_t hash[32];
    bool done = false;
    for (int i = 0; i < w->lanes && step->n > head && !done; i++) {
        const struct reseal_keys keys = siege_keys(w, i);
        if (memcmp(keys.topic, step->p + STEP_HEAD, 32) != 0 ||
            !reseal_open(&r, &keys, BYTES(step->p + head, step->n - head)))
            continue;
        reseal_change(&r, dice);
        done = reseal_write(&r, &keys, &out, hash);
        reseal_free(&r);
    }
    if (done) {
        step->n = head;
        CHECK(buf_append(step, BUF_BYTES(&out), SIZE_MAX / 2) == 0);
    }
    buf_free(&out);
    return done;
}

/* One bit of a control entry or card, signed again: the signature stands last. */
static bool change_signed(struct buf *step, int kind, uint32_t dice)
{
    const struct siege_member *me = &siege_world(kind)->member[SIEGE_ATTACKER];
    const size_t head = STEP_HEAD + 1;
    if (step->n <= head + SIGN_BYTES)
        return false;
    uint8_t *p = step->p + head, type = step->p[STEP_HEAD];
    size_t n = step->n - head - SIGN_BYTES;
    if (type != WIRE_CONTROL && type != WIRE_CARD)
        return false;
    p[dice % n] ^= (uint8_t)(1u << (dice >> 16) % 8);
    CHECK(sign_make(p + n, type == WIRE_CONTROL ? "control" : "card", BYTES(p, n),
                    me->sk) == 0);
    return true;
}

static void change_step(struct buf *step, int kind, uint32_t dice)
{
    uint8_t op = step->p[0] & 0x7f;
    if (op % OPS == OP_ENVELOPE && dice % 8 != 0 &&
        change_envelope(step, kind, dice >> 3))
        return;
    if (op % OPS == OP_RAW && dice % 4 != 0 && change_signed(step, kind, dice >> 2))
        return;
    if (dice % 16 == 1) {
        step->p[0] ^= OP_HOLD;
        return;
    }
    size_t n = step->n - STEP_HEAD;
    CHECK(buf_reserve(step, 64, SIZE_MAX / 2) == 0);
    n = LLVMFuzzerMutate(step->p + STEP_HEAD, n, n + 64);
    step->n = STEP_HEAD + n;
}

/* A new step: its data is short, so what it leaves out is zeros. */
static void put_fresh(struct out *o, uint32_t dice)
{
    uint8_t step[STEP_HEAD + 24] = {(uint8_t)((dice >> 8) % OPS)};
    size_t n = dice >> 16 & 15;
    if (dice % 5 == 0)
        step[0] |= OP_HOLD;
    for (size_t i = 0; i < n; i++) {
        dice = dice * 1664525u + 1013904223u;
        step[STEP_HEAD + i] = dice >> 28 < 6 ? 0 : (uint8_t)(dice >> 16 & dice >> 24);
    }
    put_step(o, BYTES(step, STEP_HEAD + n));
}

static void put_changed(struct out *o, struct bytes step, int kind, uint32_t dice)
{
    struct buf copy = {0};
    CHECK(buf_append(&copy, step, SIZE_MAX / 2) == 0);
    change_step(&copy, kind, dice);
    put_step(o, BUF_BYTES(&copy));
    buf_free(&copy);
}

/* Steps of other scripts, some of the last ones seen. */
static void put_other(struct out *o, struct bytes step, uint32_t dice)
{
    enum { KEPT = 64 };
    static struct buf kept[KEPT];
    const struct buf *other = &kept[dice % KEPT];
    struct buf *to = &kept[(dice >> 8) % KEPT];
    if (other->n > 0)
        put_step(o, BUF_BYTES(other));
    to->n = 0;
    CHECK(buf_append(to, step, SIZE_MAX / 2) == 0);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    static struct steps steps;
    static uint8_t copy[SCRIPT_BYTES_MAX];
    uint32_t dice = seed * 2654435761u, how = seed % 10;
    if (size == 0 || size > sizeof copy || seed % 61 == 0)
        return LLVMFuzzerMutate(data, size, max);
    memcpy(copy, data, size);
    steps_read(&steps, BYTES(copy + 1, size - 1));
    int at = steps.count ? (int)(dice % (uint32_t)steps.count) : -1;
    int other = steps.count ? (int)((dice >> 8) % (uint32_t)steps.count) : -1;
    struct out o = {data, 1, max};
    if (seed % 59 == 0)
        data[0] ^= (uint8_t)(1 + dice % 3);
    for (int i = 0; i < steps.count; i++) {
        if (i == at && how <= 3)
            put_changed(&o, steps.all[i], copy[0] & 1, seed >> 3);
        else if (i != at || how != 4) /* 4: it goes */
            put_step(&o, steps.all[i]);
        if (i == at && how == 5)
            put_step(&o, steps.all[other]);
        if (i == at && (how == 6 || how == 7))
            put_fresh(&o, dice);
        if (i == at && how >= 8)
            put_other(&o, steps.all[other], dice >> 3);
    }
    if (at < 0)
        put_fresh(&o, dice);
    return o.n;
}
