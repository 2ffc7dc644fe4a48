/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* content_answered.c -- what one answer answers, without a look at all texts (P8.14).
 */
#include <string.h>

#include "node/core/card.h"
#include "node/core/content_order.h"

struct looking {
    struct group *g;
    const uint8_t *reply;
    struct message_view *view;
    struct buf *text;
};

static int visit(void *ctx, const struct content_row *row)
{
    struct looking *l = ctx;
    struct body body;
    if (memcmp(row->hash, l->reply + REPLY_AUTHOR_BYTES + 4, DEP_BYTES) != 0)
        return 0;
    bool ended = content_ended(l->g, row->end_hour) || row->state == CONTENT_BEFORE;
    l->view->reply = ended ? REPLY_ENDED : REPLY_MISSING;
    if (ended || row->state != CONTENT_OPEN || !body_is_text(row->kind) ||
        author_at(l->g->content, row->author)->hidden)
        return 1;
    if (body_decode(row->body, &body))
        return ERR_DAMAGED;
    l->view->reply = REPLY_HERE;
    l->view->reply_row = row->row;
    int err = buf_append(l->text, body.text, SIZE_MAX / 2);
    return err ? err : 1;
}

int answered_find(struct group *g, const uint8_t reply[static REPLY_BYTES],
                  struct message_view *view, struct buf *text, struct buf *name)
{
    const struct log *log = &g->peer->log;
    struct looking l = {g, reply, view, text};
    const struct author *author = author_named(g->content, reply);
    view->reply = reply_gone(g, reply);
    text->n = name->n = 0;
    int err =
        author == 0
            ? 0
            : log->ops->content_by_seq(log->ctx, g->number, author->number,
                                       get_u32(reply + REPLY_AUTHOR_BYTES), visit, &l);
    if (err < 0 || view->reply != REPLY_HERE)
        return err < 0 ? err : 0;
    const struct member *m = member_find(g, author->pk);
    err = m ? buf_append(name, card_member_name(g, m->index), SIZE_MAX / 2) : 0;
    view->reply_name = BUF_BYTES(name);
    view->reply_text = BUF_BYTES(text);
    return err;
}
