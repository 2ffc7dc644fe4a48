/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* seam.c -- the core watched, its log in memory not: the linker sends peer_new,
 * peer_step, peer_free and memlog_log of the test code here.
 *
 * Each call of the log counts as one allocation and can fail with ERR_NOMEM, as every
 * call of the real store can.
 */
#include "base/check.h"
#include "node/core/peer.h"
#include "tests/oom/hook.h"
#include "tests/sim/memlog.h"

int __real_peer_new(struct peer **out, const struct peer_config *config);
int __real_peer_step(struct peer *p, const struct event *ev, struct effects *out);
void __real_peer_free(struct peer *p);
struct log __real_memlog_log(struct memlog *m);
int __wrap_peer_new(struct peer **out, const struct peer_config *config);
int __wrap_peer_step(struct peer *p, const struct event *ev, struct effects *out);
void __wrap_peer_free(struct peer *p);
struct log __wrap_memlog_log(struct memlog *m);

int __wrap_peer_new(struct peer **out, const struct peer_config *config)
{
    bool was = hook_watch(true);
    int err = __real_peer_new(out, config);
    (void)hook_watch(was);
    return err;
}

int __wrap_peer_step(struct peer *p, const struct event *ev, struct effects *out)
{
    bool was = hook_watch(true);
    int err = __real_peer_step(p, ev, out);
    (void)hook_watch(was);
    return err;
}

void __wrap_peer_free(struct peer *p)
{
    bool was = hook_watch(true);
    __real_peer_free(p);
    (void)hook_watch(was);
}

/* ---- the log ------------------------------------------------------------- */

/* Visitors belong to the core: they are watched again. */
struct watched {
    bool was;
    log_visit_kv *kv;
    log_visit_row *row;
    log_visit_id *id;
    log_visit_sum *sum;
    log_visit_unread *unread;
    void *ctx;
};

static int visit_kv(void *ctx, struct bytes key, struct bytes value)
{
    const struct watched *w = ctx;
    (void)hook_watch(w->was);
    int stop = w->kv(w->ctx, key, value);
    (void)hook_watch(false);
    return stop;
}

static int visit_row(void *ctx, const struct content_row *row)
{
    const struct watched *w = ctx;
    (void)hook_watch(w->was);
    int stop = w->row(w->ctx, row);
    (void)hook_watch(false);
    return stop;
}

static int visit_id(void *ctx, const struct set_bound *at, uint64_t row)
{
    const struct watched *w = ctx;
    (void)hook_watch(w->was);
    int stop = w->id(w->ctx, at, row);
    (void)hook_watch(false);
    return stop;
}

static int visit_sum(void *ctx, const struct author_sum *sum)
{
    const struct watched *w = ctx;
    (void)hook_watch(w->was);
    int stop = w->sum(w->ctx, sum);
    (void)hook_watch(false);
    return stop;
}

static int visit_unread(void *ctx, const struct unread_sum *sum)
{
    const struct watched *w = ctx;
    (void)hook_watch(w->was);
    int stop = w->unread(w->ctx, sum);
    (void)hook_watch(false);
    return stop;
}

/* One call of the inner log, unwatched, unless memory runs out just here. */
#define CALL(op, ...)                                                                  \
    do {                                                                               \
        if (hook_hit())                                                                \
            return ERR_NOMEM;                                                          \
        struct log in = __real_memlog_log(ctx);                                        \
        w.was = hook_watch(false);                                                     \
        int err = in.ops->op(in.ctx, __VA_ARGS__);                                     \
        (void)hook_watch(w.was);                                                       \
        return err;                                                                    \
    } while (0)

static int seam_put(void *ctx, uint32_t group, uint8_t table, struct bytes key,
                    struct bytes value)
{
    struct watched w = {0};
    CALL(put, group, table, key, value);
}

static int seam_get(void *ctx, uint32_t group, uint8_t table, struct bytes key,
                    struct bytes *value)
{
    struct watched w = {0};
    CALL(get, group, table, key, value);
}

static int seam_del(void *ctx, uint32_t group, uint8_t table, struct bytes key)
{
    struct watched w = {0};
    CALL(del, group, table, key);
}

static int seam_scan(void *ctx, uint32_t group, uint8_t table, struct bytes prefix,
                     log_visit_kv *visit, void *visit_ctx)
{
    struct watched w = {.kv = visit, .ctx = visit_ctx};
    CALL(scan, group, table, prefix, visit_kv, &w);
}

static int seam_drop(void *ctx, uint32_t group)
{
    struct watched w = {0};
    CALL(drop_group, group);
}

static int seam_content_put(void *ctx, uint32_t group, const struct content_row *row,
                            uint64_t *number)
{
    struct watched w = {0};
    CALL(content_put, group, row, number);
}

static int seam_update(void *ctx, uint32_t group, const struct content_row *row)
{
    struct watched w = {0};
    CALL(content_update, group, row);
}

static int seam_mark(void *ctx, uint32_t group, uint64_t number, bool unread)
{
    struct watched w = {0};
    CALL(content_mark, group, number, unread);
}

static int seam_delete(void *ctx, uint32_t group, uint64_t number)
{
    struct watched w = {0};
    CALL(content_delete, group, number);
}

static int seam_by_id(void *ctx, uint32_t group, const uint8_t id[32],
                      struct content_row *out)
{
    struct watched w = {0};
    CALL(content_by_id, group, id, out);
}

static int seam_by_seq(void *ctx, uint32_t group, uint32_t author, uint32_t seq,
                       log_visit_row *visit, void *visit_ctx)
{
    struct watched w = {.row = visit, .ctx = visit_ctx};
    CALL(content_by_seq, group, author, seq, visit_row, &w);
}

static int seam_content_scan(void *ctx, uint32_t group, uint64_t after, bool with_body,
                             log_visit_row *visit, void *visit_ctx)
{
    struct watched w = {.row = visit, .ctx = visit_ctx};
    CALL(content_scan, group, after, with_body, visit_row, &w);
}

static int seam_due(void *ctx, uint32_t group, uint32_t hour, log_visit_row *visit,
                    void *visit_ctx)
{
    struct watched w = {.row = visit, .ctx = visit_ctx};
    CALL(content_due, group, hour, visit_row, &w);
}

static int seam_sums(void *ctx, uint32_t group, log_visit_sum *visit, void *visit_ctx)
{
    struct watched w = {.sum = visit, .ctx = visit_ctx};
    CALL(content_sums, group, visit_sum, &w);
}

static int seam_odd(void *ctx, uint32_t group, log_visit_row *visit, void *visit_ctx)
{
    struct watched w = {.row = visit, .ctx = visit_ctx};
    CALL(content_odd, group, visit_row, &w);
}

static int seam_urgent(void *ctx, uint32_t group, log_visit_row *visit, void *visit_ctx)
{
    struct watched w = {.row = visit, .ctx = visit_ctx};
    CALL(content_urgent, group, visit_row, &w);
}

static int seam_unread(void *ctx, uint32_t group, uint32_t hour,
                       log_visit_unread *visit, void *visit_ctx)
{
    struct watched w = {.unread = visit, .ctx = visit_ctx};
    CALL(content_unread, group, hour, visit_unread, &w);
}

static int seam_forget(void *ctx, uint32_t group, uint32_t hour)
{
    struct watched w = {0};
    CALL(content_forget, group, hour);
}

static int seam_sum(void *ctx, uint32_t group, const uint8_t topic[32],
                    const struct set_bound *lo, const struct set_bound *hi,
                    struct range_sum *out)
{
    struct watched w = {0};
    CALL(range_sum, group, topic, lo, hi, out);
}

static int seam_ids(void *ctx, uint32_t group, const uint8_t topic[32],
                    const struct set_range *range, log_visit_id *visit, void *visit_ctx)
{
    struct watched w = {.id = visit, .ctx = visit_ctx};
    CALL(range_ids, group, topic, range, visit_id, &w);
}

static const struct log_ops seam_ops = {
    .put = seam_put,
    .get = seam_get,
    .del = seam_del,
    .scan = seam_scan,
    .drop_group = seam_drop,
    .content_put = seam_content_put,
    .content_update = seam_update,
    .content_mark = seam_mark,
    .content_delete = seam_delete,
    .content_by_id = seam_by_id,
    .content_by_seq = seam_by_seq,
    .content_scan = seam_content_scan,
    .content_due = seam_due,
    .content_sums = seam_sums,
    .content_odd = seam_odd,
    .content_urgent = seam_urgent,
    .content_unread = seam_unread,
    .content_forget = seam_forget,
    .range_sum = seam_sum,
    .range_ids = seam_ids,
};

struct log __wrap_memlog_log(struct memlog *m)
{
    return (struct log){&seam_ops, m};
}
