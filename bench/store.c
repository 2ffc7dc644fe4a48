/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* store.c -- how fast the encrypted store takes content in and finds it again.
 *
 *     store [ROWS [ROWS_PER_COMMIT [FOLDER]]]
 *
 * Prints one JSON line.  Rows have an envelope of 512 bytes and a body of 300, come
 * from 30 authors, and end over two weeks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "store/store.h"

enum { ENVELOPE_BYTES = 512, BODY_BYTES = 300, AUTHORS = 30, HOURS = 336 };

struct job {
    uint32_t rows, rows_per_commit;
    const char *dir;
    struct store *store;
    struct log log;
};

static double clock_s(clockid_t which)
{
    struct timespec t = {0};
    (void)clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void id_of(uint8_t id[static 32], uint32_t i)
{
    uint8_t raw[4];
    put_u32(raw, i);
    hash32(id, "bench id", &BYTES_OF(raw), 1);
}

static int row_put(struct job *j, uint32_t i)
{
    static uint8_t text[ENVELOPE_BYTES];
    struct content_row r = {.author = 1 + i % AUTHORS, .seq = i / AUTHORS};
    uint64_t number = 0;
    id_of(r.id, i);
    memcpy(r.hash, r.id, 32);
    memcpy(r.prev, r.id, 32);
    memcpy(text, r.id, 32);
    r.end_hour = r.erase_hour = (uint32_t)((uint64_t)i * HOURS / j->rows) + 168;
    r.envelope = BYTES_OF(text);
    r.body = BYTES(text, BODY_BYTES);
    return j->log.ops->content_put(j->log.ctx, 1, &r, &number);
}

static int rows_put(struct job *j)
{
    int err = 0;
    for (uint32_t i = 0; i < j->rows && !err; i++) {
        if (i % j->rows_per_commit == 0)
            err = store_begin(j->store);
        if (!err)
            err = row_put(j, i);
        if (!err && (i + 1 == j->rows || (i + 1) % j->rows_per_commit == 0))
            err = store_commit(j->store);
    }
    return err;
}

static int visit_one(void *ctx, const struct content_row *r)
{
    *(uint64_t *)ctx += r->row;
    return 0;
}

static int rows_find(struct job *j, uint32_t count, bool by_id)
{
    struct content_row r;
    uint64_t sum = 0;
    int err = 0;
    for (uint32_t i = 0; i < count && !err; i++) {
        uint32_t pick = (uint32_t)((uint64_t)i * 2654435761u % j->rows);
        uint8_t id[32];
        id_of(id, pick);
        err = by_id ? j->log.ops->content_by_id(j->log.ctx, 1, id, &r)
                    : j->log.ops->content_by_seq(j->log.ctx, 1, 1 + pick % AUTHORS,
                                                 pick / AUTHORS, visit_one, &sum);
    }
    return err;
}

static int measure(struct job *j)
{
    enum { FINDS = 50000 };
    uint8_t topic[32] = {0};
    struct set_bound lo = {0}, hi = {.end_hour = UINT32_MAX};
    struct range_sum sum;
    struct rusage use;
    double at[6] = {clock_s(CLOCK_MONOTONIC)};
    double cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    int err = rows_put(j);
    cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
    at[1] = clock_s(CLOCK_MONOTONIC);
    err = err ? err : rows_find(j, FINDS, true);
    at[2] = clock_s(CLOCK_MONOTONIC);
    err = err ? err : rows_find(j, FINDS, false);
    at[3] = clock_s(CLOCK_MONOTONIC);
    err = err ? err : j->log.ops->range_sum(j->log.ctx, 1, topic, &lo, &hi, &sum);
    at[4] = clock_s(CLOCK_MONOTONIC);
    err = err ? err : store_settle(j->store);
    at[5] = clock_s(CLOCK_MONOTONIC);
    (void)getrusage(RUSAGE_SELF, &use);
    if (!err)
        (void)printf(
            "{\"rows\":%u,\"rows_per_commit\":%u,\"put_per_s\":%.0f,"
            "\"put_cpu_us\":%.1f,"
            "\"by_id_per_s\":%.0f,\"by_seq_per_s\":%.0f,\"sum_ids_per_s\":%.0f,"
            "\"settle_s\":%.3f,\"bytes_per_row\":%.0f,\"rss_kb\":%ld}\n",
            j->rows, j->rows_per_commit, j->rows / (at[1] - at[0]),
            cpu_s * 1e6 / j->rows, FINDS / (at[2] - at[1]), FINDS / (at[3] - at[2]),
            (double)sum.count / (at[4] - at[3]), at[5] - at[4],
            (double)store_disk_bytes(j->store) / j->rows, use.ru_maxrss);
    return err;
}

int main(int argc, char **argv)
{
    static const uint8_t data_key[32] = {1};
    char dir[] = "/tmp/kring-bench-XXXXXX", path[80];
    struct entropy entropy = entropy_os();
    struct job j = {100000, 1000, NULL, NULL, {0}};
    if (argc > 1)
        j.rows = (uint32_t)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        j.rows_per_commit = (uint32_t)strtoul(argv[2], NULL, 10);
    if (j.rows == 0 || j.rows_per_commit == 0)
        return 64;
    j.dir = argc > 3 ? argv[3] : mkdtemp(dir);
    int err = j.dir ? crypto_init() : ERR_IO;
    err = err ? err : store_create(&j.store, j.dir, data_key, &entropy);
    if (!err) {
        j.log = store_log(j.store);
        err = measure(&j);
        store_close(j.store);
    }
    if (err)
        (void)fprintf(stderr, "%s\n", err_name(err));
    (void)snprintf(path, sizeof path, "%s/data", dir);
    (void)unlink(path);
    (void)rmdir(dir);
    return err_exit(err);
}
