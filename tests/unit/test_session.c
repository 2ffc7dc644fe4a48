/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_session.c -- whole nodes: two in one process that talk over loopback, and one in
 * a process of its own behind its control socket. */
#include "node/host/session.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "node/core/peer.h"
#include "tests/lib/nodes.h"

/* ---- the way to a socket ------------------------------------------------- */

T_CASE(socket_path_follows_the_runtime_folder) /* P12.1 */
{
    char *home = folder("path"), *runtime = folder("runtime");
    char path[256], want[600];
    T_EQ(session_socket_path(home, path, sizeof path), 0);
    (void)snprintf(want, sizeof want, "%s/control", home);
    T_STR(path, want);
    (void)setenv("XDG_RUNTIME_DIR", runtime, 1);
    (void)snprintf(want, sizeof want, "%s/kring", runtime);
    T_EQ(mkdir(want, 0700), 0);
    T_EQ(session_socket_path(home, path, sizeof path), 0);
    T(strncmp(path, want, strlen(want)) == 0);
    T_EQ(strlen(path), strlen(want) + 1 + 16 + 5);
    T_EQ(chmod(runtime, 0755), 0); /* others may look into it: not used */
    T_EQ(session_socket_path(home, path, sizeof path), 0);
    T(strncmp(path, want, strlen(want)) != 0);
    (void)unsetenv("XDG_RUNTIME_DIR");
    T_EQ(session_socket_path("/nowhere/at/all", path, sizeof path), ERR_NOTFOUND);
    free(home);
    free(runtime);
}

T_CASE(long_socket_path_is_refused)
{
    char name[101], path[256];
    memset(name, 'n', 100);
    name[100] = '\0';
    char *home = folder(name);
    struct session *s = NULL;
    const struct session_config config = {.home = home, .online = true};
    T_EQ(session_socket_path(home, path, sizeof path), ERR_TOOBIG);
    T_EQ(session_local(&s, &config, key), ERR_TOOBIG);
    T_EQ(session_remote(&s, home), ERR_TOOBIG);
    free(home);
}

T_CASE(bad_listen_addresses)
{
    static const char *const bad[] = {"127.0.0.1", "nowhere.invalid:0",
                                      "203.0.113.7:0"};
    char *home = folder("listen");
    for (size_t i = 0; i < 3; i++) {
        struct session *s = NULL;
        const struct session_config config = {
            .home = home, .listen = &bad[i], .listen_count = 1, .online = true};
        T_NOTE("address %zu", i);
        T_EQ(session_local(&s, &config, key), ERR_NOHOST);
    }
    free(home);
}

T_CASE(taken_listen_address)
{
    char *home = folder("taken"), *other = folder("taken-too"), where[160];
    struct session *a = open_node(home, true), *b = NULL;
    struct api_reply r = {0};
    T_NEED(a != NULL);
    T_EQ(call(a, API_STATUS, &none, &r), 0);
    struct bytes at = api_bytes(api_row(&r, 0), F_ADDRESS);
    (void)snprintf(where, sizeof where, "%.*s", (int)at.n, (const char *)at.p);
    api_reply_free(&r);
    const char *const listen[] = {where};
    const struct session_config config = {
        .home = other, .listen = listen, .listen_count = 1, .online = true};
    T_EQ(session_local(&b, &config, key), ERR_ADDRINUSE);
    session_close(a);
    free(home);
    free(other);
}

/* ---- one node ------------------------------------------------------------ */

enum { KEPT = 150 };

/* How many kept texts are found by a word that each of them has. */
static uint64_t found(struct session *s, uint64_t group, const char *words)
{
    struct api_args args = {.group = group, .has_group = true, .text = text(words)};
    struct api_reply r = {0};
    T_EQ(call(s, API_SEARCH, &args, &r), 0);
    uint64_t count = api_uint(api_row(&r, UINT32_MAX), F_ENTRIES, 0);
    T_EQ(api_rows(&r), count < SEARCH_HITS_MAX ? count : SEARCH_HITS_MAX);
    for (uint32_t i = 0; i < api_rows(&r); i++)
        T(api_bytes(api_row(&r, i), F_TEXT).n > 0);
    api_reply_free(&r);
    return count;
}

T_CASE(kept_texts_are_found_by_their_words)
{
    char *home = folder("words");
    struct session *s = open_node(home, false);
    T_NEED(s != NULL);
    struct api_args make = {.name = text("Rules"),
                            .pseudonym = text("Wren"),
                            .has_lifetime = true}; /* kept */
    T_EQ(do_only(s, API_GROUP_NEW, &make), 0);
    for (int i = 0; i < KEPT; i++) {
        char words[64];
        (void)snprintf(words, sizeof words, "Soup at six, number %d", i);
        struct api_args say = {.group = 1, .has_group = true, .text = text(words)};
        T_EQ(do_only(s, API_SAY, &say), 0);
    }
    T_EQ(found(s, 1, "SOUP si"), KEPT);
    T_EQ(found(s, 1, "number 14"), 11);
    session_close(s);
    s = open_node(home, false);
    T_NEED(s != NULL);
    T_EQ(found(s, 1, "soup"), KEPT);
    T_EQ(found(s, 1, "soup !!!"), 0); /* signs are in no index: all are looked at */
    T_EQ(found(s, 1, "oup"), 0);
    session_close(s);
    free(home);
}

T_CASE(what_was_said_is_there_again)
{
    char *home = folder("again");
    struct session *s = open_node(home, false);
    struct api_reply r = {0};
    T_NEED(s != NULL);
    uint64_t group = new_group(s);
    struct api_args say = {.group = group, .has_group = true, .text = text("kept")};
    T_EQ(do_only(s, API_SAY, &say), 0);
    session_close(s);
    s = open_node(home, false);
    T_NEED(s != NULL);
    T_EQ(call(s, API_MESSAGES, &say, &r), 0);
    T_EQ(api_rows(&r), 1);
    T(bytes_equal(api_bytes(api_row(&r, 0), F_TEXT), text("kept")));
    T_EQ(api_uint(api_row(&r, 0), F_OWN, 0), 1);
    api_reply_free(&r);
    session_close(s);
    free(home);
}

T_CASE(rows_come_in_pieces)
{
    char *home = folder("pieces");
    struct session *s = open_node(home, false);
    T_NEED(s != NULL);
    uint64_t group = new_group(s), after = 0, seen = 0;
    for (int i = 0; i < 7; i++) {
        struct api_args say = {.group = group, .has_group = true, .text = text("x")};
        T_EQ(do_only(s, API_SAY, &say), 0);
    }
    do {
        struct api_args list = {
            .group = group, .has_group = true, .after = after, .limit = 3};
        struct api_reply r = {0};
        T_EQ(call(s, API_MESSAGES, &list, &r), 0);
        seen += api_rows(&r);
        T(api_rows(&r) <= 3);
        after = api_uint(api_row(&r, UINT32_MAX), F_AFTER, 0);
        api_reply_free(&r);
    } while (after > 0 && seen < 100);
    T_EQ(seen, 7);
    session_close(s);
    free(home);
}

T_CASE(errors_of_requests)
{
    char *home = folder("errors");
    struct session *s = open_node(home, false);
    static char large[LIMIT_COMMAND_BYTES_MAX + 1];
    T_NEED(s != NULL);
    memset(large, 'x', sizeof large);
    uint64_t group = new_group(s);
    struct api_args say = {.group = group, .has_group = true, .text = text("a\xff")};
    T_EQ(do_only(s, API_SAY, &say), ERR_UTF8);
    say.text = BYTES(large, LIMIT_BODY_BYTES_MAX + 1);
    T_EQ(do_only(s, API_SAY, &say), ERR_TOOBIG);
    say.text = BYTES_OF(large); /* past LIMIT_COMMAND_BYTES_MAX */
    T_EQ(do_only(s, API_SAY, &say), ERR_TOOBIG);
    say.text = text("");
    T_EQ(do_only(s, API_SAY, &say), ERR_EMPTY);
    say.text = text("to nobody");
    say.group = 99;
    T_EQ(do_only(s, API_SAY, &say), ERR_NOTFOUND);
    T_EQ(do_only(s, API_MEMBERS, &none), ERR_USAGE);
    struct api_args join = {.text = text("hello"), .pseudonym = text("Bea")};
    T_EQ(do_only(s, API_JOIN, &join), ERR_FOREIGN);
    T_EQ(do_only(s, (enum api_verb)200, &none), ERR_VERSION);
    struct api_args phrase = {.text = BYTES(large, LIMIT_PASSPHRASE_BYTES_MAX + 1)};
    T_EQ(do_only(s, API_PASSPHRASE, &phrase), ERR_TOOBIG);
    session_close(s);
    free(home);
}

T_CASE(settings_are_kept)
{
    char *home = folder("settings");
    struct session *s = open_node(home, false);
    struct api_args args = {.name = text("language")};
    struct api_reply r = {0};
    T_NEED(s != NULL);
    T_EQ(do_only(s, API_SETTING, &args), ERR_NOTFOUND);
    args.text = text("nl");
    T_EQ(do_only(s, API_SETTING, &args), 0);
    struct api_args bad = {.name = text("Not A Name"), .text = text("x")};
    T_EQ(do_only(s, API_SETTING, &bad), ERR_USAGE);
    session_close(s);
    s = open_node(home, false);
    T_NEED(s != NULL);
    args.text = text("");
    T_EQ(call(s, API_SETTING, &args, &r), 0);
    T(bytes_equal(api_bytes(api_row(&r, UINT32_MAX), F_TEXT), text("nl")));
    api_reply_free(&r);
    session_close(s);
    free(home);
}

/* ---- waiting ------------------------------------------------------------- */

T_CASE(waiting_ends_for_its_reasons)
{
    char *home = folder("waiting");
    struct session *s = open_node(home, false);
    int pipes[2], file = open("/proc/self/cmdline", O_RDONLY);
    T_NEED(s != NULL && pipe(pipes) == 0 && file >= 0);
    int before = fcntl(pipes[0], F_GETFL);
    T_EQ(session_wait(s, pipes[0], 10, NULL), 0);
    T_EQ(fcntl(pipes[0], F_GETFL), before); /* who shares it still blocks */
    T(write(pipes[1], "x", 1) == 1);
    T_EQ(session_wait(s, pipes[0], -1, NULL), SESSION_FD);
    T_EQ(session_wait(s, file, -1, NULL), SESSION_FD); /* a plain file never blocks */
    T_EQ(session_wait(s, -1, 0, NULL), 0);
    (void)close(pipes[1]);
    char byte;
    T(read(pipes[0], &byte, 1) == 1);
    T_EQ(session_wait(s, pipes[0], -1, NULL), SESSION_FD); /* its end */
    T_EQ(do_only(s, API_STOP, &none), 0);
    T_EQ(session_wait(s, -1, -1, NULL), SESSION_STOP);
    session_close(s);
    (void)close(pipes[0]);
    (void)close(file);
    free(home);
}

/* A text that waits is sealed by its timer, and can be taken back before. */
T_CASE(drafts_wait)
{
    char *home = folder("drafts");
    struct session *s = open_node(home, false);
    struct api_reply r = {0};
    struct session_event event = {0};
    T_NEED(s != NULL);
    uint64_t group = new_group(s);
    T_EQ(do_only(s, API_FOLLOW, &none), 0);
    struct api_args say = {
        .group = group, .has_group = true, .text = text("wait"), .delay_ms = 60000};
    T_EQ(call(s, API_SAY, &say, &r), 0);
    struct api_args back = {.group = group,
                            .has_group = true,
                            .draft = api_uint(api_row(&r, UINT32_MAX), F_DRAFT, 0)};
    api_reply_free(&r);
    T_EQ(call(s, API_TAKE_BACK, &back, &r), 0);
    T(bytes_equal(api_bytes(api_row(&r, UINT32_MAX), F_TEXT), text("wait")));
    api_reply_free(&r);
    T_EQ(do_only(s, API_TAKE_BACK, &back), ERR_NOTFOUND);
    say.delay_ms = 30;
    T_EQ(do_only(s, API_SAY, &say), 0);
    uint64_t until = now_ms() + WAIT_MS;
    bool sent = false;
    while (!sent && now_ms() < until)
        sent = session_wait(s, -1, 100, &event) == SESSION_EVENT &&
               event.event == TELL_SENT;
    T(sent);
    session_close(s);
    free(home);
}

/* What was begun and not sent is there in the next run, and goes once. */
T_CASE(unsent_texts)
{
    char *home = folder("unsent");
    struct session *s = open_node(home, false);
    struct api_reply r = {0};
    char words[200];
    T_NEED(s != NULL);
    uint64_t group = new_group(s);
    struct api_args of = {.group = group, .has_group = true};
    struct api_args keep = of;
    memset(words, 'w', sizeof words);
    memcpy(words + 159, "\xc3\xa9", 2); /* a letter where the first words end */
    keep.text = BYTES_OF(words);
    T_EQ(do_only(s, API_UNSENT, &of), ERR_NOTFOUND);
    T_EQ(do_only(s, API_UNSENT_SAY, &of), ERR_NOTFOUND);
    T_EQ(do_only(s, API_UNSENT_KEEP, &none), ERR_USAGE);
    T_EQ(do_only(s, API_UNSENT_KEEP, &keep), 0);
    session_close(s);
    s = open_node(home, false);
    T_NEED(s != NULL);
    T_EQ(call(s, API_UNSENT, &of, &r), 0);
    T(bytes_equal(api_bytes(api_row(&r, UINT32_MAX), F_TEXT), BYTES_OF(words)));
    api_reply_free(&r);
    T_EQ(call(s, API_UNSENT, &none, &r), 0);
    T_EQ(api_rows(&r), 1);
    T_EQ(api_uint(api_row(&r, 0), F_GROUP, 0), group);
    T_EQ(api_uint(api_row(&r, 0), F_UNSENT_BYTES, 0), sizeof words);
    T_EQ(api_bytes(api_row(&r, 0), F_TEXT).n, 159);
    api_reply_free(&r);
    T_EQ(do_only(s, API_UNSENT_SAY, &of), 0);
    T_EQ(do_only(s, API_UNSENT, &of), ERR_NOTFOUND);
    T_EQ(call(s, API_MESSAGES, &of, &r), 0);
    T_EQ(api_rows(&r), 1);
    api_reply_free(&r);
    session_close(s);
    free(home);
}

/* ---- two nodes ----------------------------------------------------------- */

T_CASE(two_people_talk)
{
    char *home_a = folder("ada"), *home_b = folder("bea");
    struct session *a = open_node(home_a, true), *b = open_node(home_b, true);
    struct api_reply r = {0}, line = {0};
    T_NEED(a != NULL && b != NULL);
    struct api_args in_group = {.group = new_group(a), .has_group = true};
    in_group.open = true;
    T_EQ(call(a, API_INVITE, &in_group, &line), 0);
    struct api_args join = {.text = api_bytes(api_row(&line, UINT32_MAX), F_TEXT),
                            .pseudonym = text("Bea")};
    T_EQ(do_only(b, API_JOIN, &join), 0);
    T(both_until(a, b, 1, 0));
    in_group.text = text("hello from Ada");
    T_EQ(do_only(a, API_SAY, &in_group), 0);
    T(both_until(a, b, 1, 1));
    T_EQ(call(b, API_MESSAGES, &in_group, &r), 0);
    struct bytes row = api_row(&r, 0);
    T(bytes_equal(api_bytes(row, F_TEXT), text("hello from Ada")));
    T(bytes_equal(api_bytes(row, F_AUTHOR), text("Ada")));
    T_EQ(api_uint(row, F_UNREAD, 0), 1);
    struct api_args read = {
        .group = 1, .has_group = true, .row = api_uint(row, F_ROW, 0)};
    api_reply_free(&r);
    T_EQ(do_only(b, API_MARK_READ, &read), 0);
    in_group.text = text("hello back");
    T_EQ(do_only(b, API_SAY, &in_group), 0);
    T(both_until(b, a, 1, 2));
    T_EQ(call(b, API_STATUS, &none, &r), 0);
    T_EQ(api_uint(api_row(&r, UINT32_MAX), F_LINKS, 0), 1);
    T_EQ(api_uint(api_row(&r, UINT32_MAX), F_ENTRIES, 0), 2);
    T(api_uint(api_row(&r, UINT32_MAX), F_BYTES_IN, 0) > 0);
    api_reply_free(&r);
    api_reply_free(&line);
    session_close(a);
    session_close(b);
    free(home_a);
    free(home_b);
}

/* ---- behind the control socket ------------------------------------------- */

/* A node in a process of its own until it is asked to stop. */
static pid_t node_fork(const char *home)
{
    int ready[2];
    char byte;
    if (pipe(ready) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        struct session *s = open_node(home, true);
        (void)alarm(60);
        if (s && write(ready[1], "r", 1) == 1)
            while (!(session_wait(s, -1, -1, NULL) & SESSION_STOP))
                ;
        session_close(s);
        _exit(s ? 0 : 1);
    }
    (void)close(ready[1]);
    bool up = read(ready[0], &byte, 1) == 1;
    (void)close(ready[0]);
    return up ? pid : -1;
}

static bool node_ended_well(pid_t pid)
{
    int status = 1;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

static int raw_connect(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    return connect(fd, (struct sockaddr *)&at, sizeof at) == 0 ? fd : -1;
}

/* Send `n` bytes; the reply's error, or 1 when the connection was closed. */
static int raw_say(int fd, const void *bytes, size_t n)
{
    struct api_reply r = {0};
    uint8_t head[4], body[256];
    int err = 1;
    if (send(fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n &&
        recv(fd, head, 4, MSG_WAITALL) == 4 && get_u32(head) <= sizeof body &&
        recv(fd, body, get_u32(head), MSG_WAITALL) == (ssize_t)get_u32(head) &&
        buf_append(&r.bytes, BYTES(body, get_u32(head)), sizeof body) == 0 &&
        api_reply_parse(&r) == 0)
        err = r.err;
    api_reply_free(&r);
    return err;
}

T_CASE(control_socket_takes_what_comes) /* P12.2, P12.3 */
{
    char *home = folder("control"), path[256];
    struct stat st = {0};
    struct session *s = NULL;
    uint8_t byte;
    pid_t pid = node_fork(home);
    T_NEED(pid > 0 && session_socket_path(home, path, sizeof path) == 0);
    T(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    const struct session_config config = {.home = home};
    T_EQ(session_local(&s, &config, key), ERR_INUSE);
    int fd = raw_connect(path);
    T_EQ(raw_say(fd, "\0\0\0\1\x80", 5), ERR_MALFORMED); /* and goes on: */
    T_EQ(raw_say(fd, "\0\0\0\3\x81\1\x11\0\0\0\1\x80", 12), 0);
    T_EQ(raw_say(fd, "", 0), ERR_MALFORMED); /* two requests at once, two replies */
    T_EQ(raw_say(fd, "\0\4\0\1", 4), ERR_TOOBIG); /* LIMIT_COMMAND_BYTES_MAX + 1 */
    T_EQ(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
    fd = raw_connect(path);
    T(send(fd, "\0\0\1\0half", 8, MSG_NOSIGNAL) == 8);
    (void)close(fd);
    T_EQ(session_remote(&s, home), 0);
    T(session_is_remote(s));
    T_EQ(do_only(s, API_STOP, &none), 0);
    T_EQ(session_wait(s, -1, WAIT_MS, NULL), SESSION_STOP | SESSION_AWAY);
    session_close(s);
    T(node_ended_well(pid));
    T(stat(path, &st) != 0);
    T_EQ(session_remote(&s, home), ERR_NOTFOUND);
    free(home);
}

T_CASE(followers_are_told)
{
    char *home = folder("follow");
    struct session *s = NULL, *f = NULL;
    struct session_event event = {0};
    pid_t pid = node_fork(home);
    T_NEED(pid > 0 && session_remote(&s, home) == 0 && session_remote(&f, home) == 0);
    T_EQ(do_only(f, API_FOLLOW, &none), 0);
    T_EQ(do_only(f, API_STATUS, &none), 0);
    uint64_t group = new_group(s);
    struct api_args say = {
        .group = group, .has_group = true, .text = text("soon"), .delay_ms = 10};
    T_EQ(do_only(s, API_SAY, &say), 0);
    bool sent = false;
    for (uint64_t until = now_ms() + WAIT_MS; !sent && now_ms() < until;)
        sent = session_wait(f, -1, 100, &event) == SESSION_EVENT &&
               event.event == TELL_SENT && event.group == group;
    T(sent);
    session_close(f);
    session_close(s);
    T_EQ(kill(pid, SIGTERM), 0);
    T(node_ended_well(pid));
    free(home);
}

/* A node that was killed leaves its socket behind: the next one takes the place. */
T_CASE(stale_socket_is_replaced)
{
    char *home = folder("stale"), path[256];
    struct session *s = NULL;
    struct stat st = {0};
    pid_t pid = node_fork(home);
    T_NEED(pid > 0 && session_socket_path(home, path, sizeof path) == 0);
    T_EQ(kill(pid, SIGKILL), 0);
    T(!node_ended_well(pid));
    T(stat(path, &st) == 0);
    T_EQ(session_remote(&s, home), ERR_NOTFOUND);
    pid = node_fork(home);
    T_NEED(pid > 0);
    T_EQ(session_remote(&s, home), 0);
    session_close(s);
    T_EQ(kill(pid, SIGINT), 0);
    T(node_ended_well(pid));
    free(home);
}

/* ---- tidying up ------------------------------------------------------------ */

T_CASE(tidy)
{
    T(nodes_tidy());
}

T_RUN()
