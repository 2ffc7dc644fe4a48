/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* warning.h -- a warning, what is done with it, and what follows (P8.20 to P8.27).
 *
 *     written        warning_encode: kind 4, a warning or an update of one
 *                    warning_act_encode: kind 5, confirmed, ended, taken back
 *     read           warning_decode, warning_act_decode
 *     what follows   warning_judge: one verdict from all that is held of one warning,
 *                    in whatever order it came
 *
 * What a person wrote is short and carries its language; everything else is a code
 * (warning_codes.h).  Days are days since 1970-01-01; there are no times.  Pure: no
 * clock, no file.
 */
#ifndef NODE_CORE_WARNING_H
#define NODE_CORE_WARNING_H

#include "base/bytes.h"
#include "node/core/warning_codes.h"

enum {
    WARNING_REF_BYTES = 24, /* of the first version: as REPLY_BYTES (P8.14) */
    WARNING_FOUND_MAX = 8,
    WARNING_ADVICE_MAX = 8,
    WARNING_SHORT_BYTES_MAX = 120,  /* sold as, look, town: each */
    WARNING_ADVICE_BYTES_MAX = 800, /* and at most so many letters: */
    WARNING_ADVICE_LETTERS_MAX = 200,
    WARNING_LANGUAGE_BYTES_MAX = 8,
    WARNING_DAYS = 14, /* until it ends, if nothing else is said */
    WARNING_DAYS_MAX = 60,
    WARNING_UNCONFIRMED_HOURS = 48,
    WARNING_KEPT_HOURS = 8760, /* the lifetime of every entry of a warning */
    WARNING_CODE_BYTES = 7,    /* "K4T-92" and a zero byte */
};

struct warning_found {
    uint16_t substance; /* enum warning_substance */
    uint8_t share;      /* enum warning_share */
};

/* One version of a warning.  Spans are lent. */
struct warning {
    uint8_t kind;            /* enum warning_kind */
    uint8_t known;           /* enum warning_known: of who wrote it */
    uint8_t form, colour;    /* of its look */
    uint8_t dose_unit;       /* enum warning_unit; 0: not measured */
    uint8_t harm, harm_band; /* enum warning_harm, warning_band */
    uint8_t source;          /* enum warning_source */
    uint8_t found_count;     /* 0: not tested */
    uint8_t advice_count;
    uint16_t soldas, routes; /* enum warning_soldas; bits of enum warning_route */
    uint32_t effects;        /* bits of enum warning_effect */
    uint32_t dose;           /* in hundredths */
    uint32_t seen_from_day, seen_to_day, issued_day, ends_day;
    uint32_t next_check_day;             /* 0: nobody promised */
    uint16_t advice[WARNING_ADVICE_MAX]; /* codes of the country pack */
    struct warning_found found[WARNING_FOUND_MAX];
    struct bytes first;       /* an update: of the first version; else empty */
    struct bytes country;     /* two capitals of ISO 3166-1 */
    struct bytes town;        /* a town or wider; empty: the whole country */
    struct bytes soldas_text; /* or empty */
    struct bytes look_text;   /* mark, shape, what changes when it is wet; or empty */
    struct bytes advice_text; /* or empty */
    struct bytes language;    /* of what a person wrote: "nl" */
};

/* Something done with a warning.  Spans are lent. */
struct warning_act {
    uint8_t kind;   /* enum warning_act_kind */
    uint8_t known;  /* CONFIRM: enum warning_known; else 0 */
    uint8_t reason; /* TAKE_BACK: enum warning_reason; else 0 */
    uint32_t day;
    struct bytes first; /* WARNING_REF_BYTES */
    /* TAKE_BACK repeats what it speaks of, for who never had it; else 0 and empty. */
    uint16_t soldas;
    struct bytes soldas_text, country, town, language;
};

/* Append the payload of kind 4: canonical msgpack.  ERR_USAGE: warning_check says
 * which field; ERR_UTF8, ERR_NOMEM. */
NODISCARD int warning_encode(const struct warning *in, struct buf *out);
/* Append the payload of kind 5.  ERR_USAGE: a code is out of its list, or `first` is
 * missing; ERR_UTF8, ERR_TOOBIG, ERR_NOMEM. */
NODISCARD int warning_act_encode(const struct warning_act *in, struct buf *out);
/* Read a payload; `out` borrows from it.  Codes that are not known become the "other"
 * of their list (of `known` the weakest), unknown bits are dropped, items behind the
 * last are passed over.  ERR_MALFORMED (also a length out of bounds), ERR_NOTCANON,
 * ERR_TRUNCATED, ERR_UTF8, ERR_TOOBIG, ERR_VERSION. */
NODISCARD int warning_decode(struct bytes span, struct warning *out);
/* As warning_decode, of kind 5. */
NODISCARD int warning_act_decode(struct bytes span, struct warning_act *out);

/* The first field that is missing or out of its bounds; FIELD_NONE: it can be sent. */
enum warning_field warning_check(const struct warning *w);

/* The short reference of the warning whose first version has an entry hash that begins
 * so: "K4T-92", of letters and digits that nobody takes for each other. */
void warning_code(const uint8_t hash[static 12], char out[static WARNING_CODE_BYTES]);

/* --- what follows ------------------------------------------------------------------
 */

enum warning_state {
    WARNING_UNCONFIRMED = 1, /* open, for 48 hours */
    WARNING_CONFIRMED = 2,   /* open, until its day is over */
    WARNING_ENDED = 3,       /* its time is over, or somebody ended it */
    WARNING_TAKEN_BACK = 4,
};

/* One entry held of a warning: `warning` if `version`, else `act`. */
struct warning_fact {
    uint32_t author; /* local number; the same number is the same person */
    bool steward;    /* the author is one */
    bool version;
    uint32_t hour;   /* group hour at which it was made: end hour - lifetime */
    uint64_t height; /* its place in the shown order (P8.1), ties by hash */
    uint8_t hash[32];
    const struct warning *warning; /* lent */
    const struct warning_act *act; /* lent */
};

#define WARNING_NO_FACT SIZE_MAX

struct warning_verdict {
    enum warning_state state;
    size_t shown;       /* the version that counts; WARNING_NO_FACT: none is held */
    size_t taken_back;  /* the act that counts; WARNING_NO_FACT: none */
    uint32_t persons;   /* who saw or tested it, the writer too: each once */
    uint32_t told;      /* who only heard of it: one story */
    uint32_t over_hour; /* from this group hour on it is over; 0: it has no version */
};

/* Judge one warning by all that is held of it at group hour `hour`.  `writer`: author
 * of the first version, which its reference names; 0: nobody known here.  The same for
 * every order of arrival (P8.23 to P8.27); `facts` stand in rising order of authors. */
void warning_judge(const struct warning_fact *facts, size_t count, uint32_t writer,
                   uint32_t hour, struct warning_verdict *out);

#endif
