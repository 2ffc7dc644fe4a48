/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* groups.c -- starting groups, letting people in, who is there. */
#include "cli/groups.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/invitation.h"
#include "cli/names.h"

enum { LANGUAGE_EN = 0, LANGUAGE_NL = 1 }; /* P6.11 */
enum {
    DAY_HOURS = 24,
    VALID_HOURS = 24,
    LINE_BYTES_MAX = LIMIT_INVITE_LINE_BYTES_MAX * 4
};

/* Errors that a person meets here get words of their own. */
static int explain(struct cli *c, int err)
{
    switch (err) {
    case ERR_NAMETAKEN:
        return cli_error(c, err, _("This name is taken here. Choose another one."));
    case ERR_DENIED:
        return cli_error(c, err, _("Only a keeper can do that. Ask a keeper."));
    case ERR_FULL: return cli_error(c, err, _("There are too many already."));
    default: return err;
    }
}

int groups_start(struct cli *c, const char *name, uint64_t lifetime_hours,
                 uint64_t *number)
{
    struct buf me = {0};
    struct api_reply reply = {0};
    int err = view_check_name(c, name);
    if (!err)
        err = names_choose(c, &me);
    if (err)
        goto out;
    struct api_args args = {
        .name = BYTES(name, strlen(name)),
        .pseudonym = BUF_BYTES(&me),
        .lifetime = lifetime_hours,
        .has_lifetime = true,
    };
    err = cli_call(c, API_GROUP_NEW, &args, &reply);
    if (!err)
        *number = api_uint(api_row(&reply, UINT32_MAX), F_GROUP, 0);
    api_reply_free(&reply);
out:
    buf_free(&me);
    return explain(c, err);
}

int groups_stay(struct cli *c, uint64_t *hours)
{
    const char *days = c->args.value[OPTION_TALK];
    uint64_t n = 0;
    if (args_has(&c->args, OPTION_RECORD))
        *hours = 0;
    if (!days)
        return 0;
    if (args_number(days, 30, &n) || (n != 1 && n != 7 && n != 30))
        return cli_error(c, ERR_USAGE, _("Choose how many days: 1, 7 or 30."));
    *hours = n * DAY_HOURS;
    return 0;
}

int groups_change_stay(struct cli *c, const struct group_row *group, uint64_t hours)
{
    struct api_args args = {.group = group->number,
                            .has_group = true,
                            .lifetime = hours,
                            .has_lifetime = true};
    char clock[VIEW_WORDS_BYTES];
    if (hours == group->lifetime_hours && group->steward) {
        cli_say(_("Nothing changed."));
        return 0;
    }
    int err = explain(c, cli_do(c, API_LIFETIME, &args));
    if (err)
        return err;
    view_clock(clock, hours);
    cli_sayf(_("New texts here: %s"), clock);
    cli_say(_("Older texts go when they were to go."));
    cli_say(_("Everybody here sees that you changed it."));
    return 0;
}

/* True if somebody can reach this device now. */
static bool is_open(struct cli *c)
{
    struct api_reply reply = {0};
    if (cli_call(c, API_STATUS, NULL, &reply))
        return false;
    bool open = api_uint(api_row(&reply, UINT32_MAX), F_RUNNING, 0);
    api_reply_free(&reply);
    return open;
}

uint64_t groups_language(void)
{
    return strcmp(i18n_language(), "nl") == 0 ? LANGUAGE_NL : LANGUAGE_EN;
}

int groups_invite(struct cli *c, const struct group_row *group,
                  const struct inviting *how, struct buf *line)
{
    struct api_reply reply = {0};
    struct api_args args = {
        .group = group->number,
        .has_group = true,
        .uses = how->uses ? how->uses : 1,
        .valid_hours = VALID_HOURS,
        .steward = how->steward,
        .open = how->open,
        .language = groups_language(),
    };
    int err = cli_call(c, API_INVITE, &args, &reply);
    if (err)
        return explain(c, err);
    err = buf_append(line, api_bytes(api_row(&reply, UINT32_MAX), F_TEXT),
                     LIMIT_INVITE_LINE_BYTES_MAX);
    api_reply_free(&reply);
    if (err)
        return err;
    cli_say(_("Give this line to one person only. It works for a day."));
    if (is_open(c)) {
        cli_say(_("Keep kring open, so that this person can come in."));
    } else {
        cli_say(_("kring is closed now. So nobody can come in yet."));
        cli_say(_("Type: kring"));
        cli_say(_("Keep kring open, until this person is in."));
    }
    if (how->steward)
        cli_say(_("This person will be a keeper and can let others in."));
    return 0;
}

int groups_join(struct cli *c, struct bytes text, uint64_t *number)
{
    struct buf me = {0}, line = {0};
    struct api_reply reply = {0};
    int err = invitation_squeeze(text, &line, LINE_BYTES_MAX);
    /* Before a name is chosen: a code that cannot work spares the question. */
    if (!err)
        err = invitation_check(BUF_BYTES(&line));
    if (!err)
        err = names_choose(c, &me);
    if (err)
        goto out;
    struct api_args args = {
        .text = BUF_BYTES(&line), .pseudonym = BUF_BYTES(&me), .has_text = true};
    err = cli_call(c, API_JOIN, &args, &reply);
    if (!err)
        *number = api_uint(api_row(&reply, UINT32_MAX), F_GROUP, 0);
    api_reply_free(&reply);
out:
    buf_free(&me);
    buf_free(&line);
    if (err == ERR_EXISTS)
        return cli_error(c, err, _("You are in this group already."));
    return explain(c, invitation_explain(c, err));
}

/* ---- who is there -------------------------------------------------------- */

/* ", reads from today" and the like; nothing where it is not known here. */
static void add_since(char words[static VIEW_WORDS_BYTES], struct bytes map,
                      uint64_t now_hour)
{
    uint64_t from = api_uint(map, F_READS_FROM, UINT64_MAX);
    words[0] = '\0';
    if (from == UINT64_MAX)
        return;
    unsigned long days =
        now_hour > from ? (unsigned long)(now_hour / DAY_HOURS - from / DAY_HOURS) : 0;
    if (days == 0)
        (void)snprintf(words, VIEW_WORDS_BYTES, "%s", _(", reads from today"));
    else
        (void)snprintf(
            words, VIEW_WORDS_BYTES,
            ngettext(", reads since %lu day ago", ", reads since %lu days ago", days),
            days);
}

/* How somebody was compared: not yet, when let in (of which nothing is said), by us. */
static int add_compared(struct buf *words, uint64_t how)
{
    const char *said = how == 0   ? _(", not compared yet")
                       : how == 2 ? _(", compared with you")
                                  : "";
    return buf_append(words, BYTES(said, strlen(said)), SIZE_MAX);
}

/* ", let in by Otter, reads from today, not compared yet" */
static void add_coming(struct buf *words, struct bytes map, uint64_t now_hour)
{
    char part[VIEW_WORDS_BYTES * 3];
    struct bytes by = api_bytes(map, F_LET_IN_BY);
    bool me = api_uint(map, F_ME, 0) != 0; /* nobody compares with oneself */
    if (by.n == 0 && (me || add_compared(words, api_uint(map, F_COMPARED, 0)) == 0))
        return;
    (void)snprintf(part, sizeof part, _(", let in by %.*s"), (int)by.n,
                   (const char *)by.p);
    int err = buf_append(words, BYTES(part, strlen(part)), SIZE_MAX);
    add_since(part, map, now_hour);
    if (!err)
        err = buf_append(words, BYTES(part, strlen(part)), SIZE_MAX);
    if (!err)
        err = me ? 0 : add_compared(words, api_uint(map, F_COMPARED, 0));
    if (err)
        words->n = 0;
}

static void add_member(struct screen *s, struct bytes map, uint64_t now_hour)
{
    char role[VIEW_WORDS_BYTES], name[VIEW_NAME_BYTES];
    struct buf words = {0};
    struct bytes by = api_bytes(map, F_LET_IN_BY), who = api_bytes(map, F_NAME);
    bool steward = api_uint(map, F_STEWARD, 0), me = api_uint(map, F_ME, 0);
    bool forked = api_uint(map, F_FORKED, 0);
    (void)snprintf(role, sizeof role, "%s%s", me ? _("you, ") : "",
                   steward ? _("keeper") : _("member"));
    if (buf_append(&words, BYTES(role, strlen(role)), SIZE_MAX) == 0)
        add_coming(&words, map, now_hour);
    view_name(name, who);
    screen_pair(s, name, BUF_BYTES(&words));
    buf_free(&words);
    screen_cell_text(s, "name", who);
    screen_cell_text(s, "role", steward ? BYTES("keeper", 6) : BYTES("member", 6));
    screen_cell_flag(s, "me", me);
    if (by.n > 0)
        screen_cell_text(s, "let_in_by", by);
    else
        screen_cell_null(s, "let_in_by");
    screen_cell_flag(s, "compared", api_uint(map, F_COMPARED, 0) != 0);
    if (api_has(map, F_READS_FROM)) {
        view_hour(role, api_uint(map, F_READS_FROM, 0));
        screen_cell_text(s, "reads_from", BYTES(role, strlen(role)));
    } else {
        screen_cell_null(s, "reads_from");
    }
    screen_cell_flag(s, "forked", forked);
    screen_cell_flag(s, "hidden", api_uint(map, F_HIDDEN, 0) != 0);
    if (api_uint(map, F_HIDDEN, 0))
        screen_text(s, _("You do not see what this person writes."));
    if (forked)
        screen_text(s, _("This person went back to an older copy of kring."));
}

int groups_add_members(struct cli *c, uint64_t number, struct screen *s)
{
    struct api_args args = {.group = number, .has_group = true};
    struct api_reply reply = {0};
    struct group_row g;
    int err = view_group_number(c, number, &g);
    if (!err)
        err = cli_call(c, API_MEMBERS, &args, &reply);
    if (err)
        return err;
    for (uint32_t i = 0; i < api_rows(&reply); i++)
        add_member(s, api_row(&reply, i), g.hour);
    api_reply_free(&reply);
    return 0;
}

/* ---- on this device only --------------------------------------------------- */

/* The index of the member called `name`.  ERR_NOTFOUND. */
static int find_member(struct cli *c, uint64_t group, const char *name, uint64_t *index)
{
    struct api_args args = {.group = group, .has_group = true};
    struct api_reply reply = {0};
    int err = cli_call(c, API_MEMBERS, &args, &reply);
    if (err)
        return err;
    err = ERR_NOTFOUND;
    for (uint32_t i = 0; i < api_rows(&reply) && err; i++) {
        struct bytes map = api_row(&reply, i);
        if (!view_same_name(api_bytes(map, F_NAME), BYTES(name, strlen(name))))
            continue;
        *index = api_uint(map, F_ROW, 0);
        err = 0;
    }
    api_reply_free(&reply);
    return err;
}

int groups_find_member(struct cli *c, uint64_t group, const char *name, uint64_t *row)
{
    int err = find_member(c, group, name, row);
    return err == ERR_NOTFOUND ? cli_error(c, err, _("Nobody here has this name."))
                               : err;
}

int groups_hide(struct cli *c, const struct group_row *group, const char *name, bool on)
{
    struct api_args args = {
        .group = group->number, .has_group = true, .has_row = true, .on = on};
    int err = find_member(c, group->number, name, &args.row);
    if (!err)
        err = cli_do(c, API_HIDE, &args);
    if (err == ERR_NOTFOUND)
        return cli_error(c, err, _("Nobody here has this name."));
    if (err == ERR_USAGE)
        return cli_error(c, err, _("You cannot hide yourself."));
    if (err)
        return err;
    if (on) {
        cli_sayf(_("You do not see what %s writes any more."), name);
        cli_say(_("Only on this device. Nobody is told."));
    } else {
        cli_sayf(_("You see what %s writes again."), name);
    }
    return 0;
}

int groups_quiet(struct cli *c, const struct group_row *group, bool on)
{
    struct api_args args = {.group = group->number, .has_group = true, .on = on};
    int err = cli_do(c, API_QUIET, &args);
    if (err)
        return err;
    if (on) {
        cli_sayf(_("%s is quiet: no mark and no news."), group->name);
        cli_say(_("Only on this device. Nobody is told."));
    } else {
        cli_sayf(_("%s is not quiet any more."), group->name);
    }
    return 0;
}

/* ---- about me ------------------------------------------------------------ */

/* The own names, one a line, each once. */
static int own_names(const struct api_reply *reply, struct buf *names,
                     unsigned long *count)
{
    for (uint32_t i = 0; i < api_rows(reply); i++) {
        struct bytes me = api_bytes(api_row(reply, i), F_ME);
        bool known = false;
        for (uint32_t k = 0; k < i && !known; k++)
            known = bytes_equal(me, api_bytes(api_row(reply, k), F_ME));
        if (known || me.n == 0)
            continue;
        int err = *count > 0 ? buf_append(names, BYTES("\n", 1), SIZE_MAX) : 0;
        if (!err)
            err = buf_append(names, me, SIZE_MAX);
        if (err)
            return err;
        (*count)++;
    }
    return 0;
}

/* Append "1 name (Wren, Otter), 2 groups, 0 real names". */
static int about_words(struct buf *out, struct bytes names, unsigned long names_count,
                       unsigned long groups)
{
    char part[VIEW_WORDS_BYTES];
    int err = 0;
    (void)snprintf(part, sizeof part, ngettext("%lu name", "%lu names", names_count),
                   names_count);
    err = buf_append(out, BYTES(part, strlen(part)), SIZE_MAX);
    for (size_t i = 0; i < names.n && !err; i++) {
        if (i == 0)
            err = buf_append(out, BYTES(" (", 2), SIZE_MAX);
        if (!err && names.p[i] == '\n')
            err = buf_append(out, BYTES(", ", 2), SIZE_MAX);
        else if (!err)
            err = buf_append(out, BYTES(names.p + i, 1), SIZE_MAX);
    }
    if (!err && names.n > 0)
        err = buf_append(out, BYTES(")", 1), SIZE_MAX);
    (void)snprintf(part, sizeof part, ngettext(", %lu group", ", %lu groups", groups),
                   groups);
    if (!err)
        err = buf_append(out, BYTES(part, strlen(part)), SIZE_MAX);
    const char *real = _(", 0 real names");
    if (!err)
        err = buf_append(out, BYTES(real, strlen(real)), SIZE_MAX);
    return err ? err : buf_append(out, BYTES("", 1), SIZE_MAX);
}

int groups_add_about_me(struct cli *c, struct screen *s)
{
    struct api_reply reply = {0};
    struct buf names = {0}, words = {0};
    unsigned long count = 0;
    int err = cli_call(c, API_GROUPS, NULL, &reply);
    if (!err)
        err = own_names(&reply, &names, &count);
    if (!err)
        err = about_words(&words, BUF_BYTES(&names), count,
                          (unsigned long)api_rows(&reply));
    if (!err) {
        screen_text(s, (const char *)words.p);
        screen_cell_list(s, "names", BUF_BYTES(&names));
        screen_cell_number(s, "groups", api_rows(&reply));
        screen_cell_number(s, "real_names", 0);
    }
    api_reply_free(&reply);
    buf_free(&names);
    buf_free(&words);
    return err;
}

/* One name, one try. */
static int rename_once(struct cli *c, uint64_t number)
{
    struct buf me = {0};
    int err = names_choose(c, &me);
    if (!err) {
        struct api_args args = {
            .group = number,
            .has_group = true,
            .pseudonym = BUF_BYTES(&me),
        };
        err = cli_do(c, API_RENAME, &args);
    }
    buf_free(&me);
    return explain(c, err);
}

int groups_rename(struct cli *c, uint64_t number)
{
    int err = rename_once(c, number);
    while (err == ERR_NAMETAKEN && names_can_ask(c)) {
        c->told = false;
        err = rename_once(c, number);
    }
    return err;
}
