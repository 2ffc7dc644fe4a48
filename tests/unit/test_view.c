/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_view.c -- words for names and clocks that are not known yet. */
#include "cli/view.h"

#include "node/core/peer.h"
#include "tests/lib/t.h"

#define TEXT(s) BYTES(s, strlen(s))

static const char *head_of(const struct group_row *g, struct buf *out)
{
    struct screen s = {0};
    buf_free(out);
    view_head(&s, g);
    T_EQ(screen_render(&s, 0, out), 0);
    T_EQ(buf_append(out, BYTES("", 1), SIZE_MAX), 0);
    screen_free(&s);
    return (const char *)out->p;
}

T_CASE(a_name_that_has_not_come_is_called_so)
{
    char name[VIEW_NAME_BYTES];
    T(view_unnamed(TEXT("New group")));
    T(view_unnamed(TEXT("New person 2")));
    T(!view_unnamed(TEXT("New groups")));
    view_name(name, TEXT("New group"));
    T_STR(name, "Waiting for the name");
    view_name(name, TEXT("New group 2"));
    T_STR(name, "Waiting for the name 2");
    view_name(name, TEXT("New person"));
    T_STR(name, "New person");
    view_name(name, TEXT("Circle"));
    T_STR(name, "Circle");
}

T_CASE(every_head_says_which_clock_runs)
{
    struct group_row g = {.name = "Circle", .lifetime_hours = 7 * 24};
    struct buf out = {0};
    T_STR(head_of(&g, &out), "Circle [talk, gone in 7 days]\n");
    g.lifetime_hours = 24;
    T_STR(head_of(&g, &out), "Circle [talk, gone in 1 day]\n");
    g.lifetime_hours = 0;
    T_STR(head_of(&g, &out), "Circle [kept]\n");
    buf_free(&out);
}

T_CASE(who_is_not_in_yet_knows_no_clock)
{
    struct group_row g = {.name = "New group", .joining = true};
    struct buf out = {0};
    T_STR(head_of(&g, &out), "Waiting for the name [talk or kept: not known yet]\n");
    buf_free(&out);
}

T_CASE(what_ended_while_somebody_was_away_is_counted)
{
    static const struct {
        uint64_t ended;
        const char *says;
    } cases[] = {
        {0, ""},
        {1, "1 message ended while you were away.\n"},
        {12, "12 messages ended while you were away.\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct group_row g = {.ended_unread = cases[i].ended};
        struct screen s = {0};
        struct buf out = {0};
        view_add_ended(&s, &g);
        T_EQ(screen_render(&s, 0, &out), 0);
        T_EQ(buf_append(&out, BYTES("", 1), SIZE_MAX), 0);
        T_STR((const char *)out.p, cases[i].says);
        screen_free(&s);
        buf_free(&out);
    }
}

T_CASE(how_many_ended_is_read_from_the_row_of_a_group)
{
    struct api_map row = {0};
    struct buf map = {0};
    api_put_uint(&row, F_GROUP, 1);
    api_put_uint(&row, F_ENDED_UNREAD, 12);
    T_EQ(api_map_end(&row, &map, 1000), 0);
    T_EQ(view_group(BUF_BYTES(&map)).ended_unread, 12);
    buf_free(&map);
}

/* What the screen says of Otter, who was limited `times` times for `why`. */
static const char *limited(uint64_t why, uint64_t times, struct buf *out, bool json)
{
    struct screen s = {0};
    struct api_map row = {0};
    struct buf map = {0};
    api_put_text(&row, F_NAME, TEXT("Otter"));
    if (times)
        api_put_uint(&row, F_LIMITED, times);
    api_put_uint(&row, F_KIND, why);
    T_EQ(api_map_end(&row, &map, 1000), 0);
    buf_free(out);
    view_add_limited(&s, BUF_BYTES(&map));
    T_EQ(json ? screen_render_json(&s, out) : screen_render(&s, 0, out), 0);
    T_EQ(buf_append(out, BYTES("", 1), SIZE_MAX), 0);
    screen_free(&s);
    buf_free(&map);
    return (const char *)out->p;
}

T_CASE(who_was_limited_is_named_with_the_reason)
{
    struct buf out = {0};
    T_STR(limited(LIMITED_BYTES, 3, &out, false),
          "Otter sent too much. Some of it was left out.\n");
    T_STR(limited(LIMITED_BYTES, 3, &out, true),
          "{\"format\":1,\"limited_member\":\"Otter\",\"limited_why\":\"bytes\","
          "\"limited_times\":3}\n");
    for (uint64_t why = 0; why < LIMITED_END; why++)
        T(strncmp(limited(why, 1, &out, false), "Otter ", 6) == 0);
    T_STR(limited(LIMITED_END, 1, &out, false), "");   /* of a newer kring */
    T_STR(limited(LIMITED_BYTES, 0, &out, false), ""); /* an address, say */
    buf_free(&out);
}

T_RUN()
