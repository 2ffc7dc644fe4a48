/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_json.c -- commas, escapes, and nothing dangerous left. */
#include "cli/json.h"
#include "tests/lib/t.h"

static const char *text_of(struct buf *b)
{
    return buf_append(b, BYTES("", 1), SIZE_MAX) ? "" : (const char *)b->p;
}

T_CASE(object_with_every_kind)
{
    struct buf out = {0};
    struct json j = json_to(&out);
    json_object(&j, NULL);
    json_text(&j, "a", BYTES("x", 1));
    json_number(&j, "n", UINT64_MAX);
    json_flag(&j, "yes", true);
    json_flag(&j, "no", false);
    json_null(&j, "z");
    json_list(&j, "l");
    json_text(&j, NULL, BYTES("p", 1));
    json_text(&j, NULL, BYTES("q", 1));
    json_list_end(&j);
    json_object(&j, "o");
    json_object_end(&j);
    json_object_end(&j);
    T_EQ(json_line_end(&j), 0);
    T_STR(text_of(&out),
          "{\"a\":\"x\",\"n\":18446744073709551615,\"yes\":true,\"no\":false,"
          "\"z\":null,\"l\":[\"p\",\"q\"],\"o\":{}}\n");
    buf_free(&out);
}

T_CASE(two_lines_begin_alike)
{
    struct buf out = {0};
    struct json j = json_to(&out);
    for (int i = 0; i < 2; i++) {
        json_object(&j, NULL);
        json_object_end(&j);
        T_EQ(json_line_end(&j), 0);
    }
    T_STR(text_of(&out), "{}\n{}\n");
    buf_free(&out);
}

T_CASE(escapes_quotes_backslash_newline)
{
    struct buf out = {0};
    struct json j = json_to(&out);
    json_text(&j, "a", BYTES("\"\\\n\t", 4));
    T_STR(text_of(&out), "\"a\":\"\\\"\\\\\\n \"");
    buf_free(&out);
}

T_CASE(control_and_bidi_never_come_out)
{
    static const char bad[] = "a\x1b[31mb\xe2\x80\xae"
                              "c\x07\xff"
                              "d";
    struct buf out = {0};
    struct json j = json_to(&out);
    json_text(&j, "t", BYTES(bad, sizeof bad - 1));
    T_EQ(j.err, 0);
    T(memchr(out.p, 0x1b, out.n) == NULL);
    T(memchr(out.p, 0x07, out.n) == NULL);
    T(memchr(out.p, 0xff, out.n) == NULL);
    T_STR(text_of(&out), "\"t\":\"abcd\"");
    buf_free(&out);
}

T_RUN()
