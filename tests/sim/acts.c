/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* acts.c -- what people do in the world. */
#include <string.h>

#include "base/check.h"
#include "tests/sim/world.h"

int world_found(struct world *w, int n, const char *name, uint32_t lifetime_hours)
{
    static const char group[] = "CANARY circle";
    struct command c = {.kind = CMD_GROUP_NEW,
                        .name = BYTES(group, sizeof group - 1),
                        .pseudonym = BYTES(name, strlen(name)),
                        .lifetime_hours = lifetime_hours};
    int err = world_command(w, n, &c);
    w->nodes[n].group = c.group;
    world_note(w, "n%d founds the group as %s: %s", n, name,
               err ? err_name(err) : "done");
    return err;
}

struct hour_seen {
    uint32_t group, hour, lifetime_hours;
};

static int see_hour(void *ctx, const struct group_view *view)
{
    struct hour_seen *seen = ctx;
    if (view->number != seen->group || view->joining)
        return 0;
    seen->hour = view->hour;
    seen->lifetime_hours = view->lifetime_hours;
    return 1;
}

static struct hour_seen hour_of(struct world *w, int n)
{
    struct hour_seen seen = {.group = w->nodes[n].group};
    if (w->nodes[n].peer && seen.group)
        (void)peer_groups(w->nodes[n].peer, see_hour, &seen);
    return seen;
}

int world_invite(struct world *w, int from, int to, const char *name, bool steward)
{
    struct command c = {.kind = CMD_INVITE,
                        .group = w->nodes[from].group,
                        .steward = steward,
                        .uses = 1,
                        .valid_hours = 24};
    int err = world_command(w, from, &c);
    if (!err) {
        struct command j = {.kind = CMD_JOIN,
                            .text = BUF_BYTES(&c.line),
                            .pseudonym = BYTES(name, strlen(name))};
        err = world_command(w, to, &j);
        w->nodes[to].group = j.group;
        w->nodes[to].expired = w->nodes[to].expired && err != 0;
        w->nodes[to].invited_hour = hour_of(w, from).hour;
        buf_free(&j.line);
    }
    buf_free(&c.line);
    world_note(w, "n%d invites n%d as %s: %s", from, to, name,
               err ? err_name(err) : "begun");
    return err;
}

/* The group's hour leapt so far that its stewards forgot the invitation (P6.7). */
static bool nobody_answers(struct world *w, int n)
{
    enum { VALID_HOURS = 24, KEPT_HOURS = 8 * 24 };
    return w->nodes[n].group && !world_joined(w, n) &&
           hour_of(w, 0).hour > w->nodes[n].invited_hour + VALID_HOURS + KEPT_HOURS;
}

void world_invite_expired(struct world *w)
{
    char name[24];
    for (int n = 0; n < w->nodes_count; n++) {
        if (!w->nodes[n].expired && !nobody_answers(w, n))
            continue;
        snprintf(name, sizeof name, "CANARY%d", n % 5);
        (void)world_invite(w, 0, n, name, false);
    }
}

uint32_t world_hour(struct world *w, int n)
{
    return hour_of(w, n).hour;
}

struct keys_seen {
    uint8_t keys[WORLD_NODES_MAX][32];
    int count;
    uint8_t me[32];
    bool found_me;
};

static int see_key(void *ctx, const struct member_view *view)
{
    struct keys_seen *seen = ctx;
    if (seen->count < WORLD_NODES_MAX)
        memcpy(seen->keys[seen->count++], view->key, 32);
    if (view->me) {
        memcpy(seen->me, view->key, 32);
        seen->found_me = true;
    }
    return 0;
}

static bool see_keys(struct world *w, int n, struct keys_seen *seen)
{
    memset(seen, 0, sizeof *seen);
    if (!w->nodes[n].peer || !w->nodes[n].group)
        return false;
    (void)peer_members(w->nodes[n].peer, w->nodes[n].group, see_key, seen);
    return seen->found_me;
}

bool world_joined(struct world *w, int n)
{
    struct keys_seen seen;
    if (w->nodes[n].peer && see_keys(w, n, &seen))
        w->nodes[n].joined = true;
    return w->nodes[n].joined;
}

/* Note which nodes the author counts as members now: they must get the text. */
static void note_readers(struct world *w, int n, struct said *s)
{
    struct keys_seen author, other;
    if (!see_keys(w, n, &author))
        return;
    for (int k = 0; k < w->nodes_count; k++) {
        if (!see_keys(w, k, &other))
            continue;
        for (int i = 0; i < author.count; i++)
            if (memcmp(author.keys[i], other.me, 32) == 0)
                s->members_then[k / 32] |= 1u << (k % 32);
    }
}

static int take_id(void *ctx, const struct content_row *row)
{
    memcpy(((struct said *)ctx)->envelope, row->id, 32);
    return 1;
}

/* The envelope of a text, from the row that it has at its author. */
static void note_envelope(struct world *w, int n, struct said *s, uint64_t row)
{
    struct log log = nodelog_log(w->nodes[n].log);
    CHECK(row > 0 && log.ops->content_scan(log.ctx, w->nodes[n].group, row - 1, false,
                                           take_id, s) >= 0);
}

void world_sent(struct world *w, int n, uint64_t draft, uint64_t row)
{
    for (int i = 0; i < w->said_count; i++)
        if (w->said[i].node == n && w->said[i].draft == draft && draft > 0)
            note_envelope(w, n, &w->said[i], row);
}

static int say(struct world *w, int n, const char *text, uint64_t delay_ms)
{
    if (w->said_count == WORLD_SAID_MAX)
        return ERR_FULL;
    struct said *s = &w->said[w->said_count];
    memset(s, 0, sizeof *s);
    snprintf(s->text, sizeof s->text, "CANARY %s", text);
    s->node = n;
    s->at_ms = w->now_ms;
    struct command c = {.kind = CMD_SAY,
                        .group = w->nodes[n].group,
                        .text = BYTES(s->text, strlen(s->text)),
                        .delay_ms = delay_ms,
                        .lifetime_hours = UINT32_MAX};
    note_readers(w, n, s);
    struct hour_seen now = hour_of(w, n);
    s->end_hour = now.lifetime_hours ? now.hour + now.lifetime_hours : UINT32_MAX;
    /* Counted before the step: its own tell names the text already. */
    w->said_count++;
    int err = world_command(w, n, &c);
    if (err)
        w->said_count--;
    else
        memcpy(s->id, c.id, 32);
    s->draft = c.draft;
    if (!err && c.draft == 0)
        note_envelope(w, n, s, c.row);
    buf_free(&c.line);
    if (err != ERR_STATE)
        world_note(w, "n%d says %s: %s", n, text, err ? err_name(err) : "saved");
    return err;
}

int world_say(struct world *w, int n, const char *text)
{
    return say(w, n, text, 0);
}

int world_say_later(struct world *w, int n, const char *text)
{
    return say(w, n, text, 1);
}

int world_stay(struct world *w, int n, uint32_t lifetime_hours)
{
    struct command c = {.kind = CMD_LIFETIME,
                        .group = w->nodes[n].group,
                        .lifetime_hours = lifetime_hours};
    int err = world_command(w, n, &c);
    world_note(w, "n%d lets new texts stay %u hours: %s", n, (unsigned)lifetime_hours,
               err ? err_name(err) : "done");
    return err;
}

int world_rename(struct world *w, int n, const char *name)
{
    struct command c = {.kind = CMD_RENAME,
                        .group = w->nodes[n].group,
                        .pseudonym = BYTES(name, strlen(name))};
    int err = world_command(w, n, &c);
    world_note(w, "n%d is now called %s: %s", n, name, err ? err_name(err) : "done");
    return err;
}

struct line {
    char text[900];
    size_t n;
};

static void line_add(struct line *l, struct bytes b)
{
    for (size_t i = 0; i < b.n && l->n + 1 < sizeof l->text; i++)
        l->text[l->n++] = (char)b.p[i];
    l->text[l->n] = 0;
}

static int show_message(void *ctx, const struct message_view *view)
{
    struct line *l = ctx;
    if (l->n)
        line_add(l, BYTES(" | ", 3));
    line_add(l, view->author_name);
    line_add(l, BYTES(": ", 2));
    struct bytes t = view->text;
    if (t.n > 7 && memcmp(t.p, "CANARY ", 7) == 0)
        t = BYTES(t.p + 7, t.n - 7);
    line_add(l, t);
    if (view->missing_before)
        line_add(l, BYTES(" (something before is missing)", 30));
    return 0;
}

void world_show(struct world *w, int n)
{
    struct line l = {.n = 0};
    l.text[0] = 0;
    if (w->nodes[n].peer)
        (void)peer_messages(w->nodes[n].peer, w->nodes[n].group, show_message, &l);
    world_note(w, "n%d reads: %s", n, l.n ? l.text : "nothing");
}

static int show_member(void *ctx, const struct member_view *view)
{
    struct line *l = ctx;
    if (l->n)
        line_add(l, BYTES(", ", 2));
    line_add(l, view->name);
    if (view->steward)
        line_add(l, BYTES(" (steward)", 10));
    if (view->let_in_by.n) {
        line_add(l, BYTES(" by ", 4));
        line_add(l, view->let_in_by);
    }
    return 0;
}

void world_show_members(struct world *w, int n)
{
    struct line l = {.n = 0};
    l.text[0] = 0;
    if (w->nodes[n].peer)
        (void)peer_members(w->nodes[n].peer, w->nodes[n].group, show_member, &l);
    world_note(w, "n%d sees: %s", n, l.n ? l.text : "nobody");
}
