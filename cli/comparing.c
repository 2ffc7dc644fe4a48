/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* comparing.c -- see comparing.h. */
#include "cli/comparing.h"

#include <stdio.h>
#include <string.h>

#include "cli/door.h"
#include "cli/groups.h"

int comparing_begin(struct cli *c, uint64_t group, uint64_t row)
{
    struct api_args args = {
        .group = group,
        .has_group = true,
        .row = row,
        .has_row = true,
        .language = groups_language(),
        .on = true,
    };
    int err = cli_do(c, API_COMPARE, &args);
    if (err == ERR_NOTFOUND)
        return cli_error(c, err, _("Nobody here has this name."));
    if (err == ERR_USAGE)
        return cli_error(c, err, _("This is you. Choose somebody else."));
    return err;
}

int comparing_look(struct cli *c, struct comparing_row *out)
{
    struct api_reply reply = {0};
    *out = (struct comparing_row){0};
    int err = cli_call(c, API_COMPARE_LOOK, NULL, &reply);
    if (err)
        return err;
    struct bytes map = api_row(&reply, UINT32_MAX);
    struct bytes bits = api_bytes(map, F_SENTENCE);
    out->on = api_has(map, F_GROUP);
    out->group = api_uint(map, F_GROUP, 0);
    out->row = api_uint(map, F_ROW, 0);
    out->linked = api_uint(map, F_LINKED, 0) != 0;
    out->same = api_uint(map, F_ANSWER, 0) != 0;
    out->language = api_uint(map, F_SENTENCE_LANGUAGE, 0);
    view_name(out->name, api_bytes(map, F_NAME));
    out->ready = bits.n == sizeof out->sentence;
    if (out->ready)
        memcpy(out->sentence, bits.p, bits.n);
    api_reply_free(&reply);
    return 0;
}

void comparing_add(struct screen *s, const struct comparing_row *row)
{
    char text[VIEW_NAME_BYTES + VIEW_WORDS_BYTES];
    if (row->ready) {
        screen_text(s, _("You see this sentence:"));
        door_add_words(s, row->sentence, row->language);
        (void)snprintf(text, sizeof text, _("Ask %s to read theirs aloud."), row->name);
        screen_text(s, text);
        return;
    }
    screen_text(s, _("Sit together, or call somebody whose voice you know."));
    (void)snprintf(text, sizeof text, _("Now %s does the same, and chooses you."),
                   row->name);
    screen_text(s, text);
    if (!row->linked) {
        (void)snprintf(text, sizeof text, _("You and %s are not connected yet."),
                       row->name);
        screen_text(s, text);
    }
}

int comparing_answer(struct cli *c, const struct comparing_row *seen, bool same)
{
    struct api_args args = {.group = seen->group,
                            .has_group = true,
                            .id = BYTES_OF(seen->sentence),
                            .on = same};
    int err =
        seen->on && seen->ready ? cli_do(c, API_COMPARE_ANSWER, &args) : ERR_STATE;
    if (err == ERR_STATE)
        return cli_error(c, err,
                         seen->ready ? _("There is another sentence now. Look again.")
                                     : _("There is no sentence to compare."));
    if (err)
        return err;
    if (same) {
        cli_sayf(_("You compared with %s. This device remembers it."), seen->name);
    } else {
        cli_say(_("Stopped. Somebody may sit between you."));
        comparing_say_advice(seen->name);
    }
    return 0;
}

void comparing_say_advice(const char *name)
{
    cli_sayf(_("Meet %s in person, and compare again there."), name);
    cli_say(_("Until then, say nothing secret here."));
}

int comparing_end(struct cli *c, uint64_t group)
{
    struct api_args args = {.group = group, .has_group = true};
    return cli_do(c, API_COMPARE, &args);
}
