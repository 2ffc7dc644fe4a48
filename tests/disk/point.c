/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* point.c -- one cut, and life after it. */
#include "tests/disk/point.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* The last commit acknowledged when `ops` operations were done, plus 1; 0: none. */
static size_t acked_at(const struct work *w, size_t ops)
{
    size_t last = 0;
    for (size_t i = 0; i < w->commits_count; i++)
        if (w->commits[i].acked_ops <= ops)
            last = i + 1;
    return last;
}

/* A member that goes on from `disk`, with all that it had sealed and let out. */
static struct work *heir_new(const struct work *w, const struct point *p,
                             struct disk *disk)
{
    struct work *c = work_new(w->seed, disk, w->once, true);
    size_t acked = acked_at(w, p->ops);
    put_u64(c->side[0].stream.key + 16, (uint64_t)once_count(w->once));
    c->look = true;
    c->created_ops = w->created_ops <= p->ops ? 0 : SIZE_MAX;
    if (acked > 0) {
        c->wall_ms = w->commits[acked - 1].wall_ms;
        c->side[0].group = w->commits[acked - 1].group;
    }
    for (size_t i = 0; i < w->sealed_count; i++)
        if (w->sealed[i].acked_ops <= p->ops)
            c->sealed_count++;
    c->sealed_cap = c->sealed_count;
    c->sealed = malloc((c->sealed_count + 1) * sizeof *c->sealed);
    CHECK(c->sealed != NULL);
    for (size_t i = 0, k = 0; i < w->sealed_count; i++)
        if (w->sealed[i].acked_ops <= p->ops)
            c->sealed[k++] = w->sealed[i];
    return c;
}

static void check_store(struct work *c)
{
    int err = store_check(c->side[0].store);
    if (err)
        work_break(c, "the store's check says: %s, page %u", err_name(err),
                   store_damaged_page(c->side[0].store));
}

static void check_next_text(struct work *c)
{
    uint32_t count = 0;
    int err = work_say(c, 60);
    if (err)
        work_break(c, "the next text is refused: %s", err_name(err));
    else if (!work_shows_last(c, &count))
        work_break(c, "the next text is not shown");
}

/* Once more: the power fails, and nothing on its way arrives. */
static void check_again(struct work *c, struct disk_image *image)
{
    uint8_t hash[32];
    struct replay *r = replay_new(c->disk);
    replay_to(r, c->disk->ops_count);
    replay_cut(r, CUT_LOST, 1, image);
    replay_free(r);
    struct disk *after = disk_new(c->folder, image), *before = c->disk;
    after->watch = before->watch;
    after->watch_ctx = before->watch_ctx;
    memcpy(hash, c->commits[c->acked - 1].hash, 32);
    c->disk = after;
    c->side[0].stream.key[9]++;
    if (work_open(c) && memcmp(hash, c->found, 32) != 0)
        work_break(c, "a second power cut lost what was acknowledged");
    work_shut(c, false);
    c->disk = before;
    disk_free(after);
}

bool point_check(const struct work *w, const struct replay *r, const struct point *p,
                 char why[static 300])
{
    static struct disk_image image;
    uint64_t draw = p->seed;
    replay_cut(r, p->kind, p->seed, &image);
    struct disk *disk = disk_new(w->folder, &image);
    struct work *c = heir_new(w, p, disk);
    bool again = disk_below(&draw, 3) == 0, ok = work_open(c);
    if (ok && !work_allowed(w, p->ops, w->commits_count, c->found))
        work_break(c, "the log is not what was acknowledged");
    if (ok && !c->broken[0])
        check_store(c);
    if (ok && !c->broken[0] && c->side[0].group)
        check_next_text(c);
    work_shut(c, again || !ok);
    if (again && !c->broken[0])
        check_again(c, &image);
    ok = !c->broken[0];
    if (!ok)
        (void)snprintf(why, 300, "%s", c->broken);
    work_free(c);
    disk_free(disk);
    return ok;
}
