/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_warning.c -- a warning as bytes, its bounds, and what follows from what is held
 * of one (P8.20 to P8.27). */
#include "node/core/warning.h"

#include <string.h>

#include "base/mp.h"
#include "tests/lib/coretest.h"
#include "tests/lib/t.h"

static const uint8_t first_ref[WARNING_REF_BYTES] = {1, 2, 3};

static struct warning sample(void)
{
    return (struct warning){
        .kind = WARNING_ALERT,
        .known = KNOWN_SAW,
        .soldas = SOLDAS_HEROIN,
        .form = FORM_POWDER,
        .colour = COLOUR_GREY,
        .harm = HARM_AMBULANCE,
        .harm_band = BAND_2_TO_4,
        .effects = EFFECT_NOT_WAKING | EFFECT_SLOW_BREATH,
        .routes = ROUTE_SMOKED | ROUTE_INJECTED,
        .country = TEXT("NL"),
        .town = TEXT("Rotterdam"),
        .look_text = TEXT("grey, turns pink when wet"),
        .advice_text = TEXT("Do not use alone."),
        .language = TEXT("en"),
        .seen_from_day = 20000,
        .seen_to_day = 20001,
        .issued_day = 20001,
        .ends_day = 20015,
        .source = SOURCE_MEMBERS,
        .found = {{FOUND_NITAZENE, SHARE_TRACE}},
        .found_count = 1,
        .advice = {3, 7},
        .advice_count = 2,
    };
}

T_CASE(it_comes_back_as_it_was_written)
{
    struct warning w = sample(), read;
    struct buf out = {0};
    w.first = BYTES_OF(first_ref);
    T_EQ(warning_encode(&w, &out), 0);
    T_EQ(warning_decode(BUF_BYTES(&out), &read), 0);
    T_EQ(read.soldas, SOLDAS_HEROIN);
    T_EQ(read.effects, w.effects);
    T_EQ(read.routes, w.routes);
    T_EQ(read.ends_day, 20015);
    T_EQ(read.found[0].substance, FOUND_NITAZENE);
    T_EQ(read.advice[1], 7);
    T(bytes_equal(read.town, w.town) && bytes_equal(read.first, w.first) &&
      bytes_equal(read.look_text, w.look_text) &&
      bytes_equal(read.advice_text, w.advice_text));
    for (size_t n = 0; n < out.n; n++) /* nothing that was cut is read */
        T(warning_decode(BYTES(out.p, n), &read) != 0);
    buf_free(&out);
}

T_CASE(the_first_field_that_does_not_fit_is_named)
{
    static uint8_t letters[WARNING_ADVICE_BYTES_MAX + 1];
    memset(letters, 'a', sizeof letters);
    struct warning w = sample();
    T_EQ(warning_check(&w), FIELD_NONE);
#define FIELD(set, field)                                                              \
    do {                                                                               \
        struct buf out = {0};                                                          \
        w = sample();                                                                  \
        set;                                                                           \
        T_EQ(warning_check(&w), field);                                                \
        T_EQ(warning_encode(&w, &out), ERR_USAGE);                                     \
        buf_free(&out);                                                                \
    } while (0)
    FIELD(w.kind = 2, FIELD_KIND);
    FIELD(w.soldas = 0, FIELD_SOLDAS);
    FIELD(w.soldas = SOLDAS_END, FIELD_SOLDAS);
    FIELD(w.soldas_text = BYTES(letters, 121), FIELD_SOLDAS);
    FIELD(w.found[0].substance = FOUND_END, FIELD_FOUND);
    FIELD(w.known = 0, FIELD_KNOWN);
    FIELD((w.form = 0, w.colour = 0, w.look_text.n = 0), FIELD_LOOK);
    FIELD(w.dose = 5, FIELD_DOSE); /* a number without its unit */
    FIELD(w.routes = ROUTE_ALL + 1, FIELD_ROUTE);
    FIELD(w.effects = 0, FIELD_EFFECTS);
    FIELD(w.harm = 0, FIELD_HARM);
    FIELD(w.country = TEXT("nl"), FIELD_PLACE);
    FIELD(w.town = BYTES(letters, 121), FIELD_PLACE);
    FIELD(w.seen_to_day = 19999, FIELD_SEEN);
    FIELD(w.issued_day = 0, FIELD_ISSUED);
    FIELD(w.ends_day = w.issued_day + 61, FIELD_ENDS);
    FIELD(w.ends_day = w.issued_day - 1, FIELD_ENDS);
    FIELD(w.advice_text = BYTES(letters, 201), FIELD_ADVICE);
    FIELD(w.source = 0, FIELD_SOURCE);
    FIELD(w.language = TEXT(""), FIELD_LANGUAGE);
#undef FIELD
}

/* The code of two entries differs, and none has a sign that is taken for another. */
T_CASE(a_code_can_be_read_aloud)
{
    char code[WARNING_CODE_BYTES], other[WARNING_CODE_BYTES];
    uint8_t hash[12] = {0};
    warning_code(hash, code);
    T_EQ(strlen(code), 6);
    hash[1] = 0x80;
    warning_code(hash, other);
    T(strcmp(code, other) != 0);
    for (int i = 0; i < 4096; i++) {
        hash[0] = (uint8_t)(i >> 4);
        hash[1] = (uint8_t)(i << 4);
        hash[2] = (uint8_t)(i * 7);
        warning_code(hash, code);
        T(code[3] == '-' && !strpbrk(code, "01OIBGQSULVZ"));
    }
}

/* ---- what follows --------------------------------------------------------------- */

enum { WRITER = 1, SECOND, THIRD, KEEPER, STRANGER, HOUR = 480000, DAY = HOUR / 24 };

struct pile {
    struct warning_fact facts[16];
    struct warning warnings[16];
    struct warning_act acts[16];
    size_t count;
};

static struct warning_fact *fact(struct pile *p, uint32_t author, uint32_t after)
{
    struct warning_fact *f = &p->facts[p->count++];
    *f = (struct warning_fact){.author = author,
                               .steward = author == KEEPER,
                               .hour = HOUR + after,
                               .height = 100 + after};
    f->hash[0] = (uint8_t)p->count;
    return f;
}

static void version(struct pile *p, uint32_t author, uint32_t after, bool first,
                    uint8_t known)
{
    struct warning *w = &p->warnings[p->count];
    *w = sample();
    w->known = known;
    w->issued_day = DAY + after / 24;
    w->ends_day = w->issued_day + WARNING_DAYS;
    w->first = first ? BYTES(NULL, 0) : BYTES_OF(first_ref);
    struct warning_fact *f = fact(p, author, after);
    f->version = true;
    f->warning = w;
}

static void act(struct pile *p, uint32_t author, uint32_t after,
                enum warning_act_kind kind, uint8_t known)
{
    struct warning_act *a = &p->acts[p->count];
    *a = (struct warning_act){
        .kind = (uint8_t)kind, .known = known, .first = BYTES_OF(first_ref)};
    fact(p, author, after)->act = a;
}

/* By author, as warning_judge wants them. */
static struct warning_verdict judged(const struct pile *p, uint32_t hours)
{
    struct warning_fact sorted[16];
    struct warning_verdict v;
    size_t n = 0;
    for (uint32_t author = 0; author <= STRANGER; author++)
        for (size_t i = 0; i < p->count; i++)
            if (p->facts[i].author == author)
                sorted[n++] = p->facts[i];
    warning_judge(sorted, n, WRITER, HOUR + hours, &v);
    return v;
}

T_CASE(unconfirmed_it_ends_by_itself)
{
    struct pile p = {.count = 0};
    version(&p, WRITER, 0, true, KNOWN_SAW);
    T_EQ(judged(&p, 0).state, WARNING_UNCONFIRMED);
    T_EQ(judged(&p, 47).state, WARNING_UNCONFIRMED);
    T_EQ(judged(&p, 48).state, WARNING_ENDED);
    act(&p, SECOND, 5, WARNING_CONFIRM, KNOWN_TOLD); /* echoes are one story */
    act(&p, THIRD, 6, WARNING_CONFIRM, KNOWN_TOLD);
    T_EQ(judged(&p, 47).state, WARNING_UNCONFIRMED);
    T_EQ(judged(&p, 47).told, 2);
    T_EQ(judged(&p, 48).state, WARNING_ENDED);
    act(&p, KEEPER, 50, WARNING_CONFIRM, KNOWN_STRIP);
    T_EQ(judged(&p, 51).state, WARNING_CONFIRMED);
    T_EQ(judged(&p, 51).persons, 2);
    T_EQ(judged(&p, 14 * 24).state, WARNING_CONFIRMED);
    T_EQ(judged(&p, 15 * 24).state, WARNING_ENDED);
}

T_CASE(one_person_counts_once_and_what_was_told_confirms_nothing)
{
    struct pile p = {.count = 0};
    version(&p, WRITER, 0, true, KNOWN_TOLD);
    act(&p, SECOND, 1, WARNING_CONFIRM, KNOWN_SAW);
    act(&p, SECOND, 2, WARNING_CONFIRM, KNOWN_LAB);
    T_EQ(judged(&p, 3).persons, 1);
    T_EQ(judged(&p, 3).state, WARNING_UNCONFIRMED);
    act(&p, WRITER, 3, WARNING_CONFIRM, KNOWN_SAW); /* now at first hand */
    T_EQ(judged(&p, 4).state, WARNING_CONFIRMED);
    T_EQ(judged(&p, 4).told, 0);
}

T_CASE(only_who_may_changes_anything)
{
    struct pile p = {.count = 0};
    version(&p, WRITER, 0, true, KNOWN_SAW);
    act(&p, SECOND, 1, WARNING_CONFIRM, KNOWN_SAW);
    version(&p, STRANGER, 10, false, KNOWN_LAB);
    act(&p, STRANGER, 11, WARNING_END_NOW, 0);
    act(&p, STRANGER, 12, WARNING_TAKE_BACK, 0);
    struct warning_verdict v = judged(&p, 13);
    T_EQ(v.state, WARNING_CONFIRMED);
    T_EQ(v.shown, 0); /* the writer's, first of the pile by author */
    T_EQ(v.persons, 2);
    act(&p, STRANGER, 13, WARNING_CONFIRM, KNOWN_SAW); /* now he is one who may */
    T_EQ(judged(&p, 14).state, WARNING_TAKEN_BACK);
}

T_CASE(the_latest_version_counts_and_ends_when_it_says)
{
    struct pile p = {.count = 0};
    version(&p, WRITER, 0, true, KNOWN_SAW);
    act(&p, SECOND, 1, WARNING_CONFIRM, KNOWN_SAW);
    version(&p, KEEPER, 10 * 24, false, KNOWN_LAB);
    struct warning_verdict v = judged(&p, 20 * 24);
    T_EQ(v.state, WARNING_CONFIRMED); /* by the first it would be over */
    T_EQ(v.over_hour, (DAY + 10 + WARNING_DAYS + 1) * 24);
    p.warnings[2].ends_day = DAY + 500; /* nobody's warning stays for ever */
    T_EQ(judged(&p, 20 * 24).over_hour, (DAY + 10 + WARNING_DAYS_MAX + 1) * 24);
    act(&p, SECOND, 11 * 24, WARNING_END_NOW, 0);
    T_EQ(judged(&p, 12 * 24).state, WARNING_ENDED);
}

T_CASE(taken_back_beats_everything)
{
    struct pile p = {.count = 0};
    act(&p, STRANGER, 0, WARNING_TAKE_BACK, 0);
    struct warning_verdict v = judged(&p, 1);
    T_EQ(v.state, WARNING_TAKEN_BACK); /* there is nothing that it could hide */
    T_EQ(v.shown, WARNING_NO_FACT);
    version(&p, WRITER, 0, true, KNOWN_SAW);
    T_EQ(judged(&p, 1).state, WARNING_UNCONFIRMED);
    act(&p, KEEPER, 2, WARNING_TAKE_BACK, 0);
    version(&p, WRITER, 30, false, KNOWN_LAB); /* an update after it */
    act(&p, SECOND, 31, WARNING_CONFIRM, KNOWN_LAB);
    act(&p, THIRD, 31, WARNING_CONFIRM, KNOWN_LAB);
    T_EQ(judged(&p, 32).state, WARNING_TAKEN_BACK);
    T_EQ(judged(&p, 300 * 24).state, WARNING_TAKEN_BACK);
}

T_RUN()
