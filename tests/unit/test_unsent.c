/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_unsent.c -- a text that was begun and not sent: kept, shown to nobody, sent,
 * thrown away, and gone when its time is over. */
#include "node/core/content_int.h"
#include "tests/lib/coretest.h"
#include "tests/lib/t.h"

static int keep(struct tp *t, uint32_t group, struct bytes text)
{
    struct command c = {.kind = CMD_KEEP_UNSENT, .group = group, .text = text};
    return tp_command(t, &c);
}

static int send_it(struct tp *t, uint64_t delay_ms, uint64_t *draft)
{
    struct command c = {.kind = CMD_SEND_UNSENT,
                        .group = 1,
                        .delay_ms = delay_ms,
                        .lifetime_hours = UINT32_MAX};
    int err = tp_command(t, &c);
    *draft = c.draft;
    return err;
}

/* True if exactly this is kept for the group. */
static bool kept(struct tp *t, uint32_t group, struct bytes text)
{
    struct buf got = {0};
    bool same =
        peer_unsent(t->peer, group, &got) == 0 && bytes_equal(BUF_BYTES(&got), text);
    buf_free(&got);
    return same;
}

static bool nothing(struct tp *t, uint32_t group)
{
    struct buf got = {0};
    bool none = peer_unsent(t->peer, group, &got) == ERR_NOTFOUND && got.n == 0;
    buf_free(&got);
    return none;
}

static int count_visit(void *ctx, const struct message_view *view)
{
    *(int *)ctx += view->text.n > 0;
    return 0;
}

static int shown(struct tp *t)
{
    int n = 0;
    T_EQ(peer_messages(t->peer, 1, count_visit, &n), 0);
    return n;
}

T_CASE(it_is_kept_and_nobody_gets_it)
{
    struct tp *t = tp_new(1);
    struct peer_status status;
    tp_found(t, "Circle", 168);
    tp_found(t, "Square", 168);
    T(nothing(t, 1) && nothing(t, 9));
    T_EQ(keep(t, 1, TEXT("half a thought")), 0);
    T(kept(t, 1, TEXT("half a thought")) && nothing(t, 2));
    T_EQ(keep(t, 1, TEXT("half a thought, and more")), 0);
    T_EQ(keep(t, 2, TEXT("another")), 0);
    tp_restart(t);
    T(kept(t, 1, TEXT("half a thought, and more")) && kept(t, 2, TEXT("another")));
    T_EQ(tp_pass(t, 10 * TP_HOUR_MS), 0);
    T_EQ(shown(t), 0);
    peer_status(t->peer, &status);
    T(status.drafts == 0 && status.entries == 0);
    T_EQ(keep(t, 1, TEXT("")), 0);
    T_EQ(keep(t, 1, TEXT("")), 0);
    T(nothing(t, 1) && kept(t, 2, TEXT("another")));
    T(!memlog_contains(t->log, TEXT("half a thought")));
    tp_restart(t);
    T(nothing(t, 1));
    tp_free(t);
}

T_CASE(it_is_sent_whole_and_once)
{
    struct tp *t = tp_new(1);
    uint64_t draft = 0;
    tp_found(t, "Circle", 168);
    T_EQ(send_it(t, 5000, &draft), ERR_NOTFOUND);
    T_EQ(keep(t, 1, TEXT("one\n\ntwo")), 0);
    T_EQ(send_it(t, 5000, &draft), 0);
    T(draft != 0 && nothing(t, 1));
    T_EQ(shown(t), 1);
    struct command back = {.kind = CMD_TAKE_BACK, .group = 1, .draft = draft};
    T_EQ(tp_command(t, &back), 0);
    T(bytes_equal(BUF_BYTES(&back.line), TEXT("one\n\ntwo")));
    T_EQ(keep(t, 1, BUF_BYTES(&back.line)), 0);
    buf_free(&back.line);
    T_EQ(send_it(t, 0, &draft), 0);
    T_EQ(tp_pass(t, 1000), 0);
    struct peer_status status;
    peer_status(t->peer, &status);
    T(status.entries == 1 && status.drafts == 0);
    T_EQ(send_it(t, 0, &draft), ERR_NOTFOUND);
    tp_free(t);
}

T_CASE(it_ends_like_what_is_said)
{
    struct tp *t = tp_new(1);
    tp_found(t, "Circle", 24);
    tp_found(t, "Square", 0);
    T_EQ(keep(t, 1, TEXT("about tonight")), 0);
    T_EQ(keep(t, 2, TEXT("for the record")), 0);
    for (int i = 0; i < 20; i++)
        T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T_EQ(keep(t, 1, TEXT("about tonight, too")), 0); /* its time begins anew */
    for (int i = 0; i < 23; i++)
        T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T(kept(t, 1, TEXT("about tonight, too")));
    tp_restart(t);
    T_EQ(tp_pass(t, TP_HOUR_MS), 0);
    T(nothing(t, 1) && kept(t, 2, TEXT("for the record")));
    T(!memlog_contains(t->log, TEXT("about tonight")));
    tp_free(t);
}

T_CASE(bad_texts_change_nothing)
{
    struct tp *t = tp_new(1);
    uint64_t draft = 0;
    struct buf big = {0};
    tp_found(t, "Circle", 168);
    T_EQ(buf_reserve(&big, LIMIT_BODY_BYTES_MAX + 1, SIZE_MAX), 0);
    memset(big.p, 'x', LIMIT_BODY_BYTES_MAX + 1);
    T_EQ(keep(t, 1, TEXT("good")), 0);
    T_EQ(keep(t, 1, BYTES(big.p, LIMIT_BODY_BYTES_MAX + 1)), ERR_TOOBIG);
    T_EQ(keep(t, 1, TEXT("broken \xff")), ERR_UTF8);
    T_EQ(keep(t, 9, TEXT("x")), ERR_NOTFOUND);
    T(kept(t, 1, TEXT("good")));
    T_EQ(keep(t, 1, BYTES(big.p, LIMIT_BODY_BYTES_MAX)), 0);
    T(kept(t, 1, BYTES(big.p, LIMIT_BODY_BYTES_MAX)));
    T_EQ(keep(t, 1, TEXT(" \n ")), 0); /* kept, but nothing to send */
    T_EQ(send_it(t, 0, &draft), ERR_EMPTY);
    T(kept(t, 1, TEXT(" \n ")));
    buf_free(&big);
    tp_free(t);
}

/* P8.14: half an answer stays an answer. */
T_CASE(what_it_answers_stays_with_it)
{
    struct tp *t = tp_new(1);
    struct message_view v;
    uint64_t draft = 0;
    tp_found(t, "Circle", 168);
    T_EQ(tp_say(t, 1, "soup at six?"), 0);
    struct command half = {.kind = CMD_KEEP_UNSENT,
                           .group = 1,
                           .text = TEXT("yes, and"),
                           .answers = true,
                           .row = 1};
    T_EQ(tp_command(t, &half), 0);
    T_EQ(peer_unsent_answers(t->peer, 1, &v), 0);
    T(v.reply == REPLY_HERE && v.reply_row == 1);
    T(bytes_equal(v.reply_text, TEXT("soup at six?")));
    T(bytes_equal(v.reply_name, TEXT("Wren")));
    tp_restart(t);
    T_EQ(keep(t, 1, TEXT("yes, and bread")), 0); /* went on with */
    T_EQ(send_it(t, 30000, &draft), 0);
    T(nothing(t, 1));
    struct command back = {.kind = CMD_TAKE_BACK, .group = 1, .draft = draft};
    T_EQ(tp_command(t, &back), 0);
    T_EQ(back.row, 1); /* a text that was taken back says it, too */
    buf_free(&back.line);
    T_EQ(peer_unsent_answers(t->peer, 1, &v), 0);
    T_EQ(v.reply, REPLY_NOT); /* with the text it went */

    /* What was begun as no answer does not become one; nor is it lost. */
    T_EQ(keep(t, 1, TEXT("by the way")), 0);
    half.text = TEXT("by the way\nyes");
    T_EQ(tp_command(t, &half), 0);
    T_EQ(peer_unsent_answers(t->peer, 1, &v), 0);
    T_EQ(v.reply, REPLY_NOT);
    T_EQ(keep(t, 1, TEXT("")), 0);
    half.row = 77; /* that one is gone */
    T_EQ(tp_command(t, &half), 0);
    T(kept(t, 1, half.text));
    T_EQ(peer_unsent_answers(t->peer, 1, &v), 0);
    T_EQ(v.reply, REPLY_NOT);
    T_EQ(peer_unsent_answers(t->peer, 2, &v), ERR_NOTFOUND);
    tp_free(t);
}

T_RUN()
