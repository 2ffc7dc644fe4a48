/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* open.c -- how long a person waits for the first screen, with many texts.
 *
 *     open HOME WORDS TEXTS BYTES     the passphrase: the first line of the file WORDS
 *     open HOME WORDS                 how many milliseconds the words alone take
 *
 * A profile is made whose one group has TEXTS texts of BYTES bytes each, one in eight
 * of them kept.  Then it is opened again, as after the passphrase: the store, the core,
 * the list of groups as the first screen asks for it.  After that the group itself (its
 * newest ten texts), and a search for a word that one kept text has.  The words are
 * stretched beside, as at every opening.  One JSON line; medians of the runs.  The
 * profile stays.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/limits.h"
#include "cli/words.h"
#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "crypto/slots.h"
#include "node/host/session.h"
#include "store/making.h"
#include "store/unlock.h"

enum { RUNS = 9, TEXT_BYTES_MAX = 4096, LAST_ROWS = 10 };

struct plan {
    const char *folder;
    struct buf canonical; /* the passphrase */
    uint64_t texts, text_bytes;
    uint8_t key[KEY_BYTES];
};

static double now_ms(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static _Noreturn void fail(const char *what, int err)
{
    (void)fprintf(stderr, "open: %s: %s\n", what, err_name(err));
    exit(1);
}

static struct session *node_open(const struct plan *p)
{
    struct session *s = NULL;
    const struct session_config config = {.home = p->folder};
    int err = session_local(&s, &config, p->key);
    if (err < 0)
        fail("open", err);
    return s;
}

/* One call whose reply the caller frees. */
static void call(struct session *s, enum api_verb verb, const struct api_args *args,
                 struct api_reply *reply)
{
    *reply = (struct api_reply){0};
    int err = session_call(s, verb, args, reply);
    if (!err)
        err = reply->err;
    if (err < 0)
        fail("call", err);
}

static struct bytes text_of(const char *s)
{
    return BYTES(s, strlen(s));
}

/* Words, different in every text. */
static void fill(char *text, uint64_t i, uint64_t n)
{
    int at = snprintf(text, TEXT_BYTES_MAX, "%08llu ", (unsigned long long)i);
    for (uint64_t k = (uint64_t)at; k < n; k++)
        text[k] = k % 6 == 5 ? ' ' : (char)('a' + (i * 31 + k * 7 + i / 26) % 26);
}

static void write_all(struct session *s, const struct plan *p)
{
    char text[TEXT_BYTES_MAX];
    struct api_reply r;
    struct api_args new = {.name = text_of("Bench"),
                           .pseudonym = text_of("Ada"),
                           .lifetime = 8760,
                           .has_lifetime = true};
    call(s, API_GROUP_NEW, &new, &r);
    api_reply_free(&r);
    for (uint64_t i = 0; i < p->texts; i++) {
        fill(text, i, p->text_bytes);
        struct api_args say = {.group = 1,
                               .has_group = true,
                               .text = BYTES(text, p->text_bytes),
                               .lifetime = i % 8 ? 8760 : 0,
                               .has_lifetime = true};
        call(s, API_SAY, &say, &r);
        bool waits = api_has(api_row(&r, UINT32_MAX), F_DRAFT);
        api_reply_free(&r);
        for (int turns = 0; waits && turns < 1000; turns++) {
            call(s, API_STATUS, &(struct api_args){0}, &r);
            waits = api_uint(api_row(&r, UINT32_MAX), F_DRAFT, 0) > 0;
            api_reply_free(&r);
            if (waits && session_wait(s, -1, 20, NULL) < 0)
                fail("wait", ERR_SYSTEM);
        }
        if (i % 64 == 63 && session_wait(s, -1, 0, NULL) < 0)
            fail("wait", ERR_SYSTEM);
    }
}

/* ---- what a person waits for --------------------------------------------------- */

struct times {
    double words_ms, first_ms, group_ms, search_ms, rss_mb;
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *list, size_t n)
{
    qsort(list, n, sizeof *list, by_size);
    return list[n / 2];
}

/* Milliseconds until the words have given the key. */
static double words_once(const struct plan *p, uint8_t key[static KEY_BYTES])
{
    double began = now_ms();
    int err = unlock_open(p->folder, BUF_BYTES(&p->canonical), key, NULL);
    if (err < 0)
        fail("words", err);
    return now_ms() - began;
}

static struct times open_once(const struct plan *p)
{
    struct times t = {0};
    struct api_reply r;
    struct rusage used = {0};
    uint8_t key[KEY_BYTES];
    t.words_ms = words_once(p, key);
    if (memcmp(key, p->key, sizeof key) != 0)
        fail("another profile", ERR_STATE);
    double began = now_ms();
    struct session *s = node_open(p);
    call(s, API_GROUPS, &(struct api_args){0}, &r);
    api_reply_free(&r);
    call(s, API_STATUS, &(struct api_args){0}, &r);
    uint64_t entries = api_uint(api_row(&r, UINT32_MAX), F_ENTRIES, 0);
    api_reply_free(&r);
    t.first_ms = now_ms() - began;
    if (entries < p->texts)
        fail("texts are missing", ERR_NOTFOUND);
    began = now_ms();
    call(s, API_MESSAGES, &(struct api_args){.group = 1, .has_group = true, .last = 10},
         &r);
    if (api_rows(&r) != LAST_ROWS)
        fail("newest texts", ERR_NOTFOUND);
    api_reply_free(&r);
    t.group_ms = now_ms() - began;
    began = now_ms();
    call(s, API_SEARCH,
         &(struct api_args){.group = 1, .has_group = true, .text = text_of("00000008")},
         &r);
    if (api_rows(&r) != 1)
        fail("search", ERR_NOTFOUND);
    api_reply_free(&r);
    t.search_ms = now_ms() - began;
    session_close(s);
    (void)getrusage(RUSAGE_SELF, &used);
    t.rss_mb = (double)used.ru_maxrss / 1024;
    return t;
}

static bool number(const char *s, uint64_t max, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long v = strtoull(s, &end, 10);
    *out = v;
    return errno == 0 && end != s && *end == '\0' && v >= 16 && v <= max;
}

static void words_read(struct plan *p, const char *path)
{
    char line[LIMIT_PASSPHRASE_BYTES_MAX + 2] = "";
    FILE *f = fopen(path, "re");
    bool got = f && fgets(line, sizeof line, f) != NULL;
    if (f)
        (void)fclose(f);
    if (!got)
        fail(path, ERR_NOTFOUND);
    int err = passphrase_canonical(BYTES(line, strcspn(line, "\n")), words_in_list,
                                   &p->canonical);
    if (err < 0)
        fail(path, err);
}

/* The profile with all its texts. */
static void profile_make(struct plan *p)
{
    struct entropy e = entropy_os();
    int err = making_profile(p->folder, BUF_BYTES(&p->canonical), true, &e, p->key);
    if (err < 0)
        fail(p->folder, err);
    struct session *s = node_open(p);
    write_all(s, p);
    session_close(s);
}

static void measure(struct plan *p)
{
    double words[RUNS], first[RUNS], group[RUNS], search[RUNS], rss = 0;
    for (int i = 0; i < RUNS; i++) {
        struct times t = open_once(p);
        words[i] = t.words_ms;
        first[i] = t.first_ms;
        group[i] = t.group_ms;
        search[i] = t.search_ms;
        rss = t.rss_mb;
    }
    (void)printf("{\"texts\":%llu,\"rounds\":%d,\"words_ms\":%.1f,"
                 "\"first_screen_ms\":%.1f,\"group_ms\":%.1f,\"search_ms\":%.1f,"
                 "\"peak_rss_mb\":%.0f}\n",
                 (unsigned long long)p->texts, RUNS, median(words, RUNS),
                 median(first, RUNS), median(group, RUNS), median(search, RUNS), rss);
}

int main(int argc, char **argv)
{
    struct plan p = {0};
    if (argc != 3 && (argc != 5 || !number(argv[3], 120000, &p.texts) ||
                      !number(argv[4], TEXT_BYTES_MAX, &p.text_bytes))) {
        (void)fputs("usage: open HOME WORDS [TEXTS BYTES]\n", stderr);
        return 64;
    }
    session_harden();
    if (crypto_init() < 0)
        return 70;
    p.folder = argv[1];
    words_read(&p, argv[2]);
    if (argc == 3) {
        (void)printf("%.1f\n", words_once(&p, p.key));
    } else {
        profile_make(&p);
        measure(&p);
    }
    buf_free(&p.canonical);
    return 0;
}
