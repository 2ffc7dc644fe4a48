/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_compare.c -- two members compare a sentence later (P6.14 to P6.16). */
#include "node/core/compare.h"

#include "tests/lib/net_group.h"
#include "tests/lib/t.h"

enum { WREN, OTTER, HERON, MINUTE = 60 * 1000, DUTCH = 1 };

/* Otter and Heron came in with a line that asks nobody: neither is compared. */
static struct net *net_three(void)
{
    struct net *n = net_two();
    CHECK(net_add(n) == HERON);
    net_let_in(n, WREN, HERON);
    net_run(n, MINUTE);
    return n;
}

struct finding {
    const uint8_t *pk;
    struct member_view view;
};

static int find(void *ctx, const struct member_view *v)
{
    struct finding *f = ctx;
    if (memcmp(v->key, f->pk, 32) != 0)
        return 0;
    f->view = *v;
    return 1;
}

/* How `peer` sees `other`. */
static struct member_view sees(struct net *n, int peer, int other)
{
    struct finding f = {.pk = net_group(n, other)->member_pk};
    CHECK(peer_members(n->peer[peer]->peer, 1, find, &f) == 1);
    return f.view;
}

static int choose(struct net *n, int peer, int other, uint8_t language)
{
    struct command c = {.kind = CMD_COMPARE,
                        .group = 1,
                        .row = sees(n, peer, other).index,
                        .language = language,
                        .on = true};
    return net_command(n, peer, &c);
}

static struct compare_view at(struct net *n, int peer)
{
    struct compare_view v;
    T_EQ(peer_compare(n->peer[peer]->peer, &v), 0);
    return v;
}

/* About the sentence that is there now. */
static int answer(struct net *n, int peer, bool same)
{
    struct compare_view v = at(n, peer);
    struct command c = {
        .kind = CMD_COMPARED, .group = 1, .on = same, .text = BYTES_OF(v.sentence)};
    return net_command(n, peer, &c);
}

static bool same_sentence(struct net *n, int a, int b)
{
    struct compare_view va = at(n, a), vb = at(n, b);
    return va.ready && vb.ready && va.language == vb.language &&
           memcmp(va.sentence, vb.sentence, SENTENCE_BYTES) == 0;
}

/* Otter and Heron, the smaller member key first. */
static void by_key(struct net *n, int *first, int *second)
{
    bool otter =
        memcmp(net_group(n, OTTER)->member_pk, net_group(n, HERON)->member_pk, 32) < 0;
    *first = otter ? OTTER : HERON;
    *second = otter ? HERON : OTTER;
}

T_CASE(who_choose_each_other_see_one_sentence)
{
    struct net *n = net_three();
    T(!sees(n, OTTER, HERON).compared);
    T_EQ(choose(n, OTTER, HERON, DUTCH), 0);
    net_run(n, MINUTE);
    T_EQ(n->told[TELL_COMPARE], 1); /* Heron hears of it */
    T(at(n, OTTER).on && at(n, OTTER).linked && !at(n, OTTER).ready);
    T(!at(n, HERON).on);
    T_EQ(answer(n, OTTER, true), ERR_STATE);
    T_EQ(choose(n, HERON, OTTER, DUTCH), 0);
    net_run(n, MINUTE);
    T(same_sentence(n, OTTER, HERON));
    T_EQ(at(n, OTTER).language, DUTCH);
    T_EQ(n->told[TELL_COMPARE], 3); /* and both of the sentence */
    T_EQ(answer(n, OTTER, true), 0);
    T(sees(n, OTTER, HERON).compared && !sees(n, HERON, OTTER).compared);
    T_EQ(answer(n, HERON, true), 0);
    net_run(n, MINUTE);
    net_restart(n, HERON);
    T(sees(n, HERON, OTTER).compared && sees(n, HERON, OTTER).compared_here);
    T(!sees(n, WREN, OTTER).compared); /* on those two devices only */
    T(!at(n, HERON).on);               /* in memory only */
    net_free(n);
}

/* P6.14: and nothing is said before a person chose again. */
T_CASE(every_comparison_draws_anew)
{
    struct net *n = net_three();
    struct compare_view before;
    T_EQ(choose(n, OTTER, HERON, 0), 0);
    T_EQ(choose(n, HERON, OTTER, 0), 0);
    net_run(n, MINUTE);
    before = at(n, OTTER);
    T(before.ready);
    T_EQ(answer(n, OTTER, true), 0);
    T_EQ(answer(n, HERON, true), 0);
    int told = n->told[TELL_COMPARE];
    T_EQ(choose(n, OTTER, HERON, 0), 0);
    net_run(n, MINUTE);
    T_EQ(n->told[TELL_COMPARE], told + 1); /* Heron is asked, and did not choose */
    T(!at(n, OTTER).ready);
    T(memcmp(before.sentence, at(n, HERON).sentence, SENTENCE_BYTES) == 0);
    T_EQ(choose(n, HERON, OTTER, 0), 0);
    net_run(n, MINUTE);
    T(same_sentence(n, OTTER, HERON));
    T(memcmp(before.sentence, at(n, OTTER).sentence, SENTENCE_BYTES) != 0);
    net_free(n);
}

T_CASE(a_no_stops_both_and_leaves_no_mark)
{
    struct net *n = net_three();
    for (int no = OTTER; no <= HERON; no++) {
        int other = no == OTTER ? HERON : OTTER;
        T_EQ(choose(n, OTTER, HERON, 0), 0);
        T_EQ(choose(n, HERON, OTTER, 0), 0);
        net_run(n, MINUTE);
        T_EQ(answer(n, other, true), 0);
        T(sees(n, other, no).compared);
        T_EQ(answer(n, no, false), 0);
        net_run(n, MINUTE);
        T(!sees(n, other, no).compared && !sees(n, no, other).compared);
        T(!at(n, OTTER).on && !at(n, HERON).on);
    }
    net_free(n);
}

T_CASE(two_languages_meet_in_english)
{
    struct net *n = net_three();
    T_EQ(choose(n, OTTER, HERON, DUTCH), 0);
    T_EQ(choose(n, HERON, OTTER, 0), 0);
    net_run(n, MINUTE);
    T(same_sentence(n, OTTER, HERON));
    T_EQ(at(n, OTTER).language, 0);
    net_free(n);
}

T_CASE(a_broken_connection_or_a_restart_is_survived)
{
    struct net *n = net_three();
    for (int gone = OTTER; gone <= HERON; gone++) {
        int stays = gone == OTTER ? HERON : OTTER;
        T_EQ(choose(n, OTTER, HERON, 0), 0);
        T_EQ(choose(n, HERON, OTTER, 0), 0);
        net_cut(n, gone, true);
        net_run(n, 2 * MINUTE);
        T(same_sentence(n, OTTER, HERON));
        net_restart(n, gone); /* its nonce is lost */
        net_run(n, 2 * MINUTE);
        T_EQ(choose(n, gone, stays, 0), 0);
        net_run(n, MINUTE);
        T(same_sentence(n, OTTER, HERON));
        T_EQ(answer(n, OTTER, false), 0);
        net_run(n, MINUTE);
    }
    net_free(n);
}

/* The first connection of a run is one, too. */
T_CASE(it_begins_on_the_first_connection)
{
    struct net *n = net_two();
    for (int early = WREN; early <= OTTER; early++) {
        net_restart(n, WREN);
        net_restart(n, OTTER);
        T_EQ(choose(n, early, 1 - early, 0), 0);
        net_run(n, MINUTE);
        T(at(n, early).linked);
        T_EQ(choose(n, 1 - early, early, 0), 0);
        net_run(n, MINUTE);
        T(same_sentence(n, WREN, OTTER));
        T_EQ(answer(n, WREN, false), 0);
        net_run(n, MINUTE);
    }
    net_free(n);
}

T_CASE(after_ten_minutes_it_is_over)
{
    struct net *n = net_three();
    T_EQ(choose(n, OTTER, HERON, 0), 0);
    net_run(n, 9 * MINUTE);
    T(at(n, OTTER).on);
    net_run(n, 2 * MINUTE);
    T(!at(n, OTTER).on);
    T_EQ(answer(n, OTTER, true), ERR_STATE);
    net_free(n);
}

T_CASE(whom_one_can_compare_with)
{
    struct net *n = net_three();
    struct command nobody = {.kind = CMD_COMPARE, .group = 1, .row = 9, .on = true};
    T_EQ(choose(n, OTTER, OTTER, 0), ERR_USAGE);
    T_EQ(net_command(n, OTTER, &nobody), ERR_NOTFOUND);
    nobody.row = UINT64_MAX;
    T_EQ(net_command(n, OTTER, &nobody), ERR_NOTFOUND);
    T_EQ(choose(n, OTTER, HERON, 0), 0);
    T_EQ(choose(n, OTTER, WREN, 0), 0); /* one at a time: the last */
    T_EQ(at(n, OTTER).index, sees(n, OTTER, WREN).index);
    nobody.on = false;
    T_EQ(net_command(n, OTTER, &nobody), 0);
    T(!at(n, OTTER).on);
    net_free(n);
}

/* ---- somebody who lies ------------------------------------------------------- */

static struct link *link_of(struct net *n, int peer, int other)
{
    struct links *links = n->peer[peer]->peer->links;
    uint32_t index = sees(n, peer, other).index;
    for (uint32_t i = 0; i < links->count; i++)
        if (link_is_member(links->list[i], 1) && links->list[i]->member == index)
            return links->list[i];
    CHECK(false);
    return NULL;
}

/* `peer` hears a message that `other` would not send. */
static int hears(struct net *n, int peer, int other, const struct wire_compare *m)
{
    return compare_message(net_group(n, peer), link_of(n, peer, other), m);
}

/* The last message that was said on a link and did not leave yet. */
static struct wire_compare said(struct link *l)
{
    struct bytes left = BUF_BYTES(&l->out), message;
    struct wire_message m = {0};
    size_t used = 0;
    while (left.n > 0) {
        CHECK(wire_next(left, &message, &used) == 1 && wire_decode(message, &m) == 0);
        left = BYTES(left.p + used, left.n - used);
    }
    CHECK(m.type == WIRE_COMPARE);
    return m.compare;
}

/* P6.15: what was committed to is what is revealed. */
T_CASE(another_nonce_than_the_committed_one_is_refused)
{
    struct net *n = net_three();
    int first, second;
    by_key(n, &first, &second);
    T_EQ(choose(n, second, first, 0), 0);
    struct wire_compare m = {.step = COMPARE_COMMIT};
    memset(m.commitment, 7, 32);
    T_EQ(hears(n, second, first, &m), 0);
    m.step = COMPARE_REVEAL;
    memset(m.nonce, 8, 32);
    T_EQ(hears(n, second, first, &m), ERR_PROTOCOL);
    T(!at(n, second).ready);
    net_free(n);
}

/* P6.16: a sentence of one's liking cannot be drawn for. */
T_CASE(who_begins_anew_too_often_is_stopped)
{
    struct net *n = net_three();
    int first, second, tries = 0;
    by_key(n, &first, &second);
    T_EQ(choose(n, second, first, 0), 0);
    struct wire_compare m = {.step = COMPARE_COMMIT};
    for (; at(n, second).on && tries < 20; tries++) {
        m.commitment[0] = (uint8_t)tries;
        T_EQ(hears(n, second, first, &m), 0);
    }
    T_EQ(tries, 5);
    T_EQ(choose(n, first, second, 0), 0);
    struct link *l = link_of(n, first, second);
    for (tries = 0; at(n, first).on && tries < 20; tries++) {
        struct wire_compare wish = {.step = COMPARE_WISH}, a = {.step = COMPARE_ANSWER};
        T_EQ(hears(n, first, second, &wish), 0);
        memcpy(a.commitment, said(l).commitment, 32);
        for (int k = 0; k < 2; k++) { /* the second one is another nonce */
            a.nonce[0] = (uint8_t)k;
            T_EQ(hears(n, first, second, &a), 0);
        }
        l->out.n = 0;
    }
    T_EQ(tries, 4);
    net_free(n);
}

T_CASE(what_is_out_of_place_does_nothing)
{
    struct net *n = net_three();
    int first, second;
    by_key(n, &first, &second);
    struct wire_compare m = {.step = COMPARE_REVEAL};
    for (m.step = COMPARE_ANSWER; m.step < 9; m.step++) {
        T_EQ(hears(n, first, second, &m), 0); /* nobody was chosen */
        T_EQ(hears(n, second, first, &m), 0);
    }
    T_EQ(choose(n, first, second, 0), 0);
    T_EQ(choose(n, second, first, 0), 0);
    for (m.step = COMPARE_ANSWER; m.step < 9; m.step++) {
        if (m.step == COMPARE_STOP)
            continue;
        T_EQ(hears(n, first, second, &m), 0); /* of no commitment of ours */
        T_EQ(hears(n, second, first, &m), 0);
        T(!at(n, first).ready && !at(n, second).ready);
    }
    net_run(n, MINUTE);
    T(same_sentence(n, first, second));
    net_free(n);
}

/* A yes is for the sentence that was on the screen, not for one that came since. */
T_CASE(a_yes_to_another_sentence_marks_nobody)
{
    struct net *n = net_three();
    struct compare_view old;
    T_EQ(choose(n, OTTER, HERON, 0), 0);
    T_EQ(choose(n, HERON, OTTER, 0), 0);
    net_run(n, MINUTE);
    old = at(n, OTTER);
    net_restart(n, HERON);
    T_EQ(choose(n, HERON, OTTER, 0), 0);
    net_run(n, MINUTE);
    T(same_sentence(n, OTTER, HERON));
    struct command c = {
        .kind = CMD_COMPARED, .group = 1, .on = true, .text = BYTES_OF(old.sentence)};
    T_EQ(net_command(n, OTTER, &c), ERR_STATE);
    T(!sees(n, OTTER, HERON).compared);
    T_EQ(answer(n, OTTER, true), 0);
    net_free(n);
}

/* The language is in the sentence: another one is another commitment (P6.16). */
T_CASE(another_language_draws_anew)
{
    struct net *n = net_three();
    int first, second;
    by_key(n, &first, &second);
    T_EQ(choose(n, second, first, DUTCH), 0);
    struct wire_compare m = {.step = COMPARE_COMMIT};
    struct link *l = link_of(n, second, first);
    T_EQ(hears(n, second, first, &m), 0);
    struct wire_compare one = said(l);
    m.language = DUTCH;
    T_EQ(hears(n, second, first, &m), 0);
    struct wire_compare two = said(l);
    T(memcmp(one.nonce, two.nonce, 32) != 0);
    l->out.n = 0;
    net_free(n);
}

/* A no is heard by who has said yes, also later, and while comparing with a third. */
T_CASE(a_no_that_comes_late_takes_the_mark_away)
{
    struct net *n = net_three();
    T_EQ(choose(n, OTTER, HERON, 0), 0);
    T_EQ(choose(n, HERON, OTTER, 0), 0);
    net_run(n, MINUTE);
    T_EQ(answer(n, OTTER, true), 0);
    n->off[OTTER] = true;
    net_cut(n, OTTER, true);
    T_EQ(answer(n, HERON, false), 0); /* nobody hears it now */
    T(!at(n, HERON).on);
    T_EQ(choose(n, OTTER, WREN, 0), 0);
    T(sees(n, OTTER, HERON).compared);
    n->off[OTTER] = false;
    net_run(n, 5 * MINUTE);
    T(!sees(n, OTTER, HERON).compared);
    T(at(n, OTTER).on); /* with Wren it goes on */
    net_free(n);
}

/* P6.14: whoever comes again and again is told of once. */
T_CASE(a_wish_is_told_once_in_ten_minutes)
{
    struct net *n = net_three();
    for (int i = 0; i < 6; i++) {
        T_EQ(choose(n, OTTER, HERON, 0), 0);
        net_cut(n, OTTER, true);
        net_run(n, MINUTE);
    }
    T_EQ(n->told[TELL_COMPARE], 1);
    net_run(n, 12 * MINUTE);
    T_EQ(choose(n, OTTER, HERON, 0), 0);
    net_run(n, MINUTE);
    T_EQ(n->told[TELL_COMPARE], 2);
    net_free(n);
}

/* A sentence that nobody is there to compare any more is none. */
T_CASE(who_goes_back_takes_the_sentence_along)
{
    struct net *n = net_three();
    T_EQ(choose(n, OTTER, HERON, 0), 0);
    T_EQ(choose(n, HERON, OTTER, 0), 0);
    net_run(n, MINUTE);
    T(same_sentence(n, OTTER, HERON));
    struct command back = {.kind = CMD_COMPARE, .group = 1};
    T_EQ(net_command(n, OTTER, &back), 0);
    net_run(n, MINUTE);
    T(!at(n, OTTER).on && !at(n, HERON).on);
    T_EQ(answer(n, HERON, true), ERR_STATE);
    /* Whoever has said a word keeps it. */
    T_EQ(choose(n, OTTER, HERON, 0), 0);
    T_EQ(choose(n, HERON, OTTER, 0), 0);
    net_run(n, MINUTE);
    T_EQ(answer(n, HERON, true), 0);
    T_EQ(net_command(n, OTTER, &back), 0);
    net_run(n, MINUTE);
    T(sees(n, HERON, OTTER).compared);
    net_free(n);
}

T_RUN()
