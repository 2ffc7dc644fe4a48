/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_siege.c -- one member who wants another one silent: no-keys, forks, old copies
 * (P4.15, P5.13, P5.19, P8.9).  Whatever he writes, the other's texts go, and the
 * other's share of the log lasts. */
#include "node/core/content_own.h"
#include "node/core/keys_doubt.h"
#include "tests/lib/circle.h"
#include "tests/lib/t.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
enum { HERON, VICTIM, MEAN }; /* in a circle of three; Heron founded it */

static int take(struct circle *c, int i, struct bytes whole)
{
    circle_begin(c, i);
    int err = control_take(circle_group(c, i), whole, 0);
    circle_commit(c, i);
    return err;
}

static uint32_t written(const struct group *g, const struct group *by, int kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < control_count(g); i++)
        n += memcmp(control_at(g, i)->author, by->member_pk, 32) == 0 &&
             (kind == 0 || control_at(g, i)->kind == kind);
    return n;
}

static void wait(struct circle *c, int i, int minutes)
{
    for (int n = 0; n < minutes; n++)
        T_EQ(tp_pass(c->tp[i], MINUTE), 0);
}

static bool text_goes(struct circle *c, int i, int minutes)
{
    T_EQ(tp_say(c->tp[i], c->number[i], "text"), 0);
    wait(c, i, minutes);
    return content_drafts(circle_group(c, i)) == 0;
}

/* Entries without meaning, one after another, until `i` has written `count`. */
static void fill_share(struct circle *c, int i, uint32_t count)
{
    static const uint8_t empty_map[] = {0x80};
    struct group *g = circle_group(c, i);
    circle_begin(c, i);
    while (written(g, g, 0) < count) {
        struct draft d;
        struct buf out = {0};
        CHECK(control_draft(g, &d) == 0);
        CHECK(control_sign(g, &d, 200, BYTES_OF(empty_map), &out) == 0);
        CHECK(control_take(g, BUF_BYTES(&out), 0) == 0);
        buf_free(&out);
    }
    circle_commit(c, i);
    circle_settle(c);
}

/* A rekey by `i` beside its others, whose values nobody can have. */
static void forked_rekey(struct circle *c, int i, uint32_t salt, struct buf *out)
{
    struct group *g = circle_group(c, i);
    uint8_t x[32] = {0}, list[16] = {0};
    struct control_body b = {0};
    struct draft d;
    struct buf body = {0};
    put_u32(x, salt);
    b.bin[REKEY_COMMIT] = b.bin[REKEY_OWN] = b.bin[REKEY_LANES] = BYTES_OF(x);
    b.bin[REKEY_LIST] = BYTES_OF(list);
    b.bin[REKEY_PAGES] = BYTES(x, 0);
    out->n = 0;
    CHECK(control_body_encode(CONTROL_REKEY, &b, &body) == 0);
    CHECK(control_draft(g, &d) == 0);
    CHECK(control_sign(g, &d, CONTROL_REKEY, BUF_BYTES(&body), out) == 0);
    buf_free(&body);
}

/* `count` of them to the other two; the one who makes them keeps none. */
static void fork_rekeys(struct circle *c, uint32_t count)
{
    struct buf one = {0};
    for (uint32_t n = 0; n < count; n++) {
        forked_rekey(c, MEAN, n, &one);
        T_EQ(take(c, HERON, BUF_BYTES(&one)), 0);
        T_EQ(take(c, VICTIM, BUF_BYTES(&one)), 0);
    }
    buf_free(&one);
}

T_CASE(who_asks_for_ever_is_not_answered_for_ever)
{
    struct circle c;
    uint8_t ids[32 * 32];
    struct buf body = {0};
    circle_of(&c, 3);
    struct group *mean = circle_group(&c, MEAN), *victim = circle_group(&c, VICTIM);
    for (int i = 0; i < 32; i++) {
        circle_rekey(&c, MEAN);
        memcpy(ids + i * 32, control_at(mean, control_count(mean) - 1)->hash, 32);
    }
    (void)circle_carry(&c, MEAN, VICTIM);
    struct control_body b = {.bin[NOKEY_EPOCHS] = BYTES_OF(ids)};
    T_EQ(control_body_encode(CONTROL_NOKEY, &b, &body), 0);
    for (int i = 0; i < 12; i++) {
        circle_begin(&c, MEAN);
        T_EQ(control_post(mean, CONTROL_NOKEY, BUF_BYTES(&body), NULL), 0);
        circle_commit(&c, MEAN);
        (void)circle_carry_control(&c, MEAN, VICTIM);
        wait(&c, VICTIM, 1);
    }
    uint32_t answers = written(victim, victim, CONTROL_FORWARD);
    T(answers >= 32 && answers <= LIMIT_BUDGET_FORWARDS_MAX + 1);
    /* whom the budget kept waiting is answered later, up to four times an epoch */
    wait(&c, VICTIM, 3 * 60);
    T(written(victim, victim, CONTROL_FORWARD) > answers);
    T(written(victim, victim, CONTROL_FORWARD) < answers + 10);
    buf_free(&body);
    circle_end(&c);
}

T_CASE(epochs_that_nobody_can_name_cost_nothing)
{
    struct circle c;
    circle_of(&c, 3);
    fill_share(&c, MEAN, LIMIT_CONTROL_PER_MEMBER_MAX / 2 + 1);
    fork_rekeys(&c, LIMIT_EPOCHS_OPEN_MAX + 6);
    struct group *victim = circle_group(&c, VICTIM);
    uint32_t before = written(victim, victim, 0);
    T(text_goes(&c, VICTIM, 3));
    T(written(victim, victim, CONTROL_REKEY) <= 1);
    for (int day = 0; day < 3; day++) {
        wait(&c, VICTIM, 24 * 60);
        (void)circle_carry(&c, VICTIM, HERON);
        wait(&c, HERON, 24 * 60);
        (void)circle_carry(&c, HERON, VICTIM);
    }
    T(written(victim, victim, 0) < before + 6);
    T(text_goes(&c, VICTIM, 3));
    circle_end(&c);
}

T_CASE(own_epochs_are_never_done_without)
{
    struct circle c;
    circle_of(&c, 2);
    struct tp *copy = tp_copy(c.tp[VICTIM], 60);
    struct group *other = peer_group(copy->peer, c.number[VICTIM]);
    memlog_begin(copy->log);
    T_EQ(keys_post_rekey(other), 0);
    memlog_commit(copy->log);
    circle_rekey(&c, VICTIM);
    T_EQ(take(&c, VICTIM, control_at(other, control_count(other) - 1)->whole), 0);
    T(member_forked(circle_group(&c, VICTIM),
                    member_me(circle_group(&c, VICTIM))->index));
    fill_share(&c, VICTIM, LIMIT_CONTROL_PER_MEMBER_MAX / 2 + 3);
    circle_rekey(&c, VICTIM);
    T(text_goes(&c, VICTIM, 3));
    tp_free(copy);
    circle_end(&c);
}

/* Rekeys beside our coming have no box for us: each is asked for, with a prekey. */
T_CASE(asking_does_not_cost_the_prekey_that_others_use)
{
    struct circle c;
    uint8_t published[32];
    circle_of(&c, 2);
    int n = circle_join(&c, 0, ROLE_MEMBER);
    struct group *newcomer = circle_group(&c, n);
    memcpy(published, member_me(newcomer)->prekey_pk, 32);
    for (int i = 0; i < 24; i++) {
        circle_rekey(&c, 1); /* in its own branch */
        (void)circle_carry_control(&c, 1, n);
        wait(&c, n, 62);
    }
    T(written(newcomer, newcomer, CONTROL_NOKEY) > LIMIT_PREKEYS_HELD_MAX);
    T(prekey_find(newcomer, published) != NULL);
    circle_end(&c);
}

T_CASE(a_false_claim_does_not_stop_who_has_no_share_left)
{
    struct circle c;
    uint8_t hash[32] = {1};
    circle_of(&c, 3);
    fill_share(&c, VICTIM, LIMIT_CONTROL_PER_MEMBER_MAX);
    struct group *victim = circle_group(&c, VICTIM);
    circle_begin(&c, VICTIM);
    T_EQ(content_own_known(victim, 900, hash), 0);
    circle_commit(&c, VICTIM);
    T(victim->content->stopped);
    T(text_goes(&c, VICTIM, 3));
    circle_end(&c);
}

/* After the doubt is over, or a restart, what did not come is still done without. */
T_CASE(what_never_came_is_not_waited_for_again)
{
    for (int restart = 0; restart < 2; restart++) {
        struct circle c;
        circle_of(&c, 3);
        fork_rekeys(&c, 1);
        wait(&c, VICTIM, 1);
        struct group *victim = circle_group(&c, VICTIM);
        T_EQ(written(victim, victim, CONTROL_NOKEY), 1);
        if (restart)
            tp_restart(c.tp[VICTIM]);
        else
            wait(&c, VICTIM, 61);
        T(text_goes(&c, VICTIM, 2));
        circle_end(&c);
    }
}

T_RUN()
