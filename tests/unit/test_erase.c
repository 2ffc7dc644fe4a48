/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_erase.c -- erased means erased: three peers over real stores say, replace and
 * take back things; when their time is over no decrypted page and no log record of any
 * of them holds a trace.
 *
 * The peers are wired in memory.  Every step is one transaction; its effects leave
 * after the commit.  Clocks are the test's.
 */
#include <string.h>

#include "crypto/arena.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "node/core/peer.h"
#include "store/store.h"
#include "tests/lib/t.h"
#include "tests/lib/temp.h"

#define HOUR_MS ((uint64_t)3600 * 1000)

enum {
    SITES = 3,
    CONNS_MAX = 2048,
    ADDRESS_BYTES_MAX = 64,
    MARKS_MAX = 16,
    MARK_BYTES_MAX = 48,
    PIECE_BYTES = 8,
    LIFETIME_HOURS = 24,
    EPOCH_HOURS = 480000
};

/* ---- three peers and their wires ----------------------------------------------------
 */

struct site {
    char dir[TEMP_PATH_BYTES], address[ADDRESS_BYTES_MAX];
    uint8_t data_key[32];
    struct store *store;
    struct arena *arena;
    struct entropy_stream stream;
    struct entropy entropy;
    struct peer *peer;
    uint32_t next_odd, group;
    bool joined;
};

struct conn {
    int site[2]; /* -1: gone */
    uint32_t link[2];
};

struct act {
    int site, conn, end;
    enum ev_kind kind;
    uint32_t link;
    int err;
    struct buf bytes;
    size_t n;
};

struct wires {
    struct site site[SITES];
    struct conn conn[CONNS_MAX];
    int conns;
    struct act *acts;
    size_t acts_count, acts_at, acts_cap;
    uint64_t now_ms, wall_ms;
    bool dark; /* nobody answers a dial */
};

static void act_push(struct wires *w, struct act a)
{
    if (w->acts_count == w->acts_cap) {
        w->acts_cap = w->acts_cap ? 2 * w->acts_cap : 64;
        w->acts = realloc(w->acts, w->acts_cap * sizeof *w->acts);
        CHECK(w->acts != NULL);
    }
    w->acts[w->acts_count++] = a;
}

/* The connection of which (site, link) is an end, the newest; -1 if it is gone. */
static int conn_find(const struct wires *w, int site, uint32_t link, int *end)
{
    for (int c = w->conns - 1; c >= 0; c--)
        for (*end = 0; *end < 2; ++*end)
            if (w->conn[c].site[*end] == site && w->conn[c].link[*end] == link)
                return c;
    return -1;
}

static void dial(struct wires *w, int from, const struct effect *e)
{
    int to = -1;
    for (int i = 0; i < SITES && !w->dark; i++)
        if (bytes_equal(e->bytes,
                        BYTES(w->site[i].address, strlen(w->site[i].address))))
            to = i;
    if (to < 0) {
        act_push(w, (struct act){.site = from,
                                 .conn = -1,
                                 .kind = EV_DIALED,
                                 .link = e->link,
                                 .err = ERR_NOANSWER});
        return;
    }
    CHECK(w->conns < CONNS_MAX);
    int c = w->conns++;
    w->conn[c] = (struct conn){{from, to}, {e->link, w->site[to].next_odd}};
    w->site[to].next_odd += 2;
    act_push(w, (struct act){.conn = c, .end = 1, .kind = EV_ACCEPTED});
    act_push(w, (struct act){.conn = c, .end = 0, .kind = EV_DIALED});
}

static void effect_do(struct wires *w, int site, const struct effect *e)
{
    int end = 0, c = -1;
    if (e->kind == FX_DIAL)
        dial(w, site, e);
    else if (e->kind == FX_TELL && e->tell == TELL_JOINED)
        w->site[site].joined = true;
    else if (e->kind == FX_SEND || e->kind == FX_CLOSE)
        c = conn_find(w, site, e->link, &end);
    if (c < 0)
        return;
    struct act there = {.conn = c, .end = 1 - end, .kind = EV_DATA};
    if (e->kind == FX_SEND) {
        CHECK(buf_append(&there.bytes, e->bytes, SIZE_MAX / 2) == 0);
        act_push(w,
                 (struct act){.conn = c, .end = end, .kind = EV_SENT, .n = e->bytes.n});
    } else {
        there.kind = EV_CLOSED;
        w->conn[c].site[end] = -1;
    }
    act_push(w, there);
}

/* One step of a site: one transaction, then what it wants done. */
static void step(struct wires *w, int n, struct event *ev)
{
    struct site *s = &w->site[n];
    struct effects fx = {0};
    ev->now_ms = w->now_ms;
    ev->wall_ms = w->wall_ms;
    CHECK(store_begin(s->store) == 0);
    CHECK(peer_step(s->peer, ev, &fx) == 0);
    CHECK(store_commit(s->store) == 0);
    for (size_t i = 0; i < fx.count; i++)
        effect_do(w, n, &fx.list[i]);
}

static void drain(struct wires *w)
{
    for (; w->acts_at < w->acts_count; w->acts_at++) {
        struct act a = w->acts[w->acts_at];
        struct conn *c = a.conn >= 0 ? &w->conn[a.conn] : NULL;
        int n = c ? c->site[a.end] : a.site;
        struct event ev = {
            .kind = a.kind, .err = a.err, .link = c ? c->link[a.end] : a.link};
        ev.bytes = a.kind == EV_SENT ? BYTES(NULL, a.n) : BUF_BYTES(&a.bytes);
        if (n >= 0)
            step(w, n, &ev);
        if (c && a.kind == EV_CLOSED)
            c->site[a.end] = -1;
        buf_free(&a.bytes);
    }
    w->acts_at = w->acts_count = 0;
}

/* Let `ms` pass, with every tick that is wanted. */
static void run(struct wires *w, uint64_t ms)
{
    uint64_t until_ms = w->now_ms + ms;
    for (int still = 0; w->now_ms < until_ms; still++) {
        uint64_t due_ms = until_ms;
        int next = -1;
        drain(w);
        for (int i = 0; i < SITES; i++) {
            uint64_t at_ms = peer_deadline_ms(w->site[i].peer);
            if (at_ms < due_ms) {
                due_ms = at_ms;
                next = i;
            }
        }
        if (due_ms > w->now_ms) {
            w->wall_ms += due_ms - w->now_ms;
            w->now_ms = due_ms;
            still = 0;
        }
        CHECK(still < 1000); /* a deadline that never moves */
        if (next >= 0)
            step(w, next, &(struct event){.kind = EV_TICK});
    }
    drain(w);
}

/* Let an hour go by at once, as a suspended device does, and wake everybody. */
static void sleep_hour(struct wires *w)
{
    w->now_ms += HOUR_MS;
    w->wall_ms += HOUR_MS;
    for (int i = 0; i < SITES; i++)
        step(w, i, &(struct event){.kind = EV_TICK});
    drain(w);
}

static int command(struct wires *w, int n, struct command *c)
{
    struct event ev = {.kind = EV_COMMAND, .command = c};
    step(w, n, &ev);
    return c->err;
}

static struct bytes text_of(const char *s)
{
    return BYTES(s, strlen(s));
}

static void move_to(struct wires *w, int n, const char *address)
{
    struct bytes a = text_of(address);
    struct command c = {.addresses = &a, .addresses_count = 1};
    snprintf(w->site[n].address, sizeof w->site[n].address, "%s", address);
    struct event ev = {.kind = EV_ADDRESSES, .command = &c};
    step(w, n, &ev);
}

static void site_start(struct wires *w, int n, bool fresh)
{
    struct site *s = &w->site[n];
    s->stream.counter = 0;
    s->stream.key[1]++;
    s->entropy = entropy_stream(&s->stream);
    CHECK(arena_new(&s->arena, 4 << 20) == 0);
    if (fresh)
        CHECK(store_create(&s->store, s->dir, s->data_key, &s->entropy) == 0);
    else
        CHECK(store_open(&s->store, s->dir, s->data_key, &s->entropy) == 0);
    struct peer_config config = {store_log(s->store), s->entropy, s->arena};
    CHECK(peer_new(&s->peer, &config) == 0);
    step(w, n, &(struct event){.kind = EV_START});
}

static void site_stop(struct site *s)
{
    peer_free(s->peer);
    store_close(s->store);
    arena_destroy(s->arena);
}

static struct wires *wires_new(void)
{
    struct wires *w = calloc(1, sizeof *w);
    struct entropy os = {0};
    CHECK(w && crypto_init() == 0);
    os = entropy_os();
    w->now_ms = 1000;
    w->wall_ms = EPOCH_HOURS * HOUR_MS;
    for (int i = 0; i < SITES; i++) {
        struct site *s = &w->site[i];
        temp_make(s->dir);
        entropy_fill(&os, s->data_key, sizeof s->data_key);
        s->stream.key[0] = (uint8_t)(i + 1);
        s->next_odd = 1;
        s->group = 1;
        site_start(w, i, true);
    }
    return w;
}

static void wires_free(struct wires *w)
{
    while (w->acts_at < w->acts_count)
        buf_free(&w->acts[w->acts_at++].bytes);
    for (int i = 0; i < SITES; i++) {
        site_stop(&w->site[i]);
        temp_remove(w->site[i].dir);
    }
    free(w->acts);
    free(w);
}

/* ---- marks: what is looked for ------------------------------------------------------
 */

/* Bytes to look for, and at which sites they were found last. */
struct mark {
    const char *what;
    uint8_t bytes[MARK_BYTES_MAX];
    size_t n;
    bool found[SITES];
};

struct marks {
    struct mark list[MARKS_MAX];
    size_t count;
    int site;
    uint64_t pages;
};

/* A new mark of bytes; lent. */
static const char *mark_add(struct marks *m, const char *what, struct bytes b)
{
    CHECK(m->count < MARKS_MAX && b.n >= PIECE_BYTES && b.n < MARK_BYTES_MAX);
    struct mark *k = &m->list[m->count++];
    *k = (struct mark){.what = what, .n = b.n};
    memcpy(k->bytes, b.p, b.n);
    return (const char *)k->bytes;
}

/* A new mark of letters that stand nowhere else; lent. */
static const char *mark_new(struct marks *m, const char *what)
{
    struct entropy os = entropy_os();
    char text[33] = {0};
    for (size_t i = 0; i < 32; i++)
        text[i] = (char)('a' + entropy_below(&os, 26));
    return mark_add(m, what, text_of(text));
}

/* Every piece of a mark counts: a page may end in the middle of it. */
static bool mark_in(const struct mark *k, struct bytes plain)
{
    for (size_t i = 0; i + PIECE_BYTES <= k->n; i++)
        if (plain.n && memmem(plain.p, plain.n, k->bytes + i, PIECE_BYTES))
            return true;
    return false;
}

static int look(void *ctx, uint32_t page, struct bytes plain)
{
    struct marks *m = ctx;
    (void)page;
    m->pages++;
    for (size_t i = 0; i < m->count; i++)
        if (mark_in(&m->list[i], plain))
            m->list[i].found[m->site] = true;
    return 0;
}

/* Look through every page and log record of all three. */
static void marks_look(struct marks *m, struct wires *w)
{
    for (size_t i = 0; i < m->count; i++)
        memset(m->list[i].found, 0, sizeof m->list[i].found);
    for (m->site = 0; m->site < SITES; m->site++) {
        m->pages = 0;
        T_EQ(store_walk(w->site[m->site].store, look, m), 0);
        T(m->pages > 10);
    }
}

/* All marks from number `first` on are at all sites (with), or at none. */
static void marks_expect(const struct marks *m, size_t first, size_t end, bool with)
{
    for (size_t i = first; i < end; i++)
        for (int k = 0; k < SITES; k++) {
            T_NOTE("(%s, site %d)", m->list[i].what, k);
            T_EQ(m->list[i].found[k], with);
        }
    T_NOTE("%s", "");
}

static void settle(struct wires *w)
{
    for (int i = 0; i < SITES; i++) {
        T_EQ(store_settle(w->site[i].store), 0);
        T(!store_wants_settle(w->site[i].store));
    }
}

/* ---- the story ----------------------------------------------------------------------
 */

static void found(struct wires *w, const char *name)
{
    struct command c = {.kind = CMD_GROUP_NEW,
                        .name = text_of("Circle"),
                        .pseudonym = text_of(name),
                        .lifetime_hours = LIFETIME_HOURS};
    CHECK(command(w, 0, &c) == 0);
    w->site[0].group = c.group;
    w->site[0].joined = true;
}

static void invite(struct wires *w, int to, const char *name)
{
    struct command c = {
        .kind = CMD_INVITE, .group = w->site[0].group, .uses = 1, .valid_hours = 24};
    CHECK(command(w, 0, &c) == 0);
    struct command j = {
        .kind = CMD_JOIN, .text = BUF_BYTES(&c.line), .pseudonym = text_of(name)};
    CHECK(command(w, to, &j) == 0);
    w->site[to].group = j.group;
    buf_free(&j.line);
    buf_free(&c.line);
    run(w, 5000);
    CHECK(w->site[to].joined);
}

static void say(struct wires *w, int n, const char *text)
{
    char long_text[700];
    snprintf(long_text, sizeof long_text, "%s and much more, %0500d", text, n);
    struct command c = {.kind = CMD_SAY,
                        .group = w->site[n].group,
                        .text = text_of(n == 2 ? long_text : text),
                        .lifetime_hours = UINT32_MAX};
    CHECK(command(w, n, &c) == 0);
}

static void rename_to(struct wires *w, int n, const char *name)
{
    struct command c = {
        .kind = CMD_RENAME, .group = w->site[n].group, .pseudonym = text_of(name)};
    CHECK(command(w, n, &c) == 0);
}

static uint64_t draft(struct wires *w, int n, const char *text)
{
    struct command c = {.kind = CMD_SAY,
                        .group = w->site[n].group,
                        .text = text_of(text),
                        .lifetime_hours = UINT32_MAX,
                        .delay_ms = 60000};
    CHECK(command(w, n, &c) == 0);
    return c.draft;
}

static void take_back(struct wires *w, int n, uint64_t number)
{
    struct command c = {
        .kind = CMD_TAKE_BACK, .group = w->site[n].group, .draft = number};
    CHECK(command(w, n, &c) == 0);
    buf_free(&c.line);
}

/* Ciphertext has to go as well: what is kept could be opened with a key found later. */
static int mark_envelope(void *ctx, const struct content_row *row)
{
    struct marks *m = ctx;
    if (row->envelope.n > 200 && m->count < 12)
        (void)mark_add(m, "an envelope",
                       BYTES(row->envelope.p + row->envelope.n / 2, 40));
    return 0;
}

static uint32_t links(struct wires *w, int n)
{
    struct peer_status status;
    peer_status(w->site[n].peer, &status);
    return status.links;
}

static uint32_t entries(struct wires *w, int n)
{
    struct peer_status status;
    peer_status(w->site[n].peer, &status);
    return (uint32_t)status.entries;
}

/* Three of them, everybody linked; sites 0 and 1 live at `first` and `second`, and
 * site 1 is called `name`. */
static struct wires *three(const char *name, const char *first, const char *second)
{
    struct wires *w = wires_new();
    char home[ADDRESS_BYTES_MAX];
    snprintf(home, sizeof home, "%s:7000", first);
    move_to(w, 0, home);
    snprintf(home, sizeof home, "%s:7001", second);
    move_to(w, 1, home);
    move_to(w, 2, "third.example:7002");
    found(w, "Wren");
    invite(w, 1, name);
    invite(w, 2, "Robin");
    run(w, 30000);
    return w;
}

T_CASE(what_ended_is_nowhere)
{
    struct marks m = {.count = 0};
    const char *text = mark_new(&m, "text"), *name = mark_new(&m, "old name");
    const char *address = mark_new(&m, "old address");
    const char *inviter = mark_new(&m, "old address of the inviter");
    struct wires *w = three(name, inviter, address);
    for (int i = 0; i < SITES; i++)
        say(w, i, text);
    run(w, 30000);
    struct log log = store_log(w->site[0].store);
    T_EQ(log.ops->content_scan(log.ctx, w->site[0].group, 0, true, mark_envelope, &m),
         0);
    size_t said = m.count;
    T(said > 4);
    marks_look(&m, w);
    marks_expect(&m, 0, said, true);

    const char *draft_text = mark_new(&m, "draft");
    uint64_t number = draft(w, 1, draft_text);
    marks_look(&m, w);
    T(m.list[said].found[1]);
    take_back(w, 1, number);
    rename_to(w, 1, "Heron");
    move_to(w, 0, "anywhere.example:7000");
    move_to(w, 1, "elsewhere.example:7001");
    run(w, 30000);
    settle(w);
    marks_look(&m, w);
    marks_expect(&m, 0, 1, true); /* the text lives on */
    marks_expect(&m, 4, said, true);
    marks_expect(&m, 1, 4, false); /* name and address do not, nor does the draft */
    marks_expect(&m, said, m.count, false);

    for (int h = 0; h < LIFETIME_HOURS + 3; h++) {
        w->dark = h % 6 < 4; /* most of the time without a network */
        sleep_hour(w);
        run(w, 2000);
    }
    for (int i = 0; i < SITES; i++)
        T_EQ(entries(w, i), 0);
    settle(w);
    marks_look(&m, w);
    marks_expect(&m, 0, m.count, false);

    /* What the others still knew does not come back, after a restart neither. */
    w->dark = false;
    for (int i = 0; i < SITES; i++) {
        site_stop(&w->site[i]);
        for (int c = 0; c < w->conns; c++)
            w->conn[c].site[0] = w->conn[c].site[1] = -1;
    }
    for (int i = 0; i < SITES; i++)
        site_start(w, i, false);
    run(w, 60000);
    for (int i = 0; i < SITES; i++)
        T(links(w, i) > 0);
    marks_look(&m, w);
    marks_expect(&m, 0, m.count, false);
    for (int i = 0; i < SITES; i++)
        T_EQ(store_check(w->site[i].store), 0);
    wires_free(w);
}

T_RUN()
