/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* fuzz_warning.c -- payloads of warnings and of what is done with them: what decodes
 * has texts in its bounds; what can be sent comes back the same; judging whatever was
 * read ends in one of the four states.
 *
 * Input: u8 how many versions and acts, then for each u16 length, its bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "node/core/warning.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FACTS_MAX = 12 };

static void must(bool x)
{
    if (!x)
        abort();
}

static void again(const struct warning *w)
{
    struct buf one = {0}, two = {0};
    struct warning read;
    if (warning_check(w) != FIELD_NONE)
        return;
    must(warning_encode(w, &one) == 0);
    must(warning_decode(BUF_BYTES(&one), &read) == 0);
    must(warning_check(&read) == FIELD_NONE);
    must(warning_encode(&read, &two) == 0);
    must(bytes_equal(BUF_BYTES(&one), BUF_BYTES(&two)));
    buf_free(&one);
    buf_free(&two);
}

static bool in_bounds(const struct warning *w)
{
    return w->soldas_text.n <= WARNING_SHORT_BYTES_MAX &&
           w->look_text.n <= WARNING_SHORT_BYTES_MAX &&
           w->town.n <= WARNING_SHORT_BYTES_MAX &&
           w->advice_text.n <= WARNING_ADVICE_BYTES_MAX &&
           w->found_count <= WARNING_FOUND_MAX && w->advice_count <= WARNING_ADVICE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct warning_fact facts[FACTS_MAX];
    struct warning warnings[FACTS_MAX];
    struct warning_act acts[FACTS_MAX];
    struct reader r = reader_of(BYTES(data, size));
    size_t count = 0;
    uint32_t writer = read_u8(&r) % 3u;
    while (!r.err && r.left.n > 0 && count < FACTS_MAX) {
        uint8_t how = read_u8(&r);
        struct bytes span = read_bytes(&r, read_u16(&r));
        struct warning_fact *f = &facts[count];
        *f = (struct warning_fact){.author = (uint32_t)count / 3 + 1,
                                   .steward = how & 2,
                                   .version = how & 1,
                                   .hour = 480000u + how,
                                   .height = how};
        f->hash[0] = (uint8_t)count;
        if (r.err || (f->version ? warning_decode(span, &warnings[count])
                                 : warning_act_decode(span, &acts[count])))
            continue;
        f->warning = f->version ? &warnings[count] : NULL;
        f->act = f->version ? NULL : &acts[count];
        if (f->version) {
            must(in_bounds(&warnings[count]));
            again(&warnings[count]);
        }
        count++;
    }
    struct warning_verdict v;
    warning_judge(facts, count, writer, 480100, &v);
    must(v.state >= WARNING_UNCONFIRMED && v.state <= WARNING_TAKEN_BACK);
    must(v.shown == WARNING_NO_FACT || facts[v.shown].version);
    must(v.taken_back == WARNING_NO_FACT || !facts[v.taken_back].version);
    must(v.state != WARNING_TAKEN_BACK || v.taken_back != WARNING_NO_FACT);
    return 0;
}
