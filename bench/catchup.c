/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* catchup.c -- how fast a cold member gets what was written while it was off.
 *
 *     catchup FOLDER ENTRIES BYTES
 *
 * Process A makes a group.  Process C joins it and stops.  A writes ENTRIES texts of
 * BYTES bytes, each sealed and stored as `say` does it; that takes a while and does not
 * count.  Then a fresh process C opens its encrypted profile and catches up over
 * loopback.  The clock runs from its first connection to the last entry stored.  One
 * JSON line on standard output; cpu_s and peak_rss_bytes are those of the whole of
 * process C, its start included.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "node/host/session.h"

enum {
    JOIN_MS = 60 * 1000,
    SETTLE_MS = 3 * 1000, /* both sides exchange cards and keys after a join */
    KEY_MS = 30 * 1000,   /* a rekey that a writer must wait for */
    CATCHUP_MS = 600 * 1000,
    LOOK_MS = 20,   /* looking costs the node a little too */
    WHOLE_S = 1500, /* the processes end themselves */
    TEXT_BYTES_MAX = 4096,
};

struct plan {
    const char *folder;
    uint64_t entries, text_bytes;
    uint8_t key_a[KEY_BYTES], key_c[KEY_BYTES];
};

struct numbers {
    uint64_t entries, links, handshakes, drafts, bytes_in, disk_bytes;
};

/* Both ways between the parent and a child. */
struct child {
    pid_t pid;
    int to, from;
};

static uint64_t now_ms(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static _Noreturn void fail(const char *what, int err)
{
    (void)fprintf(stderr, "catchup: %s: %s\n", what, err_name(err));
    exit(1);
}

/* ---- the two nodes ---------------------------------------------------------- */

static struct session *node_open(const struct plan *p, const char *who,
                                 const uint8_t key[static KEY_BYTES])
{
    static const char *const listen[] = {"127.0.0.1:0"};
    char home[512];
    struct session *s = NULL;
    (void)snprintf(home, sizeof home, "%s/%s", p->folder, who);
    if (mkdir(home, 0700) != 0 && errno != EEXIST)
        fail(home, ERR_IO);
    const struct session_config config = {
        .home = home, .listen = listen, .listen_count = 1, .online = true};
    int err = session_local(&s, &config, key);
    if (err < 0)
        fail("open", err);
    return s;
}

/* One call; its reply in `reply` is the caller's.  What the node answered. */
static int call(struct session *s, enum api_verb verb, const struct api_args *args,
                struct api_reply *reply)
{
    int err = session_call(s, verb, args, reply);
    if (err < 0)
        fail("call", err);
    return reply->err;
}

static void run_for(struct session *s, uint64_t ms)
{
    uint64_t until = now_ms() + ms;
    for (uint64_t now = now_ms(); now < until; now = now_ms())
        if (session_wait(s, -1, (int64_t)(until - now), NULL) < 0)
            fail("wait", ERR_SYSTEM);
}

static struct numbers look(struct session *s)
{
    const struct api_args none = {0};
    struct api_reply r = {0};
    int err = call(s, API_STATUS, &none, &r);
    if (err < 0)
        fail("status", err);
    struct bytes m = api_row(&r, UINT32_MAX);
    struct numbers n = {
        .entries = api_uint(m, F_ENTRIES, 0),
        .links = api_uint(m, F_LINKS, 0),
        .handshakes = api_uint(m, F_HANDSHAKES, 0),
        .drafts = api_uint(m, F_DRAFT, 0),
        .bytes_in = api_uint(m, F_BYTES_IN, 0),
        .disk_bytes = api_uint(m, F_DISK_BYTES, 0),
    };
    api_reply_free(&r);
    return n;
}

static struct bytes text_of(const char *s)
{
    return BYTES(s, strlen(s));
}

/* ---- process A --------------------------------------------------------------- */

static void a_invite(struct session *s, int to)
{
    struct api_reply r = {0};
    struct api_args new = {.name = text_of("Bench"),
                           .pseudonym = text_of("Ada"),
                           .lifetime = 168,
                           .has_lifetime = true};
    int err = call(s, API_GROUP_NEW, &new, &r);
    if (err < 0)
        fail("group", err);
    struct api_args invite = {.group = api_uint(api_row(&r, UINT32_MAX), F_GROUP, 0),
                              .has_group = true,
                              .open = true};
    api_reply_free(&r);
    err = call(s, API_INVITE, &invite, &r);
    if (err < 0)
        fail("invite", err);
    struct bytes line = api_bytes(api_row(&r, UINT32_MAX), F_TEXT);
    if (write(to, line.p, line.n) != (ssize_t)line.n || write(to, "\n", 1) != 1)
        fail("pipe", ERR_IO);
    api_reply_free(&r);
}

/* Say one text; where a rekey is due first, the node gets time for it. */
static void a_say(struct session *s, uint64_t group, struct bytes text)
{
    struct api_args say = {.group = group, .has_group = true, .text = text};
    uint64_t until = now_ms() + KEY_MS;
    for (;;) {
        struct api_reply r = {0};
        int err = call(s, API_SAY, &say, &r);
        api_reply_free(&r);
        if (err == 0)
            return;
        if ((err != ERR_NOKEY && err != ERR_FULL) || now_ms() > until)
            fail("say", err);
        run_for(s, 50);
    }
}

static void a_write(struct session *s, const struct plan *p)
{
    char text[TEXT_BYTES_MAX];
    for (uint64_t i = 0; i < p->entries; i++) {
        int n = snprintf(text, sizeof text, "%08llu ", (unsigned long long)i);
        for (size_t k = (size_t)n; k < p->text_bytes; k++)
            text[k] = (char)('a' + (i * 31 + k * 7) % 26);
        a_say(s, 1, BYTES(text, p->text_bytes));
        if (i % 64 == 63) /* the loop must turn too */
            run_for(s, 1);
    }
    for (uint64_t until = now_ms() + KEY_MS; look(s).drafts > 0; run_for(s, 50))
        if (now_ms() > until)
            fail("texts wait for a key", ERR_NOKEY);
}

/* A obeys one letter at a time: w write, q quit. */
static void process_a(const struct plan *p, int in, int out)
{
    struct session *s = node_open(p, "a", p->key_a);
    a_invite(s, out);
    for (;;) {
        char order = 'q';
        int got = session_wait(s, in, -1, NULL);
        if (got < 0 || (got & SESSION_STOP))
            break;
        if (!(got & SESSION_FD))
            continue;
        if (read(in, &order, 1) != 1 || order == 'q')
            break;
        a_write(s, p);
        if (write(out, "d\n", 2) != 2)
            break;
    }
    session_close(s);
}

/* ---- process C --------------------------------------------------------------- */

static bool c_joined(struct session *s)
{
    const struct api_args none = {0};
    struct api_reply r = {0};
    int err = call(s, API_GROUPS, &none, &r);
    if (err < 0)
        fail("groups", err);
    int refused = -(int)api_uint(api_row(&r, UINT32_MAX), F_ERR, 0);
    bool joined = api_rows(&r) == 1 && !api_uint(api_row(&r, 0), F_JOINING, 0);
    api_reply_free(&r);
    if (refused < 0)
        fail("join refused", refused);
    return joined;
}

/* The first life of C: join, let both sides settle, stop. */
static void process_join(const struct plan *p, int in, int out)
{
    char line[LIMIT_INVITE_LINE_BYTES_MAX];
    size_t n = 0;
    while (n < sizeof line && read(in, &line[n], 1) == 1 && line[n] != '\n')
        n++;
    struct session *s = node_open(p, "c", p->key_c);
    struct api_args join = {.text = BYTES(line, n), .pseudonym = text_of("Cleo")};
    struct api_reply r = {0};
    int err = call(s, API_JOIN, &join, &r);
    if (err < 0)
        fail("join", err);
    api_reply_free(&r);
    uint64_t until = now_ms() + JOIN_MS;
    while (!c_joined(s)) {
        if (now_ms() > until)
            fail("join", ERR_NOANSWER);
        run_for(s, 20);
    }
    run_for(s, SETTLE_MS);
    session_close(s);
    if (write(out, "j\n", 2) != 2)
        fail("pipe", ERR_IO);
}

static double cpu_s(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

/* The second life of C: start cold, catch up, tell how it went. */
static void process_catchup(const struct plan *p, int in, int out)
{
    struct rusage used = {0};
    char line[512];
    (void)in;
    struct session *s = node_open(p, "c", p->key_c);
    struct numbers first = look(s), now = first;
    uint64_t until = now_ms() + CATCHUP_MS, began = 0;
    while (now.entries < first.entries + p->entries) {
        if (began == 0 && now.links + now.handshakes > 0)
            began = now_ms();
        if (now_ms() > until) {
            (void)fprintf(stderr, "catchup: %llu of %llu entries\n",
                          (unsigned long long)(now.entries - first.entries),
                          (unsigned long long)p->entries);
            fail("catch-up", ERR_NOANSWER);
        }
        run_for(s, LOOK_MS);
        now = look(s);
    }
    double took_s = (double)(now_ms() - began) / 1000.0, n = (double)p->entries;
    (void)getrusage(RUSAGE_SELF, &used);
    int size =
        snprintf(line, sizeof line,
                 "{\"entries_per_s\":%.0f,\"cpu_s\":%.2f,\"peak_rss_bytes\":%ld,"
                 "\"wire_bytes_per_entry\":%.1f,\"disk_bytes_per_entry\":%.1f}\n",
                 n / took_s, cpu_s(&used), used.ru_maxrss * 1024L,
                 (double)(now.bytes_in - first.bytes_in) / n,
                 ((double)now.disk_bytes - (double)first.disk_bytes) / n);
    if (write(out, line, (size_t)size) != size)
        fail("pipe", ERR_IO);
    session_close(s);
}

/* ---- the parent ---------------------------------------------------------------- */

static struct child start(const struct plan *p,
                          void (*work)(const struct plan *, int, int))
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        fail("pipe", ERR_SYSTEM);
    pid_t pid = fork();
    if (pid < 0)
        fail("fork", ERR_SYSTEM);
    if (pid == 0) {
        (void)close(to[1]);
        (void)close(from[0]);
        (void)alarm(WHOLE_S); /* whatever happens, it ends */
        work(p, to[0], from[1]);
        exit(0);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    return (struct child){pid, to[1], from[0]};
}

/* A line of the child, with its end; false: it is gone. */
static bool hear(const struct child *c, char *line, size_t room)
{
    size_t n = 0;
    while (n + 1 < room && read(c->from, &line[n], 1) == 1)
        if (line[n++] == '\n')
            break;
    line[n] = '\0';
    return n > 0 && line[n - 1] == '\n';
}

static bool tell(const struct child *c, const char *line)
{
    size_t n = strlen(line);
    return write(c->to, line, n) == (ssize_t)n;
}

/* True if the child ended well. */
static bool finish(const struct child *c)
{
    int status = 1;
    (void)close(c->to);
    (void)close(c->from);
    return waitpid(c->pid, &status, 0) == c->pid && status == 0;
}

static bool run(const struct plan *p)
{
    char line[LIMIT_INVITE_LINE_BYTES_MAX + 2], result[512];
    struct child a = start(p, process_a);
    bool ok = hear(&a, line, sizeof line);
    if (ok) {
        struct child c = start(p, process_join);
        ok = tell(&c, line) && hear(&c, result, sizeof result);
        ok = finish(&c) && ok;
    }
    ok = ok && tell(&a, "w") && hear(&a, line, sizeof line);
    if (ok) {
        struct child c = start(p, process_catchup);
        ok = hear(&c, result, sizeof result);
        ok = finish(&c) && ok;
    }
    (void)tell(&a, "q");
    ok = finish(&a) && ok;
    if (ok)
        (void)fputs(result, stdout);
    return ok;
}

static bool number(const char *s, uint64_t max, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long v = strtoull(s, &end, 10);
    *out = v;
    return errno == 0 && end != s && *end == '\0' && v >= 16 && v <= max;
}

int main(int argc, char **argv)
{
    struct plan p = {0};
    if (argc != 4 || !number(argv[2], 10000000, &p.entries) ||
        !number(argv[3], TEXT_BYTES_MAX, &p.text_bytes)) {
        (void)fputs("usage: catchup FOLDER ENTRIES BYTES\n", stderr);
        return 64;
    }
    if (crypto_init() < 0)
        return 70;
    p.folder = argv[1];
    struct entropy e = entropy_os();
    entropy_fill(&e, p.key_a, sizeof p.key_a);
    entropy_fill(&e, p.key_c, sizeof p.key_c);
    return run(&p) ? 0 : 1;
}
