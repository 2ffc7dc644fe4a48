/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_around.c -- whole nodes that find each other over loopback by beacons: two with
 * new addresses, and a newcomer by what six words became. */
#include "base/limits.h"
#include "base/log.h"
#include "crypto/entropy_os.h"
#include "store/store.h"
#include "tests/lib/nodes.h"

enum { LOOK_MS = 120 * 1000, QUIET_MS = 3000 };

static const uint8_t secret[32] = "what six words became, stretched";

static bool linked(struct session *s)
{
    struct api_reply r = {0};
    bool any = call(s, API_STATUS, &none, &r) == 0 &&
               api_uint(api_row(&r, UINT32_MAX), F_LINKS, 0) > 0;
    api_reply_free(&r);
    return any;
}

static bool both_linked(struct session *a, struct session *b, uint64_t ms)
{
    uint64_t until = now_ms() + ms;
    while (now_ms() < until && !(linked(a) && linked(b)))
        if (session_wait(a, -1, STEP_MS, NULL) < 0 ||
            session_wait(b, -1, STEP_MS, NULL) < 0)
            return false;
    return linked(a) && linked(b);
}

static int look(struct session *s)
{
    struct api_args args = {.delay_ms = LOOK_MS};
    return do_only(s, API_AROUND, &args);
}

static uint32_t near_rows(struct session *s)
{
    struct api_reply r = {0};
    uint32_t n = call(s, API_NEAR, &none, &r) == 0 ? api_rows(&r) : 99;
    api_reply_free(&r);
    return n;
}

static void join_by_line(struct session *a, struct session *b)
{
    struct api_args invite = {.group = new_group(a), .has_group = true, .open = true};
    struct api_reply r = {0};
    T_EQ(call(a, API_INVITE, &invite, &r), 0);
    struct api_args join = {.text = api_bytes(api_row(&r, UINT32_MAX), F_TEXT),
                            .pseudonym = text("Heron")};
    T_EQ(do_only(b, API_JOIN, &join), 0);
    api_reply_free(&r);
    T(both_until(a, b, 1, 0));
    T(both_linked(a, b, WAIT_MS));
}

/* Both begin anew at other ports: what they know of each other is of no use. */
T_CASE(two_with_new_addresses_meet)
{
    char *ada = folder("ada"), *ben = folder("ben");
    struct session *a = open_node(ada, true), *b = open_node(ben, true);
    join_by_line(a, b);
    session_close(a);
    session_close(b);
    a = open_node(ada, true);
    b = open_node(ben, true);
    T(!both_linked(a, b, QUIET_MS));
    T_EQ(near_rows(a), 0);
    T_EQ(look(a), 0);
    T_EQ(look(b), 0);
    T(both_linked(a, b, WAIT_MS));
    T_EQ(near_rows(a), 1);
    T_EQ(near_rows(b), 1);
    session_close(a);
    session_close(b);
    free(ada);
    free(ben);
}

static int words(struct session *s, bool offers, uint64_t group)
{
    struct api_args args = {.secret = BYTES_OF(secret), .group = group};
    args.has_group = offers;
    args.open = offers; /* nobody is asked */
    if (!offers)
        args.pseudonym = text("Heron");
    return do_only(s, API_WORDS, &args);
}

T_CASE(a_newcomer_comes_in_by_words)
{
    char *ada = folder("cleo"), *ben = folder("dirk");
    struct session *a = open_node(ada, true), *b = open_node(ben, true);
    uint64_t group = new_group(a);
    T_EQ(words(a, true, group), 0);
    T_EQ(words(b, false, 0), 0);
    T(both_until(a, b, 1, 0));
    T(both_linked(a, b, WAIT_MS));
    session_close(a);
    session_close(b);
    free(ada);
    free(ben);
}

T_CASE(who_is_offline_finds_nobody)
{
    char *eve = folder("eve");
    struct session *s = open_node(eve, false);
    T_EQ(look(s), ERR_STATE);
    T_EQ(words(s, true, new_group(s)), ERR_STATE);
    T_EQ(near_rows(s), 0);
    session_close(s);
    free(eve);
}

/* Where there is a router, the network is marked, known again, and forgotten. */
T_CASE(networks_are_marked_and_forgotten)
{
    char *flo = folder("flo");
    struct session *s = open_node(flo, true);
    struct api_args mark = {.name = text("Office")}, forget = {.row = 1};
    struct api_reply r = {0};
    T_EQ(call(s, API_NETWORKS, &none, &r), 0);
    uint64_t here = api_uint(api_row(&r, UINT32_MAX), F_NETWORK, 9);
    T_EQ(api_rows(&r), 0);
    api_reply_free(&r);
    T(here == NETWORK_UNKNOWN || here == NETWORK_OTHER);
    T_EQ(do_only(s, API_NETWORKS, &forget), ERR_NOTFOUND);
    T_EQ(call(s, API_NETWORKS, &mark, &r), here == NETWORK_UNKNOWN ? ERR_NOTFOUND : 0);
    if (here == NETWORK_OTHER) {
        T_EQ(api_rows(&r), 1);
        T_EQ(api_uint(api_row(&r, 0), F_HERE, 0), 1);
        T_EQ(api_uint(api_row(&r, UINT32_MAX), F_NETWORK, 9), NETWORK_OURS);
        T_EQ(do_only(s, API_NETWORKS, &mark), 0); /* once, however often */
        T_EQ(do_only(s, API_NETWORKS, &forget), 0);
        T_EQ(do_only(s, API_NETWORKS, &forget), ERR_NOTFOUND);
    }
    api_reply_free(&r);
    session_close(s);
    free(flo);
}

static void record_write(const char *home, struct bytes record)
{
    struct entropy entropy = entropy_os();
    struct store *store = NULL;
    T_EQ(store_open(&store, home, key, &entropy), 0);
    T_EQ(store_begin(store), 0);
    struct log log = store_log(store);
    T_EQ(log.ops->put(log.ctx, 0, LOG_PROFILE, text("host/networks"), record), 0);
    T_EQ(store_commit(store), 0);
    store_close(store);
}

/* A record with as many networks as fit, none of them this one. */
T_CASE(so_many_networks_and_no_more)
{
    char *gil = folder("gil");
    struct session *s = open_node(gil, true);
    struct api_args mark = {.name = text("One more")}, forget = {.row = 3};
    struct api_reply r = {0};
    struct buf record = {0};
    uint8_t salt[32] = {1}, entry[18] = {0};
    entry[16] = 1;
    entry[17] = 'n';
    T_EQ(buf_append(&record, BYTES_OF(salt), 4096), 0);
    for (uint8_t i = 0; i < LIMIT_NETWORKS_MAX; i++) {
        entry[0] = i;
        T_EQ(buf_append(&record, BYTES_OF(entry), 4096), 0);
    }
    session_close(s);
    record_write(gil, BUF_BYTES(&record));
    buf_free(&record);
    s = open_node(gil, true);
    T_EQ(call(s, API_NETWORKS, &none, &r), 0);
    T_EQ(api_rows(&r), LIMIT_NETWORKS_MAX);
    bool known = api_uint(api_row(&r, UINT32_MAX), F_NETWORK, 9) != NETWORK_UNKNOWN;
    api_reply_free(&r);
    T_EQ(do_only(s, API_NETWORKS, &mark), known ? ERR_FULL : ERR_NOTFOUND);
    T_EQ(do_only(s, API_NETWORKS, &forget), 0);
    T_EQ(do_only(s, API_NETWORKS, &mark), known ? 0 : ERR_NOTFOUND);
    session_close(s);
    free(gil);
}

T_CASE(tidy)
{
    T(nodes_tidy());
}

T_RUN()
