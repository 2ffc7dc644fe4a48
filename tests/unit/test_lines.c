/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_lines.c -- lines of a text: counted, changed, taken out; and what is left out of
 * a text that was half typed. */
#include "cli/lines.h"

#include <string.h>

#include "cli/draft.h"
#include "tests/lib/t.h"

static struct bytes of(const char *s)
{
    return BYTES(s, strlen(s));
}

static struct buf text_of(const char *s)
{
    struct buf b = {0};
    T_EQ(buf_append(&b, of(s), SIZE_MAX), 0);
    return b;
}

static bool is(const struct buf *b, const char *s)
{
    return bytes_equal(BUF_BYTES(b), of(s));
}

T_CASE(lines_are_counted)
{
    static const struct {
        const char *text;
        size_t lines;
    } cases[] = {{"", 0}, {"a", 1}, {"a\n", 2}, {"a\nb", 2}, {"\n", 2}, {"a\n\nb", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        T_EQ(lines_count(of(cases[i].text)), cases[i].lines);
    T(bytes_equal(lines_at(of("a\n\nbc"), 1), of("a")));
    T(bytes_equal(lines_at(of("a\n\nbc"), 2), of("")));
    T(bytes_equal(lines_at(of("a\n\nbc"), 3), of("bc")));
    T_EQ(lines_at(of("a\nb"), 0).n, 0);
    T_EQ(lines_at(of("a\nb"), 3).n, 0);
    T(lines_at(of("a\n"), 2).p != NULL); /* an empty line is one */
}

T_CASE(lines_are_added_to_the_bound)
{
    struct buf b = {0};
    T_EQ(lines_add(&b, of("one"), 8), 0);
    T_EQ(lines_add(&b, of("two!"), 8), 0);
    T(is(&b, "one\ntwo!"));
    T_EQ(lines_add(&b, of(""), 8), ERR_TOOBIG);
    T(is(&b, "one\ntwo!"));
    buf_free(&b);
    T_EQ(lines_part(of("ab\xc3\xa9"), 3).n, 2);
    T_EQ(lines_part(of("ab\xc3\xa9"), 4).n, 4);
    T_EQ(lines_part(of("ab"), 0).n, 0);
}

T_CASE(a_line_is_changed)
{
    struct buf b = text_of("one\ntwo\nthree");
    T_EQ(lines_change(&b, 2, of("TWO"), 64), 0);
    T_EQ(lines_change(&b, 3, of(""), 64), 0);
    T(is(&b, "one\nTWO\n"));
    T_EQ(lines_change(&b, 1, of("1"), 64), 0);
    T(is(&b, "1\nTWO\n"));
    T_EQ(lines_change(&b, 0, of("x"), 64), ERR_USAGE);
    T_EQ(lines_change(&b, 4, of("x"), 64), ERR_USAGE);
    T_EQ(lines_change(&b, 1, of("much too long"), 16), ERR_TOOBIG);
    T(is(&b, "1\nTWO\n"));
    buf_free(&b);
}

T_CASE(lines_go)
{
    struct buf b = text_of("one\ntwo\nthree");
    T_EQ(lines_take_out(&b, 4), ERR_USAGE);
    T_EQ(lines_take_out(&b, 3), 0);
    T(is(&b, "one\ntwo"));
    T_EQ(lines_take_out(&b, 1), 0);
    T(is(&b, "two"));
    T_EQ(lines_take_out(&b, 1), 0);
    T_EQ(b.n, 0);
    T_EQ(lines_take_out(&b, 1), ERR_USAGE);
    buf_free(&b);
}

T_CASE(what_no_text_has_is_left_out)
{
    static const struct {
        const char *typed, *kept;
    } cases[] = {
        {"caf\xc3\xa9 \xf0\x9f\xa6\xa6\t.\nb", "caf\xc3\xa9 \xf0\x9f\xa6\xa6\t.\nb"},
        {"caf\xe9 noir", "caf noir"},
        {"cut \xe2\x82", "cut "},
        {"le\x1b[D\x1b[1;5Cft \x1bOA\x1b", "left "},
        {"\x1b[31mred\x07\x7f \xc2\x9b"
         "x",
         "red x"},
        {"\xe2\x80\x8fmark stays", "\xe2\x80\x8fmark stays"},
        {"\xed\xa0\x80\xff\xfe", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        T_NOTE("case %zu", i);
        T_EQ(draft_mend(of(cases[i].typed), &out, 64), 0);
        T(is(&out, cases[i].kept));
        buf_free(&out);
    }
    struct buf out = {0};
    T_EQ(draft_mend(of("abc"), &out, 2), ERR_TOOBIG);
    T(is(&out, "ab"));
    buf_free(&out);
    T_EQ(draft_mend(BYTES("a\0b", 3), &out, 8), 0);
    T(is(&out, "ab"));
    buf_free(&out);
}

T_RUN()
