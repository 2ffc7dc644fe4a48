/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* door.c -- see door.h. */
#include "cli/door.h"

#include <stdio.h>
#include <string.h>

#include "cli/words.h"

enum { NUMBERS_BYTES = 48 };

static bool read_row(struct bytes map, struct door_row *row)
{
    struct bytes id = api_bytes(map, F_ID), bits = api_bytes(map, F_SENTENCE);
    *row = (struct door_row){.language = api_uint(map, F_SENTENCE_LANGUAGE, 0),
                             .others = api_uint(map, F_WAITING, 0)};
    if (id.n != sizeof row->id || bits.n != sizeof row->sentence)
        return false;
    memcpy(row->id, id.p, id.n);
    memcpy(row->sentence, bits.p, bits.n);
    view_name(row->name, api_bytes(map, F_NAME));
    return true;
}

int door_look(struct cli *c, uint64_t group, struct door_row *rows, size_t max,
              size_t *count)
{
    struct api_args args = {.group = group, .has_group = true};
    struct api_reply reply = {0};
    *count = 0;
    int err = cli_call(c, API_DOOR, &args, &reply);
    for (uint32_t i = 0; !err && i < api_rows(&reply) && *count < max; i++)
        *count += read_row(api_row(&reply, i), &rows[*count]);
    api_reply_free(&reply);
    return err;
}

/* The words and the numbers of a sentence; words are given (buf_free). */
static int spell(const uint8_t bits[static SENTENCE_BYTES], uint64_t language,
                 struct buf *words, char numbers[static NUMBERS_BYTES])
{
    uint32_t n[4];
    words_numbers(bits, n);
    (void)snprintf(numbers, NUMBERS_BYTES, "%u %u %u %u", n[0], n[1], n[2], n[3]);
    return words_sentence(bits, language, words);
}

void door_add_sentence(struct screen *s, const uint8_t bits[static SENTENCE_BYTES],
                       uint64_t language)
{
    screen_text(s, _("You both see this sentence:"));
    door_add_words(s, bits, language);
}

void door_add_words(struct screen *s, const uint8_t bits[static SENTENCE_BYTES],
                    uint64_t language)
{
    struct buf words = {0};
    char numbers[NUMBERS_BYTES];
    int err = spell(bits, language, &words, numbers);
    if (err)
        s->err = s->err ? s->err : err;
    screen_said(s, _("In words"), BUF_BYTES(&words));
    screen_said(s, _("In numbers"), BYTES(numbers, strlen(numbers)));
    buf_free(&words);
}

void door_add_cells(struct screen *s, const uint8_t bits[static SENTENCE_BYTES],
                    uint64_t language)
{
    struct buf words = {0};
    char numbers[NUMBERS_BYTES];
    int err = spell(bits, language, &words, numbers);
    if (err)
        s->err = s->err ? s->err : err;
    screen_cell_text(s, "sentence", BUF_BYTES(&words));
    screen_cell_text(s, "numbers", BYTES(numbers, strlen(numbers)));
    buf_free(&words);
}

void door_add_row(struct screen *s, const struct door_row *row)
{
    char text[VIEW_NAME_BYTES + VIEW_WORDS_BYTES];
    (void)snprintf(text, sizeof text, _("%s wants to come in."), row->name);
    screen_text(s, text);
    screen_cell_text(s, "name", BYTES(row->name, strlen(row->name)));
    screen_cell_number(s, "others", row->others);
    door_add_cells(s, row->sentence, row->language);
    if (row->others > 0)
        screen_text(s, _("Somebody else came with the same code. Compare well."));
    door_add_sentence(s, row->sentence, row->language);
}

static void say_answered(const struct door_row *row, enum door_answer answer)
{
    if (answer == DOOR_STOP)
        cli_say(_("Stopped. Nobody was added."));
    else if (!row)
        cli_say(_("Good. Now the other side must say yes."));
    else if (answer == DOOR_SAME)
        cli_sayf(_("You let %s in."), row->name);
    else
        cli_sayf(_("You let %s in, not compared yet."), row->name);
}

int door_answer_for(struct cli *c, uint64_t group, const struct door_row *row,
                    enum door_answer answer)
{
    struct api_args args = {.group = group, .has_group = true};
    args.answer = (uint64_t)answer;
    if (row)
        args.id = BYTES_OF(row->id);
    int err = cli_do(c, API_DOOR_ANSWER, &args);
    if (err == ERR_NOTFOUND)
        return cli_error(c, err, _("This person waits no longer."));
    if (err == ERR_DENIED)
        return cli_error(c, err, _("Only a keeper can do that. Ask a keeper."));
    if (!err)
        say_answered(row, answer);
    return err;
}

int door_yes_or_no(const char *typed)
{
    if (typed[0] == '\0' || typed[1] != '\0')
        return -1;
    if (strchr("yYjJ", typed[0]))
        return 1;
    return strchr("nN", typed[0]) ? 0 : -1;
}
