/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_invitation.c -- an invitation in rows, as people paste it. */
#include "cli/invitation.h"

#include "base/limits.h"
#include "crypto/hash.h"
#include "node/core/link.h"
#include "tests/lib/t.h"

#define TEXT(s) BYTES(s, strlen(s))

/* An invitation with one address. */
static struct buf line_of(void)
{
    struct invite_line in = {.kind = 1, .v = {1}, .group = {2}, .addresses_count = 1};
    struct buf line = {0};
    in.addresses[0] = TEXT("127.0.0.1:4417");
    T_EQ(crypto_init(), 0);
    T_EQ(invite_encode(&in, &line), 0);
    return line;
}

T_CASE(gaps_and_marks_go_and_letters_stay)
{
    static const struct {
        const char *from, *to;
    } texts[] = {
        {"kring abc", "kringabc"},
        {"> kring\r\n> abc\n", "kringabc"},
        {"\tkring\xc2\xa0"
         "abc\xe2\x80\x8b\xef\xbb\xbf",
         "kringabc"},
        {"kring\xc2\xad"
         "abc|",
         "kringabc"},
        {"\xc2\xa3x", "\xc2\xa3x"}, /* what is no gap is for invitation_check */
        {"", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf line = {0};
        T_NOTE("text %zu", i);
        T_EQ(invitation_squeeze(TEXT(texts[i].from), &line, 64), 0);
        T_EQ(buf_append(&line, BYTES("", 1), SIZE_MAX), 0);
        T_STR((const char *)line.p, texts[i].to);
        buf_free(&line);
    }
}

T_CASE(what_is_too_long_is_refused)
{
    struct buf line = {0};
    T_EQ(invitation_squeeze(TEXT("kringabc"), &line, 5), ERR_TOOBIG);
    buf_free(&line);
}

T_CASE(every_beginning_asks_for_the_rest)
{
    struct buf line = line_of();
    for (size_t n = 1; n < line.n; n++) {
        T_NOTE("%zu letters", n);
        T_EQ(invitation_check(BYTES(line.p, n)), ERR_TRUNCATED);
    }
    T_EQ(invitation_check(BUF_BYTES(&line)), 0);
    buf_free(&line);
}

T_CASE(rows_make_one_invitation)
{
    struct buf line = line_of(), got = {0};
    for (size_t at = 0; at < line.n; at += 30) {
        size_t n = line.n - at < 30 ? line.n - at : 30;
        T_EQ(at == 0 ? ERR_TRUNCATED : invitation_check(BUF_BYTES(&got)),
             ERR_TRUNCATED);
        T_EQ(invitation_squeeze(TEXT("> "), &got, 1024), 0);
        T_EQ(invitation_squeeze(BYTES(line.p + at, n), &got, 1024), 0);
    }
    T_EQ(invitation_check(BUF_BYTES(&got)), 0);
    T_EQ(got.n, line.n);
    buf_free(&line);
    buf_free(&got);
}

T_CASE(what_is_wrong_is_told_apart)
{
    struct buf line = line_of();
    T_EQ(invitation_check(TEXT("")), ERR_EMPTY);
    T_EQ(invitation_check(TEXT("hello")), ERR_FOREIGN);
    T_EQ(invitation_check(TEXT("x")), ERR_FOREIGN);
    T_EQ(invitation_check(TEXT("KRI")), ERR_TRUNCATED);
    line.p[40] = line.p[40] == 'a' ? 'b' : 'a';
    T_EQ(invitation_check(BUF_BYTES(&line)), ERR_MISTYPED);
    buf_free(&line);
}

T_RUN()
