/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_words.c -- what is drawn from the lists, and looking words up in them. */
#include "cli/words.h"

#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "crypto/slots.h"
#include "tests/lib/t.h"

static struct entropy test_entropy(struct entropy_stream *state, uint8_t seed)
{
    *state = (struct entropy_stream){.key = {seed}};
    T_EQ(crypto_init(), 0);
    return entropy_stream(state);
}

T_CASE(every_word_is_found_by_four_letters)
{
    for (size_t i = 0; i < words_en_count; i++) {
        T_NOTE("%s", words_en[i]);
        T(words_in_list(BYTES(words_en[i], strnlen(words_en[i], 4))));
    }
    for (size_t i = 0; i < words_nl_count; i++) {
        T_NOTE("%s", words_nl[i]);
        T(words_in_list(BYTES(words_nl[i], strnlen(words_nl[i], 4))));
    }
    T_EQ(words_en_count, 1024);
    T_EQ(words_nl_count, 1024);
}

T_CASE(what_is_no_word_is_not_found)
{
    static const char *const none[] = {"", "a", "zzzz", "qqq", "aaaaa", "{{{{", "\xff"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        T_NOTE("%s", none[i]);
        T(!words_in_list(BYTES(none[i], strlen(none[i]))));
    }
}

T_CASE(suggested_words_are_of_the_list)
{
    struct entropy_stream state;
    struct entropy e = test_entropy(&state, 1);
    for (int round = 0; round < 50; round++) {
        struct buf words = {0};
        size_t count = 0, at = 0;
        T_EQ(words_suggest(&e, round % 2 ? "nl" : "en", &words), 0);
        for (size_t i = 0; i <= words.n; i++) {
            if (i < words.n && words.p[i] != ' ')
                continue;
            size_t n = i - at < 4 ? i - at : 4;
            T(words_in_list(BYTES(words.p + at, n)));
            count++;
            at = i + 1;
        }
        T_EQ(count, WORDS_SUGGESTED);
        buf_free(&words);
    }
}

T_CASE(suggestions_differ)
{
    struct entropy_stream state;
    struct entropy e = test_entropy(&state, 2);
    struct buf a = {0}, b = {0};
    T_EQ(words_suggest(&e, "en", &a), 0);
    T_EQ(words_suggest(&e, "en", &b), 0);
    T(!bytes_equal(BUF_BYTES(&a), BUF_BYTES(&b)));
    buf_free(&a);
    buf_free(&b);
}

T_CASE(three_different_names)
{
    struct entropy_stream state;
    struct entropy e = test_entropy(&state, 3);
    for (int round = 0; round < 500; round++) {
        const char *n[NAMES_SUGGESTED] = {NULL};
        names_suggest(&e, "nl", n);
        T(n[0] && n[1] && n[2] && n[0] != n[1] && n[1] != n[2] && n[0] != n[2]);
    }
}

T_CASE(four_letters_are_enough_for_a_passphrase)
{
    struct entropy_stream state;
    struct entropy e = test_entropy(&state, 4);
    struct buf words = {0}, cut = {0}, a = {0}, b = {0};
    T_EQ(words_suggest(&e, "en", &words), 0);
    size_t in_word = 0;
    for (size_t i = 0; i < words.n; i++) {
        in_word = words.p[i] == ' ' ? 0 : in_word + 1;
        if (in_word <= 4)
            T_EQ(buf_append(&cut, BYTES(words.p + i, 1), SIZE_MAX), 0);
    }
    T_EQ(passphrase_canonical(BUF_BYTES(&words), words_in_list, &a), 0);
    T_EQ(passphrase_canonical(BUF_BYTES(&cut), words_in_list, &b), 0);
    T(bytes_equal(BUF_BYTES(&a), BUF_BYTES(&b)));
    buf_free(&words);
    buf_free(&cut);
    buf_free(&a);
    buf_free(&b);
}

T_RUN()
