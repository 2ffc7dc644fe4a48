/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* constant_time.c -- what works on secrets, under valgrind with the secrets marked as
 * undefined: memcheck then complains of every branch and every index that hangs on one.
 * The verdicts that may be known pass through reveal() (crypto/reveal.h), which is
 * replaced here.
 *
 *     constant_time          every operation; no complaint is expected
 *     constant_time --leak   the same beside two mistakes; both must be complained of
 *
 * Not held to this, by what they are: the canonical form of a passphrase looks at each
 * letter to compose and cut it, and the second half of Argon2id looks up memory by the
 * passphrase.  Both run once for each unlocking, where the person types.
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "crypto/aead.h"
#include "crypto/dh.h"
#include "crypto/entropy_os.h"
#include "crypto/epoch.h"
#include "crypto/hash.h"
#include "crypto/hpke.h"
#include "crypto/keytree.h"
#include "crypto/noise.h"
#include "crypto/reveal.h"
#include "crypto/sign.h"
#include "crypto/slots.h"
#include "tests/lib/hex.h"

static unsigned passed, failed;

/* A verdict: from here on it is known. */
int reveal(int verdict)
{
    VALGRIND_MAKE_MEM_DEFINED(&verdict, sizeof verdict);
    return verdict;
}

static void hide(void *p, size_t n)
{
    VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

/* What the test itself wants to look at: the operation is over. */
static void show(void *p, size_t n)
{
    VALGRIND_MAKE_MEM_DEFINED(p, n);
}

/* Compare a result, the complaints since the last call, and count. */
static void check(const char *name, bool right)
{
    static unsigned long before;
    unsigned long now = VALGRIND_COUNT_ERRORS;
    bool good = right && now == before;
    passed += good;
    failed += !good;
    printf("%s %s%s\n", good ? "ok  " : "FAIL", name,
           now != before ? ": hangs on the secret"
           : right       ? ""
                         : ": wrong result");
    before = now;
}

/* ---- the operations ------------------------------------------------------ */

static void compare_keys(void)
{
    uint8_t a[32], b[32];
    count_to(a, sizeof a, 1);
    count_to(b, sizeof b, 1);
    hide(a, sizeof a);
    hide(b, sizeof b);
    check("equal keys are compared", ct_equal(a, b, sizeof a));
    show(b, sizeof b);
    b[0] ^= 1;
    hide(b, sizeof b);
    check("keys that differ first are compared", !ct_equal(a, b, sizeof a));
}

static void open_slots(const struct entropy *entropy)
{
    uint8_t file[SLOTS_FILE_BYTES], kek[32], wrong[32], key[32], out[32] = {0};
    unsigned slot = SLOTS_COUNT;
    count_to(kek, sizeof kek, 40);
    count_to(wrong, sizeof wrong, 41);
    count_to(key, sizeof key, 90);
    entropy_fill(entropy, file, 32);
    slots_create(file, kek, key, entropy);
    hide(kek, sizeof kek);
    hide(wrong, sizeof wrong);
    int err = slots_open(file, kek, out, &slot);
    show(out, sizeof out);
    show(&slot, sizeof slot);
    check("the slots are opened",
          err == 0 && slot < SLOTS_COUNT && memcmp(out, key, 32) == 0);
    err = slots_open(file, wrong, out, &slot);
    check("a wrong key is tried on the slots", err == ERR_PASSPHRASE);
}

static void open_box(const struct entropy *entropy)
{
    uint8_t pk[32], sk[32], plain[64], sealed[64 + HPKE_OVERHEAD_BYTES], out[64];
    hpke_derive_keypair(pk, sk, BYTES("seed of the receiver", 20));
    count_to(plain, sizeof plain, 7);
    int err = hpke_seal(sealed, pk, BYTES("info", 4), BYTES("aad", 3), BYTES_OF(plain),
                        entropy);
    hide(sk, sizeof sk);
    if (err == 0)
        err = hpke_open(out, sk, BYTES("info", 4), BYTES("aad", 3), BYTES_OF(sealed));
    show(out, sizeof out);
    check("a box is opened", err == 0 && memcmp(out, plain, sizeof out) == 0);
    sealed[sizeof sealed - 1] ^= 1;
    err = hpke_open(out, sk, BYTES("info", 4), BYTES("aad", 3), BYTES_OF(sealed));
    check("a forged box is refused", err == ERR_FORGED);
}

static void open_aead(void)
{
    uint8_t key[32], nonce[24], plain[200], sealed[216], out[200];
    count_to(key, sizeof key, 3);
    count_to(nonce, sizeof nonce, 5);
    count_to(plain, sizeof plain, 0);
    hide(key, sizeof key);
    hide(plain, sizeof plain);
    xaead_seal(sealed, key, nonce, BYTES("context", 7), BYTES_OF(plain));
    show(sealed, sizeof sealed); /* what is sealed goes out to everybody */
    int err = xaead_open(out, key, nonce, BYTES("context", 7), BYTES_OF(sealed));
    show(out, sizeof out);
    show(plain, sizeof plain);
    check("sealed with a long nonce", err == 0 && memcmp(out, plain, 200) == 0);
    hide(plain, sizeof plain);
    aead_seal(sealed, key, nonce, BYTES("context", 7), BYTES_OF(plain));
    show(sealed, sizeof sealed);
    err = aead_open(out, key, nonce, BYTES("context", 7), BYTES_OF(sealed));
    show(out, sizeof out);
    show(plain, sizeof plain);
    check("sealed with a short nonce", err == 0 && memcmp(out, plain, 200) == 0);
    sealed[0] ^= 1;
    err = aead_open(out, key, nonce, BYTES("context", 7), BYTES_OF(sealed));
    check("forged text is refused", err == ERR_FORGED);
}

static void take_leaves(void)
{
    struct keytree tree;
    uint8_t root[32], leaf[32], peeked[32];
    int err = 0;
    count_to(root, sizeof root, 9);
    hide(root, sizeof root);
    err = keytree_init(&tree, root);
    if (err == 0)
        err = keytree_peek(&tree, 77, peeked);
    if (err == 0)
        err = keytree_take(&tree, 77, leaf);
    if (err == 0)
        err = keytree_take(&tree, 3, root);
    show(leaf, sizeof leaf);
    show(peeked, sizeof peeked);
    check("leaves are taken off a key tree", err == 0 && memcmp(leaf, peeked, 32) == 0);
    err = keytree_take(&tree, 77, leaf);
    check("a leaf that was taken is refused", err == ERR_USED);
    keytree_wipe(&tree);
}

static void derive_epoch(void)
{
    struct epoch_values v;
    uint8_t secret[32], out[32], root[32], pk[32], sk[64], r[24];
    count_to(secret, sizeof secret, 33);
    count_to(r, sizeof r, 60);
    hide(secret, sizeof secret);
    epoch_derive(&v, secret);
    epoch_commit(out, secret);
    epoch_topic(pk, sk, v.lane);
    epoch_add_secret(out, v.add, 1, secret, BYTES(r, sizeof r));
    epoch_mix_root(root, v.mix, out, 1, secret);
    epoch_message_key(out, root, r);
    check("the values of an epoch are derived", true);
}

static void sign_text(void)
{
    uint8_t seed[32], salt[32], pk[32], sk[64], sig[64], text[] = "what is signed";
    count_to(seed, sizeof seed, 70);
    count_to(salt, sizeof salt, 80);
    hide(seed, sizeof seed);
    sign_derive_member(pk, sk, seed, salt, 2);
    show(pk, sizeof pk);
    show(sk + 32, 32); /* the second half is the public key */
    int err = sign_make(sig, "content", BYTES_OF(text), sk);
    show(sig, sizeof sig);
    check("a text is signed",
          err == 0 && sign_check(sig, "content", BYTES_OF(text), pk) == 0);
}

/* A handshake of two: what each holds is secret, what they send is not. */
static void shake_hands(void)
{
    struct noise a = {0}, b = {0};
    uint8_t a_sk[32], a_e[32], b_sk[32], b_e[32], b_pk[32], psk[2][32], text[64];
    uint8_t wire[1024], got[256];
    struct noise_cipher send = {0}, recv = {0}, other = {0};
    uint8_t *const secrets[] = {a_sk, a_e, b_sk, b_e, psk[0], psk[1]};
    for (uint8_t i = 0; i < 6; i++)
        count_to(secrets[i], 32, (uint8_t)(i * 40));
    dh_public(b_pk, b_sk);
    for (size_t i = 0; i < 6; i++)
        hide(secrets[i], 32);
    struct noise_config config = {.name = "Noise_XKpsk0+psk3_25519_ChaChaPoly_SHA256",
                                  .initiator = true,
                                  .s_sk = a_sk,
                                  .e_sk = a_e,
                                  .rs_pk = b_pk,
                                  .psks = (const uint8_t(*)[32])psk,
                                  .psks_count = 2};
    int err = noise_init(&a, &config);
    config.initiator = false;
    config.s_sk = b_sk;
    config.e_sk = b_e;
    if (err == 0)
        err = noise_init(&b, &config);
    while (err == 0 && !noise_done(&a)) {
        struct room out = ROOM_OF(wire), in = ROOM_OF(got);
        bool first = noise_writes_next(&a);
        err = noise_write(first ? &a : &b, BYTES("hello", 5), &out);
        show(wire, out.n);
        if (err == 0)
            err = noise_read(first ? &b : &a, BYTES(wire, out.n), &in);
    }
    if (err == 0)
        err = noise_split(&a, &send, &recv);
    if (err == 0)
        err = noise_split(&b, &other, &recv);
    count_to(text, sizeof text, 1);
    if (err == 0)
        err = noise_seal(&send, wire, BYTES(NULL, 0), BYTES_OF(text));
    show(wire, sizeof text + AEAD_TAG_BYTES);
    if (err == 0)
        err = noise_open(&recv, got, BYTES(NULL, 0),
                         BYTES(wire, sizeof text + AEAD_TAG_BYTES));
    show(got, sizeof text);
    check("two shake hands and talk", err == 0 && memcmp(got, text, 64) == 0);
    noise_wipe(&a);
    noise_wipe(&b);
}

/* ---- two mistakes -------------------------------------------------------- */

static volatile unsigned sink;

static void make_mistakes(void)
{
    static const uint8_t table[256] = {1};
    uint8_t secret[32];
    count_to(secret, sizeof secret, 1);
    hide(secret, sizeof secret);
    if (secret[0])
        sink++;
    check("a branch on a secret", true);
    sink = table[secret[1]];
    check("an index by a secret", true);
}

int main(int argc, char **argv)
{
    struct entropy_stream stream = {{0}, 0};
    struct entropy entropy = entropy_stream(&stream);
    if (!RUNNING_ON_VALGRIND || crypto_init()) {
        fputs("run this under valgrind\n", stderr);
        return 2;
    }
    compare_keys();
    open_slots(&entropy);
    open_box(&entropy);
    open_aead();
    take_leaves();
    derive_epoch();
    sign_text();
    shake_hands();
    if (argc > 1 && strcmp(argv[1], "--leak") == 0)
        make_mistakes();
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0;
}
