/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* nodes.h -- whole nodes in this process, for tests over loopback.
 *
 *     folder -> open_node -> { call, both_until, ... }* -> session_close; nodes_tidy
 */
#ifndef TESTS_LIB_NODES_H
#define TESTS_LIB_NODES_H

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "node/host/session.h"
#include "tests/lib/t.h"

enum { WAIT_MS = 20000, STEP_MS = 2 };

static const uint8_t key[32] = "a data key for tests, 32 bytes.";
static const struct api_args none;

/* ---- places -------------------------------------------------------------- */

static char base[] = "/tmp/kring-session-XXXXXX";

/* A fresh folder `name` under a folder of this test. */
static inline char *folder(const char *name)
{
    static bool made;
    char *path = malloc(512);
    if (!made && !mkdtemp(base))
        exit(1);
    made = true;
    (void)unsetenv("XDG_RUNTIME_DIR");
    (void)snprintf(path, 512, "%s/%s", base, name);
    if (mkdir(path, 0700) != 0 && access(path, F_OK) != 0)
        exit(1);
    return path;
}

/* Monotonic milliseconds. */
static inline uint64_t now_ms(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The bytes of a C string, lent. */
static inline struct bytes text(const char *s)
{
    return BYTES(s, strlen(s));
}

/* The node in `home`, listening on loopback if `online`. */
static inline struct session *open_node(const char *home, bool online)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    const struct session_config config = {
        .home = home, .listen = listen, .listen_count = 1, .online = online};
    struct session *s = NULL;
    T_EQ(session_local(&s, &config, key), 0);
    return s;
}

/* One request; the reply's error. */
static inline int call(struct session *s, enum api_verb verb,
                       const struct api_args *args, struct api_reply *reply)
{
    int err = session_call(s, verb, args, reply);
    return err < 0 ? err : reply->err;
}

/* One request whose reply does not matter but for its error. */
static inline int do_only(struct session *s, enum api_verb verb,
                          const struct api_args *args)
{
    struct api_reply r = {0};
    int err = call(s, verb, args, &r);
    api_reply_free(&r);
    return err;
}

/* Found a group; its number. */
static inline uint64_t new_group(struct session *s)
{
    struct api_args args = {.name = text("Circle"), .pseudonym = text("Ada")};
    struct api_reply r = {0};
    T_EQ(call(s, API_GROUP_NEW, &args, &r), 0);
    uint64_t group = api_uint(api_row(&r, UINT32_MAX), F_GROUP, 0);
    api_reply_free(&r);
    return group;
}

/* Let both run until `group` of `s` has `rows` messages (or is joined, with 0). */
static inline bool both_until(struct session *a, struct session *b, uint64_t group,
                              uint32_t rows)
{
    uint64_t until = now_ms() + WAIT_MS;
    while (now_ms() < until) {
        struct api_args list = {.group = group, .has_group = true};
        struct api_reply r = {0};
        if (session_wait(a, -1, STEP_MS, NULL) < 0 ||
            session_wait(b, -1, STEP_MS, NULL) < 0)
            return false;
        int err = call(b, rows ? API_MESSAGES : API_GROUPS, &list, &r);
        bool done = err == 0 && (rows ? api_rows(&r) >= rows
                                      : api_rows(&r) == 1 &&
                                            !api_uint(api_row(&r, 0), F_JOINING, 0));
        api_reply_free(&r);
        if (done)
            return true;
    }
    return false;
}

/* ---- tidying up ------------------------------------------------------------ */

/* For nftw. */
static inline int remove_one(const char *path, const struct stat *st, int kind,
                             struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* Remove all folders of this test. */
static inline bool nodes_tidy(void)
{
    free(folder("last"));
    return nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

#endif
