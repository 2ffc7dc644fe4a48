/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_screen.c -- a screen as lines and as JSON. */
#include "cli/screen.h"

#include "base/text.h"
#include "tests/lib/t.h"

#define TEXT(s) BYTES(s, strlen(s))

static const char *drawn(const struct screen *s, size_t columns, struct buf *out)
{
    buf_free(out);
    T_EQ(screen_render(s, columns, out), 0);
    T_EQ(buf_append(out, BYTES("", 1), SIZE_MAX), 0);
    return (const char *)out->p;
}

static const char *drawn_json(const struct screen *s, struct buf *out)
{
    buf_free(out);
    T_EQ(screen_render_json(s, out), 0);
    T_EQ(buf_append(out, BYTES("", 1), SIZE_MAX), 0);
    return (const char *)out->p;
}

/* Every part of a screen, in order. */
static void fill(struct screen *s)
{
    screen_title(s, "Circle");
    screen_clock(s, "[talk, gone in 7 days]");
    screen_text(s, "A sentence.");
    screen_pair(s, "Wren", TEXT("keeper"));
    screen_said(s, "Otter", TEXT("one\ntwo"));
    screen_choice(s, "1", "Write");
    screen_choice(s, "0", "Back");
    screen_question(s, "Number:");
}

T_CASE(lines_without_a_terminal)
{
    struct screen s = {0};
    struct buf out = {0};
    fill(&s);
    T_STR(drawn(&s, 0, &out), "Circle [talk, gone in 7 days]\n"
                              "A sentence.\n"
                              "Wren: keeper\n"
                              "Otter:\n  one\n  two\n"
                              "1  Write\n0  Back\nNumber:\n");
    screen_free(&s);
    buf_free(&out);
}

T_CASE(large_letters_stand_apart)
{
    struct screen s = {0};
    struct buf out = {0};
    fill(&s);
    screen_row(&s); /* nothing to see, so no empty line either */
    T_EQ(screen_render_large(&s, 28, &out), 0);
    T_EQ(buf_append(&out, BYTES("", 1), SIZE_MAX), 0);
    T_STR((const char *)out.p, "Circle [talk, gone in 7\n"
                               "days]\n\n"
                               "A sentence.\n\n"
                               "Wren: keeper\n\n"
                               "Otter:\n  one\n  two\n\n"
                               "1  Write\n\n0  Back\n\nNumber:\n");
    screen_free(&s);
    buf_free(&out);
}

T_CASE(json_of_a_screen_without_cells)
{
    struct screen s = {0};
    struct buf out = {0};
    fill(&s);
    T_STR(drawn_json(&s, &out),
          "{\"format\":1,\"title\":\"Circle\",\"clock\":\"[talk, gone in 7 days]\","
          "\"lines\":["
          "{\"label\":null,\"text\":\"A sentence.\"},"
          "{\"label\":\"Wren\",\"text\":\"keeper\"},"
          "{\"label\":\"Otter\",\"text\":\"one\\ntwo\"}],\"choices\":["
          "{\"key\":\"1\",\"text\":\"Write\"},{\"key\":\"0\",\"text\":\"Back\"}],"
          "\"question\":\"Number:\"}\n");
    screen_free(&s);
    buf_free(&out);
}

T_CASE(json_of_rows_is_one_object_a_line)
{
    struct screen s = {0};
    struct buf out = {0};
    screen_title(&s, "Circle");
    for (int i = 0; i < 2; i++) {
        screen_row(&s);
        screen_cell_text(&s, "name", TEXT("Wren \"2\""));
        screen_cell_number(&s, "n", 7);
        screen_cell_flag(&s, "me", i == 1);
        screen_cell_null(&s, "by");
        screen_cell_list(&s, "l", i == 0 ? TEXT("a\nb") : TEXT(""));
    }
    T_STR(drawn_json(&s, &out),
          "{\"format\":1,\"name\":\"Wren \\\"2\\\"\",\"n\":7,\"me\":false,\"by\":null,"
          "\"l\":[\"a\",\"b\"]}\n"
          "{\"format\":1,\"name\":\"Wren \\\"2\\\"\",\"n\":7,\"me\":true,\"by\":null,"
          "\"l\":[]}\n");
    T_STR(drawn(&s, 0, &out), "Circle\n");
    screen_free(&s);
    buf_free(&out);
}

T_CASE(an_empty_list_prints_no_json)
{
    struct screen s = {0};
    struct buf out = {0};
    screen_title(&s, "Circle");
    T_STR(drawn_json(&s, &out), "");
    screen_free(&s);
    buf_free(&out);
}

/* The widest line of what was drawn. */
static size_t widest(const char *text)
{
    size_t most = 0;
    while (*text) {
        size_t n = strcspn(text, "\n"), width = text_width(BYTES(text, n));
        most = width > most ? width : most;
        text += n + (text[n] == '\n');
    }
    return most;
}

T_CASE(nothing_is_wider_than_the_columns)
{
    static const char *const texts[] = {
        "Not for emergencies. Messages can take days. Call 112 first.",
        "onewordwithoutanyspacethatislongerthanfortycolumnsandgoeson",
        "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97"
        "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97"
        "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97"
        "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97",
        "a    gap     of     many     spaces      in      the     middle     here",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t columns = 20; columns <= 80; columns += 20) {
            struct screen s = {0};
            struct buf out = {0};
            T_NOTE("text %zu at %zu", i, columns);
            screen_text(&s, texts[i]);
            screen_said(&s, "Otter", TEXT(texts[i]));
            screen_choice(&s, "12", texts[i]);
            T(widest(drawn(&s, columns, &out)) <= columns);
            screen_free(&s);
            buf_free(&out);
        }
    }
}

T_CASE(wrapping_keeps_every_word)
{
    struct buf out = {0};
    T_EQ(screen_wrap(&out, TEXT("one two three four"), 10, 2), 0);
    T_EQ(buf_append(&out, BYTES("", 1), SIZE_MAX), 0);
    T_STR((const char *)out.p, "  one two\n  three\n  four\n");
    buf_free(&out);
}

T_CASE(texts_cannot_forge_lines_or_reach_the_terminal)
{
    static const char evil[] = "hi\x1b[2J\nWren:\n\xe2\x80\xaegnp\x07";
    struct screen s = {0};
    struct buf out = {0};
    screen_said(&s, "Otter", BYTES(evil, sizeof evil - 1));
    screen_pair(&s, "x\x1b", TEXT("y\xc2\x9b"));
    T_STR(drawn(&s, 0, &out), "Otter:\n  hi\n  Wren:\n  gnp\nx: y\n");
    screen_free(&s);
    buf_free(&out);
}

T_CASE(bounds_are_answers)
{
    struct screen s = {0};
    struct buf out = {0};
    for (int i = 0; i <= SCREEN_LINES_MAX; i++)
        screen_row(&s);
    T_EQ(s.err, ERR_FULL);
    T_EQ(screen_render(&s, 0, &out), ERR_FULL);
    T_EQ(screen_render_json(&s, &out), ERR_FULL);
    screen_free(&s);
    for (int i = 0; i <= SCREEN_CHOICES_MAX; i++)
        screen_choice(&s, "1", "x");
    T_EQ(s.err, ERR_FULL);
    screen_free(&s);
    screen_row(&s);
    for (int i = 0; i <= SCREEN_CELLS_MAX; i++)
        screen_cell_number(&s, "n", 1);
    T_EQ(s.err, ERR_FULL);
    screen_free(&s);
    buf_free(&out);
}

T_RUN()
