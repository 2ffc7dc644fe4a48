/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* slots.c -- passphrase forms, stretching, and the eight slots. */
#include "crypto/slots.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

enum {
    SALT_BYTES = 32,
    SECRET_BYTES = 32 + 24, /* data key and zeros */
    SLOT_BYTES = XNONCE_BYTES + SECRET_BYTES + AEAD_TAG_BYTES,
    STRETCH_PASSES = 3,
    WORD_LETTERS = 4
};

_Static_assert(SALT_BYTES + SLOTS_COUNT * SLOT_BYTES == SLOTS_FILE_BYTES,
               "the file's size");
_Static_assert(crypto_pwhash_argon2id_SALTBYTES == HASH16_BYTES,
               "the salt fits Argon2id");

/* ---- passphrases ----------------------------------------------------------- */

/* Length of the white space that valid UTF-8 `s` begins with at `i`, or 0. */
static size_t space_at(struct bytes s, size_t i)
{
    static const char *const wide[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    if (s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r'))
        return 1;
    for (size_t w = 0; w < sizeof wide / sizeof *wide; w++) {
        size_t n = strlen(wide[w]);
        if (s.n - i >= n && memcmp(s.p + i, wide[w], n) == 0)
            return n;
    }
    /* U+2000 to U+200A: spaces of many widths. */
    if (s.n - i >= 3 && s.p[i] == 0xe2 && s.p[i + 1] == 0x80 && s.p[i + 2] >= 0x80 &&
        s.p[i + 2] <= 0x8a)
        return 3;
    return 0;
}

/* Shrink `b` in place: white space runs to one space, none at the ends. */
static void join_spaces(struct buf *b)
{
    size_t n = 0, step = 0;
    for (size_t i = 0; i < b->n; i += step) {
        step = space_at(BUF_BYTES(b), i);
        if (step > 0) {
            if (n > 0 && b->p[n - 1] != ' ')
                b->p[n++] = ' ';
        } else {
            step = 1;
            b->p[n++] = b->p[i];
        }
    }
    if (n > 0 && b->p[n - 1] == ' ')
        n--;
    if (b->n > n)
        wipe(b->p + n, b->n - n);
    b->n = n;
}

/* The next word of `left`, whose words have one space between; it is cut off. */
static struct bytes next_word(struct bytes *left)
{
    size_t n = 0;
    while (n < left->n && left->p[n] != ' ')
        n++;
    struct bytes word = {left->p, n};
    n += n < left->n; /* the space */
    left->p += n;
    left->n -= n;
    return word;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* The first letters of a word in lower case to `four`; 0 if it holds anything that is
 * no plain letter, and so is a word of no list. */
static size_t word_four(struct bytes word, uint8_t four[static WORD_LETTERS])
{
    for (size_t i = 0; i < word.n; i++) {
        uint8_t c = lower(word.p[i]);
        if (c < 'a' || c > 'z')
            return 0;
        if (i < WORD_LETTERS)
            four[i] = c;
    }
    return word.n < WORD_LETTERS ? word.n : WORD_LETTERS;
}

static bool all_in_list(struct bytes left, bool (*in_list)(struct bytes four))
{
    uint8_t four[WORD_LETTERS] = {0};
    bool all = true;
    while (all && left.n > 0) {
        size_t n = word_four(next_word(&left), four);
        all = n > 0 && in_list(BYTES(four, n));
    }
    wipe(four, sizeof four);
    return all;
}

/* Shrink list words in place to their first letters in lower case. */
static void cut_words(struct buf *b)
{
    struct bytes left = BUF_BYTES(b);
    size_t n = 0, whole = b->n;
    while (left.n > 0) {
        uint8_t four[WORD_LETTERS] = {0};
        size_t letters = word_four(next_word(&left), four);
        if (n > 0)
            b->p[n++] = ' ';
        memcpy(b->p + n, four, letters); /* never past the word it came from */
        n += letters;
        wipe(four, sizeof four);
    }
    if (whole > n)
        wipe(b->p + n, whole - n);
    b->n = n;
}

int passphrase_canonical(struct bytes typed, bool (*in_list)(struct bytes four),
                         struct buf *out)
{
    struct buf text = {0};
    if (typed.n > LIMIT_PASSPHRASE_BYTES_MAX)
        return ERR_TOOBIG;
    int err = text_nfc(typed, &text, LIMIT_PASSPHRASE_BYTES_MAX);
    if (err)
        goto out;
    if (text.n > 0)
        join_spaces(&text);
    if (text.n == 0) {
        err = ERR_EMPTY;
        goto out;
    }
    if (in_list && all_in_list(BUF_BYTES(&text), in_list))
        cut_words(&text);
    err = buf_append(out, BUF_BYTES(&text), out->n + text.n);
out:
    buf_free(&text);
    return err;
}

/* ---- stretching ------------------------------------------------------------ */

int slots_stretch(uint8_t kek[static 32], struct bytes canonical,
                  const uint8_t file[static SLOTS_FILE_BYTES], unsigned rung)
{
    static const size_t memory_bytes[SLOTS_RUNGS] = {(size_t)64 << 20,
                                                     (size_t)256 << 20};
    uint8_t salt[HASH16_BYTES];
    CHECK(rung < SLOTS_RUNGS);
    hash16(salt, "slot salt", &BYTES(file, SALT_BYTES), 1);
    int failed = crypto_pwhash_argon2id(kek, 32, (const char *)canonical.p, canonical.n,
                                        salt, STRETCH_PASSES, memory_bytes[rung],
                                        crypto_pwhash_argon2id_ALG_ARGON2ID13);
    return failed ? ERR_NOMEM : 0;
}

/* ---- slots ----------------------------------------------------------------- */

/* What a slot is bound to: a fixed text, the salt, its number. */
struct slot_context {
    uint8_t bytes[10 + SALT_BYTES + 1];
};

static struct slot_context context_of(const uint8_t *file, unsigned slot)
{
    struct slot_context c;
    memcpy(c.bytes, "kring slot", 10);
    memcpy(c.bytes + 10, file, SALT_BYTES);
    c.bytes[10 + SALT_BYTES] = (uint8_t)slot;
    return c;
}

/* What an unused slot holds. */
static void filler(uint8_t out[static SLOT_BYTES], const uint8_t *file,
                   const uint8_t data_key[static 32], unsigned slot)
{
    static const uint8_t zeros[SLOT_BYTES], nonce[XNONCE_BYTES];
    uint8_t key[32], number = (uint8_t)slot;
    const struct bytes parts[] = {BYTES(file, SALT_BYTES), BYTES(&number, 1)};
    kdf(key, "slot filler", data_key, parts, 2);
    xchacha_xor(out, zeros, SLOT_BYTES, key, nonce);
    wipe(key, sizeof key);
}

unsigned slots_damaged(const uint8_t file[static SLOTS_FILE_BYTES],
                       const uint8_t data_key[static 32], unsigned slot)
{
    uint8_t want[SLOT_BYTES];
    unsigned damaged = 0;
    for (unsigned i = 0; i < SLOTS_COUNT; i++) {
        filler(want, file, data_key, i);
        const uint8_t *at = file + SALT_BYTES + i * SLOT_BYTES;
        if (i != slot && !ct_equal(want, at, SLOT_BYTES))
            damaged |= 1U << i;
    }
    return damaged;
}

void slots_mend(uint8_t file[static SLOTS_FILE_BYTES],
                const uint8_t data_key[static 32], unsigned slot)
{
    for (unsigned i = 0; i < SLOTS_COUNT; i++)
        if (i != slot)
            filler(file + SALT_BYTES + i * SLOT_BYTES, file, data_key, i);
}

void slots_create(uint8_t file[static SLOTS_FILE_BYTES], const uint8_t kek[static 32],
                  const uint8_t data_key[static 32], const struct entropy *entropy)
{
    uint8_t secret[SECRET_BYTES] = {0};
    unsigned slot = (unsigned)entropy_below(entropy, SLOTS_COUNT);
    uint8_t *at = file + SALT_BYTES + slot * SLOT_BYTES;
    entropy_fill(entropy, at, XNONCE_BYTES);
    slots_mend(file, data_key, slot);
    struct slot_context context = context_of(file, slot);
    memcpy(secret, data_key, 32);
    xaead_seal(at + XNONCE_BYTES, kek, at, BYTES_OF(context.bytes), BYTES_OF(secret));
    wipe(secret, sizeof secret);
}

/* Open one slot to `data_key` if it is one of ours; 1 if so, else 0.  Opening does
 * the same work when the tag is wrong: the library then skips the stream, so a
 * stream of that length is computed beside it. */
static uint8_t slot_try(const uint8_t *file, unsigned slot,
                        const uint8_t kek[static 32], uint8_t data_key[static 32])
{
    static const uint8_t zeros[SECRET_BYTES - 32];
    const uint8_t *at = file + SALT_BYTES + slot * SLOT_BYTES;
    struct slot_context context = context_of(file, slot);
    uint8_t secret[SECRET_BYTES] = {0}, idle[SECRET_BYTES];
    int err = xaead_open(secret, kek, at, BYTES_OF(context.bytes),
                         BYTES(at + XNONCE_BYTES, SLOT_BYTES - XNONCE_BYTES));
    if (err)
        xchacha_xor(idle, at + XNONCE_BYTES, sizeof idle, kek, at);
    else
        memset(idle, 0, sizeof idle);
    bool ours = ct_equal(secret + 32, zeros, sizeof zeros);
    uint8_t opened = (uint8_t)((err == 0) & ours), mask = (uint8_t)-opened;
    for (size_t i = 0; i < 32; i++)
        data_key[i] = (uint8_t)((data_key[i] & ~mask) | (secret[i] & mask));
    wipe(secret, sizeof secret);
    wipe(idle, sizeof idle);
    return opened;
}

int slots_open(const uint8_t file[static SLOTS_FILE_BYTES],
               const uint8_t kek[static 32], uint8_t data_key[static 32],
               unsigned *slot)
{
    uint8_t key[32] = {0};
    unsigned found = 0, where = 0;
    for (unsigned i = 0; i < SLOTS_COUNT; i++) { /* P11.1: all of them, always */
        unsigned opened = slot_try(file, i, kek, key);
        found |= opened;
        where |= i & (0U - opened);
    }
    if (found) {
        memcpy(data_key, key, sizeof key);
        *slot = where;
    }
    wipe(key, sizeof key);
    return found ? 0 : ERR_PASSPHRASE;
}
