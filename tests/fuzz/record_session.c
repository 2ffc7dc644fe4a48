/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* record_session.c -- sessions of two real cores, written as scripts for fuzz_session.
 *
 *     record_session FOLDER
 *
 * The attacker's seat is held by an honest core of the simulated net.  What it says to
 * the core under test is taken off the wire, opened, and written as steps, with the
 * time that passed and what people did between.  The world is always the same, so the
 * files are too.
 */
#include <stdio.h>

#include "tests/fuzz/siege_play.h"
#include "tests/lib/net_group.h"

enum { A = SIEGE_ATTACKER, B = SIEGE_CORE };

struct recording {
    struct net *n;
    struct buf script, stream;
    struct noise_cipher cipher;
    struct frame_reader frames;
    int conn, end; /* of the attacker; conn -1: none */
    size_t at;
    uint8_t topics[64][32];
};

static void put(struct recording *r, uint8_t op, struct bytes a, struct bytes b)
{
    uint8_t head[3] = {op};
    put_u16(head + 1, (uint16_t)(a.n + b.n));
    CHECK(a.n + b.n <= UINT16_MAX);
    CHECK(buf_append(&r->script, BYTES_OF(head), SIZE_MAX / 2) == 0);
    CHECK(buf_append(&r->script, a, SIZE_MAX / 2) == 0);
    CHECK(buf_append(&r->script, b, SIZE_MAX / 2) == 0);
}

/* ---- off the wire -------------------------------------------------------- */

static void put_message(struct recording *r, struct bytes message)
{
    struct wire_message m;
    CHECK(wire_decode(message, &m) == 0);
    uint8_t type = m.type, head[33];
    uint16_t topic =
        m.type == WIRE_ENTRY || m.type == WIRE_TOPIC ? m.topic : m.range.topic;
    bool about =
        m.type >= WIRE_RANGE && m.type <= WIRE_WANT && m.range.set == SET_CONTENT;
    CHECK(topic < 64);
    if (type == WIRE_TOPIC) {
        memcpy(r->topics[topic], m.topic_pk, 32);
    } else if (type == WIRE_ENTRY) {
        put(r, OP_ENVELOPE, BYTES(r->topics[topic], 32), m.body);
    } else if (about) {
        head[0] = type;
        memcpy(head + 1, r->topics[topic], 32);
        put(r, OP_ABOUT, BYTES_OF(head), BYTES(message.p + 4, message.n - 4));
    } else {
        put(r, OP_RAW, message, BYTES(NULL, 0));
    }
}

/* A link between the two that is live, if we follow none. */
static void find_link(struct recording *r)
{
    struct net *n = r->n;
    for (int c = n->conns - 1; c >= 0 && r->conn < 0; c--) {
        const struct net_conn *k = &n->conn[c];
        int end = k->end[0] == A ? 0 : 1;
        if (k->closed || k->end[end] != A || k->end[1 - end] != B)
            continue;
        struct link *l = link_find(n->peer[A]->peer, k->link[end]);
        if (!l || l->state != LINK_LIVE)
            continue;
        r->conn = c;
        r->end = end;
        r->cipher = l->secrets->send;
        r->cipher.n = 0;
        r->at = end == 0 ? HANDSHAKE_1_BYTES + HANDSHAKE_3_BYTES : HANDSHAKE_2_BYTES;
    }
}

static void follow(struct recording *r)
{
    struct bytes message;
    size_t used = 0;
    find_link(r);
    if (r->conn < 0)
        return;
    const struct buf *sent = &r->n->conn[r->conn].sent[r->end];
    CHECK(frame_feed(&r->frames, &r->cipher, BYTES(sent->p + r->at, sent->n - r->at),
                     &r->stream, SIZE_MAX / 2) == 0);
    r->at = sent->n;
    while (wire_next(BUF_BYTES(&r->stream), &message, &used) == 1) {
        put_message(r, message);
        buf_consume(&r->stream, used);
    }
}

/* ---- what happens -------------------------------------------------------- */

static void run(struct recording *r, uint16_t seconds)
{
    uint8_t pass[3] = {1, (uint8_t)(seconds >> 8), (uint8_t)seconds};
    net_run(r->n, (uint64_t)seconds * 1000);
    follow(r);
    put(r, OP_PASS, BYTES_OF(pass), BYTES(NULL, 0));
}

static void says(struct recording *r, int who, const char *text)
{
    CHECK(net_say(r->n, who, text) == 0);
    if (who == B)
        put(r, OP_PERSON, BYTES("\0", 1), BYTES(NULL, 0));
}

static void wants(struct recording *r, int who, enum cmd_kind kind)
{
    struct command c = {.kind = kind, .group = 1, .pseudonym = TEXT("Siskin")};
    CHECK(net_command(r->n, who, &c) == 0);
    if (who == B)
        put(r, OP_PERSON, BYTES(kind == CMD_REKEY ? "\3" : "\2x", 2), BYTES(NULL, 0));
}

static void apart(struct recording *r)
{
    net_cut(r->n, A, true);
    r->n->off[A] = r->n->off[B] = true;
}

static void together(struct recording *r)
{
    r->n->off[A] = r->n->off[B] = false;
    run(r, 60);
}

/* ---- sessions ------------------------------------------------------------ */

static void talk(struct recording *r)
{
    together(r);
    for (int i = 0; i < 3; i++) {
        says(r, A, "a text");
        run(r, 2);
        says(r, B, "an answer");
        run(r, 30);
    }
}

static void keys(struct recording *r)
{
    together(r);
    wants(r, A, CMD_REKEY);
    run(r, 5);
    says(r, A, "under new keys");
    wants(r, B, CMD_REKEY);
    run(r, 5);
    says(r, A, "under newer keys");
    wants(r, A, CMD_RENAME);
    run(r, 60);
}

static void both_rekey(struct recording *r)
{
    wants(r, A, CMD_REKEY);
    wants(r, B, CMD_REKEY);
    says(r, A, "mine");
    says(r, B, "yours");
    together(r);
    says(r, A, "under both");
    run(r, 60);
}

static void catch_up(struct recording *r, int texts)
{
    for (int i = 0; i < texts; i++)
        says(r, A, "one of many");
    says(r, B, "meanwhile");
    together(r);
    run(r, 60);
}

static void few(struct recording *r)
{
    catch_up(r, 5);
}

static void many(struct recording *r)
{
    catch_up(r, 70);
}

static void long_text(struct recording *r)
{
    char text[5001];
    memset(text, 'x', 5000);
    text[5000] = 0;
    together(r);
    says(r, A, text);
    run(r, 30);
}

/* A newcomer comes in by the attacker, who is a steward. */
static void let_in(struct recording *r)
{
    together(r);
    CHECK(net_add(r->n) == SIEGE_MEMBERS);
    net_let_in(r->n, A, SIEGE_MEMBERS);
    run(r, 5);
    says(r, A, "welcome");
    run(r, 30);
}

/* The core calls. */
static void called(struct recording *r)
{
    r->n->off[A] = false;
    run(r, 120);
    says(r, A, "hello");
    run(r, 30);
    says(r, B, "hello");
    run(r, 700);
}

static const struct {
    const char *name;
    uint8_t head;
    void (*play)(struct recording *r);
} sessions[] = {
    {"talk", 0, talk},
    {"keys", 0, keys},
    {"keys_steward", 1, keys},
    {"both_rekey", 0, both_rekey},
    {"few", 0, few},
    {"many", 0, many},
    {"long_text", 0, long_text},
    {"let_in", 1, let_in},
    {"called", 2, called},
    {"called_steward", 3, called},
};

static int record(const char *folder, size_t which)
{
    struct recording r = {.conn = -1};
    char path[1024];
    r.n = siege_net(sessions[which].head & 1);
    r.n->record = true;
    CHECK(buf_append(&r.script, BYTES(&sessions[which].head, 1), SIZE_MAX / 2) == 0);
    for (int i = SIEGE_HONEST; i < SIEGE_MEMBERS; i++) {
        net_cut(r.n, i, true);
        r.n->off[i] = true;
    }
    apart(&r);
    sessions[which].play(&r);
    (void)snprintf(path, sizeof path, "%s/%s", folder, sessions[which].name);
    FILE *f = fopen(path, "wb");
    bool good = f && fwrite(r.script.p, 1, r.script.n, f) == r.script.n;
    good = f && fclose(f) == 0 && good;
    printf("%s: %zu bytes\n", path, r.script.n);
    net_free(r.n);
    frame_free(&r.frames);
    buf_free(&r.script);
    buf_free(&r.stream);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    int failed = argc == 2 && crypto_init() == 0 ? 0 : 1;
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions && !failed; i++)
        failed = record(argv[1], i);
    return failed;
}
