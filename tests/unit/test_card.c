/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_card.c -- cards and shown names (P4.12, P4.13). */
#include "base/mp.h"
#include "tests/lib/circle.h"
#include "tests/lib/t.h"

static struct bytes name_at(const struct circle *c, int i, uint32_t index)
{
    return card_member_name(circle_group(c, i), index);
}

#define T_NAME(c, i, index, text) T(bytes_equal(name_at((c), (i), (index)), TEXT(text)))

static void rename_to(struct circle *c, int i, const char *name)
{
    circle_begin(c, i);
    T_EQ(card_post_name(circle_group(c, i), tp_text(name)), 0);
    circle_commit(c, i);
}

T_CASE(names_come_from_cards)
{
    struct circle c;
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_MEMBER);
    circle_settle(&c);
    T_NAME(&c, 1, 0, "Wren");
    T_NAME(&c, 0, 1, "New person");
    rename_to(&c, 1, "Finch");
    circle_settle(&c);
    T_NAME(&c, 0, 1, "Finch");
    T_NAME(&c, 1, 1, "Finch");
    T(bytes_equal(card_group_name(circle_group(&c, 1)), TEXT("Circle")));
    tp_restart(c.tp[0]);
    T_NAME(&c, 0, 1, "Finch");
    circle_end(&c);
}

T_CASE(a_replaced_card_is_erased)
{
    struct circle c;
    const struct bytes old = TEXT("203.0.113.77:4000"),
                       fresh = TEXT("203.0.113.78:4000");
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_MEMBER);
    struct group *g = circle_group(&c, 1);
    rename_to(&c, 1, "Kestrel");
    circle_begin(&c, 1);
    T_EQ(card_post_addresses(g, &old, 1), 0);
    circle_commit(&c, 1);
    circle_settle(&c);
    T(memlog_contains(c.tp[0]->log, TEXT("Kestrel")));
    T(bytes_equal(card_address(circle_group(&c, 0), 1, 0), old));
    T_EQ(card_address(circle_group(&c, 0), 1, 1).n, 0);
    rename_to(&c, 1, "Heron");
    circle_begin(&c, 1);
    T_EQ(card_post_addresses(g, &fresh, 1), 0);
    circle_commit(&c, 1);
    circle_settle(&c);
    for (int i = 0; i < 2; i++) {
        T(!memlog_contains(c.tp[i]->log, TEXT("Kestrel")));
        T(!memlog_contains(c.tp[i]->log, old));
        T(memlog_contains(c.tp[i]->log, fresh));
    }
    circle_end(&c);
}

T_CASE(posting_the_same_again_does_nothing)
{
    struct circle c;
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    uint32_t seq = card_find(g, g->member_pk, CARD_NAME)->seq;
    rename_to(&c, 0, "Wren");
    T_EQ(card_find(g, g->member_pk, CARD_NAME)->seq, seq);
    rename_to(&c, 0, "Stork");
    rename_to(&c, 0, "Wren");
    T_EQ(card_find(g, g->member_pk, CARD_NAME)->seq, seq + 2);
    circle_end(&c);
}

/* Two who took one name: the smaller key is "Wren", the other numbered, for all. */
T_CASE(one_name_twice_is_numbered_the_same_everywhere)
{
    struct circle c;
    struct group *g;
    circle_found(&c, 168);
    for (int i = 1; i < 4; i++)
        circle_join(&c, 0, ROLE_MEMBER);
    rename_to(&c, 1, "wren");
    rename_to(&c, 2, "Wren 2");
    circle_settle(&c);
    g = circle_group(&c, 0);
    bool founder_first = memcmp(member_at(g, 0)->pk, member_at(g, 1)->pk, 32) < 0;
    for (int i = 0; i < 4; i++) {
        g = circle_group(&c, i);
        T_NAME(&c, i, 2, "Wren 2"); /* somebody's own name is nobody's number */
        if (founder_first) {
            T_NAME(&c, i, 0, "Wren");
            T_NAME(&c, i, 1, "wren 3");
        } else {
            T_NAME(&c, i, 0, "Wren 3");
            T_NAME(&c, i, 1, "wren");
        }
        T_NAME(&c, i, 3, "New person");
    }
    circle_end(&c);
}

T_CASE(only_stewards_name_the_group)
{
    struct circle c;
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_STEWARD);
    circle_join(&c, 0, ROLE_MEMBER);
    circle_settle(&c);
    circle_begin(&c, 2);
    T_EQ(card_post_group_name(circle_group(&c, 2), TEXT("Mine")), ERR_DENIED);
    circle_commit(&c, 2);
    circle_begin(&c, 1);
    T_EQ(card_post_group_name(circle_group(&c, 1), TEXT("Ours")), 0);
    circle_commit(&c, 1);
    circle_settle(&c);
    for (int i = 0; i < 3; i++)
        T(bytes_equal(card_group_name(circle_group(&c, i)), TEXT("Ours")));
    circle_begin(&c, 0);
    T_EQ(card_post_group_name(circle_group(&c, 0), TEXT("Circle")), 0);
    circle_commit(&c, 0);
    circle_settle(&c);
    for (int i = 0; i < 3; i++)
        T(bytes_equal(card_group_name(circle_group(&c, i)), TEXT("Circle")));
    circle_end(&c);
}

T_CASE(a_changed_or_strange_card_is_refused)
{
    struct circle c, other;
    uint8_t copy[LIMIT_CARD_BYTES_MAX + 1] = {0}, kind, author[32];
    uint32_t seq;
    struct bytes body;
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_MEMBER);
    circle_settle(&c);
    struct group *g = circle_group(&c, 1);
    const struct card *held = card_find(g, circle_group(&c, 0)->member_pk, CARD_NAME);
    T_NEED(held != NULL);
    size_t n = held->bytes_count;
    memcpy(copy, held->bytes, n);
    T_EQ(card_decode(BYTES(copy, n), &kind, author, &seq, &body), 0);
    T_EQ(kind, CARD_NAME);
    T_EQ(card_take(g, BYTES(copy, n), 0), 1);
    circle_begin(&c, 1);
    for (size_t i = 0; i < n; i++) {
        T_NOTE("byte %zu", i);
        copy[i] ^= (uint8_t)(1U << (i % 8));
        T(card_decode(BYTES(copy, n), &kind, author, &seq, &body) < 0);
        T(card_take(g, BYTES(copy, n), 0) != 0);
        copy[i] ^= (uint8_t)(1U << (i % 8));
        T(card_decode(BYTES(copy, i), &kind, author, &seq, &body) < 0);
    }
    T_NOTE("%s", "");
    T(card_take(g, BYTES_OF(copy), 0) < 0); /* above LIMIT_CARD_BYTES_MAX */
    circle_commit(&c, 1);
    copy[1] = CARD_KINDS_MAX + 1;
    T_EQ(card_decode(BYTES(copy, n), &kind, author, &seq, &body), ERR_VERSION);
    circle_found(&other, 24);
    held = card_find(circle_group(&other, 0), circle_group(&other, 0)->member_pk,
                     CARD_NAME);
    T(card_take(g, BYTES(held->bytes, held->bytes_count), 0) < 0); /* another group's */
    circle_end(&other);
    circle_end(&c);
}

T_CASE(a_card_of_nobody_is_not_kept)
{
    struct circle c;
    circle_found(&c, 168);
    circle_join(&c, 0, ROLE_MEMBER);
    circle_join(&c, 0, ROLE_MEMBER); /* 1 does not know of 2 yet */
    rename_to(&c, 2, "Plover");
    struct circle_visit v = {circle_group(&c, 1), 0};
    circle_begin(&c, 1);
    T_EQ(card_all(circle_group(&c, 2), circle_card, &v), 0);
    circle_commit(&c, 1);
    T_EQ(v.taken, 0);
    T(!memlog_contains(c.tp[1]->log, TEXT("Plover")));
    circle_settle(&c);
    T(memlog_contains(c.tp[1]->log, TEXT("Plover")));
    circle_end(&c);
}

static int is_sorted(void *ctx, const uint8_t id[32], struct bytes card)
{
    uint8_t *last = ctx, key[33], want[32];
    memcpy(key, card.p + 34, 32);
    key[32] = card.p[1];
    hash32(want, "card", &card, 1);
    T_MEM(id, want, 32);
    T(memcmp(last, key, 33) < 0);
    memcpy(last, key, 33);
    return 0;
}

T_CASE(what_is_posted_is_bounded)
{
    struct circle c;
    char name[LIMIT_NAME_BYTES_MAX + 8];
    char address[LIMIT_ADDRESS_BYTES_MAX + 1];
    struct bytes list[LIMIT_ADDRESSES_MAX + 1];
    circle_found(&c, 168);
    struct group *g = circle_group(&c, 0);
    memset(address, '1', sizeof address);
    for (int i = 0; i <= LIMIT_ADDRESSES_MAX; i++)
        list[i] = BYTES(address, LIMIT_ADDRESS_BYTES_MAX);
    /* forty columns of four bytes each are the longest name, and one more is refused */
    for (size_t i = 0; i + 4 <= sizeof name; i += 4)
        memcpy(name + i, "\xf0\x90\x8c\xb0", 4);
    circle_begin(&c, 0);
    T_EQ(card_post_name(g, BYTES(name, LIMIT_NAME_BYTES_MAX)), 0);
    T_EQ(card_post_name(g, BYTES(name, LIMIT_NAME_BYTES_MAX + 4)), ERR_TOOBIG);
    T_EQ(card_post_name(g, BYTES(name, 0)), ERR_EMPTY);
    T_EQ(card_post_name(g, TEXT("a\nb")), ERR_MALFORMED);
    T_EQ(card_post_addresses(g, list, LIMIT_ADDRESSES_MAX), 0);
    T_EQ(card_post_addresses(g, list, LIMIT_ADDRESSES_MAX + 1), ERR_TOOBIG);
    list[0].n = LIMIT_ADDRESS_BYTES_MAX + 1;
    T_EQ(card_post_addresses(g, list, 1), ERR_TOOBIG);
    circle_commit(&c, 0);
    uint8_t last[33] = {0};
    T_EQ(card_all(g, is_sorted, last), 0);
    circle_end(&c);
}

T_RUN()
