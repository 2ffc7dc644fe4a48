/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_api.c -- requests and replies: round trips, bounds, broken bytes; addresses. */
#include "node/host/api.h"

#include <stdlib.h>

#include "base/limits.h"
#include "crypto/entropy_os.h"
#include "node/host/addresses.h"
#include "tests/lib/t.h"

static struct bytes text(const char *s)
{
    return BYTES(s, strlen(s));
}

static bool same(struct bytes b, const char *s)
{
    return bytes_equal(b, text(s));
}

/* ---- requests ------------------------------------------------------------ */

static const struct api_args full = {
    .group = 3,
    .has_group = true,
    .lifetime = 168,
    .has_lifetime = true,
    .steward = true,
    .uses = 5,
    .valid_hours = 48,
    .delay_ms = 30000,
    .draft = UINT64_MAX,
    .row = UINT64_C(1) << 40,
    .unread_only = true,
    .after = 1000,
    .limit = 50,
    .small = true,
    .language = 1,
    .answer = 3,
    .open = true,
};

T_CASE(request_comes_back)
{
    struct api_args a = full, b;
    struct buf out = {0};
    enum api_verb verb;
    a.name = text("Kring");
    a.pseudonym = text("W\xc3\xa9n");
    a.text = text("hello\nthere");
    a.id = BYTES("\1\2\xff", 3);
    T_EQ(api_encode(API_SAY, &a, &out), 0);
    T_EQ(api_decode(BUF_BYTES(&out), &verb, &b), 0);
    T_EQ(verb, API_SAY);
    T(b.has_group && b.has_lifetime && b.steward && b.unread_only && b.small);
    T(b.group == 3 && b.lifetime == 168 && b.uses == 5 && b.valid_hours == 48);
    T(b.delay_ms == 30000 && b.draft == UINT64_MAX && b.row == a.row);
    T(b.after == 1000 && b.limit == 50 && b.has_text);
    T(b.language == 1 && b.answer == 3 && b.open && bytes_equal(b.id, a.id));
    T(same(b.name, "Kring") && same(b.text, "hello\nthere"));
    T(bytes_equal(b.pseudonym, a.pseudonym));
    buf_free(&out);
}

T_CASE(absent_is_zero)
{
    struct api_args a = {0}, b = full;
    struct buf out = {0};
    enum api_verb verb;
    T_EQ(api_encode(API_STATUS, &a, &out), 0);
    T_EQ(out.n, 3); /* a map of one pair of small numbers */
    T_EQ(api_decode(BUF_BYTES(&out), &verb, &b), 0);
    T_EQ(verb, API_STATUS);
    T(!b.has_group && !b.has_text && !b.has_lifetime && b.text.n == 0 && b.limit == 0);
    buf_free(&out);
}

T_CASE(empty_text_is_said)
{
    struct api_args a = {.has_text = true}, b;
    struct buf out = {0};
    enum api_verb verb;
    T_EQ(api_encode(API_SETTING, &a, &out), 0);
    T_EQ(api_decode(BUF_BYTES(&out), &verb, &b), 0);
    T(b.has_text && b.text.n == 0);
    buf_free(&out);
}

/* A request may be LIMIT_COMMAND_BYTES_MAX long, and not a byte more. */
T_CASE(request_bound)
{
    size_t n = LIMIT_COMMAND_BYTES_MAX;
    char *long_text = malloc(n);
    struct buf out = {0};
    struct api_args b;
    enum api_verb verb;
    T_NEED(long_text != NULL);
    memset(long_text, 'a', n);
    struct api_args a = {.text = BYTES(long_text, n)};
    T_EQ(api_encode(API_SAY, &a, &out), ERR_TOOBIG);
    T_EQ(out.n, 0);
    a.text.n = n - 9; /* map, verb 2, key 1, head 5 */
    T_EQ(api_encode(API_SAY, &a, &out), 0);
    T_EQ(out.n, n);
    T_EQ(api_decode(BUF_BYTES(&out), &verb, &b), 0);
    T_EQ(api_decode(BYTES(out.p, n + 1), &verb, &b), ERR_TOOBIG);
    buf_free(&out);
    free(long_text);
}

T_CASE(broken_letters_are_refused)
{
    struct api_args a = {.text = BYTES("a\xff", 2)};
    struct buf out = {0};
    T_EQ(api_encode(API_SAY, &a, &out), ERR_UTF8);
    a.text = BYTES("a\0b", 3);
    T_EQ(api_encode(API_SAY, &a, &out), ERR_UTF8);
    T_EQ(out.n, 0);
    buf_free(&out);
}

struct bad_request {
    const char *bytes;
    size_t n;
    int err;
};

T_CASE(bad_requests)
{
    static const struct bad_request bad[] = {
        {"", 0, ERR_TRUNCATED},
        {"\x80", 1, ERR_MALFORMED},                         /* no verb */
        {"\x81\x02\x01", 3, ERR_MALFORMED},                 /* another field first */
        {"\x93\x01\x01\x01", 4, ERR_MALFORMED},             /* an array */
        {"\x81\x01", 2, ERR_TRUNCATED},                     /* cut off */
        {"\x81\x01\x01\x00", 4, ERR_MALFORMED},             /* something after it */
        {"\x81\x01\xcc\x01", 4, ERR_NOTCANON},              /* a longer form */
        {"\x82\x01\x01\x01\x01", 5, ERR_NOTCANON},          /* a field twice */
        {"\x82\x01\x01\x07\x02", 5, ERR_MALFORMED},         /* a flag of 2 */
        {"\x82\x01\x01\x05\xc4\x01\x61", 7, ERR_MALFORMED}, /* bytes for text */
        {"\x82\x01\x01\x05\xa1\xff", 6, ERR_UTF8},
        {"\x82\x01\x01\x02\xcf\x00\x00\x00\x01\x00\x00\x00\x00", 13, ERR_MALFORMED},
        {"\x82\x01\x01\x63\xdc\xff\xff", 7, ERR_TOOBIG}, /* a claimed count */
    };
    struct api_args a;
    enum api_verb verb;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        T_NOTE("request %zu", i);
        T_EQ(api_decode(BYTES(bad[i].bytes, bad[i].n), &verb, &a), bad[i].err);
    }
}

/* A face that is newer may say more: what we do not know is skipped (P1.3). */
T_CASE(unknown_field_is_skipped)
{
    static const char newer[] = "\x83\x01\x08\x02\x04\xcd\x03\xe8\x91\xa1\x61";
    struct api_args a;
    enum api_verb verb;
    T_EQ(api_decode(BYTES(newer, sizeof newer - 1), &verb, &a), 0);
    T(verb == API_SAY && a.group == 4);
}

/* Whatever a byte is changed to, decoding ends with a clean answer, and what is
 * accepted is in the one canonical form. */
T_CASE(mutated_requests)
{
    struct entropy_stream state = {.key = "mutated requests"};
    struct entropy e = entropy_stream(&state);
    struct api_args a = full, b;
    struct buf out = {0};
    enum api_verb verb;
    a.text = text("hello");
    a.name = text("name");
    T_NEED(api_encode(API_SAY, &a, &out) == 0);
    int taken = 0;
    for (int i = 0; i < 20000; i++) {
        uint8_t copy[128];
        T_NEED(out.n <= sizeof copy);
        memcpy(copy, out.p, out.n);
        size_t n = out.n - (size_t)entropy_below(&e, 3);
        for (uint64_t k = entropy_below(&e, 3); k < 3; k++)
            copy[entropy_below(&e, n)] = (uint8_t)entropy_below(&e, 256);
        if (api_decode(BYTES(copy, n), &verb, &b) < 0)
            continue;
        taken++;
        T(mp_check(BYTES(copy, n), 128) == 0);
        T(b.text.n == 0 || (b.text.p >= copy && b.text.p + b.text.n <= copy + n));
    }
    T(taken > 0);
    buf_free(&out);
}

/* ---- replies ------------------------------------------------------------- */

static int reply_make(struct api_reply *r, uint32_t rows)
{
    struct api_answer a = {0};
    int err = 0;
    api_put_uint(&a.values, F_GROUP, 7);
    api_put_text(&a.values, F_TEXT, text("line"));
    for (uint32_t i = 0; i < rows && err == 0; i++) {
        struct api_map row = {0};
        api_put_text(&row, F_NAME, text("Wren"));
        api_put_uint(&row, F_ROW, i);
        api_put_flag(&row, F_ME, i == 1);
        err = api_answer_row(&a, &row);
    }
    int ended = api_answer_end(&a, &r->bytes);
    if (err == 0)
        err = ended;
    return err < 0 ? err : api_reply_parse(r);
}

T_CASE(reply_comes_back)
{
    struct api_reply r = {0};
    T_EQ(reply_make(&r, 3), 0);
    T_EQ(r.err, 0);
    T_EQ(api_rows(&r), 3);
    T_EQ(api_uint(api_row(&r, UINT32_MAX), F_GROUP, 0), 7);
    T(same(api_bytes(api_row(&r, UINT32_MAX), F_TEXT), "line"));
    for (uint32_t i = 0; i < 3; i++) {
        T_EQ(api_uint(api_row(&r, i), F_ROW, 99), i);
        T_EQ(api_uint(api_row(&r, i), F_ME, 0), i == 1);
        T_EQ(api_has(api_row(&r, i), F_ME), i == 1);
        T(same(api_bytes(api_row(&r, i), F_NAME), "Wren"));
    }
    T_EQ(api_row(&r, 3).n, 0);
    T_EQ(api_uint(api_row(&r, 3), F_ROW, 99), 99);
    T_EQ(api_uint(api_row(&r, 0), F_NAME, 5), 5); /* a text is no number */
    api_reply_free(&r);
    api_reply_free(&r);
    api_reply_free(NULL);
}

T_CASE(error_reply_says_only_that)
{
    struct api_answer a = {0};
    struct api_reply r = {0};
    struct api_map row = {0};
    api_put_uint(&a.values, F_GROUP, 7);
    api_put_uint(&row, F_ROW, 1);
    T_EQ(api_answer_row(&a, &row), 0);
    a.err = ERR_DENIED;
    T_EQ(api_answer_end(&a, &r.bytes), 0);
    T_EQ(api_reply_parse(&r), 0);
    T_EQ(r.err, ERR_DENIED);
    T(api_rows(&r) == 0 && !api_has(r.values, F_GROUP));
    api_reply_free(&r);
}

T_CASE(every_error_travels)
{
    for (int err = ERR__FIRST + 1; err < ERR__END; err++) {
        struct api_answer a = {.err = err};
        struct api_reply r = {0};
        T_NOTE("error %d", err);
        T_EQ(api_answer_end(&a, &r.bytes), 0);
        T_EQ(api_reply_parse(&r), 0);
        T_EQ(r.err, err);
        api_reply_free(&r);
    }
}

/* Rows that would take a reply past a mebibyte are left out; the rest stands. */
T_CASE(reply_bound)
{
    static char body[60000];
    struct api_answer a = {0};
    struct api_reply r = {0};
    int err = 0;
    uint32_t rows = 0;
    memset(body, 'x', sizeof body);
    while (err == 0 && rows < 100) {
        struct api_map row = {0};
        api_put_text(&row, F_TEXT, BYTES_OF(body));
        err = api_answer_row(&a, &row);
        rows += err == 0;
    }
    T_EQ(err, ERR_FULL);
    T_EQ(rows, API_REPLY_BYTES_MAX / (sizeof body + 5));
    api_put_uint(&a.values, F_AFTER, rows);
    T_EQ(api_answer_end(&a, &r.bytes), 0);
    T(r.bytes.n <= API_REPLY_BYTES_MAX);
    T_EQ(api_reply_parse(&r), 0);
    T_EQ(api_rows(&r), rows);
    api_reply_free(&r);
}

T_CASE(broken_text_goes_as_bytes)
{
    struct api_answer a = {0};
    struct api_reply r = {0};
    api_put_text(&a.values, F_NAME, BYTES("a\xff", 2));
    T_EQ(api_answer_end(&a, &r.bytes), 0);
    T_EQ(api_reply_parse(&r), 0);
    T_MEM(api_bytes(r.values, F_NAME).p, "a\xff", 2);
    api_reply_free(&r);
}

static int parse_bytes(const void *p, size_t n)
{
    struct api_reply r = {0};
    int err = buf_append(&r.bytes, BYTES(p, n), n);
    if (err == 0)
        err = api_reply_parse(&r);
    for (uint32_t i = 0; err == 0 && i < api_rows(&r); i++)
        (void)api_bytes(api_row(&r, i), F_TEXT);
    api_reply_free(&r);
    return err;
}

T_CASE(bad_replies)
{
    T_EQ(parse_bytes("\x93\x00\x80\x90", 4), 0);
    T_EQ(parse_bytes("\x92\x00\x80", 3), ERR_MALFORMED);
    T_EQ(parse_bytes("\x93\x00\x90\x90", 4), ERR_MALFORMED);
    T_EQ(parse_bytes("\x93\x00\x80\x80", 4), ERR_MALFORMED);
    T_EQ(parse_bytes("\x93\x00\x80\x91\x01", 5), ERR_MALFORMED);
    T_EQ(parse_bytes("\x93\xff\x80\x90", 4), ERR_MALFORMED);
    T_EQ(parse_bytes("\x93\x00\x80", 3), ERR_TRUNCATED);
    T_EQ(parse_bytes("\x93\x00\x80\xdd\x00\x20\x00\x00", 8), ERR_TOOBIG);
}

T_CASE(mutated_replies)
{
    struct entropy_stream state = {.key = "mutated replies"};
    struct entropy e = entropy_stream(&state);
    struct api_reply r = {0};
    T_NEED(reply_make(&r, 4) == 0);
    int taken = 0;
    for (int i = 0; i < 20000; i++) {
        uint8_t copy[256];
        T_NEED(r.bytes.n <= sizeof copy);
        memcpy(copy, r.bytes.p, r.bytes.n);
        copy[entropy_below(&e, r.bytes.n)] = (uint8_t)entropy_below(&e, 256);
        taken += parse_bytes(copy, r.bytes.n) == 0;
    }
    T(taken > 0);
    api_reply_free(&r);
}

/* ---- addresses ----------------------------------------------------------- */

static int split(const char *s, struct address *a)
{
    return address_split(text(s), a);
}

T_CASE(addresses_are_taken_apart)
{
    struct address a = {0};
    T_EQ(split("127.0.0.1:4000", &a), 0);
    T_STR(a.host, "127.0.0.1");
    T_EQ(a.port, 4000);
    T_EQ(split("[2001:db8::1]:65535", &a), 0);
    T_STR(a.host, "2001:db8::1");
    T_EQ(a.port, 65535);
    T_EQ(split("union.example:0", &a), 0);
    T_EQ(a.port, 0);
    T_EQ(split("*:1", &a), 0);
}

T_CASE(bad_addresses)
{
    static const char *const bad[] = {
        "",           ":1",        "host",  "host:",    "host:x",
        "host:65536", "h:-1",      "h:+1",  "::1:4000", "[::1]",
        "[::1]4000",  "[::1:4000", "h t:1", "h\n:1",    "host:123456",
        "[]:1",       "a/b:1",     "h:1 ",  "h\x1b:1"};
    struct address a = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        T_NOTE("address %zu", i);
        T_EQ(split(bad[i], &a), ERR_NOHOST);
    }
    char long_one[LIMIT_ADDRESS_BYTES_MAX + 2];
    memset(long_one, 'a', sizeof long_one);
    memcpy(long_one + LIMIT_ADDRESS_BYTES_MAX - 2, ":1", 2);
    T_EQ(address_split(BYTES(long_one, LIMIT_ADDRESS_BYTES_MAX), &a), 0);
    T_EQ(address_split(BYTES(long_one, LIMIT_ADDRESS_BYTES_MAX + 1), &a), ERR_TOOBIG);
}

/* LIMIT_ADDRESSES_MAX: the next one is refused, a known one is not. */
T_CASE(address_list_bound)
{
    struct address_list list = {0}, again;
    struct buf lines = {0};
    for (uint16_t i = 1; i <= LIMIT_ADDRESSES_MAX; i++)
        T_EQ(address_add(&list, i % 2 ? "10.0.0.1" : "fd00::1", i), 0);
    T_EQ(address_add(&list, "10.0.0.1", 99), ERR_FULL);
    T_STR(list.text[1], "[fd00::1]:2");
    T_EQ(address_list_write(&list, &lines), 0);
    address_list_read(BUF_BYTES(&lines), &again);
    T(address_list_equal(&list, &again));
    list.count--;
    T(!address_list_equal(&list, &again));
    T_EQ(address_add(&list, "10.0.0.1", 1), 0); /* there already */
    T_EQ(list.count, LIMIT_ADDRESSES_MAX - 1);
    buf_free(&lines);
}

T_CASE(own_interfaces_give_an_address)
{
    struct address_list list = {0};
    struct address a;
    address_add_interfaces(&list, 4000, true, true);
    T(list.count > 0);
    for (size_t i = 0; i < list.count; i++) {
        T_EQ(split(list.text[i], &a), 0);
        T_EQ(a.port, 4000);
        T(strncmp(a.host, "fe80:", 5) != 0);
    }
}

T_RUN()
