/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_lost.c -- texts that a damaged disk lost come again, and cannot be opened:
 * their keys were used.  That is nobody's second version (P8.8).
 */
#include "node/core/content_own.h"

static const uint8_t lost_key = 'l';

int content_note_lost(struct group *g)
{
    const struct log *log = &g->peer->log;
    uint8_t hour[4];
    g->content->lost_hour = g->hour.hour;
    put_u32(hour, g->hour.hour);
    return log->ops->put(log->ctx, g->number, LOG_AUTHOR, BYTES(&lost_key, 1),
                         BYTES_OF(hour));
}

int lost_load(struct group *g)
{
    const struct log *log = &g->peer->log;
    struct bytes value;
    int err =
        log->ops->get(log->ctx, g->number, LOG_AUTHOR, BYTES(&lost_key, 1), &value);
    if (err)
        return err == ERR_NOTFOUND ? 0 : err;
    if (value.n != 4)
        return ERR_DAMAGED;
    g->content->lost_hour = get_u32(value.p);
    return 0;
}

bool content_was_lost(const struct group *g, const struct item *it)
{
    uint32_t lost_hour = g->content->lost_hour;
    /* Nobody can tell when a record was made. */
    return lost_hour > 0 &&
           (it->lifetime_hours == 0 || it->end_hour - it->lifetime_hours <= lost_hour);
}
