/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_mend.c -- a member's log loses rows, is mended, and goes on: it opens, the
 * others read what it says next, nothing is sealed under a key of before, and what
 * others hold comes again. */
#include "node/core/content_int.h"
#include "node/core/keys_int.h"
#include "node/core/mend.h"
#include "tests/lib/net_group.h"
#include "tests/lib/t.h"

enum { WREN, OTTER, HERON, TEXTS = 12, KEYS_MAX = 512, MINUTE = 60 * 1000 };

/* Three members who have talked, a rekey and a text that waits at Otter. */
static struct net *net_talked(void)
{
    struct net *n = net_new();
    for (int i = 0; i < 3; i++)
        CHECK(net_add(n) == i);
    (void)net_found(n, WREN, 168);
    net_let_in(n, WREN, OTTER);
    net_let_in(n, WREN, HERON);
    for (int i = 0; i < TEXTS; i++) {
        CHECK(net_say(n, i % 3, "a text") == 0);
        if (i == TEXTS / 2) {
            struct command c = {.kind = CMD_REKEY, .group = 1};
            CHECK(net_command(n, HERON, &c) == 0);
        }
        net_run(n, 2000);
    }
    net_run(n, 2 * MINUTE);
    return n;
}

/* ---- taking rows away ------------------------------------------------------ */

struct keys_seen {
    uint8_t keys[KEYS_MAX][LOG_KEY_BYTES_MAX];
    size_t bytes[KEYS_MAX];
    int count;
};

static int key_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct keys_seen *k = ctx;
    (void)value;
    CHECK(k->count < KEYS_MAX);
    memcpy(k->keys[k->count], key.p, key.n);
    k->bytes[k->count++] = key.n;
    return 0;
}

static bool is_doomed(struct net *n, int i, int each)
{
    if (each > 0)
        return i % each == 0;
    return entropy_below(&n->peer[WREN]->peer->entropy, (uint64_t)-each) == 0;
}

/* Remove each `each`-th row of a table; a negative number: by chance, one of so
 * many. */
static void lose_rows(struct net *n, struct log log, uint32_t group, uint8_t table,
                      int each)
{
    static struct keys_seen k;
    k.count = 0;
    CHECK(log.ops->scan(log.ctx, group, table, BYTES(NULL, 0), key_visit, &k) == 0);
    for (int i = 0; i < k.count; i++)
        if (is_doomed(n, i, each))
            CHECK(log.ops->del(log.ctx, group, table, BYTES(k.keys[i], k.bytes[i])) ==
                  0);
}

struct rows_seen {
    uint64_t rows[KEYS_MAX];
    int count;
};

static int row_visit(void *ctx, const struct content_row *row)
{
    struct rows_seen *r = ctx;
    CHECK(r->count < KEYS_MAX);
    r->rows[r->count++] = row->row;
    return 0;
}

static void lose_texts(struct net *n, struct log log, int each)
{
    struct rows_seen r = {.count = 0};
    CHECK(log.ops->content_scan(log.ctx, 1, 0, false, row_visit, &r) == 0);
    for (int i = 0; i < r.count; i++)
        if (is_doomed(n, i, each))
            CHECK(log.ops->content_delete(log.ctx, 1, r.rows[i]) == 0);
}

/* What is to be lost; 0: nothing of it. */
struct loss {
    uint8_t table; /* 0: all of the group's */
    int rows, texts;
};

/* Otter loses it, is mended, and starts again.  The error of mending. */
static int otter_mended(struct net *n, struct loss l, struct mend_report *report)
{
    struct tp *t = n->peer[OTTER];
    struct log log = memlog_log(t->log);
    net_cut(n, OTTER, true);
    memlog_begin(t->log);
    for (uint8_t table = 1; table < LOG_TABLES_END; table++) {
        if (l.rows == 0 || (l.table != 0 && l.table != table))
            continue;
        lose_rows(n, log, 1, table, l.rows);
        lose_rows(n, log, 0, table, l.table == 0 ? 0x7fff : l.rows);
    }
    if (l.texts != 0)
        lose_texts(n, log, l.texts);
    struct peer_config config = {log, entropy_stream(&t->stream), t->arena};
    int err = mend_rows(&config, report);
    memlog_commit(t->log);
    if (!err)
        net_restart(n, OTTER);
    return err;
}

/* ---- what has to hold afterwards -------------------------------------------- */

static void check_forked(const struct net *n, int peer)
{
    const struct group *g = net_group(n, peer);
    for (uint32_t i = 0; i < g->content->authors_count; i++)
        T(!g->content->authors[i].forked);
}

struct shown {
    uint32_t all, readable;
};

static int shown_visit(void *ctx, const struct message_view *view)
{
    struct shown *s = ctx;
    s->all++;
    s->readable += view->text.n > 0;
    return 0;
}

static struct shown shown_at(const struct net *n, int peer)
{
    struct shown s = {0};
    CHECK(peer_messages(n->peer[peer]->peer, 1, shown_visit, &s) == 0);
    return s;
}

/* Nothing is sealed at once: what is said waits.  After the rest and a rekey it goes
 * out, and all talk as before. */
static void check_goes_on(struct net *n)
{
    uint64_t before = net_entries(n, WREN);
    uint64_t own = net_entries(n, OTTER);
    uint32_t waiting = content_drafts(net_group(n, OTTER));
    T_EQ(net_say(n, OTTER, "too soon"), 0);
    T_EQ(net_entries(n, OTTER), own);
    T_EQ(content_drafts(net_group(n, OTTER)), waiting + 1);
    T(net_group(n, OTTER)->content->stopped);
    net_run(n, 20 * MINUTE);
    T(!net_group(n, OTTER)->content->stopped);
    T_EQ(net_say(n, OTTER, "after all"), 0);
    T_EQ(net_say(n, HERON, "good"), 0);
    net_run(n, 20 * MINUTE);
    T_EQ(net_entries(n, WREN), before + 3);
    for (int i = 0; i < 3; i++) {
        T_NOTE("(peer %d)", i);
        T_EQ(net_entries(n, i), before + 3);
        T_EQ(control_count(net_group(n, i)), control_count(net_group(n, WREN)));
        T(!control_differs(net_group(n, i)));
        T_EQ(member_count(net_group(n, i)), 3);
        check_forked(n, i);
    }
    struct shown wren = shown_at(n, WREN), heron = shown_at(n, HERON);
    T_EQ(wren.readable, wren.all); /* what Otter said was sealed under fresh keys */
    T_EQ(heron.readable, heron.all);
    T_EQ(shown_at(n, OTTER).all, wren.all);
}

static void check_loss(struct loss l)
{
    struct net *n = net_talked();
    struct mend_report report;
    T_EQ(otter_mended(n, l, &report), 0);
    T_EQ(report.groups, 1);
    T_EQ(report.groups_lost, 0);
    T_EQ(report.groups_mute, 0);
    check_goes_on(n);
    net_free(n);
}

T_CASE(nothing_lost_only_rests_and_goes_on)
{
    check_loss((struct loss){0, 0, 0});
}

/* Tables of which any row may be lost: the group goes on as if nothing had been. */
static const uint8_t healing[] = {LOG_PAGE,    LOG_CARD,   LOG_TREE,
                                  LOG_PREKEY,  LOG_INVITE, LOG_RING,
                                  LOG_UNKNOWN, LOG_DRAFT,  LOG_PEER};

T_CASE(tables_that_are_lost_whole)
{
    for (size_t i = 0; i < sizeof healing; i++) {
        T_NOTE("(table %d)", healing[i]);
        check_loss((struct loss){healing[i], 1, 0});
    }
}

T_CASE(every_second_row_of_a_table)
{
    for (size_t i = 0; i < sizeof healing; i++) {
        T_NOTE("(table %d)", healing[i]);
        check_loss((struct loss){healing[i], 2, 0});
    }
}

T_CASE(epochs_are_asked_for_again)
{
    check_loss((struct loss){LOG_EPOCH, 3, 0});
}

T_CASE(authors_that_are_lost_come_again_with_their_texts)
{
    check_loss((struct loss){LOG_AUTHOR, 1, 0});
    check_loss((struct loss){LOG_AUTHOR, 2, 0});
    check_loss((struct loss){LOG_AUTHOR, 3, 0});
}

T_CASE(texts_that_are_lost_come_again)
{
    check_loss((struct loss){0, 0, 1});
    check_loss((struct loss){0, 0, 2});
    check_loss((struct loss){LOG_AUTHOR, 1, 2});
}

/* The newest control entries are lost: what is left stands, the rest comes again. */
T_CASE(the_end_of_the_control_log_comes_again)
{
    struct net *n = net_talked();
    struct tp *t = n->peer[OTTER];
    struct log log = memlog_log(t->log);
    uint32_t count = control_count(net_group(n, OTTER));
    struct mend_report report;
    uint8_t key[4];
    T_NOTE("(%u entries)", count);
    T(count >= 4);
    memlog_begin(t->log);
    put_u32(key, count - 2);
    T_EQ(log.ops->del(log.ctx, 1, LOG_CONTROL, BYTES_OF(key)), 0);
    memlog_commit(t->log);
    T_EQ(otter_mended(n, (struct loss){0, 0, 0}, &report), 0);
    T(report.control_lost >= 1);
    T_EQ(report.groups_mute, 0);
    check_goes_on(n);
    net_free(n);
}

/* ---- what cannot come again -------------------------------------------------- */

T_CASE(without_its_record_a_group_is_dropped_and_can_be_joined_again)
{
    struct net *n = net_talked();
    struct mend_report report;
    T_EQ(otter_mended(n, (struct loss){LOG_GROUP, 1, 0}, &report), 0);
    T_EQ(report.groups_lost, 1);
    T_EQ(report.groups, 0);
    struct buf line = net_line(n, WREN, 1, false);
    struct command c = {
        .kind = CMD_JOIN, .text = BUF_BYTES(&line), .pseudonym = TEXT("Otter")};
    T_EQ(net_command(n, OTTER, &c), 0);
    net_run(n, MINUTE);
    buf_free(&line);
    struct group *g = peer_group(n->peer[OTTER]->peer, c.group);
    T_NEED(g != NULL);
    T(!g->joining);
    T_EQ(member_count(g), 4); /* under a new key: the old one stays for now */
    net_free(n);
}

T_CASE(without_seed_or_control_log_a_group_can_be_read)
{
    static const uint8_t lost[] = {LOG_PROFILE, LOG_CONTROL};
    for (size_t i = 0; i < sizeof lost; i++) {
        struct net *n = net_talked();
        struct mend_report report;
        T_NOTE("(table %d)", lost[i]);
        T_EQ(otter_mended(n, (struct loss){lost[i], 1, 0}, &report), 0);
        T_EQ(report.groups, 1);
        T_EQ(report.groups_mute, 1);
        T_EQ(report.seed_lost, lost[i] == LOG_PROFILE);
        T(net_say(n, OTTER, "who am I?") < 0);
        net_run(n, 10 * MINUTE);
        T(net_say(n, OTTER, "who am I?") < 0);
        net_free(n);
    }
}

/* Whatever rows are lost together, mending ends with a peer that opens and runs. */
T_CASE(rows_lost_by_chance)
{
    for (int round = 0; round < 24; round++) {
        struct net *n = net_talked();
        struct mend_report report;
        T_NOTE("(round %d)", round);
        for (int i = 0; i < round; i++) /* so that rounds differ */
            (void)entropy_below(&n->peer[WREN]->peer->entropy, 9);
        struct loss l = {0, round % 2 ? -4 : -12, -3};
        T_EQ(otter_mended(n, l, &report), 0);
        net_run(n, 30 * MINUTE);
        if (report.groups > 0 && report.groups_mute == 0) {
            (void)net_say(n, OTTER, "still here");
            net_run(n, 10 * MINUTE);
            check_forked(n, WREN);
            struct shown wren = shown_at(n, WREN);
            T_EQ(wren.readable, wren.all);
        }
        net_free(n);
    }
}

/* A mended log is whole: mending it again changes nothing, and looking is content. */
T_CASE(mending_twice_is_the_same)
{
    struct net *n = net_talked();
    struct mend_report report;
    T_EQ(otter_mended(n, (struct loss){LOG_EPOCH, 2, 2}, &report), 0);
    T_EQ(otter_mended(n, (struct loss){0, 0, 0}, &report), 0);
    T_EQ(report.control_lost, 0);
    T_EQ(report.texts_lost, 0);
    net_free(n);
}

T_CASE(a_healthy_log_is_looked_at_and_left_alone)
{
    struct net *n = net_talked();
    struct tp *t = n->peer[OTTER];
    struct mend_report report;
    struct peer_config config = {memlog_log(t->log), entropy_stream(&t->stream),
                                 t->arena};
    memlog_begin(t->log);
    T_EQ(mend_look(&config, &report), 0);
    memlog_rollback(t->log);
    T_EQ(report.groups, 1);
    T_EQ(report.groups_mute + report.groups_differ + report.groups_lost, 0);
    T(!net_group(n, OTTER)->content->stopped);
    net_free(n);
}

T_RUN()
