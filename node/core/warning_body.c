/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* warning_body.c -- warnings and acts as bytes (P8.20, P8.21). */
#include <string.h>

#include "base/mp.h"
#include "base/text.h"
#include "node/core/warning.h"

enum {
    FORMAT_VERSION = 1,
    WARNING_ITEMS = 17,
    ACT_ITEMS = 9,
    ITEMS_MAX = 64, /* of a later version, which may be longer */
    VALUES_MAX = 256,
    COUNTRY_BYTES = 2,
    PAYLOAD_BYTES_MAX = 4096,
    OTHER = 1, /* the first code of every list that has an "other" */
};

/* ---- bounds ---------------------------------------------------------------- */

static bool is_short(struct bytes text)
{
    return text.n <= WARNING_SHORT_BYTES_MAX;
}

static size_t count_letters(struct bytes text)
{
    enum { FOLLOWS = 0x80, FOLLOWS_MASK = 0xc0 };
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += (text.p[i] & FOLLOWS_MASK) != FOLLOWS;
    return n;
}

static bool is_country(struct bytes country)
{
    if (country.n != COUNTRY_BYTES)
        return false;
    for (size_t i = 0; i < COUNTRY_BYTES; i++)
        if (country.p[i] < 'A' || country.p[i] > 'Z')
            return false;
    return true;
}

static bool is_language(struct bytes language)
{
    if (language.n < 2 || language.n > WARNING_LANGUAGE_BYTES_MAX)
        return false;
    for (size_t i = 0; i < language.n; i++)
        if ((language.p[i] < 'a' || language.p[i] > 'z') && language.p[i] != '-')
            return false;
    return true;
}

static bool in_list(unsigned code, unsigned end)
{
    return code > 0 && code < end;
}

static bool found_fits(const struct warning *w)
{
    if (w->found_count > WARNING_FOUND_MAX)
        return false;
    for (size_t i = 0; i < w->found_count; i++)
        if (!in_list(w->found[i].substance, FOUND_END) ||
            w->found[i].share > SHARE_TRACE)
            return false;
    return true;
}

static bool advice_fits(const struct warning *w)
{
    return w->advice_count <= WARNING_ADVICE_MAX &&
           w->advice_text.n <= WARNING_ADVICE_BYTES_MAX &&
           count_letters(w->advice_text) <= WARNING_ADVICE_LETTERS_MAX;
}

static bool look_fits(const struct warning *w)
{
    return is_short(w->look_text) && w->form < FORM_END && w->colour < COLOUR_END &&
           (w->form > 0 || w->colour > 0 || w->look_text.n > 0);
}

static bool dose_fits(const struct warning *w)
{
    return w->dose_unit < UNIT_END && (w->dose_unit > 0) == (w->dose > 0);
}

static bool harm_fits(const struct warning *w)
{
    return in_list(w->harm, HARM_END) && w->harm_band < BAND_END;
}

static bool seen_fits(const struct warning *w)
{
    return w->seen_from_day > 0 && w->seen_from_day <= w->seen_to_day;
}

static bool ends_fits(const struct warning *w)
{
    return w->ends_day >= w->issued_day &&
           w->ends_day - w->issued_day <= WARNING_DAYS_MAX;
}

enum warning_field warning_check(const struct warning *w)
{
    const struct {
        bool fits;
        enum warning_field field;
    } checks[] = {
        {w->kind == WARNING_ALERT, FIELD_KIND},
        {w->first.n == 0 || w->first.n == WARNING_REF_BYTES, FIELD_FIRST},
        {in_list(w->soldas, SOLDAS_END) && is_short(w->soldas_text), FIELD_SOLDAS},
        {found_fits(w), FIELD_FOUND},
        {in_list(w->known, KNOWN_END), FIELD_KNOWN},
        {look_fits(w), FIELD_LOOK},
        {dose_fits(w), FIELD_DOSE},
        {w->routes <= ROUTE_ALL, FIELD_ROUTE},
        {w->effects > 0 && w->effects <= EFFECT_ALL, FIELD_EFFECTS},
        {harm_fits(w), FIELD_HARM},
        {is_country(w->country) && is_short(w->town), FIELD_PLACE},
        {seen_fits(w), FIELD_SEEN},
        {w->issued_day > 0, FIELD_ISSUED},
        {ends_fits(w), FIELD_ENDS},
        {advice_fits(w), FIELD_ADVICE},
        {in_list(w->source, SOURCE_END), FIELD_SOURCE},
        {is_language(w->language), FIELD_LANGUAGE},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (!checks[i].fits)
            return checks[i].field;
    return FIELD_NONE;
}

/* ---- writing --------------------------------------------------------------- */

static void write_code_text(struct mp_writer *w, unsigned code, struct bytes text)
{
    mp_array(w, 2);
    mp_uint(w, code);
    mp_str(w, text);
}

static void write_place(struct mp_writer *w, struct bytes country, struct bytes town)
{
    mp_array(w, 2);
    mp_str(w, country);
    mp_str(w, town);
}

static void write_pair(struct mp_writer *w, uint32_t a, uint32_t b)
{
    mp_array(w, 2);
    mp_uint(w, a);
    mp_uint(w, b);
}

static void write_found(struct mp_writer *w, const struct warning *in)
{
    mp_array(w, in->found_count);
    for (size_t i = 0; i < in->found_count; i++)
        write_pair(w, in->found[i].substance, in->found[i].share);
}

static void write_look(struct mp_writer *w, const struct warning *in)
{
    mp_array(w, 3);
    mp_uint(w, in->form);
    mp_uint(w, in->colour);
    mp_str(w, in->look_text);
}

static void write_advice(struct mp_writer *w, const struct warning *in)
{
    mp_array(w, 2);
    mp_array(w, in->advice_count);
    for (size_t i = 0; i < in->advice_count; i++)
        mp_uint(w, in->advice[i]);
    mp_str(w, in->advice_text);
}

int warning_encode(const struct warning *in, struct buf *out)
{
    if (warning_check(in) != FIELD_NONE)
        return ERR_USAGE;
    struct mp_writer w = mp_writer_to(out, out->n + PAYLOAD_BYTES_MAX);
    mp_array(&w, WARNING_ITEMS);
    mp_uint(&w, FORMAT_VERSION);
    mp_uint(&w, in->kind);
    mp_bin(&w, in->first);
    write_code_text(&w, in->soldas, in->soldas_text);
    write_found(&w, in);
    mp_uint(&w, in->known);
    write_look(&w, in);
    write_pair(&w, in->dose, in->dose_unit);
    mp_uint(&w, in->routes);
    mp_uint(&w, in->effects);
    write_pair(&w, in->harm, in->harm_band);
    write_place(&w, in->country, in->town);
    write_pair(&w, in->seen_from_day, in->seen_to_day);
    write_pair(&w, in->issued_day, in->ends_day);
    write_advice(&w, in);
    write_pair(&w, in->source, in->next_check_day);
    mp_str(&w, in->language);
    return mp_writer_end(&w);
}

static bool act_fits(const struct warning_act *a)
{
    bool confirms = a->kind == WARNING_CONFIRM, back = a->kind == WARNING_TAKE_BACK;
    return a->first.n == WARNING_REF_BYTES && a->day > 0 &&
           (confirms ? in_list(a->known, KNOWN_END) : a->known == 0) &&
           (back ? in_list(a->reason, REASON_END) : a->reason == 0) &&
           (!back || (in_list(a->soldas, SOLDAS_END) && is_country(a->country) &&
                      is_language(a->language))) &&
           is_short(a->soldas_text) && is_short(a->town);
}

int warning_act_encode(const struct warning_act *in, struct buf *out)
{
    if (!in_list(in->kind, WARNING_ACT_END) || !act_fits(in))
        return ERR_USAGE;
    struct mp_writer w = mp_writer_to(out, out->n + PAYLOAD_BYTES_MAX);
    mp_array(&w, ACT_ITEMS);
    mp_uint(&w, FORMAT_VERSION);
    mp_uint(&w, in->kind);
    mp_bin(&w, in->first);
    mp_uint(&w, in->known);
    mp_uint(&w, in->reason);
    mp_uint(&w, in->day);
    write_code_text(&w, in->soldas, in->soldas_text);
    write_place(&w, in->country, in->town);
    mp_str(&w, in->language);
    return mp_writer_end(&w);
}

/* ---- reading --------------------------------------------------------------- */

static void refuse_unless(struct mp_reader *r, bool ok)
{
    if (!r->err && !ok)
        r->err = ERR_MALFORMED;
}

/* A code; one that is not known becomes `unknown`. */
static uint8_t read_code(struct mp_reader *r, unsigned end, unsigned unknown)
{
    uint64_t code = mp_read_uint(r, UINT32_MAX);
    return (uint8_t)(code < end ? code : unknown);
}

static struct bytes read_short(struct mp_reader *r)
{
    struct bytes text = mp_read_str(r);
    refuse_unless(r, is_short(text));
    return text;
}

static uint32_t read_day(struct mp_reader *r)
{
    return (uint32_t)mp_read_uint(r, UINT32_MAX / 24);
}

/* Enter an array of at least `least` items; how many more there are. */
static uint32_t enter(struct mp_reader *r, uint32_t least)
{
    uint32_t n = mp_read_array(r, ITEMS_MAX);
    refuse_unless(r, n >= least);
    return r->err ? 0 : n - least;
}

static void pass_over(struct mp_reader *r, uint32_t more)
{
    for (uint32_t i = 0; i < more && !r->err; i++)
        mp_skip(r);
}

static void read_soldas(struct mp_reader *r, uint16_t *code, struct bytes *text)
{
    uint32_t more = enter(r, 2);
    *code = read_code(r, SOLDAS_END, OTHER);
    *text = read_short(r);
    pass_over(r, more);
}

static void read_place(struct mp_reader *r, struct bytes *country, struct bytes *town)
{
    uint32_t more = enter(r, 2);
    *country = mp_read_str(r);
    *town = read_short(r);
    pass_over(r, more);
}

static void read_found(struct mp_reader *r, struct warning *out)
{
    uint32_t n = mp_read_array(r, WARNING_FOUND_MAX);
    for (uint32_t i = 0; i < n && !r->err; i++) {
        uint32_t more = enter(r, 2);
        out->found[i].substance = read_code(r, FOUND_END, OTHER);
        out->found[i].share = read_code(r, SHARE_TRACE + 1, SHARE_UNKNOWN);
        pass_over(r, more);
    }
    out->found_count = (uint8_t)n;
}

static void read_look(struct mp_reader *r, struct warning *out)
{
    uint32_t more = enter(r, 3);
    out->form = read_code(r, FORM_END, OTHER);
    out->colour = read_code(r, COLOUR_END, OTHER);
    out->look_text = read_short(r);
    pass_over(r, more);
}

static void read_dose(struct mp_reader *r, struct warning *out)
{
    uint32_t more = enter(r, 2);
    out->dose = (uint32_t)mp_read_uint(r, UINT32_MAX);
    out->dose_unit = read_code(r, UNIT_END, 0);
    if (out->dose_unit == 0) /* a number without its unit is worse than none */
        out->dose = 0;
    pass_over(r, more);
}

static void read_harm(struct mp_reader *r, struct warning *out)
{
    uint32_t more = enter(r, 2);
    out->harm = read_code(r, HARM_END, 0);
    out->harm_band = read_code(r, BAND_END, 0);
    pass_over(r, more);
}

static void read_days(struct mp_reader *r, uint32_t *from, uint32_t *to)
{
    uint32_t more = enter(r, 2);
    *from = read_day(r);
    *to = read_day(r);
    pass_over(r, more);
}

static void read_advice(struct mp_reader *r, struct warning *out)
{
    uint32_t more = enter(r, 2);
    uint32_t n = mp_read_array(r, WARNING_ADVICE_MAX);
    for (uint32_t i = 0; i < n && !r->err; i++)
        out->advice[i] = (uint16_t)mp_read_uint(r, UINT16_MAX);
    out->advice_count = (uint8_t)n;
    out->advice_text = mp_read_str(r);
    refuse_unless(r, out->advice_text.n <= WARNING_ADVICE_BYTES_MAX &&
                         count_letters(out->advice_text) <= WARNING_ADVICE_LETTERS_MAX);
    pass_over(r, more);
}

static void read_source(struct mp_reader *r, struct warning *out)
{
    uint32_t more = enter(r, 2);
    out->source = read_code(r, SOURCE_END, 0);
    out->next_check_day = read_day(r);
    pass_over(r, more);
}

static struct bytes read_language(struct mp_reader *r)
{
    struct bytes language = mp_read_str(r);
    refuse_unless(r, language.n == 0 || is_language(language));
    return language;
}

static void read_version(struct mp_reader *r)
{
    uint64_t version = mp_read_uint(r, UINT32_MAX);
    if (!r->err && version != FORMAT_VERSION)
        r->err = ERR_VERSION;
}

int warning_decode(struct bytes span, struct warning *out)
{
    *out = (struct warning){0};
    int err = mp_check(span, VALUES_MAX);
    if (err)
        return err;
    struct mp_reader r = mp_reader_of(span);
    uint32_t more = enter(&r, WARNING_ITEMS);
    read_version(&r);
    out->kind = read_code(&r, UINT8_MAX, UINT8_MAX);
    out->first = mp_read_bin(&r);
    refuse_unless(&r, out->first.n == 0 || out->first.n == WARNING_REF_BYTES);
    read_soldas(&r, &out->soldas, &out->soldas_text);
    read_found(&r, out);
    out->known = read_code(&r, KNOWN_END, KNOWN_TOLD);
    read_look(&r, out);
    read_dose(&r, out);
    out->routes = (uint16_t)(mp_read_uint(&r, UINT32_MAX) & ROUTE_ALL);
    out->effects = (uint32_t)(mp_read_uint(&r, UINT32_MAX) & EFFECT_ALL);
    read_harm(&r, out);
    read_place(&r, &out->country, &out->town);
    read_days(&r, &out->seen_from_day, &out->seen_to_day);
    read_days(&r, &out->issued_day, &out->ends_day);
    read_advice(&r, out);
    read_source(&r, out);
    out->language = read_language(&r);
    pass_over(&r, more);
    return mp_reader_end(&r);
}

int warning_act_decode(struct bytes span, struct warning_act *out)
{
    *out = (struct warning_act){0};
    int err = mp_check(span, VALUES_MAX);
    if (err)
        return err;
    struct mp_reader r = mp_reader_of(span);
    uint32_t more = enter(&r, ACT_ITEMS);
    read_version(&r);
    out->kind = read_code(&r, UINT8_MAX, UINT8_MAX);
    out->first = mp_read_bin(&r);
    refuse_unless(&r, out->first.n == WARNING_REF_BYTES);
    out->known = read_code(&r, KNOWN_END, KNOWN_TOLD);
    out->reason = read_code(&r, REASON_END, OTHER);
    out->day = read_day(&r);
    read_soldas(&r, &out->soldas, &out->soldas_text);
    read_place(&r, &out->country, &out->town);
    out->language = read_language(&r);
    pass_over(&r, more);
    return mp_reader_end(&r);
}
