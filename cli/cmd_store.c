/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* cmd_store.c -- the commands `doctor`, `backup`, `restore`. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/opening.h"
#include "node/host/doctor.h"
#include "store/unlock.h"

enum { LINE_BYTES = 256, PATH_LINE_BYTES = PLACE_BYTES_MAX + LINE_BYTES };

/* ---- doctor -------------------------------------------------------------- */

/* A sentence with one number in it, of which a person reads the right form. */
__attribute__((format(printf, 2, 0))) static void add_count(struct screen *s,
                                                            const char *format,
                                                            unsigned long count)
{
    char line[LINE_BYTES];
    (void)snprintf(line, sizeof line, format, count);
    if (count > 0)
        screen_text(s, line);
}

static void add_damage(struct screen *s, const struct doctor_report *r, unsigned slots)
{
    char line[LINE_BYTES];
    if (slots > 0)
        screen_text(s,
                    _("Part of the file that opens kring was damaged. It is whole."));
    if (r->store.pages_bad > 0) {
        (void)snprintf(
            line, sizeof line, _("The store was damaged in %lu of its %lu parts."),
            (unsigned long)r->store.pages_bad, (unsigned long)r->store.pages);
        screen_text(s, line);
    }
    if (r->store.frames_bad > 0)
        screen_text(s, _("What was written last was damaged in part."));
    if (r->store.log_lost)
        screen_text(s, _("What was written last cannot be read any more."));
    if (r->reindexed)
        screen_text(s, _("A list was in disorder. It is right again."));
    if (!r->healthy && !r->reindexed && !r->rebuilt)
        screen_text(s, _("Some things did not fit together. They do again."));
}

static void add_lost(struct screen *s, const struct doctor_report *r)
{
    uint64_t texts = r->store.texts_lost + r->log.texts_lost;
    add_count(s,
              ngettext("%lu text was lost here.", "%lu texts were lost here.", texts),
              (unsigned long)texts);
    if (texts > 0)
        screen_text(s, _("Others may send them again. Here they stay unreadable."));
    if (r->log.control_lost > 0)
        screen_text(s, _("News about members was lost. Others send it again."));
    add_count(s,
              ngettext("%lu group is lost. Ask for a new invitation.",
                       "%lu groups are lost. Ask for new invitations.",
                       r->log.groups_lost),
              r->log.groups_lost);
    if (r->log.seed_lost)
        screen_text(s, _("What proves your names is lost."));
    add_count(s,
              ngettext("In %lu group you can read, but not write.",
                       "In %lu groups you can read, but not write.",
                       r->log.groups_mute),
              r->log.groups_mute);
}

static void add_safe(struct cli *c, struct screen *s, const struct doctor_report *r)
{
    char line[PATH_LINE_BYTES];
    add_count(s, ngettext("Safe: %lu group.", "Safe: %lu groups.", r->log.groups),
              r->log.groups);
    add_count(s, ngettext("Safe: %lu text.", "Safe: %lu texts.", r->store.texts),
              (unsigned long)r->store.texts);
    if (!r->rebuilt)
        return;
    screen_text(s, _("kring makes new locks before you write again."));
    screen_text(s, _("Open kring, and wait some minutes."));
    (void)snprintf(line, sizeof line, "%s/%s", c->home, r->store.kept_as);
    screen_text(s, _("The damaged file stays, locked as before. You can delete it:"));
    screen_said(s, _("File"), BYTES(line, strlen(line)));
    screen_text(s, _("Until then, texts that end here stay in it."));
}

static void add_doctor_cells(struct screen *s, const struct doctor_report *r,
                             unsigned slots)
{
    screen_row(s);
    screen_cell_flag(s, "healthy", r->healthy && slots == 0);
    screen_cell_number(s, "slots_damaged", slots);
    screen_cell_number(s, "pages", r->store.pages);
    screen_cell_number(s, "pages_damaged", r->store.pages_bad);
    screen_cell_number(s, "records_damaged", r->store.frames_bad);
    screen_cell_flag(s, "log_lost", r->store.log_lost);
    screen_cell_flag(s, "reindexed", r->reindexed);
    screen_cell_number(s, "groups", r->log.groups);
    screen_cell_number(s, "groups_lost", r->log.groups_lost);
    screen_cell_number(s, "groups_mute", r->log.groups_mute);
    screen_cell_number(s, "groups_differ", r->log.groups_differ);
    screen_cell_number(s, "texts_lost", r->store.texts_lost + r->log.texts_lost);
    screen_cell_number(s, "control_lost", r->log.control_lost);
    screen_cell_text(s, "kept_as", BYTES(r->store.kept_as, strlen(r->store.kept_as)));
}

static int show_doctor(struct cli *c, const struct doctor_report *r, unsigned slots)
{
    struct screen s = {0};
    if (r->healthy && slots == 0) {
        screen_text(&s, _("All is well. Nothing here is damaged."));
    } else {
        add_damage(&s, r, slots);
        add_lost(&s, r);
        screen_text(&s, _("kring mended what can be mended."));
        add_safe(c, &s, r);
    }
    if (r->log.groups_differ > 0)
        screen_text(&s, _("In some groups not everybody sees the same members."));
    add_doctor_cells(&s, r, slots);
    return cli_show(c, &s);
}

/* What is left to do when nothing here can be mended. */
static int no_mending(struct cli *c, int err)
{
    bool json = args_has(&c->args, OPTION_JSON);
    if (err == ERR_NOSTORE && place_is_set_up(c->home))
        err = ERR_DAMAGED; /* there was one */
    if (err == ERR_PASSPHRASE && !json) {
        if (!c->told)
            cli_say_either(c, err_text(err));
        cli_say_either(
            c, N_("Are the words right? Then the file that opens kring is damaged."));
        cli_say_either(c, N_("Then only a copy helps. Type: kring restore FILE"));
        c->told = true;
    }
    if (err != ERR_DAMAGED)
        return err;
    if (json)
        return cli_error(c, err, _("This is damaged too much. Only a copy helps."));
    cli_say_either(c, N_("This is damaged too much. Only a copy helps."));
    cli_say_either(c, N_("Keep this folder. Put the copy in another one:"));
    cli_say("kring restore FILE --home FOLDER");
    c->told = true;
    return err;
}

int command_doctor(struct cli *c)
{
    struct doctor_report report = {0};
    uint8_t data_key[32] = {0};
    unsigned slots = 0;
    int err = opening_remote(c);
    if (err == 0)
        return ERR_INUSE; /* who has it open changes it meanwhile */
    err = opening_unlock(c, data_key);
    if (!err)
        err = unlock_mend(c->home, data_key, c->slot, &c->entropy, &slots);
    if (!err)
        err = doctor_run(c->home, data_key, &report);
    if (!err) /* the store opens again: it knows the person's language */
        err = opening_with_key(c, false, data_key);
    wipe(data_key, sizeof data_key);
    return err ? no_mending(c, err) : show_doctor(c, &report, slots);
}

/* ---- backup -------------------------------------------------------------- */

/* The node may stand in another folder: give it the whole path. */
static int absolute(const char *path, struct buf *out)
{
    char here[PLACE_BYTES_MAX];
    if (path[0] != '/') {
        if (!getcwd(here, sizeof here))
            return ERR_SYSTEM;
        int err = buf_append(out, BYTES(here, strlen(here)), PATH_MAX);
        if (!err)
            err = buf_append(out, BYTES("/", 1), PATH_MAX);
        if (err)
            return err;
    }
    return buf_append(out, BYTES(path, strlen(path)), PATH_MAX);
}

static int backup_failed(struct cli *c, int err)
{
    if (err == ERR_EXISTS)
        return cli_error(c, err, _("There is a file of that name. Choose another."));
    if (err == ERR_NOSTORE)
        return cli_error(c, err, _("There is no such folder. Check the name."));
    return err;
}

static int show_backup(struct cli *c, struct bytes path, uint64_t bytes)
{
    struct screen s = {0};
    bool with_talk = args_has(&c->args, OPTION_WITH_TALK);
    screen_text(&s, _("The copy is made. Keep it in a safe place."));
    screen_said(&s, _("File"), path);
    screen_cell_text(&s, "file", path);
    screen_cell_number(&s, "bytes", bytes);
    screen_cell_flag(&s, "with_talk", with_talk);
    screen_text(&s, _("It opens with the passphrase of today."));
    screen_text(&s, with_talk ? _("Talk stays in it until you delete the copy.")
                              : _("Talk is not in it, only what is kept."));
    screen_text(&s, _("Erasing here does not erase the copy."));
    return cli_show(c, &s);
}

int command_backup(struct cli *c)
{
    struct api_reply reply = {0};
    struct buf path = {0};
    int err = opening_open(c, false);
    if (!err)
        err = absolute(c->args.operands[0], &path);
    if (!err) {
        struct api_args args = {.text = BUF_BYTES(&path),
                                .has_text = true,
                                .with_talk = args_has(&c->args, OPTION_WITH_TALK)};
        err = cli_call(c, API_BACKUP, &args, &reply);
        if (err)
            err = backup_failed(c, err);
    }
    if (!err)
        err = show_backup(c, BUF_BYTES(&path),
                          api_uint(api_row(&reply, UINT32_MAX), F_DISK_BYTES, 0));
    api_reply_free(&reply);
    buf_free(&path);
    return err;
}

/* ---- restore ------------------------------------------------------------- */

static int restore_failed(struct cli *c, int err)
{
    switch (err) {
    case ERR_EXISTS:
        return cli_error(c, err, _("There is something here already. Choose --home."));
    case ERR_NOTFOUND:
        return cli_error(c, err, _("The copy was not found. Check its name."));
    case ERR_FOREIGN: return cli_error(c, err, _("This is no copy made by kring."));
    case ERR_DAMAGED:
        return cli_error(c, err, _("This copy is damaged. Use another one."));
    default: return err;
    }
}

static int show_restored(struct cli *c, const struct mend_report *report)
{
    struct screen s = {0};
    screen_text(&s, _("Your kring is back, as it was that day."));
    screen_cell_flag(&s, "restored", true);
    screen_cell_number(&s, "groups", report->groups);
    screen_text(&s, _("Others send what came later, when kring is open."));
    screen_text(&s, _("kring makes new locks before you write again."));
    screen_text(&s, _("Use this one or the old one, never both."));
    return cli_show(c, &s);
}

/* The passphrase is asked for where the slot file of the copy lies. */
static int unlock_copy(struct cli *c, const char *making, uint8_t data_key[static 32])
{
    char home[PLACE_BYTES_MAX];
    memcpy(home, c->home, sizeof home);
    int n = snprintf(c->home, sizeof c->home, "%s", making);
    int err =
        n < 0 || (size_t)n >= sizeof c->home ? ERR_TOOBIG : opening_unlock(c, data_key);
    memcpy(c->home, home, sizeof home);
    return err;
}

int command_restore(struct cli *c)
{
    struct mend_report report = {0};
    uint8_t data_key[32] = {0};
    char making[RESTORE_PATH_BYTES];
    const char *file = c->args.operands[0];
    int err = restore_begin(file, c->home, making);
    if (err)
        return restore_failed(c, err);
    if (!args_has(&c->args, OPTION_JSON))
        cli_say(_("It opens with the passphrase of the day it was made."));
    err = unlock_copy(c, making, data_key);
    if (err)
        restore_forget(making);
    else
        err = restore_finish(file, c->home, making, data_key, &report);
    if (!err)
        err = opening_with_key(c, false, data_key);
    wipe(data_key, sizeof data_key);
    return err ? restore_failed(c, err) : show_restored(c, &report);
}
