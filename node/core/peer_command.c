/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* peer_command.c -- what a person asks for.  Everything is checked before anything is
 * written; an error that is the person's to mend goes to command->err. */
#include <string.h>

#include "base/text.h"
#include "node/core/compare.h"
#include "node/core/content_int.h"
#include "node/core/join_int.h"
#include "node/core/lifetime.h"
#include "node/core/near.h"
#include "node/core/peer_int.h"

enum { HOUR_MS = 3600 * 1000, FOLDED_BYTES_MAX = 4096 };

/* The group of a command, which must not be one that is still being joined. */
static int command_group(struct peer *p, const struct command *c, struct group **g)
{
    *g = peer_group(p, c->group);
    if (!*g)
        return ERR_NOTFOUND;
    return (*g)->joining || !member_me(*g) ? ERR_STATE : 0;
}

/* --- a new group ----------------------------------------------------------------- */

static int new_check(struct peer *p, const struct command *c)
{
    int err = text_check_name(c->name);
    if (!err)
        err = text_check_name(c->pseudonym);
    if (!err && !lifetime_listed(c->lifetime_hours))
        err = ERR_USAGE;
    if (!err)
        err = group_name_taken(p, c->name, NULL);
    return err == 1 ? ERR_NAMETAKEN : err;
}

static int new_fill(struct group *g, const struct command *c)
{
    struct peer *p = g->peer;
    struct bytes list[LIMIT_ADDRESSES_MAX];
    g->lifetime_hours = c->lifetime_hours;
    g->lifetime_shown_hours = c->lifetime_hours;
    hour_start(g, (uint32_t)(p->wall_ms / HOUR_MS)); /* P3.1 */
    int err = keys_post_create(g);
    if (!err)
        err = group_save(g);
    if (!err)
        err = card_post_name(g, c->pseudonym);
    if (!err)
        err = card_post_group_name(g, c->name);
    for (uint32_t i = 0; i < p->addresses_count; i++)
        list[i] = BUF_BYTES(&p->addresses[i]);
    if (!err && p->addresses_count)
        err = card_post_addresses(g, list, p->addresses_count);
    return err;
}

static int command_new(struct peer *p, struct command *c)
{
    struct group *g = NULL;
    uint8_t salt[32];
    int err = new_check(p, c);
    if (err)
        return err;
    entropy_fill(&p->entropy, salt, sizeof salt);
    err = group_new(p, salt, &g);
    if (err)
        return err;
    err = new_fill(g, c);
    if (!err) {
        c->group = g->number;
        return 0;
    }
    if (err_is_fatal(err))
        return err; /* all of the step is undone */
    int dropped = group_drop(g);
    return dropped ? dropped : err;
}

/* --- joining --------------------------------------------------------------------- */

static int command_join(struct peer *p, struct command *c)
{
    int err = text_check_name(c->pseudonym);
    return err ? err : join_begin(p, c->text, c->pseudonym, &c->group);
}

static int command_join_cancel(struct peer *p, const struct command *c)
{
    struct group *g = peer_group(p, c->group);
    if (!g)
        return ERR_NOTFOUND;
    return g->joining ? join_cancel(g) : ERR_STATE;
}

static int command_join_words(struct peer *p, const struct command *c)
{
    int err = text_check_name(c->pseudonym);
    return err ? err : near_words_seek(p, c);
}

static int command_invite_words(struct peer *p, const struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    return err ? err : near_words_offer(g, c);
}

static int command_ours(struct peer *p, const struct command *c)
{
    near_ours(p, c->ours);
    return 0;
}

static int command_invite(struct peer *p, struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    return err ? err : join_invite(g, c, &c->line);
}

/* --- texts ----------------------------------------------------------------------- */

static int command_say(struct peer *p, struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    if (err)
        return err;
    uint8_t reply[REPLY_BYTES];
    struct new_text what = {.text = c->text,
                            .lifetime_hours = c->lifetime_hours,
                            .language = c->text_language};
    if (c->answers) {
        err = content_reply(g, c->row, reply);
        what.reply = BYTES_OF(reply);
    }
    if (err)
        return err;
    if (c->delay_ms)
        return content_draft(g, &what, c->delay_ms, &c->draft);
    c->draft = 0;
    /* What was written before and waits for its key goes first. */
    err = content_waits(g) ? ERR_NOKEY : content_say(g, &what, c->id, &c->row);
    if (err != ERR_NOKEY)
        return err;
    /* The keys are being asked for: the text waits for them and is not lost. */
    return content_draft(g, &what, 1, &c->draft);
}

static int command_take_back(struct peer *p, struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    return err ? err : content_take_back(g, c->draft, &c->line, &c->row);
}

static int command_keep_unsent(struct peer *p, const struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    uint8_t reply[REPLY_BYTES];
    if (!err && c->answers)
        err = content_reply(g, c->row, reply);
    if (err == ERR_NOTFOUND && g) /* that one is gone; the text is not */
        return content_keep_unsent(g, c->text, BYTES(NULL, 0));
    return err ? err
               : content_keep_unsent(g, c->text,
                                     BYTES(reply, c->answers ? REPLY_BYTES : 0));
}

static int command_send_unsent(struct peer *p, struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    const struct new_text how = {.lifetime_hours = c->lifetime_hours,
                                 .language = c->text_language};
    return err ? err
               : content_send_unsent(g, &how, c->delay_ms ? c->delay_ms : 1, &c->draft);
}

static int command_mark_read(struct peer *p, const struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    if (!err)
        err = lifetime_mark_read(g);
    return err || c->on ? err : content_mark_read(g, c->row);
}

/* On this device only: nobody else hears of it. */
static int command_here(struct peer *p, const struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    if (err)
        return err;
    if (c->kind == CMD_QUIET)
        return content_quiet(g, c->on);
    return c->row > UINT32_MAX ? ERR_NOTFOUND
                               : content_hide(g, (uint32_t)c->row, c->on);
}

/* --- names ----------------------------------------------------------------------- */

/* Is this somebody else's name in the group already?  Two who take one name apart are
 * told apart by numbers (P4.13); knowingly nobody takes another's. */
static int pseudonym_taken(struct group *g, struct bytes name)
{
    struct buf want = {0}, other = {0};
    const struct member *me = member_me(g);
    int err = text_fold(name, &want, FOLDED_BYTES_MAX), taken = 0;
    if (!err)
        err = card_names_ready(g);
    for (uint32_t i = 0; i < member_count(g) && !err && !taken; i++) {
        if (me && i == me->index)
            continue;
        other.n = 0;
        err = text_fold(card_member_name(g, i), &other, FOLDED_BYTES_MAX);
        taken = !err && bytes_equal(BUF_BYTES(&want), BUF_BYTES(&other));
    }
    buf_free(&want);
    buf_free(&other);
    return err ? err : taken;
}

static int command_rename(struct peer *p, const struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    if (!err)
        err = text_check_name(c->pseudonym);
    if (!err)
        err = pseudonym_taken(g, c->pseudonym);
    if (err)
        return err == 1 ? ERR_NAMETAKEN : err;
    return card_post_name(g, c->pseudonym);
}

static int command_rename_group(struct peer *p, const struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    if (!err)
        err = text_check_name(c->name);
    if (!err && member_me(g)->role != ROLE_STEWARD)
        err = ERR_DENIED;
    if (!err)
        err = group_name_taken(p, c->name, g);
    if (err)
        return err == 1 ? ERR_NAMETAKEN : err;
    return card_post_group_name(g, c->name);
}

static int command_lifetime(struct peer *p, const struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    return err ? err : lifetime_post(g, c->lifetime_hours);
}

static int command_rekey(struct peer *p, const struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    return err ? err : keys_post_rekey(g);
}

static int command_door(struct peer *p, const struct command *c)
{
    struct group *g = peer_group(p, c->group);
    if (!g)
        return ERR_NOTFOUND;
    return g->joining ? join_answer(g, c->answer) : door_answer(g, c->id, c->answer);
}

static int command_warning(struct peer *p, struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    if (err)
        return err;
    if (c->kind == CMD_WARN_READ)
        return warning_mark_read(g, c->text);
    return c->kind == CMD_WARN ? warning_say(g, c->text, c->id, &c->row)
                               : warning_act_say(g, c->text, c->id, &c->row);
}

static int command_compare(struct peer *p, const struct command *c)
{
    struct group *g = NULL;
    int err = command_group(p, c, &g);
    if (err || c->kind == CMD_COMPARED)
        return err ? err : compare_answer(g, c->on, c->text);
    uint32_t index = c->row > UINT32_MAX ? UINT32_MAX : (uint32_t)c->row;
    return compare_choose(g, index, c->language, c->on);
}

static int command_do(struct peer *p, struct command *c)
{
    switch (c->kind) {
    case CMD_GROUP_NEW: return command_new(p, c);
    case CMD_INVITE: return command_invite(p, c);
    case CMD_JOIN: return command_join(p, c);
    case CMD_JOIN_CANCEL: return command_join_cancel(p, c);
    case CMD_SAY: return command_say(p, c);
    case CMD_TAKE_BACK: return command_take_back(p, c);
    case CMD_KEEP_UNSENT: return command_keep_unsent(p, c);
    case CMD_SEND_UNSENT: return command_send_unsent(p, c);
    case CMD_RENAME: return command_rename(p, c);
    case CMD_RENAME_GROUP: return command_rename_group(p, c);
    case CMD_LIFETIME: return command_lifetime(p, c);
    case CMD_MARK_READ: return command_mark_read(p, c);
    case CMD_HIDE:
    case CMD_QUIET: return command_here(p, c);
    case CMD_REKEY: return command_rekey(p, c);
    case CMD_DOOR: return command_door(p, c);
    case CMD_WARN:
    case CMD_WARN_ACT:
    case CMD_WARN_READ: return command_warning(p, c);
    case CMD_COMPARE:
    case CMD_COMPARED: return command_compare(p, c);
    case CMD_LOOK: return near_look(p, c->delay_ms);
    case CMD_OURS: return command_ours(p, c);
    case CMD_INVITE_WORDS: return command_invite_words(p, c);
    case CMD_JOIN_WORDS: return command_join_words(p, c);
    }
    return ERR_USAGE;
}

int peer_command(struct peer *p, struct command *c)
{
    int err = command_do(p, c);
    c->err = err > 0 ? 0 : err;
    return err_is_fatal(err) ? err : 0;
}
