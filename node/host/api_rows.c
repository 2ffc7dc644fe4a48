/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* api_rows.c -- groups, members and messages as rows. */
#include "node/host/api_rows.h"

#include <string.h>

#include "base/text.h"
#include "node/host/commit.h"
#include "node/host/networks.h"
#include "store/store.h"

enum { MS_PER_HOUR = 3600 * 1000, STOP = 1, FIRST_BYTES = 160 };

/* Rows going into an answer. */
struct paging {
    const struct api_args *args;
    struct api_answer *out;
    uint64_t seen; /* rows visited */
    uint64_t next; /* rows to skip next time; 0: none are left */
    int err;
};

/* Texts that were not sent, going into an answer. */
struct unsent_rows {
    struct paging page;
    struct host *h;
    struct buf text;
};

/* True if the present row is to be written; it counts as seen. */
static bool page_wants(struct paging *p)
{
    uint64_t at = p->seen++;
    if (at < p->args->after)
        return false;
    if (p->args->limit > 0 && p->out->rows_count >= p->args->limit) {
        p->next = at;
        return false;
    }
    return p->next == 0;
}

/* End the present row.  0, or STOP: no more rows are wanted. */
static int page_row(struct paging *p, struct api_map *row)
{
    int err = api_answer_row(p->out, row);
    if (err == ERR_FULL && p->out->rows_count > 0)
        p->next = p->seen - 1;
    else if (err < 0)
        p->err = err == ERR_FULL ? ERR_TOOBIG : err;
    return err < 0 ? STOP : 0;
}

static int page_end(struct paging *p, int err)
{
    if (p->next > 0)
        api_put_uint(&p->out->values, F_AFTER, p->next);
    return p->err < 0 ? p->err : err < 0 ? err : 0;
}

/* A number that is absent when zero. */
static void put_some(struct api_map *m, enum api_field f, uint64_t v)
{
    if (v > 0)
        api_put_uint(m, f, v);
}

/* ---- status -------------------------------------------------------------- */

static void status_numbers(struct host *h, struct api_map *m)
{
    struct peer_status s = {0};
    bool recent =
        h->trouble < 0 && host_now_ms(h) - h->failed_ms < HOST_FAILURES_FORGET_MS;
    peer_status(h->peer, &s);
    api_put_uint(m, F_GROUP, s.groups);
    api_put_uint(m, F_DRAFT, s.drafts);
    if (h->looking || recent)
        api_put_uint(m, F_ERR, (uint64_t)-h->trouble);
    api_put_uint(m, F_LINKS, s.links);
    api_put_uint(m, F_HANDSHAKES, s.handshakes);
    api_put_uint(m, F_UNOPENED, s.unopened);
    api_put_uint(m, F_ASIDE, s.aside);
    api_put_uint(m, F_ENTRIES, s.entries);
    api_put_flag(m, F_LOCKED_KEYS, s.keys_locked);
    api_put_uint(m, F_DISK_BYTES, store_disk_bytes(h->store));
    api_put_uint(m, F_HOUR, host_wall_ms(h) / MS_PER_HOUR);
    api_put_flag(m, F_RUNNING, h->online);
    api_put_uint(m, F_ENDED, h->ended);
    api_put_uint(m, F_LIMITED, s.limited);
    api_put_flag(m, F_CLOCK_WRONG, h->clock_wrong);
    api_put_uint(m, F_BYTES_IN, h->net.bytes_in);
    api_put_uint(m, F_BYTES_OUT, h->net.bytes_out);
}

/* Who was limited, and why (P8.12). */
static int limited_row(void *ctx, const struct limited_view *v)
{
    struct paging *p = ctx;
    struct api_map row = {0};
    if (!page_wants(p))
        return p->next > 0 ? STOP : 0;
    api_put_uint(&row, F_GROUP, v->group);
    api_put_text(&row, F_NAME, v->name);
    api_put_uint(&row, F_LIMITED, v->times);
    api_put_uint(&row, F_KIND, (uint64_t)v->why);
    return page_row(p, &row);
}

int rows_status(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct paging p = {.args = args, .out = out};
    status_numbers(h, &out->values);
    for (size_t i = 0; i < h->addresses.count && p.err == 0; i++) {
        struct api_map row = {0};
        const char *text = h->addresses.text[i];
        api_put_text(&row, F_ADDRESS, BYTES(text, strlen(text)));
        if (page_row(&p, &row) != 0)
            break;
    }
    int err = p.err ? 0 : peer_limited(h->peer, limited_row, &p);
    return p.err ? p.err : err < 0 ? err : 0;
}

/* ---- groups -------------------------------------------------------------- */

static int group_row(void *ctx, const struct group_view *v)
{
    struct paging *p = ctx;
    struct api_map row = {0};
    if (!page_wants(p))
        return p->next > 0 ? STOP : 0;
    api_put_uint(&row, F_GROUP, v->number);
    api_put_text(&row, F_NAME, v->name);
    api_put_uint(&row, F_LIFETIME, v->lifetime_hours);
    api_put_flag(&row, F_STEWARD, v->steward);
    api_put_bin(&row, F_ID, BYTES_OF(v->id));
    api_put_uint(&row, F_UNREAD, v->unread);
    api_put_uint(&row, F_MEMBERS, v->members);
    api_put_uint(&row, F_STEWARDS, v->stewards);
    api_put_uint(&row, F_LINKS, v->links);
    api_put_text(&row, F_ME, v->me);
    api_put_flag(&row, F_JOINING, v->joining);
    api_put_flag(&row, F_DIFFERS, v->differs);
    api_put_uint(&row, F_HOUR, v->hour);
    api_put_bin(&row, F_DIGEST, BYTES_OF(v->digest));
    if (v->asked) {
        api_put_bin(&row, F_SENTENCE, BYTES_OF(v->sentence));
        api_put_uint(&row, F_SENTENCE_LANGUAGE, v->language);
        api_put_flag(&row, F_ANSWER, v->same);
    }
    api_put_uint(&row, F_WAITING, v->waiting);
    if (v->asked)
        api_put_text(&row, F_ASKED, v->host);
    put_some(&row, F_UNREAD_NAMED, v->unread_named);
    put_some(&row, F_ENDED_UNREAD, v->ended_unread);
    api_put_flag(&row, F_QUIET, v->quiet);
    if (v->lifetime_was_hours != UINT32_MAX) {
        api_put_uint(&row, F_LIFETIME_WAS, v->lifetime_was_hours);
        api_put_text(&row, F_LIFETIME_BY, v->lifetime_by);
    }
    return page_row(p, &row);
}

int rows_groups(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct paging p = {.args = args, .out = out};
    int err = peer_groups(h->peer, group_row, &p);
    if (h->refused_err < 0)
        api_put_uint(&out->values, F_GROUP, h->refused_group);
    err = page_end(&p, err);
    if (h->refused_err < 0)
        api_put_uint(&out->values, F_ERR, (uint64_t)-h->refused_err);
    return err;
}

/* ---- members ------------------------------------------------------------- */

static int member_row(void *ctx, const struct member_view *v)
{
    struct paging *p = ctx;
    struct api_map row = {0};
    if (!page_wants(p))
        return p->next > 0 ? STOP : 0;
    api_put_text(&row, F_NAME, v->name);
    api_put_flag(&row, F_STEWARD, v->steward);
    api_put_bin(&row, F_ID, BYTES_OF(v->key));
    api_put_uint(&row, F_ROW, v->index);
    api_put_flag(&row, F_ME, v->me);
    api_put_flag(&row, F_FORKED, v->forked);
    if (v->let_in_by.n > 0)
        api_put_text(&row, F_LET_IN_BY, v->let_in_by);
    api_put_flag(&row, F_LINKED, v->linked);
    put_some(&row, F_COMPARED, v->compared_here ? 2 : v->compared);
    if (v->reads_from_hour != UINT32_MAX)
        api_put_uint(&row, F_READS_FROM, v->reads_from_hour);
    api_put_flag(&row, F_HIDDEN, v->hidden);
    return page_row(p, &row);
}

int rows_members(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct paging p = {.args = args, .out = out};
    return page_end(&p, peer_members(h->peer, (uint32_t)args->group, member_row, &p));
}

/* ---- comparing ------------------------------------------------------------ */

int rows_compare(struct host *h, struct api_answer *out)
{
    struct compare_view v;
    int err = peer_compare(h->peer, &v);
    if (err || !v.on)
        return err;
    api_put_uint(&out->values, F_GROUP, v.group);
    api_put_text(&out->values, F_NAME, v.name);
    api_put_uint(&out->values, F_ROW, v.index);
    api_put_flag(&out->values, F_LINKED, v.linked);
    if (v.ready) {
        api_put_bin(&out->values, F_SENTENCE, BYTES_OF(v.sentence));
        api_put_uint(&out->values, F_SENTENCE_LANGUAGE, v.language);
    }
    api_put_flag(&out->values, F_ANSWER, v.same);
    return 0;
}

/* ---- who waits ------------------------------------------------------------ */

static int door_row(void *ctx, const struct door_view *v)
{
    struct paging *p = ctx;
    struct api_map row = {0};
    if (!page_wants(p))
        return p->next > 0 ? STOP : 0;
    api_put_text(&row, F_NAME, v->name);
    api_put_bin(&row, F_ID, BYTES_OF(v->key));
    api_put_bin(&row, F_SENTENCE, BYTES_OF(v->sentence));
    api_put_uint(&row, F_SENTENCE_LANGUAGE, v->language);
    api_put_uint(&row, F_WAITING, v->others);
    return page_row(p, &row);
}

int rows_door(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct paging p = {.args = args, .out = out};
    return page_end(&p, peer_door(h->peer, (uint32_t)args->group, door_row, &p));
}

/* ---- messages ------------------------------------------------------------ */

/* What it answers, with the first bytes of that. */
static void put_answered(struct api_map *row, const struct message_view *v)
{
    struct bytes first = text_part(v->reply_text, FIRST_BYTES);
    put_some(row, F_REPLY, (uint64_t)v->reply);
    if (v->reply == REPLY_HERE) {
        api_put_uint(row, F_REPLY_ROW, v->reply_row);
        api_put_text(row, F_REPLY_NAME, v->reply_name);
        api_put_text(row, F_REPLY_TEXT, first);
    }
    put_some(row, F_THREAD, v->thread);
    api_put_flag(row, F_NAMES_ME, v->names_me);
}

static int message_row(void *ctx, const struct message_view *v)
{
    struct paging *p = ctx;
    struct api_map row = {0};
    if (!page_wants(p))
        return p->next > 0 ? STOP : 0;
    api_put_text(&row, F_TEXT, v->text);
    api_put_uint(&row, F_LIFETIME, v->lifetime_hours);
    if (v->draft != 0)
        api_put_uint(&row, F_DRAFT, v->draft);
    api_put_bin(&row, F_ID, BYTES_OF(v->id));
    api_put_uint(&row, F_ROW, v->row);
    api_put_flag(&row, F_UNREAD, v->unread);
    api_put_text(&row, F_AUTHOR, v->author_name);
    api_put_uint(&row, F_ABOUT_HOUR, v->about_hour);
    if (v->ends_in_hours != UINT32_MAX)
        api_put_uint(&row, F_ENDS_IN, v->ends_in_hours);
    api_put_flag(&row, F_OWN, v->own);
    api_put_flag(&row, F_FORKED, v->forked);
    api_put_flag(&row, F_NEWER, v->newer);
    api_put_flag(&row, F_MISSING, v->missing_before);
    api_put_uint(&row, F_HAVE, v->have);
    api_put_uint(&row, F_KIND, v->kind);
    put_answered(&row, v);
    put_some(&row, F_DEVICES, v->devices);
    if (v->language.n > 0)
        api_put_text(&row, F_TEXT_LANGUAGE, v->language);
    return page_row(p, &row);
}

int rows_messages(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct paging p = {.args = args, .out = out};
    const struct message_pick pick = {
        .last = args->last, .thread = args->thread, .unread = args->unread_only};
    uint32_t group = (uint32_t)args->group;
    int err = args->draft > 0
                  ? peer_waiting(h->peer, group, message_row, &p)
                  : peer_messages_some(h->peer, group, &pick, message_row, &p);
    return page_end(&p, err);
}

int rows_search(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct paging p = {.args = args, .out = out};
    uint64_t count = 0;
    int err = page_end(&p, peer_search(h->peer, (uint32_t)args->group, args->text,
                                       message_row, &p, &count));
    api_put_uint(&out->values, F_ENTRIES, count);
    return err;
}

static int name_row(void *ctx, struct bytes name)
{
    struct paging *p = ctx;
    struct api_map row = {0};
    if (!page_wants(p))
        return p->next > 0 ? STOP : 0;
    api_put_text(&row, F_NAME, name);
    return page_row(p, &row);
}

int rows_lacking(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct paging p = {.args = args, .out = out};
    return page_end(
        &p, peer_lacking(h->peer, (uint32_t)args->group, args->row, name_row, &p));
}

/* ---- near here ------------------------------------------------------------- */

static int near_visit(void *ctx, const struct near_view *v)
{
    struct paging *p = ctx;
    struct api_map row = {0};
    if (!page_wants(p))
        return 0;
    api_put_uint(&row, F_GROUP, v->group);
    api_put_text(&row, F_NAME, v->name);
    api_put_flag(&row, F_LINKED, v->linked);
    return page_row(p, &row);
}

int rows_near(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct paging p = {.args = args, .out = out};
    struct bytes name;
    int err = page_end(&p, peer_near(h->peer, near_visit, &p));
    api_put_uint(&out->values, F_LEFT_MS, peer_look_ms(h->peer));
    api_put_uint(&out->values, F_NETWORK, networks_here(h, &name));
    return err;
}

static int network_visit(void *ctx, struct bytes name, bool here)
{
    struct paging *p = ctx;
    struct api_map row = {0};
    if (!page_wants(p))
        return 0;
    api_put_text(&row, F_NAME, name);
    api_put_flag(&row, F_HERE, here);
    return page_row(p, &row);
}

int rows_networks(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct paging p = {.args = args, .out = out};
    struct bytes name;
    int err = page_end(&p, networks_each(h, network_visit, &p));
    api_put_uint(&out->values, F_NETWORK, networks_here(h, &name));
    return err;
}

/* ---- texts that were not sent -------------------------------------------- */

static int unsent_row(void *ctx, const struct group_view *v)
{
    struct unsent_rows *u = ctx;
    struct api_map row = {0};
    u->text.n = 0;
    int err = peer_unsent(u->h->peer, v->number, &u->text);
    if (err == ERR_NOTFOUND)
        return 0;
    if (err)
        return err;
    if (!page_wants(&u->page))
        return u->page.next > 0 ? STOP : 0;
    api_put_uint(&row, F_GROUP, v->number);
    api_put_text(&row, F_TEXT, text_part(BUF_BYTES(&u->text), FIRST_BYTES));
    api_put_uint(&row, F_UNSENT_BYTES, u->text.n);
    return page_row(&u->page, &row);
}

int rows_unsent_answers(struct host *h, const struct api_args *args,
                        struct api_answer *out)
{
    struct message_view v;
    int err = peer_unsent_answers(h->peer, (uint32_t)args->group, &v);
    if (!err)
        put_answered(&out->values, &v);
    return err;
}

int rows_unsent(struct host *h, const struct api_args *args, struct api_answer *out)
{
    struct unsent_rows u = {.page = {.args = args, .out = out}, .h = h};
    int err = page_end(&u.page, peer_groups(h->peer, unsent_row, &u));
    buf_free(&u.text);
    return err;
}
