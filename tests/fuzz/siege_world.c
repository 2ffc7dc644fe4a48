/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* siege_world.c -- the group is played once and written down. */
#include "tests/fuzz/siege_world.h"

#include "tests/lib/net_group.h"

/* ---- the play ------------------------------------------------------------ */

static void say(struct net *n, int who, const char *text)
{
    CHECK(net_say(n, who, text) == 0);
    net_run(n, 2000);
}

static void rekey(struct net *n, int who)
{
    struct command c = {.kind = CMD_REKEY, .group = 1};
    CHECK(net_command(n, who, &c) == 0);
    net_run(n, 5000);
}

static void let_in(struct net *n, int who, bool steward)
{
    char name[16];
    snprintf(name, sizeof name, "Bird %d", who);
    struct buf line = net_line(n, 0, 1, steward);
    CHECK(net_join(n, who, &line, name) == 0);
    buf_free(&line);
    net_run(n, 5000);
    CHECK(member_me(net_group(n, who)) != NULL);
}

/* Up to the second of three keys. */
static struct net *play_first(int kind)
{
    struct net *n = net_new();
    for (int i = 0; i < SIEGE_MEMBERS; i++)
        (void)net_add(n);
    CHECK(net_found(n, 0, SIEGE_LIFETIME_HOURS) == 1);
    let_in(n, SIEGE_ATTACKER, kind == 1);
    for (int i = SIEGE_HONEST; i < SIEGE_MEMBERS; i++)
        let_in(n, i, false);
    say(n, 0, "core 0");
    say(n, 1, "attacker 0");
    say(n, 2, "honest 0");
    rekey(n, SIEGE_ATTACKER);
    say(n, 3, "honest 1");
    say(n, 1, "attacker 1");
    return n;
}

static void play_second(struct net *n)
{
    rekey(n, SIEGE_HONEST);
    say(n, 2, "honest 2");
    say(n, 0, "core 1");
    say(n, 1, "attacker 2");
}

struct net *siege_net(int kind)
{
    struct net *n = play_first(kind);
    play_second(n);
    struct buf line = net_line(n, 0, 3, false);
    buf_free(&line);
    net_run(n, 60000);
    return n;
}

/* ---- writing down -------------------------------------------------------- */

static struct siege_item *item_add(struct siege_world *w, uint8_t type,
                                   const uint8_t id[32], struct bytes bytes)
{
    for (int i = 0; i < w->items; i++)
        if (w->item[i].type == type && memcmp(w->item[i].id, id, 32) == 0)
            return NULL;
    CHECK(w->items < SIEGE_ITEMS_MAX);
    struct siege_item *it = &w->item[w->items++];
    it->type = type;
    memcpy(it->id, id, 32);
    CHECK(buf_append(&it->bytes, bytes, SIZE_MAX / 2) == 0);
    return it;
}

static int take_page(void *ctx, const uint8_t hash[32], struct bytes page)
{
    (void)item_add(ctx, WIRE_PAGE, hash, page);
    return 0;
}

static int take_card(void *ctx, const uint8_t id[32], struct bytes card)
{
    (void)item_add(ctx, WIRE_CARD, id, card);
    return 0;
}

static int take_row(void *ctx, const struct content_row *row)
{
    struct siege_item *it = item_add(ctx, WIRE_ENTRY, row->id, row->envelope);
    if (it)
        memcpy(it->topic, row->topic, 32);
    return 0;
}

/* All that is new at a peer. */
static void gather(struct siege_world *w, struct group *g)
{
    struct log *log = &g->peer->log;
    for (uint32_t i = 0; i < control_count(g); i++)
        (void)item_add(w, WIRE_CONTROL, control_at(g, i)->hash,
                       control_at(g, i)->whole);
    CHECK(keys_pages(g, take_page, w) == 0);
    CHECK(card_all(g, take_card, w) == 0);
    CHECK(log->ops->content_scan(log->ctx, g->number, 0, true, take_row, w) == 0);
}

static void text_add(struct siege_world *w, const char *text, int author, int item)
{
    CHECK(w->texts < SIEGE_TEXTS_MAX);
    struct siege_text *t = &w->text[w->texts++];
    (void)snprintf(t->text, sizeof t->text, "%s", text);
    t->author = author;
    t->item = item;
}

/* Keys of every place under one reference, from a copy of the core. */
static void take_leaves(struct siege_world *w, int which, const struct net *n)
{
    struct tp *t = tp_copy(n->peer[0], 0x51);
    struct group *g = peer_group(t->peer, 1);
    struct key_send keys;
    memlog_begin(t->log);
    CHECK(keys_send(g, &keys) == 0);
    struct key_ref ref = keys.ref;
    for (ref.place = 0; ref.place < SIEGE_MEMBERS; ref.place++) {
        uint8_t pk[32];
        CHECK(keys_place_member(g, &ref, pk) == 0);
        for (int i = 0; i < SIEGE_MEMBERS; i++)
            if (memcmp(pk, net_group(n, i)->member_pk, 32) == 0)
                w->place[which][i] = ref.place;
        for (ref.position = 0; ref.position < SIEGE_LEAVES; ref.position++)
            if (keys_take_leaf(g, &ref, w->leaf[which][ref.place][ref.position]))
                memset(w->leaf[which][ref.place][ref.position], 0, 32);
    }
    ref.place = w->place[which][SIEGE_ATTACKER];
    ref.position = 0;
    w->ref[which] = ref;
    memlog_commit(t->log);
    tp_free(t);
}

static void take_members(struct siege_world *w, const struct net *n)
{
    struct group *g = net_group(n, SIEGE_CORE);
    memcpy(w->group, g->id, 32);
    w->hour = g->hour.hour;
    w->now_ms = n->peer[0]->now_ms;
    w->wall_ms = n->peer[0]->wall_ms;
    for (int i = 0; i < SIEGE_MEMBERS; i++) {
        const struct group *own = net_group(n, i);
        memcpy(w->member[i].pk, own->member_pk, 32);
        memcpy(w->member[i].sk, own->secrets->member_sk, 64);
        memcpy(w->member[i].transport_pk, own->transport_pk, 32);
        memcpy(w->member[i].transport_sk, own->secrets->transport_sk, 32);
    }
    while (w->accs < SIEGE_ACCS_MAX &&
           keys_acc_at(g, (uint32_t)w->accs, w->acc[w->accs]))
        w->accs++;
    while (w->lanes < SIEGE_LANES_MAX &&
           keys_lane_at(g, (uint32_t)w->lanes, &w->lane[w->lanes]))
        w->lanes++;
}

static void take_chains(struct siege_world *w, const struct group *g)
{
    const uint8_t *me = w->member[SIEGE_ATTACKER].pk;
    CHECK(content_frontier(g, me, &w->seq, w->hash));
    for (uint32_t i = 0; i < control_count(g); i++) {
        const struct control_entry *e = control_at(g, i);
        if (memcmp(e->author, me, 32) != 0 || e->seq <= w->control_seq)
            continue;
        w->control_seq = e->seq;
        memcpy(w->control_hash, e->hash, 32);
        memcpy(w->control_prev, e->prev, 32);
    }
    CHECK(w->control_seq > 0);
}

/* What the honest two do while the core and the attacker are away. */
static void play_later(struct siege_world *w, struct net *n)
{
    struct command name = {.kind = CMD_RENAME, .group = 1, .pseudonym = TEXT("Finch")};
    char text[32];
    for (int i = 0; i < 2; i++) {
        net_cut(n, i, true);
        n->off[i] = true;
    }
    for (int i = 0; i < 8; i++) {
        (void)snprintf(text, sizeof text, "later %d", i);
        say(n, SIEGE_HONEST + i % 2, text);
        gather(w, net_group(n, SIEGE_HONEST));
        CHECK(w->item[w->items - 1].type == WIRE_ENTRY);
        text_add(w, text, SIEGE_HONEST + i % 2, w->items - 1);
        if (i == 2)
            CHECK(net_command(n, 3, &name) == 0);
        if (i == 3 || i == 5)
            rekey(n, i == 3 ? 3 : 2);
        gather(w, net_group(n, SIEGE_HONEST));
    }
}

/* What a copy of the core said that the core does not know of (P8.9). */
static void play_copy(struct siege_world *w)
{
    struct tp *t = tp_over(memlog_copy(w->core), 0x52, w->wall_ms);
    for (int i = 0; i < 3; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "copy %d", i);
        CHECK(tp_say(t, 1, text) == 0);
        gather(w, peer_group(t->peer, 1));
        text_add(w, text, SIEGE_CORE, w->items - 1);
    }
    tp_free(t);
}

static void write_down(struct siege_world *w, int kind)
{
    static const char *const texts[] = {"core 0", "honest 0", "honest 1", "honest 2",
                                        "core 1"};
    static const int authors[] = {0, 2, 3, 2, 0};
    struct net *n = play_first(kind);
    take_leaves(w, 1, n);
    play_second(n);
    w->line = net_line(n, 0, 3, false);
    w->asking = net_asking(n, 0, 3);
    net_run(n, 60000);
    take_leaves(w, 0, n);
    take_members(w, n);
    take_chains(w, net_group(n, SIEGE_CORE));
    for (int i = 0; i < 5; i++)
        text_add(w, texts[i], authors[i], -1);
    w->core = memlog_copy(n->peer[SIEGE_CORE]->log);
    w->honest = memlog_copy(n->peer[SIEGE_HONEST]->log);
    CHECK(w->core && w->honest);
    gather(w, net_group(n, SIEGE_CORE));
    gather(w, net_group(n, SIEGE_HONEST));
    w->items_start = w->items;
    play_later(w, n);
    w->items_own = w->items;
    play_copy(w);
    net_free(n);
}

const struct siege_world *siege_world(int kind)
{
    static struct siege_world worlds[WORLD_KINDS];
    CHECK(kind >= 0 && kind < WORLD_KINDS && crypto_init() == 0);
    if (!worlds[kind].core)
        write_down(&worlds[kind], kind);
    return &worlds[kind];
}

/* ---- sealing as the attacker --------------------------------------------- */

static void known_leaf(void *ctx, const struct key_ref *ref, uint8_t out[32])
{
    const struct siege_world *w = ctx;
    memset(out, 0, 32);
    for (int i = 0; i < SIEGE_REFS; i++)
        if (ref->count == w->ref[i].count && ref->mix == w->ref[i].mix &&
            memcmp(ref->ids, w->ref[i].ids, 32 * (size_t)ref->count) == 0 &&
            ref->place < SIEGE_MEMBERS && ref->position < SIEGE_LEAVES)
            memcpy(out, w->leaf[i][ref->place][ref->position], 32);
}

static void known_ids(void *ctx, struct key_ref *ref)
{
    const struct siege_world *w = ctx;
    for (int k = 0; k < ref->count; k++)
        for (int i = 0; i < w->items; i++)
            if (w->item[i].type == WIRE_CONTROL &&
                memcmp(w->item[i].id, ref->ids[k], EPOCH_PREFIX_BYTES) == 0)
                memcpy(ref->ids[k], w->item[i].id, 32);
}

struct reseal_keys siege_keys(const struct siege_world *w, int lane)
{
    const struct siege_member *me = &w->member[SIEGE_ATTACKER];
    return (struct reseal_keys){w->lane[lane].topic,
                                w->lane[lane].header_key,
                                w->group,
                                me->pk,
                                me->sk,
                                known_leaf,
                                known_ids,
                                (void *)(uintptr_t)w};
}
