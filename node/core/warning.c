/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* warning.c -- what follows from what is held of a warning (P8.22 to P8.27). */
#include "node/core/warning.h"

#include <string.h>

enum { HOURS_PER_DAY = 24 };

/* Bits of a number, from the front of a hash. */
static unsigned draw(const uint8_t *hash, unsigned at, unsigned bits)
{
    unsigned v = 0;
    for (unsigned i = at; i < at + bits; i++)
        v = v << 1 | (hash[i / 8] >> (7 - i % 8) & 1u);
    return v;
}

void warning_code(const uint8_t hash[static 12], char out[static WARNING_CODE_BYTES])
{
    static const char letters[] = "ACDEFHJKMNPRTWXY", digits[] = "23456789";
    out[0] = letters[draw(hash, 0, 4)]; /* P8.22 */
    out[1] = digits[draw(hash, 4, 3)];
    out[2] = letters[draw(hash, 7, 4)];
    out[3] = '-';
    out[4] = digits[draw(hash, 11, 3)];
    out[5] = digits[draw(hash, 14, 3)];
    out[6] = '\0';
}

/* ---- one person's part ------------------------------------------------------ */

struct judging {
    const struct warning_fact *facts;
    uint32_t writer, hour; /* hour: of the earliest version */
    size_t shown, taken_back, any_back;
    uint32_t persons, told;
    bool ended;
};

static bool is_first_hand(uint8_t known)
{
    return known >= KNOWN_LAB && known <= KNOWN_SAW;
}

static bool is_act(const struct warning_fact *f, enum warning_act_kind kind)
{
    return !f->version && f->act->kind == kind;
}

/* P8.24: the writer, who confirmed at first hand, a steward. */
static bool may_change(const struct judging *j, const struct warning_fact *part,
                       size_t count)
{
    if (part->steward || (j->writer && part->author == j->writer))
        return true;
    for (size_t i = 0; i < count; i++)
        if (is_act(&part[i], WARNING_CONFIRM) && is_first_hand(part[i].act->known))
            return true;
    return false;
}

static bool counts_as_version(const struct warning_fact *f, bool may)
{
    return f->version && f->warning->kind == WARNING_ALERT &&
           (may || f->warning->first.n == 0);
}

/* P8.23: each person once; who has it at first hand is not one of those who heard. */
static void count_person(struct judging *j, const struct warning_fact *part,
                         size_t count, bool may)
{
    bool first_hand = false, told = false;
    for (size_t i = 0; i < count; i++) {
        uint8_t known = 0;
        if (counts_as_version(&part[i], may))
            known = part[i].warning->known;
        else if (is_act(&part[i], WARNING_CONFIRM))
            known = part[i].act->known;
        first_hand = first_hand || is_first_hand(known);
        told = told || known == KNOWN_TOLD;
    }
    j->persons += first_hand;
    j->told += told && !first_hand;
}

/* In the shown order (P8.1). */
static bool is_before(const struct warning_fact *a, const struct warning_fact *b)
{
    if (a->height != b->height)
        return a->height < b->height;
    return memcmp(a->hash, b->hash, sizeof a->hash) < 0;
}

static void keep_earliest(const struct judging *j, size_t *best, size_t i)
{
    if (*best == WARNING_NO_FACT || is_before(&j->facts[i], &j->facts[*best]))
        *best = i;
}

static void weigh(struct judging *j, size_t i, bool may)
{
    const struct warning_fact *f = &j->facts[i];
    if (counts_as_version(f, may)) { /* P8.25: the latest of who may */
        if (j->shown == WARNING_NO_FACT || is_before(&j->facts[j->shown], f))
            j->shown = i;
        j->hour = f->hour < j->hour ? f->hour : j->hour;
    } else if (is_act(f, WARNING_TAKE_BACK)) { /* P8.27 */
        keep_earliest(j, &j->any_back, i);
        if (may)
            keep_earliest(j, &j->taken_back, i);
    } else if (is_act(f, WARNING_END_NOW) && may) {
        j->ended = true;
    }
}

static void weigh_person(struct judging *j, size_t from, size_t end)
{
    const struct warning_fact *part = j->facts + from;
    bool may = may_change(j, part, end - from);
    count_person(j, part, end - from, may);
    for (size_t i = from; i < end; i++)
        weigh(j, i, may);
}

/* ---- all of it -------------------------------------------------------------- */

/* P8.26: the day after the last one, no more than 60 days after it was written. */
static uint32_t last_hour(const struct warning_fact *shown)
{
    uint32_t day = shown->hour / HOURS_PER_DAY + WARNING_DAYS_MAX;
    if (shown->warning->ends_day < day)
        day = shown->warning->ends_day;
    return (day + 1) * HOURS_PER_DAY;
}

void warning_judge(const struct warning_fact *facts, size_t count, uint32_t writer,
                   uint32_t hour, struct warning_verdict *out)
{
    struct judging j = {.facts = facts,
                        .writer = writer,
                        .hour = UINT32_MAX,
                        .shown = WARNING_NO_FACT,
                        .taken_back = WARNING_NO_FACT,
                        .any_back = WARNING_NO_FACT};
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && facts[end].author == facts[i].author;)
            end++;
        weigh_person(&j, i, end);
    }
    if (j.shown == WARNING_NO_FACT && j.taken_back == WARNING_NO_FACT)
        j.taken_back = j.any_back; /* there is nothing that could be passed on */
    bool confirmed = j.persons >= 2;
    *out = (struct warning_verdict){.state = WARNING_ENDED,
                                    .shown = j.shown,
                                    .taken_back = j.taken_back,
                                    .persons = j.persons,
                                    .told = j.told};
    if (j.shown != WARNING_NO_FACT) {
        uint32_t last = last_hour(&facts[j.shown]);
        uint32_t soon = j.hour + WARNING_UNCONFIRMED_HOURS;
        out->over_hour = confirmed || last < soon ? last : soon;
    }
    if (j.taken_back != WARNING_NO_FACT)
        out->state = WARNING_TAKEN_BACK;
    else if (hour < out->over_hour && !j.ended)
        out->state = confirmed ? WARNING_CONFIRMED : WARNING_UNCONFIRMED;
}
