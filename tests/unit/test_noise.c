/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* test_noise.c -- handshakes: names, order, keys, forgery, limits. That the bytes are
 * right is the business of tests/vectors. */
#include "tests/lib/t.h"

#include "crypto/dh.h"
#include "crypto/noise.h"
#include "tests/lib/hex.h"

static const char kring_name[] = "Noise_XKpsk0+psk3_25519_ChaChaPoly_SHA256";

/* Both sides with every key a pattern can ask for. */
struct pair {
    struct noise n[2]; /* initiator, responder */
    uint8_t sk[4][32], pk[4][32], psks[4][32];
    struct noise_config config[2];
};

static int pair_init(struct pair *p, const char *name, size_t psks)
{
    *p = (struct pair){0};
    for (size_t i = 0; i < 4; i++) {
        count_to(p->sk[i], 32, (uint8_t)(40 * i));
        count_to(p->psks[i], 32, (uint8_t)(40 * i + 7));
        dh_public(p->pk[i], p->sk[i]);
    }
    for (size_t i = 0; i < 2; i++)
        p->config[i] = (struct noise_config){.name = name,
                                             .initiator = i == 0,
                                             .prologue = text_bytes("prologue"),
                                             .s_sk = p->sk[i],
                                             .e_sk = p->sk[2 + i],
                                             .rs_pk = p->pk[1 - i],
                                             .re_pk = p->pk[3 - i],
                                             .psks = (const uint8_t(*)[32])p->psks,
                                             .psks_count = psks};
    int err = noise_init(&p->n[0], &p->config[0]);
    return err ? err : noise_init(&p->n[1], &p->config[1]);
}

/* Play the next message of the handshake; the first error. */
static int step(struct pair *p)
{
    uint8_t wire[300], got[100];
    struct room out = ROOM_OF(wire), in = ROOM_OF(got);
    size_t from = noise_writes_next(&p->n[0]) ? 0 : 1;
    int err = noise_write(&p->n[from], text_bytes("payload"), &out);
    if (!err)
        err = noise_read(&p->n[1 - from], BYTES(wire, out.n), &in);
    if (!err && !bytes_equal(BYTES(got, in.n), text_bytes("payload")))
        err = ERR_MALFORMED;
    return err;
}

static int play(struct pair *p)
{
    int err = 0;
    while (!err && !noise_done(&p->n[0]))
        err = step(p);
    return err;
}

static void pair_wipe(struct pair *p)
{
    noise_wipe(&p->n[0]);
    noise_wipe(&p->n[1]);
}

T_CASE(every_pattern_and_modifier_meets_itself)
{
    static const struct {
        const char *pattern;
        size_t psks;
    } rows[] = {
        {"N", 0},
        {"K", 0},
        {"X", 0},
        {"NN", 0},
        {"NK", 0},
        {"NX", 0},
        {"KN", 0},
        {"KK", 0},
        {"KX", 0},
        {"XN", 0},
        {"XK", 0},
        {"XX", 0},
        {"IN", 0},
        {"IK", 0},
        {"IX", 0},
        {"Npsk0", 1},
        {"XKpsk0+psk3", 2},
        {"XXpsk0+psk1+psk2+psk3", 4},
        {"IKpsk0+psk1+psk2", 3},
        {"XXfallback", 0},
        {"NXfallback", 0},
        {"IXfallback", 0},
        {"XNfallback", 0},
        {"KXfallback+psk0", 1},
        {"XXfallback+psk0+psk2", 2},
    };
    static const char *const hashes[] = {"SHA256", "SHA512", "BLAKE2b"};
    static struct pair p;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[96];
        struct noise_cipher send[2], recv[2];
        uint8_t sealed[24], opened[8];
        (void)snprintf(name, sizeof name, "Noise_%s_25519_ChaChaPoly_%s",
                       rows[i].pattern, hashes[i % 3]);
        T_NOTE("(%s)", name);
        if (strcmp(rows[i].pattern, "KXfallback+psk0") == 0) {
            /* KX knows the initiator's key before, which fallback cannot turn round. */
            T_EQ(pair_init(&p, name, rows[i].psks), ERR_NOTFOUND);
            continue;
        }
        T_EQ(pair_init(&p, name, rows[i].psks), 0);
        T_EQ(play(&p), 0);
        T(bytes_equal(noise_hash(&p.n[0]), noise_hash(&p.n[1])));
        T_EQ(noise_split(&p.n[0], &send[0], &recv[0]), 0);
        T_EQ(noise_split(&p.n[1], &send[1], &recv[1]), 0);
        for (size_t from = 0; from < 2; from++) {
            T_EQ(noise_seal(&send[from], sealed, text_bytes("c"),
                            text_bytes("eight...")),
                 0);
            T_EQ(noise_open(&recv[1 - from], opened, text_bytes("c"), BYTES_OF(sealed)),
                 0);
            T_MEM(opened, "eight...", 8);
        }
        T(memcmp(send[0].key, send[1].key, 32) != 0);
        pair_wipe(&p);
    }
}

T_CASE(names_that_are_none_are_refused)
{
    static const char *const names[] = {
        "",
        "Noise",
        "Noise_XK_25519_ChaChaPoly",
        "Noise_XK_25519_ChaChaPoly_SHA256_",
        "Noise_XK_25519_ChaChaPoly_BLAKE2s",
        "Noise_XK_25519_AESGCM_SHA256",
        "Noise_XK_448_ChaChaPoly_SHA256",
        "noise_XK_25519_ChaChaPoly_SHA256",
        "Noise__25519_ChaChaPoly_SHA256",
        "Noise_XQ_25519_ChaChaPoly_SHA256",
        "Noise_XKpsk4_25519_ChaChaPoly_SHA256",
        "Noise_XKpsk_25519_ChaChaPoly_SHA256",
        "Noise_XKpsk0+_25519_ChaChaPoly_SHA256",
        "Noise_XK+psk0_25519_ChaChaPoly_SHA256x",
        "Noise_XKpsk0+psk0_25519_ChaChaPoly_SHA256",
        "Noise_XKpsk0psk3_25519_ChaChaPoly_SHA256",
        "Noise_XKfallback_25519_ChaChaPoly_SHA256",
        "Noise_Nfallback_25519_ChaChaPoly_SHA256",
        "Noise_XXpsk0+fallback_25519_ChaChaPoly_SHA256",
        "Noise_XKpsk0+psk99_25519_ChaChaPoly_SHA256",
    };
    static struct pair p;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        T_NOTE("(%s)", names[i]);
        T_EQ(pair_init(&p, names[i], 2), ERR_NOTFOUND);
    }
}

T_CASE(a_missing_key_is_named_at_once)
{
    static struct pair p;
    struct noise n;
    T_EQ(pair_init(&p, kring_name, 2), 0);
    struct noise_config c = p.config[0];
    c.s_sk = NULL;
    T_EQ(noise_init(&n, &c), ERR_STATE);
    c = p.config[0];
    c.e_sk = NULL;
    T_EQ(noise_init(&n, &c), ERR_STATE);
    c = p.config[0];
    c.rs_pk = NULL;
    T_EQ(noise_init(&n, &c), ERR_STATE);
    c = p.config[1];
    c.rs_pk = NULL; /* the responder learns it */
    c.re_pk = NULL;
    T_EQ(noise_init(&n, &c), 0);
    for (size_t psks = 0; psks < 5; psks++) {
        c.psks_count = psks;
        T_EQ(noise_init(&n, &c), psks == 2 ? 0 : ERR_STATE);
    }
    noise_wipe(&n);
    pair_wipe(&p);
}

T_CASE(turns_are_kept)
{
    static struct pair p;
    uint8_t wire[300];
    struct room out = ROOM_OF(wire);
    struct noise_cipher a, b;
    T_EQ(pair_init(&p, kring_name, 2), 0);
    T(noise_writes_next(&p.n[0]) && !noise_writes_next(&p.n[1]));
    T_EQ(noise_write(&p.n[1], BYTES(NULL, 0), &out), ERR_STATE);
    T_EQ(out.n, 0);
    T_EQ(noise_split(&p.n[0], &a, &b), ERR_STATE);
    T_EQ(noise_read(&p.n[0], BYTES(wire, 48), &out), ERR_STATE);
    T_EQ(noise_write(&p.n[0], BYTES(NULL, 0), &out), ERR_STATE); /* dead now */
    T_EQ(pair_init(&p, kring_name, 2), 0);
    T(noise_remote_static(&p.n[0]) != NULL && noise_remote_static(&p.n[1]) == NULL);
    T_EQ(play(&p), 0);
    T_MEM(noise_remote_static(&p.n[1]), p.pk[0], 32);
    T(noise_done(&p.n[0]) && noise_done(&p.n[1]));
    T(!noise_writes_next(&p.n[0]) && !noise_writes_next(&p.n[1]));
    T_EQ(noise_write(&p.n[0], BYTES(NULL, 0), &out), ERR_STATE);
    pair_wipe(&p);
    T(!noise_done(&p.n[0]) && !noise_writes_next(&p.n[0]));
    noise_wipe(&p.n[0]);
    noise_wipe(NULL);
}

/* Each byte of each message: changed, the other side refuses and stays dead. */
T_CASE(no_message_can_be_changed)
{
    static struct pair p, before;
    T_EQ(pair_init(&p, kring_name, 2), 0);
    for (size_t message = 0; message < 3; message++) {
        uint8_t wire[300], got[100];
        struct room out = ROOM_OF(wire);
        size_t from = message % 2;
        before = p;
        T_EQ(noise_write(&p.n[from], text_bytes("payload"), &out), 0);
        for (size_t i = 0; i < out.n; i++) {
            struct room in = ROOM_OF(got);
            /* The highest bit of a point is no part of it, but of what is hashed. */
            wire[i] ^= 0x80;
            T_EQ(noise_read(&before.n[1 - from], BYTES(wire, out.n), &in), ERR_FORGED);
            T_EQ(in.n, 0);
            wire[i] ^= 0x80;
            T_EQ(noise_read(&before.n[1 - from], BYTES(wire, out.n), &in), ERR_STATE);
            before.n[1 - from] = p.n[1 - from];
        }
        for (size_t n = 0; n < out.n; n++) {
            struct room in = ROOM_OF(got);
            int err = noise_read(&before.n[1 - from], BYTES(wire, n), &in);
            T(err == ERR_TRUNCATED || err == ERR_FORGED);
            T_EQ(in.n, 0);
            before.n[1 - from] = p.n[1 - from];
        }
        struct room in = ROOM_OF(got);
        T_EQ(noise_read(&p.n[1 - from], BYTES(wire, out.n), &in), 0);
    }
    pair_wipe(&p);
    pair_wipe(&before);
}

/* Message 1 already fails without psk0 or the right key. */
T_CASE(other_secrets_do_not_meet)
{
    static struct pair p;
    for (size_t what = 0; what < 4; what++) {
        T_NOTE("(%zu)", what);
        T_EQ(pair_init(&p, kring_name, 2), 0);
        uint8_t other[2][32];
        memcpy(other, p.psks, sizeof other);
        struct noise_config c = p.config[1];
        if (what == 0)
            c.prologue = text_bytes("Prologue");
        else if (what == 1)
            c.s_sk = p.sk[3];
        else
            other[what - 2][0] ^= 1;
        c.psks = (const uint8_t(*)[32])other;
        T_EQ(noise_init(&p.n[1], &c), 0);
        int err = step(&p), at = 1;
        while (!err && at < 3) {
            err = step(&p);
            at++;
        }
        T_EQ(err, ERR_FORGED);
        T_EQ(at, what == 3 ? 3 : 1); /* psk3 counts last */
        pair_wipe(&p);
    }
}

T_CASE(points_of_small_order_end_the_handshake)
{
    static struct pair p;
    uint8_t wire[100] = {0}, got[100], zero[32] = {0};
    struct room in = ROOM_OF(got), out = ROOM_OF(wire);
    T_EQ(pair_init(&p, "Noise_NK_25519_ChaChaPoly_SHA256", 0), 0);
    T_EQ(noise_read(&p.n[1], BYTES(wire, 48), &in), ERR_FORGED);
    p.config[0].rs_pk = zero;
    T_EQ(noise_init(&p.n[0], &p.config[0]), 0);
    T_EQ(noise_write(&p.n[0], BYTES(NULL, 0), &out), ERR_FORGED);
    T_EQ(out.n, 0);
    pair_wipe(&p);
}

T_CASE(room_and_length_have_bounds)
{
    static uint8_t big[NOISE_MESSAGE_BYTES_MAX + 100], got[NOISE_MESSAGE_BYTES_MAX];
    static struct pair p;
    struct room out = {big, 0, 47}, in = {got, 0, 0};
    T_EQ(pair_init(&p, kring_name, 2), 0);
    T_EQ(noise_write(&p.n[0], BYTES(NULL, 0), &out), ERR_NOSPACE);
    T_EQ(out.n, 0);
    T_EQ(pair_init(&p, kring_name, 2), 0);
    out.cap = sizeof big;
    T_EQ(noise_write(&p.n[0], BYTES(got, NOISE_MESSAGE_BYTES_MAX - 47), &out),
         ERR_TOOBIG);
    T_EQ(pair_init(&p, kring_name, 2), 0);
    out.n = 10; /* appended behind what is there */
    T_EQ(noise_write(&p.n[0], BYTES(got, NOISE_MESSAGE_BYTES_MAX - 48), &out), 0);
    T_EQ(out.n, 10 + NOISE_MESSAGE_BYTES_MAX);
    struct noise again = p.n[1];
    T_EQ(noise_read(&p.n[1], BYTES(big + 10, NOISE_MESSAGE_BYTES_MAX), &in),
         ERR_NOSPACE);
    in.cap = sizeof got;
    p.n[1] = again;
    T_EQ(noise_read(&p.n[1], BYTES(big + 10, NOISE_MESSAGE_BYTES_MAX), &in), 0);
    T_EQ(in.n, NOISE_MESSAGE_BYTES_MAX - 48);
    T_EQ(noise_read(&again, BYTES(big, NOISE_MESSAGE_BYTES_MAX + 1), &in), ERR_TOOBIG);
    noise_wipe(&again);
    pair_wipe(&p);
}

T_CASE(nonces_count_and_run_out)
{
    struct noise_cipher a = {.key = {1}, .has_key = true}, b = a;
    uint8_t sealed[2][20], opened[4];
    const struct bytes none = {0};
    T_EQ(noise_seal(&a, sealed[0], none, text_bytes("text")), 0);
    T_EQ(noise_seal(&a, sealed[1], none, text_bytes("text")), 0);
    T(memcmp(sealed[0], sealed[1], 20) != 0);
    T_EQ(noise_open(&b, opened, none, BYTES_OF(sealed[1])), ERR_FORGED); /* too early */
    T_EQ(noise_open(&b, opened, none, BYTES_OF(sealed[0])), 0);
    T_EQ(noise_open(&b, opened, none, BYTES_OF(sealed[0])), ERR_FORGED); /* a replay */
    T_EQ(noise_open(&b, opened, none, BYTES_OF(sealed[1])), 0);
    a.n = UINT64_MAX - 1;
    T_EQ(noise_seal(&a, sealed[0], none, text_bytes("text")), 0);
    T_EQ(noise_seal(&a, sealed[0], none, text_bytes("text")), ERR_STATE);
    T_EQ(noise_open(&a, opened, none, BYTES_OF(sealed[0])), ERR_STATE);
    struct noise_cipher empty = {0};
    T_EQ(noise_seal(&empty, sealed[0], none, text_bytes("text")), ERR_STATE);
    T_EQ(noise_open(&empty, opened, none, BYTES_OF(sealed[0])), ERR_STATE);
}

/* Section 4.2 of the framework: the new key is the first 32 bytes of sealing 32 zeros
 * with the last nonce.  The value is that of another ChaCha20-Poly1305. */
T_CASE(rekeyed_sides_still_meet)
{
    struct noise_cipher a = {.key = {1}, .has_key = true}, b = a, old = a;
    uint8_t sealed[20], opened[4], want[32];
    const struct bytes none = {0};
    T_EQ(noise_seal(&a, sealed, none, text_bytes("text")), 0);
    T_EQ(noise_open(&b, opened, none, BYTES_OF(sealed)), 0);
    noise_rekey(&a);
    noise_rekey(&b);
    T_EQ(a.n, 1); /* the nonce goes on */
    hex_to(want, 32,
           "e16dd1ae1b5b0c5881b2b21c51b225b75c73f5ec7e6a55320f603298b4065579");
    T_MEM(a.key, want, 32);
    T_EQ(noise_seal(&a, sealed, none, text_bytes("text")), 0);
    T_EQ(noise_open(&b, opened, none, BYTES_OF(sealed)), 0);
    T_MEM(opened, "text", 4);
    old.n = 1;
    T_EQ(noise_open(&old, opened, none, BYTES_OF(sealed)), ERR_FORGED);
}

T_RUN()
