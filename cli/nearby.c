/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* nearby.c -- see nearby.h. */
#include "cli/nearby.h"

#include <stdio.h>
#include <string.h>

#include "cli/groups.h"
#include "cli/names.h"
#include "cli/words.h"
#include "crypto/words_secret.h"
#include "node/core/peer.h"
#include "store/stretch.h"

enum { LINE_BYTES = VIEW_NAME_BYTES + VIEW_WORDS_BYTES };

/* ---- looking --------------------------------------------------------------- */

int nearby_begin(struct cli *c)
{
    struct api_args args = {.delay_ms = NEARBY_LOOK_SECONDS * 1000};
    int err = cli_do(c, API_AROUND, &args);
    if (err == ERR_STATE)
        return cli_error(c, err, _("Nobody can reach this device now."));
    if (!err && !args_has(&c->args, OPTION_JSON))
        cli_say(_("Looking for two minutes. The others must look too."));
    return err;
}

static bool was_named(const struct nearby_look *look, const char *name)
{
    for (size_t i = 0; i < look->named_count; i++)
        if (strcmp(look->named[i], name) == 0)
            return true;
    return false;
}

/* One line about somebody: a sentence, and cells for programs. */
static void add_person(struct screen *s, const char *name, bool linked)
{
    char sentence[LINE_BYTES];
    const char *format = linked ? _("%s is near. You are connected.")
                                : _("%s is near. You are not connected yet.");
    (void)snprintf(sentence, sizeof sentence, format, name);
    screen_text(s, sentence);
    screen_cell_text(s, "name", BYTES(name, strlen(name)));
    screen_cell_flag(s, "connected", linked);
}

/* Add who was not named yet: of those that are connected, or (`all`) everybody. */
static int add_people(struct cli *c, struct nearby_look *look, bool all,
                      struct screen *s, uint64_t *left_ms)
{
    struct api_reply reply = {0};
    int err = cli_call(c, API_NEAR, NULL, &reply);
    for (uint32_t i = 0; !err && i < api_rows(&reply); i++) {
        struct bytes row = api_row(&reply, i);
        bool linked = api_uint(row, F_LINKED, 0);
        char name[VIEW_NAME_BYTES];
        view_name(name, api_bytes(row, F_NAME));
        if (was_named(look, name) || !(all || linked) ||
            look->named_count == LIMIT_NEAR_MAX)
            continue;
        memcpy(look->named[look->named_count++], name, sizeof name);
        add_person(s, name, linked);
    }
    if (!err)
        *left_ms = api_uint(api_row(&reply, UINT32_MAX), F_LEFT_MS, 0);
    api_reply_free(&reply);
    return err;
}

int nearby_step(struct cli *c, struct nearby_look *look, uint64_t *left_ms)
{
    struct screen s = {0};
    int err = add_people(c, look, false, &s, left_ms);
    if (!err && s.lines_count > 0)
        return cli_show(c, &s);
    screen_free(&s);
    return err;
}

int nearby_end(struct cli *c, struct nearby_look *look)
{
    struct screen s = {0};
    struct api_args stop = {.delay_ms = 0};
    uint64_t left_ms = 0;
    int err = add_people(c, look, true, &s, &left_ms);
    if (!err)
        err = cli_do(c, API_AROUND, &stop);
    if (!err && look->named_count == 0 && !args_has(&c->args, OPTION_JSON))
        screen_text(&s, _("Nobody was found on this network."));
    if (!err && s.lines_count > 0)
        return cli_show(c, &s);
    screen_free(&s);
    return err;
}

/* ---- networks -------------------------------------------------------------- */

uint64_t nearby_network(struct cli *c)
{
    struct api_reply reply = {0};
    if (cli_call(c, API_NETWORKS, NULL, &reply))
        return NETWORK_UNKNOWN;
    uint64_t here = api_uint(api_row(&reply, UINT32_MAX), F_NETWORK, 0);
    api_reply_free(&reply);
    return here;
}

int nearby_mark(struct cli *c, const char *name)
{
    struct api_args args = {.name = BYTES(name, strlen(name))};
    int err = view_check_name(c, name);
    if (!err)
        err = cli_do(c, API_NETWORKS, &args);
    if (err == ERR_NOTFOUND)
        return cli_error(c, err, _("This network cannot be remembered."));
    if (err == ERR_FULL)
        return cli_error(c, err, _("There are too many. Forget one first."));
    if (!err && !args_has(&c->args, OPTION_JSON))
        cli_say(_("Remembered. Here kring looks around by itself."));
    return err;
}

int nearby_forget(struct cli *c, uint64_t n)
{
    struct api_args args = {.row = n};
    int err = n > 0 ? cli_do(c, API_NETWORKS, &args) : ERR_NOTFOUND;
    if (!err && !args_has(&c->args, OPTION_JSON))
        cli_say(_("Forgotten."));
    return err;
}

int nearby_add_networks(struct cli *c, struct screen *s, uint64_t *count)
{
    struct api_reply reply = {0};
    int err = cli_call(c, API_NETWORKS, NULL, &reply);
    *count = 0;
    for (uint32_t i = 0; !err && i < api_rows(&reply); i++) {
        struct bytes row = api_row(&reply, i), name = api_bytes(row, F_NAME);
        char label[16];
        char text[VIEW_NAME_BYTES];
        bool here = api_uint(row, F_HERE, 0);
        (void)snprintf(label, sizeof label, "%u", i + 1);
        (void)snprintf(text, sizeof text, here ? _("%.*s (you are here)") : "%.*s",
                       (int)name.n, (const char *)name.p);
        screen_pair(s, label, BYTES(text, strlen(text)));
        screen_cell_number(s, "number", i + 1);
        screen_cell_text(s, "network", name);
        screen_cell_flag(s, "here", here);
        ++*count;
    }
    if (!err && *count == 0 && !args_has(&c->args, OPTION_JSON))
        screen_text(s, _("No network is remembered."));
    api_reply_free(&reply);
    return err;
}

/* ---- six words --------------------------------------------------------------- */

int nearby_read_words(struct cli *c, struct bytes typed, struct buf *out)
{
    char sentence[VIEW_WORDS_BYTES];
    unsigned wrong = 0;
    int err = words_typed(typed, out, &wrong);
    switch (err) {
    case ERR_MISTYPED:
        (void)snprintf(sentence, sizeof sentence, _("Word %u is not in the list."),
                       wrong);
        return cli_error(c, err, sentence);
    case ERR_TRUNCATED:
        return cli_error(c, ERR_MISTYPED, _("Type all of the six words."));
    case ERR_UTF8:
    case ERR_TOOBIG:
        return cli_error(c, ERR_MISTYPED, _("These are more than six words."));
    default: return err;
    }
}

static int stretch_words(uint8_t out[static STRETCH_BYTES], const void *input)
{
    const struct bytes *words = input;
    return words_secret(out, *words);
}

/* The slow part, in a child; the node goes on meanwhile. */
static int secret_of(struct cli *c, struct bytes words, const struct nearby_ear *ear,
                     uint8_t secret[static WORDS_SECRET_BYTES])
{
    struct stretch child;
    int err = stretch_begin(&child, stretch_words, &words);
    while (!err) {
        struct session_event event = {0};
        int got = session_wait(c->session, child.fd, -1, &event);
        if (got < 0 || got & (SESSION_FD | SESSION_STOP))
            break; /* also then the child is waited for */
        if (got & SESSION_EVENT && ear)
            ear->told(ear->ctx, &event);
    }
    return err ? err : stretch_end(&child, secret);
}

static int explain(struct cli *c, int err)
{
    switch (err) {
    case ERR_DENIED:
        return cli_error(c, err, _("Only a keeper can do that. Ask a keeper."));
    case ERR_FULL: return cli_error(c, err, _("There are too many already."));
    case ERR_STATE: return cli_error(c, err, _("Nobody can reach this device now."));
    default: return err;
    }
}

int nearby_offer(struct cli *c, const struct group_row *g, bool steward,
                 const struct nearby_ear *ear, struct buf *words)
{
    uint8_t secret[WORDS_SECRET_BYTES] = {0};
    struct api_args args = {.group = g->number,
                            .has_group = true,
                            .steward = steward,
                            .language = groups_language(),
                            .secret = BYTES_OF(secret)};
    if (!g->steward) /* before anybody waits */
        return explain(c, ERR_DENIED);
    int err = words_suggest(&c->entropy, i18n_language(), words);
    if (!err)
        err = secret_of(c, BUF_BYTES(words), ear, secret);
    if (!err)
        err = cli_do(c, API_WORDS, &args);
    wipe(secret, sizeof secret);
    return explain(c, err);
}

int nearby_seek(struct cli *c, struct bytes words, const struct nearby_ear *ear)
{
    uint8_t secret[WORDS_SECRET_BYTES] = {0};
    struct buf me = {0};
    int err = names_choose(c, &me);
    struct api_args args = {.pseudonym = BUF_BYTES(&me), .secret = BYTES_OF(secret)};
    if (!err)
        err = secret_of(c, words, ear, secret);
    if (!err)
        err = cli_do(c, API_WORDS, &args);
    if (!err && !args_has(&c->args, OPTION_JSON))
        cli_say(_("Looking for who gave you these words. Stay near."));
    wipe(secret, sizeof secret);
    buf_free(&me);
    return explain(c, err);
}

void nearby_say_words(const struct session_event *event)
{
    switch (event->row) {
    case WORDS_FOUND: cli_say(_("Found. It goes on by itself.")); break;
    case WORDS_CAME: cli_say(_("Somebody came with your six words.")); break;
    case WORDS_GUESSED:
        cli_say(_("Wrong words were tried three times."));
        cli_say(_("Yours are finished. Make new ones."));
        break;
    case WORDS_NOBODY:
        if (event->group > 0)
            cli_say(_("The six words are finished. Nobody came."));
        else
            cli_say(_("Nobody with these words was found. Compare them."));
        break;
    default: break;
    }
}
