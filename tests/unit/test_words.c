/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_words.c -- what is drawn from the lists, and looking words up in them. */
#include "cli/words.h"

#include "crypto/entropy_os.h"
#include "crypto/hash.h"
#include "crypto/slots.h"
#include "crypto/words_secret.h"
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

/* P6.11: ten bits a word, the first word from the first bits. */
T_CASE(a_sentence_is_four_words)
{
    static const uint8_t bits[5] = {0x00, 0x00, 0x10, 0x0b, 0xff};
    uint32_t n[4];
    struct buf en = {0}, nl = {0}, want = {0};
    words_numbers(bits, n);
    T(n[0] == 0 && n[1] == 1 && n[2] == 2 && n[3] == 1023);
    T_EQ(words_sentence(bits, 0, &en), 0);
    T_EQ(words_sentence(bits, 1, &nl), 0);
    for (int i = 0; i < 4; i++) {
        const char *word = words_en[n[i]];
        T_EQ(buf_append(&want, BYTES(i ? " " : "", i ? 1 : 0), SIZE_MAX), 0);
        T_EQ(buf_append(&want, BYTES(word, strlen(word)), SIZE_MAX), 0);
    }
    T(bytes_equal(BUF_BYTES(&en), BUF_BYTES(&want)));
    T(!bytes_equal(BUF_BYTES(&en), BUF_BYTES(&nl)));
    T(nl.n > strlen(words_nl[1023]) &&
      memcmp(nl.p + nl.n - strlen(words_nl[1023]), words_nl[1023],
             strlen(words_nl[1023])) == 0);
    en.n = 0;
    T_EQ(words_sentence(bits, 77, &en), 0); /* a language of later: English */
    T(bytes_equal(BUF_BYTES(&en), BUF_BYTES(&want)));
    buf_free(&en);
    buf_free(&nl);
    buf_free(&want);
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

static int read_words(const char *typed, const char *wanted, unsigned *wrong)
{
    struct buf out = {0};
    int err = words_typed(BYTES(typed, strlen(typed)), &out, wrong);
    T_NOTE("%s", typed);
    if (!err)
        T(bytes_equal(BUF_BYTES(&out), BYTES(wanted, strlen(wanted))));
    else
        T_EQ(out.n, 0);
    buf_free(&out);
    return err;
}

T_CASE(six_words_are_read_however_they_are_typed)
{
    static const char whole[] = "able acorn acrobat active actor agree";
    static const char *const typed[] = {
        "able acorn acrobat active actor agree",
        "  ABLE   Acorn acroBAT\tactive  actor agree \r",
        "\303\240ble acorn acrobat active actor a\314\201gree",
        "able\302\240acorn acrobat active actor agree",
    };
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        T_EQ(read_words(typed[i], whole, &wrong), 0);
        T(words_look(BYTES(typed[i], strlen(typed[i]))));
    }
    T_EQ(read_words("aaien aankomst aardbei ABRIKOOS acrobaat aaien",
                    "aaien aankomst aardbei abrikoos acrobaat aaien", &wrong),
         0);
}

T_CASE(a_wrong_word_is_named)
{
    unsigned wrong = 0;
    T_EQ(read_words("able acorn zebrra active actor agree", "", &wrong), ERR_MISTYPED);
    T_EQ(wrong, 3);
    T_EQ(read_words("aaien aankomst aardbei abrikoos acrobaat able", "", &wrong),
         ERR_MISTYPED);
    T_EQ(wrong, 6); /* of the other list */
    T_EQ(read_words("able acor acrobat active actor agree", "", &wrong), ERR_MISTYPED);
    T_EQ(wrong, 2);
    T_EQ(read_words("able acorn acrobat active actor", "", &wrong), ERR_TRUNCATED);
    T_EQ(read_words("", "", &wrong), ERR_TRUNCATED);
    T_EQ(read_words("able acorn acrobat active actor agree able", "", &wrong),
         ERR_TOOBIG);
    T_EQ(read_words("able able able able able able able able able able able able able "
                    "able able able",
                    "", &wrong),
         ERR_TOOBIG);
    T_EQ(read_words("able \xff", "", &wrong), ERR_UTF8);
}

T_CASE(what_is_no_words_is_left_to_others)
{
    static const char *const none[] = {"",      "able",           "kring04a8 01ab",
                                       "kring", "0b3x 9fz1 able", "\xff\xff able able"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        T_NOTE("%s", none[i]);
        T(!words_look(BYTES(none[i], strlen(none[i]))));
    }
}

/* Both sides come to one secret; another word gives another. */
T_CASE(words_stretch_to_one_secret)
{
    static const char whole[] = "able acorn acrobat active actor agree";
    static const char other[] = "able acorn acrobat active actor able";
    uint8_t a[WORDS_SECRET_BYTES], b[WORDS_SECRET_BYTES], c[WORDS_SECRET_BYTES];
    T_EQ(crypto_init(), 0);
    T_EQ(words_secret(a, BYTES(whole, sizeof whole - 1)), 0);
    T_EQ(words_secret(b, BYTES(whole, sizeof whole - 1)), 0);
    T_EQ(words_secret(c, BYTES(other, sizeof other - 1)), 0);
    T(memcmp(a, b, sizeof a) == 0);
    T(memcmp(a, c, sizeof a) != 0);
}

T_RUN()
