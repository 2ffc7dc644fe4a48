/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* api_handle.c -- one function a verb. */
#include "node/host/api_handle.h"

#include <string.h>

#include "node/host/api_rows.h"
#include "node/host/commit.h"
#include "node/host/networks.h"
#include "node/host/profile.h"
#include "node/host/talkless.h"
#include "store/backup.h"
#include "store/unlock.h"

enum {
    SUGGEST_BYTES = 64,
    LIFETIME_HOURS = 7 * 24, /* of a new group, when none is asked for */
    INVITE_USES = 1,
    INVITE_HOURS = 24,
    BACKUP_PATH_BYTES = 4096,
};

/* A request at work. */
struct call {
    struct host *h;
    const struct api_args *args;
    struct api_answer *out;
    unsigned *wants;
};

/* Let the core do `c`.  Its own error, or that of the step. */
static int call_command(struct call *k, struct command *c)
{
    struct event ev = {.kind = EV_COMMAND, .command = c};
    int err = host_ready(k->h, true);
    if (err == 0)
        err = host_step(k->h, &ev);
    return err < 0 ? err : c->err;
}

/* A command on the group of the request. */
static int call_group_command(struct call *k, struct command *c)
{
    if (!k->args->has_group)
        return ERR_USAGE;
    c->group = (uint32_t)k->args->group;
    return call_command(k, c);
}

static int call_group_new(struct call *k)
{
    struct command c = {.kind = CMD_GROUP_NEW,
                        .name = k->args->name,
                        .pseudonym = k->args->pseudonym,
                        .lifetime_hours = LIFETIME_HOURS};
    if (k->args->has_lifetime)
        c.lifetime_hours = (uint32_t)k->args->lifetime;
    int err = call_command(k, &c);
    if (err == 0)
        api_put_uint(&k->out->values, F_GROUP, c.group);
    buf_free(&c.line);
    return err;
}

static int call_invite(struct call *k)
{
    struct address_list own;
    struct bytes list[LIMIT_ADDRESSES_MAX];
    int err = host_ready(k->h, true);
    if (err == 0)
        err = profile_addresses(k->h, &own);
    if (err < 0)
        return err;
    for (size_t i = 0; i < own.count; i++)
        list[i] = BYTES(own.text[i], strlen(own.text[i]));
    struct command c = {.kind = CMD_INVITE,
                        .steward = k->args->steward,
                        .ask = !k->args->open,
                        .language = (uint8_t)k->args->language,
                        .uses = INVITE_USES,
                        .valid_hours = INVITE_HOURS,
                        .addresses = list,
                        .addresses_count = own.count};
    if (k->args->uses > 0)
        c.uses = (uint32_t)k->args->uses;
    if (k->args->valid_hours > 0)
        c.valid_hours = (uint32_t)k->args->valid_hours;
    err = call_group_command(k, &c);
    if (err == 0)
        api_put_text(&k->out->values, F_TEXT, BUF_BYTES(&c.line));
    buf_free(&c.line);
    return err;
}

static int call_join(struct call *k)
{
    struct command c = {
        .kind = CMD_JOIN, .text = k->args->text, .pseudonym = k->args->pseudonym};
    int err = call_command(k, &c);
    if (err == 0)
        api_put_uint(&k->out->values, F_GROUP, c.group);
    buf_free(&c.line);
    return err;
}

static int call_say(struct call *k)
{
    const struct api_args *a = k->args;
    struct command c = {.kind = CMD_SAY,
                        .text = a->text,
                        .delay_ms = a->delay_ms,
                        .answers = a->has_row,
                        .row = a->row,
                        .text_language = a->text_language};
    c.lifetime_hours = a->has_lifetime ? (uint32_t)a->lifetime : UINT32_MAX;
    int err = call_group_command(k, &c);
    if (err == 0 && c.draft != 0)
        api_put_uint(&k->out->values, F_DRAFT, c.draft);
    else if (err == 0)
        api_put_bin(&k->out->values, F_ID, BYTES_OF(c.id));
    buf_free(&c.line);
    return err;
}

static int call_take_back(struct call *k)
{
    struct command c = {.kind = CMD_TAKE_BACK, .draft = k->args->draft};
    int err = call_group_command(k, &c);
    if (err == 0)
        api_put_text(&k->out->values, F_TEXT, BUF_BYTES(&c.line));
    if (err == 0 && c.row > 0)
        api_put_uint(&k->out->values, F_REPLY_ROW, c.row);
    buf_free(&c.line);
    return err;
}

static int call_unsent_say(struct call *k)
{
    struct command c = {.kind = CMD_SEND_UNSENT,
                        .delay_ms = k->args->delay_ms,
                        .text_language = k->args->text_language};
    c.lifetime_hours = k->args->has_lifetime ? (uint32_t)k->args->lifetime : UINT32_MAX;
    int err = call_group_command(k, &c);
    if (err == 0)
        api_put_uint(&k->out->values, F_DRAFT, c.draft);
    buf_free(&c.line);
    return err;
}

static int look_unsent(struct call *k)
{
    struct buf text = {0};
    if (!k->args->has_group)
        return rows_unsent(k->h, k->args, k->out);
    int err = peer_unsent(k->h->peer, (uint32_t)k->args->group, &text);
    if (err == 0)
        api_put_text(&k->out->values, F_TEXT, BUF_BYTES(&text));
    if (err == 0)
        err = rows_unsent_answers(k->h, k->args, k->out);
    buf_free(&text);
    return err;
}

/* Commands that answer with nothing. */
static int call_plain(struct call *k, enum cmd_kind kind)
{
    struct command c = {.kind = kind,
                        .name = k->args->name,
                        .pseudonym = k->args->pseudonym,
                        .text = k->args->text,
                        .row = k->args->row,
                        .answers = k->args->has_row,
                        .lifetime_hours = (uint32_t)k->args->lifetime,
                        .on = k->args->on};
    int err = call_group_command(k, &c);
    buf_free(&c.line);
    return err;
}

static int call_door_answer(struct call *k)
{
    struct command c = {.kind = CMD_DOOR, .answer = (enum door_answer)k->args->answer};
    if (k->args->id.n != 0 && k->args->id.n != sizeof c.id)
        return ERR_USAGE;
    if (k->args->id.n > 0)
        memcpy(c.id, k->args->id.p, sizeof c.id);
    int err = call_group_command(k, &c);
    buf_free(&c.line);
    return err;
}

static int call_rename(struct call *k)
{
    bool group = k->args->pseudonym.n == 0 && k->args->name.n > 0;
    return call_plain(k, group ? CMD_RENAME_GROUP : CMD_RENAME);
}

static int call_setting(struct call *k)
{
    struct bytes value = k->args->text;
    int err = 0;
    if (k->args->has_text)
        err = profile_set(k->h, k->args->name, value);
    else
        err = profile_setting(k->h, k->args->name, &value);
    if (err == 0)
        api_put_text(&k->out->values, F_TEXT, value);
    return err;
}

/* The new passphrase wraps the same data key; the old slots go when the new stand. */
static int call_passphrase(struct call *k)
{
    struct bytes text = k->args->text;
    if (!k->h->home)
        return ERR_STATE; /* in memory only: no words open it */
    if (text.n == 0)
        return ERR_EMPTY;
    if (text.n > LIMIT_PASSPHRASE_BYTES_MAX)
        return ERR_TOOBIG;
    return unlock_change(k->h->home, k->h->data_key, text, k->args->small,
                         &k->h->entropy);
}

/* A copy of the store as it is after everything before it: nothing runs meanwhile. */
static int backup_to(struct host *h, const char *path, bool with_talk, uint64_t *bytes)
{
    int err = host_commit(h);
    if (err)
        return err;
    if (!with_talk)
        return talkless_backup(h->home, h->store, path, h->data_key, bytes);
    return backup_write(h->store, path, h->data_key, &h->entropy, bytes);
}

static int call_backup(struct call *k)
{
    struct bytes text = k->args->text;
    char path[BACKUP_PATH_BYTES];
    uint64_t bytes = 0;
    if (!k->h->home)
        return ERR_STATE; /* in memory only */
    if (text.n == 0 || text.p[0] != '/' || memchr(text.p, 0, text.n))
        return ERR_USAGE;
    if (text.n >= sizeof path)
        return ERR_TOOBIG;
    memcpy(path, text.p, text.n);
    path[text.n] = '\0';
    int err = backup_to(k->h, path, k->args->with_talk, &bytes);
    if (!err)
        api_put_uint(&k->out->values, F_DISK_BYTES, bytes);
    return err;
}

static int call_suggest(struct call *k)
{
    uint8_t bytes[SUGGEST_BYTES];
    entropy_fill(&k->h->entropy, bytes, sizeof bytes);
    api_put_bin(&k->out->values, F_TEXT, BYTES_OF(bytes));
    wipe(bytes, sizeof bytes);
    return 0;
}

static int call_around(struct call *k)
{
    struct command c = {.kind = CMD_LOOK, .delay_ms = k->args->delay_ms};
    if (!k->h->online)
        return ERR_STATE;
    return call_command(k, &c);
}

static int call_compare(struct call *k)
{
    const struct api_args *a = k->args;
    struct command c = {.kind = CMD_COMPARE,
                        .row = a->row,
                        .language = (uint8_t)a->language,
                        .on = a->on};
    if (a->on && !a->has_row)
        return ERR_USAGE;
    if (a->on && !k->h->online)
        return ERR_STATE; /* it goes over a connection */
    return call_group_command(k, &c);
}

static int call_compared(struct call *k)
{
    struct command c = {.kind = CMD_COMPARED, .text = k->args->id, .on = k->args->on};
    return call_group_command(k, &c);
}

static int call_words(struct call *k)
{
    const struct api_args *a = k->args;
    struct command c = {.kind = a->has_group ? CMD_INVITE_WORDS : CMD_JOIN_WORDS,
                        .text = a->secret,
                        .pseudonym = a->pseudonym,
                        .steward = a->steward,
                        .ask = a->has_group && !a->open,
                        .language = (uint8_t)a->language};
    if (!k->h->online)
        return ERR_STATE; /* nobody would be heard */
    return a->has_group ? call_group_command(k, &c) : call_command(k, &c);
}

static int call_networks(struct call *k)
{
    int err = host_ready(k->h, true);
    if (err == 0 && k->args->name.n > 0)
        err = networks_mark(k->h, k->args->name);
    if (err == 0 && k->args->row > 0)
        err = networks_forget(k->h, k->args->row - 1);
    return err < 0 ? err : rows_networks(k->h, k->args, k->out);
}

/* Verbs that change nothing: they work also while nothing can be stored. */
static int call_look(struct call *k, enum api_verb verb)
{
    int err = host_ready_look(k->h);
    if (err < 0)
        return err;
    switch (verb) {
    case API_STATUS: return rows_status(k->h, k->args, k->out);
    case API_GROUPS: return rows_groups(k->h, k->args, k->out);
    case API_DOOR:
        return k->args->has_group ? rows_door(k->h, k->args, k->out) : ERR_USAGE;
    case API_NEAR: return rows_near(k->h, k->args, k->out);
    case API_COMPARE_LOOK: return rows_compare(k->h, k->out);
    case API_UNSENT: return look_unsent(k);
    case API_SEARCH:
        return k->args->has_group ? rows_search(k->h, k->args, k->out) : ERR_USAGE;
    case API_LACKING:
        return k->args->has_row ? rows_lacking(k->h, k->args, k->out) : ERR_USAGE;
    case API_MEMBERS:
        return k->args->has_group ? rows_members(k->h, k->args, k->out) : ERR_USAGE;
    default:
        return k->args->has_group ? rows_messages(k->h, k->args, k->out) : ERR_USAGE;
    }
}

static int call_verb(struct call *k, enum api_verb verb)
{
    switch (verb) {
    case API_STATUS:
    case API_GROUPS:
    case API_MEMBERS:
    case API_SEARCH:
    case API_LACKING:
    case API_DOOR:
    case API_NEAR:
    case API_COMPARE_LOOK:
    case API_UNSENT:
    case API_MESSAGES: return call_look(k, verb);
    case API_GROUP_NEW: return call_group_new(k);
    case API_INVITE: return call_invite(k);
    case API_JOIN: return call_join(k);
    case API_JOIN_CANCEL: return call_plain(k, CMD_JOIN_CANCEL);
    case API_SAY: return call_say(k);
    case API_TAKE_BACK: return call_take_back(k);
    case API_UNSENT_KEEP: return call_plain(k, CMD_KEEP_UNSENT);
    case API_UNSENT_SAY: return call_unsent_say(k);
    case API_MARK_READ: return call_plain(k, CMD_MARK_READ);
    case API_RENAME: return call_rename(k);
    case API_HIDE: return k->args->has_row ? call_plain(k, CMD_HIDE) : ERR_USAGE;
    case API_LIFETIME:
        return k->args->has_lifetime ? call_plain(k, CMD_LIFETIME) : ERR_USAGE;
    case API_QUIET: return call_plain(k, CMD_QUIET);
    case API_SETTING: return call_setting(k);
    case API_PASSPHRASE: return call_passphrase(k);
    case API_FOLLOW: *k->wants |= API_WANTS_FOLLOW; return 0;
    case API_STOP: *k->wants |= API_WANTS_STOP; return 0;
    case API_SUGGEST: return call_suggest(k);
    case API_BACKUP: return call_backup(k);
    case API_DOOR_ANSWER: return call_door_answer(k);
    case API_LOCK: *k->wants |= API_WANTS_STOP | API_WANTS_LOCK; return 0;
    case API_COMPARE: return call_compare(k);
    case API_COMPARE_ANSWER: return call_compared(k);
    case API_AROUND: return call_around(k);
    case API_NETWORKS: return call_networks(k);
    case API_WORDS: return call_words(k);
    }
    return ERR_VERSION; /* a face that is newer than this node */
}

int api_handle(struct host *h, struct bytes request, struct buf *reply, unsigned *wants)
{
    struct api_answer out = {0};
    struct api_args args;
    enum api_verb verb;
    int err = api_decode(request, &verb, &args);
    if (err == 0) {
        struct call k = {h, &args, &out, wants};
        err = call_verb(&k, verb);
    }
    out.err = err;
    return api_answer_end(&out, reply);
}

int api_refuse(int err, struct buf *reply)
{
    struct api_answer out = {.err = err};
    return api_answer_end(&out, reply);
}

int api_told(const struct effect *tell, struct buf *reply)
{
    struct api_answer out = {0};
    api_put_uint(&out.values, F_GROUP, tell->group);
    if (tell->draft != 0)
        api_put_uint(&out.values, F_DRAFT, tell->draft);
    api_put_uint(&out.values, F_ROW, tell->row);
    api_put_uint(&out.values, F_EVENT, (uint64_t)tell->tell);
    if (tell->err < 0)
        api_put_uint(&out.values, F_ERR, (uint64_t)-tell->err);
    return api_answer_end(&out, reply);
}
