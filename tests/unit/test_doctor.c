/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_doctor.c -- a whole profile with groups and texts: damaged anywhere, in database
 * or log, it is mended, opens, and shows what was not on the damaged part. */
#include "node/host/doctor.h"

#include <dirent.h>

#include "crypto/entropy_os.h"
#include "tests/lib/temp.h"

#include "tests/lib/nodes.h" /* after it: both have a base */

enum {
    TEXTS = 30,
    PAGE = 4096,
    LOG_HEADER = 72,
    LOG_FRAME = 68 + 4136,
    LAST_FRAMES = 30
};

static void say(struct session *s, uint64_t group, int i)
{
    char words[600];
    (void)snprintf(words, sizeof words, "%d %0*d", i, i * 17 % 500 + 2, i);
    struct api_args args = {.group = group, .has_group = true, .text = text(words)};
    T_EQ(do_only(s, API_SAY, &args), 0);
}

/* A profile with two groups and texts in the first. */
static void fill(struct session *s)
{
    struct api_args second = {.name = text("Second"), .pseudonym = text("Bea")};
    uint64_t group = new_group(s);
    for (int i = 0; i < TEXTS; i++)
        say(s, group, i);
    T_EQ(do_only(s, API_GROUP_NEW, &second), 0);
}

/* Copy all plain files of a folder to a fresh one of that name. */
static char *copy_of(const char *home, const char *name)
{
    char *to = folder(name);
    DIR *d = opendir(to);
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
        if (e->d_name[0] != '.')
            temp_unlink(to, e->d_name);
    if (d)
        (void)closedir(d);
    static const char *const names[] = {"data", "data-wal"};
    for (int i = 0; i < 2; i++) {
        struct buf b = temp_read(home, names[i]);
        if (b.n > 0)
            temp_write(to, names[i], BUF_BYTES(&b));
        buf_free(&b);
    }
    return to;
}

static void flip(const char *home, const char *name, size_t at)
{
    struct buf b = temp_read(home, name);
    T(at < b.n);
    if (at < b.n)
        b.p[at] ^= 1;
    temp_write(home, name, BUF_BYTES(&b));
    buf_free(&b);
}

struct seen {
    uint32_t groups, texts, waiting;
    bool can_write;
};

/* What a person finds when the profile is opened. */
static struct seen look(const char *home)
{
    struct seen v = {0};
    struct api_reply r = {0};
    struct session *s = open_node(home, false);
    if (!s)
        return v;
    T_EQ(call(s, API_GROUPS, &none, &r), 0);
    v.groups = api_rows(&r);
    uint64_t group = api_uint(api_row(&r, 0), F_GROUP, 0);
    v.can_write = api_bytes(api_row(&r, 0), F_ME).n > 0;
    api_reply_free(&r);
    struct api_args list = {.group = group, .has_group = true};
    T_EQ(call(s, API_MESSAGES, &list, &r), 0);
    for (uint32_t i = 0; i < api_rows(&r); i++) {
        bool waits = api_uint(api_row(&r, i), F_DRAFT, 0) != 0;
        v.waiting += waits;
        v.texts += !waits && api_bytes(api_row(&r, i), F_TEXT).n > 0;
    }
    api_reply_free(&r);
    session_close(s);
    return v;
}

T_CASE(a_healthy_profile_is_left_alone)
{
    char *home = folder("healthy");
    struct doctor_report report;
    struct session *s = open_node(home, false);
    T_NEED(s != NULL);
    fill(s);
    T_EQ(doctor_run(home, key, &report), ERR_INUSE);
    session_close(s);
    struct buf before = temp_read(home, "data");
    T_EQ(doctor_run(home, key, &report), 0);
    T(report.healthy);
    T_EQ(report.log.groups, 2);
    struct buf after = temp_read(home, "data");
    T(bytes_equal(BUF_BYTES(&before), BUF_BYTES(&after)));
    T_EQ(look(home).texts, TEXTS);
    buf_free(&before);
    buf_free(&after);
    free(home);
}

T_CASE(every_page_of_a_profile)
{
    char *home = folder("pages"), *copy = NULL;
    struct doctor_report report;
    struct session *s = open_node(home, false);
    uint32_t least = TEXTS;
    size_t lossless = 0;
    T_NEED(s != NULL);
    fill(s);
    session_close(s);
    struct buf data = temp_read(home, "data");
    size_t pages = data.n / PAGE;
    buf_free(&data);
    T(pages > 20);
    for (size_t page = 0; page < pages; page++) {
        T_NOTE("(page %zu of %zu)", page + 1, pages);
        copy = copy_of(home, "page-copy");
        flip(copy, "data", page * PAGE + page * 1009 % PAGE);
        T_EQ(doctor_run(copy, key, &report), 0);
        T(!report.healthy && report.rebuilt);
        T_EQ(report.store.pages_bad, 1);
        T_EQ(report.log.groups, 2);
        T_EQ(report.log.groups_lost + report.log.groups_mute + report.log.control_lost,
             0);
        struct seen v = look(copy);
        T_EQ(v.groups, 2);
        T(v.can_write);
        T_EQ(v.texts + report.store.texts_lost, TEXTS);
        least = v.texts < least ? v.texts : least;
        lossless += v.texts == TEXTS;
        T_EQ(doctor_run(copy, key, &report), 0);
        T(report.healthy);
        free(copy);
    }
    printf("    %zu pages, %zu without loss, at most %u of %u texts lost\n", pages,
           lossless, TEXTS - least, TEXTS);
    T(least >= TEXTS / 2);
    free(home);
}

/* Killed in the middle of its work, so that much stands in the log alone; then any one
 * record of it is damaged. */
T_CASE(every_record_of_a_log_of_a_profile)
{
    char *home = folder("log"), *copy = NULL, *kept = NULL;
    struct doctor_report report;
    struct session *s = open_node(home, false);
    T_NEED(s != NULL);
    fill(s);
    kept = copy_of(home, "log-kept");
    session_close(s);
    struct buf log = temp_read(kept, "data-wal");
    size_t frames = log.n > LOG_HEADER ? (log.n - LOG_HEADER) / LOG_FRAME : 0,
           named = 0;
    buf_free(&log);
    T(frames > 50);
    for (size_t i = 0; i <= frames; i += 1 + i / 9) {
        size_t at =
            i == 0 ? 40 : LOG_HEADER + (i - 1) * LOG_FRAME + i * 997 % LOG_FRAME;
        T_NOTE("(byte %zu, frame %zu of %zu)", at, i, frames);
        copy = copy_of(kept, "log-copy");
        flip(copy, "data-wal", at);
        int err = doctor_run(copy, key, &report);
        if (i == 0) { /* before the first checkpoint the database alone is empty */
            T(err == 0 || err == ERR_DAMAGED);
            T(err != 0 || report.store.log_lost);
            free(copy);
            continue;
        }
        T_EQ(err, 0);
        named += report.store.frames_bad == 1;
        struct seen v = look(copy);
        T(v.groups == 2 || i + LAST_FRAMES > frames); /* the last commit looks torn */
        T(v.can_write);
        T(v.texts + report.store.texts_lost >= TEXTS - 1);
        free(copy);
    }
    T(named > 5);
    free(kept);
    free(home);
}

T_CASE(noise_is_left_as_it_is)
{
    char *home = folder("noise");
    struct doctor_report report;
    struct session *s = open_node(home, false);
    T_NEED(s != NULL);
    fill(s);
    session_close(s);
    struct buf data = temp_read(home, "data");
    struct entropy e = entropy_os();
    entropy_fill(&e, data.p, data.n);
    temp_write(home, "data", BUF_BYTES(&data));
    T_EQ(doctor_run(home, key, &report), ERR_DAMAGED);
    struct buf after = temp_read(home, "data");
    T(bytes_equal(BUF_BYTES(&data), BUF_BYTES(&after)));
    buf_free(&data);
    buf_free(&after);
    free(home);
}

T_CASE(tidy)
{
    T(nodes_tidy());
}

T_RUN()
