/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* warning_codes.h -- the codes of a warning (P8.21).
 *
 * Every reader has them in an own language; code 0 is "not known" everywhere.  They are
 * final: a new one is added behind, and who does not know it shows the "other" of its
 * list.  There is no code for a price, a seller, or where something was bought.
 */
#ifndef NODE_CORE_WARNING_CODES_H
#define NODE_CORE_WARNING_CODES_H

enum warning_kind { WARNING_ALERT = 1 }; /* others are passed on and not shown as one */

/* What it was sold as. */
enum warning_soldas {
    SOLDAS_OTHER = 1,
    SOLDAS_HEROIN,
    SOLDAS_COCAINE,
    SOLDAS_BASE_COCAINE,
    SOLDAS_AMPHETAMINE,
    SOLDAS_METHAMPHETAMINE,
    SOLDAS_MDMA,
    SOLDAS_KETAMINE,
    SOLDAS_GHB,
    SOLDAS_BENZODIAZEPINE,
    SOLDAS_OPIOID_PILL,
    SOLDAS_METHADONE,
    SOLDAS_CANNABIS,
    SOLDAS_LSD,
    SOLDAS_CATHINONE,
    SOLDAS_END
};
/* What was found in it. */
enum warning_substance {
    FOUND_OTHER = 1,
    FOUND_NITAZENE,
    FOUND_FENTANYL,
    FOUND_XYLAZINE,
    FOUND_MEDETOMIDINE,
    FOUND_BENZODIAZEPINE,
    FOUND_PMMA,
    FOUND_CATHINONE,
    FOUND_CANNABINOID,
    FOUND_LEVAMISOLE,
    FOUND_LIDOCAINE,
    FOUND_AMPHETAMINE,
    FOUND_METHAMPHETAMINE,
    FOUND_KETAMINE,
    FOUND_COCAINE,
    FOUND_HEROIN,
    FOUND_MDMA,
    FOUND_NOTHING_UNUSUAL,
    FOUND_END
};
enum warning_share { SHARE_UNKNOWN = 0, SHARE_MAIN = 1, SHARE_TRACE = 2 };
/* How it is known; of a person who confirms, too. */
enum warning_known {
    KNOWN_LAB = 1, /* a laboratory */
    KNOWN_DEVICE,  /* a machine on the spot: FTIR, Raman */
    KNOWN_STRIP,   /* reagent or strip */
    KNOWN_SAW,     /* saw it, or what it did */
    KNOWN_TOLD,    /* somebody told */
    KNOWN_END
};
enum warning_form {
    FORM_OTHER = 1,
    FORM_POWDER,
    FORM_PILL,
    FORM_CAPSULE,
    FORM_CRYSTAL,
    FORM_ROCK,
    FORM_LIQUID,
    FORM_PAPER,
    FORM_PLANT,
    FORM_VAPE,
    FORM_END
};
enum warning_colour {
    COLOUR_OTHER = 1,
    COLOUR_WHITE,
    COLOUR_GREY,
    COLOUR_BLACK,
    COLOUR_BROWN,
    COLOUR_YELLOW,
    COLOUR_ORANGE,
    COLOUR_RED,
    COLOUR_PINK,
    COLOUR_PURPLE,
    COLOUR_BLUE,
    COLOUR_GREEN,
    COLOUR_CLEAR,
    COLOUR_MIXED,
    COLOUR_END
};
/* Bits. */
enum warning_route {
    ROUTE_SWALLOWED = 1,
    ROUTE_SNORTED = 2,
    ROUTE_SMOKED = 4,
    ROUTE_INJECTED = 8,
    ROUTE_OTHER = 16,
    ROUTE_ALL = 31
};
/* Bits. */
enum warning_effect {
    EFFECT_NOT_WAKING = 1,
    EFFECT_SLOW_BREATH = 2,
    EFFECT_BLUE_LIPS = 4,
    EFFECT_FITS = 8,
    EFFECT_OVERHEATING = 16,
    EFFECT_CHEST_PAIN = 32,
    EFFECT_VERY_LONG = 64,
    EFFECT_SKIN_WOUNDS = 128,
    EFFECT_CONFUSED = 256,
    EFFECT_SICK = 512,
    EFFECT_OTHER = 1024,
    EFFECT_ALL = 2047
};
enum warning_harm {
    HARM_NONE_KNOWN = 1,
    HARM_UNWELL,
    HARM_AMBULANCE,
    HARM_DEATH,
    HARM_END
};
enum warning_band { BAND_1 = 1, BAND_2_TO_4, BAND_5_AND_MORE, BAND_END };
enum warning_source {
    SOURCE_MEMBERS = 1,
    SOURCE_SERVICE,
    SOURCE_LAB,
    SOURCE_AUTHORITY,
    SOURCE_UNION,
    SOURCE_END
};

/* What `dose` counts, in hundredths: only what was measured. */
enum warning_unit {
    UNIT_MG = 1,     /* milligrams in one piece */
    UNIT_MICROGRAMS, /* micrograms in one piece */
    UNIT_PERCENT,    /* of the weight */
    UNIT_END
};
enum warning_act_kind {
    WARNING_CONFIRM = 1,
    WARNING_END_NOW = 2,
    WARNING_TAKE_BACK = 3,
    WARNING_ACT_END = 4,
};
enum warning_reason { /* why it was taken back */
                      REASON_OTHER = 1,
                      REASON_WRONG_SUBSTANCE,
                      REASON_WRONG_PLACE,
                      REASON_HOAX,
                      REASON_DUPLICATE,
                      REASON_TESTED_NOTHING,
                      REASON_END
};
/* Fields by name, for refusals. */
enum warning_field {
    FIELD_NONE,
    FIELD_KIND,
    FIELD_SOLDAS,
    FIELD_FOUND,
    FIELD_KNOWN,
    FIELD_LOOK,
    FIELD_DOSE,
    FIELD_ROUTE,
    FIELD_EFFECTS,
    FIELD_HARM,
    FIELD_PLACE,
    FIELD_SEEN,
    FIELD_ISSUED,
    FIELD_ENDS,
    FIELD_ADVICE,
    FIELD_SOURCE,
    FIELD_NEXT_CHECK,
    FIELD_LANGUAGE,
    FIELD_FIRST,
    FIELD_END
};

#endif
