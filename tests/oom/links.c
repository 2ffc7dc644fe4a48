/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* links.c -- peers on links: joining, meeting, reconciling, bulk, a text on its way.
 *
 * Here a failure falls somewhere in a conversation.  The peer it falls on is rolled
 * back, thrown away and loaded again as its host would do, its links break, and with
 * nothing failing any more both go on: in the end both hold what they would have held.
 */
#include "tests/oom/areas.h"
#include "tests/oom/hook.h"
#include "tests/oom/trial.h"

#define TP_ARENA_BYTES (1 << 17)
#include "node/core/content_int.h"
#include "tests/lib/hand.h"

enum {
    MS_MEET = 20 * 1000,
    MS_FALL = 10 * 60 * 1000,
    TEXTS_SOME = 60,
    TEXTS_MANY = 700
};

struct talk {
    struct net *net;
    struct memlog *kept[2]; /* what the peers hold before */
    uint64_t kept_ms;
    void (*talk)(struct talk *k);
    bool fell;
    int err;
    bool loses; /* what is tried next, as in struct trial */
    uint32_t few;
};

static struct talk *now; /* the one that runs, for net_fell */

/* Its host would roll back (done by then), throw the peer away and load it again. */
static void net_fell(struct net *n, int peer, int err)
{
    (void)hook_disarm();
    now->fell = true;
    now->err = err;
    EXPECT(err == ERR_NOMEM);
    net_restart(n, peer);
}

/* A peer over a copy of what it held. */
static void talk_peer(struct talk *k, int i)
{
    struct net *n = k->net;
    n->peer[i] = k->kept[i]
                     ? tp_over(memlog_copy(k->kept[i]), (uint8_t)(40 + i), k->kept_ms)
                     : tp_new((uint8_t)(40 + i));
    n->peer[i]->now_ms = 1000;
    n->next_odd[i] = 1;
    n->count = i + 1;
    net_address(n, i);
}

static void talk_before(void *ctx)
{
    struct talk *k = ctx;
    bool was = hook_watch(false);
    now = k;
    k->net = net_new();
    k->net->fell = net_fell;
    talk_peer(k, 0);
    talk_peer(k, 1);
    k->fell = false;
    k->err = 0;
    (void)hook_watch(was);
}

static void talk_after(void *ctx)
{
    struct talk *k = ctx;
    net_free(k->net);
    k->net = NULL;
}

/* The failure, if there is one, falls in here; peers are watched by seam.c. */
static int talk_act(void *ctx)
{
    struct talk *k = ctx;
    bool was = hook_watch(false);
    k->talk(k);
    (void)hook_watch(was);
    return 0;
}

static int add_text(void *ctx, const struct message_view *m)
{
    uint64_t one = 3;
    digest_add(&one, m->text);
    digest_add(&one, m->author_name);
    *(uint64_t *)ctx += one; /* the order of texts at one height may differ by chance */
    return 0;
}

static int add_member(void *ctx, const struct member_view *m)
{
    digest_add(ctx, m->name);
    digest_number(ctx, m->steward);
    return 0;
}

/* What people see, on both sides. */
static uint64_t talk_digest(void *ctx)
{
    struct talk *k = ctx;
    uint64_t d = 4;
    for (int i = 0; i < 2; i++) {
        uint64_t texts = 0;
        struct peer *p = k->net->peer[i]->peer;
        int err = peer_members(p, 1, add_member, &d);
        if (!err)
            err = peer_messages(p, 1, add_text, &texts);
        digest_number(&d, texts);
        digest_number(&d, err == 0);
        if (!err)
            digest_number(&d, member_count(net_group(k->net, i)));
    }
    return d;
}

static void try_talk(struct talk *k, const char *name, void (*talk)(struct talk *k))
{
    const struct trial t = {.name = name,
                            .loses = k->loses,
                            .few = k->few,
                            .act = talk_act,
                            .before = talk_before,
                            .after = talk_after,
                            .digest = talk_digest};
    k->talk = talk;
    trial_run(&t, k);
}

/* ---- conversations ------------------------------------------------------- */

/* Until `ms` have passed, and much longer if somebody fell. */
static void pass(struct talk *k, uint64_t ms)
{
    net_run(k->net, ms);
    if (k->fell)
        net_run(k->net, MS_FALL);
}

/* Do a command until it is done: a step that failed did nothing. */
static struct buf talk_command(struct talk *k, int peer, const struct command *wish)
{
    struct command c = *wish;
    bool fell = k->fell;
    int err = net_command(k->net, peer, &c);
    if (k->fell != fell) {
        buf_free(&c.line);
        c = *wish;
        err = net_command(k->net, peer, &c);
    }
    EXPECT(err == 0);
    return c.line;
}

/* Found, invite, join, say: from nothing to two who talk. */
static void talk_join(struct talk *k)
{
    const struct command found = {.kind = CMD_GROUP_NEW,
                                  .name = TEXT("Circle"),
                                  .pseudonym = TEXT("Wren"),
                                  .lifetime_hours = 168};
    const struct command say = {.kind = CMD_SAY,
                                .group = 1,
                                .text = TEXT("said before anybody came"),
                                .lifetime_hours = UINT32_MAX};
    const struct command invite = {
        .kind = CMD_INVITE, .group = 1, .uses = 1, .valid_hours = 48};
    struct buf line;
    line = talk_command(k, 0, &found);
    line =
        talk_command(k, 0, &say); /* so that there is something before the newcomer */
    line = talk_command(k, 0, &invite);
    const struct command join = {
        .kind = CMD_JOIN, .text = BUF_BYTES(&line), .pseudonym = TEXT("Otter")};
    struct buf none = talk_command(k, 1, &join);
    buf_free(&none);
    buf_free(&line);
    pass(k, MS_MEET);
}

/* Two who held different things meet. */
static void talk_meet(struct talk *k)
{
    pass(k, MS_MEET);
}

/* And one says something while the link is there. */
static void talk_say(struct talk *k)
{
    const struct command say = {.kind = CMD_SAY,
                                .group = 1,
                                .text = TEXT("a text over the link"),
                                .lifetime_hours = UINT32_MAX};
    const struct command rekey = {.kind = CMD_REKEY, .group = 1};
    net_run(k->net, MS_MEET);
    struct buf none = talk_command(k, 0, &say);
    buf_free(&none);
    none = talk_command(k, 1, &rekey);
    buf_free(&none);
    none = talk_command(k, 1, &say);
    buf_free(&none);
    pass(k, MS_MEET);
}

/* Give up a join that gets no answer. */
static void talk_cancel(struct talk *k)
{
    const struct command invite = {
        .kind = CMD_INVITE, .group = 1, .uses = 1, .valid_hours = 48};
    const struct command cancel = {.kind = CMD_JOIN_CANCEL, .group = 1};
    struct buf line = talk_command(k, 0, &invite);
    const struct command join = {
        .kind = CMD_JOIN, .text = BUF_BYTES(&line), .pseudonym = TEXT("Otter")};
    k->net->off[0] = true;
    struct buf none = talk_command(k, 1, &join);
    buf_free(&none);
    net_run(k->net, 1000);
    none = talk_command(k, 1, &cancel);
    buf_free(&none);
    buf_free(&line);
    EXPECT(net_group(k->net, 1) == NULL);
}

struct telling {
    struct hand *hand;
    int count;
};

static int tell_row(void *ctx, const struct content_row *row)
{
    struct telling *t = ctx;
    if (t->count++ == 0)
        CHECK(wire_put_topic(&t->hand->out, 0, row->topic) == 0);
    return wire_put_entry(&t->hand->out, 0, row->envelope);
}

static int tell_page(void *ctx, const uint8_t hash[32], struct bytes page)
{
    struct telling *t = ctx;
    (void)hash;
    return wire_put(&t->hand->out, WIRE_PAGE, page, BYTES(NULL, 0));
}

/* Texts come before the rekey that they are sealed under: they wait on the link.  If
 * the one who takes them falls, they are lost with the link: nobody else has them. */
static void talk_early(struct talk *k)
{
    struct net *n = k->net;
    struct hand h;
    struct telling t = {.hand = &h};
    struct command rekey = {.kind = CMD_REKEY, .group = 1};
    hook_hold(true);
    net_run(n, MS_MEET);
    struct tp *copy = tp_copy(n->peer[1], 9);
    copy->now_ms = n->peer[1]->now_ms;
    CHECK(tp_command(copy, &rekey) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(tp_say(copy, 1, "told too early") == 0);
    const struct group *theirs = peer_group(copy->peer, 1);
    uint32_t known = control_count(net_group(n, 0));
    uint64_t after = n->peer[0]->peer->groups[0]->content->last_row;
    hand_open(&h, n, 1, 0);
    struct log log = memlog_log(copy->log);
    CHECK(log.ops->content_scan(log.ctx, 1, after, true, tell_row, &t) == 0);
    CHECK(t.count > 0);
    hook_hold(false);
    hand_send(&h);
    for (uint32_t i = known; i < control_count(theirs); i++)
        CHECK(wire_put(&h.out, WIRE_CONTROL, control_at(theirs, i)->whole,
                       BYTES(NULL, 0)) == 0);
    CHECK(keys_pages(peer_group(copy->peer, 1), tell_page, &t) == 0);
    hand_send(&h);
    hand_close(&h);
    tp_free(copy);
    pass(k, MS_MEET);
}

/* ---- what they hold before ----------------------------------------------- */

/* Keep what the peers of `n` hold; the net goes. */
static void keep(struct talk *k, struct net *n)
{
    for (int i = 0; i < 2; i++) {
        memlog_free(k->kept[i]);
        k->kept[i] = i < n->count ? memlog_copy(n->peer[i]->log) : NULL;
    }
    k->kept_ms = n->peer[0]->wall_ms;
    net_free(n);
}

/* Two members who have not seen each other for a while: peer 0 said `mine` texts, the
 * other `theirs`, and one of them rekeyed. */
static void prepare(struct talk *k, int mine, int theirs, bool rekey)
{
    struct net *n = net_new();
    struct command c = {.kind = CMD_REKEY, .group = 1};
    (void)net_add(n);
    (void)net_found(n, 0, 168);
    (void)net_add(n);
    net_let_in(n, 0, 1);
    net_run(n, MS_MEET);
    n->off[0] = n->off[1] = true;
    net_cut(n, 0, true);
    for (int i = 0; i < mine; i++)
        CHECK(net_say(n, 0, "of one, said alone") == 0);
    if (rekey)
        CHECK(net_command(n, 1, &c) == 0);
    for (int i = 0; i < theirs; i++)
        CHECK(net_say(n, 1, "of the other, said alone") == 0);
    keep(k, n);
}

/* Peer 1 goes on from a copy that was made before it said its last texts. */
static void prepare_restored(struct talk *k)
{
    struct net *n = net_new();
    (void)net_add(n);
    (void)net_found(n, 0, 168);
    (void)net_add(n);
    net_let_in(n, 0, 1);
    CHECK(net_say(n, 1, "of before the copy") == 0);
    net_run(n, MS_MEET);
    struct memlog *old = memlog_copy(n->peer[1]->log);
    CHECK(net_say(n, 1, "of after the copy") == 0);
    CHECK(net_say(n, 1, "and one more") == 0);
    net_run(n, MS_MEET);
    keep(k, n);
    memlog_free(k->kept[1]);
    k->kept[1] = old;
}

/* The restored one says something before it is told what it is. */
static void talk_restored(struct talk *k)
{
    const struct command say = {.kind = CMD_SAY,
                                .group = 1,
                                .text = TEXT("said by the copy"),
                                .lifetime_hours = UINT32_MAX};
    k->net->off[0] = true;
    struct buf none = talk_command(k, 1, &say);
    buf_free(&none);
    k->net->off[0] = false;
    pass(k, MS_FALL);
}

void area_links(void)
{
    static struct talk k;
    try_talk(&k, "found, invite, join", talk_join);
    prepare(&k, 3, 3, true);
    try_talk(&k, "meet and reconcile", talk_meet);
    try_talk(&k, "say over a link, rekey", talk_say);
    k.loses = true;
    try_talk(&k, "texts come too early", talk_early);
    k.loses = false;
    prepare_restored(&k);
    try_talk(&k, "a restored copy goes on", talk_restored);
    prepare(&k, TEXTS_SOME, 0, false);
    try_talk(&k, "meet, some is new", talk_meet);
    prepare(&k, TEXTS_MANY, 0, false);
    k.few = 60;
    try_talk(&k, "meet, much is new", talk_meet);
    k.few = 0;
    memlog_free(k.kept[1]);
    k.kept[1] = NULL;
    try_talk(&k, "give up joining", talk_cancel);
    memlog_free(k.kept[0]);
}
