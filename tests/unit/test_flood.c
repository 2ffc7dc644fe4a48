/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_flood.c -- whole nodes under load on their sockets: strangers who keep coming,
 * and a member who asks without end and never reads (P9.5, P9.10).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "crypto/arena.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "node/core/link_int.h"
#include "store/store.h"
#include "tests/lib/nodes.h"

/* ---- sockets ------------------------------------------------------------- */

/* A number in the values of the node's status. */
static uint64_t status_of(struct session *s, uint8_t field)
{
    struct api_reply r = {0};
    T_EQ(call(s, API_STATUS, &none, &r), 0);
    uint64_t value = api_uint(api_row(&r, UINT32_MAX), field, 0);
    api_reply_free(&r);
    return value;
}

/* The port where the node listens. */
static uint16_t port_of(struct session *s)
{
    struct api_reply r = {0};
    char where[64];
    T_EQ(call(s, API_STATUS, &none, &r), 0);
    struct bytes at = api_bytes(api_row(&r, 0), F_ADDRESS);
    (void)snprintf(where, sizeof where, "%.*s", (int)at.n, (const char *)at.p);
    api_reply_free(&r);
    const char *colon = strrchr(where, ':');
    return colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
}

/* A connection that never blocks; -1. */
static int connect_to(uint16_t port, int receive_bytes)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && receive_bytes)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes,
                         sizeof receive_bytes);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* A line that lets somebody into the node's group. */
static struct api_reply invite(struct session *s, uint64_t group)
{
    struct api_reply line = {0};
    struct api_args in_group = {.group = group, .has_group = true, .open = true};
    T_EQ(call(s, API_INVITE, &in_group, &line), 0);
    return line;
}

static uint64_t join(struct session *s, const struct api_reply *line)
{
    struct api_reply r = {0};
    struct api_args args = {.text = api_bytes(api_row(line, UINT32_MAX), F_TEXT),
                            .pseudonym = text("Bea")};
    T_EQ(call(s, API_JOIN, &args, &r), 0);
    uint64_t group = api_uint(api_row(&r, UINT32_MAX), F_GROUP, 0);
    api_reply_free(&r);
    return group;
}

/* ---- strangers ----------------------------------------------------------- */

enum {
    STRANGERS = 400,
    STAYING = 300, /* of them: more than a node has rows */
    PER_STEP = 3,
    CALL_MS = 4000, /* less than a closed link is waited for */
    ENTER_MS = 15000,
};

/* Strangers who never close; those past STAYING make place for the next to come. */
struct strangers {
    int fd[STRANGERS];
    uint32_t came;
    uint16_t port;
};

static void strangers_come(struct strangers *x, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++, x->came++) {
        uint32_t turn = x->came - STAYING;
        uint32_t at =
            x->came < STRANGERS ? x->came : STAYING + turn % (STRANGERS - STAYING);
        int *fd = &x->fd[at];
        if (x->came >= STRANGERS && *fd >= 0)
            (void)close(*fd);
        *fd = connect_to(x->port, 0);
        if (*fd >= 0 && i % 2)
            (void)send(*fd, "GET / HTTP/1.1\r\n", 16, MSG_NOSIGNAL);
    }
}

static void strangers_go(struct strangers *x)
{
    for (uint32_t i = 0; i < x->came && i < STRANGERS; i++)
        if (x->fd[i] >= 0)
            (void)close(x->fd[i]);
}

static bool joined(struct session *s, uint64_t group)
{
    struct api_reply r = {0};
    bool done = false;
    T_EQ(call(s, API_GROUPS, &none, &r), 0);
    for (uint32_t i = 0; i < api_rows(&r); i++)
        done = done || (api_uint(api_row(&r, i), F_GROUP, 0) == group &&
                        !api_uint(api_row(&r, i), F_JOINING, 0));
    api_reply_free(&r);
    return done;
}

/* While strangers come to `a` by the hundred a second, `ms` at most: until `a` has
 * joined `group`, or has a link when that is 0. */
static bool flooded_until(struct strangers *x, struct session *a, struct session *b,
                          uint64_t group, uint64_t ms)
{
    uint64_t until = now_ms() + ms;
    while (now_ms() < until) {
        strangers_come(x, PER_STEP);
        if (session_wait(a, -1, STEP_MS, NULL) < 0 ||
            session_wait(b, -1, STEP_MS, NULL) < 0)
            return false;
        if (group ? joined(a, group) : status_of(a, F_LINKS) > 0)
            return true;
    }
    return false;
}

/* Strangers have no say in whom we call: neither by filling the table, nor by staying
 * when they are shown out. */
T_CASE(strangers_do_not_keep_us_from_calling)
{
    char *home_a = folder("flooded"), *home_b = folder("called");
    struct session *a = open_node(home_a, true), *b = open_node(home_b, true);
    static struct strangers x;
    T_NEED(a != NULL && b != NULL);
    struct api_reply line = invite(b, new_group(b));
    x.port = port_of(a);
    for (int i = 0; i < 150; i++) { /* the flood stands before we call */
        strangers_come(&x, PER_STEP);
        T(session_wait(a, -1, STEP_MS, NULL) >= 0);
    }
    uint64_t group = join(a, &line);
    T(flooded_until(&x, a, b, group, CALL_MS));
    strangers_go(&x);
    api_reply_free(&line);
    session_close(a);
    session_close(b);
    free(home_a);
    free(home_b);
}

/* And a member comes in between them; not one stranger gets a byte. */
T_CASE(a_member_comes_in_between_strangers)
{
    char *home_a = folder("crowded"), *home_b = folder("member");
    struct session *a = open_node(home_a, true), *b = open_node(home_b, true);
    static struct strangers x;
    char byte;
    T_NEED(a != NULL && b != NULL);
    struct api_reply line = invite(a, new_group(a));
    (void)join(b, &line);
    T(both_until(a, b, 1, 0));
    session_close(b);
    x.port = port_of(a);
    uint64_t until = now_ms() + 2000;
    while (status_of(a, F_LINKS) > 0 && now_ms() < until)
        T(session_wait(a, -1, STEP_MS, NULL) >= 0);
    T_EQ(status_of(a, F_LINKS), 0);
    b = open_node(home_b, true);
    T_NEED(b != NULL);
    T(flooded_until(&x, a, b, 0, ENTER_MS));
    for (uint32_t i = 0; i < x.came && i < STRANGERS; i++)
        T(x.fd[i] < 0 || recv(x.fd[i], &byte, 1, MSG_DONTWAIT) <= 0);
    strangers_go(&x);
    api_reply_free(&line);
    session_close(a);
    session_close(b);
    free(home_a);
    free(home_b);
}

/* While there is room nobody is hung up on, however they send. */
T_CASE(a_few_strangers_are_left_alone)
{
    enum { FEW = LIMIT_HANDSHAKES_MAX };
    char *home = folder("patient"), byte;
    struct session *s = open_node(home, true);
    int fd[FEW];
    T_NEED(s != NULL);
    (void)new_group(s);
    uint16_t port = port_of(s);
    for (int i = 0; i < FEW; i++)
        fd[i] = connect_to(port, 0);
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < FEW; i++)
            (void)send(fd[i], "0123456789abcdef", (size_t)(i % 16) + 1, MSG_NOSIGNAL);
        T(session_wait(s, -1, STEP_MS, NULL) >= 0);
    }
    for (int i = 0; i < FEW; i++) {
        T_NOTE("stranger %d", i);
        T(recv(fd[i], &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
        (void)close(fd[i]);
    }
    session_close(s);
    free(home);
}

/* ---- a member who never reads --------------------------------------------- */

/* A member's link over a socket, with the keys that `home` keeps. */
struct reader_not {
    int fd;
    struct noise_cipher send, recv;
    struct frame_reader frames;
    struct buf out, in; /* bytes to be sent, message stream that came */
    uint64_t said, heard, got_bytes;
};

/* The keys of a profile that no node has open. */
static struct peer *keys_open(const char *home, struct store **store,
                              struct arena **arena)
{
    struct entropy entropy = entropy_os();
    struct peer *p = NULL;
    T_EQ(arena_new(arena, 4 << 20), 0);
    T_EQ(store_open(store, home, key, &entropy), 0);
    struct peer_config config = {store_log(*store), entropy, *arena};
    struct event start = {.kind = EV_START, .now_ms = 1, .wall_ms = 1};
    struct effects fx;
    T_EQ(peer_new(&p, &config), 0);
    T_EQ(store_begin(*store), 0);
    T_EQ(peer_step(p, &start, &fx), 0);
    store_rollback(*store);
    return p;
}

/* Read exactly `n` bytes while the node runs. */
static bool read_whole(struct session *a, int fd, uint8_t *to, size_t n)
{
    uint64_t until = now_ms() + WAIT_MS;
    size_t at = 0;
    while (at < n && now_ms() < until) {
        ssize_t got = recv(fd, to + at, n - at, MSG_DONTWAIT);
        at += got > 0 ? (size_t)got : 0;
        if (session_wait(a, -1, STEP_MS, NULL) < 0)
            return false;
    }
    return at == n;
}

static bool member_enter(struct reader_not *x, struct session *a, struct group *g)
{
    uint8_t psk0[32], hash[32], first[HANDSHAKE_1_BYTES], second[HANDSHAKE_2_BYTES],
        third[HANDSHAKE_3_BYTES];
    struct entropy entropy = entropy_os();
    struct handshake hs;
    if (!keys_acc_at(g, 0, psk0))
        return false;
    struct handshake_config c = {LINK_MEMBER, g->id, psk0, g->secrets->transport_sk,
                                 member_at(g, 0)->transport_pk};
    return handshake_first(&hs, &c, &entropy, first) == 0 &&
           send(x->fd, first, sizeof first, MSG_NOSIGNAL) == (ssize_t)sizeof first &&
           read_whole(a, x->fd, second, sizeof second) &&
           handshake_third(&hs, second, third) == 0 &&
           handshake_split(&hs, &x->send, &x->recv, hash) == 0 &&
           send(x->fd, third, sizeof third, MSG_NOSIGNAL) == (ssize_t)sizeof third;
}

enum { ASKED_AT_ONCE = 100, FLOOD_BYTES = 24 << 20, STILL_MS = 1500 };

/* Ask again and again until the node takes no more, or far too much. */
static uint64_t ask_without_end(struct reader_not *x, struct session *a)
{
    struct wire_hello hello = {.version = 1, .hour = 1};
    struct buf messages = {0};
    uint64_t sent = 0, moved_ms = now_ms();
    for (int i = 0; i < ASKED_AT_ONCE; i++)
        T_EQ(wire_put_hello(&messages, &hello), 0);
    while (sent < FLOOD_BYTES && now_ms() - moved_ms < STILL_MS) {
        if (x->out.n == 0) {
            T_EQ(frame_seal(&x->send, BUF_BYTES(&messages), &x->out, SIZE_MAX / 2), 0);
            x->said += ASKED_AT_ONCE;
        }
        ssize_t n = send(x->fd, x->out.p, x->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            buf_consume(&x->out, (size_t)n);
            sent += (uint64_t)n;
            moved_ms = now_ms();
        }
        if (n <= 0 && session_wait(a, -1, STEP_MS, NULL) < 0)
            break;
    }
    buf_free(&messages);
    return sent;
}

/* Take what came: how many answers. */
static void take(struct reader_not *x, const uint8_t *p, size_t n)
{
    struct bytes message;
    size_t used = 0, at = 0;
    T_EQ(frame_feed(&x->frames, &x->recv, BYTES(p, n), &x->in, SIZE_MAX / 2), 0);
    x->got_bytes += n;
    while (at < x->in.n &&
           wire_next(BYTES(x->in.p + at, x->in.n - at), &message, &used) == 1) {
        x->heard += message.p[0] == WIRE_HELLO;
        at += used;
    }
    buf_consume(&x->in, at);
}

/* Read again, send the rest: every question is answered after all. */
static void read_at_last(struct reader_not *x, struct session *a)
{
    static uint8_t part[256 * 1024];
    uint64_t moved_ms = now_ms();
    while (x->heard < x->said && now_ms() - moved_ms < STILL_MS) {
        ssize_t n = recv(x->fd, part, sizeof part, MSG_DONTWAIT);
        if (n > 0) {
            take(x, part, (size_t)n);
            moved_ms = now_ms();
        }
        n = x->out.n ? send(x->fd, x->out.p, x->out.n, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
        if (n > 0)
            buf_consume(&x->out, (size_t)n);
        if (session_wait(a, -1, 0, NULL) < 0)
            break;
    }
}

/* LIMIT_SEND_QUEUE_BYTES_MAX: who does not read is not read either, so that no more
 * waits here for them than the queue and what one turn took in. */
T_CASE(who_never_reads_is_not_read)
{
    enum { TURN_BYTES = 6 << 20 };
    char *home_a = folder("asked"), *home_b = folder("asks");
    struct session *a = open_node(home_a, true), *b = open_node(home_b, true);
    struct store *store = NULL;
    struct arena *arena = NULL;
    struct reader_not x = {0};
    T_NEED(a != NULL && b != NULL);
    struct api_reply line = invite(a, new_group(a));
    (void)join(b, &line);
    T(both_until(a, b, 1, 0));
    session_close(b);
    struct peer *p = keys_open(home_b, &store, &arena);
    x.fd = connect_to(port_of(a), 4096);
    T_NEED(x.fd >= 0 && member_enter(&x, a, peer_group(p, 1)));
    uint64_t in = status_of(a, F_BYTES_IN), out = status_of(a, F_BYTES_OUT);
    uint64_t sent = ask_without_end(&x, a);
    T(sent < FLOOD_BYTES);
    in = status_of(a, F_BYTES_IN) - in;
    out = status_of(a, F_BYTES_OUT) - out;
    T(in < sent);
    read_at_last(&x, a);
    T_EQ(x.heard, x.said);
    /* Answers are as long on average as those that came. */
    uint64_t asked = x.said * in / sent;
    uint64_t queued = asked * x.got_bytes / (x.heard ? x.heard : 1) - out;
    T_NOTE("sent %u, read %u, written %u, queued %u", (unsigned)sent, (unsigned)in,
           (unsigned)out, (unsigned)queued);
    T(queued > LIMIT_SEND_QUEUE_BYTES_MAX / 4);
    T(queued < LIMIT_SEND_QUEUE_BYTES_MAX + TURN_BYTES);
    (void)close(x.fd);
    frame_free(&x.frames);
    buf_free(&x.out);
    buf_free(&x.in);
    peer_free(p);
    store_close(store);
    arena_destroy(arena);
    api_reply_free(&line);
    session_close(a);
    free(home_a);
    free(home_b);
}

T_CASE(tidy)
{
    T(nodes_tidy());
}

T_RUN()
