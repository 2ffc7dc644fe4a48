/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_talkless.c -- a backup without talk: every page of it is decrypted and searched
 * for what was said, what waits and what is half written; what is kept is there, and
 * the profile that comes of it opens, goes on, and takes nobody's talk twice. */
#include "node/host/talkless.h"

#include "crypto/entropy_os.h"
#include "node/host/doctor.h"
#include "store/backup.h"
#include "store/store.h"
#include "tests/lib/temp.h"

#include "tests/lib/nodes.h" /* after it: both have a base */

enum { SLOTS = 800, TEXTS = 80, PIECE = 24, PIECES_MAX = 4096 };

/* Pieces of what must not be found, and of what must. */
struct pieces {
    uint8_t bytes[PIECES_MAX][PIECE];
    size_t count, found;
};

static struct pieces talk, kept;

static void piece_add(struct pieces *p, struct bytes b)
{
    /* From the middle: no page boundary cuts all of them. */
    for (size_t at = 0; at + PIECE <= b.n && p->count < PIECES_MAX; at += 5 * PIECE)
        memcpy(p->bytes[p->count++], b.p + at, PIECE);
}

static void words_of(char out[static 200], const char *what, int i)
{
    (void)snprintf(out, 200, "%s number %04d, said so that it can be searched for",
                   what, i);
}

static uint64_t group_new(struct session *s, const char *name, uint64_t hours)
{
    struct api_args args = {.name = text(name),
                            .pseudonym = text("Ada"),
                            .lifetime = hours,
                            .has_lifetime = true};
    struct api_reply r = {0};
    T_EQ(call(s, API_GROUP_NEW, &args, &r), 0);
    uint64_t group = api_uint(api_row(&r, UINT32_MAX), F_GROUP, 0);
    api_reply_free(&r);
    return group;
}

static void say(struct session *s, uint64_t group, const char *words, uint64_t delay_ms)
{
    struct api_args args = {
        .group = group, .has_group = true, .text = text(words), .delay_ms = delay_ms};
    T_EQ(do_only(s, API_SAY, &args), 0);
}

static int row_pieces(void *ctx, const struct content_row *row)
{
    (void)ctx;
    struct pieces *p = row->end_hour == UINT32_MAX ? &kept : &talk;
    piece_add(p, row->envelope);
    return 0;
}

/* Texts in both groups, one that is half written. */
static void fill(const char *home)
{
    char words[200];
    uint8_t noise[SLOTS] = {7};
    struct session *s = open_node(home, false);
    T_NEED(s);
    temp_write(home, "slots", BYTES_OF(noise)); /* no passphrase is asked for here */
    uint64_t record = group_new(s, "Kept", 0), circle = group_new(s, "Talk", 168);
    for (int i = 0; i < TEXTS; i++) {
        words_of(words, "talk", i);
        say(s, circle, words, 0);
        piece_add(&talk, text(words));
        words_of(words, "record", i);
        say(s, record, words, 0);
        piece_add(&kept, text(words));
    }
    words_of(words, "half", 2);
    struct api_args half = {
        .group = circle, .has_group = true, .text = text(words), .has_text = true};
    T_EQ(do_only(s, API_UNSENT_KEEP, &half), 0);
    piece_add(&talk, text(words));
    session_close(s);
}

/* Pieces of all envelopes that lie in the store. */
static void envelopes(const char *home)
{
    struct entropy entropy = entropy_os();
    struct store *s = NULL;
    T_NEED(store_open(&s, home, key, &entropy) == 0);
    struct log log = store_log(s);
    for (uint32_t group = 1; group <= 2; group++)
        T_EQ(log.ops->content_scan(log.ctx, group, 0, true, row_pieces, NULL), 0);
    store_close(s);
    T(talk.count > TEXTS * 3 && kept.count > TEXTS * 3);
}

static void search(struct pieces *p, struct bytes page)
{
    for (size_t i = 0; i < p->count; i++)
        p->found += memmem(page.p, page.n, p->bytes[i], PIECE) != NULL;
}

static int search_page(void *ctx, uint32_t number, struct bytes plain)
{
    (void)ctx;
    (void)number;
    search(&talk, plain);
    search(&kept, plain);
    return 0;
}

/* Decrypt every page of a backup; what is found stands in `found`. */
static void look_into(const char *file, const char *dir)
{
    struct entropy entropy = entropy_os();
    struct store *s = NULL;
    talk.found = kept.found = 0;
    T_EQ(backup_begin(file, dir), 0);
    T_EQ(backup_fill(file, dir, key), 0);
    T_NEED(store_open(&s, dir, key, &entropy) == 0);
    T_EQ(store_walk(s, search_page, NULL), 0);
    T_EQ(store_check(s), 0);
    store_close(s);
}

static int backup(struct session *s, const char *path, bool with_talk)
{
    struct api_args args = {
        .text = text(path), .has_text = true, .with_talk = with_talk};
    return do_only(s, API_BACKUP, &args);
}

/* How many messages a group of `home` shows, and with `waits` how many wait. */
static uint32_t messages(struct session *s, uint64_t group, bool waits)
{
    struct api_args args = {.group = group, .has_group = true, .draft = waits ? 1 : 0};
    struct api_reply r = {0};
    T_EQ(call(s, API_MESSAGES, &args, &r), 0);
    uint32_t n = api_rows(&r);
    api_reply_free(&r);
    return n;
}

static long bytes_in(const char *dir, const char *name)
{
    char path[TEMP_PATH_BYTES];
    struct stat st;
    temp_path(path, dir, name);
    return stat(path, &st) == 0 ? (long)st.st_size : 0;
}

static char *beside(const char *name)
{
    char *at = folder("files"), *path = malloc(600);
    (void)snprintf(path, 600, "%s/%s", at, name);
    free(at);
    return path;
}

T_CASE(nothing_of_talk_is_in_it)
{
    char *home = folder("ada"), *files = folder("files"), *file = beside("copy"),
         *whole = beside("whole");
    char *seen = beside("seen"), *control = beside("control"), words[200];
    fill(home);
    envelopes(home);
    struct session *s = open_node(home, false);
    T_NEED(s);
    words_of(words, "waiting", 1);
    say(s, 2, words, 3600 * 1000);
    piece_add(&talk, text(words));
    T_EQ(backup(s, file, false), 0);
    T_EQ(backup(s, whole, true), 0);
    T_EQ(backup(s, file, false), ERR_EXISTS);
    T_EQ(backup(s, "/nowhere/at/all", false), ERR_NOSTORE);
    T_EQ(bytes_in(home, "data-copy") + bytes_in(home, "data-copy-wal"), 0);
    T_EQ(messages(s, 2, false), TEXTS + 1); /* the store itself is as it was */
    T_EQ(messages(s, 2, true), 1);
    session_close(s);
    look_into(whole, control); /* the search finds what is there */
    T(talk.found >= talk.count * 9 / 10 && kept.found >= kept.count * 9 / 10);
    look_into(file, seen);
    T_NOTE("(%zu pieces of talk)", talk.found);
    T_EQ(talk.found, 0);
    T(kept.found >= kept.count * 9 / 10);
    T(bytes_in(files, "copy") < bytes_in(files, "whole"));
    free(files);
    free(home), free(file), free(whole), free(seen), free(control);
}

/* Is group 1 in the index of words? */
static int words_ready(const char *home)
{
    struct entropy entropy = entropy_os();
    struct store *store = NULL;
    if (store_open(&store, home, key, &entropy))
        return -1;
    struct log log = store_log(store);
    int ready = log.ops->words_ready(log.ctx, 1);
    store_close(store);
    return ready;
}

/* How many texts of group 1 have this word. */
static uint64_t found(struct session *s, const char *word)
{
    struct api_args args = {.group = 1, .has_group = true, .text = text(word)};
    struct api_reply r = {0};
    T_EQ(call(s, API_SEARCH, &args, &r), 0);
    uint64_t count = api_uint(api_row(&r, UINT32_MAX), F_ENTRIES, 0);
    api_reply_free(&r);
    return count;
}

T_CASE(the_profile_goes_on)
{
    char *home = folder("bea"), *file = beside("bea.copy"), *back = beside("bea.back");
    char making[RESTORE_PATH_BYTES];
    struct mend_report report;
    struct doctor_report doctor;
    fill(home);
    struct session *s = open_node(home, false);
    T_NEED(s);
    T_EQ(backup(s, file, false), 0);
    session_close(s);
    T_EQ(restore_begin(file, back, making), 0);
    T_EQ(restore_finish(file, back, making, key, &report), 0);
    T_EQ(report.groups, 2);
    T_EQ(doctor_run(back, key, &doctor), 0);
    T(doctor.healthy);
    T_EQ(words_ready(home), 1);
    T_EQ(words_ready(back), 0); /* the index was not copied */
    s = open_node(back, false);
    T_NEED(s);
    T_EQ(found(s, "number"), TEXTS);
    T_EQ(messages(s, 1, false), TEXTS);
    T_EQ(messages(s, 2, false), 0);
    /* As any copy that is put back it rests before it writes (P8.9). */
    say(s, 2, "after the copy", 1);
    T_EQ(messages(s, 2, true), 1);
    session_close(s);
    T_EQ(words_ready(back), 1);
    s = open_node(back, false);
    T_NEED(s);
    T_EQ(found(s, "number"), TEXTS); /* by the new one */
    session_close(s);
    free(home), free(file), free(back);
}

/* What a backup that was cut short left is gone when kring is opened. */
T_CASE(a_copy_that_was_cut_short_goes)
{
    char *home = folder("cleo"), *file = beside("cleo.copy");
    uint8_t noise[SLOTS] = {7}, rest[70000] = {1};
    temp_write(home, "data-copy", BYTES_OF(rest));
    temp_write(home, "data-copy-wal", BYTES_OF(rest));
    struct session *s = open_node(home, false);
    T_NEED(s);
    temp_write(home, "slots", BYTES_OF(noise));
    (void)new_group(s);
    T_EQ(bytes_in(home, "data-copy") + bytes_in(home, "data-copy-wal"), 0);
    T_EQ(backup(s, file, false), 0);
    session_close(s);
    free(home), free(file);
}

T_CASE(tidy)
{
    T(nodes_tidy());
}

T_RUN()
