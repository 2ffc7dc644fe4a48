/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_warnings.c -- warnings between people: confirmed, updated, ended, taken back, in
 * every order of arrival (P8.20 to P8.27). */
#include "node/core/content_int.h"
#include "tests/lib/circle.h"
#include "tests/lib/net_group.h"
#include "tests/lib/t.h"

enum { WREN, OTTER, HERON, MINUTE = 60 * 1000 };

static const uint32_t today = TP_EPOCH_HOURS / 24;

static struct warning sample(void)
{
    return (struct warning){
        .kind = WARNING_ALERT,
        .known = KNOWN_SAW,
        .soldas = SOLDAS_HEROIN,
        .form = FORM_POWDER,
        .harm = HARM_UNWELL,
        .effects = EFFECT_NOT_WAKING,
        .country = TEXT("NL"),
        .town = TEXT("Rotterdam"),
        .advice_text = TEXT("Do not use alone."),
        .language = TEXT("en"),
        .seen_from_day = TP_EPOCH_HOURS / 24,
        .seen_to_day = TP_EPOCH_HOURS / 24,
        .issued_day = TP_EPOCH_HOURS / 24,
        .ends_day = TP_EPOCH_HOURS / 24 + WARNING_DAYS,
        .source = SOURCE_MEMBERS,
    };
}

static struct buf payload_of(const struct warning *w)
{
    struct buf out = {0};
    CHECK(warning_encode(w, &out) == 0);
    return out;
}

static struct buf act_of(const uint8_t *ref, enum warning_act_kind kind)
{
    struct buf out = {0};
    struct warning_act a = {.kind = (uint8_t)kind,
                            .known = kind == WARNING_CONFIRM ? KNOWN_SAW : 0,
                            .reason = kind == WARNING_TAKE_BACK ? REASON_HOAX : 0,
                            .day = today,
                            .first = BYTES(ref, WARNING_REF_BYTES)};
    if (kind == WARNING_TAKE_BACK) {
        a.soldas = SOLDAS_HEROIN;
        a.country = TEXT("NL");
        a.town = TEXT("Rotterdam");
        a.language = TEXT("en");
    }
    CHECK(warning_act_encode(&a, &out) == 0);
    return out;
}

struct seen {
    int count;
    struct warning_view view; /* of the first; spans are not to be used */
    uint32_t soldas, ends_day;
    char by[32];
};

static int see(void *ctx, const struct warning_view *v)
{
    struct seen *s = ctx;
    if (s->count++ > 0)
        return 0;
    s->view = *v;
    s->soldas = v->warning ? v->warning->soldas : v->back ? v->back->soldas : 0;
    s->ends_day = v->warning ? v->warning->ends_day : 0;
    CHECK(v->by.n < sizeof s->by);
    if (v->by.n > 0)
        memcpy(s->by, v->by.p, v->by.n);
    return 0;
}

static struct seen look(struct tp *t, uint32_t group)
{
    struct seen s = {0};
    T_EQ(peer_warnings(t->peer, group, see, &s), 0);
    return s;
}

static struct net *net_three(void)
{
    struct net *n = net_two();
    CHECK(net_add(n) == HERON);
    net_let_in(n, WREN, HERON);
    net_run(n, MINUTE);
    return n;
}

static int do_it(struct net *n, int peer, enum cmd_kind kind, struct buf payload)
{
    struct command c = {.kind = kind, .group = 1, .text = BUF_BYTES(&payload)};
    int err = net_command(n, peer, &c);
    buf_free(&payload);
    net_run(n, MINUTE);
    return err;
}

static int warn(struct net *n, int peer, const struct warning *w)
{
    return do_it(n, peer, CMD_WARN, payload_of(w));
}

static int act(struct net *n, int peer, enum warning_act_kind kind)
{
    struct seen s = look(n->peer[peer], 1);
    return do_it(n, peer, CMD_WARN_ACT, act_of(s.view.ref, kind));
}

static enum warning_state judged_at(struct net *n, int peer)
{
    return look(n->peer[peer], 1).view.verdict.state;
}

static uint32_t unread_texts(struct net *n, int peer)
{
    uint32_t unread = 0, sealed = 0, aside = 0;
    uint64_t entries = 0;
    content_counts(net_group(n, peer), &unread, &entries, &sealed, &aside);
    return unread;
}

T_CASE(it_is_seen_confirmed_and_ended)
{
    struct net *n = net_three();
    struct warning w = sample();
    T_EQ(warn(n, OTTER, &w), 0);
    for (int i = WREN; i <= HERON; i++) {
        struct seen s = look(n->peer[i], 1);
        T_EQ(s.count, 1);
        T_EQ(s.view.verdict.state, WARNING_UNCONFIRMED);
        T_EQ(s.soldas, SOLDAS_HEROIN);
        T_EQ(s.view.own, i == OTTER);
        T_EQ(s.view.unread, i != OTTER);
        T_EQ(s.view.may_change, i != HERON); /* Wren is a keeper */
        T(strcmp(s.by, "Bird 1") == 0);
        T(strcmp(s.view.code, look(n->peer[OTTER], 1).view.code) == 0);
        T_EQ(unread_texts(n, i), 0); /* it stands above the texts, not among them */
    }
    T_EQ(n->told[TELL_WARNING], 2);
    T_EQ(act(n, OTTER, WARNING_CONFIRM), ERR_EXISTS); /* it is one's own */
    T_EQ(act(n, HERON, WARNING_END_NOW), ERR_DENIED);
    T_EQ(act(n, HERON, WARNING_CONFIRM), 0);
    T_EQ(act(n, HERON, WARNING_CONFIRM), ERR_EXISTS);
    for (int i = WREN; i <= HERON; i++)
        T_EQ(judged_at(n, i), WARNING_CONFIRMED);
    T(look(n->peer[HERON], 1).view.may_change); /* who confirmed may */
    T_EQ(act(n, HERON, WARNING_END_NOW), 0);
    for (int i = WREN; i <= HERON; i++)
        T_EQ(judged_at(n, i), WARNING_ENDED);
    T_EQ(act(n, WREN, WARNING_END_NOW), ERR_STATE);
    net_free(n);
}

T_CASE(an_update_takes_its_place)
{
    struct net *n = net_three();
    struct warning w = sample();
    T_EQ(warn(n, OTTER, &w), 0);
    uint8_t ref[WARNING_REF_BYTES];
    memcpy(ref, look(n->peer[WREN], 1).view.ref, sizeof ref);
    w.first = BYTES_OF(ref);
    w.soldas = SOLDAS_COCAINE;
    w.ends_day += 10;
    T_EQ(warn(n, HERON, &w), ERR_DENIED);
    T_EQ(warn(n, WREN, &w), 0);
    for (int i = WREN; i <= HERON; i++) {
        struct seen s = look(n->peer[i], 1);
        T_EQ(s.count, 1);
        T_EQ(s.soldas, SOLDAS_COCAINE);
        T_EQ(s.ends_day, w.ends_day);
        T_EQ(s.view.versions, 2);
        T(memcmp(s.view.ref, ref, sizeof ref) == 0);
    }
    ref[3] ^= 1;
    T_EQ(warn(n, WREN, &w), ERR_NOTFOUND);
    w.first = BYTES(NULL, 0);
    w.effects = 0;
    struct buf bad = {0};
    T_EQ(warning_encode(&w, &bad), ERR_USAGE);
    T_EQ(do_it(n, WREN, CMD_WARN, bad), ERR_TRUNCATED);
    net_free(n);
}

T_CASE(it_is_unread_until_it_was_read)
{
    struct net *n = net_three();
    struct warning w = sample();
    T_EQ(warn(n, OTTER, &w), 0);
    struct command say = {.kind = CMD_SAY,
                          .group = 1,
                          .text = TEXT("a text"),
                          .lifetime_hours = UINT32_MAX};
    T_EQ(net_command(n, OTTER, &say), 0);
    net_run(n, MINUTE);
    T_EQ(unread_texts(n, HERON), 1);
    struct command texts = {.kind = CMD_MARK_READ, .group = 1, .row = UINT64_MAX};
    T_EQ(net_command(n, HERON, &texts), 0);
    T_EQ(unread_texts(n, HERON), 0);
    T(look(n->peer[HERON], 1).view.unread); /* reading texts is not reading it */
    net_restart(n, HERON);
    T(look(n->peer[HERON], 1).view.unread);
    struct seen s = look(n->peer[HERON], 1);
    struct command read = {
        .kind = CMD_WARN_READ, .group = 1, .text = BYTES_OF(s.view.ref)};
    T_EQ(net_command(n, HERON, &read), 0);
    T(!look(n->peer[HERON], 1).view.unread);
    T_EQ(act(n, WREN, WARNING_CONFIRM), 0);
    T(!look(n->peer[HERON], 1).view.unread); /* a confirmation is no news */
    T_EQ(act(n, WREN, WARNING_TAKE_BACK), 0);
    T(look(n->peer[HERON], 1).view.unread); /* that is */
    T_EQ(judged_at(n, HERON), WARNING_TAKEN_BACK);
    T_EQ(act(n, OTTER, WARNING_CONFIRM), ERR_STATE);
    net_free(n);
}

/* Who wrote it may be hidden here: a warning is not. */
T_CASE(it_is_seen_of_a_hidden_person)
{
    struct net *n = net_three();
    struct command hide = {.kind = CMD_HIDE, .group = 1, .row = 1, .on = true};
    T_EQ(net_command(n, HERON, &hide), 0);
    struct warning w = sample();
    T_EQ(warn(n, OTTER, &w), 0);
    T_EQ(look(n->peer[HERON], 1).count, 1);
    T(look(n->peer[HERON], 1).view.unread);
    net_free(n);
}

/* ---- every order of arrival ----------------------------------------------------- */

enum { ENTRIES_MAX = 5 };

struct mail {
    struct buf envelope[ENTRIES_MAX];
    uint8_t topic[ENTRIES_MAX][32];
    int count;
};

static int mail_add(void *ctx, const struct content_row *row)
{
    struct mail *m = ctx;
    if (row->urgency < URGENCY_ALERT || m->count == ENTRIES_MAX)
        return 0;
    memcpy(m->topic[m->count], row->topic, 32);
    return buf_append(&m->envelope[m->count++], row->envelope,
                      LIMIT_ENVELOPE_BYTES_MAX);
}

static void hand_over(struct circle *c, int to, struct mail *m, int i)
{
    struct incoming in = {.envelope = BUF_BYTES(&m->envelope[i])};
    memcpy(in.topic, m->topic[i], 32);
    circle_begin(c, to);
    T_EQ(content_accept(circle_group(c, to), &in, 1, 0), 0);
    circle_commit(c, to);
}

static int tp_do(struct tp *t, enum cmd_kind kind, struct buf payload)
{
    struct command c = {.kind = kind, .group = 1, .text = BUF_BYTES(&payload)};
    int err = tp_command(t, &c);
    buf_free(&payload);
    return err;
}

/* The k-th order of n things. */
static void order_of(int k, int n, int *order)
{
    int left[ENTRIES_MAX];
    for (int i = 0; i < n; i++)
        left[i] = i;
    for (int i = 0; i < n; i++) {
        int fact = 1;
        for (int f = 2; f < n - i; f++)
            fact *= f;
        int at = k / fact;
        k %= fact;
        order[i] = left[at];
        for (int j = at; j + 1 < n - i; j++)
            left[j] = left[j + 1];
    }
}

/* Warned, confirmed, updated, ended, taken back: open nowhere at the end, whatever came
 * first; and whoever has only the withdrawal shows that. */
T_CASE(taken_back_in_every_order_of_arrival)
{
    struct circle c;
    struct mail m = {.count = 0};
    circle_of(&c, 3);
    struct warning w = sample();
    T_EQ(tp_do(c.tp[0], CMD_WARN, payload_of(&w)), 0);
    uint8_t ref[WARNING_REF_BYTES];
    memcpy(ref, look(c.tp[0], 1).view.ref, sizeof ref);
    w.first = BYTES_OF(ref);
    w.soldas = SOLDAS_MDMA;
    T_EQ(tp_do(c.tp[0], CMD_WARN, payload_of(&w)), 0);
    w.first = BYTES_OF(ref);
    w.soldas = SOLDAS_LSD;
    T_EQ(tp_do(c.tp[0], CMD_WARN, payload_of(&w)), 0);
    T_EQ(tp_do(c.tp[0], CMD_WARN_ACT, act_of(ref, WARNING_END_NOW)), 0);
    T_EQ(tp_do(c.tp[0], CMD_WARN_ACT, act_of(ref, WARNING_TAKE_BACK)), 0);
    struct log log = memlog_log(c.tp[0]->log);
    T_EQ(log.ops->content_scan(log.ctx, 1, 0, true, mail_add, &m), 0);
    T_EQ(m.count, ENTRIES_MAX);
    T_EQ(look(c.tp[0], 1).view.verdict.state, WARNING_TAKEN_BACK);
    for (int k = 0; k < 120; k++) {
        int order[ENTRIES_MAX];
        struct tp *reader = tp_copy(c.tp[1], (uint8_t)(10 + k % 100));
        struct circle one = {.count = 1};
        one.tp[0] = reader;
        one.number[0] = c.number[1];
        order_of(k, ENTRIES_MAX, order);
        T_NOTE("order %d", k);
        for (int i = 0; i < ENTRIES_MAX; i++) {
            hand_over(&one, 0, &m, order[i]);
            struct seen s = look(reader, 1);
            bool back = false; /* has the withdrawal come? */
            for (int j = 0; j <= i; j++)
                back = back || order[j] == ENTRIES_MAX - 1;
            T_EQ(s.view.verdict.state == WARNING_TAKEN_BACK, back && s.count > 0);
            if (back) {
                T_EQ(s.count, 1);
                T(s.view.back != NULL);
            }
        }
        struct seen s = look(reader, 1);
        T_EQ(s.soldas, SOLDAS_LSD); /* the latest version, whatever came last */
        T_EQ(s.view.versions, 3);
        tp_restart(reader);
        T_EQ(look(reader, 1).view.verdict.state, WARNING_TAKEN_BACK);
        tp_free(reader);
    }
    for (int i = 0; i < m.count; i++)
        buf_free(&m.envelope[i]);
    circle_end(&c);
}

T_RUN()
