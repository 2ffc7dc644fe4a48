/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_own.h -- own entries: saying, waiting texts, copies of this profile, texts
 * that damage took (private to node/core).
 *
 *     content_seal                        one own entry
 *     drafts_load -> { drafts_tick }*     texts that wait
 *     unsent_load -> { unsent_tick }*     the text that was begun and not sent
 *     restored_load -> { content_restored, restored_clash, restored_tick }*
 */
#ifndef NODE_CORE_CONTENT_OWN_H
#define NODE_CORE_CONTENT_OWN_H

#include "node/core/content_int.h"

/* --- content_say.c --------------------------------------------------------------- */
/* Read the waiting texts; they are due at once. */
NODISCARD int drafts_load(struct group *g);
/* Try waiting texts at the next tick. */
void drafts_hurry(struct group *g);
/* Seal the texts that are due. */
NODISCARD int drafts_tick(struct group *g);
/* --- content_unsent.c ------------------------------------------------------------ */
/* True if this key of LOG_DRAFT is that of the text that was not sent. */
bool unsent_is_key(struct bytes key);
/* True if it is the one of what that text answers. */
bool unsent_is_answers_key(struct bytes key);
/* Note what the log holds of it.  ERR_DAMAGED. */
NODISCARD int unsent_load(struct content *c, struct bytes value);
/* At a new hour: erase it when its time is over.  Log errors. */
NODISCARD int unsent_tick(struct group *g);

/* --- content_say.c, again -------------------------------------------------------- */
/* Next time a waiting text or a stopped copy wants something. */
uint64_t say_deadline_ms(const struct group *g);
/* What an own entry says. */
struct saying {
    uint32_t kind, lifetime_hours, end_hour, about_hour;
    struct bytes text;
    uint32_t again_seq; /* of BODY_AGAIN */
    uint8_t again[DEP_BYTES];
    struct bytes reply;    /* REPLY_BYTES of what it answers, or empty */
    struct bytes language; /* its tag, or empty */
    struct bytes payload;  /* of a warning or an act */
    uint8_t urgency;       /* of those; else it goes by the lifetime */
};
/* Seal and store an own entry; `row` gets its hash and number.
 * ERR_NOKEY, ERR_STATE, ERR_FULL, log errors. */
NODISCARD int content_seal(struct group *g, const struct saying *what,
                           struct content_row *row);

/* --- content.c ------------------------------------------------------------------- */
/* Rows gathered before they are changed, COLLECT_MAX at a time, in order of arrival. */
struct rows {
    bool (*wanted)(const struct content_row *row);
    uint64_t after; /* rows up to this one are passed over */
    uint64_t rows[COLLECT_MAX];
    uint8_t ids[COLLECT_MAX][32];
    size_t count;
    bool begun;
};
/* None yet; freed with free.  NULL without memory. */
struct rows *rows_new(bool (*wanted)(const struct content_row *row));
/* The next of them: false if there are none, or `*err`, a log error, is set. */
bool rows_next(struct group *g, struct rows *rows, int *err);

/* --- content_restored.c ---------------------------------------------------------- */
/* Own entries came that are not held: stop, rekey, go on later (P8.9). */
NODISCARD int content_restored(struct group *g);
/* An own entry that another copy wrote has the key of one written here: that one has
 * to be said again (P8.11). */
NODISCARD int restored_clash(struct group *g, const struct item *it);
/* Nothing is remembered of how long a rest still lasts: it begins anew. */
void restored_load(struct group *g);
/* Go on sealing, and say again what is owed, when it is time. */
NODISCARD int restored_tick(struct group *g);
/* Next time restored_tick wants something. */
uint64_t restored_deadline_ms(const struct content *c);

/* --- content_lost.c -------------------------------------------------------------- */
/* From now on: texts made up to this hour may come again.  Log errors. */
NODISCARD int content_note_lost(struct group *g);
/* Read that hour.  ERR_DAMAGED, log errors. */
NODISCARD int lost_load(struct group *g);
/* True if this entry may have been held here before the damage. */
bool content_was_lost(const struct group *g, const struct item *it);

#endif
