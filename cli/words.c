/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* words.c -- drawing words and names; looking a word up. */
#include "cli/words.h"

#include <string.h>

#include "base/text.h"

struct list {
    const char *const *words;
    size_t count;
};

static struct list list_of(const char *language, bool names)
{
    bool dutch = strcmp(language, "nl") == 0;
    if (names)
        return dutch ? (struct list){words_names_nl, words_names_nl_count}
                     : (struct list){words_names_en, words_names_en_count};
    return dutch ? (struct list){words_nl, words_nl_count}
                 : (struct list){words_en, words_en_count};
}

int words_suggest(const struct entropy *entropy, const char *language, struct buf *out)
{
    struct list list = list_of(language, false);
    size_t start = out->n;
    int err = 0;
    for (int i = 0; i < WORDS_SUGGESTED && !err; i++) {
        const char *word = list.words[entropy_below(entropy, list.count)];
        if (i > 0)
            err = buf_append(out, BYTES(" ", 1), SIZE_MAX);
        if (!err)
            err = buf_append(out, BYTES(word, strlen(word)), SIZE_MAX);
    }
    if (err)
        out->n = start;
    return err;
}

void words_numbers(const uint8_t bits[static 5], uint32_t out[static 4])
{
    uint64_t all = 0;
    for (int i = 0; i < 5; i++)
        all = all << 8 | bits[i];
    for (int i = 0; i < 4; i++)
        out[i] = (uint32_t)(all >> (30 - 10 * i)) & 1023;
}

int words_sentence(const uint8_t bits[static 5], uint64_t language, struct buf *out)
{
    struct list list = list_of(language == 1 ? "nl" : "en", false); /* P6.11 */
    uint32_t numbers[4];
    size_t start = out->n;
    int err = 0;
    words_numbers(bits, numbers);
    for (int i = 0; i < 4 && !err; i++) {
        const char *word = list.words[numbers[i] % list.count];
        if (i > 0)
            err = buf_append(out, BYTES(" ", 1), SIZE_MAX);
        if (!err)
            err = buf_append(out, BYTES(word, strlen(word)), SIZE_MAX);
    }
    if (err)
        out->n = start;
    return err;
}

void names_suggest(const struct entropy *entropy, const char *language,
                   const char *out[static NAMES_SUGGESTED])
{
    struct list list = list_of(language, true);
    for (size_t i = 0; i < NAMES_SUGGESTED;) {
        const char *name = list.words[entropy_below(entropy, list.count)];
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= out[k] == name;
        if (!again)
            out[i++] = name;
    }
}

/* Compare `four` with the first four letters of a word. */
static int compare_start(struct bytes four, const char *word)
{
    return bytes_compare(four, BYTES(word, strnlen(word, 4)));
}

static bool is_in(struct bytes four, struct list list)
{
    size_t low = 0, high = list.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_start(four, list.words[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

bool words_in_list(struct bytes four)
{
    return is_in(four, list_of("en", false)) || is_in(four, list_of("nl", false));
}

/* ---- what somebody typed --------------------------------------------------- */

enum { TYPED_BYTES_MAX = 1024, TYPED_WORDS_MAX = 12 };

struct typed {
    struct buf text; /* owned */
    struct bytes words[TYPED_WORDS_MAX];
    size_t count; /* of all, also those past the last place */
};

/* Small letters without marks, cut at spaces.  ERR_UTF8, ERR_TOOBIG, ERR_NOMEM. */
static int typed_read(struct bytes text, struct typed *t)
{
    *t = (struct typed){.count = 0};
    int err = text.n > TYPED_BYTES_MAX ? ERR_TOOBIG
                                       : text_bare(text, &t->text, 4 * TYPED_BYTES_MAX);
    for (size_t at = 0; !err && at < t->text.n;) {
        size_t n = 0;
        while (at + n < t->text.n && t->text.p[at + n] > ' ')
            n++;
        if (n > 0 && t->count < TYPED_WORDS_MAX)
            t->words[t->count] = BYTES(t->text.p + at, n);
        t->count += n > 0;
        at += n + 1;
    }
    return err;
}

static bool is_word(struct bytes word, struct list list)
{
    size_t low = 0, high = list.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *other = list.words[middle];
        int order = bytes_compare(word, BYTES(other, strlen(other)));
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static size_t count_in(const struct typed *t, struct list list)
{
    size_t n = 0;
    for (size_t i = 0; i < t->count && i < TYPED_WORDS_MAX; i++)
        n += is_word(t->words[i], list);
    return n;
}

static struct list list_meant(const struct typed *t)
{
    struct list en = list_of("en", false), nl = list_of("nl", false);
    return count_in(t, nl) > count_in(t, en) ? nl : en;
}

bool words_look(struct bytes typed)
{
    struct typed t;
    int err = typed_read(typed, &t);
    bool look = !err && t.count >= 2 && t.count <= TYPED_WORDS_MAX &&
                count_in(&t, list_meant(&t)) * 2 >= t.count;
    buf_free(&t.text);
    return look;
}

int words_typed(struct bytes typed, struct buf *out, unsigned *wrong)
{
    struct typed t;
    size_t start = out->n;
    int err = typed_read(typed, &t);
    struct list list = list_meant(&t);
    *wrong = 0;
    for (size_t i = 0; !err && i < t.count && i < TYPED_WORDS_MAX; i++) {
        if (!is_word(t.words[i], list)) {
            *wrong = (unsigned)i + 1;
            err = ERR_MISTYPED;
        }
    }
    if (!err && t.count != WORDS_SUGGESTED)
        err = t.count < WORDS_SUGGESTED ? ERR_TRUNCATED : ERR_TOOBIG;
    for (size_t i = 0; !err && i < t.count; i++) {
        err = i > 0 ? buf_append(out, BYTES(" ", 1), SIZE_MAX) : 0;
        if (!err)
            err = buf_append(out, t.words[i], SIZE_MAX);
    }
    if (err)
        out->n = start;
    buf_free(&t.text);
    return err;
}
