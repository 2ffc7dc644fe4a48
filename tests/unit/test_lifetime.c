/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_lifetime.c -- how long texts stay: of a group, changed by a steward (P4.16), and
 * of one text. */
#include "node/core/lifetime.h"

#include "base/mp.h"
#include "node/core/card_int.h"
#include "node/core/keys_int.h"
#include "tests/lib/net_group.h"
#include "tests/lib/t.h"

enum { WREN, OTTER, HERON, MINUTE = 60 * 1000 };

static struct net *net_three(void)
{
    struct net *n = net_two();
    CHECK(net_add(n) == HERON);
    net_let_in(n, WREN, HERON);
    net_run(n, MINUTE);
    return n;
}

static int change(struct net *n, int peer, uint32_t hours)
{
    struct command c = {.kind = CMD_LIFETIME, .group = 1, .lifetime_hours = hours};
    int err = net_command(n, peer, &c);
    net_run(n, MINUTE);
    return err;
}

static int say(struct net *n, int peer, const char *text, uint32_t hours)
{
    struct command c = {
        .kind = CMD_SAY, .group = 1, .text = tp_text(text), .lifetime_hours = hours};
    int err = net_command(n, peer, &c);
    net_run(n, MINUTE);
    return err;
}

struct looked {
    uint32_t hours, was_hours;
    char by[32];
};

static int look(void *ctx, const struct group_view *v)
{
    struct looked *l = ctx;
    CHECK(v->lifetime_by.n < sizeof l->by);
    memset(l, 0, sizeof *l);
    l->hours = v->lifetime_hours;
    l->was_hours = v->lifetime_was_hours;
    if (v->lifetime_by.n > 0)
        memcpy(l->by, v->lifetime_by.p, v->lifetime_by.n);
    return 1;
}

static struct looked group_at(struct net *n, int peer)
{
    struct looked l = {0};
    T_EQ(peer_groups(n->peer[peer]->peer, look, &l), 1);
    return l;
}

struct text {
    const char *text;
    uint32_t lifetime_hours, ends_in_hours;
    bool unread, found;
};

static int see(void *ctx, const struct message_view *v)
{
    struct text *t = ctx;
    if (!bytes_equal(v->text, tp_text(t->text)))
        return 0;
    t->found = true;
    t->lifetime_hours = v->lifetime_hours;
    t->ends_in_hours = v->ends_in_hours;
    t->unread = v->unread;
    return 1;
}

static struct text text_at(struct net *n, int peer, const char *text)
{
    struct text t = {.text = text};
    T(peer_messages(n->peer[peer]->peer, 1, see, &t) >= 0);
    return t;
}

T_CASE(only_a_keeper_changes_it_and_only_for_new_texts)
{
    struct net *n = net_three();
    T_EQ(say(n, OTTER, "before", UINT32_MAX), 0);
    T_EQ(change(n, OTTER, 720), ERR_DENIED);
    T_EQ(change(n, WREN, 48), ERR_USAGE);
    T_EQ(change(n, WREN, 1440), ERR_USAGE);
    T_EQ(group_at(n, HERON).hours, 168);
    T_EQ(change(n, WREN, 720), 0);
    T_EQ(say(n, OTTER, "after", UINT32_MAX), 0);
    for (int i = WREN; i <= HERON; i++) {
        T_EQ(group_at(n, i).hours, 720);
        T_EQ(text_at(n, i, "before").lifetime_hours, 168);
        T(text_at(n, i, "before").ends_in_hours <= 168);
        T_EQ(text_at(n, i, "after").lifetime_hours, 720);
    }
    T_EQ(change(n, WREN, 0), 0);
    T_EQ(say(n, OTTER, "for good", UINT32_MAX), 0);
    T_EQ(text_at(n, HERON, "for good").ends_in_hours, UINT32_MAX);
    T(text_at(n, HERON, "before").ends_in_hours <= 168);
    net_free(n);
}

T_CASE(it_is_told_until_it_was_seen)
{
    struct net *n = net_three();
    struct command seen = {.kind = CMD_MARK_READ, .group = 1, .on = true};
    T_EQ(group_at(n, OTTER).was_hours, UINT32_MAX);
    T_EQ(say(n, WREN, "a text", UINT32_MAX), 0);
    T_EQ(change(n, WREN, 24), 0);
    T_EQ(n->told[TELL_LIFETIME], 2);
    T_EQ(group_at(n, WREN).was_hours, UINT32_MAX);
    net_restart(n, OTTER);
    for (int i = OTTER; i <= HERON; i++) {
        struct looked l = group_at(n, i);
        T_EQ(l.hours, 24);
        T_EQ(l.was_hours, 168);
        T(strcmp(l.by, "Wren") == 0);
    }
    T_EQ(net_command(n, OTTER, &seen), 0);
    T_EQ(group_at(n, OTTER).was_hours, UINT32_MAX);
    T(text_at(n, OTTER, "a text").unread); /* that alone was seen */
    net_restart(n, OTTER);
    T_EQ(group_at(n, OTTER).was_hours, UINT32_MAX);
    T_EQ(group_at(n, HERON).was_hours, 168);
    T_EQ(change(n, WREN, 168), 0); /* back before Heron looked: nothing changed */
    T_EQ(group_at(n, HERON).was_hours, UINT32_MAX);
    T_EQ(group_at(n, OTTER).was_hours, 24);
    net_free(n);
}

T_CASE(to_who_joins_later_it_is_no_news)
{
    struct net *n = net_two();
    T_EQ(change(n, WREN, 720), 0);
    T_EQ(change(n, WREN, 24), 0);
    CHECK(net_add(n) == HERON);
    net_let_in(n, WREN, HERON);
    net_run(n, MINUTE);
    T_EQ(group_at(n, HERON).hours, 24);
    T_EQ(group_at(n, HERON).was_hours, UINT32_MAX);
    T_EQ(longest_talk_hours(net_group(n, HERON)), 720); /* the card says it */
    T_EQ(change(n, WREN, 168), 0);
    T_EQ(group_at(n, HERON).was_hours, 24);
    net_free(n);
}

/* P5.15: what was written for 30 days must open for 30 days. */
T_CASE(keys_stay_for_the_longest_that_ever_was)
{
    struct net *n = net_two();
    T_EQ(longest_talk_hours(net_group(n, OTTER)), 168);
    T_EQ(change(n, WREN, 24), 0);
    T_EQ(longest_talk_hours(net_group(n, OTTER)), 168);
    T_EQ(change(n, WREN, 720), 0);
    T_EQ(change(n, WREN, 24), 0);
    for (int i = WREN; i <= OTTER; i++) {
        T_EQ(longest_talk_hours(net_group(n, i)), 720);
        net_restart(n, i);
        T_EQ(longest_talk_hours(net_group(n, i)), 720);
    }
    T_EQ(change(n, WREN, 0), 0);
    T_EQ(longest_talk_hours(net_group(n, WREN)), RECORD_LIFETIME_HOURS);
    net_free(n);
}

static void body_of(struct buf *out, uint32_t items, uint64_t hours, uint64_t longest)
{
    out->n = 0;
    struct mp_writer w = mp_writer_to(out, 64);
    mp_array(&w, items);
    mp_uint(&w, hours);
    if (items > 1)
        mp_uint(&w, longest);
    for (uint32_t i = 2; i < items; i++)
        mp_uint(&w, 1);
    T_EQ(mp_writer_end(&w), 0);
}

T_CASE(a_card_of_a_member_counts_for_nothing)
{
    struct net *n = net_three();
    struct buf body = {0};
    body_of(&body, 2, 24, 720);
    memlog_begin(n->peer[OTTER]->log);
    T_EQ(card_post(net_group(n, OTTER), CARD_LIFETIME, BUF_BYTES(&body), 9), 0);
    memlog_commit(n->peer[OTTER]->log);
    net_restart(n, OTTER); /* the log is told again of what it has */
    net_run(n, 10 * MINUTE);
    const uint8_t *otter = net_group(n, OTTER)->member_pk;
    T(card_find(net_group(n, HERON), otter, CARD_LIFETIME) != NULL);
    for (int i = WREN; i <= HERON; i++) {
        T_EQ(group_at(n, i).hours, 168);
        T_EQ(longest_talk_hours(net_group(n, i)), 168);
    }
    T_EQ(change(n, WREN, 720), 0); /* and does not stand in the way */
    T_EQ(group_at(n, HERON).hours, 720);
    buf_free(&body);
    net_free(n);
}

T_CASE(a_card_of_another_form_is_refused)
{
    static const struct {
        uint32_t items;
        uint64_t hours, longest;
        int err;
    } cases[] = {
        {2, 24, 24, 0},
        {2, 168, 1440, 0},
        {2, 0, 1440, 0},
        {2, 0, 720, ERR_MALFORMED},
        {2, 720, 168, ERR_MALFORMED},
        {2, 24, 8760, ERR_MALFORMED},
        {2, 1440, 1440, ERR_MALFORMED},
        {2, 25, 168, ERR_MALFORMED},
        {2, (uint64_t)1 << 32, 168, ERR_MALFORMED},
        {1, 24, 24, ERR_MALFORMED},
        {3, 24, 24, ERR_MALFORMED},
    };
    struct buf body = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        T_NOTE("case %d", (int)i);
        body_of(&body, cases[i].items, cases[i].hours, cases[i].longest);
        T_EQ(lifetime_check(BUF_BYTES(&body)), cases[i].err);
    }
    buf_free(&body);
}

/* Groups that were kept before there were such cards. */
T_CASE(a_group_kept_in_the_first_form_is_read)
{
    struct tp *t = tp_new(1);
    T_EQ(tp_found(t, "Circle", 720), 1);
    struct log log = memlog_log(t->log);
    struct bytes value = {0};
    struct buf old = {0};
    T_EQ(log.ops->get(log.ctx, 1, LOG_GROUP, TEXT("g"), &value), 0);
    T_EQ(value.p[0], 2);
    T_EQ(buf_append(&old, BYTES(value.p, value.n - 8), 256), 0);
    old.p[0] = 1;
    memlog_begin(t->log);
    T_EQ(log.ops->put(log.ctx, 1, LOG_GROUP, TEXT("g"), BUF_BYTES(&old)), 0);
    memlog_commit(t->log);
    tp_restart(t);
    struct looked l = {0};
    T_EQ(peer_groups(t->peer, look, &l), 1);
    T_EQ(l.hours, 720);
    T_EQ(l.was_hours, UINT32_MAX);
    T_EQ(longest_talk_hours(peer_group(t->peer, 1)), 720);
    buf_free(&old);
    tp_free(t);
}

/* The log of a kring that did not know such cards: it kept what it was given. */
T_CASE(cards_that_an_older_kring_kept_are_read_or_passed_over)
{
    struct net *n = net_two();
    struct group *g = net_group(n, OTTER);
    struct log log = memlog_log(n->peer[OTTER]->log);
    struct bytes value = {0};
    struct buf old = {0}, bad = {0};
    uint8_t key[33];
    T_EQ(change(n, WREN, 720), 0);
    /* Its group record still says 168, and the first form has no more. */
    T_EQ(log.ops->get(log.ctx, 1, LOG_GROUP, TEXT("g"), &value), 0);
    T_EQ(buf_append(&old, BYTES(value.p, value.n - 8), 256), 0);
    old.p[0] = 1;
    put_u32(old.p + 1 + 32 + 32 + 4 + 32, 168);
    /* And a card of Otter's, of kind 5, that is not in form. */
    memcpy(key, g->member_pk, 32);
    key[32] = CARD_LIFETIME;
    const struct card *name = card_find(g, g->member_pk, CARD_NAME);
    T_NEED(name != NULL);
    T_EQ(buf_append(&bad, BYTES(name->bytes, name->bytes_count), 512), 0);
    bad.p[1] = CARD_LIFETIME;
    memlog_begin(n->peer[OTTER]->log);
    T_EQ(log.ops->put(log.ctx, 1, LOG_GROUP, TEXT("g"), BUF_BYTES(&old)), 0);
    T_EQ(log.ops->put(log.ctx, 1, LOG_CARD, BYTES_OF(key), BUF_BYTES(&bad)), 0);
    memlog_commit(n->peer[OTTER]->log);
    net_restart(n, OTTER);
    T_EQ(group_at(n, OTTER).hours, 720);
    T_EQ(group_at(n, OTTER).was_hours, 168); /* that is news there */
    T_EQ(longest_talk_hours(net_group(n, OTTER)), 720);
    T_EQ(card_take(net_group(n, OTTER), BUF_BYTES(&bad), 2), ERR_VERSION);
    buf_free(&old);
    buf_free(&bad);
    net_free(n);
}

/* Of two keepers who change it at once one counts; what the other told of stays. */
T_CASE(the_longest_of_two_at_once_counts)
{
    struct net *n = net_two();
    CHECK(net_add(n) == HERON);
    struct buf line = net_line(n, WREN, 1, true);
    CHECK(net_join(n, HERON, &line, "Heron") == 0);
    buf_free(&line);
    net_run(n, 5 * MINUTE);
    net_cut(n, WREN, true);
    struct command longer = {.kind = CMD_LIFETIME, .group = 1, .lifetime_hours = 720};
    struct command shorter = {.kind = CMD_LIFETIME, .group = 1, .lifetime_hours = 24};
    n->off[WREN] = true;
    T_EQ(net_command(n, WREN, &longer), 0);
    T_EQ(net_command(n, HERON, &shorter), 0);
    n->off[WREN] = false;
    net_run(n, 10 * MINUTE);
    uint32_t hours = group_at(n, WREN).hours;
    T(hours == 24 || hours == 720);
    for (int i = WREN; i <= HERON; i++) {
        T_EQ(group_at(n, i).hours, hours);
        T_EQ(longest_talk_hours(net_group(n, i)), 720);
    }
    net_free(n);
}

T_CASE(one_text_may_stay_longer_or_shorter)
{
    struct net *n = net_two();
    T_EQ(say(n, WREN, "short", 24), 0);
    T_EQ(say(n, WREN, "long", 720), 0);
    T_EQ(say(n, WREN, "kept", 0), 0);
    T_EQ(say(n, WREN, "odd", 25), ERR_USAGE);
    T_EQ(text_at(n, OTTER, "short").lifetime_hours, 24);
    T_EQ(text_at(n, OTTER, "kept").lifetime_hours, 0);
    for (int day = 0; day < 8; day++)
        net_run(n, 24ull * 60 * MINUTE);
    T(!text_at(n, OTTER, "short").found);
    T(text_at(n, OTTER, "long").found);
    T(text_at(n, OTTER, "kept").found);
    net_free(n);
}

T_RUN()
